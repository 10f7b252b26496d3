// gates = below * w_x + b_x + b_h, for a step of prediction in a layer above the lowest.

@group(0) @binding(1) var<storage, read> generated_below: array<vec4f>; // (2, H)
@group(0) @binding(2) var<storage, read> w_x: array<vec4f>; // (H, G * H), the input's gates
@group(0) @binding(3) var<storage, read> b_x: array<vec4f>; // (G * H), the input's gates
@group(0) @binding(4) var<storage, read> b_h: array<vec4f>; // (G * H), the state's gates
@group(0) @binding(5) var<storage, read_write> generated_gates: array<vec4f>; // (G * H), all gates

fn input(k: u32) -> vec4f {
    return generated_below[(1u - dims.t) * dims.hidden_padded / 4u + k];
}

fn weight(at: u32) -> vec4f {
    return w_x[at];
}

@compute @workgroup_size(TILE_GROUP)
fn generate_product(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let unit = unit_of(group, local);
    let before = CELL_GATES - INPUT_GATES;
    for (var gate = 0u; gate < CELL_GATES; gate++) {
        var z = vec4f();
        if gate >= before {
            z = row_product(group, local, gate - before, INPUT_GATES);
        }
        if has_units(group, local) {
            if gate >= before {
                z += b_x[unit * INPUT_GATES + gate - before];
            }
            if gate < STATE_GATES {
                z += b_h[unit * STATE_GATES + gate];
            }
            generated_gates[unit * CELL_GATES + gate] = z;
        }
    }
}

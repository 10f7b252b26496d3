// h' = tanh(gates + h * w_h) for one sequence: a step of prediction.

@group(0) @binding(1) var<storage, read> w_h: array<vec4f>; // (H, H)
@group(0) @binding(2) var<storage, read> generated_gates: array<vec4f>; // (H)
@group(0) @binding(3) var<storage, read_write> generated_states: array<vec4f>; // (2, H)

fn input(k: u32) -> vec4f {
    return generated_states[dims.t * dims.hidden_padded / 4u + k];
}

fn weight(at: u32) -> vec4f {
    return w_h[at];
}

@compute @workgroup_size(TILE_GROUP)
fn rnn_generate(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let z = row_product(group, local, 0u, 1u);
    if has_units(group, local) {
        let unit = unit_of(group, local);
        generated_states[(1u - dims.t) * dims.hidden_padded / 4u + unit] = tanh_precise(generated_gates[unit] + z);
    }
}

// The first half of a time step of the book's GRU for one sequence, in prediction; see gru_gates.wgsl.

@group(0) @binding(1) var<storage, read> w_hg: array<vec4f>; // (H, 2 * H): u, r
@group(0) @binding(2) var<storage, read> generated_states: array<vec4f>; // (2, H)
@group(0) @binding(3) var<storage, read_write> generated_gates: array<vec4f>; // (3 * H): u, r, n
@group(0) @binding(4) var<storage, read_write> generated_reset: array<vec4f>; // (H): r * h

fn input(k: u32) -> vec4f {
    return generated_states[dims.t * dims.hidden_padded / 4u + k];
}

fn weight(at: u32) -> vec4f {
    return w_hg[at];
}

@compute @workgroup_size(TILE_GROUP)
fn gru_generate_gates(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let z_u = row_product(group, local, 0u, 2u);
    let z_r = row_product(group, local, 1u, 2u);
    if has_units(group, local) {
        let unit = unit_of(group, local);
        let r = sigmoid(generated_gates[3u * unit + 1u] + z_r);
        generated_gates[3u * unit] = sigmoid(generated_gates[3u * unit] + z_u);
        generated_gates[3u * unit + 1u] = r;
        generated_reset[unit] = r * generated_states[dims.t * dims.hidden_padded / 4u + unit];
    }
}

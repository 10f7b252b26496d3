// A time step of PyTorch's GRU for one sequence, in prediction; see gru_forward.wgsl.

@group(0) @binding(1) var<storage, read> w_h: array<vec4f>; // (H, 3 * H): n, r, u
@group(0) @binding(2) var<storage, read> generated_gates: array<vec4f>; // (4 * H)
@group(0) @binding(3) var<storage, read_write> generated_states: array<vec4f>; // (2, H)

fn input(k: u32) -> vec4f {
    return generated_states[dims.t * dims.hidden_padded / 4u + k];
}

fn weight(at: u32) -> vec4f {
    return w_h[at];
}

@compute @workgroup_size(TILE_GROUP)
fn gru_generate(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let z_n = row_product(group, local, 0u, 3u);
    let z_r = row_product(group, local, 1u, 3u);
    let z_u = row_product(group, local, 2u, 3u);
    if has_units(group, local) {
        let unit = unit_of(group, local);
        let slot = dims.hidden_padded / 4u;
        let r = sigmoid(generated_gates[4u * unit + 1u] + z_r);
        let u = sigmoid(generated_gates[4u * unit + 2u] + z_u);
        let n = tanh_precise(generated_gates[4u * unit + 3u] + r * (generated_gates[4u * unit] + z_n));
        generated_states[(1u - dims.t) * slot + unit] = u * generated_states[dims.t * slot + unit] + (1.0 - u) * n;
    }
}

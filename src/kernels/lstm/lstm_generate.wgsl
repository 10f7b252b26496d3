// A time step of an LSTM for one sequence, in prediction; see lstm_forward.wgsl.

@group(0) @binding(1) var<storage, read> w_h: array<vec4f>; // (H, 4 * H)
@group(0) @binding(2) var<storage, read> generated_gates: array<vec4f>; // (4 * H)
@group(0) @binding(3) var<storage, read_write> generated_cells: array<vec4f>; // (2, H)
@group(0) @binding(4) var<storage, read_write> generated_states: array<vec4f>; // (2, H)

fn input(k: u32) -> vec4f {
    return generated_states[dims.t * dims.hidden_padded / 4u + k];
}

fn weight(at: u32) -> vec4f {
    return w_h[at];
}

@compute @workgroup_size(TILE_GROUP)
fn lstm_generate(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let z_i = row_product(group, local, 0u, 4u);
    let z_f = row_product(group, local, 1u, 4u);
    let z_g = row_product(group, local, 2u, 4u);
    let z_o = row_product(group, local, 3u, 4u);
    if has_units(group, local) {
        let unit = unit_of(group, local);
        let slot = dims.hidden_padded / 4u;
        let i = sigmoid(generated_gates[4u * unit] + z_i);
        let f = sigmoid(generated_gates[4u * unit + 1u] + z_f);
        let g = tanh_precise(generated_gates[4u * unit + 2u] + z_g);
        let o = sigmoid(generated_gates[4u * unit + 3u] + z_o);
        let c = f * generated_cells[dims.t * slot + unit] + i * g;
        generated_cells[(1u - dims.t) * slot + unit] = c;
        generated_states[(1u - dims.t) * slot + unit] = o * tanh_precise(c);
    }
}

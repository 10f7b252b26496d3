// The second half of a time step of the book's GRU for one sequence, in prediction; see gru_candidate.wgsl.

@group(0) @binding(1) var<storage, read> w_hn: array<vec4f>; // (H, H)
@group(0) @binding(2) var<storage, read> generated_gates: array<vec4f>; // (3 * H): u, r, n
@group(0) @binding(3) var<storage, read> generated_reset: array<vec4f>; // (H): r * h
@group(0) @binding(4) var<storage, read_write> generated_states: array<vec4f>; // (2, H)

fn input(k: u32) -> vec4f {
    return generated_reset[k];
}

fn weight(at: u32) -> vec4f {
    return w_hn[at];
}

@compute @workgroup_size(TILE_GROUP)
fn gru_generate_candidate(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let z_n = row_product(group, local, 0u, 1u);
    if has_units(group, local) {
        let unit = unit_of(group, local);
        let slot = dims.hidden_padded / 4u;
        let u = generated_gates[3u * unit];
        let n = tanh_precise(generated_gates[3u * unit + 2u] + z_n);
        generated_states[(1u - dims.t) * slot + unit] = u * generated_states[dims.t * slot + unit] + (1.0 - u) * n;
    }
}

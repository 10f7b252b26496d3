// dw_hn = sum_t (r * h_{t-1})^T * dz_n: one product over all N positions.

@group(0) @binding(1) var<storage, read> reset_states: array<vec4f>; // (T, B, H): r * h_{t-1}
@group(0) @binding(2) var<storage, read> dz: array<vec4f>; // (N, 3 * H): u, r, n
@group(0) @binding(3) var<storage, read_write> dw_hn: array<vec4f>; // (H, H)

fn left(row: u32, k: u32) -> mat4x4f { // transposed: rows are hidden units, k counts positions
    let across = dims.hidden_padded / 4u;
    let at = k * across + row / 4u;
    let s0 = reset_states[at];
    let s1 = reset_states[at + across];
    return transpose(mat4x4f(s0, s1, reset_states[at + 2u * across], reset_states[at + 3u * across]));
}

fn right(k: u32, column: u32) -> mat4x4f { // dz
    let across = 3u * dims.hidden_padded / 4u;
    let at = k * across + column / 4u * 3u + 2u;
    return mat4x4f(dz[at], dz[at + across], dz[at + 2u * across], dz[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    dw_hn[row * dims.hidden_padded / 4u + column / 4u] = product;
}

@compute @workgroup_size(TILE_GROUP)
fn w_hn_grad(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    block_product(group, local, dims.hidden_padded, dims.hidden_padded, dims.steps * dims.batch_padded);
}

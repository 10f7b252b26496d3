// dw_hq = sum_t h_t^T * dlogits_t: one product over all N positions.

@group(0) @binding(1) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t + 1 holds h_t
@group(0) @binding(2) var<storage, read> dlogits: array<vec4f>; // (N, V)
@group(0) @binding(3) var<storage, read_write> dw_hq: array<vec4f>; // (H, V)

fn left(row: u32, k: u32) -> mat4x4f { // h_t^T: rows are hidden units, k counts positions
    let across = dims.hidden_padded / 4u;
    let at = (dims.batch_padded + k) * across + row / 4u;
    return transpose(mat4x4f(states[at], states[at + across], states[at + 2u * across], states[at + 3u * across]));
}

fn right(k: u32, column: u32) -> mat4x4f { // dlogits
    let across = dims.vocabulary_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(dlogits[at], dlogits[at + across], dlogits[at + 2u * across], dlogits[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    dw_hq[row * (dims.vocabulary_padded / 4u) + column / 4u] = product;
}

@compute @workgroup_size(TILE_GROUP)
fn w_hq_grad(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    block_product(group, local, dims.hidden_padded, dims.vocabulary_padded, dims.steps * dims.batch_padded);
}

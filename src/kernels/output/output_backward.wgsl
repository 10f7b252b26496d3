// dh = dlogits * w_hq^T: the output layer's gradient of the hidden states of all time steps.

@group(0) @binding(1) var<storage, read> dlogits: array<vec4f>; // (N, V)
@group(0) @binding(2) var<storage, read> w_hq_t: array<vec4f>; // (V, H), w_hq transposed
@group(0) @binding(3) var<storage, read_write> dh: array<vec4f>; // (N, H)

fn left(row: u32, k: u32) -> mat4x4f { // dlogits
    let across = dims.vocabulary_padded / 4u;
    let at = row * across + k / 4u;
    return mat4x4f(dlogits[at], dlogits[at + across], dlogits[at + 2u * across], dlogits[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_hq^T
    let across = dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_hq_t[at], w_hq_t[at + across], w_hq_t[at + 2u * across], w_hq_t[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    dh[row * (dims.hidden_padded / 4u) + column / 4u] = product;
}

@compute @workgroup_size(TILE_GROUP)
fn output_backward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    block_product(group, local, dims.steps * dims.batch_padded, dims.hidden_padded, dims.vocabulary_padded);
}

// logits = h * w_hq + b_q, for all time steps at once.

@group(0) @binding(1) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t + 1 holds h_t
@group(0) @binding(2) var<storage, read> w_hq: array<vec4f>; // (H, V)
@group(0) @binding(3) var<storage, read> b_q: array<vec4f>; // (V)
@group(0) @binding(4) var<storage, read_write> logits: array<vec4f>; // (N, V)

fn left(row: u32, k: u32) -> mat4x4f { // h
    let across = dims.hidden_padded / 4u;
    let at = (dims.batch_padded + row) * across + k / 4u;
    return mat4x4f(states[at], states[at + across], states[at + 2u * across], states[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_hq
    let across = dims.vocabulary_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_hq[at], w_hq[at + across], w_hq[at + 2u * across], w_hq[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    logits[row * (dims.vocabulary_padded / 4u) + column / 4u] = product + b_q[column / 4u];
}

@compute @workgroup_size(TILE_GROUP)
fn output_forward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    block_product(group, local, dims.steps * dims.batch_padded, dims.vocabulary_padded, dims.hidden_padded);
}

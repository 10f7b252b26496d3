// The second half of a step of backpropagation through time in the book's GRU:
//   d(r * h_{t-1}) = dz_n * w_hn^T; dz_r = d(r * h_{t-1}) * h_{t-1} * r * (1 - r); dstates += d(r * h_{t-1}) * r

@group(0) @binding(1) var<storage, read> gates: array<vec4f>; // (T, B, 3 * H): u, r, n
@group(0) @binding(2) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}
@group(0) @binding(3) var<storage, read> w_hn_t: array<vec4f>; // (H, H), w_hn transposed
@group(0) @binding(4) var<storage, read_write> dstates: array<vec4f>; // (B, H): what h_{t-1} gets without a product
@group(0) @binding(5) var<storage, read_write> dz: array<vec4f>; // (T, B, 3 * H): u, r, n

fn left(row: u32, k: u32) -> mat4x4f { // dz_t of n
    let across = 3u * dims.hidden_padded / 4u;
    let at = (time() * dims.batch_padded + row) * across + k / 4u * 3u + 2u;
    return mat4x4f(dz[at], dz[at + across], dz[at + 2u * across], dz[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_hn^T
    let across = dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_hn_t[at], w_hn_t[at + across], w_hn_t[at + 2u * across], w_hn_t[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    let slot = dims.batch_padded * dims.hidden_padded / 4u;
    let here = row * dims.hidden_padded / 4u + column / 4u;
    let at = time() * slot + here;
    let r = gates[3u * at + 1u];
    dz[3u * at + 1u] = product * states[at] * r * (1.0 - r);
    dstates[here] += product * r;
}

@compute @workgroup_size(TILE_GROUP)
fn gru_gates_backward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    backward_steps(group, local, dims.hidden_padded, dims.hidden_padded);
}

// The first half of a step of backpropagation through time in the book's GRU; without product and direct part in the
// last step:
//   dh = dh_t + (dz_u, dz_r)_{t+1} * w_hg^T + dstates; dz_n = dh * (1 - u) * (1 - n^2)
//   dz_u = dh * (h_{t-1} - n) * u * (1 - u)

@group(0) @binding(1) var<storage, read> gates: array<vec4f>; // (T, B, 3 * H): u, r, n
@group(0) @binding(2) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}
@group(0) @binding(3) var<storage, read> dh: array<vec4f>; // (T, B, H)
@group(0) @binding(4) var<storage, read> w_hg_t: array<vec4f>; // (2 * H, H), w_hg transposed
@group(0) @binding(5) var<storage, read_write> dstates: array<vec4f>; // (B, H): what h_{t-1} gets without a product
@group(0) @binding(6) var<storage, read_write> dz: array<vec4f>; // (T, B, 3 * H): u, r, n

fn left(row: u32, k: u32) -> mat4x4f { // dz_{t+1} of u and r
    let across = 3u * dims.hidden_padded / 4u;
    let at = ((time() + 1u) * dims.batch_padded + row) * across + k / 8u * 3u + k / 4u % 2u;
    return mat4x4f(dz[at], dz[at + across], dz[at + 2u * across], dz[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_hg^T
    let across = dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_hg_t[at], w_hg_t[at + across], w_hg_t[at + 2u * across], w_hg_t[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    let slot = dims.batch_padded * dims.hidden_padded / 4u;
    let here = row * dims.hidden_padded / 4u + column / 4u;
    let at = time() * slot + here;
    let u = gates[3u * at];
    let n = gates[3u * at + 2u];
    var d = dh[at] + product;
    if time() + 1u < dims.steps {
        d += dstates[here];
    }
    dstates[here] = d * u;
    dz[3u * at] = d * (states[at] - n) * u * (1.0 - u);
    dz[3u * at + 2u] = d * (1.0 - u) * (1.0 - n * n);
}

@compute @workgroup_size(TILE_GROUP)
fn gru_candidate_backward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    backward_steps(group, local, 2u * dims.hidden_padded, 0u);
}

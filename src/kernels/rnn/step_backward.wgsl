// dz_t = (dh_t + dz_{t+1} * w_hh^T) * (1 - h_t^2): a step of backpropagation through time, with h_t = tanh(z_t).
// dz_T = 0, so the last step has no product.

@group(0) @binding(1) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t + 1 holds h_t
@group(0) @binding(2) var<storage, read> w_hh_t: array<vec4f>; // (H, H), w_hh transposed
@group(0) @binding(3) var<storage, read_write> dz: array<vec4f>; // (T, B, H); dh_t becomes dz_t

fn left(row: u32, k: u32) -> mat4x4f { // dz_{t+1}
    let across = dims.hidden_padded / 4u;
    let at = ((time() + 1u) * dims.batch_padded + row) * across + k / 4u;
    return mat4x4f(dz[at], dz[at + across], dz[at + 2u * across], dz[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_hh^T
    let across = dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_hh_t[at], w_hh_t[at + across], w_hh_t[at + 2u * across], w_hh_t[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    let across = dims.hidden_padded / 4u;
    let at = (time() * dims.batch_padded + row) * across + column / 4u;
    let h = states[at + dims.batch_padded * across];
    dz[at] = (dz[at] + product) * (1.0 - h * h);
}

@compute @workgroup_size(TILE_GROUP)
fn step_backward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    backward_steps(group, local, dims.hidden_padded, 0u);
}

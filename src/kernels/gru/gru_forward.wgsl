// A time step of PyTorch's GRU, with z = gates_t + h_{t-1} * w_h, where gates are what the input gives; the candidate's two
// parts are apart, since the reset gate is between them:
//   r, u = sigmoid(z_r), sigmoid(z_u); n = tanh(x_n + r * z_n); h_t = u * h_{t-1} + (1 - u) * n
// with u the update gate (PyTorch's and the book's z). z_n, r, u, n replace what the input gave.

@group(0) @binding(1) var<storage, read> w_h: array<vec4f>; // (H, 3 * H): n, r, u
@group(0) @binding(2) var<storage, read_write> gates: array<vec4f>; // (T, B, 4 * H): z_n, r, u, n
@group(0) @binding(3) var<storage, read_write> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}

fn left(row: u32, k: u32) -> mat4x4f { // h_{t-1}
    let across = dims.hidden_padded / 4u;
    let at = (time() * dims.batch_padded + row) * across + k / 4u;
    return mat4x4f(states[at], states[at + across], states[at + 2u * across], states[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_h
    let across = 3u * dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_h[at], w_h[at + across], w_h[at + 2u * across], w_h[at + 3u * across]);
}

fn finish(row: u32, unit: u32, z_n: vec4f, z_r: vec4f, z_u: vec4f, none: vec4f) {
    let slot = dims.batch_padded * dims.hidden_padded / 4u;
    let at = time() * slot + row * dims.hidden_padded / 4u + unit / 4u;
    let of_state = gates[4u * at] + z_n;
    let r = sigmoid(gates[4u * at + 1u] + z_r);
    let u = sigmoid(gates[4u * at + 2u] + z_u);
    let n = tanh_precise(gates[4u * at + 3u] + r * of_state);
    gates[4u * at] = of_state;
    gates[4u * at + 1u] = r;
    gates[4u * at + 2u] = u;
    gates[4u * at + 3u] = n;
    states[at + slot] = u * states[at] + (1.0 - u) * n;
}

@compute @workgroup_size(TILE_GROUP)
fn gru_forward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    forward_steps(group, local);
}

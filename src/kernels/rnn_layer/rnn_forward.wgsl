// h_t = tanh(gates_t + h_{t-1} * w_h): a time step of a plain recurrent layer; gates are what the input gives.

@group(0) @binding(1) var<storage, read> gates: array<vec4f>; // (T, B, H)
@group(0) @binding(2) var<storage, read> w_h: array<vec4f>; // (H, H)
@group(0) @binding(3) var<storage, read_write> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}

fn left(row: u32, k: u32) -> mat4x4f { // h_{t-1}
    let across = dims.hidden_padded / 4u;
    let at = (time() * dims.batch_padded + row) * across + k / 4u;
    return mat4x4f(states[at], states[at + across], states[at + 2u * across], states[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_h
    let across = dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_h[at], w_h[at + across], w_h[at + 2u * across], w_h[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    let slot = dims.batch_padded * dims.hidden_padded / 4u;
    let at = time() * slot + row * dims.hidden_padded / 4u + column / 4u;
    states[at + slot] = tanh_precise(gates[at] + product);
}

@compute @workgroup_size(TILE_GROUP)
fn rnn_forward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    forward_steps(group, local);
}

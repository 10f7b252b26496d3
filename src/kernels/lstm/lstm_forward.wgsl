// A time step of an LSTM, with z = gates_t + h_{t-1} * w_h, where gates are what the input gives:
//   i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o); g = tanh(z_g)
//   c_t = f * c_{t-1} + i * g; h_t = o * tanh(c_t)
// The gates i, f, g, o replace what the input gave.

@group(0) @binding(1) var<storage, read> w_h: array<vec4f>; // (H, 4 * H)
@group(0) @binding(2) var<storage, read_write> gates: array<vec4f>; // (T, B, 4 * H)
@group(0) @binding(3) var<storage, read_write> cells: array<vec4f>; // (T + 1, B, H); slot t holds c_{t-1}
@group(0) @binding(4) var<storage, read_write> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}

fn left(row: u32, k: u32) -> mat4x4f { // h_{t-1}
    let across = dims.hidden_padded / 4u;
    let at = (time() * dims.batch_padded + row) * across + k / 4u;
    return mat4x4f(states[at], states[at + across], states[at + 2u * across], states[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_h
    let across = dims.hidden_padded;
    let at = k * across + column / 4u;
    return mat4x4f(w_h[at], w_h[at + across], w_h[at + 2u * across], w_h[at + 3u * across]);
}

fn finish(row: u32, unit: u32, z_i: vec4f, z_f: vec4f, z_g: vec4f, z_o: vec4f) {
    let slot = dims.batch_padded * dims.hidden_padded / 4u;
    let at = time() * slot + row * dims.hidden_padded / 4u + unit / 4u;
    let i = sigmoid(gates[4u * at] + z_i);
    let f = sigmoid(gates[4u * at + 1u] + z_f);
    let g = tanh_precise(gates[4u * at + 2u] + z_g);
    let o = sigmoid(gates[4u * at + 3u] + z_o);
    gates[4u * at] = i;
    gates[4u * at + 1u] = f;
    gates[4u * at + 2u] = g;
    gates[4u * at + 3u] = o;
    let c = f * cells[at] + i * g;
    cells[at + slot] = c;
    states[at + slot] = o * tanh_precise(c);
}

@compute @workgroup_size(TILE_GROUP)
fn lstm_forward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    forward_steps(group, local);
}

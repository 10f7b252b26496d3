// A step of backpropagation through time in an LSTM, with dc_T * f_T = 0 and no product in the last step:
//   dh = dh_t + dz_{t+1} * w_h^T; dc = dc_{t+1} * f_{t+1} + dh * o * (1 - tanh(c_t)^2)
//   dz_i = dc * g * i * (1 - i); dz_f = dc * c_{t-1} * f * (1 - f)
//   dz_g = dc * i * (1 - g^2);   dz_o = dh * tanh(c_t) * o * (1 - o)

@group(0) @binding(1) var<storage, read> gates: array<vec4f>; // (T, B, 4 * H)
@group(0) @binding(2) var<storage, read> cells: array<vec4f>; // (T + 1, B, H); slot t + 1 holds c_t
@group(0) @binding(3) var<storage, read> dh: array<vec4f>; // (T, B, H)
@group(0) @binding(4) var<storage, read> w_h_t: array<vec4f>; // (4 * H, H), w_h transposed
@group(0) @binding(5) var<storage, read_write> dcells: array<vec4f>; // (B, H): dc_{t+1} * f_{t+1}
@group(0) @binding(6) var<storage, read_write> dz: array<vec4f>; // (T, B, 4 * H)

fn left(row: u32, k: u32) -> mat4x4f { // dz_{t+1}
    let across = dims.hidden_padded;
    let at = ((time() + 1u) * dims.batch_padded + row) * across + k / 4u;
    return mat4x4f(dz[at], dz[at + across], dz[at + 2u * across], dz[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_h^T
    let across = dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_h_t[at], w_h_t[at + across], w_h_t[at + 2u * across], w_h_t[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    let slot = dims.batch_padded * dims.hidden_padded / 4u;
    let here = row * dims.hidden_padded / 4u + column / 4u;
    let at = time() * slot + here;
    let i = gates[4u * at];
    let f = gates[4u * at + 1u];
    let g = gates[4u * at + 2u];
    let o = gates[4u * at + 3u];
    let tanh_c = tanh_precise(cells[at + slot]);
    let d = dh[at] + product;
    var dc = d * o * (1.0 - tanh_c * tanh_c);
    if time() + 1u < dims.steps {
        dc += dcells[here];
    }
    dcells[here] = dc * f;
    dz[4u * at] = dc * g * i * (1.0 - i);
    dz[4u * at + 1u] = dc * cells[at] * f * (1.0 - f);
    dz[4u * at + 2u] = dc * i * (1.0 - g * g);
    dz[4u * at + 3u] = d * tanh_c * o * (1.0 - o);
}

@compute @workgroup_size(TILE_GROUP)
fn lstm_backward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    backward_steps(group, local, 4u * dims.hidden_padded, 0u);
}

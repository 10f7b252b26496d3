// The second half of a time step of the book's GRU:
//   n = tanh(gates_n + (r * h_{t-1}) * w_hn); h_t = u * h_{t-1} + (1 - u) * n
// n, the candidate, replaces what the input gave.

@group(0) @binding(1) var<storage, read> reset_states: array<vec4f>; // (T, B, H): r * h_{t-1}
@group(0) @binding(2) var<storage, read> w_hn: array<vec4f>; // (H, H)
@group(0) @binding(3) var<storage, read_write> gates: array<vec4f>; // (T, B, 3 * H): u, r, n
@group(0) @binding(4) var<storage, read_write> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}

fn left(row: u32, k: u32) -> mat4x4f { // r * h_{t-1}
    let across = dims.hidden_padded / 4u;
    let at = (time() * dims.batch_padded + row) * across + k / 4u;
    let r0 = reset_states[at];
    let r1 = reset_states[at + across];
    return mat4x4f(r0, r1, reset_states[at + 2u * across], reset_states[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_hn
    let across = dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_hn[at], w_hn[at + across], w_hn[at + 2u * across], w_hn[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    let slot = dims.batch_padded * dims.hidden_padded / 4u;
    let at = time() * slot + row * dims.hidden_padded / 4u + column / 4u;
    let u = gates[3u * at];
    let n = tanh_precise(gates[3u * at + 2u] + product);
    gates[3u * at + 2u] = n;
    states[at + slot] = u * states[at] + (1.0 - u) * n;
}

@compute @workgroup_size(TILE_GROUP)
fn gru_candidate(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    forward_steps(group, local);
}

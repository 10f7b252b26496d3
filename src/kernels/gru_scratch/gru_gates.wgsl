// The first half of a time step of the book's GRU, which resets the state before the candidate's product:
//   u, r = sigmoid(gates_u + h_{t-1} * w_hu), sigmoid(gates_r + h_{t-1} * w_hr); r * h_{t-1}
// with u the update gate (the book's z), and gates what the input gives, which u and r replace.

@group(0) @binding(1) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}
@group(0) @binding(2) var<storage, read> w_hg: array<vec4f>; // (H, 2 * H): u, r
@group(0) @binding(3) var<storage, read_write> gates: array<vec4f>; // (T, B, 3 * H): u, r, candidate
@group(0) @binding(4) var<storage, read_write> reset_states: array<vec4f>; // (T, B, H): r * h_{t-1}

fn left(row: u32, k: u32) -> mat4x4f { // h_{t-1}
    let across = dims.hidden_padded / 4u;
    let at = (time() * dims.batch_padded + row) * across + k / 4u;
    return mat4x4f(states[at], states[at + across], states[at + 2u * across], states[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_hg
    let across = 2u * dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_hg[at], w_hg[at + across], w_hg[at + 2u * across], w_hg[at + 3u * across]);
}

fn finish(row: u32, unit: u32, z_u: vec4f, z_r: vec4f, none: vec4f, neither: vec4f) {
    let slot = dims.batch_padded * dims.hidden_padded / 4u;
    let at = time() * slot + row * dims.hidden_padded / 4u + unit / 4u;
    let r = sigmoid(gates[3u * at + 1u] + z_r);
    gates[3u * at] = sigmoid(gates[3u * at] + z_u);
    gates[3u * at + 1u] = r;
    reset_states[at] = r * states[at];
}

@compute @workgroup_size(TILE_GROUP)
fn gru_gates(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    forward_steps(group, local);
}

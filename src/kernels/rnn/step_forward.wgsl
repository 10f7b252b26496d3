// h_t = tanh(w_xh[x_t] + h_{t-1} * w_hh + b_h): a time step, with product, look-up, bias and tanh fused.

@group(0) @binding(1) var<storage, read> inputs: array<u32>; // (T, B)
@group(0) @binding(2) var<storage, read> w_xh: array<vec4f>; // (V, H)
@group(0) @binding(3) var<storage, read> b_h: array<vec4f>; // (H)
@group(0) @binding(4) var<storage, read> w_hh: array<vec4f>; // (H, H)
@group(0) @binding(5) var<storage, read_write> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}

fn left(row: u32, k: u32) -> mat4x4f { // h_{t-1}
    let across = dims.hidden_padded / 4u;
    let at = (time() * dims.batch_padded + row) * across + k / 4u;
    return mat4x4f(states[at], states[at + across], states[at + 2u * across], states[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_hh
    let across = dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_hh[at], w_hh[at + across], w_hh[at + 2u * across], w_hh[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    let across = dims.hidden_padded / 4u;
    let token = inputs[time() * dims.batch_padded + row];
    let z = product + w_xh[token * across + column / 4u] + b_h[column / 4u];
    states[((time() + 1u) * dims.batch_padded + row) * across + column / 4u] = tanh_precise(z);
}

@compute @workgroup_size(TILE_GROUP)
fn step_forward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    forward_steps(group, local);
}

// A step of backpropagation through time in PyTorch's GRU; without product and direct part in the last step:
//   dh = dh_t + (dz_n, dz_r, dz_u)_{t+1} * w_h^T + dh_{t+1} * u_{t+1}
//   dx_n = dh * (1 - u) * (1 - n^2);      dz_n = dx_n * r
//   dz_r = dx_n * z_n * r * (1 - r);      dz_u = dh * (h_{t-1} - n) * u * (1 - u)

@group(0) @binding(1) var<storage, read> gates: array<vec4f>; // (T, B, 4 * H): z_n, r, u, n
@group(0) @binding(2) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}
@group(0) @binding(3) var<storage, read> dh: array<vec4f>; // (T, B, H)
@group(0) @binding(4) var<storage, read> w_h_t: array<vec4f>; // (3 * H, H), w_h transposed
@group(0) @binding(5) var<storage, read_write> dstates: array<vec4f>; // (B, H): dh_{t+1} * u_{t+1}
@group(0) @binding(6) var<storage, read_write> dz: array<vec4f>; // (T, B, 4 * H): z_n, r, u, x_n

fn left(row: u32, k: u32) -> mat4x4f { // dz_{t+1} of the state's gates
    let across = dims.hidden_padded;
    let at = ((time() + 1u) * dims.batch_padded + row) * across + k / 12u * 4u + k / 4u % 3u;
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
    let r = gates[4u * at + 1u];
    let u = gates[4u * at + 2u];
    let n = gates[4u * at + 3u];
    var d = dh[at] + product;
    if time() + 1u < dims.steps {
        d += dstates[here];
    }
    dstates[here] = d * u;
    let dn = d * (1.0 - u) * (1.0 - n * n);
    dz[4u * at] = dn * r;
    dz[4u * at + 1u] = dn * gates[4u * at] * r * (1.0 - r);
    dz[4u * at + 2u] = d * (states[at] - n) * u * (1.0 - u);
    dz[4u * at + 3u] = dn;
}

@compute @workgroup_size(TILE_GROUP)
fn gru_backward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    backward_steps(group, local, 3u * dims.hidden_padded, 0u);
}

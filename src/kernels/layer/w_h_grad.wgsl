// dw_h = sum_t h_{t-1}^T * dz_t: one product over all N positions.

@group(0) @binding(1) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t holds h_{t-1}
@group(0) @binding(2) var<storage, read> dz: array<vec4f>; // (N, G * H), all gates
@group(0) @binding(3) var<storage, read_write> dw_h: array<vec4f>; // (H, G * H), the state's gates

fn left(row: u32, k: u32) -> mat4x4f { // h_{t-1}^T: rows are hidden units, k counts positions
    let across = dims.hidden_padded / 4u;
    let at = k * across + row / 4u;
    return transpose(mat4x4f(states[at], states[at + across], states[at + 2u * across], states[at + 3u * across]));
}

fn right(k: u32, column: u32) -> mat4x4f { // dz of the state's gates
    let across = CELL_GATES * dims.hidden_padded / 4u;
    let unit = column / 4u / STATE_GATES;
    let at = k * across + unit * CELL_GATES + column / 4u % STATE_GATES;
    return mat4x4f(dz[at], dz[at + across], dz[at + 2u * across], dz[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    dw_h[row * STATE_GATES * dims.hidden_padded / 4u + column / 4u] = product;
}

@compute @workgroup_size(TILE_GROUP)
fn w_h_grad(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let columns = STATE_GATES * dims.hidden_padded;
    block_product(group, local, dims.hidden_padded, columns, dims.steps * dims.batch_padded);
}

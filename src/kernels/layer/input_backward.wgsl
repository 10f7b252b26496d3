// dbelow = dz * w_x^T: the gradient of the states of the layer below.

@group(0) @binding(1) var<storage, read> dz: array<vec4f>; // (N, G * H), all gates
@group(0) @binding(2) var<storage, read> w_x_t: array<vec4f>; // (G * H, H), the input's gates
@group(0) @binding(3) var<storage, read_write> dbelow: array<vec4f>; // (N, H)

fn left(row: u32, k: u32) -> mat4x4f { // dz of the input's gates
    let across = CELL_GATES * dims.hidden_padded / 4u;
    let unit = k / 4u / INPUT_GATES;
    let gate = k / 4u % INPUT_GATES + CELL_GATES - INPUT_GATES;
    let at = row * across + unit * CELL_GATES + gate;
    return mat4x4f(dz[at], dz[at + across], dz[at + 2u * across], dz[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_x^T
    let across = dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_x_t[at], w_x_t[at + across], w_x_t[at + 2u * across], w_x_t[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    dbelow[row * dims.hidden_padded / 4u + column / 4u] = product;
}

@compute @workgroup_size(TILE_GROUP)
fn input_backward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let inner = INPUT_GATES * dims.hidden_padded;
    block_product(group, local, dims.steps * dims.batch_padded, dims.hidden_padded, inner);
}

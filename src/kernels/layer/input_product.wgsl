// gates = below * w_x + b_x + b_h: what the layer below gives the gates of all time steps.

@group(0) @binding(1) var<storage, read> below: array<vec4f>; // (T + 1, B, H), its states; slot t + 1 holds those of t
@group(0) @binding(2) var<storage, read> w_x: array<vec4f>; // (H, G * H), the input's gates
@group(0) @binding(3) var<storage, read> b_x: array<vec4f>; // (G * H), the input's gates
@group(0) @binding(4) var<storage, read> b_h: array<vec4f>; // (G * H), the state's gates
@group(0) @binding(5) var<storage, read_write> gates: array<vec4f>; // (N, G * H), all gates

fn left(row: u32, k: u32) -> mat4x4f { // below
    let across = dims.hidden_padded / 4u;
    let at = (dims.batch_padded + row) * across + k / 4u;
    return mat4x4f(below[at], below[at + across], below[at + 2u * across], below[at + 3u * across]);
}

fn right(k: u32, column: u32) -> mat4x4f { // w_x
    let across = INPUT_GATES * dims.hidden_padded / 4u;
    let at = k * across + column / 4u;
    return mat4x4f(w_x[at], w_x[at + across], w_x[at + 2u * across], w_x[at + 3u * across]);
}

fn finish(row: u32, column: u32, product: vec4f) {
    let at = column / 4u;
    let unit = at / INPUT_GATES;
    let first = row * CELL_GATES * dims.hidden_padded / 4u + unit * CELL_GATES;
    let before = CELL_GATES - INPUT_GATES;
    let gate = at % INPUT_GATES + before;
    var z = product + b_x[at];
    if gate < STATE_GATES {
        z += b_h[unit * STATE_GATES + gate];
    }
    gates[first + gate] = z;
    if gate == before { // the gates of the state alone
        for (var g = 0u; g < before; g++) {
            gates[first + g] = b_h[unit * STATE_GATES + g];
        }
    }
}

@compute @workgroup_size(TILE_GROUP)
fn input_product(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let columns = INPUT_GATES * dims.hidden_padded;
    block_product(group, local, dims.steps * dims.batch_padded, columns, dims.hidden_padded);
}

// A step of prediction begins: picks the token x, and gates = w_x[x] + b_x + b_h.

@group(0) @binding(1) var<storage, read> w_x: array<vec4f>; // (V, G * H), the input's gates
@group(0) @binding(2) var<storage, read> b_x: array<vec4f>; // (G * H), the input's gates
@group(0) @binding(3) var<storage, read> b_h: array<vec4f>; // (G * H), the state's gates
@group(0) @binding(4) var<storage, read> logit_parts: array<f32>; // (2, workgroups, V)
@group(0) @binding(5) var<storage, read_write> sequence: array<u32>; // position in turn, prefix length, then tokens
@group(0) @binding(6) var<storage, read_write> generated_gates: array<vec4f>; // (G * H), all gates

@compute @workgroup_size(TILE_GROUP)
fn generate_look_up(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let token = current_token(group, local);
    let columns = COLUMNS * CELL_GATES;
    let end = min((group + 1u) * columns, CELL_GATES * dims.hidden_padded / 4u);
    for (var column = group * columns + local; column < end; column += TILE_GROUP) {
        generated_gates[column] = looked_up(token, column);
    }
}

// The gradients that are sums of rows, of the lowest layer and of the output layer's bias, in one dispatch:
//   db_x, db_h: see bias_columns.wgsl; db_q = sum of dlogits[n] over all positions n;
//   dw_x[v] = sum of dz[n] over the positions n with x_n = v: one-hot^T * dz without the multiplications by zero.
// The CPU has sorted the positions by token: those of token v are positions[starts[v]] .. positions[starts[v + 1] - 1].

@group(0) @binding(1) var<storage, read> starts: array<u32>; // (V + 1)
@group(0) @binding(2) var<storage, read> positions: array<u32>; // (N)
@group(0) @binding(3) var<storage, read> dz: array<vec4f>; // (N, G * H), all gates
@group(0) @binding(4) var<storage, read> dlogits: array<vec4f>; // (N, V)
@group(0) @binding(5) var<storage, read_write> db_x: array<vec4f>; // (G * H), the input's gates
@group(0) @binding(6) var<storage, read_write> db_h: array<vec4f>; // (G * H), the state's gates
@group(0) @binding(7) var<storage, read_write> db_q: array<vec4f>; // (V)
@group(0) @binding(8) var<storage, read_write> dw_x: array<vec4f>; // (V, G * H), the input's gates

// Sums two columns of dlogits with a workgroup.
fn output_bias_columns(group: u32, local: u32) {
    let across = dims.vocabulary_padded / 4u;
    let column = group * 2u + local % 2u;
    let rows = select(0u, dims.steps * dims.batch_padded, column < across);
    var part = vec4f();
    for (var n = local / 2u; n < rows; n += SHARERS) {
        part += dlogits[n * across + column];
    }
    let sum = shared_sum(local, part);
    if local < 2u && column < across {
        db_q[column] = sum;
    }
}

// Sums a gate of four units, of one token, with one thread.
fn token_columns(i: u32) {
    let across = INPUT_GATES * dims.hidden_padded / 4u;
    let token = i / across;
    if token >= dims.vocabulary {
        return;
    }
    let unit = i % across / INPUT_GATES;
    let gate = i % across % INPUT_GATES + CELL_GATES - INPUT_GATES;
    let row = CELL_GATES * dims.hidden_padded / 4u;
    let end = starts[token + 1u];
    var sum = vec4f();
    for (var p = starts[token]; p < end; p++) {
        sum += dz[positions[p] * row + unit * CELL_GATES + gate];
    }
    dw_x[i] = sum;
}

@compute @workgroup_size(GROUP)
fn look_up_grads(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let output_groups = (dims.vocabulary_padded + 7u) / 8u;
    if group < bias_groups() {
        bias_columns(group, local);
    } else if group < bias_groups() + output_groups {
        output_bias_columns(group - bias_groups(), local);
    } else {
        token_columns((group - bias_groups() - output_groups) * GROUP + local);
    }
}

// The gradients that are sums of rows, in one dispatch:
//   db_h = sum of dz[n], db_q = sum of dlogits[n], over all positions n;
//   dw_xh[v] = sum of dz[n] over the positions n with x_n = v: one-hot^T * dz without the multiplications by zero.
// The CPU has sorted the positions by token: those of token v are positions[starts[v]] .. positions[starts[v + 1] - 1].

@group(0) @binding(1) var<storage, read> starts: array<u32>; // (V + 1)
@group(0) @binding(2) var<storage, read> positions: array<u32>; // (N)
@group(0) @binding(3) var<storage, read> dz: array<vec4f>; // (N, H)
@group(0) @binding(4) var<storage, read> dlogits: array<vec4f>; // (N, V)
@group(0) @binding(5) var<storage, read_write> db_h: array<vec4f>; // (H)
@group(0) @binding(6) var<storage, read_write> db_q: array<vec4f>; // (V)
@group(0) @binding(7) var<storage, read_write> dw_xh: array<vec4f>; // (V, H)

// Threads of a workgroup that share the sum of four columns of a bias.
const SHARERS: u32 = 32u;

var<workgroup> partial: array<vec4f, GROUP>;

// Sums two columns of `vec4f` of a bias with a workgroup: those of db_h come first, then those of db_q.
fn bias_columns(group: u32, hidden_groups: u32, local: u32) {
    let of_output = group >= hidden_groups;
    let across = select(dims.hidden_padded, dims.vocabulary_padded, of_output) / 4u;
    let column = select(group, group - hidden_groups, of_output) * 2u + local % 2u;
    let inside = column < across;
    let rows = select(0u, dims.steps * dims.batch_padded, inside);
    var sum = vec4f();
    if of_output {
        for (var n = local / 2u; n < rows; n += SHARERS) {
            sum += dlogits[n * across + column];
        }
    } else {
        for (var n = local / 2u; n < rows; n += SHARERS) {
            sum += dz[n * across + column];
        }
    }
    partial[local] = sum;
    workgroupBarrier();
    if local >= 2u || !inside {
        return;
    }
    for (var i = 1u; i < SHARERS; i++) {
        sum += partial[2u * i + local];
    }
    if of_output {
        db_q[column] = sum;
    } else {
        db_h[column] = sum;
    }
}

// Sums four columns of one token's row with one thread.
fn token_columns(i: u32) {
    let across = dims.hidden_padded / 4u;
    let token = i / across;
    if token >= dims.vocabulary {
        return;
    }
    let column = i % across;
    let end = starts[token + 1u];
    var p = starts[token];
    var sum = vec4f();
    // Four rows at a time, all loaded before the first is added: loads take long, and several can be under way.
    for (; p + 3u < end; p += 4u) {
        let first = dz[positions[p] * across + column];
        let second = dz[positions[p + 1u] * across + column];
        let third = dz[positions[p + 2u] * across + column];
        let fourth = dz[positions[p + 3u] * across + column];
        sum += first;
        sum += second;
        sum += third;
        sum += fourth;
    }
    for (; p < end; p++) {
        sum += dz[positions[p] * across + column];
    }
    dw_xh[i] = sum;
}

@compute @workgroup_size(GROUP)
fn row_sum_grads(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let hidden_groups = (dims.hidden_padded + 7u) / 8u;
    let bias_groups = hidden_groups + (dims.vocabulary_padded + 7u) / 8u;
    if group < bias_groups {
        bias_columns(group, hidden_groups, local);
    } else {
        token_columns((group - bias_groups) * GROUP + local);
    }
}

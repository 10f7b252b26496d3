// dw_xh[v] = sum of dz[n] over the positions n with x_n = v: one-hot^T * dz without the multiplications by zero.
// The CPU has sorted the positions by token: those of token v are positions[starts[v]] .. positions[starts[v + 1] - 1].
// One thread per four columns of one row.

@group(0) @binding(1) var<storage, read> starts: array<u32>; // (V + 1)
@group(0) @binding(2) var<storage, read> positions: array<u32>; // (N)
@group(0) @binding(3) var<storage, read> dz: array<vec4f>; // (N, H)
@group(0) @binding(4) var<storage, read_write> dw_xh: array<vec4f>; // (V, H)

@compute @workgroup_size(GROUP)
fn w_xh_grad(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let across = dims.hidden_padded / 4u;
    let i = invocation(workgroup, workgroups, local, GROUP);
    let token = i / across;
    if token >= dims.vocabulary {
        return;
    }
    var sum = vec4f();
    for (var p = starts[token]; p < starts[token + 1u]; p++) {
        sum += dz[positions[p] * across + i % across];
    }
    dw_xh[i] = sum;
}

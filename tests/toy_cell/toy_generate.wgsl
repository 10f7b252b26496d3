// h' = tanh(w_xh[x] + b_h) for one sequence. One thread for four units.

@group(0) @binding(1) var<storage, read> sequence: array<u32>; // position, prefix length, then tokens
@group(0) @binding(2) var<storage, read> w_xh: array<vec4f>; // (V, H)
@group(0) @binding(3) var<storage, read> b_h: array<vec4f>; // (H)
@group(0) @binding(4) var<storage, read_write> next_state: array<vec4f>; // (H)

@compute @workgroup_size(GROUP)
fn toy_generate(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let across = dims.hidden_padded / 4u;
    let column = invocation(workgroup, workgroups, local, GROUP);
    if column < across {
        next_state[column] = tanh_precise(w_xh[sequence[2u + sequence[0]] * across + column] + b_h[column]);
    }
}

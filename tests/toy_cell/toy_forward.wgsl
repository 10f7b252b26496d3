// h_t = tanh(w_xh[x_t] + b_h), for all time steps at once. One thread for four units of one position.

@group(0) @binding(1) var<storage, read> inputs: array<u32>; // (T, B)
@group(0) @binding(2) var<storage, read> w_xh: array<vec4f>; // (V, H)
@group(0) @binding(3) var<storage, read> b_h: array<vec4f>; // (H)
@group(0) @binding(4) var<storage, read_write> states: array<vec4f>; // (T + 1, B, H); slot t + 1 holds h_t

@compute @workgroup_size(GROUP)
fn toy_forward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let across = dims.hidden_padded / 4u;
    let i = invocation(workgroup, workgroups, local, GROUP);
    if i >= dims.steps * dims.batch_padded * across {
        return;
    }
    let z = w_xh[inputs[i / across] * across + i % across] + b_h[i % across];
    states[dims.batch_padded * across + i] = tanh_precise(z);
}

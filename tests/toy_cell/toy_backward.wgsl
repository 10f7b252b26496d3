// dz_t = dh_t * (1 - h_t^2). One thread for four units of one row.

@group(0) @binding(1) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t + 1 holds h_t
@group(0) @binding(2) var<storage, read_write> dz: array<vec4f>; // (T, B, H); dh_t becomes dz_t

@compute @workgroup_size(GROUP)
fn toy_backward(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let slot = dims.batch_padded * dims.hidden_padded / 4u;
    let i = invocation(workgroup, workgroups, local, GROUP);
    if i >= slot {
        return;
    }
    let h = states[(dims.t + 1u) * slot + i];
    dz[dims.t * slot + i] *= 1.0 - h * h;
}

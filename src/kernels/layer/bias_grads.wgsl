// The gradients of the biases of a layer above the lowest; see bias_columns.wgsl.

@group(0) @binding(1) var<storage, read> dz: array<vec4f>; // (N, G * H), all gates
@group(0) @binding(2) var<storage, read_write> db_x: array<vec4f>; // (G * H), the input's gates
@group(0) @binding(3) var<storage, read_write> db_h: array<vec4f>; // (G * H), the state's gates

@compute @workgroup_size(GROUP)
fn bias_grads(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    if group < bias_groups() {
        bias_columns(group, local);
    }
}

// Partial sums of the squares of all gradients, one per workgroup; clip_factor adds them up. Padding is zero.

@group(0) @binding(1) var<storage, read> grads: array<vec4f>; // all gradients
@group(0) @binding(2) var<storage, read_write> squares: array<f32>; // (number of workgroups)

var<workgroup> partial: array<f32, GROUP>;

@compute @workgroup_size(GROUP)
fn grad_norm(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    var sum = 0.0;
    for (var i = workgroup.x * GROUP + local; i < arrayLength(&grads); i += workgroups.x * GROUP) {
        sum += dot(grads[i], grads[i]);
    }
    partial[local] = sum;
    workgroupBarrier();
    for (var half = GROUP / 2u; half > 0u; half /= 2u) {
        if local < half {
            partial[local] += partial[local + half];
        }
        workgroupBarrier();
    }
    if local == 0u {
        squares[workgroup.x] = partial[0];
    }
}

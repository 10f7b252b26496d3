// Partial sums of the squares of all gradients and of the losses, one of each per workgroup, in one dispatch; sgd_update
// adds them up. Padding is zero.

@group(0) @binding(1) var<storage, read> grads: array<vec4f>; // all gradients
@group(0) @binding(2) var<storage, read> losses: array<f32>; // (N)
@group(0) @binding(3) var<storage, read_write> squares: array<f32>; // (number of workgroups)
@group(0) @binding(4) var<storage, read_write> loss_sums: array<f32>; // (number of workgroups)

var<workgroup> partial: array<vec2f, GROUP>;

@compute @workgroup_size(GROUP)
fn grad_norm(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = workgroup.x * GROUP + local;
    let threads = workgroups.x * GROUP;
    var sum = vec2f(); // of squares, of losses
    for (var i = thread; i < arrayLength(&grads); i += threads) {
        sum.x += dot(grads[i], grads[i]);
    }
    for (var n = thread; n < arrayLength(&losses); n += threads) {
        sum.y += losses[n];
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
        squares[workgroup.x] = partial[0].x;
        loss_sums[workgroup.x] = partial[0].y;
    }
}

// Partial sums of the squares of all gradients and of the losses, one of each per workgroup, in one dispatch; sgd_update
// adds them up. Padding is zero.

@group(0) @binding(1) var<storage, read> grads: array<vec4f>; // all gradients
@group(0) @binding(2) var<storage, read> losses: array<f32>; // (N)
@group(0) @binding(3) var<storage, read_write> squares: array<f32>; // (number of workgroups)
@group(0) @binding(4) var<storage, read_write> loss_sums: array<f32>; // (number of workgroups)
@group(0) @binding(5) var<storage, read_write> metrics: array<f32>; // the last is cleared for sgd_update

// Threads whose sums one of them adds.
const PARTS: u32 = 16u;

var<workgroup> partial: array<vec2f, TILE_GROUP>;

@compute @workgroup_size(TILE_GROUP)
fn grad_norm(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = workgroup.x * TILE_GROUP + local;
    let threads = workgroups.x * TILE_GROUP;
    var sum = vec2f(); // of squares, of losses
    for (var i = thread; i < arrayLength(&grads); i += threads) {
        sum.x += dot(grads[i], grads[i]);
    }
    for (var n = thread; n < arrayLength(&losses); n += threads) {
        sum.y += losses[n];
    }
    // In two steps, since a barrier costs a software adapter more than some additions.
    partial[local] = sum;
    workgroupBarrier();
    if local % PARTS == 0u {
        for (var i = 1u; i < PARTS; i++) {
            sum += partial[local + i];
        }
        partial[local] = sum;
    }
    workgroupBarrier();
    if local == 0u {
        for (var i = PARTS; i < TILE_GROUP; i += PARTS) {
            sum += partial[i];
        }
        squares[workgroup.x] = sum.x;
        loss_sums[workgroup.x] = sum.y;
        if workgroup.x == 0u {
            metrics[3] = 0.0;
        }
    }
}

// norm = sqrt(sum of squares of all gradients); factor = min(1, clip / norm); loss = mean of the positions' losses.
// One workgroup.

@group(0) @binding(1) var<storage, read> squares: array<f32>; // partial sums from grad_norm
@group(0) @binding(2) var<storage, read> losses: array<f32>; // (N)
@group(0) @binding(3) var<storage, read_write> metrics: array<f32>; // loss, norm, factor, 0

var<workgroup> partial: array<vec2f, GROUP>;

@compute @workgroup_size(GROUP)
fn clip_factor(@builtin(local_invocation_index) local: u32) {
    var sum = vec2f(); // of losses, of squares
    for (var n = local; n < arrayLength(&losses); n += GROUP) {
        sum.x += losses[n];
    }
    for (var i = local; i < arrayLength(&squares); i += GROUP) {
        sum.y += squares[i];
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
        let norm = sqrt(partial[0].y);
        metrics[0] = partial[0].x / f32(dims.steps * dims.batch);
        metrics[1] = norm;
        metrics[2] = select(1.0, dims.clip / norm, norm > dims.clip);
        metrics[3] = 0.0;
    }
}

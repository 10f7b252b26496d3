// min(1, clip / norm), with norm the square root of the sum of squares of all gradients. A kernel binds `squares`,
// `loss_sums` and `metrics`. The first thread writes the metrics, with loss the mean of the positions' losses.

fn clip_factor(thread: u32) -> f32 {
    // Every thread adds the few partial sums: cheaper than another dispatch, and the same bits in all of them.
    var sums = vec4f();
    for (var part = 0u; part < arrayLength(&squares); part++) {
        sums += squares[part];
    }
    let norm = sqrt(sums.x + sums.y + sums.z + sums.w);
    let factor = select(1.0, dims.clip / norm, norm > dims.clip);
    if thread == 0u {
        var losses = vec4f();
        for (var part = 0u; part < arrayLength(&loss_sums); part++) {
            losses += loss_sums[part];
        }
        metrics[0] = (losses.x + losses.y + losses.z + losses.w) / f32(dims.steps * dims.batch);
        metrics[1] = norm;
        metrics[2] = factor;
    }
    return factor;
}

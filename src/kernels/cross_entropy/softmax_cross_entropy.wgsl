// losses[n] = log(sum_v exp(logits[n, v])) - logits[n, y_n], in nats, and the gradient of the mean loss,
// dlogits[n] = (softmax(logits[n]) - onehot(y_n)) / N. One thread per position.

@group(0) @binding(1) var<storage, read> targets: array<u32>; // (T, B)
@group(0) @binding(2) var<storage, read> logits: array<f32>; // (N, V)
@group(0) @binding(3) var<storage, read_write> losses: array<f32>; // (N)
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>; // (N, V)

@compute @workgroup_size(GROUP)
fn softmax_cross_entropy(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let n = invocation(workgroup, workgroups, local, GROUP);
    if n >= dims.steps * dims.batch_padded {
        return;
    }
    let row = n * dims.vocabulary_padded;
    if n % dims.batch_padded >= dims.batch { // a padded row: no loss, no gradient
        losses[n] = 0.0;
        for (var v = 0u; v < dims.vocabulary_padded; v++) {
            dlogits[row + v] = 0.0;
        }
        return;
    }
    var largest = logits[row];
    for (var v = 1u; v < dims.vocabulary; v++) {
        largest = max(largest, logits[row + v]);
    }
    var sum = 0.0;
    for (var v = 0u; v < dims.vocabulary; v++) {
        let e = exp(logits[row + v] - largest);
        dlogits[row + v] = e;
        sum += e;
    }
    let y = targets[n];
    losses[n] = log(sum) + largest - logits[row + y];
    let positions = f32(dims.steps * dims.batch);
    let scale = 1.0 / (sum * positions);
    for (var v = 0u; v < dims.vocabulary; v++) {
        dlogits[row + v] *= scale;
    }
    dlogits[row + y] -= 1.0 / positions;
    for (var v = dims.vocabulary; v < dims.vocabulary_padded; v++) {
        dlogits[row + v] = 0.0;
    }
}

// Time steps forward, with sums over the hidden units; see time_steps.wgsl.
fn forward_steps(workgroup: u32, local: u32) {
    let inner = dims.hidden_padded;
    if !SEQUENCE {
        block_product(workgroup, local, dims.batch_padded, dims.hidden_padded, inner);
        return;
    }
    for (var i = 0u; i < dims.times; i++) {
        current = dims.t + i;
        sequence_step(workgroup, local, inner);
    }
}

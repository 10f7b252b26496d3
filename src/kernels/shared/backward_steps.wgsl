// Time steps backward, with sums of `inner` terms, in the last time step of `last`; see time_steps.wgsl.
fn backward_steps(workgroup: u32, local: u32, inner: u32, last: u32) {
    if !SEQUENCE {
        let terms = select(inner, last, dims.t + 1u == dims.steps);
        block_product(workgroup, local, dims.batch_padded, dims.hidden_padded, terms);
        return;
    }
    for (var i = 0u; i < dims.times; i++) {
        current = dims.t - i;
        sequence_step(workgroup, local, select(inner, last, current + 1u == dims.steps));
    }
}

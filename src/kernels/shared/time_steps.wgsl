// The products (B, H) of successive time steps, `dims.times` of them in one dispatch.
// Rows of a batch do not depend on each other. So where SEQUENCE is true a workgroup computes all columns of its own
// rows, and need not wait for other workgroups before the next time step. Otherwise a dispatch is one time step.

// The time step under way, in a sequence.
var<private> current: u32;

fn time() -> u32 {
    if SEQUENCE {
        return current;
    }
    return dims.t;
}

// A time step of a sequence.
fn sequence_step(workgroup: u32, local: u32, inner: u32) {
    let columns = dims.hidden_padded;
    for (var column = 0u; column < columns; column += PATCH_COLUMNS) {
        patch_product(vec2u(workgroup * PATCH_ROWS, column), local, dims.batch_padded, columns, inner);
        workgroupBarrier(); // before the next patch uses the same workgroup memory
    }
    storageBarrier(); // the next time step reads what this one has written
}

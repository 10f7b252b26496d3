// The gradients of a layer's biases: db_x and db_h are sums of dz[n] over all positions n, each of its own gates. A kernel
// binds `dz`, `db_x` and `db_h`. A workgroup sums two columns of vec4f.

// Threads that share the sum of a column.
const SHARERS: u32 = 32u;

var<workgroup> partial: array<vec4f, GROUP>;

// Adds what the threads of a workgroup have of two columns; the first two threads get the sums. Has barriers.
fn shared_sum(local: u32, part: vec4f) -> vec4f {
    partial[local] = part;
    workgroupBarrier();
    var sum = part;
    if local < 2u {
        for (var i = 1u; i < SHARERS; i++) {
            sum += partial[2u * i + local];
        }
    }
    return sum;
}

// Workgroups for the columns of dz.
fn bias_groups() -> u32 {
    return (CELL_GATES * dims.hidden_padded + 7u) / 8u;
}

fn bias_columns(group: u32, local: u32) {
    let across = CELL_GATES * dims.hidden_padded / 4u;
    let column = group * 2u + local % 2u;
    let rows = select(0u, dims.steps * dims.batch_padded, column < across);
    var part = vec4f();
    for (var n = local / 2u; n < rows; n += SHARERS) {
        part += dz[n * across + column];
    }
    let sum = shared_sum(local, part);
    if local >= 2u || column >= across {
        return;
    }
    let unit = column / CELL_GATES;
    let gate = column % CELL_GATES;
    let before = CELL_GATES - INPUT_GATES;
    if gate >= before {
        db_x[unit * INPUT_GATES + gate - before] = sum;
    }
    if gate < STATE_GATES {
        db_h[unit * STATE_GATES + gate] = sum;
    }
}

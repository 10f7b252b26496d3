// The input's part of a gate of four units, looked up. A kernel binds `w_x`, `b_x` and `b_h`.

fn looked_up(token: u32, column: u32) -> vec4f {
    let unit = column / CELL_GATES;
    let gate = column % CELL_GATES;
    var z = vec4f();
    if gate < STATE_GATES {
        z = b_h[unit * STATE_GATES + gate];
    }
    let before = CELL_GATES - INPUT_GATES;
    if gate >= before {
        let at = unit * INPUT_GATES + gate - before;
        z += w_x[token * INPUT_GATES * dims.hidden_padded / 4u + at] + b_x[at];
    }
    return z;
}

// The input's part of a gate of four units, looked up. A kernel binds `w_x`, `b_x` and `b_h`.

fn looked_up(token: u32, column: u32) -> vec4f {
    let unit = column / dims.gates;
    let gate = column % dims.gates;
    var z = vec4f();
    if gate < dims.state_gates {
        z = b_h[unit * dims.state_gates + gate];
    }
    let before = dims.gates - dims.input_gates;
    if gate >= before {
        let at = unit * dims.input_gates + gate - before;
        z += w_x[token * dims.input_gates * dims.hidden_padded / 4u + at] + b_x[at];
    }
    return z;
}

// 1 / (1 + exp(-x)). Clamped, since exp may overflow: sigmoid(-80) is 2e-35.

fn sigmoid(x: vec4f) -> vec4f {
    return 1.0 / (1.0 + exp(-clamp(x, vec4f(-80.0), vec4f(80.0))));
}

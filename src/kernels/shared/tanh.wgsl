// tanh to f32's precision everywhere. The built-in one may be off by 1e-7 near zero, where an untrained network's
// states are of the order 1e-2, and may return NaN for large arguments. For |x| < 0.625: x + x^3 P(x^2), with P fitted
// for the least relative error (4e-9). Otherwise 1 - 2 / (exp(2|x|) + 1) with the sign of x, and |x| clamped to 15,
// since tanh(15) is 1 in f32.

fn tanh_precise(x: vec4f) -> vec4f {
    let size = min(abs(x), vec4f(15.0));
    let far = sign(x) * (1.0 - 2.0 / (exp(2.0 * size) + 1.0));
    let u = x * x;
    let p = -0.33333282 + u * (0.13331442 + u * (-0.05373971 + u * (0.02063908 - 0.00570498 * u)));
    return select(far, x + x * u * p, size < vec4f(0.625));
}

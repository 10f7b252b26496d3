//! Elementwise functions and sums.
//!
//! Vectorised by hand, because the compiler does not vectorise loops in the page, which is compiled for size.

use pulp::bytemuck::{Zeroable, cast_slice, cast_slice_mut};
use pulp::{Simd, WithSimd};

use crate::functions::{exp_of, sigmoid_of, tanh_of};
use crate::math::ln;
use crate::simd::dispatch;

/// `x = tanh(x)`, to f32's precision.
pub fn tanh(numbers: &mut [f32]) {
    #[derive(Clone, Copy)]
    struct Tanh;
    impl Elementwise for Tanh {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, x: S::f32s, _: S::f32s) -> S::f32s {
            tanh_of(simd, x)
        }
    }
    dispatch(Each { op: Tanh, a: numbers, b: &[] });
}

/// `dz = dh ⊙ (1 - h²)` in place of `dh`: the backward pass of `h = tanh(z)`.
pub fn through_tanh(grad: &mut [f32], h: &[f32]) {
    #[derive(Clone, Copy)]
    struct ThroughTanh;
    impl Elementwise for ThroughTanh {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, d: S::f32s, h: S::f32s) -> S::f32s {
            simd.mul_f32s(d, simd.sub_f32s(simd.splat_f32s(1.0), simd.mul_f32s(h, h)))
        }
    }
    assert_eq!(grad.len(), h.len());
    dispatch(Each { op: ThroughTanh, a: grad, b: h });
}

/// `x = 1 / (1 + exp(-x))`, to f32's precision.
pub fn sigmoid(numbers: &mut [f32]) {
    #[derive(Clone, Copy)]
    struct Sigmoid;
    impl Elementwise for Sigmoid {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, x: S::f32s, _: S::f32s) -> S::f32s {
            sigmoid_of(simd, x)
        }
    }
    dispatch(Each { op: Sigmoid, a: numbers, b: &[] });
}

/// `dz = ds ⊙ s ⊙ (1 - s)` in place of `ds`: the backward pass of `s = sigmoid(z)`.
pub fn through_sigmoid(grad: &mut [f32], s: &[f32]) {
    #[derive(Clone, Copy)]
    struct ThroughSigmoid;
    impl Elementwise for ThroughSigmoid {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, d: S::f32s, s: S::f32s) -> S::f32s {
            simd.mul_f32s(d, simd.mul_f32s(s, simd.sub_f32s(simd.splat_f32s(1.0), s)))
        }
    }
    assert_eq!(grad.len(), s.len());
    dispatch(Each { op: ThroughSigmoid, a: grad, b: s });
}

/// `a = a ⊙ b`
pub fn multiply(a: &mut [f32], b: &[f32]) {
    #[derive(Clone, Copy)]
    struct Multiply;
    impl Elementwise for Multiply {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
            simd.mul_f32s(a, b)
        }
    }
    assert_eq!(a.len(), b.len());
    dispatch(Each { op: Multiply, a, b });
}

/// `a += b ⊙ c`
pub fn add_products(a: &mut [f32], b: &[f32], c: &[f32]) {
    #[derive(Clone, Copy)]
    struct AddProducts;
    impl OfThree for AddProducts {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
            simd.mul_add_e_f32s(b, c, a)
        }
    }
    assert!(a.len() == b.len() && a.len() == c.len());
    dispatch(EachOfThree { op: AddProducts, a, b, c });
}

/// `a = factor · a`
pub fn scale(a: &mut [f32], factor: f32) {
    #[derive(Clone, Copy)]
    struct Scale(f32);
    impl Elementwise for Scale {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, a: S::f32s, _: S::f32s) -> S::f32s {
            simd.mul_f32s(a, simd.splat_f32s(self.0))
        }
    }
    dispatch(Each { op: Scale(factor), a, b: &[] });
}

/// Moves an average towards `g = factor · dw + decay · w`: `m += new · (g - m)`.
pub fn average(m: &mut [f32], dw: &[f32], w: &[f32], [factor, decay, new]: [f32; 3]) {
    for ((m, dw), w) in m.iter_mut().zip(dw).zip(w) {
        *m += new * (factor * dw + decay * w - *m);
    }
}

/// The same towards g².
pub fn average_square(v: &mut [f32], dw: &[f32], w: &[f32], [factor, decay, new]: [f32; 3]) {
    for ((v, dw), w) in v.iter_mut().zip(dw).zip(w) {
        let g = factor * dw + decay * w;
        *v += new * (g * g - *v);
    }
}

/// `w -= rate · m / (√v / root + epsilon)`
pub fn subtract_quotients(w: &mut [f32], m: &[f32], v: &[f32], [rate, root, epsilon]: [f32; 3]) {
    #[derive(Clone, Copy)]
    struct SubtractQuotients([f32; 3]);
    impl OfThree for SubtractQuotients {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, w: S::f32s, m: S::f32s, v: S::f32s) -> S::f32s {
            let [rate, root, epsilon] = self.0.map(|number| simd.splat_f32s(number));
            let below = simd.add_f32s(simd.div_f32s(simd.sqrt_f32s(v), root), epsilon);
            simd.sub_f32s(w, simd.div_f32s(simd.mul_f32s(rate, m), below))
        }
    }
    assert!(w.len() == m.len() && w.len() == v.len());
    dispatch(EachOfThree { op: SubtractQuotients([rate, root, epsilon]), a: w, b: m, c: v });
}

/// `a += factor · b`
pub fn add_scaled(a: &mut [f32], factor: f32, b: &[f32]) {
    #[derive(Clone, Copy)]
    struct AddScaled(f32);
    impl Elementwise for AddScaled {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
            simd.mul_add_e_f32s(simd.splat_f32s(self.0), b, a)
        }
    }
    assert_eq!(a.len(), b.len());
    dispatch(Each { op: AddScaled(factor), a, b });
}

/// `x = exp(x - largest)` for a row whose largest element is `largest`; returns the sum.
fn exp_and_sum(row: &mut [f32], largest: f32) -> f32 {
    #[derive(Clone, Copy)]
    struct Exp {
        largest: f32,
    }
    impl Elementwise for Exp {
        #[inline(always)]
        fn of<S: Simd>(self, simd: S, x: S::f32s, _: S::f32s) -> S::f32s {
            exp_of(simd, simd.sub_f32s(x, simd.splat_f32s(self.largest)))
        }
    }
    dispatch(Each { op: Exp { largest }, a: row, b: &[] });
    row.iter().sum()
}

/// `Σ x²` in f64, of each eighth element: lane i has the elements `i, i + 8, …`, as far as eights are whole.
pub fn sums_of_squares(numbers: &[f32], [from, to]: [usize; 2], sums: &mut [f64]) {
    // With as many lanes as the compiler knows of.
    match to - from {
        8 => add_squares::<8>(numbers, from, sums),
        4 => add_squares::<4>(numbers, from, sums),
        2 => add_squares::<2>(numbers, from, sums),
        _ => (from..to).zip(sums.chunks_exact_mut(1)).for_each(|(lane, sum)| add_squares::<1>(numbers, lane, sum)),
    }
}

fn add_squares<const N: usize>(numbers: &[f32], from: usize, sums: &mut [f64]) {
    let mut lanes = [0.0; N];
    for eight in numbers.as_chunks::<8>().0 {
        for (sum, &x) in lanes.iter_mut().zip(&eight[from..from + N]) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    sums.copy_from_slice(&lanes);
}

/// The new value of an element of `a`, from it and the element of `b`.
// A trait, not a closure: only inlined code uses the machine's instructions, and a closure may not be inlined.
trait Elementwise: Copy {
    fn of<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s) -> S::f32s;
}

/// Applies `op` to each element. `b` is as long as `a`, or empty, which stands for zeros.
struct Each<'a, Op> {
    op: Op,
    a: &'a mut [f32],
    b: &'a [f32],
}

impl<Op: Elementwise> WithSimd for Each<'_, Op> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zeros = simd.splat_f32s(0.0);
        let (a, a_rest) = S::as_mut_simd_f32s(self.a);
        let (b, b_rest) = S::as_simd_f32s(self.b);
        if b.is_empty() {
            for a in a {
                *a = self.op.of(simd, *a, zeros);
            }
        } else {
            for (a, b) in a.iter_mut().zip(b) {
                *a = self.op.of(simd, *a, *b);
            }
        }
        if !a_rest.is_empty() {
            let rest = self.op.of(simd, vector::<S>(a_rest), vector::<S>(b_rest));
            a_rest.copy_from_slice(&cast_slice(core::slice::from_ref(&rest))[..a_rest.len()]);
        }
    }
}

/// [`Elementwise`] with another operand.
trait OfThree: Copy {
    fn of<S: Simd>(self, simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s;
}

/// Applies `op` to each element of three operands of one length.
struct EachOfThree<'a, Op> {
    op: Op,
    a: &'a mut [f32],
    b: &'a [f32],
    c: &'a [f32],
}

impl<Op: OfThree> WithSimd for EachOfThree<'_, Op> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (a, a_rest) = S::as_mut_simd_f32s(self.a);
        let (b, b_rest) = S::as_simd_f32s(self.b);
        let (c, c_rest) = S::as_simd_f32s(self.c);
        for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
            *a = self.op.of(simd, *a, *b, *c);
        }
        if !a_rest.is_empty() {
            let [b, c] = [b_rest, c_rest].map(|rest| vector::<S>(rest));
            let rest = self.op.of(simd, vector::<S>(a_rest), b, c);
            a_rest.copy_from_slice(&cast_slice(core::slice::from_ref(&rest))[..a_rest.len()]);
        }
    }
}

/// Fewer elements than a vector has, padded with zeros.
#[inline(always)]
fn vector<S: Simd>(rest: &[f32]) -> S::f32s {
    let mut vector = S::f32s::zeroed();
    cast_slice_mut(core::slice::from_mut(&mut vector))[..rest.len()].copy_from_slice(rest);
    vector
}

/// Cross-entropy of one position. Replaces each logit by `e = exp(logit - largest)`; returns the loss
/// `-ln softmax(logits)[target]` in nats, and the sum of `e`.
pub fn cross_entropy(logits: &mut [f32], target: usize) -> (f64, f32) {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let at_target = logits[target] - largest;
    let sum = exp_and_sum(logits, largest);
    (f64::from(ln(sum) - at_target), sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tanh_at(x: f32) -> f32 {
        tanh_of(pulp::Scalar::new(), x)
    }

    #[test]
    fn elementwise_functions_match_their_formulas() {
        let numbers: Vec<f32> = (0..37).map(|i| i as f32 / 8.0 - 2.0).collect();
        let mut a = numbers.clone();
        tanh(&mut a);
        assert!(a.iter().zip(&numbers).all(|(a, x)| (a - tanh_at(*x)).abs() < 1e-7));
        let mut grad = numbers.clone();
        through_tanh(&mut grad, &a);
        assert!(grad.iter().zip(&numbers).zip(&a).all(|((d, x), h)| (d - x * (1.0 - h * h)).abs() < 1e-6));
        add_scaled(&mut grad, -2.0, &numbers);
        assert!(grad.iter().zip(&numbers).zip(&a).all(|((d, x), h)| (d - (x * (1.0 - h * h) - 2.0 * x)).abs() < 1e-6));
        let mut s = numbers.clone();
        sigmoid(&mut s);
        assert!(s.iter().zip(&numbers).all(|(s, x)| (f64::from(*s) - 1.0 / (1.0 + f64::from(-x).exp())).abs() < 1e-7));
        let mut extremes = [-1e30, -100.0, 100.0, 1e30, f32::NAN];
        sigmoid(&mut extremes);
        assert!(
            extremes[..2].iter().all(|s| (0.0..1e-37).contains(s))
                && extremes[2..4] == [1.0; 2]
                && extremes[4].is_nan()
        );
        let mut grad = numbers.clone();
        through_sigmoid(&mut grad, &s);
        assert!(grad.iter().zip(&numbers).zip(&s).all(|((d, x), s)| (d - x * s * (1.0 - s)).abs() < 1e-6));
        let mut product = numbers.clone();
        multiply(&mut product, &s);
        add_products(&mut product, &numbers, &numbers);
        assert!(product.iter().zip(&numbers).zip(&s).all(|((p, x), s)| (p - (x * s + x * x)).abs() < 1e-6));
        let squares: f64 = numbers[..32].iter().map(|&x| f64::from(x).powi(2)).sum();
        for lanes in [&[0, 8][..], &[0, 4, 8], &[0, 2, 5, 8], &[0, 1, 2, 3, 4, 5, 6, 7, 8]] {
            let mut sums = [0.0; 8];
            for part in lanes.windows(2) {
                sums_of_squares(&numbers, [part[0], part[1]], &mut sums[part[0]..part[1]]);
            }
            assert!((sums.iter().sum::<f64>() - squares).abs() < 1e-9);
        }
        let mut row = numbers.clone();
        let sum = exp_and_sum(&mut row, 2.5);
        let exact: f64 = numbers.iter().map(|&x| (f64::from(x) - 2.5).exp()).sum();
        assert!((f64::from(sum) - exact).abs() < 1e-5 * exact);
    }
}

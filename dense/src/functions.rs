//! Functions of vectors, to f32's precision.

use pulp::Simd;

/// tanh as in `src/kernels/shared/tanh.wgsl`: `x + x³ P(x²)` for |x| < 0.625, otherwise ±`(1 - 2 / (exp(2|x|) + 1))`.
#[inline(always)]
pub fn tanh_of<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let size = simd.abs_f32s(x);
    // Not a minimum, which would turn NaN into 15.
    let size = simd.select_f32s(simd.greater_than_f32s(size, simd.splat_f32s(15.0)), simd.splat_f32s(15.0), size);
    let e = exp_of(simd, simd.add_f32s(size, size));
    let far = simd
        .sub_f32s(simd.splat_f32s(1.0), simd.div_f32s(simd.splat_f32s(2.0), simd.add_f32s(e, simd.splat_f32s(1.0))));
    let sign = simd.and_f32s(x, simd.splat_f32s(-0.0));
    let far = simd.or_f32s(far, sign);
    let u = simd.mul_f32s(x, x);
    let p = polynomial(simd, u, &[-0.005_704_98, 0.020_639_08, -0.053_739_71, 0.133_314_42, -0.333_332_8]);
    let near = simd.mul_add_e_f32s(simd.mul_f32s(x, u), p, x);
    simd.select_f32s(simd.less_than_f32s(size, simd.splat_f32s(0.625)), near, far)
}

/// The logistic function.
#[inline(always)]
pub fn sigmoid_of<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let (one, most) = (simd.splat_f32s(1.0), simd.splat_f32s(87.0));
    let minus_x = simd.neg_f32s(x);
    // Not a minimum, which would turn NaN into 87.
    let minus_x = simd.select_f32s(simd.greater_than_f32s(minus_x, most), most, minus_x);
    simd.div_f32s(one, simd.add_f32s(one, exp_of(simd, minus_x)))
}

/// exp for x up to 87; x below -87 is clamped.
///
/// `exp(x) = 2^n · exp(r)` with `n = round(x / ln 2)` and |r| ≤ ln 2 / 2, and exp(r) by its Taylor series to the
/// seventh power (remainder below 6e-9).
#[inline(always)]
pub fn exp_of<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    /// Adding it rounds a small number to the nearest integer, held in the lowest bits.
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2^23
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const SERIES: [f32; 8] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
    let x = simd.select_f32s(simd.less_than_f32s(x, simd.splat_f32s(-87.0)), simd.splat_f32s(-87.0), x);
    let shifted = simd.add_f32s(simd.mul_f32s(x, simd.splat_f32s(core::f32::consts::LOG2_E)), simd.splat_f32s(ROUND));
    let n = simd.sub_f32s(shifted, simd.splat_f32s(ROUND));
    let r = simd.sub_f32s(
        simd.sub_f32s(x, simd.mul_f32s(n, simd.splat_f32s(LN_2_HIGH))),
        simd.mul_f32s(n, simd.splat_f32s(LN_2_LOW)),
    );
    // n + 127 into the exponent, by a multiplication, because not every machine has a vector shift.
    let biased =
        simd.add_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(127u32.wrapping_sub(ROUND.to_bits())));
    let power = simd.transmute_f32s_u32s(simd.mul_u32s(biased, simd.splat_u32s(1 << 23)));
    simd.mul_f32s(polynomial(simd, r, &SERIES), power)
}

/// A polynomial by Horner's rule, coefficient of the highest power first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::f32s, coefficients: &[f32; N]) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[0]);
    for coefficient in &coefficients[1..] {
        sum = simd.mul_add_e_f32s(sum, x, simd.splat_f32s(*coefficient));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tanh_at(x: f32) -> f32 {
        tanh_of(pulp::Scalar::new(), x)
    }

    fn exp_at(x: f32) -> f32 {
        exp_of(pulp::Scalar::new(), x)
    }

    /// The largest relative error over many arguments, against f64.
    fn worst(f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64, from: f32, to: f32) -> f64 {
        let n = 100_000;
        (0..=n)
            .map(|i| from + (to - from) * i as f32 / n as f32)
            .map(|x| (f64::from(f(x)) / exact(x.into()) - 1.0).abs())
            .filter(|error| !error.is_nan()) // 0 / 0 at zero
            .fold(0.0, f64::max)
    }

    #[test]
    fn exp_and_tanh_are_right_to_f32s_precision() {
        let exp = worst(exp_at, f64::exp, -80.0, 80.0);
        assert!(exp < 3e-7, "{exp:e}");
        for (from, to) in [(1e-6, 0.03), (0.03, 0.62), (0.62, 0.63), (0.63, 20.0), (-20.0, -1e-4)] {
            let tanh = worst(tanh_at, f64::tanh, from, to);
            assert!(tanh < 2e-7, "{from}..{to}: {tanh:e}");
        }
        assert_eq!(tanh_at(0.0), 0.0);
        assert_eq!((tanh_at(1e30), tanh_at(-1e30)), (1.0, -1.0));
        assert_eq!(tanh_at(f32::INFINITY), 1.0);
        assert!(tanh_at(f32::NAN).is_nan());
        assert!(exp_at(-1e9) < 1e-37);
    }
}

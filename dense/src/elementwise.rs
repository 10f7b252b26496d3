//! Functions of one element after the other. Each loop is plain: the compiler makes vectors of it.

use pulp::{Simd, WithSimd};

use crate::simd::dispatch;

/// Runs a loop over elements with the machine's vectors.
macro_rules! vectorized {
    (|$($name:ident: $type:ty),+| -> $output:ty $body:block) => {{
        struct Loop<'a> { $($name: $type),+ , lifetime: std::marker::PhantomData<&'a ()> }
        impl<'a> WithSimd for Loop<'a> {
            type Output = $output;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> $output {
                let Self { $($name),+ , .. } = self;
                $body
            }
        }
        dispatch(Loop { $($name),+ , lifetime: std::marker::PhantomData })
    }};
}

/// `x = tanh(x)`, to f32's precision.
pub fn tanh(numbers: &mut [f32]) {
    vectorized!(|numbers: &'a mut [f32]| -> () {
        for x in numbers {
            *x = tanh_of(*x);
        }
    });
}

/// `dz = dh ⊙ (1 - h²)` in place: a gradient on its way back through `h = tanh(z)`.
pub fn through_tanh(grad: &mut [f32], h: &[f32]) {
    vectorized!(|grad: &'a mut [f32], h: &'a [f32]| -> () {
        for (d, h) in grad.iter_mut().zip(h) {
            *d *= 1.0 - h * h;
        }
    });
}

/// `a += factor · b`
pub fn add_scaled(a: &mut [f32], factor: f32, b: &[f32]) {
    vectorized!(|a: &'a mut [f32], factor: f32, b: &'a [f32]| -> () {
        for (a, b) in a.iter_mut().zip(b) {
            *a += factor * b;
        }
    });
}

/// `Σ x²`
pub fn sum_of_squares(numbers: &[f32]) -> f64 {
    vectorized!(|numbers: &'a [f32]| -> f64 {
        let mut sums = [0.0; 8];
        let (eights, rest) = numbers.as_chunks::<8>();
        for eight in eights {
            for (sum, &x) in sums.iter_mut().zip(eight) {
                *sum += f64::from(x) * f64::from(x);
            }
        }
        sums.iter().sum::<f64>() + rest.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>()
    })
}

/// `x = exp(x - largest)` for a row whose largest element is `largest`; gives the sum.
pub fn exp_and_sum(row: &mut [f32], largest: f32) -> f32 {
    vectorized!(|row: &'a mut [f32], largest: f32| -> f32 {
        for x in row.iter_mut() {
            *x = exp_of(*x - largest);
        }
        row.iter().sum()
    })
}

/// Below 0.625 as in `shaders/tanh.wgsl`, `x + x³ P(x²)`; beyond, `1 - 2 / (exp(2|x|) + 1)`.
#[inline(always)]
fn tanh_of(x: f32) -> f32 {
    // Not `min`, which would make a number of a NaN.
    let size = if x.abs() > 15.0 { 15.0 } else { x.abs() };
    let far = (1.0 - 2.0 / (exp_of(2.0 * size) + 1.0)).copysign(x);
    let u = x * x;
    let p = -0.333_332_8 + u * (0.133_314_42 + u * (-0.053_739_71 + u * (0.020_639_08 - 0.005_704_98 * u)));
    if size < 0.625 { x + x * u * p } else { far }
}

/// exp for numbers from -87 to 87; what is below counts as -87.
///
/// `exp(x) = 2^n · exp(r)` with `n = round(x / ln 2)` and |r| at most ln 2 / 2, and exp(r) by Taylor's series to the
/// seventh power (what follows is below 6e-9).
#[inline(always)]
fn exp_of(x: f32) -> f32 {
    /// Added to a small number it leaves the nearest whole number in the last bits.
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2^23
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    let series = 1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0));
    let series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * series))));
    let power = f32::from_bits(shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23);
    series * power
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let exp = worst(exp_of, f64::exp, -80.0, 80.0);
        assert!(exp < 3e-7, "{exp:e}");
        for (from, to) in [(1e-6, 0.03), (0.03, 0.62), (0.62, 0.63), (0.63, 20.0), (-20.0, -1e-4)] {
            let tanh = worst(tanh_of, f64::tanh, from, to);
            assert!(tanh < 2e-7, "{from}..{to}: {tanh:e}");
        }
        assert_eq!(tanh_of(0.0), 0.0);
        assert_eq!((tanh_of(1e30), tanh_of(-1e30)), (1.0, -1.0));
        assert_eq!(tanh_of(f32::INFINITY), 1.0);
        assert!(tanh_of(f32::NAN).is_nan());
        assert!(exp_of(-1e9) < 1e-37);
    }

    #[test]
    fn loops_do_what_their_formulas_say() {
        let numbers: Vec<f32> = (0..37).map(|i| i as f32 / 8.0 - 2.0).collect();
        let mut a = numbers.clone();
        tanh(&mut a);
        assert!(a.iter().zip(&numbers).all(|(a, x)| *a == tanh_of(*x)));
        let mut grad = numbers.clone();
        through_tanh(&mut grad, &a);
        assert!(grad.iter().zip(&numbers).zip(&a).all(|((d, x), h)| *d == x * (1.0 - h * h)));
        add_scaled(&mut grad, -2.0, &numbers);
        assert!(grad.iter().zip(&numbers).zip(&a).all(|((d, x), h)| (d - (x * (1.0 - h * h) - 2.0 * x)).abs() < 1e-6));
        let squares: f64 = numbers.iter().map(|&x| f64::from(x).powi(2)).sum();
        assert!((sum_of_squares(&numbers) - squares).abs() < 1e-9);
        let mut row = numbers.clone();
        let sum = exp_and_sum(&mut row, 2.5);
        let exact: f64 = numbers.iter().map(|&x| (f64::from(x) - 2.5).exp()).sum();
        assert!((f64::from(sum) - exact).abs() < 1e-5 * exact);
    }
}

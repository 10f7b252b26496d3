//! What a training step is in operations and memory, kernel by kernel: what speeds are held against.

use super::Sizes;

/// The kernels of a training step, in its order.
pub const STEP: [&str; 12] = [
    "step_forward",
    "output_forward",
    "softmax_cross_entropy",
    "output_backward",
    "step_backward",
    "w_hh_grad",
    "w_hq_grad",
    "w_xh_grad",
    "bias_grad",
    "grad_norm",
    "clip_factor",
    "sgd_update",
];

/// Of one kernel in one minibatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Floating-point operations; a multiply-add counts as two.
    pub flops: u64,
    /// Bytes that must move if every dispatch reads each of its operands once from memory and writes each result once.
    pub bytes: u64,
}

impl Work {
    /// Of one of [`STEP`]. `h` is a state `(B, H)`, `p` all parameters.
    ///
    /// # Panics
    /// For any other name.
    pub fn of(kernel: &str, sizes: Sizes) -> Self {
        let [b, t, h, v] = [sizes.batch, sizes.steps, sizes.hidden, sizes.vocabulary].map(|size| size as u64);
        let (n, p) = (t * b, v * h + h * h + h + h * v + v);
        // Operations and floats of a (rows, inner) · (inner, columns) product.
        let product = |r: u64, i: u64, c: u64| (2 * r * i * c, r * i + i * c + r * c);
        let (flops, floats) = match kernel {
            // One product a step, beside it the looked-up rows and the bias.
            "step_forward" => each(t, product(b, h, h), (3 * b * h, b * h + h)),
            "output_forward" => each(1, product(n, h, v), (n * v, v)),
            "softmax_cross_entropy" => (6 * n * v, 2 * n * v + 2 * n),
            "output_backward" => each(1, product(n, v, h), (0, 0)),
            // The last step has no product; every step reads dh and h and writes dz.
            "step_backward" => each(t - 1, product(b, h, h), (4 * b * h, 2 * b * h)),
            "w_hh_grad" => product(h, n, h),
            "w_hq_grad" => product(h, n, v),
            "w_xh_grad" => (n * h, n * h + v * h + n),
            "bias_grad" => (n * (h + v), n * (h + v) + h + v),
            "grad_norm" => (2 * p, p),
            "clip_factor" => (n, n),
            // Both weights that the way back reads transposed are written twice.
            "sgd_update" => (2 * p, 3 * p + h * h + h * v),
            _ => panic!("the training step has no kernel {kernel}"),
        };
        Self { flops, bytes: 4 * floats }
    }

    /// Of a whole minibatch.
    pub fn of_step(sizes: Sizes) -> Self {
        STEP.iter().map(|kernel| Self::of(kernel, sizes)).fold(Self { flops: 0, bytes: 0 }, |sum, work| Self {
            flops: sum.flops + work.flops,
            bytes: sum.bytes + work.bytes,
        })
    }
}

/// So many dispatches, each with this and that.
fn each(dispatches: u64, this: (u64, u64), that: (u64, u64)) -> (u64, u64) {
    (dispatches * (this.0 + that.0), dispatches * (this.1 + that.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minibatch_of_the_book_is_1_85_gflop() {
        let work = Work::of_step(Sizes { batch: 32, steps: 35, hidden: 512, vocabulary: 28 });
        // Two products of (32, 512) · (512, 512) a step but the last one's way back, and one of (512, 1120) · (1120, 512).
        let most = 2 * (32 * 69 + 1120) * 512 * 512;
        assert!(work.flops > most && work.flops < most + most / 10, "{work:?}");
        assert_eq!((work.flops as f64 / 1e7).round(), 185.0, "{work:?}");
        // W_hh, 1 MB, is read at every step of both ways.
        assert!(work.bytes > 70 << 20, "{work:?}");
    }
}

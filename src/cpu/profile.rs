//! Pieces of a training step alone, for `engine::profile`.

use super::engine::{Engine, GRAD_POSITIONS};

impl Engine {
    /// Runs one kernel of the training step, all its calls, so many times, on whatever its tensors hold.
    ///
    /// # Panics
    /// If the training step has none of this name.
    pub fn repeat(&mut self, kernel: &str, times: usize) {
        for _ in 0..times {
            self.once(kernel);
        }
    }

    fn once(&mut self, kernel: &str) {
        let (steps, n) = (self.sizes.steps, self.sizes.positions());
        let parts: Vec<_> = (0..n).step_by(GRAD_POSITIONS).map(|from| self.grad_positions(from)).collect();
        match kernel {
            "step_forward" => (0..steps).for_each(|t| self.step_forward(t)),
            "output_forward" => (0..steps).for_each(|t| self.output_forward(t)),
            "softmax_cross_entropy" => (0..steps).for_each(|t| self.softmax_cross_entropy(t)),
            "output_backward" => (0..steps).for_each(|t| self.output_backward(t)),
            "step_backward" => (0..steps).rev().for_each(|t| self.step_backward(t)),
            "w_hh_grad" => parts.into_iter().for_each(|positions| self.w_hh_grad(positions)),
            "w_hq_grad" => parts.into_iter().for_each(|positions| self.w_hq_grad(positions)),
            "w_xh_grad" => parts.into_iter().for_each(|positions| self.w_xh_grad(positions)),
            "bias_grad" => parts.into_iter().for_each(|positions| self.bias_grad(positions)),
            "grad_norm" => _ = std::hint::black_box(self.grad_norm()),
            // A division: nothing to measure.
            "clip_factor" => _ = std::hint::black_box(super::clip_factor(2.0, 1.0)),
            "sgd_update" => self.sgd_update(1e-9),
            _ => panic!("the training step has no kernel {kernel}"),
        }
    }

    /// How often a kernel's function is called in a minibatch.
    pub fn calls(&self, kernel: &str) -> usize {
        match kernel {
            "grad_norm" | "clip_factor" | "sgd_update" => 1,
            _ if kernel.ends_with("_grad") => self.sizes.positions().div_ceil(GRAD_POSITIONS),
            _ => self.sizes.steps,
        }
    }
}

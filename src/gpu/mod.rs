//! The network on the GPU: device, kernels, tensors, the recorded training step, generation.
//!
//! One training step, one kernel after another; shapes and formulas stand in the kernels of `shaders/`:
//!
//! ```text
//! step_forward × T ─> output_forward ─> softmax_cross_entropy ─> output_backward ─> step_backward × T
//!   ─> w_hh_grad, w_hq_grad, w_xh_grad, bias_grad ─> grad_norm ─> clip_factor ─> sgd_update
//! ```

pub mod device;
pub mod engine;
mod fit;
mod generate;
pub mod kernels;
pub mod layout;
mod pace;
mod platform;
mod profile;
mod step;
pub mod tile;

pub use device::Gpu;
pub use engine::Engine;

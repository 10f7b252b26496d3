//! WGSL that is put in front of several kernels; `src/gpu/wgsl.rs` joins the files.

use crate::network::code::wgsl;

/// Sizes and indices, for every kernel.
pub const COMMON: &str = wgsl!("common.wgsl");
/// `tanh` to f32's precision.
pub const TANH: &str = wgsl!("tanh.wgsl");
/// Which part of a matrix product a workgroup computes; in front of one of the three products.
pub const PATCH: &str = wgsl!("patch.wgsl");
/// The product of one time step, in a dispatch of its own or in one for all time steps.
pub const TIME_STEPS: &str = wgsl!("time_steps.wgsl");
/// Successive time steps of the forward pass; after [`TIME_STEPS`].
pub const FORWARD_STEPS: &str = wgsl!("forward_steps.wgsl");
/// Successive time steps of the backward pass, from the last; after [`TIME_STEPS`].
pub const BACKWARD_STEPS: &str = wgsl!("backward_steps.wgsl");
/// Which hidden units a workgroup computes in a step of prediction.
pub const UNITS_OF_GROUP: &str = wgsl!("units.wgsl");
/// Picks the token that a step of prediction reads.
pub const CURRENT_TOKEN: &str = wgsl!("current_token.wgsl");
/// Adds a workgroup's part of the next token's logits.
pub const ADD_LOGITS: &str = wgsl!("add_logits.wgsl");
/// The input's part of a layer's gates, looked up.
pub const LOOK_UP: &str = wgsl!("look_up.wgsl");
/// The gradients of a layer's biases.
pub const BIAS_COLUMNS: &str = wgsl!("bias_columns.wgsl");
/// A matrix product in register blocks; one thread computes a tile.
pub const BLOCK_PRODUCT: &str = wgsl!("block_product.wgsl");
/// The same with several threads for a tile, each with a part of the sum.
pub const SPLIT_PRODUCT: &str = wgsl!("split_product.wgsl");
/// The same for devices with quads: four threads share what they load.
pub const QUAD_PRODUCT: &str = wgsl!("quad_product.wgsl");
/// A product with all gates of its hidden units; one thread computes a tile.
pub const GATE_PRODUCT: &str = wgsl!("gate_product.wgsl");
/// The same with several threads for a tile, each with a part of the sum.
pub const SPLIT_GATE_PRODUCT: &str = wgsl!("split_gate_product.wgsl");
/// The logistic function, to f32's precision.
pub const SIGMOID: &str = wgsl!("sigmoid.wgsl");
/// A row times a matrix, for one sequence; for kernels of prediction.
pub const ROW_PRODUCT: &str = wgsl!("row_product.wgsl");
/// The clip factor and the metrics, for an optimizer's update.
pub const CLIP_FACTOR: &str = wgsl!("clip_factor.wgsl");
/// What a new parameter needs, for an optimizer's update.
pub const SET_PARAMETERS: &str = wgsl!("set_parameters.wgsl");
/// Writes the rows of a block; block and quad product use it.
pub const FINISH_BLOCK: &str = wgsl!("finish_block.wgsl");

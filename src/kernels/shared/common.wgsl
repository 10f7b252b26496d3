// In front of every kernel. Dimension letters in the comments of all kernels:
//   B batch, T time steps, H hidden units, V vocabulary, N = T * B positions (position t * B + b).
// Tensors are stored with B, H and V padded to whole tiles. Padding is exactly zero wherever it could affect a result:
// padded weights are zero, so padded units stay tanh(0) = 0, and padded rows have no gradient.
// G * H are the gates of all hidden units, stored in the order of four units, gate, unit: a vec4f is one gate of four
// units. The engine puts in front CELL_GATES, the gates of a unit: those that the state has, STATE_GATES, come first, those
// that the input has, INPUT_GATES, last.

struct Dims {
    batch: u32, // B
    steps: u32, // T
    hidden: u32, // H
    vocabulary: u32, // V
    batch_padded: u32,
    hidden_padded: u32,
    vocabulary_padded: u32,
    t: u32, // time step of this dispatch; the first of several
    times: u32, // time steps of this dispatch
    first: u32, // first patch of this dispatch
    learning_rate: f32,
    clip: f32, // threshold of gradient clipping
    momentum: f32,
    weight_decay: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;

// Threads of a workgroup, except in kernels with a matrix product.
const GROUP: u32 = 64u;

// The lowest f32.
const LOWEST: f32 = -3.4028234e38;

// Global index of this thread, for a grid of workgroups that may be folded into two dimensions.
fn invocation(workgroup: vec3u, workgroups: vec3u, local: u32, size: u32) -> u32 {
    return (workgroup.y * workgroups.x + workgroup.x) * size + local;
}

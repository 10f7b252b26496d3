// The moving averages of gradients and of their squares, with g = factor * dw + weight_decay * w:
//   exp_avg = beta_1 * exp_avg + (1 - beta_1) * g; exp_avg_sq = beta_2 * exp_avg_sq + (1 - beta_2) * g^2
//   corrections = 1 - beta_1^n, 1 - beta_2^n after n updates
// The corrections are moving averages of 1: beta^n in f32 would lose their digits. See clip_factor.wgsl.

@group(0) @binding(1) var<storage, read> grads: array<vec4f>; // all gradients
@group(0) @binding(2) var<storage, read> squares: array<vec4f>; // partial sums from grad_norm
@group(0) @binding(3) var<storage, read> loss_sums: array<vec4f>; // partial sums from grad_norm
@group(0) @binding(4) var<storage, read_write> metrics: array<f32>; // loss, norm, factor, 1 for infinite weights
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>; // only read; at the offsets of their gradients
@group(0) @binding(6) var<storage, read_write> exp_avg: array<vec4f>; // the same
@group(0) @binding(7) var<storage, read_write> exp_avg_sq: array<vec4f>; // the same
@group(0) @binding(8) var<storage, read_write> corrections: array<f32>; // (2)

// 1 - beta_1 and 1 - beta_2.
const NEW_1: f32 = 0.1;
const NEW_2: f32 = 0.001;

@compute @workgroup_size(GROUP)
fn adam_moments(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = invocation(workgroup, workgroups, local, GROUP);
    let threads = workgroups.x * workgroups.y * GROUP;
    let factor = clip_factor(thread);
    if thread == 0u {
        corrections[0] += NEW_1 * (1.0 - corrections[0]);
        corrections[1] += NEW_2 * (1.0 - corrections[1]);
    }
    for (var i = thread; i < arrayLength(&parameters); i += threads) {
        let g = factor * grads[i] + dims.weight_decay * parameters[i];
        exp_avg[i] += NEW_1 * (g - exp_avg[i]);
        exp_avg_sq[i] += NEW_2 * (g * g - exp_avg_sq[i]);
    }
}

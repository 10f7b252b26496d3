// velocity = momentum * velocity + g, w -= learning_rate * velocity for all parameters, with g = factor * dw +
// weight_decay * w; see clip_factor.wgsl, set_parameters.wgsl.

@group(0) @binding(1) var<storage, read> grads: array<vec4f>; // all gradients
@group(0) @binding(2) var<storage, read> squares: array<vec4f>; // partial sums from grad_norm
@group(0) @binding(3) var<storage, read> loss_sums: array<vec4f>; // partial sums from grad_norm
@group(0) @binding(4) var<storage, read> transposes: array<Transpose>;
@group(0) @binding(5) var<storage, read_write> metrics: array<f32>; // loss, norm, factor, 1 for infinite weights
@group(0) @binding(6) var<storage, read_write> velocity: array<vec4f>; // at the offsets of the gradients
@group(0) @binding(7) var<storage, read_write> parameters: array<vec4f>; // the same
@group(0) @binding(8) var<storage, read_write> transposed: array<f32>; // all transposed copies

@compute @workgroup_size(GROUP)
fn momentum_update(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = invocation(workgroup, workgroups, local, GROUP);
    let threads = workgroups.x * workgroups.y * GROUP;
    let factor = clip_factor(thread);
    for (var i = thread; i < arrayLength(&parameters); i += threads) {
        let w = parameters[i];
        let v = dims.momentum * velocity[i] + (factor * grads[i] + dims.weight_decay * w);
        velocity[i] = v;
        set_parameters(i, w - dims.learning_rate * v);
    }
}

// w -= learning_rate * (factor * dw + weight_decay * w) for all parameters; see clip_factor.wgsl, set_parameters.wgsl.

@group(0) @binding(1) var<storage, read> grads: array<vec4f>; // all gradients
@group(0) @binding(2) var<storage, read> squares: array<vec4f>; // partial sums from grad_norm
@group(0) @binding(3) var<storage, read> loss_sums: array<vec4f>; // partial sums from grad_norm
@group(0) @binding(4) var<storage, read> transposes: array<Transpose>;
@group(0) @binding(5) var<storage, read_write> metrics: array<f32>; // loss, norm, factor, 1 for infinite weights
@group(0) @binding(6) var<storage, read_write> parameters: array<vec4f>; // at the offsets of their gradients
@group(0) @binding(7) var<storage, read_write> transposed: array<f32>; // all transposed copies

@compute @workgroup_size(GROUP)
fn sgd_update(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = invocation(workgroup, workgroups, local, GROUP);
    let threads = workgroups.x * workgroups.y * GROUP;
    let factor = clip_factor(thread);
    for (var i = thread; i < arrayLength(&parameters); i += threads) {
        let w = parameters[i];
        var updated = w - dims.learning_rate * factor * grads[i];
        if dims.weight_decay > 0.0 {
            updated -= dims.learning_rate * dims.weight_decay * w;
        }
        set_parameters(i, updated);
    }
}

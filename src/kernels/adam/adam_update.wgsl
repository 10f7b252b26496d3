// w -= learning_rate * m / (sqrt(v) + epsilon) for all parameters, with m = exp_avg / corrections[0] and
// v = exp_avg_sq / corrections[1]; see set_parameters.wgsl.

@group(0) @binding(1) var<storage, read> transposes: array<Transpose>;
@group(0) @binding(2) var<storage, read_write> metrics: array<f32>; // loss, norm, factor, 1 for infinite weights
@group(0) @binding(3) var<storage, read_write> exp_avg: array<vec4f>; // only read; at the offsets of the gradients
@group(0) @binding(4) var<storage, read_write> exp_avg_sq: array<vec4f>; // only read; the same
@group(0) @binding(5) var<storage, read_write> corrections: array<f32>; // only read; (2)
@group(0) @binding(6) var<storage, read_write> parameters: array<vec4f>; // at the offsets of their gradients
@group(0) @binding(7) var<storage, read_write> transposed: array<f32>; // all transposed copies

const EPSILON: f32 = 1e-8;

@compute @workgroup_size(GROUP)
fn adam_update(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = invocation(workgroup, workgroups, local, GROUP);
    let threads = workgroups.x * workgroups.y * GROUP;
    let rate = dims.learning_rate / corrections[0];
    let root = sqrt(corrections[1]);
    for (var i = thread; i < arrayLength(&parameters); i += threads) {
        set_parameters(i, parameters[i] - rate * exp_avg[i] / (sqrt(exp_avg_sq[i]) / root + EPSILON));
    }
}

// w -= learning_rate * factor * dw for all parameters, and the transposed copies of w_hh and w_hq that the backward
// kernels read. One thread for four parameters.

@group(0) @binding(1) var<storage, read> grads: array<vec4f>; // all five gradients
@group(0) @binding(2) var<storage, read> metrics: array<f32>; // loss, norm, factor, 0
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4f>; // w_xh, b_h, w_hh, w_hq, b_q
@group(0) @binding(4) var<storage, read_write> w_hh_t: array<f32>; // (H, H)
@group(0) @binding(5) var<storage, read_write> w_hq_t: array<f32>; // (V, H)

@compute @workgroup_size(GROUP)
fn sgd_update(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let i = invocation(workgroup, workgroups, local, GROUP);
    if i >= arrayLength(&parameters) {
        return;
    }
    let w = parameters[i] - dims.learning_rate * metrics[2] * grads[i];
    parameters[i] = w;

    let h = dims.hidden_padded;
    let v = dims.vocabulary_padded;
    let element = 4u * i;
    if element >= dims.w_hh_at && element < dims.w_hh_at + h * h {
        let row = (element - dims.w_hh_at) / h;
        let column = (element - dims.w_hh_at) % h;
        for (var c = 0u; c < 4u; c++) {
            w_hh_t[(column + c) * h + row] = w[c];
        }
    } else if element >= dims.w_hq_at && element < dims.w_hq_at + h * v {
        let row = (element - dims.w_hq_at) / v;
        let column = (element - dims.w_hq_at) % v;
        for (var c = 0u; c < 4u; c++) {
            w_hq_t[(column + c) * h + row] = w[c];
        }
    }
}

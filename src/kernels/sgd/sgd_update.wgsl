// w -= learning_rate * factor * dw for all parameters, with factor = min(1, clip / norm) and norm the square root of the
// sum of squares of all gradients; updates the transposed copies that the backward pass reads; writes the metrics, with
// loss the mean of the positions' losses.

// A parameter (rows, columns) at begin .. end of `parameters`, with its transposed copy at `to` of `transposed`, in
// floats.
struct Transpose {
    begin: u32,
    end: u32,
    rows: u32,
    columns: u32,
    to: u32,
}

@group(0) @binding(1) var<storage, read> grads: array<vec4f>; // all gradients
@group(0) @binding(2) var<storage, read> squares: array<vec4f>; // partial sums from grad_norm
@group(0) @binding(3) var<storage, read> loss_sums: array<vec4f>; // partial sums from grad_norm
@group(0) @binding(4) var<storage, read> transposes: array<Transpose>;
@group(0) @binding(5) var<storage, read_write> metrics: array<f32>; // loss, norm, factor, 1 for infinite weights
@group(0) @binding(6) var<storage, read_write> parameters: array<vec4f>; // at the offsets of their gradients
@group(0) @binding(7) var<storage, read_write> transposed: array<f32>; // all transposed copies

// The bits of a number's exponent, all set in infinities and NaN.
const EXPONENT: u32 = 0x7f800000u;

@compute @workgroup_size(GROUP)
fn sgd_update(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = invocation(workgroup, workgroups, local, GROUP);
    let threads = workgroups.x * workgroups.y * GROUP;
    // Every thread adds the few partial sums: cheaper than another dispatch, and the same bits in all of them.
    var sums = vec4f();
    for (var part = 0u; part < arrayLength(&squares); part++) {
        sums += squares[part];
    }
    let norm = sqrt(sums.x + sums.y + sums.z + sums.w);
    let factor = select(1.0, dims.clip / norm, norm > dims.clip);
    if thread == 0u {
        var losses = vec4f();
        for (var part = 0u; part < arrayLength(&loss_sums); part++) {
            losses += loss_sums[part];
        }
        metrics[0] = (losses.x + losses.y + losses.z + losses.w) / f32(dims.steps * dims.batch);
        metrics[1] = norm;
        metrics[2] = factor;
    }
    for (var i = thread; i < arrayLength(&parameters); i += threads) {
        let w = parameters[i] - dims.learning_rate * factor * grads[i];
        parameters[i] = w;
        // By their bits, since a compiler may assume that there are no infinite numbers.
        if any((bitcast<vec4u>(w) & vec4u(EXPONENT)) == vec4u(EXPONENT)) {
            metrics[3] = 1.0;
        }
        transpose_into_copy(4u * i, w);
    }
}

// Writes four elements of a row, from `element` on, into the transposed copy, if there is one.
fn transpose_into_copy(element: u32, w: vec4f) {
    for (var j = 0u; j < arrayLength(&transposes); j++) {
        if element >= transposes[j].begin && element < transposes[j].end {
            let copy = transposes[j];
            let row = (element - copy.begin) / copy.columns;
            let column = (element - copy.begin) % copy.columns;
            for (var c = 0u; c < 4u; c++) {
                transposed[copy.to + (column + c) * copy.rows + row] = w[c];
            }
            return; // a parameter has at most one copy
        }
    }
}

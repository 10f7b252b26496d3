// h' = tanh(w_xh[x] + h * w_hh + b_h) for one sequence: a step of prediction. One thread per four hidden units.

@group(0) @binding(1) var<storage, read> sequence: array<u32>; // position, prefix length, then tokens
@group(0) @binding(2) var<storage, read> w_xh: array<vec4f>; // (V, H)
@group(0) @binding(3) var<storage, read> w_hh: array<vec4f>; // (H, H)
@group(0) @binding(4) var<storage, read> b_h: array<vec4f>; // (H)
@group(0) @binding(5) var<storage, read> state: array<vec4f>; // (H)
@group(0) @binding(6) var<storage, read_write> next_state: array<vec4f>; // (H)

@compute @workgroup_size(GROUP)
fn generate_state(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let across = dims.hidden_padded / 4u;
    let column = invocation(workgroup, workgroups, local, GROUP);
    if column >= across {
        return;
    }
    let token = sequence[2u + sequence[0]];
    var z = w_xh[token * across + column] + b_h[column];
    for (var k = 0u; k < across; k++) {
        let h = state[k];
        let at = 4u * k * across + column;
        z = fma(w_hh[at], vec4f(h.x), z);
        z = fma(w_hh[at + across], vec4f(h.y), z);
        z = fma(w_hh[at + 2u * across], vec4f(h.z), z);
        z = fma(w_hh[at + 3u * across], vec4f(h.w), z);
    }
    next_state[column] = tanh_precise(z);
}

// h' = tanh(w_xh[x] + h * w_hh + b_h) for one sequence: a step of prediction, with the picking of x and the logits that
// follow from h'; see current_token.wgsl and add_logits.wgsl. The threads of a workgroup share the sums over h.

@group(0) @binding(1) var<storage, read> w_xh: array<vec4f>; // (V, H)
@group(0) @binding(2) var<storage, read> w_hh: array<vec4f>; // (H, H)
@group(0) @binding(3) var<storage, read> b_h: array<vec4f>; // (H)
@group(0) @binding(4) var<storage, read> w_hq_t: array<vec4f>; // (V, H), w_hq transposed
@group(0) @binding(5) var<storage, read> b_q: array<f32>; // (V)
@group(0) @binding(6) var<storage, read_write> sequence: array<u32>; // position in turn, prefix length, then tokens
@group(0) @binding(7) var<storage, read_write> generated_states: array<vec4f>; // (2, H)
@group(0) @binding(8) var<storage, read_write> logit_parts: array<f32>; // (2, workgroups, V)

// Threads that share the sum of four units.
const SUM_SHARERS: u32 = TILE_GROUP / COLUMNS;

var<workgroup> sums: array<vec4f, TILE_GROUP>;

@compute @workgroup_size(TILE_GROUP)
fn generate_step(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let across = dims.hidden_padded / 4u;
    let column = group * COLUMNS + local % COLUMNS;
    let inside = column < across;
    let end = select(0u, across, inside);
    var z = vec4f();
    for (var k = local / COLUMNS; k < end; k += SUM_SHARERS) {
        let h = generated_states[dims.t * across + k];
        let at = 4u * k * across + column;
        z = fma(w_hh[at], vec4f(h.x), z);
        z = fma(w_hh[at + across], vec4f(h.y), z);
        z = fma(w_hh[at + 2u * across], vec4f(h.z), z);
        z = fma(w_hh[at + 3u * across], vec4f(h.w), z);
    }
    sums[local] = z;
    let token = current_token(group, local);
    if local < COLUMNS {
        for (var part = 1u; part < SUM_SHARERS; part++) {
            z += sums[part * COLUMNS + local];
        }
        if inside {
            z = tanh_precise(z + w_xh[token * across + column] + b_h[column]);
            generated_states[(1u - dims.t) * across + column] = z;
        }
        new_units[local] = z;
    }
    workgroupBarrier();
    add_logits(group, local);
}

// h' = tanh(w_xh[x] + b_h) for one sequence, with the picking of x and the logits that follow from h'.

@group(0) @binding(1) var<storage, read> w_xh: array<vec4f>; // (V, H)
@group(0) @binding(2) var<storage, read> b_h: array<vec4f>; // (H)
@group(0) @binding(3) var<storage, read> w_hq_t: array<vec4f>; // (V, H), w_hq transposed
@group(0) @binding(4) var<storage, read> b_q: array<f32>; // (V)
@group(0) @binding(5) var<storage, read_write> sequence: array<u32>; // position in turn, prefix length, then tokens
@group(0) @binding(6) var<storage, read_write> logit_parts: array<f32>; // (2, workgroups, V)

@compute @workgroup_size(TILE_GROUP)
fn toy_generate(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let token = current_token(group, local);
    let across = dims.hidden_padded / 4u;
    let column = group * COLUMNS + local;
    if local < COLUMNS && column < across {
        new_units[local] = tanh_precise(w_xh[token * across + column] + b_h[column]);
    }
    workgroupBarrier();
    add_logits(group, local);
}

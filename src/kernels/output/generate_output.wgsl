// The parts of the next token's logits, in a step of prediction.

@group(0) @binding(1) var<storage, read> generated_states: array<vec4f>; // (2, H)
@group(0) @binding(2) var<storage, read> w_hq_t: array<vec4f>; // (V, H), w_hq transposed
@group(0) @binding(3) var<storage, read> b_q: array<f32>; // (V)
@group(0) @binding(4) var<storage, read_write> logit_parts: array<f32>; // (2, workgroups, V)

@compute @workgroup_size(TILE_GROUP)
fn generate_output(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let group = invocation(workgroup, workgroups, 0u, 1u);
    let across = dims.hidden_padded / 4u;
    let unit = group * COLUMNS + local;
    if local < COLUMNS && unit < across {
        new_units[local] = generated_states[(1u - dims.t) * across + unit];
    }
    workgroupBarrier();
    add_logits(group, local);
}

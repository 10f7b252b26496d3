// logits = h * w_hq + b_q for one sequence; for tokens beyond the prefix also kept in generated_logits, while there is
// room. One thread per token of the vocabulary.

@group(0) @binding(1) var<storage, read> next_state: array<vec4f>; // (H)
@group(0) @binding(2) var<storage, read> w_hq_t: array<vec4f>; // (V, H), w_hq transposed
@group(0) @binding(3) var<storage, read> b_q: array<f32>; // (V)
@group(0) @binding(4) var<storage, read> sequence: array<u32>; // position, prefix length, then tokens
@group(0) @binding(5) var<storage, read_write> next_logits: array<f32>; // (V)
@group(0) @binding(6) var<storage, read_write> generated_logits: array<f32>; // (V) of each token beyond the prefix

@compute @workgroup_size(GROUP)
fn generate_logits(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let token = invocation(workgroup, workgroups, local, GROUP);
    if token >= dims.vocabulary {
        return;
    }
    let across = dims.hidden_padded / 4u;
    var sum = b_q[token];
    for (var k = 0u; k < across; k++) {
        sum += dot(next_state[k], w_hq_t[token * across + k]);
    }
    next_logits[token] = sum;
    let next = sequence[0] + 1u;
    let at = (next - sequence[1]) * dims.vocabulary + token;
    if next >= sequence[1] && at < arrayLength(&generated_logits) {
        generated_logits[at] = sum;
    }
}

// Adds the parts of the next token's logits and keeps the sums, for tokens beyond the prefix. One thread per token of the
// vocabulary.

@group(0) @binding(1) var<storage, read> sequence: array<u32>; // position in turn, prefix length, then tokens
@group(0) @binding(2) var<storage, read> logit_parts: array<f32>; // (2, workgroups, V)
@group(0) @binding(3) var<storage, read_write> generated_logits: array<f32>; // (V) of each token beyond the prefix

@compute @workgroup_size(GROUP)
fn generate_logits(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let token = invocation(workgroup, workgroups, local, GROUP);
    let slot = 1u - dims.t;
    let next = sequence[slot];
    if token >= dims.vocabulary || next < sequence[2] {
        return;
    }
    let groups = arrayLength(&logit_parts) / (2u * dims.vocabulary);
    var sum = 0.0;
    for (var group = 0u; group < groups; group++) {
        sum += logit_parts[(slot * groups + group) * dims.vocabulary + token];
    }
    generated_logits[(next - sequence[2]) * dims.vocabulary + token] = sum;
}

// score = logit / temperature + Gumbel noise for the top k tokens, the lowest f32 for the others. By the Gumbel-max
// trick the arg-max of the scores is a sample from softmax(logits / temperature) over the top k. The scores replace the
// logits: the first part becomes the score, the others zero. One thread per token of the vocabulary.

@group(0) @binding(1) var<storage, read> sequence: array<u32>; // position in turn, prefix length, then tokens
@group(0) @binding(2) var<storage, read> sampling_parameters: array<u32>; // top k, seed, bits of the temperature
@group(0) @binding(3) var<storage, read> generated_logits: array<f32>; // (V) of each token beyond the prefix
@group(0) @binding(4) var<storage, read_write> logit_parts: array<f32>; // (2, workgroups, V)

// A hash of 32 bits: the finalizer of MurmurHash3.
fn scatter(bits: u32) -> u32 {
    var x = bits;
    x = (x ^ (x >> 16u)) * 0x85ebca6bu;
    x = (x ^ (x >> 13u)) * 0xc2b2ae35u;
    return x ^ (x >> 16u);
}

// -log(-log(u)) with u in (0, 1) hashed from seed, token and place: the number of the token beyond the prefix.
fn gumbel(place: u32, token: u32) -> f32 {
    let bits = scatter(scatter(scatter(sampling_parameters[1] ^ 0x9e3779b9u) ^ place) ^ token);
    let below = (f32(bits >> 9u) + 0.5) / 8388608.0; // 1 - u, exact
    // Near 1 the built-in log may lose all its digits: there -log(1 - x) = x + x^2 / 2.
    let minus_log = select(-log(1.0 - below), below + 0.5 * below * below, below < 0.001);
    return -log(minus_log);
}

@compute @workgroup_size(GROUP)
fn generate_score(
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
    let place = next - sequence[2];
    let logits = place * dims.vocabulary;
    let mine = generated_logits[logits + token];
    var likelier = 0u; // of equal logits the first counts as likelier
    for (var v = 0u; v < dims.vocabulary; v++) {
        let other = generated_logits[logits + v];
        likelier += u32(other > mine || (other == mine && v < token));
    }
    let score = mine / bitcast<f32>(sampling_parameters[2]) + gumbel(place, token);
    let groups = arrayLength(&logit_parts) / (2u * dims.vocabulary);
    let first = slot * groups * dims.vocabulary + token;
    logit_parts[first] = select(LOWEST, score, likelier < sampling_parameters[0]);
    for (var group = 1u; group < groups; group++) {
        logit_parts[first + group * dims.vocabulary] = 0.0;
    }
}

// score = logit / temperature + noise for the top k, the least number for the others. With noise from Gumbel's
// distribution the largest score is that of a token drawn from softmax(logits / temperature) over the top k. The scores
// take the logits' place, where generate_pick finds them. One thread for one token of the vocabulary.

@group(0) @binding(1) var<storage, read> sequence: array<u32>; // position, prefix length, then tokens
@group(0) @binding(2) var<storage, read> sampling_parameters: array<u32>; // top k, seed, bits of the temperature
@group(0) @binding(3) var<storage, read> generated_logits: array<f32>; // (V) of each token beyond the prefix
@group(0) @binding(4) var<storage, read_write> next_logits: array<f32>; // (V)

const LEAST: f32 = -3.4028234e38;

// Pseudorandom bits, the same for the same bits: the finalizer of MurmurHash3.
fn scatter(bits: u32) -> u32 {
    var x = bits;
    x = (x ^ (x >> 16u)) * 0x85ebca6bu;
    x = (x ^ (x >> 13u)) * 0xc2b2ae35u;
    return x ^ (x >> 16u);
}

// -log(-log(u)) for a u between 0 and 1 that depends on seed, place and token.
fn gumbel(place: u32, token: u32) -> f32 {
    let bits = scatter(scatter(scatter(sampling_parameters[1] ^ 0x9e3779b9u) ^ place) ^ token);
    let below = (f32(bits >> 9u) + 0.5) / 8388608.0; // 1 - u, exact
    // Near 1 a logarithm may lose all its digits.
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
    let next = sequence[0] + 1u;
    if token >= dims.vocabulary || next < sequence[1] {
        return;
    }
    let place = next - sequence[1];
    let logits = place * dims.vocabulary;
    let mine = generated_logits[logits + token];
    var likelier = 0u; // of equals the first is the likelier
    for (var v = 0u; v < dims.vocabulary; v++) {
        let other = generated_logits[logits + v];
        likelier += u32(other > mine || (other == mine && v < token));
    }
    let score = mine / bitcast<f32>(sampling_parameters[2]) + gumbel(place, token);
    next_logits[token] = select(LEAST, score, likelier < sampling_parameters[0]);
}

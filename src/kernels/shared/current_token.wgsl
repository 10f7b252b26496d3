// Picks the token that a step of prediction reads. Workgroups can't wait for each other, but each can pick the same token
// from all parts of its logits, which the dispatch before has left. A kernel binds `sequence` and `logit_parts`.

var<workgroup> best_logits: array<f32, TILE_GROUP>;
var<workgroup> best_tokens: array<u32, TILE_GROUP>;

// The token at the current position: of the prefix, or the likeliest, of equally likely ones the first. The first
// workgroup appends it to the sequence and advances the position. Has barriers.
fn current_token(workgroup: u32, local: u32) -> u32 {
    let position = sequence[dims.t];
    let prefix = sequence[2];
    let in_prefix = position < prefix;
    let groups = workgroups_of_units();
    let end = select(dims.vocabulary, 0u, in_prefix);
    var best = LOWEST;
    var token = dims.vocabulary;
    for (var v = local; v < end; v += TILE_GROUP) {
        var logit = 0.0;
        for (var group = 0u; group < groups; group++) {
            logit += logit_parts[(dims.t * groups + group) * dims.vocabulary + v];
        }
        if logit > best || token == dims.vocabulary {
            best = logit;
            token = v;
        }
    }
    best_logits[local] = best;
    best_tokens[local] = token;
    workgroupBarrier();
    for (var half = TILE_GROUP / 2u; half > 0u; half /= 2u) {
        if local < half {
            let other = best_logits[local + half];
            let other_token = best_tokens[local + half];
            if other > best || (other == best && other_token < token) {
                best = other;
                token = other_token;
                best_logits[local] = best;
                best_tokens[local] = token;
            }
        }
        workgroupBarrier();
    }
    let picked = best_tokens[0];
    if workgroup == 0u && local == 0u {
        sequence[1u - dims.t] = position + 1u;
        if !in_prefix {
            sequence[3u + position] = picked;
        }
    }
    return select(picked, sequence[3u + min(position, prefix - 1u)], in_prefix);
}

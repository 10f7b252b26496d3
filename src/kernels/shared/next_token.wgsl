// What a cell's step of prediction does beside its own formula: it picks the token to read, and adds its units' part of
// the logits of the next. So a character takes one dispatch: workgroups can't wait for each other, but each can pick the
// same token from all parts that the dispatch before has left.
//
// A cell's kernel binds, beside its own: sequence, logit_parts, w_hq_t, b_q. A workgroup of TILE_GROUP threads computes
// UNITS hidden units. dims.t is 0 and 1 in turn: the slot of what this dispatch reads; the other is what it writes.

// Hidden units of a workgroup, and the same in vec4f.
const UNITS: u32 = 32u;
const COLUMNS: u32 = UNITS / 4u;

var<workgroup> best_logits: array<f32, TILE_GROUP>;
var<workgroup> best_tokens: array<u32, TILE_GROUP>;
// The new states of this workgroup's units; zero outside the network.
var<workgroup> new_units: array<vec4f, COLUMNS>;

fn workgroups_of_units() -> u32 {
    return (dims.hidden_padded + UNITS - 1u) / UNITS;
}

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

// The part of the next token's logits that this workgroup's new units have: h * w_hq, and b_q with the first.
fn add_logits(workgroup: u32, local: u32) {
    let across = dims.hidden_padded / 4u;
    let first = workgroup * COLUMNS;
    let columns = min(COLUMNS, across - first);
    let slot = ((1u - dims.t) * workgroups_of_units() + workgroup) * dims.vocabulary;
    for (var v = local; v < dims.vocabulary; v += TILE_GROUP) {
        var sum = select(0.0, b_q[v], workgroup == 0u);
        for (var c = 0u; c < columns; c++) {
            sum += dot(new_units[c], w_hq_t[v * across + first + c]);
        }
        logit_parts[slot + v] = sum;
    }
}

// Adds the part of the next token's logits that a workgroup's hidden units have. A kernel binds `w_hq_t`, `b_q` and
// `logit_parts`.

// The new states of this workgroup's units; zero outside the network.
var<workgroup> new_units: array<vec4f, COLUMNS>;

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

// Advances to the next position: copies the next state to the state and, beyond the prefix, appends the arg-max of the
// logits, the first of equal ones. One workgroup.

@group(0) @binding(1) var<storage, read> next_state: array<vec4f>; // (H)
@group(0) @binding(2) var<storage, read> next_logits: array<f32>; // (V)
@group(0) @binding(3) var<storage, read_write> state: array<vec4f>; // (H)
@group(0) @binding(4) var<storage, read_write> sequence: array<u32>; // position, prefix length, then tokens

var<workgroup> best: array<u32, GROUP>;

// The token with the larger logit; of equal ones the first.
fn better(a: u32, b: u32) -> u32 {
    let first = next_logits[a] > next_logits[b] || (next_logits[a] == next_logits[b] && a < b);
    return select(b, a, first);
}

@compute @workgroup_size(GROUP)
fn generate_pick(@builtin(local_invocation_index) local: u32) {
    for (var i = local; i < arrayLength(&state); i += GROUP) {
        state[i] = next_state[i];
    }
    var mine = min(local, dims.vocabulary - 1u);
    for (var v = local + GROUP; v < dims.vocabulary; v += GROUP) {
        mine = better(mine, v);
    }
    best[local] = mine;
    workgroupBarrier();
    for (var half = GROUP / 2u; half > 0u; half /= 2u) {
        if local < half {
            best[local] = better(best[local], best[local + half]);
        }
        workgroupBarrier();
    }
    if local == 0u {
        let next = sequence[0] + 1u;
        if next >= sequence[1] {
            sequence[2u + next] = best[0];
        }
        sequence[0] = next;
    }
}

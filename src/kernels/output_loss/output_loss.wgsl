// The output layer and the loss in one dispatch, for a small vocabulary:
//   logits = h * w_hq + b_q
//   losses[n] = log(sum_v exp(logits[n, v])) - logits[n, y_n], in nats
//   dlogits[n] = (softmax(logits[n]) - onehot(y_n)) / N
//   dh = dlogits * w_hq^T
// A workgroup has all logits of its ROWS positions, which stay in its memory. It has at least as many threads, TILE_GROUP,
// as there are vec4f of them: 128 for 64 tokens.

@group(0) @binding(1) var<storage, read> targets: array<u32>; // (T, B)
@group(0) @binding(2) var<storage, read> states: array<vec4f>; // (T + 1, B, H); slot t + 1 holds h_t
@group(0) @binding(3) var<storage, read> w_hq: array<vec4f>; // (H, V)
@group(0) @binding(4) var<storage, read> b_q: array<vec4f>; // (V)
@group(0) @binding(5) var<storage, read> w_hq_t: array<vec4f>; // (V, H), w_hq transposed
@group(0) @binding(6) var<storage, read_write> losses: array<f32>; // (N)
@group(0) @binding(7) var<storage, read_write> dlogits: array<vec4f>; // (N, V)
@group(0) @binding(8) var<storage, read_write> dh: array<vec4f>; // (N, H)

const ROWS: u32 = 8u;
const ROW_TILES: u32 = ROWS / 4u;

// First the parts of the sums, row i of thread `local`'s part at i * TILE_GROUP + local; then the logits and at last
// their gradients, (ROWS, V).
var<workgroup> shared_rows: array<vec4f, 4u * TILE_GROUP>;

// The logits of ROWS positions: threads share the tiles of 4 x 4, each sums a part over the hidden units.
fn compute_logits(first: u32, local: u32, positions: u32) {
    let across = dims.hidden_padded / 4u;
    let columns = dims.vocabulary_padded / 4u;
    let tiles = ROW_TILES * columns;
    let parts = TILE_GROUP / tiles;
    let part = local / tiles;
    let row = first + local % tiles / columns * 4u;
    let column = local % columns;
    let end = select(0u, across, part < parts && row < positions);
    var c = mat4x4f();
    for (var k = part; k < end; k += parts) {
        let at = (dims.batch_padded + row) * across + k;
        let l = mat4x4f(states[at], states[at + across], states[at + 2u * across], states[at + 3u * across]);
        let w_at = 4u * k * columns + column;
        let r = mat4x4f(w_hq[w_at], w_hq[w_at + columns], w_hq[w_at + 2u * columns], w_hq[w_at + 3u * columns]);
        c += r * l;
    }
    shared_rows[local] = c[0];
    shared_rows[TILE_GROUP + local] = c[1];
    shared_rows[2u * TILE_GROUP + local] = c[2];
    shared_rows[3u * TILE_GROUP + local] = c[3];
    workgroupBarrier();
    // A thread adds the parts of four logits.
    let mine = local / columns;
    var sum = vec4f();
    if mine < ROWS {
        let begin = mine % 4u * TILE_GROUP + mine / 4u * columns + column;
        sum = b_q[column];
        for (var p = 0u; p < parts; p++) {
            sum += shared_rows[begin + p * tiles];
        }
    }
    workgroupBarrier();
    if mine < ROWS {
        shared_rows[local] = sum;
    }
    workgroupBarrier();
}

// The ids of the four tokens of a column.
fn ids_of(column: u32) -> vec4u {
    return 4u * column + vec4u(0u, 1u, 2u, 3u);
}

// Ones where the column is a token, zeros in the padding.
fn tokens_of(column: u32) -> vec4f {
    return select(vec4f(), vec4f(1.0), ids_of(column) < vec4u(dims.vocabulary));
}

// The loss of a position and the gradient of its logits, by one thread.
fn compute_loss(n: u32, row: u32) {
    let columns = dims.vocabulary_padded / 4u;
    let begin = row * columns;
    var scale = 0.0;
    var one = 0.0;
    var largest = LOWEST;
    if n % dims.batch_padded >= dims.batch { // a padded row: no loss, no gradient
        losses[n] = 0.0;
    } else {
        for (var c = 0u; c < columns; c++) {
            let logits = select(vec4f(LOWEST), shared_rows[begin + c], tokens_of(c) > vec4f());
            largest = max(largest, max(max(logits.x, logits.y), max(logits.z, logits.w)));
        }
        var sum = 0.0;
        for (var c = 0u; c < columns; c++) {
            sum += dot(exp(min(shared_rows[begin + c] - largest, vec4f())), tokens_of(c));
        }
        let y = targets[n];
        losses[n] = log(sum) + (largest - shared_rows[begin + y / 4u][y % 4u]);
        one = 1.0 / f32(dims.steps * dims.batch);
        scale = one / sum;
    }
    let y = targets[n];
    for (var c = 0u; c < columns; c++) {
        let onehot = select(vec4f(), vec4f(one), ids_of(c) == vec4u(y));
        let gradient = exp(min(shared_rows[begin + c] - largest, vec4f())) * tokens_of(c) * scale - onehot;
        shared_rows[begin + c] = gradient;
        dlogits[n * columns + c] = gradient;
    }
}

// dh of the positions: a thread computes a tile of 4 x 4 at a time.
fn compute_dh(first: u32, local: u32, positions: u32) {
    let across = dims.hidden_padded / 4u;
    let columns = dims.vocabulary_padded / 4u;
    for (var tile = local; tile < ROW_TILES * across; tile += TILE_GROUP) {
        let row = tile / across * 4u;
        let column = tile % across;
        if first + row >= positions {
            return;
        }
        var c = mat4x4f();
        for (var k = 0u; k < columns; k++) {
            let at = row * columns + k;
            let l = mat4x4f(
                shared_rows[at],
                shared_rows[at + columns],
                shared_rows[at + 2u * columns],
                shared_rows[at + 3u * columns],
            );
            let w_at = 4u * k * across + column;
            c += mat4x4f(w_hq_t[w_at], w_hq_t[w_at + across], w_hq_t[w_at + 2u * across], w_hq_t[w_at + 3u * across]) * l;
        }
        let to = (first + row) * across + column;
        dh[to] = c[0];
        dh[to + across] = c[1];
        dh[to + 2u * across] = c[2];
        dh[to + 3u * across] = c[3];
    }
}

@compute @workgroup_size(TILE_GROUP)
fn output_loss(
    @builtin(workgroup_id) workgroup: vec3u,
    @builtin(num_workgroups) workgroups: vec3u,
    @builtin(local_invocation_index) local: u32,
) {
    let first = invocation(workgroup, workgroups, 0u, 1u) * ROWS;
    let positions = dims.steps * dims.batch_padded;
    compute_logits(first, local, positions);
    if local < ROWS && first + local < positions {
        compute_loss(first + local, local);
    }
    workgroupBarrier();
    compute_dh(first, local, positions);
}

// block_product.wgsl for products with few tiles or a long sum: SPLIT threads, at least four, share a tile of one block,
// or of two below each other. Each sums a part of the inner dimension, and they add their parts through workgroup memory.
// It keeps a GPU busy that would have too few threads.

// Rows of a tile.
const TILE_ROWS: u32 = 4u * ROW_BLOCKS;

// Row i of thread `local`'s part is at i * TILE_GROUP + local, so that neighbouring threads use neighbouring memory
// banks.
var<workgroup> parts: array<vec4f, TILE_ROWS * TILE_GROUP>;

// Keeps four rows of a part, from row `i` on.
fn keep_part(local: u32, i: u32, block: mat4x4f) {
    parts[i * TILE_GROUP + local] = block[0];
    parts[(i + 1u) * TILE_GROUP + local] = block[1];
    parts[(i + 2u) * TILE_GROUP + local] = block[2];
    parts[(i + 3u) * TILE_GROUP + local] = block[3];
}

// Computes the tiles of a patch whose first row and column are `first`. Thread `local` has part local / tiles of tile
// local % tiles.
fn patch_product(first: vec2u, local: u32, rows: u32, columns: u32, inner: u32) {
    let tiles = TILE_GROUP / SPLIT;
    let tile = local % tiles;
    let row = first.x + tile / PATCH_ACROSS * TILE_ROWS;
    let column = first.y + tile % PATCH_ACROSS * 4u;
    let inside = row < rows && column < columns;
    let end = select(0u, inner, inside);
    let next = 4u * SPLIT;
    var c0 = mat4x4f();
    var c1 = mat4x4f();
    var k = local / tiles * 4u;
    // Four terms at a time, all loaded before the first is used: loads take long, and several can be under way.
    for (; k + 3u * next < end; k += 4u * next) {
        let l0 = left(row, k);
        let r0 = right(k, column);
        let l1 = left(row, k + next);
        let r1 = right(k + next, column);
        let l2 = left(row, k + 2u * next);
        let r2 = right(k + 2u * next, column);
        let l3 = left(row, k + 3u * next);
        let r3 = right(k + 3u * next, column);
        c0 += r0 * l0;
        c0 += r1 * l1;
        c0 += r2 * l2;
        c0 += r3 * l3;
        if ROW_BLOCKS > 1u {
            c1 += r0 * left(row + 4u, k);
            c1 += r1 * left(row + 4u, k + next);
            c1 += r2 * left(row + 4u, k + 2u * next);
            c1 += r3 * left(row + 4u, k + 3u * next);
        }
    }
    for (; k < end; k += next) {
        let r0 = right(k, column);
        c0 += r0 * left(row, k);
        if ROW_BLOCKS > 1u {
            c1 += r0 * left(row + 4u, k);
        }
    }
    keep_part(local, 0u, c0);
    if ROW_BLOCKS > 1u {
        keep_part(local, 4u, c1);
    }
    workgroupBarrier();
    if !inside {
        return;
    }
    // The threads of a tile add the parts of its rows, in order, so that results are reproducible.
    for (var i = local / tiles; i < TILE_ROWS; i += SPLIT) {
        let row_at = i * TILE_GROUP + tile;
        var sum = parts[row_at];
        for (var part = 1u; part < SPLIT; part++) {
            sum += parts[row_at + part * tiles];
        }
        finish(row + i, column, sum);
    }
}

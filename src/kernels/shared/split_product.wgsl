// block_product.wgsl for products with few tiles or a long sum: SPLIT threads, at least four, share a tile of one block.
// Each sums a part of the inner dimension, and they add their parts through workgroup memory. It keeps a GPU busy that
// would have too few threads.

// Row i of thread `local`'s part is at i * TILE_GROUP + local, so that neighbouring threads use neighbouring memory
// banks.
var<workgroup> parts: array<vec4f, 4u * TILE_GROUP>;

// Computes the tiles of a patch whose first row and column are `first`. Thread `local` has part local / tiles of tile
// local % tiles.
fn patch_product(first: vec2u, local: u32, rows: u32, columns: u32, inner: u32) {
    let tiles = TILE_GROUP / SPLIT;
    let tile = local % tiles;
    let row = first.x + tile / PATCH_ACROSS * 4u;
    let column = first.y + tile % PATCH_ACROSS * 4u;
    let inside = row < rows && column < columns;
    let end = select(0u, inner, inside);
    let next = 4u * SPLIT;
    var c = mat4x4f();
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
        c += r0 * l0;
        c += r1 * l1;
        c += r2 * l2;
        c += r3 * l3;
    }
    for (; k < end; k += next) {
        c += right(k, column) * left(row, k);
    }
    parts[local] = c[0];
    parts[TILE_GROUP + local] = c[1];
    parts[2u * TILE_GROUP + local] = c[2];
    parts[3u * TILE_GROUP + local] = c[3];
    workgroupBarrier();
    // A thread for each row of each tile adds its parts, in order, so that results are reproducible.
    if !inside || local >= 4u * tiles {
        return;
    }
    let i = local / tiles;
    let row_at = i * TILE_GROUP + tile;
    var sum = parts[row_at];
    for (var part = 1u; part < SPLIT; part++) {
        sum += parts[row_at + part * tiles];
    }
    finish(row + i, column, sum);
}

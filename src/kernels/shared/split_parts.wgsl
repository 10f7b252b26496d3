// For block_product.wgsl where SPLIT threads share a tile of one block: their parts meet in workgroup memory. Where a
// product has few tiles and a long inner dimension, this is what keeps a GPU busy.

var<workgroup> parts: array<mat4x4f, TILE_GROUP>;

// The whole sum, to the thread with the first part; the parts are added up in order.
fn sum_of_parts(part: mat4x4f, local: u32) -> mat4x4f {
    parts[local] = part;
    workgroupBarrier();
    let tiles = TILE_GROUP / SPLIT;
    var sum = part;
    if local < tiles {
        for (var i = 1u; i < SPLIT; i++) {
            sum += parts[i * tiles + local];
        }
    }
    return sum;
}

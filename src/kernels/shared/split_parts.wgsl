// For block_product.wgsl with SPLIT > 1: SPLIT threads sum a tile of one block, and add their parts through workgroup
// memory. It keeps a GPU busy on products with few tiles and a long inner dimension.

var<workgroup> parts: array<mat4x4f, TILE_GROUP>;

// Returns the whole sum to the thread with the first part. Parts are added in order, so that results are reproducible.
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

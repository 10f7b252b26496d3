// For block_product.wgsl where a thread has a tile to itself. A file of its own, because workgroup memory costs even
// where it is not used: it is cleared, and a barrier follows.

fn sum_of_parts(part: mat4x4f, local: u32) -> mat4x4f {
    return part;
}

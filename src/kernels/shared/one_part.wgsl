// For block_product.wgsl with SPLIT = 1: one thread sums a whole tile. A separate file, because workgroup memory costs
// time even if unused: it is cleared, and a barrier follows.

fn sum_of_parts(part: mat4x4f, local: u32) -> mat4x4f {
    return part;
}

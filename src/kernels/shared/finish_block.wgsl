// Passes the rows of a finished block of C to the kernel; for block_product.wgsl and quad_product.wgsl.

fn finish_block(row: u32, column: u32, block: mat4x4f) {
    finish(row, column, block[0]);
    finish(row + 1u, column, block[1]);
    finish(row + 2u, column, block[2]);
    finish(row + 3u, column, block[3]);
}

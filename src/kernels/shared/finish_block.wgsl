// What both products do with a block of C, once it is summed up.

fn finish_block(row: u32, column: u32, block: mat4x4f) {
    finish(row, column, block[0]);
    finish(row + 1u, column, block[1]);
    finish(row + 2u, column, block[2]);
    finish(row + 3u, column, block[3]);
}

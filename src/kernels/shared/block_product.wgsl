// C (rows, columns) = L (rows, inner) * R (inner, columns) in register blocks of 4 x 4, one, two or four of them per
// thread: the matrix product of all kernels. A kernel defines L, R and C by three functions:
//   left(row, k)                    column i: elements k .. k+3 of row `row + i` of L
//   right(k, column)                column i: elements column .. column+3 of row `k + i` of R
//   finish(row, column, product)    receives elements column .. column+3 of one row of C
// Row, column and k count elements and are multiples of 4. The engine puts in front the constants ROW_BLOCKS and
// COLUMN_BLOCKS (1 or 2), TILE_GROUP (threads of a workgroup), SPLIT (threads that share a tile: 1 here, more in
// split_product.wgsl), and those of patch.wgsl. Unrolled by hand: software adapters do not unroll, and keep an array
// that a loop indexes in memory.
//
// WGSL's matrices are lists of columns, so `right * left` is four rows of L * R. It sums four terms before it adds them
// to the accumulator, which rounds less than a chain of single additions.

// Computes the tiles of a patch whose first row and column are `first`. A tile has ROW_BLOCKS x COLUMN_BLOCKS blocks.
// Neighbouring threads compute neighbouring tiles, so that they read neighbouring memory.
fn patch_product(first: vec2u, local: u32, rows: u32, columns: u32, inner: u32) {
    let row = first.x + local / PATCH_ACROSS * (4u * ROW_BLOCKS);
    let column = first.y + local % PATCH_ACROSS * (4u * COLUMN_BLOCKS);
    let inside = row < rows && column < columns;
    let end = select(0u, inner, inside);
    var c00 = mat4x4f();
    var c01 = mat4x4f();
    var c10 = mat4x4f();
    var c11 = mat4x4f();
    for (var k = 0u; k < end; k += 4u) {
        let l0 = left(row, k);
        let r0 = right(k, column);
        c00 += r0 * l0;
        if COLUMN_BLOCKS > 1u {
            let r1 = right(k, column + 4u);
            c01 += r1 * l0;
            if ROW_BLOCKS > 1u {
                let l1 = left(row + 4u, k);
                c10 += r0 * l1;
                c11 += r1 * l1;
            }
        } else if ROW_BLOCKS > 1u {
            c10 += r0 * left(row + 4u, k);
        }
    }
    if !inside {
        return;
    }
    finish_block(row, column, c00);
    if COLUMN_BLOCKS > 1u {
        finish_block(row, column + 4u, c01);
    }
    if ROW_BLOCKS > 1u {
        finish_block(row + 4u, column, c10);
    }
    if ROW_BLOCKS > 1u && COLUMN_BLOCKS > 1u {
        finish_block(row + 4u, column + 4u, c11);
    }
}

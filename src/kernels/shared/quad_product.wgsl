// block_product.wgsl for devices with slow loads: four neighbouring threads, a quad, share what they load. Together
// they compute 16 x 16 elements, two threads in each direction, 8 x 8 each: a thread loads one of its two blocks of L
// and one of its two blocks of R, and swaps with its neighbours for the others.

fn swap_across(m: mat4x4f) -> mat4x4f {
    return mat4x4f(quadSwapX(m[0]), quadSwapX(m[1]), quadSwapX(m[2]), quadSwapX(m[3]));
}

fn swap_down(m: mat4x4f) -> mat4x4f {
    return mat4x4f(quadSwapY(m[0]), quadSwapY(m[1]), quadSwapY(m[2]), quadSwapY(m[3]));
}

// Computes the tiles of a patch whose first row and column are `first`, one per quad.
fn patch_product(first: vec2u, local: u32, rows: u32, columns: u32, inner: u32) {
    let tile = local / 4u;
    let across = local & 1u;
    let down = (local >> 1u) & 1u;
    let row = first.x + tile / PATCH_ACROSS * 16u + 8u * down;
    let column = first.y + tile % PATCH_ACROSS * 16u + 8u * across;
    // The blocks that this thread loads, and those that it gets from its neighbours.
    let own_row = row + 4u * across;
    let other_row = row + 4u * (1u - across);
    let own_column = column + 4u * down;
    let other_column = column + 4u * (1u - down);
    // A quad is inside the matrix as a whole or not at all, so all its threads run the same iterations.
    let inside = row < rows && column < columns;
    let end = select(0u, inner, inside);
    var c00 = mat4x4f();
    var c01 = mat4x4f();
    var c10 = mat4x4f();
    var c11 = mat4x4f();
    for (var k = 0u; k < end; k += 4u) {
        let l0 = left(own_row, k);
        let r0 = right(k, own_column);
        c00 += r0 * l0;
        let r1 = swap_down(r0);
        c01 += r1 * l0;
        let l1 = swap_across(l0);
        c10 += r0 * l1;
        c11 += r1 * l1;
    }
    if !inside {
        return;
    }
    finish_block(own_row, own_column, c00);
    finish_block(own_row, other_column, c01);
    finish_block(other_row, own_column, c10);
    finish_block(other_row, other_column, c11);
}

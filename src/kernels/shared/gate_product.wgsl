// A product whose columns are the GATES gates of hidden units, stored in the order of four units, gate, unit. A thread
// computes all gates of a tile of ROW_BLOCKS * 4 rows and four units. A kernel defines
//   left(row, k)                   as for block_product.wgsl
//   right(k, column)               the same; column / 4 % GATES is the gate of the four units
//   finish(row, unit, a, b, c, d)  receives the gates of four units of a row; those beyond GATES are zero

fn finish_gates(row: u32, unit: u32, a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f) {
    finish(row, unit, a[0], b[0], c[0], d[0]);
    finish(row + 1u, unit, a[1], b[1], c[1], d[1]);
    finish(row + 2u, unit, a[2], b[2], c[2], d[2]);
    finish(row + 3u, unit, a[3], b[3], c[3], d[3]);
}

// Computes the tiles of a patch whose first row and unit are `first`, one per thread.
fn patch_product(first: vec2u, local: u32, rows: u32, units: u32, inner: u32) {
    let row = first.x + local / PATCH_ACROSS * 4u * ROW_BLOCKS;
    let unit = first.y + local % PATCH_ACROSS * 4u;
    let column = unit * GATES;
    let inside = row < rows && unit < units;
    let end = select(0u, inner, inside);
    var a0 = mat4x4f();
    var b0 = mat4x4f();
    var c0 = mat4x4f();
    var d0 = mat4x4f();
    var a1 = mat4x4f();
    var b1 = mat4x4f();
    var c1 = mat4x4f();
    var d1 = mat4x4f();
    for (var k = 0u; k < end; k += 4u) {
        let l0 = left(row, k);
        var l1 = mat4x4f();
        if ROW_BLOCKS > 1u {
            l1 = left(row + 4u, k);
        }
        let a = right(k, column);
        a0 += a * l0;
        if ROW_BLOCKS > 1u {
            a1 += a * l1;
        }
        if GATES > 1u {
            let b = right(k, column + 4u);
            b0 += b * l0;
            if ROW_BLOCKS > 1u {
                b1 += b * l1;
            }
        }
        if GATES > 2u {
            let c = right(k, column + 8u);
            c0 += c * l0;
            if ROW_BLOCKS > 1u {
                c1 += c * l1;
            }
        }
        if GATES > 3u {
            let d = right(k, column + 12u);
            d0 += d * l0;
            if ROW_BLOCKS > 1u {
                d1 += d * l1;
            }
        }
    }
    if !inside {
        return;
    }
    finish_gates(row, unit, a0, b0, c0, d0);
    if ROW_BLOCKS > 1u {
        finish_gates(row + 4u, unit, a1, b1, c1, d1);
    }
}

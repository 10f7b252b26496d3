// gate_product.wgsl for products with few tiles: SPLIT threads share a tile of four rows and four units. Each sums a part
// of the inner dimension, and they add their parts through workgroup memory.

// Vectors of a tile: four rows of each gate.
const VECTORS: u32 = 4u * GATES;

// Vector i of thread `local`'s part is at i * TILE_GROUP + local, so that neighbouring threads use neighbouring memory
// banks.
var<workgroup> parts: array<vec4f, VECTORS * TILE_GROUP>;

fn keep_part(local: u32, gate: u32, block: mat4x4f) {
    let at = 4u * gate * TILE_GROUP + local;
    parts[at] = block[0];
    parts[at + TILE_GROUP] = block[1];
    parts[at + 2u * TILE_GROUP] = block[2];
    parts[at + 3u * TILE_GROUP] = block[3];
}

// Computes the tiles of a patch whose first row and unit are `first`. Thread `local` has part local / tiles of tile
// local % tiles.
fn patch_product(first: vec2u, local: u32, rows: u32, units: u32, inner: u32) {
    let tiles = TILE_GROUP / SPLIT;
    let tile = local % tiles;
    let row = first.x + tile / PATCH_ACROSS * 4u;
    let unit = first.y + tile % PATCH_ACROSS * 4u;
    let inside = row < rows && unit < units;
    let end = select(0u, inner, inside);
    let column = unit * GATES;
    var c0 = mat4x4f();
    var c1 = mat4x4f();
    var c2 = mat4x4f();
    var c3 = mat4x4f();
    for (var k = local / tiles * 4u; k < end; k += 4u * SPLIT) {
        let l = left(row, k);
        c0 += right(k, column) * l;
        if GATES > 1u {
            c1 += right(k, column + 4u) * l;
        }
        if GATES > 2u {
            c2 += right(k, column + 8u) * l;
        }
        if GATES > 3u {
            c3 += right(k, column + 12u) * l;
        }
    }
    keep_part(local, 0u, c0);
    if GATES > 1u {
        keep_part(local, 1u, c1);
    }
    if GATES > 2u {
        keep_part(local, 2u, c2);
    }
    if GATES > 3u {
        keep_part(local, 3u, c3);
    }
    workgroupBarrier();
    // The threads of a tile add the parts of its vectors, in order, so that results are reproducible.
    for (var i = local / tiles; i < VECTORS; i += SPLIT) {
        let at = i * TILE_GROUP + tile;
        var sum = parts[at];
        for (var part = 1u; part < SPLIT; part++) {
            sum += parts[at + part * tiles];
        }
        parts[at] = sum;
    }
    workgroupBarrier();
    if !inside {
        return;
    }
    for (var i = local / tiles; i < 4u; i += SPLIT) {
        let at = i * TILE_GROUP + tile;
        let a = parts[at];
        var b = vec4f();
        var c = vec4f();
        var d = vec4f();
        if GATES > 1u {
            b = parts[at + 4u * TILE_GROUP];
        }
        if GATES > 2u {
            c = parts[at + 8u * TILE_GROUP];
        }
        if GATES > 3u {
            d = parts[at + 12u * TILE_GROUP];
        }
        finish(row + i, unit, a, b, c, d);
    }
}

// A row (inner) times a matrix (inner, G * H), for prediction; the threads of a workgroup share the sums. A kernel defines
//   input(k)      elements 4 * k .. 4 * k + 3 of the row
//   weight(at)    elements 4 * at .. 4 * at + 3 of the matrix

// Threads that share the sum of four units.
const SUM_SHARERS: u32 = TILE_GROUP / COLUMNS;

var<workgroup> sums: array<vec4f, TILE_GROUP>;

// Gate `gate` of `gates`, of the four hidden units of `unit_of(group, local)`, in the first COLUMNS threads. Has barriers.
fn row_product(group: u32, local: u32, gate: u32, gates: u32) -> vec4f {
    let across = dims.hidden_padded / 4u;
    let unit = unit_of(group, local);
    let end = select(0u, across, unit < across);
    let row = across * gates;
    var z = vec4f();
    for (var k = local / COLUMNS; k < end; k += SUM_SHARERS) {
        let x = input(k);
        let at = 4u * k * row + unit * gates + gate;
        z = fma(weight(at), vec4f(x.x), z);
        z = fma(weight(at + row), vec4f(x.y), z);
        z = fma(weight(at + 2u * row), vec4f(x.z), z);
        z = fma(weight(at + 3u * row), vec4f(x.w), z);
    }
    sums[local] = z;
    workgroupBarrier();
    if local < COLUMNS {
        for (var part = 1u; part < SUM_SHARERS; part++) {
            z += sums[part * COLUMNS + local];
        }
    }
    workgroupBarrier(); // before the next product uses the same memory
    return z;
}

// The four hidden units of a thread, counted in fours.
fn unit_of(group: u32, local: u32) -> u32 {
    return group * COLUMNS + local % COLUMNS;
}

// Whether a thread has the sums of its units.
fn has_units(group: u32, local: u32) -> bool {
    return local < COLUMNS && unit_of(group, local) < dims.hidden_padded / 4u;
}

// Stores four new parameters: checks that they are finite, and writes them into the transposed copies that the backward
// pass reads. A kernel binds `metrics`, `parameters`, `transposes` and `transposed`.

// A parameter (rows, columns) at begin .. end of `parameters`, with its transposed copy at `to` of `transposed`, in
// floats.
struct Transpose {
    begin: u32,
    end: u32,
    rows: u32,
    columns: u32,
    to: u32,
}

// The bits of a number's exponent, all set in infinities and NaN.
const EXPONENT: u32 = 0x7f800000u;

fn set_parameters(i: u32, w: vec4f) {
    parameters[i] = w;
    // By their bits, since a compiler may assume that there are no infinite numbers.
    if any((bitcast<vec4u>(w) & vec4u(EXPONENT)) == vec4u(EXPONENT)) {
        metrics[3] = 1.0;
    }
    transpose_into_copy(4u * i, w);
}

// Writes four elements of a row, from `element` on, into the transposed copy, if there is one.
fn transpose_into_copy(element: u32, w: vec4f) {
    for (var j = 0u; j < arrayLength(&transposes); j++) {
        if element >= transposes[j].begin && element < transposes[j].end {
            let copy = transposes[j];
            let row = (element - copy.begin) / copy.columns;
            let column = (element - copy.begin) % copy.columns;
            for (var c = 0u; c < 4u; c++) {
                transposed[copy.to + (column + c) * copy.rows + row] = w[c];
            }
            return; // a parameter has at most one copy
        }
    }
}

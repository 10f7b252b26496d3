// A workgroup computes a patch of C: tiles beside and below each other, so that its threads load few rows and columns of
// L and R and share them in the cache. The engine puts in front PATCH_ACROSS, the tiles of a patch from left to right,
// and the size of a patch in elements, PATCH_ROWS and PATCH_COLUMNS.

// Computes the patch of one workgroup of C (rows, columns) = L (rows, inner) * R (inner, columns), from patch
// `dims.first` on; patches are numbered row by row.
fn block_product(workgroup: u32, local: u32, rows: u32, columns: u32, inner: u32) {
    let across = (columns + PATCH_COLUMNS - 1u) / PATCH_COLUMNS;
    let patch_number = dims.first + workgroup;
    let first = vec2u(patch_number / across * PATCH_ROWS, patch_number % across * PATCH_COLUMNS);
    patch_product(first, local, rows, columns, inner);
}

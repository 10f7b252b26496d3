// Kernels of prediction, for one sequence: a workgroup of TILE_GROUP threads computes UNITS hidden units. dims.t is 0 and
// 1 in turn: the slot of what this dispatch reads; the other is what it writes.

// Hidden units of a workgroup, and the same in vec4f.
const UNITS: u32 = 32u;
const COLUMNS: u32 = UNITS / 4u;

fn workgroups_of_units() -> u32 {
    return (dims.hidden_padded + UNITS - 1u) / UNITS;
}

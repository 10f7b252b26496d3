//! Where threads that run the same operations have to wait for each other: an operation that touches what another thread
//! may have written, or writes what another thread may still read, needs a barrier in front of it.

use dense::{Kind, Matrix, Op, Panels, Share, Use};

/// Which part of an operand is a thread's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Every thread may touch all of it.
    All,
    /// One thread alone.
    Thread(usize),
    /// Columns or rows of a matrix with this many.
    Columns(u32),
    Rows(u32),
    /// Panels of a packed side with this much across.
    Across(u32),
    /// A packed side's depth, from a matrix with this many columns.
    Depth(u32),
    /// Every eighth element's sum.
    Lanes,
}

/// What an operation does with a range of words.
#[derive(Debug, Clone, Copy)]
struct Access {
    from: u32,
    to: u32,
    /// From row to row, and how much of it is a row's; the whole range, if there are no rows.
    stride: u32,
    columns: u32,
    owner: Owner,
    writes: bool,
}

impl Access {
    fn of_words(from: u32, words: u32, owner: Owner, writes: bool) -> Self {
        Self { from, to: from + words, stride: words, columns: words, owner, writes }
    }

    fn of_matrix(m: Matrix, owner: Owner, writes: bool) -> Self {
        match (m.rows, m.stride) {
            (0 | 1, _) | (_, 0) => Self::of_words(m.at, m.columns, owner, writes),
            (_, stride) => Self { from: m.at, to: m.end(), stride, columns: m.columns, owner, writes },
        }
    }

    /// Whether they have a word in common.
    fn meets(&self, other: &Self) -> bool {
        if self.from >= other.to || other.from >= self.to {
            return false;
        }
        if self.stride != other.stride {
            return true;
        }
        // The other's columns begin so far behind its own, in rows that go round.
        let behind = (i64::from(other.from) - i64::from(self.from)).rem_euclid(i64::from(self.stride)) as u32;
        behind < self.columns || behind + other.columns > self.stride
    }

    /// Whether each thread's own parts are the same.
    fn is_shared_like(&self, other: &Self) -> bool {
        let stride = i64::from(self.stride.max(other.stride));
        let in_line = (i64::from(other.from) - i64::from(self.from)) % stride == 0;
        match self.owner {
            _ if self.owner != other.owner => false,
            Owner::All => false,
            Owner::Thread(_) => true,
            Owner::Columns(_) => in_line && (self.stride == other.stride || self.is_row() || other.is_row()),
            _ => self.from == other.from,
        }
    }

    fn is_row(&self) -> bool {
        self.to - self.from == self.columns
    }

    fn forbids(&self, next: &Self) -> bool {
        (self.writes || next.writes) && self.meets(next) && !self.is_shared_like(next)
    }
}

/// The accesses of an operation.
fn accesses(op: &Op) -> Vec<Access> {
    let (uses, numbers) = op.uses();
    let mut accesses = Vec::new();
    for (i, (matrix, how)) in [op.a, op.b, op.c].into_iter().zip(uses).enumerate() {
        let owner = match op.share.of_one() {
            Some(thread) => Owner::Thread(thread),
            None => owner(op, i, matrix, how),
        };
        let writes = how == Use::Writes;
        let is_side = matches!((op.kind, i), (Kind::Product, 1 | 2) | (Kind::PackByDepth | Kind::PackByAcross, 0));
        if how == Use::Nothing {
        } else if is_side {
            let words = Panels::of_operand(matrix).words() as u32;
            accesses.push(Access::of_words(matrix.at, words, owner, writes));
        } else {
            accesses.push(Access::of_matrix(matrix, owner, writes));
        }
    }
    let owner = op.share.of_one().map_or(Owner::All, Owner::Thread);
    accesses.extend([op.x, op.y, op.z][..numbers].iter().map(|&at| Access::of_words(at, 1, owner, false)));
    accesses
}

/// What of operand `i` is a thread's own in an operation that all share.
fn owner(op: &Op, i: usize, matrix: Matrix, how: Use) -> Owner {
    match (op.kind, i) {
        _ if how == Use::ReadsAll => Owner::All,
        (Kind::SumSquares, 0) => Owner::Lanes,
        (Kind::Product, 2) => Owner::Across(matrix.columns),
        (Kind::PackByDepth, 0) => Owner::Across(op.b.columns),
        (Kind::PackByAcross, 0) if op.share == Share::ROWS => Owner::Across(op.b.rows),
        (Kind::PackByAcross, 0) => Owner::Depth(op.b.columns),
        _ if op.share == Share::ROWS => Owner::Rows(matrix.rows),
        _ => Owner::Columns(matrix.columns),
    }
}

/// The accesses since the last barrier.
#[derive(Debug)]
pub struct Barriers {
    threads: usize,
    since: Vec<Access>,
}

impl Barriers {
    pub fn new(threads: usize) -> Self {
        Self { threads, since: Vec::new() }
    }

    /// Adds an operation; returns whether a barrier has to be in front of it.
    pub fn add(&mut self, op: &Op) -> bool {
        if self.threads == 1 {
            return false;
        }
        let accesses = accesses(op);
        let is_needed = accesses.iter().any(|next| self.since.iter().any(|access| access.forbids(next)));
        if is_needed {
            self.since.clear();
        }
        self.since.extend(accesses);
        is_needed
    }
}

#[cfg(test)]
mod tests {
    use dense::Tile;

    use super::*;

    const TILE: Tile = Tile { rows: 4, columns: 16 };
    const NOTHING: Matrix = Matrix { at: 0, rows: 0, columns: 0, stride: 0 };

    fn op(kind: Kind, share: Share, [a, b, c]: [Matrix; 3]) -> Op {
        Op::new(kind, share, a, b, c)
    }

    /// Whether each operation but the first needs a barrier.
    fn needed(ops: &[Op]) -> Vec<bool> {
        let mut barriers = Barriers::new(3);
        ops.iter().map(|op| barriers.add(op)).skip(1).collect()
    }

    #[test]
    fn own_columns_need_no_barrier_and_others_do() {
        let [m, n] = [Matrix::new(0, 4, 40), Matrix::new(160, 4, 40)];
        let copy = op(Kind::Copy, Share::COLUMNS, [n, m, NOTHING]);
        let tanh = op(Kind::Tanh, Share::COLUMNS, [m, NOTHING, NOTHING]);
        let of_row = op(Kind::Tanh, Share::COLUMNS, [m.rows(2, 1), NOTHING, NOTHING]);
        let by_rows = op(Kind::Tanh, Share::ROWS, [m, NOTHING, NOTHING]);
        let shifted = op(Kind::Tanh, Share::COLUMNS, [m.columns(8, 20), NOTHING, NOTHING]);
        assert_eq!(needed(&[tanh, copy, of_row, tanh]), [false; 3]);
        assert_eq!(needed(&[tanh, by_rows, tanh, shifted]), [true; 3]);
        // Columns beside each other of one matrix, and reading alone.
        let [left, right] = [m.columns(0, 20), m.columns(20, 20)];
        let beside = [left, right].map(|part| op(Kind::Tanh, Share::COLUMNS, [part, NOTHING, NOTHING]));
        assert_eq!(needed(&beside), [false]);
        let read_rows = op(Kind::Copy, Share::ROWS, [Matrix::new(400, 4, 40), m, NOTHING]);
        assert_eq!(needed(&[copy, read_rows]), [false]);
    }

    #[test]
    fn one_threads_work_waits_for_the_others_but_not_for_itself() {
        let m = Matrix::new(0, 4, 40);
        let on = |thread| op(Kind::Tanh, Share::thread(thread), [m, NOTHING, NOTHING]);
        let shared = op(Kind::Tanh, Share::COLUMNS, [m, NOTHING, NOTHING]);
        assert_eq!(needed(&[on(0), on(0), on(1), shared, on(1)]), [false, true, true, true]);
    }

    #[test]
    fn a_packed_side_is_read_whole_on_the_left_and_by_panels_on_the_right() {
        let [x, w, y] = [Matrix::new(0, 8, 64), Matrix::new(1000, 64, 64), Matrix::new(9000, 8, 64)];
        let [left, right] = [Panels::left(TILE, 8, 64).at(20_000), Panels::right(TILE, 64, 64).at(30_000)];
        let pack_left = op(Kind::PackByAcross, Share::COLUMNS, [left.operand(), x, NOTHING]);
        let pack_right = op(Kind::PackByDepth, Share::COLUMNS, [right.operand(), w, NOTHING]);
        let transposed = op(Kind::PackByAcross, Share::ROWS, [right.operand(), w, NOTHING]);
        let product = op(Kind::Product, Share::COLUMNS, [y, left.operand(), right.operand()]);
        assert_eq!(needed(&[pack_right, product]), [false]);
        assert_eq!(needed(&[transposed, product]), [false]);
        assert_eq!(needed(&[pack_left, product, pack_left]), [true, true]);
    }

    #[test]
    fn numbers_are_read_by_all() {
        let [m, factor] = [Matrix::new(8, 4, 40), Matrix::new(0, 1, 1)];
        let set = op(Kind::Root, Share::thread(0), [factor, NOTHING, NOTHING]);
        let scale = op(Kind::Scale, Share::COLUMNS, [m, NOTHING, NOTHING]);
        assert_eq!(needed(&[set, scale, set]), [true, true]);
    }
}

//! Operations on matrices in memory, as plain data.

/// A matrix in memory, in words of 32 bits: row `r` begins at `at + r · stride`. A stride of 0 repeats one row.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Matrix {
    pub at: u32,
    pub rows: u32,
    pub columns: u32,
    pub stride: u32,
}

impl Matrix {
    /// A matrix whose rows follow each other.
    pub fn new(at: usize, rows: usize, columns: usize) -> Self {
        Self { at: at as u32, rows: rows as u32, columns: columns as u32, stride: columns as u32 }
    }

    /// The first word after it.
    pub fn end(self) -> u32 {
        if self.rows == 0 { self.at } else { self.at + (self.rows - 1) * self.stride + self.columns }
    }

    /// # Panics
    /// If it has no such rows.
    pub fn rows(self, from: usize, count: usize) -> Self {
        assert!(from + count <= self.rows as usize, "rows of a matrix");
        Self { at: self.at + from as u32 * self.stride, rows: count as u32, ..self }
    }

    /// # Panics
    /// If it has no such columns.
    pub fn columns(self, from: usize, count: usize) -> Self {
        assert!(from + count <= self.columns as usize, "columns of a matrix");
        Self { at: self.at + from as u32, columns: count as u32, ..self }
    }

    /// Its first row, so many times.
    pub fn repeated(self, rows: usize) -> Self {
        Self { rows: rows as u32, stride: 0, ..self }
    }
}

/// How an operation is divided among threads. No element's sum is divided, so results do not depend on their number.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    /// Each thread has columns of its own.
    pub const COLUMNS: Self = Self(u32::MAX);
    /// Each thread has rows of its own.
    pub const ROWS: Self = Self(u32::MAX - 1);

    /// This thread does it all.
    pub fn thread(i: usize) -> Self {
        Self(i as u32)
    }

    /// The thread that does it all.
    pub fn of_one(self) -> Option<usize> {
        (self.0 < Self::ROWS.0).then_some(self.0 as usize)
    }
}

/// What an operation does with its matrices `a, b, c` and its words `x, y, z`, which are addresses of floats unless said
/// otherwise. ⊙ and arithmetic are element by element.
#[repr(u32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All threads wait for each other.
    Barrier,
    /// `a = 0`
    Zero,
    /// `a = b`
    Copy,
    /// `a = tanh(a)`
    Tanh,
    /// `a = sigmoid(a)`
    Sigmoid,
    /// `a = a ⊙ (1 - b²)`: the backward pass of `b = tanh(…)`.
    ThroughTanh,
    /// `a = a ⊙ b ⊙ (1 - b)`: the backward pass of `b = sigmoid(…)`.
    ThroughSigmoid,
    /// `a = a ⊙ b`
    Multiply,
    /// `a += b ⊙ c`
    AddProducts,
    /// `a = x · a`
    Scale,
    /// `a += x · b`
    AddScaled,
    /// Moves an average towards `g = x · b + y · c`: `a += z · (g - a)`.
    Average,
    /// The same towards g².
    AverageSquare,
    /// `a -= x · b / (√c / y + z)`
    SubtractQuotients,
    /// Row i of `a` += row `c[i]` of `b`; c holds ids.
    AddLookedUp,
    /// Row `c[i]` of `a` += row i of `b`, one after the other; c holds ids.
    AddRowsAt,
    /// The row `a` += each row of `b`, one after the other.
    SumRows,
    /// `a += b · c`, both packed.
    Product,
    /// Packs `b` (depth, across) into `a`.
    PackByDepth,
    /// Packs `b` (across, depth) into `a`, as its depth from the number `x` on.
    PackByAcross,
    /// Replaces each row of logits `a` by its gradient x · (softmax(row) − onehot(target)); writes its loss in nats, an
    /// f64, into `b`. c holds the targets.
    CrossEntropy,
    /// Writes the sums of the squares of `b`, of every eighth element each and of the rest, as f64 into `a` (9).
    SumSquares,
    /// `a = √Σ b`, of f64 numbers, nine of each row.
    Norm,
    /// `a = mean(b)`, of f64 numbers.
    Mean,
    /// `a = min(1, y / x)` with y the clipping threshold and x the norm.
    ClipFactor,
    /// `a = x · y`
    Times,
    /// `a = x / y`
    Over,
    /// `a = √x`
    Root,
    /// `a = 1 - x · y`
    OneLess,
}

/// One operation. A packed side of a product is a matrix with its depth as rows, its width as stride.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    pub kind: Kind,
    pub share: Share,
    pub a: Matrix,
    pub b: Matrix,
    pub c: Matrix,
    pub x: u32,
    pub y: u32,
    pub z: u32,
}

/// How an operation uses one of its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Nothing,
    /// Each thread reads its share.
    Reads,
    /// Each thread reads all of it.
    ReadsAll,
    /// Each thread writes its share.
    Writes,
}

impl Op {
    pub fn new(kind: Kind, share: Share, a: Matrix, b: Matrix, c: Matrix) -> Self {
        Self { kind, share, a, b, c, x: 0, y: 0, z: 0 }
    }

    pub fn barrier() -> Self {
        let nothing = Matrix::default();
        Self::new(Kind::Barrier, Share::COLUMNS, nothing, nothing, nothing)
    }

    /// How it uses `a, b, c`, and how many of `x, y, z` are addresses.
    pub fn uses(&self) -> ([Use; 3], usize) {
        use Kind::*;
        use Use::*;
        match self.kind {
            Barrier => ([Nothing; 3], 0),
            Zero | Tanh | Sigmoid => ([Writes, Nothing, Nothing], 0),
            Copy | ThroughTanh | ThroughSigmoid | Multiply | SumRows | PackByDepth | PackByAcross => {
                ([Writes, Reads, Nothing], 0)
            }
            AddProducts => ([Writes, Reads, Reads], 0),
            Scale => ([Writes, Nothing, Nothing], 1),
            AddScaled => ([Writes, Reads, Nothing], 1),
            Average | AverageSquare | SubtractQuotients => ([Writes, Reads, Reads], 3),
            AddLookedUp | AddRowsAt => ([Writes, Reads, ReadsAll], 0),
            Product => ([Writes, ReadsAll, Reads], 0),
            CrossEntropy => ([Writes, Writes, Reads], 1),
            SumSquares | Norm | Mean => ([Writes, ReadsAll, Nothing], 0),
            Root => ([Writes, Nothing, Nothing], 1),
            ClipFactor | Times | Over | OneLess => ([Writes, Nothing, Nothing], 2),
        }
    }

    /// Roughly the floating-point operations that it takes.
    pub fn cost(&self) -> u64 {
        let elements = |m: Matrix| u64::from(m.rows) * u64::from(m.columns);
        match self.kind {
            Kind::Product => 2 * elements(self.a) * u64::from(self.b.rows),
            Kind::Tanh | Kind::Sigmoid | Kind::CrossEntropy => 30 * elements(self.a),
            Kind::SumRows | Kind::AddRowsAt | Kind::SumSquares => 4 * elements(self.b),
            _ => 4 * elements(self.a),
        }
    }
}

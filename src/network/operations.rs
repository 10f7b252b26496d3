//! The operations that a [`Recorder`] records.

use std::ops::Range;

use dense::{Kind, Matrix, Op, Panels, Share};

use super::record::{NOTHING, Numbers, Recorder};

impl Recorder<'_> {
    fn push(&mut self, kind: Kind, share: Share, [a, b, c]: [Matrix; 3], [x, y, z]: [u32; 3]) {
        let op = Op { x, y, z, ..Op::new(kind, share, a, b, c) };
        if self.barriers.add(&op) {
            self.ops.push(Op::barrier());
        }
        self.ops.push(op);
    }

    /// An operation that takes no numbers.
    fn operate(&mut self, kind: Kind, operands: [Matrix; 3]) {
        self.push(kind, self.share, operands, [0; 3]);
    }

    fn set(&mut self, kind: Kind, number: u32, from: Matrix, [x, y]: [u32; 2]) {
        self.push(kind, Share::thread(0), [Matrix::new(number as usize, 1, 1), from, NOTHING], [x, y, 0]);
    }

    /// `a = 0`
    pub fn zero(&mut self, a: Matrix) {
        self.operate(Kind::Zero, [a, NOTHING, NOTHING]);
    }

    /// `a = b`
    pub fn copy(&mut self, a: Matrix, b: Matrix) {
        self.operate(Kind::Copy, [a, b, NOTHING]);
    }

    /// `a = tanh(a)`
    pub fn tanh(&mut self, a: Matrix) {
        self.operate(Kind::Tanh, [a, NOTHING, NOTHING]);
    }

    /// `a = σ(a)`
    pub fn sigmoid(&mut self, a: Matrix) {
        self.operate(Kind::Sigmoid, [a, NOTHING, NOTHING]);
    }

    /// `a = a ⊙ (1 - h²)`: the backward pass of `h = tanh(…)`.
    pub fn through_tanh(&mut self, a: Matrix, h: Matrix) {
        self.operate(Kind::ThroughTanh, [a, h, NOTHING]);
    }

    /// `a = a ⊙ s ⊙ (1 - s)`: the backward pass of `s = σ(…)`.
    pub fn through_sigmoid(&mut self, a: Matrix, s: Matrix) {
        self.operate(Kind::ThroughSigmoid, [a, s, NOTHING]);
    }

    /// `a = a ⊙ b`
    pub fn multiply(&mut self, a: Matrix, b: Matrix) {
        self.operate(Kind::Multiply, [a, b, NOTHING]);
    }

    /// `x = a ⊙ b`
    pub fn set_product(&mut self, x: Matrix, a: Matrix, b: Matrix) {
        self.copy(x, a);
        self.multiply(x, b);
    }

    /// `a += b ⊙ c`
    pub fn add_products(&mut self, a: Matrix, b: Matrix, c: Matrix) {
        self.operate(Kind::AddProducts, [a, b, c]);
    }

    /// `a = x · a`, with x at its address.
    pub fn scale(&mut self, a: Matrix, x: u32) {
        self.push(Kind::Scale, self.share, [a, NOTHING, NOTHING], [x, 0, 0]);
    }

    /// `a += x · b`, with x at its address.
    pub fn add_scaled(&mut self, a: Matrix, x: u32, b: Matrix) {
        self.push(Kind::AddScaled, self.share, [a, b, NOTHING], [x, 0, 0]);
    }

    /// `a += b`
    pub fn add(&mut self, a: Matrix, b: Matrix) {
        let one = self.constant(1.0);
        self.add_scaled(a, one, b);
    }

    /// `a -= b`
    pub fn subtract(&mut self, a: Matrix, b: Matrix) {
        let minus_one = self.constant(-1.0);
        self.add_scaled(a, minus_one, b);
    }

    /// `a += z · (g - a)` with `g = x · b + y · c`, and x, y, z at their addresses.
    pub fn average(&mut self, a: Matrix, [b, c]: [Matrix; 2], numbers: [u32; 3]) {
        self.push(Kind::Average, self.share, [a, b, c], numbers);
    }

    /// `a += z · (g² - a)`, otherwise as [`Recorder::average`].
    pub fn average_square(&mut self, a: Matrix, [b, c]: [Matrix; 2], numbers: [u32; 3]) {
        self.push(Kind::AverageSquare, self.share, [a, b, c], numbers);
    }

    /// `a -= x · b / (√c / y + z)`, with x, y, z at their addresses.
    pub fn subtract_quotients(&mut self, a: Matrix, [b, c]: [Matrix; 2], numbers: [u32; 3]) {
        self.push(Kind::SubtractQuotients, self.share, [a, b, c], numbers);
    }

    /// Row i of `a` += row `ids[i]` of `table`.
    pub fn add_looked_up(&mut self, a: Matrix, table: Matrix, ids: Matrix) {
        self.operate(Kind::AddLookedUp, [a, table, ids]);
    }

    /// Row `ids[i]` of `table` += row i of `rows`.
    pub fn add_rows_at(&mut self, table: Matrix, rows: Matrix, ids: Matrix) {
        self.operate(Kind::AddRowsAt, [table, rows, ids]);
    }

    /// The row `a` += each row of `rows`.
    pub fn sum_rows(&mut self, a: Matrix, rows: Matrix) {
        self.operate(Kind::SumRows, [a, rows, NOTHING]);
    }

    /// `a += left · right`
    pub fn product(&mut self, a: Matrix, left: Panels, right: Panels) {
        self.operate(Kind::Product, [a, left.operand(), right.operand()]);
    }

    /// `a += left · right` for the columns of each gate in `a`.
    pub fn product_by_gates(&mut self, a: Matrix, left: Panels, gates: &[Panels]) {
        for (gate, right) in gates.iter().enumerate() {
            self.product(a.columns(gate * right.across, right.across), left, *right);
        }
    }

    /// Packs a matrix `(depth, across)`.
    pub fn pack_by_depth(&mut self, side: Panels, matrix: Matrix) {
        self.operate(Kind::PackByDepth, [side.operand(), matrix, NOTHING]);
    }

    /// Packs a matrix `(across, depth)`.
    pub fn pack_by_across(&mut self, side: Panels, matrix: Matrix) {
        self.operate(Kind::PackByAcross, [side.operand(), matrix, NOTHING]);
    }

    /// Packs a matrix `(across, gates · H)`, gate by gate, so that each thread packs the units that it has computed.
    pub fn pack_gates(&mut self, side: Panels, matrix: Matrix) {
        let hidden = self.sizes().hidden;
        for from in (0..matrix.columns as usize).step_by(hidden) {
            let gate = matrix.columns(from, hidden);
            self.push(Kind::PackByAcross, self.share, [side.operand(), gate, NOTHING], [from as u32, 0, 0]);
        }
    }

    /// Packs the parameters again, after they have changed.
    pub fn pack_weights(&mut self) {
        for (matrix, forward, backward) in self.weights.copies() {
            for (gate, side) in forward.iter().enumerate() {
                self.pack_by_depth(*side, matrix.columns(gate * side.across, side.across));
            }
            if let Some(side) = backward {
                self.push(Kind::PackByAcross, Share::ROWS, [side.operand(), matrix, NOTHING], [0; 3]);
            }
        }
    }

    /// Replaces logits by their gradients and notes the losses of their positions, in nats.
    pub fn cross_entropy(&mut self, logits: Matrix, positions: &Range<usize>) {
        let scale = self.constant(1.0 / self.sizes().positions() as f32);
        let [losses, targets] =
            [self.tensors.losses, self.tensors.targets].map(|all| all.rows(positions.start, positions.len()));
        let share = if self.share.of_one().is_some() { self.share } else { Share::thread(0) };
        self.push(Kind::CrossEntropy, share, [logits, losses, targets], [scale, 0, 0]);
    }

    /// The mean loss, from the losses of all positions.
    pub fn mean_loss(&mut self) {
        self.set(Kind::Mean, self.numbers.loss, self.tensors.losses, [0; 2]);
    }

    /// The L2 norm of all gradients.
    pub fn grad_norm(&mut self) {
        let places: Vec<_> = self.network.places().map(|(_, range)| range).collect();
        let sums = self.space.matrix(places.len(), 2 * 9);
        for (i, place) in places.into_iter().enumerate() {
            let grad = self.grads().columns(place.start, place.len());
            self.operate(Kind::SumSquares, [sums.rows(i, 1), grad, NOTHING]);
        }
        self.set(Kind::Norm, self.numbers.grad_norm, sums, [0; 2]);
    }

    /// `min(1, clip / grad_norm)`; returns its address.
    pub fn clip_factor(&mut self) -> u32 {
        let Numbers { grad_norm, clip, clip_factor, .. } = self.numbers;
        self.set(Kind::ClipFactor, clip_factor, NOTHING, [grad_norm, clip]);
        clip_factor
    }

    /// `x · y`; returns its address.
    pub fn times(&mut self, x: u32, y: u32) -> u32 {
        self.computed(Kind::Times, [x, y])
    }

    /// `x / y`; returns its address.
    pub fn over(&mut self, x: u32, y: u32) -> u32 {
        self.computed(Kind::Over, [x, y])
    }

    /// `√x`; returns its address.
    pub fn root(&mut self, x: u32) -> u32 {
        self.computed(Kind::Root, [x, 0])
    }

    /// `1 - x · y`; returns its address.
    pub fn one_less(&mut self, x: u32, y: u32) -> u32 {
        self.computed(Kind::OneLess, [x, y])
    }

    fn computed(&mut self, kind: Kind, numbers: [u32; 2]) -> u32 {
        let at = self.space.take(1) as u32;
        self.set(kind, at, NOTHING, numbers);
        at
    }
}

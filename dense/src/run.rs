//! Runs operations: one thread's share of each.

use crate::elementwise as each;
use crate::math::{sqrt, sqrt_f64};
use crate::memory::Memory;
use crate::op::{Kind, Matrix, Op, Share};
use crate::panels::{self, Panels};
use crate::product::product;
use crate::tile::tile;

/// One of several threads that run the same operations.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub thread: usize,
    pub threads: usize,
}

/// The rows and columns of a matrix that are a thread's own, `from..to`.
#[derive(Clone, Copy)]
struct Part {
    rows: [usize; 2],
    columns: [usize; 2],
}

/// Runs a thread's share of the operations. `meet` returns true once all threads have called it, or false if this one is
/// to give up, which is what is returned then.
pub fn run(ops: &[Op], memory: Memory, place: Place, meet: impl Fn() -> bool) -> bool {
    for op in ops {
        match op.share.of_one() {
            _ if op.kind == Kind::Barrier => {
                if !meet() {
                    return false;
                }
            }
            Some(thread) if thread != place.thread => {}
            Some(_) => Work { op, memory, place: Place { thread: 0, threads: 1 } }.run(),
            None => Work { op, memory, place }.run(),
        }
    }
    true
}

/// A thread's share of an operation.
struct Work<'a> {
    op: &'a Op,
    memory: Memory,
    place: Place,
}

impl Work<'_> {
    fn run(&self) {
        let (Op { a, b, c, x, .. }, memory) = (*self.op, self.memory);
        match self.op.kind {
            Kind::Barrier => {}
            Kind::Zero => self.on_rows(|a| a.fill(0.0)),
            Kind::Copy => self.with_rows(|a, b| a.copy_from_slice(b)),
            Kind::Tanh => self.on_rows(each::tanh),
            Kind::Sigmoid => self.on_rows(each::sigmoid),
            Kind::ThroughTanh => self.with_rows(each::through_tanh),
            Kind::ThroughSigmoid => self.with_rows(each::through_sigmoid),
            Kind::Multiply => self.with_rows(each::multiply),
            Kind::AddProducts => self.with_two_rows(each::add_products),
            Kind::Scale => self.on_rows(|a| each::scale(a, memory.float(x as usize))),
            Kind::AddScaled => self.with_rows(|a, b| each::add_scaled(a, memory.float(x as usize), b)),
            Kind::Average => self.with_two_rows(|m, dw, w| each::average(m, dw, w, self.numbers())),
            Kind::AverageSquare => self.with_two_rows(|v, dw, w| each::average_square(v, dw, w, self.numbers())),
            Kind::SubtractQuotients => {
                self.with_two_rows(|w, m, v| each::subtract_quotients(w, m, v, self.numbers()));
            }
            Kind::AddLookedUp => self.add_looked_up(),
            Kind::AddRowsAt => self.add_rows_at(),
            Kind::SumRows => self.sum_rows(),
            Kind::Product => {
                let right = Panels::of_operand(c);
                product(memory, a, Panels::of_operand(b), right, self.part(a).columns);
            }
            Kind::PackByDepth => panels::pack_by_depth(memory, Panels::of_operand(a), b, self.part(b).columns),
            Kind::PackByAcross => {
                let Part { rows, columns } = self.part(b);
                panels::pack_by_across(memory, Panels::of_operand(a), b, rows, columns, x as usize);
            }
            Kind::CrossEntropy => self.cross_entropy(),
            Kind::SumSquares => self.sum_squares(),
            Kind::Norm => self.set(a, norm(memory, b)),
            Kind::Mean => {
                let numbers = memory.doubles_mut(b.at as usize, b.rows as usize);
                self.set(a, (numbers.iter().sum::<f64>() / numbers.len() as f64) as f32);
            }
            Kind::ClipFactor => {
                let [norm, clip] = [self.numbers()[0], self.numbers()[1]];
                self.set(a, if norm > clip { clip / norm } else { 1.0 });
            }
            Kind::Times => self.set(a, self.numbers()[0] * self.numbers()[1]),
            Kind::Over => self.set(a, self.numbers()[0] / self.numbers()[1]),
            Kind::Root => self.set(a, sqrt(memory.float(x as usize))),
            Kind::OneLess => self.set(a, 1.0 - self.numbers()[0] * self.numbers()[1]),
        }
    }

    /// The floats at `x, y, z`.
    fn numbers(&self) -> [f32; 3] {
        [self.op.x, self.op.y, self.op.z].map(|at| self.memory.float(at as usize))
    }

    fn set(&self, a: Matrix, number: f32) {
        self.memory.floats_mut(a.at as usize, 1)[0] = number;
    }

    /// What of a matrix is this thread's own.
    fn part(&self, m: Matrix) -> Part {
        let Place { thread, threads } = self.place;
        let share = |count: u32| {
            let unit = tile().columns;
            let (count, units) = (count as usize, (count as usize).div_ceil(unit));
            [units * thread / threads, units * (thread + 1) / threads].map(|i| count.min(i * unit))
        };
        let (rows, columns) = ([0, m.rows as usize], [0, m.columns as usize]);
        match self.op.share {
            Share::ROWS => Part { rows: share(m.rows), columns },
            _ => Part { rows, columns: share(m.columns) },
        }
    }

    /// Calls `run` with the row, first column and length of the own part of each row of `a`, which others have alike; once
    /// with all of it where rows follow each other in every matrix.
    fn each_row(&self, others: &[Matrix], run: impl Fn(usize, usize, usize)) {
        let a = self.op.a;
        let Part { rows: [first, last], columns: [from, to] } = self.part(a);
        let whole = |m: &Matrix| m.stride == m.columns && to - from == m.columns as usize;
        let (last, count) = match whole(&a) && others.iter().all(whole) {
            true => (last.min(first + 1), (last - first) * (to - from)),
            false => (last, to - from),
        };
        // In one place, since this is compiled for each operation.
        if from < to {
            (first..last).for_each(|row| run(row, from, count));
        }
    }

    fn on_rows(&self, run: impl Fn(&mut [f32])) {
        let Op { a, .. } = *self.op;
        self.each_row(&[], |row, from, count| run(self.memory.floats_mut(place(a, row, from), count)));
    }

    fn with_rows(&self, run: impl Fn(&mut [f32], &[f32])) {
        let Op { a, b, .. } = *self.op;
        self.each_row(&[b], |row, from, count| {
            run(self.memory.floats_mut(place(a, row, from), count), self.memory.floats(place(b, row, from), count));
        });
    }

    fn with_two_rows(&self, run: impl Fn(&mut [f32], &[f32], &[f32])) {
        let Op { a, b, c, .. } = *self.op;
        self.each_row(&[b, c], |row, from, count| {
            let [b, c] = [b, c].map(|m| self.memory.floats(place(m, row, from), count));
            run(self.memory.floats_mut(place(a, row, from), count), b, c);
        });
    }

    fn ids(&self) -> &[u32] {
        self.memory.ids(self.op.c.at as usize, self.op.c.rows as usize)
    }

    fn add_looked_up(&self) {
        let Op { a, b, .. } = *self.op;
        let [from, to] = self.part(a).columns;
        for (row, &id) in self.ids().iter().enumerate() {
            let found = self.memory.floats(place(b, id as usize, from), to - from);
            each::add_scaled(self.memory.floats_mut(place(a, row, from), to - from), 1.0, found);
        }
    }

    fn add_rows_at(&self) {
        let Op { a, b, .. } = *self.op;
        let [from, to] = self.part(a).columns;
        for (row, &id) in self.ids().iter().enumerate() {
            let sum = self.memory.floats_mut(place(a, id as usize, from), to - from);
            each::add_scaled(sum, 1.0, self.memory.floats(place(b, row, from), to - from));
        }
    }

    fn sum_rows(&self) {
        let Op { a, b, .. } = *self.op;
        let [from, to] = self.part(a).columns;
        let sum = self.memory.floats_mut(place(a, 0, from), to - from);
        for row in 0..b.rows as usize {
            each::add_scaled(sum, 1.0, self.memory.floats(place(b, row, from), to - from));
        }
    }

    fn cross_entropy(&self) {
        let Op { a, b, x, .. } = *self.op;
        let (scale, losses) = (self.memory.float(x as usize), self.memory.doubles_mut(b.at as usize, b.rows as usize));
        for (row, (loss, &target)) in losses.iter_mut().zip(self.ids()).enumerate() {
            let logits = self.memory.floats_mut(place(a, row, 0), a.columns as usize);
            let (nats, sum) = each::cross_entropy(logits, target as usize);
            *loss = nats;
            logits.iter_mut().for_each(|x| *x *= scale / sum);
            logits[target as usize] -= scale;
        }
    }

    fn sum_squares(&self) {
        let Op { a, b, .. } = *self.op;
        let Place { thread, threads } = self.place;
        let numbers = self.memory.floats(b.at as usize, (b.rows * b.columns) as usize);
        let lanes = [8 * thread / threads, 8 * (thread + 1) / threads];
        each::sums_of_squares(
            numbers,
            lanes,
            self.memory.doubles_mut(a.at as usize + 2 * lanes[0], lanes[1] - lanes[0]),
        );
        if thread + 1 == threads {
            let rest = &numbers[numbers.len() / 8 * 8..];
            self.memory.doubles_mut(a.at as usize + 16, 1)[0] = rest.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        }
    }
}

/// Where a row's elements from a column on lie.
fn place(m: Matrix, row: usize, column: usize) -> usize {
    m.at as usize + row * m.stride as usize + column
}

/// The root of the sums that [`Kind::SumSquares`] has written, nine numbers in each row.
fn norm(memory: Memory, sums: Matrix) -> f32 {
    let of = |numbers: &[f64]| numbers[..8].iter().sum::<f64>() + numbers[8];
    let numbers = memory.doubles_mut(sums.at as usize, 9 * sums.rows as usize);
    sqrt_f64(numbers.chunks_exact(9).map(of).sum()) as f32
}

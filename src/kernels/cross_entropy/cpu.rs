//! The loss's kernel on the CPU.

use std::ops::Range;

use dense::cross_entropy;

use crate::network::memory::{Tensors, Weights, rows};

/// `loss += -log softmax(logits[n])[y_n]`, `dlogits[n] = (softmax(logits[n]) - onehot(y_n)) / N` for each position n.
pub fn softmax_cross_entropy(_: &mut Weights, m: &mut Tensors, positions: Range<usize>) {
    let vocabulary = m.sizes.vocabulary;
    let [logits, dlogits] = m.floats.get_many(["logits", "dlogits"]);
    let here = &mut dlogits[positions.start * vocabulary..positions.end * vocabulary];
    here.copy_from_slice(rows(logits, &positions, vocabulary));
    let scale = 1.0 / m.sizes.positions() as f32;
    for (row, &y) in here.chunks_exact_mut(vocabulary).zip(&m.targets[positions]) {
        let y = y as usize;
        let (loss, sum) = cross_entropy(row, y);
        m.loss += loss;
        row.iter_mut().for_each(|x| *x *= scale / sum);
        row[y] -= scale;
    }
}

//! The loss's kernel on the CPU.

use std::ops::Range;

use crate::network::record::Recorder;

/// `loss = mean(-log softmax(logits[n])[y_n])`, `dlogits[n] = (softmax(logits[n]) - onehot(y_n)) / N` for each position n.
pub fn softmax_cross_entropy(p: &mut Recorder<'_>, positions: Range<usize>) {
    p.alone(&positions, |p| {
        let [logits, dlogits] = ["logits", "dlogits"].map(|name| p.tensor(name, &positions));
        p.copy(dlogits, logits);
        p.cross_entropy(dlogits, &positions);
    });
    if positions.end == p.sizes().positions() {
        p.mean_loss();
    }
}

//! The loss's oracle.

use crate::network::oracle::{Memory, Oracles};

pub const ORACLES: Oracles = &[("softmax_cross_entropy", softmax_cross_entropy)];

/// `losses (N) = -log softmax(logits)[y]` in nats, `dlogits (N, V) = (softmax(logits) - onehot(y)) / N`.
pub fn softmax_of(m: &Memory, logits: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let positions = m.sizes.positions() as f64;
    let targets = m.ids("targets");
    let (mut losses, mut dlogits) = (Vec::with_capacity(targets.len()), Vec::with_capacity(logits.len()));
    for (row, &y) in logits.chunks_exact(m.sizes.vocabulary).zip(targets) {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum = row.iter().fold(0.0, |sum, &logit| sum + (logit - largest).exp());
        losses.push(sum.ln() + largest - row[y as usize]);
        for (v, &logit) in row.iter().enumerate() {
            let onehot = if v == y as usize { 1.0 } else { 0.0 };
            dlogits.push(((logit - largest).exp() / sum - onehot) / positions);
        }
    }
    (losses, dlogits)
}

fn softmax_cross_entropy(m: &mut Memory, _: usize) {
    let (losses, dlogits) = softmax_of(m, m.get("logits"));
    m.set("losses", losses);
    m.set("dlogits", dlogits);
}

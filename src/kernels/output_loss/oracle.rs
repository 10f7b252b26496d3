//! The oracle of the fused output layer and loss: those of its three parts.

use crate::kernels::cross_entropy::softmax_of;
use crate::kernels::output::{dh_of, logits_of};
use crate::network::oracle::{Memory, Oracles};

pub const ORACLES: Oracles = &[("output_loss", output_loss)];

/// `losses (N)`, `dlogits (N, V)`, and `dh (N, H)`.
fn output_loss(m: &mut Memory, _: usize) {
    let (losses, dlogits) = softmax_of(m, &logits_of(m));
    m.set("losses", losses);
    m.set("dlogits", dlogits);
    m.set("dh", dh_of(m));
}

//! What the network remembers: how much a logit depends on each earlier input. After Madsen, “Visualizing memorization in
//! RNNs”, Distill 2019.

use super::{Inside, norms};
use crate::error::Result;
use crate::model::pick::likeliest;

impl Inside {
    /// ‖∂logit/∂x_s‖ for s = 0 … `at`, with x_s as one-hot vectors and the logit of the passage's token after `at`, or of
    /// the likeliest where it ends. Returns whose logit it is, too.
    pub(super) async fn connectivity(&self, passage: &[u32], at: usize) -> Result<(u32, Vec<f32>)> {
        let at = at.min(passage.len() - 1);
        let vocabulary = self.parameters.network.sizes.vocabulary;
        let mut read = self.read(&passage[..=at], 1).await?;
        let last = &read.logits()[at * vocabulary..];
        let of = passage.get(at + 1).copied().unwrap_or_else(|| likeliest(last));
        let mut dlogits = vec![0.0; (at + 1) * vocabulary];
        dlogits[at * vocabulary + of as usize] = 1.0;
        read.go_back(&dlogits).await?;
        Ok((of, norms(&read.input_gradients(), vocabulary)))
    }
}

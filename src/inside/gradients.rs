//! The gradient through time: how much the last loss depends on each earlier hidden state.

use super::{Inside, norms, softmax};
use crate::error::Result;
use crate::kernels;

impl Inside {
    /// ‖∂loss_T/∂h_t‖ for t = T, T − 1, … in each layer, where loss_T = −log softmax(logits_T)[y] is that of the passage's
    /// last token y after all others. The state's weights are scaled by `scale` first, in a copy.
    pub(super) async fn gradient_norms(&self, passage: &[u32], scale: f32) -> Result<Vec<Vec<f32>>> {
        let mut parameters = self.parameters.clone();
        for range in kernels::weights_of_state(parameters.network) {
            parameters.numbers[range].iter_mut().for_each(|weight| *weight *= scale);
        }
        let network = parameters.network;
        let (hidden, vocabulary) = (network.sizes.hidden, network.sizes.vocabulary);
        let Some((&target, inputs)) = passage.split_last().filter(|(_, inputs)| !inputs.is_empty()) else {
            return Ok(vec![Vec::new(); network.layers]);
        };
        let mut read = self.read_with(&parameters, inputs, 1).await?;
        let mut dlogits = vec![0.0; inputs.len() * vocabulary];
        let last = &mut dlogits[(inputs.len() - 1) * vocabulary..];
        last.copy_from_slice(&softmax(&read.logits()[(inputs.len() - 1) * vocabulary..]));
        last[target as usize] -= 1.0;
        read.go_back(&dlogits).await?;
        let of_layer = |layer| {
            let mut norms = norms(&read.tensor("dh", layer), hidden);
            norms.reverse();
            norms
        };
        Ok((0..network.layers).map(of_layer).collect())
    }
}

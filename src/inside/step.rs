//! One time step with all its numbers, forward and backward.

use super::{Inside, softmax};
use crate::error::Result;
use crate::model::inside::{Numbers, TimeStep};
use crate::model::pick::top_k;
use crate::network::table::{Content, Dim};
use crate::text::Vocabulary;

/// The likeliest tokens that are shown.
const SHOWN: usize = 5;

impl Inside {
    /// The numbers of each tensor of floats at time step `t` of the passage: of the first `units` hidden units, gate by gate;
    /// of states also before the step (with `_before` behind their names); the products of weights (by their names), and
    /// `softmax`. The loss is the mean over the passage, as in training over a minibatch.
    pub(super) async fn step(
        &self,
        passage: &[u32],
        t: usize,
        units: usize,
        characters: &Vocabulary,
    ) -> Result<TimeStep> {
        let network = self.parameters.network;
        let (hidden, vocabulary) = (network.sizes.hidden, network.sizes.vocabulary);
        let (inputs, targets) = (&passage[..passage.len() - 1], &passage[1..]);
        let (steps, t) = (inputs.len(), t.min(inputs.len() - 1));
        let mut read = self.read(inputs, 1).await?;
        let probabilities: Vec<f32> = read.logits().chunks_exact(vocabulary).flat_map(softmax).collect();
        let mut dlogits = probabilities.clone();
        for (row, &target) in dlogits.chunks_exact_mut(vocabulary).zip(targets) {
            row[target as usize] -= 1.0;
            row.iter_mut().for_each(|gradient| *gradient /= steps as f32);
        }
        read.go_back(&dlogits).await?;
        let shown = |row: &[f32]| -> Vec<f32> {
            row.chunks(hidden).flat_map(|gate| &gate[..units.min(gate.len())]).copied().collect()
        };
        let mut all = Vec::new();
        for tensor in network.tensors().filter(|tensor| tensor.content == Content::Floats) {
            let (name, layer) = (tensor.table_name(), tensor.layer.unwrap_or(network.top()));
            let by_unit = match tensor.shape.last() {
                Some(Dim::H | Dim::Gates(_)) => true,
                Some(Dim::V) => false,
                _ => continue,
            };
            let row_of = |slot: usize| {
                let numbers = read.tensor(name, layer);
                let columns = tensor.shape[2..].iter().map(|dim| dim.of(network.sizes)).product::<usize>();
                let row = numbers[slot * columns..][..columns].to_vec();
                if by_unit { shown(&row) } else { row }
            };
            let mut push = |name: String, numbers| all.push(Numbers { name, layer: layer as u32, numbers });
            match tensor.shape[0] {
                Dim::T1 => {
                    push(format!("{name}_before"), row_of(t));
                    push(name.to_owned(), row_of(t + 1));
                }
                Dim::T => push(name.to_owned(), row_of(t)),
                _ => {}
            }
        }
        for (param, range) in network.places().filter(|(param, _)| param.layer.is_some() && param.shape.len() > 1) {
            let (layer, name) = (param.layer.unwrap_or(0), param.table_name());
            let weights = &self.parameters.numbers[range];
            let columns = weights.len() / network.shape(&param)[0];
            let numbers = match name {
                "w_x" if layer == 0 => weights[inputs[t] as usize * columns..][..columns].to_vec(),
                "w_x" => product(&read.tensor("states", layer - 1)[(t + 1) * hidden..][..hidden], weights),
                "w_hn" => product(&read.tensor("reset_states", layer)[t * hidden..][..hidden], weights),
                _ => product(&read.tensor("states", layer)[t * hidden..][..hidden], weights),
            };
            all.push(Numbers { name: name.to_owned(), layer: layer as u32, numbers: shown(&numbers) });
        }
        let top = network.top() as u32;
        let numbers = probabilities[t * vocabulary..][..vocabulary].to_vec();
        let mut likeliest = top_k(&numbers, SHOWN);
        if !likeliest.contains(&targets[t]) {
            likeliest.push(targets[t]);
        }
        all.push(Numbers { name: "softmax".to_owned(), layer: top, numbers });
        let token = |id: u32| (id, characters.character(id));
        Ok(TimeStep {
            tokens: [inputs[t], targets[t]].map(token),
            likeliest: likeliest.into_iter().map(token).collect(),
            vocabulary: vocabulary as u32,
            numbers: all,
        })
    }
}

/// `row · weights` for weights `(row's length, …)`.
fn product(row: &[f32], weights: &[f32]) -> Vec<f32> {
    let columns = weights.len() / row.len();
    let mut sums = vec![0.0; columns];
    for (x, weights) in row.iter().zip(weights.chunks_exact(columns)) {
        sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += x * weight);
    }
    sums
}

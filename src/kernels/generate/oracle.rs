//! The oracles of picking the next token.

use crate::model::pick::{SamplingParameters, likeliest, scores};
use crate::network::oracle::{Memory, Oracles};

pub const ORACLES: Oracles = &[("generate_score", generate_score), ("generate_pick", generate_pick)];

/// Replaces `next_logits` by the sampling scores of the next token; does nothing within the prefix.
fn generate_score(m: &mut Memory, _: usize) {
    let sequence = m.ids("sequence");
    let Some(place) = (sequence[0] + 1).checked_sub(sequence[1]) else { return };
    let [top_k, seed, temperature] = m.ids("sampling_parameters")[..] else { unreachable!("three numbers") };
    let parameters = SamplingParameters { temperature: f32::from_bits(temperature), top_k, seed };
    let logits = &m.get("generated_logits")[place as usize * m.sizes.vocabulary..][..m.sizes.vocabulary];
    m.set("next_logits", scores(logits, parameters, place as usize));
}

/// Copies the next state to the state, advances the position, and beyond the prefix appends the arg-max of
/// `next_logits`.
fn generate_pick(m: &mut Memory, _: usize) {
    m.set("state", m.get("next_state").to_vec());
    let picked = likeliest(m.get("next_logits"));
    let sequence = m.ids_mut("sequence");
    let next = sequence[0] + 1;
    if next >= sequence[1] {
        sequence[2 + next as usize] = picked;
    }
    sequence[0] = next;
}

//! The oracles of sampling the next token.

use crate::model::pick::{SamplingParameters, likeliest, scores};
use crate::network::oracle::{Memory, Oracles};
use crate::network::table::UNITS;

use super::SEQUENCE_HEAD;

pub const ORACLES: Oracles = &[("generate_logits", generate_logits), ("generate_score", generate_score)];

/// The logits `(V)` in slot `t` of `logit_parts`.
fn summed(m: &Memory, t: usize) -> Vec<f64> {
    let parts = m.get("logit_parts");
    let half = parts.len() / 2;
    let mut sums = vec![0.0; m.sizes.vocabulary];
    for (i, part) in parts[t * half..][..half].iter().enumerate() {
        sums[i % m.sizes.vocabulary] += part;
    }
    sums
}

/// The token at the current position, for a cell's step of prediction on slot `t`: of the prefix, or the likeliest, which
/// is appended to the sequence. Advances the position.
pub fn current_token(m: &mut Memory, t: usize) -> u32 {
    let picked = likeliest(&summed(m, t));
    let sequence = m.ids_mut("sequence");
    let (position, prefix) = (sequence[t], sequence[2]);
    sequence[1 - t] = position + 1;
    let token = &mut sequence[SEQUENCE_HEAD + position as usize];
    if position >= prefix {
        *token = picked;
    }
    *token
}

/// The other slot of `logit_parts`: `h · w_hq` for each [`UNITS`] of the hidden units `h (H)`, and `b_q` with the first.
pub fn add_logits(m: &mut Memory, t: usize, h: &[f64]) {
    let v = m.sizes.vocabulary;
    let w_hq = m.get("w_hq");
    let mut parts = vec![m.get("b_q").to_vec()];
    parts.resize(h.len().div_ceil(UNITS), vec![0.0; v]);
    for (unit, h) in h.iter().enumerate() {
        for (sum, w) in parts[unit / UNITS].iter_mut().zip(&w_hq[unit * v..]) {
            *sum += h * w;
        }
    }
    let parts = parts.concat();
    m.get_mut("logit_parts")[(1 - t) * parts.len()..][..parts.len()].copy_from_slice(&parts);
}

/// The number of the next token beyond the prefix, 0 for the first; `None` within the prefix.
fn place(m: &Memory, t: usize) -> Option<usize> {
    let sequence = m.ids("sequence");
    sequence[1 - t].checked_sub(sequence[2]).map(|place| place as usize)
}

/// Keeps the logits of the next token in `generated_logits`; does nothing within the prefix.
fn generate_logits(m: &mut Memory, t: usize) {
    let v = m.sizes.vocabulary;
    let Some(place) = place(m, t) else { return };
    let logits = summed(m, 1 - t);
    m.get_mut("generated_logits")[place * v..][..v].copy_from_slice(&logits);
}

/// Replaces the logits of the next token by sampling scores; does nothing within the prefix.
fn generate_score(m: &mut Memory, t: usize) {
    let v = m.sizes.vocabulary;
    let Some(place) = place(m, t) else { return };
    let [top_k, seed, temperature] = m.ids("sampling_parameters")[..] else { unreachable!("three numbers") };
    let parameters = SamplingParameters { temperature: f32::from_bits(temperature), top_k, seed };
    let scores = scores(&m.get("generated_logits")[place * v..][..v], parameters, place);
    let parts = m.get_mut("logit_parts");
    let half = parts.len() / 2;
    let slot = &mut parts[(1 - t) * half..][..half];
    slot.fill(0.0);
    slot[..v].copy_from_slice(&scores);
}

//! How the next token of a continuation is picked.

use num_traits::Float;
use serde::{Deserialize, Serialize};

/// The longest prefix, in characters.
pub const LONGEST_PREFIX: usize = 4000;

/// The most characters of a continuation whose logits are read back.
pub const LONGEST_ANSWER: usize = 256;

/// The range of temperatures: at the lowest the likeliest token is nearly always drawn, at the highest the distribution
/// is nearly uniform.
pub const COLDEST: f32 = 0.01;
pub const HOTTEST: f32 = 100.0;

/// How the next token is picked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub enum Pick {
    /// The likeliest, as in the book.
    #[default]
    Likeliest,
    /// Sampled from softmax(logits / `temperature`) over the `top_k` likeliest (at least 1; more than `V` means all),
    /// with a temperature from [`COLDEST`] to [`HOTTEST`]. The same network, prefix and `seed` give the same text on
    /// the same engine.
    Sampled { temperature: f32, top_k: u32, seed: u32 },
}

/// The numbers that the kernels get for a [`Pick`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamplingParameters {
    pub temperature: f32,
    pub top_k: u32,
    pub seed: u32,
}

impl Pick {
    /// The sampling parameters; [`Pick::Likeliest`] is top 1.
    pub fn parameters(self) -> SamplingParameters {
        match self {
            Self::Likeliest => SamplingParameters { temperature: 1.0, top_k: 1, seed: 0 },
            Self::Sampled { temperature, top_k, seed } => SamplingParameters { temperature, top_k, seed },
        }
    }
}

/// Generated tokens and their logits.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// Prefix and continuation.
    pub tokens: Vec<u32>,
    /// `(length + 1, V)`: for each token after the prefix, and for the one that would come next.
    pub logits: Vec<f32>,
}

/// `ln softmax(logits)`
pub fn log_softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
    logits.iter().map(|logit| logit - largest - sum.ln()).collect()
}

/// The `k` likeliest tokens, in falling order; ties in order of their ids.
pub fn top_k(logits: &[f32], k: usize) -> Vec<u32> {
    let mut ids: Vec<u32> = Vec::with_capacity(k + 1);
    for (id, logit) in (0..).zip(logits) {
        let at = ids.partition_point(|&other| logits[other as usize].total_cmp(logit).is_ge());
        ids.insert(at, id);
        ids.truncate(k);
    }
    ids
}

/// The likeliest token: the arg-max of the logits; of ties the first.
pub fn likeliest<F: Float>(logits: &[F]) -> u32 {
    let mut best = 0;
    for (v, &logit) in logits.iter().enumerate() {
        if logit > logits[best] {
            best = v;
        }
    }
    best as u32
}

/// The scores `(V)` whose arg-max is the sampled token at position `place` after the prefix: `logit / temperature +
/// noise` for the `top_k` likeliest, the least f32 for the others. With Gumbel noise the arg-max is a sample from
/// softmax(logits / temperature) over the top k (the Gumbel-max trick).
pub fn scores<F: Float>(logits: &[F], parameters: SamplingParameters, place: usize) -> Vec<F> {
    let SamplingParameters { temperature, top_k, seed } = parameters;
    let float = |x: f32| F::from(x).expect("a float becomes a float");
    let score = |(token, &mine): (usize, &F)| {
        // Of ties the first ranks higher.
        let likelier = |(v, &other): (usize, &F)| other > mine || (other == mine && v < token);
        let rank = logits.iter().enumerate().filter(|&one| likelier(one)).count();
        if rank < top_k as usize { mine / float(temperature) + gumbel(seed, place, token) } else { float(f32::MIN) }
    };
    logits.iter().enumerate().map(score).collect()
}

/// `-ln(-ln(u))` for a `u` between 0 and 1 that depends on seed, place and token.
fn gumbel<F: Float>(seed: u32, place: usize, token: usize) -> F {
    let bits = scatter(scatter(scatter(seed ^ 0x9e37_79b9) ^ place as u32) ^ token as u32);
    let below = (f64::from(bits >> 9) + 0.5) / f64::from(1 << 23); // 1 - u, exact in f32 too
    let below = F::from(below).expect("a float becomes a float");
    -(-(-below).ln_1p()).ln()
}

/// A hash of `bits`: the finalizer of MurmurHash3.
fn scatter(bits: u32) -> u32 {
    let x = (bits ^ bits >> 16).wrapping_mul(0x85eb_ca6b);
    let x = (x ^ x >> 13).wrapping_mul(0xc2b2_ae35);
    x ^ x >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative frequency of each token.
    fn shares(logits: [f64; 4], parameters: SamplingParameters) -> [f64; 4] {
        const PLACES: usize = 20_000;
        let mut shares = [0.0; 4];
        for place in 0..PLACES {
            shares[likeliest(&scores(&logits, parameters, place)) as usize] += 1.0 / PLACES as f64;
        }
        shares
    }

    #[test]
    fn tokens_are_drawn_as_often_as_their_probability_says() {
        let logits = [0.125, 0.5, 0.125, 0.25].map(|p: f64| p.ln());
        let half = |p: f64| p.sqrt() / (2.0 * 0.125f64.sqrt() + 0.5f64.sqrt() + 0.25f64.sqrt());
        for (temperature, top_k, expected) in [
            (1.0, 4, [0.125, 0.5, 0.125, 0.25]),
            (1.0, 2, [0.0, 2.0 / 3.0, 0.0, 1.0 / 3.0]),
            (1.0, 3, [0.125, 0.5, 0.0, 0.25].map(|p| p / 0.875)), // of equals the first
            (2.0, 9, [half(0.125), half(0.5), half(0.125), half(0.25)]),
            (0.01, 4, [0.0, 1.0, 0.0, 0.0]),
            (100.0, 1, [0.0, 1.0, 0.0, 0.0]),
        ] {
            for seed in [0, 1, u32::MAX] {
                let shares = shares(logits, SamplingParameters { temperature, top_k, seed });
                for (share, expected) in shares.into_iter().zip(expected) {
                    // Four standard deviations, and the rounding of the sum.
                    let allowed = 1e-9 + 4.0 * (expected * (1.0 - expected) / 20_000.0f64).sqrt();
                    assert!((share - expected).abs() <= allowed, "{temperature}, {top_k}, {seed}: {shares:?}");
                }
            }
        }
    }

    #[test]
    fn noise_is_a_number_whatever_it_depends_on() {
        for seed in [0, 1, 77, u32::MAX] {
            for n in 0..20_000 {
                let (single, double): (f32, f64) = (gumbel(seed, n, n % 28), gumbel(seed, n, n % 28));
                assert!(
                    (-3.0..17.0).contains(&double) && (f64::from(single) - double).abs() < 1e-5,
                    "{single} {double}"
                );
            }
        }
    }
}

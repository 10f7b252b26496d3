//! One function a kernel, in the order of a training step; shapes beside the arguments.

use num_traits::Float;

use super::count;
use crate::model::pick::Terms;
use crate::model::{Parameters, Sizes};

/// `C (rows, columns) = L (rows, inner) · R (inner, columns)`, with both given by element.
fn product<F: Float>(
    (rows, inner, columns): (usize, usize, usize),
    l: impl Fn(usize, usize) -> F,
    r: impl Fn(usize, usize) -> F,
) -> Vec<F> {
    let mut c = vec![F::zero(); rows * columns];
    for (row, sums) in c.chunks_exact_mut(columns).enumerate() {
        for k in 0..inner {
            let factor = l(row, k);
            for (column, sum) in sums.iter_mut().enumerate() {
                *sum = *sum + factor * r(k, column);
            }
        }
    }
    c
}

/// `h_t = tanh(w_xh[x_t] + h_{t-1} · w_hh + b_h)`; `inputs` begins with `x_t (B)`, `state` with `h_{t-1} (B, H)`.
pub fn step_forward<F: Float>(sizes: Sizes, p: &Parameters<F>, inputs: &[u32], state: &[F]) -> Vec<F> {
    let Sizes { batch: b, hidden: h, .. } = sizes;
    let mut next = product((b, h, h), |row, k| state[row * h + k], |k, column| p.w_hh[k * h + column]);
    for (i, z) in next.iter_mut().enumerate() {
        let token = inputs[i / h] as usize;
        *z = (*z + p.w_xh[token * h + i % h] + p.b_h[i % h]).tanh();
    }
    next
}

/// `logits (N, V) = h (N, H) · w_hq + b_q`.
pub fn output_forward<F: Float>(sizes: Sizes, p: &Parameters<F>, states: &[F]) -> Vec<F> {
    let Sizes { hidden: h, vocabulary: v, .. } = sizes;
    let shape = (sizes.positions(), h, v);
    let mut logits = product(shape, |row, k| states[row * h + k], |k, column| p.w_hq[k * v + column]);
    for (i, logit) in logits.iter_mut().enumerate() {
        *logit = *logit + p.b_q[i % v];
    }
    logits
}

/// `losses (N)` in nats, and `dlogits (N, V) = (softmax(logits) - onehot(y)) / N`; `targets (N)`, `logits (N, V)`.
pub fn softmax_cross_entropy<F: Float>(sizes: Sizes, targets: &[u32], logits: &[F]) -> (Vec<F>, Vec<F>) {
    let positions = count::<F>(sizes.positions());
    let mut losses = Vec::with_capacity(targets.len());
    let mut dlogits = Vec::with_capacity(logits.len());
    for (row, &y) in logits.chunks_exact(sizes.vocabulary).zip(targets) {
        let largest = row.iter().copied().fold(F::neg_infinity(), F::max);
        let sum = row.iter().fold(F::zero(), |sum, &logit| sum + (logit - largest).exp());
        losses.push(sum.ln() + largest - row[y as usize]);
        for (v, &logit) in row.iter().enumerate() {
            let onehot = if v == y as usize { F::one() } else { F::zero() };
            dlogits.push(((logit - largest).exp() / sum - onehot) / positions);
        }
    }
    (losses, dlogits)
}

/// `dh (N, H) = dlogits (N, V) · w_hqᵀ`.
pub fn output_backward<F: Float>(sizes: Sizes, p: &Parameters<F>, dlogits: &[F]) -> Vec<F> {
    let Sizes { hidden: h, vocabulary: v, .. } = sizes;
    let shape = (sizes.positions(), v, h);
    product(shape, |row, k| dlogits[row * v + k], |k, column| p.w_hq[column * v + k])
}

/// `dz_t = (dh_t + dz_{t+1} · w_hhᵀ) ⊙ (1 - h_t²)`, in place: `dz (T, B, H)` holds `dh` up to `t` and `dz` after it;
/// `states (T, B, H)` begins with `h_0`, the first step's result.
pub fn step_backward<F: Float>(sizes: Sizes, p: &Parameters<F>, states: &[F], t: usize, dz: &mut [F]) {
    let Sizes { batch: b, hidden: h, .. } = sizes;
    let (now, later) = dz[t * b * h..].split_at_mut(b * h);
    let inner = if later.is_empty() { 0 } else { h };
    let back = product((b, inner, h), |row, k| later[row * h + k], |k, column| p.w_hh[column * h + k]);
    for ((d, back), state) in now.iter_mut().zip(back).zip(&states[t * b * h..]) {
        *d = (*d + back) * (F::one() - *state * *state);
    }
}

/// `dw_hh (H, H) = Σ_t h_{t-1}ᵀ · dz_t`; `states` begins with the state that entered.
pub fn w_hh_grad<F: Float>(sizes: Sizes, states: &[F], dz: &[F]) -> Vec<F> {
    let h = sizes.hidden;
    product((h, sizes.positions(), h), |row, n| states[n * h + row], |n, column| dz[n * h + column])
}

/// `dw_hq (H, V) = Σ_t h_tᵀ · dlogits_t`; `states` begins with the first step's result.
pub fn w_hq_grad<F: Float>(sizes: Sizes, states: &[F], dlogits: &[F]) -> Vec<F> {
    let Sizes { hidden: h, vocabulary: v, .. } = sizes;
    product((h, sizes.positions(), v), |row, n| states[n * h + row], |n, column| dlogits[n * v + column])
}

/// `dw_xh (V, H)`: row `v` is the sum of `dz` over the positions whose input is `v`.
pub fn w_xh_grad<F: Float>(sizes: Sizes, inputs: &[u32], dz: &[F]) -> Vec<F> {
    let h = sizes.hidden;
    let mut sums = vec![F::zero(); sizes.vocabulary * h];
    for (&token, row) in inputs.iter().zip(dz.chunks_exact(h)) {
        for (sum, &d) in sums[token as usize * h..].iter_mut().zip(row) {
            *sum = *sum + d;
        }
    }
    sums
}

/// `db_h (H) = Σ_n dz[n]`, `db_q (V) = Σ_n dlogits[n]`.
pub fn bias_grad<F: Float>(sizes: Sizes, dz: &[F], dlogits: &[F]) -> (Vec<F>, Vec<F>) {
    let column_sums = |rows: &[F], across: usize| {
        let mut sums = vec![F::zero(); across];
        for (i, &x) in rows.iter().enumerate() {
            sums[i % across] = sums[i % across] + x;
        }
        sums
    };
    (column_sums(dz, sizes.hidden), column_sums(dlogits, sizes.vocabulary))
}

/// Global L2 norm over all five gradients.
pub fn grad_norm<F: Float>(grads: &Parameters<F>) -> F {
    grads.tensors().into_iter().flatten().fold(F::zero(), |sum, &g| sum + g * g).sqrt()
}

/// `clip / norm` if the norm is above `clip`, else 1.
pub fn clip_factor<F: Float>(norm: F, clip: F) -> F {
    if norm > clip { clip / norm } else { F::one() }
}

/// `w -= rate · dw` for all parameters, where `rate` is learning rate times clip factor.
pub fn sgd_update<F: Float>(p: &mut Parameters<F>, grads: &Parameters<F>, rate: F) {
    for (weights, grads) in p.tensors_mut().into_iter().zip(grads.tensors()) {
        for (w, &g) in weights.iter_mut().zip(grads) {
            *w = *w - rate * g;
        }
    }
}

/// One step of prediction for one sequence: the next state `(H)` from the token and the state before.
pub fn generate_state<F: Float>(sizes: Sizes, p: &Parameters<F>, token: u32, state: &[F]) -> Vec<F> {
    step_forward(Sizes { batch: 1, ..sizes }, p, &[token], state)
}

/// Logits `(V)` of one sequence's next token.
pub fn generate_logits<F: Float>(sizes: Sizes, p: &Parameters<F>, state: &[F]) -> Vec<F> {
    output_forward(Sizes { batch: 1, steps: 1, ..sizes }, p, state)
}

/// The score by which the token at a place beyond the prefix is picked: for the `top_k` likeliest
/// `logit / temperature + noise`, the least number for the others. With noise from Gumbel's distribution the largest
/// score is that of a token drawn from softmax(logits / temperature) over the top k.
pub fn generate_score<F: Float>(logits: &[F], terms: Terms, place: usize) -> Vec<F> {
    let temperature = F::from(terms.temperature).expect("a float becomes a float");
    let score = |(token, &mine): (usize, &F)| {
        // Of equals the first is the likelier.
        let likelier = |(v, &other): (usize, &F)| other > mine || (other == mine && v < token);
        let rank = logits.iter().enumerate().filter(|&one| likelier(one)).count();
        if rank < terms.top_k as usize { mine / temperature + gumbel(terms.seed, place, token) } else { F::min_value() }
    };
    logits.iter().enumerate().map(score).collect()
}

/// `-ln(-ln(u))` for a `u` between 0 and 1 that hangs on seed, place and token.
fn gumbel<F: Float>(seed: u32, place: usize, token: usize) -> F {
    let bits = scatter(scatter(scatter(seed ^ 0x9e37_79b9) ^ place as u32) ^ token as u32);
    let below = (f64::from(bits >> 9) + 0.5) / f64::from(1 << 23); // 1 - u, exact in f32 too
    let below = F::from(below).expect("a float becomes a float");
    -(-(-below).ln_1p()).ln()
}

/// Bits as if drawn by lot, the same for the same bits: the last steps of MurmurHash3.
fn scatter(bits: u32) -> u32 {
    let x = (bits ^ bits >> 16).wrapping_mul(0x85eb_ca6b);
    let x = (x ^ x >> 13).wrapping_mul(0xc2b2_ae35);
    x ^ x >> 16
}

/// The likeliest token: the arg-max of the logits, the first of equals.
pub fn generate_pick<F: Float>(logits: &[F]) -> u32 {
    let mut best = 0;
    for (v, &logit) in logits.iter().enumerate() {
        if logit > logits[best] {
            best = v;
        }
    }
    best as u32
}

/// Prediction as in the book: from a zero state, warm up over `prefix` (at least one token), then `length` times the
/// likeliest token. Gives prefix and continuation.
pub fn generate<F: Float>(sizes: Sizes, p: &Parameters<F>, prefix: &[u32], length: usize) -> Vec<u32> {
    generate_by(sizes, p, prefix, length, |logits, _| generate_pick(logits))
}

/// [`generate`] with a way to pick of one's own: from the logits of a token and its place beyond the prefix.
pub fn generate_by<F: Float>(
    sizes: Sizes,
    p: &Parameters<F>,
    prefix: &[u32],
    length: usize,
    mut pick: impl FnMut(&[F], usize) -> u32,
) -> Vec<u32> {
    let mut sequence = prefix.to_vec();
    let mut state = vec![F::zero(); sizes.hidden];
    for position in 0..prefix.len() + length - 1 {
        state = generate_state(sizes, p, sequence[position], &state);
        if position + 1 >= prefix.len() {
            sequence.push(pick(&generate_logits(sizes, p, &state), position + 1 - prefix.len()));
        }
    }
    sequence
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often each token is picked, as a share.
    fn shares(logits: [f64; 4], terms: Terms) -> [f64; 4] {
        const PLACES: usize = 20_000;
        let mut shares = [0.0; 4];
        for place in 0..PLACES {
            shares[generate_pick(&generate_score(&logits, terms, place)) as usize] += 1.0 / PLACES as f64;
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
                let shares = shares(logits, Terms { temperature, top_k, seed });
                for (share, expected) in shares.into_iter().zip(expected) {
                    // Four standard deviations, and the rounding of the sum.
                    let allowed = 1e-9 + 4.0 * (expected * (1.0 - expected) / 20_000.0f64).sqrt();
                    assert!((share - expected).abs() <= allowed, "{temperature}, {top_k}, {seed}: {shares:?}");
                }
            }
        }
    }

    #[test]
    fn noise_is_a_number_whatever_it_hangs_on() {
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

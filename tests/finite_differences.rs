#![cfg(not(target_arch = "wasm32"))]
//! Compares the oracle's gradients with central finite differences, in f64: every kernel is then compared with the
//! oracle.
//!
//! The loss is `L = Σ_n weight_n · loss_n` with a different weight for every position. With a plain mean many wrong
//! gradients (a transpose, a step too many) are right on average.

use proptest::prelude::*;
use time_traveller::kernels::rnn::RNN;
use time_traveller::kernels::sgd::clip_factor_of;
use time_traveller::kernels::{self, ORACLES};
use time_traveller::model::config::{Cell, Style};
use time_traveller::model::minibatch::by_time;
use time_traveller::model::{Config, Minibatch, Sizes};
use time_traveller::network::oracle::Memory;
use time_traveller::network::{Network, Parameters};
use time_traveller::oracle;

/// Half the distance between the two points of a difference: the truncation error is of the order of its square, the
/// rounding error is divided by it.
const EPSILON: f64 = 1e-5;

/// A network, its input, and the weight of each position.
#[derive(Debug, Clone)]
struct Case {
    parameters: Parameters<f64>,
    /// The initial hidden state of the lowest layer, `(B, H)`.
    h0: Vec<f64>,
    /// The other initial states, by their tensors.
    other_states: Vec<(String, Vec<f64>)>,
    minibatch: Minibatch,
    /// `(N)`, by position.
    weights: Vec<f64>,
}

/// Gradients of the weighted loss.
struct Gradient {
    parameters: Parameters<f64>,
    /// Of the initial hidden state, `(B, H)`, for the book's first network.
    h0: Option<Vec<f64>>,
}

impl Case {
    fn network(&self) -> Network {
        self.parameters.network
    }

    fn states(&self) -> Vec<oracle::State<'_>> {
        let others = self.other_states.iter().map(|(name, state)| (name.as_str(), &state[..]));
        [("states", &self.h0[..])].into_iter().chain(others).collect()
    }

    /// The memory after the forward pass and the loss, with `dlogits (N, V)` of the mean.
    fn forward(&self) -> Memory {
        let mut memory = oracle::memory(&self.parameters, 0.0, 1.0);
        oracle::load(&mut memory, &self.states(), &self.minibatch);
        let calls = self.network().training_calls();
        let loss = calls.iter().position(|call| call.kernel.name == "softmax_cross_entropy").unwrap();
        oracle::run(&mut memory, ORACLES, &calls[..=loss]);
        memory
    }

    fn weighted_loss(&self) -> f64 {
        self.forward().get("losses").iter().zip(&self.weights).map(|(loss, weight)| loss * weight).sum()
    }

    /// The gradient of [`Case::weighted_loss`], by the oracles of the backward pass.
    fn gradient(&self) -> Gradient {
        let network = self.network();
        let Sizes { batch, hidden, vocabulary, .. } = network.sizes;
        let mut memory = self.forward();
        for (row, weight) in memory.get_mut("dlogits").chunks_exact_mut(vocabulary).zip(&self.weights) {
            // The oracle's dlogits belong to the mean over all positions.
            row.iter_mut().for_each(|d| *d *= weight * network.sizes.positions() as f64);
        }
        let calls = network.training_calls();
        let loss = calls.iter().position(|call| call.kernel.name == "softmax_cross_entropy").unwrap();
        oracle::run(&mut memory, ORACLES, &calls[loss + 1..calls.len() - network.optimizer.update.len()]);
        let numbers = network.params().flat_map(|param| memory.get(&param.gradient()).to_vec()).collect();
        let h0 = (network.cell == &RNN).then(|| {
            // dh0 (B, H) = dz_0 · w_hhᵀ
            let (w_hh, dz) = (self.parameters.tensor("w_hh"), memory.get("dz"));
            let dh0 = |b: usize, i: usize| (0..hidden).map(|k| dz[b * hidden + k] * w_hh[i * hidden + k]).sum();
            (0..batch * hidden).map(|i| dh0(i / hidden, i % hidden)).collect()
        });
        Gradient { parameters: Parameters::of(network, numbers), h0 }
    }

    /// Compares every element of a gradient with the central difference of `loss`.
    fn check(&self, gradient: &Gradient, loss: impl Fn(&Self) -> f64) -> Result<(), TestCaseError> {
        type Pick = for<'a> fn(&'a mut Case, &str) -> &'a mut [f64];
        let parameter: Pick = |case, name| case.parameters.tensor_mut(name);
        let state: Pick = |case, _| &mut case.h0[..];
        let tensors = gradient.parameters.tensors().map(|(param, gradient)| (param.name, gradient, parameter));
        let h0 = gradient.h0.iter().map(|h0| ("h0".to_owned(), &h0[..], state));
        for (name, gradient, pick) in tensors.chain(h0) {
            let mut case = self.clone();
            prop_assert_eq!(gradient.len(), pick(&mut case, &name).len(), "elements of the gradient of {}", name);
            for (i, &by_oracle) in gradient.iter().enumerate() {
                let before = pick(&mut case, &name)[i];
                let mut loss_at = |x: f64| {
                    pick(&mut case, &name)[i] = x;
                    loss(&case)
                };
                let by_difference = (loss_at(before + EPSILON) - loss_at(before - EPSILON)) / (2.0 * EPSILON);
                pick(&mut case, &name)[i] = before;
                let allowed = 1e-7 + 1e-6 * by_oracle.abs();
                prop_assert!(
                    (by_oracle - by_difference).abs() <= allowed,
                    "{name}[{i}]: {by_oracle:e} by the oracle, {by_difference:e} by finite differences; {:?}",
                    self.network().sizes
                );
            }
        }
        Ok(())
    }
}

/// A case of the book's first network with these sizes.
fn case(sizes: Sizes) -> impl Strategy<Value = Case> {
    case_of(kernels::network(sizes))
}

/// A case of a network, with weights of about 0.5, so that tanh is far from linear.
fn case_of(network: Network) -> impl Strategy<Value = Case> {
    let Sizes { batch, hidden, vocabulary, .. } = network.sizes;
    let n = network.sizes.positions();
    let numbers = |count| prop::collection::vec(-0.9..0.9, count);
    let others: Vec<String> = network.carried().skip(1).map(|tensor| tensor.name).collect();
    let count = others.len();
    let tokens = || prop::collection::vec(0..vocabulary as u32, n);
    let weights = prop::collection::vec(-1.0..2.0, n);
    let states = (numbers(batch * hidden), prop::collection::vec(numbers(batch * hidden), count));
    (numbers(network.parameter_count()), states, tokens(), tokens(), weights).prop_map(
        move |(numbers, (h0, other_states), inputs, targets, weights)| Case {
            parameters: Parameters::of(network, numbers),
            h0,
            other_states: others.iter().cloned().zip(other_states).collect(),
            minibatch: Minibatch { inputs, targets },
            weights,
        },
    )
}

fn any_case() -> impl Strategy<Value = Case> {
    let sizes = (1..5usize, 1..6usize, 1..6usize, 2..7usize).prop_map(|(batch, steps, hidden, vocabulary)| Sizes {
        batch,
        steps,
        hidden,
        vocabulary,
    });
    sizes.prop_flat_map(case)
}

/// A case of any cell and style, with one to three layers.
fn any_network() -> impl Strategy<Value = Case> {
    let cells = prop::sample::select(vec![Cell::Rnn, Cell::Gru, Cell::Lstm]);
    let styles = prop::sample::select(vec![Style::Scratch, Style::Concise]);
    let sizes = (1..4usize, 1..5usize, 1..4usize, 2..5usize);
    (cells, styles, 1..4u32, sizes).prop_flat_map(|(cell, style, layers, (batch, steps, hidden, vocabulary))| {
        let network = kernels::network_of(&Config { cell, style, layers, ..Config::default() }, vocabulary);
        case_of(network.with_sizes(Sizes { batch, steps, hidden, vocabulary }))
    })
}

/// Sizes of one, and sizes that all differ, so that a confusion of dimensions is noticed.
fn odd_case() -> impl Strategy<Value = Case> {
    prop_oneof![
        case(Sizes { batch: 1, steps: 1, hidden: 1, vocabulary: 2 }),
        case(Sizes { batch: 3, steps: 4, hidden: 5, vocabulary: 7 }),
        case(Sizes { batch: 2, steps: 7, hidden: 3, vocabulary: 5 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 72, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_gradient_is_that_of_the_weighted_loss(case in any_case()) {
        case.check(&case.gradient(), Case::weighted_loss)?;
    }

    #[test]
    fn every_gradient_is_that_of_the_weighted_loss_at_odd_sizes(case in odd_case()) {
        case.check(&case.gradient(), Case::weighted_loss)?;
    }

    #[test]
    fn every_gradient_of_every_network_is_that_of_the_weighted_loss(case in any_network()) {
        case.check(&case.gradient(), Case::weighted_loss)?;
    }

    /// Large hidden biases of either sign next to small ones.
    #[test]
    fn every_gradient_is_right_where_tanh_is_saturated(mut case in any_case()) {
        for (i, b) in case.parameters.tensor_mut("b_h").iter_mut().enumerate() {
            *b = [40.0, -3.0, -40.0, 0.5, 3.0][i % 5];
        }
        let gradient = case.gradient();
        case.check(&gradient, Case::weighted_loss)?;
        for (i, d) in gradient.parameters.tensor("b_h").iter().enumerate().filter(|(i, _)| [0, 2].contains(&(i % 5))) {
            prop_assert_eq!(d.abs(), 0.0, "b_h[{}] moves nothing where tanh is flat", i);
        }
    }

    /// Logits whose exponentials overflow. The softmax is exactly one-hot, so the gradient is known without a
    /// difference; losses of some hundreds would leave too few digits for one.
    #[test]
    fn every_gradient_is_finite_where_one_token_is_certain(mut case in any_case()) {
        case.parameters.tensor_mut("b_q")[0] = 800.0;
        let gradient = case.gradient();
        prop_assert!(case.weighted_loss().is_finite());
        prop_assert!(gradient.parameters.numbers.iter().all(|g| g.is_finite()));
        let targets = by_time(case.network().sizes, &case.minibatch.targets);
        let missed = targets.iter().zip(&case.weights).filter(|&(&y, _)| y != 0);
        let expected: f64 = missed.map(|(_, weight)| weight).sum();
        let given = gradient.parameters.tensor("b_q")[0];
        prop_assert!((given - expected).abs() <= 1e-12, "b_q[0]: {given:e} by the oracle, {expected:e} by hand");
    }

    /// The complete forward and backward pass, not only its parts.
    #[test]
    fn forward_backward_is_the_weighted_loss_with_equal_weights(mut case in any_case()) {
        let n = case.network().sizes.positions();
        case.weights = vec![1.0 / n as f64; n];
        let forward_backward = |case: &Case| {
            oracle::forward_backward(&case.parameters, &case.states(), &case.minibatch)
        };
        let step = forward_backward(&case);
        let gradient = Gradient { parameters: step.grads.clone(), ..case.gradient() };
        case.check(&gradient, |case| forward_backward(case).loss)?;
        let squares: f64 = gradient.parameters.numbers.iter().map(|g| g * g).sum();
        prop_assert!((step.grad_norm - squares.sqrt()).abs() <= 1e-12 * squares.sqrt());
        prop_assert!((step.loss - case.weighted_loss()).abs() <= 1e-12);
        let states = step.memory.get("states");
        prop_assert_eq!(states.len(), (case.network().sizes.steps + 1) * case.h0.len());
        prop_assert_eq!(&states[..case.h0.len()], &case.h0);
    }

    /// The rows of a minibatch are independent: the loss is the mean of the losses of single rows. This also checks
    /// that tokens are row-major.
    #[test]
    fn rows_are_independent(case in any_case()) {
        let Sizes { steps, hidden, .. } = case.network().sizes;
        let whole = oracle::forward_backward(&case.parameters, &case.states(), &case.minibatch);
        let Minibatch { inputs, targets } = &case.minibatch;
        let rows = inputs.chunks(steps).zip(targets.chunks(steps)).zip(case.h0.chunks(hidden));
        let losses = rows.map(|((inputs, targets), h0)| {
            let row = Minibatch { inputs: inputs.to_vec(), targets: targets.to_vec() };
            let network = case.network().with_sizes(Sizes { batch: 1, ..case.network().sizes });
            let parameters = Parameters::of(network, case.parameters.numbers.clone());
            oracle::forward_backward(&parameters, &[("states", h0)], &row).loss
        });
        let mean = losses.sum::<f64>() / case.network().sizes.batch as f64;
        prop_assert!((whole.loss - mean).abs() <= 1e-12, "{} and {}", whole.loss, mean);
    }

    /// `train` is `forward_backward`, then `w -= lr · factor · g`, with and without clipping.
    #[test]
    fn training_is_the_gradient_clipped_and_subtracted(case in any_case(), lr in 0.01..2.0, clip in 0.001..3.0) {
        let step = oracle::forward_backward(&case.parameters, &case.states(), &case.minibatch);
        let mut trained = case.parameters.clone();
        let again = oracle::train(&mut trained, &case.states(), &case.minibatch, lr, clip);
        prop_assert_eq!((again.loss, again.grad_norm, &again.grads), (step.loss, step.grad_norm, &step.grads));
        let factor = if step.grad_norm > clip { clip / step.grad_norm } else { 1.0 };
        let mut moved = 0.0;
        let numbers = trained.numbers.iter().zip(&case.parameters.numbers).zip(&step.grads.numbers);
        for (i, ((after, before), g)) in numbers.enumerate() {
            let expected = before - lr * factor * g;
            prop_assert!((after - expected).abs() <= 1e-14, "[{i}]: {after}, expected {expected}");
            moved += (after - before).powi(2);
        }
        let expected = lr * step.grad_norm.min(clip);
        prop_assert!((moved.sqrt() - expected).abs() <= 1e-12, "moved by {}, expected {expected}", moved.sqrt());
    }
}

#[test]
fn clipping_begins_above_the_threshold() {
    assert_eq!(clip_factor_of(0.5, 1.0), 1.0);
    assert_eq!(clip_factor_of(1.0, 1.0), 1.0);
    assert_eq!(clip_factor_of(4.0, 1.0), 0.25);
    assert_eq!(clip_factor_of(4.0, 2.0), 0.5);
    assert!(clip_factor_of(1.0_f64.next_up(), 1.0) < 1.0);
    assert_eq!(clip_factor_of(0.0, 1.0), 1.0);
}

/// A network that is certain of its targets has a gradient of zero and does not change.
#[test]
fn a_zero_gradient_moves_nothing() {
    let network = kernels::network(Sizes { batch: 2, steps: 3, hidden: 4, vocabulary: 5 });
    let mut before: Parameters<f64> = Parameters::init(network, 1).cast();
    before.tensor_mut("b_q")[0] = 800.0;
    let mut after = before.clone();
    let minibatch = Minibatch { inputs: vec![0; 6], targets: vec![0; 6] };
    let step = oracle::train(&mut after, &[], &minibatch, 1.0, 1.0);
    assert_eq!(step.grad_norm, 0.0);
    assert_eq!(after, before);
}

/// Position `t · B + b` is row `b` at time `t`.
#[test]
fn tokens_go_from_rows_to_times() {
    let sizes = Sizes { batch: 2, steps: 3, hidden: 1, vocabulary: 7 };
    assert_eq!(by_time(sizes, &[1, 2, 3, 4, 5, 6]), [1, 4, 2, 5, 3, 6]);
}

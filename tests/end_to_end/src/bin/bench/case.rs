//! The shared input of all contestants, parameters and minibatches, and the expected losses and parameters.

use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::json;
use time_traveller::kernels::network_of;
use time_traveller::model::preset::Preset;
use time_traveller::model::{Config, Minibatch, Sizes};
use time_traveller::network::{Network, Parameters};
use time_traveller::oracle;
use time_traveller::text::Corpus;
use time_traveller::text::sampling::Epoch;

use crate::contestants::{Outcome, Span};

/// Number of epochs: enough for the fastest contestants. The oracle takes seconds for each.
const EPOCHS: usize = 8;
/// Relative tolerance of a loss.
const TOLERANCE: f64 = 1e-3;
/// Tolerance of a tensor: the L2 norm of its error, relative to that of its change by training. What f32 rounds off its
/// numbers comes on top: a slow contestant changes a tensor by little.
const PARAMETER_TOLERANCE: f64 = 1e-2;

/// [`EPOCHS`] epochs of a configuration.
pub struct Case {
    pub config: Config,
    pub network: Network,
    pub corpus: Corpus,
    /// The minibatches of each epoch; the state is zero at the start of an epoch and carried within it.
    epochs: Vec<Vec<Minibatch>>,
    /// The oracle's loss of each minibatch before its update, in nats, in f64.
    losses: Vec<f64>,
    /// The initial parameters, and those after each minibatch.
    parameters: Vec<Parameters>,
}

impl Case {
    /// The book's run of this name with seed 1, on this text.
    ///
    /// # Errors
    /// If the text can't be read, or there is no such run.
    pub fn of_the_book(preset: &str, text: &Path) -> Result<Self> {
        let preset = Preset::named(preset).with_context(|| format!("the book has no run “{preset}”"))?;
        let text = fs::read_to_string(text)
            .with_context(|| format!("{} can't be read: run `cargo xtask text`", text.display()))?;
        Self::make(preset.config(), Corpus::new(&text))
    }

    /// Draws the minibatches of a run with this seed, and trains the oracle on them.
    fn make(config: Config, corpus: Corpus) -> Result<Self> {
        let network = network_of(&config, corpus.vocabulary.size());
        let tokens = &corpus.tokens[..config.tokens as usize];
        // The random stream of `Session`, so that our engines train on the same windows.
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(config.seed.into());
        rng.long_jump();
        let mut epochs = Vec::new();
        for _ in 0..EPOCHS {
            let epoch = Epoch::draw(&config, tokens.len(), None, &mut rng)?;
            epochs.push((0..epoch.len()).map(|m| epoch.minibatch(tokens, m)).collect());
        }
        let start = Parameters::init(network, config.seed);
        let mut case = Self { config, network, corpus, epochs, losses: vec![], parameters: vec![start] };
        case.train();
        Ok(case)
    }

    fn train(&mut self) {
        let config = self.config;
        let mut parameters: Parameters<f64> = self.parameters[0].cast();
        for epoch in &self.epochs {
            let mut carried: Vec<(String, Vec<f64>)> = Vec::new();
            for minibatch in epoch {
                let states: Vec<_> = carried.iter().map(|(name, state)| (name.as_str(), &state[..])).collect();
                let step = oracle::train(&mut parameters, &states, minibatch, config.lr.into(), config.clip.into());
                let names = self.network.carried().map(|tensor| tensor.name.clone());
                carried = names.map(|name| (name.clone(), step.last(&name))).collect();
                self.losses.push(step.loss);
                self.parameters.push(parameters.cast());
            }
        }
    }

    /// Writes `case.json` (settings, sizes, name and shape of each parameter, and each minibatch: whether it `begins` an
    /// epoch, `inputs` and `targets` `(B, T)`) and `parameters.f32` (all of them, concatenated, little-endian).
    pub fn write(&self, folder: &Path) -> Result<()> {
        let Sizes { batch, steps, hidden, vocabulary } = self.network.sizes;
        let minibatches: Vec<_> = self
            .epochs
            .iter()
            .flat_map(|epoch| epoch.iter().enumerate())
            .map(|(m, Minibatch { inputs, targets })| json!({ "begins": m == 0, "inputs": inputs, "targets": targets }))
            .collect();
        let shapes = self.network.params();
        let shapes: Vec<_> =
            shapes.map(|param| json!({ "name": param.name, "shape": self.network.shape(&param) })).collect();
        let case = json!({
            "config": self.config,
            "parameters": shapes,
            "sizes": { "batch": batch, "steps": steps, "hidden": hidden, "vocabulary": vocabulary },
            "minibatches": minibatches,
        });
        let parameters: Vec<u8> = self.parameters[0].numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        fs::create_dir_all(folder)?;
        fs::write(folder.join("case.json"), case.to_string())?;
        fs::write(folder.join("parameters.f32"), parameters)?;
        Ok(())
    }

    /// Number of epochs.
    pub fn epochs(&self) -> usize {
        self.epochs.len()
    }

    /// Number of tokens in these epochs, which are counted from 0.
    pub fn tokens_of_epochs(&self, epochs: Range<usize>) -> usize {
        self.epochs[epochs].iter().map(Vec::len).sum::<usize>() * self.network.sizes.positions()
    }

    /// Compares losses, and parameters if reported, with the oracle's.
    ///
    /// # Errors
    /// The first deviation, as part of a sentence.
    pub fn check(&self, outcome: &Outcome) -> Result<()> {
        let expected = match outcome.span {
            Span::Minibatch => self.losses.clone(),
            Span::Epoch => self.losses_of_epochs(),
        };
        let span = outcome.span.name();
        let got = &outcome.losses;
        ensure!(!got.is_empty() && got.len() <= expected.len(), "{} losses of {} came", got.len(), expected.len());
        for (i, (loss, expected)) in got.iter().zip(&expected).enumerate() {
            let difference = (loss - expected).abs() / expected;
            // Written so that NaN fails.
            ensure!(difference <= TOLERANCE, "the loss of {span} {} is {loss:.5}, not {expected:.5}", i + 1);
        }
        match outcome.decode_parameters()? {
            Some(numbers) if outcome.span == Span::Minibatch => self.check_parameters(got.len(), &numbers),
            _ => Ok(()),
        }
    }

    fn losses_of_epochs(&self) -> Vec<f64> {
        let mut losses = self.losses.iter();
        let mean = |epoch: &Vec<Minibatch>| losses.by_ref().take(epoch.len()).sum::<f64>() / epoch.len() as f64;
        self.epochs.iter().map(mean).collect()
    }

    /// Checks all parameters, concatenated, after this many minibatches.
    fn check_parameters(&self, minibatches: usize, numbers: &[f32]) -> Result<()> {
        let (before, after) = (&self.parameters[0], &self.parameters[minibatches]);
        let length = after.numbers.len();
        ensure!(numbers.len() == length, "{} parameters came, not {length}", numbers.len());
        for (param, place) in self.network.places() {
            let [before, after, got] =
                [&before.numbers, &after.numbers, numbers].map(|numbers| &numbers[place.clone()]);
            let (changed, off) = (distance(before, after), distance(got, after));
            let rounding = f64::from(f32::EPSILON) * distance(after, &vec![0.0; after.len()]);
            ensure!(
                off <= PARAMETER_TOLERANCE * changed + rounding,
                "{} is off by {off:.2e}, where {changed:.2e} has changed",
                param.name
            );
        }
        Ok(())
    }
}

/// The L2 norm of the difference.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn case() -> Case {
        let config = Config { hidden: 5, batch: 2, steps: 3, tokens: 40, ..Config::default() };
        Case::make(config, Corpus::new(&"the time traveller for so it will be ".repeat(3))).unwrap()
    }

    /// The outcome of a contestant after two minibatches.
    fn outcome(losses: &[f64], parameters: &[f32]) -> Outcome {
        let bytes: Vec<u8> = parameters.iter().flat_map(|number| number.to_le_bytes()).collect();
        Outcome {
            span: Span::Minibatch,
            parameters: Some(STANDARD.encode(bytes)),
            ..Outcome::of_epochs(String::new(), 1, 1.0, losses.to_vec())
        }
    }

    #[test]
    fn right_losses_and_parameters_pass_and_others_are_named() {
        let case = case();
        let (losses, parameters) = (&case.losses[..2], case.parameters[2].numbers.clone());
        let wrong = |losses: &[f64], parameters: &[f32]| {
            case.check(&outcome(losses, parameters)).map_or_else(|error| error.to_string(), |()| "right".to_owned())
        };
        assert_eq!(wrong(losses, &parameters), "right");
        assert_eq!(wrong(&losses.iter().map(|loss| loss * 1.0005).collect::<Vec<_>>(), &parameters), "right");
        for loss in [losses[1] * 1.002, losses[1] * 0.998, f64::NAN] {
            let sentence = wrong(&[losses[0], loss], &parameters);
            assert!(sentence.starts_with("the loss of minibatch 2 is"), "{sentence}");
        }
        assert!(wrong(&[], &parameters).starts_with("0 losses"));
        assert!(wrong(losses, &parameters[1..]).contains("parameters came"));
        // Without the last update, and with one tensor left untrained.
        let before = case.parameters[1].numbers.clone();
        assert!(wrong(losses, &before).starts_with("w_xh is off"), "{}", wrong(losses, &before));
        let mut broken = case.parameters[2].clone();
        broken.tensor_mut("b_q").fill(0.0);
        let broken = broken.numbers;
        assert!(wrong(losses, &broken).starts_with("b_q is off"), "{}", wrong(losses, &broken));
        assert!(wrong(losses, &vec![f32::NAN; parameters.len()]).contains("is off"));
    }

    #[test]
    fn losses_of_epochs_are_means_of_those_of_minibatches() {
        let case = case();
        let minibatches = case.losses.len() / case.epochs();
        let first = case.losses[..minibatches].iter().sum::<f64>() / minibatches as f64;
        let right = Outcome::of_epochs(String::new(), 1, 1.0, case.losses_of_epochs());
        assert!((right.losses[0] - first).abs() < 1e-12 && right.losses.len() == case.epochs());
        assert!(case.check(&right).is_ok());
        let mut wrong = right;
        wrong.losses[1] += 0.1;
        assert!(case.check(&wrong).unwrap_err().to_string().starts_with("the loss of epoch 2"));
    }
}

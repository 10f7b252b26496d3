//! The contestants, and what they report.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use time_traveller::model::config::EngineChoice;

/// One contestant.
pub struct Contestant {
    /// The id for `--only`.
    pub id: &'static str,
    pub name: &'static str,
    /// The book's run that it trains, by its name.
    pub run: &'static str,
    pub how: How,
}

/// How a contestant is run.
pub enum How {
    /// By a module of `benches/peers` in headless Chromium, with `options` in JSON. `package` is the npm package that
    /// it measures; `None` for the built page.
    Page { module: &'static str, options: &'static str, package: Option<&'static str> },
    /// By this project's engine, natively.
    Engine(EngineChoice, On),
    /// By `benches/peers/pytorch.py`.
    PyTorch { network: &'static str, on: On },
}

/// The hardware that a native contestant uses.
#[derive(Clone, Copy)]
pub enum On {
    OneThread,
    AllThreads,
    Gpu,
}

impl On {
    /// The number of threads; 0 for the GPU.
    pub fn threads(self) -> usize {
        match self {
            Self::OneThread => 1,
            Self::AllThreads => std::thread::available_parallelism().map_or(1, usize::from),
            Self::Gpu => 0,
        }
    }
}

const fn page(
    id: &'static str,
    name: &'static str,
    module: &'static str,
    options: &'static str,
    package: Option<&'static str>,
) -> Contestant {
    Contestant { id, name, run: "rnn", how: How::Page { module, options, package } }
}

const fn pytorch(id: &'static str, name: &'static str, network: &'static str, on: On) -> Contestant {
    Contestant { id, name, run: "rnn", how: How::PyTorch { network, on } }
}

const fn engine(id: &'static str, name: &'static str, engine: EngineChoice, on: On) -> Contestant {
    Contestant { id, name, run: "rnn", how: How::Engine(engine, on) }
}

const fn tensorflow(id: &'static str, name: &'static str, options: &'static str) -> Contestant {
    page(id, name, "tensorflow", options, Some("@tensorflow/tfjs"))
}

const fn jax(id: &'static str, name: &'static str, options: &'static str) -> Contestant {
    page(id, name, "jax", options, Some("@jax-js/jax"))
}

const fn of_run(run: &'static str, contestant: Contestant) -> Contestant {
    Contestant { run, ..contestant }
}

const OURS_WEBGPU: &str = r#"{"settings":{"engine":"gpu"}}"#;
const OURS_WASM: &str = r#"{"settings":{"engine":"cpu","threads":1}}"#;
const OURS_FOUR: &str = r#"{"settings":{"engine":"cpu","threads":4}}"#;
const OURS_THREADS: &str = r#"{"settings":{"engine":"cpu"},"threads":"all"}"#;

/// A contestant that trains with TensorFlow.js' own layer for this run.
const fn layer(run: &'static str, id: &'static str, name: &'static str, options: &'static str) -> Contestant {
    of_run(run, page(id, name, "tensorflow_layers", options, Some("@tensorflow/tfjs")))
}

/// The contestants with gates, in the browser. TensorFlow.js has the book's layers from scratch: its GRU resets before
/// the product, and both have one bias. jax-js has none.
pub const WITH_GATES: &[Contestant] = &[
    of_run("gru", page("gru-ours-webgpu", "Time Traveller, WebGPU", "ours", OURS_WEBGPU, None)),
    of_run("gru", page("gru-ours-wasm", "Time Traveller, WebAssembly", "ours", OURS_WASM, None)),
    layer("gru", "gru-tfjs-webgpu", "TensorFlow.js, WebGPU", r#"{"backend":"webgpu","cell":"gru"}"#),
    layer("gru", "gru-tfjs-wasm", "TensorFlow.js, WebAssembly", r#"{"backend":"wasm","cell":"gru"}"#),
    of_run("lstm", page("lstm-ours-webgpu", "Time Traveller, WebGPU", "ours", OURS_WEBGPU, None)),
    of_run("lstm", page("lstm-ours-wasm", "Time Traveller, WebAssembly", "ours", OURS_WASM, None)),
    layer("lstm", "lstm-tfjs-webgpu", "TensorFlow.js, WebGPU", r#"{"backend":"webgpu","cell":"lstm"}"#),
    layer("lstm", "lstm-tfjs-wasm", "TensorFlow.js, WebAssembly", r#"{"backend":"wasm","cell":"lstm"}"#),
];

const TFJS_THREADS: &str = r#"{"backend":"wasm","gradients":"automatic","threads":"all"}"#;
const TFJS_THREADS_BEST: &str = r#"{"backend":"wasm","gradients":"by hand","threads":"all"}"#;

/// Those on all threads, and ours on one.
pub const WITH_THREADS: &[Contestant] = &[
    page("ours-wasm", "Time Traveller, WebAssembly, one thread", "ours", OURS_WASM, None),
    page("ours-threads", "Time Traveller, WebAssembly, all threads", "ours", OURS_THREADS, None),
    page("ours-threads-4", "Time Traveller, WebAssembly, four threads", "ours", OURS_FOUR, None),
    tensorflow("tfjs-threads", "TensorFlow.js, WebAssembly, all threads", TFJS_THREADS),
    tensorflow("tfjs-threads-best", "TensorFlow.js, WebAssembly, all threads, by hand", TFJS_THREADS_BEST),
    engine("ours-cpu", "Time Traveller, CPU engine, one thread", EngineChoice::Cpu, On::OneThread),
    engine("ours-cpu-all", "Time Traveller, CPU engine, all threads", EngineChoice::Cpu, On::AllThreads),
    pytorch("torch-scratch-all", "PyTorch, from scratch, all threads", "scratch", On::AllThreads),
    pytorch("torch-rnn-all", "PyTorch, nn.RNN, all threads", "rnn", On::AllThreads),
];

/// The contestants with the book's first network, in the order of a round and of the table.
pub const ALL: &[Contestant] = &[
    page("ours-webgpu", "Time Traveller, WebGPU", "ours", OURS_WEBGPU, None),
    page("ours-wasm", "Time Traveller, WebAssembly", "ours", OURS_WASM, None),
    tensorflow("tfjs-webgpu", "TensorFlow.js, WebGPU", r#"{"backend":"webgpu","gradients":"automatic"}"#),
    tensorflow("tfjs-webgpu-best", "TensorFlow.js, WebGPU, by hand", r#"{"backend":"webgpu","gradients":"by hand"}"#),
    tensorflow("tfjs-wasm", "TensorFlow.js, WebAssembly", r#"{"backend":"wasm","gradients":"automatic"}"#),
    tensorflow("tfjs-wasm-best", "TensorFlow.js, WebAssembly, by hand", r#"{"backend":"wasm","gradients":"by hand"}"#),
    jax("jax-webgpu", "jax-js, WebGPU", r#"{"device":"webgpu","gradients":"automatic"}"#),
    jax("jax-webgpu-best", "jax-js, WebGPU, by hand", r#"{"device":"webgpu","gradients":"by hand"}"#),
    jax("jax-wasm", "jax-js, WebAssembly", r#"{"device":"wasm","gradients":"automatic"}"#),
    jax("jax-wasm-best", "jax-js, WebAssembly, by hand", r#"{"device":"wasm","gradients":"by hand"}"#),
    engine("ours-gpu", "Time Traveller, GPU engine", EngineChoice::Gpu, On::Gpu),
    engine("ours-cpu", "Time Traveller, CPU engine", EngineChoice::Cpu, On::OneThread),
    pytorch("torch-scratch-1", "PyTorch, from scratch, one thread", "scratch", On::OneThread),
    pytorch("torch-scratch-all", "PyTorch, from scratch, all threads", "scratch", On::AllThreads),
    pytorch("torch-scratch-gpu", "PyTorch, from scratch, GPU", "scratch", On::Gpu),
    pytorch("torch-rnn-1", "PyTorch, nn.RNN, one thread", "rnn", On::OneThread),
    pytorch("torch-rnn-all", "PyTorch, nn.RNN, all threads", "rnn", On::AllThreads),
    pytorch("torch-rnn-gpu", "PyTorch, nn.RNN, GPU", "rnn", On::Gpu),
];

impl Contestant {
    pub fn is_ours(&self) -> bool {
        matches!(self.how, How::Engine(..) | How::Page { package: None, .. })
    }

    /// The heading of its table.
    pub fn place(&self) -> &'static str {
        match (&self.how, self.run) {
            (How::Page { .. }, "gru") => "GRU, in headless Chromium",
            (How::Page { .. }, "lstm") => "LSTM, in headless Chromium",
            (How::Page { .. }, _) => "In headless Chromium",
            _ => "Natively",
        }
    }
}

/// The contestants of `all` whose id starts with one of `wanted`; all if `wanted` is empty.
///
/// # Errors
/// If no id starts with one of them.
pub fn choose(all: &'static [Contestant], wanted: &[String]) -> Result<Vec<&'static Contestant>> {
    for word in wanted {
        let ids: Vec<&str> = all.iter().map(|contestant| contestant.id).collect();
        let known = ids.iter().any(|id| id.starts_with(word));
        ensure!(known, "there is no contestant “{word}”: --only takes the beginning of {}", ids.join(", "));
    }
    let is_wanted = |id: &str| wanted.is_empty() || wanted.iter().any(|word| id.starts_with(word));
    Ok(all.iter().filter(|contestant| is_wanted(contestant.id)).collect())
}

/// What a contestant reports of one turn.
#[derive(Debug, Clone, Deserialize)]
pub struct Outcome {
    /// The device that it ran on.
    pub device: String,
    /// The version of its program, if that is not a package's.
    #[serde(default)]
    pub version: Option<String>,
    /// Tokens and seconds of the timed part.
    pub tokens: u64,
    pub seconds: f64,
    /// What each loss is the mean of.
    pub span: Span,
    /// All losses, warm-up included, in nats.
    pub losses: Vec<f64>,
    /// The final parameters, tensors concatenated: little-endian f32 in base64.
    #[serde(default)]
    pub parameters: Option<String>,
}

/// What a loss is the mean of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    Minibatch,
    Epoch,
}

impl Span {
    pub fn name(self) -> &'static str {
        match self {
            Self::Minibatch => "minibatch",
            Self::Epoch => "epoch",
        }
    }
}

impl Outcome {
    /// The outcome of a contestant that reports losses of epochs, and no parameters.
    pub fn of_epochs(device: String, tokens: u64, seconds: f64, losses: Vec<f64>) -> Self {
        Self { device, version: None, tokens, seconds, span: Span::Epoch, losses, parameters: None }
    }

    pub fn tokens_per_second(&self) -> f64 {
        self.tokens as f64 / self.seconds
    }

    /// Decodes [`Outcome::parameters`].
    pub fn decode_parameters(&self) -> Result<Option<Vec<f32>>> {
        let Some(text) = &self.parameters else { return Ok(None) };
        let bytes = STANDARD.decode(text).context("the parameters are not in base64")?;
        Ok(Some(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()))
    }
}

#[cfg(test)]
mod tests {
    use time_traveller::model::preset::Preset;

    use super::*;

    #[test]
    fn contestants_are_chosen_by_the_beginning_of_their_ids() {
        let ids = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|word| (*word).to_owned()).collect();
            choose(ALL, &wanted).map(|chosen| chosen.iter().map(|contestant| contestant.id).collect::<Vec<_>>())
        };
        assert_eq!(
            ids(&["torch-rnn", "ours-g"]).unwrap(),
            ["ours-gpu", "torch-rnn-1", "torch-rnn-all", "torch-rnn-gpu"]
        );
        assert_eq!(ids(&[]).unwrap().len(), ALL.len());
        assert!(ids(&["tfjs", "keras"]).unwrap_err().to_string().contains("“keras”"));
    }

    #[test]
    fn options_are_json_and_ids_differ() {
        for list in [ALL, WITH_GATES, WITH_THREADS] {
            let all: Vec<&Contestant> = list.iter().collect();
            for (i, Contestant { id, how, run, .. }) in all.iter().enumerate() {
                assert!(Preset::named(run).is_some(), "{id}: {run}");
                if let How::Page { options, .. } = how {
                    assert!(serde_json::from_str::<serde_json::Value>(options).is_ok(), "{id}: {options}");
                }
                assert!(all[..i].iter().all(|other| other.id != *id), "{id} twice");
            }
        }
    }
}

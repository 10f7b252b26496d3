//! Step cases: inputs and results of successive training steps, as safetensors files. `examples/steps.rs` describes the
//! format.

use std::collections::BTreeMap;
use std::path::Path;

use time_traveller::engine::{Device, Engine};
use time_traveller::kernels::{LIBRARY, network_of};
use time_traveller::model::{Config, Cursor, Hyperparameters, StateAt};
use time_traveller::model::{Minibatch, Sizes};
use time_traveller::network::parameters_file::{file_names, floats, read_from, tensors_of, view};
use time_traveller::network::tensor_file::{self, Tensor, TensorFile};
use time_traveller::network::{Network, Parameters, Setup};

/// Result tensors by name: shape and elements.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// The inputs of a case.
pub struct Case {
    pub network: Network,
    pub parameters: Parameters,
    /// The initial states: tensor of the network, and elements `(B, H)`.
    pub states: Vec<(String, Vec<f32>)>,
    pub minibatches: Vec<Minibatch>,
    pub hyperparameters: Hyperparameters,
    pub carry: bool,
    /// Whether the file gives states as `(L, B, H)`, layer by layer, instead of `(B, H)`.
    layered: bool,
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// A sentence, if the file can't be read, or if a tensor is missing or has a wrong shape.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{} can't be read: {error}.", path.display()))?;
        let bad = |what: String| format!("{}: {what}.", path.display());
        let file = TensorFile::read(&bytes).map_err(bad)?;
        let metadata = &file.metadata;
        let text = |key: &str| metadata.get(key).ok_or_else(|| bad(format!("the metadata has no {key}")));
        let number = |key: &str| {
            text(key).and_then(|value| value.parse::<f64>().map_err(|_| bad(format!("{key} is not a number"))))
        };
        let hyperparameters = Hyperparameters { learning_rate: number("lr")? as f32, clip: number("clip")? as f32 };
        let carry = match text("state")?.as_str() {
            "carry" => true,
            "reset" => false,
            other => return Err(bad(format!("state is {other}, not carry or reset"))),
        };
        let mut config = Config::default();
        for key in ["cell", "style", "layers", "optimizer", "momentum", "weight_decay"] {
            if let Some(value) = metadata.get(key) {
                config.set(key, value).map_err(|error| bad(error.to_string()))?;
            }
        }
        let layered = metadata.contains_key("cell");
        Self::from_tensors(&file, &config, layered, hyperparameters, carry).map_err(bad)
    }

    fn from_tensors(
        file: &TensorFile<'_>,
        config: &Config,
        layered: bool,
        hyperparameters: Hyperparameters,
        carry: bool,
    ) -> Result<Self, String> {
        let shape = |name: &str, rank: usize| {
            let tensor = file.tensors.get(name).ok_or_else(|| format!("there is no tensor {name}"))?;
            let shape = tensor.shape.clone();
            if shape.len() == rank { Ok(shape) } else { Err(format!("{name} has not {rank} dimensions")) }
        };
        let inputs = shape("inputs", 3)?;
        let hidden = *shape("h0", if layered { 3 } else { 2 })?.last().expect("at least two dimensions");
        // The output layer's bias has an element for each token.
        let bias = file_names(&network_of(config, 2)).pop().expect("a network has parameters");
        let vocabulary = shape(&bias, 1)?[0];
        let [batch, steps] = [inputs[1], inputs[2]];
        if [batch, steps, hidden, vocabulary, inputs[0]].contains(&0) {
            return Err(format!("a dimension of inputs, h0 or {bias} is 0"));
        }
        let sizes = Sizes { batch, steps, hidden, vocabulary };
        let network = network_of(config, vocabulary).with_sizes(sizes);
        let parameters = read_from(file, network).map_err(|fault| fault.to_string())?;
        let mut states = Vec::new();
        for (name, given) in [("states", "h0"), ("cells", "c0")] {
            let of_layers: Vec<String> = carried(&network, name);
            let shape = if layered { vec![of_layers.len(), batch, hidden] } else { vec![batch, hidden] };
            if !of_layers.is_empty() {
                let numbers = floats(file, given, &shape).map_err(|fault| fault.to_string())?;
                states.extend(of_layers.into_iter().zip(numbers.chunks_exact(batch * hidden).map(<[f32]>::to_vec)));
            }
        }
        let count = inputs.iter().product();
        let (inputs, targets) = (tokens(file, "inputs", count, sizes)?, tokens(file, "targets", count, sizes)?);
        let minibatches = inputs
            .chunks_exact(sizes.positions())
            .zip(targets.chunks_exact(sizes.positions()))
            .map(|(x, y)| Minibatch { inputs: x.to_vec(), targets: y.to_vec() })
            .collect();
        Ok(Self { network, parameters, states, minibatches, hyperparameters, carry, layered })
    }

    /// Trains on a device and returns the results.
    ///
    /// # Errors
    /// A sentence, if the network is too large or the device fails.
    pub async fn run(&self, device: &Device) -> Result<Tensors, String> {
        self.train(device).await.map_err(|error| error.to_string())
    }

    async fn train(&self, device: &Device) -> time_traveller::Result<Tensors> {
        let Self { network, ref minibatches, hyperparameters, ref parameters, .. } = *self;
        let Sizes { batch: b, steps: t, hidden: h, vocabulary: v } = network.sizes;
        let count = minibatches.len();
        let setup = Setup { network, library: LIBRARY, minibatches: count, hyperparameters, parameters };
        let mut engine = Engine::new(device, &setup).await?;
        self.states.iter().for_each(|(name, state)| engine.write_carried(name, state));
        let state = if self.carry { StateAt::Carried } else { StateAt::Zero };
        let mut results = Tensors::new();
        let mut metrics = Vec::new();
        for (m, minibatch) in self.minibatches.iter().enumerate() {
            let mut run = Cursor::new(1);
            while !run.is_submitted() {
                engine.advance(&mut run, |_| (minibatch.clone(), state)).await?;
            }
            metrics.extend(engine.finish(&mut run).await?);
            if m == 0 {
                // A GPU that fuses the output layer with the loss keeps none.
                if device.network(network).tensors().any(|tensor| tensor.name == "logits") {
                    results.insert("first.logits".into(), (vec![t * b, v], engine.read("logits").await?));
                }
                let top = network.resolve("states", network.top());
                results.insert("first.h".into(), (vec![t, b, h], engine.read(&top).await?.split_off(b * h)));
                let mut grads = Parameters::gradients(network);
                for (param, place) in network.places() {
                    grads.numbers[place].copy_from_slice(&engine.read(&param.gradient()).await?);
                }
                results.extend(named("first.grad", &grads));
            }
        }
        results.extend(named("final", &engine.read_parameters().await?));
        for (name, result) in [("states", "final.h"), ("cells", "final.c")] {
            let mut last = Vec::new();
            let of_layers = carried(&network, name);
            for name in &of_layers {
                last.extend(engine.read(name).await?.split_off(t * b * h));
            }
            let shape = if self.layered { vec![of_layers.len(), b, h] } else { vec![b, h] };
            if !of_layers.is_empty() {
                results.insert(result.into(), (shape, last));
            }
        }
        results.insert("losses".into(), (vec![count], metrics.iter().map(|m| m.loss).collect()));
        results.insert("grad_norms".into(), (vec![count], metrics.iter().map(|m| m.grad_norm).collect()));
        Ok(results)
    }
}

/// The names of the carried tensor `name` in all layers that have it.
fn carried(network: &Network, name: &str) -> Vec<String> {
    let all: Vec<String> = network.carried().map(|tensor| tensor.name).collect();
    (0..network.layers).map(|layer| network.resolve(name, layer)).filter(|name| all.contains(name)).collect()
}

/// Parameters or gradients as the tensors of a file, with names that begin with `prefix`.
fn named(prefix: &str, parameters: &Parameters) -> Tensors {
    let tensors = tensors_of(parameters).into_iter();
    tensors.map(|(name, shape, numbers)| (format!("{prefix}.{name}"), (shape, numbers))).collect()
}

/// Writes results to a file.
///
/// # Errors
/// A sentence, if the file can't be written.
pub fn write(path: &Path, tensors: &Tensors) -> Result<(), String> {
    let tensors = tensors.iter().map(|(name, (shape, numbers))| (name.clone(), view(shape.clone(), numbers)));
    let file = TensorFile { tensors: tensors.collect(), ..TensorFile::default() }.write();
    std::fs::write(path, file).map_err(|error| format!("{} can't be written: {error}.", path.display()))
}

/// The expected results in a case file, by name.
///
/// # Errors
/// A sentence, if the file can't be read.
#[allow(dead_code, reason = "`examples/steps.rs` compares nothing")]
pub fn read_expected(path: &Path) -> Result<Tensors, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{} can't be read: {error}.", path.display()))?;
    let file = TensorFile::read(&bytes).map_err(|error| format!("{}: {error}.", path.display()))?;
    let results = file.tensors.into_iter().filter(|(name, tensor)| tensor.kind == tensor_file::F32 && !is_given(name));
    Ok(results.map(|(name, Tensor { shape, data, .. })| (name, (shape, bytemuck::pod_collect_to_vec(data)))).collect())
}

/// Whether a tensor of a case is an input.
fn is_given(name: &str) -> bool {
    !["first.", "final."].iter().any(|prefix| name.starts_with(prefix)) && !["losses", "grad_norms"].contains(&name)
}

fn tokens(file: &TensorFile<'_>, name: &str, count: usize, sizes: Sizes) -> Result<Vec<u32>, String> {
    let tensor = file.tensors.get(name).ok_or_else(|| format!("there is no tensor {name}"))?;
    let ids: Vec<i32> = match tensor.kind.0 {
        "I32" => bytemuck::pod_collect_to_vec(tensor.data),
        other => return Err(format!("{name} is {other}, not I32")),
    };
    if ids.len() != count {
        return Err(format!("{name} has {} elements, not {count}", ids.len()));
    }
    let token = |id: i32| u32::try_from(id).ok().filter(|&id| (id as usize) < sizes.vocabulary);
    ids.into_iter().map(|id| token(id).ok_or_else(|| format!("{name} holds {id}, which is no token"))).collect()
}

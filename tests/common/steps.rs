//! Step cases: inputs and results of successive training steps, as safetensors files. `examples/steps.rs` describes the
//! format.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use time_traveller::engine::{Device, Engine};
use time_traveller::kernels::{self, LIBRARY};
use time_traveller::model::{Cursor, Hyperparameters, StateAt};
use time_traveller::model::{Minibatch, Sizes};
use time_traveller::network::parameters_file::{floats, read_from};
use time_traveller::network::{Network, Parameters, Setup};

/// Result tensors by name: shape and elements.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// The inputs of a case.
pub struct Case {
    pub network: Network,
    pub parameters: Parameters,
    pub h0: Vec<f32>,
    pub minibatches: Vec<Minibatch>,
    pub hyperparameters: Hyperparameters,
    pub carry: bool,
}

impl Case {
    /// Reads a case.
    ///
    /// # Errors
    /// A sentence, if the file can't be read, or if a tensor is missing or has a wrong shape.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|error| format!("{} can't be read: {error}.", path.display()))?;
        let bad = |what: String| format!("{}: {what}.", path.display());
        let file = SafeTensors::deserialize(&bytes).map_err(|error| bad(error.to_string()))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| bad(error.to_string()))?;
        let metadata = header.metadata().clone().unwrap_or_default();
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
        Self::from_tensors(&file, hyperparameters, carry).map_err(bad)
    }

    fn from_tensors(file: &SafeTensors<'_>, hyperparameters: Hyperparameters, carry: bool) -> Result<Self, String> {
        let shape = |name: &str, rank: usize| {
            let tensor = file.tensor(name).map_err(|_| format!("there is no tensor {name}"))?;
            let shape = tensor.shape().to_vec();
            if shape.len() == rank { Ok(shape) } else { Err(format!("{name} has not {rank} dimensions")) }
        };
        let (xh, inputs) = (shape("w_xh", 2)?, shape("inputs", 3)?);
        let sizes = Sizes { batch: inputs[1], steps: inputs[2], hidden: xh[1], vocabulary: xh[0] };
        let Sizes { batch, steps, hidden, vocabulary } = sizes;
        if [batch, steps, hidden, vocabulary, inputs[0]].contains(&0) {
            return Err("a dimension of inputs or w_xh is 0".to_owned());
        }
        let network = kernels::network(sizes);
        let parameters = read_from(file, network).map_err(|fault| fault.to_string())?;
        let h0 = floats(file, "h0", &[batch, hidden]).map_err(|fault| fault.to_string())?;
        let count = inputs.iter().product();
        let (inputs, targets) = (tokens(file, "inputs", count, sizes)?, tokens(file, "targets", count, sizes)?);
        let minibatches = inputs
            .chunks_exact(sizes.positions())
            .zip(targets.chunks_exact(sizes.positions()))
            .map(|(x, y)| Minibatch { inputs: x.to_vec(), targets: y.to_vec() })
            .collect();
        Ok(Self { network, parameters, h0, minibatches, hyperparameters, carry })
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
        engine.write_carried("states", &self.h0);
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
                results.insert("first.h".into(), (vec![t, b, h], engine.read("states").await?.split_off(b * h)));
                for param in network.params() {
                    let grad = engine.read(&format!("d{}", param.name)).await?;
                    results.insert(format!("first.grad.{}", param.name), (network.shape(param), grad));
                }
            }
        }
        for (param, numbers) in engine.read_parameters().await?.tensors() {
            results.insert(format!("final.{}", param.name), (network.shape(param), numbers.to_vec()));
        }
        let last = engine.read("states").await?.split_off(t * b * h);
        results.insert("final.h".into(), (vec![b, h], last));
        results.insert("losses".into(), (vec![count], metrics.iter().map(|m| m.loss).collect()));
        results.insert("grad_norms".into(), (vec![count], metrics.iter().map(|m| m.grad_norm).collect()));
        Ok(results)
    }
}

/// Writes results to a file.
///
/// # Errors
/// A sentence, if the file can't be written.
pub fn write(path: &Path, tensors: &Tensors) -> Result<(), String> {
    let views: Result<Vec<_>, _> = tensors
        .iter()
        .map(|(name, (shape, numbers))| {
            TensorView::new(Dtype::F32, shape.clone(), bytemuck::cast_slice(numbers)).map(|view| (name.as_str(), view))
        })
        .collect();
    views
        .map_err(|error| error.to_string())
        .and_then(|views| safetensors::serialize_to_file(views, None, path).map_err(|error| error.to_string()))
        .map_err(|error| format!("{} can't be written: {error}.", path.display()))
}

/// The expected results in a case file, by name.
///
/// # Errors
/// A sentence, if the file can't be read.
#[allow(dead_code, reason = "`examples/steps.rs` compares nothing")]
pub fn read_expected(path: &Path) -> Result<Tensors, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{} can't be read: {error}.", path.display()))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| format!("{}: {error}.", path.display()))?;
    let results = file.tensors().into_iter().filter(|(name, tensor)| tensor.dtype() == Dtype::F32 && !is_given(name));
    Ok(results
        .map(|(name, tensor)| (name, (tensor.shape().to_vec(), bytemuck::pod_collect_to_vec(tensor.data()))))
        .collect())
}

/// Whether a tensor of a case is an input.
fn is_given(name: &str) -> bool {
    let network = kernels::network(Sizes { batch: 1, steps: 1, hidden: 1, vocabulary: 2 });
    name == "h0" || network.params().any(|param| param.name == name)
}

fn tokens(file: &SafeTensors<'_>, name: &str, count: usize, sizes: Sizes) -> Result<Vec<u32>, String> {
    let tensor = file.tensor(name).map_err(|_| format!("there is no tensor {name}"))?;
    let ids: Vec<i32> = match tensor.dtype() {
        Dtype::I32 => bytemuck::pod_collect_to_vec(tensor.data()),
        other => return Err(format!("{name} is {other:?}, not I32")),
    };
    if ids.len() != count {
        return Err(format!("{name} has {} elements, not {count}", ids.len()));
    }
    let token = |id: i32| u32::try_from(id).ok().filter(|&id| (id as usize) < sizes.vocabulary);
    ids.into_iter().map(|id| token(id).ok_or_else(|| format!("{name} holds {id}, which is no token"))).collect()
}

//! Compares every kernel with its oracle, for any network, compiler and device. The oracle is computed in f64 from the
//! tensors that the kernel itself read, so that errors do not add up from kernel to kernel.

use time_traveller::gpu::tile::Tile;
use time_traveller::gpu::{Engine, Gpu, wgsl};
use time_traveller::kernels::generate::SEQUENCE_HEAD;
use time_traveller::kernels::{self, LIBRARY, ORACLES};
use time_traveller::model::config::{Cell, OptimizerChoice, Style};
use time_traveller::model::pick::SamplingParameters;
use time_traveller::model::{Config, Hyperparameters, StateAt};
use time_traveller::model::{Minibatch, Sizes};
use time_traveller::network::oracle::{Memory, Oracles};
use time_traveller::network::parameters::cast;
use time_traveller::network::plan::{Call, Stage};
use time_traveller::network::table::{GRADS, PARAMETERS, TRANSPOSED, TRANSPOSES};
use time_traveller::network::{
    Access, Content, Kernel, Library, Named, Network, Param, Parameters, Setup, State, Tensor,
};
use time_traveller::oracle;

/// The largest error of an element, relative to its tensor's largest magnitude: f32 has a precision of 6e-8, and the
/// longest sums here have some hundred terms.
pub const TOLERANCE: f64 = 1e-5;

/// A network, its input, and the variant of the kernels to compare.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: &'static str,
    pub network: Network,
    pub library: Library,
    pub oracles: &'static [Oracles],
    pub tile: Tile,
    pub parameters: Parameters,
    /// The initial states, by tensor name.
    pub carried: Vec<(String, Vec<f32>)>,
    pub minibatch: Minibatch,
    pub hyperparameters: Hyperparameters,
    pub mutation: Option<Mutation>,
}

/// A kernel broken in one place.
#[derive(Debug, Clone, Copy)]
pub struct Mutation {
    pub kernel: &'static str,
    /// A piece of the kernel's WGSL, shared files included.
    pub from: &'static str,
    /// What replaces it.
    pub to: &'static str,
}

/// Pseudorandom numbers from -1 to 1, the same for the same seed.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut x = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        (f64::from(x) / f64::from(u32::MAX) * 2.0 - 1.0) as f32
    };
    (0..count).map(|_| next()).collect()
}

impl Case {
    /// A case of the plain RNN with weights up to `scale`.
    pub fn new(name: &'static str, [batch, steps, hidden, vocabulary]: [usize; 4], scale: f32) -> Self {
        let network = kernels::network(Sizes { batch, steps, hidden, vocabulary });
        Self::of(network, LIBRARY, ORACLES, name, scale)
    }

    /// A case of the network of these settings.
    fn of_config(name: &'static str, config: &Config, sizes: [usize; 4]) -> Self {
        let [batch, steps, hidden, vocabulary] = sizes;
        let network = kernels::network_of(config, vocabulary).with_sizes(Sizes { batch, steps, hidden, vocabulary });
        Self::of(network, LIBRARY, ORACLES, name, 0.5)
    }

    /// A case of any network.
    pub fn of(network: Network, library: Library, oracles: &'static [Oracles], name: &'static str, scale: f32) -> Self {
        let vocabulary = network.sizes.vocabulary;
        let mut parameters = Parameters::zeros(network);
        for (seed, (_, place)) in (1..).zip(network.places()) {
            let weights = numbers(place.len(), seed).into_iter().map(|x| x * scale);
            parameters.numbers[place].iter_mut().zip(weights).for_each(|(w, x)| *w = x);
        }
        // Averages of squares and Adam's corrections are positive.
        parameters.state = numbers(network.state_count(), 77).into_iter().map(|x| 0.1 + x.abs()).collect();
        let tokens = |seed| -> Vec<u32> {
            let parts = numbers(network.sizes.positions(), seed).into_iter();
            parts.map(|x| (((x + 1.0) / 2.0 * vocabulary as f32) as u32).min(vocabulary as u32 - 1)).collect()
        };
        let carried = (9..).step_by(100).zip(network.carried()).map(|(seed, tensor)| {
            let slot = tensor.shape[1..].iter().map(|dim| dim.of(network.sizes)).product();
            (tensor.name, numbers(slot, seed))
        });
        Self {
            name,
            network,
            library,
            oracles,
            tile: Tile::choose(false, false, Sizes { hidden: 512, ..network.sizes }),
            parameters,
            carried: carried.collect(),
            minibatch: Minibatch { inputs: tokens(10), targets: tokens(11) },
            hyperparameters: Hyperparameters { learning_rate: 0.5, clip: 1.0 },
            mutation: None,
        }
    }

    /// The network on the device, with the mutation, if any.
    async fn engine(&self, gpu: &Gpu) -> Engine {
        let wgsl = |kernel: &Kernel| {
            let sound = wgsl::module(self.library, kernel, self.tile, self.network.gates());
            match self.mutation {
                Some(Mutation { kernel: broken, from, to }) if kernel.name == broken => {
                    assert!(sound.contains(from), "{broken} has no “{from}”");
                    sound.replace(from, to)
                }
                _ => sound,
            }
        };
        let Self { network, library, hyperparameters, ref parameters, .. } = *self;
        let setup = Setup { network, library, minibatches: 1, hyperparameters, parameters };
        Engine::with_wgsl(gpu, self.tile, &setup, &wgsl).await.unwrap()
    }

    /// The network in the oracle's memory.
    fn memory(&self) -> Memory {
        oracle::memory(
            &self.parameters.cast(),
            self.hyperparameters.learning_rate.into(),
            self.hyperparameters.clip.into(),
        )
    }

    pub fn with_clip(mut self, clip: f32) -> Self {
        self.hyperparameters.clip = clip;
        self
    }

    pub fn with_tile(mut self, tile: Tile) -> Self {
        self.tile = tile;
        self
    }

    fn with_output_bias(mut self, bias: f32) -> Self {
        self.parameters.tensor_mut("b_q").fill(bias);
        self
    }

    /// Makes every target token 0, of which the network is certain, so that the gradient vanishes.
    fn without_gradient(mut self) -> Self {
        self.minibatch.targets.fill(0);
        self.parameters.tensor_mut("b_q")[0] = 300.0;
        self
    }
}

/// Sizes of one, sizes around the edges of tiles and of workgroups, and extreme numbers.
pub fn cases() -> Vec<Case> {
    vec![
        Case::new("one of each", [1, 1, 1, 2], 0.5),
        Case::new("no multiples", [3, 2, 5, 7], 0.5),
        Case::new("one below a tile", [7, 3, 7, 27], 0.5),
        Case::new("a tile", [8, 3, 8, 8], 0.5),
        Case::new("one above a tile", [9, 3, 9, 29], 0.5),
        Case::new("above a workgroup", [33, 5, 67, 65], 0.2).with_clip(1e-3),
        Case::new("the book's vocabulary", [32, 4, 48, 28], 0.3).with_clip(1e9),
        Case::new("a large vocabulary", [2, 3, 6, 3000], 0.3),
        Case::new("saturated tanh", [5, 4, 12, 9], 40.0),
        Case::new("tiny states", [5, 4, 12, 9], 1e-4),
        Case::new("no gradient", [4, 3, 10, 6], 0.5).without_gradient(),
        Case::new("logits far below zero", [4, 3, 10, 6], 0.5).with_output_bias(-110.0),
        Case::new("the largest fused vocabulary", [5, 3, 12, 64], 0.5),
    ]
}

/// A case of every cell, style and optimizer, with one to three layers.
pub fn cases_of_networks() -> Vec<Case> {
    let sgd = OptimizerChoice::Sgd;
    let mut cases = Vec::new();
    for (cell, style) in [Cell::Rnn, Cell::Gru, Cell::Lstm]
        .into_iter()
        .flat_map(|cell| [Style::Scratch, Style::Concise].map(|style| (cell, style)))
    {
        let config = |layers, optimizer| {
            let (momentum, weight_decay) = (0.75, if optimizer == sgd { 0.0 } else { 0.125 });
            Config { cell, style, layers, optimizer, momentum, weight_decay, ..Config::default() }
        };
        cases.push(Case::of_config("one of each", &config(1, sgd), [1, 1, 1, 2]));
        cases.push(Case::of_config("two layers, no multiples", &config(2, sgd), [3, 2, 5, 7]));
        cases.push(
            Case::of_config("three layers, Adam", &config(3, OptimizerChoice::Adam), [9, 3, 9, 29]).with_clip(1e-3),
        );
        cases.push(Case::of_config(
            "above a workgroup, momentum",
            &config(1, OptimizerChoice::Momentum),
            [33, 4, 67, 65],
        ));
    }
    cases.push(Case::of_config("weight decay", &Config { weight_decay: 0.125, ..Config::default() }, [3, 2, 5, 7]));
    cases
}

/// The score of a token that is not among the top k.
const OUT: f64 = f32::MIN as f64;

/// Panics with kernel, tensor and element if one differs.
pub fn compare(case: &Case, kernel: &str, tensor: &str, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{}: {kernel}: size of {tensor}", case.name);
    let largest = expected.iter().filter(|x| **x != OUT).fold(0f64, |largest, x| largest.max(x.abs()));
    let allowed = TOLERANCE * largest.max(1e-12);
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let (got, is_out) = (f64::from(got), expected == OUT);
        assert!(
            got == expected || (!is_out && (got - expected).abs() <= allowed),
            "{} {:?} {:?}: {kernel}: {tensor}[{i}] is {got:e}, not {expected:e} (allowed: {allowed:e})",
            case.name,
            case.network.sizes,
            case.tile,
        );
    }
}

/// A network on a device, and its tensors in the oracle's memory.
struct Device<'a> {
    case: &'a Case,
    engine: Engine,
    memory: Memory,
}

/// The tensors that a name stands for in a layer.
fn tensors(network: &Network, name: &'static str, layer: usize) -> Vec<String> {
    let each = |change: &dyn Fn(&Named<Param>) -> String| network.params().map(|param| change(&param)).collect();
    let is_vector = |state: &&State| matches!(state, State::OfParameters(state) if *state == name);
    match name {
        GRADS => each(&Named::gradient),
        PARAMETERS => each(&|param| param.name.clone()),
        TRANSPOSED => {
            let turned = network.params().filter(|param| param.transposed);
            turned.map(|param| param.transposed_name()).collect()
        }
        TRANSPOSES => Vec::new(),
        name if network.optimizer.state.iter().any(|state| is_vector(&state)) => {
            each(&|param| format!("{name}.{}", param.name))
        }
        name => vec![network.resolve(name, layer)],
    }
}

impl<'a> Device<'a> {
    async fn new(gpu: &Gpu, case: &'a Case) -> Self {
        Self { case, engine: case.engine(gpu).await, memory: case.memory() }
    }

    /// Runs one kernel on the device and its oracle on the same tensors, compares, and copies the device's results to
    /// the oracle's memory.
    async fn check(&mut self, call: Call) {
        self.check_all(&[call]).await;
    }

    /// [`Device::check`] for successive calls of one kernel, which the device may compute in one dispatch.
    async fn check_all(&mut self, calls: &[Call]) {
        let Call { kernel, layer, .. } = calls[0];
        for call in calls {
            self.engine.run_kernel(*call).await.unwrap();
            oracle::run(&mut self.memory, self.case.oracles, &[*call]);
        }
        let written = kernel.bindings.iter().filter(|(_, access)| *access == Access::Write);
        for name in written.flat_map(|(name, _)| tensors(&self.case.network, name, layer)) {
            self.compare(kernel.name, &name).await;
        }
    }

    async fn compare(&mut self, kernel: &str, name: &str) {
        if self.memory.has_ids(name) {
            let got = self.engine.read::<u32>(name).await.unwrap();
            assert_eq!(got, self.memory.ids(name), "{}: {kernel}: {name}", self.case.name);
            return;
        }
        let mut got = self.engine.read::<f32>(name).await.unwrap();
        let expected = self.memory.get(name);
        if self.partial_sums(name) {
            got = vec![got.iter().sum()];
        }
        // The metrics are different quantities, so each is compared with itself only.
        let apart = if name == "metrics" { 1 } else { got.len().max(1) };
        for (got, expected) in got.chunks(apart).zip(expected.chunks(apart)) {
            compare(self.case, kernel, name, got, expected);
        }
        self.memory.set(name, cast(&got));
    }

    fn partial_sums(&self, name: &str) -> bool {
        self.case.network.tensors().any(|tensor| tensor.name == name && tensor.content == Content::PartialSums)
    }

    /// Loads the case's minibatch and initial states into device and memory. The other tensors hold something, as after
    /// another minibatch; but `b_x` is either a parameter or zero.
    fn load(&mut self) {
        let is_left = |tensor: &Named<Tensor>| tensor.content == Content::Floats && !tensor.carried;
        for (seed, tensor) in (200..).zip(self.case.tile.network(self.case.network).tensors().filter(is_left)) {
            if !tensor.name.starts_with("b_x") {
                let left = numbers(self.memory.get(&tensor.name).len(), seed);
                self.engine.write(&tensor.name, &left);
                self.memory.set(&tensor.name, cast(&left));
            }
        }
        let states: Vec<(&str, Vec<f64>)> =
            self.case.carried.iter().map(|(name, state)| (name.as_str(), cast(state))).collect();
        let states: Vec<(&str, &[f64])> = states.iter().map(|(name, state)| (*name, &state[..])).collect();
        oracle::load(&mut self.memory, &states, &self.case.minibatch);
        self.case.carried.iter().for_each(|(name, state)| self.engine.write_carried(name, state));
        self.engine.load(&self.case.minibatch, StateAt::Carried);
    }
}

/// Compares every kernel of a training step, call by call.
pub async fn check_training_step(gpu: &Gpu, case: &Case) {
    let mut device = Device::new(gpu, case).await;
    device.load();
    for calls in case
        .tile
        .network(case.network)
        .training_calls()
        .chunk_by(|a, b| (a.kernel.name, a.layer) == (b.kernel.name, b.layer))
    {
        let at_once = if case.tile.sequence { calls.len() } else { 1 };
        for calls in calls.chunks(at_once) {
            device.check_all(calls).await;
        }
    }
}

/// Compares a product that is long enough to be split into slices.
pub async fn check_slices(gpu: &Gpu) {
    // The gradient of `w_hh` takes 54 MFLOP, more than a software adapter gets in one dispatch.
    let case = Case::new("a long product", [8, 13, 512, 28], 0.05).with_tile(gpu.tile(Sizes {
        batch: 8,
        steps: 13,
        hidden: 512,
        vocabulary: 28,
    }));
    let device = Device::new(gpu, &case).await;
    let slices = device.engine.slices("w_hh_grad", 0);
    assert_eq!(slices > 1, gpu.software, "{slices} slices");
    check_training_step(gpu, &case).await;
    // A sequence is cut between time steps.
    let case = case.with_tile(Tile { sequence: true, ..Tile::ALL[3] });
    let slices = Device::new(gpu, &case).await.engine.dispatches("step_forward");
    assert_eq!(slices, if gpu.software { 2 } else { 1 });
    check_training_step(gpu, &case).await;
}

/// A gradient norm of exactly the threshold is not scaled.
pub async fn check_clip_at_the_threshold(gpu: &Gpu) {
    let mut case = Case::new("clip at the threshold", [4, 3, 10, 6], 0.5).with_clip(1e-2);
    let mut factors = Vec::new();
    for _ in 0..2 {
        let mut device = Device::new(gpu, &case).await;
        device.load();
        for call in case.tile.network(case.network).training_calls() {
            device.check(call).await;
        }
        let metrics = device.engine.read::<f32>("metrics").await.unwrap();
        factors.push(metrics[2]);
        case.hyperparameters.clip = metrics[1];
    }
    assert!(factors[0] < 1.0, "{factors:?}");
    assert_eq!(factors[1], 1.0);
}

/// The number of tokens that the checks generate.
const WRITTEN: usize = 8;

/// Compares generation with the oracle's: as a whole, then kernel by kernel.
pub async fn check_generation(gpu: &Gpu, case: &Case) {
    let mut device = Device::new(gpu, case).await;
    let prefix = &case.minibatch.inputs[..1 + case.network.sizes.positions() / 2];
    if std::ptr::eq(case.oracles, ORACLES) {
        let got = device.engine.generate(prefix, WRITTEN).await.unwrap();
        assert_eq!(got, oracle::generate(&case.parameters.cast(), prefix, WRITTEN), "{}: generate", case.name);
    }
    let prefix = &prefix[..prefix.len().min(4)];
    let all = case.network.sizes.vocabulary as u32;
    for (temperature, top_k, seed) in [(1.0, 1, 0), (0.7, 3, 1), (2.5, all + 1, u32::MAX)] {
        device.check_sampling(prefix, SamplingParameters { temperature, top_k, seed }).await;
    }
}

impl Device<'_> {
    async fn check_sampling(&mut self, prefix: &[u32], parameters: SamplingParameters) {
        let SamplingParameters { temperature, top_k, seed } = parameters;
        let mut sequence = self.memory.ids("sequence").to_vec();
        sequence.fill(0);
        sequence[2] = prefix.len() as u32;
        sequence[SEQUENCE_HEAD..][..prefix.len()].copy_from_slice(prefix);
        for (name, ids) in [("sequence", sequence), ("sampling_parameters", vec![top_k, seed, temperature.to_bits()])] {
            self.engine.write(name, &ids);
            *self.memory.ids_mut(name) = ids;
        }
        for tensor in self.case.network.generate_tensors().filter(|tensor| tensor.content == Content::Floats) {
            let zeros = vec![0f32; self.memory.get(&tensor.name).len()];
            self.engine.write(&tensor.name, &zeros);
            self.memory.set(&tensor.name, cast(&zeros));
        }
        for position in 0..prefix.len() + WRITTEN {
            for Stage { kernel, layer, .. } in self.case.network.generation(true) {
                self.check(Call { kernel, layer, t: position % 2 }).await;
            }
        }
    }
}

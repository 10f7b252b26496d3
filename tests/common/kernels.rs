//! Every kernel against its oracle: one body for every compiler and device. Each kernel is given to the device with
//! everything before it, then the oracle is computed in f64 from what the kernel was given there, so that a
//! difference is the kernel's own.

use time_traveller::cpu;
use time_traveller::gpu::kernels::Kernel;
use time_traveller::gpu::tile::Tile;
use time_traveller::gpu::{Engine, Gpu};
use time_traveller::model::parameters::{NAMES, cast};
use time_traveller::model::pick::{Terms, Thoughts};
use time_traveller::model::run::{Rates, StateAt};
use time_traveller::model::{Minibatch, Parameters, Sizes};

/// The most that an element may be off, as a share of its tensor's largest magnitude: f32 keeps 6e-8 of a number, and
/// the longest sums here have some hundred terms.
pub const TOLERANCE: f64 = 1e-5;

/// What a comparison is made on.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: &'static str,
    pub sizes: Sizes,
    pub tile: Tile,
    pub parameters: Parameters,
    pub h0: Vec<f32>,
    pub minibatch: Minibatch,
    pub rates: Rates,
    pub mutation: Option<Mutation>,
}

/// A kernel broken in one place.
#[derive(Debug, Clone, Copy)]
pub struct Mutation {
    pub kernel: &'static str,
    /// A piece of the kernel's WGSL, shared files included.
    pub from: &'static str,
    /// What stands there instead.
    pub to: &'static str,
}

/// Numbers from -1 to 1, the same ones every time.
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
    /// A case with weights up to `scale`.
    pub fn new(name: &'static str, [batch, steps, hidden, vocabulary]: [usize; 4], scale: f32) -> Self {
        let sizes = Sizes { batch, steps, hidden, vocabulary };
        let mut parameters = Parameters::zeros(sizes);
        for (seed, tensor) in (1..).zip(parameters.tensors_mut()) {
            *tensor = numbers(tensor.len(), seed).iter().map(|x| x * scale).collect();
        }
        let tokens = |seed| -> Vec<u32> {
            let parts = numbers(sizes.positions(), seed).into_iter();
            parts.map(|x| (((x + 1.0) / 2.0 * vocabulary as f32) as u32).min(vocabulary as u32 - 1)).collect()
        };
        Self {
            name,
            sizes,
            tile: Tile::choose(false, false, batch),
            parameters,
            h0: numbers(batch * hidden, 9),
            minibatch: Minibatch { inputs: tokens(10), targets: tokens(11) },
            rates: Rates { learning_rate: 0.5, clip: 1.0 },
            mutation: None,
        }
    }

    /// A network on a device, one kernel perhaps broken.
    async fn engine(&self, gpu: &Gpu) -> Engine {
        let wgsl = |kernel: &Kernel| match self.mutation {
            Some(Mutation { kernel: broken, from, to }) if kernel.name == broken => {
                let sound = kernel.wgsl(self.tile);
                assert!(sound.contains(from), "{broken} has no “{from}”");
                sound.replace(from, to)
            }
            _ => kernel.wgsl(self.tile),
        };
        Engine::with_wgsl(gpu, self.tile, self.sizes, 1, self.rates, &self.parameters, &wgsl).await.unwrap()
    }

    pub fn with_clip(mut self, clip: f32) -> Self {
        self.rates.clip = clip;
        self
    }

    pub fn with_tile(mut self, tile: Tile) -> Self {
        self.tile = tile;
        self
    }

    /// Every target is token 0 and the network is sure of it, so that no gradient is left.
    fn without_gradient(mut self) -> Self {
        self.minibatch.targets.fill(0);
        self.parameters.b_q[0] = 300.0;
        self
    }
}

/// Sizes of one, around the edges of tiles and of workgroups, and extremes of the numbers.
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
    ]
}

/// Says which kernel, tensor and element differ, if any do.
pub fn compare(case: &Case, kernel: &str, tensor: &str, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{}: {kernel}: size of {tensor}", case.name);
    let largest = expected.iter().fold(0f64, |largest, x| largest.max(x.abs()));
    let allowed = TOLERANCE * largest.max(1e-12);
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(got) - expected).abs() <= allowed,
            "{} {:?} {:?}: {kernel}: {tensor}[{i}] is {got:e}, not {expected:e} (allowed: {allowed:e})",
            case.name,
            case.sizes,
            case.tile,
        );
    }
}

/// What the device holds, in the oracle's precision.
struct Device<'a> {
    case: &'a Case,
    engine: Engine,
}

impl Device<'_> {
    async fn through(&mut self, kernel: &str) {
        self.engine.run_through(&self.case.minibatch, StateAt::Carried, kernel).await.unwrap();
    }

    async fn read(&self, name: &str) -> Vec<f64> {
        cast(&self.engine.read(name).await.unwrap())
    }

    async fn compare(&self, kernel: &str, tensor: &str, expected: &[f64]) {
        compare(self.case, kernel, tensor, &self.engine.read(tensor).await.unwrap(), expected);
    }
}

/// Compares every kernel of a training step.
pub async fn check_training_step(gpu: &Gpu, case: &Case) {
    let engine = case.engine(gpu).await;
    engine.write_carried(&case.h0);
    let mut device = Device { case, engine };
    check_forward(&mut device).await;
    check_backward(&mut device).await;
    check_update(&mut device).await;
}

async fn check_forward(device: &mut Device<'_>) {
    let Case { sizes, minibatch, h0, .. } = device.case;
    let p: Parameters<f64> = device.case.parameters.cast();
    let slot = sizes.batch * sizes.hidden;
    device.through("step_forward").await;
    let states = device.read("states").await;
    let inputs = cpu::by_time(*sizes, &minibatch.inputs);
    let mut expected: Vec<f64> = cast(h0);
    for t in 0..sizes.steps {
        expected.extend(cpu::step_forward(*sizes, &p, &inputs[t * sizes.batch..], &states[t * slot..]));
    }
    device.compare("step_forward", "states", &expected).await;

    device.through("output_forward").await;
    device.compare("output_forward", "logits", &cpu::output_forward(*sizes, &p, &states[slot..])).await;

    device.through("softmax_cross_entropy").await;
    let targets = cpu::by_time(*sizes, &minibatch.targets);
    let (losses, dlogits) = cpu::softmax_cross_entropy(*sizes, &targets, &device.read("logits").await);
    device.compare("softmax_cross_entropy", "losses", &losses).await;
    device.compare("softmax_cross_entropy", "dlogits", &dlogits).await;
}

async fn check_backward(device: &mut Device<'_>) {
    let Case { sizes, minibatch, .. } = device.case;
    let p: Parameters<f64> = device.case.parameters.cast();
    let slot = sizes.batch * sizes.hidden;
    device.through("output_backward").await;
    let (states, dlogits) = (device.read("states").await, device.read("dlogits").await);
    let dh = cpu::output_backward(*sizes, &p, &dlogits);
    device.compare("output_backward", "dz", &dh).await;

    device.through("step_backward").await;
    let dz = device.read("dz").await;
    let mut expected = dz.clone();
    for t in (0..sizes.steps).rev() {
        let mut from_device = dz.clone(); // what the device has of the step after
        from_device[t * slot..][..slot].copy_from_slice(&dh[t * slot..][..slot]);
        cpu::step_backward(*sizes, &p, &states[slot..], t, &mut from_device);
        expected[t * slot..][..slot].copy_from_slice(&from_device[t * slot..][..slot]);
    }
    device.compare("step_backward", "dz", &expected).await;

    device.through("bias_grad").await; // and the three before it
    let inputs = cpu::by_time(*sizes, &minibatch.inputs);
    device.compare("w_hh_grad", "dw_hh", &cpu::w_hh_grad(*sizes, &states, &dz)).await;
    device.compare("w_hq_grad", "dw_hq", &cpu::w_hq_grad(*sizes, &states[slot..], &dlogits)).await;
    device.compare("w_xh_grad", "dw_xh", &cpu::w_xh_grad(*sizes, &inputs, &dz)).await;
    let (db_h, db_q) = cpu::bias_grad(*sizes, &dz, &dlogits);
    device.compare("bias_grad", "db_h", &db_h).await;
    device.compare("bias_grad", "db_q", &db_q).await;
}

async fn check_update(device: &mut Device<'_>) {
    let Case { sizes, rates, .. } = device.case;
    device.through("clip_factor").await; // and grad_norm before it
    let mut grads = Parameters::<f64>::zeros(*sizes);
    for (name, tensor) in NAMES.iter().zip(grads.tensors_mut()) {
        *tensor = device.read(&format!("d{name}")).await;
    }
    let losses = device.read("losses").await;
    let norm = cpu::grad_norm(&grads);
    let loss = losses.iter().sum::<f64>() / losses.len() as f64;
    let metrics = device.engine.read("metrics").await.unwrap();
    let factor = cpu::clip_factor(f64::from(metrics[1]), f64::from(rates.clip));
    for (name, got, expected) in
        [("norm", metrics[1], norm), ("loss", metrics[0], loss), ("factor", metrics[2], factor)]
    {
        compare(device.case, "clip_factor", name, &[got], &[expected]);
    }

    let mut expected: Parameters<f64> = device.case.parameters.cast();
    cpu::sgd_update(&mut expected, &grads, f64::from(rates.learning_rate) * f64::from(metrics[2]));
    device.through("sgd_update").await;
    for (name, tensor) in NAMES.iter().zip(expected.tensors()) {
        device.compare("sgd_update", name, tensor).await;
    }
    let transposed = |tensor: &[f64], columns: usize| -> Vec<f64> {
        let rows = tensor.len() / columns;
        (0..tensor.len()).map(|i| tensor[i % rows * columns + i / rows]).collect()
    };
    device.compare("sgd_update", "w_hh_t", &transposed(&expected.w_hh, sizes.hidden)).await;
    device.compare("sgd_update", "w_hq_t", &transposed(&expected.w_hq, sizes.vocabulary)).await;
}

/// A gradient norm of exactly the threshold is not scaled.
pub async fn check_clip_at_the_threshold(gpu: &Gpu) {
    let mut case = Case::new("clip at the threshold", [4, 3, 10, 6], 0.5);
    let mut factors = Vec::new();
    for _ in 0..2 {
        let engine = case.engine(gpu).await;
        let mut device = Device { case: &case, engine };
        device.through("clip_factor").await;
        let metrics = device.engine.read("metrics").await.unwrap();
        factors.push(metrics[2]);
        case.rates.clip = metrics[1];
    }
    assert_eq!(factors[1], 1.0);
}

/// Prediction against the oracle's, over the kernels of generation.
pub async fn check_generation(gpu: &Gpu, case: &Case) {
    let mut engine = case.engine(gpu).await;
    let prefix = &case.minibatch.inputs[..1 + case.sizes.positions() / 2];
    let got = engine.generate(prefix, WRITTEN).await.unwrap();
    let p: Parameters<f64> = case.parameters.cast();
    let expected = cpu::generate(case.sizes, &p, prefix, WRITTEN);
    assert_eq!(got, expected, "{}: generate", case.name);

    let last = prefix.len() + WRITTEN - 1;
    let mut state = vec![0.0; case.sizes.hidden];
    for &token in &expected[..last] {
        state = cpu::generate_state(case.sizes, &p, token, &state);
    }
    let read = async |name| engine.read(name).await.unwrap();
    compare(case, "generate_state", "next_state", &read("next_state").await, &state);
    compare(
        case,
        "generate_logits",
        "next_logits",
        &read("next_logits").await,
        &cpu::generate_logits(case.sizes, &p, &state),
    );
    assert_eq!(read("state").await, read("next_state").await, "{}: generate_pick", case.name);

    let all = case.sizes.vocabulary as u32;
    for (temperature, top_k, seed) in [(1.0, 1, 0), (0.7, 3, 1), (2.5, all + 1, u32::MAX)] {
        check_scores(case, &mut engine, prefix, Terms { temperature, top_k, seed }).await;
    }
}

/// How many tokens the checks of generation write.
const WRITTEN: usize = 20;

/// Tokens that are picked by their score: each place is computed by the oracle from what the device wrote up to there.
async fn check_scores(case: &Case, engine: &mut Engine, prefix: &[u32], terms: Terms) {
    let p: Parameters<f64> = case.parameters.cast();
    let Thoughts { tokens, logits } = engine.generate_scored(prefix, WRITTEN, terms).await.unwrap();
    assert_eq!((tokens.len(), &tokens[..prefix.len()]), (prefix.len() + WRITTEN, prefix), "{}", case.name);
    let mut state = vec![0.0; case.sizes.hidden];
    let mut expected = Vec::new();
    let mut scores = Vec::new();
    for (position, &token) in tokens.iter().enumerate() {
        state = cpu::generate_state(case.sizes, &p, token, &state);
        if position + 1 < prefix.len() {
            continue;
        }
        expected.extend(cpu::generate_logits(case.sizes, &p, &state));
        let place = position + 1 - prefix.len();
        let logits: Vec<f64> = cast(&logits[place * case.sizes.vocabulary..][..case.sizes.vocabulary]);
        scores = cpu::generate_score(&logits, terms, place);
        if let Some(&picked) = tokens.get(position + 1) {
            let best = scores[cpu::generate_pick(&scores) as usize];
            let short = best - scores[picked as usize]; // nothing, but for rounding
            assert!(short <= 1e-5 * best.abs().max(1.0), "{} {terms:?}: place {place} is {short:e} short", case.name);
        }
    }
    compare(case, "generate_logits", "thoughts", &logits, &expected);
    let got = engine.read("next_logits").await.unwrap();
    let out = |score: f64| score == f64::MIN;
    assert_eq!(
        got.iter().map(|&score| score == f32::MIN).collect::<Vec<_>>(),
        scores.iter().map(|&score| out(score)).collect::<Vec<_>>(),
        "{} {terms:?}: generate_score leaves out others",
        case.name
    );
    let (got, scores): (Vec<f32>, Vec<f64>) = got.into_iter().zip(scores).filter(|&(_, score)| !out(score)).unzip();
    compare(case, "generate_score", "next_logits", &got, &scores);
}

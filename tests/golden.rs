//! Results recorded on a certain day that must not change unnoticed: the initial parameters, the windows of an epoch,
//! the numbers of the oracle and of the CPU engine, checkpoints, and an address.
//!
//! A change of the code that fails here breaks existing runs, files or links. The recorded numbers may change only on
//! purpose, and the files in `tests/golden/` are never written again.
//!
//! What is compared bit by bit results from additions, multiplications, divisions and roots, which IEEE 754 defines, on
//! the CPU engine without SIMD. The standard library's `exp`, `ln` and `tanh` are the system's and may differ in the
//! last bit, so what depends on them is compared within a tolerance. (Initial weights use them for about one number in
//! a hundred, in f64, rounded to f32.)

#![cfg(not(target_arch = "wasm32"))]

#[path = "golden/address.rs"]
mod address;

use std::rc::Rc;

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use safetensors::SafeTensors;
use time_traveller::engine::Device;
use time_traveller::kernels::{network, network_of};
use time_traveller::model::config::{Cleaning, EngineChoice, Sampling, StateMode};
use time_traveller::model::{Config, Minibatch, Sizes};
use time_traveller::network::Parameters;
use time_traveller::oracle;
use time_traveller::protocol::{EpochReport, Hyperparameters, Stretch};
use time_traveller::text::Corpus;
use time_traveller::text::edition::sha1_hex;
use time_traveller::text::sampling::Epoch;
use time_traveller::train::{Checkpoint, Initial, Session};

// All that depends on the types of settings, parameters and networks is in these functions.

/// The parameters, in the order in which the digests include them.
const TENSORS: [&str; 5] = ["w_xh", "w_hh", "b_h", "w_hq", "b_q"];

/// The tensors `w_xh, w_hh, b_h, w_hq, b_q` of an untrained network.
fn initial(hidden: usize, vocabulary: usize, seed: u32) -> [Vec<f32>; 5] {
    let parameters = Parameters::init(network(Sizes { batch: 1, steps: 1, hidden, vocabulary }), seed);
    TENSORS.map(|name| parameters.tensor(name).to_vec())
}

/// The oracle in f64: a network and its state.
struct Oracle {
    parameters: Parameters<f64>,
    state: Vec<f64>,
}

impl Oracle {
    fn new(config: &Config, vocabulary: usize) -> Self {
        let parameters = Parameters::init(network_of(config, vocabulary), config.seed).cast();
        Self { parameters, state: vec![] }
    }

    /// Trains on a minibatch; returns its loss and gradient norm.
    fn train(&mut self, minibatch: &Minibatch, config: &Config) -> [f64; 2] {
        let (lr, clip, states) = (config.lr.into(), config.clip.into(), [("states", &self.state[..])]);
        let step = oracle::train(&mut self.parameters, &states, minibatch, lr, clip);
        self.state = step.last("states");
        [step.loss, step.grad_norm]
    }

    /// The tensors `w_xh, w_hh, b_h, w_hq, b_q`.
    fn tensors(&self) -> [&[f64]; 5] {
        TENSORS.map(|name| self.parameters.tensor(name))
    }
}

/// The settings of a small run on the CPU engine.
fn small() -> Config {
    Config {
        hidden: 8,
        batch: 4,
        steps: 5,
        epochs: 6,
        lr: 4.0,
        clip: 0.25,
        tokens: 100,
        sampling: Sampling::Sequential,
        state: StateMode::Carry,
        seed: 7,
        engine: EngineChoice::Cpu,
        cleaning: Cleaning::Verbatim,
        vocab: 16,
        validation: 40,
        ..Config::default()
    }
}

fn corpus(config: &Config) -> Rc<Corpus> {
    Rc::new(Corpus::of(TEXT, config.cleaning, config.vocab as usize))
}

fn begun(golden: &Golden) -> Session {
    let initial = Initial { window_offset: golden.window_offset, ..Initial::default() };
    let corpus = corpus(&golden.config);
    pollster::block_on(Session::from_initial(&Device::cpu(), &corpus, golden.config, initial)).unwrap()
}

fn resumed(file: &[u8]) -> (Session, Vec<EpochReport>) {
    let checkpoint = Checkpoint::read(file).unwrap();
    let corpus = corpus(&checkpoint.config);
    let session = pollster::block_on(Session::from_checkpoint(&Device::cpu(), &corpus, &checkpoint));
    (session.unwrap(), checkpoint.reports)
}

/// A text with more different characters than the vocabulary of [`small`] has room for.
const TEXT: &str = "The clock struck twelve, and the Time Traveller (for so it will be convenient to speak of him) \
                    was not there.\n“Where’s he?” said the Editor; “it’s past the hour!” — 时光机 — the clock struck one.\n";

#[track_caller]
fn assert_close(got: &[f64], expected: &[f64], tolerance: f64) {
    let close = |(got, expected): (&f64, &f64)| (got / expected - 1.0).abs() <= tolerance;
    assert!(got.len() == expected.len() && got.iter().zip(expected).all(close), "{got:?}, not {expected:?}");
}

/// The first numbers of `w_xh`, and digests of all parameters of a network of the book's size and of a small one.
#[test]
fn a_seed_gives_the_parameters_that_it_gave() {
    let of_seed_1 = ["6a721c78ba2244a0ccff4780e1974d441bbe5c83", "f217e648e426d073826ceb53ef197160d81f36db"];
    let of_seed_2 = ["9a3ee2ef7e23ac986d3091d4a60a7744584504ee", "7c9ffb52e61e86f94f81d0e398bcca202c68d93a"];
    for (seed, first, digests) in [
        (1, [0.008439986, 0.007155607, -0.019158715, 0.0045249644f32], of_seed_1),
        (2, [0.011986709, 0.00076929806, 0.003011177, -0.0067310124], of_seed_2),
    ] {
        for ([hidden, vocabulary], sha1) in [[512, 28], [7, 13]].into_iter().zip(digests) {
            let tensors = initial(hidden, vocabulary, seed);
            assert_eq!(tensors[0][..4], first, "hidden {hidden}, seed {seed}");
            let bytes: Vec<u8> = tensors.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
            assert_eq!(sha1_hex(&bytes), sha1, "hidden {hidden}, seed {seed}");
        }
    }
}

/// The random generator that draws a run's windows, as in [`Session`].
fn sampling(seed: u32) -> Xoshiro256PlusPlus {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.into());
    rng.long_jump();
    rng
}

/// Ten epochs in the book's setting: the offset, and the starts of the first three windows.
#[test]
fn epochs_draw_the_windows_that_they_drew() {
    const SEQUENTIAL: [[u32; 4]; 10] = [
        [27, 27, 338, 649],
        [12, 12, 324, 636],
        [19, 19, 330, 641],
        [15, 15, 327, 639],
        [13, 13, 325, 637],
        [14, 14, 326, 638],
        [10, 10, 322, 634],
        [8, 8, 320, 632],
        [25, 25, 336, 647],
        [21, 21, 332, 643],
    ];
    const RANDOM: [[u32; 4]; 10] = [
        [27, 867, 9162, 2792],
        [9, 8339, 8199, 5154],
        [19, 6844, 3869, 474],
        [23, 3138, 7548, 2823],
        [15, 8520, 1205, 8170],
        [8, 3613, 6798, 7393],
        [27, 4157, 8812, 6922],
        [12, 2952, 2742, 257],
        [33, 8048, 8468, 6823],
        [20, 8525, 7790, 545],
    ];
    let tokens: Vec<u32> = (0..10_000).collect();
    for (mode, expected) in [(Sampling::Sequential, SEQUENTIAL), (Sampling::Random, RANDOM)] {
        let config = Config { sampling: mode, ..Config::default() };
        let mut rng = sampling(1);
        let drawn = [(); 10].map(|()| {
            let epoch = Epoch::draw(&config, tokens.len(), None, &mut rng).unwrap();
            let starts = |m| epoch.minibatch(&tokens, m).inputs.into_iter().step_by(config.steps as usize);
            let earliest = (0..epoch.len()).flat_map(starts).min().unwrap();
            let offset = if mode == Sampling::Random { earliest % config.steps } else { earliest };
            let first: Vec<u32> = starts(0).take(3).collect();
            [offset, first[0], first[1], first[2]]
        });
        assert_eq!(drawn, expected, "{mode}");
    }
}

/// Three epochs: loss and gradient norm of each minibatch, and the parameters.
#[test]
fn the_oracle_learns_as_it_did() {
    const LOSSES_AND_NORMS: [[f64; 2]; 12] = [
        [2.772638554012701, 0.19393130723367094],
        [2.672831104954947, 0.228281674440411],
        [2.7690003879778997, 0.15752712301076296],
        [2.6165348020018273, 0.2491822967954469],
        [2.6321793856523192, 0.12701564954946495],
        [2.6064411697258953, 0.19632013188501138],
        [2.7587482181009606, 0.16308796907774395],
        [2.493625719293303, 0.21738212845398322],
        [2.6615399938757753, 0.21652413509858293],
        [2.496925755597321, 0.16946240490645562],
        [2.771236765894611, 0.187172689225112],
        [2.5076177647840874, 0.25489480286869987],
    ];
    /// For each tensor, the sum of its elements times 1, 2, 3 … 97, 1, 2 …
    const SUMS: [f64; 5] =
        [6.995606677200557, -5.401157222130968, -0.44875086362519506, 11.384803082662948, -36.18766727546755];
    let config = small();
    let corpus = corpus(&config);
    let mut oracle = Oracle::new(&config, corpus.vocabulary.size());
    let mut rng = sampling(config.seed);
    let mut told = Vec::new();
    for _ in 0..3 {
        let epoch = Epoch::draw(&config, config.tokens as usize, None, &mut rng).unwrap();
        oracle.state.fill(0.0);
        told.extend((0..epoch.len()).flat_map(|m| oracle.train(&epoch.minibatch(&corpus.tokens, m), &config)));
    }
    // Not bitwise: `tanh`, `exp` and `ln` are the system's. Twelve updates hardly amplify the differences.
    assert_close(&told, LOSSES_AND_NORMS.as_flattened(), 1e-12);
    for (tensor, expected) in oracle.tensors().into_iter().zip(SUMS) {
        let terms = (0..).zip(tensor).map(|(i, x)| x * f64::from(1 + i % 97));
        let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
        assert!((sum - expected).abs() <= 1e-12 * size, "{sum:?}, not {expected:?}");
    }
}

/// The recorded results of a run of six epochs on the CPU engine.
struct Golden {
    config: Config,
    window_offset: Option<usize>,
    /// The checkpoint that was saved after three epochs.
    checkpoint: &'static [u8],
    losses: [f64; 6],
    /// Perplexity of the held-out tokens.
    validation: &'static [f64],
    norms: [&'static [f32]; 6],
    /// The continuation of “the ” after the last epoch.
    sample: &'static str,
    /// SHA-1 of the parameters after three epochs, and after six.
    parameters: [&'static str; 2],
}

/// One run with carried state, held-out tokens and a limited vocabulary; one with the other modes and a fixed offset.
fn runs() -> [Golden; 2] {
    let carried = Golden {
        config: small(),
        window_offset: None,
        checkpoint: include_bytes!("golden/carried.safetensors"),
        losses: [
            2.707751214504242,
            2.6376084685325623,
            2.6431551575660706,
            2.5988270044326782,
            2.531769275665283,
            2.5245192646980286,
        ],
        validation: &[
            12.557241433860543,
            12.614131215009307,
            12.988627741444757,
            12.887149004002852,
            15.025351163331354,
            10.924773502112387,
        ],
        norms: [
            &[0.1939313, 0.22828168, 0.15752713, 0.24918231],
            &[0.12701567, 0.19632015, 0.1881374, 0.22041897],
            &[0.25496536, 0.1782352, 0.20506993, 0.26681325],
            &[0.34417626, 0.2751013, 0.24098682, 0.5970529],
            &[0.4332767, 0.49735212, 0.7737484, 0.5483109],
            &[0.59200704, 0.4096665, 0.5404621, 0.66684103],
        ],
        sample: "the <unk> <unk><unk> <unk> <unk><unk> <unk> ",
        parameters: ["157de2f71a4baeada85515440872c8ebb9f4b515", "0404b4352b1d29905cfea28b077dc37ffb115de9"],
    };
    let random = Golden {
        config: Config {
            sampling: Sampling::Random,
            state: StateMode::Reset,
            cleaning: Cleaning::Book,
            validation: 0,
            ..small()
        },
        window_offset: Some(3),
        checkpoint: include_bytes!("golden/random.safetensors"),
        losses: [
            2.7584165930747986,
            2.7078619599342346,
            2.6347386837005615,
            2.565335214138031,
            2.515546202659607,
            2.48868864774704,
        ],
        validation: &[],
        norms: [
            &[0.26002544, 0.16851656, 0.294556, 0.19839598],
            &[0.18787521, 0.1658284, 0.29957613, 0.2489619],
            &[0.19316529, 0.2996196, 0.24903575, 0.22849122],
            &[0.2303914, 0.250769, 0.22906166, 0.33444127],
            &[0.26471522, 0.5344684, 0.5632974, 0.580057],
            &[0.3553077, 0.55561954, 0.7138761, 0.47395217],
        ],
        sample: "the te te te te ",
        parameters: ["9c67dc38c2d7da0ea26f7916a0396cedbb757738", "c8b7da45f70b13339cf95178234bfc6d30d84ffb"],
    };
    [carried, random]
}

impl Golden {
    #[track_caller]
    fn check(&self, session: &Session, reports: &[EpochReport]) {
        let norms: Vec<&[f32]> = reports.iter().map(|report| report.grad_norms.as_slice()).collect();
        assert_eq!(norms, self.norms);
        // Losses need the system's `ln`, in f32.
        assert_close(&reports.iter().map(|report| report.loss).collect::<Vec<_>>(), &self.losses, 1e-6);
        let validation: Vec<f64> = reports.iter().filter_map(|report| report.validation).collect();
        assert_close(&validation, self.validation, 1e-6);
        assert_eq!(reports[5].sample.text, self.sample);
        assert_eq!(parameters(session, reports), self.parameters[1]);
    }
}

/// SHA-1 of a session's parameters, as a checkpoint has them.
fn parameters(session: &Session, reports: &[EpochReport]) -> String {
    let file = session.checkpoint(reports).write();
    let file = SafeTensors::deserialize(&file).unwrap();
    let names = ["w_xh", "w_hh", "b_h", "w_hq", "b_q"];
    sha1_hex(&names.map(|name| file.tensor(name).unwrap().data()).concat())
}

/// Trains for a stretch, and appends a report of each epoch.
fn train(session: &mut Session, reports: &mut Vec<EpochReport>, stretch: Stretch) {
    session.set_goal(stretch);
    pollster::block_on(async {
        while !session.is_at_goal() {
            if let Some(result) = session.advance().await.unwrap() {
                reports.push(result.report(session.sample("the ", 12).await.unwrap()));
            }
        }
    });
}

/// The hyperparameters change within the second epoch.
#[test]
fn the_cpu_engine_learns_as_it_did() {
    dense::without_simd();
    assert_eq!(Device::cpu().name(), "CPU (no SIMD)");
    for golden in runs() {
        let (mut session, mut reports) = (begun(&golden), Vec::new());
        train(&mut session, &mut reports, Stretch::Epoch);
        train(&mut session, &mut reports, Stretch::Minibatch);
        session.set_hyperparameters(Hyperparameters { learning_rate: 6.0, clip: 0.375 }).unwrap();
        train(&mut session, &mut reports, Stretch::Epoch);
        train(&mut session, &mut reports, Stretch::Epoch);
        assert_eq!(parameters(&session, &reports), golden.parameters[0]);
        train(&mut session, &mut reports, Stretch::Whole);
        golden.check(&session, &reports);
    }
}

/// However settings, names and the file format change, an old checkpoint can be resumed.
#[test]
fn a_checkpoint_of_that_day_resumes_as_its_run_went_on() {
    dense::without_simd();
    for golden in runs() {
        let (mut session, mut reports) = resumed(golden.checkpoint);
        assert_eq!((reports.len(), parameters(&session, &reports)), (3, golden.parameters[0].to_owned()));
        train(&mut session, &mut reports, Stretch::Whole);
        golden.check(&session, &reports);
    }
}

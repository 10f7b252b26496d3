//! A cell other than the plain RNN, defined by its folder alone: its kernels agree with their oracles, and both engines
//! train it like the oracle, generate, and refuse it above the same limits.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "cases of the plain RNN")]
#[path = "common/kernels.rs"]
mod kernels;

#[path = "toy_cell/mod.rs"]
mod toy_cell;

use kernels::Case;
use time_traveller::engine::{Device, Engine};
use time_traveller::gpu::Gpu;
use time_traveller::model::pick::Pick;
use time_traveller::model::{Cursor, StateAt};
use time_traveller::model::{Minibatch, Sizes};
use time_traveller::network::parameters::cast;
use time_traveller::network::{EpochOutput, EpochRequest, Network, Parameters, Setup, parameters_file};
use time_traveller::oracle;
use toy_cell::{LIBRARY, ORACLES};

fn case(name: &'static str, [batch, steps, hidden, vocabulary]: [usize; 4]) -> Case {
    Case::of(toy_cell::network(Sizes { batch, steps, hidden, vocabulary }), LIBRARY, ORACLES, name, 0.5)
}

fn gpu() -> Gpu {
    pollster::block_on(Gpu::open()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn its_kernels_agree_with_their_oracles() {
    let gpu = gpu();
    for (name, sizes) in
        [("one of each", [1, 1, 1, 2]), ("no multiples", [3, 2, 5, 7]), ("above a workgroup", [33, 5, 67, 65])]
    {
        for tile in gpu.tiles() {
            let case = case(name, sizes).with_tile(tile);
            pollster::block_on(kernels::check_training_step(&gpu, &case));
            pollster::block_on(kernels::check_generation(&gpu, &case));
        }
    }
}

/// The oracle's parameters and losses after `minibatches` training steps.
fn by_the_oracle(network: Network, case: &Case, minibatches: usize) -> (Vec<f64>, Vec<f64>) {
    let mut memory = oracle::memory(&case.parameters.cast(), 0.5, 1.0);
    let mut losses = Vec::new();
    for _ in 0..minibatches {
        oracle::load(&mut memory, &[], &case.minibatch);
        oracle::run(&mut memory, ORACLES, &network.training_calls());
        losses.push(memory.get("metrics")[0]);
    }
    (network.params().flat_map(|param| memory.get(&param.name).to_vec()).collect(), losses)
}

#[test]
fn both_engines_train_it_as_the_oracle_does() {
    const MINIBATCHES: usize = 5;
    let case = case("training", [6, 9, 12, 11]);
    let (network, gpu) = (case.network, gpu());
    let (expected, losses) = by_the_oracle(network, &case, MINIBATCHES);
    let before: Vec<f64> = cast(&case.parameters.numbers);
    for device in [Device::gpu(&gpu, network.sizes), Device::cpu()] {
        let setup = Setup {
            network,
            library: LIBRARY,
            minibatches: MINIBATCHES,
            hyperparameters: case.hyperparameters,
            parameters: &case.parameters,
        };
        let (metrics, parameters, answers) = pollster::block_on(async {
            let mut engine = Engine::new(&device, &setup).await.unwrap();
            let mut run = Cursor::new(MINIBATCHES);
            let minibatch = |_| -> (Minibatch, StateAt) { (case.minibatch.clone(), StateAt::Zero) };
            while !run.is_submitted() {
                engine.advance(&mut run, minibatch).await.unwrap();
            }
            let results = engine
                .request_results(&run, EpochRequest { parameters: true, ..EpochRequest::default() })
                .await
                .unwrap();
            let EpochOutput { metrics, parameters, .. } = engine.take_results(results).await.unwrap();
            let parameters = parameters.unwrap();
            let sampled = Pick::Sampled { temperature: 1.0, top_k: 3, seed: 5 };
            let answer = engine.generate_scored(&[1, 2], 9, sampled.parameters()).await.unwrap();
            (metrics, parameters, (engine.generate(&[1, 2], 9).await.unwrap(), answer.tokens))
        });
        assert_eq!((answers.0.len(), answers.1.len()), (11, 11));
        for (metrics, loss) in metrics.iter().zip(&losses) {
            assert!((f64::from(metrics.loss) / loss - 1.0).abs() < 1e-5, "{}: {metrics:?}", device.name());
        }
        let off = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        let got: Vec<f64> = cast(&parameters.numbers);
        assert!(off(&before, &expected) > 0.01, "training changes something");
        assert!(off(&got, &expected) < 1e-5, "{}: {:e}", device.name(), off(&got, &expected));
    }
}

#[test]
fn files_and_counts_follow_from_its_table() {
    let network = toy_cell::network(Sizes { batch: 2, steps: 3, hidden: 4, vocabulary: 5 });
    let parameters = Parameters::init(network, 3);
    assert_eq!(parameters_file::read(&parameters_file::write(&parameters), network), Ok(parameters));
    assert_eq!(network.parameter_count(), 5 * 4 + 4 + 4 * 5 + 5);
    assert!(network.work().flops > 0);
    let plain = time_traveller::kernels::network(network.sizes);
    let refused = parameters_file::read(&parameters_file::write(&Parameters::init(network, 3)), plain).unwrap_err();
    assert!(refused.to_string().contains("there is no tensor w_hh"), "{refused}");
}

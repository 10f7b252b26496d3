#![cfg(not(target_arch = "wasm32"))]
//! The messages between page and worker survive serialization, and keep their names.

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use time_traveller::error::Error;
use time_traveller::model::Sizes;
use time_traveller::model::config::{Cleaning, Config, SETTINGS, SettingError, Values};
use time_traveller::protocol::{
    Answer, Command, Continuation, Divergence, EpochReport, Event, Excerpt, Feature, FinalReport, Guess,
    Hyperparameters, Insight, KernelTime, Lap, Numbers, PastRace, Pick, Place, Profile, Progress, Quantity, Question,
    Sample, Selective, StartFrom, Stretch, Summary, TextChoice, TextFacts, TimeStep, Written,
};

/// Numbers with few digits, which serde_json reads exactly.
fn number() -> impl Strategy<Value = f64> {
    (0..1u64 << 40).prop_map(|n| n as f64 / 1000.0)
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

/// Settings with random valid values.
fn config() -> impl Strategy<Value = Config> {
    prop::collection::vec(0.0..1f64, SETTINGS.len()).prop_map(|places| {
        let mut config = Config::default();
        for (setting, place) in SETTINGS.iter().zip(places) {
            let value = match setting.values {
                Values::Whole(min, max) => (min + (f64::from(max - min) * place) as u32).to_string(),
                Values::Positive(max) => (f64::from(max) * place).max(1e-6).to_string(),
                Values::NotNegative(max) => (f64::from(max) * place).to_string(),
                Values::AutoOr(max) => (1 + (f64::from(max - 1) * place) as u32).to_string(),
                Values::Words(words) => words[(words.len() as f64 * place) as usize].to_owned(),
            };
            config.set(setting.key, &value).unwrap();
        }
        config
    })
}

fn text_choice() -> impl Strategy<Value = TextChoice> {
    let own =
        (text(), prop::collection::vec(any::<u8>(), 0..9)).prop_map(|(name, bytes)| TextChoice::Own { name, bytes });
    prop_oneof![Just(TextChoice::Present), Just(TextChoice::Book), own, text().prop_map(TextChoice::Address)]
}

fn sample() -> impl Strategy<Value = Sample> {
    let unknown = prop::collection::vec(any::<char>(), 0..4);
    (text(), text(), unknown).prop_map(|(prefix, text, unknown)| Sample { prefix, text, unknown })
}

fn epoch_report() -> impl Strategy<Value = EpochReport> {
    let grad_norms = prop::collection::vec(0.0..1e6f32, 0..4);
    let validation = prop::option::of(number());
    (any::<u32>(), number(), number(), grad_norms, number(), validation, sample()).prop_map(
        |(epoch, perplexity, loss, grad_norms, tokens_per_second, validation, sample)| EpochReport {
            epoch,
            perplexity,
            loss,
            grad_norms,
            tokens_per_second,
            validation,
            sample,
        },
    )
}

fn hyperparameters() -> impl Strategy<Value = Hyperparameters> {
    (1e-6..1000f32, 1e-6..1e9f32).prop_map(|(learning_rate, clip)| Hyperparameters { learning_rate, clip })
}

fn stretch() -> impl Strategy<Value = Stretch> {
    prop::sample::select(vec![Stretch::Minibatch, Stretch::Epoch, Stretch::Whole, Stretch::To(7)])
}

fn pick() -> impl Strategy<Value = Pick> {
    let sampled = (1e-3..100f32, 1..9u32, any::<u32>());
    prop::option::of(sampled).prop_map(|sampled| match sampled {
        None => Pick::Likeliest,
        Some((temperature, top_k, seed)) => Pick::Sampled { temperature, top_k, seed },
    })
}

fn guesses() -> impl Strategy<Value = Vec<Guess>> {
    prop::collection::vec((any::<Option<char>>(), 0.0..1f32), 0..6)
}

fn continuation() -> impl Strategy<Value = Continuation> {
    let written = (any::<Option<char>>(), 0.0..20f32, guesses()).prop_map(|(character, surprise, guesses)| Written {
        character,
        surprise,
        guesses,
    });
    (sample(), prop::collection::vec(written, 0..3), guesses()).prop_map(|(sample, written, next)| Continuation {
        sample,
        written,
        next,
    })
}

fn final_report() -> impl Strategy<Value = FinalReport> {
    (any::<u32>(), number(), number(), text(), prop::collection::vec(sample(), 0..3)).prop_map(
        |(epochs, perplexity, tokens_per_second, device, samples)| FinalReport {
            epochs,
            perplexity,
            tokens_per_second,
            device,
            samples,
        },
    )
}

fn progress() -> impl Strategy<Value = Progress> {
    (any::<u32>(), any::<u32>(), number(), number()).prop_map(|(epoch, minibatch, tokens_per_second, seconds_left)| {
        Progress { epoch, minibatch, tokens_per_second, seconds_left }
    })
}

fn beginning() -> impl Strategy<Value = StartFrom> {
    let parameters = prop::option::of(prop::collection::vec(any::<u8>(), 0..12));
    let checkpoint = prop::option::of(prop::collection::vec(any::<u8>(), 0..12));
    (parameters, any::<Option<u32>>(), checkpoint).prop_map(|(parameters, window_offset, checkpoint)| StartFrom {
        parameters,
        window_offset,
        checkpoint,
    })
}

fn past_race(name: &str) -> PastRace {
    let laps = vec![
        Lap { name: name.to_owned(), tokens_per_second: Some(0.5) },
        Lap { name: String::new(), tokens_per_second: None },
    ];
    PastRace { network: String::new(), sizes: Sizes { batch: 1, steps: 2, hidden: 3, vocabulary: 4 }, laps }
}

fn profile(name: String) -> Profile {
    let kernel = KernelTime { name: name.clone(), dispatches: 35, seconds: 0.25, flops: 1 << 40, bytes: 7 };
    Profile {
        device: name,
        bytes: 9,
        kernels: vec![kernel],
        tokens: 3,
        minibatch: 0.5,
        recording: 0.125,
        read_back: 0.0,
    }
}

/// One of each command.
fn commands() -> impl Strategy<Value = [Command; 16]> {
    let numbers = (any::<u32>(), any::<u32>());
    let others = (stretch(), hyperparameters(), pick(), text_choice());
    (numbers, config(), text(), beginning(), others).prop_map(
        |((number, length), config, prefix, beginning, others)| {
            let (stretch, hyperparameters, pick, choice) = others;
            let commands = [
                Command::Train { run: number, config, prefix: prefix.clone(), beginning, stretch },
                Command::Pause,
                Command::Resume { stretch },
                Command::SetHyperparameters { hyperparameters },
                Command::Reset,
                Command::Checkpoint { request: number },
                Command::SamplePrefix { prefix: prefix.clone() },
                Command::Generate { request: number, prefix: prefix.clone(), length, pick, config },
                Command::Profile { request: number, config },
                Command::Recall { races: vec![past_race("a device")] },
                Command::Text { choice, cleaning: config.cleaning, vocab: config.vocab },
                Command::Examine { request: number, file: vec![0, 255] },
                Command::Seen,
                Command::Pace { config },
                Command::Branch { run: number, epoch: number, config, prefix: prefix.clone(), stretch },
                Command::Inspect {
                    request: number,
                    config,
                    excerpt: Excerpt::Given(prefix),
                    epoch: Some(number),
                    questions: vec![
                        Question::Connectivity { at: number },
                        Question::Unit { layer: 0, unit: number },
                        Question::GradientNorms { scale: 1.5, epoch: Some(number) },
                        Question::Ranking { layer: 1 },
                        Question::Elsewhere(selective(number)),
                        Question::Step { t: 1, units: number },
                    ],
                },
            ];
            // A new command does not compile here: add it above.
            for (i, command) in commands.iter().enumerate() {
                let place = match command {
                    Command::Train { .. } => 0,
                    Command::Pause => 1,
                    Command::Resume { .. } => 2,
                    Command::SetHyperparameters { .. } => 3,
                    Command::Reset => 4,
                    Command::Checkpoint { .. } => 5,
                    Command::SamplePrefix { .. } => 6,
                    Command::Generate { .. } => 7,
                    Command::Profile { .. } => 8,
                    Command::Recall { .. } => 9,
                    Command::Text { .. } => 10,
                    Command::Examine { .. } => 11,
                    Command::Seen => 12,
                    Command::Pace { .. } => 13,
                    Command::Branch { .. } => 14,
                    Command::Inspect { .. } => 15,
                };
                assert_eq!(i, place);
            }
            commands
        },
    )
}

fn selective(unit: u32) -> Selective {
    Selective { layer: 1, unit, feature: Feature::Next('é'), threshold: -0.25, above: false, score: 0.75 }
}

fn facts(name: String, tokens: u32, vocabulary: u32) -> TextFacts {
    TextFacts {
        counts: name.chars().zip([3, 1]).collect(),
        name,
        is_books: tokens.is_multiple_of(2),
        own: tokens.is_multiple_of(3),
        characters: tokens,
        cleaning: Cleaning::Verbatim,
        vocab: vocabulary,
        tokens,
        vocabulary,
        unknown: 1,
        rare: 2,
        beginning: "t".into(),
    }
}

/// One of each event.
fn events() -> impl Strategy<Value = [Event; 29]> {
    let numbers = (any::<u32>(), any::<u32>(), any::<u32>(), any::<Option<u32>>());
    (numbers, text(), (sample(), continuation()), progress(), epoch_report(), final_report(), hyperparameters())
        .prop_map(|((run, n, m, maybe_run), text, (sample, continuation), progress, epoch, last, hyperparameters)| {
            let summary = Summary {
                config: Config::default(),
                window_offset: maybe_run,
                epoch: n,
                perplexity: Some(progress.seconds_left),
                text: text.clone(),
                prefix: None,
            };
            let error = SettingError::Refused { key: "lr".into(), given: text.clone() }.into();
            let error = if n % 2 == 0 { Error::Gpu(text.clone()) } else { error };
            let events = [
                Event::Ready,
                Event::Text { facts: facts(text.clone(), n, m) },
                Event::Device { name: text.clone(), race: past_race(&text).laps },
                Event::Started { run, minibatches: n, bytes: n.into() },
                Event::Opened { run, config: Config { hidden: n, ..Config::default() }, reports: vec![epoch.clone()] },
                Event::Untrained { run, sample },
                Event::Progress { run, progress },
                Event::Epochs { run, reports: vec![epoch] },
                Event::Paused { run },
                Event::Resumed { run },
                Event::HyperparametersSet { run, epoch: n, minibatch: m, hyperparameters },
                Event::HyperparametersRefused { error: error.clone() },
                Event::Recovered { run, epoch: n, reason: text.clone() },
                Event::Lost { run, error: Error::Lost { reason: text.clone() } },
                Event::Diverged {
                    run,
                    divergence: Divergence {
                        quantity: Quantity::GradNorm,
                        epoch: n,
                        minibatch: m,
                        proposal: hyperparameters,
                    },
                },
                Event::Finished { run, report: last },
                Event::Idle,
                Event::Generated { request: n, continuation },
                Event::Checkpoint { request: n, summary: summary.clone(), file: text.clone().into_bytes() },
                Event::Refused { request: n, error: error.clone() },
                Event::Broken { error: Error::WorkerBroke(text.clone()) },
                Event::Failed { run: maybe_run, error },
                Event::Profiled { request: n, profile: profile(text.clone()) },
                Event::Raced { race: past_race(&text) },
                Event::TextRefused { error: Error::NotUtf8 { offset: n as usize } },
                Event::Examined { request: n, summary },
                Event::NoGpu,
                Event::Paced { config: Config::default(), seconds: 0.5 },
                Event::Inspected {
                    request: n,
                    insight: Insight {
                        epoch: n,
                        characters: vec![Some('a'), None],
                        answers: vec![
                            Answer::Connectivity { of: Some('b'), magnitudes: vec![0.5, -1.5] },
                            Answer::Unit(vec![vec![0.25]]),
                            Answer::GradientNorms { epoch: n, layers: vec![vec![2.0, 0.125]] },
                            Answer::Ranking(vec![selective(n)]),
                            Answer::Elsewhere(vec![Place { first: n, characters: vec![None], states: vec![-1.0] }]),
                            Answer::Step(TimeStep {
                                tokens: [(1, Some('a')), (0, None)],
                                likeliest: vec![(0, None)],
                                vocabulary: n,
                                numbers: vec![Numbers { name: "dz".into(), layer: n, numbers: vec![1.0] }],
                            }),
                        ],
                        seconds: 0.25,
                    },
                },
            ];
            // A new event does not compile here: add it above.
            for (i, event) in events.iter().enumerate() {
                let place = match event {
                    Event::Ready => 0,
                    Event::Text { .. } => 1,
                    Event::Device { .. } => 2,
                    Event::Started { .. } => 3,
                    Event::Opened { .. } => 4,
                    Event::Untrained { .. } => 5,
                    Event::Progress { .. } => 6,
                    Event::Epochs { .. } => 7,
                    Event::Paused { .. } => 8,
                    Event::Resumed { .. } => 9,
                    Event::HyperparametersSet { .. } => 10,
                    Event::HyperparametersRefused { .. } => 11,
                    Event::Recovered { .. } => 12,
                    Event::Lost { .. } => 13,
                    Event::Diverged { .. } => 14,
                    Event::Finished { .. } => 15,
                    Event::Idle => 16,
                    Event::Generated { .. } => 17,
                    Event::Checkpoint { .. } => 18,
                    Event::Refused { .. } => 19,
                    Event::Broken { .. } => 20,
                    Event::Failed { .. } => 21,
                    Event::Profiled { .. } => 22,
                    Event::Raced { .. } => 23,
                    Event::TextRefused { .. } => 24,
                    Event::Examined { .. } => 25,
                    Event::NoGpu => 26,
                    Event::Paced { .. } => 27,
                    Event::Inspected { .. } => 28,
                };
                assert_eq!(i, place);
            }
            events
        })
}

fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap()
}

fn there_and_back<T: Serialize + DeserializeOwned>(message: &T) -> (String, T) {
    let json = json(message);
    let back = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
    (json, back)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_command_comes_back_as_it_went(commands in commands()) {
        for command in commands {
            let (json, back) = there_and_back(&command);
            prop_assert_eq!(back, command, "{}", json);
        }
    }

    #[test]
    fn every_event_comes_back_as_it_went(events in events()) {
        for event in events {
            let (json, back) = there_and_back(&event);
            prop_assert_eq!(back, event, "{}", json);
        }
    }
}

/// Page and worker may be of two builds while a browser's cache is stale, and other programs read these messages too,
/// so a name must not change by accident.
#[test]
fn names_are_stable() {
    let config = Config { lr: 0.5, ..Config::default() };
    let beginning = StartFrom { parameters: Some(vec![8, 255]), window_offset: Some(7), checkpoint: None };
    let train = Command::Train { run: 3, config, prefix: "time".into(), beginning, stretch: Stretch::Epoch };
    assert_eq!(
        json(&train),
        format!(
            r#"{{"Train":{{"run":3,"config":{},"prefix":"time","beginning":{{"parameters":[8,255],"window_offset":7,"checkpoint":null}},"stretch":"Epoch"}}}}"#,
            json(&config)
        )
    );
    // New settings may be among them.
    let settings = json(&config);
    for field in [
        r#""hidden":512"#,
        r#""batch":32"#,
        r#""steps":35"#,
        r#""epochs":500"#,
        r#""lr":0.5"#,
        r#""clip":1.0"#,
        r#""tokens":10000"#,
        r#""sampling":"sequential""#,
        r#""state":"carry""#,
        r#""seed":1"#,
        r#""engine":"auto""#,
        r#""cleaning":"book""#,
        r#""vocab":4000"#,
        r#""validation":0"#,
    ] {
        assert!(settings.contains(field), "{field} in {settings}");
    }
    assert_eq!(json(&Command::Pause), r#""Pause""#);
    let pick = Pick::Sampled { temperature: 0.5, top_k: 3, seed: 9 };
    assert_eq!(json(&pick), r#"{"Sampled":{"temperature":0.5,"top_k":3,"seed":9}}"#);
    let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 2.0 };
    assert_eq!(
        json(&Command::SetHyperparameters { hyperparameters }),
        r#"{"SetHyperparameters":{"hyperparameters":{"learning_rate":0.5,"clip":2.0}}}"#
    );
    let guesses = vec![(Some('a'), 0.75), (None, 0.25)];
    let written = Written { character: Some('a'), surprise: 0.5, guesses };
    assert_eq!(json(&written), r#"{"character":"a","surprise":0.5,"guesses":[["a",0.75],[null,0.25]]}"#);
    let sample = Sample { prefix: "tïme".into(), text: "t<unk>me a".into(), unknown: vec!['ï'] };
    let report = EpochReport {
        epoch: 2,
        perplexity: 20.5,
        loss: 3.25,
        grad_norms: vec![0.5],
        tokens_per_second: 1500.0,
        validation: Some(21.5),
        sample,
    };
    assert_eq!(
        json(&Event::Epochs { run: 3, reports: vec![report] }),
        r#"{"Epochs":{"run":3,"reports":[{"epoch":2,"perplexity":20.5,"loss":3.25,"grad_norms":[0.5],"tokens_per_second":1500.0,"validation":21.5,"sample":{"prefix":"tïme","text":"t<unk>me a","unknown":["ï"]}}]}}"#
    );
    assert_eq!(
        json(&Event::Failed { run: None, error: Error::Gpu("no".into()) }),
        r#"{"Failed":{"run":null,"error":{"Gpu":"no"}}}"#
    );
    assert_eq!(json(&Event::Idle), r#""Idle""#);
}

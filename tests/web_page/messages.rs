//! Messages and stored records as JavaScript objects are read as they were written, by an earlier version too.

use js_sys::JSON;
use serde::Serialize;
use serde::de::DeserializeOwned;
use time_traveller::error::Error;
use time_traveller::model::config::{AutoOr, SettingError};
use time_traveller::model::{Config, FileFault, Sizes};
use time_traveller::protocol::{
    Answer, Command, Continuation, Event, Excerpt, Feature, Insight, KernelTime, Lap, Numbers, PastRace, Pick, Place,
    Profile, Question, Selective, StartFrom, Stretch, Summary, TextChoice, TextFacts, TimeStep, Written, js,
};
use time_traveller::ui::checkpoints::record::Record;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{report, sample};

fn there_and_back<T: Serialize + DeserializeOwned>(message: &T) -> T {
    js::read(js::write(message).unwrap()).unwrap()
}

fn parsed<T: DeserializeOwned>(json: &str) -> Result<T, js::NotRead> {
    js::read(JSON::parse(json).unwrap())
}

fn config() -> Config {
    let config = Config { hidden: 7, lr: 0.1, threads: AutoOr(Some(3)), seed: u32::MAX, ..Config::default() };
    assert_ne!(config, Config::default());
    config
}

fn selective() -> Selective {
    Selective { layer: 1, unit: 2, feature: Feature::Next('é'), threshold: -0.25, above: false, score: 0.75 }
}

fn race() -> PastRace {
    let laps = [Some(0.5), None].map(|tokens_per_second| Lap { name: "a device".into(), tokens_per_second });
    let sizes = Sizes { batch: 1, steps: 2, hidden: 3, vocabulary: 4 };
    PastRace { network: "lstm".into(), sizes, laps: laps.to_vec() }
}

#[wasm_bindgen_test]
fn commands_come_back_as_they_went() {
    let files = [None, Some(vec![0, 128, 255])];
    let [beginning, from_files] = files.map(|file| StartFrom {
        window_offset: file.as_ref().map(|_| 3),
        checkpoint: file.clone(),
        parameters: file,
    });
    let (config, prefix) = (config(), "tïme".to_owned());
    let questions = vec![
        Question::Connectivity { at: 1 },
        Question::GradientNorms { scale: 1.5, epoch: None },
        Question::Elsewhere(selective()),
        Question::Step { t: 1, units: 4 },
    ];
    let excerpt = Excerpt::Text { first: 1, length: 2 };
    let pick = Pick::Sampled { temperature: 0.1, top_k: 3, seed: 9 };
    let own = TextChoice::Own { name: "mine.txt".into(), bytes: vec![] };
    for command in [
        Command::Train { run: 1, config, prefix: prefix.clone(), beginning, stretch: Stretch::Whole },
        Command::Train { run: 1, config, prefix: prefix.clone(), beginning: from_files, stretch: Stretch::To(9) },
        Command::Pause,
        Command::Generate { request: 2, prefix: prefix.clone(), length: 50, pick, config },
        Command::Inspect { request: 3, config, excerpt, epoch: Some(4), questions },
        Command::Text { choice: own, cleaning: config.cleaning, vocab: 5 },
        Command::Text { choice: TextChoice::Address(prefix), cleaning: config.cleaning, vocab: 5 },
        Command::Recall { races: vec![race()] },
    ] {
        assert_eq!(there_and_back(&command), command);
    }
}

#[wasm_bindgen_test]
fn events_come_back_as_they_went() {
    let error = Error::BadCheckpoint(FileFault::Shape { name: "b_h".into(), given: vec![3, 2], wanted: vec![] });
    let refused = Error::Setting(SettingError::Refused { key: "lr".into(), given: "x".into() });
    let of_step = TimeStep {
        tokens: [(1, Some('a')), (0, None)],
        likeliest: vec![(0, None)],
        vocabulary: 28,
        numbers: vec![Numbers { name: "dz".into(), layer: 1, numbers: vec![f32::MIN_POSITIVE, f32::MAX] }],
    };
    let insight = Insight {
        epoch: 1,
        characters: vec![Some('a'), None],
        answers: vec![
            Answer::Connectivity { of: Some('b'), magnitudes: vec![0.5, -1.5] },
            Answer::Unit(vec![vec![0.25], vec![]]),
            Answer::Ranking(vec![selective()]),
            Answer::Elsewhere(vec![Place { first: 9, characters: vec![None], states: vec![-1.0] }]),
            Answer::Step(of_step),
        ],
        seconds: 0.25,
    };
    let kernel = KernelTime { name: "cell".into(), dispatches: 35, seconds: 0.25, flops: 1 << 40, bytes: 7 };
    let profile = Profile {
        device: "a device".into(),
        bytes: 9,
        kernels: vec![kernel],
        tokens: 3,
        minibatch: 0.5,
        recording: 0.125,
        read_back: 0.0,
    };
    let written = Written { character: None, surprise: 0.5, guesses: vec![(Some('a'), 0.75), (None, 0.25)] };
    let continuation = Continuation { sample: sample("time", "r"), written: vec![written], next: vec![] };
    let facts = TextFacts { counts: vec![('é', 3)], is_books: true, ..TextFacts::default() };
    for event in [
        Event::Ready,
        Event::Text { facts },
        Event::Raced { race: race() },
        Event::Epochs { run: 1, reports: vec![report(1, 20.5), report(2, f64::MAX)] },
        Event::Generated { request: 1, continuation },
        Event::Inspected { request: 1, insight },
        Event::Profiled { request: 1, profile },
        Event::Checkpoint { request: 1, summary: summary(), file: vec![0, 128, 255] },
        Event::Refused { request: 1, error },
        Event::Failed { run: None, error: refused },
        Event::Broken { error: Error::WorkerBroke("why".into()) },
    ] {
        assert_eq!(there_and_back(&event), event);
    }
}

fn summary() -> Summary {
    let text = "a".repeat(40);
    Summary { config: config(), window_offset: None, epoch: 3, perplexity: Some(1.5), text, prefix: Some("t".into()) }
}

#[wasm_bindgen_test]
fn records_of_an_earlier_version_are_read() {
    let record: Record = parsed(
        r#"{"id":"1","page":"2","saved":3.5,"name":"","from_file":false,"later":{"unknown":[]},
            "summary":{"config":{"hidden":64,"kinds":20,"sampling":"random"},"epoch":4,"perplexity":null,"text":"abc"}}"#,
    )
    .unwrap();
    let sampling = "random".parse().unwrap();
    let config = Config { hidden: 64, vocab: 20, sampling, ..Config::default() };
    assert_eq!((record.own_text, record.is_books, record.summary.config), (None, false, config));
    assert_eq!((record.saved, record.summary.epoch, record.summary.perplexity), (3.5, 4, None));
    let PastRace { network, .. } =
        parsed(r#"{"sizes":{"batch":1,"steps":2,"hidden":3,"vocabulary":4},"laps":[]}"#).unwrap();
    assert_eq!(network, "");
}

#[wasm_bindgen_test]
fn what_is_no_message_is_refused() {
    for json in [
        "null",
        "3",
        "[]",
        "{}",
        r#""Later""#,
        r#"{"Later":{}}"#,
        r#"{"Started":null}"#,
        r#"{"Started":{"run":1,"minibatches":2}}"#,
        r#"{"Started":{"run":-1,"minibatches":2,"bytes":3}}"#,
        r#"{"Started":{"run":1.5,"minibatches":2,"bytes":3}}"#,
        r#"{"Started":{"run":4294967296,"minibatches":2,"bytes":3}}"#,
        r#"{"Started":{"run":"1","minibatches":2,"bytes":3}}"#,
        r#"{"Device":{"name":"a","race":{}}}"#,
        r#"{"Device":{"name":"a","race":[{"name":null}]}}"#,
        r#"{"Checkpoint":{"request":1,"summary":{},"file":[1]}}"#,
    ] {
        assert!(parsed::<Event>(json).is_err(), "{json}");
    }
    let event = parsed::<Event>(r#"{"Started":{"run":1,"minibatches":2,"bytes":3}}"#);
    assert_eq!(event.unwrap(), Event::Started { run: 1, minibatches: 2, bytes: 3 });
    assert!(js::read::<Event>(JsValue::UNDEFINED).is_err());
}

//! A run that is put into a file and taken out of it again; and files that are no such thing.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

use std::sync::LazyLock;

use proptest::prelude::*;
use script::*;
use time_traveller::model::config::{EngineChoice, Sampling, StateMode};
use time_traveller::model::{Config, Parameters, parameters_file};
use time_traveller::protocol::{Beginning, Command, EpochReport, Event, Rates, Sample, Stretch};
use time_traveller::text::Corpus;
use time_traveller::train::Checkpoint;

fn from(file: &[u8]) -> Beginning {
    Beginning { checkpoint: Some(file.to_vec()), ..Beginning::default() }
}

fn save(request: u32) -> Command {
    Command::Checkpoint { request }
}

#[track_caller]
fn file(events: &[Event], request: u32) -> Vec<u8> {
    match &events[the(events, answered(request))] {
        Event::Checkpoint { file, .. } => file.clone(),
        other => panic!("{other:?}"),
    }
}

/// The settings and reports that a run which was opened tells.
#[track_caller]
fn opened(events: &[Event]) -> (Config, &[EpochReport]) {
    match &events[the(events, |event| matches!(event, Event::Opened { .. }))] {
        Event::Opened { config, reports, .. } => (*config, reports),
        _ => unreachable!(),
    }
}

/// A whole run's numbers, as those of an interrupted one: epochs before the interruption and after it.
#[track_caller]
fn assert_goes_on(before: &[EpochReport], after: &[Event], whole: &[Event]) {
    let bits = |report: &EpochReport| {
        let norms = report.grad_norms.iter().map(|norm| u64::from(norm.to_bits()));
        let numbers: Vec<u64> = [report.loss, report.perplexity].map(f64::to_bits).into_iter().chain(norms).collect();
        (report.epoch, numbers, report.sample.clone())
    };
    let interrupted: Vec<_> = before.iter().chain(reports(after)).map(bits).collect();
    assert_eq!(interrupted, reports(whole).into_iter().map(bits).collect::<Vec<_>>());
    assert_eq!(final_report(after).samples, final_report(whole).samples);
}

#[test]
fn a_run_from_a_checkpoint_is_the_run_that_was_never_interrupted() {
    for (sampling, state, engine) in [
        (Sampling::Sequential, StateMode::Carry, EngineChoice::Gpu),
        (Sampling::Sequential, StateMode::Carry, EngineChoice::Cpu),
        (Sampling::Random, StateMode::Reset, EngineChoice::Gpu),
        (Sampling::Random, StateMode::Reset, EngineChoice::Cpu),
    ] {
        let config = Config { sampling, state, engine, epochs: 9, ..small() };
        // In the midst of an epoch, whatever the device is doing.
        let whole = play([part([train(1, config)], epoch(4)), part([save(1)], answered(1)), part([], finished)]);
        let after =
            play([part([train_from(1, Config { engine, ..Config::default() }, from(&file(&whole, 1)))], finished)]);
        let (settings, before) = opened(&after);
        assert_eq!((settings.hidden, settings.seed, settings.epochs), (config.hidden, config.seed, 500), "{sampling}");
        assert_eq!(before.len(), 4);
        let fewer = Config { engine, epochs: 9, ..Config::default() };
        let after = play([part([train_from(1, fewer, from(&file(&whole, 1)))], finished)]);
        assert_eq!(opened(&after).0, config);
        assert_goes_on(opened(&after).1, &after, &whole);
        assert_eq!(opened(&after).1.iter().collect::<Vec<_>>(), reports(&whole)[..4], "to the speed and the sample");
    }
}

#[test]
fn rates_and_a_fixed_offset_are_kept() {
    let rates = [0.5, 0.25].map(|learning_rate| Rates { learning_rate, clip: 0.5 });
    let set = |n: usize| Command::SetRates { rates: rates[n] };
    let go_on = |stretch| Command::Resume { stretch };
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let config = Config { engine, ..small() };
        let beginning = Beginning { window_offset: Some(3), ..Beginning::default() };
        let first =
            Command::Train { run: 1, config, prefix: "time".to_owned(), beginning, stretch: Stretch::Minibatch };
        // The second change is in the epoch that the checkpoint does not have yet.
        let whole = play([
            part([first], paused),
            part([set(0), go_on(Stretch::Epoch)], paused),
            part([go_on(Stretch::Minibatch)], paused),
            part([set(1), save(1)], answered(1)),
            part([go_on(Stretch::Whole)], finished),
        ]);
        let after = play([part([train_from(1, config, from(&file(&whole, 1)))], finished)]);
        assert_goes_on(opened(&after).1, &after, &whole);
        let told = after.iter().filter_map(|event| match event {
            Event::RatesSet { epoch, minibatch, rates, .. } => Some((*epoch, *minibatch, *rates)),
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), [(0, 1, rates[0]), (1, 1, rates[1])]);
    }
}

#[test]
fn a_finished_run_can_be_opened_and_taken_further() {
    let config = Config { epochs: 3, ..small() };
    let events = play([part([train(1, config)], finished), part([save(1)], answered(1))]);
    let saved = file(&events, 1);
    let again =
        play([part([train_from(1, config, from(&saved))], finished), part([generate(1, "time", config)], answered(1))]);
    assert!(reports(&again).is_empty());
    let one_more =
        Command::Train { run: 1, config, prefix: "time".to_owned(), beginning: from(&saved), stretch: Stretch::Epoch };
    assert!(reports(&play([part([one_more], finished)])).is_empty(), "there is no epoch left to go");
    assert_eq!(final_report(&again).perplexity, final_report(&events).perplexity);
    assert_eq!(generated(&again, 1).text, reports(&events)[2].sample.text);
    let longer = Config { epochs: 7, ..config };
    let further = play([part([train_from(1, longer, from(&saved))], finished)]);
    assert_goes_on(opened(&further).1, &further, &play([part([train(1, longer)], finished)]));
}

/// Also of a run that has not finished an epoch; and not of none.
#[test]
fn a_checkpoint_can_be_had_from_the_first_moment_on() {
    let events = play([
        part([save(1)], answered(1)),
        part([train_some(1, small(), Stretch::Minibatch)], paused),
        part([save(2), resume()], finished),
    ]);
    let Event::Refused { error, .. } = &events[the(&events, answered(1))] else { panic!("{events:#?}") };
    let message = error.to_string();
    assert!(message.contains("no network to save"), "{message}");
    let after = play([part([train_from(1, small(), from(&file(&events, 2)))], finished)]);
    assert_goes_on(&[], &after, &events);
}

/// What a file is of can be asked at any time, and a file that is of no use harms no run.
#[test]
fn a_file_is_examined_while_a_run_goes_on() {
    let config = Config { epochs: 3, ..small() };
    let events = play([part([train(1, config)], finished), part([save(1)], answered(1))]);
    let Event::Checkpoint { summary, file, .. } = &events[the(&events, answered(1))] else { panic!("{events:#?}") };
    let last = reports(&events)[2];
    assert_eq!((summary.config, summary.epoch, summary.perplexity), (config, 3, Some(last.perplexity)));
    assert_eq!(summary.text, corpus().sha1());
    let examine = |request, file: &[u8]| Command::Examine { request, file: file.to_vec() };
    let again = play([
        part([examine(1, file)], answered(1)),
        part([train(1, config)], epoch(1)),
        part([examine(2, file), examine(3, b"PK")], answered(3)),
        part([examine(4, &Checkpoint { text: "of something else".into(), ..example() }.write())], answered(4)),
        part([], finished),
    ]);
    for request in [1, 2] {
        assert!(matches!(&again[the(&again, answered(request))], Event::Examined { summary: s, .. } if s == summary));
    }
    for (request, sentence) in [(3, "no safetensors file"), (4, "of another text")] {
        let Event::Refused { error, .. } = &again[the(&again, answered(request))] else { panic!("{again:#?}") };
        assert!(error.to_string().contains(sentence), "{error}");
    }
    assert_eq!(outcome(&again), outcome(&events));
}

/// A run of two epochs as a file, without a device.
fn example() -> Checkpoint {
    let corpus = corpus();
    let config = Config { lr: 0.1, ..small() };
    let report = |epoch: u32, grad_norms: Vec<f32>| EpochReport {
        epoch,
        loss: 0.1 + f64::from(epoch),
        perplexity: (0.1 + f64::from(epoch)).exp(),
        grad_norms,
        tokens_per_second: 1234.5,
        sample: Sample { prefix: "tïme \"\n".into(), text: "t<unk>me".into(), unknown: vec!['\n', '"', 'ï'] },
    };
    let rates = Rates { learning_rate: 0.1, clip: 1.0 };
    Checkpoint {
        config,
        window_offset: Some(2),
        vocabulary: corpus.vocabulary.characters().iter().collect(),
        text: corpus.sha1(),
        rates: vec![((0, 0), rates), ((1, 3), Rates { clip: 0.3, ..rates })],
        reports: vec![report(1, vec![0.1, 0.2]), report(2, vec![0.3])],
        parameters: Parameters::init(sizes(config), 7),
    }
}

#[test]
fn what_is_written_is_read_and_any_program_finds_the_parameters() {
    let checkpoint = example();
    let file = checkpoint.write();
    assert_eq!(Checkpoint::read(&file), Ok(checkpoint.clone()));
    assert_eq!(checkpoint.check(&corpus()), Ok(()));
    assert_eq!(parameters_file::read(&file, sizes(checkpoint.config)), Ok(checkpoint.parameters.clone()));
    let empty = Checkpoint { reports: vec![], window_offset: None, ..checkpoint };
    assert_eq!(Checkpoint::read(&empty.write()), Ok(empty));
}

/// The example's file with a piece of its header replaced by another of the same length.
fn with_header(from: &str, to: &str) -> Vec<u8> {
    let file = example().write();
    assert_eq!(from.len(), to.len());
    let at = file.windows(from.len()).position(|window| window == from.as_bytes());
    let at = at.unwrap_or_else(|| panic!("the header has no {from}"));
    [&file[..at], to.as_bytes(), &file[at + to.len()..]].concat()
}

#[test]
fn every_fault_has_its_sentence() {
    let good = example();
    let with = |change: &dyn Fn(&mut Checkpoint)| {
        let mut checkpoint = good.clone();
        change(&mut checkpoint);
        checkpoint.write()
    };
    let header = with_header;
    let parameters = parameters_file::write(&good.parameters, sizes(good.config));
    let whole = good.write();
    let faults: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "it is no safetensors file"),
        (b"PK\x03\x04 a zip file, as torch.save makes it".to_vec(), "it is no safetensors file"),
        (whole[..whole.len() - 1].to_vec(), "it is no safetensors file"),
        ([&whole[..], b"x"].concat(), "it is no safetensors file"),
        (parameters, "it is no checkpoint, for its metadata lack format"),
        (header("checkpoint 1", "checkpoint 2"), "its format is “time-traveller checkpoint 2”"),
        (header("\"vocabulary\"", "\"vocabularx\""), "its metadata lack vocabulary"),
        (header("\"text\"", "\"texx\""), "its metadata lack text"),
        (header("\"seed\"", "\"seex\""), "its metadata lack seed"),
        (header("\"hidden\":\"8\"", "\"hidden\":\"0\""), "its settings are wrong: Hidden units (hidden) is “0”"),
        (header("\"lr\":\"0.1\"", "\"lr\":\"abc\""), "its settings are wrong: Learning rate (lr) is “abc”"),
        (header("\"sequential\"", "\"sequentiax\""), "Sampling (sampling) is “sequentiax”"),
        (header("\"window-offset\":\"2\"", "\"window-offset\":\"6\""), "its window offset is “6”"),
        (header("\"w_hh\"", "\"w_hx\""), "there is no tensor w_hh"),
        (header("\"b_q\"", "\"b_x\""), "there is no tensor b_q"),
        (header("\"epochs\":{", "\"epochx\":{"), "there is no tensor epochs"),
        (header("\"grad_norms\"", "\"grad_normx\""), "there is no tensor grad_norms"),
        (header("\"rates\"", "\"ratex\""), "there is no tensor rates"),
        (header("\"hidden\":\"8\"", "\"hidden\":\"9\""), "w_xh has the shape [22, 8], not [22, 9]"),
        (header("[2,3]", "[3,2]"), "epochs has the shape [3, 2], not [3, 3]"),
        (header("[8]", "[4]"), "it is no safetensors file"),
        (header("\"samples\":\"[", "\"samples\":\"{"), "its samples are no list of texts"),
        (with(&|c| c.parameters.w_hq[4] = f32::NAN), "element 4 of w_hq is NaN"),
        (with(&|c| c.parameters.b_h[1] = f32::INFINITY), "element 1 of b_h is inf"),
        (with(&|c| c.reports[1].loss = f64::NAN), "element 3 of epochs is NaN"),
        (with(&|c| c.reports[1].loss = 800.0), "epoch 2 has the loss 800"),
        (with(&|c| c.reports[0].tokens_per_second = 0.0), "epoch 1 has the loss 1.1 and 0 tokens per second"),
        (with(&|c| c.reports[0].grad_norms[1] = f32::NEG_INFINITY), "element 1 of grad_norms is -inf"),
        (with(&|c| c.config.epochs = 1), "it has 2 epochs of 1"),
        (with(&|c| c.rates.clear()), "its rates do not begin at the beginning"),
        (with(&|c| c.rates[0].0 = (0, 1)), "its rates do not begin at the beginning"),
        (with(&|c| c.rates.push(((1, 2), c.rates[0].1))), "or are not in order"),
        (with(&|c| c.rates[1].1.learning_rate = 0.0), "its rates are wrong: Learning rate (lr) is “0”"),
    ];
    for (file, sentence) in faults {
        let error = Checkpoint::read(&file).expect_err(sentence).to_string();
        assert!(error.starts_with("The checkpoint can't be used: ") && error.contains(sentence), "{sentence}: {error}");
        assert!(error.ends_with("; choose another, or begin anew."), "{error}");
    }
}

#[test]
fn a_checkpoint_of_another_text_says_so() {
    let longer = Corpus::new(&"A small clock ticks on the table, and the traveller who built it waits.\n".repeat(12));
    let other = example().check(&longer).unwrap_err().to_string();
    assert!(other.contains("of another vocabulary"), "{other}");
    let mut same = corpus();
    same.tokens.pop();
    let other = example().check(&same).unwrap_err().to_string();
    assert!(other.contains("of another text, with the same vocabulary"), "{other}");
}

#[test]
fn a_bad_checkpoint_fails_with_its_sentence_and_the_next_run_goes_well() {
    let other = Checkpoint { text: "of something else".into(), ..example() }.write();
    for (file, sentence) in [(&b"no file"[..], "no safetensors file"), (&other, "of another text")] {
        let events = play([
            part([train(1, endless())], epoch(1)),
            part([train_from(2, small(), from(file))], failed),
            part([train(3, small())], finished),
        ]);
        let Event::Failed { run: Some(2), error } = &events[the(&events, failed)] else { panic!("{events:#?}") };
        let message = error.to_string();
        assert!(message.contains(sentence), "“{message}” does not say “{sentence}”");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes that were changed, cut out or put in, most of them in the header, never do more harm than a refusal.
    #[test]
    fn a_damaged_file_is_read_or_refused(
        damage in prop::collection::vec((0.0..1.0f64, any::<bool>(), any::<u8>(), 0..3u8), 1..6)
    ) {
        static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| example().write());
        let mut file = FILE.clone();
        let header = 8 + u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        for (place, in_header, byte, kind) in damage {
            let most = if in_header { header.min(file.len()) } else { file.len() };
            let at = (place * most as f64) as usize;
            match kind {
                0 => file[at] = byte,
                1 => _ = file.remove(at),
                _ => file.insert(at, byte),
            }
        }
        if let Ok(checkpoint) = Checkpoint::read(&file) {
            prop_assert_eq!(Checkpoint::read(&checkpoint.write()), Ok(checkpoint));
        }
    }
}

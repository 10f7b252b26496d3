//! Runs that are saved to a checkpoint and resumed from it.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

#[path = "common/checkpoint.rs"]
mod checkpoint;

use checkpoint::example;
use script::*;
use time_traveller::error::Error;
use time_traveller::model::config::{EngineChoice, Sampling, StateMode};
use time_traveller::model::{Config, FileFault};
use time_traveller::network::parameters_file;
use time_traveller::protocol::{Command, EpochReport, Event, Hyperparameters, StartFrom, Stretch};
use time_traveller::text::Corpus;
use time_traveller::train::Checkpoint;

fn from(file: &[u8]) -> StartFrom {
    StartFrom { checkpoint: Some(file.to_vec()), ..StartFrom::default() }
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

/// The settings and reports of a run that was resumed.
#[track_caller]
fn opened(events: &[Event]) -> (Config, &[EpochReport]) {
    match &events[the(events, |event| matches!(event, Event::Opened { .. }))] {
        Event::Opened { config, reports, .. } => (*config, reports),
        _ => unreachable!(),
    }
}

/// Asserts that the epochs before and after an interruption are bitwise those of the whole run.
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
        // Within an epoch, while the device is busy.
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
fn hyperparameters_and_a_fixed_offset_are_kept() {
    let hyperparameters = [0.5, 0.25].map(|learning_rate| Hyperparameters { learning_rate, clip: 0.5 });
    let set = |n: usize| Command::SetHyperparameters { hyperparameters: hyperparameters[n] };
    let resume_for = |stretch| Command::Resume { stretch };
    for engine in [EngineChoice::Gpu, EngineChoice::Cpu] {
        let config = Config { engine, ..small() };
        let beginning = StartFrom { window_offset: Some(3), ..StartFrom::default() };
        let first =
            Command::Train { run: 1, config, prefix: "time".to_owned(), beginning, stretch: Stretch::Minibatch };
        // The second change is in an epoch that the checkpoint does not have yet.
        let whole = play([
            part([first], paused),
            part([set(0), resume_for(Stretch::Epoch)], paused),
            part([resume_for(Stretch::Minibatch)], paused),
            part([set(1), save(1)], answered(1)),
            part([resume_for(Stretch::Whole)], finished),
        ]);
        let after = play([part([train_from(1, config, from(&file(&whole, 1)))], finished)]);
        assert_goes_on(opened(&after).1, &after, &whole);
        let told = after.iter().filter_map(|event| match event {
            Event::HyperparametersSet { epoch, minibatch, hyperparameters, .. } => {
                Some((*epoch, *minibatch, *hyperparameters))
            }
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), [(0, 1, hyperparameters[0]), (1, 1, hyperparameters[1])]);
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

/// A run that has not finished an epoch can be saved too; without a run there is nothing to save.
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

/// A file can be examined at any time, and a bad one does not affect the run.
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
        part([examine(2, file), examine(3, b"\x89PNG")], answered(3)),
        part([examine(4, &Checkpoint { text: "of something else".into(), ..example() }.write())], answered(4)),
        part([], finished),
    ]);
    for request in [1, 2] {
        assert!(matches!(&again[the(&again, answered(request))], Event::Examined { summary: s, .. } if s == summary));
    }
    for (request, sentence) in [(3, "not a safetensors file"), (4, "on another text")] {
        let Event::Refused { error, .. } = &again[the(&again, answered(request))] else { panic!("{again:#?}") };
        assert!(error.to_string().contains(sentence), "{error}");
    }
    assert_eq!(outcome(&again), outcome(&events));
}

#[test]
fn what_is_written_is_read_and_any_program_finds_the_parameters() {
    let checkpoint = example();
    let file = checkpoint.write();
    assert_eq!(Checkpoint::read(&file), Ok(checkpoint.clone()));
    assert_eq!(checkpoint.check(&corpus()), Ok(()));
    assert_eq!(parameters_file::read(&file, network(checkpoint.config)), Ok(checkpoint.parameters.clone()));
    let empty = Checkpoint { reports: vec![], window_offset: None, ..checkpoint };
    assert_eq!(Checkpoint::read(&empty.write()), Ok(empty));
}

#[test]
fn a_checkpoint_of_another_text_says_so() {
    let line = "A small clock ticks on the table, and the traveller who built it waits.\n";
    for text in [line.repeat(12), LINE.repeat(12) + "t"] {
        assert_eq!(example().check(&Corpus::new(&text)), Err(Error::OtherText));
    }
    let upper = Checkpoint { vocabulary: example().vocabulary.to_uppercase(), ..example() };
    assert_eq!(upper.check(&corpus()), Err(Error::BadCheckpoint(FileFault::OtherVocabulary)));
}

#[test]
fn a_bad_checkpoint_fails_with_its_sentence_and_the_next_run_goes_well() {
    let other = Checkpoint { text: "of something else".into(), ..example() }.write();
    for (file, sentence) in [(&b"no file"[..], "is a plain text"), (&other, "on another text")] {
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

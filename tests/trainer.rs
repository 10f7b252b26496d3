//! The trainer as the page meets it: commands in, events out, on the system's adapter.

#![cfg(not(target_arch = "wasm32"))]

#[path = "trainer/branch.rs"]
mod branch;
#[path = "trainer/inspect.rs"]
mod inspect;
#[path = "trainer/outbox.rs"]
mod outbox;
#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;
#[path = "trainer/start.rs"]
mod start;

use script::*;
use time_traveller::gpu::Gpu;
use time_traveller::model::Config;
use time_traveller::model::config::{Sampling, StateMode};
use time_traveller::protocol::{Command, Event, FINAL_PREFIXES, Hyperparameters, Pick, Sample, StartFrom, Stretch};

#[test]
fn a_run_tells_its_start_every_epoch_and_its_end() {
    let config = Config { epochs: 30, ..small() };
    let events = play([part([train(7, config)], finished)]);
    assert!(events.iter().all(|event| run_of(event) == Some(7)), "{events:#?}");
    let Event::Started { minibatches, .. } = events[0] else { panic!("{:?}", events[0]) };
    assert!((9..=10).contains(&minibatches), "200 tokens in minibatches of 20, less an offset: {minibatches}");
    let Event::Untrained { sample, .. } = &events[1] else { panic!("{:?}", events[1]) };
    assert_eq!((&sample.prefix[..], &sample.text), ("time", &untrained(config, "time")));
    assert_eq!(numbers(&events), (1..=30).collect::<Vec<_>>());
    assert_eq!(the(&events, finished), events.len() - 1, "nothing comes after the end");

    let reports = reports(&events);
    for report in &reports {
        assert!((report.perplexity / report.loss.exp() - 1.0).abs() < 1e-9, "{report:?}");
        assert!(report.grad_norms.iter().all(|&norm| norm > 0.0) && report.tokens_per_second > 0.0, "{report:?}");
        assert_eq!(report.sample.prefix, "time");
        assert!(report.sample.text.starts_with("time"), "{report:?}");
        assert!(report.sample.unknown.is_empty(), "{report:?}");
    }
    let (first, last) = (reports[0].perplexity, reports[29].perplexity);
    assert!(first < 22.0 && last < 0.75 * first, "perplexity should fall, and went from {first} to {last}");

    let mut told = 0;
    for event in &events {
        if let Event::Progress { progress, .. } = event {
            assert!(progress.epoch >= told && progress.epoch <= 30 && progress.minibatch < 10, "{progress:?}");
            assert!(progress.tokens_per_second >= 0.0 && progress.seconds_left >= 0.0, "{progress:?}");
            told = progress.epoch;
        }
    }
    assert_eq!(told, 30, "the last progress is the end");

    let end = final_report(&events);
    assert_eq!((end.epochs, end.perplexity), (30, last));
    assert!(end.tokens_per_second > 0.0);
    assert_eq!(end.device, pollster::block_on(Gpu::open()).unwrap().name);
    assert_eq!(end.samples.iter().map(|sample| &sample.prefix[..]).collect::<Vec<_>>(), FINAL_PREFIXES);
    for sample in &end.samples {
        assert!(sample.text.starts_with(&sample.prefix), "{sample:?}");
    }
}

/// Starts a run whose samples continue this prefix.
fn train_with(run: u32, prefix: &str) -> Command {
    Command::Train {
        run,
        config: small(),
        prefix: prefix.to_owned(),
        beginning: StartFrom::default(),
        stretch: Stretch::Whole,
    }
}

/// From the seed to the perplexities the numbers are the oracle's: windows, states, learning rate and clipping, losses.
#[test]
fn every_mode_trains_as_the_oracle_does() {
    for (sampling, state) in [
        (Sampling::Sequential, StateMode::Carry),
        (Sampling::Sequential, StateMode::Reset),
        (Sampling::Random, StateMode::Reset),
    ] {
        let config = Config { sampling, state, lr: 2.0, clip: 0.5, epochs: 5, seed: 3, ..small() };
        let events = play([part([train(1, config)], finished)]);
        assert_as_the_oracle(&events, config, |_| Hyperparameters { learning_rate: 2.0, clip: 0.5 });
        assert_eq!(numbers(&events), [1, 2, 3, 4, 5]);
    }
}

#[test]
fn a_paused_run_rests_until_it_is_resumed() {
    let events = play([
        part([train(1, small())], epoch(2)),
        part([Command::Pause], paused),
        later([resume()], epoch(4)),
        part([Command::Pause, Command::Pause, resume(), resume()], finished),
    ]);
    assert_eq!(numbers(&events), [1, 2, 3, 4, 5, 6], "a pause loses nothing");
    let holds: Vec<_> = events.iter().filter(|e| matches!(e, Event::Paused { .. } | Event::Resumed { .. })).collect();
    let (pause, resume) = (&Event::Paused { run: 1 }, &Event::Resumed { run: 1 });
    assert_eq!(holds, [pause, resume, pause, resume], "a second pause or resume says nothing");
    for (i, event) in events.iter().enumerate() {
        if paused(event) {
            assert_eq!(events[i + 1], *resume, "nothing happens in a pause");
        }
    }
    // A pause changes nothing but the time.
    let through = play([part([train(1, small())], finished)]);
    assert_eq!(outcome(&events), outcome(&through));
}

#[test]
fn pause_and_resume_without_a_run_say_nothing() {
    let events = play([part([Command::Pause, resume(), generate(1, "time", small())], answered(1))]);
    assert_eq!(events.len(), 1, "{events:#?}");
    let events = play([
        part([train(1, small())], finished),
        part([Command::Pause, resume(), generate(1, "time", small())], answered(1)),
    ]);
    assert_eq!(the(&events, finished) + 2, events.len(), "{events:#?}");
}

#[test]
fn a_prefix_is_continued_at_any_time_from_the_newest_weights() {
    let config = Config { epochs: 20, ..small() };
    let events = play([
        part([generate(0, "time", config)], answered(0)),
        part([train(1, config)], epoch(8)),
        part([generate(1, "time", config)], epoch(12)),
        part([Command::Pause, generate(2, "time", config)], answered(2)),
        part([resume()], finished),
        part([generate(3, "time", config), generate(4, "traveller", config)], answered(4)),
    ]);
    assert_eq!(numbers(&events), (1..=20).collect::<Vec<_>>());
    assert_eq!(generated(&events, 0).text, untrained(config, "time"));
    let samples: Vec<&Sample> = reports(&events).iter().map(|report| &report.sample).collect();
    for (request, epoch) in [(1, 8), (2, 12), (3, 20)] {
        assert_eq!(generated(&events, request), samples[epoch - 1], "request {request}, after epoch {epoch}");
    }
    assert_ne!(samples[19].text, untrained(config, "time"), "the network has learned something");
    assert_eq!(generated(&events, 4), &final_report(&events).samples[1]);
    let place = |request| the(&events, answered(request));
    assert!(place(1) < the(&events, epoch(9)), "the answer does not wait for the next epoch");
    assert!(the(&events, paused) < place(2) && place(2) < the(&events, |e| matches!(e, Event::Resumed { .. })));
}

#[test]
fn with_no_run_the_untrained_network_goes_on() {
    let other = Config { seed: 2, hidden: 11, ..small() };
    let events = play([part(
        [
            generate(1, "time", small()),
            generate(2, "a", small()),
            generate(3, "time", other),
            generate(4, "time", small()),
            Command::Generate {
                request: 5,
                prefix: "tick".to_owned(),
                length: 3,
                pick: Pick::Likeliest,
                config: small(),
            },
            Command::Generate {
                request: 6,
                prefix: "tick".to_owned(),
                length: 0,
                pick: Pick::Likeliest,
                config: small(),
            },
        ],
        answered(6),
    )]);
    assert_eq!(events.len(), 6, "{events:#?}");
    for (request, prefix, config) in [(1, "time", small()), (2, "a", small()), (3, "time", other), (4, "time", small())]
    {
        assert_eq!(generated(&events, request).text, untrained(config, prefix), "request {request}");
    }
    assert_eq!(generated(&events, 5).text, untrained(small(), "tick")[.."tick".len() + 3]);
    assert_eq!(generated(&events, 6).text, "tick");
}

#[test]
fn what_cannot_be_continued_is_refused_and_the_run_goes_on() {
    let too_large = Config { hidden: 8192, ..small() };
    let events = play([
        part([generate(1, "", small()), generate(2, "a", too_large)], answered(2)),
        part([train(1, small())], epoch(2)),
        part([generate(3, "", small()), generate(4, &"a".repeat(4090), small())], finished),
    ]);
    let refusal = |request| match &events[the(&events, answered(request))] {
        Event::Refused { error, .. } => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(refusal(1).contains("prefix is empty"), "{}", refusal(1));
    assert!(refusal(2).contains("Hidden units"), "{}", refusal(2));
    assert_eq!(refusal(3), refusal(1));
    assert!(refusal(4).contains("4090") && refusal(4).contains("4000"), "{}", refusal(4));
    assert_eq!(numbers(&events), [1, 2, 3, 4, 5, 6]);
    assert!(!events.iter().any(failed), "{events:#?}");
}

#[test]
fn characters_that_the_text_lacks_are_read_as_unknown_and_told() {
    let prefix = "zit, Zoë";
    let events = play([
        part([generate(1, prefix, small()), train_with(1, prefix)], finished),
        part([generate(2, "qqqq", small())], answered(2)),
    ]);
    let samples = reports(&events).into_iter().map(|report| &report.sample).chain([generated(&events, 1)]);
    for sample in samples {
        assert_eq!(sample.prefix, prefix);
        assert!(sample.text.starts_with("<unk>it<unk> <unk>o<unk>"), "{sample:?}");
        assert_eq!(sample.unknown, [',', 'Z', 'z', 'ë']);
    }
    assert_eq!(generated(&events, 1).text, untrained(small(), prefix));
    assert_eq!(generated(&events, 2).unknown, ['q']);
    assert!(generated(&events, 2).text.starts_with(&"<unk>".repeat(4)));
}

#[test]
fn samples_go_on_with_the_newest_prefix() {
    let prefix = |prefix: &str| Command::SamplePrefix { prefix: prefix.to_owned() };
    let events = play([
        part([train(1, small())], epoch(2)),
        part([prefix("clock")], epoch(4)),
        part([prefix(""), prefix(&"a".repeat(5000))], finished),
    ]);
    let prefixes: Vec<_> = reports(&events).iter().map(|report| &report.sample.prefix[..]).collect();
    // The third epoch may have been submitted already.
    assert_eq!(([prefixes[..2].to_vec(), prefixes[3..].to_vec()]), [vec!["time"; 2], vec!["clock"; 3]]);
}

/// The last epoch may have been submitted when Pause comes: then there is nothing to resume.
#[test]
fn a_pause_that_comes_with_the_last_epoch_finds_the_run_finished() {
    let config = Config { epochs: 2, ..small() };
    let held = |event: &Event| paused(event) || finished(event);
    let events = play([part([train(1, config)], epoch(1)), part([Command::Pause], held)]);
    let is_finished = events.iter().any(finished);
    assert_eq!(numbers(&events).len(), 1 + usize::from(is_finished), "{events:#?}");
    assert!(is_finished != events.iter().any(paused));
}

#[test]
fn reset_ends_a_run_and_forgets_its_network() {
    let events = play([
        part([Command::Reset], idle),
        part([train(1, endless())], epoch(3)),
        part([Command::Reset, generate(1, "time", small())], answered(1)),
        later([train(2, endless())], epoch(2)),
        part([Command::Pause, Command::Reset], idle),
        later([resume(), generate(2, "time", small())], answered(2)),
    ]);
    for request in [1, 2] {
        assert_eq!(generated(&events, request).text, untrained(small(), "time"), "request {request}");
    }
    let story = events.iter().filter(|event| !matches!(event, Event::Progress { .. })).map(summary);
    // It may have been submitted when the run was paused.
    let story: Vec<_> = story.filter(|said| said != "epoch 3 of run 2").collect();
    let told = [
        "idle",
        "started 1",
        "untrained 1",
        "epoch 1 of run 1",
        "epoch 2 of run 1",
        "epoch 3 of run 1",
        "idle",
        "generated 1",
        "started 2",
        "untrained 2",
        "epoch 1 of run 2",
        "epoch 2 of run 2",
        "paused",
        "idle",
        "generated 2",
    ];
    assert_eq!(story, told);
    let idles: Vec<_> = (0..events.len()).filter(|&i| idle(&events[i])).collect();
    assert!(events[idles[1]..].iter().all(|event| run_of(event) != Some(1)), "{events:#?}");
    assert!(events[idles[2]..].iter().all(|event| run_of(event).is_none()), "{events:#?}");
}

fn summary(event: &Event) -> String {
    match event {
        Event::Started { run, .. } => format!("started {run}"),
        Event::Untrained { run, .. } => format!("untrained {run}"),
        Event::Epochs { run, reports } => format!("epoch {} of run {run}", reports[0].epoch),
        Event::Paused { .. } => "paused".to_owned(),
        Event::Idle => "idle".to_owned(),
        Event::Generated { request, .. } => format!("generated {request}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_second_run_takes_the_place_of_the_first() {
    let events = play([part([train(1, endless())], epoch(4)), part([train(2, small())], finished)]);
    let start = the(&events, |event| matches!(event, Event::Started { run: 2, .. }));
    assert!(events[..start].iter().all(|event| run_of(event) == Some(1)), "{events:#?}");
    assert!(events[start..].iter().all(|event| run_of(event) == Some(2)), "{events:#?}");
    assert_eq!(numbers(&events[start..]), [1, 2, 3, 4, 5, 6]);
    // Nothing of the first run is left in it; also if the first is paused.
    let alone = play([part([train(1, small())], finished)]);
    assert_eq!(outcome(&events[start..]), outcome(&alone));
    let events = play([part([train(1, endless())], epoch(2)), part([Command::Pause, train(2, small())], finished)]);
    let start = the(&events, |event| matches!(event, Event::Started { run: 2, .. }));
    assert_eq!(outcome(&events[start..]), outcome(&alone));
}

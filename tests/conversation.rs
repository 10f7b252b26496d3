//! Continuations and their probabilities, on both engines.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

use script::*;
use time_traveller::model::config::EngineChoice;
use time_traveller::model::pick::LONGEST_PREFIX;
use time_traveller::model::{Config, Pick};
use time_traveller::network::Parameters;
use time_traveller::oracle;
use time_traveller::protocol::{Command, Continuation, Event, GUESSES, Guess, LONGEST_ANSWER};

const ENGINES: [EngineChoice; 2] = [EngineChoice::Gpu, EngineChoice::Cpu];

/// Settings of a network whose untrained continuations vary.
fn config(engine: EngineChoice) -> Config {
    Config { engine, epochs: 12, lr: 2.0, hidden: 24, ..small() }
}

fn ask(request: u32, prefix: &str, length: u32, pick: Pick, config: Config) -> Command {
    Command::Generate { request, prefix: prefix.to_owned(), length, pick, config }
}

fn sampled(temperature: f32, top_k: u32, seed: u32) -> Pick {
    Pick::Sampled { temperature, top_k, seed }
}

#[track_caller]
fn answer(events: &[Event], request: u32) -> &Continuation {
    match &events[the(events, answered(request))] {
        Event::Generated { continuation, .. } => continuation,
        other => panic!("{other:?}"),
    }
}

/// The continuations by a trained network.
fn answers(engine: EngineChoice, questions: &[(&str, u32, Pick)]) -> Vec<Continuation> {
    let config = config(engine);
    let asked = (1..).zip(questions).map(|(n, &(prefix, length, pick))| ask(n, prefix, length, pick, config));
    let asked: Vec<Command> = asked.collect();
    let events = play([part([train(1, config)], finished), part(asked, answered(questions.len() as u32))]);
    (1..=questions.len() as u32).map(|n| answer(&events, n).clone()).collect()
}

#[track_caller]
fn check_guesses(guesses: &[Guess]) {
    assert_eq!(guesses.len(), GUESSES);
    assert!(guesses.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{guesses:?}");
    let sum: f32 = guesses.iter().map(|guess| guess.1).sum();
    assert!((0.0..=1.0001).contains(&sum) && guesses.iter().all(|guess| guess.1 >= 0.0), "{guesses:?}");
}

#[test]
fn an_answer_is_the_sample_with_what_the_network_thought() {
    for engine in ENGINES {
        let config = config(engine);
        let events = play([
            part([train(1, config)], finished),
            part([ask(1, "time traveller", 50, Pick::Likeliest, config)], answered(1)),
        ]);
        let Continuation { sample, written, next } = answer(&events, 1);
        assert_eq!(sample, &final_report(&events).samples[0], "the same text as without listening");
        let text: String = written.iter().filter_map(|written| written.character).collect();
        assert_eq!(sample.text, format!("time traveller{text}"));
        assert_eq!(written.len(), 50);
        for place in written {
            check_guesses(&place.guesses);
            let (character, probability) = place.guesses[0];
            assert_eq!(character, place.character, "the likeliest is written");
            assert!((place.surprise + probability.log2()).abs() < 1e-4, "{place:?}");
        }
        check_guesses(next);
        let longer = &answers(engine, &[("time traveller", 51, Pick::Likeliest)])[0];
        assert_eq!((&longer.written[..50], longer.written[50].character), (&written[..], next[0].0));
    }
}

/// The probabilities of an untrained network are the oracle's in f64, however the characters are picked.
#[test]
fn probabilities_are_the_networks_own() {
    for (engine, pick) in
        ENGINES.into_iter().flat_map(|engine| [(engine, sampled(3.0, 4, 5)), (engine, Pick::Likeliest)])
    {
        let config = config(engine);
        let events = play([part([ask(1, "tick", 20, pick, config)], answered(1))]);
        let Continuation { sample, written, next } = answer(&events, 1);
        let corpus = corpus();
        let mut reader = oracle::Reader::new(&Parameters::init(network(config), config.seed).cast());
        let ids = corpus.vocabulary.encode(&sample.text.replace("<unk>", "?"));
        for (position, &id) in ids.iter().enumerate() {
            let logits = reader.read(id);
            let Some(place) = (position + 1).checked_sub(4) else { continue };
            let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
            let probability = |id: u32| logits[id as usize].exp() / sum;
            if let Some(written) = written.get(place) {
                let surprise = -probability(ids[position + 1]).log2();
                assert!((f64::from(written.surprise) - surprise).abs() < 1e-4, "{written:?}, by the oracle {surprise}");
            }
            for &(character, told) in written.get(place).map_or(next, |written| &written.guesses) {
                let expected = probability(character.map_or(0, |c| corpus.vocabulary.id(c)));
                assert!((f64::from(told) - expected).abs() < 1e-5, "{character:?}: {told}, by the oracle {expected}");
            }
        }
    }
}

#[test]
fn a_seed_names_an_answer() {
    let questions =
        [sampled(1.0, 5, 1), sampled(1.0, 5, 1), sampled(1.0, 5, 2), sampled(0.01, 1000, 1), sampled(9.0, 1, 4)];
    for engine in ENGINES {
        let mut questions: Vec<_> = questions.iter().map(|&pick| ("time", 60, pick)).collect();
        questions.push(("time", 60, Pick::Likeliest));
        let answers = answers(engine, &questions);
        let text = |n: usize| &answers[n].sample.text;
        assert_eq!(answers[0], answers[1], "the same seed, the same words");
        assert_ne!(text(0), text(2), "another seed");
        assert_ne!(text(0), text(5), "not the likeliest");
        for place in &answers[3].written {
            assert!(place.surprise + place.guesses[0].1.log2() < 0.3, "near temperature 0 no other comes: {place:?}");
        }
        assert_eq!(answers[4], answers[5], "so it does where it alone may come");
    }
}

#[test]
fn both_engines_draw_the_same_lots() {
    let [gpu, cpu] = ENGINES.map(|engine| {
        let asked = ask(1, "time", 200, sampled(1.5, 20, 7), config(engine)); // by the untrained network
        answer(&play([part([asked], answered(1))]), 1).sample.clone()
    });
    assert_eq!(gpu, cpu);
}

#[test]
fn only_the_top_k_are_written() {
    for engine in ENGINES {
        let answers = answers(engine, &[("time", 200, sampled(50.0, 2, 3)), ("time", 200, sampled(50.0, 1000, 3))]);
        let among = |answer: &Continuation, k: usize| {
            let within = |guesses: &[Guess], character| guesses[..k].iter().any(|guess| guess.0 == character);
            answer.written.iter().filter(|written| within(&written.guesses, written.character)).count()
        };
        assert_eq!(among(&answers[0], 2), 200);
        assert!((40..160).contains(&among(&answers[0], 1)), "at such heat both come: {}", among(&answers[0], 1));
        assert!(among(&answers[1], 5) < 100, "at such heat all come: {}", among(&answers[1], 5));
    }
}

#[test]
fn an_answer_may_be_empty_and_a_prefix_unknown() {
    for engine in ENGINES {
        let answers = answers(engine, &[("zit", 0, sampled(1.0, 3, 1)), ("time", 256, Pick::Likeliest)]);
        assert_eq!((&answers[0].sample.text[..], &answers[0].sample.unknown[..]), ("<unk>it", &['z'][..]));
        assert!(answers[0].written.is_empty());
        check_guesses(&answers[0].next);
        assert_eq!(answers[1].written.len(), 256);
    }
}

#[test]
fn what_cannot_be_picked_is_refused_and_the_run_goes_on() {
    let bad = [
        (50, sampled(0.0, 5, 1), "The temperature is 0, which is not a number from 0.01 to 100"),
        (50, sampled(f32::NAN, 5, 1), "The temperature is NaN"),
        (50, sampled(101.0, 5, 1), "The temperature is 101"),
        (50, sampled(1.0, 0, 1), "set top k to 1 or more"),
        (257, Pick::Likeliest, "257 characters are too many for one answer: ask for at most 256."),
    ];
    for engine in ENGINES {
        let config = Config { engine, ..small() };
        let asked: Vec<Command> =
            (1..).zip(&bad).map(|(n, &(length, pick, _))| ask(n, "time", length, pick, config)).collect();
        let events = play([part([train(1, config)], epoch(2)), part(asked, finished)]);
        for (n, (_, _, sentence)) in (1..).zip(&bad) {
            let Event::Refused { error, .. } = &events[the(&events, answered(n))] else { panic!("{events:#?}") };
            let message = error.to_string();
            assert!(message.contains(sentence), "“{message}” does not say “{sentence}”");
        }
        assert_eq!(outcome(&events), outcome(&play([part([train(1, config)], finished)])));
    }
}

/// The longest prefix with the longest continuation.
#[test]
fn whatever_is_allowed_fits_on_both_engines() {
    let prefix = "tick tock ".repeat(LONGEST_PREFIX / 10);
    let [gpu, cpu] = ENGINES.map(|engine| {
        let asked = ask(1, &prefix, LONGEST_ANSWER as u32, Pick::Likeliest, config(engine));
        answer(&play([part([asked], answered(1))]), 1).clone()
    });
    assert_eq!((cpu.written.len(), cpu.sample.text.chars().count()), (LONGEST_ANSWER, LONGEST_PREFIX + LONGEST_ANSWER));
    assert_eq!(gpu.sample, cpu.sample);
    check_guesses(&gpu.next);
}

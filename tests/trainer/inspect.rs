//! Questions about the inside of a run's network.

use time_traveller::Error;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::protocol::{Answer, Command, Event, Excerpt, Insight, LONGEST_PASSAGE, Question};

use crate::script::{answered, finished, part, play, small, train};

fn inspect(request: u32, excerpt: Excerpt, epoch: Option<u32>) -> Command {
    let questions = vec![Question::Connectivity { at: 9 }, Question::GradientNorms { scale: 1.0, epoch: None }];
    Command::Inspect { request, config: small(), excerpt, epoch, questions }
}

fn passage() -> Excerpt {
    Excerpt::Given("the small clock".to_owned())
}

fn insight(events: &[Event], number: u32) -> &Insight {
    let mut answers = events.iter().filter_map(|event| match event {
        Event::Inspected { request, insight } if *request == number => Some(insight),
        _ => None,
    });
    answers.next().unwrap_or_else(|| panic!("no answer to {number}"))
}

fn refusal(events: &[Event], number: u32) -> &Error {
    let mut refusals = events.iter().filter_map(|event| match event {
        Event::Refused { request, error } if *request == number => Some(error),
        _ => None,
    });
    refusals.next().unwrap_or_else(|| panic!("{number} was not refused"))
}

/// The numbers of both answers.
fn numbers(insight: &Insight) -> Vec<f32> {
    match &insight.answers[..] {
        [Answer::Connectivity { magnitudes, .. }, Answer::GradientNorms { layers, .. }] => {
            magnitudes.iter().chain(&layers[0]).copied().collect()
        }
        other => panic!("{other:?}"),
    }
}

/// The beginning, an earlier epoch and the end of a run, on either engine; and before any run the same beginning.
#[test]
fn a_network_is_looked_into_at_any_epoch_that_is_kept() {
    let of = |engine| {
        let config = Config { engine, ..small() };
        play([
            part([inspect(1, passage(), None)], answered(1)),
            part([train(1, config)], finished),
            part([inspect(2, passage(), None)], answered(2)),
            part([inspect(3, passage(), Some(0))], answered(3)),
            part([inspect(4, passage(), Some(4))], answered(4)),
        ])
    };
    let [gpu, cpu] = [EngineChoice::Gpu, EngineChoice::Cpu].map(of);
    for events in [&gpu, &cpu] {
        let [before, after, beginning, earlier] = [1, 2, 3, 4].map(|request| insight(events, request));
        assert_eq!([before.epoch, after.epoch, beginning.epoch], [0, 6, 0]);
        assert!(earlier.epoch <= 4);
        assert_eq!(numbers(before), numbers(beginning), "the same network");
        assert_ne!(numbers(after), numbers(beginning));
        assert_eq!(after.characters.iter().flatten().collect::<String>(), "the small clock");
        assert_eq!(numbers(after).len(), 10 + 14);
    }
    // Each epoch's parameters are the CPU's results.
    assert_eq!(insight(&cpu, 4).epoch, 4);
    for (gpu, cpu) in numbers(insight(&gpu, 2)).iter().zip(numbers(insight(&cpu, 2))) {
        assert!((gpu / cpu - 1.0).abs() < 1e-3, "{gpu} with the GPU's parameters, {cpu} with the CPU's");
    }
}

#[test]
fn passages_of_the_text_are_read_where_they_are_and_bad_ones_refused() {
    let of_text = |first, length| Excerpt::Text { first, length };
    let events = play([
        part([train(1, small())], finished),
        part([inspect(1, of_text(2, 7), None)], answered(1)),
        part([inspect(2, of_text(u32::MAX, 7), None)], answered(2)),
        part([inspect(3, Excerpt::Given("x".into()), None)], answered(3)),
        part([inspect(4, Excerpt::Given("a ".repeat(LONGEST_PASSAGE)), None)], answered(4)),
        part([inspect(5, Excerpt::Given("a Ж b".into()), None)], answered(5)),
    ]);
    let text = |request| insight(&events, request).characters.iter().flatten().collect::<String>();
    assert_eq!(text(1), "small c");
    let corpus = crate::script::corpus();
    let end = &corpus.tokens[corpus.tokens.len() - 7..];
    assert_eq!(text(2), corpus.vocabulary.decode(end), "no further than the text goes");
    assert_eq!(refusal(&events, 3), &Error::PassageTooShort);
    let length = 2 * LONGEST_PASSAGE;
    assert_eq!(refusal(&events, 4), &Error::PassageTooLong { length, allowed: LONGEST_PASSAGE });
    assert_eq!(insight(&events, 5).characters, [Some('a'), Some(' '), None, Some(' '), Some('b')]);
}

//! A run's events on their way to a page that takes its time.

use std::cell::RefCell;

use time_traveller::model::Config;
use time_traveller::protocol::{Command, EpochReport, Event, StartFrom};
use time_traveller::train::{Checkpoint, Outbox};

use crate::script::*;

/// What a page gets that handles epochs and progress after every `pace`th event that the worker emits.
fn sent(events: &[Event], pace: usize) -> Vec<Event> {
    let sent = RefCell::new(Vec::new());
    let mut outbox = Outbox::new(|event| sent.borrow_mut().push(event));
    let mut handled = 0;
    for (i, event) in events.iter().enumerate() {
        outbox.emit(event.clone());
        if (i + 1) % pace == 0 {
            let awaited = sent.borrow()[handled..].iter().filter(|event| is_awaited(event)).count();
            handled = sent.borrow().len();
            (0..awaited).for_each(|_| outbox.seen());
        }
    }
    sent.take()
}

fn is_awaited(event: &Event) -> bool {
    matches!(event, Event::Epochs { .. } | Event::Progress { .. })
}

/// The events without progress, and epochs one by one.
fn story(events: &[Event]) -> Vec<Event> {
    let one_by_one = |run: u32, reports: &[EpochReport]| {
        let each = |report: &EpochReport| Event::Epochs { run, reports: vec![report.clone()] };
        reports.iter().map(each).collect::<Vec<_>>()
    };
    let told = events.iter().flat_map(|event| match event {
        Event::Progress { .. } => Vec::new(),
        Event::Epochs { run, reports } => one_by_one(*run, reports),
        Event::Opened { run, config, reports } => {
            let opened = Event::Opened { run: *run, config: *config, reports: Vec::new() };
            [vec![opened], one_by_one(*run, reports)].concat()
        }
        event => vec![event.clone()],
    });
    told.collect()
}

#[test]
fn a_page_at_any_pace_gets_every_epoch_in_order() {
    let config = Config { epochs: 40, ..small() };
    let before = play([
        part([train(1, config)], epoch(10)),
        part([Command::Pause, Command::Checkpoint { request: 1 }], answered(1)),
        part([resume()], epoch(20)),
        part([generate(2, "time", config), train(2, small())], finished),
    ]);
    let Event::Checkpoint { file, .. } = &before[the(&before, answered(1))] else { panic!("{before:#?}") };
    let beginning = StartFrom { checkpoint: Some(file.clone()), ..StartFrom::default() };
    let after = play([part([train_from(3, config, beginning)], finished)]);
    for events in [before, after] {
        for pace in [1, 2, 7, 25, usize::MAX] {
            let sent = sent(&events, pace);
            assert_eq!(story(&sent), story(&events), "pace {pace}");
            for (i, event) in sent.iter().enumerate() {
                if let Event::Checkpoint { file, .. } = event {
                    let saved = Checkpoint::read(file).unwrap().reports;
                    assert!(reports(&sent[..i]).len() >= saved.len(), "the page knows what is saved");
                }
            }
            let messages = sent.iter().filter(|event| is_awaited(event)).count();
            let epochs = reports(&sent).len();
            assert!(pace < 25 || messages < epochs, "{messages} messages for {epochs} epochs");
        }
    }
}

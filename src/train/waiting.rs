//! Answers commands while there is no text.

use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use futures_util::future::Either;

use super::Texts;
use crate::engine::Devices;
use crate::error::Error;
use crate::protocol::{Command, Event, TextChoice};

/// Answers commands without a text. Returns the visitor's own text as soon as there is one, or a Train command, for
/// which the caller tries to load the book's text again; `None` if the commands end.
pub async fn wait_for_text(
    commands: &mut UnboundedReceiver<Command>,
    devices: &mut Devices,
    mut emit: impl FnMut(Event),
) -> Option<Either<Command, Texts>> {
    while let Some(command) = commands.next().await {
        match command {
            Command::Branch { run, .. } => emit(Event::Failed { run: Some(run), error: Error::NothingToBranch }),
            Command::Train { .. } => return Some(Either::Left(command)),
            // There is none to read again, and a refusal would be taken for that of a text that is being fetched.
            Command::Text { choice: TextChoice::Present, .. } => {}
            Command::Text { choice, cleaning, vocab } => {
                let mut texts = Texts::default();
                match texts.choose(choice).and_then(|()| texts.facts(cleaning, vocab)) {
                    Ok(facts) => {
                        emit(Event::Text { facts });
                        return Some(Either::Right(texts));
                    }
                    Err(error) => emit(Event::TextRefused { error }),
                }
            }
            Command::Generate { request, .. }
            | Command::Inspect { request, .. }
            | Command::Profile { request, .. }
            | Command::Checkpoint { request }
            | Command::Examine { request, .. } => emit(Event::Refused { request, error: Error::NoNetwork }),
            Command::SetHyperparameters { .. } => emit(Event::HyperparametersRefused { error: Error::NoRun }),
            Command::Reset => emit(Event::Idle),
            Command::Recall { races } => devices.recall(races),
            // They do nothing without a run.
            Command::Pause
            | Command::Resume { .. }
            | Command::SamplePrefix { .. }
            | Command::Pace { .. }
            | Command::Seen => {}
        }
    }
    None
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::kernels::network;
    use crate::model::config::{AutoOr, Cleaning, EngineChoice};
    use crate::model::{Config, Sizes};
    use crate::protocol::{Hyperparameters, PastRace, Pick, StartFrom, Stretch};
    use futures_channel::mpsc::unbounded;

    /// The result of waiting with these commands, and the events emitted.
    fn wait(commands: Vec<Command>, devices: &mut Devices) -> (Option<Either<Command, Texts>>, Vec<Event>) {
        let (sender, mut receiver) = unbounded();
        commands.into_iter().for_each(|command| sender.unbounded_send(command).unwrap());
        drop(sender);
        let mut events = Vec::new();
        let result = pollster::block_on(wait_for_text(&mut receiver, devices, |event| events.push(event)));
        (result, events)
    }

    fn no_devices() -> Devices {
        pollster::block_on(Devices::opened_by(Box::new(|| Box::pin(async { Err(Error::NoBook) }))))
    }

    fn text(choice: TextChoice) -> Command {
        Command::Text { choice, cleaning: Cleaning::Book, vocab: 28 }
    }

    fn train() -> Command {
        let (config, beginning) = (Config::default(), StartFrom::default());
        Command::Train { run: 1, config, prefix: "a".into(), beginning, stretch: Stretch::Whole }
    }

    #[test]
    fn every_question_is_answered_without_a_text() {
        let config = Config::default();
        let asked = vec![
            Command::Generate { request: 1, prefix: "a".into(), length: 1, pick: Pick::Likeliest, config },
            Command::Profile { request: 2, config },
            Command::Checkpoint { request: 3 },
            Command::Examine { request: 4, file: vec![] },
            Command::SetHyperparameters { hyperparameters: Hyperparameters { learning_rate: 1.0, clip: 1.0 } },
            Command::Pause,
            Command::Resume { stretch: Stretch::Whole },
            text(TextChoice::Book),
            text(TextChoice::Present),
            text(TextChoice::Own { name: "empty".into(), bytes: vec![] }),
            Command::Reset,
        ];
        let (result, events) = wait(asked, &mut no_devices());
        assert!(result.is_none());
        let refused = |request| Event::Refused { request, error: Error::NoNetwork };
        assert_eq!(events[..4], [1, 2, 3, 4].map(refused));
        assert_eq!(events[4], Event::HyperparametersRefused { error: Error::NoRun });
        assert_eq!(events[5], Event::TextRefused { error: Error::NoBook });
        assert!(matches!(events[6..], [Event::TextRefused { .. }, Event::Idle]), "{events:#?}");
    }

    #[test]
    fn a_train_or_an_own_text_ends_the_wait() {
        let (result, events) = wait(vec![train(), Command::Reset], &mut no_devices());
        assert!(matches!(result, Some(Either::Left(command)) if command == train()) && events.is_empty());
        let own = TextChoice::Own { name: "mine".into(), bytes: b"a clock".to_vec() };
        let (result, events) = wait(vec![text(own), Command::Reset], &mut no_devices());
        let Some(Either::Right(mut texts)) = result else { panic!("{events:#?}") };
        assert_eq!(texts.corpus(&Config::default()).unwrap().tokens.len(), 7);
        assert!(matches!(&events[..], [Event::Text { facts }] if facts.own && facts.name == "mine"), "{events:#?}");
    }

    /// The page sends past races before any other command.
    #[test]
    fn races_of_earlier_visits_are_kept() {
        let sizes = Sizes { batch: 4, steps: 3, hidden: 8, vocabulary: 9 };
        let race = |devices: &mut Devices| {
            pollster::block_on(devices.choose(EngineChoice::Auto, AutoOr::default(), network(sizes))).unwrap()
        };
        let laps = race(&mut pollster::block_on(Devices::open())).laps;
        let mut devices = pollster::block_on(Devices::open());
        wait(vec![Command::Recall { races: vec![PastRace { network: String::new(), sizes, laps }] }], &mut devices);
        assert!(!race(&mut devices).new);
    }
}

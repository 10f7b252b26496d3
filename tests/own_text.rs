//! A visitor's own text, from its bytes to the run that is trained on it; and files that are refused.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

use proptest::prelude::*;
use script::*;
use time_traveller::model::Config;
use time_traveller::model::config::{Cleaning, EngineChoice, StateMode};
use time_traveller::protocol::{Command, Event, MOST_COUNTS, StartFrom, Stretch, TextChoice, TextFacts};
use time_traveller::text::Text;
use time_traveller::text::decode::{LARGEST, decode};
use time_traveller::train::{Checkpoint, Texts};

const CHINESE: &str = "时光机器里的旅行者，慢慢地说：\n“时间只是空间的一种。”\r\n他又说：“时间，就是我们的路。”\n";

fn bring(name: &str, bytes: impl Into<Vec<u8>>, cleaning: Cleaning, vocab: u32) -> Command {
    Command::Text { choice: TextChoice::Own { name: name.to_owned(), bytes: bytes.into() }, cleaning, vocab }
}

fn verbatim(bytes: impl Into<Vec<u8>>) -> Command {
    bring("mine.txt", bytes, Cleaning::Verbatim, 4000)
}

fn facts(events: &[Event]) -> Vec<&TextFacts> {
    let facts = events.iter().filter_map(|event| match event {
        Event::Text { facts } => Some(facts),
        _ => None,
    });
    facts.collect()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

/// Each bad text with a part of its error.
#[test]
fn each_bad_text_has_its_sentence() {
    let large = vec![b'a'; 50_000_000];
    let cases: [(&[u8], &str); 19] = [
        (b"", "The text is empty"),
        (b"\xef\xbb\xbf", "The text is empty"),
        (b"\xff\xfe", "The text is empty"),
        (b"\xfe\xff", "The text is empty"),
        (&large, "has more than 20 MB"),
        (b"\xe9", "its byte 0, counted from 0, is the first that does not fit"),
        (b"caf\xe9 au lait", "its byte 3,"),
        (b"\xef\xbb\xbfcaf\xe9", "its byte 6,"),
        (b"Big5: \xae\xc9\xa5\xfa", "its byte 6,"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "its byte 0,"), // surrogates in UTF-8
        (b"\xc0\xaf", "its byte 0,"),                 // an overlong encoding
        ("时光".as_bytes().split_last().unwrap().1, "its byte 3,"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "its byte 0,"),
        (b"PK\x03\x04\x14\0\x06\0", "contains a zero byte (byte 5"),
        (b"a\0b\0", "contains a zero byte (byte 1"), // UTF-16 without a mark
        (b"\xff\xfe\0\0a\0\0\0", "contains a zero byte (byte 2"), // UTF-32
        (b"\xff\xfea\0\x3d\xd8b\0", "at byte 4, counted from 0, is half a character"), // a lone surrogate
        (b"\xfe\xff\0a\0", "at byte 4, counted from 0, is half a character"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 34\n", "is a Git LFS pointer"),
    ];
    let mut commands = cases.map(|(bytes, _)| verbatim(bytes)).to_vec();
    commands.push(Command::Text { choice: TextChoice::Present, cleaning: Cleaning::Book, vocab: 4000 });
    let events = play([part(commands, |event| matches!(event, Event::Text { .. }))]);
    assert_eq!(events.len(), cases.len() + 1);
    for ((_, sentence), event) in cases.iter().zip(&events) {
        let Event::TextRefused { error } = event else { panic!("{sentence}: {event:?}") };
        let message = error.to_string();
        assert!(message.contains(sentence), "{message}");
        assert!(
            [": choose", ": save", ": fetch"].iter().any(|what| message.contains(what)),
            "it says what to do: {message}"
        );
    }
    // The previous text stays.
    let [facts] = facts(&events)[..] else { panic!("{events:?}") };
    assert_eq!((&facts.name[..], facts.own, facts.tokens as usize), ("a test’s", false, corpus().tokens.len()));
}

#[test]
fn texts_at_the_edges_are_read() {
    for (bytes, tokens) in [(b"a".to_vec(), 1), (b"a".repeat(5_000_000), 5_000_000), (b"\r\n\r".to_vec(), 2)] {
        let text = Text::own(String::new(), &bytes).unwrap();
        assert_eq!(text.characters, tokens);
        assert_eq!(text.corpus(Cleaning::Verbatim, 4000).tokens.len(), tokens as usize);
    }
    let long = "Über die Zeit, 时光。 ".repeat(LARGEST / 30);
    let corpus = Text::own(String::new(), long.as_bytes()).unwrap().corpus(Cleaning::Verbatim, 5);
    assert_eq!((corpus.vocabulary.size(), corpus.rare, corpus.tokens.len()), (5, 9, long.chars().count()));
}

#[test]
fn a_texts_facts_are_counted() {
    let present = |cleaning, vocab| Command::Text { choice: TextChoice::Present, cleaning, vocab };
    let text = "Ein Satz, ein Wort.\n";
    let book = Command::Text { choice: TextChoice::Book, cleaning: Cleaning::Book, vocab: 4000 };
    let commands = [verbatim(text), present(Cleaning::Book, 4000), present(Cleaning::Book, 3), book];
    let events = play([part(commands, |event| matches!(event, Event::Text { facts } if !facts.own))]);
    let [plain, cleaned, few, book] = facts(&events)[..] else { panic!("{events:?}") };
    let said = |facts: &TextFacts| (facts.characters, facts.tokens, facts.vocabulary, facts.unknown, facts.rare);
    assert_eq!(said(plain), (20, 20, 16, 0, 0));
    assert_eq!(plain.counts[..3], [(' ', 3), ('i', 2), ('n', 2)]);
    assert_eq!(said(cleaned), (20, 17, 12, 0, 0), "“ein satz ein wort”");
    assert_eq!((said(few), &few.counts[..]), ((20, 17, 3, 12, 9), &[(' ', 3), ('e', 2)][..]));
    assert_eq!((few.cleaning, few.vocab, &few.name[..]), (Cleaning::Book, 3, "mine.txt"));
    assert_eq!((&book.name[..], book.tokens as usize), ("a test’s", corpus().tokens.len()));
}

#[test]
fn no_more_characters_are_told_than_the_page_shows() {
    let many: String = ('\u{4e00}'..).take(2 * MOST_COUNTS).collect();
    let mut texts = Texts::of_own(Text::new("many", many));
    let facts = texts.facts(Cleaning::Verbatim, 4000).unwrap();
    assert_eq!((facts.counts.len(), facts.vocabulary as usize), (MOST_COUNTS, 2 * MOST_COUNTS + 1));
}

fn chinese() -> Config {
    Config { cleaning: Cleaning::Verbatim, epochs: 40, lr: 2.0, ..small() }
}

#[test]
fn a_chinese_text_is_learned_on_both_engines_from_any_encoding() {
    for (engine, bytes) in
        [(EngineChoice::Gpu, CHINESE.repeat(6).into_bytes()), (EngineChoice::Cpu, utf16(&CHINESE.repeat(6)))]
    {
        let config = Config { engine, ..chinese() };
        let train = Command::Train {
            run: 1,
            config,
            prefix: "时间x".to_owned(),
            beginning: StartFrom::default(),
            stretch: Stretch::Whole,
        };
        let events = play([part([verbatim(bytes), train], finished)]);
        let reports = reports(&events);
        let (first, last) = (reports[0].perplexity, reports[39].perplexity);
        assert!(first > 20.0 && last < 0.8 * first, "perplexity should fall, and went from {first} to {last}");
        let sample = &reports[39].sample;
        assert!(sample.text.starts_with("时间<unk>") && sample.unknown == ['x'], "{sample:?}");
        assert!(sample.text.chars().skip(7).all(|c| CHINESE.contains(c) && c != '\r'), "{sample:?}");
    }
}

#[test]
fn what_is_left_of_a_text_must_do_for_a_run() {
    let run = |text: &str, config: Config| {
        let events = play([part([verbatim(text), train(1, config)], failed)]);
        match events.last() {
            Some(Event::Failed { run: Some(1), error }) => error.to_string(),
            other => panic!("{other:?}"),
        }
    };
    let none = run(CHINESE, Config { cleaning: Cleaning::Book, ..small() });
    assert!(none.contains("no letters A to Z") && none.contains("set Cleaning (cleaning) to verbatim"), "{none}");
    let few = run(CHINESE, chinese());
    assert!(few.contains("fewer than the 200 to train on"), "{few}");
    let few = run(&CHINESE.repeat(5), Config { validation: 100, ..chinese() });
    assert!(few.contains("too few to train on 200 and hold out 100 more"), "{few}");
}

/// What is said of a run on this text, from these settings and this offset; `None` if it trains.
fn said_of(text: &str, config: Config, window_offset: Option<u32>) -> Option<String> {
    let beginning = StartFrom { window_offset, ..StartFrom::default() };
    let config = Config { engine: EngineChoice::Cpu, epochs: 1, ..config };
    let train = Command::Train { run: 1, config, prefix: "a".into(), beginning, stretch: Stretch::Whole };
    match play([part([verbatim(text), train], |event| finished(event) || failed(event))]).last() {
        Some(Event::Failed { run: Some(1), error }) => Some(error.to_string()),
        event => {
            assert!(event.is_some_and(finished), "{event:?}");
            None
        }
    }
}

/// Advice that can be followed: more tokens only where the text has them.
#[test]
fn a_text_too_short_for_any_run_is_told_how_long_it_has_to_be() {
    let config = Config { cleaning: Cleaning::Verbatim, batch: 4, steps: 5, hidden: 4, ..Config::default() };
    for tokens in [3, 200] {
        let said = said_of("a", Config { tokens, ..config }, None).unwrap();
        assert_eq!(
            said,
            "The text is too short: it has 1 character, and 4 rows of 5 steps take 26 (no run takes fewer than 3); \
             choose a longer text, or lower Batch size (batch) or Time steps (steps)."
        );
    }
    let said = said_of(&"ab".repeat(10), Config { tokens: 20, validation: 9, ..config }, None).unwrap();
    assert!(said.starts_with("The text is too short: it has 20 characters, and 4 rows of 5 steps take 26"), "{said}");
    // A text that would do, with settings that don't.
    let said = said_of(&"ab".repeat(20), Config { tokens: 20, ..config }, None).unwrap();
    assert!(said.contains("at least 26 are needed, so raise Training tokens (tokens)"), "{said}");
    let said = said_of(&"ab".repeat(20), Config { tokens: 41, ..config }, None).unwrap();
    assert!(said.contains("set Training tokens (tokens) to at most 40"), "{said}");
    assert_eq!(said_of("aba", Config { tokens: 3, batch: 1, steps: 1, ..config }, None), None);
}

/// A fixed offset needs no room for any other.
#[test]
fn the_least_text_is_that_of_the_fixed_offset() {
    let book = Config { cleaning: Cleaning::Verbatim, hidden: 4, ..Config::default() };
    let text = "time travel ".repeat(100);
    let reset = Config { state: StateMode::Reset, ..book };
    let random = Config { sampling: time_traveller::model::config::Sampling::Random, ..reset };
    for (config, offset, least) in [
        (book, Some(0), 1121),
        (book, Some(35), 1156),
        (book, None, 1156),
        (reset, Some(7), 1128),
        (random, Some(0), 1121),
        (random, Some(34), 1155),
        (random, None, 1155),
    ] {
        assert_eq!(said_of(&text, Config { tokens: least, ..config }, offset), None, "{least}");
        let held_out = Config { tokens: least, validation: 1200 - least, ..config };
        assert_eq!(said_of(&text, held_out, offset), None, "{least} and the rest held out");
        let said = said_of(&text, Config { tokens: least - 1, ..config }, offset).unwrap();
        assert!(said.contains(&format!("at least {least} are needed")), "{said}");
    }
}

/// A run keeps its text when another is chosen, and stays bitwise the same.
#[test]
fn another_text_is_for_the_next_run() {
    let through = play([part([train(1, small())], finished)]);
    let events = play([
        part([train(1, small())], epoch(2)),
        part([verbatim(CHINESE.repeat(6)), generate(1, "time", small())], answered(1)),
        part([], finished),
        part([train(2, Config { epochs: 1, ..chinese() })], |event| epoch(1)(event) && run_of(event) == Some(2)),
    ]);
    let ended = the(&events, |event| finished(event) && run_of(event) == Some(1));
    let of_first: Vec<Event> = events[..=ended].iter().filter(|event| run_of(event) == Some(1)).cloned().collect();
    assert_eq!(outcome(&of_first), outcome(&through));
    assert!(generated(&events, 1).text.is_ascii());
    let last = reports(&events).last().unwrap().sample.text.clone();
    assert!(last.contains(|c: char| !c.is_ascii()), "{last}");
}

fn file(events: &[Event]) -> Vec<u8> {
    match &events[the(events, answered(1))] {
        Event::Checkpoint { file, .. } => file.clone(),
        other => panic!("{other:?}"),
    }
}

fn from(file: &[u8]) -> StartFrom {
    StartFrom { checkpoint: Some(file.to_vec()), ..StartFrom::default() }
}

#[test]
fn a_run_of_an_own_text_goes_on_from_its_checkpoint_and_on_no_other_text() {
    let config = Config { validation: 50, vocab: 20, epochs: 5, ..chinese() };
    let text = || bring("mine.txt", CHINESE.repeat(6), Cleaning::Verbatim, 20);
    let save = || Command::Checkpoint { request: 1 };
    let whole = play([part([text(), train(1, config)], epoch(3)), part([save()], answered(1)), part([], finished)]);
    let file = file(&whole);
    let saved = Checkpoint::read(&file).unwrap();
    assert_eq!(saved.config, config);
    assert_eq!(saved.reports.iter().collect::<Vec<_>>(), reports(&whole)[..3], "held-out perplexities too");
    let engine = config.engine;
    let to_go = Config { engine, epochs: 5, ..Config::default() };
    let after = play([part([text(), train_from(1, to_go, from(&file))], finished)]);
    let numbers = |events: &[Event]| {
        let reports = reports(events).into_iter();
        reports.map(|r| (r.epoch, r.loss, r.validation, r.sample.clone())).filter(|r| r.0 > 3).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&after), numbers(&whole));
    for (other, sentence) in [
        (Command::Pause, "was trained on another text: choose that text"),
        (verbatim(CHINESE.repeat(7)), "was trained on another text: choose that text"),
    ] {
        let events = play([part([other, train_from(1, to_go, from(&file))], failed)]);
        let Some(Event::Failed { error, .. }) = events.last() else { panic!("{events:?}") };
        let message = error.to_string();
        assert!(message.contains(sentence), "{message}");
    }
}

#[test]
fn a_checkpoint_of_the_book_asks_for_the_book_and_for_no_cleaning() {
    let config = Config { engine: EngineChoice::Cpu, epochs: 1, ..small() };
    let save = Command::Checkpoint { request: 1 };
    let file = file(&play([part([train(1, config)], finished), part([save], answered(1))]));
    let examine = |request| Command::Examine { request, file: file.clone() };
    let back = Command::Text { choice: TextChoice::Book, cleaning: Cleaning::Verbatim, vocab: 4000 };
    // The first of these texts has no letters, so the checkpoint's cleaning leaves nothing of it.
    let texts = ["时光机器".repeat(99), LINE.repeat(9)].map(verbatim);
    let [chinese, english] = texts.clone();
    let examined = |event: &Event| matches!(event, Event::Examined { .. });
    let events = play([part([chinese, examine(1), english, examine(2), back, examine(3)], examined)]);
    let refused = events.iter().filter_map(|event| match event {
        Event::Refused { error, .. } => Some(error.to_string()),
        _ => None,
    });
    let sentence = "The checkpoint was trained on the book’s text: go back to the book’s text to resume it, or start a \
                    new run.";
    assert_eq!(refused.collect::<Vec<_>>(), [sentence; 2]);
    for text in texts {
        let events = play([part([text, train_from(1, config, from(&file))], failed)]);
        assert!(
            matches!(events.last(), Some(Event::Failed { error, .. }) if error.to_string() == sentence),
            "{events:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// From bytes to tokens nothing panics, and all tokens are in the vocabulary.
    #[test]
    fn any_bytes_come_to_tokens_or_to_a_refusal(bytes in prop::collection::vec(any::<u8>(), 0..60), vocab in 2..9u32) {
        let text = match Text::own(String::new(), &bytes) {
            Ok(text) => text,
            Err(error) => {
                prop_assert_eq!(decode(&bytes), Err(error));
                return Ok(());
            }
        };
        for cleaning in [Cleaning::Book, Cleaning::Verbatim] {
            let corpus = text.corpus(cleaning, vocab);
            prop_assert!(corpus.vocabulary.size() <= vocab as usize);
            prop_assert!(corpus.tokens.iter().all(|&id| (id as usize) < corpus.vocabulary.size()));
            prop_assert_eq!(corpus.counts().iter().sum::<u32>() as usize, corpus.tokens.len());
        }
    }
}

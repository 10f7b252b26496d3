//! Files that are no checkpoint, or a wrong one: each is refused with its own sentence, and none reaches an engine.
//! Random files are read or refused, with memory in proportion to their size.
//!
//! `PROPTEST_CASES=1000000 cargo test --release --test bad_files` tests more cases.

#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code, reason = "scripts of other tests")]
#[path = "common/trainer.rs"]
mod script;

#[path = "common/checkpoint.rs"]
mod checkpoint;
#[path = "bad_files/files.rs"]
mod files;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::HashSet;

use checkpoint::example;
use files::*;
use proptest::prelude::*;
use script::*;
use serde_json::{Value, json};
use time_traveller::error::Error;
use time_traveller::model::Config;
use time_traveller::model::config::EngineChoice;
use time_traveller::network::parameters_file;
use time_traveller::protocol::{Command, Event, StartFrom};
use time_traveller::train::Checkpoint;
use time_traveller::ui::language::{CHINESE, ENGLISH, sentence as in_words};
use time_traveller::ui::settings::file::Kind;

/// Reads and checks a file as the worker does before it uses an engine.
fn examine(file: &[u8]) -> Result<(), Error> {
    Checkpoint::read(file)?.check(&corpus())
}

#[test]
fn a_checkpoint_of_a_time_without_own_texts_is_of_the_book() {
    let file = with_header(|header| {
        let metadata = header["__metadata__"].as_object_mut().unwrap();
        metadata.retain(|key, _| !["cleaning", "vocab", "validation"].contains(&key.as_str()));
    });
    assert_eq!(Checkpoint::read(&file), Ok(example()));
}

/// The setting `vocab` used to be called `kinds`.
#[test]
fn a_checkpoint_of_a_time_of_kinds_has_that_vocabulary() {
    let renamed = |value: &str| {
        with_header(|header| {
            let metadata = header["__metadata__"].as_object_mut().unwrap();
            metadata.remove("vocab").unwrap();
            metadata.insert("kinds".to_owned(), value.into());
        })
    };
    let config = Config { vocab: 22, ..example().config };
    assert_eq!(Checkpoint::read(&renamed("22")), Ok(Checkpoint { config, ..example() }));
    let error = Checkpoint::read(&renamed("1")).unwrap_err().to_string();
    assert!(error.contains("Maximum vocabulary size (vocab) is “1”"), "{error}");
}

#[test]
fn every_setting_of_the_first_checkpoints_must_be_there() {
    for key in ["hidden", "batch", "steps", "epochs", "lr", "clip", "tokens", "sampling", "state", "seed", "engine"] {
        let error = Checkpoint::read(&without(key)).unwrap_err().to_string();
        assert!(error.contains(&format!("its metadata lack {key};")), "{error}");
    }
}

/// The page takes a file for what it is, wherever it is dropped.
#[test]
fn a_checkpoint_is_told_from_parameters_by_its_header() {
    for (file, kind) in [
        (GOOD.clone(), Kind::Checkpoint),
        (with("format", "time-traveller checkpoint 2"), Kind::Checkpoint),
        (parameters_file::write(&example().parameters), Kind::Parameters),
    ] {
        assert_eq!(Kind::of("download (1)", &file), kind);
    }
}

#[test]
fn every_fault_has_its_sentence() {
    assert_eq!(examine(&GOOD), Ok(()));
    let files = bad_files();
    assert!(files.len() >= 60, "{}", files.len());
    let mut said = HashSet::new();
    for (file, sentence) in files {
        let error = examine(&file).expect_err(sentence);
        let [error, chinese] = [&ENGLISH, &CHINESE].map(|w| in_words(w, &error));
        assert!(chinese.starts_with("检查点无法使用（") && !chinese.contains(sentence), "{sentence}: {chinese}");
        assert!(error.starts_with("The checkpoint can't be used: ") && error.contains(sentence), "{sentence}: {error}");
        assert!(error.ends_with("; choose another one, or start a new run."), "{error}");
        assert!(error.len() < 400, "{error}");
        said.insert(error);
    }
    assert!(said.len() >= 55, "{} different sentences", said.len());
}

/// A run continues whatever file is examined; a run that starts from a bad one fails before a device is chosen.
#[test]
fn no_bad_file_reaches_an_engine() {
    let config = Config { engine: EngineChoice::Cpu, ..small() };
    for bad in bad_files().chunks(16) {
        let examine = (1..).zip(bad).map(|(request, (file, _))| Command::Examine { request, file: file.clone() });
        let begin = (2..).zip(bad).map(|(run, (file, _))| {
            train_from(run, config, StartFrom { checkpoint: Some(file.clone()), ..StartFrom::default() })
        });
        let mut commands: Vec<Command> = vec![train(1, config)];
        commands.extend(examine);
        let last = bad.len() as u32;
        let first = play([part(commands, answered(last)), part([], finished)]);
        let refused = first.iter().filter(|event| matches!(event, Event::Refused { .. })).count();
        assert_eq!(refused, bad.len(), "{first:#?}");
        let commands: Vec<Command> = begin.collect();
        let second = play([part(commands, move |event| run_of(event) == Some(last + 1))]);
        let (failed, begun): (Vec<&Event>, Vec<&Event>) = second.iter().partition(|event| failed(event));
        assert_eq!(failed.len(), bad.len(), "{second:#?}");
        assert_eq!(begun, [&Event::Ready; 0], "nothing but refusals");
    }
}

thread_local! {
    /// Bytes that this thread has allocated, and their maximum.
    static HELD: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

/// The system's allocator, with counting.
struct Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(block, layout) }
    }
}

fn count(bytes: isize) {
    // When a thread ends, the counter no longer exists.
    _ = HELD.try_with(|held| {
        let (now, most) = held.get();
        held.set((now + bytes, most.max(now + bytes)));
    });
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes of a vocabulary's table: it has four bytes for each code point up to the largest.
fn largest_table(file: &[u8]) -> isize {
    let largest = String::from_utf8_lossy(file).chars().filter(|&c| c != char::REPLACEMENT_CHARACTER).max();
    4 * (1 + largest.map_or(0, |c| c as isize))
}

/// Reads a file, with memory of at most a multiple of its size and a vocabulary's table; a checkpoint that is read must
/// be the same after it is written and read again.
fn check(file: &[u8]) -> Result<(), TestCaseError> {
    let most = 40 * file.len() as isize + 64_000 + largest_table(file);
    let before = HELD.get().0;
    HELD.set((before, before));
    let outcome = Checkpoint::read(file);
    let cost = HELD.get().1 - before;
    prop_assert!(cost < most, "{} bytes for a file of {}", cost, file.len());
    match outcome {
        Ok(checkpoint) => prop_assert_eq!(Checkpoint::read(&checkpoint.write()), Ok(checkpoint)),
        Err(error) => prop_assert!(matches!(error, Error::BadCheckpoint(_)), "{}", error),
    }
    Ok(())
}

#[test]
fn the_last_of_all_characters_costs_no_more_than_its_table() {
    check(&with("vocabulary", char::MAX.to_string())).unwrap();
}

#[test]
fn a_network_that_its_file_does_not_hold_costs_nothing() {
    check(&with("hidden", "8192")).unwrap();
}

/// Any JSON value.
fn any_json() -> impl Strategy<Value = Value> {
    let number =
        prop_oneof![any::<i64>().prop_map(Value::from), any::<u64>().prop_map(Value::from), Just(json!(1e300))];
    let word = prop_oneof![
        ".{0,6}",
        prop::sample::select(vec!["F32", "F64", "I32", "U8", "0", "1", "8192", "4294967296", "nan", "[]", "random"])
            .prop_map(str::to_owned)
    ];
    let offsets = (0..2000u64, 0..2000u64).prop_map(|(a, b)| json!([a, b]));
    let shape = prop::collection::vec(any::<u64>(), 0..4).prop_map(Value::from);
    prop_oneof![Just(Value::Null), number, word.prop_map(Value::from), offsets, shape]
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(5_000);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), length in 0..400u64, is_long: bool) {
        check(&bytes)?;
        // With a plausible header length more of the file is parsed.
        let file = [&length.to_le_bytes()[..], &bytes].concat();
        check(&file)?;
        let length = if is_long { u64::MAX - length } else { bytes.len() as u64 };
        check(&[&length.to_le_bytes()[..], &bytes].concat())?;
    }

    /// Other characters are accepted if their number fits the tensors.
    #[test]
    fn a_vocabulary_of_any_characters_is_read_or_refused(characters: Vec<char>) {
        check(&with("vocabulary", String::from_iter(characters)))?;
    }

    /// A good file with random changes of its tensors' properties and metadata.
    #[test]
    fn a_header_that_says_something_else_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any_json()), 1..4)
    ) {
        let file = with_header(|header| {
            for (which, key, value) in changes {
                let entries: Vec<String> = header.as_object().unwrap().keys().cloned().collect();
                let entry = &mut header[&entries[which.index(entries.len())]];
                match entry.as_object().map(|entry| entry.keys().cloned().collect::<Vec<_>>()) {
                    Some(keys) if !keys.is_empty() => entry[&keys[key.index(keys.len())]] = value,
                    _ => *entry = value,
                }
            }
        });
        check(&file)?;
    }

    /// Bytes that are changed, removed or inserted, mostly in the header, cause a refusal at worst.
    #[test]
    fn a_damaged_file_is_read_or_refused(
        damage in prop::collection::vec((0.0..1.0f64, any::<bool>(), any::<u8>(), 0..3u8), 1..6)
    ) {
        let mut file = GOOD.clone();
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
        check(&file)?;
    }
}

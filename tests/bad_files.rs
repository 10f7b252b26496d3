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

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::HashSet;
use std::sync::LazyLock;

use checkpoint::example;
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

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| example().write());

/// The example's file with a changed header before the same data.
fn with_header(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let data = 8 + u64::from_le_bytes(GOOD[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&GOOD[8..data]).unwrap();
    change(&mut header);
    file(header.to_string().as_bytes(), &GOOD[data..])
}

fn file(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header, data].concat()
}

/// The example's file with a metadata value replaced.
fn with(key: &str, value: impl Into<Value>) -> Vec<u8> {
    with_header(|header| header["__metadata__"][key] = value.into())
}

/// The example's file without a metadata key.
fn without(key: &str) -> Vec<u8> {
    with_header(|header| _ = header["__metadata__"].as_object_mut().unwrap().remove(key).unwrap())
}

/// The example's file with a tensor renamed.
fn renamed(tensor: &str, name: &str) -> Vec<u8> {
    with_header(|header| {
        let info = header.as_object_mut().unwrap().remove(tensor).unwrap();
        header[name] = info;
    })
}

/// The example's file with a property of a tensor replaced in the header.
fn said(tensor: &str, what: &str, value: Value) -> Vec<u8> {
    with_header(|header| header[tensor][what] = value)
}

/// The example's checkpoint, changed before it is written.
fn changed(change: impl FnOnce(&mut Checkpoint)) -> Vec<u8> {
    let mut checkpoint = example();
    change(&mut checkpoint);
    checkpoint.write()
}

/// Damaged files, or files of another format.
fn no_files() -> Vec<(Vec<u8>, &'static str)> {
    let whole = &*GOOD;
    let no_header = |length: u64| [&length.to_le_bytes()[..], &whole[8..]].concat();
    vec![
        (vec![], "not a safetensors file (header too small)"),
        (vec![0; 8], "not a safetensors file (invalid JSON in header: EOF"),
        (b"PK\x03\x04 a zip file, as torch.save makes it".to_vec(), "not a safetensors file (header too large)"),
        (whole[..100].to_vec(), "not a safetensors file (invalid header length)"),
        (whole[..whole.len() - 1].to_vec(), "not a safetensors file (incomplete metadata"),
        (no_header(1), "not a safetensors file (invalid JSON in header: EOF while parsing an object"),
        (no_header(90_000_000), "not a safetensors file (invalid header length)"),
        (file(b"\xff\xfe{}", &[]), "not a safetensors file (invalid UTF-8"),
        (file(b"[1, 2]", &[]), "not a safetensors file (invalid JSON in header: invalid type: sequence"),
        (file(b"{\"w_xh\": 5}", &[]), "not a safetensors file (invalid JSON in header: invalid type: integer"),
        (said("b_h", "shape", json!([4])), "not a safetensors file (invalid shape"),
        (said("b_h", "shape", json!([u64::MAX, 8])), "not a safetensors file (overflow"),
        (
            said("b_h", "shape", json!([-8])),
            "not a safetensors file (invalid JSON in header: invalid value: integer `-8`",
        ),
        (said("b_h", "dtype", json!("F99")), "not a safetensors file (invalid JSON in header: unknown variant `F99`"),
        (said("b_h", "data_offsets", json!([0, 32])), "not a safetensors file (invalid offset for tensor `"),
        (
            with("seed", 1),
            "not a safetensors file (invalid JSON in header: invalid type: integer `1`, expected a string",
        ),
        (file(b"{}", &[]), "it is not a checkpoint, because its metadata lack format"),
    ]
}

/// Files with wrong metadata.
fn bad_metadata() -> Vec<(Vec<u8>, &'static str)> {
    let parameters = parameters_file::write(&example().parameters);
    vec![
        (parameters, "it is not a checkpoint, because its metadata lack format"),
        (with("format", "time-traveller checkpoint 2"), "its format is “time-traveller checkpoint 2”"),
        (without("vocabulary"), "its metadata lack vocabulary"),
        (without("text"), "its metadata lack text"),
        (without("samples"), "its metadata lack samples"),
        (without("seed"), "its metadata lack seed"),
        (with("hidden", "0"), "its settings are wrong: Hidden units (hidden) is “0”"),
        (with("hidden", "9"), "w_xh has the shape [22, 8], not [22, 9]"),
        (with("hidden", "1e1"), "Hidden units (hidden) is “1e1”"),
        (with("batch", "-4"), "Batch size (batch) is “-4”"),
        (with("tokens", "99999999999999999999"), "Training tokens (tokens) is “99999999999999999999”"),
        (with("lr", "abc"), "Learning rate (lr) is “abc”"),
        (with("clip", "inf"), "Gradient clipping (clip) is “inf”"),
        (with("sampling", "shuffled"), "Sampling (sampling) is “shuffled”"),
        (with("sampling", "random"), "its settings are wrong: Random sampling"),
        (with("engine", "abacus"), "Engine (engine) is “abacus”"),
        (with("epochs", "1"), "it has 2 epochs of 1"),
        (with("window-offset", "6"), "its window offset is “6”, not a whole number from 0 to 5"),
        (with("window-offset", "-1"), "its window offset is “-1”"),
        (with("vocabulary", ""), "its vocabulary is empty"),
        (with("vocabulary", "abca"), "its vocabulary is empty or has a character twice"),
        (with("vocabulary", "abc"), "w_xh has the shape [22, 8], not [4, 8]"),
        (with("samples", "{}"), "its samples are not a list of texts"),
        (with("samples", "[[\"a\",\"b\"]]"), "it has 2 epochs and 1 samples"),
    ]
}

/// Files with wrong numbers.
fn bad_numbers() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (renamed("w_hh", "w_hx"), "there is no tensor w_hh"),
        (renamed("b_q", "B_q"), "there is no tensor b_q"),
        (renamed("epochs", "epochx"), "there is no tensor epochs"),
        (renamed("grad_norms", "norms"), "there is no tensor grad_norms"),
        (renamed("rates", "ratex"), "there is no tensor rates"),
        (said("w_hh", "shape", json!([64])), "w_hh has the shape [64], not [8, 8]"),
        (said("w_hh", "dtype", json!("I32")), "w_hh is I32, not F32"),
        (said("epochs", "shape", json!([3, 2])), "epochs has the shape [3, 2], not [3, 3]"),
        (said("rates", "shape", json!([8])), "rates has the shape [8], not [8, 4]"),
        (changed(|c| c.parameters.tensor_mut("w_hq")[4] = f32::NAN), "element 4 of w_hq is NaN"),
        (changed(|c| c.parameters.tensor_mut("b_h")[1] = f32::INFINITY), "element 1 of b_h is inf"),
        (changed(|c| c.reports[1].loss = f64::NAN), "element 3 of epochs is NaN"),
        (changed(|c| c.reports[1].loss = 800.0), "epoch 2 has the loss 800"),
        (changed(|c| c.reports[1].loss = -0.5), "epoch 2 has the loss -0.5"),
        (changed(|c| c.reports[0].tokens_per_second = 0.0), "epoch 1 has the loss 1.1 and 0 tokens per second"),
        (changed(|c| c.reports[0].grad_norms[1] = f32::NEG_INFINITY), "element 1 of grad_norms is -inf"),
        (changed(|c| c.reports[0].grad_norms[1] = -1.0), "epoch 1 has the gradient norm -1"),
        (changed(|c| c.reports[1].grad_norms.clear()), "the number of epoch 2’s minibatches is 0"),
        (changed(|c| c.config.validation = 9), "validation has the shape [0], not [2]"),
        (
            changed(|c| {
                c.config.validation = 9;
                c.reports.iter_mut().for_each(|report| report.validation = Some(-2.0));
            }),
            "epoch 1 has the validation perplexity -2",
        ),
        (changed(|c| c.hyperparameters.clear()), "its changes of learning rate or clip threshold do not start"),
        (changed(|c| c.hyperparameters[0].0 = (0, 1)), "do not start at epoch 0, minibatch 0"),
        (changed(|c| c.hyperparameters.push(((1, 2), c.hyperparameters[0].1))), "or are not in order"),
        (changed(|c| c.hyperparameters[1].1.learning_rate = 0.0), "threshold is wrong: Learning rate (lr) is “0”"),
        (changed(|c| c.hyperparameters[1].1.clip = -1.0), "threshold is wrong: Gradient clipping (clip) is “-1”"),
    ]
}

/// Good checkpoints of another text or vocabulary.
fn others() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (changed(|c| c.text = "da39a3ee5e6b4b0d3255bfef95601890afd80709".into()), "it belongs to another text"),
        (
            changed(|c| c.vocabulary = c.vocabulary.to_uppercase()),
            "it belongs to another vocabulary (of size 22; the text’s has 22)",
        ),
    ]
}

fn bad_files() -> Vec<(Vec<u8>, &'static str)> {
    [no_files(), bad_metadata(), bad_numbers(), others()].concat()
}

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

fn with_vocabulary(characters: &str) -> Vec<u8> {
    with_header(|header| header["__metadata__"]["vocabulary"] = characters.into())
}

#[test]
fn the_last_of_all_characters_costs_no_more_than_its_table() {
    check(&with_vocabulary(&char::MAX.to_string())).unwrap();
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
        check(&with_vocabulary(&String::from_iter(characters)))?;
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

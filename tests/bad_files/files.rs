//! Files that are wrong, each made from a good one, with the sentence that refuses it.

use std::sync::LazyLock;

use serde_json::{Value, json};
use time_traveller::model::Config;
use time_traveller::network::parameters_file;
use time_traveller::train::Checkpoint;

use super::checkpoint::example;
use super::script;

pub static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| example().write());

/// The example's file with a changed header before the same data.
pub fn with_header(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let data = 8 + u64::from_le_bytes(GOOD[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&GOOD[8..data]).unwrap();
    change(&mut header);
    file(header.to_string().as_bytes(), &GOOD[data..])
}

fn file(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header, data].concat()
}

/// The example's file with a metadata value replaced.
pub fn with(key: &str, value: impl Into<Value>) -> Vec<u8> {
    with_header(|header| header["__metadata__"][key] = value.into())
}

/// The example's file without a metadata key.
pub fn without(key: &str) -> Vec<u8> {
    with_header(|header| _ = header["__metadata__"].as_object_mut().unwrap().remove(key).unwrap())
}

/// The example's file with a tensor renamed.
pub fn renamed(tensor: &str, name: &str) -> Vec<u8> {
    with_header(|header| {
        let info = header.as_object_mut().unwrap().remove(tensor).unwrap();
        header[name] = info;
    })
}

/// The example's file with a property of a tensor replaced in the header.
pub fn said(tensor: &str, what: &str, value: Value) -> Vec<u8> {
    with_header(|header| header[tensor][what] = value)
}

/// The example's checkpoint, changed before it is written.
pub fn changed(change: impl FnOnce(&mut Checkpoint)) -> Vec<u8> {
    let mut checkpoint = example();
    change(&mut checkpoint);
    checkpoint.write()
}

/// What a clone without Git LFS has in place of a large file.
pub const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 340912\n";

/// Damaged files, or files of another format.
fn no_files() -> Vec<(Vec<u8>, &'static str)> {
    let whole = &*GOOD;
    let no_header = |length: u64| [&length.to_le_bytes()[..], &whole[8..]].concat();
    vec![
        (vec![], "not a safetensors file (header too small)"),
        (vec![0; 8], "not a safetensors file (invalid JSON in header: an object is expected at byte 0"),
        (b"PK\x03\x04\0\0 a zip file, as torch.save makes it".to_vec(), "not a safetensors file (header too large)"),
        (LFS_POINTER.to_vec(), "it is a Git LFS pointer, not the file itself, which `git lfs pull` brings"),
        (b"\n<!doctype html>\n<title>run.safetensors</title>".to_vec(), "it is a web page, not the file"),
        (b"\xef\xbb\xbf<HTML><body>404".to_vec(), "it is a web page, not the file"),
        (script::LINE.repeat(12).into_bytes(), "it is a plain text, which can be trained on but holds no network"),
        // The examined part ends within a character.
        (format!("a{}", "时光".repeat(400)).into_bytes(), "it is a plain text"),
        (whole[..100].to_vec(), "not a safetensors file (invalid header length)"),
        (whole[..whole.len() - 1].to_vec(), "not a safetensors file (incomplete metadata"),
        (no_header(1), "not a safetensors file (invalid JSON in header: a text is expected at byte 1"),
        (no_header(90_000_000), "not a safetensors file (invalid header length)"),
        (file(b"\xff\xfe{}", &[]), "not a safetensors file (invalid UTF-8"),
        (file(b"[1, 2]", &[]), "not a safetensors file (invalid JSON in header: an object is expected at byte 0"),
        (
            file(b"{\"w_xh\": 5}", &[]),
            "not a safetensors file (invalid JSON in header: an object is expected at byte 9",
        ),
        (said("b_h", "shape", json!([4])), "not a safetensors file (invalid shape"),
        (said("b_h", "shape", json!([u64::MAX, 8])), "not a safetensors file (overflow"),
        (
            said("b_h", "shape", json!([-8])),
            "not a safetensors file (invalid JSON in header: a whole number is expected at byte ",
        ),
        (said("b_h", "dtype", json!("F99")), "not a safetensors file (invalid JSON in header: unknown type `F99`"),
        (said("b_h", "data_offsets", json!([0, 32])), "not a safetensors file (invalid offset for tensor `"),
        (with("seed", 1), "not a safetensors file (invalid JSON in header: a text is expected at byte "),
        (file(b"{}", &[]), "it is not a checkpoint, because its metadata lack format"),
    ]
}

/// Files with wrong metadata.
fn bad_metadata() -> Vec<(Vec<u8>, &'static str)> {
    let parameters = parameters_file::write(&example().parameters);
    vec![
        (parameters, "its metadata lack format (parameters alone go into “Start from a file”)"),
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
        (with("branches", "1"), "its branches are not a list of epochs and settings (a list is expected at byte 0"),
        (with("branches", r#"[[1, {"hidden": "8"}]]"#), "its metadata lack"),
        (
            changed(|c| c.earlier = vec![(3, c.config)]),
            "its branches are not in order, of another network, or at epochs",
        ),
        (changed(|c| c.earlier = vec![(2, c.config), (1, c.config)]), "its branches are not in order"),
        (
            changed(|c| c.earlier = vec![(1, Config { seed: 9, ..c.config })]),
            "its branches are not in order, of another",
        ),
        (with("window-offset", "6"), "its window offset is “6”, not a whole number from 0 to 5"),
        (with("window-offset", "-1"), "its window offset is “-1”"),
        (with("vocabulary", ""), "its vocabulary is empty"),
        (with("vocabulary", "abca"), "its vocabulary is empty or has a character twice"),
        (with("vocabulary", "abc"), "w_xh has the shape [22, 8], not [4, 8]"),
        (with("samples", "{}"), "its samples are not a list of texts"),
        (changed(|c| c.vocabulary = c.vocabulary.to_uppercase()), "its vocabulary is not that of its text"),
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

pub fn bad_files() -> Vec<(Vec<u8>, &'static str)> {
    [no_files(), bad_metadata(), bad_numbers()].concat()
}

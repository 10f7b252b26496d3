//! Files of tensors and their JSON, against the safetensors crate and serde_json.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use time_traveller::network::json::{Json, write_text};
use time_traveller::network::tensor_file::{F32, F64, Tensor, TensorFile};

/// A tensor: type, shape and elements.
type Given = (Dtype, Vec<usize>, Vec<u8>);

fn given() -> impl Strategy<Value = Given> {
    let kinds = [Dtype::F32, Dtype::F64, Dtype::F32, Dtype::U8, Dtype::BF16, Dtype::I32, Dtype::BOOL, Dtype::U64];
    (prop::sample::select(kinds.to_vec()), prop::collection::vec(0..4usize, 0..3)).prop_flat_map(|(kind, shape)| {
        let length = shape.iter().product::<usize>() * kind.bitsize() / 8;
        (Just(kind), Just(shape), prop::collection::vec(any::<u8>(), length))
    })
}

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(".{0,4}", ".{0,8}", 0..3)
}

fn tensors() -> impl Strategy<Value = BTreeMap<String, Given>> {
    prop::collection::btree_map(".{0,4}", given(), 0..5)
}

/// The file as the crate writes it.
fn file(tensors: &BTreeMap<String, Given>, texts: &BTreeMap<String, String>) -> Vec<u8> {
    let tensor = |(kind, shape, data): &'_ Given| (*kind, shape.clone(), data.clone());
    let tensors: Vec<_> = tensors.iter().map(|(name, given)| (name, tensor(given))).collect();
    let views = tensors
        .iter()
        .map(|(name, (kind, shape, data))| (name.as_str(), TensorView::new(*kind, shape.clone(), data).unwrap()));
    let texts: HashMap<String, String> = texts.clone().into_iter().collect();
    safetensors::serialize(views, (!texts.is_empty()).then_some(texts)).unwrap()
}

/// What the crate reads, as this program has it; `None` if it refuses.
fn by_the_crate(file: &[u8]) -> Option<(HashMap<String, String>, BTreeMap<String, Given>)> {
    let tensors = SafeTensors::deserialize(file).ok()?;
    let metadata = SafeTensors::read_metadata(file).unwrap().1.metadata().clone().unwrap_or_default();
    let tensors = tensors.tensors().into_iter();
    Some((metadata, tensors.map(|(name, t)| (name, (t.dtype(), t.shape().to_vec(), t.data().to_vec()))).collect()))
}

/// The same as this program reads it.
fn by_this_program(file: &[u8]) -> Option<(HashMap<String, String>, BTreeMap<String, Given>)> {
    let TensorFile { metadata, tensors } = TensorFile::read(file).ok()?;
    let kind = |name: &str| serde_json::from_value(Value::from(name)).unwrap();
    let tensors = tensors.into_iter().map(|(name, t)| (name, (kind(t.kind.0), t.shape, t.data.to_vec()))).collect();
    Some((metadata.into_iter().collect(), tensors))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_crate_writes_is_read(tensors in tensors(), texts in texts()) {
        let file = file(&tensors, &texts);
        prop_assert_eq!(by_this_program(&file), Some((texts.into_iter().collect(), tensors)));
    }

    /// With the same bytes, but for the order of the texts, which the crate leaves to chance.
    #[test]
    fn what_is_written_is_what_the_crate_writes(tensors in tensors(), texts in texts()) {
        let floats = [(Dtype::F32, F32), (Dtype::F64, F64)];
        let tensors: BTreeMap<_, _> =
            tensors.into_iter().filter(|(_, given)| floats.iter().any(|kind| kind.0 == given.0)).collect();
        let own = tensors.iter().map(|(name, (kind, shape, data))| {
            let (_, kind) = floats.into_iter().find(|float| float.0 == *kind).unwrap();
            (name.clone(), Tensor { kind, shape: shape.clone(), data })
        });
        let written = TensorFile { metadata: texts.clone(), tensors: own.collect() }.write();
        let expected = file(&tensors, &texts);
        prop_assert_eq!(written.len(), expected.len());
        if texts.len() < 2 {
            prop_assert_eq!(&written, &expected);
        }
        prop_assert_eq!(by_the_crate(&written), Some((texts.into_iter().collect(), tensors)));
    }

    /// The crate alone takes a list in place of an object, and of two tensors with one name the last.
    #[test]
    fn a_changed_header_is_read_as_by_the_crate_or_refused(
        tensors in tensors(),
        texts in texts(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b" \",:[]{}0123456789-eE.\\untflrsaF_".to_vec())), 1..3)
    ) {
        let mut file = file(&tensors, &texts);
        for (place, byte) in changes {
            let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
            file[8 + place.index(header)] = byte;
        }
        if let Some(read) = by_this_program(&file) {
            prop_assert_eq!(by_the_crate(&file), Some(read));
        } else if let Some((_, read)) = by_the_crate(&file) {
            prop_assert!(read.len() < tensors.len(), "{:?}", String::from_utf8_lossy(&file));
        }
    }

    #[test]
    fn texts_are_written_and_read_as_by_serde(text: String) {
        let mut json = String::new();
        write_text(&mut json, &text);
        prop_assert_eq!(&json, &serde_json::to_string(&text).unwrap());
        prop_assert_eq!(Json::read(&json, Json::text), Ok(text));
    }

    /// Any mixture of JSON's own characters.
    #[test]
    fn what_is_json_is_json(text in "[ \\[\\]{}:,\"a\\\\u0-9dD8ceE+.\u{1}é-]{0,12}|(true|false|null|-?[0-9.eE+-]{1,5})|\"(\\\\u[dD][89abcdef][0-9af]{2}|\\\\[\"/bfnrtx]|é){0,4}\"") {
        let expected = serde_json::from_str::<Value>(&text);
        // A number above the largest that f64 has is none to serde.
        if !expected.as_ref().is_err_and(|error| error.to_string().contains("out of range")) {
            prop_assert_eq!(Json::read(&text, Json::skip).is_ok(), expected.is_ok(), "{}", text);
        }
        prop_assert_eq!(Json::read(&text, Json::text).ok(), serde_json::from_str::<String>(&text).ok(), "{}", text);
        prop_assert_eq!(Json::read(&text, Json::whole).ok(), serde_json::from_str::<usize>(&text).ok(), "{}", text);
    }
}

#[test]
fn the_first_and_last_pairs_of_surrogates_are_characters() {
    for (json, character) in [(r#""\ud800\udc00""#, '\u{10000}'), (r#""\udbff\udfff""#, char::MAX)] {
        assert_eq!(Json::read(json, Json::text), Ok(character.into()));
    }
}

#[test]
fn depth_is_limited() {
    assert!(Json::read(&("[".repeat(90) + &"]".repeat(90)), Json::skip).is_ok());
    assert!(Json::read(&"[".repeat(1_000_000), Json::skip).is_err());
}

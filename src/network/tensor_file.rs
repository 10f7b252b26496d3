//! Files of tensors in the safetensors format: the length of a header in eight bytes; the header, JSON, with type, shape and
//! place of each tensor, and texts by keys (`__metadata__`); then the tensors' elements without gaps.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::json::{Json, LIST, OBJECT, write_items, write_text};

/// The most bytes of a header that readers take.
const LARGEST_HEADER: u64 = 100_000_000;

/// The elements that the header names are not those that follow it.
const NOT_COVERED: &str = "incomplete metadata, file not fully covered";

/// The key of the texts.
const METADATA: &str = "__metadata__";

/// Texts by keys.
pub type Texts = BTreeMap<String, String>;

/// A type of elements: its name and bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(pub &'static str, usize);

pub const F32: Kind = Kind("F32", 32);
pub const F64: Kind = Kind("F64", 64);

/// Those that a file may have.
const KINDS: [Kind; 22] = [
    F32,
    F64,
    Kind("BOOL", 8),
    Kind("F4", 4),
    Kind("F6_E2M3", 6),
    Kind("F6_E3M2", 6),
    Kind("U8", 8),
    Kind("I8", 8),
    Kind("F8_E5M2", 8),
    Kind("F8_E4M3", 8),
    Kind("F8_E8M0", 8),
    Kind("F8_E4M3FNUZ", 8),
    Kind("F8_E5M2FNUZ", 8),
    Kind("I16", 16),
    Kind("U16", 16),
    Kind("F16", 16),
    Kind("BF16", 16),
    Kind("I32", 32),
    Kind("U32", 32),
    Kind("C64", 64),
    Kind("I64", 64),
    Kind("U64", 64),
];

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor<'a> {
    pub kind: Kind,
    pub shape: Vec<usize>,
    /// Its elements, row by row, little-endian.
    pub data: &'a [u8],
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TensorFile<'a> {
    pub metadata: Texts,
    pub tensors: BTreeMap<String, Tensor<'a>>,
}

impl<'a> TensorFile<'a> {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(file: &'a [u8]) -> Result<Self, String> {
        let (length, rest) = file.split_first_chunk().ok_or("header too small")?;
        let length = u64::from_le_bytes(*length);
        if length > LARGEST_HEADER {
            return Err("header too large".into());
        }
        let (header, data) = rest.split_at_checked(length as usize).ok_or("invalid header length")?;
        let header = str::from_utf8(header).map_err(|_| "invalid UTF-8 in header")?;
        let (metadata, places) = read_header(header).map_err(|why| format!("invalid JSON in header: {why}"))?;
        let mut tensors = BTreeMap::new();
        let mut covered = 0;
        for Place { name, kind, shape, begin, end } in places {
            if begin != covered || end < begin {
                return Err(format!("invalid offset for tensor `{name}`"));
            }
            let own = data.get(begin..end).ok_or(NOT_COVERED)?;
            covered = end;
            let elements = shape.iter().copied().try_fold(1, usize::checked_mul);
            let bits = elements.and_then(|elements| elements.checked_mul(kind.1));
            let bits = bits.ok_or("overflow computing buffer size from shape and element type")?;
            if bits % 8 > 0 || bits / 8 != own.len() {
                return Err("invalid shape, data type, or offset for tensor".into());
            }
            if tensors.insert(name, Tensor { kind, shape, data: own }).is_some() {
                return Err("two tensors with the same name".into());
            }
        }
        if covered != data.len() {
            return Err(NOT_COVERED.into());
        }
        Ok(Self { metadata, tensors })
    }

    /// Writes a file of numbers: tensors by falling size of their elements, then by name.
    pub fn write(&self) -> Vec<u8> {
        let of_kind = |kind| self.tensors.iter().filter(move |(_, tensor)| tensor.kind == kind);
        let tensors: Vec<_> = of_kind(F64).chain(of_kind(F32)).collect();
        let mut header = "{".to_owned();
        if !self.metadata.is_empty() {
            write_text(&mut header, METADATA);
            header.push(':');
            write_object(&mut header, &self.metadata);
        }
        let mut end = 0;
        for (name, Tensor { kind: Kind(kind, _), shape, data }) in &tensors {
            if header.len() > 1 {
                header.push(',');
            }
            write_text(&mut header, name);
            _ = write!(header, ":{{\"dtype\":\"{kind}\",\"shape\":");
            write_items(&mut header, LIST, shape, |header, size| _ = write!(header, "{size}"));
            let begin = end;
            end += data.len();
            _ = write!(header, ",\"data_offsets\":[{begin},{end}]}}");
        }
        header.push('}');
        // So that the elements are aligned.
        header += &" ".repeat(header.len().next_multiple_of(8) - header.len());
        let mut file = Vec::with_capacity(8 + header.len() + end);
        file.extend((header.len() as u64).to_le_bytes());
        file.extend(header.bytes());
        tensors.iter().for_each(|(_, tensor)| file.extend(tensor.data));
        file
    }
}

/// Adds texts by keys to a JSON.
pub fn write_object(json: &mut String, texts: &Texts) {
    write_items(json, OBJECT, texts, |json, (key, text)| {
        write_text(json, key);
        json.push(':');
        write_text(json, text);
    });
}

/// What a header says of a tensor.
struct Place {
    name: String,
    kind: Kind,
    shape: Vec<usize>,
    begin: usize,
    end: usize,
}

/// The texts and, in the order of their data, the tensors.
fn read_header(header: &str) -> Result<(Texts, Vec<Place>), String> {
    let (mut metadata, mut tensors) = (Texts::new(), Vec::new());
    Json::read(header, |json| {
        json.object(&mut |json, key| {
            if key != METADATA {
                tensors.push(read_place(json, key)?);
            } else if !json.is_null() {
                metadata = read_object(json)?;
            }
            Ok(())
        })
    })?;
    tensors.sort_unstable_by_key(|place: &Place| (place.begin, place.end));
    Ok((metadata, tensors))
}

/// Reads texts by keys.
///
/// # Errors
/// They are something else.
pub fn read_object(json: &mut Json<'_>) -> Result<Texts, String> {
    let mut texts = Texts::new();
    json.object(&mut |json, key| {
        texts.insert(key, json.text()?);
        Ok(())
    })?;
    Ok(texts)
}

fn read_place(json: &mut Json<'_>, name: String) -> Result<Place, String> {
    let (mut kind, mut shape, mut offsets) = (None, None, None);
    json.object(&mut |json, key| {
        match key.as_str() {
            "dtype" => {
                let name = json.text()?;
                let known = KINDS.into_iter().find(|kind| kind.0 == name);
                kind = Some(known.ok_or_else(|| format!("unknown type `{name}`"))?);
            }
            "shape" => shape = Some(read_list(json)?),
            "data_offsets" => offsets = Some(read_list(json)?),
            _ => json.skip()?,
        }
        Ok(())
    })?;
    let lacks = |what: &str| format!("a tensor lacks its {what}");
    let offsets = offsets.ok_or_else(|| lacks("data_offsets"))?;
    let [begin, end] = *offsets else { return Err("data_offsets are two numbers".into()) };
    let (kind, shape) = (kind.ok_or_else(|| lacks("dtype"))?, shape.ok_or_else(|| lacks("shape"))?);
    Ok(Place { name, kind, shape, begin, end })
}

fn read_list(json: &mut Json<'_>) -> Result<Vec<usize>, String> {
    let mut numbers = Vec::new();
    json.list(&mut |json| {
        numbers.push(json.whole()?);
        Ok(())
    })?;
    Ok(numbers)
}

//! Decodes the bytes of a text file: UTF-8 or UTF-16.

use crate::error::{Error, Result};
use crate::model::file_fault::LFS_POINTER;

/// The largest text, in bytes. The limit bounds memory: a text's tokens take four bytes each.
pub const LARGEST: usize = 20_000_000;

/// Decodes UTF-8, with or without a byte order mark, or UTF-16 with one; every line end becomes a line feed.
///
/// # Errors
/// [`Error::TextTooLarge`], [`Error::EmptyText`], [`Error::LfsPointer`]; [`Error::NotUtf8`], [`Error::NotUtf16`] and
/// [`Error::NotText`] with the offset of the first invalid byte. A zero character is invalid: it means a binary file,
/// or UTF-16 without a mark.
pub fn decode(bytes: &[u8]) -> Result<String> {
    if bytes.len() > LARGEST {
        return Err(too_large());
    }
    if bytes.starts_with(LFS_POINTER) {
        return Err(Error::LfsPointer);
    }
    let text = match bytes {
        [0xff, 0xfe, units @ ..] => utf16(units, u16::from_le_bytes)?,
        [0xfe, 0xff, units @ ..] => utf16(units, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, text @ ..] => utf8(text, 3)?,
        text => utf8(text, 0)?,
    };
    if text.is_empty() { Err(Error::EmptyText) } else { Ok(line_feeds(text)) }
}

/// The error for more than [`LARGEST`] bytes.
pub fn too_large() -> Error {
    Error::TextTooLarge { most_megabytes: LARGEST / 1_000_000 }
}

/// Decodes bytes that begin at `offset` of their file.
fn utf8(bytes: &[u8], offset: usize) -> Result<String> {
    let text = std::str::from_utf8(bytes);
    let good = text.map_or_else(|error| error.valid_up_to(), str::len);
    if let Some(zero) = bytes[..good].iter().position(|&byte| byte == 0) {
        return Err(Error::NotText { offset: offset + zero });
    }
    text.map(str::to_owned).map_err(|_| Error::NotUtf8 { offset: offset + good })
}

/// Decodes the bytes after a byte order mark of two bytes.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String> {
    let (pairs, rest) = bytes.as_chunks();
    let mut text = String::with_capacity(bytes.len());
    let mut offset = 2;
    for character in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        match character {
            Ok('\0') => return Err(Error::NotText { offset }),
            Ok(character) => {
                text.push(character);
                offset += 2 * character.len_utf16();
            }
            Err(_) => return Err(Error::NotUtf16 { offset }),
        }
    }
    if rest.is_empty() { Ok(text) } else { Err(Error::NotUtf16 { offset }) }
}

/// Replaces CRLF and a lone CR by LF.
fn line_feeds(text: String) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utf16(text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
    }

    /// The text in each of the four encodings.
    fn files(text: &str) -> [Vec<u8>; 4] {
        [
            text.into(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            utf16(text, [0xff, 0xfe], u16::to_le_bytes),
            utf16(text, [0xfe, 0xff], u16::to_be_bytes),
        ]
    }

    #[test]
    fn line_ends_become_line_feeds() {
        for file in files("a\r\nb\rc\n\r\n\r\r\n") {
            assert_eq!(decode(&file).unwrap(), "a\nb\nc\n\n\n\n");
        }
    }

    #[test]
    fn a_mark_after_the_first_character_is_a_character() {
        assert_eq!(decode("a\u{feff}b".as_bytes()).unwrap(), "a\u{feff}b");
    }

    #[test]
    fn the_first_byte_that_does_not_fit_is_named() {
        for (bytes, error) in [
            (&b""[..], Error::EmptyText),
            (b"\xef\xbb\xbf", Error::EmptyText),
            (b"\xff\xfe", Error::EmptyText),
            (b"caf\xe9", Error::NotUtf8 { offset: 3 }),
            (b"\xef\xbb\xbfcaf\xe9 au lait", Error::NotUtf8 { offset: 6 }),
            (b"\xed\xa0\x80", Error::NotUtf8 { offset: 0 }),
            ("时光".as_bytes().split_last().unwrap().1, Error::NotUtf8 { offset: 3 }),
            (b"a\0\xff", Error::NotText { offset: 1 }),
            (b"a\xff\0", Error::NotUtf8 { offset: 1 }),
            (b"\xef\xbb\xbf\0", Error::NotText { offset: 3 }),
            (b"\xff\xfea\0b", Error::NotUtf16 { offset: 4 }),
            (b"\xff\xfea\0\0\xd8b\0", Error::NotUtf16 { offset: 4 }),
            (b"\xff\xfea\0\0\xdc", Error::NotUtf16 { offset: 4 }),
            (b"\xfe\xff\xd8\x3d\xde\x00\xd8\x3d", Error::NotUtf16 { offset: 6 }),
            (b"\xff\xfe\0\0a\0", Error::NotText { offset: 2 }),
        ] {
            assert_eq!(decode(bytes), Err(error), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused_with_the_limit() {
        assert!(decode(&vec![b'a'; LARGEST]).is_ok());
        assert_eq!(decode(&vec![b'a'; LARGEST + 1]), Err(Error::TextTooLarge { most_megabytes: 20 }));
    }

    /// Random bytes, many of them significant in UTF-8 or UTF-16.
    fn any_file() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            3 => any::<u8>(),
            2 => 0x61u8..0x7b,
            3 => prop::sample::select(vec![0, 9, 10, 13, 0x80, 0xbb, 0xbf, 0xc3, 0xd8, 0xdc, 0xe6, 0xf0, 0xff]),
        ];
        let mark = prop::sample::select(vec![&b""[..], b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"]);
        (mark, prop::collection::vec(byte, 0..40)).prop_map(|(mark, bytes)| [mark, &bytes].concat())
    }

    fn any_text() -> impl Strategy<Value = String> {
        let ends = prop::sample::select(vec!['\r', '\n']);
        // Mapped rather than filtered, because proptest gives up after too many rejected values.
        let character = prop_oneof![4 => any::<char>(), 1 => ends].prop_map(|c| if c == '\0' { '0' } else { c });
        prop::collection::vec(character, 1..40).prop_map(|mut text| {
            text[0] = if text[0] == '\u{feff}' { 'f' } else { text[0] };
            text.into_iter().collect()
        })
    }

    proptest! {
        /// Nothing panics, and the offset in an error is within the file.
        #[test]
        fn any_bytes_are_a_text_or_refused(bytes in any_file()) {
            match decode(&bytes) {
                Ok(text) => prop_assert!(!text.is_empty() && !text.contains(['\0', '\r'])),
                Err(Error::EmptyText) => prop_assert!(bytes.len() <= 3),
                Err(Error::NotUtf8 { offset } | Error::NotUtf16 { offset } | Error::NotText { offset }) => {
                    prop_assert!(offset < bytes.len());
                    // The bytes before it are valid.
                    let before = decode(&bytes[..offset]);
                    prop_assert!(matches!(before, Ok(_) | Err(Error::EmptyText)), "{:?}", before);
                }
                Err(error) => prop_assert!(false, "{}", error),
            }
        }

        #[test]
        fn a_text_is_read_back_from_every_encoding(text in any_text()) {
            let [plain, marked, little, big] = files(&text).map(|file| decode(&file).unwrap());
            prop_assert_eq!(&plain, &text.replace("\r\n", "\n").replace('\r', "\n"));
            prop_assert!(marked == plain && little == plain && big == plain);
        }
    }
}

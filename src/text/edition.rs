//! The known editions of *The Time Machine*, identified by their digests, so that nobody trains on a text that was cut
//! short, re-encoded or replaced during the download.
//!
//! `cargo xtask` includes this file too (by `#[path]`), so it depends on std and `sha1` alone.

use sha1::{Digest, Sha1};

/// SHA-1 of the book's edition; the book checks the same digest.
pub const BOOK_SHA1: &str = "090b5e7e70c295757f55df93cb0a180b9691891a";
/// SHA-1 of the Project Gutenberg edition as it is distributed: with BOM, CRLF, header and licence.
pub const GUTENBERG_RAW_SHA1: &str = "93973ceaa8e51edc6d87282d68ee23af7f39353e";
/// SHA-1 of the same after [`cut`].
pub const GUTENBERG_SHA1: &str = "37e0c94ad6c1052c5b5fc8e2146f89a2f7fad658";

const START: &[u8] = b"*** START OF THE PROJECT GUTENBERG EBOOK";
const END: &[u8] = b"*** END OF THE PROJECT GUTENBERG EBOOK";

/// A known edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// The edition that *Dive into Deep Learning* uses, and for which its figures hold.
    Book,
    /// The Project Gutenberg edition, cut down to what the book's has: a line with the title, then the chapters. It
    /// differs from the book's in about 0.6 % of its words; the alphabet, and so the vocabulary of 28 tokens, is the same.
    Gutenberg,
}

impl Edition {
    /// The name that people see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Book => "the book's edition",
            Self::Gutenberg => "Project Gutenberg edition",
        }
    }
}

/// The edition of these bytes, if it is a known one.
pub fn identify(bytes: &[u8]) -> Option<Edition> {
    match sha1_hex(bytes).as_str() {
        BOOK_SHA1 => Some(Edition::Book),
        GUTENBERG_SHA1 => Some(Edition::Gutenberg),
        _ => None,
    }
}

/// Cuts a Project Gutenberg file down to what the book's edition has.
///
/// Of the lines between the START and the END marker, with CRLF turned into LF, it keeps a line with title and author and
/// the chapters, each under its number alone; header, table of contents, chapters' titles and licence are left out: a
/// network would learn them by heart. A BOM goes with the header. Of a file without markers or without chapters only blank
/// lines are cut off, and [`identify`] won't know it.
pub fn cut(raw: &[u8]) -> Vec<u8> {
    let after_start = find(raw, START).map_or(0, |at| find(&raw[at..], b"\n").map_or(raw.len(), |n| at + n + 1));
    let end = find(&raw[after_start..], END).map_or(raw.len(), |at| after_start + at);
    // In such a file every CR belongs to a CRLF, so all can be dropped; a stray one would fail the digest anyway.
    let body: Vec<u8> = raw[after_start..end].iter().copied().filter(|&byte| byte != b'\r').collect();
    let text = as_the_book(body.trim_ascii_start()).trim_ascii_end().to_vec();
    [&text[..], b"\n"].concat()
}

/// A text from its title on, as the book's edition begins: title and author in one line, and no table of contents.
fn as_the_book(text: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let Some(first) = lines.iter().position(|line| is_number(line)) else { return text.to_vec() };
    let author = lines[..first].iter().find(|line| line.starts_with(b"by "));
    let mut kept = vec![[lines[0], b", ", author.unwrap_or(&&b""[..])].concat(), vec![], vec![]];
    let mut rest = lines[first..].iter();
    while let Some(line) = rest.next() {
        kept.push(line.to_vec());
        if is_number(line) {
            // The chapter's title.
            rest.next();
        }
    }
    kept.join(&b'\n')
}

/// Whether a line is the number of a chapter, which is indented, and nothing else.
fn is_number(line: &[u8]) -> bool {
    let number = line.strip_prefix(b" ").and_then(|line| line.strip_suffix(b".")).unwrap_or_default();
    !number.is_empty() && number.iter().all(|byte| b"IVX".contains(byte))
}

/// The SHA-1 of these bytes in lower-case hexadecimal.
pub fn sha1_hex(bytes: &[u8]) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        assert_eq!(sha1_hex(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
        assert_eq!(sha1_hex(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn a_text_that_is_no_known_edition_has_no_name() {
        assert_eq!(identify(b""), None);
        assert_eq!(identify(b"The Time Machine"), None);
    }

    #[test]
    fn header_and_licence_are_cut_off() {
        let raw =
            b"\xef\xbb\xbfHeader\r\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\r\n\r\n\r\nOne\r\n\r\nTwo\r\n\r\n\
            *** END OF THE PROJECT GUTENBERG EBOOK X ***\r\nLicence\r\n";
        assert_eq!(cut(raw), b"One\n\nTwo\n");
    }

    #[test]
    fn title_and_chapters_are_left_of_a_whole_file() {
        let raw = b"*** START OF THE PROJECT GUTENBERG EBOOK X ***\r\n\r\nThe Title\r\n\r\nAn Invention\r\n\r\nby A. Writer\r\n\r\n\
            CONTENTS\r\n\r\n I The First\r\n II Another\r\n\r\n\r\n I.\r\n The First\r\n\r\nOne.\r\nI went\r\nI.\r\n\r\n II.\r\n Another\r\n\r\n\
            Two.\r\n\r\n*** END OF THE PROJECT GUTENBERG EBOOK X ***\r\n";
        let expected = "The Title, by A. Writer\n\n\n I.\n\nOne.\nI went\nI.\n\n II.\n\nTwo.\n";
        assert_eq!(String::from_utf8(cut(raw)).unwrap(), expected);
    }

    #[test]
    fn cutting_takes_anything() {
        assert_eq!(cut(b""), b"\n");
        assert_eq!(cut(b"One"), b"One\n");
        assert_eq!(cut(START), b"\n");
        assert_eq!(cut(END), b"\n");
        assert_eq!(cut(&[END, b"\nTwo\n", START, b"\nThree"].concat()), b"Three\n");
    }

    /// Checks the text that set-up downloads and the copy beside a developer's checkout, if they exist.
    #[test]
    fn the_texts_at_hand_are_known() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for path in ["public/timemachine.txt", "../shared/data/timemachine.txt"] {
            // The manifest is the crate's or xtask's.
            for base in [root, root.parent().unwrap_or(root)] {
                if let Ok(bytes) = std::fs::read(base.join(path)) {
                    assert!(identify(&bytes).is_some(), "{path} is no known edition");
                }
            }
        }
    }
}

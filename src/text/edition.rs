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
pub const GUTENBERG_SHA1: &str = "2defcc76a9cd81949e220f93a6df55dd8fc72878";

const START: &[u8] = b"*** START OF THE PROJECT GUTENBERG EBOOK";
const END: &[u8] = b"*** END OF THE PROJECT GUTENBERG EBOOK";

/// A known edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// The edition that *Dive into Deep Learning* uses, and for which its figures hold.
    Book,
    /// The Project Gutenberg edition without header and licence. It differs from the book's in about 0.6 % of its
    /// words; the alphabet, and so the vocabulary of 28 tokens, is the same.
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

/// Cuts header and licence off a Project Gutenberg file.
///
/// Returns the lines between the START and the END marker, with CRLF turned into LF, blank lines at both ends dropped
/// and one line feed at the end. A BOM is removed with the header. Of a file without the markers nothing is cut off,
/// and [`identify`] won't know it.
pub fn cut(raw: &[u8]) -> Vec<u8> {
    let after_start = find(raw, START).map_or(0, |at| find(&raw[at..], b"\n").map_or(raw.len(), |n| at + n + 1));
    let end = find(&raw[after_start..], END).map_or(raw.len(), |at| after_start + at);
    let body = &raw[after_start..end];

    // In such a file every CR belongs to a CRLF, so all can be dropped; a stray one would fail the digest anyway.
    let mut text: Vec<u8> = body.iter().copied().filter(|&byte| byte != b'\r').collect();
    let blank = text.iter().take_while(|&&byte| byte == b'\n').count();
    text.drain(..blank);
    while text.last() == Some(&b'\n') {
        text.pop();
    }
    text.push(b'\n');
    text
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

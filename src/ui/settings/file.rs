//! A file chosen by the visitor: what it is, while it is read, and for the worker.

use std::sync::Arc;

use crate::error::Error;
use crate::model::file_fault::CHECKPOINT_FORMAT;
use crate::ui::language::{Words, fill, words};

/// The largest file that is read, in bytes: larger than the parameters of 8192 hidden units.
pub const LARGEST: u64 = 512_000_000;

/// Bytes at the start of a file by which [`Kind::of`] knows it.
pub const START: u32 = 1_000_000;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Checkpoint,
    Parameters,
    Text,
}

impl Kind {
    /// The kind of a file, by its name and its first [`START`] bytes. What is no checkpoint in spite of its name, such as
    /// a web page saved in place of one, is named by the reader of checkpoints.
    pub fn of(name: &str, start: &[u8]) -> Self {
        let has = |word: &str| start.windows(word.len()).any(|part| part == word.as_bytes());
        // The length of a safetensors file's header in eight bytes, and its JSON.
        let is_safetensors = matches!(start, [_, _, _, _, 0, 0, 0, 0, b'{', ..]);
        if !is_safetensors {
            if name.ends_with(".safetensors") { Self::Checkpoint } else { Self::Text }
        } else if has(CHECKPOINT_FORMAT) || has("\"samples\":") {
            Self::Checkpoint // the samples may be longer than the start
        } else {
            Self::Parameters
        }
    }
}

/// What was dropped and can't be taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Misdrop {
    /// So many files.
    Several(u32),
    /// A folder of this name.
    Folder(String),
}

impl Misdrop {
    pub fn sentence(&self, w: &Words) -> String {
        match self {
            Self::Several(count) => fill(w.drop_several, &[&count.to_string()]),
            Self::Folder(name) => fill(w.drop_folder, &[name]),
        }
    }
}

/// The state of a file field.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Chosen {
    #[default]
    Nothing,
    /// A file of this name, which is being read.
    Reading(String),
    File {
        name: String,
        bytes: Arc<Vec<u8>>,
    },
    /// A file that could not be read.
    Failed(Error),
}

impl Chosen {
    /// The state before a file of this size is read: an error if it is too large.
    pub fn named(name: String, bytes: u64) -> Self {
        if bytes <= LARGEST {
            return Self::Reading(name);
        }
        let [megabytes, most_megabytes] = [bytes, LARGEST].map(|bytes| bytes / 1_000_000);
        Self::Failed(Error::FileTooLarge { name, megabytes, most_megabytes })
    }

    /// The state after a file was read: its bytes, or the error.
    pub fn read(name: String, outcome: Result<Vec<u8>, String>) -> Self {
        match outcome {
            Ok(bytes) => Self::File { name, bytes: Arc::new(bytes) },
            Err(why) => Self::Failed(Error::FileUnreadable { name, why }),
        }
    }

    /// The file's bytes, for the worker.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::File { bytes, .. } => Some(bytes.to_vec()),
            _ => None,
        }
    }

    /// Why the file could not be read.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The text beside the field.
    pub fn words(&self, w: &Words) -> String {
        match self {
            Self::Nothing => w.file_none.to_owned(),
            Self::Reading(name) => fill(w.file_reading, &[name]),
            Self::File { name, bytes } => fill("{0}, {1}", &[name, &words::file_size(bytes.len() as u64)]),
            Self::Failed(_) => w.file_unreadable.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::ENGLISH;

    #[test]
    fn a_file_is_named_read_and_sent() {
        let reading = Chosen::named("init.safetensors".into(), 3);
        assert_eq!((reading.words(&ENGLISH), reading.bytes()), ("Reading init.safetensors…".into(), None));
        let read = Chosen::read("init.safetensors".into(), Ok(vec![1; 1340]));
        assert_eq!((read.words(&ENGLISH), read.bytes()), ("init.safetensors, 1.3 kB".into(), Some(vec![1; 1340])));
        assert_eq!((read.error(), Chosen::default().bytes()), (None, None));
    }

    #[test]
    fn a_file_is_known_by_its_content_or_its_name() {
        for file in [&b"\x03\0\0\0\0\0\0\0[ ]"[..], b"{\"samples\": 1}", b"a clock", b"{\0\0\0{\0\0\0{", b""] {
            assert_eq!(Kind::of("a.txt", file), Kind::Text, "{file:?}");
            assert_eq!(Kind::of("a.safetensors", file), Kind::Checkpoint, "{file:?}");
        }
        assert_eq!(Kind::of("a.safetensors", b"\x03\0\0\0\0\0\0\0{ }data"), Kind::Parameters);
        assert_eq!(Kind::of("a.txt", b"\x03\0\0\0\0\0\0\0{\"__metadata__\":{\"samples\":\"[["), Kind::Checkpoint);
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why() {
        let said = |chosen: Chosen| chosen.error().map(ToString::to_string).unwrap_or_default();
        assert_eq!(
            said(Chosen::named("film.mp4".into(), 4_200_000_000)),
            "film.mp4 has 4200 MB, and no checkpoint here has more than 512 MB: choose another file."
        );
        assert_eq!(said(Chosen::named("a".into(), LARGEST)), "");
        assert_eq!(
            said(Chosen::read("a".into(), Err("it has gone".into()))),
            "a could not be read (it has gone): choose it again, or another file."
        );
    }
}

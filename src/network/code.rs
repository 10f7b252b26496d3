//! The code of kernels, apart from their tables, so that the page, which only shows a network, links none of it.

use std::ops::Range;

use super::record::{GRAD_POSITIONS, Recorder};

/// The code of one kernel.
#[derive(Debug)]
pub struct Code {
    /// Name of the [`Kernel`](super::Kernel).
    pub kernel: &'static str,
    /// Its WGSL source.
    pub wgsl: &'static str,
    /// WGSL sources to put in front of it.
    pub uses: &'static [&'static str],
    /// The CPU engine's version; `None` for kernels that it does not call.
    pub cpu: Option<Cpu>,
}

/// A kernel on the CPU: a function that records the operations for a range of positions `t · B + b`, called once for each
/// range of `parts`. Gradients are zero before the first kernel of a minibatch; gradient kernels add to them.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    pub parts: Parts,
    pub record: fn(&mut Recorder<'_>, Range<usize>),
}

/// The text of a WGSL file without its comments, which no visitor need load; its lines keep their numbers.
macro_rules! wgsl {
    ($file:literal) => {{
        const TEXT: &[u8] = include_bytes!($file);
        const CODE: &[u8] =
            &$crate::network::code::without_comments::<{ $crate::network::code::code_bytes(TEXT) }>(TEXT);
        match std::str::from_utf8(CODE) {
            Ok(code) => code,
            Err(_) => panic!("WGSL is UTF-8"),
        }
    }};
}
pub(crate) use wgsl;

/// Whether a comment, which ends with its line, begins at this byte. WGSL has no strings in which it could be none.
const fn comment_begins(text: &[u8], at: usize) -> bool {
    text[at] == b'/' && at + 1 < text.len() && text[at + 1] == b'/'
}

/// How many bytes of a text are not in comments.
pub const fn code_bytes(text: &[u8]) -> usize {
    let (mut at, mut bytes, mut is_comment) = (0, 0, false);
    while at < text.len() {
        is_comment = text[at] != b'\n' && (is_comment || comment_begins(text, at));
        bytes += !is_comment as usize;
        at += 1;
    }
    bytes
}

/// The bytes that [`code_bytes`] counts.
pub const fn without_comments<const N: usize>(text: &[u8]) -> [u8; N] {
    let (mut at, mut code, mut bytes, mut is_comment) = (0, [0; N], 0, false);
    while at < text.len() {
        is_comment = text[at] != b'\n' && (is_comment || comment_begins(text, at));
        if !is_comment {
            code[bytes] = text[at];
            bytes += 1;
        }
        at += 1;
    }
    code
}

/// How a minibatch's positions are split into ranges. Successive kernels that run at each time step take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// The positions of one time step, from the first step to the last.
    Forward,
    /// The same from the last step to the first.
    Backward,
    /// [`GRAD_POSITIONS`] positions at a time.
    Positions,
    /// All positions at once.
    Whole,
}

impl Parts {
    /// The ranges of positions `t · B + b`, in order, for `batch` sequences of `steps` time steps.
    pub fn ranges(self, batch: usize, steps: usize) -> Vec<Range<usize>> {
        let positions = batch * steps;
        let step = |t: usize| t * batch..(t + 1) * batch;
        match self {
            Self::Forward => (0..steps).map(step).collect(),
            Self::Backward => (0..steps).rev().map(step).collect(),
            Self::Positions => {
                let part = |from: usize| from..positions.min(from + GRAD_POSITIONS);
                (0..positions).step_by(GRAD_POSITIONS).map(part).collect()
            }
            Self::Whole => std::iter::once(0..positions).collect(),
        }
    }
}

/// The code of all kernels, one slice per module.
pub type Library = &'static [&'static [Code]];

/// Finds the code of a kernel.
///
/// # Panics
/// If the library has none; `tests/shaders.rs` checks the tables against the library.
pub fn code_of(library: Library, kernel: &str) -> &'static Code {
    let found = library.iter().find_map(|module| module.iter().find(|code| code.kernel == kernel));
    found.unwrap_or_else(|| panic!("the kernel {kernel} has no code"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_lines_stay() {
        const TEXT: &[u8] = b"// what\nlet x = a / b; // why\n\n//\nreturn x;";
        const CODE: [u8; code_bytes(TEXT)] = without_comments(TEXT);
        assert_eq!(std::str::from_utf8(&CODE), Ok("\nlet x = a / b; \n\n\nreturn x;"));
    }
}

//! Splits a sample into prefix and continuation.

use crate::protocol::Sample;
use crate::text::UNKNOWN_TEXT;

/// The prefix as the network read it, and the continuation.
pub fn parts(sample: &Sample) -> (&str, &str) {
    let read = |c| if sample.unknown.contains(&c) { UNKNOWN_TEXT.len() } else { c.len_utf8() };
    sample.text.split_at_checked(sample.prefix.chars().map(read).sum()).unwrap_or((&sample.text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(prefix: &str, text: &str, unknown: &[char]) -> Sample {
        Sample { prefix: prefix.into(), text: text.into(), unknown: unknown.into() }
    }

    #[test]
    fn a_sample_is_split_where_the_prefix_ends() {
        assert_eq!(parts(&sample("time", "time and", &[])), ("time", " and"));
        assert_eq!(parts(&sample("café", "caf<unk> the", &['é'])), ("caf<unk>", " the"));
        assert_eq!(parts(&sample("éa", "<unk>a", &['é'])), ("<unk>a", ""));
        assert_eq!(parts(&sample("long prefix", "short", &[])), ("short", ""));
    }
}

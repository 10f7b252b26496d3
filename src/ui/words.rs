//! How the page puts numbers, times and samples into words.

use super::curve::Point;
use super::reference::{self, Reference};
use crate::model::config::Config;
use crate::model::{Sizes, parameters_file};
use crate::protocol::{Lap, Sample};
use crate::text::UNKNOWN_TEXT;

/// A perplexity as a plain number.
pub fn perplexity(value: f64) -> String {
    if value >= 1000.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// A whole number with thousands set apart: 10,000.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The shapes of what the network reads and makes in one minibatch, in the book's order: batch B, steps T, hidden
/// units H, vocabulary V.
pub fn shapes(config: &Config, vocabulary: u32) -> [String; 4] {
    let Config { batch, steps, hidden, .. } = *config;
    let [b, t, h, v] = [batch, steps, hidden, vocabulary].map(u64::from);
    let item = |name: &str, sizes: &[u64]| {
        let sizes: Vec<String> = sizes.iter().map(|&n| grouped(n)).collect();
        format!("{name} {}", sizes.join(" × "))
    };
    [item("X", &[b, t]), item("one-hot", &[t, b, v]), item("Y", &[t * b, v]), item("H", &[b, h])]
}

/// The tensors that a file of initial parameters is to hold, with their shapes: `w_xh (28, 512)`.
pub fn tensors(config: &Config, vocabulary: u32) -> [String; 5] {
    let [batch, steps, hidden, vocabulary] =
        [config.batch, config.steps, config.hidden, vocabulary].map(|size| size as usize);
    parameters_file::expected(Sizes { batch, steps, hidden, vocabulary }).map(|(name, shape)| {
        let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
        format!("{name} ({})", sizes.join(", "))
    })
}

/// A span of time as one says it: “about 4 min”.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return "–".to_owned();
    }
    let seconds = seconds.max(0.0).round();
    let minutes = (seconds / 60.0).round();
    if seconds < 60.0 {
        format!("{seconds} s")
    } else if minutes < 60.0 {
        format!("{minutes} min")
    } else {
        format!("{} h {} min", (minutes / 60.0).floor(), minutes % 60.0)
    }
}

/// What the chart shows, for those who do not see it.
pub fn chart_label(curve: &[Point], reference: Option<&Reference>) -> String {
    let own = curve_label(curve);
    let behind = reference.zip(curve.last()).and_then(|(reference, &(epoch, _))| {
        let epoch = epoch.min(reference::LAST);
        Some(format!("; {}: {:.1} at epoch {epoch}", reference.name(), reference.perplexity(epoch)?))
    });
    own + &behind.unwrap_or_default()
}

fn curve_label(curve: &[Point]) -> String {
    let one = |value: f64| if value >= 1000.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    match (curve.first(), curve.last()) {
        (Some(&(first, from)), Some(&(last, to))) if first != last => {
            let (from, to) = (one(from), one(to));
            if from == to {
                format!("Perplexity stayed at {from} from epoch {first} to epoch {last}")
            } else {
                let verb = if curve[0].1 > curve[curve.len() - 1].1 { "fell" } else { "rose" };
                format!("Perplexity {verb} from {from} at epoch {first} to {to} at epoch {last}")
            }
        }
        (Some(&(epoch, value)), _) => format!("Perplexity is {} after epoch {epoch}", one(value)),
        _ => "Perplexity per epoch: nothing to show before the first epoch is done".to_owned(),
    }
}

/// Names the characters of a prefix that the network does not know, each of which is given once; `None` if it knows
/// them all.
pub fn unknown(characters: &[char]) -> Option<String> {
    let named: Vec<String> = characters.iter().map(|c| format!("“{c}”")).collect();
    match named.as_slice() {
        [] => None,
        [one] => Some(format!("{one} is not in the vocabulary: read as <unk>.")),
        [most @ .., last] => Some(format!("{} and {last} are not in the vocabulary: read as <unk>.", most.join(", "))),
    }
}

/// A sample in two parts: the prefix as the network read it, and what the network added.
pub fn parts(sample: &Sample) -> (&str, &str) {
    let read = |c| if sample.unknown.contains(&c) { UNKNOWN_TEXT.len() } else { c.len_utf8() };
    sample.text.split_at_checked(sample.prefix.chars().map(read).sum()).unwrap_or((&sample.text, ""))
}

/// An amount of memory.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// The size of a file, which may be a small one.
pub fn file_size(bytes: u64) -> String {
    if bytes < 100_000 { format!("{:.1} kB", bytes as f64 / 1e3) } else { megabytes(bytes) }
}

/// How fast each device was in the race for the run.
pub fn race(laps: &[Lap]) -> String {
    let lap = |lap: &Lap| match lap.tokens_per_second {
        Some(speed) => format!("{}: {} tokens/s", lap.name, grouped(speed.round() as u64)),
        None => format!("{}: not timed", lap.name),
    };
    if laps.is_empty() { "–".to_owned() } else { laps.iter().map(lap).collect::<Vec<_>>().join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(prefix: &str, text: &str, unknown: &[char]) -> Sample {
        Sample { prefix: prefix.into(), text: text.into(), unknown: unknown.into() }
    }

    #[test]
    fn the_chart_is_told_in_words() {
        let chart_label = |curve: &[Point]| chart_label(curve, None);
        assert_eq!(chart_label(&[]), "Perplexity per epoch: nothing to show before the first epoch is done");
        assert_eq!(chart_label(&[(1, 24.12)]), "Perplexity is 24.1 after epoch 1");
        assert_eq!(
            chart_label(&[(1, 24.12), (2, 30.0), (50, 8.61)]),
            "Perplexity fell from 24.1 at epoch 1 to 8.6 at epoch 50"
        );
        assert_eq!(chart_label(&[(1, 2.0), (2, 3.0)]), "Perplexity rose from 2.0 at epoch 1 to 3.0 at epoch 2");
        assert_eq!(chart_label(&[(1, 2.0), (2, 2.01)]), "Perplexity stayed at 2.0 from epoch 1 to epoch 2");
    }

    #[test]
    fn the_curve_behind_is_told_too() {
        let book = Reference::of(&Config::default());
        assert_eq!(chart_label(&[], book), curve_label(&[]));
        assert_eq!(
            chart_label(&[(1, 24.12), (50, 8.61)], book),
            "Perplexity fell from 24.1 at epoch 1 to 8.6 at epoch 50; PyTorch, mean of four seeds: 8.5 at epoch 50"
        );
        assert!(chart_label(&[(1, 24.0), (700, 1.02)], book).ends_with("seeds: 1.0 at epoch 500"));
    }

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(perplexity(8.5312), "8.53");
        assert_eq!(perplexity(12345.6), "12346");
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(291_356), "291,356");
        assert_eq!([1, 1_340, 100_000, 1_166_000].map(file_size), ["0.0 kB", "1.3 kB", "0.1 MB", "1.2 MB"]);
        assert_eq!(duration(8.4), "8 s");
        assert_eq!(duration(59.6), "1 min");
        assert_eq!(duration(200.0), "3 min");
        assert_eq!(duration(3599.0), "1 h 0 min");
        assert_eq!(duration(7260.0), "2 h 1 min");
        assert_eq!(duration(f64::INFINITY), "–");
    }

    #[test]
    fn shapes_are_in_the_books_order() {
        let said = shapes(&Config::default(), 28);
        assert_eq!(said, ["X 32 × 35", "one-hot 35 × 32 × 28", "Y 1,120 × 28", "H 32 × 512"]);
        let config = Config { batch: 2, steps: 5, hidden: 1024, ..Config::default() };
        let said = shapes(&config, 3000);
        assert_eq!(said, ["X 2 × 5", "one-hot 5 × 2 × 3,000", "Y 10 × 3,000", "H 2 × 1,024"]);
    }

    #[test]
    fn the_tensors_of_a_file_are_named_with_their_shapes() {
        let said = tensors(&Config::default(), 28);
        assert_eq!(said, ["w_xh (28, 512)", "w_hh (512, 512)", "b_h (512)", "w_hq (512, 28)", "b_q (28)"]);
    }

    #[test]
    fn unknown_characters_are_named() {
        assert_eq!(unknown(&[]), None);
        assert_eq!(unknown(&['é']).unwrap(), "“é” is not in the vocabulary: read as <unk>.");
        assert_eq!(unknown(&['é', 'ß', '1']).unwrap(), "“é”, “ß” and “1” are not in the vocabulary: read as <unk>.");
    }

    #[test]
    fn a_sample_is_split_where_the_prefix_ends() {
        assert_eq!(parts(&sample("time", "time and", &[])), ("time", " and"));
        assert_eq!(parts(&sample("café", "caf<unk> the", &['é'])), ("caf<unk>", " the"));
        assert_eq!(parts(&sample("éa", "<unk>a", &['é'])), ("<unk>a", ""));
        assert_eq!(parts(&sample("long prefix", "short", &[])), ("short", ""));
    }
}

//! Formats numbers, durations, settings and characters for the page.

use super::{List, Words, fill};
use crate::model::Config;
use crate::protocol::{Divergence, Hyperparameters, Quantity};
use crate::text::UNKNOWN_TEXT;

/// A perplexity with two decimals, fewer digits where it is large.
pub fn perplexity(value: f64) -> String {
    match value {
        1e6.. => format!("{value:.1e}"),
        1000.0.. => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// An integer with thousands separators: 10,000.
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

/// A duration in its largest units, “4 min” or “2 h 1 min”; a dash if it is not finite.
pub fn duration(w: &Words, seconds: f64) -> String {
    if !seconds.is_finite() {
        return w.none.to_owned();
    }
    let seconds = seconds.max(0.0).round();
    let minutes = (seconds / 60.0).round();
    if seconds < 60.0 {
        fill(w.seconds, &[&seconds.to_string()])
    } else if minutes < 60.0 {
        fill(w.minutes, &[&minutes.to_string()])
    } else {
        fill(w.hours, &[&(minutes / 60.0).floor().to_string(), &(minutes % 60.0).to_string()])
    }
}

/// The label of a setting's field.
pub fn label(w: &Words, key: &str) -> &'static str {
    look_up(w.labels, key).unwrap_or_default()
}

/// The name of a numeric setting in a run's name; other settings appear as their value alone.
pub fn name(w: &Words, key: &str) -> &'static str {
    look_up(w.names, key).unwrap_or_default()
}

/// The translated value of a setting; an unknown value is returned unchanged.
pub fn value<'a>(w: &Words, value: &'a str) -> &'a str {
    look_up(w.values, value).unwrap_or(value)
}

/// The name of a network: its cell and, if there are several, its layers.
pub fn network(w: &Words, config: &Config) -> String {
    let cell = value(w, &config.cell.to_string()).to_owned();
    if config.layers > 1 { format!("{cell} × {}", config.layers) } else { cell }
}

/// The name of a run of the book.
pub fn preset(w: &Words, key: &str) -> &'static str {
    look_up(w.presets, key).unwrap_or_default()
}

fn look_up(words: List, key: &str) -> Option<&'static str> {
    words.iter().find(|word| word.0 == key).map(|word| word.1)
}

/// The sentence for a run that diverged.
pub fn divergence(w: &Words, divergence: &Divergence) -> String {
    let what = match divergence.quantity {
        Quantity::Loss => w.the_loss,
        Quantity::GradNorm => w.the_gradient_norm,
        Quantity::Weights => w.a_weight,
        Quantity::Perplexity => w.the_perplexity,
    };
    let [minibatch, epoch] = [divergence.minibatch, divergence.epoch].map(|n| (n + 1).to_string());
    fill(w.diverged, &[what, &minibatch, &epoch])
}

/// The label of the button that resumes it with the proposed hyperparameters.
pub fn proposal(w: &Words, divergence: &Divergence) -> String {
    let Hyperparameters { learning_rate, clip } = divergence.proposal;
    fill(w.go_on_with, &[&learning_rate.to_string(), &clip.to_string()])
}

/// “1 epoch”, “20 epochs”.
pub fn epochs(w: &Words, count: u32) -> String {
    fill(if count == 1 { w.epochs_one } else { w.epochs_many }, &[&grouped(count.into())])
}

/// A visible name for a character of the text; `None` is the unknown token.
pub fn character(w: &Words, character: Option<char>) -> String {
    match character {
        None => UNKNOWN_TEXT.to_owned(),
        Some(' ') => w.space.to_owned(),
        Some('\n') => w.newline.to_owned(),
        Some(c) if c.is_control() || c.is_whitespace() || c == '\u{feff}' => format!("U+{:04X}", c as u32),
        Some(c) => c.to_string(),
    }
}

/// Bytes in megabytes.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// The size of a file, in kilobytes if it is small.
pub fn file_size(bytes: u64) -> String {
    if bytes < 100_000 { format!("{:.1} kB", bytes as f64 / 1e3) } else { megabytes(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::{SETTINGS, Values, fields};
    use crate::ui::language::{CHINESE, ENGLISH};

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(perplexity(8.5312), "8.53");
        assert_eq!((perplexity(12345.6), perplexity(2.379e28)), ("12346".into(), "2.4e28".into()));
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(291_356), "291,356");
        assert_eq!([1, 1_340, 100_000, 1_166_000].map(file_size), ["0.0 kB", "1.3 kB", "0.1 MB", "1.2 MB"]);
        assert_eq!(duration(&ENGLISH, 8.4), "8 s");
        assert_eq!(duration(&ENGLISH, 59.6), "1 min");
        assert_eq!(duration(&ENGLISH, 200.0), "3 min");
        assert_eq!(duration(&ENGLISH, 3599.0), "1 h 0 min");
        assert_eq!(duration(&ENGLISH, 7260.0), "2 h 1 min");
        assert_eq!(duration(&ENGLISH, f64::INFINITY), "–");
    }

    #[test]
    fn every_setting_and_every_value_has_its_words() {
        for w in [&ENGLISH, &CHINESE] {
            let keys: Vec<&str> = w.labels.iter().map(|word| word.0).collect();
            assert_eq!(keys, fields().map(|setting| setting.key).collect::<Vec<_>>());
            let (words, numbers): (Vec<_>, Vec<_>) =
                SETTINGS.iter().partition(|setting| matches!(setting.values, Values::Words(_)));
            assert!(w.names.iter().map(|word| word.0).eq(numbers.iter().map(|setting| setting.key)));
            let values = words.iter().flat_map(|setting| match setting.values {
                Values::Words(words) => words,
                _ => &[],
            });
            let missing: Vec<_> = values.filter(|value| look_up(w.values, value).is_none()).collect();
            assert!(missing.is_empty(), "{missing:?} in {}", w.code);
        }
        assert!(fields().all(|setting| label(&ENGLISH, setting.key) == setting.label), "as errors say it");
    }
}

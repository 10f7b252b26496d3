//! Comparison of a run with PyTorch's perplexity and the book's speed, whichever is better.

use super::reference::{LAST, Reference};
use crate::model::config::Config;
use crate::protocol::FinalReport;
use crate::ui::language::{Words, fill, words};

/// The range of tokens per second that the book reports for its GPU of 2021.
const BOOKS_SPEED: (f64, f64) = (60_000.0, 67_000.0);

/// Compares a finished run of `config` with the book; `None` unless it has the book's settings. Perplexities are
/// compared only if text and origin are the book's too (`is_books`).
pub fn with_book(w: &Words, config: &Config, is_books: bool, report: &FinalReport) -> Option<String> {
    let reference = Reference::of(config)?;
    let speed = speed(w, report.tokens_per_second);
    Some(if is_books { format!("{} {speed}", quality(w, reference, report)) } else { speed })
}

/// Compares the current speed of a run of `config` with the book's; `None` unless it has the book's settings.
pub fn speed_of(w: &Words, config: &Config, tokens_per_second: f64) -> Option<String> {
    Reference::of(config).map(|_| speed(w, tokens_per_second))
}

fn quality(w: &Words, reference: &Reference, report: &FinalReport) -> String {
    let (epoch, ours) = (report.epochs, report.perplexity);
    let after = fill(w.compared_after, &[&words::perplexity(ours), &words::epochs(w, epoch)]);
    let name = reference.name(w);
    let Some(theirs) = reference.perplexity(epoch) else {
        return fill(w.compared_ends, &[&after, &name, &LAST.to_string()]);
    };
    let figure = words::perplexity(theirs);
    let figure = if Reference::is_measured(epoch) { figure } else { fill(w.about, &[&figure]) };
    let percent = (ours / theirs - 1.0) * 100.0;
    let outcome = if percent.abs() < 1.0 {
        w.the_same.to_owned()
    } else {
        fill(if percent > 0.0 { w.worse } else { w.better }, &[&format!("{:.0}", percent.abs())])
    };
    fill(w.compared, &[&after, &name, &figure, &outcome])
}

fn speed(w: &Words, ours: f64) -> String {
    let (least, most) = BOOKS_SPEED;
    let book = fill(w.books_speed, &[&words::grouped(least as u64), &words::grouped(most as u64)]);
    let ratio = ours / f64::midpoint(least, most);
    if (least..=most).contains(&ours) {
        fill(w.as_fast, &[&book])
    } else if ratio >= 10.0 {
        fill(w.times_as_fast, &[&format!("{ratio:.0}"), &book])
    } else if ratio > 1.0 {
        fill(w.times_as_fast, &[&format!("{ratio:.1}"), &book])
    } else if ratio >= 0.005 {
        fill(w.times_as_fast, &[&format!("{ratio:.2}"), &book])
    } else {
        fill(w.far_slower, &[&book])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::StateMode;
    use crate::ui::language::ENGLISH;

    fn told(config: Config, perplexity: f64, tokens_per_second: f64) -> Option<String> {
        let report = FinalReport {
            epochs: config.epochs,
            perplexity,
            tokens_per_second,
            device: String::new(),
            samples: vec![],
        };
        with_book(&ENGLISH, &config, true, &report)
    }

    fn after(epochs: u32, perplexity: f64) -> String {
        let told = told(Config { epochs, ..Config::default() }, perplexity, 63_500.0).unwrap();
        told.split_once(". As fast").unwrap().0.to_owned()
    }

    #[test]
    fn perplexity_is_compared_at_the_same_epoch() {
        assert_eq!(after(50, 8.55), "8.55 after 50 epochs; PyTorch, mean of four seeds: 8.53, the same within 1 %");
        assert_eq!(
            after(100, 7.75),
            "7.75 after 100 epochs; PyTorch, mean of four seeds: 7.38, so this run is 5 % worse"
        );
        assert_eq!(
            after(1, 24.0),
            "24.00 after 1 epoch; PyTorch, mean of four seeds: 24.76, so this run is 3 % better"
        );
        assert_eq!(
            after(25, 10.2),
            "10.20 after 25 epochs; PyTorch, mean of four seeds: about 10.12, the same within 1 %"
        );
        assert_eq!(after(1200, 1.03), "1.03 after 1,200 epochs; PyTorch, mean of four seeds, ends at epoch 500");
        let second = Config { state: StateMode::Reset, ..Config::default() };
        assert!(told(second, 1.41, 1.0).unwrap().contains("PyTorch, mean of two seeds: 1.41"));
    }

    #[test]
    fn speed_is_compared_with_the_books() {
        for (tokens, said) in [
            (100.0, "Less than 0.01 times the speed"),
            (3600.0, "0.06 times the speed"),
            (59_999.0, "0.94 times the speed"),
            (60_000.0, "As fast as"),
            (67_000.0, "As fast as"),
            (67_001.0, "1.1 times the speed"),
            (90_000.0, "1.4 times the speed"),
            (1e6, "16 times the speed"),
        ] {
            let sentence = speed(&ENGLISH, tokens);
            assert!(sentence.starts_with(said), "{tokens}: {sentence}");
            assert!(sentence.contains("2021 GPU (60,000 to 67,000 tokens/s)"), "{sentence}");
        }
    }

    #[test]
    fn another_setting_is_not_compared() {
        assert_eq!(told(Config { hidden: 64, ..Config::default() }, 8.5, 1000.0), None);
    }
}

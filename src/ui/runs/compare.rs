//! Comparison of a run with PyTorch's perplexity and the book's speed, whichever is better.

use super::reference::{LAST, Reference};
use crate::model::config::Config;
use crate::model::preset::Preset;
use crate::protocol::FinalReport;
use crate::ui::language::{Words, fill, words};

/// The range of tokens per second that the book reports for its GPU of 2021.
const BOOKS_SPEED: (f64, f64) = (60_000.0, 67_000.0);

/// Compares a finished run of `config` with the book; `None` if there is nothing to compare. Perplexities are compared if
/// settings, text and origin are the book's (`is_books`), the speed with that of the book's first networks. `validation`
/// is the last perplexity of the held-out tokens.
pub fn with_book(
    w: &Words,
    config: &Config,
    is_books: bool,
    report: &FinalReport,
    validation: Option<f64>,
) -> Option<String> {
    let quality = Reference::of(config).map(|reference| quality(w, reference, report));
    let quality = quality.or_else(|| published(w, config, report, validation?)).filter(|_| is_books);
    let said: Vec<String> = quality.into_iter().chain(speed_of(w, config, report.tokens_per_second)).collect();
    (!said.is_empty()).then(|| said.join(" "))
}

/// Compares the current speed of a run of `config` with the book's; `None` unless it has the settings of the book's first
/// networks, of which the book reports it.
pub fn speed_of(w: &Words, config: &Config, tokens_per_second: f64) -> Option<String> {
    let reports_speed =
        Preset::of(config).is_some_and(|preset| ["rnn", "rnn_reset", "rnn_random"].contains(&preset.key));
    reports_speed.then(|| speed(w, tokens_per_second))
}

/// Compares with what the book's English edition publishes; `None` unless the run has its number of epochs.
fn published(w: &Words, config: &Config, report: &FinalReport, validation: f64) -> Option<String> {
    let preset = Preset::of(config).filter(|preset| preset.config().epochs == report.epochs)?;
    let (train, held_out) = preset.published?;
    let [ours, ours_held_out] = [report.perplexity, validation].map(words::perplexity);
    let epochs = words::epochs(w, report.epochs);
    Some(fill(w.compared_published, &[&ours, &epochs, &ours_held_out, &train.to_string(), &held_out.to_string()]))
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
        with_book(&ENGLISH, &config, true, &report, Some(7.25))
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
    fn other_networks_are_compared_with_pytorch_and_with_what_is_published() {
        let of = |key: &str| Preset::named(key).unwrap().config();
        assert_eq!(
            told(of("gru"), 1.05, 1.0).unwrap(),
            "1.05 after 500 epochs; PyTorch, mean of two seeds: 1.06, the same within 1 %."
        );
        let english = of("en_gru_concise");
        assert_eq!(
            told(english, 4.95, 1.0).unwrap(),
            "4.95 after 50 epochs, 7.25 on held-out tokens; the book publishes about 4.9 and 6.6."
        );
        assert_eq!(told(Config { epochs: 49, ..english }, 4.95, 1.0), None, "at another epoch nothing is published");
    }

    #[test]
    fn another_setting_is_not_compared() {
        assert_eq!(told(Config { hidden: 64, ..Config::default() }, 8.5, 1000.0), None);
    }
}

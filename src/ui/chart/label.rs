//! Descriptions of the chart in words.

use crate::ui::language::words::perplexity;
use crate::ui::language::{Words, fill};
use crate::ui::runs::curve::Point;
use crate::ui::runs::reference::{self, Reference};

/// The chart's description for screen readers.
pub fn chart_label(w: &Words, curve: &[Point], held_out: &[Point], reference: Option<&Reference>) -> String {
    let behind = reference.zip(curve.last()).and_then(|(reference, &(epoch, _))| {
        let epoch = epoch.min(reference::LAST);
        let value = format!("{:.1}", reference.perplexity(epoch)?);
        Some(fill(w.curve_behind, &[&reference.name(w), &value, &epoch.to_string()]))
    });
    let held_out = held_out.last().map(|&(_, value)| fill(w.curve_held_out, &[&format!("{value:.1}")]));
    curve_label(w, curve) + &held_out.unwrap_or_default() + &behind.unwrap_or_default()
}

fn curve_label(w: &Words, curve: &[Point]) -> String {
    let one = |value: f64| if value >= 1000.0 { perplexity(value) } else { format!("{value:.1}") };
    match (curve.first(), curve.last()) {
        (Some(&(first, start)), Some(&(last, end))) if first != last => {
            let (from, to, first, last) = (one(start), one(end), first.to_string(), last.to_string());
            if from == to {
                fill(w.curve_stayed, &[&from, &first, &last])
            } else {
                fill(if start > end { w.curve_fell } else { w.curve_rose }, &[&from, &first, &to, &last])
            }
        }
        (Some(&(epoch, value)), _) => fill(w.curve_one, &[&one(value), &epoch.to_string()]),
        _ => w.curve_nothing.to_owned(),
    }
}

/// An epoch with its training and validation perplexity.
pub fn epoch_label(w: &Words, epoch: u32, value: f64, held_out: Option<f64>) -> String {
    let (epoch, value) = (epoch.to_string(), perplexity(value));
    match held_out.map(perplexity) {
        Some(held_out) => fill(w.at_epoch_held_out, &[&epoch, &value, &held_out]),
        None => fill(w.at_epoch_perplexity, &[&epoch, &value]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::Config;
    use crate::ui::language::ENGLISH;

    #[test]
    fn the_chart_is_described() {
        let chart_label = |curve: &[Point]| chart_label(&ENGLISH, curve, &[], None);
        assert_eq!(chart_label(&[]), "Perplexity by epoch: nothing to show before the end of the first epoch");
        assert_eq!(chart_label(&[(1, 24.12)]), "Perplexity is 24.1 after epoch 1");
        assert_eq!(
            chart_label(&[(1, 24.12), (2, 30.0), (50, 8.61)]),
            "Perplexity fell from 24.1 at epoch 1 to 8.6 at epoch 50"
        );
        assert_eq!(chart_label(&[(1, 2.0), (2, 3.0)]), "Perplexity rose from 2.0 at epoch 1 to 3.0 at epoch 2");
        assert_eq!(chart_label(&[(1, 2.0), (2, 2.01)]), "Perplexity stayed at 2.0 from epoch 1 to epoch 2");
    }

    #[test]
    fn the_reference_curve_is_described_too() {
        let book = Reference::of(&Config::default());
        assert_eq!(chart_label(&ENGLISH, &[], &[], book), ENGLISH.curve_nothing);
        assert_eq!(
            chart_label(&ENGLISH, &[(1, 24.12), (50, 8.61)], &[(50, 9.04)], book),
            "Perplexity fell from 24.1 at epoch 1 to 8.6 at epoch 50; validation: 9.0; PyTorch, mean of four seeds: 8.5 at epoch 50"
        );
        assert!(chart_label(&ENGLISH, &[(1, 24.0), (700, 1.02)], &[], book).ends_with("seeds: 1.0 at epoch 500"));
    }
}

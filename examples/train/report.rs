//! What a run prints: a progress bar and samples, or JSON lines.

use std::fmt::Display;
use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use time_traveller::model::Config;
use time_traveller::protocol::EpochReport;

/// Reports the progress, as a progress bar or as JSON lines.
pub enum Report {
    Bar(ProgressBar),
    Json,
}

impl Report {
    /// Begins a report, as JSON or with a heading.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn start(json: bool, config: &Config, text: impl Display, edition: &str, device: &str) -> io::Result<Self> {
        if json {
            return Ok(Self::Json);
        }
        let Config { tokens, hidden, .. } = config;
        print(format_args!("{tokens} tokens of {text} ({edition}), {hidden} hidden units, on {device}"))?;
        let style = ProgressStyle::with_template("{bar:30} epoch {pos}/{len}, {eta} left, {msg}");
        Ok(Self::Bar(ProgressBar::new(config.epochs.into()).with_style(style.expect("the template is well-formed"))))
    }

    /// An epoch with its sample.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn epoch(&self, report: &EpochReport) -> io::Result<()> {
        let EpochReport { epoch, loss, perplexity, tokens_per_second, validation, .. } = *report;
        let (grad_norm, sample) = (report.grad_norms.last(), &report.sample.text);
        let Self::Bar(bar) = self else {
            return print(json!({
                "epoch": epoch, "perplexity": perplexity, "loss": loss, "grad_norm": grad_norm,
                "tokens_per_second": tokens_per_second, "validation": validation, "sample": sample,
            }));
        };
        // The bar's own println prints nothing without a terminal.
        let held_out = validation.map(|held_out| format!("  held out {held_out:>7.3}")).unwrap_or_default();
        bar.set_message(format!("perplexity {perplexity:.3}, {tokens_per_second:.0} tokens/s"));
        bar.set_position(epoch.into());
        bar.suspend(|| {
            print(format_args!(
                "epoch {epoch:>4}  perplexity {perplexity:>7.3}{held_out}  {tokens_per_second:>8.0} tokens/s  {sample}"
            ))
        })
    }

    /// The end, with a sample of each prefix.
    ///
    /// # Errors
    /// The output can't be written.
    pub fn finish(&self, perplexity: f64, speed: f64, device: &str, samples: &[(String, String)]) -> io::Result<()> {
        let Self::Bar(bar) = self else {
            let samples: serde_json::Map<_, _> =
                samples.iter().map(|(prefix, text)| (prefix.clone(), json!(text))).collect();
            return print(json!({
                "final": true, "perplexity": perplexity, "tokens_per_second": speed, "device": device,
                "samples": samples,
            }));
        };
        bar.abandon();
        print(format_args!("perplexity {perplexity:.3}, {speed:.0} tokens/s on {device}"))?;
        samples.iter().try_for_each(|(_, text)| print(text))
    }
}

/// Prints a line at once. `println!` would panic where nobody reads it, as in `train | head`.
fn print(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

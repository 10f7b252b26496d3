//! Writes the results: `bench.json` and `bench.md`.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::about::About;
use crate::contestants::{Contestant, Outcome};
use crate::turn::SECONDS;

/// The results of a contestant.
pub struct Row {
    pub contestant: &'static Contestant,
    /// Tokens per second in each round.
    speeds: Vec<f64>,
    /// Why it has no speed.
    pub problem: Option<String>,
    device: String,
    version: Option<String>,
    /// Timed tokens of the last turn.
    tokens: u64,
}

impl Row {
    pub fn new(contestant: &'static Contestant) -> Self {
        Self { contestant, speeds: vec![], problem: None, device: String::new(), version: None, tokens: 0 }
    }

    pub fn add(&mut self, outcome: Outcome) {
        self.speeds.push(outcome.tokens_per_second());
        self.tokens = outcome.tokens;
        self.device = outcome.device;
        self.version = outcome.version;
    }

    /// The last turn's result in words.
    pub fn last(&self) -> String {
        match (&self.problem, self.speeds.last()) {
            (Some(problem), _) => problem.clone(),
            (None, Some(speed)) => format!("{} tokens/s ({} timed)", grouped(*speed), grouped(self.tokens as f64)),
            (None, None) => "no turn yet".to_owned(),
        }
    }

    /// Median, smallest and largest speed, if all turns succeeded.
    fn speed(&self) -> Option<(f64, f64, f64)> {
        if self.problem.is_some() {
            return None;
        }
        let mut sorted = self.speeds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { *sorted.get(middle)? } else { (sorted.get(middle)? + sorted[middle - 1]) / 2.0 };
        Some((median, *sorted.first()?, *sorted.last()?))
    }

    /// Speed of `ours` divided by this one's.
    fn ratio(&self, ours: &Self) -> Option<f64> {
        Some(ours.speed()?.0 / self.speed()?.0)
    }

    fn json(&self, ours: &[&Self]) -> Value {
        let ratios: Map<String, Value> = ours
            .iter()
            .filter_map(|ours| Some((ours.contestant.id.to_owned(), json!(rounded(self.ratio(ours)?, 100.0)))))
            .collect();
        let speed = self.speed().map(|(median, min, max)| {
            let rounds: Vec<f64> = self.speeds.iter().map(|&speed| rounded(speed, 1.0)).collect();
            json!({
                "median": rounded(median, 1.0), "min": rounded(min, 1.0), "max": rounded(max, 1.0), "rounds": rounds,
            })
        });
        json!({
            "id": self.contestant.id,
            "name": self.contestant.name,
            "place": self.contestant.place(),
            "device": self.device,
            "version": self.version,
            "timed_tokens": self.tokens,
            "tokens_per_second": speed,
            "ours_as_a_multiple": ratios,
            "problem": self.problem,
        })
    }
}

/// Our contestants in this table.
fn ours<'a>(rows: &'a [Row], place: &str) -> Vec<&'a Row> {
    rows.iter().filter(|row| row.contestant.is_ours() && row.contestant.place() == place).collect()
}

/// What a comparison is called and says of itself.
pub struct Comparison {
    /// Of the files.
    pub name: &'static str,
    title: &'static str,
    setting: &'static str,
    notes: &'static str,
}

/// The book's first network.
pub const BOOK: Comparison = Comparison {
    name: "bench",
    title: "Time Traveller and its peers",
    setting: "batch 32, 35 steps, 512 hidden units, vocabulary 28, state carried, seed 1",
    notes: "- Ours in the browser is the built page's own worker, timed from outside over whole epochs, each with the \
    sample of 50 characters that the page shows: the peers have no such extra. Natively there are no samples.\n\
    - Ours tells the losses of its epochs, not its parameters; those show in the next epoch's loss.\n\
    - WebAssembly runs on one thread; on all: `cargo xtask bench --threads`.\n\
    - TensorFlow.js and jax-js take part twice: with their own automatic gradients, as their users write it, and “by \
    hand”, with gradients written out in `benches/peers/` so that `dw_hh` is one tall product instead of 35.\n\
    - PyTorch's two ways are the book's; the second bias of `nn.RNN` stays at zero, for the network has one.\n",
};

/// GRU and LSTM.
pub const GATES: Comparison = Comparison {
    name: "gates",
    title: "GRU and LSTM in the browser",
    setting: "batch 32, 35 steps, 256 hidden units, vocabulary 28, from scratch, state carried, seed 1",
    notes: "- Ours is the built page's own worker, timed from outside over whole epochs, each with the sample of 50 \
    characters that the page shows; it tells the losses of its epochs, not its parameters.\n\
    - WebAssembly runs on one thread.\n\
    - TensorFlow.js' are `tf.layers.gru` and `tf.layers.lstm` with the sigmoid and automatic gradients \
    (`benches/peers/tensorflow_layers.js`). jax-js has neither.\n",
};

/// All threads.
pub const THREADS: Comparison = Comparison {
    name: "threads",
    title: "All threads of the CPU",
    setting: "batch 32, 35 steps, 512 hidden units, vocabulary 28, state carried, seed 1",
    notes: "- Ours in the browser is the built page's own worker in a page that is isolated, which threads need, timed \
    from outside over whole epochs, each with the sample of 50 characters that the page shows; natively there are none.\n\
    - TensorFlow.js takes part with its automatic gradients, and with gradients written by hand.\n\
    - PyTorch's two ways are the book's; the second bias of `nn.RNN` stays at zero, for the network has one.\n",
};

/// Writes both files to this folder; returns the tables as Markdown.
pub fn write(folder: &Path, comparison: &Comparison, about: &About, rounds: usize, rows: &[Row]) -> Result<String> {
    let contestants: Vec<Value> = rows.iter().map(|row| row.json(&ours(rows, row.contestant.place()))).collect();
    let mut result = about.json();
    result["rounds"] = json!(rounds);
    result["seconds_a_turn"] = json!(SECONDS);
    result["setting"] = json!(comparison.setting);
    result["contestants"] = json!(contestants);
    let text = markdown(comparison, about, rounds, rows);
    fs::create_dir_all(folder)?;
    fs::write(folder.join(comparison.name).with_extension("json"), format!("{result:#}\n"))?;
    fs::write(folder.join(comparison.name).with_extension("md"), &text)?;
    Ok(text)
}

/// The tables, with the conditions of the measurement.
fn markdown(comparison: &Comparison, about: &About, rounds: usize, rows: &[Row]) -> String {
    let packages: Vec<String> = about
        .packages
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or_default()))
        .chain(rows.iter().find_map(|row| row.version.clone()))
        .collect();
    let Comparison { title, setting, notes, .. } = comparison;
    let mut text = format!(
        "# {title}\n\n\
         The same network, parameters and minibatches, the same complete training step (forward, backward through all \
         35 steps, clipping of the global norm, SGD): {setting}.\n\
         Tokens per second, median of {rounds} interleaved rounds; every loss \
         checked against an oracle in f64, and so are the parameters that the peers end with.\n\n\
         {}- versions: {}\n",
        about.markdown(),
        packages.join(", "),
    );
    let mut places: Vec<&str> = rows.iter().map(|row| row.contestant.place()).collect();
    places.dedup();
    for place in places {
        text += &table(place, rows);
    }
    text + "\n" + notes
}

fn table(place: &str, rows: &[Row]) -> String {
    let ours = ours(rows, place);
    let mut text = format!("\n## {place}\n\n| | device | tokens/s | from, to |");
    for ours in &ours {
        text += &format!(" {} is × as fast |", ours.contestant.name);
    }
    text += &format!("\n| --- | --- | ---: | --- |{}\n", " ---: |".repeat(ours.len()));
    for row in rows.iter().filter(|row| row.contestant.place() == place) {
        let Row { contestant, device, .. } = row;
        match (row.speed(), &row.problem) {
            (Some((median, min, max)), _) => {
                let (median, min, max) = (grouped(median), grouped(min), grouped(max));
                text += &format!("| {} | {device} | {median} | {min}, {max} |", contestant.name);
                for ours in &ours {
                    text += &row.ratio(ours).map_or(" |".to_owned(), |ratio| format!(" {ratio:.2} |"));
                }
            }
            (None, problem) => {
                let problem = problem.as_deref().unwrap_or("no turn");
                text += &format!(
                    "| {} | {} | — | |{}",
                    contestant.name,
                    problem.replace('|', "/"),
                    " |".repeat(ours.len())
                );
            }
        }
        text += "\n";
    }
    text
}

/// A rounded number with thousands separators: `12,345`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contestants::ALL;

    fn row(id: &str, speeds: &[f64]) -> Row {
        let contestant = ALL.iter().find(|contestant| contestant.id == id).unwrap();
        Row { speeds: speeds.to_vec(), device: "a device".to_owned(), ..Row::new(contestant) }
    }

    #[test]
    fn a_row_has_median_spread_and_ratio() {
        let rows = [row("ours-webgpu", &[3000.0, 1000.0, 2000.0]), row("tfjs-wasm", &[400.0, 1234.5])];
        assert_eq!(rows[0].speed(), Some((2000.0, 1000.0, 3000.0)));
        assert_eq!(rows[1].speed(), Some((817.25, 400.0, 1234.5)));
        let text = table("In headless Chromium", &rows);
        assert!(text.contains("| Time Traveller, WebGPU | a device | 2,000 | 1,000, 3,000 | 1.00 |\n"), "{text}");
        assert!(text.contains("| 817 | 400, 1,234 | 2.45 |\n"), "{text}");
        assert_eq!(rows[1].json(&[&rows[0]])["ours_as_a_multiple"]["ours-webgpu"], 2.45);
    }

    #[test]
    fn a_problem_takes_the_speed_and_stays_in_the_table() {
        let mut wrong = row("tfjs-wasm", &[1000.0]);
        wrong.problem = Some("wrong: the loss".to_owned());
        let rows = [row("ours-webgpu", &[3000.0]), wrong];
        let text = table("In headless Chromium", &rows);
        assert!(text.contains("| TensorFlow.js, WebAssembly | wrong: the loss | — | | |\n"), "{text}");
        assert_eq!(rows[1].json(&[&rows[0]])["tokens_per_second"], Value::Null);
        assert_eq!(rows[1].ratio(&rows[0]), None);
    }
}

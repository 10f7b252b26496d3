//! Collects runs of the book and plots them over PyTorch's: `docs/results/NAME.json` and `.svg`.
//!
//! Each file has the output of `train --json` and is called PRESET-SEED-COMMIT.jsonl, where PRESET names a run of the book
//! (`train --preset`) and COMMIT the commit of the run:
//!
//! ```text
//! cargo run --release --example train -- --preset gru --engine cpu --json --seed 1 > "gru-1-$(git rev-parse HEAD).jsonl"
//! cargo run --release --example curves -- network_curves *.jsonl
//! ```

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Parser;
use plotters::prelude::*;
use serde_json::{Value, json};
use time_traveller::model::preset::{PRESETS, Preset};
use time_traveller::ui::language::{ENGLISH, words};
use time_traveller::ui::runs::reference::Reference;

#[derive(Parser)]
struct Arguments {
    /// What the results are called
    name: String,
    /// Files with the output of `train --json`, called PRESET-SEED-COMMIT.jsonl
    #[arg(required = true)]
    runs: Vec<PathBuf>,
}

/// One training run.
struct Trained {
    preset: &'static Preset,
    seed: u32,
    commit: String,
    perplexity: Vec<f64>,
    /// Perplexity of held-out tokens after the last epoch, if there are any.
    held_out: Option<f64>,
    last: Value,
}

impl Trained {
    fn of(path: &Path) -> Result<Self, Box<dyn Error>> {
        Self::read(path).map_err(|error| format!("{} can't be used: {error}.", path.display()).into())
    }

    fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let parts: Vec<&str> = name.split('-').collect();
        let [preset, seed, commit] = parts[..] else {
            return Err("a run is called PRESET-SEED-COMMIT.jsonl, so rename it".into());
        };
        let preset = Preset::named(preset).ok_or("its name does not begin with a run of the book")?;
        let lines = std::fs::read_to_string(path)?;
        let lines: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let (last, epochs) = lines.split_last().ok_or("it has no line")?;
        let held_out = epochs.last().and_then(|line| line["validation"].as_f64());
        let perplexity = epochs.iter().filter_map(|line| line["perplexity"].as_f64()).collect();
        Ok(Self { preset, seed: seed.parse()?, commit: commit.to_owned(), perplexity, held_out, last: last.clone() })
    }

    /// The option that names the engine.
    fn engine(&self) -> &'static str {
        if self.last["device"].as_str().is_some_and(|device| device.starts_with("CPU")) {
            " --engine cpu"
        } else {
            " --engine gpu"
        }
    }

    fn json(&self) -> Value {
        let rounded: Vec<f64> = self.perplexity.iter().map(|p| (p * 1e4).round() / 1e4).collect();
        let (preset, engine, epochs) = (self.preset.key, self.engine(), rounded.len());
        let command = format!("train --preset {preset}{engine} --epochs {epochs} --json --seed {}", self.seed);
        let below_two = self.perplexity.iter().position(|&p| p < 2.0).map(|i| i + 1);
        json!({
            "preset": preset,
            "seed": self.seed,
            "commit": self.commit,
            "command": command,
            "first_epoch_below_2": below_two,
            "least_of_last_50": rounded[epochs.saturating_sub(50)..].iter().copied().fold(f64::INFINITY, f64::min),
            "validation": self.held_out.map(|p| (p * 1e4).round() / 1e4),
            "published": self.preset.published,
            "tokens_per_second": self.last["tokens_per_second"],
            "device": self.last["device"],
            "samples": self.last["samples"],
            "perplexity": rounded,
        })
    }
}

/// Plots a panel for each run of the book, three in a row: our runs in colour, PyTorch's behind them in grey.
fn draw(runs: &[Trained], path: &Path) -> Result<(), Box<dyn Error>> {
    const INK: RGBColor = RGBColor(60, 60, 60);
    const OURS: [RGBColor; 4] =
        [RGBColor(13, 107, 101), RGBColor(201, 113, 32), RGBColor(96, 76, 170), RGBColor(176, 48, 92)];
    let presets: Vec<&Preset> = PRESETS.iter().filter(|preset| runs.iter().any(|run| run.preset == *preset)).collect();
    let rows = presets.len().div_ceil(3);
    let root = SVGBackend::new(path, (1200, 420 * rows as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, preset) in root.split_evenly((rows, 3)).iter().zip(presets) {
        let mut chart = ChartBuilder::on(area)
            .caption(words::preset(&ENGLISH, preset.key), ("sans-serif", 18).into_font().color(&INK))
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(44)
            .build_cartesian_2d(0f64..f64::from(preset.config().epochs), (1f64..30f64).log_scale())?;
        chart.configure_mesh().disable_mesh().x_desc("epoch").y_desc("perplexity").draw()?;
        let runs: Vec<&Trained> = runs.iter().filter(|run| run.preset == preset).collect();
        if let Some(reference) = Reference::of(&preset.config()) {
            let points = reference.until(500).into_iter().map(|(epoch, p)| (f64::from(epoch), p));
            let grey = RGBColor(150, 150, 150).stroke_width(5);
            let series = chart.draw_series(LineSeries::new(points, grey))?;
            series.label(reference.name(&ENGLISH)).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], grey));
        }
        for (run, colour) in runs.iter().zip(OURS) {
            let points = (1..).zip(&run.perplexity).map(|(epoch, &p)| (f64::from(epoch), p));
            let series = chart.draw_series(LineSeries::new(points, &colour))?;
            let label = format!("Time Traveller, seed {}", run.seed);
            series.label(label).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
        }
        let corner = SeriesLabelPosition::UpperRight;
        chart.configure_series_labels().position(corner).border_style(TRANSPARENT).draw()?;
    }
    root.present()?;
    Ok(())
}

fn collect(Arguments { name, runs }: &Arguments) -> Result<(), Box<dyn Error>> {
    let runs: Vec<Trained> = runs.iter().map(|path| Trained::of(path)).collect::<Result<_, _>>()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/results");
    std::fs::create_dir_all(&folder)?;
    let about = "Perplexity of each epoch in the book's settings, on the book's edition of the text. \
                 The machine may have had other work to do: the speeds are no bench.";
    let runs_json: Vec<Value> = runs.iter().map(Trained::json).collect();
    let result = json!({ "about": about, "runs": runs_json });
    std::fs::write(folder.join(format!("{name}.json")), format!("{result}\n"))?;
    draw(&runs, &folder.join(format!("{name}.svg")))
}

fn main() {
    if let Err(error) = collect(&Arguments::parse()) {
        let _ = writeln!(std::io::stderr(), "{error}");
        std::process::exit(1);
    }
}

//! `--growth`: how the time per token grows with the operations per token, and falls with the threads of the CPU, on
//! each device of this machine.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow, ensure};
use plotters::coord::Shift;
use plotters::prelude::*;
use serde_json::{Value, json};
use time_traveller::engine::{Devices, profile};
use time_traveller::kernels;
use time_traveller::model::config::{AutoOr, EngineChoice};
use time_traveller::model::{Config, Sizes};
use time_traveller::protocol::Profile;

use crate::about::About;
use crate::kernels::BOOK;
use crate::turn::{self, Places};

/// The sizes that vary, around the book's settings.
const GROWING: [(&str, [usize; 6], RGBColor); 4] = [
    ("hidden", [64, 128, 256, 512, 1024, 2048], RGBColor(13, 107, 101)),
    ("batch", [1, 4, 16, 32, 64, 256], RGBColor(201, 113, 32)),
    ("steps", [5, 10, 20, 35, 70, 140], RGBColor(96, 76, 170)),
    ("vocabulary", [28, 60, 150, 400, 1000, 3000], RGBColor(176, 48, 92)),
];

/// Threads of the CPU engines, the network being the book's. More than the machine's cores show what being late costs.
const THREADS: [usize; 6] = [1, 2, 3, 4, 6, 8];

/// A measurement of one network on one device.
struct Point {
    what: &'static str,
    sizes: Sizes,
    threads: usize,
    /// Microseconds per token.
    time: f64,
    /// Thousands of operations per token.
    work: f64,
    gflops: f64,
    megabytes: f64,
}

/// All points of one device. A problem ends the series of one size, not the others.
struct Series {
    place: &'static str,
    points: Vec<Point>,
    problems: Vec<String>,
}

/// Measures on each device in turn, and writes `growth.json` and `growth.svg`.
///
/// # Errors
/// If there is no device, or the folder can't be written to.
pub async fn measure(about: &About, places: &Places, output: &Path) -> Result<()> {
    let mut all = Vec::new();
    for (place, engine, browser) in [
        ("headless Chromium, WebGPU", EngineChoice::Gpu, true),
        ("headless Chromium, WebAssembly", EngineChoice::Cpu, true),
        ("native, GPU engine", EngineChoice::Gpu, false),
        ("native, CPU engine", EngineChoice::Cpu, false),
    ] {
        eprintln!("» {place}");
        let mut series = Series { place, points: Vec::new(), problems: Vec::new() };
        for (what, numbers, _) in GROWING {
            // In the browser the vocabulary is the text's.
            if !(browser && what == "vocabulary") {
                series.grow(what, &numbers, engine, browser.then_some(places)).await;
            }
        }
        if engine == EngineChoice::Cpu {
            series.grow("threads", &THREADS, engine, browser.then_some(places)).await;
        }
        all.push(series);
    }
    ensure!(all.iter().any(|series| !series.points.is_empty()), "nothing could be measured");
    fs::create_dir_all(output)?;
    let json = json!({ "about": about.json(), "devices": all.iter().map(Series::json).collect::<Vec<_>>() });
    fs::write(output.join("growth.json"), format!("{json:#}\n"))?;
    draw(&all, &output.join("growth.svg")).map_err(|error| anyhow!("growth.svg could not be drawn: {error}"))
}

impl Series {
    /// Measures every value of one size, until one fails.
    async fn grow(&mut self, what: &'static str, numbers: &[usize], engine: EngineChoice, browser: Option<&Places>) {
        for &number in numbers {
            let (sizes, threads) = grown(what, number);
            let measured = match browser {
                Some(places) => in_browser(engine, sizes, threads, places).await,
                None => natively(engine, sizes, threads).await,
            };
            match measured {
                Ok(profile) => {
                    let point = Point::new(what, sizes, threads, &profile);
                    eprintln!("{what:>12} {number:>5}: {:.1} µs a token, {:.1} GFLOP/s", point.time, point.gflops);
                    self.points.push(point);
                }
                Err(error) => {
                    eprintln!("{what:>12} {number:>5}: {error:#}");
                    return self.problems.push(format!("{what} {number}: {error:#}"));
                }
            }
        }
    }

    /// The points of one size.
    fn of<'a>(&'a self, what: &'a str) -> impl Iterator<Item = &'a Point> {
        self.points.iter().filter(move |point| point.what == what)
    }

    fn json(&self) -> Value {
        json!({
            "place": self.place,
            "points": self.points.iter().map(Point::json).collect::<Vec<_>>(),
            "problems": self.problems,
        })
    }
}

/// The book's sizes and one thread, except one of them.
fn grown(what: &str, number: usize) -> (Sizes, usize) {
    match what {
        "hidden" => (Sizes { hidden: number, ..BOOK }, 1),
        "batch" => (Sizes { batch: number, ..BOOK }, 1),
        "steps" => (Sizes { steps: number, ..BOOK }, 1),
        "vocabulary" => (Sizes { vocabulary: number, ..BOOK }, 1),
        _ => (BOOK, number),
    }
}

async fn natively(engine: EngineChoice, sizes: Sizes, threads: usize) -> Result<Profile> {
    let network = kernels::network(sizes);
    let device = Devices::open().await.choose(engine, AutoOr(Some(threads as u32)), network).await?.winner;
    Ok(profile(&device, network).await?)
}

async fn in_browser(engine: EngineChoice, sizes: Sizes, threads: usize, places: &Places) -> Result<Profile> {
    let [hidden, batch, steps] = [sizes.hidden, sizes.batch, sizes.steps].map(|size| size as u32);
    let threads = AutoOr(Some(threads as u32));
    let config = Config { hidden, batch, steps, engine, threads, ..Config::default() };
    turn::in_browser("profile", vec![json!(config)], places).await
}

impl Point {
    fn new(what: &'static str, sizes: Sizes, threads: usize, profile: &Profile) -> Self {
        let (flops, tokens) = (kernels::network(sizes).work().flops as f64, sizes.positions() as f64);
        Self {
            what,
            sizes,
            threads,
            time: profile.minibatch / tokens * 1e6,
            work: flops / tokens / 1e3,
            gflops: flops / profile.minibatch / 1e9,
            megabytes: profile.bytes as f64 / 1e6,
        }
    }

    fn json(&self) -> Value {
        let rounded = |number: f64| (number * 100.0).round() / 100.0;
        json!({
            "grows": self.what,
            "sizes": self.sizes,
            "threads": self.threads,
            "microseconds_a_token": rounded(self.time),
            "kiloflop_a_token": rounded(self.work),
            "gflop_a_second": rounded(self.gflops),
            "megabytes": rounded(self.megabytes),
        })
    }
}

const INK: RGBColor = RGBColor(60, 60, 60);
const GREY: RGBColor = RGBColor(150, 150, 150);

type Drawn<'a> = Result<(), Box<dyn std::error::Error + 'a>>;

/// Draws a panel for each device, and one for the threads of each CPU engine.
fn draw<'a>(all: &[Series], path: &'a Path) -> Drawn<'a> {
    let root = SVGBackend::new(path, (1200, 1350)).into_drawing_area();
    root.fill(&WHITE)?;
    let panels = root.split_evenly((3, 2));
    for (area, series) in panels.iter().zip(all) {
        draw_work(area, series)?;
    }
    let threaded = all.iter().filter(|series| series.of("threads").next().is_some());
    for (area, series) in panels[4..].iter().zip(threaded) {
        draw_threads(area, series)?;
    }
    root.present()?;
    Ok(())
}

/// Time over work, and the line of constant efficiency through the book's settings.
fn draw_work<'a>(area: &DrawingArea<SVGBackend<'a>, Shift>, series: &Series) -> Drawn<'a> {
    let grown: Vec<&Point> = GROWING.iter().flat_map(|&(what, ..)| series.of(what)).collect();
    let times = grown.iter().map(|point| point.time);
    let (least, most) = times.fold((f64::MAX, 0f64), |(least, most), time| (least.min(time), most.max(time)));
    let mut chart = panel(area, series.place)
        .build_cartesian_2d((20f64..40_000f64).log_scale(), (least / 2.0..most * 2.0).log_scale())?;
    chart.configure_mesh().disable_mesh().x_desc("kFLOP a token").y_desc("µs a token").draw()?;
    let at_book = grown.iter().find(|point| point.sizes == BOOK).map_or(1.0, |point| point.gflops);
    // kFLOP by GFLOP/s are microseconds; no further than the axes go.
    let line = [f64::max(20.0, least / 2.0 * at_book), f64::min(40_000.0, most * 2.0 * at_book)];
    let line = line.map(|work| (work, work / at_book));
    let reference = chart.draw_series(LineSeries::new(line, GREY))?;
    reference.label(format!("{at_book:.1} GFLOP/s")).legend(|place| legend(place, GREY));
    for (what, _, colour) in GROWING {
        let points: Vec<(f64, f64)> = series.of(what).map(|point| (point.work, point.time)).collect();
        if points.is_empty() {
            continue;
        }
        chart.draw_series(points.iter().map(|&at| Circle::new(at, 3, colour.filled())))?;
        let drawn = chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
        drawn.label(what).legend(move |place| legend(place, colour));
    }
    chart.configure_series_labels().position(SeriesLabelPosition::UpperLeft).border_style(TRANSPARENT).draw()?;
    Ok(())
}

/// Time over threads, and the line of threads that never wait.
fn draw_threads<'a>(area: &DrawingArea<SVGBackend<'a>, Shift>, series: &Series) -> Drawn<'a> {
    const TEAL: RGBColor = RGBColor(13, 107, 101);
    let points: Vec<(f64, f64)> = series.of("threads").map(|point| (point.threads as f64, point.time)).collect();
    let (alone, most) = (points[0].1, *THREADS.last().expect("it is not empty") as f64);
    let slowest = points.iter().fold(alone, |slowest, &(_, time)| slowest.max(time));
    let mut chart = panel(area, &format!("{}, threads", series.place))
        .build_cartesian_2d((1f64..most).log_scale(), (alone / most..slowest * 2.0).log_scale())?;
    chart.configure_mesh().disable_mesh().x_desc("threads").y_desc("µs a token").draw()?;
    let ideal = chart.draw_series(LineSeries::new([(1.0, alone), (most, alone / most)], GREY))?;
    ideal.label("as many cores, no waiting").legend(|place| legend(place, GREY));
    chart.draw_series(points.iter().map(|&at| Circle::new(at, 3, TEAL.filled())))?;
    let drawn = chart.draw_series(LineSeries::new(points, TEAL.stroke_width(2)))?;
    drawn.label("measured").legend(|place| legend(place, TEAL));
    chart.configure_series_labels().position(SeriesLabelPosition::UpperLeft).border_style(TRANSPARENT).draw()?;
    Ok(())
}

fn panel<'a, 'b>(area: &'a DrawingArea<SVGBackend<'b>, Shift>, title: &str) -> ChartBuilder<'a, 'b, SVGBackend<'b>> {
    let mut builder = ChartBuilder::on(area);
    builder.caption(title, ("sans-serif", 18).into_font().color(&INK));
    builder.margin(12).x_label_area_size(36).y_label_area_size(52);
    builder
}

fn legend((x, y): (i32, i32), colour: RGBColor) -> PathElement<(i32, i32)> {
    PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
}

//! The measurements.

use std::io::{self, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::Serialize;
use time_traveller::Error;
use time_traveller::engine::{Device, profile, time_minibatch};
use time_traveller::gpu::Gpu;
use time_traveller::gpu::tile::Tile;
use time_traveller::kernels;
use time_traveller::model::config::EngineChoice;
use time_traveller::model::profile::Profile;
use time_traveller::model::{Config, Sizes};
use time_traveller::protocol::SAMPLE_LENGTH;
use time_traveller::text::Corpus;
use time_traveller::train::Session;

use crate::peers::{self, Peers};

const BOOK: Sizes = Sizes { batch: 32, steps: 35, hidden: 512, vocabulary: 28 };

/// How the network grows: one size at a time.
const GROWTH: [Sizes; 9] = [
    Sizes { hidden: 64, ..BOOK },
    Sizes { hidden: 128, ..BOOK },
    Sizes { hidden: 256, ..BOOK },
    BOOK,
    Sizes { hidden: 1024, ..BOOK },
    Sizes { hidden: 2048, ..BOOK },
    Sizes { batch: 128, ..BOOK },
    Sizes { batch: 1024, ..BOOK },
    Sizes { vocabulary: 3000, ..BOOK },
];

/// Epochs are trained for so long.
const EPOCHS: Duration = Duration::from_secs(3);

/// Everything that was measured.
#[derive(Serialize)]
pub struct Measured {
    pub adapter: Adapter,
    pub variants: Vec<Speed>,
    pub profile: Profile,
    pub growth: Vec<Growth>,
    pub epochs: Vec<Epochs>,
    pub peers: Peers,
}

#[derive(Serialize)]
pub struct Adapter {
    pub name: String,
    pub driver: String,
    pub backend: String,
}

/// Training steps of one variant of the kernels.
#[derive(Serialize)]
pub struct Speed {
    pub variant: String,
    pub tokens_per_second: f64,
}

/// The fastest variant for some sizes.
#[derive(Serialize)]
pub struct Growth {
    pub hidden: usize,
    pub batch: usize,
    pub vocabulary: usize,
    pub fastest: Speed,
    pub tflops: f64,
}

/// Whole epochs of the book's text length, each with a sample of 50 characters.
#[derive(Serialize)]
pub struct Epochs {
    pub hidden: u32,
    pub tokens_per_second: f64,
    pub milliseconds_per_epoch: f64,
    /// A sample alone: 64 characters.
    pub milliseconds_per_sample: f64,
}

/// Measures everything; takes a minute or two.
///
/// # Errors
/// No GPU; a failure of the device.
pub async fn measure(python: &Path) -> Result<Measured, Error> {
    let gpu = Gpu::open().await?;
    let adapter = adapter().await?;
    say(&format!("{}: the variants", adapter.name));
    let variants = speeds(&gpu, BOOK).await?;
    let fastest = fastest(&variants);
    say(&format!("the kernels of {}", fastest.0.name()));
    let profile = profile(&Device::Gpu(gpu.clone(), fastest.0), kernels::network(BOOK)).await?;
    let mut growth = Vec::new();
    for sizes in GROWTH {
        say(&format!("growth: {} hidden units, batch {}, {} tokens", sizes.hidden, sizes.batch, sizes.vocabulary));
        growth.push(grown(&gpu, sizes).await?);
    }
    let mut epochs = Vec::new();
    for hidden in [64, 512] {
        say(&format!("epochs with {hidden} hidden units"));
        epochs.push(whole_epochs(&gpu, hidden).await?);
    }
    say("PyTorch");
    let variants = variants.into_iter().map(|(_, speed)| speed).collect();
    Ok(Measured { adapter, variants, profile, growth, epochs, peers: peers::measure(python) })
}

async fn adapter() -> Result<Adapter, Error> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let power_preference = wgpu::PowerPreference::HighPerformance;
    let options = wgpu::RequestAdapterOptions { power_preference, ..Default::default() };
    let info = instance.request_adapter(&options).await.map_err(|_| Error::NoAdapter)?.get_info();
    let driver = format!("{} {}", info.driver, info.driver_info);
    Ok(Adapter { name: info.name, driver, backend: info.backend.to_string() })
}

/// The speed of every variant that suits the sizes.
async fn speeds(gpu: &Gpu, sizes: Sizes) -> Result<Vec<(Tile, Speed)>, Error> {
    let mut speeds = Vec::new();
    for tile in gpu.tiles().filter(|tile| tile.suits(sizes)) {
        let seconds = time_minibatch(&Device::Gpu(gpu.clone(), tile), kernels::network(sizes)).await?;
        let tokens_per_second = sizes.positions() as f64 / seconds;
        speeds.push((tile, Speed { variant: tile.name(), tokens_per_second }));
    }
    Ok(speeds)
}

fn fastest(speeds: &[(Tile, Speed)]) -> &(Tile, Speed) {
    let by_speed =
        |(_, a): &&(Tile, Speed), (_, b): &&(Tile, Speed)| a.tokens_per_second.total_cmp(&b.tokens_per_second);
    speeds.iter().max_by(by_speed).expect("there are variants")
}

async fn grown(gpu: &Gpu, sizes: Sizes) -> Result<Growth, Error> {
    let mut speeds = speeds(gpu, sizes).await?;
    let (best, _) = *fastest(&speeds);
    let index = speeds.iter().position(|(tile, _)| *tile == best).expect("it is one of them");
    let (_, fastest) = speeds.swap_remove(index);
    let flops = kernels::network(sizes).work().flops as f64;
    let tflops = flops * fastest.tokens_per_second / sizes.positions() as f64 / 1e12;
    let Sizes { batch, hidden, vocabulary, .. } = sizes;
    Ok(Growth { hidden, batch, vocabulary, fastest, tflops })
}

/// A text of the book's length and alphabet: time does not depend on what it says.
fn text() -> String {
    let mut state = 1u32;
    let mut letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b" abcdefghijklmnopqrstuvwxyz"[(state >> 8) as usize % 27])
    };
    (0..20_000).map(|_| letter()).collect()
}

async fn whole_epochs(gpu: &Gpu, hidden: u32) -> Result<Epochs, Error> {
    let corpus = Rc::new(Corpus::new(&text()));
    let config = Config { hidden, epochs: 100_000, engine: EngineChoice::Gpu, ..Config::default() };
    let sizes = Sizes { hidden: hidden as usize, ..BOOK };
    let mut session = Session::new(&Device::gpu(gpu, sizes), &corpus, config).await?;
    let prefix = "time traveller";
    session.set_sample(prefix, SAMPLE_LENGTH as usize);
    // The first epochs compile and find the length of a submission.
    let (mut start, mut first) = (Instant::now(), 0);
    let mut tokens = 0;
    while start.elapsed() < EPOCHS || first == 0 {
        if session.advance().await?.is_none() {
            continue;
        }
        if first == 0 && start.elapsed() > EPOCHS / 6 {
            (start, first, tokens) = (Instant::now(), session.epoch(), session.minibatches() * BOOK.positions());
        }
    }
    let seconds = start.elapsed().as_secs_f64() / f64::from(session.epoch() - first);
    let sample = Instant::now();
    const SAMPLES: u32 = 20;
    for _ in 0..SAMPLES {
        session.sample(prefix, 64 - prefix.len()).await?;
    }
    Ok(Epochs {
        hidden,
        tokens_per_second: tokens as f64 / seconds,
        milliseconds_per_epoch: seconds * 1e3,
        milliseconds_per_sample: sample.elapsed().as_secs_f64() * 1e3 / f64::from(SAMPLES),
    })
}

/// Prints a line of progress on stderr, if anybody reads it.
fn say(what: &str) {
    let _ = writeln!(io::stderr(), "» {what}");
}

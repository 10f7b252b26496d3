//! Chooses the fastest device: each trains a few minibatches of the network's sizes and is timed.

use futures_util::future::LocalBoxFuture;
use web_time::{Duration, Instant};

use super::Device;
use super::profile::{MAX_MINIBATCHES, Measured};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::model::Sizes;
use crate::model::config::EngineChoice;
use crate::model::race::{Lap, PastRace};
use crate::network::Network;

/// No further lap begins after this time.
const LIMIT: Duration = Duration::from_secs(2);

/// A lap lasts about this long, or one minibatch if that takes longer.
const LAP: Duration = Duration::from_millis(200);

/// The most floating-point operations of a minibatch in a race; beyond, it has fewer time steps.
const MAX_FLOPS: u64 = 2_000_000_000;

/// Once the GPU is this many times slower than the fastest device, its other tile shapes are skipped.
const HOPELESS: f64 = 2.0;

/// The result of a race.
#[derive(Clone)]
pub struct Race {
    pub laps: Vec<Lap>,
    pub winner: Device,
    /// Whether it was run just now, not recalled.
    pub new: bool,
}

impl Race {
    /// A device without a race.
    fn without(winner: Device) -> Self {
        Self { laps: Vec::new(), winner, new: false }
    }

    /// The result of an earlier race, if it had the same sizes and devices and timed at least one of them.
    fn recalled(past: &PastRace, sizes: Sizes, entrants: &[Device]) -> Option<Self> {
        let same = past.sizes == sizes && past.laps.iter().map(|lap| &lap.name).eq(&names(entrants));
        let timed = past.laps.iter().zip(entrants).filter(|(lap, _)| lap.tokens_per_second.is_some_and(|x| x > 0.0));
        let (_, winner) = timed.max_by(|(a, _), (b, _)| f64::total_cmp(&speed(a), &speed(b)))?;
        same.then(|| Self { laps: past.laps.clone(), winner: winner.clone(), new: false })
    }
}

fn speed(lap: &Lap) -> f64 {
    lap.tokens_per_second.unwrap_or(0.0)
}

fn names(entrants: &[Device]) -> Vec<String> {
    entrants.iter().map(Device::variant).collect()
}

/// A function that opens a GPU.
pub type Open = Box<dyn Fn() -> LocalBoxFuture<'static, Result<Gpu>>>;

/// The devices of this machine, and the races that were run on them.
pub struct Devices {
    /// The GPU, or why there is none.
    pub gpu: Result<Gpu>,
    open: Open,
    races: Vec<PastRace>,
}

impl Devices {
    /// Opens the GPU. That there is none is an error only when one is asked for.
    pub async fn open() -> Self {
        Self::opened_by(Box::new(|| Box::pin(Gpu::open()))).await
    }

    /// [`Devices::open`] with another function that opens the GPU.
    pub async fn opened_by(open: Open) -> Self {
        Self { gpu: open().await, open, races: Vec::new() }
    }

    /// Opens the GPU again, after it has failed.
    ///
    /// # Errors
    /// As [`Gpu::open`].
    pub async fn reopen(&mut self) -> Result<Gpu> {
        self.gpu = (self.open)().await;
        self.gpu.clone()
    }

    /// Adds the results of earlier races, which need not be run again.
    pub fn recall(&mut self, races: impl IntoIterator<Item = PastRace>) {
        self.races.extend(races);
    }

    /// The device for a choice. `auto`: the fastest, by a race that is run once for each `Sizes`. A named device is
    /// taken without a race and with its default tile shape, so that a run can be repeated bitwise (tile shapes round
    /// differently).
    ///
    /// # Errors
    /// `gpu` without a GPU: why there is none; a network that fits on no device.
    pub async fn choose(&mut self, choice: EngineChoice, network: Network) -> Result<Race> {
        if self.gpu.as_ref().is_ok_and(|gpu| gpu.check().is_err()) {
            _ = self.reopen().await; // lost since it was last used
        }
        let sizes = network.sizes;
        let gpu = match (choice, &self.gpu) {
            (EngineChoice::Cpu, _) | (EngineChoice::Auto, Err(_)) => return Ok(Race::without(Device::Cpu)),
            (EngineChoice::Gpu, Ok(gpu)) => return Ok(Race::without(Device::gpu(gpu, sizes))),
            (EngineChoice::Gpu, Err(error)) => return Err(error.clone()),
            (EngineChoice::Auto, Ok(gpu)) => gpu,
        };
        let mut entrants = gpu_variants(gpu, sizes);
        // The likely winner first, so that hopeless ones can be skipped.
        entrants.insert(usize::from(!gpu.software), Device::Cpu);
        if let Some(race) = self.races.iter().rev().find_map(|past| Race::recalled(past, sizes, &entrants)) {
            return Ok(race);
        }
        let race = race(entrants, network).await?;
        self.recall([PastRace { sizes, laps: race.laps.clone() }]);
        Ok(race)
    }
}

/// The GPU with each of its tile shapes, the default first.
fn gpu_variants(gpu: &Gpu, sizes: Sizes) -> Vec<Device> {
    let first = gpu.tile(sizes.batch);
    let others = gpu.tiles().filter(|&tile| tile != first);
    std::iter::once(first).chain(others).map(|tile| Device::Gpu(gpu.clone(), tile)).collect()
}

/// Times each device in turn.
///
/// # Errors
/// The last failure, if no device could train.
async fn race(entrants: Vec<Device>, network: Network) -> Result<Race> {
    let network = racing(network);
    let start = Instant::now();
    let mut laps = Vec::new();
    let mut best: Option<(f64, Device)> = None;
    let mut gpu_best = 0f64;
    let mut failure = None;
    for entrant in entrants {
        let fastest = best.as_ref().map_or(0.0, |(speed, _)| *speed);
        let is_gpu = matches!(entrant, Device::Gpu(..));
        let hopeless = is_gpu && gpu_best > 0.0 && gpu_best * HOPELESS < fastest;
        let timed = if hopeless || (best.is_some() && start.elapsed() >= LIMIT) {
            None
        } else {
            lap(&entrant, network).await.map_err(|error| failure = Some(error)).ok()
        };
        if let Some(speed) = timed {
            if is_gpu {
                gpu_best = gpu_best.max(speed);
            }
            if speed > fastest {
                best = Some((speed, entrant.clone()));
            }
        }
        laps.push(Lap { name: entrant.variant(), tokens_per_second: timed });
    }
    match best {
        Some((_, winner)) => Ok(Race { laps, winner, new: true }),
        None => Err(failure.unwrap_or(Error::NoAdapter)),
    }
}

/// The network with fewer time steps, if a minibatch has more than [`MAX_FLOPS`].
fn racing(network: Network) -> Network {
    let sizes = network.sizes;
    let per_step = network.work().flops / sizes.steps as u64;
    network.with_sizes(Sizes { steps: sizes.steps.min((MAX_FLOPS / per_step) as usize).max(1), ..sizes })
}

/// Tokens per second over a few minibatches, after one for warm-up.
async fn lap(entrant: &Device, network: Network) -> Result<f64> {
    let mut measured = Measured::new(entrant, network).await?;
    let first = measured.train(1).await?;
    let minibatches = ((LAP.as_secs_f64() / first) as usize).clamp(1, MAX_MINIBATCHES);
    let seconds = measured.train(minibatches).await?;
    Ok((minibatches * network.sizes.positions()) as f64 / seconds)
}

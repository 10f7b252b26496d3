//! Which device is the fastest here: each trains a few minibatches of the sizes in question, against the clock.

use futures_util::future::LocalBoxFuture;
use web_time::{Duration, Instant};

use super::Device;
use super::profile::{MOST, Measured};
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::model::Sizes;
use crate::model::config::EngineChoice;
use crate::model::race::{Lap, PastRace};
use crate::network::Network;

/// No lap begins after this long.
const LIMIT: Duration = Duration::from_secs(2);

/// A lap is timed for this long at most, or one minibatch if that takes longer.
const LAP: Duration = Duration::from_millis(200);

/// Operations of a lap's minibatch, at most: longer sequences and larger networks run with fewer steps.
const FLOPS: u64 = 2_000_000_000;

/// A device this many times slower than the fastest is not asked again with other tiles.
const HOPELESS: f64 = 2.0;

/// All results, and who won.
#[derive(Clone)]
pub struct Race {
    pub laps: Vec<Lap>,
    pub winner: Device,
    /// Whether it was run just now.
    pub new: bool,
}

impl Race {
    /// No race: there is no choice.
    fn without(winner: Device) -> Self {
        Self { laps: Vec::new(), winner, new: false }
    }

    /// One of these sizes that was run earlier, if the very same devices took part and one was fastest.
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

/// How a GPU is opened.
pub type Open = Box<dyn Fn() -> LocalBoxFuture<'static, Result<Gpu>>>;

/// The devices of this machine, and the races that were run on them.
pub struct Devices {
    /// The GPU, or why there is none.
    pub gpu: Result<Gpu>,
    open: Open,
    races: Vec<PastRace>,
}

impl Devices {
    /// Looks for a GPU; to have none is no failure yet.
    pub async fn open() -> Self {
        Self::opened_by(Box::new(|| Box::pin(Gpu::open()))).await
    }

    /// [`Devices::open`] with a way to open a GPU of one's own.
    pub async fn opened_by(open: Open) -> Self {
        Self { gpu: open().await, open, races: Vec::new() }
    }

    /// Opens a GPU in place of the one that failed.
    ///
    /// # Errors
    /// No GPU is there any more.
    pub async fn reopen(&mut self) -> Result<Gpu> {
        self.gpu = (self.open)().await;
        self.gpu.clone()
    }

    /// Takes in races that need then not be run.
    pub fn recall(&mut self, races: impl IntoIterator<Item = PastRace>) {
        self.races.extend(races);
    }

    /// The device for a choice: for `auto` the fastest, by a race that is run once for each sizes and remembered; what is
    /// named is taken without one, so that a run can be repeated to the last bit (tiles round differently).
    ///
    /// # Errors
    /// A GPU that is asked for and not there; a network that fits on no device.
    pub async fn choose(&mut self, choice: EngineChoice, network: Network) -> Result<Race> {
        if self.gpu.as_ref().is_ok_and(|gpu| gpu.check().is_err()) {
            _ = self.reopen().await; // it was lost since it was last used
        }
        let sizes = network.sizes;
        let gpu = match (choice, &self.gpu) {
            (EngineChoice::Cpu, _) | (EngineChoice::Auto, Err(_)) => return Ok(Race::without(Device::Cpu)),
            (EngineChoice::Gpu, Ok(gpu)) => return Ok(Race::without(Device::gpu(gpu, sizes))),
            (EngineChoice::Gpu, Err(error)) => return Err(error.clone()),
            (EngineChoice::Auto, Ok(gpu)) => gpu,
        };
        let mut entrants = gpu_variants(gpu, sizes);
        // The likely winner first: what is slow by far is then soon seen to be.
        entrants.insert(usize::from(!gpu.software), Device::Cpu);
        if let Some(race) = self.races.iter().rev().find_map(|past| Race::recalled(past, sizes, &entrants)) {
            return Ok(race);
        }
        let race = race(entrants, network).await?;
        self.recall([PastRace { sizes, laps: race.laps.clone() }]);
        Ok(race)
    }
}

/// The GPU with each tile shape, beginning with the one that suits its kind.
fn gpu_variants(gpu: &Gpu, sizes: Sizes) -> Vec<Device> {
    let first = gpu.tile(sizes.batch);
    let others = gpu.tiles().filter(|&tile| tile != first);
    std::iter::once(first).chain(others).map(|tile| Device::Gpu(gpu.clone(), tile)).collect()
}

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

/// The network in question, with fewer time steps if a minibatch is long.
fn racing(network: Network) -> Network {
    let sizes = network.sizes;
    let per_step = network.work().flops / sizes.steps as u64;
    network.with_sizes(Sizes { steps: sizes.steps.min((FLOPS / per_step) as usize).max(1), ..sizes })
}

/// Tokens per second over a few minibatches, after a first one that warms up.
async fn lap(entrant: &Device, network: Network) -> Result<f64> {
    let mut measured = Measured::new(entrant, network).await?;
    let first = measured.train(1).await?;
    let minibatches = ((LAP.as_secs_f64() / first) as usize).clamp(1, MOST);
    let seconds = measured.train(minibatches).await?;
    Ok((minibatches * network.sizes.positions()) as f64 / seconds)
}

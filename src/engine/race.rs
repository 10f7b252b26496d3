//! Chooses the fastest device: each trains a few minibatches of the network's sizes and is timed, the faster half once
//! more and for longer.

use futures_util::future::LocalBoxFuture;
use web_time::{Duration, Instant};

use super::Device;
use super::profile::{MAX_MINIBATCHES, Measured};
use crate::cpu::Cores;
use crate::error::{Error, Result};
use crate::gpu::Gpu;
use crate::gpu::tile::Tile;
use crate::kernels::{LIBRARY, network_of};
use crate::model::config::{AutoOr, EngineChoice};
use crate::model::race::{Lap, PastRace};
use crate::model::{Config, Sizes};
use crate::network::Network;

/// No further lap of a GPU begins once laps have taken this long. Compiling, which a visitor waits for once, does not
/// count.
const LIMIT: Duration = Duration::from_secs(2);

/// No variant is compiled any more once the race has taken this long. Those that were precompiled still run.
const PATIENCE: Duration = Duration::from_secs(3);

/// A first lap lasts about this long, and a second one; or one minibatch, if that takes longer.
const FIRST_LAP: Duration = Duration::from_millis(60);
const SECOND_LAP: Duration = Duration::from_millis(200);

/// The most floating-point operations of a minibatch in a race; beyond, it has fewer time steps.
const MAX_FLOPS: u64 = 2_000_000_000;

/// Floating-point operations of a time step, forward and backward, from which on several threads are faster than one.
const DIVIDED: u64 = 1_500_000;

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
    fn recalled(past: &PastRace, network: Network, entrants: &[Device]) -> Option<Self> {
        let same = (past.sizes, &past.network) == (network.sizes, &network.name())
            && past.laps.iter().map(|lap| &lap.name).eq(&names(entrants));
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
    /// The CPU's threads, once a setting has asked for them.
    cores: Option<(AutoOr, Cores)>,
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
        Self { gpu: open().await, cores: None, open, races: Vec::new() }
    }

    /// Opens the GPU again, after it has failed.
    ///
    /// # Errors
    /// As [`Gpu::open`].
    pub async fn reopen(&mut self) -> Result<Gpu> {
        self.gpu = (self.open)().await;
        self.gpu.clone()
    }

    /// Half as many of the CPU's threads as there are, after one was lost; they are what later runs get.
    ///
    /// # Errors
    /// Why they can't be started.
    pub async fn fewer_cores(&mut self) -> Result<Cores> {
        let (wanted, had) = self.cores.as_ref().map_or((AutoOr(None), 1), |(wanted, cores)| (*wanted, cores.threads()));
        let cores = Cores::with(Some((had / 2).max(1) as u32)).await?;
        self.cores = Some((wanted, cores.clone()));
        Ok(cores)
    }

    /// As many of the CPU's threads as a setting asks for; those that there are stay while it is the same. Left to the
    /// program, a network whose time steps are too short to be divided gets one.
    async fn cores(&mut self, wanted: AutoOr, network: &Network) -> Result<Cores> {
        if wanted.0.is_none() && network.work().flops / (network.sizes.steps as u64) < DIVIDED {
            return Ok(Cores::one());
        }
        match &self.cores {
            Some((had, cores)) if *had == wanted && !cores.is_lost() => Ok(cores.clone()),
            _ => {
                let cores = Cores::with(wanted.0).await?;
                self.cores = Some((wanted, cores.clone()));
                Ok(cores)
            }
        }
    }

    /// Adds the results of earlier races, which need not be run again.
    pub fn recall(&mut self, races: impl IntoIterator<Item = PastRace>) {
        self.races.extend(races);
    }

    /// Precompiles the GPU's kernels for one more tile shape, so that a race need not wait for it; returns false if
    /// there is none. Nearly all kernels are those of any sizes. Their errors are reported when a network needs them.
    pub async fn precompile_next(&self) -> bool {
        let Ok(gpu) = &self.gpu else { return false };
        gpu.precompile_next(&network_of(&Config::default(), 28), LIBRARY).await.unwrap_or(false)
    }

    /// The device for a choice. `auto`: the fastest, by a race that is run once for each network. A named device is
    /// taken without a race and with its default tile shape, so that a run can be repeated bitwise (tile shapes round
    /// differently).
    ///
    /// # Errors
    /// `gpu` without a GPU: why there is none; a network that fits on no device.
    pub async fn choose(&mut self, choice: EngineChoice, threads: AutoOr, network: Network) -> Result<Race> {
        if self.gpu.as_ref().is_ok_and(|gpu| gpu.check().is_err()) {
            _ = self.reopen().await; // lost since it was last used
        }
        let sizes = network.sizes;
        let gpu = match (choice, &self.gpu) {
            (EngineChoice::Cpu, _) | (EngineChoice::Auto, Err(_)) => {
                return Ok(Race::without(Device::Cpu(self.cores(threads, &network).await?)));
            }
            (EngineChoice::Gpu, Ok(gpu)) => return Ok(Race::without(Device::gpu(gpu, sizes))),
            (EngineChoice::Gpu, Err(error)) => return Err(error.clone()),
            (EngineChoice::Auto, Ok(gpu)) => gpu.clone(),
        };
        let cpu = Device::Cpu(self.cores(threads, &network).await?);
        let mut entrants = gpu_variants(&gpu, sizes);
        // The likely winner first, so that hopeless ones can be skipped.
        entrants.insert(usize::from(!gpu.software), cpu);
        if let Some(race) = self.races.iter().rev().find_map(|past| Race::recalled(past, network, &entrants)) {
            return Ok(race);
        }
        let race = race(entrants, network).await?;
        self.recall([PastRace { network: network.name(), sizes, laps: race.laps.clone() }]);
        Ok(race)
    }
}

/// The GPU with each of its tile shapes: the default first, then those with many threads on a GPU, and those with large
/// tiles on a software adapter.
fn gpu_variants(gpu: &Gpu, sizes: Sizes) -> Vec<Device> {
    let first = gpu.tile(sizes);
    let shared = |tile: &Tile| (tile.split > 1) != gpu.software;
    let others = |early| gpu.tiles().filter(move |tile| *tile != first && tile.suits(sizes) && shared(tile) == early);
    let all = std::iter::once(first).chain(others(true)).chain(others(false));
    all.map(|tile| Device::Gpu(gpu.clone(), tile)).collect()
}

/// Times each device in turn, and then the faster half of them for longer.
///
/// # Errors
/// The last failure, if no device could train.
async fn race(entrants: Vec<Device>, network: Network) -> Result<Race> {
    let laps = entrants.iter().map(|entrant| Lap { name: entrant.variant(), tokens_per_second: None }).collect();
    let mut field =
        Field { network: racing(network), entrants, laps, start: Instant::now(), driven: 0.0, failure: None };
    let all = 0..field.entrants.len();
    for i in all.clone() {
        if !field.is_hopeless(i) {
            field.lap(i, FIRST_LAP).await;
        }
    }
    // Of a slow device one minibatch was a long lap already.
    let least = field.median().max(field.network.sizes.positions() as f64 / SECOND_LAP.as_secs_f64());
    for i in all {
        if field.speed(i) >= least {
            field.lap(i, SECOND_LAP).await;
        }
    }
    match field.fastest() {
        Some(winner) => Ok(Race { winner: field.entrants.swap_remove(winner), laps: field.laps, new: true }),
        None => Err(field.failure.unwrap_or(Error::NoAdapter)),
    }
}

/// A race under way.
struct Field {
    network: Network,
    entrants: Vec<Device>,
    /// The latest lap of each entrant.
    laps: Vec<Lap>,
    start: Instant,
    /// Seconds of all laps so far.
    driven: f64,
    failure: Option<Error>,
}

impl Field {
    /// The speed of an entrant, 0 if it was not timed.
    fn speed(&self, i: usize) -> f64 {
        speed(&self.laps[i])
    }

    /// The fastest entrant, if any was timed.
    fn fastest(&self) -> Option<usize> {
        let timed = (0..self.laps.len()).filter(|&i| self.laps[i].tokens_per_second.is_some());
        timed.max_by(|&a, &b| f64::total_cmp(&self.speed(a), &self.speed(b)))
    }

    /// The least speed of the faster half of those that were timed.
    fn median(&self) -> f64 {
        let timed = || self.laps.iter().filter_map(|lap| lap.tokens_per_second);
        let faster_than = |speed: f64| timed().filter(|&other| other > speed).count();
        timed().filter(|&speed| 2 * faster_than(speed) < timed().count()).fold(f64::INFINITY, f64::min)
    }

    /// Whether this is another tile shape of a GPU that is far slower than the fastest device.
    fn is_hopeless(&self, i: usize) -> bool {
        let is_gpu = |i: usize| matches!(self.entrants[i], Device::Gpu(..));
        let fastest = |only_gpu: bool| {
            let of = (0..self.entrants.len()).filter(|&i| is_gpu(i) || !only_gpu);
            of.map(|i| self.speed(i)).fold(0.0, f64::max)
        };
        is_gpu(i) && fastest(true) > 0.0 && fastest(true) * HOPELESS < fastest(false)
    }

    /// Whether an entrant may run: the CPU once in any case, others if there is time left or none has been timed.
    fn has_time(&self, i: usize) -> bool {
        let (must, compiled) = match &self.entrants[i] {
            Device::Cpu(_) => (self.laps[i].tokens_per_second.is_none(), true),
            Device::Gpu(gpu, tile) => (self.fastest().is_none(), gpu.has_compiled(&self.network, *tile)),
        };
        let in_time = self.driven < LIMIT.as_secs_f64() && (compiled || self.start.elapsed() < PATIENCE);
        must || in_time
    }

    /// Times an entrant for about `time`, if there is time.
    async fn lap(&mut self, i: usize, time: Duration) {
        if !self.has_time(i) {
            return;
        }
        match lap(&self.entrants[i], self.network, time).await {
            Ok((speed, seconds)) => {
                self.laps[i].tokens_per_second = Some(speed);
                self.driven += seconds;
            }
            Err(error) => self.failure = Some(error),
        }
    }
}

/// The network with fewer time steps, if a minibatch has more than [`MAX_FLOPS`].
fn racing(network: Network) -> Network {
    let sizes = network.sizes;
    let per_step = network.work().flops / sizes.steps as u64;
    network.with_sizes(Sizes { steps: sizes.steps.min((MAX_FLOPS / per_step) as usize).max(1), ..sizes })
}

/// Tokens per second over some minibatches that take about `time`, and their seconds. One for warm-up, which compiles
/// in some browsers, is not counted.
async fn lap(entrant: &Device, network: Network, time: Duration) -> Result<(f64, f64)> {
    let mut measured = Measured::new(entrant, network).await?;
    measured.train(1).await?;
    let first = measured.train(1).await?;
    let minibatches = (time.as_secs_f64() / first) as usize;
    let (minibatches, seconds) = match minibatches.min(MAX_MINIBATCHES) {
        0 | 1 => (1, first),
        minibatches => (minibatches, measured.train(minibatches).await?),
    };
    Ok(((minibatches * network.sizes.positions()) as f64 / seconds, seconds))
}

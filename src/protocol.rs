//! What page and worker say to each other: commands one way, events the other, and nothing else.
//!
//! The worker's first message is [`Event::Ready`]; a command sent before it is lost. A run is named by the
//! number that its [`Command::Train`] carries, and every event about a run carries that number back, so that the
//! page can tell a finished run's late words from the present run's.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
pub use crate::model::Hyperparameters;
use crate::model::config::{Cleaning, Config};
pub use crate::model::divergence::{Divergence, Quantity};
pub use crate::model::pick::{COLDEST, HOTTEST, LONGEST_ANSWER, LONGEST_PREFIX, Pick};
pub use crate::model::profile::{KernelTime, Profile};
pub use crate::model::race::{Lap, PastRace};

/// How many characters a sample adds to its prefix, as in the book.
pub const SAMPLE_LENGTH: u32 = 50;

/// The prefixes that the book continues at the end of a run.
pub const FINAL_PREFIXES: [&str; 2] = ["time traveller", "traveller"];

/// Checks what is to be continued.
///
/// # Errors
/// [`Error::EmptyPrefix`], [`Error::PrefixTooLong`].
pub fn check_prefix(prefix: &str) -> Result<()> {
    match prefix.chars().count() {
        0 => Err(Error::EmptyPrefix),
        length if length > LONGEST_PREFIX => Err(Error::PrefixTooLong { length, allowed: LONGEST_PREFIX }),
        _ => Ok(()),
    }
}

/// Checks how tokens are to be picked.
///
/// # Errors
/// [`Error::Temperature`], [`Error::TopK`].
pub fn check_pick(pick: Pick) -> Result<()> {
    match pick {
        Pick::Sampled { temperature, .. } if !(COLDEST..=HOTTEST).contains(&temperature) => {
            Err(Error::Temperature { given: temperature })
        }
        Pick::Sampled { top_k: 0, .. } => Err(Error::TopK),
        _ => Ok(()),
    }
}

/// From the page to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Starts a run with these settings, in place of any other, and goes as far as `stretch` says; after every epoch
    /// `prefix` is continued.
    Train { run: u32, config: Config, prefix: String, beginning: StartFrom, stretch: Stretch },
    /// Holds the run.
    Pause,
    /// Goes on with a paused run, as far as `stretch` says. Of a run that is not paused, it changes how far it goes.
    Resume { stretch: Stretch },
    /// From the next minibatch that the device has not been given, the run under way goes by these rates. Answered by
    /// [`Event::HyperparametersSet`] or [`Event::HyperparametersRefused`]; in either case the run goes on.
    SetHyperparameters { hyperparameters: Hyperparameters },
    /// Ends the run and forgets its network.
    Reset,
    /// Asks for the run as it was at the end of its last epoch, to go on from there another time. Answered by
    /// [`Event::Checkpoint`] or [`Event::Refused`] with the same `request`.
    Checkpoint { request: u32 },
    /// Asks what a file is a checkpoint of; a run goes on meanwhile. Answered by [`Event::Examined`] or, of a file that
    /// no run can go on from here, by [`Event::Refused`] with the same `request`.
    Examine {
        request: u32,
        #[serde(with = "serde_bytes")]
        file: Vec<u8>,
    },
    /// From the next epoch on, samples continue this prefix.
    SamplePrefix { prefix: String },
    /// Continues `prefix` by `length` characters with the newest weights; with no network yet, with the untrained
    /// one of `config`. At most [`LONGEST_ANSWER`] characters. Answered by [`Event::Generated`] or [`Event::Refused`]
    /// with the same `request`.
    Generate { request: u32, prefix: String, length: u32, pick: Pick, config: Config },
    /// Measures each kernel for these settings, with a network of its own; a run goes on afterwards. Answered by
    /// [`Event::Profiled`] or [`Event::Refused`] with the same `request`.
    Profile { request: u32, config: Config },
    /// What the next run is to learn, and how it is read. Answered by [`Event::Text`] or, if it is no text,
    /// [`Event::TextRefused`]; then the one before stays. A run under way goes on with the text that it began with.
    Text { choice: TextChoice, cleaning: Cleaning, vocab: u32 },
    /// Races of earlier visits, which need not be run again on the same devices.
    Recall { races: Vec<PastRace> },
}

/// Which text is to be learned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextChoice {
    /// The one that there is, perhaps read by other settings.
    Present,
    /// The book's.
    Book,
    /// The visitor's own, as it came.
    Own {
        name: String,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// The visitor's own, which the worker is to fetch from here.
    Address(String),
}

/// How far a run goes before it pauses by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stretch {
    /// To the end of the minibatch under way, or of the next where none is.
    Minibatch,
    /// To the end of the epoch under way, or of the next where none is.
    Epoch,
    /// To the end of the run, which then does not pause but finishes.
    #[default]
    Whole,
}

/// Where a run begins, if not where its settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartFrom {
    /// A safetensors file with the initial parameters, instead of random ones.
    // As bytes, which cross over as a Uint8Array, and not as an array of numbers.
    #[serde(with = "serde_bytes")]
    pub parameters: Option<Vec<u8>>,
    /// The offset of every epoch's windows, instead of a random one for each.
    pub window_offset: Option<u32>,
    /// What [`Event::Checkpoint`] gave: the run goes on from there, to the last bit as if it had never been interrupted.
    /// Its settings stand in the file; of those in the command only `engine` counts, and `epochs`, if they are more
    /// than are done.
    #[serde(with = "serde_bytes")]
    pub checkpoint: Option<Vec<u8>>,
}

/// From the worker to the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The worker listens.
    Ready,
    /// The text is there, or there is another.
    Text { facts: TextFacts },
    /// Why a text can't be had.
    TextRefused { error: Error },
    /// A race that was run just now, to be remembered.
    Raced { race: PastRace },
    /// The worker found no GPU that it could ask: it says so before its first [`Event::Device`].
    NoGpu,
    /// What trains from now on, under this name, and the race that it won, if there was one.
    Device { name: String, race: Vec<Lap> },
    /// The run has begun.
    Started {
        run: u32,
        minibatches: u32,
        /// Bytes of all the run's tensors, on the GPU or in memory.
        bytes: u64,
    },
    /// After [`Event::Started`], of a run that goes on from a checkpoint: its settings, and every epoch that it has.
    /// An [`Event::HyperparametersSet`] for each change of rates comes before it.
    Opened { run: u32, config: Config, reports: Vec<EpochReport> },
    /// What the run's network makes of the prefix before any training.
    Untrained { run: u32, sample: Sample },
    /// Where the run is within its epoch.
    Progress { run: u32, progress: Progress },
    /// An epoch is done.
    Epoch { run: u32, report: EpochReport },
    /// The run is held: by [`Command::Pause`], or at the end of its [`Stretch`]. How far it is, the
    /// [`Event::Progress`] before has told.
    Paused { run: u32 },
    /// The run goes on.
    Resumed { run: u32 },
    /// [`Command::SetHyperparameters`] is followed: from `minibatch` (from 0) of the epoch after `epoch` finished ones, the run
    /// goes by these rates.
    HyperparametersSet { run: u32, epoch: u32, minibatch: u32, hyperparameters: Hyperparameters },
    /// Rates that can't be set, and why; the run, if any, goes on with those it has.
    HyperparametersRefused { error: Error },
    /// The run's device failed, for this reason; on a new one the run goes on from the end of this epoch (0: from its
    /// beginning), the last that it finished. Of the epochs that were told none changes.
    Recovered { run: u32, epoch: u32, reason: String },
    /// Devices failed several times without an epoch in between, or there is none any more: the run is held at the end
    /// of its last epoch, and [`Command::Resume`] tries once more.
    Lost { run: u32, error: Error },
    /// Something stopped being a finite number. The run is back at the end of its last good epoch and is held;
    /// [`Command::SetHyperparameters`] with the proposal and [`Command::Resume`] go on from there.
    Diverged { run: u32, divergence: Divergence },
    /// The run is done.
    Finished { run: u32, report: FinalReport },
    /// There is no run and no network any more.
    Idle,
    /// What [`Command::Generate`] asked for.
    Generated { request: u32, continuation: Continuation },
    /// What [`Command::Profile`] asked for.
    Profiled { request: u32, profile: Profile },
    /// What [`Command::Checkpoint`] asked for: a safetensors file, and what it is of.
    Checkpoint {
        request: u32,
        summary: Summary,
        #[serde(with = "serde_bytes")]
        file: Vec<u8>,
    },
    /// What [`Command::Examine`] asked for.
    Examined { request: u32, summary: Summary },
    /// A [`Command::Generate`], [`Command::Profile`], [`Command::Checkpoint`] or [`Command::Examine`] that could not be
    /// followed; the run, if any, goes on.
    Refused { request: u32, error: Error },
    /// The worker broke down and will say no more.
    Broken { error: Error },
    /// Something ended the run (or, without a run, the preparations).
    Failed { run: Option<u32>, error: Error },
}

/// What there is to learn, and how it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFacts {
    pub name: String,
    /// Whether it is the book's own edition.
    pub is_books: bool,
    /// Whether the visitor brought it.
    pub own: bool,
    /// Characters before the cleaning.
    pub characters: u32,
    pub cleaning: Cleaning,
    /// The largest size that the vocabulary may have.
    pub vocab: u32,
    pub tokens: u32,
    /// `V`, size of the vocabulary, `<unk>` included.
    pub vocabulary: u32,
    /// How many tokens are `<unk>`,
    pub unknown: u32,
    /// and how many different characters those are.
    pub rare: u32,
    /// How the text begins: a word or two for a prefix, all of the vocabulary.
    pub beginning: String,
    /// The commonest characters and how often each stands in the text; at most [`MOST_COUNTS`].
    pub counts: Vec<(char, u32)>,
}

/// So many characters are told with their counts.
pub const MOST_COUNTS: usize = 500;

/// What a checkpoint is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub config: Config,
    pub window_offset: Option<u32>,
    /// Finished epochs.
    pub epoch: u32,
    /// Perplexity of the last of them.
    pub perplexity: Option<f64>,
    /// SHA-1 of the cleaned text.
    pub text: String,
    /// What the last sample continued.
    pub prefix: Option<String>,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Finished epochs.
    pub epoch: u32,
    /// Finished minibatches of the epoch under way.
    pub minibatch: u32,
    /// Tokens trained on per second, over the last seconds.
    pub tokens_per_second: f64,
    /// Time to the end of the run at this pace, in seconds.
    pub seconds_left: f64,
}

/// What an epoch came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Finished epochs, this one included.
    pub epoch: u32,
    /// exp(`loss`).
    pub perplexity: f64,
    /// Mean cross-entropy per token over the epoch, in nats.
    pub loss: f64,
    /// Global L2 norm of the gradients before clipping, of each minibatch.
    pub grad_norms: Vec<f32>,
    /// Tokens trained on in this epoch, by the seconds it took.
    pub tokens_per_second: f64,
    /// Perplexity of the tokens that are held out, with the weights at the epoch's end; none if none are.
    pub validation: Option<f64>,
    pub sample: Sample,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FinalReport {
    pub epochs: u32,
    /// Perplexity of the last epoch.
    pub perplexity: f64,
    /// All tokens trained on, by all seconds spent on it (pauses not counted).
    pub tokens_per_second: f64,
    pub device: String,
    /// Continuations of [`FINAL_PREFIXES`].
    pub samples: Vec<Sample>,
}

/// A prefix and what the network makes of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub prefix: String,
    /// The prefix as the network read it, with the continuation.
    pub text: String,
    /// Characters of the prefix that the vocabulary lacks; they were read as `<unk>`.
    pub unknown: Vec<char>,
}

/// A sample with what the network thought while it wrote it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    pub sample: Sample,
    /// The characters that the network added to the prefix.
    pub written: Vec<Written>,
    /// What would come next.
    pub next: Vec<Guess>,
}

/// A character that the network wrote. Probabilities are the network's own, whatever the temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// None for `<unk>`.
    pub character: Option<char>,
    /// How much it surprised the network: -log2 of its probability, in bits.
    pub surprise: f32,
    /// The likeliest characters in its place, it perhaps among them.
    pub guesses: Vec<Guess>,
}

/// A character (none for `<unk>`) and its probability. There are [`GUESSES`] in a place, or as many as the vocabulary
/// has, the likeliest first.
pub type Guess = (Option<char>, f32);

/// How many of the likeliest characters are told of each place.
pub const GUESSES: usize = 5;

//! The messages between page and worker: commands to the worker, events to the page.
//!
//! The worker's first message is [`Event::Ready`]; a command sent before it is lost. A run has the number that its
//! [`Command::Train`] carries, and every event about a run carries it too, so that the page can tell late events of an
//! earlier run from those of the current one.

#[cfg(target_arch = "wasm32")]
pub mod js;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
pub use crate::model::Hyperparameters;
use crate::model::config::{Cleaning, Config};
pub use crate::model::divergence::{Divergence, Quantity};
pub use crate::model::inside::{
    Answer, Excerpt, Feature, Insight, LONGEST_PASSAGE, MOST_SCALE, Numbers, Place, Question, Selective, TimeStep,
    Token,
};
pub use crate::model::pick::{COLDEST, HOTTEST, LONGEST_ANSWER, LONGEST_PREFIX, Pick};
pub use crate::model::profile::{KernelTime, Profile};
pub use crate::model::race::{Lap, PastRace};

/// The number of characters that a sample adds to its prefix, as in the book.
pub const SAMPLE_LENGTH: u32 = 50;

/// The prefixes that the book continues at the end of a run.
pub const FINAL_PREFIXES: [&str; 2] = ["time traveller", "traveller"];

/// Checks that a prefix can be continued.
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

/// Checks that a passage can be read.
///
/// # Errors
/// [`Error::PassageTooShort`], [`Error::PassageTooLong`].
pub fn check_passage(length: usize) -> Result<()> {
    match length {
        0 | 1 => Err(Error::PassageTooShort),
        _ if length > LONGEST_PASSAGE => Err(Error::PassageTooLong { length, allowed: LONGEST_PASSAGE }),
        _ => Ok(()),
    }
}

/// Checks sampling parameters.
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
    /// Starts a run with these settings, in place of any other, and trains for `stretch`; after every epoch a sample
    /// continues `prefix`.
    Train { run: u32, config: Config, prefix: String, beginning: StartFrom, stretch: Stretch },
    /// Ends the run, and starts another in its place that goes on from the end of its `epoch` with those settings of
    /// `config` that can be others: see [`Checkpoint::branched`](crate::train::Checkpoint::branched). With none changed
    /// it is bitwise the same run. Told as a run that resumes from a checkpoint.
    Branch { run: u32, epoch: u32, config: Config, prefix: String, stretch: Stretch },
    /// Pauses the run.
    Pause,
    /// Resumes a paused run for `stretch`, or a finished one that gets more epochs. If the run is not paused, it changes
    /// how far it trains.
    Resume { stretch: Stretch },
    /// Changes the hyperparameters of the run from the first minibatch on that has not been submitted to the device.
    /// Answered by [`Event::HyperparametersSet`] or [`Event::HyperparametersRefused`]; in either case the run
    /// continues.
    SetHyperparameters { hyperparameters: Hyperparameters },
    /// Ends the run and discards its network.
    Reset,
    /// Requests a checkpoint of the run at the end of its last epoch. Answered by [`Event::Checkpoint`] or
    /// [`Event::Refused`] with the same `request`.
    Checkpoint { request: u32 },
    /// Reads and checks a checkpoint file; a run continues meanwhile. Answered by [`Event::Examined`] or, if no run can
    /// resume from the file with the current text, by [`Event::Refused`] with the same `request`.
    Examine {
        request: u32,
        #[serde(with = "serde_bytes")]
        file: Vec<u8>,
    },
    /// From the next epoch on, samples continue this prefix.
    SamplePrefix { prefix: String },
    /// Continues `prefix` by `length` characters, at most [`LONGEST_ANSWER`], with the newest weights; without a run,
    /// with the untrained network of `config`. Answered by [`Event::Generated`] or [`Event::Refused`] with the same
    /// `request`.
    Generate { request: u32, prefix: String, length: u32, pick: Pick, config: Config },
    /// Asks what the network does with a passage of text: the newest one whose parameters have been read or, of `epoch`, the
    /// last kept that is no newer; without a run, the untrained network of `config`. Answered by [`Event::Inspected`] or
    /// [`Event::Refused`] with the same `request`.
    Inspect { request: u32, config: Config, excerpt: Excerpt, epoch: Option<u32>, questions: Vec<Question> },
    /// Times each kernel for these settings, on a separate network; a run waits meanwhile. Answered by
    /// [`Event::Profiled`] or [`Event::Refused`] with the same `request`.
    Profile { request: u32, config: Config },
    /// Times a training step of these settings, on a separate network. Answered by [`Event::Paced`], or not at all.
    Pace { config: Config },
    /// Chooses the text of the next run, its cleaning and the largest vocabulary size. Answered by [`Event::Text`] or,
    /// if it can't be read, by [`Event::TextRefused`]; the previous text then stays. The current run keeps its text.
    Text { choice: TextChoice, cleaning: Cleaning, vocab: u32 },
    /// Races of earlier visits, which need not be repeated on the same devices.
    Recall { races: Vec<PastRace> },
    /// The page has handled an [`Event::Epochs`] or [`Event::Progress`]. The worker has only one of them under way, so
    /// that a page that is slower than the training never has a queue of events.
    Seen,
}

/// The text to train on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextChoice {
    /// The current one; only cleaning or vocabulary size may change.
    Present,
    /// The book's.
    Book,
    /// The visitor's own, as the bytes of its file.
    Own {
        name: String,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    /// The visitor's own, as a URL that the worker fetches.
    Address(String),
}

/// How long a run trains before it pauses by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stretch {
    /// To the end of the current minibatch or, between two minibatches, of the next.
    Minibatch,
    /// To the end of the current epoch or, between two epochs, of the next.
    Epoch,
    /// To the end of the run, where it finishes instead of pausing.
    #[default]
    Whole,
    /// To the end of the run, which gets this many epochs if it had fewer; then a finished run goes on too.
    To(u32),
}

/// What a run starts from, instead of random parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartFrom {
    /// A safetensors file with the initial parameters, instead of random ones.
    // Serialized as bytes, so that it becomes a Uint8Array instead of an array of numbers.
    #[serde(with = "serde_bytes")]
    pub parameters: Option<Vec<u8>>,
    /// The offset of every epoch's windows, instead of random ones.
    pub window_offset: Option<u32>,
    /// A file from [`Event::Checkpoint`]: the run resumes there, bitwise as if it had never been interrupted. The
    /// settings come from the file, except `engine` and, if it is more than are finished, `epochs`.
    #[serde(with = "serde_bytes")]
    pub checkpoint: Option<Vec<u8>>,
}

/// From the worker to the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The worker is ready for commands.
    Ready,
    /// The current text, when it is loaded or changes.
    Text { facts: TextFacts },
    /// A text could not be read or fetched.
    TextRefused { error: Error },
    /// A new race, for the page to store.
    Raced { race: PastRace },
    /// The worker found no GPU; sent before the first [`Event::Device`].
    NoGpu,
    /// The name of the device that trains from now on, and the race that it won, if any.
    Device { name: String, race: Vec<Lap> },
    /// The run has started.
    Started {
        run: u32,
        minibatches: u32,
        /// Bytes of all the run's tensors, on the GPU or in memory.
        bytes: u64,
    },
    /// After the [`Event::Started`] of a run that resumes from a checkpoint: its settings and its finished epochs, or as
    /// many as fit in a message; the worker's [`Outbox`](crate::train::Outbox) sends the others after it, as
    /// [`Event::Epochs`]. It follows an [`Event::HyperparametersSet`] for each change of hyperparameters. Without epochs
    /// after a [`Stretch::To`].
    Opened { run: u32, config: Config, reports: Vec<EpochReport> },
    /// A sample before any training.
    Untrained { run: u32, sample: Sample },
    /// The run's position within its epoch.
    Progress { run: u32, progress: Progress },
    /// Epochs are done: one, or several successive ones of a network that is faster than the page.
    Epochs { run: u32, reports: Vec<EpochReport> },
    /// The run is paused: by [`Command::Pause`], or at the end of its [`Stretch`]. The [`Event::Progress`] before it
    /// says where.
    Paused { run: u32 },
    /// The run continues.
    Resumed { run: u32 },
    /// The run uses these hyperparameters from `minibatch` (from 0) of the epoch after `epoch` finished ones on.
    HyperparametersSet { run: u32, epoch: u32, minibatch: u32, hyperparameters: Hyperparameters },
    /// The hyperparameters can't be set; the run, if any, keeps the current ones.
    HyperparametersRefused { error: Error },
    /// The run's device failed, for this reason; the run continues on a new one from the end of its last finished
    /// `epoch` (0: from the start). No reported epoch changes.
    Recovered { run: u32, epoch: u32, reason: String },
    /// Devices failed repeatedly without finishing an epoch, or there is none left: the run is paused at the end of its
    /// last epoch, and [`Command::Resume`] tries again.
    Lost { run: u32, error: Error },
    /// A quantity stopped being finite. The run is back at the end of its last good epoch and paused; the page can
    /// continue with [`Command::SetHyperparameters`] (to the proposal) and [`Command::Resume`].
    Diverged { run: u32, divergence: Divergence },
    /// All epochs of the run are done.
    Finished { run: u32, report: FinalReport },
    /// Answer to [`Command::Reset`]: there is no run and no network.
    Idle,
    /// Answer to [`Command::Generate`].
    Generated { request: u32, continuation: Continuation },
    /// Answer to [`Command::Inspect`].
    Inspected { request: u32, insight: Insight },
    /// Answer to [`Command::Profile`].
    Profiled { request: u32, profile: Profile },
    /// Answer to [`Command::Pace`]: seconds of a training step.
    Paced { config: Config, seconds: f64 },
    /// Answer to [`Command::Checkpoint`]: a safetensors file and its summary.
    Checkpoint {
        request: u32,
        summary: Summary,
        #[serde(with = "serde_bytes")]
        file: Vec<u8>,
    },
    /// Answer to [`Command::Examine`].
    Examined { request: u32, summary: Summary },
    /// A [`Command::Generate`], [`Command::Inspect`], [`Command::Profile`], [`Command::Checkpoint`] or
    /// [`Command::Examine`] failed; the run, if any, continues.
    Refused { request: u32, error: Error },
    /// The worker panicked; this is its last event.
    Broken { error: Error },
    /// An error ended the run or, without a run, the worker's start.
    Failed { run: Option<u32>, error: Error },
}

/// Facts about the current text and its vocabulary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFacts {
    pub name: String,
    /// Whether it is the book's edition.
    pub is_books: bool,
    /// Whether it is the visitor's own text.
    pub own: bool,
    /// Characters before cleaning.
    pub characters: u32,
    pub cleaning: Cleaning,
    /// The largest vocabulary size allowed.
    pub vocab: u32,
    pub tokens: u32,
    /// `V`, vocabulary size, `<unk>` included.
    pub vocabulary: u32,
    /// Number of tokens that are `<unk>`.
    pub unknown: u32,
    /// Number of different characters that are read as `<unk>`.
    pub rare: u32,
    /// The first characters of the text, to be proposed as a prefix; all are in the vocabulary.
    pub beginning: String,
    /// The commonest characters, at most [`MOST_COUNTS`], and the number of occurrences of each.
    pub counts: Vec<(char, u32)>,
}

/// The most characters whose counts are sent.
pub const MOST_COUNTS: usize = 500;

/// Facts about a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub config: Config,
    #[serde(default)]
    pub window_offset: Option<u32>,
    /// Finished epochs.
    pub epoch: u32,
    /// Perplexity of the last of them.
    #[serde(default)]
    pub perplexity: Option<f64>,
    /// SHA-1 of the cleaned text.
    pub text: String,
    /// The prefix of the last sample.
    #[serde(default)]
    pub prefix: Option<String>,
}

/// The progress of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Finished epochs.
    pub epoch: u32,
    /// Finished minibatches of the current epoch.
    pub minibatch: u32,
    /// Tokens trained on per second, averaged over the last seconds.
    pub tokens_per_second: f64,
    /// Seconds to the end of the run at this speed.
    pub seconds_left: f64,
}

/// The results of an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Finished epochs, this one included.
    pub epoch: u32,
    /// exp(`loss`).
    pub perplexity: f64,
    /// Mean cross-entropy per token over the epoch, in nats.
    pub loss: f64,
    /// Global L2 norm of the gradients of each minibatch, before clipping.
    pub grad_norms: Vec<f32>,
    /// Tokens trained on per second in this epoch.
    pub tokens_per_second: f64,
    /// Perplexity of the held-out tokens, if any, with the weights at the epoch's end.
    pub validation: Option<f64>,
    pub sample: Sample,
}

/// The results of a finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FinalReport {
    pub epochs: u32,
    /// Perplexity of the last epoch.
    pub perplexity: f64,
    /// Tokens trained on per second over the whole run, pauses not counted.
    pub tokens_per_second: f64,
    pub device: String,
    /// Continuations of [`FINAL_PREFIXES`].
    pub samples: Vec<Sample>,
}

/// A prefix and its continuation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub prefix: String,
    /// The prefix as the network reads it, and the continuation.
    pub text: String,
    /// Characters of the prefix that the vocabulary lacks; they are read as `<unk>`.
    pub unknown: Vec<char>,
}

/// A sample with the probabilities behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    pub sample: Sample,
    /// The generated characters.
    pub written: Vec<Written>,
    /// The likeliest next characters.
    pub next: Vec<Guess>,
}

/// A generated character. Probabilities are softmax(logits), whatever the temperature and top k.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// `None` for `<unk>`.
    pub character: Option<char>,
    /// -log2 of its probability, in bits.
    pub surprise: f32,
    /// The likeliest characters in this position.
    pub guesses: Vec<Guess>,
}

/// A character (`None` for `<unk>`) and its probability. There are [`GUESSES`] per position, or `V` if that is less, in
/// falling order.
pub type Guess = (Option<char>, f32);

/// The number of likeliest characters per position.
pub const GUESSES: usize = 5;

//! What page and worker say to each other: commands one way, events the other, and nothing else.
//!
//! The worker's first message is [`Event::Ready`]; a command sent before it is lost. A run is named by the
//! number that its [`Command::Train`] carries, and every event about a run carries that number back, so that the
//! page can tell a finished run's late words from the present run's.

use serde::{Deserialize, Serialize};

use crate::model::config::Config;

/// How many characters a sample adds to its prefix, as in the book.
pub const SAMPLE_LENGTH: u32 = 50;

/// The prefixes that the book continues at the end of a run.
pub const FINAL_PREFIXES: [&str; 2] = ["time traveller", "traveller"];

/// From the page to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Starts a run with these settings, in place of any other; after every epoch `prefix` is continued.
    Train { run: u32, config: Config, prefix: String, beginning: Beginning },
    /// Holds the run.
    Pause,
    /// Goes on with a paused run.
    Resume,
    /// Ends the run and forgets its network.
    Reset,
    /// From the next epoch on, samples continue this prefix.
    SamplePrefix { prefix: String },
    /// Continues `prefix` by `length` characters with the newest weights; with no network yet, with the untrained
    /// one of `config`. Answered by [`Event::Generated`] or [`Event::Refused`] with the same `request`.
    Generate { request: u32, prefix: String, length: u32, config: Config },
    /// Measures each kernel for these settings, with a network of its own; a run goes on afterwards. Answered by
    /// [`Event::Profiled`] or [`Event::Refused`] with the same `request`.
    Profile { request: u32, config: Config },
}

/// Where a run begins, if not where its settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// A safetensors file with the initial parameters, instead of random ones.
    // As bytes, which cross over as a Uint8Array, and not as an array of numbers.
    #[serde(with = "serde_bytes")]
    pub parameters: Option<Vec<u8>>,
    /// The offset of every epoch's windows, instead of a random one for each.
    pub window_offset: Option<u32>,
}

/// From the worker to the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The worker listens.
    Ready,
    /// The text is there: which edition, whether that is the book's own, how many tokens, how many kinds of token
    /// (`V`).
    Text { edition: String, is_books: bool, tokens: u32, vocabulary: u32 },
    /// What trains from now on, under this name, and the race that it won, if there was one.
    Device { name: String, race: Vec<Lap> },
    /// The run has begun.
    Started {
        run: u32,
        minibatches: u32,
        /// Bytes of all the run's tensors, on the GPU or in memory.
        bytes: u64,
    },
    /// What the run's network makes of the prefix before any training.
    Untrained { run: u32, sample: Sample },
    /// Where the run is within its epoch.
    Progress { run: u32, progress: Progress },
    /// An epoch is done.
    Epoch { run: u32, report: EpochReport },
    /// The run is held.
    Paused { run: u32 },
    /// The run goes on.
    Resumed { run: u32 },
    /// The run is done.
    Finished { run: u32, report: FinalReport },
    /// There is no run and no network any more.
    Idle,
    /// What [`Command::Generate`] asked for.
    Generated { request: u32, sample: Sample },
    /// What [`Command::Profile`] asked for.
    Profiled { request: u32, profile: Profile },
    /// A [`Command::Generate`] or [`Command::Profile`] that could not be followed; the run, if any, goes on.
    Refused { request: u32, message: String },
    /// The worker broke down and will say no more.
    Broken { message: String },
    /// Something ended the run (or, without a run, the preparations); one sentence says what, and what to do.
    Failed { run: Option<u32>, message: String },
}

/// A contestant's result in the race of the devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lap {
    pub name: String,
    /// Tokens trained on per second; none if it was not timed, or failed.
    pub tokens_per_second: Option<f64>,
}

/// Where the time of a training step goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    pub device: String,
    /// In the order of the training step.
    pub kernels: Vec<KernelTime>,
    /// Seconds of a whole minibatch, as training has it.
    pub minibatch: f64,
    /// Seconds in which its tokens are packed and its dispatches recorded, beside the device's own work.
    pub recording: f64,
    /// Seconds of the read-back at the end of an epoch.
    pub read_back: f64,
}

/// One kernel alone, repeated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelTime {
    pub name: String,
    /// Dispatches in a minibatch; pieces, on the CPU.
    pub dispatches: u32,
    /// Seconds of all of them.
    pub seconds: f64,
    /// Floating-point operations and bytes of all of them: see `model::work`.
    pub flops: u64,
    pub bytes: u64,
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
    /// Global L2 norm of the gradients before clipping, of the epoch's last minibatch.
    pub grad_norm: f64,
    /// Tokens trained on in this epoch, by the seconds it took.
    pub tokens_per_second: f64,
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

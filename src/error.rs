//! All errors, each as one sentence that says what is wrong and what to do.
//!
//! `Display` is the English sentence. The worker sends errors to the page as data, and the page shows them in its
//! language (`src/ui/language/errors.rs`).

use serde::{Deserialize, Serialize};

use crate::model::FileFault;
use crate::model::config::in_words;
use crate::model::divergence::Divergence;
use crate::model::pick::{COLDEST, HOTTEST};

/// The sentence for a missing adapter.
const NO_ADAPTER: &str = if cfg!(target_arch = "wasm32") {
    "This browser has WebGPU but finds no GPU adapter for it: switch on hardware acceleration, in Chrome or Edge also \
     chrome://flags/#enable-unsafe-webgpu, or use Firefox 141 or Safari 26 (or newer)."
} else {
    "There is no GPU adapter: install a driver for Vulkan, Metal or DirectX 12 (on Debian a software one comes with \
     `apt install mesa-vulkan-drivers`)."
};

/// Any failure that a person sees. Its `Display` is the sentence that they see.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum Error {
    #[error("{0}")]
    Setting(#[from] crate::model::config::SettingError),

    #[error(
        "The text has {length} tokens, fewer than the {wanted} to train on: \
         set Training tokens (tokens) to at most {length}."
    )]
    TooFewTokens { length: usize, wanted: usize },

    #[error(
        "The text has {length} tokens, too few to train on {tokens} and hold out {validation} more: \
         lower Training tokens (tokens) or Validation tokens (validation)."
    )]
    TooFewToHoldOut { length: usize, tokens: usize, validation: usize },

    #[error(
        "The text is too short: it has {length} character{}, and {batch} rows of {steps} steps take {needed} (no run \
         takes fewer than 3); choose a longer text, or lower Batch size (batch) or Time steps (steps).",
        plural(.length)
    )]
    ShortText { length: usize, batch: usize, steps: usize, needed: usize },

    #[error(
        "{length} characters are too few for {batch} rows of {steps} steps: at least {needed} are needed, \
         so raise Training tokens (tokens), or lower Batch size (batch) or Time steps (steps)."
    )]
    TextTooShort { length: usize, batch: usize, steps: usize, needed: usize },

    #[error("A window offset of {offset} is more than {largest}, the largest that is ever drawn: give a smaller one.")]
    WindowOffset { offset: usize, largest: usize },

    #[error(
        "The initial parameters can't be used: {0}; choose a file that fits the network, or settings that fit the file."
    )]
    BadParameters(FileFault),

    #[error("The checkpoint can't be used: {0}; choose another one, or start a new run.")]
    BadCheckpoint(FileFault),

    #[error(
        "The checkpoint was trained on the book’s text: go back to the book’s text to resume it, or start a new run."
    )]
    BooksText,

    #[error("The checkpoint was trained on another text: choose that text to resume it, or start a new run.")]
    OtherText,

    #[error("The saved run no longer exists, because it was discarded, or resumed on another page: start a new run.")]
    CheckpointGone,

    #[error("There is no network to save: press Train first.")]
    NothingToSave,

    #[error("{name} could not be read ({why}): choose it again, or another file.")]
    FileUnreadable { name: String, why: String },

    #[error(
        "{name} has {megabytes} MB, and no checkpoint here has more than {most_megabytes} MB: choose another file."
    )]
    FileTooLarge { name: String, megabytes: u64, most_megabytes: u64 },

    #[error("The text could not be fetched ({0}): build the page with `cargo xtask build`, which brings it.")]
    TextMissing(String),

    #[error(
        "The text is not one of the known editions of The Time Machine (its SHA-1 is {0}): \
         delete public/timemachine.txt and build the page again, which brings it."
    )]
    UnknownEdition(String),

    #[error(
        "There is no run under way whose learning rate or clip threshold could be set: set them before the next run."
    )]
    NoRun,

    #[error(
        "The text has no letters A to Z in it, and the book’s cleaning leaves nothing else: set Cleaning (cleaning) to \
         verbatim, or choose another text."
    )]
    NoLetters,

    #[error("The text is empty: choose another one.")]
    EmptyText,

    #[error("The text has more than {most_megabytes} MB, which is the limit: choose a shorter one, or a part of it.")]
    TextTooLarge { most_megabytes: usize },

    #[error(
        "The text is neither UTF-8 nor UTF-16 with a byte order mark (its byte {offset}, counted from 0, is the first \
         that does not fit): save it as UTF-8 and choose it again."
    )]
    NotUtf8 { offset: usize },

    #[error(
        "The text begins as UTF-16, and at byte {offset}, counted from 0, is half a character: save it as UTF-8 and \
         choose it again."
    )]
    NotUtf16 { offset: usize },

    #[error(
        "The text contains a zero byte (byte {offset}, counted from 0), so it is not a plain text: choose one that is \
         saved as UTF-8."
    )]
    NotText { offset: usize },

    #[error(
        "The text is a Git LFS pointer, not the text itself: fetch that with `git lfs pull`, or download it, and choose \
         it."
    )]
    LfsPointer,

    #[error(
        "{0} is not the address of a text, which starts with https:// or http://: put one into the link after text=."
    )]
    NotAnAddress(String),

    #[error(
        "{0} could not be fetched: its server can't be reached, or does not let other pages read it (CORS); download the \
         text and choose the file."
    )]
    AddressUnreachable(String),

    #[error(
        "{address} returned status {status} instead of a text: check the link, or download the text and choose it."
    )]
    AddressAnswers { address: String, status: u16 },

    #[error(
        "{address} did not answer in full within {seconds} seconds: try again, or download the text and choose the file."
    )]
    AddressSlow { address: String, seconds: u32 },

    #[error("The book’s text is not available: reload the page.")]
    NoBook,

    #[error("The prefix is empty: type at least one character to continue.")]
    EmptyPrefix,

    #[error("The prefix has {length} characters, and at most {allowed} can be continued: shorten it.")]
    PrefixTooLong { length: usize, allowed: usize },

    #[error("There is no run to go on from: press Train to start one.")]
    NothingToBranch,

    #[error(
        "Epoch {epoch} can't be reached again, since the run was resumed from a file or on another engine: resume it from \
         its checkpoint, and go on from a later epoch."
    )]
    EpochOutOfReach { epoch: u32 },

    #[error("The passage to look into is too short: choose at least two characters.")]
    PassageTooShort,

    #[error(
        "The passage to look into has {length} characters, and at most {allowed} can be read: choose a shorter one."
    )]
    PassageTooLong { length: usize, allowed: usize },

    #[error("{length} characters are too many for one answer: ask for at most {allowed}.")]
    AnswerTooLong { length: usize, allowed: usize },

    #[error("The temperature is {given}, which is not a number from {COLDEST} to {HOTTEST}: enter one.")]
    Temperature { given: f32 },

    #[error("No character can be picked from the top 0: set top k to 1 or more.")]
    TopK,

    #[error(
        "This browser has no WebGPU here: use Chrome or Edge 127, Firefox 141 or Safari 26 (or newer), over https or \
         on localhost; in Chrome on Linux switch on chrome://flags/#enable-unsafe-webgpu."
    )]
    NoWebGpu,

    #[error("{NO_ADAPTER}")]
    NoAdapter,

    #[error("The network needs a buffer of {megabytes} MB, and this device allows {allowed_megabytes} MB: {}.", ways(.largest))]
    TooLarge {
        megabytes: u64,
        allowed_megabytes: u64,
        /// The settings of which lowering one is enough: key, and largest value that fits.
        largest: Vec<(String, usize)>,
    },

    #[error(
        "The network needs {megabytes} MB of memory, and the CPU engine may take {allowed_megabytes} MB: \
         lower Hidden units (hidden), Batch size (batch) or Time steps (steps)."
    )]
    TooLargeForCpu { megabytes: u64, allowed_megabytes: u64 },

    #[error("The CPU engine could not be started ({0}): check the connection and reload the page.")]
    NoCores(String),

    #[error(
        "The browser gives no more memory, and the network needs {megabytes} MB: close other pages, or lower Hidden units \
         (hidden), Batch size (batch) or Time steps (steps)."
    )]
    NoMemory { megabytes: u64 },

    #[error("A thread of the CPU engine does not answer: press Train to start a new run.")]
    CoreLost,

    #[error(
        "An epoch would have {minibatches} minibatches, and at most {most} are supported: raise Batch size (batch) or \
         Time steps (steps), or lower Training tokens (tokens)."
    )]
    TooManyMinibatches { minibatches: usize, most: usize },

    #[error("The GPU adapter provides no device ({0}): close other pages and programs that use it, then reload.")]
    NoDevice(String),

    #[error("The GPU has too little free memory for this network: lower Hidden units, Batch size or Time steps.")]
    OutOfMemory,

    #[error("The GPU reported an error, so training stopped: {0}; press Train to start a new run.")]
    Gpu(String),

    #[error(
        "The GPU failed repeatedly ({reason}), so the run is paused at the end of its last epoch: press Resume to try \
         again."
    )]
    Lost { reason: String },

    #[error("{0}")]
    Diverged(Divergence),

    #[error("There is no network to continue with: press Train to try again.")]
    NoNetwork,

    #[error("The training worker did not understand the page ({0}): reload the page.")]
    NotUnderstood(String),

    #[error("The training worker broke down ({0}): press Reset to start another.")]
    WorkerBroke(String),

    #[error("The training worker has stopped ({0}): press Reset to restart it.")]
    WorkerStopped(String),

    #[error("The training worker could not be loaded: check the connection, then press Reset.")]
    WorkerNotLoaded,

    #[error("The training worker has not answered for {seconds} seconds: check the connection, then press Reset.")]
    WorkerSilent { seconds: u64 },

    #[error(
        "The training worker could not be started ({0}): reload the page, and if that does not help, allow this site \
         to run workers."
    )]
    WorkerNotStarted(String),

    #[error("A message from the training worker could not be read: press Reset.")]
    WorkerUnreadable,

    #[error(
        "The training worker sent a message that this page does not know ({0}): reload the page, so that both have the \
         same version."
    )]
    WorkerUnknown(String),
}

fn plural(count: &usize) -> &'static str {
    if *count == 1 { "" } else { "s" }
}

/// How to make the network fit.
fn ways(largest: &[(String, usize)]) -> String {
    let ways: Vec<String> = largest.iter().map(|(key, most)| format!("{} to at most {most}", in_words(key))).collect();
    if ways.is_empty() {
        "set several of the sizes much lower".to_owned()
    } else {
        format!("set {}", ways.join(", or "))
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

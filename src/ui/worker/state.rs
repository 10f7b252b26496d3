//! What the worker has told of itself: the text that it holds, what it trains on, and whether it is of use.

use crate::protocol::{Event, Lap, TextFacts};

/// The worker as the page knows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Worker {
    pub text: Option<TextFacts>,
    pub device: Option<String>,
    /// The race that the device won.
    pub race: Vec<Lap>,
    /// Whether it found no GPU that it could ask.
    pub no_gpu: bool,
    /// Whether it is of no more use: a reset then starts another.
    pub lost: bool,
}

impl Worker {
    /// Whether text and device are there.
    pub fn ready(&self) -> bool {
        self.text.is_some() && self.device.is_some() && !self.lost
    }

    /// `V` of the text, or of the book's before there is one.
    pub fn vocabulary(&self) -> u32 {
        self.text.as_ref().map_or(28, |text| text.vocabulary)
    }

    /// Whether the device is the CPU.
    pub fn on_cpu(&self) -> bool {
        self.device.as_deref().is_some_and(is_cpu)
    }

    /// Takes in one event; before any run, as long as `is_free`, the worker names the GPU, if there is one.
    pub fn apply(&mut self, event: &Event, is_free: bool) {
        match event {
            Event::Ready => self.lost = false,
            Event::Text { facts } => {
                self.text = Some(facts.clone());
                // A worker that could not have the book's text goes on with another.
                self.lost = false;
            }
            Event::Device { name, race } => {
                self.no_gpu = if is_free { is_cpu(name) } else { self.no_gpu };
                self.device = Some(name.clone());
                self.race.clone_from(race);
            }
            Event::Broken { .. } => self.lost = true,
            _ => {}
        }
    }
}

/// Whether this is what the worker calls a CPU.
fn is_cpu(name: &str) -> bool {
    name.starts_with("CPU")
}

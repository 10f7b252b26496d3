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
        self.device.as_deref().is_some_and(|name| name.starts_with("CPU"))
    }

    /// Takes in what it says of itself; gives back any other event.
    pub fn apply(&mut self, event: Event) -> Option<Event> {
        match event {
            // A worker's first word.
            Event::Ready => (self.lost, self.no_gpu) = (false, false),
            Event::NoGpu => self.no_gpu = true,
            Event::Text { facts } => {
                self.text = Some(facts);
                // A worker that could not have the book's text goes on with another.
                self.lost = false;
            }
            Event::Device { name, race } => {
                self.device = Some(name);
                self.race = race;
            }
            event => return Some(event),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_worker_that_says_so_has_no_gpu() {
        let mut worker = Worker::default();
        let cpu = || Event::Device { name: "CPU (SIMD)".into(), race: Vec::new() };
        // Named in the settings, or faster: also before any run, to generate.
        worker.apply(cpu());
        assert!(worker.on_cpu() && !worker.no_gpu);
        for event in [Event::NoGpu, cpu()] {
            worker.apply(event);
            assert!(worker.no_gpu);
        }
        worker.apply(Event::Ready);
        assert!(!worker.no_gpu, "another worker may find one");
    }
}

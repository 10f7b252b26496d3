//! The state of the worker, from its events: its text, its device, and whether it is lost.

use crate::model::Config;
use crate::protocol::{Event, Lap, TextFacts};

/// The state of the worker.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Worker {
    /// Whether its program has come.
    pub there: bool,
    pub text: Option<TextFacts>,
    pub device: Option<String>,
    /// The race that the device won.
    pub race: Vec<Lap>,
    /// The networks that it has timed, and the seconds of a training step of each.
    pub timed: Vec<(Config, f64)>,
    /// Whether WebGPU is not available to it.
    pub no_gpu: bool,
    /// Whether it can't be used any more: a reset then replaces it.
    pub lost: bool,
}

impl Worker {
    /// Whether it has a text and a device.
    pub fn ready(&self) -> bool {
        self.text.is_some() && self.device.is_some() && !self.lost
    }

    /// The vocabulary size of the text, or the book's before there is a text.
    pub fn vocabulary(&self) -> u32 {
        self.text.as_ref().map_or(28, |text| text.vocabulary)
    }

    /// Whether the device is the CPU.
    pub fn on_cpu(&self) -> bool {
        self.device.as_deref().is_some_and(|name| name.starts_with("CPU"))
    }

    /// Applies the events about the worker itself; returns any other event.
    pub fn apply(&mut self, event: Event) -> Option<Event> {
        match event {
            // A worker's first event.
            Event::Ready => (self.there, self.lost, self.no_gpu) = (true, false, false),
            Event::NoGpu => self.no_gpu = true,
            Event::Text { facts } => {
                self.text = Some(facts);
                // A worker without the book's text is usable with another text.
                self.lost = false;
            }
            Event::Paced { config, seconds } => self.timed.push((config, seconds)),
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
    fn only_a_worker_that_reports_it_has_no_gpu() {
        let mut worker = Worker::default();
        let cpu = || Event::Device { name: "CPU (SIMD)".into(), race: Vec::new() };
        // The CPU may also be chosen in the settings, or be faster.
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

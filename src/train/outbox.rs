//! Events on their way to a page, at the page's pace.
//!
//! A small network finishes thousands of epochs a second, more than a page can show. Sent one by one, their events would
//! queue up, with every later event behind them: [`Event::Paused`] too. So epochs and progress wait here until the page
//! has handled the previous ones, and are then sent together. Any other event is sent at once, after all that waits.

use crate::protocol::{EpochReport, Event, Progress};

/// About the most numbers in one message, which a page reads in some tens of milliseconds.
const MOST_NUMBERS: usize = 40_000;

/// A report counts as this many numbers, and one for each gradient norm.
const REPORT: usize = 20;

/// Sends events with `post`.
pub struct Outbox<P> {
    post: P,
    /// The run of what waits.
    run: u32,
    reports: Vec<EpochReport>,
    /// The numbers in these reports.
    numbers: usize,
    progress: Option<Progress>,
    /// Epochs and progress that were sent, but not yet handled by the page.
    under_way: u32,
}

impl<P: FnMut(Event)> Outbox<P> {
    pub fn new(post: P) -> Self {
        Self { post, run: 0, reports: Vec::new(), numbers: 0, progress: None, under_way: 0 }
    }

    pub fn emit(&mut self, event: Event) {
        match event {
            // The trainer emits its progress after it, which sends both.
            Event::Epochs { run, reports } => self.add(run, reports),
            Event::Progress { run, progress } => {
                (self.run, self.progress) = (run, Some(progress));
                self.send_if_idle();
            }
            // Of a long run they are too many for one message.
            Event::Opened { run, config, reports } => {
                self.flush();
                self.add(run, reports);
                let reports = self.take();
                (self.post)(Event::Opened { run, config, reports });
                self.send_if_idle();
            }
            event => {
                self.flush();
                (self.post)(event);
            }
        }
    }

    /// The page has handled epochs or progress.
    pub fn seen(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.send_if_idle();
    }

    /// Whether more epochs wait than one message takes.
    pub fn is_behind(&self) -> bool {
        self.numbers > MOST_NUMBERS
    }

    fn add(&mut self, run: u32, reports: Vec<EpochReport>) {
        self.run = run;
        self.numbers += reports.iter().map(numbers).sum::<usize>();
        self.reports.extend(reports);
    }

    fn send_if_idle(&mut self) {
        if self.under_way == 0 {
            self.send();
        }
    }

    /// Sends all that waits.
    fn flush(&mut self) {
        while !self.reports.is_empty() || self.progress.is_some() {
            self.send();
        }
    }

    /// Sends one message's worth of epochs, and the progress if these are the last.
    fn send(&mut self) {
        let (run, reports) = (self.run, self.take());
        if !reports.is_empty() {
            self.under_way += 1;
            (self.post)(Event::Epochs { run, reports });
        }
        if self.reports.is_empty()
            && let Some(progress) = self.progress.take()
        {
            self.under_way += 1;
            (self.post)(Event::Progress { run, progress });
        }
    }

    /// One message's worth of epochs: at least one, if any waits.
    fn take(&mut self) -> Vec<EpochReport> {
        let mut sum = 0;
        let fits = |report: &&EpochReport| {
            sum += numbers(report);
            sum <= MOST_NUMBERS
        };
        let count = self.reports.iter().take_while(fits).count().max(1).min(self.reports.len());
        let rest = self.reports.split_off(count);
        let reports = std::mem::replace(&mut self.reports, rest);
        self.numbers -= reports.iter().map(numbers).sum::<usize>();
        reports
    }
}

fn numbers(report: &EpochReport) -> usize {
    REPORT + report.grad_norms.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Config;
    use crate::protocol::Sample;

    fn report(epoch: u32, norms: usize) -> EpochReport {
        EpochReport {
            epoch,
            perplexity: 9.0,
            loss: 2.2,
            grad_norms: vec![1.0; norms],
            tokens_per_second: 1.0,
            validation: None,
            sample: Sample { prefix: "a".into(), text: "a b".into(), unknown: Vec::new() },
        }
    }

    fn progress(epoch: u32) -> Event {
        let progress = Progress { epoch, minibatch: 0, tokens_per_second: 1.0, seconds_left: 1.0 };
        Event::Progress { run: 1, progress }
    }

    /// Emits the end of these epochs, as the trainer does.
    fn finish(outbox: &mut Outbox<impl FnMut(Event)>, epochs: std::ops::RangeInclusive<u32>, norms: usize) {
        for epoch in epochs {
            outbox.emit(Event::Epochs { run: 1, reports: vec![report(epoch, norms)] });
            outbox.emit(progress(epoch));
        }
    }

    /// What is sent, in short.
    fn said(event: &Event) -> String {
        match event {
            Event::Epochs { reports, .. } => {
                assert!(reports.windows(2).all(|pair| pair[0].epoch + 1 == pair[1].epoch), "out of order");
                format!("{}-{}", reports[0].epoch, reports[reports.len() - 1].epoch)
            }
            Event::Progress { progress, .. } => format!("at {}", progress.epoch),
            Event::Opened { reports, .. } => format!("opened {}", reports.len()),
            Event::Paused { .. } => "paused".to_owned(),
            other => format!("{other:?}"),
        }
    }

    /// Runs `script` with an outbox and what it has sent so far.
    fn play(script: impl Fn(&mut Outbox<&mut dyn FnMut(Event)>, &dyn Fn() -> Vec<String>)) {
        let sent = std::cell::RefCell::new(Vec::new());
        let mut post = |event: Event| sent.borrow_mut().push(said(&event));
        script(&mut Outbox::new(&mut post), &|| sent.take());
    }

    #[test]
    fn a_slow_runs_epochs_are_sent_one_by_one() {
        play(|outbox, sent| {
            for epoch in 1..=3 {
                finish(outbox, epoch..=epoch, 9);
                assert_eq!(sent(), [format!("{epoch}-{epoch}"), format!("at {epoch}")]);
                outbox.seen();
                outbox.seen();
            }
            assert!(sent().is_empty());
        });
    }

    #[test]
    fn a_page_that_has_not_seen_the_last_ones_gets_no_more() {
        play(|outbox, sent| {
            finish(outbox, 1..=500, 3);
            assert_eq!(sent(), ["1-1", "at 1"]);
            outbox.seen();
            assert!(sent().is_empty(), "one of the two is still under way");
            outbox.seen();
            assert_eq!(sent(), ["2-500", "at 500"]);
            finish(outbox, 501..=502, 3);
            assert!(sent().is_empty());
        });
    }

    #[test]
    fn what_waits_goes_before_any_other_event() {
        play(|outbox, sent| {
            finish(outbox, 1..=500, 3);
            outbox.emit(Event::Paused { run: 1 });
            assert_eq!(sent(), ["1-1", "at 1", "2-500", "at 500", "paused"]);
            outbox.emit(Event::Idle);
            assert_eq!(sent(), ["Idle"]);
            (0..4).for_each(|_| outbox.seen());
            assert!(sent().is_empty(), "nothing is sent twice");
        });
    }

    #[test]
    fn a_message_has_an_upper_bound() {
        for norms in [1, 100, 2000] {
            let messages = std::cell::RefCell::new(Vec::new());
            let mut outbox = Outbox::new(|event| messages.borrow_mut().push(event));
            let config = Config::default();
            let reports: Vec<_> = (1..=9000).map(|epoch| report(epoch, norms)).collect();
            outbox.emit(Event::Opened { run: 1, config, reports: reports.clone() });
            assert!(outbox.is_behind());
            while outbox.is_behind() || !outbox.reports.is_empty() {
                let before = messages.borrow().len();
                outbox.seen();
                assert_eq!(messages.borrow().len(), before + 1, "one message at a time");
            }
            let messages = messages.take();
            let sent = messages.iter().flat_map(|event| match event {
                Event::Opened { reports, .. } | Event::Epochs { reports, .. } => {
                    assert!(reports.iter().map(numbers).sum::<usize>() <= MOST_NUMBERS);
                    reports.clone()
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(sent.collect::<Vec<_>>(), reports);
        }
    }

    /// A report that is too large for a message is sent all the same.
    #[test]
    fn a_huge_epoch_is_sent_alone() {
        play(|outbox, sent| {
            finish(outbox, 1..=3, 2 * MOST_NUMBERS);
            outbox.emit(Event::Paused { run: 1 });
            assert_eq!(sent(), ["1-1", "at 1", "2-2", "3-3", "at 3", "paused"]);
        });
    }
}

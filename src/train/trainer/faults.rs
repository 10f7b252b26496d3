//! What the trainer does when a device fails or a run diverges.

use super::{Mode, Trainer};
use crate::error::{Error, Result};
use crate::model::divergence::Divergence;
use crate::protocol::{Command, Event, Stretch};

/// A run moves to a new device by itself this many times without finishing an epoch in between; then it asks.
const MOST_MOVES: u32 = 3;

impl<E: FnMut(Event)> Trainer<E> {
    /// Deals with a failure; gives the command that met it, if that is to be obeyed once more.
    pub(super) async fn cope(&mut self, error: Error, command: Option<Command>) -> Option<Command> {
        match error {
            Error::Gpu(reason) => self.lose_device(reason, command).await,
            Error::Diverged(divergence) => {
                self.stop(divergence).await;
                None
            }
            error => {
                self.fail(error);
                None
            }
        }
    }

    /// Opens a new device. Where that goes wrong again and again, a run is held, so that nothing of it is lost.
    async fn lose_device(&mut self, reason: String, command: Option<Command>) -> Option<Command> {
        self.untrained = None;
        self.reason = reason;
        let mut error = Error::Gpu(self.reason.clone());
        while self.moves < MOST_MOVES {
            self.moves += 1;
            match self.replace_device().await {
                Ok(()) => return command,
                Err(failure) => error = failure,
            }
        }
        self.moves = 0;
        match command {
            command if self.mode != Mode::Still => {
                self.hold(&error);
                return command;
            }
            Some(Command::Generate { request, .. } | Command::Profile { request, .. }) => self.refuse(request, error),
            _ => self.fail(error),
        }
        None
    }

    /// A new device in place of the one that failed; a run moves there, back to the end of its last epoch.
    async fn replace_device(&mut self) -> Result<()> {
        let gpu = self.devices.reopen().await?;
        let (Some(run), Some(session), Some(device)) = (self.run, &mut self.session, &self.device) else {
            return Ok(());
        };
        let device = device.on(gpu);
        session.move_to(&device).await?;
        self.device = Some(device);
        (self.emit)(Event::Recovered { run, epoch: session.epoch(), reason: self.reason.clone() });
        self.tell_progress();
        Ok(())
    }

    fn hold(&mut self, error: &Error) {
        self.mode = Mode::Lost;
        if !matches!(error, Error::Gpu(_)) {
            self.reason = error.to_string();
        }
        let Some(run) = self.run else { return };
        (self.emit)(Event::Lost { run, error: Error::Lost { reason: self.reason.clone() } });
    }

    /// Goes on with a run whose device is lost.
    pub(super) async fn try_again(&mut self, stretch: Stretch) {
        match self.replace_device().await {
            Ok(()) => {
                self.mode = Mode::Paused;
                self.resume(stretch);
            }
            Err(error) => self.hold(&error),
        }
    }

    /// Holds a run that diverged at the end of its last good epoch.
    async fn stop(&mut self, divergence: Divergence) {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return };
        self.mode = Mode::Paused;
        let back = session.go_back().await;
        self.tell_progress();
        (self.emit)(Event::Diverged { run, divergence });
        if let Err(Error::Gpu(reason)) = back {
            self.lose_device(reason, None).await; // which goes back too
        }
    }
}

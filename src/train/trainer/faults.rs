//! What the trainer does when a device fails or a run diverges.

use super::{Mode, Trainer};
use crate::engine::Device;
use crate::error::{Error, Result};
use crate::model::divergence::Divergence;
use crate::protocol::{Command, Event, Stretch};

/// A run moves to a new device by itself this many times without finishing an epoch in between; then it pauses.
const MOST_MOVES: u32 = 3;

impl<E: FnMut(Event)> Trainer<E> {
    /// Handles an error; returns the command that met it, if that is to be tried again.
    pub(super) async fn handle(&mut self, error: Error, command: Option<Command>) -> Option<Command> {
        match error {
            Error::Gpu(reason) => self.handle_lost_device(reason, command).await,
            Error::CoreLost => match self.move_to_fewer_cores().await {
                Ok(()) => command,
                Err(error) => {
                    self.fail(error);
                    None
                }
            },
            Error::Diverged(divergence) => {
                self.pause_diverged(divergence).await;
                None
            }
            error => {
                self.fail(error);
                None
            }
        }
    }

    /// Opens a new device. If that fails repeatedly, a run is paused instead of ended, so that it can be continued.
    async fn handle_lost_device(&mut self, reason: String, command: Option<Command>) -> Option<Command> {
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
            command if self.mode != Mode::Idle => {
                self.pause_lost();
                return command;
            }
            Some(Command::Generate { request, .. } | Command::Profile { request, .. }) => self.refuse(request, error),
            _ => self.fail(error),
        }
        None
    }

    /// Opens a device in place of the one that failed, and moves a run to it, at the end of its last epoch.
    async fn replace_device(&mut self) -> Result<()> {
        let gpu = self.devices.reopen().await?;
        let (Some(run), Some(session), Some(device)) = (self.run, &mut self.session, &self.device) else {
            return Ok(());
        };
        let device = device.on(gpu);
        session.move_to(&device).await?;
        self.device = Some(device);
        (self.emit)(Event::Recovered { run, epoch: session.epoch(), reason: self.reason.clone() });
        self.emit_progress();
        Ok(())
    }

    /// Goes on with half the threads, at the end of the last epoch, after one has let the others wait.
    async fn move_to_fewer_cores(&mut self) -> Result<()> {
        self.untrained = None;
        let cores = self.devices.fewer_cores().await?;
        let (Some(session), Some(Device::Cpu(_))) = (&mut self.session, &self.device) else { return Ok(()) };
        let device = Device::Cpu(cores);
        session.move_to(&device).await?;
        (self.emit)(Event::Device { name: device.name(), race: Vec::new() });
        self.device = Some(device);
        self.emit_progress();
        Ok(())
    }

    /// Pauses a run that has no device any more.
    fn pause_lost(&mut self) {
        self.mode = Mode::Lost;
        let Some(run) = self.run else { return };
        (self.emit)(Event::Lost { run, error: Error::Lost { reason: self.reason.clone() } });
    }

    /// Resumes a run that was paused without a device, on a new one.
    pub(super) async fn resume_lost(&mut self, stretch: Stretch) {
        match self.replace_device().await {
            Ok(()) => {
                self.mode = Mode::Paused;
                self.resume(stretch);
            }
            Err(_) => self.pause_lost(),
        }
    }

    /// Pauses a run that diverged, at the end of its last good epoch.
    async fn pause_diverged(&mut self, divergence: Divergence) {
        let (Some(run), Some(session)) = (self.run, &mut self.session) else { return };
        self.mode = Mode::Paused;
        let rolled_back = session.roll_back().await;
        self.emit_progress();
        (self.emit)(Event::Diverged { run, divergence });
        if let Err(Error::Gpu(reason)) = rolled_back {
            self.handle_lost_device(reason, None).await; // which moves the run, rolled back
        }
    }
}

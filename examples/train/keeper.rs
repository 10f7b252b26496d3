//! Saves a run to a file, every few epochs and at the end. A save that fails ends no run.

use std::io::{self, Write};
use std::path::Path;

use time_traveller::protocol::EpochReport;
use time_traveller::train::Session;

use crate::files;

/// The file of a run, if it has one.
pub struct Keeper<'a> {
    path: Option<&'a Path>,
    every: u32,
    /// The epoch of the newest checkpoint.
    saved: Option<u32>,
    /// Why the latest save failed.
    trouble: Option<String>,
}

impl<'a> Keeper<'a> {
    /// Tries whether the file can be written.
    ///
    /// # Errors
    /// A sentence, if it can't.
    pub fn new(path: Option<&'a Path>, every: u32) -> Result<Self, String> {
        path.map(files::check_writable).transpose()?;
        Ok(Self { path, every, saved: None, trouble: None })
    }

    /// Saves after an epoch, if it is time. A failure is told once; the next save tries again.
    pub async fn after_epoch(&mut self, session: &mut Session, reports: &[EpochReport]) {
        if !session.epoch().is_multiple_of(self.every) {
            return;
        }
        let before = self.trouble.take();
        self.save(session, reports).await;
        if let Some(why) = self.trouble.as_ref().filter(|why| Some(*why) != before.as_ref()) {
            let _ = writeln!(io::stderr(), "\n{why}: training goes on, and the next save tries again.");
        }
    }

    /// Saves what is not saved yet, at the end of a run. Returns the file, if there is one.
    ///
    /// # Errors
    /// A sentence, if the run could not be saved.
    pub async fn finish(mut self, session: &mut Session, reports: &[EpochReport]) -> Result<Option<&'a Path>, String> {
        if self.saved != Some(session.epoch()) {
            self.save(session, reports).await;
        }
        let Some(why) = self.trouble else { return Ok(self.path) };
        let left = match self.saved {
            Some(epoch) => format!("resume from its checkpoint of epoch {epoch}"),
            None => "train again".to_owned(),
        };
        Err(format!("The run was not saved: {why}; {left}, with another --checkpoint."))
    }

    async fn save(&mut self, session: &mut Session, reports: &[EpochReport]) {
        let Some(path) = self.path else { return };
        // Of a lost device the parameters that were read before are saved.
        let _ = session.save_last().await;
        let epoch = session.saved_epoch();
        match files::replace(path, &session.checkpoint(&reports[..epoch as usize]).write()) {
            Ok(()) => (self.saved, self.trouble) = (Some(epoch), None),
            Err(error) => self.trouble = Some(format!("{} can't be written ({error})", path.display())),
        }
    }
}

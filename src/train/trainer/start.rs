//! How the trainer starts a run: on which device, and from which parameters or checkpoint.

use super::{Mode, Trainer};
use crate::engine::{Device, Race};
use crate::error::Result;
use crate::kernels::network_of;
use crate::model::Config;
use crate::network::parameters_file;
use crate::protocol::{Event, PastRace, SAMPLE_LENGTH, Sample, StartFrom, Stretch, check_prefix};
use crate::text::Corpus;
use crate::train::checkpoint::Checkpoint;
use crate::train::session::{Initial, Session};

impl<E: FnMut(Event)> Trainer<E> {
    pub(super) async fn start(
        &mut self,
        run: u32,
        config: Config,
        prefix: String,
        beginning: StartFrom,
        stretch: Stretch,
    ) -> Result<()> {
        self.clear();
        self.run = Some(run);
        check_prefix(&prefix)?;
        let checkpoint = beginning.checkpoint.as_deref().map(Checkpoint::read).transpose()?;
        let checkpoint = checkpoint.map(|checkpoint| checkpoint.with(&config));
        let config = checkpoint.as_ref().map_or(config, |checkpoint| checkpoint.config);
        config.check()?;
        let corpus = match &checkpoint {
            Some(checkpoint) => self.texts.corpus_of(checkpoint)?,
            None => self.texts.corpus(&config)?,
        };
        let initial = read_initial(beginning, &config, &corpus)?;
        let device = self.choose_device(&config).await?;
        let mut session = match &checkpoint {
            Some(checkpoint) => Session::from_checkpoint(&device, &corpus, checkpoint).await?,
            None => Session::from_initial(&device, &corpus, config, initial).await?,
        };
        let sample = match &checkpoint {
            Some(_) => None,
            None => Some(session.sample(&prefix, SAMPLE_LENGTH as usize).await?),
        };
        session.set_goal(stretch);
        session.set_sample(&prefix, SAMPLE_LENGTH as usize);
        self.begin(run, session, checkpoint, sample);
        Ok(())
    }

    /// Takes a session as the run's, tells how it begins, and lets it train.
    pub(super) fn begin(
        &mut self,
        run: u32,
        session: Session,
        checkpoint: Option<Checkpoint>,
        untrained: Option<Sample>,
    ) {
        let started = Event::Started { run, minibatches: session.minibatches() as u32, bytes: session.bytes() };
        (self.emit)(started);
        if let Some(checkpoint) = checkpoint {
            self.emit_checkpoint(run, checkpoint);
        }
        if let Some(sample) = untrained {
            (self.emit)(Event::Untrained { run, sample });
        }
        self.session = Some(session);
        self.mode = Mode::Training;
    }

    /// Emits the changes of hyperparameters and the epochs of a run that resumes.
    fn emit_checkpoint(&mut self, run: u32, checkpoint: Checkpoint) {
        let Checkpoint { config, reports, hyperparameters, .. } = checkpoint;
        self.reports.clone_from(&reports);
        for ((epoch, minibatch), hyperparameters) in hyperparameters.into_iter().skip(1) {
            (self.emit)(Event::HyperparametersSet { run, epoch, minibatch: minibatch as u32, hyperparameters });
        }
        (self.emit)(Event::Opened { run, config, reports });
    }

    /// Chooses the device for settings that have been checked, and emits its name.
    pub(super) async fn choose_device(&mut self, config: &Config) -> Result<Device> {
        let race = self.race(config).await?;
        (self.emit)(Event::Device { name: race.winner.name(), race: race.laps });
        self.device = Some(race.winner.clone());
        Ok(race.winner)
    }

    /// The device for these settings, found by a race if they don't name one.
    pub(super) async fn race(&mut self, config: &Config) -> Result<Race> {
        let network = network_of(config, self.texts.corpus(config)?.vocabulary.size());
        let race = self.devices.choose(config.engine, config.threads, network).await?;
        if race.new {
            (self.emit)(Event::Raced {
                race: PastRace { network: network.name(), sizes: network.sizes, laps: race.laps.clone() },
            });
        }
        Ok(race)
    }
}

/// Reads the file of initial parameters, if any, which must fit the network of these settings.
fn read_initial(beginning: StartFrom, config: &Config, corpus: &Corpus) -> Result<Initial> {
    let read = |file: Vec<u8>| parameters_file::read(&file, network_of(config, corpus.vocabulary.size()));
    Ok(Initial {
        parameters: beginning.parameters.map(read).transpose()?,
        window_offset: beginning.window_offset.map(|offset| offset as usize),
    })
}

//! A run as a file, at the end of an epoch: a run that resumes from it is bitwise the uninterrupted one.
//!
//! A safetensors file with the parameters under the book's names and shapes, so that any program can use the network, the
//! optimizer's state, and
//!
//! - `epochs (E, 3)`, F64: mean loss in nats, tokens per second and number of minibatches of each finished epoch;
//! - `grad_norms (M)`, F32: gradient norm before clipping of each minibatch of those epochs;
//! - `rates (R, 4)`, F64: finished epochs, minibatch, and the learning rate and clip threshold from there on; the first
//!   row is at epoch 0, minibatch 0;
//! - `validation (E)`, F64, if tokens are held out: their perplexity after each epoch;
//! - `branches` in the metadata, if the run branched off with other settings: JSON, the epoch of each branch and every
//!   setting before it;
//! - other metadata: `format`, every setting by its key (one that was added later may be missing and then has its default),
//!   `window-offset` if it is fixed, `vocabulary` (the characters in the order of their ids, from 1), `text` (SHA-1 of
//!   the cleaned text), `samples` (JSON: prefix and text of each epoch's sample).
//!
//! The random generator's state follows from the seed and the number of epochs drawn. The hidden state is zero at the
//! start of every epoch, so it is not stored.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::error::{Error, Result};
use crate::kernels::network_of;
use crate::model::config::{SETTINGS, WINDOW_OFFSET};
use crate::model::{Config, FileFault, Hyperparameters, MinibatchId};
use crate::network::Parameters;
use crate::network::json::{Json, LIST, write_items, write_text};
use crate::network::parameters_file::{floats, read_from, read_state_from, state_tensors_of, tensors_of, view, views};
use crate::network::tensor_file::{TensorFile, Texts, read_object, write_object};
use crate::protocol::{EpochReport, Sample, Summary};
use crate::text::{Corpus, Vocabulary};
use crate::train::schedule::Schedule;

/// The value of `format` in the metadata.
const FORMAT: &str = "time-traveller checkpoint 1";

/// A run at the end of an epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub config: Config,
    /// Where the run branched off with other settings: the epoch, and the settings before it; in order.
    pub earlier: Vec<(u32, Config)>,
    /// The offset of every epoch's windows, if it is fixed instead of random.
    pub window_offset: Option<u32>,
    /// The characters of the vocabulary, in the order of their ids.
    pub vocabulary: String,
    /// SHA-1 of the cleaned text.
    pub text: String,
    /// The hyperparameters from each of these minibatches on, in order; the first entry is at `(0, 0)`.
    pub hyperparameters: Vec<(MinibatchId, Hyperparameters)>,
    /// A report of each finished epoch.
    pub reports: Vec<EpochReport>,
    pub parameters: Parameters,
}

impl Checkpoint {
    /// Finished epochs.
    pub fn epoch(&self) -> u32 {
        self.reports.len() as u32
    }

    /// The settings of the epoch after so many others.
    pub fn config_at(&self, epoch: u32) -> &Config {
        config_at(epoch, &self.earlier, &self.config)
    }

    /// Minibatches of all finished epochs.
    pub fn minibatches(&self) -> u64 {
        self.reports.iter().map(|report| report.grad_norms.len() as u64).sum()
    }

    /// What the page shows of a checkpoint.
    pub fn summary(&self) -> Summary {
        Summary {
            config: self.config,
            window_offset: self.window_offset,
            epoch: self.epoch(),
            perplexity: self.reports.last().map(|last| last.perplexity),
            text: self.text.clone(),
            prefix: self.reports.last().map(|last| last.sample.prefix.clone()),
        }
    }

    /// Checks that a corpus is the one that the run was trained on.
    ///
    /// # Errors
    /// [`Error::OtherText`]; [`Error::BadCheckpoint`]: another vocabulary of the same text.
    pub fn check(&self, corpus: &Corpus) -> Result<()> {
        if self.text != corpus.sha1() {
            return Err(Error::OtherText);
        }
        if !self.vocabulary.chars().eq(corpus.vocabulary.characters().iter().copied()) {
            return Err(Error::BadCheckpoint(FileFault::OtherVocabulary));
        }
        Ok(())
    }

    /// The same run, with the engine and threads of these settings and their number of epochs, but not fewer than are finished.
    pub fn with(mut self, config: &Config) -> Self {
        (self.config.engine, self.config.threads) = (config.engine, config.threads);
        self.config.epochs = config.epochs.max(self.epoch());
        self
    }

    /// The run from here on with those of these settings that can be others: see [`Config::branched`]. The optimizer begins
    /// anew if it is another.
    pub fn branched(mut self, to: &Config) -> Self {
        let before = self.config;
        self.config = before.branched(to);
        self.config.epochs = to.epochs.max(self.epoch());
        let epoch = self.epoch();
        let is_same = Config { epochs: before.epochs, ..self.config } == before;
        // Of two branches at one epoch the first one's settings held for no epoch.
        if epoch > 0 && !is_same && self.earlier.last().is_none_or(|(last, _)| *last < epoch) {
            self.earlier.push((epoch, before));
        }
        let hyperparameters = Hyperparameters { learning_rate: to.lr, clip: to.clip };
        let mut schedule = Schedule::of_changes(self.hyperparameters);
        if epoch == 0 || schedule.at((epoch, 0)) != hyperparameters {
            schedule.set((epoch, 0), hyperparameters);
        }
        self.hyperparameters = schedule.changes().to_vec();
        let network = network_of(&self.config, self.parameters.network.sizes.vocabulary);
        let is_same = network.optimizer == self.parameters.network.optimizer;
        let numbers = self.parameters.numbers;
        self.parameters = match is_same {
            true => Parameters { network, numbers, state: self.parameters.state },
            false => Parameters::of(network, numbers),
        };
        self
    }

    /// The checkpoint as a safetensors file.
    pub fn write(&self) -> Vec<u8> {
        let epochs = self.reports.iter().flat_map(|r| [r.loss, r.tokens_per_second, r.grad_norms.len() as f64]);
        let epochs: Vec<f64> = epochs.collect();
        let norms: Vec<f32> = self.reports.iter().flat_map(|report| &report.grad_norms).copied().collect();
        let hyperparameters = self.hyperparameters.iter().flat_map(|&((epoch, minibatch), hyperparameters)| {
            [epoch.into(), minibatch as f64, hyperparameters.learning_rate.into(), hyperparameters.clip.into()]
        });
        let hyperparameters: Vec<f64> = hyperparameters.collect();
        let of_network = [tensors_of(&self.parameters), state_tensors_of(&self.parameters)].concat();
        // Not collected, which would sort them first.
        let mut tensors = BTreeMap::new();
        tensors.extend(views(&of_network));
        let mut add = |name: &str, tensor| tensors.insert(name.to_owned(), tensor);
        add("epochs", view(vec![self.reports.len(), 3], &epochs));
        add("grad_norms", view(vec![norms.len()], &norms));
        add("rates", view(vec![self.hyperparameters.len(), 4], &hyperparameters));
        let validation: Vec<f64> = self.reports.iter().filter_map(|report| report.validation).collect();
        if self.config.validation > 0 {
            add("validation", view(vec![validation.len()], &validation));
        }
        TensorFile { metadata: self.metadata(), tensors }.write()
    }

    fn metadata(&self) -> Texts {
        let mut samples = String::new();
        write_items(&mut samples, LIST, &self.reports, |json, EpochReport { sample, .. }| {
            write_items(json, LIST, [&sample.prefix, &sample.text], |json, text| write_text(json, text));
        });
        let own = [("format", FORMAT), ("vocabulary", &self.vocabulary), ("text", &self.text), ("samples", &samples)];
        let own = own.map(|(key, value)| (key, value.to_owned()));
        let settings = SETTINGS.iter().filter_map(|s| Some((s.key, self.config.get(s.key)?)));
        let offset = self.window_offset.map(|offset| (WINDOW_OFFSET.key, offset.to_string()));
        let branches = (!self.earlier.is_empty()).then(|| ("branches", branches(&self.earlier)));
        let all = own.into_iter().chain(settings).chain(offset).chain(branches);
        let mut texts = Texts::new();
        texts.extend(all.map(|(key, value)| (key.to_owned(), value)));
        texts
    }

    /// Reads a file and checks that it is complete, consistent and finite.
    ///
    /// # Errors
    /// [`Error::BadCheckpoint`] with the first fault.
    pub fn read(file: &[u8]) -> Result<Self> {
        read(file).map_err(Error::BadCheckpoint)
    }
}

/// The settings of the epoch after so many others, of a run that branched off at these epochs from these settings.
pub fn config_at<'a>(epoch: u32, earlier: &'a [(u32, Config)], last: &'a Config) -> &'a Config {
    earlier.iter().find(|(branch, _)| epoch < *branch).map_or(last, |(_, config)| config)
}

/// The settings before each branch, as JSON.
fn branches(earlier: &[(u32, Config)]) -> String {
    let mut all = String::new();
    write_items(&mut all, LIST, earlier, |json, (epoch, config)| {
        let mut settings = Texts::new();
        settings.extend(SETTINGS.iter().filter_map(|setting| Some((setting.key.to_owned(), config.get(setting.key)?))));
        *json += &format!("[{epoch},");
        write_object(json, &settings);
        json.push(']');
    });
    all
}

fn read_branches(text: &str, epochs: usize, config: &Config) -> Result<Vec<(u32, Config)>, FileFault> {
    let all = Json::read(text, list_of_branches).map_err(FileFault::Branches)?;
    let branches = all.iter().map(|(epoch, settings)| Ok((*epoch, read_config(settings)?)));
    let branches: Vec<(u32, Config)> = branches.collect::<Result<_, FileFault>>()?;
    let in_order = branches.windows(2).all(|pair| pair[0].0 < pair[1].0);
    let is_within = branches.iter().all(|(epoch, _)| (1..=epochs).contains(&(*epoch as usize)));
    let is_its = |before: &Config| {
        Config { engine: config.engine, threads: config.threads, ..before.branched(config) } == *config
    };
    let is_its = branches.iter().all(|(_, before)| is_its(before));
    if in_order && is_within && is_its { Ok(branches) } else { Err(FileFault::BranchesOrder) }
}

/// The epoch of each branch and the settings before it.
fn list_of_branches(json: &mut Json<'_>) -> Result<Vec<(u32, Texts)>, String> {
    let mut branches = Vec::new();
    json.list(&mut |json| {
        let (mut epoch, mut settings) = (None, None);
        json.list(&mut |json| {
            match (epoch, &settings) {
                (None, _) => epoch = Some(json.whole()?),
                (_, None) => settings = Some(read_object(json)?),
                _ => return Err("a branch is more than an epoch and settings".into()),
            }
            Ok(())
        })?;
        let branch = epoch.and_then(|epoch| u32::try_from(epoch).ok()).zip(settings);
        branches.push(branch.ok_or("a branch is an epoch and settings")?);
        Ok(())
    })?;
    Ok(branches)
}

/// Prefix and text of each sample.
fn list_of_samples(json: &mut Json<'_>) -> Result<Vec<(String, String)>, String> {
    let mut samples = Vec::new();
    json.list(&mut |json| {
        let mut texts = Vec::new();
        json.list(&mut |json| {
            texts.push(json.text()?);
            Ok(())
        })?;
        let [prefix, text] = <[String; 2]>::try_from(texts).map_err(|_| "a sample is a prefix and a text")?;
        samples.push((prefix, text));
        Ok(())
    })?;
    Ok(samples)
}

fn read(bytes: &[u8]) -> Result<Checkpoint, FileFault> {
    let file = TensorFile::read(bytes).map_err(|why| FileFault::not_safetensors(bytes, why))?;
    let metadata = &file.metadata;
    let said = |key: &str| metadata.get(key).ok_or_else(|| FileFault::Lacks(key.to_owned()));
    match said("format").map_err(|_| FileFault::NotACheckpoint)? {
        format if format == FORMAT => {}
        format => return Err(FileFault::Format { given: format.clone(), wanted: FORMAT.to_owned() }),
    }
    let config = read_config(metadata)?;
    let vocabulary = read_vocabulary(said("vocabulary")?)?;
    let offset = metadata.get(WINDOW_OFFSET.key).map(|text| read_offset(text, &config)).transpose()?;
    let mut parameters = read_from(&file, network_of(&config, vocabulary.size()))?;
    read_state_from(&file, &mut parameters)?;
    let mut reports = read_reports(&file, said("samples")?, &vocabulary)?;
    if config.validation > 0 {
        read_validation(&file, &mut reports)?;
    }
    if reports.len() > config.epochs as usize {
        return Err(FileFault::EpochCount { given: reports.len(), most: config.epochs });
    }
    let earlier = metadata.get("branches").map(|text| read_branches(text, reports.len(), &config)).transpose()?;
    Ok(Checkpoint {
        config,
        earlier: earlier.unwrap_or_default(),
        window_offset: offset,
        vocabulary: vocabulary.characters().iter().collect(),
        text: said("text")?.clone(),
        hyperparameters: read_hyperparameters(&file, &config)?,
        reports,
        parameters,
    })
}

fn read_config(metadata: &Texts) -> Result<Config, FileFault> {
    let mut config = Config::default();
    for setting in &SETTINGS {
        match setting.keys().find_map(|key| metadata.get(key)) {
            Some(value) => config.set(setting.key, value).map_err(FileFault::Settings)?,
            None if setting.later => {}
            None => return Err(FileFault::Lacks(setting.key.to_owned())),
        }
    }
    config.check().map_err(FileFault::Settings)?;
    Ok(config)
}

fn read_offset(text: &str, config: &Config) -> Result<u32, FileFault> {
    let largest = config.largest_offset();
    let offset = text.parse().ok().filter(|&offset| offset <= largest);
    offset.ok_or_else(|| FileFault::WindowOffset { given: text.to_owned(), largest })
}

fn read_vocabulary(characters: &str) -> Result<Vocabulary, FileFault> {
    Vocabulary::of_characters(characters.chars().collect()).ok_or(FileFault::Vocabulary)
}

/// The elements of a tensor of shape `(any, columns)`, row by row.
fn table(file: &TensorFile<'_>, name: &str, columns: usize) -> Result<Vec<f64>, FileFault> {
    let rows = file.tensors.get(name).and_then(|tensor| tensor.shape.first().copied());
    floats(file, name, &[rows.unwrap_or(0), columns])
}

/// `number` as an integer, if it is one and lies in the range.
fn whole(number: f64, range: RangeInclusive<f64>) -> Option<usize> {
    (range.contains(&number) && number.fract() == 0.0).then_some(number as usize)
}

fn read_reports(file: &TensorFile<'_>, samples: &str, vocabulary: &Vocabulary) -> Result<Vec<EpochReport>, FileFault> {
    let samples = Json::read(samples, list_of_samples).map_err(FileFault::Samples)?;
    let epochs = table(file, "epochs", 3)?;
    if samples.len() != epochs.len() / 3 {
        return Err(FileFault::SampleCount { epochs: epochs.len() / 3, samples: samples.len() });
    }
    let norms = file.tensors.get("grad_norms").map_or(0, |tensor| tensor.shape.iter().product());
    let mut norms = floats::<f32>(file, "grad_norms", &[norms])?.into_iter();
    let mut reports = Vec::new();
    for ((epoch, row), (prefix, text)) in (1..).zip(epochs.chunks_exact(3)).zip(samples) {
        let [loss, tokens_per_second, minibatches] = [row[0], row[1], row[2]];
        let perplexity = loss.exp();
        if !perplexity.is_finite() || loss < 0.0 || tokens_per_second <= 0.0 {
            return Err(FileFault::Epoch { epoch, loss, tokens_per_second });
        }
        let count = whole(minibatches, 1.0..=norms.len() as f64);
        let count = count.ok_or(FileFault::Minibatches { epoch, given: minibatches })?;
        let grad_norms: Vec<f32> = norms.by_ref().take(count).collect();
        if let Some(&given) = grad_norms.iter().find(|norm| **norm < 0.0) {
            return Err(FileFault::GradNorm { epoch, given });
        }
        let unknown = vocabulary.unknown(&prefix);
        let sample = Sample { prefix, text, unknown };
        reports.push(EpochReport { epoch, perplexity, loss, grad_norms, tokens_per_second, validation: None, sample });
    }
    if norms.len() > 0 {
        return Err(FileFault::GradNormsLeft(norms.len()));
    }
    Ok(reports)
}

fn read_validation(file: &TensorFile<'_>, reports: &mut [EpochReport]) -> Result<(), FileFault> {
    let perplexities = floats::<f64>(file, "validation", &[reports.len()])?;
    for (report, perplexity) in reports.iter_mut().zip(perplexities) {
        if perplexity <= 0.0 {
            return Err(FileFault::Validation { epoch: report.epoch, given: perplexity });
        }
        report.validation = Some(perplexity);
    }
    Ok(())
}

fn read_hyperparameters(
    file: &TensorFile<'_>,
    config: &Config,
) -> Result<Vec<(MinibatchId, Hyperparameters)>, FileFault> {
    let table = table(file, "rates", 4)?;
    let mut changes: Vec<(MinibatchId, Hyperparameters)> = Vec::new();
    for row in table.chunks_exact(4) {
        let hyperparameters = Hyperparameters { learning_rate: row[2] as f32, clip: row[3] as f32 };
        Config { lr: hyperparameters.learning_rate, clip: hyperparameters.clip, ..*config }
            .check()
            .map_err(FileFault::Hyperparameters)?;
        let [epoch, minibatch] = [row[0], row[1]].map(|number| whole(number, 0.0..=f64::from(u32::MAX)));
        let place = epoch.zip(minibatch).ok_or(FileFault::HyperparametersPosition { epoch: row[0], minibatch: row[1] });
        changes.push((place.map(|(epoch, minibatch)| (epoch as u32, minibatch))?, hyperparameters));
    }
    let in_order = changes.windows(2).all(|pair| pair[0].0 < pair[1].0);
    match changes.first() {
        Some(((0, 0), _)) if in_order => Ok(changes),
        _ => Err(FileFault::HyperparametersOrder),
    }
}

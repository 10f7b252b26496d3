//! A checkpoint made by hand, without a run.

use time_traveller::model::Config;
use time_traveller::network::Parameters;
use time_traveller::protocol::{EpochReport, Hyperparameters, Sample};
use time_traveller::train::Checkpoint;

use crate::script::{corpus, network, small};

/// A checkpoint after two epochs.
pub fn example() -> Checkpoint {
    let corpus = corpus();
    let config = Config { lr: 0.1, ..small() };
    let report = |epoch: u32, grad_norms: Vec<f32>| EpochReport {
        epoch,
        loss: 0.1 + f64::from(epoch),
        perplexity: (0.1 + f64::from(epoch)).exp(),
        grad_norms,
        tokens_per_second: 1234.5,
        validation: None,
        sample: Sample { prefix: "tïme \"\n".into(), text: "t<unk>me".into(), unknown: vec!['\n', '"', 'ï'] },
    };
    let hyperparameters = Hyperparameters { learning_rate: 0.1, clip: 1.0 };
    Checkpoint {
        earlier: Vec::new(),
        config,
        window_offset: Some(2),
        vocabulary: corpus.vocabulary.characters().iter().collect(),
        text: corpus.sha1().to_owned(),
        hyperparameters: vec![((0, 0), hyperparameters), ((1, 3), Hyperparameters { clip: 0.3, ..hyperparameters })],
        reports: vec![report(1, vec![0.1, 0.2]), report(2, vec![0.3])],
        parameters: Parameters::init(network(config), 7),
    }
}

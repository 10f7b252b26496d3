//! Runs side by side: what each network costs and what it comes to.

use super::run::Run;
use crate::kernels::network_of;
use crate::ui::language::{Words, words};

/// A run's row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub number: u32,
    /// Index of its colour.
    pub colour: usize,
    pub name: String,
    /// Number of parameters, microseconds of training for each token, first epoch below 2, and the last epoch's perplexity;
    /// a dash where there is none.
    pub figures: [String; 4],
    /// The last epoch's sample.
    pub sample: String,
}

/// The rows of the visitor's visible runs that have finished an epoch, if there are several; `names` are those of all runs.
pub fn rows(w: &Words, runs: &[Run], names: &[String]) -> Vec<Row> {
    let shown = runs.iter().zip(names).filter(|(run, _)| run.visible && !run.is_trained && !run.curve.is_empty());
    let rows: Vec<Row> = shown.map(|(run, name)| row(w, run, name)).collect();
    if rows.len() > 1 { rows } else { Vec::new() }
}

fn row(w: &Words, run: &Run, name: &str) -> Row {
    let none = || w.none.to_owned();
    let parameters = run.vocabulary.map(|size| network_of(&run.config, size as usize).parameter_count() as u64);
    let tokens = run.clipped.1 as f64 * f64::from(run.config.batch) * f64::from(run.config.steps);
    let microseconds = (run.seconds > 0.0 && tokens > 0.0).then(|| run.seconds * 1e6 / tokens);
    let below_two = run.curve.iter().find(|point| point.1 < 2.0).map(|point| point.0);
    let last = run.curve.last().map(|point| words::perplexity(point.1));
    Row {
        number: run.number,
        colour: run.colour,
        name: name.to_owned(),
        figures: [
            parameters.map_or_else(none, words::grouped),
            microseconds
                .map_or_else(none, |time| if time < 10.0 { format!("{time:.2}") } else { format!("{time:.0}") }),
            below_two.map_or_else(none, |epoch| words::grouped(epoch.into())),
            last.unwrap_or_else(none),
        ],
        sample: run.samples.last().map(|last| last.sample.text.clone()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::run::{EpochSample, Origin};
    use super::*;
    use crate::model::Config;
    use crate::model::config::Cell;
    use crate::protocol::Sample;
    use crate::ui::language::ENGLISH;

    #[test]
    fn runs_stand_side_by_side_with_what_they_cost() {
        let lstm = Config { cell: Cell::Lstm, hidden: 256, ..Config::default() };
        let sample = Sample { prefix: "time".into(), text: "time t".into(), unknown: vec![] };
        let long = Run {
            vocabulary: Some(28),
            curve: vec![(1, 20.0), (2, 1.99), (3, 2.5)],
            clipped: (0, 24),
            seconds: 24.0 * 1120.0 / 1e5,
            samples: vec![EpochSample { epoch: 3, sample }],
            ..Run::new(1, lstm, &Origin::default(), 2)
        };
        let names = ["LSTM".to_owned(), "old".to_owned()];
        assert_eq!(rows(&ENGLISH, std::slice::from_ref(&long), &names), [], "one alone has nothing beside it");
        let old = Run { curve: vec![(1, 9.0)], ..Run::new(2, Config::default(), &Origin::default(), 0) };
        let both = rows(&ENGLISH, &[long.clone(), old.clone()], &names);
        // Four gates of (28 + 256 + 1) · 256, and the output layer.
        assert_eq!(both[0].figures, ["299,036", "10", "2", "2.50"]);
        assert_eq!((both[0].colour, both[0].name.as_str(), both[0].sample.as_str()), (2, "LSTM", "time t"));
        assert_eq!(both[1].figures, ["–", "–", "–", "9.00"]);
        assert_eq!(rows(&ENGLISH, &[long, Run { visible: false, ..old }], &names), []);
    }
}

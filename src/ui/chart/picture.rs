//! The content of a chart, independent of drawing: lines with their colours, axes and marks; and the same data as CSV.

use super::axis::{self, Axis};
use crate::protocol::Hyperparameters;
use crate::ui::language::{Words, fill};
use crate::ui::runs::reference::Reference;
use crate::ui::runs::run::{self, Run};
use crate::ui::runs::state::RunState;
use crate::ui::runs::{curve, names};

/// Margins of the plot for tick labels and axis names: left, right, top, bottom, in CSS pixels.
pub const INSETS: [f64; 4] = [52.0, 16.0, 12.0, 44.0];

/// The CSS properties of the runs' colours.
pub const RUN_COLOURS: [&str; run::COLOURS] = ["--run-0", "--run-1", "--run-2", "--run-3", "--run-4", "--run-5"];

/// The CSS property of the colour of PyTorch's curve.
pub const REFERENCE_COLOUR: &str = "--reference";

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub points: Vec<(f64, f64)>,
    /// The CSS property of its colour.
    pub colour: &'static str,
    /// In CSS pixels.
    pub width: f64,
    /// Whether its last point is marked with a dot.
    pub dot: bool,
    pub dashed: bool,
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub x: Axis,
    pub y: Axis,
    pub x_name: &'static str,
    pub y_name: &'static str,
    pub lines: Vec<Line>,
    /// The changes of hyperparameters: position on the x axis, and label.
    pub marks: Vec<(f64, String)>,
}

/// The CSS property of a run's colour.
pub fn colour(run: &Run) -> &'static str {
    RUN_COLOURS[run.colour % run::COLOURS]
}

/// The visible runs' perplexity, the shown run last and so on top; validation perplexity is dashed, and PyTorch's curve,
/// if there is one, is behind them: up to where the runs are, or whole where the visitor's is still to come. `None` if
/// there is nothing to draw.
pub fn curves(
    w: &'static Words,
    state: &RunState,
    behind: Option<(&'static Reference, u32)>,
    logarithmic: bool,
) -> Option<Picture> {
    let mut runs: Vec<&Run> = state.runs.iter().filter(|run| run.visible && !run.curve.is_empty()).collect();
    if let Some(shown) = runs.iter().position(|run| run.number == state.shown) {
        runs[shown..].rotate_left(1);
    }
    let is_planned = behind.is_some() && state.own().is_none();
    if runs.is_empty() && !is_planned {
        return None;
    }
    let planned = behind.filter(|_| is_planned).map(|(_, epochs)| epochs);
    let done = runs.iter().filter_map(|run| run.curve.last()).map(|p| p.0).chain(planned).max().unwrap_or_default();
    let total = runs.iter().map(|run| run.config.epochs).chain(planned).max().unwrap_or_default();
    let last = axis::last_epoch(done, total);
    let reference = behind.map(|(reference, _)| curve::thin(&reference.until(last))).unwrap_or_default();
    let values = runs.iter().flat_map(|run| run.curve.iter().chain(&run.held_out)).map(|p| p.1);
    let values = values.chain(reference.iter().map(|p| p.1));
    let high = axis::top(values, 2.0);
    let mut lines = vec![Line { points: reference, colour: REFERENCE_COLOUR, width: 1.0, dot: false, dashed: false }];
    for run in &runs {
        let is_live = run.number == state.shown;
        let line = |curve: &[_], width, dot, dashed| Line {
            points: curve::thin(curve),
            colour: colour(run),
            width,
            dot,
            dashed,
        };
        lines.extend((!run.held_out.is_empty()).then(|| line(run.own(&run.held_out), 1.5, false, true)));
        lines.push(line(run.own(&run.curve), if is_live { 2.5 } else { 1.5 }, is_live, false));
    }
    let marks = runs.iter().flat_map(|run| marks(run)).collect();
    let (x, y) = (Axis::linear(0.0, last.into()), Axis { low: 1.0, high, logarithmic });
    Some(Picture { x, y, x_name: w.axis_epoch, y_name: w.axis_perplexity, lines, marks })
}

/// A run's gradient norms and clipping threshold. `None` before the first epoch.
pub fn gradients(w: &'static Words, run: &Run) -> Option<Picture> {
    let end = run.norms.last()?.0;
    let last = f64::from(axis::last_epoch(end as u32, run.config.epochs));
    let thresholds = run.thresholds(last);
    let highest = axis::top(run.norms.iter().chain(&thresholds).map(|p| p.1), 0.1);
    // A threshold far above all norms would make them a flat line at the bottom.
    let norms = axis::top(run.norms.iter().map(|p| p.1), 0.1);
    let high = if highest > 20.0 * norms { norms } else { highest };
    let line = |points, colour, width| Line { points, colour, width, dot: false, dashed: false };
    let thresholds = thresholds.into_iter().filter(|p| p.1 <= high).collect();
    Some(Picture {
        x: Axis::linear(0.0, last),
        y: Axis::linear(0.0, high),
        x_name: w.axis_epoch,
        y_name: w.axis_norm,
        lines: vec![line(curve::thin(&run.norms), colour(run), 1.0), line(thresholds, "--alarm", 1.5)],
        marks: marks(run),
    })
}

/// A run's changes of hyperparameters, in the book's symbols.
fn marks(run: &Run) -> Vec<(f64, String)> {
    let said =
        |hyperparameters: Hyperparameters| format!("η {} θ {}", hyperparameters.learning_rate, hyperparameters.clip);
    run.marks.iter().map(|mark| (run.mark_position(mark), said(mark.hyperparameters))).collect()
}

/// A text for a CSV file.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The visible runs' perplexities as CSV: a row per epoch, a column per run, and another for its validation perplexity,
/// if it has one.
pub fn csv(w: &Words, state: &RunState) -> String {
    let named = state.runs.iter().zip(names::names(w, &state.runs));
    let shown: Vec<(&Run, String)> = named.filter(|(run, _)| run.visible).collect();
    let last = shown.iter().filter_map(|(run, _)| run.curve.last()).map(|p| p.0).max().unwrap_or(0);
    let mut out = "epoch".to_owned();
    for (run, name) in &shown {
        out += &format!(",{}", quoted(name));
        if !run.held_out.is_empty() {
            out += &format!(",{}", quoted(&fill(w.named_held_out, &[name])));
        }
    }
    let cell = |value: Option<f64>| value.map(|value| format!(",{value}")).unwrap_or(",".to_owned());
    for epoch in 1..=last {
        out += &format!("\n{epoch}");
        for (run, _) in &shown {
            out += &cell(run.perplexity(epoch));
            if !run.held_out.is_empty() {
                out += &cell(run.validation(epoch));
            }
        }
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::Config;
    use crate::protocol::{EpochReport, Sample};
    use crate::ui::language::ENGLISH;
    use crate::ui::runs::run::{Mark, Origin};

    fn run(number: u32, hidden: u32, curve: &[f64]) -> Run {
        let config = Config { hidden, epochs: 20, ..Config::default() };
        let mut run = Run { minibatches: 2, ..Run::new(number, config, &Origin::default(), number as usize - 1) };
        for (epoch, &perplexity) in (1..).zip(curve) {
            let sample = Sample { prefix: String::new(), text: String::new(), unknown: Vec::new() };
            let (loss, grad_norms) = (perplexity.ln(), vec![0.5, 3.0]);
            run.finish_epoch(EpochReport {
                epoch,
                perplexity,
                loss,
                grad_norms,
                tokens_per_second: 1.0,
                validation: None,
                sample,
            });
        }
        run
    }

    fn state() -> RunState {
        let runs = vec![run(1, 64, &[20.0, 10.0]), run(2, 32, &[22.0, 15.0, 12.0])];
        let mut state = RunState::default();
        (state.runs, state.shown) = (runs, 1);
        state
    }

    #[test]
    fn before_a_run_pytorchs_curve_is_whole_and_beside_a_network_trained_before() {
        let config = Config::default();
        let behind = Reference::of(&config).map(|reference| (reference, config.epochs));
        let mut state = RunState::default();
        assert_eq!(curves(&ENGLISH, &state, None, false), None);
        let lines = |state: &RunState| {
            let picture = curves(&ENGLISH, state, behind, false).unwrap();
            assert_eq!(picture.x.high, 500.0);
            picture.lines.iter().map(|line| line.points.last().unwrap().0).collect::<Vec<_>>()
        };
        assert_eq!(lines(&state), [500.0]);
        let trained = Origin { is_trained: true, ..Origin::default() };
        state.runs = vec![Run { curve: vec![(1, 20.0), (300, 1.1)], ..Run::new(1, config, &trained, 5) }];
        state.shown = 1;
        assert_eq!(lines(&state), [500.0, 300.0]);
    }

    #[test]
    fn visible_runs_are_drawn_and_the_shown_one_on_top() {
        let mut state = state();
        let picture = curves(&ENGLISH, &state, None, false).unwrap();
        let colours: Vec<&str> = picture.lines.iter().map(|line| line.colour).collect();
        assert_eq!(colours, ["--reference", "--run-1", "--run-0"]);
        assert_eq!((picture.lines[1].dot, picture.lines[2].dot), (false, true));
        assert!(picture.y.high > 22.0 && picture.x.high == 10.0);
        state.show(2, false);
        let picture = curves(&ENGLISH, &state, None, true).unwrap();
        assert_eq!((picture.lines.len(), picture.y.logarithmic, picture.y.low), (2, true, 1.0));
        state.show(1, false);
        assert_eq!(curves(&ENGLISH, &state, None, false), None);
    }

    #[test]
    fn changed_hyperparameters_are_marked() {
        let mut state = state();
        let hyperparameters = Hyperparameters { learning_rate: 0.5, clip: 2.0 };
        state.runs[0].marks.push(Mark { epoch: 1, minibatch: 1, hyperparameters });
        let picture = curves(&ENGLISH, &state, None, false).unwrap();
        assert_eq!(picture.marks, [(1.5, "η 0.5 θ 2".to_owned())]);
        let picture = gradients(&ENGLISH, &state.runs[0]).unwrap();
        assert_eq!(picture.lines[0].points, [(0.5, 0.5), (1.0, 3.0), (1.5, 0.5), (2.0, 3.0)]);
        assert_eq!(picture.lines[1].points[..3], [(0.0, 1.0), (1.5, 1.0), (1.5, 2.0)]);
        assert!(picture.y.high > 3.0);
    }

    #[test]
    fn validation_perplexity_is_a_dashed_line_and_a_column() {
        let mut state = state();
        state.runs[1].held_out = vec![(1, 30.0), (2, 40.5)];
        let picture = curves(&ENGLISH, &state, None, false).unwrap();
        let lines: Vec<_> = picture.lines.iter().map(|line| (line.colour, line.dashed, line.points.len())).collect();
        assert_eq!(lines[1..], [("--run-1", true, 2), ("--run-1", false, 3), ("--run-0", false, 2)]);
        assert!(picture.y.high > 40.0);
        let rows = "epoch,\"hidden 64\",\"hidden 32\",\"hidden 32, validation\"\n1,20,22,30\n2,10,15,40.5\n3,,12,\n";
        assert_eq!(csv(&ENGLISH, &state), rows);
    }

    #[test]
    fn the_csv_has_a_row_per_epoch_and_a_column_per_run() {
        let mut state = state();
        state.rename(2, "a \"small\" one, mine".into());
        let rows = "epoch,\"hidden 64\",\"a \"\"small\"\" one, mine\"\n1,20,22\n2,10,15\n3,,12\n";
        assert_eq!(csv(&ENGLISH, &state), rows);
        state.show(1, false);
        assert_eq!(csv(&ENGLISH, &state).lines().nth(3), Some("3,12"));
    }
}

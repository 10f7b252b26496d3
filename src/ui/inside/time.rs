//! The gradient through time: ‖∂loss_T/∂h_t‖ over the distance, as a chart and in words.

use crate::ui::chart::axis::{self, Axis};
use crate::ui::chart::picture::{Line, Picture, RUN_COLOURS, quoted};
use crate::ui::language::{Words, fill};
use crate::ui::runs::run::Run;

/// The norms of one network, by their distance from the last character.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    pub run: u32,
    pub epoch: u32,
    /// The factor of the state's weights.
    pub scale: f32,
    pub norms: Vec<f32>,
}

/// The curves of a network, and those to compare them with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// Of the newest network as it is, as scaled, and of earlier epochs.
    pub newest: Vec<Curve>,
    /// Those that the visitor keeps.
    pub kept: Vec<Curve>,
}

impl Curves {
    /// Keeps the newest one.
    pub fn keep(&mut self) {
        const MOST: usize = 4;
        if let Some(curve) = self.newest.first().filter(|curve| !self.kept.contains(curve)) {
            self.kept.push(curve.clone());
            let much = self.kept.len().saturating_sub(MOST);
            self.kept.drain(..much);
        }
    }
}

/// Nothing is drawn that is so much smaller than the network's largest norm, or as much larger.
const DEEPEST: f64 = 1e-9;

/// The curves with their colours and names: the newest first, then those of earlier epochs, then those kept.
pub fn legend<'a>(w: &Words, curves: &'a Curves, names: &[(u32, String)]) -> Vec<(&'static str, String, &'a Curve)> {
    let many = curves.kept.iter().any(|kept| curves.newest.first().is_some_and(|first| first.run != kept.run));
    let name = |curve: &Curve| {
        let epoch = fill(w.time_epoch, &[&curve.epoch.to_string()]);
        let epoch = if curve.scale == 1.0 { epoch } else { fill(w.time_scaled, &[&epoch, &curve.scale.to_string()]) };
        let run = names.iter().find(|(run, _)| *run == curve.run).filter(|_| many);
        run.map_or(epoch.clone(), |(_, run)| fill(w.item, &[run, &epoch]))
    };
    let all = curves.newest.iter().chain(&curves.kept).filter(|curve| curve.norms.len() > 1);
    all.enumerate().map(|(i, curve)| (RUN_COLOURS[i % RUN_COLOURS.len()], name(curve), curve)).collect()
}

/// The chart. `steps`: where a minibatch ends, at which the state is detached.
pub fn picture(w: &'static Words, curves: &Curves, steps: u32) -> Option<Picture> {
    let legend = legend(w, curves, &[]);
    let most = |curve: &Curve| curve.norms.iter().copied().filter(|norm| norm.is_finite()).fold(0f32, f32::max);
    // Around the network as it is, however much a scaled one explodes.
    let own = f64::from(most(legend.first()?.2));
    if own == 0.0 {
        return None;
    }
    let (deepest, highest) = (own * DEEPEST, own / DEEPEST);
    let norms = legend.iter().flat_map(|(_, _, curve)| &curve.norms).map(|norm| f64::from(*norm));
    let shown = norms.filter(|norm| (deepest..=highest).contains(norm));
    let (least, largest) = shown.fold((own, own), |(least, largest), norm| (least.min(norm), largest.max(norm)));
    let [low, high] = [least.log10().floor(), largest.log10().ceil()];
    let power = |x: f64| 10f64.powf(x);
    let y = Axis { low: power(low), high: power(high.max(low + 1.0)), logarithmic: true };
    let longest = legend.iter().map(|(_, _, curve)| curve.norms.len()).max()? - 1;
    let line = |(colour, _, curve): &(&'static str, String, &Curve)| {
        let points = curve.norms.iter().enumerate().map(|(d, norm)| (d as f64, f64::from(*norm)));
        Line {
            points: points.filter(|(_, norm)| (y.low..=y.high).contains(norm)).collect(),
            colour,
            width: if *colour == RUN_COLOURS[0] { 2.5 } else { 1.5 },
            dot: false,
            dashed: curve.scale != 1.0,
        }
    };
    let border = (steps as usize <= longest).then(|| (f64::from(steps), w.time_detached.to_owned()));
    Some(Picture {
        x: Axis::linear(0.0, longest.max(2) as f64),
        y,
        x_name: w.time_axis_x,
        y_name: w.time_axis_y,
        lines: legend.iter().rev().map(line).collect(),
        marks: border.into_iter().collect(),
    })
}

/// The newest curve in words: what is left at a minibatch's border or, of shorter passages, at the end, and the factor of a
/// step.
pub fn said(w: &Words, curves: &Curves, steps: u32) -> Option<String> {
    let curve = curves.newest.first().filter(|curve| curve.norms.len() > 1)?;
    let at = (steps as usize).min(curve.norms.len() - 1);
    let left = f64::from(curve.norms[at]) / f64::from(curve.norms[0]).max(f64::MIN_POSITIVE);
    let factor = left.powf(1.0 / at as f64);
    Some(fill(w.time_said, &[&at.to_string(), &share(left), &format!("{factor:.2}")]))
}

/// A share in two digits.
fn share(x: f64) -> String {
    if (0.001..1000.0).contains(&x) { axis::figure((x * 1000.0).round() / 1000.0) } else { format!("{x:.1e}") }
}

/// How much of the last epoch's gradients clipping left, in words.
pub fn clipping(w: &Words, run: &Run) -> Option<String> {
    let (end, threshold) = (run.norms.last()?.0, f64::from(run.hyperparameters().clip));
    let last: Vec<f64> = run.norms.iter().filter(|(at, _)| *at > end - 1.0).map(|(_, norm)| *norm).collect();
    let left = last.iter().map(|norm| (threshold / norm.max(f64::MIN_POSITIVE)).min(1.0)).sum::<f64>();
    Some(fill(w.time_clipping, &[&format!("{:.0}", 100.0 * left / last.len() as f64)]))
}

/// Distance, and the norm of each curve.
pub fn csv(w: &Words, curves: &Curves, names: &[(u32, String)]) -> String {
    let legend = legend(w, curves, names);
    let mut out = "distance".to_owned();
    legend.iter().for_each(|(_, name, _)| out += &format!(",{}", quoted(name)));
    let longest = legend.iter().map(|(_, _, curve)| curve.norms.len()).max().unwrap_or(0);
    for d in 0..longest {
        out += &format!("\n{d}");
        for (_, _, curve) in &legend {
            out += &curve.norms.get(d).map_or(",".to_owned(), |norm| format!(",{norm}"));
        }
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::ENGLISH;

    fn curve(epoch: u32, scale: f32, factor: f32) -> Curve {
        Curve { run: 1, epoch, scale, norms: (0..50).map(|d| 0.5 * factor.powi(d)).collect() }
    }

    fn curves() -> Curves {
        Curves { newest: vec![curve(9, 1.0, 0.8), curve(9, 1.5, 1.2), curve(0, 1.0, 0.01)], ..Curves::default() }
    }

    #[test]
    fn curves_are_drawn_over_the_distance_on_a_logarithmic_axis() {
        let picture = picture(&ENGLISH, &curves(), 35).unwrap();
        assert!(picture.y.logarithmic && picture.x.high == 49.0);
        assert_eq!(picture.lines.len(), 3);
        let newest = picture.lines.last().unwrap();
        assert_eq!((newest.points.len(), newest.width, newest.dashed), (50, 2.5, false));
        assert!(picture.lines[1].dashed, "scaled");
        assert!(picture.lines[0].points.len() < 10, "nothing far below the axis");
        assert_eq!(picture.marks[0].0, 35.0);
        assert_eq!(super::picture(&ENGLISH, &Curves::default(), 35), None);
        let exploding = Curves { newest: vec![curve(9, 1.0, 0.8), curve(9, 3.0, 9.0)], ..Curves::default() };
        let picture = super::picture(&ENGLISH, &exploding, 35).unwrap();
        assert_eq!(picture.lines[1].points.len(), 50, "the network as it is can be seen");
    }

    #[test]
    fn the_factor_of_a_step_is_told() {
        let said = said(&ENGLISH, &curves(), 35).unwrap();
        assert!(said.contains("35 steps back") && said.contains("0.80") && said.contains("4.1e-4"), "{said}");
    }

    #[test]
    fn runs_are_named_where_there_are_several() {
        let mut curves = curves();
        let names = [(1, "RNN".to_owned()), (2, "LSTM".to_owned())];
        let of = |curves: &Curves| legend(&ENGLISH, curves, &names).into_iter().map(|of| of.1).collect::<Vec<_>>();
        assert_eq!(of(&curves), ["epoch 9", "epoch 9, weights × 1.5", "epoch 0"]);
        curves.kept.push(Curve { run: 2, ..curve(7, 1.0, 0.9) });
        assert!(of(&curves)[0].starts_with("RNN") && of(&curves)[3].starts_with("LSTM"), "{:?}", of(&curves));
        assert!(csv(&ENGLISH, &curves, &names).starts_with("distance,\"RNN"));
    }

    #[test]
    fn what_clipping_leaves_is_told() {
        let mut run = Run::new(1, Default::default(), &Default::default(), 0);
        assert_eq!(clipping(&ENGLISH, &run), None);
        run.norms = vec![(0.5, 9.0), (1.5, 1.0), (2.0, 2.0)];
        assert!(clipping(&ENGLISH, &run).unwrap().contains("75"), "of 1 and of 1/2");
    }
}

//! Axes with round tick values.

/// The last epoch on the axis: a round number with room for the curve to grow, at most the run's last epoch.
pub fn last_epoch(done: u32, total: u32) -> u32 {
    let round = (0..10).flat_map(|power| [1, 2, 5].map(|n| n * 10_u64.pow(power)));
    let room = round.filter(|&n| n >= 10).find(|&n| n >= u64::from(done)).unwrap_or(u64::from(done));
    u32::try_from(room).unwrap_or(u32::MAX).min(total.max(done)).max(2)
}

/// The upper end of an axis: a round number slightly above all values and `least`.
pub fn top(values: impl Iterator<Item = f64>, least: f64) -> f64 {
    let top = values.filter(|y| y.is_finite()).fold(least, f64::max);
    let step = 10_f64.powf(top.log10().floor()) / 2.0;
    (top * 1.02 / step).ceil() * step
}

/// One axis, from `low` to `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub logarithmic: bool,
}

impl Axis {
    pub fn linear(low: f64, high: f64) -> Self {
        Self { low, high, logarithmic: false }
    }

    /// The position of a value: 0 at `low`, 1 at `high`.
    pub fn position(&self, value: f64) -> f64 {
        if self.logarithmic {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// The value at a position.
    pub fn value(&self, position: f64) -> f64 {
        if self.logarithmic {
            self.low * (self.high / self.low).powf(position)
        } else {
            self.low + (self.high - self.low) * position
        }
    }

    /// Round tick values, about `most` at most.
    pub fn ticks(&self, most: usize) -> Vec<f64> {
        let round = if self.logarithmic { self.round_powers() } else { Vec::new() };
        if round.len() >= 3 { thin(round, most) } else { self.round_steps(most) }
    }

    /// 1, 2 and 5 times the powers of ten on the axis.
    fn round_powers(&self) -> Vec<f64> {
        let powers = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let round = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|n| n * 10_f64.powi(power)));
        round.filter(|tick| (self.low..=self.high).contains(tick)).collect()
    }

    /// Multiples of the smallest step, 1, 2 or 5 times a power of ten, that gives at most `most` ticks.
    fn round_steps(&self, most: usize) -> Vec<f64> {
        let least = (self.high - self.low) / most.max(1) as f64;
        let power = 10_f64.powf(least.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|step| *step >= least * 0.999);
        let step = step.unwrap_or(10.0 * power);
        let range = (self.low / step - 1e-9).ceil() as i64..=(self.high / step + 1e-9).floor() as i64;
        range.map(|i| i as f64 * step).collect()
    }
}

/// All of these ticks if they are at most `most`, else the powers of ten among them, else every nth of those.
fn thin(round: Vec<f64>, most: usize) -> Vec<f64> {
    if round.len() <= most {
        return round;
    }
    let tens: Vec<f64> = round.into_iter().filter(|tick| (tick.log10() - tick.log10().round()).abs() < 1e-9).collect();
    let stride = tens.len().div_ceil(most.max(1)).max(1);
    tens.into_iter().step_by(stride).collect()
}

/// A tick's label, without trailing zeros.
pub fn figure(tick: f64) -> String {
    if tick.abs() >= 1e5 || (tick != 0.0 && tick.abs() < 1e-3) {
        return format!("{tick:.1e}").replace(".0e", "e");
    }
    let text = format!("{tick:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_axis_grows_in_round_steps_up_to_the_end() {
        assert_eq!(last_epoch(0, 500), 10);
        assert_eq!(last_epoch(11, 500), 20);
        assert_eq!(last_epoch(201, 500), 500);
        assert_eq!(last_epoch(15, 15), 15);
        assert_eq!(last_epoch(1, 1), 2);
        assert_eq!(last_epoch(0, 0), 2);
    }

    #[test]
    fn the_top_is_round_and_above() {
        let top = |values: &[f64]| super::top(values.iter().copied(), 2.0);
        assert!((top(&[24.1]) - 25.0).abs() < 1e-9);
        assert!((top(&[1.03]) - 2.5).abs() < 1e-9);
        assert!(top(&[f64::NAN, 3.0]) >= 3.0);
    }

    #[test]
    fn ticks_are_round() {
        let said = |axis: Axis, most| axis.ticks(most).into_iter().map(figure).collect::<Vec<_>>();
        assert_eq!(said(Axis::linear(1.0, 30.0), 6), ["5", "10", "15", "20", "25", "30"]);
        assert_eq!(
            said(Axis::linear(0.0, 500.0), 11),
            ["0", "50", "100", "150", "200", "250", "300", "350", "400", "450", "500"]
        );
        assert_eq!(said(Axis::linear(0.0, 1.0), 5), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        let log = |low, high| Axis { low, high, logarithmic: true };
        assert_eq!(said(log(1.0, 30.0), 8), ["1", "2", "5", "10", "20"]);
        assert_eq!(said(log(1.0, 3e6), 4), ["1", "100", "1e4", "1e6"].map(|t| if t == "1e4" { "10000" } else { t }));
        assert_eq!(said(log(1e-7, 1.0), 4), ["1e-7", "1e-5", "0.001", "0.1"]);
        assert_eq!(said(log(1.0, 1.5), 5), ["1", "1.1", "1.2", "1.3", "1.4", "1.5"]);
    }

    proptest! {
        #[test]
        fn positions_and_values_are_inverse(position in 0.0f64..1.0, high in 1.5f64..1e6, logarithmic: bool) {
            let axis = Axis { low: 1.0, high, logarithmic };
            prop_assert!((axis.position(axis.value(position)) - position).abs() < 1e-9);
        }

        #[test]
        fn ticks_lie_on_the_axis_and_are_few(low in 0.1f64..10.0, span in 0.1f64..1e6, logarithmic: bool) {
            let ticks = Axis { low, high: low + span, logarithmic }.ticks(8);
            prop_assert!(!ticks.is_empty() && ticks.len() <= 10, "{:?}", ticks);
            prop_assert!(ticks.iter().all(|t| (low - span * 1e-6..=(low + span) * 1.000001).contains(t)), "{:?}", ticks);
        }
    }
}

//! The curve as the chart needs it: few enough points, and axes that end on round numbers.

/// One finished epoch and its perplexity.
pub type Point = (u32, f64);

/// At most about this many points are drawn.
pub const MOST_POINTS: usize = 1000;

/// A curve of at most [`MOST_POINTS`] points with the same outline: first, last, and the lowest and highest of every
/// stretch are kept. Points that are not finite are left out.
pub fn decimate(curve: &[Point]) -> Vec<Point> {
    let finite: Vec<Point> = curve.iter().copied().filter(|p| p.1.is_finite()).collect();
    if finite.len() <= MOST_POINTS {
        return finite;
    }
    let stretch = finite.len().div_ceil((MOST_POINTS - 2) / 2);
    let mut kept = vec![finite[0]];
    for points in finite.chunks(stretch) {
        let lowest = points.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let highest = points.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let (Some(&lowest), Some(&highest)) = (lowest, highest) else { continue };
        kept.extend(if lowest.0 < highest.0 { [lowest, highest] } else { [highest, lowest] });
    }
    kept.push(finite[finite.len() - 1]);
    kept.dedup();
    kept
}

/// The last epoch on the axis: a round number that leaves the curve room to grow, at most the run's end.
pub fn last_epoch(done: u32, total: u32) -> u32 {
    let round = (0..10).flat_map(|power| [1, 2, 5].map(|n| n * 10_u64.pow(power)));
    let room = round.filter(|&n| n >= 10).find(|&n| n >= u64::from(done)).unwrap_or(u64::from(done));
    u32::try_from(room).unwrap_or(u32::MAX).min(total.max(done)).max(2)
}

/// The highest perplexity on the axis: a little above the curve, on a round number.
pub fn highest(curve: &[Point]) -> f64 {
    let top = curve.iter().map(|p| p.1).filter(|y| y.is_finite()).fold(2.0, f64::max);
    let step = 10_f64.powf(top.log10().floor()) / 2.0;
    ((top * 1.02 / step).ceil() * step).max(2.0)
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
        assert!((highest(&[(1, 24.1)]) - 25.0).abs() < 1e-9);
        assert!((highest(&[(1, 1.03)]) - 2.5).abs() < 1e-9);
        assert!(highest(&[(1, f64::NAN), (2, 3.0)]) >= 3.0);
    }

    proptest! {
        #[test]
        fn thinning_keeps_ends_extremes_and_order(values in prop::collection::vec(1.0f64..100.0, 1..6000)) {
            let curve: Vec<Point> = (1..).zip(values).collect();
            let thin = decimate(&curve);
            prop_assert!(thin.len() <= MOST_POINTS + 2);
            prop_assert_eq!(thin.first(), curve.first());
            prop_assert_eq!(thin.last(), curve.last());
            prop_assert!(thin.windows(2).all(|w| w[0].0 < w[1].0));
            let top = |c: &[Point]| c.iter().map(|p| p.1).fold(0.0, f64::max);
            prop_assert_eq!(top(&thin), top(&curve));
        }
    }
}

//! Curves, and thinning of their points.

/// A finished epoch, counted from 1, and its perplexity.
pub type Point = (u32, f64);

/// About the largest number of points that are drawn.
const MOST_POINTS: usize = 1000;

/// Thins a curve to about [`MOST_POINTS`] points with the same outline: keeps the first, the last, and the lowest and
/// highest of every stretch. Drops points that are not finite.
pub fn thin(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let finite: Vec<(f64, f64)> = curve.iter().copied().filter(|p| p.1.is_finite()).collect();
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

/// The points with floating-point epochs.
pub fn points(curve: &[Point]) -> Vec<(f64, f64)> {
    curve.iter().map(|&(epoch, value)| (f64::from(epoch), value)).collect()
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn thinning_keeps_ends_extremes_and_order(values in prop::collection::vec(1.0f64..100.0, 1..6000)) {
            let curve: Vec<(f64, f64)> = (1..).map(f64::from).zip(values).collect();
            let thin = thin(&curve);
            prop_assert!(thin.len() <= MOST_POINTS + 2);
            prop_assert_eq!(thin.first(), curve.first());
            prop_assert_eq!(thin.last(), curve.last());
            prop_assert!(thin.windows(2).all(|w| w[0].0 < w[1].0));
            let top = |c: &[(f64, f64)]| c.iter().map(|p| p.1).fold(0.0, f64::max);
            prop_assert_eq!(top(&thin), top(&curve));
        }
    }
}

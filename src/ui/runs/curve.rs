//! Curves, and thinning of their points.

/// A finished epoch, counted from 1, and its perplexity.
pub type Point = (u32, f64);

/// About the largest number of points that are drawn.
const MOST_POINTS: usize = 1000;

/// Thins a curve to about [`MOST_POINTS`] points with the same outline: keeps the first, the last, and the lowest and
/// highest of every stretch. Drops points that are not finite.
pub fn thin<T: Copy + Into<f64>>(curve: &[(T, f64)]) -> Vec<(f64, f64)> {
    let count = curve.iter().filter(|p| p.1.is_finite()).count();
    let stretch = if count > MOST_POINTS { count.div_ceil((MOST_POINTS - 2) / 2) } else { 1 };
    // Not copied: of a long run they are many.
    let mut finite = curve.iter().filter(|p| p.1.is_finite()).map(|&(at, value)| (at.into(), value)).peekable();
    let mut kept: Vec<(f64, f64)> = finite.peek().copied().into_iter().collect();
    while let Some(first) = finite.next() {
        let (mut lowest, mut highest, mut last) = (first, first, first);
        for point in finite.by_ref().take(stretch - 1) {
            lowest = if point.1 < lowest.1 { point } else { lowest };
            highest = if point.1 >= highest.1 { point } else { highest };
            last = point;
        }
        kept.extend(if lowest.0 < highest.0 { [lowest, highest] } else { [highest, lowest] });
        kept.extend(finite.peek().is_none().then_some(last));
    }
    kept.dedup();
    kept
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

//! The teacher's view: large type; chart, sample and one figure; a key for everything.

use crate::ui::inside::look::View;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Trains, pauses, resumes.
    Hold,
    Epoch,
    Minibatch,
    Reset,
    /// Makes the perplexity axis logarithmic, or linear.
    Logarithmic,
    /// Moves through the epochs.
    Back,
    Forward,
    /// Shows a figure, or none.
    Figure(Option<View>),
    Larger,
    Smaller,
    Leave,
}

/// The keys of the teacher's view.
pub fn deed(key: &str) -> Option<Deed> {
    Some(match key {
        " " => Deed::Hold,
        "e" => Deed::Epoch,
        "m" => Deed::Minibatch,
        "r" => Deed::Reset,
        "l" => Deed::Logarithmic,
        "ArrowLeft" => Deed::Back,
        "ArrowRight" => Deed::Forward,
        "0" => Deed::Figure(None),
        "1" => Deed::Figure(Some(View::Memory)),
        "2" => Deed::Figure(Some(View::Unit)),
        "3" => Deed::Figure(Some(View::Time)),
        "4" => Deed::Figure(Some(View::Slow)),
        "+" | "=" => Deed::Larger,
        "-" => Deed::Smaller,
        "Escape" => Deed::Leave,
        _ => return None,
    })
}

/// The epoch that a step back or forward leads to: a hundredth of the way at a time, at least one.
pub fn step(epoch: u32, newest: u32, forward: bool) -> u32 {
    let by = (newest / 100).max(1);
    if forward { (epoch + by).min(newest) } else { epoch.saturating_sub(by) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_what_the_line_of_keys_says() {
        assert_eq!(deed(" "), Some(Deed::Hold));
        assert_eq!(deed("3"), Some(Deed::Figure(Some(View::Time))));
        assert_eq!([deed("x"), deed("Tab"), deed("Enter")], [None; 3]);
    }

    #[test]
    fn the_arrows_go_through_the_epochs() {
        assert_eq!((step(500, 500, false), step(3, 500, false), step(499, 500, true)), (495, 0, 500));
        assert_eq!((step(5, 20, true), step(0, 20, false)), (6, 0));
    }
}

//! Which rows of a long list are in the document. Only a few: every row makes adding another slower.

use std::ops::Range;

/// Rows are added in pieces of this many; at most two pieces are in the document.
pub const PIECE: usize = 100;

/// The last piece of `count` rows.
pub fn last(count: usize) -> Range<usize> {
    count.saturating_sub(PIECE)..count
}

/// A piece around one row.
pub fn around(row: usize, count: usize) -> Range<usize> {
    let end = (row + PIECE / 2).min(count);
    end.saturating_sub(PIECE)..end
}

/// These rows and the piece before them.
pub fn with_earlier(rows: &Range<usize>) -> Range<usize> {
    let start = rows.start.saturating_sub(PIECE);
    start..rows.end.min(start + 2 * PIECE)
}

/// These rows and the piece after them.
pub fn with_later(rows: &Range<usize>, count: usize) -> Range<usize> {
    let end = (rows.end + PIECE).min(count);
    rows.start.max(end.saturating_sub(2 * PIECE))..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_can_be_read_from_the_end_to_the_start_and_back() {
        let count = 1234;
        let mut rows = last(count);
        assert_eq!(rows, 1134..1234);
        while rows.start > 0 {
            let earlier = with_earlier(&rows);
            assert!(
                earlier.start < rows.start && earlier.end > rows.start && earlier.len() <= 2 * PIECE,
                "{earlier:?}"
            );
            rows = earlier;
        }
        assert_eq!(rows, 0..200);
        while rows.end < count {
            let later = with_later(&rows, count);
            assert!(later.end > rows.end && later.start < rows.end && later.len() <= 2 * PIECE, "{later:?}");
            rows = later;
        }
        assert_eq!(rows, 1034..1234);
    }

    #[test]
    fn the_piece_around_a_row_contains_it() {
        for count in [1, 99, 100, 101, 1234] {
            for row in (0..count).step_by(7).chain([count - 1]) {
                let rows = around(row, count);
                assert!(rows.contains(&row) && rows.end <= count && rows.len() <= PIECE, "{row} of {count}: {rows:?}");
            }
        }
        assert_eq!((last(7), with_earlier(&(0..7)), with_later(&(0..7), 7)), (0..7, 0..7, 0..7));
    }
}

//! What the network remembers, in shades and in words.

use crate::ui::chart::picture::quoted;
use crate::ui::language::words::{self, grouped};
use crate::ui::language::{Words, fill};

/// The shade of each character, from 0 to 1: its magnitude among those of the selection.
pub fn shades(magnitudes: &[f32]) -> Vec<f32> {
    let most = magnitudes.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    magnitudes.iter().map(|magnitude| magnitude / most).collect()
}

/// How far back the last character is whose magnitude is at least a tenth of the largest.
pub fn reach(magnitudes: &[f32]) -> usize {
    let shades = shades(magnitudes);
    shades.iter().position(|shade| *shade >= 0.1).map_or(0, |first| magnitudes.len() - 1 - first)
}

/// The figure in words.
pub fn said(w: &Words, of: Option<char>, magnitudes: &[f32]) -> String {
    let reach = reach(magnitudes);
    let of = fill(w.quote, &[&words::character(w, of)]);
    match reach {
        0 => fill(w.memory_last, &[&of]),
        _ if reach + 1 == magnitudes.len() => fill(w.memory_all, &[&of, &grouped(reach as u64)]),
        _ => fill(w.memory_reach, &[&of, &grouped(reach as u64)]),
    }
}

/// Position, character and magnitude, a row each.
pub fn csv(characters: &[Option<char>], magnitudes: &[f32]) -> String {
    let mut out = "position,character,magnitude\n".to_owned();
    for (at, (character, magnitude)) in characters.iter().zip(magnitudes).enumerate() {
        out += &format!("{at},{},{magnitude}\n", cell(*character));
    }
    out
}

/// A character for a CSV file; empty for `<unk>`.
pub fn cell(character: Option<char>) -> String {
    quoted(&character.map_or(String::new(), String::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::ENGLISH;

    #[test]
    fn the_reach_ends_where_the_magnitude_has_fallen_to_a_tenth() {
        assert_eq!(shades(&[1.0, 4.0]), [0.25, 1.0]);
        assert_eq!(reach(&[0.01, 0.05, 0.2, 1.0]), 1);
        assert_eq!(reach(&[0.5, 0.05, 0.2, 1.0]), 3);
        assert_eq!((reach(&[1.0]), reach(&[0.0, 0.0])), (0, 0));
        let said = said(&ENGLISH, Some('e'), &[0.01, 0.05, 0.2, 0.3, 1.0]);
        assert!(said.contains("finds “e” next") && said.contains("up to 2 before it"), "{said}");
    }

    #[test]
    fn the_data_have_a_row_for_each_character() {
        assert_eq!(csv(&[Some('"'), None], &[0.5, 1.0]), "position,character,magnitude\n0,\"\"\"\",0.5\n1,\"\",1\n");
    }
}

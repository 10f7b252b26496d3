//! What single units tell, in colours and in words.

use super::memory::cell;
use crate::kernels::note;
use crate::kernels::note::Row;
use crate::model::Config;
use crate::protocol::{Feature, Selective};
use crate::ui::language::{Words, fill, words};
use crate::ui::network::explain::network;

/// The rows of numbers that a unit has: the hidden state, gates, the cell state.
pub fn rows(config: &Config) -> &'static [Row] {
    note(network(config).cell).rows
}

/// A number of a row as a colour: from −1 to 1. Gates are from 0 to 1, so that what is closed has no colour.
pub fn tint(number: f32) -> f32 {
    number.clamp(-1.0, 1.0)
}

/// A feature's name.
pub fn feature(w: &Words, feature: Feature) -> String {
    match feature {
        Feature::Space => w.feature_space.to_owned(),
        Feature::LineEnd => w.feature_line_end.to_owned(),
        Feature::Vowel => w.feature_vowel.to_owned(),
        Feature::Capital => w.feature_capital.to_owned(),
        Feature::Digit => w.feature_digit.to_owned(),
        Feature::Punctuation => w.feature_punctuation.to_owned(),
        Feature::InWord(nth) => fill(w.feature_in_word, &[&nth.to_string()]),
        Feature::LateInWord => w.feature_late.to_owned(),
        Feature::Character(c) => fill(w.feature_character, &[&words::character(w, Some(c))]),
        Feature::Next(c) => fill(w.feature_next, &[&words::character(w, Some(c))]),
    }
}

/// What a unit of the ranking tells.
pub fn said(w: &Words, unit: &Selective) -> String {
    let state = if unit.above { w.unit_above } else { w.unit_below };
    fill(state, &[&format!("{:.2}", unit.threshold), &feature(w, unit.feature), &format!("{:.0}", unit.score * 100.0)])
}

/// All numbers of the unit at a position, in words.
pub fn numbers(rows: &[Row], numbers: &[Vec<f32>], at: usize) -> String {
    let said = rows.iter().zip(numbers).filter_map(|(row, numbers)| {
        let number = numbers.get(at)?;
        Some(format!("{} {number:.2}", row.name().replace("_{t}", "")))
    });
    said.collect::<Vec<_>>().join(" · ")
}

/// Position, character and all rows, a row each.
pub fn csv(characters: &[Option<char>], rows: &[Row], numbers: &[Vec<f32>]) -> String {
    let names: Vec<String> = rows.iter().map(|row| row.name().replace("_{t}", "")).collect();
    let mut out = format!("position,character,{}\n", names.join(","));
    for (at, character) in characters.iter().enumerate() {
        let of_row = numbers.iter().map(|row| row.get(at).map_or(String::new(), f32::to_string)).collect::<Vec<_>>();
        out += &format!("{at},{},{}\n", cell(*character), of_row.join(","));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::Cell;
    use crate::ui::language::{CHINESE, ENGLISH};

    #[test]
    fn units_are_told_in_words() {
        let unit =
            Selective { layer: 0, unit: 3, feature: Feature::Next('e'), threshold: -0.25, above: false, score: 0.914 };
        let said = said(&ENGLISH, &unit);
        assert!(said.contains("below -0.25") && said.contains("e comes next") && said.contains("91"), "{said}");
        assert!(super::said(&CHINESE, &unit).contains("-0.25"));
        assert_eq!(feature(&ENGLISH, Feature::InWord(2)), "character 2 of a word");
    }

    #[test]
    fn every_cell_has_its_rows() {
        let rows = |cell| rows(&Config { cell, ..Config::default() });
        assert_eq!(rows(Cell::Rnn).len(), 1);
        let lstm = rows(Cell::Lstm);
        let all = vec![vec![0.5, 0.25]; lstm.len()];
        assert_eq!(numbers(lstm, &all, 1), "H 0.25 · C 0.25 · I 0.25 · F 0.25 · O 0.25 · C̃ 0.25");
        assert!(csv(&[Some('a')], rows(Cell::Gru), &all).starts_with("position,character,H,R,Z,H̃\n0,\"a\",0.5"));
    }
}

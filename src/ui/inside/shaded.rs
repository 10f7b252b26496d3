//! Shaded text as SVG, to be saved.

use crate::ui::chart::svg::{Colours, escaped, open};

/// Characters of a line, and the size of each, in pixels.
const COLUMNS: usize = 64;
const CELL: (f64, f64) = (11.0, 24.0);
const MARGIN: f64 = 16.0;

/// How opaque a shade of 1 is: the text stays legible.
pub const OPAQUE: f32 = 0.45;

/// Text whose characters have a colour and its strength, from 0 to 1.
pub fn text(title: &str, characters: &[Option<char>], shades: &[(String, f32)], colours: &Colours<'_>) -> String {
    let rows = characters.len().div_ceil(COLUMNS);
    let titles = lines(title);
    let above = titles.len() as f64 + 0.5;
    let (width, height) = (COLUMNS as f64 * CELL.0 + 2.0 * MARGIN, (rows as f64 + above) * CELL.1 + 2.0 * MARGIN);
    let mut out = open(width, height, colours);
    for (row, title) in titles.iter().enumerate() {
        out += &format!(
            "<text x=\"{MARGIN}\" y=\"{}\" font-family=\"system-ui, sans-serif\" font-size=\"14\" fill=\"{}\">{}</text>",
            MARGIN + 14.0 + row as f64 * CELL.1,
            colours.soft,
            escaped(title)
        );
    }
    for (at, character) in characters.iter().enumerate() {
        let (x, y) = (MARGIN + (at % COLUMNS) as f64 * CELL.0, MARGIN + (above + (at / COLUMNS) as f64) * CELL.1);
        if let Some((colour, shade)) = shades.get(at) {
            out += &format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"{colour}\" fill-opacity=\"{:.3}\"/>",
                CELL.0,
                CELL.1 - 2.0,
                shade * OPAQUE
            );
        }
        let shown = character.filter(|c| !c.is_whitespace()).map(String::from);
        let shown = if character.is_none() { Some("\u{fffd}".to_owned()) } else { shown };
        if let Some(shown) = shown {
            out += &format!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-family=\"monospace\" font-size=\"15\" fill=\"{}\">{}</text>",
                x + CELL.0 / 2.0,
                y + 16.0,
                colours.ink,
                escaped(&shown)
            );
        }
    }
    out + "</svg>\n"
}

/// A sentence in lines that fit the picture; a character of Chinese is as wide as two.
fn lines(text: &str) -> Vec<String> {
    const WIDEST: usize = 100;
    let width = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let mut lines = vec![String::new()];
    for word in text.split_inclusive([' ', '，', '；', '：']) {
        let last = lines.last_mut().expect("there is a line");
        if width(last) + width(word) > WIDEST && !last.is_empty() {
            lines.push(word.to_owned());
        } else {
            last.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOURS: Colours<'static> = Colours { ink: "#000", soft: "#555", rule: "#ddd", sheet: "#fff" };

    #[test]
    fn shaded_text_has_a_cell_for_each_character() {
        let characters: Vec<Option<char>> = "a <b>".chars().map(Some).chain([None]).collect();
        let shades = vec![("#00f".to_owned(), 1.0); 6];
        let svg = text("what & why", &characters, &shades, &COLOURS);
        assert_eq!(svg.matches("<rect").count(), 1 + 6);
        assert!(svg.contains("fill-opacity=\"0.450\"") && svg.contains("what &amp; why"));
        assert!(svg.contains(">&lt;</text>") && !svg.contains("> </text>"));
        assert_eq!(svg.matches("<text").count(), 1 + 5, "a space is no text");
        assert_eq!(lines(&"words ".repeat(40)).len(), 3);
    }
}

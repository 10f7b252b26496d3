//! The settings as a short program: what these settings need of a template for all of them, so that no option is left
//! and nothing that a reader would have to skip.
//!
//! In the template (`assets/as_pytorch.py.txt`) lines of their own enclose a part: `#? CONDITION` before it, `#:` before
//! what stands in its place otherwise, `#.` after it. Parts nest. A condition compares settings by their keys:
//! `cell=lstm`, `layers>1 and style=scratch`, `vocab<28 or cleaning=verbatim`. `{{key}}` is the value of a setting, and
//! `{{KEY}}` the same in capitals.

use crate::model::config::{Config, whole};

/// The program for these settings.
pub fn program(template: &str, config: &Config) -> String {
    let mut program = String::with_capacity(template.len());
    // Whether each part stays that encloses the present line.
    let mut stays: Vec<bool> = Vec::new();
    for line in template.lines() {
        if let Some(condition) = line.strip_prefix("#? ") {
            stays.push(holds(condition, config));
        } else if line == "#." {
            stays.pop();
        } else if line == "#:"
            && let Some(last) = stays.last_mut()
        {
            *last = !*last;
        } else if stays.iter().all(|&part| part) {
            fill(line, config, &mut program);
        }
    }
    program
}

/// Whether a condition is true of these settings. `and` binds more tightly than `or`.
fn holds(condition: &str, config: &Config) -> bool {
    condition.split(" or ").any(|all| all.split(" and ").all(|one| compares(one, config)))
}

/// Whether a single comparison is true. Words and numbers are equal as they are written; only whole numbers can be less
/// or greater.
fn compares(comparison: &str, config: &Config) -> bool {
    let at = comparison.find(['=', '<', '>']).unwrap_or(comparison.len());
    let (key, right) = comparison.split_at(at);
    let own = config.get(key).unwrap_or_default();
    match right.split_at_checked(1) {
        Some(("=", value)) => own == value,
        Some(("<", value)) => whole(&own) < whole(value),
        Some((_, value)) => whole(&own) > whole(value),
        None => false,
    }
}

/// Appends a line with the values of its settings. What is no setting's key stays as it is.
fn fill(line: &str, config: &Config, program: &mut String) {
    let mut rest = line;
    while let Some((before, (name, after))) =
        rest.split_once("{{").and_then(|(before, inner)| Some((before, inner.split_once("}}")?)))
    {
        program.push_str(before);
        match config.get(&name.to_ascii_lowercase()) {
            Some(value) if name.starts_with(|c: char| c.is_ascii_uppercase()) => {
                program.push_str(&value.to_ascii_uppercase());
            }
            Some(value) => program.push_str(&value),
            None => program.extend(["{{", name, "}}"]),
        }
        rest = after;
    }
    program.push_str(rest);
    program.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::{Cell, Style};

    #[test]
    fn values_take_the_place_of_their_keys() {
        let config = Config { cell: Cell::Lstm, lr: 0.25, clip: 1e9, ..Config::default() };
        assert_eq!(program("nn.{{CELL}}({{hidden}})\n{{cell}}{{lr}}", &config), "nn.LSTM(512)\nlstm0.25\n");
        assert_eq!(program("{{clip}}, {{none}} and {{{}}}", &config), "1000000000, {{none}} and {{{}}}\n");
        assert_eq!(program("{{", &config), "{{\n");
    }

    #[test]
    fn a_part_stays_where_its_condition_holds() {
        let template = "a\n#? cell=lstm\nb\n#:\nc\n#? layers>1\nd\n#.\n#.\n    e\n";
        let of = |cell, layers| program(template, &Config { cell, layers, ..Config::default() });
        assert_eq!(of(Cell::Lstm, 2), "a\nb\n    e\n");
        assert_eq!(of(Cell::Rnn, 1), "a\nc\n    e\n");
        assert_eq!(of(Cell::Rnn, 2), "a\nc\nd\n    e\n");
    }

    #[test]
    fn what_stands_for_a_part_that_is_left_out_stays_out_of_an_enclosing_one() {
        let template = "#? cell=gru\n#? layers=1\na\n#:\nb\n#.\n#:\nc\n#.";
        assert_eq!(program(template, &Config::default()), "c\n");
    }

    #[test]
    fn conditions_are_joined_as_in_python() {
        let config = Config { style: Style::Concise, weight_decay: 0.001, layers: 3, ..Config::default() };
        for (condition, is) in [
            ("style=concise", true),
            ("layers=3", true),
            ("layers>2 and layers<4", true),
            ("layers>3", false),
            ("layers<3 or style=concise", true),
            ("cell=rnn and layers=1 or cell=gru and layers=3", false),
            ("cell=lstm or cell=rnn and layers=3", true),
            ("weight_decay=0.001", true),
            ("weight_decay=0", false),
            ("validation>0", false),
            ("vocab<4001", true),
            ("nothing=1", false),
            ("", false),
        ] {
            assert_eq!(holds(condition, &config), is, "{condition}");
        }
    }
}

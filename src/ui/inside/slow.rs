//! A time step in slow motion: the stages of one time step, each with its formula and its numbers.

use super::watch::UNITS;
use crate::kernels::note;
use crate::kernels::note::{Part, Row};
use crate::model::Config;
use crate::protocol::{Numbers, TimeStep};
use crate::ui::language::words::{self, grouped};
use crate::ui::language::{Words, fill};
use crate::ui::network::explain::{self, network};

/// A stage of a time step.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// As the notes write formulas.
    pub formula: String,
    /// Numbers with what they are, again as formulas.
    pub rows: Vec<(String, Vec<f32>)>,
    /// Characters with a number each, of the output.
    pub characters: Vec<(String, f32)>,
    pub note: String,
    /// Where the note and its kernels have it.
    pub place: Option<(explain::Stage, Part)>,
    pub backward: bool,
}

impl Stage {
    fn of(formula: impl Into<String>) -> Self {
        let (rows, characters) = (Vec::new(), Vec::new());
        Self { formula: formula.into(), rows, characters, note: String::new(), place: None, backward: false }
    }
}

/// The numbers of a tensor in a layer.
fn find<'a>(numbers: &'a [Numbers], name: &str, layer: u32) -> &'a [f32] {
    let found = numbers.iter().find(|of| of.name == name && of.layer == layer);
    found.map_or(&[], |of| &of.numbers)
}

/// One gate of a row of gates, each with as many shown units.
fn gate(numbers: &[f32], gate: usize, units: usize) -> Vec<f32> {
    numbers.chunks(units.max(1)).nth(gate).unwrap_or_default().to_vec()
}

/// The stages of a time step in a layer.
pub fn stages(w: &Words, config: &Config, step: &TimeStep, layer: u32) -> Vec<Stage> {
    let TimeStep { tokens: [read, next], likeliest, vocabulary, numbers } = step;
    let top = numbers.iter().map(|of| of.layer).max().unwrap_or(0);
    let layer = layer.min(top);
    let units = find(numbers, "states", layer).len();
    let mut stages = vec![Stage {
        note: fill(
            w.slow_one_hot,
            &[&words::character(w, read.1), &read.0.to_string(), &grouped((*vocabulary).into())],
        ),
        ..Stage::of("X_{t}")
    }];
    stages.extend(cell(config, numbers, layer, units));
    let (logits, softmax) = (find(numbers, "logits", top), find(numbers, "softmax", top));
    let named = |of: &[f32]| -> Vec<(String, f32)> {
        likeliest.iter().filter_map(|(id, c)| Some((words::character(w, *c), *of.get(*id as usize)?))).collect()
    };
    let output = |formula: &str, of: &[f32], place| Stage { characters: named(of), place, ..Stage::of(formula) };
    let forward = |part| Some((explain::Stage::Forward, part));
    let perplexity = |part| Some((explain::Stage::Perplexity, part));
    stages.push(output("O_{t} = H_{t} W_{hq} + b_{q}", logits, forward(Part::Output)));
    stages.push(output("p_{t} = softmax(O_{t})", softmax, perplexity(Part::Exponential)));
    let loss = -softmax.get(next.0 as usize).copied().unwrap_or(f32::NAN).ln();
    stages.push(Stage {
        note: fill(w.slow_loss, &[&words::character(w, next.1), &format!("{loss:.3}")]),
        place: perplexity(Part::Loss),
        ..Stage::of("loss_{t} = −log p_{t}(Y_{t})")
    });
    let back = |stage: Stage| Stage { backward: true, ..stage };
    stages.push(back(output(
        "∂loss/∂O_{t} = (p_{t} − Y_{t}) / T",
        find(numbers, "dlogits", top),
        perplexity(Part::Target),
    )));
    let dh = find(numbers, "dh", layer).to_vec();
    stages.push(back(Stage { rows: vec![("∂loss/∂H_{t}".into(), dh)], ..Stage::of("∂loss/∂H_{t}") }));
    stages.push(back(errors(config, numbers, layer, units)));
    stages
}

/// The stages of the cell: each formula of its note with its products and what comes of them.
fn cell(config: &Config, numbers: &[Numbers], layer: u32, units: usize) -> Vec<Stage> {
    let module = network(config).cell;
    let note = note(module);
    let find = |name: &str| find(numbers, name, layer);
    let gates = network(config).gates();
    // Of a cell's gates the input has the last, the state the first.
    let input = |row: usize| gate(find("w_x"), row - (gates.cell - gates.input).min(row), units);
    let state = |row: usize| match (find("w_h"), find("w_hg")) {
        ([], of_gates) if row < of_gates.len() / units.max(1) => gate(of_gates, row, units),
        ([], _) => gate(find("w_hn"), 0, units),
        (all, _) => gate(all, if row < all.len() / units.max(1) { row } else { 0 }, units),
    };
    let stage = |formula: &&'static str| {
        let symbol = formula.split(" = ").next().unwrap_or_default();
        let mut stage = Stage::of(*formula);
        let row = note.rows.iter().find(|row| row.name() == symbol);
        let products = |of: usize| vec![("X_{t} W_{x}".to_owned(), input(of)), ("H_{t−1} W_{h}".to_owned(), state(of))];
        let (value, part) = match row {
            Some(Row::Gate { gate: of, candidate, .. }) => {
                stage.rows = products(*of);
                (gate(find("gates"), *of, units), if *candidate { Part::Candidate } else { Part::Gates })
            }
            Some(Row::State { tensor, .. }) => {
                if note.rows.len() == 1 {
                    stage.rows = products(0);
                }
                let before = format!("{tensor}_before");
                stage.rows.insert(0, (symbol.replace("_{t}", "_{t−1}"), find(&before).to_vec()));
                let is_cell = *tensor != "states";
                let plain = note.rows.len() == 1;
                let part = if is_cell {
                    Part::Cell
                } else if plain {
                    Part::Activation
                } else {
                    Part::NewState
                };
                (find(tensor).to_vec(), part)
            }
            None => return stage,
        };
        stage.rows.push((symbol.to_owned(), value));
        stage.place = Some((explain::Stage::Forward, part));
        stage
    };
    note.formulas.iter().map(stage).collect()
}

/// The gradients of what the activations take, gate by gate.
fn errors(config: &Config, numbers: &[Numbers], layer: u32, units: usize) -> Stage {
    let rows = note(network(config).cell).rows;
    let dz = find(numbers, "dz", layer);
    let of_gates = rows.iter().filter_map(|row| match row {
        Row::Gate { name, gate: of, .. } => Some((format!("∂loss/∂{name}"), gate(dz, *of, units))),
        Row::State { .. } => None,
    });
    let mut shown: Vec<(String, Vec<f32>)> = of_gates.collect();
    if shown.is_empty() {
        shown.push(("∂loss/∂Z_{t}".into(), dz.to_vec()));
    }
    Stage { rows: shown, ..Stage::of("∂loss/∂Z_{t}") }
}

/// A number with three digits after the point, or in powers of ten.
pub fn number(x: f32) -> String {
    if x != 0.0 && x.abs() < 0.001 { format!("{x:.0e}") } else { format!("{x:.3}") }
}

/// What else there is of the network that is not shown, in words; empty if there is nothing.
pub fn more(w: &Words, config: &Config) -> String {
    let left = config.hidden.saturating_sub(UNITS);
    if left == 0 { String::new() } else { fill(w.slow_more, &[&UNITS.to_string(), &grouped(config.hidden.into())]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config::{Cell, Style};
    use crate::ui::language::ENGLISH;

    /// What the worker answers for this network, with numbers that can be told apart.
    fn numbers(config: &Config) -> Vec<Numbers> {
        let of = |name: &str, numbers: Vec<f32>| Numbers { name: name.into(), layer: 0, numbers };
        let gates = network(config).gates();
        let row = |first: f32, count: usize| (0..count).map(|i| first + i as f32).collect::<Vec<_>>();
        let mut all = vec![
            of("states_before", row(0.0, 2)),
            of("states", row(10.0, 2)),
            of("gates", row(20.0, 2 * gates.cell)),
            of("dh", row(30.0, 2)),
            of("dz", row(40.0, 2 * gates.cell)),
            of("w_x", row(50.0, 2 * gates.input)),
            of("logits", vec![0.0, 1.0, 3.0]),
            of("dlogits", vec![0.1, 0.2, -0.3]),
            of("softmax", vec![0.05, 0.15, 0.8]),
        ];
        match (config.cell, config.style) {
            (Cell::Gru, Style::Scratch) => all.extend([of("w_hg", row(60.0, 4)), of("w_hn", row(70.0, 2))]),
            _ => all.push(of("w_h", row(60.0, 2 * gates.state))),
        }
        if config.cell == Cell::Lstm {
            all.extend([of("cells_before", row(80.0, 2)), of("cells", row(90.0, 2))]);
        }
        all
    }

    fn stages_of(config: &Config) -> Vec<Stage> {
        let (tokens, likeliest) = ([(1, Some('a')), (2, Some('b'))], vec![(2, Some('b')), (1, Some('a')), (0, None)]);
        stages(&ENGLISH, config, &TimeStep { tokens, likeliest, vocabulary: 3, numbers: numbers(config) }, 0)
    }

    #[test]
    fn a_plain_step_goes_from_the_character_to_the_loss_and_back() {
        let stages = stages_of(&Config { style: Style::Concise, ..Config::default() });
        let formulas: Vec<&str> = stages.iter().map(|stage| stage.formula.split(" =").next().unwrap()).collect();
        assert_eq!(
            formulas,
            ["X_{t}", "H_{t}", "O_{t}", "p_{t}", "loss_{t}", "∂loss/∂O_{t}", "∂loss/∂H_{t}", "∂loss/∂Z_{t}"]
        );
        let labels: Vec<&str> = stages[1].rows.iter().map(|row| row.0.as_str()).collect();
        assert_eq!(labels, ["H_{t−1}", "X_{t} W_{x}", "H_{t−1} W_{h}", "H_{t}"]);
        assert_eq!(stages[1].rows[3].1, [10.0, 11.0]);
        assert_eq!(stages[3].characters, [("b".into(), 0.8), ("a".into(), 0.15), ("<unk>".into(), 0.05)]);
        assert!(stages[4].note.contains("0.223"), "{}", stages[4].note);
        assert!(stages[5..].iter().all(|stage| stage.backward) && !stages[4].backward);
    }

    #[test]
    fn gates_have_their_own_products() {
        let lstm = stages_of(&Config { cell: Cell::Lstm, ..Config::default() });
        let stage = |stages: &[Stage], symbol: &str| {
            stages.iter().find(|stage| stage.formula.starts_with(symbol)).unwrap().clone()
        };
        let output = stage(&lstm, "O_{t} = σ");
        assert_eq!(output.rows[0].1, [56.0, 57.0], "the fourth gate of the input");
        assert_eq!((output.rows[1].1.clone(), output.rows[2].1.clone()), (vec![66.0, 67.0], vec![26.0, 27.0]));
        assert_eq!(
            stage(&lstm, "C_{t}").rows,
            [("C_{t−1}".into(), vec![80.0, 81.0]), ("C_{t}".into(), vec![90.0, 91.0])]
        );
        let gru = stages_of(&Config { cell: Cell::Gru, ..Config::default() });
        assert_eq!(stage(&gru, "H̃_{t}").rows[1].1, [70.0, 71.0], "the candidate's own weights");
        let concise = stages_of(&Config { cell: Cell::Gru, style: Style::Concise, ..Config::default() });
        let reset = stage(&concise, "R_{t}");
        assert_eq!((reset.rows[0].1.clone(), reset.rows[1].1.clone()), (vec![50.0, 51.0], vec![62.0, 63.0]));
        assert_eq!(stage(&concise, "H̃_{t}").rows[1].1, [60.0, 61.0], "the state's part of the candidate comes first");
        for stages in [lstm, gru, concise] {
            assert!(stages.iter().flat_map(|stage| &stage.rows).all(|row| row.1.len() == 2), "{stages:#?}");
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.12345, -3.0, 0.00001, 0.0].map(number), ["0.123", "-3.000", "1e-5", "0.000"]);
    }
}

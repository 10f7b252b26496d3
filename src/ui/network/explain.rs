//! The explanations: for each stage a note, its formulas, the shapes for the current settings, and the kernels that
//! compute it, with the lines that match the formula's parts.

pub use crate::kernels::note::Lines;
use crate::kernels::note::{Note, Part};
use crate::kernels::{network_of, note};
use crate::model::Sizes;
use crate::model::config::{Config, OptimizerChoice};
use crate::network::{Dim, Module, Network};
use crate::ui::language::Words;
use crate::ui::language::words::grouped;

/// A stage of training or prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Minibatch,
    Forward,
    Perplexity,
    Clipping,
    Prediction,
}

/// The network of these settings, for explanations: its sizes don't matter.
pub fn network(config: &Config) -> Network {
    network_of(config, 2)
}

impl Stage {
    pub const ALL: [Self; 5] = [Self::Minibatch, Self::Forward, Self::Perplexity, Self::Clipping, Self::Prediction];

    /// The explanation in words.
    pub fn note(self, w: &Words) -> &'static str {
        match self {
            Self::Minibatch => w.explain_minibatch,
            Self::Forward => w.explain_forward,
            Self::Perplexity => w.explain_perplexity,
            Self::Clipping => w.explain_clipping,
            Self::Prediction => w.explain_prediction,
        }
    }

    /// The notes of the network's modules about this stage.
    fn notes(self, network: &Network) -> Vec<&'static Note> {
        let modules: &[&Module] = match self {
            Self::Minibatch => &[],
            Self::Forward | Self::Prediction => &[network.cell, network.output],
            Self::Perplexity => &[network.loss],
            Self::Clipping => &[network.optimizer],
        };
        modules.iter().map(|module| note(module)).collect()
    }

    /// Its formulas, in the book's symbols; `_{…}` is a subscript and `^{…}` a superscript.
    pub fn formulas(self, network: &Network) -> Vec<&'static str> {
        match self {
            Self::Minibatch => vec!["X, Y ∈ [0, V)^{B×T}", "Y_{b,t} = X_{b,t+1}"],
            Self::Prediction => vec!["x_{t+1} = argmax_{v} O_{t,v}", "surprisal = −log_{2} p(x)"],
            Self::Forward if network.layers > 1 => {
                let of_layers = ["X_{t}^{(l+1)} = H_{t}^{(l)}"];
                self.notes(network).iter().flat_map(|note| note.formulas).copied().chain(of_layers).collect()
            }
            stage => stage.notes(network).iter().flat_map(|note| note.formulas).copied().collect(),
        }
    }

    /// The shapes of the formulas' variables.
    pub fn shapes(self, config: &Config, vocabulary: u32) -> String {
        let network = network_of(config, vocabulary as usize);
        let item = |name: &str, sizes: &[usize]| {
            let sizes: Vec<String> = sizes.iter().map(|&size| grouped(size as u64)).collect();
            format!("{name} {}", sizes.join(" × "))
        };
        let Sizes { batch: b, steps: t, hidden: h, vocabulary: v } = network.sizes;
        let items = match self {
            Self::Minibatch => vec![item("B", &[b]), item("T", &[t]), item("V", &[v]), item("X, Y", &[b, t])],
            Self::Clipping => {
                let mut items = vec![item("g", &[network.parameter_count()])];
                let momentum = (config.optimizer == OptimizerChoice::Momentum).then_some(("μ", config.momentum));
                let rates = [("θ", config.clip), ("η", config.lr), ("λ", config.weight_decay)];
                items.extend(rates.into_iter().chain(momentum).map(|(name, rate)| format!("{name} {rate}")));
                items
            }
            Self::Prediction => vec![item("x", &[1]), item("H", &[1, h]), item("O", &[1, v])],
            stage => {
                let notes = stage.notes(&network);
                let shapes = notes.iter().flat_map(|note| note.shapes);
                let sizes = |dims: &[Dim]| dims.iter().map(|dim| dim.of(network.sizes)).collect::<Vec<_>>();
                shapes.map(|(name, dims)| item(name, &sizes(dims))).collect()
            }
        };
        items.join(" · ")
    }

    /// The kernels that compute it, with their annotated lines.
    pub fn kernels(self, network: &Network) -> Vec<&'static Lines> {
        let lines = |note: &'static Note| if self == Self::Prediction { note.prediction } else { note.training };
        self.notes(network).into_iter().flat_map(lines).collect()
    }
}

/// The name of a part of a formula.
pub fn part(w: &Words, part: Part) -> &'static str {
    match part {
        Part::Input => w.part_input,
        Part::State => w.part_state,
        Part::Bias => w.part_bias,
        Part::Activation => w.part_activation,
        Part::Gates => w.part_gates,
        Part::Candidate => w.part_candidate,
        Part::Cell => w.part_cell,
        Part::NewState => w.part_new_state,
        Part::Output => w.part_output,
        Part::Maximum => w.part_maximum,
        Part::Exponential => w.part_exponential,
        Part::Target => w.part_target,
        Part::Loss => w.part_loss,
        Part::Norm => w.part_norm,
        Part::Threshold => w.part_threshold,
        Part::Decay => w.part_decay,
        Part::Average => w.part_average,
        Part::Correction => w.part_correction,
        Part::Update => w.part_update,
    }
}

/// A piece of a formula: plain text, a subscript (`_{…}`) or a superscript (`^{…}`).
#[derive(Debug, PartialEq)]
pub enum Piece<'a> {
    Plain(&'a str),
    Low(&'a str),
    High(&'a str),
}

pub fn pieces(formula: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = formula;
    while let Some(at) = rest.find("_{").into_iter().chain(rest.find("^{")).min() {
        let end = rest[at..].find('}').map_or(rest.len(), |end| at + end);
        let index = &rest[at + 2..end];
        pieces.push(Piece::Plain(&rest[..at]));
        pieces.push(if rest.as_bytes()[at] == b'_' { Piece::Low(index) } else { Piece::High(index) });
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    pieces.push(Piece::Plain(rest));
    pieces
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::model::config::{Cell, Style};

    /// One network of each cell and style, with an optimizer of its own.
    fn networks() -> Vec<Network> {
        let optimizers = [OptimizerChoice::Sgd, OptimizerChoice::Momentum, OptimizerChoice::Adam];
        let cells = [Cell::Rnn, Cell::Gru, Cell::Lstm].into_iter().zip(optimizers);
        let of = |style, layers| {
            cells
                .clone()
                .map(move |(cell, optimizer)| network(&Config { cell, style, layers, optimizer, ..Config::default() }))
        };
        of(Style::Scratch, 1).chain(of(Style::Scratch, 2)).chain(of(Style::Concise, 3)).collect()
    }

    /// The text of a WGSL file in one of the folders of kernels.
    fn wgsl(name: &str) -> String {
        let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kernels").read_dir().unwrap();
        let files = folders.map(|folder| folder.unwrap().path().join(format!("{name}.wgsl")));
        let found: Vec<PathBuf> = files.filter(|file| file.exists()).collect();
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        std::fs::read_to_string(&found[0]).unwrap()
    }

    #[test]
    fn every_part_is_in_its_kernel() {
        for network in networks() {
            for lines in Stage::ALL.into_iter().flat_map(|stage| stage.kernels(&network)) {
                let wgsl = wgsl(lines.kernel);
                for (part, piece) in lines.parts {
                    let found = wgsl.lines().any(|line| lines.part(line) == Some(*part) && line.contains(piece));
                    assert!(found, "{}: {part:?} is not “{piece}”", lines.kernel);
                }
            }
        }
    }

    #[test]
    fn formulas_are_split_into_pieces() {
        assert_eq!(
            pieces("H_{t} = x^{2}y"),
            [Piece::Plain("H"), Piece::Low("t"), Piece::Plain(" = x"), Piece::High("2"), Piece::Plain("y")]
        );
        let formulas = |network: &Network| Stage::ALL.into_iter().flat_map(|stage| stage.formulas(network)).collect();
        for formula in networks().iter().flat_map(|network| -> Vec<&str> { formulas(network) }) {
            let text: String = pieces(formula)
                .iter()
                .map(|piece| match piece {
                    Piece::Plain(text) | Piece::Low(text) | Piece::High(text) => *text,
                })
                .collect();
            assert_eq!(text, formula.replace("_{", "").replace("^{", "").replace('}', ""), "{formula}");
        }
    }

    #[test]
    fn shapes_are_those_of_the_settings() {
        let config = Config { hidden: 1024, ..Config::default() };
        assert_eq!(Stage::Perplexity.shapes(&config, 28), "N = B · T = 1,120 · O 1,120 × 28");
        assert!(Stage::Forward.shapes(&config, 28).contains("W_hh 1,024 × 1,024"));
    }
}

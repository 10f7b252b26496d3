//! What the page can explain: for each stage its formula, the shapes for the present settings, and the kernels that
//! compute it, with the lines that name the formula's parts.

use crate::model::config::Config;
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

/// A part of a formula, and what a kernel's line has to contain to be about it.
pub struct Part {
    pub name: fn(&Words) -> &'static str,
    pub mark: &'static str,
}

/// A kernel's name, which is that of its file in `shaders/`, and the parts that it computes.
pub struct Kernel {
    pub name: &'static str,
    pub parts: &'static [Part],
}

macro_rules! parts {
    ($($name:ident $mark:literal),* $(,)?) => { &[$(Part { name: |w| w.$name, mark: $mark }),*] };
}

const STEP_FORWARD: Kernel = Kernel {
    name: "step_forward",
    parts: parts![
        part_input "let z = product + w_xh[",
        part_input "let token = inputs[",
        part_state "return mat4x4f(states[",
        part_bias "@binding(4) var<storage, read> b_h",
        part_activation "tanh_precise(z)",
    ],
};

const OUTPUT_FORWARD: Kernel =
    Kernel { name: "output_forward", parts: parts![part_output "return mat4x4f(w_hq[", part_bias "product + b_q["] };

const SOFTMAX_CROSS_ENTROPY: Kernel = Kernel {
    name: "softmax_cross_entropy",
    parts: parts![
        part_maximum "largest = max(",
        part_exponential "let e = exp(",
        part_target "let y = targets[n]",
        part_loss "losses[n] = log(sum)",
    ],
};

const CLIP_FACTOR: Kernel = Kernel {
    name: "clip_factor",
    parts: parts![part_norm "let norm = sqrt(", part_threshold "select(1.0, dims.clip / norm"],
};

const SGD_UPDATE: Kernel = Kernel { name: "sgd_update", parts: parts![part_update "let w = parameters[i] -"] };

const GENERATE_STATE: Kernel = Kernel {
    name: "generate_state",
    parts: parts![
        part_input "var z = w_xh[",
        part_state "z = fma(w_hh[",
        part_activation "tanh_precise(z)",
    ],
};

const GENERATE_LOGITS: Kernel =
    Kernel { name: "generate_logits", parts: parts![part_output "sum += dot(next_state", part_bias "var sum = b_q["] };

impl Stage {
    pub const ALL: [Self; 5] = [Self::Minibatch, Self::Forward, Self::Perplexity, Self::Clipping, Self::Prediction];

    /// What is to know about it.
    pub fn note(self, w: &Words) -> &'static str {
        match self {
            Self::Minibatch => w.explain_minibatch,
            Self::Forward => w.explain_forward,
            Self::Perplexity => w.explain_perplexity,
            Self::Clipping => w.explain_clipping,
            Self::Prediction => w.explain_prediction,
        }
    }

    /// Its formulas, in the book's letters; what stands after `_` up to the next space or bracket is an index.
    pub fn formulas(self) -> &'static [&'static str] {
        match self {
            Self::Minibatch => &["X, Y ∈ [0, V)^{B×T}", "Y_{b,t} = X_{b,t+1}"],
            Self::Forward => &["H_{t} = tanh(X_{t} W_{xh} + H_{t−1} W_{hh} + b_{h})", "O_{t} = H_{t} W_{hq} + b_{q}"],
            Self::Perplexity => &["perplexity = exp(−1/N ∑_{n} log softmax(O_{n})[y_{n}])"],
            Self::Clipping => &["g ← min(1, θ / ‖g‖) g", "w ← w − η g"],
            Self::Prediction => &["x_{t+1} = argmax_{v} O_{t,v}", "surprise = −log_{2} p(x)"],
        }
    }

    /// The shapes of what stands in the formulas.
    pub fn shapes(self, config: &Config, vocabulary: u32) -> String {
        let [b, t, h, v] = [config.batch, config.steps, config.hidden, vocabulary].map(u64::from);
        let item = |name: &str, sizes: &[u64]| {
            format!("{name} {}", sizes.iter().map(|&size| grouped(size)).collect::<Vec<_>>().join(" × "))
        };
        let items = match self {
            Self::Minibatch => vec![item("B", &[b]), item("T", &[t]), item("V", &[v]), item("X, Y", &[b, t])],
            Self::Forward => vec![
                item("Xₜ", &[b, v]),
                item("Hₜ", &[b, h]),
                item("W_xh", &[v, h]),
                item("W_hh", &[h, h]),
                item("W_hq", &[h, v]),
                item("Oₜ", &[b, v]),
            ],
            Self::Perplexity => vec![item("N = B · T =", &[b * t]), item("O", &[b * t, v])],
            Self::Clipping => {
                vec![item("g", &[2 * v * h + h * h + h + v]), format!("θ {}", config.clip), format!("η {}", config.lr)]
            }
            Self::Prediction => vec![item("x", &[1]), item("H", &[1, h]), item("O", &[1, v])],
        };
        items.join(" · ")
    }

    /// The kernels that compute it.
    pub fn kernels(self) -> &'static [&'static Kernel] {
        match self {
            Self::Minibatch => &[],
            Self::Forward => &[&STEP_FORWARD, &OUTPUT_FORWARD],
            Self::Perplexity => &[&SOFTMAX_CROSS_ENTROPY],
            Self::Clipping => &[&CLIP_FACTOR, &SGD_UPDATE],
            Self::Prediction => &[&GENERATE_STATE, &GENERATE_LOGITS],
        }
    }
}

impl Kernel {
    /// The part that a line of the kernel is about.
    pub fn part(&self, line: &str) -> Option<&'static Part> {
        self.parts.iter().find(|part| line.contains(part.mark))
    }
}

/// A formula in pieces: text, and what is to stand low (`_{…}`) or high (`^{…}`).
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
    use super::*;

    #[test]
    fn every_part_is_in_its_kernel() {
        for kernel in Stage::ALL.into_iter().flat_map(Stage::kernels) {
            let file = format!("{}/shaders/{}.wgsl", env!("CARGO_MANIFEST_DIR"), kernel.name);
            let source = std::fs::read_to_string(&file).unwrap();
            for part in kernel.parts {
                assert!(source.lines().any(|line| line.contains(part.mark)), "{} has no “{}”", kernel.name, part.mark);
            }
        }
    }

    #[test]
    fn formulas_fall_into_pieces() {
        assert_eq!(
            pieces("H_{t} = x^{2}y"),
            [Piece::Plain("H"), Piece::Low("t"), Piece::Plain(" = x"), Piece::High("2"), Piece::Plain("y")]
        );
        for formula in Stage::ALL.into_iter().flat_map(Stage::formulas) {
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

//! The shapes of a minibatch and of the parameters, and the results of the race, as text.

use crate::kernels::network_of;
use crate::model::config::Config;
use crate::network::Dim;
use crate::network::parameters_file::file_tensors;
use crate::protocol::{Lap, TextFacts};
use crate::ui::language::words::grouped;
use crate::ui::language::{Words, fill, words};

/// The text, its tokens and its vocabulary.
pub fn text(w: &Words, text: &TextFacts) -> String {
    let edition = if text.is_books { w.books_edition } else { &text.name };
    fill(w.text_tokens, &[edition, &grouped(text.tokens.into()), &text.vocabulary.to_string()])
}

/// The layers of the network and the number of its parameters.
pub fn network(w: &Words, config: &Config, vocabulary: u32) -> String {
    let parameters = network_of(config, vocabulary as usize).counts().parameters;
    let mut sizes = vec![vocabulary.into()];
    sizes.resize(1 + config.layers as usize, u64::from(config.hidden));
    sizes.push(vocabulary.into());
    let sizes: Vec<String> = sizes.into_iter().map(grouped).collect();
    let cell = words::value(w, &config.cell.to_string()).to_owned();
    fill(w.network_facts, &[&cell, &sizes.join(" → "), &grouped(parameters)])
}

/// The shapes of a minibatch, its one-hot encoding, the logits and the hidden state, in the book's order: X (B, T),
/// one-hot (T, B, V), Y (T·B, V), H (B, H).
pub fn shapes(w: &Words, config: &Config, vocabulary: u32) -> [String; 4] {
    let Config { batch, steps, hidden, .. } = *config;
    let [b, t, h, v] = [batch, steps, hidden, vocabulary].map(u64::from);
    let item = |name: &str, sizes: &[u64]| {
        let sizes: Vec<String> = sizes.iter().map(|&n| grouped(n)).collect();
        format!("{name} {}", sizes.join(" × "))
    };
    [item("X", &[b, t]), item(w.one_hot, &[t, b, v]), item("Y", &[t * b, v]), item("H", &[b, h])]
}

/// The tensors of a file of initial parameters, with their shapes: `w_xh (28, 512)`.
pub fn tensors(config: &Config, vocabulary: u32) -> Vec<String> {
    let sizes = |shape: &[usize]| shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let tensors = file_tensors(&network_of(config, vocabulary as usize)).into_iter();
    tensors.map(|tensor| format!("{} ({})", tensor.name, sizes(&tensor.shape))).collect()
}

/// The same with symbolic shapes, while the sizes are unknown: `w_xh (V, H)`.
pub fn tensors_in_letters() -> Vec<String> {
    let letters = |dims: &[Dim]| dims.iter().map(|dim| dim.letter()).collect::<Vec<_>>().join(", ");
    let tensors = file_tensors(&network_of(&Config::default(), 2)).into_iter();
    tensors.map(|tensor| format!("{} ({})", tensor.name, letters(&tensor.dims))).collect()
}

/// The speed of each device in the race.
pub fn race(w: &Words, laps: &[Lap]) -> String {
    let timed = laps.iter().filter_map(|lap| Some((lap, lap.tokens_per_second?)));
    let mut said: Vec<String> =
        timed.map(|(lap, speed)| fill(w.lap, &[&lap.name, &grouped(speed.round() as u64)])).collect();
    let missing = laps.len() - said.len();
    said.extend((missing > 0).then(|| fill(w.laps_not_timed, &[&missing.to_string()])));
    if said.is_empty() { w.none.to_owned() } else { said.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::language::ENGLISH;

    #[test]
    fn shapes_are_in_the_books_order() {
        let said = shapes(&ENGLISH, &Config::default(), 28);
        assert_eq!(said, ["X 32 × 35", "one-hot 35 × 32 × 28", "Y 1,120 × 28", "H 32 × 512"]);
        let config = Config { batch: 2, steps: 5, hidden: 1024, ..Config::default() };
        let said = shapes(&ENGLISH, &config, 3000);
        assert_eq!(said, ["X 2 × 5", "one-hot 5 × 2 × 3,000", "Y 10 × 3,000", "H 2 × 1,024"]);
    }

    #[test]
    fn the_tensors_of_a_file_are_named_with_their_shapes() {
        let said = tensors(&Config::default(), 28);
        assert_eq!(said, ["w_xh (28, 512)", "w_hh (512, 512)", "b_h (512)", "w_hq (512, 28)", "b_q (28)"]);
    }

    #[test]
    fn the_race_names_those_that_were_timed() {
        let lap = |name: &str, speed| Lap { name: name.into(), tokens_per_second: speed };
        assert_eq!(race(&ENGLISH, &[]), "–");
        let laps = [lap("CPU", Some(1234.4)), lap("GPU", None), lap("GPU, other", None)];
        assert_eq!(race(&ENGLISH, &laps), "CPU: 1,234 tokens/s; 2 more not timed");
    }
}

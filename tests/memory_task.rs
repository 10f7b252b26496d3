//! Networks that have to remember the first letter of a block for some steps show it: their connectivity has its peak
//! there and ends there. And the gradient of a plain RNN fades as theory says.

#![cfg(not(target_arch = "wasm32"))]

use std::rc::Rc;

use pollster::block_on;
use time_traveller::cpu::Cores;
use time_traveller::engine::Device;
use time_traveller::inside::Inside;
use time_traveller::kernels;
use time_traveller::model::config::{Cell, Cleaning, OptimizerChoice, Style};
use time_traveller::model::inside::{Answer, Question};
use time_traveller::model::{Config, Sizes};
use time_traveller::network::Parameters;
use time_traveller::text::Corpus;
use time_traveller::train::Session;

/// Steps from a block's letter to the mark after which it comes again.
const DISTANCE: usize = 8;

/// Blocks of a letter, others that are of no use, a mark, and the letter again: `cxzyxxwz?c`.
fn text(blocks: usize) -> String {
    let mut state = 12345_u32;
    let mut one_of = |letters: &str| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        letters.chars().nth((state >> 24) as usize % letters.len()).expect("it is one of them")
    };
    let mut text = String::new();
    for _ in 0..blocks {
        let letter = one_of("abcd");
        text.push(letter);
        (1..DISTANCE).for_each(|_| text.push(one_of("wxyz")));
        text.extend(['?', letter]);
    }
    text
}

fn ask(inside: &Inside, corpus: &Corpus, question: Question, passage: &str) -> Answer {
    let passage = corpus.vocabulary.encode(passage);
    block_on(inside.answer(question, &passage, &corpus.vocabulary, &corpus.tokens)).unwrap()
}

/// Trains until the letter is known.
fn train(cell: Cell) -> (Inside, Rc<Corpus>) {
    let corpus = Rc::new(Corpus::of(&text(400), Cleaning::Verbatim, 100));
    let config = Config {
        cell,
        style: Style::Concise,
        hidden: 24,
        batch: 16,
        steps: 3 * (DISTANCE as u32 + 2),
        tokens: corpus.tokens.len() as u32,
        optimizer: OptimizerChoice::Adam,
        lr: 0.01,
        epochs: 600,
        ..Config::default()
    };
    let mut session = block_on(Session::new(&Device::cpu(), &corpus, config)).unwrap();
    // The letter and those of no use are each one of four; the mark and the letter that comes again are known.
    let known = 4f64.powf(DISTANCE as f64 / (DISTANCE as f64 + 2.0)) * 1.01;
    loop {
        if let Some(epoch) = block_on(session.advance()).unwrap()
            && epoch.perplexity < known
        {
            break;
        }
        assert!(!session.is_finished(), "{cell:?} has not learned it");
    }
    (session.inside(None), corpus)
}

#[test]
fn a_network_that_copies_shows_its_memory_at_the_distance() {
    for cell in [Cell::Gru, Cell::Lstm] {
        let (inside, corpus) = train(cell);
        let passage = &text(12)[..12 * (DISTANCE + 2) - 1];
        let question = Question::Connectivity { at: passage.len() as u32 - 1 };
        let Answer::Connectivity { of, magnitudes } = ask(&inside, &corpus, question, passage) else {
            panic!("another answer");
        };
        let by_distance: Vec<f32> = magnitudes.into_iter().rev().collect();
        assert_eq!(of, passage.chars().rev().nth(DISTANCE), "the likeliest is the block's letter");
        // The last two tell how far the block is. An LSTM may take the letter from its hidden state, one step later: then
        // that step's input counts as well.
        let peak = by_distance[2..].iter().copied().fold(0.0, f32::max);
        let at = by_distance.iter().rposition(|magnitude| *magnitude == peak).expect("it is one of them");
        assert!([DISTANCE - 1, DISTANCE].contains(&at), "{cell:?}: by distance {by_distance:?}");
        // What was before the block is of no use.
        let before = by_distance[DISTANCE + 2..].iter().copied().fold(0.0, f32::max);
        assert!(by_distance[DISTANCE] > 2.0 * before, "{cell:?}: by distance {by_distance:?}");
    }
}

/// `‖∂loss/∂h_{T-d}‖` of a plain RNN whose `w_hh` is a rotation by some angle in each plane, times `radius`, and whose
/// states are small, so that tanh is nearly linear.
fn norms(radius: f32, scale: f32) -> Vec<f32> {
    const HIDDEN: usize = 10;
    let network = kernels::network(Sizes { batch: 1, steps: 1, hidden: HIDDEN, vocabulary: 3 });
    let mut parameters = Parameters::init(network, 1);
    parameters.tensor_mut("w_xh").iter_mut().for_each(|weight| *weight *= 0.01);
    let w_hh = parameters.tensor_mut("w_hh");
    w_hh.fill(0.0);
    for plane in 0..HIDDEN / 2 {
        let (sine, cosine) = (0.3 + plane as f32).sin_cos();
        let at = |row: usize, column: usize| (2 * plane + row) * HIDDEN + 2 * plane + column;
        w_hh[at(0, 0)] = radius * cosine;
        w_hh[at(0, 1)] = radius * sine;
        w_hh[at(1, 0)] = -radius * sine;
        w_hh[at(1, 1)] = radius * cosine;
    }
    let corpus = Corpus::of("ab", Cleaning::Verbatim, 3);
    let inside = Inside::new(&Cores::one(), &parameters, 0);
    let passage = "ab".repeat(20);
    match ask(&inside, &corpus, Question::GradientNorms { scale, epoch: None }, &passage) {
        Answer::GradientNorms { layers, .. } => layers[0].clone(),
        other => panic!("{other:?}"),
    }
}

/// A rotation keeps lengths, so each step back multiplies the norm by the radius: `radius^d`.
#[test]
fn the_gradient_of_a_plain_rnn_fades_and_explodes_as_theory_says() {
    for (radius, scale) in [(0.9, 1.0), (1.0, 1.0), (0.5, 1.8), (0.9, 1.2), (1.0, 0.7)] {
        let norms = norms(radius, scale);
        assert_eq!(norms.len(), 39);
        for (d, norm) in norms.iter().enumerate() {
            let (wanted, factor) = (norms[0] * (radius * scale).powi(d as i32), radius * scale);
            assert!((norm / wanted - 1.0).abs() < 0.01, "{d} steps back at {factor}: {norm}, by theory {wanted}");
        }
    }
}

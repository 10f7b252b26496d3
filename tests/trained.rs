#![cfg(not(target_arch = "wasm32"))]
//! The networks that the page opens with, as `cargo xtask networks` leaves them.

use time_traveller::model::Config;
use time_traveller::model::trained::TRAINED;
use time_traveller::text::Corpus;
use time_traveller::train::Checkpoint;

const PUBLIC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/public/");

/// The largest file, for visitors on a slow line.
const MOST_BYTES: usize = 320_000;

fn read(file: &str) -> Vec<u8> {
    std::fs::read(format!("{PUBLIC}{file}"))
        .unwrap_or_else(|error| panic!("{file} can't be read ({error}): `cargo xtask networks` brings it."))
}

#[test]
fn each_is_whole_small_and_writes_words() {
    let novel = String::from_utf8(read("timemachine.txt")).unwrap();
    let words: std::collections::HashSet<String> = novel
        .split(|c: char| !c.is_ascii_alphabetic())
        .map(str::to_ascii_lowercase)
        .filter(|word| word.len() > 1)
        .collect();
    for trained in &TRAINED {
        let file = read(&trained.file());
        assert!(file.len() <= MOST_BYTES, "{}: {} bytes", trained.key, file.len());
        let checkpoint = Checkpoint::read(&file).unwrap_or_else(|error| panic!("{}: {error}", trained.key));
        assert_eq!(checkpoint.config, Config::with(trained.settings), "{}", trained.key);
        checkpoint.check(&Corpus::new(&novel)).unwrap_or_else(|error| panic!("{}: {error}", trained.key));
        let last = checkpoint.reports.last().expect("it was trained");
        assert_eq!(last.epoch, checkpoint.config.epochs, "{}", trained.key);
        assert!(last.perplexity < 2.2, "{}: {}", trained.key, last.perplexity);
        // The first and the last word may be cut.
        let said: Vec<&str> = last.sample.text.split(' ').collect();
        let known = said[1..said.len() - 1].iter().filter(|word| words.contains(**word) || word.len() == 1).count();
        // Processors round in their own ways, and one network in a few stumbles in its last sample.
        assert!(known >= 3, "{}: {}", trained.key, last.sample.text);
    }
}

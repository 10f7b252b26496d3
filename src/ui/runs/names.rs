//! Names of runs, from the settings that differ between them.

use super::run::Run;
use crate::model::config::{SETTINGS, Sampling, StateMode};
use crate::ui::language::{Words, fill, words};

/// The name of each run: the visitor's, or else the settings that differ from the visitor's other runs, or else its
/// number.
pub fn names(w: &Words, runs: &[Run]) -> Vec<String> {
    let own: Vec<&Run> = runs.iter().filter(|run| !run.is_trained).collect();
    let differs: Vec<&str> = SETTINGS.iter().map(|s| s.key).filter(|key| !same(&own, key)).collect();
    let parts: Vec<String> = runs.iter().map(|run| difference(w, run, &differs)).collect();
    let name = |(i, run): (usize, &Run)| match (run.name.is_empty(), parts[i].is_empty()) {
        (false, _) => run.name.clone(),
        _ if run.is_trained => fill(w.trained_name, &[&words::network(w, &run.config)]),
        (true, true) => fill(w.run_number, &[&run.number.to_string()]),
        (true, false) if parts.iter().filter(|name| **name == parts[i]).count() > 1 => {
            format!("{} ({})", parts[i], run.number)
        }
        _ => parts[i].clone(),
    };
    runs.iter().enumerate().map(name).collect()
}

fn same(runs: &[&Run], key: &str) -> bool {
    runs.windows(2).all(|pair| pair[0].config.get(key) == pair[1].config.get(key))
}

/// A run's values of the settings `keys`, and whatever else distinguishes it.
pub fn difference(w: &Words, run: &Run, keys: &[&str]) -> String {
    let config = &run.config;
    let mut parts: Vec<String> = Vec::new();
    for &key in keys {
        let value = config.get(key).unwrap_or_default();
        parts.push(match key {
            // The cell alone means one.
            "layers" if config.layers == 1 && keys.contains(&"cell") => continue,
            // Windows in random order imply it.
            "state" if config.sampling != Sampling::Sequential => continue,
            "state" if config.state == StateMode::Carry => w.name_carry.to_owned(),
            "state" => w.name_reset.to_owned(),
            _ => match words::name(w, key) {
                "" => words::value(w, &value).to_owned(),
                name => fill(w.item, &[name, &value]),
            },
        });
    }
    parts.extend(run.own_text.clone());
    parts.extend(run.from_file.then(|| w.name_from_file.to_owned()));
    parts.extend(run.branch.map(|epoch| fill(w.name_branch, &[&epoch.to_string()])));
    parts.extend(run.window_offset.map(|offset| fill(w.item, &[w.name_offset, &offset.to_string()])));
    parts.extend(run.is_changed().then(|| w.name_changed.to_owned()));
    parts.join(w.list_separator)
}

#[cfg(test)]
mod tests {
    use super::super::run::Origin;
    use super::*;
    use crate::model::config::{Cell, Config};
    use crate::ui::language::{CHINESE, ENGLISH};

    fn run(number: u32, config: Config) -> Run {
        Run::new(number, config, &Origin::default(), 0)
    }

    #[test]
    fn runs_are_named_by_what_differs() {
        let book = Config::default();
        let random = Config { sampling: Sampling::Random, state: StateMode::Reset, ..book };
        let wide = Config { hidden: 256, ..random };
        assert_eq!(names(&ENGLISH, &[run(3, book)]), ["Run 3"]);
        assert_eq!(names(&ENGLISH, &[run(1, book), run(2, random)]), ["sequential, state carried", "random"]);
        assert_eq!(names(&CHINESE, &[run(1, random), run(2, wide)]), ["隐藏单元 512", "隐藏单元 256"]);
        let [gru, lstm] = [Cell::Gru, Cell::Lstm].map(|cell| Config { cell, ..book });
        let deep = Config { layers: 2, ..lstm };
        let networks = [run(1, gru), run(2, lstm), run(3, deep)];
        assert_eq!(names(&ENGLISH, &networks), ["GRU", "LSTM", "LSTM, layers 2"]);
        assert_eq!(names(&ENGLISH, &networks[1..]), ["layers 1", "layers 2"]);
        let trained = Run { is_trained: true, ..run(1, gru) };
        assert_eq!(names(&ENGLISH, &[trained, run(2, book)]), ["GRU, trained before", "Run 2"]);
        let mut named = [run(1, wide), run(2, random), run(3, random)];
        named[0].name = "mine".into();
        assert_eq!(names(&ENGLISH, &named), ["mine", "hidden 512 (2)", "hidden 512 (3)"]);
        named[1].from_file = true;
        named[2].window_offset = Some(3);
        named[1].branch = Some(120);
        named[2].own_text = Some("mine.txt".into());
        assert_eq!(
            names(&ENGLISH, &named)[1..],
            ["hidden 512, from a file, from epoch 120", "hidden 512, mine.txt, offset 3"]
        );
    }
}

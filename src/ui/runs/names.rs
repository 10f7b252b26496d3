//! Names of runs, from the settings that differ between them.

use super::run::Run;
use crate::model::config::{Config, SETTINGS, Sampling, StateMode, Style};
use crate::model::preset::Preset;
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
    // The cell alone means one layer.
    let is_said = |key: &&str| *key != "layers" || config.layers > 1 || !keys.contains(&"cell");
    let mut parts: Vec<String> =
        keys.iter().copied().filter(is_said).filter_map(|key| setting(w, config, key)).collect();
    parts.extend(run.own_text.clone());
    parts.extend(run.from_file.then(|| w.name_from_file.to_owned()));
    parts.extend(run.branch.map(|epoch| fill(w.name_branch, &[&epoch.to_string()])));
    parts.extend(run.window_offset.map(|offset| fill(w.item, &[w.name_offset, &offset.to_string()])));
    parts.extend(run.is_changed().then(|| w.name_changed.to_owned()));
    parts.join(w.list_separator)
}

/// One setting; `None` if another one implies it.
fn setting(w: &Words, config: &Config, key: &str) -> Option<String> {
    let value = config.get(key).unwrap_or_default();
    Some(match key {
        // Windows in random order imply it.
        "state" if config.sampling != Sampling::Sequential => return None,
        "state" if config.state == StateMode::Carry => w.name_carry.to_owned(),
        "state" => w.name_reset.to_owned(),
        _ => match words::name(w, key) {
            "" => words::value(w, &value).to_owned(),
            name => fill(w.item, &[name, &value]),
        },
    })
}

/// What is set, in a line: the book's run or the network, its sizes, and whatever else differs from the book's.
pub fn line(w: &Words, config: &Config, others: impl IntoIterator<Item = String>) -> String {
    const SAID: [&str; 6] = ["cell", "style", "layers", "hidden", "epochs", "lr"];
    let preset = Preset::of(config);
    let network = || {
        let how = if config.style == Style::Scratch { w.line_scratch } else { w.line_concise };
        fill(how, &[&words::network(w, config)])
    };
    let mut parts = vec![
        preset.map_or_else(network, |preset| words::preset(w, preset.key).to_owned()),
        fill(w.line_units, &[&config.hidden.to_string()]),
        words::epochs(w, config.epochs),
        fill(w.item, &[words::name(w, "lr"), &config.lr.to_string()]),
    ];
    let usual = preset.map_or_else(Config::default, Preset::config);
    let differs = |key: &&str| !SAID.contains(key) && config.get(key) != usual.get(key);
    parts.extend(SETTINGS.iter().map(|s| s.key).filter(differs).filter_map(|key| setting(w, config, key)));
    parts.extend(others);
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::super::run::Origin;
    use super::*;
    use crate::model::config::{AutoOr, Cell, EngineChoice};
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

    #[test]
    fn a_line_says_what_is_set() {
        let book = Config::default();
        let wide = Config { hidden: 64, lr: 0.5, ..book };
        let other = Config { cell: Cell::Lstm, layers: 2, sampling: Sampling::Random, state: StateMode::Reset, ..wide };
        let other = Config { style: Style::Concise, seed: 7, engine: EngineChoice::Cpu, ..other };
        for (config, english, chinese) in [
            (
                book,
                "8.5 RNN from scratch · 512 units · 500 epochs · learning rate 1",
                "8.5 循环神经网络从零开始实现 · 512 个隐藏单元 · 500 个轮次 · 学习率 1",
            ),
            (
                wide,
                "RNN from scratch · 64 units · 500 epochs · learning rate 0.5",
                "RNN 从零开始实现 · 64 个隐藏单元 · 500 个轮次 · 学习率 0.5",
            ),
            (
                other,
                "LSTM × 2, concise · 64 units · 500 epochs · learning rate 0.5 · random · seed 7 · CPU",
                "LSTM × 2 简洁实现 · 64 个隐藏单元 · 500 个轮次 · 学习率 0.5 · 随机 · 种子 7 · 仅 CPU",
            ),
        ] {
            assert_eq!(
                (line(&ENGLISH, &config, None).as_str(), line(&CHINESE, &config, None).as_str()),
                (english, chinese)
            );
        }
        let reset = Config { state: StateMode::Reset, threads: AutoOr(Some(2)), ..book };
        assert_eq!(
            line(&ENGLISH, &reset, Some("mine.txt".to_owned())),
            "8.5 RNN from scratch, state reset · 512 units · 500 epochs · learning rate 1 · threads 2 · mine.txt"
        );
    }
}

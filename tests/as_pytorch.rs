//! The PyTorch program of the settings, for every network, sampling and optimizer: nothing is left of the template, it is
//! indented as Python wants it, and it has what its settings need and nothing else.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::HashSet;

use time_traveller::model::Config;
use time_traveller::model::config::{
    Cell, Cleaning, OptimizerChoice, SETTINGS, Sampling, StateMode, Style, Values, setting,
};
use time_traveller::ui::settings::program::program;

const TEMPLATE: &str = include_str!("../assets/as_pytorch.py.txt");

/// The settings that the template tells apart, and values of each.
const VARIED: [(&str, &[&str]); 8] = [
    ("cell", Cell::WORDS),
    ("style", Style::WORDS),
    ("layers", &["1", "2"]),
    ("sampling", Sampling::WORDS),
    ("state", StateMode::WORDS),
    ("optimizer", OptimizerChoice::WORDS),
    ("weight_decay", &["0", "0.001"]),
    ("cleaning", Cleaning::WORDS),
];

/// Settings with every combination of these values.
fn configs() -> Vec<Config> {
    let mut configs = vec![Config { validation: 100, ..Config::default() }, Config::default()];
    for (key, values) in VARIED {
        let with = |config: &Config, value: &str| {
            let mut config = *config;
            config.set(key, value).unwrap();
            config
        };
        configs = configs.iter().flat_map(|config| values.iter().map(move |value| with(config, value))).collect();
    }
    configs.retain(|config| config.check().is_ok());
    configs
}

/// Whether a line of the template begins or ends a part.
fn is_marker(line: &str) -> bool {
    ["#?", "#:", "#."].iter().any(|marker| line.trim_start().starts_with(marker))
}

/// How many brackets a line leaves open.
fn opened(line: &str) -> i32 {
    let count = |brackets: [char; 3]| line.matches(brackets).count() as i32;
    count(['(', '[', '{']) - count([')', ']', '}'])
}

#[test]
fn the_template_is_well_formed() {
    let mut parts = Vec::new();
    for line in TEMPLATE.lines() {
        if let Some(condition) = line.strip_prefix("#? ") {
            parts.push(false);
            for comparison in condition.split(" or ").flat_map(|all| all.split(" and ")) {
                let (key, value) = comparison.split_once(['=', '<', '>']).expect(line);
                let setting = setting(key).expect(line);
                assert!(setting.key == key && Config::default().set(key, value).is_ok(), "{line}");
            }
        } else if line == "#:" {
            let has_other = parts.last_mut().expect("#: belongs to a part");
            assert!(!std::mem::replace(has_other, true), "a part has one #:");
        } else if line == "#." {
            parts.pop().expect("#. ends a part");
        } else {
            assert!(!is_marker(line), "{line}");
        }
    }
    assert!(parts.is_empty(), "every part ends");
}

#[test]
fn every_program_is_python_from_the_first_line_to_the_last() {
    for config in configs() {
        let program = program(TEMPLATE, &config);
        let fault = |line: &str| format!("{line:?} of\n{program}");
        assert!(program.starts_with("\"\"\"The ") && program.ends_with("\nprint(predict('time traveller', 50))\n"));
        assert!(!program.contains("\n\n\n\n") && !program.contains('\t'), "{program}");
        // The depth of the line before, whether it opens a block, and its brackets.
        let (mut depth, mut opens_block, mut brackets) = (0, false, 0);
        let (_, code) = program.split_once("\n\"\"\"\n").expect("a docstring of several lines");
        for line in code.lines() {
            assert!(line == line.trim_end() && line.chars().count() < 80, "{}", fault(line));
            assert!(!is_marker(line) && !line.contains("{{") && !line.contains("}}"), "{}", fault(line));
            if line.is_empty() {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            if brackets == 0 {
                assert_eq!(indent % 4, 0, "{}", fault(line));
                assert!(if opens_block { indent == depth + 4 } else { indent <= depth }, "{}", fault(line));
                depth = indent;
            }
            brackets += opened(line);
            let code = line.split("  #").next().unwrap_or_default();
            opens_block = brackets == 0 && code.ends_with(':') && !code.trim_start().starts_with('#');
        }
        assert_eq!((brackets, opens_block), (0, false), "{program}");
    }
}

#[test]
fn every_program_has_what_its_settings_need_and_nothing_else() {
    for config in configs() {
        let program = program(TEMPLATE, &config);
        let has = |word: &str, is: bool| assert_eq!(program.contains(word), is, "{word} in\n{program}");
        let (is_scratch, is_deep) = (config.style == Style::Scratch, config.layers > 1);
        for (cell, layer, weight) in [
            (Cell::Rnn, "nn.RNN(", "H = torch.tanh("),
            (Cell::Gru, "nn.GRU(", "W_xz"),
            (Cell::Lstm, "nn.LSTM(", "W_xi"),
        ] {
            has(layer, config.cell == cell && !is_scratch);
            has(weight, config.cell == cell && is_scratch);
        }
        has("W_hq", is_scratch);
        has("class RNNModel(nn.Module):", !is_scratch);
        has("num_layers", is_deep);
        let is_by_hand = is_scratch && config.optimizer == OptimizerChoice::Sgd;
        has("def sgd(", is_by_hand);
        has("updater.step()", !is_by_hand);
        has("torch.optim.SGD(", !is_by_hand && config.optimizer != OptimizerChoice::Adam);
        has("torch.optim.Adam(", config.optimizer == OptimizerChoice::Adam);
        has("momentum = 0.9", config.optimizer == OptimizerChoice::Momentum);
        has("weight_decay", config.weight_decay > 0.0);
        has("random.shuffle(", config.sampling != Sampling::Sequential);
        has("random.randint(", config.sampling != Sampling::Windows);
        has("detach()", config.state == StateMode::Carry);
        has(".strip()", config.cleaning == Cleaning::Book);
        has("re.sub(", config.cleaning != Cleaning::Verbatim);
        has("import re\n", config.cleaning != Cleaning::Verbatim);
        has("[:4000]", config.cleaning == Cleaning::Verbatim);
        has("held-out", config.validation > 0);
    }
}

#[test]
fn every_line_of_the_template_is_in_some_program() {
    // Each line is replaced by its number.
    let number = |(i, line): (usize, &str)| if is_marker(line) { format!("{line}\n") } else { format!("{i}\n") };
    let numbers: String = TEMPLATE.lines().enumerate().map(number).collect();
    let mut written = HashSet::new();
    for config in configs() {
        written.extend(program(&numbers, &config).lines().map(str::to_owned));
    }
    for (i, line) in TEMPLATE.lines().enumerate().filter(|(_, line)| !is_marker(line)) {
        assert!(written.contains(&i.to_string()), "line {}: {line}", i + 1);
    }
}

/// Also of a setting that will be added: the program follows it, or it is named here.
#[test]
fn every_setting_has_an_effect() {
    let others = [("optimizer", "momentum"), ("cleaning", "verbatim"), ("state", "reset")];
    for setting in SETTINGS.iter().filter(|setting| !["engine", "threads"].contains(&setting.key)) {
        let mut config = Config::default();
        for (key, value) in others.iter().filter(|(key, _)| *key != setting.key) {
            config.set(key, value).unwrap();
        }
        let before = config.get(setting.key).unwrap();
        let values: Vec<String> = match setting.values {
            Values::Words(words) => words.iter().map(|&word| word.to_owned()).collect(),
            _ => vec!["1".to_owned(), "7".to_owned(), "0.5".to_owned()],
        };
        for value in values.iter().filter(|&value| *value != before) {
            let mut other = config;
            if other.set(setting.key, value).is_ok() {
                assert_ne!(program(TEMPLATE, &other), program(TEMPLATE, &config), "{}={value}", setting.key);
            }
        }
    }
}

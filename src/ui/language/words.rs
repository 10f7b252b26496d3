//! How the page puts numbers, times and samples into words.

use crate::model::config::Config;
use crate::model::{Sizes, parameters_file};
use crate::protocol::{Divergence, Lap, Quantity, Rates, Sample};
use crate::text::UNKNOWN_TEXT;
use crate::ui::chart::axis::Point;
use crate::ui::language::{Words, fill};
use crate::ui::runs::reference::{self, Reference};
use crate::ui::runs::state::{RunState, Status};

/// A perplexity as a plain number.
pub fn perplexity(value: f64) -> String {
    match value {
        1e6.. => format!("{value:.1e}"),
        1000.0.. => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// A whole number with thousands set apart: 10,000.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The shapes of what the network reads and makes in one minibatch, in the book's order: batch B, steps T, hidden
/// units H, vocabulary V.
pub fn shapes(w: &Words, config: &Config, vocabulary: u32) -> [String; 4] {
    let Config { batch, steps, hidden, .. } = *config;
    let [b, t, h, v] = [batch, steps, hidden, vocabulary].map(u64::from);
    let item = |name: &str, sizes: &[u64]| {
        let sizes: Vec<String> = sizes.iter().map(|&n| grouped(n)).collect();
        format!("{name} {}", sizes.join(" × "))
    };
    [item("X", &[b, t]), item(w.one_hot, &[t, b, v]), item("Y", &[t * b, v]), item("H", &[b, h])]
}

/// The tensors that a file of initial parameters is to hold, with their shapes: `w_xh (28, 512)`.
pub fn tensors(config: &Config, vocabulary: u32) -> [String; 5] {
    let [batch, steps, hidden, vocabulary] =
        [config.batch, config.steps, config.hidden, vocabulary].map(|size| size as usize);
    parameters_file::expected(Sizes { batch, steps, hidden, vocabulary }).map(|(name, shape)| {
        let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
        format!("{name} ({})", sizes.join(", "))
    })
}

/// A span of time as one says it: “about 4 min”.
pub fn duration(w: &Words, seconds: f64) -> String {
    if !seconds.is_finite() {
        return w.none.to_owned();
    }
    let seconds = seconds.max(0.0).round();
    let minutes = (seconds / 60.0).round();
    if seconds < 60.0 {
        fill(w.seconds, &[&seconds.to_string()])
    } else if minutes < 60.0 {
        fill(w.minutes, &[&minutes.to_string()])
    } else {
        fill(w.hours, &[&(minutes / 60.0).floor().to_string(), &(minutes % 60.0).to_string()])
    }
}

/// What the chart shows of a run, for those who do not see it.
pub fn chart_label(w: &Words, curve: &[Point], held_out: &[Point], reference: Option<&Reference>) -> String {
    let behind = reference.zip(curve.last()).and_then(|(reference, &(epoch, _))| {
        let epoch = epoch.min(reference::LAST);
        let value = format!("{:.1}", reference.perplexity(epoch)?);
        Some(fill(w.curve_behind, &[&reference.name(w), &value, &epoch.to_string()]))
    });
    let held_out = held_out.last().map(|&(_, value)| fill(w.curve_held_out, &[&format!("{value:.1}")]));
    curve_label(w, curve) + &held_out.unwrap_or_default() + &behind.unwrap_or_default()
}

fn curve_label(w: &Words, curve: &[Point]) -> String {
    let one = |value: f64| if value >= 1000.0 { perplexity(value) } else { format!("{value:.1}") };
    match (curve.first(), curve.last()) {
        (Some(&(first, start)), Some(&(last, end))) if first != last => {
            let (from, to, first, last) = (one(start), one(end), first.to_string(), last.to_string());
            if from == to {
                fill(w.curve_stayed, &[&from, &first, &last])
            } else {
                fill(if start > end { w.curve_fell } else { w.curve_rose }, &[&from, &first, &to, &last])
            }
        }
        (Some(&(epoch, value)), _) => fill(w.curve_one, &[&one(value), &epoch.to_string()]),
        _ => w.curve_nothing.to_owned(),
    }
}

/// Names the characters of a prefix that the network does not know, each of which is given once; `None` if it knows
/// them all.
pub fn unknown(w: &Words, characters: &[char]) -> Option<String> {
    let named: Vec<String> = characters.iter().map(|c| fill(w.quote, &[&c.to_string()])).collect();
    match named.as_slice() {
        [] => None,
        [one] => Some(fill(w.unknown_one, &[one])),
        [most @ .., last] => Some(fill(w.unknown_many, &[&most.join(w.list_separator), last])),
    }
}

/// The label of a setting's field.
pub fn label(w: &Words, key: &str) -> &'static str {
    match key {
        "hidden" => w.hidden,
        "batch" => w.batch,
        "steps" => w.steps,
        "epochs" => w.epochs,
        "lr" => w.lr,
        "clip" => w.clip,
        "tokens" => w.tokens,
        "sampling" => w.sampling,
        "state" => w.state,
        "seed" => w.seed,
        "engine" => w.engine,
        "cleaning" => w.cleaning,
        "kinds" => w.kinds,
        "validation" => w.validation,
        _ => w.window_offset,
    }
}

/// What a setting's word is called; a stray one stays as it is.
pub fn value<'a>(w: &Words, value: &'a str) -> &'a str {
    match value {
        "sequential" => w.sequential,
        "random" => w.random,
        "carry" => w.carry,
        "reset" => w.reset_state,
        "auto" => w.auto,
        "gpu" => w.gpu,
        "cpu" => w.cpu,
        "book" => w.cleaning_book,
        "verbatim" => w.verbatim,
        stray => stray,
    }
}

/// Where a run left the finite numbers.
pub fn divergence(w: &Words, divergence: &Divergence) -> String {
    let what = match divergence.quantity {
        Quantity::Loss => w.the_loss,
        Quantity::GradNorm => w.the_gradient_norm,
        Quantity::Weights => w.a_weight,
        Quantity::Perplexity => w.the_perplexity,
    };
    let [minibatch, epoch] = [divergence.minibatch, divergence.epoch].map(|n| (n + 1).to_string());
    fill(w.diverged, &[what, &minibatch, &epoch])
}

/// The way on from there.
pub fn proposal(w: &Words, divergence: &Divergence) -> String {
    let Rates { learning_rate, clip } = divergence.proposal;
    fill(w.go_on_with, &[&learning_rate.to_string(), &clip.to_string()])
}

/// So many epochs.
pub fn epochs(w: &Words, count: u32) -> String {
    fill(if count == 1 { w.epochs_one } else { w.epochs_many }, &[&grouped(count.into())])
}

/// An epoch's perplexity, and that of the held-out tokens.
pub fn moment(w: &Words, epoch: u32, value: f64, held_out: Option<f64>) -> String {
    let (epoch, value) = (epoch.to_string(), perplexity(value));
    match held_out.map(perplexity) {
        Some(held_out) => fill(w.at_epoch_held_out, &[&epoch, &value, &held_out]),
        None => fill(w.at_epoch_perplexity, &[&epoch, &value]),
    }
}

/// A character of the text as it can be seen.
pub fn character(w: &Words, character: Option<char>) -> String {
    match character {
        None => UNKNOWN_TEXT.to_owned(),
        Some(' ') => w.space.to_owned(),
        Some('\n') => w.line_end.to_owned(),
        Some(c) if c.is_control() || c.is_whitespace() || c == '\u{feff}' => format!("U+{:04X}", c as u32),
        Some(c) => c.to_string(),
    }
}

/// The bar's word for where the page stands.
pub fn status(w: &Words, state: &RunState) -> &'static str {
    match state.status {
        Status::Loading if state.ready() => w.preparing_run,
        // The worker opens the GPU first.
        Status::Loading if state.device.is_some() => w.loading_text,
        Status::Loading => w.looking_for_gpu,
        Status::Idle => w.ready,
        Status::Training => w.training,
        Status::Paused => w.paused,
        Status::Finished => w.finished,
        Status::Failed => w.failed,
    }
}

/// The title of the tab: how far the run is, then whose page it is.
pub fn title(state: &RunState) -> String {
    match (state.live(), state.perplexity) {
        (Some(_), Some(value)) => format!("{} · {} – Time Traveller", state.progress.epoch, perplexity(value)),
        _ => "Time Traveller".to_owned(),
    }
}

/// How this browser would give the page a GPU.
pub fn webgpu_advice(w: &Words, user_agent: &str, secure: bool) -> &'static str {
    let says = |name: &str| user_agent.contains(name);
    if !secure {
        w.advice_insecure
    } else if says("Firefox/") {
        w.advice_firefox
    } else if says("Chrome/") {
        if says("Linux") && !says("Android") { w.advice_chrome_linux } else { w.advice_chrome }
    } else if says("Safari/") {
        w.advice_safari
    } else {
        w.advice_chrome
    }
}

/// A sample in two parts: the prefix as the network read it, and what the network added.
pub fn parts(sample: &Sample) -> (&str, &str) {
    let read = |c| if sample.unknown.contains(&c) { UNKNOWN_TEXT.len() } else { c.len_utf8() };
    sample.text.split_at_checked(sample.prefix.chars().map(read).sum()).unwrap_or((&sample.text, ""))
}

/// An amount of memory.
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// The size of a file, which may be a small one.
pub fn file_size(bytes: u64) -> String {
    if bytes < 100_000 { format!("{:.1} kB", bytes as f64 / 1e3) } else { megabytes(bytes) }
}

/// How fast each device was in the race for the run.
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
    use crate::model::config::{SETTINGS, WINDOW_OFFSET};
    use crate::ui::language::ENGLISH;

    fn sample(prefix: &str, text: &str, unknown: &[char]) -> Sample {
        Sample { prefix: prefix.into(), text: text.into(), unknown: unknown.into() }
    }

    #[test]
    fn the_chart_is_told_in_words() {
        let chart_label = |curve: &[Point]| chart_label(&ENGLISH, curve, &[], None);
        assert_eq!(chart_label(&[]), "Perplexity per epoch: nothing to show before the first epoch is done");
        assert_eq!(chart_label(&[(1, 24.12)]), "Perplexity is 24.1 after epoch 1");
        assert_eq!(
            chart_label(&[(1, 24.12), (2, 30.0), (50, 8.61)]),
            "Perplexity fell from 24.1 at epoch 1 to 8.6 at epoch 50"
        );
        assert_eq!(chart_label(&[(1, 2.0), (2, 3.0)]), "Perplexity rose from 2.0 at epoch 1 to 3.0 at epoch 2");
        assert_eq!(chart_label(&[(1, 2.0), (2, 2.01)]), "Perplexity stayed at 2.0 from epoch 1 to epoch 2");
    }

    #[test]
    fn the_curve_behind_is_told_too() {
        let book = Reference::of(&Config::default());
        assert_eq!(chart_label(&ENGLISH, &[], &[], book), ENGLISH.curve_nothing);
        assert_eq!(
            chart_label(&ENGLISH, &[(1, 24.12), (50, 8.61)], &[(50, 9.04)], book),
            "Perplexity fell from 24.1 at epoch 1 to 8.6 at epoch 50; held out: 9.0; PyTorch, mean of four seeds: 8.5 at epoch 50"
        );
        assert!(chart_label(&ENGLISH, &[(1, 24.0), (700, 1.02)], &[], book).ends_with("seeds: 1.0 at epoch 500"));
    }

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(perplexity(8.5312), "8.53");
        assert_eq!((perplexity(12345.6), perplexity(2.379e28)), ("12346".into(), "2.4e28".into()));
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(291_356), "291,356");
        assert_eq!([1, 1_340, 100_000, 1_166_000].map(file_size), ["0.0 kB", "1.3 kB", "0.1 MB", "1.2 MB"]);
        assert_eq!(duration(&ENGLISH, 8.4), "8 s");
        assert_eq!(duration(&ENGLISH, 59.6), "1 min");
        assert_eq!(duration(&ENGLISH, 200.0), "3 min");
        assert_eq!(duration(&ENGLISH, 3599.0), "1 h 0 min");
        assert_eq!(duration(&ENGLISH, 7260.0), "2 h 1 min");
        assert_eq!(duration(&ENGLISH, f64::INFINITY), "–");
    }

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
    fn unknown_characters_are_named() {
        assert_eq!(unknown(&ENGLISH, &[]), None);
        assert_eq!(unknown(&ENGLISH, &['é']).unwrap(), "“é” is not in the vocabulary: read as <unk>.");
        assert_eq!(
            unknown(&ENGLISH, &['é', 'ß', '1']).unwrap(),
            "“é”, “ß” and “1” are not in the vocabulary: read as <unk>."
        );
    }

    #[test]
    fn a_sample_is_split_where_the_prefix_ends() {
        assert_eq!(parts(&sample("time", "time and", &[])), ("time", " and"));
        assert_eq!(parts(&sample("café", "caf<unk> the", &['é'])), ("caf<unk>", " the"));
        assert_eq!(parts(&sample("éa", "<unk>a", &['é'])), ("<unk>a", ""));
        assert_eq!(parts(&sample("long prefix", "short", &[])), ("short", ""));
    }

    #[test]
    fn labels_are_those_of_the_settings() {
        assert!(SETTINGS.iter().chain([&WINDOW_OFFSET]).all(|s| label(&ENGLISH, s.key) == s.label));
    }

    #[test]
    fn the_advice_is_the_browsers() {
        let advice = |agent| webgpu_advice(&ENGLISH, agent, true);
        assert!(
            advice("Mozilla/5.0 (X11; Linux x86_64) … Chrome/156.0 Safari/537.36").contains("enable-unsafe-webgpu")
        );
        assert!(advice("Mozilla/5.0 (Windows NT 10.0) … Chrome/120.0 Safari/537.36").contains("127"));
        assert!(advice("Mozilla/5.0 (Linux; Android 14) … Chrome/120.0 Safari/537.36").contains("127"));
        assert!(advice("Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0").contains("Firefox 141"));
        assert!(advice("Mozilla/5.0 (Macintosh) … Version/17.4 Safari/605.1.15").contains("Safari 26"));
        assert!(webgpu_advice(&ENGLISH, "Chrome/156", false).contains("localhost"));
    }

    #[test]
    fn the_race_names_those_that_were_timed() {
        let lap = |name: &str, speed| Lap { name: name.into(), tokens_per_second: speed };
        assert_eq!(race(&ENGLISH, &[]), "–");
        let laps = [lap("CPU", Some(1234.4)), lap("GPU", None), lap("GPU, other", None)];
        assert_eq!(race(&ENGLISH, &laps), "CPU: 1,234 tokens/s; 2 more left out");
    }
}

//! What single units tell about the text: their numbers over a passage, those that tell most, and where else they do.

use super::Inside;
use crate::error::Result;
use crate::kernels;
use crate::kernels::note::Row;
use crate::model::inside::{Feature, Place, Selective};
use crate::text::Vocabulary;

/// The units are ranked by so many rows of the text, spread over it, each of so many characters.
const SAMPLE_ROWS: usize = 16;
const SAMPLE_STEPS: usize = 220;

/// The first characters of each row do not count: the state is still nearly zero.
const WARM_UP: usize = 20;

/// Each row has logits for each character; so many in all.
const MOST_LOGITS: usize = 2_000_000;

/// States from −1 to 1 are sorted into so many bins, between which thresholds lie.
const BINS: usize = 64;

/// A feature counts that is, and is not, so of at least one position in a hundred.
const LEAST_SHARE: f32 = 0.01;

/// The most units that a ranking has.
const RANKED: usize = 100;

/// Characters of a place, and how many places are shown.
const PLACE: usize = 48;
const PLACES: usize = 5;

impl Inside {
    /// The numbers of a unit at each position of a passage, in the rows of its cell's note.
    pub(super) async fn unit(&self, passage: &[u32], layer: usize, unit: usize) -> Result<Vec<Vec<f32>>> {
        let network = self.parameters.network;
        let (hidden, layer) = (network.sizes.hidden, layer.min(network.top()));
        let unit = unit.min(hidden - 1);
        let read = self.read(passage, 1).await?;
        let every = |numbers: Vec<f32>, first: usize, stride: usize| -> Vec<f32> {
            numbers.into_iter().skip(first).step_by(stride).take(passage.len()).collect()
        };
        let row = |row: &Row| match *row {
            Row::State { tensor, .. } => every(read.tensor(tensor, layer), hidden + unit, hidden),
            Row::Gate { gate, .. } => {
                every(read.tensor("gates", layer), gate * hidden + unit, network.gates().cell * hidden)
            }
        };
        Ok(kernels::note(network.cell).rows.iter().map(row).collect())
    }

    /// The states `(steps, rows, H)` of a layer over rows of a text.
    async fn states(&self, layer: usize, tokens: &[u32], rows: usize) -> Result<Vec<f32>> {
        let mut states = self.read(tokens, rows).await?.tensor("states", layer);
        states.drain(..rows * self.parameters.network.sizes.hidden);
        Ok(states)
    }

    /// The units of a layer by how well a threshold of their state tells a feature of the text, at most one feature each.
    pub(super) async fn ranking(&self, layer: u32, vocabulary: &Vocabulary, text: &[u32]) -> Result<Vec<Selective>> {
        let network = self.parameters.network;
        let (hidden, layer) = (network.sizes.hidden, (layer as usize).min(network.top()));
        let sample = Sample::of(text, SAMPLE_ROWS, vocabulary.size());
        let warm_up = WARM_UP.min(sample.steps / 2);
        let counted: Vec<(usize, usize)> = (0..sample.firsts.len())
            .flat_map(|row| (warm_up..sample.steps).map(move |t| (row, t)))
            .map(|(row, t)| (t * sample.firsts.len() + row, sample.firsts[row] + t))
            .collect();
        let features = Features::of(vocabulary, text, counted.iter().map(|(_, at)| *at));
        let states = self.states(layer, &sample.tokens(text), sample.firsts.len()).await?;
        let mut ranking: Vec<Selective> = Vec::new();
        for unit in 0..hidden {
            let of_unit = counted.iter().map(|(position, _)| states[position * hidden + unit]);
            if let Some(found) = features.most_selective(of_unit) {
                let found = Selective { layer: layer as u32, unit: unit as u32, ..found };
                // By insertion, which is less code to load than a sort.
                let at = ranking.partition_point(|other| other.score >= found.score);
                if at < RANKED {
                    ranking.insert(at, found);
                    ranking.truncate(RANKED);
                }
            }
        }
        Ok(ranking)
    }

    /// The places of the text, apart from each other, where the unit is active for longest and most strongly.
    pub(super) async fn elsewhere(
        &self,
        unit: &Selective,
        vocabulary: &Vocabulary,
        text: &[u32],
    ) -> Result<Vec<Place>> {
        let network = self.parameters.network;
        let (hidden, layer) = (network.sizes.hidden, (unit.layer as usize).min(network.top()));
        let index = (unit.unit as usize).min(hidden - 1);
        let sample = Sample::of(text, 2 * SAMPLE_ROWS, vocabulary.size());
        let (rows, steps) = (sample.firsts.len(), sample.steps);
        let states = self.states(layer, &sample.tokens(text), rows).await?;
        let state = |row: usize, t: usize| states[(t * rows + row) * hidden + index];
        let sign = if unit.above { 1.0 } else { -1.0 };
        let mut best: Vec<(f32, usize, usize)> = Vec::new();
        let length = PLACE.min(steps);
        for row in 0..rows {
            for t in (0..=steps - length).step_by(length / 2) {
                let beyond = |t| f32::max(0.0, sign * (state(row, t) - unit.threshold));
                let activity: f32 = (t..t + length).map(beyond).sum();
                let overlaps = |&&(_, other, at): &&(f32, usize, usize)| other == row && at + length > t;
                let weaker = best.iter().rev().find(overlaps).is_none_or(|other| other.0 < activity);
                if activity > 0.0 && weaker {
                    best.retain(|&(_, other, at)| !(other == row && at + length > t));
                    let at = best.partition_point(|other| other.0 >= activity);
                    best.insert(at, (activity, row, t));
                }
            }
        }
        let place = |&(_, row, t): &(f32, usize, usize)| {
            let first = sample.firsts[row] + t;
            let characters = text[first..first + length].iter().map(|&id| vocabulary.character(id)).collect();
            Place { first: first as u32, characters, states: (t..t + length).map(|t| state(row, t)).collect() }
        };
        Ok(best.iter().take(PLACES).map(place).collect())
    }
}

/// Rows of a text, spread evenly over it.
struct Sample {
    /// The first token of each row.
    firsts: Vec<usize>,
    steps: usize,
}

impl Sample {
    fn of(text: &[u32], most_rows: usize, vocabulary: usize) -> Self {
        let steps = SAMPLE_STEPS.min(text.len());
        let rows = most_rows.min(text.len() / steps).min((MOST_LOGITS / (steps * vocabulary)).max(1));
        Self { firsts: (0..rows).map(|row| row * (text.len() - steps) / (rows - 1).max(1)).collect(), steps }
    }

    fn tokens(&self, text: &[u32]) -> Vec<u32> {
        self.firsts.iter().flat_map(|&first| &text[first..first + self.steps]).copied().collect()
    }
}

/// The features of some positions of a text.
struct Features {
    features: Vec<Feature>,
    /// For each position, those that are so, by index.
    of: Vec<Vec<u16>>,
    /// How often each is.
    counts: Vec<u32>,
}

impl Features {
    /// Of these positions; those too rare or too common are left out.
    fn of(vocabulary: &Vocabulary, text: &[u32], positions: impl Iterator<Item = usize>) -> Self {
        let (mut features, mut of, mut counts): (Vec<Feature>, Vec<Vec<u16>>, Vec<u32>) = Default::default();
        for at in positions {
            let here = features_at(vocabulary, text, at).into_iter().map(|feature| {
                let known = features.iter().position(|other| *other == feature);
                let index = known.unwrap_or_else(|| {
                    features.push(feature);
                    counts.push(0);
                    features.len() - 1
                });
                counts[index] += 1;
                index as u16
            });
            of.push(here.collect());
        }
        let least = LEAST_SHARE * of.len() as f32;
        let is_rare = |index: &u16| {
            let count = counts[usize::from(*index)] as f32;
            count < least || count > of.len() as f32 - least
        };
        let of = of.iter().map(|here| here.iter().copied().filter(|index| !is_rare(index)).collect()).collect();
        Self { features, of, counts }
    }

    /// The feature that a threshold of these states, one for each position, tells best.
    fn most_selective(&self, states: impl Iterator<Item = f32>) -> Option<Selective> {
        let bin = |state: f32| (((state + 1.0) / 2.0 * BINS as f32) as usize).min(BINS - 1);
        let mut all = [0_u32; BINS];
        let mut by_feature = vec![[0_u32; BINS]; self.features.len()];
        for (state, here) in states.zip(&self.of) {
            let bin = bin(state);
            all[bin] += 1;
            here.iter().for_each(|index| by_feature[usize::from(*index)][bin] += 1);
        }
        let positions = self.of.len() as f32;
        let mut best: Option<Selective> = None;
        for ((feature, with), &count) in self.features.iter().zip(&by_feature).zip(&self.counts) {
            if with.iter().all(|count| *count == 0) {
                continue;
            }
            let (mut above, mut above_with) = (0.0, 0.0);
            for threshold in (1..BINS).rev() {
                above += all[threshold] as f32;
                above_with += with[threshold] as f32;
                let count = count as f32;
                let difference = above_with / count - (above - above_with) / (positions - count);
                let score = difference.abs();
                if best.is_none_or(|best| score > best.score) {
                    let threshold = threshold as f32 / BINS as f32 * 2.0 - 1.0;
                    let above = difference > 0.0;
                    best = Some(Selective { layer: 0, unit: 0, feature: *feature, threshold, above, score });
                }
            }
        }
        best
    }
}

/// What is so of a position.
fn features_at(vocabulary: &Vocabulary, text: &[u32], at: usize) -> Vec<Feature> {
    let character = |at: usize| text.get(at).and_then(|&id| vocabulary.character(id));
    let mut found = Vec::new();
    found.extend(character(at + 1).map(Feature::Next));
    let Some(c) = character(at) else { return found };
    let kinds = [
        (c == ' ', Feature::Space),
        (c == '\n', Feature::LineEnd),
        ("aeiouAEIOU".contains(c), Feature::Vowel),
        (c.is_uppercase(), Feature::Capital),
        (c.is_numeric(), Feature::Digit),
        (c.is_ascii_punctuation(), Feature::Punctuation),
    ];
    found.extend(kinds.into_iter().filter(|(is_so, _)| *is_so).map(|(_, feature)| feature));
    if c.is_alphanumeric() {
        let before = (0..at).rev().take_while(|&at| character(at).is_some_and(char::is_alphanumeric)).take(5).count();
        found.push(if before < 4 { Feature::InWord(before as u32 + 1) } else { Feature::LateInWord });
    }
    found.push(Feature::Character(c));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "the time machine by h g wells and the time traveller who made it ";

    fn encoded() -> (Vocabulary, Vec<u32>) {
        let text = TEXT.repeat(4);
        let vocabulary = Vocabulary::new(&text);
        let tokens = vocabulary.encode(&text);
        (vocabulary, tokens)
    }

    /// The most selective feature of a unit whose state at each position is this.
    fn ranked(state: impl Fn(usize, char) -> f32) -> Selective {
        let (vocabulary, tokens) = encoded();
        let features = Features::of(&vocabulary, &tokens, 0..tokens.len());
        let states = TEXT.repeat(4).chars().enumerate().map(|(at, c)| state(at, c)).collect::<Vec<_>>();
        features.most_selective(states.into_iter()).unwrap()
    }

    #[test]
    fn a_units_best_feature_and_threshold_are_found() {
        let space = ranked(|_, c| if c == ' ' { 0.8 } else { -0.2 });
        assert_eq!((space.feature, space.above, space.score), (Feature::Space, true, 1.0));
        assert!((-0.2..0.8).contains(&space.threshold) && space.is_active(0.8) && !space.is_active(-0.2));
        let vowel = ranked(|_, c| if "aeiou".contains(c) { -0.9 } else { -0.5 });
        assert_eq!((vowel.feature, vowel.above, vowel.score), (Feature::Vowel, false, 1.0));
        assert!(vowel.is_active(-0.9) && !vowel.is_active(-0.5));
        let next = ranked(|at, _| if TEXT.chars().cycle().nth(at + 1) == Some('m') { 1.0 } else { 0.0 });
        assert_eq!((next.feature, next.score), (Feature::Next('m'), 1.0));
        let text: Vec<char> = TEXT.chars().collect();
        let is_second = |at: usize| {
            let of = |at: usize| text[at % text.len()] == ' ';
            at > 1 && of(at - 2) && !of(at - 1) && !of(at)
        };
        let second = ranked(|at, _| if is_second(at) || at == 1 { 0.3 } else { 0.1 });
        assert_eq!(second.feature, Feature::InWord(2));
    }

    #[test]
    fn noise_tells_little() {
        let noise = ranked(|at, _| ((at * at * 31 + at * 7) % 97) as f32 / 97.0 - 0.5);
        assert!(noise.score < 0.6, "{noise:?}");
    }

    #[test]
    fn rows_are_spread_over_the_text() {
        let text: Vec<u32> = (0..1000).collect();
        let sample = Sample::of(&text, 3, 28);
        assert_eq!((sample.firsts.clone(), sample.steps), (vec![0, 390, 780], 220));
        assert_eq!(sample.tokens(&text)[220..222], [390, 391]);
        let short = Sample::of(&text[..50], 16, 28);
        assert_eq!((short.firsts, short.steps), (vec![0], 50));
        assert_eq!(Sample::of(&text, 3, 5000).firsts, [0], "as many logits as memory can be spared for");
    }
}

//! The chain model: scores of features and of neighbouring tags, Viterbi decoding, averaged perceptron training.

use std::collections::HashMap;

use lexicon::Lexicon;

use super::{NameSpan, SENTENCE_CHARS_MAX, Sentence, TAGS, Tag, features, spans};

/// Passes over the training sentences.
const EPOCHS: usize = 12;
/// Seed of the order in which sentences are seen.
const SEED: u64 = 20_261_121;
/// A feature seen less often in training is left out.
const SEEN_MIN: u32 = 2;
/// Row of [`Chain`] that stands before the first character.
const START: usize = TAGS;

/// Scores of a tag, by tag.
type Scores = [f64; TAGS];
/// Score of a tag after another; the last row is the start.
type Chain = [Scores; TAGS + 1];

/// A trained tagger.
#[derive(Debug)]
pub struct Tagger {
    ids: HashMap<String, u32>,
    weights: Vec<Scores>,
    chain: Chain,
}

impl Tagger {
    /// Trains on labelled sentences; the same sentences and lexicon give the same tagger.
    pub fn train(sentences: &[Sentence], lexicon: &Lexicon) -> Self {
        let seen: Vec<Vec<Vec<String>>> =
            sentences.iter().map(|sentence| features::features(bounded(&sentence.chars), lexicon)).collect();
        let mut counts: HashMap<&str, u32> = HashMap::new();
        for feature in seen.iter().flatten().flatten() {
            *counts.entry(feature).or_insert(0) += 1;
        }
        let mut ids: HashMap<String, u32> = HashMap::new();
        let rows: Vec<Vec<Vec<u32>>> = seen
            .iter()
            .map(|sentence| {
                let row = |features: &Vec<String>| {
                    let often = features.iter().filter(|feature| counts[feature.as_str()] >= SEEN_MIN);
                    let next = |ids: &HashMap<String, u32>| u32::try_from(ids.len()).unwrap_or(u32::MAX);
                    often
                        .map(|feature| {
                            if let Some(id) = ids.get(feature) {
                                return *id;
                            }
                            let id = next(&ids);
                            ids.insert(feature.clone(), id);
                            id
                        })
                        .collect()
                };
                sentence.iter().map(row).collect()
            })
            .collect();
        let mut learner = Learner::new(ids.len());
        let mut order: Vec<usize> = (0..sentences.len()).collect();
        let mut state = SEED;
        for _ in 0..EPOCHS {
            shuffle(&mut order, &mut state);
            for at in &order {
                let tags = &sentences[*at].tags[..rows[*at].len()];
                learner.learn(&rows[*at], tags);
            }
        }
        let (weights, chain) = learner.averaged();
        Self { ids, weights, chain }
    }

    /// The names of a sentence.
    pub fn tag(&self, chars: &[char], lexicon: &Lexicon) -> Vec<NameSpan> {
        let rows: Vec<Vec<u32>> = features::features(bounded(chars), lexicon)
            .iter()
            .map(|features| features.iter().filter_map(|feature| self.ids.get(feature).copied()).collect())
            .collect();
        spans(&decode(&scores(&rows, &self.weights), &self.chain))
    }

    /// Number of features that carry a weight.
    pub fn features(&self) -> usize {
        self.weights.iter().filter(|scores| scores.iter().any(|score| *score != 0.0)).count()
    }
}

fn bounded(chars: &[char]) -> &[char] {
    &chars[..chars.len().min(SENTENCE_CHARS_MAX)]
}

/// Fisher–Yates by a linear congruential generator (Knuth's constants): the same on every machine.
fn shuffle(order: &mut [usize], state: &mut u64) {
    for at in (1..order.len()).rev() {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(*state >> 33).unwrap_or(0) % (at + 1);
        order.swap(at, other);
    }
}

/// A tag that may stand last in a sentence or before an unrelated one.
fn ends(tag: usize) -> bool {
    matches!(tag, 0 | 3 | 4 | 7 | 8)
}

/// A tag that may stand first.
fn begins(tag: usize) -> bool {
    matches!(tag, 0 | 1 | 4 | 5 | 8)
}

fn may_follow(tag: usize, next: usize) -> bool {
    match tag {
        1 | 2 => matches!(next, 2 | 3),
        5 | 6 => matches!(next, 6 | 7),
        _ => begins(next),
    }
}

fn scores(rows: &[Vec<u32>], weights: &[Scores]) -> Vec<Scores> {
    rows.iter()
        .map(|features| {
            let mut sum = [0.0; TAGS];
            for feature in features {
                for (sum, weight) in sum.iter_mut().zip(&weights[*feature as usize]) {
                    *sum += weight;
                }
            }
            sum
        })
        .collect()
}

/// The best legal row of tags.
fn decode(scores: &[Scores], chain: &Chain) -> Vec<Tag> {
    let mut best: Vec<Scores> = Vec::with_capacity(scores.len());
    let mut from: Vec<[Tag; TAGS]> = Vec::with_capacity(scores.len());
    for own in scores {
        let mut here = [f64::NEG_INFINITY; TAGS];
        let mut back = [0; TAGS];
        for tag in 0..TAGS {
            match best.last() {
                None if begins(tag) => here[tag] = chain[START][tag] + own[tag],
                None => {}
                Some(before) => {
                    for earlier in (0..TAGS).filter(|earlier| may_follow(*earlier, tag)) {
                        let score = before[earlier] + chain[earlier][tag];
                        if score > here[tag] {
                            here[tag] = score;
                            back[tag] = u8::try_from(earlier).unwrap_or(0);
                        }
                    }
                    here[tag] += own[tag];
                }
            }
        }
        best.push(here);
        from.push(back);
    }
    let Some(last) = best.last() else { return Vec::new() };
    let mut tag = (0..TAGS).filter(|tag| ends(*tag)).max_by(|a, b| last[*a].total_cmp(&last[*b])).unwrap_or(0);
    let mut tags = vec![0; scores.len()];
    for at in (0..scores.len()).rev() {
        tags[at] = u8::try_from(tag).unwrap_or(0);
        tag = usize::from(from[at][tag]);
    }
    tags
}

/// Weights while they are learnt, with the running sums that make the average.
struct Learner {
    weights: Vec<Scores>,
    sums: Vec<Scores>,
    chain: Chain,
    chain_sums: Chain,
    step: f64,
}

impl Learner {
    fn new(features: usize) -> Self {
        let zero = [[0.0; TAGS]; TAGS + 1];
        Self {
            weights: vec![[0.0; TAGS]; features],
            sums: vec![[0.0; TAGS]; features],
            chain: zero,
            chain_sums: zero,
            step: 1.0,
        }
    }

    fn learn(&mut self, rows: &[Vec<u32>], right: &[Tag]) {
        let found = decode(&scores(rows, &self.weights), &self.chain);
        let mut before = (START, START);
        for ((features, right), found) in rows.iter().zip(right).zip(&found) {
            let (right, found) = (usize::from(*right), usize::from(*found));
            if right != found {
                for feature in features {
                    for (tag, by) in [(right, 1.0), (found, -1.0)] {
                        self.weights[*feature as usize][tag] += by;
                        self.sums[*feature as usize][tag] += by * self.step;
                    }
                }
            }
            if right != found || before.0 != before.1 {
                for (earlier, tag, by) in [(before.0, right, 1.0), (before.1, found, -1.0)] {
                    self.chain[earlier][tag] += by;
                    self.chain_sums[earlier][tag] += by * self.step;
                }
            }
            before = (right, found);
        }
        self.step += 1.0;
    }

    fn averaged(self) -> (Vec<Scores>, Chain) {
        let average = |now: &Scores, sums: &Scores| {
            let mut average = *now;
            for (value, sum) in average.iter_mut().zip(sums) {
                *value -= sum / self.step;
            }
            average
        };
        let weights = self.weights.iter().zip(&self.sums).map(|(now, sums)| average(now, sums)).collect();
        let mut chain = self.chain;
        for (row, sums) in chain.iter_mut().zip(&self.chain_sums) {
            *row = average(row, sums);
        }
        (weights, chain)
    }
}

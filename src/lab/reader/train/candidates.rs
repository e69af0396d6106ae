//! What makes a candidate of an open text real: weights of its traits, and what they give on texts that were held out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lexicon::Lexicon;
use lexicon::judge::{Answers, Question};

use super::linear::{Rows, fit};
use super::{Options, calibrated};
use crate::reader::quality::Gold;
use crate::reader::stream;
use crate::reader::tally::{Rated, Tally};
use extract::inside::{Analysis, candidates, traits_of};

/// Candidates, right and wrong ones each, without which nothing is learned.
const CANDIDATES_MIN: usize = 50;
/// Thresholds that are shown, in hundredths.
const THRESHOLDS: [u32; 10] = [0, 10, 15, 20, 25, 30, 35, 40, 50, 60];
/// Smaller weights are dropped.
const LEAST: f64 = 0.02;
/// The trait of every candidate, and its size.
const ALWAYS: (&str, f64) = ("always:", 2.0);

/// What a threshold gives on held-out texts of a stream.
#[derive(Debug, Clone)]
pub struct Threshold {
    /// Candidates less likely than this are vetoed.
    pub least: f64,
    /// Pairs, by weight.
    pub pair: Rated,
    /// Texts with at least one signal, by weight.
    pub risk: Rated,
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rated { precision, recall, f1, .. } = self.pair;
        write!(f, "{:.2}  P {precision}  R {recall}  F1 {f1}  risk {}", self.least, self.risk.f1)
    }
}

/// Weights of traits.
pub(super) struct Traits {
    pub(super) weights: BTreeMap<String, f64>,
    /// Those that were fitted without one fold.
    pub(super) by_fold: Vec<BTreeMap<String, f64>>,
    pub(super) thresholds: Vec<Threshold>,
}

/// Labelled texts with what rules find in them and what the letters say of each clause.
#[derive(Clone, Copy)]
pub(super) struct Labelled<'a> {
    pub(super) gold: &'a [Gold],
    pub(super) analyses: &'a [Analysis],
    /// By weights that never saw the text.
    pub(super) answers: &'a [Answers],
    /// The fold in which each text is held out.
    pub(super) folds: &'a [usize],
}

/// A candidate of a text.
struct Candidate {
    text: usize,
    fold: usize,
    right: bool,
    /// How often it counts.
    weight: f64,
    /// Finds of it that are weighed.
    finds: usize,
}

/// Candidates with a row for each find.
struct Table {
    names: BTreeMap<String, u32>,
    labelled: Vec<Candidate>,
    /// Of each row its candidate.
    owners: Vec<usize>,
    full: Rows,
    thinned: Rows,
}

impl Traits {
    /// Fits weights on the candidates of texts of a stream; none when there are too few.
    pub(super) fn fit(
        texts: Labelled<'_>,
        questions: &[Question],
        lexicon: &Lexicon,
        options: &Options,
    ) -> Option<Self> {
        let table = Table::of(texts, questions, lexicon, options);
        let Table { names, labelled, owners, full, thinned } = &table;
        let right = labelled.iter().filter(|candidate| candidate.right).count();
        if right < CANDIDATES_MIN || labelled.len() - right < CANDIDATES_MIN {
            return None;
        }
        let all: Vec<usize> = (0..owners.len()).collect();
        let yes = |row: usize| labelled[owners[row]].right;
        let counts = |row: usize| labelled[owners[row]].weight / labelled[owners[row]].finds as f64;
        let mut unseen = vec![f64::NEG_INFINITY; labelled.len()];
        let mut fitted: Vec<Vec<f64>> = Vec::new();
        for fold in 0..options.folds.max(2) {
            let (out, kept): (Vec<usize>, Vec<usize>) =
                all.iter().partition(|row| labelled[owners[**row]].fold == fold);
            let weights = fit(thinned, &kept, yes, options.traits, counts);
            for row in out {
                let best = &mut unseen[owners[row]];
                *best = best.max(full.score(row, &weights));
            }
            fitted.push(weights);
        }
        let (slope, shift) = calibrated(&unseen, |at| labelled[at].right, |at| labelled[at].weight);
        let named = |weights: &[f64]| {
            let of = |(name, at): (&String, &u32)| {
                let always = if name == ALWAYS.0 { shift / ALWAYS.1 } else { 0.0 };
                (name.clone(), weights[*at as usize] * slope + always)
            };
            names.iter().map(of).filter(|(_, weight)| weight.abs() >= LEAST).collect::<BTreeMap<_, _>>()
        };
        let probabilities: Vec<f64> =
            unseen.iter().map(|score| 1.0 / (1.0 + (-(score * slope + shift)).exp())).collect();
        let threshold = |least: &u32| table.threshold(texts.gold, &probabilities, f64::from(*least) / 100.0);
        Some(Self {
            weights: named(&fit(thinned, &all, yes, options.traits, counts)),
            by_fold: fitted.iter().map(|weights| named(weights)).collect(),
            thresholds: THRESHOLDS.iter().map(threshold).collect(),
        })
    }
}

impl Table {
    fn of(texts: Labelled<'_>, questions: &[Question], lexicon: &Lexicon, options: &Options) -> Self {
        let (mut labelled, mut owners, mut finds) = (Vec::new(), Vec::new(), Vec::new());
        let Labelled { gold, analyses, answers, folds } = texts;
        for (text, one) in gold.iter().enumerate().filter(|(_, one)| one.stratum.is_some()) {
            for candidate in candidates(&analyses[text], lexicon) {
                let pair = (candidate.category, candidate.hazard);
                let right = one.signals.iter().any(|signal| (signal.product, signal.hazard) == pair);
                let traits = traits_of(&candidate, &analyses[text], &answers[text], questions, lexicon);
                let weight = one.weight.min(options.weight_max) * if right { 1.0 } else { options.open_wrong };
                owners.extend(traits.iter().map(|_| labelled.len()));
                labelled.push(Candidate { text, fold: folds[text], right, weight, finds: traits.len() });
                finds.extend(traits.into_iter().map(|(_, traits)| traits));
            }
        }
        let mut holders: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (owner, traits) in owners.iter().zip(&finds) {
            for (name, _) in traits {
                holders.entry(name).or_default().insert(*owner);
            }
        }
        let often = holders.into_iter().filter(|(_, owners)| owners.len() >= options.trait_candidates);
        let names: BTreeMap<String, u32> = often.map(|(name, _)| name.to_owned()).zip(0..).collect();
        let (mut full, mut thinned) = (Rows::new(names.len()), Rows::new(names.len()));
        for (owner, traits) in owners.iter().zip(&finds) {
            let mut row: BTreeMap<u32, f64> = BTreeMap::new();
            for (name, size) in traits {
                if let Some(at) = names.get(name) {
                    *row.entry(*at).or_default() += size;
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "sizes of order one")]
            let row: Vec<(u32, f32)> = row.into_iter().map(|(at, size)| (at, size as f32)).collect();
            let text: usize = labelled[*owner].text;
            let dropped: BTreeSet<u32> = traits
                .iter()
                .filter(|(name, _)| name.starts_with("rule:") && left_out(text, name, options.left_out))
                .filter_map(|(name, _)| names.get(name).copied())
                .collect();
            thinned.push(row.iter().filter(|(at, _)| !dropped.contains(at)).copied());
            full.push(row);
        }
        Self { names, labelled, owners, full, thinned }
    }

    /// What the texts of a stream would give with this threshold.
    fn threshold(&self, gold: &[Gold], probabilities: &[f64], least: f64) -> Threshold {
        let mut found: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
        for (candidate, probability) in self.labelled.iter().zip(probabilities) {
            if *probability >= least {
                found.entry(candidate.text).or_default()[usize::from(candidate.right)] += 1.0;
            }
        }
        let counted = gold.iter().enumerate().filter(|(_, one)| one.stratum.is_some() && stream::counts(one));
        let (mut pairs, mut risks) = (Vec::new(), Vec::new());
        for (text, one) in counted {
            let [extra, hit] = found.get(&text).copied().unwrap_or_default();
            let wanted: BTreeSet<_> = one.signals.iter().map(|signal| (signal.product, signal.hazard)).collect();
            let flag = |holds: bool| f64::from(u8::from(holds));
            let (any, labelled) = (hit + extra > 0.0, !wanted.is_empty());
            pairs.push(Tally { hit, extra, missed: wanted.len() as f64 - hit }.times(one.weight));
            let risk =
                Tally { hit: flag(any && labelled), extra: flag(any && !labelled), missed: flag(!any && labelled) };
            risks.push(risk.times(one.weight));
        }
        Threshold { least, pair: Rated::of(&pairs), risk: Rated::of(&risks) }
    }
}

/// Whether a trait of rules is left out of a text while fitting: rules look better on texts that they were written on.
fn left_out(text: usize, name: &str, share: f64) -> bool {
    let hash = blake3::hash(format!("{text} {name}").as_bytes());
    f64::from(hash.as_bytes()[0]) < share * 256.0
}

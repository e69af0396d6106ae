//! Teaches the judge from labelled texts: the same texts, lexicon and options give the same bytes.
//!
//! Clauses are the rows: a clause says yes to a hazard when the labelled words of a signal of it stand there. Rules were
//! written while looking at the training texts, so their finds are worth more there than elsewhere. Three things keep the
//! model from trusting them too much: finds enter by hazard, never by rule; a share of them is left out by a hash while
//! fitting; and the terms of a candidate are fitted on scores of n-grams that never saw the text, with wrong candidates
//! counted several times.
//!
//! Where the platform tells the product a candidate is weighed by terms; in texts of an open stream (those with a stratum) by
//! traits (`candidates`). Texts of one year are held out together: what is learned has to hold for years to come.

mod candidates;
mod linear;
#[cfg(test)]
mod tests;

pub use candidates::Threshold;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lexicon::Lexicon;
use lexicon::judge::{
    AROUND, Answers, Ask, GRAM_CHARS_MAX, LearnedJudge, Question, Setting, Term, Weights, Word, put, scales,
};
use vocabulary::{Category, Hazard, Language, Reading, Refused, Report, Said, refused};

use crate::reader::quality::{self, Gold, Quality};
use crate::reader::stream::{self, Stream};
use candidates::{Labelled, Traits};
use extract::inside::{Analysis, candidates, decide, features, reading_of, words};
use linear::{Rows, fit};
use rayon::prelude::*;

/// What is held out together in cross-validation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Texts of one year; those without a date by their number.
    Year,
    /// Texts of one source.
    Source,
    /// Texts by their number.
    Number,
}

impl Hold {
    /// The fold of each text.
    fn folds(self, gold: &[Gold], folds: usize) -> Vec<usize> {
        let key = |text: &Gold| match self {
            Self::Year => stream::year(text),
            Self::Source => Some(text.source.clone()),
            Self::Number => None,
        };
        let keys: BTreeSet<String> = gold.iter().filter_map(key).collect();
        let place = |wanted: &str| keys.iter().position(|key| key == wanted);
        let of = |(at, text): (usize, &Gold)| key(text).and_then(|key| place(&key)).unwrap_or(at) % folds;
        gold.iter().enumerate().map(of).collect()
    }
}

/// What may be turned; the defaults were chosen on labelled texts that neither rules nor weights were made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Folds of the cross-validation, at least 2.
    pub folds: usize,
    /// What is held out together.
    pub hold: Hold,
    /// Weight of a row against the penalty.
    pub strength: f64,
    /// Texts that must hold an n-gram.
    pub gram_texts: usize,
    /// Labelled texts that a hazard needs to be asked for.
    pub ask_texts: usize,
    /// Share of rule finds that is left out while fitting.
    pub left_out: f64,
    /// Size of the features beside n-grams of the clause: the platform's category, words of rules, finds of rules, n-grams around.
    pub sizes: [f64; 4],
    /// How often a wrong candidate counts.
    pub wrong_counts: f64,
    /// Smaller weights of n-grams are dropped.
    pub pruned: f64,
    /// A text of a larger weight counts as one of this.
    pub weight_max: f64,
    /// Weight of a candidate in open text against the penalty.
    pub traits: f64,
    /// Candidates that must have a trait.
    pub trait_candidates: usize,
    /// How often a wrong candidate in open text counts.
    pub open_wrong: f64,
    /// Thresholds.
    pub settings: BTreeMap<Setting, f64>,
    /// Added to the log-odds of what only the judge finds.
    pub recovered: f64,
}

impl Options {
    /// Turns one option, written `key=value`.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn set(&mut self, written: &str) -> Result<(), Refused> {
        let (key, value) = written
            .split_once('=')
            .ok_or_else(|| refused!("`{written}` 不是 `键=值`", "`{written}` is not `key=value`"))?;
        let value: f64 = value
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .ok_or_else(|| refused!("`{value}` 不是数", "`{value}` is no number"))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts")]
        let count = value.max(1.0) as usize;
        match key {
            "strength" => self.strength = value,
            "gram-texts" => self.gram_texts = count,
            "ask-texts" => self.ask_texts = count,
            "left-out" => self.left_out = value,
            "category" => self.sizes[0] = value,
            "words" => self.sizes[1] = value,
            "finds" => self.sizes[2] = value,
            "around" => self.sizes[3] = value,
            "wrong" => self.wrong_counts = value,
            "pruned" => self.pruned = value,
            "weight-max" => self.weight_max = value,
            "traits" => self.traits = value,
            "trait-candidates" => self.trait_candidates = count,
            "open-wrong" => self.open_wrong = value,
            "recovered" => self.recovered = value,
            _ => match Setting::ALL.iter().find(|setting| setting.code() == key) {
                Some(setting) => _ = self.settings.insert(*setting, value),
                None => return Err(refused!("没有选项 `{key}`", "`{key}` is no option")),
            },
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folds: 5,
            hold: Hold::Year,
            strength: 3.0,
            gram_texts: 6,
            ask_texts: 15,
            left_out: 0.5,
            sizes: [0.7, 0.6, 0.5, 1.3],
            wrong_counts: 2.0,
            pruned: 0.08,
            weight_max: 5.0,
            traits: 0.25,
            trait_candidates: 2,
            open_wrong: 1.0,
            settings: BTreeMap::from([
                (Setting::VetoTold, 0.1),
                (Setting::VetoOpen, 0.35),
                (Setting::VetoOther, 0.1),
                (Setting::Recover, 0.5),
            ]),
            recovered: 0.0,
        }
    }
}

/// A taught model and how good it was on texts it had not seen.
#[derive(Debug)]
pub struct Taught {
    /// The model.
    pub weights: Weights,
    /// Rules alone, on the texts that were not drawn from a stream.
    pub rules: Quality,
    /// Rules and judge, in cross-validation.
    pub judged: Quality,
    /// The same over the texts that were drawn from a stream; none when there are none.
    pub open: Option<[Stream; 2]>,
    /// What other thresholds of open texts would give, in cross-validation.
    pub thresholds: Vec<Threshold>,
}

impl fmt::Display for Taught {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::English)
    }
}

impl Report for Taught {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        for line in &self.weights.provenance {
            writeln!(f, "{line}")?;
        }
        let [alone, judged] = language.pick(["规则", "规则+复核，交叉验证"], ["rules", "rules+judge, cross-validated"]);
        write!(f, "{}", quality::side_by_side(&[(alone, &self.rules), (judged, &self.judged)]))?;
        let Some([by_rules, by_judge]) = &self.open else { return Ok(()) };
        writeln!(f, "\n{}", language.pick("开放文本流", "open stream"))?;
        write!(f, "{}", stream::side_by_side(&[(alone, by_rules), (judged, by_judge)], language))?;
        writeln!(f, "\n{}", language.pick("veto.open 取其他值", "other values of veto.open"))?;
        for threshold in &self.thresholds {
            writeln!(f, "{threshold}")?;
        }
        writeln!(f)?;
        by_judge.reliability.write(f, language)
    }
}

/// Why nothing can be learned.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TrainError {
    /// Too few texts.
    #[error("{found} labelled texts are too few for {folds} folds: at least {wanted} are needed")]
    TooFew {
        /// Texts.
        found: usize,
        /// Folds.
        folds: usize,
        /// Wanted.
        wanted: usize,
    },
    /// No labelled signal.
    #[error("no text has a signal with its `hazard_text`: there is nothing to learn")]
    NoSignal,
}

impl Said for TrainError {
    fn zh(&self) -> String {
        match self {
            Self::TooFew { found, folds, wanted } => {
                format!("{found} 条标注文本对 {folds} 折来说太少：至少要 {wanted} 条")
            }
            Self::NoSignal => "没有一条文本的信号带有 `hazard_text`：没有可学的内容".to_owned(),
        }
    }
}

/// A clause of a labelled text.
struct Clause {
    text: usize,
    /// Hazards that are told in it.
    told: BTreeSet<Hazard>,
    chars: usize,
    grams: Vec<String>,
    words: Vec<Word>,
}

/// Teaches a judge. `whence` names the labelled files in the model's provenance.
///
/// # Errors
/// [`TrainError`] when there is nothing to learn from.
pub fn train(gold: &[Gold], lexicon: &Lexicon, options: &Options, whence: &str) -> Result<Taught, TrainError> {
    let folds = options.folds.max(2);
    if gold.len() < folds * 2 {
        return Err(TrainError::TooFew { found: gold.len(), folds, wanted: folds * 2 });
    }
    let analyses: Vec<Analysis> =
        gold.iter().map(|text| Analysis::by_rules_in_full(&text.document(), lexicon)).collect();
    let clauses = clauses_of(gold, &analyses, lexicon);
    let questions = questions(&clauses, options);
    if clauses.iter().all(|clause| clause.told.is_empty()) {
        return Err(TrainError::NoSignal);
    }
    let held = options.hold.folds(gold, folds);
    let space = Space::new(&clauses, &analyses, lexicon, options);
    let (full, thinned) =
        (space.rows(&clauses, &analyses, options, false), space.rows(&clauses, &analyses, options, true));
    let said = |question: Question, clause: usize| match question {
        Question::Any => !clauses[clause].told.is_empty(),
        Question::Hazard(hazard) => clauses[clause].told.contains(&hazard),
    };
    let all: Vec<usize> = (0..clauses.len()).collect();
    let counts = |clause: usize| gold[clauses[clause].text].weight.min(options.weight_max);
    // Each question is fitted by itself, so that threads change nothing.
    let learned = questions.par_iter().map(|question| {
        let yes = |clause: usize| said(*question, clause);
        let mut unseen = vec![0.0; clauses.len()];
        for fold in 0..folds {
            let (out, kept): (Vec<usize>, Vec<usize>) =
                all.iter().partition(|clause| held[clauses[**clause].text] == fold);
            let weights = fit(&thinned, &kept, yes, options.strength, counts);
            for clause in out {
                unseen[clause] = full.score(clause, &weights);
            }
        }
        let fitted = fit(&thinned, &all, yes, options.strength, counts);
        let (slope, shift) = calibrated(&unseen, yes, |_| 1.0);
        let severity = match question {
            Question::Any => 0,
            Question::Hazard(hazard) => usual_severity(gold, *hazard),
        };
        let ask = Ask { bias: fitted[0], told: fitted[1], slope, shift, severity };
        ([unseen, fitted], ask)
    });
    let learned: Vec<([Vec<f64>; 2], Ask)> = learned.collect();
    let asks: Vec<Ask> = learned.iter().map(|(_, ask)| *ask).collect();
    let [unseen, fitted] =
        [0, 1].map(|which| learned.iter().map(|(learned, _)| learned[which].clone()).collect::<Vec<_>>());
    let mut weights = space.weights(&questions, &fitted, &asks, options);
    let answers = unseen_answers(&clauses, &asks, &unseen, gold.len());
    let of_stream = |text: usize| gold[text].stratum.is_some();
    let texts = Labelled { gold, analyses: &analyses, answers: &answers, folds: &held };
    let traits = Traits::fit(texts, &questions, lexicon, options);
    // Texts of a stream were drawn by where the rules err: terms, which weigh told texts and pages, would learn to doubt everything.
    let by_terms = |text: usize| traits.is_none() || !of_stream(text);
    weights.terms = terms((gold, &analyses, &answers), &questions, lexicon, options, by_terms);
    weights.settings.clone_from(&options.settings);
    let (all_folds, thresholds) = traits
        .map(|traits| {
            weights.traits = traits.weights;
            (traits.by_fold, traits.thresholds)
        })
        .unwrap_or_default();
    let judges: Vec<LearnedJudge> = (0..folds)
        .map(|fold| {
            let traits = all_folds.get(fold).cloned().unwrap_or_default();
            let weights = Weights { traits, ..weights.clone() };
            LearnedJudge::new(&weights, lexicon.class_names(), lexicon.cues())
        })
        .collect();
    let readings = cross_validated(gold, analyses, &answers, |text| &judges[held[text]], lexicon);
    let (open, others): (Vec<usize>, Vec<usize>) = (0..gold.len()).partition(|text| of_stream(*text));
    let [rules, judged] =
        [0, 1].map(|which| quality::measure_with(&some_of(gold, &others), in_turn(&readings, &others, which)));
    let open = (!open.is_empty())
        .then(|| [0, 1].map(|which| stream::measure_with(&some_of(gold, &open), in_turn(&readings, &open, which))));
    let mut taught = Taught { weights, rules, judged, open, thresholds };
    taught.weights.provenance = provenance(whence, gold, folds, options, &taught);
    Ok(taught)
}

fn some_of(gold: &[Gold], picked: &[usize]) -> Vec<Gold> {
    picked.iter().map(|text| gold[*text].clone()).collect()
}

/// A reader that gives readings made before, in the order of `picked`.
fn in_turn<'a>(
    readings: &'a [[Reading; 2]],
    picked: &'a [usize],
    which: usize,
) -> impl FnMut(&vocabulary::Document) -> Reading + 'a {
    let mut picked = picked.iter();
    move |_| readings[*picked.next().expect("one reading for each text")][which].clone()
}

fn clauses_of(gold: &[Gold], analyses: &[Analysis], lexicon: &Lexicon) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for (at, (text, analysis)) in gold.iter().zip(analyses).enumerate() {
        let labelled: Vec<(Hazard, usize, usize)> = text
            .signals
            .iter()
            .filter_map(|signal| {
                let words = signal.hazard_text.as_deref().filter(|words| !words.is_empty())?;
                let byte = text.text.find(words)?;
                let from = text.text[..byte].chars().count();
                Some((signal.hazard, from, from + words.chars().count()))
            })
            .collect();
        let words = words(analysis, lexicon);
        for (number, clause) in analysis.clauses.iter().enumerate() {
            let span = analysis.folded.original(clause.from, clause.to);
            let chars = &analysis.folded.chars[clause.from..clause.to];
            let overlaps = |from: usize, to: usize| from < span.to() && span.from() < to;
            clauses.push(Clause {
                text: at,
                told: labelled
                    .iter()
                    .filter(|(_, from, to)| overlaps(*from, *to))
                    .map(|(hazard, ..)| *hazard)
                    .collect(),
                chars: chars.len() + 2,
                grams: grams(chars),
                words: words.iter().filter(|(clause, _)| *clause as usize == number).map(|(_, word)| *word).collect(),
            });
        }
    }
    clauses
}

/// All n-grams of a clause, as often as they stand there. None is only a border.
fn grams(clause: &[char]) -> Vec<String> {
    let mut chars = Vec::new();
    put(&mut chars, clause);
    let mut grams = Vec::new();
    for size in 1..=GRAM_CHARS_MAX {
        let usable = |gram: &&[char]| !gram.contains(&' ') && gram.iter().any(|one| one.is_alphanumeric());
        grams.extend(chars.windows(size).filter(usable).map(|gram| gram.iter().collect::<String>()));
    }
    grams
}

fn questions(clauses: &[Clause], options: &Options) -> Vec<Question> {
    let mut texts: BTreeMap<Hazard, BTreeSet<usize>> = BTreeMap::new();
    for clause in clauses {
        for hazard in &clause.told {
            texts.entry(*hazard).or_default().insert(clause.text);
        }
    }
    let enough = texts.into_iter().filter(|(_, texts)| texts.len() >= options.ask_texts);
    std::iter::once(Question::Any).chain(enough.map(|(hazard, _)| Question::Hazard(hazard))).collect()
}

fn usual_severity(gold: &[Gold], hazard: Hazard) -> u8 {
    let mut stated: Vec<u8> = gold
        .iter()
        .flat_map(|text| &text.signals)
        .filter(|signal| signal.hazard == hazard)
        .map(|signal| signal.severity)
        .collect();
    stated.sort_unstable();
    stated.get(stated.len() / 2).copied().unwrap_or(0)
}

/// Where each feature is: 0 bias, 1 told, then categories, words, n-grams in the clause, n-grams around it.
struct Space {
    categories: BTreeMap<Category, u32>,
    words: BTreeMap<Word, (u32, String)>,
    grams: BTreeMap<String, [(u32, f64); 2]>,
    width: usize,
}

impl Space {
    fn new(clauses: &[Clause], analyses: &[Analysis], lexicon: &Lexicon, options: &Options) -> Self {
        let mut next = 2_u32;
        let mut take = || {
            next += 1;
            next - 1
        };
        let told: BTreeSet<Category> = analyses.iter().filter_map(|analysis| analysis.meta).collect();
        let categories = told.into_iter().map(|category| (category, take())).collect();
        let mut word_texts: BTreeMap<Word, BTreeSet<usize>> = BTreeMap::new();
        let mut gram_texts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
        for clause in clauses {
            for word in &clause.words {
                word_texts.entry(*word).or_default().insert(clause.text);
            }
            let distinct: BTreeSet<&str> = clause.grams.iter().map(String::as_str).collect();
            for gram in distinct {
                // Clauses, texts, and the last text plus one.
                let (in_clauses, in_texts, last) = gram_texts.entry(gram).or_default();
                *in_clauses += 1;
                if *last != clause.text + 1 {
                    *in_texts += 1;
                    *last = clause.text + 1;
                }
            }
        }
        let words = word_texts
            .into_iter()
            .filter(|(_, texts)| texts.len() >= options.gram_texts)
            .filter_map(|(word, _)| {
                let name = word.name(lexicon.class_names(), lexicon.cues())?;
                Some((word, (take(), name)))
            })
            .collect();
        let (all_clauses, all_texts) = (clauses.len() as f64, analyses.len() as f64);
        let grams = gram_texts
            .into_iter()
            .filter(|(_, (_, texts, _))| *texts >= options.gram_texts)
            .map(|(gram, (in_clauses, in_texts, _))| {
                let rarity = |all: f64, holding: usize| (all / holding as f64).ln() + 1.0;
                let (own, around) = (rarity(all_clauses, in_clauses), rarity(all_texts, in_texts) * options.sizes[3]);
                (gram.to_owned(), [(take(), own), (take(), around)])
            })
            .collect();
        Self { categories, words, grams, width: next as usize }
    }

    /// The rows; `thinned` leaves out some finds of rules, as rules leave out some hazards in texts they were not written on.
    fn rows(&self, clauses: &[Clause], analyses: &[Analysis], options: &Options, thinned: bool) -> Rows {
        let mut rows = Rows::new(self.width);
        for (at, clause) in clauses.iter().enumerate() {
            let mut row: BTreeMap<u32, f64> = BTreeMap::from([(0, 1.0)]);
            if let Some(category) = analyses[clause.text].meta {
                row.insert(1, 1.0);
                if let Some(feature) = self.categories.get(&category) {
                    row.insert(*feature, options.sizes[0]);
                }
            }
            for word in &clause.words {
                let found = matches!(word, Word::Found(_) | Word::Denied(_));
                if thinned && found && left_out(clause.text, *word, options.left_out) {
                    continue;
                }
                if let Some((feature, _)) = self.words.get(word) {
                    row.insert(*feature, options.sizes[if found { 2 } else { 1 }]);
                }
            }
            let first = (at.saturating_sub(AROUND)..at).find(|other| clauses[*other].text == clause.text).unwrap_or(at);
            let last =
                (at..clauses.len().min(at + AROUND + 1)).take_while(|other| clauses[*other].text == clause.text).last();
            let near = &clauses[first..=last.unwrap_or(at)];
            let [own, around] = scales(clause.chars, near.iter().map(|clause| clause.chars).sum());
            for gram in &clause.grams {
                if let Some([(feature, rarity), _]) = self.grams.get(gram) {
                    *row.entry(*feature).or_default() += rarity * own;
                }
            }
            for gram in near.iter().flat_map(|clause| &clause.grams) {
                if let Some([_, (feature, rarity)]) = self.grams.get(gram) {
                    *row.entry(*feature).or_default() += rarity * around;
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "values of order one")]
            rows.push(row.into_iter().map(|(feature, value)| (feature, value as f32)));
        }
        rows
    }

    fn weights(&self, questions: &[Question], fitted: &[Vec<f64>], asks: &[Ask], options: &Options) -> Weights {
        let row = |feature: u32, size: f64| fitted.iter().map(|weights| weights[feature as usize] * size).collect();
        let kept = |value: f64| if value.abs() < options.pruned { 0.0 } else { value };
        Weights {
            provenance: Vec::new(),
            asks: questions.iter().copied().zip(asks.iter().copied()).collect(),
            categories: self
                .categories
                .iter()
                .map(|(category, feature)| (*category, row(*feature, options.sizes[0])))
                .collect(),
            words: self
                .words
                .iter()
                .map(|(word, (feature, name))| {
                    let found = matches!(word, Word::Found(_) | Word::Denied(_));
                    (name.clone(), row(*feature, options.sizes[if found { 2 } else { 1 }]))
                })
                .collect(),
            grams: self
                .grams
                .iter()
                .map(|(gram, [(own, rarity), (around, rarity_around)])| {
                    let pair = |weights: &Vec<f64>| {
                        let value = |feature: u32, rarity: f64| kept(weights[feature as usize] * rarity);
                        [value(*own, *rarity), value(*around, *rarity_around)]
                    };
                    (gram.clone(), fitted.iter().map(pair).collect::<Vec<_>>())
                })
                .filter(|(_, row)| row.iter().flatten().any(|weight| weight.abs() > 0.0))
                .collect(),
            terms: BTreeMap::new(),
            traits: BTreeMap::new(),
            settings: BTreeMap::new(),
        }
    }
}

/// Whether a find of rules is left out of a text while fitting.
fn left_out(text: usize, word: Word, share: f64) -> bool {
    let hash = blake3::hash(format!("{text} {word:?}").as_bytes());
    f64::from(hash.as_bytes()[0]) < share * 256.0
}

/// Slope and shift that make raw scores log-odds; `extra` multiplies the weight of each.
fn calibrated(scores: &[f64], yes: impl Fn(usize) -> bool, extra: impl Fn(usize) -> f64) -> (f64, f64) {
    let mut rows = Rows::new(2);
    #[expect(clippy::cast_possible_truncation, reason = "a score has few digits")]
    for score in scores {
        rows.push([(0, 1.0), (1, *score as f32)]);
    }
    let all: Vec<usize> = (0..scores.len()).collect();
    let fitted = fit(&rows, &all, yes, 10.0, extra);
    (fitted[1], fitted[0])
}

/// The answers for each text, by weights that never saw it.
fn unseen_answers(clauses: &[Clause], asks: &[Ask], unseen: &[Vec<f64>], texts: usize) -> Vec<Answers> {
    let mut odds: Vec<Vec<f64>> = vec![Vec::new(); texts];
    for (at, clause) in clauses.iter().enumerate() {
        odds[clause.text].extend(asks.iter().zip(unseen).map(|(ask, scores)| scores[at] * ask.slope + ask.shift));
    }
    odds.into_iter().map(|odds| Answers::from_log_odds(asks.len(), odds)).collect()
}

/// Fits the terms of a candidate on the candidates of some texts.
fn terms(
    (gold, analyses, answers): (&[Gold], &[Analysis], &[Answers]),
    questions: &[Question],
    lexicon: &Lexicon,
    options: &Options,
    picked: impl Fn(usize) -> bool,
) -> BTreeMap<Term, f64> {
    let mut rows = Rows::new(Term::ALL.len());
    let mut right = Vec::new();
    for (_, ((text, analysis), answers)) in
        gold.iter().zip(analyses).zip(answers).enumerate().filter(|(at, _)| picked(*at))
    {
        for candidate in candidates(analysis, lexicon) {
            let (values, ..) = features(&candidate, analysis, answers, questions);
            #[expect(clippy::cast_possible_truncation, reason = "values of order one")]
            rows.push(
                (0_u32..).zip(values).filter(|(_, value)| *value != 0.0).map(|(term, value)| (term, value as f32)),
            );
            let pair = (candidate.category, candidate.hazard);
            right.push(text.signals.iter().any(|signal| (signal.product, signal.hazard) == pair));
        }
    }
    let all: Vec<usize> = (0..right.len()).collect();
    let fitted = fit(&rows, &all, |row| right[row], 1.0, |row| if right[row] { 1.0 } else { options.wrong_counts });
    let mut terms: BTreeMap<Term, f64> = Term::ALL.iter().copied().zip(fitted).collect();
    terms.insert(Term::Recovered, options.recovered);
    terms
}

/// Each text by rules alone, and with the answers of weights that never saw it.
fn cross_validated<'a>(
    gold: &[Gold],
    analyses: Vec<Analysis>,
    answers: &[Answers],
    judge: impl Fn(usize) -> &'a LearnedJudge,
    lexicon: &Lexicon,
) -> Vec<[Reading; 2]> {
    let texts = gold.iter().zip(analyses).zip(answers).enumerate();
    let readings = texts.map(|(at, ((text, mut analysis), answers))| {
        let document = text.document();
        let by_rules = reading_of(&analysis, &document, lexicon);
        if !analysis.clauses.is_empty() {
            decide(&mut analysis, answers, lexicon, judge(at));
        }
        [by_rules, reading_of(&analysis, &document, lexicon)]
    });
    readings.collect()
}

fn provenance(whence: &str, gold: &[Gold], folds: usize, options: &Options, taught: &Taught) -> Vec<String> {
    let Taught { weights, rules, judged, open, .. } = taught;
    let f1 = |quality: &Quality| {
        let [risk, hazard, pair] = [quality.risk, quality.hazard, quality.pair].map(|measured| measured.tally.f1());
        format!("risk {risk:.3}, hazard {hazard:.3}, pair {pair:.3}, Brier {:.3}", quality.brier)
    };
    let of_stream = |stream: &Stream| {
        let Stream { all, reliability, .. } = stream;
        let [p, r, f1, risk] = [all.pair.precision, all.pair.recall, all.pair.f1, all.risk.f1].map(|found| found.value);
        format!(
            "pair {f1:.3} (precision {p:.3}, recall {r:.3}), risk {risk:.3}, calibration error {:.3}",
            reliability.ece
        )
    };
    let signals: usize = gold.iter().map(|text| text.signals.len()).sum();
    let held = match options.hold {
        Hold::Year => "held out by year",
        Hold::Source => "held out by source",
        Hold::Number => "held out by number",
    };
    let mut lines = vec![
        format!("provenance: written by `wanglou train` from {whence}; {} texts, {signals} signals", gold.len()),
        format!(
            "{} questions, {} n-grams of at most {GRAM_CHARS_MAX} characters, each in at least {} texts; {} words of rules; {} traits",
            weights.asks.len(),
            weights.grams.len(),
            options.gram_texts,
            weights.words.len(),
            weights.traits.len()
        ),
        format!("rules alone on these texts, on which they were written: {}", f1(rules)),
        format!("with the judge, {folds} folds {held}: {}", f1(judged)),
    ];
    if let Some([by_rules, by_judge]) = open {
        lines.push(format!("rules alone over the stream: {}", of_stream(by_rules)));
        lines.push(format!("with the judge, {folds} folds {held}: {}", of_stream(by_judge)));
    }
    lines.push("both flatter the rules: judge by texts that no rule was written on".to_owned());
    lines
}

//! How good the reader is on labelled texts: precision, recall, F1 with bootstrap intervals, per hazard and per source.
//!
//! In: the text of a gold file (one JSON object a line) and a reader. Out: a [`Quality`] that prints as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lexicon::Lexicon;
use serde::{Deserialize, Serialize};
use vocabulary::{
    Category, Channel, Document, DocumentId, Hazard, Language, Meta, Reading, Report, Said, Signal, SourceId, Stance,
    said,
};

use super::tally::{NAME_COLUMNS, RESAMPLES, Tally, intervals, padded, share};

/// One labelled text.
#[derive(Debug, Clone, Deserialize)]
pub struct Gold {
    /// Its id.
    pub id: String,
    /// Where it was drawn from.
    pub source: String,
    /// What the platform knows.
    #[serde(default)]
    pub meta: Meta,
    /// Its headline, when it has one beside the text.
    #[serde(default)]
    pub title: Option<String>,
    /// The text.
    pub text: String,
    /// What a careful reader finds in it.
    #[serde(default)]
    pub signals: Vec<GoldSignal>,
    /// Which part of a stream it was drawn from, as `kind/letter`, when it was drawn by parts.
    #[serde(default)]
    pub stratum: Option<String>,
    /// Texts of the stream that it stands for.
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

/// One labelled signal.
#[derive(Debug, Clone, Deserialize)]
pub struct GoldSignal {
    /// Product.
    pub product: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Asserted or suspected.
    pub stance: Stance,
    /// 0–4.
    pub severity: u8,
    /// The words that tell the hazard, as they stand in the text.
    #[serde(default)]
    pub hazard_text: Option<String>,
}

/// A line of a gold file that is no labelled text.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {source}; expected an object with id, source, meta, text and signals, as in the gold README")]
pub struct GoldError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub source: serde_json::Error,
}

impl Said for GoldError {
    fn zh(&self) -> String {
        format!(
            "第 {} 行：“{}”；应为含 id、source、meta、text 和 signals 的对象，格式见标注说明",
            self.line, self.source
        )
    }
}

/// Reads a gold file; empty lines are skipped.
///
/// # Errors
/// The first line that is no labelled text.
pub fn parse(text: &str) -> Result<Vec<Gold>, GoldError> {
    lines(text)
}

/// As [`parse`], of any labelled thing.
pub(super) fn lines<T: serde::de::DeserializeOwned>(text: &str) -> Result<Vec<T>, GoldError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| serde_json::from_str(line).map_err(|source| GoldError { line: at + 1, source }))
        .collect()
}

impl Gold {
    /// The document that a reader gets: text and meta, nothing of the labels.
    pub fn document(&self) -> Document {
        Document {
            id: DocumentId::new(self.id.as_str()),
            source: SourceId::new(self.source.as_str()),
            channel: Channel::Media,
            url: None,
            title: self.title.clone(),
            text: self.text.clone(),
            published_at: None,
            seen_at: None,
            meta: self.meta.clone(),
            raw: None,
        }
    }
}

/// Found, wrongly found, missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HitCounts {
    /// Found and labelled.
    pub hit: u32,
    /// Found, not labelled.
    pub extra: u32,
    /// Labelled, not found.
    pub missed: u32,
}

impl HitCounts {
    /// The same counts as sums of weights: each text weighs 1.
    pub fn tally(self) -> Tally {
        Tally { hit: self.hit.into(), extra: self.extra.into(), missed: self.missed.into() }
    }

    /// Share of finds that are labelled; 1 when nothing was found.
    pub fn precision(self) -> f64 {
        self.tally().precision()
    }

    /// Share of labels that are found; 1 when nothing is labelled.
    pub fn recall(self) -> f64 {
        self.tally().recall()
    }

    /// Harmonic mean of the two.
    pub fn f1(self) -> f64 {
        self.tally().f1()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.hit += other.hit;
        self.extra += other.extra;
        self.missed += other.missed;
    }

    pub(super) fn of<T: Ord>(found: &BTreeSet<T>, labelled: &BTreeSet<T>) -> Self {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            hit: count(found.intersection(labelled).count()),
            extra: count(found.difference(labelled).count()),
            missed: count(labelled.difference(found).count()),
        }
    }
}

/// A tally with a bootstrap interval of its F1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Counts.
    pub tally: HitCounts,
    /// 95 % interval of F1, resampling texts.
    pub f1_interval: [f64; 2],
}

/// A share with a bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Numerator.
    pub part: u32,
    /// Denominator.
    pub whole: u32,
    /// 95 % interval, resampling texts.
    pub interval: [f64; 2],
}

impl Share {
    /// Of what each text adds to part and whole.
    pub(super) fn of(counts: &[(u32, u32)]) -> Self {
        let sum = |picked: &mut dyn Iterator<Item = usize>| {
            picked.fold((0, 0), |(part, whole), at| (part + counts[at].0, whole + counts[at].1))
        };
        let value = |(part, whole): (u32, u32)| share(part.into(), whole.into());
        let (part, whole) = sum(&mut (0..counts.len()));
        let [interval] = intervals(counts.len(), |picked| [value(sum(&mut picked.iter().copied()))]);
        Self { part, whole, interval }
    }

    /// The share.
    pub fn value(self) -> f64 {
        share(self.part.into(), self.whole.into())
    }

    /// Its line of a report.
    pub(super) fn line(self, name: &str) -> String {
        let [low, high] = self.interval;
        let name = padded(name, NAME_COLUMNS);
        format!("{name}{:>8.3}   [{low:.3}, {high:.3}]  {} / {}", self.value(), self.part, self.whole)
    }
}

/// How good a reader is on a set of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Number of texts.
    pub texts: usize,
    /// Texts with at least one signal.
    pub risk: Measured,
    /// (text, hazard) pairs.
    pub hazard: Measured,
    /// (product, hazard) pairs.
    pub pair: Measured,
    /// Safety-hazard labels that were found, whatever the product.
    pub safety_recall: Share,
    /// Matched pairs with the right stance.
    pub stance: Share,
    /// Matched pairs with exactly the right severity.
    pub severity: Share,
    /// Pairs by hazard.
    pub by_hazard: BTreeMap<Hazard, Measured>,
    /// Pairs by source.
    pub by_source: BTreeMap<String, Measured>,
    /// Mean squared error of the confidence of found pairs (Brier score).
    pub brier: f64,
}

/// What one text adds.
#[derive(Debug, Clone, Default)]
struct One {
    risk: HitCounts,
    hazard: HitCounts,
    pair: HitCounts,
    safety: (u32, u32),
    stance: (u32, u32),
    severity: (u32, u32),
    by_hazard: BTreeMap<Hazard, HitCounts>,
}

/// Reads every text with `lexicon` and compares.
pub fn measure(gold: &[Gold], lexicon: &Lexicon) -> Quality {
    measure_with(gold, |document| extract::read(document, lexicon))
}

/// As [`measure`], with any reader.
pub fn measure_with(gold: &[Gold], mut read: impl FnMut(&Document) -> Reading) -> Quality {
    let mut squares = (0.0, 0_u32);
    let ones: Vec<One> = gold
        .iter()
        .map(|text| {
            let reading = read(&text.document());
            for signal in &reading.signals {
                let real = text.signals.iter().any(|gold| same(gold, signal));
                squares.0 += (signal.confidence - f64::from(u8::from(real))).powi(2);
                squares.1 += 1;
            }
            compare(&text.signals, &reading.signals)
        })
        .collect();
    let all: Vec<usize> = (0..ones.len()).collect();
    let by_source: BTreeMap<String, Vec<usize>> =
        gold.iter().enumerate().fold(BTreeMap::new(), |mut sets, (at, text)| {
            sets.entry(text.source.clone()).or_insert_with(Vec::new).push(at);
            sets
        });
    let hazards: BTreeSet<Hazard> = ones.iter().flat_map(|one| one.by_hazard.keys().copied()).collect();
    Quality {
        texts: gold.len(),
        risk: measured(&ones, &all, |one| one.risk),
        hazard: measured(&ones, &all, |one| one.hazard),
        pair: measured(&ones, &all, |one| one.pair),
        safety_recall: shares(&ones, |one| one.safety),
        stance: shares(&ones, |one| one.stance),
        severity: shares(&ones, |one| one.severity),
        by_hazard: hazards
            .into_iter()
            .map(|hazard| {
                (hazard, measured(&ones, &all, |one| one.by_hazard.get(&hazard).copied().unwrap_or_default()))
            })
            .collect(),
        by_source: by_source.into_iter().map(|(name, set)| (name, measured(&ones, &set, |one| one.pair))).collect(),
        brier: if squares.1 == 0 { 0.0 } else { squares.0 / f64::from(squares.1) },
    }
}

/// Several readers on the same texts, the main figures of each in a line.
pub fn side_by_side(readers: &[(&str, &Quality)]) -> String {
    use fmt::Write as _;
    let mut text = String::new();
    let names = ["risk", "hazard", "pair", "pair P", "pair R", "safety R", "stance", "severity", "Brier"];
    let _ = writeln!(text, "{:<30}{}", "F1", names.map(|name| format!("{name:>9}")).concat());
    for (name, quality) in readers {
        let tally = quality.pair.tally;
        let values = [
            quality.risk.tally.f1(),
            quality.hazard.tally.f1(),
            tally.f1(),
            tally.precision(),
            tally.recall(),
            quality.safety_recall.value(),
            quality.stance.value(),
            quality.severity.value(),
            quality.brier,
        ];
        let _ = writeln!(text, "{}{}", padded(name, 30), values.map(|value| format!("{value:>9.3}")).concat());
    }
    text
}

pub(super) fn same(gold: &GoldSignal, signal: &Signal) -> bool {
    gold.product == signal.product && gold.hazard == signal.hazard
}

/// What one text adds to the figures of pairs and of risk.
pub(super) fn pairs_and_risk(gold: &[GoldSignal], found: &[Signal]) -> [Tally; 2] {
    let One { pair, risk, .. } = compare(gold, found);
    [pair.tally(), risk.tally()]
}

fn compare(gold: &[GoldSignal], found: &[Signal]) -> One {
    let pairs_found: BTreeSet<_> = found.iter().map(|signal| (signal.hazard, signal.product)).collect();
    let pairs_gold: BTreeSet<_> = gold.iter().map(|signal| (signal.hazard, signal.product)).collect();
    let hazards_found: BTreeSet<_> = pairs_found.iter().map(|pair| pair.0).collect();
    let hazards_gold: BTreeSet<_> = pairs_gold.iter().map(|pair| pair.0).collect();
    let mut one = One {
        risk: HitCounts::of(
            &pairs_found.first().map(|_| ()).into_iter().collect(),
            &pairs_gold.first().map(|_| ()).into_iter().collect(),
        ),
        hazard: HitCounts::of(&hazards_found, &hazards_gold),
        pair: HitCounts::of(&pairs_found, &pairs_gold),
        ..One::default()
    };
    for hazard in hazards_gold.iter().filter(|hazard| hazard.is_safety()) {
        one.safety.0 += u32::from(hazards_found.contains(hazard));
        one.safety.1 += 1;
    }
    for gold in gold {
        if let Some(found) = found.iter().find(|signal| same(gold, signal)) {
            one.stance.0 += u32::from(found.stance == gold.stance);
            one.stance.1 += 1;
            one.severity.0 += u32::from(found.severity == gold.severity);
            one.severity.1 += 1;
        }
    }
    for hazard in hazards_found.union(&hazards_gold) {
        let of =
            |pairs: &BTreeSet<(Hazard, Category)>| pairs.iter().filter(|pair| pair.0 == *hazard).copied().collect();
        one.by_hazard.insert(*hazard, HitCounts::of(&of(&pairs_found), &of(&pairs_gold)));
    }
    one
}

fn measured(ones: &[One], set: &[usize], tally: impl Fn(&One) -> HitCounts) -> Measured {
    let tallies: Vec<HitCounts> = set.iter().map(|at| tally(&ones[*at])).collect();
    let sum = |picked: &mut dyn Iterator<Item = usize>| {
        picked.fold(HitCounts::default(), |mut sum, at| {
            sum.add(tallies[at]);
            sum
        })
    };
    let [f1_interval] = intervals(tallies.len(), |picked| [sum(&mut picked.iter().copied()).f1()]);
    Measured { tally: sum(&mut (0..tallies.len())), f1_interval }
}

fn shares(ones: &[One], of: impl Fn(&One) -> (u32, u32)) -> Share {
    Share::of(&ones.iter().map(of).collect::<Vec<_>>())
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::Chinese)
    }
}

impl Report for Quality {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let head = said!(
            language,
            "{} 条文本（95 % 区间：{RESAMPLES} 次自助抽样）",
            "{} texts (95 % intervals: {RESAMPLES} bootstrap samples)",
            self.texts
        );
        writeln!(f, "{head}")?;
        writeln!(
            f,
            "{:<24}{:>8}{:>8}{:>8}   {:<16}{:>6}{:>6}{:>6}",
            "", "P", "R", "F1", "F1 95 %", "hit", "extra", "miss"
        )?;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, measured: &Measured| {
            let tally = measured.tally;
            let [low, high] = measured.f1_interval;
            let (p, r, f1) = (tally.precision(), tally.recall(), tally.f1());
            let HitCounts { hit, extra, missed } = tally;
            let name = padded(name, NAME_COLUMNS);
            writeln!(f, "{name}{p:>8.3}{r:>8.3}{f1:>8.3}   [{low:.3}, {high:.3}]  {hit:>6}{extra:>6}{missed:>6}")
        };
        line(f, language.pick("有无风险", "risk"), &self.risk)?;
        line(f, language.pick("隐患", "hazard"), &self.hazard)?;
        line(f, language.pick("产品+隐患", "product+hazard pair"), &self.pair)?;
        for (name, share) in [
            (language.pick("安全隐患召回", "safety-hazard recall"), self.safety_recall),
            (language.pick("断言", "stance"), self.stance),
            (language.pick("伤害程度相同", "severity exact"), self.severity),
        ] {
            writeln!(f, "{}", share.line(name))?;
        }
        let name = padded(language.pick("可信度，Brier", "confidence, Brier"), NAME_COLUMNS);
        writeln!(f, "{name}{:>8.3}", self.brier)?;
        writeln!(f, "\n{}", language.pick("按隐患（产品+隐患）", "by hazard (pair)"))?;
        for (hazard, measured) in &self.by_hazard {
            line(f, hazard.code(), measured)?;
        }
        writeln!(f, "\n{}", language.pick("按来源（产品+隐患）", "by source (pair)"))?;
        for (source, measured) in &self.by_source {
            line(f, source, measured)?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A reading with these signals, each of confidence 0.5.
    pub(in super::super) fn reading(pairs: &[(Category, Hazard)]) -> Reading {
        let signal = |(product, hazard): &(Category, Hazard)| Signal {
            product: *product,
            hazard: *hazard,
            stance: Stance::Asserted,
            severity: 0,
            product_span: None,
            hazard_span: vocabulary::CharSpan::new(0, 1),
            title_span: None,
            product_from: vocabulary::ProductFrom::Meta,
            brand: None,
            item: vocabulary::ItemNames::default(),
            region: None,
            confidence: 0.5,
            rules: Vec::new(),
        };
        Reading {
            id: DocumentId::from("x"),
            lexicon: vocabulary::LexiconVersion::from("x"),
            signals: pairs.iter().map(signal).collect(),
            mentions: Vec::new(),
            problems: Vec::new(),
            rechecks: vec![],
            doubts: Vec::new(),
        }
    }

    #[test]
    fn counts_are_what_a_person_would_count() {
        let gold = parse(
            r#"{"id":"1","source":"a","text":"甲","signals":[{"product":"toy","hazard":"fire","stance":"asserted","severity":2}]}
               {"id":"2","source":"b","text":"乙","signals":[]}"#,
        )
        .expect("two texts");
        let quality = measure_with(&gold, |document| match document.id.as_str() {
            "1" => reading(&[(Category::Toy, Hazard::Fire), (Category::Toy, Hazard::Burn)]),
            _ => reading(&[]),
        });
        assert_eq!(quality.pair.tally, HitCounts { hit: 1, extra: 1, missed: 0 });
        assert_eq!(quality.risk.tally, HitCounts { hit: 1, extra: 0, missed: 0 });
        assert_eq!((quality.severity.part, quality.severity.whole), (0, 1));
        assert!((quality.pair.tally.f1() - 2.0 / 3.0).abs() < 1e-12 && (quality.brier - 0.25).abs() < 1e-12);
        let [low, high] = quality.pair.f1_interval;
        assert!(low <= quality.pair.tally.f1() && quality.pair.tally.f1() <= high);
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = parse("\n{\"id\":1}").expect_err("no text");
        assert_eq!(error.line, 2);
    }
}

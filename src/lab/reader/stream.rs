//! How good the reader is over a stream of texts that was sampled by parts: every text counts with its weight.
//!
//! In: labelled texts with `stratum` and `weight`, and a reader. Out: a [`Stream`] that prints as tables. Single texts of the
//! strata E and G stand for thousands of others, so sums leave them out; they have lines of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use lexicon::Lexicon;
use serde::Serialize;
use vocabulary::{Document, Language, Reading, Report, said};

use super::quality::{Gold, pairs_and_risk, same};
use super::reliability::{Reliability, Told};
use super::tally::{RESAMPLES, Rated, Tally};

/// Strata that sums leave out: a product alone, and nothing at all.
const LEFT_OUT: [&str; 2] = ["/E", "/G"];

/// Whether sums count a text.
pub fn counts(text: &Gold) -> bool {
    let stratum = text.stratum.as_deref().unwrap_or_default();
    !LEFT_OUT.iter().any(|left_out| stratum.ends_with(left_out))
}

/// Figures of a group of texts, by their weights.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Group {
    /// Number of texts.
    pub texts: usize,
    /// (product, hazard) pairs.
    pub pair: Rated,
    /// Texts with at least one signal.
    pub risk: Rated,
}

/// How good a reader is over a stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Stream {
    /// All texts that count.
    pub all: Group,
    /// Texts of strata that sums leave out.
    pub left_out: usize,
    /// By stratum, those that sums leave out too.
    pub by_stratum: BTreeMap<String, Group>,
    /// By source.
    pub by_source: BTreeMap<String, Group>,
    /// By the year of `meta.date`; `-` where there is none.
    pub by_year: BTreeMap<String, Group>,
    /// Confidence of the signals.
    pub reliability: Reliability,
}

/// Reads every text with `lexicon` and compares.
pub fn measure(gold: &[Gold], lexicon: &Lexicon) -> Stream {
    measure_with(gold, |document| extract::read(document, lexicon))
}

/// As [`measure`], with any reader.
pub fn measure_with(gold: &[Gold], mut read: impl FnMut(&Document) -> Reading) -> Stream {
    let mut told = Vec::new();
    let mut ones: Vec<[Tally; 2]> = Vec::with_capacity(gold.len());
    for text in gold {
        let reading = read(&text.document());
        if counts(text) {
            told.extend(reading.signals.iter().map(|signal| Told {
                confidence: signal.confidence,
                right: text.signals.iter().any(|gold| same(gold, signal)),
                weight: text.weight,
            }));
        }
        ones.push(pairs_and_risk(&text.signals, &reading.signals).map(|tally| tally.times(text.weight)));
    }
    let group = |picked: &dyn Fn(&Gold) -> bool| {
        let texts: Vec<[Tally; 2]> =
            gold.iter().zip(&ones).filter(|(text, _)| picked(text)).map(|(_, one)| *one).collect();
        let rated = |which: usize| Rated::of(&texts.iter().map(|one| one[which]).collect::<Vec<_>>());
        Group { texts: texts.len(), pair: rated(0), risk: rated(1) }
    };
    let by = |name: &dyn Fn(&Gold) -> String, all: bool| {
        let names: BTreeSet<String> = gold.iter().filter(|text| all || counts(text)).map(name).collect();
        let groups = names.into_iter().map(|wanted| {
            let found = group(&|text| (all || counts(text)) && name(text) == wanted);
            (wanted, found)
        });
        groups.collect::<BTreeMap<_, _>>()
    };
    Stream {
        all: group(&counts),
        left_out: gold.iter().filter(|text| !counts(text)).count(),
        by_stratum: by(&|text| text.stratum.clone().unwrap_or_else(|| "-".to_owned()), true),
        by_source: by(&|text| text.source.clone(), false),
        by_year: by(&|text| year(text).unwrap_or_else(|| "-".to_owned()), false),
        reliability: Reliability::of(&told),
    }
}

/// The year that the platform tells of a text.
pub(super) fn year(text: &Gold) -> Option<String> {
    let date = text.meta.get("date").and_then(|date| date.as_str());
    date.and_then(|date| date.get(..4)).map(str::to_owned)
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::Chinese)
    }
}

impl Report for Stream {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let head = said!(
            language,
            "{} 条文本，按权重合计；E、G 层 {} 条不计入合计（95 % 区间：{RESAMPLES} 次自助抽样）",
            "{} texts, by their weights; sums leave out {} of strata E and G (95 % intervals: {RESAMPLES} bootstrap samples)",
            self.all.texts,
            self.left_out
        );
        writeln!(f, "{head}\n{}", Rated::head())?;
        writeln!(f, "{}", self.all.pair.line(language.pick("产品+隐患", "product+hazard pair")))?;
        writeln!(f, "{}", self.all.risk.line(language.pick("有无风险", "risk")))?;
        for (head, groups) in [
            (language.pick("按层（产品+隐患）", "by stratum (pair)"), &self.by_stratum),
            (language.pick("按来源（产品+隐患）", "by source (pair)"), &self.by_source),
            (language.pick("按年份（产品+隐患）", "by year (pair)"), &self.by_year),
        ] {
            writeln!(f, "\n{head}")?;
            for (name, group) in groups {
                writeln!(f, "{}", group.pair.line(&format!("{name}  {}", group.texts)))?;
            }
        }
        writeln!(f)?;
        self.reliability.write(f, language)
    }
}

/// Two readers on the same texts.
pub fn side_by_side(readers: &[(&str, &Stream)], language: Language) -> String {
    let named = readers.iter().map(|(name, stream)| (*name, stream.all.pair, stream.all.risk, stream.reliability.ece));
    super::tally::side_by_side(named, language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::quality::{parse, tests::reading};
    use vocabulary::{Category, Hazard};

    const FIRE: (Category, Hazard) = (Category::Toy, Hazard::Fire);

    fn gold() -> Vec<Gold> {
        let signals = r#"[{"product":"toy","hazard":"fire","stance":"asserted","severity":0}]"#;
        let line = |id: &str, stratum: &str, weight: u32, signals: &str| {
            format!(
                r#"{{"id":"{id}","source":"s","meta":{{"date":"2023-05-06"}},"text":"{id}","signals":{signals},"stratum":"topic/{stratum}","weight":{weight}}}"#
            )
        };
        let lines =
            [line("right", "A", 3, signals), line("wrong", "B", 1, "[]"), line("rare", "E", 9_000, signals)].join("\n");
        parse(&lines).expect("three texts")
    }

    #[test]
    fn texts_count_by_weight_and_sums_leave_out_the_strata_that_stand_for_thousands() {
        let stream = measure_with(&gold(), |document| match document.id.as_str() {
            "right" | "wrong" => reading(&[FIRE]),
            _ => reading(&[]),
        });
        let Group { texts, pair, risk } = &stream.all;
        assert_eq!((*texts, stream.left_out), (2, 1));
        assert!((pair.precision.value - 0.75).abs() < 1e-12 && (pair.recall.value - 1.0).abs() < 1e-12, "{pair:?}");
        assert!((risk.f1.value - 6.0 / 7.0).abs() < 1e-12, "{risk:?}");
        assert!((stream.by_stratum["topic/E"].pair.missed - 9_000.0).abs() < 1e-9, "it has a line of its own");
        assert_eq!(stream.by_year.keys().collect::<Vec<_>>(), ["2023"]);
        assert!((stream.reliability.ece - 0.25).abs() < 1e-12, "said 0.5, three of four by weight are right");
    }

    #[test]
    fn both_languages_tell_the_same_figures() {
        let stream = measure_with(&gold(), |_| reading(&[FIRE]));
        for language in [Language::Chinese, Language::English] {
            let text = stream.text(language);
            assert!(text.contains("topic/B  1") && text.contains("0.750 ["), "{text}");
        }
    }
}

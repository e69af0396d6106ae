//! What the reader gets wrong on labelled texts: which labels it confuses, and the worst mistakes with the way to them.
//!
//! In: labelled texts and a lexicon. Out: [`Mistakes`], a table of confusions without any text, and on request the worst
//! mistakes with text and rule trail. Not here: figures of quality (that is `quality`).

use lexicon::Lexicon;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use vocabulary::{Category, Document, Hazard, Language, Report, Signal, said};

use super::quality::{Gold, GoldSignal, same};

/// Characters of a text that are shown.
const TEXT_CHARS: usize = 300;
/// Confusions that are shown.
const CONFUSIONS_SHOWN: usize = 15;

/// A wrong or missing pair.
#[derive(Debug, Clone)]
pub struct Mistake {
    /// Id of the text.
    pub id: String,
    /// Where it was drawn from.
    pub source: String,
    /// The pair that is wrong, with its confidence; none for a missing one.
    pub wrong: Option<(Category, Hazard, f64)>,
    /// The pair that is missing.
    pub missing: Option<(Category, Hazard)>,
    /// The larger, the worse: a wrong pair by its confidence, a missing one by what it is about, times the weight of the text.
    pub weight: f64,
}

/// All mistakes on a set of texts.
#[derive(Debug, Clone, Default)]
pub struct Mistakes {
    /// The worst first.
    pub list: Vec<Mistake>,
}

/// Compares the reading of every text with its labels. A wrong pair and a missing one of the same text that share product
/// or hazard are one mistake: a confusion.
pub fn mistakes(gold: &[Gold], lexicon: &Lexicon) -> Mistakes {
    let mut list = Vec::new();
    for text in gold {
        let signals = extract::read(&text.document(), lexicon).signals;
        let mut missing: Vec<&GoldSignal> =
            text.signals.iter().filter(|gold| !signals.iter().any(|found| same(gold, found))).collect();
        let extra: Vec<&Signal> =
            signals.iter().filter(|found| !text.signals.iter().any(|gold| same(gold, found))).collect();
        let mut put = |wrong: Option<&Signal>, missing: Option<&GoldSignal>| {
            let sure = wrong.map_or(0.0, |wrong| wrong.confidence);
            let safety = missing.map_or(0.0, |gold| if gold.hazard.is_safety() { 0.9 } else { 0.5 });
            list.push(Mistake {
                id: text.id.clone(),
                source: text.source.clone(),
                wrong: wrong.map(|found| (found.product, found.hazard, found.confidence)),
                missing: missing.map(|gold| (gold.product, gold.hazard)),
                weight: (sure + safety) * text.weight,
            });
        };
        for found in extra {
            let at = missing
                .iter()
                .position(|gold| gold.hazard == found.hazard)
                .or_else(|| missing.iter().position(|gold| gold.product == found.product));
            put(Some(found), at.map(|at| missing.remove(at)));
        }
        for gold in missing {
            put(None, Some(gold));
        }
    }
    list.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.id.cmp(&b.id)));
    Mistakes { list }
}

impl Mistakes {
    /// What was told and what should have been, with how often, the most frequent first. Same hazard: the product differs.
    pub fn confusions(&self) -> Vec<(String, String, usize)> {
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        for mistake in &self.list {
            let pair = match (mistake.missing, mistake.wrong) {
                (Some((product, hazard)), Some((told, other, _))) if hazard == other => {
                    (format!("{hazard}/{product}"), format!("{hazard}/{told}"))
                }
                (missing, wrong) => (
                    missing.map_or_else(|| "-".to_owned(), |(_, hazard)| hazard.to_string()),
                    wrong.map_or_else(|| "-".to_owned(), |(_, hazard, _)| hazard.to_string()),
                ),
            };
            *counts.entry(pair).or_default() += 1;
        }
        let mut list: Vec<_> = counts.into_iter().map(|((gold, told), count)| (gold, told, count)).collect();
        list.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
        list
    }

    /// The `most` worst mistakes, with text, labels and the way the reader went.
    pub fn told(&self, most: usize, gold: &[Gold], lexicon: &Lexicon, language: Language) -> String {
        let mut told = String::new();
        for (at, mistake) in self.list.iter().take(most).enumerate() {
            let Some(text) = gold.iter().find(|text| text.id == mistake.id) else { continue };
            let head = language.pick("错误", "mistake");
            let shown = beginning(&text.text);
            let _ = writeln!(told, "\n{head} {}  {} {}  {shown}", at + 1, mistake.id, mistake.source);
            if let Some((product, hazard, sure)) = mistake.wrong {
                let line = said!(
                    language,
                    "  误报  {product} × {hazard}  可信度 {sure:.2}",
                    "  too many  {product} × {hazard}  confidence {sure:.2}"
                );
                let _ = writeln!(told, "{line}");
            }
            if let Some((product, hazard)) = mistake.missing {
                let mut signals = text.signals.iter();
                let words = signals.find(|gold| (gold.product, gold.hazard) == (product, hazard));
                let words = words.and_then(|gold| gold.hazard_text.as_deref()).unwrap_or("");
                let head = language.pick("漏报", "missed");
                let _ = writeln!(told, "  {head}  {product} × {hazard}  「{words}」");
            }
            told += &trail(&text.document(), lexicon, language);
        }
        told
    }
}

/// The way the reader went through a document, step by step.
pub(super) fn trail(document: &Document, lexicon: &Lexicon, language: Language) -> String {
    let mut told = String::new();
    for step in extract::explain_in(document, lexicon, language).steps {
        let _ = writeln!(told, "  {}【{}】{}", step.hazard, step.text, step.outcome);
        let line = said!(
            language,
            "    规则 {}；断言 {}；产品 {}",
            "    rule {}; stance {}; product {}",
            step.rule,
            step.stance,
            step.relation
        );
        let _ = writeln!(told, "{line}");
        if let Some(judged) = &step.judged {
            let _ = writeln!(told, "    {} {judged}", language.pick("复核", "judge"));
        }
    }
    told
}

/// The beginning of a text in one line.
pub(super) fn beginning(text: &str) -> String {
    text.chars().take(TEXT_CHARS).map(|letter| if letter == '\n' { ' ' } else { letter }).collect()
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::Chinese)
    }
}

impl Report for Mistakes {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let head = language.pick(
            "混淆（标注 → 结果，同一隐患则写产品；- 为漏报或误报）",
            "confusions (labelled → read, products where the hazard is the same; - for one missed or too many)",
        );
        writeln!(f, "{head}")?;
        for (gold, told, count) in self.confusions().into_iter().take(CONFUSIONS_SHOWN) {
            writeln!(f, "{count:>6}  {gold} → {told}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::quality::parse;

    #[test]
    fn a_wrong_and_a_missing_pair_of_one_product_are_one_confusion() {
        let lexicon = Lexicon::shipped().expect("the shipped lexicon loads").rules_only();
        let gold = parse(
            r#"{"id":"1","source":"a","text":"充电宝充电时起火","signals":[{"product":"battery_charger","hazard":"burn","stance":"asserted","severity":0,"hazard_text":"起火"}]}
               {"id":"2","source":"b","text":"今天天气很好","signals":[{"product":"toy","hazard":"fire","stance":"asserted","severity":0}]}"#,
        )
        .expect("two texts");
        let mistakes = mistakes(&gold, &lexicon);
        assert_eq!(mistakes.list.len(), 2);
        let confusions = mistakes.confusions();
        assert!(confusions.contains(&("burn".to_owned(), "fire".to_owned(), 1)), "{confusions:?}");
        assert!(confusions.contains(&("fire".to_owned(), "-".to_owned(), 1)), "{confusions:?}");
        let told = mistakes.told(5, &gold, &lexicon, Language::Chinese);
        assert!(told.contains("「起火」") && told.contains("规则 fire."), "{told}");
        assert!(!mistakes.to_string().contains("起火"), "the table holds no text");
    }
}

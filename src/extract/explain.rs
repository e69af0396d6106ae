//! Why a text was read as it was: tokens, clauses, names in brackets, every hazard with its stance, product and rule.

use std::fmt::{self, Write as _};

use lexicon::Lexicon;
use vocabulary::{Document, Hazard, Reading};

use super::analysis::{Analysis, Fate, FoundHazard};
use super::judge;
use super::products::Why;

/// Words shown of one text.
const TOKENS_MAX: usize = 400;

/// A reading with the way to it. Its `Display` is what `wanglou explain` prints.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The words of the segmenter.
    pub tokens: Vec<String>,
    /// The clauses, with names bracketed: `充电时【充电宝|产品 battery_charger】…`.
    pub clauses: Vec<String>,
    /// Idioms that hid a word.
    pub idioms: Vec<String>,
    /// The platform's word for the product and what it stands for.
    pub platform_category: Option<String>,
    /// One step per hazard that was found, kept or not.
    pub steps: Vec<Step>,
    /// The fields of a structured document, one line a row.
    pub rows: Vec<String>,
    /// Standards that the text names and that are no longer, or newer than, what the table has in force: number and note.
    pub standards: Vec<(String, String)>,
    /// The reading.
    pub reading: Reading,
}

/// What was found of one hazard and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The words, as in the text.
    pub text: String,
    /// Hazard code and Chinese name.
    pub hazard: String,
    /// The rule or dictionary entry, where it is written, and what it means.
    pub rule: String,
    /// Stance and the cue behind it.
    pub stance: String,
    /// Product and why it was chosen.
    pub relation: String,
    /// Severity, 0–4.
    pub severity: u8,
    /// What became of it.
    pub outcome: &'static str,
    /// What the learned judge says of it: probability, terms, the words that speak loudest.
    pub judged: Option<String>,
}

/// Reads a document and says why it was read so.
pub fn explain(document: &Document, lexicon: &Lexicon) -> Explanation {
    let shape = super::DocumentShape::of(document, lexicon);
    let document = shape.with_product.as_ref().unwrap_or(document);
    let analysis = Analysis::new(document, lexicon);
    let mut reading = super::reading_of(&analysis, document, lexicon);
    shape.apply(document, lexicon, &mut reading);
    let folded = &analysis.folded;
    let original = |from: usize, to: usize| folded.original(from, to).slice(&document.text).to_owned();
    let tokens = lexicon.jieba().cut(&folded.text, false).into_iter().map(|token| token.word.to_owned());
    let steps = analysis
        .found
        .iter()
        .map(|found| {
            let effect = &lexicon.effects()[found.effect as usize];
            let rule = lexicon.rules().iter().find(|rule| rule.effect == found.effect);
            let judged_alone = lexicon.judge_effect(effect.hazard) == Some(found.effect);
            let otherwise = if judged_alone { "无规则，由复核模型找到" } else { "词典条目" };
            let means = rule.map_or(otherwise, |rule| rule.prose[0].as_str());
            let judged = found.judged;
            let mut stance = format!("{} {}", judged.stance.zh(), judged.stance);
            if let Some(hit) = judged.cue {
                let cue = &lexicon.cues()[hit.cue as usize];
                let _ = write!(stance, "：因「{}」({} {})", original(hit.from, hit.to), cue.id, cue.at);
            } else if effect.stance.is_some() {
                stance.push_str("：规则自带");
            } else {
                stance.push_str("：无否定、疑问、假设等线索");
            }
            if judged.cancelled > 0 {
                let _ = write!(stance, "；{} 个否定互相抵消", judged.cancelled);
            }
            let relation = match &found.choice {
                None => format!("没有可配的产品（该规则适用 {} 类产品）", effect.only.iter().count()),
                Some(choice) => {
                    let named = choice.named.map(|at| &analysis.products[at]);
                    let word = named.map_or_else(String::new, |named| {
                        let part = if named.part { "，部件归入整机" } else { "" };
                        let brand = if named.brand { "，由品牌推知" } else { "" };
                        format!("「{}」{part}{brand}", original(named.from, named.to))
                    });
                    let why = match (choice.why, choice.named) {
                        (Why::Referred | Why::Inherited, Some(named)) => {
                            let (pointer, sentences, clauses) =
                                analysis.named(lexicon).way_back((found.from, found.clause), named);
                            let far = match sentences {
                                0 => format!("前 {clauses} 分句"),
                                _ => format!("前 {sentences} 句"),
                            };
                            match pointer {
                                Some(word) => format!("（承{far}，由「{}」指代）", original(word.from, word.to)),
                                None => format!("（承{far}，主语省略）"),
                            }
                        }
                        (other, _) => why(other).to_owned(),
                    };
                    format!("{} {} ← {word}{why}", choice.category.zh(), choice.category)
                }
            };
            Step {
                text: original(found.from, found.to),
                hazard: format!("{} {}", effect.hazard.zh(), effect.hazard),
                rule: format!("{} ({})：{means}", effect.id, effect.at),
                stance,
                relation,
                severity: found.severity,
                outcome: outcome(found.fate),
                judged: shown_judgement(&analysis, found, effect.hazard, lexicon),
            }
        })
        .collect();
    Explanation {
        tokens: tokens.take(TOKENS_MAX).collect(),
        clauses: bracketed(&analysis, document, &reading),
        idioms: analysis.hits.idioms.iter().map(|hit| original(hit.from as usize, hit.to as usize)).collect(),
        platform_category: document.meta_str("platform_category").map(|word| match analysis.meta {
            Some(category) => format!("{word} → {} {category}", category.zh()),
            None => format!("{word} → 未收录"),
        }),
        steps,
        standards: super::standards::noted(&reading, lexicon),
        rows: shape.sheet.as_ref().map(super::structured::Sheet::lines).unwrap_or_default(),
        reading,
    }
}

/// What the judge says of a hazard that it decided on.
fn shown_judgement(analysis: &Analysis, found: &FoundHazard, hazard: Hazard, lexicon: &Lexicon) -> Option<String> {
    let judge = lexicon.judge().filter(|_| matches!(found.fate, Fate::Kept | Fate::Vetoed))?;
    let category = found.choice?.category;
    let mut pairs = analysis.judged_pairs.iter();
    let pair = pairs.find(|pair| (pair.category, pair.hazard) == (category, hazard))?;
    Some(judge::shown(pair, analysis, judge))
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Clause => "（同一分句）",
        Why::Sentence => "（同一句）",
        Why::Referred | Why::Inherited => "（承前）",
        Why::Text => "（全文主语）",
        Why::MetaNamed => "（平台类目，文中也提到）",
        Why::Meta => "（平台类目）",
        Why::Title => "（标题所述）",
        Why::Implied => "（由隐患推知）",
    }
}

fn outcome(fate: Fate) -> &'static str {
    match fate {
        Fate::Kept => "计入信号",
        Fate::Stance => "不计：断言不是肯定或怀疑",
        Fate::NoProduct => "不计：没有产品",
        Fate::Bare => "不计：同一产品另有具体缺陷",
        Fate::Vetoed => "不计：复核认为可能性低",
        Fate::Settled => "不计：担心之事下文已否认",
    }
}

/// The clauses as in the input, with every mention that lies in no other in brackets.
fn bracketed(analysis: &Analysis, document: &Document, reading: &Reading) -> Vec<String> {
    let chars: Vec<char> = document.text.chars().take(super::TEXT_CHARS_MAX).collect();
    let mut outer: Vec<&vocabulary::Mention> = Vec::new();
    let mut by_length: Vec<_> = reading.mentions.iter().collect();
    by_length.sort_by_key(|mention| (mention.span.from(), std::cmp::Reverse(mention.span.to())));
    for mention in by_length {
        if outer.last().is_none_or(|last| last.span.to() <= mention.span.from()) {
            outer.push(mention);
        }
    }
    analysis
        .clauses
        .iter()
        .map(|clause| {
            let span = analysis.folded.original(clause.from, clause.to);
            let mut shown = String::new();
            let mut at = span.from();
            for mention in outer.iter().filter(|mention| span.contains(mention.span)) {
                shown.extend(&chars[at..mention.span.from()]);
                let kind = serde_json::to_value(mention.kind).ok();
                let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or("");
                let _ = write!(shown, "【{}|{kind} {}】", mention.text, mention.code);
                at = mention.span.to();
            }
            shown.extend(&chars[at..span.to()]);
            shown
        })
        .collect()
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "分词  {}", self.tokens.join(" / "))?;
        if let Some(category) = &self.platform_category {
            writeln!(f, "平台类目  {category}")?;
        }
        for (at, clause) in self.clauses.iter().enumerate() {
            writeln!(f, "分句 {}  {clause}", at + 1)?;
        }
        if !self.idioms.is_empty() {
            writeln!(f, "习语，不算隐患  {}", self.idioms.join("、"))?;
        }
        if self.steps.is_empty() {
            writeln!(f, "没有找到隐患词")?;
        }
        for (at, step) in self.steps.iter().enumerate() {
            writeln!(f, "隐患 {}  【{}】 {}", at + 1, step.text, step.hazard)?;
            writeln!(f, "  规则  {}", step.rule)?;
            writeln!(f, "  断言  {}", step.stance)?;
            writeln!(f, "  产品  {}", step.relation)?;
            writeln!(f, "  伤害  {}", step.severity)?;
            if let Some(judged) = &step.judged {
                writeln!(f, "  复核  {judged}")?;
            }
            writeln!(f, "  结果  {}", step.outcome)?;
        }
        for (at, row) in self.rows.iter().enumerate() {
            writeln!(f, "栏目 {}  {row}", at + 1)?;
        }
        for signal in &self.reading.signals {
            let brand = signal.brand.as_ref().map_or_else(String::new, |brand| format!(" 品牌 {brand}"));
            let region = signal.region.map_or_else(String::new, |region| format!(" 地区 {region}"));
            let place = if signal.title_span.is_some() { "（见于标题）" } else { "" };
            writeln!(
                f,
                "信号  {} × {}  {}  伤害 {}{brand}{region}  可信度 {:.2}{place}",
                signal.product.zh(),
                signal.hazard.zh(),
                signal.stance.zh(),
                signal.severity,
                signal.confidence
            )?;
        }
        for (number, note) in &self.standards {
            writeln!(f, "标准  {number} {note}")?;
        }
        for recheck in &self.reading.rechecks {
            let title = recheck.title.as_ref().map_or_else(String::new, |title| format!("《{title}》"));
            let effective = recheck.effective.as_ref().map_or_else(String::new, |date| format!("，{date} 起"));
            let other = recheck.replaces.as_ref().map_or_else(String::new, |other| format!("，代替 {other}"));
            let by = recheck.replaced_by.as_ref().map_or_else(String::new, |other| format!("，由 {other} 代替"));
            let products: Vec<&str> = recheck.categories.iter().map(|category| category.zh()).collect();
            writeln!(
                f,
                "复核  {}{title} {}{effective}{other}{by}  涉及 {}",
                recheck.standard,
                recheck.action.zh(),
                products.join("、")
            )?;
        }
        for problem in &self.reading.problems {
            writeln!(f, "问题  {}：{}", problem.kind, problem.detail)?;
        }
        write!(f, "词库版本  {}", self.reading.lexicon)
    }
}

//! Why a text was read as it was: tokens, clauses, names in brackets, every hazard with its stance, product and rule.

use std::fmt::{self, Write as _};

use lexicon::Lexicon;
use vocabulary::{Document, Hazard, Language, Reading, said};

use super::analysis::{Analysis, Fate, FoundHazard};
use super::judge;
use super::products::Why;

/// Words shown of one text.
const TOKENS_MAX: usize = 400;

/// A reading with the way to it. Its `Display` is what `wanglou explain` prints.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// In which language all of it is worded; what is quoted of the text or written in rules stays as it is.
    pub language: Language,
    /// The words of the segmenter.
    pub tokens: Vec<String>,
    /// The clauses, with names bracketed: `充电时【充电宝|产品 battery_charger】…`.
    pub clauses: Vec<String>,
    /// Idioms that hid a word.
    pub idioms: Vec<String>,
    /// The platform's word for the product and what it stands for.
    pub platform_category: Option<String>,
    /// How the page is built: its kind, what it is about, cues that speak for all of it; empty for a short text.
    pub page: Vec<String>,
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
    /// Hazard code and name.
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

/// Reads a document and says in Chinese why it was read so.
pub fn explain(document: &Document, lexicon: &Lexicon) -> Explanation {
    explain_in(document, lexicon, Language::Chinese)
}

/// Reads a document and says why it was read so.
pub fn explain_in(document: &Document, lexicon: &Lexicon, language: Language) -> Explanation {
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
            let otherwise = if judged_alone {
                language.pick("无规则，由复核模型找到", "no rule: found by the judge")
            } else {
                language.pick("词典条目", "an entry of a dictionary")
            };
            let means = rule.map_or(otherwise, |rule| rule.prose[0].as_str());
            let judged = found.judged;
            let mut stance = match language {
                Language::Chinese => format!("{} {}", judged.stance.zh(), judged.stance),
                Language::English => judged.stance.to_string(),
            };
            if let Some(hit) = judged.cue {
                let cue = &lexicon.cues()[hit.cue as usize];
                stance += &said!(
                    language,
                    "：因「{}」({} {})",
                    ": by「{}」({} {})",
                    original(hit.from, hit.to),
                    cue.id,
                    cue.at
                );
            } else if effect.stance.is_some() {
                stance.push_str(language.pick("：规则自带", ": the rule brings it"));
            } else {
                stance.push_str(
                    language.pick("：无否定、疑问、假设等线索", ": no cue of denial, question or supposition"),
                );
            }
            if judged.cancelled > 0 {
                stance += &said!(language, "；{} 个否定互相抵消", "; {} denials cancel one another", judged.cancelled);
            }
            let relation = match &found.choice {
                None => said!(
                    language,
                    "没有可配的产品（该规则适用 {} 类产品）",
                    "no product that fits (the rule is for {} categories)",
                    effect.only.iter().count()
                ),
                Some(choice) => {
                    let named = choice.named.map(|at| &analysis.products[at]);
                    let word = named.map_or_else(String::new, |named| {
                        let part =
                            if named.part { language.pick("，部件归入整机", ", a part of it") } else { "" };
                        let brand =
                            if named.brand { language.pick("，由品牌推知", ", by its brand") } else { "" };
                        format!("「{}」{part}{brand}", original(named.from, named.to))
                    });
                    let why = match (choice.why, choice.named) {
                        (Why::Referred | Why::Inherited, Some(named)) => {
                            let (pointer, sentences, clauses) =
                                analysis.named(lexicon).way_back((found.from, found.clause), named);
                            let far = match sentences {
                                0 => said!(language, "前 {clauses} 分句", "{clauses} clauses back"),
                                _ => said!(language, "前 {sentences} 句", "{sentences} sentences back"),
                            };
                            match pointer {
                                Some(word) => said!(
                                    language,
                                    "（承{far}，由「{}」指代）",
                                    " ({far}, meant by「{}」)",
                                    original(word.from, word.to)
                                ),
                                None => said!(language, "（承{far}，主语省略）", " ({far}, the subject is left out)"),
                            }
                        }
                        (other, _) => why(other, language).to_owned(),
                    };
                    let name = language.pick(choice.category.zh(), choice.category.en());
                    format!("{name} {} ← {word}{why}", choice.category)
                }
            };
            Step {
                text: original(found.from, found.to),
                hazard: format!("{} {}", language.pick(effect.hazard.zh(), effect.hazard.en()), effect.hazard),
                rule: said!(language, "{} ({})：{means}", "{} ({}): {means}", effect.id, effect.at),
                stance,
                relation,
                severity: found.severity,
                outcome: outcome(found.fate, language),
                judged: shown_judgement(&analysis, found, effect.hazard, lexicon, language),
            }
        })
        .collect();
    Explanation {
        language,
        tokens: tokens.take(TOKENS_MAX).collect(),
        clauses: bracketed(&analysis, document, &reading),
        idioms: analysis.hits.idioms.iter().map(|hit| original(hit.from as usize, hit.to as usize)).collect(),
        platform_category: document.meta_str("platform_category").map(|word| match analysis.meta {
            Some(category) => format!("{word} → {} {category}", language.pick(category.zh(), category.en())),
            None => format!("{word} → {}", language.pick("未收录", "not known")),
        }),
        page: shown_page(&analysis, lexicon, language),
        steps,
        standards: super::standards::noted(&reading, lexicon, language),
        rows: shape.sheet.as_ref().map(|sheet| sheet.lines(language)).unwrap_or_default(),
        reading,
    }
}

/// Topics of a digest that are shown.
const TOPICS_SHOWN: usize = 20;

/// How the page was read.
fn shown_page(analysis: &Analysis, lexicon: &Lexicon, language: Language) -> Vec<String> {
    let Some(layout) = analysis.layout.as_deref() else { return Vec::new() };
    let mut lines = Vec::new();
    let (zh, en) = layout.kind.name();
    lines.push(language.pick(zh, en).to_owned());
    for (item, topic) in layout.topics.iter().enumerate().take(TOPICS_SHOWN) {
        let topic = match topic {
            Some(topic) => format!("{} {}", language.pick(topic.category.zh(), topic.category.en()), topic.category),
            None => language.pick("未定", "nothing in particular").to_owned(),
        };
        lines.push(match layout.topics.len() {
            1 => said!(language, "全文说的是 {topic}", "about {topic}"),
            _ => said!(language, "第 {item} 条说的是 {topic}", "item {item} about {topic}"),
        });
    }
    let cue = |cue: u32| lexicon.cues()[cue as usize].id.to_string();
    for hit in &layout.whole {
        let word = analysis.folded.slice(hit.from, hit.to);
        let id = cue(hit.cue);
        lines.push(said!(language, "「{word}」({id}) 对全文有效", "「{word}」({id}) speaks for the whole text"));
    }
    for id in layout.headline.iter().map(|id| cue(*id)) {
        lines.push(said!(language, "标题中的 {id} 对全文有效", "{id} in the headline speaks for the whole text"));
    }
    let outside = layout.outside();
    if outside > 0 {
        lines.push(said!(language, "{outside} 个分句不在正文之内", "{outside} clauses are no part of the article"));
    }
    lines
}

/// What the judge says of a hazard that it decided on.
fn shown_judgement(
    analysis: &Analysis,
    found: &FoundHazard,
    hazard: Hazard,
    lexicon: &Lexicon,
    language: Language,
) -> Option<String> {
    let judge = lexicon.judge().filter(|_| matches!(found.fate, Fate::Kept | Fate::Vetoed))?;
    let category = found.choice?.category;
    let mut pairs = analysis.judged_pairs.iter();
    let pair = pairs.find(|pair| (pair.category, pair.hazard) == (category, hazard))?;
    Some(judge::shown(pair, analysis, judge, language))
}

fn why(why: Why, language: Language) -> &'static str {
    let (zh, en) = match why {
        Why::Clause => ("（同一分句）", " (same clause)"),
        Why::Sentence => ("（同一句）", " (same sentence)"),
        Why::Referred | Why::Inherited => ("（承前）", " (named before)"),
        Why::Text => ("（全文主语）", " (what the whole text is about)"),
        Why::MetaNamed => ("（平台类目，文中也提到）", " (category of the platform, named in the text too)"),
        Why::Meta => ("（平台类目）", " (category of the platform)"),
        Why::Title => ("（标题所述）", " (named in the title)"),
        Why::Implied => ("（由隐患推知）", " (follows from the hazard)"),
    };
    language.pick(zh, en)
}

fn outcome(fate: Fate, language: Language) -> &'static str {
    let (zh, en) = match fate {
        Fate::Kept => ("计入信号", "counts as a signal"),
        Fate::Stance => ("不计：断言不是肯定或怀疑", "does not count: neither asserted nor suspected"),
        Fate::NoProduct => ("不计：没有产品", "does not count: no product"),
        Fate::Bare => ("不计：同一产品另有具体缺陷", "does not count: a plainer defect of the same product is told"),
        Fate::Vetoed => ("不计：复核认为可能性低", "does not count: the judge thinks it improbable"),
        Fate::Outside => ("不计：不在正文之内", "does not count: no part of the article"),
        Fate::General => (
            "不计：只说可能、应当或检验内容，没有说发生了什么",
            "does not count: says what may come, what ought to be done or what was tested, and nothing that happened",
        ),
        Fate::Bystander => (
            "不计：全文说的是另一件产品，这件只是在场",
            "does not count: the page is about another product, this one only stands by",
        ),
        Fate::Body => ("不计：说的是人的身体", "does not count: said of a part of a body"),
        Fate::ToldAlready => {
            ("不计：是同一事件的起因或后果，已计入", "does not count: cause or consequence of an event that is counted")
        }
        Fate::Settled => ("不计：担心之事下文已否认", "does not count: what was feared is denied further on"),
    };
    language.pick(zh, en)
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
        let language = self.language;
        let between = language.pick("、", ", ");
        writeln!(f, "{}  {}", language.pick("分词", "tokens"), self.tokens.join(" / "))?;
        if let Some(category) = &self.platform_category {
            writeln!(f, "{}  {category}", language.pick("平台类目", "platform's category"))?;
        }
        for line in &self.page {
            writeln!(f, "{}  {line}", language.pick("篇章", "page"))?;
        }
        for (at, clause) in self.clauses.iter().enumerate() {
            writeln!(f, "{} {}  {clause}", language.pick("分句", "clause"), at + 1)?;
        }
        if !self.idioms.is_empty() {
            let head = language.pick("习语，不算隐患", "idioms, no hazards");
            writeln!(f, "{head}  {}", self.idioms.join(between))?;
        }
        if self.steps.is_empty() {
            writeln!(f, "{}", language.pick("没有找到隐患词", "no word of a hazard was found"))?;
        }
        for (at, step) in self.steps.iter().enumerate() {
            writeln!(f, "{} {}  【{}】 {}", language.pick("隐患", "hazard"), at + 1, step.text, step.hazard)?;
            writeln!(f, "  {}  {}", language.pick("规则", "rule"), step.rule)?;
            writeln!(f, "  {}  {}", language.pick("断言", "stance"), step.stance)?;
            writeln!(f, "  {}  {}", language.pick("产品", "product"), step.relation)?;
            writeln!(f, "  {}  {}", language.pick("伤害", "severity"), step.severity)?;
            if let Some(judged) = &step.judged {
                writeln!(f, "  {}  {judged}", language.pick("复核", "judge"))?;
            }
            writeln!(f, "  {}  {}", language.pick("结果", "outcome"), step.outcome)?;
        }
        for (at, row) in self.rows.iter().enumerate() {
            writeln!(f, "{} {}  {row}", language.pick("栏目", "row"), at + 1)?;
        }
        for signal in &self.reading.signals {
            let brand = signal
                .brand
                .as_ref()
                .map_or_else(String::new, |brand| said!(language, " 品牌 {brand}", " brand {brand}"));
            let region =
                signal.region.map_or_else(String::new, |region| said!(language, " 地区 {region}", " place {region}"));
            let place =
                if signal.title_span.is_some() { language.pick("（见于标题）", " (in the title)") } else { "" };
            let line = said!(
                language,
                "信号  {} × {}  {}  伤害 {}{brand}{region}  可信度 {:.2}{place}",
                "signal  {} × {}  {}  severity {}{brand}{region}  confidence {:.2}{place}",
                language.pick(signal.product.zh(), signal.product.en()),
                language.pick(signal.hazard.zh(), signal.hazard.en()),
                language.pick(signal.stance.zh(), signal.stance.en()),
                signal.severity,
                signal.confidence
            );
            writeln!(f, "{line}")?;
        }
        for (number, note) in &self.standards {
            writeln!(f, "{}  {number} {note}", language.pick("标准", "standard"))?;
        }
        for recheck in &self.reading.rechecks {
            let title = recheck.title.as_ref().map_or_else(String::new, |title| format!("《{title}》"));
            let said = |text: &Option<String>, zh: &str, en: &str| {
                text.as_ref().map_or_else(String::new, |text| language.pick(zh, en).replace("{}", text))
            };
            let effective = said(&recheck.effective, "，{} 起", ", from {}");
            let other = said(&recheck.replaces, "，代替 {}", ", replaces {}");
            let by = said(&recheck.replaced_by, "，由 {} 代替", ", replaced by {}");
            let products = recheck.categories.iter().map(|category| language.pick(category.zh(), category.en()));
            let products = products.collect::<Vec<_>>().join(between);
            let (standard, action) = (&recheck.standard, language.pick(recheck.action.zh(), recheck.action.en()));
            let line = said!(
                language,
                "复核  {standard}{title} {action}{effective}{other}{by}  涉及 {products}",
                "to look at again  {standard}{title} {action}{effective}{other}{by}  about {products}"
            );
            writeln!(f, "{line}")?;
        }
        for problem in &self.reading.problems {
            let line = said!(language, "问题  {}：“{}”", "problem  {}: {}", problem.kind, problem.detail);
            writeln!(f, "{line}")?;
        }
        write!(f, "{}  {}", language.pick("词库版本", "lexicon"), self.reading.lexicon)
    }
}

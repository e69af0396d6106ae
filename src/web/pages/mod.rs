//! The pages for people. Each file parses its address, asks the view, prepares plain strings, and hands them to a template.

pub(super) mod alert;
pub(super) mod alerts;
pub(super) mod deliveries;
pub(super) mod document;
pub(super) mod provider;
pub(super) mod sampling;
pub(super) mod search;
pub(super) mod searches;
pub(super) mod signin;
pub(super) mod status;
pub(super) mod subscriptions;
mod terms;

use askama::Template;
use axum::response::Html;

use super::gate::{self, Visitor};
use super::problem::Problem;
use super::view::View;
use super::{assets, text, words};
use crate::vocabulary::{AlertId, Counts, DocumentId, ShownAssessment};

/// Longest id in an address, in characters.
pub(super) const ID_CHARS_MAX: usize = 500;

/// From which share on the top province stands for where an alert is.
const MAJORITY: f64 = 0.5;

/// What every page has around its content.
pub(super) struct Shell {
    /// Which entry of the navigation is lit.
    pub(super) section: &'static str,
    /// Digest in the addresses of static files.
    pub(super) version: &'static str,
    /// Who asks.
    pub(super) visitor: Visitor,
}

impl Shell {
    pub(super) fn at(section: &'static str) -> Self {
        Self { section, version: assets::version(), visitor: gate::visitor() }
    }
}

/// The four counts with their names, always together.
struct CountView {
    name: &'static str,
    value: u64,
    means: &'static str,
}

fn counts(counts: Counts) -> [CountView; 4] {
    [
        CountView { name: "信息数", value: counts.reports, means: "全部信息，含转载" },
        CountView { name: "不同文本", value: counts.texts, means: "同源报道合并后" },
        CountView { name: "来源主体", value: counts.actors, means: "不同的发布者" },
        CountView { name: "涉及地区", value: counts.places, means: "不同的地级行政区" },
    ]
}

/// Where an alert points: the brand and the region it is about, or else where most of its events are.
pub(super) struct About {
    pub(super) brand: Option<Named>,
    pub(super) region: Option<Named>,
}

/// A brand or a region with how it is meant.
pub(super) struct Named {
    pub(super) label: &'static str,
    pub(super) name: String,
    /// How many others there are; empty when it is about this one.
    pub(super) among: String,
}

impl About {
    pub(super) fn new(view: &View, judged: &ShownAssessment) -> Self {
        let terms = &judged.spread_terms;
        let named = |label, name| Named { label, name, among: String::new() };
        let most_named = |brand: String| match terms.brands {
            1 => named("点名品牌", brand),
            brands => Named { label: "提及最多", name: brand, among: format!("共 {brands} 个品牌") },
        };
        let most_placed = |code| match terms.provinces {
            1 => named("均在", view.region_name(code)),
            provinces if terms.top_province_share < MAJORITY => named("涉及", format!("{provinces} 个省份")),
            provinces => {
                Named { label: "最集中", name: view.region_name(code), among: format!("共 {provinces} 个省份") }
            }
        };
        let top_brand = terms.top_brand.clone().filter(|_| terms.brands > 0);
        let top_province = terms.top_province.filter(|_| terms.provinces > 0);
        Self {
            brand: judged.brand.clone().map(|brand| named("品牌", brand)).or_else(|| top_brand.map(most_named)),
            region: (judged.region.map(|code| named("地区", view.region_name(code))))
                .or_else(|| top_province.map(most_placed)),
        }
    }
}

/// What was seen against what was expected, in the deciding window.
fn seen_and_expected(judged: &ShownAssessment) -> String {
    let term = judged.detector.windows.iter().find(|term| term.days == judged.window_days);
    match term {
        Some(term) => format!("近 {} 天 {} 起独立事件，平常预期 {} 起", term.days, term.x, words::roughly(term.mu)),
        None => format!("近 {} 天 {} 条信息", judged.window_days, judged.counts.reports),
    }
}

/// A sentence of an explanation.
struct Reason<'a> {
    /// What it is about, when it says so up to a colon: `处置采样`.
    head: &'a str,
    rest: &'a str,
    kind: ReasonKind,
}

/// What a sentence of an explanation is for, the decisive ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ReasonKind {
    /// What became of the alert: closed, merged; and whatever we do not know.
    Note,
    Seen,
    SingleRule,
    Disposal,
    /// The level is kept although the newest assessment is lower.
    Held,
    Danger,
    Spread,
    /// What would change the judgement.
    Change,
    Statistics,
    /// Shown elsewhere on the page.
    Versions,
}

impl<'a> Reason<'a> {
    /// Longest head, in characters.
    const HEAD_CHARS_MAX: usize = 10;

    /// The sentences of an explanation, the decisive ones first; the paragraph itself stays as it is beside them.
    fn all(explanation: &'a str) -> Vec<Self> {
        let mut reasons: Vec<Self> = words::sentences(explanation).into_iter().map(Self::new).collect();
        reasons.sort_by_key(|reason| reason.kind);
        reasons
    }

    fn new(sentence: &'a str) -> Self {
        let starts = [
            ("截至", ReasonKind::Seen),
            ("单件规则", ReasonKind::SingleRule),
            ("处置", ReasonKind::Disposal),
            ("（自", ReasonKind::Held),
            ("隐患程度", ReasonKind::Danger),
            ("范围", ReasonKind::Spread),
            ("改判条件", ReasonKind::Change),
            ("基线", ReasonKind::Statistics),
            ("上升证据", ReasonKind::Statistics),
            ("评价标准", ReasonKind::Versions),
        ];
        let kind =
            starts.iter().find(|(start, _)| sentence.starts_with(start)).map_or(ReasonKind::Note, |(_, kind)| *kind);
        if kind == ReasonKind::Held {
            let inner = sentence.trim().trim_start_matches('（').trim_end_matches(['）', '。']);
            return Self { head: "", rest: inner, kind };
        }
        let sentence = without_code(sentence);
        let colon = sentence.char_indices().take(Self::HEAD_CHARS_MAX).find(|(_, letter)| *letter == '：');
        let (head, rest) = colon.map_or(("", sentence), |(at, _)| sentence.split_at(at));
        Self { head, rest, kind }
    }

    fn is_held(&self) -> bool {
        self.kind == ReasonKind::Held
    }
}

/// A sentence without the rule's code in brackets at its end; the paragraph and the tables keep it.
fn without_code(sentence: &str) -> &str {
    let body = sentence.trim_end_matches('。');
    let code = |inner: &str| inner.is_ascii() && inner.contains(|letter: char| letter.is_ascii_lowercase());
    match body.strip_suffix('）').and_then(|body| body.rsplit_once('（')) {
        Some((before, inner)) if code(inner) => before,
        _ => body,
    }
}

/// A row of a table of facts.
struct Fact {
    name: String,
    value: String,
    /// Tooltip: the number without rounding, or the source's own name of a field.
    exact: String,
}

impl Fact {
    fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), exact: String::new() }
    }

    fn number(name: impl Into<String>, shown: String, exact: f64) -> Self {
        Self { name: name.into(), value: shown, exact: exact.to_string() }
    }
}

pub(super) fn render(page: &impl Template) -> Result<Html<String>, Problem> {
    Ok(Html(text::defuse(page.render()?)))
}

/// An alert's id out of an address.
pub(super) fn alert_id(id: String) -> Result<AlertId, Problem> {
    bounded(id).map(AlertId::new).ok_or_else(|| Problem::not_found("没有这个编号的预警。"))
}

/// A document's id out of an address.
pub(super) fn document_id(id: String) -> Result<DocumentId, Problem> {
    bounded(id).map(DocumentId::new).ok_or_else(|| Problem::not_found("没有这个编号的信息。"))
}

fn bounded(id: String) -> Option<String> {
    (id.chars().nth(ID_CHARS_MAX).is_none()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_is_read_with_the_decisive_sentences_first_and_none_lost() {
        let text = "截至2025-04-29，近56天有19起独立事件。基线9周内0起。范围个别：点名品牌1个。隐患程度严重：伤害程度S4。\
                    处置采样：应当组织采样（sample.danger）。改判条件：少最近2起，处置降为通知。评价标准2026.1。（自2025-04-10起评估低于现级；现级保持。）";
        let reasons = Reason::all(text);
        let heads: Vec<&str> = reasons.iter().map(|reason| reason.head).collect();
        assert_eq!(heads, ["", "处置采样", "", "隐患程度严重", "范围个别", "改判条件", "", ""]);
        assert!(reasons[0].rest.starts_with("截至") && reasons[2].is_held());
        assert_eq!(reasons[2].rest, "自2025-04-10起评估低于现级；现级保持");
        let closed = Reason::all("自2025-03-01起连续28天未再越线，关闭。截至2025-04-01，近7天有3起独立事件。");
        assert!(closed[0].rest.starts_with("自2025-03-01起连续28天"));
        assert_eq!(reasons[1].rest, "：应当组织采样", "the rule's code stays in the paragraph and the tables");
        assert_eq!(without_code("范围个别：见于多地（企业性）。"), "范围个别：见于多地（企业性）");
        assert!(Reason::all("").is_empty());
    }
}

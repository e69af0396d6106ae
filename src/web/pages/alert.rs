//! One alert: why, with every number; the evidence; the history; what to buy and test.

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Html;

use super::super::desk::Desk;
use super::super::problem::Problem;
use super::super::text::{self, Segment};
use super::super::words::{self, NONE};
use super::sampling::RequestView;
use super::{About, CountView, Fact, Reason, ReasonKind, Shared, Shell, alert_id, counts, render, seen_and_expected};
use crate::vocabulary::{
    Alert, AlertEvent, AlertEventKind, AlertId, DangerTerms, DetectorTerms, DocumentId, Evidence, SpreadTerms,
    WindowTerm,
};

/// Pieces of evidence shown unfolded.
const EVIDENCE_SHOWN_FIRST: usize = 8;

struct WindowRow {
    days: u32,
    deciding: bool,
    x: u64,
    mu: String,
    mu_exact: f64,
    p: String,
    p_exact: f64,
}

struct EvidenceView<'a> {
    document: &'a DocumentId,
    segments: Vec<Segment<'a>>,
    published: String,
    source: &'a str,
    link: Option<String>,
    address: Option<&'a str>,
}

impl<'a> EvidenceView<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        let link = text::link(evidence.url.as_deref());
        Self {
            document: &evidence.document_id,
            segments: text::highlight(&evidence.text, &evidence.spans),
            published: words::published(evidence.published_at),
            source: &evidence.source,
            address: if link.is_none() { evidence.url.as_deref() } else { None },
            link,
        }
    }
}

/// One level in an event: before and after.
struct Change {
    name: &'static str,
    before: Option<&'static str>,
    after: &'static str,
}

struct EventView<'a> {
    event: &'a AlertEvent,
    region: Option<String>,
    name: &'static str,
    code: &'static str,
    changes: [Change; 3],
    counts: [CountView; 4],
    score: String,
}

impl<'a> EventView<'a> {
    fn new(desk: &dyn Desk, event: &'a AlertEvent) -> Self {
        let before = event.before;
        let differs = |before: Option<&'static str>, after: &'static str| before.filter(|before| *before != after);
        let change = |name, before, after| Change { name, before: differs(before, after), after };
        Self {
            name: words::event(event.event),
            code: words::event_code(event.event),
            region: event.region.map(|code| desk.region_name(code)),
            changes: [
                change("隐患程度", before.map(|(danger, _, _)| danger.zh()), event.danger.zh()),
                change("范围", before.map(|(_, spread, _)| spread.zh()), event.spread.zh()),
                change("处置", before.map(|(_, _, disposal)| disposal.zh()), event.disposal.zh()),
            ],
            counts: counts(event.counts),
            score: words::decimal(event.rank_score),
            event,
        }
    }
}

/// How an alert ended.
struct Ending<'a> {
    on: jiff::civil::Date,
    /// Why, in the words of its last event.
    why: &'a str,
    /// The alert that goes on in its place.
    into: Option<AlertId>,
}

impl<'a> Ending<'a> {
    fn new(event: &'a AlertEvent) -> Self {
        let note = Reason::all(&event.explanation).into_iter().find(|reason| reason.kind == ReasonKind::Note);
        let why = note.map_or("", |note| note.rest);
        let into = why.strip_prefix("并入预警").map(|id| AlertId::new(id.trim_end_matches('。').trim()));
        Self { on: event.as_of, why, into }
    }
}

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertPage<'a> {
    shell: Shell,
    alert: &'a Alert,
    state: &'static str,
    about: About,
    seen: String,
    ending: Option<Ending<'a>>,
    reasons: Vec<Reason<'a>>,
    /// Whether the levels are those of an earlier assessment.
    held: bool,
    score: String,
    counts: [CountView; 4],
    windows: Vec<WindowRow>,
    detector: Vec<Fact>,
    danger: Vec<Fact>,
    spread: Vec<Fact>,
    evidence: Vec<EvidenceView<'a>>,
    /// The rest of the evidence, folded away.
    folded: Vec<EvidenceView<'a>>,
    listed: u64,
    history: Vec<EventView<'a>>,
    sampling: Option<RequestView<'a>>,
    /// What came back, one line each, the newest first.
    outcomes: Vec<String>,
}

pub(in crate::web) async fn show(
    State(desk): State<Shared>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Html<String>, Problem> {
    let id = alert_id(id?.0)?;
    let Some(alert) = desk.alert(&id).await? else {
        let id = text::shorten(id.as_str(), 60);
        return Err(Problem::not_found(format!("没有编号为“{id}”的预警，它可能来自另一个数据目录。")));
    };
    let (history, sampling) = (desk.history(&id).await?, desk.sampling(&id).await?);
    let judged = &alert.assessment;
    let detector = &judged.detector;
    let reasons = Reason::all(&judged.explanation);
    render(&AlertPage {
        shell: Shell::at("alerts"),
        state: words::state(alert.state),
        about: About::new(desk.as_ref(), judged),
        seen: seen_and_expected(judged),
        held: reasons.iter().any(Reason::is_held),
        ending: history.last().filter(|event| event.event == AlertEventKind::Closed).map(Ending::new),
        // What the line above, the counts and the foot of the numbers say already is not said again.
        reasons: (reasons.into_iter())
            .filter(|reason| !matches!(reason.kind, ReasonKind::Seen | ReasonKind::Versions))
            .collect(),
        score: words::decimal(judged.rank_score),
        counts: counts(judged.counts),
        windows: detector.windows.iter().map(|term| window(term, judged.window_days)).collect(),
        detector: detector_facts(detector),
        danger: danger_facts(&judged.danger_terms),
        spread: spread_facts(desk.as_ref(), &judged.spread_terms),
        evidence: alert.evidence.iter().take(EVIDENCE_SHOWN_FIRST).map(EvidenceView::new).collect(),
        folded: alert.evidence.iter().skip(EVIDENCE_SHOWN_FIRST).map(EvidenceView::new).collect(),
        listed: alert.evidence.len() as u64,
        history: history.iter().rev().map(|event| EventView::new(desk.as_ref(), event)).collect(),
        sampling: sampling.as_ref().map(RequestView::new),
        outcomes: desk.outcomes(Some(&id)).await?.iter().rev().map(ToString::to_string).collect(),
        alert: &alert,
    })
}

fn window(term: &WindowTerm, deciding_days: u32) -> WindowRow {
    WindowRow {
        days: term.days,
        deciding: term.days == deciding_days,
        x: term.x,
        mu: words::decimal(term.mu),
        mu_exact: term.mu,
        p: words::tail(term.p),
        p_exact: term.p,
    }
}

fn detector_facts(terms: &DetectorTerms) -> Vec<Fact> {
    let [shape, rate] = terms.prior;
    vec![
        Fact::new("方法", words::method(&terms.method)),
        Fact::number("上升证据（平均似然比的自然对数）", words::decimal(terms.evidence), terms.evidence),
        Fact::number("检测值 h（−log₁₀ 此类单元每年偶然出现同等证据的次数）", words::decimal(terms.h), terms.h),
        Fact::number("预警线（误报预算所定）", words::decimal(terms.h_threshold), terms.h_threshold),
        Fact::new("基线事件数", terms.baseline_events.to_string()),
        Fact::number("基线长度（周，按采集量折算）", words::decimal(terms.baseline_weeks), terms.baseline_weeks),
        Fact::new("先验（形状，速率）", format!("{}，{}", words::decimal(shape), words::decimal(rate))),
    ]
}

fn danger_facts(terms: &DangerTerms) -> Vec<Fact> {
    let [low, high] = terms.range;
    let range = if low == high { low.zh().to_owned() } else { format!("{} 至 {}", low.zh(), high.zh()) };
    vec![
        Fact::new("最严重的可信伤害", words::severity(terms.severity)),
        Fact::new("文中述及或隐含的伤害", words::severity(terms.severity_stated)),
        Fact::new("涉及儿童、老人等人群而上调", if terms.vulnerable { "是" } else { "否" }),
        Fact::new(
            "可能性档位（0 为最可能）",
            terms.probability_row.map_or_else(|| "不明（使用量未知）".to_owned(), |row| row.to_string()),
        ),
        Fact::new("矩阵允许的范围", range),
    ]
}

fn spread_facts(desk: &dyn Desk, terms: &SpreadTerms) -> Vec<Fact> {
    let tail = |name: &str, p: Option<f64>| match p {
        Some(p) => Fact::number(name, words::tail(p), p),
        None => Fact::new(name, NONE),
    };
    let share = |name: &str, value: f64| Fact::number(name, words::share(value), value);
    let decimal = |name: &str, value: f64| Fact::number(name, words::decimal(value), value);
    let mut facts = vec![
        Fact::new("提及的品牌数", terms.brands.to_string()),
        decimal("有效品牌数（1/Σ份额²）", terms.effective_brands),
        Fact::new("提及最多的品牌", terms.top_brand.as_deref().unwrap_or(NONE)),
        share("未写明品牌的事件", terms.unknown_brand_share),
        Fact::new("涉及省份数", terms.provinces.to_string()),
        decimal("有效省份数（1/Σ份额²）", terms.effective_provinces),
        Fact::new("最集中的省份", terms.top_province.map_or_else(|| NONE.to_owned(), |code| desk.region_name(code))),
        share("该省份在有地点事件中的份额", terms.top_province_share),
        share("未写明地点的事件", terms.unknown_region_share),
        tail("去掉首位品牌后的 p", terms.p_without_top_brand),
        tail("去掉首位省份后的 p", terms.p_without_top_province),
        Fact::new("判定规则", terms.rule.as_str()),
    ];
    if terms.company_wide {
        facts.push(Fact::new("企业性", "同一企业的产品在两个以上地区出现问题"));
    }
    if terms.provisional {
        facts.push(Fact::new("暂定", "写明品牌的事件过少，“行业性”为暂定结论"));
    }
    facts
}

//! One alert: why, with every number; the evidence; the history; what to buy and test.

use askama::Template;
use axum::Extension;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::response::Html;
use serde::Deserialize;

use super::super::clock::now;
use super::super::display;
use super::super::parameters::alert_id;
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::stretch;
use super::super::text::{self, Segment};
use super::super::view::{MatterSeen, View};
use super::matters::DutyRow;
use super::sampling::RequestView;
use super::terms::{self, RegionRow, SourceRow};
use super::{CountView, Fact, Kind, Reason, Subject, counts, render, seen_and_expected};
use access::Viewer;
use alert::Casework;
use tell::{self, Language};
use vocabulary::{
    Act, ActKind, AlertEventKind, AlertId, DocumentId, Evidence, Scope, ShownAlert, ShownEvent, Stage, WindowTerm,
    day_of,
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
        let mut published = display::published(evidence.published_at);
        if evidence.undated {
            published += " 采集（原文无日期）";
        }
        Self {
            document: &evidence.document_id,
            segments: text::highlight(&evidence.text, &evidence.spans),
            published,
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
    event: &'a ShownEvent,
    region: Option<String>,
    name: &'static str,
    code: &'static str,
    changes: [Change; 3],
    counts: [CountView; 4],
    score: String,
    explanation: String,
}

impl<'a> EventView<'a> {
    fn new(view: &View, event: &'a ShownEvent) -> Self {
        let before = event.before;
        let differs = |before: Option<&'static str>, after: &'static str| before.filter(|before| *before != after);
        let change = |name, before, after| Change { name, before: differs(before, after), after };
        Self {
            name: display::event(event.event),
            code: display::event_code(event.event),
            region: event.region.map(|code| view.region_name(code)),
            changes: [
                change("隐患程度", before.map(|(danger, _, _)| danger.zh()), event.danger.zh()),
                change("范围", before.map(|(_, spread, _)| spread.zh()), event.spread.zh()),
                change("处置", before.map(|(_, _, disposal)| disposal.zh()), event.disposal.zh()),
            ],
            counts: counts(event.counts),
            score: display::decimal(event.rank_score),
            explanation: tell::paragraph(&event.explanation, Language::Chinese),
            event,
        }
    }
}

/// How an alert ended.
struct Ending {
    on: jiff::civil::Date,
    /// Why: the first sentence of its last event.
    why: String,
    /// The alert that goes on in its place.
    into: Option<AlertId>,
}

impl Ending {
    fn new(event: &ShownEvent) -> Self {
        let first = Reason::in_order(&event.explanation).next();
        let why = first.map_or_else(String::new, |reason| reason.head + &reason.rest);
        Self { on: event.as_of, why, into: event.merged_into.clone() }
    }
}

#[derive(Template)]
#[template(path = "alert.html")]
struct AlertPage<'a> {
    shell: Shell,
    alert: &'a ShownAlert,
    state: &'static str,
    about: Subject,
    seen: String,
    ending: Option<Ending>,
    reasons: Vec<Reason>,
    /// The whole explanation, in one paragraph.
    explanation: String,
    /// Whether the levels are those of an earlier assessment.
    held: bool,
    score: String,
    counts: [CountView; 4],
    windows: Vec<WindowRow>,
    detector: Vec<Fact>,
    danger: Vec<Fact>,
    spread: Vec<Fact>,
    regions: Vec<RegionRow>,
    feedback: Vec<Fact>,
    sources: Vec<SourceRow>,
    evidence: Vec<EvidenceView<'a>>,
    /// The rest of the evidence, folded away.
    folded: Vec<EvidenceView<'a>>,
    listed: u64,
    history: Vec<EventView<'a>>,
    sampling: Option<RequestView<'a>>,
    /// What came back, one line each, the newest first.
    outcomes: Vec<String>,
    casework: Casework,
    /// Whether it is excluded until the watch raises a level of it.
    until_rise: bool,
    /// What people did, the newest first.
    acts: Vec<ActView<'a>>,
    /// How many older ones stand on further pages, and whether newer ones do.
    acts_before: usize,
    acts_behind: bool,
    /// How many older outcomes there are.
    outcomes_before: usize,
    /// Acts that the viewer may do now.
    open_acts: Vec<ActKind>,
    matter: Option<MatterView<'a>>,
}

/// How far its matter has come; none where the viewer has no part in it.
struct MatterView<'a> {
    /// The stage, for those inside; empty for units outside.
    stage: &'static str,
    open: Vec<DutyRow<'a>>,
}

struct ActView<'a> {
    act: &'a Act,
    day: jiff::civil::Date,
}

/// Which stretch of what people did.
#[derive(Debug, Deserialize)]
pub(crate) struct ActsQuery {
    /// Only the first so many, of which the last are shown; none: all.
    before: Option<usize>,
}

pub(crate) async fn show(
    view: View,
    Extension(viewer): Extension<Viewer>,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<ActsQuery>, QueryRejection>,
) -> Result<Html<String>, Problem> {
    let id = alert_id(id?.0)?;
    let before = query?.0.before.unwrap_or(usize::MAX).max(1);
    let Some(alert) = view.alert(&id).await? else {
        let id = text::shorten(id.as_str(), 60);
        return Err(Problem::not_found(format!("没有编号为“{id}”的预警，它可能来自另一个数据目录。")));
    };
    let (casework, acts) = view.casework(&id).await?;
    let open_acts = match viewer.party() {
        Some(party) if viewer.has(Scope::Act) => casework.open_to(party.role),
        _ => Vec::new(),
    };
    let matter = view.matter(&id).await?.map(|(seen, _)| seen);
    let today = day_of(now());
    let until_rise = casework.stage == Stage::Excluded && view.is_excluded_until_rise(&id).await?;
    let (history, sampling) = (view.history(&id).await?, view.sampling(&id).await?);
    let shown = stretch::newest(&acts, before, |act| act.note.len());
    let outcomes: Vec<String> = view.outcomes(Some(&id)).await?.iter().map(ToString::to_string).collect();
    let outcomes_shown = stretch::newest(&outcomes, usize::MAX, String::len);
    let judged = &alert.assessment;
    let detector = &judged.detector;
    let reasons = Reason::all(&judged.explanation);
    render(&AlertPage {
        shell: Shell::at("alerts"),
        state: display::state(alert.state),
        about: Subject::new(&view, judged),
        seen: seen_and_expected(judged),
        held: reasons.iter().any(Reason::is_held),
        ending: history.last().filter(|event| event.event == AlertEventKind::Closed).map(Ending::new),
        // What the line above, the counts and the foot of the numbers say already is not said again.
        reasons: (reasons.into_iter()).filter(|reason| !matches!(reason.about, Kind::Seen | Kind::Versions)).collect(),
        explanation: tell::paragraph(&judged.explanation, Language::Chinese),
        score: display::decimal(judged.rank_score),
        counts: counts(judged.counts),
        windows: detector.windows.iter().map(|term| window(term, judged.window_days)).collect(),
        detector: terms::detector(detector),
        danger: terms::danger(&judged.danger_terms),
        spread: terms::spread(&view, &judged.spread_terms),
        regions: terms::regions(&view, &judged.spread_terms),
        feedback: judged.feedback.as_ref().map(terms::feedback).unwrap_or_default(),
        sources: judged.feedback.as_ref().map(terms::sources).unwrap_or_default(),
        evidence: alert.evidence.iter().take(EVIDENCE_SHOWN_FIRST).map(EvidenceView::new).collect(),
        folded: alert.evidence.iter().skip(EVIDENCE_SHOWN_FIRST).map(EvidenceView::new).collect(),
        listed: alert.evidence.len() as u64,
        history: history.iter().rev().map(|event| EventView::new(&view, event)).collect(),
        sampling: sampling.as_ref().map(RequestView::new),
        outcomes_before: outcomes_shown.start,
        outcomes: outcomes[outcomes_shown].iter().rev().cloned().collect(),
        casework,
        until_rise,
        acts_before: shown.start,
        acts_behind: shown.end < acts.len(),
        acts: acts[shown].iter().rev().map(|act| ActView { act, day: day_of(act.at) }).collect(),
        open_acts,
        matter: matter.as_ref().map(|seen| MatterView {
            stage: match &seen.seen {
                MatterSeen::Whole { matter, .. } => matter.casework.stage.zh(),
                MatterSeen::Part(_) => "",
            },
            open: seen.open(today).into_iter().map(|duty| DutyRow::new(seen, duty, today)).collect(),
        }),
        alert: &alert,
    })
}

fn window(term: &WindowTerm, deciding_days: u32) -> WindowRow {
    WindowRow {
        days: term.days,
        deciding: term.days == deciding_days,
        x: term.x,
        mu: display::decimal(term.mu),
        mu_exact: term.mu,
        p: display::tail(term.p),
        p_exact: term.p,
    }
}

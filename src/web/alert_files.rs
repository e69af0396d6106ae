//! Other forms of alerts: CSV, events as CloudEvents, the draft of a notice, a sheet to print; the last two also as Word documents and PDF.

use askama::Template;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;

use super::display;
use super::docx::{self, DOCX};
use super::office_document::OfficeDocument;
use super::pages::{Subject, render};
use super::parameters::alert_id;
use super::pdf::{self, PDF};
use super::problem::Problem;
use super::shell::Shell;
use super::state::Shared;
use super::stretch;
use super::view::{FeedForm, View, ViewError};
use access::Viewer;
use alert::forms;
use tell::{self, Language};
use vocabulary::{SamplingRequest, ShownAlert, ShownEvent};

/// Events in one answer when nobody says otherwise.
pub(super) const EVENTS_DEFAULT: usize = 100;
/// Most of them.
pub(super) const EVENTS_MAX: usize = 1_000;
/// Media type of a batch of CloudEvents.
const CLOUD_EVENTS: &str = "application/cloudevents-batch+json; charset=utf-8";

/// All alerts as a table. The audit log keeps who took it.
pub(super) async fn csv(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
) -> Result<Response, Problem> {
    let held = shared.export_place(&viewer)?;
    let alerts = view.ranked().await?;
    shared.note_export(&viewer, "alerts.csv".to_owned(), format!("{} alerts", alerts.len())).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"wanglou-alerts.csv\""),
    ];
    Ok((headers, Extension(held), view.render(FeedForm::Csv, &alerts)).into_response())
}

/// Which stretch of the events.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct EventsQuery {
    /// Number of the last event seen.
    #[schemars(extend("default" = 0))]
    after: Option<u64>,
    /// How many to give.
    #[schemars(range(min = 1, max = EVENTS_MAX), extend("default" = EVENTS_DEFAULT))]
    limit: Option<usize>,
}

/// What happened to alerts behind a number, as CloudEvents: what a program reads that was away, or that keeps its own copy.
pub(super) async fn events(view: View, query: Result<Query<EventsQuery>, QueryRejection>) -> Result<Response, Problem> {
    let EventsQuery { after, limit } = query?.0;
    let limit = limit.unwrap_or(EVENTS_DEFAULT);
    if !(1..=EVENTS_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("limit 应在 1 到 {EVENTS_MAX} 之间，收到 {limit}。")));
    }
    let page = view.events_after(after.unwrap_or(0), limit).await?;
    let batch = Json(forms::cloud_events(&page.events, view.home()));
    let mut answer = batch.into_response();
    answer.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static(CLOUD_EVENTS));
    answer.headers_mut().insert("wanglou-next", axum::http::HeaderValue::from(page.reached));
    Ok(answer)
}

/// In which form a sheet or a draft is wanted.
#[derive(Debug, Deserialize)]
pub(super) struct FormQuery {
    format: Option<String>,
}

/// A kind of file that an office document is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// `.docx`.
    Word,
    /// `.pdf`.
    Pdf,
}

impl FormQuery {
    /// As which file; none: as a page.
    fn file(&self) -> Result<Option<FileKind>, Problem> {
        match self.format.as_deref() {
            None | Some("") => Ok(None),
            Some("docx") => Ok(Some(FileKind::Word)),
            Some("pdf") => Ok(Some(FileKind::Pdf)),
            Some(_) => Err(Problem::bad_request("format 只能是 docx 或 pdf，或不写。")),
        }
    }
}

/// An office document as a file, to be saved under a name.
pub(super) fn attached(made: &OfficeDocument, file: FileKind, name: &str) -> Result<Response, Problem> {
    let (kind, ending, bytes) = match file {
        FileKind::Word => {
            let bytes = docx::write(made).map_err(|error| ViewError::internal("writing a Word document", error))?;
            (DOCX, "docx", bytes)
        }
        FileKind::Pdf => (PDF, "pdf", pdf::write(made, name)),
    };
    // The id of an alert is ASCII.
    let name = format!("attachment; filename=\"{name}.{ending}\"");
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], bytes).into_response())
}

/// The draft of a notice to the public, as text to be worked on.
pub(super) async fn notice(
    view: View,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<FormQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let id = alert_id(id?.0)?;
    let file = query?.0.file()?;
    let alert = view.alert(&id).await?.ok_or_else(|| Problem::not_found("没有这个编号的预警。"))?;
    if let Some(file) = file {
        let text = view.render(FeedForm::Notice, &[alert]);
        let mut made = OfficeDocument::default();
        let mut parts = text.trim().split("\n\n");
        made.paragraph(parts.next().unwrap_or_default()).title(parts.next().unwrap_or_default());
        parts.for_each(|part| _ = made.paragraph(part));
        return attached(&made, file, &format!("notice-{id}"));
    }
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], view.render(FeedForm::Notice, &[alert])).into_response())
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage<'a> {
    shell: Shell,
    alert: &'a ShownAlert,
    state: &'static str,
    stage: &'static str,
    about: Subject,
    explanation: String,
    /// What happened, one line each, oldest first.
    history: Vec<String>,
    outcomes: Vec<String>,
    acts: Vec<String>,
    /// Older acts and outcomes, which the sheet has no room for.
    before: (usize, usize),
    sampling: Option<SamplingRequest>,
}

/// One alert on a sheet to print, with the list of its evidence.
pub(super) async fn sheet(
    view: View,
    id: Result<Path<String>, PathRejection>,
    query: Result<Query<FormQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let id = alert_id(id?.0)?;
    let file = query?.0.file()?;
    let alert = view.alert(&id).await?.ok_or_else(|| Problem::not_found("没有这个编号的预警。"))?;
    let (casework, acts) = view.casework(&id).await?;
    let history = view.history(&id).await?;
    let line = |event: &ShownEvent| {
        let before = event
            .before
            .map(|(danger, spread, disposal)| format!("（原 {}·{}·{}）", danger.zh(), spread.zh(), disposal.zh()));
        let (danger, spread, disposal) = (event.danger.zh(), event.spread.zh(), event.disposal.zh());
        let before = before.unwrap_or_default();
        format!("{} {} {danger}·{spread}·{disposal}{before}", event.as_of, display::event(event.event))
    };
    let did = |act: &vocabulary::Act| {
        let day = vocabulary::day_of(act.at);
        format!("{day} {}（{}）{}：{}", act.by, act.party, act.kind.zh(), act.note)
    };
    let newest = stretch::newest(&acts, usize::MAX, |act| act.note.len());
    let came_back: Vec<String> = view.outcomes(Some(&id)).await?.iter().map(ToString::to_string).collect();
    let newest_outcomes = stretch::newest(&came_back, usize::MAX, String::len);
    let page = SheetPage {
        shell: Shell::at("alerts"),
        state: display::state(alert.state),
        stage: casework.stage.zh(),
        about: Subject::new(&view, &alert.assessment),
        explanation: tell::paragraph(&alert.assessment.explanation, Language::Chinese),
        history: history.iter().map(line).collect(),
        outcomes: came_back[newest_outcomes.clone()].to_vec(),
        acts: acts[newest.clone()].iter().map(did).collect(),
        before: (newest.start, newest_outcomes.start),
        sampling: view.sampling(&id).await?,
        alert: &alert,
    };
    match file {
        Some(file) => attached(&page.as_document(), file, &format!("alert-{id}")),
        None => Ok(render(&page)?.into_response()),
    }
}

impl SheetPage<'_> {
    /// What the page says, for a file.
    fn as_document(&self) -> OfficeDocument {
        let (alert, judged, c) = (self.alert, &self.alert.assessment, &self.alert.assessment.counts);
        let mut made = OfficeDocument::default();
        let named = [&self.about.brand, &self.about.region].into_iter().flatten();
        let about: Vec<String> = named
            .map(|named| format!("{}：{} {}", named.label, named.name, named.among).trim_end().to_owned())
            .collect();
        made.title("产品质量安全风险预警单").table(&[
            ("编号", alert.id.to_string()),
            ("产品与隐患", format!("{}／{}", judged.category.zh(), judged.hazard.zh())),
            ("指向", about.join("；")),
            ("隐患程度", judged.danger.zh().to_owned()),
            ("范围", judged.spread_zh()),
            ("处置（机器）", format!("{}（{}）", judged.disposal.zh(), judged.disposal_rule)),
            ("状态（人工）", format!("{} · {}", self.stage, self.state)),
            ("信息／文本／主体／地区", format!("{}／{}／{}／{}", c.reports, c.texts, c.actors, c.places)),
            ("评估日", judged.as_of.to_string()),
            ("开启／变化", format!("{}／{}", alert.opened_on, alert.changed_on)),
            ("评价标准／词典", format!("{}／{}", judged.criteria, alert.lexicon)),
        ]);
        made.heading("说明").paragraph(&self.explanation);
        let named = |name: &str, before: usize| match before {
            0 => name.to_owned(),
            before => format!("{name}（更早的 {before} 条见预警页）"),
        };
        let (acts, outcomes) = (named("人工处置", self.before.0), named("结果反馈", self.before.1));
        made.list("经过", &self.history).list(&acts, &self.acts).list(&outcomes, &self.outcomes);
        if let Some(request) = &self.sampling {
            let items: Vec<String> =
                request.items.iter().map(|item| format!("{}（{}）", item.item, item.standard)).collect();
            let what =
                format!("{}，{} 批次，{} 前。{}", request.product, request.batches, request.deadline, items.join("、"));
            made.heading(&format!("采样任务 {}", request.id)).paragraph(&what);
        }
        let heading = format!("依据清单（共 {} 条，列出 {} 条）", alert.evidence_total, alert.evidence.len());
        let evidence = alert.evidence.iter().map(|item| {
            let url = item.url.as_deref().map(|url| format!(" · {url}")).unwrap_or_default();
            format!("{}\n{} · {}{url}", item.text, item.source, item.document_id)
        });
        made.list(&heading, evidence).paragraph("本单由公开信息自动汇总，仅供研判，不构成对任何产品的结论。");
        made
    }
}

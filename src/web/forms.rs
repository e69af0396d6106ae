//! Other forms of alerts: CSV, events as CloudEvents, the draft of a notice, a sheet to print.

use askama::Template;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;

use super::desk::FeedForm;
use super::gate::{Hall, Seated};
use super::pages::{About, Shell, alert_id, render};
use super::problem::Problem;
use super::words;
use crate::access::Viewer;
use crate::alert::forms;
use crate::vocabulary::{Alert, SamplingRequest};

/// Events in one answer when nobody says otherwise.
pub(super) const EVENTS_DEFAULT: usize = 100;
/// Most of them.
pub(super) const EVENTS_MAX: usize = 1_000;
/// Media type of a batch of CloudEvents.
const CLOUD_EVENTS: &str = "application/cloudevents-batch+json; charset=utf-8";

/// All alerts as a table. What leaves so is told in the audit log.
pub(super) async fn csv(
    State(hall): State<Hall>,
    Extension(viewer): Extension<Viewer>,
    Seated(desk): Seated,
) -> Result<Response, Problem> {
    let alerts = desk.ranked().await?;
    hall.note_export(&viewer, "alerts.csv".to_owned(), format!("{} alerts", alerts.len())).await?;
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"wanglou-alerts.csv\""),
    ];
    Ok((headers, desk.render(FeedForm::Csv, &alerts)).into_response())
}

#[derive(Debug, Deserialize)]
pub(super) struct EventsQuery {
    after: Option<u64>,
    limit: Option<usize>,
}

/// What happened to alerts behind a number, as CloudEvents: what a program reads that was away, or that keeps its own copy.
pub(super) async fn events(
    Seated(desk): Seated,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let EventsQuery { after, limit } = query?.0;
    let limit = limit.unwrap_or(EVENTS_DEFAULT);
    if !(1..=EVENTS_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("limit 应在 1 到 {EVENTS_MAX} 之间，收到 {limit}。")));
    }
    let page = desk.events_after(after.unwrap_or(0), limit).await?;
    let batch = Json(forms::cloud_events(&page.events, desk.home()));
    let mut answer = batch.into_response();
    answer.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static(CLOUD_EVENTS));
    answer.headers_mut().insert("wanglou-next", axum::http::HeaderValue::from(page.reached));
    Ok(answer)
}

/// The draft of a notice to the public, as text to be worked on.
pub(super) async fn notice(Seated(desk): Seated, id: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let id = alert_id(id?.0)?;
    let alert = desk.alert(&id).await?.ok_or_else(|| Problem::not_found("没有这个编号的预警。"))?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], desk.render(FeedForm::Notice, &[alert])).into_response())
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage<'a> {
    shell: Shell,
    alert: &'a Alert,
    state: &'static str,
    stage: &'static str,
    about: About,
    /// What happened, one line each, oldest first.
    history: Vec<String>,
    outcomes: Vec<String>,
    acts: Vec<String>,
    sampling: Option<SamplingRequest>,
}

/// One alert on a sheet to print, with the list of its evidence.
pub(super) async fn sheet(
    Seated(desk): Seated,
    id: Result<Path<String>, PathRejection>,
) -> Result<Html<String>, Problem> {
    let id = alert_id(id?.0)?;
    let alert = desk.alert(&id).await?.ok_or_else(|| Problem::not_found("没有这个编号的预警。"))?;
    let (casework, acts) = desk.casework(&id).await?;
    let history = desk.history(&id).await?;
    let line = |event: &crate::vocabulary::AlertEvent| {
        let before = event
            .before
            .map(|(danger, spread, disposal)| format!("（原 {}·{}·{}）", danger.zh(), spread.zh(), disposal.zh()));
        let (danger, spread, disposal) = (event.danger.zh(), event.spread.zh(), event.disposal.zh());
        let before = before.unwrap_or_default();
        format!("{} {} {danger}·{spread}·{disposal}{before}", event.as_of, words::event(event.event))
    };
    let did = |act: &crate::vocabulary::Act| {
        let day = crate::vocabulary::day_of(act.at);
        format!("{day} {}（{}）{}：{}", act.by, act.party, act.kind.zh(), act.note)
    };
    render(&SheetPage {
        shell: Shell::at("alerts"),
        state: words::state(alert.state),
        stage: casework.stage.zh(),
        about: About::new(desk.as_ref(), &alert.assessment),
        history: history.iter().map(line).collect(),
        outcomes: desk.outcomes(Some(&id)).await?.iter().map(ToString::to_string).collect(),
        acts: acts.iter().map(did).collect(),
        sampling: desk.sampling(&id).await?,
        alert: &alert,
    })
}

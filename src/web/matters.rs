//! Matters for programs: what was done about alerts, who owes what until when, and the register of test bodies. What is done about a matter
//! comes in as acts on its alert (`acts`, `exchange`).

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::clock::now;
use super::parameters::alert_id;
use super::problem::Problem;
use super::state::Shared;
use super::view::{AlertFilter, MatterSeen, SeenDuty, SeenMatter, View};
use access::Viewer;
use matter::{Duty, Matter, Owed, Owner, Part, SampleCounts, Whom};
use tell::Language;
use vocabulary::{Act, AlertId, Category, Hazard, Stage, TestBody, day_of};

/// Which matters or clocks, and which stretch of them.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct MattersQuery {
    /// Only what is open and late.
    #[serde(default)]
    overdue: bool,
    /// Only what this unit owes, by its name; `centre` for the monitoring centre.
    owner: Option<String>,
    /// How many to pass over.
    #[schemars(range(max = AlertFilter::SKIP_MAX), extend("default" = 0))]
    skip: Option<usize>,
    /// How many to give.
    #[schemars(range(min = 1, max = AlertFilter::LIMIT_MAX), extend("default" = AlertFilter::LIMIT_MAX))]
    limit: Option<usize>,
}

impl MattersQuery {
    /// How many to pass over, and how many to give.
    fn stretch(&self) -> Result<(usize, usize), Problem> {
        let (skip, limit) = (self.skip.unwrap_or(0), self.limit.unwrap_or(AlertFilter::LIMIT_MAX));
        if skip > AlertFilter::SKIP_MAX {
            return Err(Problem::bad_request(format!("skip 最大为 {}，收到 {skip}。", AlertFilter::SKIP_MAX)));
        }
        if !(1..=AlertFilter::LIMIT_MAX).contains(&limit) {
            let most = AlertFilter::LIMIT_MAX;
            return Err(Problem::bad_request(format!("limit 应在 1 到 {most} 之间，收到 {limit}。")));
        }
        Ok((skip, limit))
    }

    /// Whether a clock is of the owner asked for.
    fn owes(&self, duty: &Duty) -> bool {
        let Some(wanted) = &self.owner else { return true };
        match &duty.owner {
            Owner::Centre => wanted == "centre",
            Owner::Unit(name) => name == wanted,
        }
    }

    fn accepts(&self, seen: &SeenMatter, today: Date) -> bool {
        let late = |duty: &Duty| !self.overdue || duty.is_overdue(today);
        let narrows = self.overdue || self.owner.is_some();
        !narrows || seen.open(today).into_iter().any(|duty| self.owes(duty) && late(duty))
    }
}

/// A stretch of the matters.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct MattersAnswer {
    /// Matters that pass the filter, in all.
    total: u64,
    /// Those of the stretch asked for, in the order of their ids.
    matters: Vec<MatterLine>,
}

/// One matter in the list.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
struct MatterLine {
    /// Its id: that of its alert.
    id: AlertId,
    /// The day on which it opened.
    opened_on: Date,
    /// Product category.
    category: Category,
    /// The category in Chinese.
    category_name: &'static str,
    /// Hazard.
    hazard: Hazard,
    /// The hazard in Chinese.
    hazard_name: &'static str,
    /// How far people have come; null for units outside.
    stage: Option<Stage>,
    /// How many samples stand where; null for units outside.
    samples: Option<SampleCounts>,
    /// What is open, what is most overdue first; for a unit outside what it owes itself.
    duties: Vec<Duty>,
    /// How many of these are late.
    overdue: u64,
}

impl MatterLine {
    fn new(seen: &SeenMatter, today: Date) -> Self {
        let judged = &seen.alert.assessment;
        let open = seen.open(today);
        let (stage, samples) = match &seen.seen {
            MatterSeen::Whole { matter, .. } => (Some(matter.casework.stage), Some(matter.counts())),
            MatterSeen::Part(_) => (None, None),
        };
        Self {
            id: seen.alert.id.clone(),
            opened_on: seen.alert.opened_on,
            category: judged.category,
            category_name: judged.category.zh(),
            hazard: judged.hazard,
            hazard_name: judged.hazard.zh(),
            stage,
            samples,
            overdue: open.iter().filter(|duty| duty.is_overdue(today)).count() as u64,
            duties: open.into_iter().cloned().collect(),
        }
    }
}

/// The matters that whoever asks has to do with.
pub(super) async fn list(
    view: View,
    query: Result<Query<MattersQuery>, QueryRejection>,
) -> Result<Json<MattersAnswer>, Problem> {
    let Query(query) = query?;
    let (skip, limit) = query.stretch()?;
    let today = day_of(now());
    let mut matters = view.matters().await?;
    matters.retain(|seen| query.accepts(seen, today));
    let total = matters.len() as u64;
    let lines = matters.iter().skip(skip).take(limit).map(|seen| MatterLine::new(seen, today));
    Ok(Json(MattersAnswer { total, matters: lines.collect() }))
}

/// A matter: the whole of it for those inside, for a unit outside its part.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct MatterAnswer {
    /// All that was done adds up to this; null for units outside.
    matter: Option<Box<Matter>>,
    /// The part of the unit that asks; null for those inside.
    part: Option<Box<Part>>,
    /// All clocks, those that run and those that stopped; for a unit outside its own.
    duties: Vec<Duty>,
    /// What people did, oldest first; for a unit outside what its own people did.
    acts: Vec<Act>,
    /// Whom to tell, and what no unit is known for; empty for units outside.
    whom: Whom,
}

fn no_such_matter() -> Problem {
    Problem::not_found("没有这个编号的事项，或贵单位与它无关。")
}

/// One matter.
pub(super) async fn show(view: View, id: Result<Path<String>, PathRejection>) -> Result<Json<MatterAnswer>, Problem> {
    let id = alert_id(id?.0)?;
    let (seen, acts) = view.matter(&id).await?.ok_or_else(no_such_matter)?;
    let whom = view.whom(&id).await?;
    Ok(Json(match seen.seen {
        MatterSeen::Whole { matter, duties } => MatterAnswer { matter: Some(matter), part: None, duties, acts, whom },
        MatterSeen::Part(part) => {
            let duties = part.duties.clone();
            MatterAnswer { matter: None, part: Some(part), duties, acts, whom }
        }
    }))
}

/// A stretch of the clocks.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct DutiesAnswer {
    /// Clocks that pass the filter, in all.
    total: u64,
    /// Those of the stretch asked for: matter by matter, or what is most late first where only that is asked for.
    duties: Vec<DutyLine>,
}

/// A clock, running or stopped.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
struct DutyLine {
    /// The matter.
    matter: AlertId,
    /// Who owes it.
    owner: Owner,
    /// What.
    #[serde(flatten)]
    owed: Owed,
    /// What, in Chinese.
    owed_name: String,
    /// Since when.
    since: Date,
    /// The last day that is in time; null: no limit is set.
    last_day: Option<Date>,
    /// What the limit rests on, in Chinese.
    source: Option<String>,
    /// Whether somebody has checked that source.
    verified: Option<bool>,
    /// Whether the working days of all years it runs over are known.
    calendar_known: Option<bool>,
    /// Days that it is, or was, late; 0 in time.
    days_late: i64,
    /// When it was done; null: it is open.
    done_on: Option<Date>,
    /// Whether it is a right that runs out rather than a duty.
    is_right: bool,
}

impl DutyLine {
    fn new(SeenDuty { matter, duty }: SeenDuty, today: Date) -> Self {
        let days_late = duty.days_late(today);
        let Duty { owner, owed, since, limit, done_on, is_right } = duty;
        let limit = limit.as_ref();
        Self {
            matter,
            owner,
            owed_name: owed.said(Language::Chinese),
            owed,
            since,
            last_day: limit.map(|limit| limit.last_day),
            source: limit.map(|limit| limit.source.clone()),
            verified: limit.map(|limit| limit.verified),
            calendar_known: limit.map(|limit| limit.calendar_known),
            days_late,
            done_on,
            is_right,
        }
    }
}

/// The clocks that whoever asks sees.
pub(super) async fn duties(
    view: View,
    query: Result<Query<MattersQuery>, QueryRejection>,
) -> Result<Json<DutiesAnswer>, Problem> {
    let Query(query) = query?;
    let (skip, limit) = query.stretch()?;
    let today = day_of(now());
    let mut duties = if query.overdue { view.overdue(today).await? } else { view.duties().await? };
    duties.retain(|seen| query.owes(&seen.duty));
    let total = duties.len() as u64;
    let lines = duties.into_iter().skip(skip).take(limit).map(|seen| DutyLine::new(seen, today));
    Ok(Json(DutiesAnswer { total, duties: lines.collect() }))
}

/// The register of test bodies.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct BodiesAnswer {
    /// By name.
    bodies: Vec<TestBody>,
}

/// The register of test bodies.
pub(super) async fn bodies(view: View) -> Result<Json<BodiesAnswer>, Problem> {
    Ok(Json(BodiesAnswer { bodies: view.test_bodies().await? }))
}

/// Registers a test body, or what is known of it now; answers with it.
pub(super) async fn register(
    State(shared): State<Shared>,
    Extension(viewer): Extension<Viewer>,
    view: View,
    body: Result<Json<TestBody>, JsonRejection>,
) -> Result<(StatusCode, Json<TestBody>), Problem> {
    let Json(body) = body.map_err(|error| Problem::bad_request(format!("请求内容无法识别：{}", error.body_text())))?;
    view.register_body(&body, shared.known_as(&viewer).unwrap_or("本机"), now()).await?;
    Ok((StatusCode::CREATED, Json(body)))
}

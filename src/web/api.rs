//! Answers for programs: JSON, feeds, probes. Shapes on the wire are stable: fields are added, never changed.

use std::fmt::Write;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};
use serde::{Deserialize, Serialize};

use super::clock::now;
use super::display;
use super::feeds::{Feed, FeedKind};
use super::limits::{HITS_DEFAULT, HITS_MAX};
use super::parameters::{Empty, ListQuery, SearchQuery, alert_id};
use super::problem::Problem;
use super::state::Shared;
use super::view::{SearchOutcome, SourceHealth, View};
use alert::Casework;
use collect::Coverage;
use pipeline::{Shortage, TaskTrouble};
use tell::{self, Language};
use vocabulary::{
    Act, AlertId, AlertState, Category, Counts, Danger, Disposal, Hazard, Outcome, RegionCode, SamplingRequest,
    ShownAlert, ShownEvent, Spread,
};

/// Media type of CAP 1.2.
const CAP: &str = "application/cap+xml; charset=utf-8";

/// Tasks without which what the pages show grows old.
const NEEDED: [&str; 2] = ["read", "judge"];

/// A stretch of the ranked list of alerts.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct AlertsAnswer {
    /// Alerts that pass the filter, in all.
    total: u64,
    /// Those of the stretch asked for: open ones first, then by rank.
    alerts: Vec<AlertLine>,
}

/// One alert in the ranked list.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
struct AlertLine {
    /// Its stable id.
    id: AlertId,
    /// Open or closed.
    #[schemars(with = "AlertState")]
    state: &'static str,
    /// Day of the first crossing.
    opened_on: Date,
    /// Day of the last event of its life.
    changed_on: Date,
    /// The day judged, to its end.
    as_of: Date,
    /// Product category.
    category: Category,
    /// The category in Chinese.
    category_name: &'static str,
    /// Hazard.
    hazard: Hazard,
    /// The hazard in Chinese.
    hazard_name: &'static str,
    /// Brand, when it is about one.
    brand: Option<String>,
    /// Region, when it is about one.
    region: Option<RegionCode>,
    /// The region in Chinese.
    region_name: Option<String>,
    /// Danger level.
    danger: Danger,
    /// Spread level.
    spread: Spread,
    /// What to do.
    disposal: Disposal,
    /// Queue order, larger first.
    rank_score: f64,
    /// Counts over the deciding window.
    counts: Counts,
    /// Why, in Chinese, with its numbers.
    explanation: String,
    /// Documents behind it, in all.
    evidence_total: u64,
}

impl AlertLine {
    fn new(view: &View, alert: ShownAlert) -> Self {
        let judged = alert.assessment;
        Self {
            id: alert.id,
            state: display::state_code(alert.state),
            opened_on: alert.opened_on,
            changed_on: alert.changed_on,
            as_of: judged.as_of,
            category: judged.category,
            category_name: judged.category.zh(),
            hazard: judged.hazard,
            hazard_name: judged.hazard.zh(),
            brand: judged.brand,
            region: judged.region,
            region_name: judged.region.map(|code| view.region_name(code)),
            danger: judged.danger,
            spread: judged.spread,
            disposal: judged.disposal,
            rank_score: judged.rank_score,
            counts: judged.counts,
            explanation: tell::paragraph(&judged.explanation, Language::Chinese),
            evidence_total: alert.evidence_total,
        }
    }
}

/// The ranked list; takes the same parameters as the page, and `skip`, `limit`.
pub(super) async fn alerts(
    view: View,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<AlertsAnswer>, Problem> {
    let filter = query?.0.filter(Empty::Refused)?;
    let page = view.alerts(&filter).await?;
    let alerts = page.alerts.into_iter().map(|alert| AlertLine::new(&view, alert)).collect();
    Ok(Json(AlertsAnswer { total: page.total, alerts }))
}

/// An alert and all that belongs to it.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct AlertAnswer {
    /// The alert, with every term of its assessment.
    alert: ShownAlert,
    /// The events of its life, oldest first.
    history: Vec<ShownEvent>,
    /// The sampling request that answers it, when there is one.
    sampling: Option<SamplingRequest>,
    /// What came back: verdicts and test results.
    outcomes: Vec<Outcome>,
    /// How far people have come with it.
    casework: Casework,
    /// What they did, oldest first.
    acts: Vec<Act>,
}

/// One alert with every term, its history and its sampling request.
pub(super) async fn alert(view: View, id: Result<Path<String>, PathRejection>) -> Result<Json<AlertAnswer>, Problem> {
    let id = alert_id(id?.0)?;
    let alert = view.alert(&id).await?.ok_or_else(|| Problem::not_found("没有这个编号的预警。"))?;
    let alert = tell::written(alert, Language::Chinese);
    let history = view.history(&id).await?.into_iter().map(|event| tell::written(event, Language::Chinese)).collect();
    let sampling = view.sampling(&id).await?;
    let outcomes = view.outcomes(Some(&id)).await?;
    let (casework, acts) = view.casework(&id).await?;
    Ok(Json(AlertAnswer { alert, history, sampling, outcomes, casework, acts }))
}

/// A search; parameters `q`, `after`, `limit`.
pub(super) async fn search(
    view: View,
    query: Result<Query<SearchQuery>, QueryRejection>,
) -> Result<Json<SearchOutcome>, Problem> {
    let query = query?.0;
    let (text, after) = query.required()?;
    let limit = query.limit.unwrap_or(HITS_DEFAULT);
    if !(1..=HITS_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("limit 应在 1 到 {HITS_MAX} 之间，收到 {limit}。")));
    }
    Ok(Json(view.search(text, limit, after)?))
}

/// How the sources are doing.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct SourcesAnswer {
    /// In the order of their recipes.
    sources: Vec<SourceHealth>,
}

pub(super) async fn sources(view: View) -> Result<Json<SourcesAnswer>, Problem> {
    Ok(Json(SourcesAnswer { sources: view.source_health().await? }))
}

/// What the sources cover.
pub(super) async fn coverage(view: View) -> Result<Json<Coverage>, Problem> {
    Ok(Json(view.coverage().await?))
}

/// What a feed is asked with.
pub(super) type FeedRequest = (State<Shared>, View, HeaderMap);

/// Which stretch of a feed. A reader that knows of no pages must not miss what is on the second.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct FeedQuery {
    /// Which page of 200 alerts, from 1 on; all at once without it.
    #[schemars(range(min = 1))]
    page: Option<usize>,
}

type FeedQueryResult = Result<Query<FeedQuery>, QueryRejection>;

pub(super) async fn feed_json(request: FeedRequest, query: FeedQueryResult) -> Result<Response, Problem> {
    open_alerts(request, FeedKind::Json(query?.0.page), "application/json").await
}

pub(super) async fn feed_atom(request: FeedRequest, query: FeedQueryResult) -> Result<Response, Problem> {
    open_alerts(request, FeedKind::Atom(query?.0.page), "application/atom+xml; charset=utf-8").await
}

pub(super) async fn feed_cap(request: FeedRequest) -> Result<Response, Problem> {
    open_alerts(request, FeedKind::Cap, CAP).await
}

async fn open_alerts(
    (State(shared), view, headers): FeedRequest,
    asked: FeedKind,
    kind: &'static str,
) -> Result<Response, Problem> {
    let found = shared.feeds.open_alerts(&view, asked).await?;
    let found = found.ok_or_else(|| Problem::not_found("没有这一页。"))?;
    Ok(feed(found, kind, &headers))
}

/// One alert as a message of the Common Alerting Protocol.
pub(super) async fn alert_cap(
    view: View,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = alert_id(id?.0)?;
    let mut reached = view.last_event().await?;
    loop {
        let alert = view.alert(&id).await?.ok_or_else(|| Problem::not_found("没有这个编号的预警。"))?;
        let message = view.cap(&alert, now()).await?;
        // What it is called and what it says must be of one moment.
        let now = view.last_event().await?;
        if now == reached {
            return Ok(feed(Feed::of(message), CAP, &headers));
        }
        reached = now;
    }
}

/// A feed that is polled: unchanged, it costs its reader nothing.
fn feed(Feed { tag, body, since }: Feed, kind: &'static str, headers: &HeaderMap) -> Response {
    // `Last-Modified` is the end of the second in which the feed changed, and is sent only after it (RFC 9110, 8.8.2.2).
    let since = since.filter(|since| *since <= now());
    let same = |known: &str| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag;
    let mut known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).peekable();
    let unchanged = if known.peek().is_some() {
        known.flat_map(|list| list.split(',')).any(|known| same(known.trim()))
    } else {
        // Asked by date only where no tag is known (RFC 9110, 13.2.2). A date that cannot be read is no condition.
        let asked = headers
            .get(IF_MODIFIED_SINCE)
            .and_then(|value| DateTimeParser::new().parse_timestamp(value.as_bytes()).ok());
        since.zip(asked).is_some_and(|(since, asked)| since.as_second() <= asked.as_second())
    };
    if unchanged {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
    }
    let mut answer = ([(CONTENT_TYPE, kind.to_owned()), (ETAG, tag)], body).into_response();
    let told = since.and_then(|since| DateTimePrinter::new().timestamp_to_rfc9110_string(&since).ok());
    if let Some(told) = told.and_then(|told| told.parse().ok()) {
        answer.headers_mut().insert(LAST_MODIFIED, told);
    }
    answer
}

/// `/healthz`: the process answers, and so does its store.
pub(super) async fn health(State(shared): State<Shared>) -> Result<Response, Problem> {
    answers(&shared).await?;
    Ok("ok\n".into_response())
}

/// `/readyz`: the store answers, documents are read and judged, and nothing of the machine has run out. What else does not get on is told.
pub(super) async fn ready(State(shared): State<Shared>) -> Result<Response, Problem> {
    answers(&shared).await?;
    readiness(&shared.troubles()).map(IntoResponse::into_response).map_err(Problem::unavailable)
}

/// # Errors
/// 503 when the store does not answer.
async fn answers(shared: &Shared) -> Result<(), Problem> {
    shared.health().await.map_err(|error| {
        tracing::warn!("a probe found: {error}");
        Problem::unavailable("数据库没有应答。")
    })
}

/// What a ready service says, or why it is not ready: which tasks do not get on, since when, and what has run out. Anybody may ask, so what
/// an error said is not told.
fn readiness(troubles: &[TaskTrouble]) -> Result<String, String> {
    let mut told = String::from("ok\n");
    let mut stops = Vec::new();
    for trouble in troubles {
        let since = display::moment(trouble.since);
        if !NEEDED.contains(&trouble.task) && trouble.shortage.is_none() {
            _ = writeln!(told, "{}: {} failures since {since}", trouble.task, trouble.failures);
            continue;
        }
        let why = trouble.shortage.map_or("正在自动重试，原因见运行状态页和日志", Shortage::zh);
        let task = display::task(trouble.task);
        stops.push(format!("{task}（{}）自 {since} 起失败 {} 次：{why}", trouble.task, trouble.failures));
    }
    if stops.is_empty() { Ok(told) } else { Err(format!("{}。", stops.join("；"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::parse_moment;

    fn trouble(task: &'static str, shortage: Option<Shortage>) -> TaskTrouble {
        TaskTrouble {
            task,
            since: parse_moment("2024-07-01 08:00:00").expect("a moment"),
            failures: 3,
            why: "a secret path".to_owned(),
            shortage,
            retry_in: std::time::Duration::from_secs(4),
        }
    }

    #[test]
    fn a_service_is_ready_while_it_reads_and_judges_and_has_room() {
        assert_eq!(readiness(&[]), Ok("ok\n".to_owned()));
        let told = readiness(&[trouble("collect", None), trouble("tell", None)]).expect("ready");
        assert_eq!(told, "ok\ncollect: 3 failures since 2024-07-01 08:00\ntell: 3 failures since 2024-07-01 08:00\n");
        for (task, shortage, words) in [
            ("read", None, "read"),
            ("judge", None, "judge"),
            ("collect", Some(Shortage::Disk), "磁盘已满"),
            ("tell", Some(Shortage::Descriptors), "LimitNOFILE"),
        ] {
            let why = readiness(&[trouble("replay", None), trouble(task, shortage)]).expect_err("not ready");
            assert!(why.contains(words) && why.contains(task) && why.contains("2024-07-01 08:00"), "{why}");
            assert!(!why.contains("secret"), "{why}");
        }
    }

    fn asked(name: axum::http::HeaderName, value: &str) -> (StatusCode, Option<String>) {
        let since = Some(parse_moment("2024-07-01 08:00:00").expect("a moment"));
        let known = Feed { since, ..Feed::of("x".to_owned()) };
        let headers = HeaderMap::from_iter([(name, value.parse().expect("a header"))]);
        let answer = feed(known, "text/plain", &headers);
        let told = answer.headers().get(LAST_MODIFIED).map(|told| told.to_str().expect("ASCII").to_owned());
        (answer.status(), told)
    }

    #[test]
    fn a_feed_is_asked_for_by_date_where_no_tag_is_known() {
        let whole = (StatusCode::OK, Some("Mon, 01 Jul 2024 00:00:00 GMT".to_owned()));
        for (date, same) in [
            ("Mon, 01 Jul 2024 00:00:00 GMT", true),
            ("Tue, 02 Jul 2024 00:00:00 GMT", true),
            ("Sun, 30 Jun 2024 23:59:59 GMT", false),
            ("yesterday", false),
        ] {
            assert_eq!(asked(IF_MODIFIED_SINCE, date).0 == StatusCode::NOT_MODIFIED, same, "{date}");
        }
        assert_eq!(asked(IF_MODIFIED_SINCE, "yesterday"), whole);
        let date = (IF_MODIFIED_SINCE, "Tue, 02 Jul 2024 00:00:00 GMT".parse().expect("a header"));
        let headers = HeaderMap::from_iter([date, (IF_NONE_MATCH, "\"other\"".parse().expect("a header"))]);
        assert_eq!(feed(Feed::of("x".to_owned()), "text/plain", &headers).status(), StatusCode::OK, "the tag decides");
        let coming = Feed { since: Some(now() + jiff::SignedDuration::from_hours(1)), ..Feed::of("x".to_owned()) };
        assert!(!feed(coming, "text/plain", &HeaderMap::new()).headers().contains_key(LAST_MODIFIED));
        assert_eq!(asked(IF_NONE_MATCH, "\"other\""), whole);
        assert_eq!(asked(IF_NONE_MATCH, &Feed::of("x".to_owned()).tag).0, StatusCode::NOT_MODIFIED);
    }
}

//! Documents handed in over HTTP: `POST /api/v1/documents`, NDJSON as for `import`.
//!
//! In: a body of lines, and the token that the settings name or one of an organisation with scope `push`. Out: COUNT-1 of the body, and
//! the lines that were set aside with their reasons. A document's id is its idempotency key: the same lines again change nothing.

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;

use super::limits::PUSH_LINES_MAX;
use super::problem::{Dressed, Problem};
use super::rights::Need;
use super::state::{HandedIn, Shared};
use access::Viewer;
use vocabulary::{Channel, SourceId, UnknownCode};

/// Longest name of a source.
const SOURCE_CHARS_MAX: usize = 64;
/// What the audit log calls whoever shows the token of the settings file.
const SETTINGS_TOKEN: &str = "push_token";
/// Source of documents that name none.
const SOURCE_DEFAULT: &str = "push";

/// What counts for documents that say nothing of it.
#[derive(Debug, Deserialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct PushQuery {
    /// Source of documents that name none.
    #[schemars(with = "String", regex(pattern = r"^[\w.-]{1,64}$"), extend("default" = SOURCE_DEFAULT))]
    source: Option<String>,
    /// Channel of documents that name none.
    #[schemars(with = "Option<Channel>")]
    channel: Option<String>,
}

/// Takes documents in. The gate has looked at the token.
pub(super) async fn documents(
    State(shared): State<Shared>,
    viewer: Option<Extension<Viewer>>,
    query: Result<Query<PushQuery>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let own = viewer.map(|Extension(viewer)| viewer).filter(|viewer| Need::Pusher.met_by(viewer));
    let PushQuery { source, channel } = query?.0;
    let source = source.unwrap_or_else(|| SOURCE_DEFAULT.to_owned());
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_');
    if source.is_empty() || source.chars().count() > SOURCE_CHARS_MAX || !source.chars().all(plain) {
        return Err(Problem::bad_request(format!(
            "参数 source 应为 1 到 {SOURCE_CHARS_MAX} 个字母、数字、点、横线或下划线。"
        )));
    }
    let channel = channel.as_deref().map_or(Ok(Channel::Complaint), |code| {
        code.parse()
            .map_err(|error: UnknownCode| Problem::bad_request(format!("参数 channel 的可用代码：{}。", error.known)))
    })?;
    // Documents of an outside organisation are kept under its own sources, apart from those that the centre collects.
    let by = own.as_ref().and_then(Viewer::party).filter(|party| !party.is_inside());
    // Few bodies are in memory at once, and one organisation fills not all of their places.
    let who = own.as_ref().map_or(SETTINGS_TOKEN, Viewer::name).to_owned();
    let party = own.as_ref().and_then(Viewer::party).map_or(SETTINGS_TOKEN, |party| party.name.as_str());
    let place = shared.pushes.take(party).map_err(|_| Problem::busy("同时推送过多：请稍后重试。"))?;
    let body = Bytes::from_request(request, &shared).await.map_err(|refused| Problem::plain(refused.status()))?;
    // What is made of a line takes more than the line: millions of empty ones would fill the memory.
    if body.split(|byte| *byte == b'\n').nth(PUSH_LINES_MAX + 1).is_some() {
        return Err(Problem::bad_request(format!("一次最多 {PUSH_LINES_MAX} 行：请分批提交。")));
    }
    let (lines, source) = (body.into(), SourceId::new(source));
    let told = shared.push(HandedIn { lines, source, channel, by: by.cloned(), who }, place).await?;
    let intake = told.intake;
    let status = if intake.collected > 0 && intake.collected == intake.rejected {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok((status, Extension(Dressed), Json(told)).into_response())
}

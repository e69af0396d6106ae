//! Documents handed in over HTTP: `POST /api/v1/documents`, NDJSON as for `import`.
//!
//! In: a body of lines, and the token that the settings name or one of an organisation with scope `push`. Out: COUNT-1 of the body, and
//! the lines that were set aside with their reasons. A document's id is its idempotency key: the same lines again change nothing.

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;

use super::authentication::bearer;
use super::problem::{Dressed, Problem};
use super::rights::Need;
use super::state::Shared;
use access::{Viewer, same};
use vocabulary::{Channel, SourceId, UnknownCode};

/// Longest name of a source.
const SOURCE_CHARS_MAX: usize = 64;
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

/// Whether the token of the settings file is shown. Compared by digests: the time taken says nothing about how much of a guess was right.
fn shows_setting(headers: &HeaderMap, token: Option<&str>) -> bool {
    bearer(headers).zip(token).is_some_and(|(given, token)| same(given, token))
}

/// Takes documents in.
pub(super) async fn documents(
    State(shared): State<Shared>,
    viewer: Option<Extension<Viewer>>,
    query: Result<Query<PushQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let own = viewer.map(|Extension(viewer)| viewer).filter(|viewer| Need::Pusher.met_by(viewer));
    if own.is_none() && !shows_setting(&headers, shared.push_token()) {
        if shared.push_token().is_none() {
            return Err(Problem::refused(
                "未开放文档推送：用 wanglou token add --scope push 生成令牌，或在设置文件中写 push_token 后重新启动。",
            ));
        }
        let challenge = [(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"wanglou\""))];
        let problem = Problem::unauthorised("需要推送令牌：Authorization: Bearer <令牌>。");
        return Ok((challenge, problem).into_response());
    }
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
    let told = shared.push(body.to_vec(), SourceId::new(source), channel, by).await?;
    let intake = told.intake;
    let status = if intake.collected > 0 && intake.collected == intake.rejected {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok((status, Extension(Dressed), Json(told)).into_response())
}

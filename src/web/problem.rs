//! Errors as a visitor sees them: a page for people, RFC 9457 problem details for programs. Handlers return a [`Problem`];
//! the guard dresses it once it knows who asked.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use askama::Template;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::shell::Shell;
use super::text;
use super::view::{QueryFault, ViewError};

/// Counts internal errors, so that what a visitor reports can be found in the log.
static FAILURES: AtomicU64 = AtomicU64::new(0);

/// What went wrong, in words that may be shown.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    status: StatusCode,
    /// Stable, for programs: the end of `urn:wanglou:problem:…`.
    kind: &'static str,
    title: &'static str,
    detail: String,
    fault: Option<QueryFault>,
}

/// Marks an answer that is an error and already has its final body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dressed;

impl Problem {
    /// The usual words for a status.
    pub(super) fn plain(status: StatusCode) -> Self {
        let (kind, title, detail) = match status {
            StatusCode::BAD_REQUEST => ("bad-request", "请求有误", "地址或参数无法识别，请检查后重试。"),
            StatusCode::UNAUTHORIZED => ("unauthorised", "需要身份凭据", "请求缺少凭据，或凭据无效。"),
            StatusCode::FORBIDDEN => ("forbidden", "不允许", "这项操作没有开放。"),
            StatusCode::NOT_FOUND => ("not-found", "没有找到", "这个地址下没有内容。"),
            StatusCode::CONFLICT => ("conflict", "现在不能这样做", "当前状态不允许这项操作。"),
            StatusCode::TOO_MANY_REQUESTS => ("too-many", "尝试过于频繁", "请稍后再试。"),
            StatusCode::METHOD_NOT_ALLOWED => ("method-not-allowed", "不支持的请求方法", "这个地址只供读取（GET）。"),
            StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "请求内容过大", "请求内容超过了上限。"),
            StatusCode::URI_TOO_LONG => ("address-too-long", "地址过长", "地址超过了上限，请缩短检索式或筛选条件。"),
            StatusCode::MISDIRECTED_REQUEST => ("misdirected", "域名不对", "本服务不以这个域名提供。"),
            StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "暂时无法提供", "服务繁忙或正在启动，请稍后再试。"),
            status if status.is_client_error() => ("refused", "请求无法处理", "服务无法处理这个请求。"),
            _ => ("internal", "服务内部出错", "错误已记入日志，请稍后再试，或联系管理员。"),
        };
        Self { status, kind, title, detail: detail.to_owned(), fault: None }
    }

    /// 404, saying what is missing.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::plain(StatusCode::NOT_FOUND) }
    }

    /// 400, saying what was found and what was expected.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::plain(StatusCode::BAD_REQUEST) }
    }

    /// 429, saying with what.
    pub(super) fn busy(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::plain(StatusCode::TOO_MANY_REQUESTS) }
    }

    /// 403, saying why.
    pub(super) fn refused(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::plain(StatusCode::FORBIDDEN) }
    }

    /// 503, saying why.
    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::plain(StatusCode::SERVICE_UNAVAILABLE) }
    }

    /// 421, saying under which names the service answers.
    pub(super) fn misdirected(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::plain(StatusCode::MISDIRECTED_REQUEST) }
    }

    /// 401, saying what is needed.
    pub(super) fn unauthorised(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..Self::plain(StatusCode::UNAUTHORIZED) }
    }

    /// Logs `error` with its causes and keeps it from the visitor.
    pub(super) fn internal(error: &(dyn Error + 'static)) -> Self {
        let number = FAILURES.fetch_add(1, Ordering::Relaxed) + 1;
        let causes = std::iter::successors(error.source(), |cause: &&(dyn Error + 'static)| (*cause).source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        tracing::error!(failure = number, causes = causes.join(": "), "could not answer: {error}");
        let plain = Self::plain(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            detail: format!("错误已记入日志（编号 {number}），请稍后再试，或将编号告知管理员。"), ..plain
        }
    }

    fn as_json(&self, path: &str) -> Vec<u8> {
        let details = Details {
            r#type: format!("urn:wanglou:problem:{}", self.kind),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            instance: path,
            query: self.fault.as_ref(),
        };
        serde_json::to_vec(&details).unwrap_or_default()
    }

    fn as_page(&self) -> String {
        let page =
            ErrorPage { shell: Shell::at(""), status: self.status.as_u16(), title: self.title, detail: &self.detail };
        page.render().map_or_else(|_| self.title.to_owned(), text::defuse)
    }
}

/// A problem on the wire, RFC 9457.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Details<'a> {
    /// What kind of problem it is: `urn:wanglou:problem:…`.
    r#type: String,
    /// The kind in Chinese.
    title: &'a str,
    /// The status of the answer.
    status: u16,
    /// What was found and what to do, in Chinese.
    detail: &'a str,
    /// The path that was asked.
    instance: &'a str,
    /// What is wrong with the query, where that is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a QueryFault>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell,
    status: u16,
    title: &'a str,
    detail: &'a str,
}

impl IntoResponse for Problem {
    /// An empty body; [`dress`] fills it.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::BadQuery(fault) => Self {
                kind: "bad-query",
                title: "检索式有误",
                detail: fault.message.clone(),
                fault: Some(fault),
                ..Self::plain(StatusCode::BAD_REQUEST)
            },
            ViewError::BadCursor { found } => {
                let found = text::shorten(&found, 60);
                Self::bad_request(format!("翻页位置“{found}”无效：请从第一页重新开始。"))
            }
            ViewError::Refused { why } => Self { detail: why, ..Self::plain(StatusCode::CONFLICT) },
            error @ ViewError::Internal { .. } => Self::internal(&error),
        }
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        Self::internal(&error)
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(format!("地址中的参数无法识别：{}", rejection.body_text()))
    }
}

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        Self::not_found("这个编号无法识别。")
    }
}

/// The answer to every address that is not in the router.
pub(super) async fn no_such_page() -> Problem {
    Problem::plain(StatusCode::NOT_FOUND)
}

/// Whether programs ask this address: what is refused there are problem details.
pub(super) fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/feeds/") || matches!(path, "/metrics" | "/healthz" | "/readyz")
}

/// Gives an error its body: problem details where programs ask, a page elsewhere. Headers such as `Allow` stay.
pub(super) fn dress(mut response: Response, path: &str) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || response.extensions().get::<Dressed>().is_some() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Problem>().unwrap_or_else(|| Problem::plain(status));
    let (kind, body) = if is_for_programs(path) {
        ("application/problem+json", Body::from(problem.as_json(path)))
    } else {
        ("text/html; charset=utf-8", Body::from(problem.as_page()))
    };
    *response.body_mut() = body;
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

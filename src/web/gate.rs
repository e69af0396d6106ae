//! The gate before every address: who asks, may they, and did they mean to.
//!
//! While no user exists and the service listens on loopback only, nobody has to sign in: every user of the machine may see all of it, and
//! the pages say so; what another site's page sends is refused. With the first user, or on any other address, sign-in is required
//! (decision 0016). A request that changes something by the right of a cookie must carry the form key of its session, which other sites
//! cannot read.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::authentication::bearer;
use super::limits::BODY_BYTES_MAX;
use super::problem::{Problem, is_for_programs};
use super::rights::{Need, Rights};
use super::shell::{Sections, Visitor, shown_to};
use super::state::Shared;
use super::still_meant::{self, Question, Times};
use access::{Viewer, same};

/// Where the form of the sign-in page is sent.
const SIGN_IN: &str = "/signin";
/// Field of a form, and header of other requests, that carries the form key.
const KEY_FIELD: &str = "key";
/// See [`KEY_FIELD`].
const KEY_HEADER: HeaderName = HeaderName::from_static("x-form-key");

/// What pages show of their visitor.
fn visitor_of(viewer: Option<&Viewer>, rights: &Rights) -> Visitor {
    let may = |path: &str| {
        let need = rights.need(&Method::GET, path);
        viewer.is_some_and(|viewer| need.is_some_and(|need| need.met_by(viewer)))
    };
    let sections = Sections {
        search: may("/search"),
        matters: may("/matters"),
        sampling: may("/sampling"),
        status: may("/status"),
    };
    match viewer {
        None => Visitor::default(),
        Some(Viewer::Owner) => Visitor { open: true, sections, ..Visitor::default() },
        Some(Viewer::Member(member)) => Visitor {
            open: false,
            name: Some((member.name.clone(), member.party.name.clone())),
            form_key: member.form_key.clone(),
            sections,
        },
    }
}

/// Lets a request through to its handler, or answers it.
pub(super) async fn check(
    State(shared): State<Shared>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let times = Times::begin(&shared.timer);
    match admit(&shared, path.as_ref().map_or("", MatchedPath::as_str), request).await {
        Ok((viewer, request)) => {
            let visitor = visitor_of(viewer.as_ref(), &shared.addresses.rights);
            let headers = request.headers().clone();
            let answer = shown_to(visitor, next.run(request)).await;
            match viewer {
                Some(viewer) => still_meant::watched(answer, times, may_still(shared, headers, viewer)),
                None => answer,
            }
        }
        Err(refused) => *refused,
    }
}

/// Asks whether what a client showed still makes it whom it was: not when its token was revoked, its user disabled, its session ended, or
/// what concerns its organisation changed.
fn may_still(shared: Shared, headers: HeaderMap, viewer: Viewer) -> Question {
    let (shared, headers, viewer) = (Arc::new(shared), Arc::new(headers), Arc::new(viewer));
    Box::new(move || {
        let (shared, headers, viewer) = (Arc::clone(&shared), Arc::clone(&headers), Arc::clone(&viewer));
        Box::pin(async move {
            let now = shared.authentication.viewer(&headers).await;
            let now = now.inspect_err(|error| tracing::warn!("it is not known who takes an answer: {error}"));
            now.is_ok_and(|now| now.as_ref() == Some(&*viewer))
        })
    })
}

/// The viewer, when known, and the request with the viewer in its extensions.
type Admitted = (Option<Viewer>, Request);

/// The viewer and the request that may go on, or the answer that refuses it.
async fn admit(shared: &Shared, path: &str, mut request: Request) -> Result<Admitted, Box<Response>> {
    let refuse = |problem: Problem| Box::new(problem.into_response());
    let rights = &shared.addresses.rights;
    let Some(need) = rights.need(request.method(), path) else {
        if let Some(allowed) = rights.methods(path) {
            let allow = HeaderValue::from_str(&allowed).map_err(|error| refuse(Problem::internal(&error)))?;
            let problem = Problem::plain(StatusCode::METHOD_NOT_ALLOWED);
            return Err(Box::new(([(ALLOW, allow)], problem).into_response()));
        }
        tracing::error!(path, "this address has no entry in web/routes.rs: nobody may ask it");
        return Err(refuse(Problem::plain(StatusCode::FORBIDDEN)));
    };
    let viewer =
        shared.authentication.viewer(request.headers()).await.map_err(|error| refuse(Problem::internal(&error)))?;
    match (&viewer, need) {
        (_, Need::Nothing) => {}
        // Before the body is read: it is large, and strangers send it, too.
        (viewer, Need::Pusher) => {
            let own = viewer.as_ref().is_some_and(|viewer| need.met_by(viewer));
            if !own && !shows_setting(request.headers(), shared.push_token()) {
                return Err(Box::new(pushing_refused(shared)));
            }
        }
        (None, Need::Roles(..)) => {
            return Err(Box::new(sign_in_first(request.method(), request.uri(), request.headers())));
        }
        (Some(viewer), need) if need.met_by(viewer) => {}
        (Some(viewer), _) => {
            tracing::debug!(viewer = viewer.name(), path, "refused");
            return Err(refuse(Problem::refused("您所属的单位角色或令牌范围不包含这项内容。")));
        }
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if let Some(Viewer::Member(member)) = &viewer
        && let (true, Some(key)) = (changes, &member.form_key)
        // The sign-in form may stem from before this session, from another tab; it has a key of its own, which its handler checks.
        && path != SIGN_IN
    {
        request = meant(request, key).await.map_err(|problem| refuse(*problem))?;
    }
    if changes && matches!(viewer, Some(Viewer::Owner)) && from_elsewhere(request.headers()) {
        return Err(refuse(Problem::refused("请求来自别的网站：请在本站页面上操作。")));
    }
    if let Some(viewer) = &viewer {
        request.extensions_mut().insert(viewer.clone());
    }
    Ok((viewer, request))
}

/// Whether the token of the settings file is shown. Compared by digests: the time taken says nothing about how much of a guess was right.
fn shows_setting(headers: &HeaderMap, token: Option<&str>) -> bool {
    bearer(headers).zip(token).is_some_and(|(given, token)| same(given, token))
}

/// Why somebody may not hand documents in.
fn pushing_refused(shared: &Shared) -> Response {
    if shared.push_token().is_none() {
        return Problem::refused(
            "未开放文档推送：用 wanglou token add --scope push 生成令牌，或在设置文件中写 push_token 后重新启动。",
        )
        .into_response();
    }
    let challenge = [(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"wanglou\""))];
    (challenge, Problem::unauthorised("需要推送令牌：Authorization: Bearer <令牌>。")).into_response()
}

/// Refuses what another site may have sent in a visitor's name: the form key must be there, as a field of a form or as a header.
async fn meant(request: Request, key: &str) -> Result<Request, Box<Problem>> {
    let not_meant = || Box::new(Problem::refused("表单已过期或不是从本站页面提交的：请返回页面刷新后重试。"));
    if let Some(shown) = request.headers().get(KEY_HEADER) {
        return if shown.to_str().is_ok_and(|shown| same(shown, key)) { Ok(request) } else { Err(not_meant()) };
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(not_meant());
    }
    let (parts, body) = request.into_parts();
    let too_large = |_| Box::new(Problem::plain(StatusCode::PAYLOAD_TOO_LARGE));
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(too_large)?;
    let shown = url::form_urlencoded::parse(&body).find(|(name, _)| name == KEY_FIELD);
    if shown.is_some_and(|(_, shown)| same(&shown, key)) {
        Ok(Request::from_parts(parts, Body::from(body)))
    } else {
        Err(not_meant())
    }
}

/// Whether a browser says that a page of another site sent it. While nobody has to sign in there is no form key to check.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let of = |origin: &HeaderValue| {
        origin.to_str().ok().and_then(|text| text.split_once("://").map(|(_, host)| host.to_owned()))
    };
    of(origin).is_none_or(|origin| host.is_empty() || origin != host)
}

/// Redirects people to the sign-in page, which leads back; answers programs with 401 and what is needed.
fn sign_in_first(method: &Method, address: &Uri, headers: &HeaderMap) -> Response {
    let wanted = address.path_and_query().map_or("/", |wanted| wanted.as_str());
    if is_for_programs(address.path()) || method != Method::GET || headers.contains_key(AUTHORIZATION) {
        let challenge = [(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"wanglou\""))];
        let problem = Problem::unauthorised("需要登录，或出示有效的访问令牌：Authorization: Bearer <令牌>。");
        return (challenge, problem).into_response();
    }
    let next: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    Redirect::to(&format!("/signin?next={next}")).into_response()
}

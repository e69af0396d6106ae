//! The gate before every address: who asks, may they, and did they mean to.
//!
//! While no user exists and the service listens on loopback only, the house is open: whoever sits at the machine may see all of it, and
//! the pages say so; what another site's page sends is refused. With the first user, or on any other address, sign-in is required (decision 0016). A request that changes something
//! on the strength of a cookie must carry the form key of its session, which other sites cannot read.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::guard::BODY_BYTES_MAX;
use super::problem::Problem;
use super::rules::{self, Need};
use super::unchanged::Feeds;
use super::view::{PushReject, Pushed, View, ViewError};
use access::{AccessError, Accounts, Provider, Viewer, same};
use pipeline::{Tower, push_lines};
use vocabulary::{AuditEntry, AuditKind, Channel, Party, SourceId};

/// Cookie that holds a session.
pub(super) const SESSION: &str = "wanglou_session";
/// Field of a form, and header of other requests, that carries the form key.
pub(super) const KEY_FIELD: &str = "key";
/// See [`KEY_FIELD`].
const KEY_HEADER: HeaderName = HeaderName::from_static("x-form-key");

/// Where the clock comes in; a test brings its own.
pub(super) type Clock = fn() -> Timestamp;

#[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Who is let in.
#[derive(Debug, Clone)]
pub struct Gate {
    /// None: nobody can sign in, and nobody need.
    accounts: Option<Accounts>,
    /// The OpenID provider by which users may sign in, too.
    provider: Option<Arc<Provider>>,
    /// Whether a server is known by which mail goes.
    mail: bool,
    /// Sign-in is required even while no user exists.
    shut: bool,
    clock: Clock,
}

impl Gate {
    /// The gate of a service that listens on `bind`.
    #[must_use]
    pub fn new(accounts: Accounts, bind: IpAddr) -> Self {
        Self { accounts: Some(accounts), provider: None, mail: false, shut: !bind.is_loopback(), clock: now }
    }

    /// A gate that stays open: for a service without accounts.
    #[must_use]
    pub fn open() -> Self {
        Self { accounts: None, provider: None, mail: false, shut: false, clock: now }
    }

    /// The gate with an OpenID provider beside passwords.
    #[must_use]
    pub fn with_provider(self, provider: Provider) -> Self {
        Self { provider: Some(Arc::new(provider)), ..self }
    }

    /// The gate of a service that knows a mail server, or does not.
    #[must_use]
    pub fn with_mail(self, mail: bool) -> Self {
        Self { mail, ..self }
    }

    /// Whether a server is known by which mail goes.
    pub(super) fn sends_mail(&self) -> bool {
        self.mail
    }

    /// The OpenID provider, where there is one.
    pub(super) fn provider(&self) -> Option<&Provider> {
        self.provider.as_deref()
    }

    /// The accounts behind it.
    pub(super) fn accounts(&self) -> Option<&Accounts> {
        self.accounts.as_ref()
    }

    /// The moment, by its clock.
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Whether nobody has to sign in.
    ///
    /// # Errors
    /// [`AccessError`] when the store fails.
    pub async fn is_open(&self) -> Result<bool, AccessError> {
        match &self.accounts {
            None => Ok(true),
            Some(_) if self.shut => Ok(false),
            Some(accounts) => Ok(!accounts.has_users().await?),
        }
    }

    /// Who asks; none when nothing is shown, or what is shown opens nothing.
    async fn viewer(&self, headers: &HeaderMap) -> Result<Option<Viewer>, AccessError> {
        if self.is_open().await? {
            return Ok(Some(Viewer::Owner));
        }
        let Some(accounts) = &self.accounts else { return Ok(None) };
        // A token is shown on purpose: it is never mixed with what a browser sends along by itself.
        if let Some(token) = bearer(headers) {
            return accounts.by_token(token, self.now()).await;
        }
        match cookie(headers, SESSION) {
            Some(held) => accounts.by_session(held, self.now()).await,
            None => Ok(None),
        }
    }
}

/// The token of an `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// A cookie's value.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// What handlers share: the gate, the feeds that were written, and the tower, of which they get a [`View`].
#[derive(Clone)]
pub(super) struct Hall {
    tower: Arc<Tower>,
    pub(super) gate: Gate,
    pub(super) feeds: Feeds,
    /// Archives of an organisation's records are made one after another.
    pub(super) exchanges: Arc<Semaphore>,
}

impl Hall {
    pub(super) fn new(tower: Arc<Tower>, gate: Gate) -> Self {
        Self { tower, gate, feeds: Feeds::default(), exchanges: Arc::new(Semaphore::new(1)) }
    }

    /// The watch as this viewer may see it. The tower itself is not for handlers.
    pub(super) fn view(&self, viewer: &Viewer) -> View {
        View::new(Arc::clone(&self.tower), viewer)
    }

    /// Whether the service works: the store answers. An error's text is shown to the prober.
    pub(super) async fn health(&self) -> Result<(), ViewError> {
        let counts = self.tower.store().alert_counts().await;
        counts.map(|_| ()).map_err(|error| ViewError::internal("asking the store", error))
    }

    /// What a client must show to hand documents in; none: only tokens of organisations.
    pub(super) fn push_token(&self) -> Option<&str> {
        self.tower.push_token()
    }

    /// Takes NDJSON documents into the log. They are read and judged soon after. `by`: an organisation outside whose own they are.
    pub(super) async fn push(
        &self,
        lines: Vec<u8>,
        source: SourceId,
        channel: Channel,
        by: Option<&Party>,
    ) -> Result<Pushed, ViewError> {
        let report = push_lines(&self.tower, lines, source, channel, by, self.gate.now()).await;
        let report = report.map_err(|error| ViewError::internal("taking documents in", error))?;
        let intake = report.total();
        let rejects = report.rejected.into_iter().map(|found| PushReject { line: found.line, reason: found.reason });
        Ok(Pushed { intake, rejects: rejects.collect() })
    }

    /// Tells the audit log what leaves the house, and for whom.
    pub(super) async fn note_export(&self, viewer: &Viewer, about: String, detail: String) -> Result<(), Problem> {
        let Some(accounts) = self.gate.accounts() else { return Ok(()) };
        let who = viewer.name().to_owned();
        let entry = AuditEntry { at: self.gate.now(), who, what: AuditKind::Export, about, detail };
        accounts.note(&entry).await.map_err(|error| Problem::internal(&error))
    }
}

/// What a page shows of whoever asks.
#[derive(Debug, Clone, Default)]
pub(super) struct Visitor {
    /// Nobody had to sign in.
    pub(super) open: bool,
    /// Name and organisation of who has signed in.
    pub(super) name: Option<(String, String)>,
    /// What forms carry.
    pub(super) form_key: Option<String>,
    /// Which parts of the site are for them, beside the alerts.
    pub(super) sections: Sections,
}

/// Parts of the site that not everybody may open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sections {
    /// `/search`.
    pub(super) search: bool,
    /// `/sampling`.
    pub(super) sampling: bool,
    /// `/status`.
    pub(super) status: bool,
}

tokio::task_local! {
    /// Who asks, for the frame around a page; decisions never rest on it.
    static VISITOR: Visitor;
}

/// Who asks, for the frame around a page.
pub(super) fn visitor() -> Visitor {
    VISITOR.try_with(Clone::clone).unwrap_or_default()
}

fn visitor_of(viewer: Option<&Viewer>) -> Visitor {
    let may = |path: &str| {
        let need = rules::need(&Method::GET, path);
        viewer.is_some_and(|viewer| need.is_some_and(|need| need.met_by(viewer)))
    };
    let sections = Sections { search: may("/search"), sampling: may("/sampling"), status: may("/status") };
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

/// Stands before every address.
pub(super) async fn check(
    State(hall): State<Hall>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&hall, path.as_ref().map_or("", MatchedPath::as_str), request).await {
        Ok((viewer, request)) => VISITOR.scope(visitor_of(viewer.as_ref()), next.run(request)).await,
        Err(refused) => *refused,
    }
}

type Admitted = (Option<Viewer>, Request);

async fn admit(hall: &Hall, path: &str, mut request: Request) -> Result<Admitted, Box<Response>> {
    let refuse = |problem: Problem| Box::new(problem.into_response());
    let Some(need) = rules::need(request.method(), path) else {
        if let Some(allowed) = rules::methods(path) {
            let allow = HeaderValue::from_str(&allowed).map_err(|error| refuse(Problem::internal(&error)))?;
            let problem = Problem::plain(StatusCode::METHOD_NOT_ALLOWED);
            return Err(Box::new(([(ALLOW, allow)], problem).into_response()));
        }
        tracing::error!(path, "this address has no entry in web/routes.rs: nobody may ask it");
        return Err(refuse(Problem::plain(StatusCode::FORBIDDEN)));
    };
    let viewer = hall.gate.viewer(request.headers()).await.map_err(|error| refuse(Problem::internal(&error)))?;
    match (&viewer, need) {
        // The handler asks for the token of the settings file itself.
        (_, Need::Nothing | Need::Pusher) => {}
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

/// Whether a browser says that a page of another site sent it. In an open house there is no form key to tell by.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let of = |origin: &HeaderValue| {
        origin.to_str().ok().and_then(|text| text.split_once("://").map(|(_, host)| host.to_owned()))
    };
    of(origin).is_none_or(|origin| host.is_empty() || origin != host)
}

/// People are led to the sign-in page and back; programs are told what is needed.
fn sign_in_first(method: &Method, address: &Uri, headers: &HeaderMap) -> Response {
    let wanted = address.path_and_query().map_or("/", |wanted| wanted.as_str());
    let for_programs = ["/api/", "/feeds/", "/metrics"].iter().any(|start| wanted.starts_with(start));
    if for_programs || method != Method::GET || headers.contains_key(AUTHORIZATION) {
        let challenge = [(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"wanglou\""))];
        let problem = Problem::unauthorised("需要登录，或出示有效的访问令牌：Authorization: Bearer <令牌>。");
        return (challenge, problem).into_response();
    }
    let next: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    Redirect::to(&format!("/signin?next={next}")).into_response()
}

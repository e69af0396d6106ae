//! Who may ask what: one line for every address. An address without a line is answered to nobody.

use axum::http::Method;

use crate::access::Viewer;
use crate::vocabulary::{Role, Scope};

/// What an address needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: probes, what the sign-in page consists of, the document of all addresses and the schemas of records.
    Nothing,
    /// One of these roles, and this scope where a token is shown.
    Roles(&'static [Role], Scope),
    /// The token of the settings file, which its handler checks; or a token with [`Scope::Push`].
    Pusher,
}

use Role::{Centre, Firm, Platform, Public, Supervision, TestBody};

/// Everybody who has signed in. What they see of it is for [`crate::access`] to say.
const ALL: &[Role] = &[Supervision, Centre, TestBody, Platform, Firm, Public];
/// Those who see alerts as they are.
const INSIDE: &[Role] = &[Supervision, Centre];
/// Those who get sampling requests.
const SAMPLERS: &[Role] = &[Supervision, Centre, TestBody];
/// Those who may do something with an alert, each what its role allows.
const ACTORS: &[Role] = &[Supervision, Centre, TestBody, Platform, Firm];

/// The table.
pub(super) const RULES: &[(&str, &str, Need)] = &[
    ("GET", "/", Need::Roles(ALL, Scope::Read)),
    ("GET", "/alerts/{id}", Need::Roles(ALL, Scope::Read)),
    ("POST", "/alerts/{id}/acts", Need::Roles(ACTORS, Scope::Act)),
    ("GET", "/alerts/{id}/sheet", Need::Roles(ALL, Scope::Read)),
    ("GET", "/alerts/{id}/notice", Need::Roles(INSIDE, Scope::Read)),
    ("GET", "/search", Need::Roles(INSIDE, Scope::Search)),
    ("GET", "/search/export", Need::Roles(INSIDE, Scope::Search)),
    ("GET", "/searches", Need::Roles(INSIDE, Scope::Search)),
    ("POST", "/searches", Need::Roles(INSIDE, Scope::Search)),
    ("POST", "/searches/remove", Need::Roles(INSIDE, Scope::Search)),
    ("GET", "/documents/{id}", Need::Roles(INSIDE, Scope::Search)),
    ("GET", "/documents/{id}/raw", Need::Roles(INSIDE, Scope::Search)),
    ("GET", "/sampling", Need::Roles(SAMPLERS, Scope::Read)),
    ("GET", "/subscriptions", Need::Roles(ALL, Scope::Read)),
    ("POST", "/subscriptions", Need::Roles(ALL, Scope::Act)),
    ("POST", "/subscriptions/remove", Need::Roles(ALL, Scope::Act)),
    ("GET", "/status", Need::Roles(INSIDE, Scope::Metrics)),
    ("GET", "/deliveries", Need::Roles(INSIDE, Scope::Metrics)),
    ("GET", "/signin", Need::Nothing),
    ("POST", "/signin", Need::Nothing),
    ("GET", "/signin/provider", Need::Nothing),
    ("GET", "/signin/done", Need::Nothing),
    ("POST", "/signout", Need::Nothing),
    ("GET", "/api/v1/alerts", Need::Roles(ALL, Scope::Read)),
    ("GET", "/api/v1/alerts/{id}", Need::Roles(ALL, Scope::Read)),
    ("GET", "/api/v1/alerts/{id}/cap", Need::Roles(ALL, Scope::Read)),
    ("POST", "/api/v1/alerts/{id}/acts", Need::Roles(ACTORS, Scope::Act)),
    ("GET", "/api/v1/events", Need::Roles(ALL, Scope::Read)),
    ("GET", "/api/v1/search", Need::Roles(INSIDE, Scope::Search)),
    ("GET", "/api/v1/search/export", Need::Roles(INSIDE, Scope::Search)),
    ("GET", "/api/v1/searches", Need::Roles(INSIDE, Scope::Search)),
    ("POST", "/api/v1/searches", Need::Roles(INSIDE, Scope::Search)),
    ("GET", "/api/v1/searches/{name}", Need::Roles(INSIDE, Scope::Search)),
    ("DELETE", "/api/v1/searches/{name}", Need::Roles(INSIDE, Scope::Search)),
    ("GET", "/api/v1/sources", Need::Roles(INSIDE, Scope::Metrics)),
    ("GET", "/api/v1/exchange", Need::Roles(ALL, Scope::Read)),
    ("POST", "/api/v1/exchange", Need::Roles(ACTORS, Scope::Act)),
    ("POST", "/api/v1/documents", Need::Pusher),
    ("GET", "/api/v1/openapi.json", Need::Nothing),
    ("GET", "/api/v1/schemas", Need::Nothing),
    ("GET", "/api/v1/schemas/{name}", Need::Nothing),
    ("GET", "/feeds/alerts.json", Need::Roles(ALL, Scope::Read)),
    ("GET", "/feeds/alerts.atom", Need::Roles(ALL, Scope::Read)),
    ("GET", "/feeds/alerts.cap", Need::Roles(ALL, Scope::Read)),
    ("GET", "/feeds/alerts.csv", Need::Roles(ALL, Scope::Read)),
    ("GET", "/feeds/alerts/stream", Need::Roles(ALL, Scope::Read)),
    ("GET", "/healthz", Need::Nothing),
    ("GET", "/readyz", Need::Nothing),
    ("GET", "/metrics", Need::Roles(INSIDE, Scope::Metrics)),
    ("GET", "/static/style.css", Need::Nothing),
    ("GET", "/static/logo.svg", Need::Nothing),
];

/// What an address needs, by its pattern in the router; none: nobody may.
pub(super) fn need(method: &Method, path: &str) -> Option<Need> {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    RULES.iter().find(|(verb, pattern, _)| (*verb, *pattern) == (method, path)).map(|(.., need)| *need)
}

/// The methods by which an address may be asked, as `Allow` lists them; none when it has no line at all.
pub(super) fn methods(path: &str) -> Option<String> {
    let verbs = RULES.iter().filter(|(_, pattern, _)| *pattern == path).map(|(verb, ..)| *verb);
    let all: Vec<&str> = verbs.map(|verb| if verb == "GET" { "GET,HEAD" } else { verb }).collect();
    (!all.is_empty()).then(|| all.join(","))
}

impl Need {
    /// Whether this viewer has what is needed.
    pub(super) fn met_by(self, viewer: &Viewer) -> bool {
        match self {
            Self::Nothing => true,
            Self::Roles(roles, scope) => {
                viewer.has(scope) && viewer.party().is_none_or(|party| roles.contains(&party.role))
            }
            Self::Pusher => match viewer {
                Viewer::Owner => false,
                // A person's session is no reason to take documents in: programs push, with a token that says so.
                Viewer::Member(member) => member.scopes.is_some() && viewer.has(Scope::Push),
            },
        }
    }
}

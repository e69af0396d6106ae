//! Who may ask which address. The table in `routes` says what each needs; an address without an entry is answered to nobody.

use axum::http::Method;

use access::Viewer;
use vocabulary::{Role, Scope};

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

/// Everybody who has signed in. What they see of it is for [`access`] to say.
pub(super) const ALL: &[Role] = &[Supervision, Centre, TestBody, Platform, Firm, Public];
/// Those who see alerts as they are.
pub(super) const INSIDE: &[Role] = &[Supervision, Centre];
/// Those who get sampling requests.
pub(super) const SAMPLERS: &[Role] = &[Supervision, Centre, TestBody];
/// Those who may do something with an alert, each what its role allows.
pub(super) const ACTORS: &[Role] = &[Supervision, Centre, TestBody, Platform, Firm];

/// What each address needs: method, pattern of the path in the router, need.
#[derive(Debug)]
pub(super) struct Rights(Vec<(&'static str, &'static str, Need)>);

impl Rights {
    /// Of the entries of a table, in its order.
    pub(super) fn new(entries: impl Iterator<Item = (&'static str, &'static str, Need)>) -> Self {
        Self(entries.collect())
    }

    /// What an address needs, by its pattern in the router; none: nobody may ask it.
    pub(super) fn need(&self, method: &Method, path: &str) -> Option<Need> {
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        self.0.iter().find(|(name, pattern, _)| (*name, *pattern) == (method, path)).map(|(_, _, need)| *need)
    }

    /// The methods by which an address may be asked, as `Allow` lists them; none when it has no entry at all.
    pub(super) fn methods(&self, path: &str) -> Option<String> {
        let names = self.0.iter().filter(|(_, pattern, _)| *pattern == path).map(|(name, _, _)| *name);
        let all: Vec<&str> = names.map(|name| if name == "GET" { "GET,HEAD" } else { name }).collect();
        (!all.is_empty()).then(|| all.join(","))
    }
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

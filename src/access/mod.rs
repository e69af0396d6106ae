//! Who asks, and what may they see?
//!
//! In: a name with a password, what an OpenID provider says, a cookie, a token; an alert and a party. Out: a [`Viewer`], and by
//! [`PartyView`] the alert as that viewer may see it. Not here: pages and addresses of ours, SQL, which address needs what (that table is in `web`). Secrets leave this room once, when they are made; only digests are kept.

mod accounts;
mod error;
mod guest;
mod mail;
mod password;
mod provider;
mod secret;
mod sight;
mod subscriptions;
mod throttle;

pub use accounts::{Accounts, NewUser, Refusal, SESSION_HOURS, SignedIn, TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX};
pub use error::AccessError;
pub use guest::Guest;
pub use password::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
pub use provider::{Departure, Identity, Provider, ProviderError, Returned};
pub use secret::{form_key, fresh as fresh_secret, is_secret, same};
pub use sight::{Opened, PartyView};
pub use subscriptions::SUBSCRIPTIONS_MAX;

use std::collections::BTreeSet;

use vocabulary::{Party, Scope};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// Whoever sits at this machine, while the house is open: no user exists and it listens on loopback only.
    Owner,
    /// A person or a program of an organisation.
    Member(Member),
}

/// A person or a program of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The organisation.
    pub party: Party,
    /// The user's name, or `token:ID`.
    pub name: String,
    /// What a token may be used for; none for a person, who may do all that the role allows.
    pub scopes: Option<BTreeSet<Scope>>,
    /// What forms of this session carry; none for a token.
    pub form_key: Option<String>,
}

impl Viewer {
    /// Whether it may do what this scope is about, its role aside.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        match self {
            Self::Owner => true,
            Self::Member(member) => member.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope)),
        }
    }

    /// The party whose limits hold; none for the owner.
    #[must_use]
    pub fn party(&self) -> Option<&Party> {
        match self {
            Self::Owner => None,
            Self::Member(member) => Some(&member.party),
        }
    }

    /// Who it is, for logs.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Owner => "owner",
            Self::Member(member) => &member.name,
        }
    }
}

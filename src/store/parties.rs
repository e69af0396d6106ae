//! Users, sessions and tokens. Only digests of secrets come here.

use std::collections::BTreeSet;

use jiff::Timestamp;

use vocabulary::{Party, Scope};

/// A user with the organisation that he or she works for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The name to sign in with.
    pub user: String,
    /// The organisation.
    pub party: Party,
    /// Digest of the password, PHC string; empty: the user has none, and signs in by the OpenID provider only.
    pub password: String,
    /// Whether the OpenID provider may sign the user in.
    pub by_provider: bool,
    /// The address by which the user is told things.
    pub mail: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nobody may sign in with it.
    pub disabled_at: Option<Timestamp>,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The user.
    pub user: UserRow,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A token of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its public name.
    pub token: String,
    /// The organisation.
    pub party: Party,
    /// What it is for, for people.
    pub label: String,
    /// What it may be used for.
    pub scopes: BTreeSet<Scope>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Since when it is refused.
    pub revoked_at: Option<Timestamp>,
}

//! What people do: with an alert, and with the service.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{ActKind, AlertId, Work, time};

/// Something that a person did with an alert. Kept for ever, never changed: a correction is a later act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Act {
    /// The alert.
    pub alert_id: AlertId,
    /// When.
    #[serde(with = "time::moment")]
    #[schemars(with = "Timestamp")]
    pub at: Timestamp,
    /// Who: the name of a person.
    pub by: String,
    /// On behalf of which organisation.
    pub party: String,
    /// What.
    pub kind: ActKind,
    /// Why, or what is to be known.
    pub note: String,
    /// To whom it was given, for `assign`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Last day in Asia/Shanghai on which it stays silent, for `mute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Its particulars, for acts that have some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<Box<Work>>,
    /// Key by which the organisation that handed it in tells copies of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Act {
    /// Longest key, in characters.
    pub const KEY_CHARS_MAX: usize = 100;
    /// Longest note, in characters.
    pub const NOTE_CHARS_MAX: usize = 2_000;
    /// Longest name of a person to whom an alert is given, in characters.
    pub const TO_CHARS_MAX: usize = 100;
    /// Longest silence, in days from the act on.
    pub const MUTE_DAYS_MAX: i64 = 3 * 366;
}

/// What the audit log tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditKind {
    /// A person signed in.
    SignIn,
    /// A sign-in was refused.
    SignInRefused,
    /// A person signed out.
    SignOut,
    /// A user, an organisation or a password was made or changed.
    User,
    /// A token was made or revoked.
    Token,
    /// An act on an alert.
    Act,
    /// A verdict on an alert, or results of tests.
    Outcome,
    /// Data left the service in bulk.
    Export,
    /// A subscription or an endpoint was made or changed.
    Delivery,
    /// Rules or criteria were asked for, or put in force.
    Rules,
    /// Documents were handed in over HTTP.
    Push,
    /// A search was saved or forgotten.
    Search,
    /// A source was paused or resumed.
    Source,
    /// A command changed the data folder itself: files joined, damage mended, a backup brought back.
    Upkeep,
    /// A document in doubt was answered.
    Doubt,
    /// A test body was registered.
    TestBody,
    /// A buyer was added, listed, looked at, given a sample or retired.
    Buyer,
}

impl AuditKind {
    /// Its stable code, as in SQL and JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignInRefused => "sign_in_refused",
            Self::SignOut => "sign_out",
            Self::User => "user",
            Self::Token => "token",
            Self::Act => "act",
            Self::Outcome => "outcome",
            Self::Export => "export",
            Self::Delivery => "delivery",
            Self::Rules => "rules",
            Self::Push => "push",
            Self::Search => "search",
            Self::Source => "source",
            Self::Upkeep => "upkeep",
            Self::Doubt => "doubt",
            Self::TestBody => "test_body",
            Self::Buyer => "buyer",
        }
    }
}

/// A line of the audit log, without its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    #[serde(with = "time::moment")]
    pub at: Timestamp,
    /// Who: a user, `token:ID`, or `cli` for a command on this machine.
    pub who: String,
    /// What.
    pub what: AuditKind,
    /// About which thing: an alert, a user, a token.
    pub about: String,
    /// More, for people. Never a secret.
    pub detail: String,
}

//! Endpoints, the queue of what they are to be told, and the log of tries.

use jiff::{SignedDuration, Timestamp};

use vocabulary::{Endpoint, Lane};

/// An endpoint and how it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The user who subscribed; none: it is the centre's or an organisation's.
    pub owner: Option<String>,
    /// Last event that was looked at for it.
    pub cursor: u64,
    /// Last notice.
    pub notice_cursor: u64,
    /// Since when nothing is sent.
    pub paused_at: Option<Timestamp>,
    /// Why its receiver wants no more.
    pub stopped: Option<String>,
    /// Why its address and secret do not open; both are empty then, and nothing can be sent.
    pub shut: Option<String>,
}

impl EndpointRow {
    /// Whether anything is sent to it now.
    #[must_use]
    pub fn is_sent_to(&self) -> bool {
        self.paused_at.is_none() && self.stopped.is_none()
    }

    /// For how many days nothing came for it, and what was the longest such time before, when this one is more than twice as long. Paused
    /// and stopped ones are silent by a wish.
    #[must_use]
    pub fn silent_days(&self, pace: Option<&Pace>, now: Timestamp) -> Option<(i64, i64)> {
        let pace = pace.filter(|_| self.is_sent_to())?;
        let silent = now.duration_since(pace.last_at);
        let usual = pace.longest_gap;
        let days = |time: SignedDuration| time.as_hours() / 24;
        (silent >= SILENT_MIN && silent > usual * 2).then(|| (days(silent), days(usual)))
    }
}

/// How an endpoint is doing, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointHealth {
    /// The endpoint and its state.
    pub row: EndpointRow,
    /// Events that wait.
    pub waiting: u64,
    /// Events that were delivered.
    pub delivered: u64,
    /// Events that were given up.
    pub dead: u64,
    /// The last try.
    pub last: Option<TryRow>,
}

/// How often a recipient is told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// When it was told something for the last time.
    pub last_at: Timestamp,
    /// The longest time between two of its events.
    pub longest_gap: SignedDuration,
}

/// Events that a recipient must have had before its silence says anything.
pub(crate) const PACE_EVENTS_MIN: u64 = 5;
/// No recipient counts as silent before this time, however much it was told before.
const SILENT_MIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An event that waits for an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its id.
    pub delivery: String,
    /// The endpoint.
    pub endpoint: String,
    /// Number of the event, or of the notice.
    pub seq: u64,
    /// Whether it is a notice.
    pub notice: bool,
    /// How it travels.
    pub lane: Lane,
    /// When.
    pub due_at: Timestamp,
}

/// A message that is due: events that travel together, or one notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, the same at every try.
    pub id: String,
    /// Numbers of its events, in order.
    pub events: Vec<u64>,
    /// Number of its notice; it has no event then.
    pub notice: Option<u64>,
    /// Tries so far.
    pub tries: u32,
}

/// A line of the delivery log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TryRow {
    /// The endpoint.
    pub endpoint: String,
    /// The message.
    pub message: String,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// How long it took.
    pub took_ms: i64,
    /// HTTP status, when one came.
    pub status: Option<i64>,
    /// Why it failed; none: delivered.
    pub trouble: Option<String>,
}

/// What becomes of a message after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It arrived.
    Delivered,
    /// It is tried again then.
    Again(Timestamp),
    /// It is given up.
    Dead,
}

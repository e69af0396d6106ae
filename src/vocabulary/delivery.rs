//! Who is told of what happens to alerts: endpoints and what they subscribe to (clauses 2-19, 2-22, 3-11).

use std::collections::BTreeSet;
use std::fmt;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{AlertEvent, AlertEventKind, Category, Danger, EndpointKind, RegionCode, shanghai};

/// What an endpoint wants to be told, and when. Empty sets want everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subscription {
    /// Only these product categories.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<Category>,
    /// Only these places and what lies in them; what is of no place is wanted too.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub regions: BTreeSet<RegionCode>,
    /// Only from this danger on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub danger: Option<Danger>,
    /// One message a day at this hour (0 to 23, Asia/Shanghai) with all that happened, instead of one message each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest_hour: Option<i8>,
    /// No message from the first hour on until the second (0 to 23, Asia/Shanghai); it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<(i8, i8)>,
    /// Also what happens to the watch itself ([`Notice`](super::Notice)): the past changed, other rules are in force.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub notices: bool,
}

impl Subscription {
    /// Whether its hours are hours, and quiet ones end.
    #[must_use]
    pub fn has_hours(&self) -> bool {
        let hour = |hour: i8| (0..24).contains(&hour);
        let quiet = |(from, until)| hour(from) && hour(until) && from != until;
        self.digest_hour.is_none_or(hour) && self.quiet_hours.is_none_or(quiet)
    }

    /// Whether an event is wanted.
    #[must_use]
    pub fn wants(&self, event: &AlertEvent) -> bool {
        let placed = |place: RegionCode| {
            self.regions.iter().any(|own| place == *own || place.prefecture() == *own || place.province() == *own)
        };
        (self.categories.is_empty() || self.categories.contains(&event.category))
            && (self.regions.is_empty() || event.region.is_none_or(placed))
            && self.danger.is_none_or(|least| event.danger >= least)
    }

    /// When an event is to be told, and whether with others in one message. What is urgent waits for nothing.
    #[must_use]
    pub fn lane(&self, event: &AlertEvent, now: Timestamp) -> (Lane, Timestamp) {
        if is_urgent(event) {
            return (Lane::Urgent, now);
        }
        match self.digest_hour {
            Some(hour) => (Lane::Digest, self.after_quiet(next_hour(now, hour))),
            None => (Lane::Each, self.after_quiet(now)),
        }
    }

    /// When a notice is to be told: it is a message of its own.
    #[must_use]
    pub fn notice_at(&self, now: Timestamp) -> Timestamp {
        self.after_quiet(now)
    }

    fn after_quiet(&self, now: Timestamp) -> Timestamp {
        let Some((from, until)) = self.quiet_hours else { return now };
        let hour = now.to_zoned(shanghai()).hour();
        let quiet = if from <= until { (from..until).contains(&hour) } else { hour >= from || hour < until };
        if quiet { next_hour(now, until) } else { now }
    }
}

/// The next moment at which this hour begins in Asia/Shanghai.
fn next_hour(now: Timestamp, hour: i8) -> Timestamp {
    let local = now.to_zoned(shanghai());
    let today = local.date().at(hour, 0, 0, 0).to_zoned(shanghai());
    let next = today.and_then(|today| if today.timestamp() > now { Ok(today) } else { today.checked_add(1.day()) });
    next.map_or(now, |next| next.timestamp())
}

/// Whether an event goes by the emergency lane (clause 2-22): a serious danger, opened or raised.
#[must_use]
pub fn is_urgent(event: &AlertEvent) -> bool {
    event.danger == Danger::Serious && matches!(event.event, AlertEventKind::Opened | AlertEventKind::Raised)
}

/// How an event travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// At once, before everything else.
    Urgent,
    /// A message of its own.
    Each,
    /// With others in one message.
    Digest,
}

impl Lane {
    /// Its code in SQL; the order of codes is the order of sending.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Urgent => "a_urgent",
            Self::Each => "b_each",
            Self::Digest => "c_digest",
        }
    }
}

/// Where messages go. Its `Debug` shows neither address nor secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name, unique.
    pub name: String,
    /// The organisation whose sight limits what it is told; none: everything.
    pub party: Option<String>,
    /// Which form it takes.
    pub kind: EndpointKind,
    /// Its address.
    pub url: String,
    /// What messages are signed with. It must be given back as it was: a digest of it could not sign.
    pub secret: Option<String>,
    /// Whether it may lie on this machine.
    pub allow_loopback: bool,
    /// What it wants.
    pub subscription: Subscription,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("name", &self.name)
            .field("party", &self.party)
            .field("kind", &self.kind)
            .field("allow_loopback", &self.allow_loopback)
            .field("subscription", &self.subscription)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(hour: i8) -> Timestamp {
        date(2026, 1, 5).at(hour, 30, 0, 0).to_zoned(shanghai()).expect("a moment").timestamp()
    }

    #[test]
    fn quiet_hours_may_cross_midnight_and_a_digest_comes_at_its_next_hour() {
        let quiet = Subscription { quiet_hours: Some((22, 7)), ..Subscription::default() };
        assert_eq!(quiet.after_quiet(at(12)), at(12));
        let seven = date(2026, 1, 5).at(7, 0, 0, 0).to_zoned(shanghai()).expect("a moment").timestamp();
        assert_eq!(quiet.after_quiet(at(3)), seven);
        assert_eq!(quiet.after_quiet(at(23)), next_hour(at(23), 7));
        assert_eq!(next_hour(at(6), 7), seven);
        assert_eq!(quiet.after_quiet(next_hour(at(3), 6)), seven, "a digest of six waits, too");
        assert_eq!(
            next_hour(at(7), 7),
            date(2026, 1, 6).at(7, 0, 0, 0).to_zoned(shanghai()).expect("a moment").timestamp()
        );
    }
}

//! The matters (风险事项): what is overdue and what is due soon, then all of them; for a unit outside its own duties and what it was told of.

use std::cmp::Reverse;

use askama::Template;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Html;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use url::form_urlencoded;

use super::super::clock::now;
use super::super::display::NONE;
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::view::{AlertFilter, MatterSeen, SeenMatter, View, last_day};
use super::render;
use matter::{Duty, Matter, Part, SampleState};
use vocabulary::{AlertId, Language, day_of};

/// Duties listed at once.
const DUTIES_SHOWN: usize = 200;
/// Matters on one page.
const MATTERS_SHOWN: usize = 50;
/// Days looked ahead.
const SOON_DAYS: i64 = 7;

/// A clock of a matter as pages show it.
pub(super) struct DutyRow<'a> {
    pub(super) matter: &'a AlertId,
    /// Product and hazard.
    pub(super) about: String,
    pub(super) owner: &'a str,
    pub(super) owed: String,
    pub(super) since: Date,
    pub(super) last_day: String,
    /// Days that it is late; 0 in time.
    pub(super) late: i64,
    /// Whether it is a right that runs out.
    pub(super) is_right: bool,
    /// What the limit rests on; empty without a limit.
    pub(super) source: &'a str,
    /// What has to be known of the limit.
    pub(super) doubts: Vec<&'static str>,
}

impl<'a> DutyRow<'a> {
    pub(super) fn new(seen: &'a SeenMatter, duty: &'a Duty, today: Date) -> Self {
        let limit = duty.limit.as_ref();
        let mut doubts = Vec::new();
        if limit.is_some_and(|limit| !limit.verified) {
            doubts.push("未核对");
        }
        if limit.is_some_and(|limit| !limit.calendar_known) {
            doubts.push("无放假安排数据，按周一至周五推算");
        }
        Self {
            matter: &seen.alert.id,
            about: about(seen),
            owner: duty.owner.said(Language::Chinese),
            owed: duty.owed.said(Language::Chinese),
            since: duty.since,
            last_day: limit.map_or_else(|| NONE.to_owned(), |limit| limit.last_day.to_string()),
            late: duty.days_late(today),
            is_right: duty.is_right,
            source: limit.map_or("", |limit| limit.source.as_str()),
            doubts,
        }
    }
}

/// Product and hazard of a matter.
fn about(seen: &SeenMatter) -> String {
    let judged = &seen.alert.assessment;
    format!("{}／{}", judged.category.zh(), judged.hazard.zh())
}

/// A matter in the list of those inside.
struct MatterRow<'a> {
    id: &'a AlertId,
    about: String,
    stage: &'static str,
    opened_on: Date,
    open: usize,
    late: usize,
    /// Samples bought, stored, sent, tested, failed.
    samples: [u64; 5],
    /// What is due next, with its day.
    next: String,
}

/// How far samples have come: bought, stored, sent to a test body, tested, and of these failed.
pub(super) fn samples(matter: &Matter) -> [u64; 5] {
    let counts = matter.counts();
    let count = |is_it: fn(&matter::Sample) -> bool| matter.samples.values().filter(|sample| is_it(sample)).count();
    let stored = count(|sample| sample.received_on.is_some() && sample.counts()) as u64;
    let sent = count(|sample| sample.dispatched_on.is_some()) as u64;
    [counts.bought, stored, sent, counts.at(SampleState::Tested), counts.failed]
}

impl<'a> MatterRow<'a> {
    fn new(seen: &'a SeenMatter, matter: &Matter, today: Date) -> Self {
        let open = seen.open(today);
        let next = open.iter().find(|duty| !duty.is_right && duty.limit.is_some());
        Self {
            id: &seen.alert.id,
            about: about(seen),
            stage: matter.casework.stage.zh(),
            opened_on: matter.opened_on,
            late: open.iter().filter(|duty| duty.is_overdue(today)).count(),
            open: open.len(),
            samples: samples(matter),
            next: next.map_or_else(
                || NONE.to_owned(),
                |duty| format!("{} {}", last_day(duty), duty.owed.said(Language::Chinese)),
            ),
        }
    }
}

/// A matter in the list of a unit outside.
struct PartRow<'a> {
    id: &'a AlertId,
    about: String,
    asked: &'static str,
    told_on: String,
    acknowledged_on: String,
    finished_on: String,
    reported_on: String,
    /// Samples that it has to test.
    samples: usize,
    /// Results that it was told of.
    results: usize,
    late: usize,
}

impl<'a> PartRow<'a> {
    fn new(seen: &'a SeenMatter, part: &Part, today: Date) -> Self {
        let own = part.own.as_ref();
        Self {
            id: &seen.alert.id,
            about: about(seen),
            asked: own.map_or(NONE, |unit| unit.asked.zh()),
            told_on: shown(own.map(|unit| unit.addressed_on)),
            acknowledged_on: shown(own.and_then(|unit| unit.acknowledged_on)),
            finished_on: shown(own.and_then(|unit| unit.finished_on)),
            reported_on: shown(own.and_then(|unit| unit.reported_on)),
            samples: part.samples.iter().filter(|sample| sample.state == SampleState::Dispatched).count(),
            results: part.results.len(),
            late: part.duties.iter().filter(|duty| duty.is_overdue(today)).count(),
        }
    }
}

/// A day, where there is one.
pub(super) fn shown(day: Option<Date>) -> String {
    day.map_or_else(|| NONE.to_owned(), |day| day.to_string())
}

/// Which matters, and which stretch of them.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MattersQuery {
    /// Only what this unit owes.
    #[serde(default)]
    owner: String,
    /// `1`: only matters in which something is overdue.
    #[serde(default)]
    overdue: String,
    /// How many to pass over.
    #[serde(default)]
    skip: usize,
}

impl MattersQuery {
    fn is_only_overdue(&self) -> bool {
        self.overdue == "1"
    }

    /// Whether a clock is one of those asked for.
    fn owes(&self, duty: &Duty) -> bool {
        self.owner.is_empty() || duty.owner.said(Language::Chinese) == self.owner
    }

    /// Whether a matter is one of those asked for.
    fn accepts(&self, seen: &SeenMatter, today: Date) -> bool {
        let late = |duty: &Duty| !self.is_only_overdue() || duty.is_overdue(today);
        let narrows = self.is_only_overdue() || !self.owner.is_empty();
        !narrows || seen.open(today).into_iter().any(|duty| self.owes(duty) && late(duty))
    }

    /// The address of another stretch.
    fn address(&self, skip: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.owner.is_empty() {
            query.append_pair("owner", &self.owner);
        }
        if self.is_only_overdue() {
            query.append_pair("overdue", "1");
        }
        if skip > 0 {
            query.append_pair("skip", &skip.to_string());
        }
        match query.finish() {
            empty if empty.is_empty() => "/matters".to_owned(),
            query => format!("/matters?{query}"),
        }
    }
}

#[derive(Template)]
#[template(path = "matters.html")]
struct MattersPage<'a> {
    shell: Shell,
    /// Whether whole matters are shown.
    inside: bool,
    owner: &'a str,
    only_overdue: bool,
    today: Date,
    overdue: Vec<DutyRow<'a>>,
    overdue_total: usize,
    soon: Vec<DutyRow<'a>>,
    soon_total: usize,
    /// Everything open, for a unit outside.
    own: Vec<DutyRow<'a>>,
    rows: Vec<MatterRow<'a>>,
    parts: Vec<PartRow<'a>>,
    total: usize,
    previous: Option<String>,
    next: Option<String>,
}

pub(crate) async fn list(
    view: View,
    query: Result<Query<MattersQuery>, QueryRejection>,
) -> Result<Html<String>, Problem> {
    let Query(query) = query?;
    if query.skip > AlertFilter::SKIP_MAX {
        return Err(Problem::bad_request(format!("skip 最大为 {}，收到 {}。", AlertFilter::SKIP_MAX, query.skip)));
    }
    let inside = view.party().is_none_or(vocabulary::Party::is_inside);
    let matters = view.matters().await?;
    render(&page(&matters, &query, inside, day_of(now())))
}

fn page<'a>(matters: &'a [SeenMatter], query: &'a MattersQuery, inside: bool, today: Date) -> MattersPage<'a> {
    let mut open: Vec<(&SeenMatter, &Duty)> =
        matters.iter().flat_map(|seen| seen.open(today).into_iter().map(move |duty| (seen, duty))).collect();
    open.retain(|(_, duty)| query.owes(duty));
    open.sort_by_key(|(_, duty)| last_day(duty));
    let mut overdue: Vec<&(&SeenMatter, &Duty)> = open.iter().filter(|(_, duty)| duty.is_overdue(today)).collect();
    overdue.sort_by_key(|(_, duty)| Reverse(duty.days_late(today)));
    let until = today.checked_add(SOON_DAYS.days()).unwrap_or(Date::MAX);
    let is_soon = |duty: &Duty| !duty.is_right && (today..=until).contains(&last_day(duty));
    let soon: Vec<&(&SeenMatter, &Duty)> = open.iter().filter(|(_, duty)| is_soon(duty)).collect();
    let rows = |duties: &[&(&'a SeenMatter, &'a Duty)]| -> Vec<DutyRow<'a>> {
        duties.iter().take(DUTIES_SHOWN).map(|(seen, duty)| DutyRow::new(seen, duty, today)).collect()
    };
    let mut asked: Vec<&SeenMatter> = matters.iter().filter(|seen| query.accepts(seen, today)).collect();
    asked.sort_by_cached_key(|seen| {
        let at_rest = matches!(&seen.seen, MatterSeen::Whole { matter, .. } if matter.is_at_rest());
        (at_rest, seen.open(today).first().map_or(Date::MAX, |duty| last_day(duty)))
    });
    let total = asked.len();
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    for seen in asked.into_iter().skip(query.skip).take(MATTERS_SHOWN) {
        match &seen.seen {
            MatterSeen::Whole { matter, .. } => whole.push(MatterRow::new(seen, matter, today)),
            MatterSeen::Part(part) => parts.push(PartRow::new(seen, part, today)),
        }
    }
    MattersPage {
        shell: Shell::at("matters"),
        inside,
        owner: &query.owner,
        only_overdue: query.is_only_overdue(),
        today,
        overdue_total: overdue.len(),
        overdue: rows(&overdue),
        soon_total: soon.len(),
        soon: rows(&soon),
        own: if inside { Vec::new() } else { rows(&open.iter().collect::<Vec<_>>()) },
        rows: whole,
        parts,
        total,
        previous: (query.skip > 0).then(|| query.address(query.skip.saturating_sub(MATTERS_SHOWN))),
        next: (query.skip + MATTERS_SHOWN < total).then(|| query.address(query.skip + MATTERS_SHOWN)),
    }
}

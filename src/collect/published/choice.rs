//! Which of the dates that a page names is its day: what agrees counts together, what lies ahead counts nothing, and what leaves the year
//! open takes it from the others, or from the moment of the crawl.

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use super::{At, Evidence, Published, Stated, day_seen, moment_of, not_ahead};
use crate::dates;
use vocabulary::{PublishedFrom, day_of};

/// Least weight of a day that is believed.
const WEIGHT_MIN: u32 = 2;
/// Days within which two dates are of one publication: written, put on the page, moved to another.
const NEAR_DAYS: i32 = 3;
/// Years before this one were not on the web: the day of an old text, or a mistake.
const WEB_YEAR: i16 = 1994;
/// Most a day counts that was counted from the moment of the crawl.
const GUESSED: u32 = 2;
/// Days before the crawl from which on no year is guessed for a page whose own dates are all older.
const OLD_PAGE_DAYS: i32 = 400;
/// Years that are gone back for a day without a year: 29 February comes every fourth.
const YEARS_BACK_MAX: i16 = 4;

/// How often evidence alone is right: by kind, and what agreement, dissent and a guessed year change.
const AGREED: f64 = 0.99;
const AGREED_NEARLY: f64 = 0.95;
const DISPUTED: f64 = 0.15;
const GUESSED_YEAR: f64 = 0.5;

fn alone(kind: PublishedFrom, weight: u32) -> f64 {
    let base: f64 = match kind {
        PublishedFrom::Meta | PublishedFrom::JsonLd | PublishedFrom::TimeElement => 0.95,
        PublishedFrom::Line => 0.93,
        PublishedFrom::Script | PublishedFrom::Sitemap => 0.9,
        PublishedFrom::Address => 0.92,
        PublishedFrom::Signature => 0.85,
        PublishedFrom::Nothing => 0.0,
    };
    // What counts little is often something else.
    if weight >= 4 {
        base
    } else if weight == 3 {
        base - 0.05
    } else {
        base - 0.25
    }
}

/// A day that something names, its year filled in.
#[derive(Debug, Clone, Copy)]
struct Dated {
    kind: PublishedFrom,
    day: Date,
    at: Timestamp,
    has_time: bool,
    weight: u32,
    is_change: bool,
    guessed: bool,
}

/// The day that most evidence names, if any is to be believed.
pub(super) fn choose(evidence: &Evidence) -> Option<Published> {
    let mut dated: Vec<Dated> = evidence.stated.iter().filter_map(|stated| whole(stated, evidence)).collect();
    let completed: Vec<Dated> =
        evidence.stated.iter().filter_map(|stated| completed(stated, evidence, &dated)).collect();
    dated.extend(completed);
    distrust(&mut dated, evidence);
    let weight_of = |day: Date| -> u32 {
        let mut of_kind: Vec<(PublishedFrom, u32)> = Vec::new();
        for found in dated.iter().filter(|found| found.day == day) {
            match of_kind.iter_mut().find(|(kind, _)| *kind == found.kind) {
                Some((_, weight)) => *weight = (*weight).max(found.weight),
                None => of_kind.push((found.kind, found.weight)),
            }
        }
        of_kind.iter().map(|(_, weight)| weight).sum()
    };
    // Of equal weight counts the stronger kind, then what was found first.
    let (_, weight, day) = dated
        .iter()
        .map(|found| ((weight_of(found.day), std::cmp::Reverse(found.kind)), weight_of(found.day), found.day))
        .fold(None, |best: Option<((u32, std::cmp::Reverse<PublishedFrom>), u32, Date)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })?;
    if weight < WEIGHT_MIN {
        return None;
    }
    let of_day: Vec<&Dated> = dated.iter().filter(|found| found.day == day).collect();
    let first =
        of_day.iter().min_by_key(|found| (found.is_change, std::cmp::Reverse(found.weight.min(4)), found.kind))?;
    let with_time = of_day.iter().filter(|found| found.has_time && !found.is_change).min_by_key(|found| found.kind);
    let kinds = of_day.iter().map(|found| found.kind).collect::<std::collections::BTreeSet<_>>().len();
    let near = dated.iter().any(|found| found.day != day && !found.is_change && is_near(found.day, day));
    let dissent = dated
        .iter()
        .any(|found| !found.is_change && !is_near(found.day, day) && found.weight * 2 >= weight && found.weight > 1);
    let mut confidence = alone(first.kind, first.weight);
    if kinds > 1 {
        confidence = AGREED;
    } else if near {
        confidence = confidence.max(AGREED_NEARLY);
    }
    if dissent {
        confidence -= DISPUTED;
    }
    if of_day.iter().all(|found| found.guessed) {
        confidence = confidence.min(GUESSED_YEAR);
    }
    if of_day.iter().all(|found| found.is_change) {
        confidence = confidence.min(GUESSED_YEAR);
    }
    let at = with_time.unwrap_or(first).at;
    Some(Published { at, from: first.kind, confidence: (confidence * 100.0).round() / 100.0 })
}

fn is_near(a: Date, b: Date) -> bool {
    days_between(a, b).abs() <= NEAR_DAYS
}

/// Days from `b` to `a`.
fn days_between(a: Date, b: Date) -> i32 {
    (a - b).get_days()
}

/// Evidence that names a whole date, where it does not lie ahead.
fn whole(stated: &Stated, evidence: &Evidence) -> Option<Dated> {
    let (at, has_time) = match stated.at {
        At::Day(date, time) => (moment_of(date, time)?, time.is_some()),
        At::Moment(moment) => (moment, true),
        _ => return None,
    };
    let at = not_ahead(at, evidence.seen).or_else(|| {
        // Local time that was called UTC lies eight hours ahead.
        let local = at.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        matches!(stated.at, At::Moment(_))
            .then(|| dates::in_shanghai(local))
            .flatten()
            .and_then(|at| not_ahead(at, evidence.seen))
    })?;
    let day = day_of(at);
    let weight = if day.year() < WEB_YEAR { stated.weight / 2 } else { stated.weight };
    Some(Dated { kind: stated.kind, day, at, has_time, weight, is_change: stated.is_change, guessed: false })
}

/// Evidence that leaves the year or the day open, filled in from what is known beside it.
fn completed(stated: &Stated, evidence: &Evidence, known: &[Dated]) -> Option<Dated> {
    let dated = |day: Date, time: Option<Time>, weight: u32, guessed: bool| {
        let at = not_ahead(moment_of(day, time)?, evidence.seen)?;
        let (kind, is_change) = (stated.kind, stated.is_change);
        Some(Dated { kind, day, at, has_time: time.is_some(), weight, is_change, guessed })
    };
    match stated.at {
        At::YearLess { month, day, time } => {
            // The same day elsewhere has the year.
            let same = known.iter().find(|found| (found.day.month(), found.day.day()) == (month, day));
            if let Some(found) = same {
                return dated(found.day, time, stated.weight, false);
            }
            let mut months = evidence.stated.iter().filter_map(|other| match other.at {
                At::Month(year, known) if known.is_none_or(|known| known == month) => Some(year),
                _ => None,
            });
            if let Some(date) = months.find_map(|year| Date::new(year, month, day).ok()) {
                return dated(date, time, stated.weight, false);
            }
            // Another date of the page: the nearest such day, before a change.
            let near = known.iter().filter(|found| found.weight >= WEIGHT_MIN || found.is_change).find_map(|found| {
                let years = (-1..=1).filter_map(|later| Date::new(found.day.year() + later, month, day).ok());
                years
                    .filter(|date| *date <= found.day || !found.is_change)
                    .min_by_key(|date| days_between(*date, found.day).abs())
            });
            if let Some(date) = near {
                return dated(date, time, stated.weight.min(GUESSED + 1), false);
            }
            let seen = day_seen(evidence)?;
            let date = (0..=YEARS_BACK_MAX)
                .find_map(|back| Date::new(seen.year() - back, month, day).ok().filter(|date| *date <= seen))?;
            // A page whose newest date is years old was not written this year.
            if evidence.newest.is_some_and(|newest| days_between(date, newest) > OLD_PAGE_DAYS) {
                return None;
            }
            dated(date, time, stated.weight.min(GUESSED), true)
        }
        At::Time(time) => {
            let found =
                known.iter().filter(|found| !found.is_change && !found.has_time).max_by_key(|found| found.weight)?;
            dated(found.day, Some(time), 0, false)
        }
        At::Day(..) | At::Moment(_) | At::Month(..) => None,
    }
}

/// The day of the crawl in a tag or a script is often that of the page's making: it counts little where something else names an older day.
fn distrust(dated: &mut [Dated], evidence: &Evidence) {
    let Some(seen) = day_seen(evidence) else { return };
    let is_older =
        |found: &Dated| !found.is_change && found.weight > WEIGHT_MIN && days_between(seen, found.day) > NEAR_DAYS;
    if !dated.iter().any(is_older) {
        return;
    }
    for found in dated.iter_mut() {
        let by_machine = matches!(
            found.kind,
            PublishedFrom::Meta | PublishedFrom::JsonLd | PublishedFrom::Script | PublishedFrom::TimeElement
        );
        if by_machine && days_between(seen, found.day) <= 1 {
            found.weight = found.weight.min(1);
        }
    }
}

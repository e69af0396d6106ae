//! When a page was published, by everything that it says of it: meta tags, data for machines, `<time>`, the line with its source, its
//! address, the day it is signed with. What agrees counts together; what lies ahead of the moment of the crawl does not count.
//!
//! In: a page (or a text alone), its address, the moment it was seen. Out: a moment with the kind of evidence and how far it is to be trusted, or
//! none. Not here: dates that a recipe, a feed or a sitemap names in a field of its own (they come first), what a day means for an alert.

mod address;
mod choice;
mod label;
mod line;
mod script;
mod stated;
mod text;
mod written;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use url::Url;

use super::article::Reading;
use super::dates;
use super::tree::Tree;
use vocabulary::{Document, PublishedFrom, day_of};
use written::{Form, Written};

/// How far a page's clock may be ahead of ours, in seconds: such a moment is taken as the moment it was seen.
const CLOCK_AHEAD_S: i64 = 15 * 60;

/// When something was published, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Published {
    pub(crate) at: Timestamp,
    /// The strongest evidence that names the day.
    pub(crate) from: PublishedFrom,
    /// How often such evidence is right, 0–1.
    pub(crate) confidence: f64,
}

/// A date that something on the page names.
#[derive(Debug, Clone, Copy)]
struct Stated {
    kind: PublishedFrom,
    at: At,
    /// What it counts.
    weight: u32,
    /// When the page was changed, not when it was published: the other was not later.
    is_change: bool,
}

/// A date, as far as it is told.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    Day(Date, Option<Time>),
    /// A moment in a zone that was told, or counted back from when the page was seen.
    Moment(Timestamp),
    YearLess {
        month: i8,
        day: i8,
        time: Option<Time>,
    },
    Time(Time),
    /// Only the year, and the month where it is told: no date, but a year for one.
    Month(i16, Option<i8>),
}

impl Stated {
    fn new(kind: PublishedFrom, at: At, weight: u32) -> Self {
        Self { kind, at, weight, is_change: false }
    }
}

impl At {
    fn of(written: &Written) -> Option<Self> {
        Some(match written.form {
            Form::Day(date) => Self::Day(date, written.time),
            Form::YearLess { month, day } | Form::TwoNumbers { month, day } => {
                Self::YearLess { month, day, time: written.time }
            }
            Form::TimeOnly => Self::Time(written.time?),
        })
    }
}

/// What a page says of its date, and what is known beside.
#[derive(Debug)]
struct Evidence {
    /// When it was seen; none when nobody said.
    seen: Option<Timestamp>,
    stated: Vec<Stated>,
    /// Last whole date on the page whatever it is for: the page is no older.
    newest: Option<Date>,
}

impl Evidence {
    fn new(seen: Option<Timestamp>) -> Self {
        Self { seen, stated: Vec::new(), newest: None }
    }

    fn add(&mut self, kind: PublishedFrom, at: At, weight: u32) {
        self.stated.push(Stated::new(kind, at, weight));
    }

    fn add_change(&mut self, kind: PublishedFrom, at: At, weight: u32) {
        self.stated.push(Stated { is_change: true, ..Stated::new(kind, at, weight) });
    }

    fn note_day(&mut self, date: Date) {
        self.newest = self.newest.max(Some(date));
    }
}

/// Weight of the day on which a sitemap says that a page was changed; of the day of the crawl, since many sitemaps name it for all pages.
const CHANGED: u32 = 2;
const CHANGED_JUST_NOW: u32 = 1;

/// Weight of a day whose year a rule of the recipe leaves open.
const BY_RULE: u32 = 6;

/// What is known of a page's day beside the page.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// When a sitemap says that it was changed.
    pub(crate) changed: Option<Timestamp>,
    /// The text that a rule found for its day, where that names no year.
    pub(crate) year_open: Option<&'a str>,
}

/// When a page was published. `source`: its decoded text, `reading`: headline and body found in `page`.
pub(crate) fn of_page(
    page: &Tree,
    source: &str,
    reading: &Reading,
    url: Option<&Url>,
    seen: Timestamp,
    beside: Beside<'_>,
) -> Option<Published> {
    let mut evidence = Evidence::new(Some(seen));
    if let Some(changed) = beside.changed {
        let just_now = (day_of(seen) - day_of(changed)).get_days() <= 1;
        let weight = if just_now { CHANGED_JUST_NOW } else { CHANGED };
        evidence.add_change(PublishedFrom::Sitemap, At::Moment(changed), weight);
    }
    if let Some(at) = beside.year_open.and_then(year_less) {
        evidence.add(PublishedFrom::Line, at, BY_RULE);
    }
    stated::gather(page, &mut evidence);
    script::gather(source, &mut evidence);
    line::gather(page, reading, &mut evidence);
    text::gather_signature(&reading.article.text, &mut evidence);
    if let Some(url) = url {
        address::gather(url.path(), &mut evidence);
    }
    choice::choose(&evidence)
}

/// When a text was published that came without its page: by its lines and its address.
pub(crate) fn of_text(text: &str, url: Option<&str>, seen: Option<Timestamp>) -> Option<Published> {
    let mut evidence = Evidence::new(seen);
    text::gather_lines(text, &mut evidence);
    text::gather_signature(text, &mut evidence);
    if let Some(url) = url.and_then(|url| Url::parse(url).ok()) {
        address::gather(url.path(), &mut evidence);
    }
    choice::choose(&evidence)
}

/// Whether a text names a month and a day and leaves the year open.
pub(crate) fn leaves_year_open(text: &str) -> bool {
    year_less(text).is_some()
}

/// The one day of a text, when it leaves the year open.
fn year_less(text: &str) -> Option<At> {
    let text = written::plain(text);
    let mut dates = written::dates_in(&text).filter(|found| found.form != Form::TimeOnly);
    let found = dates.next().filter(|found| !matches!(found.form, Form::Day(_)))?;
    if dates.next().is_some() { None } else { At::of(&found) }
}

/// Gives a document the date that was found, with where it is from; where there is none, that it was looked for.
pub(crate) fn put(document: &mut Document, found: Option<Published>) {
    document.published_at = found.map(|found| found.at);
    let from = found.map_or(PublishedFrom::Nothing, |found| found.from);
    document.meta.insert(Document::PUBLISHED_FROM.to_owned(), from.code().into());
    if let Some(Published { confidence, .. }) = found {
        document.meta.insert(Document::PUBLISHED_CONFIDENCE.to_owned(), confidence.into());
    }
}

/// A value for machines: RFC 3339, RFC 2822, digits of seconds or milliseconds, or a date as people write it.
fn of_value(value: &str) -> Option<At> {
    let value = value.trim();
    if value.is_empty() || value.len() > VALUE_BYTES_MAX {
        return None;
    }
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return match value.len() {
            10 => Timestamp::from_second(value.parse().ok()?).ok().map(At::Moment),
            13 => Timestamp::from_millisecond(value.parse().ok()?).ok().map(At::Moment),
            // A day, and perhaps hour, minute and second.
            8 | 12 | 14 => compact(value).map(|(date, time)| At::Day(date, time)),
            _ => None,
        };
    }
    if let Ok(moment) = value.parse::<Timestamp>() {
        return Some(At::Moment(moment));
    }
    // `+0800`, as Java writes it.
    if let Ok(moment) = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", value) {
        return Some(At::Moment(moment));
    }
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(value) {
        return Some(At::Moment(zoned.timestamp()));
    }
    let plain = written::plain(value);
    written::next_date(&plain, 0)
        .filter(|found| matches!(found.form, Form::Day(_) | Form::YearLess { .. }))
        .and_then(|found| At::of(&found))
}

/// Longest value that is read as a date.
const VALUE_BYTES_MAX: usize = 80;

/// `20240410`, `202404101216`, `20240410121607`.
fn compact(digits: &str) -> Option<(Date, Option<Time>)> {
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
    let date = Date::new(digits.get(..4)?.parse().ok()?, number(4, 6)?, number(6, 8)?).ok()?;
    let second = number(12, 14).unwrap_or(0);
    let time = number(8, 10).zip(number(10, 12)).and_then(|(hour, minute)| Time::new(hour, minute, second, 0).ok());
    Some((date, time))
}

/// The day that something names, in Shanghai; none where a part of it is open.
fn day_of_at(at: At) -> Option<Date> {
    match at {
        At::Day(date, _) => Some(date),
        At::Moment(moment) => Some(day_of(moment)),
        At::YearLess { .. } | At::Time(_) | At::Month(..) => None,
    }
}

fn moment_of(date: Date, time: Option<Time>) -> Option<Timestamp> {
    dates::in_shanghai(DateTime::from_parts(date, time.unwrap_or(Time::midnight())))
}

/// The moment itself, or that of the crawl for a clock that is a little ahead; none for what lies further ahead.
fn not_ahead(at: Timestamp, seen: Option<Timestamp>) -> Option<Timestamp> {
    let Some(seen) = seen else { return Some(at) };
    if at <= seen {
        return Some(at);
    }
    (at.as_second() - seen.as_second() <= CLOCK_AHEAD_S).then_some(seen)
}

/// The day a page was seen on.
fn day_seen(evidence: &Evidence) -> Option<Date> {
    evidence.seen.map(day_of)
}

#[cfg(test)]
mod tests;

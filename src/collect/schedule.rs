//! When a source is asked: every so often, by a cron expression, or as often as it changes; never in its quiet hours. Pure.
//!
//! All hours are civil hours in Asia/Shanghai.

use std::time::Duration;

use croner::Cron;
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};

use vocabulary::shanghai;

/// A source that changed is asked again after this share of the gap, one that did not after that one (the steps of Nutch's
/// adaptive fetch schedule: 0.2 down, 0.4 up).
const SOONER: f64 = 0.8;
const LATER: f64 = 1.4;
/// Without a word of its own, a source counts as silent after this many of its longest gaps …
const SILENT_GAPS: u32 = 3;
/// … but not before this.
const SILENT_MIN: Duration = Duration::from_hours(24);

/// When rounds begin.
#[derive(Debug, Clone)]
pub(crate) enum When {
    /// This long after the last one.
    Every(Duration),
    /// Between `least` and `most`, sooner after news and later without.
    Adaptive { least: Duration, most: Duration },
    /// At these times.
    Cron(Box<Cron>),
}

/// When a source is asked and when it is missed.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) when: When,
    /// Hours in which nothing is asked: from, to. To before from goes over midnight.
    pub(crate) quiet: Vec<(Time, Time)>,
    pub(crate) silent_after: Option<Duration>,
}

impl Schedule {
    /// When the next round is due. `gap` is the time between the last two, `news` whether this one brought any.
    pub(crate) fn next(&self, now: Timestamp, gap: Option<Duration>, news: bool) -> Timestamp {
        let due = match &self.when {
            When::Every(every) => later(now, *every),
            When::Adaptive { least, most } => {
                let gap = gap.unwrap_or(*least).mul_f64(if news { SOONER } else { LATER });
                later(now, gap.clamp(*least, *most))
            }
            When::Cron(cron) => cron
                .find_next_occurrence(&now.to_zoned(shanghai()), false)
                .map_or(Timestamp::MAX, |zoned| zoned.timestamp()),
        };
        self.quiet_until(due).unwrap_or(due)
    }

    /// When the next round is due at the latest, however the last ones went; hosts may ask for more.
    pub(crate) fn next_at_latest(&self, last: Timestamp) -> Timestamp {
        match &self.when {
            When::Adaptive { most, .. } => self.next(last, Some(*most), false),
            When::Every(_) | When::Cron(_) => self.next(last, None, false),
        }
    }

    /// The end of the quiet hours that a moment lies in; none outside of them.
    pub(crate) fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        let civil = now.to_zoned(shanghai());
        let time = civil.time();
        let ends = self.quiet.iter().filter_map(|&(from, to)| {
            let (inside, tomorrow) =
                if from < to { (time >= from && time < to, false) } else { (time >= from || time < to, time >= from) };
            let day = if tomorrow { civil.date().tomorrow().ok()? } else { civil.date() };
            inside.then(|| day.to_datetime(to).to_zoned(shanghai()).ok().map(|end| end.timestamp())).flatten()
        });
        ends.max()
    }

    /// How long a source may bring nothing before it is reported as silent.
    pub(crate) fn silent_after(&self, now: Timestamp) -> Duration {
        let longest = match &self.when {
            When::Every(every) => *every,
            When::Adaptive { most, .. } => *most,
            // The gap after the next one: a cron expression may rest over a weekend.
            When::Cron(_) => {
                let first = self.next(now, None, false);
                Duration::try_from(self.next(first, None, false).duration_since(first)).unwrap_or_default()
            }
        };
        self.silent_after.unwrap_or_else(|| longest.saturating_mul(SILENT_GAPS).max(SILENT_MIN))
    }
}

/// A moment later by this much, or the end of time.
pub(crate) fn later(from: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::parse_moment;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(text: &str) -> Timestamp {
        parse_moment(text).unwrap()
    }

    fn schedule(when: When, quiet: &[(i8, i8)]) -> Schedule {
        let quiet = quiet.iter().map(|&(from, to)| (Time::constant(from, 0, 0, 0), Time::constant(to, 0, 0, 0)));
        Schedule { when, quiet: quiet.collect(), silent_after: None }
    }

    #[test]
    fn a_cron_expression_is_read_in_chinese_time() {
        let cron = "30 8,20 * * 1-5".parse().map(Box::new).unwrap();
        let schedule = schedule(When::Cron(cron), &[]);
        // 5 July 2024 is a Friday.
        assert_eq!(schedule.next(at("2024-07-05 08:30:00"), None, true), at("2024-07-05 20:30:00"));
        assert_eq!(schedule.next(at("2024-07-05 20:30:00"), None, true), at("2024-07-08 08:30:00"));
        assert_eq!(schedule.silent_after(at("2024-07-05 12:00:00")), 3 * 60 * HOUR);
    }

    #[test]
    fn a_source_that_changes_is_asked_more_often_within_its_bounds() {
        let schedule = schedule(When::Adaptive { least: HOUR, most: 10 * HOUR }, &[]);
        let now = at("2024-07-05 00:00:00");
        let gap = |gap: Duration, news| schedule.next(now, Some(gap), news).duration_since(now);
        assert_eq!(gap(5 * HOUR, true), SignedDuration::from_hours(4));
        assert_eq!(gap(5 * HOUR, false), SignedDuration::from_hours(7));
        assert_eq!(gap(HOUR, true), SignedDuration::from_hours(1));
        assert_eq!(gap(9 * HOUR, false), SignedDuration::from_hours(10));
    }

    #[test]
    fn no_moment_and_no_gap_makes_the_schedule_panic() {
        let cron = "30 8,20 * * 1-5".parse().map(Box::new).unwrap();
        for when in [
            When::Every(Duration::MAX),
            When::Every(HOUR),
            When::Adaptive { least: HOUR, most: Duration::from_hours(876_600) },
            When::Cron(cron),
        ] {
            let schedule = schedule(when, &[(22, 6)]);
            for now in [Timestamp::MIN, at("2024-07-05 23:00:00"), Timestamp::MAX] {
                for gap in [None, Some(Duration::ZERO), Some(HOUR), Some(Duration::from_secs(631_107_230_401))] {
                    assert!(schedule.next(now, gap, true) >= now && schedule.next(now, gap, false) >= now);
                }
                assert!(schedule.next_at_latest(now) >= now);
                assert!(schedule.silent_after(now) >= SILENT_MIN);
            }
        }
        assert_eq!(later(Timestamp::MAX, Duration::MAX), Timestamp::MAX);
    }

    #[test]
    fn quiet_hours_push_a_round_to_their_end_over_midnight_too() {
        let day = schedule(When::Every(HOUR), &[(8, 18)]);
        assert_eq!(day.next(at("2024-07-05 07:30:00"), None, true), at("2024-07-05 18:00:00"));
        assert_eq!(day.quiet_until(at("2024-07-05 18:00:00")), None);
        let night = schedule(When::Every(HOUR), &[(22, 6)]);
        assert_eq!(night.next(at("2024-07-05 21:30:00"), None, true), at("2024-07-06 06:00:00"));
        assert_eq!(night.quiet_until(at("2024-07-06 05:59:59")), Some(at("2024-07-06 06:00:00")));
        assert_eq!(night.quiet_until(at("2024-07-06 12:00:00")), None);
    }
}

//! When a rise began (上升起点), by Bayesian online change-point detection over weekly counts (methods, section 3.9).
//!
//! In: a part whose detector crossed. Out: [`Began`] and its sentence. It is shown beside the level and has no effect on it.

use super::cell_day::{CellDay, Part, RecentMention};
use super::days::{self, Day};
use methods::bocpd::{Detector, Model};
use vocabulary::{Began, Sentence};

/// Days before `as_of` that are searched: half a year of weeks.
const DAYS: Day = 7 * 26;
/// Weeks a rate is expected to last.
const EXPECTED_RUN_WEEKS: f64 = 52.0;
/// Shape of the Gamma prior of every new rate: half an event's worth of information.
const SHAPE: f64 = 0.5;
/// Least mean of that prior, in events a week: with a smaller one any event at all would look like a change.
const MEAN_MIN: f64 = 1.0;
/// A date that is less probable than this is not shown.
const PROBABILITY_MIN: f64 = 0.2;

/// When the rise of a part began; none where no change point is probable enough.
pub(super) fn of_part(cell_day: &CellDay<'_>, part: &Part<'_>) -> Option<Began> {
    let (baseline, cell) = (cell_day.baseline, cell_day.cell);
    let as_of = baseline.as_of;
    let from = baseline.watched_from.max(as_of - DAYS + 1);
    let known = cell.known(from, as_of, as_of).filter(|mention| mention.opens);
    let belonging = known.map(|mention| RecentMention::new(mention, cell, as_of));
    let days = belonging.filter(|seen| part.scope.covers(seen.brand, seen.province)).map(|seen| seen.mention.day);
    let weeks = baseline.exposure.baseline_weeks();
    began(days, part.base.events as f64 / weeks.max(1.0), as_of, baseline.watched_from)
}

/// The sentence on when a rise began.
pub(super) fn sentence(began: &Began) -> Sentence {
    Sentence::Began { week_of: began.week_of, probability: began.probability }
}

/// When the rate of the last weeks began, given the days of events up to `as_of`: the most probable week, where there is one and
/// more happened since than before. `expected`: events a week as the baseline has them. Weeks end on `as_of`; those that began
/// before `watched_from` are not looked at.
fn began(events: impl Iterator<Item = Day>, expected: f64, as_of: Day, watched_from: Day) -> Option<Began> {
    let watched = usize::try_from((as_of - watched_from + 1).clamp(0, DAYS) / 7).unwrap_or(0);
    let mut weekly = vec![0_u64; watched];
    for day in events.filter(|day| *day <= as_of) {
        let back = usize::try_from((as_of - day) / 7).unwrap_or(usize::MAX);
        if let Some(at) = weekly.len().checked_sub(back + 1) {
            weekly[at] += 1;
        }
    }
    let rate = SHAPE / expected.max(MEAN_MIN);
    let model = Model { expected_run: EXPECTED_RUN_WEEKS, shape: SHAPE, rate, truncation: 0.0 };
    let mut detector = Detector::new(model).ok()?;
    for count in &weekly {
        detector.push(*count);
    }
    // Run length 0 would begin with the next week.
    let runs: Vec<f64> = detector.run_lengths().skip(1).collect();
    let all: f64 = runs.iter().sum();
    let (weeks, most) =
        runs.iter().enumerate().map(|(at, run)| (at + 1, run / all)).max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (before, since) = weekly.split_at(weekly.len().checked_sub(weeks)?);
    if before.is_empty() || most < PROBABILITY_MIN || mean(since) <= mean(before) {
        return None;
    }
    let day = as_of - 7 * i32::try_from(weeks).ok()? + 1;
    Some(Began { week_of: days::date_of(day), probability: most, expected, weekly })
}

fn mean(counts: &[u64]) -> f64 {
    counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Day = 20_000;

    /// `counts` events in each of the last weeks, oldest first.
    fn days_of(counts: &[usize]) -> Vec<Day> {
        let weeks = i32::try_from(counts.len()).expect("few");
        let week = |(at, count): (usize, &usize)| {
            let last = TODAY - 7 * (weeks - 1 - i32::try_from(at).expect("few"));
            (0..*count).map(move |event| last - i32::try_from(event % 7).expect("few")).collect::<Vec<_>>()
        };
        counts.iter().enumerate().flat_map(week).collect()
    }

    fn dated(counts: &[usize], expected: f64) -> Option<Began> {
        began(days_of(counts).into_iter(), expected, TODAY, TODAY - 1_000)
    }

    #[test]
    fn a_clear_step_is_dated_to_its_week() {
        let mut counts = vec![1; 20];
        counts.extend([9, 12, 8]);
        let began = dated(&counts, 1.0).expect("dated");
        assert_eq!(began.week_of, days::date_of(TODAY - 20));
        assert!(began.probability > 0.9, "{began:?}");
        assert_eq!(began.weekly.len(), 26);
        assert_eq!(&began.weekly[22..], [1, 9, 12, 8]);
    }

    #[test]
    fn a_burst_of_one_week_began_in_it() {
        let mut counts = vec![0; 25];
        counts.push(4);
        let began = dated(&counts, 0.1).expect("dated");
        assert_eq!(began.week_of, days::date_of(TODAY - 6));
        assert!(began.probability > 0.8, "{began:?}");
    }

    #[test]
    fn what_goes_on_as_ever_or_falls_has_no_beginning() {
        assert_eq!(dated(&[3; 26], 3.0), None);
        let mut counts = vec![9; 20];
        counts.extend([0; 6]);
        assert_eq!(dated(&counts, 9.0), None);
        assert_eq!(dated(&[], 0.0), None);
    }

    #[test]
    fn weeks_before_the_watch_began_are_not_looked_at() {
        let days = days_of(&[5, 5, 5]);
        assert_eq!(began(days.into_iter(), 0.1, TODAY, TODAY - 20), None, "three weeks, all alike");
    }
}

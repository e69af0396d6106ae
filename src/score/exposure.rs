//! How much was read. Expected counts scale with it, so that a source that was down is no quiet product and a new source no burst, and
//! days whose documents are still on their way expect as little as has arrived of them (decision 0014).

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::days::{self, Day};

/// Documents read (已读信息量), by the day they are about and the day they were seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
    days: BTreeMap<Day, BTreeMap<Day, u64>>,
}

impl Volume {
    /// Nothing read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts documents of `day` (event time) that were first seen on `seen`. A document dated after it was seen belongs to the day
    /// it was seen.
    pub fn add(&mut self, day: Date, seen: Date, documents: u64) {
        let seen = days::number(seen);
        let day = days::number(day).min(seen);
        *self.days.entry(day).or_default().entry(seen).or_default() += documents;
    }

    /// The first day on which anything was seen.
    pub(super) fn watched_from(&self) -> Option<Day> {
        self.days.values().filter_map(|seen| seen.keys().next().copied()).min()
    }

    /// Day, day seen and documents of all that was seen by the end of a day.
    pub(super) fn known(&self, as_of: Day) -> impl Iterator<Item = (Day, Day, u64)> {
        let days = self.days.iter();
        days.flat_map(move |(day, seen)| seen.range(..=as_of).map(|(seen, documents)| (*day, *seen, *documents)))
    }

    fn known_by(&self, as_of: Day, day: Day) -> u64 {
        self.days.get(&day).map_or(0, |seen| seen.range(..=as_of).map(|(_, documents)| documents).sum())
    }
}

impl FromIterator<(Date, u64)> for Volume {
    /// Documents per day, each seen on its day.
    fn from_iter<T: IntoIterator<Item = (Date, u64)>>(daily: T) -> Self {
        let mut volume = Self::new();
        for (day, documents) in daily {
            volume.add(day, day, documents);
        }
        volume
    }
}

/// Exposure as of a day, in weeks of average reading: `1.0` is as many documents as an average week of the baseline brought.
#[derive(Debug, Clone)]
pub(super) struct Exposure {
    as_of: Day,
    /// Cumulated documents: `cumulated[i]` holds the days before `first + i`.
    cumulated: Vec<u64>,
    first: Day,
    baseline_until: Day,
    per_week: f64,
}

impl Exposure {
    /// `signal_documents` are (day, seen) of documents that hold signals: they were read, whatever the volume says.
    pub(super) fn at(
        as_of: Day,
        volume: &Volume,
        signal_documents: &[(Day, Day)],
        baseline_days: i32,
        guard_days: i32,
    ) -> Self {
        let first = as_of - guard_days - baseline_days + 1;
        let mut carrying = vec![0_u64; usize::try_from(as_of - first + 1).unwrap_or(0)];
        let from = signal_documents.partition_point(|(day, _)| *day < first);
        for (day, seen) in &signal_documents[from..] {
            if *day > as_of {
                break;
            }
            if *seen <= as_of
                && let Ok(index) = usize::try_from(day - first)
            {
                carrying[index] += 1;
            }
        }
        let mut cumulated = Vec::with_capacity(carrying.len() + 1);
        let mut sum = 0;
        cumulated.push(sum);
        let mut read_days = [0_u64; 2];
        let mut read = [0_u64; 2];
        for (day, carrying) in (first..=as_of).zip(carrying) {
            let documents = volume.known_by(as_of, day).max(carrying);
            sum += documents;
            cumulated.push(sum);
            let part = usize::from(day > as_of - guard_days);
            read[part] += documents;
            read_days[part] += u64::from(documents > 0);
        }
        // An average week of the baseline; before there is one, of what has been read since.
        let part = usize::from(read_days[0] == 0);
        let per_week = if read_days[part] == 0 { 1.0 } else { read[part] as f64 / read_days[part] as f64 * 7.0 };
        Self { as_of, cumulated, first, baseline_until: as_of - guard_days, per_week }
    }

    /// Exposure of the baseline: the number of its days on which something was read, in weeks.
    pub(super) fn baseline_weeks(&self) -> f64 {
        self.weeks(self.first, self.baseline_until)
    }

    /// Exposure of the last `days` days.
    pub(super) fn window_weeks(&self, days: u32) -> f64 {
        self.weeks(self.as_of - i32::try_from(days).unwrap_or(i32::MAX / 2) + 1, self.as_of)
    }

    /// The day it is as of.
    pub(super) fn as_of(&self) -> Day {
        self.as_of
    }

    /// First and last day of the baseline.
    pub(super) fn baseline(&self) -> (Day, Day) {
        (self.first, self.baseline_until)
    }

    /// Documents read on the days `from..=to`.
    pub(super) fn documents(&self, from: Day, to: Day) -> u64 {
        let at = |day: Day| usize::try_from(day - self.first).unwrap_or(0).min(self.cumulated.len() - 1);
        self.cumulated[at(to + 1)].saturating_sub(self.cumulated[at(from)])
    }

    fn weeks(&self, from: Day, to: Day) -> f64 {
        self.documents(from, to) as f64 / self.per_week
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steady(days: i32, per_day: u64) -> Volume {
        (0..days).map(|day| (days::date_of(day), per_day)).collect()
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn steady_reading_makes_exposure_weeks_of_calendar_weeks() {
        let exposure = Exposure::at(1000, &steady(1001, 50), &[], 728, 56);
        close(exposure.baseline_weeks(), 104.0);
        close(exposure.window_weeks(7), 1.0);
        close(exposure.window_weeks(3), 3.0 / 7.0);
    }

    #[test]
    fn an_outage_is_exposure_zero_not_quiet() {
        let mut volume = steady(1001, 50);
        for day in 996..=1000 {
            volume.days.remove(&day);
        }
        let exposure = Exposure::at(1000, &volume, &[], 728, 56);
        close(exposure.window_weeks(3), 0.0);
        close(exposure.window_weeks(7), 2.0 / 7.0);
    }

    #[test]
    fn twice_the_reading_is_twice_the_exposure() {
        let mut volume = steady(1001, 50);
        volume.add(days::date_of(1000), days::date_of(1000), 50);
        close(Exposure::at(1000, &volume, &[], 728, 56).window_weeks(7), 8.0 / 7.0);
    }

    #[test]
    fn a_document_with_a_signal_was_read_even_when_the_volume_does_not_know() {
        let exposure = Exposure::at(1000, &Volume::new(), &[(999, 999), (1000, 1001)], 728, 56);
        assert_eq!(exposure.documents(995, 1000), 1, "the one seen tomorrow does not count");
        close(exposure.baseline_weeks(), 0.0);
        assert!(exposure.window_weeks(3) > 0.0);
    }

    #[test]
    fn without_lateness_and_with_it_the_expectation_is_the_share_that_has_arrived() {
        // Of a hundred documents about a day so many are seen on that day and on each of the next four.
        let arrive = |shares: [u64; 5]| {
            let mut volume = Volume::new();
            for day in 0..=1000 {
                for (late, documents) in (0..).zip(shares) {
                    volume.add(days::date_of(day), days::date_of(day + late), documents);
                }
            }
            Exposure::at(1000, &volume, &[], 728, 56)
        };
        let (prompt, late) = (arrive([100, 0, 0, 0, 0]), arrive([40, 30, 10, 10, 10]));
        close(late.baseline_weeks(), prompt.baseline_weeks());
        for (age, share) in [(0, 0.4), (1, 0.7), (2, 0.8), (3, 0.9), (4, 1.0), (40, 1.0)] {
            let weeks = |exposure: &Exposure| exposure.weeks(1000 - age, 1000 - age);
            close(weeks(&prompt), 1.0 / 7.0);
            close(weeks(&late), share / 7.0);
        }
    }

    #[test]
    fn what_was_seen_later_was_not_read_yet() {
        let mut volume = Volume::new();
        volume.add(days::date_of(990), days::date_of(1001), 7);
        assert_eq!(Exposure::at(1000, &volume, &[], 728, 56).documents(0, 1000), 0);
        assert_eq!(Exposure::at(1001, &volume, &[], 728, 56).documents(0, 1001), 7);
    }
}

//! Which past counts are compared with a point: windows around the same time of earlier years, and the stretches
//! between them cut into periods that stand for the season (Noufaily et al. 2013, section 3.2).

use std::ops::Range;

use jiff::civil::Date;

/// Positions of the same time in earlier years, newest first, when a year has `year` points; those before the series
/// are left out.
pub fn earlier_years(at: usize, year: usize, years: usize) -> Vec<usize> {
    (1..=years).map_while(|back| at.checked_sub(year.checked_mul(back)?)).collect()
}

/// The same by calendar: the same day of the year, moved to the nearest date with the weekday of the point (29 February
/// becomes 1 March). `dates` rise. Where the series has no such date, the nearest one within three days; else the year
/// is left out.
pub fn earlier_dates(dates: &[Date], at: usize, years: usize) -> Vec<usize> {
    let Some(&date) = dates.get(at) else { return Vec::new() };
    let same_day = |back: usize| -> Option<usize> {
        let year = i16::try_from(back).ok().and_then(|back| date.year().checked_sub(back))?;
        let day = Date::new(year, date.month(), date.day()).or_else(|_| Date::new(year, 3, 1)).ok()?;
        let mut ahead = i64::from(day.weekday().until(date.weekday()));
        if ahead > 3 {
            ahead -= 7;
        }
        let wanted = day.checked_add(jiff::Span::new().days(ahead)).ok()?;
        let after = dates[..at].partition_point(|other| *other < wanted);
        let distance = |position: usize| i64::from((dates[position] - wanted).get_days()).abs();
        let nearest = [after.checked_sub(1), Some(after)].into_iter().flatten().filter(|position| *position < at);
        nearest.min_by_key(|position| distance(*position)).filter(|position| distance(*position) <= 3)
    };
    (1..=years).filter_map(same_day).collect()
}

/// Reference points of one monitored point, with their period of the year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// Positions in the series, rising.
    pub positions: Vec<usize>,
    /// Period of each, from 1; `periods` is the window around the time of the point itself.
    pub levels: Vec<usize>,
}

/// The baseline of the point `at`, given the positions of the same time in earlier years (newest first).
///
/// Windows of ± `half` points around these positions and `at` are the last period. The gap between two windows is cut
/// into `periods` − 1 blocks, numbered forward, the first ones longer by one where it does not divide; with one period
/// the gaps are left out. Nothing from `at` − `excluded` on is used.
pub fn baseline(at: usize, earlier: &[usize], half: usize, periods: usize, excluded: usize) -> Baseline {
    let mut found = Baseline { positions: Vec::new(), levels: Vec::new() };
    let end = at.saturating_sub(excluded);
    let mut add = |range: Range<usize>, level: usize| {
        for position in range.start..range.end.min(end) {
            // Windows longer than a year overlap: each position once.
            if found.positions.last().is_none_or(|last| *last < position) {
                found.positions.push(position);
                found.levels.push(level);
            }
        }
    };
    let centres: Vec<usize> = earlier.iter().rev().copied().chain([at]).collect();
    if earlier.is_empty() {
        return found;
    }
    for (this, next) in centres.iter().zip(centres.iter().skip(1).map(Some).chain([None])) {
        let window_end = this + half + 1;
        add(this.saturating_sub(half)..window_end, periods);
        let Some(gap_end) = next.map(|next| next.saturating_sub(half)) else { continue };
        if periods > 1 && gap_end > window_end {
            let (length, longer) = ((gap_end - window_end) / (periods - 1), (gap_end - window_end) % (periods - 1));
            let mut from = window_end;
            for level in 1..periods {
                let to = from + length + usize::from(level <= longer);
                add(from..to, level);
                from = to;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_year_back_is_a_fixed_step_without_dates() {
        assert_eq!(earlier_years(120, 52, 4), vec![68, 16]);
        assert_eq!(earlier_years(10, 52, 4), Vec::<usize>::new());
    }

    #[test]
    fn a_year_back_by_date_keeps_the_weekday_across_week_53() {
        let first = Date::constant(2014, 12, 29);
        let dates: Vec<Date> = (0..300).map(|week| first + jiff::Span::new().weeks(week)).collect();
        // 2015 has 53 ISO weeks: Monday 4 January 2016 is week 53 after the start; a year earlier: Sunday 4 → Monday 5
        // January.
        assert_eq!(dates[53], Date::constant(2016, 1, 4));
        assert_eq!(earlier_dates(&dates, 53, 3), vec![1]);
        assert_eq!(dates[earlier_dates(&dates, 53, 3)[0]], Date::constant(2015, 1, 5));
        for at in 60..300 {
            for (back, position) in earlier_dates(&dates, at, 5).into_iter().enumerate() {
                let days = (dates[at] - dates[position]).get_days();
                assert!((f64::from(days) - 365.25 * (back as f64 + 1.0)).abs() <= 4.0);
            }
        }
    }

    #[test]
    fn a_leap_day_and_a_gap_in_the_series_have_their_neighbours() {
        let leap = [Date::constant(2023, 2, 27), Date::constant(2023, 3, 2), Date::constant(2024, 2, 29)];
        assert_eq!(earlier_dates(&leap, 2, 2), vec![1]);
        let gap = [Date::constant(2023, 2, 20), Date::constant(2024, 2, 29)];
        assert!(earlier_dates(&gap, 1, 2).is_empty());
    }

    #[test]
    fn windows_and_blocks_tile_the_past() {
        // Years of 20 points, windows of 5, gaps of 15 in 4 blocks: 4, 4, 4, 3.
        let found = baseline(45, &[25, 5], 2, 5, 3);
        assert_eq!(found.positions, (3..42).collect::<Vec<_>>());
        let levels: Vec<usize> = [(5, 5), (1, 4), (2, 4), (3, 4), (4, 3), (5, 5), (1, 4), (2, 4), (3, 4), (4, 2)]
            .iter()
            .flat_map(|(level, count)| std::iter::repeat_n(*level, *count))
            .collect();
        assert_eq!(found.levels, levels);
    }

    #[test]
    fn one_period_is_the_windows_alone() {
        let found = baseline(45, &[25, 5], 2, 1, 0);
        assert_eq!(found.positions, [3, 4, 5, 6, 7, 23, 24, 25, 26, 27, 43, 44]);
        assert!(found.levels.iter().all(|level| *level == 1));
        assert_eq!(baseline(45, &[], 2, 1, 0).positions.len(), 0);
    }

    proptest! {
        #[test]
        fn a_baseline_rises_and_stays_in_the_past(
            at in 0_usize..400, year in 1_usize..60, years in 1_usize..6,
            half in 0_usize..40, periods in 1_usize..12, excluded in 0_usize..40,
        ) {
            let found = baseline(at, &earlier_years(at, year, years), half, periods, excluded);
            prop_assert_eq!(found.positions.len(), found.levels.len());
            prop_assert!(found.positions.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(found.positions.last().is_none_or(|last| last + excluded < at));
            prop_assert!(found.levels.iter().all(|level| (1..=periods).contains(level)));
        }
    }
}

//! The search: all zones and periods of a table of counts.
//!
//! Everything additive is held backwards cumulative over time (entry k = the last k periods), so that a window is a
//! difference of two entries, and is added up location by location along a chain of nested zones. Counts are held in lanes, one for each
//! table that is searched at once. Not here: which replicas are drawn, and how they are searched (`replicas`).

use std::ops::{AddAssign, Sub};

use super::{Direction, Statistic, Zones};

/// A number that counts of replicas are held in: the narrower, the more of them at once.
pub(super) trait Lane: Copy + Default + AddAssign + Sub<Output = Self> + PartialOrd + Send {
    /// The greatest number that a total may reach.
    const MOST: f64;
    /// A count; what does not fit is cut.
    fn of(count: f64) -> Self;
    /// The number as it is.
    fn number(self) -> f64;
}

#[expect(clippy::cast_possible_truncation, reason = "cut, and such totals are kept out by `MOST`")]
impl Lane for i16 {
    const MOST: f64 = Self::MAX as f64;
    fn of(count: f64) -> Self {
        count as Self
    }
    fn number(self) -> f64 {
        f64::from(self)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "cut, and such totals are kept out by `MOST`")]
impl Lane for i32 {
    const MOST: f64 = Self::MAX as f64;
    fn of(count: f64) -> Self {
        count as Self
    }
    fn number(self) -> f64 {
        f64::from(self)
    }
}

impl Lane for f64 {
    const MOST: f64 = Self::INFINITY;
    fn of(count: f64) -> Self {
        count
    }
    fn number(self) -> f64 {
        self
    }
}

/// Periods from `first` up to but not including `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// First period, from 0.
    pub first: usize,
    /// One after the last period.
    pub end: usize,
}

impl Window {
    /// The last 1, 2, … up to `longest` of a number of periods: the windows of a prospective scan, shortest first.
    pub fn trailing(periods: usize, longest: usize) -> Vec<Self> {
        (1..=longest.min(periods)).map(|length| Self { first: periods - length, end: periods }).collect()
    }

    /// All windows of `shortest` to `longest` periods: those of a retrospective scan.
    pub fn within(periods: usize, shortest: usize, longest: usize) -> Vec<Self> {
        let of = |length: usize| (0..=periods - length).map(move |first| Self { first, end: first + length });
        (shortest.max(1)..=longest.min(periods)).flat_map(of).collect()
    }

    /// Number of periods.
    pub fn len(self) -> usize {
        self.end - self.first
    }

    /// Whether it has no period.
    pub fn is_empty(self) -> bool {
        self.end <= self.first
    }

    /// Whether both share a period.
    pub fn meets(self, other: Self) -> bool {
        self.first < other.end && other.first < self.end
    }
}

/// One zone in one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Number of the zone in its family.
    pub zone: usize,
    /// Its periods.
    pub window: Window,
    /// The count (of a negative binomial score: weighted).
    pub observed: f64,
    /// The expected count (weighted likewise).
    pub expected: f64,
    /// The statistic, with the zone's factor.
    pub statistic: f64,
}

/// A scan made ready: zones, windows, statistic and baseline.
#[derive(Debug, Clone)]
pub struct Scan<'z> {
    pub(super) zones: &'z Zones,
    windows: Vec<Window>,
    pub(super) periods: usize,
    /// Of each window: entries of the cumulative arrays whose difference it is.
    pub(super) spans: Vec<(usize, usize)>,
    /// Entries per location: 0 to the longest reach back.
    pub(super) entries: usize,
    pub(super) statistic: Statistic,
    pub(super) direction: Direction,
    pub(super) min_cases: f64,
    /// Weight of a count of each cell; none for 1.
    pub(super) weights: Option<Vec<f64>>,
    /// Whether the weight of a period grows towards the end of the window.
    rising: bool,
    pub(super) expected: Vec<f64>,
    variance: Vec<f64>,
}

/// Backwards cumulative sums of one zone: an entry per number of last periods.
pub(super) struct Sums<T, const L: usize> {
    counts: Vec<[T; L]>,
    pub(super) expected: Vec<f64>,
    variance: Vec<f64>,
}

impl<T: Lane, const L: usize> Sums<T, L> {
    /// Counts of each replica, expected count and variance between two entries.
    #[inline]
    pub(super) fn of(&self, &(reach, skip): &(usize, usize)) -> ([T; L], f64, f64) {
        let mut counts = self.counts[reach];
        counts.iter_mut().zip(&self.counts[skip]).for_each(|(sum, &skipped)| *sum = *sum - skipped);
        (counts, self.expected[reach] - self.expected[skip], self.variance[reach] - self.variance[skip])
    }
}

impl<'z> Scan<'z> {
    /// A scan of a baseline of expected counts ≥ 0, cell = location × periods + period. For [`Statistic::Poisson`] and
    /// [`Statistic::Bernoulli`] the baseline must sum to the total; [`Scan::rescaled`] makes it so.
    ///
    /// # Panics
    /// When the baseline has not a cell for every location and period, or a window lies outside.
    pub fn new(zones: &'z Zones, periods: usize, windows: Vec<Window>, statistic: Statistic, baseline: &[f64]) -> Self {
        assert_eq!(baseline.len(), zones.locations() * periods, "a baseline for each location and period");
        assert!(windows.iter().all(|w| w.first < w.end && w.end <= periods), "windows lie within the periods");
        let spans: Vec<_> = windows.iter().map(|window| (periods - window.first, periods - window.end)).collect();
        let entries = spans.iter().map(|span| span.0).max().unwrap_or(0) + 1;
        let mut scan = Self {
            zones,
            windows,
            periods,
            spans,
            entries,
            statistic,
            direction: Direction::High,
            min_cases: 0.0,
            weights: None,
            rising: false,
            expected: Vec::new(),
            variance: Vec::new(),
        };
        scan.expected = scan.cumulate(baseline);
        scan
    }

    /// The efficient score of negative binomial counts (Tango et al. 2011): variance b + b²/θ, score `Σ((y−b)/w)/sqrt(Σ
    /// b/w)` with w = 1 + b/θ, θ of each cell (infinite: Poisson). With `rising`, the periods of a window weigh 1, 2, …
    /// towards its end (an emerging outbreak); such windows must reach to the last period.
    ///
    /// # Panics
    /// As [`Scan::new`]; when there is not one θ per cell; when `rising` and a window ends early.
    pub fn negative_binomial(
        zones: &'z Zones,
        periods: usize,
        windows: Vec<Window>,
        baseline: &[f64],
        thetas: &[f64],
        rising: bool,
    ) -> Self {
        assert_eq!(baseline.len(), thetas.len(), "a theta for each cell");
        assert!(!rising || windows.iter().all(|window| window.end == periods), "rising windows reach to the end");
        let weights: Vec<f64> = baseline.iter().zip(thetas).map(|(b, theta)| 1.0 / (1.0 + b / theta)).collect();
        let weighted: Vec<f64> = baseline.iter().zip(&weights).map(|(b, weight)| b * weight).collect();
        let mut scan = Self::new(zones, periods, windows, Statistic::Score, &weighted);
        (scan.weights, scan.rising) = (Some(weights), rising);
        scan.variance.clone_from(&scan.expected);
        if rising {
            scan.expected = scan.cumulate(&weighted);
            scan.variance = vec![0.0; scan.expected.len()];
            for location in 0..zones.locations() {
                for reach in 1..scan.entries {
                    let of =
                        |age: usize| ((reach - age) as f64).powi(2) * weighted[location * periods + periods - 1 - age];
                    scan.variance[location * scan.entries + reach] = (0..reach).map(of).sum();
                }
            }
        }
        scan
    }

    /// Looks for fewer cases than expected, or either, instead of more.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// Passes over windows of more cases than expected that have fewer than so many.
    #[must_use]
    pub fn min_cases(mut self, least: u64) -> Self {
        self.min_cases = least as f64;
        self
    }

    /// A baseline times total/sum, so that it sums to the total; unchanged when its sum is 0.
    pub fn rescaled(baseline: &[f64], total: f64) -> Vec<f64> {
        let sum: f64 = baseline.iter().sum();
        let factor = if sum > 0.0 { total / sum } else { 1.0 };
        baseline.iter().map(|expected| expected * factor).collect()
    }

    /// The windows, in the order given.
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// The best window of each zone that has one; of equal ones the first of the list. Zones without any window that
    /// passes `min_cases` are left out.
    ///
    /// # Panics
    /// When there is not a count for each cell.
    pub fn best_by_zone(&self, counts: &[f64]) -> Vec<Found> {
        let mut best: Vec<Found> = Vec::new();
        self.each(counts, |found, passes| match best.last_mut() {
            _ if !passes => {}
            Some(last) if last.zone == found.zone => {
                if found.statistic > last.statistic {
                    *last = found;
                }
            }
            _ => best.push(found),
        });
        best
    }

    /// The windows that may be the most likely of all, or equal to it up to rounding, of the zones that `may`; those that a cheap bound
    /// keeps below what was found before them are not worked out. `min_cases` counts.
    ///
    /// # Panics
    /// When there is not a count for each cell, or the scan is not for more cases than a trusted baseline.
    pub fn foremost(&self, counts: &[f64], may: impl Fn(usize) -> bool) -> Vec<Found> {
        let fits = self.statistic == Statistic::Expectation && self.direction == Direction::High;
        assert!(fits && self.weights.is_none(), "a scan for more cases than a trusted baseline");
        let cells: Vec<[f64; 1]> = self.cumulate(counts).into_iter().map(|sum| [sum]).collect();
        let (mut best, mut found) = (0.0_f64, Vec::new());
        self.walk(&cells, |zone, sums| {
            if !may(zone) {
                return;
            }
            let factor = self.zones.factor(zone);
            for (span, &window) in self.spans.iter().zip(&self.windows) {
                let ([observed], expected, _) = sums.of(span);
                let excess = observed - expected;
                let bound = factor * self.statistic.chi_square(expected) * (1.0 + 1e-9);
                if observed >= self.min_cases && excess > 0.0 && excess * excess * bound >= best {
                    let statistic = factor * self.statistic.value(Direction::High, observed, expected, 0.0);
                    // A hair below counts as equal, as where the most likely one is chosen.
                    if statistic >= best * (1.0 - 1e-9) {
                        best = best.max(statistic);
                        found.push(Found { zone, window, observed, expected, statistic });
                    }
                }
            }
        });
        found
    }

    /// All zones in all windows, by zone, then in the order of the windows; `min_cases` does not count.
    ///
    /// # Panics
    /// When there is not a count for each cell.
    pub fn all(&self, counts: &[f64]) -> Vec<Found> {
        let mut all = Vec::with_capacity(self.zones.len() * self.windows.len());
        self.each(counts, |found, _| all.push(found));
        all
    }

    fn each(&self, counts: &[f64], mut see: impl FnMut(Found, bool)) {
        assert_eq!(counts.len(), self.zones.locations() * self.periods, "a count for each location and period");
        let weighted: Vec<f64>;
        let counts = match &self.weights {
            None => counts,
            Some(weights) => {
                weighted = counts.iter().zip(weights).map(|(count, weight)| count * weight).collect();
                &weighted
            }
        };
        let cells: Vec<[f64; 1]> = self.cumulate(counts).into_iter().map(|sum| [sum]).collect();
        self.walk(&cells, |zone, sums| {
            for (span, &window) in self.spans.iter().zip(&self.windows) {
                let ([observed], expected, variance) = sums.of(span);
                let value = self.statistic.value(self.direction, observed, expected, variance);
                let passes = observed >= self.min_cases || observed < expected;
                see(Found { zone, window, observed, expected, statistic: self.zones.factor(zone) * value }, passes);
            }
        });
    }

    /// Adds up zone after zone, and shows the sums of each.
    #[inline]
    pub(super) fn walk<T: Lane, const L: usize>(&self, cells: &[[T; L]], mut see: impl FnMut(usize, &Sums<T, L>)) {
        let entries = self.entries;
        let scored = !self.variance.is_empty();
        let mut sums = Sums {
            counts: vec![[T::default(); L]; entries],
            expected: vec![0.0; entries],
            variance: vec![0.0; entries],
        };
        for zone in 0..self.zones.len() {
            let (anew, added) = self.zones.step(zone);
            if anew {
                sums.counts.fill([T::default(); L]);
                sums.expected.fill(0.0);
                sums.variance.fill(0.0);
            }
            for &location in added {
                let of = location as usize * entries..(location as usize + 1) * entries;
                let added = cells[of.clone()].as_flattened();
                sums.counts.as_flattened_mut().iter_mut().zip(added).for_each(|(sum, &cell)| *sum += cell);
                sums.expected.iter_mut().zip(&self.expected[of.clone()]).for_each(|(sum, cell)| *sum += cell);
                if scored {
                    sums.variance.iter_mut().zip(&self.variance[of]).for_each(|(sum, cell)| *sum += cell);
                }
            }
            see(zone, &sums);
        }
    }

    /// Backwards cumulative sums of cells, location × entries + entry.
    fn cumulate(&self, cells: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.zones.locations() * self.entries];
        self.cumulate_into(cells, |at, sum| sums[at] = sum);
        sums
    }

    pub(super) fn cumulate_into(&self, cells: &[f64], mut put: impl FnMut(usize, f64)) {
        for (location, row) in cells.chunks_exact(self.periods.max(1)).enumerate() {
            let (mut sum, mut risen) = (0.0, 0.0);
            let from = location * self.entries;
            put(from, 0.0);
            for (entry, cell) in (1..self.entries).zip(row.iter().rev()) {
                sum += cell;
                risen += sum;
                put(from + entry, if self.rising { risen } else { sum });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Limits, Null, Places};
    use crate::spacetime_scan::most_likely;
    use proptest::prelude::*;

    /// Every zone and window summed from scratch.
    fn slow(zones: &Zones, periods: usize, windows: &[Window], counts: &[f64], baseline: &[f64]) -> Vec<(f64, f64)> {
        let mut all = Vec::new();
        for zone in 0..zones.len() {
            for window in windows {
                let sum = |cells: &[f64]| -> f64 {
                    let of = |&one: &u32| cells[one as usize * periods..][window.first..window.end].iter().sum::<f64>();
                    zones.members(zone).iter().map(of).sum()
                };
                all.push((sum(counts), sum(baseline)));
            }
        }
        all
    }

    fn line(n: u32) -> Places {
        Places::plane(&(0..n).map(|at| (f64::from(at * at), 0.0)).collect::<Vec<_>>())
    }

    #[test]
    fn windows_are_counted() {
        assert_eq!(Window::trailing(5, 2), [Window { first: 4, end: 5 }, Window { first: 3, end: 5 }]);
        assert_eq!(Window::within(4, 2, 3).len(), 5);
        assert!(Window::within(4, 5, 9).is_empty() && Window::trailing(0, 3).is_empty());
        let [a, b] = [(1, 3), (3, 4)].map(|(first, end)| Window { first, end });
        assert!(!a.meets(b) && a.meets(a) && a.len() == 2 && !a.is_empty());
    }

    #[test]
    fn a_planted_cluster_is_found_and_a_flat_table_has_none() {
        let places = line(8);
        let zones = Zones::circles(
            &places,
            &Limits { exposure: &[1.0; 8], share: 0.5, distance: f64::INFINITY, together: false },
        );
        let mut counts = vec![2.0; 32];
        let flat = Scan::new(&zones, 4, Window::trailing(4, 4), Statistic::Poisson { total: 64.0 }, &[2.0; 32]);
        assert!(flat.best_by_zone(&counts).iter().all(|found| found.statistic < 1e-12));
        for cell in [2 * 4 + 2, 2 * 4 + 3, 3 * 4 + 2, 3 * 4 + 3] {
            counts[cell] = 9.0;
        }
        let baseline = Scan::rescaled(&[1.0; 32], 92.0);
        let scan = Scan::new(&zones, 4, Window::trailing(4, 4), Statistic::Poisson { total: 92.0 }, &baseline);
        let best = scan.best_by_zone(&counts);
        let best = best.iter().max_by(|a, b| a.statistic.total_cmp(&b.statistic)).expect("zones");
        let mut members = zones.members(best.zone).to_vec();
        members.sort_unstable();
        assert_eq!((members, best.window), (vec![2, 3], Window { first: 2, end: 4 }));
        assert!((best.observed - 36.0).abs() < 1e-9 && (best.expected - 11.5).abs() < 1e-9);
        let maxima = scan.maxima(&Null::multinomial(92, &baseline), 99, 1);
        assert!(maxima[0] < best.statistic);
    }

    #[test]
    fn maxima_do_not_depend_on_threads() {
        let zones = Zones::sets(3, &[vec![0], vec![0, 1], vec![2]]).expect("good sets");
        let scan = Scan::new(&zones, 2, Window::within(2, 1, 2), Statistic::Expectation, &[1.5; 6]);
        let null = Null::Poisson(vec![1.5; 6]);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| scan.maxima(&null, 101, 9))
        };
        assert_eq!(with(1), with(3));
        assert_eq!(with(1).len(), 101);
        assert_ne!(with(1), scan.maxima(&null, 101, 10), "another seed");
    }

    #[test]
    fn a_rising_score_weighs_the_last_period_most() {
        let zones = Zones::sets(1, &[vec![0]]).expect("good sets");
        let scan = Scan::negative_binomial(&zones, 3, Window::trailing(3, 3), &[1.0; 3], &[f64::INFINITY; 3], true);
        let all = scan.all(&[0.0, 1.0, 4.0]);
        // u = 1, 2, 3: Σu(y−b) = −1 + 0 + 9; Σu²b = 14.
        assert!((all[2].statistic - 8.0 / 14.0_f64.sqrt()).abs() < 1e-12, "{all:?}");
        assert!((all[0].statistic - 3.0).abs() < 1e-12);
        let even = Scan::negative_binomial(&zones, 3, Window::trailing(3, 3), &[1.0; 3], &[1.0; 3], false);
        // w = 2: Σ(y−b)/w = 1; Σb/w = 1.5.
        assert!((even.all(&[0.0, 1.0, 4.0])[2].statistic - 1.0 / 1.5_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn few_cases_are_passed_over_only_where_there_are_too_many() {
        let zones = Zones::sets(2, &[vec![0], vec![1]]).expect("good sets");
        let windows = Window::trailing(1, 1);
        let scan = Scan::new(&zones, 1, windows, Statistic::Poisson { total: 11.0 }, &[0.1, 10.9]).min_cases(2);
        assert_eq!(scan.best_by_zone(&[1.0, 10.0]).iter().map(|found| found.zone).collect::<Vec<_>>(), [1]);
        let low = scan.direction(Direction::Low).best_by_zone(&[1.0, 10.0]);
        assert!(low[0].zone == 1 && low[0].statistic > 0.0);
    }

    proptest! {
        #[test]
        fn the_most_likely_of_the_foremost_is_the_most_likely_of_all(
            counts in prop::collection::vec(prop_oneof![3 => Just(0_u32), 1 => 1_u32..6], 18),
            baseline in prop::collection::vec(prop_oneof![3 => Just(0.5), 1 => 0.1_f64..2.0], 18),
            (least, odd) in (0_u64..3, any::<bool>()),
        ) {
            let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
            let exposure: Vec<f64> = baseline.chunks(3).map(|row| row.iter().sum()).collect();
            let limits = Limits { exposure: &exposure, share: 0.7, distance: 30.0, together: false };
            let zones = Zones::circles(&line(6), &limits);
            let scan = Scan::new(&zones, 3, Window::trailing(3, 3), Statistic::Expectation, &baseline).min_cases(least);
            let may = |zone: usize| !odd || zone % 2 == 1;
            let mut all = scan.all(&counts);
            all.retain(|found| may(found.zone) && found.observed >= least as f64 && found.statistic > 0.0);
            let foremost = scan.foremost(&counts, may);
            prop_assert_eq!(most_likely(&foremost), most_likely(&all));
        }

        #[test]
        fn the_walk_meets_sums_from_scratch(
            counts in prop::collection::vec(0_u32..50, 18),
            baseline in prop::collection::vec(0.1_f64..9.0, 18),
        ) {
            let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
            let exposure: Vec<f64> = baseline.chunks(3).map(|row| row.iter().sum()).collect();
            let limits = Limits { exposure: &exposure, share: 0.7, distance: 30.0, together: false };
            let zones = Zones::circles(&line(6), &limits)
                .join(&Zones::sets(6, &[vec![0, 5], vec![0, 3, 5], vec![1]]).expect("good sets"));
            let windows = Window::within(3, 1, 3);
            let total: f64 = counts.iter().sum();
            let baseline = Scan::rescaled(&baseline, total);
            let statistic = Statistic::Poisson { total };
            let scan = Scan::new(&zones, 3, windows.clone(), statistic, &baseline);
            let all = scan.all(&counts);
            let sums = slow(&zones, 3, &windows, &counts, &baseline);
            prop_assert_eq!(all.len(), sums.len());
            for (found, (observed, expected)) in all.iter().zip(sums) {
                prop_assert!((found.observed - observed).abs() < 1e-9 && (found.expected - expected).abs() < 1e-9);
            }
            // Equal lanes find the very maximum of the plain search, whichever side is looked at.
            for direction in [Direction::High, Direction::Low, Direction::Both] {
                let scan = scan.clone().direction(direction).min_cases(2);
                let lanes: Vec<[i16; 8]> =
                    scan.cumulate(&counts).into_iter().map(|sum| [i16::of(sum); 8]).collect();
                let found = scan.best_by_zone(&counts);
                let most = found.iter().map(|found| found.statistic).fold(0.0, f64::max);
                prop_assert!(scan.likelihood_maxima(&lanes).iter().all(|max| (max - most).abs() < 1e-12));
            }
        }
    }
}

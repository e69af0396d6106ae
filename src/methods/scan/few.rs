//! The search of replicas in which few cases fall on many zones: each is looked for only where one of its cases enters a zone.
//!
//! Between two such zones of a nested chain the count stays and the expectation grows, so that the likelihood ratio against a trusted
//! baseline falls: what is passed over cannot be the greatest. The answer is that of the search abreast, number for number (in windows that end
//! before the last period up to rounding).

use rayon::prelude::*;

use super::search::Scan;
use super::{Direction, Null, Statistic, Zones};
use numeric::draw::Draw;

/// Replicas that one task searches.
const TOGETHER: usize = 64;
/// Additions that the search abreast makes at once, and what it costs to put one entry in its place, in windows.
const ABREAST: f64 = 8.0;
const PLACING: f64 = 8.0;

/// Where each location enters the zones, and what is expected there.
pub(super) struct Entries<'s> {
    scan: &'s Scan<'s>,
    /// Zones that a location enters: those from `from[location]` up to `from[location + 1]`.
    zones: Vec<u32>,
    from: Vec<usize>,
    /// The chain that each zone belongs to.
    chains: Vec<u32>,
    /// Expected counts, zone × windows + window.
    expected: Vec<f64>,
}

/// Whether this search is exact for a statistic and cheaper than the one abreast: `mean` cases a replica.
pub(super) fn fits(statistic: Statistic, direction: Direction, zones: &Zones, windows: usize, mean: f64) -> bool {
    let windows = windows as f64;
    let exact = statistic == Statistic::Expectation && direction == Direction::High;
    exact && mean * (windows + PLACING) * ABREAST < zones.locations() as f64 * windows
}

impl<'s> Entries<'s> {
    /// Those of a scan.
    pub(super) fn of(scan: &'s Scan<'s>) -> Self {
        let (family, entries) = (scan.zones, scan.entries);
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let (mut chains, mut expected) = (Vec::new(), Vec::with_capacity(family.len() * scan.spans.len()));
        let (mut chain, mut sums) = (0, vec![0.0; entries]);
        for zone in 0..family.len() {
            let (anew, added) = family.step(zone);
            if anew {
                chain += 1;
                sums.fill(0.0);
            }
            chains.push(chain);
            for &location in added {
                pairs.push((location, u32::try_from(zone).expect("zones are counted in 32 bits")));
                let row = &scan.expected[location as usize * entries..][..entries];
                sums.iter_mut().zip(row).for_each(|(sum, cell)| *sum += cell);
            }
            expected.extend(scan.spans.iter().map(|&(reach, skip)| sums[reach] - sums[skip]));
        }
        pairs.sort_unstable();
        let from = (0..=family.locations()).map(|at| pairs.partition_point(|&(location, _)| (location as usize) < at));
        Self { scan, from: from.collect(), zones: pairs.iter().map(|&(_, zone)| zone).collect(), chains, expected }
    }

    /// The largest statistic of each of a number of replicas, in the order they are drawn.
    pub(super) fn maxima(&self, null: &Null, replicas: usize, seed: u64) -> Vec<f64> {
        let of = |replica: usize, (cells, pool, work): &mut (Vec<f64>, Vec<u32>, Work)| {
            if null.draw_cases(&mut Draw::at(seed, replica as u64), pool) {
                return self.maximum_of_cases(pool, work);
            }
            cells.resize(self.scan.zones.locations() * self.scan.periods, 0.0);
            null.draw(&mut Draw::at(seed, replica as u64), pool, cells);
            self.maximum(cells, work)
        };
        let replicas: Vec<usize> = (0..replicas).collect();
        let searched = replicas.par_iter().with_min_len(TOGETHER).map_init(Default::default, |work, at| of(*at, work));
        searched.collect()
    }

    /// The largest statistic of one table of counts.
    pub(super) fn maximum(&self, cells: &[f64], work: &mut Work) -> f64 {
        work.clear();
        for (location, row) in cells.chunks_exact(self.scan.periods.max(1)).enumerate() {
            if row.iter().any(|count| *count > 0.0) {
                self.enter(location, row, work);
            }
        }
        self.maximum_of(work)
    }

    /// The largest statistic of cases, each told by its cell, in the order of cells: most cells have none.
    fn maximum_of_cases(&self, cases: &[u32], work: &mut Work) -> f64 {
        let periods = self.scan.periods.max(1);
        work.clear();
        let mut row = std::mem::take(&mut work.row);
        for here in cases.chunk_by(|a, b| *a as usize / periods == *b as usize / periods) {
            row.clear();
            row.resize(periods, 0.0);
            for cell in here {
                row[*cell as usize % periods] += 1.0;
            }
            self.enter(here[0] as usize / periods, &row, work);
        }
        work.row = row;
        self.maximum_of(work)
    }

    /// Notes the zones that a location with cases enters.
    fn enter(&self, location: usize, row: &[f64], Work { met, rows, .. }: &mut Work) {
        let row_at = u32::try_from(rows.len()).expect("a row for each location");
        let mut sum = 0.0;
        rows.push(sum);
        rows.extend(row.iter().rev().take(self.scan.entries - 1).map(|count| {
            sum += count;
            sum
        }));
        let zones = &self.zones[self.from[location]..self.from[location + 1]];
        met.extend(zones.iter().map(|zone| (*zone, row_at)));
    }

    fn maximum_of(&self, Work { met, rows, sums, .. }: &mut Work) -> f64 {
        let (scan, entries) = (self.scan, self.scan.entries);
        met.sort_unstable();
        let (mut best, mut chain) = (0.0, u32::MAX);
        sums.resize(entries, 0.0);
        for &(zone, row_at) in met.iter() {
            let zone = zone as usize;
            if chain != self.chains[zone] {
                chain = self.chains[zone];
                sums.fill(0.0);
            }
            let row = &rows[row_at as usize..][..entries];
            sums.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
            // A zone that several cases enter is looked at after each: with a part of its cases it is no stronger than with all.
            let factor = scan.zones.factor(zone);
            let expected = &self.expected[zone * scan.spans.len()..];
            for (&(reach, skip), &expected) in scan.spans.iter().zip(expected) {
                let count = sums[reach] - sums[skip];
                let excess = count - expected;
                let bound = factor * scan.statistic.chi_square(expected) * (1.0 + 1e-9);
                if count >= scan.min_cases && excess > 0.0 && excess * excess * bound > best {
                    best = (factor * scan.statistic.value(Direction::High, count, expected, 0.0)).max(best);
                }
            }
        }
        best
    }
}

/// What the search of one replica writes to, kept for the next.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// Zones that a case enters, with where the cumulative counts of its location stand.
    met: Vec<(u32, u32)>,
    /// Cumulative counts of the locations with a case, as many as a scan has entries for each.
    rows: Vec<f64>,
    /// Those of the zone that is looked at.
    sums: Vec<f64>,
    /// Counts of the location that is entered.
    row: Vec<f64>,
}

impl Work {
    fn clear(&mut self) {
        self.met.clear();
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Places, Window};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn few_cases_are_found_as_the_search_abreast_finds_them(
            points in prop::collection::vec((0_u32..30, 0_u32..30), 12),
            weights in prop::collection::vec(0.0_f64..1.0, 12),
            counts in prop::collection::vec(prop_oneof![6 => Just(0_u32), 1 => 1_u32..4], 36),
            (mean, least, seed) in (0.1_f64..4.0, 0_u64..3, 0_u64..9),
        ) {
            let points: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect();
            let limits = Limits { exposure: &weights, share: 0.6, distance: 25.0, together: true };
            let zones = Zones::circles(&Places::plane(&points), &limits)
                .join(&Zones::sets(12, &[vec![0, 5], vec![0, 3, 5], vec![1]]).expect("good sets"));
            let all: f64 = weights.iter().sum::<f64>().max(1e-9);
            let baseline: Vec<f64> = (0..36).map(|at| mean * weights[at / 3] / all / 3.0).collect();
            for windows in [Window::trailing(3, 3), Window::within(3, 1, 2)] {
                let scan = Scan::new(&zones, 3, windows, Statistic::Expectation, &baseline).min_cases(least);
                let entries = Entries::of(&scan);
                let counts: Vec<f64> = counts.iter().map(|count| f64::from(*count)).collect();
                let plain = scan.best_by_zone(&counts).into_iter().map(|found| found.statistic).fold(0.0, f64::max);
                prop_assert_eq!(entries.maximum(&counts, &mut Work::default()).to_bits(), plain.to_bits());
                if let Some(null) = Null::scattered(&baseline, 2.0) {
                    let mut few = entries.maxima(&null, 70, seed);
                    few.sort_unstable_by(|a, b| b.total_cmp(a));
                    prop_assert_eq!(few, scan.maxima_abreast(&null, 70, seed));
                }
            }
        }
    }

    #[test]
    fn many_cases_and_other_statistics_are_searched_abreast() {
        let zones = Zones::sets(300, &[[1_usize]]).expect("a set");
        let fits = |statistic, direction, mean| fits(statistic, direction, &zones, 8, mean);
        assert!(fits(Statistic::Expectation, Direction::High, 5.0));
        assert!(!fits(Statistic::Expectation, Direction::High, 50.0));
        assert!(!fits(Statistic::Expectation, Direction::Both, 5.0));
        assert!(!fits(Statistic::Score, Direction::High, 5.0));
    }
}

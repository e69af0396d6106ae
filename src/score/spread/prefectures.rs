//! Prefectures as places of a finer scan (地级市级扫描): which cities a rise is thickest in, beside the scan of provinces.
//!
//! In: events that name a prefecture, with their expectation by week. Out: the most likely cluster of neighbouring prefectures. Not here:
//! the level, which is decided by provinces; names of provinces.
//!
//! Where they lie and how many people live there stands in `prefectures.tsv`, with its provenance. A municipality, Taiwan, Hong Kong and
//! Macau are one place each; so are the counties that a province governs directly.

use std::sync::OnceLock;

use super::cluster::{self, Settings};
use crate::criteria::SpreadCriteria;
use methods::scan::{EARTH_KM, Limits, Neighbours, Places, Zones};
use vocabulary::{ClusterTerms, RegionCode};

const TABLE: &str = include_str!("prefectures.tsv");
/// Largest share of the exposure in a cluster of prefectures: the scan of provinces tells of wider ones.
const SHARE_MAX: f64 = 0.1;
/// Replicas at least, where ranks have to speak: what is rare among three hundred places needs more of them than among thirty. A law fitted to
/// those of a scan of provinces (199) tells one chance in three hundred with a standard error of a half, as the ranks of 999 do.
const REPLICAS: u32 = 999;
/// Provinces that are one place.
const WHOLE: [u32; 7] = [11, 12, 31, 50, 71, 81, 82];
/// Codes of four digits lie below it.
const CODES: usize = 8_300;

/// One prefecture.
#[derive(Debug)]
struct Prefecture {
    /// The first four digits of its code.
    code: u32,
    name: &'static str,
    latitude: f64,
    longitude: f64,
    /// Inhabitants in ten thousands.
    people: f64,
}

/// The table by code, with where each code stands in it, and which lie around each.
struct Table {
    all: Vec<Prefecture>,
    at: Vec<Option<u16>>,
    neighbours: Neighbours,
}

fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let all: Vec<Prefecture> =
            lines.map(|line| parse(line).unwrap_or_else(|| panic!("prefectures: {line}"))).collect();
        let mut at = vec![None; CODES];
        for (number, prefecture) in all.iter().enumerate() {
            at[prefecture.code as usize] = u16::try_from(number).ok();
        }
        let points: Vec<(f64, f64)> = all.iter().map(|place| (place.latitude, place.longitude)).collect();
        let neighbours = Neighbours::of(&Places::sphere(&points, EARTH_KM));
        Table { all, at, neighbours }
    })
}

fn parse(line: &'static str) -> Option<Prefecture> {
    let mut cells = line.split('\t');
    let code = cells.next()?.parse().ok().filter(|code| (*code as usize) < CODES)?;
    let name = cells.next()?;
    let mut number = || cells.next()?.parse::<f64>().ok();
    Some(Prefecture { code, name, latitude: number()?, longitude: number()?, people: number()? })
}

/// How many there are.
pub(crate) fn count() -> usize {
    table().all.len()
}

/// Where the prefecture of a region stands in the table; none where only a province is named.
pub(crate) fn position(region: u32) -> Option<usize> {
    let province = region / 10_000;
    let code = if WHOLE.contains(&province) { province * 100 + 1 } else { region / 100 };
    table().at.get(code as usize).copied().flatten().map(usize::from)
}

/// The region code of a position in the table.
fn region(at: usize) -> Option<RegionCode> {
    let code = table().all.get(at)?.code;
    RegionCode::new(if WHOLE.contains(&(code / 100)) { code / 100 * 10_000 } else { code * 100 }).ok()
}

/// Short name of the prefecture that a region lies in; none where the code is that of a whole province.
pub(crate) fn name(region: RegionCode) -> Option<&'static str> {
    let finer = Some(region).filter(|region| !region.number().is_multiple_of(10_000))?;
    position(finer.number()).map(|at| table().all[at].name)
}

/// Share of the exposure of each prefecture, or of each in one province (two digits): `events` that name it, as if `worth_each` more a
/// prefecture had come in proportion to the people who live there. Sums to 1.
pub(crate) fn shares(events: impl Fn(usize) -> u64, worth_each: f64, province: Option<u32>) -> Vec<f64> {
    let all = &table().all;
    let within = |at: usize| province.is_none_or(|province| all[at].code / 100 == province);
    let inside: Vec<usize> = (0..all.len()).filter(|at| within(*at)).collect();
    let people: f64 = inside.iter().map(|at| all[*at].people).sum();
    let named: f64 = inside.iter().map(|at| events(*at) as f64).sum();
    let worth = if named > 0.0 { worth_each * inside.len() as f64 } else { 1.0 };
    let mut shares = vec![0.0; all.len()];
    for at in inside {
        shares[at] = (events(at) as f64 + worth * all[at].people / people) / (named + worth);
    }
    shares
}

/// Events that name a prefecture and their expectation, cell = prefecture × weeks + week, the newest week last.
#[derive(Debug, Clone)]
pub(crate) struct Cities {
    weeks: usize,
    counts: Vec<u64>,
    expected: Vec<f64>,
    shares: Vec<f64>,
}

impl Cities {
    /// `placed`: position and age in days of every event that names a prefecture; `weekly`: such events expected in each week, the oldest
    /// first.
    pub(crate) fn new(placed: impl Iterator<Item = (usize, u32)>, weekly: &[f64], shares: Vec<f64>) -> Self {
        let weeks = weekly.len().max(1);
        let mut counts = vec![0; shares.len() * weeks];
        for (at, age) in placed {
            let back = age as usize / 7;
            if back < weeks && shares.get(at).is_some_and(|share| *share > 0.0) {
                counts[at * weeks + weeks - 1 - back] += 1;
            }
        }
        let week = |at: usize| weekly.get(at).copied().unwrap_or(0.0);
        let expected = shares.iter().flat_map(|share| (0..weeks).map(move |at| share * week(at))).collect();
        Self { weeks, counts, expected, shares }
    }

    /// The most likely cluster of neighbours; none with fewer events than the criteria ask of a scan, or where none is expected. `size` and
    /// `seed` as for provinces, `scans`: scans that are made of the matter.
    pub(crate) fn cluster(
        &self,
        (size, seed): (f64, u64),
        scans: u32,
        criteria: &SpreadCriteria,
    ) -> Option<ClusterTerms> {
        if self.counts.iter().sum::<u64>() < criteria.scan_min_events {
            return None;
        }
        let inside = self.shares.iter().filter(|share| **share > 0.0).count();
        // One province may be a handful of cities, none of them below a tenth.
        let share = SHARE_MAX.max(2.0 / inside.max(1) as f64).min(criteria.cluster_exposure_max);
        let limits = Limits { exposure: &self.shares, share, distance: f64::INFINITY, together: false };
        let zones = Zones::around(&table().neighbours, &limits);
        let settings = Settings {
            min_events: criteria.scan_min_events,
            share_max: share,
            replicas: criteria.scan_replicas.max(REPLICAS),
            fitted: criteria.scan_replicas,
            recurrence_days: criteria.cluster_recurrence_days,
            size,
            seed: seed.rotate_left(32),
            scans,
        };
        let named = |members: &[usize]| members.iter().filter_map(|at| region(*at)).collect();
        cluster::of_places(&zones, (self.weeks, &self.counts, &self.expected), settings, named)
    }
}

#[cfg(test)]
mod tests {
    use super::super::provinces;
    use super::*;
    use crate::criteria::shipped;

    #[test]
    fn the_table_is_sorted_and_its_people_are_those_of_the_provinces() {
        let all = &table().all;
        assert!(all.windows(2).all(|pair| pair[0].code < pair[1].code) && all.len() > 330);
        let mut names: Vec<&str> = all.iter().map(|prefecture| prefecture.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len(), "a name stands for one place");
        let shares = shares(|_| 0, 1.0, None);
        let by_province = provinces::shares(|_| 0, 1.0);
        for (at, share) in by_province.iter().enumerate() {
            let code = provinces::region(at).expect("a province").number() / 10_000;
            let cities: f64 = (0..all.len()).filter(|at| all[*at].code / 100 == code).map(|at| shares[at]).sum();
            assert!((cities - share).abs() < 1e-4, "{code}: {cities} of people, {share} by provinces");
        }
    }

    #[test]
    fn a_region_is_its_prefecture_and_a_province_is_none() {
        let name = |region: u32| position(region).map(|at| table().all[at].name);
        assert_eq!([330_106, 330_100, 330_000].map(name), [Some("杭州"), Some("杭州"), None]);
        assert_eq!([110_105, 500_234, 810_000].map(name), [Some("北京"), Some("重庆"), Some("香港")]);
        assert_eq!([429_004, 999_999, 0].map(name), [Some("湖北直管县市"), None, None]);
        for at in 0..count() {
            assert_eq!(region(at).and_then(|region| position(region.number())), Some(at));
        }
    }

    #[test]
    fn shares_of_one_province_are_its_cities_alone() {
        let hangzhou = position(330_100).expect("a city");
        let inside = shares(|at| if at == hangzhou { 11 } else { 0 }, 1.0, Some(33));
        assert!((inside.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(inside.iter().filter(|share| **share > 0.0).count(), 11);
        assert!(inside[hangzhou] > 0.5);
    }

    fn found(placed: &[(u32, u32)], scans: u32) -> Option<ClusterTerms> {
        let shares = shares(|_| 0, 1.0, None);
        let placed = placed.iter().filter_map(|(region, age)| Some((position(*region)?, *age)));
        Cities::new(placed, &[0.4; 8], shares).cluster((f64::INFINITY, 7), scans, &shipped().spread)
    }

    #[test]
    fn two_cities_on_both_sides_of_a_border_are_one_cluster() {
        // Jiaxing and Suzhou are neighbours in two provinces.
        let placed: Vec<(u32, u32)> = (0..8).map(|age| ([330_400, 320_500][age as usize % 2], age)).collect();
        let cluster = found(&placed, 1).expect("a cluster");
        let mut names: Vec<&str> = cluster.regions.iter().filter_map(|region| name(*region)).collect();
        names.sort_unstable();
        assert_eq!((names, cluster.weeks, cluster.events), (vec!["嘉兴", "苏州"], 2, 8));
        assert!(cluster.held && cluster.p.is_some_and(|p| p < 0.001), "{cluster:?}");
    }

    #[test]
    fn more_scans_of_one_matter_make_each_less_strange_and_few_events_are_not_scanned() {
        let placed: Vec<(u32, u32)> =
            (0..3).map(|age| (440_100, 9 * age)).chain([(110_000, 3), (510_100, 30)]).collect();
        let p = |scans: u32| found(&placed, scans).expect("scanned").p.expect("a chance");
        assert!((p(3) - (3.0 * p(1)).min(1.0)).abs() < 1e-12);
        assert_eq!(found(&placed[..2], 1), None);
        assert_eq!(found(&[(330_000, 1); 9], 1), None, "only a province is named");
    }
}

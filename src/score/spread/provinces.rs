//! The 34 provinces of GB/T 2260 as places of a scan.
//!
//! In: placed events by province. Out: shares of the exposure, and the zones that a scan looks at. Not here: where provinces lie and how
//! many people live there ([`PROVINCES`], whose order is the order of the scan's locations).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use methods::scan::{EARTH_KM, Limits, Neighbours, Places, Zones};
use vocabulary::{PROVINCES, Province, RegionCode};

/// Number of provinces.
pub(crate) const COUNT: usize = PROVINCES.len();

/// Inhabitants in ten thousands, rounded.
fn people(province: &Province) -> f64 {
    f64::from((province.people + 5_000) / 10_000)
}

/// Provinces that border on one another, by land or (Guangdong and Hainan) across the strait; each pair once.
#[rustfmt::skip] // a table: the neighbours of one province a line
const BORDERS: [(u32, &[u32]); 25] = [
    (11, &[12, 13]), (12, &[13]), (13, &[14, 15, 21, 37, 41]), (14, &[15, 41, 61]), (15, &[21, 22, 23, 61, 62, 64]),
    (21, &[22]), (22, &[23]), (31, &[32, 33]), (32, &[33, 34, 37]), (33, &[34, 35, 36]), (34, &[36, 37, 41, 42]),
    (35, &[36, 44]), (36, &[42, 43, 44]), (37, &[41]), (41, &[42, 61]), (42, &[43, 50, 61]), (43, &[44, 45, 50, 52]),
    (44, &[45, 46, 81, 82]), (45, &[52, 53]), (50, &[51, 52, 61]), (51, &[52, 53, 54, 61, 62, 63]), (52, &[53]),
    (53, &[54]), (54, &[63, 65]), (61, &[62, 64]),
];
/// The rest of [`BORDERS`]: the north-west.
const BORDERS_NORTH_WEST: [(u32, &[u32]); 2] = [(62, &[63, 64, 65]), (63, &[65])];

/// The provinces around each, the nearest first by great circles.
static AROUND: LazyLock<Neighbours> = LazyLock::new(|| {
    let points: Vec<(f64, f64)> = PROVINCES.iter().map(|province| (province.latitude, province.longitude)).collect();
    Neighbours::of(&Places::sphere(&points, EARTH_KM))
});

/// Connected sets of two and three provinces (Tango & Takahashi 2005, Int J Health Geogr 4:11: flexible shapes): neighbours that no circle
/// holds without others.
static BORDERING: LazyLock<Vec<Vec<usize>>> = LazyLock::new(|| {
    let mut near = vec![Vec::new(); COUNT];
    for (one, others) in BORDERS.iter().chain(&BORDERS_NORTH_WEST) {
        for (a, b) in others.iter().filter_map(|other| position(*one).zip(position(*other))) {
            near[a].push(b);
            near[b].push(a);
        }
    }
    let mut sets = BTreeSet::new();
    for (middle, around) in near.iter().enumerate() {
        for (at, first) in around.iter().enumerate() {
            let mut pair = vec![middle, *first];
            pair.sort_unstable();
            sets.insert(pair);
            for second in &around[at + 1..] {
                let mut three = vec![middle, *first, *second];
                three.sort_unstable();
                sets.insert(three);
            }
        }
    }
    sets.into_iter().collect()
});

/// Index of a province in the table, by its two digits.
pub(crate) fn position(code: u32) -> Option<usize> {
    Province::position(code)
}

/// The region code of a position in the table.
pub(crate) fn region(position: usize) -> Option<RegionCode> {
    PROVINCES.get(position).map(Province::region)
}

/// Share of the exposure of each province: `events` that name it among all placed events, as if `people_worth` more had come in
/// proportion to the people who live there. Without any event and with no such weight: by people alone. Sums to 1.
pub(crate) fn shares(events: impl Fn(u32) -> u64, people_worth: f64) -> Vec<f64> {
    let people: f64 = PROVINCES.iter().map(people).sum();
    let of = |province: &Province| (events(province.code) as f64, self::people(province) / people);
    let total: f64 = PROVINCES.iter().map(|province| of(province).0).sum();
    let worth = if total > 0.0 { people_worth } else { 1.0 };
    PROVINCES.iter().map(of).map(|(events, share)| (events + worth * share) / (total + worth)).collect()
}

/// Zones: each province with its nearest ones by great circles, and connected sets of up to three neighbours, both up to a share of the
/// exposure; then the predefined sets, in their order. Predefined sets that are empty or the whole country are left out; the second
/// value names those that stayed.
pub(super) fn zones<'a>(shares: &[f64], share_max: f64, sets: &'a [(String, Vec<usize>)]) -> (Zones, Vec<&'a str>) {
    let limits = Limits { exposure: shares, share: share_max, distance: f64::INFINITY, together: false };
    let mut zones = Zones::around(&AROUND, &limits);
    let small = |set: &&Vec<usize>| set.iter().map(|at| shares[*at]).sum::<f64>() <= share_max;
    if let Ok(neighbours) = Zones::sets(COUNT, &BORDERING.iter().filter(small).collect::<Vec<_>>()) {
        zones = zones.join(&neighbours);
    }
    let kept: Vec<&(String, Vec<usize>)> =
        sets.iter().filter(|(_, set)| !set.is_empty() && set.len() < COUNT).collect();
    let members: Vec<&[usize]> = kept.iter().map(|(_, set)| set.as_slice()).collect();
    match Zones::sets(COUNT, &members) {
        Ok(sets) => (zones.join(&sets), kept.into_iter().map(|(name, _)| name.as_str()).collect()),
        // Checked with the criteria: no set names a province twice.
        Err(_) => (zones, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_code_is_a_province() {
        assert!(PROVINCES.windows(2).all(|pair| pair[0].code < pair[1].code));
        for (at, province) in PROVINCES.iter().enumerate() {
            assert_eq!(position(province.code), Some(at));
            assert_eq!(region(at).map(RegionCode::number), Some(province.code * 10_000));
        }
        assert_eq!((position(99), region(COUNT)), (None, None));
        let people: f64 = PROVINCES.iter().map(people).sum();
        assert!((people - 144_350.0).abs() < 400.0, "about 1.4435 billion: {people}");
    }

    #[test]
    fn shares_follow_people_until_there_are_events() {
        let sum = |shares: &[f64]| shares.iter().sum::<f64>();
        let [people, mixed] = [0, 660].map(|events| shares(|code| if code == 54 { events } else { 0 }, 34.0));
        let (tibet, guangdong) = (position(54).expect("a province"), position(44).expect("a province"));
        assert!((sum(&people) - 1.0).abs() < 1e-12 && (sum(&mixed) - 1.0).abs() < 1e-12);
        assert!(people[guangdong] > 30.0 * people[tibet]);
        assert!(mixed[tibet] > 0.9 && mixed[guangdong] > 0.0, "no province is impossible");
        assert!((sum(&shares(|_| 0, 0.0)) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_nearest_of_zhejiang_is_shanghai_and_predefined_zones_follow() {
        let sets =
            [("港澳".to_owned(), vec![32, 33]), ("全国".to_owned(), (0..COUNT).collect()), ("无".to_owned(), vec![])];
        let (zones, names) = zones(&shares(|_| 0, 1.0), 0.5, &sets);
        assert_eq!(names, ["港澳"]);
        assert_eq!(zones.members(zones.len() - 1), [32, 33]);
        let members = |zone: usize| zones.members(zone).iter().map(|at| *at as usize).collect::<Vec<_>>();
        let of = |codes: [u32; 3]| codes.map(|code| position(code).expect("a province")).to_vec();
        assert!((0..zones.len()).any(|zone| members(zone) == of([36, 43, 44])), "three that meet in the south");
        let zhejiang = u32::try_from(position(33).expect("a province")).expect("small");
        let pair = (0..zones.len()).map(|zone| zones.members(zone)).find(|set| set.len() == 2 && set[0] == zhejiang);
        assert_eq!(pair.map(|set| set[1]), position(31).and_then(|at| u32::try_from(at).ok()));
    }
}

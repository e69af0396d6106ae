//! Families of zones: circles and ellipses around each place, and predefined sets (a producing district, a platform, a
//! port).
//!
//! A family is held in cumulative form: one flat list of locations, in which a zone is a slice, and nested zones are
//! prefixes of one another. So a scan adds each location once per chain of nested zones, not once per zone.

use std::collections::HashMap;

/// Mean radius of the Earth, km: R₁ of the IUGG (Moritz 2000, J Geodesy 74:128). For our own scans.
pub const EARTH_KM: f64 = 6371.0088;
/// Radius of the Earth that SaTScan measures great circles with, km. Only for methods that are held to its published answers.
pub const SATSCAN_EARTH_KM: f64 = 6367.0;

/// Where the locations lie.
#[derive(Debug, Clone)]
pub struct Places {
    /// Coordinates of each location: plane ones, or on the unit sphere.
    at: Vec<[f64; 3]>,
    /// Radius of the sphere; none for a plane.
    radius: Option<f64>,
}

impl Places {
    /// Places of a plane, `(x, y)`, in any unit of length.
    pub fn plane(points: &[(f64, f64)]) -> Self {
        Self { at: points.iter().map(|&(x, y)| [x, y, 0.0]).collect(), radius: None }
    }

    /// Places on a sphere of a radius, `(latitude, longitude)` in degrees. Distances are along great circles, in the
    /// unit of the radius.
    pub fn sphere(points: &[(f64, f64)], radius: f64) -> Self {
        let unit = |&(latitude, longitude): &(f64, f64)| {
            let (latitude, longitude) = (latitude.to_radians(), longitude.to_radians());
            [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
        };
        Self { at: points.iter().map(unit).collect(), radius: Some(radius) }
    }

    /// Number of locations.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there is no location.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// Distance of two locations, counted from 0.
    pub fn distance(&self, a: usize, b: usize) -> f64 {
        let square = |axis: usize| (self.at[a][axis] - self.at[b][axis]).powi(2);
        let straight = (square(0) + square(1) + square(2)).sqrt();
        self.radius.map_or(straight, |radius| 2.0 * radius * (straight / 2.0).min(1.0).asin())
    }

    /// For each location the first one at the same spot, or itself when locations are to be told apart.
    fn spots(&self, together: bool) -> Vec<usize> {
        let mut first = HashMap::new();
        // Adding zero makes -0 and 0 one spot.
        let bits = |at: &[f64; 3]| at.map(|axis| (axis + 0.0).to_bits());
        let spot = |(one, at)| if together { *first.entry(bits(at)).or_insert(one) } else { one };
        self.at.iter().enumerate().map(spot).collect()
    }
}

/// The locations around each, the nearest first: worked out once for places that are scanned again and again.
#[derive(Debug, Clone)]
pub struct Neighbours {
    around: Vec<Vec<(f64, usize)>>,
}

impl Neighbours {
    /// Those of places, each told apart from others at the same spot.
    pub fn of(places: &Places) -> Self {
        let spots = places.spots(false);
        let around =
            (0..places.len()).map(|centre| nearest_first(&spots, |other| places.distance(centre, other))).collect();
        Self { around }
    }
}

/// All locations by distance, ties by their spot, then by their order.
fn nearest_first(spots: &[usize], distance: impl Fn(usize) -> f64) -> Vec<(f64, usize)> {
    let mut order: Vec<(f64, usize)> = (0..spots.len()).map(|other| (distance(other), other)).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((spots[a.1], a.1).cmp(&(spots[b.1], b.1))));
    order
}

/// How far a zone may grow.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Exposure of each location (population, expected count), ≥ 0.
    pub exposure: &'a [f64],
    /// Largest share of all exposure in a zone, usually 0.5.
    pub share: f64,
    /// Largest distance from the centre; infinite for no limit.
    pub distance: f64,
    /// Whether locations at the very same place enter a circle together, so that a zone has all of them or none.
    pub together: bool,
}

/// Shapes of an elliptic scan.
#[derive(Debug, Clone, Copy)]
pub struct Ellipses<'a> {
    /// Ratios of the long to the short axis, ≥ 1; 1 is the circle.
    pub shapes: &'a [f64],
    /// For each shape, how many directions of the long axis, evenly spread over 180°.
    pub angles: &'a [usize],
    /// First direction, degrees from the x axis.
    pub first_angle: f64,
    /// Exponent a of the non-compactness penalty (4s/(s+1)²)^a by which the statistic is multiplied; 0 for none.
    pub penalty: f64,
}

/// A family of zones.
#[derive(Debug, Clone, PartialEq)]
pub struct Zones {
    locations: usize,
    members: Vec<u32>,
    spans: Vec<(u32, u32)>,
    groups: Vec<u32>,
    factors: Vec<f64>,
}

impl Zones {
    /// A family without zones, over a number of locations.
    fn none(locations: usize) -> Self {
        Self { locations, members: Vec::new(), spans: Vec::new(), groups: Vec::new(), factors: Vec::new() }
    }

    /// Circles: around each location the locations nearest to it, ties by their order, as far as the limits allow. The
    /// group of a zone is its centre.
    ///
    /// # Panics
    /// When there is not one exposure per place.
    pub fn circles(places: &Places, limits: &Limits<'_>) -> Self {
        let (mut zones, spots) = (Self::none(places.len()), places.spots(limits.together));
        for centre in 0..places.len() {
            let order = nearest_first(&spots, |other| places.distance(centre, other));
            zones.grow(centre, &order, limits, &spots, 1.0);
        }
        zones
    }

    /// The circles of [`Zones::circles`] around and of those locations that have an exposure, each location told apart.
    ///
    /// # Panics
    /// When there is not one exposure per place.
    pub fn around(neighbours: &Neighbours, limits: &Limits<'_>) -> Self {
        let spots: Vec<usize> = (0..neighbours.around.len()).collect();
        let mut zones = Self::none(spots.len());
        let exposed = |at: usize| limits.exposure[at] > 0.0;
        for (centre, all) in neighbours.around.iter().enumerate().filter(|(centre, _)| exposed(*centre)) {
            let order: Vec<(f64, usize)> = all.iter().copied().filter(|(_, other)| exposed(*other)).collect();
            zones.grow(centre, &order, limits, &spots, 1.0);
        }
        zones
    }

    /// Ellipses around each location of a plane: distance sqrt((u/s)² + v²), u along the long axis. The distance limit
    /// is of this distance, that is of the short half-axis. The group of a zone is its centre.
    ///
    /// # Panics
    /// When there is not one exposure per place, or not one number of angles per shape.
    pub fn ellipses(places: &Places, ellipses: &Ellipses<'_>, limits: &Limits<'_>) -> Self {
        assert_eq!(ellipses.shapes.len(), ellipses.angles.len(), "a number of angles for each shape");
        let (mut zones, spots) = (Self::none(places.len()), places.spots(limits.together));
        for centre in 0..places.len() {
            for (&shape, &angles) in ellipses.shapes.iter().zip(ellipses.angles) {
                let factor = (4.0 * shape / (shape + 1.0).powi(2)).powf(ellipses.penalty);
                for turn in 0..angles {
                    let angle = (ellipses.first_angle + 180.0 * turn as f64 / angles as f64).to_radians();
                    let distance = |other: usize| {
                        let [x, y] = [0, 1].map(|axis| places.at[other][axis] - places.at[centre][axis]);
                        if (shape - 1.0).abs() < f64::EPSILON {
                            return (x * x + y * y).sqrt();
                        }
                        let (u, v) = (x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin());
                        ((u / shape).powi(2) + v * v).sqrt()
                    };
                    zones.grow(centre, &nearest_first(&spots, distance), limits, &spots, factor);
                }
            }
        }
        zones
    }

    /// Given sets of locations, counted from 0, each a zone and a group of its own. A set that holds the one before it
    /// is scanned as its continuation.
    ///
    /// # Errors
    /// The first set that is empty, has a location twice or one that does not exist, with what is wrong.
    pub fn sets<S: AsRef<[usize]>>(locations: usize, sets: &[S]) -> Result<Self, (usize, String)> {
        let mut zones = Self::none(locations);
        let mut seen = vec![usize::MAX; locations];
        for (at, set) in sets.iter().enumerate() {
            let set = set.as_ref();
            if set.is_empty() {
                return Err((at, "a zone has at least one location".into()));
            }
            let held = zones.spans.last().map_or(&[][..], |&(from, to)| &zones.members[from as usize..to as usize]);
            let mut added = Vec::new();
            for &location in set {
                if location >= locations {
                    return Err((at, format!("there is no location {}, only 1 to {locations}", location + 1)));
                }
                if seen[location] == at {
                    return Err((at, format!("location {} occurs twice", location + 1)));
                }
                seen[location] = at;
            }
            let nested = held.iter().all(|&member| seen[member as usize] == at);
            let held: &[u32] = if nested { held } else { &[] };
            let mut kept: Vec<usize> = held.iter().map(|&member| member as usize).collect();
            kept.sort_unstable();
            added.extend(set.iter().filter(|location| kept.binary_search(location).is_err()).map(|&one| index(one)));
            let end = zones.members.len();
            let start = if nested && !zones.spans.is_empty() { zones.spans[at - 1].0 } else { index(end) };
            zones.members.extend(added);
            zones.spans.push((start, index(zones.members.len())));
            zones.groups.push(index(at));
            zones.factors.push(1.0);
        }
        Ok(zones)
    }

    /// Both families, for instance circles and supply chains; the groups of the second follow those of the first.
    ///
    /// # Panics
    /// When they are over different numbers of locations.
    #[must_use]
    pub fn join(mut self, other: &Self) -> Self {
        assert_eq!(self.locations, other.locations, "both families are over the same locations");
        let (shift, groups) = (index(self.members.len()), self.groups.iter().max().map_or(0, |last| last + 1));
        self.members.extend(&other.members);
        self.spans.extend(other.spans.iter().map(|&(from, to)| (from + shift, to + shift)));
        self.groups.extend(other.groups.iter().map(|group| group + groups));
        self.factors.extend(&other.factors);
        self
    }

    /// Adds the zones of one centre along its neighbours, the nearest first.
    fn grow(&mut self, centre: usize, order: &[(f64, usize)], limits: &Limits<'_>, spots: &[usize], factor: f64) {
        assert_eq!(limits.exposure.len(), self.locations, "an exposure for each place");
        // A hair of slack, so that "exactly half" is within a half whatever the order of summation.
        let most = limits.exposure.iter().sum::<f64>() * limits.share * (1.0 + 1e-12);
        let (start, mut exposure) = (index(self.members.len()), 0.0);
        let mut rest = order;
        while let Some(&(distance, first)) = rest.first() {
            let together = rest.iter().take_while(|&&(_, other)| spots[other] == spots[first]).count();
            let (step, after) = rest.split_at(together);
            exposure += step.iter().map(|&(_, location)| limits.exposure[location]).sum::<f64>();
            if exposure > most || distance > limits.distance {
                break;
            }
            self.members.extend(step.iter().map(|&(_, location)| index(location)));
            self.spans.push((start, index(self.members.len())));
            self.groups.push(index(centre));
            self.factors.push(factor);
            rest = after;
        }
    }

    /// Number of zones.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no zone.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Number of locations that the zones are made of.
    pub fn locations(&self) -> usize {
        self.locations
    }

    /// Locations of a zone, counted from 0; of circles and ellipses the most central first.
    pub fn members(&self, zone: usize) -> &[u32] {
        let (from, to) = self.spans[zone];
        &self.members[from as usize..to as usize]
    }

    /// The group of a zone: its centre, or for a given set its number.
    pub fn group(&self, zone: usize) -> u32 {
        self.groups[zone]
    }

    /// What a zone's statistic is multiplied by: below 1 for long ellipses.
    pub fn factor(&self, zone: usize) -> f64 {
        self.factors[zone]
    }

    /// The locations that a zone has beyond the zone before it, and whether it begins anew instead.
    pub(super) fn step(&self, zone: usize) -> (bool, &[u32]) {
        let (from, to) = self.spans[zone];
        let before = if zone == 0 { None } else { Some(self.spans[zone - 1]) };
        match before {
            Some((start, end)) if start == from => (false, &self.members[end as usize..to as usize]),
            _ => (true, &self.members[from as usize..to as usize]),
        }
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 members of zones")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits(exposure: &[f64], share: f64) -> Limits<'_> {
        Limits { exposure, share, distance: f64::INFINITY, together: false }
    }

    fn all(zones: &Zones) -> Vec<Vec<u32>> {
        (0..zones.len()).map(|zone| zones.members(zone).to_vec()).collect()
    }

    #[test]
    fn circles_along_known_neighbours_are_those_of_the_exposed_places() {
        let all = [(0.0, 0.0), (1.0, 0.5), (9.0, 2.0), (2.0, 7.0), (3.0, 1.0)];
        let places = Places::plane(&all);
        let neighbours = Neighbours::of(&places);
        let exposure = [1.0, 2.0, 1.5, 0.5, 1.0];
        assert_eq!(
            Zones::around(&neighbours, &limits(&exposure, 0.5)),
            Zones::circles(&places, &limits(&exposure, 0.5))
        );
        let some = Zones::around(&neighbours, &limits(&[1.0, 0.0, 1.0, 0.0, 1.0], 0.7));
        let members: Vec<&[u32]> = (0..some.len()).map(|zone| some.members(zone)).collect();
        assert_eq!(members, [&[0][..], &[0, 4], &[2], &[2, 4], &[4], &[4, 0]]);
    }

    #[test]
    fn circles_take_the_nearest_up_to_half_of_the_exposure() {
        let places = Places::plane(&[(0.0, 0.0), (1.0, 0.0), (3.0, 0.0), (3.5, 0.0)]);
        let zones = Zones::circles(&places, &limits(&[1.0; 4], 0.5));
        assert_eq!(all(&zones), [vec![0], vec![0, 1], vec![1], vec![1, 0], vec![2], vec![2, 3], vec![3], vec![3, 2]]);
        assert_eq!(zones.group(5), 2);
        let big = Zones::circles(&places, &limits(&[10.0, 1.0, 1.0, 1.0], 0.5));
        assert_eq!(all(&big), [vec![1], vec![2], vec![2, 3], vec![2, 3, 1], vec![3], vec![3, 2], vec![3, 2, 1]]);
    }

    #[test]
    fn circles_stop_at_the_distance_and_keep_one_place_whole() {
        let places = Places::plane(&[(0.0, 0.0), (0.0, 0.0), (2.0, 0.0), (9.0, 0.0)]);
        let near = Limits { exposure: &[1.0; 4], share: 1.0, distance: 2.0, together: true };
        let zones = all(&Zones::circles(&places, &near));
        assert_eq!(zones, [vec![0, 1], vec![0, 1, 2], vec![0, 1], vec![0, 1, 2], vec![2], vec![2, 0, 1], vec![3]]);
        let apart = Limits { together: false, ..near };
        assert_eq!(all(&Zones::circles(&places, &apart))[..2], [vec![0], vec![0, 1]]);
    }

    #[test]
    fn great_circles_have_their_length() {
        let quarter = Places::sphere(&[(0.0, 0.0), (0.0, 90.0), (90.0, 0.0), (0.0, 180.0)], 6371.0);
        for (other, quarters) in [(1, 1.0), (2, 1.0), (3, 2.0)] {
            let expected = quarters * std::f64::consts::FRAC_PI_2 * 6371.0;
            assert!((quarter.distance(0, other) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn an_ellipse_reaches_far_along_its_long_axis() {
        // A north-south line of three and a nearer neighbour in the east.
        let places = Places::plane(&[(0.0, 0.0), (0.0, 2.0), (0.0, -2.0), (1.5, 0.0)]);
        let shape = Ellipses { shapes: &[3.0], angles: &[1], first_angle: 90.0, penalty: 0.5 };
        let zones = Zones::ellipses(&places, &shape, &limits(&[1.0; 4], 0.75));
        assert_eq!(all(&zones)[..3], [vec![0], vec![0, 1], vec![0, 1, 2]]);
        assert!((zones.factor(0) - 0.75_f64.sqrt()).abs() < 1e-15, "4·3/16 = 3/4");
        let circle = Ellipses { shapes: &[1.0], angles: &[1], ..shape };
        assert_eq!(all(&Zones::ellipses(&places, &circle, &limits(&[1.0; 4], 0.75)))[1], [0, 3]);
    }

    #[test]
    fn given_sets_are_chained_where_they_nest() {
        let sets = [vec![2], vec![0, 2], vec![0, 1, 2], vec![1, 3], vec![3]];
        let zones = Zones::sets(4, &sets).expect("good sets");
        assert_eq!(all(&zones), [vec![2], vec![2, 0], vec![2, 0, 1], vec![1, 3], vec![3]]);
        assert_eq!(zones.step(2), (false, &[1][..]));
        assert_eq!(zones.step(3), (true, &[1, 3][..]));
        let joined = zones.clone().join(&Zones::sets(4, &[vec![1]]).expect("good sets"));
        assert_eq!((joined.len(), joined.members(5), joined.group(5)), (6, &[1][..], 5));
    }

    #[test]
    fn wrong_sets_are_told() {
        for (sets, at) in [(vec![vec![0], vec![]], 1), (vec![vec![0, 4]], 0), (vec![vec![1, 1]], 0)] {
            assert_eq!(Zones::sets(4, &sets).expect_err("wrong").0, at);
        }
    }

    proptest! {
        #[test]
        fn steps_build_up_to_the_members(
            sets in prop::collection::vec(prop::collection::btree_set(0_usize..6, 1..6), 1..20),
        ) {
            let sets: Vec<Vec<usize>> = sets.into_iter().map(|set| set.into_iter().collect()).collect();
            let zones = Zones::sets(6, &sets).expect("good sets");
            let mut held: Vec<u32> = Vec::new();
            for (zone, set) in sets.iter().enumerate() {
                let (anew, added) = zones.step(zone);
                if anew {
                    held.clear();
                }
                held.extend(added);
                let mut sorted: Vec<usize> = held.iter().map(|&one| one as usize).collect();
                sorted.sort_unstable();
                prop_assert_eq!(&sorted, set);
                prop_assert_eq!(zones.members(zone), &held[..]);
            }
        }
    }
}

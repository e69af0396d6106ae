//! How sure the expectation of a part is: of one brand, or of one province, inside a cell.
//!
//! A part is expected to carry its share of the cell. Some carry far more of one hazard than of others (the brand whose
//! chargers burn), so its rate scatters around that share by a Gamma law, and the shape of that law is fitted to the
//! baseline: maximum likelihood over all parts, those without an event too. Not here: the shares.

use std::collections::BTreeMap;

use numeric::special::ln_rising;

/// Parts with an event that a fit needs.
const PARTS_MIN: usize = 40;
/// Shapes that are tried: from the first, each so many times the one before.
const SHAPE_FIRST: f64 = 0.02;
const SHAPE_STEP: f64 = 1.5;
const SHAPES: i32 = 19;

/// Shares are grouped to steps of this factor.
const SHARE_STEP: f64 = 1.5;

/// A part with events in the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Carried {
    /// Events that its share of the cell makes, its own events in this cell left out of the share.
    pub(super) expected: f64,
    /// Events it had.
    pub(super) events: u64,
}

/// Shape of the law by which parts scatter around their shares. `all`: every part, as (expected events, number of such
/// parts); `carried`: those with events. None when there are too few of these.
pub(super) fn shape(carried: &[Carried], all: &[(f64, f64)]) -> Option<f64> {
    if carried.len() < PARTS_MIN {
        return None;
    }
    let most = carried.iter().map(|part| part.events).max().unwrap_or(0);
    let likelihood = |shape: f64| -> f64 {
        let rising = Rising::of(shape, most);
        let none: f64 = all.iter().map(|(expected, parts)| -parts * shape * (expected / shape).ln_1p()).sum();
        let some: f64 = (carried.iter())
            .map(|part| {
                let events = part.events as f64;
                rising.ln(part.events) + events * (part.expected / (shape + part.expected)).ln()
            })
            .sum();
        none + some
    };
    let shapes = (0..SHAPES).map(|step| SHAPE_FIRST * SHAPE_STEP.powi(step));
    shapes.map(|shape| (likelihood(shape), shape)).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, shape)| shape)
}

/// `ln_rising(shape, x)` for every small `x` at once: most parts have few events, and as many sums would begin alike.
struct Rising {
    shape: f64,
    sums: Vec<f64>,
}

impl Rising {
    /// `x` up to here are summed together.
    const SUMMED_MAX: u64 = 200;

    fn of(shape: f64, most: u64) -> Self {
        let (mut sums, mut sum) = (vec![0.0], 0.0);
        for k in 0..most.min(Self::SUMMED_MAX) {
            sum += (shape + k as f64).ln();
            sums.push(sum);
        }
        Self { shape, sums }
    }

    fn ln(&self, x: u64) -> f64 {
        let known = usize::try_from(x).ok().and_then(|x| self.sums.get(x).copied());
        known.unwrap_or_else(|| ln_rising(self.shape, x))
    }
}

/// Shares grouped by size, with the number in each group.
pub(super) fn grouped(shares: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut groups: BTreeMap<i32, (f64, f64)> = BTreeMap::new();
    for (share, count) in shares.filter(|(share, _)| *share > 0.0) {
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm of a share")]
        let key = (share.ln() / SHARE_STEP.ln()).round() as i32;
        let group = groups.entry(key).or_default();
        *group = (group.0 + share * count, group.1 + count);
    }
    groups.into_values().map(|(shares, count)| (shares / count, count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use numeric::draw::Draw;

    /// Parts of equal expectation whose rates scatter by a Gamma law of a known shape.
    fn drawn(true_shape: f64, parts: u64, expected: f64) -> Option<f64> {
        let mut carried = Vec::new();
        for at in 0..parts {
            let mut draw = Draw::at(4, at);
            let rate = if true_shape.is_finite() { draw.gamma(true_shape) / true_shape } else { 1.0 };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
            let events = draw.poisson(rate * expected) as u64;
            if events > 0 {
                carried.push(Carried { expected, events });
            }
        }
        shape(&carried, &[(expected, parts as f64)])
    }

    #[test]
    fn the_shape_that_made_the_counts_is_found() {
        for true_shape in [0.1, 0.5, 3.0] {
            let found = drawn(true_shape, 20_000, 0.1).expect("enough parts");
            assert!((found / true_shape).ln().abs() < 0.5, "{found} for {true_shape}");
        }
        assert!(drawn(f64::INFINITY, 20_000, 0.1).expect("enough parts") > 5.0, "no scatter, no doubt");
    }

    #[test]
    fn sums_made_at_once_are_the_sums_made_one_by_one() {
        for shape in [SHAPE_FIRST, 0.7, 13.1, SHAPE_FIRST * SHAPE_STEP.powi(SHAPES - 1)] {
            let rising = Rising::of(shape, 1_000);
            for x in 0..300 {
                let alone = ln_rising(shape, x);
                assert!((rising.ln(x) - alone).abs() <= 1e-13 * alone.abs().max(1.0), "{shape} {x}");
            }
        }
    }

    #[test]
    fn a_few_parts_tell_nothing() {
        assert_eq!(drawn(0.5, 60, 0.1), None);
    }
}

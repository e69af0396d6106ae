//! The statistic of one window: how far its count lies beyond what is expected.

/// Which clusters are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More than expected.
    High,
    /// Fewer than expected.
    Low,
    /// Either.
    Both,
}

/// The statistic, with what it is conditional on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// Log likelihood ratio of the Poisson model given the total count (Kulldorff 1997): `c ln(c/e) + (C−c)
    /// ln((C−c)/(C−e))`. The expected counts of all cells sum to the total. Also that of the permutation model.
    Poisson {
        /// C, all cases.
        total: f64,
    },
    /// Log likelihood ratio against a trusted baseline (Neill 2009): `c ln(c/e) − (c − e)`.
    Expectation,
    /// Log likelihood ratio of the Bernoulli model given the total count (Kulldorff 1997). Expected counts are
    /// population · C/N.
    Bernoulli {
        /// C, all cases.
        cases: f64,
        /// N, all persons, cases among them.
        population: f64,
    },
    /// Efficient score `(c − e)/sqrt(v)`, signed (Tango et al. 2011).
    Score,
}

impl Statistic {
    /// The statistic of a window with count `c`, expected count `e` and (for the score only) variance `v`. At least 0
    /// but for the score; infinite where there are cases and nothing is expected; 0 where nothing is expected and
    /// nothing seen.
    pub fn value(self, direction: Direction, c: f64, e: f64, v: f64) -> f64 {
        let excess = match direction {
            Direction::High => c - e,
            Direction::Low => e - c,
            Direction::Both => (c - e).abs(),
        };
        if self == Self::Score {
            return if v > 0.0 { excess / v.sqrt() } else { 0.0 };
        }
        // Below this relative excess only rounding speaks; the true statistic is less than e·1e-20 there.
        if e.is_nan() || excess <= 1e-10 * e.max(0.0) {
            return 0.0;
        }
        let part = |seen: f64, expected: f64| if seen > 0.0 { seen * (seen / expected.max(0.0)).ln() } else { 0.0 };
        let value = match self {
            Self::Poisson { total } => part(c, e) + part(total - c, total - e),
            Self::Expectation => part(c, e) - (c - e),
            Self::Bernoulli { cases, population } => {
                let inside = e * population / cases;
                part(c, e)
                    + part(inside - c, inside - e)
                    + part(cases - c, cases - e)
                    + part(population - inside - (cases - c), population - inside - (cases - e))
            }
            Self::Score => unreachable!("answered above"),
        };
        value.max(0.0)
    }

    /// For each window a count that must be exceeded for its statistic to exceed `least` ≥ 0, when more cases than
    /// expected are looked for: a cheap lower bound, to be asked before any logarithm. Not for the score.
    ///
    /// With r = sqrt(c/e) = 1 + s, ln r² ≤ r − 1/r gives c ln(c/e) − (c−e) ≤ e·s²(s+2); the terms of the other cells,
    /// each x ln(x/y) − (x−y), are at most half, or (1+d)/2 times where x is below y by a share of d, of the chi-square
    /// terms (x−y)²/y.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a bound, with a slack beyond this precision")]
    pub(super) fn high_bounds(self, expected: &[f32], least: f64, bounds: &mut [f32]) {
        let least = least as f32;
        match self {
            Self::Expectation | Self::Score => each_bound(expected, least, bounds, |_, _| 0.0),
            Self::Poisson { total } => {
                let total = total as f32;
                each_bound(expected, least, bounds, |e, excess| below(e, total - e, excess));
            }
            Self::Bernoulli { cases, population } => {
                let (odds, cases) = ((population / cases - 1.0) as f32, cases as f32);
                each_bound(expected, least, bounds, |e, excess| {
                    below(e, cases - e, excess) + below(e, e * odds, excess) + 0.5 * e / ((cases - e) * odds)
                });
            }
        }
    }

    /// A factor q with `value ≤ (c − e)²·q` on either side: a Kullback–Leibler divergence is at most the chi-square
    /// divergence. Not for the score.
    #[inline]
    pub(super) fn chi_square(self, e: f64) -> f64 {
        match self {
            Self::Poisson { total } => total / (e * (total - e)),
            Self::Expectation | Self::Score => 1.0 / e,
            Self::Bernoulli { cases, population } => {
                let inside = e * population / cases;
                1.0 / e + 1.0 / (cases - e) + 1.0 / (inside - e) + 1.0 / (population - inside - (cases - e))
            }
        }
    }
}

/// What the cells of `others` expected, below it by `e·excess` at most, add relative to the window's own chi-square
/// term.
#[inline]
fn below(e: f32, others: f32, excess: f32) -> f32 {
    let share = e / others;
    let lost = excess * share;
    0.5 * share * (1.0 + if lost < 1.0 { lost } else { 1.0 })
}

/// Bounds of [`Statistic::high_bounds`]; `others` gives what other cells add, from e and the greatest possible (c−e)/e.
#[inline]
fn each_bound(expected: &[f32], least: f32, bounds: &mut [f32], others: impl Fn(f32, f32) -> f32) {
    for (bound, &e) in bounds.iter_mut().zip(expected) {
        let k = least / e;
        let most = (0.5 * k).sqrt();
        let wide = 2.0 + most;
        let s = (k / (wide * (1.0 + others(e, most * wide) * wide))).sqrt();
        let count = e * (1.0 + s) * (1.0 + s) * (1.0 - 1e-5);
        // Also where nothing is expected.
        *bound = if count > 0.0 { count } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn high(statistic: Statistic, e: f64, least: f64) -> f64 {
        let mut bounds = [0.0];
        #[expect(clippy::cast_possible_truncation, reason = "as the search does")]
        statistic.high_bounds(&[e as f32], least, &mut bounds);
        f64::from(bounds[0])
    }

    #[test]
    fn values_by_hand() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        let poisson = Statistic::Poisson { total: 10.0 };
        close(poisson.value(Direction::High, 6.0, 3.0, 0.0), 6.0 * 2.0_f64.ln() + 4.0 * (4.0_f64 / 7.0).ln());
        close(poisson.value(Direction::High, 10.0, 5.0, 0.0), 10.0 * 2.0_f64.ln());
        close(poisson.value(Direction::High, 2.0, 3.0, 0.0), 0.0);
        close(poisson.value(Direction::Low, 0.0, 5.0, 0.0), 10.0 * 2.0_f64.ln());
        close(Statistic::Expectation.value(Direction::High, 6.0, 3.0, 0.0), 6.0 * 2.0_f64.ln() - 3.0);
        close(Statistic::Expectation.value(Direction::Low, 0.0, 3.0, 0.0), 3.0);
        close(Statistic::Score.value(Direction::High, 1.0, 3.0, 4.0), -1.0);
        // 8 of 10 within, 2 of 10 without: 16 ln(.8/.5) + 4 ln(.2/.5).
        let bernoulli = Statistic::Bernoulli { cases: 10.0, population: 20.0 };
        close(bernoulli.value(Direction::High, 8.0, 5.0, 0.0), 16.0 * 1.6_f64.ln() + 4.0 * 0.4_f64.ln());
    }

    #[test]
    fn edges_are_defined() {
        let poisson = Statistic::Poisson { total: 10.0 };
        for (c, e, value) in [(0.0, 0.0, 0.0), (10.0, 10.0, 0.0), (10.0, 10.0 - 1e-12, 0.0), (2.0, 0.0, f64::INFINITY)]
        {
            let found = poisson.value(Direction::High, c, e, 0.0);
            assert!(found.total_cmp(&value).is_eq() || (found - value).abs() < 1e-15, "{c} {e}: {found}");
        }
        assert!(Statistic::Score.value(Direction::High, 0.0, 0.0, 0.0).abs() < 1e-15);
        let none = Statistic::Bernoulli { cases: 0.0, population: 9.0 };
        assert!(none.value(Direction::High, 0.0, 0.0, 0.0).abs() < 1e-15);
        let everyone = Statistic::Bernoulli { cases: 9.0, population: 9.0 };
        assert!(everyone.value(Direction::High, 3.0, 3.0, 0.0).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn the_bounds_hold(
            c in 0_u32..400,
            share in 0.0001_f64..0.9999,
            total in 1_u32..400,
            more in 1_u32..400,
            part in 0.0_f64..1.0,
        ) {
            let (total, c) = (f64::from(total), f64::from(c.min(total)));
            let e = total * share;
            let population = total + f64::from(more);
            for statistic in [Statistic::Poisson { total }, Statistic::Expectation,
                Statistic::Bernoulli { cases: total, population }] {
                let inside = e * population / total;
                let possible = c <= inside && total - c <= population - inside;
                if matches!(statistic, Statistic::Bernoulli { .. }) && !possible {
                    continue;
                }
                let bound = (c - e).powi(2) * statistic.chi_square(e);
                for direction in [Direction::High, Direction::Low, Direction::Both] {
                    let value = statistic.value(direction, c, e, 0.0);
                    prop_assert!(value <= bound * (1.0 + 1e-9) + 1e-9, "{statistic:?}: {value} > {bound}");
                }
                let value = statistic.value(Direction::High, c, e, 0.0);
                if value > 0.0 {
                    for least in [value * part, value * (1.0 - 1e-12)] {
                        let bound = high(statistic, e, least);
                        prop_assert!(c > bound, "{statistic:?}: {c} of {e} is beyond {least}, but not beyond {bound}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_high_bound_is_defined_where_nothing_is_expected() {
        for statistic in [Statistic::Poisson { total: 5.0 }, Statistic::Expectation] {
            for (e, least) in [(0.0, 0.0), (0.0, 3.0), (-1e-17, 1.0), (5.0, 1.0), (5.0 + 1e-12, 0.0)] {
                let bound = high(statistic, e, least);
                assert!(bound >= 0.0 && (e > 1.0 || bound < 1.0), "{e} {least}: {bound}");
            }
        }
    }
}

//! Which brands have risen: each against its own expectation (scoring methods, section 8: `n_b`, I²).
//!
//! In: events and expected events of each named brand in the spread window. Out: how many have probably risen, how much their rates
//! differ. Not here: how a brand's expectation comes about.

use crate::criteria::SpreadCriteria;
use methods::heterogeneity::rates::{Effect, dersimonian_laird};
use numeric::{Continuous, Gamma};

/// What is added to a count of zero in a log rate (the usual half).
const ADD_TO_ZERO: f64 = 0.5;

/// Whether a brand's rate ratio is above the criteria's with the criteria's probability: its prior is Gamma of mean 1, its posterior
/// Gamma(`prior + events`, `prior + expected`).
pub(super) fn has_risen(events: u64, expected: f64, criteria: &SpreadCriteria) -> bool {
    let law = Gamma { shape: criteria.raised_prior + events as f64, rate: criteria.raised_prior + expected };
    events > 0 && law.sf(criteria.raised_ratio) >= criteria.raised_probability
}

/// I² of the log rate ratios, percent; none with fewer than two brands that expect something.
pub(super) fn i2(brands: impl Iterator<Item = (u64, f64)>) -> Option<f64> {
    let effects: Vec<Effect> =
        brands.filter_map(|(events, expected)| Effect::of_rate(events, expected, ADD_TO_ZERO)).collect();
    if effects.len() < 2 { None } else { dersimonian_laird(&effects).map(|pooled| pooled.i2) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::criteria::shipped;

    #[test]
    fn a_rare_brand_rises_by_one_event_and_a_frequent_one_does_not() {
        let criteria = shipped().spread;
        assert!(has_risen(1, 0.005, &criteria));
        assert!(!has_risen(1, 0.4, &criteria));
        assert!(!has_risen(20, 15.0, &criteria) && has_risen(40, 15.0, &criteria));
        assert!(!has_risen(0, 0.0, &criteria));
    }

    #[test]
    fn alike_brands_have_no_variance_between_and_one_brand_has_none_at_all() {
        assert!(i2([(10, 5.0), (20, 10.0), (4, 2.0)].into_iter()).expect("pooled").abs() < 1e-9);
        assert!(i2([(40, 1.0), (1, 10.0)].into_iter()).expect("pooled") > 90.0);
        assert_eq!(i2([(40, 1.0), (1, 0.0)].into_iter()), None, "a brand without exposure has no rate");
    }
}

//! The false-alarm budget: how rare an onset must be, so that all cells together begin to alarm by chance as often as the
//! centre accepts, and no oftener (scoring methods, section 7).
//!
//! In: what is normal as of a day, the budget of the criteria. Out: one rate per severity class, equal for all cells of
//! the class: category × hazard, and inside it every known brand and every province. A sparse cell takes the step below
//! the rate, and what it leaves is used by the others; what a class cannot use goes to the next one. Not here: the table.

use std::collections::BTreeMap;

use super::criteria::Criteria;
use super::onsets::{Census, Known, OnsetTable};
use super::prior::{Gamma, Ground};
use crate::vocabulary::{Category, Hazard};

/// Weeks in a year.
const WEEKS_A_YEAR: f64 = 365.0 / 7.0;
/// Shares of brands or provinces are grouped to steps of this factor.
const SHARE_STEP: f64 = 1.5;

/// ln of the onset rate per cell and year at which a cell alarms, by severity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Budget {
    ln_rates: [f64; 4],
}

impl Budget {
    /// As of the ground's day.
    pub(super) fn at(ground: &Ground<'_>, criteria: &Criteria) -> Self {
        let table = OnsetTable::shipped();
        let mut classes: [Census; 4] = std::array::from_fn(|_| Census::new(table));
        let provinces = grouped(ground.province_shares());
        for category in Category::ALL {
            let brands = grouped(ground.brand_shares(*category));
            let size = ground.dispersion(*category);
            // Many hazards of a category are alike: they have the same law and no events yet.
            let mut alike: BTreeMap<(usize, [u64; 2]), (Gamma, f64)> = BTreeMap::new();
            for hazard in Hazard::ALL {
                let law = ground.law(*category, *hazard);
                let key = (class(*hazard, criteria), [law.shape.to_bits(), law.rate.to_bits()]);
                alike.entry(key).or_insert((law, 0.0)).1 += 1.0;
            }
            for ((class, _), (law, cells)) in alike {
                let census = &mut classes[class];
                let sparse = |mean: f64| mean < criteria.detector.sparse_below_per_week;
                let least = |mean: f64, of_brand: bool| match (sparse(mean), of_brand) {
                    (false, _) => criteria.detector.min_events_medium,
                    (true, false) => criteria.detector.min_events_sparse,
                    (true, true) => criteria.detector.min_events_brand,
                };
                let mean = law.mean();
                census.add(table, Known { mean, shape: law.shape, size, least: least(mean, false) }, cells);
                for (shares, of_brand) in [(&provinces, false), (&brands, true)] {
                    for (share, parts) in shares {
                        let mean = law.mean() * share;
                        let shape = mean * (ground.part_weeks() + ground.baseline_weeks);
                        census.add(table, Known { mean, shape, size, least: least(mean, of_brand) }, cells * parts);
                    }
                }
            }
        }
        let wanted = &criteria.budget;
        let a_year = wanted.onsets_per_30_days * WEEKS_A_YEAR * 7.0 / 30.0;
        let mut ln_rates = [0.0; 4];
        let mut left = 0.0;
        for severity in (0..4).rev() {
            let share = a_year * wanted.severity_shares[severity] + left;
            let ln_rate = classes[severity].ln_rate_for(table, share, wanted.most_per_cell_year);
            left = (share - classes[severity].onsets(table, ln_rate)).max(0.0);
            ln_rates[severity] = ln_rate;
        }
        Self { ln_rates }
    }

    /// ln of the onset rate per cell and year at which a cell about this hazard alarms.
    pub(super) fn ln_rate(&self, hazard: Hazard, criteria: &Criteria) -> f64 {
        self.ln_rates[class(hazard, criteria)]
    }
}

/// Severity that the hazard is credited with, from 0.
fn class(hazard: Hazard, criteria: &Criteria) -> usize {
    usize::from(criteria.danger.severity.get(&hazard).copied().unwrap_or(1).clamp(1, 4)) - 1
}

/// Shares grouped by size, with the number in each group.
fn grouped(shares: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
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
    use super::super::criteria::shipped;
    use super::super::days;
    use super::super::events::Events;
    use super::super::exposure::Volume;
    use super::super::testing::{Report, days_after};
    use super::*;

    fn ground<'a>(reports: &[Report], criteria: &'a Criteria) -> Ground<'a> {
        let records: Vec<_> = reports.iter().map(Report::record).collect();
        let volume: Volume = (-900..=0).map(|day| (days_after(day), 100)).collect();
        Ground::at(days::number(days_after(0)), &Events::build(&records, criteria), &volume, criteria)
    }

    #[test]
    fn more_budget_or_fewer_cells_make_a_cell_alarm_sooner() {
        let criteria = shipped();
        let mut generous = criteria.clone();
        generous.budget.onsets_per_30_days *= 4.0;
        let quiet = ground(&[], &criteria);
        let (little, much) = (Budget::at(&quiet, &criteria), Budget::at(&quiet, &generous));
        assert!(little.ln_rates.iter().zip(much.ln_rates).all(|(little, much)| *little <= much));
        let busy: Vec<Report> =
            (-700..-60).map(|day| Report::new(day).brand(&format!("牌{}", day.rem_euclid(40)))).collect();
        let busy = Budget::at(&ground(&busy, &criteria), &criteria);
        assert!(
            busy.ln_rate(Hazard::Fire, &criteria) <= little.ln_rate(Hazard::Fire, &criteria) + 1e-9,
            "{busy:?} {little:?}"
        );
    }

    #[test]
    fn nothing_ever_read_still_has_a_budget() {
        let criteria = shipped();
        let empty = Ground::at(0, &Events::build(&[], &criteria), &Volume::new(), &criteria);
        assert!(Budget::at(&empty, &criteria).ln_rates.iter().all(|rate| rate.is_finite()));
    }
}

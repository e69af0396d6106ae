//! The false-alarm budget: how rare an onset must be, so that all cells together begin to alarm by chance as often as the
//! centre accepts, and no oftener (scoring methods, section 7).
//!
//! In: what is normal as of a day, the budget of the criteria. Out: one rate per severity class, equal for all cells of
//! the class: category × hazard, and inside it every known brand and every province. A sparse cell takes the step below
//! the rate, and what it leaves is used by the others; what a class cannot use goes to the next one. Not here: the table.

use std::collections::BTreeMap;

use super::criteria::Criteria;
use super::onsets::{Census, OnsetTable, SeriesLaw};
use super::prior::{Baseline, Gamma};
use super::share_scatter::grouped;
use vocabulary::{Category, Hazard, ONSET_YEAR_DAYS};

/// Weeks in a year of the onset table.
const WEEKS_A_YEAR: f64 = ONSET_YEAR_DAYS / 7.0;

/// What the budget is for: whole cells, and brands and provinces inside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    Whole,
    Brand,
    Province,
}

impl CellKind {
    /// The order in which unused budget is passed on.
    const ALL: [Self; 3] = [Self::Province, Self::Brand, Self::Whole];
}

/// ln of the onset rate per cell and year at which a cell alarms, by severity and kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Budget {
    ln_rates: [[f64; 3]; 4],
    /// Cells that are looked at, parts among them.
    pub(super) cells: u64,
}

impl Budget {
    /// As of the baseline's day.
    pub(super) fn at(baseline: &Baseline<'_>, criteria: &Criteria) -> Self {
        let table = OnsetTable::shipped();
        let mut classes: [[Census; 3]; 4] = std::array::from_fn(|_| std::array::from_fn(|_| Census::new(table)));
        let provinces = grouped(baseline.province_shares());
        let mut looked_at = 0.0;
        for category in Category::ALL {
            let brands = grouped(baseline.brand_shares(*category));
            let size = baseline.dispersion(*category);
            // Many hazards of a category are alike: they have the same law and no events yet.
            let mut alike: BTreeMap<(usize, [u64; 2]), (Gamma, f64)> = BTreeMap::new();
            for hazard in Hazard::ALL {
                let law = baseline.law(*category, *hazard);
                let key = (class(*hazard, criteria), [law.shape.to_bits(), law.rate.to_bits()]);
                alike.entry(key).or_insert((law, 0.0)).1 += 1.0;
            }
            for ((class, _), (law, cells)) in alike {
                let mut count = |kind: CellKind, law: Gamma, cells: f64| {
                    let least = least(kind, law.mean() < criteria.detector.sparse_below_per_week, criteria);
                    let known = SeriesLaw { mean: law.mean(), shape: law.shape, size, least };
                    classes[class][kind as usize].add(table, known, cells);
                    looked_at += cells;
                };
                count(CellKind::Whole, law, cells);
                for (share, parts) in &brands {
                    count(CellKind::Brand, baseline.expected_law(baseline.brand_law(law, *share)), cells * parts);
                }
                for (share, parts) in &provinces {
                    count(CellKind::Province, baseline.expected_law(baseline.province_law(law, *share)), cells * parts);
                }
            }
        }
        let wanted = &criteria.budget;
        let a_year = wanted.onsets_per_30_days * WEEKS_A_YEAR * 7.0 / 30.0;
        let mut ln_rates = [[0.0; 3]; 4];
        let mut left = 0.0;
        for severity in (0..4).rev() {
            for kind in CellKind::ALL {
                let census = &classes[severity][kind as usize];
                let share = a_year * wanted.severity_shares[severity] * wanted.kind_shares[kind as usize] + left;
                let ln_rate = census.ln_rate_for(table, share, wanted.most_per_cell_year);
                left = (share - census.onsets(table, ln_rate)).max(0.0);
                ln_rates[severity][kind as usize] = ln_rate;
            }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of whole numbers of cells")]
        let cells = looked_at.round() as u64;
        Self { ln_rates, cells }
    }

    /// ln of the onset rate per cell and year at which a cell about this hazard alarms.
    pub(super) fn ln_rate(&self, hazard: Hazard, kind: CellKind, criteria: &Criteria) -> f64 {
        self.ln_rates[class(hazard, criteria)][kind as usize]
    }
}

/// Events that a cell needs before it may alarm: two that name one brand have that in common.
pub(super) fn least(kind: CellKind, sparse: bool, criteria: &Criteria) -> u64 {
    match (sparse, kind) {
        (false, _) => criteria.detector.min_events_medium,
        (true, CellKind::Brand) => criteria.detector.min_events_brand,
        (true, _) => criteria.detector.min_events_sparse,
    }
}

/// Severity that the hazard is credited with, from 0.
fn class(hazard: Hazard, criteria: &Criteria) -> usize {
    usize::from(criteria.danger.severity.get(&hazard).copied().unwrap_or(1).clamp(1, 4)) - 1
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::super::days;
    use super::super::events::Events;
    use super::super::exposure::Volume;
    use super::super::testing::{Report, days_after};
    use super::*;

    fn baseline<'a>(reports: &[Report], criteria: &'a Criteria) -> Baseline<'a> {
        let records: Vec<_> = reports.iter().map(Report::record).collect();
        let volume: Volume = (-900..=0).map(|day| (days_after(day), 100)).collect();
        Baseline::at(days::number(days_after(0)), &Events::build(&records, criteria), &volume, criteria)
    }

    #[test]
    fn more_budget_or_fewer_cells_make_a_cell_alarm_sooner() {
        let criteria = shipped();
        let mut generous = criteria.clone();
        generous.budget.onsets_per_30_days *= 4.0;
        let quiet = baseline(&[], &criteria);
        let (little, much) = (Budget::at(&quiet, &criteria), Budget::at(&quiet, &generous));
        assert!(
            little
                .ln_rates
                .as_flattened()
                .iter()
                .zip(much.ln_rates.as_flattened())
                .all(|(little, much)| little <= much)
        );
        let busy: Vec<Report> =
            (-700..-60).map(|day| Report::new(day).brand(&format!("牌{}", day.rem_euclid(40)))).collect();
        let busy = Budget::at(&baseline(&busy, &criteria), &criteria);
        assert!(
            busy.ln_rate(Hazard::Fire, CellKind::Brand, &criteria)
                <= little.ln_rate(Hazard::Fire, CellKind::Brand, &criteria) + 1e-9,
            "{busy:?} {little:?}"
        );
    }

    #[test]
    fn nothing_ever_read_still_has_a_budget() {
        let criteria = shipped();
        let empty = Baseline::at(0, &Events::build(&[], &criteria), &Volume::new(), &criteria);
        assert!(Budget::at(&empty, &criteria).ln_rates.as_flattened().iter().all(|rate| rate.is_finite()));
    }
}

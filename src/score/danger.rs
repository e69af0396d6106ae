//! How bad (隐患程度): worst credible severity, and the published matrix of severity × probability.

use super::criteria::DangerCriteria;
use super::events::Mention;
use vocabulary::{Danger, DangerTerms, ExposureTerms, Hazard, ItemsBasis};

/// Judges the mentions of the deciding window. `exposure` says how often items in use hurt, as far as that is known: what is unknown
/// is read in the assumed row and shown as a range; a bound moves row and range as far as it binds; sales displayed are only an
/// estimate and lower nothing but the range's lower end.
pub(super) fn judge<'m>(
    hazard: Hazard,
    mentions: impl Iterator<Item = &'m Mention>,
    mut exposure: ExposureTerms,
    criteria: &DangerCriteria,
) -> (Danger, DangerTerms) {
    let (mut stated, mut vulnerable) = (0, false);
    let credible = |mention: &&Mention| !mention.undated && mention.confidence >= criteria.credible_confidence;
    for mention in mentions.filter(credible) {
        if mention.asserted {
            stated = stated.max(mention.severity);
        }
        vulnerable |= mention.vulnerable;
    }
    let credited = criteria.severity.get(&hazard).copied().unwrap_or(1);
    let step = if vulnerable { criteria.vulnerable_step } else { 0 };
    // What the hazard can do is raised with care, what a text states without.
    let credited = credited.max(credited.saturating_add(step).min(criteria.vulnerable_credited_max));
    let severity = if stated > 0 { credited.max(stated.saturating_add(step)) } else { credited }.min(4);

    let (assumed, [most, least]) = (criteria.assumed_row, criteria.assumed_band);
    let found = exposure.probability.map(|probability| criteria.row(probability));
    let (row, [most, least]) = match (exposure.basis, found) {
        (ItemsBasis::Category, Some(found)) => (found, [found, found]),
        // At most so many items: the probability is at least this.
        (ItemsBasis::PartOfCategory, Some(found)) => (assumed.min(found), [most.min(found), least.min(found)]),
        // About so many at least: the probability is at most about this.
        (ItemsBasis::Displayed, Some(found)) => (assumed, [most, least.max(found)]),
        _ => (assumed, [most, least]),
    };
    let items = exposure.items.filter(|_| exposure.basis != ItemsBasis::PartOfCategory);
    let raised = |level: Danger| items.map_or(level, |items| criteria.raised(level, items));
    let level = cell(criteria, row, severity);
    exposure.row = Some(row);
    exposure.before_items = items.map(|_| level);
    let known = exposure.basis == ItemsBasis::Category;
    let terms = DangerTerms {
        severity,
        severity_stated: stated,
        vulnerable,
        probability_row: found.filter(|_| known),
        range: [raised(cell(criteria, least, severity)), raised(cell(criteria, most, severity))],
        exposure,
    };
    (raised(level), terms)
}

/// A cell of the matrix: row 0 is the most probable, severity 1–4.
pub(super) fn cell(criteria: &DangerCriteria, row: u8, severity: u8) -> Danger {
    let row = usize::from(row).min(criteria.matrix.len() - 1);
    criteria.matrix[row][usize::from(severity.clamp(1, 4)) - 1]
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::super::events::Events;
    use super::super::testing::Report;
    use super::*;

    fn judged(hazard: Hazard, reports: &[Report]) -> (Danger, DangerTerms) {
        judged_with(hazard, reports, ExposureTerms::default())
    }

    fn judged_with(hazard: Hazard, reports: &[Report], exposure: ExposureTerms) -> (Danger, DangerTerms) {
        let records: Vec<_> = reports.iter().map(Report::record).collect();
        let criteria = shipped();
        let events = Events::build(&records, &criteria);
        judge(hazard, events.cells[0].mentions.iter(), exposure, &criteria.danger)
    }

    fn known(basis: ItemsBasis, items: u64, probability: f64) -> ExposureTerms {
        ExposureTerms { basis, items: Some(items), probability: Some(probability), ..ExposureTerms::default() }
    }

    #[test]
    fn the_matrix_agrees_with_the_worked_example_of_the_legal_text() {
        let criteria = shipped().danger;
        assert_eq!(criteria.row(1.0 / 500.0), 3);
        assert_eq!(cell(&criteria, 3, 1), Danger::Low, "a folding chair: 1/500 at severity 1");
        assert_eq!(cell(&criteria, 0, 1), Danger::High);
        assert_eq!(cell(&criteria, 6, 4), Danger::Medium);
        assert_eq!(cell(&criteria, 7, 4), Danger::Low);
    }

    #[test]
    fn more_severe_or_more_probable_is_never_less_dangerous() {
        let criteria = shipped().danger;
        for severity in 1..=4 {
            for row in 0..7 {
                assert!(cell(&criteria, row, severity) >= cell(&criteria, row + 1, severity));
                assert!(severity == 4 || cell(&criteria, row, severity) <= cell(&criteria, row, severity + 1));
            }
        }
    }

    #[test]
    fn an_unknown_probability_shows_both_ends() {
        let (danger, terms) = judged(Hazard::Fire, &[Report::new(0)]);
        assert_eq!(terms.probability_row, None);
        assert_eq!((terms.range, danger), ([Danger::Medium, Danger::Serious], Danger::High));
        assert!(terms.range[0] <= danger && danger <= terms.range[1]);
    }

    #[test]
    fn a_known_probability_is_one_cell_raised_by_the_items_in_use() {
        let fire = |items, probability| {
            judged_with(Hazard::Fire, &[Report::new(0)], known(ItemsBasis::Category, items, probability))
        };
        let (danger, terms) = fire(50_000, 1.0 / 20_000.0);
        assert_eq!((terms.probability_row, terms.range, danger), (Some(5), [Danger::Medium; 2], Danger::Medium));
        let (danger, terms) = fire(300_000, 1.0 / 20_000.0);
        assert_eq!((terms.exposure.before_items, danger), (Some(Danger::Medium), Danger::High));
        assert_eq!(fire(3_000_000, 1.0 / 20_000.0).0, Danger::Serious);
        assert_eq!(fire(50_000, 1e-7).0, Danger::Low, "known to be improbable");
    }

    #[test]
    fn a_bound_moves_the_level_only_as_far_as_it_binds() {
        let fire = |basis, items, probability| {
            let (danger, terms) = judged_with(Hazard::Fire, &[Report::new(0)], known(basis, items, probability));
            (danger, terms.range, terms.probability_row)
        };
        let unknown = (Danger::High, [Danger::Medium, Danger::Serious], None);
        assert_eq!(fire(ItemsBasis::PartOfCategory, 9_000_000, 1e-7), unknown, "at least that says nothing");
        let (danger, range, _) = fire(ItemsBasis::PartOfCategory, 9_000_000, 0.005);
        assert_eq!((danger, range), (Danger::Serious, [Danger::Serious; 2]), "it is at least this probable");
        let (danger, range, _) = fire(ItemsBasis::Displayed, 5_000, 1e-7);
        assert_eq!((danger, range), (Danger::High, [Danger::Low, Danger::Serious]), "an estimate never lowers a level");
        assert_eq!(fire(ItemsBasis::Displayed, 5_000, 0.9), unknown, "few listings do not make a product deadly");
        assert_eq!(fire(ItemsBasis::Displayed, 600_000, 0.9).0, Danger::Serious, "many sold raise it");
    }

    #[test]
    fn a_child_raises_severity_by_one_step() {
        let (_, plain) = judged(Hazard::Chemical, &[Report::new(0)]);
        let (_, child) = judged(Hazard::Chemical, &[Report::new(0).vulnerable()]);
        assert_eq!((plain.severity, child.severity, child.vulnerable), (2, 3, true));
    }

    #[test]
    fn a_death_is_stated_and_never_guessed_from_who_was_near() {
        let (danger, child) = judged(Hazard::Fire, &[Report::new(0).vulnerable()]);
        assert_eq!((child.severity, danger), (3, Danger::High), "a fire with a child near is no death");
        let (_, hurt) = judged(Hazard::Fire, &[Report::new(0).vulnerable().severity(3)]);
        assert_eq!(hurt.severity, 4);
        let (_, drowning) = judged(Hazard::Drowning, &[Report::new(0).vulnerable()]);
        assert_eq!(drowning.severity, 4, "what a hazard is credited with anyway stays");
    }

    #[test]
    fn the_worst_credible_injury_counts_and_rumours_do_not() {
        let (danger, terms) = judged(Hazard::Burn, &[Report::new(0).severity(1), Report::new(1).severity(4)]);
        assert_eq!((terms.severity, terms.severity_stated, danger), (4, 4, Danger::Serious));
        let (_, doubtful) = judged(Hazard::Burn, &[Report::new(0).severity(4).confidence(0.4)]);
        assert_eq!((doubtful.severity, doubtful.severity_stated), (2, 0));
        let (_, undated) = judged(Hazard::Burn, &[Report::new(0).severity(4).vulnerable().undated()]);
        assert_eq!((undated.severity, undated.severity_stated, undated.vulnerable), (2, 0, false));
        let (_, feared) = judged(Hazard::Burn, &[Report::new(0).severity(4).stance(vocabulary::Stance::Suspected)]);
        assert_eq!(feared.severity_stated, 0);
    }
}

//! How bad (隐患程度): worst credible severity, and the published matrix of severity × probability.

use super::criteria::DangerCriteria;
use super::events::Mention;
use crate::vocabulary::{Danger, DangerTerms, Hazard};

/// Judges the mentions of the deciding window.
pub(super) fn judge<'m>(
    hazard: Hazard,
    mentions: impl Iterator<Item = &'m Mention>,
    criteria: &DangerCriteria,
) -> (Danger, DangerTerms) {
    let (mut stated, mut vulnerable) = (0, false);
    for mention in mentions.filter(|mention| mention.confidence >= criteria.credible_confidence) {
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
    let [most, least] = criteria.assumed_band;
    let range = [cell(criteria, least, severity), cell(criteria, most, severity)];
    let terms = DangerTerms { severity, severity_stated: stated, vulnerable, probability_row: None, range };
    (cell(criteria, criteria.assumed_row, severity), terms)
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
        let records: Vec<_> = reports.iter().map(Report::record).collect();
        let criteria = shipped();
        let events = Events::build(&records, &criteria);
        judge(hazard, events.cells[0].mentions.iter(), &criteria.danger)
    }

    /// The row of the published table for a probability of injury.
    fn row(criteria: &DangerCriteria, probability: f64) -> u8 {
        let above = criteria.row_bounds.iter().position(|bound| probability > *bound);
        u8::try_from(above.unwrap_or(criteria.row_bounds.len())).expect("few rows")
    }

    #[test]
    fn the_matrix_agrees_with_the_worked_example_of_the_legal_text() {
        let criteria = shipped().danger;
        assert_eq!(row(&criteria, 1.0 / 500.0), 3);
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
        let (_, feared) =
            judged(Hazard::Burn, &[Report::new(0).severity(4).stance(crate::vocabulary::Stance::Suspected)]);
        assert_eq!(feared.severity_stated, 0);
    }
}

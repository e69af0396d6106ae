//! How much of a day's rises is chance (同日比较): false discovery rates over all cells that were compared (scoring methods,
//! section 7).
//!
//! In: the assessments of one day. Out: [`Among`] in each of them, and its sentence. Not here: alarms. The budget decides those, at a rate
//! of onsets that does not depend on what else rises today; this estimates how much of today's rises is chance.
//!
//! All cells of the budget count, though most show nothing and have no assessment: they enter with p = 1. There are two numbers, because
//! cells depend on one another: Benjamini & Hochberg's from p, and e-BH from the evidence, which holds under any dependence. The evidence
//! is a mean of likelihood ratios, so that its expectation is 1 where nothing rises: an e-value.

use methods::multiple_testing::{benjamini_hochberg_among, e_benjamini_hochberg_among};
use vocabulary::{Among, Assessment, ONSET_YEAR_DAYS, Sentence};

/// An assessment that is not yet compared with the others of its day.
pub(super) struct Assessed {
    pub(super) assessment: Assessment,
    /// Whether its part has the number of events that an alarm needs.
    pub(super) enough: bool,
}

/// Fills [`Among`] in every assessment of a day on which `cells` cells were compared. `window_days`: the longest window of the detector.
pub(super) fn fill(assessed: &mut [Assessed], cells: u64, window_days: u32) {
    // Brands that were taken out of a cell leave a rest, which is one more to look at.
    let cells = cells.max(assessed.len() as u64);
    let chance = |one: &Assessed| if one.enough { chance(one.assessment.detector.h, window_days) } else { 1.0 };
    let chances: Vec<f64> = assessed.iter().map(chance).collect();
    let evidence: Vec<f64> = assessed.iter().map(|one| one.assessment.detector.evidence).collect();
    let (q, e_q) = (benjamini_hochberg_among(&chances, cells), e_benjamini_hochberg_among(&evidence, cells));
    let mut ordered = chances.clone();
    ordered.sort_by(f64::total_cmp);
    for (at, one) in assessed.iter_mut().enumerate() {
        let p = chances[at];
        let alike = ordered.partition_point(|other| *other <= p) as u64;
        one.assessment.detector.among = Some(Among { cells, alike, p, q: q[at], e_q: e_q[at] });
    }
}

/// The sentence on how much of the day is chance.
pub(super) fn sentence(among: Among) -> Sentence {
    Sentence::Among { cells: among.cells, alike: among.alike, q: among.q, e_q: among.e_q }
}

/// Chance that a cell of this kind shows so much evidence on a day: that it began to, within as many days as an event stays in sight. A
/// bound: what began by chance is mostly over sooner.
fn chance(h: f64, window_days: u32) -> f64 {
    -(-(10_f64.powf(-h)) * f64::from(window_days) / ONSET_YEAR_DAYS).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::super::testing::{Report, days_after, said};
    use super::super::{Events, Feedback, Scorer, Volume, explain};
    use super::*;
    use tell::{self, Language};

    const DAY: i32 = 60;

    fn assess(reports: &[Report]) -> Vec<Assessment> {
        let records: Vec<_> = reports.iter().map(Report::record).collect();
        let scorer = Scorer::new(shipped());
        let volume: Volume = (-800..=DAY).map(|day| (days_after(day), 100)).collect();
        let events = Events::build(&records, scorer.criteria());
        scorer.assess(&events, &volume, &Feedback::none(), days_after(DAY))
    }

    fn burst(brand: &str) -> impl Iterator<Item = Report> {
        (0..4).map(move |day| Report::new(DAY - day).brand(brand))
    }

    fn among(all: &[Assessment], brand: &str) -> Among {
        let found = all.iter().find(|one| one.brand.as_deref() == Some(brand)).expect("assessed");
        found.detector.among.expect("told")
    }

    #[test]
    fn chance_is_a_share_and_falls_as_the_evidence_rises() {
        assert!((chance(0.0, 365) - (1.0 - (-1.0_f64).exp())).abs() < 1e-15);
        assert!(chance(-9.0, 56) <= 1.0 && chance(12.0, 56) > 0.0);
        assert!((chance(6.0, 365) / 1e-6 - 1.0).abs() < 1e-6, "small ones lose no digits");
    }

    #[test]
    fn a_matter_beside_others_that_rise_as_much_is_less_probably_chance() {
        let alone: Vec<Report> = burst("甲牌").collect();
        let beside: Vec<Report> =
            burst("甲牌").chain((0..2).map(|day| Report::new(DAY - 9 * day).brand("乙牌"))).collect();
        let (one, two) = (among(&assess(&alone), "甲牌"), assess(&beside));
        let (first, second) = (among(&two, "甲牌"), among(&two, "乙牌"));
        assert_eq!((one.alike, first.alike), (1, 1));
        assert!(second.alike >= 2 && second.p > first.p && second.q >= first.q, "{first:?} {second:?}");
        assert!(one.cells > 20_000, "48 categories × 24 hazards, with provinces and brands: {}", one.cells);
        assert!((one.q - (one.p * one.cells as f64).min(1.0)).abs() < 1e-12);
    }

    #[test]
    fn what_has_too_few_events_to_alarm_is_no_discovery() {
        let found = assess(&[Report::new(DAY).brand("甲牌")]);
        let told = found[0].detector.among.expect("told");
        assert!((told.p - 1.0).abs() < 1e-15 && (told.q - 1.0).abs() < 1e-15, "{told:?}");
    }

    #[test]
    fn the_explanation_tells_it_of_what_crossed_and_a_kept_one_without_it_is_read() {
        let all: Vec<Report> = burst("甲牌").collect();
        let mut found = assess(&all).remove(0);
        assert!(said(&found).contains("系偶然"), "{}", said(&found));
        assert!(tell::paragraph(&explain(&found), Language::English).contains("expected to be chance"));
        let mut kept = serde_json::to_value(&found).expect("JSON");
        kept["detector"].as_object_mut().expect("terms").remove("among").expect("stored");
        found.detector.among = None;
        let kept: Assessment = serde_json::from_value(kept).expect("read back");
        assert_eq!(kept.detector, found.detector);
        assert!(!tell::paragraph(&explain(&kept), Language::Chinese).contains("系偶然"));
    }
}

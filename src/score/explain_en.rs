//! The paragraph of an assessment in English, from the same stored terms as the Chinese one. What rules mean stays in the criteria
//! file's own words.

use std::fmt::Write;

use super::explain::{Recurrence, figure, province, recurrence, window};
use crate::vocabulary::{Alteration, Assessment, Change, Danger, ExposureTerms, ItemsBasis, RegionCode};

pub(super) fn in_english(a: &Assessment) -> String {
    let mut text = String::new();
    let (events, mu, p) = window(a);
    let (counts, detector) = (a.counts, &a.detector);
    let brand = a.brand.as_deref().map(|brand| format!(" of “{brand}”")).unwrap_or_default();
    let region = a.region.map(|region| format!(" in {}", place(region))).unwrap_or_default();
    let _ = write!(
        text,
        "As of {}, {events} independent events of {} in {}{brand}{region} in {} days ({} reports, {} texts, {} actors, {} places). ",
        a.as_of,
        a.hazard.en(),
        a.category.en(),
        a.window_days,
        counts.reports,
        counts.texts,
        counts.actors,
        counts.places
    );
    let often = match recurrence(detector.h) {
        Recurrence::Days(days) => format!("about once in {} days", figure(days)),
        Recurrence::Years(years) => format!("about once in {} years", figure(years)),
        Recurrence::Longer => "less than once in a thousand years".to_owned(),
    };
    let _ = write!(
        text,
        "{} expected, from {} in a baseline of {} weeks, the prior of its kind and the number of documents read; mid-p {}. Evidence for a \
         rise {}: a cell of this kind shows as much {often} by chance (h {:.2}), {} the limit of the false-alarm budget, {:.2}. ",
        figure(mu),
        detector.baseline_events,
        figure(detector.baseline_weeks),
        figure(p),
        figure(detector.evidence),
        detector.h,
        if a.decision.crossed { "above" } else { "not above (or too few events, or none since the watch began)" },
        detector.h_threshold
    );
    if let Some(id) = &a.decision.single_rule {
        let _ = write!(text, "Rule {id} for single reports holds. ");
    }
    text += &spread(a);
    let d = &a.danger_terms;
    let _ = write!(
        text,
        "Danger is {}: severity S{} ({} as stated{}); {}. Disposal: {} ({}). ",
        a.danger.en(),
        d.severity,
        d.severity_stated,
        if d.vulnerable { ", raised because elderly people, children or students are concerned" } else { "" },
        exposure(&d.exposure, d.range),
        a.disposal.en(),
        a.disposal_rule
    );
    let told: Vec<String> = a.change.iter().filter_map(|change| told(a, change)).collect();
    if !told.is_empty() {
        let _ = write!(text, "What would change it: {}. ", told.join("; "));
    }
    let _ = write!(text, "Criteria {}.", a.criteria);
    text
}

fn place(region: RegionCode) -> String {
    province(region).map_or_else(|| region.to_string(), |(.., name)| (*name).to_owned())
}

fn spread(a: &Assessment) -> String {
    let s = &a.spread_terms;
    let mut text = format!(
        "Spread is {}: {} brands ({:.1} effective, {:.0} % of events without), {} provinces ({:.1} effective, {:.0} % without)",
        a.spread.en(),
        s.brands,
        s.effective_brands,
        s.unknown_brand_share * 100.0,
        s.provinces,
        s.effective_provinces,
        s.unknown_region_share * 100.0
    );
    if let (Some(brand), Some(p)) = (&s.top_brand, s.p_without_top_brand) {
        let _ = write!(text, "; without “{brand}” the tail is {}", figure(p));
    }
    if let (Some(province), Some(p)) = (s.top_province, s.p_without_top_province) {
        let _ = write!(text, "; without {} the tail is {}", place(province), figure(p));
    }
    if s.company_wide {
        text += "; one brand in several places (company-wide)";
    }
    if s.provisional {
        text += "; most events name no brand, so industry-wide is provisional";
    }
    let _ = write!(text, " ({}). ", s.rule);
    text
}

fn exposure(e: &ExposureTerms, range: [Danger; 2]) -> String {
    let range = format!("the matrix allows {} to {}", range[0].en(), range[1].en());
    let Some(items) = e.items else {
        return format!("items in use unknown, probability as assumed, {range}");
    };
    let mut text = match e.basis {
        ItemsBasis::Category => format!("{items} items in use (criteria file)"),
        ItemsBasis::PartOfCategory => format!("a part, of unknown size, of {items} items in use (criteria file)"),
        ItemsBasis::Displayed | ItemsBasis::Unknown => format!("{items} sold as listings display (an estimate)"),
    };
    match (e.probability, e.lifetime_years) {
        (Some(probability), Some(years)) => {
            let bound = match e.basis {
                ItemsBasis::Category => "at most about",
                ItemsBasis::PartOfCategory => "at least about",
                ItemsBasis::Displayed | ItemsBasis::Unknown => "by this estimate at most about",
            };
            let _ = write!(
                text,
                ", {} events in {} days (upper {:.0} % limit {}), {} injuries for one reported and {} years of use: probability of injury over \
                 an item's life {bound} {}",
                e.events,
                e.days,
                e.confidence * 100.0,
                figure(e.upper),
                figure(e.under_reporting),
                figure(years),
                figure(probability)
            );
        }
        _ => text += ", years of use unknown, probability as assumed",
    }
    let _ = write!(text, ", {range}");
    if let Some(before) = e.before_items {
        let _ = write!(text, ", {} before the number of items in use", before.en());
    }
    text
}

fn told(a: &Assessment, change: &Change) -> Option<String> {
    let condition = match &change.what {
        Alteration::MoreAlike { events } => format!("{events} more independent events like these"),
        Alteration::MoreBrands { events } => format!("{events} more, each of a brand not named yet"),
        Alteration::MoreProvinces { regions } => format!("{} more, each in a province not seen yet", regions.len()),
        Alteration::Fewer { events } => format!("without the newest {events}"),
        Alteration::Severity { severity } => format!("an injury of S{severity} in the newest"),
        Alteration::WithoutBrand { brand, events } => format!("without the {events} of “{brand}”"),
        Alteration::WithoutProvince { region, events } => format!("without the {events} in {}", place(*region)),
        Alteration::WithoutDoubtful { below, events } => {
            format!("without the {events} of confidence below {}", figure(*below))
        }
    };
    let mut moved = Vec::new();
    if change.disposal != a.disposal {
        moved.push(format!("disposal becomes {}", change.disposal.en()));
    }
    if change.spread != a.spread {
        moved.push(format!("spread becomes {}", change.spread.en()));
    }
    if change.danger != a.danger {
        moved.push(format!("danger becomes {}", change.danger.en()));
    }
    match (moved.is_empty(), &change.what) {
        (true, Alteration::WithoutDoubtful { events: 0, .. }) => None,
        (true, _) => Some(format!("{condition}: nothing")),
        (false, _) => Some(format!("{condition}: {}", moved.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::super::testing::{Report, days_after};
    use super::super::{Events, Feedback, Language, Scorer, Volume, explain};
    use crate::vocabulary::Assessment;

    fn judged() -> Assessment {
        let records: Vec<_> = [0, 1, 1, 3]
            .into_iter()
            .zip(900_000..)
            .map(|(day, serial)| Report::new(day).serial(serial).brand("甲牌").region("330100").record())
            .collect();
        let scorer = Scorer::new(shipped());
        let volume: Volume = (-800..=3).map(|day| (days_after(day), 100)).collect();
        let events = Events::build(&records, scorer.criteria());
        scorer.assess(&events, &volume, &Feedback::none(), days_after(3)).remove(0)
    }

    #[test]
    fn an_explanation_in_english_reads_like_this() {
        let judged = judged();
        let text = explain(&judged, Language::English).replace(judged.criteria.as_str(), "VERSION");
        insta::assert_snapshot!(text, @"As of 2023-01-05, 4 independent events of fire and explosion in batteries and chargers of “甲牌” in Zhejiang in 7 days (4 reports, 4 texts, 4 actors, 1 places). 1.02e-4 expected, from 0 in a baseline of 104 weeks, the prior of its kind and the number of documents read; mid-p 5.84e-15. Evidence for a rise 20.3: a cell of this kind shows as much less than once in a thousand years by chance (h 10.03), above the limit of the false-alarm budget, 0.00. Spread is isolated: 1 brands (1.0 effective, 0 % of events without), 1 provinces (1.0 effective, 0 % without); without Zhejiang the tail is 0.5 (isolated). Danger is high: severity S3 (0 as stated); items in use unknown, probability as assumed, the matrix allows medium to serious. Disposal: sample (sample.danger). What would change it: 2 more, each of a brand not named yet: spread becomes regional; an injury of S4 in the newest: danger becomes serious; without the newest 2: disposal becomes notify. Criteria VERSION.");
    }

    #[test]
    fn a_kept_assessment_explains_itself_again_word_for_word() {
        let judged = judged();
        let kept = serde_json::to_string(&judged).expect("JSON");
        let kept: Assessment = serde_json::from_str(&kept).expect("read back");
        assert_eq!(explain(&kept, Language::Chinese), judged.explanation);
        assert_eq!(kept.change, judged.change);
    }
}

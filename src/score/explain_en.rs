//! The paragraph of an assessment in English, from the same stored terms as the Chinese one. What rules mean stays in the criteria
//! file's own words.

use std::fmt::Write;

use super::explain::{Recurrence, SHARE_TOLD, figure, percent, recurrence, window};
use super::spread::prefectures;
use super::spread::sentence::DAYS_TOLD;
use crate::vocabulary::{
    Alteration, Assessment, Change, ClusterTerms, Danger, ExposureTerms, FailureTerms, FeedbackTerms, ItemsBasis,
    Province, RegionCode, Spread, SpreadTerms,
};

/// Provinces of a cluster that are named before the rest are counted, as in Chinese.
const NAMED_MAX: usize = 4;

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
    if let Some(began) = &detector.began {
        let (week, probability) = (began.week_of, began.probability);
        let _ = write!(text, "The rise began about the week of {week} (probability of that change {probability:.2}). ");
    }
    if let Some(among) = detector.among.filter(|_| a.decision.crossed) {
        let _ = write!(
            text,
            "Of {} cells compared that day {} are as improbable by chance as this one; of those {} are expected to be chance (BH; e-BH, however \
             cells depend on one another: {}). ",
            among.cells,
            among.alike,
            share_at_most(among.q),
            share_at_most(among.e_q)
        );
    }
    if let Some(id) = &a.decision.single_rule {
        let _ = write!(text, "Rule {id} for single reports holds. ");
    }
    text += &spread(a);
    let d = &a.danger_terms;
    let _ = write!(
        text,
        "Danger is {}: severity S{} ({} as stated{}); {}. {}Disposal: {} ({}). ",
        a.danger.en(),
        d.severity,
        d.severity_stated,
        if d.vulnerable { ", raised because elderly people, children or students are concerned" } else { "" },
        exposure(&d.exposure, d.range),
        feedback(&a.feedback),
        a.disposal.en(),
        a.disposal_rule
    );
    let told: Vec<String> = a.change.iter().filter_map(|change| told(a, change)).collect();
    if !told.is_empty() {
        let of = a.change_of.map_or_else(String::new, |day| format!(" (as of {day})"));
        let _ = write!(text, "What would change it{of}: {}. ", told.join("; "));
    }
    let _ = write!(text, "Criteria {}.", a.criteria);
    text
}

fn share_at_most(share: f64) -> String {
    if share < SHARE_TOLD {
        "less than one in a thousand".to_owned()
    } else {
        format!("at most about {} %", figure(share * 100.0))
    }
}

fn place(region: RegionCode) -> String {
    let province = Province::of(region).map_or_else(|| region.to_string(), |province| province.en.to_owned());
    match prefectures::name(region) {
        Some(city) => format!("{city} ({province})"),
        None => province,
    }
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
    text += &measured(s);
    if let (Some(brand), Some(p)) = (&s.top_brand, s.p_without_top_brand) {
        let _ = write!(text, "; without “{brand}” the tail is {}", figure(p));
    }
    if let (Some(province), Some(p)) = (s.top_province, s.p_without_top_province) {
        let _ = write!(text, "; without {} the tail is {}", place(province), figure(p));
    }
    if s.company_wide {
        text += "; one brand in several places (company-wide)";
    }
    if s.provisional && a.spread == Spread::Regional {
        text += "; most events name no place, so regional is provisional";
    } else if s.provisional {
        text += "; most events name no brand, so industry-wide is provisional";
    }
    let _ = write!(text, " ({}). ", s.rule);
    text
}

/// What the spread axis measured: the same numbers in the same order as `spread::sentence` tells in Chinese.
fn measured(s: &SpreadTerms) -> String {
    let mut text = String::new();
    if let Some(cluster) = &s.cluster {
        let _ = write!(text, "; {}", found(&format!("most likely cluster {}", zone(cluster)), cluster));
        if let (Some(excess), Some(exposure)) = (s.cluster_excess_share, s.cluster_exposure_share) {
            let _ = write!(
                text,
                ", {} % of the excess in {} % of the exposure",
                figure(excess * 100.0),
                figure(exposure * 100.0)
            );
        }
        if let (Some(events), Some(p)) = (s.events_without_cluster, s.p_without_cluster) {
            let _ = write!(text, ", {events} outside of it, tail {}", figure(p));
        }
    }
    if let Some(cluster) = &s.prefecture_cluster {
        let _ = write!(text, "; {}", found(&format!("by prefecture thickest in {}", zone(cluster)), cluster));
    }
    if let (Some(weeks), Some(one), Some(even)) = (s.reach_weeks, s.one_region_probability, s.even_probability) {
        let _ = write!(
            text,
            "; the excess of the last {weeks} weeks is in one region with probability {}, and even with probability {} if it is across the \
             country",
            figure(one),
            figure(even)
        );
    }
    if let Some(platform) = s.platform_cluster.as_ref().filter(|platform| platform.held) {
        let name = platform.zone.as_deref().unwrap_or_default();
        let _ = write!(text, "; {}", found(&format!("most likely platform {name}"), platform));
    }
    if s.raised_brands > 0 {
        let _ = write!(text, "; brands that have clearly risen: {}", s.raised_brands);
    }
    if let Some(p) = s.p_heterogeneity {
        let _ = write!(text, "; provinces differ by chance as much with p={}", figure(p));
    }
    if let Some(shared) = &s.shared {
        let names: Vec<&str> = shared.categories.iter().map(|category| category.en()).collect();
        let _ = write!(
            text,
            "; like rises to do with “{}” in {} ({} events in all)",
            shared.word,
            names.join(", "),
            shared.events
        );
    }
    for line in s.out_of_line.iter().filter(|line| line.ic025 > 0.0) {
        let who = line.brand.as_ref().map_or_else(|| "the category".to_owned(), |brand| format!("“{brand}”"));
        let _ = write!(
            text,
            "; {who} is out of line with this hazard ({} events against {} expected, IC025={:.2})",
            line.events,
            figure(line.expected),
            line.ic025
        );
    }
    text
}

fn found(what: &str, cluster: &ClusterTerms) -> String {
    let mut text = format!(
        "{what}, last {} weeks: {} events ({} expected",
        cluster.weeks,
        cluster.events,
        figure(cluster.expected)
    );
    if cluster.recurrence_days.is_some_and(|days| days > DAYS_TOLD) {
        text += ", by chance less than once in 10000 days";
    } else if let Some(days) = cluster.recurrence_days {
        let _ = write!(text, ", by chance about once in {} days", figure(days));
    }
    text + ")"
}

fn zone(cluster: &ClusterTerms) -> String {
    if let Some(name) = &cluster.zone {
        return name.clone();
    }
    let names: Vec<String> = cluster.regions.iter().take(NAMED_MAX).map(|region| place(*region)).collect();
    let names = names.join(", ");
    if cluster.regions.len() > NAMED_MAX {
        format!("{names} and others, {} in all", cluster.regions.len())
    } else {
        names
    }
}

/// What outcomes add: the same numbers in the same order as `feedback::told` tells in Chinese. Each sentence ends with a space.
fn feedback(terms: &FeedbackTerms) -> String {
    let mut text = String::new();
    if let Some(thinned) = &terms.thinned {
        let still = if thinned.survives { "still above the limit" } else { "no longer above the limit, so no alert" };
        let _ = write!(
            text,
            "Without sources of credibility below {}, {} events fewer, h={:.2}: {still}. ",
            figure(thinned.w_below),
            thinned.removed,
            thinned.h
        );
    }
    if let Some(muted) = &terms.muted {
        let by = if muted.tested > 0 {
            format!("{} batches tested, {} failed", muted.tested, muted.failed)
        } else {
            "looked into".to_owned()
        };
        let state = if muted.lifted { "the evidence suffices, heard again" } else { "it does not suffice, no alert" };
        let _ = write!(
            text,
            "Not confirmed before ({by}; {}): muted from {} to {}, heard again at h≥{:.2} or with something new; {state}. ",
            muted.outcome, muted.since, muted.until, muted.h_needed
        );
    }
    if let Some(confirmed) = &terms.confirmed {
        let _ = write!(
            text,
            "Of {} companies with test results {} fail clearly more often than the usual {}{}. ",
            confirmed.tested_companies,
            confirmed.failing_companies,
            percent(confirmed.usual),
            if confirmed.industry { ": industry-wide, confirmed" } else { "" }
        );
    }
    if let Some(matter) = &terms.matter {
        let _ = write!(text, "This matter: {}. ", failures(matter));
    }
    if let Some(usual) = &terms.usual {
        let _ = write!(text, "Random samples of the category: {}. ", failures(usual));
    }
    if let Some(p_real) = terms.p_real.as_ref().filter(|p_real| p_real.judged > 0) {
        let _ = write!(
            text,
            "{} alike alerts were looked into, {} were real (of all {}: {}); this one is real with probability {} (90% interval {} to {}). ",
            p_real.alike,
            p_real.alike_confirmed,
            p_real.judged,
            p_real.judged_confirmed,
            percent(p_real.mean),
            percent(p_real.interval[0]),
            percent(p_real.interval[1])
        );
    }
    text
}

/// Never a rate without its n (clause 2-13).
fn failures(terms: &FailureTerms) -> String {
    format!(
        "{} batches tested, {} failed, share of failures about {} (90% interval {} to {}), above {} with probability {}",
        terms.tested,
        terms.failed,
        percent(terms.mean),
        percent(terms.interval[0]),
        percent(terms.interval[1]),
        percent(terms.threshold),
        percent(terms.p_above)
    )
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
    use super::super::feedback::told;
    use super::super::spread::sentence;
    use super::super::testing::{Report, days_after};
    use super::super::{Events, Feedback, Language, Scorer, Volume, explain};
    use crate::vocabulary::{Assessment, ClusterTerms, FeedbackTerms, SharedTerms};

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
        insta::assert_snapshot!(text, @"As of 2023-01-05, 4 independent events of fire and explosion in batteries and chargers of “甲牌” in Zhejiang in 7 days (4 reports, 4 texts, 4 actors, 1 places). 1.02e-4 expected, from 0 in a baseline of 104 weeks, the prior of its kind and the number of documents read; mid-p 5.84e-15. Evidence for a rise 20.3: a cell of this kind shows as much less than once in a thousand years by chance (h 10.03), above the limit of the false-alarm budget, 0.00. The rise began about the week of 2022-12-30 (probability of that change 0.88). Of 63360 cells compared that day 1 are as improbable by chance as this one; of those less than one in a thousand are expected to be chance (BH; e-BH, however cells depend on one another: less than one in a thousand). Spread is isolated: 1 brands (1.0 effective, 0 % of events without), 1 provinces (1.0 effective, 0 % without); most likely cluster Zhejiang, last 1 weeks: 4 events (4.55e-6 expected), 100 % of the excess in 4.48 % of the exposure, 0 outside of it, tail 0.559; by prefecture thickest in 杭州 (Zhejiang), last 1 weeks: 4 events (8.41e-7 expected, by chance less than once in 10000 days); the excess of the last 1 weeks is in one region with probability 0.938, and even with probability 0.00978 if it is across the country; brands that have clearly risen: 1; provinces differ by chance as much with p=0.03; without Zhejiang the tail is 0.5 (isolated). Danger is high: severity S3 (0 as stated); items in use unknown, probability as assumed, the matrix allows medium to serious. Disposal: sample (sample.danger). What would change it: 2 more, each of a brand not named yet: spread becomes regional; an injury of S4 in the newest: danger becomes serious; without the newest 2: disposal becomes notify. Criteria VERSION.");
    }

    /// The numbers of a text, in their order.
    fn numbers(text: &str) -> Vec<String> {
        let number = regex::Regex::new(r"\d+(\.\d+)?(e-?\d+)?%?").expect("a pattern");
        number.find_iter(&text.replace(" %", "%")).map(|found| found.as_str().to_owned()).collect()
    }

    #[test]
    fn both_languages_tell_the_same_numbers_of_spread_and_of_what_came_back() {
        let judged = judged();
        let mut spread = judged.spread_terms.clone();
        let cluster = spread.cluster.clone().expect("a cluster");
        let (zone, recurrence_days, held) = (Some("某平台".to_owned()), Some(1234.0), true);
        let cities = vec!["330100".parse().expect("a code"), "330400".parse().expect("a code")];
        spread.prefecture_cluster =
            Some(ClusterTerms { regions: cities, recurrence_days: Some(77.0), ..cluster.clone() });
        spread.platform_cluster = Some(ClusterTerms { zone, recurrence_days, held, ..cluster });
        spread.shared = Some(SharedTerms {
            kind: "component".into(),
            word: "电源线".into(),
            categories: vec![judged.category],
            events: 11,
        });
        let (chinese, english) = (sentence::measured(&spread), super::measured(&spread));
        assert_eq!(numbers(&chinese), numbers(&english), "{chinese}\n{english}");
        assert!(numbers(&chinese).len() >= 14, "{chinese}");

        let failure = serde_json::json!({"tested": 12, "failed": 3, "prior": [0.5, 9.5], "campaigns": 0, "law": [3.5, 18.5], "mean": 0.159,
            "interval": [0.054, 0.3], "threshold": 0.05, "p_above": 0.96});
        let terms: FeedbackTerms = serde_json::from_value(serde_json::json!({
            "regime": "sparse", "basis": "onset", "mix": judged.feedback.mix, "intensity": 1.5,
            "p_real": {"mean": 0.61, "interval": [0.4, 0.8], "method": "beta_binomial", "alike": 6, "alike_confirmed": 4, "judged": 31,
                "judged_confirmed": 17, "shape": [6.0, 4.0]},
            "thinned": {"w_below": 0.3, "removed": 2, "h": 1.25, "survives": false},
            "usual": failure, "matter": failure,
            "muted": {"outcome": "o-7", "tested": 20, "failed": 0, "since": "2023-01-02", "until": "2023-02-27", "h_needed": 3.5,
                "lifted": false},
            "confirmed": {"tested_companies": 5, "failing_companies": 4, "usual": 0.05, "industry": true},
        }))
        .expect("terms");
        let (chinese, english) = (told(&terms), super::feedback(&terms));
        assert_eq!(numbers(&chinese), numbers(&english), "{chinese}\n{english}");
        assert!(numbers(&chinese).len() >= 30, "{chinese}");
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

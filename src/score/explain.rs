//! Why an assessment is what it is, as sentences filled from stored terms only (SCORE-2): an assessment that was kept gives the same again.
//! Section 11 of the methods: what was seen, what was expected, how rare, how wide, how bad, what follows, what would change it.
//! Not here: wording, any arithmetic.

use super::spread::prefectures;
use vocabulary::{
    Alteration, Assessment, Change, Cluster, ClusterTerms, Explanation, FeedbackTerms, Place, RegionCode, Sentence,
    Spread, SpreadFinding, SpreadTerms, Subject, Variety, Zone,
};

/// The explanation of an assessment, from its stored terms alone.
#[must_use]
pub fn explain(a: &Assessment) -> Explanation {
    let (detector, decision) = (&a.detector, &a.decision);
    let window = detector.windows.iter().find(|window| window.days == a.window_days);
    let (events, expected, p) = window.map_or((0, 0.0, 1.0), |window| (window.x, window.mu, window.p));
    let subject =
        Subject { category: a.category, hazard: a.hazard, brand: a.brand.clone(), region: a.region.map(place) };
    let mut said = vec![
        Sentence::Seen { as_of: a.as_of, days: a.window_days, subject, events, counts: a.counts },
        Sentence::Expected {
            baseline_weeks: detector.baseline_weeks,
            baseline_events: detector.baseline_events,
            expected,
            p,
        },
        Sentence::Rise {
            evidence: detector.evidence,
            h: detector.h,
            h_threshold: detector.h_threshold,
            crossed: decision.crossed,
        },
    ];
    if let Some(began) = &detector.began {
        said.push(Sentence::Began { week_of: began.week_of, probability: began.probability });
    }
    if let Some(among) = detector.among.filter(|_| decision.crossed) {
        said.push(Sentence::Among { cells: among.cells, alike: among.alike, q: among.q, e_q: among.e_q });
    }
    if let (Some(rule), Some(means)) = (&decision.single_rule, &decision.single_means) {
        said.push(Sentence::SingleRule { rule: rule.clone(), means: means.clone() });
    }
    said.push(spread(a));
    let (terms, branded) = (a.danger_terms.clone(), a.brand.is_some());
    said.push(Sentence::Danger { danger: a.danger, terms, branded });
    said.extend(outcomes(&a.feedback));
    let (disposal, means, rule) = (a.disposal, decision.disposal_means.clone(), a.disposal_rule.clone());
    said.push(Sentence::Disposal { disposal, means, rule });
    let changes: Vec<Change> = a.change.iter().filter(|change| says_something(a, change)).cloned().collect();
    if !changes.is_empty() {
        let (danger, spread, disposal) = (a.danger, a.spread, a.disposal);
        said.push(Sentence::Change { as_of: a.change_of, danger, spread, disposal, changes });
    }
    said.push(Sentence::Criteria { version: a.criteria.clone() });
    Explanation::from(said)
}

/// What outcomes of earlier alerts add; nothing when nothing came back.
fn outcomes(terms: &FeedbackTerms) -> impl Iterator<Item = Sentence> {
    let judged = terms.p_real.clone().filter(|p_real| p_real.judged > 0);
    [
        terms.thinned.clone().map(Sentence::Thinned),
        terms.muted.clone().map(Sentence::Muted),
        terms.confirmed.clone().map(Sentence::Confirmed),
        terms.matter.clone().map(Sentence::Matter),
        terms.usual.clone().map(Sentence::Usual),
        judged.map(Sentence::Real),
    ]
    .into_iter()
    .flatten()
}

/// That nothing doubtful could be left out says nothing.
fn says_something(a: &Assessment, change: &Change) -> bool {
    let moves = (change.danger, change.spread, change.disposal) != (a.danger, a.spread, a.disposal);
    moves || !matches!(change.what, Alteration::WithoutDoubtful { events: 0, .. })
}

fn spread(a: &Assessment) -> Sentence {
    let s = &a.spread_terms;
    let mut findings = findings(s);
    if let (Some(brand), Some(p)) = (&s.top_brand, s.p_without_top_brand) {
        findings.push(SpreadFinding::WithoutBrand { brand: brand.clone(), p });
    }
    if let (Some(province), Some(p)) = (s.top_province, s.p_without_top_province) {
        findings.push(SpreadFinding::WithoutProvince { province: place(province), p });
    }
    if s.company_wide {
        findings.push(SpreadFinding::CompanyWide);
    }
    if s.provisional {
        let regional = a.spread == Spread::Regional;
        findings.push(if regional { SpreadFinding::ProvisionalRegion } else { SpreadFinding::ProvisionalIndustry });
    }
    Sentence::Spread {
        spread: a.spread,
        brands: Variety { named: s.brands, effective: s.effective_brands, unknown_share: s.unknown_brand_share },
        provinces: Variety {
            named: s.provinces,
            effective: s.effective_provinces,
            unknown_share: s.unknown_region_share,
        },
        findings,
        rule: s.rule.clone(),
    }
}

/// What the spread axis measured; empty for a matter that did not cross.
fn findings(s: &SpreadTerms) -> Vec<SpreadFinding> {
    let mut findings = Vec::new();
    if let Some(terms) = &s.cluster {
        findings.push(SpreadFinding::Cluster {
            cluster: cluster(terms),
            shares: s.cluster_excess_share.zip(s.cluster_exposure_share).map(|(excess, exposure)| [excess, exposure]),
            outside: s.events_without_cluster.zip(s.p_without_cluster),
        });
    }
    if let Some(terms) = &s.prefecture_cluster {
        findings.push(SpreadFinding::Prefectures { cluster: cluster(terms) });
    }
    if let (Some(weeks), Some(one_region), Some(even)) = (s.reach_weeks, s.one_region_probability, s.even_probability) {
        findings.push(SpreadFinding::Reach { weeks, one_region, even });
    }
    if let Some(terms) = s.platform_cluster.as_ref().filter(|platform| platform.held) {
        let zone = Zone::Named(terms.zone.clone().unwrap_or_default());
        findings.push(SpreadFinding::Platform { cluster: Cluster { zone, ..cluster(terms) } });
    }
    if s.raised_brands > 0 {
        findings.push(SpreadFinding::RaisedBrands { brands: s.raised_brands });
    }
    if let Some(p) = s.p_heterogeneity {
        findings.push(SpreadFinding::Heterogeneity { p });
    }
    if let Some(shared) = &s.shared {
        let (word, categories, events) = (shared.word.clone(), shared.categories.clone(), shared.events);
        findings.push(SpreadFinding::Shared { word, categories, events });
    }
    findings.extend(s.out_of_line.iter().filter(|line| line.ic025 > 0.0).map(|line| SpreadFinding::OutOfLine {
        brand: line.brand.clone(),
        events: line.events,
        expected: line.expected,
        ic025: line.ic025,
    }));
    findings
}

fn cluster(terms: &ClusterTerms) -> Cluster {
    let places = || Zone::Places(terms.regions.iter().copied().map(place).collect());
    Cluster {
        zone: terms.zone.clone().map_or_else(places, Zone::Named),
        weeks: terms.weeks,
        events: terms.events,
        expected: terms.expected,
        recurrence_days: terms.recurrence_days,
    }
}

fn place(region: RegionCode) -> Place {
    Place { region, city: prefectures::name(region).map(ToOwned::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::super::testing::{Report, days_after, said};
    use super::super::{Events, Feedback, Scorer, Volume};
    use super::*;
    use tell::{self, Language};

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
        let text = tell::paragraph(&judged.explanation, Language::English).replace(judged.criteria.as_str(), "VERSION");
        insta::assert_snapshot!(text, @"As of 2023-01-05, 4 independent events of fire and explosion in batteries and chargers of “甲牌” in Zhejiang in 7 days (4 reports, 4 texts, 4 actors, 1 places). 1.02e-4 expected, from 0 in a baseline of 104 weeks, the prior of its kind and the number of documents read; mid-p 5.84e-15. Evidence for a rise 20.3: a cell of this kind shows as much less than once in a thousand years by chance (h 10.03), above the limit of the false-alarm budget, 0.00. The rise began about the week of 2022-12-30 (probability of that change 0.88). Of 63360 cells compared that day 1 are as improbable by chance as this one; of those less than one in a thousand are expected to be chance (BH; e-BH, however cells depend on one another: less than one in a thousand). Spread is isolated: 1 brands (1.0 effective, 0 % of events without), 1 provinces (1.0 effective, 0 % without); most likely cluster Zhejiang, last 1 weeks: 4 events (4.55e-6 expected), 100 % of the excess in 4.48 % of the exposure, 0 outside of it, tail 0.559; by prefecture thickest in 杭州 (Zhejiang), last 1 weeks: 4 events (8.41e-7 expected, by chance less than once in 10000 days); the excess of the last 1 weeks is in one region with probability 0.938, and even with probability 0.00978 if it is across the country; brands that have clearly risen: 1; provinces differ by chance as much with p=0.03; without Zhejiang the tail is 0.5 (isolated). Danger is high: severity S3 (0 as stated); items in use unknown, probability as assumed, the matrix allows medium to serious. Disposal: sample (sample.danger). What would change it: 2 more, each of a brand not named yet: spread becomes regional; an injury of S4 in the newest: danger becomes serious; without the newest 2: disposal becomes notify. Criteria VERSION.");
    }

    #[test]
    fn a_kept_assessment_explains_itself_again_word_for_word() {
        let judged = judged();
        let kept = serde_json::to_string(&judged).expect("JSON");
        let kept: Assessment = serde_json::from_str(&kept).expect("read back");
        // Numbers come back from JSON to the last bit but one, which no sentence shows.
        for again in [explain(&kept), kept.explanation] {
            assert_eq!(tell::paragraph(&again, Language::Chinese), said(&judged));
        }
        assert_eq!(kept.change, judged.change);
    }

    #[test]
    fn an_assessment_of_an_earlier_version_shows_its_prose_and_is_explained_anew_from_its_terms() {
        let judged = judged();
        let mut kept = serde_json::to_value(&judged).expect("JSON");
        kept["explanation"] = "截至2023-01-05，旧的说法。".into();
        let kept: Assessment = serde_json::from_value(kept).expect("read back");
        assert_eq!(said(&kept), "截至2023-01-05，旧的说法。");
        assert_eq!(tell::paragraph(&kept.explanation, Language::English), "截至2023-01-05，旧的说法。");
        assert_eq!(explain(&kept), judged.explanation);
    }
}

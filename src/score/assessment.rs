//! An assessment: the levels of a part, the terms that are shown beside them, and the sentences that say why.
//!
//! Every term of a part is filled in [`CellDay::assessments`], every term that compares the parts of a day in [`finish`], and every
//! sentence is listed in [`explain`]; what a term is and how its sentence is made stands in the term's own file. Sentences are made of
//! stored terms alone (SCORE-2): an assessment that was kept gives the same again. Not here: which events are one part and its levels
//! (`cell_day`), the wording (`tell`).

use std::collections::BTreeSet;

use super::cell_day::{CellDay, JudgedPart, Part, RecentMention, outcome_sentences};
use super::criteria::Criteria;
use super::events::Mention;
use super::false_discovery::{self, Assessed};
use super::spread::{self, Shares, place};
use super::{change, change_point};
use vocabulary::{
    Assessment, Counts, Danger, Decision, Disposal, DocumentId, Explanation, OutOfLineTerms, RegionCode, Sentence,
    Spread, Subject,
};

/// Rule id of assessments that no disposal rule claims.
const EXCLUDED: &str = "exclude.below_line";

impl<'a> CellDay<'a> {
    /// The assessments of this cell, one for each part, not yet compared with other cells and not yet explained. `whole`: all of `recent`
    /// as one part.
    pub(super) fn assessments(&self, whole: Part<'a>, recent: &[RecentMention<'a>]) -> Vec<Assessed> {
        self.parts_of(whole, recent).iter().map(|part| self.assessment(part, recent)).collect()
    }

    fn assessment(&self, part: &Part<'a>, recent: &[RecentMention<'a>]) -> Assessed {
        let criteria = self.criteria;
        let judged = self.judged(part);
        let change = change::changes(self, part, &judged, recent);
        let JudgedPart { window_days, shares, danger, danger_terms, spread, mut spread_terms, disposal, rule } = judged;
        // Shown beside the level and no reason for it: `change` does without these.
        spread_terms.prefecture_cluster = self.prefecture_cluster(part, spread_terms.scans);
        if part.test.crossed {
            spread_terms.out_of_line = self.out_of_line(&shares);
        }
        let inside: Vec<&RecentMention<'_>> =
            part.mentions.iter().filter(|seen| self.within(seen, window_days)).collect();
        let (brand, region) = self.labels(part, &shares, spread);
        let feedback = self.feedback_terms(part, &inside, (danger, spread), brand.as_deref());
        let counts = counts(&inside);
        let mut detector = part.test.terms.clone();
        if part.test.crossed {
            detector.began = change_point::of_part(self, part);
        }
        let decision = Decision {
            crossed: part.test.crossed,
            single_rule: part.single.map(|rule| rule.id.clone()),
            single_means: part.single.map(|rule| rule.means.clone()),
            disposal_means: rule.map(|rule| rule.means.clone()),
        };
        let assessment = Assessment {
            as_of: self.as_of,
            category: self.cell.category,
            hazard: self.cell.hazard,
            brand,
            region,
            danger,
            spread,
            disposal,
            rank_score: rank(criteria, danger, spread, disposal, detector.h, counts.reports)
                * self.weight_in_queue(feedback.p_real.as_ref()),
            counts,
            window_days,
            detector,
            danger_terms,
            spread_terms,
            feedback,
            disposal_rule: rule.map_or(part.outcomes.excluded().unwrap_or(EXCLUDED), |rule| &rule.id).to_owned(),
            decision,
            change,
            change_of: None,
            explanation: Explanation::default(),
            criteria: criteria.version.clone(),
            documents: self.documents(&inside),
        };
        Assessed { assessment, enough: part.test.enough }
    }

    /// The disproportion of this category, then of the most named brand.
    fn out_of_line(&self, shares: &Shares) -> Vec<OutOfLineTerms> {
        let name = |brand: u32| self.names.brands.get(brand as usize).map(|name| (brand, name.as_str()));
        let brand = shares.top_brand().and_then(|(brand, _)| name(brand));
        self.disproportion().terms(self.cell.category, self.cell.hazard, brand)
    }

    /// Brand and province of a part: what it was made by, or what clearly dominates it.
    fn labels(&self, part: &Part<'_>, shares: &Shares, spread: Spread) -> (Option<String>, Option<RegionCode>) {
        let limits = &self.criteria.spread;
        let narrow = spread < Spread::Industry && (part.above() || part.outcomes.excluded().is_some());
        let top_brand = shares.top_brand().filter(|_| narrow && shares.top_brand_share() >= limits.dominant_share);
        let placed = shares.unknown_region_share() <= limits.unknown_share_max;
        let top_province =
            shares.top_province().filter(|_| narrow && placed && shares.top_province_share() >= limits.dominant_share);
        let brand = if part.scope.brand > 0 { Some(part.scope.brand) } else { top_brand.map(|(brand, _)| brand) };
        let province = if part.scope.province > 0 {
            Some(part.scope.province)
        } else {
            top_province.map(|(province, _)| province)
        };
        (
            brand.and_then(|brand| self.events.names.brands.get(brand as usize).cloned()),
            province.and_then(|province| RegionCode::new(province * 10_000).ok()),
        )
    }

    /// Documents that open an event first, then those that repeat one, then pages without a date; each in event order, each once.
    fn documents(&self, inside: &[&RecentMention<'_>]) -> Vec<DocumentId> {
        let mut listed = BTreeSet::new();
        let leaders = inside.iter().filter(|seen| seen.mention.opens);
        let others = |undated| inside.iter().filter(move |seen| !seen.mention.opens && seen.mention.undated == undated);
        leaders
            .chain(others(false))
            .chain(others(true))
            .filter(|seen| listed.insert(seen.mention.document))
            .map(|seen| self.events.names.documents[seen.mention.document as usize].clone())
            .collect()
    }
}

fn counts(inside: &[&RecentMention<'_>]) -> Counts {
    let counted = || inside.iter().map(|seen| seen.mention).filter(|mention| !mention.undated);
    let distinct = |value: &dyn Fn(&Mention) -> u32| -> u64 {
        let values: BTreeSet<u32> = counted().map(value).collect();
        values.len() as u64
    };
    let places: BTreeSet<u32> =
        counted().map(|mention| mention.region / 100).filter(|prefecture| *prefecture > 0).collect();
    Counts {
        reports: distinct(&|mention| mention.document),
        texts: distinct(&|mention| mention.story),
        actors: distinct(&|mention| mention.actor),
        places: places.len() as u64,
    }
}

/// `danger × spread × disposal × (1 + min(max(h, 0), cap)) × ln(1 + reports)`; the caller multiplies by the probability that it is real.
fn rank(criteria: &Criteria, danger: Danger, spread: Spread, disposal: Disposal, h: f64, reports: u64) -> f64 {
    let weights = &criteria.rank;
    let weight = |found: Option<&f64>| found.copied().unwrap_or(1.0);
    weight(weights.danger.get(&danger))
        * weight(weights.spread.get(&spread))
        * weight(weights.disposal.get(&disposal))
        * (1.0 + h.clamp(0.0, weights.h_cap))
        * (reports as f64).ln_1p()
}

/// Completes the assessments of a day: fills the terms that compare them with one another, and explains each. `cells`: the cells of the
/// budget; `window_days`: the longest window of the detector.
pub(super) fn finish(mut assessed: Vec<Assessed>, cells: u64, window_days: u32) -> Vec<Assessment> {
    false_discovery::fill(&mut assessed, cells, window_days);
    let explained = |Assessed { mut assessment, .. }| {
        assessment.explanation = explain(&assessment);
        assessment
    };
    assessed.into_iter().map(explained).collect()
}

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
    said.extend(detector.began.as_ref().map(change_point::sentence));
    said.extend(detector.among.filter(|_| decision.crossed).map(false_discovery::sentence));
    if let (Some(rule), Some(means)) = (&decision.single_rule, &decision.single_means) {
        said.push(Sentence::SingleRule { rule: rule.clone(), means: means.clone() });
    }
    said.push(spread::sentence(a.spread, &a.spread_terms));
    let (terms, branded) = (a.danger_terms.clone(), a.brand.is_some());
    said.push(Sentence::Danger { danger: a.danger, terms, branded });
    said.extend(outcome_sentences(&a.feedback));
    let (disposal, means, rule) = (a.disposal, decision.disposal_means.clone(), a.disposal_rule.clone());
    said.push(Sentence::Disposal { disposal, means, rule });
    said.extend(change::sentence(a));
    said.push(Sentence::Criteria { version: a.criteria.clone() });
    Explanation::from(said)
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
        insta::assert_snapshot!(text, @"As of 2023-01-05, 4 independent events of fire and explosion in batteries and chargers of “甲牌” in Zhejiang in 7 days (4 reports, 4 texts, 4 actors, 1 places). 1.02e-4 expected, from 0 in a baseline of 104 weeks, the prior of its kind and the number of documents read; mid-p 5.84e-15. Evidence for a rise 20.3: a cell of this kind shows as much less than once in a thousand years by chance (h 10.03), above the limit of the false-alarm budget, 0.00. The rise began about the week of 2022-12-30 (probability of that change 0.88). Of 63360 cells compared that day 1 are as improbable by chance as this one; of those less than one in a thousand are expected to be chance (BH; e-BH, however cells depend on one another: less than one in a thousand). Spread is isolated: 1 brands (1.0 effective, 0 % of events without), 1 provinces (1.0 effective, 0 % without); most likely cluster Zhejiang, last 1 weeks: 4 events (4.55e-6 expected), 100 % of the excess in 4.48 % of the exposure, 0 outside of it, tail 0.559; by prefecture thickest in 杭州 (Zhejiang), last 1 weeks: 4 events (8.41e-7 expected, by chance less than once in 10000 days); the excess of the last 1 weeks is in one region with probability 0.938, and even with probability 0.00978 if it is across the country; brands that have clearly risen: 1; provinces differ by chance as much with p=0.03; without Zhejiang the tail is 0.5 (isolated). Danger is high: severity S3 (0 as stated); items in use unknown, probability as assumed, the matrix allows medium to serious. Disposal: notify (notify.onset). What would change it: 2 more, each of a brand not named yet: disposal becomes sample, spread becomes regional; 2 more, each in a province not seen yet: disposal becomes sample; an injury of S4 in the newest: danger becomes serious; without the newest 3: disposal becomes exclude. Criteria VERSION.");
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

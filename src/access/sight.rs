//! What a party sees of an alert: the whole of it, the part that concerns it, or nothing.
//!
//! Supervision bodies and monitoring centres see alerts as they are; a supervision body with regions sees those that touch them. Everybody
//! else sees a copy without sources, places of finding, other parties' brands and what the machine has learnt about sources: test bodies
//! what is to be sampled, platforms and firms what names them, the public what was published.
//!
//! Copies are built of the fields that are named here. Records are taken apart without `..`, so that a new field of a record does not
//! compile until somebody has decided here who sees it.

use std::collections::BTreeSet;

use jiff::civil::Date;

use vocabulary::{
    Act, Alert, AlertEvent, Among, Assessment, Began, CandidateSeller, Category, Counts, Danger, DangerTerms, Decision,
    DetectorTerms, Disposal, Evidence, Explanation, ExposureTerms, Hazard, Listing, OutOfLineTerms, Party, RegionTerm,
    Role, SamplingRequest, Sentence, SharedTerms, ShownAlert, ShownAssessment, ShownEvent, Spread, SpreadTerms,
    TestItem, WindowTerm,
};

/// Copies a record that holds nothing but these fields. A field that is not named does not compile.
macro_rules! only {
    ($record:expr => $type:ident { $($field:ident),+ $(,)? }) => {{
        let $type { $($field),+ } = $record;
        $type { $($field),+ }
    }};
}

/// To whom people opened an alert beyond those whom it concerns.
#[derive(Debug, Clone, Copy, Default)]
pub struct Opened<'a> {
    /// A person has made it public.
    pub published: bool,
    /// Units that were told of it by name.
    pub told: Option<&'a BTreeSet<String>>,
}

/// The sight of one party: makes what it may be shown of records, and nothing else does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyView {
    /// None: whoever sits at the machine, who sees everything.
    party: Option<Party>,
}

impl PartyView {
    /// The sight of whoever sits at the machine: everything.
    #[must_use]
    pub fn owner() -> Self {
        Self { party: None }
    }

    /// The sight of a party; of the owner, where there is none.
    #[must_use]
    pub fn of(party: Option<&Party>) -> Self {
        Self { party: party.cloned() }
    }

    /// The party; none: the owner.
    #[must_use]
    pub fn party(&self) -> Option<&Party> {
        self.party.as_ref()
    }

    /// Whether it sees alerts as they are, with sources and all numbers.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.outside().is_none()
    }

    /// Whether it sees every alert, whatever it is about and whoever made it public.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        self.party.as_ref().is_none_or(|party| match party.role {
            Role::Centre => true,
            Role::Supervision => party.concerns.regions.is_empty(),
            Role::TestBody | Role::Platform | Role::Firm | Role::Public => false,
        })
    }

    /// The party, when it is outside.
    fn outside(&self) -> Option<&Party> {
        self.party.as_ref().filter(|party| !party.is_inside())
    }

    /// Whether the party sees the alert at all. `request`: the sampling request that answers it. A platform sees none because samples will be
    /// bought on it: who buys must not be expected (clause 3-35).
    #[must_use]
    pub fn sees(&self, alert: &Alert, request: Option<&SamplingRequest>, opened: Opened<'_>) -> bool {
        let Some(party) = &self.party else { return true };
        if party.role != Role::Public && opened.told.is_some_and(|told| told.contains(&party.name)) {
            return true;
        }
        match party.role {
            Role::Centre => true,
            Role::Supervision => party.concerns.regions.is_empty() || party.concerns.touches_region(alert),
            Role::TestBody => request.is_some() || alert.assessment.disposal == Disposal::Sample,
            Role::Platform => {
                let own = |shown: &Evidence| party.owns_source(&shown.source);
                party.concerns.names_platform(alert) || alert.evidence.iter().any(own)
            }
            Role::Firm => party.concerns.names_brand(alert),
            Role::Public => opened.published,
        }
    }

    /// The alert as the party may see it; none when it does not see it.
    #[must_use]
    pub fn alert(&self, alert: Alert, request: Option<&SamplingRequest>, opened: Opened<'_>) -> Option<ShownAlert> {
        self.sees(&alert, request, opened).then(|| self.shown(alert))
    }

    fn shown(&self, alert: Alert) -> ShownAlert {
        let Alert { id, state, opened_on, changed_on, last_active_on, assessment, lexicon, evidence, evidence_total } =
            alert;
        ShownAlert {
            id,
            state,
            opened_on,
            changed_on,
            last_active_on,
            assessment: self.assessment(assessment),
            lexicon,
            evidence: self.evidence(evidence),
            evidence_total,
        }
    }

    fn assessment(&self, judged: Assessment) -> ShownAssessment {
        let Assessment {
            as_of,
            category,
            hazard,
            brand,
            region,
            danger,
            spread,
            disposal,
            rank_score,
            counts,
            window_days,
            detector,
            danger_terms,
            spread_terms,
            feedback,
            disposal_rule,
            decision,
            change,
            change_of,
            explanation,
            criteria,
            documents,
        } = judged;
        let Some(party) = self.outside() else {
            return ShownAssessment {
                as_of,
                category,
                hazard,
                brand,
                region,
                danger,
                spread,
                disposal,
                rank_score,
                counts,
                window_days,
                detector,
                danger_terms,
                spread_terms,
                feedback: Some(feedback),
                disposal_rule,
                decision,
                change: Some(change),
                change_of,
                explanation,
                criteria,
                documents: Some(documents),
            };
        };
        ShownAssessment {
            as_of,
            category,
            hazard,
            brand: brand_for(party, brand),
            region,
            danger,
            spread,
            disposal,
            rank_score,
            counts: numbers(counts),
            window_days,
            detector: detector_terms(detector),
            danger_terms: danger_numbers(&danger_terms),
            spread_terms: spread_for(party, spread_terms),
            feedback: None,
            disposal_rule,
            decision: only!(decision => Decision { crossed, single_rule, single_means, disposal_means }),
            change: None,
            change_of: None,
            explanation: plain(Some(as_of), category, hazard, (danger, spread, disposal)),
            criteria,
            documents: None,
        }
    }

    /// An event of an alert that the party [`sees`](Self::sees), as it may see it.
    #[must_use]
    pub fn event(&self, event: AlertEvent) -> ShownEvent {
        let AlertEvent {
            alert_id,
            as_of,
            event,
            category,
            hazard,
            brand,
            region,
            danger,
            spread,
            disposal,
            rank_score,
            counts,
            evidence,
            evidence_total,
            explanation,
            rules,
            merged_into,
            before,
            criteria,
            lexicon,
        } = event;
        let (brand, explanation, merged_into) = match self.outside() {
            None => (brand, explanation, merged_into),
            Some(party) => (brand_for(party, brand), plain(None, category, hazard, (danger, spread, disposal)), None),
        };
        ShownEvent {
            alert_id,
            as_of,
            event,
            category,
            hazard,
            brand,
            region,
            danger,
            spread,
            disposal,
            rank_score,
            counts: numbers(counts),
            evidence: self.evidence(evidence),
            evidence_total,
            explanation,
            rules,
            merged_into,
            before,
            criteria,
            lexicon,
        }
    }

    /// The evidence that the party may read. A platform is shown what is said on it, in full: it has to act on it (clause 3-13).
    fn evidence(&self, evidence: Vec<Evidence>) -> Vec<Evidence> {
        let Some(party) = self.outside() else { return evidence };
        if party.role != Role::Platform {
            return Vec::new();
        }
        let own = evidence.into_iter().filter(|shown| is_own(party, shown));
        own.map(|shown| only!(shown => Evidence { document_id, published_at, undated, text, spans, url, source }))
            .collect()
    }

    /// The sampling request of an alert that the party sees; none when it is not for the party. Test bodies see all of it: they buy and
    /// test.
    #[must_use]
    pub fn request(&self, request: SamplingRequest) -> Option<SamplingRequest> {
        let Some(party) = self.outside() else { return Some(request) };
        (party.role == Role::TestBody).then(|| {
            let mut request = only!(request => SamplingRequest {
                id, alert_id, created_on, category, product, brand, hazard, batches, batches_reason, items, platforms,
                mode, sellers, deadline, staff, gaps, criteria,
            });
            let items = request.items.into_iter().map(|item| only!(item => TestItem { item, standard }));
            request.items = items.collect();
            let seller = |seller| {
                let CandidateSeller { reason, listing } = seller;
                let listing = only!(listing => Listing {
                    item_id, platform, seller, brand, category, title, sold, url, digest,
                });
                CandidateSeller { reason, listing }
            };
            request.sellers = request.sellers.into_iter().map(seller).collect();
            request
        })
    }

    /// Of what people did with alerts that the party sees, what it may know: others see their own acts.
    #[must_use]
    pub fn acts(&self, mut acts: Vec<Act>) -> Vec<Act> {
        if let Some(party) = self.outside() {
            acts.retain(|act| act.party == party.name);
        }
        acts
    }
}

/// The brand that an alert is about, when the party may know it: its own, and for test bodies any, since they buy it.
fn brand_for(party: &Party, brand: Option<String>) -> Option<String> {
    brand.filter(|brand| party.role == Role::TestBody || party.concerns.brands.contains(brand))
}

/// Whether a piece of evidence was said on a platform of the party, or handed in by it.
fn is_own(party: &Party, shown: &Evidence) -> bool {
    party.concerns.platforms.contains(&shown.source) || party.owns_source(&shown.source)
}

fn numbers(counts: Counts) -> Counts {
    only!(counts => Counts { reports, texts, actors, places })
}

/// Detector terms: numbers alone.
fn detector_terms(terms: DetectorTerms) -> DetectorTerms {
    let mut terms = only!(terms => DetectorTerms {
        method, evidence, h, h_threshold, windows, baseline_events, baseline_weeks, prior, began, among,
    });
    terms.windows = terms.windows.into_iter().map(|term| only!(term => WindowTerm { days, x, mu, p })).collect();
    terms.began = terms.began.map(|began| only!(began => Began { week_of, probability, expected, weekly }));
    terms.among = terms.among.map(|among| only!(among => Among { cells, alike, p, q, e_q }));
    terms
}

/// Danger terms: numbers alone.
fn danger_numbers(terms: &DangerTerms) -> DangerTerms {
    let mut terms = only!(*terms => DangerTerms {
        severity, severity_stated, vulnerable, probability_row, range, exposure,
    });
    terms.exposure = only!(terms.exposure => ExposureTerms {
        basis, items, events, days, upper, confidence, under_reporting, lifetime_years, probability, row, before_items,
    });
    terms
}

/// Spread terms for a party outside: the numbers, the provinces, what other categories share, and of brands its own alone. Where it
/// clusters is for those inside: a cluster names places of finding and platforms.
fn spread_for(party: &Party, terms: SpreadTerms) -> SpreadTerms {
    let SpreadTerms {
        brands,
        effective_brands,
        top_brand,
        unknown_brand_share,
        provinces,
        effective_provinces,
        top_province,
        top_province_share,
        unknown_region_share,
        p_without_top_brand,
        p_without_top_province,
        company_wide,
        provisional,
        rule,
        p_national,
        rate_ratio,
        events,
        expected_placed,
        regions,
        cluster: _,
        prefecture_cluster: _,
        scans,
        platform_cluster: _,
        cluster_excess_share,
        cluster_exposure_share,
        events_without_cluster,
        expected_without_cluster,
        p_without_cluster,
        p_heterogeneity,
        one_region_probability,
        even_probability,
        reach_weeks,
        effective_regions,
        exposed_regions,
        effective_brands_unbiased,
        raised_brands,
        brand_i2,
        shared,
        out_of_line,
    } = terms;
    let own = |brand: &String| party.concerns.brands.contains(brand);
    let out_of_line = out_of_line.into_iter().filter(|pair| pair.brand.as_ref().is_none_or(own));
    let pair = |pair| only!(pair => OutOfLineTerms { pair, brand, events, expected, ic, ic025, ebgm, eb05 });
    let region = |term| only!(term => RegionTerm { region, events, expected, excess });
    SpreadTerms {
        brands,
        effective_brands,
        top_brand: top_brand.filter(own),
        unknown_brand_share,
        provinces,
        effective_provinces,
        top_province,
        top_province_share,
        unknown_region_share,
        p_without_top_brand,
        p_without_top_province,
        company_wide,
        provisional,
        rule,
        p_national,
        rate_ratio,
        events,
        expected_placed,
        regions: regions.into_iter().map(region).collect(),
        cluster: None,
        prefecture_cluster: None,
        scans,
        platform_cluster: None,
        cluster_excess_share,
        cluster_exposure_share,
        events_without_cluster,
        expected_without_cluster,
        p_without_cluster,
        p_heterogeneity,
        one_region_probability,
        even_probability,
        reach_weeks,
        effective_regions,
        exposed_regions,
        effective_brands_unbiased,
        raised_brands,
        brand_i2,
        shared: shared.map(|shared| only!(shared => SharedTerms { kind, word, categories, events })),
        out_of_line: out_of_line.map(pair).collect(),
    }
}

/// What a judgement says, without whom and where it was heard from.
fn plain(
    as_of: Option<Date>,
    category: Category,
    hazard: Hazard,
    (danger, spread, disposal): (Danger, Spread, Disposal),
) -> Explanation {
    Explanation::from(vec![Sentence::Levels { as_of, category, hazard, danger, spread, disposal }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_outside_names_the_matter_and_the_levels_alone() {
        let levels = (Danger::High, Spread::Isolated, Disposal::Notify);
        let said = plain(None, Category::BatteryCharger, Hazard::Fire, levels);
        let (category, hazard, (danger, spread, disposal)) = (Category::BatteryCharger, Hazard::Fire, levels);
        assert_eq!(said.sentences(), [Sentence::Levels { as_of: None, category, hazard, danger, spread, disposal }]);
    }
}

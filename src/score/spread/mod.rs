//! How wide (范围): isolated, regional, industry-wide or systemic, by the table of section 8 of the scoring methods in the order of
//! decision 0010.
//!
//! In: shares of brands and provinces, placed events against their expectation by province and week, what the detector says with and
//! without the top brand. Out: the level and every number behind it. Not here: which events belong together, what is done about it.
//!
//! What names no place says nothing about places, and what names no brand nothing about brands: each question is asked of the events
//! that can answer it, against the share of the expectation that would. A few events are always written to a wrong place or brand;
//! the criteria say how many are no news.

mod brands;
mod cluster;
mod excess;
mod field;
pub(super) mod prefectures;
pub(super) mod provinces;
mod reach;
mod shares;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::field::Field;
pub(super) use self::shares::Shares;
pub(super) use self::terms::{place, sentence};
use super::common_cause::{self, CommonCause};
use super::criteria::{EvenRise, SpreadCriteria, Zone};
use methods::exact_counts::ln_mid_p;
use numeric::NegativeBinomial;
use vocabulary::{Spread, SpreadTerms};

/// Events of the spread window by platform, where signals come from platforms: cell = platform × weeks + week. The first, without a
/// name, is everything that came another way.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Platforms {
    pub(super) names: Vec<String>,
    pub(super) counts: Vec<u64>,
    pub(super) expected: Vec<f64>,
}

/// What is known of a matter that crossed, beside its shares.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    /// Whether the rest without the top brand is within the budget, with the slack of the criteria.
    pub(super) rest_in_budget: bool,
    pub(super) p_national: f64,
    pub(super) rate_ratio: f64,
    /// About one brand only: nothing can be left without it.
    pub(super) one_brand: bool,
    /// About one province only: nothing is outside.
    pub(super) one_province: bool,
    pub(super) without_top_brand: Option<f64>,
    pub(super) without_top_province: Option<f64>,
    /// Placed events and their expectation.
    pub(super) field: Field,
    pub(super) platforms: Platforms,
    /// Expected events of the spread window, and the share of them that would name a brand.
    pub(super) expected: f64,
    pub(super) named_share: f64,
    /// Expected events of each named brand.
    pub(super) brand_expected: BTreeMap<u32, f64>,
    /// Size of the predictive law of the spread window.
    pub(super) size: f64,
    pub(super) seed: u64,
    pub(super) shared: Option<CommonCause>,
    /// Replicas of the scan and of the test of heterogeneity.
    pub(super) replicas: u32,
    /// Events of the spread window that name a prefecture: with enough of them a scan of prefectures is made too.
    pub(super) in_prefectures: u64,
}

/// A part judged: its level with the numbers behind it, and whether one brand is behind it as far as brands are named.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct JudgedSpread {
    pub(super) spread: Spread,
    pub(super) terms: SpreadTerms,
    pub(super) one_brand: bool,
}

/// Decides the level; without evidence nothing has crossed. What fills one cluster and leaves nothing unusual elsewhere is regional,
/// however many brands meet there; then systemic before industry-wide before company-wide before isolated. `levels_only`: numbers that
/// decide nothing here may be left out.
pub(super) fn judge(
    shares: &Shares,
    brand_names: &[String],
    evidence: Option<&Evidence>,
    criteria: &SpreadCriteria,
    zones: &[Zone],
    levels_only: bool,
) -> JudgedSpread {
    let mut terms = terms::counted(shares, brand_names);
    let Some(evidence) = evidence else {
        "isolated.no_onset".clone_into(&mut terms.rule);
        return JudgedSpread { spread: Spread::Isolated, terms, one_brand: false };
    };
    let case = SpreadCase { shares, evidence, criteria };
    let one_brand = case.one_brand();
    case.measure(&mut terms, zones, one_brand, levels_only);
    let (spread, rule) = case.decide(&mut terms, one_brand);
    rule.clone_into(&mut terms.rule);
    JudgedSpread { spread, terms, one_brand }
}

/// Whether one brand is behind a matter, as far as brands are named.
pub(super) fn one_brand(shares: &Shares, evidence: &Evidence, criteria: &SpreadCriteria) -> bool {
    SpreadCase { shares, evidence, criteria }.one_brand()
}

/// Whether it reaches as many provinces as a systemic matter must.
pub(super) fn is_wide(shares: &Shares, evidence: &Evidence, criteria: &SpreadCriteria) -> bool {
    SpreadCase { shares, evidence, criteria }.reaches_the_country()
}

/// The named brands whose rate has probably risen.
pub(super) fn raised(shares: &Shares, evidence: &Evidence, criteria: &SpreadCriteria) -> BTreeSet<u32> {
    let has_risen = |(brand, events): (u32, u64)| {
        let expected = evidence.brand_expected.get(&brand).copied().unwrap_or(0.0);
        brands::has_risen(events, expected, criteria).then_some(brand)
    };
    shares.named().filter_map(has_risen).collect()
}

/// What the level is decided from.
struct SpreadCase<'a> {
    shares: &'a Shares,
    evidence: &'a Evidence,
    criteria: &'a SpreadCriteria,
}

impl SpreadCase<'_> {
    /// Mid-p of a count in the spread window.
    fn mid_p(&self, events: u64, expected: f64) -> f64 {
        ln_mid_p(&NegativeBinomial::new(expected, self.evidence.size), events).exp()
    }

    /// Whether so many events are more than nothing in particular.
    fn unusual(&self, events: u64, p: f64) -> bool {
        events >= self.criteria.unusual_events && p <= self.criteria.p_unusual
    }

    /// Whether one brand is behind it as far as brands are named: it has most of them, and the others are as usual. One named event
    /// among many unnamed ones tells nothing.
    fn one_brand(&self) -> bool {
        let Some((_, top)) = self.shares.top_brand() else { return self.evidence.one_brand };
        let named = self.shares.named_events();
        let enough = top >= self.criteria.regional_events
            || self.shares.unknown_brand_share() <= self.criteria.unknown_share_max;
        let most = top as f64 >= self.criteria.dominant_share * named as f64;
        self.evidence.one_brand || (enough && most && !self.others_rise())
    }

    /// Whether events that name another brand than the top one are unusual by themselves.
    fn others_rise(&self) -> bool {
        let Some((top, events)) = self.shares.top_brand() else { return false };
        let others = self.shares.named_events() - events;
        let own = self.evidence.brand_expected.get(&top).copied().unwrap_or(0.0);
        let usual = (self.evidence.expected * self.evidence.named_share - own).max(0.0);
        self.unusual(others, self.mid_p(others, usual + self.criteria.misplaced_share * events as f64))
    }

    /// Whether how evenly a rise falls over the country can make it systemic.
    fn evenness_decides(&self) -> bool {
        match self.criteria.systemic_even {
            EvenRise::Systemic => true,
            EvenRise::WithAnotherCategory => self.evidence.shared.is_some(),
            EvenRise::Industry => false,
        }
    }

    fn decide(&self, terms: &mut SpreadTerms, one_brand: bool) -> (Spread, &'static str) {
        let Self { evidence, criteria, .. } = self;
        let elsewhere = terms.events_without_cluster.zip(terms.p_without_cluster);
        let unusual_elsewhere = elsewhere.is_some_and(|(events, p)| self.unusual(events, p));
        if !one_brand || criteria.regional_one_brand {
            if self.fills_a_cluster(terms, unusual_elsewhere) {
                terms.provisional = terms.unknown_region_share > criteria.unknown_share_max;
                return (Spread::Regional, "regional");
            }
            if self.is_of_one_platform(terms) {
                return (Spread::Regional, "regional.platform");
            }
        }
        if self.is_of_the_industry(terms) {
            terms.provisional = terms.unknown_brand_share > criteria.unknown_share_max;
            // Left without its cluster it is unusual still, or no cluster holds it in the first place.
            let beyond = unusual_elsewhere || terms.one_region_probability.is_some_and(|p| p <= criteria.p_unusual);
            let wide = beyond
                && terms.provinces >= 2
                && self.reaches_the_country()
                && evidence.rate_ratio >= criteria.systemic_rate_ratio;
            // Unlike by chance alone, or by the patchiness that exposures known only roughly bring along.
            let even = terms.p_heterogeneity.is_some_and(|p| p > criteria.systemic_heterogeneity)
                || terms.even_probability.is_some_and(|even| even >= criteria.even_probability);
            let shared = terms.shared.as_ref().map(|shared| shared.kind.as_str());
            if wide && shared == Some(common_cause::COMPONENT) {
                return (Spread::Systemic, "systemic.shared");
            }
            if wide && even && self.evenness_decides() {
                return (Spread::Systemic, "systemic.even");
            }
            return (Spread::Industry, "industry");
        }
        if one_brand && terms.provinces >= 2 {
            terms.company_wide = true;
            return (Spread::Isolated, "isolated.company_wide");
        }
        (Spread::Isolated, "isolated")
    }

    /// Whether the effective provinces are as many of the exposed ones as a systemic matter must reach.
    fn reaches_the_country(&self) -> bool {
        let share = self.evidence.field.effective_regions() / provinces::COUNT as f64;
        !self.evidence.one_province && share >= self.criteria.systemic_province_share
    }

    /// Whether the excess is probably in one region, which several companies or events tell of.
    fn fills_a_cluster(&self, terms: &SpreadTerms, unusual_elsewhere: bool) -> bool {
        let Self { evidence, criteria, .. } = self;
        let Some(cluster) = &terms.cluster else { return false };
        let positions = cluster.regions.iter().filter_map(|region| provinces::position(region.number() / 10_000));
        let members: Vec<usize> = positions.collect();
        let most = if cluster.scanned {
            self.is_one_region(terms.one_region_probability)
        } else {
            // Too few events for a scan, or one province is all there is: the old rule of shares.
            !unusual_elsewhere
                && terms.top_province_share >= criteria.dominant_share
                && (evidence.one_province
                    || terms.cluster_exposure_share.is_some_and(|share| share <= criteria.cluster_exposure_max))
        };
        most && self.names_several(&members, cluster.scanned, terms.unknown_region_share)
    }

    fn is_one_region(&self, probability: Option<f64>) -> bool {
        probability.is_some_and(|probability| probability >= self.criteria.one_region_probability)
    }

    /// Whether enough events name a place, and several events or brands of them are in the cluster.
    fn names_several(&self, members: &[usize], scanned: bool, unknown_share: f64) -> bool {
        let Self { criteria, shares, .. } = self;
        let codes: Vec<u32> =
            members.iter().filter_map(|at| provinces::region(*at)).map(|region| region.number() / 10_000).collect();
        let (events, brands) = shares.within(&codes);
        // Two brands, each in a province of its own, are two matters of one neighbourhood.
        let joint = !scanned || shares.joint_share(&codes) >= criteria.dominant_share;
        let placed = shares.events() as f64 * (1.0 - unknown_share);
        let known = unknown_share <= criteria.unknown_share_max
            || (placed >= criteria.placed_events_min as f64 && unknown_share <= criteria.unknown_share_provisional);
        known && joint && (events >= criteria.regional_events || brands >= 2)
    }

    /// Whether it rises on one platform and nowhere else: a zone of the second family. Only where most of the exposure is elsewhere.
    fn is_of_one_platform(&self, terms: &SpreadTerms) -> bool {
        let Self { evidence, criteria, .. } = self;
        let Some(found) = terms.platform_cluster.as_ref().filter(|found| found.held) else { return false };
        let Some(at) = evidence.platforms.names.iter().position(|name| Some(name) == found.zone.as_ref()) else {
            return false;
        };
        let weeks = evidence.field.weeks;
        let rows = |at: usize| at * weeks..(at + 1) * weeks;
        let counted = |at: usize| evidence.platforms.counts[rows(at)].iter().sum::<u64>();
        let expected = |at: usize| evidence.platforms.expected[rows(at)].iter().sum::<f64>();
        let all = 0..evidence.platforms.names.len();
        let over = |at: usize| (counted(at) as f64 - expected(at)).max(0.0);
        let outside: u64 = all.clone().filter(|other| *other != at).map(counted).sum();
        let usual: f64 = all.clone().filter(|other| *other != at).map(expected).sum();
        let inside = over(at);
        let total: f64 = all.map(over).sum();
        let mean = usual + criteria.misplaced_share * counted(at) as f64;
        counted(at) >= criteria.regional_events
            && inside >= criteria.cluster_excess_share * total
            && !self.unusual(outside, self.mid_p(outside, mean))
    }

    /// Whether several companies rise, and still do without the first of them; a part that other categories name brings their companies.
    fn is_of_the_industry(&self, terms: &SpreadTerms) -> bool {
        let Self { evidence, criteria, shares } = self;
        let part = evidence.shared.as_ref().filter(|shared| shared.terms.kind == common_cause::COMPONENT);
        let pooled = part.map(|shared| (shares.pooled(&shared.brands), shared.raised));
        let (counted, raised) = pooled.as_ref().map_or((*shares, 0), |(pooled, raised)| (pooled, *raised));
        let least = f64::from(criteria.industry_brands);
        let many = counted.distinct().0 as f64 >= least
            && counted.effective_brands_unbiased() >= least
            && terms.raised_brands + raised >= u64::from(criteria.industry_raised_brands);
        many && evidence.rest_in_budget && !evidence.one_brand
    }
}

#[cfg(test)]
mod tests;

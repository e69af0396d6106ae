//! The levels, one by one.

use super::super::common_cause::{COMPONENT, HAZARD};
use super::super::criteria::{Criteria, EvenRise, shipped};
use super::*;
use vocabulary::{Category, SharedTerms};

/// Brand (0 = unknown) and province (two digits, 0 = unknown) of an event, and its age in days.
type Event = (u32, u32, u32);

/// A matter that crossed far; of the eight weeks' `expected` events all would name a brand and a place.
struct Case {
    events: Vec<Event>,
    expected: f64,
    criteria: Criteria,
    change: fn(&mut Evidence),
}

impl Case {
    fn new(events: Vec<Event>) -> Self {
        Self { events, expected: 0.3, criteria: shipped(), change: |_| {} }
    }

    fn with(mut self, change: fn(&mut Evidence)) -> Self {
        self.change = change;
        self
    }

    fn shares(&self) -> Shares {
        let mut shares = Shares::default();
        for (brand, province, _) in &self.events {
            shares.add(*brand, *province);
        }
        shares
    }

    fn evidence(&self) -> Evidence {
        let shares = self.shares();
        let placed = self.events.iter().filter(|(_, province, _)| *province > 0);
        let field = Field::new(
            placed.map(|(_, province, age)| (*province, *age)),
            &[self.expected / 8.0; 8],
            provinces::shares(|_| 0, 1.0),
        );
        let rest = |left: bool| Some(if left { 1e-9 } else { 0.5 });
        let top_brand = shares.top_brand().map_or(0, |(_, events)| events);
        let top_province = shares.top_province().map_or(0, |(_, events)| events);
        let mut evidence = Evidence {
            rest_in_budget: shares.events() - top_brand >= 3,
            p_national: 1e-12,
            rate_ratio: shares.events() as f64 / self.expected,
            one_brand: false,
            one_province: false,
            without_top_brand: rest(shares.events() - top_brand >= 3),
            without_top_province: rest(shares.events() - top_province >= 3),
            field,
            platforms: Platforms::default(),
            expected: self.expected,
            named_share: 1.0,
            brand_expected: shares.named().map(|(brand, _)| (brand, self.expected / 20.0)).collect(),
            size: 2.0,
            seed: 7,
            shared: None,
            replicas: 999,
            in_prefectures: 0,
        };
        (self.change)(&mut evidence);
        evidence
    }

    fn judged(&self) -> JudgedSpread {
        let names: Vec<String> =
            (0..20).map(|brand| if brand == 0 { String::new() } else { format!("牌{brand}") }).collect();
        judge(&self.shares(), &names, Some(&self.evidence()), &self.criteria.spread, &self.criteria.zones, false)
    }

    fn level(&self) -> (Spread, String) {
        let verdict = self.judged();
        (verdict.spread, verdict.terms.rule)
    }
}

/// `n` events: brands `1..=brands` and the provinces in turn, two a day.
fn events(n: u32, brands: u32, provinces: &[u32]) -> Vec<Event> {
    let province = |at: u32| provinces[at as usize % provinces.len()];
    (0..n).map(|at| (if brands == 0 { 0 } else { at % brands + 1 }, province(at), at / 2)).collect()
}

/// Provinces of all six great areas.
const COUNTRY: [u32; 16] = [44, 37, 41, 51, 32, 13, 43, 34, 42, 33, 45, 53, 36, 21, 61, 35];

fn shared(kind: &str) -> CommonCause {
    let terms = SharedTerms {
        kind: kind.to_owned(),
        word: "电源线".to_owned(),
        categories: vec![Category::KitchenAppliance, Category::SmallAppliance],
        events: 12,
    };
    CommonCause { terms, brands: [(11, 3), (12, 3)].into(), raised: 2 }
}

#[test]
fn without_an_onset_nothing_is_wide() {
    let mut shares = Shares::default();
    for (brand, province, _) in events(20, 5, &COUNTRY) {
        shares.add(brand, province);
    }
    let criteria = shipped();
    let verdict = judge(&shares, &[], None, &criteria.spread, &criteria.zones, false);
    assert_eq!((verdict.spread, verdict.terms.rule.as_str()), (Spread::Isolated, "isolated.no_onset"));
    assert_eq!((verdict.terms.events, verdict.terms.cluster), (20, None));
}

#[test]
fn a_cluster_in_one_province_of_several_brands_is_regional_with_all_its_numbers() {
    let mut all = events(12, 3, &[21]);
    all.push((4, 44, 40));
    let JudgedSpread { spread, terms, one_brand } = Case::new(all).judged();
    assert_eq!((spread, terms.rule.as_str(), one_brand), (Spread::Regional, "regional", false));
    let cluster = terms.cluster.expect("scanned");
    assert_eq!(cluster.regions.iter().map(|region| region.number()).collect::<Vec<_>>(), [210_000]);
    assert!(cluster.held && cluster.recurrence_days.is_some_and(|days| days >= 365.0));
    assert!((cluster.p.expect("scanned") * cluster.recurrence_days.expect("scanned") - 1.0).abs() < 1e-12);
    let llr = cluster.events as f64 * (cluster.events as f64 / cluster.expected).ln()
        - (cluster.events as f64 - cluster.expected);
    assert!((cluster.llr - llr).abs() < 1e-9);
    let excess: f64 = terms.regions.iter().map(|region| region.excess).sum();
    let inside: f64 = terms.regions.iter().filter(|term| term.region.number() == 210_000).map(|term| term.excess).sum();
    assert!((terms.cluster_excess_share.expect("some") - inside / excess).abs() < 1e-12);
    assert_eq!(terms.events_without_cluster, Some(1));
    assert!(terms.p_without_cluster.expect("some") > 0.05);
}

#[test]
fn two_provinces_that_lie_together_are_one_cluster() {
    let JudgedSpread { spread, terms, .. } = Case::new(events(12, 3, &[31, 33])).judged();
    assert_eq!((spread, terms.rule.as_str()), (Spread::Regional, "regional"));
    let mut codes: Vec<u32> = terms.cluster.expect("scanned").regions.iter().map(|region| region.number()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [310_000, 330_000]);
    assert!(terms.top_province_share < 0.6, "no province has most of it");
}

#[test]
fn two_brands_each_in_a_province_of_its_own_are_two_matters() {
    let apart = (0..6).map(|at| if at % 2 == 0 { (1, 33, at) } else { (2, 35, at) }).collect();
    assert_eq!(Case::new(apart).level().0, Spread::Isolated);
}

#[test]
fn many_brands_in_one_province_are_regional_unless_it_rises_elsewhere_too() {
    let here = events(12, 6, &[41]);
    assert_eq!(Case::new(here.clone()).level().0, Spread::Regional);
    let elsewhere = events(8, 6, &[44, 65, 23, 53]).into_iter();
    let both: Vec<Event> = here.into_iter().chain(elsewhere).collect();
    assert_eq!(Case::new(both).level().0, Spread::Industry);
}

#[test]
fn one_company_in_one_province_is_isolated_and_in_many_company_wide() {
    let (spread, rule) = Case::new(events(8, 1, &[33])).level();
    assert_eq!((spread, rule.as_str()), (Spread::Isolated, "isolated"));
    let mut stray = events(8, 1, &[33]);
    stray.push((2, 33, 3));
    assert_eq!(Case::new(stray.clone()).level().0, Spread::Isolated, "another company's one event changes nothing");
    let mut allowed = Case::new(stray);
    allowed.criteria.spread.regional_one_brand = true;
    assert_eq!(allowed.level().0, Spread::Regional, "by the letter of the table");
    let verdict = Case::new(events(20, 1, &COUNTRY)).judged();
    assert_eq!((verdict.spread, verdict.terms.rule.as_str()), (Spread::Isolated, "isolated.company_wide"));
    assert!(verdict.terms.company_wide && verdict.one_brand);
}

#[test]
fn several_brands_across_the_country_are_the_industry_and_two_brands_are_not() {
    let (spread, rule) = Case::new(events(20, 5, &COUNTRY)).level();
    assert_eq!((spread, rule.as_str()), (Spread::Industry, "industry"));
    assert_eq!(Case::new(events(20, 2, &COUNTRY)).level().0, Spread::Isolated);
    let busy = Case::new(events(20, 5, &COUNTRY))
        .with(|evidence| evidence.brand_expected.values_mut().for_each(|expected| *expected = 4.0));
    let verdict = busy.judged();
    assert_eq!((verdict.spread, verdict.terms.raised_brands), (Spread::Isolated, 0), "as many as each always has");
}

#[test]
fn an_even_rise_is_systemic_as_the_criteria_say() {
    let even = events(32, 8, &COUNTRY);
    let of = |even_is: EvenRise, change: fn(&mut Evidence)| {
        let mut case = Case::new(even.clone()).with(change);
        case.criteria.spread.systemic_even = even_is;
        case.level()
    };
    let alone: fn(&mut Evidence) = |_| {};
    let hazard: fn(&mut Evidence) = |evidence| evidence.shared = Some(shared(HAZARD));
    assert_eq!(of(EvenRise::WithAnotherCategory, alone).0, Spread::Industry);
    assert_eq!(of(EvenRise::WithAnotherCategory, hazard), (Spread::Systemic, "systemic.even".to_owned()));
    assert_eq!(of(EvenRise::Systemic, alone), (Spread::Systemic, "systemic.even".to_owned()));
    assert_eq!(of(EvenRise::Industry, hazard).0, Spread::Industry);
    let slight: fn(&mut Evidence) = |evidence| evidence.rate_ratio = 1.2;
    assert_eq!(of(EvenRise::Systemic, slight).0, Spread::Industry, "hardly more than usual");
}

#[test]
fn a_part_that_other_categories_name_brings_their_companies() {
    let few = Case::new(events(20, 2, &COUNTRY)).with(|evidence| evidence.shared = Some(shared(COMPONENT)));
    assert_eq!(few.level(), (Spread::Systemic, "systemic.shared".to_owned()));
    assert_eq!(few.judged().terms.shared.expect("stored").word, "电源线");
    let local = Case::new(events(12, 3, &[21])).with(|evidence| evidence.shared = Some(shared(COMPONENT)));
    assert_eq!(local.level().0, Spread::Regional, "it is in one province all the same");
}

#[test]
fn an_industry_in_a_few_far_provinces_is_not_systemic() {
    let mut case = Case::new(events(24, 6, &[44, 65, 21, 51]));
    case.criteria.spread.systemic_even = EvenRise::Systemic;
    let verdict = case.judged();
    assert_eq!(verdict.spread, Spread::Industry);
    assert!(verdict.terms.effective_regions.expect("some") < 0.333 * 34.0);
    assert!(verdict.terms.p_heterogeneity.expect("some") <= 0.01);
}

#[test]
fn what_rises_on_one_platform_only_is_regional_by_its_zone() {
    fn platforms(counts: [u64; 3]) -> Platforms {
        let rows = counts.iter().flat_map(|count| [0, 0, 0, 0, 0, 0, 0, *count]);
        Platforms {
            names: vec![String::new(), "甲平台".to_owned(), "乙平台".to_owned()],
            counts: rows.collect(),
            expected: [0.025; 8].into_iter().chain([0.008; 8]).chain([0.004; 8]).collect(),
        }
    }
    let alone = Case::new(events(20, 5, &COUNTRY)).with(|evidence| evidence.platforms = platforms([1, 19, 0]));
    let verdict = alone.judged();
    assert_eq!((verdict.spread, verdict.terms.rule.as_str()), (Spread::Regional, "regional.platform"));
    assert_eq!(verdict.terms.platform_cluster.expect("scanned").zone.as_deref(), Some("甲平台"));
    let both = Case::new(events(20, 5, &COUNTRY)).with(|evidence| evidence.platforms = platforms([6, 10, 4]));
    assert_eq!(both.level().0, Spread::Industry);
}

#[test]
fn mostly_unknown_places_are_regional_only_where_enough_are_known() {
    let few: Vec<Event> = events(3, 3, &[33]).into_iter().chain(events(5, 3, &[0])).collect();
    assert_ne!(Case::new(few).level().0, Spread::Regional);
    let enough: Vec<Event> = events(8, 3, &[33]).into_iter().chain(events(10, 3, &[0])).collect();
    let verdict = Case::new(enough).judged();
    assert_eq!((verdict.spread, verdict.terms.provisional), (Spread::Regional, true));
    let nowhere = Case::new(events(20, 5, &[0])).judged();
    assert_eq!((nowhere.spread, nowhere.terms.cluster), (Spread::Industry, None), "brands alone tell");
}

#[test]
fn mostly_unknown_brands_make_an_industry_only_provisional_and_no_brands_none() {
    let named = events(8, 4, &COUNTRY).into_iter();
    let mixed: Vec<Event> = named.chain(events(12, 0, &COUNTRY)).collect();
    let verdict = Case::new(mixed).judged();
    assert_eq!((verdict.spread, verdict.terms.provisional), (Spread::Industry, true));
    assert_eq!(Case::new(events(20, 0, &COUNTRY)).level().0, Spread::Isolated);
    assert_eq!(Case::new(events(8, 0, &[33])).level().0, Spread::Regional, "where it is is known");
}

#[test]
fn one_region_only_has_no_scan() {
    let case = Case::new(events(8, 4, &[33])).with(|evidence| {
        evidence.one_province = true;
        evidence.without_top_province = None;
    });
    let verdict = case.judged();
    assert_eq!(verdict.spread, Spread::Regional);
    assert_eq!((verdict.terms.exposed_regions, verdict.terms.p_without_cluster), (1, None));
    assert_eq!(verdict.terms.cluster.expect("told").p, None, "not scanned");
    // A centre that reads one province only: what is usual is all there.
    let home = Case::new(events(20, 5, &[33])).with(|evidence| {
        let shares = provinces::shares(|code| if code == 33 { 100_000 } else { 0 }, 34.0);
        evidence.field = Field::new((0..20).map(|at| (33, at)), &[0.04; 8], shares);
    });
    assert_eq!(home.level().0, Spread::Industry, "nothing says that it is only here");
}

#[test]
fn zero_exposure_and_few_events_are_defined() {
    let unread = Case::new(events(12, 4, &COUNTRY)).with(|evidence| {
        evidence.field = Field::new((0..12).map(|at| (33, at)), &[0.0; 8], provinces::shares(|_| 0, 1.0));
        (evidence.expected, evidence.rate_ratio) = (0.0, 0.0);
        evidence.brand_expected.values_mut().for_each(|expected| *expected = 0.0);
    });
    let terms = unread.judged().terms;
    assert_eq!(terms.p_heterogeneity, None);
    assert!(terms.cluster.as_ref().is_none_or(|cluster| cluster.llr.is_finite() && cluster.p.is_none()));
    let text = serde_json::to_string(&terms).expect("written");
    let read = serde_json::from_str::<SpreadTerms>(&text).expect("no number is missing where one must be");
    assert_eq!((read.regions.len(), read.rule), (terms.regions.len(), terms.rule));
    for n in 0..3 {
        let terms = Case::new(events(n, 2, &[33])).judged().terms;
        assert!(terms.cluster.is_none_or(|cluster| cluster.p.is_none()), "fewer than three events are not scanned");
    }
}

#[test]
fn old_terms_without_the_new_numbers_are_read() {
    let old = r#"{"brands":1,"effective_brands":1.0,"top_brand":null,"unknown_brand_share":0.0,"provinces":0,
        "effective_provinces":0.0,"top_province":null,"top_province_share":0.0,"unknown_region_share":1.0,
        "p_without_top_brand":null,"p_without_top_province":null,"company_wide":false,"provisional":false,"rule":"isolated"}"#;
    let terms: SpreadTerms = serde_json::from_str(old).expect("read");
    assert_eq!((terms.cluster, terms.raised_brands), (None, 0));
}

//! Every sentence in both languages.

use std::fmt::Write;

use jiff::civil::date;
use regex::Regex;

use super::*;
use vocabulary::{
    Alteration, Category, Change, Cluster, ConfirmedTerm, Counts, Danger, DangerTerms, Disposal, ExposureTerms,
    FailureTerms, Hazard, ItemsBasis, MuteTerm, PRealTerms, Place, Spread, SpreadFinding, ThinnedTerm, Variety, Zone,
};

fn at(code: &str, city: Option<&str>) -> Place {
    Place { region: code.parse().expect("a code"), city: city.map(ToOwned::to_owned) }
}

fn cluster(zone: Zone, recurrence_days: Option<f64>) -> Cluster {
    Cluster { zone, weeks: 3, events: 9, expected: 0.1234, recurrence_days }
}

fn seen(brand: Option<&str>, region: Option<Place>) -> Sentence {
    let subject = Subject {
        category: Category::BatteryCharger,
        hazard: Hazard::Fire,
        brand: brand.map(ToOwned::to_owned),
        region,
    };
    let counts = Counts { reports: 31, texts: 22, actors: 21, places: 5 };
    Sentence::Seen { as_of: date(2023, 1, 5), days: 7, subject, events: 19, counts }
}

fn rise(h: f64, crossed: bool) -> Sentence {
    Sentence::Rise { evidence: 20.34, h, h_threshold: 2.5, crossed }
}

fn spread(spread: Spread, findings: Vec<SpreadFinding>) -> Sentence {
    let brands = Variety { named: 6, effective: 4.31, unknown_share: 0.25 };
    let provinces = Variety { named: 5, effective: 3.2, unknown_share: 0.5 };
    Sentence::Spread { spread, brands, provinces, findings, rule: "industry.brands".to_owned() }
}

fn findings() -> Vec<SpreadFinding> {
    let places = Zone::Places(vec![at("310000", None), at("330000", None)]);
    let cities = Zone::Places(vec![at("330400", Some("嘉兴")), at("310000", None)]);
    let named = |name: &str| Zone::Named(name.to_owned());
    vec![
        SpreadFinding::Cluster {
            cluster: cluster(places.clone(), Some(1000.0)),
            shares: Some([0.9, 0.064]),
            outside: Some((1, 0.3)),
        },
        SpreadFinding::Cluster { cluster: cluster(named("长三角"), None), shares: None, outside: None },
        SpreadFinding::Prefectures { cluster: cluster(cities, Some(77.0)) },
        SpreadFinding::Reach { weeks: 4, one_region: 0.97, even: 0.002 },
        SpreadFinding::Platform { cluster: cluster(named("甲平台"), Some(88.0)) },
        SpreadFinding::RaisedBrands { brands: 3 },
        SpreadFinding::Heterogeneity { p: 0.001 },
        SpreadFinding::Shared {
            word: "电源线".to_owned(),
            categories: vec![Category::KitchenAppliance, Category::SmallAppliance],
            events: 11,
        },
        SpreadFinding::OutOfLine { brand: Some("甲牌".to_owned()), events: 5, expected: 0.4, ic025: 1.03 },
        SpreadFinding::OutOfLine { brand: None, events: 8, expected: 0.7, ic025: 0.2 },
        SpreadFinding::WithoutBrand { brand: "乙牌".to_owned(), p: 0.04 },
        SpreadFinding::WithoutProvince { province: at("330000", None), p: 0.5 },
        SpreadFinding::CompanyWide,
        SpreadFinding::ProvisionalRegion,
        SpreadFinding::ProvisionalIndustry,
    ]
}

fn danger(exposure: ExposureTerms, vulnerable: bool, branded: bool) -> Sentence {
    let range = [Danger::Medium, Danger::Serious];
    let terms = DangerTerms { severity: 3, severity_stated: 2, vulnerable, probability_row: None, range, exposure };
    Sentence::Danger { danger: Danger::High, terms, branded }
}

fn exposure(basis: ItemsBasis, lifetime_years: Option<f64>) -> ExposureTerms {
    ExposureTerms {
        basis,
        items: Some(120_000),
        events: 19,
        days: 365,
        upper: 27.6,
        confidence: 0.95,
        under_reporting: 10.0,
        lifetime_years,
        probability: lifetime_years.map(|_| 0.0184),
        row: Some(2),
        before_items: lifetime_years.map(|_| Danger::Medium),
    }
}

fn failures() -> FailureTerms {
    FailureTerms {
        tested: 12,
        failed: 3,
        prior: [0.5, 9.5],
        campaigns: 0,
        law: [3.5, 18.5],
        mean: 0.159,
        interval: [0.054, 0.3],
        threshold: 0.05,
        p_above: 0.96,
    }
}

fn muted(tested: u64, lifted: bool) -> Sentence {
    let (since, until) = (date(2023, 1, 2), date(2023, 2, 27));
    Sentence::Muted(MuteTerm { outcome: "o-7".into(), tested, failed: 0, since, until, h_needed: 3.5, lifted })
}

fn changes() -> Vec<Change> {
    let held = (Danger::High, Spread::Industry, Disposal::Notify);
    let to = |what, (danger, spread, disposal)| Change { what, danger, spread, disposal };
    let region = "330000".parse().expect("a code");
    vec![
        to(Alteration::MoreAlike { events: 3 }, (Danger::Serious, Spread::Systemic, Disposal::Sample)),
        to(Alteration::MoreBrands { events: 4 }, (Danger::High, Spread::Systemic, Disposal::Notify)),
        to(Alteration::MoreProvinces { regions: vec![region] }, held),
        to(Alteration::Fewer { events: 2 }, (Danger::Medium, Spread::Isolated, Disposal::Exclude)),
        to(Alteration::Severity { severity: 4 }, (Danger::Serious, Spread::Industry, Disposal::Notify)),
        to(Alteration::WithoutBrand { brand: "甲牌".to_owned(), events: 5 }, held),
        to(Alteration::WithoutProvince { region, events: 6 }, held),
        to(Alteration::WithoutDoubtful { below: 0.65, events: 7 }, held),
    ]
}

/// Every kind of sentence, and every way it can go.
fn every_sentence() -> Vec<Sentence> {
    let among = |q, e_q| Sentence::Among { cells: 63_360, alike: 2, q, e_q };
    let thinned = |survives| Sentence::Thinned(ThinnedTerm { w_below: 0.3, removed: 2, h: 1.25, survives });
    let confirmed = |industry| {
        Sentence::Confirmed(ConfirmedTerm { tested_companies: 5, failing_companies: 4, usual: 0.05, industry })
    };
    let disposal = |disposal, means: Option<&str>| Sentence::Disposal {
        disposal,
        means: means.map(ToOwned::to_owned),
        rule: "sample.spread".to_owned(),
    };
    let change = |as_of| Sentence::Change {
        as_of,
        danger: Danger::High,
        spread: Spread::Industry,
        disposal: Disposal::Notify,
        changes: changes(),
    };
    let levels = |as_of| Sentence::Levels {
        as_of,
        category: Category::Toy,
        hazard: Hazard::Choking,
        danger: Danger::Medium,
        spread: Spread::Isolated,
        disposal: Disposal::Notify,
    };
    let part = exposure(ItemsBasis::PartOfCategory, Some(5.0));
    let all = vec![
        Sentence::Prose { text: "旧的说法。没有数值。".to_owned() },
        seen(None, None),
        seen(Some("甲牌"), Some(at("330100", Some("杭州")))),
        Sentence::Expected { baseline_weeks: 51.25, baseline_events: 4, expected: 0.000_102, p: 5.84e-15 },
        rise(10.0, true),
        rise(1.5, true),
        rise(-1.2, false),
        Sentence::Began { week_of: date(2022, 12, 30), probability: 0.884 },
        among(0.0002, 0.0371),
        among(0.5, 0.0001),
        Sentence::SingleRule { rule: "single.fatal".to_owned(), means: "致人死亡的报告".to_owned() },
        spread(Spread::Isolated, Vec::new()),
        spread(Spread::Industry, findings()),
        danger(ExposureTerms::default(), false, true),
        danger(exposure(ItemsBasis::Category, Some(5.0)), true, false),
        danger(exposure(ItemsBasis::Category, None), false, false),
        danger(part, false, true),
        danger(part, false, false),
        danger(exposure(ItemsBasis::Displayed, Some(5.0)), false, true),
        thinned(true),
        thinned(false),
        muted(20, false),
        muted(0, true),
        confirmed(true),
        confirmed(false),
        Sentence::Matter(failures()),
        Sentence::Usual(failures()),
        Sentence::Real(PRealTerms {
            mean: 0.61,
            interval: [0.4, 0.8],
            method: "beta_binomial".to_owned(),
            alike: 6,
            alike_confirmed: 4,
            judged: 31,
            judged_confirmed: 17,
            shape: [6.0, 4.0],
        }),
        disposal(Disposal::Sample, Some("应当组织采样")),
        disposal(Disposal::Exclude, None),
        change(None),
        change(Some(date(2023, 1, 1))),
        Sentence::Criteria { version: "2026.1+c".into() },
        Sentence::Held { since: date(2023, 1, 3), days: 28 },
        Sentence::Merged { into: "wl-20230101-battery_charger-fire-3fa1c2".into() },
        Sentence::Unconfirmed { outcome: "o-1".into() },
        Sentence::Quiet { since: date(2023, 1, 1), days: 28 },
        levels(Some(date(2023, 1, 5))),
        levels(None),
    ];
    // A new kind of sentence does not compile until it stands in the list above.
    for said in &all {
        match said {
            Sentence::Prose { .. }
            | Sentence::Seen { .. }
            | Sentence::Expected { .. }
            | Sentence::Rise { .. }
            | Sentence::Began { .. }
            | Sentence::Among { .. }
            | Sentence::SingleRule { .. }
            | Sentence::Spread { .. }
            | Sentence::Danger { .. }
            | Sentence::Thinned(_)
            | Sentence::Muted(_)
            | Sentence::Confirmed(_)
            | Sentence::Matter(_)
            | Sentence::Usual(_)
            | Sentence::Real(_)
            | Sentence::Disposal { .. }
            | Sentence::Change { .. }
            | Sentence::Criteria { .. }
            | Sentence::Held { .. }
            | Sentence::Merged { .. }
            | Sentence::Unconfirmed { .. }
            | Sentence::Quiet { .. }
            | Sentence::Levels { .. } => {}
        }
    }
    all
}

#[test]
fn every_sentence_reads_like_this_in_both_languages() {
    let mut shown = String::new();
    for said in every_sentence() {
        let [chinese, english] = [Language::Chinese, Language::English].map(|language| sentence(&said, language));
        let _ = writeln!(shown, "{:?}\n  {chinese}\n  {english}", said.about());
    }
    insta::assert_snapshot!(shown);
}

/// The numbers of a text, sorted.
fn numbers(text: &str) -> Vec<String> {
    let number = Regex::new(r"\d+(\.\d+)?(e-?\d+)?%?").expect("a pattern");
    let mut found: Vec<String> =
        number.find_iter(&text.replace(" %", "%")).map(|found| found.as_str().to_owned()).collect();
    found.sort();
    found
}

#[test]
fn both_languages_say_the_same_numbers() {
    let mut told = 0;
    for said in every_sentence() {
        let [chinese, english] =
            [Language::Chinese, Language::English].map(|language| sentence(&said, language).to_string());
        assert_eq!(numbers(&chinese), numbers(&english), "{chinese}\n{english}");
        told += numbers(&chinese).len();
    }
    assert!(told >= 150, "{told} numbers");
}

#[test]
fn every_sentence_is_kept_and_read_back_as_it_was() {
    for said in every_sentence() {
        let kept = serde_json::to_string(&said).expect("JSON");
        assert_eq!(serde_json::from_str::<Sentence>(&kept).expect(&kept), said);
    }
    let all = Explanation::from(every_sentence());
    let kept = serde_json::to_string(&all).expect("JSON");
    assert_eq!(serde_json::from_str::<Explanation>(&kept).expect("read back"), all);
}

#[test]
fn a_paragraph_runs_on_in_chinese_and_has_spaces_in_english() {
    let said = vec![seen(None, None), Sentence::Held { since: date(2023, 1, 3), days: 28 }];
    let all = Explanation::from(said);
    let chinese = paragraph(&all, Language::Chinese);
    assert!(chinese.contains("5个地区）。（自2023-01-03起") && chinese.ends_with("现级保持。）"), "{chinese}");
    let english = paragraph(&all, Language::English);
    assert!(english.contains("5 places). (Assessments since") && english.ends_with("have passed.)"), "{english}");
    assert_eq!(paragraph(&Explanation::default(), Language::Chinese), "");
}

#[test]
fn what_is_written_for_others_is_one_string_and_says_the_same_again() {
    let all = Explanation::from(every_sentence());
    let mut event: AlertEvent = serde_json::from_value(serde_json::json!({
        "alert_id": "wl-1", "as_of": "2023-01-05", "event": "opened", "category": "toy", "hazard": "fire", "brand": null, "region": null,
        "danger": "high", "spread": "isolated", "disposal": "notify", "rank_score": 1.0,
        "counts": {"reports": 1, "texts": 1, "actors": 1, "places": 0}, "evidence": [], "evidence_total": 1,
        "explanation": "", "criteria": "c", "lexicon": "l",
    }))
    .expect("an event of an earlier version");
    event.explanation = all.clone();
    let text = paragraph(&all, Language::Chinese);
    let event = written(event, Language::Chinese);
    assert_eq!(serde_json::to_value(&event).expect("JSON")["explanation"], text.as_str());
    assert_eq!(paragraph(&event.explanation, Language::English), text, "prose stands as it is");
}

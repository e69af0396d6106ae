//! Records with every field filled. What belongs to somebody else carries a mark, so that a test finds it wherever it comes out.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::Value;

use wanglou::vocabulary::{
    Act, ActKind, Alert, AlertEvent, AlertEventKind, AlertId, AlertState, Alteration, Among, Assessment, Began,
    CandidateSeller, Category, Change, Channel, CharSpan, ClusterTerms, ConfirmedTerm, Counts, CriteriaVersion, Danger,
    DangerTerms, Decision, DetectorTerms, Disposal, DocumentId, Evidence, EvidenceBasis, Explanation, ExposureTerms,
    FailureTerms, FeedbackTerms, Hazard, ItemsBasis, LexiconVersion, Listing, MuteTerm, OutOfLineTerms, Outcome,
    OutcomeId, PRealTerms, Regime, RegionCode, RegionTerm, RequestId, SamplingRequest, Sentence, SharedTerms, SourceId,
    SourceMix, SourceTerm, Spread, SpreadTerms, TestItem, ThinnedTerm, Verdict, WindowTerm, parse_moment,
};

/// Begins every word that nobody outside may see.
pub(crate) const FOREIGN: &str = "外露";
/// Begins every word that only a test body may see beside those inside: the brand an alert is about, and the sampling request.
pub(crate) const SAMPLED: &str = "采露";
/// The brand of the firm, and the platform of the platform.
pub(crate) const OWN_BRAND: &str = "自家牌";
pub(crate) const OWN_PLATFORM: &str = "自家台";
/// The alert that names the firm's brand as the most named, and the one that is about it.
pub(crate) const FIRST: &str = "wl-20240701-battery_charger-fire-000001";
pub(crate) const SECOND: &str = "wl-20240701-battery_charger-fire-000002";
/// Numbers that only those inside may see, as JSON writes them.
pub(crate) const HIDDEN_NUMBERS: [&str; 6] = ["0.70123", "9.40123", "0.50123", "77.0123", "6.30123", "530100"];

fn foreign(what: &str) -> String {
    format!("{FOREIGN}{what}")
}

fn sampled(what: &str) -> String {
    format!("{SAMPLED}{what}")
}

fn day() -> Date {
    date(2024, 7, 11)
}

pub(crate) fn moment() -> Timestamp {
    parse_moment("2024-07-09T21:14:00+08:00").expect("a moment")
}

fn region(code: u32) -> RegionCode {
    RegionCode::new(code).expect("a code")
}

fn cluster(name: &str) -> ClusterTerms {
    ClusterTerms {
        zone: Some(foreign(name)),
        regions: vec![region(530_000), region(530_100)],
        weeks: 3,
        events: 11,
        expected: 2.14,
        llr: 9.40123,
        scanned: true,
        p: Some(0.002),
        recurrence_days: Some(77.0123),
        held: true,
    }
}

fn failures() -> FailureTerms {
    FailureTerms {
        tested: 40,
        failed: 3,
        prior: [1.0, 20.0],
        campaigns: 2,
        law: [4.0, 57.0],
        mean: 0.50123,
        interval: [0.02, 0.14],
        threshold: 0.05,
        p_above: 0.6,
    }
}

fn detector() -> DetectorTerms {
    DetectorTerms {
        method: "rise_evidence".to_owned(),
        evidence: 16.2,
        h: 7.3,
        h_threshold: 4.0,
        windows: vec![WindowTerm { days: 7, x: 22, mu: 2.883, p: 5.0e-8 }],
        baseline_events: 84,
        baseline_weeks: 51.2,
        prior: [0.5, 0.25],
        began: Some(Began { week_of: date(2024, 6, 28), probability: 0.8, expected: 2.9, weekly: vec![2, 3, 9] }),
        among: Some(Among { cells: 900, alike: 2, p: 0.001, q: 0.02, e_q: 0.03 }),
    }
}

fn danger() -> DangerTerms {
    DangerTerms {
        severity: 3,
        severity_stated: 2,
        vulnerable: true,
        probability_row: Some(2),
        range: [Danger::High, Danger::Serious],
        exposure: ExposureTerms {
            basis: ItemsBasis::Category,
            items: Some(1_000_000),
            events: 22,
            days: 365,
            upper: 30.5,
            confidence: 0.95,
            under_reporting: 10.0,
            lifetime_years: Some(3.0),
            probability: Some(0.000_9),
            row: Some(2),
            before_items: Some(Danger::High),
        },
    }
}

/// Terms of a spread whose most named brand is `top`.
fn spread(top: &str) -> SpreadTerms {
    let pair = |pair: &str, brand: Option<String>| OutOfLineTerms {
        pair: pair.to_owned(),
        brand,
        events: 9,
        expected: 1.5,
        ic: 2.1,
        ic025: 1.2,
        ebgm: Some(4.4),
        eb05: Some(2.2),
    };
    SpreadTerms {
        brands: 6,
        effective_brands: 4.27,
        top_brand: Some(top.to_owned()),
        unknown_brand_share: 0.227,
        provinces: 5,
        effective_provinces: 3.61,
        top_province: Some(region(330_000)),
        top_province_share: 0.412,
        unknown_region_share: 0.136,
        p_without_top_brand: Some(0.000_044),
        p_without_top_province: Some(0.03),
        company_wide: true,
        provisional: true,
        rule: "spread.industry.effective_brands".to_owned(),
        p_national: Some(0.000_1),
        rate_ratio: Some(7.6),
        events: 22,
        expected_placed: 2.5,
        regions: vec![RegionTerm { region: region(330_000), events: 9, expected: 0.84, excess: 8.16 }],
        cluster: Some(cluster("聚集区")),
        prefecture_cluster: Some(cluster("地市区")),
        scans: 3,
        platform_cluster: Some(cluster("平台")),
        cluster_excess_share: Some(0.463),
        cluster_exposure_share: Some(0.2),
        events_without_cluster: Some(11),
        expected_without_cluster: Some(1.9),
        p_without_cluster: Some(0.04),
        p_heterogeneity: Some(0.3),
        one_region_probability: Some(0.6),
        even_probability: Some(0.4),
        reach_weeks: Some(8),
        effective_regions: Some(3.3),
        exposed_regions: 31,
        effective_brands_unbiased: 4.1,
        raised_brands: 4,
        brand_i2: Some(12.0),
        shared: Some(SharedTerms {
            kind: "component".to_owned(),
            word: "锂电池".to_owned(),
            categories: vec![Category::BatteryCharger, Category::Toy],
            events: 40,
        }),
        out_of_line: vec![
            pair("category", None),
            pair("brand", Some(foreign("失衡牌"))),
            pair("brand", Some(OWN_BRAND.to_owned())),
        ],
    }
}

fn feedback() -> FeedbackTerms {
    FeedbackTerms {
        regime: Regime::Dense,
        basis: EvidenceBasis::Onset,
        sources: vec![SourceTerm {
            source: SourceId::new(foreign("来源")),
            channel: Channel::Complaint,
            events: 22,
            hits: 5,
            misses: 2,
            w: 0.70123,
        }],
        mix: SourceMix { official: 0.1, complaint: 0.8, media: 0.1 },
        intensity: 8.25,
        p_real: Some(PRealTerms {
            mean: 0.71,
            interval: [0.42, 0.93],
            method: "beta_binomial".to_owned(),
            alike: 7,
            alike_confirmed: 5,
            judged: 19,
            judged_confirmed: 11,
            shape: [6.30123, 2.5],
        }),
        thinned: Some(ThinnedTerm { w_below: 0.3, removed: 2, h: 5.0, survives: true }),
        usual: Some(failures()),
        matter: Some(failures()),
        muted: Some(MuteTerm {
            outcome: OutcomeId::new(foreign("结果编号")),
            tested: 10,
            failed: 1,
            since: day(),
            until: day(),
            h_needed: 9.0,
            lifted: true,
        }),
        confirmed: Some(ConfirmedTerm { tested_companies: 4, failing_companies: 3, usual: 0.05, industry: true }),
    }
}

/// Every way to change the evidence; a new one does not compile until it is here.
fn alterations() -> Vec<Alteration> {
    let all = vec![
        Alteration::MoreAlike { events: 3 },
        Alteration::MoreBrands { events: 4 },
        Alteration::MoreProvinces { regions: vec![region(530_100)] },
        Alteration::Fewer { events: 2 },
        Alteration::Severity { severity: 4 },
        Alteration::WithoutBrand { brand: foreign("去掉牌"), events: 9 },
        Alteration::WithoutProvince { region: region(530_100), events: 9 },
        Alteration::WithoutDoubtful { below: 0.5, events: 2 },
    ];
    for one in &all {
        match one {
            Alteration::MoreAlike { .. }
            | Alteration::MoreBrands { .. }
            | Alteration::MoreProvinces { .. }
            | Alteration::Fewer { .. }
            | Alteration::Severity { .. }
            | Alteration::WithoutBrand { .. }
            | Alteration::WithoutProvince { .. }
            | Alteration::WithoutDoubtful { .. } => {}
        }
    }
    all
}

/// Prose and a sentence that is a value.
fn explanation(what: &str) -> Explanation {
    let (rule, means) = (foreign("规则"), foreign("规则所言"));
    Explanation::prose(foreign(what)).then(Sentence::SingleRule { rule, means })
}

fn assessment(brand: &str, top: &str) -> Assessment {
    let change = |what| Change { what, danger: Danger::High, spread: Spread::Isolated, disposal: Disposal::Notify };
    Assessment {
        as_of: day(),
        category: Category::BatteryCharger,
        hazard: Hazard::Fire,
        brand: Some(brand.to_owned()),
        region: Some(region(330_000)),
        danger: Danger::Serious,
        spread: Spread::Industry,
        disposal: Disposal::Sample,
        rank_score: 8.4,
        counts: Counts { reports: 31, texts: 22, actors: 19, places: 9 },
        window_days: 7,
        detector: detector(),
        danger_terms: danger(),
        spread_terms: spread(top),
        feedback: feedback(),
        disposal_rule: "disposal.sample.serious_or_wide".to_owned(),
        decision: Decision {
            crossed: true,
            single_rule: Some("single.death".to_owned()),
            single_means: Some("一次死亡".to_owned()),
            disposal_means: Some("应当组织采样".to_owned()),
        },
        change: alterations().into_iter().map(change).collect(),
        change_of: Some(day()),
        explanation: explanation("说明"),
        criteria: CriteriaVersion::from("default-1+9c41"),
        documents: vec![DocumentId::new(foreign("文档"))],
    }
}

fn evidence(source: &str, mark: &str) -> Evidence {
    Evidence {
        document_id: DocumentId::new(format!("{mark}文号")),
        published_at: moment(),
        undated: false,
        text: format!("{mark}原文充电时突然起火"),
        spans: vec![CharSpan::new(0, 2)],
        url: Some(format!("https://example.com/{mark}")),
        source: source.to_owned(),
    }
}

fn all_evidence() -> Vec<Evidence> {
    vec![evidence(OWN_PLATFORM, "自家"), evidence(&foreign("平台名"), FOREIGN)]
}

/// An alert about a brand, with another most named.
fn alert(id: &str, brand: &str, top: &str) -> Alert {
    Alert {
        id: AlertId::from(id),
        state: AlertState::Open,
        opened_on: date(2024, 7, 8),
        changed_on: date(2024, 7, 10),
        last_active_on: day(),
        assessment: assessment(brand, top),
        lexicon: LexiconVersion::from("lex-5f0c21a9"),
        evidence: all_evidence(),
        evidence_total: 31,
    }
}

/// Two alerts that every party outside sees: each is about a brand of its own and names two more.
pub(crate) fn alerts() -> Vec<Alert> {
    vec![alert(FIRST, &sampled("所涉牌"), OWN_BRAND), alert(SECOND, OWN_BRAND, &foreign("首位牌"))]
}

/// The events of an alert's life.
pub(crate) fn events(alert: &Alert) -> Vec<AlertEvent> {
    let judged = &alert.assessment;
    let event = |kind, before| AlertEvent {
        alert_id: alert.id.clone(),
        as_of: day(),
        event: kind,
        category: judged.category,
        hazard: judged.hazard,
        brand: judged.brand.clone(),
        region: judged.region,
        danger: judged.danger,
        spread: judged.spread,
        disposal: judged.disposal,
        rank_score: 6.0,
        counts: judged.counts,
        evidence: all_evidence(),
        evidence_total: 8,
        explanation: explanation("当时的说明"),
        rules: vec!["disposal.sample.serious_or_wide".to_owned()],
        merged_into: Some(AlertId::new(foreign("并入"))),
        before,
        criteria: judged.criteria.clone(),
        lexicon: alert.lexicon.clone(),
    };
    let before = Some((Danger::High, Spread::Isolated, Disposal::Notify));
    vec![event(AlertEventKind::Opened, before), event(AlertEventKind::Raised, before)]
}

/// The sampling request that answers an alert.
pub(crate) fn request(alert: &Alert) -> SamplingRequest {
    SamplingRequest {
        id: RequestId::new(format!("s-{}", alert.id)),
        alert_id: alert.id.clone(),
        created_on: day(),
        category: alert.assessment.category,
        product: sampled("产品"),
        brand: Some(sampled("任务牌")),
        hazard: alert.assessment.hazard,
        batches: 12,
        batches_reason: sampled("批次理由"),
        items: vec![TestItem { item: sampled("检验项目"), standard: "GB 31241-2022".to_owned() }],
        platforms: vec![sampled("采样平台")],
        mode: sampled("方式"),
        sellers: vec![CandidateSeller {
            reason: sampled("推荐理由"),
            listing: Listing {
                item_id: sampled("商品号"),
                platform: OWN_PLATFORM.to_owned(),
                seller: sampled("卖家"),
                brand: Some(sampled("商品牌")),
                category: Category::BatteryCharger,
                title: sampled("商品名"),
                sold: 18_230,
                url: Some(format!("https://example.com/{}", sampled("商品"))),
                digest: Some(sampled("摘要")),
            },
        }],
        deadline: date(2024, 7, 31),
        staff: sampled("人员"),
        gaps: vec![sampled("缺项")],
        criteria: alert.assessment.criteria.clone(),
    }
}

/// What somebody else did with an alert. The last one makes it public.
pub(crate) fn acts(alert: &Alert) -> Vec<Act> {
    let act = |kind, to: Option<String>, until| Act {
        work: None,
        alert_id: alert.id.clone(),
        at: moment(),
        by: foreign("经办人"),
        party: foreign("经办单位"),
        kind,
        note: foreign("经办说明"),
        to,
        until,
        key: Some(foreign(kind.code())),
    };
    vec![
        act(ActKind::Review, None, None),
        act(ActKind::Assign, Some(foreign("接办人")), None),
        act(ActKind::Publish, None, None),
    ]
}

/// What came back about an alert.
pub(crate) fn outcome(alert: &Alert) -> Outcome {
    wanglou::sampling::results::verdict(alert, Verdict::Confirmed, &foreign("核查人"), &foreign("核查说明"), moment())
        .expect("an outcome")
}

/// Every place of a record that holds a value, with what it holds: `assessment.spread_terms.out_of_line[].brand`.
pub(crate) fn leaves(value: &Value) -> Vec<(String, String)> {
    fn walk(value: &Value, at: String, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (name, inner) in fields {
                    let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                    walk(inner, place, found);
                }
            }
            Value::Array(items) if !items.is_empty() => {
                for inner in items {
                    walk(inner, format!("{at}[]"), found);
                }
            }
            other => found.push((at, other.to_string())),
        }
    }
    let mut found = Vec::new();
    walk(value, String::new(), &mut found);
    found
}

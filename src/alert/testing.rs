//! Assessments for tests: say only what the case is about.

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use vocabulary::{
    Alert, AlertEvent, Assessment, Category, CharSpan, Counts, CriteriaVersion, Danger, DangerTerms, DetectorTerms,
    Disposal, DocumentId, Evidence, FeedbackTerms, Hazard, ShownAlert, ShownEvent, Spread, SpreadTerms, start_of_day,
};

pub(super) fn day(number: i8) -> Date {
    date(2022, 12, 31).saturating_add(i64::from(number).days())
}

#[expect(clippy::unnecessary_wraps, reason = "the shape that `advance` asks for")]
pub(super) fn evidence(_: &Assessment, id: &DocumentId) -> Option<Evidence> {
    Some(Evidence {
        document_id: id.clone(),
        published_at: start_of_day(day(1)),
        undated: false,
        text: "充电时突然起火 <b>&</b>".into(),
        spans: vec![CharSpan::new(5, 7)],
        url: None,
        source: "test".into(),
    })
}

/// Alerts as those inside see them: what is written of a record reads as what is shown of it.
pub(super) fn shown(alerts: &[&Alert]) -> Vec<ShownAlert> {
    let one = |alert: &&Alert| serde_json::from_value(serde_json::to_value(alert).expect("JSON")).expect("reads");
    alerts.iter().map(one).collect()
}

/// An event as those inside see it.
pub(super) fn shown_event(event: &AlertEvent) -> ShownEvent {
    serde_json::from_value(serde_json::to_value(event).expect("JSON")).expect("reads")
}

#[derive(Debug, Clone)]
pub(super) struct About {
    brand: Option<String>,
    hazard: Hazard,
    unnamed: f64,
    danger: Danger,
    spread: Spread,
    disposal: Disposal,
    rank: f64,
    documents: Range<u32>,
}

impl About {
    pub(super) fn whole() -> Self {
        let (danger, spread, disposal) = (Danger::High, Spread::Isolated, Disposal::Notify);
        let (hazard, unnamed) = (Hazard::Fire, 0.0);
        Self { brand: None, hazard, unnamed, danger, spread, disposal, rank: 10.0, documents: 0..3 }
    }

    pub(super) fn brand(brand: &str) -> Self {
        let from = u32::from(brand.as_bytes()[0]) + u32::from(brand.as_bytes()[2]) * 10_000;
        Self { brand: Some(brand.to_owned()), documents: from..from + 3, ..Self::whole() }
    }

    pub(super) fn hazard(mut self, hazard: Hazard) -> Self {
        self.hazard = hazard;
        self
    }

    /// Share of reports that name no brand.
    pub(super) fn unnamed(mut self, share: f64) -> Self {
        self.unnamed = share;
        self
    }

    pub(super) fn danger(mut self, danger: Danger) -> Self {
        self.danger = danger;
        self
    }

    pub(super) fn spread(mut self, spread: Spread) -> Self {
        self.spread = spread;
        self
    }

    pub(super) fn disposal(mut self, disposal: Disposal) -> Self {
        self.disposal = disposal;
        self
    }

    pub(super) fn rank(mut self, rank: f64) -> Self {
        self.rank = rank;
        self
    }

    pub(super) fn documents(mut self, documents: Range<u32>) -> Self {
        self.documents = documents;
        self
    }

    pub(super) fn assessment(&self, as_of: Date) -> Assessment {
        let documents: Vec<DocumentId> =
            self.documents.clone().map(|number| DocumentId::new(format!("d{number}"))).collect();
        let reports = documents.len() as u64;
        Assessment {
            as_of,
            category: Category::BatteryCharger,
            hazard: self.hazard,
            brand: self.brand.clone(),
            region: None,
            danger: self.danger,
            spread: self.spread,
            disposal: self.disposal,
            rank_score: self.rank,
            counts: Counts { reports, texts: reports, actors: reports, places: 1 },
            window_days: 7,
            detector: DetectorTerms {
                method: "rise_evidence".into(),
                evidence: 6.5,
                h: 5.0,
                h_threshold: 3.0,
                windows: Vec::new(),
                baseline_events: 0,
                baseline_weeks: 104.0,
                prior: [0.5, 10.0],
                began: None,
                among: None,
            },
            danger_terms: DangerTerms {
                severity: 3,
                severity_stated: 0,
                vulnerable: false,
                probability_row: None,
                range: [Danger::Medium, Danger::Serious],
                exposure: vocabulary::ExposureTerms::default(),
            },
            spread_terms: SpreadTerms {
                brands: 1,
                effective_brands: 1.0,
                top_brand: self.brand.clone(),
                unknown_brand_share: self.unnamed,
                provinces: 0,
                effective_provinces: 0.0,
                top_province: None,
                top_province_share: 0.0,
                unknown_region_share: 1.0,
                p_without_top_brand: None,
                p_without_top_province: None,
                company_wide: false,
                provisional: false,
                rule: "isolated".into(),
                ..SpreadTerms::default()
            },
            feedback: FeedbackTerms::default(),
            disposal_rule: "notify.onset".into(),
            decision: vocabulary::Decision::default(),
            change: Vec::new(),
            change_of: None,
            explanation: vocabulary::Explanation::prose("近7天有3起独立事件。"),
            criteria: CriteriaVersion::from("test"),
            documents,
        }
    }
}

//! An episode of assessments with a stable id, and the events of its life.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    AlertId, Assessment, Category, CharSpan, Counts, CriteriaVersion, Danger, Disposal, DocumentId, Explanation,
    Hazard, LexiconVersion, RegionCode, Spread, time,
};

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertEventKind {
    /// First crossing.
    Opened,
    /// Danger, spread or disposal went up.
    Raised,
    /// Danger, spread or disposal went down.
    Lowered,
    /// Quiet long enough, or excluded by a person.
    Closed,
}

/// A piece of text shown as evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Evidence {
    /// The document.
    pub document_id: DocumentId,
    /// Its event time.
    #[serde(with = "time::moment")]
    #[schemars(with = "Timestamp")]
    pub published_at: Timestamp,
    /// Whether it is of a page that names no day: its event time is when it was seen. It is shown beside what counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undated: bool,
    /// Excerpt of its text.
    pub text: String,
    /// Product and hazard spans, in characters of `text`.
    pub spans: Vec<CharSpan>,
    /// Its address, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its source.
    pub source: String,
}

/// One line of `alerts.ndjson`: an event in an alert's life, with the state after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertEvent {
    /// The episode.
    pub alert_id: AlertId,
    /// The day it happened.
    pub as_of: Date,
    /// What happened.
    pub event: AlertEventKind,
    /// Product category.
    pub category: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Brand, when it is about one.
    pub brand: Option<String>,
    /// Region, when it is about one.
    pub region: Option<RegionCode>,
    /// Danger after the event.
    pub danger: Danger,
    /// Spread after the event.
    pub spread: Spread,
    /// Disposal after the event.
    pub disposal: Disposal,
    /// Queue order.
    pub rank_score: f64,
    /// The four counts.
    pub counts: Counts,
    /// Documents that opened or moved it, at most [`AlertEvent::EVIDENCE_MAX`].
    pub evidence: Vec<Evidence>,
    /// How many there are in all.
    pub evidence_total: u64,
    /// Why, with every number.
    pub explanation: Explanation,
    /// The rules of the criteria that decided: of disposal, and the single-report rule where one did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The alert that goes on in its place; only of one that closed because it was merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<AlertId>,
    /// Danger, spread and disposal before the event; none when it opened (ALERT-2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<(Danger, Spread, Disposal)>,
    /// Criteria that decided.
    pub criteria: CriteriaVersion,
    /// Lexicon that read.
    pub lexicon: LexiconVersion,
}

impl AlertEvent {
    /// Most pieces of evidence listed on one line.
    pub const EVIDENCE_MAX: usize = 50;
}

/// Whether an episode goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Goes on.
    Open,
    /// Over.
    Closed,
}

/// An episode (预警) as it stands now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Stable id.
    pub id: AlertId,
    /// Open or closed.
    pub state: AlertState,
    /// Day of the first crossing.
    pub opened_on: Date,
    /// Day of the last event of its life.
    pub changed_on: Date,
    /// Last day on which its assessment was still above the line.
    pub last_active_on: Date,
    /// The newest assessment.
    pub assessment: Assessment,
    /// Lexicon that read its signals.
    pub lexicon: LexiconVersion,
    /// Newest evidence, best first.
    pub evidence: Vec<Evidence>,
    /// How many documents there are in all.
    pub evidence_total: u64,
}

//! A signal with all that scoring needs to know about the document it came from: one row of the signals dataset.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Category, Channel, CharSpan, DocumentId, Fingerprint, Hazard, ItemNames, LexiconVersion, Position, ProductFrom,
    RegionCode, RuleId, SourceId, Stance, time,
};

/// One signal and its document's facts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct SignalRecord {
    /// Where its document stands in the log; 0 in an archive rerun without a log.
    pub position: Position,
    /// The document.
    pub document_id: DocumentId,
    /// Its source.
    pub source: SourceId,
    /// Its channel group.
    pub channel: Channel,
    /// Its address.
    pub url: Option<String>,
    /// Event time: published, else seen.
    #[serde(with = "time::moment")]
    #[schemars(with = "Timestamp")]
    pub event_at: Timestamp,
    /// When it could first be known.
    #[serde(with = "time::moment")]
    #[schemars(with = "Timestamp")]
    pub seen_at: Timestamp,
    /// Whether its page was looked through for a date and has none: `event_at` is then the day on which it was seen, and says nothing of when
    /// it was written. It is shown and opens nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undated: bool,
    /// Product category.
    pub product: Category,
    /// The product as the text names it, when it does.
    pub product_text: Option<String>,
    /// Hazard.
    pub hazard: Hazard,
    /// The hazard as the text names it.
    pub hazard_text: String,
    /// `asserted` or `suspected`.
    pub stance: Stance,
    /// 0–4.
    pub severity: u8,
    /// How the product was found.
    pub product_from: ProductFrom,
    /// Canonical brand.
    pub brand: Option<String>,
    /// What the very goods are called.
    #[serde(default, skip_serializing_if = "ItemNames::is_empty")]
    pub item: ItemNames,
    /// Place.
    pub region: Option<RegionCode>,
    /// Who says so: the author where the source names one, else the source. Masked, stable.
    pub actor: String,
    /// 0–1.
    pub confidence: f64,
    /// Whether a vulnerable group (children, elderly, students) is concerned.
    pub vulnerable: bool,
    /// Rules behind it.
    pub rules: Vec<RuleId>,
    /// Fingerprint of the whole text, for story de-duplication.
    pub fingerprint: Fingerprint,
    /// The piece of text shown as evidence, at most [`SignalRecord::EXCERPT_CHARS`] characters.
    pub excerpt: String,
    /// Product and hazard spans, in characters of `excerpt`.
    pub spans: Vec<CharSpan>,
    /// Lexicon that read it.
    pub lexicon: LexiconVersion,
}

impl SignalRecord {
    /// Longest excerpt kept as evidence.
    pub const EXCERPT_CHARS: usize = 300;
}

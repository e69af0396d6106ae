//! Pairs that the learned judge is not sure of, and what a person says of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Category, DocumentId, Hazard, LexiconVersion, Position, SourceId, Stance, time};

/// A product–hazard pair that the judge is not sure of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Doubt {
    /// The product's category.
    pub product: Category,
    /// The hazard.
    pub hazard: Hazard,
    /// `asserted` or `suspected`.
    pub stance: Stance,
    /// 0–4.
    pub severity: u8,
    /// The words that tell the hazard, as they stand in the text.
    pub words: String,
    /// Probability that the pair is right, 0–1.
    pub probability: f64,
    /// Whether it became a signal all the same.
    pub kept: bool,
}

impl Doubt {
    /// A pair less likely than this is wrong without a question.
    pub const FROM: f64 = 0.2;
    /// A pair likelier than this is right without a question.
    pub const TO: f64 = 0.6;
    /// Most doubts of one document; those nearest to even odds stay.
    pub const MAX: usize = 12;

    /// How far it is from even odds, 0 to 0.5.
    #[must_use]
    pub fn distance(&self) -> f64 {
        (self.probability - 0.5).abs()
    }
}

/// A product–hazard pair that a person says is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct LabelledPair {
    /// The product's category.
    pub product: Category,
    /// The hazard.
    pub hazard: Hazard,
    /// `asserted` or `suspected`.
    pub stance: Stance,
    /// 0–4.
    pub severity: u8,
    /// The words that tell the hazard, when the reader found them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hazard_text: Option<String>,
}

/// What a person says a document tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct DoubtAnswer {
    /// All pairs that it tells; none when it tells no risk.
    pub pairs: Vec<LabelledPair>,
    /// Who says so.
    pub by: String,
    /// When.
    #[serde(with = "time::moment")]
    #[schemars(with = "Timestamp")]
    pub at: Timestamp,
    /// Why, or what is to be known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl DoubtAnswer {
    /// Most pairs of one answer.
    pub const PAIRS_MAX: usize = 40;
    /// Longest note, in characters.
    pub const NOTE_CHARS_MAX: usize = 500;
}

/// A document to be looked at because the judge is not sure of it (复核).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct DoubtedText {
    /// The document.
    pub document_id: DocumentId,
    /// Where the revision that was read stands in the log.
    pub position: Position,
    /// Its source.
    pub source: SourceId,
    /// BLAKE3 of its headline and text, in hexadecimal digits: who has answered a text is not asked about copies of it.
    pub text_hash: String,
    /// Lexicon that read it.
    pub lexicon: LexiconVersion,
    /// What is in doubt, nearest to even odds first.
    pub doubts: Vec<Doubt>,
    /// Pairs that became signals without a doubt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sure: Vec<LabelledPair>,
    /// What a person said; none while nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<DoubtAnswer>,
}

impl DoubtedText {
    /// A pair that a person names, with what the reader found of it; asserted where it found nothing.
    #[must_use]
    pub fn labelled(&self, product: Category, hazard: Hazard) -> LabelledPair {
        let doubt = self.doubts.iter().find(|doubt| (doubt.product, doubt.hazard) == (product, hazard));
        let sure = self.sure.iter().find(|pair| (pair.product, pair.hazard) == (product, hazard));
        match (doubt, sure) {
            (Some(doubt), _) => LabelledPair {
                product,
                hazard,
                stance: doubt.stance,
                severity: doubt.severity,
                hazard_text: Some(doubt.words.clone()),
            },
            (None, Some(sure)) => sure.clone(),
            (None, None) => LabelledPair { product, hazard, stance: Stance::Asserted, severity: 0, hazard_text: None },
        }
    }
}

//! What the machine excluded: an assessment that no rule disposed of, kept with its reason (DB33/T 980, clause 3-29).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Assessment, Category, Counts, CriteriaVersion, Danger, Disposal, DocumentId, ExclusionKey, Explanation, Hazard,
    RegionCode, Sentence, Spread, time,
};

/// Hexadecimal digits of the hash in a key.
const KEY_HASH_DIGITS: usize = 10;

/// A person is asked to look at an exclusion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// Who wants it.
    pub by: String,
    /// When.
    #[serde(with = "time::moment")]
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// The newest exclusion of a matter. It is no alert and nobody is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Excluded {
    /// Names the matter: the same category, hazard, brand and region have the same key.
    pub key: ExclusionKey,
    /// The day judged. It may lie a few days back while nothing else changes.
    pub as_of: Date,
    /// Product category.
    pub category: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Brand, when it is about one.
    pub brand: Option<String>,
    /// Region, when it is about one.
    pub region: Option<RegionCode>,
    /// Danger level.
    pub danger: Danger,
    /// Spread level.
    pub spread: Spread,
    /// Counts over the deciding window.
    pub counts: Counts,
    /// Deciding window in days.
    pub window_days: u32,
    /// The rule that excluded it.
    pub rule: String,
    /// Why, in the sentences of the assessment that say so.
    pub why: Explanation,
    /// Criteria that judged.
    pub criteria: CriteriaVersion,
    /// The first documents behind it, at most [`Excluded::DOCUMENTS_MAX`].
    pub documents: Vec<DocumentId>,
    /// Who wants a person to look at it, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked: Option<Looked>,
}

impl Excluded {
    /// Most documents that one keeps.
    pub const DOCUMENTS_MAX: usize = 20;
    /// Reports in the deciding window from which an exclusion is kept whatever its danger: single reports of little danger are most of what is
    /// read, and the search finds them.
    pub const REPORTS_LEAST: u64 = 2;

    /// The key of what an assessment is about.
    #[must_use]
    pub fn key_of(judged: &Assessment) -> ExclusionKey {
        let region = judged.region.map(|region| region.to_string()).unwrap_or_default();
        let brand = judged.brand.as_deref().unwrap_or_default();
        let about = format!("{}\n{}\n{brand}\n{region}", judged.category, judged.hazard);
        let hash: String = blake3::hash(about.as_bytes()).to_hex().chars().take(KEY_HASH_DIGITS).collect();
        ExclusionKey::new(format!("x-{}-{}-{hash}", judged.category, judged.hazard))
    }

    /// What is kept of an assessment; none when it is not excluded, or is a single report of less than high danger.
    #[must_use]
    pub fn of(judged: &Assessment) -> Option<Self> {
        let weighs = judged.counts.reports >= Self::REPORTS_LEAST || judged.danger >= Danger::High;
        if judged.disposal != Disposal::Exclude || !weighs {
            return None;
        }
        let says_why = |said: &&Sentence| {
            matches!(
                said,
                Sentence::Disposal { .. } | Sentence::Muted(_) | Sentence::Thinned(_) | Sentence::Prose { .. }
            )
        };
        let why: Vec<Sentence> = judged.explanation.sentences().iter().filter(says_why).cloned().collect();
        Some(Self {
            key: Self::key_of(judged),
            as_of: judged.as_of,
            category: judged.category,
            hazard: judged.hazard,
            brand: judged.brand.clone(),
            region: judged.region,
            danger: judged.danger,
            spread: judged.spread,
            counts: judged.counts,
            window_days: judged.window_days,
            rule: judged.disposal_rule.clone(),
            why: Explanation::from(why),
            criteria: judged.criteria.clone(),
            documents: judged.documents.iter().take(Self::DOCUMENTS_MAX).cloned().collect(),
            looked: None,
        })
    }

    /// Whether another day says the same of the matter: all but the day, the wording of its reason and who wants it looked at.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let told = |one: &Self| {
            (
                (one.key.clone(), one.danger, one.spread, one.counts, one.window_days),
                (one.rule.clone(), one.criteria.clone(), one.documents.clone()),
            )
        };
        told(self) == told(other)
    }
}

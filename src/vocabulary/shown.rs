//! What one party is shown of an alert and of the events of its life.
//!
//! Only `access::PartyView` makes these of records, field by field. What leaves the house takes these types and no [`Alert`], so that an
//! unfiltered record cannot reach a party outside. Serialised, they read as the records do for those who see all of it. For others a field
//! that only those inside have is left out, and a field that a record may lack is `null`. Their schemas are published under the names of the
//! records.
//!
//! [`Alert`]: crate::Alert

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    AlertEventKind, AlertId, AlertState, Assessment, Category, Change, Counts, CriteriaVersion, Danger, DangerTerms,
    Decision, DetectorTerms, Disposal, DocumentId, Evidence, Explanation, FeedbackTerms, Hazard, Language,
    LexiconVersion, RegionCode, Spread, SpreadTerms,
};

/// An alert as one party may see it. The fields are those of [`Alert`](super::Alert).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "Alert")]
pub struct ShownAlert {
    /// Stable id.
    pub id: AlertId,
    /// Open or closed.
    pub state: AlertState,
    /// Day of the first crossing.
    pub opened_on: Date,
    /// Day of the last event of its life.
    pub changed_on: Date,
    /// Last day on which its assessment was above the line.
    pub last_active_on: Date,
    /// The newest assessment.
    pub assessment: ShownAssessment,
    /// Lexicon that read its signals.
    pub lexicon: LexiconVersion,
    /// Evidence that the party may read: all of it inside, for a platform what was said on it, for others none.
    pub evidence: Vec<Evidence>,
    /// How many documents there are in all.
    pub evidence_total: u64,
}

/// An assessment as one party may see it. The fields are those of [`Assessment`]; `None` in a field that every
/// assessment has: not for this party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "Assessment")]
pub struct ShownAssessment {
    /// The day judged, to its end.
    pub as_of: Date,
    /// Product category.
    pub category: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Brand, when it is about one that the party may be told.
    pub brand: Option<String>,
    /// Region, when it is about one.
    pub region: Option<RegionCode>,
    /// Danger level.
    pub danger: Danger,
    /// Spread level.
    pub spread: Spread,
    /// What to do.
    pub disposal: Disposal,
    /// Queue order, larger first.
    pub rank_score: f64,
    /// Counts over the deciding window.
    pub counts: Counts,
    /// Deciding window in days.
    pub window_days: u32,
    /// Detector numbers.
    pub detector: DetectorTerms,
    /// Danger numbers.
    pub danger_terms: DangerTerms,
    /// Spread numbers; outside without clusters and without brands of others.
    pub spread_terms: SpreadTerms,
    /// What outcomes of earlier alerts add; inside only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<FeedbackTerms>,
    /// The criteria rule that decided the disposal.
    pub disposal_rule: String,
    /// What decided, in the words of the criteria file.
    pub decision: Decision,
    /// What would change it; inside only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Vec<Change>>,
    /// The day that `change` was tried on, where that was an earlier one; inside only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_of: Option<Date>,
    /// In words; outside one that names neither sources nor brands.
    pub explanation: Explanation,
    /// Criteria that judged.
    pub criteria: CriteriaVersion,
    /// The documents behind it; inside only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<DocumentId>>,
}

impl ShownAssessment {
    /// The spread in Chinese, with a mark where one company's goods make trouble in several places: 企业共性 where that asks for a sample
    /// (DB33/T 980 §6.1.3 c), 企业性 where it does not.
    #[must_use]
    pub fn spread_zh(&self) -> String {
        spread_said(self.spread, self.spread_terms.company_wide, self.disposal, Language::Chinese)
    }
}

impl Assessment {
    /// The spread as [`ShownAssessment::spread_zh`] says it, in a language.
    #[must_use]
    pub fn spread_said(&self, language: Language) -> String {
        spread_said(self.spread, self.spread_terms.company_wide, self.disposal, language)
    }
}

fn spread_said(spread: Spread, company_wide: bool, disposal: Disposal, language: Language) -> String {
    let level = language.pick(spread.zh(), spread.en());
    match (company_wide, disposal) {
        (false, _) => level.to_owned(),
        (true, Disposal::Sample) => format!("{level}{}", language.pick("·企业共性", ", one maker's goods in common")),
        (true, _) => format!("{level}{}", language.pick("·企业性", ", one maker's goods")),
    }
}

/// An event in an alert's life as one party may see it. The fields are those of [`AlertEvent`](super::AlertEvent).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "AlertEvent")]
pub struct ShownEvent {
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
    /// Brand, when it is about one that the party may be told.
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
    /// Evidence that the party may read, as of an alert.
    pub evidence: Vec<Evidence>,
    /// How many documents there are in all.
    pub evidence_total: u64,
    /// Why; outside without sources and brands.
    pub explanation: Explanation,
    /// The rules of the criteria that decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The alert that this one was merged into; inside only.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_company_does_in_many_places_is_marked_beside_the_level() {
        let said = |company_wide, disposal| spread_said(Spread::Isolated, company_wide, disposal, Language::Chinese);
        assert_eq!(said(true, Disposal::Sample), "个别·企业共性");
        assert_eq!(said(true, Disposal::Notify), "个别·企业性");
        assert_eq!(said(false, Disposal::Notify), "个别");
    }
}

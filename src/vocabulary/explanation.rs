//! Why an assessment or an alert is what it is, as values: sentences with what each is about and its numbers, in no language. `tell` words them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};

use super::{
    AlertId, Category, Change, ConfirmedTerm, Counts, CriteriaVersion, Danger, DangerTerms, Disposal, FailureTerms,
    Hazard, MuteTerm, OutcomeId, PRealTerms, RegionCode, Spread, ThinnedTerm,
};

/// The sentences of an explanation, in the order of its paragraph.
///
/// As JSON: an array of sentences. Prose alone is one string, as versions before sentences were values wrote it, and as every output
/// of the program holds it; no sentence at all is the empty string.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "Written")]
pub struct Explanation(Vec<Sentence>);

/// The two forms in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Prose(String),
    Sentences(Vec<Sentence>),
}

impl From<Written> for Explanation {
    fn from(written: Written) -> Self {
        match written {
            Written::Prose(text) => Self::prose(text),
            Written::Sentences(sentences) => Self(sentences),
        }
    }
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [] => serializer.serialize_str(""),
            [Sentence::Prose { text }] => serializer.serialize_str(text),
            sentences => sentences.serialize(serializer),
        }
    }
}

impl From<Vec<Sentence>> for Explanation {
    fn from(sentences: Vec<Sentence>) -> Self {
        Self(sentences)
    }
}

impl Explanation {
    /// An explanation that is text already; no sentence when the text is empty.
    #[must_use]
    pub fn prose(text: impl Into<String>) -> Self {
        let text = text.into();
        Self(if text.is_empty() { Vec::new() } else { vec![Sentence::Prose { text }] })
    }

    /// The sentences, in the order of the paragraph.
    #[must_use]
    pub fn sentences(&self) -> &[Sentence] {
        &self.0
    }

    /// Whether every sentence is a value; false when any is prose.
    #[must_use]
    pub fn is_values(&self) -> bool {
        !self.0.iter().any(|sentence| matches!(sentence, Sentence::Prose { .. }))
    }

    /// Whether there is no sentence.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same with one more sentence at the end.
    #[must_use]
    pub fn then(mut self, sentence: Sentence) -> Self {
        self.0.push(sentence);
        self
    }

    /// The same behind a first sentence.
    #[must_use]
    pub fn after(mut self, sentence: Sentence) -> Self {
        self.0.insert(0, sentence);
        self
    }
}

/// What a sentence is about. In the order in which a list of sentences is read: what decides comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Whatever prose says, which nobody reads into.
    Prose,
    /// What became of the alert, or what outcomes say of it.
    Note,
    /// What was seen.
    Seen,
    /// The single-report rule that hit.
    SingleRule,
    /// What to do.
    Disposal,
    /// That the levels are those of an earlier assessment.
    Held,
    /// How bad.
    Danger,
    /// How wide.
    Spread,
    /// What would change the judgement.
    Change,
    /// What was expected, how rare it is, and since when it rises.
    Statistics,
    /// The versions that judged.
    Versions,
}

/// One sentence. Numbers are those of the assessment's terms (SCORE-2); shares are 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Sentence {
    /// Text as it stands: of a version that kept no values, or written for an output.
    Prose {
        /// One or more sentences, with their full stops.
        text: String,
    },
    /// What was seen in the deciding window.
    Seen {
        /// The day judged.
        as_of: Date,
        /// Length of the window.
        days: u32,
        /// What it is about.
        subject: Subject,
        /// Independent events.
        events: u64,
        /// The four counts.
        counts: Counts,
    },
    /// What was expected in that window.
    Expected {
        /// Length of the baseline in weeks, exposure-weighted.
        baseline_weeks: f64,
        /// Events in it.
        baseline_events: u64,
        /// Expected events.
        expected: f64,
        /// Mid-p tail probability of what was seen.
        p: f64,
    },
    /// How much speaks for a rise.
    Rise {
        /// Natural logarithm of the evidence.
        evidence: f64,
        /// `−log10` of the onsets a year that show as much by chance.
        h: f64,
        /// `h` that the false-alarm budget asks for.
        h_threshold: f64,
        /// Whether the detector crossed its line.
        crossed: bool,
    },
    /// When the rise began.
    Began {
        /// First day of that week.
        week_of: Date,
        /// Probability of that week among all.
        probability: f64,
    },
    /// The rise among all cells of its day.
    Among {
        /// Cells that were compared.
        cells: u64,
        /// Assessments at least as improbable by chance, this one among them.
        alike: u64,
        /// Share of chance expected among them (Benjamini & Hochberg).
        q: f64,
        /// The same however cells depend on one another (e-BH).
        e_q: f64,
    },
    /// The single-report rule that hit.
    SingleRule {
        /// Its id.
        rule: String,
        /// What it says, in the words of the criteria file.
        means: String,
    },
    /// How wide.
    Spread {
        /// The level.
        spread: Spread,
        /// Brands named.
        brands: Variety,
        /// Provinces named.
        provinces: Variety,
        /// What was found beyond, in order.
        findings: Vec<SpreadFinding>,
        /// The rule that decided.
        rule: String,
    },
    /// How bad.
    Danger {
        /// The level.
        danger: Danger,
        /// What made it.
        terms: DangerTerms,
        /// Whether the assessment is about one brand.
        branded: bool,
    },
    /// The alarm without sources that are seldom right.
    Thinned(ThinnedTerm),
    /// Not confirmed before, and therefore silent for a while.
    Muted(MuteTerm),
    /// Companies whose products fail.
    Confirmed(ConfirmedTerm),
    /// Test results of this matter.
    Matter(FailureTerms),
    /// Random samples of the category.
    Usual(FailureTerms),
    /// How probably it is real, by the verdicts on alerts like it.
    Real(PRealTerms),
    /// What to do.
    Disposal {
        /// The disposal.
        disposal: Disposal,
        /// What its rule says, in the words of the criteria file; none where no rule hit.
        means: Option<String>,
        /// The rule.
        rule: String,
    },
    /// What would change the judgement.
    Change {
        /// The day it was tried on, where that was an earlier one.
        as_of: Option<Date>,
        /// Levels that each change is compared with.
        danger: Danger,
        /// Spread.
        spread: Spread,
        /// Disposal.
        disposal: Disposal,
        /// What was tried, at least one.
        changes: Vec<Change>,
    },
    /// The criteria that judged.
    Criteria {
        /// Their version.
        version: CriteriaVersion,
    },
    /// The alert keeps higher levels than its newest assessment.
    Held {
        /// First day on which the assessment was lower.
        since: Date,
        /// Days after which the levels go down.
        days: u32,
    },
    /// The alert closed because another one holds its documents.
    Merged {
        /// That alert.
        into: AlertId,
    },
    /// The alert closed because nothing was found.
    Unconfirmed {
        /// The outcome that decided.
        outcome: OutcomeId,
    },
    /// The alert closed because it was quiet long enough.
    Quiet {
        /// Last day on which it was above the line.
        since: Date,
        /// Days it takes.
        days: u32,
    },
    /// The levels alone, for parties that do not see the numbers.
    Levels {
        /// The day judged; none in a line of history, which has its own.
        as_of: Option<Date>,
        /// Product category.
        category: Category,
        /// Hazard.
        hazard: Hazard,
        /// Danger.
        danger: Danger,
        /// Spread.
        spread: Spread,
        /// Disposal.
        disposal: Disposal,
    },
}

impl Sentence {
    /// What it is about.
    #[must_use]
    pub fn about(&self) -> About {
        match self {
            Self::Prose { .. } => About::Prose,
            Self::Thinned(_)
            | Self::Muted(_)
            | Self::Confirmed(_)
            | Self::Matter(_)
            | Self::Usual(_)
            | Self::Real(_)
            | Self::Merged { .. }
            | Self::Unconfirmed { .. }
            | Self::Quiet { .. } => About::Note,
            Self::Seen { .. } | Self::Levels { .. } => About::Seen,
            Self::SingleRule { .. } => About::SingleRule,
            Self::Disposal { .. } => About::Disposal,
            Self::Held { .. } => About::Held,
            Self::Danger { .. } => About::Danger,
            Self::Spread { .. } => About::Spread,
            Self::Change { .. } => About::Change,
            Self::Expected { .. } | Self::Rise { .. } | Self::Began { .. } | Self::Among { .. } => About::Statistics,
            Self::Criteria { .. } => About::Versions,
        }
    }
}

/// Which matter: category and hazard, and what of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Product category.
    pub category: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Brand, when it is about one.
    pub brand: Option<String>,
    /// Region, when it is about one.
    pub region: Option<Place>,
}

/// A region with the name of its prefecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The region.
    pub region: RegionCode,
    /// Short Chinese name of its prefecture; none for a whole province.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
}

/// How many brands or provinces the events name.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Variety {
    /// Distinct ones.
    pub named: u64,
    /// Effective number, `1/Σ share²`.
    pub effective: f64,
    /// Share of events that name none.
    pub unknown_share: f64,
}

/// Where a cluster lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// A predefined zone or a platform, by its name.
    Named(String),
    /// Provinces or prefectures, the most central first.
    Places(Vec<Place>),
}

/// Where a scan of zones × last weeks finds most more than expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Where.
    pub zone: Zone,
    /// How many of the last weeks it fills.
    pub weeks: u32,
    /// Independent events in it.
    pub events: u64,
    /// Expected events in it.
    pub expected: f64,
    /// Days until chance alone shows one as strong; none where that is unknown.
    pub recurrence_days: Option<f64>,
}

/// One finding on how wide a matter is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SpreadFinding {
    /// The most likely cluster of provinces.
    Cluster {
        /// The cluster.
        cluster: Cluster,
        /// Share of the excess inside it, and share of the exposure.
        shares: Option<[f64; 2]>,
        /// Placed events outside it, and their mid-p.
        outside: Option<(u64, f64)>,
    },
    /// The most likely cluster of prefectures.
    Prefectures {
        /// The cluster.
        cluster: Cluster,
    },
    /// Whether the excess lies in one region or is even over the country.
    Reach {
        /// Newest weeks that were looked at.
        weeks: u32,
        /// Probability that one region holds it.
        one_region: f64,
        /// Probability that it is even, given that it is across the country.
        even: f64,
    },
    /// The most likely platform.
    Platform {
        /// The cluster.
        cluster: Cluster,
    },
    /// Brands whose rate has probably risen.
    RaisedBrands {
        /// How many.
        brands: u64,
    },
    /// Whether provinces differ.
    Heterogeneity {
        /// Chance that provinces of one common rate differ as much.
        p: f64,
    },
    /// The same hazard rising in other categories.
    Shared {
        /// What they share.
        word: String,
        /// The categories, this one among them.
        categories: Vec<Category>,
        /// Independent events of all of them.
        events: u64,
    },
    /// A brand, or the category, out of line with this hazard.
    OutOfLine {
        /// The brand; none for the category.
        brand: Option<String>,
        /// Events that name both.
        events: u64,
        /// Events expected.
        expected: f64,
        /// 2.5 % quantile of the information component.
        ic025: f64,
    },
    /// The tail without the brand of most events.
    WithoutBrand {
        /// The brand.
        brand: String,
        /// The tail.
        p: f64,
    },
    /// The tail without the province of most events.
    WithoutProvince {
        /// The province.
        province: Place,
        /// The tail.
        p: f64,
    },
    /// One company in two or more regions.
    CompanyWide,
    /// Too many events name no place for the regional level to be certain.
    ProvisionalRegion,
    /// Too many events name no brand for the level to be certain.
    ProvisionalIndustry,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Explanation {
        serde_json::from_str(json).expect("an explanation")
    }

    #[test]
    fn prose_of_an_earlier_version_is_one_string_and_stays_one() {
        let kept = "\"截至2025-04-29，近56天有19起独立事件。评价标准2026.1。\"";
        assert_eq!(said(kept).sentences().len(), 1);
        assert!(!said(kept).is_values());
        assert_eq!(serde_json::to_string(&said(kept)).expect("JSON"), kept);
        assert_eq!(
            (said("\"\""), serde_json::to_string(&Explanation::default()).expect("JSON")),
            (said("[]"), "\"\"".into())
        );
    }

    #[test]
    fn sentences_are_read_back_as_they_were_and_beside_prose() {
        let quiet = Sentence::Quiet { since: jiff::civil::date(2023, 1, 1), days: 28 };
        let merged = Sentence::Merged { into: "wl-2".into() };
        let all = Explanation::from(vec![quiet.clone()]).after(merged.clone());
        assert_eq!(all.sentences(), [merged, quiet.clone()]);
        assert_eq!(said(&serde_json::to_string(&all).expect("JSON")), all);
        let beside = Explanation::prose("甲。").then(quiet);
        assert_eq!(said(&serde_json::to_string(&beside).expect("JSON")), beside);
    }
}

//! A judgement of one category × hazard as of a day, with every number that made it (SCORE-2).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Category, Change, CriteriaVersion, Danger, Disposal, DocumentId, Hazard, RegionCode, Spread};

/// The four counts that are always shown together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Documents, reprints included (信息数).
    pub reports: u64,
    /// Distinct stories (不同文本).
    pub texts: u64,
    /// Distinct actors (不同来源主体).
    pub actors: u64,
    /// Distinct places (不同地区), prefecture level.
    pub places: u64,
}

/// One window of the multi-window detector.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WindowTerm {
    /// Window length in days, ending with `as_of`.
    pub days: u32,
    /// Independent events in it.
    pub x: u64,
    /// Expected events under "nothing new".
    pub mu: f64,
    /// Mid-p tail probability.
    pub p: f64,
}

/// What the detector computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectorTerms {
    /// Method name, e.g. `rise_evidence`; with extra dispersion the weekly size is appended as `;size=…`.
    pub method: String,
    /// Natural logarithm of the evidence for a rise: likelihood ratios averaged over the windows and sizes of a rise.
    #[serde(default)]
    pub evidence: f64,
    /// `−log10` of how many times a year a cell like this begins to show so much evidence by chance. Comparable between
    /// cells of any kind.
    pub h: f64,
    /// `h` from which the false-alarm budget lets a cell alarm.
    pub h_threshold: f64,
    /// The windows, shortest first.
    pub windows: Vec<WindowTerm>,
    /// Events in the baseline.
    pub baseline_events: u64,
    /// Length of the baseline in weeks, exposure-weighted.
    pub baseline_weeks: f64,
    /// Prior shape and rate that were used.
    pub prior: [f64; 2],
}

/// What made the danger level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DangerTerms {
    /// Worst credible severity, 1–4, after the vulnerable-group step.
    pub severity: u8,
    /// Severity as stated or implied before the step, 0–4.
    pub severity_stated: u8,
    /// Whether a vulnerable group raised it.
    pub vulnerable: bool,
    /// Probability class: index of the matrix row (0 = most probable), none when exposure is unknown.
    pub probability_row: Option<u8>,
    /// Lowest and highest cell the matrix allows when the probability is unknown or uncertain.
    pub range: [Danger; 2],
    /// How the probability was read, and what the number of items in use added.
    #[serde(default)]
    pub exposure: ExposureTerms,
}

/// What is known of the number of items in use (在用数量).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemsBasis {
    /// Nothing: the probability of injury is unknown.
    #[default]
    Unknown,
    /// The criteria file's number for the category: the matter is the whole category.
    Category,
    /// The criteria file's number for the category, of which the matter is one brand or province: it has at most so many.
    PartOfCategory,
    /// Sales displayed by the listings we know: an estimate, and only of what they sold. There are at least about so many.
    Displayed,
}

/// How the probability of injury was read. `probability = min(1, upper / items × 365.25 / days × under_reporting × lifetime_years)`;
/// method 9. With `part_of_category` it is a lower, with `displayed` an upper bound, which moves the row only as far as it binds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ExposureTerms {
    /// Where the number of items comes from.
    pub basis: ItemsBasis,
    /// Items in use, or what bounds them.
    pub items: Option<u64>,
    /// Independent events of the last `days` days.
    pub events: u64,
    /// Days over which events are counted for the rate.
    pub days: u32,
    /// Upper confidence limit of the expected number of events.
    pub upper: f64,
    /// Its confidence.
    pub confidence: f64,
    /// How many injuries there are for one that is reported.
    pub under_reporting: f64,
    /// Years for which an item is used; none when unknown.
    pub lifetime_years: Option<f64>,
    /// Probability of injury over an item's life; none when items or lifetime are unknown.
    pub probability: Option<f64>,
    /// Matrix row in which the level was read.
    pub row: Option<u8>,
    /// Level in the matrix, before it was raised by the number of items in use.
    pub before_items: Option<Danger>,
}

/// What made the spread level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpreadTerms {
    /// Distinct brands named.
    pub brands: u64,
    /// Effective number of brands, `1/Σ share²`.
    pub effective_brands: f64,
    /// The most frequent brand.
    pub top_brand: Option<String>,
    /// Share of events that name no brand.
    pub unknown_brand_share: f64,
    /// Distinct provinces.
    pub provinces: u64,
    /// Effective number of provinces.
    pub effective_provinces: f64,
    /// The province with most events and its share.
    pub top_province: Option<RegionCode>,
    /// Share of placed events in the top province.
    pub top_province_share: f64,
    /// Share of events that name no place.
    pub unknown_region_share: f64,
    /// Detector tail without the top brand.
    pub p_without_top_brand: Option<f64>,
    /// Detector tail without the top province.
    pub p_without_top_province: Option<f64>,
    /// One company in two or more regions (企业性), shown under isolated.
    pub company_wide: bool,
    /// Industry-wide only provisionally: too many events without a brand.
    pub provisional: bool,
    /// The rule of the criteria that decided.
    pub rule: String,
}

/// What came back from analysts and from sampling, as far as it was known on the day. Without any, the default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedbackTerms {}

/// What decided about an assessment, in the words of the criteria file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whether the detector crossed its line: its threshold, with enough events, and a new one since the watch began.
    pub crossed: bool,
    /// Id of the single-report rule that hit.
    pub single_rule: Option<String>,
    /// What that rule says.
    pub single_means: Option<String>,
    /// What the disposal rule says; none where no rule hit.
    pub disposal_means: Option<String>,
}

/// A judgement (评估). Same signals, criteria and `as_of` give the same assessment (SCORE-1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The day judged, to its end.
    pub as_of: Date,
    /// Product category.
    pub category: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Brand, when the assessment is about one.
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
    /// Spread numbers.
    pub spread_terms: SpreadTerms,
    /// What outcomes of earlier alerts add.
    #[serde(default)]
    pub feedback: FeedbackTerms,
    /// Why the disposal: the criteria rule hit.
    pub disposal_rule: String,
    /// What decided.
    #[serde(default)]
    pub decision: Decision,
    /// What would change it: tried for what is above the line or near it.
    #[serde(default)]
    pub change: Vec<Change>,
    /// One Chinese paragraph filled from the numbers above.
    pub explanation: String,
    /// Criteria that judged.
    pub criteria: CriteriaVersion,
    /// The documents behind it, event order, one leader per story first.
    pub documents: Vec<DocumentId>,
}

//! A judgement of one category × hazard as of a day, with every number that made it (SCORE-2).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    Category, Change, Channel, CriteriaVersion, Danger, Disposal, DocumentId, Explanation, Hazard, OutcomeId,
    RegionCode, SourceId, Spread,
};

/// The four counts that are always shown together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
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
#[derive(schemars::JsonSchema)]
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
#[derive(schemars::JsonSchema)]
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
    /// When the rise began, where it crossed and that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Began>,
    /// What it is worth beside all that was looked at on its day; none in assessments of before this was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub among: Option<Among>,
}

/// One rise among all cells of its day (同日比较): false discovery rates. `q` is the smallest `cells · p₍ₖ₎ / k` over all assessments of
/// the day whose p is at least as large, k their rank, and at most 1; `e_q` the same of `1/e`, e the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Among {
    /// Cells that were looked at: category × hazard, and each known brand and each province of them.
    pub cells: u64,
    /// Assessments of the day that are at least as improbable by chance, this one among them.
    pub alike: u64,
    /// Chance that a cell of this kind shows so much evidence on a day: `1 − exp(−10⁻ʰ · longest window / 365)`; 1 with fewer events than
    /// it takes to alarm.
    pub p: f64,
    /// Share of chance to be expected among what is at least as improbable (Benjamini & Hochberg).
    pub q: f64,
    /// The same from the evidence, however cells depend on one another (e-BH).
    pub e_q: f64,
}

/// When a rise began (上升起点), by change-point detection over weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Began {
    /// First day of the week in which the present rate most probably began; weeks end on the day judged.
    pub week_of: Date,
    /// Probability of that week among all.
    pub probability: f64,
    /// Events a week that the baseline lets expect.
    pub expected: f64,
    /// Events of the weeks that were looked at, oldest first.
    pub weekly: Vec<u64>,
}

/// What made the danger level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
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
#[derive(schemars::JsonSchema)]
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
#[derive(schemars::JsonSchema)]
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

/// Placed events of one province against what is expected there (scoring methods, section 8: `c_r`, `e_r`, `X_r`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct RegionTerm {
    /// The province.
    pub region: RegionCode,
    /// Independent events of the spread window that name it.
    pub events: u64,
    /// Expected events there in the same days.
    pub expected: f64,
    /// `max(0, events − expected)`.
    pub excess: f64,
}

/// Where a scan of zones × last weeks finds most more than expected (scoring methods, section 4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct ClusterTerms {
    /// Name of a predefined zone or of a platform; none for provinces that lie together.
    pub zone: Option<String>,
    /// Its provinces, the most central first; none for a platform.
    pub regions: Vec<RegionCode>,
    /// How many of the last weeks it fills; the whole spread window where no scan was made.
    pub weeks: u32,
    /// Independent events in it, in these weeks.
    pub events: u64,
    /// Expected events in it, in these weeks.
    pub expected: f64,
    /// Log likelihood ratio `c ln(c/e) − (c − e)`.
    pub llr: f64,
    /// Whether a scan found it; else it is the province with most events, over the whole window.
    #[serde(default)]
    pub scanned: bool,
    /// Chance that a quiet map holds a cluster as strong, times the scans that are made of one matter (`SpreadTerms::scans`), at most 1;
    /// none where no scan was made, or where it could decide nothing.
    pub p: Option<f64>,
    /// Days until chance alone shows one as strong, at one look a day: `1/p`.
    pub recurrence_days: Option<f64>,
    /// Whether the recurrence interval reaches the criteria's.
    pub held: bool,
}

/// The same hazard rising in other categories by what they share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct SharedTerms {
    /// What they share: `component` (a part or material that the texts name), or nothing but the `hazard`.
    pub kind: String,
    /// The word; of a hazard its name.
    pub word: String,
    /// The categories, this one among them, in the order of the label set.
    pub categories: Vec<Category>,
    /// Independent events of all of them in the spread window that name it (of a hazard: all).
    pub events: u64,
}

/// How far out of line a pair is among all events of a window (scoring methods, section 5). Never a rate of injury.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct OutOfLineTerms {
    /// `category` × hazard or `brand` × hazard.
    pub pair: String,
    /// The brand, for the second.
    pub brand: Option<String>,
    /// Events that name both.
    pub events: u64,
    /// Events expected of independent row and column.
    pub expected: f64,
    /// log₂ of the shrunk ratio (information component).
    pub ic: f64,
    /// Its 2.5 % quantile: above 0 with at least three events is a signal.
    pub ic025: f64,
    /// Empirical Bayes geometric mean of the ratio; none where the window has too few pairs to fit a prior.
    #[serde(default)]
    pub ebgm: Option<f64>,
    /// 5 % quantile of the same: from 2 on with at least three events a signal.
    #[serde(default)]
    pub eb05: Option<f64>,
}

/// What made the spread level.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
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
    /// Detector tail of all events (`p_nat`).
    #[serde(default)]
    pub p_national: Option<f64>,
    /// Events over expected events in the deciding window.
    #[serde(default)]
    pub rate_ratio: Option<f64>,
    /// Events of the spread window, with and without a place.
    #[serde(default)]
    pub events: u64,
    /// Events of the spread window that are expected with a place, in all provinces.
    #[serde(default)]
    pub expected_placed: f64,
    /// Provinces with an event, by code.
    #[serde(default)]
    pub regions: Vec<RegionTerm>,
    /// The most likely cluster of provinces; the top province where too few events are placed for a scan.
    #[serde(default)]
    pub cluster: Option<ClusterTerms>,
    /// The most likely cluster of neighbouring prefectures, where enough events name one: told, and no reason of a level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefecture_cluster: Option<ClusterTerms>,
    /// Scans that are made of the matter: of provinces, of platforms, of prefectures. 0 where it did not cross.
    #[serde(default)]
    pub scans: u32,
    /// The most likely platform, where signals come from several.
    #[serde(default)]
    pub platform_cluster: Option<ClusterTerms>,
    /// `phi`: share of the excess that lies inside the cluster.
    #[serde(default)]
    pub cluster_excess_share: Option<f64>,
    /// `pi`: share of the exposure (expected placed events) inside the cluster.
    #[serde(default)]
    pub cluster_exposure_share: Option<f64>,
    /// Placed events of the spread window outside the cluster.
    #[serde(default)]
    pub events_without_cluster: Option<u64>,
    /// Placed events expected there, those of the cluster that are placed wrongly among them.
    #[serde(default)]
    pub expected_without_cluster: Option<f64>,
    /// `p_-z`: mid-p of the placed events outside the cluster, over the spread window.
    #[serde(default)]
    pub p_without_cluster: Option<f64>,
    /// `p_het`: chance that provinces of one common rate differ as much (dispersion chi-square).
    #[serde(default)]
    pub p_heterogeneity: Option<f64>,
    /// Probability that one region holds the excess of the placed events and not the country, one half beforehand.
    #[serde(default)]
    pub one_region_probability: Option<f64>,
    /// Probability that an excess across the country falls as the exposure does and not in patches, one half beforehand.
    #[serde(default)]
    pub even_probability: Option<f64>,
    /// Newest weeks that these two look at.
    #[serde(default)]
    pub reach_weeks: Option<u32>,
    /// `D_r`: effective number of provinces reached, weighted by exposure.
    #[serde(default)]
    pub effective_regions: Option<f64>,
    /// Provinces that are exposed at all.
    #[serde(default)]
    pub exposed_regions: u64,
    /// `D_b` without the bias of few events: `n(n−1)/Σ n_b(n_b−1)`, at most the number of brands.
    #[serde(default)]
    pub effective_brands_unbiased: f64,
    /// `n_b`: brands whose rate has probably risen.
    #[serde(default)]
    pub raised_brands: u64,
    /// I² of the rates of the named brands, in percent.
    #[serde(default)]
    pub brand_i2: Option<f64>,
    /// The same hazard rising in other categories, and what they share.
    #[serde(default)]
    pub shared: Option<SharedTerms>,
    /// Which category or brand is out of line with this hazard.
    #[serde(default)]
    pub out_of_line: Vec<OutOfLineTerms>,
}

/// How often a cell has events when nothing is wrong (scoring methods, section 3: regimes R0 and R1).
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema
)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// Fewer baseline events a week than the criteria's bound.
    #[default]
    Sparse,
    /// Any other.
    Dense,
}

/// What a judgement rests on.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema
)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceBasis {
    /// Neither crossed nor hit.
    #[default]
    Below,
    /// A single-report rule hit.
    Single,
    /// The detector crossed.
    Onset,
}

/// Shares of the events by independence class; they add up to 1, or are all 0 when no source is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(default)]
pub struct SourceMix {
    /// Authorities, at home and abroad.
    pub official: f64,
    /// Complaint sites and platforms.
    pub complaint: f64,
    /// Media.
    pub media: f64,
}

/// A source in the deciding window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct SourceTerm {
    /// The source.
    pub source: SourceId,
    /// Its channel.
    pub channel: Channel,
    /// Independent events it opened.
    pub events: u64,
    /// Alerts it was evidence of that were confirmed, and not confirmed.
    pub hits: u64,
    /// Not confirmed.
    pub misses: u64,
    /// Credibility: `(a + hits) / (a + b + hits + misses)`. Never enters a count.
    pub w: f64,
}

/// Probability that a matter like this is real.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct PRealTerms {
    /// Posterior mean.
    pub mean: f64,
    /// 90 % interval.
    pub interval: [f64; 2],
    /// `prior`, `beta_binomial` or `logistic`.
    pub method: String,
    /// Judged alerts of the same regime, basis, spread and leading source class.
    pub alike: u64,
    /// Those of them that were confirmed.
    pub alike_confirmed: u64,
    /// Judged alerts in all.
    pub judged: u64,
    /// Those that were confirmed.
    pub judged_confirmed: u64,
    /// Shapes of the posterior; for `logistic`, the linear predictor and its standard error.
    pub shape: [f64; 2],
}

/// The share of products that fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct FailureTerms {
    /// Batches tested.
    pub tested: u64,
    /// Batches that failed.
    pub failed: u64,
    /// Prior shapes `a`, `b`.
    pub prior: [f64; 2],
    /// Campaigns that the prior was fitted to; 0 = the criteria's.
    pub campaigns: u64,
    /// Shapes of the law: prior plus counts; the prior itself where it was fitted to the same campaigns.
    pub law: [f64; 2],
    /// Mean of the law.
    pub mean: f64,
    /// Its 90 % interval.
    pub interval: [f64; 2],
    /// The share asked about.
    pub threshold: f64,
    /// Probability that more than that share fails.
    pub p_above: f64,
}

/// The alarm without the events of sources that are seldom right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct ThinnedTerm {
    /// Credibility below which a source's events are left out.
    pub w_below: f64,
    /// Events left out, over the longest window.
    pub removed: u64,
    /// `h` without them.
    pub h: f64,
    /// Whether it still crosses.
    pub survives: bool,
}

/// A matter that was looked into and not confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct MuteTerm {
    /// The outcome that decided.
    pub outcome: OutcomeId,
    /// Batches tested and failed; both 0 for an analyst's verdict.
    pub tested: u64,
    /// Batches that failed.
    pub failed: u64,
    /// First and last day.
    pub since: Date,
    /// The last day.
    pub until: Date,
    /// `h` from which it is heard again: ten times the evidence that was looked into (criteria).
    pub h_needed: f64,
    /// Whether it is heard again.
    pub lifted: bool,
}

/// Failures that test results found in several companies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct ConfirmedTerm {
    /// Companies with results.
    pub tested_companies: u64,
    /// Companies that fail more than twice as often as usual, with the probability the criteria ask for.
    pub failing_companies: u64,
    /// The usual share of failures that they are compared with.
    pub usual: f64,
    /// Whether they are enough for industry-wide, confirmed (行业性已证实).
    pub industry: bool,
}

/// What came back from analysts and from sampling, as far as it was known on the day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(default)]
pub struct FeedbackTerms {
    /// Regime of the cell.
    pub regime: Regime,
    /// What the judgement rests on.
    pub basis: EvidenceBasis,
    /// Sources of the events in the deciding window, by name; only of what is above the line, as all that follows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceTerm>,
    /// Their mix.
    pub mix: SourceMix,
    /// Decayed intensity `A(t) = Σ w·2^(−(t−t_i)/H)` of the matter's events, at the end of the day.
    pub intensity: f64,
    /// Probability that it is real. The queue order is multiplied by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_real: Option<PRealTerms>,
    /// The thinning test, where a source falls below the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinned: Option<ThinnedTerm>,
    /// Share of failures in the category, by random campaigns only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<FailureTerms>,
    /// Share of failures in this matter, by all its samples; targeted ones are biased upward.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matter: Option<FailureTerms>,
    /// Not confirmed, and therefore not alarmed again for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<MuteTerm>,
    /// Results by company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<ConfirmedTerm>,
}

/// What decided about an assessment, in the words of the criteria file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
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
    /// What would change it: tried for what is above the line or near it, on days that bring an event.
    #[serde(default)]
    pub change: Vec<Change>,
    /// The day that `change` was tried on, where that was an earlier one: an alert keeps it over quiet days at the same levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_of: Option<Date>,
    /// Why, in sentences filled from the numbers above.
    pub explanation: Explanation,
    /// Criteria that judged.
    pub criteria: CriteriaVersion,
    /// The documents behind it, event order, one leader per story first.
    pub documents: Vec<DocumentId>,
}

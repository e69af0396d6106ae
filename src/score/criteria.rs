//! The evaluation criteria (评价标准) of scoring: one versioned TOML file, checked once, so that no number is decided in code.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::feedback::FeedbackCriteria;
use super::onsets::OnsetTable;
use vocabulary::{
    Category, Channel, CriteriaVersion, Danger, Disposal, Hazard, PROVINCES, Refused, RegionCode, Said, Spread, refused,
};

/// Most events that a search for a change may add or take away: it judges again for each step.
const CHANGED_EVENTS_MAX: u32 = 100;
/// Fewest events that a rule may ask a sample for: one or two reports are a case, nothing general.
const SAMPLED_EVENTS_MIN: u64 = 3;

/// A criteria file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct CriteriaError {
    /// The file as the caller named it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What was found and what was expected.
    pub problem: Refused,
}

impl Said for CriteriaError {
    fn zh(&self) -> String {
        format!("{}:{}：{}", self.file, self.line, self.problem.zh)
    }
}

/// Everything that scoring decides by.
#[derive(Debug, Clone, PartialEq)]
pub struct Criteria {
    /// The file's `version` and a hash of its bytes.
    pub version: CriteriaVersion,
    /// What is counted as one event.
    pub counting: Counting,
    /// The temporal detector.
    pub detector: DetectorCriteria,
    /// How many false onsets are accepted.
    pub budget: BudgetCriteria,
    /// Severity × probability.
    pub danger: DangerCriteria,
    /// Isolated, regional, industry-wide, systemic.
    pub spread: SpreadCriteria,
    /// Predefined sets of provinces that a scan looks at beside neighbourhoods.
    pub zones: Vec<Zone>,
    /// Rules that need one report only.
    pub single: Vec<SingleRule>,
    /// Exclude, notify, sample; the first match decides.
    pub disposal: Vec<DisposalRule>,
    /// What is tried to move a level.
    pub change: ChangeCriteria,
    /// Queue order.
    pub rank: Rank,
    /// What outcomes of earlier alerts do.
    pub feedback: FeedbackCriteria,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    score: Sections,
    #[serde(rename = "alert")]
    _alert: IgnoredAny,
    #[serde(rename = "sampling")]
    _sampling: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sections {
    counting: Counting,
    detector: DetectorCriteria,
    budget: BudgetCriteria,
    danger: DangerCriteria,
    spread: SpreadCriteria,
    #[serde(default)]
    zones: Vec<Zone>,
    #[serde(default)]
    single: Vec<SingleRule>,
    disposal: Vec<DisposalRule>,
    change: ChangeCriteria,
    rank: Rank,
    feedback: FeedbackCriteria,
}

/// What is counted as one independent event.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// Signals below are never counted.
    pub confidence_floor: f64,
    /// Days within which a retelling belongs to its story.
    pub story_days: u32,
    /// Share of agreeing fingerprint lanes that makes a retelling.
    pub story_similarity: f64,
    /// Channels whose texts reprint one another with new headlines.
    pub press_channels: Vec<Channel>,
    /// Share of agreeing lanes that makes a retelling between two texts of these channels.
    pub press_similarity: f64,
    /// Channels whose signals are context, never events.
    pub context_channels: Vec<Channel>,
    /// Beginnings of rule ids that read a failed row of a planned test: context, never an event, in [`Self::tested_channels`].
    pub tested_rules: Vec<String>,
    /// Channels that publish the results of planned tests.
    pub tested_channels: Vec<Channel>,
    /// Days in which one person's complaints about one brand and hazard are one event.
    pub complainant_days: u32,
    /// Channels in which an actor is a complainant.
    pub complainant_channels: Vec<Channel>,
    /// Most events one account adds per cell, brand and week.
    pub source_cap_per_week: u32,
    /// Channels in which a source without authors is one account.
    pub capped_source_channels: Vec<Channel>,
}

/// The temporal detector: evidence for a rise over several windows.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorCriteria {
    /// Window lengths in days, ascending.
    pub windows_days: Vec<u32>,
    /// Length of the baseline.
    pub baseline_weeks: u32,
    /// Newest weeks that never enter the baseline.
    pub guard_weeks: u32,
    /// Prior shape when nothing can be fitted.
    pub prior_shape: f64,
    /// Prior mean per week when nothing was ever read.
    pub prior_rate_per_week: f64,
    /// Baseline events needed to fit a prior.
    pub prior_min_events: u64,
    /// Upper bound of a fitted shape.
    pub prior_shape_max: f64,
    /// Shape of the law by which brands scatter around their share of a cell, until the baseline tells it.
    pub brand_shape: f64,
    /// The same of provinces.
    pub province_shape: f64,
    /// A brand never seen before is expected to carry one part in this many.
    pub part_shares: u32,
    /// Baseline mean per week below which a cell is sparse.
    pub sparse_below_per_week: f64,
    /// Events a sparse cell needs to cross.
    pub min_events_sparse: u64,
    /// Events that one brand needs to cross in a sparse cell.
    pub min_events_brand: u64,
    /// Events any other cell needs to cross.
    pub min_events_medium: u64,
    /// Weekly size below which extra dispersion applies.
    pub dispersion_below: f64,
}

/// The false-alarm budget.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetCriteria {
    /// False onsets that the centre accepts in 30 days, over all cells.
    pub onsets_per_30_days: f64,
    /// Shares of it by the severity that a hazard is credited with, S1 to S4; their sum is 1.
    pub severity_shares: [f64; 4],
    /// Shares of it by what is looked at: whole cells, brands, provinces; their sum is 1.
    pub kind_shares: [f64; 3],
    /// However few the cells: no cell begins to alarm by chance oftener than this in a year.
    pub most_per_cell_year: f64,
}

/// Severity × probability.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DangerCriteria {
    /// Lower probability bound of every row but the last, descending.
    pub row_bounds: Vec<f64>,
    /// Rows by probability, columns S1–S4.
    pub matrix: Vec<[Danger; 4]>,
    /// Row the level is read in while the probability is unknown.
    pub assumed_row: u8,
    /// First and last row of the range shown while the probability is unknown.
    pub assumed_band: [u8; 2],
    /// Confidence from which a stated injury counts.
    pub credible_confidence: f64,
    /// Steps added when a vulnerable group is concerned.
    pub vulnerable_step: u8,
    /// Highest severity that the steps give where no injury is stated.
    pub vulnerable_credited_max: u8,
    /// Days over which events are counted for the rate of injury.
    pub rate_days: u32,
    /// Confidence of the upper limit of that rate.
    pub rate_confidence: f64,
    /// Injuries for one that is reported, where `under_reporting` names none for the category.
    pub under_reporting_default: f64,
    /// Highest number of items in use of every row of `items_step` but the last, ascending.
    pub items_bounds: Vec<u64>,
    /// What a level (low, medium, high, serious) becomes by the number of items in use.
    pub items_step: Vec<[Danger; 4]>,
    /// Items in use by category, where a centre knows them.
    #[serde(default)]
    pub items_in_use: BTreeMap<Category, u64>,
    /// Years for which an item is used, by category, where known.
    #[serde(default)]
    pub lifetime_years: BTreeMap<Category, f64>,
    /// Injuries for one that is reported, by category.
    #[serde(default)]
    pub under_reporting: BTreeMap<Category, f64>,
    /// Severity of a hazard when no injury is stated; names all hazards.
    pub severity: BTreeMap<Hazard, u8>,
}

/// How far a problem reaches.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpreadCriteria {
    /// Days looked at.
    pub window_days: u32,
    /// A tail above it is nothing unusual.
    pub p_unusual: f64,
    /// Share from which one brand or province stands for the whole.
    pub dominant_share: f64,
    /// Highest share of events without a place (regional) or brand (industry-wide).
    pub unknown_share_max: f64,
    /// Events in the province that make it regional.
    pub regional_events: u64,
    /// Whether events of one brand alone can be regional.
    pub regional_one_brand: bool,
    /// Distinct and effective brands that make it industry-wide.
    pub industry_brands: u32,
    /// How many times more probable the rest without its top brand may be.
    pub industry_slack: f64,
    /// Brands that must probably have risen (`n_b`).
    pub industry_raised_brands: u32,
    /// A brand has risen when its rate is above so many times its expectation …
    pub raised_ratio: f64,
    /// … with this probability,
    pub raised_probability: f64,
    /// under a Gamma prior of mean 1 of so many events.
    pub raised_prior: f64,
    /// Effective provinces over exposed provinces (`D_r`).
    pub systemic_province_share: f64,
    /// Least ratio of observed to expected.
    pub systemic_rate_ratio: f64,
    /// When an even rise across the country is systemic although no shared part is named.
    pub systemic_even: EvenRise,
    /// `p_het` above it is even.
    pub systemic_heterogeneity: f64,
    /// Parts and materials that the texts of several categories may name as the common cause.
    pub components: Vec<String>,
    /// Share of a category's events that must name the part.
    pub shared_share: f64,
    /// Events of each category that must name it.
    pub shared_events: u64,
    /// Fewest placed events for a scan.
    pub scan_min_events: u64,
    /// Replicas of a scan and of the test of heterogeneity.
    pub scan_replicas: u32,
    /// Recurrence interval in days from which a cluster holds.
    pub cluster_recurrence_days: f64,
    /// Share of the excess inside the cluster (`phi`).
    pub cluster_excess_share: f64,
    /// Largest share of the exposure inside the cluster (`pi`).
    pub cluster_exposure_max: f64,
    /// Probability from which one region holds the excess.
    pub one_region_probability: f64,
    /// Concentrations of an excess within a region, equally likely beforehand: events that each of its provinces is worth.
    pub region_concentrations: Vec<f64>,
    /// The same across the country, from patchy to even: events that the whole of it is worth.
    pub wide_concentrations: Vec<f64>,
    /// Probability from which an excess across the country is even.
    pub even_probability: f64,
    /// Events outside a cluster, or of other brands, below which nothing is unusual there.
    pub unusual_events: u64,
    /// Share of events that are written to another place or brand than their own.
    pub misplaced_share: f64,
    /// Placed events from which a cluster counts although most events name no place …
    pub placed_events_min: u64,
    /// … as long as not more than this share does not.
    pub unknown_share_provisional: f64,
    /// Placed events that the distribution of people over the provinces is worth in their exposure.
    pub people_worth: f64,
    /// Events from which on a cell's own share of placed events counts more than everybody's.
    pub placed_prior: f64,
    /// Days over which disproportionality is counted.
    pub out_of_line_days: u32,
    /// Whether the prior of EBGM is fitted too: exact, and slow for a replay of years.
    pub out_of_line_prior: bool,
    /// Pairs with an event that it takes; with fewer only the information component is shown.
    pub out_of_line_min_pairs: u32,
}

/// What an even rise of many brands across the country is, where the texts name no part that several categories share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvenRise {
    /// Systemic by itself, as the method's table has it.
    Systemic,
    /// Systemic when the same hazard rises as wide in another category at the same time.
    WithAnotherCategory,
    /// Industry-wide.
    Industry,
}

/// A predefined set of provinces: a city cluster, a producing district, the hinterland of a port.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// What it is called.
    pub name: String,
    /// Its provinces.
    pub provinces: Vec<RegionCode>,
}

/// A rule by which one report opens a review.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingleRule {
    /// Its id.
    pub id: String,
    /// What it says, in Chinese.
    pub means: String,
    /// Channels it listens to; empty = all.
    #[serde(default)]
    pub channels: Vec<Channel>,
    /// Least stated severity.
    pub min_severity: u8,
    /// Whether a named brand is enough instead of the severity.
    #[serde(default)]
    pub or_brand: bool,
    /// Least confidence.
    pub min_confidence: f64,
    /// Days for which the report keeps the review open.
    pub days: u32,
    /// Hazards it is for; safety hazards unless it says otherwise.
    #[serde(default = "safety")]
    pub hazards: HazardClass,
}

fn safety() -> HazardClass {
    HazardClass::Safety
}

/// What a disposal rule rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The detector crossed.
    Onset,
    /// A single-report rule hit.
    Single,
}

/// Which hazards a disposal rule is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardClass {
    /// Every hazard.
    #[default]
    All,
    /// Those that can hurt somebody.
    Safety,
    /// Quality trouble.
    Quality,
}

impl HazardClass {
    /// Whether the hazard belongs to the class.
    #[must_use]
    pub fn holds(self, hazard: Hazard) -> bool {
        match self {
            HazardClass::All => true,
            HazardClass::Safety => hazard.is_safety(),
            HazardClass::Quality => !hazard.is_safety(),
        }
    }
}

/// A disposal rule (DB33/T 980 §6.1.3 a to c); all its conditions must hold.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisposalRule {
    /// Its id.
    pub id: String,
    /// What it says, in Chinese.
    pub means: String,
    /// What is to be done.
    pub disposal: Disposal,
    /// What it rests on.
    pub basis: Basis,
    /// Hazards it is for.
    #[serde(default)]
    pub hazards: HazardClass,
    /// Least danger.
    #[serde(default = "lowest_danger")]
    pub min_danger: Danger,
    /// Least spread.
    #[serde(default = "narrowest_spread")]
    pub min_spread: Spread,
    /// Least independent events in the deciding window.
    #[serde(default)]
    pub min_events: u64,
    /// Least provinces in which at least one event of the spread window happened: their number, not the effective number, which falls
    /// when one province has most of the events (§6.1.3 c asks in how many places it is, not how evenly).
    #[serde(default)]
    pub min_provinces: u64,
    /// Only what one company's goods have in common in several places: the term of the spread of that name (§6.1.3 c, 共性).
    #[serde(default)]
    pub company_wide: bool,
}

fn lowest_danger() -> Danger {
    Danger::Low
}

fn narrowest_spread() -> Spread {
    Spread::Isolated
}

/// How far a change of the evidence is sought that would move a level.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeCriteria {
    /// Most events added or taken away.
    pub events_max: u32,
    /// What is excluded is near the line when its `h` is at most so much below the threshold.
    pub near_h: f64,
    /// Confidences below which signals are left out in turn, ascending.
    pub doubtful: Vec<f64>,
}

/// Weights of the queue order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rank {
    /// `h` counts up to here.
    pub h_cap: f64,
    /// Weight per danger.
    pub danger: BTreeMap<Danger, f64>,
    /// Weight per spread.
    pub spread: BTreeMap<Spread, f64>,
    /// Weight per disposal.
    pub disposal: BTreeMap<Disposal, f64>,
}

impl Criteria {
    /// Reads and checks a criteria file; `file` only names it in messages. The `[alert]` and `[sampling]` tables must be there
    /// and are read by their own rooms.
    ///
    /// # Errors
    /// [`CriteriaError`] with file and line when a key is missing, unknown or holds an impossible value.
    pub fn parse(text: &str, file: &str) -> Result<Self, CriteriaError> {
        let error = |line: usize, problem: Refused| CriteriaError { file: file.to_owned(), line, problem };
        let parsed: File = toml::from_str(text).map_err(|found| {
            let at = found.span().map_or(0, |span| span.start).min(text.len());
            let line = text.get(..at).map_or(1, |head| head.matches('\n').count() + 1);
            error(line, Refused::quoted(found.message()))
        })?;
        let hash = blake3::hash(text.as_bytes()).to_hex();
        let Sections { counting, detector, budget, danger, spread, zones, single, disposal, change, rank, feedback } =
            parsed.score;
        let version = CriteriaVersion::new(format!("{}+{}", parsed.version, &hash[..8]));
        let criteria = Self {
            version,
            counting,
            detector,
            budget,
            danger,
            spread,
            zones,
            single,
            disposal,
            change,
            rank,
            feedback,
        };
        criteria.check().map_err(|(key, problem)| {
            error(
                line_of(text, key),
                Refused::new(format!("`{key}` {}", problem.zh), format!("`{key}` {}", problem.en)),
            )
        })?;
        Ok(criteria)
    }

    /// Longest stretch of days before `as_of` that any rule looks at, the baseline aside.
    #[must_use]
    pub fn horizon_days(&self) -> u32 {
        let windows = self.detector.windows_days.iter().copied();
        windows
            .chain(self.single.iter().map(|rule| rule.days))
            .chain([self.spread.window_days, self.danger.rate_days])
            .max()
            .unwrap_or(0)
    }

    fn check(&self) -> Result<(), (&'static str, Refused)> {
        let share = |key, value: f64| match value {
            found if (0.0..=1.0).contains(&found) => Ok(()),
            found => Err((key, refused!("为 {found}：应为 0 到 1 的比例", "is {found}: expected a share from 0 to 1"))),
        };
        let positive = |key, value: f64| match value {
            found if found > 0.0 && found.is_finite() => Ok(()),
            found => Err((key, refused!("为 {found}：应为大于 0 的数", "is {found}: expected a number above 0"))),
        };
        share("confidence_floor", self.counting.confidence_floor)?;
        share("story_similarity", self.counting.story_similarity)?;
        share("press_similarity", self.counting.press_similarity)?;
        share("credible_confidence", self.danger.credible_confidence)?;
        let detector = &self.detector;
        positive("prior_shape", detector.prior_shape)?;
        positive("prior_rate_per_week", detector.prior_rate_per_week)?;
        positive("prior_shape_max", detector.prior_shape_max)?;
        positive("brand_shape", detector.brand_shape)?;
        positive("province_shape", detector.province_shape)?;
        positive("part_shares", f64::from(detector.part_shares))?;
        positive("baseline_weeks", f64::from(detector.baseline_weeks))?;
        positive("onsets_per_30_days", self.budget.onsets_per_30_days)?;
        positive("most_per_cell_year", self.budget.most_per_cell_year)?;
        let shares = self.budget.severity_shares;
        let whole = |shares: &[f64]| {
            shares.iter().all(|share| (0.0..=1.0).contains(share)) && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9
        };
        if !whole(&shares) {
            return Err((
                "severity_shares",
                refused!("为 {shares:?}：应为合计 1 的四个比例", "is {shares:?}: expected four shares that sum to 1"),
            ));
        }
        let shares = self.budget.kind_shares;
        if !whole(&shares) {
            return Err((
                "kind_shares",
                refused!("为 {shares:?}：应为合计 1 的三个比例", "is {shares:?}: expected three shares that sum to 1"),
            ));
        }
        let windows = &detector.windows_days;
        if windows.is_empty() || windows[0] == 0 || windows.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err((
                "windows_days",
                refused!(
                    "为 {windows:?}：应为大于 0 的天数，且依次递增",
                    "is {windows:?}: expected day counts above 0, each above the one before"
                ),
            ));
        }
        let tabulated = &OnsetTable::shipped().windows;
        if windows != tabulated {
            return Err((
                "windows_days",
                refused!(
                    "为 {windows:?}：突起率表只有 {tabulated:?}",
                    "is {windows:?}: onset rates are tabulated for {tabulated:?} only"
                ),
            ));
        }
        if windows.last().is_some_and(|longest| *longest > detector.guard_weeks * 7) {
            return Err((
                "guard_weeks",
                refused!(
                    "比最长的窗口短：基线会包含被检验的日子",
                    "is shorter than the longest window: the baseline would hold the tested days"
                ),
            ));
        }
        self.feedback.check()?;
        self.check_danger()?;
        self.check_spread()?;
        self.check_disposal()?;
        if let Some(rule) = self.single.iter().find(|rule| rule.min_severity > 4) {
            return Err((
                "min_severity",
                refused!("中 `{}` 为 {}：应为 0 到 4", "of `{}` is {}: expected 0 to 4", rule.id, rule.min_severity),
            ));
        }
        for below in &self.change.doubtful {
            share("doubtful", *below)?;
        }
        if self.change.events_max > CHANGED_EVENTS_MAX {
            let problem = refused!(
                "为 {}：最多 {CHANGED_EVENTS_MAX}",
                "is {}: expected at most {CHANGED_EVENTS_MAX}",
                self.change.events_max
            );
            return Err(("events_max", problem));
        }
        for danger in Danger::ALL {
            positive("danger", self.rank.danger.get(danger).copied().unwrap_or(f64::NAN))?;
        }
        for spread in Spread::ALL {
            positive("spread", self.rank.spread.get(spread).copied().unwrap_or(f64::NAN))?;
        }
        for disposal in Disposal::ALL {
            positive("disposal", self.rank.disposal.get(disposal).copied().unwrap_or(f64::NAN))?;
        }
        Ok(())
    }

    fn check_disposal(&self) -> Result<(), (&'static str, Refused)> {
        for DisposalRule { id, disposal, basis, min_spread, min_events, min_provinces, company_wide, .. } in
            &self.disposal
        {
            let sampled = *disposal == Disposal::Sample;
            if sampled && *basis == Basis::Single {
                return Err((
                    "basis",
                    refused!(
                        "中 `{id}` 为 single：单件不组织采样，应为 onset，或改 `disposal` 为 notify",
                        "of `{id}` is single: one report asks for no sample; expected onset, or `disposal` notify"
                    ),
                ));
            }
            if sampled && *min_events < SAMPLED_EVENTS_MIN {
                return Err((
                    "min_events",
                    refused!(
                        "中 `{id}` 为 {min_events}：一两起不组织采样，应至少为 {SAMPLED_EVENTS_MIN}",
                        "of `{id}` is {min_events}: one or two reports ask for no sample; expected at least {SAMPLED_EVENTS_MIN}"
                    ),
                ));
            }
            let provinces = PROVINCES.len() as u64;
            if *min_provinces > provinces {
                return Err((
                    "min_provinces",
                    refused!(
                        "中 `{id}` 为 {min_provinces}：最多 {provinces}",
                        "of `{id}` is {min_provinces}: expected at most {provinces}"
                    ),
                ));
            }
            if *company_wide && (*basis == Basis::Single || *min_spread > Spread::Isolated) {
                return Err((
                    "company_wide",
                    refused!(
                        "中 `{id}` 为 true：企业共性只见于统计越线、范围个别者，`basis` 应为 onset，`min_spread` 应为 isolated",
                        "of `{id}` is true: only an isolated onset is company-wide; expected `basis` onset and `min_spread` isolated"
                    ),
                ));
            }
        }
        Ok(())
    }

    fn check_spread(&self) -> Result<(), (&'static str, Refused)> {
        let spread = &self.spread;
        let shares = [
            ("p_unusual", spread.p_unusual),
            ("dominant_share", spread.dominant_share),
            ("unknown_share_max", spread.unknown_share_max),
            ("unknown_share_provisional", spread.unknown_share_provisional),
            ("raised_probability", spread.raised_probability),
            ("systemic_province_share", spread.systemic_province_share),
            ("systemic_heterogeneity", spread.systemic_heterogeneity),
            ("shared_share", spread.shared_share),
            ("cluster_excess_share", spread.cluster_excess_share),
            ("cluster_exposure_max", spread.cluster_exposure_max),
            ("misplaced_share", spread.misplaced_share),
            ("one_region_probability", spread.one_region_probability),
            ("even_probability", spread.even_probability),
        ];
        if let Some((key, found)) = shares.into_iter().find(|(_, found)| !(0.0..=1.0).contains(found)) {
            return Err((key, refused!("为 {found}：应为 0 到 1 的比例", "is {found}: expected a share from 0 to 1")));
        }
        let above_zero = [
            ("industry_slack", spread.industry_slack),
            ("raised_ratio", spread.raised_ratio),
            ("raised_prior", spread.raised_prior),
            ("cluster_recurrence_days", spread.cluster_recurrence_days),
            ("people_worth", spread.people_worth),
            ("placed_prior", spread.placed_prior),
            ("out_of_line_days", f64::from(spread.out_of_line_days)),
        ];
        if let Some((key, found)) = above_zero.into_iter().find(|(_, found)| !(*found > 0.0 && found.is_finite())) {
            return Err((key, refused!("为 {found}：应为大于 0 的数", "is {found}: expected a number above 0")));
        }
        let concentrations = [
            ("region_concentrations", &spread.region_concentrations),
            ("wide_concentrations", &spread.wide_concentrations),
        ];
        for (key, found) in concentrations {
            if found.is_empty() || found.iter().any(|worth| !(*worth > 0.0 && worth.is_finite())) {
                return Err((
                    key,
                    refused!(
                        "为 {found:?}：应为一个或多个大于 0 的数",
                        "is {found:?}: expected one number above 0 or more"
                    ),
                ));
            }
        }
        if spread.window_days == 0 || !spread.window_days.is_multiple_of(7) {
            return Err((
                "window_days",
                refused!("为 {}：应为整周的天数，例如 56", "is {}: expected whole weeks, e.g. 56", spread.window_days),
            ));
        }
        if !(1..=100_000).contains(&spread.scan_replicas) {
            return Err((
                "scan_replicas",
                refused!("为 {}：应为 1 到 100000", "is {}: expected 1 to 100000", spread.scan_replicas),
            ));
        }
        if spread.components.len() > u64::BITS as usize || spread.components.iter().any(String::is_empty) {
            let found = spread.components.len();
            return Err((
                "components",
                refused!(
                    "有 {found} 个词：最多 {} 个，且不能为空",
                    "has {found} words: expected at most {} and none empty",
                    u64::BITS
                ),
            ));
        }
        for zone in &self.zones {
            let mut sorted = zone.provinces.clone();
            sorted.sort_unstable();
            sorted.dedup();
            if sorted.len() != zone.provinces.len() || zone.provinces.iter().any(|code| code.province() != *code) {
                return Err((
                    "[[score.zones]]",
                    refused!("`{}`：应为省级代码，每个一次", "`{}`: expected province codes, each once", zone.name),
                ));
            }
        }
        Ok(())
    }

    fn check_danger(&self) -> Result<(), (&'static str, Refused)> {
        let DangerCriteria { row_bounds, matrix, assumed_row, assumed_band, severity, .. } = &self.danger;
        if row_bounds.windows(2).any(|pair| pair[0] <= pair[1])
            || row_bounds.iter().any(|bound| !(0.0..1.0).contains(bound))
        {
            return Err((
                "row_bounds",
                refused!(
                    "为 {row_bounds:?}：应为依次递减的概率",
                    "is {row_bounds:?}: expected probabilities, each below the one before"
                ),
            ));
        }
        if matrix.len() != row_bounds.len() + 1 {
            let (found, expected) = (matrix.len(), row_bounds.len() + 1);
            return Err((
                "matrix",
                refused!(
                    "有 {found} 行：应为 {expected} 行，比 `row_bounds` 多一",
                    "has {found} rows: expected {expected}, one more than `row_bounds`"
                ),
            ));
        }
        let falls = matrix.iter().any(|row| row.windows(2).any(|pair| pair[0] > pair[1]))
            || matrix.windows(2).any(|rows| rows[0].iter().zip(&rows[1]).any(|(above, below)| above < below));
        if falls {
            return Err((
                "matrix",
                refused!(
                    "不单调：更严重或更可能时隐患程度不能更低",
                    "is not monotone: more severe or more probable must never be less dangerous"
                ),
            ));
        }
        let rows = matrix.len();
        let known = |row: u8| usize::from(row) < rows;
        if !known(*assumed_row) || !known(assumed_band[1]) || assumed_band[0] > assumed_band[1] {
            return Err((
                "assumed_band",
                refused!(
                    "{assumed_band:?} 或第 {assumed_row} 行不是矩阵的行（0 到 {}）",
                    "{assumed_band:?} or row {assumed_row} is no row of the matrix (0 to {})",
                    rows - 1
                ),
            ));
        }
        if !(assumed_band[0]..=assumed_band[1]).contains(assumed_row) {
            let [from, to] = assumed_band;
            return Err((
                "assumed_row",
                refused!(
                    "为 {assumed_row}：应为 `assumed_band` 的一行，{from} 到 {to}；请选一行，或放宽范围",
                    "is {assumed_row}: expected a row of `assumed_band`, {from} to {to}; choose one or widen the band"
                ),
            ));
        }
        for hazard in Hazard::ALL {
            match severity.get(hazard) {
                Some(1..=4) => {}
                Some(found) => {
                    return Err((
                        "severity",
                        refused!("给 {hazard} 的是 {found}：应为 1 到 4", "gives {hazard} {found}: expected 1 to 4"),
                    ));
                }
                None => {
                    return Err((
                        "[score.danger.severity]",
                        refused!("没有隐患 `{hazard}` 的一行", "has no line for hazard `{hazard}`"),
                    ));
                }
            }
        }
        self.danger.check_items()
    }
}

/// First line that begins with the key; 1 when there is none.
fn line_of(text: &str, key: &str) -> usize {
    let begins = |line: &str| {
        line.trim_start()
            .strip_prefix(key)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    text.lines().position(begins).map_or(1, |index| index + 1)
}

#[cfg(test)]
pub(super) fn shipped() -> Criteria {
    Criteria::parse(SHIPPED, "rules/criteria/default.toml").expect("the shipped criteria are good")
}

#[cfg(test)]
const SHIPPED: &str = include_str!("../../rules/criteria/default.toml");

#[cfg(test)]
mod tests;

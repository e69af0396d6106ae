//! What came back after an alert: an analyst's verdict, or a test body's results (clauses 3-12, 1-20).

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AlertId, Assessment, Category, Danger, FeedbackTerms, Hazard, ItemRef, OutcomeId, SampleId, Spread, time};

/// What an analyst found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The problem is real (属实).
    Confirmed,
    /// Nothing was found (未证实).
    Nothing,
    /// Not a matter to judge: a duplicate, not our remit (排除). Teaches nothing about the source or the detector.
    Excluded,
}

impl Verdict {
    /// Its Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Verdict::Confirmed => "属实",
            Verdict::Nothing => "未证实",
            Verdict::Excluded => "排除",
        }
    }
}

/// How samples were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SamplingBasis {
    /// Where a problem was suspected (靶向): biased upward, says nothing of the category's usual share of failures.
    Targeted,
    /// By chance (随机).
    Random,
}

impl SamplingBasis {
    /// Its Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            SamplingBasis::Targeted => "靶向",
            SamplingBasis::Random => "随机",
        }
    }
}

/// Results of tests on the products of one company (clause 3-12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Samples {
    /// The company or brand whose products were tested; none when they are of several.
    pub company: Option<String>,
    /// Batches tested (检验批次).
    pub tested: u64,
    /// Batches that failed (不合格批次), at most `tested`.
    pub failed: u64,
    /// How they were chosen.
    pub basis: SamplingBasis,
    /// The test body (检验机构).
    pub body: String,
    /// Number of its report (报告编号).
    pub report: String,
    /// What was tested (检验项目).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// By which standard (检验依据).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// The one sample that it is about, and the item it was bought as (商品ID, clause 3-43); none for results handed in by batches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_sample: Option<(SampleId, ItemRef)>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// An analyst's verdict on an alert.
    Verdict {
        /// The verdict.
        verdict: Verdict,
        /// Who gave it.
        by: String,
        /// Why.
        why: String,
    },
    /// Test results.
    Samples(Samples),
}

/// The alert that an outcome is about, as it stood when it came back: what the outcome is a trial of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct AlertContext {
    /// Day of the first crossing.
    pub opened_on: Date,
    /// Danger level.
    pub danger: Danger,
    /// Spread level.
    pub spread: Spread,
    /// The detector's `h`.
    pub h: f64,
    /// The criteria rule that disposed of it.
    pub rule: String,
    /// Regime, basis and sources.
    pub feedback: FeedbackTerms,
}

impl AlertContext {
    /// The context of an alert that opened on a day and is judged so.
    #[must_use]
    pub fn of(assessment: &Assessment, opened_on: Date) -> Self {
        Self {
            opened_on,
            danger: assessment.danger,
            spread: assessment.spread,
            h: assessment.detector.h,
            rule: assessment.disposal_rule.clone(),
            feedback: FeedbackTerms {
                regime: assessment.feedback.regime,
                basis: assessment.feedback.basis,
                sources: assessment.feedback.sources.clone(),
                ..FeedbackTerms::default()
            },
        }
    }
}

/// An outcome (结果反馈). Kept for ever, never changed: a correction is a later outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Outcome {
    /// Stable id: the same line again is the same outcome.
    pub id: OutcomeId,
    /// When we learnt of it. A judgement of an earlier day does not know it.
    #[serde(with = "time::moment")]
    #[schemars(with = "Timestamp")]
    pub known_at: Timestamp,
    /// The day it was found.
    pub date: Date,
    /// The alert it answers; none for a campaign without an alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<AlertId>,
    /// Product category.
    pub category: Category,
    /// Hazard; none when a campaign looked at all of them.
    pub hazard: Option<Hazard>,
    /// The brand that the alert was about, when it was about one.
    pub brand: Option<String>,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// The alert as it stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<AlertContext>,
    /// The outcome that this one corrects: where both are known, that one counts no longer (clause 3-42).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<OutcomeId>,
}

impl fmt::Display for Outcome {
    /// One Chinese line: `2026-01-05 某检测院（R-1）靶向检验12批次，不合格2批次`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.finding {
            Finding::Verdict { verdict, by, why } => write!(f, "{} {by}：{}（{why}）", self.date, verdict.zh()),
            Finding::Samples(samples) => {
                let company = samples.company.as_deref().map(|company| format!("“{company}”")).unwrap_or_default();
                write!(
                    f,
                    "{} {}（{}）{}检验{company}{}批次，不合格{}批次",
                    self.date,
                    samples.body,
                    samples.report,
                    samples.basis.zh(),
                    samples.tested,
                    samples.failed
                )
            }
        }
    }
}

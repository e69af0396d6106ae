//! What would change a judgement (改判条件): the smallest change of the evidence that moves a level, found by judging again.

use serde::{Deserialize, Serialize};

use super::{Danger, Disposal, RegionCode, Spread};

/// A change of the evidence, and the levels that the judgement then comes to. Where they equal the assessment's own, the change was
/// tried and moves nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Change {
    /// What is changed.
    #[serde(flatten)]
    pub what: Alteration,
    /// Danger then.
    pub danger: Danger,
    /// Spread then.
    pub spread: Spread,
    /// Disposal then.
    pub disposal: Disposal,
}

/// One way to change the evidence. Numbers of events are the smallest that move a level: one less does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Alteration {
    /// So many further independent events today, of the same brands and provinces as those of the deciding window, in turn.
    MoreAlike {
        /// How many.
        events: u32,
    },
    /// So many further events today, each of a brand not named before.
    MoreBrands {
        /// How many.
        events: u32,
    },
    /// Further events today, one in each of these provinces, where none was.
    MoreProvinces {
        /// The provinces.
        regions: Vec<RegionCode>,
    },
    /// So many of the newest events less.
    Fewer {
        /// How many.
        events: u32,
    },
    /// The newest event with a credible injury of this severity, 2–4.
    Severity {
        /// The severity.
        severity: u8,
    },
    /// Without the brand of most events.
    WithoutBrand {
        /// The brand.
        brand: String,
        /// Events that fall away.
        events: u64,
    },
    /// Without the province of most events.
    WithoutProvince {
        /// The province.
        region: RegionCode,
        /// Events that fall away.
        events: u64,
    },
    /// Without everything less probable than this (thinning test, method 1).
    WithoutDoubtful {
        /// The confidence.
        below: f64,
        /// Events that fall away.
        events: u64,
    },
}

//! A sample from purchase to result, and how many stand where (clauses 3-37 to 3-43).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use vocabulary::{ItemRef, RegionCode, SampleId, TestedItem, VerdictBasis};

/// Where a sample is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SampleState {
    /// Bought, not here yet (在途).
    Bought,
    /// Taken in as it should be (已入库).
    Stored,
    /// Taken in, not as it should be: to be sent back (待退货).
    Rejected,
    /// Sent back (已退货).
    SentBack,
    /// Split and sealed (已分样).
    Split,
    /// At the test body (已送检).
    Dispatched,
    /// Tested (已检验).
    Tested,
    /// Could not be tested (无法检验).
    NotTestable,
}

impl SampleState {
    /// Every state, in the order of the way.
    pub const ALL: [Self; 8] = [
        Self::Bought,
        Self::Stored,
        Self::Rejected,
        Self::SentBack,
        Self::Split,
        Self::Dispatched,
        Self::Tested,
        Self::NotTestable,
    ];

    /// The Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Bought => "在途",
            Self::Stored => "已入库",
            Self::Rejected => "待退货",
            Self::SentBack => "已退货",
            Self::Split => "已分样",
            Self::Dispatched => "已送检",
            Self::Tested => "已检验",
            Self::NotTestable => "无法检验",
        }
    }

    /// The English name.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Bought => "bought",
            Self::Stored => "stored",
            Self::Rejected => "to be sent back",
            Self::SentBack => "sent back",
            Self::Split => "split",
            Self::Dispatched => "at the test body",
            Self::Tested => "tested",
            Self::NotTestable => "not testable",
        }
    }
}

/// One version of a result; a correction is a later one (clause 3-42).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Tested {
    /// Number of the report.
    pub report: String,
    /// Day of the report.
    pub tested_on: Date,
    /// Day on which it was entered.
    pub entered_on: Date,
    /// Item by item.
    pub items: Vec<TestedItem>,
    /// What the verdict rests on.
    pub basis: VerdictBasis,
    /// Whether the sample conforms.
    pub conforms: bool,
    /// Whether it is the second test, of the spare sample.
    pub again: bool,
    /// Who entered it.
    pub by: String,
    /// Who confirmed it, for a correction.
    pub confirmed_by: Option<String>,
    /// Why it was corrected.
    pub why: Option<String>,
}

/// A sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Sample {
    /// Its number.
    pub id: SampleId,
    /// What was bought.
    pub item: ItemRef,
    /// From which seller.
    pub seller: String,
    /// Brand, when stated.
    pub brand: Option<String>,
    /// Maker, when stated.
    pub maker: Option<String>,
    /// The place of the seller, when its page states one: whose authority is to inspect (clause 3-47).
    pub region: Option<RegionCode>,
    /// Price paid, in fen.
    pub price_fen: Option<u64>,
    /// Pieces.
    pub quantity: u32,
    /// Where it is.
    pub state: SampleState,
    /// Day of the purchase.
    pub bought_on: Date,
    /// Day on which it was taken in.
    pub received_on: Option<Date>,
    /// What it looked like then.
    pub condition: Option<String>,
    /// In which way it is not what its page shows (货不对板).
    pub not_as_shown: Option<String>,
    /// Pieces to be tested and spare ones, once it is split.
    pub parts: Option<(u32, u32)>,
    /// Numbers of its seals.
    pub seals: Vec<String>,
    /// The test body that it went to.
    pub body: Option<String>,
    /// When it went there.
    pub dispatched_on: Option<Date>,
    /// What was found, oldest version first.
    pub results: Vec<Tested>,
    /// Why it cannot be tested.
    pub not_testable: Option<String>,
    /// The sample it is bought in place of.
    pub replaces: Option<SampleId>,
    /// The sample that was bought in its place.
    pub replaced_by: Option<SampleId>,
    /// Why it repeats a seller, a brand or a maker of the round, or was not drawn (clause 3-34).
    pub exception: Option<String>,
    /// Day of the last thing done with it.
    pub moved_on: Date,
}

impl Sample {
    /// The last part of its number, by which it is told from the others of its matter.
    #[must_use]
    pub fn number(&self) -> &str {
        self.id.as_str().rsplit('.').next().unwrap_or_default()
    }

    /// The result that counts: the newest version of the second test, where there was one, else of the first.
    #[must_use]
    pub fn result(&self) -> Option<&Tested> {
        self.results.iter().rev().find(|result| result.again).or(self.results.last())
    }

    /// The day on which it was first known what became of it.
    #[must_use]
    pub fn settled_on(&self) -> Option<Date> {
        let untestable = self.not_testable.as_ref().map(|_| self.moved_on);
        self.results.first().map(|result| result.entered_on).or(untestable)
    }

    /// Whether it counts towards the batches of the scheme: it was not sent back.
    #[must_use]
    pub fn counts(&self) -> bool {
        !matches!(self.state, SampleState::Rejected | SampleState::SentBack)
    }
}

/// How many samples stand where (clause 3-38): `bought` is the sum of all states, and what was sent back was bought anew or is still to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct SampleCounts {
    /// Bought in all.
    pub bought: u64,
    /// By state.
    pub by_state: BTreeMap<SampleState, u64>,
    /// Sent back and bought anew.
    pub replaced: u64,
    /// Sent back, or to be, and not bought anew yet.
    pub to_replace: u64,
    /// Tested, of which failed.
    pub failed: u64,
}

impl SampleCounts {
    /// Of these samples.
    pub fn of<'a>(samples: impl IntoIterator<Item = &'a Sample>) -> Self {
        let mut counts = Self::default();
        for sample in samples {
            counts.bought += 1;
            *counts.by_state.entry(sample.state).or_default() += 1;
            counts.replaced += u64::from(sample.replaced_by.is_some());
            counts.to_replace += u64::from(!sample.counts() && sample.replaced_by.is_none());
            counts.failed += u64::from(sample.result().is_some_and(|result| !result.conforms));
        }
        counts
    }

    /// Samples in one state.
    #[must_use]
    pub fn at(&self, state: SampleState) -> u64 {
        self.by_state.get(&state).copied().unwrap_or_default()
    }

    /// Whether they add up: every sample stands in one place, and each one that went back was replaced or waits for it.
    #[must_use]
    pub fn reconcile(&self) -> bool {
        self.by_state.values().sum::<u64>() == self.bought
            && self.at(SampleState::SentBack) + self.at(SampleState::Rejected) == self.replaced + self.to_replace
            && self.failed <= self.at(SampleState::Tested)
    }
}

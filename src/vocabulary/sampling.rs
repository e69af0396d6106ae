//! A request to buy and test (采样任务), DB33/T 980 §4.2.1 c and §6.2.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{AlertId, Category, CriteriaVersion, Hazard, RequestId};

/// One thing to test and the standard to test it by (检验项目与依据).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct TestItem {
    /// What is tested, e.g. `热滥用`.
    pub item: String,
    /// Standard number, e.g. `GB 31241-2022`.
    pub standard: String,
}

/// A listing on a platform, kept so that a sample can be bought where the problem is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Listing {
    /// The platform's own item id (商品ID), unchanged (clause 3-43).
    pub item_id: String,
    /// Platform.
    pub platform: String,
    /// In-platform seller.
    pub seller: String,
    /// Brand, when stated.
    pub brand: Option<String>,
    /// Category it was read as.
    pub category: Category,
    /// Title of the listing.
    pub title: String,
    /// Displayed sales, an estimate.
    pub sold: u64,
    /// Address.
    pub url: Option<String>,
    /// Digest of the captured bytes.
    pub digest: Option<String>,
}

/// A seller proposed for buying, best first (clause 3-33).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct CandidateSeller {
    /// Why it is proposed, in Chinese.
    pub reason: String,
    /// The listing to buy from.
    #[serde(flatten)]
    pub listing: Listing,
}

/// A sampling request (采样任务). Exactly one per episode (ALERT-1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct SamplingRequest {
    /// Stable id, derived from the alert's.
    pub id: RequestId,
    /// The alert it answers.
    pub alert_id: AlertId,
    /// Day it was made.
    pub created_on: Date,
    /// Product category.
    pub category: Category,
    /// Product as the evidence names it, else the category's name (监测产品).
    pub product: String,
    /// Brand under suspicion, when it is about one.
    pub brand: Option<String>,
    /// Hazard to look for.
    pub hazard: Hazard,
    /// How many batches to buy (批次量).
    pub batches: u32,
    /// What that many batches can find, as a sentence with its numbers.
    pub batches_reason: String,
    /// What to test and by which standard.
    pub items: Vec<TestItem>,
    /// Platforms to buy on (采样范围).
    pub platforms: Vec<String>,
    /// How to buy (采样方式).
    pub mode: String,
    /// Candidate sellers; no two share a seller, and brands do not repeat while others are left (clause 3-34).
    pub sellers: Vec<CandidateSeller>,
    /// Last day for buying and testing (时间期限).
    pub deadline: Date,
    /// Who does it (人员安排).
    pub staff: String,
    /// What is still missing and has to be filled in by a person, in Chinese.
    pub gaps: Vec<String>,
    /// Criteria that asked for it.
    pub criteria: CriteriaVersion,
}

//! A recipe as written, before anything is checked. Unknown keys are errors. `[list]` differs with the kind, which reads it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::Identity;
use super::detail::RawDetail;
use crate::kinds::KindName;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRecipe {
    pub(super) id: Spanned<String>,
    pub(super) name: String,
    pub(super) channel: Spanned<String>,
    pub(super) kind: Spanned<KindName>,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    pub(super) actor: Option<Spanned<String>>,
    pub(super) level: Option<Spanned<String>>,
    pub(super) region: Option<Spanned<String>>,
    pub(super) verified: Option<Spanned<String>>,
    pub(super) start: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) folder: Option<Spanned<String>>,
    pub(super) request: Option<Spanned<RawRequest>>,
    pub(super) pages: Option<Spanned<RawPages>>,
    pub(super) unit: Option<Spanned<RawUnit>>,
    #[serde(default)]
    pub(super) expect: Option<Spanned<RawExpect>>,
    #[serde(default)]
    pub(super) allow_loopback: bool,
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    #[serde(default)]
    pub(super) drop_query: Vec<String>,
    #[serde(default)]
    pub(super) identity: Identity,
    pub(super) charset: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) rate: RawRate,
    pub(super) schedule: RawSchedule,
    #[serde(default)]
    pub(super) refetch: RawRefetch,
    #[serde(default)]
    pub(super) bounds: RawBounds,
    #[expect(dead_code, reason = "a known key, which the kind reads from the document")]
    list: Option<IgnoredAny>,
    pub(super) detail: Option<Spanned<RawDetail>>,
}

/// How pages are asked for when a plain GET is not enough.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRequest {
    pub(super) body: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) form: bool,
    #[serde(default)]
    pub(super) headers: BTreeMap<Spanned<String>, Spanned<RawHeader>>,
}

/// The value of a header: fixed, or that of a variable of the environment.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawHeader {
    Fixed(String),
    Variable(RawVariable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVariable {
    pub(super) env: String,
}

/// Column pages that name the interface of their list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUnit {
    pub(super) page_size: Option<Spanned<u32>>,
    pub(super) script: Option<Spanned<String>>,
}

/// What a right answer is.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpect {
    pub(super) answer: Option<Spanned<RawConditions>>,
    pub(super) items: Option<Spanned<u64>>,
    pub(super) newest: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) filled: BTreeMap<Spanned<String>, Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawConditions {
    One(RawCondition),
    Many(Vec<RawCondition>),
}

/// A condition of an answer: what is at a path is this value, or of this type.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCondition {
    pub(super) path: String,
    pub(super) is: Option<serde_json::Value>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPages {
    pub(super) from: u32,
    pub(super) to: u32,
    #[serde(default = "one")]
    pub(super) step: u32,
    pub(super) size: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRate {
    pub(super) requests_per_second: Option<Spanned<f64>>,
    pub(super) min_interval_ms: Option<Spanned<u64>>,
    pub(super) at_once: Option<Spanned<u32>>,
    pub(super) per_day: Option<u64>,
    #[serde(default)]
    pub(super) unpaced: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSchedule {
    pub(super) every: Option<Spanned<String>>,
    pub(super) cron: Option<Spanned<String>>,
    pub(super) adaptive: Option<Spanned<RawAdaptive>>,
    #[serde(default)]
    pub(super) quiet: Vec<Spanned<String>>,
    pub(super) silent_after: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAdaptive {
    pub(super) least: Spanned<String>,
    pub(super) most: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRefetch {
    pub(super) after: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawBounds {
    pub(super) list_pages_max: u32,
    pub(super) items_per_page_max: usize,
    pub(super) details_per_round_max: u32,
    pub(super) page_bytes_max: usize,
    pub(super) stop_when_known: bool,
}

impl Default for RawBounds {
    fn default() -> Self {
        Self {
            list_pages_max: 20,
            items_per_page_max: 500,
            details_per_round_max: 2_000,
            page_bytes_max: crate::PAGE_BYTES_MAX,
            stop_when_known: true,
        }
    }
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

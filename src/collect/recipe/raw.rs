//! The shapes that a recipe file may have, before anything is checked. Unknown keys are errors.

use std::collections::BTreeMap;
use std::fmt;

use super::{DetailFormat, Identity, TableFormat};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRecipe {
    pub(super) id: Spanned<String>,
    pub(super) name: String,
    pub(super) channel: Spanned<String>,
    pub(super) kind: Spanned<RawKind>,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    pub(super) actor: Option<Spanned<String>>,
    pub(super) level: Option<Spanned<String>>,
    pub(super) verified: Option<Spanned<String>>,
    pub(super) start: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) folder: Option<Spanned<String>>,
    pub(super) request: Option<Spanned<RawRequest>>,
    pub(super) pages: Option<Spanned<RawPages>>,
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
    pub(super) list: Option<Spanned<RawList>>,
    pub(super) detail: Option<Spanned<RawDetail>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawKind {
    Html,
    Feed,
    Json,
    Xml,
    Sitemap,
    Table,
    Mail,
}

/// How list pages are asked for when a GET is not enough.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRequest {
    pub(super) body: Spanned<String>,
    #[serde(default)]
    pub(super) form: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPages {
    pub(super) from: u32,
    pub(super) to: u32,
    #[serde(default = "one")]
    pub(super) step: u32,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawList {
    pub(super) item: Option<Spanned<String>>,
    pub(super) items: Option<Spanned<String>>,
    pub(super) link: Option<Spanned<RawField>>,
    pub(super) next: Option<Spanned<RawField>>,
    pub(super) next_param: Option<String>,
    pub(super) table: Option<RawTable>,
    pub(super) include: Option<Spanned<String>>,
    pub(super) format: Option<TableFormat>,
    pub(super) sheet: Option<String>,
    pub(super) header_row: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) fields: BTreeMap<Spanned<String>, Spanned<RawField>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDetail {
    #[serde(default)]
    pub(super) format: DetailFormat,
    pub(super) items: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) fields: BTreeMap<Spanned<String>, Spanned<RawField>>,
    pub(super) table: Option<RawTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTable {
    pub(super) selector: Spanned<String>,
    #[serde(default)]
    pub(super) columns: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldTable {
    pub(super) selector: Option<String>,
    pub(super) path: Option<OneOrMany>,
    pub(super) column: Option<OneOrMany>,
    pub(super) value: Option<String>,
    pub(super) attr: Option<String>,
    pub(super) capture: Option<String>,
    pub(super) date: Option<String>,
    pub(super) template: Option<String>,
    #[serde(default)]
    pub(super) all: bool,
    #[serde(default)]
    pub(super) required: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A field is a table, or a text for the usual case: a selector, or a path where the page is JSON.
pub(super) enum RawField {
    Short(String),
    Table(Box<FieldTable>),
}

impl<'de> Deserialize<'de> for RawField {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct FieldVisitor;
        impl<'de> Visitor<'de> for FieldVisitor {
            type Value = RawField;
            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a selector or path, or a table with `selector` or `path`")
            }
            fn visit_str<E>(self, text: &str) -> Result<RawField, E> {
                Ok(RawField::Short(text.to_owned()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawField, A::Error> {
                FieldTable::deserialize(MapAccessDeserializer::new(map)).map(|table| RawField::Table(Box::new(table)))
            }
        }
        from.deserialize_any(FieldVisitor)
    }
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

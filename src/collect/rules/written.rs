//! Rules as a recipe writes them, before anything is checked. Unknown keys are errors.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// A table of rules: field name to rule.
pub(crate) type RawFields = BTreeMap<Spanned<String>, Spanned<RawField>>;

/// A table of an HTML page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHtmlTable {
    pub(crate) selector: Spanned<String>,
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, OneOrMany>,
}

/// What is read out of an answer before anything else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawWithin {
    pub(crate) capture: Option<String>,
    pub(crate) json: Option<String>,
    pub(crate) xml: Option<String>,
}

/// A rule with all its keys.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFieldTable {
    pub(crate) selector: Option<String>,
    pub(crate) path: Option<OneOrMany>,
    pub(crate) column: Option<OneOrMany>,
    pub(crate) label: Option<OneOrMany>,
    pub(crate) value: Option<String>,
    pub(crate) attr: Option<String>,
    pub(crate) capture: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) template: Option<String>,
    #[serde(default)]
    pub(crate) all: bool,
    #[serde(default)]
    pub(crate) required: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    /// All of them.
    pub(crate) fn all(&self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one.clone()],
            Self::Many(many) => many.clone(),
        }
    }
}

/// A rule is a table, or a text in the usual case: a selector, a path or the name of a column, as the page's format asks. Of a list of
/// rules the first counts that gives something.
pub(crate) enum RawField {
    Short(String),
    Table(Box<RawFieldTable>),
    Choice(Vec<RawField>),
}

impl<'de> Deserialize<'de> for RawField {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct FieldVisitor;
        impl<'de> Visitor<'de> for FieldVisitor {
            type Value = RawField;
            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a selector or path, a table with `selector` or `path`, or a list of these")
            }
            fn visit_str<E>(self, text: &str) -> Result<RawField, E> {
                Ok(RawField::Short(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawField, A::Error> {
                let mut rules = Vec::new();
                while let Some(rule) = seq.next_element()? {
                    if matches!(rule, RawField::Choice(_)) {
                        return Err(de::Error::custom("a list of rules may not hold another list"));
                    }
                    rules.push(rule);
                }
                Ok(RawField::Choice(rules))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawField, A::Error> {
                RawFieldTable::deserialize(MapAccessDeserializer::new(map))
                    .map(|table| RawField::Table(Box::new(table)))
            }
        }
        from.deserialize_any(FieldVisitor)
    }
}

//! JSON Schemas of the values that serde writes as text or arrays by conversion: codes, region codes, spans. All
//! others are derived.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{CharSpan, Explanation, RegionCode};

/// The schema of a closed set of codes: a string, one of `codes`. Its description is `about`, then every code with its
/// Chinese name.
pub(super) fn code_of(about: &str, codes: impl Iterator<Item = (&'static str, &'static str)>) -> Schema {
    let (codes, names): (Vec<&str>, Vec<String>) = codes.map(|(code, zh)| (code, format!("`{code}` {zh}"))).unzip();
    json_schema!({
        "description": format!("{}\n\n{}", about.trim(), names.join(", ")),
        "type": "string",
        "enum": codes,
    })
}

impl JsonSchema for RegionCode {
    fn schema_name() -> Cow<'static, str> {
        "RegionCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A GB/T 2260 code: `330000` is a province, `330100` a prefecture, `330106` a county.",
            "type": "string",
            "pattern": "^(1[1-9]|[2-7][0-9]|8[0-2])[0-9]{4}$",
        })
    }
}

impl JsonSchema for CharSpan {
    fn schema_name() -> Cow<'static, str> {
        "CharSpan".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A stretch `[from, to)` of a text, counted in Unicode scalar values; `from` is at most `to`.",
            "type": "array",
            "items": {"type": "integer", "minimum": 0},
            "minItems": 2,
            "maxItems": 2,
        })
    }
}

impl JsonSchema for Explanation {
    fn schema_name() -> Cow<'static, str> {
        "Explanation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One paragraph for people. What is stored keeps its sentences as values; every output holds it in words.",
            "type": "string",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Category, Stance};

    #[test]
    fn a_code_is_described_by_its_set_and_lists_every_member() {
        let schema = schemars::schema_for!(Stance);
        let codes: Vec<&str> = Stance::ALL.iter().map(|stance| stance.code()).collect();
        assert_eq!((schema.get("type"), schema.get("enum")), (Some(&json!("string")), Some(&json!(codes))));
        let about = schema.get("description").and_then(|about| about.as_str()).expect("a description");
        assert!(
            about.starts_with("What a text claims about a hazard") && about.ends_with("`historic` 旧事"),
            "{about}"
        );
        let categories = schemars::schema_for!(Category);
        assert_eq!(categories.get("enum").and_then(|all| all.as_array()).map(Vec::len), Some(Category::ALL.len()));
    }
}

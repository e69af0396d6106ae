//! `/api/v1/schemas`: every record that programs exchange, as a JSON Schema by itself (clause 3-54). They are the
//! schemas of the OpenAPI document, each with what it refers to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::openapi;
use super::problem::Problem;

/// Version of the records: fields are added, never changed.
const VERSION: &str = "v1";
/// The dialect of the schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// How the OpenAPI document refers to a schema, and how a schema by itself does.
const SHARED: &str = "#/components/schemas/";
const OWN: &str = "#/$defs/";

/// All records that programs exchange.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
pub(super) struct SchemasAnswer {
    /// By name.
    schemas: Vec<SchemaLine>,
}

/// The schema of one record.
#[derive(Serialize)]
#[derive(schemars::JsonSchema)]
struct SchemaLine {
    /// What the record is called.
    name: String,
    /// Version of the records.
    version: &'static str,
    /// Where its schema is, on this host.
    url: String,
}

/// The names of all records, with their addresses.
pub(super) async fn list() -> Json<SchemasAnswer> {
    let one = |(name, _): (&String, &Value)| SchemaLine {
        name: name.clone(),
        version: VERSION,
        url: format!("/api/v1/schemas/{name}"),
    };
    Json(SchemasAnswer { schemas: openapi::schemas().map(one).collect() })
}

/// The schema of one record.
pub(super) async fn show(name: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let Path(name) = name?;
    let found = schema(&name).ok_or_else(|| Problem::not_found("没有这个名称的数据模式；清单见 /api/v1/schemas。"))?;
    Ok(([(CONTENT_TYPE, "application/schema+json")], found.to_string()).into_response())
}

/// The schema of a record, with those it refers to beside it.
pub(super) fn schema(name: &str) -> Option<Value> {
    let mut found = openapi::schema(name)?.clone();
    let mut beside: BTreeMap<String, Value> = BTreeMap::new();
    let mut open = referred(&mut found);
    while let Some(next) = open.pop() {
        if let Entry::Vacant(place) = beside.entry(next) {
            let mut schema = openapi::schema(place.key())?.clone();
            open.extend(referred(&mut schema));
            place.insert(schema);
        }
    }
    found["$schema"] = json!(DIALECT);
    found["$id"] = json!(format!("urn:wanglou:schema:{name}:{VERSION}"));
    found["title"] = json!(name);
    if !beside.is_empty() {
        found["$defs"] = json!(beside);
    }
    Some(found)
}

/// The names that a schema refers to; the references then point to `$defs`.
fn referred(schema: &mut Value) -> Vec<String> {
    match schema {
        Value::Array(all) => all.iter_mut().flat_map(referred).collect(),
        Value::Object(fields) => {
            let mut names: Vec<String> = Vec::new();
            if let Some(Value::String(reference)) = fields.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(SHARED).map(str::to_owned)
            {
                *reference = format!("{OWN}{name}");
                names.push(name);
            }
            names.extend(fields.values_mut().flat_map(referred));
            names
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_stands_by_itself_and_refers_to_nothing_outside() {
        for (name, _) in openapi::schemas() {
            let schema = schema(name).expect("known");
            let text = schema.to_string();
            assert!(!text.contains(SHARED), "{name}");
            for inner in text.split(OWN).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(schema["$defs"].get(inner).is_some(), "{name}: {inner}");
            }
        }
        assert!(schema("Nothing").is_none());
        let event = schema("AlertEvent").expect("known");
        assert_eq!(event["$id"], "urn:wanglou:schema:AlertEvent:v1");
        assert!(event["$defs"]["Counts"]["properties"]["actors"].is_object(), "{event}");
    }
}

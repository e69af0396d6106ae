//! `/api/v1/schemas`: every record that programs exchange, as a JSON Schema by itself (clause 3-54). They are the schemas of the OpenAPI
//! document, each with what it refers to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::openapi;
use super::problem::Problem;

/// Version of the records: fields are added, never changed.
const VERSION: &str = "v1";
/// The dialect of the schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// How the OpenAPI document refers to a schema, and how a schema by itself does.
const SHARED: &str = "#/components/schemas/";
const OWN: &str = "#/$defs/";

/// The names of all records, with their addresses.
pub(super) async fn list() -> Json<Value> {
    let all = openapi::schemas();
    let one = |name: &String| json!({"name": name, "version": VERSION, "url": format!("/api/v1/schemas/{name}")});
    Json(json!({"schemas": all.as_object().into_iter().flat_map(Map::keys).map(one).collect::<Vec<Value>>()}))
}

/// The schema of one record.
pub(super) async fn show(name: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let Path(name) = name?;
    let found = schema(&name).ok_or_else(|| Problem::not_found("没有这个名称的数据模式；清单见 /api/v1/schemas。"))?;
    Ok(([(CONTENT_TYPE, "application/schema+json")], found.to_string()).into_response())
}

/// The schema of a record, with those it refers to beside it.
fn schema(name: &str) -> Option<Value> {
    let all = openapi::schemas();
    let mut found = all.get(name)?.clone();
    let mut beside: BTreeMap<String, Value> = BTreeMap::new();
    let mut open = referred(&found);
    while let Some(next) = open.pop() {
        if let Entry::Vacant(place) = beside.entry(next) {
            let schema = all.get(place.key())?.clone();
            open.extend(referred(&schema));
            place.insert(schema);
        }
    }
    found["$schema"] = json!(DIALECT);
    found["$id"] = json!(format!("urn:wanglou:schema:{name}:{VERSION}"));
    found["title"] = json!(name);
    if !beside.is_empty() {
        found["$defs"] = json!(beside);
    }
    serde_json::from_str(&found.to_string().replace(SHARED, OWN)).ok()
}

/// The names that a schema refers to.
fn referred(schema: &Value) -> Vec<String> {
    let text = schema.to_string();
    text.split(SHARED).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_stands_by_itself_and_refers_to_nothing_outside() {
        let all = openapi::schemas();
        for name in all.as_object().expect("schemas").keys() {
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

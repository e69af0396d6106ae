//! What the service says of its own interface: the OpenAPI document (`/api/v1/openapi.json`), and every record that programs exchange as a
//! JSON Schema by itself (`/api/v1/schemas`, clause 3-54). These are the schemas of the document, each with those that it refers to.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::OnceLock;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::problem::Problem;
use super::state::Shared;

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

/// `/api/v1/openapi.json`: anybody may ask, so it is written once, not for each who asks.
pub(super) async fn openapi(State(shared): State<Shared>) -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| (shared.addresses.document)().to_string());
    ([(CONTENT_TYPE, "application/json")], text.as_str()).into_response()
}

/// The names of all records, with their addresses.
pub(super) async fn list(State(shared): State<Shared>) -> Json<SchemasAnswer> {
    let one = |(name, _): (&String, &Value)| SchemaLine {
        name: name.clone(),
        version: VERSION,
        url: format!("/api/v1/schemas/{name}"),
    };
    Json(SchemasAnswer { schemas: all((shared.addresses.document)()).map(one).collect() })
}

/// The schema of one record.
pub(super) async fn show(
    State(shared): State<Shared>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(name) = name?;
    let found = schema((shared.addresses.document)(), &name)
        .ok_or_else(|| Problem::not_found("没有这个名称的数据模式；清单见 /api/v1/schemas。"))?;
    Ok(([(CONTENT_TYPE, "application/schema+json")], found.to_string()).into_response())
}

/// The schemas of the document, by name.
pub(super) fn all(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["components"]["schemas"].as_object().into_iter().flatten()
}

/// The schema of a record of the document, with those that it refers to as its `$defs`; none when there is no such record.
pub(super) fn schema(document: &Value, name: &str) -> Option<Value> {
    let schemas = &document["components"]["schemas"];
    let mut found = schemas.get(name)?.clone();
    let mut beside: BTreeMap<String, Value> = BTreeMap::new();
    let mut open = referred(&mut found);
    while let Some(next) = open.pop() {
        if let Entry::Vacant(place) = beside.entry(next) {
            let mut schema = schemas.get(place.key())?.clone();
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
    use super::super::openapi::document;
    use super::*;

    #[test]
    fn every_schema_stands_by_itself_and_refers_to_nothing_outside() {
        for (name, _) in all(document()) {
            let schema = schema(document(), name).expect("known");
            let text = schema.to_string();
            assert!(!text.contains(SHARED), "{name}");
            for inner in text.split(OWN).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(schema["$defs"].get(inner).is_some(), "{name}: {inner}");
            }
        }
        assert!(schema(document(), "Nothing").is_none());
        let event = schema(document(), "AlertEvent").expect("known");
        assert_eq!(event["$id"], "urn:wanglou:schema:AlertEvent:v1");
        assert!(event["$defs"]["Counts"]["properties"]["actors"].is_object(), "{event}");
    }
}

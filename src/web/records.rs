//! Records against their published schemas: what serde writes fits, what it does not write is refused.

use boon::{Compiler, SchemaIndex, Schemas};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::exchange::ActLine;
use super::openapi::document;
use super::saved_searches::NewSearchBody;
use super::{acts, schemas};
use vocabulary::{
    Act, Document, DocumentLine, Evidence, Notice, Outcome, Party, Reading, SamplingRequest, ShownAlert,
    ShownAssessment, ShownEvent, SignalRecord, TestBody,
};

/// A schema that can be asked.
pub(super) struct Rule {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Rule {
    /// A schema with its definitions, as it stands by itself.
    fn of(mut schema: Value) -> Self {
        schema.as_object_mut().expect("an object").remove("$id");
        let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
        compiler.enable_format_assertions();
        compiler.add_resource("http://wanglou.test/record", schema).expect("a schema");
        let index = compiler.compile("http://wanglou.test/record", &mut schemas).expect("it compiles");
        Self { schemas, index }
    }

    /// The published schema of a record.
    fn published(name: &str) -> Self {
        Self::of(schemas::schema(document(), name).unwrap_or_else(|| panic!("{name} has no schema")))
    }

    /// The same, but what it does not name is refused. The published one leaves room: fields are added.
    fn closed(name: &str) -> Self {
        let mut schema = schemas::schema(document(), name).unwrap_or_else(|| panic!("{name} has no schema"));
        close(&mut schema, true);
        Self::of(schema)
    }

    /// A schema of the OpenAPI document, where what it does not name is refused.
    pub(super) fn closed_answer(schema: &Value) -> Self {
        let text = schema.to_string().replace("#/components/schemas/", "#/$defs/");
        let mut whole: Value = serde_json::from_str(&text).expect("JSON");
        let all: Map<String, Value> =
            schemas::all(document()).map(|(name, schema)| (name.clone(), schema.clone())).collect();
        let text = Value::Object(all).to_string().replace("#/components/schemas/", "#/$defs/");
        whole["$defs"] = serde_json::from_str(&text).expect("JSON");
        close(&mut whole, true);
        Self::of(whole)
    }

    /// What is wrong with a value; none when it fits.
    pub(super) fn fault(&self, value: &Value) -> Option<String> {
        self.schemas.validate(value, self.index).err().map(|error| error.to_string())
    }
}

/// Refuses what a schema does not name, in every object of it. `value`: the schema is of a whole value, not of a part
/// of its fields.
fn close(schema: &mut Value, value: bool) {
    let Some(fields) = schema.as_object_mut() else { return };
    for named in ["properties", "$defs"] {
        let inner = fields.get_mut(named).and_then(Value::as_object_mut);
        inner.into_iter().flatten().for_each(|(_, inner)| close(inner, named == "properties"));
    }
    for list in ["oneOf", "anyOf", "allOf"] {
        fields.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().for_each(|part| close(part, false));
    }
    fields
        .get_mut("prefixItems")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .for_each(|part| close(part, true));
    if let Some(items) = fields.get_mut("items") {
        close(items, true);
    }
    if value && ["$ref", "properties", "oneOf", "anyOf", "allOf"].iter().any(|key| fields.contains_key(*key)) {
        fields.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}

/// A value that a schema allows: every field (`full`) or only those that must be there. Of alternatives the one at
/// `pick`, round and round.
fn sample(schema: &Value, defs: &Value, full: bool, pick: usize) -> Value {
    let own = |schema: &Value| sample(schema, defs, full, pick);
    let mut found = json!({});
    if let Some(reference) = schema["$ref"].as_str() {
        found = own(&defs[reference.rsplit('/').next().expect("a name")]);
    }
    for list in ["oneOf", "anyOf"] {
        let Some(all) = schema[list].as_array() else { continue };
        let values: Vec<&Value> = all.iter().filter(|one| one["type"] != "null").collect();
        if !full && values.len() < all.len() {
            return Value::Null;
        }
        found = own(values[pick % values.len()]);
    }
    if !schema["const"].is_null() {
        return schema["const"].clone();
    }
    if let Some(codes) = schema["enum"].as_array() {
        return codes[pick % codes.len()].clone();
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    if !full && kinds.contains(&"null") {
        return Value::Null;
    }
    match (kinds.iter().find(|kind| **kind != "null"), schema["format"].as_str()) {
        (Some(&"object"), _) => {
            let required: Vec<&Value> = schema["required"].as_array().into_iter().flatten().collect();
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                if full || required.iter().any(|one| *one == name) {
                    found[name] = own(field);
                }
            }
            if full && schema["additionalProperties"] == true {
                found["anything"] = json!("else");
            }
            found
        }
        (Some(&"array"), _) => {
            if let Some(items) = schema["prefixItems"].as_array() {
                items.iter().map(own).collect()
            } else {
                let least = schema["minItems"].as_u64().unwrap_or(u64::from(full));
                (0..least).map(|_| own(&schema["items"])).collect()
            }
        }
        (Some(&"integer"), _) => json!(schema["minimum"].as_u64().unwrap_or(0).max(1)),
        (Some(&"number"), _) => json!(0.5),
        (Some(&"boolean"), _) => json!(true),
        (Some(&"string"), Some("date")) => json!("2024-07-01"),
        (Some(&"string"), Some("date-time")) => json!("2024-07-01T08:00:00+08:00"),
        (Some(&"string"), _) if schema["pattern"].is_string() => json!("330100"),
        (Some(&"string"), _) => json!("2024-07-01"),
        _ => found,
    }
}

/// Whether every field of `wanted` is in `found`, all the way down.
fn keeps(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| found.get(name).is_some_and(|found| keeps(found, wanted)))
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| keeps(found, wanted))
        }
        _ => true,
    }
}

/// Alternatives to try of each choice: more than any record has.
const PICKS: usize = 48;

/// What serde writes of records made by their own schema, full and minimal, fits that schema and fills what it names.
fn is_written_as_published<T: Serialize + DeserializeOwned>(name: &str) {
    let schema = schemas::schema(document(), name).unwrap_or_else(|| panic!("{name} has no schema"));
    let (published, closed) = (Rule::published(name), Rule::closed(name));
    for (full, pick) in (0..PICKS).flat_map(|pick| [(true, pick), (false, pick)]) {
        let made = sample(&schema, &schema["$defs"], full, pick);
        assert_eq!(published.fault(&made), None, "{name} {made}");
        let record: T =
            serde_json::from_value(made.clone()).unwrap_or_else(|error| panic!("{name}: {error} in {made}"));
        let written = serde_json::to_value(&record).expect("JSON");
        assert_eq!(closed.fault(&written), None, "{name} {written}");
        assert!(!full || keeps(&written, &made), "{name} loses a field: {made} becomes {written}");
    }
}

/// A schema refuses a record with a field more, with a required one less, and with a field that is something else.
fn refuses_what_is_not_written(name: &str) {
    let schema = schemas::schema(document(), name).expect("a schema");
    let (published, closed) = (Rule::published(name), Rule::closed(name));
    let record = sample(&schema, &schema["$defs"], true, 0);
    let mut more = record.clone();
    more["never_written"] = json!(1);
    assert!(closed.fault(&more).is_some(), "{name} takes any field");
    for (field, _) in record.as_object().expect("an object") {
        let mut wrong = record.clone();
        wrong[field] = json!([[[]]]);
        assert!(published.fault(&wrong).is_some(), "{name}: {field} may be anything");
    }
    for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut less = record.clone();
        less.as_object_mut().expect("an object").remove(field);
        assert!(published.fault(&less).is_some(), "{name} does without {field}");
    }
}

#[test]
fn records_are_written_as_their_schemas_say() {
    is_written_as_published::<ShownAlert>("Alert");
    is_written_as_published::<ShownAssessment>("Assessment");
    is_written_as_published::<ShownEvent>("AlertEvent");
    is_written_as_published::<Evidence>("Evidence");
    is_written_as_published::<SamplingRequest>("SamplingRequest");
    is_written_as_published::<Outcome>("Outcome");
    is_written_as_published::<Act>("Act");
    is_written_as_published::<Document>("Document");
    is_written_as_published::<SignalRecord>("SignalRecord");
    is_written_as_published::<Reading>("Reading");
    is_written_as_published::<Notice>("Notice");
    is_written_as_published::<Party>("Party");
    is_written_as_published::<TestBody>("TestBody");
}

#[test]
fn schemas_refuse_what_is_not_written() {
    for (name, schema) in schemas::all(document()) {
        if schema["properties"].is_object() {
            refuses_what_is_not_written(name);
        }
    }
}

#[test]
fn what_is_handed_in_is_read_as_its_schema_says() {
    fn is_read<T: DeserializeOwned>(name: &str) {
        let schema = schemas::schema(document(), name).unwrap_or_else(|| panic!("{name} has no schema"));
        for (full, pick) in (0..PICKS).flat_map(|pick| [(true, pick), (false, pick)]) {
            let made = sample(&schema, &schema["$defs"], full, pick);
            serde_json::from_value::<T>(made.clone()).unwrap_or_else(|error| panic!("{name}: {error} in {made}"));
            let mut more = made;
            more["never_read"] = json!(1);
            assert!(serde_json::from_value::<T>(more.clone()).is_err() && Rule::published(name).fault(&more).is_some());
        }
    }
    is_read::<DocumentLine>("DocumentLine");
    is_read::<ActLine>("ActLine");
    is_read::<acts::NewAct>("NewAct");
    is_read::<NewSearchBody>("NewSearch");
    is_read::<TestBody>("TestBody");
}

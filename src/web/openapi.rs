//! The OpenAPI 3.1 document, made of the table of addresses: which requests programs may send and what they get.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::authentication::SESSION;
use super::operation::{Answer, Body, Most, Operation, SchemaOf, of};
use super::problem::Details;
use super::rights::Need;
use super::routes::{ROUTES, Route};
use deliver::WebhookMessage;
use matter::{Matter, Part};
use pipeline::ExchangeManifest;
use vocabulary::{Document, Notice, Party, Reading, Role, Scope, SignalRecord};

/// Errors that any address may give beside its own.
const ERRORS_ANYWHERE: [u16; 7] = [401, 403, 404, 414, 421, 500, 503];
/// The place of schemas in the document.
const SCHEMAS: &str = "/components/schemas";

/// Records that leave in files and messages, and by no address of their own.
const RECORDS: &[SchemaOf] = &[
    of::<Document>,
    of::<SignalRecord>,
    of::<Reading>,
    of::<Notice>,
    of::<Party>,
    of::<WebhookMessage>,
    of::<ExchangeManifest<'static>>,
    of::<Matter>,
    of::<Part>,
];

/// The document; made once.
pub(super) fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| Writer::new().document());
    &DOCUMENT
}

/// Writes the document and collects schemas. What is read may leave out what has a default; what is written leaves out
/// what serde skips.
struct Writer {
    read: SchemaGenerator,
    written: SchemaGenerator,
}

impl Writer {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        });
        Self {
            read: settings.clone().for_deserialize().into_generator(),
            written: settings.for_serialize().into_generator(),
        }
    }

    fn document(mut self) -> Value {
        let mut paths = Map::new();
        for route in ROUTES {
            if let Some(operation) = &route.operation {
                let told = self.operation(route, operation);
                let path = paths.entry(route.path).or_insert_with(|| json!({}));
                path[route.method.name().to_lowercase()] = told;
            }
        }
        for record in RECORDS {
            record(&mut self.written);
        }
        let mut document = json!({
            "openapi": "3.1.0",
            "info": {
                "title": "望楼 Wanglou",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Ranked alerts on product safety with every number behind them, search, feeds, and documents handed in. \
                    Fields are added, never changed. Places are GB/T 2260 codes, moments RFC 3339, days YYYY-MM-DD in Asia/Shanghai.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "paths": paths,
            "components": {"schemas": self.schemas(), "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "a token of `wanglou token add`, or for documents handed in the push_token of the settings"},
                "session": {"type": "apiKey", "in": "cookie", "name": SESSION, "description": "what the sign-in page sets"}}},
        });
        tidy(&mut document);
        document
    }

    /// All schemas that were asked for. A type that is read and written has one schema, or two names.
    fn schemas(&mut self) -> BTreeMap<String, Value> {
        let mut all: BTreeMap<String, Value> = self.read.take_definitions(true).into_iter().collect();
        all.extend(self.written.take_definitions(true));
        all
    }

    fn operation(&mut self, route: &Route, operation: &Operation) -> Value {
        let (rights, security) = rights(route.need);
        let mut told = json!({"operationId": operation.id, "summary": operation.about, "description": rights,
            "parameters": self.parameters(operation)});
        if let Some(body) = &operation.takes {
            told["requestBody"] = self.body(body);
        }
        let mut responses = Map::new();
        for answer in operation.answers {
            responses.insert(answer.status.to_string(), self.answer(answer));
        }
        let problem = of::<Details<'_>>(&mut self.written);
        for status in operation.errors.iter().chain(&ERRORS_ANYWHERE) {
            let problem = json!({"description": "the problem, RFC 9457", "content": {"application/problem+json": {"schema": problem}}});
            responses.entry(status.to_string()).or_insert(problem);
        }
        told["responses"] = Value::Object(responses);
        told["security"] = security;
        told
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<Value> {
        let mut all = Vec::new();
        if let Some(part) = operation.path {
            let mut told = json!({"name": part.name, "in": "path", "required": true, "description": part.about,
                "schema": {"type": "string", "minLength": 1}});
            if let Some(example) = part.example {
                told["example"] = json!(example);
            }
            all.push(told);
        }
        for header in operation.headers {
            all.push(json!({"name": header.name, "in": "header", "required": false, "description": header.about,
                "schema": (header.schema)(&mut self.read)}));
        }
        for query in operation.query {
            let fields = (query.fields)(&mut self.read);
            for (name, field) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if query.only.is_empty() || query.only.contains(&name.as_str()) {
                    all.push(parameter(name, field.clone(), query.required.contains(&name.as_str())));
                }
            }
        }
        all
    }

    fn body(&mut self, body: &Body) -> Value {
        let schema = (body.record)(&mut self.read);
        let Some(most) = body.lines else {
            let example: Value = serde_json::from_str(body.example).unwrap_or_default();
            return json!({"required": true, "content": {"application/json": {"schema": schema, "example": example}}});
        };
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        let name = name.unwrap_or_default();
        let most = match most {
            Most::Lines(lines) => format!("at most {lines} lines"),
            Most::Bytes(bytes) => format!("at most {bytes} bytes in all"),
        };
        json!({"required": true, "description": format!("one JSON object (`{name}`) a line, {most}"), "content": {
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/plain": {"schema": {"type": "string"}, "example": body.example}}})
    }

    fn answer(&mut self, answer: &Answer) -> Value {
        let mut told = json!({"description": answer.about});
        if let Some((kind, schema)) = answer.content {
            told["content"] = json!({kind: {"schema": schema(&mut self.written)}});
        }
        if let Some(header) = &answer.header {
            let schema = (header.schema)(&mut self.written);
            told["headers"] = json!({header.name: {"description": header.about, "schema": schema}});
        }
        told
    }
}

/// A parameter of the query, from the field that it is read into. What may be left out is not sent as null.
fn parameter(name: &str, mut schema: Value, required: bool) -> Value {
    let mut told = json!({"name": name, "in": "query", "required": required});
    let Some(fields) = schema.as_object_mut() else { return told };
    if let Some(about) = fields.remove("description") {
        told["description"] = about;
    }
    if let Some(example) = fields.remove("examples").and_then(|mut all| all.get_mut(0).map(Value::take)) {
        told["example"] = example;
    }
    if let Some(Value::Array(kinds)) = fields.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_mut_slice() {
            let kind = kind.take();
            fields.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(mut either)) = fields.remove("anyOf") {
        either.retain(|one| one["type"] != "null");
        fields.extend(either.into_iter().filter_map(|one| one.as_object().cloned()).flatten());
    }
    told["schema"] = schema;
    told
}

/// Who may ask, in words and for machines. With a token its scope counts, where the party's role has it; while nobody has to sign in,
/// nothing is needed.
fn rights(need: Need) -> (String, Value) {
    match need {
        Need::Nothing => ("For everybody.".to_owned(), json!([{}])),
        Need::Pusher => {
            let scope = Scope::Push.code();
            (
                format!("For tokens with scope `{scope}`, and for the token of the settings."),
                json!([{"token": [scope]}]),
            )
        }
        Need::Roles(roles, scope) => {
            let scope = scope.code();
            let names: Vec<String> = roles.iter().copied().map(|role: Role| format!("`{}`", role.code())).collect();
            let rights = format!("For {}; with a token of scope `{scope}`.", names.join(", "));
            (rights, json!([{}, {"token": [scope]}, {"session": []}]))
        }
    }
}

/// Takes out what schemas say for Rust alone: links of documentation, defaults that say nothing (null, an empty text),
/// the width of `usize`.
fn tidy(value: &mut Value) {
    static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[(`[^`]*`)\](?:\([^)]*\))?").ok());
    match value {
        Value::Array(all) => all.iter_mut().for_each(tidy),
        Value::Object(fields) => {
            if let (Some(Value::String(about)), Some(link)) = (fields.get_mut("description"), &*LINK) {
                *about = link.replace_all(about, "$1").into_owned();
            }
            if fields.get("default").is_some_and(|default| default.is_null() || default == "") {
                fields.remove("default");
            }
            if fields.get("format").is_some_and(|format| format == "uint") {
                fields.remove("format");
            }
            fields.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let text = document().to_string();
        for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document()["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_name_means_one_schema_whether_it_is_read_or_written_and_every_operation_has_its_own() {
        let mut writer = Writer::new();
        for (route, operation) in ROUTES.iter().filter_map(|route| Some((route, route.operation?))) {
            writer.operation(route, &operation);
        }
        let (read, written) = (writer.read.take_definitions(true), writer.written.take_definitions(true));
        for (name, schema) in &read {
            assert_eq!(schema, written.get(name).unwrap_or(schema), "{name}");
        }
        // schemars tells types of one name apart by a number behind it.
        for (name, _) in document()["components"]["schemas"].as_object().expect("schemas") {
            assert!(!name.ends_with(|last: char| last.is_ascii_digit()), "two types are called {name}");
        }
        let operations: Vec<&str> = ROUTES.iter().filter_map(|route| Some(route.operation?.id)).collect();
        assert_eq!(operations.iter().collect::<BTreeSet<_>>().len(), operations.len(), "{operations:?}");
    }

    #[test]
    fn the_parameters_of_an_address_are_the_fields_that_its_handler_reads() {
        let listed = &document()["paths"]["/api/v1/alerts"]["get"]["parameters"];
        let names: Vec<&str> =
            listed.as_array().expect("parameters").iter().filter_map(|one| one["name"].as_str()).collect();
        assert_eq!(names, ["state", "disposal", "danger", "category", "hazard", "skip", "limit"]);
        assert_eq!(listed[1]["schema"], json!({"$ref": "#/components/schemas/Disposal"}));
        assert_eq!(listed[6]["schema"], json!({"type": "integer", "minimum": 1, "maximum": 200, "default": 30}));
        assert_eq!(listed[6]["description"], "How many to give.");
        let search = &document()["paths"]["/api/v1/search/export"]["get"]["parameters"];
        let required = |at: usize| (search[at]["name"].as_str(), search[at]["required"].as_bool());
        assert_eq!((required(0), required(1)), ((Some("q"), Some(true)), (Some("format"), Some(true))));
    }

    #[test]
    fn what_an_address_needs_is_told_with_it() {
        let paths = &document()["paths"];
        assert_eq!(paths["/healthz"]["get"]["security"], json!([{}]));
        assert_eq!(paths["/api/v1/documents"]["post"]["security"], json!([{"token": ["push"]}]));
        let act = &paths["/api/v1/alerts/{id}/acts"]["post"];
        assert_eq!(act["security"], json!([{}, {"token": ["act"]}, {"session": []}]));
        let rights = act["description"].as_str().expect("text");
        assert!(rights.contains("`firm`") && !rights.contains("`public`"), "{rights}");
    }
}

//! `/api/v1/openapi.json`: what programs may ask and what they get, as OpenAPI 3.1. Written by hand beside the handlers; a test holds it
//! against the router, so that a new address without an entry fails.

use axum::Json;
use serde_json::{Value, json};

use super::api::{HITS_DEFAULT, HITS_MAX};
use super::exchange::ACTS_MAX;
use super::forms::{EVENTS_DEFAULT, EVENTS_MAX};
use super::gate::SESSION;
use super::push::PUSH_BYTES_MAX;
use super::view::AlertFilter;
use crate::index::Sort;
use crate::pipeline::{ExportFormat, PACKED_ROWS_MAX};
use crate::store::{SEARCH_NAME_CHARS_MAX, THROTTLE_MINUTES_MAX};
use crate::vocabulary::{Act, ActKind, Category, Channel, Danger, Disposal, Hazard, Spread, Stage};

/// `/api/v1/openapi.json`.
pub(super) async fn show() -> Json<Value> {
    Json(document())
}

fn codes<T: Copy>(all: &[T], code: fn(T) -> &'static str) -> Value {
    json!({"type": "string", "enum": all.iter().map(|one| code(*one)).collect::<Vec<_>>()})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn list_of(name: &str) -> Value {
    json!({"type": "array", "items": reference(name)})
}

fn maybe(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn query(name: &str, about: &str, schema: &Value) -> Value {
    json!({"name": name, "in": "query", "required": false, "description": about, "schema": schema})
}

fn answer(about: &str, kind: &str, schema: &Value) -> Value {
    json!({"description": about, "content": {kind: {"schema": schema}}})
}

/// An operation: its good answer, and the errors that any address can give beside its own.
fn operation(id: &str, about: &str, parameters: &[Value], good: &Value, errors: &[u16]) -> Value {
    let mut responses = serde_json::Map::new();
    responses.insert("200".to_owned(), good.clone());
    for status in errors.iter().chain(&[401, 403, 404, 414, 500, 503]) {
        let problem = answer("the problem, RFC 9457", "application/problem+json", &reference("Problem"));
        responses.insert(status.to_string(), problem);
    }
    json!({"operationId": id, "summary": about, "parameters": parameters, "responses": responses,
        "security": [{}, {"token": []}, {"session": []}]})
}

/// As [`operation`], for what is polled: with an ETag, unchanged it is 304.
fn polled(id: &str, about: &str, parameters: &[Value], kind: &str) -> Value {
    let errors: &[u16] = if parameters.is_empty() { &[] } else { &[400] };
    let mut told = operation(id, about, parameters, &answer("the feed", kind, &json!({"type": "string"})), errors);
    if kind == "application/json" {
        told["responses"]["200"]["content"][kind]["schema"] = json!({"type": "object"});
    }
    told["responses"]["304"] = json!({"description": "unchanged since the ETag given in If-None-Match, or where none is given since the date in If-Modified-Since"});
    told
}

/// A path's own parameter.
fn alert_id() -> Value {
    json!({"name": "id", "in": "path", "required": true, "description": "an alert's id, as in the list",
        "schema": {"type": "string", "minLength": 1}, "example": "wl-20250515-lighting_electric-electric_shock-1fde28"})
}

/// The whole document.
pub(super) fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "望楼 Wanglou",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Ranked alerts on product safety with every number behind them, search, feeds, and documents handed in. \
                Fields are added, never changed. Places are GB/T 2260 codes, moments RFC 3339, days YYYY-MM-DD in Asia/Shanghai.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths(),
        "components": {"schemas": schemas(), "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer", "description": "a token of `wanglou token add`, or for documents handed in the push_token of the settings"},
            "session": {"type": "apiKey", "in": "cookie", "name": SESSION, "description": "what the sign-in page sets"}}},
    })
}

fn paths() -> Value {
    let json_kind = "application/json";
    let plain = answer("in order", "text/plain", &json!({"type": "string"}));
    let filters = [
        query("state", "only open or only closed ones", &json!({"type": "string", "enum": ["", "open", "closed"]})),
        query("disposal", "only with this disposal", &reference("Disposal")),
        query("danger", "only with this danger", &reference("Danger")),
        query("category", "only of this product category", &reference("Category")),
        query("hazard", "only of this hazard", &reference("Hazard")),
        query(
            "skip",
            "how many to pass over",
            &json!({"type": "integer", "minimum": 0, "maximum": AlertFilter::SKIP_MAX, "default": 0}),
        ),
        query(
            "limit",
            "how many to give",
            &json!({"type": "integer", "minimum": 1, "maximum": AlertFilter::LIMIT_MAX, "default": AlertFilter::LIMIT_DEFAULT}),
        ),
    ];
    let asked = [
        json!({"name": "q", "in": "query", "required": true, "description": "the analysts' query language",
            "schema": {"type": "string", "minLength": 1},
            "example": "hazard:fire 充电宝"}),
        query("after", "`next` of an earlier answer to the same query", &json!({"type": "string"})),
        query(
            "limit",
            "how many hits",
            &json!({"type": "integer", "minimum": 1, "maximum": HITS_MAX, "default": HITS_DEFAULT}),
        ),
    ];
    let resume = [
        json!({"name": "Last-Event-ID", "in": "header", "required": false, "description": "number of the last event seen",
            "schema": {"type": "integer", "minimum": 0}}),
        query("after", "the same, for clients that cannot set headers", &json!({"type": "integer", "minimum": 0})),
    ];
    let paged = [query(
        "page",
        "which page of 200 alerts, from 1 on; all at once without it",
        &json!({"type": "integer", "minimum": 1}),
    )];
    let told = [
        query(
            "source",
            "source of documents that name none",
            &json!({"type": "string", "pattern": "^[\\w.-]{1,64}$", "default": "push"}),
        ),
        query("channel", "channel of documents that name none", &reference("Channel")),
    ];
    let mut push = operation(
        "pushDocuments",
        "Hand documents in; the same again changes nothing",
        &told,
        &answer("what became of the lines", json_kind, &reference("Pushed")),
        &[400, 401, 403, 413],
    );
    push["security"] = json!([{"token": []}]);
    push["requestBody"] = json!({"required": true, "description": format!("one JSON object a line, at most {PUSH_BYTES_MAX} bytes in all"),
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}, "text/plain": {"schema": {"type": "string"},
            "example": "{\"id\": \"h-1\", \"text\": \"充电宝充电时起火\", \"published_at\": \"2024-07-01\", \"channel\": \"complaint\"}\n"}}});
    push["responses"]["422"] = answer("no line was a document", json_kind, &reference("Pushed"));
    let mut act = operation(
        "act",
        "Keep what a person did with an alert; needs a signed-in person or a token with scope `act`",
        &[alert_id()],
        &Value::Null,
        &[400, 409, 413],
    );
    if let Some(responses) = act["responses"].as_object_mut() {
        responses.remove("200");
    }
    act["responses"]["201"] = answer("how far people have come now", json_kind, &reference("Casework"));
    act["requestBody"] = json!({"required": true, "content": {json_kind: {"schema": reference("NewAct"),
        "example": {"kind": "exclude", "note": "与产品无关"}}}});
    let mut hand_in = operation(
        "handIn",
        "Keep what people of an organisation did, many acts at once; needs a token with scope `act`. The same line again changes nothing",
        &[],
        &answer("what became of the lines", json_kind, &reference("Pushed")),
        &[400, 413],
    );
    hand_in["requestBody"] = json!({"required": true, "description": format!("one JSON object (`ActLine`) a line, at most {ACTS_MAX}"),
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}, "text/plain": {"schema": {"type": "string"},
            "example": "{\"idempotency_key\": \"case-7\", \"alert_id\": \"wl-20240504-water_heater-electric_shock-3fa1c2\", \"kind\": \"note\", \"note\": \"已下架\"}\n"}}});
    hand_in["responses"]["422"] = answer("no line was taken in", json_kind, &reference("Pushed"));
    let take_away = operation(
        "takeAway",
        "All records that concern whoever asks: alerts, events, sampling requests and acts as NDJSON files with a manifest",
        &[],
        &answer("a ZIP archive", "application/zip", &json!({"type": "string", "format": "binary"})),
        &[409, 429],
    );
    let text = json!({"type": "string"});
    let behind = [
        query("after", "number of the last event seen", &json!({"type": "integer", "minimum": 0, "default": 0})),
        query(
            "limit",
            "how many to give",
            &json!({"type": "integer", "minimum": 1, "maximum": EVENTS_MAX, "default": EVENTS_DEFAULT}),
        ),
    ];
    let batch = answer("a batch of CloudEvents 1.0", "application/cloudevents-batch+json", &list_of("CloudEvent"));
    let mut events = operation("listEvents", "What happened to alerts behind a number", &behind, &batch, &[400]);
    events["responses"]["200"]["headers"] = json!({"wanglou-next": {"description": "the number to go on behind, shown or not",
        "schema": {"type": "integer", "minimum": 0}}});
    let format = json!({"name": "format", "in": "query", "required": true, "description": "how the file is written",
        "schema": codes(&ExportFormat::ALL, ExportFormat::code)});
    let archive = answer(
        "a ZIP archive of the file and its manifest",
        "application/zip",
        &json!({"type": "string", "format": "binary"}),
    );
    let export = operation(
        "exportSearch",
        &format!("All that a query finds, at most {PACKED_ROWS_MAX} rows, as a file with a manifest"),
        &[asked[0].clone(), format],
        &archive,
        &[400, 409],
    );
    let mut save = operation(
        "saveSearch",
        "Save a search, and watch for documents that match it",
        &[],
        &Value::Null,
        &[400, 409, 413],
    );
    save["responses"]["201"] = answer("the saved search", json_kind, &reference("SavedSearch"));
    save["requestBody"] = json!({"required": true, "content": {json_kind: {"schema": reference("NewSearch"),
        "example": {"name": "浙江起火", "query": "隐患:起火 地区:浙江", "watched": true, "only_new": true}}}});
    let name = [json!({"name": "name", "in": "path", "required": true, "description": "its name",
        "schema": {"type": "string", "minLength": 1}})];
    let mut forget = operation("removeSearch", "Forget a saved search and what came for it", &name, &Value::Null, &[]);
    forget["responses"]["204"] = json!({"description": "forgotten"});
    for told in [&mut save, &mut forget] {
        if let Some(responses) = told["responses"].as_object_mut() {
            responses.remove("200");
        }
    }
    let stream = answer(
        "events `opened`, `raised`, `lowered`, `closed`, each with its number as id and an AlertEvent as data",
        "text/event-stream",
        &json!({"type": "string"}),
    );
    json!({
        "/api/v1/alerts": {"get": operation("listAlerts", "The ranked alerts", &filters,
            &answer("open ones first, then by rank", json_kind, &reference("AlertsAnswer")), &[400])},
        "/api/v1/alerts/{id}": {"get": operation("getAlert", "One alert with every term, its history, its sampling request and what came back",
            &[alert_id()], &answer("the alert", json_kind, &reference("AlertAnswer")), &[])},
        "/api/v1/alerts/{id}/cap": {"get": polled("getAlertCap", "One alert as a CAP 1.2 message", &[alert_id()], "application/cap+xml")},
        "/api/v1/alerts/{id}/acts": {"post": act},
        "/api/v1/search": {"get": operation("search", "Search the index", &asked,
            &answer("hits, facets, and where to go on", json_kind, &reference("SearchOutcome")), &[400])},
        "/api/v1/search/export": {"get": export},
        "/api/v1/searches": {
            "get": operation("listSearches", "All saved searches", &[], &answer("by name", json_kind, &reference("SearchesAnswer")), &[]),
            "post": save},
        "/api/v1/searches/{name}": {
            "get": operation("getSearch", "A saved search and what came for it", &name,
                &answer("newest first", json_kind, &reference("SearchAnswer")), &[]),
            "delete": forget},
        "/api/v1/exchange": {"get": take_away, "post": hand_in},
        "/api/v1/documents": {"post": push},
        "/api/v1/sources": {"get": operation("listSources", "How the sources are doing", &[],
            &answer("in the order of their recipes", json_kind, &reference("SourcesAnswer")), &[])},
        "/api/v1/openapi.json": {"get": operation("openapi", "This document", &[], &answer("OpenAPI 3.1", json_kind, &json!({"type": "object"})), &[])},
        "/api/v1/schemas": {"get": operation("listSchemas", "The records that programs exchange", &[],
            &answer("by name", json_kind, &reference("SchemasAnswer")), &[])},
        "/api/v1/schemas/{name}": {"get": operation("getSchema", "The JSON Schema of a record", &name,
            &answer("JSON Schema 2020-12", "application/schema+json", &json!({"type": "object"})), &[])},
        "/feeds/alerts.json": {"get": polled("feedJson", "Open alerts as JSON Feed 1.1, page by page", &paged, json_kind)},
        "/feeds/alerts.atom": {"get": polled("feedAtom", "Open alerts as Atom, page by page (RFC 5005)", &paged, "application/atom+xml")},
        "/feeds/alerts.cap": {"get": polled("feedCap", "Open alerts as one CAP 1.2 message", &[], "application/cap+xml")},
        "/api/v1/events": {"get": events},
        "/feeds/alerts.csv": {"get": operation("feedCsv", "All alerts as a table", &[], &answer("RFC 4180, UTF-8 with a byte order mark", "text/csv", &text), &[])},
        "/feeds/alerts/stream": {"get": operation("streamAlerts", "What happens to alerts, as it happens", &resume, &stream, &[400])},
        "/healthz": {"get": operation("health", "Whether the service works", &[], &plain, &[])},
        "/readyz": {"get": operation("ready", "Whether it should be sent visitors", &[], &plain, &[])},
        "/metrics": {"get": operation("metrics", "Numbers for Prometheus", &[], &plain, &[])},
    })
}

/// The records that programs exchange, by name.
pub(super) fn schemas() -> Value {
    let text = json!({"type": "string"});
    let whole = json!({"type": "integer", "minimum": 0});
    let number = json!({"type": "number"});
    let day = json!({"type": "string", "format": "date"});
    let region = maybe(&json!({"type": "string", "pattern": "^[0-9]{6}$"}));
    let named = maybe(&text);
    let alert_line = json!({
        "id": text, "state": {"type": "string", "enum": ["open", "closed"]}, "opened_on": day, "changed_on": day, "as_of": day,
        "category": reference("Category"), "category_name": text, "hazard": reference("Hazard"), "hazard_name": text, "brand": named,
        "region": region, "region_name": named, "danger": reference("Danger"), "spread": reference("Spread"),
        "disposal": reference("Disposal"), "rank_score": number, "counts": reference("Counts"), "explanation": text, "evidence_total": whole,
    });
    let event = json!({
        "alert_id": text, "as_of": day, "event": {"type": "string", "enum": ["opened", "raised", "lowered", "closed"]},
        "category": reference("Category"), "hazard": reference("Hazard"), "brand": named, "region": region, "danger": reference("Danger"),
        "spread": reference("Spread"), "disposal": reference("Disposal"), "rank_score": number, "counts": reference("Counts"),
        "evidence": {"type": "array", "items": {"type": "object"}}, "evidence_total": whole, "explanation": text, "criteria": text, "lexicon": text,
    });
    let hit = json!({
        "id": text, "score": number, "title": named, "snippet": text,
        "spans": {"type": "array", "items": {"type": "array", "items": whole, "minItems": 2, "maxItems": 2}},
        "published_at": maybe(&json!({"type": "string", "format": "date-time"})), "source": text, "channel": reference("Channel"),
        "categories": list_of("Category"), "hazards": list_of("Hazard"), "brand": named, "region": region, "url": named,
        "severity": maybe(&json!({"type": "integer", "minimum": 0, "maximum": 4})), "story": whole, "reprints": whole,
    });
    let moment = maybe(&json!({"type": "string", "format": "date-time"}));
    let source = json!({
        "source": text, "name": text, "channel": reference("Channel"), "enabled": {"type": "boolean"}, "paused_at": moment, "due_at": moment,
        "last_at": moment, "last_success_at": moment, "last_news_at": moment, "rounds": whole,
        "troubles": {"type": "array", "items": text},
    });
    let object = |properties: &Value| {
        let required: Vec<&String> = properties.as_object().into_iter().flatten().map(|(name, _)| name).collect();
        json!({"type": "object", "required": required, "properties": properties})
    };
    let mut all = json!({
        "Category": codes(Category::ALL, Category::code),
        "Hazard": codes(Hazard::ALL, Hazard::code),
        "Danger": codes(Danger::ALL, Danger::code),
        "Spread": codes(Spread::ALL, Spread::code),
        "Disposal": codes(Disposal::ALL, Disposal::code),
        "Channel": codes(Channel::ALL, Channel::code),
        "Counts": object(&json!({"reports": whole, "texts": whole, "actors": whole, "places": whole})),
        "AlertLine": object(&alert_line),
        "AlertsAnswer": object(&json!({"total": whole, "alerts": list_of("AlertLine")})),
        "AlertEvent": object(&event),
        "AlertAnswer": object(&json!({
            "alert": {"type": "object", "required": ["id", "state", "assessment", "evidence"]}, "history": list_of("AlertEvent"),
            "sampling": {"type": ["object", "null"]}, "outcomes": {"type": "array", "items": {"type": "object"}}, "casework": reference("Casework"), "acts": list_of("Act"),
        })),
        "CloudEvent": object(&json!({"specversion": {"const": "1.0"}, "id": text, "source": text, "type": text, "subject": text,
            "time": {"type": "string", "format": "date-time"}, "datacontenttype": {"const": "application/json"}, "dataschema": text,
            "data": reference("AlertEvent")})),
        "ActKind": codes(ActKind::ALL, ActKind::code),
        "Stage": codes(Stage::ALL, Stage::code),
        "Casework": object(&json!({"stage": reference("Stage"), "assigned": named, "muted_until": maybe(&day),
            "pinned": {"type": "boolean"}, "published": {"type": "boolean"}})),
        "NewAct": {"type": "object", "required": ["kind"], "additionalProperties": false, "properties": {
            "kind": reference("ActKind"), "note": {"type": "string", "maxLength": Act::NOTE_CHARS_MAX},
            "to": text, "until": {"type": "string", "format": "date"}}},
        "Act": {"type": "object", "required": ["alert_id", "at", "by", "party", "kind", "note"], "properties": {
            "alert_id": text, "at": {"type": "string", "format": "date-time"}, "by": text, "party": text,
            "kind": reference("ActKind"), "note": text, "to": text, "until": day, "key": text}},
        "SearchHit": object(&hit),
        "SearchOutcome": object(&json!({
            "total": whole, "hits": list_of("SearchHit"), "next": named, "notes": {"type": "array", "items": text},
            "sort": {"type": "string", "enum": Sort::ALL},
            "counts": reference("Counts"), "reprints_hidden": {"type": "boolean"}, "partial": {"type": "boolean"},
            "histogram": object(&json!({"unit": {"type": "string", "enum": ["day", "week", "month", "quarter", "year"]}, "earlier": whole,
                "bars": {"type": "array", "items": object(&json!({"from": day, "to": day, "count": whole}))}})),
            "facets": {"type": "array", "items": object(&json!({"field": text,
                "values": {"type": "array", "items": object(&json!({"value": text, "count": whole, "narrow": text}))}}))},
        })),
        "NewSearch": {"type": "object", "required": ["name", "query"], "additionalProperties": false, "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": SEARCH_NAME_CHARS_MAX}, "query": {"type": "string", "minLength": 1},
            "watched": {"type": "boolean", "default": false}, "only_new": {"type": "boolean", "default": false},
            "throttle_minutes": {"type": "integer", "minimum": 0, "maximum": THROTTLE_MINUTES_MAX, "default": 0}}},
        "SavedSearch": object(&json!({"name": text, "query": text, "made_at": {"type": "string", "format": "date-time"},
            "watched": {"type": "boolean"}, "only_new": {"type": "boolean"}, "throttle_minutes": whole, "told_at": moment, "came": whole, "untold": whole})),
        "SearchesAnswer": object(&json!({"searches": list_of("SavedSearch")})),
        "CameFor": object(&json!({"seq": whole, "position": whole, "document": text, "story": whole, "title": text, "seen_at": moment})),
        "SearchAnswer": object(&json!({"search": reference("SavedSearch"), "came": list_of("CameFor")})),
        "SourceHealth": object(&source),
        "SourcesAnswer": object(&json!({"sources": list_of("SourceHealth")})),
        "Pushed": object(&json!({
            "collected": whole, "kept": whole, "duplicate": whole, "unchanged": whole, "rejected": whole,
            "rejects": {"type": "array", "items": object(&json!({"line": whole, "reason": text}))},
        })),
        "Problem": {"type": "object", "required": ["type", "title", "status", "detail", "instance"], "properties": {
            "type": text, "title": text, "status": whole, "detail": text, "instance": text, "query": {"type": "object"}}},
    });
    // One line of what is handed in: of acts, and of documents.
    all["ActLine"] = json!({"type": "object", "required": ["idempotency_key", "alert_id", "kind"], "additionalProperties": false, "properties": {
        "idempotency_key": {"type": "string", "minLength": 1, "maxLength": Act::KEY_CHARS_MAX}, "alert_id": text,
        "kind": reference("ActKind"), "note": {"type": "string", "maxLength": Act::NOTE_CHARS_MAX}, "to": named, "until": maybe(&day)}});
    all["DocumentLine"] = json!({"type": "object", "required": ["id", "text"], "additionalProperties": false, "properties": {
        "id": {"type": "string", "minLength": 1}, "text": {"type": "string", "minLength": 1}, "source": named,
        "channel": maybe(&reference("Channel")), "url": named, "title": named, "published_at": named, "seen_at": named,
        "meta": {"type": "object"}, "raw": {"type": ["object", "null"]}}});
    let schema = object(&json!({"name": text, "version": text, "url": text}));
    all["SchemasAnswer"] = object(&json!({"schemas": {"type": "array", "items": schema}}));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_address_for_programs_is_in_the_document_and_nothing_else() {
        let router = include_str!("mod.rs");
        let routes: BTreeSet<&str> = (router.split(".route(\"").skip(1))
            .filter_map(|rest| rest.split('"').next())
            .filter(|path| {
                ["/api/", "/feeds/", "/healthz", "/readyz", "/metrics"].iter().any(|start| path.starts_with(start))
            })
            .collect();
        let document = document();
        let told: BTreeSet<&str> = document["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
        assert_eq!(told, routes);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }
}

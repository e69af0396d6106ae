//! What lies outside: every parameter of every address is sent values that its schema excludes, and values that no number, date or text should
//! have. What is excluded is refused with problem details; nothing is a fault of ours.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;

use super::matrix::{OWN, Server, example};
use super::openapi;
use super::problem::is_for_programs;
use super::routes::{Method, ROUTES};
use vocabulary::{Role, Scope};

/// What nobody should send, and somebody does.
const EXTREMES: [&str; 22] = [
    "",
    "0",
    "-1",
    "1",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "99999999999999999999999999999999",
    "NaN",
    "inf",
    "1e308",
    "-0.0",
    "9999-12-31",
    "-9999-01-01",
    "99999-01-01",
    "2024-02-30",
    "%00",
    "%FF%FE",
    "%F0%9F%94%A5",
    "'%22%3E%3Cscript%3E",
    "..%2F..%2Fetc%2Fpasswd",
    "%E2%80%AE",
];

/// Names of parameters that pages read; those of the OpenAPI document come beside them.
fn names_of(path: &str) -> &'static [&'static str] {
    match path {
        "/" => &["state", "disposal", "danger", "category", "hazard", "skip", "limit"],
        "/alerts/{id}" | "/matters/{id}" => &["before"],
        "/matters" => &["owner", "overdue", "skip"],
        "/alerts/{id}/sheet" | "/alerts/{id}/notice" => &["format"],
        "/matters/{id}/paper/{kind}" => &["to", "form"],
        "/search" => &["q", "after", "limit"],
        "/search/export" => &["q", "after", "limit", "format"],
        "/searches" => &["name"],
        "/signin" | "/signin/provider" => &["next"],
        super::PROVIDER_BACK => &["code", "state", "error"],
        _ => &[],
    }
}

/// The parameters of the query of an operation, with their schemas.
fn parameters(method: &str, path: &str) -> Vec<(String, Value)> {
    let document = openapi::document();
    let listed = document["paths"][path][method.to_lowercase()]["parameters"].as_array();
    let of_query = listed.into_iter().flatten().filter(|parameter| parameter["in"] == "query");
    let schema = |parameter: &Value| match parameter["schema"]["$ref"].as_str() {
        None => parameter["schema"].clone(),
        Some(path) => document.pointer(path.trim_start_matches('#')).expect("it leads somewhere").clone(),
    };
    of_query.map(|parameter| (parameter["name"].as_str().expect("a name").to_owned(), schema(parameter))).collect()
}

/// The codes that a schema allows, where it lists them.
fn codes(schema: &Value) -> Option<Vec<String>> {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(listed) = schema["enum"].as_array() {
        return Some(listed.iter().filter_map(word).collect());
    }
    let either = schema["oneOf"].as_array()?;
    Some(either.iter().filter_map(|one| word(&one["const"]).or_else(|| word(&one["enum"][0]))).collect())
}

/// Values that a schema excludes.
fn excluded(schema: &Value) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    if let Some(codes) = codes(schema) {
        let first = codes.first().cloned().unwrap_or_default();
        values.extend([
            String::new(),
            "nonsense".to_owned(),
            first.to_uppercase(),
            format!("{first}%20"),
            "0".to_owned(),
        ]);
        values.retain(|value| !codes.contains(value));
    }
    if schema["type"] == "integer" {
        let text = |value: &str| value.to_owned();
        values.extend([
            text(""),
            text("x"),
            text("1.5"),
            text("NaN"),
            text("1e3"),
            text("-1"),
            text("18446744073709551616"),
        ]);
        values.extend(schema["minimum"].as_u64().and_then(|least| least.checked_sub(1)).map(|below| below.to_string()));
        values.extend(schema["maximum"].as_u64().map(|most| (most + 1).to_string()));
    }
    if schema["type"] == "string" && schema["minLength"].as_u64().is_some_and(|least| least > 0) {
        values.push(String::new());
    }
    if schema.get("pattern").is_some() {
        values.extend(["", "a%2Fb", "%20", "a%00", "%E2%80%AE"].map(str::to_owned));
        values.push("a".repeat(65));
    }
    values
}

/// The address with a parameter, in place of the one of this name.
fn with(path: &str, name: &str, value: &str) -> String {
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    let begin = format!("{name}=");
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with(&begin));
    let pairs: Vec<String> = kept.map(str::to_owned).chain([format!("{name}={value}")]).collect();
    format!("{bare}?{}", pairs.join("&"))
}

async fn served() -> (Server, String) {
    let server = Server::open().await;
    server.add("centre", Role::Centre).await;
    let token = format!("Bearer {}", server.token("centre", Scope::ALL).await);
    (server, token)
}

#[tokio::test]
async fn a_value_that_the_openapi_document_excludes_is_refused_as_it_says() {
    let (server, token) = served().await;
    let mut sent = 0;
    for route in ROUTES.iter().filter(|route| route.operation.is_some()) {
        let method = route.method.name();
        for (name, schema) in parameters(method, route.path) {
            for value in excluded(&schema) {
                let (path, mut headers, body) = example(method, route.path, OWN);
                headers.push(("authorization", &token));
                let path = with(&path, &name, &value);
                let answer = server.ask(method, &path, &headers, body).await;
                let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
                assert!(status.is_client_error(), "{method} {path}: {status}");
                assert_eq!(kind.expect("a kind"), "application/problem+json", "{method} {path}");
                sent += 1;
            }
        }
    }
    assert!(sent > 60, "{sent} values were sent");
    server.close().await;
}

#[tokio::test]
async fn what_programs_are_refused_are_problem_details_at_every_address_of_theirs() {
    let (server, token) = served().await;
    for route in ROUTES {
        assert_eq!(route.operation.is_some(), is_for_programs(route.path), "{}", route.path);
    }
    for route in ROUTES.iter().filter(|route| route.operation.is_some()) {
        let (path, headers, body) = example(route.method.name(), route.path, OWN);
        let long = with(&path, "x", &"x".repeat(9_000));
        for (method, path, authorization) in [
            (route.method.name(), path.as_str(), "Bearer wl_of-nobody"),
            ("PATCH", path.as_str(), token.as_str()),
            (route.method.name(), long.as_str(), token.as_str()),
        ] {
            let headers = [&headers[..], &[("authorization", authorization)]].concat();
            let answer = server.ask(method, path, &headers, body).await;
            if answer.status().is_client_error() {
                let kind = &answer.headers()["content-type"];
                assert_eq!(kind, "application/problem+json", "{method} {path:.60}: {}", answer.status());
            } else {
                assert!(answer.status().is_success(), "{method} {path:.60}: {}", answer.status());
            }
        }
    }
    server.close().await;
}

#[tokio::test]
async fn no_parameter_however_extreme_is_a_fault_of_ours() {
    let (server, token) = served().await;
    let long = ["9".repeat(7_000), "%E9%95%BF".repeat(700), "a+".repeat(2_000), "%28".repeat(1_500), "*".repeat(3_000)];
    let values: Vec<&str> = EXTREMES.into_iter().chain(long.iter().map(String::as_str)).collect();
    let mut sent = 0;
    for route in ROUTES.iter().filter(|route| route.path != "/feeds/alerts/stream" && route.method != Method::Delete) {
        let method = route.method.name();
        let mut names: BTreeSet<String> = names_of(route.path).iter().map(|name| (*name).to_owned()).collect();
        names.extend(parameters(method, route.path).into_iter().map(|(name, _)| name));
        for name in &names {
            for value in &values {
                let (path, mut headers, body) = example(method, route.path, OWN);
                headers.push(("authorization", &token));
                let status = server.status(method, &with(&path, name, value), &headers, body).await;
                assert!(!status.is_server_error(), "{method} {path} {name}={value:.60}: {status}");
                sent += 1;
            }
        }
        // Parts of the path.
        if route.path.contains('{') {
            for value in values.iter().filter(|value| !value.is_empty()) {
                let (_, mut headers, body) = example(method, route.path, OWN);
                headers.push(("authorization", &token));
                let path = route.path.replace("{id}", value).replace("{name}", value).replace("{kind}", value);
                let status = server.status(method, &path, &headers, body).await;
                assert!(!status.is_server_error(), "{method} {path:.80}: {status}");
                sent += 1;
            }
        }
    }
    assert!(sent > 1_000, "{sent} requests were sent");
    for value in &values {
        let header = [("authorization", token.as_str()), ("last-event-id", *value)];
        let status = server.status("GET", "/feeds/alerts/stream", &header, "").await;
        assert!(status == StatusCode::OK || status.is_client_error(), "{value:.60}: {status}");
    }
    assert_eq!(server.status("GET", "/healthz", &[], "").await, StatusCode::OK);
    server.close().await;
}

#[tokio::test]
async fn no_act_however_extreme_is_a_fault_of_ours_and_each_bad_line_is_told() {
    let (server, token) = served().await;
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    let mut lines = Vec::new();
    for until in ["9999-12-31", "-9999-01-01", "99999-01-01", "2024-02-30", "NaN", "", "0", "1e308"] {
        let act = serde_json::json!({"kind": "mute", "note": "x", "until": until});
        let status = server.status("POST", &format!("/api/v1/alerts/{OWN}/acts"), &headers, &act.to_string()).await;
        assert!(status.is_client_error(), "{until}: {status}");
        let line =
            serde_json::json!({"idempotency_key": until, "alert_id": OWN, "kind": "mute", "note": "x", "until": until});
        lines.push(line.to_string());
    }
    for (field, value) in [
        ("idempotency_key", serde_json::json!("长".repeat(101))),
        ("note", serde_json::json!("长".repeat(2_001))),
        ("to", serde_json::json!("长".repeat(101))),
        ("alert_id", serde_json::json!("x".repeat(10_000))),
        ("kind", serde_json::json!(-1)),
        ("until", serde_json::json!(1e308)),
        ("until", serde_json::json!(u64::MAX)),
    ] {
        let mut line =
            serde_json::json!({"idempotency_key": "k", "alert_id": OWN, "kind": "assign", "note": "x", "to": "x"});
        line[field] = value;
        lines.push(line.to_string());
    }
    lines.extend(["[".repeat(10_000), "{\"a\":".repeat(5_000), "1e999999".to_owned(), "\u{0}".to_owned()]);
    let answer = server.ask("POST", "/api/v1/exchange", &headers[..1], &lines.join("\n")).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let told: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
    assert_eq!(told["rejects"].as_array().map(Vec::len), Some(lines.len()), "{told}");
    server.close().await;
}

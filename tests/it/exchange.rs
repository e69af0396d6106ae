//! What organisations take away and hand in, over HTTP, each as itself.

use std::fs;
use std::io::{Cursor, Read};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::support::run;
use wanglou::access::Accounts;
use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::Tower;
use wanglou::vocabulary::{SourceId, parse_moment};
use wanglou::web;

/// The files of an archive, by name: its manifest, and its records.
fn opened(archive: &[u8]) -> (Value, Vec<(String, Vec<Value>)>) {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name).expect(name).read_to_end(&mut bytes).expect("whole");
        bytes
    };
    let manifest: Value = serde_json::from_slice(&read("manifest.json")).expect("JSON");
    let mut files = Vec::new();
    for file in manifest["files"].as_array().expect("files") {
        let name = file["name"].as_str().expect("a name").to_owned();
        let bytes = read(&name);
        assert_eq!(file["blake3"], blake3::hash(&bytes).to_hex().as_str(), "{name}");
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let records: Vec<Value> = lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect();
        assert_eq!(file["records"], records.len(), "{name}");
        files.push((name, records));
    }
    (manifest, files)
}

/// How many explanations a value holds, each of which is prose.
fn explanations(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(explanations).sum(),
        Value::Object(fields) => {
            let own = fields.get("explanation").map_or(0, |said| {
                assert!(said.as_str().is_some_and(|said| !said.is_empty()), "no prose: {said}");
                1
            });
            own + fields.values().map(explanations).sum::<usize>()
        }
        _ => 0,
    }
}

#[test]
fn an_organisation_takes_away_what_it_sees_and_hands_in_what_its_people_did_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, file) = (dir.path().join("data"), dir.path().join("told.ndjson"));
    let text = data.to_str().expect("UTF-8");
    let told = json!({"id": "d1", "text": "家里热水器漏电，我妈洗澡时触电身亡", "channel": "regulator", "published_at": "2024-05-03"});
    fs::write(&file, format!("{told}\n")).expect("written");
    run(&["import", "--data", text, "--source", "某平台", file.to_str().expect("UTF-8")]).good();
    let mut tokens = Vec::new();
    for (user, party, role, concern) in [
        ("wang", "某中心", "centre", ["--region", "330000"]),
        ("zhao", "某平台公司", "platform", ["--platform", "某平台"]),
        ("li", "别家", "platform", ["--platform", "别家"]),
    ] {
        let concern = if role == "centre" { vec![] } else { concern.to_vec() };
        let add = ["user", "add", user, "--party", party, "--role", role, "--data", text];
        run(&[&add[..], &concern].concat()).good();
        let scopes = ["--scope", "read", "--scope", "act", "--scope", "push"];
        let told = run(&[&["token", "add", "--party", party, "--data", text][..], &scopes].concat()).good();
        tokens.push(told.out.split_whitespace().find(|word| word.starts_with("wl_")).expect("a token").to_owned());
    }
    let flags = Overrides { data: Some(data.clone()), ..Overrides::default() };
    let settings = Settings::load(None, flags).expect("good");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tower = Arc::new(Tower::open(&settings).await.expect("opened"));
        let authentication =
            web::Authentication::new(Accounts::new(tower.store().clone()), IpAddr::V4(Ipv4Addr::LOCALHOST));
        let router = web::router(Arc::clone(&tower), authentication);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let home = format!("http://{}", listener.local_addr().expect("bound"));
        let serving = tokio::spawn(web::serve(listener, router, web::Room::default(), std::future::pending()));
        let judged = tower.judge(parse_moment("2024-05-04 09:00:00").expect("a moment")).await.expect("judged");
        let alert = judged.alerts[0].id.clone();
        let client = reqwest::Client::new();
        let (exchange, documents) = (format!("{home}/api/v1/exchange"), format!("{home}/api/v1/documents?source=gd"));
        let post = async |url: &str, token: usize, body: String| {
            let bearer = format!("Bearer {}", tokens[token]);
            let answer = client.post(url).header(AUTHORIZATION, bearer).body(body).send().await.expect("answered");
            let (status, body) = (answer.status().as_u16(), answer.bytes().await.expect("read"));
            (status, serde_json::from_slice::<Value>(&body).expect("JSON"))
        };
        let get = async |token: usize| {
            let bearer = format!("Bearer {}", tokens[token]);
            let answer = client.get(&exchange).header(AUTHORIZATION, bearer).send().await.expect("answered");
            assert_eq!(answer.status().as_u16(), 200);
            opened(&answer.bytes().await.expect("read"))
        };

        // What a platform did is taken in once, whatever is sent again; bad lines are told and keep nothing from the others.
        let line = |key: &str, note: &str| {
            json!({"idempotency_key": key, "alert_id": alert, "kind": "note", "note": note}).to_string()
        };
        let body =
            format!("{}\n\n{}\nnonsense\n{}\n", line("a", "已下架"), line("b", "已通知商家"), line("a", "已下架"));
        let (status, told) = post(&exchange, 1, body.clone()).await;
        assert_eq!(status, 200, "{told}");
        let counts = |told: &Value| ["collected", "kept", "duplicate", "rejected"].map(|name| told[name].as_u64());
        assert_eq!(counts(&told), [Some(4), Some(2), Some(1), Some(1)], "{told}");
        assert_eq!(told["rejects"][0]["line"], 4, "{told}");
        let (_, again) = post(&exchange, 1, body).await;
        assert_eq!(counts(&again), [Some(4), Some(0), Some(3), Some(1)], "{again}");
        let (status, other) = post(&exchange, 1, line("a", "something else")).await;
        assert_eq!((status, counts(&other)[3]), (422, Some(1)), "a key tells one act: {other}");
        let (status, unseen) = post(&exchange, 2, line("a", "已下架")).await;
        assert_eq!(status, 422, "{unseen}");
        assert!(unseen["rejects"][0]["reason"].as_str().expect("a reason").contains("没有这个编号"), "{unseen}");

        // Each takes away what it sees.
        let (manifest, files) = get(1).await;
        assert_eq!(manifest["party"], "某平台公司");
        let published = client.get(format!("{home}/api/v1/schemas/ExchangeManifest"));
        let published =
            published.header(AUTHORIZATION, format!("Bearer {}", tokens[1])).send().await.expect("answered");
        let published: Value = serde_json::from_slice(&published.bytes().await.expect("read")).expect("JSON");
        let fields = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        assert_eq!(fields(&manifest), fields(&published["properties"]), "the manifest is what its schema says");
        assert_eq!(
            fields(&manifest["files"][0]),
            fields(&published["$defs"]["ExchangeFile"]["properties"]),
            "so are its files"
        );
        let of = |files: &[(String, Vec<Value>)], name: &str| {
            files.iter().find(|(found, _)| found == name).map(|(_, records)| records.clone()).expect("a file")
        };
        assert_eq!(of(&files, "alerts.ndjson").len(), 1);
        assert!(!of(&files, "events.ndjson").is_empty());
        assert_eq!(of(&files, "acts.ndjson").len(), 2);
        let (_, theirs) = get(2).await;
        assert!(theirs.iter().all(|(_, records)| records.is_empty()), "{theirs:?}");
        let (_, all) = get(0).await;
        // The store keeps sentences; whatever leaves the house holds prose.
        assert!(judged.alerts[0].assessment.explanation.is_values() && !judged.events[0].explanation.is_empty());
        let mut taken: Vec<Value> = files.iter().chain(&all).flat_map(|(_, records)| records.clone()).collect();
        for path in [format!("/api/v1/alerts/{alert}"), "/api/v1/alerts".to_owned(), "/api/v1/events".to_owned()] {
            let asked = client.get(format!("{home}{path}")).header(AUTHORIZATION, format!("Bearer {}", tokens[0]));
            let answer = asked.send().await.expect("answered");
            taken.push(serde_json::from_slice(&answer.bytes().await.expect("read")).expect("JSON"));
        }
        let explained: usize = taken.iter().map(explanations).sum();
        assert!(explained >= 8, "{explained} explanations");
        assert_eq!(of(&all, "acts.ndjson").len(), 2);
        assert_eq!(of(&all, "sampling.ndjson").len(), judged.requests.len());

        // What an organisation hands in is its own, whatever its lines say.
        let document = json!({"id": "x", "text": "热水器漏电", "source": "某平台", "published_at": "2024-05-04"});
        let notice =
            json!({"id": "y", "text": "热水器漏电，停止销售", "channel": "regulator", "published_at": "2024-05-04"});
        let (status, told) = post(&documents, 2, format!("{document}\n{notice}\n")).await;
        assert_eq!((status, counts(&told)), (200, [Some(2), Some(1), Some(0), Some(1)]), "{told}");
        assert_eq!(told["rejects"][0]["line"], 2, "{told}");
        let sources = tower.store().intake().await.expect("read");
        assert!(sources.contains_key(&SourceId::from("某平台@别家")), "{sources:?}");
        assert_eq!(sources[&SourceId::from("gd@别家")].1.rejected, 1, "booked on its own, too: {sources:?}");
        assert!(!sources.contains_key(&SourceId::from("gd")), "{sources:?}");
        assert_eq!(sources[&SourceId::from("某平台")].1.kept, 1, "nobody else adds to it: {sources:?}");
        let (status, told) = post(&documents, 0, format!("{notice}\n")).await;
        assert_eq!((status, told["kept"].as_u64()), (200, Some(1)), "the centre's own: {told}");
        serving.abort();
    });
}

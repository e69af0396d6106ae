//! A hostile party: many acts, long notes. What is counted is what the store is asked and gives, not time.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::service::{Running, encoded};
use wanglou::access::{Accounts, NewUser};
use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::{Tower, push_lines};
use wanglou::vocabulary::{Channel, Concerns, Role, Scope, SourceId, parse_moment};

/// Acts that are handed in at once.
const ACTS: usize = 500;

#[expect(clippy::disallowed_methods, reason = "a token of this test lives now")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Makes a folder with an alert that concerns a platform; gives the alert's id and a token of the platform.
fn with_an_alert(data: &Path) -> (String, String) {
    let settings = Settings::load(None, Overrides { data: Some(data.to_owned()), ..Overrides::default() });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tower = Arc::new(Tower::open(&settings.expect("good")).await.expect("opened"));
        let told =
            json!({"id": "d1", "text": "家里热水器漏电，我妈洗澡时触电身亡", "published_at": "2024-05-03"}).to_string();
        let (source, then) = (SourceId::from("某平台"), parse_moment("2024-05-04 09:00:00").expect("a moment"));
        push_lines(&tower, told.into_bytes(), source, Channel::Regulator, None, then).await.expect("taken in");
        tower.read_new().await.expect("read");
        let judged = tower.judge(then).await.expect("judged");
        let alert = judged.alerts[0].id.to_string();
        let accounts = Accounts::new(tower.store().clone());
        let platform = NewUser {
            name: "zhao".to_owned(),
            party: "某平台公司".to_owned(),
            role: Some(Role::Platform),
            concerns: Concerns { platforms: BTreeSet::from(["某平台".to_owned()]), ..Concerns::default() },
            password: Some("correct horse battery".to_owned()),
            by_provider: false,
            mail: None,
        };
        accounts.add_user(platform, "test", now()).await.expect("made");
        let scopes = Scope::ALL.iter().copied().collect();
        let (_, token) = accounts.add_token("某平台公司", "", scopes, 1, "test", now()).await.expect("made");
        Arc::into_inner(tower).expect("nobody else").close().await.expect("closed");
        (alert, token)
    })
}

fn lines(alert: &str, keys: std::ops::Range<usize>) -> String {
    let line = |key| json!({"idempotency_key": format!("k{key}"), "alert_id": alert, "kind": "note", "note": "已下架"});
    keys.map(|key| line(key).to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn many_acts_on_one_alert_cost_so_much_for_each_however_many_there_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let (alert, token) = with_an_alert(&data);
    let service = Running::that_tells_what_it_asks(&data);
    let mut costs = Vec::new();
    for batch in 0..2 {
        let before = service.asked().until_now();
        let body = lines(&alert, batch * ACTS..(batch + 1) * ACTS);
        let answer = service.post("/api/v1/exchange", &token, &body);
        assert_eq!(answer.status, 200, "{:.600}", answer.text);
        assert!(answer.text.contains(&format!("\"kept\":{ACTS}")), "{:.600}", answer.text);
        let after = service.asked().until_now();
        costs.push((after.0 - before.0, after.1 - before.1));
    }
    eprintln!("statements and rows of two batches of {ACTS} acts: {costs:?}");
    let acts = ACTS as u64;
    for (batch, (statements, rows)) in costs.iter().enumerate() {
        // Each act is written with its line of the audit log; what stood on the alert before is read once.
        assert!(*statements > acts && *statements <= 6 * acts + 500, "batch {batch}: {statements} statements");
        assert!(*rows <= (4 + batch as u64) * acts + 1_000, "batch {batch}: {rows} rows");
    }
}

#[test]
fn a_party_writes_so_much_on_an_alert_and_is_told_what_was_too_much() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let (alert, token) = with_an_alert(&data);
    let mut service = Running::with_files(&data, 1_024);
    let line = |key: usize| {
        json!({"idempotency_key": format!("k{key}"), "alert_id": alert, "kind": "note", "note": "长".repeat(2_000)})
            .to_string()
    };
    let body = (0..780).map(line).collect::<Vec<_>>().join("\n");
    let answer = service.post("/api/v1/exchange", &token, &body);
    assert_eq!(answer.status, 200, "{:.600}", answer.text);
    let told: Value = serde_json::from_str(answer.text.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON");
    let (kept, rejected) = (told["kept"].as_u64().expect("a count"), told["rejected"].as_u64().expect("a count"));
    assert_eq!((kept + rejected, told["collected"].as_u64()), (780, Some(780)), "each line became something");
    assert!((1..=50).contains(&kept), "{kept} notes of 6,000 bytes are kept");
    assert!(told["rejects"][0]["reason"].as_str().expect("a reason").contains("上限"), "{}", told["rejects"][0]);
    let shown = service.shown(&token);
    let page = shown.ask(&shown.get(&format!("/alerts/{}", encoded(&alert))), std::time::Duration::from_secs(10));
    assert_eq!(page.status, 200);
    assert!(page.text.len() < 500_000, "{} bytes", page.text.len());
    service = shown;
    assert!(service.runs());
}

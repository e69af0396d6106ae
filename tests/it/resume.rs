//! kill -9 in the middle, started again: it goes on, nothing is lost or doubled (LOG-1, LOG-2, ALERT-1).

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use wanglou::log::Journal;
use wanglou::store::Store;
use wanglou::tell::{self, Language};
use wanglou::vocabulary::{Explanation, Position};

use crate::support::{kill_at_line, run, wanglou};

const DAYS: &str = "45";

#[test]
fn a_demo_that_is_killed_twice_ends_like_one_that_was_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let whole = dir.path().join("whole");
    run(&["demo", "--exit", "--days", DAYS, "--data", whole.to_str().expect("UTF-8")]).good();

    let torn = dir.path().join("torn");
    for line in [1, 2] {
        kill_at_progress_line(&torn, line);
    }
    run(&["demo", "--exit", "--days", DAYS, "--data", torn.to_str().expect("UTF-8")]).good();

    for (what, (torn, whole)) in left_behind(&torn).into_iter().zip(left_behind(&whole)).enumerate() {
        let missing: Vec<_> = whole.difference(&torn).take(3).collect();
        let extra: Vec<_> = torn.difference(&whole).take(3).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{}: lost {missing:#?}, added {extra:#?}", KINDS[what]);
    }
}

/// Outputs that reach further than the log would skip what it takes in next.
#[test]
fn a_log_restored_from_a_backup_is_read_again_from_its_beginning() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let text = data.to_str().expect("UTF-8");
    let import = |id: &str| {
        let file = dir.path().join(format!("{id}.ndjson"));
        let line = format!("{{\"id\":\"{id}\",\"text\":\"充电宝{id}起火\",\"published_at\":\"2024-05-01\"}}\n");
        fs::write(&file, line).expect("written");
        run(&["import", "--data", text, "--source", "s", file.to_str().expect("UTF-8")]).good()
    };
    let (store, backup) = (data.join("wanglou.sqlite"), dir.path().join("backup"));
    import("a");
    fs::copy(&store, &backup).expect("copied");
    import("b");
    import("c");
    fs::copy(&backup, &store).expect("restored");
    let said = import("d");
    assert!(said.err.contains("restored from a backup"), "{}", said.err);
    assert!(said.out.contains("read 2 documents"), "{}", said.out);
    let found = run(&["search", "--json", "--data", text, "充电宝"]).good().out;
    let page: serde_json::Value = serde_json::from_str(&found).expect("JSON");
    assert_eq!(page["total"], 2, "{page}");
}

#[cfg(unix)]
#[test]
fn the_service_ends_quickly_and_well_when_asked_and_holds_its_folder_until_then() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let text = data.to_str().expect("UTF-8");
    for signal in ["-INT", "-TERM"] {
        let mut child = wanglou()
            .args(["run", "--port", "0", "--data", text])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("望楼已启动")), "it did not start");
        let busy = run(&["run", "--port", "0", "--data", text]);
        assert_eq!(busy.status, 1);
        assert!(busy.err.contains("另一个 wanglou 正在使用"), "{}", busy.err);
        let asked = Instant::now();
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().expect("sent").success());
        let rest: Vec<String> = lines.collect();
        assert_eq!(child.wait().expect("ended").code(), Some(0), "{rest:?}");
        assert!(asked.elapsed() < Duration::from_secs(10), "{signal} took {:?}", asked.elapsed());
    }
}

/// What is compared, in the order of [`left_behind`].
const KINDS: [&str; 4] = ["documents", "alerts", "alert events", "sampling requests"];

/// Kills the demo at its n-th line of progress.
fn kill_at_progress_line(data: &Path, n: usize) {
    kill_at_line(wanglou().args(["demo", "--exit", "--days", DAYS, "--data"]).arg(data), "模拟", n);
}

/// Everything that may not differ: every document once, alerts and their events with all their numbers, requests. Raw
/// references, positions and ports differ between two crawls; what is said may not.
fn told(explanation: &Explanation) -> String {
    tell::paragraph(explanation, Language::Chinese)
}

fn left_behind(data: &Path) -> [BTreeSet<String>; 4] {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&data.join("wanglou.sqlite")).await.expect("opened");
        let alerts = store.alerts().await.expect("read");
        let events = store.alert_events(None).await.expect("read");
        let requests = store.sampling_requests().await.expect("read");
        let entries = Journal::new(store).read_after(Position(0), usize::MAX >> 1).await.expect("read");
        let documents: Vec<String> =
            entries.iter().map(|entry| format!("{} {}", entry.document.id, entry.document.text)).collect();
        let alerts: Vec<String> = alerts
            .iter()
            .map(|alert| {
                format!("{} {:?} {} {}", alert.id, alert.state, alert.opened_on, told(&alert.assessment.explanation))
            })
            .collect();
        let events: Vec<String> = events
            .iter()
            .map(|event| format!("{} {} {:?} {}", event.alert_id, event.as_of, event.event, told(&event.explanation)))
            .collect();
        let requests: Vec<String> = requests
            .iter()
            .map(|request| format!("{} {} {} {:?}", request.id, request.batches, request.deadline, request.items))
            .collect();
        [documents, alerts, events, requests].map(|said| {
            let once: BTreeSet<String> = said.iter().cloned().collect();
            assert_eq!(once.len(), said.len(), "something is there twice");
            once
        })
    })
}

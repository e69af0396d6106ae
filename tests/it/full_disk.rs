//! A disk that takes no more, at any moment: the run ends with a message that says so, and once there is room it goes on; nothing is
//! lost, doubled or answered wrongly (LOG-1, LOG-2, COUNT-1).
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Said, run, said};

/// Documents imported: enough that store and index outgrow every limit below.
const DOCUMENTS: usize = 1_500;
/// Largest file that the disk takes, in blocks of the shell: at the first tables, in the log, near the end.
const LIMITS: [u32; 3] = [4, 250, 1_400];

/// Runs the program where no file can grow beyond a limit: what a full disk does, without one.
fn run_limited(blocks: u32, args: &[&str]) -> Said {
    // Ignored, the signal becomes an error of the write that went too far, as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_wanglou")]).args(args).env("LC_ALL", "C.UTF-8");
    said(command.output().expect("started"))
}

fn documents(dir: &Path) -> String {
    let mut lines = String::new();
    for number in 0..DOCUMENTS {
        let said = if number % 7 == 0 {
            "充电宝充电时起火冒烟"
        } else {
            "收到的东西和图片差不多，物流也快"
        };
        let rest = "这是第三次在这里买了，客服态度一般，包装完整".repeat(1 + number % 5);
        let _ = writeln!(
            lines,
            r#"{{"id":"{number}","text":"{said}，{number}号顾客，{rest}","published_at":"2024-05-{:02}"}}"#,
            1 + number % 28
        );
    }
    let file = dir.join("documents.ndjson");
    std::fs::write(&file, lines).expect("written");
    file.to_str().expect("UTF-8").to_owned()
}

/// Total and hits of a search.
fn found(data: &str, query: &str) -> (u64, BTreeSet<String>) {
    let said = run(&["search", "--json", "--data", data, query]).good().out;
    let page: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let hits = page["hits"].as_array().expect("hits");
    let ids = hits.iter().map(|hit| hit["id"].as_str().expect("an id").to_owned()).collect();
    (page["total"].as_u64().expect("a total"), ids)
}

fn told(said: &Said, what: &str) {
    assert_eq!(said.status, 1, "{what}: {}{}", said.out, said.err);
    assert!(!said.err.contains("panicked at"), "{what}: {}", said.err);
    // What the store, or the index, met.
    let met = ["磁盘没有完成数据库", "磁盘没有完成索引", "File too large"];
    assert!(!said.err.contains("writer was killed"), "{what}: {}", said.err);
    assert!(met.iter().any(|words| said.err.contains(words)), "{what}: {}", said.err);
}

#[test]
fn an_import_onto_a_full_disk_says_so_and_goes_on_once_there_is_room() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = documents(dir.path());
    let at = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    let whole = at("whole");
    run(&["import", "--data", &whole, "--source", "s", &file]).good();
    let queries = ["充电宝 起火", "物流", "hazard:fire"];
    let expected = queries.map(|query| found(&whole, query));
    assert!(expected.iter().all(|(total, _)| *total > 100));
    for limit in LIMITS {
        let data = at(&limit.to_string());
        told(&run_limited(limit, &["import", "--data", &data, "--source", "s", &file]), &format!("limit {limit}"));
        let said = run(&["import", "--data", &data, "--source", "s", &file]).good();
        assert!(said.out.contains(&format!("collected {DOCUMENTS} = kept ")), "limit {limit}: {}", said.out);
        assert_eq!(queries.map(|query| found(&data, query)), expected, "limit {limit}");
    }
}

#[test]
fn an_index_that_finds_no_room_is_told_and_answers_rightly_afterwards() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = documents(dir.path());
    let data = dir.path().join("data").to_str().expect("UTF-8").to_owned();
    run(&["import", "--data", &data, "--source", "s", &file]).good();
    let expected = found(&data, "充电宝 起火");
    for limit in [4, 60] {
        told(&run_limited(limit, &["index", "rebuild", "--data", &data]), &format!("limit {limit}"));
        assert_eq!(found(&data, "充电宝 起火"), expected, "limit {limit}");
    }
    run(&["index", "verify", "--data", &data]).good();
}

//! Bad input is normal: each error says what was found, where, and what to do, and the exit status says whose it is.

use std::fs;

use crate::support::{run, run_with};

#[test]
fn a_line_without_text_is_named_by_file_and_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("bad.ndjson");
    fs::write(&file, "{\"id\":\"1\",\"text\":\"插线板漏电\",\"published_at\":\"2024-05-01\"}\n{\"id\":\"2\"}\n")
        .expect("written");
    let data = dir.path().join("data");
    let (file, data) = (file.to_str().expect("UTF-8"), data.to_str().expect("UTF-8"));

    let said = run(&["import", "--data", data, "--source", "s", file]);
    assert_eq!(said.status, 2, "{}", said.err);
    assert!(
        said.err.contains("bad.ndjson:2：不是约定的 JSON（“missing field `text`") && said.err.contains("--lenient"),
        "{}",
        said.err
    );

    let said = run(&["import", "--data", data, "--source", "s", "--lenient", file]).good();
    assert!(said.err.contains("bad.ndjson:2：不是约定的 JSON（“missing field `text`"), "{}", said.err);
    assert!(said.out.contains("s: collected 2 = kept 0 + duplicate 0 + unchanged 1 + rejected 1"), "{}", said.out);
    let rejects = the_rejects(&dir.path().join("data"));
    assert!(rejects.contains("missing field `text`") && rejects.lines().count() == 1, "{rejects}");
}

#[test]
fn extract_names_the_bad_line_of_its_input() {
    let said = run_with(
        &["extract"],
        "{\"id\":\"1\",\"text\":\"电热水壶漏电\"}\n{\"id\":\"2\",\"text\":\"x\",\"colour\":1}\n",
    );
    assert_eq!(said.status, 2);
    assert!(said.err.contains("stdin:2：不是约定的 JSON（“unknown field `colour`"), "{}", said.err);
}

#[test]
fn an_unknown_field_in_a_rules_file_is_shown_with_file_and_line() {
    let dir = tempfile::tempdir().expect("a folder");
    copy_tree("rules", &dir.path().join("rules"));
    copy_tree("dictionaries", &dir.path().join("dictionaries"));
    let file = first_toml(&dir.path().join("rules/hazards"));
    let text = fs::read_to_string(&file).expect("read");
    let line = text.lines().count() + 2;
    fs::write(&file, format!("{text}\n[[rule]]\nid = \"x\"\ncolour = \"red\"\n")).expect("written");

    let said = run(&["rules", "check", "--lexicon", dir.path().to_str().expect("UTF-8")]);
    assert_eq!(said.status, 2, "{}", said.err);
    let name = file.file_name().expect("named").to_str().expect("UTF-8");
    assert!(said.err.contains(name) && said.err.contains("colour"), "{}", said.err);
    assert!(
        (line..line + 4)
            .any(|line| said.err.contains(&format!(":{line}")) || said.err.contains(&format!("line {line}"))),
        "no line number near {line}: {}",
        said.err
    );
}

#[test]
fn an_unknown_key_in_a_criteria_file_is_shown_with_its_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("c.toml");
    let shipped =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/criteria/default.toml")).expect("read");
    fs::write(&file, format!("colour = 1\n{shipped}")).expect("written");
    let said = run(&[
        "rerun",
        "--archive",
        file.to_str().expect("UTF-8"),
        "--from",
        "2024-01-01",
        "--to",
        "2024-01-02",
        "--out",
        dir.path().join("out").to_str().expect("UTF-8"),
        "--criteria",
        file.to_str().expect("UTF-8"),
    ]);
    assert_eq!(said.status, 2, "{}", said.err);
    assert!(said.err.contains("c.toml") && said.err.contains("colour"), "{}", said.err);
}

#[test]
fn a_query_that_makes_no_sense_is_answered_with_its_place() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().to_str().expect("UTF-8");
    let file = dir.path().join("a.ndjson");
    fs::write(&file, "{\"id\":\"1\",\"text\":\"插线板漏电\",\"published_at\":\"2024-05-01\"}\n").expect("written");
    run(&["import", "--data", data, "--source", "s", file.to_str().expect("UTF-8")]).good();
    let said = run(&["search", "--data", data, "colour:red"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("colour") && said.err.contains("hazard"), "{}", said.err);
}

#[test]
fn an_empty_folder_says_what_to_do_first() {
    let dir = tempfile::tempdir().expect("a folder");
    let said = run(&["alerts", "--data", dir.path().to_str().expect("UTF-8")]);
    assert_eq!(said.status, 1);
    assert!(said.err.contains("wanglou demo"), "{}", said.err);
}

#[test]
fn what_stands_before_a_bad_line_is_read_and_found() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("bad.ndjson");
    fs::write(&file, "\u{feff}{\"id\":\"1\",\"text\":\"插线板漏电\",\"published_at\":\"2024-05-01\"}\r\n\r\n{\"id\":")
        .expect("written");
    let data = dir.path().join("data");
    let (file, data) = (file.to_str().expect("UTF-8"), data.to_str().expect("UTF-8"));
    let said = run(&["import", "--data", data, "--source", "s", file]);
    assert_eq!(said.status, 2, "{}", said.err);
    assert!(said.err.contains("bad.ndjson:3："), "{}", said.err);
    assert!(said.out.contains("s: collected 1 = kept 1"), "{}", said.out);
    assert!(run(&["search", "--data", data, "漏电"]).good().out.contains("共 1 条"));
}

#[test]
fn imported_and_replayed_texts_are_masked_and_so_are_lines_set_aside() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("a.ndjson");
    fs::write(
        &file,
        "{\"id\":\"1\",\"text\":\"张三的充电宝突然起火，烧伤了手，电话13800138000\",\"published_at\":\"2024-05-01\",\
          \"meta\":{\"author\":\"张三三\"}}\n{\"id\":\"2\",\"phone\":\"13900139000\"}\n",
    )
    .expect("written");
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    let file = file.to_str().expect("UTF-8");
    run(&["import", "--lenient", "--data", data.to_str().expect("UTF-8"), "--source", "s", file]).good();
    let said = run(&["search", "--json", "--data", data.to_str().expect("UTF-8"), "充电宝"]).good();
    assert!(said.out.contains("电话***********") && !said.out.contains("张三三"), "{}", said.out);
    let rejects = the_rejects(&data);
    assert!(rejects.contains("***********") && !rejects.contains("13900139000"), "{rejects}");
    let log = fs::read(data.join("wanglou.sqlite")).expect("read");
    for secret in ["13800138000", "张三三"] {
        assert!(!log.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} is in the log");
    }
    let out = out.to_str().expect("UTF-8");
    run(&["rerun", "--archive", file, "--from", "2024-05-01", "--to", "2024-05-02", "--out", out]).good();
    let signals = fs::read_dir(std::path::Path::new(out).join("signals")).expect("written").count();
    assert_eq!(signals, 1, "the text has a signal");
    let excerpts = wanglou_excerpts(std::path::Path::new(out));
    assert!(!excerpts.contains("13800138000"), "{excerpts}");
}

#[test]
fn an_id_that_the_index_would_refuse_is_refused_by_the_import() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("a.ndjson");
    let long = "i".repeat(2_000);
    fs::write(&file, format!("{{\"id\":\"{long}\",\"text\":\"漏电\"}}\n{{\"id\":\"2\",\"text\":\"起火\"}}\n"))
        .expect("written");
    let data = dir.path().join("data");
    let (file, data) = (file.to_str().expect("UTF-8"), data.to_str().expect("UTF-8"));
    let said = run(&["import", "--lenient", "--data", data, "--source", "s", file]).good();
    assert!(said.err.contains("a.ndjson:1：`id` 有 2000 字节"), "{}", said.err);
    assert!(said.err.contains("1 条没有日期"), "{}", said.err);
    assert!(said.out.contains("read 1 documents"), "{}", said.out);
}

#[test]
fn files_that_are_none_are_the_callers_to_mend() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    fs::write(dir.path().join("a.xlsx"), b"no workbook").expect("written");
    fs::write(dir.path().join("a.csv.zst"), b"\x28\xb5\x2f\xfdtorn").expect("written");
    fs::write(dir.path().join("a.toml"), b"x = 1").expect("written");
    fs::write(dir.path().join("two.csv"), b"text,text\n1,2\n").expect("written");
    fs::create_dir(dir.path().join("folder")).expect("made");
    let data = path("data");
    for (file, told) in [
        ("a.xlsx", "a.xlsx"),
        ("a.csv.zst", "a.csv.zst"),
        ("a.toml", "--format"),
        ("two.csv", "two.csv：列 `text` 和列 `text` 都是"),
        ("folder", "这是目录"),
        ("absent.csv", "没有这个文件"),
    ] {
        let said = run(&["import", "--data", &data, "--source", "s", &path(file)]);
        assert_eq!(said.status, 2, "{file}: {}", said.err);
        assert!(said.err.contains(told), "{file}: {}", said.err);
    }
    for archive in ["a.toml", "two.csv", "folder"] {
        let range = ["--from", "2024-01-01", "--to", "2024-01-02"];
        let out = path("out");
        let said = run(&[&["rerun", "--archive", &path(archive), "--out", &out][..], &range[..]].concat());
        assert_eq!(said.status, 2, "{archive}: {}", said.err);
    }
}

#[test]
fn a_rerun_never_writes_into_a_folder_that_is_not_its_own() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    fs::write(dir.path().join("empty.ndjson"), "").expect("written");
    fs::create_dir_all(dir.path().join("mine/signals")).expect("made");
    fs::write(dir.path().join("mine/signals/precious"), "x").expect("written");
    fs::write(dir.path().join("mine/notes.txt"), "x").expect("written");
    let rerun = |out: &str| {
        run(&[
            "rerun",
            "--archive",
            &path("empty.ndjson"),
            "--from",
            "2024-01-01",
            "--to",
            "2024-01-29",
            "--every",
            "7d",
            "--out",
            &path(out),
        ])
    };
    let said = rerun("mine");
    assert_eq!(said.status, 2, "{}", said.err);
    assert!(said.err.contains("notes.txt"), "{}", said.err);
    assert!(dir.path().join("mine/signals/precious").exists());

    let digests = |out: &str| -> serde_json::Value {
        let summary = fs::read(dir.path().join(out).join("summary.json")).expect("written");
        serde_json::from_slice::<serde_json::Value>(&summary).expect("JSON")["digests"].clone()
    };
    assert!(rerun("out").good().out.contains("\"days\": 5"));
    let first = digests("out");
    rerun("out").good();
    assert_eq!(digests("out"), first, "an empty archive twice into one folder");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = crate::support::wanglou()
        .args(["rules", "check"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("started");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What was set aside, whatever the file is called.
fn the_rejects(data: &std::path::Path) -> String {
    let files = fs::read_dir(data.join("rejects")).expect("kept");
    files.map(|file| fs::read_to_string(file.expect("listed").path()).expect("read")).collect()
}

/// Everything a rerun wrote as text.
fn wanglou_excerpts(out: &std::path::Path) -> String {
    ["alerts.ndjson", "sampling.ndjson", "summary.json"]
        .map(|name| fs::read_to_string(out.join(name)).expect("written"))
        .concat()
}

fn copy_tree(from: &str, to: &std::path::Path) {
    fn copy(from: &std::path::Path, to: &std::path::Path) {
        fs::create_dir_all(to).expect("made");
        for entry in fs::read_dir(from).expect("listed") {
            let entry = entry.expect("listed");
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).expect("copied");
            }
        }
    }
    copy(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(from), to);
}

fn first_toml(dir: &std::path::Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(dir).expect("listed").map(|entry| entry.expect("listed").path()).collect();
    files.sort();
    files.into_iter().find(|path| path.extension().is_some_and(|e| e == "toml")).expect("a rules file")
}

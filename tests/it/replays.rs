//! Two replays side by side: what one says and the other does not, and why.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{kill_at_line, run, wanglou};

/// Two reports of a death, one of a fire, and quiet days.
fn lines(with_deaths: bool) -> String {
    let mut told = vec![
        ("b1", "2024-05-06", "充电宝充电时突然起火，沙发烧穿了", "阿山"),
        ("q1", "2024-05-01", "今天去公园散步，湖边很安静。", "小周"),
        ("q2", "2024-05-09", "新买的书架很结实。", "小吴"),
    ];
    if with_deaths {
        told.push(("d1", "2024-05-03", "家里热水器漏电，我妈洗澡时触电身亡", "何某"));
        told.push(("d2", "2024-05-04", "邻居家热水器漏电，老人洗澡时触电身亡", "李某"));
    }
    let mut lines = String::new();
    for (id, day, text, author) in told {
        let line =
            json!({"id": id, "text": text, "channel": "regulator", "published_at": day, "meta": {"author": author}});
        writeln!(lines, "{line}").expect("written");
    }
    lines
}

fn replay(dir: &Path, name: &str, lines: &str) -> String {
    let file = dir.join(format!("{name}.ndjson"));
    fs::write(&file, lines).expect("written");
    let out = dir.join(name).to_str().expect("UTF-8").to_owned();
    let file = file.to_str().expect("UTF-8");
    run(&["rerun", "--archive", file, "--from", "2024-05-01", "--to", "2024-05-10", "--out", &out]).good();
    out
}

#[test]
fn a_diff_says_which_alerts_and_signals_only_one_replay_has_and_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let with = replay(dir.path(), "with", &lines(true));
    let without = replay(dir.path(), "without", &lines(false));

    let same: Value = serde_json::from_str(&run(&["diff", &with, &with, "--json"]).good().out).expect("JSON");
    for nothing in
        ["/alerts/lost", "/alerts/gained", "/alerts/moved", "/alerts/differences", "/signals/pairs", "/unread"]
    {
        assert_eq!(same.pointer(nothing), Some(&json!([])), "{nothing}");
    }

    let found: Value = serde_json::from_str(&run(&["diff", &with, &without, "--json"]).good().out).expect("JSON");
    let lost = found.pointer("/alerts/lost").and_then(Value::as_array).expect("a list");
    assert!(!lost.is_empty(), "a death is an alert: {found:#}");
    assert!(lost.iter().all(|alone| alone["matter"]["category"] == "water_heater"));
    assert_eq!(found.pointer("/alerts/gained"), Some(&json!([])));
    assert_eq!(found.pointer("/signals/total/lost"), Some(&json!(2)));
    let by_rule = found["signals"]["rules"].as_array().expect("a list").clone();
    assert!(!by_rule.is_empty(), "the rules of what was lost are named: {found:#}");
    let behind: BTreeSet<&str> = by_rule.iter().filter_map(|rule| rule[0].as_str()).collect();
    assert!(
        by_rule.iter().all(|rule| rule[1]["lost"].as_u64() > Some(0) && rule[1]["gained"] == json!(0)),
        "{by_rule:?}"
    );
    let of_evidence = found["unread"][0]["rules"].as_array().expect("a list").iter().filter_map(Value::as_str);
    assert!(
        of_evidence.clone().count() > 0 && of_evidence.into_iter().all(|rule| behind.contains(rule)),
        "{by_rule:?}"
    );
    let unread = &found["unread"][0];
    assert_eq!(unread["documents"], unread["missing"], "all of its evidence is gone: {unread}");
    assert!(unread["rules"].as_array().is_some_and(|rules| !rules.is_empty()), "{unread}");
    let back: Value = serde_json::from_str(&run(&["diff", &without, &with, "--json"]).good().out).expect("JSON");
    assert_eq!(back.pointer("/alerts/gained"), found.pointer("/alerts/lost"), "the other way round it is gained");
    let gained = back["signals"]["rules"].as_array().expect("a list").iter().filter_map(|rule| rule[0].as_str());
    assert_eq!(gained.collect::<BTreeSet<_>>(), behind, "and so are the rules behind it");

    let text = run(&["diff", &with, &without]).good().out;
    assert!(text.contains("只有甲") && text.contains("热水器“触电”") && text.contains("未读出信号"), "{text}");
    let page = dir.path().join("page.html");
    run(&["diff", &with, &without, "--html", page.to_str().expect("UTF-8")]).good();
    assert!(fs::read_to_string(page).expect("written").contains("验证记录"));
}

#[test]
fn a_folder_that_no_rerun_finished_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let name = dir.path().to_str().expect("UTF-8");
    let said = run(&["diff", name, name]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains(name) && said.err.contains("summary.json"), "{}", said.err);
}

/// Digests of all outputs but the summary.
fn digests(out: &Path) -> Value {
    let summary: Value = serde_json::from_slice(&fs::read(out.join("summary.json")).expect("read")).expect("JSON");
    summary["digests"].clone()
}

#[test]
fn a_rerun_that_is_killed_goes_on_where_it_was_and_ends_with_the_same_bytes() {
    let dir = tempfile::tempdir().expect("a folder");
    let archive = dir.path().join("told.ndjson");
    fs::write(&archive, lines(true)).expect("written");
    let rerun = |out: &Path, more: &[&str]| {
        let mut command = wanglou();
        command.args(["rerun", "--from", "2024-05-01", "--to", "2024-11-30", "--archive"]);
        command.arg(&archive).arg("--out").arg(out).args(more);
        command
    };
    let (whole, torn) = (dir.path().join("whole"), dir.path().join("torn"));
    assert!(rerun(&whole, &[]).output().expect("ended").status.success());
    kill_at_line(&mut rerun(&torn, &[]), "评估", 4);
    assert!(!torn.join("summary.json").exists(), "it was not whole");
    kill_at_line(&mut rerun(&torn, &["--resume"]), "评估", 12);
    let said = rerun(&torn, &["--resume"]).output().expect("ended");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    assert_eq!(said["timings"]["resumed"]["batches"], json!(1));
    assert!(said["timings"]["resumed"]["days"].as_u64().is_some_and(|days| (32..214).contains(&days)), "{said}");
    assert_eq!(digests(&torn), digests(&whole));
    assert!(!torn.join("work").exists(), "what is whole needs no work kept");
}

#[test]
fn a_rerun_without_resume_begins_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let out = dir.path().join("out");
    fs::create_dir_all(out.join("work")).expect("made");
    fs::write(out.join("work/days-of-another"), "left behind").expect("written");
    fs::write(out.join("alerts.ndjson"), "of another").expect("written");
    let file = dir.path().join("told.ndjson");
    fs::write(&file, lines(true)).expect("written");
    let fresh = dir.path().join("fresh");
    for out in [&fresh, &out] {
        let [file, out] = [&file, out].map(|path| path.to_str().expect("UTF-8"));
        run(&["rerun", "--archive", file, "--from", "2024-05-01", "--to", "2024-05-10", "--out", out]).good();
    }
    assert_eq!(digests(&out), digests(&fresh), "nothing of what was left behind is in it");
    assert!(!out.join("work").exists());
    let alerts = |out: &Path| fs::read(out.join("alerts.ndjson")).expect("read");
    assert_eq!(alerts(&out), alerts(&fresh));
}

#[test]
fn the_order_and_the_place_of_archives_do_not_matter() {
    let dir = tempfile::tempdir().expect("a folder");
    let archive = |place: &str, name: &str, lines: &str| {
        let folder = dir.path().join(place);
        fs::create_dir_all(&folder).expect("made");
        let file = folder.join(name);
        fs::write(&file, lines).expect("written");
        file.to_str().expect("UTF-8").to_owned()
    };
    // One document in two versions: which is the revision is told by the order.
    let mended = lines(true).replace("突然起火，沙发烧穿了", "冒烟");
    let run_on = |name: &str, files: &[String]| {
        let out = dir.path().join(name);
        let mut args =
            vec!["rerun", "--from", "2024-05-01", "--to", "2024-05-10", "--out", out.to_str().expect("UTF-8")];
        args.push("--archive");
        args.extend(files.iter().map(String::as_str));
        run(&args).good();
        digests(&out)
    };
    let here = [archive("here", "a.ndjson", &lines(true)), archive("here", "b.ndjson", &mended)];
    let there = [archive("there", "b.ndjson", &mended), archive("elsewhere", "a.ndjson", &lines(true))];
    assert_eq!(run_on("one", &here), run_on("two", &there));
    let folder = dir.path().join("here").to_str().expect("UTF-8").to_owned();
    assert_eq!(run_on("one", &here), run_on("three", &[folder]));
}

//! Reruns that know what was done before: planned ones that survive being killed and tell when the past changes, and reruns after a
//! change of rules that take over what it does not touch.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Said, kill_at_line, lexicon_with, run, wanglou};
use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::{Clock, Folder, Service, ServiceSpec, Tower};
use wanglou::vocabulary::parse_moment;

/// Reports of two deaths, of a fire, and of something that no rule knows, over four months.
fn lines() -> String {
    let told = [
        ("q1", "2024-05-01", "今天去公园散步，湖边很安静。", "小周"),
        ("d1", "2024-05-03", "家里热水器漏电，我妈洗澡时触电身亡", "何某某甲"),
        ("d2", "2024-05-04", "邻居家热水器漏电，老人洗澡时触电身亡", "李某某乙"),
        ("b1", "2024-05-06", "充电宝充电时突然起火，沙发烧穿了", "阿山"),
        ("x1", "2024-08-20", "充电宝充电时忽然咕嘟窜天，把床单毁了", "阿海"),
    ];
    let mut lines = String::new();
    for (id, day, text, author) in told {
        let line =
            json!({"id": id, "text": text, "channel": "regulator", "published_at": day, "meta": {"author": author}});
        writeln!(lines, "{line}").expect("written");
    }
    lines
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A data folder with the reports, and settings that plan to replay all of it.
fn tower(dir: &Path) -> (PathBuf, PathBuf) {
    let (data, config, file) = (dir.join("data"), dir.join("w.toml"), dir.join("told.ndjson"));
    fs::write(&file, lines()).expect("written");
    run(&["import", "--data", text(&data), "--source", "test", text(&file)]).good();
    let plan = "[[rerun]]\nname = \"all\"\nwhen = \"0 3 1 * *\"\nevery = 7\nkeep = 1\n";
    fs::write(&config, format!("data = {:?}\n{plan}", text(&data))).expect("written");
    (data, config)
}

fn rerun_all(config: &Path, more: &[&str]) -> Said {
    run(&[&["reruns", "run", "all", "--config", text(config)], more].concat())
}

fn rows(config: &Path) -> Vec<Value> {
    let listed = run(&["reruns", "list", "--json", "--config", text(config)]).good().out;
    listed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_planned_rerun_survives_a_kill_and_tells_when_the_past_changes() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, config) = tower(dir.path());

    let mut first = wanglou();
    first.args(["reruns", "run", "all", "--config", text(&config)]);
    kill_at_line(&mut first, "评估", 2);
    assert!(rows(&config)[0]["ended_at"].is_null(), "killed, not ended");
    let said = rerun_all(&config, &[]).good().out;
    assert!(said.contains("没有可比的上一次"), "{said}");
    assert_eq!(rows(&config).len(), 1, "the killed run went on");

    let said = rerun_all(&config, &[]).good().out;
    assert!(said.contains("与上一次一致"), "{said}");

    // Nothing is fatal any more: the deaths are no alert.
    let shipped = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/criteria/default.toml"));
    let milder = shipped
        .expect("read")
        .replace("channels = [\"complaint\", \"regulator\", \"media\"]", "channels = [\"standard\"]");
    let milder = milder.replace("channels = [\"regulator\"]\nor_brand", "channels = [\"standard\"]\nor_brand");
    let criteria = dir.path().join("milder.toml");
    fs::write(&criteria, milder).expect("written");
    let said = rerun_all(&config, &["--criteria", text(&criteria)]).good().out;
    assert!(said.contains("过去变了") && said.contains("difference.html"), "{said}");

    let rows = rows(&config);
    let change = &rows[0]["change"];
    assert_eq!(change["against"], rows[1]["seq"]);
    assert!(change["lost"].as_u64().is_some_and(|lost| lost > 0) && change["gained"] == json!(0), "{change}");
    let kept: Vec<bool> = rows.iter().map(|row| row["kept"] == json!(true)).collect();
    assert_eq!(kept, [true, false, false], "one result is kept");
    let home = data.join("reruns/all");
    let folders = fs::read_dir(&home).expect("listed").filter(|entry| {
        let path = entry.as_ref().expect("listed").path();
        path.join("summary.json").is_file()
    });
    assert_eq!(folders.count(), 1);
    let folder = home.join(rows[0]["folder"].as_str().expect("a name"));
    assert!(fs::read_to_string(folder.join("difference.html")).expect("written").contains("验证记录"));
}

#[test]
fn a_plan_that_nobody_named_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, config) = tower(dir.path());
    let said = run(&["reruns", "run", "other", "--config", text(&config)]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("`other`"), "{}", said.err);
}

#[test]
fn moments_missed_in_an_outage_are_made_up_for_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, config) = tower(dir.path());
    let settings = Settings::load(Some(&config), Overrides::default()).expect("good");
    let plan = &settings.reruns[0];
    let at = |text: &str| parse_moment(text).expect("a moment");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tower = Folder::open(&settings).await.expect("opened");
        let due = async |now: &str| tower.rerun_due(plan, at(now)).await.expect("known");
        // Known since the 10th: what was due on the 1st is nobody's debt.
        assert_eq!(due("2024-09-10 00:00:00").await, at("2024-10-01 03:00:00"));
        assert_eq!(due("2024-12-24 00:00:00").await, at("2024-10-01 03:00:00"), "three missed, due since the first");
        let row = tower.run_planned(plan, at("2024-12-24 00:00:00"), &|_| ()).await.expect("ran");
        assert_eq!(row.problem, None);
        assert_eq!(row.asked.to.to_string(), "2024-12-23", "whole days only");
        assert_eq!(due("2024-12-24 00:01:00").await, at("2025-01-01 03:00:00"));
        // Ordered by hand within the same second: a result of its own, not the first one taken for its own past.
        let again = tower.run_planned(plan, at("2024-12-24 00:00:00"), &|_| ()).await.expect("ran");
        assert_ne!(again.folder, row.folder);
        assert!(again.change.is_some_and(|change| change.against == row.seq && !change.any()));
        tower.close().await;
    });
}

#[test]
fn the_service_makes_a_planned_rerun_once_it_is_due_and_once_only() {
    let dir = tempfile::tempdir().expect("a folder");
    let (_, config) = tower(dir.path());
    let settings = Settings::load(Some(&config), Overrides::default()).expect("good");
    let at = |text: &str| parse_moment(text).expect("a moment");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let tower = Arc::new(Tower::open(&settings).await.expect("opened"));
        let spec = ServiceSpec::of(&settings).expect("good");
        let mut service = Service::new(&tower, spec, Clock::standing(at("2024-09-10 00:00:00")));
        let mut made = Vec::new();
        for moment in ["2024-09-10 00:00:00", "2024-10-01 03:00:00", "2024-10-01 04:00:00"] {
            let rows = service.step(at(moment)).await.expect("worked").replayed;
            assert!(rows.iter().all(|row| row.problem.is_none() && row.kept), "{rows:?}");
            made.push(rows.len());
        }
        assert_eq!(made, [0, 1, 0]);
        drop(service);
        Arc::into_inner(tower).expect("nobody else has it").close().await.expect("closed");
    });
}

#[test]
fn a_changed_rule_is_judged_from_its_first_effect_on_and_ends_with_the_bytes_of_a_full_rerun() {
    let dir = tempfile::tempdir().expect("a folder");
    let archive = dir.path().join("told.ndjson");
    fs::write(&archive, lines()).expect("written");
    let cache = dir.path().join("cache");
    let rerun = |name: &str, more: &[&str]| -> (Value, Value) {
        let out = dir.path().join(name);
        let args =
            ["rerun", "--from", "2024-05-01", "--to", "2024-09-30", "--archive", text(&archive), "--out", text(&out)];
        let said = run(&[&args[..], more].concat()).good().out;
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let summary: Value = serde_json::from_slice(&fs::read(out.join("summary.json")).expect("read")).expect("JSON");
        (summary["digests"].clone(), said["timings"]["resumed"].clone())
    };
    let kept = ["--cache", text(&cache)];
    let (plain, none) = rerun("plain", &kept);
    assert_eq!(none, json!({"batches": 0, "days": 0}));
    let (again, all) = rerun("again", &kept);
    assert_eq!((again, all), (plain.clone(), json!({"batches": 1, "days": 153})), "nothing changed, nothing is done");

    // A word that no text holds: everything is read again and no day is judged again.
    let idle = lexicon_with(dir.path(), "idle", "叽里咕噜砰");
    let (found, taken) = rerun("idle-kept", &[&kept[..], &["--lexicon", text(&idle)]].concat());
    assert_eq!(taken, json!({"batches": 0, "days": 153}));
    assert_eq!(found["assessments.parquet"], plain["assessments.parquet"]);

    // A word of one text of 20 August: the stretches before it stand.
    let told = lexicon_with(dir.path(), "told", "咕嘟窜天");
    let with_told = ["--lexicon", text(&told)];
    let (found, taken) = rerun("told-kept", &[&kept[..], &with_told].concat());
    assert_eq!(taken, json!({"batches": 0, "days": 96}), "1 May to 4 August: three stretches of 32 days");
    assert_eq!(found, rerun("told-fresh", &with_told).0);
    assert_ne!(found["assessments.parquet"], plain["assessments.parquet"], "the word has an effect");
}

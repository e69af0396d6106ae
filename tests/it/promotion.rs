//! Rules are put in force by an explicit act, while searches and turns go on; afterwards all is as if they had always read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{lexicon_with, run};
use wanglou::config::{Overrides, Settings};
use wanglou::index::SearchRequest;
use wanglou::pipeline::promotion::{self, BackgroundPromotion, Take, Wanted};
use wanglou::pipeline::{NewSearch, Tower, push_lines};
use wanglou::store::{Promotion, Store};
use wanglou::vocabulary::{Channel, SourceId, parse_moment};

/// A word that no shipped rule knows.
const WORD: &str = "咕嘟窜天";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn lines(from: usize, to: usize) -> String {
    let line = |number: usize| {
        let said = if number.is_multiple_of(3) {
            "充电宝充电时起火，沙发烧穿了"
        } else {
            "充电宝充电时忽然咕嘟窜天，床单毁了"
        };
        let meta = json!({"author": format!("作者{number}"), "platform": "小店", "item_id": format!("i{number}"),
            "seller": "甲", "price": 59, "platform_category": "充电宝"});
        json!({"id": format!("d{number}"), "text": format!("{said}，第{number}次"), "channel": "platform",
            "published_at": "2024-05-03", "meta": meta})
    };
    (from..to).map(line).flat_map(|line| [line.to_string(), "\n".to_owned()]).collect()
}

/// A data folder with a few documents.
fn data(dir: &Path) -> PathBuf {
    let (data, file) = (dir.join("data"), dir.join("told.ndjson"));
    fs::write(&file, lines(0, 12)).expect("written");
    run(&["import", "--data", text(&data), "--source", "shop", text(&file)]).good();
    data
}

fn settings(data: &Path) -> Settings {
    Settings::load(None, Overrides { data: Some(data.to_owned()), ..Overrides::default() }).expect("good")
}

fn wanted(lexicon: &Path) -> Wanted {
    let (by, why) = ("张三".to_owned(), "新说法".to_owned());
    Wanted { lexicon: Take::From(lexicon.to_owned()), criteria: Take::Kept, by, why, report: None }
}

fn promotions(data: &Path) -> Vec<Value> {
    let listed = run(&["promote", "list", "--json", "--data", text(data)]).good().out;
    listed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn found(data: &Path, query: &str) -> u64 {
    let said = run(&["search", query, "--json", "--data", text(data)]).good().out;
    let head: Value = serde_json::from_str(said.lines().next().expect("a line")).expect("JSON");
    head["total"].as_u64().expect("a count")
}

#[test]
fn promoted_rules_read_the_log_again_and_stay_in_force_until_others_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = data(dir.path());
    let newer = lexicon_with(dir.path(), "newer", WORD);
    let report = dir.path().join("difference.html");
    fs::write(&report, "<p>验证记录</p>").expect("written");
    assert_eq!(found(&data, "signal:fire"), 4);

    let args = ["promote", "put", "--data", text(&data), "--lexicon", text(&newer), "--by", "张三", "--why", "新说法"];
    let said = run(&[&args[..], &["--report", text(&report)]].concat()).good().out;
    assert!(said.contains("启用，重读 12 条") && said.contains("评价标准") && said.contains("（未变）"), "{said}");
    assert_eq!(found(&data, "signal:fire"), 12, "without a word about rules on the command line");
    let row = &promotions(&data)[0];
    let kept = data.join("rules").join(row["folder"].as_str().expect("a name"));
    assert_eq!(fs::read_to_string(kept.join("report.html")).expect("kept"), "<p>验证记录</p>");
    assert!(row["report"].is_string() && row["documents"] == json!(12) && row["problem"].is_null(), "{row}");
    run(&["index", "verify", "--data", text(&data)]).good();
    let audit = run(&["audit", "list", "--data", text(&data)]).good().out;
    let rules = audit.lines().filter(|line| line.contains(r#""what":"rules""#)).count();
    assert_eq!(rules, 2, "asked and in force: {audit}");

    let again = run(&args);
    assert_eq!(again.status, 2);
    assert!(again.err.contains("已经启用"), "{}", again.err);

    // What is in the folder is edited by nobody.
    let file = kept.join("rules/hazards/test_word.toml");
    let rule = fs::read_to_string(&file).expect("kept");
    fs::write(&file, rule.replace("a test", "another test")).expect("written");
    let said = run(&["search", "起火", "--data", text(&data)]);
    assert!(
        said.status == 2 && said.err.contains("由 张三 启用的") && said.err.contains("不是当时启用的"),
        "{}",
        said.err
    );
    fs::write(&file, rule).expect("written");

    let back = ["promote", "put", "--data", text(&data), "--shipped", "--by", "李四", "--why", "退回"];
    run(&back).good();
    assert_eq!(found(&data, "signal:fire"), 4);
    let listed = run(&["promote", "list", "--data", text(&data)]).good().out;
    assert!(listed.lines().next().is_some_and(|line| line.contains("李四：退回")), "{listed}");
}

#[test]
fn rules_that_do_not_hold_are_not_put_in_force() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = data(dir.path());
    let broken = lexicon_with(dir.path(), "broken", WORD);
    let file = broken.join("rules/hazards/test_word.toml");
    let rule = fs::read_to_string(&file).expect("read").replace("充电宝很好", &format!("充电宝{WORD}"));
    fs::write(&file, rule).expect("written");
    let put = |more: &[&str]| {
        run(&[&["promote", "put", "--data", text(&data), "--by", "张三", "--why", "新说法"], more].concat())
    };
    let said = put(&["--lexicon", text(&broken)]);
    assert!(said.status == 2 && said.err.contains("test_word.toml") && said.err.contains("rules test"), "{}", said.err);
    let said = put(&[]);
    assert!(said.status == 2 && said.err.contains("--shipped"), "{}", said.err);
    let config = dir.path().join("w.toml");
    fs::write(&config, format!("lexicon = {:?}\n", text(&broken))).expect("written");
    let said = put(&["--shipped", "--config", text(&config)]);
    assert!(said.status == 2 && said.err.contains("优先于启用的规则"), "{}", said.err);
    assert!(promotions(&data).is_empty());
    let left: Vec<_> = fs::read_dir(data.join("rules")).expect("listed").collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Reads what the log has, in a runtime of several threads as the service has.
fn in_service<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn now() -> jiff::Timestamp {
    parse_moment("2024-05-04 09:00:00").expect("a moment")
}

async fn push(tower: &Tower, from: usize, to: usize) {
    let pushed =
        push_lines(tower, lines(from, to).into_bytes(), SourceId::from("shop"), Channel::Platform, None, now());
    assert_eq!(pushed.await.expect("taken in").total().kept, (to - from) as u64);
}

fn total(tower: &Tower, query: &str) -> u64 {
    let request = SearchRequest { query: query.to_owned(), ..SearchRequest::default() };
    tower.index().search(&request).expect("answered").total
}

#[test]
fn a_running_service_goes_on_while_promoted_rules_read_and_ends_as_if_they_had_always_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = data(dir.path());
    let newer = lexicon_with(dir.path(), "newer", WORD);
    let settings = settings(&data);
    in_service(async {
        let tower = Arc::new(Tower::open(&settings).await.expect("opened"));
        let old = tower.index();
        let asked = promotion::ask(&settings, &wanted(&newer), now()).await.expect("asked for beside a running tower");
        let watch =
            NewSearch { name: "w".to_owned(), query: "充电宝".to_owned(), watched: true, ..NewSearch::default() };
        tower.save_search(watch, None, None, now()).await.expect("saved");
        let mut background = BackgroundPromotion::default();
        let mut steps = 0;
        loop {
            // What comes in while the log is read again is read by the rules in force, and found at once.
            push(&tower, 100 + steps, 101 + steps).await;
            tower.read_new().await.expect("read");
            assert_eq!(total(&tower, "充电宝"), 13 + 2 * steps as u64);
            // What nobody has read yet when the rules change is read by the new ones.
            push(&tower, 100_000 + steps, 100_001 + steps).await;
            steps += 1;
            if background.step(&tower, now()).await.expect("the tower works") {
                break;
            }
            tokio::task::yield_now().await;
        }
        let count = 12 + 2 * steps as u64;
        assert_eq!(tower.store().searches().await.expect("read")[0].came, count - 12, "and every watch is told of it");
        assert_eq!(total(&tower, "signal:fire"), count, "all are read by the new rules");
        assert_eq!(
            old.search(&SearchRequest::default()).map(|page| page.total).ok(),
            Some(count - 1),
            "an old page ends"
        );
        push(&tower, 200_000, 200_002).await;
        tower.read_new().await.expect("read");
        assert_eq!(total(&tower, "signal:fire"), count + 2);
        let row = tower.store().promotion_in_force().await.expect("read").expect("in force");
        assert_eq!((row.seq, row.documents), (asked.seq, count));
        let records = tower.signal_records().expect("read");
        let listings =
            tower.store().listings(wanglou::vocabulary::Category::BatteryCharger, 9_999).await.expect("read");
        assert_eq!(listings.len() as u64, count + 2);
        drop(background);
        Arc::into_inner(tower).expect("nobody else has it").close().await.expect("closed");

        // A tower that had those rules from the beginning, over the same log.
        for derived in ["index", "signals"] {
            fs::remove_dir_all(data.join(derived)).expect("removed");
        }
        let fresh = Tower::open(&settings).await.expect("opened");
        fresh.read_new().await.expect("read");
        assert_eq!(fresh.signal_records().expect("read"), records);
        fresh.close().await.expect("closed");
    });
}

#[test]
fn a_promotion_killed_once_it_counts_is_finished_by_the_next_start() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = data(dir.path());
    let newer = lexicon_with(dir.path(), "newer", WORD);
    let settings = settings(&data);
    in_service(async {
        let asked = promotion::ask(&settings, &wanted(&newer), now()).await.expect("asked");
        let tower = Tower::open(&settings).await.expect("opened");
        let prepared = tower.prepare_promotion(asked.clone(), &|_| ()).await.expect("derived");
        drop(prepared);
        // Killed between its transaction and the folders.
        let store = Store::open(&data.join("wanglou.sqlite")).await.expect("opened");
        let mut tx = store.begin().await.expect("begun");
        let counts = Promotion { in_force_at: Some(now()), ..asked };
        Store::put_promotion(&mut tx, &counts).await.expect("kept");
        tx.commit().await.expect("kept");
        store.close().await;
        tower.close().await.expect("closed");
        let tower = Tower::open(&settings).await.expect("opened");
        tower.read_new().await.expect("read");
        assert_eq!(total(&tower, "signal:fire"), 12);
        tower.close().await.expect("closed");
    });
    run(&["index", "verify", "--data", text(&data)]).good();
}

#[test]
fn what_a_killed_command_left_waiting_is_done_by_the_next_and_lost_rules_can_be_replaced() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = data(dir.path());
    let newer = lexicon_with(dir.path(), "newer", WORD);
    let settings = settings(&data);
    in_service(async { promotion::ask(&settings, &wanted(&newer), now()).await.expect("asked") });
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/criteria/default.toml");
    let criteria = dir.path().join("centre.toml");
    fs::write(&criteria, fs::read_to_string(shipped).expect("read") + "# ours\n").expect("written");
    let put = ["promote", "put", "--data", text(&data), "--criteria", text(&criteria), "--by", "李四", "--why", "再来"];
    let said = run(&put).good().out;
    assert_eq!(said.lines().count(), 2, "{said}");
    let rows = promotions(&data);
    assert!(rows.iter().all(|row| row["in_force_at"].is_string()), "{rows:?}");
    assert_eq!((&rows[0]["lexicon"], &rows[0]["shipped"]), (&rows[1]["lexicon"], &json!([false, false])));
    assert_eq!(rows[1]["shipped"], json!([false, true]), "criteria that nobody named are the program's own");
    assert_eq!(found(&data, "signal:fire"), 12);

    // What is kept of them is lost: no tower opens, until others are put in force.
    fs::remove_dir_all(data.join("rules")).expect("removed");
    let said = run(&["search", "起火", "--data", text(&data)]);
    assert!(said.status == 2 && said.err.contains("promote put --shipped"), "{}", said.err);
    let kept = ["promote", "put", "--data", text(&data), "--lexicon", text(&newer), "--by", "王五", "--why", "修复"];
    assert!(run(&kept).err.contains("不能保留其中任何一部分"));
    run(&["promote", "put", "--data", text(&data), "--shipped", "--by", "王五", "--why", "修复"]).good();
    run(&["import", "--data", text(&data), "--source", "shop", text(&criteria.with_file_name("told.ndjson"))]).good();
    assert_eq!(found(&data, "signal:fire"), 4);
}

#[test]
fn what_is_promoted_is_in_the_backup() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = data(dir.path());
    let newer = lexicon_with(dir.path(), "newer", WORD);
    run(&["promote", "put", "--data", text(&data), "--lexicon", text(&newer), "--by", "张三", "--why", "新说法"])
        .good();
    let (kept, back) = (dir.path().join("kept"), dir.path().join("back"));
    run(&["backup", text(&kept), "--data", text(&data)]).good();
    run(&["restore", text(&kept), "--data", text(&back)]).good();
    // The first command that works on the folder derives what a backup leaves out.
    let nothing = dir.path().join("nothing.ndjson");
    fs::write(&nothing, "").expect("written");
    run(&["import", "--data", text(&back), "--source", "shop", text(&nothing)]).good();
    assert_eq!(found(&back, "signal:fire"), 12);
    // Back to the shipped rules: nothing of them is copied, and nothing is missing from a backup.
    run(&["promote", "put", "--data", text(&data), "--shipped", "--by", "张三", "--why", "退回"]).good();
    let (kept, back) = (dir.path().join("kept2"), dir.path().join("back2"));
    run(&["backup", text(&kept), "--data", text(&data)]).good();
    run(&["restore", text(&kept), "--data", text(&back)]).good();
    run(&["archive", "verify", "--data", text(&back)]).good();
}

//! What judging a day leaves: one sampling request for an episode however it moves, evidence as it was when the alert opened, and every line
//! that was set aside in the books.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::small;
use wanglou::archive::documents::{Format, ImportSpec, PageFilter};
use wanglou::pipeline::{Tower, import_file, push_lines};
use wanglou::vocabulary::{Act, ActKind, AlertEventKind, AlertId, Channel, Disposal, Intake, SourceId, parse_moment};

fn at(day: i64) -> Timestamp {
    parse_moment("2024-05-01 09:00:00").expect("a moment") + (24 * day).hours()
}

fn run<T>(work: impl AsyncFnOnce(&Tower) -> T) -> T {
    let dir = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let tower = Tower::open(&small::settings(dir.path())).await.expect("opened");
        let done = work(&tower).await;
        tower.close().await.expect("closed");
        done
    })
}

async fn push(tower: &Tower, lines: &[Value], now: Timestamp) -> Intake {
    let text: String = lines.iter().map(|line| line.to_string() + "\n").collect();
    let (source, channel) = (SourceId::from("s"), Channel::Regulator);
    push_lines(tower, text.into_bytes(), source, channel, None, now).await.expect("taken in").total()
}

fn death(id: &str, day: i64, brand: &str, region: &str, text: &str) -> Value {
    let published = at(day).strftime("%Y-%m-%d").to_string();
    let meta = json!({"brand": brand, "region": region, "author": id});
    json!({"id": id, "text": text, "published_at": published, "channel": "regulator", "meta": meta})
}

/// After a clock that was ahead nothing was judged any more, and nothing said so.
#[test]
fn a_day_that_was_judged_ahead_of_today_is_a_trouble_and_the_night_is_none() {
    run(async |tower| {
        push(tower, &[death("d", 0, "甲牌", "浙江省", "甲牌热水器漏电，住户洗澡时触电身亡")], at(0)).await;
        tower.read_new().await.expect("read");
        tower.judge(at(1)).await.expect("judged");
        assert_eq!(tower.judge(at(0)).await.expect("the night").events, []);
        let error = tower.judge(at(-399)).await.expect_err("a year and a month back");
        assert_eq!(
            error.to_string().split(": ").next(),
            Some("2024-05-02 is judged already and today is 2023-03-29, so nothing is judged")
        );
        assert!(!error.ends_service(), "it is a trouble that people see");
        tower.judge(at(2)).await.expect("the clock is right again");
    });
}

/// An episode is raised and lowered while samples are asked for all along; the request is made on the first of these days alone.
#[test]
fn a_sampling_request_is_made_once_for_an_episode_however_often_it_moves() {
    run(async |tower| {
        let (mut asked, mut moved_after): (BTreeSet<AlertId>, BTreeSet<AlertId>) = Default::default();
        let regions = ["浙江省", "江苏省", "广东省"];
        for day in 0..90_i64 {
            if day < 20 {
                let at = usize::try_from(day).expect("small");
                let brand = if day < 5 { "甲牌".to_owned() } else { format!("牌子{day}") };
                let region = if day < 8 { regions[0] } else { regions[at % 3] };
                let text = format!("{brand}热水器漏电，住户{day}号洗澡时触电身亡，第{day}次通报");
                push(tower, &[death(&format!("d{day}"), day, &brand, region, &text)], self::at(day)).await;
                tower.read_new().await.expect("read");
            }
            let judged = tower.judge(self::at(day)).await.expect("judged");
            for event in &judged.events {
                let asks = event.disposal == Disposal::Sample && event.event != AlertEventKind::Closed;
                if asks && asked.contains(&event.alert_id) {
                    moved_after.insert(event.alert_id.clone());
                }
            }
            for request in &judged.requests {
                assert!(asked.insert(request.alert_id.clone()), "day {day}: {} was asked for before", request.alert_id);
            }
            let again = tower.judge(self::at(day)).await.expect("judged");
            assert!(again.requests.is_empty() && again.events.is_empty(), "day {day}, judged again: {again:?}");
        }
        assert!(!moved_after.is_empty(), "no episode moved after its request: {asked:?}");
        assert_eq!(tower.store().every_request().await.expect("read").len(), asked.len());
    });
}

/// A key tells one act of one organisation on one alert: another organisation may use the same.
#[test]
fn keys_of_acts_are_each_organisations_own() {
    run(async |tower| {
        push(tower, &[death("d", 0, "甲牌", "浙江省", "甲牌热水器漏电，老人洗澡时触电身亡")], at(0)).await;
        tower.read_new().await.expect("read");
        let alert = tower.judge(at(0)).await.expect("judged").alerts.remove(0);
        let act = |party: &str, note: &str, key: Option<&str>| Act {
            work: None,
            alert_id: alert.id.clone(),
            at: at(1),
            by: "张三".to_owned(),
            party: party.to_owned(),
            kind: ActKind::Note,
            note: note.to_owned(),
            to: None,
            until: None,
            key: key.map(str::to_owned),
        };
        assert!(tower.take_act(act("甲", "一", Some("k"))).await.expect("kept"));
        assert!(!tower.take_act(act("甲", "一", Some("k"))).await.expect("known"), "the same again");
        assert!(tower.take_act(act("甲", "二", Some("k"))).await.is_err(), "another act under the same key");
        assert!(tower.take_act(act("乙", "二", Some("k"))).await.expect("kept"), "another organisation's key");
        assert!(tower.take_act(act("甲", "一", Some("k2"))).await.expect("kept"), "another key");
        for _ in 0..2 {
            assert!(tower.take_act(act("甲", "一", None)).await.expect("kept"), "without a key each is an act");
        }
        let acts = tower.store().acts(Some(&alert.id)).await.expect("read");
        assert_eq!(acts.iter().map(|act| act.party.as_str()).collect::<Vec<_>>(), ["甲", "乙", "甲", "甲", "甲"]);
    });
}

/// What an alert quotes is what was written when it opened: a page that is changed afterwards changes neither its events nor its evidence.
#[test]
fn what_was_quoted_when_an_alert_opened_stays_when_the_document_is_revised() {
    run(async |tower| {
        let (first, second) =
            ("甲牌热水器漏电，老人洗澡时触电身亡，最初的话", "甲牌热水器漏电，老人洗澡时触电身亡，改过的话");
        push(tower, &[death("d", 0, "甲牌", "浙江省", first)], at(0)).await;
        tower.read_new().await.expect("read");
        let opened = tower.judge(at(0)).await.expect("judged");
        assert!(opened.alerts[0].evidence[0].text.contains("最初的话"), "{:?}", opened.alerts[0].evidence);
        push(tower, &[death("d", 0, "甲牌", "浙江省", second)], at(1)).await;
        tower.read_new().await.expect("read");
        tower.judge(at(1)).await.expect("judged");
        let store = tower.store();
        let told = store.alert_events(None).await.expect("read");
        assert!(
            told.iter().all(|event| event.evidence.iter().all(|shown| shown.text.contains("最初的话"))),
            "{told:?}"
        );
        let alert = store.every_alert().await.expect("read").remove(0);
        assert!(alert.evidence.iter().all(|shown| shown.text.contains("最初的话")), "{:?}", alert.evidence);
    });
}

/// Answers list some of the lines that were set aside; the books hold all of them, each with a reason.
#[test]
fn every_line_that_is_set_aside_is_booked_however_many_are_listed() {
    run(async |tower| {
        let bad = 137;
        let mut lines: Vec<Value> = (0..bad).map(|number| json!({"id": number, "text": "起火"})).collect();
        lines.push(json!({"id": "good", "text": "充电宝起火"}));
        let text: String = lines.iter().map(|line| line.to_string() + "\n").collect();
        let (source, channel) = (SourceId::from("s"), Channel::Complaint);
        let pushed = push_lines(tower, text.clone().into_bytes(), source.clone(), channel, None, at(0)).await;
        let pushed = pushed.expect("taken in");
        assert_eq!((pushed.rejected.len(), pushed.total().rejected, pushed.total().kept), (100, bad, 1));
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("told.ndjson");
        fs::write(&file, text).expect("written");
        let spec = ImportSpec {
            source: SourceId::from("t"),
            channel,
            format: Format::Ndjson,
            columns: BTreeMap::default(),
            pages: PageFilter::default(),
            preset: None,
        };
        let imported = import_file(tower, &file, &spec, true, at(0), &|_| ()).await.expect("imported");
        assert_eq!((imported.rejected.len(), imported.total().rejected), (5, bad));
        let kept = fs::read_to_string(imported.rejects_file.expect("a file")).expect("read");
        assert_eq!(kept.lines().count() as u64, bad, "the file of set-aside lines has them all");
        let intake = tower.store().intake().await.expect("read");
        for source in [source, SourceId::from("t")] {
            let counts = intake[&source].1;
            assert_eq!((counts.collected, counts.kept, counts.rejected), (bad + 1, 1, bad), "{source}");
            assert!(counts.reconciles(), "{source}: {counts:?}");
            let reasons = tower.store().reject_reasons(&source).await.expect("read");
            assert_eq!(reasons.iter().map(|(_, items)| items).sum::<u64>(), bad, "{source}: {reasons:?}");
        }
    });
}

//! What a service keeps between two judgements never shows: every judgement is the one that a tower just started would make.

use std::path::Path;

use serde_json::{Value, json};

use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::{Tower, push_lines};
use wanglou::vocabulary::{Channel, SourceId, day_of, end_of_day, parse_moment};

fn settings(data: &Path) -> Settings {
    Settings::load(None, Overrides { data: Some(data.to_owned()), ..Overrides::default() }).expect("good")
}

fn told(id: &str, text: &str, author: &str, place: &str, seen: &str) -> Value {
    let meta = json!({"author": author, "region": place, "platform_category": "充电宝"});
    json!({"id": id, "text": text, "published_at": "2024-05-03", "seen_at": seen, "meta": meta})
}

async fn push(tower: &Tower, documents: &[Value]) {
    let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
    let now = parse_moment("2024-05-20 12:00:00").expect("a moment");
    let source = SourceId::from("site");
    let pushed = push_lines(tower, lines.join("\n").into_bytes(), source, Channel::Complaint, None, now).await;
    assert_eq!(pushed.expect("taken in").total().kept, documents.len() as u64);
    tower.read_new().await.expect("read");
}

fn day(day: u32) -> jiff::civil::Date {
    day_of(parse_moment(&format!("2024-05-{day:02} 12:00:00")).expect("a moment"))
}

/// Everything that is assessed of the day, by the tower as it runs and by one that begins afresh on the same folder.
async fn both(tower: Tower, data: &Path) -> (Tower, Vec<String>, Vec<String>) {
    let said = |judged: wanglou::pipeline::Judgement| -> Vec<String> {
        judged.assessments.iter().map(|assessment| serde_json::to_string(assessment).expect("JSON")).collect()
    };
    let running = said(tower.judge(end_of_day(day(20))).await.expect("judged"));
    tower.close().await.expect("closed");
    let fresh = Tower::open(&settings(data)).await.expect("opened");
    let anew = said(fresh.judge(end_of_day(day(20))).await.expect("judged"));
    (fresh, running, anew)
}

#[test]
fn a_service_that_judged_all_along_says_what_one_just_started_says() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut tower = Tower::open(&settings(&data)).await.expect("opened");
        let places = ["浙江", "江苏", "广东"];
        let report = |number: usize, seen: &str| {
            let text = format!("充电宝充电时起火，第{number}处沙发烧穿了，已经报警处理{number}");
            told(&format!("d{number}"), &text, &format!("作者{number}"), places[number % 3], seen)
        };
        // Judged after every batch. By the last day all of the first week is settled.
        for date in 4..=20_u32 {
            let seen = format!("2024-05-{date:02} 09:00:00");
            let number = date as usize * 2;
            push(&tower, &[report(number, &seen), report(number + 1, &seen)]).await;
            tower.judge(end_of_day(day(date))).await.expect("judged");
        }
        let (running, anew);
        (tower, running, anew) = both(tower, &data).await;
        assert!(!running.is_empty());
        assert_eq!(running, anew, "what came in order");

        // Of the last days: the same second again, a word taken back, an older moment.
        push(&tower, &[report(50, "2024-05-20 09:00:00")]).await;
        tower.judge(end_of_day(day(20))).await.expect("judged");
        push(&tower, &[told("d40", "说错了，充电宝没有问题，很好用", "作者40", "江苏", "2024-05-20 10:00:00")]).await;
        tower.judge(end_of_day(day(20))).await.expect("judged");
        push(&tower, &[report(51, "2024-05-19 08:00:00")]).await;
        let (running, anew);
        (tower, running, anew) = both(tower, &data).await;
        assert_eq!(running, anew, "what is not settled may come in any order");

        // Of what is settled: a retelling comes after it, a late report and a word taken back change it.
        let again = report(9, "")["text"].as_str().expect("text").to_owned();
        push(&tower, &[told("again", &again, "转述者", "江苏", "2024-05-20 11:00:00")]).await;
        tower.judge(end_of_day(day(20))).await.expect("judged");
        push(&tower, &[report(52, "2024-05-05 08:00:00")]).await;
        tower.judge(end_of_day(day(20))).await.expect("judged");
        push(&tower, &[told("d10", "说错了，充电宝没有问题，很好用", "作者10", "江苏", "2024-05-20 11:30:00")]).await;
        let (running, anew);
        (tower, running, anew) = both(tower, &data).await;
        assert_eq!(running, anew, "what changes what is settled");
        // One that says it was seen years from now settles nothing before its time.
        push(&tower, &[report(53, "2031-01-01 00:00:00")]).await;
        tower.judge(end_of_day(day(20))).await.expect("judged");
        push(&tower, &[report(54, "2024-05-20 09:30:00")]).await;
        let (running, anew);
        (tower, running, anew) = both(tower, &data).await;
        assert_eq!(running, anew, "a moment that has not come");
        tower.close().await.expect("closed");
    });
}

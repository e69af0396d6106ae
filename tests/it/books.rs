//! What a service keeps between two judgements never shows: every judgement is the one that a tower just started would make.

use std::path::Path;

use serde_json::{Value, json};

use wanglou::config::{Overrides, Settings};
use wanglou::pipeline::{Tower, push_lines};
use wanglou::vocabulary::{Channel, SourceId, day_of, parse_moment};

fn settings(data: &Path) -> Settings {
    Settings::load(None, Overrides { data: Some(data.to_owned()), ..Overrides::default() }).expect("good")
}

fn told(id: &str, text: &str, author: &str, place: &str) -> Value {
    let meta = json!({"author": author, "region": place, "platform_category": "充电宝"});
    json!({"id": id, "text": text, "published_at": "2024-05-03", "meta": meta})
}

async fn push(tower: &Tower, documents: &[Value], now: &str) {
    let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
    let now = parse_moment(now).expect("a moment");
    let source = SourceId::from("site");
    push_lines(tower, lines.join("\n").into_bytes(), source, Channel::Complaint, now).await.expect("taken in");
    tower.read_new().await.expect("read");
}

/// Everything that is assessed of the day, by the tower as it runs and by one that begins afresh on the same folder.
async fn both(tower: Tower, data: &Path) -> (Tower, Vec<String>, Vec<String>) {
    let day = day_of(parse_moment("2024-05-04 12:00:00").expect("a moment"));
    let said = |judged: wanglou::pipeline::Judgement| -> Vec<String> {
        judged.assessments.iter().map(|assessment| serde_json::to_string(assessment).expect("JSON")).collect()
    };
    let running = said(tower.judge(day).await.expect("judged"));
    tower.close().await.expect("closed");
    let fresh = Tower::open(&settings(data)).await.expect("opened");
    let anew = said(fresh.judge(day).await.expect("judged"));
    (fresh, running, anew)
}

#[test]
fn a_service_that_judged_all_along_says_what_one_just_started_says() {
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut tower = Tower::open(&settings(&data)).await.expect("opened");
        let day = day_of(parse_moment("2024-05-04 12:00:00").expect("a moment"));
        let places = ["浙江", "江苏", "广东"];
        let report = |number: usize| {
            let text = format!("充电宝充电时起火，第{number}处沙发烧穿了，已经报警处理{number}");
            told(&format!("d{number}"), &text, &format!("作者{number}"), places[number % 3])
        };
        // Judged after every batch: what came before stays in the books.
        for hour in 1..=6_usize {
            let batch: Vec<Value> = (hour * 3..hour * 3 + 3).map(report).collect();
            push(&tower, &batch, &format!("2024-05-04 0{hour}:00:00")).await;
            tower.judge(day).await.expect("judged");
        }
        let (running, anew);
        (tower, running, anew) = both(tower, &data).await;
        assert!(!running.is_empty());
        assert_eq!(running, anew, "what came in order");

        // A word taken back, a retelling, and a site that is heard late: it could have been known before the others.
        let fire = running.len();
        push(&tower, &[told("d4", "说错了，充电宝没有问题，很好用", "作者4", "江苏")], "2024-05-04 07:00:00").await;
        tower.judge(day).await.expect("judged");
        let again = report(5)["text"].as_str().expect("text").to_owned();
        push(&tower, &[told("again", &again, "转述者", "江苏")], "2024-05-04 08:00:00").await;
        tower.judge(day).await.expect("judged");
        push(&tower, &[report(99)], "2024-05-04 00:30:00").await;
        let (running, anew);
        (tower, running, anew) = both(tower, &data).await;
        assert_eq!(running, anew, "what changes or comes before");
        assert!(running.len() <= fire && !running.is_empty());
        let one: Value = serde_json::from_str(&running[0]).expect("JSON");
        assert_eq!(one["counts"]["reports"], json!(19), "18, one taken back, one retold, one late: {one}");
        tower.close().await.expect("closed");
    });
}

//! What the judge is not sure of is asked, once for each text; what a person says is kept, and teaches.

use std::fs;
use std::path::Path;

use crate::support::run;

/// Texts of media, some of them near even odds whatever the next model learns.
const TEXTS: &[&str] = &[
    "男子修马桶时眼睛被灼伤",
    "旅游大巴高速上抛锚乘客下来推车",
    "某品牌手机出现鬼手现象厂家回应",
    "演员手臂被道具扎伤",
    "女子误食验孕棒附带的干燥剂",
    "充电宝在机舱内起火冒烟",
    "列车上孩子被糖果卡喉众人施救",
    "儿童乐园滑梯夹住男孩手指",
    "老人乘扶梯时鞋子被卷入",
    "夜市烤肠吃出铁丝摊主道歉",
    "顾客称火锅底料里有异物店家否认",
    "网红水杯被曝掉漆专家解读",
];

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn lines(data: &Path, args: &[&str]) -> Vec<serde_json::Value> {
    let mut command = vec!["doubts", args[0], "--data", text(data)];
    command.extend(&args[1..]);
    let said = run(&command).good().out;
    said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_text_in_doubt_is_asked_once_answered_and_taught_from() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, file) = (dir.path().join("data"), dir.path().join("texts.ndjson"));
    let line = |(at, text): (usize, &&str)| {
        // Each text twice: the second is a copy.
        format!(
            "{{\"id\":\"a{at}\",\"text\":\"{text}\",\"published_at\":\"2024-05-01\"}}\n\
             {{\"id\":\"b{at}\",\"text\":\"{text}\",\"published_at\":\"2024-05-02\"}}\n"
        )
    };
    fs::write(&file, TEXTS.iter().enumerate().map(line).collect::<String>()).expect("written");
    let import = ["import", "--data", text(&data), "--source", "topics", "--channel", "media", text(&file)];
    run(&import).good();
    let asked = lines(&data, &["list", "--json"]);
    assert!(!asked.is_empty());
    for one in &asked {
        assert!(
            one["document_id"].as_str().is_some_and(|id| id.starts_with('a')),
            "a copy is no other question: {one}"
        );
        for doubt in one["doubts"].as_array().expect("a list") {
            let probability = doubt["probability"].as_f64().expect("a number");
            assert!((0.2..=0.6).contains(&probability), "{doubt}");
        }
    }

    // One tells a risk, the others none.
    let ids: Vec<&str> = asked.iter().map(|one| one["document_id"].as_str().expect("an id")).collect();
    let pair = ["--pair", "phone:malfunction:suspected"];
    let answer = |id: &str, said: &[&str]| {
        let mut command = vec!["doubts", "answer", "--data", text(&data), id, "--by", "张三"];
        command.extend(said);
        run(&command)
    };
    answer(ids[0], &pair).good();
    for id in &ids[1..] {
        answer(id, &["--none"]).good();
    }
    assert!(answer("nobody", &["--none"]).err.contains("不在复核之列"));
    assert!(answer(ids[0], &["--pair", "phone"]).err.contains("battery_charger:fire"));
    assert_eq!(lines(&data, &["list", "--json"]), Vec::<serde_json::Value>::new());
    assert_eq!(lines(&data, &["list", "--answered", "--json"]).len(), ids.len());

    // The same again, and a later revision of an answered text's copy, raise no question.
    run(&import).good();
    assert_eq!(lines(&data, &["list", "--json"]), Vec::<serde_json::Value>::new());

    // What was said is a file that the evaluation and the training read.
    let labelled = dir.path().join("labelled.jsonl");
    run(&["doubts", "export", "--data", text(&data), "--out", text(&labelled)]).good();
    let written = fs::read_to_string(&labelled).expect("written");
    let risky: Vec<serde_json::Value> = written
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .filter(|line| line["risk"] == 1)
        .collect();
    assert_eq!((written.lines().count(), risky.len()), (ids.len(), 1));
    let signal = &risky[0]["signals"][0];
    assert_eq!((&signal["product"], &signal["stance"]), (&"phone".into(), &"suspected".into()), "{signal}");
    assert_eq!(risky[0]["meta"]["date"], "2024-05-01");
    run(&["eval", "extraction", text(&labelled)]).good();
    let audit = run(&["audit", "verify", "--data", text(&data)]).good().out;
    assert!(!audit.is_empty());
}

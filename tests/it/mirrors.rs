//! Copies of one text are one story, however a copying site has disturbed it; texts of one template about two things are two.
//!
//! The texts are written for this test: six reports, and groups of texts of which no two tell of the same.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use wanglou::extract::fingerprint;
use wanglou::score::{Criteria, Events, SignalCounts};
use wanglou::vocabulary::SignalRecord;

use crate::support::run;

/// Copies of all reports that must be known again, of `COPIES`.
const KNOWN_MIN: usize = 60;
const COPIES: usize = 66;
/// Pairs of different texts that may be taken for one story.
const JOINED_MAX: usize = 2;
const PAIRS_MIN: usize = 60;

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Report { title: String, text: String },
    Group { apart: Vec<String> },
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines() -> Vec<Line> {
    read("tests/data/stories.jsonl").lines().map(|line| serde_json::from_str(line).expect("a line")).collect()
}

fn reports() -> Vec<(String, String)> {
    let report = |line| if let Line::Report { title, text } = line { Some((title, text)) } else { None };
    lines().into_iter().filter_map(report).collect()
}

fn groups() -> Vec<Vec<String>> {
    lines().into_iter().filter_map(|line| if let Line::Group { apart } = line { Some(apart) } else { None }).collect()
}

/// Numbers that are the same every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % bound
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// Puts one of these pieces behind every stretch of `gap` to twice `gap` characters.
fn strewn(text: &str, pieces: &[String], gap: usize, draw: &mut Draw) -> String {
    let letters: Vec<char> = text.chars().collect();
    let (mut out, mut at, mut piece) = (String::new(), 0, 0);
    while at < letters.len() {
        let to = (at + gap + draw.below(gap)).min(letters.len());
        out.extend(&letters[at..to]);
        out.push_str(&pieces[piece % pieces.len()]);
        (at, piece) = (to, piece + 1);
    }
    out
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// The text in traditional characters, as a table of single characters gives them.
fn traditional(text: &str) -> String {
    let table = read("src/lexicon/traditional.tsv");
    let mut to: HashMap<char, char> = HashMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let mut pair = line.chars();
        let (from, simple) = (pair.next().expect("traditional"), line.chars().last().expect("simplified"));
        if ('\u{4e00}'..='\u{9fff}').contains(&from) {
            to.entry(simple).or_insert(from);
        }
    }
    text.chars().map(|letter| to.get(&letter).copied().unwrap_or(letter)).collect()
}

fn with_pinyin(text: &str) -> String {
    let syllables = ["diàn", "shí", "chōng", "huǒ", "lǜ"];
    let mut out = String::new();
    for (at, letter) in text.chars().enumerate() {
        out.push(letter);
        if at % 9 == 8 && letter.is_alphabetic() && !letter.is_ascii() {
            out.extend(["(", syllables[at % syllables.len()], ")"]);
        }
    }
    out
}

fn in_wide_and_invisible_characters(text: &str) -> String {
    let wide = |letter: char| match letter {
        '!'..='~' => char::from_u32(u32::from(letter) + 0xfee0).expect("the wide form"),
        letter => letter,
    };
    let letters = text.chars().map(wide).enumerate();
    letters.flat_map(|(at, letter)| [letter].into_iter().chain((at % 5 == 2).then_some('\u{200b}'))).collect()
}

/// The copies of a report, each disturbed in one way.
fn copies(title: &str, text: &str, draw: &mut Draw) -> Vec<(&'static str, String)> {
    let letters: Vec<char> = text.chars().collect();
    let half = letters.len() / 2;
    let mut clauses: Vec<&str> = text.split(['，', '。', '；', '、']).filter(|clause| !clause.is_empty()).collect();
    draw.shuffle(&mut clauses);
    let title_pieces: Vec<String> =
        title.chars().collect::<Vec<_>>().chunks(3).map(|piece| piece.iter().collect()).collect();
    let mut commas = String::new();
    for letter in &letters {
        if !matches!(letter, '，' | '。') || draw.below(3) > 0 {
            commas.push(*letter);
        }
        if draw.below(12) == 0 {
            commas.push('，');
        }
    }
    let mut junk = words("频道 百科 首页 推荐 热门 专题 下载 星座 房产 数码 健康 旅游");
    draw.shuffle(&mut junk);
    let adverts = words("点击领取优惠券 加微信进群 扫码关注 限时秒杀 免费试用 招商加盟 立即下单");
    vec![
        ("another title", format!("网友都在问这是怎么回事\n{text}")),
        ("junk words", strewn(text, &junk, 14, draw)),
        ("clauses in another order", clauses.join("，") + "。"),
        ("pieces of the title", strewn(text, &title_pieces, 14, draw)),
        ("traditional", traditional(text)),
        ("traditional with pinyin", with_pinyin(&traditional(text))),
        ("advert words", strewn(text, &adverts, 25, draw)),
        ("first half", letters[..half].iter().collect()),
        ("second half", letters[half..].iter().collect()),
        ("commas", commas),
        ("wide and invisible characters", in_wide_and_invisible_characters(text)),
    ]
}

/// A complaint of a person of its own with this text.
fn record(serial: usize, text: &str) -> SignalRecord {
    let day = "2024-05-01T08:00:00+08:00";
    let mut record: SignalRecord = serde_json::from_value(json!({
        "position": serial, "document_id": format!("d{serial:05}"), "source": "s", "channel": "complaint", "url": null,
        "event_at": day, "seen_at": day, "product": "battery_charger", "product_text": null, "hazard": "fire",
        "hazard_text": "起火", "stance": "asserted", "severity": 1, "product_from": "text", "brand": null, "region": null,
        "actor": format!("person {serial}"), "confidence": 0.9, "vulnerable": false, "rules": [],
        "fingerprint": vec![0; 16], "excerpt": "", "spans": [], "lexicon": "test",
    }))
    .expect("a record");
    record.fingerprint = fingerprint(text);
    record
}

fn counted<'a>(texts: impl IntoIterator<Item = &'a str>) -> SignalCounts {
    let records: Vec<SignalRecord> = texts.into_iter().enumerate().map(|(at, text)| record(at, text)).collect();
    let criteria = Criteria::parse(&read("rules/criteria/default.toml"), "default.toml").expect("the shipped criteria");
    Events::build(&records, &criteria).tally()
}

fn all_copies() -> (Vec<String>, Vec<(&'static str, String)>) {
    let mut draw = Draw(20_240_501);
    let reports = reports();
    let copies = reports.iter().flat_map(|(title, text)| copies(title, text, &mut draw)).collect();
    (reports.into_iter().map(|(_, text)| text).collect(), copies)
}

#[test]
fn disturbed_copies_of_a_report_are_no_further_events() {
    let (reports, copies) = all_copies();
    assert_eq!((reports.len(), copies.len()), (6, COPIES));
    assert_eq!(counted(reports.iter().map(String::as_str)).events, 6, "six reports of six things");
    let per_report = COPIES / reports.len();
    let lost: Vec<(usize, &str)> = copies
        .iter()
        .enumerate()
        .filter(|(at, (_, copy))| counted([&reports[at / per_report], copy].map(String::as_str)).events > 1)
        .map(|(at, (kind, _))| (at / per_report, *kind))
        .collect();
    assert!(COPIES - lost.len() >= KNOWN_MIN, "lost: {lost:?}");
    let texts = reports.iter().chain(copies.iter().map(|(_, copy)| copy));
    let counts = counted(texts.map(String::as_str));
    assert!(counts.echoes >= KNOWN_MIN as u64 && counts.events >= 6, "{counts:?}, lost: {lost:?}");
}

#[test]
fn two_texts_of_one_template_about_two_things_stay_two_events() {
    let (mut pairs, mut joined) = (0, Vec::new());
    for group in groups() {
        for (at, one) in group.iter().enumerate() {
            for other in &group[at + 1..] {
                pairs += 1;
                if counted([one, other].map(String::as_str)).events < 2 {
                    joined.push((one.clone(), other.clone()));
                }
            }
        }
    }
    assert!(pairs >= PAIRS_MIN, "{pairs}");
    assert!(joined.len() <= JOINED_MAX, "{} of {pairs}: {joined:?}", joined.len());
}

#[test]
fn a_search_counts_disturbed_copies_as_one_text_each() {
    let (reports, copies) = all_copies();
    let texts = reports.iter().chain(copies.iter().map(|(_, copy)| copy));
    let line =
        |(at, text)| json!({"id": format!("d{at}"), "text": text, "published_at": "2024-05-01"}).to_string() + "\n";
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("copies.ndjson");
    fs::write(&file, texts.enumerate().map(line).collect::<String>()).expect("written");
    let data = dir.path().join("data");
    let data = data.to_str().expect("UTF-8");
    run(&["import", "--source", "s", "--data", data, file.to_str().expect("UTF-8")]).good();
    let said = run(&["search", "--json", "--data", data, "source:s"]).good();
    let found: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let (documents, stories) = (&found["counts"]["reports"], found["counts"]["texts"].as_u64().expect("a count"));
    assert_eq!(documents, &json!(reports.len() + COPIES));
    assert!((6..=6 + (COPIES - KNOWN_MIN) as u64).contains(&stories), "{stories} stories");
}

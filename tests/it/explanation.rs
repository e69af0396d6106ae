//! SCORE-2 from outside: every number of an explanation recomputes from the export of a rerun, by arithmetic of this file's own. How
//! often a cell shows so much evidence by chance is read from the table of onsets; that reading is tested in `score`.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "JSON knows no whole numbers, and all of these are small"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use polars::prelude::*;
use serde_json::{Value, json};

use crate::support::run;

const CRITERIA: &str = include_str!("../../rules/criteria/default.toml");
const FIRST: Date = date(2023, 1, 1);
const FROM: Date = date(2024, 12, 20);
const TO: Date = date(2024, 12, 24);
const ITEMS: u64 = 1_200_000;

const SHOCKS: [&str; 12] = [
    "热水器漏电，洗澡时手被电麻了",
    "刚装的热水器一碰水龙头就漏电，太吓人",
    "昨晚洗头时发现热水器外壳漏电",
    "孩子碰到热水器被电了一下，检测说是漏电",
    "热水器用了三个月开始漏电跳闸",
    "热水器接地没问题还是漏电，师傅也说不清",
    "热水器漏电把我妈电倒在浴室里",
    "花洒出水带电，原来是热水器漏电",
    "新买的热水器通电就漏电，商家不给退",
    "热水器漏电，测电笔一碰就亮",
    "冬天第一次开热水器就漏电，全家不敢洗澡",
    "才过保修期，热水器就漏电了",
];
const FIRES: [&str; 6] = [
    "充电宝充电时突然起火",
    "放在包里的充电宝自己起火，包都烧穿了",
    "半夜充电宝起火把床头柜烧黑",
    "同事的充电宝在会议室冒烟起火",
    "充电宝刚插上手机就起火了",
    "出差路上充电宝起火烧了行李",
];
const BURNS: [&str; 4] = [
    "热水器突然喷出开水烫伤胳膊",
    "洗澡时热水器水温失控烫伤后背",
    "热水器显示四十度却出滚水，烫伤了孩子的脚",
    "调到最低档，热水器还是烫伤了老人",
];

/// Two years of quiet reading, water heaters now and then, then a wave of several brands and places, and a listing.
fn documents() -> Vec<Value> {
    let mut all = Vec::new();
    let mut put = |day: Date, text: &str, brand: Option<&str>, region: Option<&str>| {
        let id = all.len();
        let mut meta = json!({"author": format!("用户{id}")});
        for (key, value) in [("brand", brand), ("region", region)] {
            if let Some(value) = value {
                meta[key] = value.into();
            }
        }
        let line =
            json!({"id": format!("t{id}"), "text": text, "channel": "complaint", "published_at": day, "meta": meta});
        all.push(line);
    };
    let mut day = FIRST;
    while day <= TO {
        for _ in 0..3 {
            put(day, "今天去公园散步，湖边很安静。", None, None);
        }
        if day.day() == 9 && day.month() % 3 == 0 {
            put(day, "热水器漏电，洗澡时手被电麻了", Some("丙牌"), Some("广东省"));
        }
        day = day.saturating_add(1.day());
    }
    let brands = ["甲牌", "乙牌", "丙牌", "丁牌"];
    let regions = ["浙江省", "广东省", "北京市", "四川省"];
    let before = |number: usize| FROM.saturating_sub(i64::try_from(number / 3).expect("small").days());
    for (number, text) in SHOCKS.iter().enumerate() {
        put(before(number), text, Some(brands[number % 4]), Some(regions[(number / 2) % 4]));
    }
    for (number, text) in FIRES.iter().enumerate() {
        put(before(number), text, Some("甲牌"), Some("浙江省"));
    }
    for (number, text) in BURNS.iter().enumerate() {
        put(before(number), text, Some("丁牌"), Some("四川省"));
    }
    let told = "昨天晚上家里的电热毯铺在床上不到一个小时就突然冒烟起火，床单和被子都烧着了，幸好发现得早才没有酿成更大的事故，联系商家却一直没有人理会。";
    for _ in 0..3 {
        put(FROM, told, Some("戊牌"), None);
    }
    let listing = json!({"id": "item", "text": "大容量移动电源充电宝", "title": "移动电源", "channel": "platform", "published_at": FIRST,
        "meta": {"item_id": "1", "seller": "某店", "platform": "某平台", "platform_category": "移动电源", "brand": "甲牌", "price": 99, "sold": 250_000}});
    all.push(listing);
    all
}

#[test]
fn every_number_of_every_explanation_recomputes_from_the_export() {
    let dir = tempfile::tempdir().expect("a folder");
    let documents = documents();
    let file = dir.path().join("all.ndjson");
    let mut lines = String::new();
    for line in &documents {
        writeln!(lines, "{line}").expect("written");
    }
    fs::write(&file, lines).expect("written");
    let criteria = dir.path().join("centre.toml");
    let ours = format!("[score.danger.items_in_use]\nwater_heater = {ITEMS}\n\n[score.danger.lifetime_years]");
    let text = CRITERIA.replace("[score.danger.lifetime_years]", &ours);
    fs::write(&criteria, &text).expect("written");
    let out = dir.path().join("out");
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let (file, criteria, out_text) = (path(&file), path(&criteria), path(&out));
    let (from, to) = (FROM.to_string(), TO.to_string());
    run(&["rerun", "--archive", &file, "--from", &from, "--to", &to, "--criteria", &criteria, "--out", &out_text])
        .good();

    let rules: toml::Value = toml::from_str(&text).expect("TOML");
    let assessments = terms(&out.join("assessments.parquet"));
    let signals = signals(&out.join("signals"));
    assert!(assessments.iter().any(|a| a["disposal"] != "exclude"), "a wave is above the line");
    days_recompute(&assessments);
    let mut bases = BTreeSet::new();
    for a in &assessments {
        statistics_recompute(a, &documents);
        danger_recomputes(a, &rules);
        counts_come_from_the_events(a, &signals);
        rank_recomputes(a, &rules);
        numbers_are_terms(a);
        bases.insert(a["danger_terms"]["exposure"]["basis"].as_str().expect("a basis").to_owned());
    }
    let expected = ["category", "displayed", "part_of_category", "unknown"];
    assert!(expected.iter().all(|basis| bases.contains(*basis)), "the world holds every basis: {bases:?}");

    let told: BTreeSet<&str> = assessments.iter().filter_map(|a| a["explanation"].as_str()).collect();
    let alerts = fs::read_to_string(out.join("alerts.ndjson")).expect("written");
    assert!(alerts.lines().count() > 0);
    for line in alerts.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let explanation = event["explanation"].as_str().expect("an explanation");
        assert!(told.iter().any(|told| explanation.contains(told)), "no assessment says: {explanation}");
    }
}

/// The `terms` column.
fn terms(path: &Path) -> Vec<Value> {
    let table = ParquetReader::new(fs::File::open(path).expect("written")).finish().expect("Parquet");
    let terms = table.column("terms").expect("a column").str().expect("text");
    terms.iter().map(|text| serde_json::from_str(text.expect("no gap")).expect("JSON")).collect()
}

/// Signals by category, hazard and document.
fn signals(dir: &Path) -> BTreeMap<(String, String, String), BTreeMap<&'static str, String>> {
    let mut found = BTreeMap::new();
    for day in fs::read_dir(dir).expect("listed") {
        let file = fs::File::open(day.expect("listed").path().join("signals.parquet")).expect("written");
        let table = ParquetReader::new(file).finish().expect("Parquet");
        let column = |name: &str| -> Vec<String> {
            let column = table.column(name).expect(name).cast(&DataType::String).expect("text");
            column.str().expect("text").iter().map(|text| text.unwrap_or_default().to_owned()).collect()
        };
        let (products, hazards, documents) = (column("product"), column("hazard"), column("document_id"));
        let (brands, regions, actors) = (column("brand"), column("region"), column("actor"));
        for at in 0..table.height() {
            let key = (products[at].clone(), hazards[at].clone(), documents[at].clone());
            let facts = [("brand", &brands[at]), ("region", &regions[at]), ("actor", &actors[at])];
            found.insert(key, facts.into_iter().map(|(name, value)| (name, value.clone())).collect());
        }
    }
    found
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn close(found: f64, expected: f64, what: &str) {
    let apart = (found - expected).abs();
    assert!(apart <= 1e-9 * expected.abs().max(f64::MIN_POSITIVE), "{what}: {found} is not {expected}");
}

fn day_of(document: &Value) -> Date {
    document["published_at"].as_str().expect("a day").parse().expect("a day")
}

/// Expected counts from the documents read and the baseline; tails by adding up the negative binomial law term by term.
fn statistics_recompute(a: &Value, documents: &[Value]) {
    let terms = &a["detector"];
    let as_of: Date = a["as_of"].as_str().expect("a day").parse().expect("a day");
    let read = |from: Date, to: Date| {
        documents.iter().filter(|document| (from..=to).contains(&day_of(document))).count() as f64
    };
    let back = |days: i64| as_of.saturating_sub(days.days());
    let (baseline_from, baseline_to) = (back(56 + 728 - 1).max(FIRST), back(56));
    let days = f64::from((baseline_to - baseline_from).get_days() + 1);
    let per_week = read(baseline_from, baseline_to) / days * 7.0;
    close(number(&terms["baseline_weeks"]), days / 7.0, "weeks of the baseline");

    let method = terms["method"].as_str().expect("a name");
    assert!(method.starts_with("rise_evidence"), "recompute `{method}` here too");
    let dispersion: Option<f64> = method.split_once("size=").map(|(_, size)| size.parse().expect("a size"));
    let shape = number(&terms["prior"][0]) + number(&terms["baseline_events"]);
    let rate = number(&terms["prior"][1]) + number(&terms["baseline_weeks"]);
    let mut ratios = Vec::new();
    for window in terms["windows"].as_array().expect("windows") {
        let (x, days) = (number(&window["x"]), number(&window["days"]));
        let from = as_of.saturating_sub((days as i64 - 1).days());
        let weeks = read(from, as_of) / per_week;
        let mu = shape / rate * weeks;
        close(number(&window["mu"]), mu, "expected events");
        let size = dispersion.map_or(shape, |weekly| 1.0 / (1.0 / shape + 7.0 / (weekly * days)));
        close(number(&window["p"]), mid_p(x, mu, size), "mid-p tail");
        // Likelihood ratios of rises of 2, 3, 4.5 and 7 standard deviations of the count of four weeks.
        let month = shape / rate * 4.0;
        let scatter = dispersion.map_or(0.0, |weekly| 1.0 / (weekly * 4.0));
        let spread = (1.0 / month + 1.0 / shape + scatter).sqrt();
        let ratio = |z: f64| {
            let rise = 1.0 + z * spread;
            (x * rise.ln() + (x + size) * ((size + mu) / (size + rise * mu)).ln()).exp()
        };
        ratios.push([2.0, 3.0, 4.5, 7.0].map(ratio).iter().sum::<f64>() / 4.0);
    }
    let evidence = (ratios.iter().sum::<f64>() / ratios.len() as f64).ln();
    let told = number(&terms["evidence"]);
    assert!((told - evidence).abs() < 1e-8, "evidence {told} is not {evidence}");
    if a["decision"]["crossed"] == true {
        assert!(number(&terms["h"]) >= number(&terms["h_threshold"]));
    }
}

/// What each assessment is worth beside all of its day: chance by the onset rate, then false discovery rates by their definition.
fn days_recompute(assessments: &[Value]) {
    let mut days: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for a in assessments {
        days.entry(a["as_of"].as_str().expect("a day")).or_default().push(a);
    }
    assert!(days.values().any(|day| day.len() > 2), "a day with several to compare");
    let told = |a: &Value, name: &str| number(&a["detector"]["among"][name]);
    for day in days.values() {
        let cells = told(day[0], "cells");
        let p: Vec<f64> = day.iter().map(|a| told(a, "p")).collect();
        let inverse: Vec<f64> = day.iter().map(|a| (-number(&a["detector"]["evidence"])).exp()).collect();
        let rank = |all: &[f64], value: f64| all.iter().filter(|other| **other <= value).count() as f64;
        let rate = |all: &[f64], own: f64| {
            let as_large = all.iter().filter(|other| **other >= own);
            as_large.map(|other| cells * other / rank(all, *other)).fold(1.0, f64::min)
        };
        for (at, a) in day.iter().enumerate() {
            close(told(a, "cells"), cells, "cells of a day");
            let chance = 1.0 - (-(10_f64.powf(-number(&a["detector"]["h"]))) * 56.0 / 365.0).exp();
            let few = (p[at] - 1.0).abs() < 1e-12 && a["decision"]["crossed"] == false;
            assert!(few || (p[at] - chance).abs() < 1e-12, "{} is not {chance}: {a}", p[at]);
            close(told(a, "alike"), rank(&p, p[at]), "how many are as improbable");
            close(told(a, "q"), rate(&p, p[at]), "q-value");
            close(told(a, "e_q"), rate(&inverse, inverse[at]), "e-BH");
        }
    }
}

/// P(X > x) + P(X = x)/2 of a negative binomial law of this mean and size.
fn mid_p(x: f64, mean: f64, size: f64) -> f64 {
    let ratio = mean / (size + mean);
    let mut term = (-size * (mean / size).ln_1p()).exp();
    let (mut k, mut below) = (0.0, 0.0);
    while k < x {
        below += term;
        term *= (size + k) / (k + 1.0) * ratio;
        k += 1.0;
    }
    if x == 0.0 {
        return 1.0 - term / 2.0;
    }
    let (mut sum, at) = (0.0, term);
    while term > 0.0 && term > sum * 1e-18 {
        term *= (size + k) / (k + 1.0) * ratio;
        k += 1.0;
        sum += term;
    }
    assert!(below <= 1.0 + 1e-12);
    sum + at / 2.0
}

fn level(code: &Value) -> usize {
    let at = ["low", "medium", "high", "serious"].iter().position(|level| code == level);
    at.unwrap_or_else(|| panic!("{code} is no level"))
}

/// The probability of injury, its row, its cell, and the step by items in use, from the criteria file's own tables.
fn danger_recomputes(a: &Value, rules: &toml::Value) {
    let (terms, danger) = (&a["danger_terms"], &rules["score"]["danger"]);
    let exposure = &terms["exposure"];
    let json = |value: &toml::Value| serde_json::to_value(value).expect("JSON");
    let (matrix, bounds) = (json(&danger["matrix"]), json(&danger["row_bounds"]));
    let severity = number(&terms["severity"]) as usize;
    let row = number(&exposure["row"]) as usize;
    let assumed = number(&json(&danger["assumed_row"])) as usize;
    let cell = |row: usize| level(&matrix[row][severity - 1]);
    let steps = json(&danger["items_step"]);
    let step = |level: usize| match (exposure["items"].as_u64(), exposure["basis"].as_str()) {
        (Some(items), Some("category" | "displayed")) => {
            let over = json(&danger["items_bounds"]);
            let over =
                over.as_array().expect("bounds").iter().filter(|bound| items > bound.as_u64().expect("a number"));
            self::level(&steps[over.count()][level])
        }
        _ => level,
    };
    assert_eq!(level(&a["danger"]), step(cell(row)), "{a}");
    let (low, high) = (level(&terms["range"][0]), level(&terms["range"][1]));
    assert!(low <= level(&a["danger"]) && level(&a["danger"]) <= high, "the range holds the level: {a}");
    if exposure["items"].as_u64().is_some() && exposure["basis"] != "part_of_category" {
        assert_eq!(level(&exposure["before_items"]), cell(row));
    }
    poisson_limit(number(&exposure["events"]) as u32, number(&exposure["upper"]), number(&exposure["confidence"]));
    if let Some(probability) = exposure["probability"].as_f64() {
        let per_year = number(&exposure["upper"]) / number(&exposure["items"]) * 365.25 / number(&exposure["days"]);
        let expected = per_year * number(&exposure["under_reporting"]) * number(&exposure["lifetime_years"]);
        close(probability, expected.min(1.0), "probability of injury");
        let bounds = bounds.as_array().expect("bounds");
        let of = bounds.iter().position(|bound| probability > number(bound)).unwrap_or(bounds.len());
        match exposure["basis"].as_str().expect("a basis") {
            "category" => assert_eq!((row, number(&terms["probability_row"]) as usize), (of, of)),
            "part_of_category" => assert!(row <= of, "at least so probable"),
            _ => assert_eq!(row, assumed, "an estimate"),
        }
    } else {
        assert_eq!(row, assumed);
    }
}

/// Of a Poisson law with mean `upper`, `events` or fewer have what the confidence leaves.
fn poisson_limit(events: u32, upper: f64, confidence: f64) {
    let (mut term, mut sum) = ((-upper).exp(), 0.0);
    for k in 0..=events {
        sum += term;
        term *= upper / f64::from(k + 1);
    }
    assert!((sum - (1.0 - confidence)).abs() < 1e-9, "P(X ≤ {events}) at mean {upper} is {sum}");
}

/// Reports, people, places and brands are those of the documents that the assessment lists.
fn counts_come_from_the_events(
    a: &Value,
    signals: &BTreeMap<(String, String, String), BTreeMap<&'static str, String>>,
) {
    let code = |key: &str| a[key].as_str().expect("a code").to_owned();
    let documents = a["documents"].as_array().expect("documents");
    let facts: Vec<_> = documents
        .iter()
        .map(|id| &signals[&(code("category"), code("hazard"), id.as_str().expect("an id").to_owned())])
        .collect();
    let distinct = |name: &str, digits: usize| -> usize {
        let values = facts.iter().map(|facts| facts[name].chars().take(digits).collect::<String>());
        values.filter(|value| !value.is_empty()).collect::<BTreeSet<_>>().len()
    };
    let counts = &a["counts"];
    assert_eq!(counts["reports"], documents.len(), "{a}");
    assert_eq!(counts["actors"], distinct("actor", 99), "{a}");
    assert_eq!(counts["places"], distinct("region", 4), "{a}");
    let window = a["detector"]["windows"].as_array().expect("windows").iter().find(|w| w["days"] == a["window_days"]);
    let events = number(&window.expect("the window")["x"]) as usize;
    assert!(events <= documents.len() && number(&counts["texts"]) as usize <= documents.len());
    // Spread looks at 56 days; where the deciding window is as long, its brands and provinces are those of the documents.
    if a["window_days"] == 56 && events == documents.len() {
        assert_eq!(a["spread_terms"]["brands"], distinct("brand", 99), "{a}");
        assert_eq!(a["spread_terms"]["provinces"], distinct("region", 2), "{a}");
    }
}

fn rank_recomputes(a: &Value, rules: &toml::Value) {
    let rank = serde_json::to_value(&rules["score"]["rank"]).expect("JSON");
    let weight = |table: &str, key: &str| number(&rank[table][a[key].as_str().expect("a code")]);
    let h = number(&a["detector"]["h"]).clamp(0.0, number(&rank["h_cap"]));
    let weights = weight("danger", "danger") * weight("spread", "spread") * weight("disposal", "disposal");
    // What is not looked into by kind is worth the share of all alerts that are real: the prior, no outcome being known.
    let [yes, no] = [0, 1].map(|at| rules["score"]["feedback"]["p_real_prior"][at].as_float().expect("a number"));
    let told = &a["feedback"]["p_real"];
    let real = if told.is_null() { yes / (yes + no) } else { number(&told["mean"]) };
    close(number(&a["rank_score"]), weights * (1.0 + h) * number(&a["counts"]["reports"]).ln_1p() * real, "rank");
}

/// Every number printed is a stored number, in one of the ways the paragraph shows numbers.
fn numbers_are_terms(a: &Value) {
    let mut stored = Vec::new();
    leaves(&without_texts(a), &mut stored);
    // How often so much evidence comes about by chance: years, or days.
    let years = 10_f64.powf(number(&a["detector"]["h"]));
    stored.extend([years, years * 365.0]);
    let regions = a["change"].as_array().expect("changes").iter().filter_map(|change| change["regions"].as_array());
    stored.extend(regions.map(|regions| regions.len() as f64));
    let ways = |value: f64| {
        let value = value.abs();
        [
            format!("{value}"),
            figure(value),
            format!("{value:.1}"),
            format!("{value:.2}"),
            format!("{:.0}", value * 100.0),
            figure(value * 100.0),
        ]
    };
    let shown: BTreeSet<String> = stored.into_iter().flat_map(ways).collect();
    let text = without_quotes(a);
    let printed = regex::Regex::new(r"\d+(\.\d+)?(e-?\d+)?").expect("a pattern");
    let mut count = 0;
    for found in printed.find_iter(&text) {
        count += 1;
        assert!(shown.contains(found.as_str()), "`{}` of the paragraph is no term: {text}\n{a}", found.as_str());
    }
    assert!(count >= 12, "only {count} numbers in: {text}");
}

/// The paragraph without what it quotes: the day, names, rules and their meaning.
fn without_quotes(a: &Value) -> String {
    let mut quoted: Vec<&str> =
        ["as_of", "criteria", "disposal_rule", "brand"].iter().filter_map(|key| a[key].as_str()).collect();
    quoted
        .extend(["single_rule", "single_means", "disposal_means"].iter().filter_map(|key| a["decision"][key].as_str()));
    quoted.extend(a["spread_terms"]["rule"].as_str());
    quoted.extend(a["detector"]["began"]["week_of"].as_str());
    quoted.sort_by_key(|text| std::cmp::Reverse(text.len()));
    // The name of a statistic holds digits of its own.
    let text = a["explanation"].as_str().expect("an explanation").replace("IC025", "");
    quoted.into_iter().fold(text, |text, quoted| text.replace(quoted, ""))
}

fn without_texts(a: &Value) -> Value {
    let mut a = a.clone();
    for key in ["explanation", "documents", "as_of"] {
        a[key] = Value::Null;
    }
    a
}

fn leaves(value: &Value, found: &mut Vec<f64>) {
    match value {
        Value::Number(number) => found.extend(number.as_f64()),
        Value::Array(values) => values.iter().for_each(|value| leaves(value, found)),
        Value::Object(map) => map.values().for_each(|value| leaves(value, found)),
        _ => {}
    }
}

/// Three significant digits, as a reader would round them.
fn figure(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-3..1e6).contains(&value.abs()) {
        return format!("{value:.2e}");
    }
    let decimals = (2 - value.abs().log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

//! Real recall lists in English: how many records give a signal, and how good the signals are on labelled ones. Skipped where
//! the shared data is absent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{run_with, shared};

const LABELS: &str = include_str!("../data/recalls_en.tsv");

fn text_of(path: &Path) -> String {
    let bytes = zstd::decode_all(fs::File::open(path).expect("opened")).expect("decompressed");
    String::from_utf8(bytes).expect("UTF-8")
}

/// The columns of a record that are not empty.
fn meta(record: &Value, keys: &[&str]) -> Value {
    let filled = |key: &&&str| record.get(**key).is_some_and(|value| !value.is_null() && value != "");
    keys.iter().filter(filled).map(|key| ((*key).to_owned(), record[*key].clone())).collect()
}

/// All records as documents, by `file` and the record's own name.
fn documents(folder: &Path) -> Vec<((&'static str, String), Value)> {
    const LISTS: [&str; 3] = ["cpsc_2013_api.jsonl.zst", "cpsc_recalls_2026.csv.zst", "recallradar_2026.json.zst"];
    let mut documents = Vec::new();
    let mut put = |file: &'static str, name: String, title: &Value, text: &str, meta: Value| {
        let text = if text.is_empty() { title.as_str().unwrap_or("unnamed") } else { text };
        let mut document = json!({"id": format!("{file}:{name}"), "source": "recalls", "channel": "standard", "text": text, "meta": meta});
        if title.is_string() {
            document["title"] = title.clone();
        }
        documents.push(((file, name), document));
    };
    for (at, line) in text_of(&folder.join(LISTS[0])).lines().enumerate() {
        let record: Value = serde_json::from_str(line).expect("JSON");
        let names: Vec<&str> =
            record["descriptions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let meta = meta(&record, &["product_types", "hazards", "manufacturers", "countries"]);
        put(LISTS[0], at.to_string(), &Value::Null, &names.join("; "), meta);
    }
    let table = text_of(&folder.join(LISTS[1]));
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    for record in rows.deserialize::<BTreeMap<String, String>>() {
        let record = json!(record.expect("a row"));
        let text = record["description"].as_str().unwrap_or_default().to_owned();
        let name = record["recall_number"].as_str().expect("a number").to_owned();
        put(LISTS[1], name, &record["title"], &text, meta(&record, &["hazards", "remedy", "manufacturer"]));
    }
    let list: Value = serde_json::from_str(&text_of(&folder.join(LISTS[2]))).expect("JSON");
    for record in list["recalls"].as_array().expect("a list") {
        let text = record["description"].as_str().unwrap_or_default().to_owned();
        let name = record["id"].as_str().expect("an id").to_owned();
        put(LISTS[2], name, &record["title"], &text, meta(record, &["hazard", "brand"]));
    }
    documents
}

#[test]
fn foreign_recalls_are_read_into_our_categories_and_hazards() {
    let Some(folder) = shared("data/us_recalls_en") else { return };
    let documents = documents(&folder);
    let input = documents.iter().map(|(_, document)| document.to_string()).collect::<Vec<_>>().join("\n");
    let said = run_with(&["extract"], &input).good();
    let with_signals = |line: &&str| !line.contains("\"signals\":[]");
    let only = run_with(&["extract", "--signals"], &input).good();
    assert!(
        only.out.lines().eq(said.out.lines().filter(with_signals)),
        "the same readings, those without a signal left out"
    );
    let mut found: BTreeMap<(&str, String), BTreeSet<String>> = BTreeMap::new();
    for ((key, _), line) in documents.iter().zip(said.out.lines()) {
        let reading: Value = serde_json::from_str(line).expect("JSON");
        let pair = |signal: &Value| {
            format!("{}/{}", signal["product"].as_str().expect("a code"), signal["hazard"].as_str().expect("a code"))
        };
        found.insert(key.clone(), reading["signals"].as_array().expect("a list").iter().map(pair).collect());
    }
    let with = found.values().filter(|pairs| !pairs.is_empty()).count();
    assert!(with * 100 >= found.len() * 93, "only {with} of {} records give a signal", found.len());

    let mut tallies: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in LABELS.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [file, record, pairs, set] = cells.as_slice() else { panic!("not four columns: {line}") };
        let labelled: BTreeSet<String> = pairs.split(' ').map(str::to_owned).collect();
        let read = &found.iter().find(|((known, name), _)| known == file && name == record).expect("a record").1;
        let tally = tallies.entry(set).or_default();
        let count = |number: usize| u32::try_from(number).expect("few");
        tally[0] += count(read.intersection(&labelled).count());
        tally[1] += count(read.difference(&labelled).count());
        tally[2] += count(labelled.difference(read).count());
        if **read != labelled {
            wrong.push(format!("{file} {record}: expected {labelled:?}, read {read:?}"));
        }
    }
    for (set, [hit, extra, missed]) in tallies {
        let f1 = f64::from(2 * hit) / f64::from(2 * hit + extra + missed);
        assert!(
            f1 >= 0.88,
            "{set}: pair F1 {f1:.3} ({hit} right, {extra} extra, {missed} missed)\n{}",
            wrong.join("\n")
        );
    }
}

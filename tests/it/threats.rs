//! `docs/threats.md` goes through every requirement of ASVS 4.0.3, level 2, and what it names as evidence exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The requirements of levels 1 and 2, by section: those that the standard has withdrawn, and those of level 3 alone, are not among them.
const REQUIRED: &[(&str, &[u32])] = &[
    ("1.1", &[1, 2, 3, 4, 5, 6, 7]),
    ("1.2", &[1, 2, 3, 4]),
    ("1.4", &[1, 4, 5]),
    ("1.5", &[1, 2, 3, 4]),
    ("1.6", &[1, 2, 3, 4]),
    ("1.7", &[1, 2]),
    ("1.8", &[1, 2]),
    ("1.9", &[1, 2]),
    ("1.10", &[1]),
    ("1.11", &[1, 2]),
    ("1.12", &[2]),
    ("1.14", &[1, 2, 3, 4, 5, 6]),
    ("2.1", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    ("2.2", &[1, 2, 3]),
    ("2.3", &[1, 2, 3]),
    ("2.4", &[1, 2, 3, 4, 5]),
    ("2.5", &[1, 2, 3, 4, 5, 6, 7]),
    ("2.6", &[1, 2, 3]),
    ("2.7", &[1, 2, 3, 4, 5, 6]),
    ("2.8", &[1, 2, 3, 4, 5, 6, 7]),
    ("2.9", &[1, 2, 3]),
    ("2.10", &[1, 2, 3, 4]),
    ("3.1", &[1]),
    ("3.2", &[1, 2, 3, 4]),
    ("3.3", &[1, 2, 3, 4]),
    ("3.4", &[1, 2, 3, 4, 5]),
    ("3.5", &[1, 2, 3]),
    ("3.7", &[1]),
    ("4.1", &[1, 2, 3, 5]),
    ("4.2", &[1, 2]),
    ("4.3", &[1, 2, 3]),
    ("5.1", &[1, 2, 3, 4, 5]),
    ("5.2", &[1, 2, 3, 4, 5, 6, 7, 8]),
    ("5.3", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ("5.4", &[1, 2, 3]),
    ("5.5", &[1, 2, 3, 4]),
    ("6.1", &[1, 2, 3]),
    ("6.2", &[1, 2, 3, 4, 5, 6]),
    ("6.3", &[1, 2]),
    ("6.4", &[1, 2]),
    ("7.1", &[1, 2, 3, 4]),
    ("7.2", &[1, 2]),
    ("7.3", &[1, 3, 4]),
    ("7.4", &[1, 2, 3]),
    ("8.1", &[1, 2, 3, 4]),
    ("8.2", &[1, 2, 3]),
    ("8.3", &[1, 2, 3, 4, 5, 6, 7, 8]),
    ("9.1", &[1, 2, 3]),
    ("9.2", &[1, 2, 3, 4]),
    ("10.2", &[1, 2]),
    ("10.3", &[1, 2, 3]),
    ("11.1", &[1, 2, 3, 4, 5, 6, 7, 8]),
    ("12.1", &[1, 2, 3]),
    ("12.2", &[1]),
    ("12.3", &[1, 2, 3, 4, 5, 6]),
    ("12.4", &[1, 2]),
    ("12.5", &[1, 2]),
    ("12.6", &[1]),
    ("13.1", &[1, 3, 4, 5]),
    ("13.2", &[1, 2, 3, 5, 6]),
    ("13.3", &[1, 2]),
    ("13.4", &[1, 2]),
    ("14.1", &[1, 2, 3, 4]),
    ("14.2", &[1, 2, 3, 4, 5, 6]),
    ("14.3", &[2, 3]),
    ("14.4", &[1, 2, 3, 4, 5, 6, 7]),
    ("14.5", &[1, 2, 3, 4]),
];
const STATES: [&str; 4] = ["met", "in part", "not met", "n/a"];
/// How the names of files end.
const ENDINGS: [&str; 8] = [".rs", ".md", ".toml", ".lock", ".html", ".service", ".svg", ".sh"];
/// A shorter word is no name of a test.
const TEST_NAME_CHARS_MIN: usize = 20;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of requirements: id, what it asks for, state, evidence.
fn rows(page: &str) -> Vec<[&str; 4]> {
    let is_row = |cells: &Vec<&str>| {
        cells.len() == 4
            && cells[0].split('.').count() == 3
            && cells[0].split('.').all(|part| part.parse::<u32>().is_ok())
    };
    page.lines()
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>())
        .filter(is_row)
        .filter_map(|cells| cells.try_into().ok())
        .collect()
}

fn page() -> String {
    fs::read_to_string(root().join("docs/threats.md")).expect("the page")
}

#[test]
fn every_requirement_stands_there_once_in_order_with_a_state() {
    let page = page();
    let rows = rows(&page);
    let wanted: Vec<String> = REQUIRED
        .iter()
        .flat_map(|(section, numbers)| numbers.iter().map(move |number| format!("{section}.{number}")))
        .collect();
    let found: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(found, wanted);
    for [id, asks, state, evidence] in &rows {
        assert!(STATES.contains(state), "{id}: {state} is no state");
        assert!(!asks.is_empty() && !evidence.is_empty(), "{id} says nothing");
    }
    let count = |state: &str| rows.iter().filter(|row| row[2] == state).count();
    let all = format!(
        "| all {} | {} | {} | {} | {} |",
        rows.len(),
        count("met"),
        count("in part"),
        count("not met"),
        count("n/a")
    );
    assert!(page.contains(&all), "the sums are not `{all}`");
}

#[test]
fn the_evidence_exists_and_nothing_is_met_without_any() {
    let mut tests = BTreeSet::new();
    let mut waiting = vec![root().join("src"), root().join("tests")];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).expect("listed") {
            let path = entry.expect("listed").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                tests.extend(tests_in(&path));
            }
        }
    }
    assert!(tests.len() > 500, "{} tests", tests.len());
    let mut missing = BTreeMap::new();
    let page = page();
    for [id, _, state, evidence] in rows(&page) {
        let mut named = 0;
        for word in evidence.split('`').skip(1).step_by(2) {
            let exists = if ENDINGS.iter().any(|ending| word.ends_with(ending)) {
                root().join(word).exists()
            } else if word.len() >= TEST_NAME_CHARS_MIN
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
            {
                tests.contains(word)
            } else {
                continue;
            };
            named += 1;
            if !exists {
                missing.insert(id, word);
            }
        }
        if matches!(state, "met") && named == 0 {
            missing.insert(id, "evidence");
        }
    }
    assert!(missing.is_empty(), "named and not there: {missing:#?}");
}

/// The names of the tests of a file.
fn tests_in(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("read");
    let behind = text.split("test").skip(1).filter(|rest| rest.starts_with(']') || rest.starts_with('('));
    let name = |rest: &str| {
        let at = rest.find("fn ")? + 3;
        let name: String = rest[at..].chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        Some(name)
    };
    behind.filter_map(name).collect()
}

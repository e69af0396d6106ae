//! The table of clauses says what is true: what it names exists, and what exists is named.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::run;

/// Set to anything, this variable has the test write the page.
const WRITE: &str = "WANGLOU_WRITE_DOCS";
/// Clauses of the five texts, and of the law since.
const CLAUSES: usize = 157 + 14;

/// Id, state, what shows it, what is missing.
type Row = (String, String, Vec<String>, String);

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("rules/clauses.tsv")).expect("the table");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [id, state, shown, missing, _] = cells[..] else { panic!("{line}") };
            let shown = shown.split("; ").filter(|name| !name.is_empty()).map(str::to_owned).collect();
            (id.to_owned(), state.to_owned(), shown, missing.to_owned())
        })
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("listed") {
        let path = entry.expect("listed").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(path).expect("read"));
        }
    }
}

/// Names of all functions that stand behind a mark of a test, in `src` and `tests`.
fn tests() -> BTreeSet<String> {
    let mut texts = Vec::new();
    sources(&root().join("src"), &mut texts);
    sources(&root().join("tests"), &mut texts);
    // Between the mark and the name only other marks and comments may stand.
    let test = regex::Regex::new(r"#\[(?:tokio::)?test[^\n]*\n(?:\s*(?:#\[|//)[^\n]*\n)*\s*(?:async )?fn (\w+)");
    let test = test.expect("a pattern");
    texts.iter().flat_map(|text| test.captures_iter(text).map(|found| found[1].to_owned())).collect()
}

/// Whether a name of the table stands for a test.
fn stands_for(name: &str, test: &str) -> bool {
    name.strip_suffix('*').map_or(name == test, |begin| test.starts_with(begin))
}

#[test]
fn every_clause_stands_once_and_what_shows_it_exists() {
    let (rows, tests) = (rows(), tests());
    let ids: BTreeSet<&str> = rows.iter().map(|(id, ..)| id.as_str()).collect();
    assert_eq!((rows.len(), ids.len()), (CLAUSES, CLAUSES), "a clause is missing or stands there twice");
    let mut wrong = Vec::new();
    for (id, state, shown, missing) in &rows {
        let (commands, named): (Vec<&String>, Vec<&String>) =
            shown.iter().partition(|name| name.starts_with("wanglou "));
        for name in &named {
            if !tests.iter().any(|test| stands_for(name, test)) {
                wrong.push(format!("{id} names the test {name}, which does not exist"));
            }
        }
        for command in commands {
            let words: Vec<&str> = command.split(' ').skip(1).take_while(|word| !word.starts_with("--")).collect();
            if run(&[&words[..], &["--help"]].concat()).status != 0 {
                wrong.push(format!("{id} names `{command}`, which is no command"));
            }
        }
        if state == "works" && named.is_empty() {
            wrong.push(format!("{id} works and no test shows it"));
        }
        if state != "works" && missing.is_empty() {
            wrong.push(format!("{id} does not say what is missing"));
        }
    }
    assert!(wrong.is_empty(), "rules/clauses.tsv:\n{}", wrong.join("\n"));
}

#[test]
fn every_test_of_a_clause_is_named_by_the_table() {
    let rows = rows();
    let named: Vec<&String> = rows.iter().flat_map(|(_, _, shown, _)| shown).collect();
    let unnamed: Vec<String> = tests()
        .into_iter()
        .filter(|test| test.starts_with("clause_") && !named.iter().any(|name| stands_for(name, test)))
        .collect();
    assert!(unnamed.is_empty(), "rules/clauses.tsv names none of {unnamed:?}");
}

#[test]
fn the_page_of_clauses_is_what_the_table_says() {
    let page = run(&["clauses", "--markdown"]).good().out;
    let path = root().join("docs/clauses.md");
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, page).expect("written");
    } else {
        let listed = fs::read_to_string(&path).expect("the page");
        assert_eq!(listed, page, "docs/clauses.md is out of date: run this test once with {WRITE}=1");
    }
}

#[test]
fn clauses_are_listed_by_state_and_as_json() {
    let missing = rows().into_iter().filter(|(_, state, ..)| state == "missing").count();
    let told: serde_json::Value =
        serde_json::from_str(&run(&["clauses", "--state", "missing", "--json"]).good().out).expect("JSON");
    let listed = told.as_array().expect("a list");
    assert!(listed.len() == missing && listed.iter().all(|clause| clause["state"] == "missing"), "{told}");
    assert!(run(&["clauses"]).good().out.contains("3-48  已做到"));
}

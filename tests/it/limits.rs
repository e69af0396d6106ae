//! `docs/limits.md` lists every bound as the code has it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use wanglou::vocabulary::Bound;
use wanglou::{archive, collect, config, index, lexicon, pipeline, store, web};

/// Set to anything, this variable has the test write the page.
const WRITE: &str = "WANGLOU_WRITE_DOCS";

const HEAD: &str = "# Limits\n\nWhat comes from outside is bounded where it is read. This page is made of the code \
    (`tests/it/limits.rs`): a bound that changes there without this page fails the tests.\n";

fn page() -> String {
    let rooms: [(&str, &[Bound]); 10] = [
        ("Sources: pages, feeds, letters, folders", collect::BOUNDS),
        ("Files that notices link to", wanglou::office::BOUNDS),
        ("Files that people bring, and archives", archive::BOUNDS),
        ("Documents", wanglou::vocabulary::BOUNDS),
        ("Visitors: connections, requests, streams", web::BOUNDS),
        ("Searches", index::BOUNDS),
        ("Saved searches", store::BOUNDS),
        ("What people do with alerts, criteria", pipeline::BOUNDS),
        ("Rules and dictionaries", lexicon::bounds::BOUNDS),
        ("Settings", config::BOUNDS),
    ];
    let mut page = HEAD.to_owned();
    for (room, bounds) in rooms {
        _ = write!(page, "\n## {room}\n\n| what | at most | beyond it | name |\n|---|---|---|---|\n");
        for Bound { name, what, value, unit, beyond } in bounds {
            let what = what.trim_end_matches('.').replace('|', "\\|");
            _ = writeln!(page, "| {what} | {} {unit} | {beyond} | `{name}` |", grouped(*value));
        }
    }
    page
}

/// A number with its thousands apart.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[test]
fn the_docs_list_every_bound_as_the_code_has_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md");
    let page = page();
    if std::env::var_os(WRITE).is_some() {
        fs::write(&path, page).expect("written");
    } else {
        let listed = fs::read_to_string(&path).expect("the page");
        assert_eq!(listed, page, "docs/limits.md is out of date: run this test once with {WRITE}=1");
    }
}

#[test]
fn numbers_are_read_in_groups() {
    assert_eq!([0, 999, 1_000, 1_048_576].map(grouped), ["0", "999", "1,000", "1,048,576"]);
}

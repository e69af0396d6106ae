//! The table of kinds in `docs/telling.md` is made of what the kinds say of themselves.
#![expect(clippy::disallowed_methods, reason = "a test that reads and writes a page of the docs")]

use std::fmt::Write;
use std::path::PathBuf;

use vocabulary::EndpointKind;

use crate::{AddressForm, Secret, assumed_kind, manual};

/// What stands around the table.
const BEGIN: &str = "<!-- made by deliver::tests::docs: begin -->\n";
const END: &str = "<!-- made by deliver::tests::docs: end -->\n";
/// Set to anything, this variable has the test write the table.
const WRITE: &str = "WANGLOU_WRITE_DOCS";

fn table() -> String {
    let mut table = "| kind | made with | goes as |\n|---|---|---|\n".to_owned();
    for kind in EndpointKind::ALL.iter().copied() {
        let manual = manual(kind);
        let by_name = matches!(manual.address, AddressForm::Receiver { .. });
        let mut options = if assumed_kind(by_name) == Some(kind) { String::new() } else { format!("--kind {kind} ") };
        options += if by_name { "--to ADDRESS" } else { "--url URL" };
        if matches!(manual.secret, Secret::Given) {
            options += " [--secret SECRET]";
        }
        _ = writeln!(table, "| `{kind}` | `{options}` | {} |", manual.en);
    }
    table
}

#[test]
fn the_docs_list_the_kinds_as_they_are() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/telling.md"));
    let page = std::fs::read_to_string(&path).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("where the table begins");
    let (listed, after) = rest.split_once(END).expect("where the table ends");
    let table = table();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, [before, BEGIN, &table, END, after].concat()).expect("written");
    } else {
        assert_eq!(listed, table, "docs/telling.md is out of date: run this test once with {WRITE}=1");
    }
}

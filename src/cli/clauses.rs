//! `wanglou clauses`: what the standards and opinions ask, clause by clause, what shows that it is done, and what is missing.

use std::fmt::Write as _;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::lang::{pick, tr};
use super::{Failure, say};

/// The table: id, state, tests or commands that show it, what is missing, what is asked.
const TABLE: &str = include_str!("../../rules/clauses.tsv");

/// Families of clauses by the first digit of their ids, with the text that they are of.
const FAMILIES: [(&str, &str); 6] = [
    ("3", "DB33/T 980, monitoring of the quality of goods sold online"),
    ("1", "GB/T 37538, drafting notes"),
    ("2", "Opinion on the supervision of consumer goods (2014)"),
    ("0", "Guide to the safety of smart consumer goods, drafting notes"),
    ("4", "Expert bodies of voluntary certification, drafting notes"),
    ("5", "The law since 2024"),
];

/// What stands above the tables of the page.
const HEAD: &str = "\
# Clauses

What the standards and opinions that this program follows ask for, and where it stands. This page is made of
[rules/clauses.tsv](../rules/clauses.tsv) by `wanglou clauses --markdown` (`tests/it/clauses.rs`). **works**: somebody can do it today, and a test that
is named would fail without it; what stands under “missing” is then a limit of it. **partly**: some of it is there. A name with `*` at its end stands for
all tests whose names begin so.
";

#[derive(Debug, Args)]
pub(super) struct ClausesArgs {
    /// Only clauses that stand so
    #[arg(long)]
    state: Option<State>,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
    /// As the page `docs/clauses.md`
    #[arg(long, conflicts_with_all = ["state", "json"])]
    markdown: bool,
}

/// Where a clause stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
enum State {
    /// A test shows it
    Works,
    /// Part of it is there
    Partly,
    /// It is not there
    Missing,
}

impl State {
    const ALL: [Self; 3] = [Self::Works, Self::Partly, Self::Missing];

    fn code(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Partly => "partly",
            Self::Missing => "missing",
        }
    }

    fn zh(self) -> &'static str {
        match self {
            Self::Works => "已做到",
            Self::Partly => "做到一部分",
            Self::Missing => "还没有",
        }
    }
}

/// A clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Clause {
    id: &'static str,
    asks: &'static str,
    state: State,
    shown_by: Vec<&'static str>,
    missing: &'static str,
}

/// The clauses of the table; what is wrong with the first line that is none.
fn clauses() -> Result<Vec<Clause>, String> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(clause).collect()
}

fn clause(line: &'static str) -> Result<Clause, String> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [id, state, shown_by, missing, asks] = cells[..] else {
        return Err(format!("rules/clauses.tsv: `{line}` has {} cells, expected 5", cells.len()));
    };
    let found = State::ALL.into_iter().find(|known| known.code() == state);
    let state = found.ok_or_else(|| format!("rules/clauses.tsv: {id}: `{state}` is no state"))?;
    let shown_by = shown_by.split("; ").filter(|name| !name.is_empty()).collect();
    Ok(Clause { id, asks, state, shown_by, missing })
}

pub(super) fn run(args: &ClausesArgs) -> Result<(), Failure> {
    let all = clauses().map_err(|why| Failure::Work(anyhow!(why)))?;
    if args.markdown {
        return say(page(&all).trim_end());
    }
    let wanted: Vec<&Clause> =
        all.iter().filter(|clause| args.state.is_none_or(|state| state == clause.state)).collect();
    if args.json {
        return say(serde_json::to_string_pretty(&wanted)?);
    }
    for Clause { id, asks, state, shown_by, missing } in &wanted {
        say(format_args!("{id}  {}  {asks}", pick(state.zh(), state.code())))?;
        if !shown_by.is_empty() {
            say(tr!("      证明：{}", "      shown by {}", shown_by.join(", ")))?;
        }
        if !missing.is_empty() {
            say(tr!("      缺：{missing}", "      missing: {missing}"))?;
        }
    }
    say(counts(&wanted))
}

fn counts(clauses: &[&Clause]) -> String {
    let [works, partly, missing] =
        State::ALL.map(|state| clauses.iter().filter(|clause| clause.state == state).count());
    let all = clauses.len();
    tr!(
        "共 {all} 条：已做到 {works}，做到一部分 {partly}，还没有 {missing}",
        "{all} clauses: {works} work, {partly} partly, {missing} missing"
    )
}

/// The page of the docs: English, whatever the language of the run.
fn page(clauses: &[Clause]) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n| family | works | partly | missing |\n|---|---|---|---|\n");
    let of = |family: &'static str| clauses.iter().filter(move |clause| clause.id.starts_with(family));
    for (family, title) in FAMILIES.into_iter().chain([("", "all")]) {
        let [works, partly, missing] =
            State::ALL.map(|state| of(family).filter(|clause| clause.state == state).count());
        _ = writeln!(page, "| {title} | {works} | {partly} | {missing} |");
    }
    for (family, title) in FAMILIES {
        _ = write!(page, "\n## {title}\n\n| id | asks | state | shown by | missing |\n|---|---|---|---|---|\n");
        for Clause { id, asks, state, shown_by, missing } in of(family) {
            let shown: Vec<String> = shown_by.iter().map(|name| format!("`{name}`")).collect();
            let (asks, state, shown) = (asks.replace('|', "\\|"), state.code(), shown.join(", "));
            _ = writeln!(page, "| {id} | {asks} | {state} | {shown} | {missing} |");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_clause_of_a_family() {
        let all = clauses().expect("good");
        for clause in &all {
            assert!(FAMILIES.iter().any(|(family, _)| clause.id.starts_with(family)), "{}", clause.id);
            assert!(!clause.asks.is_empty(), "{}", clause.id);
            assert!(clause.state == State::Works || !clause.missing.is_empty(), "{}: what is missing?", clause.id);
        }
        assert!(clause("3-01\tworks").is_err());
        assert!(clause("3-01\tdone\t\t\tx").is_err());
    }
}

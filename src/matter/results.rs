//! A file of results of single samples (检验结果, clauses 3-12, 3-40 to 3-44), one tested item a row, read strictly.
//!
//! In: the text of a CSV or NDJSON file. Out: results, each of the rows of one sample and report that follow one another, and whatever is none,
//! with its lines and the reason. A row that is wrong takes its whole result with it: a result without the item that failed would tell of goods
//! that conform. Not here: files, the store, whether a result may be entered now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;
use vocabulary::{AlertId, ItemVerdict, Refused, Said, SampleId, TestedItem, VerdictBasis, Work, refused};

/// Columns of a file of results. `stated` may be left out.
pub const COLUMNS: [&str; 13] = [
    "alert_id",
    "sample",
    "platform",
    "item_id",
    "report",
    "tested_on",
    "item",
    "standard",
    "stated",
    "measured",
    "verdict",
    "basis",
    "conforms",
];
/// The column that may be left out.
const STATED: &str = "stated";
/// Columns that say which result a row is part of.
const KEYS: [&str; 3] = ["alert_id", "sample", "report"];
/// Columns that are the same in all rows of a result.
const SHARED: [&str; 5] = ["platform", "item_id", "tested_on", "basis", "conforms"];

/// A result as a file tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct FileResult {
    /// Its lines in the file, counted from 1.
    pub lines: Vec<u64>,
    /// The matter that it is about.
    pub alert: AlertId,
    /// What was found.
    pub work: Work,
    /// What tells it from every other result of the matter: the same file again brings nothing new.
    pub key: String,
}

impl FileResult {
    /// Why the result is not taken in, told with its lines.
    #[must_use]
    pub fn bad(&self, reason: Refused) -> BadRows {
        BadRows { at: self.lines.first().copied().unwrap_or(1), lines: self.lines.clone(), reason }
    }
}

/// Rows that make no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {at}: {reason}{}", whole(.lines).1)]
pub struct BadRows {
    /// The line that is wrong.
    pub at: u64,
    /// All lines of the result that it takes with it.
    pub lines: Vec<u64>,
    /// What was found and what was expected.
    pub reason: Refused,
}

/// Which lines are not taken in, in both languages; nothing for a single one.
fn whole(lines: &[u64]) -> (String, String) {
    if lines.len() < 2 {
        return (String::new(), String::new());
    }
    let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
    (
        format!("（第 {} 行整份结果未收）", lines.join("、")),
        format!(" (the result of lines {} is not taken in)", lines.join(", ")),
    )
}

impl Said for BadRows {
    fn zh(&self) -> String {
        format!("第 {} 行：{}{}", self.at, self.reason.zh, whole(&self.lines).0)
    }
}

type Row = BTreeMap<String, String>;
type Key = [String; 3];

/// A row as it stands in the file.
#[derive(Debug, Clone)]
struct Line {
    number: u64,
    /// The cells that could be read.
    cells: Row,
    /// Why it is no row.
    wrong: Option<Refused>,
}

impl Line {
    fn cell(&self, name: &str) -> &str {
        self.cells.get(name).map_or("", String::as_str)
    }

    /// Which result it says that it is part of.
    fn key(&self) -> Option<Key> {
        let key = KEYS.map(|name| self.cell(name).to_owned());
        key.iter().all(|part| !part.is_empty()).then_some(key)
    }

    fn needed(&self, name: &str) -> Result<&str, Refused> {
        match self.cell(name) {
            "" => Err(refused!("`{name}` 是空的", "`{name}` is empty")),
            text => Ok(text),
        }
    }
}

/// Rows that follow one another and are of one result; without a key a row that cannot be read.
#[derive(Debug)]
struct Group {
    key: Option<Key>,
    rows: Vec<Line>,
}

impl Group {
    fn bad(&self, at: u64, reason: Refused) -> BadRows {
        BadRows { at, lines: self.rows.iter().map(|row| row.number).collect(), reason }
    }
}

/// Reads a file of results: CSV with a header, or one JSON object a line (`ndjson`); columns and keys are [`COLUMNS`].
///
/// # Errors
/// [`BadRows`] for line 1 when the header names an unknown column or lacks one that is needed; nothing is read then.
pub fn results(text: &str, ndjson: bool) -> Result<Vec<Result<FileResult, BadRows>>, BadRows> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let groups = grouped(if ndjson { objects(text) } else { records(text)? });
    let (mut met, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for key in groups.iter().filter_map(|group| group.key.as_ref()) {
        if !met.insert(key) {
            twice.insert(key.clone());
        }
    }
    let unread = |at: Option<usize>| {
        at.and_then(|at| groups.get(at)).filter(|beside| beside.key.is_none()).and_then(|beside| beside.rows.first())
    };
    let read = |(at, group): (usize, &Group)| {
        let beside = unread(at.checked_sub(1)).or_else(|| unread(at.checked_add(1)));
        result(group, beside.map(|row| row.number), &twice)
    };
    Ok(groups.iter().enumerate().map(read).collect())
}

/// Puts rows of one result together. A row that cannot be read is part of the result that it names when a row beside it names the same;
/// else it may be of either.
fn grouped(lines: Vec<Line>) -> Vec<Group> {
    let named: Vec<Option<Key>> = lines.iter().map(|line| line.wrong.is_none().then(|| line.key()).flatten()).collect();
    let beside = |at: usize, key: &Key| {
        let near = [at.checked_sub(1), at.checked_add(1)];
        near.into_iter().flatten().any(|at| named.get(at).and_then(Option::as_ref) == Some(key))
    };
    let mut groups: Vec<Group> = Vec::new();
    for (at, line) in lines.into_iter().enumerate() {
        let key = match line.wrong {
            None => line.key(),
            Some(_) => line.key().filter(|key| beside(at, key)),
        };
        match groups.last_mut() {
            Some(last) if key.is_some() && last.key == key => last.rows.push(line),
            _ => groups.push(Group { key, rows: vec![line] }),
        }
    }
    groups
}

fn records(text: &str) -> Result<Vec<Line>, BadRows> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let bad = |reason: Refused| BadRows { at: 1, lines: vec![1], reason };
    let header = reader.headers().map_err(|error| bad(Refused::quoted(error)))?;
    let header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(name) = header.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        let known = COLUMNS.join(", ");
        return Err(bad(refused!("不认识列 `{name}`；有：{known}", "column `{name}` is not known; known: {known}")));
    }
    for needed in COLUMNS.iter().filter(|name| **name != STATED) {
        if !header.iter().any(|name| name == needed) {
            return Err(bad(refused!("没有列 `{needed}`", "there is no column `{needed}`")));
        }
    }
    let mut lines = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let counted = at as u64 + 2;
        lines.push(match record {
            Ok(record) => {
                let wrong = (record.len() != header.len()).then(|| {
                    refused!(
                        "{} 格：应为 {} 格，与表头相同",
                        "{} cells: expected {}, as in the header",
                        record.len(),
                        header.len()
                    )
                });
                let number = record.position().map_or(counted, csv::Position::line);
                let cells = record.iter().map(|cell| cell.trim().to_owned());
                Line { number, cells: header.iter().cloned().zip(cells).collect(), wrong }
            }
            Err(error) => {
                let number = error.position().map_or(counted, csv::Position::line);
                Line { number, cells: Row::new(), wrong: Some(Refused::quoted(error)) }
            }
        });
    }
    Ok(lines)
}

fn objects(text: &str) -> Vec<Line> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| object(at as u64 + 1, line)).collect()
}

fn object(number: u64, line: &str) -> Line {
    let unread = |wrong: Refused| Line { number, cells: Row::new(), wrong: Some(wrong) };
    let found = match serde_json::from_str(line) {
        Ok(Value::Object(found)) => found,
        Ok(_) => return unread(refused!("应为一个 JSON 对象", "expected one JSON object")),
        Err(error) => return unread(Refused::quoted(error)),
    };
    let (mut cells, mut wrong) = (Row::new(), None);
    for (key, value) in found {
        let text = match value {
            _ if !COLUMNS.contains(&key.as_str()) => Err(refused!("不认识键 `{key}`", "key `{key}` is not known")),
            Value::Null => Ok(String::new()),
            Value::String(text) => Ok(text.trim().to_owned()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(yes) => Ok(if yes { "yes" } else { "no" }.to_owned()),
            _ => Err(refused!("`{key}` 应为文字或数", "`{key}` must be a text or a number")),
        };
        match text {
            Ok(text) => _ = cells.insert(key, text),
            Err(why) => wrong = wrong.or(Some(why)),
        }
    }
    Line { number, cells, wrong }
}

/// `beside`: the line of a row next to it that cannot be read and may be part of it.
fn result(group: &Group, beside: Option<u64>, twice: &BTreeSet<Key>) -> Result<FileResult, BadRows> {
    if let Some((at, why)) = group.rows.iter().find_map(|row| row.wrong.as_ref().map(|why| (row.number, why))) {
        return Err(group.bad(at, why.clone()));
    }
    let Some(first) = group.rows.first() else {
        return Err(group.bad(1, refused!("没有行", "there is no row")));
    };
    let at_first = |why: Refused| group.bad(first.number, why);
    let Some(key) = &group.key else {
        let empty = KEYS.iter().find_map(|name| first.needed(name).err());
        return Err(at_first(empty.unwrap_or_else(|| refused!("无法读取", "it cannot be read"))));
    };
    if twice.contains(key) {
        return Err(at_first(refused!(
            "同一样品、同一报告的行没有连在一起",
            "the rows of this sample and report do not follow one another"
        )));
    }
    if let Some(unread) = beside {
        return Err(at_first(refused!(
            "第 {unread} 行看不出属于哪份结果，可能是这一份",
            "line {unread} does not say which result it is of: it may be of this one"
        )));
    }
    for row in &group.rows {
        if let Some(name) = SHARED.iter().find(|name| row.cell(name) != first.cell(name)) {
            return Err(group.bad(
                row.number,
                refused!(
                    "`{name}` 为“{0}”，而第 {2} 行为“{1}”：同一份结果应相同",
                    "`{name}` is `{0}`, in line {2} it is `{1}`: in one result it is the same",
                    row.cell(name),
                    first.cell(name),
                    first.number
                ),
            ));
        }
    }
    let items = group.rows.iter().map(|row| tested(row).map_err(|why| group.bad(row.number, why)));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let [alert, sample, report] = key;
    let work = of(first, sample, report, items).map_err(at_first)?;
    let lines = group.rows.iter().map(|row| row.number).collect();
    let key = format!("report/{sample}/{report}");
    Ok(FileResult { lines, alert: AlertId::new(alert.as_str()), work, key })
}

fn tested(row: &Line) -> Result<TestedItem, Refused> {
    let found = row.needed("verdict")?;
    let verdict = ItemVerdict::ALL.iter().find(|verdict| verdict.code() == found || verdict.zh() == found);
    let verdict = *verdict.ok_or_else(|| {
        refused!(
            "`verdict` 为“{found}”：应为 pass（合格）、fail（不合格）或 unjudged（不判定）",
            "`verdict` is `{found}`: expected pass, fail or unjudged"
        )
    })?;
    Ok(TestedItem {
        item: row.needed("item")?.to_owned(),
        standard: row.needed("standard")?.to_owned(),
        stated: row.cell(STATED).to_owned(),
        measured: row.needed("measured")?.to_owned(),
        verdict,
    })
}

/// The result of rows that agree with the first.
fn of(first: &Line, sample: &str, report: &str, items: Vec<TestedItem>) -> Result<Work, Refused> {
    let found = first.needed("tested_on")?;
    let tested_on: Date = found.parse().map_err(|_| {
        refused!(
            "`tested_on` 为“{found}”：应为日期，如 2026-03-15",
            "`tested_on` is `{found}`: expected a day as 2026-03-15"
        )
    })?;
    let found = first.needed("basis")?;
    let basis = VerdictBasis::ALL.iter().find(|basis| basis.code() == found || basis.zh() == found);
    let basis = *basis.ok_or_else(|| {
        refused!(
            "`basis` 为“{found}”：应为 standard、stated 或 monitoring",
            "`basis` is `{found}`: expected standard, stated or monitoring"
        )
    })?;
    let conforms = match first.needed("conforms")? {
        "yes" | "true" | "是" => true,
        "no" | "false" | "否" => false,
        found => {
            return Err(refused!(
                "`conforms` 为“{found}”：应为 yes 或 no",
                "`conforms` is `{found}`: expected yes or no"
            ));
        }
    };
    Ok(Work::Result {
        sample: SampleId::new(sample),
        platform: first.needed("platform")?.to_owned(),
        item_id: first.needed("item_id")?.to_owned(),
        report: report.to_owned(),
        tested_on,
        items,
        basis,
        conforms,
        again: false,
        confirmed_by: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "alert_id,sample,platform,item_id,report,tested_on,item,standard,stated,measured,verdict,basis,conforms";

    fn row(sample: &str, report: &str, item: &str, verdict: &str) -> String {
        format!("wl-1,{sample},商城,i1,{report},2026-03-15,{item},GB 31241-2022,不起火,未起火,{verdict},standard,yes")
    }

    fn read(rows: &[String]) -> Vec<Result<FileResult, BadRows>> {
        results(&format!("{HEAD}\n{}\n", rows.join("\n")), false).expect("a header")
    }

    #[test]
    fn rows_of_one_sample_and_report_make_one_result() {
        let read = read(&[
            row("s1", "R1", "热滥用", "pass"),
            row("s1", "R1", "过充", "合格"),
            row("s2", "R2", "过充", "pass"),
        ]);
        let good: Vec<&FileResult> = read.iter().map(|one| one.as_ref().expect("good")).collect();
        assert_eq!(good.iter().map(|one| one.lines.clone()).collect::<Vec<_>>(), [vec![2, 3], vec![4]]);
        let Work::Result { items, conforms, .. } = &good[0].work else { panic!("a result") };
        assert_eq!((items.len(), *conforms, good[0].key.as_str()), (2, true, "report/s1/R1"));
    }

    #[test]
    fn clause_3_12_a_wrong_row_takes_its_whole_result_with_it_and_no_other() {
        let rows =
            [row("s1", "R1", "热滥用", "pass"), row("s1", "R1", "过充", "good"), row("s2", "R2", "过充", "pass")];
        let read = read(&rows);
        let bad = read[0].as_ref().expect_err("refused");
        assert_eq!((bad.at, bad.lines.as_slice()), (3, &[2, 3][..]));
        assert!(bad.zh().starts_with("第 3 行：`verdict` 为“good”"), "{}", bad.zh());
        assert!(bad.to_string().ends_with("(the result of lines 2, 3 is not taken in)"), "{bad}");
        assert!(read[1].is_ok());
    }

    #[test]
    fn a_row_that_cannot_be_read_takes_with_it_what_it_may_be_part_of() {
        // It names the result before it.
        let short = "wl-1,s1,商城,i1,R1".to_owned();
        let found = read(&[row("s1", "R1", "热滥用", "pass"), short, row("s2", "R2", "过充", "pass")]);
        assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
        assert!(found[0].as_ref().expect_err("refused").reason.en.contains("5 cells: expected 13"));
        // It names none: it may be of the one before or behind it.
        let rows = [
            row("s1", "R1", "a", "pass"),
            "nonsense".to_owned(),
            row("s2", "R2", "b", "pass"),
            row("s3", "R3", "c", "pass"),
        ];
        let found = read(&rows);
        assert_eq!(found.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, false, false, true]);
        assert!(found[2].as_ref().expect_err("refused").reason.en.contains("line 3 does not say"));
    }

    #[test]
    fn rows_that_contradict_one_another_or_stand_apart_are_refused() {
        let rows = [row("s1", "R1", "a", "pass"), row("s1", "R1", "b", "pass").replace("2026-03-15", "2026-03-16")];
        let bad = read(&rows).remove(0).expect_err("refused");
        assert!(bad.at == 3 && bad.reason.zh.contains("`tested_on` 为“2026-03-16”，而第 2 行"), "{bad}");
        let rows = [row("s1", "R1", "a", "pass"), row("s2", "R2", "b", "pass"), row("s1", "R1", "c", "pass")];
        assert_eq!(read(&rows).iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false]);
        let empty = row("", "R1", "a", "pass");
        assert_eq!(read(&[empty]).remove(0).expect_err("refused").reason.en, "`sample` is empty");
    }

    #[test]
    fn a_header_that_is_wrong_is_told_and_lines_of_json_read_the_same() {
        assert!(results("id\nx\n", false).expect_err("refused").reason.en.contains("column `id` is not known"));
        let short = HEAD.replace("measured,", "");
        assert!(results(&short, false).expect_err("refused").reason.en.contains("no column `measured`"));
        let cells: serde_json::Map<String, Value> = HEAD
            .split(',')
            .zip(row("s1", "R1", "热滥用", "pass").split(','))
            .map(|(name, cell)| (name.to_owned(), Value::from(cell)))
            .collect();
        let line = Value::Object(cells).to_string();
        let read = results(&format!("{line}\n\nno json\n"), true).expect("read");
        assert_eq!(read.len(), 2);
        assert!(read[1].as_ref().expect_err("refused").at == 3);
    }
}

//! Files that a notice links to: which of them are asked for, and the documents of their tables.
//!
//! A file is a page of its own in the frontier, found on the notice's page as that was found on a list. What the notice says of itself goes with
//! it as hints; [`NOTICE`] among them tells a file from a page.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use scraper::{ElementRef, Selector};
use url::Url;

use super::bounds::{ADDRESS_BYTES_MAX, LINKED_FILES_MAX};
use super::fields::{CHANGED_AT, Fields, clip};
use super::grid::{Head, divided};
use super::harvest::{Context, Harvest, drop_doubles, keep};
use super::html;
use super::html_table::{self, fields_of};
use super::identity::{canonical, row_id};
use super::problem::{ASK_LATER, CHECK_BOUNDS, CHECK_HOSTS, CHECK_SELECTOR, Notes, READ_BY_HAND};
use super::recipe::{Attachments, Recipe};
use super::rules::{CssRule, HtmlTable};
use super::{charset, host};
use office::{Block, Kind, Paper, Reader, Table, Unread};

/// Hint and field: the address of the notice that links to the file.
pub(crate) const NOTICE: &str = "attachment_of";
/// Hint and field: the words of the link.
pub(crate) const WORDS: &str = "attachment";
/// The field that names all files which a notice links to.
const LINKED_FILES: &str = "linked_files";
/// Endings of files.
const ENDINGS: &[&str] = &["xls", "xlsx", "et", "csv", "doc", "docx", "wps", "pdf", "ofd", "zip", "rar", "7z"];
/// Words of a link that are kept, in characters.
const WORDS_CHARS: usize = 100;
/// Rows of a table that are looked at for its head.
const HEAD_ROWS: usize = 12;
static LINK: LazyLock<Option<Selector>> = LazyLock::new(|| Selector::parse("a[href]").ok());

/// A link to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linked {
    /// What the link says, on one line.
    pub(crate) words: String,
    pub(crate) url: Url,
}

/// The files that a notice links to, each once.
pub(crate) fn linked(notice: ElementRef<'_>, page: &Url) -> Vec<Linked> {
    let Some(link) = LINK.as_ref() else { return Vec::new() };
    let mut seen = BTreeSet::new();
    let links = notice.select(link).filter_map(|link| {
        let url = page.join(link.attr("href")?.trim()).ok()?;
        let ending = url.path().rsplit_once('.')?.1.to_ascii_lowercase();
        let is_file = matches!(url.scheme(), "http" | "https") && ENDINGS.contains(&ending.as_str());
        let words = html::text_of(link).replace('\n', " ");
        is_file.then(|| Linked { words: clip(&words, WORDS_CHARS).to_owned(), url })
    });
    links.filter(|linked| seen.insert(linked.url.clone())).take(LINKED_FILES_MAX).collect()
}

/// The files by name and address, a line each; none when there are none. Whoever reads the notice sees that its table is elsewhere.
pub(crate) fn named(linked: &[Linked]) -> Option<(&'static str, String)> {
    let lines: Vec<String> = linked.iter().map(|linked| format!("{} {}", linked.words, linked.url)).collect();
    (!lines.is_empty()).then(|| (LINKED_FILES, lines.join("\n")))
}

/// The files that are asked for, with what the notice says of itself. Those whose words the recipe names come before all others: only when
/// there are none is every file asked for that does not list what passed.
pub(crate) fn wanted(
    rules: &Attachments,
    linked: &[Linked],
    fields: &Fields,
    context: &Context<'_>,
    notes: &mut Notes<'_>,
) -> Vec<(Url, Fields)> {
    let says = |linked: &&Linked, word: &str| linked.words.contains(word) || decoded_path(&linked.url).contains(word);
    let mut chosen: Vec<&Linked> =
        linked.iter().filter(|linked| rules.words.iter().any(|word| says(linked, word))).collect();
    if chosen.is_empty() {
        let passed = |linked: &&Linked| says(linked, "合格") && !says(linked, "不合格");
        chosen = linked.iter().filter(|linked| !passed(linked)).collect();
    }
    let mut files = Vec::new();
    for linked in chosen {
        let host = linked.url.host_str().unwrap_or_default();
        if !host::is_within(&context.recipe.hosts, host) {
            let what = format!("a file of another host `{host}` is not asked for");
            notes.add(Some(rules.line), what, CHECK_HOSTS);
            continue;
        }
        let url = canonical(&linked.url, &context.recipe.drop_query);
        if url.as_str().len() > ADDRESS_BYTES_MAX {
            continue;
        }
        let mut hints = fields.clone();
        for name in ["text", "external_id", "url", CHANGED_AT, LINKED_FILES] {
            hints.remove(name);
        }
        hints.set(NOTICE, context.url.unwrap_or(context.page).as_str());
        hints.set(WORDS, &linked.words);
        files.push((url, hints));
    }
    files
}

fn decoded_path(url: &Url) -> String {
    url::form_urlencoded::parse(url.path().replace('+', "%2B").as_bytes()).map(|(path, _)| path.into_owned()).collect()
}

/// The documents of a file: the rows of its tables that have one of the recipe's columns; without such a table all that it says. What cannot
/// be read is told once and not asked for again.
pub(crate) fn of_file(
    rules: &Attachments,
    bytes: &[u8],
    hints: &Fields,
    reader: &Reader,
    context: &Context<'_>,
) -> Harvest {
    let mut notes = Notes::new(&context.recipe.lines, context.page);
    let mut harvest = Harvest::default();
    if Kind::of(bytes) == Kind::Page {
        of_page(rules, bytes, hints, context, &mut notes, &mut harvest);
    } else {
        match reader.read(bytes, context.page.path()) {
            Ok(papers) => {
                for (name, unread) in papers.left_out {
                    harvest.rejected.push(format!("{name}: {unread}"));
                    notes.add(Some(rules.line), format!("{name}: {unread}"), READ_BY_HAND);
                }
                for paper in papers.papers {
                    of_paper(rules, &paper, hints, context, &mut notes, &mut harvest);
                }
            }
            Err(unread) => {
                let advice = if matches!(unread, Unread::NoProcess(_)) { ASK_LATER } else { READ_BY_HAND };
                notes.add(Some(rules.line), format!("the file is not read: {unread}"), advice);
                harvest.is_final = !matches!(unread, Unread::NoProcess(_));
                harvest.rejected.push(unread.to_string());
                harvest.problems = notes.problems;
                return harvest;
            }
        }
    }
    if harvest.documents.is_empty() && harvest.rejected.is_empty() {
        harvest.rejected.push("the file says nothing".to_owned());
    }
    harvest.is_final = true;
    drop_doubles(&mut harvest);
    harvest.problems = notes.problems;
    harvest
}

/// HTML that is called a workbook, as older systems export it.
fn of_page(
    rules: &Attachments,
    bytes: &[u8],
    hints: &Fields,
    context: &Context<'_>,
    notes: &mut Notes<'_>,
    harvest: &mut Harvest,
) {
    let decoded = charset::decode(bytes, None, context.recipe.charset);
    let (page, _) = html::parse(&decoded.text);
    let Some(selector) = Selector::parse("table").ok() else { return };
    let rule = CssRule { text: "table".to_owned(), line: rules.line, selector };
    let table = HtmlTable { rule, columns: rules.columns.clone() };
    for row in html_table::rows_of(&page, &table, hints, notes) {
        keep_row(harvest, &row, context, notes);
    }
    if harvest.documents.is_empty() && harvest.rejected.is_empty() {
        let what = "a page came in place of the file, without a table that is known";
        notes.add(Some(rules.line), what, READ_BY_HAND);
        harvest.rejected.push(what.to_owned());
    }
}

fn of_paper(
    rules: &Attachments,
    paper: &Paper,
    hints: &Fields,
    context: &Context<'_>,
    notes: &mut Notes<'_>,
    harvest: &mut Harvest,
) {
    if let Some(cut) = &paper.cut {
        notes.add(Some(rules.line), format!("{}: {cut}", paper.name), CHECK_BOUNDS);
    }
    let tables =
        paper.blocks.iter().filter_map(|block| if let Block::Table(table) = block { Some(table) } else { None });
    let (mut rows, mut lacking) = (Vec::new(), Vec::new());
    for table in tables {
        rows.extend(rows_of(rules, table, hints, &mut lacking));
    }
    if rows.is_empty() {
        // A letter without a table, or tables of another kind: what they say is one document.
        let text = text_of(paper);
        if text.is_empty() {
            harvest.rejected.push(format!("{}: it says nothing", paper.name));
            return;
        }
        let mut fields = hints.clone();
        fields.set("text", &text);
        keep(harvest, &fields, context, Some(format!("#{}", row_id(&paper.name))), notes);
        return;
    }
    for names in lacking {
        let what = format!("{}: no column {names} in the head of its table", paper.name);
        notes.add(Some(rules.line), what, CHECK_SELECTOR);
    }
    for row in rows {
        if !notes.has_room_for(row.bytes()) {
            return;
        }
        keep_row(harvest, &row, context, notes);
    }
}

fn keep_row(harvest: &mut Harvest, row: &Fields, context: &Context<'_>, notes: &mut Notes<'_>) {
    // By its text, not by its number: a row that is added above makes no others new.
    let part = format!("#{}", row_id(row.get("text").unwrap_or_default()));
    keep(harvest, row, context, Some(part), notes);
}

/// The rows of a table that has one of the columns; `lacking` gains the names of those that the first such table has not.
fn rows_of(rules: &Attachments, table: &Table, hints: &Fields, lacking: &mut Vec<String>) -> Vec<Fields> {
    let rows = divided(&table.rows, HEAD_ROWS);
    let first = &rows[..rows.len().min(HEAD_ROWS)];
    let Some((head, below)) = Head::find(first, &rules.columns) else { return Vec::new() };
    let columns: Vec<(&str, Option<usize>)> =
        rules.columns.iter().map(|(field, names)| (field.as_str(), head.position(names))).collect();
    if columns.iter().all(|(_, at)| at.is_none()) {
        return Vec::new();
    }
    lacking.clear();
    let required =
        rules.columns.iter().zip(&columns).filter(|((field, _), (_, at))| field == "product" && at.is_none());
    lacking.extend(required.map(|((_, names), _)| format!("`{}`", names.join("`, `"))));
    let entries = head.entries(&rows, below, &table.seams);
    entries.iter().map(|cells| fields_of(&head, &columns, cells, hints)).collect()
}

/// All that a paper says.
fn text_of(paper: &Paper) -> String {
    let mut text = String::new();
    for block in &paper.blocks {
        match block {
            Block::Text(said) => text.push_str(said),
            Block::Table(table) => {
                for row in &table.rows {
                    let mut cells: Vec<&str> = row.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
                    cells.dedup();
                    text.push_str(&cells.join(" "));
                    text.push('\n');
                }
            }
        }
        text.push('\n');
    }
    text.trim().to_owned()
}

/// Whether a page of the frontier is a file of this recipe.
pub(crate) fn is_file<'r>(recipe: &'r Recipe, hints: &Fields) -> Option<&'r Attachments> {
    hints.get(NOTICE)?;
    recipe.detail.as_ref()?.attachments.as_ref()
}

//! Tables to items, a row each: CSV and TSV in any charset, workbooks. Pure: bytes in, items and problems out.

use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use super::fields::{Fields, Notes, set_by_rule};
use super::item::{Item, json_value};
use super::problem::{CHECK_BOUNDS, CHECK_CHARSET, CHECK_PAGE, CHECK_SELECTOR};
use super::recipe::{Place, Recipe, Sheet, TableFormat};
use super::{charset, identity};
use archive::read_sheet;

/// Columns of a table; further cells are not read.
const COLUMNS_MAX: usize = 500;
/// Bytes that a workbook may unpack to, for each byte that a page may have: sheets are packed about ten to one.
const UNPACKED_RATIO_MAX: u64 = 32;
/// How a file in the ZIP format begins, which workbooks are.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// Characters of the hash that names a row without an id.
const ROW_HASH_CHARS: usize = 20;

/// The rows of a table as items; why there are none is in `notes`.
pub(crate) fn read(
    recipe: &Recipe,
    sheet: &Sheet,
    bytes: &[u8],
    declared: Option<&str>,
    base: &Url,
    now: Timestamp,
    notes: &mut Notes<'_>,
) -> Vec<Item> {
    let rows_max = recipe.bounds.items_per_page_max + sheet.header_row as usize;
    let rows = match format_of(sheet, bytes) {
        TableFormat::Xlsx => of_workbook(recipe, sheet, bytes, rows_max, notes),
        format => of_text(recipe, format, bytes, declared, rows_max, notes),
    };
    let mut rows = rows.into_iter().filter(|(number, _)| *number >= sheet.header_row);
    let Some((_, headers)) = rows.next().filter(|(number, _)| *number == sheet.header_row) else {
        let row = sheet.header_row;
        notes.add(
            Some(sheet.line),
            format!("row {row}, which should name the columns, is empty or missing"),
            CHECK_SELECTOR,
        );
        return Vec::new();
    };
    check_columns(recipe, &headers, notes);
    rows.map(|(_, cells)| item(recipe, &headers, &cells, base, now, notes)).collect()
}

fn format_of(sheet: &Sheet, bytes: &[u8]) -> TableFormat {
    sheet.format.unwrap_or_else(|| {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let count = |wanted: char| line.matches(wanted).count();
        match bytes {
            _ if bytes.starts_with(ZIP_MAGIC) => TableFormat::Xlsx,
            _ if count('\t') > count(',') => TableFormat::Tsv,
            _ => TableFormat::Csv,
        }
    })
}

fn of_workbook(
    recipe: &Recipe,
    sheet: &Sheet,
    bytes: &[u8],
    rows_max: usize,
    notes: &mut Notes<'_>,
) -> Vec<(u32, Vec<String>)> {
    let unpacked_max = recipe.bounds.page_bytes_max as u64 * UNPACKED_RATIO_MAX;
    match read_sheet(bytes, sheet.name.as_deref(), rows_max, unpacked_max) {
        Ok(found) => {
            if let Some(cut) = found.cut {
                notes.add(None, cut, CHECK_BOUNDS);
            }
            found.rows
        }
        Err(problem) => {
            notes.add(Some(sheet.line), problem.to_string(), CHECK_PAGE);
            Vec::new()
        }
    }
}

/// Rows that are not whole are noted and left out; blank lines are no rows.
fn of_text(
    recipe: &Recipe,
    format: TableFormat,
    bytes: &[u8],
    declared: Option<&str>,
    rows_max: usize,
    notes: &mut Notes<'_>,
) -> Vec<(u32, Vec<String>)> {
    let decoded = charset::decode(bytes, declared, recipe.charset);
    for problem in decoded.problems {
        notes.add(None, problem, CHECK_CHARSET);
    }
    let tabs = format == TableFormat::Tsv;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(if tabs { b'\t' } else { b',' })
        .quoting(!tabs)
        .from_reader(decoded.text.as_bytes());
    let (mut rows, mut record, mut number) = (Vec::new(), csv::StringRecord::new(), 0_u32);
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(problem) => {
                notes.add(None, format!("a row cannot be read ({problem})"), CHECK_PAGE);
                continue;
            }
        }
        number += 1;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() >= rows_max {
            notes.add(None, format!("more than {rows_max} rows, the rest is not read"), CHECK_BOUNDS);
            break;
        }
        rows.push((number, record.iter().take(COLUMNS_MAX).map(|cell| cell.trim().to_owned()).collect()));
    }
    rows
}

/// Says which columns of the recipe the table does not have.
fn check_columns(recipe: &Recipe, headers: &[String], notes: &mut Notes<'_>) {
    for rule in &recipe.fields {
        let Place::Path(columns) = &rule.place else { continue };
        for column in columns.iter().flatten().filter(|column| !headers.contains(column)) {
            let known = headers.iter().filter(|header| !header.is_empty()).cloned().collect::<Vec<_>>().join(", ");
            let what = format!("column `{column}` of `{}` is not in the head: {known}", rule.name);
            notes.add(Some(rule.line), what, CHECK_SELECTOR);
        }
    }
}

/// A row as its columns' names and values, read by the rules; without a rule for the text, all of it is the text. A row without
/// an id is named by what it says: the same row again is the same document, wherever it stands.
fn item(
    recipe: &Recipe,
    headers: &[String],
    cells: &[String],
    base: &Url,
    now: Timestamp,
    notes: &mut Notes<'_>,
) -> Item {
    let named = || headers.iter().zip(cells).filter(|(header, cell)| !header.is_empty() && !cell.is_empty());
    let row: Map<String, Value> = named().map(|(header, cell)| (header.clone(), Value::String(cell.clone()))).collect();
    let row = Value::Object(row);
    let mut fields = Fields::default();
    for rule in &recipe.fields {
        set_by_rule(&mut fields, rule, &json_value(&row, rule), now, notes);
    }
    if !recipe.fields.iter().any(|rule| rule.name == "text") {
        let text: Vec<String> = named().map(|(header, cell)| format!("{header}：{cell}")).collect();
        fields.set("text", &text.join("；"));
    }
    let must_have_id = recipe.fields.iter().any(|rule| rule.name == "external_id" && rule.required);
    if fields.get("external_id").is_none() && !must_have_id {
        fields.set("external_id", &row_id(&row.to_string()));
    }
    let url = fields.get("url").and_then(|url| base.join(url).ok());
    Item { url: url.map(|url| identity::canonical(&url, &recipe.drop_query)), fields }
}

/// The name of a row that has none.
pub(crate) fn row_id(row: &str) -> String {
    format!("row:{}", &blake3::hash(row.as_bytes()).to_hex().as_str()[..ROW_HASH_CHARS])
}

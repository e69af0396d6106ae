//! Tables, a document a row: CSV and TSV in any charset, workbooks. Fetched, or files of a folder.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::Spanned;

use super::settings::Settings;
use super::{KindSpec, Page, SourceKind};
use crate::bounds::{COLUMN_NAME_CHARS_MAX, TABLE_COLUMNS_MAX, WORKBOOK_RATIO_MAX};
use crate::fields::{Fields, chosen, clip, set_by_rule};
use crate::identity::{canonical, row_id};
use crate::item::{Item, List, json_value};
use crate::problem::{CHECK_BOUNDS, CHECK_PAGE, CHECK_SELECTOR, Notes};
use crate::rules::check::Grammar;
use crate::rules::written::RawFields;
use crate::rules::{FieldRule, Place, RecipeError};
use archive::read_sheet;
use vocabulary::refused;

pub(super) const KIND: KindSpec =
    KindSpec { name: "table", list_keys: KEYS, takes_request: false, takes_unit: false, reads_files: true, read };

const KEYS: &[&str] = &["format", "sheet", "header_row", "fields"];
/// Highest number of the row with the names of the columns.
const HEADER_ROW_MAX: u32 = 100;
/// First bytes of a file in the ZIP format, which workbooks are.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// `[list]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSheet {
    format: Option<TableFormat>,
    sheet: Option<String>,
    header_row: Option<Spanned<u32>>,
    #[serde(default)]
    fields: RawFields,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TableFormat {
    Csv,
    Tsv,
    Xlsx,
}

#[derive(Debug)]
struct Sheet {
    /// None: known by the first bytes.
    format: Option<TableFormat>,
    /// Name of the sheet of a workbook; the first one when there is none.
    name: Option<String>,
    /// The row that has the names of the columns, counted from 1.
    header_row: u32,
    /// Line of `[list]`.
    line: usize,
    fields: Vec<FieldRule>,
}

/// A row: its number, counted from 1, and its cells.
type NumberedRow = (u32, Vec<String>);

fn read(settings: &Settings<'_>) -> Result<Arc<dyn SourceKind>, RecipeError> {
    let (raw, checker) = (settings.list::<RawSheet>(KEYS)?, settings.checker);
    if raw.sheet.is_some() && raw.format.is_some_and(|format| format != TableFormat::Xlsx) {
        return Err(settings.error_at_list(refused!(
            "`sheet` 只用于工作簿：`format = \"xlsx\"`",
            "`sheet` is for workbooks: `format = \"xlsx\"`"
        )));
    }
    let header_row = match &raw.header_row {
        None => 1,
        Some(row) if (1..=HEADER_ROW_MAX).contains(row.get_ref()) => *row.get_ref(),
        Some(row) => {
            let found = row.get_ref();
            let what = refused!(
                "`header_row` 为 {found}：应为 1 到 {HEADER_ROW_MAX}",
                "`header_row` is {found}: expected 1 to {HEADER_ROW_MAX}"
            );
            return Err(checker.error(row.span().start, what));
        }
    };
    let fields = checker.fields(&raw.fields, Grammar::Column)?;
    Ok(Arc::new(Sheet { format: raw.format, name: raw.sheet, header_row, line: settings.list_line(), fields }))
}

impl SourceKind for Sheet {
    fn check(&self, settings: &Settings<'_>) -> Result<(), RecipeError> {
        settings.refuse_detail()
    }

    fn fields(&self) -> &[FieldRule] {
        &self.fields
    }

    fn own_fields(&self) -> Vec<&str> {
        vec!["text"]
    }

    fn read(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> List {
        let items = self.items(page, notes);
        let empty_because = items.is_empty().then(|| "the table has no rows that can be read".to_owned());
        List { items, empty_because, ..List::default() }
    }
}

impl Sheet {
    /// The rows as items; why there are none is in `notes`.
    fn items(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> Vec<Item> {
        let rows_max = page.rules.items_max + self.header_row as usize;
        let rows = match self.format_of(page.body) {
            TableFormat::Xlsx => self.of_workbook(page, rows_max, notes),
            format => of_text(page, format, rows_max, notes),
        };
        let mut rows = rows.into_iter().filter(|(number, _)| *number >= self.header_row);
        let Some((_, headers)) = rows.next().filter(|(number, _)| *number == self.header_row) else {
            let row = self.header_row;
            let what = format!("row {row}, which should name the columns, is empty or missing");
            notes.add(Some(self.line), what, CHECK_SELECTOR);
            return Vec::new();
        };
        // Each row is told with the names of its columns.
        let headers: Vec<String> = headers.iter().map(|name| clip(name, COLUMN_NAME_CHARS_MAX).to_owned()).collect();
        self.check_columns(&headers, notes);
        let mut items = Vec::new();
        for (_, cells) in rows {
            let item = self.item(page, &headers, &cells, notes);
            if !notes.has_room_for(item.bytes()) {
                break;
            }
            items.push(item);
        }
        items
    }

    fn format_of(&self, bytes: &[u8]) -> TableFormat {
        self.format.unwrap_or_else(|| {
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

    fn of_workbook(&self, page: &Page<'_>, rows_max: usize, notes: &mut Notes<'_>) -> Vec<NumberedRow> {
        let unpacked_max = page.rules.bytes_max as u64 * WORKBOOK_RATIO_MAX;
        match read_sheet(page.body, self.name.as_deref(), rows_max, unpacked_max) {
            Ok(found) => {
                if let Some(cut) = found.cut {
                    notes.add(None, cut.en, CHECK_BOUNDS);
                }
                found
                    .rows
                    .iter()
                    .map(|row| (row.number, row.texts(0..row.width()).map(str::to_owned).collect()))
                    .collect()
            }
            Err(problem) => {
                notes.add(Some(self.line), problem.to_string(), CHECK_PAGE);
                Vec::new()
            }
        }
    }

    /// Notes the columns of the recipe that the table does not have.
    fn check_columns(&self, headers: &[String], notes: &mut Notes<'_>) {
        for rule in &self.fields {
            if !rule.or.is_empty() && rule.choices().any(|rule| has_column(rule, headers)) {
                continue;
            }
            let Place::Path(columns) = &rule.place else { continue };
            for column in columns.iter().flatten().filter(|column| !headers.contains(column)) {
                let known = headers.iter().filter(|header| !header.is_empty()).cloned().collect::<Vec<_>>().join(", ");
                let what = format!("column `{column}` of `{}` is not in the head: {known}", rule.name);
                notes.add(Some(rule.line), what, CHECK_SELECTOR);
            }
        }
    }

    /// A row, read by the rules. Without a rule for the text, the names of the columns and the cells are the text. A row without an
    /// id gets one from its cells, so that the same row is the same document at whatever place in the table.
    fn item(&self, page: &Page<'_>, headers: &[String], cells: &[String], notes: &mut Notes<'_>) -> Item {
        let named = || headers.iter().zip(cells).filter(|(header, cell)| !header.is_empty() && !cell.is_empty());
        let row: Map<String, Value> =
            named().map(|(header, cell)| (header.clone(), Value::String(cell.clone()))).collect();
        let row = Value::Object(row);
        let mut fields = Fields::default();
        for rule in &self.fields {
            let (rule, found) = chosen(rule, page.now, |rule| json_value(&row, rule));
            set_by_rule(&mut fields, rule, &found, page.now, notes);
        }
        if !self.fields.iter().any(|rule| rule.name == "text") {
            let text: Vec<String> = named().map(|(header, cell)| format!("{header}：{cell}")).collect();
            fields.set("text", &text.join("；"));
        }
        let must_have_id = self.fields.iter().any(|rule| rule.name == "external_id" && rule.required);
        if fields.get("external_id").is_none() && !must_have_id {
            fields.set("external_id", &row_id(&row.to_string()));
        }
        let url = fields.get("url").and_then(|url| page.url.join(url).ok());
        Item { url: url.map(|url| canonical(&url, page.rules.drop_query)), fields }
    }
}

/// Whether the head has all columns that a rule names.
fn has_column(rule: &FieldRule, headers: &[String]) -> bool {
    matches!(&rule.place, Place::Path(columns) if columns.iter().flatten().all(|column| headers.contains(column)))
}

/// The rows of CSV or TSV. A row that cannot be read is noted and left out; blank lines are no rows.
fn of_text(page: &Page<'_>, format: TableFormat, rows_max: usize, notes: &mut Notes<'_>) -> Vec<NumberedRow> {
    let text = page.text(notes);
    let tabs = format == TableFormat::Tsv;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(if tabs { b'\t' } else { b',' })
        .quoting(!tabs)
        .from_reader(text.as_bytes());
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
        rows.push((number, record.iter().take(TABLE_COLUMNS_MAX).map(|cell| cell.trim().to_owned()).collect()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::tests::refused;

    #[test]
    fn mistakes_of_a_table_are_refused_at_their_lines() {
        refused("kind = \"table\"\nfolder = \"x\"\n", "s.toml:5: `[list]` is missing");
        let table = |list: &str| format!("kind = \"table\"\nfolder = \"x\"\n[list]\n{list}");
        refused(&table("header_row = 0\n"), "s.toml:8: `header_row` is 0: expected 1 to 100");
        refused(&table("format = \"csv\"\nsheet = \"a\"\n"), "s.toml:7: `sheet` is for workbooks");
        refused(&table("fields.brand = { path = \"/a\" }\n"), "exactly one of `column` and `value`");
        refused(&table("[detail]\n"), "s.toml:8: a row or a letter is a document by itself");
    }
}

//! Results of a search as a file that other programs open: CSV, XLSX, NDJSON, Parquet.

#[cfg(test)]
mod fields;
pub(super) mod row;

use std::io::Write;
use std::path::Path;

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use self::row::NUMBER_COLUMNS;
pub use self::row::{EXPORT_COLUMNS, ExportRow};
use super::ArchiveError;
use super::bounds::{CELL_CHARS_MAX, EXPORT_ROWS_MAX, XLSX_ROWS_MAX};
use super::parquet::export_parquet;
use vocabulary::{Refused, is_formula, refused};

/// Width of the columns of a workbook that hold text to be read, in characters.
const WIDE_COLUMN: f64 = 60.0;

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// Comma-separated UTF-8 with a byte order mark, as spreadsheets expect it.
    Csv,
    /// A workbook.
    Xlsx,
    /// Documents NDJSON as `import` takes it; `meta.found` holds what was read.
    Ndjson,
    /// A Parquet table.
    Parquet,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Xlsx, Self::Ndjson, Self::Parquet];

    /// Its name, also the ending of its files.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    /// Most rows it takes.
    #[must_use]
    pub fn rows_max(self) -> u64 {
        if self == Self::Xlsx { XLSX_ROWS_MAX } else { EXPORT_ROWS_MAX }
    }
}

impl std::str::FromStr for ExportFormat {
    type Err = Refused;
    fn from_str(text: &str) -> Result<Self, Refused> {
        let known = || Self::ALL.map(Self::code).join(", ");
        let found = Self::ALL.into_iter().find(|format| format.code() == text);
        found.ok_or_else(|| {
            refused!("没有导出格式 `{text}`；有：{}", "`{text}` is no export format; known: {}", known())
        })
    }
}

/// A cell that a spreadsheet would take for a formula, made plain text.
#[must_use]
pub fn guarded(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// Writes rows one after the other; `name` is for messages.
///
/// # Errors
/// Whatever the rows or the writer say. More rows than the format takes are the caller's to refuse.
pub fn write_export<E: From<ArchiveError>>(
    format: ExportFormat,
    rows: impl Iterator<Item = Result<ExportRow, E>>,
    out: &mut (impl Write + Send),
    name: &Path,
) -> Result<u64, E> {
    let mut count = 0;
    let rows = rows.inspect(|row| count += u64::from(row.is_ok()));
    match format {
        ExportFormat::Csv => csv(rows, out, name)?,
        ExportFormat::Xlsx => xlsx(rows, out, name)?,
        ExportFormat::Ndjson => ndjson(rows, out, name)?,
        ExportFormat::Parquet => export_parquet(rows, out, name)?,
    }
    Ok(count)
}

fn io_error(name: &Path) -> impl Fn(std::io::Error) -> ArchiveError + use<> {
    let path = name.to_owned();
    move |source| ArchiveError::Io { what: "write", path: path.clone(), source }
}

fn csv<E: From<ArchiveError>>(
    rows: impl Iterator<Item = Result<ExportRow, E>>,
    out: &mut impl Write,
    name: &Path,
) -> Result<(), E> {
    let failed = io_error(name);
    out.write_all("\u{feff}".as_bytes()).map_err(&failed)?;
    let mut table = csv::Writer::from_writer(out);
    let refused = |error: csv::Error| failed(error.into());
    table.write_record(EXPORT_COLUMNS).map_err(refused)?;
    for row in rows {
        let row = row?;
        let texts = row.texts().map(|text| guarded(&text.unwrap_or_default()));
        let numbers = [row.severity.map(|number| number.to_string()).unwrap_or_default(), row.story.to_string()];
        table.write_record(texts.iter().chain(&numbers)).map_err(refused)?;
    }
    table.flush().map_err(&failed)?;
    Ok(())
}

fn ndjson<E: From<ArchiveError>>(
    rows: impl Iterator<Item = Result<ExportRow, E>>,
    out: &mut impl Write,
    name: &Path,
) -> Result<(), E> {
    let failed = io_error(name);
    for row in rows {
        let line = row?.line().map_err(|error| failed(error.into()))?;
        out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(&failed)?;
    }
    out.flush().map_err(&failed)?;
    Ok(())
}

fn xlsx<E: From<ArchiveError>>(
    rows: impl Iterator<Item = Result<ExportRow, E>>,
    out: &mut impl Write,
    name: &Path,
) -> Result<(), E> {
    let failed = io_error(name);
    let refused = |error: XlsxError| failed(std::io::Error::other(error));
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    heading(sheet).map_err(refused)?;
    for (row, number) in rows.zip(1_u32..) {
        cells(sheet, number, &row?).map_err(refused)?;
    }
    let bytes = book.save_to_buffer().map_err(refused)?;
    out.write_all(&bytes).and_then(|()| out.flush()).map_err(&failed)?;
    Ok(())
}

fn heading(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("检索结果")?;
    let bold = Format::new().set_bold();
    for (name, column) in EXPORT_COLUMNS.iter().zip(0_u16..) {
        sheet.write_string_with_format(0, column, *name, &bold)?;
        if matches!(*name, "title" | "text") {
            sheet.set_column_width(column, WIDE_COLUMN)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

/// Every text is written as text, so that none is taken for a formula.
fn cells(sheet: &mut Worksheet, number: u32, row: &ExportRow) -> Result<(), XlsxError> {
    for (text, column) in row.texts().into_iter().zip(0_u16..) {
        let Some(mut text) = text else { continue };
        if let Some((end, _)) = text.char_indices().nth(CELL_CHARS_MAX / 2) {
            // Counted in UTF-16 there: half is always short enough.
            text.truncate(end);
        }
        sheet.write_string(number, column, text)?;
    }
    let column = u16::try_from(EXPORT_COLUMNS.len() - NUMBER_COLUMNS).unwrap_or(u16::MAX);
    if let Some(severity) = row.severity {
        sheet.write_number(number, column, f64::from(severity))?;
    }
    sheet.write_number(number, column + 1, row.story as f64)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Reader, Xlsx};

    use super::super::parquet::shape_of;
    use super::*;
    use vocabulary::{Category, Channel, Document, DocumentId, DocumentLine, Hazard, ItemNames, SourceId};

    fn row(id: &str, text: &str) -> ExportRow {
        let document = Document {
            id: DocumentId::from(id),
            source: SourceId::from("s"),
            channel: Channel::Complaint,
            url: None,
            title: Some("充电宝,\"起火\"".to_owned()),
            text: text.to_owned(),
            published_at: None,
            seen_at: None,
            meta: serde_json::Map::new(),
            raw: None,
        };
        ExportRow {
            document,
            categories: vec![Category::BatteryCharger, Category::Phone],
            hazards: vec![Hazard::Fire],
            severity: Some(2),
            brand: None,
            region: Some(("330000".to_owned(), "浙江省".to_owned())),
            item: ItemNames::default(),
            story: 7,
            position: 9,
        }
    }

    fn written(format: ExportFormat, rows: &[ExportRow]) -> Vec<u8> {
        let mut out = Vec::new();
        let rows_in = rows.iter().cloned().map(Ok::<_, ArchiveError>);
        let count = write_export(format, rows_in, &mut out, Path::new("test")).expect("written");
        assert_eq!(count, rows.len() as u64);
        out
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for cell in ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", "＝1", "\u{feff}=1", " \u{200b}@x"] {
            assert_eq!(guarded(cell), format!("'{cell}"));
        }
        assert_eq!(guarded("1-1"), "1-1");
        let rows = [row("1", "=HYPERLINK(\"http://x.cn\")")];
        let text = String::from_utf8(written(ExportFormat::Csv, &rows)).expect("UTF-8");
        assert!(text.contains("\"'=HYPERLINK"), "{text}");
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(written(ExportFormat::Xlsx, &rows))).expect("a workbook");
        assert!(book.worksheet_formula("检索结果").expect("a sheet").is_empty());
    }

    #[test]
    fn every_format_holds_every_row() {
        let rows = [row("1", "充电宝\n起火"), row("2", "冒烟")];
        let csv = written(ExportFormat::Csv, &rows);
        let mut csv = csv::Reader::from_reader(&csv[3..]);
        assert_eq!(csv.headers().expect("a header"), &csv::StringRecord::from(EXPORT_COLUMNS.to_vec()));
        let records: Vec<csv::StringRecord> = csv.records().map(|record| record.expect("a record")).collect();
        assert_eq!((records.len(), &records[0][2], &records[0][9]), (2, "充电宝\n起火", "battery_charger;phone"));

        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(written(ExportFormat::Xlsx, &rows))).expect("a workbook");
        let sheet = book.worksheet_range("检索结果").expect("a sheet");
        assert_eq!(sheet.get_size(), (3, EXPORT_COLUMNS.len()));
        assert_eq!(sheet.get_value((1, 15)).map(ToString::to_string).as_deref(), Some("浙江省"));

        let parquet = written(ExportFormat::Parquet, &rows);
        let (height, names) = shape_of(parquet);
        assert_eq!((height, names), (2, EXPORT_COLUMNS.map(str::to_owned).to_vec()));
    }

    #[test]
    fn an_exported_line_can_be_imported_again() {
        let text = String::from_utf8(written(ExportFormat::Ndjson, &[row("1", "起火")])).expect("UTF-8");
        let line = DocumentLine::parse(text.trim_end()).expect("a document");
        assert_eq!((line.id.as_str(), line.text.as_str()), ("1", "起火"));
        let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(line["meta"]["found"]["severity"].as_u64(), Some(2));
    }

    #[test]
    fn nothing_found_is_a_table_with_a_head() {
        assert_eq!(String::from_utf8(written(ExportFormat::Csv, &[])).expect("UTF-8").lines().count(), 1);
        let parquet = written(ExportFormat::Parquet, &[]);
        assert_eq!(shape_of(parquet).0, 0);
    }
}

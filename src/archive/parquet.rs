//! Rows of the vocabulary as Parquet tables. Codes, times (RFC 3339) and lists are text, so that any Parquet reader shows them.
#![expect(clippy::disallowed_methods, reason = "an edge room: files are its business")]

mod assessments;
mod documents;

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{BufWriter, Cursor, Write};
use std::path::Path;

use polars::prelude::{
    AnyValue, BatchedWriter, Column, DataFrame, NamedFrom, ParquetCompression, ParquetReader, ParquetWriter,
    PolarsError, SerReader, Series,
};
use rayon::prelude::*;

use super::ArchiveError;
use super::bounds::{COLUMNS_MAX, GROUP_BYTES_MAX, GROUP_CELLS_MAX, ROW_BYTES_MAX, TABLE_BYTES_MAX};
use super::export::row::{EXPORT_COLUMNS, ExportRow, NUMBER_COLUMNS};
use vocabulary::{
    CharSpan, DocumentId, Fingerprint, ItemNames, LexiconVersion, Position, ProductFrom, Refused, RegionCode, RuleId,
    SHOWN_CHARS, SignalRecord, SourceId, day_of, excerpt, parse_moment, refused, show_moment,
};

pub use assessments::{AssessedRow, AssessmentTable, read_assessed};
pub use documents::DocumentDataset;
pub(super) use documents::read_document_table;

/// Largest Parquet file of documents that is read, in bytes: it is decoded whole.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Rows from which a table is compressed: of a few rows the names of the columns are the most of a file, and a compressor made ready
/// for each column is the most of the time.
const PACKED_FROM_ROWS: usize = 100;
/// Rows of one group of an export.
const GROUP_ROWS: usize = 20_000;

/// Writes one table of signals.
pub(super) fn write_signals(path: &Path, records: &[SignalRecord]) -> Result<(), ArchiveError> {
    let text = |name: &str, value: &dyn Fn(&SignalRecord) -> String| -> Column {
        Series::new(name.into(), records.iter().map(value).collect::<Vec<_>>()).into()
    };
    let maybe = |name: &str, value: &dyn Fn(&SignalRecord) -> Option<String>| -> Column {
        Series::new(name.into(), records.iter().map(value).collect::<Vec<_>>()).into()
    };
    let columns = vec![
        Series::new("position".into(), records.iter().map(|r| r.position.0).collect::<Vec<_>>()).into(),
        text("document_id", &|r| r.document_id.to_string()),
        text("source", &|r| r.source.to_string()),
        text("channel", &|r| r.channel.code().to_owned()),
        maybe("url", &|r| r.url.clone()),
        text("event_at", &|r| show_moment(r.event_at)),
        text("seen_at", &|r| show_moment(r.seen_at)),
        Series::new("undated".into(), records.iter().map(|r| r.undated).collect::<Vec<_>>()).into(),
        text("product", &|r| r.product.code().to_owned()),
        maybe("product_text", &|r| r.product_text.clone()),
        text("hazard", &|r| r.hazard.code().to_owned()),
        text("hazard_text", &|r| r.hazard_text.clone()),
        text("stance", &|r| r.stance.code().to_owned()),
        Series::new("severity".into(), records.iter().map(|r| u32::from(r.severity)).collect::<Vec<_>>()).into(),
        text("product_from", &|r| product_from_code(r.product_from).to_owned()),
        maybe("brand", &|r| r.brand.clone()),
        maybe("maker", &|r| r.item.maker.clone()),
        maybe("seller", &|r| r.item.seller.clone()),
        maybe("model", &|r| r.item.model.clone()),
        maybe("batch", &|r| r.item.batch.clone()),
        maybe("region", &|r| r.region.map(|code| code.to_string())),
        text("actor", &|r| r.actor.clone()),
        Series::new("confidence".into(), records.iter().map(|r| r.confidence).collect::<Vec<_>>()).into(),
        Series::new("vulnerable".into(), records.iter().map(|r| r.vulnerable).collect::<Vec<_>>()).into(),
        text("rules", &|r| join(r.rules.iter().map(RuleId::as_str), "|")),
        text("fingerprint", &|r| show_fingerprint(&r.fingerprint)),
        text("excerpt", &|r| r.excerpt.clone()),
        text("spans", &|r| show_spans(&r.spans)),
        text("lexicon", &|r| r.lexicon.to_string()),
    ];
    write_table(path, columns)
}

/// Reads a table that [`write_signals`] wrote.
fn read_signals(path: &Path) -> Result<Vec<SignalRecord>, ArchiveError> {
    signals_of(path, &read_table(path)?)
}

/// The same, of bytes that were read from `path`.
pub(super) fn decode_signals(path: &Path, bytes: Cursor<Vec<u8>>) -> Result<Vec<SignalRecord>, ArchiveError> {
    let parquet = |source| ArchiveError::Parquet { what: "read", path: path.to_owned(), source };
    signals_of(path, &ParquetReader::new(bytes).finish().map_err(parquet)?)
}

fn signals_of(path: &Path, table: &DataFrame) -> Result<Vec<SignalRecord>, ArchiveError> {
    let rows = Rows { path, table };
    (0..table.height()).map(|row| rows.signal(row)).collect()
}

struct Rows<'a> {
    path: &'a Path,
    table: &'a DataFrame,
}

impl Rows<'_> {
    fn signal(&self, row: usize) -> Result<SignalRecord, ArchiveError> {
        let severity = self
            .value(row, "severity", |column| Ok(column.u32()?.get(row).and_then(|value| u8::try_from(value).ok())))?;
        Ok(SignalRecord {
            position: Position(self.value(row, "position", |column| Ok(column.u64()?.get(row)))?),
            document_id: DocumentId::new(self.text(row, "document_id")?),
            source: SourceId::new(self.text(row, "source")?),
            channel: self.code(row, "channel", |text| text.parse().ok())?,
            url: self.maybe(row, "url")?.map(str::to_owned),
            event_at: self.code(row, "event_at", |text| parse_moment(text).ok())?,
            seen_at: self.code(row, "seen_at", |text| parse_moment(text).ok())?,
            undated: self.flag(row, "undated")?,
            product: self.code(row, "product", |text| text.parse().ok())?,
            product_text: self.maybe(row, "product_text")?.map(str::to_owned),
            hazard: self.code(row, "hazard", |text| text.parse().ok())?,
            hazard_text: self.text(row, "hazard_text")?.to_owned(),
            stance: self.code(row, "stance", |text| text.parse().ok())?,
            severity,
            product_from: self.code(row, "product_from", product_from)?,
            brand: self.maybe(row, "brand")?.map(str::to_owned),
            item: ItemNames {
                maker: self.added(row, "maker")?,
                seller: self.added(row, "seller")?,
                model: self.added(row, "model")?,
                batch: self.added(row, "batch")?,
            },
            region: self.region(row)?,
            actor: self.text(row, "actor")?.to_owned(),
            confidence: self.value(row, "confidence", |column| Ok(column.f64()?.get(row)))?,
            vulnerable: self.value(row, "vulnerable", |column| Ok(column.bool()?.get(row)))?,
            rules: self.text(row, "rules")?.split('|').filter(|id| !id.is_empty()).map(RuleId::from).collect(),
            fingerprint: self.code(row, "fingerprint", read_fingerprint)?,
            excerpt: self.text(row, "excerpt")?.to_owned(),
            spans: self.code(row, "spans", read_spans)?,
            lexicon: LexiconVersion::new(self.text(row, "lexicon")?),
        })
    }

    /// A mark that tables of earlier versions have no column for.
    fn flag(&self, row: usize, column: &'static str) -> Result<bool, ArchiveError> {
        if self.table.get_column_index(column).is_none() {
            return Ok(false);
        }
        self.value(row, column, |column| Ok(column.bool()?.get(row)))
    }

    /// A text that tables of earlier versions have no column for.
    fn added(&self, row: usize, column: &'static str) -> Result<Option<String>, ArchiveError> {
        if self.table.get_column_index(column).is_none() {
            return Ok(None);
        }
        Ok(self.maybe(row, column)?.map(str::to_owned))
    }

    fn region(&self, row: usize) -> Result<Option<RegionCode>, ArchiveError> {
        match self.maybe(row, "region")? {
            Some(_) => self.code(row, "region", |text| text.parse().ok()).map(Some),
            None => Ok(None),
        }
    }

    fn maybe(&self, row: usize, column: &'static str) -> Result<Option<&str>, ArchiveError> {
        let parquet = |source| ArchiveError::Parquet { what: "read", path: self.path.to_owned(), source };
        Ok(self.table.column(column).and_then(|values| values.str()).map_err(parquet)?.get(row))
    }

    fn text(&self, row: usize, column: &'static str) -> Result<&str, ArchiveError> {
        self.maybe(row, column)?.ok_or_else(|| self.wrong(row, column, "nothing"))
    }

    fn code<T>(&self, row: usize, column: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, ArchiveError> {
        let text = self.text(row, column)?;
        read(text).ok_or_else(|| self.wrong(row, column, text))
    }

    fn value<T>(
        &self,
        row: usize,
        column: &'static str,
        read: impl Fn(&Column) -> Result<Option<T>, PolarsError>,
    ) -> Result<T, ArchiveError> {
        let parquet = |source| ArchiveError::Parquet { what: "read", path: self.path.to_owned(), source };
        let value = self.table.column(column).and_then(read).map_err(parquet)?;
        value.ok_or_else(|| self.wrong(row, column, "nothing"))
    }

    fn wrong(&self, row: usize, column: &'static str, found: &str) -> ArchiveError {
        ArchiveError::Value { path: self.path.to_owned(), row, column, found: excerpt(found, SHOWN_CHARS) }
    }
}

/// Writes signals as a dataset partitioned by event day (`date=YYYY-MM-DD/signals.parquet`), as Parquet engines expect it.
pub fn write_signal_dataset(dir: &Path, records: &[SignalRecord]) -> Result<(), ArchiveError> {
    let mut by_day: BTreeMap<_, Vec<SignalRecord>> = BTreeMap::new();
    for record in records {
        by_day.entry(day_of(record.event_at)).or_default().push(record.clone());
    }
    by_day.into_par_iter().try_for_each(|(day, records)| {
        let folder = dir.join(format!("date={day}"));
        fs::create_dir_all(&folder).map_err(|source| ArchiveError::Io {
            what: "create",
            path: folder.clone(),
            source,
        })?;
        write_signals(&folder.join("signals.parquet"), &records)
    })
}

/// Reads a dataset that [`write_signal_dataset`] wrote, day by day.
pub fn read_signal_dataset(dir: &Path) -> Result<Vec<SignalRecord>, ArchiveError> {
    let io = |source| ArchiveError::Io { what: "list", path: dir.to_owned(), source };
    let mut folders = Vec::new();
    if dir.is_dir() {
        for entry in fs::read_dir(dir).map_err(io)? {
            let path = entry.map_err(io)?.path().join("signals.parquet");
            if path.is_file() {
                folders.push(path);
            }
        }
    }
    folders.sort();
    let mut records = Vec::new();
    for path in folders {
        records.extend(read_signals(&path)?);
    }
    Ok(records)
}

fn read_table(path: &Path) -> Result<DataFrame, ArchiveError> {
    let parquet = |source| ArchiveError::Parquet { what: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| ArchiveError::Io { what: "open", path: path.to_owned(), source })?;
    ParquetReader::new(file).finish().map_err(parquet)
}

/// A column of texts.
fn text_column(name: &str, values: impl Iterator<Item = Option<String>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into()
}

/// Values of a row, column by column.
type Cells = Vec<Option<String>>;

/// A file that anybody wrote, read row by row. Only one of its groups of rows is held, and the text of one row: a dictionary lets a
/// small file say a long text as often as it likes.
struct BroughtTable<'a> {
    path: &'a Path,
    header: Vec<String>,
    /// First row and number of rows of the groups that were not read yet.
    groups: VecDeque<(usize, usize)>,
    group: DataFrame,
    /// The next row of the group.
    next: usize,
    /// Number of the last row, from 1.
    line: u64,
    /// Bytes of the rows that were made.
    made: u64,
}

impl<'a> BroughtTable<'a> {
    /// # Errors
    /// A file that is too large or none of its kind, one with too many columns, and one of whose groups is too large to be held.
    fn open(path: &'a Path) -> Result<Self, ArchiveError> {
        let brought = |source: std::io::Error| ArchiveError::Read { path: path.to_owned(), source };
        let other = |error: PolarsError| brought(std::io::Error::other(error));
        let too_large = |what: String| brought(std::io::Error::other(what));
        let bytes = fs::metadata(path).map_err(brought)?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(too_large(format!("it is larger than {FILE_BYTES_MAX} bytes; split it")));
        }
        let mut reader = ParquetReader::new(File::open(path).map_err(brought)?);
        let header: Vec<String> = reader.schema().map_err(other)?.iter_names().map(ToString::to_string).collect();
        if header.len() > COLUMNS_MAX {
            return Err(too_large(format!("it has more than {COLUMNS_MAX} columns; leave columns out")));
        }
        let mut groups = VecDeque::new();
        let mut first = 0_usize;
        for group in &reader.get_metadata().map_err(other)?.row_groups {
            let (rows, bytes) = (group.num_rows(), group.total_byte_size());
            if rows.saturating_mul(header.len()) > GROUP_CELLS_MAX || bytes > GROUP_BYTES_MAX {
                return Err(too_large(format!(
                    "a group of its rows has more than {GROUP_CELLS_MAX} cells or {GROUP_BYTES_MAX} bytes; write smaller groups"
                )));
            }
            groups.push_back((first, rows));
            first = first.saturating_add(rows);
        }
        Ok(Self { path, header, groups, group: DataFrame::empty(), next: 0, line: 0, made: 0 })
    }

    /// The next group that has rows; false when there is none.
    fn turn_over(&mut self) -> Result<bool, PolarsError> {
        while self.next >= self.group.height() {
            let Some(slice) = self.groups.pop_front() else { return Ok(false) };
            self.group = DataFrame::empty();
            self.group = ParquetReader::new(File::open(self.path)?).with_slice(Some(slice)).finish()?;
            self.next = 0;
        }
        Ok(true)
    }

    /// The values of the next row.
    fn cells(&mut self) -> Result<Cells, Refused> {
        let values = self.group.columns().iter().map(|column| column.get(self.next));
        let values: Vec<AnyValue<'_>> = values.map(|value| value.unwrap_or(AnyValue::Null)).collect();
        self.next += 1;
        let bytes: usize = values.iter().map(|value| value.get_str().map_or(0, str::len)).sum();
        if bytes > ROW_BYTES_MAX {
            return Err(refused!("这一行超过 {ROW_BYTES_MAX} 字节", "the row has more than {ROW_BYTES_MAX} bytes"));
        }
        let cells: Cells = values
            .iter()
            .map(|value| match value {
                AnyValue::Null => None,
                value => Some(value.get_str().map_or_else(|| value.to_string(), str::to_owned)),
            })
            .collect();
        self.made += cells.iter().flatten().map(|cell| cell.len() as u64).sum::<u64>();
        Ok(cells)
    }
}

/// Rows with their numbers from 1. What cannot be read says why; after a group that cannot be read there is nothing.
impl Iterator for BroughtTable<'_> {
    type Item = (u64, Result<Cells, Refused>);

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.turn_over() {
            Ok(false) => return None,
            Ok(true) if self.made > TABLE_BYTES_MAX => {
                let end = format!("the table is longer than {TABLE_BYTES_MAX} bytes; split it");
                Err(refused!("文件到此中断：“{end}”", "the file breaks off here: {end}"))
            }
            Ok(true) => {
                self.line += 1;
                return Some((self.line, self.cells()));
            }
            Err(error) => Err(refused!("文件到此中断：“{error}”", "the file breaks off here: {error}")),
        };
        (self.group, self.groups) = (DataFrame::empty(), VecDeque::new());
        Some((self.line + 1, row))
    }
}

fn write_table(path: &Path, columns: Vec<Column>) -> Result<(), ArchiveError> {
    let parquet = |source| ArchiveError::Parquet { what: "write", path: path.to_owned(), source };
    let io = |what| move |source| ArchiveError::Io { what, path: path.to_owned(), source };
    let mut file = BufWriter::new(File::create(path).map_err(io("create"))?);
    let mut table = DataFrame::new_infer_height(columns).map_err(parquet)?;
    let few = table.height() < PACKED_FROM_ROWS;
    let compression = if few { ParquetCompression::Uncompressed } else { ParquetCompression::Zstd(None) };
    // One thread: the bytes must not depend on how many cores there are.
    ParquetWriter::new(&mut file)
        .with_compression(compression)
        .set_parallel(false)
        .finish(&mut table)
        .map_err(parquet)?;
    file.flush().map_err(io("write"))
}

fn product_from_code(from: ProductFrom) -> &'static str {
    match from {
        ProductFrom::Text => "text",
        ProductFrom::Meta => "meta",
        ProductFrom::Context => "context",
    }
}

fn product_from(code: &str) -> Option<ProductFrom> {
    [ProductFrom::Text, ProductFrom::Meta, ProductFrom::Context]
        .into_iter()
        .find(|from| product_from_code(*from) == code)
}

/// Eight hex digits a number.
fn show_fingerprint(fingerprint: &Fingerprint) -> String {
    join(fingerprint.words().iter().map(|word| format!("{word:08x}")), "")
}

fn read_fingerprint(hex: &str) -> Option<Fingerprint> {
    let word = |digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let (digits, []) = hex.as_bytes().as_chunks::<8>() else { return None };
    Fingerprint::of_words(&digits.iter().map(|digits| word(digits.as_slice())).collect::<Option<Vec<u32>>>()?)
}

/// `2-5 9-11`
fn show_spans(spans: &[CharSpan]) -> String {
    join(spans.iter().map(|span| format!("{}-{}", span.from(), span.to())), " ")
}

fn read_spans(text: &str) -> Option<Vec<CharSpan>> {
    let span = |part: &str| -> Option<CharSpan> {
        let (from, to) = part.split_once('-')?;
        CharSpan::try_from([from.parse().ok()?, to.parse().ok()?]).ok()
    };
    text.split_whitespace().map(span).collect()
}

fn join(parts: impl Iterator<Item = impl AsRef<str>>, between: &str) -> String {
    let mut whole = String::new();
    for part in parts {
        if !whole.is_empty() {
            whole.push_str(between);
        }
        whole.push_str(part.as_ref());
    }
    whole
}

/// Writes rows of an export as one table, group by group.
pub(super) fn export_parquet<E: From<ArchiveError>>(
    mut rows: impl Iterator<Item = Result<ExportRow, E>>,
    out: &mut (impl Write + Send),
    name: &Path,
) -> Result<(), E> {
    let path = name.to_owned();
    let refused = |source: PolarsError| ArchiveError::Parquet { what: "write", path: path.clone(), source };
    let empty = export_table(&[]).map_err(refused)?;
    // One thread: the bytes must not depend on how many cores there are.
    let writer = ParquetWriter::new(out).with_compression(ParquetCompression::Zstd(None)).set_parallel(false);
    let mut writer = writer.batched(empty.schema()).map_err(refused)?;
    loop {
        let group = rows.by_ref().take(GROUP_ROWS).collect::<Result<Vec<_>, _>>()?;
        if group.is_empty() {
            break;
        }
        let table = export_table(&group).map_err(refused)?;
        writer.write_batch(&table).map_err(refused)?;
    }
    writer.finish().map_err(refused)?;
    Ok(())
}

fn export_table(rows: &[ExportRow]) -> Result<DataFrame, PolarsError> {
    let mut texts: Vec<Vec<Option<String>>> = vec![Vec::new(); EXPORT_COLUMNS.len() - NUMBER_COLUMNS];
    for row in rows {
        for (column, text) in texts.iter_mut().zip(row.texts()) {
            column.push(text);
        }
    }
    let mut columns: Vec<Column> =
        EXPORT_COLUMNS.iter().zip(texts).map(|(name, texts)| Series::new((*name).into(), texts).into()).collect();
    let severity: Vec<Option<u32>> = rows.iter().map(|row| row.severity.map(u32::from)).collect();
    let story: Vec<u64> = rows.iter().map(|row| row.story).collect();
    columns.push(Series::new("severity".into(), severity).into());
    columns.push(Series::new("story".into(), story).into());
    DataFrame::new_infer_height(columns)
}

/// Height and column names of a table in memory.
#[cfg(test)]
pub(super) fn shape_of(parquet: Vec<u8>) -> (usize, Vec<String>) {
    let table = ParquetReader::new(std::io::Cursor::new(parquet)).finish().expect("a table");
    (table.height(), table.get_column_names().iter().map(ToString::to_string).collect())
}

/// A record for tests; its position makes it unlike others.
#[cfg(test)]
pub(super) fn example_record(position: u64) -> SignalRecord {
    use vocabulary::{Category, Channel, Hazard, Stance};
    SignalRecord {
        position: Position(position),
        document_id: DocumentId::new(format!("d{position}")),
        source: SourceId::from("complaints"),
        channel: Channel::Complaint,
        url: None,
        event_at: parse_moment("2024-05-01T08:00:00+08:00").expect("a moment"),
        seen_at: parse_moment("2024-05-02T09:30:00+08:00").expect("a moment"),
        undated: false,
        product: Category::BatteryCharger,
        product_text: Some("充电宝".to_owned()),
        hazard: Hazard::Fire,
        hazard_text: "起火".to_owned(),
        stance: Stance::Asserted,
        severity: 2,
        product_from: ProductFrom::Text,
        brand: Some("云鹊".to_owned()),
        item: ItemNames {
            maker: Some("杭州云鹊电子有限公司".to_owned()),
            seller: Some("云鹊旗舰店".to_owned()),
            model: Some("YQ-20".to_owned()),
            batch: Some("20240315".to_owned()),
        },
        region: "330106".parse().ok(),
        actor: "actor:1".to_owned(),
        confidence: 0.75,
        vulnerable: false,
        rules: vec![RuleId::from("fire.battery"), RuleId::from("dict:products")],
        fingerprint: Fingerprint::of_lanes([7; Fingerprint::LANES]),
        excerpt: "充电宝起火了".to_owned(),
        spans: vec![CharSpan::new(0, 3), CharSpan::new(3, 5)],
        lexicon: LexiconVersion::from("v1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_signal_reads_back_as_itself() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.parquet");
        let mut bare = example_record(2);
        (bare.brand, bare.item, bare.region, bare.product_text, bare.spans, bare.rules) =
            (None, ItemNames::default(), None, None, Vec::new(), Vec::new());
        bare.undated = true;
        let records = [example_record(1), bare];
        write_signals(&path, &records).expect("written");
        assert_eq!(read_signals(&path).expect("read"), records);
    }

    #[test]
    fn the_dataset_has_one_folder_per_event_day() {
        let dir = tempfile::tempdir().expect("a folder");
        write_signal_dataset(dir.path(), &[example_record(1), example_record(2)]).expect("written");
        let path = dir.path().join("date=2024-05-01/signals.parquet");
        assert_eq!(read_signals(&path).expect("read").len(), 2);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("x.parquet");
        fs::write(&path, b"PAR1 not really").expect("written");
        let error = read_signals(&path).expect_err("damaged");
        assert!(error.to_string().contains("x.parquet"), "{error}");
    }
}

//! Documents from files that people have: NDJSON by the contract, CSV and TSV with a column map, Excel sheets. Compressed
//! files (`.gz`, `.zst`) are recognised by their first bytes.
#![expect(clippy::disallowed_methods, reason = "an edge room: files are its business")]

mod layout;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::ArchiveError;
pub use super::bounds::LINE_BYTES_MAX;
use super::bounds::{COLUMNS_MAX, FOUND_CHARS_MAX, ROW_BYTES_MAX, WORKBOOK_BYTES_MAX, WORKBOOK_UNPACKED_MAX};
use super::preset::Preset;
use super::sheet::{SheetRow, read_sheet};
use super::table::{Row, Rows};
use vocabulary::{Channel, Document, DocumentLine, Refused, SourceId, refused};

pub(super) use layout::Layout;

/// Byte order mark.
const BOM: char = '\u{feff}';

/// Bytes looked at to tell the format of a file without a telling name.
const SNIFF_BYTES: u64 = 1_024;
/// Rows among which the head of a table is looked for that is read by a preset: captions stand above it.
const HEAD_ROWS_MAX: usize = 10;

/// How a file of documents is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, as in the contract.
    Ndjson,
    /// Comma-separated with a header line; UTF-8 or GB18030.
    Csv,
    /// Tab-separated with a header line, no quoting.
    Tsv,
    /// The first sheet of an Excel workbook, header in its first row.
    Xlsx,
    /// A Parquet file: of our own export, or with columns as a table's.
    Parquet,
    /// Raw exchanges; read by [`super::warc`], not here.
    Warc,
}

impl Format {
    /// By the file name; a file whose name says nothing and whose text begins like a JSON object is NDJSON.
    pub fn of_file(path: &Path) -> Result<Option<Self>, ArchiveError> {
        if let Some(format) = Self::of_name(path) {
            return Ok(Some(format));
        }
        let mut head = Vec::new();
        let io = |source| ArchiveError::Read { path: path.to_owned(), source };
        open(path)?.take(SNIFF_BYTES).read_to_end(&mut head).map_err(io)?;
        strip_bom(&mut head);
        Ok((head.trim_ascii_start().first() == Some(&b'{')).then_some(Self::Ndjson))
    }

    /// Guesses by the file name, compression suffixes aside.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_lowercase();
        let name = name.trim_end_matches(".zst").trim_end_matches(".gz");
        match name.rsplit_once('.')?.1 {
            "ndjson" | "jsonl" | "json" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "xlsx" => Some(Self::Xlsx),
            "parquet" => Some(Self::Parquet),
            // ARC and WET (`.warc.wet`) are read record by record as WARC is.
            "warc" | "arc" | "wet" => Some(Self::Warc),
            _ => None,
        }
    }
}

impl FromStr for Format {
    type Err = Refused;
    fn from_str(text: &str) -> Result<Self, Refused> {
        match text {
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            "tsv" => Ok(Self::Tsv),
            "xlsx" => Ok(Self::Xlsx),
            "parquet" => Ok(Self::Parquet),
            "warc" | "arc" | "wet" => Ok(Self::Warc),
            _ => Err(refused!(
                "没有格式 `{text}`；有：ndjson、csv、tsv、xlsx、parquet、warc、arc、wet",
                "`{text}` is no format; known: ndjson, csv, tsv, xlsx, parquet, warc, arc, wet"
            )),
        }
    }
}

/// What an importer learns about a file.
#[derive(Debug, Clone)]
pub struct ImportSpec {
    /// Source of documents that name none.
    pub source: SourceId,
    /// Channel group of documents that name none.
    pub channel: Channel,
    /// How the file is written.
    pub format: Format,
    /// Document field → column name. Columns that are not mapped keep their name and go to `meta`.
    pub columns: BTreeMap<String, String>,
    /// Which pages of a crawler's archive are wanted.
    pub pages: PageFilter,
    /// How a table of this kind is read, beside `columns`, which go first.
    pub preset: Option<Arc<Preset>>,
}

impl ImportSpec {
    /// Whether a row may be the head of a table: any, unless a preset says what heads have.
    fn is_head(&self, cells: &[String]) -> bool {
        let mapped = || self.columns.values().any(|column| cells.contains(column));
        self.preset.as_deref().is_none_or(|preset| preset.is_head(cells) || mapped())
    }
}

/// Which pages of a crawler's archive are wanted; empty lists want everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageFilter {
    /// Hosts, with all below them.
    pub hosts: Vec<String>,
    /// Languages by their codes of ISO 639-3, as `WARC-Identified-Content-Language` has them.
    pub languages: Vec<String>,
}

/// Chinese in ISO 639-3: the one language that is also known by its script.
const CHINESE: &str = "zho";
/// Share of Han among the letters of a text from which it is taken for Chinese: addresses and names of products are Latin.
const HAN_SHARE: f64 = 0.3;

impl PageFilter {
    /// Whether pages of a host are wanted.
    #[must_use]
    pub fn wants_host(&self, host: &str) -> bool {
        let below =
            |own: &String| host.strip_suffix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        self.hosts.is_empty() || self.hosts.iter().any(below)
    }

    /// Whether a text is wanted that is in these languages, most used first, where the archive says so.
    #[must_use]
    pub fn wants_language(&self, stated: Option<&str>, text: &str) -> bool {
        let wanted = |language: &str| self.languages.iter().any(|own| own.eq_ignore_ascii_case(language));
        self.languages.is_empty()
            || match stated {
                Some(stated) => stated.split(',').any(|language| wanted(language.trim())),
                None => wanted(CHINESE) && is_han(text),
            }
    }
}

fn is_han(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let (han, all) = letters
        .fold((0_u64, 0_u64), |(han, all), c| (han + u64::from(('\u{4e00}'..='\u{9fff}').contains(&c)), all + 1));
    all > 0 && han as f64 >= HAN_SHARE * all as f64
}

/// One row or line that is no document, with where and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The file.
    pub file: PathBuf,
    /// Line (or row) number, from 1.
    pub line: u64,
    /// What was found and what to do.
    pub reason: Refused,
    /// The line itself, cut short.
    pub found: String,
}

impl Rejected {
    /// Longest piece of a bad line that is kept.
    pub const FOUND_CHARS_MAX: usize = FOUND_CHARS_MAX;

    /// Where and why, in both languages.
    #[must_use]
    pub fn told(&self) -> Refused {
        self.reason.clone().about(format_args!("{}:{}", self.file.display(), self.line))
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.reason)
    }
}

/// The documents of a file, in its order; bad lines come as [`Rejected`] and reading goes on behind them.
pub fn read_documents<'a>(
    path: &'a Path,
    spec: &'a ImportSpec,
) -> Result<Box<dyn Iterator<Item = Result<Document, Rejected>> + 'a>, ArchiveError> {
    match spec.format {
        Format::Ndjson => Ok(Box::new(read_ndjson(path, open(path)?, spec))),
        Format::Csv => table(path, false, spec),
        Format::Tsv => table(path, true, spec),
        Format::Xlsx => sheet(path, spec),
        Format::Parquet => super::parquet::read_document_table(path, spec),
        Format::Warc => Err(ArchiveError::Read {
            path: path.to_owned(),
            source: std::io::Error::other("a WARC file holds pages, not rows"),
        }),
    }
}

/// Opens a file, decompressing what begins like gzip or zstd.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, ArchiveError> {
    let io = |source| ArchiveError::Read { path: path.to_owned(), source };
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(io)?);
    let head = file.fill_buf().map_err(io)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))))
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Ok(Box::new(BufReader::new(zstd::stream::read::Decoder::with_buffer(file).map_err(io)?)))
    } else {
        Ok(Box::new(file))
    }
}

/// The documents of lines; `path` is only for messages.
pub fn read_ndjson<'a>(
    path: &'a Path,
    input: Box<dyn BufRead>,
    spec: &'a ImportSpec,
) -> impl Iterator<Item = Result<Document, Rejected>> + 'a {
    read_lines(path, input).filter_map(move |(number, line)| match line {
        Ok(line) => document_of_line(path, number, &line, spec),
        Err(rejected) => Some(Err(rejected)),
    })
}

/// The lines of a file with their numbers from 1, as they are; `path` is only for messages.
pub fn read_lines(
    path: &Path,
    mut input: Box<dyn BufRead>,
) -> impl Iterator<Item = (u64, Result<Vec<u8>, Rejected>)> + '_ {
    let mut number = 0;
    let mut over = false;
    std::iter::from_fn(move || {
        if over {
            return None;
        }
        number += 1;
        let mut bytes = Vec::new();
        match read_line(&mut input, &mut bytes) {
            Ok(Line::End) => {
                over = true;
                None
            }
            Ok(Line::Whole) => {
                if number == 1 {
                    strip_bom(&mut bytes);
                }
                Some((number, Ok(bytes)))
            }
            Ok(Line::TooLong) => {
                let reason = refused!(
                    "这一行超过 {LINE_BYTES_MAX} 字节；请拆开或去掉",
                    "the line is longer than {LINE_BYTES_MAX} bytes; split it or leave it out"
                );
                let found = String::from_utf8_lossy(&bytes[..1_000]);
                Some((number, Err(rejected_line(path, number, reason, &found))))
            }
            Err(error) => {
                over = true;
                let reason = refused!("文件到此中断：“{error}”", "the file breaks off here: {error}");
                Some((number, Err(rejected_line(path, number, reason, ""))))
            }
        }
    })
}

/// The document of a line; none when it is empty.
pub fn document_of_line(
    path: &Path,
    number: u64,
    line: &[u8],
    spec: &ImportSpec,
) -> Option<Result<Document, Rejected>> {
    let Ok(line) = std::str::from_utf8(line) else {
        let reason = refused!("这一行不是 UTF-8；请先转码", "the line is not UTF-8; convert the file first");
        return Some(Err(rejected_line(path, number, reason, &String::from_utf8_lossy(line))));
    };
    if line.trim().is_empty() {
        return None;
    }
    let parsed = DocumentLine::parse(line).map(|parsed| parsed.into_document(&spec.source, spec.channel));
    Some(parsed.map_err(|error| rejected_line(path, number, Refused::of(&error), line)))
}

fn rejected_line(path: &Path, number: u64, reason: Refused, found: &str) -> Rejected {
    Rejected {
        file: path.to_owned(),
        line: number,
        reason,
        found: found.chars().take(Rejected::FOUND_CHARS_MAX).collect(),
    }
}

/// Takes the mark away that some editors put before the first line.
pub fn strip_bom(line: &mut Vec<u8>) {
    let mark = line.len() - without_bom(line).len();
    line.drain(..mark);
}

/// The first line without that mark.
pub fn without_bom(line: &[u8]) -> &[u8] {
    let mut mark = [0; 4];
    line.strip_prefix(BOM.encode_utf8(&mut mark).as_bytes()).unwrap_or(line)
}

/// What [`read_line`] met.
pub enum Line {
    /// A line, without its end.
    Whole,
    /// More bytes than [`LINE_BYTES_MAX`]; the rest of the line was skipped.
    TooLong,
    /// Nothing more.
    End,
}

/// Reads one line into `bytes`, at most [`LINE_BYTES_MAX`] of it, whatever its length.
pub fn read_line(input: &mut impl BufRead, bytes: &mut Vec<u8>) -> std::io::Result<Line> {
    bytes.clear();
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    if input.by_ref().take(limit).read_until(b'\n', bytes)? == 0 {
        return Ok(Line::End);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        return Ok(Line::Whole);
    }
    if bytes.len() < LINE_BYTES_MAX {
        return Ok(Line::Whole);
    }
    input.skip_until(b'\n')?;
    Ok(Line::TooLong)
}

type Documents<'a> = Box<dyn Iterator<Item = Result<Document, Rejected>> + 'a>;

fn table<'a>(path: &'a Path, tabs: bool, spec: &'a ImportSpec) -> Result<Documents<'a>, ArchiveError> {
    let io = |source| ArchiveError::Read { path: path.to_owned(), source };
    let mut rows = Rows::new(open(path)?, tabs);
    let (mut header, mut first) = (None, None);
    for _ in 0..HEAD_ROWS_MAX {
        let cells: Vec<String> = match rows.next().map_err(io)? {
            None => break,
            Some((_, Row::Cells(cells))) => cells.iter().map(|name| name.trim().to_owned()).collect(),
            Some((_, Row::TooLong)) => {
                let what = format!(
                    "its header has more than {COLUMNS_MAX} columns or {ROW_BYTES_MAX} bytes; leave columns out"
                );
                return Err(io(std::io::Error::other(what)));
            }
        };
        if spec.is_head(&cells) {
            header = Some(cells);
            break;
        }
        first.get_or_insert(cells);
    }
    // Where no row is a head, the first is told as one that lacks the columns.
    let layout = Layout::new(path, spec, &header.or(first).unwrap_or_default())?;
    let mut over = false;
    Ok(Box::new(std::iter::from_fn(move || {
        if over {
            return None;
        }
        let rejected = |line, reason: Refused, found: &str| Err(rejected_line(path, line, reason, found));
        Some(match rows.next() {
            Ok(None) => {
                over = true;
                return None;
            }
            Ok(Some((line, Row::Cells(row)))) if row.iter().any(|cell| cell.contains(char::REPLACEMENT_CHARACTER)) => {
                let reason = refused!(
                    "这一行有些字节在文件的编码里不是文字；请把文件另存为 UTF-8",
                    "the row has bytes that are no text in the file's encoding; save the file as UTF-8"
                );
                rejected(line, reason, &row.join(" | "))
            }
            Ok(Some((line, Row::Cells(row)))) => layout.document(line, &row),
            Ok(Some((line, Row::TooLong))) => {
                let reason = refused!(
                    "这一行超过 {ROW_BYTES_MAX} 字节或 {COLUMNS_MAX} 格；请拆开，或找一找没有闭合的引号",
                    "the row has more than {ROW_BYTES_MAX} bytes or {COLUMNS_MAX} cells; split it, or look for a quote that is never closed"
                );
                rejected(line, reason, "")
            }
            Err(error) => {
                over = true;
                let reason = refused!("文件到此中断：“{error}”", "the file breaks off here: {error}");
                rejected(rows.line(), reason, "")
            }
        })
    })))
}

fn sheet<'a>(path: &'a Path, spec: &'a ImportSpec) -> Result<Documents<'a>, ArchiveError> {
    let other = |error| ArchiveError::Read { path: path.to_owned(), source: std::io::Error::other(error) };
    let sheet = read_sheet(&whole(path)?, None, usize::MAX, WORKBOOK_UNPACKED_MAX).map_err(other)?;
    // All rows as wide as the widest, from the first column that is used: ids of rows are made of their cells.
    let first = sheet.rows.iter().filter_map(SheetRow::first).min().unwrap_or(0);
    let width = sheet.rows.iter().map(SheetRow::width).max().unwrap_or(0);
    let cut = sheet.cut;
    let last = sheet.rows.last().map_or(0, |row| u64::from(row.number));
    let cells = |row: &SheetRow| row.texts(first..width).map(str::to_owned).collect::<Vec<String>>();
    let head = sheet.rows.iter().take(HEAD_ROWS_MAX).position(|row| spec.is_head(&cells(row)));
    let mut rows = sheet.rows.into_iter().skip(head.unwrap_or(0));
    let header: Vec<String> = rows.next().map(|row| cells(&row)).unwrap_or_default();
    let layout = Layout::new(path, spec, &header)?;
    let read =
        rows.map(move |row| layout.document(u64::from(row.number), &row.texts(first..width).collect::<Vec<_>>()));
    let cut = cut.map(move |cut| {
        let reason = Refused::new(
            format!("{}；请拆分工作表，或另存为 .csv", cut.zh),
            format!("{}; split the sheet, or save it as .csv", cut.en),
        );
        Err(rejected_line(path, last, reason, ""))
    });
    Ok(Box::new(read.chain(cut)))
}

/// A workbook's file.
fn whole(path: &Path) -> Result<Vec<u8>, ArchiveError> {
    let io = |source| ArchiveError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    open(path)?.take(WORKBOOK_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > WORKBOOK_BYTES_MAX {
        let what = format!("the workbook is larger than {WORKBOOK_BYTES_MAX} bytes; split it, or save it as .csv");
        return Err(io(std::io::Error::other(what)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use vocabulary::show_moment;

    fn spec(format: Format, columns: &[(&str, &str)]) -> ImportSpec {
        ImportSpec {
            source: SourceId::from("s"),
            channel: Channel::Media,
            format,
            columns: columns.iter().map(|(field, column)| ((*field).to_owned(), (*column).to_owned())).collect(),
            pages: PageFilter::default(),
            preset: None,
        }
    }

    #[test]
    fn pages_are_wanted_by_host_and_what_is_below_it_and_by_language() {
        let filter = |hosts: &[&str], languages: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            PageFilter { hosts: owned(hosts), languages: owned(languages) }
        };
        let hosts = filter(&["example.cn"], &[]);
        for (host, wanted) in
            [("example.cn", true), ("news.example.cn", true), ("badexample.cn", false), ("example.com", false)]
        {
            assert_eq!(hosts.wants_host(host), wanted, "{host}");
        }
        assert!(filter(&[], &[]).wants_host("any") && filter(&[], &[]).wants_language(None, ""));
        let chinese = filter(&[], &["zho"]);
        for (stated, text, wanted) in [
            (Some("zho,eng"), "", true),
            (Some("eng"), "充电宝起火", false),
            (None, "充电宝 PowerCore 起火，消费者 3 人投诉", true),
            (None, "A power bank caught fire", false),
            (None, "2024-05-01", false),
        ] {
            assert_eq!(chinese.wants_language(stated, text), wanted, "{stated:?} {text}");
        }
        assert!(!filter(&[], &["eng"]).wants_language(None, "A power bank"), "only what is stated");
    }

    fn check(name: &str, bytes: &[u8], spec: &ImportSpec) -> Vec<Result<Document, Rejected>> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join(name);
        fs::write(&path, bytes).expect("written");
        read_documents(&path, spec).expect("opened").collect()
    }

    #[test]
    fn a_title_of_a_megabyte_is_refused_wherever_it_comes_from() {
        let title = "t".repeat(1 << 20);
        let line = format!("{{\"id\":\"1\",\"text\":\"漏电\",\"title\":\"{title}\"}}\n");
        let (csv, tsv) = (format!("id,text,title\n1,漏电,{title}\n"), format!("id\ttext\ttitle\n1\t漏电\t{title}\n"));
        for (name, bytes, format) in
            [("a.ndjson", &line, Format::Ndjson), ("a.csv", &csv, Format::Csv), ("a.tsv", &tsv, Format::Tsv)]
        {
            let got = check(name, bytes.as_bytes(), &spec(format, &[]));
            let [Err(rejected)] = &got[..] else { panic!("{name}: taken in") };
            assert!(rejected.reason.en.contains("`title` has 1048576 bytes"), "{:.200}", rejected.reason.en);
        }
    }

    #[test]
    fn a_bad_line_is_named_and_the_rest_is_read() {
        let lines = "{\"id\":\"1\",\"text\":\"漏电\"}\n{\"id\":\"2\"}\n\n{\"id\":\"3\",\"text\":\"起火\"}";
        let got = check("a.ndjson", lines.as_bytes(), &spec(Format::Ndjson, &[]));
        assert_eq!(got.len(), 3);
        let rejected = got[1].as_ref().expect_err("no text");
        assert!(rejected.to_string().contains("a.ndjson:2: missing field `text`"), "{rejected}");
        assert_eq!(got[2].as_ref().expect("good").text, "起火");
    }

    #[test]
    fn columns_are_mapped_and_the_others_become_meta() {
        let csv = "date,desc,brand\n2020-06-05,\"变速箱异响,\n漏油\",某牌\n2020-13-05,坏,\n";
        let got = check("a.csv", csv.as_bytes(), &spec(Format::Csv, &[("text", "desc"), ("published_at", "date")]));
        let first = got[0].as_ref().expect("good");
        assert_eq!((first.text.as_str(), first.meta_str("brand")), ("变速箱异响,\n漏油", Some("某牌")));
        assert_eq!(show_moment(first.published_at.expect("dated")), "2020-06-05T00:00:00+08:00");
        let second = got[1].as_ref().expect_err("no such month");
        assert!(second.to_string().contains("a.csv:4: `published_at`: `2020-13-05` is no time"), "{second}");
    }

    #[test]
    fn a_gb18030_table_is_read_as_what_it_says() {
        let (bytes, _, _) = encoding_rs::GB18030.encode("text\n插线板漏电\n");
        let got = check("a.csv", &bytes, &spec(Format::Csv, &[]));
        assert_eq!(got[0].as_ref().expect("good").text, "插线板漏电");
    }

    #[test]
    fn a_damaged_place_in_a_utf8_table_costs_its_row_only() {
        let mut bytes = "text\n插线板漏电\n".as_bytes().to_vec();
        bytes.extend_from_slice(b"\xe6\x8f\n");
        bytes.extend_from_slice("充电宝起火\n".as_bytes());
        let got = check("a.csv", &bytes, &spec(Format::Csv, &[]));
        assert_eq!(got[0].as_ref().expect("good").text, "插线板漏电");
        let damaged = got[1].as_ref().expect_err("damaged");
        assert!(damaged.to_string().contains("a.csv:3: the row has bytes that are no text"), "{damaged}");
        assert_eq!(got[2].as_ref().expect("good").text, "充电宝起火");
    }

    #[test]
    fn a_text_cut_at_an_unquoted_comma_is_refused_not_read_in_part() {
        let got = check(
            "a.csv",
            "text,brand\r\n漏电,某牌\r\n冒烟,起火,某牌\r\n坏\r\n热,某牌,\r\n".as_bytes(),
            &spec(Format::Csv, &[]),
        );
        let rejected = got[1].as_ref().expect_err("one cell too many");
        assert!(rejected.to_string().contains("a.csv:3: the row has 3 cells, the header 2"), "{rejected}");
        assert_eq!(got[2].as_ref().expect("a short row is a row").text, "坏");
        assert_eq!(got[3].as_ref().expect("an empty cell is nothing").meta_str("brand"), Some("某牌"));
    }

    #[test]
    fn a_mapped_column_wins_over_one_that_has_the_name_of_the_field() {
        let columns = [("text", "desc")];
        let got = check("a.csv", "text,desc\nA-1,插线板漏电\n".as_bytes(), &spec(Format::Csv, &columns));
        let document = got[0].as_ref().expect("good");
        assert_eq!((document.text.as_str(), document.meta_str("text")), ("插线板漏电", Some("A-1")));
    }

    #[test]
    fn a_mark_before_the_first_line_is_no_part_of_it() {
        for (name, format, text) in [
            ("a.ndjson", Format::Ndjson, "\u{feff}{\"id\":\"1\",\"text\":\"漏电\"}\r\n"),
            ("a.csv", Format::Csv, "\u{feff}text\r\n漏电\r\n"),
            ("a.tsv", Format::Tsv, "\u{feff}text\r\n漏电\r\n"),
        ] {
            let got = check(name, text.as_bytes(), &spec(format, &[]));
            assert_eq!(got.len(), 1, "{name}");
            assert_eq!(got[0].as_ref().expect("good").text, "漏电", "{name}");
        }
    }

    #[test]
    fn a_file_that_breaks_off_says_where() {
        let line = "{\"id\":\"1\",\"text\":\"漏电\"}\n".repeat(5_000);
        let mut zst = zstd::encode_all(line.as_bytes(), 1).expect("compressed");
        zst.truncate(zst.len() / 2);
        let got = check("a.ndjson.zst", &zst, &spec(Format::Ndjson, &[]));
        let last = got.last().expect("something").as_ref().expect_err("torn");
        assert!(last.reason.en.contains("the file breaks off here"), "{last}");
    }

    #[test]
    fn a_file_without_a_telling_name_is_known_by_its_first_byte() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("documents");
        fs::write(&path, "\u{feff} {\"id\":1}").expect("written");
        assert_eq!(Format::of_file(&path).expect("read"), Some(Format::Ndjson));
        fs::write(&path, "id = 1").expect("written");
        assert_eq!(Format::of_file(&path).expect("read"), None);
    }

    #[test]
    fn a_missing_column_is_told_with_the_header() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.tsv");
        fs::write(&path, "date\ttitle\n2020-01-01\tx\n").expect("written");
        let spec = spec(Format::Tsv, &[("text", "headline")]);
        let error = read_documents(&path, &spec).err().expect("no such column").to_string();
        assert!(error.contains("no column `headline`") && error.contains("date, title"), "{error}");
    }

    #[test]
    fn compressed_files_are_recognised_by_their_bytes() {
        let line = "{\"id\":\"1\",\"text\":\"漏电\"}\n";
        let zst = zstd::encode_all(line.as_bytes(), 1).expect("compressed");
        let got = check("a.ndjson.zst", &zst, &spec(Format::Ndjson, &[]));
        assert_eq!(got.len(), 1);
        assert!(got[0].is_ok());
    }

    #[test]
    fn an_endless_line_is_cut_and_counted_once() {
        let mut bytes = vec![b'x'; LINE_BYTES_MAX + 10];
        bytes.extend_from_slice(b"\n{\"id\":\"1\",\"text\":\"y\"}\n");
        let got = check("a.ndjson", &bytes, &spec(Format::Ndjson, &[]));
        assert!(got[0].as_ref().expect_err("too long").reason.en.contains("longer than"));
        assert!(got[1].is_ok() && got.len() == 2);
    }

    #[test]
    fn a_cell_that_is_too_long_costs_its_row_and_a_quote_that_never_ends_is_named() {
        let long = "x".repeat(ROW_BYTES_MAX + 1);
        let csv = format!("text,brand\n漏电,甲\n{long},乙\n起火,丙\n\"冒烟,丁\n{long}");
        let got = check("a.csv", csv.as_bytes(), &spec(Format::Csv, &[]));
        assert_eq!(got.len(), 4);
        assert_eq!(got[2].as_ref().expect("good").text, "起火");
        for (at, line) in [(1, 3), (3, 5)] {
            let rejected = got[at].as_ref().expect_err("too long");
            assert_eq!(rejected.line, line);
            assert!(rejected.reason.en.contains("look for a quote that is never closed"), "{rejected}");
        }
        let wide = format!("text{}\n漏电\n", ",a".repeat(COLUMNS_MAX));
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        fs::write(&path, wide).expect("written");
        assert!(read_documents(&path, &spec(Format::Csv, &[])).is_err());
    }

    #[test]
    fn a_packed_table_that_breaks_off_gives_what_was_before_and_says_where() {
        let rows = format!("text\n{}", "插线板漏电\n".repeat(50_000));
        let mut zst = zstd::encode_all(rows.as_bytes(), 1).expect("compressed");
        zst.truncate(zst.len() / 2);
        let got = check("a.csv.zst", &zst, &spec(Format::Csv, &[]));
        let last = got.last().expect("something").as_ref().expect_err("torn");
        assert!(last.reason.en.contains("the file breaks off here"), "{last}");
    }

    /// A workbook of one sheet, with these parts beside or instead of its own.
    fn workbook(sheet: &str, parts: &[(&str, &str)]) -> Vec<u8> {
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let sheet = format!("<worksheet xmlns='{main}'><sheetData>{sheet}</sheetData></worksheet>");
        let book = format!(
            "<workbook xmlns='{main}' xmlns:r='{office}'><sheets><sheet name='a' sheetId='1' r:id='r1'/></sheets></workbook>"
        );
        let one = |id: &str, kind: &str, target: &str| {
            format!(
                "<Relationships xmlns='{package}'><Relationship Id='{id}' Type='{office}/{kind}' Target='{target}'/></Relationships>"
            )
        };
        let (top, rels) =
            (one("r0", "officeDocument", "xl/workbook.xml"), one("r1", "worksheet", "worksheets/sheet1.xml"));
        let mut all = std::collections::BTreeMap::from([
            ("_rels/.rels", top.as_str()),
            ("xl/workbook.xml", &book),
            ("xl/_rels/workbook.xml.rels", &rels),
            ("xl/worksheets/sheet1.xml", &sheet),
        ]);
        all.extend(parts.iter().copied());
        let files: Vec<(&str, &[u8])> = all.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        super::super::zip_files(&files).expect("packed")
    }

    fn refused(parts: &[(&str, &str)]) -> String {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.xlsx");
        fs::write(&path, workbook("", parts)).expect("written");
        let Err(ArchiveError::Read { source, .. }) = read_documents(&path, &spec(Format::Xlsx, &[])).map(|_| ()) else {
            panic!("it was opened")
        };
        source.to_string()
    }

    #[test]
    fn a_workbook_costs_what_its_cells_hold_wherever_they_stand() {
        let cell = |at: &str, text: &str| format!("<c r='{at}' t='inlineStr'><is><t>{text}</t></is></c>");
        // The last column that is read, in a hundred thousand rows: dense they would take 1.2 GB.
        let mut rows = format!("<row r='1'>{}{}</row>", cell("A1", "text"), cell("SF1", "brand"));
        for number in 2..100_002 {
            rows.extend(["<row>", &cell(&format!("SF{number}"), "甲"), "</row>"]);
        }
        let book = workbook(&rows, &[]);
        let sheet = read_sheet(&book, None, usize::MAX, WORKBOOK_UNPACKED_MAX).expect("read");
        assert_eq!(
            (sheet.rows.len(), sheet.cut, sheet.rows[1].first(), sheet.rows[1].width()),
            (100_001, None, Some(499), 500)
        );
        assert_eq!(sheet.rows[1].texts(498..500).collect::<Vec<_>>(), ["", "甲"]);
        let got = check("a.xlsx", &book, &spec(Format::Xlsx, &[]));
        assert_eq!(got.len(), 100_000);
    }

    #[test]
    fn a_workbook_that_would_become_more_than_it_is_is_refused_with_what_to_do() {
        let shared = |inner: &str, declared: &str| format!("<sst uniqueCount='{declared}'>{inner}</sst>");
        let texts = |count: usize| "<si><t>a</t></si>".repeat(count);
        for (part, text, expected) in [
            // A number in a head, for which room would be made at once.
            ("xl/sharedStrings.xml", shared(&texts(3), "100000000000"), "declares 100000000000 texts"),
            ("xl/sharedStrings.xml", shared(&texts(3), "18446744073709551616"), "declares 18446744073709551615 texts"),
            ("xl/SHAREDSTRINGS.xml", shared(&"<si/>".repeat(11_000_000), "1"), "tags in"),
            (
                "xl/worksheets/sheet1.xml",
                format!("<worksheet>{}</worksheet>", "x".repeat(9 << 20)),
                "bytes in one piece",
            ),
            // Every format has a copy of the longest.
            (
                "xl/styles.xml",
                format!("<styleSheet><numFmt a='{}'/>{}</styleSheet>", "y".repeat(1 << 20), "<xf/>".repeat(5_000)),
                "tags of up to",
            ),
            ("_rels/.rels", "<Relationships><Relationship Target='a&#46;xml'/></Relationships>".to_owned(), "stranger"),
        ] {
            let said = refused(&[(part, &text)]);
            assert!(said.contains(expected) && said.contains("save it as .csv"), "{part}: {said}");
        }
    }

    #[test]
    fn cells_that_share_one_long_text_are_cut_and_the_cut_is_told() {
        let text = "起".repeat(300_000);
        let rows: String = (1..=1_000)
            .map(|number| format!("<row r='{number}'><c r='A{number}' t='s'><v>0</v></c></row>"))
            .collect::<Vec<_>>()
            .concat();
        let shared = format!("<sst uniqueCount='1'><si><t>{text}</t></si></sst>");
        let book = workbook(&rows, &[("xl/sharedStrings.xml", &shared)]);
        let sheet = read_sheet(&book, None, usize::MAX, WORKBOOK_UNPACKED_MAX).expect("read");
        assert!(sheet.rows.len() < 700 && sheet.cut.is_some_and(|cut| cut.en.contains("its cells take more than")));
    }
}

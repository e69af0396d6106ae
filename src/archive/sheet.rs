//! Excel workbooks from people one does not know: what they unpack to, and what will be made of it, is measured before they are
//! opened, and their cells are read one after the other, so that neither a packed bomb nor a number in a head nor a single cell
//! in the last corner costs memory.

use std::io::{Cursor, Read, Write};
use std::ops::Range;

use calamine::{Data, Reader, Xlsx};

use super::bounds::{
    SHARED_TEXT_BYTES_MAX, SHARED_TEXT_TAGS_MAX, SHEET_BYTES_MAX, SHEET_CELLS_MAX, SHEET_COLUMNS_MAX,
    SHEET_STRETCH_MAX, SHEET_TAGS_MAX, STYLES_BYTES_MAX, WORKBOOK_PARTS_MAX,
};
use vocabulary::{Refused, Said, refused};

/// What a cell takes beside its text.
const CELL_BYTES: usize = size_of::<(u16, Box<str>)>() + 16;
/// The part that names the workbook's other parts.
const PACKAGE: &str = "_rels/.rels";
/// Longest package part that is looked into.
const PACKAGE_BYTES_MAX: u64 = 1 << 20;

/// Why a workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Not the archive that a workbook is.
    #[error("this is no .xlsx workbook ({0}); save it as .xlsx or .csv")]
    Zip(#[from] zip::result::ZipError),
    /// Its parts unpack to more than is read.
    #[error("it unpacks to more than {0} bytes; split it, or save it as .csv")]
    TooLarge(u64),
    /// More parts than a workbook has.
    #[error("it has {0} parts; a workbook has at most {WORKBOOK_PARTS_MAX}")]
    Parts(usize),
    /// A part of it would become more than a workbook needs.
    #[error("its part {part} {what}; save it as .csv")]
    Trap {
        /// Name of the part.
        part: String,
        /// What was found.
        what: String,
    },
    /// It has no sheet of that name.
    #[error("it has no sheet `{wanted}`; it has: {known}")]
    NoSheet {
        /// The name that was asked for.
        wanted: String,
        /// The names there are.
        known: String,
    },
    /// What is in it is no workbook.
    #[error("it cannot be read as a workbook ({0}); open it in a spreadsheet program and save it anew")]
    Workbook(#[from] calamine::XlsxError),
}

impl Said for SheetError {
    fn zh(&self) -> String {
        match self {
            Self::Zip(error) => format!("这不是 .xlsx 工作簿（“{error}”）；请另存为 .xlsx 或 .csv"),
            Self::TooLarge(bytes) => format!("解压后超过 {bytes} 字节；请拆分，或另存为 .csv"),
            Self::Parts(parts) => format!("有 {parts} 个部分；工作簿最多 {WORKBOOK_PARTS_MAX} 个"),
            Self::Trap { part, what } => format!("其中的 {part} 超出工作簿所需（“{what}”）；请另存为 .csv"),
            Self::NoSheet { wanted, known } => format!("没有工作表 `{wanted}`；有：{known}"),
            Self::Workbook(error) => format!("无法作为工作簿读取（“{error}”）；请在表格软件里打开后另存"),
        }
    }
}

/// A row of a sheet: the cells that hold something.
#[derive(Debug)]
pub struct SheetRow {
    /// Counted from 1.
    pub number: u32,
    cells: Vec<(u16, Box<str>)>,
}

impl SheetRow {
    /// The first column that holds something, counted from 0.
    pub(super) fn first(&self) -> Option<usize> {
        self.cells.iter().map(|(column, _)| usize::from(*column)).min()
    }

    /// Columns up to the last one that holds something.
    #[must_use]
    pub fn width(&self) -> usize {
        self.cells.iter().map(|(column, _)| usize::from(*column) + 1).max().unwrap_or(0)
    }

    /// The texts of these columns; empty where there is none. Of two cells in one place the later counts.
    pub fn texts(&self, columns: Range<usize>) -> impl Iterator<Item = &str> {
        let mut texts = vec![""; columns.len()];
        for (column, text) in &self.cells {
            let at = usize::from(*column).checked_sub(columns.start);
            if let Some(slot) = at.and_then(|at| texts.get_mut(at)) {
                *slot = text;
            }
        }
        texts.into_iter()
    }
}

/// The rows of one sheet, top to bottom; rows without any cell are left out.
#[derive(Debug, Default)]
pub struct SheetRows {
    /// The rows.
    pub rows: Vec<SheetRow>,
    /// What was left out, if anything.
    pub cut: Option<Refused>,
}

/// Reads at most `rows_max` rows of a sheet; the first one when no name is given. The workbook may unpack to `unpacked_max`
/// bytes.
///
/// # Errors
/// [`SheetError`], saying what to do.
pub fn read_sheet(
    bytes: &[u8],
    name: Option<&str>,
    rows_max: usize,
    unpacked_max: u64,
) -> Result<SheetRows, SheetError> {
    check_size(bytes, unpacked_max)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let names = book.sheet_names();
    let Some(chosen) = (match name {
        None => names.first().cloned(),
        Some(wanted) => Some(
            names
                .iter()
                .find(|known| *known == wanted)
                .cloned()
                .ok_or_else(|| SheetError::NoSheet { wanted: wanted.to_owned(), known: names.join(", ") })?,
        ),
    }) else {
        return Ok(SheetRows::default());
    };
    let mut cells = book.worksheet_cells_reader(&chosen)?;
    let (mut sheet, mut made) = (SheetRows::default(), 0);
    for count in 0.. {
        let Some(cell) = cells.next_cell()? else { break };
        if count >= SHEET_CELLS_MAX {
            sheet.cut = Some(refused!(
                "超过 {SHEET_CELLS_MAX} 格，其余没有读取",
                "more than {SHEET_CELLS_MAX} cells, the rest is not read"
            ));
            break;
        }
        let (row, column) = cell.get_position();
        let text = cell_text(&Data::from(cell.get_value().clone()));
        if text.is_empty() {
            continue;
        }
        let Some(column) = u16::try_from(column).ok().filter(|column| usize::from(*column) < SHEET_COLUMNS_MAX) else {
            sheet.cut = Some(refused!(
                "第 {SHEET_COLUMNS_MAX} 列之后没有读取",
                "columns behind number {SHEET_COLUMNS_MAX} are not read"
            ));
            continue;
        };
        let number = row.saturating_add(1);
        // Cells share their texts: a text may come as often as there are cells.
        made += CELL_BYTES + text.len();
        if sheet.rows.last().is_none_or(|last| last.number != number) {
            made += size_of::<SheetRow>();
            if sheet.rows.len() >= rows_max {
                sheet.cut = Some(refused!(
                    "超过 {rows_max} 行，其余没有读取",
                    "more than {rows_max} rows, the rest is not read"
                ));
                break;
            }
            sheet.rows.push(SheetRow { number, cells: Vec::new() });
        }
        if made > SHEET_BYTES_MAX {
            sheet.cut = Some(refused!(
                "各格超过 {SHEET_BYTES_MAX} 字节，其余没有读取",
                "its cells take more than {SHEET_BYTES_MAX} bytes, the rest is not read"
            ));
            break;
        }
        if let Some(row) = sheet.rows.last_mut() {
            row.cells.push((column, text.into_boxed_str()));
        }
    }
    Ok(sheet)
}

/// Unpacks every part to nowhere and counts: what the directory of the archive says of their sizes may be a lie, and the reader
/// makes more of some parts than they are long.
fn check_size(bytes: &[u8], unpacked_max: u64) -> Result<(), SheetError> {
    let mut parts = zip::ZipArchive::new(Cursor::new(bytes))?;
    if parts.len() > WORKBOOK_PARTS_MAX {
        return Err(SheetError::Parts(parts.len()));
    }
    let indexes = named_by_package(&mut parts)?;
    let mut left = unpacked_max;
    for number in 0..parts.len() {
        let part = parts.by_index(number)?;
        let name = part.name()?.replace('\\', "/").to_lowercase();
        let mut scan = Scan::default();
        let unpacked = std::io::copy(&mut part.take(left + 1), &mut scan).map_err(zip::result::ZipError::Io)?;
        left = left.checked_sub(unpacked).ok_or(SheetError::TooLarge(unpacked_max))?;
        if let Some(what) = scan.end().trap(&name, indexes.contains(&name), unpacked) {
            return Err(SheetError::Trap { part: name, what });
        }
    }
    Ok(())
}

/// Names of the parts that the package names: the workbook's own index may lie anywhere.
fn named_by_package(parts: &mut zip::ZipArchive<Cursor<&[u8]>>) -> Result<Vec<String>, SheetError> {
    let trap = |what: &str| SheetError::Trap { part: PACKAGE.to_owned(), what: what.to_owned() };
    let mut text = String::new();
    match parts.by_name(PACKAGE) {
        Ok(part) => {
            let read = part.take(PACKAGE_BYTES_MAX).read_to_string(&mut text);
            read.map_err(|_| trap("is no text"))?;
        }
        Err(zip::result::ZipError::FileNotFound) => return Ok(Vec::new()),
        Err(problem) => return Err(problem.into()),
    }
    if text.len() as u64 == PACKAGE_BYTES_MAX || text.contains('&') {
        return Err(trap("is longer or stranger than one of a workbook"));
    }
    let targets = text.split("Target").skip(1).filter_map(|rest| {
        let rest = rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        rest[1..].split(quote).next()
    });
    Ok(targets.map(|target| target.trim_start_matches('/').replace('\\', "/").to_lowercase()).collect())
}

/// How the attribute is called by which the reader makes room for shared texts, whatever number it holds.
const DECLARED: &[u8] = b"uniqueCount";

/// What a scan is reading of that attribute.
#[derive(Debug, Clone, Copy)]
enum Seen {
    /// So many bytes of its name.
    Name(usize),
    /// What stands between name and number.
    Between,
    Number(u64),
}

/// What is in a part, without reading it: tags, the longest stretch without one, the largest number of texts that it declares.
#[derive(Debug)]
struct Scan {
    tags: u64,
    stretch: u64,
    longest: u64,
    declared: u64,
    seen: Seen,
}

impl Default for Scan {
    fn default() -> Self {
        Self { tags: 0, stretch: 0, longest: 0, declared: 0, seen: Seen::Name(0) }
    }
}

impl Scan {
    fn end(mut self) -> Self {
        self.longest = self.longest.max(self.stretch);
        self
    }

    fn see(&mut self, byte: u8) {
        let begun = usize::from(byte == DECLARED[0]);
        self.seen = match (self.seen, byte) {
            (Seen::Name(count), byte) if DECLARED[count] == byte && count + 1 == DECLARED.len() => Seen::Between,
            (Seen::Name(count), byte) if DECLARED[count] == byte => Seen::Name(count + 1),
            (Seen::Between, b'0'..=b'9') => Seen::Number(u64::from(byte - b'0')),
            (Seen::Between, b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'"' | b'\'' | b'+') => Seen::Between,
            (Seen::Number(number), b'0'..=b'9') => {
                Seen::Number(number.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
            }
            (Seen::Number(number), _) => {
                self.declared = self.declared.max(number);
                Seen::Name(begun)
            }
            _ => Seen::Name(begun),
        };
    }

    /// Why a workbook with this part is not opened.
    fn trap(&self, name: &str, is_index: bool, unpacked: u64) -> Option<String> {
        let Self { tags, longest, declared, .. } = *self;
        if longest > SHEET_STRETCH_MAX {
            return Some(format!("holds {longest} bytes in one piece; at most {SHEET_STRETCH_MAX} are read"));
        }
        if name.ends_with("sharedstrings.xml") {
            if tags > SHARED_TEXT_TAGS_MAX || unpacked > SHARED_TEXT_BYTES_MAX {
                return Some(format!("holds {tags} tags in {unpacked} bytes of texts that cells share"));
            }
            return (declared > tags).then(|| format!("declares {declared} texts and holds fewer than {tags}"));
        }
        let is_index = is_index || ["styles.xml", "theme1.xml", ".rels"].iter().any(|end| name.ends_with(end));
        if is_index && tags.saturating_mul(longest) > STYLES_BYTES_MAX {
            return Some(format!("holds {tags} tags of up to {longest} bytes"));
        }
        (tags > SHEET_TAGS_MAX).then(|| format!("holds {tags} tags"))
    }
}

impl Write for Scan {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for byte in bytes {
            if *byte == b'<' {
                self.tags += 1;
                self.longest = self.longest.max(self.stretch);
                self.stretch = 0;
            }
            self.stretch += 1;
            if !matches!((self.seen, *byte), (Seen::Name(0), other) if other != DECLARED[0]) {
                self.see(*byte);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What a person would see in a cell; moments as ISO 8601 without a zone.
fn cell_text(cell: &Data) -> String {
    match cell {
        Data::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
        }
        Data::Empty => String::new(),
        other => other.to_string().trim().to_owned(),
    }
}

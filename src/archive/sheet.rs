//! Excel workbooks from people one does not know: what they unpack to is measured before they are opened, and their cells
//! are read one after the other, so that neither a packed bomb nor a single cell in the last corner costs memory.

use std::io::{Cursor, Read};

use calamine::{Data, Reader, Xlsx};

/// Parts of a workbook: sheets, styles, pictures.
const PARTS_MAX: usize = 10_000;
/// Cells further right are not read.
const COLUMNS_MAX: usize = 500;
/// Cells that are read, empty ones aside.
const CELLS_MAX: usize = 20_000_000;

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
    #[error("it has {0} parts; a workbook has at most {PARTS_MAX}")]
    Parts(usize),
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

/// The rows of one sheet, top to bottom; rows without any cell are left out, each row has as many cells as it uses.
#[derive(Debug, Default)]
pub struct SheetRows {
    /// Row number, counted from 1, and its cells as text.
    pub rows: Vec<(u32, Vec<String>)>,
    /// What was left out, if anything.
    pub cut: Option<String>,
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
    let mut sheet = SheetRows::default();
    for count in 0.. {
        let Some(cell) = cells.next_cell()? else { break };
        if count >= CELLS_MAX {
            sheet.cut = Some(format!("more than {CELLS_MAX} cells, the rest is not read"));
            break;
        }
        let (row, column) = cell.get_position();
        let column = column as usize;
        let text = cell_text(&Data::from(cell.get_value().clone()));
        if text.is_empty() {
            continue;
        }
        if column >= COLUMNS_MAX {
            sheet.cut = Some(format!("columns behind number {COLUMNS_MAX} are not read"));
            continue;
        }
        let number = row.saturating_add(1);
        if sheet.rows.last().is_none_or(|(last, _)| *last != number) {
            if sheet.rows.len() >= rows_max {
                sheet.cut = Some(format!("more than {rows_max} rows, the rest is not read"));
                break;
            }
            sheet.rows.push((number, Vec::new()));
        }
        if let Some((_, cells)) = sheet.rows.last_mut() {
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            cells[column] = text;
        }
    }
    Ok(sheet)
}

/// Unpacks every part to nowhere and counts: what the directory of the archive says of their sizes may be a lie.
fn check_size(bytes: &[u8], unpacked_max: u64) -> Result<(), SheetError> {
    let mut parts = zip::ZipArchive::new(Cursor::new(bytes))?;
    if parts.len() > PARTS_MAX {
        return Err(SheetError::Parts(parts.len()));
    }
    let mut left = unpacked_max;
    for number in 0..parts.len() {
        let mut part = parts.by_index(number)?.take(left + 1);
        let unpacked = std::io::copy(&mut part, &mut std::io::sink()).map_err(zip::result::ZipError::Io)?;
        left = left.checked_sub(unpacked).ok_or(SheetError::TooLarge(unpacked_max))?;
    }
    Ok(())
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

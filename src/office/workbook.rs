//! Workbooks, new and old: every sheet a table, merged cells filled.

use std::io::Cursor;

use calamine::{Data, Dimensions, Range, Reader, Xls, Xlsx};

use super::bounds::{COLUMNS_MAX, ROWS_MAX};
use super::{Block, Kind, Table, Unread};

pub(crate) fn read(bytes: &[u8], kind: Kind) -> Result<Vec<Block>, Unread> {
    if kind == Kind::Workbook {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|problem| broken(&problem))?;
        sheets(book.sheet_names(), |name| {
            let cells = book.worksheet_range(name).map_err(|problem| broken(&problem))?;
            Ok((cells, book.merge_cells_by_sheet_name(name).unwrap_or_default()))
        })
    } else {
        let mut book: Xls<_> = Xls::new(Cursor::new(bytes)).map_err(|problem| match problem {
            calamine::XlsError::Password => Unread::Locked,
            other => broken(&other),
        })?;
        sheets(book.sheet_names(), |name| {
            let cells = book.worksheet_range(name).map_err(|problem| broken(&problem))?;
            Ok((cells, book.merge_cells_by_sheet_name(name).unwrap_or_default()))
        })
    }
}

fn broken(problem: &dyn std::error::Error) -> Unread {
    Unread::Broken(problem.to_string())
}

type Sheet = (Range<Data>, Vec<Dimensions>);

/// The sheets that hold something. One that cannot be read spoils the book: nobody could tell what is missing.
fn sheets(names: Vec<String>, mut sheet: impl FnMut(&str) -> Result<Sheet, Unread>) -> Result<Vec<Block>, Unread> {
    let mut blocks = Vec::new();
    for name in names {
        let (cells, merged) = sheet(&name)?;
        let rows = rows(&cells, &merged);
        if !rows.is_empty() {
            blocks.push(Block::Table(Table { rows, seams: Vec::new() }));
        }
    }
    Ok(blocks)
}

fn rows(cells: &Range<Data>, merged: &[Dimensions]) -> Vec<Vec<String>> {
    let (Some((top, left)), Some((bottom, right))) = (cells.start(), cells.end()) else { return Vec::new() };
    // One more than the bounds, so that what is left out is said.
    let place =
        |at: u32, first: u32, max: usize| usize::try_from(at.saturating_sub(first)).map_or(max, |at| at.min(max));
    let (height, width) = (place(bottom, top, ROWS_MAX) + 1, place(right, left, COLUMNS_MAX) + 1);
    let mut rows = vec![vec![String::new(); width]; height];
    for (row, column, cell) in cells.used_cells() {
        if let Some(slot) = rows.get_mut(row).and_then(|row| row.get_mut(column)) {
            *slot = shown(cell);
        }
    }
    for area in merged {
        let ((up, leftmost), (down, rightmost)) = (area.start, area.end);
        if up < top || leftmost < left {
            continue;
        }
        let (row, column) = (place(up, top, height), place(leftmost, left, width));
        let Some(text) = rows.get(row).and_then(|row| row.get(column)).filter(|text| !text.is_empty()).cloned() else {
            continue;
        };
        for row in rows.iter_mut().take(place(down, top, height) + 1).skip(row) {
            for slot in row.iter_mut().take(place(rightmost, left, width) + 1).skip(column) {
                slot.clone_from(&text);
            }
        }
    }
    rows
}

/// What a person would see in a cell.
fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty | Data::Error(_) => String::new(),
        Data::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                return format!("{year:04}-{month:02}-{day:02}");
            }
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        other => other.to_string().trim().to_owned(),
    }
}

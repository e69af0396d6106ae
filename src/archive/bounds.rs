//! Every bound of this room on what comes from outside: one place, one value, and what happens beyond it.

vocabulary::bounds! {
    /// Longest line of NDJSON.
    pub const LINE_BYTES_MAX: usize = 8 << 20, "bytes", "the line is set aside";
    /// Longest row of a CSV, TSV or Parquet table, all cells together.
    pub const ROW_BYTES_MAX: usize = LINE_BYTES_MAX, "bytes", "the row is set aside";
    /// Columns of a CSV, TSV or Parquet table.
    pub const COLUMNS_MAX: usize = 16_384, "columns", "a row is set aside; a header refuses the file";
    /// A CSV, TSV or Parquet table after decompression.
    pub const TABLE_BYTES_MAX: u64 = 1 << 30, "bytes", "the rest is not read, and said so in a line that is set aside";
    /// Longest piece of a line that was set aside which is kept.
    pub(crate) const FOUND_CHARS_MAX: usize = 2_000, "characters", "the piece is cut";

    /// Cells of one group of rows of a Parquet table: each costs a few bytes, though the file may say it with none.
    pub(crate) const GROUP_CELLS_MAX: usize = 20_000_000, "cells", "the table is refused";
    /// One group of rows of a Parquet table, unpacked, as its index says.
    pub(crate) const GROUP_BYTES_MAX: usize = 512 << 20, "bytes", "the table is refused";

    /// A preset that says how files are read.
    pub(crate) const PRESET_BYTES_MAX: u64 = 64 << 10, "bytes", "the preset is refused";

    /// An Excel workbook, packed.
    pub(crate) const WORKBOOK_BYTES_MAX: u64 = 256 << 20, "bytes", "the workbook is refused";
    /// What an imported workbook unpacks to.
    pub(crate) const WORKBOOK_UNPACKED_MAX: u64 = 1 << 30, "bytes", "the workbook is refused";
    /// Parts of a workbook: sheets, styles, pictures.
    pub(crate) const WORKBOOK_PARTS_MAX: usize = 10_000, "parts", "the workbook is refused";
    /// Cells of a sheet, empty ones aside.
    pub(crate) const SHEET_CELLS_MAX: usize = 20_000_000, "cells", "the rest is not read, and said so";
    /// Columns of a sheet.
    pub(crate) const SHEET_COLUMNS_MAX: usize = 500, "columns", "cells further right are not read, and said so";
    /// What the rows of a sheet take in memory.
    pub(crate) const SHEET_BYTES_MAX: usize = 512 << 20, "bytes", "the rest is not read, and said so";
    /// Tags of one sheet.
    pub(crate) const SHEET_TAGS_MAX: u64 = 200_000_000, "tags", "the workbook is refused";
    /// Longest stretch without a tag in any part of a workbook; a cell has at most 32,767 characters.
    pub(crate) const SHEET_STRETCH_MAX: u64 = 8 << 20, "bytes", "the workbook is refused";
    /// Texts that the cells of a workbook share, unpacked.
    pub(crate) const SHARED_TEXT_BYTES_MAX: u64 = 512 << 20, "bytes", "the workbook is refused";
    /// Tags of the texts that cells share; a text takes four.
    pub(crate) const SHARED_TEXT_TAGS_MAX: u64 = 10_000_000, "tags", "the workbook is refused";
    /// Tags of styles and indexes of a workbook times the longest of them: what is made of them at most.
    pub(crate) const STYLES_BYTES_MAX: u64 = 256 << 20, "bytes", "the workbook is refused";

    /// Block of a WARC or ARC record.
    pub(crate) const BLOCK_BYTES_MAX: u64 = 64 * 1024 * 1024, "bytes", "the rest is skipped, and said so";
    /// Longest header line of a record.
    pub(crate) const HEADER_BYTES_MAX: u64 = 64 * 1024, "bytes", "the rest is read as the next line";
    /// Header lines of a record.
    pub(crate) const HEADER_LINES_MAX: usize = 200, "lines", "the record is passed over";
    /// Empty lines between two records.
    pub(crate) const BLANK_LINES_MAX: usize = 64, "lines", "the record is looked for";
    /// Problems of one archive file.
    pub(crate) const PROBLEMS_MAX: usize = 1000, "problems", "the rest of the file is not read";
    /// Bytes of an archive file that are read again to find the next record behind damage, beside three times the file.
    pub(crate) const REREAD_BYTES_MAX: u64 = 32 << 20, "bytes", "the rest of the file is not read";
    /// Longest name or comment in a gzip head.
    pub(crate) const GZIP_TEXT_BYTES_MAX: u64 = 64 * 1024, "bytes", "the member is passed over as damaged";
    /// Head of an HTTP message.
    pub(crate) const HTTP_HEAD_BYTES_MAX: usize = 256 * 1024, "bytes", "the message has no body";

    /// Rows of a workbook that is written: it is made in memory, and spreadsheets end at 1,048,576.
    pub const XLSX_ROWS_MAX: u64 = 100_000, "rows", "the export is refused";
    /// Rows of any export.
    pub const EXPORT_ROWS_MAX: u64 = 1_000_000, "rows", "the export is refused";
    /// Longest text of one cell of a workbook that is written: spreadsheets take no more.
    pub(crate) const CELL_CHARS_MAX: usize = 32_767, "characters", "the text is cut";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_bound_says_what_it_is_and_what_lies_beyond() {
        let names: BTreeSet<&str> = BOUNDS.iter().map(|bound| bound.name).collect();
        assert_eq!(names.len(), BOUNDS.len(), "a name is given twice");
        for bound in BOUNDS {
            assert!(bound.value > 0 && bound.what.ends_with('.') && !bound.unit.is_empty(), "{}", bound.name);
            assert!(!bound.beyond.is_empty() && !bound.beyond.ends_with('.'), "{}", bound.name);
        }
    }
}

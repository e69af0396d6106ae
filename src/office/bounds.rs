//! Every bound of this room on what comes from outside: one place, one value, and what happens beyond it.

use std::time::Duration;

vocabulary::bounds! {
    /// Memory of the process that reads one file.
    pub(crate) const PROCESS_BYTES_MAX: u64 = 512 << 20, "bytes", "the process ends, the file is named and not read";
    /// Processor time for one file.
    pub(crate) const PROCESS_CPU_MAX: Duration = Duration::from_secs(20), "seconds", "the process ends, the file is named and not read";
    /// Time for one file, waiting included.
    pub(crate) const PROCESS_TIME_MAX: Duration = Duration::from_mins(1), "seconds", "the process is ended, the file is named and not read";
    /// What the process may answer.
    pub(crate) const ANSWER_BYTES_MAX: u64 = 32 << 20, "bytes", "the process is ended, the file is named and not read";
    /// Rows of all tables of one file.
    pub(crate) const ROWS_MAX: usize = 20_000, "rows", "the rest is not read, and said so";
    /// Columns of one table.
    pub(crate) const COLUMNS_MAX: usize = 100, "columns", "cells further right are not read, and said so";
    /// Longest cell.
    pub(crate) const CELL_CHARS_MAX: usize = 5_000, "characters", "the cell is cut, and said so";
    /// Text and cells of one file.
    pub(crate) const FILE_CHARS_MAX: usize = 4_000_000, "characters", "the rest is not read, and said so";
    /// Members of one archive.
    pub(crate) const MEMBERS_MAX: usize = 100, "files", "the rest is named and not read";
    /// A member of an archive, unpacked.
    pub(crate) const MEMBER_BYTES_MAX: u64 = 32 << 20, "bytes", "it is named and not read";
    /// A part of a Word file, unpacked.
    pub(crate) const PART_BYTES_MAX: u64 = 64 << 20, "bytes", "the file is named and not read";
    /// Pages of one PDF.
    pub(crate) const PAGES_MAX: usize = 300, "pages", "the rest is not read, and said so";
    /// Letters of one PDF page.
    pub(crate) const LETTERS_MAX: usize = 100_000, "letters", "the rest of the page is not read";
    /// Rulings of one PDF page.
    pub(crate) const RULINGS_MAX: usize = 20_000, "rulings", "the rest of the page's rulings is not seen";
    /// Rulings of one direction in one PDF table, after those in line are one.
    pub(crate) const EDGES_MAX: usize = 400, "rulings", "the table is read as running text";
    /// Longest name of a file.
    pub(crate) const NAME_CHARS_MAX: usize = 200, "characters", "the name is cut";
}

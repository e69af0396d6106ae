//! What is kept in files: raw exchanges as WARC, signals and assessments as Parquet.
//!
//! In: values of the vocabulary, exchanges with the web, files that people bring, presets of how these are read. Out: the same, later.
//! Not here: the meaning of text, scores, alerts, any clock.
//! RAW-1: a document points at the exact bytes it was read from. LOG-2: a part of the signals dataset is named by the
//! stretch of the log it was made from, and appears whole (write aside, fsync, rename, fsync of the folder) or not at all.

mod asked;
mod bounds;
/// Files as one archive with digests.
pub mod bundle;
pub mod documents;
mod export;
pub mod files;
mod parquet;
mod preset;
mod sheet;
mod signals;
mod table;
pub mod warc;
mod zip_files;

pub use asked::{Asked, read_asked};
pub use bounds::{BOUNDS, COLUMNS_MAX, EXPORT_ROWS_MAX, ROW_BYTES_MAX, TABLE_BYTES_MAX, XLSX_ROWS_MAX};
pub use export::{EXPORT_COLUMNS, ExportFormat, ExportRow, guarded, write_export};
pub use parquet::{
    AssessedRow, AssessmentTable, DocumentDataset, read_assessed, read_signal_dataset, write_signal_dataset,
};
pub use preset::Preset;
pub use sheet::{SheetError, SheetRow, SheetRows, read_sheet};
pub use signals::{Joined, Joining, PartsSurvey, SignalParts, survey_parts};
pub use warc::{
    BodyError, Exchange, HttpMessage, ReadProblem, Record, Repair, Truncated, WarcError, WarcOptions, WarcReader,
    WarcWriter, decode_body, read_at,
};
pub use zip_files::zip_files;

use std::path::PathBuf;

use vocabulary::{Refused, Said, file_action};

/// Why a file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file system refused.
    #[error("cannot {what} {path}; check that the folder exists, is writable and has space")]
    Io {
        /// `read`, `write`, `rename`, ….
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that somebody brought cannot be read.
    #[error("cannot read {path}; check that it may be read, and that it is whole and of the kind its name says")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder said.
        source: std::io::Error,
    },
    /// Two columns would feed one field.
    #[error("{path}: both column `{first}` and column `{second}` are `{field}`; choose with --map {field}=COLUMN")]
    TwoColumns {
        /// The file.
        path: PathBuf,
        /// Document field.
        field: String,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A Parquet file cannot be written or read.
    #[error("cannot {what} the Parquet file {path}; delete it and read again if it is damaged")]
    Parquet {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What polars said.
        source: polars::error::PolarsError,
    },
    /// A file is not what its digest says.
    #[error("{path} does not hold what was written; `wanglou archive verify --repair` says what can be made again")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A value in a Parquet file is not what this program writes.
    #[error("{path} row {row}: column `{column}` holds `{found}`, which this program does not write")]
    Value {
        /// The file.
        path: PathBuf,
        /// Row, counted from 0.
        row: usize,
        /// Column name.
        column: &'static str,
        /// What was found, cut short.
        found: String,
    },
    /// A table lacks a column that the map or the contract asks for.
    #[error(
        "{path}: no column `{column}` for `{field}`; the header has: {header}; name another with --map {field}=COLUMN"
    )]
    Column {
        /// The file.
        path: PathBuf,
        /// Document field.
        field: String,
        /// Column that was looked for.
        column: String,
        /// Columns that are there.
        header: String,
    },
    /// A file has none of the columns by which a preset finds the text.
    #[error(
        "{path}: no column for the text; preset `{preset}` knows: {names}; the header has: {header}; name one with --map text=COLUMN"
    )]
    NoText {
        /// The file.
        path: PathBuf,
        /// Name of the preset.
        preset: String,
        /// Columns that were looked for.
        names: String,
        /// Columns that are there.
        header: String,
    },
    /// No preset of that name comes with the program.
    #[error("no preset `{name}`; there are: {known}; a file of your own is named with its ending, e.g. ./mine.toml")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// Names of the shipped ones.
        known: String,
    },
    /// A preset is not written as one is.
    #[error("{file}:{line}: {detail}")]
    Preset {
        /// The file.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// What was found and what is allowed.
        detail: Refused,
    },
    /// Two parts of the signals dataset do not meet: something between them is missing or was made twice.
    #[error(
        "signals end at log position {at}, but the next file is {path}; delete the files from there on, they are made again"
    )]
    Gap {
        /// Where the parts before it end.
        at: u64,
        /// The part that does not fit.
        path: PathBuf,
    },
}

impl ArchiveError {
    /// Whether a file of ours does not hold what this program writes; false when the system could not read or write it.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::Parquet { what: "read", .. } | Self::Value { .. } | Self::Gap { .. }
        )
    }
}

impl Said for ArchiveError {
    fn zh(&self) -> String {
        match self {
            Self::Io { what, path, .. } => {
                format!("无法{} {}；请检查目录是否存在、是否可写、是否有空间", file_action(what), path.display())
            }
            Self::Read { path, .. } => {
                format!("无法读取 {}；请检查是否有权读取、是否完整、格式是否与文件名相符", path.display())
            }
            Self::TwoColumns { path, field, first, second } => format!(
                "{}：列 `{first}` 和列 `{second}` 都是 `{field}`；请用 --map {field}=列名 选定一个",
                path.display()
            ),
            Self::Parquet { what, path, .. } => {
                format!("无法{} Parquet 文件 {}；若已损坏，请删除后重新阅读", file_action(what), path.display())
            }
            Self::Damaged { path } => {
                format!("{} 与写入时不符；`wanglou archive verify --repair` 说明哪些可以重新生成", path.display())
            }
            Self::Value { path, row, column, found } => {
                format!("{} 第 {row} 行：列 `{column}` 为 `{found}`，不是本程序写的值", path.display())
            }
            Self::Column { path, field, column, header } => format!(
                "{}：没有给 `{field}` 的列 `{column}`；表头有：{header}；请用 --map {field}=列名 指定",
                path.display()
            ),
            Self::NoText { path, preset, names, header } => format!(
                "{}：没有正文列；预设 `{preset}` 认得：{names}；表头有：{header}；请用 --map text=列名 指定",
                path.display()
            ),
            Self::UnknownPreset { name, known } => {
                format!("没有预设 `{name}`；有：{known}；自己的文件请连扩展名一起写，例如 ./mine.toml")
            }
            Self::Preset { file, line, detail } => format!("{file}:{line}：{}", detail.zh),
            Self::Gap { at, path } => format!(
                "信号到日志位置 {at} 为止，而下一个文件是 {}；请删除从它开始的文件，程序会重新生成",
                path.display()
            ),
        }
    }
}

//! Assessments as a table: written group by group while days are judged, so that years of them need not be held; their labels read back.
#![expect(clippy::disallowed_methods, reason = "an edge room: files are its business")]

use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::{
    BatchedWriter, Column, DataFrame, NamedFrom, ParquetCompression, ParquetWriter, PolarsError, Rows, Series,
    read_table,
};
use crate::ArchiveError;
use crate::files::{aside, publish_aside};
use tell::{self, Language};
use vocabulary::{Assessment, Category, Danger, Disposal, Hazard, RegionCode, Spread};

/// Rows of one group: an assessment names all its documents.
const GROUP_ROWS: usize = 1_000;

/// A table of assessments that is being written: the numbers as columns, and the whole as JSON in `terms`, so that every figure of an
/// explanation is in the file (SCORE-2). It has its name once it is whole.
pub struct AssessmentTable {
    path: PathBuf,
    writer: BatchedWriter<File>,
    waiting: Vec<Assessment>,
}

impl AssessmentTable {
    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(path: &Path) -> Result<Self, ArchiveError> {
        let file = File::create(aside(path)).map_err(|source| ArchiveError::Io {
            what: "create",
            path: path.to_owned(),
            source,
        })?;
        let parquet = |source| ArchiveError::Parquet { what: "write", path: path.to_owned(), source };
        let empty = table(&[]).map_err(parquet)?;
        // One thread: the bytes must not depend on how many cores there are.
        let writer = ParquetWriter::new(file)
            .with_compression(ParquetCompression::Zstd(None))
            .set_parallel(false)
            .batched(empty.schema())
            .map_err(parquet)?;
        Ok(Self { path: path.to_owned(), writer, waiting: Vec::new() })
    }

    /// Adds rows. Groups follow from their number alone, however they come.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&mut self, assessments: impl IntoIterator<Item = Assessment>) -> Result<(), ArchiveError> {
        for assessment in assessments {
            self.waiting.push(assessment);
            if self.waiting.len() == GROUP_ROWS {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Ends the file and gives it its name.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<(), ArchiveError> {
        self.write()?;
        self.writer.finish().map_err(|source| ArchiveError::Parquet {
            what: "write",
            path: self.path.clone(),
            source,
        })?;
        publish_aside(&aside(&self.path), &self.path)
    }

    fn write(&mut self) -> Result<(), ArchiveError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let group = table(&self.waiting).and_then(|table| self.writer.write_batch(&table));
        self.waiting.clear();
        group.map_err(|source| ArchiveError::Parquet { what: "write", path: self.path.clone(), source })
    }
}

fn table(assessments: &[Assessment]) -> Result<DataFrame, PolarsError> {
    let text = |name: &str, value: &dyn Fn(&Assessment) -> String| -> Column {
        Series::new(name.into(), assessments.iter().map(value).collect::<Vec<_>>()).into()
    };
    let maybe = |name: &str, value: &dyn Fn(&Assessment) -> Option<String>| -> Column {
        Series::new(name.into(), assessments.iter().map(value).collect::<Vec<_>>()).into()
    };
    let count = |name: &str, value: &dyn Fn(&Assessment) -> u64| -> Column {
        Series::new(name.into(), assessments.iter().map(value).collect::<Vec<_>>()).into()
    };
    let number = |name: &str, value: &dyn Fn(&Assessment) -> f64| -> Column {
        Series::new(name.into(), assessments.iter().map(value).collect::<Vec<_>>()).into()
    };
    let columns = vec![
        text("as_of", &|a| a.as_of.to_string()),
        text("category", &|a| a.category.code().to_owned()),
        text("hazard", &|a| a.hazard.code().to_owned()),
        maybe("brand", &|a| a.brand.clone()),
        maybe("region", &|a| a.region.map(|code| code.to_string())),
        text("danger", &|a| a.danger.code().to_owned()),
        text("spread", &|a| a.spread.code().to_owned()),
        text("disposal", &|a| a.disposal.code().to_owned()),
        text("disposal_rule", &|a| a.disposal_rule.clone()),
        number("rank_score", &|a| a.rank_score),
        count("reports", &|a| a.counts.reports),
        count("texts", &|a| a.counts.texts),
        count("actors", &|a| a.counts.actors),
        count("places", &|a| a.counts.places),
        count("window_days", &|a| u64::from(a.window_days)),
        number("h", &|a| a.detector.h),
        number("h_threshold", &|a| a.detector.h_threshold),
        text("criteria", &|a| a.criteria.to_string()),
        text("explanation", &|a| tell::paragraph(&a.explanation, Language::Chinese)),
        text("terms", &|a| serde_json::to_string(&tell::written(a.clone(), Language::Chinese)).unwrap_or_default()),
    ];
    DataFrame::new_infer_height(columns)
}

/// The labels of one assessment, as a rerun exported it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssessedRow {
    /// The day judged.
    pub as_of: Date,
    /// Product category.
    pub category: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Brand, when it is about one.
    pub brand: Option<String>,
    /// Region, when it is about one.
    pub region: Option<RegionCode>,
    /// Danger.
    pub danger: Danger,
    /// Spread.
    pub spread: Spread,
    /// Disposal.
    pub disposal: Disposal,
    /// Rule of the disposal; empty in files from before it was a column.
    pub rule: String,
}

/// Reads the labels out of a table that [`AssessmentTable`] wrote.
pub fn read_assessed(path: &Path) -> Result<Vec<AssessedRow>, ArchiveError> {
    let table = read_table(path)?;
    let rows = Rows { path, table: &table };
    let ruled = table.column("disposal_rule").is_ok();
    let row = |row: usize| -> Result<AssessedRow, ArchiveError> {
        Ok(AssessedRow {
            as_of: rows.code(row, "as_of", |text| text.parse().ok())?,
            category: rows.code(row, "category", |text| text.parse().ok())?,
            hazard: rows.code(row, "hazard", |text| text.parse().ok())?,
            brand: rows.maybe(row, "brand")?.map(str::to_owned),
            region: rows.region(row)?,
            danger: rows.code(row, "danger", |text| text.parse().ok())?,
            spread: rows.code(row, "spread", |text| text.parse().ok())?,
            disposal: rows.code(row, "disposal", |text| text.parse().ok())?,
            rule: if ruled { rows.text(row, "disposal_rule")?.to_owned() } else { String::new() },
        })
    };
    (0..table.height()).map(row).collect()
}

//! Results of a search as files, each with a manifest that says what it is.

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::{Folder, PipelineError};
use archive::{EXPORT_COLUMNS, ExportFormat, ExportRow, write_export, zip_files};
use index::{SearchRequest, Sort};
use vocabulary::{CriteriaVersion, LexiconVersion, Position, show_moment};

/// Most rows of an export as a ZIP archive, which is made in memory.
pub const ZIP_ROWS_MAX: u64 = 20_000;
/// Longest file in such an archive, before compression, in bytes.
const ZIPPED_BYTES_MAX: usize = 128 << 20;

/// The manifest of an export: enough to repeat it, and to check that the file is whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// The query as asked.
    pub query: String,
    /// Order of the rows.
    pub sort: Sort,
    /// Whether names brought other names of the same thing with them, unless the query says otherwise.
    pub synonyms: bool,
    /// Whether each story gives one row, unless the query says otherwise.
    pub reprints_hidden: bool,
    /// Documents that match.
    pub total: u64,
    /// Rows of the file: `total`, or fewer when reprints are hidden.
    pub rows: u64,
    /// How it is written.
    pub format: ExportFormat,
    /// Columns of a table, in order.
    pub columns: Vec<&'static str>,
    /// Length of the file.
    pub bytes: u64,
    /// BLAKE3 of the file, in hexadecimal.
    pub blake3: String,
    /// When it was made, RFC 3339.
    pub exported_at: String,
    /// Version of the program.
    pub program: &'static str,
    /// Lexicon that read the documents.
    pub lexicon: LexiconVersion,
    /// Criteria in force.
    pub criteria: CriteriaVersion,
    /// Up to where in the log was searched.
    pub log_position: Position,
}

impl Folder {
    /// Writes all that a search finds, whatever its `limit` and `after`. `name` is for messages.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] when there are more rows than the format takes, or than `rows_max`: no file is cut short.
    pub fn export(
        &self,
        request: &SearchRequest,
        format: ExportFormat,
        rows_max: u64,
        out: &mut (impl Write + Send),
        name: &Path,
        now: Timestamp,
    ) -> Result<Manifest, PipelineError> {
        let most = rows_max.min(format.rows_max());
        let index = self.index();
        let matches = index.matches(request, usize::try_from(most).unwrap_or(usize::MAX))?;
        let (total, log_position) = (matches.total, matches.position);
        if total > most {
            let format = format.code();
            return Err(PipelineError::refused(
                format!(
                    "检索到 {total} 条，超过一次导出为 {format} 的上限 {most} 条；请加条件分几次导出，或换一种格式"
                ),
                format!(
                    "{total} documents match, one export as {format} takes {most}; narrow the query, or choose another format"
                ),
            ));
        }
        let row = |found: Result<_, _>| -> Result<ExportRow, PipelineError> {
            let (hit, document): (index::Hit, _) = found?;
            Ok(ExportRow {
                document,
                categories: hit.categories,
                hazards: hit.hazards,
                severity: hit.severity,
                brand: hit.brand,
                region: hit.region.map(|code| (code.to_string(), self.region_name(code))),
                item: hit.item,
                story: hit.story,
                position: hit.position.0,
            })
        };
        let mut counted = Counted { out, bytes: 0, hash: blake3::Hasher::new() };
        let rows = write_export(format, matches.map(row), &mut counted, name)?;
        Ok(Manifest {
            query: request.query.clone(),
            sort: request.sort,
            synonyms: !request.no_synonyms,
            reprints_hidden: request.hide_reprints,
            total,
            rows,
            format,
            columns: if format == ExportFormat::Ndjson { Vec::new() } else { EXPORT_COLUMNS.to_vec() },
            bytes: counted.bytes,
            blake3: counted.hash.finalize().to_hex().to_string(),
            exported_at: show_moment(now),
            program: env!("CARGO_PKG_VERSION"),
            lexicon: self.lexicon().version().clone(),
            criteria: self.judge_by().version().clone(),
            log_position,
        })
    }
}

impl Folder {
    /// Like [`Folder::export`], as a ZIP archive of the file and its manifest.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] when there are more rows than `rows_max`, which should be at most [`ZIP_ROWS_MAX`], or the file is longer
    /// than 128 MiB.
    pub fn export_zip(
        &self,
        request: &SearchRequest,
        format: ExportFormat,
        rows_max: u64,
        now: Timestamp,
    ) -> Result<(Vec<u8>, Manifest), PipelineError> {
        let name = format!("result.{}", format.code());
        let mut file = BoundedFile { bytes: Vec::new(), full: false };
        let made = self.export(request, format, rows_max, &mut file, Path::new(&name), now);
        if file.full {
            let megabytes = ZIPPED_BYTES_MAX >> 20;
            return Err(PipelineError::refused(
                format!("结果超过 {megabytes} MB：请加条件分几次导出，或在服务器上用命令 wanglou export"),
                format!(
                    "the result is longer than {megabytes} MB; narrow the query, or use `wanglou export` on the server"
                ),
            ));
        }
        let manifest = made?;
        let manifest_json = serde_json::to_vec_pretty(&manifest)?;
        let archive = zip_files(&[(&name, &file.bytes), ("manifest.json", &manifest_json)]);
        let archive = archive.map_err(|source| PipelineError::Io { what: "pack", path: name.into(), source })?;
        Ok((archive, manifest))
    }
}

/// A file in memory that ends at [`ZIPPED_BYTES_MAX`].
struct BoundedFile {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for BoundedFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + bytes.len() > ZIPPED_BYTES_MAX {
            self.full = true;
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Counts and hashes what goes through it.
struct Counted<'a, W> {
    out: &'a mut W,
    bytes: u64,
    hash: blake3::Hasher,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

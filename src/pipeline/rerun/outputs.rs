//! The files a rerun writes, and what of an earlier one it may clear away.
#![expect(clippy::disallowed_methods, reason = "an edge: writes the outputs")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use serde::Serialize;

use super::cache::{Cache, Key};
use crate::PipelineError;
use crate::files::{digest, files_under, name_below};
use crate::planned::DIFFERENCE;
use archive::AssessmentTable;
use vocabulary::Assessment;

/// What a rerun writes. The summary comes last: where it is, the rest is whole.
pub(super) const ALERTS: &str = "alerts.ndjson";
pub(super) const SAMPLING: &str = "sampling.ndjson";
const ASSESSMENTS: &str = "assessments.parquet";
pub(super) const SIGNALS: &str = "signals";
pub(super) const SUMMARY: &str = "summary.json";
/// Finished work of a rerun that is not whole yet.
pub(super) const WORK: &str = "work";
const ASSESSMENTS_ASIDE: &str = "assessments.part";

/// Removes what an earlier rerun left, but the work it had finished where this one goes on. Refused when there is anything else:
/// that folder is somebody's.
pub(super) fn clear_outputs(out: &Path, resume: bool) -> Result<(), PipelineError> {
    let io = |what, source| PipelineError::Io { what, path: out.to_owned(), source };
    let ours = [ALERTS, SAMPLING, ASSESSMENTS, ASSESSMENTS_ASIDE, SIGNALS, SUMMARY, WORK, DIFFERENCE];
    for entry in fs::read_dir(out).map_err(|error| io("list", error))? {
        let name = entry.map_err(|error| io("list", error))?.file_name();
        if !ours.iter().any(|known| name == *known) {
            return Err(PipelineError::Occupied { out: out.to_owned(), found: name.to_string_lossy().into_owned() });
        }
    }
    // The summary first: without it, what is left says that it is not whole.
    for name in [SUMMARY, ALERTS, SAMPLING, ASSESSMENTS, ASSESSMENTS_ASIDE, DIFFERENCE] {
        match fs::remove_file(out.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io("clear", error)),
            _ => {}
        }
    }
    for name in [SIGNALS, WORK].into_iter().filter(|name| !(resume && *name == WORK)) {
        match fs::remove_dir_all(out.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io("clear old files in", error)),
            _ => {}
        }
    }
    Ok(())
}

/// A file of JSON lines.
pub(super) struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Lines {
    pub(super) fn create(path: &Path) -> Result<Self, PipelineError> {
        let file =
            File::create(path).map_err(|source| PipelineError::Io { what: "create", path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    pub(super) fn put(&mut self, value: &impl Serialize) -> Result<(), PipelineError> {
        let line = serde_json::to_string(value)?;
        writeln!(self.file, "{line}").map_err(|source| PipelineError::Io {
            what: "write",
            path: self.path.clone(),
            source,
        })
    }

    pub(super) fn finish(mut self) -> Result<(), PipelineError> {
        self.file.flush().map_err(|source| PipelineError::Io { what: "write", path: self.path, source })
    }
}

/// Days judged together, with the key under which the next rerun takes them over; none where they were taken over themselves.
type Days = (Option<Key>, Vec<Vec<Assessment>>);

/// Assessments on their way to their table, and to the cache: put away aside, while the next days are judged. Whatever becomes of the rerun,
/// nothing is written any more once this is gone.
pub(super) struct Filing {
    days: Option<SyncSender<Days>>,
    filing: Option<JoinHandle<Result<AssessmentTable, PipelineError>>>,
}

impl Filing {
    /// Begins the table of an output folder.
    pub(super) fn begin(out: &Path, cache: Arc<Cache>) -> Result<Self, PipelineError> {
        let mut table = AssessmentTable::create(&out.join(ASSESSMENTS))?;
        // As many days as are judged together wait, and no more.
        let (days, waiting) = sync_channel::<Days>(1);
        let filing = std::thread::spawn(move || {
            for (key, days) in waiting {
                if let Some(key) = key {
                    cache.put(&key, &days)?;
                }
                table.add(days.into_iter().flatten())?;
            }
            Ok(table)
        });
        Ok(Self { days: Some(days), filing: Some(filing) })
    }

    /// Files days, in their order; waits while those before them are not yet put away. An error of earlier ones may show here.
    pub(super) fn put(&mut self, key: Option<Key>, days: Vec<Vec<Assessment>>) -> Result<(), PipelineError> {
        match self.days.as_ref().map(|to| to.send((key, days))) {
            Some(Ok(())) => Ok(()),
            // It only ends early with an error.
            _ => self.end().map(|_| ()),
        }
    }

    /// Ends the table once all is put away.
    pub(super) fn finish(mut self) -> Result<(), PipelineError> {
        match self.end()? {
            Some(table) => Ok(table.finish()?),
            None => Ok(()),
        }
    }

    /// Waits for what is still to be put away; gives the table the first time.
    fn end(&mut self) -> Result<Option<AssessmentTable>, PipelineError> {
        self.days = None;
        let Some(filing) = self.filing.take() else { return Ok(None) };
        filing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map(Some)
    }
}

impl Drop for Filing {
    fn drop(&mut self) {
        self.days = None;
        if let Some(filing) = self.filing.take() {
            // The rerun failed elsewhere, and says so itself.
            drop(filing.join());
        }
    }
}

/// BLAKE3 of every output, by its name below the folder.
pub(super) fn digests(out: &Path) -> Result<BTreeMap<String, String>, PipelineError> {
    let mut digests = BTreeMap::new();
    for path in files_under(out)? {
        let name = name_below(out, &path);
        if name != SUMMARY && !name.starts_with(WORK) {
            digests.insert(name, digest(&path)?.to_hex().to_string());
        }
    }
    Ok(digests)
}

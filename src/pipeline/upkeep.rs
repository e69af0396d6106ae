//! Looking after a data folder: what it holds, fewer and larger files, documents as a dataset.
//!
//! In: a data folder. Out: reports. Nothing here changes what a tower says; looking works beside a running tower.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::PipelineError;
use super::collecting::lock_folder;
use super::files::files_under;
use archive::{DocumentDataset, SignalParts, survey_parts};
use log::Journal;
use store::Store;
use vocabulary::{AuditEntry, AuditKind, DateRange, Position, SourceId, day_of};

/// Documents taken from the log together.
const BATCH: usize = 10_000;
/// Signals in a file after [`compact`], about.
const SIGNALS_PER_FILE: usize = 200_000;

/// Files of one kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Files {
    /// How many.
    pub files: u64,
    /// Bytes in all.
    pub bytes: u64,
}

/// What a data folder holds.
#[derive(Debug, Default, Serialize)]
pub struct Stat {
    /// Documents and revisions in the log, by source.
    pub documents: BTreeMap<SourceId, u64>,
    /// First and last day that documents are about.
    pub days: Option<(Date, Date)>,
    /// The database: log, alerts, frontier.
    pub store: Files,
    /// Raw exchanges.
    pub warc: Files,
    /// Signals, derived from the log.
    pub signals: Files,
    /// How many signals.
    pub signals_held: u64,
    /// The search index, derived from the log.
    pub index: Files,
    /// Lines that imports set aside.
    pub rejects: Files,
}

/// Counts what a data folder holds.
pub async fn stat(data: &Path) -> Result<Stat, PipelineError> {
    let store = open_store(data).await?;
    let documents = store.intake().await?.into_iter().map(|(source, (_, intake))| (source, intake.kept)).collect();
    let volume = store.volume(Position(0), Position(u64::MAX)).await?;
    let days = volume.iter().map(|(day, ..)| *day);
    let mut stat = Stat { documents, days: days.clone().min().zip(days.max()), ..Stat::default() };
    store.close().await;
    for name in ["wanglou.sqlite", "wanglou.sqlite-wal"] {
        if let Ok(metadata) = fs::metadata(data.join(name)) {
            stat.store.files += 1;
            stat.store.bytes += metadata.len();
        }
    }
    stat.warc = files_in(&data.join("warc"))?;
    stat.signals = files_in(&data.join("signals"))?;
    stat.index = files_in(&data.join("index"))?;
    stat.rejects = files_in(&data.join("rejects"))?;
    stat.signals_held = survey_parts(&data.join("signals"))?.signals;
    Ok(stat)
}

/// Joins the many small files of signals into few, and says how many there were and are. Needs the folder to itself. Leaves an audit line.
pub async fn compact(data: &Path, now: Timestamp) -> Result<(usize, usize), PipelineError> {
    if !data.join("wanglou.sqlite").is_file() {
        return Err(PipelineError::Empty(data.to_owned()));
    }
    let _lock = lock_folder(data)?;
    let store = open_store(data).await?;
    let (before, after) = SignalParts::open(&data.join("signals"))?.compact(SIGNALS_PER_FILE)?;
    note(&store, "signals", format!("{before} files joined into {after}"), now).await?;
    store.close().await;
    Ok((before, after))
}

/// Adds the audit line of a command that changed the data folder.
pub(super) async fn note(store: &Store, about: &str, detail: String, at: Timestamp) -> Result<(), PipelineError> {
    let (who, what, about) = ("cli".to_owned(), AuditKind::Upkeep, about.to_owned());
    let mut tx = store.begin().await?;
    Store::add_audit(&mut tx, &AuditEntry { at, who, what, about, detail }).await?;
    Ok(tx.commit().await?)
}

/// What [`export`] wrote.
#[derive(Debug, Default, Serialize)]
pub struct Exported {
    /// Documents and revisions.
    pub documents: u64,
    /// Files.
    pub files: u64,
}

/// Writes the documents of the log as a dataset partitioned by day; with a range, only those about its days.
pub async fn export(data: &Path, out: &Path, range: Option<DateRange>) -> Result<Exported, PipelineError> {
    let store = open_store(data).await?;
    let log = Journal::new(store.clone());
    let mut dataset = DocumentDataset::create(out)?;
    let (mut exported, mut after, end) = (Exported::default(), Position(0), log.end().await?);
    while after < end {
        let batch = log.read_after(after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = last.position;
        let documents = batch.into_iter().map(|entry| entry.document);
        let wanted: Vec<_> = documents
            .filter(|document| {
                let day = document.event_at().map(day_of);
                range.is_none_or(|range| day.is_some_and(|day| (range.from..=range.to).contains(&day)))
            })
            .collect();
        exported.documents += wanted.len() as u64;
        dataset.add(wanted)?;
    }
    store.close().await;
    exported.files = dataset.finish()?;
    Ok(exported)
}

async fn open_store(data: &Path) -> Result<Store, PipelineError> {
    let path = data.join("wanglou.sqlite");
    if !path.is_file() {
        return Err(PipelineError::Empty(data.to_owned()));
    }
    Ok(Store::open(&path).await?)
}

fn files_in(dir: &Path) -> Result<Files, PipelineError> {
    let mut found = Files::default();
    for path in files_under(dir)? {
        found.files += 1;
        // A running tower may have taken it away meanwhile.
        found.bytes += fs::metadata(&path).map_or(0, |metadata| metadata.len());
    }
    Ok(found)
}

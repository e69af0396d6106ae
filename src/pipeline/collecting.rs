//! Collecting alone: a data folder opened for its sources, without lexicon, index and judgement. The next tower reads what was collected
//! from the log.

#![expect(clippy::disallowed_methods, reason = "an edge: the lock file is opened here")]

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::error::PipelineError;
use super::files::is_own_warc;
use super::intake::LogSink;
use super::masking::masker_in;
use super::private::private_folder;
use super::secrets::vault_of;
use archive::{Repair, WarcOptions, WarcWriter};
use collect::{self, Collector, CollectorSettings, FileReader, Health, Masker, Recipe, Round, Sink, SinkError};
use config::Settings;
use log::Journal;
use store::Store;
use store::frontier::Frontier;
use vocabulary::{AuditEntry, AuditKind, Document, Position, SourceId};

/// A data folder in which sources are collected. One per folder at a time, towers included.
pub struct CollectingFolder {
    store: Store,
    log: Journal,
    collector: Collector,
    _lock: File,
}

impl CollectingFolder {
    /// Opens a folder, makes it when it is missing, and takes its lock.
    pub async fn open(settings: &Settings) -> Result<Self, PipelineError> {
        let lock = lock_folder(&settings.data)?;
        let store = Store::open(&settings.data.join("wanglou.sqlite")).await?;
        let masker = masker_in(&settings.data, &store, &vault_of(settings)?).await?;
        let collector = collector_of(settings, &settings.data.join("warc"), &store, masker).await?;
        Ok(Self { log: Journal::new(store.clone()), store, collector, _lock: lock })
    }

    /// Goes once around the sources, whether they are due or not.
    pub async fn collect(
        &self,
        recipes: &[Recipe],
        at_once: usize,
        now: Timestamp,
    ) -> Result<Vec<Round>, PipelineError> {
        self.collector.know(recipes);
        let rounds = stream::iter(recipes.iter().map(|recipe| one_round(&self.log, &self.collector, recipe, now)));
        let mut rounds: Vec<Round> = rounds.buffer_unordered(at_once).try_collect().await?;
        rounds.sort_by_key(|round| recipes.iter().position(|recipe| recipe.id == round.source));
        Ok(rounds)
    }

    /// Closes the connections.
    pub async fn close(self) {
        drop(self.collector);
        self.store.close().await;
    }
}

/// The state of the sources of a data folder; may be read and changed while a service runs on the folder.
pub struct SourceStates {
    store: Store,
    frontier: Frontier,
}

impl SourceStates {
    /// Opens the state of a folder; makes the folder when it is missing.
    pub async fn open(settings: &Settings) -> Result<Self, PipelineError> {
        let data = &settings.data;
        private_folder(data)?;
        let store = Store::open(&data.join("wanglou.sqlite")).await?;
        Ok(Self { frontier: Frontier::new(store.clone()), store })
    }

    /// How a source is doing.
    pub async fn health(&self, recipe: &Recipe, now: Timestamp) -> Result<Health, PipelineError> {
        Ok(Health::look(&self.frontier, recipe, now).await?)
    }

    /// The store of the folder, to look.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Pauses a source. A running service stops asking it with its next look at the schedule. `by`: whom the audit log names.
    pub async fn pause(&self, source: &SourceId, by: &str, now: Timestamp) -> Result<(), PipelineError> {
        self.frontier.pause(source, now).await?;
        self.note(source, by, "paused", now).await
    }

    /// Resumes a source: it is asked again when it is due. `by`: whom the audit log names.
    pub async fn resume(&self, source: &SourceId, by: &str, now: Timestamp) -> Result<(), PipelineError> {
        self.frontier.resume(source).await?;
        self.note(source, by, "resumed", now).await
    }

    async fn note(&self, source: &SourceId, by: &str, detail: &str, at: Timestamp) -> Result<(), PipelineError> {
        let (who, about, detail) = (by.to_owned(), source.to_string(), detail.to_owned());
        let mut tx = self.store.begin().await?;
        Store::add_audit(&mut tx, &AuditEntry { at, who, what: AuditKind::Source, about, detail }).await?;
        Ok(tx.commit().await?)
    }

    /// Closes the connections.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// Collects a few pages of a live source and keeps nothing: one list page and some pages that it links to, with the documents they would
/// give. Politeness, safety and masking are as in a round. `scratch` is an empty folder for the raw archive.
pub async fn check_source(
    settings: &Settings,
    recipe: &Recipe,
    scratch: &Path,
    now: Timestamp,
) -> Result<(Round, Vec<Document>), PipelineError> {
    let store = Store::open(&scratch.join("wanglou.sqlite")).await?;
    let collector = collector_of(settings, &scratch.join("warc"), &store, Masker::default()).await?;
    let collected = CollectedDocuments::default();
    let round = collector.round(&recipe.for_a_look(), now, &collected).await?;
    drop(collector);
    store.close().await;
    Ok((round, collected.0.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// A sink that keeps documents in memory, to show them.
#[derive(Default)]
struct CollectedDocuments(Mutex<Vec<Document>>);

#[async_trait]
impl Sink for CollectedDocuments {
    async fn put(&self, documents: Vec<Document>) -> Result<Vec<collect::Outcome>, SinkError> {
        let outcomes = vec![collect::Outcome::Kept; documents.len()];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(documents);
        Ok(outcomes)
    }
}

/// Makes the data folder and takes its lock; held as long as the file is open.
pub(super) fn lock_folder(data: &Path) -> Result<File, PipelineError> {
    let io = |what, source| PipelineError::Io { what, path: data.to_owned(), source };
    private_folder(data)?;
    let lock = File::create(data.join("lock")).map_err(|error| io("take the lock of", error))?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => PipelineError::Busy(data.to_owned()),
        TryLockError::Error(error) => io("take the lock of", error),
    })?;
    Ok(lock)
}

/// The collector of a folder, with its frontier, drop folders and raw archive.
pub(super) async fn collector_of(
    settings: &Settings,
    warc: &Path,
    store: &Store,
    masker: Masker,
) -> Result<Collector, PipelineError> {
    let mut warc = WarcWriter::open(warc, WarcOptions::default())?;
    if let Some((file, at)) = warc.damaged().map(|(file, at)| (file.to_owned(), at)) {
        if is_pointed_to(&Journal::new(store.clone()), &file, at).await? {
            tracing::warn!(
                "{file} is damaged at byte {at} and stays as it is, a new file begins; restore it from a backup"
            );
        } else {
            warc.cut_damaged()?;
        }
    }
    if let Some(Repair { file, kept_bytes, cut_bytes }) = warc.repair() {
        let file = file.display();
        tracing::warn!("{file} ended in torn records: {cut_bytes} bytes were cut off, {kept_bytes} bytes stay");
    }
    let collecting = CollectorSettings {
        user_agent: settings.user_agent.clone(),
        inbox: settings.data.join("inbox"),
        masker,
        reader: settings.file_reader.clone().map_or_else(FileReader::here, FileReader::by),
        ..CollectorSettings::default()
    };
    Ok(Collector::new(collecting, Frontier::new(store.clone()), warc)?)
}

/// Whether a document points to a record of this raw file from a byte on. Reads the log from its end to the documents of an earlier file.
async fn is_pointed_to(log: &Journal, file: &str, from: u64) -> Result<bool, PipelineError> {
    const WINDOW: u64 = 1_000;
    let mut end = log.end().await?.0;
    while end > 0 {
        let begin = end.saturating_sub(WINDOW);
        let (mut after, mut is_earlier_file) = (begin, false);
        while after < end {
            let batch = log.read_after(Position(after), usize::try_from(end - after).unwrap_or(usize::MAX)).await?;
            let Some(last) = batch.last() else { break };
            after = last.position.0;
            for raw in batch.iter().filter_map(|entry| entry.document.raw.as_ref()) {
                if raw.file == file && raw.offset >= from {
                    return Ok(true);
                }
                is_earlier_file |= is_own_warc(&raw.file) && *raw.file < *file;
            }
        }
        if is_earlier_file {
            break;
        }
        end = begin;
    }
    Ok(false)
}

/// One source once, into the log, with its counts.
pub(super) async fn one_round(
    log: &Journal,
    collector: &Collector,
    recipe: &Recipe,
    now: Timestamp,
) -> Result<Round, PipelineError> {
    let sink = LogSink::new(log.clone(), now);
    let round = collector.round(recipe, now, &sink).await?;
    sink.settle(recipe, &round).await?;
    Ok(round)
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Overrides;

    #[tokio::test]
    async fn whoever_pauses_a_source_or_lets_it_go_on_leaves_a_line() {
        let dir = tempfile::tempdir().expect("a folder");
        let flags = Overrides { data: Some(dir.path().join("data")), ..Overrides::default() };
        let settings = Settings::load(None, flags).expect("good");
        let states = SourceStates::open(&settings).await.expect("opened");
        let (source, now) = (SourceId::from("gov.samr"), Timestamp::UNIX_EPOCH);
        states.pause(&source, "cli", now).await.expect("paused");
        states.resume(&source, "cli", now).await.expect("resumed");
        let lines = states.store().audit(0, 9).await.expect("read");
        let told = lines.iter().map(|line| (line.entry.what, line.entry.about.as_str(), line.entry.detail.as_str()));
        let expected = ["paused", "resumed"].map(|detail| (AuditKind::Source, "gov.samr", detail));
        assert_eq!(told.collect::<Vec<_>>(), expected);
        states.close().await;
    }
}

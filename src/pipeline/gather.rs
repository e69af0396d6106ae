//! Collecting alone: a data folder opened for its sources, without lexicon, index and judgement. What is collected waits in
//! the log for the next tower.

#![expect(clippy::disallowed_methods, reason = "an edge: the lock file is opened here")]

use std::fs::{self, File, TryLockError};
use std::path::Path;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::{LogSink, PipelineError};
use crate::archive::{WarcOptions, WarcWriter};
use crate::collect::{Collector, CollectorSettings, Recipe, Round};
use crate::config::Settings;
use crate::log::Log;
use crate::store::Store;
use crate::store::frontier::Frontier;

/// A data folder in which sources are collected. One per folder at a time, towers included.
pub struct Gatherer {
    store: Store,
    log: Log,
    collector: Collector,
    _lock: File,
}

impl Gatherer {
    /// Opens a folder, makes it when it is missing, and takes its lock.
    pub async fn open(settings: &Settings) -> Result<Self, PipelineError> {
        let lock = lock_folder(&settings.data)?;
        let store = Store::open(&settings.data.join("wanglou.sqlite")).await?;
        let collector = collector_of(settings, &store)?;
        Ok(Self { log: Log::new(store.clone()), store, collector, _lock: lock })
    }

    /// Goes once around the sources, whether they are due or not.
    pub async fn collect(
        &self,
        recipes: &[Recipe],
        at_once: usize,
        now: Timestamp,
    ) -> Result<Vec<Round>, PipelineError> {
        let rounds = stream::iter(recipes.iter().map(|recipe| one_round(&self.log, &self.collector, recipe, now)));
        rounds.buffered(at_once).try_collect().await
    }

    /// Closes the connections.
    pub async fn close(self) {
        drop(self.collector);
        self.store.close().await;
    }
}

/// Makes the data folder and takes its lock; held as long as the file is open.
pub(super) fn lock_folder(data: &Path) -> Result<File, PipelineError> {
    let io = |what, source| PipelineError::Io { what, path: data.to_owned(), source };
    fs::create_dir_all(data).map_err(|error| io("make the data folder", error))?;
    let lock = File::create(data.join("lock")).map_err(|error| io("take the lock of", error))?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => PipelineError::Busy(data.to_owned()),
        TryLockError::Error(error) => io("take the lock of", error),
    })?;
    Ok(lock)
}

/// The collector of a folder, with its frontier and raw archive.
pub(super) fn collector_of(settings: &Settings, store: &Store) -> Result<Collector, PipelineError> {
    let warc = WarcWriter::open(&settings.data.join("warc"), WarcOptions::default())?;
    let collecting = CollectorSettings { user_agent: settings.user_agent.clone(), ..CollectorSettings::default() };
    Ok(Collector::new(collecting, Frontier::new(store.clone()), warc)?)
}

/// One source once, into the log, with its counts.
pub(super) async fn one_round(
    log: &Log,
    collector: &Collector,
    recipe: &Recipe,
    now: Timestamp,
) -> Result<Round, PipelineError> {
    let sink = LogSink::new(log.clone(), now);
    let round = collector.round(recipe, now, &sink).await?;
    sink.settle(recipe, &round).await?;
    Ok(round)
}

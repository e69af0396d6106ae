//! The tower: a data folder opened to work on it: to collect, to read, to judge.

use std::fs::File;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;

use super::collecting::{collector_of, lock_folder};
use super::doubts::fresh_doubts;
use super::edition::{Outputs, Working};
use super::folder::Folder;
use super::judging_state::JudgingState;
use super::kept;
use super::masking::masker_in;
use super::private::close_all_below;
use super::promotion::rules_for;
use super::reading::fresh_listings;
use super::secrets::{open_store, vault_of};
use super::supervise::Troubles;
use super::{PipelineError, operate};
use collect::{Collector, Masker, Recipe};
use config::Settings;
use log::Journal;
use store::SecretsKept;
use vocabulary::{Position, SignalRecord};

/// A [`Folder`] with its lock and all that stages write to. One per data folder at a time, readers aside.
pub struct Tower {
    folder: Folder,
    /// The edition that [`Folder::edition`] shows, with its outputs.
    working: RwLock<Arc<Working>>,
    collector: Collector,
    masker: Masker,
    /// How secrets were kept when it was opened.
    secrets: SecretsKept,
    sources_at_once: usize,
    /// What the last judgement left for the next one.
    judging_state: Mutex<Option<JudgingState>>,
    /// As it was opened: by them it is opened again after a failure.
    settings: Box<Settings>,
    /// What keeps the tasks of a service from getting on.
    troubles: Troubles,
    /// Held as long as the tower works on the folder.
    _lock: File,
}

impl Deref for Tower {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Tower {
    /// Opens a folder to work on it, makes it when it is missing, and takes its lock.
    ///
    /// # Errors
    /// [`PipelineError::Busy`] when another process works on it; rules, recipes or outputs that cannot be used.
    pub async fn open(settings: &Settings) -> Result<Self, PipelineError> {
        let data = &settings.data;
        let lock = lock_folder(data)?;
        operate::mend(data)?;
        close_all_below(data);
        let store = open_store(settings).await?;
        let secrets = store.seal_secrets().await?;
        let (lexicon, judge) = rules_for(settings, &store).await?;
        let end = Journal::new(store.clone()).end().await?;
        let working = Working::open(data, lexicon, Arc::new(judge), end)?;
        let folder = Folder::over(settings, store, Arc::clone(&working.edition))?;
        fresh_listings(folder.store(), folder.lexicon().version()).await?;
        fresh_doubts(folder.store(), folder.lexicon().version(), working.outputs.cursor()).await?;
        let masker = masker_in(data, folder.store(), &vault_of(settings)?).await?;
        kept::adopt(folder.store(), data).await?;
        Ok(Self {
            collector: collector_of(settings, &folder.warc_dir(), folder.store(), masker.clone()).await?,
            folder,
            working: RwLock::new(Arc::new(working)),
            masker,
            secrets,
            sources_at_once: settings.sources_at_once,
            judging_state: Mutex::default(),
            settings: Box::new(settings.clone()),
            troubles: Troubles::default(),
            _lock: lock,
        })
    }

    /// What personal data in documents that people bring is masked with.
    pub(super) fn masker(&self) -> Masker {
        self.masker.clone()
    }

    /// How secrets in the store are kept: sealed, or as they are where the settings name no key. As it was when the tower was opened.
    #[must_use]
    pub fn secrets_kept(&self) -> SecretsKept {
        self.secrets
    }

    /// Whether secrets are sealed.
    #[must_use]
    pub fn seals_secrets(&self) -> bool {
        self.settings.secrets_key.is_some()
    }

    /// The collector.
    #[must_use]
    pub fn collector(&self) -> &Collector {
        &self.collector
    }

    /// How many sources are collected at the same time.
    pub(super) fn sources_at_once(&self) -> usize {
        self.sources_at_once
    }

    /// Whether a source's next round is due.
    pub async fn is_due(&self, recipe: &Recipe, now: Timestamp) -> Result<bool, PipelineError> {
        Ok(self.collector.is_due(recipe, now).await?)
    }

    /// Whether the log holds what has not been read.
    pub async fn is_behind(&self) -> Result<bool, PipelineError> {
        Ok(self.signals_cursor() < self.log().end().await?)
    }

    /// The last log position whose signals are published.
    #[must_use]
    pub fn signals_cursor(&self) -> Position {
        self.outputs().cursor()
    }

    /// Number of published signals.
    #[must_use]
    pub fn signals(&self) -> u64 {
        self.outputs().count()
    }

    /// All signals, in log order, read from disk.
    pub fn signal_records(&self) -> Result<Vec<SignalRecord>, PipelineError> {
        Ok(self.outputs().behind(Position(0))?.1)
    }

    /// The rules in force with where what is read by them goes; whoever does several things by the same rules asks once.
    pub(super) fn working(&self) -> Arc<Working> {
        Arc::clone(&self.working.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on these rules count: for whoever works and for whoever looks.
    pub(super) fn change_edition(&self, working: Working) {
        let mut current = self.working.write().unwrap_or_else(PoisonError::into_inner);
        self.folder.show_edition(Arc::clone(&working.edition));
        *current = Arc::new(working);
    }

    /// Where what is read goes.
    pub(super) fn outputs(&self) -> Arc<Outputs> {
        Arc::clone(&self.working().outputs)
    }

    /// What the last judgement left for the next one; taken by it while it lasts.
    pub(super) fn judging_state(&self) -> MutexGuard<'_, Option<JudgingState>> {
        self.judging_state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What keeps the tasks of the service over this tower from getting on, now.
    #[must_use]
    pub fn troubles(&self) -> &Troubles {
        &self.troubles
    }

    /// Opens the outputs again, as a restart would: after a failed read, what a writer holds in memory need not be what is on disk.
    /// The rules are those that the store says are in force: the failed pass may have been changing them.
    pub(super) async fn reopen_outputs(&self) -> Result<(), PipelineError> {
        let (working, data) = (self.working(), self.settings.data.clone());
        let (lexicon, judge) = rules_for(&self.settings, self.store()).await?;
        let end = self.log().end().await?;
        let reopened = tokio::task::spawn_blocking(move || {
            working.outputs.discard();
            operate::mend(&data)?;
            Working::open(&data, lexicon, Arc::new(judge), end)
        });
        self.change_edition(reopened.await??);
        fresh_listings(self.store(), self.lexicon().version()).await?;
        fresh_doubts(self.store(), self.lexicon().version(), self.signals_cursor()).await?;
        *self.judging_state() = None;
        Ok(())
    }

    /// Ends the work: merges finish, connections close.
    pub async fn close(self) -> Result<(), PipelineError> {
        let outputs = self.outputs();
        tokio::task::spawn_blocking(move || outputs.end()).await??;
        self.folder.close().await;
        Ok(())
    }
}

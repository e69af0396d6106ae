//! A data folder opened to look: what was kept and indexed, by the rules in force. It collects, reads and judges nothing, takes no lock,
//! and so works beside a running [`Tower`](super::Tower).

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use jiff::civil::Date;

use super::PipelineError;
use super::edition::Edition;
use super::handling::handling_of;
use super::judge::Judge;
use super::promotion::rules_for;
use super::secrets::open_store;
use alert::feed::FeedHead;
use collect::{Health, Recipe};
use config::Settings;
use index::SearchIndex;
use lexicon::Lexicon;
use log::Journal;
use matter::Handling;
use store::Store;
use store::frontier::Frontier;
use vocabulary::{PublisherCode, RegionCode, start_of_day};

/// The database of a data folder.
pub(super) const DATABASE: &str = "wanglou.sqlite";

/// An open data folder: store, log, index, lexicon and criteria. What people do (acts, verdicts, saved searches) is kept through it, too.
pub struct Folder {
    data: PathBuf,
    /// Address of the web face, for links in feeds.
    home: String,
    publisher: Option<PublisherCode>,
    push_token: Option<String>,
    /// The sources, for what is told of their health.
    recipes: Vec<Recipe>,
    store: Store,
    log: Journal,
    /// Working days and clocks.
    handling: Arc<Handling>,
    /// Whether the settings themselves name rules or criteria: nothing that is promoted counts then.
    rules_named: bool,
    edition: RwLock<Arc<Edition>>,
}

impl Folder {
    /// Opens a folder that holds data.
    ///
    /// # Errors
    /// [`PipelineError::Empty`] when there is none; rules, recipes or an index that cannot be used.
    pub async fn open(settings: &Settings) -> Result<Self, PipelineError> {
        let data = &settings.data;
        if !data.join(DATABASE).is_file() {
            return Err(PipelineError::Empty(data.clone()));
        }
        let store = open_store(settings).await?;
        let (lexicon, judge) = rules_for(settings, &store).await?;
        let edition = Edition::open_to_search(data, lexicon, Arc::new(judge))?;
        Self::over(settings, store, Arc::new(edition))
    }

    /// A folder over what is open already.
    pub(super) fn over(settings: &Settings, store: Store, edition: Arc<Edition>) -> Result<Self, PipelineError> {
        Ok(Self {
            data: settings.data.clone(),
            home: settings.home.clone(),
            publisher: settings.publisher.clone(),
            push_token: settings.push_token.clone(),
            recipes: settings.sources.as_deref().map_or_else(|| Ok(Vec::new()), Recipe::load_dir)?,
            log: Journal::new(store.clone()),
            store,
            handling: handling_of(settings)?,
            rules_named: settings.lexicon.is_some() || settings.criteria.is_some(),
            edition: RwLock::new(edition),
        })
    }

    /// Working days and clocks.
    #[must_use]
    pub fn handling(&self) -> Arc<Handling> {
        Arc::clone(&self.handling)
    }

    /// What a client must show to hand documents in; none: nobody may.
    #[must_use]
    pub fn push_token(&self) -> Option<&str> {
        self.push_token.as_deref()
    }

    /// The sources of the settings, each with how it is doing.
    pub async fn sources(&self, now: Timestamp) -> Result<Vec<(&Recipe, Health)>, PipelineError> {
        let frontier = Frontier::new(self.store.clone());
        let mut sources = Vec::with_capacity(self.recipes.len());
        for recipe in &self.recipes {
            sources.push((recipe, Health::look(&frontier, recipe, now).await?));
        }
        Ok(sources)
    }

    /// The code of whoever issues messages as GB/T 35965.1 has it.
    #[must_use]
    pub fn publisher(&self) -> Option<&PublisherCode> {
        self.publisher.as_ref()
    }

    /// Address by which others reach the pages, without a slash at the end.
    #[must_use]
    pub fn home(&self) -> &str {
        &self.home
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Keeps a small fact in the store.
    pub async fn remember(&self, key: &str, value: &str) -> Result<(), PipelineError> {
        let mut tx = self.store.begin().await?;
        Store::set_fact(&mut tx, key, value).await?;
        Ok(tx.commit().await?)
    }

    /// The log.
    pub fn log(&self) -> &Journal {
        &self.log
    }

    /// The lexicon that reads.
    pub fn lexicon(&self) -> Arc<Lexicon> {
        Arc::clone(&self.edition().lexicon)
    }

    /// The criteria that judge.
    pub fn judge_by(&self) -> Arc<Judge> {
        Arc::clone(&self.edition().judge)
    }

    /// The search index.
    pub fn index(&self) -> Arc<SearchIndex> {
        Arc::clone(&self.edition().index)
    }

    /// The rules in force and the index made by them; whoever does several things by the same rules asks once.
    pub(super) fn edition(&self) -> Arc<Edition> {
        Arc::clone(&self.edition.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on searches and readers use this edition.
    pub(super) fn show_edition(&self, edition: Arc<Edition>) {
        *self.edition.write().unwrap_or_else(PoisonError::into_inner) = edition;
    }

    /// Whether the settings themselves name rules or criteria: nothing that is promoted counts then.
    pub(super) fn rules_named(&self) -> bool {
        self.rules_named
    }

    /// The name of a place, its code when the name is not known.
    #[must_use]
    pub fn region_name(&self, code: RegionCode) -> String {
        self.lexicon().region_name(code).map_or_else(|| code.to_string(), str::to_owned)
    }

    /// What a reader has to know of a standard that a text names: another one is in force, or none.
    #[must_use]
    pub fn standard_note(&self, number: &str) -> Option<String> {
        extract::standard_note(number, &self.lexicon()).map(|note| note.zh)
    }

    /// What a feed says about itself. `newest`: the day of the newest change of its alerts, so that an unchanged feed stays the same; none
    /// for a feed without alerts.
    #[must_use]
    pub fn feed_head(&self, newest: Option<Date>) -> FeedHead {
        FeedHead {
            title: "望楼 产品质量安全预警".to_owned(),
            home: self.home.clone(),
            updated: newest.map_or(Timestamp::UNIX_EPOCH, start_of_day),
        }
    }

    /// The data folder.
    pub(super) fn data_dir(&self) -> &Path {
        &self.data
    }

    /// Where raw pages lie.
    pub(super) fn warc_dir(&self) -> PathBuf {
        self.data.join("warc")
    }

    /// Where lines that are no documents are set aside.
    pub(super) fn rejects_dir(&self) -> PathBuf {
        self.data.join("rejects")
    }

    /// Closes the connections.
    pub async fn close(self) {
        self.store.close().await;
    }
}

//! The tower: one data folder, opened, with everything that stages need.
#![expect(clippy::disallowed_methods, reason = "an edge: the lock, criteria and lexicon files are opened here")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use jiff::civil::Date;

use super::books::Books;
use super::edition::{Edition, Outputs};
use super::gather::{collector_of, lock_folder};
use super::judging::Judge;
use super::masking::masker_of;
use super::promotion::rules_for;
use super::reading::fresh_listings;
use crate::alert::feed::FeedHead;
use crate::archive::documents::Rejected;
use crate::archive::{ArchiveError, WarcError};
use crate::collect::{CollectError, Collector, Health, Masker, Recipe, RecipeError};
use crate::config::Settings;
use crate::index::{IndexError, SearchIndex};
use crate::lexicon::{Lexicon, LexiconError};
use crate::log::{Log, LogError};
use crate::store::frontier::Frontier;
use crate::store::{Store, StoreError};
use crate::vocabulary::{Position, PublisherCode, RegionCode, SignalRecord, start_of_day};

/// The shipped criteria.
const DEFAULT_CRITERIA: &str = include_str!("../../rules/criteria/default.toml");
/// The shipped table of what is tested for which hazard, and by which standard.
const TEST_ITEMS: &str = include_str!("../../rules/criteria/test_items.toml");
/// Its name in messages.
const TEST_ITEMS_FILE: &str = "rules/criteria/test_items.toml";

/// Why the pipeline stopped.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file of the archive failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The raw archive failed.
    #[error(transparent)]
    Warc(#[from] WarcError),
    /// A file that somebody brought cannot be read.
    #[error(transparent)]
    Brought(ArchiveError),
    /// A WARC file that somebody brought cannot be read.
    #[error(transparent)]
    BroughtWarc(WarcError),
    /// What was handed in does not say how it is written.
    #[error(
        "{0}: neither its name nor its first byte tells the format; name it .ndjson, .csv, .tsv, .xlsx, .parquet or .warc"
    )]
    UnknownFormat(PathBuf),
    /// A folder of archives without any.
    #[error("{0} holds no file of documents (.ndjson, .csv, .tsv, .xlsx, .parquet, .warc, compressed or not)")]
    NoArchive(PathBuf),
    /// A folder that no rerun finished.
    #[error("{0} holds no summary.json: give a folder that `wanglou rerun --out` wrote to its end")]
    NoRerun(PathBuf),
    /// Outputs would be written over what is not ours.
    #[error("{out} holds `{found}`, which no rerun writes; give --out an empty folder or an earlier rerun's")]
    Occupied {
        /// The output folder.
        out: PathBuf,
        /// The first thing in it that is not ours.
        found: String,
    },
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Rules or dictionaries cannot be used.
    #[error(transparent)]
    Lexicon(#[from] LexiconError),
    /// A recipe of the sources folder cannot be used.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The collector failed as a whole; a single source's trouble is in its round.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// Criteria cannot be used.
    #[error("{0}")]
    Criteria(String),
    /// A search that cannot be saved; in Chinese, for analysts.
    #[error("{0}")]
    Search(String),
    /// Rules that cannot be put in force.
    #[error("{0}")]
    Promotion(String),
    /// An outcome, or a request for a report, that cannot be used.
    #[error("{0}")]
    Outcome(String),
    /// A line of an import is no document.
    #[error("{0}; mend the line, or set such lines aside with --lenient")]
    BadLine(Box<Rejected>),
    /// A backup that cannot be made or used.
    #[error("{0}")]
    Backup(String),
    /// Another process works on the same data folder.
    #[error("another wanglou is working on {0}; wait for it to end, or choose another folder with --data")]
    Busy(PathBuf),
    /// There is no data in the folder.
    #[error(
        "{0} holds no data yet; run `wanglou demo`, `wanglou run` or `wanglou import` first, or name another folder with --data"
    )]
    Empty(PathBuf),
    /// The secret that masked personal data is hashed with.
    #[error(
        "the masking key {path} cannot be used: {why}; restore it from your backup, or delete it and accept that complainants \
         of before and after are no longer known as the same"
    )]
    MaskingKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file the pipeline itself needs.
    #[error("cannot {what} {path}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A stage stopped half-way through; a bug.
    #[error("a stage broke off; this is a bug, please report it with the log")]
    Broken(#[from] tokio::task::JoinError),
    /// A value could not be kept as JSON; a bug.
    #[error("a value cannot be kept")]
    Json(#[from] serde_json::Error),
}

impl PipelineError {
    /// The error with its causes, in one line.
    #[must_use]
    pub fn with_causes(&self) -> String {
        let first: &dyn std::error::Error = self;
        let causes = std::iter::successors(Some(first), |error| error.source());
        causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    /// Whether the caller's input or call is to be mended, not the program or its surroundings.
    #[must_use]
    pub fn is_input(&self) -> bool {
        match self {
            Self::Lexicon(_)
            | Self::Search(_)
            | Self::Criteria(_)
            | Self::BadLine(_)
            | Self::Outcome(_)
            | Self::Promotion(_)
            | Self::Brought(_)
            | Self::BroughtWarc(_)
            | Self::UnknownFormat(_)
            | Self::NoArchive(_)
            | Self::NoRerun(_)
            | Self::Backup(_)
            | Self::Occupied { .. }
            | Self::Recipe(_)
            | Self::MaskingKey { .. } => true,
            Self::Store(_)
            | Self::Log(_)
            | Self::Archive(_)
            | Self::Warc(_)
            | Self::Index(_)
            | Self::Collect(_)
            | Self::Busy(_)
            | Self::Empty(_)
            | Self::Io { .. }
            | Self::Broken(_)
            | Self::Json(_) => false,
        }
    }
}

impl From<sqlx::Error> for PipelineError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Reads the lexicon of a folder, or the shipped one.
pub fn read_lexicon(dir: Option<&Path>) -> Result<Lexicon, LexiconError> {
    dir.map_or_else(Lexicon::shipped, Lexicon::load)
}

/// The name of the shipped criteria in messages.
const DEFAULT_CRITERIA_FILE: &str = "rules/criteria/default.toml";

/// Reads a criteria file, or the shipped one.
pub fn read_criteria(file: Option<&Path>) -> Result<Judge, PipelineError> {
    let name = file.map_or_else(|| DEFAULT_CRITERIA_FILE.to_owned(), |path| path.display().to_string());
    Judge::parse(&criteria_text(file)?, &name, TEST_ITEMS, TEST_ITEMS_FILE)
}

/// The text of a criteria file, or of the shipped one.
pub(super) fn criteria_text(file: Option<&Path>) -> Result<String, PipelineError> {
    let Some(path) = file else { return Ok(DEFAULT_CRITERIA.to_owned()) };
    fs::read_to_string(path)
        .map_err(|error| PipelineError::Criteria(format!("cannot read the criteria file {}: {error}", path.display())))
}

/// An open tower. One per data folder at a time, readers aside.
pub struct Tower {
    data: PathBuf,
    /// Address of the web face, for links in feeds.
    home: String,
    publisher: Option<PublisherCode>,
    push_token: Option<String>,
    /// The sources, for what is told of their health.
    recipes: Vec<Recipe>,
    store: Store,
    log: Log,
    /// Whether the settings themselves name rules or criteria: nothing that is promoted counts then.
    rules_named: bool,
    edition: RwLock<Arc<Edition>>,
    /// What only a tower that works on its folder has.
    work: Option<Work>,
}

struct Work {
    collector: Collector,
    masker: Masker,
    sources_at_once: usize,
    /// What the last judgement left for the next one.
    books: Mutex<Option<Books>>,
    /// Held as long as the tower works on the folder.
    _lock: File,
}

impl Tower {
    /// Opens a folder to work on it, makes it when it is missing, and takes its lock.
    pub async fn open(settings: &Settings) -> Result<Self, PipelineError> {
        let data = settings.data.clone();
        let lock = lock_folder(&data)?;
        super::operate::mend(&data)?;
        let mut tower = Self::open_common(settings, true).await?;
        fresh_listings(&tower.store, &tower.log, tower.lexicon().version()).await?;
        let masker = masker_of(&data)?;
        tower.work = Some(Work {
            collector: collector_of(settings, &data.join("warc"), &tower.store, masker.clone())?,
            masker,
            sources_at_once: settings.sources_at_once,
            books: Mutex::default(),
            _lock: lock,
        });
        Ok(tower)
    }

    /// Opens a folder only to look: search, alerts, pages. Works beside a running tower.
    pub async fn open_to_look(settings: &Settings) -> Result<Self, PipelineError> {
        if !settings.data.join("wanglou.sqlite").is_file() {
            return Err(PipelineError::Empty(settings.data.clone()));
        }
        Self::open_common(settings, false).await
    }

    async fn open_common(settings: &Settings, working: bool) -> Result<Self, PipelineError> {
        let data = settings.data.clone();
        let store = Store::open(&data.join("wanglou.sqlite")).await?;
        let (lexicon, judge) = rules_for(settings, &store).await?;
        let (lexicon, judge) = (Arc::new(lexicon), Arc::new(judge));
        let log = Log::new(store.clone());
        let edition = if working {
            Edition::open(&data, lexicon, judge, log.end().await?)?
        } else {
            Edition::open_to_look(&data, lexicon, judge)?
        };
        let edition = RwLock::new(Arc::new(edition));
        let (home, publisher) = (settings.home.clone(), settings.publisher.clone());
        let push_token = settings.push_token.clone();
        let rules_named = settings.lexicon.is_some() || settings.criteria.is_some();
        let recipes = settings.sources.as_deref().map_or_else(|| Ok(Vec::new()), Recipe::load_dir)?;
        Ok(Self { data, home, publisher, push_token, recipes, store, log, rules_named, edition, work: None })
    }

    /// What a client must show to hand documents in; none: nobody may.
    #[must_use]
    pub fn push_token(&self) -> Option<&str> {
        self.push_token.as_deref()
    }

    /// What personal data in documents that people bring is masked with.
    pub(super) fn masker(&self) -> Masker {
        self.work.as_ref().map(|work| work.masker.clone()).unwrap_or_default()
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

    /// Whether the log holds what has not been read.
    pub async fn is_behind(&self) -> Result<bool, PipelineError> {
        Ok(self.signals_cursor() < self.log.end().await?)
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
    pub fn log(&self) -> &Log {
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

    /// The rules in force with what was read by them; whoever does several things by the same rules asks once.
    pub(super) fn edition(&self) -> Arc<Edition> {
        Arc::clone(&self.edition.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on this counts.
    pub(super) fn change_edition(&self, edition: Edition) {
        *self.edition.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(edition);
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
        crate::extract::standard_note(number, &self.lexicon())
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

    /// The collector.
    ///
    /// # Panics
    /// When the tower was opened only to look.
    pub fn collector(&self) -> &Collector {
        &self.work().collector
    }

    /// How many sources are collected at the same time.
    pub(super) fn sources_at_once(&self) -> usize {
        self.work().sources_at_once
    }

    /// Whether a source's next round is due.
    pub async fn is_due(&self, recipe: &Recipe, now: Timestamp) -> Result<bool, PipelineError> {
        Ok(self.collector().is_due(recipe, now).await?)
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

    /// The last log position whose signals are published.
    ///
    /// # Panics
    /// When the tower was opened only to look, as all that has to do with signals.
    pub fn signals_cursor(&self) -> Position {
        self.outputs().cursor()
    }

    /// All signals, in log order.
    pub fn signal_records(&self) -> Arc<Vec<SignalRecord>> {
        self.outputs().records()
    }

    /// Where what is read goes.
    ///
    /// # Panics
    /// When the tower was opened only to look.
    pub(super) fn outputs(&self) -> Arc<Outputs> {
        Arc::clone(self.edition().working())
    }

    /// What the last judgement left for the next one; taken by it while it lasts.
    ///
    /// # Panics
    /// When the tower was opened only to look.
    pub(super) fn books(&self) -> MutexGuard<'_, Option<Books>> {
        self.work().books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) -> &Work {
        self.work.as_ref().expect("a tower opened only to look does no work")
    }

    /// Ends the work: merges finish, connections close.
    pub async fn close(self) -> Result<(), PipelineError> {
        if let Some(outputs) = self.edition().outputs.clone() {
            tokio::task::spawn_blocking(move || outputs.end()).await??;
        }
        self.store.close().await;
        Ok(())
    }
}

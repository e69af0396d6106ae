//! One round over one source: what it counted, and how it begins and ends. The work itself is in `run`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::address::{Names, SystemNames};
use super::fetch::{Gate, Session};
use super::health::Health;
use super::host::host_key;
use super::problem::PageProblem;
use super::run::Run;
use super::{CollectError, CollectorSettings, Outcome, Recipe, Sink};
use archive::WarcWriter;
use store::Fared;
use store::frontier::{Frontier, RoundMark};
use vocabulary::{Document, Intake, SourceId};

/// Problems and rejects listed by name in one round; all are counted.
const LISTED_MAX: usize = 200;

/// An item that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reject {
    /// The page.
    pub url: String,
    /// Why.
    pub reason: String,
}

/// What a round did. COUNT-1: `collected = kept + duplicate + unchanged + rejected`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Round {
    /// The source.
    pub source: SourceId,
    /// Items looked at.
    pub collected: u64,
    /// New documents and new revisions.
    pub kept: u64,
    /// Of these, new revisions of known documents.
    pub revised: u64,
    /// Came from elsewhere already.
    pub duplicate: u64,
    /// Known, same text; pages that answered "not modified" included.
    pub unchanged: u64,
    /// Set aside.
    pub rejected: u64,
    /// The first of them, with their reasons.
    pub rejects: Vec<Reject>,
    /// Listed again and not due: not looked at, not counted above.
    pub listed_again: u64,
    /// Problems in all.
    pub problems_total: u64,
    /// The first of them.
    pub problems: Vec<PageProblem>,
    /// Requests sent, `robots.txt`, redirects and repetitions included.
    pub requests: u64,
    /// Body bytes received.
    pub bytes: u64,
    /// Why the round ended before its work did; what is left waits in the frontier.
    pub stopped: Option<String>,
    /// When the source is due again.
    pub due_at: Timestamp,
    /// Pages that were read.
    pub pages_read: u64,
    /// Of this round's documents, how many filled each field that the recipe names, and how many there were.
    pub fields: BTreeMap<String, (u64, u64)>,
}

impl Round {
    pub(super) fn new(source: &SourceId, due_at: Timestamp) -> Self {
        Self {
            source: source.clone(),
            collected: 0,
            kept: 0,
            revised: 0,
            duplicate: 0,
            unchanged: 0,
            rejected: 0,
            rejects: Vec::new(),
            listed_again: 0,
            problems_total: 0,
            problems: Vec::new(),
            requests: 0,
            bytes: 0,
            stopped: None,
            due_at,
            pages_read: 0,
            fields: BTreeMap::new(),
        }
    }

    /// Counts which fields of the recipe a document filled.
    pub(super) fn count_fields(&mut self, recipe: &Recipe, document: &Document) {
        for name in recipe.field_names() {
            let filled = match name {
                "title" => document.title.is_some(),
                "text" => true,
                "published_at" => document.published_at.is_some(),
                "url" => document.url.is_some(),
                name => document.meta.contains_key(name),
            };
            let count = match self.fields.get_mut(name) {
                Some(count) => count,
                None => self.fields.entry(name.to_owned()).or_default(),
            };
            count.0 += u64::from(filled);
            count.1 += 1;
        }
    }

    /// What became of everything that was met (COUNT-1).
    #[must_use]
    pub fn intake(&self) -> Intake {
        let Self { collected, kept, duplicate, unchanged, rejected, .. } = *self;
        Intake { collected, kept, duplicate, unchanged, rejected }
    }

    pub(super) fn reject(&mut self, url: &str, reason: impl Into<String>) {
        self.collected += 1;
        self.rejected += 1;
        if self.rejects.len() < LISTED_MAX {
            self.rejects.push(Reject { url: url.to_owned(), reason: reason.into() });
        }
    }

    pub(super) fn note(&mut self, problems: impl IntoIterator<Item = PageProblem>) {
        for problem in problems {
            self.problems_total += 1;
            if self.problems.len() < LISTED_MAX {
                self.problems.push(problem);
            }
        }
    }

    pub(super) fn count(&mut self, outcome: Outcome) {
        self.collected += 1;
        match outcome {
            Outcome::Kept => self.kept += 1,
            Outcome::Revised => {
                self.kept += 1;
                self.revised += 1;
            }
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Duplicate => self.duplicate += 1,
        }
    }
}

/// Collects sources. One for the whole program: it remembers each host's pace across sources and rounds.
pub struct Collector {
    gate: Gate,
    frontier: Frontier,
}

impl Collector {
    /// A collector that archives to `warc` and keeps its frontier in `frontier`.
    ///
    /// # Errors
    /// [`CollectError::Client`] when the HTTP client cannot be set up.
    pub fn new(settings: CollectorSettings, frontier: Frontier, warc: WarcWriter) -> Result<Self, CollectError> {
        Self::with_names(settings, frontier, warc, &(Arc::new(SystemNames) as Arc<dyn Names>))
    }

    /// A collector that asks `names` for addresses; whatever they answer, SAFE-1 holds.
    ///
    /// # Errors
    /// [`CollectError::Client`] when the HTTP client cannot be set up.
    pub fn with_names(
        settings: CollectorSettings,
        frontier: Frontier,
        warc: WarcWriter,
        names: &Arc<dyn Names>,
    ) -> Result<Self, CollectError> {
        Ok(Self { gate: Gate::new(settings, warc, frontier.clone(), names)?, frontier })
    }

    /// Whether the recipe's source is to be asked: it is due, nobody paused it, and it is not in its quiet hours.
    ///
    /// # Errors
    /// [`CollectError::Store`].
    pub async fn is_due(&self, recipe: &Recipe, now: Timestamp) -> Result<bool, CollectError> {
        if recipe.schedule.quiet_until(now).is_some() || self.frontier.state(&recipe.id).await?.paused_at.is_some() {
            return Ok(false);
        }
        Ok(self.frontier.next_due(&recipe.id).await?.is_none_or(|due_at| due_at <= now))
    }

    /// How a source is doing.
    ///
    /// # Errors
    /// [`CollectError::Store`].
    pub async fn health(&self, recipe: &Recipe, now: Timestamp) -> Result<Health, CollectError> {
        Ok(Health::look(&self.frontier, recipe, now).await?)
    }

    /// Tells the paces of all sources' hosts beforehand, so that the slowest counts from the first request on, whichever
    /// source asks first.
    pub fn know(&self, recipes: &[Recipe]) {
        for recipe in recipes {
            for url in recipe.start_urls() {
                let host = host_key(&url);
                self.gate.pace(&host, recipe.rate_for(&url));
                self.gate.learn_budget(&host, recipe.per_day);
            }
        }
    }

    /// Collects one source once. `now` stamps what is seen. Pages that fail are in the answer, not in the error; after an
    /// error everything that was not acknowledged is fetched again by the next round.
    ///
    /// # Errors
    /// [`CollectError`] when archive, frontier or sink refuse.
    pub async fn round(&self, recipe: &Recipe, now: Timestamp, sink: &dyn Sink) -> Result<Round, CollectError> {
        let before = self.frontier.schedule(&recipe.id).await?;
        let may_stop_early = self.frontier.begin_round(&recipe.id).await? && recipe.bounds.stop_when_known;
        let session = Session::new(&self.gate, recipe, now);
        let mut run = Run::new(recipe, &session, &self.frontier, sink, now, may_stop_early);
        let outcome = run.all().await;
        // The archive is made whole even if the round failed.
        let synced = self.gate.sync().await;
        outcome?;
        synced?;
        let mut round = run.into_round();
        (round.requests, round.bytes) = session.traffic();
        let gap = before.and_then(|before| Duration::try_from(now.duration_since(before.last_at)).ok());
        // Later when a host asked for it.
        round.due_at = round.due_at.max(recipe.schedule.next(now, gap, round.kept > 0));
        let share = |&(filled, of): &(u64, u64)| filled as f64 / of.max(1) as f64;
        let fields = round.fields.iter().map(|(name, count)| (name.clone(), share(count))).collect();
        let fared = Fared { success: round.pages_read > 0 || round.unchanged > 0, news: round.kept > 0, gap, fields };
        self.frontier.fared(&recipe.id, now, &fared).await?;
        debug_assert!(round.intake().reconciles(), "COUNT-1: {round:?}");
        let mark = RoundMark { intake: round.intake(), problems: round.problems_total, stopped: round.stopped.clone() };
        self.frontier.mark_round(&recipe.id, now, round.due_at, &mark).await?;
        tracing::debug!(source.id = %recipe.id, collected = round.collected, kept = round.kept, "round done");
        Ok(round)
    }
}

//! One round over one source: lists, then the pages behind them, then the sink, then the marks. The order is the promise:
//! archived and synced, then acknowledged by the sink, then marked done.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::detail::{self, Context, Harvest};
use super::fetch::{Answer, Failure, Gate, Page, Session, Validators, host_key};
use super::fields::Fields;
use super::list::{self, Item, List};
use super::problem::{ASK_LATER, CHECK_BOUNDS, CHECK_CHARSET, CHECK_HOST, CHECK_PAGE, PageProblem};
use super::{CollectError, CollectorSettings, Outcome, Recipe, Sink, charset};
use crate::archive::WarcWriter;
use crate::store::frontier::{Frontier, FrontierPage, PageState, RoundMark};
use crate::vocabulary::{Document, SourceId};

/// Documents handed to the sink at once.
const SINK_BATCH_MAX: usize = 64;
/// Problems and rejects listed by name in one round; all are counted.
const LISTED_MAX: usize = 200;
/// Pages of one site that fail to answer one after the other before the host is left alone.
const SILENCES_MAX: u32 = 3;

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
}

impl Round {
    fn new(source: &SourceId, due_at: Timestamp) -> Self {
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
        }
    }

    /// Whether the counts add up (COUNT-1).
    #[must_use]
    pub fn reconciles(&self) -> bool {
        self.collected == self.kept + self.duplicate + self.unchanged + self.rejected
    }

    fn reject(&mut self, url: &str, reason: impl Into<String>) {
        self.collected += 1;
        self.rejected += 1;
        if self.rejects.len() < LISTED_MAX {
            self.rejects.push(Reject { url: url.to_owned(), reason: reason.into() });
        }
    }

    fn note(&mut self, problems: impl IntoIterator<Item = PageProblem>) {
        for problem in problems {
            self.problems_total += 1;
            if self.problems.len() < LISTED_MAX {
                self.problems.push(problem);
            }
        }
    }

    fn count(&mut self, outcome: Outcome) {
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
        Ok(Self { gate: Gate::new(settings, warc)?, frontier })
    }

    /// When the recipe's source is to be asked: now or earlier means at once.
    ///
    /// # Errors
    /// [`CollectError::Store`].
    pub async fn due_at(&self, recipe: &Recipe) -> Result<Timestamp, CollectError> {
        Ok(self.frontier.next_due(&recipe.id).await?.unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// Collects one source once. `now` stamps what is seen. Pages that fail are in the answer, not in the error; after an
    /// error everything that was not acknowledged is fetched again by the next round.
    ///
    /// # Errors
    /// [`CollectError`] when archive, frontier or sink refuse.
    pub async fn round(&self, recipe: &Recipe, now: Timestamp, sink: &dyn Sink) -> Result<Round, CollectError> {
        let may_stop_early = self.frontier.begin_round(&recipe.id).await? && recipe.bounds.stop_when_known;
        let mut run = Run {
            may_stop_early,
            frontier: &self.frontier,
            sink,
            recipe: Arc::new(recipe.clone()),
            session: Session::new(&self.gate, recipe, now),
            gate: &self.gate,
            now,
            round: Round::new(&recipe.id, later(now, recipe.every)),
            waiting: Batch::default(),
            stopped_hosts: BTreeSet::new(),
            silences: 0,
            details_left: recipe.bounds.details_per_round_max,
            asked: BTreeSet::new(),
        };
        let outcome = run.all().await;
        // The archive is made whole even if the round failed.
        let synced = self.gate.sync().await;
        outcome?;
        synced?;
        let mut round = run.round;
        (round.requests, round.bytes) = (run.session.requests, run.session.bytes);
        debug_assert!(round.reconciles(), "COUNT-1: {round:?}");
        let mark = RoundMark {
            collected: round.collected,
            kept: round.kept,
            duplicate: round.duplicate,
            unchanged: round.unchanged,
            rejected: round.rejected,
            problems: round.problems_total,
            stopped: round.stopped.clone(),
        };
        self.frontier.mark_round(&recipe.id, now, round.due_at, &mark).await?;
        tracing::debug!(source.id = %recipe.id, collected = round.collected, kept = round.kept, "round done");
        Ok(round)
    }
}

/// Documents on their way to the sink, and the marks that wait for its answer.
#[derive(Default)]
struct Batch {
    documents: Vec<Document>,
    marks: Vec<FrontierPage>,
}

struct Run<'a> {
    /// A list page without news ends the list, because the last round read all that lies behind it.
    may_stop_early: bool,
    gate: &'a Gate,
    frontier: &'a Frontier,
    sink: &'a dyn Sink,
    recipe: Arc<Recipe>,
    session: Session<'a>,
    now: Timestamp,
    round: Round,
    waiting: Batch,
    stopped_hosts: BTreeSet<String>,
    silences: u32,
    details_left: u32,
    /// Pages asked in this round, so that a page on two lists is asked once.
    asked: BTreeSet<String>,
}

impl Run<'_> {
    async fn all(&mut self) -> Result<(), CollectError> {
        let recipe = Arc::clone(&self.recipe);
        for start in &recipe.starts {
            let mut seen = BTreeSet::new();
            let mut urls = start.urls().filter_map(|url| Url::parse(&url).ok());
            let mut next = urls.next();
            while let Some(url) = next {
                if seen.len() >= recipe.bounds.list_pages_max as usize {
                    self.problem(&url, "more list pages than the bound, the rest is not read", CHECK_BOUNDS);
                    break;
                }
                if !seen.insert(url.to_string()) {
                    break; // A "next" link that leads back.
                }
                let Some(list) = self.list_page(&url).await? else { break };
                let found = !list.items.is_empty();
                let linked = list.next.clone();
                let anything_new = self.items(&url, list).await?;
                self.flush().await?;
                if !found || (self.may_stop_early && !anything_new) {
                    break;
                }
                next = urls.next().or(linked);
            }
        }
        self.leftovers().await?;
        self.flush().await
    }

    /// Fetches and reads one list page; none when there is nothing to read.
    async fn list_page(&mut self, url: &Url) -> Result<Option<ReadList>, CollectError> {
        let page = match self.fetch(url, &Validators::default()).await? {
            Fetched::Page(page) => page,
            Fetched::NotModified | Fetched::Skipped => return Ok(None),
            Fetched::Failed(failure) => {
                self.failed(url, &failure);
                return Ok(None);
            }
        };
        let (recipe, now) = (Arc::clone(&self.recipe), self.now);
        let raw = page.raw.clone();
        let read = tokio::task::spawn_blocking(move || {
            let decoded = charset::decode(&page.body, page.charset.as_deref(), recipe.charset);
            (list::read(&recipe, &decoded.text, &page.url, now), decoded.problems)
        });
        let Ok((List { items, next, problems }, charset_problems)) = read.await else {
            self.problem(url, "the page could not be read: the parser gave up", CHECK_PAGE);
            return Ok(None);
        };
        for problem in charset_problems {
            self.problem(url, problem, CHECK_CHARSET);
        }
        self.round.note(problems);
        Ok(Some(ReadList { items, next, raw }))
    }

    /// Works through the items of a list page. Says whether any of them was new.
    async fn items(&mut self, page: &Url, list: ReadList) -> Result<bool, CollectError> {
        let recipe = Arc::clone(&self.recipe);
        let Some(_) = &recipe.detail else {
            let before = self.round.kept;
            for item in &list.items {
                let context = Context { url: item.url.as_ref(), page, raw: &list.raw, now: self.now };
                let harvest = detail::of_item(&recipe, &item.fields, &context);
                self.harvest(page.as_str(), harvest, None).await?;
            }
            self.flush().await?;
            return Ok(self.round.kept > before);
        };
        let mut links = Vec::new();
        let mut listed = BTreeSet::new();
        for item in &list.items {
            match &item.url {
                Some(url) if listed.insert(url.as_str()) => {
                    links.push((url.to_string(), item.fields.masked(recipe.id.as_str())));
                }
                Some(_) => {}
                // A feed's entry without a link is a document by itself.
                None => {
                    let context = Context { url: None, page, raw: &list.raw, now: self.now };
                    let harvest = detail::of_item(&recipe, &item.fields, &context);
                    self.harvest(page.as_str(), harvest, None).await?;
                }
            }
        }
        let pages = self.frontier.discover(&recipe.id, &links, self.now).await?;
        let mut anything_new = false;
        for page in pages {
            anything_new |= page.state == PageState::Waiting;
            if self.wants(&page) {
                self.detail(page).await?;
            } else {
                self.round.listed_again += 1;
            }
        }
        Ok(anything_new)
    }

    /// Pages that earlier rounds found and did not finish.
    async fn leftovers(&mut self) -> Result<(), CollectError> {
        if self.recipe.detail.is_none() {
            return Ok(());
        }
        let left = self.details_left;
        let pages = self.frontier.unfinished(&self.recipe.id, self.gate.settings.tries_max, left).await?;
        for page in pages {
            if !self.asked.contains(&page.url) {
                self.detail(page).await?;
            }
        }
        Ok(())
    }

    fn wants(&self, page: &FrontierPage) -> bool {
        if self.asked.contains(&page.url) {
            return false;
        }
        match page.state {
            PageState::Waiting => true,
            PageState::Failed => page.tries < self.gate.settings.tries_max,
            PageState::Gone => false,
            PageState::Done => match (self.recipe.refetch_after, page.fetched_at) {
                (Some(after), Some(at)) => later(at, after) <= self.now,
                _ => false,
            },
        }
    }

    async fn detail(&mut self, mut known: FrontierPage) -> Result<(), CollectError> {
        let Ok(url) = Url::parse(&known.url) else { return Ok(()) };
        if self.stopped_hosts.contains(&host_key(&url)) {
            return Ok(());
        }
        if self.details_left == 0 {
            let bound = self.recipe.bounds.details_per_round_max;
            self.round
                .stopped
                .get_or_insert_with(|| format!("{bound} detail pages are asked per round, the rest waits"));
            return Ok(());
        }
        self.details_left -= 1;
        self.asked.insert(known.url.clone());
        // A changed recipe must see the page itself, not hear that it is unchanged.
        let same_recipe = known.content_hash.as_deref().is_some_and(|hash| hash.starts_with(&self.recipe.fingerprint));
        let validators = if same_recipe {
            Validators { etag: known.etag.clone(), last_modified: known.last_modified.clone() }
        } else {
            Validators::default()
        };
        match self.fetch(&url, &validators).await? {
            Fetched::Skipped => Ok(()),
            Fetched::NotModified => {
                self.unchanged(&mut known);
                self.waiting.marks.push(known);
                Ok(())
            }
            Fetched::Page(page) => {
                let hash = format!("{}:{}", self.recipe.fingerprint, &blake3::hash(&page.body).to_hex()[..32]);
                (known.etag, known.last_modified) =
                    (page.validators.etag.clone(), page.validators.last_modified.clone());
                if known.state == PageState::Done && known.content_hash.as_deref() == Some(&hash) {
                    self.unchanged(&mut known);
                    self.waiting.marks.push(known);
                    return Ok(());
                }
                known.content_hash = Some(hash);
                self.read_detail(url, *page, known).await
            }
            Fetched::Failed(failure) => {
                self.failed(&url, &failure);
                if failure.stops_host() {
                    return Ok(()); // It stays as it was and waits.
                }
                self.round.reject(&known.url, failure.to_string());
                known.state =
                    if matches!(failure, Failure::Status(404 | 410)) { PageState::Gone } else { PageState::Failed };
                known.tries += 1;
                self.waiting.marks.push(known);
                Ok(())
            }
        }
    }

    async fn read_detail(&mut self, url: Url, page: Page, known: FrontierPage) -> Result<(), CollectError> {
        let (recipe, now) = (Arc::clone(&self.recipe), self.now);
        let hints = Fields::from_hints(&known.hints);
        let asked = url.clone();
        let read = tokio::task::spawn_blocking(move || {
            let decoded = charset::decode(&page.body, page.charset.as_deref(), recipe.charset);
            let context = Context { url: Some(&asked), page: &page.url, raw: &page.raw, now };
            let harvest = recipe
                .detail
                .as_ref()
                .map(|detail| detail::of_page(&recipe, detail, &decoded.text, &hints, &context))
                .unwrap_or_default();
            (harvest, decoded.problems)
        });
        let Ok((harvest, charset_problems)) = read.await else {
            // READ-3 failed us: the page is set aside, the round goes on.
            self.problem(&url, "the page could not be read: the parser gave up", CHECK_PAGE);
            self.round.reject(url.as_str(), "the parser gave up");
            self.waiting.marks.push(FrontierPage { state: PageState::Failed, tries: known.tries + 1, ..known });
            return Ok(());
        };
        for problem in charset_problems {
            self.problem(&url, problem, CHECK_CHARSET);
        }
        self.harvest(url.as_str(), harvest, Some(known)).await
    }

    /// Counts what was set aside and queues the documents with the mark that depends on them.
    async fn harvest(&mut self, url: &str, harvest: Harvest, known: Option<FrontierPage>) -> Result<(), CollectError> {
        self.round.note(harvest.problems);
        for reason in &harvest.rejected {
            self.round.reject(url, reason.as_str());
        }
        self.round.collected += harvest.duplicates;
        self.round.duplicate += harvest.duplicates;
        if let Some(mut known) = known {
            known.documents = u32::try_from(harvest.documents.len()).unwrap_or(u32::MAX);
            if harvest.documents.is_empty() {
                known.state = PageState::Failed;
                known.tries += 1;
            } else {
                self.done(&mut known);
            }
            self.waiting.marks.push(known);
        }
        self.waiting.documents.extend(harvest.documents);
        if self.waiting.documents.len() >= SINK_BATCH_MAX {
            self.flush().await?;
        }
        Ok(())
    }

    /// Archive, sink, frontier: in this order.
    async fn flush(&mut self) -> Result<(), CollectError> {
        let Batch { documents, marks } = std::mem::take(&mut self.waiting);
        if !documents.is_empty() {
            self.gate.sync().await?;
            let given = documents.len();
            let source_id = self.recipe.id.clone();
            let outcomes = self
                .sink
                .put(documents)
                .await
                .map_err(|source| CollectError::Sink { source_id: source_id.clone(), source })?;
            if outcomes.len() != given {
                return Err(CollectError::Miscounted { source_id, given, answered: outcomes.len() });
            }
            for outcome in outcomes {
                self.round.count(outcome);
            }
        }
        self.frontier.mark(&self.recipe.id, &marks).await?;
        Ok(())
    }

    async fn fetch(&mut self, url: &Url, validators: &Validators) -> Result<Fetched, CollectError> {
        let host = host_key(url);
        if self.stopped_hosts.contains(&host) {
            return Ok(Fetched::Skipped);
        }
        match self.session.get(url, validators).await {
            Ok(Answer::Page(page)) => {
                self.silences = 0;
                Ok(Fetched::Page(page))
            }
            Ok(Answer::NotModified) => Ok(Fetched::NotModified),
            Err(Failure::Archive(error)) => Err(error.into()),
            Err(failure) => {
                if matches!(failure, Failure::Transport(_)) {
                    self.silences += 1;
                } else {
                    self.silences = 0;
                }
                if failure.stops_host() || self.silences >= SILENCES_MAX {
                    self.stopped_hosts.insert(host);
                    self.round.stopped.get_or_insert_with(|| failure.to_string());
                    if let Failure::Held { wait, .. } = &failure {
                        self.round.due_at = self.round.due_at.max(later(self.now, *wait));
                    }
                }
                Ok(Fetched::Failed(failure))
            }
        }
    }

    fn failed(&mut self, url: &Url, failure: &Failure) {
        let advice = match failure {
            Failure::Held { .. } | Failure::RobotsUnknown(_) => ASK_LATER,
            Failure::Cut(_) | Failure::Body(_) => CHECK_PAGE,
            Failure::Refused(_)
            | Failure::Robots
            | Failure::Status(_)
            | Failure::Transport(_)
            | Failure::Redirects
            | Failure::BadRedirect
            | Failure::Archive(_) => CHECK_HOST,
        };
        self.problem(url, failure.to_string(), advice);
    }

    fn problem(&mut self, url: &Url, detail: impl Into<String>, advice: &'static str) {
        let at = self.recipe.file.clone();
        self.round.note([PageProblem { at, url: url.to_string(), detail: detail.into(), advice }]);
    }

    fn unchanged(&mut self, known: &mut FrontierPage) {
        let documents = u64::from(known.documents.max(1));
        self.round.collected += documents;
        self.round.unchanged += documents;
        self.done(known);
    }

    fn done(&self, known: &mut FrontierPage) {
        known.state = PageState::Done;
        known.fetched_at = Some(self.now);
        known.tries = 0;
    }
}

struct ReadList {
    items: Vec<Item>,
    next: Option<Url>,
    raw: crate::vocabulary::RawRef,
}

enum Fetched {
    Page(Box<Page>),
    NotModified,
    /// The host is left alone for this round.
    Skipped,
    Failed(Failure),
}

fn later(from: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

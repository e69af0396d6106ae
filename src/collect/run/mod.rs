//! The work of one round: lists, the pages behind them, the sink, the marks. A page is archived, read, synced, acknowledged by the
//! sink, and marked done, in this order.
//!
//! One task counts and decides. As many requests as the recipe allows may be under way at once, and one batch of documents may be on
//! its way to the sink. Lists are read one after the other, each as soon as there is room for its pages.

mod files;
mod jobs;
mod promises;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::OptionFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use jiff::Timestamp;
use url::Url;

use super::ask::Ask;
use super::bounds::{BATCH_BYTES_MAX, SILENCES_MAX};
use super::fetch::{Failure, Session};
use super::fields::CHANGED_AT;
use super::harvest::Harvest;
use super::host::server_key;
use super::item::Unexpected;
use super::problem::{
    ASK_LATER, ASK_PEOPLE, ASK_SITE, CHECK_BOUNDS, CHECK_CHARSET, CHECK_FOLDER, CHECK_HOST, CHECK_HOSTS, CHECK_PAGE,
    CHECK_PROMISE, PageProblem, SET_VARIABLE,
};
use super::round::Round;
use super::schedule::later;

use super::{CollectError, Outcome, Recipe, Sink};
use store::frontier::{Frontier, FrontierPage, PageState};
use vocabulary::{Document, day_of};

/// Documents wait at most this long to be handed over, however few they are.
const SINK_WAIT_MAX: Duration = Duration::from_secs(1);

/// The time to the next look at a page that stayed the same doubles with each further look, so often: up to eight times
/// `refetch.after`.
const SAME_TIMES_COUNTED: u32 = 3;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type Flushed = Result<Vec<Outcome>, CollectError>;

/// Documents on their way to the sink, and the marks that wait for its answer.
#[derive(Default)]
struct Batch {
    documents: Vec<Document>,
    bytes: usize,
    marks: Vec<FrontierPage>,
}

/// One list page, asked and read.
struct ListDone {
    url: Url,
    outcome: Result<ReadList, Unread>,
}

/// The contents of a list page, with the frontier's marks of its pages.
struct ReadList {
    /// Items on the page.
    items: usize,
    /// Whether it is a list in its right form, without entries.
    is_empty: bool,
    /// The page that has the list in place of this one.
    leads_to: Option<Ask>,
    /// Why it is not what the recipe expects.
    refused: Option<Unexpected>,
    next: Vec<Ask>,
    /// Hash of the page as it came.
    hash: blake3::Hash,
    pages: Vec<FrontierPage>,
    harvests: Vec<Harvest>,
    problems: Vec<PageProblem>,
}

/// One detail page, asked and read.
struct DetailDone {
    known: FrontierPage,
    url: Url,
    outcome: Result<ReadDetail, Unread>,
}

enum ReadDetail {
    Same,
    Harvest {
        harvest: Harvest,
        charset_problems: Vec<String>,
        /// The frontier's marks of the files that the page links to.
        files: Vec<FrontierPage>,
    },
}

/// Why there is nothing to read.
enum Unread {
    Failed(Failure),
    /// The server answers that a list has not changed, though the request did not ask for that.
    Nothing,
    /// The parser panicked, against READ-3.
    GaveUp,
    /// A file of a folder that cannot be read.
    File(String),
    /// The frontier failed, so the round ends.
    Broken(CollectError),
}

enum Done {
    List(Box<ListDone>),
    Detail(Box<DetailDone>),
}

/// The place of the round in the lists.
#[derive(Default)]
struct Chain {
    /// The start that is being read, counted from 0.
    start: usize,
    /// List pages of this start that were asked.
    seen: BTreeSet<String>,
    /// Which page of the start's template comes next.
    at: u32,
    /// The next pages that earlier ones led to.
    linked: VecDeque<Ask>,
    /// The page that the last one named in its own place; it is asked first.
    led: Option<Ask>,
    /// Pages that named another one in their place.
    leads: usize,
    /// Pages of this start that were lists.
    lists: usize,
    /// Hash of the last page. A page that comes again is the end of the list.
    last: Option<blake3::Hash>,
    under_way: bool,
}

pub(super) struct Run<'a> {
    /// A list page without news ends the list, because the last round read all that lies behind it.
    may_stop_early: bool,
    session: &'a Session<'a>,
    frontier: &'a Frontier,
    sink: &'a dyn Sink,
    recipe: Arc<Recipe>,
    now: Timestamp,
    round: Round,
    chain: Chain,
    leftovers_looked_for: bool,
    queue: VecDeque<FrontierPage>,
    under_way: FuturesUnordered<Boxed<'a, Done>>,
    waiting: Batch,
    /// Latest time at which the waiting documents are handed over.
    hand_over_by: Option<tokio::time::Instant>,
    flushing: Option<Boxed<'a, Flushed>>,
    /// Servers that are left alone for the rest of the round.
    stopped_hosts: BTreeSet<String>,
    /// Of these, which asked for a pause, and until when.
    held: BTreeMap<String, Timestamp>,
    silences: u32,
    /// The newest date of the round's documents.
    newest: Option<Timestamp>,
    /// From then on nothing further is asked.
    ends_by: tokio::time::Instant,
    details_left: u32,
    /// Pages asked in this round, so that a page on two lists is asked once.
    asked: BTreeSet<String>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        recipe: &Recipe,
        session: &'a Session<'a>,
        frontier: &'a Frontier,
        sink: &'a dyn Sink,
        now: Timestamp,
        may_stop_early: bool,
    ) -> Self {
        Self {
            may_stop_early,
            session,
            frontier,
            sink,
            recipe: Arc::new(recipe.clone()),
            now,
            round: Round::new(&recipe.id, now),
            chain: Chain::default(),
            leftovers_looked_for: recipe.detail.is_none() && recipe.folder.is_none(),
            queue: VecDeque::new(),
            under_way: FuturesUnordered::new(),
            waiting: Batch::default(),
            hand_over_by: None,
            flushing: None,
            stopped_hosts: BTreeSet::new(),
            held: BTreeMap::new(),
            silences: 0,
            newest: None,
            ends_by: tokio::time::Instant::now() + session.gate().settings.round_time_max,
            details_left: recipe.bounds.details_per_round_max,
            asked: BTreeSet::new(),
        }
    }

    /// The round, due no sooner than its first list can be asked: a pause of one server does not put off the others.
    pub(super) fn into_round(mut self) -> Round {
        let free_at = |url: Url| self.held.get(&server_key(&url)).copied().unwrap_or(Timestamp::MIN);
        let first = self.recipe.start_urls().map(free_at).min();
        self.round.due_at = first.map_or(self.round.due_at, |at| self.round.due_at.max(at));
        self.round
    }

    /// The round after a mistake of this program: what was counted stays, what was not handed over is asked again.
    pub(super) fn into_broken_round(self, said: &str) -> Round {
        let (now, id) = (self.now, self.recipe.id.clone());
        let mut round = self.into_round();
        if !round.intake().reconciles() {
            round = Round::new(&id, now);
        }
        let why =
            format!("a mistake in this program ended the round ({said}); report it with the archived page asked last");
        tracing::error!(source.id = %id, "{why}");
        round.stopped = Some(why);
        round
    }

    /// Works until nothing is left to ask.
    pub(super) async fn all(&mut self) -> Result<(), CollectError> {
        loop {
            self.start_work();
            self.hand_over_if_full();
            let idle = self.under_way.is_empty() && self.flushing.is_none();
            if idle && !self.leftovers_looked_for && !self.has_lasted_too_long() {
                self.leftovers_looked_for = true;
                self.find_leftovers().await?;
                continue;
            }
            if idle && self.waiting.is_empty() {
                self.look_at_promises();
                return Ok(());
            }
            if idle {
                self.hand_over();
            }
            let waited = self.hand_over_by.filter(|_| self.flushing.is_none());
            let timer = OptionFuture::from(waited.map(tokio::time::sleep_until));
            let flushed = OptionFuture::from(self.flushing.as_mut());
            tokio::select! {
                Some(outcome) = flushed => {
                    self.flushing = None;
                    for outcome in outcome? {
                        self.round.count(outcome);
                    }
                }
                Some(done) = self.under_way.next(), if !self.under_way.is_empty() => match done {
                    Done::List(list) => self.take_list(*list).await?,
                    Done::Detail(detail) => self.take_detail(*detail)?,
                },
                Some(()) = timer => self.hand_over(),
            }
        }
    }

    /// Begins as many requests as the recipe allows at once.
    fn start_work(&mut self) {
        if self.has_lasted_too_long() {
            return;
        }
        let at_once = self.recipe.at_once as usize;
        // Documents that cannot be handed over yet must not pile up.
        let full = self.flushing.is_some() && self.waiting.is_full(self.session.gate().settings.batch_max);
        while self.under_way.len() < at_once && !full {
            // With one request at a time a list's pages come before the next list.
            let has_room = self.queue.len() < 2 * at_once - 1 && !self.chain.under_way;
            if let Some(job) = has_room.then(|| self.next_list_job()).flatten() {
                self.chain.under_way = true;
                self.under_way.push(job);
                continue;
            }
            let Some(known) = self.queue.pop_front() else { break };
            if let Some(job) = self.detail_job(known) {
                self.under_way.push(job);
            }
        }
    }

    /// Whether the rest waits for the next round: a site may answer each page as slowly as it is allowed to, and there may be thousands.
    fn has_lasted_too_long(&mut self) -> bool {
        let is_over = tokio::time::Instant::now() >= self.ends_by;
        let is_left =
            !self.queue.is_empty() || self.chain.start < self.recipe.starts.len() || !self.leftovers_looked_for;
        if is_over && is_left {
            let minutes = self.session.gate().settings.round_time_max.as_secs() / 60;
            let stopped = &mut self.round.stopped;
            stopped.get_or_insert_with(|| format!("a round asks for {minutes} minutes, the rest waits"));
        }
        is_over
    }

    /// The request for the next list page, or the look into the folder, if there is one left.
    fn next_list_job(&mut self) -> Option<Boxed<'a, Done>> {
        let (session, frontier, recipe, now) = (self.session, self.frontier, Arc::clone(&self.recipe), self.now);
        if recipe.folder.is_some() {
            let first = self.chain.start == 0;
            self.next_start();
            return first.then(|| -> Boxed<'a, Done> { Box::pin(files::list_job(session, frontier, recipe, now)) });
        }
        let ask = self.next_list()?;
        Some(Box::pin(jobs::list_job(session, frontier, recipe, ask, now)))
    }

    /// The next list page to ask, if there is one.
    fn next_list(&mut self) -> Option<Ask> {
        let recipe = Arc::clone(&self.recipe);
        while let Some(start) = recipe.starts.get(self.chain.start) {
            let (chain, today) = (&mut self.chain, day_of(self.now));
            let mut written = || {
                chain.at += 1;
                start.ask(chain.at - 1, recipe.body.as_ref(), today)
            };
            let Some(ask) = chain.led.take().or_else(&mut written).or_else(|| chain.linked.pop_front()) else {
                self.next_start();
                continue;
            };
            if chain.seen.len() - chain.leads >= recipe.bounds.list_pages_max as usize {
                if !recipe.is_look {
                    self.problem(&ask.url, "more list pages than the bound, the rest is not read", CHECK_BOUNDS);
                }
            } else if !self.stopped_hosts.contains(&server_key(&ask.url)) && chain.seen.insert(ask.key()) {
                return Some(ask);
            } else if self.recipe.kind.has_siblings() {
                continue;
            }
            // A "next" link that leads back, a bound, or a host that is left alone.
            self.next_start();
        }
        None
    }

    fn next_start(&mut self) {
        self.chain = Chain { start: self.chain.start + 1, ..Chain::default() };
    }

    async fn take_list(&mut self, ListDone { url, outcome }: ListDone) -> Result<(), CollectError> {
        self.chain.under_way = false;
        let list = match outcome {
            Ok(list) => list,
            Err(Unread::Broken(error)) => return Err(error),
            Err(unread) => {
                match unread {
                    Unread::Failed(failure) => self.failed(&url, failure)?,
                    Unread::GaveUp => self.problem(&url, "the page could not be read: the parser gave up", CHECK_PAGE),
                    Unread::File(why) => {
                        self.round.stopped.get_or_insert_with(|| why.clone());
                        self.problem(&url, why, CHECK_FOLDER);
                    }
                    Unread::Nothing | Unread::Broken(_) => {}
                }
                if !self.recipe.kind.has_siblings() {
                    self.next_start();
                }
                return Ok(());
            }
        };
        self.silences = 0;
        if let Some(Unexpected { line, what, advice }) = list.refused {
            // Whatever its status says: this is no answer.
            self.round.note(list.problems);
            self.round.stopped.get_or_insert_with(|| what.clone());
            self.problem_at(line, &url, what, advice);
            if !self.recipe.kind.has_siblings() {
                self.next_start();
            }
            return Ok(());
        }
        self.round.pages_read += 1;
        if let Some(led) = list.leads_to {
            self.round.note(list.problems);
            self.chain.leads += 1;
            self.chain.led = Some(led);
            return Ok(());
        }
        self.chain.lists += 1;
        if self.chain.lists == 1 {
            self.look_at_first(&url, list.items, list.is_empty);
        }
        if self.chain.last.replace(list.hash) == Some(list.hash) && !self.recipe.kind.has_siblings() {
            // Some interfaces answer their last page for every number behind it.
            self.next_start();
            return Ok(());
        }
        self.round.note(list.problems);
        let mut anything_new = false;
        for page in list.pages {
            anything_new |= page.state == PageState::Waiting;
            if self.wants(&page) {
                self.asked.insert(page.url.clone());
                self.queue.push_back(page);
            } else {
                self.round.listed_again += 1;
            }
        }
        for harvest in list.harvests {
            self.harvest(url.as_str(), harvest, None);
        }
        if self.may_stop_early && self.recipe.detail.is_none() {
            // Whether there is news is known only when the sink has answered.
            let before = self.round.kept;
            self.hand_over_all().await?;
            anything_new = self.round.kept > before;
        }
        if self.recipe.kind.has_siblings() {
            self.chain.linked.extend(list.next);
            return Ok(());
        }
        self.chain.linked = list.next.into();
        if list.items == 0 || (self.may_stop_early && !anything_new) {
            self.next_start();
        }
        Ok(())
    }

    /// Pages that earlier rounds found and did not finish.
    async fn find_leftovers(&mut self) -> Result<(), CollectError> {
        let (left, tries_max) = (self.details_left, self.session.gate().settings.tries_max);
        let pages = self.frontier.unfinished(&self.recipe.id, tries_max, left).await?;
        for page in pages {
            if self.asked.insert(page.url.clone()) {
                self.queue.push_back(page);
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
            PageState::Failed => page.tries < self.session.gate().settings.tries_max,
            PageState::Gone => false,
            PageState::Done if self.recipe.folder.is_some() => files::has_changed(page),
            PageState::Done => page.fetched_at.is_some_and(|at| {
                // The list says that it changed, or it is time to ask again.
                let changed = page.hints.get(CHANGED_AT).and_then(|hint| hint.as_str()?.parse::<Timestamp>().ok());
                // A page that stays the same is asked for ever less.
                let rarer = 1_u32 << page.same_times.saturating_sub(1).min(SAME_TIMES_COUNTED);
                let due = self.recipe.refetch_after.is_some_and(|after| later(at, after * rarer) <= self.now);
                due || changed.is_some_and(|changed| changed > at)
            }),
        }
    }

    /// The request for a page, unless its host is left alone or the round's bound is reached.
    fn detail_job(&mut self, known: FrontierPage) -> Option<Boxed<'a, Done>> {
        let url = Url::parse(&known.url).ok()?;
        if self.stopped_hosts.contains(&server_key(&url)) {
            return None;
        }
        if self.details_left == 0 && self.recipe.is_look {
            return None;
        }
        if self.details_left == 0 {
            let bound = self.recipe.bounds.details_per_round_max;
            self.round
                .stopped
                .get_or_insert_with(|| format!("{bound} detail pages are asked per round, the rest waits"));
            return None;
        }
        self.details_left -= 1;
        let (session, recipe, now) = (self.session, Arc::clone(&self.recipe), self.now);
        if recipe.folder.is_some() {
            return Some(Box::pin(files::file_job(session, recipe, known, url, now)));
        }
        Some(Box::pin(jobs::detail_job(session, self.frontier, recipe, known, url, now)))
    }

    fn take_detail(&mut self, DetailDone { mut known, url, outcome }: DetailDone) -> Result<(), CollectError> {
        match outcome {
            Ok(ReadDetail::Same) => {
                self.silences = 0;
                let documents = u64::from(known.documents.max(1));
                self.round.collected += documents;
                self.round.unchanged += documents;
                known.same_times = known.same_times.saturating_add(1);
                self.done(&mut known);
                self.mark(known);
            }
            Ok(ReadDetail::Harvest { harvest, charset_problems, files }) => {
                self.silences = 0;
                self.round.pages_read += 1;
                for problem in charset_problems {
                    self.problem(&url, problem, CHECK_CHARSET);
                }
                for file in files {
                    if self.wants(&file) {
                        self.asked.insert(file.url.clone());
                        self.queue.push_back(file);
                    }
                }
                self.harvest(url.as_str(), harvest, Some(known));
            }
            Err(Unread::Failed(failure)) => {
                let (stops_host, reason) = (failure.stops_host(), failure.to_string());
                let gone = matches!(failure, Failure::Status(404 | 410));
                self.failed(&url, failure)?;
                if !stops_host {
                    self.round.reject(&known.url, reason);
                    known.state = if gone { PageState::Gone } else { PageState::Failed };
                    known.tries += 1;
                    self.mark(known);
                } // Else it stays as it was and waits.
            }
            Err(Unread::GaveUp) => {
                self.problem(&url, "the page could not be read: the parser gave up", CHECK_PAGE);
                self.round.reject(url.as_str(), "the parser gave up");
                self.mark(FrontierPage { state: PageState::Failed, tries: known.tries + 1, ..known });
            }
            Err(Unread::File(why)) => {
                self.problem(&url, why.clone(), CHECK_FOLDER);
                self.round.reject(url.as_str(), why);
                self.mark(FrontierPage { state: PageState::Failed, tries: known.tries + 1, ..known });
            }
            Err(Unread::Broken(error)) => return Err(error),
            Err(Unread::Nothing) => {}
        }
        Ok(())
    }

    /// Counts items that were set aside, and queues the documents with the mark that depends on them.
    fn harvest(&mut self, url: &str, harvest: Harvest, known: Option<FrontierPage>) {
        self.round.note(harvest.problems);
        for reason in &harvest.rejected {
            self.round.reject(url, reason.as_str());
        }
        self.round.collected += harvest.duplicates;
        self.round.duplicate += harvest.duplicates;
        if let Some(mut known) = known {
            known.documents = u32::try_from(harvest.documents.len()).unwrap_or(u32::MAX);
            known.same_times = 0;
            if harvest.documents.is_empty() && !harvest.is_final {
                known.state = PageState::Failed;
                known.tries += 1;
            } else {
                self.done(&mut known);
            }
            self.mark(known);
        }
        self.newest = self.newest.max(harvest.documents.iter().filter_map(|document| document.published_at).max());
        for document in &harvest.documents {
            self.round.count_fields(&self.recipe, document);
        }
        self.waiting.bytes += harvest.documents.iter().map(|document| document.text.len()).sum::<usize>();
        self.waiting.documents.extend(harvest.documents);
        self.hand_over_soon();
    }

    fn mark(&mut self, page: FrontierPage) {
        self.waiting.marks.push(page);
        self.hand_over_soon();
    }

    fn hand_over_soon(&mut self) {
        self.hand_over_by.get_or_insert_with(|| tokio::time::Instant::now() + SINK_WAIT_MAX);
    }

    fn hand_over_if_full(&mut self) {
        if self.waiting.is_full(self.session.gate().settings.batch_max) {
            self.hand_over();
        }
    }

    /// Sends the waiting batch on its way, unless another batch is on its way.
    fn hand_over(&mut self) {
        if self.flushing.is_none() && !self.waiting.is_empty() {
            self.hand_over_by = None;
            let batch = std::mem::take(&mut self.waiting);
            self.flushing = Some(Box::pin(jobs::flush(
                self.session,
                self.frontier,
                self.sink,
                Arc::clone(&self.recipe),
                batch,
                self.now,
            )));
        }
    }

    /// Hands everything over and waits for the answer.
    async fn hand_over_all(&mut self) -> Result<(), CollectError> {
        loop {
            self.hand_over();
            let Some(flushing) = self.flushing.take() else { return Ok(()) };
            for outcome in flushing.await? {
                self.round.count(outcome);
            }
        }
    }

    /// Notes a failure, and leaves its host alone when the failure calls for that.
    fn failed(&mut self, url: &Url, failure: Failure) -> Result<(), CollectError> {
        let failure = match failure {
            Failure::Archive(error) => return Err(error.into()),
            Failure::Store(error) => return Err(error.into()),
            failure => failure,
        };
        self.silences = if failure.is_silence() { self.silences + 1 } else { 0 };
        if failure.stops_host() || self.silences >= SILENCES_MAX {
            self.stopped_hosts.insert(server_key(url));
            self.round.stopped.get_or_insert_with(|| failure.to_string());
            if let Failure::Held { wait, .. } = &failure {
                self.held.insert(server_key(url), later(self.now, *wait));
            }
        }
        let advice = match failure {
            Failure::Held { .. } if failure.is_long_pause() => ASK_SITE,
            Failure::Held { .. } | Failure::RobotsUnknown(_) => ASK_LATER,
            Failure::Barrier { .. } => ASK_PEOPLE,
            Failure::Unset(_) => SET_VARIABLE,
            Failure::Cut(_) | Failure::Body(_) | Failure::Bomb { .. } => CHECK_PAGE,
            Failure::Elsewhere(_) | Failure::RobotsElsewhere(_) => CHECK_HOSTS,
            Failure::Refused(_)
            | Failure::RobotsRefused(_)
            | Failure::Robots
            | Failure::Status(_)
            | Failure::Transport(_)
            | Failure::Slow(_)
            | Failure::Redirects
            | Failure::BadRedirect
            | Failure::Archive(_)
            | Failure::Store(_) => CHECK_HOST,
        };
        self.problem(url, failure.to_string(), advice);
        Ok(())
    }

    fn problem(&mut self, url: &Url, detail: impl Into<String>, advice: &'static str) {
        let at = self.recipe.file.clone();
        self.round.note([PageProblem { at, url: url.to_string(), detail: detail.into(), advice }]);
    }

    fn problem_at(&mut self, line: Option<usize>, url: &Url, detail: impl Into<String>, advice: &'static str) {
        let Some(line) = line else { return self.problem(url, detail, advice) };
        let (file, line) = self.recipe.lines.place(line);
        let at = format!("{file}:{line}");
        self.round.note([PageProblem { at, url: url.to_string(), detail: detail.into(), advice }]);
    }

    /// The first page of a list: one that is in its right form and has no entries is counted, one with fewer than promised is told.
    fn look_at_first(&mut self, url: &Url, items: usize, is_empty: bool) {
        self.round.empty_lists += u64::from(is_empty);
        let (least, line) = (self.recipe.expect.items, self.recipe.expect.line);
        if items < least {
            let valid = if is_empty { " (the list is valid and empty)" } else { "" };
            let what = format!("{items} items on the first page of the list, the recipe promises {least}{valid}");
            self.problem_at(Some(line), url, what, CHECK_PROMISE);
        }
    }

    fn done(&self, known: &mut FrontierPage) {
        known.state = PageState::Done;
        known.fetched_at = Some(self.now);
        known.tries = 0;
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.marks.is_empty()
    }

    fn is_full(&self, batch_max: usize) -> bool {
        self.documents.len().max(self.marks.len()) >= batch_max || self.bytes >= BATCH_BYTES_MAX
    }
}

//! What the web face asks for, and the plain values it gets. Whoever owns the store and the index sits behind the desk;
//! the face itself knows neither SQL nor tantivy nor statistics.

mod search;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::alert::Casework;
use crate::alert::feed::FeedPlace;
use crate::pipeline::{ExportFormat, NewSearch, Records};
use crate::store::{CameFor, EndpointHealth, Promotion, SavedSearch, TryRow};
use crate::vocabulary::{
    Act, Alert, AlertEvent, AlertId, AlertState, Category, Channel, CriteriaVersion, Danger, Disposal, Document,
    DocumentId, Hazard, LexiconVersion, Notice, Outcome, Party, Position, Reading, RegionCode, SamplingRequest,
    SourceId,
};

pub use search::{
    CITED_MAX, Change, Cited, Exported, Facet, FacetValue, QueryExample, QueryFault, REVISIONS_MAX, Revision,
    SearchHit, SearchOutcome, Trail,
};

/// Answers the questions of the web face. Every answer is bounded by its caller's `limit`.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// The first of all alerts there are, at most [`ALERTS_MAX`].
    async fn ranked(&self) -> Result<Vec<Alert>, DeskError>;
    /// All alerts there are, in the same order, and all sampling requests: what a party's share is cut from.
    async fn every_alert(&self) -> Result<(Vec<Alert>, Vec<SamplingRequest>), DeskError>;
    /// All records there are: what whoever asks takes away.
    async fn records(&self) -> Result<Records, DeskError>;
    /// The alerts that pass `filter`: pinned ones first, open before closed, then by rank score, largest first.
    async fn alerts(&self, filter: &AlertFilter) -> Result<AlertPage, DeskError> {
        let standing = self.standing().await?;
        Ok(filter.page_of(self.ranked().await?, &standing))
    }
    /// A number that is another one whenever anything was written; none: it cannot tell.
    async fn changes(&self) -> Option<i64> {
        None
    }
    /// One alert as it stands now.
    async fn alert(&self, id: &AlertId) -> Result<Option<Alert>, DeskError>;
    /// The events of its life, oldest first. Empty for an unknown alert.
    async fn history(&self, id: &AlertId) -> Result<Vec<AlertEvent>, DeskError>;
    /// The sampling request that answers it, when there is one (at most one: ALERT-1).
    async fn sampling(&self, alert: &AlertId) -> Result<Option<SamplingRequest>, DeskError>;
    /// All sampling requests, newest first, at most [`SAMPLING_REQUESTS_MAX`].
    async fn sampling_requests(&self) -> Result<Vec<SamplingRequest>, DeskError>;
    /// What came back about one alert, or about all: verdicts and test results, in the order in which they came.
    async fn outcomes(&self, alert: Option<&AlertId>) -> Result<Vec<Outcome>, DeskError> {
        let _ = alert;
        Ok(Vec::new())
    }
    /// How far people have come with an alert, and what they did, oldest first.
    async fn casework(&self, id: &AlertId) -> Result<(Casework, Vec<Act>), DeskError> {
        let _ = id;
        Ok((Casework::default(), Vec::new()))
    }
    /// How far people have come, for all alerts that anybody did anything with.
    async fn standing(&self) -> Result<BTreeMap<AlertId, Casework>, DeskError> {
        Ok(BTreeMap::new())
    }
    /// Keeps what a person did with an alert, or refuses it with the reason; false when the organisation handed in the same before.
    async fn act(&self, act: Act) -> Result<bool, DeskError>;
    /// Packs records of an organisation as files with a manifest; refused with the reason when they are more than fits.
    fn pack_records(&self, party: &str, records: &Records, now: Timestamp) -> Result<Vec<u8>, DeskError>;
    /// How the endpoints are doing that are told of alerts.
    async fn deliveries(&self) -> Result<Vec<EndpointHealth>, DeskError> {
        Ok(Vec::new())
    }
    /// The newest tries to tell them, newest first, at most `limit`.
    async fn delivery_tries(&self, limit: u32) -> Result<Vec<TryRow>, DeskError> {
        let _ = limit;
        Ok(Vec::new())
    }
    /// A document and what was read in it, when the reader has got there.
    async fn document(&self, id: &DocumentId) -> Result<Option<(Document, Option<Reading>)>, DeskError>;
    /// The analysts' query language on the index. `after` is the `next` of an earlier outcome of the same query.
    async fn search(&self, query: &str, limit: usize, after: Option<&str>) -> Result<SearchOutcome, DeskError>;
    /// All that a query finds, as a file with its manifest; refused with the reason when it is more than fits.
    async fn export(&self, query: &str, format: ExportFormat, now: Timestamp) -> Result<Exported, DeskError>;
    /// All saved searches, by name.
    async fn searches(&self) -> Result<Vec<SavedSearch>, DeskError>;
    /// Saves a search, or refuses it with the reason.
    async fn save_search(&self, new: NewSearch, now: Timestamp) -> Result<SavedSearch, DeskError>;
    /// Forgets a saved search and what came for it; false when there is none of that name.
    async fn remove_search(&self, name: &str) -> Result<bool, DeskError>;
    /// What came for a watched search, newest first, at most `limit`.
    async fn came_for(&self, name: &str, limit: usize) -> Result<Vec<CameFor>, DeskError>;
    /// What is known of a document beside its text.
    async fn trail(&self, id: &DocumentId) -> Result<Trail, DeskError>;
    /// What was fetched for a document, byte by byte, as one WARC record; none when it did not come over the network.
    async fn raw(&self, id: &DocumentId) -> Result<Option<Vec<u8>>, DeskError>;
    /// Examples of the query language, simplest first, shown beside the search box.
    fn query_examples(&self) -> Vec<QueryExample>;
    /// How the service is doing, in numbers.
    async fn status(&self) -> Result<Status, DeskError>;
    /// Address by which others reach the pages, without a slash at the end.
    fn home(&self) -> &str;
    /// These alerts in a form for programs, ready to be sent.
    fn render(&self, form: FeedForm, alerts: &[Alert]) -> String;

    /// One alert, as the viewer may see it, as a message of the Common Alerting Protocol.
    async fn cap(&self, alert: &Alert, now: Timestamp) -> Result<String, DeskError>;
    /// Events in the lives of alerts behind number `after`, each with its own number, in order, at most `limit`.
    async fn events_after(&self, after: u64, limit: usize) -> Result<EventsPage, DeskError>;
    /// Number of the last event; 0 before the first.
    async fn last_event(&self) -> Result<u64, DeskError>;
    /// What a client must show to hand documents in; none: nobody may.
    fn push_token(&self) -> Option<&str> {
        None
    }
    /// Takes NDJSON documents into the log. They are read and judged soon after. `by`: an organisation outside whose own they are.
    async fn push(
        &self,
        lines: Vec<u8>,
        source: SourceId,
        channel: Channel,
        by: Option<&Party>,
    ) -> Result<Pushed, DeskError>;
    /// Whether the service works at all: the store answers. An error's text is shown to the prober.
    async fn health(&self) -> Result<(), DeskError>;
    /// Whether it should be sent visitors yet: migrations done, index opened, first cursors moved.
    async fn ready(&self) -> Result<(), DeskError> {
        self.health().await
    }
    /// The name of a place, its code when the name is not known.
    fn region_name(&self, code: RegionCode) -> String;
    /// What a reader has to know of a standard: another one is in force, or none. None when there is nothing to say.
    fn standard_note(&self, number: &str) -> Option<String>;
}

/// A form in which alerts leave for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedForm {
    /// A page of a JSON Feed 1.1.
    Json(FeedPlace),
    /// A page of an Atom feed, RFC 4287.
    Atom(FeedPlace),
    /// All of them as one message of the Common Alerting Protocol.
    Cap,
    /// A table for spreadsheets.
    Csv,
    /// The draft of a notice to the public about the only one of them.
    Notice,
}

/// Events in the lives of alerts, and how far was looked for them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventsPage {
    /// Events with their numbers, in order.
    pub events: Vec<(u64, AlertEvent)>,
    /// The last number that was looked at, shown or not: where the next look begins.
    pub reached: u64,
}

/// What became of documents that were handed in: collected = kept + duplicate + unchanged + rejected (COUNT-1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct Pushed {
    /// Lines met.
    pub collected: u64,
    /// New documents and new revisions.
    pub kept: u64,
    /// Twice in one body.
    pub duplicate: u64,
    /// Known, same text.
    pub unchanged: u64,
    /// Set aside.
    pub rejected: u64,
    /// The first of these, with line and reason.
    pub rejects: Vec<PushReject>,
}

/// A line that is no document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct PushReject {
    /// Its number, from 1.
    pub line: u64,
    /// What was found and what to do.
    pub reason: String,
}

/// Most alerts there are at once for lists and feeds.
pub const ALERTS_MAX: usize = crate::store::ALERTS_MAX as usize;
/// Most sampling requests listed at once.
pub const SAMPLING_REQUESTS_MAX: usize = 500;

/// Why the desk has no answer.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The visitor's query cannot be understood; shown to the visitor with a caret under the place.
    #[error("the query cannot be understood: {}", .0.message)]
    BadQuery(QueryFault),
    /// The `after` of a search is not one we gave, or belongs to another query.
    #[error("`{found}` is not a place in these results: start again from the first page")]
    BadCursor {
        /// The text that was found.
        found: String,
    },
    /// Not now, perhaps later: starting, rebuilding, too busy. The reason is shown to the visitor.
    #[error("not available at the moment: {reason}")]
    Unavailable {
        /// Why, for people.
        reason: String,
    },
    /// What a person wants to do cannot be done now; the reason is shown.
    #[error("{why}")]
    Refused {
        /// Why, in Chinese.
        why: String,
    },
    /// Anything else. Logged with its causes; the visitor sees only that it happened.
    #[error("{doing} failed")]
    Internal {
        /// What the desk was doing, e.g. `reading alert a-1 from the store`.
        doing: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl DeskError {
    /// Wraps the error of a neighbouring room.
    pub fn internal(doing: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal { doing: doing.into(), source: source.into() }
    }
}

/// Which alerts, and which stretch of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertFilter {
    /// Only open or only closed ones.
    pub state: Option<AlertState>,
    /// Only with this disposal.
    pub disposal: Option<Disposal>,
    /// Only with this danger.
    pub danger: Option<Danger>,
    /// Only of this category.
    pub category: Option<Category>,
    /// Only of this hazard.
    pub hazard: Option<Hazard>,
    /// How many of the ranked list to pass over.
    pub skip: usize,
    /// How many to give, at most [`AlertFilter::LIMIT_MAX`].
    pub limit: usize,
}

impl AlertFilter {
    /// Alerts on one page.
    pub const LIMIT_DEFAULT: usize = 30;
    /// Most alerts in one answer.
    pub const LIMIT_MAX: usize = 200;
    /// Farthest that a visitor may page.
    pub const SKIP_MAX: usize = 100_000;

    /// Whether the alert passes; `skip` and `limit` aside.
    #[must_use]
    pub fn accepts(&self, alert: &Alert) -> bool {
        let judged = &alert.assessment;
        self.state.is_none_or(|state| state == alert.state)
            && self.disposal.is_none_or(|disposal| disposal == judged.disposal)
            && self.danger.is_none_or(|danger| danger == judged.danger)
            && self.category.is_none_or(|category| category == judged.category)
            && self.hazard.is_none_or(|hazard| hazard == judged.hazard)
    }

    /// Filters, ranks (what people pinned, then open ones, then rank score, then id, so that ties never move) and cuts.
    #[must_use]
    pub fn page_of(&self, all: impl IntoIterator<Item = Alert>, standing: &BTreeMap<AlertId, Casework>) -> AlertPage {
        let mut alerts: Vec<Alert> = all.into_iter().filter(|alert| self.accepts(alert)).collect();
        let order = |alert: &Alert| standing.get(&alert.id).map_or(1, Casework::order);
        alerts.sort_by(|a, b| {
            (order(a).cmp(&order(b)))
                .then_with(|| a.state.cmp(&b.state))
                .then_with(|| b.assessment.rank_score.total_cmp(&a.assessment.rank_score))
                .then_with(|| a.id.cmp(&b.id))
        });
        let total = alerts.len() as u64;
        let open = alerts.iter().filter(|alert| alert.state == AlertState::Open).count() as u64;
        let alerts = alerts.into_iter().skip(self.skip).take(self.limit.min(Self::LIMIT_MAX)).collect();
        AlertPage { alerts, total, open }
    }
}

impl Default for AlertFilter {
    fn default() -> Self {
        Self {
            state: None,
            disposal: None,
            danger: None,
            category: None,
            hazard: None,
            skip: 0,
            limit: Self::LIMIT_DEFAULT,
        }
    }
}

/// A stretch of the ranked list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlertPage {
    /// In rank order.
    pub alerts: Vec<Alert>,
    /// How many pass the filter in all.
    pub total: u64,
    /// How many of these go on.
    pub open: u64,
}

/// How the service is doing.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Documents in the log.
    pub documents: u64,
    /// Signals read.
    pub signals: u64,
    /// Alerts that go on.
    pub alerts_open: u64,
    /// Alerts that are over.
    pub alerts_closed: u64,
    /// Sampling requests made.
    pub sampling_requests: u64,
    /// The day last scored.
    pub last_as_of: Option<Date>,
    /// The last position of the log.
    pub log_end: Position,
    /// Where each consumer stands.
    pub cursors: Vec<CursorState>,
    /// COUNT-1 for each source.
    pub sources: Vec<SourceCounts>,
    /// How each source of the recipes is doing.
    pub health: Vec<SourceHealth>,
    /// The program's version.
    pub program: String,
    /// The lexicon in use.
    pub lexicon: LexiconVersion,
    /// The criteria in use.
    pub criteria: CriteriaVersion,
    /// The promotion that is waited for, else the one in force; none when nobody promoted any.
    pub promotion: Option<Promotion>,
    /// The newest notices, newest first.
    pub notices: Vec<Notice>,
}

/// Where a consumer of the log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorState {
    /// Its name, e.g. `index`.
    pub consumer: String,
    /// The last position it has published.
    pub position: Position,
}

/// COUNT-1 for one source: collected = kept + duplicate + unchanged + rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCounts {
    /// The source.
    pub source: SourceId,
    /// Its channel group.
    pub channel: Channel,
    /// Items seen.
    pub collected: u64,
    /// Entered the log.
    pub kept: u64,
    /// Seen before under the same id.
    pub duplicate: u64,
    /// Fetched again, text unchanged.
    pub unchanged: u64,
    /// Set aside with a reason.
    pub rejected: u64,
    /// Rejected by reason, most frequent first.
    pub reasons: Vec<(String, u64)>,
}

impl SourceCounts {
    /// Whether COUNT-1 holds.
    #[must_use]
    pub fn balances(&self) -> bool {
        let parts = [self.kept, self.duplicate, self.unchanged, self.rejected];
        parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(*part)) == Some(self.collected)
    }
}

/// How a source is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct SourceHealth {
    /// The source.
    pub source: SourceId,
    /// Its name for people.
    pub name: String,
    /// Its channel group.
    pub channel: Channel,
    /// Whether its recipe is switched on.
    pub enabled: bool,
    /// Since when nobody asks it, by an operator's wish.
    pub paused_at: Option<Timestamp>,
    /// When it is due; none = at once.
    pub due_at: Option<Timestamp>,
    /// Last round, whatever came of it.
    pub last_at: Option<Timestamp>,
    /// Last round that read a page.
    pub last_success_at: Option<Timestamp>,
    /// Last round that kept a document.
    pub last_news_at: Option<Timestamp>,
    /// Rounds so far.
    pub rounds: u64,
    /// What somebody should look at, in words; empty = all is well.
    pub troubles: Vec<String>,
}

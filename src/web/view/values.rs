//! The plain values that a view gives beside the records themselves, and why it has no answer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::found::QueryFault;
use alert::Casework;
use alert::feed::FeedPlace;
use collect::Trouble;
use pipeline::TaskTrouble;
use store::Promotion;
use vocabulary::{
    AdminLevel, AlertId, AlertState, Category, Channel, CriteriaVersion, Danger, Disposal, Hazard, Intake,
    LexiconVersion, Notice, Position, ShownAlert, ShownEvent, SourceId,
};

/// A form in which alerts leave for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedForm {
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
pub(crate) struct EventsPage {
    /// Events with their numbers, in order.
    pub(crate) events: Vec<(u64, ShownEvent)>,
    /// The last number that was looked at, shown or not: where the next look begins.
    pub(crate) reached: u64,
}

/// What became of lines that were handed in (COUNT-1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub(crate) struct Pushed {
    /// Lines met, kept, known and set aside.
    #[serde(flatten)]
    pub(crate) intake: Intake,
    /// The first of those set aside, with line and reason.
    pub(crate) rejects: Vec<PushReject>,
}

/// A line that is no document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub(crate) struct PushReject {
    /// Its number, from 1.
    pub(crate) line: u64,
    /// What was found and what to do.
    pub(crate) reason: String,
}

/// Most alerts there are at once for lists and feeds.
pub(crate) const ALERTS_MAX: usize = store::ALERTS_MAX as usize;
/// Most sampling requests listed at once.
pub(crate) const SAMPLING_REQUESTS_MAX: usize = 500;

/// Why a view has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewError {
    /// The visitor's query cannot be understood; shown to the visitor with a caret under the place.
    #[error("the query cannot be understood: {}", .0.message)]
    BadQuery(QueryFault),
    /// The `after` of a search is not one we gave, or belongs to another query.
    #[error("`{found}` is not a place in these results: start again from the first page")]
    BadCursor {
        /// The text that was found.
        found: String,
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
        /// What was being done, e.g. `reading alert a-1 from the store`.
        doing: String,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ViewError {
    /// Wraps the error of a neighbouring room.
    pub(crate) fn internal(
        doing: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Internal { doing: doing.into(), source: source.into() }
    }
}

/// Which alerts, and which stretch of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlertFilter {
    /// Only open or only closed ones.
    pub(crate) state: Option<AlertState>,
    /// Only with this disposal.
    pub(crate) disposal: Option<Disposal>,
    /// Only with this danger.
    pub(crate) danger: Option<Danger>,
    /// Only of this category.
    pub(crate) category: Option<Category>,
    /// Only of this hazard.
    pub(crate) hazard: Option<Hazard>,
    /// How many of the ranked list to pass over.
    pub(crate) skip: usize,
    /// How many to give, at most [`AlertFilter::LIMIT_MAX`].
    pub(crate) limit: usize,
}

impl AlertFilter {
    /// Alerts on one page.
    pub(crate) const LIMIT_DEFAULT: usize = 30;
    /// Most alerts in one answer.
    pub(crate) const LIMIT_MAX: usize = 200;
    /// Farthest that a visitor may page.
    pub(crate) const SKIP_MAX: usize = 100_000;

    /// Whether the alert passes; `skip` and `limit` aside.
    #[must_use]
    pub(crate) fn accepts(&self, alert: &ShownAlert) -> bool {
        let judged = &alert.assessment;
        self.state.is_none_or(|state| state == alert.state)
            && self.disposal.is_none_or(|disposal| disposal == judged.disposal)
            && self.danger.is_none_or(|danger| danger == judged.danger)
            && self.category.is_none_or(|category| category == judged.category)
            && self.hazard.is_none_or(|hazard| hazard == judged.hazard)
    }

    /// Filters, ranks (what people pinned, then open ones, then rank score, then id, so that ties never move) and cuts.
    #[must_use]
    pub(crate) fn page_of(
        &self,
        all: impl IntoIterator<Item = ShownAlert>,
        standing: &BTreeMap<AlertId, Casework>,
    ) -> AlertPage {
        let mut alerts: Vec<ShownAlert> = all.into_iter().filter(|alert| self.accepts(alert)).collect();
        let order = |alert: &ShownAlert| standing.get(&alert.id).map_or(1, Casework::order);
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
pub(crate) struct AlertPage {
    /// In rank order.
    pub(crate) alerts: Vec<ShownAlert>,
    /// How many pass the filter in all.
    pub(crate) total: u64,
    /// How many of these go on.
    pub(crate) open: u64,
}

/// How the service is doing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    /// Documents in the log.
    pub(crate) documents: u64,
    /// Signals read.
    pub(crate) signals: u64,
    /// Alerts that go on.
    pub(crate) alerts_open: u64,
    /// Alerts that are over.
    pub(crate) alerts_closed: u64,
    /// Sampling requests made.
    pub(crate) sampling_requests: u64,
    /// The day last scored.
    pub(crate) last_as_of: Option<Date>,
    /// The last position of the log.
    pub(crate) log_end: Position,
    /// The position of each consumer of the log.
    pub(crate) cursors: Vec<CursorState>,
    /// COUNT-1 for each source.
    pub(crate) sources: Vec<SourceCounts>,
    /// How each source of the recipes is doing.
    pub(crate) health: Vec<SourceHealth>,
    /// The program's version.
    pub(crate) program: String,
    /// The lexicon in use.
    pub(crate) lexicon: LexiconVersion,
    /// The criteria in use.
    pub(crate) criteria: CriteriaVersion,
    /// The promotion that is waited for, else the one in force; none when nobody promoted any.
    pub(crate) promotion: Option<Promotion>,
    /// The newest notices, newest first.
    pub(crate) notices: Vec<Notice>,
    /// Tasks of the service that do not get on.
    pub(crate) troubles: Vec<TaskTrouble>,
    /// Whether secrets in the data folder are sealed.
    pub(crate) seals_secrets: bool,
}

/// How far a consumer of the log has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CursorState {
    /// Its name, e.g. `index`.
    pub(crate) consumer: String,
    /// The last position it has published.
    pub(crate) position: Position,
}

/// COUNT-1 for one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceCounts {
    /// The source.
    pub(crate) source: SourceId,
    /// Its channel group.
    pub(crate) channel: Channel,
    /// Items seen, and what became of them.
    pub(crate) intake: Intake,
    /// Rejected by reason, most frequent first.
    pub(crate) reasons: Vec<(String, u64)>,
}

/// How a source is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[derive(schemars::JsonSchema)]
pub(crate) struct SourceHealth {
    /// The source.
    pub(crate) source: SourceId,
    /// Its name for people.
    pub(crate) name: String,
    /// Its channel group.
    pub(crate) channel: Channel,
    /// Whether its recipe is switched on.
    pub(crate) enabled: bool,
    /// Since when nobody asks it, by an operator's wish.
    pub(crate) paused_at: Option<Timestamp>,
    /// When it is due; none = at once.
    pub(crate) due_at: Option<Timestamp>,
    /// Last round, whatever came of it.
    pub(crate) last_at: Option<Timestamp>,
    /// Last round that read a page.
    pub(crate) last_success_at: Option<Timestamp>,
    /// Last round that kept a document.
    pub(crate) last_news_at: Option<Timestamp>,
    /// Rounds so far.
    pub(crate) rounds: u64,
    /// What somebody should look at, in words; empty = all is well.
    pub(crate) troubles: Vec<String>,
}

/// A source for people: how it is doing, and what its recipe says of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SourceShown {
    /// How it is doing.
    pub(crate) health: SourceHealth,
    /// At which level of administration it speaks.
    pub(crate) level: Option<AdminLevel>,
    /// For which region it speaks, by name.
    pub(crate) region: Option<String>,
    /// The month in which somebody last saw the recipe work, or `never`.
    pub(crate) verified: Option<String>,
    /// What somebody should look at, not yet in words.
    pub(crate) troubles: Vec<Trouble>,
}

//! Asks the outside world for pages, politely and safely, and makes documents of them.
//!
//! In: a [`Recipe`] and the moment of the round. Out: masked [`Document`]s to a [`Sink`], the
//! raw exchange to the archive before anything is parsed, and a [`Round`] whose numbers add up. Not here: hazards, scores,
//! the log itself (the sink is handed in).
//!
//! Invariants: RAW-1 (every document points to its bytes, synced before the sink gets it), COUNT-1 (collected = kept +
//! duplicate + unchanged + rejected), POLITE-1 (one gate for all requests: `robots.txt`, rate, `Crawl-delay`,
//! `Retry-After`), SAFE-1 (addresses are checked after resolving, redirects included), PRIV-1 (masked before it leaves),
//! READ-3 (hostile pages cost a bound and never a panic).

mod address;
mod archivist;
mod article;
mod ask;
mod attachment;
mod barrier;
mod bounds;
mod charset;
mod collector;
mod coverage;
mod dates;
mod debris;
mod detail;
mod document;
mod expect;
mod fetch;
mod fields;
mod fill;
mod folder;
mod grid;
mod harvest;
mod headers;
mod health;
mod host;
mod html;
mod html_table;
mod identity;
mod item;
mod jsonp;
mod kinds;
mod label;
mod list;
mod made;
mod mask;
mod nearest;
mod pace;
mod problem;
mod published;
mod recipe;
mod robots;
mod round;
mod rules;
mod run;
mod said;
mod schedule;
mod screen;
mod sink;
mod tree;
mod unit;
mod within;
mod xml;

#[cfg(test)]
mod shared_pages;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

pub use address::{Names, SystemNames};
pub use address::{Reach, Refused, SafeResolver};
use bounds::ROUND_TIME_MAX;
pub use bounds::{BOUNDS, PAGE_BYTES_MAX, TEXT_CHARS_MAX};
pub use charset::{Decoded, decode};
pub use collector::Collector;
pub use coverage::{ChannelCovered, Coverage, Covered, LevelCovered, ProvinceCovered, State};
pub use health::{Health, Trouble};
pub use identity::document_id;
pub use mask::{Masker, PERSONAL_FIELD, Personal, PersonalKind, PersonalSpan, find_personal, mask, pseudonym};
pub use office::Reader as FileReader;
pub use problem::PageProblem;
pub use recipe::{EffectiveLine, Recipe};
pub use robots::Robots;
pub use round::{Reject, Round};
pub use rules::RecipeError;
pub use sink::{Outcome, Sink, SinkError};

use archive::WarcError;
use bounds::{HEAD_WAIT_MAX, TITLE_CHARS_MAX, VALUE_CHARS_MAX};
use published::Beside;
use store::StoreError;
use vocabulary::{Channel, Document, PublishedFrom, RawRef, SourceId};

/// How the collector behaves towards the world, for all sources.
#[derive(Debug, Clone)]
pub struct CollectorSettings {
    /// `User-Agent` header: a name, and where its owner can be reached.
    pub user_agent: String,
    /// Product token that `robots.txt` groups are chosen by.
    pub robots_token: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for the head of an answer; a request whose head does not come is not repeated within the round.
    pub head_timeout: Duration,
    /// Longest time for one request, body included.
    pub request_timeout: Duration,
    /// A body that brings fewer than `slow_bytes_min` bytes in this time is given up.
    pub slow_window: Duration,
    /// See `slow_window`.
    pub slow_bytes_min: usize,
    /// A host that asks for a longer pause than this is left alone until the next round.
    pub wait_max: Duration,
    /// Pause after 429 or 503 without `Retry-After`.
    pub retry_after_default: Duration,
    /// How often a failed request is repeated within a round.
    pub retries_max: u32,
    /// Pause before the first repetition; doubled for each further one.
    pub retry_wait: Duration,
    /// In how many rounds a page may fail before it is given up.
    pub tries_max: u32,
    /// Reads a variable of the environment that a recipe names for a header.
    pub variable: fn(&str) -> Option<String>,
    /// Folder in which recipes name their drop folders.
    pub inbox: PathBuf,
    /// What personal data is overwritten with, and whether a keyed hash of it is kept.
    pub masker: Masker,
    /// Documents handed to the sink at once; they share one sync of the archive and one of the log.
    pub batch_max: usize,
    /// How long a round may begin new requests.
    pub round_time_max: Duration,
    /// Reads the files that notices link to.
    pub reader: FileReader,
}

impl Default for CollectorSettings {
    fn default() -> Self {
        Self {
            user_agent: concat!("wanglou/", env!("CARGO_PKG_VERSION"), " (product safety watch)").to_owned(),
            robots_token: "wanglou".to_owned(),
            connect_timeout: Duration::from_secs(10),
            head_timeout: HEAD_WAIT_MAX,
            request_timeout: Duration::from_secs(30),
            slow_window: Duration::from_secs(10),
            slow_bytes_min: 1024,
            wait_max: Duration::from_mins(2),
            retry_after_default: Duration::from_mins(1),
            retries_max: 2,
            retry_wait: Duration::from_secs(1),
            tries_max: 5,
            variable: of_environment,
            inbox: PathBuf::from("inbox"),
            masker: Masker::default(),
            batch_max: 512,
            round_time_max: ROUND_TIME_MAX,
            reader: FileReader::here(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "keys of interfaces are no settings: they stand in no file")]
fn of_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Why a round could not go on. A page that fails is no error; it is in the [`Round`].
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be set up; check the system's certificate store")]
    Client(#[source] reqwest::Error),
    /// The archive's thread could not be started.
    #[error("no thread could be started for the raw archive")]
    Thread(#[source] std::io::Error),
    /// Raw bytes cannot be kept, so nothing may be read (RAW-1).
    #[error("the raw archive refused an exchange, nothing more is fetched")]
    Archive(#[from] WarcError),
    /// The frontier cannot be read or written.
    #[error("the frontier could not be read or written")]
    Store(#[from] StoreError),
    /// The documents were not taken; their pages stay unmarked and are fetched again.
    #[error("source {source_id}: documents were not taken")]
    Sink {
        /// Whose documents.
        source_id: SourceId,
        /// What the sink said.
        source: SinkError,
    },
    /// The sink answered for another number of documents than it was given: a bug in the sink.
    #[error("source {source_id}: the sink was given {given} documents and answered for {answered}")]
    Miscounted {
        /// Whose documents.
        source_id: SourceId,
        /// Documents handed over.
        given: usize,
        /// Outcomes returned.
        answered: usize,
    },
}

/// Takes out of a document's headline and text what a page leaves there and no reader sees: what people bring was taken from pages by other
/// programs.
pub fn clean_document(document: &mut Document) {
    for text in document.title.iter_mut().chain([&mut document.text]) {
        if let Cow::Owned(cleaned) = debris::clean_of_marks(text)
            && !cleaned.trim().is_empty()
        {
            *text = cleaned;
        }
    }
}

/// A page that came without a recipe (somebody else's archive): title by its headline, text by density. `body` has its
/// content coding undone already. Says what was odd; no document when there is no text. Not masked yet: what people bring is
/// masked at one door, with what else they bring (PRIV-1).
#[must_use]
pub fn document_of_page(
    source: &SourceId,
    channel: Channel,
    url: &Url,
    content_type: Option<&str>,
    body: &[u8],
    seen_at: Timestamp,
    raw: RawRef,
) -> (Option<Document>, Vec<String>) {
    let declared = content_type.and_then(fetch::charset_of);
    let decoded = decode(&body[..body.len().min(PAGE_BYTES_MAX)], declared.as_deref(), None);
    let mut problems = decoded.problems;
    let page = tree::Tree::parse(&decoded.text);
    problems.extend(page.problem());
    let reading = article::read(&page);
    let fields = detail::fields_of(&reading);
    let url = identity::canonical(url, &[]);
    let published = published::of_page(&page, &decoded.text, &reading, Some(&url), seen_at, Beside::default());
    let text = match (fields.get("title"), fields.get("text")) {
        (Some(title), Some(text)) if !text.starts_with(title) => format!("{title}\n{text}"),
        (title, text) => text.or(title).unwrap_or_default().to_owned(),
    };
    if text.is_empty() {
        problems.push("no text was found".to_owned());
        return (None, problems);
    }
    let mut document = Document {
        id: document_id(source, url.as_str()),
        source: source.clone(),
        channel,
        url: Some(url.to_string()),
        title: fields.get("title").map(|title| fields::clip(title, VALUE_CHARS_MAX).to_owned()),
        text: fields::clip(&text, TEXT_CHARS_MAX).to_owned(),
        published_at: None,
        seen_at: Some(seen_at),
        meta: serde_json::Map::new(),
        raw: Some(raw),
    };
    published::put(&mut document, published);
    (Some(document), problems)
}

/// When a page was published, what that was read from, and how often such evidence is right (0–1); none when the page does not say.
/// `url`: its address, when it is known. Nothing lies behind `seen_at`.
#[must_use]
pub fn date_of_page(
    url: Option<&str>,
    content_type: Option<&str>,
    body: &[u8],
    seen_at: Timestamp,
) -> Option<(Timestamp, PublishedFrom, f64)> {
    let declared = content_type.and_then(fetch::charset_of);
    let decoded = decode(&body[..body.len().min(PAGE_BYTES_MAX)], declared.as_deref(), None);
    let page = tree::Tree::parse(&decoded.text);
    let url = url.and_then(|url| Url::parse(url).ok());
    let reading = article::read(&page);
    let found = published::of_page(&page, &decoded.text, &reading, url.as_ref(), seen_at, Beside::default())?;
    Some((found.at, found.from, found.confidence))
}

/// Gives a document that was brought without a date the one that its text or its address states, and takes away a date that lies ahead.
/// `live`: it came just now, so that times are counted back from this moment where it does not say when it was seen. `latest`: what lies more
/// than a day and a half behind this moment, or behind when it was seen, is a mistake.
pub fn date_by_text(document: &mut Document, live: Option<Timestamp>, latest: Option<Timestamp>) {
    let seen = document.seen_at.or(live);
    let latest = document.seen_at.or(latest);
    let is_ahead = |at: Timestamp| latest.is_some_and(|latest| at > schedule::later(latest, bounds::AHEAD_MAX));
    if document.published_at.is_some_and(is_ahead) {
        document.published_at = None;
    }
    if document.published_at.is_none() && document.meta_str(Document::PUBLISHED_FROM).is_none() {
        let found =
            published::of_text(&document.text, document.url.as_deref(), seen).filter(|found| !is_ahead(found.at));
        if found.is_some() {
            published::put(document, found);
        }
    }
}

/// Marks a document as of unknown age: it was looked through for a date, and there is none.
pub fn mark_undated(document: &mut Document) {
    published::put(document, None);
}

/// A text that somebody else's program took from a page (WET): its first line is the title, all of it the text. No document when there is
/// none. Not masked yet, as [`document_of_page`].
#[must_use]
pub fn document_of_plain_text(
    source: &SourceId,
    channel: Channel,
    url: &Url,
    text: &str,
    seen_at: Timestamp,
    raw: RawRef,
) -> Option<Document> {
    let text = text.trim();
    let title = text.lines().next().map(str::trim).filter(|line| !line.is_empty())?;
    let url = identity::canonical(url, &[]);
    let published = published::of_text(text, Some(url.as_str()), Some(seen_at));
    let mut document = Document {
        id: document_id(source, url.as_str()),
        source: source.clone(),
        channel,
        url: Some(url.to_string()),
        title: Some(fields::clip(title, TITLE_CHARS_MAX).to_owned()),
        text: fields::clip(text, TEXT_CHARS_MAX).to_owned(),
        published_at: None,
        seen_at: Some(seen_at),
        meta: serde_json::Map::new(),
        raw: Some(raw),
    };
    published::put(&mut document, published);
    Some(document)
}

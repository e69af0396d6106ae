//! Source recipes: what an analyst writes in `rules/sources/*.toml`, checked and compiled once. Every mistake names file
//! and line.

mod load;
mod raw;

use std::path::PathBuf;
use std::time::Duration;

use encoding_rs::Encoding;
use regex::Regex;
use scraper::Selector;

use super::pace::Rate;
use super::schedule::Schedule;
use crate::vocabulary::{Channel, SourceId};

/// Pages behind a list that a short look asks for.
const LOOK_DETAILS: u32 = 3;

/// A recipe that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// Something is wrong at a place.
    #[error("{file}:{line}: {detail}")]
    At {
        /// The recipe's file.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What was found, what was expected.
        detail: String,
    },
    /// The folder or file cannot be read.
    #[error("cannot read recipes from {path}; check the path and its permissions")]
    Unreadable {
        /// Folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Two recipes claim one source id.
    #[error("{file}: source id `{id}` is already taken by {other}; ids must be unique")]
    Twice {
        /// The second file.
        file: String,
        /// The id.
        id: SourceId,
        /// The first file.
        other: String,
    },
}

/// How one source is collected. Made by [`Recipe::parse`]; cheap enough to clone per round.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Unique id.
    pub id: SourceId,
    /// Chinese name for people.
    pub name: String,
    /// Channel group.
    pub channel: Channel,
    /// Whether the scheduler asks it at all.
    pub enabled: bool,
    /// The file it was read from, for messages.
    pub file: String,
    pub(crate) schedule: Schedule,
    /// Most requests a day to one host, all sources together.
    pub(crate) per_day: Option<u64>,
    pub(crate) kind: Kind,
    pub(crate) starts: Vec<Start>,
    pub(crate) interval: Duration,
    /// Most requests under way at the same time.
    pub(crate) at_once: u32,
    /// Hosts that may be asked without a pause, by name.
    pub(crate) unpaced: Vec<String>,
    pub(crate) allow_loopback: bool,
    pub(crate) hosts: Vec<String>,
    pub(crate) drop_query: Vec<String>,
    pub(crate) identity: Identity,
    pub(crate) charset: Option<&'static Encoding>,
    pub(crate) refetch_after: Option<Duration>,
    pub(crate) bounds: Bounds,
    /// Fields of each list item.
    pub(crate) fields: Vec<FieldRule>,
    /// The page behind each item, when it is asked for.
    pub(crate) detail: Option<Detail>,
    /// Hash of the recipe's text: a changed recipe reads old pages anew.
    pub(crate) fingerprint: String,
}

impl Recipe {
    /// How fast this recipe may ask the host of an address. Several requests at once are for hosts named in
    /// `rate.unpaced` alone.
    pub(crate) fn rate_for(&self, url: &url::Url) -> Rate {
        let named = url.host_str().is_some_and(|host| self.unpaced.iter().any(|known| known == host));
        if named {
            Rate { interval: Duration::ZERO, at_once: self.at_once }
        } else {
            Rate { interval: self.interval, at_once: 1 }
        }
    }
}

impl Recipe {
    /// The same recipe for a short look: one list page, a few pages behind it.
    #[must_use]
    pub fn for_a_look(&self) -> Self {
        let bounds = Bounds { list_pages_max: 1, details_per_round_max: LOOK_DETAILS, ..self.bounds };
        Self { starts: self.starts.iter().take(1).cloned().collect(), bounds, ..self.clone() }
    }

    /// The fields that documents of this source are expected to have.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = &str> {
        let detail = self.detail.iter().flat_map(|detail| {
            let columns = detail.table.iter().flat_map(|table| table.columns.iter().map(|(name, _)| name.as_str()));
            detail.fields.iter().map(|rule| rule.name.as_str()).chain(columns)
        });
        self.fields.iter().map(|rule| rule.name.as_str()).chain(detail)
    }

    /// The first address of each start.
    pub(crate) fn start_urls(&self) -> impl Iterator<Item = url::Url> {
        self.starts.iter().filter_map(|start| start.urls().next()?.parse().ok())
    }
}

/// By what a document without an `external_id` is known again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Identity {
    /// The canonical address.
    #[default]
    Url,
    /// Path and query alone: the site answers under several names, or moves between ports.
    Path,
}

impl Identity {
    /// The part of a canonical address that counts.
    pub(crate) fn of(self, url: &url::Url) -> &str {
        match self {
            Self::Url => url.as_str(),
            Self::Path => &url[url::Position::BeforePath..url::Position::AfterQuery],
        }
    }
}

/// Where lists begin: an address, perhaps with `{page}`.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) template: String,
    pub(crate) pages: Option<(u32, u32)>,
}

impl Start {
    /// The addresses in order.
    pub(crate) fn urls(&self) -> impl Iterator<Item = String> + '_ {
        let (from, to) = self.pages.unwrap_or((1, 1));
        (from..=to).map(|page| self.template.replace("{page}", &page.to_string()))
    }
}

/// What the list pages are.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Html { item: Rule, link: Option<FieldRule>, next: Option<FieldRule> },
    Feed,
    Json { items: Vec<String>, link: Option<FieldRule>, next: Option<Next> },
}

/// How a JSON answer leads to the next page.
#[derive(Debug, Clone)]
pub(crate) enum Next {
    /// The path holds an address, absolute or relative.
    Url(Vec<String>),
    /// The path holds a value for a query parameter.
    Param { path: Vec<String>, param: String },
}

/// A selector with its place, so that a selector that matches nothing can be named.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) selector: Selector,
}

/// Where a field's value lies.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// The item itself.
    Item,
    Css(Rule),
    Path(Vec<Vec<String>>),
    Constant(String),
}

/// One field: a place, and how its text becomes a value.
#[derive(Debug, Clone)]
pub(crate) struct FieldRule {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) place: Place,
    pub(crate) attr: Option<String>,
    pub(crate) capture: Option<Regex>,
    pub(crate) date: Option<String>,
    pub(crate) all: bool,
    pub(crate) required: bool,
    pub(crate) template: Option<String>,
}

/// The page behind a list item.
#[derive(Debug, Clone)]
pub(crate) struct Detail {
    pub(crate) json: bool,
    pub(crate) fields: Vec<FieldRule>,
    pub(crate) table: Option<Table>,
}

/// A table each of whose rows is a document.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) rule: Rule,
    /// Field name ← header text, as written.
    pub(crate) columns: Vec<(String, String)>,
}

/// Bounds of one round; a recipe may lower or raise them within fixed ceilings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) list_pages_max: u32,
    pub(crate) items_per_page_max: usize,
    pub(crate) details_per_round_max: u32,
    pub(crate) page_bytes_max: usize,
    pub(crate) stop_when_known: bool,
}

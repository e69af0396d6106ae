//! Source recipes: what an analyst writes in `rules/sources/*.toml`, checked and compiled once. Every mistake names file
//! and line.

mod ask;
mod kind;
mod load;
mod raw;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use encoding_rs::Encoding;
use regex::Regex;
use scraper::Selector;

use super::pace::Rate;
use super::schedule::Schedule;
use vocabulary::{ActorKind, AdminLevel, Channel, SourceId};

pub(crate) use ask::{Ask, Body, Pages, Start};

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
    /// Who speaks there.
    pub actor: Option<ActorKind>,
    /// At which level of administration.
    pub level: Option<AdminLevel>,
    /// Month in which somebody last saw it work, `2026-03`; `never` for one written without having asked.
    pub verified: Option<String>,
    /// The file it was read from, for messages.
    pub file: String,
    pub(crate) schedule: Schedule,
    /// Most requests a day to one host, all sources together.
    pub(crate) per_day: Option<u64>,
    pub(crate) kind: Kind,
    pub(crate) starts: Vec<Start>,
    /// The folder whose files are the source, instead of starts.
    pub(crate) folder: Option<PathBuf>,
    /// Sent with every question for a list page.
    pub(crate) body: Option<Body>,
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
    /// Only a short look: what it leaves out by its bounds is no problem.
    pub(crate) is_look: bool,
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
        Self { starts: self.starts.iter().take(1).cloned().collect(), bounds, is_look: true, ..self.clone() }
    }

    /// The fields that documents of this source are expected to have.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = &str> {
        let detail = self.detail.iter().flat_map(|detail| {
            let columns = detail.table.iter().flat_map(|table| table.columns.iter().map(|(name, _)| name.as_str()));
            detail.fields.iter().map(|rule| rule.name.as_str()).chain(columns)
        });
        let rows = match &self.kind {
            Kind::Html { items: HtmlItems::Rows(table), .. } => Some(table),
            _ => None,
        };
        let columns = rows.into_iter().flat_map(|table| table.columns.iter().map(|(name, _)| name.as_str()));
        // What these kinds find by themselves.
        let own: &[&str] = match &self.kind {
            Kind::Mail => &["title", "text", "author", "published_at", "external_id"],
            Kind::Feed => &["title", "text", "published_at"],
            Kind::Table(_) => &["text"],
            Kind::Html { .. } | Kind::Json { .. } | Kind::Sitemap { .. } => &[],
        };
        let mut seen = BTreeSet::new();
        let all = self.fields.iter().map(|rule| rule.name.as_str()).chain(columns).chain(detail);
        all.chain(own.iter().copied()).filter(move |name| seen.insert(*name))
    }

    /// Whether an address belongs to what this source asks: a page of its hosts, or a file of its folder.
    #[must_use]
    pub fn asks(&self, url: &str) -> bool {
        if self.folder.is_some() {
            return url
                .strip_prefix("urn:wanglou:inbox:")
                .and_then(|rest| rest.strip_prefix(self.id.as_str()))
                .is_some_and(|rest| rest.starts_with(':'));
        }
        let url: Option<url::Url> = url.parse().ok();
        url.as_ref().and_then(url::Url::host_str).is_some_and(|host| self.hosts.iter().any(|known| known == host))
    }

    /// The first address of each start.
    pub(crate) fn start_urls(&self) -> impl Iterator<Item = url::Url> {
        self.starts.iter().filter_map(|start| Some(start.ask(0, None)?.url))
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

/// What the list pages are.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Html {
        items: HtmlItems,
        link: Option<FieldRule>,
        next: Option<FieldRule>,
    },
    Feed,
    /// JSON, or XML read as if it were JSON.
    Json {
        xml: bool,
        items: Vec<String>,
        link: Option<FieldRule>,
        next: Option<Next>,
    },
    /// Sitemaps and indexes of sitemaps: addresses of pages, as far as they match.
    Sitemap {
        include: Option<Include>,
    },
    /// CSV, TSV or a workbook: a row is a document.
    Table(Sheet),
    /// Letters: a file is a document.
    Mail,
}

/// What an item of an HTML list is.
#[derive(Debug, Clone)]
pub(crate) enum HtmlItems {
    Selected(Rule),
    /// Each row of a table.
    Rows(Table),
}

/// Which addresses of a sitemap are asked.
#[derive(Debug, Clone)]
pub(crate) struct Include {
    pub(crate) regex: Regex,
    pub(crate) line: usize,
}

/// How a table is written.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    /// None = told by its first bytes.
    pub(crate) format: Option<TableFormat>,
    /// Name of the sheet; the first one when there is none.
    pub(crate) name: Option<String>,
    /// The row that holds the names of the columns, counted from 1.
    pub(crate) header_row: u32,
    pub(crate) line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TableFormat {
    Csv,
    Tsv,
    Xlsx,
}

/// How a JSON answer leads to the next page.
#[derive(Debug, Clone)]
pub(crate) enum Next {
    /// The path holds an address, absolute or relative.
    Url(Vec<String>),
    /// The path holds a value for a query parameter.
    Param { path: Vec<String>, param: String },
    /// The path holds the value for `{cursor}` in the body.
    Cursor(Vec<String>),
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
    pub(crate) format: DetailFormat,
    /// Where the documents of a JSON or XML page lie; the page itself is one when there is no path.
    pub(crate) items: Option<Vec<String>>,
    pub(crate) fields: Vec<FieldRule>,
    pub(crate) table: Option<Table>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DetailFormat {
    #[default]
    Html,
    Json,
    Xml,
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

//! Recipes of sources, which an analyst writes in `rules/sources/*.toml`, checked and compiled once. Every mistake names file
//! and line.
//!
//! In: TOML. Out: a [`Recipe`]. Each part of it has a file: where the source is (`start`), when and how fast it is asked (`timing`),
//! the pages behind its items (`detail`). Not here: `[list]` and all else that depends on the kind of source (`kinds`), the rules of
//! single fields (`rules`).

mod detail;
mod group;
mod load;
mod promise;
mod raw;
mod start;
mod timing;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use encoding_rs::Encoding;
use jiff::civil::{Date, date};

use super::ask::{Body, Start};
use super::expect::Expect;
use super::headers::RequestHeader;
use super::kinds::{PageRules, SourceKind};
use super::pace::Rate;
use super::rules::lines::Lines;
use super::schedule::Schedule;
use vocabulary::{ActorKind, AdminLevel, Channel, RegionCode, SourceId};

pub(crate) use detail::{Attachments, Detail, DetailFormat};
pub use group::EffectiveLine;

/// A day for moving dates where any will do: to try an address out, and to see its host.
pub(crate) const ANY_DAY: Date = date(2026, 1, 1);
/// Pages behind a list that a short look asks for.
const LOOK_DETAILS: u32 = 3;

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
    /// The province or city that it speaks for.
    pub region: Option<RegionCode>,
    /// Month in which somebody last saw it work, `2026-03`; `never` for one written without having asked.
    pub verified: Option<String>,
    /// The file it was read from, for messages.
    pub file: String,
    /// The recipe as it works, with what its groups give, and where each key was written.
    pub effective: Arc<[EffectiveLine]>,
    pub(crate) lines: Lines,
    pub(crate) schedule: Schedule,
    /// Most requests a day to one host, all sources together.
    pub(crate) per_day: Option<u64>,
    /// What the source is, with the settings for its list pages or files.
    pub(crate) kind: Arc<dyn SourceKind>,
    pub(crate) starts: Vec<Start>,
    /// The folder whose files are the source, instead of starts.
    pub(crate) folder: Option<PathBuf>,
    /// Sent with every question for a list page.
    pub(crate) body: Option<Body>,
    /// Sent with every request of this recipe, but for `robots.txt`.
    pub(crate) headers: Vec<RequestHeader>,
    /// What is promised of the answers.
    pub(crate) expect: Expect,
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
        let rules = self.kind.fields().iter().map(|rule| rule.name.as_str());
        let all = rules.chain(self.kind.own_fields()).chain(self.detail.iter().flat_map(Detail::field_names));
        let mut seen = BTreeSet::new();
        all.filter(move |name| seen.insert(*name))
    }

    /// The parts of the recipe that a kind reads pages by.
    pub(crate) fn page_rules(&self) -> PageRules<'_> {
        PageRules {
            hosts: &self.hosts,
            drop_query: &self.drop_query,
            charset: self.charset,
            body: self.body.as_ref(),
            items_max: self.bounds.items_per_page_max,
            bytes_max: self.bounds.page_bytes_max,
            expect: &self.expect,
        }
    }

    /// Whether it only shows how a recipe is written.
    #[must_use]
    pub fn is_example(&self) -> bool {
        self.id.as_str().starts_with("example.")
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

    /// The first address of each start, moving dates of an arbitrary day in it.
    pub(crate) fn start_urls(&self) -> impl Iterator<Item = url::Url> {
        self.starts.iter().filter_map(|start| Some(start.ask(0, None, ANY_DAY)?.url))
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

/// Bounds of one round; a recipe may lower or raise them within fixed ceilings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) list_pages_max: u32,
    pub(crate) items_per_page_max: usize,
    pub(crate) details_per_round_max: u32,
    pub(crate) page_bytes_max: usize,
    pub(crate) stop_when_known: bool,
}

//! Saved searches: made, forgotten, matched against documents as they arrive.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::reading::ReadEntry;
use super::{Folder, PipelineError};
use index::{Arrived, SearchRequest};
use store::{
    CameFor, SEARCH_HITS_MAX, SEARCH_NAME_CHARS_MAX, SEARCHES_MAX, SEARCHES_OF_ONE_MAX, SavedSearch, SearchKept, Store,
    THROTTLE_MINUTES_MAX,
};
use vocabulary::{AuditEntry, AuditKind, Document, Position};

/// Name of the cursor of the watches.
const WATCHES: &str = "watches";
/// What the audit log says of a search that was saved.
const SAVED: &str = "saved";
/// What it says of one that was forgotten.
const FORGOTTEN: &str = "forgotten";
/// Characters of a text shown in place of a headline.
const TITLE_CHARS: usize = 60;

/// A search to be saved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewSearch {
    /// As its maker calls it, at most [`SEARCH_NAME_CHARS_MAX`] characters.
    pub name: String,
    /// In the analysts' query language.
    pub query: String,
    /// Whether documents are matched against it as they arrive.
    pub watched: bool,
    /// Whether one document of each story is enough.
    pub only_new: bool,
    /// Least time between two digests, in minutes, at most [`THROTTLE_MINUTES_MAX`].
    pub throttle_minutes: u32,
}

/// Where the watches stand and which there are.
pub(super) struct Waiting {
    pub(super) from: Position,
    searches: Vec<SavedSearch>,
}

impl Folder {
    /// Saves a search. A watched one is told of what the log takes in from now on. `party`: the organisation of which
    /// it is one; none: the owner of the machine. `who`: whom the audit log names; none: it gets no line.
    pub async fn save_search(
        &self,
        new: NewSearch,
        party: Option<&str>,
        who: Option<&str>,
        now: Timestamp,
    ) -> Result<SavedSearch, PipelineError> {
        let refused = |zh: String, en: String| Err(PipelineError::refused(zh, en));
        let name = new.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > SEARCH_NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return refused(
                format!("名称应有 1 到 {SEARCH_NAME_CHARS_MAX} 个字，收到“{name}”"),
                format!("a name has 1 to {SEARCH_NAME_CHARS_MAX} characters in one line, found `{name}`"),
            );
        }
        if new.throttle_minutes > THROTTLE_MINUTES_MAX {
            let found = new.throttle_minutes;
            return refused(
                format!("间隔最长 {THROTTLE_MINUTES_MAX} 分钟，收到 {found}"),
                format!("two digests are at most {THROTTLE_MINUTES_MAX} minutes apart, found {found}"),
            );
        }
        if new.query.trim().is_empty() {
            return refused("检索式是空的：订阅要说明找什么".to_owned(), "the query is empty".to_owned());
        }
        self.index().check(&new.query)?;
        if new.watched && self.waiting().await?.is_none() {
            // The first watch: what is in the log already is for searching, not for telling.
            let (at, _) = self.store().cursor(WATCHES).await?;
            let end = self.log().end().await?;
            let mut tx = self.store().begin().await?;
            Store::move_cursor(&mut tx, WATCHES, at, end, "").await?;
            tx.commit().await?;
        }
        let NewSearch { query, watched, only_new, throttle_minutes, .. } = new;
        let (made_at, told_at, came, untold) = (now, None, 0, 0);
        let search = SavedSearch { name, query, made_at, watched, only_new, throttle_minutes, told_at, came, untold };
        let line = line(who, &search.name, SAVED, now);
        match self.store().save_search(&search, party, line.as_ref()).await? {
            SearchKept::Kept => Ok(search),
            SearchKept::NameTaken => refused(
                format!("已有叫“{}”的检索，请换一个名称，或先删除它", search.name),
                format!("there is a search `{}` already; choose another name, or remove it first", search.name),
            ),
            SearchKept::ShareFull => refused(
                format!("贵单位已保存 {SEARCHES_OF_ONE_MAX} 个检索，请先删除不用的"),
                format!("your organisation has saved {SEARCHES_OF_ONE_MAX} searches; remove some first"),
            ),
            SearchKept::Full => refused(
                format!("已保存 {SEARCHES_MAX} 个检索，请先删除不用的"),
                format!("{SEARCHES_MAX} searches are saved; remove some first"),
            ),
        }
    }

    /// Forgets a search and what came for it; false when there is none of that name. `who`: as in [`Folder::save_search`].
    pub async fn remove_search(&self, name: &str, who: Option<&str>, now: Timestamp) -> Result<bool, PipelineError> {
        Ok(self.store().remove_search(name, line(who, name, FORGOTTEN, now).as_ref()).await?)
    }

    /// The watches and where they stand; none when nobody waits.
    pub(super) async fn waiting(&self) -> Result<Option<Waiting>, PipelineError> {
        let mut searches = self.store().searches().await?;
        searches.retain(|search| search.watched);
        if searches.is_empty() {
            return Ok(None);
        }
        let (from, _) = self.store().cursor(WATCHES).await?;
        Ok(Some(Waiting { from, searches }))
    }

    /// Matches a batch that the index has taken in against all watches, and notes what came together with their cursor.
    pub(super) async fn publish_watches(
        &self,
        waiting: &Waiting,
        to: Position,
        read: &[ReadEntry],
    ) -> Result<(), PipelineError> {
        if to <= waiting.from {
            return Ok(());
        }
        let arrived: Vec<&ReadEntry> = read.iter().filter(|entry| entry.position > waiting.from).collect();
        let came = super::on_disk(|| self.came(waiting, &arrived))?;
        let mut tx = self.store().begin().await?;
        for (search, hits) in came {
            let search = &waiting.searches[search];
            // A flood, such as an import of years: the newest are kept.
            let most = usize::try_from(SEARCH_HITS_MAX).unwrap_or(usize::MAX);
            for hit in &hits[hits.len().saturating_sub(most)..] {
                Store::note_came(&mut tx, search, hit).await?;
            }
            Store::trim_came(&mut tx, &search.name).await?;
        }
        Store::move_cursor(&mut tx, WATCHES, waiting.from, to, "").await?;
        Ok(tx.commit().await?)
    }

    /// What came, by number of the watch.
    fn came(&self, waiting: &Waiting, entries: &[&ReadEntry]) -> Result<BTreeMap<usize, Vec<CameFor>>, PipelineError> {
        let readable: Vec<usize> = (waiting.searches.iter().enumerate())
            .filter(|(_, search)| match self.index().check(&search.query) {
                Ok(()) => true,
                Err(error) => {
                    // A name that an earlier lexicon knew: the others go on.
                    tracing::warn!("the watch `{}` cannot be read any more: {error}", search.name);
                    false
                }
            })
            .map(|(number, _)| number)
            .collect();
        let queries = readable.iter().map(|number| waiting.searches[*number].query.as_str());
        let standing = self.index().standing(queries);
        let standing = standing.map_err(|(_, error)| index::IndexError::Query(error))?;
        let mut arrived = Vec::with_capacity(entries.len());
        for entry in entries {
            // A later revision in the same batch has taken its place in the index already; its story is the same text's.
            let story = self.index().story(&entry.document.id)?.unwrap_or(entry.position.0);
            let ReadEntry { document, reading, position, .. } = *entry;
            arrived.push(Arrived { document, reading, position: *position, story });
        }
        let mut came: BTreeMap<usize, Vec<CameFor>> = BTreeMap::new();
        for (query, document) in self.index().percolate(&standing, &arrived)? {
            let Arrived { document, position, story, .. } = arrived[document];
            let hit = CameFor {
                seq: 0,
                position,
                document: document.id.clone(),
                story,
                title: title(document),
                seen_at: document.known_at(),
            };
            came.entry(readable[query]).or_default().push(hit);
        }
        Ok(came)
    }

    /// How many documents a query finds now: shown when it is saved.
    pub fn finds_now(&self, query: &str) -> Result<u64, PipelineError> {
        let request = SearchRequest { query: query.to_owned(), bare: true, ..SearchRequest::default() };
        Ok(self.index().search(&request)?.total)
    }
}

/// The line of the audit log about a search.
fn line(who: Option<&str>, name: &str, detail: &str, at: Timestamp) -> Option<AuditEntry> {
    let (about, detail, what) = (name.to_owned(), detail.to_owned(), AuditKind::Search);
    who.map(|who| AuditEntry { at, who: who.to_owned(), what, about, detail })
}

/// The headline, or how the text begins, in one line.
fn title(document: &Document) -> String {
    let title = document.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
    let text = title.unwrap_or(&document.text);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(TITLE_CHARS).collect()
}

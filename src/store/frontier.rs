//! Which pages a source has shown us, which of them are done, and when the source is due again.
//!
//! In: addresses and what became of them. Out: what is still to fetch. Not here: how a page is fetched or read. Marks of
//! one list page are written in one transaction, and `done` only after the log has acknowledged the documents, so that
//! kill -9 loses nothing (LOG-1).

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError};
use crate::vocabulary::{Meta, SourceId};

/// How far we have come with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageState {
    /// Seen on a list, not fetched yet.
    Waiting,
    /// Its documents are in the log.
    Done,
    /// Could not be fetched or read; tried again up to a bound.
    Failed,
    /// The server says that it is no more.
    Gone,
}

impl PageState {
    fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }

    fn of(code: &str) -> Self {
        match code {
            "done" => Self::Done,
            "failed" => Self::Failed,
            "gone" => Self::Gone,
            // A state written by a newer program is safest looked at again.
            _ => Self::Waiting,
        }
    }
}

/// A page of the frontier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontierPage {
    /// Canonical address.
    pub url: String,
    /// How far we have come.
    pub state: PageState,
    /// What the list said about it, masked.
    pub hints: Meta,
    /// When it was last fetched with success.
    pub fetched_at: Option<Timestamp>,
    /// Failed attempts since.
    pub tries: u32,
    /// How many documents it gave.
    pub documents: u32,
    /// Validator of the last answer.
    pub etag: Option<String>,
    /// Validator of the last answer.
    pub last_modified: Option<String>,
    /// Hash of the payload and of the recipe that read it.
    pub content_hash: Option<String>,
}

impl FrontierPage {
    /// A page that was just found.
    #[must_use]
    pub fn found(url: impl Into<String>, hints: Meta) -> Self {
        Self {
            url: url.into(),
            state: PageState::Waiting,
            hints,
            fetched_at: None,
            tries: 0,
            documents: 0,
            etag: None,
            last_modified: None,
            content_hash: None,
        }
    }
}

/// The numbers of a finished round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoundMark {
    /// COUNT-1: collected = kept + duplicate + unchanged + rejected.
    pub collected: u64,
    /// New documents and new revisions.
    pub kept: u64,
    /// Same document from elsewhere.
    pub duplicate: u64,
    /// Known, same text.
    pub unchanged: u64,
    /// Set aside, each with a reason.
    pub rejected: u64,
    /// Problems noted.
    pub problems: u64,
    /// Why the round ended early, if it did.
    pub stopped: Option<String>,
}

/// When a source is due and how its last round went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Due at.
    pub due_at: Timestamp,
    /// Last round.
    pub last_at: Timestamp,
    /// Rounds so far.
    pub rounds: u64,
    /// Numbers of the last round.
    pub last: RoundMark,
}

/// The frontier and schedule in a [`Store`]; clones share its connections.
#[derive(Debug, Clone)]
pub struct Frontier {
    pub(super) store: Store,
}

impl Frontier {
    /// The frontier of a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Notes the pages of a list that are not known yet and says what is known of all of them, in the order given. Newer
    /// hints replace older ones. A list without news writes nothing.
    pub async fn discover(
        &self,
        source: &SourceId,
        found: &[(String, Meta)],
        now: Timestamp,
    ) -> Result<Vec<FrontierPage>, StoreError> {
        let urls: Vec<&str> = found.iter().map(|(url, _)| url.as_str()).collect();
        let rows = sqlx::query(
            "SELECT frontier.* FROM json_each(?2) AS asked CROSS JOIN frontier
             WHERE frontier.source = ?1 AND frontier.url = asked.value",
        )
        .bind(source.as_str())
        .bind(json(&urls)?)
        .fetch_all(self.store.reader())
        .await?;
        let mut known: BTreeMap<String, FrontierPage> = BTreeMap::new();
        for row in &rows {
            let page = read_page(row)?;
            known.insert(page.url.clone(), page);
        }
        let (mut pages, mut news) = (Vec::with_capacity(found.len()), Vec::new());
        for (url, hints) in found {
            let page = known.get(url).cloned();
            if page.as_ref().is_none_or(|page| page.hints != *hints) {
                news.push((url.as_str(), json(hints)?));
            }
            let page = page.map(|page| FrontierPage { hints: hints.clone(), ..page });
            pages.push(page.unwrap_or_else(|| FrontierPage::found(url.clone(), hints.clone())));
        }
        if !news.is_empty() {
            let mut tx = self.store.begin().await?;
            sqlx::query(
                "INSERT INTO frontier (source, url, state, hints, found_at)
                 SELECT ?1, value ->> 0, 'waiting', value ->> 1, ?3 FROM json_each(?2) WHERE true
                 ON CONFLICT (source, url) DO UPDATE SET hints = excluded.hints",
            )
            .bind(source.as_str())
            .bind(json(&news)?)
            .bind(now.to_string())
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
        }
        Ok(pages)
    }

    /// Pages found earlier and not done yet, oldest first; failed ones only below `tries_max`.
    pub async fn unfinished(
        &self,
        source: &SourceId,
        tries_max: u32,
        limit: u32,
    ) -> Result<Vec<FrontierPage>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM frontier WHERE source = ? AND state IN ('waiting', 'failed') AND tries < ? \
             ORDER BY found_at, url LIMIT ?",
        )
        .bind(source.as_str())
        .bind(i64::from(tries_max))
        .bind(i64::from(limit))
        .fetch_all(self.store.reader())
        .await?;
        rows.iter().map(read_page).collect()
    }

    /// Writes down what became of the pages, all or none.
    pub async fn mark(&self, source: &SourceId, pages: &[FrontierPage], now: Timestamp) -> Result<(), StoreError> {
        if pages.is_empty() {
            return Ok(());
        }
        let marks: Vec<_> = pages
            .iter()
            .map(|page| {
                let fetched_at = page.fetched_at.map(|at| at.to_string());
                let FrontierPage { url, state, tries, documents, etag, last_modified, content_hash, .. } = page;
                (url, state.code(), fetched_at, tries, documents, etag, last_modified, content_hash)
            })
            .collect();
        let mut tx = self.store.begin().await?;
        sqlx::query(
            // An upsert and no UPDATE … FROM: that one would walk all of the source's pages for each mark.
            "INSERT INTO frontier
               (source, url, state, fetched_at, tries, documents, etag, last_modified, content_hash, found_at)
             SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
               value ->> 7, ?3 FROM json_each(?2) WHERE true
             ON CONFLICT (source, url) DO UPDATE SET state = excluded.state, fetched_at = excluded.fetched_at,
               tries = excluded.tries, documents = excluded.documents, etag = excluded.etag,
               last_modified = excluded.last_modified, content_hash = excluded.content_hash",
        )
        .bind(source.as_str())
        .bind(json(&marks)?)
        .bind(now.to_string())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// How many pages of a source stand in each state.
    pub async fn counts(&self, source: &SourceId) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows = sqlx::query("SELECT state, count(*) AS pages FROM frontier WHERE source = ? GROUP BY state")
            .bind(source.as_str())
            .fetch_all(self.store.reader())
            .await?;
        rows.iter().map(|row| Ok((row.try_get("state")?, unsigned(row.try_get("pages")?)))).collect()
    }

    /// When the source is due; none when it has never been asked, so at once.
    pub async fn next_due(&self, source: &SourceId) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.schedule(source).await?.map(|schedule| schedule.due_at))
    }

    /// When the source is due and how its last round went.
    pub async fn schedule(&self, source: &SourceId) -> Result<Option<Schedule>, StoreError> {
        let row = sqlx::query("SELECT * FROM schedule WHERE source = ?")
            .bind(source.as_str())
            .fetch_optional(self.store.reader())
            .await?;
        row.map(|row| {
            let count = |column: &str| -> Result<u64, StoreError> { Ok(unsigned(row.try_get(column)?)) };
            Ok(Schedule {
                due_at: moment(&row.try_get::<String, _>("due_at")?)?,
                last_at: moment(&row.try_get::<String, _>("last_at")?)?,
                rounds: count("rounds")?,
                last: RoundMark {
                    collected: count("collected")?,
                    kept: count("kept")?,
                    duplicate: count("duplicate")?,
                    unchanged: count("unchanged")?,
                    rejected: count("rejected")?,
                    problems: count("problems")?,
                    stopped: row.try_get("stopped")?,
                },
            })
        })
        .transpose()
    }

    /// Notes that a round begins, and says whether the one before came to its end. Until [`Frontier::mark_round`] the
    /// round counts as interrupted, so that after a crash the next one reads all lists again.
    pub async fn begin_round(&self, source: &SourceId) -> Result<bool, StoreError> {
        let complete = self.schedule(source).await?.is_some_and(|schedule| schedule.last.stopped.is_none());
        let mut tx = self.store.begin().await?;
        sqlx::query("UPDATE schedule SET stopped = 'interrupted' WHERE source = ?")
            .bind(source.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(complete)
    }

    /// Writes down a finished round and when the next is due.
    pub async fn mark_round(
        &self,
        source: &SourceId,
        now: Timestamp,
        due_at: Timestamp,
        round: &RoundMark,
    ) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        sqlx::query(
            "INSERT INTO schedule (source, due_at, last_at, rounds, collected, kept, duplicate, unchanged, rejected, \
             problems, stopped) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (source) DO UPDATE SET due_at = excluded.due_at, last_at = excluded.last_at, \
             rounds = rounds + 1, collected = excluded.collected, kept = excluded.kept, \
             duplicate = excluded.duplicate, unchanged = excluded.unchanged, rejected = excluded.rejected, \
             problems = excluded.problems, stopped = excluded.stopped",
        )
        .bind(source.as_str())
        .bind(due_at.to_string())
        .bind(now.to_string())
        .bind(signed(round.collected))
        .bind(signed(round.kept))
        .bind(signed(round.duplicate))
        .bind(signed(round.unchanged))
        .bind(signed(round.rejected))
        .bind(signed(round.problems))
        .bind(&round.stopped)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn read_page(row: &SqliteRow) -> Result<FrontierPage, StoreError> {
    let hints: String = row.try_get("hints")?;
    let fetched_at: Option<String> = row.try_get("fetched_at")?;
    let small = |column: &str| -> Result<u32, StoreError> {
        Ok(u32::try_from(row.try_get::<i64, _>(column)?).unwrap_or(u32::MAX))
    };
    Ok(FrontierPage {
        url: row.try_get("url")?,
        state: PageState::of(row.try_get("state")?),
        hints: serde_json::from_str(&hints)
            .map_err(|source| StoreError::Stored { what: "list hint of the frontier", source })?,
        fetched_at: fetched_at.as_deref().map(moment).transpose()?,
        tries: small("tries")?,
        documents: small("documents")?,
        etag: row.try_get("etag")?,
        last_modified: row.try_get("last_modified")?,
        content_hash: row.try_get("content_hash")?,
    })
}

fn json(values: &(impl serde::Serialize + ?Sized)) -> Result<String, StoreError> {
    serde_json::to_string(values).map_err(|source| StoreError::Stored { what: "mark of the frontier", source })
}

pub(super) fn moment(text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|error: jiff::Error| StoreError::Stored {
        what: "moment of the frontier",
        source: serde::de::Error::custom(error),
    })
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn a_page_waits_until_it_is_marked_done_and_survives_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.sqlite");
        let source = SourceId::from("s");
        run(async {
            let store = Store::open(&path).await.unwrap();
            let frontier = Frontier::new(store.clone());
            let found = [("http://a/1".to_owned(), Meta::new()), ("http://a/2".to_owned(), Meta::new())];
            let mut pages = frontier.discover(&source, &found, at(0)).await.unwrap();
            pages.truncate(1);
            pages[0].state = PageState::Done;
            pages[0].fetched_at = Some(at(1));
            pages[0].etag = Some("\"x\"".to_owned());
            frontier.mark(&source, &pages, at(1)).await.unwrap();
            store.close().await;

            let frontier = Frontier::new(Store::open(&path).await.unwrap());
            let waiting = frontier.unfinished(&source, 3, 10).await.unwrap();
            assert_eq!(waiting.iter().map(|page| page.url.as_str()).collect::<Vec<_>>(), ["http://a/2"]);
            let again = frontier.discover(&source, &found, at(9)).await.unwrap();
            assert_eq!(again[0], pages[0]);
        });
    }

    #[test]
    fn a_source_is_due_at_once_and_then_when_its_round_said() {
        let dir = tempfile::tempdir().unwrap();
        let source = SourceId::from("s");
        run(async {
            let frontier = Frontier::new(Store::open(&dir.path().join("s.sqlite")).await.unwrap());
            assert_eq!(frontier.next_due(&source).await.unwrap(), None);
            let mark = RoundMark { collected: 3, kept: 2, rejected: 1, ..RoundMark::default() };
            frontier.mark_round(&source, at(0), at(60), &mark).await.unwrap();
            frontier.mark_round(&source, at(60), at(120), &mark).await.unwrap();
            let schedule = frontier.schedule(&source).await.unwrap().unwrap();
            assert_eq!((schedule.due_at, schedule.rounds, schedule.last), (at(120), 2, mark));
        });
    }
}

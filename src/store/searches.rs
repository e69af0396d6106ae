//! Saved searches, and the documents that came for those that are watched.

use jiff::{Timestamp, ToSpan};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::frontier::moment;
use super::{Store, StoreError};
use crate::vocabulary::{DocumentId, Position};

/// Most saved searches.
pub const SEARCHES_MAX: usize = 2_000;
/// Longest name of one, in characters.
pub const SEARCH_NAME_CHARS_MAX: usize = 60;
/// Most documents kept for one watch; the oldest are forgotten, their number is not.
pub const SEARCH_HITS_MAX: u64 = 1_000;
/// Documents listed in a digest; the others are only counted.
pub const DIGEST_HITS_MAX: usize = 20;
/// Longest time between two digests, in minutes: a week.
pub const THROTTLE_MINUTES_MAX: u32 = 7 * 24 * 60;

/// A question that somebody wants to keep.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
pub struct SavedSearch {
    /// As its maker calls it.
    pub name: String,
    /// In the analysts' query language.
    pub query: String,
    /// When it was saved.
    pub made_at: Timestamp,
    /// Whether documents are matched against it as they arrive.
    pub watched: bool,
    /// Whether one document of each story is enough.
    pub only_new: bool,
    /// Least time between two digests, in minutes.
    pub throttle_minutes: u32,
    /// When the last digest was given.
    pub told_at: Option<Timestamp>,
    /// Documents that came since it was made.
    pub came: u64,
    /// Of these, kept and not yet in a digest.
    pub untold: u64,
}

/// A document that came for a watch.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
pub struct CameFor {
    /// Rises with every document that comes.
    pub seq: i64,
    /// Its place in the log.
    pub position: Position,
    /// The document.
    pub document: DocumentId,
    /// The story it tells.
    pub story: u64,
    /// Headline, or how the text begins.
    pub title: String,
    /// When it was first seen, else published.
    pub seen_at: Option<Timestamp>,
}

/// What came for one watch since its last digest, as one message.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Digest {
    /// The watch.
    pub name: String,
    /// What it asks.
    pub query: String,
    /// How many documents came.
    pub total: u64,
    /// The newest of them, newest first, at most [`DIGEST_HITS_MAX`].
    pub newest: Vec<CameFor>,
}

impl Store {
    /// All saved searches, by name.
    pub async fn searches(&self) -> Result<Vec<SavedSearch>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.*, (SELECT COUNT(*) FROM search_hits AS h WHERE h.name = s.name AND h.told = 0) AS untold
             FROM searches AS s ORDER BY s.name",
        )
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(saved).collect()
    }

    /// Keeps a search. False when the name is taken, or there are [`SEARCHES_MAX`].
    pub async fn save_search(&self, search: &SavedSearch) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "INSERT INTO searches (name, query, made_at, watched, only_new, throttle_minutes)
             SELECT ?, ?, ?, ?, ?, ? WHERE (SELECT COUNT(*) FROM searches) < ? ON CONFLICT (name) DO NOTHING",
        )
        .bind(&search.name)
        .bind(&search.query)
        .bind(search.made_at.to_string())
        .bind(search.watched)
        .bind(search.only_new)
        .bind(search.throttle_minutes)
        .bind(i64::try_from(SEARCHES_MAX).unwrap_or(i64::MAX))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets a search and what came for it. False when there is none of this name.
    pub async fn remove_search(&self, name: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM searches WHERE name = ?").bind(name).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// What came for a watch, newest first.
    pub async fn came_for(&self, name: &str, limit: usize) -> Result<Vec<CameFor>, StoreError> {
        let rows = sqlx::query("SELECT * FROM search_hits WHERE name = ? ORDER BY seq DESC LIMIT ?")
            .bind(name)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(self.reader())
            .await?;
        rows.iter().map(came).collect()
    }

    /// Notes a document that came for a watch, in the caller's transaction. False when it was known, or its story was
    /// and the watch wants only new ones.
    pub async fn note_came(
        tx: &mut Transaction<'static, Sqlite>,
        search: &SavedSearch,
        hit: &CameFor,
    ) -> Result<bool, StoreError> {
        let story = i64::try_from(hit.story).unwrap_or(i64::MAX);
        let done = sqlx::query(
            "INSERT INTO search_hits (name, position, document_id, story, title, seen_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6
             WHERE NOT (?7 AND EXISTS (SELECT 1 FROM search_hits WHERE name = ?1 AND story = ?4))
             ON CONFLICT (name, position) DO NOTHING",
        )
        .bind(&search.name)
        .bind(i64::try_from(hit.position.0).unwrap_or(i64::MAX))
        .bind(hit.document.as_str())
        .bind(story)
        .bind(&hit.title)
        .bind(hit.seen_at.map(|moment| moment.to_string()))
        .bind(search.only_new)
        .execute(&mut **tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("UPDATE searches SET came = came + 1 WHERE name = ?").bind(&search.name).execute(&mut **tx).await?;
        Ok(true)
    }

    /// Forgets what came for a watch beyond the newest [`SEARCH_HITS_MAX`], in the caller's transaction.
    pub async fn trim_came(tx: &mut Transaction<'static, Sqlite>, name: &str) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM search_hits WHERE name = ?1 AND seq <= COALESCE(
               (SELECT seq FROM search_hits WHERE name = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2), 0)",
        )
        .bind(name)
        .bind(i64::try_from(SEARCH_HITS_MAX).unwrap_or(i64::MAX))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Digests that are due: watches with something untold whose last digest is long enough ago. What they tell counts as
    /// told from here on.
    pub async fn take_digests(&self, now: Timestamp) -> Result<Vec<Digest>, StoreError> {
        let mut tx = self.begin().await?;
        let rows = sqlx::query(
            "SELECT s.*, (SELECT COUNT(*) FROM search_hits AS h WHERE h.name = s.name AND h.told = 0) AS untold
             FROM searches AS s WHERE watched = 1 ORDER BY s.name",
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut digests = Vec::new();
        for row in &rows {
            let search = saved(row)?;
            let minutes = i64::from(search.throttle_minutes).minutes();
            let rested = search.told_at.and_then(|told| told.checked_add(minutes).ok()).is_none_or(|due| due <= now);
            if search.untold == 0 || !rested {
                continue;
            }
            let rows = sqlx::query("SELECT * FROM search_hits WHERE name = ? AND told = 0 ORDER BY seq DESC LIMIT ?")
                .bind(&search.name)
                .bind(i64::try_from(DIGEST_HITS_MAX).unwrap_or(i64::MAX))
                .fetch_all(&mut *tx)
                .await?;
            let newest = rows.iter().map(came).collect::<Result<_, _>>()?;
            sqlx::query("UPDATE search_hits SET told = 1 WHERE name = ? AND told = 0")
                .bind(&search.name)
                .execute(&mut *tx)
                .await?;
            sqlx::query("UPDATE searches SET told_at = ? WHERE name = ?")
                .bind(now.to_string())
                .bind(&search.name)
                .execute(&mut *tx)
                .await?;
            digests.push(Digest { name: search.name, query: search.query, total: search.untold, newest });
        }
        tx.commit().await?;
        Ok(digests)
    }
}

fn count(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

fn saved(row: &SqliteRow) -> Result<SavedSearch, StoreError> {
    Ok(SavedSearch {
        name: row.try_get("name")?,
        query: row.try_get("query")?,
        made_at: moment(row.try_get("made_at")?)?,
        watched: row.try_get("watched")?,
        only_new: row.try_get("only_new")?,
        throttle_minutes: u32::try_from(row.try_get::<i64, _>("throttle_minutes")?).unwrap_or(0),
        told_at: row.try_get::<Option<&str>, _>("told_at")?.map(moment).transpose()?,
        came: count(row, "came")?,
        untold: count(row, "untold")?,
    })
}

fn came(row: &SqliteRow) -> Result<CameFor, StoreError> {
    Ok(CameFor {
        seq: row.try_get("seq")?,
        position: Position(count(row, "position")?),
        document: DocumentId::new(row.try_get::<String, _>("document_id")?),
        story: count(row, "story")?,
        title: row.try_get("title")?,
        seen_at: row.try_get::<Option<&str>, _>("seen_at")?.map(moment).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("a store");
        (dir, store)
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + 60 * minute).expect("a moment")
    }

    fn watch(name: &str, only_new: bool, throttle_minutes: u32) -> SavedSearch {
        let (name, query) = (name.to_owned(), "起火".to_owned());
        let (made_at, told_at) = (at(0), None);
        SavedSearch { name, query, made_at, watched: true, only_new, throttle_minutes, told_at, came: 0, untold: 0 }
    }

    async fn bring(store: &Store, search: &SavedSearch, position: u64, story: u64) -> bool {
        let document = DocumentId::new(format!("d{position}"));
        let (title, seen_at, position) = (format!("第 {position} 条"), None, Position(position));
        let mut tx = store.begin().await.expect("a transaction");
        let hit = CameFor { seq: 0, position, document, story, title, seen_at };
        let noted = Store::note_came(&mut tx, search, &hit).await.expect("noted");
        Store::trim_came(&mut tx, &search.name).await.expect("trimmed");
        tx.commit().await.expect("committed");
        noted
    }

    #[tokio::test]
    async fn a_search_is_kept_under_one_name_and_forgotten_whole() {
        let (_dir, store) = store().await;
        let search = watch("浙江起火", false, 0);
        assert!(store.save_search(&search).await.expect("saved"));
        assert!(!store.save_search(&search).await.expect("asked"), "the name is taken");
        assert!(bring(&store, &search, 1, 1).await && !bring(&store, &search, 1, 1).await, "each document once");
        assert_eq!(store.searches().await.expect("read"), [SavedSearch { came: 1, untold: 1, ..search }]);
        assert!(store.remove_search("浙江起火").await.expect("removed"));
        assert!(store.searches().await.expect("read").is_empty());
        assert!(store.came_for("浙江起火", 9).await.expect("read").is_empty());
        assert!(!store.remove_search("浙江起火").await.expect("asked"));
    }

    #[tokio::test]
    async fn who_wants_only_new_is_told_of_a_story_once() {
        let (_dir, store) = store().await;
        for (only_new, expected) in [(true, false), (false, true)] {
            let search = watch(if only_new { "a" } else { "b" }, only_new, 0);
            store.save_search(&search).await.expect("saved");
            assert!(bring(&store, &search, 1, 1).await);
            assert_eq!(bring(&store, &search, 2, 1).await, expected);
            assert!(bring(&store, &search, 3, 3).await);
        }
    }

    #[tokio::test]
    async fn a_digest_is_one_message_and_waits_for_its_turn() {
        let (_dir, store) = store().await;
        let search = watch("a", false, 60);
        store.save_search(&search).await.expect("saved");
        assert!(store.take_digests(at(1)).await.expect("taken").is_empty(), "nothing came");
        for position in 1..=25 {
            bring(&store, &search, position, position).await;
        }
        let digests = store.take_digests(at(2)).await.expect("taken");
        assert_eq!((digests.len(), digests[0].total, digests[0].newest.len()), (1, 25, DIGEST_HITS_MAX));
        assert_eq!(digests[0].newest[0].title, "第 25 条");
        bring(&store, &search, 26, 26).await;
        assert!(store.take_digests(at(61)).await.expect("taken").is_empty(), "the hour is not over");
        assert_eq!(store.take_digests(at(62)).await.expect("taken")[0].total, 1);
    }

    #[tokio::test]
    async fn only_the_newest_are_kept_and_all_are_counted() {
        let (_dir, store) = store().await;
        let search = watch("a", false, 0);
        store.save_search(&search).await.expect("saved");
        let mut tx = store.begin().await.expect("a transaction");
        for position in 1..=SEARCH_HITS_MAX + 5 {
            let document = DocumentId::new(format!("d{position}"));
            let (title, seen_at, position) = (String::new(), Some(at(1)), Position(position));
            let hit = CameFor { seq: 0, position, document, story: position.0, title, seen_at };
            assert!(Store::note_came(&mut tx, &search, &hit).await.expect("noted"));
        }
        Store::trim_came(&mut tx, "a").await.expect("trimmed");
        tx.commit().await.expect("committed");
        let kept = &store.searches().await.expect("read")[0];
        assert_eq!((kept.came, kept.untold), (SEARCH_HITS_MAX + 5, SEARCH_HITS_MAX));
    }
}

//! Saved searches, and the documents that came for those that are watched.

use jiff::{Timestamp, ToSpan};

use crate::sqlite::row::{Stored, Table, bound};
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{
    CameFor, DIGEST_HITS_MAX, Digest, SEARCH_HITS_MAX, SEARCHES_MAX, SEARCHES_OF_ONE_MAX, SavedSearch, SearchKept,
    StoreError,
};
use vocabulary::{AuditEntry, DocumentId};

const SEARCHES: Table = Table::new("searches", &["name"]);
const HITS: Table = Table::new("search_hits", &["seq"]);

impl SqliteStore {
    pub(crate) async fn searches(&self) -> Result<Vec<SavedSearch>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.*, (SELECT COUNT(*) FROM search_hits AS h WHERE h.name = s.name AND h.told = 0) AS untold
             FROM searches AS s ORDER BY s.name",
        )
        .fetch_all(self.reader())
        .await?;
        SEARCHES.all(&rows, saved)
    }

    pub(crate) async fn save_search(
        &self,
        search: &SavedSearch,
        party: Option<&str>,
        line: Option<&AuditEntry>,
    ) -> Result<SearchKept, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "INSERT INTO searches (name, query, made_at, watched, only_new, throttle_minutes, party)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE (SELECT COUNT(*) FROM searches) < ?8
                AND (SELECT COUNT(*) FROM searches WHERE party = ?7) < ?9
             ON CONFLICT (name) DO NOTHING",
        )
        .bind(&search.name)
        .bind(&search.query)
        .bind(search.made_at.to_string())
        .bind(search.watched)
        .bind(search.only_new)
        .bind(search.throttle_minutes)
        .bind(party)
        .bind(bound(SEARCHES_MAX))
        .bind(bound(SEARCHES_OF_ONE_MAX))
        .execute(&mut *tx)
        .await?;
        if Self::with_line(tx, done.rows_affected() == 1, line).await? {
            return Ok(SearchKept::Kept);
        }
        let searches = self.searches().await?;
        Ok(match searches.len() {
            _ if searches.iter().any(|known| known.name == search.name) => SearchKept::NameTaken,
            SEARCHES_MAX.. => SearchKept::Full,
            _ => SearchKept::ShareFull,
        })
    }

    pub(crate) async fn remove_search(&self, name: &str, line: Option<&AuditEntry>) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM searches WHERE name = ?").bind(name).execute(&mut *tx).await?;
        Self::with_line(tx, done.rows_affected() == 1, line).await
    }

    /// Ends a transaction, with its line when something was done.
    async fn with_line(mut tx: SqliteTx, done: bool, line: Option<&AuditEntry>) -> Result<bool, StoreError> {
        if let Some(line) = line.filter(|_| done) {
            Self::add_audit(&mut tx, line).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    pub(crate) async fn came_for(&self, name: &str, limit: usize) -> Result<Vec<CameFor>, StoreError> {
        let rows = sqlx::query("SELECT * FROM search_hits WHERE name = ? ORDER BY seq DESC LIMIT ?")
            .bind(name)
            .bind(bound(limit))
            .fetch_all(self.reader())
            .await?;
        HITS.all(&rows, came)
    }

    pub(crate) async fn note_came(tx: &mut SqliteTx, search: &SavedSearch, hit: &CameFor) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO search_hits (name, position, document_id, story, title, seen_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6
             WHERE NOT (?7 AND EXISTS (SELECT 1 FROM search_hits WHERE name = ?1 AND story = ?4))
             ON CONFLICT (name, position) DO NOTHING",
        )
        .bind(&search.name)
        .bind(HITS.to_sql("position", hit.position.0)?)
        .bind(hit.document.as_str())
        .bind(HITS.to_sql("story", hit.story)?)
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

    pub(crate) async fn trim_came(tx: &mut SqliteTx, name: &str) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM search_hits WHERE name = ?1 AND seq <= COALESCE(
               (SELECT seq FROM search_hits WHERE name = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2), 0)",
        )
        .bind(name)
        .bind(bound(SEARCH_HITS_MAX))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn take_digests(&self, now: Timestamp) -> Result<Vec<Digest>, StoreError> {
        let mut tx = self.begin().await?;
        let rows = sqlx::query(
            "SELECT s.*, (SELECT COUNT(*) FROM search_hits AS h WHERE h.name = s.name AND h.told = 0) AS untold
             FROM searches AS s WHERE watched = 1 ORDER BY s.name",
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut digests = Vec::new();
        for search in SEARCHES.all(&rows, saved)? {
            let minutes = i64::from(search.throttle_minutes).minutes();
            // A moment so late that no other comes a rest after it is never due again.
            let rested = search.told_at.is_none_or(|told| told.checked_add(minutes).is_ok_and(|due| due <= now));
            if search.untold == 0 || !rested {
                continue;
            }
            let rows = sqlx::query("SELECT * FROM search_hits WHERE name = ? AND told = 0 ORDER BY seq DESC LIMIT ?")
                .bind(&search.name)
                .bind(bound(DIGEST_HITS_MAX))
                .fetch_all(&mut *tx)
                .await?;
            let newest = HITS.all(&rows, came)?;
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

fn saved(row: Stored<'_>) -> Result<SavedSearch, StoreError> {
    Ok(SavedSearch {
        name: row.text("name")?,
        query: row.text("query")?,
        made_at: row.moment("made_at")?,
        watched: row.flag("watched")?,
        only_new: row.flag("only_new")?,
        throttle_minutes: row.small("throttle_minutes")?,
        told_at: row.maybe_moment("told_at")?,
        came: row.count("came")?,
        untold: row.count("untold")?,
    })
}

fn came(row: Stored<'_>) -> Result<CameFor, StoreError> {
    Ok(CameFor {
        seq: row.get("seq")?,
        position: row.position("position")?,
        document: DocumentId::new(row.text("document_id")?),
        story: row.count("story")?,
        title: row.text("title")?,
        seen_at: row.maybe_moment("seen_at")?,
    })
}

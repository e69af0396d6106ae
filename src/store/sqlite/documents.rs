//! Documents by their ids: a view derived from the log.
//!
//! In this engine the view is made of the log's own rows and the index that `append` needs anyway (`UNIQUE (document_id, revision)`): a second
//! table of documents would double the file and every write. So the view's cursor moves in the transaction of the append, and is the log's end.

use std::collections::BTreeMap;

use futures_util::TryStreamExt;
use jiff::civil::Date;

use crate::sqlite::SqliteStore;
use crate::sqlite::journal::{BY_ID, DOCUMENTS, entry};
use crate::sqlite::row::{Table, bound};
use crate::{Entry, StoreError};
use vocabulary::{DocumentId, Position};

/// Rows of `documents` counted by their days.
const BY_DAY: Table = Table::new("documents", &["event_day", "known_day"]);

impl SqliteStore {
    pub(crate) async fn documents_cursor(&self) -> Result<Position, StoreError> {
        self.journal_end().await
    }

    pub(crate) async fn document(&self, id: &DocumentId) -> Result<Option<Entry>, StoreError> {
        let row =
            sqlx::query("SELECT position, body FROM documents WHERE document_id = ? ORDER BY revision DESC LIMIT 1")
                .bind(id.as_str())
                .fetch_optional(self.reader())
                .await?;
        row.map(|row| entry(DOCUMENTS.row(&row))).transpose()
    }

    pub(crate) async fn revisions(&self, id: &DocumentId) -> Result<Vec<Entry>, StoreError> {
        let rows = sqlx::query("SELECT position, body FROM documents WHERE document_id = ? ORDER BY revision")
            .bind(id.as_str())
            .fetch_all(self.reader())
            .await?;
        DOCUMENTS.all(&rows, entry)
    }

    pub(crate) async fn last_revisions(&self, id: &DocumentId, limit: usize) -> Result<(Vec<Entry>, u64), StoreError> {
        let total = sqlx::query_scalar("SELECT count(*) FROM documents WHERE document_id = ?")
            .bind(id.as_str())
            .fetch_one(self.reader())
            .await?;
        let rows =
            sqlx::query("SELECT position, body FROM documents WHERE document_id = ? ORDER BY revision DESC LIMIT ?")
                .bind(id.as_str())
                .bind(bound(limit))
                .fetch_all(self.reader())
                .await?;
        let mut newest = DOCUMENTS.all(&rows, entry)?;
        newest.reverse();
        Ok((newest, BY_ID.number("revision", total)?))
    }

    pub(crate) async fn newest(&self, up_to: Position) -> Result<Vec<(DocumentId, Position)>, StoreError> {
        let mut rows = sqlx::query(
            "SELECT document_id, MAX(position) AS position FROM documents WHERE position <= ? GROUP BY document_id",
        )
        .bind(bound(up_to.0))
        .fetch(self.reader());
        let mut newest = Vec::new();
        while let Some(row) = rows.try_next().await? {
            let row = BY_ID.row(&row);
            newest.push((DocumentId::new(row.text("document_id")?), row.position("position")?));
        }
        Ok(newest)
    }

    pub(crate) async fn revised(
        &self,
        after: Position,
        until: Position,
    ) -> Result<BTreeMap<DocumentId, Position>, StoreError> {
        let rows = sqlx::query(
            "SELECT document_id, MAX(position) AS position FROM documents
             WHERE revision > 1 AND position > ? AND position <= ? GROUP BY document_id",
        )
        .bind(bound(after.0))
        .bind(bound(until.0))
        .fetch_all(self.reader())
        .await?;
        let read =
            BY_ID.all(&rows, |row| Ok((DocumentId::new(row.text("document_id")?), row.position("position")?)))?;
        Ok(read.into_iter().collect())
    }

    pub(crate) async fn volume(&self, after: Position, until: Position) -> Result<Vec<(Date, Date, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT event_day, known_day, COUNT(*) AS documents FROM documents
             WHERE revision = 1 AND known_day IS NOT NULL AND position > ? AND position <= ? GROUP BY event_day, known_day",
        )
        .bind(bound(after.0))
        .bind(bound(until.0))
        .fetch_all(self.reader())
        .await?;
        BY_DAY.all(&rows, |row| Ok((row.day("event_day")?, row.day("known_day")?, row.count("documents")?)))
    }
}

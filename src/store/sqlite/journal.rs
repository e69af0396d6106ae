//! The log of documents: ordered rows of one table, positions from 1 without gaps.
//!
//! `BEGIN IMMEDIATE` holds the write lock from the first statement to the commit: positions are given and become visible in one order, so a
//! reader behind position n misses nothing that commits later.

use futures_util::TryStreamExt;

use crate::sqlite::row::{Stored, Table, bound};
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{Entry, NewEntry, Newest, StoreError};
use vocabulary::{Position, SourceId};

pub(super) const DOCUMENTS: Table = Table::new("documents", &["position"]);
/// Rows of `documents` put together by document.
pub(super) const BY_ID: Table = Table::new("documents", &["document_id"]);

pub(super) fn entry(row: Stored<'_>) -> Result<Entry, StoreError> {
    Ok(Entry { position: row.position("position")?, document: row.json("body")? })
}

impl SqliteStore {
    pub(crate) async fn lock_journal(tx: &mut SqliteTx) -> Result<Position, StoreError> {
        // The transaction has held the write lock since it began.
        let last = sqlx::query_scalar("SELECT COALESCE(MAX(position), 0) FROM documents").fetch_one(&mut **tx).await?;
        DOCUMENTS.number("position", last).map(Position)
    }

    pub(crate) async fn newest_revisions(
        tx: &mut SqliteTx,
        ids: &[String],
    ) -> Result<Vec<(String, Newest)>, StoreError> {
        let rows = sqlx::query(
            "SELECT document_id, MAX(revision) AS revision, text_hash, source FROM json_each(?) AS asked
             CROSS JOIN documents ON document_id = asked.value GROUP BY document_id",
        )
        .bind(BY_ID.to_json("document_id", ids)?)
        .fetch_all(&mut **tx)
        .await?;
        BY_ID.all(&rows, |row| {
            let hash: &[u8] = row.get("text_hash")?;
            let text_hash =
                hash.try_into().map_err(|_| row.wrong("text_hash", format!("{} bytes, not 32", hash.len())))?;
            let newest =
                Newest { revision: row.count("revision")?, text_hash, source: SourceId::new(row.text("source")?) };
            Ok((row.text("document_id")?, newest))
        })
    }

    pub(crate) async fn append_entries(tx: &mut SqliteTx, entries: &[NewEntry]) -> Result<(), StoreError> {
        let mut buffer = Vec::new();
        for entry in entries {
            tx.appended.add_entry(entry, &mut buffer);
        }
        let rows: Vec<_> = entries
            .iter()
            .map(|entry| {
                let NewEntry { position, id, revision, text_hash, source, event_day, known_day, logged_at, body } =
                    entry;
                (
                    position,
                    id,
                    revision,
                    data_encoding::HEXLOWER.encode(text_hash),
                    source,
                    event_day,
                    known_day,
                    logged_at,
                    body,
                )
            })
            .collect();
        // One statement for all rows: each statement costs more than a document.
        sqlx::query(
            "INSERT INTO documents
               (position, document_id, revision, text_hash, source, event_day, known_day, logged_at, body)
             SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3), value ->> 4, value ->> 5, value ->> 6,
               value ->> 7, value ->> 8 FROM json_each(?)",
        )
        .bind(DOCUMENTS.to_json("body", &rows)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn read_after(
        &self,
        after: Position,
        limit: usize,
        bytes_max: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut rows = sqlx::query("SELECT position, body FROM documents WHERE position > ? ORDER BY position LIMIT ?")
            .bind(bound(after.0))
            .bind(bound(limit))
            .fetch(self.reader());
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await? {
            let row = DOCUMENTS.row(&row);
            bytes += row.get::<&str>("body")?.len();
            entries.push(entry(row)?);
            if bytes >= bytes_max {
                break;
            }
        }
        Ok(entries)
    }

    pub(crate) async fn text_hashes_after(&self, after: Position, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let sql = "SELECT text_hash FROM documents WHERE position > ? ORDER BY position LIMIT ?";
        Ok(sqlx::query_scalar(sql).bind(bound(after.0)).bind(bound(limit)).fetch_all(self.reader()).await?)
    }

    pub(crate) async fn journal_end(&self) -> Result<Position, StoreError> {
        let last =
            sqlx::query_scalar("SELECT COALESCE(MAX(position), 0) FROM documents").fetch_one(self.reader()).await?;
        DOCUMENTS.number("position", last).map(Position)
    }
}

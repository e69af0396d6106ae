//! Documents that the judge is not sure of, and what people say of them.

use crate::sqlite::row::Table;
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{DOUBTS_OPEN_MAX, StoreError};
use vocabulary::{DocumentId, DoubtedText};

const DOUBTS: Table = Table::new("doubts", &["seq"]);

fn state(answered: bool) -> &'static str {
    if answered { "answered" } else { "open" }
}

impl SqliteStore {
    pub(crate) async fn ask_about(tx: &mut SqliteTx, doubted: &DoubtedText) -> Result<(), StoreError> {
        // An answered document stays answered; one that still waits is asked about as it was read last, behind the others.
        sqlx::query("DELETE FROM doubts WHERE document_id = ? AND state = 'open'")
            .bind(doubted.document_id.as_str())
            .execute(&mut **tx)
            .await?;
        sqlx::query(
            "INSERT INTO doubts (document_id, text_hash, state, body) VALUES (?, ?, 'open', ?) ON CONFLICT DO NOTHING",
        )
        .bind(doubted.document_id.as_str())
        .bind(&doubted.text_hash)
        .bind(DOUBTS.to_json("body", doubted)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn trim_doubts(tx: &mut SqliteTx) -> Result<u64, StoreError> {
        let gone = sqlx::query(
            "DELETE FROM doubts WHERE state = 'open' AND seq NOT IN
             (SELECT seq FROM doubts WHERE state = 'open' ORDER BY seq DESC LIMIT ?)",
        )
        .bind(i64::from(DOUBTS_OPEN_MAX))
        .execute(&mut **tx)
        .await?;
        Ok(gone.rows_affected())
    }

    pub(crate) async fn clear_open_doubts(tx: &mut SqliteTx) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM doubts WHERE state = 'open'").execute(&mut **tx).await?;
        Ok(())
    }

    pub(crate) async fn answer_doubt(tx: &mut SqliteTx, doubted: &DoubtedText) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE doubts SET state = 'answered', body = ? WHERE document_id = ?")
            .bind(DOUBTS.to_json("body", doubted)?)
            .bind(doubted.document_id.as_str())
            .execute(&mut **tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn doubted(&self, id: &DocumentId) -> Result<Option<DoubtedText>, StoreError> {
        let row = sqlx::query("SELECT seq, body FROM doubts WHERE document_id = ?")
            .bind(id.as_str())
            .fetch_optional(self.reader())
            .await?;
        row.map(|row| DOUBTS.row(&row).json("body")).transpose()
    }

    pub(crate) async fn doubts(&self, answered: bool, limit: u32) -> Result<Vec<DoubtedText>, StoreError> {
        let rows = sqlx::query("SELECT seq, body FROM doubts WHERE state = ? ORDER BY seq DESC LIMIT ?")
            .bind(state(answered))
            .bind(i64::from(limit))
            .fetch_all(self.reader())
            .await?;
        DOUBTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn count_doubts(&self, answered: bool) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar("SELECT count(*) FROM doubts WHERE state = ?")
            .bind(state(answered))
            .fetch_one(self.reader())
            .await?;
        DOUBTS.number("seq", count)
    }
}

//! Reruns that were done by a plan of the settings.

use crate::sqlite::row::Table;
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{RerunRow, StoreError};

const RERUNS: Table = Table::new("reruns", &["seq"]);

impl SqliteStore {
    pub(crate) async fn add_rerun(tx: &mut SqliteTx, row: &RerunRow) -> Result<u64, StoreError> {
        let added = sqlx::query("INSERT INTO reruns (plan, ended, body) VALUES (?, ?, ?)")
            .bind(&row.plan)
            .bind(row.ended_at.is_some())
            .bind(RERUNS.to_json("body", row)?)
            .execute(&mut **tx)
            .await?;
        RERUNS.number("seq", added.last_insert_rowid())
    }

    pub(crate) async fn put_rerun(tx: &mut SqliteTx, row: &RerunRow) -> Result<(), StoreError> {
        sqlx::query("UPDATE reruns SET ended = ?, body = ? WHERE seq = ?")
            .bind(row.ended_at.is_some())
            .bind(RERUNS.to_json("body", row)?)
            .bind(RERUNS.to_sql("seq", row.seq)?)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn reruns(&self, plan: Option<&str>) -> Result<Vec<RerunRow>, StoreError> {
        let rows = sqlx::query("SELECT seq, body FROM reruns WHERE ?1 IS NULL OR plan = ?1 ORDER BY seq DESC")
            .bind(plan)
            .fetch_all(self.reader())
            .await?;
        RERUNS.all(&rows, |row| Ok(RerunRow { seq: row.count("seq")?, ..row.json("body")? }))
    }
}

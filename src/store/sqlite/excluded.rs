//! What the machine excluded: one row a matter, replaced as a whole.

use crate::sqlite::row::Table;
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{EXCLUDED_MAX, StoreError};
use vocabulary::{Excluded, ExclusionKey};

const EXCLUDED: Table = Table::new("excluded", &["key"]);
/// All rows, the newest first.
const ALL: &str = "SELECT key, body FROM excluded ORDER BY as_of DESC, key";

impl SqliteStore {
    pub(crate) async fn excluded(&self) -> Result<Vec<Excluded>, StoreError> {
        let rows = sqlx::query(ALL).fetch_all(self.reader()).await?;
        EXCLUDED.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn excluded_in(tx: &mut SqliteTx) -> Result<Vec<Excluded>, StoreError> {
        let rows = sqlx::query(ALL).fetch_all(&mut **tx).await?;
        EXCLUDED.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn put_excluded(tx: &mut SqliteTx, row: &Excluded) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT OR REPLACE INTO excluded (key, category, hazard, as_of, danger, spread, reports, body)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(row.key.as_str())
        .bind(row.category.code())
        .bind(row.hazard.code())
        .bind(row.as_of.to_string())
        .bind(row.danger.code())
        .bind(row.spread.code())
        .bind(EXCLUDED.to_sql("reports", row.counts.reports)?)
        .bind(EXCLUDED.to_json("body", row)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn remove_excluded(tx: &mut SqliteTx, key: &ExclusionKey) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM excluded WHERE key = ?").bind(key.as_str()).execute(&mut **tx).await?;
        Ok(())
    }

    pub(crate) async fn trim_excluded(tx: &mut SqliteTx) -> Result<u64, StoreError> {
        let gone = sqlx::query(
            "DELETE FROM excluded WHERE key NOT IN (SELECT key FROM excluded ORDER BY as_of DESC, key LIMIT ?)",
        )
        .bind(i64::from(EXCLUDED_MAX))
        .execute(&mut **tx)
        .await?;
        Ok(gone.rows_affected())
    }
}

//! Rules that were put in force: who, why, and what counts now.

use crate::sqlite::row::Table;
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{Promotion, StoreError};

const PROMOTIONS: Table = Table::new("promotions", &["seq"]);

impl SqliteStore {
    pub(crate) async fn add_promotion(tx: &mut SqliteTx, row: &Promotion) -> Result<Option<u64>, StoreError> {
        let added = sqlx::query(
            "INSERT INTO promotions (state, body)
             SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM promotions WHERE state = 'asked')",
        )
        .bind(row.state())
        .bind(PROMOTIONS.to_json("body", row)?)
        .execute(&mut **tx)
        .await?;
        (added.rows_affected() == 1).then(|| PROMOTIONS.number("seq", added.last_insert_rowid())).transpose()
    }

    pub(crate) async fn put_promotion(tx: &mut SqliteTx, row: &Promotion) -> Result<(), StoreError> {
        sqlx::query("UPDATE promotions SET state = ?, body = ? WHERE seq = ?")
            .bind(row.state())
            .bind(PROMOTIONS.to_json("body", row)?)
            .bind(PROMOTIONS.to_sql("seq", row.seq)?)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn promotions(&self) -> Result<Vec<Promotion>, StoreError> {
        self.promotions_in(None).await
    }

    pub(crate) async fn promotion_in_force(&self) -> Result<Option<Promotion>, StoreError> {
        Ok(self.promotions_in(Some("in_force")).await?.into_iter().next())
    }

    pub(crate) async fn promotion_asked(&self) -> Result<Option<Promotion>, StoreError> {
        Ok(self.promotions_in(Some("asked")).await?.pop())
    }

    async fn promotions_in(&self, state: Option<&str>) -> Result<Vec<Promotion>, StoreError> {
        let rows = sqlx::query("SELECT seq, body FROM promotions WHERE ?1 IS NULL OR state = ?1 ORDER BY seq DESC")
            .bind(state)
            .fetch_all(self.reader())
            .await?;
        PROMOTIONS.all(&rows, |row| Ok(Promotion { seq: row.count("seq")?, ..row.json("body")? }))
    }
}

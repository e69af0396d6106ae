//! Buyers and what they order, as they are kept: sealed. No statement here looks into what is sealed.

use jiff::Timestamp;

use crate::sqlite::parties::written;
use crate::sqlite::row::{Stored, Table};
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{BuyerRow, ConsignmentRow, StoreError};
use vocabulary::{BuyerRef, SampleId};

const BUYERS: Table = Table::new("buyers", &["buyer_id"]);
const CONSIGNMENTS: Table = Table::new("consignments", &["sample_id"]);

impl SqliteStore {
    pub(crate) async fn buyers(&self) -> Result<Vec<BuyerRow>, StoreError> {
        let rows = sqlx::query("SELECT buyer_id, sealed, added_at, retired_at FROM buyers ORDER BY added_at, buyer_id")
            .fetch_all(self.reader())
            .await?;
        BUYERS.all(&rows, buyer)
    }

    pub(crate) async fn buyer(&self, id: &BuyerRef) -> Result<Option<BuyerRow>, StoreError> {
        let row = sqlx::query("SELECT buyer_id, sealed, added_at, retired_at FROM buyers WHERE buyer_id = ?")
            .bind(id.as_str())
            .fetch_optional(self.reader())
            .await?;
        row.as_ref().map(|row| buyer(BUYERS.row(row))).transpose()
    }

    pub(crate) async fn buyer_in(tx: &mut SqliteTx, id: &BuyerRef) -> Result<Option<BuyerRow>, StoreError> {
        let row = sqlx::query("SELECT buyer_id, sealed, added_at, retired_at FROM buyers WHERE buyer_id = ?")
            .bind(id.as_str())
            .fetch_optional(&mut **tx)
            .await?;
        row.as_ref().map(|row| buyer(BUYERS.row(row))).transpose()
    }

    pub(crate) async fn kept_buyers(tx: &mut SqliteTx) -> Result<Vec<BuyerRow>, StoreError> {
        let rows = sqlx::query("SELECT buyer_id, sealed, added_at, retired_at FROM buyers ORDER BY buyer_id")
            .fetch_all(&mut **tx)
            .await?;
        BUYERS.all(&rows, buyer)
    }

    pub(crate) async fn add_kept_buyer(tx: &mut SqliteTx, row: &BuyerRow) -> Result<bool, StoreError> {
        let done =
            sqlx::query("INSERT INTO buyers (buyer_id, sealed, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
                .bind(row.id.as_str())
                .bind(row.sealed.as_deref())
                .bind(written(row.added_at))
                .execute(&mut **tx)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn reseal_buyer(tx: &mut SqliteTx, row: &BuyerRow) -> Result<(), StoreError> {
        sqlx::query("UPDATE buyers SET sealed = ? WHERE buyer_id = ?")
            .bind(row.sealed.as_deref())
            .bind(row.id.as_str())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn retire_buyer(tx: &mut SqliteTx, id: &BuyerRef, now: Timestamp) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE buyers SET sealed = NULL, retired_at = ? WHERE buyer_id = ? AND retired_at IS NULL")
                .bind(written(now))
                .bind(id.as_str())
                .execute(&mut **tx)
                .await?;
        sqlx::query("UPDATE consignments SET sealed = NULL WHERE buyer_id IN (SELECT buyer_id FROM buyers WHERE buyer_id = ? AND sealed IS NULL)")
            .bind(id.as_str())
            .execute(&mut **tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn consignment(
        tx: &mut SqliteTx,
        sample: &SampleId,
    ) -> Result<Option<ConsignmentRow>, StoreError> {
        let row = sqlx::query("SELECT sample_id, buyer_id, sealed, assigned_at FROM consignments WHERE sample_id = ?")
            .bind(sample.as_str())
            .fetch_optional(&mut **tx)
            .await?;
        row.as_ref().map(|row| consignment(CONSIGNMENTS.row(row))).transpose()
    }

    pub(crate) async fn kept_consignments(tx: &mut SqliteTx) -> Result<Vec<ConsignmentRow>, StoreError> {
        let rows = sqlx::query("SELECT sample_id, buyer_id, sealed, assigned_at FROM consignments ORDER BY sample_id")
            .fetch_all(&mut **tx)
            .await?;
        CONSIGNMENTS.all(&rows, consignment)
    }

    pub(crate) async fn put_kept_consignment(tx: &mut SqliteTx, row: &ConsignmentRow) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO consignments (sample_id, buyer_id, sealed, assigned_at)
             SELECT ?, buyer_id, ?, ? FROM buyers WHERE buyer_id = ? AND retired_at IS NULL
             ON CONFLICT (sample_id) DO UPDATE
             SET buyer_id = excluded.buyer_id, sealed = excluded.sealed, assigned_at = excluded.assigned_at",
        )
        .bind(row.sample.as_str())
        .bind(row.sealed.as_deref())
        .bind(written(row.assigned_at))
        .bind(row.buyer.as_str())
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn buyer(row: Stored<'_>) -> Result<BuyerRow, StoreError> {
    Ok(BuyerRow {
        id: BuyerRef::new(row.text("buyer_id")?),
        sealed: row.maybe_text("sealed")?,
        added_at: row.moment("added_at")?,
        retired_at: row.maybe_moment("retired_at")?,
    })
}

fn consignment(row: Stored<'_>) -> Result<ConsignmentRow, StoreError> {
    Ok(ConsignmentRow {
        sample: SampleId::new(row.text("sample_id")?),
        buyer: BuyerRef::new(row.text("buyer_id")?),
        sealed: row.maybe_text("sealed")?,
        assigned_at: row.moment("assigned_at")?,
    })
}

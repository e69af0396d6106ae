//! What happens to the watch itself, in SQL, and how endpoints are queued for it.

use sqlx::{Sqlite, Transaction};

use super::alerts::{from_json, to_json};
use super::deliveries::{moved, whole};
use super::{Store, StoreError};
use crate::vocabulary::Notice;

impl Store {
    /// Notes what happened, in the transaction of what it tells of.
    pub async fn add_notice(tx: &mut Transaction<'static, Sqlite>, notice: &Notice) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO notices (body) VALUES (?)")
            .bind(to_json("notice", notice)?)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Notices behind number `after`, in order, at most `limit`.
    pub async fn notices_after(&self, after: u64, limit: u32) -> Result<Vec<(u64, Notice)>, StoreError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT number, body FROM notices WHERE number > ? ORDER BY number LIMIT ?")
                .bind(whole(after))
                .bind(limit)
                .fetch_all(self.reader())
                .await?;
        let read = |(number, body): (i64, String)| -> Result<(u64, Notice), StoreError> {
            Ok((u64::try_from(number).unwrap_or(0), from_json("notice", &body)?))
        };
        rows.into_iter().map(read).collect()
    }

    /// Number of the last notice; 0 before the first.
    pub async fn last_notice(&self) -> Result<u64, StoreError> {
        let last: Option<i64> = sqlx::query_scalar("SELECT max(number) FROM notices").fetch_one(self.reader()).await?;
        Ok(last.and_then(|last| u64::try_from(last).ok()).unwrap_or(0))
    }

    /// Moves an endpoint's place among the notices; false when it stands elsewhere, and then nothing may be queued.
    pub async fn move_endpoint_notices(
        tx: &mut Transaction<'static, Sqlite>,
        name: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, StoreError> {
        let statement =
            "UPDATE endpoints SET notice_cursor = ? WHERE endpoint = ? AND notice_cursor = ? AND removed_at IS NULL";
        moved(tx, statement, name, (from, to)).await
    }
}

//! What happens to the watch itself, and how endpoints are queued for it.

use crate::StoreError;
use crate::sqlite::deliveries::moved;
use crate::sqlite::row::{Table, bound};
use crate::sqlite::{SqliteStore, SqliteTx};
use vocabulary::Notice;

const NOTICES: Table = Table::new("notices", &["number"]);

impl SqliteStore {
    pub(crate) async fn add_notice(tx: &mut SqliteTx, notice: &Notice) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO notices (body) VALUES (?)")
            .bind(NOTICES.to_json("body", notice)?)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn notices_after(&self, after: u64, limit: u32) -> Result<Vec<(u64, Notice)>, StoreError> {
        let rows = sqlx::query("SELECT number, body FROM notices WHERE number > ? ORDER BY number LIMIT ?")
            .bind(bound(after))
            .bind(limit)
            .fetch_all(self.reader())
            .await?;
        NOTICES.all(&rows, |row| Ok((row.count("number")?, row.json("body")?)))
    }

    pub(crate) async fn last_notice(&self) -> Result<u64, StoreError> {
        let last = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM notices").fetch_one(self.reader()).await?;
        NOTICES.number("number", last)
    }

    pub(crate) async fn move_endpoint_notices(
        tx: &mut SqliteTx,
        name: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, StoreError> {
        let statement =
            "UPDATE endpoints SET notice_cursor = ? WHERE endpoint = ? AND notice_cursor = ? AND removed_at IS NULL";
        moved(tx, statement, name, "notice_cursor", (from, to)).await
    }
}

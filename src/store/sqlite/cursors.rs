//! Cursors of consumers whose output lies in this database: moved in the transaction of the output (LOG-2).

use crate::StoreError;
use crate::sqlite::row::Table;
use crate::sqlite::{SqliteStore, SqliteTx};
use vocabulary::Position;

const CURSORS: Table = Table::new("cursors", &["consumer"]);

impl SqliteStore {
    pub(crate) async fn cursor(&self, consumer: &str) -> Result<(Position, String), StoreError> {
        let row = sqlx::query("SELECT consumer, position, detail FROM cursors WHERE consumer = ?")
            .bind(consumer)
            .fetch_optional(self.reader())
            .await?;
        let Some(row) = row else { return Ok((Position(0), String::new())) };
        let row = CURSORS.row(&row);
        Ok((row.position("position")?, row.text("detail")?))
    }

    pub(crate) async fn move_cursor(
        tx: &mut SqliteTx,
        consumer: &str,
        from: Position,
        to: Position,
        detail: &str,
    ) -> Result<(), StoreError> {
        let row = sqlx::query("SELECT consumer, position FROM cursors WHERE consumer = ?")
            .bind(consumer)
            .fetch_optional(&mut **tx)
            .await?;
        let found = row.map_or(Ok(Position(0)), |row| CURSORS.row(&row).position("position"))?;
        if found != from {
            return Err(StoreError::Gap { consumer: consumer.to_owned(), found, expected: from });
        }
        sqlx::query(
            "INSERT INTO cursors (consumer, position, detail) VALUES (?, ?, ?)
             ON CONFLICT (consumer) DO UPDATE SET position = excluded.position, detail = excluded.detail",
        )
        .bind(consumer)
        .bind(CURSORS.to_sql("position", to.0)?)
        .bind(detail)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

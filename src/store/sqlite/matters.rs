//! What matters are handled with beside their acts: the register of test bodies, and the frames that samples were drawn from.

use jiff::Timestamp;
use vocabulary::TestBody;

use crate::StoreError;
use crate::sqlite::row::Table;
use crate::sqlite::{SqliteStore, SqliteTx};

const TEST_BODIES: Table = Table::new("test_bodies", &["seq"]);
const FRAMES: Table = Table::new("frames", &["frame"]);

impl SqliteStore {
    pub(crate) async fn test_bodies(&self) -> Result<Vec<TestBody>, StoreError> {
        let rows = sqlx::query("SELECT seq, body FROM test_bodies ORDER BY seq").fetch_all(self.reader()).await?;
        TEST_BODIES.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn frame(&self, digest: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT frame, body FROM frames WHERE frame = ?")
            .bind(digest)
            .fetch_optional(self.reader())
            .await?;
        row.as_ref().map(|row| FRAMES.row(row).text("body")).transpose()
    }

    pub(crate) async fn test_bodies_in(tx: &mut SqliteTx) -> Result<Vec<TestBody>, StoreError> {
        let rows = sqlx::query("SELECT seq, body FROM test_bodies ORDER BY seq").fetch_all(&mut **tx).await?;
        TEST_BODIES.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn add_test_body(tx: &mut SqliteTx, body: &TestBody, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO test_bodies (name, at, body) VALUES (?, ?, ?)")
            .bind(&body.name)
            .bind(now.to_string())
            .bind(TEST_BODIES.to_json("body", body)?)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn add_frame(
        tx: &mut SqliteTx,
        digest: &str,
        csv: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO frames (frame, at, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(digest)
            .bind(now.to_string())
            .bind(csv)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

//! COUNT-1: what became of everything that was met, per source, and why items were set aside.

use std::collections::BTreeMap;

use crate::StoreError;
use crate::sqlite::row::Table;
use crate::sqlite::{SqliteStore, SqliteTx};
use vocabulary::{Channel, Intake, SourceId};

const INTAKE: Table = Table::new("intake_counts", &["source"]);
const REASONS: Table = Table::new("reject_reasons", &["source", "reason"]);

impl SqliteStore {
    pub(crate) async fn add_intake(
        tx: &mut SqliteTx,
        source: &SourceId,
        channel: Channel,
        counts: Intake,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO intake_counts (source, channel, collected, kept, duplicate, unchanged, rejected)
             VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (source) DO UPDATE SET channel = excluded.channel, collected = collected + excluded.collected, kept = kept + excluded.kept,
               duplicate = duplicate + excluded.duplicate, unchanged = unchanged + excluded.unchanged,
               rejected = rejected + excluded.rejected",
        )
        .bind(source.as_str())
        .bind(channel.code())
        .bind(INTAKE.to_sql("collected", counts.collected)?)
        .bind(INTAKE.to_sql("kept", counts.kept)?)
        .bind(INTAKE.to_sql("duplicate", counts.duplicate)?)
        .bind(INTAKE.to_sql("unchanged", counts.unchanged)?)
        .bind(INTAKE.to_sql("rejected", counts.rejected)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn add_reject_reasons(
        tx: &mut SqliteTx,
        source: &SourceId,
        reasons: &BTreeMap<String, u64>,
    ) -> Result<(), StoreError> {
        for (reason, items) in reasons {
            sqlx::query(
                "INSERT INTO reject_reasons (source, reason, items) VALUES (?, ?, ?)
                 ON CONFLICT (source, reason) DO UPDATE SET items = items + excluded.items",
            )
            .bind(source.as_str())
            .bind(reason)
            .bind(REASONS.to_sql("items", *items)?)
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }

    pub(crate) async fn reject_reasons(&self, source: &SourceId) -> Result<Vec<(String, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT source, reason, items FROM reject_reasons WHERE source = ? ORDER BY items DESC, reason",
        )
        .bind(source.as_str())
        .fetch_all(self.reader())
        .await?;
        REASONS.all(&rows, |row| Ok((row.text("reason")?, row.count("items")?)))
    }

    pub(crate) async fn intake(&self) -> Result<BTreeMap<SourceId, (Channel, Intake)>, StoreError> {
        let rows = sqlx::query(
            "SELECT source, channel, collected, kept, duplicate, unchanged, rejected FROM intake_counts ORDER BY source",
        )
        .fetch_all(self.reader())
        .await?;
        let read = INTAKE.all(&rows, |row| {
            let counts = Intake {
                collected: row.count("collected")?,
                kept: row.count("kept")?,
                duplicate: row.count("duplicate")?,
                unchanged: row.count("unchanged")?,
                rejected: row.count("rejected")?,
            };
            Ok((SourceId::new(row.text("source")?), (row.parsed("channel")?, counts)))
        })?;
        Ok(read.into_iter().collect())
    }
}

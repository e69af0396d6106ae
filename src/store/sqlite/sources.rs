//! What an operator decided about a source, how it has fared, and what is left of a host's day.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::sources::{DAYS_KEPT, ROUND_WEIGHT};
use crate::sqlite::SqliteStore;
use crate::sqlite::row::{Stored, Table};
use crate::{Fared, FieldShare, SourceState, StoreError};
use vocabulary::SourceId;

const SOURCES: Table = Table::new("sources", &["source"]);
const FIELDS: Table = Table::new("source_fields", &["source", "field"]);
const HOST_DAYS: Table = Table::new("host_days", &["host", "day"]);

impl SqliteStore {
    pub(crate) async fn state(&self, source: &SourceId) -> Result<SourceState, StoreError> {
        let mut state = SourceState::default();
        let row = sqlx::query("SELECT * FROM sources WHERE source = ?")
            .bind(source.as_str())
            .fetch_optional(self.reader())
            .await?;
        if let Some(row) = row {
            let row = SOURCES.row(&row);
            state.paused_at = row.maybe_moment("paused_at")?;
            state.last_success_at = row.maybe_moment("last_success_at")?;
            state.last_news_at = row.maybe_moment("last_news_at")?;
            state.failed_rounds = row.count("failed_rounds")?;
            state.empty_rounds = row.count("empty_rounds")?;
            state.back_at = row.maybe_moment("back_at")?;
            state.away_rounds = row.count("away_rounds")?;
            if row.get::<Option<i64>>("gap_seconds")?.is_some() {
                state.gap = Some(Duration::from_secs(row.count("gap_seconds")?));
            }
        }
        let rows = sqlx::query("SELECT source, field, usual, last, rounds FROM source_fields WHERE source = ?")
            .bind(source.as_str())
            .fetch_all(self.reader())
            .await?;
        let share = |row: Stored<'_>| {
            let share = FieldShare { usual: row.get("usual")?, last: row.get("last")?, rounds: row.count("rounds")? };
            Ok((row.text("field")?, share))
        };
        state.fields = FIELDS.all(&rows, share)?.into_iter().collect();
        Ok(state)
    }

    pub(crate) async fn pause(&self, source: &SourceId, now: Timestamp) -> Result<(), StoreError> {
        self.set_paused(source, Some(now.to_string())).await
    }

    pub(crate) async fn resume(&self, source: &SourceId) -> Result<(), StoreError> {
        self.set_paused(source, None).await
    }

    async fn set_paused(&self, source: &SourceId, at: Option<String>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO sources (source, paused_at) VALUES (?, ?)
             ON CONFLICT (source) DO UPDATE SET paused_at = excluded.paused_at",
        )
        .bind(source.as_str())
        .bind(at)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn fared(&self, source: &SourceId, now: Timestamp, fared: &Fared) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let at = |yes: bool| yes.then(|| now.to_string());
        sqlx::query(
            "INSERT INTO sources (source, last_success_at, last_news_at, failed_rounds, gap_seconds, empty_rounds)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (source) DO UPDATE SET last_success_at = COALESCE(?2, last_success_at),
               last_news_at = COALESCE(?3, last_news_at), gap_seconds = ?5,
               failed_rounds = CASE WHEN ?2 IS NULL THEN failed_rounds + 1 ELSE 0 END,
               empty_rounds = CASE WHEN ?6 THEN empty_rounds + 1 WHEN ?2 IS NULL THEN empty_rounds ELSE 0 END,
               back_at = CASE WHEN ?2 IS NOT NULL AND failed_rounds > 0 THEN ?2 ELSE back_at END,
               away_rounds = CASE WHEN ?2 IS NOT NULL AND failed_rounds > 0 THEN failed_rounds ELSE away_rounds END",
        )
        .bind(source.as_str())
        .bind(at(fared.success))
        .bind(at(fared.news))
        .bind(i64::from(!fared.success))
        .bind(fared.gap.map(|gap| SOURCES.to_sql("gap_seconds", gap.as_secs())).transpose()?)
        .bind(i64::from(fared.empty))
        .execute(&mut *tx)
        .await?;
        for (field, share) in &fared.fields {
            // The usual share takes in the round before last only now, so that a drop stands against what was usual.
            sqlx::query(
                "INSERT INTO source_fields (source, field, usual, last, rounds) VALUES (?1, ?2, ?3, ?3, 1)
                 ON CONFLICT (source, field) DO UPDATE SET usual = usual + ?4 * (last - usual), last = ?3,
                   rounds = rounds + 1",
            )
            .bind(source.as_str())
            .bind(field)
            .bind(share)
            .bind(ROUND_WEIGHT)
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    pub(crate) async fn take_of_day(&self, host: &str, day: Date, wanted: u64, budget: u64) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT host, day, taken FROM host_days WHERE host = ? AND day = ?")
            .bind(host)
            .bind(day.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let taken = row.map(|row| HOST_DAYS.row(&row).count("taken")).transpose()?;
        let left = taken.map_or(budget, |taken| budget.saturating_sub(taken));
        let granted = wanted.min(left);
        if granted > 0 {
            sqlx::query(
                "INSERT INTO host_days (host, day, taken) VALUES (?1, ?2, ?3)
                 ON CONFLICT (host, day) DO UPDATE SET taken = taken + excluded.taken",
            )
            .bind(host)
            .bind(day.to_string())
            .bind(HOST_DAYS.to_sql("taken", granted)?)
            .execute(&mut *tx)
            .await?;
        }
        if taken.is_none() {
            let oldest = day.saturating_sub(jiff::Span::new().days(DAYS_KEPT));
            sqlx::query("DELETE FROM host_days WHERE day < ?").bind(oldest.to_string()).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(granted)
    }
}

//! What an operator decided about a source, how it has fared, and what is left of a host's day.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::Row;

use super::StoreError;
use super::frontier::{Frontier, moment};
use crate::vocabulary::SourceId;

/// Weight of a round in the usual share of a field: after ten rounds without it a field is as good as gone.
const ROUND_WEIGHT: f64 = 0.1;
/// Days whose counts of requests are kept.
const DAYS_KEPT: i64 = 30;

/// How a source has fared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceState {
    /// Since when nobody asks it.
    pub paused_at: Option<Timestamp>,
    /// Last round that read a page.
    pub last_success_at: Option<Timestamp>,
    /// Last round that kept a document.
    pub last_news_at: Option<Timestamp>,
    /// Rounds since then that read nothing.
    pub failed_rounds: u64,
    /// Time between the last two rounds.
    pub gap: Option<Duration>,
    /// Share of documents in which each field was filled: usually, in the last round, over how many rounds.
    pub fields: BTreeMap<String, FieldShare>,
}

/// How often a field is filled.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct FieldShare {
    /// Usually, before the last round; 0 to 1.
    pub usual: f64,
    /// In the last round that kept documents.
    pub last: f64,
    /// Rounds that were counted.
    pub rounds: u64,
}

/// What a round says about its source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fared {
    /// A page was read.
    pub success: bool,
    /// A document was kept.
    pub news: bool,
    /// Time since the round before.
    pub gap: Option<Duration>,
    /// Share of this round's documents in which each field was filled.
    pub fields: BTreeMap<String, f64>,
}

impl Frontier {
    /// What is known of a source; nothing is an answer too.
    pub async fn state(&self, source: &SourceId) -> Result<SourceState, StoreError> {
        let mut state = SourceState::default();
        let row = sqlx::query("SELECT * FROM sources WHERE source = ?")
            .bind(source.as_str())
            .fetch_optional(self.store.reader())
            .await?;
        if let Some(row) = row {
            let at = |column: &str| row.try_get::<Option<String>, _>(column)?.as_deref().map(moment).transpose();
            state.paused_at = at("paused_at")?;
            state.last_success_at = at("last_success_at")?;
            state.last_news_at = at("last_news_at")?;
            state.failed_rounds = u64::try_from(row.try_get::<i64, _>("failed_rounds")?).unwrap_or(0);
            let gap: Option<i64> = row.try_get("gap_seconds")?;
            state.gap = gap.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        }
        let rows = sqlx::query("SELECT field, usual, last, rounds FROM source_fields WHERE source = ?")
            .bind(source.as_str())
            .fetch_all(self.store.reader())
            .await?;
        for row in &rows {
            let rounds = u64::try_from(row.try_get::<i64, _>(3)?).unwrap_or(0);
            state.fields.insert(row.try_get(0)?, FieldShare { usual: row.try_get(1)?, last: row.try_get(2)?, rounds });
        }
        Ok(state)
    }

    /// From now on nobody asks the source, until [`Frontier::resume`].
    pub async fn pause(&self, source: &SourceId, now: Timestamp) -> Result<(), StoreError> {
        self.set_paused(source, Some(now.to_string())).await
    }

    /// The source is asked again when it is due.
    pub async fn resume(&self, source: &SourceId) -> Result<(), StoreError> {
        self.set_paused(source, None).await
    }

    async fn set_paused(&self, source: &SourceId, at: Option<String>) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
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

    /// Writes down how a round went.
    pub async fn fared(&self, source: &SourceId, now: Timestamp, fared: &Fared) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        let at = |yes: bool| yes.then(|| now.to_string());
        sqlx::query(
            "INSERT INTO sources (source, last_success_at, last_news_at, failed_rounds, gap_seconds)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (source) DO UPDATE SET last_success_at = COALESCE(?2, last_success_at),
               last_news_at = COALESCE(?3, last_news_at), gap_seconds = ?5,
               failed_rounds = CASE WHEN ?2 IS NULL THEN failed_rounds + 1 ELSE 0 END",
        )
        .bind(source.as_str())
        .bind(at(fared.success))
        .bind(at(fared.news))
        .bind(i64::from(!fared.success))
        .bind(fared.gap.and_then(|gap| i64::try_from(gap.as_secs()).ok()))
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

    /// Takes up to `wanted` requests from a host's budget for a day; less when less is left, 0 when nothing is.
    pub async fn take_of_day(&self, host: &str, day: Date, wanted: u64, budget: u64) -> Result<u64, StoreError> {
        let sql = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let mut tx = self.store.begin().await?;
        let taken: Option<i64> = sqlx::query_scalar("SELECT taken FROM host_days WHERE host = ? AND day = ?")
            .bind(host)
            .bind(day.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let left = budget.saturating_sub(u64::try_from(taken.unwrap_or(0)).unwrap_or(u64::MAX));
        let granted = wanted.min(left);
        if granted > 0 {
            sqlx::query(
                "INSERT INTO host_days (host, day, taken) VALUES (?1, ?2, ?3)
                 ON CONFLICT (host, day) DO UPDATE SET taken = taken + excluded.taken",
            )
            .bind(host)
            .bind(day.to_string())
            .bind(sql(granted))
            .execute(&mut *tx)
            .await?;
        }
        if taken.is_none() {
            let oldest = day.checked_sub(jiff::Span::new().days(DAYS_KEPT)).unwrap_or(day);
            sqlx::query("DELETE FROM host_days WHERE day < ?").bind(oldest.to_string()).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(granted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    async fn frontier() -> (tempfile::TempDir, Frontier) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("s.sqlite")).await.unwrap();
        (dir, Frontier::new(store))
    }

    #[tokio::test]
    async fn a_day_gives_no_more_than_its_budget_and_the_next_day_begins_anew() {
        let (_dir, frontier) = frontier().await;
        let day: Date = "2024-07-05".parse().unwrap();
        assert_eq!(frontier.take_of_day("a.example", day, 60, 100).await.unwrap(), 60);
        assert_eq!(frontier.take_of_day("a.example", day, 60, 100).await.unwrap(), 40);
        assert_eq!(frontier.take_of_day("a.example", day, 1, 100).await.unwrap(), 0);
        assert_eq!(frontier.take_of_day("a.example", day, 1, 50).await.unwrap(), 0, "a smaller budget counts at once");
        assert_eq!(frontier.take_of_day("b.example", day, 1, 100).await.unwrap(), 1);
        assert_eq!(frontier.take_of_day("a.example", day.tomorrow().unwrap(), 60, 100).await.unwrap(), 60);
    }

    #[tokio::test]
    async fn a_field_that_is_filled_no_longer_stands_against_what_was_usual() {
        let (_dir, frontier) = frontier().await;
        let (source, now) = (SourceId::from("s"), Timestamp::UNIX_EPOCH);
        let fared = |share| Fared {
            success: true,
            news: true,
            fields: [("brand".to_owned(), share)].into(),
            ..Fared::default()
        };
        for _ in 0..5 {
            frontier.fared(&source, now, &fared(1.0)).await.unwrap();
        }
        frontier.fared(&source, now, &fared(0.0)).await.unwrap();
        let share = frontier.state(&source).await.unwrap().fields["brand"];
        assert!((share.usual - 1.0).abs() < 1e-9 && share.last == 0.0 && share.rounds == 6, "{share:?}");
        frontier.pause(&source, now).await.unwrap();
        assert_eq!(frontier.state(&source).await.unwrap().paused_at, Some(now));
        frontier.resume(&source).await.unwrap();
        frontier.fared(&source, now, &Fared::default()).await.unwrap();
        let state = frontier.state(&source).await.unwrap();
        assert_eq!((state.paused_at, state.failed_rounds, state.last_success_at), (None, 1, Some(now)));
    }
}

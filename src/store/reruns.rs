//! Reruns that were done by a plan of the settings, in SQL.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, Transaction};

use super::alerts::{from_json, to_json};
use super::{Store, StoreError};
use crate::vocabulary::{CriteriaVersion, DateRange, LexiconVersion};

/// A rerun by a plan: running, or how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RerunRow {
    /// Its number; 0 until it is kept.
    #[serde(default)]
    pub seq: u64,
    /// Name of the plan.
    pub plan: String,
    /// The days asked for.
    pub asked: DateRange,
    /// The days judged: some before those asked for, so that what began earlier is not taken for new.
    pub judged: DateRange,
    /// Days between two judgements.
    pub every_days: u32,
    /// Folder of the result below the plan's own.
    pub folder: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it runs, or when it was killed.
    pub ended_at: Option<Timestamp>,
    /// Why it failed; none when it did not.
    pub problem: Option<String>,
    /// Whether the result is still there.
    pub kept: bool,
    /// What it read and judged by, once it is whole.
    pub versions: Option<(LexiconVersion, CriteriaVersion)>,
    /// Alerts that it opened on the days judged.
    pub alerts_opened: u64,
    /// What it says of the past that the run before did not say; none without such a run.
    pub change: Option<PastChange>,
}

/// How two runs of one plan differ over the days that both were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastChange {
    /// Number of the run before.
    pub against: u64,
    /// Alerts that only the newer opened.
    pub gained: u64,
    /// Alerts that only the run before opened.
    pub lost: u64,
    /// Alerts of both that the newer opened earlier.
    pub earlier: u64,
    /// Later.
    pub later: u64,
    /// On the same day at other levels.
    pub other_levels: u64,
}

impl PastChange {
    /// Whether an alert was gained, lost or moved.
    #[must_use]
    pub fn any(&self) -> bool {
        self.gained + self.lost + self.earlier + self.later + self.other_levels > 0
    }
}

impl Store {
    /// Keeps a rerun that begins, and gives its number.
    pub async fn add_rerun(tx: &mut Transaction<'static, Sqlite>, row: &RerunRow) -> Result<u64, StoreError> {
        let added = sqlx::query("INSERT INTO reruns (plan, ended, body) VALUES (?, ?, ?)")
            .bind(&row.plan)
            .bind(row.ended_at.is_some())
            .bind(to_json("rerun", row)?)
            .execute(&mut **tx)
            .await?;
        Ok(u64::try_from(added.last_insert_rowid()).unwrap_or(0))
    }

    /// Keeps how a rerun stands now.
    pub async fn put_rerun(tx: &mut Transaction<'static, Sqlite>, row: &RerunRow) -> Result<(), StoreError> {
        sqlx::query("UPDATE reruns SET ended = ?, body = ? WHERE seq = ?")
            .bind(row.ended_at.is_some())
            .bind(to_json("rerun", row)?)
            .bind(i64::try_from(row.seq).unwrap_or(0))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Reruns of one plan, or of all, newest first.
    pub async fn reruns(&self, plan: Option<&str>) -> Result<Vec<RerunRow>, StoreError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT seq, body FROM reruns WHERE ?1 IS NULL OR plan = ?1 ORDER BY seq DESC")
                .bind(plan)
                .fetch_all(self.reader())
                .await?;
        let read = |(seq, body): (i64, String)| -> Result<RerunRow, StoreError> {
            Ok(RerunRow { seq: u64::try_from(seq).unwrap_or(0), ..from_json("rerun", &body)? })
        };
        rows.into_iter().map(read).collect()
    }
}

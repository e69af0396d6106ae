//! Rules that were put in force, in SQL: who, why, and what counts now.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, Transaction};

use super::alerts::{from_json, to_json};
use super::{Store, StoreError};
use crate::vocabulary::{CriteriaVersion, LexiconVersion};

/// An edition of the rules that somebody promoted: asked for, in force, or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Its number; 0 until it is kept.
    #[serde(default)]
    pub seq: u64,
    /// Its folder below the data folder's `rules`.
    pub folder: String,
    /// What reads.
    pub lexicon: LexiconVersion,
    /// What judges.
    pub criteria: CriteriaVersion,
    /// Whether lexicon and criteria are those built into the program, whichever program it is: they are not copied.
    #[serde(default)]
    pub shipped: (bool, bool),
    /// What read and judged when it was asked for.
    pub before: (LexiconVersion, CriteriaVersion),
    /// Who asked.
    pub by: String,
    /// Why.
    pub why: String,
    /// BLAKE3 of the report that was approved (`report.html` in its folder); none without one.
    pub report: Option<String>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Since when it counts; none while the log is read again, or when that failed.
    pub in_force_at: Option<Timestamp>,
    /// Documents that were read again before it counted.
    pub documents: u64,
    /// Why it could not be put in force.
    pub problem: Option<String>,
}

impl Promotion {
    fn state(&self) -> &'static str {
        match (&self.problem, self.in_force_at) {
            (Some(_), _) => "failed",
            (None, Some(_)) => "in_force",
            (None, None) => "asked",
        }
    }
}

impl Store {
    /// Keeps what somebody asks for, and gives its number; none when something that was asked for waits already.
    pub async fn add_promotion(
        tx: &mut Transaction<'static, Sqlite>,
        row: &Promotion,
    ) -> Result<Option<u64>, StoreError> {
        let added = sqlx::query(
            "INSERT INTO promotions (state, body)
             SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM promotions WHERE state = 'asked')",
        )
        .bind(row.state())
        .bind(to_json("promotion", row)?)
        .execute(&mut **tx)
        .await?;
        Ok((added.rows_affected() == 1).then(|| u64::try_from(added.last_insert_rowid()).unwrap_or(0)))
    }

    /// Keeps how a promotion stands now.
    pub async fn put_promotion(tx: &mut Transaction<'static, Sqlite>, row: &Promotion) -> Result<(), StoreError> {
        sqlx::query("UPDATE promotions SET state = ?, body = ? WHERE seq = ?")
            .bind(row.state())
            .bind(to_json("promotion", row)?)
            .bind(i64::try_from(row.seq).unwrap_or(0))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// All promotions, newest first.
    pub async fn promotions(&self) -> Result<Vec<Promotion>, StoreError> {
        self.promotions_in(None).await
    }

    /// What counts; none: the shipped rules, or those that the settings name.
    pub async fn promotion_in_force(&self) -> Result<Option<Promotion>, StoreError> {
        Ok(self.promotions_in(Some("in_force")).await?.into_iter().next())
    }

    /// What was asked for and is not in force yet; the oldest.
    pub async fn promotion_asked(&self) -> Result<Option<Promotion>, StoreError> {
        Ok(self.promotions_in(Some("asked")).await?.pop())
    }

    async fn promotions_in(&self, state: Option<&str>) -> Result<Vec<Promotion>, StoreError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT seq, body FROM promotions WHERE ?1 IS NULL OR state = ?1 ORDER BY seq DESC")
                .bind(state)
                .fetch_all(self.reader())
                .await?;
        let read = |(seq, body): (i64, String)| -> Result<Promotion, StoreError> {
            Ok(Promotion { seq: u64::try_from(seq).unwrap_or(0), ..from_json("promotion", &body)? })
        };
        rows.into_iter().map(read).collect()
    }
}

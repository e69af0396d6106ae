//! What came back, in SQL: appended, never changed.

use sqlx::{Sqlite, Transaction};

use super::alerts::{from_json, to_json};
use super::{Store, StoreError};
use crate::vocabulary::{AlertId, Outcome, OutcomeId};

/// What became of an outcome that was handed in.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// It is new.
    Kept,
    /// It was there already, the same.
    Known,
    /// One with the same id says something else; that one stays.
    Differs(Box<Outcome>),
}

impl Store {
    /// How many outcomes there are; none is ever changed or taken away.
    pub async fn outcome_count(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM outcomes").fetch_one(self.reader()).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Outcomes of one alert, or all of them, in the order in which they came.
    pub async fn outcomes(&self, alert: Option<&AlertId>) -> Result<Vec<Outcome>, StoreError> {
        let bodies: Vec<String> = match alert {
            Some(alert) => {
                sqlx::query_scalar("SELECT body FROM outcomes WHERE alert_id = ? ORDER BY seq")
                    .bind(alert.as_str())
                    .fetch_all(self.reader())
                    .await?
            }
            None => sqlx::query_scalar("SELECT body FROM outcomes ORDER BY seq").fetch_all(self.reader()).await?,
        };
        bodies.iter().map(|body| from_json("outcome", body)).collect()
    }

    /// Appends an outcome. When it was known, and how its alert stood then, is as the first time says.
    pub async fn add_outcome(tx: &mut Transaction<'static, Sqlite>, outcome: &Outcome) -> Result<Taken, StoreError> {
        let done = sqlx::query(
            "INSERT INTO outcomes (outcome_id, alert_id, known_at, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(outcome.id.as_str())
        .bind(outcome.alert_id.as_ref().map(AlertId::as_str))
        .bind(outcome.known_at.to_string())
        .bind(to_json("outcome", outcome)?)
        .execute(&mut **tx)
        .await?;
        if done.rows_affected() == 1 {
            return Ok(Taken::Kept);
        }
        let kept = one(tx, &outcome.id).await?;
        let same = (kept.date, &kept.finding) == (outcome.date, &outcome.finding);
        Ok(if same { Taken::Known } else { Taken::Differs(Box::new(kept)) })
    }
}

async fn one(tx: &mut Transaction<'static, Sqlite>, id: &OutcomeId) -> Result<Outcome, StoreError> {
    let body: String = sqlx::query_scalar("SELECT body FROM outcomes WHERE outcome_id = ?")
        .bind(id.as_str())
        .fetch_one(&mut **tx)
        .await?;
    from_json("outcome", &body)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::vocabulary::{Category, Finding, Hazard, Verdict};

    fn verdict(id: &str, why: &str) -> Outcome {
        Outcome {
            id: id.into(),
            known_at: Timestamp::UNIX_EPOCH,
            date: date(1970, 1, 1),
            alert_id: Some("wl-1".into()),
            category: Category::BatteryCharger,
            hazard: Some(Hazard::Fire),
            brand: None,
            finding: Finding::Verdict { verdict: Verdict::Nothing, by: "甲".into(), why: why.into() },
            context: None,
        }
    }

    #[tokio::test]
    async fn an_outcome_is_kept_once_and_never_changed() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("open");
        let mut tx = store.begin().await.expect("begin");
        assert_eq!(Store::add_outcome(&mut tx, &verdict("o-1", "无")).await.expect("add"), Taken::Kept);
        let later = Outcome { known_at: Timestamp::MAX, ..verdict("o-1", "无") };
        assert_eq!(Store::add_outcome(&mut tx, &later).await.expect("add"), Taken::Known);
        let other = Store::add_outcome(&mut tx, &verdict("o-1", "有")).await.expect("add");
        assert!(matches!(other, Taken::Differs(_)), "{other:?}");
        assert!(sqlx::query("DELETE FROM outcomes").execute(&mut *tx).await.is_err());
        assert!(sqlx::query("UPDATE outcomes SET body = ''").execute(&mut *tx).await.is_err());
        tx.commit().await.expect("commit");
        assert_eq!(store.outcomes(None).await.expect("read"), [verdict("o-1", "无")]);
        assert_eq!(store.outcomes(Some(&"wl-2".into())).await.expect("read"), []);
    }
}

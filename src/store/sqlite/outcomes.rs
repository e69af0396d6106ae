//! What came back: appended, never changed.

use crate::sqlite::row::Table;
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{StoreError, Taken};
use vocabulary::{AlertId, Outcome, OutcomeId};

const OUTCOMES: Table = Table::new("outcomes", &["outcome_id"]);

impl SqliteStore {
    pub(crate) async fn outcome_count(&self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM outcomes").fetch_one(self.reader()).await?;
        OUTCOMES.number("outcome_id", count)
    }

    pub(crate) async fn outcomes(&self, alert: Option<&AlertId>) -> Result<Vec<Outcome>, StoreError> {
        let rows = match alert {
            Some(alert) => {
                sqlx::query("SELECT outcome_id, body FROM outcomes WHERE alert_id = ? ORDER BY seq")
                    .bind(alert.as_str())
                    .fetch_all(self.reader())
                    .await?
            }
            None => sqlx::query("SELECT outcome_id, body FROM outcomes ORDER BY seq").fetch_all(self.reader()).await?,
        };
        OUTCOMES.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn add_outcome(tx: &mut SqliteTx, outcome: &Outcome) -> Result<Taken, StoreError> {
        let done = sqlx::query(
            "INSERT INTO outcomes (outcome_id, alert_id, known_at, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(outcome.id.as_str())
        .bind(outcome.alert_id.as_ref().map(AlertId::as_str))
        .bind(outcome.known_at.to_string())
        .bind(OUTCOMES.to_json("body", outcome)?)
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

async fn one(tx: &mut SqliteTx, id: &OutcomeId) -> Result<Outcome, StoreError> {
    let row = sqlx::query("SELECT outcome_id, body FROM outcomes WHERE outcome_id = ?")
        .bind(id.as_str())
        .fetch_one(&mut **tx)
        .await?;
    OUTCOMES.row(&row).json("body")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::Store;
    use crate::sqlite::own;
    use vocabulary::{Category, Finding, Hazard, Verdict};

    fn verdict(id: &str, why: &str) -> Outcome {
        Outcome {
            replaces: None,
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
        assert!(sqlx::query("DELETE FROM outcomes").execute(&mut **own(&mut tx)).await.is_err());
        assert!(sqlx::query("UPDATE outcomes SET body = ''").execute(&mut **own(&mut tx)).await.is_err());
        tx.commit().await.expect("commit");
        assert_eq!(store.outcomes(None).await.expect("read"), [verdict("o-1", "无")]);
        assert_eq!(store.outcomes(Some(&"wl-2".into())).await.expect("read"), []);
    }
}

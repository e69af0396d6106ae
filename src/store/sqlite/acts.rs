//! What people did with alerts: appended, never changed.

use crate::StoreError;
use crate::sqlite::row::Table;
use crate::sqlite::{SqliteStore, SqliteTx};
use vocabulary::{Act, ActKind, AlertId};

const ACTS: Table = Table::new("acts", &["seq"]);

impl SqliteStore {
    pub(crate) async fn acts(&self, alert: Option<&AlertId>) -> Result<Vec<Act>, StoreError> {
        let rows = match alert {
            Some(alert) => {
                sqlx::query("SELECT seq, body FROM acts WHERE alert_id = ? ORDER BY seq")
                    .bind(alert.as_str())
                    .fetch_all(self.reader())
                    .await?
            }
            None => sqlx::query("SELECT seq, body FROM acts ORDER BY seq").fetch_all(self.reader()).await?,
        };
        ACTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn acts_but_notes(&self, alert: Option<&AlertId>) -> Result<Vec<Act>, StoreError> {
        let rows = match alert {
            Some(alert) => {
                sqlx::query("SELECT seq, body FROM acts WHERE alert_id = ? AND kind <> ? ORDER BY seq")
                    .bind(alert.as_str())
                    .bind(ActKind::Note.code())
                    .fetch_all(self.reader())
                    .await?
            }
            None => {
                sqlx::query("SELECT seq, body FROM acts WHERE kind <> ? ORDER BY seq")
                    .bind(ActKind::Note.code())
                    .fetch_all(self.reader())
                    .await?
            }
        };
        ACTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn acts_in(tx: &mut SqliteTx, alert: &AlertId) -> Result<Vec<Act>, StoreError> {
        let rows = sqlx::query("SELECT seq, body FROM acts WHERE alert_id = ? ORDER BY seq")
            .bind(alert.as_str())
            .fetch_all(&mut **tx)
            .await?;
        ACTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn add_act(tx: &mut SqliteTx, act: &Act) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO acts (alert_id, at, kind, body) VALUES (?, ?, ?, ?)")
            .bind(act.alert_id.as_str())
            .bind(act.at.to_string())
            .bind(act.kind.code())
            .bind(ACTS.to_json("body", act)?)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

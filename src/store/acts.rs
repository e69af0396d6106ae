//! What people did with alerts, in SQL: appended, never changed.

use sqlx::{Sqlite, Transaction};

use super::alerts::{from_json, to_json};
use super::{Store, StoreError};
use crate::vocabulary::{Act, AlertId};

impl Store {
    /// Acts on one alert, or all of them, in the order in which they came.
    pub async fn acts(&self, alert: Option<&AlertId>) -> Result<Vec<Act>, StoreError> {
        let bodies: Vec<String> = match alert {
            Some(alert) => {
                sqlx::query_scalar("SELECT body FROM acts WHERE alert_id = ? ORDER BY seq")
                    .bind(alert.as_str())
                    .fetch_all(self.reader())
                    .await?
            }
            None => sqlx::query_scalar("SELECT body FROM acts ORDER BY seq").fetch_all(self.reader()).await?,
        };
        bodies.iter().map(|body| from_json("act", body)).collect()
    }

    /// Acts on one alert as this transaction sees them: what a further act is checked against.
    pub async fn acts_in(tx: &mut Transaction<'static, Sqlite>, alert: &AlertId) -> Result<Vec<Act>, StoreError> {
        let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM acts WHERE alert_id = ? ORDER BY seq")
            .bind(alert.as_str())
            .fetch_all(&mut **tx)
            .await?;
        bodies.iter().map(|body| from_json("act", body)).collect()
    }

    /// Appends an act.
    pub async fn add_act(tx: &mut Transaction<'static, Sqlite>, act: &Act) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO acts (alert_id, at, kind, body) VALUES (?, ?, ?, ?)")
            .bind(act.alert_id.as_str())
            .bind(act.at.to_string())
            .bind(act.kind.code())
            .bind(to_json("act", act)?)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

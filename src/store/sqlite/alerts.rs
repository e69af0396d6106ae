//! Alerts, the events of their lives, sampling requests and listings in SQL. Bodies are vocabulary types as JSON; the columns
//! beside them are what queries need.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::sqlite::row::{Table, bound};
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{ALERTS_MAX, AlertCounts, StoreError};
use vocabulary::{
    Alert, AlertEvent, AlertId, AlertState, Category, DocumentId, Listing, MessageStamp, SamplingRequest,
};

const ALERTS: Table = Table::new("alerts", &["alert_id"]);
const EVENTS: Table = Table::new("alert_events", &["seq"]);
const REQUESTS: Table = Table::new("sampling_requests", &["request_id"]);
const LISTINGS: Table = Table::new("listings", &["platform", "item_id"]);

impl SqliteStore {
    pub(crate) async fn alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let rows = sqlx::query(
            "SELECT alert_id, body FROM alerts ORDER BY state = 'closed', rank_score DESC, alert_id LIMIT ?",
        )
        .bind(ALERTS_MAX)
        .fetch_all(self.reader())
        .await?;
        ALERTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn every_alert(&self) -> Result<Vec<Alert>, StoreError> {
        let rows =
            sqlx::query("SELECT alert_id, body FROM alerts ORDER BY state = 'closed', rank_score DESC, alert_id")
                .fetch_all(self.reader())
                .await?;
        ALERTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn alert_counts(&self) -> Result<AlertCounts, StoreError> {
        let (open, closed, requests) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM alerts WHERE state = 'open'),
                    (SELECT COUNT(*) FROM alerts WHERE state = 'closed'),
                    (SELECT COUNT(*) FROM sampling_requests)",
        )
        .fetch_one(self.reader())
        .await?;
        Ok(AlertCounts {
            open: ALERTS.number("state", open)?,
            closed: ALERTS.number("state", closed)?,
            sampling_requests: REQUESTS.number("request_id", requests)?,
        })
    }

    pub(crate) async fn alert(&self, id: &AlertId) -> Result<Option<Alert>, StoreError> {
        let row = sqlx::query("SELECT alert_id, body FROM alerts WHERE alert_id = ?")
            .bind(id.as_str())
            .fetch_optional(self.reader())
            .await?;
        row.map(|row| ALERTS.row(&row).json("body")).transpose()
    }

    pub(crate) async fn alerts_citing(&self, document: &DocumentId, limit: usize) -> Result<Vec<Alert>, StoreError> {
        let rows = sqlx::query(
            "SELECT alert_id, body FROM alerts WHERE EXISTS (SELECT 1 FROM json_each(alerts.body, '$.evidence') AS cited
               WHERE json_extract(cited.value, '$.document_id') = ?) ORDER BY rank_score DESC, alert_id LIMIT ?",
        )
        .bind(document.as_str())
        .bind(bound(limit))
        .fetch_all(self.reader())
        .await?;
        ALERTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn alert_events(&self, id: Option<&AlertId>) -> Result<Vec<AlertEvent>, StoreError> {
        let rows = match id {
            Some(id) => {
                sqlx::query("SELECT seq, body FROM alert_events WHERE alert_id = ? ORDER BY seq")
                    .bind(id.as_str())
                    .fetch_all(self.reader())
                    .await?
            }
            None => sqlx::query("SELECT seq, body FROM alert_events ORDER BY seq").fetch_all(self.reader()).await?,
        };
        EVENTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn alert_events_after(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, AlertEvent)>, StoreError> {
        let rows = sqlx::query("SELECT seq, body FROM alert_events WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(bound(after))
            .bind(bound(limit))
            .fetch_all(self.reader())
            .await?;
        EVENTS.all(&rows, |row| Ok((row.count("seq")?, row.json("body")?)))
    }

    pub(crate) async fn last_alert_event(&self) -> Result<u64, StoreError> {
        let last =
            sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM alert_events").fetch_one(self.reader()).await?;
        EVENTS.number("seq", last)
    }

    pub(crate) async fn bare_alert(tx: &mut SqliteTx, id: &AlertId) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO alerts (alert_id, state, rank_score, body) VALUES (?, 'open', 1, '{}') ON CONFLICT DO NOTHING",
        )
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn put_alert(tx: &mut SqliteTx, alert: &Alert) -> Result<(), StoreError> {
        let state = match alert.state {
            AlertState::Open => "open",
            AlertState::Closed => "closed",
        };
        sqlx::query(
            "INSERT INTO alerts (alert_id, state, rank_score, body) VALUES (?, ?, ?, ?)
             ON CONFLICT (alert_id) DO UPDATE SET state = excluded.state, rank_score = excluded.rank_score, body = excluded.body",
        )
        .bind(alert.id.as_str())
        .bind(state)
        .bind(alert.assessment.rank_score)
        .bind(ALERTS.to_json("body", alert)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn add_alert_event(
        tx: &mut SqliteTx,
        event: &AlertEvent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let last = sqlx::query(
            "SELECT seq, message FROM alert_events WHERE message IS NOT NULL ORDER BY message DESC LIMIT 1",
        )
        .fetch_optional(&mut **tx)
        .await?;
        let last = last.map(|row| EVENTS.row(&row).parsed("message")).transpose()?;
        sqlx::query("INSERT INTO alert_events (alert_id, as_of, event, body, message) VALUES (?, ?, ?, ?, ?)")
            .bind(event.alert_id.as_str())
            .bind(event.as_of.to_string())
            .bind(format!("{:?}", event.event).to_lowercase())
            .bind(EVENTS.to_json("body", event)?)
            .bind(MessageStamp::next(last, now).to_string())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn message_stamps(&self, alert: &AlertId) -> Result<Vec<Option<MessageStamp>>, StoreError> {
        let rows = sqlx::query("SELECT seq, message FROM alert_events WHERE alert_id = ? ORDER BY seq")
            .bind(alert.as_str())
            .fetch_all(self.reader())
            .await?;
        EVENTS.all(&rows, |row| match row.maybe_text("message")? {
            Some(_) => row.parsed("message").map(Some),
            None => Ok(None),
        })
    }

    pub(crate) async fn add_sampling_request(tx: &mut SqliteTx, request: &SamplingRequest) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO sampling_requests (request_id, alert_id, created_on, body) VALUES (?, ?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(request.id.as_str())
        .bind(request.alert_id.as_str())
        .bind(request.created_on.to_string())
        .bind(REQUESTS.to_json("body", request)?)
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn sampling_request(&self, alert: &AlertId) -> Result<Option<SamplingRequest>, StoreError> {
        let row = sqlx::query("SELECT request_id, body FROM sampling_requests WHERE alert_id = ?")
            .bind(alert.as_str())
            .fetch_optional(self.reader())
            .await?;
        row.map(|row| REQUESTS.row(&row).json("body")).transpose()
    }

    pub(crate) async fn sampled_alerts(&self) -> Result<BTreeSet<AlertId>, StoreError> {
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT alert_id FROM sampling_requests").fetch_all(self.reader()).await?;
        Ok(ids.into_iter().map(AlertId::new).collect())
    }

    pub(crate) async fn sampling_requests(&self) -> Result<Vec<SamplingRequest>, StoreError> {
        let rows =
            sqlx::query("SELECT request_id, body FROM sampling_requests ORDER BY created_on DESC, request_id LIMIT ?")
                .bind(ALERTS_MAX)
                .fetch_all(self.reader())
                .await?;
        REQUESTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn every_request(&self) -> Result<Vec<SamplingRequest>, StoreError> {
        let rows = sqlx::query("SELECT request_id, body FROM sampling_requests ORDER BY request_id")
            .fetch_all(self.reader())
            .await?;
        REQUESTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn put_listing(tx: &mut SqliteTx, listing: &Listing) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO listings (platform, item_id, category, sold, body) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (platform, item_id) DO UPDATE SET category = excluded.category, sold = excluded.sold, body = excluded.body",
        )
        .bind(&listing.platform)
        .bind(&listing.item_id)
        .bind(listing.category.code())
        .bind(LISTINGS.to_sql("sold", listing.sold)?)
        .bind(LISTINGS.to_json("body", listing)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn clear_listings(tx: &mut SqliteTx) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM listings").execute(&mut **tx).await?;
        Ok(())
    }

    pub(crate) async fn listings(&self, category: Category, limit: u32) -> Result<Vec<Listing>, StoreError> {
        let rows = sqlx::query(
            "SELECT platform, item_id, body FROM listings WHERE category = ? ORDER BY sold DESC, platform, item_id LIMIT ?",
        )
        .bind(category.code())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        LISTINGS.all(&rows, |row| row.json("body"))
    }
}

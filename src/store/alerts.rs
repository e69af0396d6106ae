//! Alerts, the events of their lives, sampling requests and listings in SQL. Bodies are vocabulary types as JSON; the columns
//! beside them are what queries need.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::{DeserializeOwned, Error};
use sqlx::{Sqlite, Transaction};

use super::{Store, StoreError};
use crate::vocabulary::{
    Alert, AlertEvent, AlertId, AlertState, Category, DocumentId, Listing, MessageStamp, SamplingRequest, StampError,
};

/// Most alerts one listing returns.
pub const ALERTS_MAX: u32 = 500;

/// Numbers of alerts and of the requests made for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertCounts {
    /// Alerts that are open.
    pub open: u64,
    /// Alerts that are closed.
    pub closed: u64,
    /// Sampling requests, of open and closed alerts.
    pub sampling_requests: u64,
}

impl Store {
    /// Alerts, open ones first, then by rank. At most [`ALERTS_MAX`].
    pub async fn alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let bodies: Vec<String> =
            sqlx::query_scalar("SELECT body FROM alerts ORDER BY state = 'closed', rank_score DESC, alert_id LIMIT ?")
                .bind(ALERTS_MAX)
                .fetch_all(self.reader())
                .await?;
        bodies.iter().map(|body| from_json("alert", body)).collect()
    }

    /// All alerts there are, open ones first, then by rank.
    pub async fn every_alert(&self) -> Result<Vec<Alert>, StoreError> {
        let bodies: Vec<String> =
            sqlx::query_scalar("SELECT body FROM alerts ORDER BY state = 'closed', rank_score DESC, alert_id")
                .fetch_all(self.reader())
                .await?;
        bodies.iter().map(|body| from_json("alert", body)).collect()
    }

    /// How many alerts and sampling requests there are.
    pub async fn alert_counts(&self) -> Result<AlertCounts, StoreError> {
        let (open, closed, requests): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM alerts WHERE state = 'open'),
                    (SELECT COUNT(*) FROM alerts WHERE state = 'closed'),
                    (SELECT COUNT(*) FROM sampling_requests)",
        )
        .fetch_one(self.reader())
        .await?;
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(AlertCounts { open: count(open), closed: count(closed), sampling_requests: count(requests) })
    }

    /// One alert.
    pub async fn alert(&self, id: &AlertId) -> Result<Option<Alert>, StoreError> {
        let body: Option<String> = sqlx::query_scalar("SELECT body FROM alerts WHERE alert_id = ?")
            .bind(id.as_str())
            .fetch_optional(self.reader())
            .await?;
        body.map(|body| from_json("alert", &body)).transpose()
    }

    /// Alerts that have a document among the evidence they keep, highest rank first, at most `limit`.
    pub async fn alerts_citing(&self, document: &DocumentId, limit: usize) -> Result<Vec<Alert>, StoreError> {
        let bodies: Vec<String> = sqlx::query_scalar(
            "SELECT body FROM alerts WHERE EXISTS (SELECT 1 FROM json_each(alerts.body, '$.evidence') AS cited
               WHERE json_extract(cited.value, '$.document_id') = ?) ORDER BY rank_score DESC, alert_id LIMIT ?",
        )
        .bind(document.as_str())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.reader())
        .await?;
        bodies.iter().map(|body| from_json("alert", body)).collect()
    }

    /// The events of one alert's life, or of all alerts, in the order they happened.
    pub async fn alert_events(&self, id: Option<&AlertId>) -> Result<Vec<AlertEvent>, StoreError> {
        let bodies: Vec<String> = match id {
            Some(id) => {
                sqlx::query_scalar("SELECT body FROM alert_events WHERE alert_id = ? ORDER BY seq")
                    .bind(id.as_str())
                    .fetch_all(self.reader())
                    .await?
            }
            None => sqlx::query_scalar("SELECT body FROM alert_events ORDER BY seq").fetch_all(self.reader()).await?,
        };
        bodies.iter().map(|body| from_json("alert event", body)).collect()
    }

    /// The events of all alerts behind number `after`, each with its number, in the order they happened, at most `limit`.
    pub async fn alert_events_after(&self, after: u64, limit: usize) -> Result<Vec<(u64, AlertEvent)>, StoreError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT seq, body FROM alert_events WHERE seq > ? ORDER BY seq LIMIT ?")
                .bind(after)
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .fetch_all(self.reader())
                .await?;
        rows.iter().map(|(seq, body)| Ok((u64::try_from(*seq).unwrap_or(0), from_json("alert event", body)?))).collect()
    }

    /// Number of the last event; 0 before the first.
    pub async fn last_alert_event(&self) -> Result<u64, StoreError> {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT max(seq) FROM alert_events").fetch_one(self.reader()).await?;
        Ok(last.and_then(|last| u64::try_from(last).ok()).unwrap_or(0))
    }

    /// Keeps an alert as it stands now.
    pub async fn put_alert(tx: &mut Transaction<'static, Sqlite>, alert: &Alert) -> Result<(), StoreError> {
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
        .bind(to_json("alert", alert)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Appends an event to an alert's life, with a stamp for messages about it; the alert itself must be kept first.
    pub async fn add_alert_event(
        tx: &mut Transaction<'static, Sqlite>,
        event: &AlertEvent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let last: Option<String> =
            sqlx::query_scalar("SELECT max(message) FROM alert_events").fetch_one(&mut **tx).await?;
        let last = last.map(|last| stamp(&last)).transpose()?;
        sqlx::query("INSERT INTO alert_events (alert_id, as_of, event, body, message) VALUES (?, ?, ?, ?, ?)")
            .bind(event.alert_id.as_str())
            .bind(event.as_of.to_string())
            .bind(format!("{:?}", event.event).to_lowercase())
            .bind(to_json("alert event", event)?)
            .bind(MessageStamp::next(last, now).to_string())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// The stamps of messages about an alert, one for each event in the order they happened; none for one of an earlier version.
    pub async fn message_stamps(&self, alert: &AlertId) -> Result<Vec<Option<MessageStamp>>, StoreError> {
        let found: Vec<Option<String>> =
            sqlx::query_scalar("SELECT message FROM alert_events WHERE alert_id = ? ORDER BY seq")
                .bind(alert.as_str())
                .fetch_all(self.reader())
                .await?;
        found.iter().map(|found| found.as_deref().map(stamp).transpose()).collect()
    }

    /// Keeps a sampling request, unless its alert has one already (ALERT-1). Returns whether it was new.
    pub async fn add_sampling_request(
        tx: &mut Transaction<'static, Sqlite>,
        request: &SamplingRequest,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO sampling_requests (request_id, alert_id, created_on, body) VALUES (?, ?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(request.id.as_str())
        .bind(request.alert_id.as_str())
        .bind(request.created_on.to_string())
        .bind(to_json("sampling request", request)?)
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The sampling request of an alert.
    pub async fn sampling_request(&self, alert: &AlertId) -> Result<Option<SamplingRequest>, StoreError> {
        let body: Option<String> = sqlx::query_scalar("SELECT body FROM sampling_requests WHERE alert_id = ?")
            .bind(alert.as_str())
            .fetch_optional(self.reader())
            .await?;
        body.map(|body| from_json("sampling request", &body)).transpose()
    }

    /// The alerts that have a sampling request, all of them.
    pub async fn sampled_alerts(&self) -> Result<BTreeSet<AlertId>, StoreError> {
        let ids: Vec<String> =
            sqlx::query_scalar("SELECT alert_id FROM sampling_requests").fetch_all(self.reader()).await?;
        Ok(ids.into_iter().map(AlertId::new).collect())
    }

    /// Sampling requests, newest first. At most [`ALERTS_MAX`].
    pub async fn sampling_requests(&self) -> Result<Vec<SamplingRequest>, StoreError> {
        let bodies: Vec<String> =
            sqlx::query_scalar("SELECT body FROM sampling_requests ORDER BY created_on DESC, request_id LIMIT ?")
                .bind(ALERTS_MAX)
                .fetch_all(self.reader())
                .await?;
        bodies.iter().map(|body| from_json("sampling request", body)).collect()
    }

    /// All sampling requests there are.
    pub async fn every_request(&self) -> Result<Vec<SamplingRequest>, StoreError> {
        let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM sampling_requests ORDER BY request_id")
            .fetch_all(self.reader())
            .await?;
        bodies.iter().map(|body| from_json("sampling request", body)).collect()
    }

    /// Keeps a listing; the newest capture of a platform's item counts.
    pub async fn put_listing(tx: &mut Transaction<'static, Sqlite>, listing: &Listing) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO listings (platform, item_id, category, sold, body) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (platform, item_id) DO UPDATE SET category = excluded.category, sold = excluded.sold, body = excluded.body",
        )
        .bind(&listing.platform)
        .bind(&listing.item_id)
        .bind(listing.category.code())
        .bind(i64::try_from(listing.sold).unwrap_or(i64::MAX))
        .bind(to_json("listing", listing)?)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Forgets all listings.
    pub async fn clear_listings(tx: &mut Transaction<'static, Sqlite>) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM listings").execute(&mut **tx).await?;
        Ok(())
    }

    /// Listings of a category, best-selling first, at most `limit`.
    pub async fn listings(&self, category: Category, limit: u32) -> Result<Vec<Listing>, StoreError> {
        let bodies: Vec<String> = sqlx::query_scalar(
            "SELECT body FROM listings WHERE category = ? ORDER BY sold DESC, platform, item_id LIMIT ?",
        )
        .bind(category.code())
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        bodies.iter().map(|body| from_json("listing", body)).collect()
    }
}

fn stamp(text: &str) -> Result<MessageStamp, StoreError> {
    let unreadable = |error: StampError| StoreError::Stored { what: "message", source: Error::custom(error) };
    text.parse().map_err(unreadable)
}

pub(super) fn to_json(what: &'static str, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Stored { what, source })
}

pub(super) fn from_json<T: DeserializeOwned>(what: &'static str, body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|source| StoreError::Stored { what, source })
}

//! Endpoints, the queue of what they are to be told, and the log of tries, in SQL.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::{Sqlite, Transaction};

use super::alerts::{from_json, to_json};
use super::parties::{moment, written};
use super::{Store, StoreError};
use crate::vocabulary::{Endpoint, Lane};

/// Events queued by one statement.
const QUEUED_TOGETHER: usize = 1_000;
/// Lines of the delivery log that are kept.
const TRIES_MAX: i64 = 200_000;

/// An endpoint and how it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointRow {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The user who subscribed; none: it is the centre's or an organisation's.
    pub owner: Option<String>,
    /// Last event that was looked at for it.
    pub cursor: u64,
    /// Last notice.
    pub notice_cursor: u64,
    /// Since when nothing is sent.
    pub paused_at: Option<Timestamp>,
    /// Why its receiver wants no more.
    pub stopped: Option<String>,
}

impl EndpointRow {
    /// Whether anything is sent to it now.
    #[must_use]
    pub fn is_sent_to(&self) -> bool {
        self.paused_at.is_none() && self.stopped.is_none()
    }
}

/// How an endpoint is doing, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointHealth {
    /// The endpoint and its state.
    pub row: EndpointRow,
    /// Events that wait.
    pub waiting: u64,
    /// Events that were delivered.
    pub delivered: u64,
    /// Events that were given up.
    pub dead: u64,
    /// The last try.
    pub last: Option<TryRow>,
}

/// An event that waits for an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Its id.
    pub delivery: String,
    /// The endpoint.
    pub endpoint: String,
    /// Number of the event, or of the notice.
    pub seq: u64,
    /// Whether it is a notice.
    pub notice: bool,
    /// How it travels.
    pub lane: Lane,
    /// When.
    pub due_at: Timestamp,
}

/// A message that is due: events that travel together, or one notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, the same at every try.
    pub id: String,
    /// Numbers of its events, in order.
    pub events: Vec<u64>,
    /// Number of its notice; it has no event then.
    pub notice: Option<u64>,
    /// Tries so far.
    pub tries: u32,
}

/// A line of the delivery log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TryRow {
    /// The endpoint.
    pub endpoint: String,
    /// The message.
    pub message: String,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// How long it took.
    pub took_ms: i64,
    /// HTTP status, when one came.
    pub status: Option<i64>,
    /// Why it failed; none: delivered.
    pub trouble: Option<String>,
}

/// What becomes of a message after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It arrived.
    Delivered,
    /// It is tried again then.
    Again(Timestamp),
    /// It is given up.
    Dead,
}

type EndpointColumns = (String, Option<String>, i64, i64, Option<String>, Option<String>);
type TryColumns = (String, String, String, i64, Option<i64>, Option<String>);

fn endpoint(
    (body, owner, cursor, notice_cursor, paused_at, stopped): EndpointColumns,
) -> Result<EndpointRow, StoreError> {
    Ok(EndpointRow {
        endpoint: from_json("endpoint", &body)?,
        owner,
        cursor: u64::try_from(cursor).unwrap_or(0),
        notice_cursor: u64::try_from(notice_cursor).unwrap_or(0),
        paused_at: paused_at.as_deref().map(moment).transpose()?,
        stopped,
    })
}

fn tried((endpoint, message, at, took_ms, status, trouble): TryColumns) -> TryRow {
    TryRow { endpoint, message, at, took_ms, status, trouble }
}

pub(super) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Moves one of an endpoint's cursors by a statement that takes where to, the name, and where from.
pub(super) async fn moved(
    tx: &mut Transaction<'static, Sqlite>,
    statement: &'static str,
    name: &str,
    (from, to): (u64, u64),
) -> Result<bool, StoreError> {
    let done = sqlx::query(statement).bind(whole(to)).bind(name).bind(whole(from)).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

impl Store {
    /// All endpoints, by name.
    pub async fn endpoints(&self) -> Result<Vec<EndpointRow>, StoreError> {
        let rows: Vec<EndpointColumns> = sqlx::query_as(
            "SELECT body, owner, cursor, notice_cursor, paused_at, stopped FROM endpoints
             WHERE removed_at IS NULL ORDER BY endpoint",
        )
        .fetch_all(self.reader())
        .await?;
        rows.into_iter().map(endpoint).collect()
    }

    /// One endpoint.
    pub async fn endpoint(&self, name: &str) -> Result<Option<EndpointRow>, StoreError> {
        let row: Option<EndpointColumns> = sqlx::query_as(
            "SELECT body, owner, cursor, notice_cursor, paused_at, stopped FROM endpoints
             WHERE endpoint = ? AND removed_at IS NULL",
        )
        .bind(name)
        .fetch_optional(self.reader())
        .await?;
        row.map(endpoint).transpose()
    }

    /// What a user has subscribed to, oldest first, as this transaction sees it.
    pub async fn endpoints_of(tx: &mut Transaction<'static, Sqlite>, owner: &str) -> Result<Vec<Endpoint>, StoreError> {
        let bodies: Vec<String> = sqlx::query_scalar(
            "SELECT body FROM endpoints WHERE owner = ? AND removed_at IS NULL ORDER BY made_at, endpoint",
        )
        .bind(owner)
        .fetch_all(&mut **tx)
        .await?;
        bodies.iter().map(|body| from_json("endpoint", body)).collect()
    }

    /// The same with how it is doing.
    pub async fn health_of_owner(&self, owner: &str) -> Result<Vec<EndpointHealth>, StoreError> {
        let rows: Vec<EndpointColumns> = sqlx::query_as(
            "SELECT body, owner, cursor, notice_cursor, paused_at, stopped FROM endpoints
             WHERE owner = ? AND removed_at IS NULL ORDER BY made_at, endpoint",
        )
        .bind(owner)
        .fetch_all(self.reader())
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            all.push(self.health_of(endpoint(row)?).await?);
        }
        Ok(all)
    }

    /// Changes where and what an endpoint is told.
    pub async fn put_endpoint(tx: &mut Transaction<'static, Sqlite>, endpoint: &Endpoint) -> Result<(), StoreError> {
        sqlx::query("UPDATE endpoints SET body = ? WHERE endpoint = ?")
            .bind(to_json("endpoint", endpoint)?)
            .bind(&endpoint.name)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Sends nothing more to an endpoint, and forgets what waits for it; its name is not given again. False when there is none of this name.
    pub async fn remove_endpoint(
        tx: &mut Transaction<'static, Sqlite>,
        name: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM deliveries WHERE endpoint = ? AND state = 'waiting'")
            .bind(name)
            .execute(&mut **tx)
            .await?;
        let done = sqlx::query("UPDATE endpoints SET removed_at = ? WHERE endpoint = ? AND removed_at IS NULL")
            .bind(written(now))
            .bind(name)
            .execute(&mut **tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Makes an endpoint that is told what happens behind `cursor`, and notices from now on; false when there is one of this name.
    pub async fn add_endpoint(
        tx: &mut Transaction<'static, Sqlite>,
        endpoint: &Endpoint,
        owner: Option<&str>,
        cursor: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO endpoints (endpoint, body, owner, cursor, notice_cursor, made_at)
             VALUES (?, ?, ?, ?, (SELECT coalesce(max(number), 0) FROM notices), ?) ON CONFLICT DO NOTHING",
        )
        .bind(&endpoint.name)
        .bind(to_json("endpoint", endpoint)?)
        .bind(owner)
        .bind(whole(cursor))
        .bind(written(now))
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Pauses an endpoint or resumes it; to resume forgets that its receiver wanted no more. False when there is none of this name.
    pub async fn pause_endpoint(
        tx: &mut Transaction<'static, Sqlite>,
        name: &str,
        since: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let done =
            sqlx::query("UPDATE endpoints SET paused_at = ?, stopped = NULL WHERE endpoint = ? AND removed_at IS NULL")
                .bind(since.map(written))
                .bind(name)
                .execute(&mut **tx)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Sends nothing more to an endpoint whose receiver wants no more.
    pub async fn stop_endpoint(tx: &mut Transaction<'static, Sqlite>, name: &str, why: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE endpoints SET stopped = ? WHERE endpoint = ?")
            .bind(why)
            .bind(name)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Moves an endpoint's cursor from where it stands; false when it stands elsewhere, and then nothing may be queued.
    pub async fn move_endpoint(
        tx: &mut Transaction<'static, Sqlite>,
        name: &str,
        from: u64,
        to: u64,
    ) -> Result<bool, StoreError> {
        moved(
            tx,
            "UPDATE endpoints SET cursor = ? WHERE endpoint = ? AND cursor = ? AND removed_at IS NULL",
            name,
            (from, to),
        )
        .await
    }

    /// Queues events or notices, each once for its endpoint; how many were not queued before.
    pub async fn queue(
        tx: &mut Transaction<'static, Sqlite>,
        all: &[Queued],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut queued = 0;
        // Many rows to a statement: each statement is a way to the database's thread and back.
        for part in all.chunks(QUEUED_TOGETHER) {
            let row = |one: &Queued| {
                let message = (one.lane != Lane::Digest).then_some(&one.delivery);
                json!([one.delivery, one.endpoint, one.seq, one.notice, one.lane.code(), message, written(one.due_at)])
            };
            let done = sqlx::query(
                "INSERT INTO deliveries (delivery, endpoint, seq, notice, lane, message, state, made_at, due_at)
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, 'waiting', ?2, value ->> 6
                 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
            )
            .bind(part.iter().map(row).collect::<Value>().to_string())
            .bind(written(now))
            .execute(&mut **tx)
            .await?;
            queued += done.rows_affected();
        }
        Ok(queued)
    }

    /// Sends again what an endpoint was told of events behind `after`, under the same ids.
    pub async fn replay(
        tx: &mut Transaction<'static, Sqlite>,
        name: &str,
        after: u64,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "UPDATE deliveries SET state = 'waiting', tries = 0, due_at = ?, done_at = NULL
             WHERE endpoint = ? AND state <> 'waiting' AND message IN
                (SELECT message FROM deliveries WHERE endpoint = ? AND notice = 0 AND seq > ?)",
        )
        .bind(written(now))
        .bind(name)
        .bind(name)
        .bind(whole(after))
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected())
    }

    /// Closes the digest of an endpoint that is due: from now on its events travel in one message with this id, at every try. `id` is
    /// given the ids of the events.
    pub async fn close_digest(
        tx: &mut Transaction<'static, Sqlite>,
        name: &str,
        now: Timestamp,
        id: impl FnOnce(&[String]) -> String,
    ) -> Result<(), StoreError> {
        let open: Vec<String> = sqlx::query_scalar(
            "SELECT delivery FROM deliveries
             WHERE endpoint = ? AND state = 'waiting' AND message IS NULL AND due_at <= ? ORDER BY seq",
        )
        .bind(name)
        .bind(written(now))
        .fetch_all(&mut **tx)
        .await?;
        if open.is_empty() {
            return Ok(());
        }
        let id = id(&open);
        for delivery in &open {
            sqlx::query("UPDATE deliveries SET message = ? WHERE delivery = ?")
                .bind(&id)
                .bind(delivery)
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }

    /// Names of endpoints for which something is due.
    pub async fn endpoints_due(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT d.endpoint FROM deliveries d JOIN endpoints e ON e.endpoint = d.endpoint
             WHERE d.state = 'waiting' AND d.due_at <= ? AND e.paused_at IS NULL AND e.stopped IS NULL
               AND e.removed_at IS NULL ORDER BY d.endpoint",
        )
        .bind(written(now))
        .fetch_all(self.reader())
        .await?)
    }

    /// Messages of an endpoint that are due: urgent ones first, then by their time; at most `limit`.
    pub async fn messages_due(&self, name: &str, now: Timestamp, limit: u32) -> Result<Vec<Message>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT message, max(tries) FROM deliveries
             WHERE endpoint = ? AND state = 'waiting' AND message IS NOT NULL AND due_at <= ?
             GROUP BY message ORDER BY min(lane), min(due_at), min(seq) LIMIT ?",
        )
        .bind(name)
        .bind(written(now))
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        let mut messages = Vec::with_capacity(rows.len());
        for (id, tries) in rows {
            let parts: Vec<(i64, bool)> =
                sqlx::query_as("SELECT seq, notice FROM deliveries WHERE message = ? ORDER BY seq")
                    .bind(&id)
                    .fetch_all(self.reader())
                    .await?;
            let numbers = |notice: bool| {
                let wanted = parts.iter().filter(move |part| part.1 == notice);
                wanted.filter_map(|part| u64::try_from(part.0).ok())
            };
            let (events, notice) = (numbers(false).collect(), numbers(true).next());
            messages.push(Message { id, events, notice, tries: u32::try_from(tries).unwrap_or(u32::MAX) });
        }
        Ok(messages)
    }

    /// Keeps what became of a message, and the line of the log, in one transaction.
    pub async fn note_try(
        tx: &mut Transaction<'static, Sqlite>,
        tried: &TryRow,
        became: Became,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (state, due_at, done_at) = match became {
            Became::Delivered => ("delivered", None, Some(written(now))),
            Became::Again(due_at) => ("waiting", Some(written(due_at)), None),
            Became::Dead => ("dead", None, Some(written(now))),
        };
        sqlx::query(
            "UPDATE deliveries SET state = ?, tries = tries + 1, due_at = coalesce(?, due_at), done_at = ?
             WHERE message = ? AND state = 'waiting'",
        )
        .bind(state)
        .bind(due_at)
        .bind(done_at)
        .bind(&tried.message)
        .execute(&mut **tx)
        .await?;
        sqlx::query(
            "INSERT INTO delivery_tries (endpoint, message, at, took_ms, status, trouble) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&tried.endpoint)
        .bind(&tried.message)
        .bind(&tried.at)
        .bind(tried.took_ms)
        .bind(tried.status)
        .bind(&tried.trouble)
        .execute(&mut **tx)
        .await?;
        sqlx::query("DELETE FROM delivery_tries WHERE number <= (SELECT max(number) FROM delivery_tries) - ?")
            .bind(TRIES_MAX)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Lets everything that waits for an endpoint wait until then at least.
    pub async fn rest_endpoint(
        tx: &mut Transaction<'static, Sqlite>,
        name: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE deliveries SET due_at = ? WHERE endpoint = ? AND state = 'waiting' AND due_at < ?")
            .bind(written(until))
            .bind(name)
            .bind(written(until))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// The newest lines of the delivery log, newest first.
    pub async fn tries(&self, endpoint: Option<&str>, limit: u32) -> Result<Vec<TryRow>, StoreError> {
        let rows: Vec<TryColumns> = sqlx::query_as(
            "SELECT endpoint, message, at, took_ms, status, trouble FROM delivery_tries
             WHERE ? IS NULL OR endpoint = ? ORDER BY number DESC LIMIT ?",
        )
        .bind(endpoint)
        .bind(endpoint)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        Ok(rows.into_iter().map(tried).collect())
    }

    /// How all endpoints are doing.
    pub async fn endpoint_health(&self) -> Result<Vec<EndpointHealth>, StoreError> {
        let mut all = Vec::new();
        for row in self.endpoints().await? {
            all.push(self.health_of(row).await?);
        }
        Ok(all)
    }

    async fn health_of(&self, row: EndpointRow) -> Result<EndpointHealth, StoreError> {
        let counts: Vec<(String, i64)> =
            sqlx::query_as("SELECT state, COUNT(*) FROM deliveries WHERE endpoint = ? GROUP BY state")
                .bind(&row.endpoint.name)
                .fetch_all(self.reader())
                .await?;
        let count = |state: &str| {
            let found = counts.iter().find(|(name, _)| name == state);
            found.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0))
        };
        let last = self.tries(Some(&row.endpoint.name), 1).await?.pop();
        let (waiting, delivered, dead) = (count("waiting"), count("delivered"), count("dead"));
        Ok(EndpointHealth { row, waiting, delivered, dead, last })
    }
}

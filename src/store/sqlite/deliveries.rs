//! Endpoints, the queue of what they are to be told, and the log of tries.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::deliveries::PACE_EVENTS_MIN;
use crate::sqlite::parties::written;
use crate::sqlite::row::{Stored, Table, bound};
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{Became, EndpointHealth, EndpointRow, Message, Pace, Queued, StoreError, TryRow};
use vocabulary::{Endpoint, Lane};

/// Events queued by one statement.
const QUEUED_TOGETHER: usize = 1_000;
/// Lines of the delivery log that are kept.
const TRIES_MAX: i64 = 200_000;

const ENDPOINTS: Table = Table::new("endpoints", &["endpoint"]);
const DELIVERIES: Table = Table::new("deliveries", &["delivery"]);
/// Rows of `deliveries` put together by the message in which they travel.
const MESSAGES: Table = Table::new("deliveries", &["message"]);
/// Rows of `deliveries` counted for one endpoint.
const QUEUE: Table = Table::new("deliveries", &["endpoint"]);
const TRIES: Table = Table::new("delivery_tries", &["number"]);

fn endpoint(row: Stored<'_>) -> Result<EndpointRow, StoreError> {
    Ok(EndpointRow {
        endpoint: row.json("body")?,
        owner: row.maybe_text("owner")?,
        cursor: row.count("cursor")?,
        notice_cursor: row.count("notice_cursor")?,
        paused_at: row.maybe_moment("paused_at")?,
        stopped: row.maybe_text("stopped")?,
        shut: None,
    })
}

fn tried(row: Stored<'_>) -> Result<TryRow, StoreError> {
    row.moment("at")?;
    Ok(TryRow {
        endpoint: row.text("endpoint")?,
        message: row.text("message")?,
        at: row.text("at")?,
        took_ms: row.get("took_ms")?,
        status: row.get("status")?,
        trouble: row.maybe_text("trouble")?,
    })
}

/// Moves one of an endpoint's cursors by a statement that takes where to, the name, and where from.
pub(super) async fn moved(
    tx: &mut SqliteTx,
    statement: &'static str,
    name: &str,
    column: &'static str,
    (from, to): (u64, u64),
) -> Result<bool, StoreError> {
    let (from, to) = (ENDPOINTS.to_sql(column, from)?, ENDPOINTS.to_sql(column, to)?);
    let done = sqlx::query(statement).bind(to).bind(name).bind(from).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

impl SqliteStore {
    pub(crate) async fn endpoints(&self) -> Result<Vec<EndpointRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT endpoint, body, owner, cursor, notice_cursor, paused_at, stopped FROM endpoints
             WHERE removed_at IS NULL ORDER BY endpoint",
        )
        .fetch_all(self.reader())
        .await?;
        ENDPOINTS.all(&rows, endpoint)
    }

    pub(crate) async fn endpoint(&self, name: &str) -> Result<Option<EndpointRow>, StoreError> {
        let row = sqlx::query(
            "SELECT endpoint, body, owner, cursor, notice_cursor, paused_at, stopped FROM endpoints
             WHERE endpoint = ? AND removed_at IS NULL",
        )
        .bind(name)
        .fetch_optional(self.reader())
        .await?;
        row.map(|row| endpoint(ENDPOINTS.row(&row))).transpose()
    }

    pub(crate) async fn endpoints_of(tx: &mut SqliteTx, owner: &str) -> Result<Vec<Endpoint>, StoreError> {
        let rows = sqlx::query(
            "SELECT endpoint, body FROM endpoints WHERE owner = ? AND removed_at IS NULL ORDER BY made_at, endpoint",
        )
        .bind(owner)
        .fetch_all(&mut **tx)
        .await?;
        ENDPOINTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn endpoint_names_of(tx: &mut SqliteTx, owner: &str) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT endpoint FROM endpoints WHERE owner = ? AND removed_at IS NULL ORDER BY made_at, endpoint",
        )
        .bind(owner)
        .fetch_all(&mut **tx)
        .await?)
    }

    pub(crate) async fn kept_endpoints(tx: &mut SqliteTx) -> Result<Vec<Endpoint>, StoreError> {
        let rows = sqlx::query("SELECT endpoint, body FROM endpoints ORDER BY endpoint").fetch_all(&mut **tx).await?;
        ENDPOINTS.all(&rows, |row| row.json("body"))
    }

    pub(crate) async fn health_of_owner(&self, owner: &str) -> Result<Vec<EndpointHealth>, StoreError> {
        let rows = sqlx::query(
            "SELECT endpoint, body, owner, cursor, notice_cursor, paused_at, stopped FROM endpoints
             WHERE owner = ? AND removed_at IS NULL ORDER BY made_at, endpoint",
        )
        .bind(owner)
        .fetch_all(self.reader())
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in ENDPOINTS.all(&rows, endpoint)? {
            all.push(self.health_of(row).await?);
        }
        Ok(all)
    }

    pub(crate) async fn put_endpoint(tx: &mut SqliteTx, endpoint: &Endpoint) -> Result<(), StoreError> {
        sqlx::query("UPDATE endpoints SET body = ? WHERE endpoint = ?")
            .bind(ENDPOINTS.to_json("body", endpoint)?)
            .bind(&endpoint.name)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn remove_endpoint(tx: &mut SqliteTx, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM deliveries WHERE endpoint = ? AND state = 'waiting'")
            .bind(name)
            .execute(&mut **tx)
            .await?;
        let done = sqlx::query(
            "UPDATE endpoints SET removed_at = ?, body = json_set(body, '$.url', '', '$.secret', NULL)
             WHERE endpoint = ? AND removed_at IS NULL",
        )
        .bind(written(now))
        .bind(name)
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn add_endpoint(
        tx: &mut SqliteTx,
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
        .bind(ENDPOINTS.to_json("body", endpoint)?)
        .bind(owner)
        .bind(ENDPOINTS.to_sql("cursor", cursor)?)
        .bind(written(now))
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn pause_endpoint(
        tx: &mut SqliteTx,
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

    pub(crate) async fn stop_endpoint(tx: &mut SqliteTx, name: &str, why: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE endpoints SET stopped = ? WHERE endpoint = ?")
            .bind(why)
            .bind(name)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn move_endpoint(tx: &mut SqliteTx, name: &str, from: u64, to: u64) -> Result<bool, StoreError> {
        moved(
            tx,
            "UPDATE endpoints SET cursor = ? WHERE endpoint = ? AND cursor = ? AND removed_at IS NULL",
            name,
            "cursor",
            (from, to),
        )
        .await
    }

    pub(crate) async fn queue(tx: &mut SqliteTx, all: &[Queued], now: Timestamp) -> Result<u64, StoreError> {
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

    pub(crate) async fn replay(tx: &mut SqliteTx, name: &str, after: u64, now: Timestamp) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "UPDATE deliveries SET state = 'waiting', tries = 0, due_at = ?, done_at = NULL
             WHERE endpoint = ? AND state <> 'waiting' AND message IN
                (SELECT message FROM deliveries WHERE endpoint = ? AND notice = 0 AND seq > ?)",
        )
        .bind(written(now))
        .bind(name)
        .bind(name)
        .bind(bound(after))
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn close_digest(
        tx: &mut SqliteTx,
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

    pub(crate) async fn endpoints_due(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT DISTINCT d.endpoint FROM deliveries d JOIN endpoints e ON e.endpoint = d.endpoint
             WHERE d.state = 'waiting' AND d.due_at <= ? AND e.paused_at IS NULL AND e.stopped IS NULL
               AND e.removed_at IS NULL ORDER BY d.endpoint",
        )
        .bind(written(now))
        .fetch_all(self.reader())
        .await?)
    }

    pub(crate) async fn messages_due(
        &self,
        name: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let rows = sqlx::query(
            "SELECT message, max(tries) AS tries FROM deliveries
             WHERE endpoint = ? AND state = 'waiting' AND message IS NOT NULL AND due_at <= ?
             GROUP BY message ORDER BY min(lane), min(due_at), min(seq) LIMIT ?",
        )
        .bind(name)
        .bind(written(now))
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        let mut messages = Vec::with_capacity(rows.len());
        for row in &rows {
            let row = MESSAGES.row(row);
            let (id, tries) = (row.text("message")?, row.small("tries")?);
            let parts = sqlx::query("SELECT delivery, seq, notice FROM deliveries WHERE message = ? ORDER BY seq")
                .bind(&id)
                .fetch_all(self.reader())
                .await?;
            let (mut events, mut notices) = (Vec::new(), Vec::new());
            for (notice, seq) in DELIVERIES.all(&parts, |part| Ok((part.flag("notice")?, part.count("seq")?)))? {
                if notice {
                    notices.push(seq);
                } else {
                    events.push(seq);
                }
            }
            messages.push(Message { id, events, notice: notices.first().copied(), tries });
        }
        Ok(messages)
    }

    pub(crate) async fn note_try(
        tx: &mut SqliteTx,
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

    pub(crate) async fn rest_endpoint(tx: &mut SqliteTx, name: &str, until: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE deliveries SET due_at = ? WHERE endpoint = ? AND state = 'waiting' AND due_at < ?")
            .bind(written(until))
            .bind(name)
            .bind(written(until))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn tries(&self, endpoint: Option<&str>, limit: u32) -> Result<Vec<TryRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, endpoint, message, at, took_ms, status, trouble FROM delivery_tries
             WHERE ? IS NULL OR endpoint = ? ORDER BY number DESC LIMIT ?",
        )
        .bind(endpoint)
        .bind(endpoint)
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        TRIES.all(&rows, tried)
    }

    pub(crate) async fn endpoint_health(&self) -> Result<Vec<EndpointHealth>, StoreError> {
        let mut all = Vec::new();
        for row in self.endpoints().await? {
            all.push(self.health_of(row).await?);
        }
        Ok(all)
    }

    async fn health_of(&self, row: EndpointRow) -> Result<EndpointHealth, StoreError> {
        let counts =
            sqlx::query("SELECT endpoint, state, COUNT(*) AS events FROM deliveries WHERE endpoint = ? GROUP BY state")
                .bind(&row.endpoint.name)
                .fetch_all(self.reader())
                .await?;
        let (mut waiting, mut delivered, mut dead) = (0, 0, 0);
        for counted in &counts {
            let counted = QUEUE.row(counted);
            let count = match counted.get("state")? {
                "waiting" => &mut waiting,
                "delivered" => &mut delivered,
                "dead" => &mut dead,
                other => return Err(counted.wrong("state", format!("there is no state `{other}`"))),
            };
            *count = counted.count("events")?;
        }
        let last = self.tries(Some(&row.endpoint.name), 1).await?.pop();
        Ok(EndpointHealth { row, waiting, delivered, dead, last })
    }

    pub(crate) async fn endpoint_paces(&self) -> Result<BTreeMap<String, Pace>, StoreError> {
        let rows = sqlx::query(
            "SELECT endpoint, MAX(done_at) AS last_at, CAST(MAX(gap) AS INTEGER) AS gap FROM (
               SELECT endpoint, done_at, 86400 *
                 (julianday(done_at) - julianday(LAG(done_at) OVER (PARTITION BY endpoint ORDER BY done_at))) AS gap
               FROM deliveries WHERE state = 'delivered')
             GROUP BY endpoint HAVING COUNT(*) >= ?",
        )
        .bind(bound(PACE_EVENTS_MIN))
        .fetch_all(self.reader())
        .await?;
        let paces = QUEUE.all(&rows, |row| {
            let seconds: Option<i64> = row.get("gap")?;
            let pace = row.maybe_moment("last_at")?.zip(seconds);
            let pace = pace.map(|(last_at, seconds)| Pace { last_at, longest_gap: SignedDuration::from_secs(seconds) });
            Ok((row.text("endpoint")?, pace))
        })?;
        let mut known = BTreeMap::new();
        for (endpoint, pace) in paces {
            if let Some(pace) = pace {
                known.insert(endpoint, pace);
            }
        }
        Ok(known)
    }
}

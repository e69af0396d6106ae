//! Where state is kept: one SQLite file in WAL mode with `synchronous=FULL`, so that what was acknowledged survives a
//! power cut (LOG-1).
//!
//! In: values to keep. Out: the same values. Not here: rules of the business, statistics, HTML. One connection writes,
//! a small pool reads; every write that belongs together is one `BEGIN IMMEDIATE` transaction.

mod acts;
mod alerts;
mod audit;
mod deliveries;
pub mod frontier;
mod notices;
mod outcomes;
mod parties;
mod promotions;
mod reruns;
mod searches;
mod sources;

pub use alerts::{ALERTS_MAX, AlertCounts};
pub use audit::{AuditBreak, AuditLine};
pub use deliveries::{Became, EndpointHealth, EndpointRow, Message, Queued, TryRow};
pub use outcomes::Taken;
pub use parties::{SessionRow, TokenRow, UserRow};
pub use promotions::Promotion;
pub use reruns::{PastChange, RerunRow};
pub use searches::{
    CameFor, DIGEST_HITS_MAX, Digest, SEARCH_HITS_MAX, SEARCH_NAME_CHARS_MAX, SEARCHES_MAX, SavedSearch,
    THROTTLE_MINUTES_MAX,
};
pub use sources::{Fared, FieldShare, SourceState};

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::Mutex;

/// How long a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
/// Connections that read.
const READERS_MAX: u32 = 4;

/// The tables, oldest first. A shipped migration never changes.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "log", include_str!("migrations/0001_log.sql")),
    (2, "frontier", include_str!("migrations/0002_frontier.sql")),
    (3, "alerts", include_str!("migrations/0003_alerts.sql")),
    (4, "outcomes", include_str!("migrations/0004_outcomes.sql")),
    (5, "sources", include_str!("migrations/0005_sources.sql")),
    (6, "parties", include_str!("migrations/0006_parties.sql")),
    (7, "deliveries", include_str!("migrations/0007_deliveries.sql")),
    (8, "searches", include_str!("migrations/0008_searches.sql")),
    (9, "reruns", include_str!("migrations/0009_reruns.sql")),
    (10, "promotions", include_str!("migrations/0010_promotions.sql")),
    (11, "notices", include_str!("migrations/0011_notices.sql")),
    (12, "identities", include_str!("migrations/0012_identities.sql")),
    (13, "messages", include_str!("migrations/0013_messages.sql")),
    (14, "subscriptions", include_str!("migrations/0014_subscriptions.sql")),
    (15, "merged", include_str!("migrations/0015_merged.sql")),
];

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened or made.
    #[error("cannot open the store at {path}; check that the folder exists, is writable and not held by another run")]
    Open {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// The file was made by a newer or damaged program.
    #[error(
        "the store at {path} has tables this program does not know; use the program that wrote it, or another --data folder"
    )]
    Migrate {
        /// The database file.
        path: PathBuf,
        /// What the migrator said.
        source: sqlx::migrate::MigrateError,
    },
    /// The disk is full, or takes or gives nothing.
    #[error(
        "the disk did not do what the store (wanglou.sqlite) asked of it; make room there, or look after it, and start again: what was committed is kept"
    )]
    Disk {
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// The file is not what SQLite writes.
    #[error(
        "the store (wanglou.sqlite) is damaged; bring a backup back into a new folder (`wanglou restore BACKUP --data NEW`), or move the folder away and start anew"
    )]
    Damaged {
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// A statement failed.
    #[error("the store refused a statement")]
    Sql(#[source] sqlx::Error),
    /// A stored value is not what this program writes.
    #[error("the store holds a {what} that cannot be read back")]
    Stored {
        /// Which kind of value.
        what: &'static str,
        /// What the parser said.
        source: serde_json::Error,
    },
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        // Primary result codes of SQLite; the bits above say where it came about.
        let code = source.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
        match code.map(|code| code & 0xFF) {
            Some(10 | 13) => Self::Disk { source },    // SQLITE_IOERR, SQLITE_FULL
            Some(11 | 26) => Self::Damaged { source }, // SQLITE_CORRUPT, SQLITE_NOTADB
            _ => Self::Sql(source),
        }
    }
}

/// A handle to the store; clones share the same connections.
#[derive(Debug, Clone)]
pub struct Store {
    write: SqlitePool,
    read: SqlitePool,
    /// Watches what others commit; none once closed.
    watcher: Arc<Mutex<Option<SqliteConnection>>>,
}

impl Store {
    /// Opens the file, makes it when it is missing, and brings its tables up to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let open_error = |source| match StoreError::from(source) {
            StoreError::Sql(source) => StoreError::Open { path: path.to_owned(), source },
            told => told,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let write =
            SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(open_error)?;
        migrator(MIGRATIONS).run(&write).await.map_err(|source| migrate_error(path, source))?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .connect_with(options.clone().read_only(true))
            .await
            .map_err(open_error)?;
        let watcher = options.read_only(true).connect().await.map_err(open_error)?;
        Ok(Self { write, read, watcher: Arc::new(Mutex::new(Some(watcher))) })
    }

    /// A number that is another one after every commit that changed a byte, of this process or of others; none once the store is closed. Numbers of two
    /// handles that were opened apart say nothing about each other.
    pub async fn changes(&self) -> Result<Option<i64>, StoreError> {
        match self.watcher.lock().await.as_mut() {
            Some(watcher) => Ok(Some(sqlx::query_scalar("PRAGMA data_version").fetch_one(watcher).await?)),
            None => Ok(None),
        }
    }

    /// Connections for reading.
    pub fn reader(&self) -> &SqlitePool {
        &self.read
    }

    /// Starts the only kind of write there is: a transaction that takes the write lock at once.
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.write.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A small fact kept under a name.
    pub async fn fact(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT value FROM facts WHERE key = ?").bind(key).fetch_optional(&self.read).await?)
    }

    /// Keeps a small fact, in the caller's transaction.
    pub async fn set_fact(tx: &mut Transaction<'static, Sqlite>, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO facts (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
        .bind(key)
        .bind(value)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Writes a copy of everything as it is at one moment, while others go on writing.
    pub async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let name = path.to_string_lossy().into_owned();
        sqlx::query("VACUUM INTO ?").bind(name).execute(&self.write).await?;
        Ok(())
    }

    /// Closes all connections; later calls fail.
    pub async fn close(&self) {
        if let Some(watcher) = self.watcher.lock().await.take() {
            // It has nothing to lose.
            _ = watcher.close().await;
        }
        self.read.close().await;
        self.write.close().await;
    }
}

/// A migration that the disk refused says nothing about the tables.
fn migrate_error(path: &Path, source: MigrateError) -> StoreError {
    let path = path.to_owned();
    let (error, version) = match source {
        MigrateError::Execute(error) => (error, None),
        MigrateError::ExecuteMigration(error, version) => (error, Some(version)),
        source => return StoreError::Migrate { path, source },
    };
    match (StoreError::from(error), version) {
        (StoreError::Sql(error), None) => StoreError::Migrate { path, source: MigrateError::Execute(error) },
        (StoreError::Sql(error), Some(version)) => {
            StoreError::Migrate { path, source: MigrateError::ExecuteMigration(error, version) }
        }
        (told, _) => told,
    }
}

fn migrator(migrations: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "these tests break a store on purpose")]

    use std::error::Error as _;

    use super::*;
    use crate::vocabulary::Explanation;

    #[tokio::test]
    async fn every_commit_is_seen_whoever_made_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("wanglou.sqlite");
        let (store, other) = (Store::open(&path).await.expect("open"), Store::open(&path).await.expect("open"));
        let mut seen = store.changes().await.expect("told");
        assert_eq!(store.changes().await.expect("told"), seen, "nothing was written");
        for (writer, value) in [(&store, "one"), (&other, "two")] {
            let mut tx = writer.begin().await.expect("begin");
            Store::set_fact(&mut tx, "k", value).await.expect("set");
            tx.commit().await.expect("commit");
            let now = store.changes().await.expect("told");
            assert_ne!(now, seen);
            seen = now;
        }
        store.close().await;
        assert_eq!(store.changes().await.expect("told"), None);
    }

    /// Alerts and events as the versions before sentences were values kept them.
    #[tokio::test]
    async fn alerts_and_events_of_an_earlier_version_are_read_with_their_prose_and_what_they_were_merged_into() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("wanglou.sqlite");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true).foreign_keys(true);
        let earlier = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("opened");
        let before = MIGRATIONS.iter().position(|(_, name, _)| *name == "merged").expect("listed");
        migrator(&MIGRATIONS[..before]).run(&earlier).await.expect("tables of the version before");
        let prose =
            "截至2023-01-06，近7天“甲牌”电池与充电器“起火爆炸”有4起独立事件。处置采样：应当组织采样（sample.danger）。";
        let kept = serde_json::json!({
            "id": "wl-1", "state": "closed", "opened_on": "2023-01-05", "changed_on": "2023-01-06", "last_active_on": "2023-01-06",
            "lexicon": "lex", "evidence": [], "evidence_total": 0, "assessment": {
                "as_of": "2023-01-06", "category": "battery_charger", "hazard": "fire", "brand": "甲牌", "region": null,
                "danger": "high", "spread": "isolated", "disposal": "sample", "rank_score": 1.0,
                "counts": {"reports": 4, "texts": 4, "actors": 4, "places": 1}, "window_days": 7,
                "detector": {"method": "m", "h": 4.0, "h_threshold": 3.0, "windows": [], "baseline_events": 0, "baseline_weeks": 104.0,
                    "prior": [0.5, 10.0]},
                "danger_terms": {"severity": 3, "severity_stated": 0, "vulnerable": false, "probability_row": null,
                    "range": ["medium", "serious"]},
                "spread_terms": {"brands": 1, "effective_brands": 1.0, "top_brand": "甲牌", "unknown_brand_share": 0.0, "provinces": 0,
                    "effective_provinces": 0.0, "top_province": null, "top_province_share": 0.0, "unknown_region_share": 1.0,
                    "p_without_top_brand": null, "p_without_top_province": null, "company_wide": false, "provisional": false,
                    "rule": "isolated"},
                "disposal_rule": "sample.danger", "explanation": prose, "criteria": "test", "documents": [],
            },
        });
        let event = |kind: &str, explanation: &str| {
            serde_json::json!({
                "alert_id": "wl-1", "as_of": "2023-01-06", "event": kind, "category": "battery_charger", "hazard": "fire", "brand": "甲牌",
                "region": null, "danger": "high", "spread": "isolated", "disposal": "sample", "rank_score": 1.25,
                "counts": {"reports": 4, "texts": 4, "actors": 4, "places": 1}, "evidence": [], "evidence_total": 0,
                "explanation": explanation, "criteria": "test", "lexicon": "lex",
            })
            .to_string()
        };
        let into = "wl-20230101-battery_charger-fire-3fa1c2";
        let merged = format!("并入预警{into}。{prose}");
        let said = [("opened", prose), ("closed", "自2023-01-01起连续28天未再越线，关闭。"), ("closed", &merged)];
        sqlx::query("INSERT INTO alerts VALUES ('wl-1', 'closed', 1.0, ?)")
            .bind(kept.to_string())
            .execute(&earlier)
            .await
            .expect("kept");
        for (kind, explanation) in said {
            sqlx::query("INSERT INTO alert_events (alert_id, as_of, event, body) VALUES ('wl-1', '2023-01-06', ?, ?)")
                .bind(kind)
                .bind(event(kind, explanation))
                .execute(&earlier)
                .await
                .expect("kept");
        }
        earlier.close().await;
        let store = Store::open(&path).await.expect("opened by this version");
        let events = store.alert_events(None).await.expect("read");
        let found: Vec<_> = events.iter().map(|event| event.merged_into.as_ref().map(|id| id.as_str())).collect();
        assert_eq!(found, [None, None, Some(into)]);
        for (event, (_, explanation)) in events.iter().zip(said) {
            assert_eq!(event.explanation, Explanation::prose(explanation));
        }
        let alerts = store.alerts().await.expect("read");
        assert_eq!(alerts[0].assessment.explanation, Explanation::prose(prose));
    }

    #[tokio::test]
    async fn a_file_that_is_no_store_is_told_as_damaged() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("wanglou.sqlite");
        std::fs::write(&path, "this was written by somebody else; ".repeat(200)).expect("written");
        let error = Store::open(&path).await.expect_err("no store");
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains("wanglou restore"), "{error}");
    }

    #[test]
    fn an_error_keeps_what_sqlite_said() {
        let error = StoreError::from(sqlx::Error::RowNotFound);
        assert!(matches!(error, StoreError::Sql(_)) && error.source().is_some(), "{error:?}");
    }
}

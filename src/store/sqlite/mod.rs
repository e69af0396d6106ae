//! The SQLite engine: one file in WAL mode with `synchronous=FULL`, so that what was acknowledged survives a power cut (LOG-1).
//!
//! In: the operations of [`crate::operations`]. Out: their values, read back strictly ([`row`]). One connection writes, a small pool
//! reads; every write that belongs together is one `BEGIN IMMEDIATE` transaction. All SQL of this engine is in this folder and nowhere else.
//! Not here: rules of the business, types that other rooms see.

mod acts;
mod alerts;
mod audit;
mod buyers;
mod checksums;
mod cursors;
mod deliveries;
mod documents;
mod doubts;
mod examine;
mod excluded;
mod frontier;
mod intake;
mod journal;
mod matters;
mod notices;
mod outcomes;
mod parties;
mod promotions;
mod reruns;
mod row;
mod searches;
mod sources;
#[cfg(test)]
mod tests;
mod wal;

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::Mutex;

use checksums::Sum;

use crate::StoreError;

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
    (16, "checksums", include_str!("migrations/0016_checksums.sql")),
    (17, "removed_secrets", include_str!("migrations/0017_removed_secrets.sql")),
    (18, "search_party", include_str!("migrations/0018_search_party.sql")),
    (19, "doubts", include_str!("migrations/0019_doubts.sql")),
    (20, "source_states", include_str!("migrations/0020_source_states.sql")),
    (21, "buyers", include_str!("migrations/0021_buyers.sql")),
    (22, "matters", include_str!("migrations/0022_matters.sql")),
    (23, "excluded", include_str!("migrations/0023_excluded.sql")),
];

/// The version of the tables.
const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// A transaction of this engine. Dropped without a commit, it changes nothing.
#[derive(Debug)]
pub(crate) struct SqliteTx {
    inner: Transaction<'static, Sqlite>,
    /// What was added to the log.
    appended: Sum,
}

impl SqliteTx {
    /// Brings the checksums of the tables up to date, and commits.
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        checksums::settle(&mut self.inner, self.appended).await?;
        self.inner.commit().await
    }

    pub(crate) async fn rollback(self) -> Result<(), sqlx::Error> {
        self.inner.rollback().await
    }
}

impl Deref for SqliteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.inner
    }
}

impl DerefMut for SqliteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        // Primary result codes of SQLite; the bits above say where it came about.
        let code = source.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
        match code.map(|code| code & 0xFF) {
            Some(10 | 13) => Self::Disk { source: source.into() }, // SQLITE_IOERR, SQLITE_FULL
            Some(11 | 26) => Self::Damaged { source: source.into() }, // SQLITE_CORRUPT, SQLITE_NOTADB
            _ => Self::Sql(source.into()),
        }
    }
}

/// The engine. Clones share the same connections.
#[derive(Debug, Clone)]
pub(crate) struct SqliteStore {
    write: SqlitePool,
    read: SqlitePool,
    /// Watches what others commit; none once closed.
    watcher: Arc<Mutex<Option<SqliteConnection>>>,
}

impl SqliteStore {
    /// Opens the file, makes it when it is missing, and brings its tables up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        let open_error = |source| match StoreError::from(source) {
            StoreError::Sql(source) => StoreError::Open { path: path.to_owned(), source },
            other => other,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // A row that another one replaces counts as removed.
            .pragma("recursive_triggers", "ON")
            // What is changed or removed leaves no bytes in the file.
            .pragma("secure_delete", "ON")
            .busy_timeout(BUSY_TIMEOUT);
        let first =
            SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(open_error)?;
        migrator(MIGRATIONS).run(&first).await.map_err(|source| migrate_error(path, source))?;
        let mut conn = first.acquire().await.map_err(open_error)?;
        checksums::watch(&mut conn).await?;
        checksums::renew(&mut conn, NEWEST).await?;
        drop(conn);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .after_connect(|conn, _| Box::pin(checksums::watch(conn)))
            .connect_with(options.clone())
            .await
            .map_err(open_error)?;
        first.close().await;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .connect_with(options.clone().read_only(true))
            .await
            .map_err(open_error)?;
        let watcher = options.read_only(true).connect().await.map_err(open_error)?;
        Ok(Self { write, read, watcher: Arc::new(Mutex::new(Some(watcher))) })
    }

    pub(crate) async fn changes(&self) -> Result<Option<i64>, StoreError> {
        match self.watcher.lock().await.as_mut() {
            Some(watcher) => Ok(Some(sqlx::query_scalar("PRAGMA data_version").fetch_one(watcher).await?)),
            None => Ok(None),
        }
    }

    /// Connections for reading.
    fn reader(&self) -> &SqlitePool {
        &self.read
    }

    pub(crate) async fn begin(&self) -> Result<SqliteTx, StoreError> {
        Ok(SqliteTx { inner: self.write.begin_with("BEGIN IMMEDIATE").await?, appended: Sum::default() })
    }

    pub(crate) async fn fact(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT value FROM facts WHERE key = ?").bind(key).fetch_optional(&self.read).await?)
    }

    pub(crate) async fn set_fact(tx: &mut SqliteTx, key: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO facts (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
        .bind(key)
        .bind(value)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    pub(crate) async fn facts_of(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        let sql = "SELECT key, value FROM facts WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key";
        Ok(sqlx::query_as(sql).bind(prefix).fetch_all(&self.read).await?)
    }

    pub(crate) async fn remove_fact(tx: &mut SqliteTx, key: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM facts WHERE key = ?").bind(key).execute(&mut **tx).await?;
        Ok(())
    }

    pub(crate) async fn reindex(&self) -> Result<(), StoreError> {
        sqlx::query("REINDEX").execute(&self.write).await?;
        Ok(())
    }

    pub(crate) async fn recount(&self, table: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        checksums::recount(&mut tx, table).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn fact_in(tx: &mut SqliteTx, key: &str) -> Result<Option<String>, StoreError> {
        let found = sqlx::query_scalar("SELECT value FROM facts WHERE key = ?").bind(key).fetch_optional(&mut **tx);
        Ok(found.await?)
    }

    pub(crate) async fn sweep(&self) -> Result<bool, StoreError> {
        sqlx::query("VACUUM").execute(&self.write).await?;
        // The pages from before lie in the write-ahead log until it is cut.
        let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.write).await?;
        Ok(busy == 0)
    }

    pub(crate) async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        let name = path.to_string_lossy().into_owned();
        sqlx::query("VACUUM INTO ?").bind(name).execute(&self.write).await?;
        Ok(())
    }

    pub(crate) async fn close(&self) {
        if let Some(watcher) = self.watcher.lock().await.take() {
            // It has nothing to lose.
            _ = watcher.close().await;
        }
        self.read.close().await;
        self.write.close().await;
    }
}

/// The transaction of this engine, for tests that write what the operations never would.
#[cfg(test)]
fn own(tx: &mut crate::Tx) -> &mut SqliteTx {
    match &mut tx.engine {
        crate::EngineTx::Sqlite(tx) => tx,
    }
}

/// A migration that the disk refused says nothing about the tables.
fn migrate_error(path: &Path, source: MigrateError) -> StoreError {
    let path = path.to_owned();
    let (error, version) = match source {
        MigrateError::Execute(error) => (error, None),
        MigrateError::ExecuteMigration(error, version) => (error, Some(version)),
        source => return StoreError::Migrate { path, source: source.into() },
    };
    match StoreError::from(error) {
        StoreError::Sql(source) => {
            let at = version.map_or_else(String::new, |version| format!(" {version}"));
            StoreError::Migrate { path, source: format!("migration{at}: {source}").into() }
        }
        other => other,
    }
}

fn migrator(migrations: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}

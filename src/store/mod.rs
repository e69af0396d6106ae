//! Where state is kept, whichever engine keeps it; today SQLite.
//!
//! In: values to keep. Out: the same values, or an error that names table, row and column ([`StoreError::Stored`]). Not here: rules of the
//! business, statistics, HTML. What an engine must do is one page (`operations`); the SQL of each is in a folder of its own (`sqlite`), and no
//! other room names the database library. Everything that belongs together is written in one transaction ([`Tx`]). Secrets are sealed on the
//! way in and opened on the way out (`sealed`), whatever the engine; who buys samples is sealed or not kept at all (`buyers`).

mod alerts;
mod audit;
mod bounds;
mod buyers;
mod deliveries;
mod error;
mod examined;
pub mod frontier;
mod journal;
mod operations;
mod outcomes;
mod parties;
mod promotions;
mod reruns;
mod sealed;
mod searches;
mod secrets;
mod sources;
mod sqlite;

pub use alerts::{ALERTS_MAX, AlertCounts};
pub use audit::{AuditBreak, AuditLine};
pub use bounds::{
    BOUNDS, DIGEST_HITS_MAX, DOUBTS_OPEN_MAX, EXCLUDED_MAX, SEARCH_HITS_MAX, SEARCH_NAME_CHARS_MAX, SEARCHES_MAX,
    SEARCHES_OF_ONE_MAX, THROTTLE_MINUTES_MAX,
};
pub use buyers::{Buyer, BuyerRow, ConsignmentRow, ListedBuyer, Private, Revealed, RevealedBuyer};
pub use deliveries::{Became, EndpointHealth, EndpointRow, Message, Pace, Queued, TryRow};
pub use error::StoreError;
pub use examined::Examined;
pub use journal::{Entry, NewEntry, Newest};
pub use outcomes::Taken;
pub use parties::{SessionRow, TokenRow, UserRow};
pub use promotions::Promotion;
pub use reruns::{PastChange, RerunRow};
pub use sealed::SecretsKept;
pub use searches::{CameFor, Digest, SavedSearch, SearchKept};
pub use secrets::{Place, SECRETS_KEY_BYTES, SecretError, Vault, key_id, key_of};
pub use sources::{Fared, FieldShare, SourceState};

use std::path::Path;

use crate::sqlite::{SqliteStore, SqliteTx};

/// The engines that there are.
#[derive(Debug, Clone)]
enum Engine {
    Sqlite(SqliteStore),
}

/// A transaction of one of them.
#[derive(Debug)]
enum EngineTx {
    Sqlite(SqliteTx),
}

/// A handle to the store; clones share the same connections. Its operations are on the page `operations`.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
    /// What secrets are sealed with.
    vault: Vault,
}

/// The only kind of write there is: it keeps all others from writing until it ends. Dropped without [`Tx::commit`], it changes nothing.
#[derive(Debug)]
#[must_use = "a transaction that is dropped changes nothing"]
pub struct Tx {
    engine: EngineTx,
    vault: Vault,
}

impl Tx {
    /// Keeps what was written. When this returns, it survives kill -9 and a power cut (LOG-1).
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.engine {
            EngineTx::Sqlite(tx) => Ok(tx.commit().await?),
        }
    }

    /// Changes nothing, and lets others write before this returns.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.engine {
            EngineTx::Sqlite(tx) => Ok(tx.rollback().await?),
        }
    }
}

impl Store {
    /// Opens a SQLite file, makes it when it is missing, and brings its tables up to date. It has no key for secrets: enough for whoever
    /// neither tells endpoints nor makes any.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Vault::default()).await
    }

    /// Opens a SQLite file with the keys for the secrets in it.
    pub async fn open_with(path: &Path, vault: Vault) -> Result<Self, StoreError> {
        Ok(Self { engine: Engine::Sqlite(SqliteStore::open(path).await?), vault })
    }

    /// Looks at every byte of a SQLite file and its write-ahead log without changing anything, beside whoever works with it.
    ///
    /// # Errors
    /// When the file cannot be read at all; what is wrong with it is in the answer.
    pub async fn examine(path: &Path) -> Result<Examined, StoreError> {
        SqliteStore::examine(path).await
    }

    /// Starts a transaction; waits while another one writes.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let engine = match &self.engine {
            Engine::Sqlite(engine) => EngineTx::Sqlite(engine.begin().await?),
        };
        Ok(Tx { engine, vault: self.vault.clone() })
    }

    /// Closes all connections; later calls fail.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(engine) => engine.close().await,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "these tests break a store on purpose")]

    use super::*;

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

    #[tokio::test]
    async fn a_file_that_is_no_store_is_told_as_damaged() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("wanglou.sqlite");
        std::fs::write(&path, "this was written by somebody else; ".repeat(200)).expect("written");
        let error = Store::open(&path).await.expect_err("no store");
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains("wanglou restore"), "{error}");
    }
}

//! What goes wrong with accounts.

use store::StoreError;

/// Why an account could not be made, changed or asked.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// What was given cannot be used; the message says what is expected.
    #[error("{0}")]
    Input(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no chance.
    #[error("the system gives no random bytes: {0}")]
    Chance(String),
    /// A password could not be hashed.
    #[error("a password could not be hashed: {0}")]
    Hash(String),
    /// Hashing broke off; a bug.
    #[error("hashing broke off")]
    Broken(#[from] tokio::task::JoinError),
}

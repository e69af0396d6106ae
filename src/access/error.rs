//! What goes wrong with accounts.

use store::StoreError;
use vocabulary::{Refused, Said};

/// Why an account could not be made, changed or asked.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// What was given cannot be used; the message says what is expected.
    #[error("{0}")]
    Input(Refused),
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

impl Said for AccessError {
    fn zh(&self) -> String {
        match self {
            Self::Input(why) => why.zh(),
            Self::Store(error) => error.zh(),
            Self::Chance(why) => format!("系统没有给出随机数：“{why}”"),
            Self::Hash(why) => format!("密码无法加密保存：“{why}”"),
            Self::Broken(_) => "密码加密中断了".to_owned(),
        }
    }
}

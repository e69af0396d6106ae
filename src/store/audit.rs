//! The audit log: append-only, each line chained to the one before it by its digest.
//!
//! The digest of a line is BLAKE3 over `previous digest ‖ 0x0A ‖ number ‖ 0x0A ‖ body`. Whoever changes, drops or inserts a line breaks
//! every later link; whoever writes all of them anew is found by a digest noted elsewhere (`wanglou audit verify --head DIGEST`).

use vocabulary::{AuditEntry, Refused};

/// A line with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AuditLine {
    /// Its number, from 1.
    pub seq: u64,
    /// What it says.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// Digest of the line before; empty for the first.
    pub previous: String,
    /// Its own digest.
    pub digest: String,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditBreak {
    /// The first line that does not fit.
    pub seq: u64,
    /// What is wrong with it.
    pub why: Refused,
}

/// The digest of line `seq`.
pub(crate) fn digest_of(previous: &str, seq: u64, body: &str) -> String {
    blake3::hash(format!("{previous}\n{seq}\n{body}").as_bytes()).to_hex().to_string()
}

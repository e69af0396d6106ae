//! What the log of documents holds: the values that engines take and give.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::StoreError;
use vocabulary::{Document, DocumentId, Position, SourceId, day_of};

/// One document in the log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// The document.
    pub document: Document,
}

/// The newest revision of one document id: what decides whether a document that is handed in is new, changed or known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its number, from 1.
    pub revision: u64,
    /// BLAKE3 of title and text.
    pub text_hash: [u8; 32],
    /// Who brought it.
    pub source: SourceId,
}

/// A document on its way into the log.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Where it will stand.
    pub position: Position,
    /// Its id in the log.
    pub id: DocumentId,
    /// Its revision, from 1.
    pub revision: u64,
    /// BLAKE3 of title and text.
    pub text_hash: [u8; 32],
    /// Who brings it.
    pub source: SourceId,
    /// The day that it is about, in Asia/Shanghai.
    pub event_day: Option<Date>,
    /// The day from which a replay may know of it, in Asia/Shanghai.
    pub known_day: Option<Date>,
    /// When it enters the log.
    pub logged_at: Timestamp,
    /// The document as JSON.
    pub body: String,
}

impl NewEntry {
    /// The row of a document at a position.
    pub fn new(
        position: Position,
        revision: u64,
        text_hash: [u8; 32],
        document: &Document,
        logged_at: Timestamp,
    ) -> Result<Self, StoreError> {
        let body =
            serde_json::to_string(document).map_err(|error| StoreError::unwritable("documents", "body", error))?;
        Ok(Self {
            position,
            id: document.id.clone(),
            revision,
            text_hash,
            source: document.source.clone(),
            event_day: document.event_at().map(day_of),
            known_day: document.known_at().map(day_of),
            logged_at,
            body,
        })
    }
}

//! Why the index could not do what was asked.

use std::path::PathBuf;

use tantivy::TantivyError;
use tantivy::directory::error::LockError;

use super::query::QueryError;
use vocabulary::{DocumentId, LexiconVersion, Position};

/// Why the index could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder cannot be made or read.
    #[error("cannot use the index folder {path}; check that it can be made, read and written")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody else writes it.
    #[error("another run is writing the index at {path}; stop it, or use another --data folder")]
    Locked {
        /// The folder, or `memory`.
        path: PathBuf,
    },
    /// It cannot be searched as it is, and whoever only searches may not empty it.
    #[error(
        "the index at {path} cannot be searched: {why}; `wanglou import` or `wanglou run` on this folder makes it anew"
    )]
    Unfit {
        /// The folder.
        path: PathBuf,
        /// What did not fit.
        why: String,
    },
    /// tantivy refused.
    #[error("the index could not {what}")]
    Engine {
        /// What was tried.
        what: &'static str,
        /// What tantivy said.
        source: TantivyError,
    },
    /// A stored hit cannot be read back or written.
    #[error("the index holds a document that cannot be read back; delete the index folder, it is rebuilt from the log")]
    Stored(#[from] serde_json::Error),
    /// The reading was made by another lexicon than the index.
    #[error(
        "document {id} was read with lexicon {found}, but the index is made for {expected}; open the index again with the lexicon in use"
    )]
    Lexicon {
        /// The document.
        id: DocumentId,
        /// The reading's lexicon.
        found: LexiconVersion,
        /// The index's.
        expected: LexiconVersion,
    },
    /// A reading of another document was handed in.
    #[error("document {document} came with the reading of {reading}; pair each document with its own reading")]
    Mismatch {
        /// The document.
        document: DocumentId,
        /// Whose reading it was.
        reading: DocumentId,
    },
    /// An id too long to be a term.
    #[error("a document id of {bytes} bytes is too long for the index: at most {max}; it begins `{start}`")]
    IdTooLong {
        /// Its length.
        bytes: usize,
        /// The bound.
        max: usize,
        /// Its first characters.
        start: String,
    },
    /// The cursor would go back, or stand before documents already put (LOG-2).
    #[error(
        "the index cannot commit position {asked}: it already holds up to {reached}; commit the position of the last document put"
    )]
    CursorBack {
        /// The position asked for.
        asked: Position,
        /// The furthest position put or committed.
        reached: Position,
    },
    /// The query cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// More hits asked for than one page holds.
    #[error("a page of {asked} hits is too long: ask for at most {max} and follow `next`")]
    Limit {
        /// What was asked.
        asked: usize,
        /// The bound.
        max: usize,
    },
    /// Not a cursor of this query.
    #[error("`{found}` is no cursor of this query and order; use the `next` of its last page, or leave `after` out")]
    Cursor {
        /// What was given.
        found: String,
    },
}

impl IndexError {
    /// For `map_err` on what tantivy is asked to do.
    pub(super) fn engine(what: &'static str) -> impl Fn(TantivyError) -> Self {
        move |source| Self::Engine { what, source }
    }

    /// Whether the caller's request is at fault, not the index.
    #[must_use]
    pub fn is_request(&self) -> bool {
        match self {
            Self::Query(_) | Self::Limit { .. } | Self::Cursor { .. } => true,
            Self::Folder { .. }
            | Self::Locked { .. }
            | Self::Unfit { .. }
            | Self::Engine { .. }
            | Self::Stored(_)
            | Self::Lexicon { .. }
            | Self::Mismatch { .. }
            | Self::IdTooLong { .. }
            | Self::CursorBack { .. } => false,
        }
    }
}

/// Whether tantivy failed because another holds the lock.
pub(super) fn is_lock(error: &TantivyError) -> bool {
    matches!(error, TantivyError::LockFailure(LockError::LockBusy, _))
}

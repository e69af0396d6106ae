//! Where documents go. The collector knows no log, only this.

use async_trait::async_trait;

use vocabulary::Document;

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// New.
    Kept,
    /// Known, with another text now: a new revision.
    Revised,
    /// Known, with this text: nothing was written.
    Unchanged,
    /// The same document came from elsewhere.
    Duplicate,
    /// It could not be kept; the sink has counted why.
    Refused,
}

/// Why a sink did not take documents.
#[derive(Debug, thiserror::Error)]
#[error("the documents could not be kept")]
pub struct SinkError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Takes documents. When `put` returns, they are durable (LOG-1); outcomes are in the order of the documents.
#[async_trait]
pub trait Sink: Send + Sync {
    /// Keeps the documents, all or none.
    async fn put(&self, documents: Vec<Document>) -> Result<Vec<Outcome>, SinkError>;
}

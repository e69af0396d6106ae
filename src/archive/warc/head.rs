//! The head of a record, as both formats give it.

/// What comes before a block.
#[derive(Debug)]
pub(super) struct Head {
    /// Header names (as written, or their WARC names for ARC) and values.
    pub(super) headers: Vec<(String, String)>,
    /// Bytes of the block.
    pub(super) length: u64,
}

//! How large a request may be. The outermost layer, the form check of the gate and the table of routes keep the same bounds.

/// Largest body of a request that is a form, a single record or nothing, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;
/// Largest body of a request that brings many records at once, in bytes.
pub(super) const PUSH_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest address, path and query together, in bytes. A Chinese character takes nine bytes once encoded.
pub(super) const ADDRESS_BYTES_MAX: usize = 8 * 1024;
/// Longest id in an address, in characters.
pub(super) const ID_CHARS_MAX: usize = 500;
/// Longest search query, in characters.
pub(super) const QUERY_CHARS_MAX: usize = 500;
/// Longest place mark of a next page of search results, in bytes.
pub(super) const AFTER_BYTES_MAX: usize = 1_000;
/// Most hits in one answer for programs.
pub(super) const HITS_MAX: usize = 100;
/// Hits in one answer for programs that name no number.
pub(super) const HITS_DEFAULT: usize = 20;

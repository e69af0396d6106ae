//! Which page is the same page, which document the same document.

use url::Url;

use vocabulary::{DocumentId, SourceId};

/// Parameters that never name a page, dropped for every source.
const TRACKING: &[&str] = &["utm_*", "spm", "scm", "share_*", "from_source", "gclid", "fbclid", "timestamp", "_"];
/// Bytes of the hash in a document id.
const ID_BYTES: usize = 10;
/// Characters of the hash in the id of a row.
const ROW_HASH_CHARS: usize = 20;

/// The address without fragment, tracking parameters and the recipe's own; the rest sorted, so that the order in which
/// a site writes its parameters makes no second page.
#[must_use]
pub(crate) fn canonical(url: &Url, drop_query: &[String]) -> Url {
    let mut canonical = url.clone();
    canonical.set_fragment(None);
    let dropped = |name: &str| {
        TRACKING
            .iter()
            .copied()
            .chain(drop_query.iter().map(String::as_str))
            .any(|pattern| pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix)))
    };
    let mut kept: Vec<(String, String)> =
        url.query_pairs().filter(|(name, _)| !dropped(name)).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    kept.sort();
    if kept.is_empty() {
        canonical.set_query(None);
    } else if url.query().is_some() {
        canonical.query_pairs_mut().clear().extend_pairs(kept);
    }
    canonical
}

/// Same source and same external id or canonical URL = same document: `{source}:{hash}`.
#[must_use]
pub fn document_id(source: &SourceId, identity: &str) -> DocumentId {
    let mut hasher = blake3::Hasher::new();
    hasher.update(source.as_str().as_bytes());
    hasher.update(b"\n");
    hasher.update(identity.trim().as_bytes());
    let hash = hasher.finalize();
    DocumentId::new(format!("{source}:{}", data_encoding::HEXLOWER.encode(&hash.as_bytes()[..ID_BYTES])))
}

/// An id for a row that has none of its own: a hash of its text, so that the same row is the same document at whatever place in its
/// table.
#[must_use]
pub(crate) fn row_id(row: &str) -> String {
    format!("row:{}", &blake3::hash(row.as_bytes()).to_hex().as_str()[..ROW_HASH_CHARS])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: &str) {
        assert_eq!(canonical(&Url::parse(url).unwrap(), &["sid".to_owned()]).as_str(), expected);
    }

    #[test]
    fn tracking_and_order_make_no_second_page() {
        check("HTTP://Example.org:80/a/../b?z=1&a=2&utm_source=x&sid=9#top", "http://example.org/b?a=2&z=1");
        check("http://example.org/b?spm=1", "http://example.org/b");
        check("http://example.org/b?id=充电", "http://example.org/b?id=%E5%85%85%E7%94%B5");
    }

    #[test]
    fn an_id_depends_on_source_and_identity_only() {
        let id = document_id(&SourceId::from("s"), "42");
        assert_eq!(id, document_id(&SourceId::from("s"), " 42 "));
        assert_ne!(id, document_id(&SourceId::from("t"), "42"));
        assert!(id.as_str().starts_with("s:"));
    }
}

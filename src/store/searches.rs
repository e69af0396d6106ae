//! Saved searches, and the documents that came for those that are watched.

use jiff::Timestamp;

use vocabulary::{DocumentId, Position};

/// A question that somebody wants to keep.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
pub struct SavedSearch {
    /// As its maker calls it.
    pub name: String,
    /// In the analysts' query language.
    pub query: String,
    /// When it was saved.
    pub made_at: Timestamp,
    /// Whether documents are matched against it as they arrive.
    pub watched: bool,
    /// Whether one document of each story is enough.
    pub only_new: bool,
    /// Least time between two digests, in minutes.
    pub throttle_minutes: u32,
    /// When the last digest was given.
    pub told_at: Option<Timestamp>,
    /// Documents that came since it was made.
    pub came: u64,
    /// Of these, kept and not yet in a digest.
    pub untold: u64,
}

/// What became of a search that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchKept {
    /// It is kept.
    Kept,
    /// Another one has its name.
    NameTaken,
    /// Its organisation has [`SEARCHES_OF_ONE_MAX`](crate::SEARCHES_OF_ONE_MAX).
    ShareFull,
    /// There are [`SEARCHES_MAX`](crate::SEARCHES_MAX).
    Full,
}

/// A document that came for a watch.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[derive(schemars::JsonSchema)]
pub struct CameFor {
    /// Rises with every document that comes.
    pub seq: i64,
    /// Its place in the log.
    pub position: Position,
    /// The document.
    pub document: DocumentId,
    /// The story it tells.
    pub story: u64,
    /// Headline, or how the text begins.
    pub title: String,
    /// When it was first seen, else published.
    pub seen_at: Option<Timestamp>,
}

/// What came for one watch since its last digest, as one message.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Digest {
    /// The watch.
    pub name: String,
    /// What it asks.
    pub query: String,
    /// How many documents came.
    pub total: u64,
    /// The newest of them, newest first, at most [`DIGEST_HITS_MAX`](crate::DIGEST_HITS_MAX).
    pub newest: Vec<CameFor>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DIGEST_HITS_MAX, SEARCH_HITS_MAX, SEARCHES_OF_ONE_MAX, Store};
    use vocabulary::{AuditEntry, AuditKind};

    async fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("a store");
        (dir, store)
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + 60 * minute).expect("a moment")
    }

    fn watch(name: &str, only_new: bool, throttle_minutes: u32) -> SavedSearch {
        let (name, query) = (name.to_owned(), "起火".to_owned());
        let (made_at, told_at) = (at(0), None);
        SavedSearch { name, query, made_at, watched: true, only_new, throttle_minutes, told_at, came: 0, untold: 0 }
    }

    async fn bring(store: &Store, search: &SavedSearch, position: u64, story: u64) -> bool {
        let document = DocumentId::new(format!("d{position}"));
        let (title, seen_at, position) = (format!("第 {position} 条"), None, Position(position));
        let mut tx = store.begin().await.expect("a transaction");
        let hit = CameFor { seq: 0, position, document, story, title, seen_at };
        let noted = Store::note_came(&mut tx, search, &hit).await.expect("noted");
        Store::trim_came(&mut tx, &search.name).await.expect("trimmed");
        tx.commit().await.expect("committed");
        noted
    }

    #[tokio::test]
    async fn a_search_is_kept_under_one_name_and_forgotten_whole() {
        let (_dir, store) = store().await;
        let search = watch("浙江起火", false, 0);
        assert_eq!(store.save_search(&search, None, None).await.expect("saved"), SearchKept::Kept);
        assert_eq!(store.save_search(&search, None, None).await.expect("asked"), SearchKept::NameTaken);
        assert!(bring(&store, &search, 1, 1).await && !bring(&store, &search, 1, 1).await, "each document once");
        assert_eq!(store.searches().await.expect("read"), [SavedSearch { came: 1, untold: 1, ..search }]);
        assert!(store.remove_search("浙江起火", None).await.expect("removed"));
        assert!(store.searches().await.expect("read").is_empty());
        assert!(store.came_for("浙江起火", 9).await.expect("read").is_empty());
        assert!(!store.remove_search("浙江起火", None).await.expect("asked"));
    }

    #[tokio::test]
    async fn a_search_and_its_line_are_kept_together_or_not_at_all() {
        let (_dir, store) = store().await;
        let search = watch("a", false, 0);
        let (who, about, detail) = ("wang".to_owned(), "a".to_owned(), String::new());
        let line = AuditEntry { at: at(0), who, what: AuditKind::Search, about, detail };
        for (saved, lines) in [(SearchKept::Kept, 1), (SearchKept::NameTaken, 1)] {
            assert_eq!(store.save_search(&search, None, Some(&line)).await.expect("asked"), saved);
            assert_eq!(store.audit(0, 9).await.expect("read").len(), lines);
        }
        for (removed, lines) in [(true, 2), (false, 2)] {
            assert_eq!(store.remove_search("a", Some(&line)).await.expect("asked"), removed);
            assert_eq!(store.audit(0, 9).await.expect("read").len(), lines);
        }
    }

    #[tokio::test]
    async fn an_organisation_saves_no_more_than_its_share() {
        let (_dir, store) = store().await;
        let save = async |name: &str, party: Option<&str>| {
            store.save_search(&watch(name, false, 0), party, None).await.expect("asked")
        };
        for number in 0..SEARCHES_OF_ONE_MAX {
            assert_eq!(save(&format!("甲{number}"), Some("甲")).await, SearchKept::Kept);
        }
        assert_eq!(save("one more", Some("甲")).await, SearchKept::ShareFull);
        assert_eq!(save("甲0", Some("甲")).await, SearchKept::NameTaken);
        assert_eq!(save("乙0", Some("乙")).await, SearchKept::Kept, "others have theirs");
        assert_eq!(save("own", None).await, SearchKept::Kept, "the owner of the machine too");
        assert!(store.remove_search("甲0", None).await.expect("removed"));
        assert_eq!(save("one more", Some("甲")).await, SearchKept::Kept);
    }

    #[tokio::test]
    async fn who_wants_only_new_is_told_of_a_story_once() {
        let (_dir, store) = store().await;
        for (only_new, expected) in [(true, false), (false, true)] {
            let search = watch(if only_new { "a" } else { "b" }, only_new, 0);
            store.save_search(&search, None, None).await.expect("saved");
            assert!(bring(&store, &search, 1, 1).await);
            assert_eq!(bring(&store, &search, 2, 1).await, expected);
            assert!(bring(&store, &search, 3, 3).await);
        }
    }

    #[tokio::test]
    async fn a_digest_is_one_message_and_waits_for_its_turn() {
        let (_dir, store) = store().await;
        let search = watch("a", false, 60);
        store.save_search(&search, None, None).await.expect("saved");
        assert!(store.take_digests(at(1)).await.expect("taken").is_empty(), "nothing came");
        for position in 1..=25 {
            bring(&store, &search, position, position).await;
        }
        let digests = store.take_digests(at(2)).await.expect("taken");
        assert_eq!((digests.len(), digests[0].total, digests[0].newest.len()), (1, 25, DIGEST_HITS_MAX));
        assert_eq!(digests[0].newest[0].title, "第 25 条");
        bring(&store, &search, 26, 26).await;
        assert!(store.take_digests(at(61)).await.expect("taken").is_empty(), "the hour is not over");
        assert_eq!(store.take_digests(at(62)).await.expect("taken")[0].total, 1);
    }

    #[tokio::test]
    async fn only_the_newest_are_kept_and_all_are_counted() {
        let (_dir, store) = store().await;
        let search = watch("a", false, 0);
        store.save_search(&search, None, None).await.expect("saved");
        let mut tx = store.begin().await.expect("a transaction");
        for position in 1..=SEARCH_HITS_MAX + 5 {
            let document = DocumentId::new(format!("d{position}"));
            let (title, seen_at, position) = (String::new(), Some(at(1)), Position(position));
            let hit = CameFor { seq: 0, position, document, story: position.0, title, seen_at };
            assert!(Store::note_came(&mut tx, &search, &hit).await.expect("noted"));
        }
        Store::trim_came(&mut tx, "a").await.expect("trimmed");
        tx.commit().await.expect("committed");
        let kept = &store.searches().await.expect("read")[0];
        assert_eq!((kept.came, kept.untold), (SEARCH_HITS_MAX + 5, SEARCH_HITS_MAX));
    }
}

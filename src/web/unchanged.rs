//! Feeds as they were last written, for as long as nothing has changed: readers ask every few seconds, and mostly nothing has.
//!
//! In: a feed's form, who asks (by their party: what it may see differs), the desk. Out: the body with its tag. The desk says by one number
//! whether anything was written since, whoever wrote it; one that cannot say has its feeds written anew each time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;

use super::desk::{DeskError, FeedForm};
use super::pages::Shared;
use crate::access::Viewer;
use crate::vocabulary::AlertState;

/// Feeds kept: forms times parties. Beyond it all are let go.
const KEPT_MAX: usize = 256;

/// A feed as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// Digest of the body, quoted.
    pub(super) tag: String,
    pub(super) body: Bytes,
}

impl Feed {
    pub(super) fn of(body: String) -> Self {
        Self { tag: format!("\"{}\"", &blake3::hash(body.as_bytes()).to_hex()[..32]), body: Bytes::from(body) }
    }
}

/// By form and party, each with the number that the desk gave.
type Kept = BTreeMap<(FeedForm, String), (i64, Feed)>;

/// The feeds that were written last.
#[derive(Debug, Clone, Default)]
pub(super) struct Feeds(Arc<Mutex<Kept>>);

impl Feeds {
    /// The open alerts in a form for programs, in their order, as the viewer may see them.
    pub(super) async fn open_alerts(&self, viewer: &Viewer, desk: &Shared, form: FeedForm) -> Result<Feed, DeskError> {
        // Asked first: what is written meanwhile is at worst written once more.
        let changes = desk.changes().await;
        let key = (form, viewer.party().map_or_else(String::new, |party| format!("{party:?}")));
        if let Some(changes) = changes
            && let Some((then, feed)) = self.kept().get(&key)
            && *then == changes
        {
            return Ok(feed.clone());
        }
        let mut alerts = desk.ranked().await?;
        alerts.retain(|alert| alert.state == AlertState::Open);
        let feed = Feed::of(desk.render(form, &alerts));
        if let Some(changes) = changes {
            let mut kept = self.kept();
            if kept.len() >= KEPT_MAX && !kept.contains_key(&key) {
                kept.clear();
            }
            kept.insert(key, (changes, feed.clone()));
        }
        Ok(feed)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::fake::power_banks;
    use super::super::seat::Seat;
    use super::*;
    use crate::access::Member;
    use crate::config::{Overrides, Settings};
    use crate::pipeline::Tower;
    use crate::store::Store;
    use crate::vocabulary::{Concerns, Party, Role};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_feed_is_written_again_when_something_was_written_and_for_each_party_as_it_sees() {
        let dir = tempfile::tempdir().expect("a folder");
        let flags = Overrides { data: Some(dir.path().join("data")), ..Overrides::default() };
        let settings = Settings::load(None, flags).expect("good");
        let tower = Arc::new(Tower::open(&settings).await.expect("opened"));
        let desk: Shared = Arc::clone(&tower) as Shared;
        let feeds = Feeds::default();
        let read = async || feeds.open_alerts(&Viewer::Owner, &desk, FeedForm::Json).await.expect("written");
        let empty = read().await;
        assert_eq!(read().await.tag, empty.tag);

        let alert = power_banks();
        let mut tx = tower.store().begin().await.expect("begin");
        Store::put_alert(&mut tx, &alert).await.expect("kept");
        tx.commit().await.expect("commit");
        let full = read().await;
        assert!(full.body.len() > empty.body.len() && full.tag != empty.tag);
        assert_eq!(read().await.body, full.body);

        let concerns = Concerns::default();
        let party = Party { name: "某厂".to_owned(), role: Role::Firm, concerns };
        let member = Member { party: party.clone(), name: "li".to_owned(), scopes: None, form_key: None };
        let seat: Shared = Arc::new(Seat::new(Arc::clone(&desk), party));
        let seen = feeds.open_alerts(&Viewer::Member(member), &seat, FeedForm::Json).await.expect("written");
        assert_eq!(seen.tag, empty.tag, "what does not concern it is not there, whoever asked before");
        assert_ne!(feeds.open_alerts(&Viewer::Owner, &desk, FeedForm::Atom).await.expect("written").tag, full.tag);
    }
}

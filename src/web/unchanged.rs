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

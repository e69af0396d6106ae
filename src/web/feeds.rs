//! A cache of feeds: readers ask every few seconds, and mostly nothing has changed.
//!
//! In: the kind of a feed, and the view of whoever asks (feeds differ by party). Out: the body with its tag. A feed is written again when
//! the store's change number is another one; a store without that number has its feeds written at each request.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;

use jiff::Timestamp;

use super::clock::now;
use super::view::{FeedForm, View, ViewError};
use alert::feed::FeedPlace;
use vocabulary::{AlertState, ShownAlert};

/// Alerts on one page of a feed.
pub(super) const FEED_PAGE: usize = 200;
/// Most feeds kept: kinds times pages times parties. When there are more, all are dropped.
const CACHED_MAX: usize = 256;

/// A feed as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// Digest of the body, quoted.
    pub(super) tag: String,
    /// The feed itself.
    pub(super) body: Bytes,
    /// Since when the body has been the same, where that is known: the end of the second in which it was first written.
    pub(super) since: Option<Timestamp>,
}

impl Feed {
    /// A feed with this body.
    pub(super) fn of(body: String) -> Self {
        Self {
            tag: format!("\"{}\"", &blake3::hash(body.as_bytes()).to_hex()[..32]),
            body: Bytes::from(body),
            since: None,
        }
    }
}

/// Which feed, in which form and which page of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FeedKind {
    /// JSON Feed, all of it or a page from 1 on.
    Json(Option<usize>),
    /// Atom, all of it or a page from 1 on.
    Atom(Option<usize>),
    /// One message of the Common Alerting Protocol.
    Cap,
}

impl FeedKind {
    /// The form, and which of `alerts` alerts it shows; none behind the last page.
    fn of(self, alerts: usize) -> Option<(FeedForm, Range<usize>)> {
        let pages = alerts.div_ceil(FEED_PAGE).max(1);
        let part = |page: usize| (page - 1) * FEED_PAGE..alerts.min(page * FEED_PAGE);
        match self {
            Self::Cap => Some((FeedForm::Cap, 0..alerts)),
            Self::Json(None) => Some((FeedForm::Json(FeedPlace::ONLY), 0..alerts)),
            Self::Atom(None) => Some((FeedForm::Atom(FeedPlace::ONLY), 0..alerts)),
            Self::Json(Some(page)) | Self::Atom(Some(page)) if page == 0 || page > pages => None,
            Self::Json(Some(page)) => Some((FeedForm::Json(FeedPlace { page, pages }), part(page))),
            Self::Atom(Some(page)) => Some((FeedForm::Atom(FeedPlace { page, pages }), part(page))),
        }
    }
}

/// By kind and party, each with the change number of the store when it was written.
type CachedFeeds = BTreeMap<(FeedKind, String), (i64, Feed)>;

/// Feeds as they were last written.
#[derive(Debug, Clone, Default)]
pub(super) struct FeedCache(Arc<Mutex<CachedFeeds>>);

impl FeedCache {
    /// The open alerts in a form for programs, in their order, as the viewer may see them; none behind the last page.
    pub(super) async fn open_alerts(&self, view: &View, asked: FeedKind) -> Result<Option<Feed>, ViewError> {
        // Asked before the alerts are read: a change in between at worst writes the feed once more.
        let changes = view.changes().await;
        let key = (asked, view.party().map_or_else(String::new, |party| format!("{party:?}")));
        if let Some(changes) = changes
            && let Some((then, feed)) = self.cached().get(&key)
            && *then == changes
        {
            return Ok(Some(feed.clone()));
        }
        let mut alerts = view.ranked().await?;
        alerts.retain(|alert| alert.state == AlertState::Open);
        let Some((form, part)) = asked.of(alerts.len()) else { return Ok(None) };
        let shown: &[ShownAlert] = &alerts[part];
        let mut feed = Feed::of(view.render(form, shown));
        if let Some(changes) = changes {
            let mut cached = self.cached();
            let before = cached.get(&key).filter(|(_, before)| before.tag == feed.tag);
            feed.since = before
                .and_then(|(_, before)| before.since)
                .or_else(|| Timestamp::from_second(now().as_second() + 1).ok());
            if cached.len() >= CACHED_MAX && !cached.contains_key(&key) {
                cached.clear();
            }
            cached.insert(key, (changes, feed.clone()));
        }
        Ok(Some(feed))
    }

    fn cached(&self) -> MutexGuard<'_, CachedFeeds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_all_alerts_once_and_there_is_always_a_first() {
        for alerts in [0, 1, FEED_PAGE - 1, FEED_PAGE, FEED_PAGE + 1, 7 * FEED_PAGE] {
            let parts: Vec<Range<usize>> =
                (1..).map_while(|page| FeedKind::Atom(Some(page)).of(alerts)).map(|(_, part)| part).collect();
            let shown: Vec<usize> = parts.iter().cloned().flatten().collect();
            assert_eq!(shown, (0..alerts).collect::<Vec<_>>());
            assert!(!parts.is_empty() && FeedKind::Json(Some(0)).of(alerts).is_none());
            assert_eq!(FeedKind::Json(None).of(alerts), Some((FeedForm::Json(FeedPlace::ONLY), 0..alerts)));
        }
    }
}

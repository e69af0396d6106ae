//! Which pages a source has shown us, which of them are done, and when the source is due again.
//!
//! In: addresses and what became of them. Out: what is still to fetch. Not here: how a page is fetched or read. Marks of
//! one list page are written in one transaction, and `done` only after the log has acknowledged the documents, so that
//! kill -9 loses nothing (LOG-1).

use jiff::Timestamp;

use crate::Store;
use vocabulary::{Intake, Meta};

/// How far we have come with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageState {
    /// Seen on a list, not fetched yet.
    Waiting,
    /// Its documents are in the log.
    Done,
    /// Could not be fetched or read; tried again up to a bound.
    Failed,
    /// The server says that it is no more.
    Gone,
}

impl PageState {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Waiting, Self::Done, Self::Failed, Self::Gone].into_iter().find(|state| state.code() == code)
    }
}

/// A page of the frontier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontierPage {
    /// Canonical address.
    pub url: String,
    /// How far we have come.
    pub state: PageState,
    /// What the list said about it, masked.
    pub hints: Meta,
    /// When it was last fetched with success.
    pub fetched_at: Option<Timestamp>,
    /// Failed attempts since.
    pub tries: u32,
    /// How many documents it gave.
    pub documents: u32,
    /// Validator of the last answer.
    pub etag: Option<String>,
    /// Validator of the last answer.
    pub last_modified: Option<String>,
    /// Hash of the payload and of the recipe that read it.
    pub content_hash: Option<String>,
    /// How often in a row it was asked for again and was the same.
    pub same_times: u32,
}

impl FrontierPage {
    /// A page that was just found.
    #[must_use]
    pub fn found(url: impl Into<String>, hints: Meta) -> Self {
        Self {
            url: url.into(),
            state: PageState::Waiting,
            hints,
            fetched_at: None,
            tries: 0,
            documents: 0,
            etag: None,
            last_modified: None,
            content_hash: None,
            same_times: 0,
        }
    }
}

/// The numbers of a finished round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoundMark {
    /// What became of everything that was met (COUNT-1).
    pub intake: Intake,
    /// Problems noted.
    pub problems: u64,
    /// Why the round ended early, if it did.
    pub stopped: Option<String>,
}

/// When a source is due and how its last round went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Due at.
    pub due_at: Timestamp,
    /// Last round.
    pub last_at: Timestamp,
    /// Rounds so far.
    pub rounds: u64,
    /// Numbers of the last round.
    pub last: RoundMark,
}

/// The frontier and schedule in a [`Store`]; clones share its connections.
#[derive(Debug, Clone)]
pub struct Frontier {
    pub(crate) store: Store,
}

impl Frontier {
    /// The frontier of a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::SourceId;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn a_page_waits_until_it_is_marked_done_and_survives_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.sqlite");
        let source = SourceId::from("s");
        run(async {
            let store = Store::open(&path).await.unwrap();
            let frontier = Frontier::new(store.clone());
            let found = [("http://a/1".to_owned(), Meta::new()), ("http://a/2".to_owned(), Meta::new())];
            let mut pages = frontier.discover(&source, &found, at(0)).await.unwrap();
            pages.truncate(1);
            pages[0].state = PageState::Done;
            pages[0].fetched_at = Some(at(1));
            pages[0].etag = Some("\"x\"".to_owned());
            frontier.mark(&source, &pages, at(1)).await.unwrap();
            store.close().await;

            let frontier = Frontier::new(Store::open(&path).await.unwrap());
            let waiting = frontier.unfinished(&source, 3, 10).await.unwrap();
            assert_eq!(waiting.iter().map(|page| page.url.as_str()).collect::<Vec<_>>(), ["http://a/2"]);
            let again = frontier.discover(&source, &found, at(9)).await.unwrap();
            assert_eq!(again[0], pages[0]);
        });
    }

    #[test]
    fn a_source_is_due_at_once_and_then_when_its_round_said() {
        let dir = tempfile::tempdir().unwrap();
        let source = SourceId::from("s");
        run(async {
            let frontier = Frontier::new(Store::open(&dir.path().join("s.sqlite")).await.unwrap());
            assert_eq!(frontier.next_due(&source).await.unwrap(), None);
            let mark = RoundMark {
                intake: Intake { collected: 3, kept: 2, rejected: 1, ..Intake::default() },
                ..RoundMark::default()
            };
            frontier.mark_round(&source, at(0), at(60), &mark).await.unwrap();
            frontier.mark_round(&source, at(60), at(120), &mark).await.unwrap();
            let schedule = frontier.schedule(&source).await.unwrap().unwrap();
            assert_eq!((schedule.due_at, schedule.rounds, schedule.last), (at(120), 2, mark));
        });
    }
}

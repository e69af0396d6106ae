//! What an operator decided about a source, and how it has fared.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// Weight of a round in the usual share of a field: after ten rounds without it a field is as good as gone.
pub(crate) const ROUND_WEIGHT: f64 = 0.1;
/// Days whose counts of requests are kept.
pub(crate) const DAYS_KEPT: i64 = 30;

/// How a source has fared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceState {
    /// Since when nobody asks it.
    pub paused_at: Option<Timestamp>,
    /// Last round that read a page.
    pub last_success_at: Option<Timestamp>,
    /// Last round that kept a document.
    pub last_news_at: Option<Timestamp>,
    /// Rounds since then that read nothing.
    pub failed_rounds: u64,
    /// Rounds in a row whose lists were in their right form and had no entries.
    pub empty_rounds: u64,
    /// The last round that read a page after rounds that read nothing.
    pub back_at: Option<Timestamp>,
    /// How many rounds read nothing before [`SourceState::back_at`].
    pub away_rounds: u64,
    /// Time between the last two rounds.
    pub gap: Option<Duration>,
    /// Share of documents in which each field was filled: usually, in the last round, over how many rounds.
    pub fields: BTreeMap<String, FieldShare>,
}

/// How often a field is filled.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct FieldShare {
    /// Usually, before the last round; 0 to 1.
    pub usual: f64,
    /// In the last round that kept documents.
    pub last: f64,
    /// Rounds that were counted.
    pub rounds: u64,
}

/// What a round says about its source.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fared {
    /// A page was read.
    pub success: bool,
    /// A document was kept.
    pub news: bool,
    /// Lists were read, all in their right form and without entries.
    pub empty: bool,
    /// Time since the round before.
    pub gap: Option<Duration>,
    /// Share of this round's documents in which each field was filled.
    pub fields: BTreeMap<String, f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;

    use crate::Store;
    use crate::frontier::Frontier;
    use vocabulary::SourceId;

    async fn frontier() -> (tempfile::TempDir, Frontier) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("s.sqlite")).await.unwrap();
        (dir, Frontier::new(store))
    }

    #[tokio::test]
    async fn a_day_gives_no_more_than_its_budget_and_the_next_day_begins_anew() {
        let (_dir, frontier) = frontier().await;
        let day: Date = "2024-07-05".parse().unwrap();
        assert_eq!(frontier.take_of_day("a.example", day, 60, 100).await.unwrap(), 60);
        assert_eq!(frontier.take_of_day("a.example", day, 60, 100).await.unwrap(), 40);
        assert_eq!(frontier.take_of_day("a.example", day, 1, 100).await.unwrap(), 0);
        assert_eq!(frontier.take_of_day("a.example", day, 1, 50).await.unwrap(), 0, "a smaller budget counts at once");
        assert_eq!(frontier.take_of_day("b.example", day, 1, 100).await.unwrap(), 1);
        assert_eq!(frontier.take_of_day("a.example", day.tomorrow().unwrap(), 60, 100).await.unwrap(), 60);
    }

    #[tokio::test]
    async fn a_field_that_is_filled_no_longer_stands_against_what_was_usual() {
        let (_dir, frontier) = frontier().await;
        let (source, now) = (SourceId::from("s"), Timestamp::UNIX_EPOCH);
        let fared = |share| Fared {
            success: true,
            news: true,
            fields: [("brand".to_owned(), share)].into(),
            ..Fared::default()
        };
        for _ in 0..5 {
            frontier.fared(&source, now, &fared(1.0)).await.unwrap();
        }
        frontier.fared(&source, now, &fared(0.0)).await.unwrap();
        let share = frontier.state(&source).await.unwrap().fields["brand"];
        assert!((share.usual - 1.0).abs() < 1e-9 && share.last == 0.0 && share.rounds == 6, "{share:?}");
        frontier.pause(&source, now).await.unwrap();
        assert_eq!(frontier.state(&source).await.unwrap().paused_at, Some(now));
        frontier.resume(&source).await.unwrap();
        frontier.fared(&source, now, &Fared::default()).await.unwrap();
        let state = frontier.state(&source).await.unwrap();
        assert_eq!((state.paused_at, state.failed_rounds, state.last_success_at), (None, 1, Some(now)));
    }

    #[tokio::test]
    async fn a_source_that_is_back_says_since_when_and_after_how_many_rounds() {
        let (_dir, frontier) = frontier().await;
        let source = SourceId::from("s");
        let at = |second| Timestamp::from_second(second).unwrap();
        let (good, empty) =
            (Fared { success: true, ..Fared::default() }, Fared { success: true, empty: true, ..Fared::default() });
        let bad = Fared::default();
        for (second, fared, expected) in [
            (1, &good, (0, None, 0, 0)),
            (2, &bad, (1, None, 0, 0)),
            (3, &bad, (2, None, 0, 0)),
            (4, &good, (0, Some(at(4)), 2, 0)),
            (5, &empty, (0, Some(at(4)), 2, 1)),
            (6, &bad, (1, Some(at(4)), 2, 1)),
            (7, &empty, (0, Some(at(7)), 1, 2)),
            (8, &good, (0, Some(at(7)), 1, 0)),
        ] {
            frontier.fared(&source, at(second), fared).await.unwrap();
            let state = frontier.state(&source).await.unwrap();
            let found = (state.failed_rounds, state.back_at, state.away_rounds, state.empty_rounds);
            assert_eq!(found, expected, "after round {second}");
        }
    }
}

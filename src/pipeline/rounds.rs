//! Which rounds are under way: a few at a time, in whatever order they end.
//!
//! In: sources that are due. Out: what came of each, as soon as its round has ended. Not here: what a round does, when a source is due.
//!
//! A round that lasts leaves its place to another one. So a few sites that answer slowly, each within all bounds, keep no other source
//! from its hour.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use super::bounds::LASTING_ROUNDS_MAX;
use collect::Recipe;
use vocabulary::SourceId;

/// A round that has lasted so long has no place of its own any more.
const LASTS_FROM: Duration = Duration::from_mins(1);

type UnderWay<'a, T> = Pin<Box<dyn Future<Output = (SourceId, T)> + Send + 'a>>;

/// The rounds of some sources; `T` is what comes of one.
pub(super) struct Rounds<'a, T> {
    /// Rounds that have a place.
    at_once: usize,
    waiting: VecDeque<Recipe>,
    under_way: FuturesUnordered<UnderWay<'a, T>>,
    /// When each round under way began.
    began: BTreeMap<SourceId, Instant>,
}

impl<'a, T> Rounds<'a, T> {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            at_once: at_once.max(1),
            waiting: VecDeque::new(),
            under_way: FuturesUnordered::new(),
            began: BTreeMap::new(),
        }
    }

    /// Whether a source waits for its round or is in the middle of one.
    pub(super) fn holds(&self, source: &SourceId) -> bool {
        self.began.contains_key(source) || self.waiting.iter().any(|recipe| recipe.id == *source)
    }

    /// A source that is due.
    pub(super) fn add(&mut self, recipe: Recipe) {
        self.waiting.push_back(recipe);
    }

    /// Begins as many rounds as there are places, at the moment `now`.
    pub(super) fn begin<F>(&mut self, now: Instant, round: impl Fn(Recipe) -> F)
    where
        F: Future<Output = T> + Send + 'a,
    {
        while self.has_place(now) {
            let Some(recipe) = self.waiting.pop_front() else { return };
            let source = recipe.id.clone();
            self.began.insert(source.clone(), now);
            let round = round(recipe);
            self.under_way.push(Box::pin(async move { (source, round.await) }));
        }
    }

    /// What came of the next round that ends; none when none is under way.
    pub(super) async fn next(&mut self) -> Option<T> {
        let (source, came) = self.under_way.next().await?;
        self.began.remove(&source);
        Some(came)
    }

    fn has_place(&self, now: Instant) -> bool {
        let lasts = |began: &&Instant| now.saturating_duration_since(**began) >= LASTS_FROM;
        let lasting = self.began.values().filter(lasts).count();
        self.began.len() - lasting < self.at_once && self.began.len() < self.at_once + LASTING_ROUNDS_MAX
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::{Either, pending, ready};

    use super::*;

    fn recipe(id: &str) -> Recipe {
        let text = format!(
            "id = \"{id}\"\nname = \"x\"\nchannel = \"media\"\nkind = \"feed\"\nstart = [\"http://a.example/f\"]\n\
             [schedule]\nevery = \"1h\"\n"
        );
        Recipe::parse(&text, "x.toml").expect("a recipe")
    }

    /// Sites whose name begins with `slow` never end; the others end at once, with their name.
    #[expect(clippy::needless_pass_by_value, reason = "as rounds are begun")]
    fn answers(recipe: Recipe) -> impl Future<Output = String> + Send {
        let id = recipe.id.to_string();
        if id.starts_with("slow") { Either::Left(pending()) } else { Either::Right(ready(id)) }
    }

    fn ended(rounds: &mut Rounds<'_, String>) -> Vec<String> {
        std::iter::from_fn(|| rounds.next().now_or_never().flatten()).collect()
    }

    #[test]
    fn a_site_that_answers_slowly_keeps_no_other_source_from_its_hour() {
        let mut rounds = Rounds::new(2);
        let start = Instant::now();
        rounds.add(recipe("slow"));
        rounds.add(recipe("quick"));
        rounds.begin(start, answers);
        assert_eq!(ended(&mut rounds), ["quick"], "it does not wait for the one before it");
        assert!(rounds.holds(&"slow".into()) && !rounds.holds(&"quick".into()), "it can be due again");
        // As many slow ones as there are places.
        for id in ["slow.2", "quick", "quick.2"] {
            rounds.add(recipe(id));
        }
        rounds.begin(start, answers);
        assert_eq!(ended(&mut rounds), [""; 0], "for a moment there is no place");
        assert!(rounds.holds(&"quick".into()), "it waits");
        rounds.begin(start + LASTS_FROM, answers);
        assert_eq!(ended(&mut rounds), ["quick", "quick.2"]);
    }

    #[test]
    fn lasting_rounds_are_bounded_too() {
        let mut rounds = Rounds::new(2);
        let start = Instant::now();
        for minute in 0..100 {
            for id in [format!("slow.{minute}.a"), format!("slow.{minute}.b")] {
                rounds.add(recipe(&id));
            }
            rounds.begin(start + LASTS_FROM * minute, answers);
        }
        assert_eq!(rounds.began.len(), 2 + LASTING_ROUNDS_MAX);
    }
}

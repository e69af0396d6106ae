//! The collector: begins and ends rounds over sources. `run` does the work of a round, [`Round`] counts it.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;

use super::address::{Names, SystemNames};
use super::bounds::HOST_PAUSE_MAX;
use super::fetch::{Gate, Session};
use super::health::Health;
use super::host::host_key;
use super::round::Round;
use super::run::Run;
use super::schedule::later;
use super::{CollectError, CollectorSettings, Recipe, Sink};
use archive::WarcWriter;
use store::Fared;
use store::frontier::{Frontier, RoundMark};

/// Collects sources. One for the whole program: it remembers each host's pace across sources and rounds.
pub struct Collector {
    gate: Gate,
    frontier: Frontier,
}

impl Collector {
    /// A collector that archives to `warc` and keeps its frontier in `frontier`.
    ///
    /// # Errors
    /// [`CollectError::Client`] when the HTTP client cannot be set up.
    pub fn new(settings: CollectorSettings, frontier: Frontier, warc: WarcWriter) -> Result<Self, CollectError> {
        Self::with_names(settings, frontier, warc, &(Arc::new(SystemNames) as Arc<dyn Names>))
    }

    /// A collector that asks `names` for addresses; whatever they answer, SAFE-1 holds.
    ///
    /// # Errors
    /// [`CollectError::Client`] when the HTTP client cannot be set up.
    pub fn with_names(
        settings: CollectorSettings,
        frontier: Frontier,
        warc: WarcWriter,
        names: &Arc<dyn Names>,
    ) -> Result<Self, CollectError> {
        Ok(Self { gate: Gate::new(settings, warc, frontier.clone(), names)?, frontier })
    }

    /// Whether the recipe's source is to be asked: it is due, nobody paused it, and it is not in its quiet hours.
    ///
    /// # Errors
    /// [`CollectError::Store`].
    pub async fn is_due(&self, recipe: &Recipe, now: Timestamp) -> Result<bool, CollectError> {
        if recipe.schedule.quiet_until(now).is_some() || self.frontier.state(&recipe.id).await?.paused_at.is_some() {
            return Ok(false);
        }
        let Some(schedule) = self.frontier.schedule(&recipe.id).await? else { return Ok(true) };
        if schedule.last_at > now {
            // The clock was ahead at that time. What was planned from there may lie years away.
            return Ok(true);
        }
        // A due moment beyond what the recipe plans and a host may ask for was written before pauses had a bound.
        let latest = recipe.schedule.next_at_latest(schedule.last_at).max(later(schedule.last_at, HOST_PAUSE_MAX));
        Ok(schedule.due_at.min(latest) <= now)
    }

    #[cfg(test)]
    pub(crate) fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// How a source is doing.
    ///
    /// # Errors
    /// [`CollectError::Store`].
    pub async fn health(&self, recipe: &Recipe, now: Timestamp) -> Result<Health, CollectError> {
        Ok(Health::look(&self.frontier, recipe, now).await?)
    }

    /// Takes note of the paces that all recipes ask for, so that the slowest for a host counts from the first request on, whichever
    /// source asks first.
    pub fn know(&self, recipes: &[Recipe]) {
        for recipe in recipes {
            for url in recipe.start_urls() {
                let host = host_key(&url);
                self.gate.pace(&host, recipe.rate_for(&url));
                self.gate.learn_budget(&host, recipe.per_day);
            }
        }
    }

    /// Collects one source once. `now` stamps what is seen. Pages that fail are in the answer, not in the error; after an
    /// error everything that was not acknowledged is fetched again by the next round.
    ///
    /// # Errors
    /// [`CollectError`] when archive, frontier or sink refuse.
    pub async fn round(&self, recipe: &Recipe, now: Timestamp, sink: &dyn Sink) -> Result<Round, CollectError> {
        let before = self.frontier.schedule(&recipe.id).await?;
        let may_stop_early = self.frontier.begin_round(&recipe.id).await? && recipe.bounds.stop_when_known;
        let session = Session::new(&self.gate, recipe, now);
        let mut run = Run::new(recipe, &session, &self.frontier, sink, now, may_stop_early);
        // A mistake in this program ends the round of one source, never the service.
        let outcome = AssertUnwindSafe(run.all()).catch_unwind().await;
        // The archive is made whole even if the round failed.
        let synced = self.gate.sync().await;
        let mut round = match outcome {
            Ok(worked) => {
                worked?;
                run.into_round()
            }
            Err(panic) => run.into_broken_round(&said_by(&*panic)),
        };
        synced?;
        (round.requests, round.bytes) = session.traffic();
        let gap = before.and_then(|before| Duration::try_from(now.duration_since(before.last_at)).ok());
        // Later when a host asked for it.
        round.due_at = round.due_at.max(recipe.schedule.next(now, gap, round.kept > 0));
        let share = |&(filled, of): &(u64, u64)| filled as f64 / of.max(1) as f64;
        let fields = round.fields.iter().map(|(name, count)| (name.clone(), share(count))).collect();
        let empty = round.empty_lists > 0 && round.collected == 0;
        let away = self.frontier.state(&recipe.id).await?.failed_rounds;
        let fared =
            Fared { success: round.pages_read > 0 || round.unchanged > 0, news: round.kept > 0, empty, gap, fields };
        self.frontier.fared(&recipe.id, now, &fared).await?;
        if fared.success && away > 0 {
            tracing::warn!(source.id = %recipe.id, rounds = away, "the source answers again");
        }
        debug_assert!(round.intake().reconciles(), "COUNT-1: {round:?}");
        let mark = RoundMark { intake: round.intake(), problems: round.problems_total, stopped: round.stopped.clone() };
        self.frontier.mark_round(&recipe.id, now, round.due_at, &mark).await?;
        tracing::debug!(source.id = %recipe.id, collected = round.collected, kept = round.kept, "round done");
        Ok(round)
    }
}

/// What a panic said.
fn said_by(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a word".to_owned())
}

//! The daily service: collects, reads, judges, replays what is planned, and tells whoever subscribed. Each is a task of its own, so that
//! none waits for another.
//!
//! In: an open [`Tower`], a [`ServiceSpec`], a [`Clock`]. Out: what the stages publish. Not here: how a stage works, pages, what people
//! see of it.
//!
//! A task is a struct with what it remembers between two passes, and one function that does all that is to be done at a moment.
//! [`Service::step`] does one pass of every task, in the order of a page's way; [`Service::run`] repeats the same passes for ever, each
//! task at its own pace and under supervision (`supervise.rs`): a pass that fails is tried again. A pass may be dropped anywhere: every stage publishes its output together with its cursor (LOG-2), and the next
//! pass goes on from there.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::{oneshot, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use super::clock::Clock;
use super::collecting::one_round;
use super::planned::{DIFFERENCE, next_after};
use super::promotion::BackgroundPromotion;
use super::reading::ReadReport;
use super::review::Judgement;
use super::rounds::Rounds;
use super::supervise::{Task, Troubles, supervise};
use super::{PipelineError, Tower};
use collect::{Recipe, Round};
use config::{RerunPlan, Settings};
use deliver::Courier;
use store::RerunRow;
use vocabulary::{CriteriaVersion, LexiconVersion, Position, SourceId, day_of};

/// Shortest pause between two looks at what is to be read or judged.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What a service looks after.
#[derive(Debug, Clone)]
pub struct ServiceSpec {
    /// Sources that are collected when they are due.
    pub recipes: Vec<Recipe>,
    /// Reruns that are made when they are due.
    pub reruns: Vec<RerunPlan>,
    /// Pause between two looks at sources and reruns.
    pub tick: Duration,
}

impl ServiceSpec {
    /// What the settings ask for: the enabled sources, the planned reruns.
    ///
    /// # Errors
    /// [`PipelineError::Recipe`] when a recipe cannot be used.
    pub fn of(settings: &Settings) -> Result<Self, PipelineError> {
        let recipes = settings.sources.as_deref().map_or_else(|| Ok(Vec::new()), Recipe::load_dir)?;
        Ok(Self {
            recipes: recipes.into_iter().filter(|recipe| recipe.enabled).collect(),
            reruns: settings.reruns.clone(),
            tick: Duration::from_secs(settings.tick_seconds),
        })
    }
}

/// The tasks over one tower.
pub struct Service {
    clock: Clock,
    collecting: Collecting,
    reading: Reading,
    judging: Judging,
    replaying: Replaying,
    telling: Option<Telling>,
}

/// What one pass of every task did.
#[derive(Debug)]
pub struct Step {
    /// What came of the sources.
    pub collected: Collected,
    /// What was read; none when there was nothing to read.
    pub read: Option<ReadReport>,
    /// Whether promoted rules came in force.
    pub rules_changed: bool,
    /// The judgement; none when there was no ground for another one.
    pub judged: Option<Judgement>,
    /// Planned reruns that ended, failed ones too.
    pub replayed: Vec<RerunRow>,
    /// Messages that were delivered, and those that were not.
    pub told: (u64, u64),
}

impl Service {
    /// A service over a tower; it takes every moment from `clock`.
    #[must_use]
    pub fn new(tower: &Arc<Tower>, spec: ServiceSpec, clock: Clock) -> Self {
        let ServiceSpec { recipes, reruns, tick } = spec;
        tower.collector().know(&recipes);
        let tower = || Arc::clone(tower);
        Self {
            clock,
            collecting: Collecting { tower: tower(), recipes, tick, troubles_told_on: None },
            reading: Reading {
                tower: tower(),
                promotions: BackgroundPromotion::default(),
                caught_up: watch::channel(false).0,
            },
            judging: Judging { tower: tower(), judged: None, caught_up: None },
            replaying: Replaying { tower: tower(), plans: reruns, tick, not_before: BTreeMap::new() },
            telling: None,
        }
    }

    /// Also queues and delivers messages. `clock` is real time whatever the service's own clock says: receivers live in it, and waits
    /// between two tries are measured by it.
    #[must_use]
    pub fn with_courier(mut self, courier: Courier, clock: fn() -> Timestamp) -> Self {
        self.telling = Some(Telling { courier, clock });
        self
    }

    /// One pass of every task at the moment `now`: sources that are due, what the log has, the day, reruns that are due, messages.
    ///
    /// # Errors
    /// When the tower cannot work on. A source, a rerun or a receiver that fails is no such error.
    pub async fn step(&mut self, now: Timestamp) -> Result<Step, PipelineError> {
        let clock = Clock::standing(now);

        // sources ──► collect ──► raw WARC ──► LOG of documents
        let collected = self.collecting.collect(&clock).await?;

        // LOG ──► extract ──► signals (Parquet), index, listings, watches; each with its cursor. Then promoted rules, if any
        let (read, rules_changed) = self.reading.read(&clock).await?;

        // signals ──► score(as_of) ──► episodes ──► alerts and sampling requests, in one transaction with their cursor
        let judged = self.judging.judge(&clock).await?;

        // LOG ──► the same stages over days gone by ──► what the past says now
        let replayed = self.replaying.replay(&clock).await?;

        // alert events ──► queue ──► receivers
        let told = match &self.telling {
            Some(telling) => telling.tell().await?,
            None => (0, 0),
        };
        Ok(Step { collected, read, rules_changed, judged, replayed, told })
    }

    /// Makes good what a failed [`Service::step`] may have left in memory, as [`Service::run`] does before it tries again.
    ///
    /// # Errors
    /// When the outputs cannot be opened again.
    pub async fn recover(&mut self) -> Result<(), PipelineError> {
        self.collecting.recover().await?;
        self.reading.recover().await?;
        self.judging.recover().await?;
        self.replaying.recover().await
    }

    /// Repeats the passes until `until` resolves, then drops what is under way and ends. A pass that fails or panics becomes a trouble of the
    /// tower ([`Tower::troubles`]) and is tried again.
    ///
    /// # Errors
    /// When going on would make data worse ([`PipelineError::ends_service`]).
    pub async fn run(self, until: impl Future<Output = ()>) -> Result<(), PipelineError> {
        let Self { clock, collecting, reading, mut judging, replaying, telling } = self;
        let troubles = collecting.tower.troubles().clone();
        judging.caught_up = Some(reading.caught_up.subscribe());
        let mut tasks = Tasks::default();
        tasks.spawn(collecting, &clock, &troubles);
        tasks.spawn(reading, &clock, &troubles);
        tasks.spawn(judging, &clock, &troubles);
        tasks.spawn(replaying, &clock, &troubles);
        if let Some(telling) = telling {
            tasks.spawn(telling, &clock, &troubles);
        }
        let ended = tokio::select! {
            () = until => Ok(()),
            error = tasks.first_error() => Err(error),
        };
        tasks.running.shutdown().await;
        ended
    }
}

/// The running tasks, by name, each under supervision. When one ends after all, all end.
#[derive(Default)]
struct Tasks {
    running: JoinSet<Result<Infallible, PipelineError>>,
    names: BTreeMap<Id, &'static str>,
}

impl Tasks {
    fn spawn<T: Task>(&mut self, task: T, clock: &Clock, troubles: &Troubles) {
        let id = self.running.spawn(supervise(task, clock.clone(), troubles.clone(), tokio::time::sleep)).id();
        self.names.insert(id, T::NAME);
    }

    /// Why the first task that ends has ended: with an error, or in a panic.
    async fn first_error(&mut self) -> PipelineError {
        let (id, error) = match self.running.join_next_with_id().await {
            None => std::future::pending().await,
            Some(Ok((id, Err(error)))) => (id, error),
            Some(Err(broken)) => (broken.id(), broken.into()),
            Some(Ok((_, Ok(never)))) => match never {},
        };
        tracing::info!(task = self.names.get(&id), "the service ends with this task");
        error
    }
}

/// Goes round the sources that are due.
struct Collecting {
    tower: Arc<Tower>,
    recipes: Vec<Recipe>,
    tick: Duration,
    /// The day on which troubles were last looked for.
    troubles_told_on: Option<Date>,
}

/// What came of the sources in one pass.
#[derive(Debug)]
pub struct Collected {
    /// One round per source that was due.
    pub rounds: Vec<Round>,
    /// Which sources somebody should look at, and why: looked for once a day, so that no source stops quietly.
    pub troubles: Vec<(SourceId, String)>,
}

/// Something that came of the sources, as soon as it is there.
enum Came {
    Round(Box<Round>),
    /// Why somebody should look at a source.
    Trouble(SourceId, String),
}

impl Collecting {
    /// Goes round the sources that are due until none is under way. A source that fails says so in its round and is tried again.
    async fn collect(&mut self, clock: &Clock) -> Result<Collected, PipelineError> {
        let mut collected = Collected { rounds: Vec::new(), troubles: Vec::new() };
        self.go_round(clock, std::future::pending, &mut |came| match came {
            Came::Round(round) => collected.rounds.push(*round),
            Came::Trouble(source, trouble) => collected.troubles.push((source, trouble)),
        })
        .await?;
        collected.rounds.sort_by_key(|round| self.recipes.iter().position(|recipe| recipe.id == round.source));
        Ok(collected)
    }

    /// The same, and whenever `look` resolves it looks for more sources that are due meanwhile. Tells what came as soon as it is there.
    async fn go_round<L: Future<Output = ()> + Send>(
        &mut self,
        clock: &Clock,
        look: impl Fn() -> L + Send,
        tell: &mut (dyn FnMut(Came) + Send),
    ) -> Result<(), PipelineError> {
        let tower = Arc::clone(&self.tower);
        // A few at a time; one host's pace is one, whoever asks it.
        let mut rounds = Rounds::new(tower.sources_at_once());
        self.find_due(&mut rounds, clock.now()).await?;
        let mut next_look = Box::pin(look());
        loop {
            rounds.begin(Instant::now(), |recipe| round(Arc::clone(&tower), recipe, clock.now()));
            tokio::select! {
                round = rounds.next() => match round {
                    Some(round) => tell(Came::Round(Box::new(round?))),
                    None => break,
                },
                () = next_look.as_mut() => {
                    self.find_due(&mut rounds, clock.now()).await?;
                    self.find_troubles(clock.now(), tell).await?;
                    next_look.set(look());
                }
            }
        }
        self.find_troubles(clock.now(), tell).await
    }

    async fn find_due<T>(&self, rounds: &mut Rounds<'_, T>, now: Timestamp) -> Result<(), PipelineError> {
        for recipe in &self.recipes {
            if !rounds.holds(&recipe.id) && self.tower.is_due(recipe, now).await? {
                rounds.add(recipe.clone());
            }
        }
        Ok(())
    }

    async fn find_troubles(
        &mut self,
        now: Timestamp,
        tell: &mut (dyn FnMut(Came) + Send),
    ) -> Result<(), PipelineError> {
        if self.troubles_told_on.replace(day_of(now)) != Some(day_of(now)) {
            for recipe in &self.recipes {
                let health = self.tower.collector().health(recipe, now).await?;
                health.troubles.iter().for_each(|trouble| tell(Came::Trouble(recipe.id.clone(), trouble.to_string())));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Task for Collecting {
    const NAME: &'static str = "collect";
    /// With a source that answers slowly there is always a round under way.
    const ENDLESS: bool = true;

    async fn pass(&mut self, clock: &Clock) -> Result<(), PipelineError> {
        let tick = self.tick;
        self.go_round(clock, || tokio::time::sleep(tick), &mut log_what_came).await
    }

    fn pause(&self, _: Duration) -> Duration {
        self.tick
    }
}

fn log_what_came(came: Came) {
    match came {
        Came::Round(round) => {
            for problem in &round.problems {
                tracing::warn!("{problem}");
            }
            if let Some(why) = &round.stopped {
                tracing::warn!(source.id = %round.source, "the round ended early, the rest waits: {why}");
            }
        }
        Came::Trouble(source, trouble) => {
            tracing::warn!(source.id = %source, "look at this source with `wanglou source check`: {trouble}");
        }
    }
}

async fn round(tower: Arc<Tower>, recipe: Recipe, now: Timestamp) -> Result<Round, PipelineError> {
    one_round(tower.log(), tower.collector(), &recipe, now).await
}

/// Reads what the log has, whoever brought it: a document is found soon after it was logged. Between two reads promoted rules come in force.
struct Reading {
    tower: Arc<Tower>,
    promotions: BackgroundPromotion,
    /// Whether everything was read that was there at the start.
    caught_up: watch::Sender<bool>,
}

impl Reading {
    async fn read(&mut self, clock: &Clock) -> Result<(Option<ReadReport>, bool), PipelineError> {
        let mut read = None;
        if self.tower.is_behind().await? || !*self.caught_up.borrow() {
            read = Some(self.tower.read_new().await?);
            self.caught_up.send_replace(true);
        }
        let rules_changed = self.promotions.step(&self.tower, clock.now()).await?;
        Ok((read, rules_changed))
    }
}

#[async_trait]
impl Task for Reading {
    const NAME: &'static str = "read";

    async fn pass(&mut self, clock: &Clock) -> Result<(), PipelineError> {
        if let (Some(read), _) = self.read(clock).await? {
            tracing::info!(documents = read.documents, signals = read.signals, "the log is read");
        }
        Ok(())
    }

    fn pause(&self, _: Duration) -> Duration {
        LOOK_EVERY
    }

    async fn recover(&mut self) -> Result<(), PipelineError> {
        self.tower.reopen_outputs().await
    }
}

/// Judges the day, when there is a ground for it.
struct Judging {
    tower: Arc<Tower>,
    /// The grounds of the last judgement.
    judged: Option<Grounds>,
    /// Set while judging waits for the reader: judging begins once everything was read that was there at the start.
    caught_up: Option<watch::Receiver<bool>>,
}

/// What a judgement depends on. Another one is made when any of it is other than at the last: something new was read, a verdict or results
/// of tests came, other rules are in force, or a day has begun (alerts grow quiet and close by the calendar).
#[derive(Debug, PartialEq, Eq)]
struct Grounds {
    outcomes: u64,
    day: Date,
    signals: Position,
    lexicon: LexiconVersion,
    criteria: CriteriaVersion,
}

impl Judging {
    async fn judge(&mut self, clock: &Clock) -> Result<Option<Judgement>, PipelineError> {
        let (tower, now) = (&self.tower, clock.now());
        let grounds = Grounds {
            outcomes: tower.store().outcome_count().await?,
            day: day_of(now),
            signals: tower.signals_cursor(),
            lexicon: tower.lexicon().version().clone(),
            criteria: tower.judge_by().version().clone(),
        };
        if self.judged.as_ref() == Some(&grounds) {
            return Ok(None);
        }
        let judged = tower.judge(now).await?;
        self.judged = Some(grounds);
        Ok(Some(judged))
    }
}

#[async_trait]
impl Task for Judging {
    const NAME: &'static str = "judge";

    async fn pass(&mut self, clock: &Clock) -> Result<(), PipelineError> {
        if let Some(caught_up) = &mut self.caught_up {
            // An error says that the reader has gone, and then all ends.
            _ = caught_up.wait_for(|caught_up| *caught_up).await;
            self.caught_up = None;
        }
        if let Some(judged) = self.judge(clock).await? {
            tracing::info!(alert_events = judged.events.len(), "the day is judged");
        }
        Ok(())
    }

    fn pause(&self, took: Duration) -> Duration {
        rest_after(took)
    }

    async fn recover(&mut self) -> Result<(), PipelineError> {
        // The next judgement begins without what the failed one may have left half done.
        *self.tower.judging_state() = None;
        self.judged = None;
        Ok(())
    }
}

/// Pause after a pass that took so long: half of it, so that judging takes at most two thirds of the time however large the store is.
fn rest_after(took: Duration) -> Duration {
    LOOK_EVERY.max(took / 2)
}

/// Makes the planned reruns that are due, one after the other.
struct Replaying {
    tower: Arc<Tower>,
    plans: Vec<RerunPlan>,
    tick: Duration,
    /// The next moments of plans that were due and could not begin.
    not_before: BTreeMap<String, Timestamp>,
}

impl Replaying {
    async fn replay(&mut self, clock: &Clock) -> Result<Vec<RerunRow>, PipelineError> {
        let mut ended = Vec::new();
        for plan in &self.plans {
            let began = clock.now();
            let waits = self.not_before.get(&plan.name).is_some_and(|moment| *moment > began);
            if waits || self.tower.rerun_due(plan, began).await? > began {
                continue;
            }
            match run_aside(Arc::clone(&self.tower), plan.clone(), began).await {
                Ok(row) => {
                    log_rerun(&self.tower, plan, &row);
                    ended.push(row);
                }
                // Somebody runs it by hand.
                Err(PipelineError::Busy(_)) => {}
                Err(error) => {
                    tracing::warn!(rerun = %plan.name, "a planned rerun could not begin: {error}");
                    self.not_before.insert(plan.name.clone(), next_after(plan, began));
                }
            }
        }
        Ok(ended)
    }
}

#[async_trait]
impl Task for Replaying {
    const NAME: &'static str = "replay";

    async fn pass(&mut self, clock: &Clock) -> Result<(), PipelineError> {
        self.replay(clock).await?;
        Ok(())
    }

    fn pause(&self, _: Duration) -> Duration {
        self.tick
    }
}

/// Runs a plan on a thread of its own: judging years is arithmetic for minutes, and must neither hold up a round nor the end of the
/// service. Dropped with the program, it goes on at the next start.
async fn run_aside(tower: Arc<Tower>, plan: RerunPlan, began: Timestamp) -> Result<RerunRow, PipelineError> {
    let (done, wait) = oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let ran = match runtime {
            Ok(runtime) => runtime.block_on(tower.run_planned(&plan, began, &|_| ())),
            Err(source) => Err(PipelineError::Io { what: "start a thread for", path: plan.name.into(), source }),
        };
        drop(tower);
        // Nobody waits any more when the service has ended.
        _ = done.send(ran);
    });
    wait.await.unwrap_or(Err(PipelineError::RerunBroke))
}

/// Logs how a rerun ended; that the past changed is for people to look at.
fn log_rerun(tower: &Tower, plan: &RerunPlan, row: &RerunRow) {
    match (&row.problem, row.change) {
        (Some(problem), _) => tracing::warn!(rerun = %plan.name, "a planned rerun failed: {problem}"),
        (None, Some(change)) if change.any() => tracing::warn!(
            rerun = %plan.name,
            gained = change.gained,
            lost = change.lost,
            earlier = change.earlier,
            later = change.later,
            other_levels = change.other_levels,
            "the past has changed, look at {}",
            tower.rerun_folder(row).join(DIFFERENCE).display()
        ),
        (None, _) => tracing::info!(rerun = %plan.name, alerts = row.alerts_opened, "a planned rerun is done"),
    }
}

/// Queues what endpoints subscribed to, and carries what is due.
struct Telling {
    courier: Courier,
    clock: fn() -> Timestamp,
}

impl Telling {
    async fn tell(&self) -> Result<(u64, u64), PipelineError> {
        self.courier.queue((self.clock)()).await?;
        Ok(self.courier.send_due(self.clock).await?)
    }
}

#[async_trait]
impl Task for Telling {
    const NAME: &'static str = "tell";
    const ENDLESS: bool = true;

    /// The courier's own loop queues and serves as [`Telling::tell`] does, but looks for work while a slow receiver is served. It has no end.
    async fn pass(&mut self, _: &Clock) -> Result<(), PipelineError> {
        match self.courier.clone().run(self.clock).await? {}
    }

    fn pause(&self, _: Duration) -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judging_rests_half_as_long_as_it_took_and_never_less_than_a_look() {
        assert_eq!(rest_after(Duration::ZERO), LOOK_EVERY);
        assert_eq!(rest_after(2 * LOOK_EVERY), LOOK_EVERY);
        assert_eq!(rest_after(Duration::from_secs(10)), Duration::from_secs(5));
    }
}

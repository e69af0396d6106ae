//! A seed from its first start to its end: steps of the service, what fails meanwhile, restarts.
#![expect(clippy::print_stderr, reason = "panics are told as they come")]

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;

use super::checks::{self, Broken};
use super::disk::{Disk, Error, Kind};
use super::draw::Draw;
use super::network::Network;
use super::report::fired_since;
use super::world::World;
use wanglou::collect::Recipe;
use wanglou::config::{Overrides, Settings};
use wanglou::deliver::{Courier, fresh_webhook_secret};
use wanglou::index::Thesaurus;
use wanglou::lexicon::Lexicon;
use wanglou::pipeline::promotion::{self, Take, Wanted};
use wanglou::pipeline::{Clock, PipelineError, Service, ServiceSpec, Tower, backup, integrity, push_lines, upkeep};
use wanglou::vocabulary::{Act, ActKind, AlertId, Channel, Endpoint, EndpointKind, SourceId, Subscription, Verdict};

/// Steps of a seed before its disk is calm: at least, and how many more at most.
const STEPS_MIN: u64 = 10;
const STEPS_MORE: u64 = 14;
/// Turns that a promotion may take to come in force.
const PROMOTION_TURNS_MAX: u32 = 400;
/// Steps that a report shows.
const TAIL: usize = 40;
/// The moment that the courier lives in, in seconds.
static NOW: AtomicI64 = AtomicI64::new(0);
/// What panics said, with their place.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn courier_now() -> Timestamp {
    Timestamp::from_second(NOW.load(Ordering::Relaxed)).expect("a moment")
}

/// What all seeds of a process share: the runtime of one thread, the network, the rules, compiled once.
pub(super) struct Rules {
    runtime: Runtime,
    network: Network,
    base: String,
    /// Other criteria, to be promoted; outside the simulated disk.
    criteria: PathBuf,
    /// What each start of the service shares with the one before.
    _kept: (tempfile::TempDir, Arc<Lexicon>, Arc<Thesaurus>),
}

impl Rules {
    pub(super) fn prepare() -> Self {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map_or_else(String::new, ToString::to_string);
            let said = panic.payload().downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.payload().downcast_ref::<&str>().map(|text| (*text).to_owned()));
            let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
            let said = format!("{place}: {}", said.unwrap_or_default());
            eprintln!("panic at {said}");
            panics.push(said);
        }));
        let port: u16 = std::env::var("SIMULATED_PORT").ok().and_then(|port| port.parse().ok()).expect("a port");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let network = runtime.block_on(Network::serve(port));
        let dir = tempfile::tempdir().expect("a folder");
        let criteria = dir.path().join("criteria.toml");
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules/criteria/default.toml");
        let shipped = std::fs::read_to_string(shipped).expect("read");
        std::fs::write(&criteria, format!("{shipped}\n# the same, under another name\n")).expect("written");
        let lexicon = Lexicon::shared(None).expect("the shipped rules");
        let thesaurus = Thesaurus::shared(&lexicon);
        Self { runtime, network, base: format!("http://127.0.0.1:{port}"), criteria, _kept: (dir, lexicon, thesaurus) }
    }
}

/// What a client was told.
#[derive(Debug, Default, Clone)]
pub(super) struct Ledger {
    /// Documents acknowledged, with the newest text that was.
    pub(super) acknowledged: BTreeMap<String, String>,
    /// Documents that may be there or not: no answer came.
    pub(super) unsure: BTreeMap<String, String>,
    /// Keys of notes on alerts that were acknowledged.
    pub(super) noted: BTreeSet<String>,
}

/// What came of a seed.
pub(super) struct SeedRun {
    /// What was done and what failed, how often.
    pub(super) counts: BTreeMap<String, u64>,
    /// The first promise that did not hold.
    pub(super) broken: Option<Broken>,
    said: Vec<String>,
}

impl SeedRun {
    /// A digest of all that happened.
    pub(super) fn trace(&self) -> String {
        blake3::hash(self.said.join("\n").as_bytes()).to_hex()[..16].to_owned()
    }

    /// All steps.
    pub(super) fn steps(&self) -> &[String] {
        &self.said
    }

    /// The last steps.
    pub(super) fn tail(&self) -> String {
        let from = self.said.len().saturating_sub(TAIL);
        self.said[from..].join("\n") + "\n"
    }
}

/// The service while it lives.
struct Life {
    tower: Arc<Tower>,
    service: Service,
}

/// A seed under way.
struct Run<'a> {
    seed: u64,
    draw: Draw,
    disk: &'a mut Disk,
    rules: &'a Rules,
    settings: Settings,
    recipes: Vec<Recipe>,
    now: Timestamp,
    life: Option<Life>,
    ledger: Ledger,
    pushed: u64,
    /// The newest backup, and what the client had been told by then.
    backup: Option<(PathBuf, Ledger)>,
    backups: u64,
    fired_at_birth: [u64; 8],
    said: Vec<String>,
    counts: BTreeMap<String, u64>,
    known: checks::Known,
}

/// Runs a seed.
pub(super) fn run_seed(seed: u64, disk: &mut Disk, rules: &Rules) -> SeedRun {
    disk.format(seed);
    rules.network.begin(seed);
    PANICS.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let data = disk.folder().join("data");
    std::fs::create_dir_all(&data).expect("made");
    let settings = Settings::load(None, Overrides { data: Some(data), ..Overrides::default() }).expect("good");
    let settings = Settings { sources_at_once: 1, ..settings };
    let recipes = World::recipes(&rules.base);
    let recipes = recipes.iter().map(|text| Recipe::parse(text, "simulated.toml").expect("a recipe")).collect();
    let mut run = Run {
        seed,
        draw: Draw::of(seed, 1),
        disk,
        rules,
        settings,
        recipes,
        now: World::of(seed).begin(),
        life: None,
        ledger: Ledger::default(),
        pushed: 0,
        backup: None,
        backups: 0,
        fired_at_birth: [0; 8],
        said: Vec::new(),
        counts: BTreeMap::new(),
        known: checks::Known::default(),
    };
    run.disk.begin();
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| rules.runtime.block_on(run.all())));
    let broken = match ended {
        Ok(Ok(())) => None,
        Ok(Err(broken)) => Some(broken),
        Err(_) => {
            let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner).join("\n");
            Some(Broken::new("PANIC", format!("in the simulation itself: {panics}")))
        }
    };
    for (fate, count) in rules.network.fates() {
        *run.counts.entry(format!("network.{fate:?}")).or_default() += count;
    }
    for (what, count) in fired_since([0; 8], run.disk.fired()) {
        *run.counts.entry(what).or_default() += count;
    }
    // Whatever still lives after a broken promise.
    run.life = None;
    run.disk.set_clock(0);
    run.disk.rest();
    SeedRun { counts: run.counts, broken, said: run.said }
}

/// What became of a step.
type Came<T> = Result<T, String>;

impl Run<'_> {
    fn say(&mut self, what: impl Into<String>) {
        // Which faults struck. How often, is a race: the thread that fails first and one that runs on into the same fault.
        let struck = self.disk.fired().map(|times| u8::from(times > 0));
        self.said.push(format!("{} {} {struck:?}", self.now, what.into()));
    }

    fn count(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    async fn all(&mut self) -> Result<(), Broken> {
        let steps = STEPS_MIN + self.draw.below(STEPS_MORE);
        for _ in 0..steps {
            self.clock();
            self.plan_faults();
            self.step().await?;
        }
        self.disk.calm();
        self.rules.network.calm();
        self.last().await
    }

    /// Time goes on; sometimes it jumps, also back.
    fn clock(&mut self) {
        let minutes = match self.draw.below(10) {
            0..=5 => i64::try_from(self.draw.below(180)).expect("small"),
            6 | 7 => i64::try_from(self.draw.below(60 * 26)).expect("small"),
            8 => i64::try_from(self.draw.below(60 * 24 * 4)).expect("small"),
            _ => {
                self.count("clock.back");
                -i64::try_from(self.draw.below(60 * 5)).expect("small")
            }
        };
        let begin = World::of(self.seed).begin();
        let moved = self.now.checked_add(SignedDuration::from_mins(minutes)).expect("near");
        self.set_now(moved.max(begin));
    }

    fn set_now(&mut self, now: Timestamp) {
        self.now = now;
        NOW.store(now.as_second(), Ordering::Relaxed);
        self.disk.set_clock(u64::try_from(now.as_nanosecond()).expect("after 1970"));
        self.rules.network.set_now(now);
    }

    fn plan_faults(&mut self) {
        self.disk.calm();
        match self.draw.below(10) {
            0..=4 => {}
            5 | 6 => {
                let (after, torn) = (1 + self.draw.below(400), self.draw.below(1_001));
                self.disk.stop_after(after, torn);
            }
            _ => {
                for slot in 0..=self.draw.below(2) {
                    let kind = *self.draw.one(&Kind::ALL);
                    let error = match kind {
                        Kind::Write => *self.draw.one(&[Error::Io, Error::NoSpace, Error::NoSpace, Error::Half]),
                        Kind::Read => *self.draw.one(&[Error::Io, Error::Half, Error::Half]),
                        Kind::Make => *self.draw.one(&[Error::NoSpace, Error::NoFiles]),
                        Kind::Sync | Kind::Rename | Kind::Remove => Error::Io,
                    };
                    let nth = match kind {
                        Kind::Write | Kind::Read => 1 + self.draw.below(200),
                        Kind::Sync => 1 + self.draw.below(40),
                        Kind::Make | Kind::Rename | Kind::Remove => 1 + self.draw.below(12),
                    };
                    let count = *self.draw.one(&[1, 1, 2, 30]);
                    self.disk.fail(slot, kind, nth, count, error);
                }
            }
        }
    }

    async fn step(&mut self) -> Result<(), Broken> {
        if self.life.is_none() {
            self.between_lives().await?;
            if let Err(why) = self.open().await {
                return self.failed("start", &why).await;
            }
        }
        let what = self.draw.below(20);
        let (name, came) = match what {
            0..=7 => ("pass", self.pass().await),
            8..=12 => ("push", self.push().await),
            13 => ("interrupt", self.interrupted_pass().await),
            14 => ("verdict", self.verdict().await),
            15 => ("backup", self.back_up().await),
            16 => ("promote", self.promote().await),
            17 => ("stop", self.close().await),
            18 => {
                self.end_life().await?;
                self.disk.restart(false, self.draw.next());
                ("kill", Ok(()))
            }
            _ => {
                self.end_life().await?;
                self.disk.restart(true, self.draw.next());
                ("power cut", Ok(()))
            }
        };
        self.count(&format!("step.{}", name.replace(' ', "-")));
        match came {
            Err(why) => self.failed(name, &why).await?,
            Ok(()) if self.disk.stopped() => self.failed(name, "the disk stopped").await?,
            Ok(()) => self.say(name),
        }
        self.check().await
    }

    /// Something failed: it must have been by plan. The service recovers in place, or starts again.
    async fn failed(&mut self, name: &str, why: &str) -> Result<(), Broken> {
        // The operating system says it in words of its own, and names change from run to run: the trace holds what was done.
        self.say(format!("{name} failed"));
        self.count("failed");
        let by_plan = self.disk.fired() != self.fired_at_birth;
        let stopped = self.disk.stopped();
        if !by_plan && !stopped {
            return Err(Broken::new("ERROR", format!("{name} failed though nothing had: {why}")));
        }
        self.disk.calm();
        if !stopped && self.life.is_some() && self.draw.chance(1, 2) {
            self.count("recover");
            let recovered = match &mut self.life {
                Some(life) => life.service.recover().await,
                None => Ok(()),
            };
            return match recovered {
                Ok(()) => Ok(()),
                Err(error) => {
                    self.say("recover failed");
                    self.restart_after(&error).await
                }
            };
        }
        self.end_life().await?;
        let power = self.draw.chance(2, 3);
        self.count(if power { "restart.power" } else { "restart.kill" });
        self.disk.restart(power, self.draw.next());
        Ok(())
    }

    async fn restart_after(&mut self, _: &PipelineError) -> Result<(), Broken> {
        self.end_life().await?;
        self.disk.restart(false, self.draw.next());
        Ok(())
    }

    /// Drops the service as a kill would, and waits until nobody holds its files.
    async fn end_life(&mut self) -> Result<(), Broken> {
        self.life = None;
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        if self.disk.all_let_go().await {
            Ok(())
        } else {
            Err(Broken::new("HANDLES", format!("a dropped service holds files: {:?}", held_below(self.disk.folder()))))
        }
    }

    /// What an operator does while the service stands: joins files, goes back to a backup.
    async fn between_lives(&mut self) -> Result<(), Broken> {
        match self.draw.below(12) {
            0 | 1 if self.settings.data.join("wanglou.sqlite").is_file() => {
                self.count("step.compact");
                let came = upkeep::compact(&self.settings.data, self.now).await;
                if let Err(error) = came {
                    let why = error.with_causes();
                    self.failed("compact", &why).await?;
                }
            }
            2 => {
                if let Some((from, ledger)) = self.backup.clone() {
                    self.count("step.restore");
                    self.disk.calm();
                    // What an operator does by hand: the old folder goes, all of it.
                    self.disk.rest();
                    std::fs::remove_dir_all(&self.settings.data).expect("removed");
                    self.disk.begin();
                    if let Err(error) = backup::restore(&from, &self.settings.data, self.now).await {
                        return Err(Broken::new("BACKUP", format!("cannot be restored: {}", error.with_causes())));
                    }
                    self.ledger = ledger;
                    self.rules.network.forget();
                    self.say("restored");
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn open(&mut self) -> Came<()> {
        self.fired_at_birth = self.disk.fired();
        let tower = Arc::new(Tower::open(&self.settings).await.map_err(|error| error.with_causes())?);
        let spec =
            ServiceSpec { recipes: self.recipes.clone(), reruns: Vec::new(), tick: std::time::Duration::from_secs(1) };
        let service = Service::new(&tower, spec, Clock::standing(self.now));
        let name = Arc::new(|code: wanglou::vocabulary::RegionCode| code.to_string());
        let courier =
            Courier::new(tower.store().clone(), tower.home(), None, name).map_err(|error| error.to_string())?;
        if tower.store().endpoint("desk").await.map_err(|error| error.to_string())?.is_none() {
            let endpoint = Endpoint {
                name: "desk".to_owned(),
                party: None,
                kind: EndpointKind::Webhook,
                url: format!("{}/hook", self.rules.base),
                secret: Some(fresh_webhook_secret().map_err(|error| error.clone())?),
                allow_loopback: true,
                subscription: Subscription::default(),
            };
            courier.add(&endpoint, Some(0), "sim", self.now).await.map_err(|error| error.to_string())?;
        }
        let service = service.with_courier(courier, courier_now);
        self.life = Some(Life { tower, service });
        self.say("started");
        Ok(())
    }

    async fn pass(&mut self) -> Came<()> {
        let Some(life) = &mut self.life else { return Ok(()) };
        let step = life.service.step(self.now).await.map_err(|error| error.with_causes())?;
        let rounds = step.collected.rounds.iter().map(|round| (round.collected, round.kept)).collect::<Vec<_>>();
        let judged = step.judged.map(|judged| (judged.events.len(), judged.requests.len()));
        let told = step.told;
        self.say(format!("pass: rounds {rounds:?}, judged {judged:?}, told {told:?}"));
        Ok(())
    }

    /// A pass that is dropped at some await: the first behind so many operations on the disk and requests. Polls would be another number in
    /// each run.
    async fn interrupted_pass(&mut self) -> Came<()> {
        let left = self.draw.below(80);
        let (disk, network) = (&*self.disk, &self.rules.network);
        let begun = disk.operations() + network.requests();
        let Some(life) = &mut self.life else { return Ok(()) };
        let is_over = || disk.operations() + network.requests() >= begun + left;
        let ended = until(life.service.step(self.now), is_over).await;
        match ended {
            Some(Err(error)) => Err(error.with_causes()),
            Some(Ok(_)) => Ok(()),
            None => {
                // As the supervisor does after a pass that broke off.
                life.service.recover().await.map_err(|error| error.with_causes())
            }
        }
    }

    async fn push(&mut self) -> Came<()> {
        let world = World::of(self.seed);
        let mut batch = BTreeMap::new();
        let (regulator, again) = (self.draw.chance(1, 2), self.draw.chance(1, 3));
        if again {
            // What no answer came for is handed in once more.
            batch.extend(self.ledger.unsure.iter().map(|(id, text)| (id.clone(), text.clone())));
        }
        for _ in 0..=self.draw.below(4) {
            self.pushed += 1;
            batch.insert(format!("p{}", self.pushed), world.text(4, self.pushed));
        }
        if self.draw.chance(1, 5)
            && let Some((id, text)) = self.ledger.acknowledged.iter().next()
        {
            batch.insert(id.clone(), format!("{text}（补充）"));
        }
        let mut lines = String::new();
        for (id, text) in &batch {
            let line = serde_json::json!({"id": id, "text": text, "published_at": self.now.to_string(), "meta": {"author": id}});
            lines.extend([line.to_string().as_str(), "\n"]);
        }
        if self.draw.chance(1, 4) {
            lines += "this is no line of JSON\n";
        }
        let Some(life) = &self.life else { return Ok(()) };
        let (source, channel) =
            (SourceId::from("pushed"), if regulator { Channel::Regulator } else { Channel::Complaint });
        let pushed = push_lines(&life.tower, lines.into_bytes(), source, channel, None, self.now).await;
        let heard = pushed.is_ok() && !self.draw.chance(1, 6);
        for (id, text) in batch {
            if heard {
                self.ledger.unsure.remove(&id);
                self.ledger.acknowledged.insert(id, text);
            } else {
                self.ledger.unsure.insert(id, text);
            }
        }
        pushed.map(|_| ()).map_err(|error| error.with_causes())
    }

    async fn verdict(&mut self) -> Came<()> {
        let Some(life) = &self.life else { return Ok(()) };
        let alerts = life.tower.store().alerts().await.map_err(|error| error.to_string())?;
        if alerts.is_empty() {
            return Ok(());
        }
        let alert = self.draw.one(&alerts).id.clone();
        if self.draw.chance(1, 2) {
            return self.note(alert).await;
        }
        let verdict = *self.draw.one(&[Verdict::Confirmed, Verdict::Excluded]);
        let Some(life) = &self.life else { return Ok(()) };
        let taken = life.tower.take_verdict(&alert, verdict, "sim", "看过", self.now).await;
        taken.map(|_| ()).map_err(|error| error.with_causes())
    }

    async fn note(&mut self, alert_id: AlertId) -> Came<()> {
        let Some(life) = &self.life else { return Ok(()) };
        self.pushed += 1;
        let (key, note) = (format!("n{}", self.pushed), format!("第{}次看过", self.pushed));
        let act = Act {
            work: None,
            alert_id,
            at: self.now,
            by: "sim".to_owned(),
            party: "home".to_owned(),
            kind: ActKind::Note,
            note,
            to: None,
            until: None,
            key: Some(key.clone()),
        };
        life.tower.take_act(act).await.map_err(|error| error.with_causes())?;
        self.ledger.noted.insert(key);
        Ok(())
    }

    async fn back_up(&mut self) -> Came<()> {
        if self.life.is_none() {
            return Ok(());
        }
        self.backups += 1;
        let to = self.disk.folder().join(format!("backup{}", self.backups));
        backup::backup(&self.settings.data, &to, self.now).await.map_err(|error| error.with_causes())?;
        if !self.disk.stopped() {
            self.backup = Some((to, self.ledger.clone()));
        }
        Ok(())
    }

    async fn promote(&mut self) -> Came<()> {
        let Some(life) = &mut self.life else { return Ok(()) };
        let shipped = *life.tower.judge_by().version() != *promoted_version(&self.rules.criteria);
        let criteria = if shipped { Take::From(self.rules.criteria.clone()) } else { Take::Shipped };
        let wanted =
            Wanted { lexicon: Take::Kept, criteria, by: "sim".to_owned(), why: "演练".to_owned(), report: None };
        let waits = life.tower.store().promotion_asked().await.map_err(|error| error.to_string())?.is_some();
        if !waits {
            promotion::ask(&self.settings, &wanted, self.now).await.map_err(|error| error.with_causes())?;
        }
        for _ in 0..PROMOTION_TURNS_MAX {
            let step = life.service.step(self.now).await.map_err(|error| error.with_causes())?;
            let waits = life.tower.store().promotion_asked().await.map_err(|error| error.to_string())?.is_some();
            if step.rules_changed || !waits {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        Err("a promotion does not come in force".to_owned())
    }

    /// Ends well.
    async fn close(&mut self) -> Came<()> {
        let Some(Life { tower, service }) = self.life.take() else { return Ok(()) };
        drop(service);
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let tower = Arc::into_inner(tower).ok_or("somebody still works on the tower")?;
        tower.close().await.map_err(|error| error.with_causes())?;
        Ok(())
    }

    fn panics() -> Result<(), Broken> {
        let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        match panics.iter().find(|panic| panic.starts_with("src/")) {
            Some(panic) => Err(Broken::new("PANIC", panic.clone())),
            None => Ok(()),
        }
    }

    async fn check(&mut self) -> Result<(), Broken> {
        Self::panics()?;
        self.disk.calm();
        if self.disk.stopped() {
            return Ok(());
        }
        let Some(life) = &self.life else { return Ok(()) };
        checks::after_step(&life.tower, &self.ledger, &mut self.known).await?;
        let (busiest, forbidden) = self.rules.network.asked();
        checks::polite(busiest, &forbidden)
    }

    /// Nothing fails any more: all that was put off is done, and every promise holds.
    async fn last(&mut self) -> Result<(), Broken> {
        self.disk.calm();
        if self.disk.stopped() {
            self.end_life().await?;
            self.disk.restart(true, self.draw.next());
        }
        let unexpected = |what: &str, why: String| Broken::new("ERROR", format!("{what}, on a calm disk: {why}"));
        if self.life.is_some() {
            self.close().await.map_err(|why| unexpected("the end", why))?;
        }
        self.end_life().await?;
        self.open().await.map_err(|why| unexpected("the start", why))?;
        for _ in 0..4 {
            let later = self.now.checked_add(SignedDuration::from_hours(13)).expect("near");
            self.set_now(later);
            self.pass().await.map_err(|why| unexpected("a pass", why))?;
            Self::panics()?;
            let Some(life) = &self.life else { break };
            checks::after_step(&life.tower, &self.ledger, &mut self.known).await?;
        }
        let Some(life) = &self.life else { return Ok(()) };
        let restored = self.counts.contains_key("step.restore");
        checks::at_end(&life.tower, &self.rules.network.told(), !restored).await?;
        // Started again at the same moment it has nothing more to say.
        self.close().await.map_err(|why| unexpected("the end", why))?;
        self.end_life().await?;
        self.open().await.map_err(|why| unexpected("the start", why))?;
        let Some(life) = &mut self.life else { return Ok(()) };
        let judged = life.tower.judge(self.now).await.map_err(|error| unexpected("judging", error.with_causes()))?;
        if !judged.events.is_empty() {
            let events: Vec<_> = judged.events.iter().map(|event| (&event.alert_id, event.event)).collect();
            return Err(Broken::new(
                "SCORE",
                format!("judged again after a restart, the same day gives events: {events:?}"),
            ));
        }
        let verified = integrity::verify(&self.settings.data, &mut |_| ()).await;
        let verified = verified.map_err(|error| unexpected("archive verify", error.with_causes()))?;
        if verified.problems > 0 {
            return Err(Broken::new("WHOLE", format!("archive verify: {:?}", verified.first_problems)));
        }
        self.close().await.map_err(|why| unexpected("the end", why))?;
        self.end_life().await
    }
}

fn promoted_version(criteria: &Path) -> &'static wanglou::vocabulary::CriteriaVersion {
    static VERSION: std::sync::OnceLock<wanglou::vocabulary::CriteriaVersion> = std::sync::OnceLock::new();
    VERSION.get_or_init(|| wanglou::pipeline::read_criteria(Some(criteria)).expect("good").version().clone())
}

/// What a future gives, unless it waits once `is_over`.
async fn until<F: Future>(future: F, is_over: impl Fn() -> bool) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(came) => Poll::Ready(Some(came)),
        Poll::Pending if is_over() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

/// Files below a folder that this process holds.
fn held_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else { return Vec::new() };
    let links = entries.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    links.filter(|path| path.starts_with(folder)).collect()
}

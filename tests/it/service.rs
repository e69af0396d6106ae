//! The policies of the service, one pass at a time and with a clock that the test sets; and its end, while work is under way.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use serde_json::json;

use crate::support::lexicon_with;
use wanglou::collect::Recipe;
use wanglou::config::{Overrides, RerunPlan, Settings};
use wanglou::deliver::{Courier, fresh_webhook_secret};
use wanglou::pipeline::promotion::{self, Take, Wanted};
use wanglou::pipeline::{Clock, Folder, Service, ServiceSpec, Tower, push_lines};
use wanglou::simulate::{SimClock, Sites, World, WorldSpec};
use wanglou::vocabulary::{
    Channel, Endpoint, EndpointKind, Position, SourceId, Subscription, Verdict, end_of_day, parse_moment,
};

fn settings(data: &Path) -> Settings {
    let settings = Settings::load(None, Overrides { data: Some(data.to_owned()), ..Overrides::default() });
    // One source after the other: what was logged when is the same in every run.
    Settings { sources_at_once: 1, ..settings.expect("good") }
}

/// The tick is longer than any test: what happens happens in the first pass of each task.
fn spec(recipes: Vec<Recipe>) -> ServiceSpec {
    ServiceSpec { recipes, reruns: Vec::new(), tick: Duration::from_hours(24) }
}

fn at(text: &str) -> Timestamp {
    parse_moment(text).expect("a moment")
}

/// A service runs on several threads.
fn in_service<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime").block_on(work)
}

async fn open(settings: &Settings) -> Arc<Tower> {
    Arc::new(Tower::open(settings).await.expect("opened"))
}

async fn close(tower: Arc<Tower>) {
    Arc::into_inner(tower).expect("nobody else works on it").close().await.expect("closed");
}

/// A report of a death by a water heater, which one regulator's word turns into an alert.
async fn push(tower: &Tower, id: &str, author: &str, now: Timestamp) {
    let line = json!({"id": id, "text": format!("家里热水器漏电，{author}洗澡时触电身亡"), "published_at": "2024-05-03",
        "meta": {"author": author}});
    let source = SourceId::from("regulator");
    let pushed = push_lines(tower, line.to_string().into_bytes(), source, Channel::Regulator, None, now).await;
    assert_eq!(pushed.expect("taken in").total().kept, 1);
}

#[test]
fn a_judgement_happens_once_however_many_documents_came() {
    let dir = tempfile::tempdir().expect("a folder");
    in_service(async {
        let tower = open(&settings(dir.path())).await;
        let now = at("2024-05-04 09:00:00");
        let mut service = Service::new(&tower, spec(Vec::new()), Clock::standing(now));
        for (id, author) in [("a", "何某某甲"), ("b", "李某某乙"), ("c", "赵某某丙")] {
            push(&tower, id, author, now).await;
        }
        let first = service.step(now).await.expect("worked");
        assert_eq!(first.read.expect("something is new").documents, 3);
        let judged = first.judged.expect("something is new");
        assert_eq!(judged.alerts.len(), 1);
        let again = service.step(now + 1.hour()).await.expect("worked");
        assert!(again.read.is_none() && again.judged.is_none(), "nothing happened since");

        push(&tower, "d", "孙某某丁", now).await;
        let more = service.step(now + 2.hours()).await.expect("worked");
        assert!(more.judged.is_some(), "another document is a ground");
        let (id, why) = (&judged.alerts[0].id, "现场核实");
        tower.take_verdict(id, Verdict::Confirmed, "张三", why, now + 3.hours()).await.expect("kept");
        assert!(service.step(now + 3.hours()).await.expect("worked").judged.is_some(), "so is a verdict");
        assert!(service.step(now + 4.hours()).await.expect("worked").judged.is_none());
        let next = service.step(now + 24.hours()).await.expect("worked");
        assert!(next.read.is_none() && next.judged.is_some(), "and a new day, though nothing was read");
        drop(service);
        close(tower).await;
    });
}

#[test]
fn a_planned_rerun_without_a_whole_day_waits_for_its_next_moment() {
    let dir = tempfile::tempdir().expect("a folder");
    in_service(async {
        let tower = open(&settings(dir.path())).await;
        let plan = RerunPlan {
            name: "hourly".to_owned(),
            when: "0 * * * *".parse().expect("a cron expression"),
            days: Some(1),
            every_days: 1,
            keep: 1,
        };
        let spec = ServiceSpec { reruns: vec![plan], ..spec(Vec::new()) };
        let mut service = Service::new(&tower, spec, Clock::standing(at("2024-05-04 09:00:00")));
        let mut replayed = async |moment: &str| service.step(at(moment)).await.expect("worked").replayed.len();
        assert_eq!(replayed("2024-05-04 09:00:00").await, 0, "known from now on");
        assert_eq!(replayed("2024-05-04 10:00:00").await, 0, "nothing was known yesterday");
        push(&tower, "a", "何某某甲", at("2024-05-03 12:00:00")).await;
        assert_eq!(replayed("2024-05-04 10:01:00").await, 0, "it is not tried at every look");
        assert_eq!(replayed("2024-05-04 11:00:00").await, 1);
        drop(service);
        close(tower).await;
    });
}

#[test]
fn promoted_rules_come_in_force_between_two_reads_and_the_day_is_judged_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let (data, newer) = (dir.path().join("data"), lexicon_with(dir.path(), "newer", "咕嘟窜天"));
    in_service(async {
        let settings = settings(&data);
        let tower = open(&settings).await;
        let now = at("2024-05-04 09:00:00");
        let mut service = Service::new(&tower, spec(Vec::new()), Clock::standing(now));
        push(&tower, "a", "何某某甲", now).await;
        assert!(service.step(now).await.expect("worked").judged.is_some());
        let (by, why) = ("张三".to_owned(), "新说法".to_owned());
        let wanted = Wanted { lexicon: Take::From(newer), criteria: Take::Kept, by, why, report: None };
        let asked = promotion::ask(&settings, &wanted, now).await.expect("asked for");
        let changed = loop {
            let step = service.step(now).await.expect("worked");
            if step.rules_changed {
                break step;
            }
            assert!(step.judged.is_none(), "nothing changes before");
            tokio::task::yield_now().await;
        };
        assert!(changed.judged.is_some(), "other rules are a ground");
        assert_eq!(*tower.lexicon().version(), asked.lexicon);
        drop(service);
        close(tower).await;
    });
}

#[test]
fn a_source_is_asked_when_it_is_due_and_its_troubles_are_told_once_a_day() {
    let dir = tempfile::tempdir().expect("a folder");
    in_service(async {
        let tower = open(&settings(dir.path())).await;
        // Nobody listens there.
        let recipe = "id = \"dead\"\nname = \"无人应答\"\nchannel = \"media\"\nkind = \"feed\"\n\
            start = [\"http://127.0.0.1:1/atom.xml\"]\nallow_loopback = true\n[schedule]\nevery = \"1h\"\n";
        let recipe = Recipe::parse(recipe, "dead.toml").expect("a recipe");
        let mut service = Service::new(&tower, spec(vec![recipe]), Clock::standing(at("2024-05-04 09:00:00")));
        let mut passed = Vec::new();
        for moment in ["2024-05-04 09:00:00", "2024-05-04 09:10:00", "2024-05-04 15:00:00", "2024-05-05 09:00:00"] {
            let collected = service.step(at(moment)).await.expect("a source that fails stops nothing").collected;
            passed.push((collected.rounds.len(), !collected.troubles.is_empty()));
        }
        assert_eq!(passed, [(1, true), (0, false), (1, false), (1, true)], "rounds, and whether troubles were told");
        drop(service);
        close(tower).await;
    });
}

/// Real time of the courier: it stands.
fn real_time() -> Timestamp {
    Timestamp::from_second(1_714_800_000).expect("a moment")
}

#[test]
fn who_subscribed_is_told_of_an_alert_in_the_step_that_raised_it_and_not_again() {
    let dir = tempfile::tempdir().expect("a folder");
    in_service(async {
        let tower = open(&settings(dir.path())).await;
        let received = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&received);
        let receive = axum::routing::post(async move || {
            count.fetch_add(1, Ordering::Relaxed);
            axum::http::StatusCode::NO_CONTENT
        });
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        let serving = tokio::spawn(async { axum::serve(listener, axum::Router::new().route("/", receive)).await });
        let name = Arc::new(|code: wanglou::vocabulary::RegionCode| code.to_string());
        let courier = Courier::new(tower.store().clone(), tower.home(), None, name).expect("a courier");
        let endpoint = Endpoint {
            name: "desk".to_owned(),
            party: None,
            kind: EndpointKind::Webhook,
            url,
            secret: Some(fresh_webhook_secret().expect("a secret")),
            allow_loopback: true,
            subscription: Subscription::default(),
        };
        courier.add(&endpoint, None, "test", real_time()).await.expect("added");

        let now = at("2024-05-04 09:00:00");
        let service = Service::new(&tower, spec(Vec::new()), Clock::standing(now));
        let mut service = service.with_courier(courier, real_time);
        push(&tower, "a", "何某某甲", now).await;
        assert_eq!(service.step(now).await.expect("worked").told, (1, 0));
        assert_eq!(service.step(now).await.expect("worked").told, (0, 0));
        assert_eq!(received.load(Ordering::Relaxed), 1);
        serving.abort();
        drop(service);
        close(tower).await;
    });
}

#[test]
fn a_running_service_reads_and_judges_what_was_brought_and_ends_when_it_is_asked_to() {
    let dir = tempfile::tempdir().expect("a folder");
    in_service(async {
        let tower = open(&settings(dir.path())).await;
        let now = at("2024-05-04 09:00:00");
        push(&tower, "a", "何某某甲", now).await;
        let service = Service::new(&tower, spec(Vec::new()), Clock::standing(now));
        let alerted = async {
            while tower.store().alerts().await.expect("read").is_empty() {
                tokio::task::yield_now().await;
            }
        };
        service.run(alerted).await.expect("it ends well");
        assert!(!tower.is_behind().await.expect("known"));
        close(tower).await;
    });
}

/// A small world, served anew: every site has its first visitor before it.
async fn served(spec: &WorldSpec) -> (Sites, Vec<Recipe>) {
    let world = Arc::new(World::generate(spec));
    let clock = Arc::new(SimClock::at_day(spec.start));
    let sites = Sites::serve(Arc::clone(&world), clock).await.expect("served");
    let recipes = world.recipes(&sites.addresses());
    let recipes = recipes.iter().map(|(name, text)| Recipe::parse(text, name).expect("a recipe"));
    let recipes = recipes.collect();
    (sites, recipes)
}

/// Every document of a folder, each once.
async fn documents(folder: &Folder) -> BTreeSet<String> {
    let entries = folder.log().read_after(Position(0), usize::MAX >> 1).await.expect("read");
    let said: BTreeSet<String> =
        entries.iter().map(|entry| format!("{} {}", entry.document.id, entry.document.text)).collect();
    assert_eq!(said.len(), entries.len(), "a document is there twice");
    said
}

#[test]
fn a_service_that_ends_while_a_round_is_under_way_goes_on_where_it_was() {
    let dir = tempfile::tempdir().expect("a folder");
    let world = WorldSpec { days: 2, backlog_days: 20, items_per_day: 12.0, incidents: false, ..WorldSpec::default() };
    let now = end_of_day(world.start);
    in_service(async {
        let whole = {
            let (_sites, recipes) = served(&world).await;
            let tower = open(&settings(&dir.path().join("whole"))).await;
            let mut service = Service::new(&tower, spec(recipes), Clock::standing(now));
            service.step(now).await.expect("worked");
            let whole = documents(&tower).await;
            drop(service);
            close(tower).await;
            whole
        };

        let (_sites, recipes) = served(&world).await;
        let settings = settings(&dir.path().join("torn"));
        let tower = open(&settings).await;
        let service = Service::new(&tower, spec(recipes.clone()), Clock::standing(now));
        let begun = async {
            while tower.log().end().await.expect("read") == Position(0) {
                tokio::task::yield_now().await;
            }
        };
        service.run(begun).await.expect("it ends well");
        let torn = documents(&tower).await;
        assert!(!torn.is_empty() && torn.len() < whole.len(), "{} of {}", torn.len(), whole.len());
        close(tower).await;

        let tower = open(&settings).await;
        let mut service = Service::new(&tower, spec(recipes), Clock::standing(now));
        let step = service.step(now).await.expect("worked");
        assert!(step.read.is_some() && step.judged.is_some());
        assert!(documents(&tower).await == whole, "nothing is lost, nothing is doubled");
        assert!(!tower.is_behind().await.expect("known"));
        drop(service);
        close(tower).await;
    });
    assert!(fs::exists(dir.path().join("torn/signals")).expect("looked"));
}

//! Work that breaks off at any write of the store, or of which an output is behind the others, and is done again: everything is there once,
//! nothing is skipped (LOG-1, LOG-2, ALERT-1, TELL-1, COUNT-1, AUDIT-1).
//!
//! The store is made to fail from outside, by triggers of its own that count its writes, so that no code stops at a point of its choosing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};

use crate::small;
use wanglou::config::Settings;
use wanglou::deliver::{Courier, fresh_webhook_secret};
use wanglou::index::SearchRequest;
use wanglou::pipeline::{NewSearch, PipelineError, Tower, push_lines};
use wanglou::store::Store;
use wanglou::vocabulary::{
    Act, ActKind, AlertEvent, Category, Channel, Endpoint, EndpointKind, Notice, NoticeKind, Position, RegionCode,
    SourceId, Subscription, Verdict, day_of, parse_moment,
};

/// Writes that are more than any work here makes.
const ENDLESS: i64 = 1_000_000;

/// The tables of a store, which fail at a write of the tester's choosing.
struct Faults {
    connection: SqliteConnection,
}

impl Faults {
    /// Puts a trigger before every write of every table.
    async fn of(data: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(data.join("wanglou.sqlite"));
        let options = options.busy_timeout(std::time::Duration::from_secs(20));
        let mut faults = Self { connection: SqliteConnection::connect_with(&options).await.expect("opened") };
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx_%'",
        )
        .fetch_all(&mut faults.connection)
        .await
        .expect("listed");
        assert!(tables.len() > 20, "{tables:?}");
        faults
            .run(&format!("CREATE TABLE writes_left (number INTEGER); INSERT INTO writes_left VALUES ({ENDLESS})"))
            .await;
        for table in tables {
            for write in ["INSERT", "UPDATE", "DELETE"] {
                let counted = "UPDATE writes_left SET number = number - 1; \
                    SELECT RAISE(ABORT, 'broken off') WHERE (SELECT number FROM writes_left) < 0";
                faults
                    .run(&format!(
                        "CREATE TRIGGER fault_{table}_{write} BEFORE {write} ON {table} BEGIN {counted}; END"
                    ))
                    .await;
            }
        }
        faults
    }

    async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection).await.expect("done");
    }

    /// From now on so many writes succeed, and the next one fails.
    async fn after(&mut self, writes: i64) {
        self.run(&format!("UPDATE writes_left SET number = {writes}")).await;
    }
}

/// The courier's time stands.
fn clock() -> Timestamp {
    parse_moment("2024-06-01 09:00:00").expect("a moment")
}

/// The moment of a step: each is a day of its own.
fn at(step: i64) -> Timestamp {
    parse_moment("2024-05-01 09:00:00").expect("a moment") + (24 * step).hours()
}

/// Ids of messages that a receiver was sent.
type Inbox = Arc<Mutex<Vec<String>>>;

async fn receive(State(inbox): State<Inbox>, headers: HeaderMap) -> StatusCode {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    inbox.lock().unwrap_or_else(PoisonError::into_inner).push(id);
    StatusCode::NO_CONTENT
}

/// A tower, what is told by it, and the faults of its store.
struct World {
    tower: Tower,
    courier: Courier,
    faults: Faults,
    settings: Settings,
    inbox: Inbox,
    serving: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

/// One piece of the work of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Push,
    Note,
    Read,
    Judge,
    Act,
    Verdict,
    Queue,
    Send,
}

impl Work {
    const ALL: [Self; 8] =
        [Self::Push, Self::Note, Self::Read, Self::Judge, Self::Act, Self::Verdict, Self::Queue, Self::Send];
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let settings = small::settings(dir.path());
        let tower = Tower::open(&settings).await.expect("opened");
        let inbox = Inbox::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        let router = axum::Router::new().route("/", axum::routing::post(receive)).with_state(Arc::clone(&inbox));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        let courier = courier(&tower);
        let endpoint = Endpoint {
            name: "desk".to_owned(),
            party: None,
            kind: EndpointKind::Webhook,
            url,
            secret: Some(fresh_webhook_secret().expect("a secret")),
            allow_loopback: true,
            subscription: Subscription { notices: true, ..Subscription::default() },
        };
        courier.add(&endpoint, None, "test", clock()).await.expect("added");
        let watch =
            NewSearch { name: "w".to_owned(), query: "充电宝".to_owned(), watched: true, ..NewSearch::default() };
        tower.save_search(watch, None, None, clock()).await.expect("saved");
        let faults = Faults::of(&settings.data).await;
        Self { tower, courier, faults, settings, inbox, serving, _dir: dir }
    }

    /// Ends the process, as far as the folder can tell, and starts it again.
    async fn opened_again(self) -> Self {
        let Self { tower, settings, .. } = self;
        tower.close().await.expect("closed");
        let tower = Tower::open(&settings).await.expect("opened");
        Self { courier: courier(&tower), tower, settings, ..self }
    }

    async fn work(&self, work: Work, step: i64) -> Result<(), PipelineError> {
        let now = at(step);
        match work {
            Work::Push => {
                let (source, channel) = (SourceId::from("s"), Channel::Complaint);
                let pushed = push_lines(&self.tower, lines(step).into_bytes(), source, channel, None, now).await?;
                assert!(pushed.rejected.is_empty(), "{:?}", pushed.rejected);
            }
            Work::Note => {
                let (kind, about) = (NoticeKind::PastChanged, "nightly".to_owned());
                let notice = Notice { kind, at: now, about, text: format!("第{step}日变了") };
                let mut tx = self.tower.store().begin().await?;
                Store::add_notice(&mut tx, &notice).await?;
                // Something happens to an alert, whatever the day's judgement says.
                if let Some(event) = self.tower.store().alert_events(None).await?.into_iter().next() {
                    Store::add_alert_event(&mut tx, &AlertEvent { as_of: day_of(now), ..event }, now).await?;
                }
                tx.commit().await?;
            }
            Work::Read => _ = self.tower.read_new().await?,
            Work::Judge => _ = self.tower.judge(now).await?,
            Work::Act | Work::Verdict => {
                let Some(alert) = self.tower.store().every_alert().await?.into_iter().next() else { return Ok(()) };
                if work == Work::Verdict {
                    let why = format!("第{step}日");
                    self.tower.take_verdict(&alert.id, Verdict::Confirmed, "张三", &why, now).await?;
                    return Ok(());
                }
                let act = Act {
                    work: None,
                    alert_id: alert.id,
                    at: now,
                    by: "张三".to_owned(),
                    party: "中心".to_owned(),
                    kind: ActKind::Note,
                    note: format!("第{step}日"),
                    to: None,
                    until: None,
                    key: Some(format!("key-{step}")),
                };
                self.tower.take_act(act).await?;
            }
            Work::Queue => _ = self.courier.queue(clock()).await?,
            Work::Send => _ = self.courier.send_due(clock).await?,
        }
        Ok(())
    }

    /// All that the folder holds, by what it is.
    async fn left_behind(&self) -> BTreeMap<&'static str, Value> {
        let (tower, store) = (&self.tower, self.tower.store());
        let entries = tower.log().read_after(Position(0), usize::MAX >> 1).await.expect("read");
        let log: Vec<Value> =
            entries.iter().map(|entry| json!([entry.position, entry.document.id, entry.document.text])).collect();
        let intake = store.intake().await.expect("read");
        assert!(intake.values().all(|(_, counts)| counts.reconciles()), "COUNT-1: {intake:?}");
        let mut listings = Vec::new();
        for category in Category::ALL {
            listings.extend(store.listings(*category, 10_000).await.expect("read"));
        }
        let total = |query: &str| {
            let request = SearchRequest { query: query.to_owned(), ..SearchRequest::default() };
            tower.index().search(&request).expect("answered").total
        };
        let found: Vec<u64> = ["充电宝", "热水器", "signal:fire", "channel:platform"].into_iter().map(total).collect();
        let whole = tower.verify_index().await.expect("looked at");
        assert!(whole.is_whole(), "{whole:?}");
        let came = store.came_for("w", 10_000).await.expect("read");
        let came: Vec<Value> = came.iter().map(|hit| json!([hit.position, hit.document])).collect();
        let watched = &store.searches().await.expect("read")[0];
        let acts: Vec<Value> = store.acts(None).await.expect("read").iter().map(|act| json!(act)).collect();
        let health = &store.endpoint_health().await.expect("read")[0];
        let audit = store.audit(0, 10_000).await.expect("read");
        let audit: Vec<Value> = audit
            .iter()
            .map(|line| json!([line.entry.what, line.entry.who, line.entry.about, line.entry.detail]))
            .collect();
        store.verify_audit(None).await.expect("read").expect("whole");
        let sent: BTreeSet<String> =
            self.inbox.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        BTreeMap::from([
            ("log", json!(log)),
            ("intake", json!(intake.values().map(|(_, counts)| counts).collect::<Vec<_>>())),
            ("signals", json!(tower.signal_records().expect("read"))),
            ("listings", json!(listings)),
            ("found", json!(found)),
            ("watch", json!([came, watched.came, watched.untold])),
            ("alerts", json!(store.every_alert().await.expect("read"))),
            ("events", json!(store.alert_events(None).await.expect("read"))),
            ("requests", json!(store.every_request().await.expect("read"))),
            ("acts", json!(acts)),
            ("outcomes", json!(store.outcomes(None).await.expect("read"))),
            ("audit", json!(audit)),
            (
                "told",
                json!([
                    health.waiting,
                    health.delivered,
                    health.dead,
                    health.row.cursor,
                    health.row.notice_cursor,
                    sent
                ]),
            ),
        ])
    }

    async fn close(self) {
        self.serving.abort();
        self.tower.close().await.expect("closed");
    }
}

fn courier(tower: &Tower) -> Courier {
    let name = Arc::new(|code: RegionCode| code.to_string());
    Courier::new(tower.store().clone(), tower.home(), None, name).expect("a courier")
}

/// What comes in on a day: a death that an authority tells of, of a brand of its own; a fire; a listing; and a text that is
/// another one every day.
fn lines(step: i64) -> String {
    let day = at(step).strftime("%Y-%m-%d").to_string();
    let brand = format!("牌子{step}");
    let line = |id: String, channel: &str, text: String, meta: Value| {
        json!({"id": id, "channel": channel, "text": text, "published_at": day, "meta": meta}).to_string() + "\n"
    };
    let listing = json!({"platform": "云集市", "item_id": format!("i{}", step / 3), "price": 59, "sold": 100 + step,
        "seller": format!("店{step}"), "platform_category": "充电宝"});
    [
        line(
            format!("death-{step}"),
            "regulator",
            format!("{brand}热水器漏电，住户{step}号洗澡时触电身亡，这是第{step}次通报"),
            json!({"brand": brand, "author": format!("通报{step}"), "region": "浙江省"}),
        ),
        line(
            format!("fire-{step}"),
            "complaint",
            format!("第{step}位顾客说，充电宝在床头起火，床单烧了{step}个洞"),
            json!({"author": format!("顾客{step}"), "brand": "磐能"}),
        ),
        line(format!("listing-{step}"), "platform", format!("磐能充电宝第{step}款"), listing),
        line("changing".to_owned(), "complaint", format!("充电宝第{step}次改口：起火了"), json!({"author": "阿山"})),
    ]
    .concat()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

fn same(found: &BTreeMap<&'static str, Value>, expected: &BTreeMap<&'static str, Value>, when: &str) {
    for (what, expected) in expected {
        assert_eq!(&found[what], expected, "{what}, {when}");
    }
}

/// On day n every piece of work fails at its write n, and is done again; after some days the program starts anew in between.
#[test]
fn work_that_broke_off_at_any_write_and_was_done_again_left_what_unbroken_work_leaves() {
    run(async {
        let (whole, mut broken) = (World::new().await, World::new().await);
        let mut broke_off = BTreeMap::new();
        for day in 0.. {
            let mut broke_off_today = false;
            for work in Work::ALL {
                whole.work(work, day).await.expect("unbroken");
                broken.faults.after(day).await;
                if let Err(error) = broken.work(work, day).await {
                    assert!(format!("{error:?}").contains("broken off"), "{error:?}");
                    *broke_off.entry(format!("{work:?}")).or_insert(0) += 1;
                    broke_off_today = true;
                    broken.faults.after(ENDLESS).await;
                    if day % 4 == 3 {
                        broken = broken.opened_again().await;
                    }
                    broken.work(work, day).await.expect("done again");
                }
            }
            if !broke_off_today {
                break;
            }
        }
        broken.faults.after(ENDLESS).await;
        let (expected, found) = (whole.left_behind().await, broken.left_behind().await);
        same(&found, &expected, &format!("broken off {broke_off:?} times"));
        // Every piece of the work was broken off at several writes, and there was something to lose.
        let least = [("Push", 3), ("Note", 2), ("Read", 4), ("Judge", 5), ("Act", 2), ("Verdict", 2)];
        let least = least.into_iter().chain([("Queue", 4), ("Send", 4)]);
        for (work, least) in least {
            assert!(broke_off.get(work).is_some_and(|times| *times >= least), "{work}: {broke_off:?}");
        }
        for (what, least) in
            [("listings", 4), ("alerts", 1), ("events", 3), ("acts", 4), ("outcomes", 4), ("requests", 1)]
        {
            assert!(expected[what].as_array().is_some_and(|all| all.len() >= least), "{what}: {}", expected[what]);
        }
        // What broke off after it was sent is sent again under its id; nothing else is sent twice.
        let sent = broken.inbox.lock().unwrap_or_else(PoisonError::into_inner).len();
        let once = whole.inbox.lock().unwrap_or_else(PoisonError::into_inner).len();
        assert!(once > 3 && sent >= once && sent <= once + broke_off["Send"], "{sent} for {once}");
        whole.close().await;
        broken.close().await;
    });
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("listed");
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}

/// A crash between two outputs leaves one ahead of the others. Whichever is behind catches up, and no other publishes anything again, though
/// more comes in meanwhile, so that one batch holds what some have published and what none has.
#[test]
fn an_output_that_is_behind_catches_up_and_the_others_publish_nothing_again() {
    run(async {
        let (whole, mut world) = (World::new().await, World::new().await);
        let (early, data) = (tempfile::tempdir().expect("a folder"), world.settings.data.clone());
        let days = [Work::Push, Work::Read, Work::Judge];
        for day in 0..6 {
            for work in days {
                whole.work(work, day).await.expect("done");
                world.work(work, day).await.expect("done");
            }
            if day == 2 {
                world = world.opened_again().await;
                for output in ["index", "signals"] {
                    copy(&data.join(output), &early.path().join(output));
                }
            }
        }
        let mut day = 6;
        for output in ["index", "signals", "listings"] {
            for from_early in [true, false] {
                for work in days {
                    whole.work(work, day).await.expect("done");
                }
                world.work(Work::Push, day).await.expect("done");
                if output == "listings" {
                    // They are forgotten, as when other rules sort them.
                    let store = world.tower.store();
                    let (standing, detail) = store.cursor(output).await.expect("read");
                    let mut tx = store.begin().await.expect("begun");
                    Store::clear_listings(&mut tx).await.expect("cleared");
                    Store::move_cursor(&mut tx, output, standing, Position(0), &detail).await.expect("moved");
                    tx.commit().await.expect("kept");
                } else {
                    let World { tower, settings, .. } = world;
                    tower.close().await.expect("closed");
                    fs::remove_dir_all(data.join(output)).expect("removed");
                    if from_early {
                        copy(&early.path().join(output), &data.join(output));
                    }
                    let tower = Tower::open(&settings).await.expect("opened");
                    world = World { courier: courier(&tower), tower, settings, ..world };
                }
                let read = world.tower.read_new().await.expect("read");
                let end = world.tower.log().end().await.expect("read").0;
                let known = if from_early && output != "listings" { 12 } else { 0 };
                assert_eq!(read.documents, end - known, "{output} was behind");
                world.work(Work::Judge, day).await.expect("done");
                let when = format!("{output} was behind, {}", if from_early { "half" } else { "wholly" });
                same(&world.left_behind().await, &whole.left_behind().await, &when);
                day += 1;
            }
        }
        whole.close().await;
        world.close().await;
    });
}

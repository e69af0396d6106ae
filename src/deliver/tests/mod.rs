//! Promises of delivery, kept over real HTTP on loopback: receivers that work, hang, fail, redirect, answer garbage or are gone.

mod docs;
mod mail;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use jiff::civil::date;

use super::Courier;
use super::kinds::webhook_signature;
use store::{EndpointRow, Store};
use vocabulary::{
    AlertEvent, AlertEventKind, Category, Concerns, Counts, Danger, Disposal, Endpoint, EndpointKind, Hazard, Notice,
    NoticeKind, Party, RegionCode, Role, Spread, Subscription,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What receivers were sent: by receiver, message id and body.
type Inbox = Arc<Mutex<Vec<(String, String, String)>>>;

/// A receiver for each way to behave; the way is the path.
async fn receive(State(inbox): State<Inbox>, Path(way): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    let seconds: i64 = text("webhook-timestamp").parse().expect("seconds");
    let signed = webhook_signature(SECRET, &text("webhook-id"), seconds, &body).expect("a signature");
    assert_eq!(text("webhook-signature"), signed);
    inbox.lock().unwrap_or_else(PoisonError::into_inner).push((way.clone(), text("webhook-id"), body));
    match way.as_str() {
        "hangs" => std::future::pending().await,
        "fails" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "gone" => StatusCode::GONE.into_response(),
        "leads-away" => (StatusCode::FOUND, [("location", "http://169.254.169.254/")]).into_response(),
        "floods" => "x".repeat(10_000_000).into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    }
}

struct Scene {
    store: Store,
    courier: Courier,
    inbox: Inbox,
    home: String,
    serving: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

fn clock() -> Timestamp {
    Timestamp::from_second(1_700_000_000).expect("a moment")
}

fn day(number: i64) -> Timestamp {
    clock() + jiff::SignedDuration::from_hours(24 * number)
}

fn later() -> Timestamp {
    Timestamp::from_second(1_700_000_000 + 86_400).expect("a moment")
}

fn much_later() -> Timestamp {
    Timestamp::from_second(1_900_000_000).expect("a moment")
}

impl Scene {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("open");
        let inbox = Inbox::default();
        let router = Router::new().route("/{way}", post(receive)).with_state(Arc::clone(&inbox));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let home = format!("http://{}", listener.local_addr().expect("bound"));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
        let region_name = Arc::new(|code: RegionCode| code.to_string());
        let courier = Courier::new(store.clone(), "http://wanglou", None, region_name).expect("a courier");
        Self { store, courier, inbox, home, serving, _dir: dir }
    }

    fn endpoint(&self, way: &str) -> Endpoint {
        Endpoint {
            name: way.to_owned(),
            party: None,
            kind: EndpointKind::Webhook,
            url: format!("{}/{way}", self.home),
            secret: Some(SECRET.to_owned()),
            allow_loopback: true,
            subscription: Subscription::default(),
        }
    }

    async fn add(&self, endpoint: &Endpoint) {
        self.courier.add(endpoint, None, "test", clock()).await.expect("added");
    }

    async fn happen(&self, events: &[AlertEvent]) {
        let mut tx = self.store.begin().await.expect("begin");
        for event in events {
            Store::bare_alert(&mut tx, &event.alert_id).await.expect("an alert");
            Store::add_alert_event(&mut tx, event, clock()).await.expect("added");
        }
        tx.commit().await.expect("commit");
    }

    async fn note(&self, text: &str) {
        let about = "nightly".to_owned();
        let notice = Notice { kind: NoticeKind::PastChanged, at: clock(), about, text: text.to_owned() };
        let mut tx = self.store.begin().await.expect("begin");
        Store::add_notice(&mut tx, &notice).await.expect("noted");
        tx.commit().await.expect("commit");
    }

    /// What each receiver was sent: ids of messages, in order.
    fn sent(&self) -> BTreeMap<String, Vec<String>> {
        let mut sent: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (way, id, _) in self.inbox.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            sent.entry(way.clone()).or_default().push(id.clone());
        }
        sent
    }

    async fn counts(&self, name: &str) -> (u64, u64, u64) {
        let all = self.store.endpoint_health().await.expect("read");
        let found = all.iter().find(|found| found.row.endpoint.name == name).expect("known");
        (found.waiting, found.delivered, found.dead)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(super) fn event(number: usize, danger: Danger) -> AlertEvent {
    AlertEvent {
        alert_id: format!("wl-{number}").as_str().into(),
        as_of: date(2024, 7, 11),
        event: AlertEventKind::Opened,
        category: if number.is_multiple_of(2) { Category::Toy } else { Category::BatteryCharger },
        hazard: Hazard::Fire,
        brand: None,
        region: None,
        danger,
        spread: Spread::Industry,
        disposal: Disposal::Sample,
        rank_score: 8.5,
        counts: Counts::default(),
        evidence: Vec::new(),
        evidence_total: 0,
        explanation: vocabulary::Explanation::prose("说明"),
        rules: Vec::new(),
        merged_into: None,
        before: None,
        criteria: "c".into(),
        lexicon: "l".into(),
    }
}

#[tokio::test]
async fn every_event_arrives_once_signed_and_a_second_look_sends_nothing() {
    let scene = Scene::new().await;
    scene.add(&scene.endpoint("works")).await;
    scene.happen(&[event(1, Danger::High), event(2, Danger::High)]).await;
    assert_eq!(scene.courier.queue(clock()).await.expect("queued"), 2);
    assert_eq!(scene.courier.queue(clock()).await.expect("queued"), 0);
    assert_eq!(scene.courier.send_due(clock).await.expect("sent"), (2, 0));
    assert_eq!(scene.courier.send_due(later).await.expect("sent"), (0, 0));
    assert_eq!((scene.sent()["works"].len(), scene.counts("works").await), (2, (0, 2, 0)));
    let body = scene.inbox.lock().expect("inbox")[0].2.clone();
    let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&body["type"], &body["data"]["url"]), (&"alert.opened".into(), &"http://wanglou/alerts/wl-1".into()));
    assert_eq!(scene.courier.replay("works", 1, "test", clock()).await.expect("again"), 1);
    scene.courier.send_due(clock).await.expect("sent");
    let sent = &scene.sent()["works"];
    assert_eq!((sent.len(), &sent[2]), (3, &sent[1]), "the same id at a replay");
}

#[tokio::test]
async fn a_receiver_that_hears_nothing_for_longer_than_ever_is_silent() {
    let scene = Scene::new().await;
    scene.add(&scene.endpoint("works")).await;
    let days: [fn() -> Timestamp; 5] = [|| day(0), || day(1), || day(2), || day(5), || day(6)];
    for (number, now) in days.into_iter().enumerate() {
        scene.happen(&[event(number + 1, Danger::High)]).await;
        scene.courier.queue(now()).await.expect("queued");
        scene.courier.send_due(now).await.expect("sent");
    }
    let row = scene.store.endpoint("works").await.expect("read").expect("there");
    let paces = scene.store.endpoint_paces().await.expect("read");
    let silent = |number: i64| row.silent_days(paces.get("works"), day(number));
    assert_eq!((silent(6), silent(12), silent(13)), (None, None, Some((7, 3))), "{paces:?}");
    let paused = EndpointRow { paused_at: Some(day(7)), ..row.clone() };
    assert_eq!(paused.silent_days(paces.get("works"), day(13)), None, "by a wish");
    // One that was told less says nothing by its silence.
    let other = Scene::new().await;
    other.add(&other.endpoint("works")).await;
    other.happen(&[event(1, Danger::High)]).await;
    other.courier.queue(day(0)).await.expect("queued");
    other.courier.send_due(|| day(0)).await.expect("sent");
    assert_eq!(other.store.endpoint_paces().await.expect("read"), BTreeMap::new());
}

#[tokio::test]
async fn a_receiver_that_hangs_fails_or_answers_garbage_delays_nobody_else() {
    let scene = Scene::new().await;
    for way in ["hangs", "fails", "leads-away", "floods", "works"] {
        scene.add(&scene.endpoint(way)).await;
    }
    scene.happen(&[event(1, Danger::High)]).await;
    scene.courier.queue(clock()).await.expect("queued");
    // The one that hangs is still being waited for when the others have their answers.
    let sending = tokio::spawn({
        let courier = scene.courier.clone();
        async move { courier.send_due(clock).await }
    });
    let others = async {
        while scene.store.tries(None, 10).await.expect("read").len() < 4 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), others).await.expect("the others were served meanwhile");
    assert!(!sending.is_finished(), "the one that hangs is still waited for");
    sending.abort();
    for (way, meant) in [("works", (0, 1, 0)), ("floods", (0, 1, 0)), ("fails", (1, 0, 0)), ("leads-away", (1, 0, 0))] {
        assert_eq!(scene.counts(way).await, meant, "{way}");
    }
    // Broken off in the middle, as by kill -9: it comes again under the same id.
    assert_eq!(scene.counts("hangs").await, (1, 0, 0));
    let again = scene.courier.clone();
    let again = tokio::spawn(async move { again.send_due(clock).await });
    while scene.sent()["hangs"].len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    again.abort();
    let sent = &scene.sent()["hangs"];
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test]
async fn a_failing_receiver_is_tried_ever_more_rarely_and_then_given_up() {
    static TRY: AtomicUsize = AtomicUsize::new(0);
    fn weeks_later() -> Timestamp {
        let weeks = i64::try_from(TRY.load(Ordering::Relaxed)).expect("a few");
        much_later() + jiff::SignedDuration::from_hours(weeks * 7 * 24)
    }
    let scene = Scene::new().await;
    scene.add(&scene.endpoint("fails")).await;
    scene.happen(&[event(1, Danger::High)]).await;
    scene.courier.queue(clock()).await.expect("queued");
    assert_eq!(scene.courier.send_due(clock).await.expect("sent"), (0, 1));
    assert_eq!(scene.courier.send_due(clock).await.expect("sent"), (0, 0), "not before its time");
    for tries in 2..=9 {
        // Every try is long after the one before.
        TRY.store(tries, Ordering::Relaxed);
        scene.courier.send_due(weeks_later).await.expect("sent");
        assert_eq!((scene.sent()["fails"].len(), scene.counts("fails").await), (tries, (1, 0, 0)));
    }
    TRY.store(10, Ordering::Relaxed);
    scene.courier.send_due(weeks_later).await.expect("sent");
    assert_eq!(scene.counts("fails").await, (0, 0, 1), "a dead letter");
    let ids = &scene.sent()["fails"];
    assert!(ids.iter().all(|id| *id == ids[0]), "one id over all tries");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_it_is_resumed() {
    let scene = Scene::new().await;
    scene.add(&scene.endpoint("gone")).await;
    scene.happen(&[event(1, Danger::High), event(2, Danger::High)]).await;
    scene.courier.queue(clock()).await.expect("queued");
    scene.courier.send_due(clock).await.expect("sent");
    scene.courier.send_due(later).await.expect("sent");
    assert_eq!(scene.sent()["gone"].len(), 1);
    assert!(scene.store.endpoints().await.expect("read")[0].stopped.is_some());
    scene.courier.pause("gone", false, "test", later()).await.expect("resumed");
    scene.courier.send_due(later).await.expect("sent");
    assert_eq!(scene.sent()["gone"].len(), 2);
}

#[tokio::test]
async fn a_digest_is_one_message_and_what_is_serious_does_not_wait_for_it() {
    let scene = Scene::new().await;
    let subscription = Subscription { digest_hour: Some(8), danger: Some(Danger::Medium), ..Subscription::default() };
    scene.add(&Endpoint { subscription, ..scene.endpoint("digest") }).await;
    let events = [event(1, Danger::High), event(2, Danger::Low), event(3, Danger::Medium), event(4, Danger::Serious)];
    scene.happen(&events).await;
    assert_eq!(scene.courier.queue(clock()).await.expect("queued"), 3, "what is low is not wanted");
    assert_eq!(scene.courier.send_due(clock).await.expect("sent"), (1, 0));
    let urgent = scene.inbox.lock().expect("inbox")[0].2.clone();
    assert!(urgent.contains("wl-4"), "{urgent}");
    assert_eq!(scene.courier.send_due(later).await.expect("sent"), (1, 0));
    let digest = scene.inbox.lock().expect("inbox")[1].2.clone();
    let digest: serde_json::Value = serde_json::from_str(&digest).expect("JSON");
    assert_eq!((&digest["type"], digest["data"]["events"].as_array().map(Vec::len)), (&"alert.digest".into(), Some(2)));
    assert_eq!(scene.counts("digest").await, (0, 3, 0));
}

#[tokio::test]
async fn a_notice_is_told_once_to_those_who_asked_for_it_and_to_no_organisation() {
    let scene = Scene::new().await;
    scene.note("过去变了一").await;
    let asks = Subscription { notices: true, ..Subscription::default() };
    scene.add(&Endpoint { subscription: asks.clone(), ..scene.endpoint("asks") }).await;
    scene.add(&scene.endpoint("does-not")).await;
    let outside = Endpoint { subscription: asks, party: Some("p".to_owned()), ..scene.endpoint("outside") };
    assert!(scene.courier.add(&outside, None, "test", clock()).await.is_err());
    scene.happen(&[event(1, Danger::High)]).await;
    scene.note("过去变了二").await;
    assert_eq!(scene.courier.queue(clock()).await.expect("queued"), 3, "one event for each, one notice for one");
    assert_eq!(scene.courier.queue(clock()).await.expect("queued"), 0);
    assert_eq!(scene.courier.send_due(clock).await.expect("sent"), (3, 0));
    let told = scene.inbox.lock().expect("inbox").clone();
    let notices: Vec<_> = told.iter().filter(|(_, _, body)| body.contains("notice.past_changed")).collect();
    assert!(notices.len() == 1 && notices[0].0 == "asks" && notices[0].2.contains("过去变了二"), "{notices:?}");
    assert_eq!(scene.courier.replay("asks", 0, "test", clock()).await.expect("again"), 1, "events are replayed");
}

#[tokio::test]
async fn what_waits_for_an_endpoint_whose_organisation_no_longer_exists_is_not_sent() {
    let scene = Scene::new().await;
    let centre = Party { name: "中心".to_owned(), role: Role::Centre, concerns: Concerns::default() };
    let put = async |party: Option<&str>| {
        let endpoint = Endpoint { party: party.map(str::to_owned), ..scene.endpoint("works") };
        let mut tx = scene.store.begin().await.expect("begin");
        Store::put_party(&mut tx, &centre, clock()).await.expect("an organisation");
        Store::put_endpoint(&mut tx, &endpoint).await.expect("kept");
        tx.commit().await.expect("commit");
    };
    let of_nobody = Endpoint { party: Some("不存在".to_owned()), ..scene.endpoint("works") };
    let refused = scene.courier.add(&of_nobody, None, "test", clock()).await;
    assert!(matches!(refused, Err(crate::DeliverError::Input(_))), "no endpoint is made for an unknown one");
    scene.add(&scene.endpoint("works")).await;
    scene.happen(&[event(1, Danger::High)]).await;
    assert_eq!(scene.courier.queue(clock()).await.expect("queued"), 1);
    put(Some("不存在")).await;
    assert_eq!(scene.courier.send_due(clock).await.expect("sent"), (0, 0));
    assert_eq!((scene.sent().len(), scene.counts("works").await), (0, (1, 0, 0)));
    assert!(scene.store.tries(None, 9).await.expect("read").is_empty(), "nothing was tried");
    put(Some("中心")).await;
    assert_eq!(scene.courier.send_due(clock).await.expect("sent"), (1, 0));
    assert_eq!(scene.counts("works").await, (0, 1, 0));
}

#[tokio::test]
async fn addresses_inside_are_refused_before_and_after_resolving() {
    let scene = Scene::new().await;
    for url in [
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "ftp://x/",
        "http://a:b@example.com/",
    ] {
        let endpoint = Endpoint { url: url.to_owned(), allow_loopback: false, ..scene.endpoint("inside") };
        assert!(scene.courier.add(&endpoint, None, "test", clock()).await.is_err(), "{url}");
    }
    let by_name =
        Endpoint { url: "http://localhost:1/".to_owned(), allow_loopback: false, ..scene.endpoint("by-name") };
    scene.add(&by_name).await;
    let tried = scene.courier.test("by-name", clock()).await.expect("tried");
    assert!(tried.trouble.as_deref().is_some_and(|why| why.contains("private, loopback")), "{tried:?}");
}

#[tokio::test]
async fn many_events_are_matched_with_many_subscriptions_in_bounded_batches() {
    let scene = Scene::new().await;
    for number in 0..50 {
        let categories = if number == 0 { [Category::Toy].into() } else { [Category::Cosmetic].into() };
        let subscription = Subscription { categories, ..Subscription::default() };
        scene.add(&Endpoint { subscription, name: format!("e{number}"), ..scene.endpoint("works") }).await;
    }
    let events: Vec<AlertEvent> = (1..=1_500).map(|number| event(number, Danger::High)).collect();
    scene.happen(&events).await;
    assert_eq!(scene.courier.queue(clock()).await.expect("queued"), 750);
    assert!(scene.store.endpoints().await.expect("read").iter().all(|row| row.cursor == 1_500));
}

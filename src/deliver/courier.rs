//! Queues what endpoints want to know, and carries it to them.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::contents::{About, Contents};
use super::kinds::{self, Attempt};
use super::ways::Ways;
use super::ways::post::Post;
use super::ways::smtp::MailServer;
use access::{Opened, PartyView};
use alert::Casework;
use collect::{Names, SystemNames};
use config::MailSettings;
use store::{Became, EndpointRow, Message, Queued, Store, StoreError, TryRow};
use vocabulary::{
    Alert, AlertEvent, AlertId, AuditEntry, AuditKind, Endpoint, EndpointKind, Lane, Notice, Party, Refused,
    RegionCode, SamplingRequest, ShownEvent, refused,
};

/// Waits before the second, third, … try of a message. After the last it is given up: about three days after the first.
const WAITS: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(34),
];
/// Pause between two queries of the queue for messages that are due.
const QUEUE_POLL: Duration = Duration::from_secs(1);
/// Receivers to which messages are carried at the same time.
const RECEIVERS_AT_ONCE: usize = 64;
/// Messages carried to one receiver before the others are looked at again.
const MESSAGES_AT_ONCE: u32 = 20;
/// Events looked at in one transaction.
const EVENTS_AT_ONCE: usize = 1_000;
/// Notices looked at in one transaction.
const NOTICES_AT_ONCE: u32 = 100;
/// Longest rest of a receiver that fails: its other messages wait so long before they are tried.
const REST_MAX: SignedDuration = SignedDuration::from_mins(5);

/// Why the courier could not work. A receiver's trouble is no such error: it is in the log of tries.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No HTTP client could be made.
    #[error("no HTTP client could be made")]
    Client(#[from] reqwest::Error),
    /// What was asked for cannot be done; the message says what is expected.
    #[error("{0}")]
    Input(Refused),
}

/// The name of a place by its code.
type RegionName = Arc<dyn Fn(RegionCode) -> String + Send + Sync>;

/// Carries messages. Clones share everything.
#[derive(Clone)]
pub struct Courier {
    store: Store,
    ways: Arc<Ways>,
    /// Kinds of which the log says already that their messages wait, and for what.
    waiting: Arc<Mutex<BTreeSet<EndpointKind>>>,
    home: String,
    region_name: RegionName,
}

/// What is known of an alert when its events are matched.
struct Matter {
    alert: Option<Alert>,
    request: Option<SamplingRequest>,
    casework: Casework,
}

impl Courier {
    /// A courier over a store. `home`: address of the pages, for links; `mail`: by which server mail goes.
    ///
    /// # Errors
    /// [`DeliverError::Client`] when the system has no usable TLS roots, [`DeliverError::Input`] when sender or server of mail
    /// cannot be used.
    pub fn new(
        store: Store,
        home: &str,
        mail: Option<&MailSettings>,
        region_name: RegionName,
    ) -> Result<Self, DeliverError> {
        let names: Arc<dyn Names> = Arc::new(SystemNames);
        let mail_server =
            mail.map(MailServer::new).transpose().map_err(|why| DeliverError::Input(Refused::quoted(why)))?;
        Ok(Self {
            store,
            ways: Arc::new(Ways { post: Post::new(&names)?, mail_server }),
            waiting: Arc::default(),
            home: home.to_owned(),
            region_name,
        })
    }

    /// What the settings lack for a kind of endpoint; its messages wait untried meanwhile.
    #[must_use]
    pub fn lacks(&self, kind: EndpointKind) -> Option<Refused> {
        kinds::of(kind).lacks(&self.ways)
    }

    /// Makes an endpoint. It receives what happens from now on, or after the event with number `after`.
    pub async fn add(
        &self,
        endpoint: &Endpoint,
        after: Option<u64>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), DeliverError> {
        check(endpoint)?;
        if let Some(party) = &endpoint.party
            && !self.store.parties().await?.iter().any(|known| known.name == *party)
        {
            return Err(DeliverError::Input(refused!(
                "没有单位 `{party}`；`wanglou user list` 列出全部",
                "there is no organisation `{party}`; `wanglou user list` shows them"
            )));
        }
        let cursor = match after {
            Some(after) => after,
            None => self.store.last_alert_event().await?,
        };
        let mut tx = self.store.begin().await?;
        if !Store::add_endpoint(&mut tx, endpoint, None, cursor, now).await? {
            return Err(DeliverError::Input(refused!(
                "已有或曾有接收端 `{}`：名称不能再用",
                "there is an endpoint `{}` already, or was: names are not given again",
                endpoint.name
            )));
        }
        let detail = format!("made, {}", endpoint.kind);
        Store::add_audit(&mut tx, &entry(now, by, &endpoint.name, detail)).await?;
        Ok(tx.commit().await?)
    }

    /// Pauses an endpoint, or sends to it again.
    pub async fn pause(&self, name: &str, paused: bool, by: &str, now: Timestamp) -> Result<(), DeliverError> {
        let mut tx = self.store.begin().await?;
        if !Store::pause_endpoint(&mut tx, name, paused.then_some(now)).await? {
            return Err(unknown(name));
        }
        let detail = if paused { "paused" } else { "resumed" };
        Store::add_audit(&mut tx, &entry(now, by, name, detail.to_owned())).await?;
        Ok(tx.commit().await?)
    }

    /// Removes an endpoint, and what waits for it; the log of tries stays.
    pub async fn remove(&self, name: &str, by: &str, now: Timestamp) -> Result<(), DeliverError> {
        let mut tx = self.store.begin().await?;
        if !Store::remove_endpoint(&mut tx, name, now).await? {
            return Err(unknown(name));
        }
        Store::add_audit(&mut tx, &entry(now, by, name, "removed".to_owned())).await?;
        Ok(tx.commit().await?)
    }

    /// Sends an endpoint again what it received of events after number `after`, under the same ids; how many events.
    pub async fn replay(&self, name: &str, after: u64, by: &str, now: Timestamp) -> Result<u64, DeliverError> {
        self.endpoint(name).await?;
        let mut tx = self.store.begin().await?;
        let again = Store::replay(&mut tx, name, after, now).await?;
        let detail = format!("replay of {again} events behind {after}");
        Store::add_audit(&mut tx, &entry(now, by, name, detail)).await?;
        tx.commit().await?;
        Ok(again)
    }

    /// Sends a test message, which says that it is one; how it went.
    pub async fn test(&self, name: &str, now: Timestamp) -> Result<TryRow, DeliverError> {
        let row = self.endpoint(name).await?;
        let id = id_of(&[name, "test", &now.to_string()]);
        let (tried, _) = self.try_once(&row, &id, About::Test, now).await;
        let mut tx = self.store.begin().await?;
        Store::note_try(&mut tx, &tried, Became::Delivered, now).await?;
        tx.commit().await?;
        Ok(tried)
    }

    async fn endpoint(&self, name: &str) -> Result<EndpointRow, DeliverError> {
        self.store.endpoint(name).await?.ok_or_else(|| unknown(name))
    }

    /// Queues what endpoints want to know of the events that they were not yet looked at for. Each batch is one transaction with the
    /// cursors; how many were queued.
    pub async fn queue(&self, now: Timestamp) -> Result<u64, DeliverError> {
        let mut queued = self.queue_notices(now).await?;
        loop {
            let rows = self.store.endpoints().await?;
            let last = self.store.last_alert_event().await?;
            let Some(from) = rows.iter().map(|row| row.cursor).filter(|cursor| *cursor < last).min() else {
                return Ok(queued);
            };
            let events = self.store.alert_events_after(from, EVENTS_AT_ONCE).await?;
            let Some(to) = events.last().map(|(number, _)| *number) else { return Ok(queued) };
            let matters = self.matters(&events, &rows).await?;
            let parties: BTreeMap<String, Party> =
                self.store.parties().await?.into_iter().map(|party| (party.name.clone(), party)).collect();
            let mut tx = self.store.begin().await?;
            for row in rows.iter().filter(|row| row.cursor < to) {
                // Somebody else moved it meanwhile: it is that one's turn.
                if !Store::move_endpoint(&mut tx, &row.endpoint.name, row.cursor, to).await? {
                    continue;
                }
                let fresh = events.iter().filter(|(number, _)| *number > row.cursor);
                let fresh = fresh
                    .filter(|(_, event)| wanted(&row.endpoint, event, &parties, matters.get(&event.alert_id), now));
                let fresh: Vec<Queued> = fresh
                    .map(|(number, event)| {
                        let (lane, due_at) = row.endpoint.subscription.lane(event, now);
                        let delivery = id_of(&[&row.endpoint.name, &number.to_string()]);
                        let endpoint = row.endpoint.name.clone();
                        Queued { delivery, endpoint, seq: *number, notice: false, lane, due_at }
                    })
                    .collect();
                queued += Store::queue(&mut tx, &fresh, now).await?;
            }
            tx.commit().await?;
        }
    }

    /// Queues notices for those who asked for them, as [`Courier::queue`] does events.
    async fn queue_notices(&self, now: Timestamp) -> Result<u64, DeliverError> {
        let mut queued = 0;
        loop {
            let rows = self.store.endpoints().await?;
            let last = self.store.last_notice().await?;
            let Some(from) = rows.iter().map(|row| row.notice_cursor).filter(|cursor| *cursor < last).min() else {
                return Ok(queued);
            };
            let notices = self.store.notices_after(from, NOTICES_AT_ONCE).await?;
            let Some(to) = notices.last().map(|(number, _)| *number) else { return Ok(queued) };
            let mut tx = self.store.begin().await?;
            for row in rows.iter().filter(|row| row.notice_cursor < to) {
                let (name, subscription) = (&row.endpoint.name, &row.endpoint.subscription);
                if !Store::move_endpoint_notices(&mut tx, name, row.notice_cursor, to).await? || !subscription.notices {
                    continue;
                }
                let fresh: Vec<Queued> = (notices.iter().filter(|(number, _)| *number > row.notice_cursor))
                    .map(|(number, _)| {
                        let delivery = id_of(&[name, "notice", &number.to_string()]);
                        let (endpoint, due_at) = (name.clone(), subscription.notice_at(now));
                        Queued { delivery, endpoint, seq: *number, notice: true, lane: Lane::Each, due_at }
                    })
                    .collect();
                queued += Store::queue(&mut tx, &fresh, now).await?;
            }
            tx.commit().await?;
        }
    }

    /// What matching needs to know of the alerts of these events: what people did, and where a party's sight is asked, the alert.
    async fn matters(
        &self,
        events: &[(u64, AlertEvent)],
        rows: &[EndpointRow],
    ) -> Result<BTreeMap<AlertId, Matter>, DeliverError> {
        let with_alert = rows.iter().any(|row| row.endpoint.party.is_some());
        let ids: BTreeSet<&AlertId> = events.iter().map(|(_, event)| &event.alert_id).collect();
        let mut matters = BTreeMap::new();
        for id in ids {
            let (alert, request) = if with_alert {
                (self.store.alert(id).await?, self.store.sampling_request(id).await?)
            } else {
                (None, None)
            };
            let casework = Casework::of(&self.store.acts_but_notes(Some(id)).await?);
            matters.insert(id.clone(), Matter { alert, request, casework });
        }
        Ok(matters)
    }

    /// Carries everything that is due now, to all receivers at once; how many messages arrived and how many did not.
    pub async fn send_due(&self, clock: fn() -> Timestamp) -> Result<(u64, u64), DeliverError> {
        let mut tasks = JoinSet::new();
        let (mut arrived, mut failed) = (0, 0);
        for name in self.store.endpoints_due(clock()).await? {
            let courier = self.clone();
            tasks.spawn(async move { courier.serve(&name, clock).await });
        }
        let mut trouble = None;
        // Nobody is cut off because of somebody else: what a receiver took must be written down.
        while let Some(done) = tasks.join_next().await {
            match done
                .map_err(|error| DeliverError::Input(refused!("发送中断：“{error}”", "a courier broke off: {error}")))
                .flatten()
            {
                Ok((good, bad)) => (arrived, failed) = (arrived + good, failed + bad),
                Err(error) => trouble = Some(error),
            }
        }
        trouble.map_or(Ok((arrived, failed)), Err)
    }

    /// Queues and carries for ever.
    ///
    /// # Errors
    /// When the queue cannot be filled or read. What is being carried then is carried to its end first.
    pub async fn run(self, clock: fn() -> Timestamp) -> Result<Infallible, DeliverError> {
        let mut tasks: JoinSet<String> = JoinSet::new();
        let mut busy: BTreeSet<String> = BTreeSet::new();
        loop {
            let due = match self.queue(clock()).await {
                Ok(_) => self.store.endpoints_due(clock()).await.map_err(DeliverError::from),
                Err(error) => Err(error),
            };
            match due {
                Ok(due) => {
                    for name in due {
                        if busy.len() < RECEIVERS_AT_ONCE && busy.insert(name.clone()) {
                            let courier = self.clone();
                            tasks.spawn(async move {
                                if let Err(error) = courier.serve(&name, clock).await {
                                    tracing::error!(endpoint = name, "deliveries wait: {error}");
                                }
                                name
                            });
                        }
                    }
                }
                Err(error) => {
                    // What a receiver took must be written down.
                    while tasks.join_next().await.is_some() {}
                    return Err(error);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(QUEUE_POLL) => {}
                Some(done) = tasks.join_next() => match done {
                    Ok(name) => { busy.remove(&name); }
                    // The error does not say which one it was: when none is left, all are free again.
                    Err(error) => {
                        tracing::error!("a courier broke off: {error}");
                        if tasks.is_empty() { busy.clear(); }
                    }
                }
            }
        }
    }

    /// Carries to one receiver what is due, urgent first, until it fails; what waits behind a failure comes with a later round.
    async fn serve(&self, name: &str, clock: fn() -> Timestamp) -> Result<(u64, u64), DeliverError> {
        let Some(row) = self.store.endpoint(name).await?.filter(EndpointRow::is_sent_to) else { return Ok((0, 0)) };
        let kind = row.endpoint.kind;
        if let Some(lack) = self.lacks(kind) {
            // It waits without being tried: a service with other settings may have what this one lacks.
            if self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(kind) {
                tracing::warn!(endpoint = name, "{} waits: {lack}", kind.en());
            }
            return Ok((0, 0));
        }
        let now = clock();
        let mut tx = self.store.begin().await?;
        let together = |open: &[String]| id_of(&open.iter().map(String::as_str).collect::<Vec<_>>());
        Store::close_digest(&mut tx, name, now, together).await?;
        tx.commit().await?;
        let view = match &row.endpoint.party {
            None => PartyView::owner(),
            Some(name) => {
                let known = self.store.parties().await?.into_iter().find(|known| known.name == *name);
                let Some(party) = known else {
                    // What it may see is not known: it is sent nothing.
                    tracing::error!(endpoint = row.endpoint.name, "deliveries wait: there is no organisation `{name}`");
                    return Ok((0, 0));
                };
                PartyView::of(Some(&party))
            }
        };
        let mut arrived = 0;
        for message in self.store.messages_due(name, now, MESSAGES_AT_ONCE).await? {
            // It may have been removed, paused or sent elsewhere while the one before was carried.
            let now = self.store.endpoint(name).await?.filter(EndpointRow::is_sent_to);
            if now.is_none_or(|now| now.endpoint != row.endpoint) {
                break;
            }
            let (events, notice) = self.parts_of(&message, &view).await?;
            let about = notice.as_ref().map_or(About::Events(&events), About::Notice);
            let (tried, gone) = self.try_once(&row, &message.id, about, clock()).await;
            let now = clock();
            let became = match (&tried.trouble, WAITS.get(message.tries as usize)) {
                (None, _) => Became::Delivered,
                (Some(_), Some(wait)) => Became::Again(now + *wait),
                (Some(_), None) => Became::Dead,
            };
            let mut tx = self.store.begin().await?;
            if gone {
                Store::stop_endpoint(&mut tx, name, "the receiver answered 410 Gone").await?;
            }
            Store::note_try(&mut tx, &tried, became, now).await?;
            if let Became::Again(next) = became {
                Store::rest_endpoint(&mut tx, name, next.min(now + REST_MAX)).await?;
            }
            tx.commit().await?;
            match &tried.trouble {
                None => arrived += 1,
                Some(trouble) => {
                    tracing::warn!(
                        endpoint = name,
                        message = tried.message,
                        tries = message.tries + 1,
                        "not delivered: {trouble}"
                    );
                    return Ok((arrived, 1));
                }
            }
        }
        Ok((arrived, 0))
    }

    /// What a message says: its events as a party may see them, or its notice.
    async fn parts_of(
        &self,
        message: &Message,
        view: &PartyView,
    ) -> Result<(Vec<(u64, ShownEvent)>, Option<(u64, Notice)>), DeliverError> {
        let mut events = Vec::with_capacity(message.events.len());
        for number in &message.events {
            for (number, event) in self.store.alert_events_after(number.saturating_sub(1), 1).await? {
                events.push((number, view.event(event)));
            }
        }
        let notice = match message.notice {
            Some(number) => self.store.notices_after(number.saturating_sub(1), 1).await?.pop(),
            None => None,
        };
        Ok((events, notice))
    }

    /// One try: its line for the log, and whether the receiver wants no more, for ever.
    async fn try_once(&self, row: &EndpointRow, id: &str, about: About<'_>, now: Timestamp) -> (TryRow, bool) {
        let endpoint = &row.endpoint;
        let region_name = |code| (self.region_name)(code);
        let contents = Contents { id, about, home: &self.home, region_name: &region_name };
        let begun = tokio::time::Instant::now();
        let attempt = match &row.shut {
            None => kinds::of(endpoint.kind).carry(endpoint, &contents, &self.ways, now).await,
            Some(why) => Attempt::unanswered(why.clone()),
        };
        let tried = TryRow {
            endpoint: endpoint.name.clone(),
            message: id.to_owned(),
            at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            took_ms: i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX),
            status: attempt.status.map(i64::from),
            trouble: attempt.trouble,
        };
        (tried, attempt.gone)
    }
}

/// Whether an endpoint is to receive an event: it subscribes to it, its organisation sees the alert, and nobody has muted it.
fn wanted(
    endpoint: &Endpoint,
    event: &AlertEvent,
    parties: &BTreeMap<String, Party>,
    matter: Option<&Matter>,
    now: Timestamp,
) -> bool {
    if !endpoint.subscription.wants(event) || matter.is_some_and(|matter| matter.casework.is_muted(now)) {
        return false;
    }
    let Some(party) = &endpoint.party else { return true };
    let (Some(party), Some(matter)) = (parties.get(party), matter) else { return false };
    let view = PartyView::of(Some(party));
    let opened = Opened { published: matter.casework.published, told: Some(&matter.casework.told) };
    let sees = |alert| view.sees(alert, matter.request.as_ref(), opened);
    matter.alert.as_ref().is_some_and(sees)
}

/// Checks what can be checked before anything is sent.
fn check(endpoint: &Endpoint) -> Result<(), DeliverError> {
    let fit = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_');
    if endpoint.name.is_empty() || endpoint.name.chars().count() > 60 || !endpoint.name.chars().all(fit) {
        return Err(DeliverError::Input(refused!(
            "接收端名称应为 1 到 60 个字母、数字、`.`、`-` 或 `_`",
            "an endpoint's name has 1 to 60 letters, digits, `.`, `-` or `_`"
        )));
    }
    let subscription = &endpoint.subscription;
    if !subscription.has_hours() {
        return Err(DeliverError::Input(refused!(
            "时间应为 0 到 23 时，免打扰的起止不能相同",
            "hours are 0 to 23, and quiet ones end at another than they begin"
        )));
    }
    if subscription.notices && endpoint.party.is_some() {
        return Err(DeliverError::Input(refused!(
            "系统通知说的是监测系统本身：只发给中心的接收端，不发给单位的",
            "notices tell of the watch itself: they are for endpoints of the centre, not of an organisation"
        )));
    }
    kinds::of(endpoint.kind).check_address(endpoint).map_err(DeliverError::Input)
}

/// An id derived from its parts: the same at every try and after every restart.
fn id_of(parts: &[&str]) -> String {
    format!("msg_{}", &blake3::hash(parts.join("\n").as_bytes()).to_hex()[..32])
}

fn entry(at: Timestamp, who: &str, about: &str, detail: String) -> AuditEntry {
    AuditEntry { at, who: who.to_owned(), what: AuditKind::Delivery, about: about.to_owned(), detail }
}

fn unknown(name: &str) -> DeliverError {
    DeliverError::Input(refused!(
        "没有接收端 `{name}`；`wanglou deliver list` 列出全部",
        "there is no endpoint `{name}`; `wanglou deliver list` shows them"
    ))
}

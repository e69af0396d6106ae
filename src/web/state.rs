//! What all handlers share. A handler gets the data folder only as the [`View`] of its viewer, and reads the table of addresses only
//! through what is handed to [`Shared::new`]: the table names the handlers, so they cannot import it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::authentication::Authentication;
use super::clock::now;
use super::feeds::FeedCache;
use super::limits::{
    EXPORTS_AT_ONCE, EXPORTS_LEFT_TO_INSIDE, EXPORTS_OF_ONE_AT_ONCE, PUSHES_AT_ONCE, PUSHES_OF_ONE_AT_ONCE,
    STREAMS_MAX, STREAMS_PER_PARTY_MAX,
};
use super::problem::Problem;
use super::rights::Rights;
use super::shares::{Full, Held, Place, Shares};
use super::still_meant::Timer;
use super::view::{PushReject, Pushed, View, ViewError};
use access::{AccessError, Viewer};
use pipeline::{TaskTrouble, Tower, push_lines};
use vocabulary::{AuditEntry, AuditKind, Channel, Party, SourceId};

/// Under which name a viewer has its share of places: that of the organisation, none for the owner of the machine.
pub(super) fn share_of(viewer: &Viewer) -> &str {
    viewer.party().map_or("", |party| &party.name)
}

/// Whether a viewer is of an organisation outside: those leave places to the inside.
fn is_outside(viewer: &Viewer) -> bool {
    viewer.party().is_some_and(|party| !party.is_inside())
}

/// What follows from the table of addresses.
#[derive(Clone)]
pub(super) struct Addresses {
    /// What each of them needs.
    pub(super) rights: Arc<Rights>,
    /// The OpenAPI document; made when it is first asked for.
    pub(super) document: fn() -> &'static Value,
}

/// How old the number of the newest alert event may be.
const NEWEST_FOR: Duration = Duration::from_millis(400);

/// The number of the newest alert event and when it was looked up.
#[derive(Default)]
pub(super) struct NewestEvent(Mutex<Option<(Instant, u64)>>);

/// Documents that are handed in.
pub(super) struct HandedIn {
    /// NDJSON.
    pub(super) lines: Vec<u8>,
    /// Of documents that name none.
    pub(super) source: SourceId,
    /// Of documents that name none.
    pub(super) channel: Channel,
    /// The outside organisation that owns them.
    pub(super) by: Option<Party>,
    /// What the audit log calls whoever hands them in.
    pub(super) who: String,
}

/// The state of the router.
#[derive(Clone)]
pub(super) struct Shared {
    tower: Arc<Tower>,
    pub(super) authentication: Authentication,
    pub(super) addresses: Addresses,
    pub(super) feeds: FeedCache,
    /// Most rows of an export.
    pub(super) export_rows_max: u64,
    /// Archives of an organisation's records are made one after another.
    exchanges: Arc<Semaphore>,
    /// The same for organisations outside, which keep nobody inside waiting.
    exchanges_outside: Arc<Semaphore>,
    /// Large bodies that are read at once.
    pub(super) pushes: Shares,
    /// Alert streams that are open.
    pub(super) streams: Shares,
    /// Files that are made or taken.
    exports: Shares,
    /// By what long answers are timed.
    pub(super) timer: Timer,
    /// The newest alert event, looked up once for all streams.
    pub(super) newest: Arc<NewestEvent>,
}

impl Shared {
    pub(super) fn new(
        tower: Arc<Tower>,
        authentication: Authentication,
        addresses: Addresses,
        export_rows_max: u64,
        timer: Timer,
    ) -> Self {
        let (exchanges, exchanges_outside) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(1)));
        let pushes = Shares::new(PUSHES_AT_ONCE, PUSHES_OF_ONE_AT_ONCE);
        let streams = Shares::new(STREAMS_MAX, STREAMS_PER_PARTY_MAX);
        let exports = Shares::new(EXPORTS_AT_ONCE, EXPORTS_OF_ONE_AT_ONCE);
        let newest = Arc::default();
        Self {
            tower,
            authentication,
            addresses,
            feeds: FeedCache::default(),
            export_rows_max,
            exchanges,
            exchanges_outside,
            pushes,
            streams,
            exports,
            timer,
            newest,
        }
    }

    /// The data folder as this viewer may see it.
    pub(super) fn view(&self, viewer: &Viewer) -> View {
        View::new(Arc::clone(&self.tower), viewer)
    }

    /// Whether others reach the pages by TLS, as the settings say.
    pub(super) fn is_reached_by_tls(&self) -> bool {
        self.tower.home().starts_with("https://")
    }

    /// A place for a file that this viewer takes away, until it was taken.
    ///
    /// # Errors
    /// 429 when all are taken, those of its organisation are, or for an organisation outside those that are not left to the inside.
    pub(super) fn export_place(&self, viewer: &Viewer) -> Result<Held, Problem> {
        let left = if is_outside(viewer) { EXPORTS_LEFT_TO_INSIDE } else { 0 };
        let place = self.exports.take_leaving(share_of(viewer), left).map_err(|full| match full {
            Full::OfOne => {
                Problem::busy(format!("贵单位正在导出 {EXPORTS_OF_ONE_AT_ONCE} 份文件：请等它们结束后再试。"))
            }
            Full::All => Problem::busy("正在为别的单位导出文件：请稍后再试。"),
        })?;
        Ok(Held::new(place))
    }

    /// The turn to make an archive of records: one at a time, and one for organisations outside.
    ///
    /// # Errors
    /// 429 while another is made.
    pub(super) fn exchange_turn(&self, viewer: &Viewer) -> Result<SemaphorePermit<'_>, Problem> {
        let exchanges = if is_outside(viewer) { &self.exchanges_outside } else { &self.exchanges };
        exchanges.try_acquire().map_err(|_| Problem::busy("正在为别的单位打包记录：请稍后再试。"))
    }

    /// Tasks of the service that do not get on.
    pub(super) fn troubles(&self) -> Vec<TaskTrouble> {
        self.tower.troubles().all()
    }

    /// Whether the service works: the store answers.
    ///
    /// # Errors
    /// [`ViewError::Internal`] when it does not; its text is shown to the prober.
    pub(super) async fn health(&self) -> Result<(), ViewError> {
        let counts = self.tower.store().alert_counts().await;
        counts.map(|_| ()).map_err(|error| ViewError::internal("asking the store", error))
    }

    /// The token of the settings file for handing documents in; none: only tokens of organisations do.
    pub(super) fn push_token(&self) -> Option<&str> {
        self.tower.push_token()
    }

    /// Takes NDJSON documents into the log. They are read and judged soon after. What was begun is ended, with its line in the audit log,
    /// when the client leaves; `place` is kept until then.
    pub(super) async fn push(&self, handed_in: HandedIn, place: Place) -> Result<Pushed, ViewError> {
        let shared = self.clone();
        let work = tokio::spawn(async move {
            let pushed = shared.take_in(handed_in).await;
            drop(place);
            pushed
        });
        work.await.map_err(|broken| ViewError::internal("taking documents in", broken))?
    }

    async fn take_in(&self, handed_in: HandedIn) -> Result<Pushed, ViewError> {
        let HandedIn { lines, source, channel, by, who } = handed_in;
        let about = source.to_string();
        let report = push_lines(&self.tower, lines, source, channel, by.as_ref(), now()).await;
        let report = report.map_err(|error| ViewError::internal("taking documents in", error))?;
        let intake = report.total();
        let detail = format!(
            "{} lines: {} kept, {} unchanged, {} duplicate, {} rejected",
            intake.collected, intake.kept, intake.unchanged, intake.duplicate, intake.rejected
        );
        let noted = self.note(&who, AuditKind::Push, about, detail).await;
        noted.map_err(|error| ViewError::internal("writing the audit log", error))?;
        let rejects = report.rejected.into_iter().map(|found| PushReject { line: found.line, reason: found.reason.en });
        Ok(Pushed { intake, rejects: rejects.collect() })
    }

    /// The number of the newest alert event, at most half a second old. One look at the store serves all streams.
    ///
    /// # Errors
    /// [`ViewError::Internal`] when the store fails.
    pub(super) async fn newest_event(&self) -> Result<u64, ViewError> {
        let mut newest = self.newest.0.lock().await;
        if let Some((looked, number)) = *newest
            && looked.elapsed() < NEWEST_FOR
        {
            return Ok(number);
        }
        let number = self.tower.store().last_alert_event().await;
        let number = number.map_err(|error| ViewError::internal("looking for the newest alert event", error))?;
        *newest = Some((Instant::now(), number));
        Ok(number)
    }

    /// Writes to the audit log what a viewer takes out of the service.
    pub(super) async fn note_export(&self, viewer: &Viewer, about: String, detail: String) -> Result<(), Problem> {
        let noted = self.note(viewer.name(), AuditKind::Export, about, detail).await;
        noted.map_err(|error| Problem::internal(&error))
    }

    /// Whom the audit log names for what a viewer does; none where no log is kept.
    pub(super) fn known_as<'a>(&self, viewer: &'a Viewer) -> Option<&'a str> {
        self.authentication.accounts().map(|_| viewer.name())
    }

    /// Writes a line to the audit log; a service without accounts has none.
    async fn note(&self, who: &str, what: AuditKind, about: String, detail: String) -> Result<(), AccessError> {
        let Some(accounts) = self.authentication.accounts() else { return Ok(()) };
        accounts.note(&AuditEntry { at: now(), who: who.to_owned(), what, about, detail }).await
    }
}

impl FromRequestParts<Shared> for View {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        // The gate adds the viewer to every request it lets in; a handler behind no gate sees nothing.
        let viewer = parts.extensions.get::<Viewer>().ok_or_else(|| Problem::plain(StatusCode::FORBIDDEN))?;
        Ok(shared.view(viewer))
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;
    use crate::testing::Folder;
    use access::Member;
    use vocabulary::{Concerns, Role};

    fn shared(folder: &Folder, authentication: Authentication) -> Shared {
        let addresses =
            Addresses { rights: Arc::new(Rights::new(std::iter::empty())), document: crate::openapi::document };
        Shared::new(Arc::clone(&folder.tower), authentication, addresses, 1, Timer::of_machine())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_push_whose_client_leaves_early_leaves_its_line() {
        let folder = Folder::empty().await;
        let store = folder.tower.store();
        let local = std::net::IpAddr::from([127, 0, 0, 1]);
        let shared = shared(&folder, Authentication::new(access::Accounts::new(store.clone()), local));
        let lines = (0..2_000).fold(String::new(), |all, id| all + &format!("{{\"id\":\"{id}\",\"text\":\"漏电\"}}\n"));
        let (source, channel) = (SourceId::from("hotline"), Channel::Complaint);
        let handed_in = HandedIn { lines: lines.into(), source, channel, by: None, who: "token:t".to_owned() };
        let place = shared.pushes.take("甲").expect("a place");
        {
            // Asked once and given up, as the server does when a client goes.
            let mut push = std::pin::pin!(shared.push(handed_in, place));
            tokio::select! {
                biased;
                _ = push.as_mut() => panic!("taken in at once"),
                () = std::future::ready(()) => {}
            }
        }
        let over = async {
            while shared.pushes.taken() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), over).await.expect("it ends");
        let lines = store.audit(0, 10).await.expect("read");
        let told: Vec<(&str, AuditKind)> =
            lines.iter().map(|line| (line.entry.who.as_str(), line.entry.what)).collect();
        assert_eq!(told, [("token:t", AuditKind::Push)]);
        assert!(lines[0].entry.detail.starts_with("2000 lines: 2000 kept"), "{}", lines[0].entry.detail);
    }

    #[tokio::test]
    async fn an_organisation_takes_two_files_at_once_and_all_together_four() {
        let folder = Folder::empty().await;
        let shared = shared(&folder, Authentication::none());
        let of = |name: &str| of_role(name, Role::Centre);
        let refused = |name: &str| {
            let refused = shared.export_place(&of(name)).map(drop).expect_err("no place");
            assert_eq!(refused.into_response().status(), StatusCode::TOO_MANY_REQUESTS, "{name}");
        };
        let first: Vec<Held> = (0..2).map(|_| shared.export_place(&of("甲")).expect("a place")).collect();
        refused("甲");
        let other: Vec<Held> = (0..2).map(|_| shared.export_place(&of("乙")).expect("a place")).collect();
        refused("丙");
        drop(first);
        assert!(shared.export_place(&of("丙")).is_ok());
        drop(other);
    }

    #[tokio::test]
    async fn organisations_outside_leave_room_to_the_inside() {
        let folder = Folder::empty().await;
        let shared = shared(&folder, Authentication::none());
        let outside = |name: &str| of_role(name, Role::Platform);
        let held: Vec<Held> =
            ["甲", "乙", "丙", "丁"].iter().filter_map(|name| shared.export_place(&outside(name)).ok()).collect();
        assert_eq!(held.len(), EXPORTS_AT_ONCE - EXPORTS_LEFT_TO_INSIDE);
        let inside = of_role("中心", Role::Centre);
        let own: Vec<Held> = (0..2).map(|_| shared.export_place(&inside).expect("a place")).collect();
        drop(held);
        assert!(shared.export_place(&outside("甲")).is_err(), "what is left to the inside is left");
        drop(own);
        let turn = shared.exchange_turn(&outside("甲")).expect("a turn");
        assert!(shared.exchange_turn(&outside("乙")).is_err());
        assert!(shared.exchange_turn(&inside).is_ok() && shared.exchange_turn(&Viewer::Owner).is_ok());
        drop(turn);
        assert!(shared.exchange_turn(&outside("乙")).is_ok());
    }

    fn of_role(name: &str, role: Role) -> Viewer {
        let party = Party { name: name.to_owned(), role, concerns: Concerns::default() };
        Viewer::Member(Member { party, name: "wang".to_owned(), scopes: None, form_key: None })
    }
}

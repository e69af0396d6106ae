//! The data folder as one viewer may see it; handlers have no other access to it. All records about alerts pass through [`PartyView`], so
//! that no page, feed or format can show an unfiltered one; the archive and the state of the service are for those inside.
//!
//! In: the tower, and who asks. Out: records as that viewer may see them, and the plain values of `values` and `found`. Not here: HTTP,
//! words for people.

mod archive;
mod found;
mod matters;
mod papers;
mod status;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use access::{Opened, PartyView, Viewer};
use alert::{self, Casework, cap, feed, forms};
use pipeline::{ActTaken, MatterRecord, PipelineError, Records, Tower};
use vocabulary::{
    Act, Alert, AlertEvent, AlertId, Finding, MessageStamp, Outcome, Party, Refused, RegionCode, SamplingRequest,
    ShownAlert, ShownEvent, Stage, refused,
};

pub(super) use archive::query_examples;
pub(super) use found::{Cited, Facet, FacetValue, QueryExample, QueryFault, Revision, SearchHit, SearchOutcome, Trail};
pub(super) use matters::{MatterSeen, SeenDuty, SeenMatter, last_day};
pub(super) use values::{
    ALERTS_MAX, AlertFilter, AlertPage, EventsPage, FeedForm, PushReject, Pushed, SAMPLING_REQUESTS_MAX, SourceCounts,
    SourceHealth, SourceShown, Status, ViewError,
};

/// Events looked through at once for those that a party sees.
const EVENTS_AT_ONCE: usize = 200;
/// Rounds of that in one answer; the rest comes with the next.
const ROUNDS_MAX: usize = 5;

/// What test bodies returned for an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returned {
    /// Batches.
    Batches {
        /// Tested.
        tested: u64,
        /// Of these, failed.
        failed: u64,
    },
    /// Results are in, and the visitor does not see their numbers.
    Something,
}

/// The watch as one viewer may see it.
#[derive(Clone)]
pub(super) struct View {
    tower: Arc<Tower>,
    sight: PartyView,
}

impl View {
    /// The watch as this viewer may see it: the one place where a view is made.
    pub(super) fn new(tower: Arc<Tower>, viewer: &Viewer) -> Self {
        Self { tower, sight: PartyView::of(viewer.party()) }
    }

    /// The alert as the party sees it; none when there is none or it does not see it.
    pub(super) async fn alert(&self, id: &AlertId) -> Result<Option<ShownAlert>, ViewError> {
        let Some(alert) = self.tower.store().alert(id).await.map_err(doing("reading an alert"))? else {
            return Ok(None);
        };
        self.shown(alert).await
    }

    /// An alert as the party sees it; none when it does not.
    async fn shown(&self, alert: Alert) -> Result<Option<ShownAlert>, ViewError> {
        if self.sight.sees_all() {
            return Ok(self.sight.alert(alert, None, Opened::default()));
        }
        let request = self.tower.store().sampling_request(&alert.id).await;
        let request = request.map_err(doing("reading a sampling request"))?;
        let decided = self.tower.store().acts_but_notes(Some(&alert.id)).await;
        let casework = Casework::of(&decided.map_err(doing("reading what people did"))?);
        Ok(self.sight.alert(alert, request.as_ref(), opened(Some(&casework))))
    }

    /// What anybody did with one alert, or with all, oldest first.
    async fn every_act(&self, id: Option<&AlertId>) -> Result<Vec<Act>, ViewError> {
        self.tower.store().acts(id).await.map_err(doing("reading what people did"))
    }

    /// How far people have come, for all alerts that anybody did anything with.
    async fn standing(&self) -> Result<BTreeMap<AlertId, Casework>, ViewError> {
        self.tower.standing().await.map_err(doing("reading what people did"))
    }

    /// Of all alerts and requests those that the party sees, as it may see them.
    fn share(
        &self,
        alerts: Vec<Alert>,
        requests: Vec<SamplingRequest>,
        standing: &BTreeMap<AlertId, Casework>,
    ) -> (Vec<ShownAlert>, Vec<SamplingRequest>) {
        let asked: BTreeMap<&AlertId, &SamplingRequest> =
            requests.iter().map(|request| (&request.alert_id, request)).collect();
        let shown = |alert: Alert| {
            let (request, opened) = (asked.get(&alert.id).copied(), opened(standing.get(&alert.id)));
            self.sight.alert(alert, request, opened)
        };
        let alerts: Vec<ShownAlert> = alerts.into_iter().filter_map(shown).collect();
        let seen: BTreeSet<&AlertId> = alerts.iter().map(|alert| &alert.id).collect();
        let requests = requests.into_iter().filter(|request| seen.contains(&request.alert_id));
        let requests = requests.filter_map(|request| self.sight.request(request)).collect();
        (alerts, requests)
    }

    async fn sees(&self, id: &AlertId) -> Result<bool, ViewError> {
        Ok(self.alert(id).await?.is_some())
    }

    /// All alerts that the party sees, in rank order, and the sampling requests for it.
    async fn every_alert(&self) -> Result<(Vec<ShownAlert>, Vec<SamplingRequest>), ViewError> {
        let alerts = self.tower.store().every_alert().await.map_err(doing("reading the alerts"))?;
        let requests = self.tower.store().every_request().await.map_err(doing("reading the sampling requests"))?;
        let standing = self.standing().await?;
        Ok(self.share(alerts, requests, &standing))
    }

    /// The first of all alerts that it sees, at most [`ALERTS_MAX`].
    pub(super) async fn ranked(&self) -> Result<Vec<ShownAlert>, ViewError> {
        if self.sight.sees_all() {
            let alerts = self.tower.store().alerts().await.map_err(doing("reading the alerts"))?;
            return Ok(alerts
                .into_iter()
                .filter_map(|alert| self.sight.alert(alert, None, Opened::default()))
                .collect());
        }
        let (mut alerts, _) = self.every_alert().await?;
        alerts.truncate(ALERTS_MAX);
        Ok(alerts)
    }

    /// The alerts that pass `filter`: pinned ones first, open before closed, then by rank score, largest first.
    pub(super) async fn alerts(&self, filter: &AlertFilter) -> Result<AlertPage, ViewError> {
        // What people pinned is known to those inside.
        let standing = if self.sight.is_inside() { self.standing().await? } else { BTreeMap::new() };
        Ok(filter.page_of(self.ranked().await?, &standing))
    }

    /// All records that concern the party: what it takes away.
    pub(super) async fn records(&self) -> Result<Records, ViewError> {
        let mut alerts = self.tower.store().every_alert().await.map_err(doing("reading the alerts"))?;
        alerts.sort_by(|a, b| a.id.cmp(&b.id));
        let sampling = self.tower.store().every_request().await.map_err(doing("reading the sampling requests"))?;
        let events = self.tower.store().alert_events(None).await;
        let events = events.map_err(doing("reading what happened to alerts"))?;
        let acts = self.every_act(None).await?;
        let mut standing: BTreeMap<AlertId, Casework> = BTreeMap::new();
        for act in &acts {
            standing.entry(act.alert_id.clone()).or_default().take(act);
        }
        let (alerts, sampling) = self.share(alerts, sampling, &standing);
        let seen: BTreeSet<&AlertId> = alerts.iter().map(|alert| &alert.id).collect();
        let events = events.into_iter().filter(|event| seen.contains(&event.alert_id));
        let events = events.map(|event| self.sight.event(event)).collect();
        let acts = acts.into_iter().filter(|act| seen.contains(&act.alert_id)).collect();
        let acts = self.sight.acts(acts);
        let matters = self.matter_records(&seen).await?;
        let outcomes = self.outcome_records(&seen).await?;
        Ok(Records { alerts, events, sampling, acts, matters, outcomes })
    }

    /// Of the matters of these alerts the whole for those inside, the own part for a unit outside.
    async fn matter_records(&self, seen: &BTreeSet<&AlertId>) -> Result<Vec<MatterRecord>, ViewError> {
        let matters = self.tower.matters().await.map_err(doing("reading the matters"))?;
        let matters = matters.into_iter().map(|(_, matter)| matter).filter(|matter| seen.contains(&matter.id));
        let Some(party) = self.party().filter(|party| !party.is_inside()) else {
            return Ok(matters.map(|matter| MatterRecord::Whole(Box::new(matter))).collect());
        };
        let handling = self.tower.handling();
        let own = matters.filter(|matter| matter.has_part(party));
        Ok(own.map(|matter| MatterRecord::Part(Box::new(matter.part_of(party, &handling)))).collect())
    }

    /// What came back about these alerts, or for whoever sees all about anything. Inside only.
    async fn outcome_records(&self, seen: &BTreeSet<&AlertId>) -> Result<Vec<Outcome>, ViewError> {
        if !self.sight.is_inside() {
            return Ok(Vec::new());
        }
        let mut outcomes = self.tower.store().outcomes(None).await.map_err(doing("reading what came back"))?;
        if !self.sight.sees_all() {
            outcomes.retain(|outcome| outcome.alert_id.as_ref().is_some_and(|id| seen.contains(id)));
        }
        Ok(outcomes)
    }

    /// A number that is another one whenever anything was written; none: it cannot tell.
    pub(super) async fn changes(&self) -> Option<i64> {
        self.tower.store().changes().await.ok().flatten()
    }

    /// The party; none for the owner.
    pub(super) fn party(&self) -> Option<&Party> {
        self.sight.party()
    }

    /// The events of an alert's life, oldest first. Empty for one that it does not see.
    pub(super) async fn history(&self, id: &AlertId) -> Result<Vec<ShownEvent>, ViewError> {
        if !self.sees(id).await? {
            return Ok(Vec::new());
        }
        let events = self.tower.store().alert_events(Some(id)).await;
        let events = events.map_err(doing("reading an alert's history"))?;
        Ok(events.into_iter().map(|event| self.sight.event(event)).collect())
    }

    /// The sampling request that answers an alert, when there is one for the party.
    pub(super) async fn sampling(&self, alert: &AlertId) -> Result<Option<SamplingRequest>, ViewError> {
        if !self.sees(alert).await? {
            return Ok(None);
        }
        let request = self.tower.store().sampling_request(alert).await;
        Ok(request.map_err(doing("reading a sampling request"))?.and_then(|request| self.sight.request(request)))
    }

    /// All sampling requests for the party, newest first, at most [`SAMPLING_REQUESTS_MAX`].
    pub(super) async fn sampling_requests(&self) -> Result<Vec<SamplingRequest>, ViewError> {
        if self.sight.sees_all() {
            let requests = self.tower.store().sampling_requests().await;
            return requests.map_err(doing("reading the sampling requests"));
        }
        let (_, mut requests) = self.every_alert().await?;
        requests.sort_by(|a, b| b.created_on.cmp(&a.created_on).then_with(|| a.id.cmp(&b.id)));
        requests.truncate(SAMPLING_REQUESTS_MAX);
        Ok(requests)
    }

    /// What came back about one alert, or about all: verdicts and test results, in the order in which they came. Inside only.
    pub(super) async fn outcomes(&self, alert: Option<&AlertId>) -> Result<Vec<Outcome>, ViewError> {
        let seen = match alert {
            Some(id) => self.sees(id).await?,
            None => self.party().is_none_or(|party| party.concerns.regions.is_empty()),
        };
        if !(seen && self.sight.is_inside()) {
            return Ok(Vec::new());
        }
        self.tower.store().outcomes(alert).await.map_err(doing("reading what came back"))
    }

    /// Batches tested and failed, by alert; those outside learn that results are in, and no numbers. For the requests that the visitor sees.
    pub(super) async fn returned(&self) -> Result<BTreeMap<AlertId, Returned>, ViewError> {
        let outcomes = self.tower.store().outcomes(None).await.map_err(doing("reading what came back"))?;
        let mut returned: BTreeMap<AlertId, Returned> = BTreeMap::new();
        for outcome in outcomes {
            let (Some(alert), Finding::Samples(samples)) = (outcome.alert_id, outcome.finding) else { continue };
            match returned.entry(alert).or_insert(Returned::Batches { tested: 0, failed: 0 }) {
                Returned::Batches { tested, failed } if self.sight.is_inside() => {
                    *tested += samples.tested;
                    *failed += samples.failed;
                }
                all => *all = Returned::Something,
            }
        }
        Ok(returned)
    }

    /// How far people have come with an alert, and what they did, oldest first. Others see their own acts, and of the centre's only how
    /// far it has come and whether it made the alert public.
    pub(super) async fn casework(&self, id: &AlertId) -> Result<(Casework, Vec<Act>), ViewError> {
        if !self.sees(id).await? {
            return Ok((Casework::default(), Vec::new()));
        }
        let acts = self.every_act(Some(id)).await?;
        let casework = Casework::of(&acts);
        let acts = self.sight.acts(acts);
        if self.sight.is_inside() {
            return Ok((casework, acts));
        }
        let Casework { stage, assigned: _, muted_until: _, pinned: _, published, told: _ } = casework;
        // That samples are being bought is for nobody who sells (clause 3-35).
        let stage = if stage == Stage::Sampling { Stage::Review } else { stage };
        Ok((Casework { stage, published, ..Casework::default() }, acts))
    }

    /// Whether the exclusion of an alert lasts only until the watch raises a level of it; known to those inside.
    pub(super) async fn is_excluded_until_rise(&self, id: &AlertId) -> Result<bool, ViewError> {
        if !(self.sight.is_inside() && self.sees(id).await?) {
            return Ok(false);
        }
        let found = self.tower.matter(id).await.map_err(doing("reading what people did"))?;
        Ok(found.is_some_and(|(_, matter, _)| matter.excluded_until_rise))
    }

    /// Keeps what a person did, or refuses it with the reason; false when the same was kept before.
    pub(super) async fn act(&self, act: Act) -> Result<bool, ViewError> {
        match self.acts(vec![act]).await?.pop() {
            Some(ActTaken::Refused(why)) => Err(ViewError::Refused { why: why.zh }),
            taken => Ok(taken == Some(ActTaken::Kept)),
        }
    }

    /// Keeps what people did, in one transaction, and says what became of each, in the order given. Every alert is looked up once, however many
    /// acts are about it.
    pub(super) async fn acts(&self, acts: Vec<Act>) -> Result<Vec<ActTaken>, ViewError> {
        let mut seen: BTreeMap<AlertId, bool> = BTreeMap::new();
        let mut taken: Vec<Option<ActTaken>> = Vec::with_capacity(acts.len());
        let mut allowed = Vec::with_capacity(acts.len());
        for act in acts {
            let sees = match seen.get(&act.alert_id) {
                Some(sees) => *sees,
                None => self.sees(&act.alert_id).await?,
            };
            seen.insert(act.alert_id.clone(), sees);
            let may = self.party().is_none_or(|party| alert::may(party.role, act.kind));
            taken.push(match (sees, may) {
                (true, true) => None,
                (false, _) => Some(ActTaken::Refused(refused!("没有这个编号的预警。", "there is no such alert"))),
                (true, false) => Some(ActTaken::Refused(Refused::new(
                    format!("您所属的单位不能对这条预警{}。", act.kind.zh()),
                    format!("your organisation may not `{}` this alert", act.kind.code()),
                ))),
            });
            if sees && may {
                allowed.push(act);
            }
        }
        let kept = match self.tower.take_acts(allowed).await {
            Err(PipelineError::Refused(refused)) => return Err(ViewError::Refused { why: refused.zh }),
            done => done.map_err(doing("keeping what people did"))?,
        };
        let mut kept = kept.into_iter();
        Ok(taken.into_iter().filter_map(|refused| refused.or_else(|| kept.next())).collect())
    }

    /// Packs records as files in one archive.
    pub(super) fn zip_records(&self, records: &Records, now: Timestamp) -> Result<Vec<u8>, ViewError> {
        match self.tower.zip_records(self.party().map_or("", |party| &party.name), records, now) {
            Err(PipelineError::Refused(refused)) => Err(ViewError::Refused { why: refused.zh }),
            done => done.map_err(doing("packing records")),
        }
    }

    /// Address by which others reach the pages, without a slash at the end.
    pub(super) fn home(&self) -> &str {
        self.tower.home()
    }

    /// These alerts in a form for programs, ready to be sent.
    pub(super) fn render(&self, form: FeedForm, alerts: &[ShownAlert]) -> String {
        let head = self.tower.feed_head(alerts.iter().map(|alert| alert.changed_on).max());
        let region_name = |code| self.region_name(code);
        match (form, alerts) {
            (FeedForm::Json(place), _) => feed::json(alerts, &head, place, &region_name),
            (FeedForm::Atom(place), _) => feed::atom(alerts, &head, place, &region_name),
            (FeedForm::Csv, _) => forms::csv(alerts, &head, &region_name),
            (FeedForm::Notice, [alert]) => forms::notice(alert, &region_name),
            (FeedForm::Notice, _) => String::new(),
            (FeedForm::Cap, _) => cap::bulletin(alerts, &head, &region_name),
        }
    }

    /// One alert as a message of the Common Alerting Protocol.
    pub(super) async fn cap(&self, alert: &ShownAlert, now: Timestamp) -> Result<String, ViewError> {
        let mut names = Vec::new();
        if let Some(publisher) = self.tower.publisher() {
            let stamps = self.tower.store().message_stamps(&alert.id).await;
            let stamps = stamps.map_err(doing("reading what messages are called"))?;
            // What was said before messages had stamps was called by the alert and the day.
            if stamps.first().is_some_and(Option::is_none) {
                names.push(cap::Named::by_day(&alert.id, alert.opened_on));
            }
            // Many messages of one second have stamps of the next ones: none was sent in the future.
            let named =
                |stamp: MessageStamp| cap::Named { id: publisher.message(stamp), sent: stamp.entered_at().min(now) };
            names.extend(stamps.into_iter().flatten().map(named));
        }
        let head = self.tower.feed_head(Some(alert.changed_on));
        Ok(cap::message(alert, &names, &head, &|code| self.region_name(code)))
    }

    /// Events behind number `after` in the lives of the alerts that it sees, in order, at most `limit`.
    pub(super) async fn events_after(&self, after: u64, limit: usize) -> Result<EventsPage, ViewError> {
        if self.sight.sees_all() {
            let events = self.every_event_after(after, limit).await?;
            let reached = events.last().map_or(after, |(number, _)| *number);
            let shown = events.into_iter().map(|(number, event)| (number, self.sight.event(event)));
            return Ok(EventsPage { events: shown.collect(), reached });
        }
        let (mut shown, mut reached) = (Vec::new(), after);
        for _ in 0..ROUNDS_MAX {
            let events = self.every_event_after(reached, EVENTS_AT_ONCE.min(limit)).await?;
            let Some((last, _)) = events.last() else { break };
            reached = *last;
            for (number, event) in events {
                if self.sees(&event.alert_id).await? {
                    shown.push((number, self.sight.event(event)));
                }
            }
            if !shown.is_empty() {
                break;
            }
        }
        Ok(EventsPage { events: shown, reached })
    }

    async fn every_event_after(&self, after: u64, limit: usize) -> Result<Vec<(u64, AlertEvent)>, ViewError> {
        let events = self.tower.store().alert_events_after(after, limit).await;
        events.map_err(doing("reading what happened to alerts"))
    }

    /// Number of the last event; 0 before the first.
    pub(super) async fn last_event(&self) -> Result<u64, ViewError> {
        self.tower.store().last_alert_event().await.map_err(doing("reading what happened to alerts"))
    }

    /// The name of a place, its code when the name is not known.
    pub(super) fn region_name(&self, code: RegionCode) -> String {
        self.tower.region_name(code)
    }

    /// What a reader has to know of a standard: another one is in force, or none. None when there is nothing to say.
    pub(super) fn standard_note(&self, number: &str) -> Option<String> {
        self.tower.standard_note(number)
    }
}

/// To whom people opened an alert.
fn opened(casework: Option<&Casework>) -> Opened<'_> {
    casework
        .map_or_else(Opened::default, |casework| Opened { published: casework.published, told: Some(&casework.told) })
}

/// Wraps the error of a neighbouring room with what was being done.
fn doing<E: Into<Box<dyn std::error::Error + Send + Sync>>>(what: &'static str) -> impl Fn(E) -> ViewError {
    move |error| ViewError::internal(what, error)
}

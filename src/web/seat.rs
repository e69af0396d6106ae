//! The desk as a party may ask it: every answer passes through [`crate::access`], so that no page, feed or format can forget to.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;

use super::desk::{
    ALERTS_MAX, Desk, DeskError, EventsPage, Exported, FeedForm, Pushed, QueryExample, SAMPLING_REQUESTS_MAX,
    SearchOutcome, Status, Trail,
};
use super::pages::Shared;
use crate::access;
use crate::alert::{self, Casework};
use crate::pipeline::{ExportFormat, NewSearch, Records};
use crate::store::{CameFor, EndpointHealth, SavedSearch, TryRow};
use crate::vocabulary::{
    Act, Alert, AlertEvent, AlertId, Channel, Document, DocumentId, Outcome, Party, Reading, RegionCode,
    SamplingRequest, SourceId,
};

/// Events looked through at once for those that a party sees.
const EVENTS_AT_ONCE: usize = 200;
/// Rounds of that in one answer; the rest comes with the next.
const ROUNDS_MAX: usize = 5;

/// A party's place at the desk.
pub(super) struct Seat {
    desk: Shared,
    party: Party,
}

impl Seat {
    pub(super) fn new(desk: Shared, party: Party) -> Self {
        Self { desk, party }
    }

    /// The alert as the party sees it; none when it does not.
    async fn seen(&self, id: &AlertId) -> Result<Option<Alert>, DeskError> {
        let Some(alert) = self.desk.alert(id).await? else { return Ok(None) };
        let request = self.desk.sampling(id).await?;
        let published = self.desk.casework(id).await?.0.published;
        Ok(access::sees(&self.party, &alert, request.as_ref(), published)
            .then(|| access::alert_for(&self.party, alert)))
    }

    /// Of all alerts and requests those that the party sees, as it may see them.
    fn share(
        &self,
        alerts: Vec<Alert>,
        requests: Vec<SamplingRequest>,
        published: impl Fn(&AlertId) -> bool,
    ) -> (Vec<Alert>, Vec<SamplingRequest>) {
        let asked: BTreeMap<&AlertId, &SamplingRequest> =
            requests.iter().map(|request| (&request.alert_id, request)).collect();
        let sees =
            |alert: &Alert| access::sees(&self.party, alert, asked.get(&alert.id).copied(), published(&alert.id));
        let alerts: Vec<Alert> = alerts.into_iter().filter(sees).collect();
        let seen: BTreeSet<&AlertId> = alerts.iter().map(|alert| &alert.id).collect();
        let requests = requests.into_iter().filter(|request| seen.contains(&request.alert_id));
        let requests = requests.filter_map(|request| access::request_for(&self.party, request)).collect();
        (alerts.into_iter().map(|alert| access::alert_for(&self.party, alert)).collect(), requests)
    }

    /// The desk for those of the archive; nobody else searches it.
    fn inside(&self) -> Result<&Shared, DeskError> {
        let why = || "您所属的单位不检索原文。".to_owned();
        if self.party.is_inside() { Ok(&self.desk) } else { Err(DeskError::Refused { why: why() }) }
    }

    async fn sees(&self, id: &AlertId) -> Result<bool, DeskError> {
        Ok(self.seen(id).await?.is_some())
    }
}

#[async_trait]
impl Desk for Seat {
    async fn ranked(&self) -> Result<Vec<Alert>, DeskError> {
        let (mut alerts, _) = self.every_alert().await?;
        alerts.truncate(ALERTS_MAX);
        Ok(alerts)
    }

    async fn every_alert(&self) -> Result<(Vec<Alert>, Vec<SamplingRequest>), DeskError> {
        let (alerts, requests) = self.desk.every_alert().await?;
        let standing = self.desk.standing().await?;
        let published = |id: &AlertId| standing.get(id).is_some_and(|casework| casework.published);
        Ok(self.share(alerts, requests, published))
    }

    async fn records(&self) -> Result<Records, DeskError> {
        let Records { alerts, mut events, sampling, mut acts } = self.desk.records().await?;
        let mut standing: BTreeMap<AlertId, Casework> = BTreeMap::new();
        for act in &acts {
            standing.entry(act.alert_id.clone()).or_default().take(act);
        }
        let published = |id: &AlertId| standing.get(id).is_some_and(|casework| casework.published);
        let (alerts, sampling) = self.share(alerts, sampling, published);
        let seen: BTreeSet<&AlertId> = alerts.iter().map(|alert| &alert.id).collect();
        events.retain(|event| seen.contains(&event.alert_id));
        // Others see their own acts, and of the centre's only what it makes public.
        acts.retain(|act| seen.contains(&act.alert_id) && (self.party.is_inside() || act.party == self.party.name));
        let events = events.into_iter().map(|event| access::event_for(&self.party, event)).collect();
        Ok(Records { alerts, events, sampling, acts })
    }

    async fn changes(&self) -> Option<i64> {
        self.desk.changes().await
    }

    async fn alert(&self, id: &AlertId) -> Result<Option<Alert>, DeskError> {
        self.seen(id).await
    }

    async fn history(&self, id: &AlertId) -> Result<Vec<AlertEvent>, DeskError> {
        if !self.sees(id).await? {
            return Ok(Vec::new());
        }
        let events = self.desk.history(id).await?;
        Ok(events.into_iter().map(|event| access::event_for(&self.party, event)).collect())
    }

    async fn sampling(&self, alert: &AlertId) -> Result<Option<SamplingRequest>, DeskError> {
        if !self.sees(alert).await? {
            return Ok(None);
        }
        Ok(self.desk.sampling(alert).await?.and_then(|request| access::request_for(&self.party, request)))
    }

    async fn sampling_requests(&self) -> Result<Vec<SamplingRequest>, DeskError> {
        let (_, mut requests) = self.every_alert().await?;
        requests.sort_by(|a, b| b.created_on.cmp(&a.created_on).then_with(|| a.id.cmp(&b.id)));
        requests.truncate(SAMPLING_REQUESTS_MAX);
        Ok(requests)
    }

    async fn outcomes(&self, alert: Option<&AlertId>) -> Result<Vec<Outcome>, DeskError> {
        let seen = match alert {
            Some(id) => self.sees(id).await?,
            None => self.party.concerns.regions.is_empty(),
        };
        if !(seen && self.party.is_inside()) {
            return Ok(Vec::new());
        }
        self.desk.outcomes(alert).await
    }

    async fn casework(&self, id: &AlertId) -> Result<(Casework, Vec<Act>), DeskError> {
        if !self.sees(id).await? {
            return Ok((Casework::default(), Vec::new()));
        }
        let (casework, mut acts) = self.desk.casework(id).await?;
        if self.party.is_inside() {
            return Ok((casework, acts));
        }
        // Others see their own acts, and of the centre's only what it makes public.
        acts.retain(|act| act.party == self.party.name);
        let shown = Casework { stage: casework.stage, published: casework.published, ..Casework::default() };
        Ok((shown, acts))
    }

    async fn standing(&self) -> Result<BTreeMap<AlertId, Casework>, DeskError> {
        if self.party.is_inside() {
            return self.desk.standing().await;
        }
        Ok(BTreeMap::new())
    }

    async fn act(&self, act: Act) -> Result<bool, DeskError> {
        if !alert::may(self.party.role, act.kind) || !self.sees(&act.alert_id).await? {
            return Err(DeskError::Refused {
                why: format!("您所属的单位不能对这条预警{}。", act.kind.zh())
            });
        }
        self.desk.act(act).await
    }

    fn pack_records(&self, party: &str, records: &Records, now: Timestamp) -> Result<Vec<u8>, DeskError> {
        self.desk.pack_records(party, records, now)
    }

    async fn deliveries(&self) -> Result<Vec<EndpointHealth>, DeskError> {
        if self.party.is_inside() { self.desk.deliveries().await } else { Ok(Vec::new()) }
    }

    async fn delivery_tries(&self, limit: u32) -> Result<Vec<TryRow>, DeskError> {
        if self.party.is_inside() { self.desk.delivery_tries(limit).await } else { Ok(Vec::new()) }
    }

    async fn document(&self, id: &DocumentId) -> Result<Option<(Document, Option<Reading>)>, DeskError> {
        if self.party.is_inside() { self.desk.document(id).await } else { Ok(None) }
    }

    async fn search(&self, query: &str, limit: usize, after: Option<&str>) -> Result<SearchOutcome, DeskError> {
        if self.party.is_inside() { self.desk.search(query, limit, after).await } else { Ok(SearchOutcome::default()) }
    }

    async fn export(&self, query: &str, format: ExportFormat, now: Timestamp) -> Result<Exported, DeskError> {
        self.inside()?.export(query, format, now).await
    }

    async fn searches(&self) -> Result<Vec<SavedSearch>, DeskError> {
        if self.party.is_inside() { self.desk.searches().await } else { Ok(Vec::new()) }
    }

    async fn save_search(&self, new: NewSearch, now: Timestamp) -> Result<SavedSearch, DeskError> {
        self.inside()?.save_search(new, now).await
    }

    async fn remove_search(&self, name: &str) -> Result<bool, DeskError> {
        self.inside()?.remove_search(name).await
    }

    async fn came_for(&self, name: &str, limit: usize) -> Result<Vec<CameFor>, DeskError> {
        if self.party.is_inside() { self.desk.came_for(name, limit).await } else { Ok(Vec::new()) }
    }

    async fn trail(&self, id: &DocumentId) -> Result<Trail, DeskError> {
        if !self.party.is_inside() {
            return Ok(Trail::default());
        }
        let mut trail = self.desk.trail(id).await?;
        let mut seen = Vec::with_capacity(trail.cited_by.len());
        for cited in trail.cited_by {
            if self.sees(&cited.id).await? {
                seen.push(cited);
            }
        }
        trail.cited_by = seen;
        Ok(trail)
    }

    async fn raw(&self, id: &DocumentId) -> Result<Option<Vec<u8>>, DeskError> {
        if self.party.is_inside() { self.desk.raw(id).await } else { Ok(None) }
    }

    fn query_examples(&self) -> Vec<QueryExample> {
        self.desk.query_examples()
    }

    async fn status(&self) -> Result<Status, DeskError> {
        self.desk.status().await
    }

    fn home(&self) -> &str {
        self.desk.home()
    }

    fn render(&self, form: FeedForm, alerts: &[Alert]) -> String {
        self.desk.render(form, alerts)
    }

    async fn cap(&self, alert: &Alert, now: Timestamp) -> Result<String, DeskError> {
        self.desk.cap(alert, now).await
    }

    async fn events_after(&self, after: u64, limit: usize) -> Result<EventsPage, DeskError> {
        let (mut shown, mut reached) = (Vec::new(), after);
        for _ in 0..ROUNDS_MAX {
            let page = self.desk.events_after(reached, EVENTS_AT_ONCE.min(limit)).await?;
            if page.events.is_empty() {
                break;
            }
            for (number, event) in page.events {
                if self.sees(&event.alert_id).await? {
                    shown.push((number, access::event_for(&self.party, event)));
                }
            }
            reached = page.reached;
            if !shown.is_empty() {
                break;
            }
        }
        Ok(EventsPage { events: shown, reached })
    }

    async fn last_event(&self) -> Result<u64, DeskError> {
        self.desk.last_event().await
    }

    fn push_token(&self) -> Option<&str> {
        self.desk.push_token()
    }

    async fn push(
        &self,
        lines: Vec<u8>,
        source: SourceId,
        channel: Channel,
        by: Option<&Party>,
    ) -> Result<Pushed, DeskError> {
        self.desk.push(lines, source, channel, by).await
    }

    async fn health(&self) -> Result<(), DeskError> {
        self.desk.health().await
    }

    fn region_name(&self, code: RegionCode) -> String {
        self.desk.region_name(code)
    }

    fn standard_note(&self, number: &str) -> Option<String> {
        self.desk.standard_note(number)
    }
}

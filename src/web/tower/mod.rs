//! The desk of a real tower: answers from the store, the index and the log.

mod search;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::desk::{
    CursorState, Desk, DeskError, EventsPage, Exported, FeedForm, PushReject, Pushed, QueryExample, SearchOutcome,
    SourceCounts, SourceHealth, Status, Trail,
};
use crate::alert::{Casework, cap, feed, forms};
use crate::pipeline::{ExportFormat, Folder, NewSearch, PipelineError, Records, Tower, on_disk, push_lines};
use crate::store::{CameFor, EndpointHealth, SavedSearch, TryRow};
use crate::vocabulary::{
    Act, Alert, AlertEvent, AlertId, Channel, Document, DocumentId, MessageStamp, Outcome, Party, Position, Reading,
    RegionCode, SamplingRequest, SourceId,
};

/// Notices shown.
const NOTICES_SHOWN: u64 = 10;

#[async_trait]
impl Desk for Tower {
    async fn ranked(&self) -> Result<Vec<Alert>, DeskError> {
        self.store().alerts().await.map_err(doing("reading the alerts"))
    }

    async fn every_alert(&self) -> Result<(Vec<Alert>, Vec<SamplingRequest>), DeskError> {
        let alerts = self.store().every_alert().await.map_err(doing("reading the alerts"))?;
        Ok((alerts, self.store().every_request().await.map_err(doing("reading the sampling requests"))?))
    }

    async fn records(&self) -> Result<Records, DeskError> {
        let (mut alerts, sampling) = self.every_alert().await?;
        alerts.sort_by(|a, b| a.id.cmp(&b.id));
        let events = self.store().alert_events(None).await.map_err(doing("reading what happened to alerts"))?;
        let acts = self.store().acts(None).await.map_err(doing("reading what people did"))?;
        Ok(Records { alerts, events, sampling, acts })
    }

    async fn changes(&self) -> Option<i64> {
        self.store().changes().await.ok().flatten()
    }

    async fn casework(&self, id: &AlertId) -> Result<(Casework, Vec<Act>), DeskError> {
        let acts = self.store().acts(Some(id)).await.map_err(doing("reading what people did"))?;
        Ok((Casework::of(&acts), acts))
    }

    async fn standing(&self) -> Result<BTreeMap<AlertId, Casework>, DeskError> {
        Folder::standing(self).await.map_err(doing("reading what people did"))
    }

    async fn act(&self, act: Act) -> Result<bool, DeskError> {
        match self.take_act(act).await {
            Err(PipelineError::Refused(refused)) => Err(DeskError::Refused { why: refused.zh }),
            done => done.map_err(doing("keeping what a person did")),
        }
    }

    fn pack_records(&self, party: &str, records: &Records, now: Timestamp) -> Result<Vec<u8>, DeskError> {
        match Folder::pack_records(self, party, records, now) {
            Err(PipelineError::Refused(refused)) => Err(DeskError::Refused { why: refused.zh }),
            done => done.map_err(doing("packing records")),
        }
    }

    async fn alert(&self, id: &AlertId) -> Result<Option<Alert>, DeskError> {
        self.store().alert(id).await.map_err(doing("reading an alert"))
    }

    async fn history(&self, id: &AlertId) -> Result<Vec<AlertEvent>, DeskError> {
        self.store().alert_events(Some(id)).await.map_err(doing("reading an alert's history"))
    }

    async fn sampling(&self, alert: &AlertId) -> Result<Option<SamplingRequest>, DeskError> {
        self.store().sampling_request(alert).await.map_err(doing("reading a sampling request"))
    }

    async fn sampling_requests(&self) -> Result<Vec<SamplingRequest>, DeskError> {
        self.store().sampling_requests().await.map_err(doing("reading the sampling requests"))
    }

    async fn outcomes(&self, alert: Option<&AlertId>) -> Result<Vec<Outcome>, DeskError> {
        self.store().outcomes(alert).await.map_err(doing("reading what came back"))
    }

    async fn deliveries(&self) -> Result<Vec<EndpointHealth>, DeskError> {
        self.store().endpoint_health().await.map_err(doing("reading the deliveries"))
    }

    async fn delivery_tries(&self, limit: u32) -> Result<Vec<TryRow>, DeskError> {
        self.store().tries(None, limit).await.map_err(doing("reading the deliveries"))
    }

    async fn document(&self, id: &DocumentId) -> Result<Option<(Document, Option<Reading>)>, DeskError> {
        let entry = self.store().document(id).await.map_err(doing("reading a document"))?;
        let Some(entry) = entry else { return Ok(None) };
        // READ-1: reading it again gives what was read then, as long as the lexicon is the same.
        let lexicon = self.lexicon();
        let read = move || {
            let reading = crate::pipeline::read_batch(&lexicon, vec![entry]).pop();
            reading.map(|read| (read.document, Some(read.reading)))
        };
        tokio::task::spawn_blocking(read).await.map_err(doing("reading a document's text"))
    }

    async fn search(&self, query: &str, limit: usize, after: Option<&str>) -> Result<SearchOutcome, DeskError> {
        search::search(self, query, limit, after)
    }

    async fn export(&self, query: &str, format: ExportFormat, now: Timestamp) -> Result<Exported, DeskError> {
        search::export(self, query, format, now)
    }

    async fn searches(&self) -> Result<Vec<SavedSearch>, DeskError> {
        self.store().searches().await.map_err(doing("reading the saved searches"))
    }

    async fn save_search(&self, new: NewSearch, now: Timestamp) -> Result<SavedSearch, DeskError> {
        let query = new.query.clone();
        let saved = Folder::save_search(self, new, now).await;
        saved.map_err(|error| search::refused(error, &query, "saving a search"))
    }

    async fn remove_search(&self, name: &str) -> Result<bool, DeskError> {
        self.store().remove_search(name).await.map_err(doing("forgetting a saved search"))
    }

    async fn came_for(&self, name: &str, limit: usize) -> Result<Vec<CameFor>, DeskError> {
        self.store().came_for(name, limit).await.map_err(doing("reading what came for a saved search"))
    }

    async fn trail(&self, id: &DocumentId) -> Result<Trail, DeskError> {
        search::trail(self, id).await
    }

    async fn raw(&self, id: &DocumentId) -> Result<Option<Vec<u8>>, DeskError> {
        let entry = self.store().document(id).await.map_err(doing("reading a document"))?;
        let Some(place) = entry.and_then(|entry| entry.document.raw) else { return Ok(None) };
        on_disk(|| self.raw_record(&place)).map(Some).map_err(doing("reading what was fetched for a document"))
    }

    fn query_examples(&self) -> Vec<QueryExample> {
        let example =
            |(query, means): &(&str, &str)| QueryExample { query: (*query).to_owned(), means: (*means).to_owned() };
        search::EXAMPLES.iter().map(example).collect()
    }

    async fn status(&self) -> Result<Status, DeskError> {
        let internal = "reading the status";
        let log_end = self.log().end().await.map_err(doing(internal))?;
        let alerts = self.store().alert_counts().await.map_err(doing(internal))?;
        let mut sources = Vec::new();
        for (source, (channel, intake)) in self.store().intake().await.map_err(doing(internal))? {
            let reasons = self.store().reject_reasons(&source).await.map_err(doing(internal))?;
            sources.push(SourceCounts {
                source,
                channel,
                collected: intake.collected,
                kept: intake.kept,
                duplicate: intake.duplicate,
                unchanged: intake.unchanged,
                rejected: intake.rejected,
                reasons,
            });
        }
        let promotion = match self.promotion_asked().await.map_err(doing(internal))? {
            None => self.store().promotion_in_force().await.map_err(doing(internal))?,
            asked => asked,
        };
        let last = self.store().last_notice().await.map_err(doing(internal))?;
        let notices = self.store().notices_after(last.saturating_sub(NOTICES_SHOWN), u32::MAX).await;
        let notices = notices.map_err(doing(internal))?.into_iter().rev().map(|(_, notice)| notice).collect();
        let (alerts_at, _) = self.store().cursor("alerts").await.map_err(doing(internal))?;
        let (listings_at, _) = self.store().cursor("listings").await.map_err(doing(internal))?;
        let cursor = |consumer: &str, position: Position| CursorState { consumer: consumer.to_owned(), position };
        Ok(Status {
            documents: self.index().documents(),
            signals: self.signal_records().len() as u64,
            alerts_open: alerts.open,
            alerts_closed: alerts.closed,
            sampling_requests: alerts.sampling_requests,
            last_as_of: self.judged_until().await.map_err(doing(internal))?,
            log_end,
            cursors: vec![
                cursor("index", on_disk(|| self.index().cursor()).map_err(doing(internal))?),
                cursor("signals", self.signals_cursor()),
                cursor("listings", listings_at),
                cursor("alerts", alerts_at),
            ],
            sources,
            health: self.source_health().await?,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            lexicon: self.lexicon().version().clone(),
            criteria: self.judge_by().version().clone(),
            promotion,
            notices,
        })
    }

    fn home(&self) -> &str {
        Folder::home(self)
    }

    fn render(&self, form: FeedForm, alerts: &[Alert]) -> String {
        let head = self.feed_head(alerts);
        let region_name = |code| self.region_name(code);
        let all: Vec<&Alert> = alerts.iter().collect();
        match (form, alerts) {
            (FeedForm::Json(place), _) => feed::json(&all, &head, place, &region_name),
            (FeedForm::Atom(place), _) => feed::atom(&all, &head, place, &region_name),
            (FeedForm::Csv, _) => forms::csv(&all, &head, &region_name),
            (FeedForm::Notice, [alert]) => forms::notice(alert, &region_name),
            (FeedForm::Notice, _) => String::new(),
            (FeedForm::Cap, _) => cap::bulletin(&all, &head, &region_name),
        }
    }

    async fn cap(&self, alert: &Alert, now: Timestamp) -> Result<String, DeskError> {
        let mut names = Vec::new();
        if let Some(publisher) = self.publisher() {
            let stamps = self.store().message_stamps(&alert.id).await;
            let stamps = stamps.map_err(doing("reading what messages are called"))?;
            // What was said before messages had stamps was called by the alert and the day.
            if stamps.first().is_some_and(Option::is_none) {
                names.push(cap::Named::by_day(alert, alert.opened_on));
            }
            // Many messages of one second have stamps of the next ones: none was sent in the future.
            let named =
                |stamp: MessageStamp| cap::Named { id: publisher.message(stamp), sent: stamp.entered_at().min(now) };
            names.extend(stamps.into_iter().flatten().map(named));
        }
        let head = self.feed_head(std::slice::from_ref(alert));
        Ok(cap::message(alert, &names, &head, &|code| self.region_name(code)))
    }

    async fn events_after(&self, after: u64, limit: usize) -> Result<EventsPage, DeskError> {
        let found = self.store().alert_events_after(after, limit).await;
        let events = found.map_err(doing("reading what happened to alerts"))?;
        Ok(EventsPage { reached: events.last().map_or(after, |(number, _)| *number), events })
    }

    async fn last_event(&self) -> Result<u64, DeskError> {
        self.store().last_alert_event().await.map_err(doing("reading what happened to alerts"))
    }

    fn push_token(&self) -> Option<&str> {
        Folder::push_token(self)
    }

    async fn push(
        &self,
        lines: Vec<u8>,
        source: SourceId,
        channel: Channel,
        by: Option<&Party>,
    ) -> Result<Pushed, DeskError> {
        #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
        let now = Timestamp::now();
        let report = push_lines(self, lines, source, channel, by, now).await.map_err(doing("taking documents in"))?;
        let all = report.total();
        let rejects = report.rejected.into_iter();
        Ok(Pushed {
            collected: all.collected,
            kept: all.kept,
            duplicate: all.duplicate,
            unchanged: all.unchanged,
            rejected: all.rejected,
            rejects: rejects.map(|found| PushReject { line: found.line, reason: found.reason }).collect(),
        })
    }

    async fn health(&self) -> Result<(), DeskError> {
        self.store().alert_counts().await.map(|_| ()).map_err(doing("asking the store"))
    }

    fn region_name(&self, code: RegionCode) -> String {
        Folder::region_name(self, code)
    }

    fn standard_note(&self, number: &str) -> Option<String> {
        Folder::standard_note(self, number)
    }
}

impl Tower {
    async fn source_health(&self) -> Result<Vec<SourceHealth>, DeskError> {
        #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
        let now = Timestamp::now();
        let sources = self.sources(now).await.map_err(doing("looking at the sources"))?;
        let told = sources.into_iter().map(|(recipe, health)| SourceHealth {
            source: recipe.id.clone(),
            name: recipe.name.clone(),
            channel: recipe.channel,
            enabled: recipe.enabled,
            paused_at: health.paused_at,
            due_at: health.due_at,
            last_at: health.last_at,
            last_success_at: health.last_success_at,
            last_news_at: health.last_news_at,
            rounds: health.rounds,
            troubles: health.troubles.iter().map(ToString::to_string).collect(),
        });
        Ok(told.collect())
    }
}

fn doing<E: Into<Box<dyn std::error::Error + Send + Sync>>>(what: &'static str) -> impl Fn(E) -> DeskError {
    move |error| DeskError::internal(what, error)
}

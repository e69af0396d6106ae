//! The desk of a real tower: answers from the store, the index and the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::desk::{
    CursorState, Desk, DeskError, EventsPage, Facet, FacetValue, FeedForm, PushReject, Pushed, QueryExample,
    QueryFault, SearchHit, SearchOutcome, SourceCounts, SourceHealth, Status,
};
use crate::alert::{Casework, cap, feed, forms};
use crate::index::{Expansion, Hit, IndexError, SearchPage, SearchRequest};
use crate::pipeline::{PipelineError, Tower, push_lines};
use crate::store::{EndpointHealth, TryRow};
use crate::vocabulary::{
    Act, Alert, AlertEvent, AlertId, Channel, Document, DocumentId, Outcome, Position, Reading, RegionCode,
    SamplingRequest, SourceId, parse_moment,
};

/// What a visitor may copy.
const EXAMPLES: &[(&str, &str)] = &[
    ("充电宝 起火", "两个词都出现"),
    ("\"突然起火\" -电影", "整句出现，且没有另一个词"),
    ("hazard:fire category:battery_charger", "按隐患和产品类别"),
    ("region:330000 channel:complaint 漏电", "浙江省的投诉里提到漏电"),
    ("date:2024-01-01..2024-06-30 (甲醛 OR 异味)", "按时间，两个词任一"),
    ("severity>=3", "读出住院以上伤害的"),
];

#[async_trait]
impl Desk for Tower {
    async fn ranked(&self) -> Result<Vec<Alert>, DeskError> {
        self.store().alerts().await.map_err(doing("reading the alerts"))
    }

    async fn casework(&self, id: &AlertId) -> Result<(Casework, Vec<Act>), DeskError> {
        let acts = self.store().acts(Some(id)).await.map_err(doing("reading what people did"))?;
        Ok((Casework::of(&acts), acts))
    }

    async fn standing(&self) -> Result<BTreeMap<AlertId, Casework>, DeskError> {
        Tower::standing(self).await.map_err(doing("reading what people did"))
    }

    async fn act(&self, act: Act) -> Result<(), DeskError> {
        match self.take_act(act).await {
            Err(PipelineError::Outcome(why)) => Err(DeskError::Refused { why }),
            done => done.map_err(doing("keeping what a person did")),
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
        let entry = self.log().document(id).await.map_err(doing("reading a document"))?;
        let Some(entry) = entry else { return Ok(None) };
        // READ-1: reading it again gives what was read then, as long as the lexicon is the same.
        let lexicon = Arc::clone(self.lexicon());
        let read = move || {
            let reading = crate::pipeline::read_batch(&lexicon, vec![entry]).pop();
            reading.map(|read| (read.document, Some(read.reading)))
        };
        tokio::task::spawn_blocking(read).await.map_err(doing("reading a document's text"))
    }

    async fn search(&self, query: &str, limit: usize, after: Option<&str>) -> Result<SearchOutcome, DeskError> {
        let request = SearchRequest {
            query: query.to_owned(),
            limit,
            after: after.map(str::to_owned),
            ..SearchRequest::default()
        };
        let page = on_disk(|| self.index().search(&request)).map_err(|error| fault(error, query))?;
        Ok(outcome(page))
    }

    fn query_examples(&self) -> Vec<QueryExample> {
        let example =
            |(query, means): &(&str, &str)| QueryExample { query: (*query).to_owned(), means: (*means).to_owned() };
        EXAMPLES.iter().map(example).collect()
    }

    async fn status(&self) -> Result<Status, DeskError> {
        let internal = "reading the status";
        let log_end = self.log().end().await.map_err(doing(internal))?;
        let alerts = self.store().alert_counts().await.map_err(doing(internal))?;
        let mut sources = Vec::new();
        for (source, (channel, intake)) in self.log().intake().await.map_err(doing(internal))? {
            let reasons = self.log().reject_reasons(&source).await.map_err(doing(internal))?;
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
        let (alerts_at, _) = self.log().cursor("alerts").await.map_err(doing(internal))?;
        let (listings_at, _) = self.log().cursor("listings").await.map_err(doing(internal))?;
        let cursor = |consumer: &str, position: Position| CursorState { consumer: consumer.to_owned(), position };
        Ok(Status {
            documents: self.index().documents(),
            signals: self.signal_records().len() as u64,
            alerts_open: alerts.0,
            alerts_closed: alerts.1,
            sampling_requests: alerts.2,
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
        })
    }

    fn home(&self) -> &str {
        Tower::home(self)
    }

    fn render(&self, form: FeedForm, alerts: &[Alert]) -> String {
        let head = self.feed_head(alerts);
        let region_name = |code| self.region_name(code);
        let all: Vec<&Alert> = alerts.iter().collect();
        match (form, alerts) {
            (FeedForm::Json, _) => feed::json(&all, &head, &region_name),
            (FeedForm::Atom, _) => feed::atom(&all, &head, &region_name),
            (FeedForm::CapOne, [alert]) => cap::message(alert, &head, &region_name),
            (FeedForm::Csv, _) => forms::csv(&all, &head, &region_name),
            (FeedForm::Notice, [alert]) => forms::notice(alert, &region_name),
            (FeedForm::Notice, _) => String::new(),
            (FeedForm::Cap | FeedForm::CapOne, _) => cap::bulletin(&all, &head, &region_name),
        }
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
        Tower::push_token(self)
    }

    async fn push(&self, lines: Vec<u8>, source: SourceId, channel: Channel) -> Result<Pushed, DeskError> {
        #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
        let now = Timestamp::now();
        let report = push_lines(self, lines, source, channel, now).await.map_err(doing("taking documents in"))?;
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
        Tower::region_name(self, code)
    }

    fn standard_note(&self, number: &str) -> Option<String> {
        Tower::standard_note(self, number)
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

/// Runs what may read from disk for a moment. Where there are other threads they take this one's tasks meanwhile; on a
/// runtime of one thread there is nobody to hand them to, and tokio would panic.
fn on_disk<T>(read: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => tokio::task::block_in_place(read),
        _ => read(),
    }
}

fn doing<E: Into<Box<dyn std::error::Error + Send + Sync>>>(what: &'static str) -> impl Fn(E) -> DeskError {
    move |error| DeskError::internal(what, error)
}

/// A bad query is the visitor's to mend; everything else is ours.
fn fault(error: IndexError, query: &str) -> DeskError {
    match error {
        IndexError::Query(error) => DeskError::BadQuery(QueryFault::at(error.message, query, error.at)),
        IndexError::Cursor { found } => DeskError::BadCursor { found },
        other => DeskError::internal("searching", other),
    }
}

fn outcome(page: SearchPage) -> SearchOutcome {
    let facet = |(field, counts): (String, Vec<(String, u64)>)| Facet {
        values: counts
            .into_iter()
            .map(|(value, count)| FacetValue { narrow: narrow(&field, &value), value, count })
            .collect(),
        field,
    };
    let also = |expansion: &Expansion| {
        format!("“{}”连同：{}；检索式里加 synonyms:off 可关闭", expansion.word, expansion.also.join("、"))
    };
    SearchOutcome {
        total: page.total,
        sort: page.sort,
        notes: page.expansions.iter().map(also).chain(page.notes).collect(),
        hits: page.hits.into_iter().map(hit).collect(),
        facets: page.facets.into_iter().map(facet).collect(),
        next: page.next,
    }
}

/// The query term that keeps only this value.
fn narrow(field: &str, value: &str) -> String {
    let field = if field == "month" { "date" } else { field };
    let plain = value.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-' || c == '.');
    if plain { format!("{field}:{value}") } else { format!("{field}:\"{}\"", value.replace('"', "")) }
}

fn hit(hit: Hit) -> SearchHit {
    SearchHit {
        id: hit.id,
        score: hit.score,
        title: hit.title,
        snippet: hit.snippet,
        spans: hit.spans,
        published_at: hit.published_at.as_deref().and_then(|text| parse_moment(text).ok()),
        source: hit.source,
        channel: hit.channel,
        categories: hit.categories,
        hazards: hit.hazards,
        brand: hit.brand,
        region: hit.region,
        url: hit.url,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jieba_rs::Jieba;

    use super::*;
    use crate::index::SearchIndex;
    use crate::vocabulary::LexiconVersion;

    fn empty() -> SearchIndex {
        SearchIndex::in_memory(Arc::new(Jieba::new()), &LexiconVersion::from("test"), &BTreeSet::new())
            .expect("an index")
    }

    fn request(query: &str) -> SearchRequest {
        SearchRequest { query: query.to_owned(), limit: 1, ..SearchRequest::default() }
    }

    #[test]
    fn every_example_is_a_query() {
        let index = empty();
        for (query, _) in EXAMPLES {
            assert!(index.search(&request(query)).is_ok(), "{query}");
        }
    }

    #[test]
    fn every_term_that_narrows_is_a_query() {
        let index = empty();
        for (field, value) in
            [("brand", "大 米"), ("brand", "a\"b:(c)"), ("region", "330000"), ("category", "toy"), ("channel", "media")]
        {
            let term = narrow(field, value);
            assert!(index.search(&request(&format!("起火 {term}"))).is_ok(), "{term}");
        }
    }

    #[test]
    fn a_bad_query_is_marked_where_it_is_bad_and_worded_in_chinese() {
        let error = empty().search(&request("充电宝 hazrad:fire")).expect_err("no such field");
        let DeskError::BadQuery(found) = fault(error, "充电宝 hazrad:fire") else { panic!("the visitor's fault") };
        assert_eq!(found.span.map(|span| span.slice("充电宝 hazrad:fire").to_owned()).as_deref(), Some("hazrad:fire"));
        assert!(found.message.contains("没有叫“hazrad”的字段"), "{}", found.message);
    }

    #[tokio::test]
    async fn reading_from_disk_works_on_a_runtime_of_one_thread() {
        assert_eq!(on_disk(|| 1), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn reading_from_disk_works_on_a_runtime_of_many_threads() {
        assert_eq!(on_disk(|| 1), 1);
    }
}

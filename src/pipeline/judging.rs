//! signals ──► score(as_of) ──► episodes ──► alerts and sampling requests. One judge for live running and for reruns.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jiff::civil::Date;
use rayon::prelude::*;

use super::judging_state::JudgingState;
use super::{Folder, PipelineError, Tower};
use alert::{AlertPolicy, Episodes};
use sampling::{self, SamplingPolicy};
use score::{Criteria, Events, Feedback, InputDigest, Market, Scorer, Volume};
use store::{Store, StoreError};
use vocabulary::{
    Alert, AlertContext, AlertEvent, AlertEventKind, AlertId, Assessment, Category, CriteriaVersion, Disposal,
    DocumentId, Evidence, Hazard, LexiconVersion, Listing, Outcome, Position, SamplingRequest, SignalRecord, day_of,
    end_of_day,
};

/// Listings offered to one sampling request, best-selling first.
const LISTINGS_MAX: u32 = 500;
/// Days assessed together in a replay.
const DAYS_AHEAD: usize = 32;
/// Name of the cursor of the alerts tables.
const ALERTS: &str = "alerts";
/// Fact under which the open episodes are kept.
const EPISODES: &str = "episodes";

/// One criteria file, as the three rooms that judge by it understand it.
#[derive(Debug, Clone)]
pub struct Judge {
    pub(super) scorer: Scorer,
    pub(super) alerts: AlertPolicy,
    pub(super) sampling: SamplingPolicy,
}

impl Judge {
    /// Reads a criteria file's text and the table of test items; the file names are only for messages.
    pub fn parse(text: &str, file: &str, items: &str, items_file: &str) -> Result<Self, PipelineError> {
        let criteria = |error: &dyn std::fmt::Display| {
            PipelineError::refused(format!("评价标准不能使用：{error}"), error.to_string())
        };
        let scorer = Scorer::new(Criteria::parse(text, file).map_err(|error| criteria(&error))?);
        let alerts = AlertPolicy::parse(text, file).map_err(|error| criteria(&error))?;
        let sampling = SamplingPolicy::parse(text, file, items, items_file).map_err(|error| criteria(&error))?;
        Ok(Self { scorer, alerts, sampling })
    }

    /// The version that every judgement names.
    #[must_use]
    pub fn version(&self) -> &CriteriaVersion {
        &self.scorer.criteria().version
    }

    /// What it scores by.
    #[must_use]
    pub fn criteria(&self) -> &Criteria {
        self.scorer.criteria()
    }

    /// Test items whose standard, without its year, is one of `numbers`: `项目（标准）`, each once.
    #[must_use]
    pub fn citing(&self, numbers: &[&str]) -> Vec<String> {
        let cites = |standard: &str| numbers.contains(&extract::without_year(standard));
        let items = self.sampling.items().filter(|(.., item)| cites(&item.standard));
        let mut found: Vec<String> = items.map(|(.., item)| format!("{}（{}）", item.item, item.standard)).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// What one day's judgement said and changed.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// Everything assessed, excluded matters too.
    pub assessments: Vec<Assessment>,
    /// What changed in the lives of alerts.
    pub events: Vec<AlertEvent>,
    /// The alerts that changed or are still active, as they stand now.
    pub alerts: Vec<Alert>,
    /// Samples asked for.
    pub requests: Vec<SamplingRequest>,
    /// Requests that could not be made whole, with the field that is missing (clause 3-05).
    pub refused: Vec<String>,
}

/// A pile of signals under a judge, day after day.
pub struct Review<'a> {
    judge: &'a Judge,
    records: Vec<SignalRecord>,
    evidence: Cow<'a, EvidenceBook>,
    events: Cow<'a, Events>,
    /// Made when it is first asked for.
    input_digest: OnceLock<InputDigest>,
    volume: Volume,
    listings: BTreeMap<Category, Vec<Listing>>,
    market: Market,
    episodes: Episodes,
    asked: BTreeSet<AlertId>,
    lexicon: LexiconVersion,
    feedback: Feedback,
}

impl<'a> Review<'a> {
    /// Lays everything on the desk, with no episode open.
    #[must_use]
    pub fn new(
        judge: &'a Judge,
        records: Vec<SignalRecord>,
        volume: Volume,
        listings: Vec<Listing>,
        lexicon: LexiconVersion,
    ) -> Self {
        let (events, evidence) = rayon::join(
            || Events::build(&records, judge.scorer.criteria()),
            || {
                let mut evidence = EvidenceBook::default();
                evidence.add_all(&records);
                evidence
            },
        );
        let (events, evidence) = (Cow::Owned(events), Cow::Owned(evidence));
        Self { records, ..Self::over(judge, events, evidence, volume, listings, lexicon) }
    }

    /// The same, with what was made of the signals before; it does not hold the signals themselves.
    pub(super) fn over(
        judge: &'a Judge,
        events: Cow<'a, Events>,
        evidence: Cow<'a, EvidenceBook>,
        volume: Volume,
        listings: Vec<Listing>,
        lexicon: LexiconVersion,
    ) -> Self {
        let mut by_category: BTreeMap<Category, Vec<Listing>> = BTreeMap::new();
        for listing in listings {
            by_category.entry(listing.category).or_default().push(listing);
        }
        let episodes = Episodes::default();
        let asked = BTreeSet::new();
        let (market, feedback) = (Market::new(), Feedback::none());
        Self {
            judge,
            records: Vec::new(),
            evidence,
            events,
            input_digest: OnceLock::new(),
            volume,
            listings: by_category,
            market,
            episodes,
            asked,
            lexicon,
            feedback,
        }
    }

    /// Knows what listings displayed as sold, and since when.
    #[must_use]
    pub fn beside(mut self, market: Market) -> Self {
        self.market = market;
        self
    }

    /// Goes on with episodes kept from earlier days, and requests already made for them.
    #[must_use]
    pub fn resume(mut self, episodes: Episodes, asked: BTreeSet<AlertId>) -> Self {
        self.episodes = episodes;
        self.asked = asked;
        self
    }

    /// Judges with these outcomes; a day uses those that were known by its end.
    #[must_use]
    pub fn with_outcomes(mut self, outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        self.feedback = Feedback::new(outcomes);
        self
    }

    /// All signals that were handed in, in their order.
    #[must_use]
    pub fn records(&self) -> &[SignalRecord] {
        &self.records
    }

    /// The episodes as they stand.
    #[must_use]
    pub fn episodes(&self) -> &Episodes {
        &self.episodes
    }

    /// Judges one day.
    pub fn day(&mut self, as_of: Date) -> Judgement {
        let assessments = self.assess(&[as_of]).pop().unwrap_or_default();
        self.advance(as_of, assessments)
    }

    /// Judges days in their order and hands each over.
    pub fn days<E>(&mut self, days: &[Date], mut each: impl FnMut(Date, Judgement) -> Result<(), E>) -> Result<(), E> {
        for together in days.chunks(self.days_together()) {
            for (day, assessments) in together.iter().zip(self.assess(together)) {
                each(*day, self.advance(*day, assessments))?;
            }
        }
        Ok(())
    }

    /// How many days may be assessed before the first of them is advanced. Assessments do not depend on the days before unless
    /// something came back from earlier alerts.
    #[must_use]
    pub fn days_together(&self) -> usize {
        if self.feedback.outcomes().is_empty() { DAYS_AHEAD } else { 1 }
    }

    /// Digest of all that the assessments of days up to `last` hang on, criteria and program aside.
    #[must_use]
    pub fn input_digest(&self, last: Date) -> blake3::Hash {
        let digest = self.input_digest.get_or_init(|| InputDigest::of(&self.events));
        digest.by(last, &self.volume, &self.market, &self.feedback)
    }

    /// Assesses days on all cores; no more than [`Review::days_together`].
    #[must_use]
    pub fn assess(&self, days: &[Date]) -> Vec<Vec<Assessment>> {
        let one =
            |day: &Date| self.judge.scorer.assess_in(&self.events, &self.volume, &self.market, &self.feedback, *day);
        days.par_iter().map(one).collect()
    }

    /// What the assessments of a day change.
    pub fn advance(&mut self, as_of: Date, assessments: Vec<Assessment>) -> Judgement {
        let evidence = &self.evidence;
        let show = |assessment: &Assessment, id: &DocumentId| evidence.of(assessment.category, assessment.hazard, id);
        let events = self.episodes.advance(as_of, &assessments, &self.judge.alerts, &show, &self.lexicon);
        for event in events.iter().filter(|event| event.event != AlertEventKind::Closed) {
            if let Some(alert) = self.episodes.get(&event.alert_id) {
                self.feedback.raised(&alert.id, AlertContext::of(&alert.assessment, alert.opened_on));
            }
        }
        let touched = |alert: &&Alert| alert.changed_on == as_of || alert.last_active_on == as_of;
        let alerts: Vec<Alert> = self.episodes.all().filter(touched).cloned().collect();
        let (mut requests, mut refused) = (Vec::new(), Vec::new());
        for event in &events {
            let asks = event.disposal == Disposal::Sample && event.event != AlertEventKind::Closed;
            if asks
                && !self.asked.contains(&event.alert_id)
                && let Some(alert) = self.episodes.get(&event.alert_id)
            {
                let matter = &alert.assessment;
                let product = self.events.product_named(matter.category, matter.hazard, &matter.documents);
                let listings = self.listings.get(&event.category).map_or(&[][..], Vec::as_slice);
                match sampling::request_for(alert, product.as_deref(), listings, &self.judge.sampling) {
                    Ok(request) => {
                        self.asked.insert(event.alert_id.clone());
                        requests.push(request);
                    }
                    // It is tried again when the episode next moves: by then more may be known.
                    Err(error) => refused.push(error.to_string()),
                }
            }
        }
        Judgement { assessments, events, alerts, requests, refused }
    }
}

/// The excerpt to show for a document in a matter.
#[derive(Debug, Clone, Default)]
pub(super) struct EvidenceBook {
    excerpts: BTreeMap<(Category, Hazard, DocumentId), Evidence>,
}

impl EvidenceBook {
    /// Adds what signals show, in log order.
    pub(super) fn add_all<'r>(&mut self, records: impl IntoIterator<Item = &'r SignalRecord>) {
        for record in records {
            self.add(record);
        }
    }

    /// The earliest revision stays: an alert of a past day must not show what was written later.
    fn add(&mut self, record: &SignalRecord) {
        let key = (record.product, record.hazard, record.document_id.clone());
        self.excerpts.entry(key).or_insert_with(|| Evidence {
            document_id: record.document_id.clone(),
            published_at: record.event_at,
            text: record.excerpt.clone(),
            spans: record.spans.clone(),
            url: record.url.clone(),
            source: record.source.to_string(),
        });
    }

    fn of(&self, category: Category, hazard: Hazard, id: &DocumentId) -> Option<Evidence> {
        self.excerpts.get(&(category, hazard, id.clone())).cloned()
    }
}

impl Tower {
    /// Judges the day of a moment and keeps what changed, in one transaction with the cursor. Days do not run backwards: an earlier day
    /// than the last judged one changes nothing.
    pub async fn judge(&self, now: Timestamp) -> Result<Judgement, PipelineError> {
        let as_of = day_of(now);
        let (from, last) = self.judged().await?;
        if last.is_some_and(|last| as_of < last) {
            return Ok(Judgement::default());
        }
        // One edition for all of it: other rules may be put in force meanwhile.
        let working = self.working();
        let edition = &working.edition;
        let (to, records) = working.outputs.as_of();
        let kept = self.judging_state().take().filter(|kept| kept.fits(edition, &records));
        let mut state = kept.unwrap_or_else(|| JudgingState::new(edition));
        let revised = self.store().revised(state.to(), to).await?;
        let volume = self.store().volume(state.to(), to).await?;
        let episodes = match self.store().fact(EPISODES).await? {
            Some(kept) => {
                serde_json::from_str(&kept).map_err(|error| StoreError::stored("facts", EPISODES, "value", error))?
            }
            None => Episodes::default(),
        };
        let asked = self.store().sampled_alerts().await?;
        let mut listings = Vec::new();
        for category in Category::ALL {
            listings.extend(self.store().listings(*category, LISTINGS_MAX).await?);
        }
        let outcomes = self.store().outcomes(None).await?;
        let (judge, lexicon) = (Arc::clone(&edition.judge), edition.lexicon.version().clone());
        // Scoring is arithmetic for whole seconds on a large store: not on a thread that serves.
        let (judged, kept, state) = tokio::task::spawn_blocking(move || {
            let mut market = Market::new();
            for listing in &listings {
                market.add(listing, as_of);
            }
            state.take_in(end_of_day(as_of), to, &records, revised, volume);
            drop(records);
            let (events, evidence, volume) = state.open();
            let (events, evidence) = (Cow::Owned(events), Cow::Borrowed(evidence));
            let review = Review::over(&judge, events, evidence, volume.clone(), listings, lexicon);
            let mut review = review.beside(market).resume(episodes, asked).with_outcomes(outcomes);
            let judged = review.day(as_of);
            review.episodes.forget_closed();
            let kept = serde_json::to_string(review.episodes());
            (judged, kept, state)
        })
        .await?;
        *self.judging_state() = Some(state);

        for refused in &judged.refused {
            tracing::warn!("{refused}");
        }
        let mut tx = self.store().begin().await?;
        for alert in &judged.alerts {
            Store::put_alert(&mut tx, alert).await?;
        }
        for event in &judged.events {
            Store::add_alert_event(&mut tx, event, now).await?;
        }
        for request in &judged.requests {
            Store::add_sampling_request(&mut tx, request).await?;
        }
        Store::set_fact(&mut tx, EPISODES, &kept?).await?;
        Store::move_cursor(&mut tx, ALERTS, from, to, &as_of.to_string()).await?;
        tx.commit().await?;
        Ok(judged)
    }
}

impl Folder {
    /// The day last judged.
    pub async fn judged_until(&self) -> Result<Option<Date>, PipelineError> {
        Ok(self.judged().await?.1)
    }

    /// How far the signals are judged, and for which day; none before the first day.
    async fn judged(&self) -> Result<(Position, Option<Date>), PipelineError> {
        let (at, day) = self.store().cursor(ALERTS).await?;
        let unreadable = |error: jiff::Error| StoreError::stored("cursors", ALERTS, "detail", error);
        let day = if day.is_empty() { None } else { Some(day.parse().map_err(unreadable)?) };
        Ok((at, day))
    }
}

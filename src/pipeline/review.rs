//! signals ──► score(as_of) ──► episodes ──► alerts and sampling requests. The same for live running and for replays.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::civil::Date;
use rayon::prelude::*;

use super::excerpts::Excerpts;
use super::judge::Judge;
use alert::Episodes;
use score::{Events, Feedback, InputDigest, Market, Volume};
use vocabulary::{
    Alert, AlertContext, AlertEvent, AlertEventKind, AlertId, Assessment, Category, Disposal, DocumentId,
    LexiconVersion, Listing, Outcome, SamplingRequest, SignalRecord,
};

/// Days assessed together in a replay.
const DAYS_AHEAD: usize = 32;

/// The result of judging one day.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    /// Everything assessed, excluded matters too.
    pub assessments: Vec<Assessment>,
    /// What changed in the lives of alerts.
    pub events: Vec<AlertEvent>,
    /// The alerts that changed or are still active, after the judgement.
    pub alerts: Vec<Alert>,
    /// Samples asked for.
    pub requests: Vec<SamplingRequest>,
    /// Requests that could not be made whole, with the field that is missing (clause 3-05).
    pub refused: Vec<String>,
}

/// Signals, listings and outcomes that are judged day after day by one judge.
pub struct Review<'a> {
    judge: &'a Judge,
    excerpts: Cow<'a, Excerpts>,
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
    /// Of all signals, with no episode open.
    #[must_use]
    pub fn new(
        judge: &'a Judge,
        records: Vec<SignalRecord>,
        volume: Volume,
        listings: Vec<Listing>,
        lexicon: LexiconVersion,
    ) -> Self {
        let events = Cow::Owned(Events::build(&records, judge.scorer.criteria()));
        let excerpts = Cow::Owned(Excerpts::of_all(records));
        Self::over(judge, events, excerpts, volume, listings, lexicon)
    }

    /// The same, of events and excerpts that were made of the signals before.
    pub(super) fn over(
        judge: &'a Judge,
        events: Cow<'a, Events>,
        excerpts: Cow<'a, Excerpts>,
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
            excerpts,
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

    /// With numbers of sold items that listings displayed, and since when.
    #[must_use]
    pub fn beside(mut self, market: Market) -> Self {
        self.market = market;
        self
    }

    /// Continues episodes kept from earlier days; `asked` are the alerts for which a sampling request exists.
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

    /// The episodes after the last day judged.
    #[must_use]
    pub fn episodes(&self) -> &Episodes {
        &self.episodes
    }

    /// Drops the episodes that are closed.
    pub(super) fn forget_closed(&mut self) {
        self.episodes.forget_closed();
    }

    /// Judges one day.
    pub fn day(&mut self, as_of: Date) -> Judgement {
        let assessments = self.assess(&[as_of]).pop().unwrap_or_default();
        self.advance(as_of, assessments)
    }

    /// Judges days in their order and calls `each` with every one.
    ///
    /// # Errors
    /// The first error of `each`.
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

    /// Digest of all that the assessments of days up to `last` depend on, except criteria and program.
    #[must_use]
    pub fn input_digest(&self, last: Date) -> blake3::Hash {
        let input_digest = self.input_digest.get_or_init(|| InputDigest::of(&self.events));
        input_digest.by(last, &self.volume, &self.market, &self.feedback)
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
        let excerpts = &self.excerpts;
        let show = |assessment: &Assessment, id: &DocumentId| excerpts.of(assessment.category, assessment.hazard, id);
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

//! The state that a service keeps between two judgements, so that a judgement costs what came in since, not all that ever came.
//!
//! Events depend on the order in which signals could be known, and a signal that comes in late may precede earlier ones: a page is seen
//! when the round over its site began, a report without a moment of its own on the day it was published. So the state keeps the events of
//! settled signals, and each judgement adds the others to a copy of them.
//!
//! All of it is derived from the log and the signals and may be dropped at any time; the next judgement makes it again. That also happens
//! when a new signal precedes a settled one: a revision of a document whose earlier signals count here, an archive of earlier years, other
//! rules.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::edition::{Outputs, Working};
use super::error::PipelineError;
use super::excerpts::Excerpts;
use super::judge::Judge;
use score::{EventBook, Events, TooLate, Volume};
use vocabulary::{DocumentId, LexiconVersion, Position, SignalRecord};

/// A signal is settled when it was seen this long before the newest: hardly any signal that comes in later precedes it.
const SETTLES_AFTER: SignedDuration = SignedDuration::from_hours(72);
/// Most signals kept unsettled: beyond them the oldest are settled whatever their age.
const UNSETTLED_MAX: usize = 10_000;

/// Events, excerpts and reading volume of everything up to a place in the log.
pub(super) struct JudgingState {
    judge: Arc<Judge>,
    lexicon: LexiconVersion,
    /// Where its signals were published.
    outputs: Arc<Outputs>,
    /// The last log position that is taken in.
    to: Position,
    /// Documents with a signal that counts. Looked up by key only: their order never matters.
    documents: HashSet<DocumentId>,
    /// Events of the settled signals: all that were seen before `until`.
    settled: EventBook,
    until: Timestamp,
    /// The other signals.
    unsettled: Vec<SignalRecord>,
    excerpts: Excerpts,
    volume: Volume,
    /// Revised documents with their newest revision. Signals of older revisions do not count.
    revised: BTreeMap<DocumentId, Position>,
}

impl JudgingState {
    /// Empty, with the rules of an edition.
    pub(super) fn new(working: &Working) -> Self {
        let edition = &working.edition;
        Self {
            judge: Arc::clone(&edition.judge),
            lexicon: edition.lexicon.version().clone(),
            outputs: Arc::clone(&working.outputs),
            to: Position(0),
            documents: HashSet::new(),
            settled: EventBook::new(edition.judge.criteria()),
            until: Timestamp::MIN,
            unsettled: Vec::new(),
            excerpts: Excerpts::default(),
            volume: Volume::new(),
            revised: BTreeMap::new(),
        }
    }

    /// Whether it was made with the same rules, from signals that are published in the same place.
    pub(super) fn fits(&self, working: &Working) -> bool {
        Arc::ptr_eq(&self.judge, &working.edition.judge)
            && self.lexicon == *working.edition.lexicon.version()
            && Arc::ptr_eq(&self.outputs, &working.outputs)
    }

    /// The last log position that is taken in.
    pub(super) fn to(&self) -> Position {
        self.to
    }

    /// Takes in what came in after [`JudgingState::to`]: `fresh` are its signals, `revised` the documents revised since, `volume` the
    /// documents read since, by day of the event and day it was known. A moment after `now` counts as `now`, whatever a document says.
    ///
    /// # Errors
    /// When all signals are to be sorted anew and cannot be read.
    pub(super) fn take_in(
        &mut self,
        now: Timestamp,
        to: Position,
        fresh: Vec<SignalRecord>,
        revised: BTreeMap<DocumentId, Position>,
        volume: Vec<(Date, Date, u64)>,
    ) -> Result<(), PipelineError> {
        for (event_day, known_day, documents) in volume {
            self.volume.add(event_day, known_day, documents);
        }
        let outdated = revised.keys().any(|document| self.documents.contains(document));
        self.revised.extend(revised);
        self.to = to;
        if !outdated {
            self.hold(fresh);
            if self.settle(now).is_ok() {
                return Ok(());
            }
        }
        let (_, mut records) = self.outputs.behind(Position(0))?;
        records.retain(|record| record.position <= to);
        tracing::info!(
            outdated,
            signals = records.len(),
            "events are sorted anew: something precedes what was settled"
        );
        (self.unsettled, self.documents, self.excerpts) = (Vec::new(), HashSet::new(), Excerpts::default());
        (self.settled, self.until) = (EventBook::new(self.judge.criteria()), Timestamp::MIN);
        self.hold(records);
        self.settle(now).expect("nothing comes before the first");
        Ok(())
    }

    /// Keeps the signals that count, unsettled.
    fn hold(&mut self, mut records: Vec<SignalRecord>) {
        records.retain(|record| self.stands(record));
        self.documents.extend(records.iter().map(|record| record.document_id.clone()));
        self.excerpts.add_all(&records);
        self.unsettled.extend(records);
    }

    /// Whether a signal was read in the newest revision of its document.
    fn stands(&self, record: &SignalRecord) -> bool {
        self.revised.get(&record.document_id).is_none_or(|newest| record.position >= *newest)
    }

    /// Settles the signals that were seen long enough before the newest.
    ///
    /// # Errors
    /// [`TooLate`] when one of them precedes a settled one.
    fn settle(&mut self, now: Timestamp) -> Result<(), TooLate> {
        let mut seen: Vec<Timestamp> = self.unsettled.iter().map(|record| record.seen_at.min(now)).collect();
        seen.sort_unstable();
        let by_age = seen.last().and_then(|newest| newest.checked_sub(SETTLES_AFTER).ok());
        let by_number = seen.len().checked_sub(UNSETTLED_MAX).map(|beyond| seen[beyond]);
        // It never moves back: what is not settled comes after what is.
        self.until = self.until.max(by_age.max(by_number).unwrap_or(Timestamp::MIN));
        let settled: Vec<SignalRecord> = self.unsettled.extract_if(.., |record| record.seen_at < self.until).collect();
        self.settled.add(&settled)
    }

    /// Events, excerpts and reading volume of all that was taken in.
    pub(super) fn open(&self) -> (Events, &Excerpts, &Volume) {
        let mut events = self.settled.clone();
        events.add(&self.unsettled).expect("what is not settled comes after what is");
        (events.into_events(), &self.excerpts, &self.volume)
    }
}

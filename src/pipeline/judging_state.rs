//! What a service keeps between two judgements, so that a judgement costs what came in since, not all that ever came.
//!
//! Events hang on the order in which signals could be known, and what comes in late may precede what is there: a page is seen when the
//! round over its site began, a report without a moment of its own on the day it was published. So events are kept of what is settled,
//! and each judgement adds the rest to a copy of them.
//!
//! All of it is derived from the log and the signals and may be dropped at any time: it is then made anew. That happens by itself when
//! something was learnt that does not come after all that is settled: a revision of a document whose earlier words count here, an archive
//! of earlier years, other rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::edition::Edition;
use super::judging::{EvidenceBook, Judge};
use score::{EventBook, Events, TooLate, Volume};
use vocabulary::{DocumentId, LexiconVersion, Position, SignalRecord};

/// How long before the newest signal something was seen that hardly anything precedes any more.
const SETTLES_AFTER: SignedDuration = SignedDuration::from_hours(72);
/// Most signals that are not settled for their moment alone: where more come in, what is older is settled too.
const UNSETTLED_MAX: usize = 10_000;

/// Events, excerpts and reading volume of everything up to a place in the log.
pub(super) struct JudgingState {
    judge: Arc<Judge>,
    lexicon: LexiconVersion,
    /// Everything up to here is in.
    to: Position,
    /// How many signals lie up to there, those of replaced revisions included.
    signals: usize,
    /// Of signals that are settled: all that were seen before `until`.
    settled: EventBook,
    until: Timestamp,
    /// The others.
    unsettled: Vec<SignalRecord>,
    evidence: EvidenceBook,
    volume: Volume,
    /// Documents that were revised, with their newest revision: what an older one said counts no more.
    revised: BTreeMap<DocumentId, Position>,
}

impl JudgingState {
    /// Nothing yet, under the rules of an edition.
    pub(super) fn new(edition: &Edition) -> Self {
        Self {
            judge: Arc::clone(&edition.judge),
            lexicon: edition.lexicon.version().clone(),
            to: Position(0),
            signals: 0,
            settled: EventBook::new(edition.judge.criteria()),
            until: Timestamp::MIN,
            unsettled: Vec::new(),
            evidence: EvidenceBook::default(),
            volume: Volume::new(),
            revised: BTreeMap::new(),
        }
    }

    /// Whether it was made under these rules and of the beginning of these signals.
    pub(super) fn fits(&self, edition: &Edition, records: &[SignalRecord]) -> bool {
        Arc::ptr_eq(&self.judge, &edition.judge)
            && self.lexicon == *edition.lexicon.version()
            && records.partition_point(|record| record.position <= self.to) == self.signals
    }

    /// Up to where everything is in.
    pub(super) fn to(&self) -> Position {
        self.to
    }

    /// Takes in what came in behind [`JudgingState::to`]: `records` are all signals, `revised` the documents that were revised since and
    /// `volume` what was read since. Nothing can have been seen after `now`, whatever a document says.
    pub(super) fn take_in(
        &mut self,
        now: Timestamp,
        to: Position,
        records: &[SignalRecord],
        revised: BTreeMap<DocumentId, Position>,
        volume: Vec<(Date, Date, u64)>,
    ) {
        for (event_day, known_day, documents) in volume {
            self.volume.add(event_day, known_day, documents);
        }
        // Revisions are few: only for them is looked at what was said before.
        let outdated = !revised.is_empty()
            && records[..self.signals]
                .iter()
                .any(|record| revised.contains_key(&record.document_id) && self.stands(record));
        self.revised.extend(revised);
        let fresh = self.standing(&records[self.signals..]);
        (self.to, self.signals) = (to, records.len());
        if !outdated {
            self.evidence.add_all(&fresh);
            self.unsettled.extend(fresh);
            if self.settle(now).is_ok() {
                return;
            }
        }
        tracing::info!(
            outdated,
            signals = records.len(),
            "events are sorted anew: something precedes what was settled"
        );
        self.unsettled = self.standing(records);
        self.evidence = EvidenceBook::default();
        self.evidence.add_all(&self.unsettled);
        (self.settled, self.until) = (EventBook::new(self.judge.criteria()), Timestamp::MIN);
        self.settle(now).expect("nothing comes before the first");
    }

    /// Whether it was read in the newest revision of its document.
    fn stands(&self, record: &SignalRecord) -> bool {
        self.revised.get(&record.document_id).is_none_or(|newest| record.position >= *newest)
    }

    fn standing(&self, records: &[SignalRecord]) -> Vec<SignalRecord> {
        records.iter().filter(|record| self.stands(record)).cloned().collect()
    }

    /// Moves what was seen long enough before the newest signal to what is settled.
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

    /// What a judgement rests on.
    pub(super) fn open(&self) -> (Events, &EvidenceBook, &Volume) {
        let mut events = self.settled.clone();
        events.add(&self.unsettled).expect("what is not settled comes after what is");
        (events.into_events(), &self.evidence, &self.volume)
    }
}

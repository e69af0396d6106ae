//! What a service keeps between two judgements, so that a judgement costs what came in since, not all that ever came.
//!
//! All of it is derived from the log and the signals and may be dropped at any time: it is then made anew. That happens by itself when
//! something was learnt that does not come after all that is in: a revision of a document whose earlier words count here, a signal that
//! could have been known before others, other rules.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::edition::Edition;
use super::judging::{EvidenceBook, Judge};
use crate::score::{EventBook, Volume};
use crate::vocabulary::{DocumentId, LexiconVersion, Position, SignalRecord};

/// Events, excerpts and reading volume of everything up to a place in the log.
pub(super) struct Books {
    judge: Arc<Judge>,
    lexicon: LexiconVersion,
    /// Everything up to here is in.
    to: Position,
    /// How many signals lie up to there, those of replaced revisions included.
    signals: usize,
    events: EventBook,
    evidence: EvidenceBook,
    volume: Volume,
    /// Documents that were revised, with their newest revision: what an older one said counts no more.
    revised: BTreeMap<DocumentId, Position>,
}

impl Books {
    /// Nothing yet, under the rules of an edition.
    pub(super) fn new(edition: &Edition) -> Self {
        Self {
            judge: Arc::clone(&edition.judge),
            lexicon: edition.lexicon.version().clone(),
            to: Position(0),
            signals: 0,
            events: EventBook::new(edition.judge.criteria()),
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

    /// Takes in what came in behind [`Books::to`]: `records` are all signals, `revised` the documents that were revised since and
    /// `volume` what was read since.
    pub(super) fn take_in(
        &mut self,
        to: Position,
        records: &[SignalRecord],
        revised: BTreeMap<DocumentId, Position>,
        volume: Vec<(Date, Date, u64)>,
    ) {
        for (event_day, known_day, documents) in volume {
            self.volume.add(event_day, known_day, documents);
        }
        let outdated = revised.keys().any(|document| self.evidence.shows(document));
        self.revised.extend(revised);
        let stands =
            |record: &&SignalRecord| self.revised.get(&record.document_id).is_none_or(|newest| record.position >= *newest);
        let fresh: Vec<&SignalRecord> = records[self.signals..].iter().filter(stands).collect();
        if outdated || self.events.add(fresh.iter().copied()).is_err() {
            let all: Vec<&SignalRecord> = records.iter().filter(stands).collect();
            self.events = EventBook::new(self.judge.criteria());
            self.evidence = EvidenceBook::default();
            self.events.add(all.iter().copied()).expect("nothing comes before the first");
            all.into_iter().for_each(|record| self.evidence.add(record));
        } else {
            fresh.into_iter().for_each(|record| self.evidence.add(record));
        }
        (self.to, self.signals) = (to, records.len());
    }

    /// What a judgement rests on.
    pub(super) fn open(&self) -> (&EventBook, &EvidenceBook, &Volume) {
        (&self.events, &self.evidence, &self.volume)
    }
}

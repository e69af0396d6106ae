//! Excerpts of documents, which alerts show as evidence.

use std::collections::BTreeMap;

use vocabulary::{Category, DocumentId, Evidence, Hazard, SignalRecord};

/// The excerpt of each document that signals of a category and a hazard were read in.
#[derive(Debug, Clone, Default)]
pub(super) struct Excerpts {
    by_document: BTreeMap<(Category, Hazard, DocumentId), Evidence>,
}

impl Excerpts {
    /// Adds the excerpts of signals, in log order.
    pub(super) fn add_all<'r>(&mut self, records: impl IntoIterator<Item = &'r SignalRecord>) {
        for record in records {
            self.add(record);
        }
    }

    /// Keeps the excerpt of the earliest revision: an alert of a past day must not show what was written later.
    fn add(&mut self, record: &SignalRecord) {
        let key = (record.product, record.hazard, record.document_id.clone());
        self.by_document.entry(key).or_insert_with(|| Evidence {
            document_id: record.document_id.clone(),
            published_at: record.event_at,
            text: record.excerpt.clone(),
            spans: record.spans.clone(),
            url: record.url.clone(),
            source: record.source.to_string(),
        });
    }

    /// The excerpt of a document for a category and a hazard; none when no signal of both was read in it.
    pub(super) fn of(&self, category: Category, hazard: Hazard, id: &DocumentId) -> Option<Evidence> {
        self.by_document.get(&(category, hazard, id.clone())).cloned()
    }
}

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
        self.by_document.entry(key).or_insert_with(|| evidence_of(record.clone()));
    }

    /// The excerpts of signals, in log order, without a copy of them.
    pub(super) fn of_all(records: Vec<SignalRecord>) -> Self {
        let mut by_document = BTreeMap::new();
        for record in records {
            let key = (record.product, record.hazard, record.document_id.clone());
            by_document.entry(key).or_insert_with(|| evidence_of(record));
        }
        Self { by_document }
    }

    /// The excerpt of a document for a category and a hazard; none when no signal of both was read in it.
    pub(super) fn of(&self, category: Category, hazard: Hazard, id: &DocumentId) -> Option<Evidence> {
        self.by_document.get(&(category, hazard, id.clone())).cloned()
    }
}

fn evidence_of(record: SignalRecord) -> Evidence {
    Evidence {
        document_id: record.document_id,
        published_at: record.event_at,
        undated: record.undated,
        text: record.excerpt,
        spans: record.spans,
        url: record.url,
        source: record.source.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use vocabulary::{Channel, Fingerprint, LexiconVersion, Position, ProductFrom, SourceId, Stance};

    fn signal(position: u64, id: &str, hazard: Hazard, text: &str) -> SignalRecord {
        SignalRecord {
            position: Position(position),
            document_id: DocumentId::from(id),
            source: SourceId::from(text),
            channel: Channel::Complaint,
            url: Some(text.to_owned()),
            event_at: Timestamp::from_second(i64::try_from(position).expect("small")).expect("a moment"),
            seen_at: Timestamp::UNIX_EPOCH,
            undated: false,
            product: Category::Toy,
            product_text: None,
            hazard,
            hazard_text: String::new(),
            stance: Stance::Asserted,
            severity: 1,
            product_from: ProductFrom::Text,
            brand: None,
            item: vocabulary::ItemNames::default(),
            region: None,
            actor: String::new(),
            confidence: 1.0,
            vulnerable: false,
            rules: Vec::new(),
            fingerprint: Fingerprint::of_lanes([0; Fingerprint::LANES]),
            excerpt: text.to_owned(),
            spans: Vec::new(),
            lexicon: LexiconVersion::from("l"),
        }
    }

    #[test]
    fn evidence_is_of_the_first_revision_in_which_the_matter_was_read() {
        let mut excerpts = Excerpts::default();
        let records = [
            signal(1, "a", Hazard::Fire, "first"),
            signal(2, "b", Hazard::Fire, "other"),
            signal(3, "a", Hazard::Fire, "second"),
            signal(3, "a", Hazard::Cut, "only the second tells of a cut"),
        ];
        excerpts.add_all(&records[..2]);
        excerpts.add_all(&records[2..]);
        let of = |hazard, id: &str| excerpts.of(Category::Toy, hazard, &DocumentId::from(id));
        let first = of(Hazard::Fire, "a").expect("quoted");
        assert_eq!((first.text.as_str(), first.source.as_str()), ("first", "first"));
        assert_eq!((first.url.as_deref(), first.published_at.as_second()), (Some("first"), 1));
        assert_eq!(of(Hazard::Fire, "b").expect("quoted").text, "other");
        assert_eq!(of(Hazard::Cut, "a").expect("quoted").text, "only the second tells of a cut");
        assert_eq!(of(Hazard::Cut, "b"), None);
        assert_eq!(excerpts.of(Category::Phone, Hazard::Fire, &DocumentId::from("a")), None);
    }
}

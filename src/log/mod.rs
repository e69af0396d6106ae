//! The ordered, durable log of documents: the only record of what was seen and when. Everything after it is derived.
//!
//! In: documents. Out: positions, and documents again in the order of their positions ([`Journal::append`], [`Journal::read_after`],
//! [`Journal::end`]). Not here: what a document says; documents by their ids and the cursors of consumers, which the store keeps
//! ([`Store::document`], [`Store::move_cursor`]); any SQL.
//! LOG-1: when [`Journal::append`] returns, the documents survive kill -9 and a power cut.
//! LOG-2: a consumer keeps its cursor with its output; for outputs in SQL, [`Store::move_cursor`] runs in their transaction.
//! COUNT-1: every document handed in comes back with exactly one [`Outcome`], and is counted in the append's own transaction.
//!
//! The rules of the log (what is new, changed or known; which position comes next) stand here once, for every engine. An engine of the store
//! gives five primitives: hold the end, look up the newest revision of ids, add rows, read rows, say the end. So the seam for a second engine
//! is the store's, and this room needs no trait (decision 0028).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use store::Entry;
use store::{NewEntry, Newest, Store, StoreError, Tx};
use vocabulary::{Channel, Document, DocumentError, DocumentId, Intake, Position, SourceId};

/// Most documents one [`Journal::append`] puts into one transaction.
pub const APPEND_MAX: usize = 5_000;
/// Bytes of documents that go into one statement; SQLite takes no text above a gigabyte.
const WRITE_BYTES_MAX: usize = 32 << 20;
/// Bytes of documents after which [`Journal::read_after`] ends a batch: long pages must not fill the memory.
pub const READ_BYTES_MAX: usize = 64 << 20;

/// Names of [`kept_names`] that are looked up for all documents of a chunk in one statement; few documents need another.
const NAMES_ASKED_AT_ONCE: usize = 2;

/// What became of one document that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// New, now at this position.
    Kept(Position),
    /// Known, its text has changed: a new revision at this position.
    Revised(Position),
    /// Known, same text: nothing was written.
    Unchanged,
    /// The same text was handed in twice in one call: the first counts.
    Duplicate,
    /// Neither log nor index could keep it ([`Document::check`]): it was set aside, and why was counted.
    Refused,
}

impl Outcome {
    /// Counts it (COUNT-1).
    pub fn count_in(self, intake: &mut Intake) {
        match self {
            Self::Kept(_) | Self::Revised(_) => intake.keep(),
            Self::Unchanged => intake.know(),
            Self::Duplicate => intake.repeat(),
            Self::Refused => intake.reject(),
        }
    }
}

/// Items that were met but never handed to the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aside {
    /// Not modified.
    pub unchanged: u64,
    /// Met twice on one page.
    pub duplicate: u64,
    /// Set aside, by reason.
    pub reasons: BTreeMap<String, u64>,
}

/// The log. Clones share the same store.
#[derive(Debug, Clone)]
pub struct Journal {
    store: Store,
}

impl Journal {
    /// The log inside a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Puts documents into the log, in order, idempotently: the same source, id and text again is [`Outcome::Unchanged`], another text a new
    /// revision. Returns one outcome per document, in the same order. One transaction for every [`APPEND_MAX`] documents. What is in the log
    /// stays in the way of all behind it, so nothing comes in that the index refuses, whoever hands it in.
    pub async fn append(&self, documents: &[Document], now: Timestamp) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = Vec::with_capacity(documents.len());
        for chunk in documents.chunks(APPEND_MAX) {
            let mut tx = self.store.begin().await?;
            let mut seen = BTreeSet::new();
            let mut intake: BTreeMap<(&SourceId, Channel), Intake> = BTreeMap::new();
            let mut refused: BTreeMap<&SourceId, BTreeMap<String, u64>> = BTreeMap::new();
            let mut book = Book::open(&mut tx, chunk).await?;
            for document in chunk {
                if let Err(error) = document.check() {
                    *refused.entry(&document.source).or_default().entry(reason(&error)).or_default() += 1;
                    Outcome::Refused.count_in(intake.entry((&document.source, document.channel)).or_default());
                    outcomes.push(Outcome::Refused);
                    continue;
                }
                let again = !seen.insert((&document.source, &document.id));
                let outcome = match book.enter(&mut tx, document, now).await? {
                    Outcome::Unchanged if again => Outcome::Duplicate,
                    outcome => outcome,
                };
                outcome.count_in(intake.entry((&document.source, document.channel)).or_default());
                outcomes.push(outcome);
                if book.bytes >= WRITE_BYTES_MAX {
                    book.write(&mut tx).await?;
                }
            }
            book.write(&mut tx).await?;
            for ((source, channel), counts) in intake {
                Store::add_intake(&mut tx, source, channel, counts).await?;
            }
            for (source, reasons) in refused {
                Store::add_reject_reasons(&mut tx, source, &reasons).await?;
            }
            tx.commit().await?;
        }
        Ok(outcomes)
    }

    /// Counts items that were met but never handed to [`Journal::append`] (COUNT-1).
    pub async fn count_aside(&self, source: &SourceId, channel: Channel, aside: &Aside) -> Result<(), StoreError> {
        let Aside { unchanged, duplicate, ref reasons } = *aside;
        let rejected: u64 = reasons.values().sum();
        let collected = unchanged + duplicate + rejected;
        if collected == 0 {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        let counts = Intake { collected, duplicate, unchanged, rejected, ..Intake::default() };
        Store::add_intake(&mut tx, source, channel, counts).await?;
        Store::add_reject_reasons(&mut tx, source, reasons).await?;
        tx.commit().await
    }

    /// The next documents after a position: at most `limit`, and no more once they hold [`READ_BYTES_MAX`].
    pub async fn read_after(&self, after: Position, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.store.read_after(after, limit, READ_BYTES_MAX).await
    }

    /// The last position; 0 when the log is empty.
    pub async fn end(&self) -> Result<Position, StoreError> {
        self.store.journal_end().await
    }
}

/// One chunk on its way into the log: what is known of its ids, and the rows to write. Two statements for all of it,
/// because each costs more than a document.
struct Book {
    /// Newest revision of each id.
    known: BTreeMap<String, Newest>,
    end: Position,
    rows: Vec<NewEntry>,
    bytes: usize,
}

impl Book {
    async fn open(tx: &mut Tx, chunk: &[Document]) -> Result<Self, StoreError> {
        let end = Store::lock_journal(tx).await?;
        let ids: Vec<String> = chunk
            .iter()
            .flat_map(|document| kept_names(&document.source, &document.id).take(NAMES_ASKED_AT_ONCE))
            .collect();
        let known = Store::newest_revisions(tx, &ids).await?.into_iter().collect();
        Ok(Self { known, end, rows: Vec::new(), bytes: 0 })
    }

    /// The first name that is the source's own or free.
    async fn name_of(&mut self, tx: &mut Tx, document: &Document) -> Result<String, StoreError> {
        for (tried, name) in kept_names(&document.source, &document.id).enumerate() {
            if tried >= NAMES_ASKED_AT_ONCE && !self.known.contains_key(&name) {
                self.known.extend(Store::newest_revisions(tx, std::slice::from_ref(&name)).await?);
            }
            if self.known.get(&name).is_none_or(|newest| newest.source == document.source) {
                return Ok(name);
            }
        }
        unreachable!("names do not end")
    }

    async fn enter(&mut self, tx: &mut Tx, document: &Document, now: Timestamp) -> Result<Outcome, StoreError> {
        let text_hash = text_hash(document);
        let mut document = Cow::Borrowed(document);
        let name = self.name_of(tx, &document).await?;
        if name != document.id.as_str() {
            document.to_mut().id = DocumentId::new(name);
        }
        let newest = self.known.get(document.id.as_str());
        let revision = match newest {
            Some(newest) if newest.text_hash == text_hash => return Ok(Outcome::Unchanged),
            Some(newest) => newest.revision + 1,
            None => 1,
        };
        let position = Position(self.end.0 + 1);
        let entry = NewEntry::new(position, revision, text_hash, &document, now)?;
        self.end = position;
        self.bytes += entry.body.len();
        self.rows.push(entry);
        let newest = Newest { revision, text_hash, source: document.source.clone() };
        self.known.insert(document.id.to_string(), newest);
        Ok(if revision == 1 { Outcome::Kept(position) } else { Outcome::Revised(position) })
    }

    async fn write(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        Store::append_entries(tx, &std::mem::take(&mut self.rows)).await
    }
}

/// Names under which a document of a source may be kept, in the order they are tried: its id, the id behind the name of the source, and that
/// with 2, 3 … behind it. A document has the first that no other source holds, so whatever another source takes beforehand, every source
/// keeps its own documents, and their revisions are theirs.
pub fn kept_names(source: &SourceId, id: &DocumentId) -> impl Iterator<Item = String> + use<> {
    let apart = format!("{source}/{id}");
    let numbered = apart.clone();
    [id.to_string(), apart].into_iter().chain((2_u64..).map(move |number| format!("{numbered}/{number}")))
}

/// Under which reason a refused document is counted: one for each field, whatever its length.
fn reason(error: &DocumentError) -> String {
    match error {
        DocumentError::TooLong { field, max, .. } => format!("`{field}` is longer than {max} bytes"),
        DocumentError::Shape(_) | DocumentError::Empty(_) => error.to_string(),
    }
}

/// What makes two captures the same text: title and text, nothing that counts views or sales.
#[must_use]
pub fn text_hash(document: &Document) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(document.title.as_deref().unwrap_or_default().as_bytes());
    hasher.update(&[0]);
    hasher.update(document.text.as_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::{DocumentLine, parse_moment};

    fn document(id: &str, text: &str) -> Document {
        let line = format!(r#"{{"id":"{id}","text":"{text}","published_at":"2024-05-01"}}"#);
        DocumentLine::parse(&line).expect("a good line").into_document(&SourceId::from("s"), Channel::Media)
    }

    async fn open() -> (tempfile::TempDir, Journal, Timestamp) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("a store");
        (dir, Journal::new(store), parse_moment("2024-05-02T08:00:00+08:00").expect("a moment"))
    }

    #[tokio::test]
    async fn the_same_text_twice_is_kept_once_and_a_changed_text_is_a_revision() {
        let (_dir, log, now) = open().await;
        let first = log.append(&[document("a", "漏电"), document("b", "起火"), document("a", "漏电")], now).await;
        assert_eq!(
            first.expect("appended"),
            [Outcome::Kept(Position(1)), Outcome::Kept(Position(2)), Outcome::Duplicate]
        );
        let again = log.append(&[document("a", "漏电"), document("b", "起火了")], now).await.expect("appended");
        assert_eq!(again, [Outcome::Unchanged, Outcome::Revised(Position(3))]);
        assert_eq!(
            log.store.document(&DocumentId::from("b")).await.expect("read").expect("known").document.text,
            "起火了"
        );
        assert_eq!(
            log.store.revised(Position(0), Position(u64::MAX)).await.expect("read").get(&DocumentId::from("b")),
            Some(&Position(3))
        );
        assert!(
            log.store.revised(Position(0), Position(2)).await.expect("read").is_empty(),
            "by then nothing was revised"
        );
        let (_, intake) = log.store.intake().await.expect("read")[&SourceId::from("s")];
        assert!(intake.reconciles(), "COUNT-1: {intake:?}");
        assert_eq!((intake.collected, intake.kept, intake.duplicate, intake.unchanged), (5, 3, 1, 1));
    }

    #[tokio::test]
    async fn what_the_index_cannot_keep_never_comes_into_the_log() {
        let (_dir, log, now) = open().await;
        let of = |id: &str, source: &str, text: &str, title: usize| {
            let (id, source, title) = (DocumentId::from(id), SourceId::from(source), Some("t".repeat(title)));
            Document { id, source, title, text: text.to_owned(), ..document("a", "漏电") }
        };
        let long = "i".repeat(2_000);
        let given = [
            of(&long, "s", "漏电", 1),
            of("", "s", "漏电", 1),
            of("b", "s", " ", 1),
            of("c", "", "漏电", 1),
            of("d", "s", "漏电", 1 << 20),
            of("e", "s", "漏电", 1),
        ];
        let outcomes = log.append(&given, now).await.expect("appended");
        let refused = Outcome::Refused;
        assert_eq!(outcomes, [refused, refused, refused, refused, refused, Outcome::Kept(Position(1))]);
        assert_eq!(log.end().await.expect("read"), Position(1));
        let (_, intake) = log.store.intake().await.expect("read")[&SourceId::from("s")];
        assert!(intake.reconciles(), "COUNT-1: {intake:?}");
        assert_eq!((intake.collected, intake.kept, intake.rejected), (5, 1, 4));
    }

    #[tokio::test]
    async fn two_sources_with_one_id_keep_both_documents() {
        let (_dir, log, now) = open().await;
        let mut other = document("a", "起火");
        other.source = SourceId::from("t");
        log.append(&[document("a", "漏电")], now).await.expect("appended");
        assert_eq!(log.append(&[other.clone()], now).await.expect("appended"), [Outcome::Kept(Position(2))]);
        assert_eq!(log.append(&[other], now).await.expect("appended"), [Outcome::Unchanged]);
        assert_eq!(
            log.store.document(&DocumentId::from("t/a")).await.expect("read").expect("known").document.text,
            "起火"
        );
    }

    #[tokio::test]
    async fn a_source_keeps_its_document_whatever_names_another_has_taken() {
        let (_dir, log, now) = open().await;
        let mut official = document("x", "召回");
        official.source = SourceId::from("samr");
        let before: Vec<Document> =
            ["x", "samr/x", "samr/x/2", "samr/x/3"].map(|id| document(id, "召回")).into_iter().collect();
        log.append(&before, now).await.expect("appended");
        let kept = log.append(&[official.clone()], now).await.expect("appended");
        assert_eq!(kept, [Outcome::Kept(Position(5))]);
        assert_eq!(log.append(&[official.clone()], now).await.expect("appended"), [Outcome::Unchanged]);
        official.text = "召回，更新".to_owned();
        assert_eq!(log.append(&[official], now).await.expect("appended"), [Outcome::Revised(Position(6))]);
        let revisions = log.store.revisions(&DocumentId::from("samr/x/4")).await.expect("read");
        assert_eq!(revisions.len(), 2, "both revisions are the regulator's");
        for taken in ["x", "samr/x", "samr/x/2", "samr/x/3"] {
            let revisions = log.store.revisions(&DocumentId::from(taken)).await.expect("read");
            assert_eq!(revisions.len(), 1, "`{taken}` belongs to the source that took it");
            assert_eq!(revisions[0].document.source, SourceId::from("s"));
        }
    }

    #[tokio::test]
    async fn names_taken_in_the_same_call_are_known_too() {
        let (_dir, log, now) = open().await;
        let mut official = document("x", "召回");
        official.source = SourceId::from("samr");
        let given = [document("x", "一"), document("samr/x", "二"), document("samr/x/2", "三"), official];
        let outcomes = log.append(&given, now).await.expect("appended");
        assert_eq!(outcomes.last(), Some(&Outcome::Kept(Position(4))));
        let entry = log.store.document(&DocumentId::from("samr/x/3")).await.expect("read").expect("kept");
        assert_eq!(entry.document.source, SourceId::from("samr"));
    }

    #[tokio::test]
    async fn two_sources_with_one_id_in_one_call_repeat_nothing() {
        let (_dir, log, now) = open().await;
        let mut other = document("a", "起火");
        other.source = SourceId::from("t");
        let both = [document("a", "漏电"), other];
        log.append(&both, now).await.expect("appended");
        let again = log.append(&both, now).await.expect("appended");
        assert_eq!(again, [Outcome::Unchanged, Outcome::Unchanged], "each is its source's only one");
        let intake = log.store.intake().await.expect("read");
        let counts = |source: &str| intake[&SourceId::from(source)].1;
        assert_eq!([counts("s"), counts("t")].map(|counts| (counts.unchanged, counts.duplicate)), [(1, 0), (1, 0)]);
    }

    #[tokio::test]
    async fn a_text_is_another_one_when_its_title_or_its_words_are() {
        let (_dir, log, now) = open().await;
        let titled =
            |title: Option<&str>, text: &str| Document { title: title.map(str::to_owned), ..document("a", text) };
        let revisions = [
            titled(None, "漏电"),
            titled(Some("召回"), "漏电"),
            titled(Some("召回二"), "漏电"),
            titled(Some("召回"), "二漏电"),
            titled(Some("召回二漏"), "电"),
        ];
        for (number, revision) in (1..).zip(&revisions) {
            let outcome = log.append(std::slice::from_ref(revision), now).await.expect("appended")[0];
            let expected = Position(number);
            let kept = if number == 1 { Outcome::Kept(expected) } else { Outcome::Revised(expected) };
            assert_eq!(outcome, kept, "{:?} {}", revision.title, revision.text);
        }
        let mut seen_again = revisions[4].clone();
        seen_again.meta.insert("views".to_owned(), 7.into());
        assert_eq!(log.append(&[seen_again], now).await.expect("appended"), [Outcome::Unchanged], "views are no text");
    }

    #[tokio::test]
    async fn one_call_keeps_what_two_calls_would() {
        let (_dir, log, now) = open().await;
        let mut other = document("a", "起火");
        other.source = SourceId::from("t");
        let given = [document("a", "漏电"), document("a", "漏电了"), other, document("a", "漏电了")];
        let outcomes = log.append(&given, now).await.expect("appended");
        assert_eq!(
            outcomes,
            [Outcome::Kept(Position(1)), Outcome::Revised(Position(2)), Outcome::Kept(Position(3)), Outcome::Duplicate]
        );
    }

    #[tokio::test]
    async fn what_never_reached_the_log_is_counted_by_what_became_of_it() {
        let (_dir, log, now) = open().await;
        log.append(&[document("a", "漏电")], now).await.expect("appended");
        let reasons = BTreeMap::from([("no text".to_owned(), 4), ("no date".to_owned(), 1)]);
        let aside = Aside { unchanged: 2, duplicate: 3, reasons: reasons.clone() };
        log.count_aside(&SourceId::from("s"), Channel::Media, &aside).await.expect("counted");
        let (_, intake) = log.store.intake().await.expect("read")[&SourceId::from("s")];
        assert!(intake.reconciles(), "COUNT-1: {intake:?}");
        let Intake { collected, kept, duplicate, unchanged, rejected, .. } = intake;
        assert_eq!((collected, kept, duplicate, unchanged, rejected), (11, 1, 3, 2, 5));
        let told = log.store.reject_reasons(&SourceId::from("s")).await.expect("read");
        assert_eq!(told.into_iter().collect::<BTreeMap<_, _>>(), reasons);
    }

    #[tokio::test]
    async fn a_cursor_that_does_not_stand_where_the_output_began_is_refused() {
        let (_dir, log, now) = open().await;
        log.append(&[document("a", "漏电"), document("b", "起火")], now).await.expect("appended");
        let mut tx = log.store.begin().await.expect("a transaction");
        Store::move_cursor(&mut tx, "alerts", Position(0), Position(2), "").await.expect("moved");
        tx.commit().await.expect("committed");
        let mut tx = log.store.begin().await.expect("a transaction");
        let error = Store::move_cursor(&mut tx, "alerts", Position(0), Position(2), "").await.expect_err("LOG-2");
        assert!(error.to_string().contains("stands at 2"), "{error}");
    }

    #[tokio::test]
    async fn reading_in_small_steps_gives_every_document_once_in_order() {
        let (_dir, log, now) = open().await;
        let documents: Vec<_> = (0..25).map(|n| document(&format!("d{n}"), "漏电")).collect();
        log.append(&documents, now).await.expect("appended");
        let (mut at, mut ids) = (Position(0), Vec::new());
        loop {
            let batch = log.read_after(at, 7).await.expect("read");
            let Some(last) = batch.last() else { break };
            at = last.position;
            ids.extend(batch.into_iter().map(|entry| entry.document.id));
        }
        assert_eq!(ids, documents.iter().map(|document| document.id.clone()).collect::<Vec<_>>());
        assert_eq!(log.end().await.expect("read"), Position(25));
    }
}

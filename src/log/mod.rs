//! The ordered, durable log of documents: the only record of what was seen and when. Everything after it is derived.
//!
//! In: documents. Out: positions, and documents again in the order of their positions. Not here: what a document says.
//! LOG-1: when [`Log::append`] returns, the documents survive kill -9 and a power cut (`synchronous=FULL`).
//! LOG-2: a consumer keeps its cursor with its output; for outputs in SQL, [`Log::move_cursor`] runs in their transaction.
//! COUNT-1: every document handed in comes back with exactly one [`Outcome`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::{Row, Sqlite, Transaction};

use crate::store::{Store, StoreError};
use crate::vocabulary::{Channel, Document, DocumentId, Position, SourceId, day_of};

/// Most documents one [`Log::append`] puts into one transaction.
pub const APPEND_MAX: usize = 5_000;
/// Bytes of documents that go into one statement; SQLite takes no text above a gigabyte.
const WRITE_BYTES_MAX: usize = 32 << 20;
/// Bytes of documents after which [`Log::read`] ends a batch: long pages must not fill the memory.
pub const READ_BYTES_MAX: usize = 64 << 20;

/// Why the log could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A document in the log is not what this program writes.
    #[error("log position {position} holds a document that cannot be read back")]
    Stored {
        /// Where.
        position: Position,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A cursor would skip or repeat.
    #[error("cursor of `{consumer}` stands at {found}, but its output was made from {expected}; nothing was changed")]
    Gap {
        /// Whose cursor.
        consumer: String,
        /// Where it stands.
        found: Position,
        /// Where the output began.
        expected: Position,
    },
}

impl From<sqlx::Error> for LogError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

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
}

/// One document in the log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// The document.
    pub document: Document,
}

/// COUNT-1 of one source: `collected = kept + duplicate + unchanged + rejected`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Intake {
    /// Items met.
    pub collected: u64,
    /// New documents and new revisions.
    pub kept: u64,
    /// Met twice in one batch.
    pub duplicate: u64,
    /// Known, same text.
    pub unchanged: u64,
    /// Set aside, each with a reason.
    pub rejected: u64,
}

impl Intake {
    /// Whether the counts add up (COUNT-1).
    #[must_use]
    pub fn reconciles(&self) -> bool {
        self.collected == self.kept + self.duplicate + self.unchanged + self.rejected
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: Intake) {
        self.collected += other.collected;
        self.kept += other.kept;
        self.duplicate += other.duplicate;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
    }

    /// Counts an item that was met but set aside.
    pub fn reject(&mut self) {
        self.collected += 1;
        self.rejected += 1;
    }

    /// Counts one document's outcome.
    pub fn count(&mut self, outcome: Outcome) {
        self.collected += 1;
        match outcome {
            Outcome::Kept(_) | Outcome::Revised(_) => self.kept += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Duplicate => self.duplicate += 1,
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

/// The log. Clones share the same file.
#[derive(Debug, Clone)]
pub struct Log {
    store: Store,
}

impl Log {
    /// The log inside a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Puts documents into the log, in order, idempotently. Returns one outcome per document, in the same order.
    pub async fn append(&self, documents: &[Document], now: Timestamp) -> Result<Vec<Outcome>, LogError> {
        let mut outcomes = Vec::with_capacity(documents.len());
        for chunk in documents.chunks(APPEND_MAX) {
            let mut tx = self.store.begin().await?;
            let mut seen = BTreeSet::new();
            let mut intake: BTreeMap<(&SourceId, Channel), Intake> = BTreeMap::new();
            let mut book = Book::open(&mut tx, chunk).await?;
            for document in chunk {
                let again = !seen.insert((&document.source, &document.id));
                let outcome = match book.enter(document, now)? {
                    Outcome::Unchanged if again => Outcome::Duplicate,
                    outcome => outcome,
                };
                intake.entry((&document.source, document.channel)).or_default().count(outcome);
                outcomes.push(outcome);
                if book.bytes >= WRITE_BYTES_MAX {
                    book.write(&mut tx).await?;
                }
            }
            book.write(&mut tx).await?;
            for ((source, channel), counts) in intake {
                add_intake(&mut tx, source, channel, counts).await?;
            }
            tx.commit().await?;
        }
        Ok(outcomes)
    }

    /// Counts items that were met but never handed to [`Log::append`] (COUNT-1).
    pub async fn count_aside(&self, source: &SourceId, channel: Channel, aside: &Aside) -> Result<(), LogError> {
        let Aside { unchanged, duplicate, ref reasons } = *aside;
        let rejected: u64 = reasons.values().sum();
        let collected = unchanged + duplicate + rejected;
        if collected == 0 {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        let counts = Intake { collected, duplicate, unchanged, rejected, ..Intake::default() };
        add_intake(&mut tx, source, channel, counts).await?;
        for (reason, items) in reasons {
            sqlx::query(
                "INSERT INTO reject_reasons (source, reason, items) VALUES (?, ?, ?)
                 ON CONFLICT (source, reason) DO UPDATE SET items = items + excluded.items",
            )
            .bind(source.as_str())
            .bind(reason)
            .bind(i64::try_from(*items).unwrap_or(i64::MAX))
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Why items of a source were set aside, most frequent first.
    pub async fn reject_reasons(&self, source: &SourceId) -> Result<Vec<(String, u64)>, LogError> {
        let rows = sqlx::query("SELECT reason, items FROM reject_reasons WHERE source = ? ORDER BY items DESC, reason")
            .bind(source.as_str())
            .fetch_all(self.store.reader())
            .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0)))).collect()
    }

    /// COUNT-1 per source since the beginning.
    pub async fn intake(&self) -> Result<BTreeMap<SourceId, (Channel, Intake)>, LogError> {
        let rows = sqlx::query(
            "SELECT source, channel, collected, kept, duplicate, unchanged, rejected FROM intake_counts ORDER BY source",
        )
        .fetch_all(self.store.reader())
        .await?;
        let mut intake = BTreeMap::new();
        for row in &rows {
            let count = |column| Ok::<_, sqlx::Error>(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0));
            let counts = Intake {
                collected: count(2)?,
                kept: count(3)?,
                duplicate: count(4)?,
                unchanged: count(5)?,
                rejected: count(6)?,
            };
            let channel = row.try_get::<&str, _>(1)?.parse().unwrap_or(Channel::Media);
            intake.insert(SourceId::new(row.try_get::<String, _>(0)?), (channel, counts));
        }
        Ok(intake)
    }

    /// The next documents after a position: at most `limit`, and no more once they hold [`READ_BYTES_MAX`].
    pub async fn read(&self, after: Position, limit: usize) -> Result<Vec<Entry>, LogError> {
        let mut rows = sqlx::query("SELECT position, body FROM documents WHERE position > ? ORDER BY position LIMIT ?")
            .bind(to_sql(after))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch(self.store.reader());
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await? {
            bytes += row.try_get::<&str, _>(1)?.len();
            entries.push(entry(&row)?);
            if bytes >= READ_BYTES_MAX {
                break;
            }
        }
        Ok(entries)
    }

    /// The newest revision of a document.
    pub async fn document(&self, id: &DocumentId) -> Result<Option<Entry>, LogError> {
        let row =
            sqlx::query("SELECT position, body FROM documents WHERE document_id = ? ORDER BY revision DESC LIMIT 1")
                .bind(id.as_str())
                .fetch_optional(self.store.reader())
                .await?;
        row.as_ref().map(entry).transpose()
    }

    /// All revisions of a document, oldest first.
    pub async fn revisions(&self, id: &DocumentId) -> Result<Vec<Entry>, LogError> {
        let rows = sqlx::query("SELECT position, body FROM documents WHERE document_id = ? ORDER BY revision")
            .bind(id.as_str())
            .fetch_all(self.store.reader())
            .await?;
        rows.iter().map(entry).collect()
    }

    /// The newest revisions of a document, oldest of them first, at most `limit`, and how many there are in all.
    pub async fn last_revisions(&self, id: &DocumentId, limit: usize) -> Result<(Vec<Entry>, u64), LogError> {
        let total: i64 = sqlx::query_scalar("SELECT count(*) FROM documents WHERE document_id = ?")
            .bind(id.as_str())
            .fetch_one(self.store.reader())
            .await?;
        let rows =
            sqlx::query("SELECT position, body FROM documents WHERE document_id = ? ORDER BY revision DESC LIMIT ?")
                .bind(id.as_str())
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .fetch_all(self.store.reader())
                .await?;
        let newest: Result<Vec<Entry>, LogError> = rows.iter().rev().map(entry).collect();
        Ok((newest?, u64::try_from(total).unwrap_or(0)))
    }

    /// Every document with the position of its newest revision up to a position.
    pub async fn newest(&self, up_to: Position) -> Result<Vec<(DocumentId, Position)>, LogError> {
        let mut rows =
            sqlx::query("SELECT document_id, MAX(position) FROM documents WHERE position <= ? GROUP BY document_id")
                .bind(to_sql(up_to))
                .fetch(self.store.reader());
        let mut newest = Vec::new();
        while let Some(row) = rows.try_next().await? {
            newest.push((DocumentId::new(row.try_get::<String, _>(0)?), from_sql(row.try_get(1)?)));
        }
        Ok(newest)
    }

    /// The revisions of a document, newest first, at most `limit`: number, when it entered the log, the document.
    pub async fn latest_revisions(
        &self,
        id: &DocumentId,
        limit: usize,
    ) -> Result<Vec<(u64, Timestamp, Document)>, LogError> {
        let rows = sqlx::query(
            "SELECT position, body, revision, logged_at FROM documents WHERE document_id = ? ORDER BY revision DESC LIMIT ?",
        )
        .bind(id.as_str())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(self.store.reader())
        .await?;
        let mut revisions = Vec::with_capacity(rows.len());
        for row in &rows {
            let number = u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0);
            let logged_at = row.try_get::<&str, _>(3)?.parse().unwrap_or(Timestamp::UNIX_EPOCH);
            revisions.push((number, logged_at, entry(row)?.document));
        }
        Ok(revisions)
    }

    /// The last position; 0 when the log is empty.
    pub async fn end(&self) -> Result<Position, LogError> {
        let last: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(position), 0) FROM documents")
            .fetch_one(self.store.reader())
            .await?;
        Ok(from_sql(last))
    }

    /// Documents that were revised behind `after` and up to `until`, with the position of the newest such revision: what was derived from
    /// an older one no longer stands.
    pub async fn revised(&self, after: Position, until: Position) -> Result<BTreeMap<DocumentId, Position>, LogError> {
        let rows = sqlx::query(
            "SELECT document_id, MAX(position) FROM documents
             WHERE revision > 1 AND position > ? AND position <= ? GROUP BY document_id",
        )
        .bind(to_sql(after))
        .bind(to_sql(until))
        .fetch_all(self.store.reader())
        .await?;
        rows.iter().map(|row| Ok((DocumentId::new(row.try_get::<String, _>(0)?), from_sql(row.try_get(1)?)))).collect()
    }

    /// Documents behind `after` and up to `until`, per day they are about and day they became known, revisions not counted again.
    pub async fn volume(&self, after: Position, until: Position) -> Result<Vec<(Date, Date, u64)>, LogError> {
        let rows = sqlx::query(
            "SELECT event_day, known_day, COUNT(*) FROM documents
             WHERE revision = 1 AND known_day IS NOT NULL AND position > ? AND position <= ? GROUP BY event_day, known_day",
        )
        .bind(to_sql(after))
        .bind(to_sql(until))
        .fetch_all(self.store.reader())
        .await?;
        let mut volume = Vec::with_capacity(rows.len());
        for row in &rows {
            let day = |column| Ok::<_, sqlx::Error>(row.try_get::<&str, _>(column)?.parse::<Date>().ok());
            if let (Some(event), Some(known)) = (day(0)?, day(1)?) {
                volume.push((event, known, u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0)));
            }
        }
        Ok(volume)
    }

    /// Where a consumer with output in SQL stands, with the detail it left.
    pub async fn cursor(&self, consumer: &str) -> Result<(Position, String), LogError> {
        let row = sqlx::query("SELECT position, detail FROM cursors WHERE consumer = ?")
            .bind(consumer)
            .fetch_optional(self.store.reader())
            .await?;
        row.map_or(Ok((Position(0), String::new())), |row| Ok((from_sql(row.try_get(0)?), row.try_get(1)?)))
    }

    /// Moves a consumer's cursor in the transaction of its output (LOG-2). Refused when it does not stand at `from`.
    pub async fn move_cursor(
        tx: &mut Transaction<'static, Sqlite>,
        consumer: &str,
        from: Position,
        to: Position,
        detail: &str,
    ) -> Result<(), LogError> {
        let found: i64 = sqlx::query_scalar("SELECT COALESCE((SELECT position FROM cursors WHERE consumer = ?), 0)")
            .bind(consumer)
            .fetch_one(&mut **tx)
            .await?;
        if from_sql(found) != from {
            return Err(LogError::Gap { consumer: consumer.to_owned(), found: from_sql(found), expected: from });
        }
        sqlx::query(
            "INSERT INTO cursors (consumer, position, detail) VALUES (?, ?, ?)
             ON CONFLICT (consumer) DO UPDATE SET position = excluded.position, detail = excluded.detail",
        )
        .bind(consumer)
        .bind(to_sql(to))
        .bind(detail)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// One chunk on its way into the log: what is known of its ids, and the rows to write. Two statements for all of it,
/// because each costs more than a document.
struct Book {
    /// Newest revision of each id: its number, text hash and source.
    known: BTreeMap<String, (i64, [u8; 32], String)>,
    next: i64,
    rows: Vec<serde_json::Value>,
    bytes: usize,
}

impl Book {
    async fn open(tx: &mut Transaction<'static, Sqlite>, chunk: &[Document]) -> Result<Self, LogError> {
        // Either name may be taken: the plain id, or the id told apart by its source.
        let ids = chunk.iter().flat_map(|document| [document.id.to_string(), told_apart(document)]);
        let ids = ids.collect::<serde_json::Value>().to_string();
        let rows = sqlx::query(
            "SELECT document_id, MAX(revision), text_hash, source FROM json_each(?) AS asked
             CROSS JOIN documents ON document_id = asked.value GROUP BY document_id",
        )
        .bind(ids)
        .fetch_all(&mut **tx)
        .await?;
        let mut known = BTreeMap::new();
        for row in &rows {
            let hash: Vec<u8> = row.try_get(2)?;
            // A hash of another length is none of ours, so the text counts as changed.
            let hash = hash.try_into().unwrap_or_default();
            known.insert(row.try_get(0)?, (row.try_get(1)?, hash, row.try_get(3)?));
        }
        let last: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(position), 0) FROM documents").fetch_one(&mut **tx).await?;
        Ok(Self { known, next: last + 1, rows: Vec::new(), bytes: 0 })
    }

    fn enter(&mut self, document: &Document, now: Timestamp) -> Result<Outcome, LogError> {
        let hash = text_hash(document);
        let mut document = Cow::Borrowed(document);
        if self.known.get(document.id.as_str()).is_some_and(|(_, _, source)| *source != document.source.as_str()) {
            // Two sources use one id for different things: the first keeps it, the other is told apart by its source.
            let apart = told_apart(&document);
            document.to_mut().id = DocumentId::new(apart);
        }
        let newest = self.known.get(document.id.as_str());
        let revision = match newest {
            Some((_, known, _)) if *known == hash => return Ok(Outcome::Unchanged),
            Some((revision, _, _)) => revision + 1,
            None => 1,
        };
        let is_new = newest.is_none();
        let body =
            serde_json::to_string(&*document).map_err(|source| StoreError::Stored { what: "document", source })?;
        let position = self.next;
        self.next += 1;
        self.bytes += body.len();
        self.rows.push(serde_json::json!([
            position,
            document.id,
            revision,
            data_encoding::HEXLOWER.encode(&hash),
            document.source,
            document.event_at().map(|moment| day_of(moment).to_string()),
            document.known_at().map(|moment| day_of(moment).to_string()),
            now.to_string(),
            body,
        ]));
        self.known.insert(document.id.to_string(), (revision, hash, document.source.to_string()));
        let position = from_sql(position);
        Ok(if is_new { Outcome::Kept(position) } else { Outcome::Revised(position) })
    }

    async fn write(&mut self, tx: &mut Transaction<'static, Sqlite>) -> Result<(), LogError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        let rows = serde_json::Value::Array(std::mem::take(&mut self.rows)).to_string();
        sqlx::query(
            "INSERT INTO documents
               (position, document_id, revision, text_hash, source, event_day, known_day, logged_at, body)
             SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3), value ->> 4, value ->> 5, value ->> 6,
               value ->> 7, value ->> 8 FROM json_each(?)",
        )
        .bind(rows)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// The id under which a document is kept when another source has taken its own.
fn told_apart(document: &Document) -> String {
    format!("{}/{}", document.source, document.id)
}

async fn add_intake(
    tx: &mut Transaction<'static, Sqlite>,
    source: &SourceId,
    channel: Channel,
    counts: Intake,
) -> Result<(), LogError> {
    let sql = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO intake_counts (source, channel, collected, kept, duplicate, unchanged, rejected)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (source) DO UPDATE SET channel = excluded.channel, collected = collected + excluded.collected, kept = kept + excluded.kept,
           duplicate = duplicate + excluded.duplicate, unchanged = unchanged + excluded.unchanged,
           rejected = rejected + excluded.rejected",
    )
    .bind(source.as_str())
    .bind(channel.code())
    .bind(sql(counts.collected))
    .bind(sql(counts.kept))
    .bind(sql(counts.duplicate))
    .bind(sql(counts.unchanged))
    .bind(sql(counts.rejected))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What makes two captures the same text: title and text, nothing that counts views or sales.
fn text_hash(document: &Document) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(document.title.as_deref().unwrap_or_default().as_bytes());
    hasher.update(&[0]);
    hasher.update(document.text.as_bytes());
    *hasher.finalize().as_bytes()
}

fn entry(row: &sqlx::sqlite::SqliteRow) -> Result<Entry, LogError> {
    let position = from_sql(row.try_get(0)?);
    let document =
        serde_json::from_str(row.try_get::<&str, _>(1)?).map_err(|source| LogError::Stored { position, source })?;
    Ok(Entry { position, document })
}

fn from_sql(position: i64) -> Position {
    Position(u64::try_from(position).unwrap_or(0))
}

fn to_sql(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::{DocumentLine, parse_moment};

    fn document(id: &str, text: &str) -> Document {
        let line = format!(r#"{{"id":"{id}","text":"{text}","published_at":"2024-05-01"}}"#);
        DocumentLine::parse(&line).expect("a good line").into_document(&SourceId::from("s"), Channel::Media)
    }

    async fn open() -> (tempfile::TempDir, Log, Timestamp) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("a store");
        (dir, Log::new(store), parse_moment("2024-05-02T08:00:00+08:00").expect("a moment"))
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
        assert_eq!(log.document(&DocumentId::from("b")).await.expect("read").expect("known").document.text, "起火了");
        assert_eq!(
            log.revised(Position(0), Position(u64::MAX)).await.expect("read").get(&DocumentId::from("b")),
            Some(&Position(3))
        );
        assert!(log.revised(Position(0), Position(2)).await.expect("read").is_empty(), "by then nothing was revised");
        let (_, intake) = log.intake().await.expect("read")[&SourceId::from("s")];
        assert!(intake.reconciles(), "COUNT-1: {intake:?}");
        assert_eq!((intake.collected, intake.kept, intake.duplicate, intake.unchanged), (5, 3, 1, 1));
    }

    #[tokio::test]
    async fn two_sources_with_one_id_keep_both_documents() {
        let (_dir, log, now) = open().await;
        let mut other = document("a", "起火");
        other.source = SourceId::from("t");
        log.append(&[document("a", "漏电")], now).await.expect("appended");
        assert_eq!(log.append(&[other.clone()], now).await.expect("appended"), [Outcome::Kept(Position(2))]);
        assert_eq!(log.append(&[other], now).await.expect("appended"), [Outcome::Unchanged]);
        assert_eq!(log.document(&DocumentId::from("t/a")).await.expect("read").expect("known").document.text, "起火");
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
    async fn a_cursor_that_does_not_stand_where_the_output_began_is_refused() {
        let (_dir, log, now) = open().await;
        log.append(&[document("a", "漏电"), document("b", "起火")], now).await.expect("appended");
        let mut tx = log.store.begin().await.expect("a transaction");
        Log::move_cursor(&mut tx, "alerts", Position(0), Position(2), "").await.expect("moved");
        tx.commit().await.expect("committed");
        let mut tx = log.store.begin().await.expect("a transaction");
        let error = Log::move_cursor(&mut tx, "alerts", Position(0), Position(2), "").await.expect_err("LOG-2");
        assert!(error.to_string().contains("stands at 2"), "{error}");
    }

    #[tokio::test]
    async fn reading_in_small_steps_gives_every_document_once_in_order() {
        let (_dir, log, now) = open().await;
        let documents: Vec<_> = (0..25).map(|n| document(&format!("d{n}"), "漏电")).collect();
        log.append(&documents, now).await.expect("appended");
        let (mut at, mut ids) = (Position(0), Vec::new());
        loop {
            let batch = log.read(at, 7).await.expect("read");
            let Some(last) = batch.last() else { break };
            at = last.position;
            ids.extend(batch.into_iter().map(|entry| entry.document.id));
        }
        assert_eq!(ids, documents.iter().map(|document| document.id.clone()).collect::<Vec<_>>());
        assert_eq!(log.end().await.expect("read"), Position(25));
    }
}

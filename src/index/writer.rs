//! Puts documents into the index; they and the log cursor become visible in one step (LOG-2).

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tantivy::{IndexReader, IndexWriter, TantivyError, Term};

use super::directory::Refusal;
use super::error::IndexError;
use super::filter::day_number;
use super::id_key;
use super::record::{ID_BYTES_MAX, to_tantivy};
use super::schema::{Fields, SCHEMA_VERSION};
use super::stories::Stories;
use super::thesaurus::Thesaurus;
use vocabulary::{
    Document, Fingerprint, LexiconVersion, Position, Reading, Refused, SHOWN_CHARS, day_of, excerpt, refused,
};

/// Threads that cut and invert texts.
pub(super) const WRITER_THREADS: usize = 2;
/// Memory of one such thread before it writes a segment, in bytes.
pub(super) const WRITER_THREAD_BYTES: usize = 100_000_000;
/// The same in memory and in tests: the least that tantivy accepts.
pub(super) const SMALL_THREAD_BYTES: usize = 15_000_000;

/// What every commit says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Payload {
    /// Format of the index.
    pub(super) schema: u32,
    /// Fingerprint of normalisation, cutting and stop words.
    pub(super) analysis: String,
    /// Lexicon that read the documents and cut the texts.
    pub(super) lexicon: LexiconVersion,
    /// Everything up to here is in.
    pub(super) position: Position,
}

impl Payload {
    pub(super) fn new(lexicon: &LexiconVersion, analysis: String) -> Self {
        Self { schema: SCHEMA_VERSION, analysis, lexicon: lexicon.clone(), position: Position(0) }
    }

    /// Why an index with this payload cannot be gone on with, if so.
    pub(super) fn differs(&self, wanted: &Self) -> Option<Refused> {
        if self.schema != wanted.schema {
            Some(refused!(
                "它的格式是 {}，本程序写的是 {}",
                "its format is {}, this program writes {}",
                self.schema,
                wanted.schema
            ))
        } else if self.lexicon != wanted.lexicon {
            Some(refused!(
                "它按词典 {} 建立，现用词典是 {}",
                "it was made with lexicon {}, now it is {}",
                self.lexicon,
                wanted.lexicon
            ))
        } else if self.analysis != wanted.analysis {
            Some(refused!("分词方式或停用词不同", "its texts were cut in another way or with other stop words"))
        } else {
            None
        }
    }
}

/// The one writer of an index. Dropped without [`Writer::commit`], what was put since the last commit is gone.
pub struct Writer {
    pub(super) inner: IndexWriter,
    pub(super) reader: IndexReader,
    pub(super) fields: Fields,
    pub(super) payload: Payload,
    /// The furthest position put or committed.
    pub(super) reached: Position,
    pub(super) stories: Stories,
    pub(super) thesaurus: Arc<Thesaurus>,
    /// Hashes of every id that may be in the index. Looking for an earlier revision costs a look into every segment, at the
    /// next commit: a document that is new is spared that.
    pub(super) known: HashSet<u64>,
    pub(super) refusal: Refusal,
}

impl Writer {
    /// Adds a document as read, in place of any earlier revision with its id. Visible after [`Writer::commit`].
    /// `fingerprint` is that of the whole text: by it texts are found that retell one another.
    pub fn put(
        &mut self,
        document: &Document,
        reading: &Reading,
        fingerprint: &Fingerprint,
        position: Position,
    ) -> Result<(), IndexError> {
        if reading.id != document.id {
            return Err(IndexError::Mismatch { document: document.id.clone(), reading: reading.id.clone() });
        }
        if reading.lexicon != self.payload.lexicon {
            return Err(IndexError::Lexicon {
                id: document.id.clone(),
                found: reading.lexicon.clone(),
                expected: self.payload.lexicon.clone(),
            });
        }
        let id = document.id.as_str();
        if id.len() > ID_BYTES_MAX {
            let start = excerpt(id, SHOWN_CHARS);
            return Err(IndexError::IdTooLong { bytes: id.len(), max: ID_BYTES_MAX, start });
        }
        let day = document.event_at().map(|moment| day_number(day_of(moment)));
        let story = self.stories.assign(position.0, fingerprint, day);
        let record = to_tantivy(&self.fields, document, reading, position, (story, fingerprint), &self.thesaurus)?;
        if !self.known.insert(id_key(&document.id)) {
            self.inner.delete_term(Term::from_field_text(self.fields.id, id));
        }
        let added = self.inner.add_document(record);
        added.map_err(|error| failed(&self.refusal, "take a document", error))?;
        self.reached = self.reached.max(position);
        Ok(())
    }

    /// Makes everything put so far durable and visible, together with the cursor: the log is in up to `position`.
    pub fn commit(&mut self, position: Position) -> Result<(), IndexError> {
        if position < self.reached {
            return Err(IndexError::CursorBack { asked: position, reached: self.reached });
        }
        self.payload.position = position;
        self.reached = position;
        let payload = serde_json::to_string(&self.payload)?;
        let refusal = &self.refusal;
        let prepared = self.inner.prepare_commit();
        let mut prepared = prepared.map_err(|error| failed(refusal, "prepare a commit", error))?;
        prepared.set_payload(&payload);
        prepared.commit().map_err(|error| failed(refusal, "commit", error))?;
        self.reader.reload().map_err(IndexError::engine("show its new commit"))
    }

    /// Waits until merges under way are done. Uncommitted documents are gone.
    pub fn close(self) -> Result<(), IndexError> {
        let Self { inner, refusal, .. } = self;
        inner.wait_merging_threads().map_err(|error| failed(&refusal, "finish its merges", error))
    }
}

/// What became of a write, with the system's reason where tantivy's threads have dropped it.
fn failed(refusal: &Refusal, what: &'static str, source: TantivyError) -> IndexError {
    match refusal.take() {
        Some(refused) => IndexError::Disk { what, source: refused },
        None => IndexError::Engine { what, source },
    }
}

//! Full text and facets of everything read, for analysts: a tantivy index, our own Chinese analysis and our own query
//! language.
//!
//! In: documents and their [`Reading`]s, in log order. Out: [`SearchPage`]s. Not here: scores of risk, alerts, the
//! lexicon itself (a jieba dictionary, stop words and a version are handed in), a clock, async. The index is derived: it
//! can be deleted, and is emptied when the lexicon or its own format changes; the log fills it again.
//!
//! Invariants. LOG-2: documents and the log cursor become durable in one commit. A phrase finds every text that contains
//! it, in the dictionary or not. Totals and facet counts are exact. Pages of one query over an unchanged index neither
//! overlap nor skip. No query panics.
//!
//! [`Reading`]: crate::vocabulary::Reading

mod analysis;
mod collect;
mod error;
mod filter;
mod plan;
mod query;
mod record;
mod schema;
mod search;
mod snippet;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jieba_rs::Jieba;
use tantivy::directory::error::{OpenDirectoryError, OpenReadError};
use tantivy::directory::{INDEX_WRITER_LOCK, MmapDirectory, RamDirectory};
use tantivy::{Directory, Index, IndexReader, IndexSettings, ReloadPolicy, TantivyError};

use crate::vocabulary::{Document, LexiconVersion, Position};
use analysis::Analysis;
use error::is_lock;
use schema::Fields;
use writer::{Payload, SMALL_THREAD_BYTES, WRITER_THREAD_BYTES, WRITER_THREADS};

pub use error::IndexError;
pub use filter::query_fields;
pub use query::{QUERY_CHARS_MAX, QUERY_CLAUSES_MAX, QUERY_DEPTH_MAX, QueryError};
pub use record::{ID_BYTES_MAX, TEXT_CHARS_INDEXED_MAX};
pub use search::{FACET_CODES_MAX, Hit, PAGE_HITS_MAX, SearchPage, SearchRequest, Sort};
pub use snippet::SNIPPET_CHARS;
pub use writer::Writer;

/// tantivy's list of what is in the index; without it there is no index.
const META_FILE: &str = "meta.json";

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// An index that fits.
    Existing,
    /// Nothing: an empty index was made.
    Created,
    /// An index that does not fit: it was emptied, fill it from the log's beginning.
    Rebuilt {
        /// What did not fit.
        why: String,
    },
}

/// The index. Searching needs no lock and goes on while another writes.
pub struct SearchIndex {
    index: Index,
    reader: IndexReader,
    fields: Fields,
    analysis: Analysis,
    /// What a fresh index would say about itself.
    payload: Payload,
    /// The folder, or `memory`.
    path: PathBuf,
    threads: usize,
    thread_bytes: usize,
}

impl SearchIndex {
    /// Opens the index in a folder, makes it when there is none, and empties it when it was made with another lexicon,
    /// other stop words or in another format.
    pub fn open(
        dir: &Path,
        jieba: Arc<Jieba>,
        lexicon: &LexiconVersion,
        stop_words: &BTreeSet<String>,
    ) -> Result<(Self, Opened), IndexError> {
        let folder = |source| IndexError::Folder { path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(folder)?;
        let directory = MmapDirectory::open(dir).map_err(|error| match error {
            OpenDirectoryError::IoError { io_error, .. } => folder(std::io::Error::new(io_error.kind(), io_error)),
            other => IndexError::Engine { what: "open its folder", source: other.into() },
        })?;
        let analysis = Analysis::new(jieba, stop_words);
        let payload = Payload::new(lexicon, analysis.fingerprint());
        let (index, opened) = match existing(&directory, &payload)? {
            Existing::Fits(index) => (*index, Opened::Existing),
            Existing::None => (create(directory, dir, false)?, Opened::Created),
            Existing::Unfit(why) => (create(directory, dir, true)?, Opened::Rebuilt { why }),
        };
        let index = Self::around(index, analysis, payload, dir.to_owned(), WRITER_THREADS, WRITER_THREAD_BYTES)?;
        if opened != Opened::Existing {
            index.writer()?.commit(Position(0))?; // an index without documents knows its lexicon, too
        }
        Ok((index, opened))
    }

    /// Opens the index in a folder only to search it: one that is missing or does not fit is an error, never emptied.
    pub fn open_to_search(
        dir: &Path,
        jieba: Arc<Jieba>,
        lexicon: &LexiconVersion,
        stop_words: &BTreeSet<String>,
    ) -> Result<Self, IndexError> {
        let unfit = |why: String| IndexError::Unfit { path: dir.to_owned(), why };
        let directory = MmapDirectory::open(dir).map_err(|error| unfit(error.to_string()))?;
        let analysis = Analysis::new(jieba, stop_words);
        let payload = Payload::new(lexicon, analysis.fingerprint());
        match existing(&directory, &payload)? {
            Existing::Fits(index) => {
                Self::around(*index, analysis, payload, dir.to_owned(), WRITER_THREADS, WRITER_THREAD_BYTES)
            }
            Existing::None => Err(unfit("there is none yet".to_owned())),
            Existing::Unfit(why) => Err(unfit(why)),
        }
    }

    /// An index that lives as long as the value: for tests and one-shot commands.
    pub fn in_memory(
        jieba: Arc<Jieba>,
        lexicon: &LexiconVersion,
        stop_words: &BTreeSet<String>,
    ) -> Result<Self, IndexError> {
        let analysis = Analysis::new(jieba, stop_words);
        let payload = Payload::new(lexicon, analysis.fingerprint());
        let (schema, _) = schema::schema();
        let index = Index::create(RamDirectory::create(), schema, IndexSettings::default());
        let index = index.map_err(IndexError::engine("be made in memory"))?;
        Self::around(index, analysis, payload, PathBuf::from("memory"), 1, SMALL_THREAD_BYTES)
    }

    fn around(
        index: Index,
        analysis: Analysis,
        payload: Payload,
        path: PathBuf,
        threads: usize,
        thread_bytes: usize,
    ) -> Result<Self, IndexError> {
        let (_, fields) = schema::schema();
        schema::register(index.tokenizers(), &analysis);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader = reader.map_err(IndexError::engine("be read"))?;
        Ok(Self { index, reader, fields, analysis, payload, path, threads, thread_bytes })
    }

    /// Up to where in the log everything is in; 0 in an empty index (LOG-2).
    pub fn cursor(&self) -> Result<Position, IndexError> {
        let meta = self.index.load_metas().map_err(IndexError::engine("read its cursor"))?;
        match meta.payload {
            Some(payload) => Ok(serde_json::from_str::<Payload>(&payload)?.position),
            None => Ok(Position(0)),
        }
    }

    /// The one writer. While it lives no other can be made, in this process or another.
    pub fn writer(&self) -> Result<Writer, IndexError> {
        let inner = self.index.writer_with_num_threads(self.threads, self.threads * self.thread_bytes);
        let inner = inner.map_err(|source| match source {
            busy if is_lock(&busy) => IndexError::Locked { path: self.path.clone() },
            source => IndexError::Engine { what: "be written", source },
        })?;
        let reached = self.cursor()?;
        let (reader, fields, payload) = (self.reader.clone(), self.fields, self.payload.clone());
        Ok(Writer { inner, reader, fields, payload, reached })
    }

    /// Shows commits that another process made since. Those of this process show at once.
    pub fn reload(&self) -> Result<(), IndexError> {
        self.reader.reload().map_err(IndexError::engine("show another's commits"))
    }

    /// How many documents are in.
    pub fn documents(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// The lexicon it is made for.
    pub fn lexicon(&self) -> &LexiconVersion {
        &self.payload.lexicon
    }
}

enum Existing {
    None,
    Fits(Box<Index>),
    Unfit(String),
}

/// Looks at what lies in the folder. Damage is a reason to rebuild; trouble of the system is an error.
fn existing(directory: &MmapDirectory, wanted: &Payload) -> Result<Existing, IndexError> {
    let exists = Index::exists(directory).map_err(TantivyError::from);
    if !exists.map_err(IndexError::engine("look into its folder"))? {
        return Ok(Existing::None);
    }
    let opened = Index::open(directory.clone()).and_then(|index| {
        let meta = index.load_metas()?;
        index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?; // every segment is there
        Ok((index, meta))
    });
    let (index, meta) = match opened {
        Ok(opened) => opened,
        Err(source) if is_damage(&source) => return Ok(Existing::Unfit(format!("it is damaged: {source}"))),
        Err(source) => return Err(IndexError::Engine { what: "be opened", source }),
    };
    if meta.payload.is_none() && meta.segments.is_empty() {
        return Ok(Existing::Unfit("it was never finished".to_owned()));
    }
    let unfit = match meta.payload.as_deref().map(serde_json::from_str::<Payload>) {
        Some(Ok(found)) => found.differs(wanted),
        Some(Err(_)) | None => Some("it does not say what it was made with".to_owned()),
    };
    let other_fields = || (index.schema() != schema::schema().0).then(|| "its fields are other ones".to_owned());
    Ok(unfit.or_else(other_fields).map_or_else(|| Existing::Fits(Box::new(index)), Existing::Unfit))
}

fn is_damage(error: &TantivyError) -> bool {
    match error {
        TantivyError::OpenReadError(source) => !matches!(source, OpenReadError::IoError { .. }),
        TantivyError::DataCorruption(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::DeserializeError(_)
        | TantivyError::SchemaError(_)
        | TantivyError::MissingPlugin(_)
        | TantivyError::InvalidArgument(_) => true,
        _ => false,
    }
}

/// Makes an empty index, in place of the one that is there when `replace` is set. Segments of the old one are removed by
/// tantivy at the next commit: it keeps its own list of the files it made, and touches no other.
fn create(directory: MmapDirectory, dir: &Path, replace: bool) -> Result<Index, IndexError> {
    let lock = directory.acquire_lock(&INDEX_WRITER_LOCK).map_err(|error| match TantivyError::from(error) {
        busy if is_lock(&busy) => IndexError::Locked { path: dir.to_owned() },
        source => IndexError::Engine { what: "be locked", source },
    })?;
    if replace {
        let path = dir.join(META_FILE);
        std::fs::remove_file(&path).map_err(|source| IndexError::Folder { path, source })?;
    }
    let (schema, _) = schema::schema();
    let index = Index::create(directory, schema, IndexSettings::default()).map_err(IndexError::engine("be made"))?;
    drop(lock);
    Ok(index)
}

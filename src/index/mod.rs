//! Full text and facets of everything read, for analysts: a tantivy index, our own Chinese analysis and our own query
//! language.
//!
//! In: documents and their [`Reading`]s, in log order. Out: [`SearchPage`]s. Not here: scores of risk, alerts, the
//! lexicon's rules (a jieba dictionary, stop words, a version and a [`Thesaurus`] are handed in), a clock, async. The index is derived: it
//! can be deleted, and is emptied when the lexicon or its own format changes; the log fills it again.
//!
//! Invariants. LOG-2: documents and the log cursor become durable in one commit. A phrase finds every text that contains
//! it, in the dictionary or not. Totals and facet counts are exact. Pages of one query over an unchanged index neither
//! overlap nor skip. No query panics.
//!
//! [`Reading`]: vocabulary::Reading

mod analysis;
mod bounds;
mod collect;
mod directory;
mod error;
mod filter;
mod histogram;
mod leftovers;
mod near;
mod parse;
mod percolate;
mod plan;
mod query;
mod record;
mod schema;
mod search;
mod snippet;
mod sort;
mod stories;
#[cfg(test)]
mod tests;
mod thesaurus;
mod writer;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jieba_rs::Jieba;
use tantivy::directory::error::{OpenDirectoryError, OpenReadError};
use tantivy::directory::footer::Footer;
use tantivy::directory::{INDEX_WRITER_LOCK, MmapDirectory, RamDirectory};
use tantivy::{Directory, Executor, Index, IndexReader, IndexSettings, ReloadPolicy, TantivyError};

use analysis::Analysis;
use directory::IndexFolder;
use error::is_lock;
use schema::{Fields, fast};
use stories::{Stories, StoryText, of_column};
use vocabulary::{Document, LexiconVersion, Position, Refused, refused};
use writer::{Payload, SMALL_THREAD_BYTES, WRITER_THREAD_BYTES, WRITER_THREADS};

pub use bounds::{
    ARRIVED_MAX, BOUNDS, FACET_CODES_MAX, HISTOGRAM_BARS_MAX, NEAR_CHARS_MAX, PAGE_HITS_MAX, QUERY_CHARS_MAX,
    QUERY_CLAUSES_MAX, QUERY_DEPTH_MAX, STANDING_MAX,
};
pub use error::IndexError;
pub use filter::query_fields;
pub use histogram::{Bar, Histogram, Unit};
pub use percolate::{Arrived, Standing};
pub use plan::Expansion;
pub use query::{QueryError, query_wishes};
pub use record::{ID_BYTES_MAX, TEXT_CHARS_INDEXED_MAX};
pub use search::{Hit, Matches, SearchPage, SearchRequest};
pub use snippet::SNIPPET_CHARS;
pub use sort::Sort;
pub use stories::{STORY_DAYS_MAX, STORY_TEXTS_MAX};
pub use thesaurus::Thesaurus;
pub use writer::Writer;

/// tantivy's list of what is in the index; without it there is no index.
const META_FILE: &str = "meta.json";
/// tantivy's list of the files that it made.
const FILES_FILE: &str = ".managed.json";

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
        why: Refused,
    },
}

/// How an index lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct IndexStat {
    /// Documents that can be found.
    pub documents: u64,
    /// Documents replaced since, not yet merged away.
    pub deleted: u64,
    /// Segments it lies in.
    pub segments: usize,
    /// Their length.
    pub bytes: u64,
    /// Up to where in the log everything is in.
    pub position: Position,
    /// The lexicon it is made for.
    pub lexicon: LexiconVersion,
    /// Format of its fields.
    pub schema: u32,
}

/// Most threads that one search takes.
const SEARCH_THREADS_MAX: usize = 4;

/// Hash under which [`SearchIndex::held`] lists a document.
#[must_use]
pub fn id_key(id: &vocabulary::DocumentId) -> u64 {
    xxhash_rust::xxh3::xxh3_64(id.as_str().as_bytes())
}

/// The index. Searching needs no lock and goes on while another writes.
pub struct SearchIndex {
    index: Index,
    reader: IndexReader,
    fields: Fields,
    analysis: Analysis,
    thesaurus: Arc<Thesaurus>,
    /// What a fresh index would say about itself.
    payload: Payload,
    /// The folder, or `memory`.
    path: PathBuf,
    /// None for one in memory.
    folder: Option<IndexFolder>,
    threads: usize,
    thread_bytes: usize,
    /// Threads of the one search that has them; others go on in their own.
    pool: Mutex<Executor>,
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
        let directory = IndexFolder::over(directory);
        let analysis = Analysis::new(jieba, stop_words);
        let payload = Payload::new(lexicon, analysis.fingerprint());
        let (index, opened) = match existing(&directory, &payload, true)? {
            Existing::Fits(index) => (*index, Opened::Existing),
            Existing::None => (create(directory.clone(), dir, false)?, Opened::Created),
            Existing::Unfit(why) => (create(directory.clone(), dir, true)?, Opened::Rebuilt { why }),
        };
        let place = (dir.to_owned(), Some(directory));
        let index = Self::around(index, analysis, payload, place, WRITER_THREADS, WRITER_THREAD_BYTES)?;
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
        let unfit = |why: Refused| IndexError::Unfit { path: dir.to_owned(), why };
        let directory = IndexFolder::over(MmapDirectory::open(dir).map_err(|error| unfit(Refused::quoted(error)))?);
        let place = (dir.to_owned(), Some(directory.clone()));
        let analysis = Analysis::new(jieba, stop_words);
        let payload = Payload::new(lexicon, analysis.fingerprint());
        match existing(&directory, &payload, false)? {
            Existing::Fits(index) => {
                Self::around(*index, analysis, payload, place, WRITER_THREADS, WRITER_THREAD_BYTES)
            }
            Existing::None => Err(unfit(refused!("还没有索引", "there is none yet"))),
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
        let place = (PathBuf::from("memory"), None);
        Self::around(index, analysis, payload, place, 1, SMALL_THREAD_BYTES)
    }

    fn around(
        index: Index,
        analysis: Analysis,
        payload: Payload,
        (path, folder): (PathBuf, Option<IndexFolder>),
        threads: usize,
        thread_bytes: usize,
    ) -> Result<Self, IndexError> {
        let (_, fields) = schema::schema();
        schema::register(index.tokenizers(), &analysis);
        let pool = if threads > 1 {
            let searching = std::thread::available_parallelism().map_or(1, usize::from).min(SEARCH_THREADS_MAX);
            Executor::multi_thread(searching, "search-").map_err(IndexError::engine("start its threads"))?
        } else {
            Executor::SingleThread
        };
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader = reader.map_err(IndexError::engine("be read"))?;
        let thesaurus = Arc::default();
        Ok(Self {
            index,
            reader,
            fields,
            analysis,
            thesaurus,
            payload,
            path,
            folder,
            threads,
            thread_bytes,
            pool: Mutex::new(pool),
        })
    }

    /// The same index, asked by names that this thesaurus knows.
    #[must_use]
    pub fn knowing(self, thesaurus: Arc<Thesaurus>) -> Self {
        Self { thesaurus, ..self }
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
        leftovers::clear(&self.index, &inner, self.folder.is_some().then_some(self.path.as_path()))?;
        let reached = self.cursor()?;
        self.reload()?; // another process may have written since
        let known = listed(&self.reader)?.into_iter().map(|(key, _)| key).collect();
        let stories = Stories::after(self.story_texts().map_err(IndexError::engine("read its stories"))?);
        let (reader, fields, payload) = (self.reader.clone(), self.fields, self.payload.clone());
        let thesaurus = Arc::clone(&self.thesaurus);
        let refusal = self.folder.as_ref().map(|folder| folder.refusal.clone()).unwrap_or_default();
        Ok(Writer { inner, reader, fields, payload, reached, stories, thesaurus, known, refusal })
    }

    /// The newest texts, in log order: later ones are compared with them.
    fn story_texts(&self) -> tantivy::Result<Vec<StoryText>> {
        let mut newest: BinaryHeap<Reverse<(u64, usize, u32)>> = BinaryHeap::new();
        let searcher = self.reader.searcher();
        for (segment, reader) in searcher.segment_readers().iter().enumerate() {
            let position = reader.fast_fields().u64(fast::POSITION)?;
            for doc in reader.doc_ids_alive() {
                newest.push(Reverse((position.first(doc).unwrap_or_default(), segment, doc)));
                if newest.len() > STORY_TEXTS_MAX {
                    newest.pop();
                }
            }
        }
        let mut columns = Vec::new();
        for reader in searcher.segment_readers() {
            let fast = reader.fast_fields();
            columns.push((fast.u64(fast::STORY)?, fast.u64(fast::PRINT)?, fast.i64(fast::EVENT_DAY)?));
        }
        let newest = newest.into_sorted_vec().into_iter().rev();
        Ok(newest
            .map(|Reverse((position, segment, doc))| {
                let (story, print, day) = &columns[segment];
                let print = of_column(print.values_for_doc(doc));
                let story = story.first(doc).unwrap_or(position);
                StoryText { position, story, print, day: day.first(doc) }
            })
            .collect())
    }

    /// Shows commits that another process made since. Those of this process show at once.
    pub fn reload(&self) -> Result<(), IndexError> {
        self.reader.reload().map_err(IndexError::engine("show another's commits"))
    }

    /// How many documents are in.
    pub fn documents(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Which files do not hold the bytes that were written, in words; none when all do.
    pub fn damage(&self) -> Result<Option<Refused>, IndexError> {
        damage(&self.index, self.folder.as_ref())
    }

    /// How it lies on the disk.
    pub fn stat(&self) -> Result<IndexStat, IndexError> {
        let searcher = self.reader.searcher();
        let space = searcher.space_usage();
        let space = space.map_err(|error| IndexError::Engine { what: "be measured", source: error.into() })?;
        Ok(IndexStat {
            documents: searcher.num_docs(),
            deleted: searcher.segment_readers().iter().map(|segment| u64::from(segment.num_deleted_docs())).sum(),
            segments: searcher.segment_readers().len(),
            bytes: space.total().get_bytes(),
            position: self.cursor()?,
            lexicon: self.payload.lexicon.clone(),
            schema: self.payload.schema,
        })
    }

    /// Hash of the id and place in the log of every document, sorted: to be held against the log.
    pub fn held(&self) -> Result<Vec<(u64, Position)>, IndexError> {
        let mut held = listed(&self.reader)?;
        held.sort_unstable();
        Ok(held)
    }

    /// The lexicon it is made for.
    pub fn lexicon(&self) -> &LexiconVersion {
        &self.payload.lexicon
    }
}

/// What [`examine`] found.
#[derive(Debug)]
pub struct Examined {
    /// Which files do not hold what was written; none when all do.
    pub damage: Option<Refused>,
    /// Up to where in the log everything should be in.
    pub position: Position,
    /// Hash of the id and place in the log of every document, sorted; empty when it cannot be read.
    pub held: Vec<(u64, Position)>,
}

/// Looks at every byte of the index in a folder, whatever lexicon made it, without changing anything; none when there is no index.
///
/// # Errors
/// When the folder cannot be read.
pub fn examine(dir: &Path) -> Result<Option<Examined>, IndexError> {
    let folder = |error: OpenDirectoryError| IndexError::Engine { what: "open its folder", source: error.into() };
    let directory = IndexFolder::over(MmapDirectory::open(dir).map_err(folder)?);
    if !directory
        .exists(Path::new(META_FILE))
        .map_err(|error| IndexError::Engine { what: "be found", source: error.into() })?
    {
        // Files without the list that says what they are: the list is gone, or nothing was ever kept.
        let left = directory.exists(Path::new(FILES_FILE)).unwrap_or_default();
        let damage = left.then(|| refused!("已损坏：没有 {META_FILE}", "it is damaged: there is no {META_FILE}"));
        return Ok(damage.map(|damage| Examined { damage: Some(damage), position: Position(0), held: Vec::new() }));
    }
    let damaged = |why: Refused| Ok(Some(Examined { damage: Some(why), position: Position(0), held: Vec::new() }));
    let index = match Index::open(directory.clone()) {
        Ok(index) => index,
        Err(source) if is_damage(&source) => return damaged(broken(&source)),
        Err(source) => return Err(IndexError::Engine { what: "be opened", source }),
    };
    // Before any segment is opened: tantivy may panic over what a damaged one says.
    if let Some(why) = damage(&index, Some(&directory))? {
        return damaged(why);
    }
    let looked = || -> tantivy::Result<_> {
        let payload = index.load_metas()?.payload;
        let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok((payload, reader))
    };
    let (payload, reader) = match looked() {
        Ok(looked) => looked,
        Err(source) if is_damage(&source) => return damaged(broken(&source)),
        Err(source) => return Err(IndexError::Engine { what: "be opened", source }),
    };
    let payload: Option<Payload> = payload.as_deref().and_then(|payload| serde_json::from_str(payload).ok());
    let Some(payload) = payload else {
        return damaged(refused!("没有写明由什么建立", "it does not say what it was made with"));
    };
    let mut held = listed(&reader)?;
    held.sort_unstable();
    Ok(Some(Examined { damage: None, position: payload.position, held }))
}

/// Hash of the id and place in the log of every document, as they lie.
fn listed(reader: &IndexReader) -> Result<Vec<(u64, Position)>, IndexError> {
    let failed = || IndexError::engine("list its documents");
    let mut listed = Vec::new();
    for segment in reader.searcher().segment_readers() {
        let id_key = segment.fast_fields().u64(fast::ID_KEY).map_err(failed())?;
        let position = segment.fast_fields().u64(fast::POSITION).map_err(failed())?;
        listed.extend(
            segment
                .doc_ids_alive()
                .map(|doc| (id_key.first(doc).unwrap_or_default(), Position(position.first(doc).unwrap_or_default()))),
        );
    }
    Ok(listed)
}

enum Existing {
    None,
    Fits(Box<Index>),
    Unfit(Refused),
}

/// Looks at what lies in the folder; `thoroughly`: at every byte of it. Damage is a reason to rebuild; trouble of the
/// system is an error.
fn existing(directory: &IndexFolder, wanted: &Payload, thoroughly: bool) -> Result<Existing, IndexError> {
    let exists = Index::exists(directory).map_err(TantivyError::from);
    if !exists.map_err(IndexError::engine("look into its folder"))? {
        return Ok(Existing::None);
    }
    // Before any segment is opened: tantivy may panic over what a damaged one says.
    if thoroughly
        && let Ok(index) = Index::open(directory.clone())
        && let Some(why) = damage(&index, Some(directory))?
    {
        return Ok(Existing::Unfit(why));
    }
    let opened = Index::open(directory.clone()).and_then(|index| {
        let meta = index.load_metas()?;
        index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?; // every segment is there
        Ok((index, meta))
    });
    let (index, meta) = match opened {
        Ok(opened) => opened,
        Err(source) if is_damage(&source) => return Ok(Existing::Unfit(broken(&source))),
        Err(source) => return Err(IndexError::Engine { what: "be opened", source }),
    };
    if meta.payload.is_none() && meta.segments.is_empty() {
        return Ok(Existing::Unfit(refused!("没有建完", "it was never finished")));
    }
    let unfit = match meta.payload.as_deref().map(serde_json::from_str::<Payload>) {
        Some(Ok(found)) => found.differs(wanted),
        Some(Err(_)) | None => Some(refused!("没有写明由什么建立", "it does not say what it was made with")),
    };
    let other_fields =
        || (index.schema() != schema::schema().0).then(|| refused!("字段不同", "its fields are other ones"));
    Ok(unfit.or_else(other_fields).map_or_else(|| Existing::Fits(Box::new(index)), Existing::Unfit))
}

/// Which files of the last commit do not hold the bytes that were written, if any.
fn damage(index: &Index, folder: Option<&IndexFolder>) -> Result<Option<Refused>, IndexError> {
    let damaged = match index.validate_checksum() {
        Ok(damaged) => damaged,
        Err(source) if is_damage(&source) => return Ok(Some(broken(&source))),
        Err(source) => return Err(IndexError::Engine { what: "check its files", source }),
    };
    let mut names: BTreeSet<String> = damaged.iter().map(|path| path.display().to_string()).collect();
    match folder.map_or_else(|| Ok(Vec::new()), |folder| unlisted_or_odd(index, folder)) {
        Ok(found) => names.extend(found),
        Err(source) if is_damage(&source) => return Ok(Some(broken(&source))),
        Err(source) => return Err(IndexError::Engine { what: "check its files", source }),
    }
    let list = || names.iter().cloned().collect::<Vec<_>>().join(", ");
    Ok((!names.is_empty())
        .then(|| refused!("已损坏：{} 与写入时不符", "it is damaged: {} do not hold what was written", list())))
}

/// Files of the last commit that tantivy's own check passes over: not on its list of files, or with a version at their end that no other
/// file has. A segment has several files, all written by one version.
fn unlisted_or_odd(index: &Index, folder: &IndexFolder) -> tantivy::Result<Vec<String>> {
    let listed = index.directory().list_managed_files();
    let (mut found, mut versions) = (Vec::new(), BTreeMap::<String, Vec<PathBuf>>::new());
    let files: BTreeSet<PathBuf> = index.load_metas()?.list_segment_files().into_iter().collect();
    for path in files {
        if !folder.exists(&path)? {
            continue; // Not every segment has every file; opening found those that it must have.
        }
        if !listed.contains(&path) {
            found.push(path.display().to_string());
        }
        let (footer, _) = Footer::extract_footer(folder.open_read(&path)?)?;
        versions.entry(footer.version.to_string()).or_default().push(path);
    }
    let odd = versions.into_values().filter(|files| files.len() == 1).flatten();
    found.extend(odd.map(|path| path.display().to_string()));
    Ok(found)
}

fn broken(source: &TantivyError) -> Refused {
    refused!("已损坏：“{source}”", "it is damaged: {source}")
}

fn is_damage(error: &TantivyError) -> bool {
    match error {
        TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. }) => is_content(io_error.kind()),
        TantivyError::IoError(error) => is_content(error.kind()),
        TantivyError::OpenReadError(_)
        | TantivyError::DataCorruption(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::DeserializeError(_)
        | TantivyError::SchemaError(_)
        | TantivyError::MissingPlugin(_)
        | TantivyError::InvalidArgument(_) => true,
        _ => false,
    }
}

/// Whether an error of reading is about what a file holds, not about the system.
fn is_content(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidData | ErrorKind::UnexpectedEof)
}

/// Makes an empty index, in place of the one that is there when `replace` is set. Segments of the old one are removed by
/// tantivy at the next commit: it keeps its own list of the files it made, and touches no other.
fn create(directory: IndexFolder, dir: &Path, replace: bool) -> Result<Index, IndexError> {
    let lock = directory.acquire_lock(&INDEX_WRITER_LOCK).map_err(|error| match TantivyError::from(error) {
        busy if is_lock(&busy) => IndexError::Locked { path: dir.to_owned() },
        source => IndexError::Engine { what: "be locked", source },
    })?;
    if replace {
        let path = dir.join(META_FILE);
        std::fs::remove_file(&path).map_err(|source| IndexError::Folder { path, source })?;
        // The list of files that tantivy made. When it cannot be read, no index can be made beside it; its files stay, and mean nothing.
        if directory.atomic_read(Path::new(FILES_FILE)).is_err() {
            let path = dir.join(FILES_FILE);
            std::fs::remove_file(&path).map_err(|source| IndexError::Folder { path, source })?;
        }
    }
    let (schema, _) = schema::schema();
    let index = Index::create(directory, schema, IndexSettings::default()).map_err(IndexError::engine("be made"))?;
    drop(lock);
    Ok(index)
}

//! An edition: the rules that read and judge, with the index made by them. A data folder has one at a time; a tower changes it as a whole.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::PipelineError;
use super::judge::Judge;
use archive::SignalParts;
use index::{Opened, SearchIndex, Thesaurus, Writer};
use lexicon::Lexicon;
use vocabulary::{LexiconVersion, Position, SignalRecord};

/// Folder of the index, below the data folder.
pub(super) const INDEX: &str = "index";
/// Folder of the signals, below the data folder.
pub(super) const SIGNALS: &str = "signals";
/// Most signals kept in memory for the next judgement; beyond them it reads them from disk.
const FRESH_MAX: usize = 20_000;

/// The rules in force, and the index made by them.
pub(super) struct Edition {
    pub(super) lexicon: Arc<Lexicon>,
    pub(super) judge: Arc<Judge>,
    pub(super) index: Arc<SearchIndex>,
}

/// The edition in use, with the outputs that are written by it.
pub(super) struct Working {
    pub(super) edition: Arc<Edition>,
    pub(super) outputs: Arc<Outputs>,
}

/// The outputs of reading: index and signals.
pub(super) struct Outputs {
    /// None after another edition replaced this one.
    pub(super) writer: Arc<Mutex<Option<Writer>>>,
    signals: Mutex<Signals>,
}

/// The signals dataset, how many it holds, and those that judging has not fetched yet. The others are on disk alone: memory does not grow
/// by what has been read.
struct Signals {
    parts: SignalParts,
    count: u64,
    /// All signals behind `fresh_from`.
    fresh: Vec<SignalRecord>,
    fresh_from: Position,
}

impl Edition {
    /// Opens the index of a data folder to search.
    pub(super) fn open_to_search(data: &Path, lexicon: Arc<Lexicon>, judge: Arc<Judge>) -> Result<Self, PipelineError> {
        let stop_words = stop_words(&lexicon);
        let jieba = Arc::clone(lexicon.jieba());
        let index = SearchIndex::open_to_search(&data.join(INDEX), jieba, lexicon.version(), &stop_words)?;
        let index = index.knowing(Thesaurus::shared(&lexicon));
        Ok(Self { lexicon, judge, index: Arc::new(index) })
    }
}

impl Working {
    /// Opens the outputs of a data folder to write; begins those again that other rules made, or that know more than the log, which
    /// ends at `end`.
    pub(super) fn open(
        data: &Path,
        lexicon: Arc<Lexicon>,
        judge: Arc<Judge>,
        end: Position,
    ) -> Result<Self, PipelineError> {
        let index = open_index(&data.join(INDEX), &lexicon, end)?.knowing(Thesaurus::shared(&lexicon));
        let writer = Arc::new(Mutex::new(Some(index.writer()?)));
        let signals = Mutex::new(Signals::open(&data.join(SIGNALS), lexicon.version(), end)?);
        let edition = Arc::new(Edition { lexicon, judge, index: Arc::new(index) });
        Ok(Self { edition, outputs: Arc::new(Outputs { writer, signals }) })
    }

    /// The same outputs with other criteria.
    pub(super) fn judged_by(&self, judge: Arc<Judge>) -> Self {
        let (lexicon, index) = (Arc::clone(&self.edition.lexicon), Arc::clone(&self.edition.index));
        Self { edition: Arc::new(Edition { lexicon, judge, index }), outputs: Arc::clone(&self.outputs) }
    }
}

impl Outputs {
    /// The last log position whose signals are published.
    pub(super) fn cursor(&self) -> Position {
        self.signals().parts.cursor()
    }

    /// Number of published signals.
    pub(super) fn count(&self) -> u64 {
        self.signals().count
    }

    /// The last log position whose signals are published, with the signals behind `after` up to it, in log order. Reads them from disk
    /// when they are no longer in memory.
    pub(super) fn behind(&self, after: Position) -> Result<(Position, Vec<SignalRecord>), PipelineError> {
        loop {
            let listed = self.signals().parts.listed();
            // None: parts were joined meanwhile. That happens once for several parts that are published, so this ends.
            if let Some(records) = listed.load_after(after)? {
                return Ok((listed.to(), records));
            }
        }
    }

    /// The same for whoever judges and has all signals up to `after`: what it is given is not kept in memory for anybody else.
    pub(super) fn fetch(&self, after: Position) -> Result<(Position, Vec<SignalRecord>), PipelineError> {
        let mut signals = self.signals();
        if after != signals.fresh_from {
            drop(signals);
            let (to, records) = self.behind(after)?;
            let mut signals = self.signals();
            signals.fresh.retain(|record| record.position > to);
            signals.fresh_from = signals.fresh_from.max(to);
            return Ok((to, records));
        }
        let to = signals.parts.cursor();
        signals.fresh_from = to;
        Ok((to, std::mem::take(&mut signals.fresh)))
    }

    /// Publishes signals up to `to`; the file's name is the cursor.
    pub(super) fn publish(&self, to: Position, records: Vec<SignalRecord>) -> Result<(), PipelineError> {
        let mut signals = self.signals();
        signals.parts.publish(to, &records)?;
        signals.count += records.len() as u64;
        signals.fresh.extend(records);
        if signals.fresh.len() > FRESH_MAX {
            (signals.fresh, signals.fresh_from) = (Vec::new(), to);
        }
        Ok(())
    }

    /// Joins signal files when they have become many; searches, judging and readers go on meanwhile. Nobody else may publish while this works.
    pub(super) fn join_parts(&self) -> Result<(), PipelineError> {
        let Some(joining) = self.signals().parts.to_join() else { return Ok(()) };
        let joined = joining.write()?;
        Ok(self.signals().parts.joined(joined)?)
    }

    /// Ends writing to the index, after its merges. Nothing can be put into it afterwards.
    pub(super) fn end(&self) -> Result<(), PipelineError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(writer.map_or(Ok(()), Writer::close)?)
    }

    /// Drops the writer with all it has not committed.
    pub(super) fn discard(&self) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn signals(&self) -> MutexGuard<'_, Signals> {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Signals {
    /// Opens the dataset; begins it again when another lexicon read it, or when it is ahead of the log.
    fn open(dir: &Path, lexicon: &LexiconVersion, end: Position) -> Result<Self, PipelineError> {
        let mut parts = SignalParts::open(dir)?;
        let (unfit, count) = if parts.lexicon() != Some(lexicon) {
            (Some("another lexicon read them".to_owned()), 0)
        } else if parts.cursor() > end {
            (Some(ahead(parts.cursor(), end)), 0)
        } else {
            match parts.check() {
                Ok(count) => (None, count),
                Err(error) if error.is_damage() => (Some(error.to_string()), 0),
                Err(error) => return Err(error.into()),
            }
        };
        if let Some(why) = unfit {
            if parts.cursor() > Position(0) {
                tracing::warn!("all documents are read again for signals: {why}");
            }
            parts.restart(lexicon)?;
        }
        let fresh_from = parts.cursor();
        Ok(Self { parts, count, fresh: Vec::new(), fresh_from })
    }
}

/// Opens the index to write; begins it again when it does not fit, or when it is ahead of the log.
fn open_index(dir: &Path, lexicon: &Lexicon, end: Position) -> Result<SearchIndex, PipelineError> {
    let stop_words = stop_words(lexicon);
    let open = || SearchIndex::open(dir, Arc::clone(lexicon.jieba()), lexicon.version(), &stop_words);
    let (index, opened) = open()?;
    if let Opened::Rebuilt { why } = &opened {
        tracing::warn!("the index is made anew: {why}");
    }
    if index.cursor()? <= end {
        return Ok(index);
    }
    tracing::warn!("the index is made anew: {}", ahead(index.cursor()?, end));
    drop(index);
    fs::remove_dir_all(dir).map_err(|source| PipelineError::Io {
        what: "remove the index in",
        path: dir.to_owned(),
        source,
    })?;
    Ok(open()?.0)
}

pub(super) fn stop_words(lexicon: &Lexicon) -> BTreeSet<String> {
    lexicon.stopwords().iter().cloned().collect()
}

/// Why outputs are made again whose cursor is ahead of the log: the log was restored from a backup, and continuing from their cursor would
/// skip what it takes in next (LOG-2).
fn ahead(cursor: Position, end: Position) -> String {
    format!("they reach to position {cursor} of a log that ends at {end}; was it restored from a backup?")
}

//! Everything that archives hold, read: signals, how much was read, what is offered. Documents themselves are let go.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use tokio::task::JoinHandle;

use super::Stage;
use super::cache::Cache;
use crate::PipelineError;
use crate::archives::pieces;
use crate::reading::{BatchSignals, read_batch_for_signals};
use lexicon::Lexicon;
use log::Entry;
use score::{Market, Volume};
use vocabulary::{Document, DocumentId, Intake, Listing, Position, SignalRecord, SourceId, day_of};

/// Batches that may still be read when the next one begins: while one is put away, the cores have another.
const READING_MAX: usize = 1;
/// Problems carried in the summary.
const PROBLEMS_SHOWN_MAX: usize = 20;

/// Everything the archives hold, read.
pub(crate) struct Corpus {
    until: Date,
    pub(crate) records: Vec<SignalRecord>,
    pub(crate) volume: Volume,
    pub(crate) listings: BTreeMap<(String, String), Listing>,
    pub(crate) market: Market,
    /// COUNT-1 per source.
    pub(super) sources: BTreeMap<SourceId, Intake>,
    /// Documents without any time.
    pub(super) undated: u64,
    /// Documents after the last day.
    pub(super) later: u64,
    /// What was set aside: the first few.
    pub(super) problems: Vec<String>,
    /// Batches that were not read again, because an earlier rerun had kept what is in them.
    pub(super) batches_kept: u64,
    position: u64,
    /// Hashes of source and text per id: the same text again is nothing new.
    known: HashMap<u128, (u128, u128)>,
    cache: Option<Arc<Cache>>,
    /// Batches being read, the oldest first.
    reading: VecDeque<JoinHandle<Result<(BatchSignals, bool), PipelineError>>>,
}

impl Corpus {
    /// An empty one; documents that were seen after `until` are counted and not read.
    pub(crate) fn new(until: Date) -> Self {
        Self {
            until,
            records: Vec::new(),
            volume: Volume::new(),
            listings: BTreeMap::new(),
            market: Market::new(),
            sources: BTreeMap::new(),
            undated: 0,
            later: 0,
            problems: Vec::new(),
            batches_kept: 0,
            position: 0,
            known: HashMap::new(),
            cache: None,
            reading: VecDeque::new(),
        }
    }

    /// Keeps what is read of each batch in a cache, and does not read again what is there.
    #[must_use]
    pub(super) fn with_cache(mut self, cache: Arc<Cache>) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Reads archives in an order of their own.
    pub(crate) async fn take_in(
        &mut self,
        archives: &[PathBuf],
        lexicon: &Arc<Lexicon>,
        tell: &(dyn Fn(Stage) + Sync),
    ) -> Result<(), PipelineError> {
        let pieces = pieces(archives)?;
        for (number, piece) in pieces.iter().enumerate() {
            let source = piece.source();
            let mut batches = piece.open().await?;
            while let Some(batch) = batches.next().await? {
                let mut documents = Vec::with_capacity(batch.len());
                for item in batch {
                    match item {
                        Ok(document) => documents.push(document),
                        Err(rejected) => {
                            self.sources.entry(source.clone()).or_default().reject();
                            if self.problems.len() < PROBLEMS_SHOWN_MAX {
                                self.problems.push(rejected.to_string());
                            }
                        }
                    }
                }
                let fresh = self.admit(documents);
                self.begin(fresh, lexicon);
                while self.reading.len() > READING_MAX {
                    self.settle().await?;
                }
                let documents = self.sources.values().map(|intake| intake.collected).sum();
                tell(Stage::Reading { documents, piece: number + 1, pieces: pieces.len() });
            }
        }
        while !self.reading.is_empty() {
            self.settle().await?;
        }
        Ok(())
    }

    /// Counts documents as the log would, and gives those that are to be read.
    fn admit(&mut self, documents: Vec<Document>) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(documents.len());
        for mut document in documents {
            let intake = self.sources.entry(document.source.clone()).or_default();
            intake.collected += 1;
            let source = wide_hash(&[document.source.as_str()]);
            let text = wide_hash(&[document.title.as_deref().unwrap_or_default(), &document.text]);
            let mut key = wide_hash(&[document.id.as_str()]);
            let of_another = |key: &u128| self.known.get(key).is_some_and(|(owner, _)| *owner != source);
            if of_another(&key) {
                // As in the log: a document has the first name that no other source holds.
                let names = log::kept_names(&document.source, &document.id).map(|name| (wide_hash(&[&name]), name));
                let free = names.into_iter().find(|(key, _)| !of_another(key));
                if let Some((free, name)) = free {
                    document.id = DocumentId::new(name);
                    key = free;
                }
            }
            let before = self.known.insert(key, (source, text)).map(|(_, text)| text);
            if before == Some(text) {
                intake.unchanged += 1;
                continue;
            }
            intake.kept += 1;
            let Some(known_at) = document.known_at() else {
                self.undated += 1;
                continue;
            };
            if day_of(known_at) > self.until {
                self.later += 1;
                continue;
            }
            // As in the log: a revision is no further document.
            if before.is_none() {
                self.volume.add(day_of(document.event_at().unwrap_or(known_at)), day_of(known_at), 1);
            }
            self.position += 1;
            entries.push(Entry { position: Position(self.position), document });
        }
        entries
    }

    /// Begins to read a batch aside.
    fn begin(&mut self, entries: Vec<Entry>, lexicon: &Arc<Lexicon>) {
        if entries.is_empty() {
            return;
        }
        let (lexicon, cache) = (Arc::clone(lexicon), self.cache.clone());
        self.reading.push_back(tokio::task::spawn_blocking(move || {
            let Some(cache) = cache else { return Ok((read_batch_for_signals(&lexicon, entries), false)) };
            let key = cache.key_of_batch(lexicon.version(), &entries);
            if let Some(kept) = cache.get(&key) {
                return Ok((kept, true));
            }
            let batch = read_batch_for_signals(&lexicon, entries);
            cache.put(&key, &batch)?;
            Ok((batch, false))
        }));
    }

    /// Takes what was read of the batch that was begun first: in their order, whichever is read first.
    async fn settle(&mut self) -> Result<(), PipelineError> {
        let Some(reading) = self.reading.pop_front() else { return Ok(()) };
        let (BatchSignals { records, offers }, kept) = reading.await??;
        self.batches_kept += u64::from(kept);
        self.records.extend(records);
        for (known, listing) in offers {
            if let Some(known) = known {
                self.market.add(&listing, known);
            }
            self.listings.insert((listing.platform.clone(), listing.item_id.clone()), listing);
        }
        Ok(())
    }
}

fn wide_hash(parts: &[&str]) -> u128 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0xff]);
    }
    hasher.digest128()
}

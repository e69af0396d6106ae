//! Archives replayed as if time passed: the same reader and the same judge as live, fed by files instead of sources.
//!
//! The read is one parallel pass; the days follow one another, each seeing only what had been seen by its end. Same inputs
//! and versions give the same bytes, at any number of threads.
#![expect(clippy::disallowed_methods, reason = "an edge: writes the outputs and times itself")]

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use serde::Serialize;

use super::intake::read_aside;
use super::judging::{Judge, Review};
use super::{PipelineError, read_batch};
use crate::archive::documents::{Format, ImportSpec};
use crate::archive::{self, ArchiveError};
use crate::lexicon::Lexicon;
use crate::log::{Entry, Intake, Log};
use crate::score::{Market, Volume};
use crate::store::Store;
use crate::vocabulary::{
    AlertEventKind, Channel, CriteriaVersion, DateRange, Document, DocumentId, LexiconVersion, Listing, Outcome,
    Position, SignalRecord, SourceId, day_of,
};

/// Documents read together.
const BATCH_MAX: usize = 20_000;
/// What a rerun writes. The summary comes last: where it is, the rest is whole.
const ALERTS: &str = "alerts.ndjson";
const SAMPLING: &str = "sampling.ndjson";
const ASSESSMENTS: &str = "assessments.parquet";
const SIGNALS: &str = "signals";
const SUMMARY: &str = "summary.json";
/// Problems carried in the summary.
const PROBLEMS_SHOWN_MAX: usize = 20;

/// What to replay.
#[derive(Debug, Clone)]
pub struct RerunSpec {
    /// Files of documents (NDJSON, compressed or not), folders of them, or data folders of a tower.
    pub archives: Vec<PathBuf>,
    /// First and last day judged.
    pub range: DateRange,
    /// Days between two judgements.
    pub every_days: u32,
    /// Where outputs go.
    pub out: PathBuf,
    /// Outcomes of alerts; a day uses those that were known by its end.
    pub outcomes: Vec<Outcome>,
}

/// What a rerun did: `summary.json`.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// First and last day judged.
    pub range: DateRange,
    /// Days judged.
    pub days: u64,
    /// COUNT-1 per source.
    pub sources: BTreeMap<SourceId, Intake>,
    /// Documents without any time: kept, but no day can know of them.
    pub undated: u64,
    /// Documents after the last day, not read.
    pub later: u64,
    /// Lines set aside: the first few, with file, line and reason.
    pub problems: Vec<String>,
    /// Signals found.
    pub signals: u64,
    /// Alerts opened.
    pub alerts_opened: u64,
    /// Alerts opened per 30 days judged.
    pub alerts_per_30_days: f64,
    /// Sampling requests made.
    pub sampling_requests: u64,
    /// Lexicon that read.
    pub lexicon: LexiconVersion,
    /// Criteria that judged.
    pub criteria: CriteriaVersion,
    /// Seconds spent reading and judging, and documents read a second. Not part of what is promised to be identical.
    pub timings: Timings,
    /// BLAKE3 of every output file.
    pub digests: BTreeMap<String, String>,
}

/// How long it took.
#[derive(Debug, Serialize)]
pub struct Timings {
    /// Seconds of reading archives and text.
    pub read_s: f64,
    /// Seconds of judging days.
    pub judge_s: f64,
    /// Documents read a second.
    pub documents_per_s: f64,
}

/// Where a rerun stands.
#[derive(Debug, Clone, Copy)]
pub enum Stage {
    /// So many documents have been read.
    Reading {
        /// Documents.
        documents: u64,
    },
    /// So many days of so many have been judged.
    Judging {
        /// Days done.
        done: u64,
        /// Days in all.
        days: u64,
        /// The day just judged.
        day: Date,
        /// Alerts opened until now.
        opened: u64,
    },
}

/// Replays archives day by day and writes `alerts.ndjson`, `sampling.ndjson`, `assessments.parquet`, `signals/` and `summary.json`.
pub async fn rerun(
    spec: &RerunSpec,
    lexicon: &Arc<Lexicon>,
    judge: &Judge,
    tell: &(dyn Fn(Stage) + Sync),
) -> Result<Summary, PipelineError> {
    let started = Instant::now();
    let io = |what, source| PipelineError::Io { what, path: spec.out.clone(), source };
    fs::create_dir_all(&spec.out).map_err(|error| io("make the output folder", error))?;
    clear_outputs(&spec.out)?;

    let mut heap = Heap::new(spec.range.to);
    for archive in &spec.archives {
        heap.take_in(archive, lexicon, tell).await?;
    }
    let read_s = started.elapsed().as_secs_f64();
    let documents: u64 = heap.sources.values().map(|intake| intake.collected).sum();

    let judging = Instant::now();
    let days: Vec<Date> = spec.range.days().step_by(spec.every_days.max(1) as usize).collect();
    let listings = heap.listings.into_values().collect();
    let review = Review::new(judge, heap.records, heap.volume, listings, lexicon.version().clone());
    let mut review = review.beside(heap.market).with_outcomes(spec.outcomes.iter().cloned());
    let alerts_path = spec.out.join(ALERTS);
    let sampling_path = spec.out.join(SAMPLING);
    let mut alerts = Lines::create(&alerts_path)?;
    let mut sampling = Lines::create(&sampling_path)?;
    let mut assessments = Vec::new();
    let (mut opened, mut requests, mut done) = (0, 0, 0);
    review.days(&days, |day, judged| {
        for event in &judged.events {
            opened += u64::from(event.event == AlertEventKind::Opened);
            alerts.put(event)?;
        }
        for request in &judged.requests {
            requests += 1;
            sampling.put(request)?;
        }
        assessments.extend(judged.assessments);
        done += 1;
        tell(Stage::Judging { done, days: days.len() as u64, day, opened });
        Ok::<(), PipelineError>(())
    })?;
    alerts.finish()?;
    sampling.finish()?;
    let assessments_path = spec.out.join(ASSESSMENTS);
    archive::write_assessments(&assessments_path, &assessments)?;
    let signals_dir = spec.out.join(SIGNALS);
    archive::write_signal_dataset(&signals_dir, review.records())?;
    let judge_s = judging.elapsed().as_secs_f64();

    let summary = Summary {
        range: spec.range,
        days: days.len() as u64,
        sources: heap.sources,
        undated: heap.undated,
        later: heap.later,
        problems: heap.problems,
        signals: review.records().len() as u64,
        alerts_opened: opened,
        alerts_per_30_days: opened as f64 * 30.0 / (days.len() as f64 * f64::from(spec.every_days)).max(1.0),
        sampling_requests: requests,
        lexicon: lexicon.version().clone(),
        criteria: judge.version().clone(),
        timings: Timings { read_s, judge_s, documents_per_s: documents as f64 / read_s.max(1e-9) },
        digests: digests(&spec.out)?,
    };
    let path = spec.out.join(SUMMARY);
    fs::write(&path, serde_json::to_string_pretty(&summary)? + "\n").map_err(|source| PipelineError::Io {
        what: "write",
        path,
        source,
    })?;
    Ok(summary)
}

/// Removes what an earlier rerun left. Refused when there is anything else: that folder is somebody's.
fn clear_outputs(out: &Path) -> Result<(), PipelineError> {
    let io = |what, source| PipelineError::Io { what, path: out.to_owned(), source };
    let ours = [ALERTS, SAMPLING, ASSESSMENTS, "assessments.part", SIGNALS, SUMMARY];
    for entry in fs::read_dir(out).map_err(|error| io("list", error))? {
        let name = entry.map_err(|error| io("list", error))?.file_name();
        if !ours.iter().any(|known| name == *known) {
            return Err(PipelineError::Occupied { out: out.to_owned(), found: name.to_string_lossy().into_owned() });
        }
    }
    // The summary first: without it, what is left says that it is not whole.
    for name in [SUMMARY, ALERTS, SAMPLING, ASSESSMENTS, "assessments.part"] {
        match fs::remove_file(out.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io("clear", error)),
            _ => {}
        }
    }
    match fs::remove_dir_all(out.join(SIGNALS)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io("clear the old signals in", error)),
        _ => Ok(()),
    }
}

/// Everything the archives hold, read.
pub(super) struct Heap {
    until: Date,
    pub(super) records: Vec<SignalRecord>,
    pub(super) volume: Volume,
    pub(super) listings: BTreeMap<(String, String), Listing>,
    pub(super) market: Market,
    sources: BTreeMap<SourceId, Intake>,
    undated: u64,
    later: u64,
    problems: Vec<String>,
    position: u64,
    /// Hashes of source and text per id: the same text again is nothing new.
    known: HashMap<u128, (u128, u128)>,
}

impl Heap {
    pub(super) fn new(until: Date) -> Self {
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
            position: 0,
            known: HashMap::new(),
        }
    }

    pub(super) async fn take_in(
        &mut self,
        path: &Path,
        lexicon: &Arc<Lexicon>,
        tell: &(dyn Fn(Stage) + Sync),
    ) -> Result<(), PipelineError> {
        if path.join("wanglou.sqlite").is_file() {
            let store = Store::open(&path.join("wanglou.sqlite")).await?;
            let log = Log::new(store.clone());
            // A tower may be writing to it: what comes after this moment is not in the replay.
            let (mut after, end) = (Position(0), log.end().await?);
            while after < end {
                let batch = log.read(after, BATCH_MAX).await?;
                let Some(last) = batch.last() else { break };
                after = last.position;
                let documents =
                    batch.into_iter().filter(|entry| entry.position <= end).map(|entry| entry.document).collect();
                self.read(documents, lexicon, tell).await?;
            }
            store.close().await;
            return Ok(());
        }
        if path.is_dir() {
            let files = files_of(path)?;
            if files.is_empty() {
                return Err(PipelineError::NoArchive(path.to_owned()));
            }
            for file in files {
                self.take_in_file(&file, lexicon, tell).await?;
            }
            return Ok(());
        }
        self.take_in_file(path, lexicon, tell).await
    }

    async fn take_in_file(
        &mut self,
        path: &Path,
        lexicon: &Arc<Lexicon>,
        tell: &(dyn Fn(Stage) + Sync),
    ) -> Result<(), PipelineError> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("archive");
        let source = SourceId::new(name.split('.').next().unwrap_or(name));
        let spec = ImportSpec {
            source: source.clone(),
            channel: Channel::Media,
            format: Format::of_file(path)
                .map_err(PipelineError::Brought)?
                .ok_or_else(|| PipelineError::UnknownFormat(path.to_owned()))?,
            columns: BTreeMap::new(),
        };
        let (mut items, reader) = read_aside(path.to_owned(), spec);
        while let Some(batch) = items.recv().await {
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
            self.read(documents, lexicon, tell).await?;
        }
        reader.await??;
        Ok(())
    }

    async fn read(
        &mut self,
        documents: Vec<Document>,
        lexicon: &Arc<Lexicon>,
        tell: &(dyn Fn(Stage) + Sync),
    ) -> Result<(), PipelineError> {
        let mut entries = Vec::with_capacity(documents.len());
        for mut document in documents {
            let intake = self.sources.entry(document.source.clone()).or_default();
            intake.collected += 1;
            let source = wide_hash(&[document.source.as_str()]);
            let text = wide_hash(&[document.title.as_deref().unwrap_or_default(), &document.text]);
            let mut key = wide_hash(&[document.id.as_str()]);
            if self.known.get(&key).is_some_and(|(owner, _)| *owner != source) {
                // As in the log: the first source keeps the id, the other is told apart by its source.
                document.id = DocumentId::new(format!("{}/{}", document.source, document.id));
                key = wide_hash(&[document.id.as_str()]);
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
        let lexicon = Arc::clone(lexicon);
        let read = tokio::task::spawn_blocking(move || read_batch(&lexicon, entries)).await?;
        for entry in read {
            self.records.extend(entry.records);
            if let Some(listing) = entry.listing {
                if let Some(known_at) = entry.document.known_at() {
                    self.market.add(&listing, day_of(known_at));
                }
                self.listings.insert((listing.platform.clone(), listing.item_id.clone()), listing);
            }
        }
        tell(Stage::Reading { documents: self.sources.values().map(|intake| intake.collected).sum() });
        Ok(())
    }
}

/// Files of documents in a folder, in the order of their names.
pub(super) fn files_of(dir: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let io = |source| ArchiveError::Io { what: "list", path: dir.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_file() && Format::of_name(&path).is_some() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn wide_hash(parts: &[&str]) -> u128 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0xff]);
    }
    hasher.digest128()
}

/// A file of JSON lines.
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Lines {
    fn create(path: &Path) -> Result<Self, PipelineError> {
        let file =
            File::create(path).map_err(|source| PipelineError::Io { what: "create", path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    fn put(&mut self, value: &impl Serialize) -> Result<(), PipelineError> {
        let line = serde_json::to_string(value)?;
        writeln!(self.file, "{line}").map_err(|source| PipelineError::Io {
            what: "write",
            path: self.path.clone(),
            source,
        })
    }

    fn finish(mut self) -> Result<(), PipelineError> {
        self.file.flush().map_err(|source| PipelineError::Io { what: "write", path: self.path, source })
    }
}

/// BLAKE3 of every file under the output folder, by its relative name.
fn digests(out: &Path) -> Result<BTreeMap<String, String>, PipelineError> {
    let mut digests = BTreeMap::new();
    let mut waiting = vec![out.to_owned()];
    while let Some(dir) = waiting.pop() {
        let io = |source| PipelineError::Io { what: "read back", path: dir.clone(), source };
        for entry in fs::read_dir(&dir).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.file_name().is_some_and(|name| name != SUMMARY) {
                let name = path.strip_prefix(out).unwrap_or(&path).display().to_string();
                digests.insert(name, blake3::hash(&fs::read(&path).map_err(io)?).to_hex().to_string());
            }
        }
    }
    Ok(digests)
}

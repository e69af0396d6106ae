//! Looking after a data folder: what it holds, whether all of it is whole, fewer and larger files, documents as a dataset.
//!
//! In: a data folder. Out: reports. Nothing here changes what a tower says; looking works beside a running tower.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::civil::Date;
use serde::Serialize;

use super::PipelineError;
use super::collecting::lock_folder;
use super::files::files_under;
use archive::{DocumentDataset, SignalParts, WarcReader, survey_parts};
use log::Journal;
use store::Store;
use vocabulary::{DateRange, Position, Refused, SourceId, day_of, refused};

/// Documents taken from the log together.
const BATCH: usize = 10_000;
/// Problems that a report lists; more are only counted.
const PROBLEMS_SHOWN_MAX: usize = 100;
/// Signals in a file after [`compact`], about.
const SIGNALS_PER_FILE: usize = 200_000;

/// Files of one kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Files {
    /// How many.
    pub files: u64,
    /// Bytes in all.
    pub bytes: u64,
}

/// What a data folder holds.
#[derive(Debug, Default, Serialize)]
pub struct Stat {
    /// Documents and revisions in the log, by source.
    pub documents: BTreeMap<SourceId, u64>,
    /// First and last day that documents are about.
    pub days: Option<(Date, Date)>,
    /// The database: log, alerts, frontier.
    pub store: Files,
    /// Raw exchanges.
    pub warc: Files,
    /// Signals, derived from the log.
    pub signals: Files,
    /// How many signals.
    pub signals_held: u64,
    /// The search index, derived from the log.
    pub index: Files,
    /// Lines that imports set aside.
    pub rejects: Files,
}

/// What [`verify`] found.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// WARC files read.
    pub files: u64,
    /// Records read.
    pub records: u64,
    /// Records whose payload is what its digest says.
    pub intact: u64,
    /// Documents and revisions in the log.
    pub documents: u64,
    /// Those that point to the bytes they came from.
    pub pointing: u64,
    /// Signals read.
    pub signals: u64,
    /// Everything wrong.
    pub problems: u64,
    /// The first of them, each with where.
    pub first_problems: Vec<Refused>,
}

impl Verified {
    fn wrong(&mut self, problem: Refused) {
        self.problems += 1;
        if self.first_problems.len() < PROBLEMS_SHOWN_MAX {
            self.first_problems.push(problem);
        }
    }
}

/// Counts what a data folder holds.
pub async fn stat(data: &Path) -> Result<Stat, PipelineError> {
    let store = open_store(data).await?;
    let documents = store.intake().await?.into_iter().map(|(source, (_, intake))| (source, intake.kept)).collect();
    let volume = store.volume(Position(0), Position(u64::MAX)).await?;
    let days = volume.iter().map(|(day, ..)| *day);
    let mut stat = Stat { documents, days: days.clone().min().zip(days.max()), ..Stat::default() };
    store.close().await;
    for name in ["wanglou.sqlite", "wanglou.sqlite-wal"] {
        if let Ok(metadata) = fs::metadata(data.join(name)) {
            stat.store.files += 1;
            stat.store.bytes += metadata.len();
        }
    }
    stat.warc = files_in(&data.join("warc"))?;
    stat.signals = files_in(&data.join("signals"))?;
    stat.index = files_in(&data.join("index"))?;
    stat.rejects = files_in(&data.join("rejects"))?;
    stat.signals_held = survey_parts(&data.join("signals"))?.signals;
    Ok(stat)
}

/// Reads everything back: every raw record against its digest, every document against the record it points to (RAW-1), every file of
/// signals against the stretch of the log it says it is from.
pub async fn verify(data: &Path, tell: &mut dyn FnMut(u64)) -> Result<Verified, PipelineError> {
    let store = open_store(data).await?;
    let log = Journal::new(store.clone());
    // First the log, then the files: whatever a running tower adds in between is only more than is asked for.
    let end = log.end().await?;
    let mut verified = Verified::default();
    let held = records_of(&data.join("warc"), &mut verified, tell)?;
    let mut after = Position(0);
    while after < end {
        let batch = log.read_after(after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = last.position;
        for entry in batch.into_iter().filter(|entry| entry.position <= end) {
            verified.documents += 1;
            let document = entry.document;
            // Documents that people brought come from files of their own, which are not ours to keep.
            let Some(raw) = document.raw.filter(|raw| held.files.contains_key(&raw.file) || is_own_warc(&raw.file))
            else {
                continue;
            };
            verified.pointing += 1;
            let (id, file, offset) = (&document.id, &raw.file, raw.offset);
            let at = |what: Refused| {
                Refused::new(
                    format!("信息 `{id}`：{file} 字节 {offset}：{}", what.zh),
                    format!("document `{id}`: {file} byte {offset}: {}", what.en),
                )
            };
            match held.files.get(&raw.file).map(|records| records.get(&raw.offset)) {
                None => {
                    verified.wrong(at(refused!("warc/ 里没有这个文件", "there is no such file in warc/")));
                }
                Some(None) => {
                    verified.wrong(at(refused!("那里没有记录开始", "no record begins there")));
                }
                Some(Some(digest)) if *digest != raw.digest => {
                    verified.wrong(at(refused!(
                        "信息读自 {}，而记录是 {digest}",
                        "it was read from {}, the record holds {digest}",
                        raw.digest
                    )));
                }
                Some(Some(_)) => {}
            }
        }
    }
    store.close().await;
    let parts = survey_parts(&data.join("signals"))?;
    verified.signals = parts.signals;
    for problem in parts.problems {
        verified.wrong(problem);
    }
    if parts.to > end {
        let to = parts.to;
        verified.wrong(refused!(
            "信号到日志位置 {to}，而日志只到 {end}；请删除 signals/，程序会重新生成",
            "signals go to log position {to}, the log to {end}; remove signals/, it is made again"
        ));
    }
    Ok(verified)
}

/// Digests of responses by file and offset.
struct Held {
    files: BTreeMap<String, BTreeMap<u64, String>>,
}

fn records_of(dir: &Path, verified: &mut Verified, tell: &mut dyn FnMut(u64)) -> Result<Held, PipelineError> {
    let mut held = Held { files: BTreeMap::new() };
    for path in files_under(dir)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !is_own_warc(&name) {
            continue;
        }
        verified.files += 1;
        let records = held.files.entry(name.clone()).or_default();
        for record in WarcReader::open(&path)? {
            match record {
                Ok(record) => {
                    verified.records += 1;
                    match record.payload_is_intact() {
                        Some(true) => verified.intact += 1,
                        Some(false) => {
                            verified.wrong(refused!(
                                "{name} 字节 {}：内容与摘要不符",
                                "{name} byte {}: the payload is not what its digest says",
                                record.offset
                            ));
                        }
                        None => {}
                    }
                    if matches!(record.kind(), "response" | "revisit" | "resource") {
                        let digest = record.header("WARC-Payload-Digest").unwrap_or_default().to_owned();
                        records.insert(record.offset, digest);
                    }
                    tell(verified.records);
                }
                Err(problem) => verified.wrong(refused!(
                    "{name} 字节 {}：“{}”",
                    "{name} byte {}: {}",
                    problem.offset,
                    problem.detail
                )),
            }
        }
    }
    Ok(held)
}

/// Whether this is the name of a file of raw records as a collector here writes it: a plain name, never a path.
pub(super) fn is_own_warc(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_');
    name.starts_with("wanglou-") && name.ends_with(".warc.gz") && name.chars().all(plain)
}

/// Joins the many small files of signals into few, and says how many there were and are. Needs the folder to itself.
pub fn compact(data: &Path) -> Result<(usize, usize), PipelineError> {
    if !data.join("wanglou.sqlite").is_file() {
        return Err(PipelineError::Empty(data.to_owned()));
    }
    let _lock = lock_folder(data)?;
    Ok(SignalParts::open(&data.join("signals"))?.compact(SIGNALS_PER_FILE)?)
}

/// What [`export`] wrote.
#[derive(Debug, Default, Serialize)]
pub struct Exported {
    /// Documents and revisions.
    pub documents: u64,
    /// Files.
    pub files: u64,
}

/// Writes the documents of the log as a dataset partitioned by day; with a range, only those about its days.
pub async fn export(data: &Path, out: &Path, range: Option<DateRange>) -> Result<Exported, PipelineError> {
    let store = open_store(data).await?;
    let log = Journal::new(store.clone());
    let mut dataset = DocumentDataset::create(out)?;
    let (mut exported, mut after, end) = (Exported::default(), Position(0), log.end().await?);
    while after < end {
        let batch = log.read_after(after, BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = last.position;
        let documents = batch.into_iter().map(|entry| entry.document);
        let wanted: Vec<_> = documents
            .filter(|document| {
                let day = document.event_at().map(day_of);
                range.is_none_or(|range| day.is_some_and(|day| (range.from..=range.to).contains(&day)))
            })
            .collect();
        exported.documents += wanted.len() as u64;
        dataset.add(wanted)?;
    }
    store.close().await;
    exported.files = dataset.finish()?;
    Ok(exported)
}

async fn open_store(data: &Path) -> Result<Store, PipelineError> {
    let path = data.join("wanglou.sqlite");
    if !path.is_file() {
        return Err(PipelineError::Empty(data.to_owned()));
    }
    Ok(Store::open(&path).await?)
}

fn files_in(dir: &Path) -> Result<Files, PipelineError> {
    let mut found = Files::default();
    for path in files_under(dir)? {
        found.files += 1;
        // A running tower may have taken it away meanwhile.
        found.bytes += fs::metadata(&path).map_or(0, |metadata| metadata.len());
    }
    Ok(found)
}

//! Whether every byte of a data folder that holds something is what was written, and what can be made again.
//!
//! In: a data folder. Out: a report. [`verify`] changes nothing and works beside a running tower; [`repair`] needs the folder to itself. Each kind
//! of file has a check of its own: the database and its write-ahead log by the store, raw records by their digests, documents by the
//! records they point to and by the hashes of their texts, signals by the digests in their names, the index by its checksums and the log,
//! everything else by the digests of `kept`. The search index and the signals are derived: they are moved aside and made again.
#![expect(clippy::disallowed_methods, reason = "an edge: reads every file, moves damaged ones aside")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::collecting::lock_folder;
use super::edition::{INDEX, SIGNALS};
use super::files::files_under;
use super::files::is_own_warc;
use super::kept;
use super::reading::LISTINGS;
use super::upkeep::note;
use super::{PipelineError, Tower};
use archive::warc::{MEMBER_HEAD, sha1_base32};
use archive::{Record, WarcReader, survey_parts};
use config::Settings;
use index::id_key;
use log::{Entry, Journal, text_hash};
use store::{Store, StoreError};
use vocabulary::{Position, Refused, refused};

/// Documents taken from the log together.
const BATCH: usize = 10_000;
/// Problems that a report lists; more are only counted.
const PROBLEMS_SHOWN_MAX: usize = 100;
/// How often what seems damaged is looked at: a running tower takes files away while they are looked at.
const LOOKS: usize = 3;
/// The database of a data folder.
const STORE: &str = "wanglou.sqlite";
/// The listings table, which is derived from the log.
const LISTINGS_TABLE: &str = "listings";
/// Where damaged files are moved to, inside the data folder.
const ASIDE: &str = "damaged";
/// Results of planned reruns, inside the data folder.
const RERUNS: &str = "reruns";
/// Finished work of reruns: a file is its digest and what it is the digest of.
const WORK: [&str; 2] = ["read-", "days-"];

/// What of a data folder is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The database: log, alerts, outcomes, users, deliveries.
    Database,
    /// The table of listings in the database, derived from the log.
    Listings,
    /// Raw records, or where documents point to them.
    Raw,
    /// Signals, derived from the log.
    Signals,
    /// The search index, derived from the log.
    Index,
    /// The masking key, promoted rules, results of reruns, lines set aside.
    Kept,
    /// Finished work of reruns, which the next rerun does again.
    Work,
}

/// What [`verify`] found.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    /// Rows of the database that were held against the checksums of their tables.
    pub rows: u64,
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
    /// Documents in the search index.
    pub indexed: u64,
    /// Further files and folders that were held against their digests.
    pub kept: u64,
    /// Signal files of an earlier version, without a digest in their names; `wanglou archive compact` gives them one.
    pub without_digest: u64,
    /// Which parts are damaged.
    pub damaged: BTreeSet<Part>,
    /// Everything wrong.
    pub problems: u64,
    /// The first of them, each with where.
    pub first_problems: Vec<Refused>,
}

impl Verified {
    fn wrong(&mut self, part: Part, problem: Refused) {
        self.problems += 1;
        self.damaged.insert(part);
        if self.first_problems.len() < PROBLEMS_SHOWN_MAX {
            self.first_problems.push(problem);
        }
    }
}

/// Reads everything back. `tell` hears how many raw records were read.
///
/// # Errors
/// [`PipelineError::Empty`] when there is no data; when the system does not let a file be read. Damage is no error.
pub async fn verify(data: &Path, tell: &mut dyn FnMut(u64)) -> Result<Verified, PipelineError> {
    if !data.join(STORE).exists() {
        return Err(PipelineError::Empty(data.to_owned()));
    }
    let mut verified = Verified::default();
    let readable = verify_database(data, &mut verified).await?;
    let store = if readable { open(data, &mut verified).await? } else { None };
    // First the log's end, then the files: whatever a running tower adds in between is only more than is asked for.
    let end = match &store {
        Some(store) => store.journal_end().await?,
        None => Position(u64::MAX),
    };
    let held = verify_raw(data, &mut verified, tell)?;
    if let Some(store) = &store {
        verify_log(store, end, &held, &mut verified).await?;
        verify_kept(store, data, &mut verified).await?;
    }
    verify_signals(data, end, &mut verified)?;
    verify_index(data, store.as_ref(), &mut verified).await?;
    verify_work(data, &mut verified)?;
    if let Some(store) = store {
        store.close().await;
    }
    Ok(verified)
}

/// The store, unless it is too damaged to be opened.
async fn open(data: &Path, verified: &mut Verified) -> Result<Option<Store>, PipelineError> {
    match Store::open(&data.join(STORE)).await {
        Ok(store) => Ok(Some(store)),
        Err(error @ (StoreError::Disk { .. } | StoreError::Open { .. })) => Err(error.into()),
        Err(error) => {
            verified.wrong(Part::Database, Refused::of(&error));
            Ok(None)
        }
    }
}

/// The database and its write-ahead log; whether it can be opened without losing anything.
pub async fn verify_database(data: &Path, verified: &mut Verified) -> Result<bool, PipelineError> {
    let found = Store::examine(&data.join(STORE)).await?;
    verified.rows += found.rows;
    let listings_alone = found.tables == [LISTINGS_TABLE] && found.problems.len() == 1;
    let part = if listings_alone { Part::Listings } else { Part::Database };
    for problem in found.problems {
        verified.wrong(part, problem);
    }
    Ok(!found.unreadable)
}

/// Digests of responses by file and offset.
#[derive(Debug, Default)]
pub struct Held(BTreeMap<String, BTreeMap<u64, String>>);

/// Every raw record against its digests, and every byte around them.
pub fn verify_raw(data: &Path, verified: &mut Verified, tell: &mut dyn FnMut(u64)) -> Result<Held, PipelineError> {
    let mut held = Held::default();
    for path in files_under(&data.join("warc"))? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !is_own_warc(&name) {
            continue;
        }
        verified.files += 1;
        let records = held.0.entry(name.clone()).or_default();
        let mut heads = Heads::open(&path)?;
        for record in WarcReader::open(&path)? {
            match record {
                Ok(record) => {
                    verified.records += 1;
                    if let Some(problem) = problem_of(&record, &mut heads, verified) {
                        let (offset, Refused { zh, en }) = (record.offset, problem);
                        verified.wrong(Part::Raw, refused!("{name} 字节 {offset}：{zh}", "{name} byte {offset}: {en}"));
                    }
                    if matches!(record.kind(), "response" | "revisit" | "resource") {
                        let digest = record.header("WARC-Payload-Digest").unwrap_or_default().to_owned();
                        records.insert(record.offset, digest);
                    }
                    tell(verified.records);
                }
                Err(problem) => verified.wrong(
                    Part::Raw,
                    refused!("{name} 字节 {}：“{}”", "{name} byte {}: {}", problem.offset, problem.detail),
                ),
            }
        }
    }
    Ok(held)
}

/// What is wrong with a record that could be read.
fn problem_of(record: &Record, heads: &mut Heads, verified: &mut Verified) -> Option<Refused> {
    match record.payload_is_intact() {
        Some(true) => verified.intact += 1,
        Some(false) => return Some(refused!("内容与摘要不符", "the payload is not what its digest says")),
        None => {}
    }
    let block = record.header("WARC-Block-Digest").is_none_or(|stated| stated == sha1_base32(&record.block));
    if !block {
        return Some(refused!("内容与摘要不符", "the block is not what its digest says"));
    }
    (!heads.is_ours(record.offset)).then(|| refused!("gzip 头与写入时不符", "its gzip head is not what was written"))
}

/// The heads of gzip members, of which no checksum knows.
struct Heads(File);

impl Heads {
    fn open(path: &Path) -> Result<Self, PipelineError> {
        let io = |source| PipelineError::Io { what: "read", path: path.to_owned(), source };
        Ok(Self(File::open(path).map_err(io)?))
    }

    fn is_ours(&mut self, offset: u64) -> bool {
        let mut head = [0; MEMBER_HEAD.len()];
        let read = self.0.seek(SeekFrom::Start(offset)).and_then(|_| self.0.read_exact(&mut head));
        read.is_ok() && head == MEMBER_HEAD
    }
}

/// Every document up to `end`: its text against the hash that stands beside it, and the record that it points to (RAW-1). The audit chain.
async fn verify_log(store: &Store, end: Position, held: &Held, verified: &mut Verified) -> Result<(), PipelineError> {
    let log = Journal::new(store.clone());
    let (mut after, mut at_once) = (Position(0), BATCH);
    while after < end {
        let batch = match log.read_after(after, at_once).await {
            Ok(batch) => batch,
            Err(error @ (StoreError::Stored { .. } | StoreError::Damaged { .. } | StoreError::Sql(_))) => {
                if at_once == 1 {
                    // Positions have no gaps: the next row is behind this one.
                    verified.wrong(Part::Database, Refused::of(&error));
                    after = Position(after.0 + 1);
                } else {
                    at_once = 1;
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let hashes = store.text_hashes_after(after, batch.len()).await?;
        let Some(last) = batch.last() else { break };
        after = last.position;
        for (entry, hash) in batch.into_iter().zip(hashes) {
            if entry.position <= end {
                verify_document(entry, &hash, held, verified);
            }
        }
    }
    match store.verify_audit(None).await {
        Ok(Ok(_)) => {}
        Ok(Err(broken)) => {
            let (seq, Refused { zh, en }) = (broken.seq, broken.why);
            verified.wrong(Part::Database, refused!("审计日志第 {seq} 行：{zh}", "line {seq} of the audit log: {en}"));
        }
        Err(error) => verified.wrong(Part::Database, Refused::of(&error)),
    }
    Ok(())
}

fn verify_document(entry: Entry, hash: &[u8], held: &Held, verified: &mut Verified) {
    verified.documents += 1;
    let document = entry.document;
    let id = &document.id;
    if text_hash(&document).as_slice() != hash {
        let at = entry.position;
        verified.wrong(
            Part::Database,
            refused!(
                "日志位置 {at}，信息 `{id}`：标题和正文与摘要不符",
                "log position {at}, document `{id}`: title and text are not what their digest says"
            ),
        );
    }
    // Documents that people brought come from files of their own, which are not ours to keep.
    let Some(raw) = &document.raw else { return };
    let records = held.0.get(&raw.file);
    if records.is_none() && !is_own_warc(&raw.file) {
        return;
    }
    verified.pointing += 1;
    let what = match records.map(|records| records.get(&raw.offset)) {
        None => refused!("warc/ 里没有这个文件", "there is no such file in warc/"),
        Some(None) => refused!("那里没有记录开始", "no record begins there"),
        Some(Some(digest)) if *digest != raw.digest => {
            refused!("信息读自 {}，而记录是 {digest}", "it was read from {}, the record holds {digest}", raw.digest)
        }
        Some(Some(_)) => return,
    };
    let (file, offset, Refused { zh, en }) = (&raw.file, raw.offset, what);
    verified.wrong(
        Part::Raw,
        refused!("信息 `{id}`：{file} 字节 {offset}：{zh}", "document `{id}`: {file} byte {offset}: {en}"),
    );
}

/// The masking key, promoted rules, results of reruns, lines set aside.
pub async fn verify_kept(store: &Store, data: &Path, verified: &mut Verified) -> Result<(), PipelineError> {
    let (kept, misfits) = kept::misfits(store, data).await?;
    verified.kept += kept;
    for problem in misfits {
        verified.wrong(Part::Kept, problem);
    }
    Ok(())
}

/// Signals; `end`: the end of the log.
pub fn verify_signals(data: &Path, end: Position, verified: &mut Verified) -> Result<(), PipelineError> {
    let dir = data.join(SIGNALS);
    let mut found = survey_parts(&dir)?;
    for _ in 1..LOOKS {
        if found.problems.is_empty() {
            break;
        }
        found = survey_parts(&dir)?;
    }
    verified.signals += found.signals;
    verified.without_digest += found.without_digest as u64;
    for problem in found.problems {
        verified.wrong(Part::Signals, problem);
    }
    if found.to > end {
        let to = found.to;
        verified.wrong(
            Part::Signals,
            refused!("信号到日志位置 {to}，而日志只到 {end}", "signals go to log position {to}, the log to {end}"),
        );
    }
    Ok(())
}

/// The search index, by its checksums and, with a store, against the log.
pub async fn verify_index(data: &Path, store: Option<&Store>, verified: &mut Verified) -> Result<(), PipelineError> {
    let dir = data.join(INDEX);
    if !dir.is_dir() {
        return Ok(());
    }
    let mut found = index::examine(&dir)?;
    for _ in 1..LOOKS {
        if found.as_ref().is_none_or(|found| found.damage.is_none()) {
            break;
        }
        found = index::examine(&dir)?;
    }
    let Some(found) = found else { return Ok(()) };
    if let Some(Refused { zh, en }) = found.damage {
        verified.wrong(Part::Index, refused!("index：{zh}", "index: {en}"));
        return Ok(());
    }
    verified.indexed += found.held.len() as u64;
    let Some(store) = store else { return Ok(()) };
    let (position, end) = (found.position, store.journal_end().await?);
    if position > end {
        verified.wrong(
            Part::Index,
            refused!(
                "index：到日志位置 {position}，而日志只到 {end}",
                "index: it goes to log position {position}, the log to {end}"
            ),
        );
        return Ok(());
    }
    let newest = store.newest(position).await?;
    let mut wanted: Vec<(u64, Position)> = newest.into_iter().map(|(id, position)| (id_key(&id), position)).collect();
    wanted.sort_unstable();
    if wanted != found.held {
        let (wanted, held) = (wanted.len(), found.held.len());
        verified.wrong(
            Part::Index,
            refused!(
                "index：与日志不符（应有 {wanted} 条信息，现有 {held} 条）",
                "index: it is not what the log holds ({wanted} documents there, {held} here)"
            ),
        );
    }
    Ok(())
}

/// Finished work of reruns.
pub fn verify_work(data: &Path, verified: &mut Verified) -> Result<(), PipelineError> {
    for path in work_files(data)? {
        verify_work_file(&path, verified)?;
    }
    Ok(())
}

fn work_files(data: &Path) -> Result<Vec<PathBuf>, PipelineError> {
    let mut files = files_under(&data.join(RERUNS))?;
    let is_work = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        path.extension().is_none() && WORK.iter().any(|kind| name.starts_with(kind))
    };
    files.retain(is_work);
    Ok(files)
}

/// What [`repair`] did.
#[derive(Debug, Serialize)]
pub struct Repaired {
    /// What was found before.
    pub before: Verified,
    /// What was done.
    pub done: Vec<Refused>,
    /// What is still wrong, and what to do about it.
    pub left: Vec<Refused>,
    /// What is found now.
    pub after: Verified,
}

/// Makes again what is derived and damaged: indices of the database, listings, the search index, signals, finished work of reruns. Damaged
/// files are moved to `damaged/` in the data folder. What cannot be made again stays as it is, and is listed with what to do. What was done
/// leaves an audit line.
///
/// # Errors
/// [`PipelineError::Busy`] when somebody works on the folder; as [`verify`].
pub async fn repair(settings: &Settings, now: Timestamp, tell: &mut dyn FnMut(u64)) -> Result<Repaired, PipelineError> {
    let data = &settings.data;
    let lock = lock_folder(data)?;
    let before = verify(data, tell).await?;
    let mut done = Vec::new();
    if !before.damaged.is_empty() {
        if before.damaged.contains(&Part::Database) || before.damaged.contains(&Part::Listings) {
            repair_database(data, &mut done).await?;
        }
        let aside = free_folder(&data.join(ASIDE));
        for (part, name) in [(Part::Signals, SIGNALS), (Part::Index, INDEX)] {
            if before.damaged.contains(&part) {
                set_aside(data, &aside, Path::new(name))?;
                done.push(refused!("{name}/：已移到 {}", "{name}/ was moved to {}", aside.display()));
            }
        }
        if before.damaged.contains(&Part::Work) {
            for path in work_files(data)? {
                let mut one = Verified::default();
                verify_work_file(&path, &mut one)?;
                if one.problems > 0 {
                    set_aside(data, &aside, path.strip_prefix(data).unwrap_or(&path))?;
                    done.push(refused!("{}：已移到 {}", "{} was moved to {}", path.display(), aside.display()));
                }
            }
        }
    }
    drop(lock);
    let derived = [Part::Signals, Part::Index, Part::Listings];
    let mut failed = None;
    if derived.iter().any(|part| before.damaged.contains(part)) {
        match read_again(settings).await {
            Ok(()) => done.push(refused!(
                "索引、信号和商品列表已由日志重新生成",
                "index, signals and listings were made again from the log"
            )),
            Err(error) => failed = Some(error.with_causes()),
        }
    }
    // A database that is damaged itself may take no line; what it says of the damage comes first.
    if !done.is_empty()
        && let Ok(store) = Store::open(&data.join(STORE)).await
    {
        let detail = done.iter().map(|one| one.en.as_str()).collect::<Vec<_>>().join("; ");
        if let Err(error) = note(&store, "data folder", detail, now).await {
            tracing::warn!("the repair left no audit line: {error}");
        }
        store.close().await;
    }
    let after = verify(data, tell).await?;
    let mut left: Vec<Refused> = after.damaged.iter().map(|part| advice(*part)).collect();
    left.extend(
        failed.map(|why| refused!("未能由日志重新生成：“{why}”", "nothing could be made again from the log: {why}")),
    );
    Ok(Repaired { before, done, left, after })
}

/// What to do about damage that stays.
fn advice(part: Part) -> Refused {
    match part {
        Part::Database => refused!(
            "数据库：无法由别处重新生成；请把备份恢复到新目录（`wanglou restore BACKUP --data NEW`）",
            "the database cannot be made again; bring a backup back into a new folder (`wanglou restore BACKUP --data NEW`)"
        ),
        Part::Raw => refused!(
            "原始记录：无法重新生成；请从备份的 warc/ 取回所列文件。信息本身不受影响",
            "raw records cannot be made again; take the files listed from warc/ of a backup. The documents read from them stay"
        ),
        Part::Kept => refused!(
            "所列文件：请从备份取回同名文件；重演结果下次按计划重新生成",
            "the files listed: take those of the same names from a backup; results of reruns are made again at their next moment"
        ),
        Part::Signals | Part::Index | Part::Listings | Part::Work => refused!(
            "可由日志重新生成：请在服务停止时再次运行 `wanglou archive verify --repair`",
            "this can be made again from the log: run `wanglou archive verify --repair` once more while no service runs"
        ),
    }
}

/// Makes the indices of the database anew, and empties the listings when they alone are damaged: the log is read again for them.
async fn repair_database(data: &Path, done: &mut Vec<Refused>) -> Result<(), PipelineError> {
    let path = data.join(STORE);
    let found = Store::examine(&path).await?;
    if found.unreadable {
        return Ok(());
    }
    let store = Store::open(&path).await?;
    // Where the rows themselves are damaged too, indices may not be makeable; nothing is lost by trying.
    if store.reindex().await.is_ok() {
        done.push(refused!("数据库的索引已重建", "the indices of the database were made anew"));
    }
    if found.tables.iter().any(|table| table == LISTINGS_TABLE) {
        let (at, detail) = store.cursor(LISTINGS).await?;
        let mut tx = store.begin().await?;
        Store::clear_listings(&mut tx).await?;
        Store::move_cursor(&mut tx, LISTINGS, at, Position(0), &detail).await?;
        tx.commit().await?;
        store.recount(LISTINGS_TABLE).await?;
        done.push(refused!("商品列表已清空", "the listings were emptied"));
    }
    store.close().await;
    Ok(())
}

/// Opens the folder to work on it and reads the log for whatever lacks it.
async fn read_again(settings: &Settings) -> Result<(), PipelineError> {
    let tower = Tower::open(settings).await?;
    tower.read_new().await?;
    tower.close().await
}

fn verify_work_file(path: &Path, verified: &mut Verified) -> Result<(), PipelineError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        // A rerun that goes on takes away what it no longer needs.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(PipelineError::Io { what: "read", path: path.to_owned(), source }),
    };
    let whole = bytes.split_at_checked(blake3::OUT_LEN);
    if whole.is_some_and(|(digest, work)| blake3::hash(work).as_bytes() == digest) {
        verified.kept += 1;
    } else {
        let path = path.display();
        verified.wrong(Part::Work, refused!("{path}：与写入时不符", "{path} does not hold what was written"));
    }
    Ok(())
}

/// The first folder `DIR/N` that is not there yet.
fn free_folder(dir: &Path) -> PathBuf {
    (1..=u32::MAX)
        .map(|number| dir.join(number.to_string()))
        .find(|folder| !folder.exists())
        .unwrap_or_else(|| dir.to_owned())
}

/// Moves a file or folder of the data folder to the same place below `aside`.
fn set_aside(data: &Path, aside: &Path, name: &Path) -> Result<(), PipelineError> {
    let (from, to) = (data.join(name), aside.join(name));
    let io = |source| PipelineError::Io { what: "put in place", path: to.clone(), source };
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    fs::rename(&from, &to).map_err(io)
}

//! Documents into the log: from the collector, and from files that people bring.

#![expect(clippy::disallowed_methods, reason = "an edge: the rejects file is written here")]

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use rayon::prelude::*;

use super::kept;
use super::warc_in::{document_of_record, records_of};
use super::{PipelineError, Tower};
use archive::documents::{
    Format, ImportSpec, PageFilter, Rejected, document_of_line, open, read_documents, read_lines,
};
use archive::files::{make_folder, sync_folder};
use archive::{ArchiveError, Record};
use collect::{self, Masker, Recipe, Round, clean_document, date_by_text, mark_undated, mask};
use log::{APPEND_MAX, Aside, Journal, Outcome};
use vocabulary::{Channel, Document, DocumentId, Intake, Party, Refused, Role, SourceId, refused};

/// Reason under which set-aside items are counted that a round no longer lists one by one.
const UNLISTED: &str = "further items, see the log of the round";

/// Hands the collector's documents to the log.
#[derive(Debug)]
pub struct LogSink {
    log: Journal,
    now: Timestamp,
    /// Documents that the log found unchanged.
    unchanged: AtomicU64,
    /// Documents that the log found twice in one batch.
    duplicate: AtomicU64,
    /// Documents that the log set aside.
    refused: AtomicU64,
}

impl LogSink {
    /// Documents that come through here are logged at `now`.
    #[must_use]
    pub fn new(log: Journal, now: Timestamp) -> Self {
        Self { log, now, unchanged: AtomicU64::new(0), duplicate: AtomicU64::new(0), refused: AtomicU64::new(0) }
    }

    /// Books what the round met and the log never saw: pages not modified, items listed twice, and items set aside (COUNT-1).
    pub async fn settle(&self, recipe: &Recipe, round: &Round) -> Result<(), PipelineError> {
        let unchanged = round.unchanged.saturating_sub(self.unchanged.load(Ordering::Relaxed));
        let duplicate = round.duplicate.saturating_sub(self.duplicate.load(Ordering::Relaxed));
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for reject in &round.rejects {
            *reasons.entry(reject.reason.clone()).or_default() += 1;
        }
        let counted = round.rejects.len() as u64 + self.refused.load(Ordering::Relaxed);
        let unlisted = round.rejected.saturating_sub(counted);
        if unlisted > 0 {
            reasons.insert(UNLISTED.to_owned(), unlisted);
        }
        Ok(self.log.count_aside(&recipe.id, recipe.channel, &Aside { unchanged, duplicate, reasons }).await?)
    }
}

#[async_trait]
impl collect::Sink for LogSink {
    async fn put(&self, documents: Vec<Document>) -> Result<Vec<collect::Outcome>, collect::SinkError> {
        let outcomes =
            self.log.append(&documents, self.now).await.map_err(|error| collect::SinkError(Box::new(error)))?;
        let outcome_of = |outcome| match outcome {
            Outcome::Kept(_) => collect::Outcome::Kept,
            Outcome::Revised(_) => collect::Outcome::Revised,
            Outcome::Unchanged => {
                self.unchanged.fetch_add(1, Ordering::Relaxed);
                collect::Outcome::Unchanged
            }
            Outcome::Duplicate => {
                self.duplicate.fetch_add(1, Ordering::Relaxed);
                collect::Outcome::Duplicate
            }
            Outcome::Refused => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                collect::Outcome::Refused
            }
        };
        Ok(outcomes.into_iter().map(outcome_of).collect())
    }
}

/// What became of one imported file.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// COUNT-1 per source.
    pub intake: BTreeMap<SourceId, Intake>,
    /// Why lines were set aside: the first few.
    pub rejected: Vec<Rejected>,
    /// Where all of them are kept, when there are any.
    pub rejects_file: Option<PathBuf>,
    /// The bad line at which a strict import stopped; the lines before it are in the log.
    pub stopped: Option<Rejected>,
}

impl ImportReport {
    /// Most reasons carried in a report; the rejects file has them all.
    pub const REJECTED_SHOWN_MAX: usize = 5;

    /// COUNT-1 over all sources.
    #[must_use]
    pub fn total(&self) -> Intake {
        self.intake.values().fold(Intake::default(), |mut all, intake| {
            all.add(*intake);
            all
        })
    }

    /// Books a line that is no document: counted, its reason too, and the first `shown` kept.
    fn set_aside(&mut self, source: &SourceId, rejected: Rejected, reasons: &mut Reasons, shown: usize) {
        self.intake.entry(source.clone()).or_default().reject();
        reasons.count(&rejected.reason.en);
        if self.rejected.len() < shown {
            self.rejected.push(rejected);
        }
    }
}

/// How often lines were set aside, by reason; at most [`REASONS_MAX`] apart.
#[derive(Default)]
struct Reasons(BTreeMap<String, u64>);

impl Reasons {
    fn count(&mut self, reason: &str) {
        let known = self.0.len() < REASONS_MAX || self.0.contains_key(reason);
        *self.0.entry(if known { reason } else { OTHER_REASONS }.to_owned()).or_default() += 1;
    }
}

/// Batches of rows that may wait between the thread that reads the file and the log.
const BATCHES_WAITING_MAX: usize = 2;
/// Bytes of text at which a batch is handed over even when it has few rows.
const BATCH_BYTES_MAX: usize = 16 << 20;
/// Most bad lines listed in the answer to documents that were handed in.
const PUSH_REJECTS_MAX: usize = 100;
/// Different reasons for setting lines aside that are counted apart per file: some reasons name a column of the line.
const REASONS_MAX: usize = 100;
/// Reason of all further ones.
const OTHER_REASONS: &str = "further reasons, see the rejects file";

/// Puts a file's documents into the log. With `lenient`, bad lines go to a rejects file; without, the first one stops the
/// import, see [`ImportReport::stopped`] (the documents before it stay: importing again is harmless).
pub async fn import_file(
    tower: &Tower,
    path: &Path,
    spec: &ImportSpec,
    lenient: bool,
    now: Timestamp,
    tell: &(dyn Fn(u64) + Sync),
) -> Result<ImportReport, PipelineError> {
    let mut report = ImportReport::default();
    let mut rejects = Rejects::beside(tower, path, &spec.source);
    let (mut items, reader) = read_aside(path.to_owned(), spec.clone(), tower.masker(), Dating::Brought(now));
    let mut reasons = Reasons::default();
    let mut done = 0;
    if rejects.path.exists() {
        // It is written anew with the first line.
        let mut tx = tower.store().begin().await?;
        kept::forget(&mut tx, &rejects.name).await?;
        tx.commit().await?;
    }
    while let Some(batch) = items.recv().await {
        let mut documents = Vec::with_capacity(batch.len());
        let mut bad = None;
        for item in batch {
            match item {
                Ok(document) => documents.push(document),
                Err(rejected) if lenient => {
                    rejects.keep(&rejected)?;
                    report.set_aside(&spec.source, rejected, &mut reasons, ImportReport::REJECTED_SHOWN_MAX);
                }
                Err(rejected) => {
                    bad = Some(rejected);
                    break;
                }
            }
        }
        let outcomes = tower.log().append(&documents, now).await?;
        for (document, outcome) in documents.iter().zip(outcomes) {
            outcome.count_in(report.intake.entry(document.source.clone()).or_default());
        }
        if bad.is_some() {
            report.stopped = bad;
            return Ok(report);
        }
        done += documents.len() as u64;
        tell(done);
    }
    let read = reader.await?;
    if !reasons.0.is_empty() {
        rejects.sync()?;
        let aside = Aside { reasons: reasons.0, ..Aside::default() };
        tower.log().count_aside(&spec.source, spec.channel, &aside).await?;
        report.rejects_file = Some(rejects.path);
    }
    let mut tx = tower.store().begin().await?;
    kept::record(&mut tx, tower.data_dir(), &rejects.name).await?;
    tx.commit().await?;
    read?;
    Ok(report)
}

/// A document as an organisation outside may hand it in: under a source and ids of its own, and as no notice of an authority.
fn as_own(by: &Party, mut document: Document) -> Result<Document, Refused> {
    if by.role != Role::TestBody && matches!(document.channel, Channel::Regulator | Channel::Standard) {
        let (role, channel) = (by.role.code(), document.channel.code());
        return Err(refused!(
            "角色为 `{role}` 的单位不能提交渠道 `{channel}` 的信息：请用 `complaint`、`platform` 或 `media`",
            "organisations of role `{role}` hand in nothing of channel `{channel}`: use `complaint`, `platform` or `media`"
        ));
    }
    let source = by.own_source(document.source.as_str());
    if source.len() > SourceId::BYTES_MAX {
        return Err(refused!(
            "来源 `{}` 连同单位名称太长",
            "the source `{}` is too long beside the name of the organisation",
            document.source
        ));
    }
    // Its ids are its own, too: it takes no name that the document of another source could have.
    let id = format!("{source}/{}", document.id);
    if id.len() > DocumentId::BYTES_MAX {
        return Err(refused!(
            "编号 `{}` 连同来源名称太长",
            "the id `{}` is too long beside the name of the source",
            document.id
        ));
    }
    document.id = DocumentId::new(id);
    document.source = SourceId::new(source);
    Ok(document)
}

/// Puts documents that were handed in as NDJSON into the log, masked. Bad lines are counted, and the first few listed. `by`: an organisation
/// outside whose own they are.
pub async fn push_lines(
    tower: &Tower,
    lines: Vec<u8>,
    source: SourceId,
    channel: Channel,
    by: Option<&Party>,
    now: Timestamp,
) -> Result<ImportReport, PipelineError> {
    let (columns, pages) = (BTreeMap::new(), PageFilter::default());
    let of = ImportSpec { source, channel, format: Format::Ndjson, columns, pages, preset: None };
    // Rejected lines are counted for the organisation's own sources, too.
    let source = by.map_or_else(|| of.source.clone(), |by| SourceId::new(by.own_source(of.source.as_str())));
    let spec = ImportSpec { source, ..of.clone() };
    let masker = tower.masker();
    let by = by.cloned();
    let items = tokio::task::spawn_blocking(move || {
        let path = Path::new("body");
        let one = |(number, line): (u64, Result<Vec<u8>, Rejected>)| {
            let line = match line {
                Ok(line) => line,
                Err(rejected) => return Some(Err(rejected)),
            };
            let own = |document| match &by {
                None => Ok(document),
                Some(by) => as_own(by, document).map_err(|reason| {
                    let found = String::from_utf8_lossy(&line).chars().take(Rejected::FOUND_CHARS_MAX).collect();
                    Rejected { file: path.to_owned(), line: number, reason, found }
                }),
            };
            Some(document_of_line(path, number, &line, &of)?.and_then(own))
        };
        let items: Items = read_lines(path, Box::new(std::io::Cursor::new(lines))).filter_map(one).collect();
        made_ready(items, &masker, Dating::Live(now))
    });
    let mut report = ImportReport::default();
    let mut reasons = Reasons::default();
    let mut documents = Vec::new();
    for item in items.await? {
        match item {
            Ok(document) => documents.push(document),
            Err(rejected) => {
                report.set_aside(&spec.source, rejected, &mut reasons, PUSH_REJECTS_MAX);
            }
        }
    }
    for batch in documents.chunks(APPEND_MAX) {
        let outcomes = tower.log().append(batch, now).await?;
        for (document, outcome) in batch.iter().zip(outcomes) {
            outcome.count_in(report.intake.entry(document.source.clone()).or_default());
        }
    }
    if !reasons.0.is_empty() {
        tower.log().count_aside(&spec.source, spec.channel, &Aside { reasons: reasons.0, ..Aside::default() }).await?;
    }
    Ok(report)
}

pub(super) type Items = Vec<Result<Document, Rejected>>;

/// Reads the file on a thread of its own and hands its rows over in batches, masked (PRIV-1); stops when nobody listens any more.
/// A replay has no secret to hash with: it knows kinds alone, and so says the same wherever it runs.
pub(super) fn read_aside(
    path: PathBuf,
    spec: ImportSpec,
    masker: Masker,
    dating: Dating,
) -> (mpsc::Receiver<Items>, JoinHandle<Result<(), PipelineError>>) {
    let (sender, receiver) = mpsc::channel(BATCHES_WAITING_MAX);
    let reader = tokio::task::spawn_blocking(move || {
        let (mut unparsed, mut bytes) = (Vec::new(), 0);
        for one in unparsed_items(&path, &spec)? {
            bytes += one.bytes();
            unparsed.push(one);
            if unparsed.len() >= APPEND_MAX || bytes >= BATCH_BYTES_MAX {
                bytes = 0;
                let items = made_ready(parsed(std::mem::take(&mut unparsed), &path, &spec), &masker, dating);
                if sender.blocking_send(items).is_err() {
                    // Nobody listens any more: the import has stopped, with its own error.
                    return Ok(());
                }
            }
        }
        _ = sender.blocking_send(made_ready(parsed(unparsed, &path, &spec), &masker, dating));
        Ok(())
    });
    (receiver, reader)
}

/// An item of a file before it is parsed. Cutting a file into items is quick and done in order; parsing is neither.
enum UnparsedItem {
    Line(u64, Vec<u8>),
    Record(u64, Box<Record>),
    Item(Box<Result<Document, Rejected>>),
}

impl UnparsedItem {
    fn bytes(&self) -> usize {
        match self {
            Self::Line(_, line) => line.len(),
            Self::Record(_, record) => record.block.len(),
            Self::Item(item) => item.as_ref().as_ref().map_or(0, |document| document.text.len()),
        }
    }
}

/// The items of a file, unparsed.
fn unparsed_items<'a>(
    path: &'a Path,
    spec: &'a ImportSpec,
) -> Result<Box<dyn Iterator<Item = UnparsedItem> + 'a>, PipelineError> {
    let item = |item| UnparsedItem::Item(Box::new(item));
    let refused = move |rejected| item(Err(rejected));
    Ok(match spec.format {
        Format::Warc => Box::new(records_of(path)?.map(move |(number, record)| {
            record.map_or_else(refused, |record| UnparsedItem::Record(number, Box::new(record)))
        })),
        Format::Ndjson => {
            let lines = read_lines(path, open(path).map_err(PipelineError::Brought)?);
            Box::new(
                lines.map(move |(number, line)| line.map_or_else(refused, |line| UnparsedItem::Line(number, line))),
            )
        }
        _ => Box::new(read_documents(path, spec).map_err(PipelineError::Brought)?.map(item)),
    })
}

/// Parses on all cores; same order out as in.
fn parsed(unparsed: Vec<UnparsedItem>, path: &Path, spec: &ImportSpec) -> Items {
    let one = |one| match one {
        UnparsedItem::Line(number, line) => document_of_line(path, number, &line, spec),
        UnparsedItem::Record(number, record) => document_of_record(path, number, &record, spec),
        UnparsedItem::Item(item) => Some(*item),
    };
    unparsed.into_par_iter().filter_map(one).collect()
}

/// What is known of when documents came that people bring.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dating {
    /// Handed in as they happen, at this moment: times are counted back from it, and what names no day is of this one.
    Live(Timestamp),
    /// Brought at this moment, and perhaps years old: no date lies behind it.
    Brought(Timestamp),
    /// Replayed: nothing is known but what they say themselves.
    Replayed,
}

impl Dating {
    /// Dates a document by its own lines, and says what its day is where they name none (decision 0039).
    fn date(self, document: &mut Document) {
        let (live, now) = match self {
            Self::Live(now) => (Some(now), Some(now)),
            Self::Brought(now) => (None, Some(now)),
            Self::Replayed => (None, None),
        };
        date_by_text(document, live, now);
        if document.published_at.is_some() {
            return;
        }
        let was_seen = document.seen_at.is_some();
        document.seen_at = document.seen_at.or(now);
        let is_live = matches!(self, Self::Live(_));
        let of_unknown_age = match document.channel {
            // Whoever complains does so when it happens.
            Channel::Complaint => false,
            // What is handed in as it happens is of this day, unless it was found on the web.
            Channel::Media if is_live => is_on_the_web(document),
            Channel::Regulator | Channel::Standard | Channel::Media => {
                !is_live && (!was_seen || is_on_the_web(document))
            }
            Channel::Platform => !is_live && !was_seen,
        };
        if of_unknown_age {
            mark_undated(document);
        }
    }
}

/// Whether it is a page of the web, which may be of any age.
fn is_on_the_web(document: &Document) -> bool {
    document.url.as_deref().is_some_and(|url| url.starts_with("http://") || url.starts_with("https://"))
}

/// The items without debris of pages, dated by their own words where nothing else dates them, and masked: a number with an invisible
/// character in it is a number.
fn made_ready(mut items: Items, masker: &Masker, dating: Dating) -> Items {
    items.par_iter_mut().for_each(|item| match item {
        Ok(document) => {
            clean_document(document);
            dating.date(document);
            masker.mask_document(document);
        }
        Err(rejected) => {
            rejected.reason.zh = mask(&rejected.reason.zh).into_owned();
            rejected.reason.en = mask(&rejected.reason.en).into_owned();
            rejected.found = mask(&rejected.found).into_owned();
        }
    });
    items
}

/// The lines that were set aside, one JSON object a line, beside the log.
struct Rejects {
    path: PathBuf,
    /// Below the data folder.
    name: String,
    file: Option<File>,
}

impl Rejects {
    fn beside(tower: &Tower, input: &Path, source: &SourceId) -> Self {
        let name = input.file_name().and_then(|name| name.to_str()).unwrap_or("input");
        let safe: String = format!("{source}-{name}")
            .chars()
            .map(|c| if c.is_alphanumeric() || c == '-' || c == '.' { c } else { '_' })
            .collect();
        // Two files of one name in two folders are two.
        let whole = input.canonicalize().unwrap_or_else(|_| input.to_owned());
        let place = blake3::hash(whole.as_os_str().as_encoded_bytes()).to_hex();
        let file = format!("{safe}-{}.ndjson", &place.as_str()[..8]);
        Self { path: tower.rejects_dir().join(&file), name: format!("rejects/{file}"), file: None }
    }

    fn keep(&mut self, rejected: &Rejected) -> Result<(), PipelineError> {
        let io = |what, source| ArchiveError::Io { what, path: self.path.clone(), source };
        if self.file.is_none() {
            if let Some(folder) = self.path.parent() {
                make_folder(folder).map_err(|error| io("create the folder of", error))?;
            }
            self.file = Some(File::create(&self.path).map_err(|error| io("create", error))?);
        }
        let line = serde_json::json!({
            "file": rejected.file.display().to_string(),
            "line": rejected.line,
            "reason": rejected.reason.en,
            "found": rejected.found,
        });
        match &mut self.file {
            Some(file) => Ok(writeln!(file, "{line}").map_err(|error| io("write", error))?),
            None => Ok(()),
        }
    }

    /// What was kept is on the disk: it may be counted.
    fn sync(&self) -> Result<(), PipelineError> {
        let Some(file) = &self.file else { return Ok(()) };
        let synced = file.sync_all().and_then(|()| sync_folder(&self.path));
        Ok(synced.map_err(|source| ArchiveError::Io { what: "put to the disk", path: self.path.clone(), source })?)
    }
}

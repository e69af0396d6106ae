//! The records that concern an organisation, as files in one ZIP archive with a manifest.

use jiff::Timestamp;
use serde::Serialize;

use super::{Folder, PipelineError};
use archive::zip_files;
use matter::{Matter, Part};
use tell::{self, Explained, Language};
use vocabulary::{Act, CriteriaVersion, LexiconVersion, Outcome, SamplingRequest, ShownAlert, ShownEvent, show_moment};

/// Longest files of an archive together, before compression, in bytes.
const ZIPPED_BYTES_MAX: usize = 256 << 20;

/// The records that concern an organisation, each as it may see it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// Alerts.
    pub alerts: Vec<ShownAlert>,
    /// The events of their lives.
    pub events: Vec<ShownEvent>,
    /// Sampling requests.
    pub sampling: Vec<SamplingRequest>,
    /// What people did.
    pub acts: Vec<Act>,
    /// What that adds up to.
    pub matters: Vec<MatterRecord>,
    /// Verdicts and results of tests; for those inside.
    pub outcomes: Vec<Outcome>,
}

/// A matter as an organisation may see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum MatterRecord {
    /// All of it, for those inside.
    Whole(Box<Matter>),
    /// The part of a unit outside.
    Part(Box<Part>),
}

/// One file of the archive: a record a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct ExchangeFile {
    /// Its name in the archive.
    name: &'static str,
    /// Records in it: lines.
    records: usize,
    /// Its length.
    bytes: usize,
    /// Its BLAKE3 digest, as hexadecimal digits.
    blake3: String,
}

/// `manifest.json` of the archive that an organisation takes away: enough to see whether it is whole, and what judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[derive(schemars::JsonSchema)]
pub struct ExchangeManifest<'a> {
    /// The organisation that the records concern; empty for who sees all.
    party: &'a str,
    /// When it was made.
    #[schemars(with = "Timestamp")]
    made_at: String,
    /// Version of the program.
    program: &'static str,
    /// Lexicon in use.
    lexicon: LexiconVersion,
    /// Criteria in use.
    criteria: CriteriaVersion,
    /// The other files of the archive.
    files: Vec<ExchangeFile>,
}

impl Folder {
    /// A ZIP archive of the records, as NDJSON files, with a manifest.
    ///
    /// # Errors
    /// [`PipelineError::Refused`] when they are too many for one archive.
    pub fn zip_records(&self, party: &str, records: &Records, now: Timestamp) -> Result<Vec<u8>, PipelineError> {
        let files = [
            ("alerts.ndjson", lines(records.alerts.iter().map(in_words))?, records.alerts.len()),
            ("events.ndjson", lines(records.events.iter().map(in_words))?, records.events.len()),
            ("sampling.ndjson", lines(&records.sampling)?, records.sampling.len()),
            ("acts.ndjson", lines(&records.acts)?, records.acts.len()),
            ("matters.ndjson", lines(&records.matters)?, records.matters.len()),
            ("outcomes.ndjson", lines(&records.outcomes)?, records.outcomes.len()),
        ];
        if files.iter().map(|(_, bytes, _)| bytes.len()).sum::<usize>() > ZIPPED_BYTES_MAX {
            let megabytes = ZIPPED_BYTES_MAX >> 20;
            return Err(PipelineError::refused(
                format!("记录超过 {megabytes} MB：请用 /api/v1/events 分批读取"),
                format!("the records are longer than {megabytes} MB; read them in parts from /api/v1/events"),
            ));
        }
        let listed = |(name, bytes, records): &(&'static str, Vec<u8>, usize)| ExchangeFile {
            name,
            records: *records,
            bytes: bytes.len(),
            blake3: blake3::hash(bytes).to_hex().to_string(),
        };
        let manifest = ExchangeManifest {
            party,
            made_at: show_moment(now),
            program: env!("CARGO_PKG_VERSION"),
            lexicon: self.lexicon().version().clone(),
            criteria: self.judge_by().version().clone(),
            files: files.iter().map(listed).collect(),
        };
        let manifest = serde_json::to_vec_pretty(&manifest)?;
        let mut all: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes, _)| (*name, bytes.as_slice())).collect();
        all.push(("manifest.json", &manifest));
        zip_files(&all).map_err(|source| PipelineError::Io { what: "pack", path: "records".into(), source })
    }
}

/// A record as others read it.
fn in_words<T: Explained + Clone>(record: &T) -> T {
    tell::written(record.clone(), Language::Chinese)
}

fn lines<T: Serialize>(records: impl IntoIterator<Item = T>) -> Result<Vec<u8>, PipelineError> {
    let mut bytes = Vec::new();
    for record in records {
        serde_json::to_writer(&mut bytes, &record)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

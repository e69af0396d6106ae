//! Everything behind one alert, as one archive: what was said, by which rules, from which documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::files::is_own_warc;
use super::outcomes::no_alert;
use super::{Folder, PipelineError};
use archive::{bundle, read_at};
use store::Store;
use tell::{self, Language};
use vocabulary::{AlertId, AuditEntry, AuditKind, DocumentId, RawRef, show_moment};

/// Documents in a bundle, at most: those of the evidence first.
const DOCUMENTS_MAX: usize = 2_000;

/// What is said to whoever opens one.
const ABOUT: &str = "望楼预警证据包\n\n\
    alert.json      预警现状与全部数值\nhistory.ndjson  历次变化\nacts.ndjson     人工处置\noutcomes.ndjson 核查与检验结果\n\
    sampling.json   采样任务（如有）\ndocuments.ndjson 依据文档（个人信息已遮蔽）\nraw/            原始网页记录（如要求；未遮蔽，注意保密）\n\
    versions.json   程序、词典、评价标准版本与制作时间\n\n校验：sha256sum -c SHA256SUMS，或 wanglou alerts check-bundle 文件\n";

fn lines<T: Serialize>(all: &[T]) -> Result<Vec<u8>, PipelineError> {
    let mut text = String::new();
    for one in all {
        text += &serde_json::to_string(one)?;
        text.push('\n');
    }
    Ok(text.into_bytes())
}

impl Folder {
    /// What was fetched, byte by byte, as one WARC record. Not masked. None where the place is in no file that a collector here wrote, or the
    /// record there has another digest: what a document claims about its own bytes is no path and no proof.
    pub fn raw_record(&self, place: &RawRef) -> Result<Option<Vec<u8>>, PipelineError> {
        if !is_own_warc(&place.file) {
            return Ok(None);
        }
        let record = read_at(&self.warc_dir().join(&place.file), place.offset)?;
        if record.header("WARC-Payload-Digest") != Some(place.digest.as_str())
            || record.payload_is_intact() == Some(false)
        {
            return Ok(None);
        }
        let mut head = "WARC/1.1\r\n".to_owned();
        for (name, value) in &record.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&record.block);
        bytes.extend_from_slice(b"\r\n\r\n");
        Ok(Some(bytes))
    }

    /// The evidence of an alert as an archive that can be verified. `raw`: with the pages as they were sent, unmasked.
    pub async fn bundle(&self, id: &AlertId, raw: bool, by: &str, now: Timestamp) -> Result<Vec<u8>, PipelineError> {
        let alert = self.store().alert(id).await?;
        let alert = alert.ok_or_else(|| no_alert(id))?;
        let mut files = BTreeMap::from([("README.txt".to_owned(), ABOUT.as_bytes().to_vec())]);
        let mut put = |name: &str, bytes: Vec<u8>| files.insert(name.to_owned(), bytes);
        let alert = tell::written(alert, Language::Chinese);
        put("alert.json", serde_json::to_vec_pretty(&alert)?);
        let history = self.store().alert_events(Some(id)).await?;
        let history: Vec<_> = history.into_iter().map(|event| tell::written(event, Language::Chinese)).collect();
        put("history.ndjson", lines(&history)?);
        put("acts.ndjson", lines(&self.store().acts(Some(id)).await?)?);
        put("outcomes.ndjson", lines(&self.store().outcomes(Some(id)).await?)?);
        if let Some(request) = self.store().sampling_request(id).await? {
            put("sampling.json", serde_json::to_vec_pretty(&request)?);
        }
        let evidence = alert.evidence.iter().map(|shown| &shown.document_id);
        let mut met: BTreeSet<&DocumentId> = BTreeSet::new();
        let mut documents = Vec::new();
        for id in evidence.chain(&alert.assessment.documents).filter(|id| met.insert(id)).take(DOCUMENTS_MAX) {
            documents.extend(self.store().document(id).await?.map(|entry| entry.document));
        }
        put("documents.ndjson", lines(&documents)?);
        let versions = json!({
            "program": env!("CARGO_PKG_VERSION"), "lexicon": alert.lexicon, "criteria": alert.assessment.criteria,
            "alert": id, "as_of": alert.assessment.as_of, "made_at": show_moment(now), "made_by": by,
        });
        put("versions.json", serde_json::to_vec_pretty(&versions)?);
        if raw {
            for (number, place) in (1..).zip(documents.iter().filter_map(|document| document.raw.as_ref())) {
                if let Some(record) = self.raw_record(place)? {
                    put(&format!("raw/{number:04}.warc"), record);
                }
            }
        }
        let archive = bundle::write(&files)?;
        let mut tx = self.store().begin().await?;
        let detail = if raw { "evidence bundle with raw pages" } else { "evidence bundle" };
        let (who, about, detail) = (by.to_owned(), id.to_string(), detail.to_owned());
        Store::add_audit(&mut tx, &AuditEntry { at: now, who, what: AuditKind::Export, about, detail }).await?;
        tx.commit().await?;
        Ok(archive)
    }
}

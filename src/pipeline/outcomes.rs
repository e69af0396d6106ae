//! outcomes ──► store ──► the next judgement.
#![expect(clippy::disallowed_methods, reason = "an edge: reads what a rerun wrote")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::judge::Judge;
use super::{Folder, PipelineError};
use sampling::results::{self, BadLine};
use score::FeedbackCriteria;
use store::{Store, Taken};
use vocabulary::{Alert, AlertId, AuditEntry, AuditKind, Outcome, Refused, Said, Verdict, refused};

/// What an import of results did: `collected = kept + duplicate + rejected` (COUNT-1).
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ResultsReport {
    /// Lines read.
    pub collected: u64,
    /// New outcomes.
    pub kept: u64,
    /// Outcomes that were there already.
    pub duplicate: u64,
    /// Lines that are no outcome, or that contradict one that was kept: with line and reason.
    pub rejected: Vec<Refused>,
}

impl Judge {
    /// How outcomes are read.
    #[must_use]
    pub fn feedback_criteria(&self) -> &FeedbackCriteria {
        &self.criteria().feedback
    }
}

impl Folder {
    /// Keeps an analyst's verdict. Works beside a running tower; its next judgement uses it.
    pub async fn take_verdict(
        &self,
        alert: &AlertId,
        verdict: Verdict,
        by: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<(Outcome, Taken), PipelineError> {
        let found = self.store().alert(alert).await?;
        let found = found.ok_or_else(|| no_alert(alert))?;
        let outcome = results::verdict(&found, verdict, by, why, now)?;
        let mut tx = self.store().begin().await?;
        let taken = Store::add_outcome(&mut tx, &outcome).await?;
        let (at, who, about, detail) = (now, by.to_owned(), alert.to_string(), verdict.zh().to_owned());
        Store::add_audit(&mut tx, &AuditEntry { at, who, what: AuditKind::Outcome, about, detail }).await?;
        tx.commit().await?;
        Ok((outcome, taken))
    }

    /// Takes in a file of results, all good lines in one transaction with the line of the audit log; the same file again brings nothing
    /// new and leaves no line. `by`: who brought it.
    pub async fn take_results(
        &self,
        text: &str,
        ndjson: bool,
        by: &str,
        now: Timestamp,
    ) -> Result<ResultsReport, PipelineError> {
        let mut alerts: BTreeMap<String, Alert> = BTreeMap::new();
        let events = self.store().alert_events(None).await?;
        for id in events.into_iter().map(|event| event.alert_id) {
            if !alerts.contains_key(id.as_str())
                && let Some(alert) = self.store().alert(&id).await?
            {
                if let Some(request) = self.store().sampling_request(&id).await? {
                    alerts.insert(request.id.as_str().to_owned(), alert.clone());
                }
                alerts.insert(id.as_str().to_owned(), alert);
            }
        }
        let lines = results::results(text, ndjson, &alerts, now)
            .map_err(|bad: BadLine| PipelineError::refused(format!("检验结果文件：{}", bad.zh()), bad.to_string()))?;
        let mut done = ResultsReport { collected: lines.len() as u64, ..ResultsReport::default() };
        let mut tx = self.store().begin().await?;
        for line in lines {
            match line {
                Err(bad) => done.rejected.push(Refused::of(&bad)),
                Ok(outcome) => match Store::add_outcome(&mut tx, &outcome).await? {
                    Taken::Kept => done.kept += 1,
                    Taken::Known => done.duplicate += 1,
                    Taken::Differs(kept) => {
                        done.rejected.push(Refused::new(
                            format!("“{outcome}”与已保存的“{kept}”矛盾"),
                            format!("outcome `{}` contradicts the one that was kept under the same id", outcome.id),
                        ));
                    }
                },
            }
        }
        if done.kept > 0 {
            let (at, who, about) = (now, by.to_owned(), "results".to_owned());
            let ResultsReport { collected, kept, duplicate, ref rejected } = done;
            let rejected = rejected.len();
            let detail = format!("{collected} lines: {kept} kept, {duplicate} duplicate, {rejected} rejected");
            Store::add_audit(&mut tx, &AuditEntry { at, who, what: AuditKind::Outcome, about, detail }).await?;
        }
        tx.commit().await?;
        Ok(done)
    }
}

/// An alert that nobody knows here.
pub(super) fn no_alert(id: &AlertId) -> PipelineError {
    PipelineError::Refused(unknown_alert(id))
}

/// Why nothing can be done with an alert that nobody knows here.
pub(super) fn unknown_alert(id: &AlertId) -> Refused {
    refused!("没有编号为 {id} 的预警。", "there is no alert `{id}` here")
}

/// The text of a file.
pub fn text_of(path: &Path) -> Result<String, PipelineError> {
    fs::read_to_string(path).map_err(|source| PipelineError::Io { what: "read", path: path.to_owned(), source })
}

/// The values of a file of NDJSON.
pub fn json_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, PipelineError> {
    let read = |(at, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| {
            let (path, line) = (path.display(), at + 1);
            PipelineError::refused(format!("{path} 第 {line} 行：“{error}”"), format!("{path}:{line}: {error}"))
        })
    };
    text_of(path)?.lines().enumerate().map(read).collect()
}

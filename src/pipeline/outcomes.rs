//! outcomes ──► store ──► the next judgement; and the quality report of a tower or of a replay.
#![expect(clippy::disallowed_methods, reason = "an edge: reads what a rerun wrote")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::judging::Judge;
use super::{PipelineError, Tower};
use crate::alert::backtest::Incident;
use crate::alert::quality::{QualityReport, Sheet, Stamps, report};
use crate::sampling::results::{self, BadLine};
use crate::score::{Feedback, FeedbackCriteria};
use crate::store::{Store, Taken};
use crate::vocabulary::{
    Alert, AlertEvent, AlertEventKind, AlertId, AuditEntry, AuditKind, DateRange, Outcome, SamplingRequest, Verdict,
    end_of_day,
};

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
    pub rejected: Vec<String>,
}

impl Judge {
    /// How outcomes are read.
    #[must_use]
    pub fn feedback_criteria(&self) -> &FeedbackCriteria {
        &self.criteria().feedback
    }
}

impl Tower {
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
        let found = found.ok_or_else(|| PipelineError::Outcome(format!("there is no alert `{alert}` here")))?;
        let outcome = results::verdict(&found, verdict, by, why, now).map_err(PipelineError::Outcome)?;
        let mut tx = self.store().begin().await?;
        let taken = Store::add_outcome(&mut tx, &outcome).await?;
        let (at, who, about, detail) = (now, by.to_owned(), alert.to_string(), verdict.zh().to_owned());
        Store::add_audit(&mut tx, &AuditEntry { at, who, what: AuditKind::Outcome, about, detail }).await?;
        tx.commit().await?;
        Ok((outcome, taken))
    }

    /// Takes in a file of results, all good lines in one transaction; the same file again brings nothing new.
    pub async fn take_results(&self, text: &str, ndjson: bool, now: Timestamp) -> Result<ResultsReport, PipelineError> {
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
            .map_err(|bad: BadLine| PipelineError::Outcome(bad.to_string()))?;
        let mut done = ResultsReport { collected: lines.len() as u64, ..ResultsReport::default() };
        let mut tx = self.store().begin().await?;
        for line in lines {
            match line {
                Err(bad) => done.rejected.push(bad.to_string()),
                Ok(outcome) => match Store::add_outcome(&mut tx, &outcome).await? {
                    Taken::Kept => done.kept += 1,
                    Taken::Known => done.duplicate += 1,
                    Taken::Differs(kept) => {
                        done.rejected.push(format!("`{outcome}` contradicts `{kept}`, which was kept"));
                    }
                },
            }
        }
        tx.commit().await?;
        Ok(done)
    }

    /// How well this tower does, from its first alert to the day last judged unless told otherwise.
    pub async fn quality(
        &self,
        from: Option<Date>,
        to: Option<Date>,
        known_by: Option<Date>,
        incidents: &[Incident],
    ) -> Result<QualityReport, PipelineError> {
        let lines = self.store().alert_events(None).await?;
        let last = self.judged_until().await?;
        let range = stretch(&lines, from, to.or(last))?;
        let requests = self.store().sampling_requests().await?;
        let feedback = Feedback::new(self.store().outcomes(None).await?);
        let mut stamps = Vec::new();
        for line in lines.iter().filter(|line| line.event == AlertEventKind::Opened) {
            for evidence in &line.evidence {
                let seen = match self.store().document(&evidence.document_id).await? {
                    Some(entry) => entry.document.seen_at,
                    None => None,
                };
                let alerted = end_of_day(line.as_of);
                stamps.push(Stamps { published: evidence.published_at, seen, read: None, alerted });
            }
        }
        let judge = self.judge_by();
        let criteria = judge.feedback_criteria();
        Ok(report(&Sheet {
            range,
            known_by,
            lines: &lines,
            requests: &requests,
            feedback: &feedback,
            incidents,
            stamps: &stamps,
            promised_per_30_days: judge.criteria().budget.onsets_per_30_days,
            criteria,
        }))
    }
}

/// How well a replay did, judged by outcomes that it may not have known; `known_by`: by whose end they must have been known.
pub fn quality_of_run(
    run: &Path,
    outcomes: Vec<Outcome>,
    (from, to): (Option<Date>, Option<Date>),
    known_by: Option<Date>,
    incidents: &[Incident],
    judge: &Judge,
) -> Result<QualityReport, PipelineError> {
    let lines: Vec<AlertEvent> = json_lines(&run.join("alerts.ndjson"))?;
    let requests: Vec<SamplingRequest> = json_lines(&run.join("sampling.ndjson"))?;
    let summary: serde_json::Value = serde_json::from_str(&text_of(&run.join("summary.json"))?)?;
    let judged: DateRange = serde_json::from_value(summary["range"].clone())?;
    let range = DateRange { from: from.unwrap_or(judged.from), to: to.unwrap_or(judged.to) };
    let range = stretch(&lines, Some(range.from), Some(range.to))?;
    let opened = lines.iter().filter(|line| line.event == AlertEventKind::Opened);
    let stamps: Vec<Stamps> = opened
        .flat_map(|line| line.evidence.iter().map(|evidence| (evidence.published_at, end_of_day(line.as_of))))
        .map(|(published, alerted)| Stamps { published, seen: None, read: None, alerted })
        .collect();
    Ok(report(&Sheet {
        range,
        known_by,
        lines: &lines,
        requests: &requests,
        feedback: &Feedback::new(outcomes),
        incidents,
        stamps: &stamps,
        promised_per_30_days: judge.criteria().budget.onsets_per_30_days,
        criteria: judge.feedback_criteria(),
    }))
}

fn stretch(lines: &[AlertEvent], from: Option<Date>, to: Option<Date>) -> Result<DateRange, PipelineError> {
    let first = from.or_else(|| lines.iter().map(|line| line.as_of).min());
    let last = to.or_else(|| lines.iter().map(|line| line.as_of).max());
    match (first, last) {
        (Some(from), Some(to)) if from <= to => Ok(DateRange { from, to }),
        (Some(from), Some(to)) => Err(PipelineError::Outcome(format!("{to} lies before {from}"))),
        _ => Err(PipelineError::Outcome("no day has been judged here yet; give --from and --to".to_owned())),
    }
}

pub(super) fn text_of(path: &Path) -> Result<String, PipelineError> {
    fs::read_to_string(path).map_err(|source| PipelineError::Io { what: "read", path: path.to_owned(), source })
}

pub(super) fn json_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, PipelineError> {
    let read = |(at, line): (usize, &str)| {
        let bad = |error| PipelineError::Outcome(format!("{}:{}: {error}", path.display(), at + 1));
        serde_json::from_str(line).map_err(bad)
    };
    text_of(path)?.lines().enumerate().map(read).collect()
}

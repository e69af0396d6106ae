//! The quality report of a tower's data folder, and of a replay.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;

use super::backtest::Incident;
use super::handled::Handled;
use super::quality::{QualityReport, Sheet, Stamps, report};
use pipeline::{Folder, Judge, PipelineError, json_lines, text_of};
use score::Feedback;
use vocabulary::{AlertEvent, AlertEventKind, AlertId, DateRange, Outcome, SamplingRequest, day_of, end_of_day};

/// How well this folder's watch does, from its first alert to the day last judged unless told otherwise.
pub async fn quality_of_folder(
    folder: &Folder,
    from: Option<Date>,
    to: Option<Date>,
    known_by: Option<Date>,
    incidents: &[Incident],
) -> Result<QualityReport, PipelineError> {
    let lines = folder.store().alert_events(None).await?;
    let last = folder.judged_until().await?;
    let range = stretch(&lines, from, to.or(last))?;
    let requests = folder.store().sampling_requests().await?;
    let (matters, handling) = (matters(folder, known_by).await?, folder.handling());
    let feedback = Feedback::new(folder.store().outcomes(None).await?);
    let mut stamps = Vec::new();
    for line in lines.iter().filter(|line| line.event == AlertEventKind::Opened) {
        for evidence in &line.evidence {
            let seen = match folder.store().document(&evidence.document_id).await? {
                Some(entry) => entry.document.seen_at,
                None => None,
            };
            let alerted = end_of_day(line.as_of);
            stamps.push(Stamps { published: evidence.published_at, seen, read: None, alerted });
        }
    }
    let judge = folder.judge_by();
    let criteria = judge.feedback_criteria();
    Ok(report(&Sheet {
        range,
        known_by,
        lines: &lines,
        requests: &requests,
        feedback: &feedback,
        incidents,
        stamps: &stamps,
        matters: Some((matters.as_slice(), &*handling)),
        promised_per_30_days: judge.criteria().budget.onsets_per_30_days,
        criteria,
    }))
}

/// All matters as they were known by the end of a day, or as they are.
async fn matters(folder: &Folder, known_by: Option<Date>) -> Result<Vec<Handled>, PipelineError> {
    let until = known_by.unwrap_or(Date::MAX);
    let requests = folder.store().every_request().await?.into_iter().filter(|request| request.created_on <= until);
    let requests: BTreeMap<AlertId, SamplingRequest> =
        requests.map(|request| (request.alert_id.clone(), request)).collect();
    let mut matters: BTreeMap<AlertId, Handled> = BTreeMap::new();
    for alert in folder.store().every_alert().await? {
        let matter = Handled::new(alert.id.clone(), alert.opened_on, requests.get(&alert.id));
        matters.insert(alert.id, matter);
    }
    for act in folder.store().acts_but_notes(None).await?.iter().filter(|act| day_of(act.at) <= until) {
        if let Some(matter) = matters.get_mut(&act.alert_id) {
            matter.take(act);
        }
    }
    Ok(matters.into_values().collect())
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
        matters: None,
        promised_per_30_days: judge.criteria().budget.onsets_per_30_days,
        criteria: judge.feedback_criteria(),
    }))
}

fn stretch(lines: &[AlertEvent], from: Option<Date>, to: Option<Date>) -> Result<DateRange, PipelineError> {
    let first = from.or_else(|| lines.iter().map(|line| line.as_of).min());
    let last = to.or_else(|| lines.iter().map(|line| line.as_of).max());
    match (first, last) {
        (Some(from), Some(to)) if from <= to => Ok(DateRange { from, to }),
        (Some(from), Some(to)) => {
            Err(PipelineError::refused(format!("{to} 早于 {from}"), format!("{to} lies before {from}")))
        }
        _ => Err(PipelineError::refused(
            "这里还没有评估过任何一天；请用 --from 和 --to 指明",
            "no day has been judged here yet; give --from and --to",
        )),
    }
}

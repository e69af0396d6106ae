//! Duties that ran out are told (clauses 3-13, 3-14): one notice a day, when there are new ones, and each duty once.
//!
//! Judging a day looks at all matters the first time; what was told is a fact, kept in the transaction of the judgement, so that neither a second
//! look nor a service that was killed tells anything twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Folder, PipelineError};
use matter::{Duty, Handling, Matter};
use store::{Store, StoreError, Tx};
use vocabulary::{Alert, Language, Notice, NoticeKind};

/// Fact under which it is kept what was told.
const TOLD: &str = "duties.told";
/// Most duties that a notice lists.
const LISTED_MAX: usize = 20;

/// What was told until a day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    /// The last day on which somebody looked.
    day: Option<Date>,
    /// Duties by the id of their matter.
    duties: BTreeMap<String, BTreeSet<String>>,
}

/// A look at all matters: what is told by now, and the notice about what is new.
#[derive(Debug)]
pub(super) struct Escalation {
    told: String,
    notice: Option<Notice>,
}

impl Escalation {
    /// Keeps it.
    pub(super) async fn keep(&self, tx: &mut Tx) -> Result<(), PipelineError> {
        if let Some(notice) = &self.notice {
            Store::add_notice(tx, notice).await?;
        }
        Store::set_fact(tx, TOLD, &self.told).await?;
        Ok(())
    }
}

impl Folder {
    /// Looks for duties that ran out, the first time on a day; none when somebody looked already.
    pub(super) async fn escalate(&self, today: Date, now: Timestamp) -> Result<Option<Escalation>, PipelineError> {
        let told = match self.store().fact(TOLD).await? {
            Some(kept) => {
                serde_json::from_str(&kept).map_err(|error| StoreError::stored("facts", TOLD, "value", error))?
            }
            None => Told::default(),
        };
        if told.day.is_some_and(|day| today <= day) {
            return Ok(None);
        }
        let matters = self.matters().await?;
        let (told, notice) = look(&told, &matters, &self.handling(), today, now)?;
        Ok(Some(Escalation { told: serde_json::to_string(&told)?, notice }))
    }
}

/// What is told after a day, and the notice of the day.
fn look(
    before: &Told,
    matters: &[(Alert, Matter)],
    handling: &Handling,
    today: Date,
    now: Timestamp,
) -> Result<(Told, Option<Notice>), serde_json::Error> {
    let mut told = Told { day: Some(today), duties: BTreeMap::new() };
    let (mut fresh, mut all): (Vec<(&Alert, Duty)>, usize) = (Vec::new(), 0);
    for (alert, matter) in matters {
        let known = before.duties.get(alert.id.as_str());
        let mut keys = BTreeSet::new();
        for duty in matter.duties(handling).into_iter().filter(|duty| duty.is_overdue(today)) {
            let key = key_of(&duty)?;
            all += 1;
            if known.is_none_or(|known| !known.contains(&key)) {
                fresh.push((alert, duty));
            }
            keys.insert(key);
        }
        // Of a matter at rest nothing is overdue; opened again, it owes what it owed.
        if let Some(known) = known.filter(|_| matter.is_at_rest()) {
            keys.extend(known.iter().cloned());
        }
        if !keys.is_empty() {
            told.duties.insert(alert.id.to_string(), keys);
        }
    }
    if fresh.is_empty() {
        return Ok((told, None));
    }
    fresh.sort_by_key(|(alert, duty)| (duty.limit.as_ref().map(|limit| limit.last_day), &alert.id));
    let listed: Vec<String> = fresh.iter().take(LISTED_MAX).map(|(alert, duty)| line(alert, duty, today)).collect();
    let more = if fresh.len() > listed.len() { format!("，列出{}项", listed.len()) } else { String::new() };
    let text = format!("新逾期{}项{more}；共逾期{all}项。{}", fresh.len(), listed.join("；"));
    let notice = Notice { kind: NoticeKind::DutiesOverdue, at: now, about: today.to_string(), text };
    Ok((told, Some(notice)))
}

/// What tells a duty from every other one of its matter: who owes what, since when.
fn key_of(duty: &Duty) -> Result<String, serde_json::Error> {
    serde_json::to_string(&(&duty.owner, &duty.owed, duty.since))
}

fn line(alert: &Alert, duty: &Duty, today: Date) -> String {
    let judged = &alert.assessment;
    let limit = duty.limit.as_ref().map_or_else(String::new, |limit| {
        let checked = if limit.verified { "" } else { "，时限未核对" };
        format!("期限{}，逾期{}天{checked}", limit.last_day, duty.days_late(today))
    });
    format!(
        "{}：{}（{}“{}”，{}），{limit}",
        duty.owner.said(Language::Chinese),
        duty.owed.said(Language::Chinese),
        judged.category.zh(),
        judged.hazard.zh(),
        alert.id
    )
}

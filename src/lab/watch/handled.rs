//! What became of matters: how far people came, how long each step took, who was late (clauses 1-07, 1-21, 1-25, 2-22).
//!
//! In: matters with the acts on them, clocks, a day. Out: counts and days as values, and rows of the report. Not here: whether alerts were right
//! (`quality`), the store.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use super::share::{Share, nearest_rank};
use matter::{Handling, Matter, Owner, Recipient};
use vocabulary::{Act, ActKind, AlertId, Language, Report, Role, SamplingRequest, Stage, said};

/// A matter with what was ever done about it.
#[derive(Debug, Clone)]
pub struct Handled {
    /// What the acts add up to.
    pub matter: Matter,
    /// Kinds of acts that were ever done.
    did: BTreeSet<ActKind>,
    /// What was found: the last of `confirm` and `refute`.
    found: Option<ActKind>,
}

impl Handled {
    /// A matter about which nothing was done yet.
    #[must_use]
    pub fn new(id: AlertId, opened_on: Date, request: Option<&SamplingRequest>) -> Self {
        Self { matter: Matter::new(id, opened_on, request), did: BTreeSet::new(), found: None }
    }

    /// Goes on by one act.
    pub fn take(&mut self, act: &Act) {
        self.matter.take(act);
        self.did.insert(act.kind);
        if matches!(act.kind, ActKind::Confirm | ActKind::Refute) {
            self.found = Some(act.kind);
        }
    }

    fn did_any(&self, kinds: &[ActKind]) -> bool {
        kinds.iter().any(|kind| self.did.contains(kind))
    }

    /// The first purchase of a sample.
    fn bought_on(&self) -> Option<Date> {
        self.matter.samples.values().map(|sample| sample.bought_on).min()
    }

    /// The first result that was entered.
    fn tested_on(&self) -> Option<Date> {
        self.matter.samples.values().filter_map(|sample| sample.results.first()).map(|result| result.entered_on).min()
    }

    /// The first measure of anybody.
    fn measured_on(&self) -> Option<Date> {
        let finished = self.matter.recipients.values().filter_map(|unit| unit.finished_on);
        self.matter.measures.iter().map(|taken| taken.on).chain(finished).min()
    }

    /// Days from the alert to the first measure.
    pub(super) fn days_to_measure(&self) -> Option<f64> {
        Some(days(self.matter.opened_on, self.measured_on()?))
    }
}

fn days(from: Date, to: Date) -> f64 {
    f64::from((to - from).get_days().max(0))
}

/// A step of the way and what became of the matters that came to it: `of` = `done` + `dropped` + `open`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The step, in Chinese.
    pub step: &'static str,
    /// Matters that came to it.
    pub of: u64,
    /// Those of which it is done.
    pub done: u64,
    /// Those of which it is no longer expected: decided otherwise, excluded, cancelled, closed with a reason.
    pub dropped: u64,
    /// Those of which it is expected.
    pub open: u64,
}

/// Matters that stand at one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageRow {
    /// The stage.
    pub stage: Stage,
    /// How many.
    pub matters: u64,
}

/// Days between two steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lag {
    /// From which to which.
    pub step: &'static str,
    /// Matters with both.
    pub matters: u64,
    /// Median.
    pub p50_days: f64,
    /// 95th percentile.
    pub p95_days: f64,
}

/// Clocks of one role of organisations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LateRow {
    /// Whose.
    pub role: Role,
    /// Of the clocks with a last day, those that stopped late or are overdue.
    pub late: Share,
    /// Of these, those that still run.
    pub overdue: u64,
}

/// What became of the matters of a stretch of days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HandledReport {
    /// Matters that opened.
    pub matters: u64,
    /// Where they stand; the sum is all of them.
    pub stages: Vec<StageRow>,
    /// Confirmed in the end.
    pub confirmed: u64,
    /// Not confirmed in the end.
    pub not_confirmed: u64,
    /// Step by step.
    pub steps: Vec<Step>,
    /// How long each took.
    pub lags: Vec<Lag>,
    /// Who was late.
    pub late: Vec<LateRow>,
}

/// What became of these matters; `today`: the day on which clocks are looked at.
#[must_use]
pub fn handled(matters: &[&Handled], handling: &Handling, today: Date) -> HandledReport {
    let at = |stage: Stage| matters.iter().filter(|one| one.matter.casework.stage == stage).count() as u64;
    let stages = Stage::ALL.iter().map(|stage| StageRow { stage: *stage, matters: at(*stage) });
    let found = |kind: ActKind| matters.iter().filter(|one| one.found == Some(kind)).count() as u64;
    HandledReport {
        matters: matters.len() as u64,
        stages: stages.filter(|row| row.matters > 0).collect(),
        confirmed: found(ActKind::Confirm),
        not_confirmed: found(ActKind::Refute),
        steps: steps(matters),
        lags: lags(matters),
        late: late(matters, handling, today),
    }
}

/// What became of a step in one matter.
enum Came {
    Done,
    Dropped,
    Open,
}

impl Came {
    fn of(done: bool, dropped: bool) -> Self {
        match (done, dropped) {
            (true, _) => Self::Done,
            (false, true) => Self::Dropped,
            (false, false) => Self::Open,
        }
    }
}

/// None: the matter did not come to this step.
type Ask = fn(&Handled) -> Option<Came>;

const STEPS: [(&str, &str, Ask); 9] = [
    ("首次响应", "first response", |one| Some(Came::of(one.matter.responded_on.is_some(), false))),
    ("通知或采样", "notified or sampled", |one| {
        one.matter.responded_on?;
        let decided = one.did_any(&[ActKind::Notify, ActKind::Sample, ActKind::Order, ActKind::Address]);
        Some(Came::of(decided, one.found.is_some() || one.matter.is_at_rest()))
    }),
    ("下达方案", "scheme given to buyers", |one| {
        let cancelled = one.matter.scheme.as_ref()?.cancelled.is_some();
        Some(Came::of(one.did_any(&[ActKind::Order]), cancelled || one.matter.is_at_rest()))
    }),
    ("购样", "bought", |one| {
        let scheme = one.matter.scheme.as_ref().filter(|_| one.did_any(&[ActKind::Order]))?;
        Some(Came::of(one.bought_on().is_some(), scheme.cancelled.is_some() || one.matter.is_at_rest()))
    }),
    ("检验", "tested", |one| {
        one.bought_on()?;
        let none_can_be = one.matter.samples.values().all(|sample| sample.not_testable.is_some());
        Some(Came::of(one.tested_on().is_some(), none_can_be || one.matter.is_at_rest()))
    }),
    ("结论", "confirmed or not", |one| Some(Came::of(one.found.is_some(), one.matter.is_at_rest()))),
    ("告知有关单位", "units told", |one| {
        let told = !one.matter.recipients.is_empty();
        let asked = told || one.found == Some(ActKind::Confirm) || one.did_any(&[ActKind::Notify]);
        asked.then(|| Came::of(told, one.matter.is_at_rest()))
    }),
    ("处理完成", "handled by all", |one| {
        let units = &one.matter.recipients;
        (!units.is_empty()).then(|| Came::of(units.values().all(Recipient::is_done), one.matter.is_at_rest()))
    }),
    ("办结", "closed", |one| {
        let stage = one.matter.casework.stage;
        Some(Came::of(stage == Stage::Closed, stage == Stage::Excluded))
    }),
];

fn steps(matters: &[&Handled]) -> Vec<Step> {
    let count = |(step, _, ask): (&'static str, &'static str, Ask)| {
        let mut found = Step { step, ..Step::default() };
        for came in matters.iter().filter_map(|one| ask(one)) {
            found.of += 1;
            match came {
                Came::Done => found.done += 1,
                Came::Dropped => found.dropped += 1,
                Came::Open => found.open += 1,
            }
        }
        found
    };
    STEPS.into_iter().map(count).collect()
}

/// None: the matter does not have both.
type Between = fn(&Handled) -> Option<(Date, Date)>;

const LAGS: [(&str, &str, Between); 6] = [
    ("预警→首次响应", "alert → first response", |one| Some((one.matter.opened_on, one.matter.responded_on?))),
    ("首次响应→采样", "first response → sample", |one| Some((one.matter.responded_on?, one.bought_on()?))),
    ("采样→结果", "sample → result", |one| Some((one.bought_on()?, one.tested_on()?))),
    ("结果→处置", "result → measure", |one| Some((one.tested_on()?, one.measured_on()?))),
    ("处置→办结", "measure → closed", |one| Some((one.measured_on()?, one.matter.closed_on?))),
    ("预警→办结", "alert → closed", |one| Some((one.matter.opened_on, one.matter.closed_on?))),
];

fn lags(matters: &[&Handled]) -> Vec<Lag> {
    let one = |(step, _, between): (&'static str, &'static str, Between)| {
        let mut all: Vec<f64> =
            matters.iter().filter_map(|one| between(one)).map(|(from, to)| days(from, to)).collect();
        all.sort_by(f64::total_cmp);
        let (p50_days, p95_days) = (nearest_rank(&all, 50)?, nearest_rank(&all, 95)?);
        Some(Lag { step, matters: all.len() as u64, p50_days, p95_days })
    };
    LAGS.into_iter().filter_map(one).collect()
}

fn late(matters: &[&Handled], handling: &Handling, today: Date) -> Vec<LateRow> {
    /// Clocks, of these late, of these still running.
    type Counts = (u64, u64, u64);
    let mut by_role: BTreeMap<Role, Counts> = BTreeMap::new();
    for one in matters {
        for duty in one.matter.duties(handling).iter().filter(|duty| duty.limit.is_some() && !duty.is_right) {
            let (clocks, late, overdue) = by_role.entry(role_of(&one.matter, &duty.owner)).or_default();
            *clocks += 1;
            *late += u64::from(duty.days_late(today) > 0);
            *overdue += u64::from(duty.is_overdue(today));
        }
    }
    let row =
        |(role, (clocks, late, overdue)): (Role, Counts)| LateRow { role, late: Share::of(late, clocks), overdue };
    by_role.into_iter().map(row).collect()
}

/// The role in which an owner of clocks acts in a matter. Buyers belong to the centre.
fn role_of(matter: &Matter, owner: &Owner) -> Role {
    let Owner::Unit(name) = owner else { return Role::Centre };
    if let Some(unit) = matter.recipients.get(name) {
        return unit.role;
    }
    let tests = matter.samples.values().any(|sample| sample.body.as_ref() == Some(name));
    if tests || matter.commissions.contains_key(name) {
        return Role::TestBody;
    }
    if matter.corrections.iter().any(|order| order.firm == *name) {
        return Role::Firm;
    }
    let mut authorities =
        matter.cases.iter().map(|case| &case.of).chain(matter.corrections.iter().map(|order| &order.of));
    if authorities.any(|unit| unit == name) { Role::Supervision } else { Role::Centre }
}

impl HandledReport {
    /// How far matters came and how long it took, as rows whose first cell names the row.
    pub(super) fn done_rows(&self, language: Language) -> Vec<Vec<String>> {
        let stage = |row: &StageRow| {
            let (zh, en, matters) = (row.stage.zh(), row.stage.en(), row.matters);
            said!(language, "{zh}{matters}件", "{en} {matters}")
        };
        let stages: Vec<String> = self.stages.iter().map(stage).collect();
        let mut rows = Vec::new();
        if !stages.is_empty() {
            let (head, between) = language.pick(("现处阶段", "，"), ("stages", ", "));
            rows.push(vec![head.to_owned(), stages.join(between)]);
        }
        for (step, (_, en, _)) in self.steps.iter().zip(STEPS) {
            let Step { step, of, done, dropped, open } = *step;
            let told = said!(
                language,
                "{of}件中已办{done}件，不再办{dropped}件，未办{open}件",
                "of {of} done {done}, given up {dropped}, open {open}"
            );
            rows.push(vec![language.pick(step, en).to_owned(), told]);
        }
        let (confirmed, not_confirmed) = (self.confirmed, self.not_confirmed);
        rows.push(vec![
            language.pick("其中结论", "found").to_owned(),
            said!(
                language,
                "属实{confirmed}件，未证实{not_confirmed}件",
                "confirmed {confirmed}, not confirmed {not_confirmed}"
            ),
        ]);
        for lag in &self.lags {
            let en = LAGS.iter().find(|(step, ..)| *step == lag.step).map_or(lag.step, |(_, en, _)| *en);
            let told = said!(
                language,
                "中位{:.0}天，95%以内{:.0}天（{}件）",
                "median {:.0} days, 95 % within {:.0} days ({} matters)",
                lag.p50_days,
                lag.p95_days,
                lag.matters
            );
            rows.push(vec![language.pick(lag.step, en).to_owned(), told]);
        }
        rows
    }

    /// Who was late.
    pub(super) fn late_rows(&self, language: Language) -> Vec<Vec<String>> {
        let row = |row: &LateRow| {
            let (late, overdue) = (row.late.text(language), row.overdue);
            vec![
                said!(language, "逾期率 {}", "late: {}", language.pick(row.role.zh(), row.role.en())),
                said!(language, "{late}，其中未办{overdue}项", "{late}, of these open {overdue}"),
            ]
        };
        self.late.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests;

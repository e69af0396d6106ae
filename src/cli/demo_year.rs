//! `wanglou demo --year`: people of the simulated world handle what is alerted, day by day, and a report says what became of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use super::Failure;
use super::lang::pick;
use matter::{Matter, Owed, SampleCounts, SampleState};
use pipeline::{ActTaken, Folder};
use simulate::{People, Tried, World, judge};
use store::Store;
use vocabulary::{
    Alert, AlertEvent, AlertId, Category, Disposal, Language, SamplingRequest, Stage, said, start_of_day,
};

/// Reasons of refusals that are kept.
const REASONS_KEPT: usize = 12;

/// What became of a year.
#[derive(Debug, Default, Serialize)]
pub(super) struct Year {
    /// Alerts that opened, and of these about a danger that exists.
    opened: u64,
    real: u64,
    /// Matters by how far they came.
    stages: BTreeMap<&'static str, u64>,
    /// Requests for samples, of these approved and given to buyers, and cancelled.
    requests: u64,
    ordered: u64,
    cancelled: u64,
    /// Requests by the spread of the alert and the rule by which the machine made them; `by hand` for the others.
    requests_by: BTreeMap<String, u64>,
    /// Samples, over all matters.
    samples: BTreeMap<&'static str, u64>,
    bought: u64,
    replaced: u64,
    to_replace: u64,
    failed: u64,
    corrected: u64,
    tested_again: u64,
    /// Whether the counts of every matter add up.
    reconcile: bool,
    /// Units told, and of these how many acknowledged, finished, reported.
    told: u64,
    acknowledged: u64,
    finished: u64,
    reported: u64,
    /// Matters closed although something was open, each with a written reason.
    given_up: u64,
    /// Acts that were tried by mistake and refused, or kept all the same.
    mistakes_refused: u64,
    mistakes_kept: u64,
    /// Acts that were meant to pass and were refused, by reason.
    refused: BTreeMap<String, u64>,
    /// Matters confirmed that are real, and all that were confirmed or not confirmed.
    confirmed_real: u64,
    confirmed: u64,
    not_confirmed: u64,
    not_confirmed_real: u64,
    /// Clocks that stopped late or are overdue, by what was owed, and all clocks.
    clocks: u64,
    late: BTreeMap<String, u64>,
    open_overdue: u64,
    /// Days from opening to the first response, to the first result, and to closing: median and 95th percentile.
    days_to: BTreeMap<&'static str, [i64; 2]>,
}

/// The people of a world at work.
pub(super) struct Office {
    people: People,
    ready: bool,
    report: Year,
}

impl Office {
    pub(super) fn new(seed: u64) -> Self {
        Self { people: People::new(seed), ready: false, report: Year::default() }
    }

    /// Everybody does a day's work.
    pub(super) async fn day(&mut self, folder: &Folder, world: &World, today: Date) -> Result<(), Failure> {
        if !self.ready {
            self.open(folder, today).await?;
            self.ready = true;
        }
        let requests: BTreeMap<AlertId, SamplingRequest> =
            folder.store().every_request().await?.into_iter().map(|one| (one.alert_id.clone(), one)).collect();
        let events = folder.store().alert_events(None).await?;
        let false_ones: BTreeSet<AlertId> =
            judge(world.truth(), &events).false_alerts.into_iter().map(|alert| alert.alert_id).collect();
        let handling = folder.handling();
        let mut tried: Vec<Tried> = Vec::new();
        for (alert, matter) in folder.matters().await.map_err(super::pipeline_failure)? {
            let is_true = !false_ones.contains(&alert.id);
            tried.extend(self.people.day(today, &alert, &matter, requests.get(&alert.id), is_true, &handling));
        }
        let mistaken: Vec<bool> = tried.iter().map(|tried| tried.mistaken).collect();
        let acts = tried.into_iter().map(|tried| tried.act).collect();
        let taken = folder.take_acts(acts).await.map_err(super::pipeline_failure)?;
        for (taken, mistaken) in taken.into_iter().zip(mistaken) {
            match (taken, mistaken) {
                (ActTaken::Refused(_), true) => self.report.mistakes_refused += 1,
                (_, true) => self.report.mistakes_kept += 1,
                (ActTaken::Refused(why), false) => {
                    let known = self.report.refused.len() < REASONS_KEPT || self.report.refused.contains_key(&why.en);
                    let why = if known { why.en } else { "…".to_owned() };
                    *self.report.refused.entry(why).or_default() += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The organisations come to be known, and the test body is registered.
    async fn open(&self, folder: &Folder, today: Date) -> Result<(), Failure> {
        let mut platforms: BTreeSet<String> = BTreeSet::new();
        for category in Category::ALL {
            platforms.extend(folder.store().listings(*category, 1_000).await?.into_iter().map(|one| one.platform));
        }
        let platforms: Vec<String> = platforms.into_iter().collect();
        let now = start_of_day(today);
        let mut tx = folder.store().begin().await?;
        for party in People::parties(&platforms) {
            Store::put_party(&mut tx, &party, now).await?;
        }
        tx.commit().await?;
        let until = today.saturating_add(3.years());
        folder.register_body(&People::body(until), "值班员", now).await.map_err(super::pipeline_failure)
    }

    /// What became of it all by the end of a day.
    pub(super) async fn report(mut self, folder: &Folder, world: &World, today: Date) -> Result<Year, Failure> {
        let handling = folder.handling();
        let events = folder.store().alert_events(None).await?;
        let verdict = judge(world.truth(), &events);
        let false_ones: BTreeSet<&AlertId> = verdict.false_alerts.iter().map(|alert| &alert.alert_id).collect();
        let report = &mut self.report;
        report.opened = u64::from(verdict.opened);
        report.real = report.opened - false_ones.len() as u64;
        report.reconcile = true;
        for request in folder.store().every_request().await? {
            let of_alert =
                |event: &&AlertEvent| event.alert_id == request.alert_id && event.as_of <= request.created_on;
            let asked = events.iter().rfind(of_alert);
            let asked = asked.filter(|event| event.disposal == Disposal::Sample).and_then(|event| {
                let rule = event.rules.iter().find(|rule| rule.starts_with("sample."))?;
                Some(format!("{} {rule}", event.spread.code()))
            });
            *report.requests_by.entry(asked.unwrap_or_else(|| "by hand".to_owned())).or_default() += 1;
        }
        let mut waits: BTreeMap<&'static str, Vec<i64>> = BTreeMap::new();
        for (alert, matter) in folder.matters().await.map_err(super::pipeline_failure)? {
            let acts = folder.store().acts(Some(&alert.id)).await?;
            let real = !false_ones.contains(&alert.id);
            let came_to = |kind| acts.iter().any(|act| act.kind == kind);
            let (confirmed, refuted) = (came_to(vocabulary::ActKind::Confirm), came_to(vocabulary::ActKind::Refute));
            report.confirmed += u64::from(confirmed);
            report.confirmed_real += u64::from(confirmed && real);
            report.not_confirmed += u64::from(refuted);
            report.not_confirmed_real += u64::from(refuted && real);
            report.add(&alert, &matter, &mut waits);
            for duty in matter.duties(&handling) {
                report.clocks += u64::from(duty.limit.is_some());
                if duty.days_late(today) > 0 && !duty.is_right {
                    *report.late.entry(kind_of(&duty.owed)).or_default() += 1;
                    report.open_overdue += u64::from(duty.done_on.is_none());
                }
            }
        }
        for (what, mut days) in waits {
            days.sort_unstable();
            let at =
                |share: usize| days.get((days.len() * share / 100).min(days.len() - 1)).copied().unwrap_or_default();
            report.days_to.insert(what, [at(50), at(95)]);
        }
        Ok(self.report)
    }
}

/// What is owed, without about which sample or case.
fn kind_of(owed: &Owed) -> String {
    let value = serde_json::to_value(owed).unwrap_or_default();
    value.get("what").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

impl Year {
    fn add(&mut self, alert: &Alert, matter: &Matter, waits: &mut BTreeMap<&'static str, Vec<i64>>) {
        *self.stages.entry(matter.casework.stage.code()).or_default() += 1;
        if let Some(scheme) = &matter.scheme {
            self.requests += 1;
            self.ordered += u64::from(scheme.ordered_to.is_some());
            self.cancelled += u64::from(scheme.cancelled.is_some());
        }
        let counts: SampleCounts = matter.counts();
        self.reconcile &= counts.reconcile();
        for state in SampleState::ALL {
            *self.samples.entry(state.en()).or_default() += counts.at(state);
        }
        self.bought += counts.bought;
        self.replaced += counts.replaced;
        self.to_replace += counts.to_replace;
        self.failed += counts.failed;
        for sample in matter.samples.values() {
            self.corrected += sample.results.iter().filter(|result| result.confirmed_by.is_some()).count() as u64;
            self.tested_again += sample.results.iter().filter(|result| result.again).count() as u64;
        }
        self.told += matter.recipients.len() as u64;
        let count =
            |which: fn(&matter::Recipient) -> bool| matter.recipients.values().filter(|unit| which(unit)).count();
        self.acknowledged += count(|unit| unit.acknowledged_on.is_some()) as u64;
        self.finished += count(|unit| unit.finished_on.is_some()) as u64;
        self.reported += count(|unit| unit.reported_on.is_some()) as u64;
        let closed = matter.casework.stage == Stage::Closed;
        self.given_up += u64::from(closed && !matter.unfinished().is_empty());
        let mut wait = |what, day: Option<Date>| {
            if let Some(day) = day {
                waits.entry(what).or_default().push(i64::from((day - alert.opened_on).get_days()));
            }
        };
        wait("first response", matter.responded_on);
        let first = matter.samples.values().filter_map(|sample| sample.results.first()).map(|result| result.entered_on);
        wait("first result", first.min());
        wait("first measure", matter.measures.first().map(|taken| taken.on));
        wait("closed", matter.closed_on);
    }

    /// The report for people.
    pub(super) fn text(&self, language: Language) -> String {
        let share = |part: u64, whole: u64| {
            (part * 100).checked_div(whole).map_or_else(|| "—".to_owned(), |share| format!("{share}%"))
        };
        let list = |all: &BTreeMap<&'static str, u64>| {
            let all: Vec<String> = all.iter().filter(|(_, n)| **n > 0).map(|(name, n)| format!("{name} {n}")).collect();
            all.join(", ")
        };
        let late: u64 = self.late.values().sum();
        let lines = [
            said!(
                language,
                "预警 {0} 起，其中真实 {1} 起（{2}）；阶段：{3}",
                "{0} alerts, {1} of them real ({2}); stages: {3}",
                self.opened,
                self.real,
                share(self.real, self.opened),
                list(&self.stages)
            ),
            said!(
                language,
                "采样任务 {0}（{10}）：下达 {1}，取消 {2}；购样 {3}：{4}；补样 {5}，待补 {6}；更正 {7}，复检 {8}；计数相符：{9}",
                "{0} requests ({10}): {1} ordered, {2} cancelled; {3} samples bought: {4}; {5} bought anew, {6} still to be; {7} corrected, {8} tested again; counts add up: {9}",
                self.requests,
                self.ordered,
                self.cancelled,
                self.bought,
                list(&self.samples),
                self.replaced,
                self.to_replace,
                self.corrected,
                self.tested_again,
                self.reconcile,
                self.requests_by.iter().map(|(rule, n)| format!("{rule} {n}")).collect::<Vec<_>>().join(", ")
            ),
            said!(
                language,
                "不合格 {0} 批；属实 {1}（其中真实 {2}），未证实 {3}（其中真实 {4}）",
                "{0} failed; {1} confirmed ({2} real), {3} not confirmed ({4} real)",
                self.failed,
                self.confirmed,
                self.confirmed_real,
                self.not_confirmed,
                self.not_confirmed_real
            ),
            said!(
                language,
                "告知 {0} 次：签收 {1}，处理 {2}，报送 {3}；写明理由后带未了事项办结 {4}",
                "{0} units told: {1} acknowledged, {2} finished, {3} reported; {4} closed with something open and a reason",
                self.told,
                self.acknowledged,
                self.finished,
                self.reported,
                self.given_up
            ),
            said!(
                language,
                "时限 {0} 个：超期 {1}（{2}），仍未办 {3}",
                "{0} clocks: {1} late ({2}), {3} still open",
                self.clocks,
                late,
                self.late.iter().map(|(what, n)| format!("{what} {n}")).collect::<Vec<_>>().join(", "),
                self.open_overdue
            ),
            said!(
                language,
                "误操作：拒绝 {0}，未拒绝 {1}；正常操作被拒 {2}",
                "mistakes: {0} refused, {1} kept; right acts refused: {2}",
                self.mistakes_refused,
                self.mistakes_kept,
                self.refused.values().sum::<u64>()
            ),
            said!(
                language,
                "自预警起天数（中位、95%）：{0}",
                "days from opening (median, 95 %): {0}",
                self.days_to
                    .iter()
                    .map(|(what, [half, most])| format!("{what} {half}, {most}"))
                    .collect::<Vec<_>>()
                    .join("; ")
            ),
        ];
        let refused = self.refused.iter().map(|(why, n)| format!("  {} {n}: {why}", pick("被拒", "refused")));
        lines.into_iter().chain(refused).collect::<Vec<_>>().join("\n")
    }
}

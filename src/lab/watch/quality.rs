//! How well the watch does, reported as plan, do, check, act (clauses 1-21, 1-22): shares of alerts that were right, how early they came,
//! false alarms against the promise with a control chart of ourselves, samples that are overdue.
//!
//! In: the lines of alerts' lives, outcomes, sampling requests, known incidents, moments of documents, matters. Out: one report as values, as
//! Chinese text and as a page. Not here: files, the store, the clock.
//!
//! Shares are never shown without their n (clause 2-13). An alert nobody judged counts neither way; the share that was judged stands
//! beside every other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::backtest::{Backtest, Incident, backtest};
use super::handled::{Handled, HandledReport, handled};
pub use super::share::Share;
use super::share::nearest_rank;
use alert::page::{escape, standing_alone};
use matter::Handling;
use methods::cusum_arl::{Chart, Side, optimal_reference};
use score::{Feedback, FeedbackCriteria, Resolution, credibility, resolutions};
use vocabulary::{
    AlertEvent, AlertEventKind, AlertId, CriteriaVersion, Danger, DateRange, Finding, Language, LexiconVersion,
    OutcomeId, Refused, Report, SamplingRequest, Spread, Verdict, refused, said,
};

/// Days over which rates are computed.
const MONTH: f64 = 30.0;
/// Days of one point of the control chart.
const WEEK: i64 = 7;
/// Step of its reference value and limit, in onsets: fine enough for rates of a few a week.
const CHART_STEP: f64 = 0.1;
/// Days after which an alert that nobody judged is a debt.
const JUDGED_WITHIN_DAYS: i64 = 30;
/// Judged alerts of a rule from which its share is worth a remark.
const RULE_JUDGED_LEAST: u64 = 10;
/// Share below which a rule's upper bound is worth a remark.
const RULE_PPV_LEAST: f64 = 0.3;

/// Moments in the life of a document that an alert rests on (clause 1-25).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stamps {
    /// Published.
    pub published: Timestamp,
    /// First seen by us.
    pub seen: Option<Timestamp>,
    /// Read: its signals were published.
    pub read: Option<Timestamp>,
    /// Its alert opened.
    pub alerted: Timestamp,
}

/// What the report is made from.
#[derive(Debug)]
pub struct Sheet<'a> {
    /// First and last day.
    pub range: DateRange,
    /// Day by whose end outcomes must have been known; none: all that are known.
    pub known_by: Option<Date>,
    /// Lines of alerts' lives, in the order they happened.
    pub lines: &'a [AlertEvent],
    /// Sampling requests.
    pub requests: &'a [SamplingRequest],
    /// What came back.
    pub feedback: &'a Feedback,
    /// Incidents that are known to have happened; empty when the truth is not known.
    pub incidents: &'a [Incident],
    /// Documents that opened alerts.
    pub stamps: &'a [Stamps],
    /// Matters with the clocks that they go by; none for a replay, whose alerts nobody handled.
    pub matters: Option<(&'a [Handled], &'a Handling)>,
    /// Promised false onsets in 30 days: the budget of the criteria.
    pub promised_per_30_days: f64,
    /// How results are read.
    pub criteria: &'a FeedbackCriteria,
}

/// Alerts of one rule under one version of criteria and lexicon.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleRow {
    /// Rule of disposal, or single-report rule.
    pub rule: String,
    /// Criteria that decided.
    pub criteria: CriteriaVersion,
    /// Lexicon that read.
    pub lexicon: LexiconVersion,
    /// Alerts it opened.
    pub opened: u64,
    /// Of those that were confirmed or not, the confirmed.
    pub ppv: Share,
    /// Incidents whose first alert it opened, and their mean lead in days before the first action.
    pub incidents: u64,
    /// Mean lead in days; below zero when late.
    pub lead_days: Option<f64>,
}

/// Alerts under one version of criteria and lexicon (clause 1-16).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VersionRow {
    /// Criteria that decided.
    pub criteria: CriteriaVersion,
    /// Lexicon that read.
    pub lexicon: LexiconVersion,
    /// Alerts opened.
    pub opened: u64,
    /// Of those that were confirmed or not, the confirmed.
    pub ppv: Share,
    /// Alerts after which a measure was taken.
    pub measured: u64,
    /// Median of the days from the alert to its first measure.
    pub measure_days: Option<f64>,
}

/// Requests of one grade before testing, and what testing found (clauses 1-16, 2-22).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GradeRow {
    /// Danger when samples were asked for.
    pub danger: Danger,
    /// Spread then.
    pub spread: Spread,
    /// Sampling requests.
    pub requests: u64,
    /// Those with results.
    pub answered: u64,
    /// Of the batches tested, those that failed. Targeted samples: it says nothing of the share in the market.
    pub failed: Share,
}

/// A week of the control chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChartPoint {
    /// First day.
    pub from: Date,
    /// Alerts opened.
    pub opened: u64,
    /// Those that were judged "nothing".
    pub false_onsets: u64,
    /// The sum of the chart after this week; it starts again at 0 after an alarm.
    pub sum: f64,
    /// Whether it passed the limit.
    pub alarm: bool,
}

/// Poisson CUSUM of our own false onsets (scoring methods, section 7 item 5; Lucas 1985).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlChart {
    /// Promised false onsets a week.
    pub promised_per_week: f64,
    /// Reference value.
    pub reference: f64,
    /// Limit.
    pub limit: f64,
    /// Weeks between alarms when the promise is kept, exactly.
    pub run_weeks: f64,
    /// Week by week; a last part of a week is left out.
    pub weeks: Vec<ChartPoint>,
    /// Alarms.
    pub alarms: u64,
}

/// Time between two moments, in hours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delay {
    /// From which to which.
    pub step: &'static str,
    /// Documents with both.
    pub documents: u64,
    /// Median.
    pub p50_hours: f64,
    /// 95th percentile.
    pub p95_hours: f64,
}

/// The quality report (质量报告).
#[derive(Debug, Clone, Serialize)]
pub struct QualityReport {
    /// First and last day.
    pub range: DateRange,
    /// Days.
    pub days: u64,
    /// Plan 计划: false onsets promised in 30 days.
    pub promised_per_30_days: f64,
    /// Do 执行: alerts opened.
    pub opened: u64,
    /// In 30 days.
    pub opened_per_30_days: f64,
    /// Alerts that were judged, excluded ones among them.
    pub judged: Share,
    /// Alerts excluded by a person.
    pub excluded: u64,
    /// Sampling requests made.
    pub requests: u64,
    /// Requests with results.
    pub answered: Share,
    /// Check 检查: of the alerts that were confirmed or not, the confirmed.
    pub ppv: Share,
    /// Known incidents that were alerted on or before the first action.
    pub sensitivity: Option<Share>,
    /// Incidents one by one.
    pub backtest: Option<Backtest>,
    /// False onsets in 30 days, by what was judged.
    pub false_onsets_per_30_days: f64,
    /// The same if the alerts nobody judged are like the judged ones.
    pub false_onsets_scaled: Option<f64>,
    /// The chart.
    pub chart: Option<ControlChart>,
    /// By rule and version.
    pub rules: Vec<RuleRow>,
    /// By version of criteria and lexicon.
    pub versions: Vec<VersionRow>,
    /// The grade before testing beside what testing found.
    pub grades: Vec<GradeRow>,
    /// Steps of the way from a publication to its alert.
    pub delays: Vec<Delay>,
    /// What became of the matters; none for a replay.
    pub handled: Option<HandledReport>,
    /// Requests past their deadline without a result.
    #[serde(serialize_with = "in_chinese")]
    pub overdue: Vec<Refused>,
    /// Act 改进: what is to be done, in Chinese.
    #[serde(serialize_with = "in_chinese")]
    pub actions: Vec<Refused>,
}

struct Opened<'a> {
    line: &'a AlertEvent,
    resolution: Option<&'a Resolution>,
}

impl Opened<'_> {
    fn verdict(&self) -> Option<Verdict> {
        self.resolution.map(|resolution| resolution.verdict)
    }

    fn is(&self, verdict: Verdict) -> bool {
        self.verdict() == Some(verdict)
    }
}

/// Judges a stretch of days by what came back, be it after its last one.
#[must_use]
pub fn report(sheet: &Sheet<'_>) -> QualityReport {
    let DateRange { from, to } = sheet.range;
    let known_by = sheet.known_by.unwrap_or(Date::MAX);
    let resolved = resolutions(sheet.feedback, known_by, sheet.criteria);
    let opened: Vec<Opened<'_>> = sheet
        .lines
        .iter()
        .filter(|line| line.event == AlertEventKind::Opened && from <= line.as_of && line.as_of <= to)
        .map(|line| Opened { line, resolution: resolved.get(&line.alert_id) })
        .collect();
    let days = sheet.range.days().count() as u64;
    let months = days as f64 / MONTH;
    let with = |verdict: Verdict| opened.iter().filter(|opened| opened.is(verdict)).count() as u64;
    let (confirmed, nothing, excluded) = (with(Verdict::Confirmed), with(Verdict::Nothing), with(Verdict::Excluded));
    let all = opened.len() as u64;
    let back = (!sheet.incidents.is_empty()).then(|| backtest(sheet.incidents, sheet.lines, sheet.range));
    let requests: Vec<&SamplingRequest> =
        sheet.requests.iter().filter(|request| from <= request.created_on && request.created_on <= to).collect();
    let tested: BTreeSet<&AlertId> = sheet
        .feedback
        .outcomes()
        .iter()
        .filter(|outcome| vocabulary::day_of(outcome.known_at) <= known_by)
        .filter(|outcome| matches!(outcome.finding, Finding::Samples(_)))
        .filter_map(|outcome| outcome.alert_id.as_ref())
        .collect();
    let overdue: Vec<Refused> = requests
        .iter()
        .filter(|request| request.deadline < to && !tested.contains(&request.alert_id))
        .map(|request| {
            let (id, product, deadline) = (&request.id, &request.product, request.deadline);
            refused!("{id}（{product}，期限{deadline}）", "{id} ({product}, due {deadline})")
        })
        .collect();
    let answered = requests.iter().filter(|request| tested.contains(&request.alert_id)).count() as u64;
    let per_month = |count: u64| if months > 0.0 { count as f64 / months } else { 0.0 };
    let decided = confirmed + nothing;
    let mut report = QualityReport {
        range: sheet.range,
        days,
        promised_per_30_days: sheet.promised_per_30_days,
        opened: all,
        opened_per_30_days: per_month(all),
        judged: Share::of(decided + excluded, all),
        excluded,
        requests: requests.len() as u64,
        answered: Share::of(answered, requests.len() as u64),
        ppv: Share::of(confirmed, decided),
        sensitivity: back.as_ref().map(|back| {
            let in_time = back.results.iter().filter(|result| result.in_time()).count();
            Share::of(in_time as u64, back.results.len() as u64)
        }),
        false_onsets_per_30_days: per_month(nothing),
        false_onsets_scaled: (decided > 0).then(|| per_month(all) * nothing as f64 / decided as f64),
        chart: chart(&opened, sheet),
        rules: rules(&opened, back.as_ref()),
        versions: versions(&opened, sheet),
        grades: grades(&requests, sheet, known_by),
        backtest: back,
        delays: delays(sheet.stamps),
        handled: sheet.matters.map(|(matters, handling)| {
            let inside = |one: &&Handled| from <= one.matter.opened_on && one.matter.opened_on <= to;
            handled(&matters.iter().filter(inside).collect::<Vec<_>>(), handling, to)
        }),
        overdue,
        actions: Vec::new(),
    };
    report.actions = actions(&report, &opened, sheet);
    report
}

fn rules(opened: &[Opened<'_>], back: Option<&Backtest>) -> Vec<RuleRow> {
    let mut groups: BTreeMap<(String, CriteriaVersion, LexiconVersion), Vec<&Opened<'_>>> = BTreeMap::new();
    for one in opened {
        let unknown = ["（未记载）".to_owned()];
        let named = if one.line.rules.is_empty() { &unknown[..] } else { &one.line.rules };
        for rule in named {
            let key = (rule.clone(), one.line.criteria.clone(), one.line.lexicon.clone());
            groups.entry(key).or_default().push(one);
        }
    }
    // The first alert of an incident is named by its id, then what it is about.
    let leads: BTreeMap<&str, i32> = back
        .iter()
        .flat_map(|back| &back.results)
        .filter_map(|result| Some((result.alert.as_deref()?.split(' ').next()?, result.lead_days?)))
        .collect();
    let row = |((rule, criteria, lexicon), group): (_, Vec<&Opened<'_>>)| {
        let with = |verdict| group.iter().filter(|one| one.is(verdict)).count() as u64;
        let lead: Vec<f64> =
            group.iter().filter_map(|one| leads.get(one.line.alert_id.as_str())).map(|days| f64::from(*days)).collect();
        RuleRow {
            rule,
            criteria,
            lexicon,
            opened: group.len() as u64,
            ppv: Share::of(with(Verdict::Confirmed), with(Verdict::Confirmed) + with(Verdict::Nothing)),
            incidents: lead.len() as u64,
            lead_days: (!lead.is_empty()).then(|| lead.iter().sum::<f64>() / lead.len() as f64),
        }
    };
    groups.into_iter().map(row).collect()
}

fn versions(opened: &[Opened<'_>], sheet: &Sheet<'_>) -> Vec<VersionRow> {
    let matters = sheet.matters.map_or(&[][..], |(matters, _)| matters);
    let measured: BTreeMap<&AlertId, f64> =
        matters.iter().filter_map(|one| Some((&one.matter.id, one.days_to_measure()?))).collect();
    let mut groups: BTreeMap<(CriteriaVersion, LexiconVersion), Vec<&Opened<'_>>> = BTreeMap::new();
    for one in opened {
        groups.entry((one.line.criteria.clone(), one.line.lexicon.clone())).or_default().push(one);
    }
    let row = |((criteria, lexicon), group): (_, Vec<&Opened<'_>>)| {
        let with = |verdict| group.iter().filter(|one| one.is(verdict)).count() as u64;
        let mut days: Vec<f64> = group.iter().filter_map(|one| measured.get(&one.line.alert_id).copied()).collect();
        days.sort_by(f64::total_cmp);
        VersionRow {
            criteria,
            lexicon,
            opened: group.len() as u64,
            ppv: Share::of(with(Verdict::Confirmed), with(Verdict::Confirmed) + with(Verdict::Nothing)),
            measured: days.len() as u64,
            measure_days: nearest_rank(&days, 50),
        }
    };
    groups.into_iter().map(row).collect()
}

/// Every request stands in one row: under the grade that its alert had when it was made.
fn grades(requests: &[&SamplingRequest], sheet: &Sheet<'_>, known_by: Date) -> Vec<GradeRow> {
    let known = || {
        let outcomes = sheet.feedback.outcomes().iter();
        outcomes.filter(|outcome| vocabulary::day_of(outcome.known_at) <= known_by)
    };
    let replaced: BTreeSet<&OutcomeId> = known().filter_map(|outcome| outcome.replaces.as_ref()).collect();
    // Batches tested and failed, by alert.
    let mut tested: BTreeMap<&AlertId, (u64, u64)> = BTreeMap::new();
    for outcome in known().filter(|outcome| !replaced.contains(&outcome.id)) {
        if let (Some(alert), Finding::Samples(samples)) = (&outcome.alert_id, &outcome.finding) {
            let (all, failed) = tested.entry(alert).or_default();
            *all += samples.tested;
            *failed += samples.failed;
        }
    }
    let mut rows: BTreeMap<(Danger, Spread), GradeRow> = BTreeMap::new();
    for request in requests {
        let before = |line: &&AlertEvent| line.alert_id == request.alert_id && line.as_of <= request.created_on;
        let Some(line) = sheet.lines.iter().rfind(before) else { continue };
        let grade = (line.danger, line.spread);
        let row = rows.entry(grade).or_insert_with(|| GradeRow {
            danger: grade.0,
            spread: grade.1,
            requests: 0,
            answered: 0,
            failed: Share::of(0, 0),
        });
        row.requests += 1;
        if let Some((all, failed)) = tested.get(&request.alert_id) {
            row.answered += 1;
            row.failed = Share::of(row.failed.part + failed, row.failed.whole + all);
        }
    }
    // The gravest first.
    rows.into_values().rev().collect()
}

/// The chart of whole weeks; none without a whole week, or for a promise that no chart can hold.
fn chart(opened: &[Opened<'_>], sheet: &Sheet<'_>) -> Option<ControlChart> {
    let (range, criteria) = (sheet.range, sheet.criteria);
    let promised = sheet.promised_per_30_days * WEEK as f64 / MONTH;
    let reference = (optimal_reference(promised, criteria.chart_ratio).ok()? / CHART_STEP).round() * CHART_STEP;
    let chart = Chart { side: Side::Upper, k: reference, h: 0.0, alarm_at_limit: false, start: 0.0 };
    let limit = chart.critical_limit(promised, criteria.chart_run_weeks, CHART_STEP).ok()?;
    let run_weeks = Chart { h: limit, ..chart }.average_run_length(promised).ok()?;
    let mut weeks = Vec::new();
    let mut first = range.from;
    let mut sum = 0.0;
    loop {
        let last = first.saturating_add((WEEK - 1).days());
        if last > range.to {
            break;
        }
        let inside = || opened.iter().filter(|one| first <= one.line.as_of && one.line.as_of <= last);
        let false_onsets = inside().filter(|one| one.is(Verdict::Nothing)).count() as u64;
        sum = (sum + false_onsets as f64 - reference).max(0.0);
        let alarm = sum > limit + CHART_STEP * 1e-6;
        weeks.push(ChartPoint { from: first, opened: inside().count() as u64, false_onsets, sum, alarm });
        if alarm {
            sum = 0.0;
        }
        first = first.saturating_add(WEEK.days());
    }
    let alarms = weeks.iter().filter(|week| week.alarm).count() as u64;
    (!weeks.is_empty()).then_some(ControlChart {
        promised_per_week: promised,
        reference,
        limit,
        run_weeks,
        weeks,
        alarms,
    })
}

/// The steps of [`Delay`] in English.
fn step_in_english(step: &'static str) -> &'static str {
    match step {
        "发布→发现" => "published → seen",
        "发现→阅读" => "seen → read",
        "阅读→预警" => "read → alert",
        "发布→预警" => "published → alert",
        other => other,
    }
}

fn delays(stamps: &[Stamps]) -> Vec<Delay> {
    type Pick = fn(&Stamps) -> Option<(Timestamp, Timestamp)>;
    let steps: [(&'static str, Pick); 4] = [
        ("发布→发现", |stamps| Some((stamps.published, stamps.seen?))),
        ("发现→阅读", |stamps| Some((stamps.seen?, stamps.read?))),
        ("阅读→预警", |stamps| Some((stamps.read?, stamps.alerted))),
        ("发布→预警", |stamps| Some((stamps.published, stamps.alerted))),
    ];
    let mut delays = Vec::new();
    for (step, pick) in steps {
        let mut hours: Vec<f64> = stamps
            .iter()
            .filter_map(pick)
            .map(|(from, to)| to.duration_since(from).as_secs_f64().max(0.0) / 3600.0)
            .collect();
        hours.sort_by(f64::total_cmp);
        if let (Some(p50_hours), Some(p95_hours)) = (nearest_rank(&hours, 50), nearest_rank(&hours, 95)) {
            delays.push(Delay { step, documents: hours.len() as u64, p50_hours, p95_hours });
        }
    }
    delays
}

/// What programs read of it is Chinese, as it always was.
fn in_chinese<S: serde::Serializer>(all: &[Refused], out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(all.iter().map(|one| &one.zh))
}

fn actions(report: &QualityReport, opened: &[Opened<'_>], sheet: &Sheet<'_>) -> Vec<Refused> {
    let mut actions = Vec::new();
    if !report.overdue.is_empty() {
        let late = report.overdue.len();
        actions.push(refused!("催办逾期采样任务{late}项", "press for {late} overdue sampling requests"));
    }
    let old = |one: &&Opened<'_>| {
        let days = sheet.range.to.since(one.line.as_of).map_or(0, |span| i64::from(span.get_days()));
        one.resolution.is_none() && days > JUDGED_WITHIN_DAYS
    };
    let unjudged = opened.iter().filter(old).count();
    if unjudged > 0 {
        actions.push(refused!(
            "核查开启超过{JUDGED_WITHIN_DAYS}天仍无结论的预警{unjudged}件",
            "look into {unjudged} alerts that have no verdict {JUDGED_WITHIN_DAYS} days after they opened"
        ));
    }
    if let Some(chart) = report.chart.as_ref().filter(|chart| chart.alarms > 0) {
        actions.push(refused!(
            "误报控制图越限{}次：复核门限或调整误报承诺",
            "the chart of false onsets passed its limit {} times: look at the thresholds or change the promise",
            chart.alarms
        ));
    }
    for rule in &report.rules {
        let low = rule.ppv.interval.is_some_and(|[_, high]| high < RULE_PPV_LEAST);
        if low && rule.ppv.whole >= RULE_JUDGED_LEAST {
            actions.push(Refused::new(
                format!("规则{}属实率{}，复核其条件", rule.rule, rule.ppv.text(Language::Chinese)),
                format!(
                    "look at the conditions of rule {}: its share of true ones is {}",
                    rule.rule,
                    rule.ppv.text(Language::English)
                ),
            ));
        }
    }
    let thin = sheet.criteria.thin_below;
    let poor: Vec<Refused> = credibility(sheet.feedback, sheet.known_by.unwrap_or(Date::MAX), sheet.criteria)
        .into_iter()
        .filter(|(.., w)| *w < thin)
        .map(|(source, hits, misses, w)| {
            refused!(
                "{source}（属实{hits}、未证实{misses}，w={w:.2}）",
                "{source} ({hits} true, {misses} not confirmed, w={w:.2})"
            )
        })
        .collect();
    if !poor.is_empty() {
        let all = |of: fn(&Refused) -> &str, between: &str| poor.iter().map(of).collect::<Vec<_>>().join(between);
        actions.push(Refused::new(
            format!("可信度低于{thin}的来源{}个，越线须不依赖它们：{}", poor.len(), all(|one| &one.zh, "、")),
            format!(
                "{} sources have a credibility below {thin}, onsets must hold without them: {}",
                poor.len(),
                all(|one| &one.en, ", ")
            ),
        ));
    }
    if let Some(missed) =
        report.backtest.as_ref().map(|back| back.results.iter().filter(|result| !result.in_time()).count())
        && missed > 0
    {
        actions.push(refused!(
            "分析漏报或迟报的已知事件{missed}起",
            "find out why {missed} known incidents were missed or told late"
        ));
    }
    actions
}

/// One part of the report: its name, the one number that stands for it, and rows of cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Plan, do, check, act.
    pub title: &'static str,
    /// The one number.
    pub number: String,
    /// Rows; the first cell names the row.
    pub rows: Vec<Vec<String>>,
}

impl QualityReport {
    /// The report in its four parts.
    #[must_use]
    pub fn sections(&self, language: Language) -> [Section; 4] {
        let row = |zh: &str, en: &str, told: String| vec![language.pick(zh, en).to_owned(), told];
        let DateRange { from, to } = self.range;
        let days = self.days;
        let mut plan =
            vec![row("期间", "days", said!(language, "{from}至{to}（{days}天）", "{from} to {to} ({days} days)"))];
        let versions: BTreeSet<String> = self
            .rules
            .iter()
            .map(|rule| {
                let (criteria, lexicon) = (&rule.criteria, &rule.lexicon);
                said!(language, "评价标准{criteria} 词典{lexicon}", "criteria {criteria} lexicon {lexicon}")
            })
            .collect();
        plan.extend(versions.into_iter().map(|version| row("版本", "versions", version)));
        if let Some(chart) = &self.chart {
            let about = said!(
                language,
                "每周承诺{:.2}起，参考值{:.1}，控制限{:.1}；守诺时约{:.0}周误报警一次",
                "{:.2} a week are promised, reference value {:.1}, limit {:.1}; a false alarm in about {:.0} weeks while the promise holds",
                chart.promised_per_week,
                chart.reference,
                chart.limit,
                chart.run_weeks
            );
            plan.push(row("误报控制图", "chart of false onsets", about));
        }
        let items = |count: u64| said!(language, "{count}件", "{count}");
        let mut done = vec![
            row("开启预警", "alerts opened", items(self.opened)),
            row("已有结论", "with a verdict", self.judged.text(language)),
            row("其中排除", "excluded among them", items(self.excluded)),
            row("采样任务", "sampling requests", said!(language, "{}项", "{}", self.requests)),
            row("已返结果", "with results", self.answered.text(language)),
        ];
        done.extend(self.delays.iter().map(|delay| {
            let shown = said!(
                language,
                "中位{:.1}小时，95%以内{:.1}小时（{}条）",
                "median {:.1} hours, 95 % within {:.1} hours ({} documents)",
                delay.p50_hours,
                delay.p95_hours,
                delay.documents
            );
            row(delay.step, step_in_english(delay.step), shown)
        }));
        done.extend(self.handled.iter().flat_map(|handled| handled.done_rows(language)));
        let sensitivity = self.sensitivity.map_or_else(
            || language.pick("未提供已知事件", "no known incidents were given").to_owned(),
            |share| share.text(language),
        );
        let scaled = self.false_onsets_scaled.map_or_else(String::new, |rate| {
            said!(language, "，未核查者按同样比例计{rate:.1}起", ", {rate:.1} if those without a verdict are alike")
        });
        let found = match self.ppv.whole {
            0 => language.pick("尚无结论", "no verdict yet").to_owned(),
            _ => said!(language, "每30天{:.1}起{scaled}", "{:.1} in 30 days{scaled}", self.false_onsets_per_30_days),
        };
        let promised = self.promised_per_30_days;
        let mut check = vec![
            row("灵敏度（首次处置前）", "sensitivity (before the first action)", sensitivity),
            row(
                "误报",
                "false onsets",
                said!(language, "{found}，承诺{promised:.1}起", "{found}, {promised:.1} promised"),
            ),
        ];
        if let Some(back) = &self.backtest {
            let [low, high] = back.lead_days_95;
            let shown = said!(
                language,
                "平均{:.1}天（95%区间{low:.1}—{high:.1}，迟报漏报计0）",
                "{:.1} days on average (95 % {low:.1}–{high:.1}, late and missed ones count as 0)",
                back.lead_days
            );
            check.push(row("提前量", "lead", shown));
        }
        for rule in &self.rules {
            let lead = rule.lead_days.map_or_else(String::new, |days| {
                let incidents = rule.incidents;
                said!(
                    language,
                    "，{incidents}起事件平均提前{days:.1}天",
                    ", {days:.1} days ahead on average of {incidents} incidents"
                )
            });
            let (opened, ppv) = (rule.opened, rule.ppv.text(language));
            let told = said!(language, "开启{opened}件，属实率{ppv}{lead}", "{opened} opened, true ones {ppv}{lead}");
            check.push(vec![said!(language, "规则 {}", "rule {}", rule.rule), told]);
        }
        check.extend(self.versions.iter().map(|version| version_row(version, language)));
        check.extend(self.grades.iter().map(|grade| grade_row(grade, language)));
        check.extend(self.handled.iter().flat_map(|handled| handled.late_rows(language)));
        if let Some(chart) = &self.chart {
            let last = chart.weeks.last().map_or(0.0, |week| week.sum);
            let told = said!(
                language,
                "{}周，越限{}次，当前累积和{last:.1}（限{:.1}）",
                "{} weeks, {} times beyond the limit, the sum stands at {last:.1} (limit {:.1})",
                chart.weeks.len(),
                chart.alarms,
                chart.limit
            );
            check.push(row("误报控制图", "chart of false onsets", told));
        }
        let told = |of: &Refused| language.pick(&of.zh, &of.en).clone();
        let mut act: Vec<Vec<String>> = self.actions.iter().map(|action| row("待办", "to do", told(action))).collect();
        act.extend(self.overdue.iter().map(|overdue| row("逾期", "overdue", told(overdue))));
        if act.is_empty() {
            act.push(row("待办", "to do", language.pick("无", "nothing").to_owned()));
        }
        let opened = self.opened_per_30_days;
        let numbers = [
            said!(language, "承诺误报每30天{promised:.1}起", "{promised:.1} false onsets promised in 30 days"),
            said!(language, "预警每30天{opened:.1}件", "{opened:.1} alerts in 30 days"),
            said!(language, "属实率{}", "true ones {}", self.ppv.text(language)),
            said!(language, "待办{}项", "{} things to do", self.actions.len()),
        ];
        let titles = language.pick(["计划", "执行", "检查", "改进"], ["plan", "do", "check", "act"]);
        let [one, two, three, four] = numbers;
        let [first, second, third, fourth] = titles;
        [
            Section { title: first, number: one, rows: plan },
            Section { title: second, number: two, rows: done },
            Section { title: third, number: three, rows: check },
            Section { title: fourth, number: four, rows: act },
        ]
    }

    /// A page that stands alone, in Chinese.
    #[must_use]
    pub fn html(&self) -> String {
        let mut page = String::new();
        for section in self.sections(Language::Chinese) {
            let _ = writeln!(page, "<h2>{}：{}</h2>\n<table>", section.title, escape(&section.number));
            for row in &section.rows {
                let cells: Vec<String> = row.iter().skip(1).map(|cell| format!("<td>{}</td>", escape(cell))).collect();
                let head = row.first().map(|head| escape(head)).unwrap_or_default();
                let _ = writeln!(page, "<tr><th scope=\"row\">{head}</th>{}</tr>", cells.concat());
            }
            page += "</table>\n";
        }
        if let Some(chart) = &self.chart {
            page +=
                "<h2>误报控制图</h2>\n<table><tr><th>周</th><th>开启</th><th>误报</th><th>累积和</th><th></th></tr>\n";
            for week in &chart.weeks {
                let alarm = if week.alarm { "越限" } else { "" };
                let _ = writeln!(
                    page,
                    "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.1}</td><td>{alarm}</td></tr>",
                    week.from, week.opened, week.false_onsets, week.sum
                );
            }
            page += "</table>\n";
        }
        if !self.grades.is_empty() {
            page += "<h2>检验前等级 × 检验结果</h2>\n<table><tr><th>隐患程度</th><th>范围</th><th>采样任务</th><th>已返结果</th><th>不合格率</th></tr>\n";
            for grade in &self.grades {
                let _ = writeln!(
                    page,
                    "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                    grade.danger.zh(),
                    grade.spread.zh(),
                    grade.requests,
                    grade.answered,
                    escape(&grade.failed.text(Language::Chinese))
                );
            }
            page += "</table>\n";
        }
        standing_alone("质量报告", &page)
    }
}

fn version_row(version: &VersionRow, language: Language) -> Vec<String> {
    let VersionRow { criteria, lexicon, opened, ppv, measured, measure_days } = version;
    let measures = measure_days.map_or_else(String::new, |days| {
        said!(
            language,
            "，预警到首次措施中位{days:.0}天（{measured}件）",
            ", median {days:.0} days to the first measure ({measured} alerts)"
        )
    });
    let ppv = ppv.text(language);
    vec![
        said!(language, "版本 {criteria} {lexicon}", "version {criteria} {lexicon}"),
        said!(language, "开启{opened}件，属实率{ppv}{measures}", "{opened} opened, true ones {ppv}{measures}"),
    ]
}

fn grade_row(grade: &GradeRow, language: Language) -> Vec<String> {
    let (requests, answered, failed) = (grade.requests, grade.answered, grade.failed.text(language));
    let danger = language.pick(grade.danger.zh(), grade.danger.en());
    let spread = language.pick(grade.spread.zh(), grade.spread.en());
    vec![
        said!(language, "检验前等级 {danger}×{spread}", "grade before testing: {danger} × {spread}"),
        said!(
            language,
            "采样任务{requests}项，已返{answered}项，不合格率{failed}",
            "{requests} sampling requests, {answered} with results, failed {failed}"
        ),
    ]
}

impl Report for QualityReport {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        for (at, section) in self.sections(language).iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{}{}{}", section.title, language.pick("：", ": "), section.number)?;
            for row in &section.rows {
                writeln!(f, "  {}", row.join("  "))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

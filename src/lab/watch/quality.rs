//! How well the watch does, reported as plan, do, check, act (clauses 1-21, 1-22): shares of alerts that were right, how early they came,
//! false alarms against the promise with a control chart of ourselves, samples that are overdue.
//!
//! In: the lines of alerts' lives, outcomes, sampling requests, known incidents, moments of documents. Out: one report as values, as
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
use alert::page::{escape, standing_alone};
use methods::cusum_arl::{Chart, Side, optimal_reference};
use methods::sampling_feedback::wilson;
use score::{Feedback, FeedbackCriteria, Resolution, credibility, resolutions};
use vocabulary::{
    AlertEvent, AlertEventKind, AlertId, CriteriaVersion, DateRange, Finding, LexiconVersion, SamplingRequest, Verdict,
};

/// Level of the intervals.
const LEVEL: f64 = 0.95;
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
    /// Promised false onsets in 30 days: the budget of the criteria.
    pub promised_per_30_days: f64,
    /// How results are read.
    pub criteria: &'a FeedbackCriteria,
}

/// A share with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Of `whole`, so many.
    pub part: u64,
    /// Of so many.
    pub whole: u64,
    /// The share; none of nothing.
    pub share: Option<f64>,
    /// 95 % score interval (Wilson 1927).
    pub interval: Option<[f64; 2]>,
}

impl Share {
    fn of(part: u64, whole: u64) -> Self {
        let (low, high) = wilson(part, whole, LEVEL);
        let known = whole > 0;
        Self { part, whole, share: known.then(|| part as f64 / whole as f64), interval: known.then_some([low, high]) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.share, self.interval) {
            (Some(share), Some([low, high])) => {
                let [share, low, high] = [share, low, high].map(|share| share * 100.0);
                write!(f, "{share:.1}%（{}/{}，95%区间{low:.1}%—{high:.1}%）", self.part, self.whole)
            }
            _ => write!(f, "—（0件）"),
        }
    }
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
    /// Steps of the way from a publication to its alert.
    pub delays: Vec<Delay>,
    /// Requests past their deadline without a result.
    pub overdue: Vec<String>,
    /// Act 改进: what is to be done, in Chinese.
    pub actions: Vec<String>,
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
    let overdue: Vec<String> = requests
        .iter()
        .filter(|request| request.deadline < to && !tested.contains(&request.alert_id))
        .map(|request| format!("{}（{}，期限{}）", request.id, request.product, request.deadline))
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
        backtest: back,
        delays: delays(sheet.stamps),
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
        // Nearest rank: the smallest value that at least this share of all does not exceed.
        let rank = |percent: usize| hours[(hours.len() * percent).div_ceil(100).max(1) - 1];
        if !hours.is_empty() {
            delays.push(Delay { step, documents: hours.len() as u64, p50_hours: rank(50), p95_hours: rank(95) });
        }
    }
    delays
}

fn actions(report: &QualityReport, opened: &[Opened<'_>], sheet: &Sheet<'_>) -> Vec<String> {
    let mut actions = Vec::new();
    if !report.overdue.is_empty() {
        actions.push(format!("催办逾期采样任务{}项", report.overdue.len()));
    }
    let old = |one: &&Opened<'_>| {
        let days = sheet.range.to.since(one.line.as_of).map_or(0, |span| i64::from(span.get_days()));
        one.resolution.is_none() && days > JUDGED_WITHIN_DAYS
    };
    let unjudged = opened.iter().filter(old).count();
    if unjudged > 0 {
        actions.push(format!("核查开启超过{JUDGED_WITHIN_DAYS}天仍无结论的预警{unjudged}件"));
    }
    if let Some(chart) = report.chart.as_ref().filter(|chart| chart.alarms > 0) {
        actions.push(format!("误报控制图越限{}次：复核门限或调整误报承诺", chart.alarms));
    }
    for rule in &report.rules {
        let low = rule.ppv.interval.is_some_and(|[_, high]| high < RULE_PPV_LEAST);
        if low && rule.ppv.whole >= RULE_JUDGED_LEAST {
            actions.push(format!("规则{}属实率{}，复核其条件", rule.rule, rule.ppv));
        }
    }
    let thin = sheet.criteria.thin_below;
    let poor: Vec<String> = credibility(sheet.feedback, sheet.known_by.unwrap_or(Date::MAX), sheet.criteria)
        .into_iter()
        .filter(|(.., w)| *w < thin)
        .map(|(source, hits, misses, w)| format!("{source}（属实{hits}、未证实{misses}，w={w:.2}）"))
        .collect();
    if !poor.is_empty() {
        actions.push(format!("可信度低于{thin}的来源{}个，越线须不依赖它们：{}", poor.len(), poor.join("、")));
    }
    if let Some(missed) =
        report.backtest.as_ref().map(|back| back.results.iter().filter(|result| !result.in_time()).count())
        && missed > 0
    {
        actions.push(format!("分析漏报或迟报的已知事件{missed}起"));
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
    pub fn sections(&self) -> [Section; 4] {
        let row = |cells: &[&dyn fmt::Display]| cells.iter().map(ToString::to_string).collect::<Vec<String>>();
        let mut plan = vec![row(&[&"期间", &format!("{}至{}（{}天）", self.range.from, self.range.to, self.days)])];
        let versions: BTreeSet<String> =
            self.rules.iter().map(|rule| format!("评价标准{} 词典{}", rule.criteria, rule.lexicon)).collect();
        plan.extend(versions.iter().map(|version| row(&[&"版本", version])));
        if let Some(chart) = &self.chart {
            let about = format!(
                "每周承诺{:.2}起，参考值{:.1}，控制限{:.1}；守诺时约{:.0}周误报警一次",
                chart.promised_per_week, chart.reference, chart.limit, chart.run_weeks
            );
            plan.push(row(&[&"误报控制图", &about]));
        }
        let mut done = vec![
            row(&[&"开启预警", &format!("{}件", self.opened)]),
            row(&[&"已有结论", &self.judged]),
            row(&[&"其中排除", &format!("{}件", self.excluded)]),
            row(&[&"采样任务", &format!("{}项", self.requests)]),
            row(&[&"已返结果", &self.answered]),
        ];
        done.extend(self.delays.iter().map(|delay| {
            let shown =
                format!("中位{:.1}小时，95%以内{:.1}小时（{}条）", delay.p50_hours, delay.p95_hours, delay.documents);
            row(&[&delay.step, &shown])
        }));
        let sensitivity = self.sensitivity.map_or_else(|| "未提供已知事件".to_owned(), |share| share.to_string());
        let scaled =
            self.false_onsets_scaled.map_or_else(String::new, |rate| format!("，未核查者按同样比例计{rate:.1}起"));
        let found = match self.ppv.whole {
            0 => "尚无结论".to_owned(),
            _ => format!("每30天{:.1}起{scaled}", self.false_onsets_per_30_days),
        };
        let mut check = vec![
            row(&[&"灵敏度（首次处置前）", &sensitivity]),
            row(&[&"误报", &format!("{found}，承诺{:.1}起", self.promised_per_30_days)]),
        ];
        if let Some(back) = &self.backtest {
            let [low, high] = back.lead_days_95;
            let shown = format!("平均{:.1}天（95%区间{low:.1}—{high:.1}，迟报漏报计0）", back.lead_days);
            check.push(row(&[&"提前量", &shown]));
        }
        for rule in &self.rules {
            let lead = rule
                .lead_days
                .map_or_else(String::new, |days| format!("，{}起事件平均提前{days:.1}天", rule.incidents));
            check.push(row(&[
                &format!("规则 {}", rule.rule),
                &format!("开启{}件，属实率{}{lead}", rule.opened, rule.ppv),
            ]));
        }
        if let Some(chart) = &self.chart {
            let last = chart.weeks.last().map_or(0.0, |week| week.sum);
            check.push(row(&[
                &"误报控制图",
                &format!(
                    "{}周，越限{}次，当前累积和{last:.1}（限{:.1}）",
                    chart.weeks.len(),
                    chart.alarms,
                    chart.limit
                ),
            ]));
        }
        let mut act: Vec<Vec<String>> = self.actions.iter().map(|action| row(&[&"待办", action])).collect();
        act.extend(self.overdue.iter().map(|overdue| row(&[&"逾期", overdue])));
        if act.is_empty() {
            act.push(row(&[&"待办", &"无"]));
        }
        [
            Section {
                title: "计划", number: format!("承诺误报每30天{:.1}起", self.promised_per_30_days), rows: plan
            },
            Section { title: "执行", number: format!("预警每30天{:.1}件", self.opened_per_30_days), rows: done },
            Section { title: "检查", number: format!("属实率{}", self.ppv), rows: check },
            Section { title: "改进", number: format!("待办{}项", self.actions.len()), rows: act },
        ]
    }

    /// A page that stands alone.
    #[must_use]
    pub fn html(&self) -> String {
        let mut page = String::new();
        for section in self.sections() {
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
        standing_alone("质量报告", &page)
    }
}

impl fmt::Display for QualityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, section) in self.sections().iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{}：{}", section.title, section.number)?;
            for row in &section.rows {
                writeln!(f, "  {}", row.join("  "))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

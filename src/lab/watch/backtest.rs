//! How early a replay raised alerts on incidents that are known to have happened, and how many other alerts it raised.
//!
//! In: the lines of a replay's `alerts.ndjson`, a table of incidents. Out: per incident the first alert that is about it, the lead
//! before the first official action, how many alerts a month it took, with bootstrap intervals. Not here: files, the replay.
//!
//! An alert is about an incident when a piece of its evidence matches the incident's pattern and was published within
//! `NEAR_DAYS` days of its first signal. Evidence published after the day of the alert is knowledge from the future: a leak, counted and
//! never believed.

use std::fmt;

use jiff::civil::Date;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use regex::{Regex, RegexBuilder};
use serde::Serialize;

use vocabulary::{AlertEvent, AlertEventKind, DateRange, Language, Refused, Report, Said, day_of, refused, said};

/// Evidence further than this from an incident's first signal is about another one, in days.
pub const NEAR_DAYS: i32 = 200;
/// Largest compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 4 << 20;
/// Draws of the bootstrap, and their seed.
const DRAWS: usize = 10_000;
const SEED: u64 = 20_260;
/// Days over which alerts are counted for the rate.
const MONTH: f64 = 30.0;

/// A known incident.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Its name in the table.
    pub id: String,
    /// What it was about, for people.
    pub about: String,
    /// When it could first be seen.
    pub first_signal: Date,
    /// When an authority or the maker first acted.
    pub first_action: Date,
    /// What texts about it look like.
    pub pattern: Regex,
}

/// A table of incidents that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IncidentsError {
    /// No CSV, or a column is missing.
    #[error("{0}; columns event, first_signal, first_action and signal_regex are needed")]
    Csv(#[from] csv::Error),
    /// A cell that cannot be used.
    #[error("line {line}: `{column}` is `{found}`: {what}")]
    Cell {
        /// Line of the file.
        line: u64,
        /// Its column.
        column: &'static str,
        /// What stands there.
        found: String,
        /// What is wrong with it.
        what: Refused,
    },
    /// No incident at all.
    #[error("the table lists no incident")]
    Empty,
}

impl Said for IncidentsError {
    fn zh(&self) -> String {
        match self {
            Self::Csv(error) => format!("“{error}”；需要列 event、first_signal、first_action 和 signal_regex"),
            Self::Cell { line, column, found, what } => {
                format!("第 {line} 行：`{column}` 为 `{found}`：{}", what.zh)
            }
            Self::Empty => "表里没有列出任何事件".to_owned(),
        }
    }
}

/// Reads a table of incidents: CSV with the columns `event`, `first_signal`, `first_action` (YYYY-MM-DD) and `signal_regex`; of
/// `brand`, `product` and `hazard`, what is there is shown. Other columns are ignored.
///
/// # Errors
/// [`IncidentsError`] with the line.
pub fn incidents(csv: &str) -> Result<Vec<Incident>, IncidentsError> {
    let mut reader = csv::Reader::from_reader(csv.strip_prefix('\u{feff}').unwrap_or(csv).as_bytes());
    let header = reader.headers()?.clone();
    let column = |name: &str| header.iter().position(|known| known == name);
    let mut found = Vec::new();
    for row in reader.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |name: &'static str| column(name).and_then(|at| row.get(at)).unwrap_or_default().trim();
        let wrong = |column: &'static str, what: Refused| IncidentsError::Cell {
            line,
            column,
            found: cell(column).to_owned(),
            what,
        };
        let day = |column: &'static str| {
            cell(column)
                .parse::<Date>()
                .map_err(|_| wrong(column, refused!("应为日期，如 2021-03-15", "a day as 2021-03-15 is expected")))
        };
        if cell("signal_regex").is_empty() {
            return Err(wrong("signal_regex", refused!("应为正则表达式", "a pattern is expected")));
        }
        let pattern = RegexBuilder::new(cell("signal_regex")).size_limit(PATTERN_BYTES_MAX).build();
        let about: Vec<&str> =
            ["brand", "product", "hazard"].map(cell).into_iter().filter(|part| !part.is_empty()).collect();
        found.push(Incident {
            id: cell("event").to_owned(),
            about: about.join(" "),
            first_signal: day("first_signal")?,
            first_action: day("first_action")?,
            pattern: pattern
                .map_err(|error| wrong("signal_regex", Refused::quoted(error.to_string().replace('\n', " "))))?,
        });
    }
    if found.is_empty() { Err(IncidentsError::Empty) } else { Ok(found) }
}

/// What became of one incident.
#[derive(Debug, Clone, Serialize)]
pub struct IncidentResult {
    /// The incident.
    pub incident: String,
    /// What it was about.
    pub about: String,
    /// When it could first be seen, and when somebody acted.
    pub first_signal: Date,
    /// When an authority or the maker first acted.
    pub first_action: Date,
    /// The day of the first alert about it; none when it was missed.
    pub alerted: Option<Date>,
    /// That alert: id, category, hazard, brand.
    pub alert: Option<String>,
    /// Days from the alert to the first action; below zero when it came late.
    pub lead_days: Option<i32>,
}

impl IncidentResult {
    /// Whether the alert came on or before the first action.
    pub fn in_time(&self) -> bool {
        self.lead_days.is_some_and(|days| days >= 0)
    }
}

/// A replay judged by known incidents.
#[derive(Debug, Clone, Serialize)]
pub struct Backtest {
    /// Incident by incident.
    #[serde(rename = "told")]
    pub results: Vec<IncidentResult>,
    /// Alerts that were opened, and over how many days.
    pub opened: usize,
    /// Days of the replay.
    pub days: usize,
    /// Opened alerts in 30 days.
    pub per_30_days: f64,
    /// Alerts that are about one of the incidents.
    pub about_incidents: usize,
    /// Share of incidents alerted in time, with its 95 % bootstrap interval over incidents.
    pub in_time: f64,
    /// The interval.
    pub in_time_95: [f64; 2],
    /// Mean lead over all incidents, a missed or late one counted as 0, in days, with its 95 % bootstrap interval.
    pub lead_days: f64,
    /// The interval.
    pub lead_days_95: [f64; 2],
    /// Pieces of evidence from after the day of their alert: must be 0.
    pub leaks: usize,
}

/// Judges the lines of a replay over `range` by known incidents.
pub fn backtest(incidents: &[Incident], lines: &[AlertEvent], range: DateRange) -> Backtest {
    let telling: Vec<&AlertEvent> = lines
        .iter()
        .filter(|line| matches!(line.event, AlertEventKind::Opened | AlertEventKind::Raised))
        .filter(|line| range.from <= line.as_of && line.as_of <= range.to)
        .collect();
    let known = |line: &AlertEvent| {
        let as_of = line.as_of;
        line.evidence.iter().filter(move |evidence| day_of(evidence.published_at) <= as_of).count()
    };
    let leaks = telling.iter().map(|line| line.evidence.len() - known(line)).sum();
    let is_about = |line: &AlertEvent, incident: &Incident| {
        line.evidence.iter().any(|evidence| {
            let day = day_of(evidence.published_at);
            let apart = (day - incident.first_signal).get_days();
            day <= line.as_of && apart.abs() <= NEAR_DAYS && incident.pattern.is_match(&evidence.text)
        })
    };
    let results: Vec<IncidentResult> = incidents
        .iter()
        .map(|incident| {
            let about = telling.iter().filter(|line| is_about(line, incident));
            let first = about.min_by_key(|line| (line.as_of, &line.alert_id));
            IncidentResult {
                incident: incident.id.clone(),
                about: incident.about.clone(),
                first_signal: incident.first_signal,
                first_action: incident.first_action,
                alerted: first.map(|line| line.as_of),
                alert: first.map(|line| {
                    let brand = line.brand.as_deref().unwrap_or("-");
                    format!("{} {} {} {brand}", line.alert_id, line.category.code(), line.hazard.code())
                }),
                lead_days: first.map(|line| (incident.first_action - line.as_of).get_days()),
            }
        })
        .collect();
    let opened: Vec<&&AlertEvent> = telling.iter().filter(|line| line.event == AlertEventKind::Opened).collect();
    let about_incidents =
        opened.iter().filter(|line| incidents.iter().any(|incident| is_about(line, incident))).count();
    let days = range.days().count();
    let in_time: Vec<f64> = results.iter().map(|result| f64::from(u8::from(result.in_time()))).collect();
    let leads: Vec<f64> = results.iter().map(|result| f64::from(result.lead_days.unwrap_or(0).max(0))).collect();
    Backtest {
        opened: opened.len(),
        days,
        per_30_days: opened.len() as f64 * MONTH / days.max(1) as f64,
        about_incidents,
        in_time: mean(&in_time),
        in_time_95: interval(&in_time),
        lead_days: mean(&leads),
        lead_days_95: interval(&leads),
        leaks,
        results,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// 95 % percentile interval of the mean over draws with replacement.
fn interval(values: &[f64]) -> [f64; 2] {
    if values.is_empty() {
        return [0.0; 2];
    }
    let mut chance = Pcg64Mcg::seed_from_u64(SEED);
    // A table of incidents is short: the remainder favours none of them by more than one in 10^17.
    let mut any = || usize::try_from(chance.next_u64() % values.len() as u64).unwrap_or(0);
    let mut draw = || (0..values.len()).map(|_| values[any()]).sum::<f64>();
    let mut means: Vec<f64> = (0..DRAWS).map(|_| draw() / values.len() as f64).collect();
    means.sort_by(f64::total_cmp);
    [means[DRAWS / 40], means[DRAWS - 1 - DRAWS / 40]]
}

impl fmt::Display for Backtest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::English)
    }
}

impl Report for Backtest {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        for result in &self.results {
            let verdict = match (result.alerted, result.lead_days) {
                (Some(day), Some(days)) if days >= 0 => {
                    said!(language, "{day} 预警，提前 {days} 天", "alerted {day}, {days} days ahead")
                }
                (Some(day), Some(days)) => {
                    said!(language, "{day} 预警，晚 {} 天", "alerted {day}, {} days late", -days)
                }
                _ => language.pick("没有预警", "missed").to_owned(),
            };
            let alert = result.alert.as_deref().map(|alert| format!(" ({alert})")).unwrap_or_default();
            let about = if result.about.is_empty() { String::new() } else { format!("  {}", result.about) };
            let line = said!(
                language,
                "{} 信号 {} 措施 {}：{verdict}{alert}{about}",
                "{} signal {} action {}: {verdict}{alert}{about}",
                result.incident,
                result.first_signal,
                result.first_action
            );
            writeln!(f, "{line}")?;
        }
        let in_time = self.results.iter().filter(|result| result.in_time()).count();
        let found = self.results.iter().filter(|result| result.alerted.is_some()).count();
        let sums = said!(
            language,
            "{in_time} 起（共 {} 起）在首次措施当日或之前：{:.2}（95 % {:.2}–{:.2}）；共发现 {found} 起，漏 {} 起",
            "{in_time} of {} on or before the first action: {:.2} (95 % {:.2}–{:.2}); {found} at all, {} missed",
            self.results.len(),
            self.in_time,
            self.in_time_95[0],
            self.in_time_95[1],
            self.results.len() - found,
        );
        writeln!(f, "{sums}")?;
        let lead = said!(
            language,
            "平均提前 {:.1} 天（95 % {:.1}–{:.1}），晚的和漏的按 0 计",
            "lead {:.1} days on average (95 % {:.1}–{:.1}), late and missed ones counted as 0",
            self.lead_days,
            self.lead_days_95[0],
            self.lead_days_95[1]
        );
        writeln!(f, "{lead}")?;
        let opened = said!(
            language,
            "开启预警 {} 件，共 {} 天：每 30 天 {:.1} 件，其中 {} 件关于这些事件",
            "{} alerts opened in {} days: {:.1} per 30 days, {} of them about these incidents",
            self.opened,
            self.days,
            self.per_30_days,
            self.about_incidents
        );
        writeln!(f, "{opened}")?;
        match self.leaks {
            0 => f.write_str(language.pick("没有晚于预警之日的证据", "no evidence from after its alert")),
            leaks => f.write_str(&said!(
                language,
                "{leaks} 条证据晚于所属预警之日：重演泄漏了未来",
                "{leaks} pieces of evidence are from after the day of their alert: the replay leaks"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use vocabulary::{Evidence, start_of_day};

    const TABLE: &str = "event,brand,first_signal,first_action,signal_regex\n\
        A,某牌,2024-03-01,2024-03-10,某牌.*起火\nB,,2024-03-01,2024-03-02,漏电\nC,,2024-03-01,2024-03-02,爆炸\n";

    fn line(as_of: Date, event: AlertEventKind, evidence: &[(Date, &str)]) -> AlertEvent {
        let evidence = evidence.iter().map(|(day, text)| Evidence {
            document_id: "d".into(),
            published_at: start_of_day(*day),
            undated: false,
            text: (*text).to_owned(),
            spans: Vec::new(),
            url: None,
            source: "s".to_owned(),
        });
        let base = serde_json::json!({
            "alert_id": "wl-1", "as_of": as_of, "event": event, "category": "battery_charger", "hazard": "fire", "brand": null,
            "region": null, "danger": "high", "spread": "isolated", "disposal": "notify", "rank_score": 1.0,
            "counts": {"reports": 1, "texts": 1, "actors": 1, "places": 0}, "evidence": [], "evidence_total": 1,
            "explanation": "", "criteria": "c", "lexicon": "l",
        });
        let base: AlertEvent = serde_json::from_value(base).expect("a line");
        AlertEvent { evidence: evidence.collect(), ..base }
    }

    fn run(lines: &[AlertEvent]) -> Backtest {
        let range = DateRange { from: date(2024, 1, 1), to: date(2024, 3, 30) };
        backtest(&incidents(TABLE).expect("a table"), lines, range)
    }

    #[test]
    fn an_alert_counts_from_its_first_telling_line_and_late_ones_are_late() {
        use AlertEventKind::{Lowered, Opened, Raised};
        let day = |day| date(2024, 3, day);
        let report = run(&[
            line(day(4), Lowered, &[(day(3), "某牌充电宝起火")]),
            line(day(6), Raised, &[(day(3), "某牌充电宝起火")]),
            line(day(5), Opened, &[(day(3), "某牌充电宝起火")]),
            line(day(5), Opened, &[(day(4), "热水器漏电")]),
        ]);
        assert_eq!(report.results[0].lead_days, Some(5));
        assert_eq!((report.results[1].lead_days, report.results[1].in_time()), (Some(-3), false));
        assert_eq!(report.results[2].alerted, None);
        assert_eq!((report.opened, report.days, report.about_incidents, report.leaks), (2, 90, 2, 0));
        assert!((report.in_time - 1.0 / 3.0).abs() < 1e-12 && (report.lead_days - 5.0 / 3.0).abs() < 1e-12);
        assert!(report.in_time_95[0] <= report.in_time && report.in_time <= report.in_time_95[1]);
        insta::assert_snapshot!(report.to_string());
    }

    #[test]
    fn evidence_from_the_future_or_from_long_ago_is_not_believed() {
        let report = run(&[
            line(date(2024, 3, 1), AlertEventKind::Opened, &[(date(2024, 3, 2), "又爆炸了")]),
            line(date(2024, 3, 2), AlertEventKind::Opened, &[(date(2023, 3, 2), "漏电")]),
        ]);
        assert!(report.results.iter().all(|result| result.alerted.is_none()));
        assert_eq!(report.leaks, 1);
    }

    #[test]
    fn a_table_that_cannot_be_used_is_told_by_line_and_column() {
        for (from, to, wanted) in [
            ("2024-03-10", "10.3.2024", "line 2: `first_action` is `10.3.2024`"),
            ("漏电", "(漏电", "line 3: `signal_regex`"),
            ("爆炸", "", "line 4: `signal_regex` is ``: a pattern"),
            ("first_signal", "signal", "`first_signal` is ``"),
        ] {
            let error = incidents(&TABLE.replacen(from, to, 1)).expect_err(from).to_string();
            assert!(error.contains(wanted), "{error}");
        }
        assert!(incidents("event,first_signal\n").expect_err("no rows").to_string().contains("no incident"));
    }
}

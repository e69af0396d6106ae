//! What was alerted against what really happened: which incidents were found, when, as how wide; what was a false alarm.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::incident::InjectedIncident;
use super::places::province_name;
use vocabulary::{
    AlertEvent, AlertEventKind, AlertId, Category, Hazard, Language, Province, RegionCode, Report, Spread, said,
};

/// Days after an incident's last report within which an alert on it still counts.
pub(super) const LATE_DAYS_MAX: i32 = 14;

/// How an incident was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The first alert on it.
    pub alert_id: AlertId,
    /// The day it opened.
    pub on: Date,
    /// Days from the incident's start.
    pub delay_days: i32,
    /// Widest spread that any alert on it reached within the time that counts.
    pub spread: Spread,
    /// Further alerts on the same incident.
    pub repeated: u32,
}

/// One incident and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The truth.
    pub incident: InjectedIncident,
    /// None when no alert opened in time.
    pub found: Option<Found>,
}

impl Outcome {
    /// Whether it was found and its spread told rightly.
    #[must_use]
    pub fn spread_right(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.spread == self.incident.spread)
    }
}

/// An alert that no incident explains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FalseAlert {
    /// The alert.
    pub alert_id: AlertId,
    /// The day it opened.
    pub on: Date,
    /// Its category.
    pub category: Category,
    /// Its hazard.
    pub hazard: Hazard,
    /// Its brand.
    pub brand: Option<String>,
}

/// The whole judgement. Its `Display` is a table in Chinese.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Every incident, in the order given.
    pub outcomes: Vec<Outcome>,
    /// Alerts that opened and match no incident, in the order given.
    pub false_alerts: Vec<FalseAlert>,
    /// Alerts that opened in all.
    pub opened: u32,
}

impl Verdict {
    /// How many incidents were found.
    #[must_use]
    pub fn found(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.found.is_some()).count()
    }

    /// Median delay in days of those found.
    #[must_use]
    pub fn median_delay_days(&self) -> Option<i32> {
        let mut delays: Vec<i32> =
            self.outcomes.iter().filter_map(|outcome| Some(outcome.found.as_ref()?.delay_days)).collect();
        delays.sort_unstable();
        delays.get(delays.len() / 2).copied()
    }
}

/// Whether an alert that opens is about an incident: category and hazard agree, the brand does not contradict, and it opens
/// between the incident's first day and [`LATE_DAYS_MAX`] days after its last.
fn is_about(event: &AlertEvent, incident: &InjectedIncident) -> bool {
    let brand_fits = match (&event.brand, &incident.brand) {
        (Some(alerted), Some(real)) => alerted == real,
        _ => true,
    };
    incident.hits(event.category) && event.hazard == incident.hazard && brand_fits && is_in_time(event.as_of, incident)
}

fn is_in_time(day: Date, incident: &InjectedIncident) -> bool {
    day >= incident.start && days_between(incident.end, day) <= LATE_DAYS_MAX
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(i32::MAX, |span| span.get_days())
}

/// Judges a run: the truth against the events of its alerts' lives, which may come in any order.
#[must_use]
pub fn judge(truth: &[InjectedIncident], events: &[AlertEvent]) -> Verdict {
    let mut opened: Vec<&AlertEvent> = events.iter().filter(|event| event.event == AlertEventKind::Opened).collect();
    opened.sort_by(|a, b| (a.as_of, &a.alert_id).cmp(&(b.as_of, &b.alert_id)));
    opened.dedup_by(|a, b| a.alert_id == b.alert_id);
    let outcomes = truth
        .iter()
        .map(|incident| {
            let about: Vec<&&AlertEvent> = opened.iter().filter(|event| is_about(event, incident)).collect();
            let found = about.first().map(|first| Found {
                alert_id: first.alert_id.clone(),
                on: first.as_of,
                delay_days: days_between(incident.start, first.as_of),
                spread: events
                    .iter()
                    .filter(|event| {
                        is_in_time(event.as_of, incident) && about.iter().any(|one| one.alert_id == event.alert_id)
                    })
                    .map(|event| event.spread)
                    .max()
                    .unwrap_or(first.spread),
                repeated: u32::try_from(about.len() - 1).unwrap_or(u32::MAX),
            });
            Outcome { incident: incident.clone(), found }
        })
        .collect();
    let false_alerts = opened
        .iter()
        .filter(|event| !truth.iter().any(|incident| is_about(event, incident)))
        .map(|event| FalseAlert {
            alert_id: event.alert_id.clone(),
            on: event.as_of,
            category: event.category,
            hazard: event.hazard,
            brand: event.brand.clone(),
        })
        .collect();
    Verdict { outcomes, false_alerts, opened: u32::try_from(opened.len()).unwrap_or(u32::MAX) }
}

/// Columns that a character takes in a terminal: two for the wide ones.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}') { 2 } else { 1 }).sum()
}

fn table(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>]) -> fmt::Result {
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(columns(cell)) + 2));
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::Chinese)
    }
}

impl Report for Verdict {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let head = match language {
            Language::Chinese => {
                ["事件", "类别", "隐患", "品牌", "地区", "开始", "信息", "发现", "滞后", "判定范围", "真实范围"]
            }
            Language::English => [
                "incident",
                "category",
                "hazard",
                "brand",
                "places",
                "start",
                "reports",
                "found",
                "delay",
                "judged",
                "true spread",
            ],
        };
        let nothing = || "—".to_owned();
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for Outcome { incident, found } in &self.outcomes {
            let regions: Vec<&str> = incident.regions.iter().filter_map(|region| province_name(*region)).collect();
            let (on, delay, spread) = match found {
                Some(found) => (
                    found.on.to_string(),
                    said!(language, "{}天", "{} days", found.delay_days),
                    language.pick(found.spread.zh(), found.spread.en()).to_owned(),
                ),
                None => (language.pick("未发现", "not found").to_owned(), nothing(), nothing()),
            };
            rows.push(vec![
                incident.title.clone(),
                language.pick(incident.category.zh(), incident.category.en()).to_owned(),
                language.pick(incident.hazard.zh(), incident.hazard.en()).to_owned(),
                incident
                    .brand
                    .clone()
                    .unwrap_or_else(|| said!(language, "{}个品牌", "{} brands", incident.brands.len())),
                match (incident.regions.as_slice(), language) {
                    ([], _) => language.pick("全国", "everywhere").to_owned(),
                    (_, Language::Chinese) => regions.join("、"),
                    (codes, Language::English) => {
                        let name = |code: &RegionCode| {
                            Province::of(*code).map_or_else(|| code.to_string(), |of| of.en.to_owned())
                        };
                        codes.iter().map(name).collect::<Vec<_>>().join(", ")
                    }
                },
                incident.start.to_string(),
                incident.events.to_string(),
                on,
                delay,
                spread,
                language.pick(incident.spread.zh(), incident.spread.en()).to_owned(),
            ]);
        }
        table(f, &rows)?;
        let right = self.outcomes.iter().filter(|outcome| outcome.spread_right()).count();
        let sums = said!(
            language,
            "\n注入事件 {} 起，发现 {} 起，范围判对 {} 起；共开预警 {} 条，其中误报 {} 条",
            "\n{} incidents were injected, {} found, {} with the right spread; {} alerts opened, {} of them false",
            self.outcomes.len(),
            self.found(),
            right,
            self.opened,
            self.false_alerts.len()
        );
        let delay = self
            .median_delay_days()
            .map_or_else(String::new, |days| said!(language, "；滞后中位数 {days} 天", "; median delay {days} days"));
        writeln!(f, "{sums}{delay}{}", language.pick("。", "."))?;
        if !self.false_alerts.is_empty() {
            let mut rows = vec![
                language
                    .pick(["误报", "类别", "隐患", "品牌"], ["false alert", "category", "hazard", "brand"])
                    .map(str::to_owned)
                    .to_vec(),
            ];
            rows.extend(self.false_alerts.iter().map(|alert| {
                let brand = alert.brand.clone().unwrap_or_else(|| "—".to_owned());
                let category = language.pick(alert.category.zh(), alert.category.en());
                let hazard = language.pick(alert.hazard.zh(), alert.hazard.en());
                vec![alert.on.to_string(), category.to_owned(), hazard.to_owned(), brand]
            }));
            writeln!(f)?;
            table(f, &rows)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use vocabulary::{Counts, CriteriaVersion, Danger, Disposal, LexiconVersion};

    fn incident(brand: Option<&str>) -> InjectedIncident {
        let all = super::super::incident::plan(date(2025, 3, 1), 120);
        let mut one = all.into_iter().next().expect("an incident").truth;
        one.brand = brand.map(ToOwned::to_owned);
        (one.start, one.end) = (date(2025, 3, 10), date(2025, 4, 10));
        one
    }

    fn event(id: &str, on: Date, kind: AlertEventKind, brand: Option<&str>, spread: Spread) -> AlertEvent {
        AlertEvent {
            alert_id: AlertId::from(id),
            as_of: on,
            event: kind,
            category: Category::BatteryCharger,
            hazard: Hazard::Fire,
            brand: brand.map(ToOwned::to_owned),
            region: None,
            danger: Danger::High,
            spread,
            disposal: Disposal::Sample,
            rank_score: 1.0,
            counts: Counts::default(),
            evidence: Vec::new(),
            evidence_total: 0,
            rules: Vec::new(),
            merged_into: None,
            explanation: vocabulary::Explanation::default(),
            before: None,
            criteria: CriteriaVersion::from("c"),
            lexicon: LexiconVersion::from("l"),
        }
    }

    fn opened(id: &str, on: Date, brand: Option<&str>) -> AlertEvent {
        event(id, on, AlertEventKind::Opened, brand, Spread::Isolated)
    }

    #[test]
    fn the_first_alert_in_time_finds_an_incident() {
        let events = [
            opened("early", date(2025, 3, 9), None),
            opened("second", date(2025, 3, 25), None),
            opened("first", date(2025, 3, 20), Some("云鹊")),
            event("first", date(2025, 4, 1), AlertEventKind::Raised, Some("云鹊"), Spread::Industry),
            event("first", date(2025, 6, 1), AlertEventKind::Raised, Some("云鹊"), Spread::Systemic),
        ];
        let verdict = judge(&[incident(Some("云鹊"))], &events);
        let found = verdict.outcomes[0].found.clone().expect("found");
        assert_eq!((found.alert_id.as_str(), found.delay_days, found.repeated), ("first", 10, 1));
        assert_eq!(found.spread, Spread::Industry);
        assert_eq!(verdict.false_alerts.len(), 1);
        assert_eq!(verdict.false_alerts[0].alert_id.as_str(), "early");
    }

    #[test]
    fn another_brand_or_a_late_alert_is_false() {
        let events = [opened("brand", date(2025, 3, 20), Some("拓野")), opened("late", date(2025, 4, 25), None)];
        let verdict = judge(&[incident(Some("云鹊"))], &events);
        assert_eq!((verdict.found(), verdict.false_alerts.len()), (0, 2));
        let last_moment = [opened("just", date(2025, 4, 24), None)];
        assert_eq!(judge(&[incident(Some("云鹊"))], &last_moment).found(), 1);
    }

    #[test]
    fn an_alert_on_one_brand_finds_an_incident_of_many() {
        assert_eq!(judge(&[incident(None)], &[opened("a", date(2025, 3, 20), Some("拓野"))]).found(), 1);
    }

    #[test]
    fn an_event_told_twice_counts_once() {
        let twice = [opened("a", date(2025, 5, 20), None), opened("a", date(2025, 5, 20), None)];
        let verdict = judge(&[incident(None)], &twice);
        assert_eq!((verdict.opened, verdict.false_alerts.len()), (1, 1));
    }

    #[test]
    fn the_table_is_aligned_for_wide_characters() {
        let verdict = judge(&[incident(Some("云鹊"))], &[opened("a", date(2025, 3, 20), None)]);
        let shown = verdict.to_string();
        let lines: Vec<&str> = shown.lines().collect();
        let column_of = |line: &str, mark: &str| line.find(mark).map(|at| columns(&line[..at]));
        assert_eq!(column_of(lines[0], "发现"), column_of(lines[1], "2025-03-20"), "{shown}");
        assert!(
            shown.contains("注入事件 1 起，发现 1 起，范围判对 1 起；共开预警 1 条，其中误报 0 条；滞后中位数 10 天。"),
            "{shown}"
        );
        let back: Verdict = serde_json::from_str(&serde_json::to_string(&verdict).expect("writes")).expect("reads");
        assert_eq!(back, verdict);
    }
}

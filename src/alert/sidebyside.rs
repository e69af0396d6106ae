//! Two judgements of the same days side by side: of two criteria files (clause 4-03: inside one region consistent, between regions
//! not), or of two reruns.
//!
//! In: what each said, day by day. Out: where the levels of a matter differ, in stretches of days, which alerts only one of them
//! opened, and which both opened at another time or level. Not here: judging, files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

use vocabulary::{
    AlertEvent, AlertEventKind, AlertId, Assessment, Category, Danger, DateRange, Disposal, DocumentId, Hazard,
    Language, RegionCode, Report, Spread, said,
};

/// What a judgement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Matter {
    /// Product category.
    pub category: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Brand, when it is about one.
    pub brand: Option<String>,
    /// Region, when it is about one.
    pub region: Option<RegionCode>,
}

/// The three levels, and the rule that decided what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Levels {
    /// Danger.
    pub danger: Danger,
    /// Spread.
    pub spread: Spread,
    /// Disposal.
    pub disposal: Disposal,
    /// Rule of the disposal.
    pub rule: String,
}

/// What one side said, day by day.
#[derive(Debug, Clone, Default)]
pub struct Said {
    matters: BTreeMap<Matter, BTreeMap<Date, Levels>>,
    alerts: BTreeMap<AlertId, Told>,
    days: BTreeSet<Date>,
}

#[derive(Debug, Clone)]
struct Told {
    opened: Opened,
    evidence: BTreeSet<DocumentId>,
}

/// An alert as it was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// Its id.
    pub id: AlertId,
    /// The day.
    pub on: Date,
    /// What it is about.
    pub matter: Matter,
    /// Its danger.
    pub danger: Danger,
    /// Its spread.
    pub spread: Spread,
    /// Its disposal.
    pub disposal: Disposal,
}

/// An alert that only one side opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alone {
    /// The alert.
    #[serde(flatten)]
    pub opened: Opened,
    /// What the other side said of the same matter on that day; none when it did not see it by itself.
    pub other: Option<Levels>,
}

/// An alert that both sides opened, not on the same day or not at the same levels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// As the first opened it.
    pub first: Opened,
    /// As the second did.
    pub second: Opened,
    /// Days by which the second is later; below zero when it is earlier.
    pub days: i32,
}

impl Said {
    /// Takes in one day.
    pub fn day(&mut self, as_of: Date, assessments: &[Assessment], events: &[AlertEvent]) {
        self.judged(as_of);
        for a in assessments {
            let matter = Matter { category: a.category, hazard: a.hazard, brand: a.brand.clone(), region: a.region };
            let levels =
                Levels { danger: a.danger, spread: a.spread, disposal: a.disposal, rule: a.disposal_rule.clone() };
            self.assessed(as_of, matter, levels);
        }
        self.told(events);
    }

    /// A day was judged, whatever was said.
    pub fn judged(&mut self, as_of: Date) {
        self.days.insert(as_of);
    }

    /// One assessment of a day. Where two of a day bear one label, the one that asks for more stands.
    pub fn assessed(&mut self, as_of: Date, matter: Matter, levels: Levels) {
        let order = |levels: &Levels| (levels.disposal, levels.spread, levels.danger);
        let days = self.matters.entry(matter).or_default();
        if days.get(&as_of).is_none_or(|held| order(held) < order(&levels)) {
            days.insert(as_of, levels);
        }
    }

    /// Documents that an alert named as evidence while it lived.
    #[must_use]
    pub fn evidence(&self, alert: &AlertId) -> Option<&BTreeSet<DocumentId>> {
        self.alerts.get(alert).map(|told| &told.evidence)
    }

    /// Lines of alerts' lives, in the order they happened.
    pub fn told(&mut self, events: &[AlertEvent]) {
        for event in events {
            let documents = event.evidence.iter().map(|evidence| evidence.document_id.clone());
            if event.event == AlertEventKind::Opened {
                let matter = Matter {
                    category: event.category,
                    hazard: event.hazard,
                    brand: event.brand.clone(),
                    region: event.region,
                };
                let AlertEvent { danger, spread, disposal, .. } = *event;
                let opened = Opened { id: event.alert_id.clone(), on: event.as_of, matter, danger, spread, disposal };
                self.alerts.insert(event.alert_id.clone(), Told { opened, evidence: documents.collect() });
            } else if let Some(told) = self.alerts.get_mut(&event.alert_id) {
                told.evidence.extend(documents);
            }
        }
    }
}

/// A stretch of judged days on which a matter was judged differently, the same difference every day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The matter.
    pub matter: Matter,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Judged days in between, both counted.
    pub days: u32,
    /// What the first file said; none when it did not see this matter by itself.
    pub first: Option<Levels>,
    /// What the second file said.
    pub second: Option<Levels>,
}

/// Two sides over the same days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SideBySide {
    /// Days judged.
    pub days: usize,
    /// Alerts that the first opened.
    pub opened_first: usize,
    /// Alerts that the second opened.
    pub opened_second: usize,
    /// Alerts of the first that the second has none for: lost by going over to the second.
    pub lost: Vec<Alone>,
    /// Alerts of the second that the first has none for.
    pub gained: Vec<Alone>,
    /// Alerts of both that opened earlier, later or at other levels.
    pub moved: Vec<Moved>,
    /// Where levels differ and at least one of the two does not exclude the matter.
    pub differences: Vec<Difference>,
}

/// Whether two alerts are the same: category and hazard are, and they share a document.
fn same(a: &Told, b: &Told) -> bool {
    let about = |told: &Told| (told.opened.matter.category, told.opened.matter.hazard);
    about(a) == about(b) && (a.opened.id == b.opened.id || !a.evidence.is_disjoint(&b.evidence))
}

/// Alerts of one side that the other has none for, in order of their days.
fn alone(of: &Said, other: &Said) -> Vec<Alone> {
    let alone = of.alerts.values().filter(|told| !other.alerts.values().any(|theirs| same(told, theirs)));
    let with_other = |told: &Told| {
        let days = other.matters.get(&told.opened.matter);
        Alone { opened: told.opened.clone(), other: days.and_then(|days| days.get(&told.opened.on)).cloned() }
    };
    let mut alone: Vec<Alone> = alone.map(with_other).collect();
    alone.sort_by(|a, b| (a.opened.on, &a.opened.id).cmp(&(b.opened.on, &b.opened.id)));
    alone
}

/// Alerts of both sides that began differently. Each of the first goes with that of the second which bears its id, else with that which
/// shares most documents with it; of equals, with the earliest.
fn moved(first: &Said, second: &Said) -> Vec<Moved> {
    let mut moved = Vec::new();
    for told in first.alerts.values() {
        let theirs = second.alerts.values().filter(|theirs| same(told, theirs));
        let closest = theirs.min_by_key(|theirs| {
            let shared = told.evidence.intersection(&theirs.evidence).count();
            (theirs.opened.id != told.opened.id, std::cmp::Reverse(shared), theirs.opened.on)
        });
        let Some(Told { opened: theirs, .. }) = closest else { continue };
        let levels = |opened: &Opened| (opened.danger, opened.spread, opened.disposal);
        let days = theirs.on.since(told.opened.on).map_or(0, |span| span.get_days());
        if days != 0 || levels(theirs) != levels(&told.opened) {
            moved.push(Moved { first: told.opened.clone(), second: theirs.clone(), days });
        }
    }
    moved.sort_by(|a, b| (a.first.on, &a.first.id).cmp(&(b.first.on, &b.first.id)));
    moved
}

impl SideBySide {
    /// Only what concerns alerts that opened on these days, on one side at least, and judgements of these days. For two replays that
    /// did not begin on the same day: near its first day one takes for new what the other has seen begin.
    #[must_use]
    pub fn within(mut self, range: DateRange) -> Self {
        let inside = |day: Date| (range.from..=range.to).contains(&day);
        self.lost.retain(|alone| inside(alone.opened.on));
        self.gained.retain(|alone| inside(alone.opened.on));
        self.moved.retain(|moved| inside(moved.first.on) || inside(moved.second.on));
        self.differences.retain(|difference| difference.from <= range.to && difference.to >= range.from);
        self
    }

    /// Alerts of both that the second opened earlier, later, and on the same day at other levels.
    #[must_use]
    pub fn shifted(&self) -> [usize; 3] {
        let count = |of: fn(i32) -> bool| self.moved.iter().filter(|moved| of(moved.days)).count();
        [count(|days| days < 0), count(|days| days > 0), count(|days| days == 0)]
    }
}

/// Sets two sides beside each other. Two alerts are the same when category and hazard are and they share a document.
#[must_use]
pub fn compare(first: &Said, second: &Said) -> SideBySide {
    let days: BTreeSet<Date> = first.days.union(&second.days).copied().collect();
    let matters: BTreeSet<&Matter> = first.matters.keys().chain(second.matters.keys()).collect();
    let mut differences: Vec<Difference> = Vec::new();
    for matter in matters {
        let of = |said: &Said, day: &Date| said.matters.get(matter).and_then(|days| days.get(day)).cloned();
        let mut open: Option<Difference> = None;
        for day in &days {
            let (one, other) = (of(first, day), of(second, day));
            let excluded =
                |levels: &Option<Levels>| levels.as_ref().is_none_or(|levels| levels.disposal == Disposal::Exclude);
            if one == other || (excluded(&one) && excluded(&other)) {
                differences.extend(open.take());
                continue;
            }
            match &mut open {
                Some(open) if open.first == one && open.second == other => (open.to, open.days) = (*day, open.days + 1),
                _ => {
                    let matter = matter.clone();
                    let begun = Difference { matter, from: *day, to: *day, days: 1, first: one, second: other };
                    differences.extend(open.replace(begun));
                }
            }
        }
        differences.extend(open);
    }
    differences.sort_by(|a, b| (a.from, &a.matter).cmp(&(b.from, &b.matter)));
    SideBySide {
        days: days.len(),
        opened_first: first.alerts.len(),
        opened_second: second.alerts.len(),
        lost: alone(first, second),
        gained: alone(second, first),
        moved: moved(first, second),
        differences,
    }
}

impl Report for Matter {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        match language {
            Language::Chinese => write!(f, "{}“{}”", self.category.zh(), self.hazard.zh())?,
            Language::English => write!(f, "{}: {}", self.category.en(), self.hazard.en())?,
        }
        if let Some(brand) = &self.brand {
            write!(f, "“{brand}”")?;
        }
        self.region.map_or(Ok(()), |region| write!(f, " {region}"))
    }
}

impl Report for Opened {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let levels = said_levels(self.danger, self.spread, self.disposal, language);
        let line = said!(
            language,
            "{} {} {levels}（{}）",
            "{} {} {levels} ({})",
            self.on,
            self.matter.text(language),
            self.id
        );
        f.write_str(&line)
    }
}

impl Report for Alone {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let other = self.other.as_ref().map_or_else(
            || language.pick("另一方当日未单独成项", "the other judged it with others on that day").to_owned(),
            |levels| {
                said!(
                    language,
                    "另一方当日{}，规则 {}",
                    "the other on that day {}, rule {}",
                    levels.text(language),
                    levels.rule
                )
            },
        );
        write!(f, "{}{}{other}", self.opened.text(language), language.pick("；", "; "))
    }
}

fn said_levels(danger: Danger, spread: Spread, disposal: Disposal, language: Language) -> String {
    match language {
        Language::Chinese => format!("{}·{}·{}", danger.zh(), spread.zh(), disposal.zh()),
        Language::English => format!("{}·{}·{}", danger.en(), spread.en(), disposal.en()),
    }
}

impl Report for Levels {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        f.write_str(&said_levels(self.danger, self.spread, self.disposal, language))
    }
}

impl Report for Moved {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let when = match self.days {
            0 => language.pick("同日", "on the same day").to_owned(),
            days if days < 0 => said!(language, "早{}天", "{} days earlier", -days),
            days => said!(language, "晚{days}天", "{days} days later"),
        };
        let (first, second) = (self.first.text(language), self.second.text(language));
        f.write_str(&said!(language, "{first} → {second}（乙{when}）", "{first} → {second} (B {when})"))
    }
}

impl Report for Difference {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let head = said!(
            language,
            "{}至{}（{}天）{}：",
            "{} to {} ({} days) {}: ",
            self.from,
            self.to,
            self.days,
            self.matter.text(language)
        );
        f.write_str(&head)?;
        match (&self.first, &self.second) {
            (Some(first), Some(second)) => {
                let danger = [first, second].map(|levels| language.pick(levels.danger.zh(), levels.danger.en()));
                let spread = [first, second].map(|levels| language.pick(levels.spread.zh(), levels.spread.en()));
                let disposal = [first, second].map(|levels| language.pick(levels.disposal.zh(), levels.disposal.en()));
                let rule = [first, second].map(|levels| levels.rule.as_str());
                let named = [
                    (language.pick("隐患程度", "danger"), danger),
                    (language.pick("范围", "spread"), spread),
                    (language.pick("处置", "disposal"), disposal),
                    (language.pick("规则", "rule"), rule),
                ];
                let differ = named.into_iter().filter(|(_, [one, other])| one != other);
                let told: Vec<String> = differ.map(|(name, [one, other])| format!("{name} {one} → {other}")).collect();
                f.write_str(&told.join(language.pick("，", ", ")))
            }
            (first, second) => {
                let said = |levels: &Option<Levels>| {
                    levels.as_ref().map_or_else(
                        || language.pick("未单独成项", "judged with others").to_owned(),
                        |levels| levels.text(language),
                    )
                };
                write!(f, "{} → {}", said(first), said(second))
            }
        }
    }
}

impl Report for SideBySide {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let (lost, gained) = (self.lost.len(), self.gained.len());
        let [earlier, later, other] = self.shifted();
        let sums = said!(
            language,
            "评估{}天：甲开启预警{}件，乙开启{}件；\n\
             只有甲开启的{lost}件，只有乙开启的{gained}件；两者都有而乙较早的{earlier}件、较晚的{later}件、同日不同级的{other}件。",
            "{} days were judged: A opened {} alerts, B opened {};\n\
             {lost} opened by A alone, {gained} by B alone; of both, B was earlier with {earlier}, later with {later}, and had other levels on \
             the same day with {other}.",
            self.days,
            self.opened_first,
            self.opened_second
        );
        writeln!(f, "{sums}")?;
        let alone =
            [(language.pick("只有甲", "A alone"), &self.lost), (language.pick("只有乙", "B alone"), &self.gained)];
        for (name, alone) in alone {
            for opened in alone {
                writeln!(f, "  {name}  {}", opened.text(language))?;
            }
        }
        for moved in &self.moved {
            writeln!(f, "  {}  {}", language.pick("时间或等级不同", "other day or levels"), moved.text(language))?;
        }
        let days: u32 = self.differences.iter().map(|difference| difference.days).sum();
        let differ = said!(
            language,
            "判断不同{}处，合{days}天（甲 → 乙）。",
            "{} judgements differ, on {days} days together (A → B).",
            self.differences.len()
        );
        f.write_str(&differ)?;
        for difference in &self.differences {
            write!(f, "\n  {}", difference.text(language))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{About, day};
    use super::*;

    fn said(days: &[(i8, Assessment)]) -> Said {
        let mut said = Said::default();
        for (number, assessment) in days {
            said.day(day(*number), std::slice::from_ref(assessment), &[]);
        }
        said
    }

    #[test]
    fn the_same_judgements_have_no_difference() {
        let days: Vec<(i8, Assessment)> = (1..4).map(|n| (n, About::brand("甲牌").assessment(day(n)))).collect();
        let same = compare(&said(&days), &said(&days));
        assert_eq!((same.days, same.differences.len(), same.lost.len(), same.gained.len()), (3, 0, 0, 0));
    }

    #[test]
    fn alerts_that_tell_of_the_same_documents_are_not_taken_for_one_another() {
        let mut said = Said::default();
        for on in [1, 5] {
            let matter = Matter { category: Category::BatteryCharger, hazard: Hazard::Fire, brand: None, region: None };
            let (danger, spread, disposal) = (Danger::High, Spread::Isolated, Disposal::Notify);
            let id = AlertId::from(format!("a{on}").as_str());
            let opened = Opened { id: id.clone(), on: day(on), matter, danger, spread, disposal };
            said.alerts.insert(id, Told { opened, evidence: BTreeSet::from([DocumentId::from("d")]) });
        }
        assert_eq!(compare(&said, &said).moved, []);
    }

    #[test]
    fn equal_differences_on_following_days_are_told_once() {
        let plain = |n: i8| (n, About::brand("甲牌").assessment(day(n)));
        let worse = |n: i8| (n, Assessment { danger: Danger::Serious, ..About::brand("甲牌").assessment(day(n)) });
        let first: Vec<_> = (1..6).map(plain).collect();
        let second = [plain(1), worse(2), worse(3), plain(4), worse(5)];
        let found = compare(&said(&first), &said(&second));
        let stretches: Vec<(Date, Date, u32)> =
            found.differences.iter().map(|found| (found.from, found.to, found.days)).collect();
        assert_eq!(stretches, [(day(2), day(3), 2), (day(5), day(5), 1)]);
        insta::assert_snapshot!(found.text(Language::Chinese), @r"
        评估5天：甲开启预警0件，乙开启0件；
        只有甲开启的0件，只有乙开启的0件；两者都有而乙较早的0件、较晚的0件、同日不同级的0件。
        判断不同2处，合3天（甲 → 乙）。
          2023-01-02至2023-01-03（2天）电池与充电器“起火爆炸”“甲牌”：隐患程度 高 → 严重
          2023-01-05至2023-01-05（1天）电池与充电器“起火爆炸”“甲牌”：隐患程度 高 → 严重
        ");
    }

    #[test]
    fn only_alerts_opened_and_days_judged_within_a_range_are_left_of_a_comparison() {
        let opened = |on: i8| {
            let matter = Matter { category: Category::BatteryCharger, hazard: Hazard::Fire, brand: None, region: None };
            let (danger, spread, disposal) = (Danger::High, Spread::Isolated, Disposal::Notify);
            Opened { id: AlertId::from(format!("a{on}").as_str()), on: day(on), matter, danger, spread, disposal }
        };
        let alone = |on| Alone { opened: opened(on), other: None };
        let moved = |from: i8, to: i8| Moved { first: opened(from), second: opened(to), days: i32::from(to - from) };
        let all = SideBySide {
            days: 9,
            opened_first: 4,
            opened_second: 5,
            lost: vec![alone(1), alone(5)],
            gained: vec![alone(4), alone(9)],
            moved: vec![moved(1, 2), moved(2, 4), moved(6, 6), moved(5, 3)],
            differences: Vec::new(),
        };
        let left = all.within(DateRange { from: day(4), to: day(6) });
        assert_eq!((left.lost, left.gained), (vec![alone(5)], vec![alone(4)]));
        assert_eq!(left.moved, [moved(2, 4), moved(6, 6), moved(5, 3)]);
    }

    #[test]
    fn what_both_exclude_is_no_difference() {
        let excluded =
            |danger| Assessment { danger, disposal: Disposal::Exclude, ..About::brand("甲牌").assessment(day(1)) };
        let found = compare(&said(&[(1, excluded(Danger::Low))]), &said(&[(1, excluded(Danger::High))]));
        assert!(found.differences.is_empty());
        let found =
            compare(&said(&[(1, excluded(Danger::Low))]), &said(&[(1, About::brand("甲牌").assessment(day(1)))]));
        assert_eq!(found.differences.len(), 1);
    }
}

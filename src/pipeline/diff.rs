//! What two reruns say differently, and why (clause 4-10: what a new rule or criteria version changes is shown before it is taken over).
//!
//! In: two folders that `rerun` wrote. Out: alerts gained, lost, earlier, later, at other levels; stretches of days judged otherwise;
//! signals that only one reading gave or that say something else, with the rules behind them; what it does to known incidents. Not here:
//! judging, and taking a version over.
#![expect(clippy::disallowed_methods, reason = "an edge: reads what reruns wrote")]

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::PipelineError;
use super::outcomes::{json_lines, text_of};
use alert::page::{escape, standing_alone};
use alert::sidebyside::{Alone, Levels, Matter, Said, SideBySide, compare};
use archive::{read_assessed, read_signal_dataset};
use vocabulary::{
    AlertEvent, AlertId, Category, CriteriaVersion, DateRange, DocumentId, Hazard, Language, LexiconVersion,
    Report as _, RuleId, SignalRecord, said,
};

/// Signals shown of one product and hazard.
const EXAMPLES_PER_PAIR: usize = 3;
/// Signals shown in all.
const EXAMPLES_MAX: usize = 30;
/// Characters of an excerpt shown.
const EXCERPT_CHARS: usize = 60;

/// One of the two.
#[derive(Debug, Clone, Serialize)]
pub struct RunHead {
    /// Its folder.
    pub run: PathBuf,
    /// First and last day judged.
    pub range: DateRange,
    /// Lexicon that read.
    pub lexicon: LexiconVersion,
    /// Criteria that judged.
    pub criteria: CriteriaVersion,
    /// Signals.
    pub signals: u64,
    /// Alerts opened per 30 days.
    pub alerts_per_30_days: f64,
}

#[derive(Deserialize)]
struct Summary {
    range: DateRange,
    lexicon: LexiconVersion,
    criteria: CriteriaVersion,
    signals: u64,
    alerts_per_30_days: f64,
}

/// How signals of one product and hazard differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// Only in the second.
    pub gained: u64,
    /// Only in the first.
    pub lost: u64,
    /// In both, with another stance, severity, brand or place.
    pub changed: u64,
}

/// A signal that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalExample {
    /// The document.
    pub document_id: DocumentId,
    /// Product category.
    pub product: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// What the first read of it: stance, severity, brand, place, and the rules behind; none when it has no such signal.
    pub first: Option<SignalSummary>,
    /// What the second read.
    pub second: Option<SignalSummary>,
    /// The text.
    pub excerpt: String,
}

/// The fields of a signal that are compared, in words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SignalSummary {
    /// `asserted` or `suspected`, 0–4, brand, place.
    pub says: String,
    /// Rules behind it.
    pub rules: Vec<RuleId>,
}

impl SignalSummary {
    fn of(record: &SignalRecord) -> Self {
        let mut says = format!("{} S{}", record.stance.zh(), record.severity);
        for part in [record.brand.clone(), record.region.map(|region| region.to_string())].into_iter().flatten() {
            let _ = write!(says, " {part}");
        }
        Self { says, rules: record.rules.clone() }
    }
}

/// Signals of two readings.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SignalDiff {
    /// Over all.
    pub total: Shift,
    /// By product and hazard, those that differ, most differences first.
    pub pairs: Vec<(Category, Hazard, Shift)>,
    /// By rule: signals that only one side has and that this rule gave; most first.
    pub rules: Vec<(RuleId, Shift)>,
    /// Some of them.
    pub examples: Vec<SignalExample>,
}

/// How much of the evidence of an alert that only one side opened the other side did not even read as a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The alert.
    pub alert: AlertId,
    /// Documents named as its evidence.
    pub documents: usize,
    /// Those without such a signal on the other side.
    pub missing: usize,
    /// Rules that gave these signals.
    pub rules: BTreeSet<RuleId>,
}

/// Two reruns set beside each other; the first is called 甲, the second 乙.
#[derive(Debug, Serialize)]
pub struct RunDiff {
    /// What each was.
    pub runs: [RunHead; 2],
    /// Alerts and levels.
    pub alerts: SideBySide,
    /// Signals.
    pub signals: SignalDiff,
    /// Of the alerts that only one side opened: what the other did not read.
    pub unread: Vec<Unread>,
}

struct Run {
    head: RunHead,
    said: Said,
    signals: BTreeMap<(Category, Hazard, DocumentId), SignalRecord>,
}

impl Run {
    fn load(run: &Path) -> Result<Self, PipelineError> {
        let summary = run.join("summary.json");
        if !summary.is_file() {
            return Err(PipelineError::NoRerun(run.to_owned()));
        }
        let Summary { range, lexicon, criteria, signals, alerts_per_30_days } =
            serde_json::from_str(&text_of(&summary)?)?;
        let head = RunHead { run: run.to_owned(), range, lexicon, criteria, signals, alerts_per_30_days };
        let lines: Vec<AlertEvent> = json_lines(&run.join("alerts.ndjson"))?;
        let mut said = Said::default();
        range.days().for_each(|day| said.judged(day));
        for row in read_assessed(&run.join("assessments.parquet"))? {
            let matter = Matter { category: row.category, hazard: row.hazard, brand: row.brand, region: row.region };
            let levels = Levels { danger: row.danger, spread: row.spread, disposal: row.disposal, rule: row.rule };
            said.assessed(row.as_of, matter, levels);
        }
        said.told(&lines);
        // The last revision counts.
        let key = |record: &SignalRecord| (record.product, record.hazard, record.document_id.clone());
        let mut records = read_signal_dataset(&run.join("signals"))?;
        records.sort_by_key(|record| record.position);
        let signals = records.into_iter().map(|record| (key(&record), record)).collect();
        Ok(Self { head, said, signals })
    }
}

/// Sets two reruns beside each other.
pub fn diff(first: &Path, second: &Path) -> Result<RunDiff, PipelineError> {
    let [first, second] = [Run::load(first)?, Run::load(second)?];
    let alerts = compare(&first.said, &second.said);
    let unread = unread(&alerts.lost, &first, &second).chain(unread(&alerts.gained, &second, &first)).collect();
    Ok(RunDiff { signals: signals(&first, &second), unread, alerts, runs: [first.head, second.head] })
}

/// As [`diff`], over these days only: for two replays that did not begin on the same day.
pub fn diff_within(first: &Path, second: &Path, range: DateRange) -> Result<RunDiff, PipelineError> {
    let found = diff(first, second)?;
    let alerts = found.alerts.within(range);
    let alone: BTreeSet<&AlertId> = alerts.lost.iter().chain(&alerts.gained).map(|alone| &alone.opened.id).collect();
    let unread = found.unread.into_iter().filter(|unread| alone.contains(&unread.alert)).collect();
    Ok(RunDiff { alerts, unread, ..found })
}

/// For each alert that only `of` opened: its evidence that is no signal in `other`.
fn unread<'a>(alone: &'a [Alone], of: &'a Run, other: &'a Run) -> impl Iterator<Item = Unread> + 'a {
    alone.iter().filter_map(|Alone { opened, .. }| {
        let evidence = of.said.evidence(&opened.id)?;
        let key = |id: &DocumentId| (opened.matter.category, opened.matter.hazard, id.clone());
        let missing: Vec<_> = evidence.iter().map(key).filter(|key| !other.signals.contains_key(key)).collect();
        let rules = missing.iter().filter_map(|key| of.signals.get(key)).flat_map(|record| record.rules.clone());
        let unread = Unread {
            alert: opened.id.clone(),
            documents: evidence.len(),
            missing: missing.len(),
            rules: rules.collect(),
        };
        (unread.missing > 0).then_some(unread)
    })
}

fn signals(first: &Run, second: &Run) -> SignalDiff {
    let mut diff = SignalDiff::default();
    let mut pairs: BTreeMap<(Category, Hazard), Shift> = BTreeMap::new();
    let mut rules: BTreeMap<RuleId, Shift> = BTreeMap::new();
    let keys: BTreeSet<_> = first.signals.keys().chain(second.signals.keys()).collect();
    for key in keys {
        let (one, other) = (first.signals.get(key), second.signals.get(key));
        let (first, second) = (one.map(SignalSummary::of), other.map(SignalSummary::of));
        let step: fn(&mut Shift) = match (&first, &second) {
            (Some(_), None) => |shift| shift.lost += 1,
            (None, Some(_)) => |shift| shift.gained += 1,
            (Some(first), Some(second)) if first.says != second.says => |shift| shift.changed += 1,
            _ => continue,
        };
        step(&mut diff.total);
        let pair = pairs.entry((key.0, key.1)).or_default();
        step(pair);
        let by = |signal: &Option<SignalSummary>| {
            signal.iter().flat_map(|signal| signal.rules.clone()).collect::<BTreeSet<_>>()
        };
        for rule in by(&first).symmetric_difference(&by(&second)) {
            step(rules.entry(rule.clone()).or_default());
        }
        if pair.gained + pair.lost + pair.changed <= EXAMPLES_PER_PAIR as u64 && diff.examples.len() < EXAMPLES_MAX {
            let excerpt = other.or(one).map(|record| record.excerpt.chars().take(EXCERPT_CHARS).collect());
            diff.examples.push(SignalExample {
                document_id: key.2.clone(),
                product: key.0,
                hazard: key.1,
                first,
                second,
                excerpt: excerpt.unwrap_or_default(),
            });
        }
    }
    let size = |shift: &Shift| std::cmp::Reverse(shift.gained + shift.lost + shift.changed);
    diff.pairs = pairs.into_iter().map(|((product, hazard), shift)| (product, hazard, shift)).collect();
    diff.pairs.sort_by_key(|(.., shift)| size(shift));
    diff.rules = rules.into_iter().collect();
    diff.rules.sort_by_key(|(_, shift)| size(shift));
    diff
}

impl Shift {
    fn said(&self, language: Language) -> String {
        let Self { gained, lost, changed } = self;
        said!(language, "增{gained} 减{lost} 改{changed}", "gained {gained} lost {lost} changed {changed}")
    }
}

/// A heading and its lines.
#[derive(Debug)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// Its sentences, one a line.
    pub lines: Vec<String>,
}

/// A comparison of two reruns for people: as text, or as a page without other files.
#[derive(Debug)]
pub struct Report<'a> {
    runs: &'a [RunHead; 2],
    sections: Vec<Section>,
}

impl RunDiff {
    /// The comparison for people.
    #[must_use]
    pub fn report(&self, language: Language) -> Report<'_> {
        Report { runs: &self.runs, sections: self.sections(language) }
    }

    fn sections(&self, language: Language) -> Vec<Section> {
        let between = language.pick("、", ", ");
        let section = |zh: &str, en: &str, lines| Section { title: language.pick(zh, en).to_owned(), lines };
        let head = |name: &str, run: &RunHead| {
            said!(
                language,
                "{name}：{}，{}至{}，词典{}，评价标准{}，信号{}条，预警每30天{:.1}件",
                "{name}: {}, {} to {}, lexicon {}, criteria {}, {} signals, {:.1} alerts in 30 days",
                run.run.display(),
                run.range.from,
                run.range.to,
                run.lexicon,
                run.criteria,
                run.signals,
                run.alerts_per_30_days
            )
        };
        let [first, second] = &self.runs;
        let mut runs = vec![head(language.pick("甲", "A"), first), head(language.pick("乙", "B"), second)];
        if first.range != second.range {
            let note = language.pick(
                "注意：两次重算的日期范围不同，范围之外的差别不是规则造成的",
                "note: the two reruns are of different days; what differs outside of both is not due to the rules",
            );
            runs.push(note.to_owned());
        }
        let mut sections = vec![section("重算", "reruns", runs)];
        let alerts: Vec<String> = self.alerts.text(language).lines().map(|line| line.trim().to_owned()).collect();
        sections.push(section("预警", "alerts", alerts));
        if !self.unread.is_empty() {
            let line = |unread: &Unread| {
                let rules: Vec<&str> = unread.rules.iter().map(RuleId::as_str).collect();
                let (missing, documents) = (unread.missing, unread.documents);
                said!(
                    language,
                    "{}：依据{documents}件中有{missing}件另一方未读出信号（规则 {}）",
                    "{}: of its {documents} documents the other read no signal in {missing} (rules {})",
                    unread.alert,
                    rules.join(between)
                )
            };
            let lines = self.unread.iter().map(line).collect();
            sections.push(section("预警增减的阅读原因", "alerts that come or go by how texts are read", lines));
        }
        let mut lines = vec![said!(language, "合计 {}", "in all {}", self.signals.total.said(language))];
        let pair = |(product, hazard, shift): &(Category, Hazard, Shift)| {
            let (product, hazard) = language.pick((product.zh(), hazard.zh()), (product.en(), hazard.en()));
            let shift = shift.said(language);
            said!(language, "{product}“{hazard}”  {shift}", "{product}: {hazard}  {shift}")
        };
        lines.extend(self.signals.pairs.iter().take(EXAMPLES_MAX).map(pair));
        lines.extend(self.signals.rules.iter().take(EXAMPLES_MAX).map(|(rule, shift)| {
            let shift = shift.said(language);
            said!(language, "规则 {rule}  {shift}", "rule {rule}  {shift}")
        }));
        sections.push(section("信号", "signals", lines));
        if !self.signals.examples.is_empty() {
            let said = |signal: &Option<SignalSummary>| {
                signal.as_ref().map_or_else(
                    || language.pick("无", "none").to_owned(),
                    |signal| {
                        let rules: Vec<&str> = signal.rules.iter().map(RuleId::as_str).collect();
                        said!(language, "{}（{}）", "{} ({})", signal.says, rules.join(between))
                    },
                )
            };
            let line = |example: &SignalExample| {
                let SignalExample { document_id, product, hazard, first, second, excerpt } = example;
                let (first, second) = (said(first), said(second));
                let excerpt = excerpt.replace('\n', " ");
                let (product, hazard) = language.pick((product.zh(), hazard.zh()), (product.en(), hazard.en()));
                said!(
                    language,
                    "{document_id} {product}“{hazard}”：{first} → {second}｜{excerpt}",
                    "{document_id} {product}: {hazard}: {first} → {second} | {excerpt}"
                )
            };
            let lines = self.signals.examples.iter().map(line).collect();
            sections.push(section("信号举例（甲 → 乙）", "examples of signals (A → B)", lines));
        }
        sections
    }
}

impl Report<'_> {
    /// Adds a section after the others.
    #[must_use]
    pub fn with(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// A page without other files, for an analyst to approve: with the verification record of clause 4-10 to fill in.
    #[must_use]
    pub fn html(&self) -> String {
        let mut page = String::new();
        for Section { title, lines } in &self.sections {
            let _ = writeln!(page, "<h2>{}</h2>\n<ul>", escape(title));
            for line in lines {
                let _ = writeln!(page, "<li>{}</li>", escape(line));
            }
            page += "</ul>\n";
        }
        page += "<h2>验证记录</h2>\n<table>\n";
        let [first, second] = self.runs;
        let compared =
            format!("由 {} / {} 改为 {} / {}", first.lexicon, first.criteria, second.lexicon, second.criteria);
        for (name, value) in
            [("变更", compared.as_str()), ("验证单位", ""), ("验证人", ""), ("日期", ""), ("结论", ""), ("签字", "")]
        {
            let _ = writeln!(page, "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", escape(value));
        }
        standing_alone("重算对比", &(page + "</table>\n"))
    }

    /// Writes the page.
    pub fn write_html(&self, path: &Path) -> Result<(), PipelineError> {
        fs::write(path, self.html()).map_err(|source| PipelineError::Io {
            what: "write",
            path: path.to_owned(),
            source,
        })
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Section { title, lines }) in self.sections.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{title}")?;
            for line in lines {
                writeln!(f, "  {line}")?;
            }
        }
        Ok(())
    }
}

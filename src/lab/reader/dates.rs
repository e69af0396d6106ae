//! How well the dates of pages are told: right, wrong, missed, invented, ahead, by kind of evidence and by how sure it was, with intervals.
//!
//! In: pages with the day that they state, by somebody who read them. Out: [`Dates`], a table and the worst mistakes. Not here: how a date is
//! found (`collect`), files.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use methods::sampling_feedback::wilson;
use vocabulary::{Language, PublishedFrom, Report, Said, day_of, parse_moment, said};

/// Columns of a line of a key: name of the page, moment seen, day stated, address.
const COLUMNS: std::ops::RangeInclusive<usize> = 3..=4;
/// What stands for a day that a page does not state.
const NONE: &str = "-";
/// Bounds of the rows of the table of confidence.
const SURE: [f64; 4] = [0.6, 0.8, 0.9, 0.97];
/// Level of the intervals.
const LEVEL: f64 = 0.95;

/// One line of a key: a page, and the day that it states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// Path of the page below the folder of the key.
    pub page: String,
    /// When it was seen.
    pub seen: Timestamp,
    /// The day of publication that it states; none when it states none.
    pub published: Option<Date>,
    /// Its address, when it is known.
    pub url: Option<String>,
}

/// A line of a key that is none.
#[derive(Debug, thiserror::Error)]
#[error(
    "line {line}: `{found}` is no page with its dates: path, moment seen, day published or `-`, and perhaps the address, with tabs between"
)]
pub struct KeyError {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub found: String,
}

impl Said for KeyError {
    fn zh(&self) -> String {
        format!(
            "第 {} 行：`{}` 不是网页和日期：应为路径、见到的时刻、发布日期或 `-`，还可以有网址，用制表符隔开",
            self.line, self.found
        )
    }
}

/// Reads a key; empty lines and lines with `#` before them are skipped.
///
/// # Errors
/// The first line that is none.
pub fn parse(text: &str) -> Result<Vec<KeyLine>, KeyError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(at, line)| key_line(line).ok_or_else(|| KeyError { line: at + 1, found: line.to_owned() })).collect()
}

fn key_line(line: &str) -> Option<KeyLine> {
    let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
    COLUMNS.contains(&columns.len()).then_some(())?;
    let published = if columns[2] == NONE { None } else { Some(columns[2].parse().ok()?) };
    let url = columns.get(3).map(|url| (*url).to_owned()).filter(|url| !url.is_empty());
    Some(KeyLine { page: columns[0].to_owned(), seen: parse_moment(columns[1]).ok()?, published, url })
}

/// What was found on a page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// The moment.
    pub at: Timestamp,
    /// What it was read from.
    pub from: PublishedFrom,
    /// How sure it was, 0–1.
    pub confidence: f64,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Right,
    /// Another day than the one that is stated.
    Wrong,
    /// A day is stated and none was told.
    Missed,
    /// None is stated and one was told.
    Invented,
    /// None is stated and none was told.
    RightlyNone,
}

/// So many of so many, with a 95 % interval (Wilson).
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize)]
pub struct Part {
    /// Numerator.
    pub part: u32,
    /// Denominator.
    pub whole: u32,
}

impl Part {
    fn count(&mut self, is: bool) {
        self.whole += 1;
        self.part += u32::from(is);
    }

    /// The share; 1 of nothing.
    pub fn value(self) -> f64 {
        if self.whole == 0 { 1.0 } else { f64::from(self.part) / f64::from(self.whole) }
    }

    /// Its 95 % interval.
    pub fn interval(self) -> [f64; 2] {
        if self.whole == 0 {
            return [0.0, 1.0];
        }
        let (low, high) = wilson(self.part.into(), self.whole.into(), LEVEL);
        [low, high]
    }
}

/// A page whose date is told wrongly.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake {
    /// The page.
    pub page: String,
    /// The day it states.
    pub stated: Option<Date>,
    /// What was found.
    pub found: Option<Found>,
}

/// How well dates are told.
#[derive(Debug, Clone, Default)]
pub struct Dates {
    /// Pages.
    pub pages: u32,
    /// Right days, of pages that state one.
    pub right: Part,
    /// Pages whose stated day was told wrongly, and those for which none was told.
    pub wrong: u32,
    /// Stated and not told.
    pub missed: u32,
    /// A day was told, of pages that state none.
    pub invented: Part,
    /// Moments behind the moment of the crawl.
    pub ahead: u32,
    /// Right ones by what they were read from, of all told from it.
    pub by_kind: BTreeMap<PublishedFrom, Part>,
    /// Right ones by how sure they were, of all told so: in rows from little to much. With them the sum of what was said.
    pub by_confidence: [(Part, f64); SURE.len() + 1],
    /// The worst first: the surest.
    pub mistakes: Vec<Mistake>,
}

/// Compares what was found on pages with what they state.
pub fn measure(pages: impl IntoIterator<Item = (KeyLine, Option<Found>)>) -> Dates {
    let mut dates = Dates::default();
    for (line, found) in pages {
        dates.pages += 1;
        let verdict = match (line.published, found) {
            (Some(day), Some(found)) if day_of(found.at) == day => Verdict::Right,
            (Some(_), Some(_)) => Verdict::Wrong,
            (Some(_), None) => Verdict::Missed,
            (None, Some(_)) => Verdict::Invented,
            (None, None) => Verdict::RightlyNone,
        };
        if line.published.is_some() {
            dates.right.count(verdict == Verdict::Right);
        } else {
            dates.invented.count(verdict == Verdict::Invented);
        }
        dates.wrong += u32::from(verdict == Verdict::Wrong);
        dates.missed += u32::from(verdict == Verdict::Missed);
        if let Some(found) = found {
            dates.ahead += u32::from(found.at > line.seen);
            dates.by_kind.entry(found.from).or_default().count(verdict == Verdict::Right);
            let at = SURE.iter().filter(|bound| found.confidence >= **bound).count();
            dates.by_confidence[at].0.count(verdict == Verdict::Right);
            dates.by_confidence[at].1 += found.confidence;
        }
        if !matches!(verdict, Verdict::Right | Verdict::RightlyNone) {
            dates.mistakes.push(Mistake { page: line.page, stated: line.published, found });
        }
    }
    let sure = |mistake: &Mistake| mistake.found.map_or(0.0, |found| found.confidence);
    dates.mistakes.sort_by(|a, b| sure(b).total_cmp(&sure(a)).then_with(|| a.page.cmp(&b.page)));
    dates
}

impl Dates {
    /// The `most` worst mistakes, a line each.
    pub fn told(&self, most: usize, language: Language) -> String {
        let day = |day: Option<Date>| day.map_or_else(|| NONE.to_owned(), |day| day.to_string());
        let line = |mistake: &Mistake| {
            let stated = day(mistake.stated);
            match mistake.found {
                Some(found) => {
                    let (told, kind, sure) = (day_of(found.at), found.from.code(), found.confidence);
                    said!(
                        language,
                        "{}  应为 {stated}，读成 {told}（依据 {kind}，可信度 {sure:.2}）",
                        "{}  states {stated}, read {told} ({kind}, confidence {sure:.2})",
                        mistake.page
                    )
                }
                None => said!(language, "{}  应为 {stated}，没有读出", "{}  states {stated}, none read", mistake.page),
            }
        };
        self.mistakes.iter().take(most).map(line).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::Chinese)
    }
}

impl Report for Dates {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let share = |part: Part| {
            let [low, high] = part.interval();
            format!("{:.3} ({low:.3}–{high:.3})  {}/{}", part.value(), part.part, part.whole)
        };
        let (pages, wrong, missed, ahead) = (self.pages, self.wrong, self.missed, self.ahead);
        let lines = [
            said!(language, "网页 {pages}", "pages {pages}"),
            said!(language, "日期正确 {}", "right {}", share(self.right)),
            said!(language, "读错 {wrong}，未读出 {missed}", "wrong {wrong}, missed {missed}"),
            said!(language, "无日期而读出 {}", "invented {}", share(self.invented)),
            said!(language, "在见到之后 {ahead}", "ahead {ahead}"),
        ];
        for line in lines {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "{}", language.pick("按依据", "by evidence"))?;
        for (kind, part) in &self.by_kind {
            writeln!(f, "  {:<10} {}", kind.code(), share(*part))?;
        }
        writeln!(f, "{}", language.pick("按可信度（所称的平均 → 实际正确）", "by confidence (mean said → right)"))?;
        for (part, said) in self.by_confidence.iter().filter(|(part, _)| part.whole > 0) {
            writeln!(f, "  {:.2} → {}", said / f64::from(part.whole), share(*part))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(at: &str, confidence: f64) -> Found {
        Found { at: parse_moment(at).expect("a moment"), from: PublishedFrom::Line, confidence }
    }

    #[test]
    fn pages_are_counted_by_what_became_of_their_dates() {
        let key = parse(
            "# path\na\t2024-07-02 12:00\t2024-07-01\nb\t2024-07-02\t2024-06-30\thttp://x.example/\nc\t2024-07-02\t2024-06-30\nd\t2024-07-02\t-\ne\t2024-07-02\t-\n",
        )
        .expect("a key");
        assert_eq!(key[1].url.as_deref(), Some("http://x.example/"));
        let told = [
            Some(found("2024-07-01 23:59", 0.99)),
            Some(found("2024-07-05", 0.9)),
            None,
            Some(found("2024-01-01", 0.7)),
            None,
        ];
        let dates = measure(key.into_iter().zip(told));
        assert_eq!((dates.right, dates.invented), (Part { part: 1, whole: 3 }, Part { part: 1, whole: 2 }));
        assert_eq!((dates.wrong, dates.missed, dates.ahead), (1, 1, 1));
        assert_eq!(dates.mistakes.iter().map(|mistake| mistake.page.as_str()).collect::<String>(), "bdc");
        assert!(
            dates.told(1, Language::English).contains("states 2024-06-30, read 2024-07-05 (line, confidence 0.90)")
        );
        assert!(dates.to_string().contains("日期正确 0.333"), "{dates}");
    }

    #[test]
    fn a_line_of_a_key_that_is_none_is_named() {
        for bad in ["a\t2024-07-02", "a\tsoon\t-", "a\t2024-07-02\tsoon"] {
            let error = parse(&format!("\n{bad}")).expect_err("no line");
            assert_eq!(error.line, 2, "{bad}");
        }
    }
}

//! The lines of a text without its page: what stands beside a label (发布时间, 来源), and the day that a notice is signed with.

use jiff::civil::Date;

use super::label::{Label, is_source_line, label_of};
use super::written::{self, Form, dates_in};
use super::{At, Evidence, Stated, day_of_at};
use vocabulary::PublishedFrom;

/// Longest line that can be one about the text, and one that is a signature, in bytes.
const LINE_BYTES_MAX: usize = 360;
const SIGNATURE_BYTES_MAX: usize = 150;
/// Lines at the beginning and at the end that are looked at.
const HEAD_LINES: usize = 60;
const TAIL_LINES: usize = 12;
const SIGNATURE_LINES: usize = 5;
/// Weight of a date with a label, of one on the line with the source, of a line that is nothing but a date and a time.
const LABELLED: u32 = 4;
const BESIDE_SOURCE: u32 = 4;
const ALONE: u32 = 2;
/// Lines behind the first of which one may be nothing but a date, and lines that must follow: below a text it is a signature.
const ALONE_LINES: std::ops::RangeInclusive<usize> = 1..=2;
const BEHIND_ALONE: usize = 2;
/// Weight of a signature: a date alone, a date behind a name.
const SIGNED: u32 = 3;
const SIGNED_BEHIND_NAME: u32 = 2;
/// Lines of a text that can be signatures, of two offices, of a notice and its annex; dates with a label of one text.
const SIGNED_MAX: usize = 3;
/// Weight of a change.
const CHANGE: u32 = 1;
/// Longest name before the date of a signature, in characters.
const NAME_CHARS_MAX: usize = 30;

/// Lines with a label, from the beginning and the end.
pub(super) fn gather_lines(text: &str, evidence: &mut Evidence) {
    let mut lines = text.lines();
    let mut found = Vec::new();
    for (number, line) in lines.by_ref().take(HEAD_LINES).enumerate() {
        let may_be_alone = ALONE_LINES.contains(&number) && text.lines().nth(number + BEHIND_ALONE).is_some();
        found.extend(of_line(line, may_be_alone, evidence));
    }
    if found.is_empty() {
        let tail: Vec<&str> = lines.rev().take(TAIL_LINES).collect();
        found.extend(tail.into_iter().rev().filter_map(|line| of_line(line, false, evidence)));
    }
    if !is_list(&found) {
        evidence.stated.extend(found.first().map(|(at, weight)| Stated::new(PublishedFrom::Line, *at, *weight)));
    }
}

/// Whether dates are those of a list, newest first: posts of a thread follow one another.
fn is_list(found: &[(At, u32)]) -> bool {
    let days: Vec<Date> = found.iter().filter_map(|(at, _)| day_of_at(*at)).collect();
    days.len() > SIGNED_MAX && !days.is_sorted()
}

/// The date of publication that one line names, and what it counts. Changes and other days go to the evidence.
fn of_line(line: &str, may_be_alone: bool, evidence: &mut Evidence) -> Option<(At, u32)> {
    if line.len() > LINE_BYTES_MAX || !written::may_hold_date(line) {
        return None;
    }
    let line = written::plain(line);
    let mut found = None;
    for date in dates_in(&line) {
        if let Form::Day(day) = date.form {
            evidence.note_day(day);
        }
        let (before, after) = (&line[..date.from], &line[date.to..]);
        let label = label_of(before);
        let alone = may_be_alone && before.trim().is_empty() && after.trim().is_empty();
        let weight = match label {
            Label::Published => LABELLED,
            Label::Changed => {
                if let Some(at) = At::of(&date) {
                    evidence.add_change(PublishedFrom::Line, at, CHANGE);
                }
                continue;
            }
            Label::None if is_source_line(before, after) => BESIDE_SOURCE,
            Label::None if alone && matches!(date.form, Form::Day(_)) => ALONE,
            Label::Other | Label::None => continue,
        };
        if !matches!(date.form, Form::TimeOnly) && found.is_none() {
            found = At::of(&date).map(|at| (at, weight));
        }
    }
    found
}

/// The day with which the last lines are signed.
pub(super) fn gather_signature(text: &str, evidence: &mut Evidence) {
    // One line is a title or a short message: nothing is below it.
    if !text.contains('\n') {
        return;
    }
    // One is signed with; many are those of a list.
    let days = text.lines().filter(|line| line.len() <= SIGNATURE_BYTES_MAX && written::may_hold_date(line));
    if days.filter(|line| signed(&written::plain(line)).is_some()).nth(SIGNED_MAX).is_some() {
        return;
    }
    for line in text.lines().rev().take(SIGNATURE_LINES) {
        if line.len() > SIGNATURE_BYTES_MAX || !written::may_hold_date(line) {
            continue;
        }
        if let Some((day, weight)) = signed(&written::plain(line)) {
            evidence.add(PublishedFrom::Signature, At::Day(day, None), weight);
            return;
        }
    }
}

/// The day of a line that is a signature: the day alone, or behind the name of who signs.
fn signed(line: &str) -> Option<(Date, u32)> {
    let mut dates = dates_in(line);
    let date = dates.next()?;
    let Form::Day(day) = date.form else { return None };
    let ends = |c: char| c.is_whitespace() || matches!(c, '（' | '）' | '(' | ')' | '。' | '日');
    if dates.next().is_some() || !line[date.to..].trim_matches(ends).is_empty() {
        return None;
    }
    let before = line[..date.from].trim_matches(ends);
    if before.is_empty() {
        return Some((day, SIGNED));
    }
    match label_of(before) {
        Label::Published => return Some((day, SIGNED)),
        Label::Changed | Label::Other => return None,
        Label::None => {}
    }
    // The name of an office or a firm: no sentence, no colon, no number.
    let is_name = before.chars().count() <= NAME_CHARS_MAX
        && before.chars().all(|c| c.is_alphabetic() || c.is_whitespace() || matches!(c, '（' | '）' | '(' | ')' | '·'))
        && NAME_ENDS.iter().any(|end| before.trim_end().ends_with(end));
    is_name.then_some((day, SIGNED_BEHIND_NAME))
}

/// How names of those who sign end.
const NAME_ENDS: &[&str] = &[
    "局",
    "厅",
    "委",
    "部",
    "署",
    "院",
    "会",
    "所",
    "中心",
    "公司",
    "政府",
    "办公室",
    "办",
    "站",
    "队",
    "集团",
    "大学",
    "学校",
    "医院",
    "协会",
    "联合会",
    "委员会",
    "编辑部",
    "讯",
];

#[cfg(test)]
mod tests {
    use super::super::of_text;
    use super::*;
    use vocabulary::{parse_moment, show_moment};

    fn found(text: &str) -> Option<(String, PublishedFrom)> {
        let seen = parse_moment("2024-07-02 12:00:00").ok();
        of_text(text, None, seen).map(|found| (show_moment(found.at)[..16].to_owned(), found.from))
    }

    #[test]
    fn lines_about_a_text_and_signatures_date_it() {
        use PublishedFrom::{Line, Signature};
        for (text, expected, from) in [
            (
                "儿童水杯抽检结果\n发布时间：2024-06-03 09:12　来源：市局\n本批次共抽查二十组。",
                "2024-06-03T09:12",
                Line,
            ),
            ("儿童水杯抽检结果\n2024-06-0309:12来源：市局\n本批次共抽查二十组。", "2024-06-03T09:12", Line),
            (
                "水杯炸了\n发表于 2024-1-3\n帮忙看看\n发表于 2024-1-4\n同款\n发表于 2024-1-4\n退货吧\n发表于 2024-1-9\n好",
                "2024-01-03T00:00",
                Line,
            ),
            (
                "关于水杯的通告\n本批次共抽查二十组，其中一组不合格。\n某某市市场监督管理局\n2023年9月12日",
                "2023-09-12T00:00",
                Signature,
            ),
            (
                "关于水杯的通告\n本批次共抽查二十组。\n某某市市场监督管理局 二〇一四年六月三日",
                "2014-06-03T00:00",
                Signature,
            ),
            ("关于水杯的通告\n本批次共抽查二十组。\n（2014年6月3日）", "2014-06-03T00:00", Signature),
        ] {
            assert_eq!(found(text), Some((expected.to_owned(), from)), "{text}");
        }
    }

    #[test]
    fn days_of_events_date_no_text() {
        for text in [
            "充电宝2024年3月5日突然起火",
            "我买的水杯炸了\n购买日期：2024年3月5日\n希望尽快处理",
            "水杯炸裂\n事情发生在2024年3月5日，当时杯中有热水。\n活动时间：2024年3月5日",
            "公告\n自2024年3月5日起施行\n截止日期：2024年3月5日",
            "版权所有 2009-2024\n生产日期 2024-03-05",
            "发布时间：2034-06-03\n这一天还没有到",
            "通知公告\n甲 发布时间：2024-03-05\n乙 发布时间：2024-03-04\n丙 发布时间：2024-03-01\n丁 发布时间：2024-02-05",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}

//! The items of a page: 一、 （二） 3. ④ ■, sub-heads, 标称…, each with a first clause and a level.
//!
//! Told by the mark that a sentence begins with, or by a short line without a closing mark above a paragraph. Not here: which
//! product an item is about.

use super::lines::{Line, Role};
use crate::clauses::Clause;
use crate::normalise::Folded;

/// Where an item begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    /// Its first clause.
    pub(super) clause: usize,
    /// How deep it stands: 0 一、 and sub-heads, 1 （一）, 2 numbers and bullets.
    pub(super) level: u8,
}

/// Most items of one page; what follows belongs to the last.
pub(super) const ITEMS_MAX: usize = 200;
/// Letters of a sub-head.
const HEAD_LETTERS: std::ops::RangeInclusive<usize> = 4..=30;
/// Fewest letters of what stands below one.
const BELOW_LETTERS_MIN: usize = 25;
/// Characters of a label in front of a colon; marks and digits that may stand in front of the words of a line.
const LABEL_CHARS: std::ops::RangeInclusive<usize> = 3..=12;
const LINE_START: usize = 3;
/// Lines that are looked at for what stands below one.
const BETWEEN_MAX: usize = 4;
/// Words that name the maker or the lot of the next item of a list.
const NEXT: &[&str] = &[
    "标称",
    "此外,标称",
    "其中一款",
    "另一款",
    "第一弹",
    "第二弹",
    "第三弹",
    "第四弹",
    "第五弹",
    "案例一",
    "案例二",
    "案例三",
];

/// The openings of a page, in order.
pub(super) fn openings(folded: &Folded, clauses: &[Clause], lines: &[Line]) -> Vec<Opening> {
    let chars = &folded.chars;
    let mut openings: Vec<Opening> = Vec::new();
    let mut end = 0;
    for (at, clause) in clauses.iter().enumerate() {
        let begins = at == 0 || clauses[at - 1].sentence != clause.sentence;
        // Marks in front of the first letter (■, （) belong to no clause.
        let start = end;
        end = clause.to;
        if !begins || openings.len() >= ITEMS_MAX {
            continue;
        }
        let line = lines.partition_point(|line| line.from <= clause.from).saturating_sub(1);
        let start = start.max(lines.get(line).map_or(0, |line| line.from));
        let first =
            start + chars[start..].iter().take_while(|c| matches!(c, ' ' | '\n' | '。' | '!' | '?' | ';')).count();
        let starts = lines.get(line).is_some_and(|line| clause.from <= line.from + LINE_START);
        let label = starts && is_label(&chars[clause.from..clause.to], chars.get(clause.to));
        let level = mark(&chars[first..]).or(label.then_some(2)).or_else(|| head(line, clause, lines));
        if let Some(level) = level {
            openings.push(Opening { clause: at, level });
        }
    }
    openings
}

/// Whether a line begins with a label: 问题头盔：….
fn is_label(words: &[char], behind: Option<&char>) -> bool {
    behind == Some(&':') && LABEL_CHARS.contains(&words.len()) && words.iter().all(|c| c.is_alphanumeric())
}

/// The level of the mark that a sentence begins with.
fn mark(chars: &[char]) -> Option<u8> {
    let numeral = |c: char| "一二三四五六七八九十".contains(c);
    let at = |index: usize| chars.get(index).copied().unwrap_or(' ');
    let stop = |c: char| matches!(c, '、' | '.' | ')' | ':');
    match at(0) {
        '■'
        | '●'
        | '☆'
        | '★'
        | '▲'
        | '◆'
        | '◇'
        | '□'
        | '○'
        | '▶'
        | '►'
        | '•'
        | '※'
        | '◎'
        | '【'
        | '\u{2460}'..='\u{2473}'
        | '\u{2474}'..='\u{2487}'
        | '\u{2776}'..='\u{277f}' => return Some(2),
        '(' if numeral(at(1)) && (at(2) == ')' || at(3) == ')') => return Some(1),
        '(' if at(1).is_ascii_digit() && (at(2) == ')' || at(3) == ')') => return Some(2),
        _ => {}
    }
    let han = chars.iter().take(3).take_while(|c| numeral(**c)).count();
    if han > 0 && matches!(at(han), '、' | '.') {
        return Some(0);
    }
    let digits = chars.iter().take(3).take_while(|c| c.is_ascii_digit()).count();
    if (1..=2).contains(&digits) && stop(at(digits)) && !at(digits + 1).is_ascii_digit() {
        return Some(2);
    }
    // 01 alone on its line.
    if (1..=2).contains(&digits) && at(digits) == '\n' {
        return Some(2);
    }
    let begin = |word: &str| word.chars().enumerate().all(|(index, c)| at(index) == c);
    let case = begin("案例") && (at(2).is_ascii_digit() || numeral(at(2)));
    (case || NEXT.iter().any(|word| begin(word))).then_some(2)
}

/// Whether a line is a sub-head: short, without a closing mark, above a longer one that has it.
fn head(line: usize, clause: &Clause, lines: &[Line]) -> Option<u8> {
    let this = lines.get(line)?;
    let starts = clause.from <= this.from + LINE_START;
    let next = lines[line + 1..].iter().take(BETWEEN_MAX).find(|next| next.role != Role::Furniture)?;
    let head = starts && this.role == Role::Body && !this.closed && HEAD_LETTERS.contains(&this.letters);
    (head && next.role == Role::Body && next.closed && next.letters >= BELOW_LETTERS_MIN).then_some(0)
}

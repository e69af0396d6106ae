//! The lines of a page: which belong to the article, which are breadcrumbs, datelines and buttons, which stand below it.
//!
//! Told by structure first: a short line without a closing mark among paragraphs; a run of headline-like lines at the end. Words of
//! `rules/forms/pages.toml` say the rest. Not here: what the lines tell.

use lexicon::terms::{Pages, Words};

use crate::normalise::{Folded, is_letter};

/// A line of a page, in folded characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    /// First character.
    pub(super) from: usize,
    /// One past the last, the line break left out.
    pub(super) to: usize,
    /// Letters and digits in it.
    pub(super) letters: usize,
    /// Whether it ends as a sentence does.
    pub(super) closed: bool,
    /// What it is for the page.
    pub(super) role: Role,
}

/// What a line is for its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Told by the article.
    Body,
    /// A breadcrumb, a dateline, a button.
    Furniture,
    /// Below the article.
    Tail,
}

/// Most letters of a breadcrumb or dateline, of a line that begins a tail, of a notice, of a headline; fewest of a headline and of a
/// paragraph.
const FURNITURE_LETTERS_MAX: usize = 60;
const TAIL_LETTERS_MAX: usize = 24;
const NOTICE_LETTERS_MAX: usize = 120;
const HEADLINE_LETTERS: std::ops::RangeInclusive<usize> = 5..=45;
const PARAGRAPH_LETTERS_MIN: usize = 50;
/// Digits of a line that is a date, and most letters beside them.
const DATE_DIGITS_MIN: usize = 8;
const DATE_LETTERS_MAX: usize = 14;
/// Share of the letters that stands before a tail at least, in percent.
const BEFORE_TAIL_PERCENT: usize = 35;
/// Share of the letters in paragraphs that makes a page prose, in percent.
const PROSE_PERCENT: usize = 60;
/// Headline-like lines that make a tail without a word that says so.
const RUN_MIN: usize = 2;

/// The lines of a text that hold a letter.
pub(super) fn lines(folded: &Folded, words: &Pages) -> Vec<Line> {
    let chars = &folded.chars;
    let mut lines = Vec::new();
    let mut from = 0;
    for at in 0..=chars.len() {
        if chars.get(at).is_some_and(|c| *c != '\n') {
            continue;
        }
        let line = &chars[from..at];
        let letters = line.iter().filter(|c| is_letter(**c)).count();
        if letters > 0 {
            let closed = closes(line);
            let role = if !closed && is_furniture(line, letters, words) { Role::Furniture } else { Role::Body };
            lines.push(Line { from, to: at, letters, closed, role });
        }
        from = at + 1;
    }
    cut_tail(&mut lines, chars, words);
    lines
}

/// Whether a line ends as a sentence does, quotes and brackets behind the mark left out.
fn closes(line: &[char]) -> bool {
    let last = line.iter().rev().find(|c| !matches!(c, ' ' | '"' | '\'' | ')' | '」' | '』' | '】' | '”' | '’'));
    matches!(last, Some('。' | '!' | '?' | ';' | '…' | '.' | ','))
}

/// Whether a stretch holds one of some words.
pub(super) fn holds(chars: &[char], words: &Words) -> bool {
    (0..chars.len()).any(|at| words.at(&chars[at..]).is_some())
}

fn is_furniture(line: &[char], letters: usize, words: &Pages) -> bool {
    if letters > FURNITURE_LETTERS_MAX {
        return false;
    }
    let digits = line.iter().filter(|c| c.is_ascii_digit()).count();
    let arrows = line.iter().filter(|c| **c == '>').count();
    digits >= DATE_DIGITS_MIN && letters - digits <= DATE_LETTERS_MAX || arrows >= 2 || holds(line, &words.furniture)
}

/// Marks what stands below the article.
fn cut_tail(lines: &mut [Line], chars: &[char], words: &Pages) {
    let total: usize = lines.iter().map(|line| line.letters).sum();
    let headline = |line: &Line| {
        let end = chars[line.from..line.to].iter().rev().find(|c| is_letter(**c) || matches!(c, '。' | ';' | ','));
        HEADLINE_LETTERS.contains(&line.letters) && end.is_some_and(|c| is_letter(*c)) && !full(line, chars)
    };
    let paragraph = |line: &Line| line.letters >= PARAGRAPH_LETTERS_MIN && line.closed;
    let (mut before, mut at) = (0, 0);
    while at < lines.len() {
        let line = lines[at];
        let text = &chars[line.from..line.to];
        let begins = || {
            let first = text.iter().position(|c| is_letter(*c)).unwrap_or(0);
            words.tails.at(&text[first..]).is_some()
        };
        let says = line.letters <= TAIL_LETTERS_MAX && holds(text, &words.tails)
            || line.letters <= NOTICE_LETTERS_MAX && begins();
        if before * 100 >= total * BEFORE_TAIL_PERCENT && says {
            // What follows belongs to it up to the next paragraph: an article goes on below a box of links.
            let end = lines[at + 1..].iter().position(paragraph).map_or(lines.len(), |next| at + 1 + next);
            lines[at..end].iter_mut().for_each(|line| line.role = Role::Tail);
            before += lines[at..end].iter().map(|line| line.letters).sum::<usize>();
            at = end;
            continue;
        }
        before += line.letters;
        at += 1;
    }
    // Headlines below prose need no word in front of them.
    let prose: usize = lines.iter().filter(|line| line.role == Role::Body && paragraph(line)).map(|l| l.letters).sum();
    let body: usize = lines.iter().filter(|line| line.role == Role::Body).map(|line| line.letters).sum();
    let run = lines.iter().rev().take_while(|line| line.role != Role::Body || headline(line));
    let run: Vec<bool> = run.map(|line| line.role == Role::Body).collect();
    if prose * 100 >= body * PROSE_PERCENT
        && run.iter().filter(|body| **body).count() >= RUN_MIN
        && run.len() < lines.len()
    {
        let from = lines.len() - run.len();
        let bodies = lines[from..].iter_mut().filter(|line| line.role == Role::Body);
        bodies.for_each(|line| line.role = Role::Tail);
    }
}

/// Whether a sentence ends inside a line: a headline is one.
fn full(line: &Line, chars: &[char]) -> bool {
    chars[line.from..line.to].contains(&'。')
}

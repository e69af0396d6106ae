//! Sentences and clauses: the frames inside which words relate to one another.

use std::cell::RefCell;

use super::normalise::{Folded, is_letter};

/// Longest clause, in characters: a text without marks is cut here, so that looking through a clause stays cheap (READ-3).
pub(super) const CLAUSE_CHARS_MAX: usize = 200;

/// A clause, in folded characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// First character.
    pub from: usize,
    /// One past the last character, its closing mark left out.
    pub to: usize,
    /// Number of its sentence, from 0.
    pub sentence: usize,
    /// Whether it closes with a question mark.
    pub question: bool,
}

thread_local! {
    /// Room of clauses that were looked at.
    static SPARE: RefCell<Vec<Vec<Clause>>> = const { RefCell::new(Vec::new()) };
}

/// Most clauses whose room is kept.
const SPARE_CLAUSES_MAX: usize = 1_000;

/// Keeps room for the clauses of the next text of this thread, when it is no giant's.
pub(super) fn give_back(mut clauses: Vec<Clause>) {
    if clauses.capacity() <= SPARE_CLAUSES_MAX {
        clauses.clear();
        SPARE.with_borrow_mut(|spare| spare.push(clauses));
    }
}

/// Splits a text into clauses, in order; none is empty.
pub(super) fn split(folded: &Folded) -> Vec<Clause> {
    let chars = &folded.chars;
    let mut clauses = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
    let (mut from, mut sentence) = (0, 0);
    for at in 0..=chars.len() {
        if matches!(chars.get(at), Some('\u{4e00}'..='\u{9fff}')) && at - from < CLAUSE_CHARS_MAX {
            continue;
        }
        let (ends_clause, ends_sentence) = match chars.get(at) {
            None => (true, true),
            Some(_) => border(chars, at),
        };
        let too_long = !ends_clause && at - from >= CLAUSE_CHARS_MAX;
        if too_long {
            clauses.push(Clause { from, to: at, sentence, question: false });
            from = at;
        }
        if ends_clause {
            if chars[from..at].iter().any(|character| is_letter(*character)) {
                let question = chars[at..].iter().take(3).take_while(|mark| is_mark(**mark)).any(|mark| *mark == '?');
                clauses.push(Clause { from, to: at, sentence, question });
            }
            from = (at + 1).min(chars.len());
            // An empty stretch between two marks ends no second sentence, but numbers need not be dense.
            sentence += usize::from(ends_sentence);
        }
    }
    clauses
}

fn is_mark(character: char) -> bool {
    matches!(character, '?' | '!' | '.' | '。' | '~')
}

/// Whether the character ends its clause, its sentence.
fn border(chars: &[char], at: usize) -> (bool, bool) {
    let beside = |index: Option<usize>| index.and_then(|index| chars.get(index)).copied().unwrap_or(' ');
    let (before, after) = (beside(at.checked_sub(1)), beside(Some(at + 1)));
    match chars[at] {
        '\n' | '。' | '!' | '?' | ';' => (true, true),
        // A full stop, unless it stands inside a number, a name or an address.
        '.' if !(before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric()) => (true, !before.is_ascii_digit()),
        ',' | ':' if !(before.is_ascii_digit() && after.is_ascii_digit()) => (true, false),
        '~' | '—' => (true, false),
        // Many people write a space where a comma belongs; beside Latin letters and digits it is only a space.
        ' ' if !before.is_ascii() && !after.is_ascii() => (true, false),
        _ => (false, false),
    }
}

/// The clause that holds a position, or the nearest one before it.
pub(super) fn at(clauses: &[Clause], position: usize) -> usize {
    clauses.partition_point(|clause| clause.from <= position).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_not_torn_apart() {
        let clauses = |text: &str| {
            let folded = Folded::new(text);
            split(&folded).iter().map(|clause| folded.slice(clause.from, clause.to).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(clauses("重1.5kg，还剩 75% 电量。坏了"), ["重1.5kg", "还剩 75% 电量", "坏了"]);
        assert_eq!(clauses("很好 下次再来！！"), ["很好", "下次再来"]);
        assert_eq!(clauses("，。！"), Vec::<String>::new());
    }

    #[test]
    fn a_question_mark_behind_other_marks_still_asks() {
        let folded = Folded::new("会漏电吗！？好");
        assert_eq!(split(&folded).iter().map(|clause| clause.question).collect::<Vec<_>>(), [true, false]);
    }
}

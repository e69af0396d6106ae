//! Letters to lines, and lines to text.

use super::Letter;

/// Letters that stand further apart than this share of their size are two words.
const GAP: f64 = 0.45;

/// The lines of these letters, from top to bottom: where each stands, and its text.
pub(super) fn lines(mut letters: Vec<Letter>) -> Vec<(f64, String)> {
    letters.sort_by(|one, other| one.y.total_cmp(&other.y));
    let mut lines: Vec<Vec<Letter>> = Vec::new();
    for letter in letters {
        match lines.last_mut() {
            Some(line) if line.first().is_some_and(|first| letter.y - first.y < letter.size.max(first.size) * 0.5) => {
                line.push(letter);
            }
            _ => lines.push(vec![letter]),
        }
    }
    lines.into_iter().map(|line| (line.first().map_or(0.0, |first| first.y), line_of(line))).collect()
}

fn line_of(mut letters: Vec<Letter>) -> String {
    letters.sort_by(|one, other| one.x.total_cmp(&other.x));
    let mut text = String::new();
    let mut last: Option<(f64, f64, bool)> = None;
    for letter in &letters {
        let is_wide = !letter.text.is_ascii();
        if let Some((x, size, was_wide)) = last {
            if (letter.x - x).abs() < size * 0.05 && text.ends_with(&letter.text) {
                continue; // Bold by printing twice.
            }
            let width = if was_wide { size } else { size * 0.55 };
            if letter.x - x - width > letter.size * GAP && !text.ends_with(' ') {
                text.push(' ');
            }
        }
        text.push_str(&letter.text);
        last = Some((letter.x, letter.size, is_wide));
    }
    text.trim().to_owned()
}

/// The text of a cell: its lines, which break where the cell ends.
pub(super) fn cell(letters: Vec<Letter>) -> String {
    let lines: Vec<String> = lines(letters).into_iter().map(|(_, line)| line).collect();
    lines.join("\n")
}

/// The text outside tables, in pieces that stand between them: where each begins, and its lines.
pub(super) fn paragraphs(letters: Vec<Letter>, tops: &[f64]) -> Vec<(f64, String)> {
    let mut pieces: Vec<(f64, String)> = Vec::new();
    let part = |y: f64| tops.iter().filter(|top| **top < y).count();
    let mut last = None;
    for (y, line) in lines(letters) {
        match pieces.last_mut() {
            Some((_, text)) if last == Some(part(y)) => {
                text.push('\n');
                text.push_str(&line);
            }
            _ => pieces.push((y, line)),
        }
        last = Some(part(y));
    }
    pieces
}

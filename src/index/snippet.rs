//! The stretch of a text that shows best why it was found.

use super::analysis::{CharKind, kind_of, normalise_mapped};
use super::plan::Needle;
use lexicon::without_marks;
use vocabulary::CharSpan;

/// Length of a snippet, in characters of the text.
pub const SNIPPET_CHARS: usize = 80;
/// Characters shown before the first match.
const LEAD_CHARS: usize = 15;
/// Most matches looked at in one text.
const MATCHES_MAX: usize = 500;

/// About [`SNIPPET_CHARS`] characters around the matches, and where the matches are in them. Marks of HTML are read over, as in the
/// index: a tag inside a match would take the room of what is to be shown.
pub(super) fn snippet(text: &str, needles: &[Needle]) -> (String, Vec<CharSpan>) {
    let text = without_marks(text);
    let letters: Vec<char> = text.chars().collect();
    let matches = matches(&text, needles);
    let start = best_start(&matches, letters.len());
    let end = (start + SNIPPET_CHARS).min(letters.len());

    let mut out = String::with_capacity(4 * SNIPPET_CHARS);
    let lead = usize::from(start > 0);
    if start > 0 {
        out.push('…');
    }
    // One for one, so that the spans stay true.
    out.extend(letters[start..end].iter().map(|&letter| if letter.is_control() { ' ' } else { letter }));
    if end < letters.len() {
        out.push('…');
    }
    let mut spans: Vec<CharSpan> = Vec::new();
    for found in &matches {
        if found.from() >= start && found.to() <= end {
            spans.push(CharSpan::new(found.from() - start + lead, found.to() - start + lead));
        }
    }
    (out, spans)
}

/// The matches in the text, in its own characters, in order, without overlaps; longer needles go first.
fn matches(text: &str, needles: &[Needle]) -> Vec<CharSpan> {
    let (normal, origin) = normalise_mapped(text);
    let mut taken = vec![false; normal.len()];
    let mut found = Vec::new();
    for needle in needles {
        let open = needle.open;
        let (needle, _) = normalise_mapped(&needle.text);
        let Some(&first) = needle.first() else { continue };
        let is_run = |at: Option<&char>| at.is_some_and(|&letter| kind_of(letter) == CharKind::Run);
        for at in 0..=normal.len().saturating_sub(needle.len()) {
            if found.len() == MATCHES_MAX {
                break;
            }
            if normal.get(at) != Some(&first) || !normal[at..].starts_with(&needle) {
                continue;
            }
            let mut end = at + needle.len();
            while open && is_run(normal.get(end)) {
                end += 1;
            }
            // Runs of letters and digits are found whole, so they are marked whole.
            let cuts_before = is_run(needle.first()) && is_run(at.checked_sub(1).and_then(|before| normal.get(before)));
            let cuts_after = is_run(needle.last()) && is_run(normal.get(end));
            if !cuts_before && !cuts_after && !taken[at..end].contains(&true) {
                taken[at..end].fill(true);
                found.push(CharSpan::new(origin[at], origin[end - 1] + 1));
            }
        }
    }
    found.sort_unstable();
    found
}

/// Where the window begins that shows the most matched characters; the earliest of equals.
fn best_start(matches: &[CharSpan], length: usize) -> usize {
    let mut best = (0, 0);
    for (first, start) in matches.iter().enumerate() {
        let window = start.from().saturating_sub(LEAD_CHARS);
        let inside = matches[first..].iter().take_while(|span| span.to() <= window + SNIPPET_CHARS);
        let shown: usize = inside.map(|span| span.len()).sum();
        if shown > best.0 {
            best = (shown, window);
        }
    }
    best.1.min(length.saturating_sub(SNIPPET_CHARS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A star at its end leaves it open.
    fn needle(text: &str) -> Needle {
        let stem = text.strip_suffix('*');
        Needle { text: stem.unwrap_or(text).to_owned(), open: stem.is_some() }
    }

    fn check(text: &str, needles: &[&str], expected: &str) {
        let needles: Vec<Needle> = needles.iter().map(|text| needle(text)).collect();
        let (shown, spans) = snippet(text, &needles);
        let mut marked = String::new();
        for (at, letter) in shown.chars().enumerate() {
            if spans.iter().any(|span| span.from() == at) {
                marked.push('【');
            }
            marked.push(letter);
            if spans.iter().any(|span| span.to() == at + 1) {
                marked.push('】');
            }
        }
        assert_eq!(marked, expected);
    }

    #[test]
    fn matches_are_marked_in_the_original_writing() {
        check("ＵＳＢ充电器\n质量，太差！", &["usb", "质量!太差"], "【ＵＳＢ】充电器 【质量，太差】！");
        check("usbc usb", &["usb"], "usbc 【usb】");
        check("USBC线 mini-usb2", &["usb*"], "【USBC】线 mini-【usb2】");
        check("㎏㎏", &["kg"], "㎏㎏"); // "kgkg" is one run
        check("自燃自燃", &["自燃", "燃自"], "【自燃】【自燃】");
    }

    #[test]
    fn marks_of_html_are_neither_shown_nor_counted() {
        check("充电<b>宝</b>突然起<p>火", &["起火"], "充电宝突然【起火】");
        check("冒&#28895;&nbsp;R&D 5<6", &["冒烟", "d"], "【冒烟】 R&【D】 5<6");
        let tag = format!("起<span style=\"{}\">火", "x".repeat(300));
        check(&tag, &["起火"], "【起火】");
    }

    #[test]
    fn the_window_shows_the_place_with_most_matches() {
        let text = format!("起火{}充电宝起火冒烟{}", "。".repeat(100), "！".repeat(100));
        let (shown, spans) = snippet(&text, &[needle("起火"), needle("冒烟")]);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.contains("充电宝起火冒烟"), "{shown}");
        assert_eq!(spans.iter().map(|span| span.slice(&shown)).collect::<Vec<_>>(), ["起火", "冒烟"]);
        assert_eq!(shown.chars().count(), SNIPPET_CHARS + 2);
    }

    #[test]
    fn without_a_match_the_beginning_is_shown() {
        check("没有", &["起火"], "没有");
        check("", &["起火"], "");
        check("短", &["很长很长"], "短");
    }
}

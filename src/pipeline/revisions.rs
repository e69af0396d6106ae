//! What changed between two revisions of a document, line by line. Every revision stays in the log, so nothing but the
//! difference has to be worked out.

use log::Entry;
use vocabulary::Document;

/// Lines of one text that are compared; of longer ones the middle counts as changed as a whole.
const LINES_MAX: usize = 1_500;

/// One line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffLine<'a> {
    /// In both.
    Same(&'a str),
    /// Only in the older one.
    Gone(&'a str),
    /// Only in the newer one.
    New(&'a str),
}

/// Each revision against the one before it: when it came, what changed. The first has no difference.
#[must_use]
pub fn changes(revisions: &[Entry]) -> Vec<(&Entry, Vec<DiffLine<'_>>)> {
    let before = std::iter::once(None).chain(revisions.iter().map(Some));
    let pairs = revisions.iter().zip(before);
    pairs
        .map(|(entry, before)| (entry, before.map_or(Vec::new(), |old| diff(&old.document, &entry.document))))
        .collect()
}

/// Titles and texts side by side: sentences are lines, because pages of one paragraph are common.
fn diff<'a>(old: &'a Document, new: &'a Document) -> Vec<DiffLine<'a>> {
    let (old, new) = (lines(old), lines(new));
    let same_before = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[same_before..], &new[same_before..]);
    let same_behind = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_middle, behind) = old_rest.split_at(old_rest.len() - same_behind);
    let new_middle = &new_rest[..new_rest.len() - same_behind];
    let mut out: Vec<DiffLine<'_>> = old[..same_before].iter().map(|line| DiffLine::Same(line)).collect();
    if old_middle.len() > LINES_MAX || new_middle.len() > LINES_MAX {
        out.extend(old_middle.iter().map(|line| DiffLine::Gone(line)));
        out.extend(new_middle.iter().map(|line| DiffLine::New(line)));
    } else {
        by_longest_common(old_middle, new_middle, &mut out);
    }
    out.extend(behind.iter().map(|line| DiffLine::Same(line)));
    out
}

fn lines(document: &Document) -> Vec<&str> {
    let title = document.title.as_deref().filter(|title| !document.text.starts_with(title));
    let lines = title.into_iter().chain(document.text.lines());
    let sentences = lines.flat_map(|line| line.split_inclusive(['。', '！', '？', '；', '!', '?', ';']));
    sentences.filter(|line| !line.trim().is_empty()).collect()
}

/// The longest common subsequence, by the table of its lengths from each place on.
fn by_longest_common<'a>(old: &[&'a str], new: &[&'a str], out: &mut Vec<DiffLine<'a>>) {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            let (down, right) = (longest[(i + 1) * width + j], longest[i * width + j + 1]);
            let both = longest[(i + 1) * width + j + 1] + 1;
            longest[i * width + j] = if a == b { both } else { down.max(right) };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            out.push(DiffLine::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            out.push(DiffLine::Gone(old[i]));
            i += 1;
        } else {
            out.push(DiffLine::New(new[j]));
            j += 1;
        }
    }
    out.extend(old[i..].iter().map(|line| DiffLine::Gone(line)));
    out.extend(new[j..].iter().map(|line| DiffLine::New(line)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::{Channel, DocumentLine, Position, SourceId};

    fn entry(position: u64, text: &str) -> Entry {
        let line = serde_json::json!({ "id": "a", "text": text }).to_string();
        let document = DocumentLine::parse(&line).expect("a good line");
        Entry { position: Position(position), document: document.into_document(&SourceId::from("s"), Channel::Media) }
    }

    #[test]
    fn a_corrected_number_is_the_only_difference() {
        let revisions = [
            entry(1, "某公司召回充电宝。共计100台。存在起火风险。"),
            entry(5, "某公司召回充电宝。共计1200台。存在起火风险。请停止使用。"),
        ];
        let changes = changes(&revisions);
        assert_eq!(changes[0].1, []);
        assert_eq!(
            changes[1].1,
            [
                DiffLine::Same("某公司召回充电宝。"),
                DiffLine::Gone("共计100台。"),
                DiffLine::New("共计1200台。"),
                DiffLine::Same("存在起火风险。"),
                DiffLine::New("请停止使用。"),
            ]
        );
    }

    #[test]
    fn the_difference_leads_from_the_old_text_to_the_new_one() {
        let texts = ["a\nb\nc\nd", "b\nx\nd\ny", "", "a\na\nb", "d\nc\nb\na"];
        for old in texts {
            for new in texts {
                let (old, new) = (entry(1, &format!("{old}\n.")), entry(2, &format!("{new}\n.")));
                let found = diff(&old.document, &new.document);
                let side = |left: bool| -> Vec<&str> {
                    let lines = found.iter().filter_map(|line| match line {
                        DiffLine::Same(line) => Some(*line),
                        DiffLine::Gone(line) => left.then_some(*line),
                        DiffLine::New(line) => (!left).then_some(*line),
                    });
                    lines.collect()
                };
                assert_eq!(side(true), lines(&old.document));
                assert_eq!(side(false), lines(&new.document));
            }
        }
    }
}

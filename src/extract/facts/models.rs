//! Model names and batch numbers: runs that mix Latin letters and digits, or stand behind 型号, 批号.

use lexicon::Lexicon;
use vocabulary::MentionKind;

use super::Fact;
use crate::normalise::Folded;

/// Shortest and longest model name, in characters.
const CHARS: std::ops::RangeInclusive<usize> = 2..=24;
/// Runs that mix letters and digits and are no model.
const NONE: &[&str] = &[
    "3d", "2d", "4k", "2k", "8k", "4s", "5g", "4g", "3g", "2g", "1080p", "720p", "usb3", "usb2.0", "usb3.0", "mp3",
    "mp4", "mp5", "h5", "a4", "a3", "b2b", "o2o", "b2c", "c2c", "p2p", "pm2", "pm2.5", "pm10", "3c", "k12", "5a", "4a",
    "3a",
];
/// Words in front of a number that make it a model or batch.
const LABELS: &[&str] = &["型号", "货号", "批号", "批次号", "款号", "产品编号", "生产批次", "机型", "规格型号"];
/// The longest of these words, in characters.
const LABEL_CHARS_MAX: usize = 4;
/// The rule behind the number of a batch.
pub(super) const BATCH: &str = "shape:batch";
/// Characters between such a word and the number.
const BETWEEN: usize = 2;

/// The batch number that stands behind 批号, 批次号. Eight digits there are no date.
pub(super) fn batch(folded: &Folded, _: &Lexicon, from: usize, to: usize) -> Option<Fact> {
    let label = label(folded, from).filter(|label| label.contains('批') && CHARS.contains(&(to - from)));
    label.map(|_| fact(folded, from, to, BATCH))
}

/// The model or article number that stands behind 型号, 货号.
pub(super) fn numbered(folded: &Folded, _: &Lexicon, from: usize, to: usize) -> Option<Fact> {
    label(folded, from).filter(|_| CHARS.contains(&(to - from))).map(|_| fact(folded, from, to, "shape:number"))
}

/// The model that a run of letters and digits is.
pub(super) fn model(folded: &Folded, _: &Lexicon, from: usize, to: usize) -> Option<Fact> {
    let word = folded.slice(from, to);
    let letters = word.bytes().any(|byte| byte.is_ascii_alphabetic());
    let digits = word.bytes().any(|byte| byte.is_ascii_digit());
    let web = word.starts_with("www.") || [".com", ".cn"].iter().any(|end| word.ends_with(end));
    let good = letters && digits && CHARS.contains(&(to - from)) && !web && !NONE.contains(&word);
    good.then(|| fact(folded, from, to, "shape:model"))
}

fn fact(folded: &Folded, from: usize, to: usize, rule: &str) -> Fact {
    Fact::new(from, to, MentionKind::Model, folded.slice(from, to).to_uppercase(), rule)
}

/// The word in front of a number that makes it a model or batch.
fn label(folded: &Folded, from: usize) -> Option<&'static str> {
    let gap = folded.chars[from.saturating_sub(BETWEEN)..from].iter().rev();
    let label_to = from - gap.take_while(|c| matches!(c, ':' | ' ' | '为' | '是')).count();
    let ahead = folded.slice(label_to.saturating_sub(LABEL_CHARS_MAX), label_to);
    LABELS.iter().copied().find(|label| ahead.ends_with(label))
}

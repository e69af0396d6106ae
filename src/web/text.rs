//! Foreign text on our pages. Escaping is askama's; this file splits text into marked stretches, keeps invisible
//! characters from rearranging a page, and decides which addresses may become links.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use vocabulary::CharSpan;

/// Most marks shown in one text; later ones are left unmarked.
pub(super) const MARKS_MAX: usize = 5_000;
/// Most tooltips joined where marks overlap.
const TITLES_MAX: usize = 4;

/// Why a stretch of text is marked.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) span: CharSpan,
    /// CSS class: one of ours, never taken from the text.
    pub(super) class: &'static str,
    /// Tooltip.
    pub(super) title: String,
    /// Where marks overlap the smallest rank gives the colour, then the shortest mark.
    pub(super) rank: u8,
}

/// A stretch of text with one look. Templates write the tags, so no text is ever joined into HTML by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) text: &'a str,
    /// Empty when the stretch is not marked.
    pub(super) class: &'static str,
    pub(super) title: String,
}

/// Cuts `text` where marks begin and end. Marks that reach past the end are cut short, empty ones dropped.
pub(super) fn split<'a>(text: &'a str, marks: &[Mark]) -> Vec<Segment<'a>> {
    let byte_at: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
    let end = byte_at.len() - 1;
    let mut starts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut ends: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut cuts = BTreeSet::from([0, end]);
    for (index, mark) in marks.iter().take(MARKS_MAX).enumerate() {
        let (from, to) = (mark.span.from().min(end), mark.span.to().min(end));
        if from < to {
            starts.entry(from).or_default().push(index);
            ends.entry(to).or_default().push(index);
            cuts.extend([from, to]);
        }
    }
    let key = |index: usize| (marks[index].rank, marks[index].span.len(), index);
    let mut active: BTreeSet<(u8, usize, usize)> = BTreeSet::new();
    let mut segments = Vec::with_capacity(cuts.len());
    let cuts: Vec<usize> = cuts.into_iter().collect();
    for pair in cuts.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        for index in ends.get(&from).into_iter().flatten() {
            active.remove(&key(*index));
        }
        for index in starts.get(&from).into_iter().flatten() {
            active.insert(key(*index));
        }
        let mut titles: Vec<&str> = Vec::new();
        for (_, _, index) in active.iter().take(TITLES_MAX) {
            let title = marks[*index].title.as_str();
            if !title.is_empty() && !titles.contains(&title) {
                titles.push(title);
            }
        }
        segments.push(Segment {
            text: &text[byte_at[from]..byte_at[to]],
            class: active.first().map_or("", |(_, _, index)| marks[*index].class),
            title: titles.join("；"),
        });
    }
    segments
}

/// Marks every span alike.
pub(super) fn highlight<'a>(text: &'a str, spans: &[CharSpan]) -> Vec<Segment<'a>> {
    let marks: Vec<Mark> =
        spans.iter().map(|span| Mark { span: *span, class: "hit", title: String::new(), rank: 0 }).collect();
    split(text, &marks)
}

/// Where the text goes on, in characters, when its first line is the headline that a page shows anyway. 0 when it is not,
/// or when nothing follows.
pub(super) fn after_title(text: &str, title: &str) -> usize {
    let Some(rest) = text.strip_prefix(title).filter(|_| !title.is_empty()) else { return 0 };
    let body = rest.trim_start();
    if body.is_empty() || body.len() == rest.len() { 0 } else { text.chars().count() - body.chars().count() }
}

/// The part of `span` at or after character `from`, counted from there; empty when there is none.
pub(super) fn shifted(span: CharSpan, from: usize) -> CharSpan {
    CharSpan::new(span.from().saturating_sub(from), span.to().saturating_sub(from))
}

/// The first `chars` characters, with an ellipsis when there were more.
pub(super) fn shorten(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((byte, _)) => format!("{}…", text[..byte].trim_end()),
        None => text.to_owned(),
    }
}

/// The address when it may become a link: http or https, with a host, and written out in ASCII.
pub(super) fn link(address: Option<&str>) -> Option<String> {
    let url = Url::parse(address?).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.host().is_some()).then(|| url.to_string())
}

/// Characters that are not seen but change what is seen: bidirectional overrides and controls. They are written out, so
/// that a page shows them as the trick they are and a line of ours cannot be turned around by a line of theirs.
fn is_trick(character: char) -> bool {
    matches!(character,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}'
        | '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}')
}

/// Writes out the tricks of a whole page. Done once, on the finished page, so that no template can forget it.
pub(super) fn defuse(page: String) -> String {
    use std::fmt::Write as _;
    if !page.contains(is_trick) {
        return page;
    }
    let mut safe = String::with_capacity(page.len() + 64);
    for character in page.chars() {
        if is_trick(character) {
            let _ = write!(safe, "⟦U+{:04X}⟧", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mark(from: usize, to: usize, class: &'static str, rank: u8) -> Mark {
        Mark { span: CharSpan::new(from, to), class, title: class.to_owned(), rank }
    }

    fn show(segments: &[Segment<'_>]) -> String {
        segments
            .iter()
            .map(|segment| match segment.class {
                "" => segment.text.to_owned(),
                class => format!("【{class}:{}】", segment.text),
            })
            .collect()
    }

    #[test]
    fn marks_split_the_text_at_characters() {
        let marks = [mark(0, 3, "product", 1), mark(5, 7, "hazard", 0)];
        assert_eq!(show(&split("充电宝突然起火了", &marks)), "【product:充电宝】突然【hazard:起火】了");
    }

    #[test]
    fn where_marks_overlap_the_lower_rank_gives_the_colour_and_both_give_tooltips() {
        let marks = [mark(0, 5, "product", 1), mark(2, 4, "brand", 0)];
        let segments = split("大米充电宝", &marks);
        assert_eq!(show(&segments), "【product:大米】【brand:充电】【product:宝】");
        assert_eq!(segments[1].title, "brand；product");
    }

    #[test]
    fn marks_past_the_end_are_cut_and_empty_ones_dropped() {
        let marks = [mark(1, 99, "a", 0), mark(7, 9, "b", 0), mark(0, 0, "c", 0)];
        assert_eq!(show(&split("起火", &marks)), "起【a:火】");
        assert_eq!(split("", &marks), []);
    }

    #[test]
    fn a_headline_at_the_head_of_a_text_is_told_apart() {
        assert_eq!(after_title("充电宝冒烟\n昨天", "充电宝冒烟"), 6);
        assert_eq!(after_title("充电宝冒烟 昨天", "充电宝冒烟"), 6);
        for (text, title) in [("充电宝冒烟了", "充电宝冒烟"), ("充电宝\n", "充电宝"), ("充电宝", ""), ("甲\n乙", "丙")]
        {
            assert_eq!(after_title(text, title), 0, "{text} {title}");
        }
        assert_eq!(shifted(CharSpan::new(2, 8), 6), CharSpan::new(0, 2));
        assert_eq!(shifted(CharSpan::new(2, 4), 6), CharSpan::new(0, 0));
    }

    #[test]
    fn only_web_addresses_become_links() {
        assert_eq!(link(Some("https://example.cn/a b")).as_deref(), Some("https://example.cn/a%20b"));
        for bad in ["javascript:alert(1)", "data:text/html,x", "//example.cn", "file:///etc/passwd", "", "http://"] {
            assert_eq!(link(Some(bad)), None, "{bad}");
        }
    }

    #[test]
    fn turned_around_text_is_written_out() {
        assert_eq!(defuse("安全\u{202E}吗\0".to_owned()), "安全⟦U+202E⟧吗⟦U+0000⟧");
        assert_eq!(defuse("原样\n\t保留".to_owned()), "原样\n\t保留");
    }

    #[test]
    fn shortening_counts_characters() {
        assert_eq!(shorten("充电宝起火", 3), "充电宝…");
        assert_eq!(shorten("充电宝", 3), "充电宝");
    }

    proptest! {
        #[test]
        fn splitting_never_loses_a_character(text in "\\PC{0,40}", spans in prop::collection::vec((0_usize..50, 0_usize..20, 0_u8..3), 0..12)) {
            let marks: Vec<Mark> = spans.iter().map(|(from, len, rank)| mark(*from, from + len, "m", *rank)).collect();
            let joined: String = split(&text, &marks).iter().map(|segment| segment.text).collect();
            prop_assert_eq!(joined, text);
        }
    }
}

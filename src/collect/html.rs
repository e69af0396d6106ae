//! READ-3 for HTML: a page is bounded in tag depth and attributes before it is parsed, and its text is taken out as a
//! person would see it. Nothing here panics on any input, and nothing of the tree leaves the thread (`Html` is not
//! `Send`).

use std::collections::BTreeSet;

use scraper::{ElementRef, Html};

use super::screen::{Screen, tidy};
use super::tree::tags::{self, TAG_DEPTH_MAX, TAGS_MAX, Tag};

/// A tag with more attributes is dropped: the parser compares them pairwise.
const ATTRIBUTES_MAX: usize = 256;
/// A bounded tree may still be a little deeper than its tags: the parser adds `html`, `body`, `tbody` on its own.
const TREE_DEPTH_MAX: usize = TAG_DEPTH_MAX * 4;

/// Parses a page whose tags were bounded. The second value says what had to be dropped.
pub(crate) fn parse(source: &str) -> (Html, Option<String>) {
    let (bounded, dropped) = bound_tags(source);
    let problem = (dropped > 0).then(|| {
        format!("{dropped} tags were dropped: at most {TAGS_MAX} tags, {TAG_DEPTH_MAX} deep, with {ATTRIBUTES_MAX} attributes are read")
    });
    (Html::parse_document(bounded.as_deref().unwrap_or(source)), problem)
}

/// Drops tags beyond the bounds. One pass, no recursion; none when nothing had to be dropped.
pub(crate) fn bound_tags(source: &str) -> (Option<String>, usize) {
    let bytes = source.as_bytes();
    let mut drops: Vec<(usize, usize)> = Vec::new();
    let mut endless = BTreeSet::new();
    let mut tags = 0;
    let (mut at, mut depth, mut skipped, mut drawings) = (0, 0_usize, 0_usize, 0);
    while let Some(open) = memchr(bytes, b'<', at) {
        let rest = &bytes[open + 1..];
        if rest.starts_with(b"!--") {
            at = find(bytes, b"-->", open + 4).map_or(bytes.len(), |end| end + 3);
            continue;
        }
        let closing = rest.first() == Some(&b'/');
        let name_from = open + 1 + usize::from(closing);
        let name_len = bytes[name_from..]
            .iter()
            .take(40)
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
            .count();
        if name_len == 0 || !bytes[name_from].is_ascii_alphabetic() {
            at = open + 1;
            continue;
        }
        let name = source[name_from..name_from + name_len].to_ascii_lowercase();
        let is = |properties: u16| Tag::of(name.as_bytes()).is_some_and(|tag| tag.is(properties));
        let (end, attributes) = end_of_tag(bytes, name_from + name_len);
        at = end;
        // Drawings hold no text, and in them alone `<path/>` closes itself: left out whole, so that the count below is true.
        if matches!(name.as_str(), "svg" | "math") {
            let drawn = if closing || endless.contains(&name) { None } else { end_of_raw(bytes, &name, end) };
            if drawn.is_none() && !closing {
                // Looked for once: a million unclosed drawings must not mean a million searches to the end.
                endless.insert(name.clone());
            }
            at = drawn.map_or(end, |close| end_of_tag(bytes, close + 2 + name_len).0);
            drops.push((open, at));
            drawings += 1;
            continue;
        }
        let counts = !is(tags::VOID | tags::OPTIONAL_END);
        tags += 1;
        let mut drop = attributes > ATTRIBUTES_MAX || tags > TAGS_MAX;
        if counts && closing {
            if skipped > 0 {
                skipped -= 1;
                drop = true;
            } else {
                depth = depth.saturating_sub(1);
            }
        } else if counts {
            if depth >= TAG_DEPTH_MAX || drop {
                skipped += 1;
                drop = true;
            } else {
                depth += 1;
            }
        }
        if drop {
            drops.push((open, end));
        } else if !closing && is(tags::RAW) {
            // The content of these is text up to the end tag.
            at = end_of_raw(bytes, &name, end).unwrap_or(bytes.len());
        }
    }
    if drops.is_empty() {
        return (None, 0);
    }
    let mut out = String::with_capacity(source.len());
    let mut from = 0;
    for (open, end) in &drops {
        out.push_str(&source[from..*open]);
        from = *end;
    }
    out.push_str(&source[from..]);
    (Some(out), drops.len() - drawings)
}

/// How deep the elements of an XML text nest. XML closes every element and has CDATA: other rules than for pages.
pub(crate) fn xml_depth(source: &str) -> usize {
    let bytes = source.as_bytes();
    let (mut at, mut depth, mut deepest) = (0, 0_usize, 0);
    while let Some(open) = memchr(bytes, b'<', at) {
        let rest = &bytes[open + 1..];
        let skip = |end: &[u8]| find(bytes, end, open + 1).map_or(bytes.len(), |at| at + end.len());
        at = if rest.starts_with(b"![CDATA[") {
            skip(b"]]>")
        } else if rest.starts_with(b"!--") {
            skip(b"-->")
        } else if rest.starts_with(b"?") {
            skip(b"?>")
        } else {
            let end = end_of_tag(bytes, open + 1).0;
            if rest.first() == Some(&b'/') {
                depth = depth.saturating_sub(1);
            } else if rest.first() != Some(&b'!') && !bytes[..end].ends_with(b"/>") {
                depth += 1;
                deepest = deepest.max(depth);
            }
            end
        };
    }
    deepest
}

/// Where the tag ends (behind its `>`) and how many attributes it has.
fn end_of_tag(bytes: &[u8], from: usize) -> (usize, usize) {
    let (mut at, mut attributes, mut in_space) = (from, 0, false);
    let mut quote = None;
    let mut after_equals = false;
    while let Some(byte) = bytes.get(at) {
        match (quote, byte) {
            (Some(open), byte) => {
                if open == *byte {
                    quote = None;
                    in_space = true;
                }
            }
            (None, b'>') => return (at + 1, attributes),
            (None, b'"' | b'\'') if after_equals => quote = Some(*byte),
            (None, byte) if byte.is_ascii_whitespace() || *byte == b'/' => in_space = true,
            (None, b'=') => {}
            (None, _) => {
                attributes += usize::from(in_space && !after_equals);
                in_space = false;
            }
        }
        if !byte.is_ascii_whitespace() {
            after_equals = quote.is_none() && *byte == b'=';
        }
        at += 1;
    }
    (bytes.len(), attributes)
}

fn end_of_raw(bytes: &[u8], name: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(open) = memchr(bytes, b'<', at) {
        let is_end = bytes.get(open + 1) == Some(&b'/')
            && bytes.get(open + 2..open + 2 + name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()));
        if is_end {
            return Some(open);
        }
        at = open + 1;
    }
    None
}

fn memchr(bytes: &[u8], wanted: u8, from: usize) -> Option<usize> {
    bytes.get(from..)?.iter().position(|byte| *byte == wanted).map(|at| from + at)
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

/// The visible text of an element: blocks on lines of their own, white space collapsed, scripts and the like left out.
pub(crate) fn text_of(element: ElementRef<'_>) -> String {
    let mut screen = Screen::default();
    gather(element, &mut screen, 0);
    screen.tidy()
}

fn gather(element: ElementRef<'_>, out: &mut Screen, depth: usize) {
    let tag = Tag::of(element.value().name().as_bytes()).unwrap_or(Tag::SPAN);
    if depth > TREE_DEPTH_MAX || (depth > 0 && tag.is(tags::NO_TEXT)) {
        return;
    }
    out.open(tag);
    for child in element.children() {
        if let Some(text) = child.value().as_text() {
            out.text(text);
        } else if let Some(child) = ElementRef::wrap(child) {
            gather(child, out, depth + 1);
        }
    }
    out.close(tag);
}

/// The text of an HTML fragment, e.g. a feed's summary.
pub(crate) fn fragment_text(source: &str) -> String {
    if !source.contains(['<', '&']) {
        return tidy(source);
    }
    let (html, _) = parse(source);
    text_of(html.root_element())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> String {
        text_of(parse(source).0.root_element())
    }

    #[test]
    fn text_is_what_a_reader_sees() {
        let page = "<html><head><title>x</title><style>p{}</style></head><body><h1>公告</h1>\n<p>充电宝&nbsp;&lt;A1&gt;\n 起火<br>两人受伤</p>\
                    <script>var a='<p>no</p>';</script><table><tr><td>甲<td>乙</table><!-- <p>no</p> --></body>";
        assert_eq!(text(page), "公告\n充电宝 <A1> 起火\n两人受伤\n甲 乙");
    }

    #[test]
    fn a_million_nested_tags_cost_neither_stack_nor_time() {
        for tag in ["div", "b", "font", "table", "span", "ul><li", "svg", "a", "button", "x-y"] {
            let page = format!("{}起火", format!("<{tag}>").repeat(1_000_000));
            let (html, problem) = parse(&page);
            assert!(problem.is_some() || tag == "svg", "{tag}");
            if !matches!(tag, "svg" | "button") {
                assert!(text_of(html.root_element()).contains("起火"), "{tag}");
            }
        }
        let attributes = format!("<div {}>起火", (0..300_000).map(|n| format!("a{n}")).collect::<Vec<_>>().join(" "));
        assert_eq!(text(&attributes), "起火");
    }

    #[test]
    fn ordinary_pages_are_not_touched() {
        let page = format!("<body>{}{}</body>", "<p>段落<br><img src='a>b'>".repeat(2000), "<li>项".repeat(2000));
        assert_eq!(bound_tags(&page), (None, 0));
        assert_eq!(bound_tags("a < b, <3, </>, <!doctype html>, <div a=\"<div>\"></div>").1, 0);
    }

    #[test]
    fn the_depth_of_a_feed_counts_what_xml_counts() {
        let entry = "<item><media:x y='>'/><d><![CDATA[<b><b><b>]]></d><!-- <a> --></item>";
        assert_eq!(xml_depth(&format!("<?xml version='1.0'?><!DOCTYPE rss><rss>{}</rss>", entry.repeat(1000))), 3);
        assert_eq!(xml_depth(&"<a>".repeat(1_000_000)), 1_000_000);
    }

    #[test]
    fn broken_markup_does_not_panic() {
        for page in [
            "<",
            "<a",
            "</",
            "<!--",
            "<script>",
            "<div a='",
            "<p\u{0}>\u{fffd}",
            "&#x110000;&#0;",
            "<中文>",
            "<a 中='文'>x",
        ] {
            let _ = text(page);
        }
    }
}

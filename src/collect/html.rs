//! READ-3 for HTML: a page is bounded in tag depth and attributes before it is parsed, in what the parser makes of it while it
//! is, and its text is taken out as a person would see it. Nothing here panics on any input, and nothing of the tree leaves
//! the thread (`Html` is not `Send`).

use std::borrow::Cow;
use std::cell::{Cell, Ref};
use std::collections::BTreeSet;

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, ParseOpts, QualName};
use scraper::{ElementRef, Html, HtmlTreeSink};

use super::bounds::{ADDRESS_BYTES_MAX, ATTRIBUTES_MAX, FEED_ELEMENTS_MAX, HTML_NODES_MAX, TAG_DEPTH_MAX, TAGS_MAX};
use super::screen::{Screen, tidy};
use super::tree::tags::{self, Tag};

/// A bounded tree may still be a little deeper than its tags: the parser adds `html`, `body`, `tbody` on its own.
const TREE_DEPTH_MAX: usize = TAG_DEPTH_MAX * 4;
/// Bytes given to the parser at once. In a piece at most a node for each 4 bytes and each open formatting element is made, so the
/// count overshoots its bound by less than that.
const PIECE_BYTES: usize = 4 * 1024;
/// Attributes that count as one node: what they take of memory.
const ATTRIBUTES_OF_A_NODE: usize = 4;

/// Parses a page whose tags were bounded, as far as the bound on nodes allows. The second value says what had to be left out.
pub(crate) fn parse(source: &str) -> (Html, Option<String>) {
    let (bounded, dropped) = bound_tags(source);
    let source = bounded.as_deref().unwrap_or(source);
    let sink = Counted { tree: HtmlTreeSink::new(Html::new_document()), made: Cell::new(0) };
    let mut parser = html5ever::parse_document(sink, ParseOpts::default());
    let mut read = 0;
    while read < source.len() && parser.tokenizer.sink.sink.made.get() <= HTML_NODES_MAX {
        let end = source.floor_char_boundary(read + PIECE_BYTES);
        parser.process(StrTendril::from_slice(&source[read..end]));
        read = end;
    }
    let html = parser.finish();
    let mut problem = None;
    if read < source.len() {
        // A page that is nothing but elements, or one whose formatting is taken up again in every paragraph.
        problem = Some(format!(
            "reading stopped at byte {read} of {}: the page makes more than {HTML_NODES_MAX} elements",
            source.len()
        ));
    } else if dropped > 0 {
        problem = Some(format!(
            "{dropped} tags were dropped: at most {TAGS_MAX} tags, {TAG_DEPTH_MAX} deep, with {ATTRIBUTES_MAX} attributes are read"
        ));
    }
    (html, problem)
}

/// The tree that is being made, and how much of it there is. Texts are not counted: each stands between two of what is.
struct Counted {
    tree: HtmlTreeSink,
    made: Cell<usize>,
}

impl Counted {
    fn count(&self, nodes: usize) {
        self.made.set(self.made.get() + nodes);
    }
}

/// Hands everything on to the tree; nothing is kept of parse errors, which a hostile page has by the million.
impl TreeSink for Counted {
    type Handle = <HtmlTreeSink as TreeSink>::Handle;
    type Output = Html;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Html {
        self.tree.finish()
    }

    fn parse_error(&self, _what: Cow<'static, str>) {}

    fn get_document(&self) -> Self::Handle {
        self.tree.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a Self::Handle) -> Self::ElemName<'a> {
        self.tree.elem_name(target)
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Self::Handle {
        self.count(1 + attributes.len() / ATTRIBUTES_OF_A_NODE);
        self.tree.create_element(name, attributes, flags)
    }

    fn create_comment(&self, text: StrTendril) -> Self::Handle {
        self.count(1);
        self.tree.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Self::Handle {
        self.count(1);
        self.tree.create_pi(target, data)
    }

    fn append(&self, parent: &Self::Handle, child: NodeOrText<Self::Handle>) {
        self.tree.append(parent, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Self::Handle,
        before: &Self::Handle,
        child: NodeOrText<Self::Handle>,
    ) {
        self.tree.append_based_on_parent_node(element, before, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        self.tree.append_doctype_to_document(name, public_id, system_id);
    }

    fn get_template_contents(&self, target: &Self::Handle) -> Self::Handle {
        self.tree.get_template_contents(target)
    }

    fn same_node(&self, one: &Self::Handle, other: &Self::Handle) -> bool {
        self.tree.same_node(one, other)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.tree.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &Self::Handle, node: NodeOrText<Self::Handle>) {
        self.tree.append_before_sibling(sibling, node);
    }

    fn add_attrs_if_missing(&self, target: &Self::Handle, attributes: Vec<Attribute>) {
        self.count(attributes.len() / ATTRIBUTES_OF_A_NODE);
        self.tree.add_attrs_if_missing(target, attributes);
    }

    fn remove_from_parent(&self, target: &Self::Handle) {
        self.tree.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &Self::Handle, parent: &Self::Handle) {
        self.tree.reparent_children(node, parent);
    }
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

/// Why a feed is not given to its parser; none when it may be. Looked for before anything is built of it: how deep its
/// elements nest, how many there are, and how long the base addresses are (`xml:base`) that each of its links is joined to.
pub(crate) fn feed_problem(source: &str) -> Option<String> {
    let bytes = source.as_bytes();
    let (mut at, mut depth, mut elements) = (0, 0_usize, 0_usize);
    // Depth and length of the tags that are open and set a base.
    let mut bases: Vec<(usize, usize)> = Vec::new();
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
                bases.retain(|(of, _)| *of <= depth);
            } else if rest.first() != Some(&b'!') {
                elements += 1;
                let is_empty = bytes[..end].ends_with(b"/>");
                let (of, length) = (depth + 1, end - open);
                let sets_base = find(&bytes[..end], b"xml:base", open).is_some();
                let base: usize = bases.iter().map(|(_, length)| length).sum::<usize>() + length;
                if sets_base && base > ADDRESS_BYTES_MAX {
                    return Some(format!("its `xml:base` is longer than {ADDRESS_BYTES_MAX} bytes"));
                }
                if !is_empty {
                    depth += 1;
                    bases.extend(sets_base.then_some((of, length)));
                }
            }
            end
        };
        if depth > TAG_DEPTH_MAX {
            return Some(format!("its elements nest deeper than {TAG_DEPTH_MAX}"));
        }
        if elements > FEED_ELEMENTS_MAX {
            return Some(format!("it has more than {FEED_ELEMENTS_MAX} elements"));
        }
    }
    None
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
    fn a_feed_is_bounded_before_it_is_parsed() {
        let entry = "<item><media:x y='>'/><d><![CDATA[<b><b><b>]]></d><!-- <a> --></item>";
        let feed = |entries: &str| format!("<?xml version='1.0'?><!DOCTYPE rss><rss>{entries}</rss>");
        assert_eq!(feed_problem(&feed(&entry.repeat(1000))), None);
        let deep = feed(&"<a>".repeat(1_000_000));
        assert_eq!(feed_problem(&deep).unwrap(), "its elements nest deeper than 256");
        let many = feed(&"<item/>".repeat(FEED_ELEMENTS_MAX + 1));
        assert!(feed_problem(&many).unwrap().contains("more than 100000 elements"));
        // Each link would be joined to all of it.
        let long = format!("<a xml:base='http://a.example/{}/'>", "x".repeat(ADDRESS_BYTES_MAX));
        assert!(feed_problem(&feed(&long)).unwrap().contains("xml:base"));
        let nested = format!("<a xml:base='{}/'>", "x".repeat(500)).repeat(10);
        assert!(feed_problem(&feed(&nested)).unwrap().contains("xml:base"));
        let siblings = "<a xml:base='http://a.example/'><b/></a>".repeat(1_000);
        assert_eq!(feed_problem(&feed(&siblings)), None);
    }

    /// `b` open around every paragraph: each paragraph takes all of them up again.
    fn taken_up_again(paragraphs: usize) -> String {
        let formatting = (0..250).map(|number| format!("<b i={number}>")).collect::<Vec<_>>().concat();
        format!("<p>充电宝起火{formatting}</p>{}", "<p>x".repeat(paragraphs))
    }

    /// Nodes of the tree that was made.
    fn made(source: &str) -> (usize, Option<String>) {
        let (html, problem) = parse(source);
        (html.tree.nodes().count(), problem)
    }

    #[test]
    fn a_page_whose_formatting_is_taken_up_again_in_every_paragraph_is_cut_where_it_makes_too_much() {
        // Overshoot: one piece. Texts stand between elements.
        let most = 2 * (HTML_NODES_MAX + PIECE_BYTES / 4 * 256);
        for paragraphs in [1_000, 5_000, 180_000] {
            let (nodes, problem) = made(&taken_up_again(paragraphs));
            assert!(nodes <= most, "{paragraphs} paragraphs make {nodes} nodes");
            assert_eq!(problem.is_some(), paragraphs > 1_000, "{paragraphs}: {problem:?}");
        }
        let (html, problem) = parse(&taken_up_again(180_000));
        assert!(text_of(html.root_element()).starts_with("充电宝起火"), "what was read is given");
        assert!(problem.unwrap().contains("more than 400000 elements"));
        assert!(fragment_text(&taken_up_again(180_000)).starts_with("充电宝起火"));
    }

    #[test]
    fn comments_and_attributes_count_too() {
        for page in [
            "<!---->".repeat(1_000_000),
            "<?a>".repeat(1_000_000),
            format!("<p{}>x", (0..250).map(|number| format!(" a{number}")).collect::<Vec<_>>().concat()).repeat(50_000),
            "<a><div>".repeat(100_000),
            "<table><b>x".repeat(50_000),
            "<svg>".repeat(1_000_000),
            "<template>x".repeat(50_000),
        ] {
            let (nodes, _) = made(&page);
            assert!(nodes <= 2 * (HTML_NODES_MAX + PIECE_BYTES), "{}: {nodes}", &page[..20]);
        }
    }

    #[test]
    fn a_page_reads_the_same_however_it_is_cut_into_pieces() {
        let block = |number| format!("<div class='c{number}'><p>充电宝 {number} &amp; 起火</p></div>");
        let page = (0..3_000).map(block).collect::<Vec<_>>().concat();
        assert!(page.len() > 20 * PIECE_BYTES);
        assert_eq!(parse(&page).0.html(), Html::parse_document(&page).html());
    }

    /// Peak memory, by a process of its own: nothing else of the test binary counts.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_hostile_page_costs_a_bounded_amount_of_memory() {
        const MEASURE: &str = "WANGLOU_MEASURE_A_HOSTILE_PAGE";
        const NAME: &str = "html::tests::a_hostile_page_costs_a_bounded_amount_of_memory";
        #[expect(
            clippy::disallowed_methods,
            reason = "the test asks itself, in a process of its own, by its environment"
        )]
        if std::env::var(MEASURE).is_ok() {
            parse(&taken_up_again(180_000));
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
            println!("peak {}", peak.trim());
            return;
        }
        let me = std::env::current_exe().unwrap();
        let ran =
            std::process::Command::new(me).args([NAME, "--exact", "--nocapture"]).env(MEASURE, "1").output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let peak = said.lines().find_map(|line| line.split_once("peak ")?.1.strip_suffix(" kB"));
        let kilobytes: u64 = peak.unwrap_or_else(|| panic!("{said}")).parse().unwrap();
        assert!(kilobytes < 400_000, "the page cost {kilobytes} kB");
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

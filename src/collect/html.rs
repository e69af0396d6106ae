//! READ-3 for HTML: a page is bounded in tag depth and attributes before it is parsed, in what the parser makes of it while it
//! is, and its text is taken out as a person would see it. Nothing here panics on any input, and nothing of the tree leaves
//! the thread (`Html` is not `Send`).

use std::borrow::Cow;
use std::cell::{Cell, Ref};
use std::collections::BTreeSet;

use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, ParseOpts, QualName};
use quick_xml::Reader;
use quick_xml::events::Event;
use scraper::{ElementRef, Html, HtmlTreeSink};

use super::bounds::{
    ADDRESS_BYTES_MAX, ATTRIBUTES_MAX, FEED_ELEMENTS_MAX, HTML_NODES_MAX, HTML_STEPS_MAX, TAG_DEPTH_MAX, TAGS_MAX,
};
use super::screen::{Screen, tidy};
use super::tree::tags::{self, Tag};

/// A bounded tree may still be a little deeper than its tags: the parser adds `html`, `body`, `tbody` on its own.
const TREE_DEPTH_MAX: usize = TAG_DEPTH_MAX * 4;
/// Bytes given to the parser at once. In a piece at most a node for each 4 bytes and each open formatting element is made, so the
/// count overshoots its bound by less than that.
const PIECE_BYTES: usize = 4 * 1024;
/// Attributes that count as one node: what they take of memory.
const ATTRIBUTES_OF_A_NODE: usize = 4;
/// Comparisons of two attributes' names that take as long as a look at an element.
const COMPARISONS_OF_A_STEP: u64 = 8;

/// Parses a page whose tags were bounded, as far as the bounds on what is made of it and on the work allow. The second value says
/// what had to be left out.
pub(crate) fn parse(source: &str) -> (Html, Option<String>) {
    let (html, _, problem) = parse_counted(source);
    (html, problem)
}

/// The same, with the steps that it took.
fn parse_counted(source: &str) -> (Html, u64, Option<String>) {
    let (bounded, dropped) = bound_tags(source);
    let source = bounded.as_deref().unwrap_or(source);
    let sink = Counted {
        tree: HtmlTreeSink::new(Html::new_document()),
        made: Cell::new(0),
        steps: Cell::new(0),
        too_deep: Cell::new(false),
    };
    let mut parser = html5ever::parse_document(sink, ParseOpts::default());
    let (mut read, mut steps, mut unfinished) = (0, 0, 0);
    let mut beyond = None;
    while read < source.len() && beyond.is_none() {
        let end = source.floor_char_boundary(read + PIECE_BYTES);
        let piece = &source[read..end];
        parser.process(StrTendril::from_slice(piece));
        read = end;
        let counted = &parser.tokenizer.sink.sink;
        if counted.steps.get() == steps {
            // Nothing came of the piece: all of it may belong to one tag, whose attributes the parser compares pairwise.
            let attributes = attributes_at_most(piece);
            unfinished += attributes;
            counted.step(unfinished * attributes / COMPARISONS_OF_A_STEP);
        } else {
            unfinished = 0;
        }
        steps = counted.steps.get();
        beyond = counted.beyond();
    }
    let mut html = parser.finish();
    prune(&mut html);
    let mut problem = None;
    if let Some(beyond) = beyond.filter(|_| read < source.len()) {
        // A page that is nothing but elements, or one whose formatting is taken up again in every paragraph.
        problem = Some(format!("reading stopped at byte {read} of {}: {beyond}", source.len()));
    } else if dropped > 0 {
        problem = Some(format!(
            "{dropped} tags were dropped: at most {TAGS_MAX} tags, {TAG_DEPTH_MAX} deep, with {ATTRIBUTES_MAX} attributes are read"
        ));
    }
    (html, steps, problem)
}

/// Attributes that a piece of a tag can begin: each stands behind white space, `/` or the end of a value.
fn attributes_at_most(piece: &str) -> u64 {
    let parts = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'');
    let begins = piece.as_bytes().windows(2).filter(|pair| parts(pair[0]) && !parts(pair[1]));
    begins.count() as u64 + 1
}

/// Takes out what lies deeper than the bound, wherever the parser moved it.
fn prune(html: &mut Html) {
    let mut level = vec![html.tree.root().id()];
    for _ in 0..=TREE_DEPTH_MAX {
        let nodes = level.iter().filter_map(|node| html.tree.get(*node));
        level = nodes.flat_map(|node| node.children()).map(|child| child.id()).collect();
    }
    for node in level {
        if let Some(mut node) = html.tree.get_mut(node) {
            node.detach();
        }
    }
}

/// An element or another node of the tree.
type NodeId = <HtmlTreeSink as TreeSink>::Handle;

/// The tree that is being made, how much of it there is, and what making it took. Texts are not counted: each stands between two of
/// what is.
///
/// No look at the source says beforehand what the parser will open: comments, quotes and scripts hide tags from whoever reads them
/// a little otherwise. So depth and work are counted where they are made.
struct Counted {
    tree: HtmlTreeSink,
    made: Cell<usize>,
    /// Looks of the parser at elements, such as those that are open, and their attributes that it compares.
    steps: Cell<u64>,
    /// Whether an element was put deeper than the bound.
    too_deep: Cell<bool>,
}

impl Counted {
    fn count(&self, nodes: usize) {
        self.made.set(self.made.get() + nodes);
        self.step(1);
    }

    fn step(&self, steps: u64) {
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    /// Which bound is passed.
    fn beyond(&self) -> Option<String> {
        if self.made.get() > HTML_NODES_MAX {
            Some(format!("the page makes more than {HTML_NODES_MAX} elements"))
        } else if self.too_deep.get() {
            Some(format!("its elements nest deeper than {TREE_DEPTH_MAX}"))
        } else if self.steps.get() > HTML_STEPS_MAX {
            Some(format!("it takes more than {HTML_STEPS_MAX} steps"))
        } else {
            None
        }
    }

    /// Counts an element that is put somewhere. Formatting that is open is compared with each further one, by all attributes.
    fn placed(&self, child: &NodeOrText<NodeId>, parent: NodeId) {
        self.step(1);
        let NodeOrText::AppendNode(child) = child else { return };
        let html = self.tree.0.borrow();
        let depth = html.tree.get(parent).map_or(0, |parent| 1 + parent.ancestors().take(TREE_DEPTH_MAX + 1).count());
        let element = html.tree.get(*child).and_then(|child| child.value().as_element());
        self.step(depth as u64 * (1 + element.map_or(0, |element| element.attrs().count() as u64)));
        if depth > TREE_DEPTH_MAX {
            self.too_deep.set(true);
        }
    }
}

/// Hands everything on to the tree; nothing is kept of parse errors, which a hostile page has by the million.
impl TreeSink for Counted {
    type Handle = NodeId;
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
        self.step(1);
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
        self.placed(&child, *parent);
        self.tree.append(parent, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Self::Handle,
        before: &Self::Handle,
        child: NodeOrText<Self::Handle>,
    ) {
        self.placed(&child, *before);
        self.tree.append_based_on_parent_node(element, before, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        self.tree.append_doctype_to_document(name, public_id, system_id);
    }

    fn get_template_contents(&self, target: &Self::Handle) -> Self::Handle {
        self.tree.get_template_contents(target)
    }

    fn same_node(&self, one: &Self::Handle, other: &Self::Handle) -> bool {
        self.step(1);
        self.tree.same_node(one, other)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.tree.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &Self::Handle, node: NodeOrText<Self::Handle>) {
        self.placed(&node, *sibling);
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
        // Each of them is told its new parent.
        let children = self.tree.0.borrow().tree.get(*node).map_or(0, |node| node.children().count());
        self.step(1 + children as u64);
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
            at = end_of_comment(bytes, open + 4);
            continue;
        }
        let closing = rest.first() == Some(&b'/');
        let name_from = open + 1 + usize::from(closing);
        if !bytes.get(name_from).is_some_and(u8::is_ascii_alphabetic) {
            at = match rest.first() {
                // A comment too, up to the next `>`.
                Some(b'!' | b'?' | b'/') => memchr(bytes, b'>', open + 1).map_or(bytes.len(), |end| end + 1),
                _ => open + 1,
            };
            continue;
        }
        let name_len = bytes[name_from..].iter().take_while(|byte| !ends_name(**byte)).count();
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

/// Why a feed is not given to its parser; none when it may be. Looked for before anything is built of it, by the reader of tags that
/// the parser uses: how deep its elements nest, how many there are, and how long the base addresses are (`xml:base`) that each of
/// its links is joined to.
pub(crate) fn feed_problem(source: &str) -> Option<String> {
    let mut reader = Reader::from_str(source);
    // Whatever the parser gives up on is read on here.
    let config = reader.config_mut();
    (config.check_end_names, config.allow_unmatched_ends, config.allow_dangling_amp) = (false, true, true);
    let (mut depth, mut elements) = (0_usize, 0_usize);
    // Depth and length of the tags that are open and set a base.
    let mut bases: Vec<(usize, usize)> = Vec::new();
    loop {
        let (tag, is_empty) = match reader.read_event() {
            Ok(Event::Start(tag)) => (tag, false),
            Ok(Event::Empty(tag)) => (tag, true),
            Ok(Event::End(_)) => {
                depth = depth.saturating_sub(1);
                bases.retain(|(of, _)| *of <= depth);
                continue;
            }
            // Not XML from here on, which the parser says better.
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => continue,
        };
        elements += 1;
        let sets_base = tag.contains("xml:base");
        let base: usize = bases.iter().map(|(_, length)| length).sum::<usize>() + tag.len();
        if sets_base && base > ADDRESS_BYTES_MAX {
            return Some(format!("its `xml:base` is longer than {ADDRESS_BYTES_MAX} bytes"));
        }
        if !is_empty {
            depth += 1;
            bases.extend(sets_base.then_some((depth, tag.len())));
        }
        if depth > TAG_DEPTH_MAX {
            return Some(format!("its elements nest deeper than {TAG_DEPTH_MAX}"));
        }
        if elements > FEED_ELEMENTS_MAX {
            return Some(format!("it has more than {FEED_ELEMENTS_MAX} elements"));
        }
    }
}

/// Where the parser is within a tag (HTML, §13.2.5.32 to §13.2.5.40).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The name of the tag.
    Name,
    /// Where an attribute may begin.
    Between,
    Attribute,
    BehindAttribute,
    BeforeValue,
    Quoted(u8),
    Unquoted,
}

/// Where the tag ends (behind its `>`) and how many attributes it has; `from` lies behind the first letter of its name.
fn end_of_tag(bytes: &[u8], from: usize) -> (usize, usize) {
    let (mut within, mut attributes) = (Within::Name, 0);
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        let is_space = byte.is_ascii_whitespace();
        within = match (within, *byte) {
            (Within::Quoted(open), byte) if byte == open => Within::Between,
            (Within::Quoted(_), _) => within,
            (_, b'>') => return (at + 1, attributes),
            (Within::Unquoted, _) if !is_space => within,
            (Within::BeforeValue, quote @ (b'"' | b'\'')) => Within::Quoted(quote),
            (Within::BeforeValue, _) => {
                if is_space {
                    within
                } else {
                    Within::Unquoted
                }
            }
            (Within::Attribute | Within::BehindAttribute, b'=') => Within::BeforeValue,
            (Within::Attribute | Within::BehindAttribute, _) if is_space => Within::BehindAttribute,
            (_, b'/') => Within::Between,
            (_, _) if is_space => Within::Between,
            (Within::Name | Within::Attribute, _) => within,
            // A `=` in front of any name is the first character of one.
            (..) => {
                attributes += 1;
                Within::Attribute
            }
        };
    }
    (bytes.len(), attributes)
}

/// Where a comment ends (behind its `>`), whose `<!--` ends at `from`.
fn end_of_comment(bytes: &[u8], from: usize) -> usize {
    let text = bytes.get(from..).unwrap_or_default();
    if let Some(short) = [b">".as_slice(), b"->"].into_iter().find(|end| text.starts_with(end)) {
        return from + short.len();
    }
    let mut at = from;
    while let Some(end) = memchr(bytes, b'>', at) {
        let comment = &bytes[from..end];
        if comment.ends_with(b"--") || comment.ends_with(b"--!") {
            return end + 1;
        }
        at = end + 1;
    }
    bytes.len()
}

fn ends_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')
}

fn end_of_raw(bytes: &[u8], name: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(open) = memchr(bytes, b'<', at) {
        let behind = open + 2 + name.len();
        let is_end = bytes.get(open + 1) == Some(&b'/')
            && bytes.get(open + 2..behind).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
            && bytes.get(behind).is_none_or(|byte| ends_name(*byte));
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
        // However the tags in between are quoted or commented.
        for hidden in ["<y \"=\"></y>", "<y a=b\"'\"></y>", "<y '></a>'/>", "<!--></a>-->", "<!-- --!></a>-->"] {
            let deep = feed(&format!("<a>{hidden}").repeat(60_000));
            assert!(feed_problem(&deep).is_some(), "{hidden}");
        }
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

    /// Levels of the tree below its root.
    fn depth(html: &Html) -> usize {
        let mut level = vec![html.tree.root().id()];
        let mut levels = 0;
        loop {
            let nodes = level.iter().filter_map(|node| html.tree.get(*node));
            level = nodes.flat_map(|node| node.children()).map(|child| child.id()).collect();
            if level.is_empty() {
                return levels;
            }
            levels += 1;
        }
    }

    #[test]
    fn no_disguise_lets_a_page_nest_deeper() {
        let opened = |tag: &str| tag.repeat(100_000);
        let in_front = [
            "",
            "<!-->",
            "<!--->",
            "<!-- --!>",
            "<p =\">",
            "<p ==\">",
            "<p a=b\">",
            "<p a =b'>",
            "<script\"x>",
            "<script:x>",
            "<?\">",
            "<!x '>",
            "<script></scriptx><!--</script>",
            // What only a whole parser knows.
            "<script><!--<script></script><!-- </script>",
            "<select><title></select>",
            "<svg></SVG><!-->",
        ];
        let pages = in_front.iter().map(|disguise| format!("{disguise}{}", opened("<div>")));
        let between = ["<div></x>", "<div><? </div>", "<div><! </div>", "<div></p></x-y>", "<b></i>", "<table><b></u>"];
        for page in pages.chain(between.iter().map(|pair| opened(pair))) {
            let (html, steps, _) = parse_counted(&page);
            let shown = &page[..page.floor_char_boundary(60)];
            assert!(depth(&html) <= TREE_DEPTH_MAX + 1, "{shown}: {} deep", depth(&html));
            assert!(steps < HTML_STEPS_MAX / 5, "{shown}: {steps} steps");
        }
    }

    #[test]
    fn the_scanner_sees_tags_where_the_parser_does() {
        let deep = "<div>".repeat(TAG_DEPTH_MAX + 100);
        for seen in
            ["<!-->", "<!--->", "<!-- --!>", "<p =\">", "<p a=b\">", "<i:x>", "<?\">", "<script></scriptx></script>"]
        {
            assert!(bound_tags(&format!("{seen}{deep}")).1 >= 100, "{seen}");
        }
        // A `=` in front of any name is one, so that the second one is followed by a value.
        for hidden in [
            "<!-- ",
            "<!-- > -- > ->",
            "<p ==\"",
            "<p a=\"",
            "<p a= '",
            "<script>",
            "<script></scriptx>",
            "<p a='\"' b=\"",
        ] {
            assert_eq!(bound_tags(&format!("{hidden}{deep}")).1, 0, "{hidden}");
        }
        assert_eq!(end_of_tag(b"p a b=c d= 'e' f/g =h i=j/k>", 1), (28, 6));
    }

    #[test]
    fn attributes_are_bounded_where_the_scanner_does_not_see_them() {
        let attributes = (0..300_000).map(|n| format!("a{n}")).collect::<Vec<_>>().join(" ");
        let page = format!("<p>起火<script><!--<script></script><!-- </script><p {attributes}>x");
        let (html, steps, problem) = parse_counted(&page);
        assert!(problem.unwrap().contains("steps"), "{steps}");
        assert!(steps < 2 * HTML_STEPS_MAX, "{steps} steps");
        assert_eq!(text_of(html.root_element()), "起火");
        // A comment is none, however many words it has.
        let (_, _, problem) = parse_counted(&format!("<p>a<!-- {} --><p>b", "word ".repeat(20_000)));
        assert_eq!(problem, None);
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

//! Dates that a page shows: the line between headline and body, the line below the body, `<time>`. What stands in lists of other articles, in
//! comments and in banners is left out, by its place, its name, and by being there many times.

use std::borrow::Cow;
use std::collections::HashMap;

use super::label::{Label, is_source_line, label_of};
use super::written::{self, Form, Written};
use super::{At, Evidence, of_value};
use crate::article::{Reading, is_named};
use crate::dates;
use crate::tree::{Content, Element, Tag, Tree};
use vocabulary::PublishedFrom;

/// Longest text that can be of a line about the article, in bytes; what is longer is prose.
const TEXT_BYTES_MAX: usize = 400;
/// Most characters of the element that is taken as the line of a date.
const LINE_CHARS_MAX: usize = 120;
/// Characters from which a text is a paragraph of the body.
const PARAGRAPH_CHARS: usize = 45;
/// Paragraphs behind the headline up to which a date can be the article's, and with a label.
const PARAGRAPHS_BEFORE: u32 = 1;
const PARAGRAPHS_BEFORE_LABEL: u32 = 3;
/// Nodes behind the body, and before the headline, in which its date may stand.
const NODES_BEHIND: usize = 80;
const NODES_BEFORE: usize = 80;
/// Dates that are looked at.
const PLACES_MAX: usize = 300;
/// How often the same place holds a date, from which it is a list.
const LIST_MIN: u32 = 3;
/// Elements above a text that are asked for their names.
const LEVELS_MAX: usize = 8;
/// Most characters of a line beside a date without a label.
const BESIDE_CHARS_MAX: usize = 40;

/// Weights: with a label, on the line with the source, in an element named for it, else.
const LABELLED: u32 = 5;
const BESIDE_SOURCE: u32 = 5;
const NAMED: u32 = 4;
const BARE: u32 = 3;
/// Weights far from the headline.
const LABELLED_BELOW: u32 = 4;
const NAMED_BELOW: u32 = 2;
/// Weight of `<time datetime>` near the headline, and of the only one.
const TIME: u32 = 5;
const ONLY_TIME: u32 = 4;
/// Weight of a change.
const CHANGE: u32 = 1;

/// Pieces of names of blocks whose dates are of something else.
const OF_OTHERS: &[&str] = &[
    "comment",
    "pinglun",
    "reply",
    "related",
    "relate",
    "recommend",
    "tuijian",
    "sidebar",
    "side-",
    "aside",
    "hot",
    "rank",
    "copyright",
    "list",
    "more",
    "prev",
    "next",
    "calendar",
    "weather",
    "swiper",
    "slide",
];
/// Pieces of names of blocks below everything.
const FEET: &[&str] = &["foot"];
/// Pieces of names of elements that hold a date of the article.
const OF_DATE: &[&str] =
    &["time", "date", "pub", "info", "source", "meta", "author", "article-sub", "from", "tips", "property", "attr"];

/// A date on the page.
struct Place<'p> {
    node: usize,
    parent: Element<'p>,
    date: Written,
    /// Paragraphs between the headline and it.
    paragraphs: u32,
}

pub(super) fn gather(page: &Tree, reading: &Reading, evidence: &mut Evidence) {
    let begin = reading.headline.unwrap_or(reading.body.start);
    let mut places: Vec<Place<'_>> = Vec::new();
    let mut relative: Vec<(usize, Element<'_>, u32)> = Vec::new();
    let (mut paragraphs, mut last_paragraph) = (0, begin);
    for (node, (parent, content)) in page.nodes().enumerate() {
        let Content::Text(text) = content else { continue };
        let is_long = text.len() > PARAGRAPH_CHARS && node > begin && text.chars().nth(PARAGRAPH_CHARS).is_some();
        if is_long && !reading.ink.is_in_link(node) && text.contains(['，', '。', '、', ',', '.']) {
            if reading.body.contains(&node) || paragraphs == 0 {
                last_paragraph = node;
            }
            paragraphs += 1;
        }
        if text.len() > TEXT_BYTES_MAX || places.len() >= PLACES_MAX {
            continue;
        }
        let Some(parent) = page.element(parent).filter(|parent| parent.tag() != Tag::TITLE) else { continue };
        if written::may_hold_date(text) {
            let plain = written::plain(text);
            for date in written::dates_in(&plain) {
                places.push(Place { node, parent, date, paragraphs });
            }
        }
        if node > begin && paragraphs <= PARAGRAPHS_BEFORE && is_relative(text) {
            relative.push((node, parent, paragraphs));
        }
    }
    let mut counts: HashMap<Kind<'_>, u32> = HashMap::new();
    for place in &places {
        *counts.entry(kind_of_place(place.parent)).or_default() += 1;
    }
    for place in &places {
        if let Form::Day(day) = place.date.form {
            evidence.note_day(day);
        }
    }
    let behind = reading.body.end.max(last_paragraph) + NODES_BEHIND;
    for place in &places {
        let below = place.node > last_paragraph && place.node < behind;
        let above = place.node < begin && begin - place.node < NODES_BEFORE;
        if !(below || above || place.node > begin && place.paragraphs < PARAGRAPHS_BEFORE_LABEL) {
            continue;
        }
        let many = counts.get(&kind_of_place(place.parent)).is_some_and(|count| *count >= LIST_MIN);
        let known = evidence.stated.len();
        judge(page, reading, place, begin, below, many, evidence);
        // A whole day with a label: what follows is of something else.
        let found = evidence.stated.get(known);
        if found.is_some_and(|stated| stated.weight >= LABELLED && matches!(stated.at, At::Day(..))) {
            break;
        }
    }
    if relative.len() < LIST_MIN as usize {
        for (node, parent, _) in relative {
            take_relative(page, reading, node, parent, evidence);
        }
    }
    if page.times().next().is_some() {
        gather_times(page, reading, begin, paragraphs_until(page, reading, begin), evidence);
    }
}

/// The node of the second paragraph behind the headline: what stands before it can be about the article.
fn paragraphs_until(page: &Tree, reading: &Reading, begin: usize) -> usize {
    let long = |(node, (_, content)): (usize, (usize, Content<'_>))| match content {
        Content::Text(text) if node > begin && text.chars().nth(PARAGRAPH_CHARS).is_some() => Some(node),
        _ => None,
    };
    page.nodes()
        .enumerate()
        .filter_map(long)
        .filter(|node| !reading.ink.is_in_link(*node))
        .nth(1)
        .unwrap_or(page.count())
}

/// Tag and class of an element and of the one around it.
type Kind<'p> = [Option<(Tag, &'p str)>; 2];

/// Where a date stands, so that places of one list are told to be alike, and the line of an article is told from the list beside it.
fn kind_of_place(parent: Element<'_>) -> Kind<'_> {
    [Some(parent), parent.parent()].map(|element| element.map(|element| (element.tag(), element.names().0)))
}

fn above(element: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    std::iter::successors(Some(element), |element| element.parent()).take(LEVELS_MAX)
}

/// Whether a block around a date, below what also holds the headline, is of other articles.
fn is_of_others(element: Element<'_>, headline: Option<usize>) -> bool {
    let holds_headline = |element: &Element<'_>| headline.is_some_and(|headline| element.range().contains(&headline));
    // The foot of an `<article>` is its own.
    let own_foot = above(element).any(|element| element.tag() == Tag::ARTICLE && holds_headline(&element));
    above(element).take_while(|element| !holds_headline(element)).any(|element| {
        matches!(element.tag(), Tag::ASIDE | Tag::NAV)
            || is_named(element, OF_OTHERS)
            || !own_foot && (element.tag() == Tag::FOOTER || is_named(element, FEET))
    })
}

/// The text of the smallest block around a date that says more than it, up to a line, and where in it the text of a node begins.
fn line_of(page: &Tree, reading: &Reading, node: usize, parent: Element<'_>) -> (String, usize) {
    let holds_headline =
        |element: &Element<'_>| reading.headline.is_some_and(|headline| element.range().contains(&headline));
    let line = above(parent)
        .take_while(|element| reading.ink.visible_chars(*element) <= LINE_CHARS_MAX && !holds_headline(element))
        .last();
    let (mut text, mut begins) = (String::new(), 0);
    let nodes = line.map_or(node..node + 1, Element::range);
    for at in nodes {
        if at == node {
            begins = text.len();
        }
        if let Some(piece) = page.text(at) {
            text.push_str(piece);
            text.push(' ');
        }
    }
    (text, begins)
}

fn judge(
    page: &Tree,
    reading: &Reading,
    place: &Place<'_>,
    begin: usize,
    below: bool,
    many: bool,
    evidence: &mut Evidence,
) {
    let (line, begins) = line_of(page, reading, place.node, place.parent);
    let line = written::plain(&line);
    // On its line a date may go on in the next element. Chinese numerals shift what is behind them: it is then found by what it says.
    let date = match &line {
        Cow::Borrowed(line) => written::next_date(line, begins + place.date.from),
        Cow::Owned(line) => written::dates_in(line).find(|found| found.form == place.date.form),
    };
    let Some((date, at)) = date.and_then(|date| Some((date, At::of(&date)?))) else { return };
    let (before, after) = (line[..date.from].trim(), line[date.to..].trim());
    let label = label_of(before);
    let near = place.node > begin && place.paragraphs < PARAGRAPHS_BEFORE;
    let near_with_label = place.node > begin && place.paragraphs < PARAGRAPHS_BEFORE_LABEL;
    match label {
        Label::Other => return,
        Label::Changed => {
            if near_with_label || below {
                evidence.add_change(PublishedFrom::Line, at, CHANGE);
            }
            return;
        }
        Label::Published | Label::None => {}
    }
    let is_time_only = matches!(date.form, Form::TimeOnly);
    let of_others =
        is_of_others(place.parent, reading.headline) || reading.ink.is_in_link(place.node) && (many || !near);
    let source_line = is_source_line(before, after);
    let named =
        above(place.parent).take(2).any(|element| is_named(element, OF_DATE)) || place.parent.tag() == Tag::TIME;
    let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let short = visible(before) + visible(after) <= BESIDE_CHARS_MAX;
    let first = !evidence
        .stated
        .iter()
        .any(|stated| stated.kind == PublishedFrom::Line && !stated.is_change && same_openness(stated.at, at));
    // Lists of articles label each of their days, threads of posts do too, but in no list.
    let in_list = many && above(place.parent).any(|element| matches!(element.tag(), Tag::LI | Tag::DD));
    let leaves_open = !matches!(date.form, Form::Day(_));
    let weight = match label {
        _ if in_list => return,
        Label::Published if near_with_label && !of_others && first => LABELLED,
        Label::Published if below && !of_others && first && !many => LABELLED_BELOW,
        // Above the headline: with a whole label alone.
        Label::Published if place.node < begin && !of_others && first && !many => NAMED_BELOW,
        _ if many || of_others || !first => return,
        _ if near && source_line => BESIDE_SOURCE,
        _ if near && short && named => NAMED,
        _ if near && short && !leaves_open && reading.headline.is_some() => BARE,
        _ if below && short && named && !is_time_only => NAMED_BELOW,
        _ if below && source_line && short && !is_time_only => NAMED_BELOW,
        _ => return,
    };
    // Two numbers alone are a score, a size, a page.
    if matches!(date.form, Form::TwoNumbers { .. }) && label != Label::Published && !(near && named) {
        return;
    }
    if is_time_only && !(near && (named || label == Label::Published)) {
        return;
    }
    evidence.add(PublishedFrom::Line, at, weight);
}

/// Whether two dates leave the same open: a whole date and a time alone do not stand in each other's way.
fn same_openness(a: At, b: At) -> bool {
    std::mem::discriminant(&a) == std::mem::discriminant(&b)
}

/// Beginnings and words of times that are counted back from the moment of the crawl.
fn is_relative(text: &str) -> bool {
    let text = text.trim();
    text.chars().count() <= 20
        && (text.ends_with('前') && text.chars().any(|c| c.is_ascii_digit())
            || ["昨天", "今天", "前天", "刚刚", "昨日"].iter().any(|word| text.starts_with(word))
            || ["发布于", "发表于", "发布"].iter().any(|label| text.contains(label)) && text.contains(['前', '天']))
}

fn take_relative(page: &Tree, reading: &Reading, node: usize, parent: Element<'_>, evidence: &mut Evidence) {
    let Some(seen) = evidence.seen else { return };
    if is_of_others(parent, reading.headline) || reading.ink.is_in_link(node) {
        return;
    }
    let text = page.text(node).unwrap_or_default().trim();
    let named = above(parent).take(2).any(|element| is_named(element, OF_DATE));
    let label = label_of(&line_of(page, reading, node, parent).0);
    if !named && label != Label::Published && !["发布", "发表"].iter().any(|word| text.contains(word)) {
        return;
    }
    let first = !evidence.stated.iter().any(|stated| stated.kind == PublishedFrom::Line && !stated.is_change);
    if let Some(at) = dates::relative(text, seen).filter(|_| first) {
        evidence.add(PublishedFrom::Line, At::Moment(at), BARE);
    }
}

/// `<time datetime>`: its attribute, never the text that is shown for it.
fn gather_times(page: &Tree, reading: &Reading, begin: usize, until: usize, evidence: &mut Evidence) {
    let is_only = page.times().len() == 1;
    let mut taken = false;
    for (node, value) in page.times() {
        let Some(at) = of_value(value) else { continue };
        let Some(element) = page.element(node) else { continue };
        let near = node > begin && node < until;
        if taken || is_of_others(element, reading.headline) && !near {
            continue;
        }
        let weight = match (near, is_only) {
            (true, _) => TIME,
            (false, true) => ONLY_TIME,
            (false, false) => continue,
        };
        evidence.add(PublishedFrom::TimeElement, at, weight);
        taken = true;
    }
}

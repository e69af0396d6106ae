//! A page as a tree to read: elements, their class and id, and the text that somebody sees. For pages that no recipe knows, of which there
//! are millions in archives: it costs less than the tree that selectors are asked of ([`super::html`]); decision 0026 says how much.
//!
//! In: the decoded text of a page. Out: elements in document order. Not here: selectors, attributes other than class, id and the `datetime` of `<time>`, what the page
//! is about. The tokenizer is a library's and follows the specification; nesting follows it as far as reading needs ([`build`]).
//! Text that nobody reads (scripts, menus of choices, drawings) is not kept.

mod build;
pub(crate) mod tags;

pub(crate) use tags::Tag;

use super::screen::Screen;
use crate::bounds::{TAG_DEPTH_MAX, TAGS_MAX};

/// Number of the root, `html`.
const ROOT: usize = 0;

/// A place in what a page keeps of its bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    from: u32,
    to: u32,
}

#[derive(Debug, Clone, Copy)]
enum NodeKind {
    Element { tag: Tag, class: Span, id: Span },
    Text(Span),
}

/// Nodes lie in document order, so what is inside a node follows it.
#[derive(Debug, Clone, Copy)]
struct Node {
    parent: u32,
    /// Behind the last node inside.
    end: u32,
    kind: NodeKind,
}

/// What a `<meta>` with a `content` says; what it lacks is empty. An `itemprop` is taken as the property where there is none.
#[derive(Debug, Default)]
pub(crate) struct Meta {
    pub(crate) name: String,
    pub(crate) property: String,
    pub(crate) content: String,
}

/// A page.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    held: String,
    metas: Vec<Meta>,
    /// `<time>` elements with their `datetime`.
    times: Vec<(u32, Span)>,
    dropped: usize,
}

impl Tree {
    /// Reads the tags of a page. Never fails; linear in the page, with bounds on how many tags are read and how
    /// many elements are open at once. An element that nobody closed may still hold deeper ones: walk it without recursion.
    pub(crate) fn parse(source: &str) -> Self {
        build::page_of(source)
    }

    /// What had to be left out, for people.
    pub(crate) fn problem(&self) -> Option<String> {
        (self.dropped > 0).then(|| {
            format!("{} tags were dropped: at most {TAGS_MAX} tags, {TAG_DEPTH_MAX} deep are read", self.dropped)
        })
    }

    /// What the `<meta>` elements say, in order.
    pub(crate) fn metas(&self) -> &[Meta] {
        &self.metas
    }

    /// The `<time>` elements that have a `datetime`, by number, with its value.
    pub(crate) fn times(&self) -> impl ExactSizeIterator<Item = (usize, &str)> {
        self.times.iter().map(|(at, value)| (*at as usize, self.str(*value)))
    }

    /// The text of a number; none when it is an element.
    pub(crate) fn text(&self, at: usize) -> Option<&str> {
        match self.nodes.get(at)?.kind {
            NodeKind::Element { .. } => None,
            NodeKind::Text(span) => Some(self.str(span)),
        }
    }

    /// How many nodes there are.
    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// All elements in document order, the root first.
    pub(crate) fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        (0..self.nodes.len()).filter_map(|at| self.element(at))
    }

    /// All nodes in document order by number, with the number of the parent.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (usize, Content<'_>)> {
        self.nodes.iter().enumerate().map(|(at, node)| (node.parent as usize, self.content(at)))
    }

    /// The element of a number; none when it is a text.
    pub(crate) fn element(&self, at: usize) -> Option<Element<'_>> {
        match self.nodes.get(at)?.kind {
            NodeKind::Element { .. } => Some(Element { page: self, at }),
            NodeKind::Text(_) => None,
        }
    }

    fn content(&self, at: usize) -> Content<'_> {
        match self.nodes[at].kind {
            NodeKind::Element { .. } => Content::Element(Element { page: self, at }),
            NodeKind::Text(span) => Content::Text(self.str(span)),
        }
    }

    fn str(&self, span: Span) -> &str {
        self.held.get(span.from as usize..span.to as usize).unwrap_or_default()
    }
}

/// What is in an element.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'p> {
    Element(Element<'p>),
    Text(&'p str),
}

/// An element of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'p> {
    page: &'p Tree,
    at: usize,
}

impl<'p> Element<'p> {
    /// Its number in document order.
    pub(crate) fn number(self) -> usize {
        self.at
    }

    /// The numbers of itself and of all nodes inside it.
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.at..self.page.nodes[self.at].end as usize
    }

    pub(crate) fn tag(self) -> Tag {
        match self.page.nodes[self.at].kind {
            NodeKind::Element { tag, .. } => tag,
            NodeKind::Text(_) => Tag::SPAN,
        }
    }

    /// Its classes as written, and its id; empty when there are none.
    pub(crate) fn names(self) -> (&'p str, &'p str) {
        match self.page.nodes[self.at].kind {
            NodeKind::Element { class, id, .. } => (self.page.str(class), self.page.str(id)),
            NodeKind::Text(_) => ("", ""),
        }
    }

    pub(crate) fn parent(self) -> Option<Self> {
        (self.at != ROOT).then(|| Self { page: self.page, at: self.page.nodes[self.at].parent as usize })
    }

    /// What is directly inside it.
    pub(crate) fn contents(self) -> impl Iterator<Item = Content<'p>> {
        let range = self.range();
        let mut next = range.start + 1;
        std::iter::from_fn(move || {
            let at = (next < range.end).then_some(next)?;
            next = self.page.nodes[at].end as usize;
            Some(self.page.content(at))
        })
    }

    /// Its text as a screen shows it, without the elements inside it that are `left_out`.
    pub(crate) fn text(self, left_out: &dyn Fn(Self) -> bool) -> String {
        let mut screen = Screen::default();
        // Without recursion: what is taken out of the stack of open elements still holds what comes later, so a tree may be deep.
        let mut open: Vec<(usize, Tag)> = Vec::new();
        let (mut at, end) = (self.at, self.range().end);
        while at < end {
            while let Some((_, tag)) = open.pop_if(|(end, _)| *end <= at) {
                screen.close(tag);
            }
            match self.page.content(at) {
                Content::Text(text) => screen.text(text),
                Content::Element(inner) => {
                    let is_unseen = inner.tag().is(tags::NO_TEXT) || inner.tag() == Tag::TITLE;
                    if at != self.at && (is_unseen || left_out(inner)) {
                        at = inner.range().end;
                        continue;
                    }
                    screen.open(inner.tag());
                    open.push((inner.range().end, inner.tag()));
                }
            }
            at += 1;
        }
        while let Some((_, tag)) = open.pop() {
            screen.close(tag);
        }
        screen.tidy()
    }

    /// The texts inside it, at any depth.
    pub(crate) fn texts(self) -> impl Iterator<Item = &'p str> {
        self.range().filter_map(move |at| match self.page.nodes[at].kind {
            NodeKind::Text(span) => Some(self.page.str(span)),
            NodeKind::Element { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests;

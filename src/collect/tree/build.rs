//! Tokens to a tree. Nesting follows the specification ("tree construction") where it changes what is read: elements that end without a tag,
//! end tags that miss their element, parts of tables, the head, drawings. Left out: text in a table outside its cells stays
//! where it is; formatting is not taken up again in the next block; a link that ends below a block ends there, and the block goes on without it.

use std::collections::HashMap;
use std::convert::Infallible;

use html5gum::{Emitter, Error, State, Tokenizer};

use super::tags::{
    BREAKS_OUT, CLOSED_IN_SCOPE, ENDS_P, FORMATTING, HEAD, INTEGRATES, NO_TEXT, OPTIONAL_END, RAW, SCOPE, SPECIAL, VOID,
};
use super::{Meta, Node, NodeKind, ROOT, Span, Tag, Tree};
use crate::bounds::{TAG_DEPTH_MAX, TAGS_MAX};

/// Most names of a page's own that are distinguished; all further ones count as one.
const MADE_UP_MAX: usize = 10_000;
/// Longest attribute name that is distinguished from others, in bytes.
const NAME_BYTES_MAX: usize = 16;
/// Beginnings of public identifiers of old documents, in which tables do not end paragraphs (quirks mode).
const QUIRKS: &[&[u8]] = &[
    b"-//ietf//dtd html",
    b"-//w3c//dtd html 3",
    b"-//w3c//dtd html 4.0 ",
    b"-//w3c//dtd html experimental",
    b"-//w3o//dtd w3 html",
];
/// These are old only without a system identifier.
const QUIRKS_ALONE: &[&[u8]] = &[b"-//w3c//dtd html 4.01 frameset//", b"-//w3c//dtd html 4.01 transitional//"];

pub(super) fn page_of(source: &str) -> Tree {
    let mut builder = Builder::new(source.len());
    let Ok(()) = Tokenizer::new_with_emitter(source, &mut builder).finish();
    builder.finish()
}

/// An element that was opened and not closed.
#[derive(Debug, Clone, Copy)]
struct Open {
    node: u32,
    tag: Tag,
    /// Part of a drawing or a formula.
    foreign: bool,
}

impl Open {
    /// An HTML element of this name.
    fn is(self, tag: Tag) -> bool {
        self.tag == tag && !self.foreign
    }

    fn has(self, properties: u16) -> bool {
        self.tag.is(properties) && !self.foreign
    }
}

/// Which attribute is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Class,
    Id,
    Name,
    Property,
    Content,
    ItemProp,
    DateTime,
}

/// How many slots there are.
const SLOTS: usize = 7;

#[derive(Debug, Default)]
struct Token {
    name: Vec<u8>,
    is_end: bool,
    self_closing: bool,
    attribute: Vec<u8>,
    slot: Option<Slot>,
    /// Which slots have been seen.
    seen: [bool; SLOTS],
    /// Values by slot; what a slot that was not seen holds is of an earlier tag.
    values: [Vec<u8>; SLOTS],
}

impl Token {
    fn value(&self, slot: Slot) -> Option<&[u8]> {
        self.seen[slot as usize].then(|| self.values[slot as usize].as_slice())
    }
}

#[derive(Debug)]
struct Builder {
    nodes: Vec<Node>,
    held: Vec<u8>,
    metas: Vec<Meta>,
    times: Vec<(u32, Span)>,
    stack: Vec<Open>,
    /// How many elements are open up to the first one whose text nobody reads, itself counted.
    muted_from: Option<usize>,
    has_body: bool,
    quirks: bool,
    tags: usize,
    dropped: usize,
    /// Start tags dropped for their depth whose end tags are still to come: inside what nobody reads, and outside of it.
    skipped: usize,
    skipped_outside: usize,
    /// Names that the page made up.
    made_up: HashMap<Vec<u8>, Tag>,
    token: Token,
    /// Name of the last start tag, for the end of raw text.
    last: Vec<u8>,
    doctype: Doctype,
}

#[derive(Debug, Default)]
struct Doctype {
    /// Public identifier in small letters.
    public: Vec<u8>,
    has_system: bool,
    is_broken: bool,
    /// Whether there was one before.
    is_settled: bool,
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Keeps bytes of a page, and says where.
fn hold(held: &mut Vec<u8>, bytes: &[u8]) -> Span {
    let from = number(held.len());
    held.extend_from_slice(bytes);
    Span { from, to: number(held.len()) }
}

impl Builder {
    fn new(bytes: usize) -> Self {
        let root = Node {
            parent: 0,
            end: 0,
            kind: NodeKind::Element { tag: Tag::HTML, class: Span::default(), id: Span::default() },
        };
        let mut nodes = Vec::with_capacity(bytes / 24 + 8);
        nodes.push(root);
        Self {
            nodes,
            held: Vec::with_capacity(bytes / 2),
            metas: Vec::new(),
            times: Vec::new(),
            stack: vec![Open { node: number(ROOT), tag: Tag::HTML, foreign: false }],
            muted_from: None,
            has_body: false,
            quirks: true,
            tags: 0,
            dropped: 0,
            skipped: 0,
            skipped_outside: 0,
            made_up: HashMap::new(),
            token: Token::default(),
            last: Vec::new(),
            doctype: Doctype::default(),
        }
    }

    fn finish(mut self) -> Tree {
        // From the end: what a node holds ends where the last one inside it ends.
        for at in (0..self.nodes.len()).rev() {
            let end = self.nodes[at].end.max(number(at + 1));
            self.nodes[at].end = end;
            let parent = self.nodes[at].parent as usize;
            self.nodes[parent].end = self.nodes[parent].end.max(end);
        }
        let held = String::from_utf8(self.held).unwrap_or_else(|error| {
            // The page was text; should the tokenizer cut a character, places must still hold.
            let at = error.utf8_error().valid_up_to();
            let mut bytes = error.into_bytes();
            bytes[at..].iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'?');
            String::from_utf8(bytes).unwrap_or_default()
        });
        Tree { nodes: self.nodes, held, metas: self.metas, times: self.times, dropped: self.dropped }
    }

    fn top(&self) -> Open {
        self.stack.last().copied().unwrap_or(Open { node: number(ROOT), tag: Tag::HTML, foreign: false })
    }

    /// Whether the next tag is one of a drawing.
    fn in_drawing(&self) -> bool {
        let top = self.top();
        top.foreign && !top.tag.is(INTEGRATES)
    }

    /// Leaves the first `count` elements open.
    fn close_to(&mut self, count: usize) {
        let count = count.max(1);
        if count < self.stack.len() {
            // What was dropped was deeper, and ends with what held it.
            self.skipped = 0;
        }
        self.stack.truncate(count);
        if let Some(from) = self.muted_from.filter(|from| *from > count) {
            self.muted_from = None;
            self.skipped = if from == count + 1 { self.skipped_outside } else { 0 };
        }
    }

    fn add(&mut self, tag: Tag, foreign: bool, stays_open: bool, class: Span, id: Span) {
        let node = number(self.nodes.len());
        self.nodes.push(Node { parent: self.top().node, end: 0, kind: NodeKind::Element { tag, class, id } });
        if stays_open {
            self.stack.push(Open { node, tag, foreign });
            if self.muted_from.is_none() && tag.is(NO_TEXT) {
                self.muted_from = Some(self.stack.len());
                self.skipped_outside = std::mem::take(&mut self.skipped);
            }
        }
    }

    /// An element that has no tag of its own on the page.
    fn imply(&mut self, tag: Tag) {
        self.add(tag, false, true, Span::default(), Span::default());
    }

    /// The current tag as an element.
    fn insert(&mut self, tag: Tag, foreign: bool) {
        let [class, id] = [Slot::Class, Slot::Id]
            .map(|slot| self.token.value(slot).map_or_else(Span::default, |value| hold(&mut self.held, value)));
        if tag == Tag::TIME
            && let Some(value) = self.token.value(Slot::DateTime)
        {
            let value = hold(&mut self.held, value);
            self.times.push((number(self.nodes.len()), value));
        }
        let stays_open = if foreign { !self.token.self_closing } else { !tag.is(VOID) };
        self.add(tag, foreign, stays_open, class, id);
    }

    fn ensure_body(&mut self) {
        if !self.has_body {
            self.has_body = true;
            self.close_to(1);
            self.imply(Tag::BODY);
        }
    }

    /// The place on the stack of the nearest open element that is wanted, if nothing that bounds the search is before it.
    fn nearest(&self, wanted: impl Fn(Open) -> bool, bound: impl Fn(Open) -> bool) -> Option<usize> {
        for (at, open) in self.stack.iter().enumerate().rev() {
            if wanted(*open) {
                return Some(at);
            }
            if bound(*open) {
                return None;
            }
        }
        None
    }

    fn close_paragraph(&mut self) {
        let found = self.nearest(|open| open.is(Tag::P), |open| open.has(SCOPE) || open.is(Tag::BUTTON));
        if let Some(at) = found {
            self.close_to(at);
        }
    }

    /// Ends a link. Blocks that were opened in it go on without it.
    fn close_link(&mut self) {
        let Some(at) = self.nearest(|open| open.is(Tag::A), |open| open.has(SCOPE)) else { return };
        let inside: Vec<Open> = self.stack[at + 1..].to_vec();
        self.close_to(at);
        if !inside.iter().any(|open| open.has(SPECIAL)) {
            return;
        }
        for open in inside {
            self.tags += 1;
            if self.tags <= TAGS_MAX
                && let NodeKind::Element { tag, class, id } = self.nodes[open.node as usize].kind
            {
                self.add(tag, open.foreign, true, class, id);
            }
        }
    }

    fn start(&mut self, tag: Tag) {
        if self.in_drawing() {
            if !tag.is(BREAKS_OUT) {
                self.insert(tag, true);
                return;
            }
            while self.in_drawing() && self.stack.len() > 1 {
                self.close_to(self.stack.len() - 1);
            }
        }
        if matches!(tag, Tag::HTML | Tag::FRAMESET | Tag::FRAME) {
            return;
        }
        if !self.has_body && !self.stack.iter().any(|open| open.is(Tag::TEMPLATE)) {
            if tag == Tag::BODY {
                self.has_body = true;
                self.close_to(1);
                self.insert(tag, false);
                return;
            }
            if tag == Tag::HEAD {
                if self.stack.len() == 1 {
                    self.insert(tag, false);
                }
                return;
            }
            if !tag.is(HEAD) {
                self.ensure_body();
            } else if self.stack.len() == 1 {
                self.imply(Tag::HEAD);
            }
        }
        if matches!(tag, Tag::BODY | Tag::HEAD) {
            return;
        }
        if tag == Tag::META {
            self.keep_meta();
        }
        if matches!(tag, Tag::SVG | Tag::MATH) {
            self.insert(tag, true);
            return;
        }
        if self.make_room(tag) {
            self.insert(tag, false);
        }
    }

    /// Closes what the start of an element closes, and opens what it needs around it. False when it has no place here.
    fn make_room(&mut self, tag: Tag) -> bool {
        match tag {
            Tag::A => self.close_link(),
            Tag::LI => self.close_item(|open| open.is(Tag::LI)),
            Tag::DD | Tag::DT => self.close_item(|open| open.is(Tag::DD) || open.is(Tag::DT)),
            Tag::FORM if self.stack.iter().any(|open| open.is(Tag::FORM)) => return false,
            Tag::BUTTON | Tag::SELECT => {
                if let Some(at) = self.nearest(|open| open.is(tag), |open| open.has(SCOPE)) {
                    self.close_to(at);
                    // A second `<select>` ends the first.
                    return tag == Tag::BUTTON;
                }
            }
            Tag::OPTION | Tag::OPTGROUP | Tag::RP | Tag::RT => {
                let ends = |open: Open| match tag {
                    Tag::OPTION => open.is(Tag::OPTION),
                    Tag::OPTGROUP => open.is(Tag::OPTION) || open.is(Tag::OPTGROUP),
                    _ => open.is(Tag::RP) || open.is(Tag::RT),
                };
                while ends(self.top()) {
                    self.close_to(self.stack.len() - 1);
                }
            }
            Tag::TABLE => {
                if !self.quirks {
                    self.close_paragraph();
                }
                // Between the cells of another table: that one ends.
                let top = self.top();
                if !top.foreign && (matches!(top.tag, Tag::TABLE | Tag::TR | Tag::COLGROUP) || top.tag.is_rows()) {
                    self.end_in_table(|open| open.is(Tag::TABLE));
                }
            }
            Tag::CAPTION
            | Tag::COLGROUP
            | Tag::COL
            | Tag::TBODY
            | Tag::THEAD
            | Tag::TFOOT
            | Tag::TR
            | Tag::TD
            | Tag::TH => {
                return self.make_room_in_table(tag);
            }
            _ => {}
        }
        if tag.is(ENDS_P) || tag == Tag::LI {
            self.close_paragraph();
        }
        if tag.is_heading() && self.top().tag.is_heading() && !self.top().foreign {
            self.close_to(self.stack.len() - 1);
        }
        true
    }

    /// Closes the item of a list that is open, unless another block was opened in it.
    fn close_item(&mut self, is_item: impl Fn(Open) -> bool) {
        let bound = |open: Open| open.has(SPECIAL) && !open.is(Tag::ADDRESS) && !open.is(Tag::DIV) && !open.is(Tag::P);
        if let Some(at) = self.nearest(is_item, bound) {
            self.close_to(at);
        }
    }

    fn make_room_in_table(&mut self, tag: Tag) -> bool {
        let Some(table) = self.nearest(|open| open.is(Tag::TABLE), |open| open.is(Tag::TEMPLATE)) else {
            return false;
        };
        // The deepest part of this table that the new one can be in.
        let holds = |open: &Open| {
            if open.foreign {
                return false;
            }
            match tag {
                Tag::TD | Tag::TH => open.tag == Tag::TR || open.tag.is_rows(),
                Tag::TR => open.tag.is_rows(),
                Tag::COL => open.tag == Tag::COLGROUP,
                _ => false,
            }
        };
        let place = self.stack[table + 1..].iter().rposition(holds).map_or(table, |at| table + 1 + at);
        self.close_to(place + 1);
        if tag.is_cell() || tag == Tag::TR {
            if self.top().tag == Tag::TABLE {
                self.imply(Tag::TBODY);
            }
            if tag.is_cell() && self.top().tag.is_rows() {
                self.imply(Tag::TR);
            }
        }
        true
    }

    /// Ends a part of the innermost table.
    fn end_in_table(&mut self, wanted: impl Fn(Open) -> bool) {
        if let Some(at) = self.nearest(wanted, |open| open.is(Tag::TABLE) || open.is(Tag::TEMPLATE)) {
            self.close_to(at);
        }
    }

    fn end(&mut self, tag: Tag) {
        if self.in_drawing() {
            let found = self.nearest(|open| open.foreign && open.tag == tag, |open| !open.foreign);
            if let Some(at) = found {
                self.close_to(at);
                return;
            }
        }
        let in_scope = |open: Open| open.has(SCOPE);
        let found = match tag {
            Tag::BODY | Tag::HTML => None,
            Tag::BR => {
                self.start(tag);
                None
            }
            Tag::HEAD => {
                if !self.has_body {
                    self.close_to(1);
                }
                None
            }
            Tag::A => {
                self.close_link();
                None
            }
            Tag::P => self.nearest(|open| open.is(tag), |open| open.has(SCOPE) || open.is(Tag::BUTTON)),
            Tag::LI => {
                self.nearest(|open| open.is(tag), |open| open.has(SCOPE) || open.is(Tag::OL) || open.is(Tag::UL))
            }
            Tag::FORM => {
                let found = self.nearest(|open| open.is(tag), in_scope);
                self.take_out(found);
                None
            }
            Tag::TABLE
            | Tag::CAPTION
            | Tag::COLGROUP
            | Tag::TR
            | Tag::TD
            | Tag::TH
            | Tag::TBODY
            | Tag::THEAD
            | Tag::TFOOT => {
                self.end_in_table(|open| open.is(tag));
                None
            }
            Tag::TEMPLATE => self.nearest(|open| open.is(tag), |_| false),
            _ if tag.is_heading() => self.nearest(|open| open.tag.is_heading() && !open.foreign, in_scope),
            _ if tag.is(CLOSED_IN_SCOPE) => self.nearest(|open| open.is(tag), in_scope),
            _ if tag.is(FORMATTING) => {
                let found = self.nearest(|open| open.is(tag), in_scope);
                let is_below_blocks = found.is_some_and(|at| self.stack[at + 1..].iter().any(|open| open.has(SPECIAL)));
                if is_below_blocks {
                    self.take_out(found);
                    None
                } else {
                    found
                }
            }
            _ => self.nearest(|open| open.tag == tag, |open| open.has(SPECIAL)),
        };
        // The root and the body stay open to the end.
        if let Some(at) = found.filter(|at| *at > 0) {
            self.close_to(at);
        }
    }

    /// Closes one element and leaves those open that were opened in it.
    fn take_out(&mut self, at: Option<usize>) {
        let Some(at) = at.filter(|at| *at > 0) else { return };
        if at + 1 == self.stack.len() || self.muted_from.is_some_and(|from| from > at) {
            self.close_to(at);
        } else {
            self.stack.remove(at);
        }
    }

    fn keep_meta(&mut self) {
        let [name, property, content] = [Slot::Name, Slot::Property, Slot::Content]
            .map(|slot| self.token.value(slot).map(|value| String::from_utf8_lossy(value).into_owned()));
        if let Some(content) = content {
            let item = || self.token.value(Slot::ItemProp).map(|value| String::from_utf8_lossy(value).into_owned());
            let (name, property) = (name.unwrap_or_default(), property.or_else(item).unwrap_or_default());
            self.metas.push(Meta { name, property, content });
        }
    }

    fn tag_of_token(&mut self) -> Tag {
        if let Some(tag) = Tag::of(&self.token.name) {
            return tag;
        }
        if let Some(tag) = self.made_up.get(&self.token.name) {
            return *tag;
        }
        let next = Tag::made_up(self.made_up.len());
        if self.made_up.len() < MADE_UP_MAX {
            self.made_up.insert(self.token.name.clone(), next);
        }
        next
    }

    /// How the tokenizer goes on behind the start tag of an element.
    fn state_behind(tag: Tag, name: &[u8]) -> Option<State> {
        match name {
            b"script" => Some(State::ScriptData),
            b"title" | b"textarea" => Some(State::RcData),
            b"plaintext" => Some(State::PlainText),
            _ => tag.is(RAW).then_some(State::RawText),
        }
    }
}

impl Emitter for &mut Builder {
    type Token = Infallible;

    fn set_last_start_tag(&mut self, last_start_tag: Option<&[u8]>) {
        self.last.clear();
        self.last.extend_from_slice(last_start_tag.unwrap_or_default());
    }

    fn emit_eof(&mut self) {}

    fn emit_error(&mut self, _error: Error) {}

    #[inline]
    fn should_emit_errors(&mut self) -> bool {
        false
    }

    #[inline]
    fn pop_token(&mut self) -> Option<Infallible> {
        None
    }

    fn emit_string(&mut self, text: &[u8]) {
        // Nothing, by the specification; the tokenizer hands it over alone.
        if text == b"\0" {
            return;
        }
        let top = self.top();
        if !self.has_body && !top.has(RAW) && top.tag != Tag::TEMPLATE {
            if text.iter().all(u8::is_ascii_whitespace) {
                return;
            }
            if !self.stack.iter().any(|open| open.is(Tag::TEMPLATE)) {
                self.ensure_body();
            }
        }
        let top = self.top();
        if self.muted_from.is_some() && !top.is(Tag::TITLE) {
            return;
        }
        let span = hold(&mut self.held, text);
        if let Some(Node { parent, kind: NodeKind::Text(last), .. }) = self.nodes.last_mut()
            && *parent == top.node
            && last.to == span.from
        {
            last.to = span.to;
        } else {
            self.nodes.push(Node { parent: top.node, end: 0, kind: NodeKind::Text(span) });
        }
    }

    fn init_start_tag(&mut self) {
        self.token.name.clear();
        self.token.is_end = false;
        self.token.self_closing = false;
        self.token.slot = None;
        self.token.seen = [false; SLOTS];
    }

    fn init_end_tag(&mut self) {
        self.init_start_tag();
        self.token.is_end = true;
    }

    fn init_comment(&mut self) {}

    fn emit_current_tag(&mut self) -> Option<State> {
        let tag = self.tag_of_token();
        self.tags += 1;
        if !self.token.is_end {
            self.last.clear();
            self.last.extend_from_slice(&self.token.name);
        }
        let in_drawing = self.in_drawing();
        let closes_itself = in_drawing && self.token.self_closing;
        let pairs = !tag.is(VOID) && !tag.is(OPTIONAL_END) && !closes_itself;
        // Raw text is always taken as what it is: it holds no tags, and a script must not be read.
        let is_raw = tag.is(RAW) && !in_drawing;
        if self.token.is_end {
            if self.skipped > 0 && pairs && !is_raw {
                self.skipped -= 1;
                self.dropped += 1;
            } else if self.tags <= TAGS_MAX || is_raw || self.muted_from.is_some() {
                self.end(tag);
            } else {
                self.dropped += 1;
            }
            return None;
        }
        // Content that nobody reads is kept apart at any depth and place; once, since the content inside it is not read either.
        let mutes = tag.is(NO_TEXT) && self.muted_from.is_none();
        let is_too_deep = self.stack.len() >= TAG_DEPTH_MAX && !tag.is(VOID);
        if (is_too_deep || self.tags > TAGS_MAX) && !is_raw && !mutes {
            self.dropped += 1;
            self.skipped += usize::from(pairs);
            return None;
        }
        let is_plain = self.token.name == b"plaintext" && !in_drawing;
        let state = if is_raw || is_plain { Builder::state_behind(tag, &self.last) } else { None };
        self.start(tag);
        state
    }

    fn emit_current_comment(&mut self) {}

    fn emit_current_doctype(&mut self) {
        // The first one counts, and only before anything else of the page.
        let doctype = &mut self.doctype;
        if std::mem::replace(&mut doctype.is_settled, true) || self.nodes.len() > 1 {
            return;
        }
        let begins = |known: &[&[u8]]| known.iter().any(|begin| doctype.public.starts_with(begin));
        self.quirks = doctype.is_broken
            || doctype.public == b"html"
            || begins(QUIRKS)
            || !doctype.has_system && begins(QUIRKS_ALONE);
    }

    fn set_self_closing(&mut self) {
        self.token.self_closing = true;
    }

    fn set_force_quirks(&mut self) {
        self.doctype.is_broken = true;
    }

    fn push_tag_name(&mut self, name: &[u8]) {
        self.token.name.extend_from_slice(name);
    }

    fn push_comment(&mut self, _text: &[u8]) {}

    fn push_doctype_name(&mut self, _name: &[u8]) {}

    fn init_doctype(&mut self) {
        let is_settled = self.doctype.is_settled;
        self.doctype = Doctype { is_settled, ..Doctype::default() };
    }

    fn init_attribute(&mut self) {
        self.token.attribute.clear();
        self.token.slot = None;
    }

    fn init_attribute_value(&mut self) {
        let is_meta = self.token.name == b"meta";
        let slot = match self.token.attribute.as_slice() {
            b"class" => Some(Slot::Class),
            b"id" => Some(Slot::Id),
            b"name" if is_meta => Some(Slot::Name),
            b"property" if is_meta => Some(Slot::Property),
            b"content" if is_meta => Some(Slot::Content),
            b"itemprop" if is_meta => Some(Slot::ItemProp),
            b"datetime" if self.token.name == b"time" => Some(Slot::DateTime),
            _ => None,
        };
        // The first of a name counts.
        self.token.slot = slot.filter(|slot| !self.token.seen[*slot as usize]);
        if let Some(slot) = self.token.slot {
            self.token.seen[slot as usize] = true;
            self.token.values[slot as usize].clear();
        }
    }

    fn push_attribute_name(&mut self, name: &[u8]) {
        if self.token.attribute.len() < NAME_BYTES_MAX {
            self.token.attribute.extend_from_slice(name);
        }
    }

    #[inline]
    fn push_attribute_value(&mut self, value: &[u8]) {
        if let Some(slot) = self.token.slot {
            self.token.values[slot as usize].extend_from_slice(value);
        }
    }

    fn set_doctype_public_identifier(&mut self, value: &[u8]) {
        self.doctype.public = value.to_ascii_lowercase();
    }

    fn set_doctype_system_identifier(&mut self, _value: &[u8]) {
        self.doctype.has_system = true;
    }

    fn push_doctype_public_identifier(&mut self, value: &[u8]) {
        self.doctype.public.extend(value.iter().map(u8::to_ascii_lowercase));
    }

    fn push_doctype_system_identifier(&mut self, _value: &[u8]) {}

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.token.is_end && !self.last.is_empty() && self.token.name == self.last
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.in_drawing()
    }
}

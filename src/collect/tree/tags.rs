//! What each HTML element is to a reader: whether it holds text, has lines of its own, closes what is before it. One table for the
//! reading tree and for the bounds and texts of trees that selectors are asked of.
//!
//! Source of the nesting rules: WHATWG HTML, "Parsing HTML documents" (special elements, scopes, implied end tags).

/// Has no content and no end tag.
pub(crate) const VOID: u16 = 1;
/// Its content is text up to the end tag (raw text and escapable raw text of the specification).
pub(crate) const RAW: u16 = 1 << 1;
/// Nobody reads what is in it.
pub(crate) const NO_TEXT: u16 = 1 << 2;
/// Stands on lines of its own.
pub(crate) const BLOCK: u16 = 1 << 3;
/// "Special" in the specification: an end tag of an ordinary element does not reach beyond it.
pub(crate) const SPECIAL: u16 = 1 << 4;
/// Its start tag ends an open paragraph.
pub(crate) const ENDS_P: u16 = 1 << 5;
/// End tags of blocks do not reach beyond it.
pub(crate) const SCOPE: u16 = 1 << 6;
/// The end tag is optional: these close one another, so they nest only if something between them nests.
pub(crate) const OPTIONAL_END: u16 = 1 << 7;
/// May be before the body.
pub(crate) const HEAD: u16 = 1 << 8;
/// Its start tag ends a drawing that was left open.
pub(crate) const BREAKS_OUT: u16 = 1 << 9;
/// Ordinary block: its end tag closes it wherever it is in scope.
pub(crate) const CLOSED_IN_SCOPE: u16 = 1 << 10;
/// Only says how text looks: its end tag ends it below blocks that are still open, too.
pub(crate) const FORMATTING: u16 = 1 << 11;
/// Inside a drawing: what is in it is HTML again.
pub(crate) const INTEGRATES: u16 = 1 << 12;

const B: u16 = BLOCK | SPECIAL | ENDS_P | CLOSED_IN_SCOPE;
const S: u16 = SPECIAL;
const F: u16 = FORMATTING;

/// Sorted by name.
const TABLE: &[(&str, u16)] = &[
    ("a", F),
    ("address", B),
    ("annotation-xml", INTEGRATES),
    ("applet", S | SCOPE | CLOSED_IN_SCOPE),
    ("area", S | VOID),
    ("article", B),
    ("aside", B),
    ("audio", NO_TEXT),
    ("b", F | BREAKS_OUT),
    ("base", S | VOID | HEAD),
    ("big", F | BREAKS_OUT),
    ("blockquote", B | BREAKS_OUT),
    ("body", S | BLOCK | BREAKS_OUT | OPTIONAL_END),
    ("br", S | VOID | BREAKS_OUT),
    ("button", S | NO_TEXT | CLOSED_IN_SCOPE),
    ("canvas", NO_TEXT),
    ("caption", S | SCOPE),
    ("center", B | BREAKS_OUT),
    ("code", F | BREAKS_OUT),
    ("col", S | VOID),
    ("colgroup", S | OPTIONAL_END),
    ("dd", S | BLOCK | ENDS_P | OPTIONAL_END | BREAKS_OUT | CLOSED_IN_SCOPE),
    ("desc", INTEGRATES),
    ("details", B),
    ("dialog", S | ENDS_P | CLOSED_IN_SCOPE),
    ("dir", S | ENDS_P | CLOSED_IN_SCOPE),
    ("div", B | BREAKS_OUT),
    ("dl", B | BREAKS_OUT),
    ("dt", S | BLOCK | ENDS_P | OPTIONAL_END | BREAKS_OUT | CLOSED_IN_SCOPE),
    ("em", F | BREAKS_OUT),
    ("embed", S | VOID | BREAKS_OUT),
    ("fieldset", B),
    ("figcaption", B),
    ("figure", B),
    ("font", F),
    ("footer", B),
    ("foreignobject", INTEGRATES),
    ("form", S | BLOCK | ENDS_P),
    ("frame", S | VOID),
    ("frameset", S),
    ("h1", B | BREAKS_OUT),
    ("h2", B | BREAKS_OUT),
    ("h3", B | BREAKS_OUT),
    ("h4", B | BREAKS_OUT),
    ("h5", B | BREAKS_OUT),
    ("h6", B | BREAKS_OUT),
    ("head", S | NO_TEXT | OPTIONAL_END | BREAKS_OUT),
    ("header", B),
    ("hgroup", S | ENDS_P | CLOSED_IN_SCOPE),
    ("hr", S | BLOCK | VOID | ENDS_P | BREAKS_OUT),
    ("html", S | SCOPE | OPTIONAL_END),
    ("i", F | BREAKS_OUT),
    ("iframe", S | RAW | NO_TEXT),
    ("img", S | VOID | BREAKS_OUT),
    ("input", S | VOID),
    ("li", S | BLOCK | OPTIONAL_END | BREAKS_OUT | CLOSED_IN_SCOPE),
    ("link", S | VOID | HEAD),
    ("listing", S | ENDS_P | CLOSED_IN_SCOPE),
    ("main", B),
    ("marquee", S | SCOPE | CLOSED_IN_SCOPE),
    ("math", NO_TEXT),
    ("menu", S | ENDS_P | CLOSED_IN_SCOPE | BREAKS_OUT),
    ("meta", S | VOID | HEAD | BREAKS_OUT),
    ("nav", B),
    ("nobr", F | BREAKS_OUT),
    ("noembed", S | RAW),
    ("noframes", S | RAW | NO_TEXT | HEAD),
    ("noscript", S | RAW | NO_TEXT | HEAD),
    ("object", S | SCOPE | NO_TEXT | CLOSED_IN_SCOPE),
    ("ol", B | BREAKS_OUT),
    ("optgroup", OPTIONAL_END),
    ("option", OPTIONAL_END),
    ("p", S | BLOCK | ENDS_P | OPTIONAL_END | BREAKS_OUT),
    ("param", S | VOID),
    ("pre", B | BREAKS_OUT),
    ("rp", OPTIONAL_END),
    ("rt", OPTIONAL_END),
    ("ruby", BREAKS_OUT),
    ("s", F | BREAKS_OUT),
    ("script", S | RAW | NO_TEXT | HEAD),
    ("search", S | ENDS_P | CLOSED_IN_SCOPE),
    ("section", B),
    ("select", S | NO_TEXT | CLOSED_IN_SCOPE),
    ("small", F | BREAKS_OUT),
    ("source", S | VOID),
    ("span", BREAKS_OUT),
    ("strike", F | BREAKS_OUT),
    ("strong", F | BREAKS_OUT),
    ("style", S | RAW | NO_TEXT | HEAD),
    ("sub", BREAKS_OUT),
    ("summary", B),
    ("sup", BREAKS_OUT),
    ("svg", NO_TEXT),
    ("table", S | BLOCK | SCOPE | BREAKS_OUT),
    ("tbody", S | BLOCK | OPTIONAL_END),
    ("td", S | SCOPE | OPTIONAL_END),
    ("template", S | SCOPE | NO_TEXT | HEAD),
    ("textarea", S | RAW),
    ("tfoot", S | OPTIONAL_END),
    ("th", S | SCOPE | OPTIONAL_END),
    ("thead", S | BLOCK | OPTIONAL_END),
    ("time", 0),
    ("title", S | RAW | HEAD | INTEGRATES),
    ("tr", S | BLOCK | OPTIONAL_END),
    ("track", S | VOID),
    ("tt", F | BREAKS_OUT),
    ("u", F | BREAKS_OUT),
    ("ul", B | BREAKS_OUT),
    ("video", NO_TEXT),
    ("wbr", S | VOID),
    ("xmp", S | RAW | ENDS_P),
];

/// Slots of the index, a power of two, several for each name.
const SLOTS: usize = 512;
/// An empty slot.
const FREE: u8 = u8::MAX;
/// Numbers of names by a hash of their bytes; on a clash the next free slot. Pages have a tag every thirty bytes.
static INDEX: [u8; SLOTS] = index();

#[expect(clippy::cast_possible_truncation, reason = "the table is shorter than 255")]
const fn index() -> [u8; SLOTS] {
    assert!(TABLE.len() < FREE as usize);
    let mut slots = [FREE; SLOTS];
    let mut at = 0;
    while at < TABLE.len() {
        let mut slot = slot_of(TABLE[at].0.as_bytes());
        while slots[slot] != FREE {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = at as u8;
        at += 1;
    }
    slots
}

/// Where the search for a name begins (FNV-1a).
const fn slot_of(name: &[u8]) -> usize {
    let (mut hash, mut at) = (0x811c_9dc5_u32, 0);
    while at < name.len() {
        hash = (hash ^ name[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (hash ^ (hash >> 15)) as usize % SLOTS
}

/// An element's name: one of the table, or one that a page made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tag(u16);

macro_rules! names {
    ($($constant:ident = $name:literal),+ $(,)?) => {
        impl Tag {
            $(pub(crate) const $constant: Self = Self::known($name);)+
        }
    };
}

names! {
    A = "a", ARTICLE = "article", ASIDE = "aside", BLOCKQUOTE = "blockquote", BODY = "body", BR = "br", BUTTON = "button",
    CAPTION = "caption", COL = "col", COLGROUP = "colgroup", DD = "dd", DIV = "div", DL = "dl", DT = "dt", ADDRESS = "address",
    FOOTER = "footer", FORM = "form", FRAME = "frame", FRAMESET = "frameset", H1 = "h1", H2 = "h2", H3 = "h3", H4 = "h4", H5 = "h5", H6 = "h6",
    HEAD = "head", HEADER = "header", HTML = "html", LI = "li", MAIN = "main", MATH = "math", META = "meta", NAV = "nav", OL = "ol",
    OPTGROUP = "optgroup", OPTION = "option", P = "p", PRE = "pre", RP = "rp", RT = "rt", SECTION = "section",
    SELECT = "select", SPAN = "span", SVG = "svg", TABLE = "table", TBODY = "tbody", TD = "td", TEMPLATE = "template",
    TFOOT = "tfoot", TH = "th", THEAD = "thead", TIME = "time", TITLE = "title", TR = "tr", UL = "ul",
}

impl Tag {
    /// The name of an element of the table, when the table is known at compile time to have it.
    #[expect(clippy::cast_possible_truncation, reason = "the table is short")]
    const fn known(name: &str) -> Self {
        let mut at = 0;
        while at < TABLE.len() {
            if same(TABLE[at].0.as_bytes(), name.as_bytes()) {
                return Self(at as u16);
            }
            at += 1;
        }
        panic!("not in the table")
    }

    /// By its name in small letters.
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        let mut slot = slot_of(name);
        loop {
            let at = INDEX[slot];
            let (known, _) = TABLE.get(usize::from(at))?;
            if known.as_bytes() == name {
                return Some(Self(u16::from(at)));
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// The `number`th name that a page made up, counted from 0.
    pub(crate) fn made_up(number: usize) -> Self {
        Self(u16::try_from(TABLE.len() + number).unwrap_or(u16::MAX))
    }

    /// Whether it has one of these properties.
    pub(crate) fn is(self, properties: u16) -> bool {
        TABLE.get(usize::from(self.0)).is_some_and(|(_, has)| has & properties != 0)
    }

    pub(crate) fn is_heading(self) -> bool {
        matches!(self, Self::H1 | Self::H2 | Self::H3 | Self::H4 | Self::H5 | Self::H6)
    }

    pub(crate) fn is_cell(self) -> bool {
        matches!(self, Self::TD | Self::TH)
    }

    /// A group of rows.
    pub(crate) fn is_rows(self) -> bool {
        matches!(self, Self::TBODY | Self::THEAD | Self::TFOOT)
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_table_is_found_and_stands_there_once() {
        for (at, (name, _)) in TABLE.iter().enumerate() {
            assert_eq!(Tag::of(name.as_bytes()).map(|tag| usize::from(tag.0)), Some(at), "{name}");
        }
        assert!(TABLE.is_sorted_by(|(a, _), (b, _)| a < b), "out of order");
        assert_eq!(Tag::of(b"x-y"), None);
    }
}

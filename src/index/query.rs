//! The analysts' query language: what can be asked. `docs/search.md` is its grammar for people; [`super::parse`] reads it.

use std::fmt;

use super::analysis::normalise;
use super::filter::Filter;
use super::sort::Sort;
use vocabulary::{Refused, Said};

/// How far it reaches when it does not say.
pub(super) const NEAR_CHARS_DEFAULT: u32 = 10;
/// Shortest Latin name that is searched fuzzily, in characters; in shorter ones a letter is half the word.
pub(super) const FUZZY_CHARS_MIN: usize = 4;
/// Characters of the query shown on each side of an error.
const SHOWN_CHARS: usize = 30;

/// A query that cannot be read: where, why, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// Character of the query it is about, counted from 0.
    pub at: usize,
    /// What was found and what to do: analysts read it on the screen and in the terminal.
    pub message: Refused,
    /// The query.
    pub query: String,
}

impl std::error::Error for QueryError {}

impl fmt::Display for QueryError {
    /// The message, and below it the place in the query under a caret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {} of the query: {}\n{}", self.at + 1, self.message.en, self.shown())
    }
}

impl Said for QueryError {
    fn zh(&self) -> String {
        format!("检索式第 {} 个字：{}\n{}", self.at + 1, self.message.zh, self.shown())
    }
}

impl QueryError {
    /// The piece of the query that it is about, with a caret below the place.
    fn shown(&self) -> String {
        let start = self.at.saturating_sub(SHOWN_CHARS);
        let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
        let line: String = self.query.chars().skip(start).take(2 * SHOWN_CHARS).map(shown).collect();
        // A wide blank under a wide character keeps the caret in its column.
        let wide = |letter: char| if letter >= '\u{1100}' { '\u{3000}' } else { ' ' };
        let indent: String = line.chars().take(self.at - start).map(wide).collect();
        format!("  {line}\n  {indent}^")
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Every document.
    All,
    /// Normalised text of which every word must occur.
    Words(String),
    /// Normalised text that must occur as it is.
    Phrase(String),
    /// Normalised letters and digits with which a run must begin.
    Prefix(String),
    /// Normalised letters and digits, and how many of them may differ in a run.
    Fuzzy(String, usize),
    /// One of the left and one of the right must stand this near, in either order.
    Near(Near),
    /// A fact about the document.
    Filter(Filter),
    /// Must not hold.
    Not(Box<Node>),
    /// All must hold. Never empty.
    And(Vec<Node>),
    /// One must hold. Never empty.
    Or(Vec<Node>),
}

/// See [`Node::Near`].
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Near {
    pub(super) left: Vec<Piece>,
    pub(super) right: Vec<Piece>,
    /// Most characters between the two.
    pub(super) within: u32,
}

/// A stretch of text on one side of `NEAR`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    /// Normalised.
    pub(super) text: String,
    /// Whether it was quoted: then it brings no other names with it.
    pub(super) quoted: bool,
}

/// A query, parsed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ParsedQuery {
    pub(super) node: Node,
    pub(super) wishes: Wishes,
    /// Notes to the user on how the query was understood.
    pub(super) notes: Vec<Refused>,
}

/// How the answer is wanted, written in the query: it goes with a saved search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    pub(super) sort: Option<Sort>,
    pub(super) synonyms: Option<bool>,
    pub(super) reprints: Option<bool>,
}

/// A word that tells how the answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Sort,
    Synonyms,
    Reprints,
}

/// English name, Chinese name, example, what it does.
const WISHES: [(Wish, &str, &str, &str, &str); 3] = [
    (Wish::Sort, "sort", "排序", "sort:date", "排序：relevance（相关）、date（日期）、severity（伤害）"),
    (Wish::Synonyms, "synonyms", "同义词", "synonyms:off", "off 关闭同义词扩展（充电宝＝移动电源），默认 on"),
    (Wish::Reprints, "reprints", "转载", "reprints:hide", "hide 同源信息只列一条，默认 show"),
];

/// The wishes of the query language for help texts: English name, Chinese name, an example, what it does.
pub fn query_wishes() -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    WISHES.iter().map(|&(_, en, zh, example, means)| (en, zh, example, means))
}

impl Wish {
    /// By either name, whatever the case.
    pub(super) fn called(name: &str) -> Option<Self> {
        WISHES.iter().find(|(_, en, zh, ..)| name.eq_ignore_ascii_case(en) || name == *zh).map(|(wish, ..)| *wish)
    }

    /// How to write it.
    pub(super) fn example(self) -> &'static str {
        WISHES.iter().find(|(wish, ..)| *wish == self).map_or("", |(_, _, _, example, _)| example)
    }

    /// Notes the value; refused when there is no such value.
    pub(super) fn note(self, value: &str, wishes: &mut Wishes) -> Result<(), Refused> {
        let value = normalise(value);
        let yes_no = |yes: [&str; 2], no: [&str; 2]| {
            let said = |words: [&str; 2]| words.contains(&value.as_str());
            let found = if said(yes) { Some(true) } else { said(no).then_some(false) };
            let known = || [yes, no].map(|[code, zh]| format!("{code}（{zh}）")).join("、");
            found.ok_or_else(|| {
                Refused::new(
                    format!("没有“{value}”这个取值；可用：{}", known()),
                    format!("there is no value `{value}`; there are {} and {}", yes[0], no[0]),
                )
            })
        };
        match self {
            Self::Sort => {
                let found = Sort::ALL.into_iter().find(|sort| sort.code() == value || sort.zh() == value);
                let known = || Sort::ALL.map(|sort| format!("{}（{}）", sort.code(), sort.zh())).join("、");
                let codes = || Sort::ALL.map(Sort::code).join(", ");
                wishes.sort = Some(found.ok_or_else(|| {
                    Refused::new(
                        format!("没有“{value}”这种排序；可用：{}", known()),
                        format!("there is no order `{value}`; there are {}", codes()),
                    )
                })?);
            }
            Self::Synonyms => wishes.synonyms = Some(yes_no(["on", "开"], ["off", "关"])?),
            Self::Reprints => wishes.reprints = Some(yes_no(["show", "显示"], ["hide", "合并"])?),
        }
        Ok(())
    }
}

//! Rules of a recipe: where the value of a field is, and how the text that is there becomes the value.
//!
//! In: the rules as an analyst writes them ([`written`]). Out: checked and compiled rules, or a [`RecipeError`] with file and line
//! ([`check`]). Not here: pages (`item` and `html_table` apply rules to them), and the recipe as a whole (`recipe`).

pub(crate) mod check;
pub(crate) mod lines;
pub(crate) mod written;

use std::path::PathBuf;

use regex::Regex;
use scraper::Selector;

use vocabulary::{Refused, SourceId};

/// A recipe that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// Something is wrong at a place.
    #[error("{file}:{line}: {detail}")]
    At {
        /// The recipe's file.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What was found, what was expected.
        detail: Refused,
    },
    /// The folder or file cannot be read.
    #[error("cannot read recipes from {path}; check the path and its permissions")]
    Unreadable {
        /// Folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Two recipes claim one source id.
    #[error("{file}: source id `{id}` is already taken by {other}; ids must be unique")]
    Twice {
        /// The second file.
        file: String,
        /// The id.
        id: SourceId,
        /// The first file.
        other: String,
    },
}

/// A CSS selector and its line in the recipe, so that a message can name a selector that matches nothing.
#[derive(Debug, Clone)]
pub(crate) struct CssRule {
    /// The selector as written.
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) selector: Selector,
}

/// Where the value of a field is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// The item itself.
    Item,
    Css(CssRule),
    /// Paths into a JSON value, each as its steps; what they lead to is joined by line breaks.
    Path(Vec<Vec<String>>),
    /// Beside or behind one of these labels, in the element that a selector matches or in all of the page.
    Label {
        within: Option<CssRule>,
        labels: Vec<String>,
    },
    /// Not on the page: the recipe itself gives the value.
    Constant(String),
}

/// One field: a place, and how the text there becomes a value.
#[derive(Debug, Clone)]
pub(crate) struct FieldRule {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) place: Place,
    /// Take this attribute of the element instead of its text.
    pub(crate) attr: Option<String>,
    /// Keep the first group of this expression, or the whole match when it has no group.
    pub(crate) capture: Option<Regex>,
    /// Format of a date, for `published_at` alone.
    pub(crate) date: Option<String>,
    /// Join all matches of the selector, not only the first.
    pub(crate) all: bool,
    /// An item without this field is set aside.
    pub(crate) required: bool,
    /// Text with `{value}` or `{value:path}` in it, which the value replaces.
    pub(crate) template: Option<String>,
    /// Rules that are asked one after the other when this one gives nothing.
    pub(crate) or: Vec<FieldRule>,
}

impl FieldRule {
    /// This rule and those behind it, in the order in which they are asked.
    pub(crate) fn choices(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.or)
    }
}

/// A table of an HTML page. Each row is a document.
#[derive(Debug, Clone)]
pub(crate) struct HtmlTable {
    pub(crate) rule: CssRule,
    /// Field name and the texts that may head its column, as written.
    pub(crate) columns: Vec<(String, Vec<String>)>,
}

impl HtmlTable {
    /// Names of the fields that the columns fill.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }
}

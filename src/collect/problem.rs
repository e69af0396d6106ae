//! Problems of a page: what is wrong, at which rule of which recipe, and what to do about it.

use std::fmt;

use url::Url;

use super::bounds::ITEM_BYTES_MAX;
use super::made::Room;
use super::rules::lines::Lines;

/// A problem of one page. It is no error: the round notes it and goes on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PageProblem {
    /// The recipe's file, with a line where one rule is concerned.
    pub at: String,
    /// The page.
    pub url: String,
    /// What was found.
    pub detail: String,
    /// What to do.
    pub advice: &'static str,
}

impl fmt::Display for PageProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}; {}", self.at, self.url, self.detail, self.advice)
    }
}

/// Collects the problems of one page.
pub(crate) struct Notes<'a> {
    /// The recipe's files.
    lines: &'a Lines,
    url: String,
    pub(crate) problems: Vec<PageProblem>,
    /// None when an item had no room.
    room: Option<Room>,
}

impl<'a> Notes<'a> {
    /// No problems yet. `lines` are those of the recipe's files, `url` is the page's address.
    pub(crate) fn new(lines: &'a Lines, url: &Url) -> Self {
        Self { lines, url: url.to_string(), problems: Vec::new(), room: Some(Room::default()) }
    }

    /// Adds a problem. `line` is the line of the rule that it concerns; none when it concerns no single rule.
    pub(crate) fn add(&mut self, line: Option<usize>, detail: impl Into<String>, advice: &'static str) {
        let at = line.map_or_else(
            || self.lines.own().to_owned(),
            |line| {
                let (file, line) = self.lines.place(line);
                format!("{file}:{line}")
            },
        );
        self.problems.push(PageProblem { at, url: self.url.clone(), detail: detail.into(), advice });
    }

    /// Whether an item of so many bytes may still be kept, by what all items of the page take; the first that may not is noted.
    pub(crate) fn has_room_for(&mut self, bytes: usize) -> bool {
        let Some(room) = &mut self.room else { return false };
        if room.take(bytes) {
            return true;
        }
        self.room = None;
        self.add(None, format!("its items take more than {ITEM_BYTES_MAX} bytes, the rest is not read"), CHECK_PAGE);
        false
    }
}

pub(crate) const CHECK_SELECTOR: &str = "check the selector against the page";
pub(crate) const CHECK_DATE: &str =
    "the document is kept without a date; give the field a `date` format or a `capture`";
pub(crate) const CHECK_PAGE: &str = "open the page and compare it with the archived bytes";
pub(crate) const CHECK_CHARSET: &str =
    "compare with the page in a browser; set `charset` in the recipe if it reads wrong";
pub(crate) const CHECK_ANSWER: &str =
    "compare the answer with `[expect]` and `within` of the recipe; the site may have changed";
pub(crate) const CHECK_COLUMN: &str = "open the column page: it may have moved, or names its list in another way";
pub(crate) const ASK_PEOPLE: &str = "ask the office for a feed or an export, and import by hand until then";
pub(crate) const READ_PICTURES: &str = "read the pictures and import the notice by hand";
pub(crate) const READ_BY_HAND: &str = "open the file and import what it says by hand";
pub(crate) const CHECK_PROMISE: &str =
    "run `wanglou source check`: the page may have changed, or `[expect]` promises too much";
pub(crate) const SET_VARIABLE: &str = "set the variable in the environment of the program and start it again";
pub(crate) const CHECK_PATH: &str = "check the path against the answer of the interface";
pub(crate) const ASK_LATER: &str = "nothing to do: it is asked again in the next round";
pub(crate) const ASK_SITE: &str =
    "ask the site's operator why, or ask less (`rate`, `bounds`); `wanglou source collect` asks at once";
pub(crate) const CHECK_HOST: &str = "check that the site still exists at this address";
pub(crate) const CHECK_BOUNDS: &str = "raise the bound in `[bounds]` if this much is really wanted";
pub(crate) const CHECK_HOSTS: &str = "if the page belongs to the source, add its host to `hosts`";
pub(crate) const CHECK_FOLDER: &str = "look at the file or folder; a file that was mended is read again";

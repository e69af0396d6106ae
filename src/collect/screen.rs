//! Text as a reader sees it on a screen, gathered tag by tag.

use std::fmt::Write as _;

use super::debris;
use super::tree::tags::{self, Tag};

/// Text as a screen shows it: blocks on lines of their own.
#[derive(Debug, Default)]
pub(crate) struct Screen(String);

impl Screen {
    pub(crate) fn open(&mut self, tag: Tag) {
        if tag.is(tags::BLOCK) || tag == Tag::BR {
            self.0.push('\n');
        } else if tag.is_cell() {
            self.0.push(' ');
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        // A line break in the source is a space on the screen.
        self.0.extend(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
    }

    pub(crate) fn close(&mut self, tag: Tag) {
        if tag.is(tags::BLOCK) {
            self.0.push('\n');
        }
    }

    pub(crate) fn tidy(&self) -> String {
        tidy(&self.0)
    }
}

/// Collapses white space inside lines, drops empty lines and what is debris ([`debris::clean`]).
pub(crate) fn tidy(text: &str) -> String {
    let text = debris::clean(text);
    let mut out = String::with_capacity(text.len());
    for line in text.split(['\n', '\r']) {
        let mut words = line.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        if let Some(first) = words.next() {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(first);
            for word in words {
                let _ = write!(out, " {word}");
            }
        }
    }
    out
}

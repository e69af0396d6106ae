//! A stretch of text, counted in Unicode scalar values, never in bytes.

use serde::{Deserialize, Serialize};

/// `[from, to)` in Unicode scalar values of the text it belongs to. `from <= to` always holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "[usize; 2]", try_from = "[usize; 2]")]
pub struct CharSpan {
    from: usize,
    to: usize,
}

impl CharSpan {
    /// The span `[from, to)`.
    ///
    /// # Panics
    /// When `from > to`: that is a bug in the caller, not bad input.
    #[must_use]
    pub fn new(from: usize, to: usize) -> Self {
        assert!(from <= to, "span [{from}, {to}) ends before it begins");
        Self { from, to }
    }

    /// First character.
    #[must_use]
    pub fn from(self) -> usize {
        self.from
    }

    /// One past the last character.
    #[must_use]
    pub fn to(self) -> usize {
        self.to
    }

    /// Length in characters.
    #[must_use]
    pub fn len(self) -> usize {
        self.to - self.from
    }

    /// Whether no character lies in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.from == self.to
    }

    /// Whether the two share a character.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Whether `other` lies wholly inside.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }

    /// The characters of `text` in the span; shorter when the text ends first.
    #[must_use]
    pub fn slice(self, text: &str) -> &str {
        let byte_at = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(byte, _)| byte);
        &text[byte_at(self.from)..byte_at(self.to)]
    }
}

impl From<CharSpan> for [usize; 2] {
    fn from(span: CharSpan) -> Self {
        [span.from, span.to]
    }
}

impl TryFrom<[usize; 2]> for CharSpan {
    type Error = String;
    fn try_from([from, to]: [usize; 2]) -> Result<Self, String> {
        if from <= to { Ok(Self { from, to }) } else { Err(format!("span [{from}, {to}) ends before it begins")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_counts_characters_not_bytes() {
        assert_eq!(CharSpan::new(2, 4).slice("充电起火了"), "起火");
        assert_eq!(CharSpan::new(3, 9).slice("充电起火了"), "火了");
    }
}

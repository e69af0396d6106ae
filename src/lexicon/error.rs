//! What can be wrong with a rule or dictionary file, and where.

use std::fmt;
use std::path::PathBuf;

/// A line of a lexicon file, for people: `rules/hazards/fire.toml:12`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileLine {
    /// File name below the lexicon folder, with `/`.
    pub file: String,
    /// Line, counted from 1; 0 when the whole file is meant.
    pub line: usize,
}

impl FileLine {
    /// Line `line` of `file`.
    #[must_use]
    pub fn new(file: &str, line: usize) -> Self {
        Self { file: file.to_owned(), line }
    }
}

impl fmt::Display for FileLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.file) } else { write!(f, "{}:{}", self.file, self.line) }
    }
}

/// Why no lexicon could be made.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// A file or folder could not be read.
    #[error("cannot read {path}: check that it exists and is readable")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A bound on files was passed.
    #[error("{file}: {what} passes the bound of {bound}; split or trim it")]
    TooLarge {
        /// The file or folder.
        file: String,
        /// What is too large.
        what: &'static str,
        /// The bound.
        bound: usize,
    },
    /// The folder holds no rule or no dictionary.
    #[error(
        "{folder}: found no `{expected}`; a lexicon folder holds `rules/hazards/*.toml` and `dictionaries/**/*.tsv`"
    )]
    Nothing {
        /// The folder that was asked.
        folder: String,
        /// What is missing.
        expected: &'static str,
    },
    /// A TOML file that cannot be parsed, an unknown field among them. The message shows line and caret.
    #[error("{file}: {message}")]
    Toml {
        /// The file.
        file: String,
        /// The parser's message with the offending line.
        message: String,
    },
    /// A table row or rule that says something impossible.
    #[error("{at}: {what}\n  | {snippet}\n  = {help}")]
    Wrong {
        /// Where.
        at: FileLine,
        /// What was found.
        what: String,
        /// The offending text.
        snippet: String,
        /// What to do.
        help: String,
    },
    /// The matching automaton could not be built.
    #[error("cannot build the matcher over {words} words: {message}")]
    Automaton {
        /// Number of words.
        words: usize,
        /// The builder's message.
        message: String,
    },
}

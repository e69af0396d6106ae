//! What can be wrong with a rule or dictionary file, and where.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use vocabulary::{Refused, Said};

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
    /// A file could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
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
    /// A file, row or rule that says something impossible.
    #[error("{at}{}: {what}\n{shown}  = {help}", column(.shown))]
    Wrong {
        /// Where.
        at: FileLine,
        /// What was found.
        what: Refused,
        /// The line it stands in, with a caret.
        shown: Box<Shown>,
        /// What to do.
        help: Box<Refused>,
    },
}

impl Said for LexiconError {
    fn zh(&self) -> String {
        match self {
            Self::Io { path, .. } => format!("无法读取 {}：请检查是否存在、是否可读", path.display()),
            Self::Write { path, .. } => format!("无法写入 {}", path.display()),
            Self::TooLarge { file, what, bound } => {
                let what = match *what {
                    "the depth of folders" => "目录层数",
                    "the number of files" => "文件数",
                    "the size in bytes" => "字节数",
                    "the size of all files in bytes" => "全部文件的字节数",
                    other => other,
                };
                format!("{file}：{what}超过 {bound}；请拆分或精简")
            }
            Self::Nothing { folder, expected } => format!(
                "{folder}：没有找到 `{expected}`；词典目录里应有 `rules/hazards/*.toml` 和 `dictionaries/**/*.tsv`"
            ),
            Self::Wrong { at, what, shown, help } => {
                format!("{at}{}：{}\n{shown}  = {}", column(shown), what.zh, help.zh)
            }
        }
    }
}

/// The source line of an error with a caret under the offending part. Its `Display` ends with a line break, or is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Line number, from 1.
    line: usize,
    /// The line, or the piece of a long one around the offending part.
    text: String,
    /// Characters of `text` in front of the offending part; none when the whole line is meant.
    before: Option<usize>,
    /// Characters of the offending part.
    width: usize,
    /// Column of the offending part in its line, in characters from 1.
    column: usize,
}

/// `:11`, or nothing where no column is known.
fn column(shown: &Shown) -> String {
    if shown.before.is_some() { format!(":{}", shown.column) } else { String::new() }
}

impl Shown {
    /// Most characters of a line that are shown, and most of them in front of the offending part.
    const CHARS_MAX: usize = 96;
    const BEFORE_MAX: usize = 40;

    /// The line of `text` that holds the bytes `range`, with a caret under them; their first line when there are several.
    pub(super) fn of(text: &str, range: Range<usize>) -> Self {
        let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let (from, to) = (floor(range.start), floor(range.end));
        let start = text[..from].rfind('\n').map_or(0, |at| at + 1);
        let end = text[from..].find(['\n', '\r']).map_or(text.len(), |at| from + at);
        let line = text[..from].matches('\n').count() + 1;
        let before = text[start..from].chars().count();
        let width = text[from..to.clamp(from, end)].chars().count().max(1);
        let skipped = before.saturating_sub(Self::BEFORE_MAX);
        let shown: String = text[start..end].chars().skip(skipped).take(Self::CHARS_MAX).collect();
        let width = width.min(Self::CHARS_MAX - (before - skipped));
        Self { line, text: shown, before: Some(before - skipped), width, column: before + 1 }
    }

    /// A whole line, with a caret under the first word in backticks of `what` that stands in it.
    pub(super) fn line(number: usize, line: &str, what: &str) -> Self {
        match quoted(what).find_map(|word| line.find(word).map(|at| at..at + word.len())) {
            Some(range) => Self { line: number, ..Self::of(line, range) },
            None => Self { line: number, text: line.chars().take(Self::CHARS_MAX).collect(), ..Self::default() },
        }
    }
}

/// The words between backticks of a message.
pub(super) fn quoted(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(1).step_by(2).filter(|word| !word.is_empty())
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() {
            return Ok(());
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        writeln!(f, "{margin} |\n{number} | {}", self.text.replace('\t', " "))?;
        if let Some(before) = self.before {
            let columns = |chars: &mut dyn Iterator<Item = char>| chars.map(columns_of).sum::<usize>();
            let indent = columns(&mut self.text.chars().take(before));
            let width = columns(&mut self.text.chars().skip(before).take(self.width)).max(1);
            writeln!(f, "{margin} | {}{}", " ".repeat(indent), "^".repeat(width))?;
        }
        Ok(())
    }
}

/// Columns that a character takes on a terminal: two for Chinese and full-width ones.
fn columns_of(character: char) -> usize {
    if matches!(character, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3fffd}')
    {
        2
    } else {
        1
    }
}

/// The known name that is most like a word, when one is close enough to be a slip of the hand.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = word.chars().count().div_ceil(3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| (distance(word, name), name))
        .filter(|(distance, _)| *distance <= bound)
        .min()
        .map(|(_, name)| name)
}

/// Letters to change, add or leave out between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (index, to) in b.iter().enumerate() {
            let kept = diagonal + usize::from(from != *to);
            diagonal = row[index + 1];
            row[index + 1] = kept.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_word_also_behind_wide_characters() {
        let text = "a = 1\nfinds = [\"漏电\", \"{burns}\"]\n";
        let at = text.find("{burns}").expect("there");
        let shown = Shown::of(text, at..at + 7);
        assert_eq!(shown.to_string(), "  |\n2 | finds = [\"漏电\", \"{burns}\"]\n  |                   ^^^^^^^\n");
        assert_eq!(column(&shown), ":17");
    }

    #[test]
    fn a_long_line_is_cut_around_the_offending_part() {
        let text = format!("{}x{}", "长".repeat(500), "尾".repeat(500));
        let shown = Shown::of(&text, 1500..1501).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[1].chars().count() < 110 && lines[1].contains('x'), "{shown}");
        assert_eq!(lines[2].find('^'), Some(4 + 2 * Shown::BEFORE_MAX));
    }

    #[test]
    fn a_slip_of_the_hand_is_recognised_and_another_word_is_not() {
        assert_eq!(nearest("meens", ["id", "means", "matters"]), Some("means"));
        assert_eq!(nearest("part.engin", ["part.engine", "part.wheel"]), Some("part.engine"));
        assert_eq!(nearest("whatever", ["id", "means"]), None);
    }
}

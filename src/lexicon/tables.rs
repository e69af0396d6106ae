//! Reads dictionary tables: UTF-8, tab-separated, `#` comments, one provenance line and one columns line on top.

use super::error::Shown;
use super::{FileLine, LexiconError};
use vocabulary::{Refused, refused};

/// One row with where it stands.
#[derive(Debug)]
pub(super) struct TableRow<'a> {
    pub(super) at: FileLine,
    pub(super) line: &'a str,
    cells: Vec<&'a str>,
}

impl<'a> TableRow<'a> {
    /// Cell `index`, trimmed; empty when the row is shorter.
    pub(super) fn cell(&self, index: usize) -> &'a str {
        self.cells.get(index).map_or("", |cell| cell.trim())
    }

    /// The comma-separated flags of a cell.
    pub(super) fn flags(&self, index: usize) -> impl Iterator<Item = &'a str> {
        self.cell(index).split(',').map(str::trim).filter(|flag| !flag.is_empty())
    }

    /// An error about this row.
    pub(super) fn wrong(&self, what: impl Into<Refused>, help: impl Into<Refused>) -> LexiconError {
        let what = what.into();
        LexiconError::Wrong {
            at: self.at.clone(),
            shown: Box::new(Shown::line(self.at.line, self.line, &what.en)),
            what,
            help: Box::new(help.into()),
        }
    }

    /// Cell `index`, which must not be empty.
    pub(super) fn required(&self, index: usize, column: &str) -> Result<&'a str, LexiconError> {
        match self.cell(index) {
            "" => Err(self.wrong(
                refused!("第 {} 列（{column}）是空的", "column {} ({column}) is empty", index + 1),
                refused!("请补上，或删除这一行", "fill it in or delete the row"),
            )),
            cell => Ok(cell),
        }
    }
}

/// The rows of a table of `columns` columns.
///
/// # Errors
/// A missing `# provenance:` or `# columns:` line, or a row with more cells than columns.
pub(super) fn rows<'a>(file: &str, text: &'a str, columns: usize) -> Result<Vec<TableRow<'a>>, LexiconError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for head in ["# provenance:", "# columns:"] {
        if !text.lines().take_while(|line| line.starts_with('#')).any(|line| line.starts_with(head)) {
            return Err(LexiconError::Wrong {
                at: FileLine::new(file, 1),
                what: refused!("表里没有写 `{head}`", "the table does not say its `{head}`"),
                shown: Box::new(Shown::line(1, text.lines().next().unwrap_or(""), "")),
                help: Box::new(refused!("请在文件开头写一行 `{head} …`", "begin the file with a line `{head} …`")),
            });
        }
    }
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let row = TableRow { at: FileLine::new(file, index + 1), line, cells: line.split('\t').collect() };
        if row.cells.len() > columns {
            return Err(row.wrong(
                refused!(
                    "这一行有 {} 格，而表有 {columns} 列",
                    "the row has {} cells, the table has {columns} columns",
                    row.cells.len()
                ),
                refused!("各列之间用一个制表符分隔", "columns are separated by one tab each"),
            ));
        }
        rows.push(row);
    }
    Ok(rows)
}

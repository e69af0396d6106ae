//! Files that authorities attach to their notices (workbooks, Word files, PDF, CSV, archives of these) to text and tables.
//!
//! In: the bytes of one file and its name. Out: [`Papers`], in the order of the file; cells that are merged repeat their text in every place
//! that they cover. What cannot be read says why and what to do ([`Unread`]). Not here: which table is meant, what its columns are, documents
//! (`collect` reads papers by its recipes), and pages in HTML.
//!
//! Files come from outside and their formats are large, so that a file is read in a process of its own ([`Reader`]), which may take so much
//! memory and time and no more ([`BOUNDS`]): what is wrong with a file ends that process and nothing else.

mod bounds;
mod cells;
mod grid;
mod kind;
mod pdf;
mod process;
mod text;
mod word;
mod word97;
mod workbook;
mod zipped;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use bounds::BOUNDS;
use bounds::NAME_CHARS_MAX;
pub use kind::Kind;
pub use process::{COMMAND, Reader, serve};
use vocabulary::Said;

/// What one file holds; an archive holds several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Papers {
    /// The papers, in the order of the file.
    pub papers: Vec<Paper>,
    /// Members of an archive that could not be read, by name.
    pub left_out: Vec<(String, Unread)>,
}

/// One workbook, Word file, PDF or table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// Name of the file, without folders.
    pub name: String,
    /// Its parts, in order.
    pub blocks: Vec<Block>,
    /// What was cut, and by which bound.
    pub cut: Option<String>,
}

/// A part of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Block {
    /// Running text, one paragraph or line a line.
    Text(String),
    /// A table.
    Table(Table),
}

/// A table, cell by cell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Rows from top to bottom. Rows may differ in length.
    pub rows: Vec<Vec<String>>,
    /// Rows that stand first on a page which continues the table: such a row may be the rest of the one before it.
    pub seams: Vec<usize>,
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unread {
    /// No format that is known here.
    #[error("its first bytes are of no format that is read here; open it by hand")]
    Unknown,
    /// A format that is known and not read.
    #[error("{0} files are not read here; open it by hand")]
    Format(String),
    /// Encrypted.
    #[error("it is locked by a password; ask the publisher")]
    Locked,
    /// Pages that are pictures.
    #[error("it has pictures and no text on {0} pages; a person has to read it")]
    Pictures(usize),
    /// Damaged, or made to be a trap.
    #[error("it cannot be read ({0}); open it by hand")]
    Broken(String),
    /// It took more than a bound allows.
    #[error("reading it takes more than {0}; open it by hand")]
    TooMuch(String),
    /// The process that reads files did not start.
    #[error(
        "the process that reads files did not start ({0}); see whether the program was replaced, and restart the service"
    )]
    NoProcess(String),
}

impl Said for Unread {
    fn zh(&self) -> String {
        match self {
            Self::Unknown => "文件开头不是本程序能读的格式；请人工打开".to_owned(),
            Self::Format(format) => format!("不读 {format} 文件；请人工打开"),
            Self::Locked => "文件有密码；请向发布方索取".to_owned(),
            Self::Pictures(pages) => format!("{pages} 页只有图片没有文字；需人工阅读"),
            Self::Broken(why) => format!("文件无法读取（“{why}”）；请人工打开"),
            Self::TooMuch(what) => format!("读取它超过 {what}；请人工打开"),
            Self::NoProcess(why) => format!("读取文件的进程没有启动（“{why}”）；请查看程序是否被替换，并重启服务"),
        }
    }
}

/// Reads a file in this process. `name` tells a text table from running text and names the paper.
///
/// # Errors
/// [`Unread`].
pub fn read(bytes: &[u8], name: &str) -> Result<Papers, Unread> {
    match Kind::of(bytes) {
        Kind::Zip => zipped::read(bytes),
        kind => {
            let paper = paper(kind, bytes, name)?;
            Ok(Papers { papers: vec![paper], left_out: Vec::new() })
        }
    }
}

/// Reads a file that is no archive.
fn paper(kind: Kind, bytes: &[u8], name: &str) -> Result<Paper, Unread> {
    let mut cut = None;
    let blocks = match kind {
        Kind::Workbook | Kind::OldWorkbook => workbook::read(bytes, kind)?,
        Kind::Word => word::read(bytes)?,
        Kind::OldWord => word97::read(bytes)?,
        Kind::Pdf => pdf::read(bytes, &mut cut)?,
        Kind::Text => text::read(bytes, name)?,
        Kind::Page => return Err(Unread::Format("HTML".to_owned())),
        Kind::Locked => return Err(Unread::Locked),
        Kind::Zip => return Err(Unread::Format("ZIP within ZIP".to_owned())),
        Kind::Other(format) => return Err(Unread::Format(format.to_owned())),
        Kind::Unknown => return Err(Unread::Unknown),
    };
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MAX).collect();
    Ok(Paper { name, blocks: cells::bounded(blocks, &mut cut), cut })
}

//! Why the index could not do what was asked.

use std::path::PathBuf;

use tantivy::TantivyError;
use tantivy::directory::error::LockError;

use super::query::QueryError;
use vocabulary::{DocumentId, LexiconVersion, Position, Refused, Said};

/// Why the index could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder cannot be made or read.
    #[error("cannot use the index folder {path}; check that it can be made, read and written")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody else writes it.
    #[error("another run is writing the index at {path}; stop it, or use another --data folder")]
    Locked {
        /// The folder, or `memory`.
        path: PathBuf,
    },
    /// It cannot be searched as it is, and whoever only searches may not empty it.
    #[error(
        "the index at {path} cannot be searched: {why}; `wanglou import` or `wanglou run` on this folder makes it anew"
    )]
    Unfit {
        /// The folder.
        path: PathBuf,
        /// What did not fit.
        why: Refused,
    },
    /// tantivy refused.
    #[error("the index could not {what}")]
    Engine {
        /// What was tried.
        what: &'static str,
        /// What tantivy said.
        source: TantivyError,
    },
    /// The system took no more: the disk is full, or fails.
    #[error(
        "the disk did not take what the index wrote (to {what}); make room there, or look after it: what is missing is put in from the log"
    )]
    Disk {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A stored hit cannot be read back or written.
    #[error("the index holds a document that cannot be read back; delete the index folder, it is rebuilt from the log")]
    Stored(#[from] serde_json::Error),
    /// The reading was made by another lexicon than the index.
    #[error(
        "document {id} was read with lexicon {found}, but the index is made for {expected}; open the index again with the lexicon in use"
    )]
    Lexicon {
        /// The document.
        id: DocumentId,
        /// The reading's lexicon.
        found: LexiconVersion,
        /// The index's.
        expected: LexiconVersion,
    },
    /// A reading of another document was handed in.
    #[error("document {document} came with the reading of {reading}; pair each document with its own reading")]
    Mismatch {
        /// The document.
        document: DocumentId,
        /// Whose reading it was.
        reading: DocumentId,
    },
    /// An id too long to be a term.
    #[error("a document id of {bytes} bytes is too long for the index: at most {max}; it begins `{start}`")]
    IdTooLong {
        /// Its length.
        bytes: usize,
        /// The bound.
        max: usize,
        /// Its first characters.
        start: String,
    },
    /// The cursor would go back, or stand before documents already put (LOG-2).
    #[error(
        "the index cannot commit position {asked}: it already holds up to {reached}; commit the position of the last document put"
    )]
    CursorBack {
        /// The position asked for.
        asked: Position,
        /// The furthest position put or committed.
        reached: Position,
    },
    /// The query cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// More hits asked for than one page holds.
    #[error("a page of {asked} hits is too long: ask for at most {max} and follow `next`")]
    Limit {
        /// What was asked.
        asked: usize,
        /// The bound.
        max: usize,
    },
    /// Not a cursor of this query.
    #[error("`{found}` is no cursor of this query and order; use the `next` of its last page, or leave `after` out")]
    Cursor {
        /// What was given.
        found: String,
    },
}

impl Said for IndexError {
    fn zh(&self) -> String {
        match self {
            Self::Folder { path, .. } => format!("无法使用索引目录 {}；请检查能否新建、读取和写入", path.display()),
            Self::Locked { path } => {
                format!("另一个进程正在写入索引 {}；请先结束它，或用 --data 换一个目录", path.display())
            }
            Self::Unfit { path, why } => format!(
                "索引 {} 无法检索：{}；对此目录运行 `wanglou import` 或 `wanglou run` 会重建索引",
                path.display(),
                why.zh
            ),
            Self::Engine { what, .. } => format!("索引操作失败（“{what}”）"),
            Self::Disk { .. } => "磁盘没有完成索引的写入；请腾出空间或检查磁盘：缺少的信息会由日志补入索引".to_owned(),
            Self::Stored(_) => "索引里有一条信息无法读回；请删除索引目录，程序会由日志重建".to_owned(),
            Self::Lexicon { id, found, expected } => {
                format!("信息 {id} 按词典 {found} 阅读，而索引按 {expected} 建立；请用现用词典重新打开索引")
            }
            Self::Mismatch { document, reading } => {
                format!("信息 {document} 配上了 {reading} 的阅读结果；每条信息应配它自己的结果")
            }
            Self::IdTooLong { bytes, max, start } => {
                format!("信息编号有 {bytes} 字节，索引最多收 {max} 字节；它的开头是 `{start}`")
            }
            Self::CursorBack { asked, reached } => {
                format!("索引不能提交位置 {asked}：它已有到 {reached} 的信息；请提交最后放入的信息的位置")
            }
            Self::Query(error) => error.zh(),
            Self::Limit { asked, max } => format!("一页 {asked} 条太多：最多 {max} 条，其余用 `next` 翻页"),
            Self::Cursor { found } => {
                format!("`{found}` 不是这个检索和排序的翻页位置；请用上一页给出的 `next`，或去掉 `after`")
            }
        }
    }
}

impl IndexError {
    /// For `map_err` on what tantivy is asked to do.
    pub(super) fn engine(what: &'static str) -> impl Fn(TantivyError) -> Self {
        move |source| Self::Engine { what, source }
    }

    /// Whether the caller's request is at fault, not the index.
    #[must_use]
    pub fn is_request(&self) -> bool {
        match self {
            Self::Query(_) | Self::Limit { .. } | Self::Cursor { .. } => true,
            Self::Folder { .. }
            | Self::Locked { .. }
            | Self::Unfit { .. }
            | Self::Engine { .. }
            | Self::Disk { .. }
            | Self::Stored(_)
            | Self::Lexicon { .. }
            | Self::Mismatch { .. }
            | Self::IdTooLong { .. }
            | Self::CursorBack { .. } => false,
        }
    }
}

/// Whether tantivy failed because another holds the lock.
pub(super) fn is_lock(error: &TantivyError) -> bool {
    matches!(error, TantivyError::LockFailure(LockError::LockBusy, _))
}

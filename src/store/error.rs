//! What can go wrong in the store, whichever engine keeps it.

use std::error::Error;
use std::path::PathBuf;

use crate::secrets::SecretError;
use vocabulary::{Position, Said};

/// What the engine said.
type Cause = Box<dyn Error + Send + Sync>;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened or made.
    #[error("cannot open the store at {path}; check that the folder exists, is writable and not held by another run")]
    Open {
        /// The database file.
        path: PathBuf,
        /// What the engine said.
        source: Cause,
    },
    /// The file was made by a newer or damaged program.
    #[error(
        "the store at {path} has tables this program does not know; use the program that wrote it, or another --data folder"
    )]
    Migrate {
        /// The database file.
        path: PathBuf,
        /// What the migrator said.
        source: Cause,
    },
    /// The disk is full, or takes or gives nothing.
    #[error(
        "the disk did not do what the store (wanglou.sqlite) asked of it; make room there, or look after it, and start again: what was committed is kept"
    )]
    Disk {
        /// What the engine said.
        source: Cause,
    },
    /// The file is not what the engine writes.
    #[error(
        "the store (wanglou.sqlite) is damaged; bring a backup back into a new folder (`wanglou restore BACKUP --data NEW`), or move the folder away and start anew"
    )]
    Damaged {
        /// What the engine said.
        source: Cause,
    },
    /// A statement failed.
    #[error("the store refused a statement")]
    Sql(#[source] Cause),
    /// A stored value is not what this program writes: the value was changed by hand, or by a newer program.
    #[error(
        "the store holds a value that cannot be read back: table `{table}`, row `{row}`, column `{column}`; nothing was changed"
    )]
    Stored {
        /// The table.
        table: &'static str,
        /// The row, by its key.
        row: String,
        /// The column.
        column: &'static str,
        /// Why it cannot be read.
        source: Cause,
    },
    /// A value has no form that the store takes.
    #[error("a value cannot be written into the store: table `{table}`, column `{column}`")]
    Unwritable {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Why it cannot be written.
        source: Cause,
    },
    /// A secret cannot be kept or given back.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A cursor would skip or repeat (LOG-2).
    #[error("cursor of `{consumer}` stands at {found}, but its output was made from {expected}; nothing was changed")]
    Gap {
        /// Whose cursor.
        consumer: String,
        /// Where it stands.
        found: Position,
        /// Where the output began.
        expected: Position,
    },
}

impl Said for StoreError {
    fn zh(&self) -> String {
        match self {
            Self::Open { path, .. } => {
                format!("无法打开数据库 {}；请检查目录是否存在、是否可写，是否被另一个进程占用", path.display())
            }
            Self::Migrate { path, .. } => format!(
                "数据库 {} 里有本程序不认识的表（可能由更新的版本写成）；请用写它的程序，或用 --data 换一个目录",
                path.display()
            ),
            Self::Disk { .. } => {
                "磁盘没有完成数据库（wanglou.sqlite）的读写；请腾出空间或检查磁盘，然后重新启动：已提交的数据都在"
                    .to_owned()
            }
            Self::Damaged { .. } => {
                "数据库（wanglou.sqlite）已损坏；请把备份恢复到新目录（`wanglou restore BACKUP --data NEW`），\
                 或移走该目录重新开始"
                    .to_owned()
            }
            Self::Sql(_) => "数据库拒绝了一条语句".to_owned(),
            Self::Stored { table, row, column, .. } => {
                format!("数据库里有一个值无法读回：表 `{table}`，行 `{row}`，列 `{column}`；没有改动任何数据")
            }
            Self::Unwritable { table, column, .. } => format!("有一个值无法写入数据库：表 `{table}`，列 `{column}`"),
            Self::Secret(error) => error.zh(),
            Self::Gap { consumer, found, expected } => {
                format!("`{consumer}` 的游标在 {found}，而它的输出从 {expected} 开始；没有改动任何数据")
            }
        }
    }
}

impl StoreError {
    /// The error for a stored value that cannot be read back.
    pub fn stored(
        table: &'static str,
        row: impl Into<String>,
        column: &'static str,
        why: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Stored { table, row: row.into(), column, source: why.into() }
    }

    /// The error for a value that cannot be written.
    pub(crate) fn unwritable(
        table: &'static str,
        column: &'static str,
        why: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Unwritable { table, column, source: why.into() }
    }
}

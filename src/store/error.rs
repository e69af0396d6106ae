//! What can go wrong in the store, whichever engine keeps it.

use std::error::Error;
use std::path::PathBuf;

use vocabulary::Position;

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

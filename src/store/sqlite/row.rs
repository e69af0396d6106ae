//! How stored values are read back: strictly. A value that this program would not have written is an error that names table, row and column,
//! never a default.

use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

use crate::StoreError;
use vocabulary::Position;

/// A table and the columns by which an error names one of its rows. Every statement read through it selects these columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    name: &'static str,
    key: &'static [&'static str],
}

impl Table {
    pub(super) const fn new(name: &'static str, key: &'static [&'static str]) -> Self {
        Self { name, key }
    }

    /// One of its rows.
    pub(super) fn row(self, row: &SqliteRow) -> Stored<'_> {
        Stored { table: self, row }
    }

    /// All of `rows`, each read by `read`.
    pub(super) fn all<T>(
        self,
        rows: &[SqliteRow],
        read: impl Fn(Stored<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        rows.iter().map(|row| read(self.row(row))).collect()
    }

    /// A number read by a statement that gives only that number: a count, a maximum.
    pub(super) fn number(self, column: &'static str, number: i64) -> Result<u64, StoreError> {
        u64::try_from(number).map_err(|error| StoreError::stored(self.name, "any", column, error))
    }

    /// A value as JSON, to be written into a column.
    pub(super) fn to_json(self, column: &'static str, value: &(impl Serialize + ?Sized)) -> Result<String, StoreError> {
        serde_json::to_string(value).map_err(|error| StoreError::unwritable(self.name, column, error))
    }

    /// A number, to be written into a column.
    pub(super) fn to_sql(self, column: &'static str, number: u64) -> Result<i64, StoreError> {
        i64::try_from(number).map_err(|error| StoreError::unwritable(self.name, column, error))
    }
}

/// One row that a statement gave.
#[derive(Clone, Copy)]
pub(super) struct Stored<'r> {
    table: Table,
    row: &'r SqliteRow,
}

impl<'r> Stored<'r> {
    /// The value of a column as SQL holds it.
    pub(super) fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|error| match error {
            sqlx::Error::ColumnDecode { source, .. } => self.wrong(column, source),
            other => other.into(),
        })
    }

    pub(super) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.get(column)
    }

    pub(super) fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    /// A number that is not negative.
    pub(super) fn count(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.get::<i64>(column)?).map_err(|error| self.wrong(column, error))
    }

    /// A number from 0 to 2³² - 1.
    pub(super) fn small(&self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.get::<i64>(column)?).map_err(|error| self.wrong(column, error))
    }

    pub(super) fn position(&self, column: &'static str) -> Result<Position, StoreError> {
        self.count(column).map(Position)
    }

    /// Yes or no, kept as 1 or 0.
    pub(super) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.get::<i64>(column)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.wrong(column, format!("{other} is neither 0 nor 1"))),
        }
    }

    pub(super) fn moment(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.parsed(column)
    }

    pub(super) fn maybe_moment(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        let text: Option<&str> = self.get(column)?;
        text.map(|text| text.parse().map_err(|error: jiff::Error| self.wrong(column, error))).transpose()
    }

    pub(super) fn day(&self, column: &'static str) -> Result<Date, StoreError> {
        self.parsed(column)
    }

    /// A value that is kept as its code: `media`, `high`, `2024-05-01`.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T, StoreError> {
        let text: &str = self.get(column)?;
        text.parse().map_err(|error: T::Err| self.wrong(column, format!("{error} (found `{text}`)")))
    }

    /// A vocabulary type that is kept as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(self.get(column)?).map_err(|error| self.wrong(column, error))
    }

    /// The error for a value of this row that cannot be read.
    pub(super) fn wrong(&self, column: &'static str, why: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        let part = |name: &&str| {
            let text = self.row.try_get::<String, _>(*name).map_err(|_| ());
            text.or_else(|()| self.row.try_get::<i64, _>(*name).map(|number| number.to_string()))
        };
        // A key that cannot be read either leaves its place to a question mark: the error is about another column.
        let row: Vec<String> =
            self.table.key.iter().map(|name| part(name).unwrap_or_else(|_| "?".to_owned())).collect();
        StoreError::stored(self.table.name, row.join(" / "), column, why)
    }
}

/// A bound of a statement (`LIMIT`, `position > ?`): what is above the largest number that SQL knows is that number.
pub(super) fn bound(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

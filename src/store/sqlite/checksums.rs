//! Checksums of tables: a changed value is found even where SQLite itself sees nothing wrong.
//!
//! A row's checksum is taken over all its columns, a table's is the sum over its rows, modulo 2¹²⁸: rows may come and go in any order. Temporary
//! triggers of the connection that writes note every row that changes, as it was and as it is; [`settle`] adds that up before the commit.
//! Documents are many and never change: they are added as they are appended, without triggers. Not here: the structure of the file, which
//! SQLite checks ([`examine`](super::examine)).

use std::collections::BTreeMap;
use std::fmt::Write;

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use xxhash_rust::xxh3::xxh3_128;

use crate::NewEntry;

/// The table of the sums themselves.
const SUMS: &str = "table_checksums";
/// The log, which is added to in [`Sum::add_entry`].
const DOCUMENTS: &str = "documents";
/// What the migrator writes, and nobody later.
const APPLIED: &str = "_sqlx_migrations";
/// The last numbers that were given; SQLite writes them itself, past all triggers.
const SEQUENCES: &str = "sqlite_sequence";
/// The name under which stands the version of the tables that the sums were made for.
const VERSION: &str = "";

/// Everything that [`settle`] needs, in one statement: rows that changed, sums as they are, the last numbers given.
const READ: &str = "
    SELECT 0 AS kind, tbl, sign AS rows, CAST(line AS BLOB) AS value FROM temp.row_changes
    UNION ALL SELECT 1, tbl, rows, checksum FROM table_checksums
    UNION ALL SELECT 2, 'sqlite_sequence', 1,
        CAST(concat_ws(char(31), coalesce(name, char(26)), coalesce(seq, char(26))) AS BLOB) FROM sqlite_sequence";
const KEEP: &str = "
    INSERT INTO table_checksums (tbl, rows, checksum)
        SELECT value ->> 0, value ->> 1, unhex(value ->> 2) FROM json_each(?) WHERE true
        ON CONFLICT (tbl) DO UPDATE SET rows = excluded.rows, checksum = excluded.checksum;
    DELETE FROM temp.row_changes";

/// How many rows, and the sum of their checksums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) rows: i64,
    sum: u128,
}

impl Sum {
    /// Adds a row, or with `sign` -1 takes it away. `line` is what [`line_of`] makes of it.
    fn add(&mut self, sign: i64, table: &str, line: &[u8], buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(table.as_bytes());
        buffer.push(0x1f);
        buffer.extend_from_slice(line);
        let checksum = xxh3_128(buffer);
        self.rows = self.rows.wrapping_add(sign);
        self.sum = if sign < 0 { self.sum.wrapping_sub(checksum) } else { self.sum.wrapping_add(checksum) };
    }

    /// Adds a row of the log that is about to be written: the same line that [`line_of`] reads back.
    pub(super) fn add_entry(&mut self, entry: &NewEntry, buffer: &mut Vec<u8>) {
        let NewEntry { position, id, revision, text_hash, source, event_day, known_day, logged_at, body } = entry;
        let day = |day: &Option<jiff::civil::Date>| day.map_or_else(|| "\u{1a}".to_owned(), |day| day.to_string());
        let hash = data_encoding::HEXUPPER.encode(text_hash);
        let mut line = String::with_capacity(body.len() + 256);
        // Writing to a string cannot fail.
        _ = write!(
            line,
            "{position}\u{1f}{id}\u{1f}{revision}\u{1f}{hash}\u{1f}{source}\u{1f}{}\u{1f}{}\u{1f}{logged_at}\u{1f}{body}",
            day(event_day),
            day(known_day),
        );
        self.add(1, DOCUMENTS, line.as_bytes(), buffer);
    }

    fn and(self, other: Self) -> Self {
        Self { rows: self.rows.wrapping_add(other.rows), sum: self.sum.wrapping_add(other.sum) }
    }

    fn read(rows: i64, bytes: &[u8]) -> Self {
        let sum = match bytes.try_into() {
            Ok(bytes) => u128::from_be_bytes(bytes),
            // What is no sum fits no table, and stays so.
            Err(_) => 0,
        };
        Self { rows, sum }
    }

    fn row<'a>(&self, table: &'a str) -> (&'a str, i64, String) {
        (table, self.rows, data_encoding::HEXLOWER.encode(&self.sum.to_be_bytes()))
    }
}

/// The tables that have a sum, each with its columns and their types.
async fn tables(conn: &mut SqliteConnection) -> Result<BTreeMap<String, Vec<(String, String)>>, sqlx::Error> {
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT m.name, c.name, c.type FROM main.sqlite_schema AS m JOIN pragma_table_info(m.name, 'main') AS c
         WHERE m.type = 'table' AND (m.name NOT LIKE 'sqlite%' OR m.name = 'sqlite_sequence') AND m.name <> 'table_checksums'
         ORDER BY m.name, c.cid",
    )
    .fetch_all(conn)
    .await?;
    let mut tables: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (table, column, kind) in columns {
        tables.entry(table).or_default().push((column, kind));
    }
    Ok(tables)
}

/// The SQL that makes one text of a row. `of`: `NEW.`, `OLD.`, or nothing.
fn line_of(columns: &[(String, String)], of: &str) -> String {
    let values = columns.iter().map(|(column, kind)| match kind.as_str() {
        // As text a real number loses its last digits, and a blob must not be taken for one.
        "REAL" => format!("quote({of}{column:?})"),
        "BLOB" => format!("hex({of}{column:?})"),
        _ => format!("coalesce({of}{column:?}, char(26))"),
    });
    format!("concat_ws(char(31), {})", values.collect::<Vec<_>>().join(", "))
}

/// From now on this connection notes which rows it changes. To be called once, when the tables are as they will stay.
pub(super) async fn watch(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut sql =
        "CREATE TEMP TABLE row_changes (tbl TEXT NOT NULL, sign INTEGER NOT NULL, line TEXT NOT NULL) STRICT;"
            .to_owned();
    for (table, columns) in tables(conn).await? {
        if [DOCUMENTS, APPLIED, SEQUENCES].contains(&table.as_str()) {
            continue;
        }
        let (new, old) = (line_of(&columns, "NEW."), line_of(&columns, "OLD."));
        let (came, went) = (format!("('{table}', 1, {new})"), format!("('{table}', -1, {old})"));
        for (event, rows) in [("INSERT", came.clone()), ("DELETE", went.clone()), ("UPDATE", format!("{went}, {came}"))]
        {
            // Writing to a string cannot fail.
            _ = writeln!(
                sql,
                "CREATE TEMP TRIGGER \"{table} {event}\" AFTER {event} ON main.{table:?}
                 BEGIN INSERT INTO row_changes VALUES {rows}; END;"
            );
        }
    }
    // Names of tables and columns come from the migrations alone.
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
    Ok(())
}

/// Brings the sums up to what this transaction changed, `documents` being what it added to the log. The last thing before a commit.
pub(super) async fn settle(conn: &mut SqliteConnection, documents: Sum) -> Result<(), sqlx::Error> {
    let mut changed = BTreeMap::from([(DOCUMENTS.to_owned(), documents)]);
    let (mut sums, mut sequences, mut buffer) = (BTreeMap::new(), Sum::default(), Vec::new());
    {
        let mut rows = sqlx::query(READ).fetch(&mut *conn);
        while let Some(row) = rows.try_next().await? {
            let (kind, table): (i64, &str) = (row.try_get(0)?, row.try_get(1)?);
            let (number, value): (i64, &[u8]) = (row.try_get(2)?, row.try_get(3)?);
            match kind {
                0 => changed.entry(table.to_owned()).or_default().add(number, table, value, &mut buffer),
                1 => _ = sums.insert(table.to_owned(), Sum::read(number, value)),
                _ => sequences.add(number, table, value, &mut buffer),
            }
        }
    }
    changed.retain(|_, change| *change != Sum::default());
    for (table, change) in &mut changed {
        if let Some(sum) = sums.get(table) {
            *change = change.and(*sum);
        }
    }
    if sums.get(SEQUENCES) != Some(&sequences) {
        changed.insert(SEQUENCES.to_owned(), sequences);
    }
    if changed.is_empty() {
        return Ok(());
    }
    keep(conn, &changed).await
}

async fn keep(conn: &mut SqliteConnection, sums: &BTreeMap<String, Sum>) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = sums.iter().map(|(table, sum)| sum.row(table)).collect();
    let rows = serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(KEEP).bind(rows).execute(conn).await?;
    Ok(())
}

/// The sum over the rows of a table as they are.
async fn count(conn: &mut SqliteConnection, table: &str, columns: &[(String, String)]) -> Result<Sum, sqlx::Error> {
    let sql = format!("SELECT CAST({} AS BLOB) FROM main.{table:?}", line_of(columns, ""));
    let (mut sum, mut buffer) = (Sum::default(), Vec::new());
    let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(conn);
    while let Some(row) = rows.try_next().await? {
        sum.add(1, table, row.try_get(0)?, &mut buffer);
    }
    Ok(sum)
}

/// The version of the tables that the sums were made for; none when there are none.
async fn made_for(conn: &mut SqliteConnection) -> Result<Option<i64>, sqlx::Error> {
    let sql = "SELECT rows FROM table_checksums WHERE tbl = ?";
    sqlx::query_scalar(sql).bind(VERSION).fetch_optional(conn).await
}

/// Makes all sums anew when a migration has changed the tables since they were made. Needs [`watch`] first.
pub(super) async fn renew(conn: &mut SqliteConnection, version: i64) -> Result<(), sqlx::Error> {
    if made_for(conn).await? == Some(version) {
        return Ok(());
    }
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    if made_for(&mut tx).await? != Some(version) {
        let mut sums = BTreeMap::from([(VERSION.to_owned(), Sum { rows: version, sum: 0 })]);
        for (table, columns) in tables(&mut tx).await? {
            let sum = count(&mut tx, &table, &columns).await?;
            sums.insert(table, sum);
        }
        keep(&mut tx, &sums).await?;
    }
    tx.commit().await
}

/// Takes the rows of a table as they are for what was written.
pub(super) async fn recount(conn: &mut SqliteConnection, table: &str) -> Result<(), sqlx::Error> {
    let Some(columns) = tables(conn).await?.remove(table) else { return Ok(()) };
    let sum = count(conn, table, &columns).await?;
    keep(conn, &BTreeMap::from([(table.to_owned(), sum)])).await
}

/// Tables that are not what their sums say, by name, with the rows that each should have and has; none for a sum or a table that is not
/// there. Rows of all tables are counted in `rows`. To be called within a transaction, so that all belongs to one moment.
pub(super) async fn misfits(
    conn: &mut SqliteConnection,
    rows: &mut u64,
) -> Result<Vec<(String, Option<i64>, Option<i64>)>, sqlx::Error> {
    let kept: Vec<(String, i64, Vec<u8>)> =
        sqlx::query_as("SELECT tbl, rows, checksum FROM table_checksums").fetch_all(&mut *conn).await?;
    let mut kept: BTreeMap<String, Sum> =
        kept.into_iter().map(|(table, rows, sum)| (table, Sum::read(rows, &sum))).collect();
    let mut misfits = Vec::new();
    let tables = tables(conn).await?;
    let version = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut *conn).await?;
    if kept.remove(VERSION) != Some(Sum { rows: version, sum: 0 }) {
        misfits.push((SUMS.to_owned(), None, None));
    }
    for (table, columns) in tables {
        let found = count(conn, &table, &columns).await?;
        *rows += found.rows.unsigned_abs();
        match kept.remove(&table) {
            Some(sum) if sum == found => {}
            sum => misfits.push((table, sum.map(|sum| sum.rows), Some(found.rows))),
        }
    }
    misfits.extend(kept.into_iter().map(|(table, sum)| (table, Some(sum.rows), None)));
    Ok(misfits)
}

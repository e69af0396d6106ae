//! Is a database whole? Its structure by SQLite's own checks, every value by the checksums of its tables, its tables by the migrations,
//! its write-ahead log by its checksums.
#![expect(clippy::disallowed_methods, reason = "an edge: the files of the database are read here")]

use std::io::{ErrorKind, Read};
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::{BUSY_TIMEOUT, MIGRATIONS, NEWEST, SqliteStore, checksums, migrator, wal};
use crate::{Examined, StoreError};
use vocabulary::{Refused, refused};

/// Bytes of the header of the database file whose value never changes, by offset (<https://www.sqlite.org/fileformat2.html>): the magic, the
/// page size, versions, reserved space, fractions; format and default cache; the encoding; no vacuum, version or id of an application.
const FIXED: &[(usize, &[u8])] = &[
    (0, b"SQLite format 3\0\x10\x00"),
    (20, b"\x00\x40\x20\x20"),
    (44, b"\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0"),
    (72, &[0; 20]),
];
/// Versions for writing and reading, at byte 18: with a write-ahead log, and without one as in a copy that nobody has opened.
const VERSIONS: [&[u8]; 2] = [&[2, 2], &[1, 1]];

impl SqliteStore {
    pub(crate) async fn examine(path: &Path) -> Result<Examined, StoreError> {
        let mut found = Examined::default();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let wal = path.with_file_name(format!("{file}-wal"));
        let wal = read(&wal, u64::MAX)?.map(|bytes| wal::read(&bytes)).unwrap_or_default();
        if let Some(offset) = wal.damage {
            // Whoever opens it now goes on without what was committed behind the damage.
            found.unreadable = true;
            found.problems.push(refused!(
                "{file}-wal：字节 {offset} 之后与写入时不符",
                "{file}-wal: from byte {offset} on it does not hold what was written"
            ));
            return Ok(found);
        }
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
        if let Err(error) = look(&options, &file, &mut found).await {
            if is_of_the_system(&error) {
                return Err(error.into());
            }
            found.unreadable = true;
            found.problems.push(refused!("{file}：“{error}”", "{file}: {error}"));
        }
        let header = read(path, 100)?;
        let header = header.as_deref().unwrap_or(&[]);
        let wrong = FIXED.iter().find(|(at, bytes)| header.get(*at..at + bytes.len()) != Some(*bytes));
        let known = header.get(18..20).is_some_and(|versions| VERSIONS.contains(&versions));
        let wrong = wrong.map(|(at, _)| *at).or_else(|| (!known).then_some(18));
        if let Some(at) = wrong.filter(|_| !wal.first_page && !found.earlier) {
            found.problems.push(refused!(
                "{file}：文件头字节 {at} 处与写入时不符",
                "{file}: the header is not what was written, near byte {at}"
            ));
        }
        Ok(found)
    }
}

async fn look(options: &SqliteConnectOptions, file: &str, found: &mut Examined) -> Result<(), sqlx::Error> {
    let mut conn = options.connect().await?;
    // One moment for everything, while others write.
    let mut tx = conn.begin().await?;
    let problems = &mut found.problems;
    let mut problem = |problem: Refused| problems.push(problem);
    let lines: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(20)").fetch_all(&mut *tx).await?;
    for line in lines.iter().filter(|line| *line != "ok") {
        problem(refused!("{file}：“{line}”", "{file}: {line}"));
    }
    let astray: Vec<(String, String)> =
        sqlx::query_as("SELECT DISTINCT \"table\", parent FROM pragma_foreign_key_check LIMIT 20")
            .fetch_all(&mut *tx)
            .await?;
    for (table, parent) in astray {
        problem(refused!(
            "{file}：表 `{table}` 有行指向 `{parent}` 里没有的行",
            "{file}: table `{table}` has rows that point to rows which `{parent}` does not have"
        ));
    }
    let version: i64 =
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").fetch_one(&mut *tx).await?;
    if version < NEWEST {
        // An earlier version of this program wrote it: the sums come with the next opening.
        found.earlier = true;
    } else if schema(&mut tx).await? != wanted_schema().await? {
        problem(refused!(
            "{file}：表的定义与本程序建立的不同",
            "{file}: its tables are not those that this program makes"
        ));
    } else {
        let mut rows = 0;
        for (table, kept, is) in checksums::misfits(&mut tx, &mut rows).await? {
            let said = |rows: Option<i64>| rows.map_or_else(|| "-".to_owned(), |rows| rows.to_string());
            found.tables.push(table.clone());
            let (kept, is) = (said(kept), said(is));
            problem(refused!(
                "{file}：表 `{table}` 的内容与写入时不符（应有 {kept} 行，现有 {is} 行）",
                "{file}: table `{table}` does not hold what was written ({kept} rows then, {is} now)"
            ));
        }
        found.rows = rows;
    }
    tx.rollback().await?;
    conn.close().await
}

/// Name and definition of everything in the database.
async fn schema(conn: &mut SqliteConnection) -> Result<Vec<(String, String, String, Option<String>)>, sqlx::Error> {
    sqlx::query_as("SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY name, type").fetch_all(conn).await
}

/// The same of a database that was just made.
async fn wanted_schema() -> Result<Vec<(String, String, String, Option<String>)>, sqlx::Error> {
    let mut memory = SqliteConnectOptions::new().in_memory(true).connect().await?;
    migrator(MIGRATIONS).run(&mut memory).await.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
    schema(&mut memory).await
}

/// Whether an error says nothing of what the file holds: it is locked, there is no memory, the disk is full or fails, it cannot be opened.
fn is_of_the_system(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    // A read behind the end of the file is damage.
    code.is_some_and(|code| code != 522 && matches!(code & 0xff, 5 | 6 | 7 | 10 | 13 | 14))
}

/// The first bytes of a file; none when there is no such file.
fn read(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let mut bytes = Vec::new();
    match std::fs::File::open(path).and_then(|file| file.take(bytes_max).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::Disk { source: error.into() }),
    }
}

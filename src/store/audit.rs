//! The audit log in SQL: append-only, each line chained to the one before it by its digest.
//!
//! The digest of a line is BLAKE3 over `previous digest ‖ 0x0A ‖ number ‖ 0x0A ‖ body`. Whoever changes, drops or inserts a line breaks
//! every later link; whoever writes all of them anew is found by a digest noted elsewhere (`wanglou audit verify --head DIGEST`).

use sqlx::{Sqlite, Transaction};

use super::alerts::{from_json, to_json};
use super::{Store, StoreError};
use crate::vocabulary::AuditEntry;

/// Lines read at once while a chain is verified.
const LINES_AT_ONCE: i64 = 5_000;

/// A line with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AuditLine {
    /// Its number, from 1.
    pub seq: u64,
    /// What it says.
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// Digest of the line before; empty for the first.
    pub previous: String,
    /// Its own digest.
    pub digest: String,
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditBreak {
    /// The first line that does not fit.
    pub seq: u64,
    /// What is wrong with it.
    pub why: &'static str,
}

/// A line as it is stored: number, body, previous digest, digest.
type Row = (i64, String, String, String);

fn digest_of(previous: &str, seq: i64, body: &str) -> String {
    blake3::hash(format!("{previous}\n{seq}\n{body}").as_bytes()).to_hex().to_string()
}

impl Store {
    /// Appends a line, in the transaction of what it tells of.
    pub async fn add_audit(tx: &mut Transaction<'static, Sqlite>, entry: &AuditEntry) -> Result<(), StoreError> {
        let last: Option<(i64, String)> =
            sqlx::query_as("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1").fetch_optional(&mut **tx).await?;
        let (last, previous) = last.unwrap_or_default();
        let body = to_json("audit entry", entry)?;
        sqlx::query("INSERT INTO audit (seq, body, previous, digest) VALUES (?, ?, ?, ?)")
            .bind(last + 1)
            .bind(&body)
            .bind(&previous)
            .bind(digest_of(&previous, last + 1, &body))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Lines behind number `after`, in order, at most `limit`.
    pub async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let read = |(seq, body, previous, digest): Row| -> Result<AuditLine, StoreError> {
            Ok(AuditLine {
                seq: u64::try_from(seq).unwrap_or(0),
                entry: from_json("audit entry", &body)?,
                previous,
                digest,
            })
        };
        let rows = self.audit_rows(i64::try_from(after).unwrap_or(i64::MAX), i64::from(limit)).await?;
        rows.into_iter().map(read).collect()
    }

    /// Number of the last line; 0 before the first.
    pub async fn audit_end(&self) -> Result<u64, StoreError> {
        let last: Option<i64> = sqlx::query_scalar("SELECT max(seq) FROM audit").fetch_one(self.reader()).await?;
        Ok(last.and_then(|last| u64::try_from(last).ok()).unwrap_or(0))
    }

    /// Walks the whole chain: how many lines there are and the digest of the last one, or the first line that does not fit. A digest
    /// in `known` must be that of some line: it was noted when that line was the last.
    pub async fn verify_audit(&self, known: Option<&str>) -> Result<Result<(u64, String), AuditBreak>, StoreError> {
        let (mut last, mut previous, mut met) = (0, String::new(), known.is_none());
        loop {
            let rows = self.audit_rows(last, LINES_AT_ONCE).await?;
            if rows.is_empty() {
                let count = u64::try_from(last).unwrap_or(0);
                let why = "no line has the digest that was noted: lines were cut off or written anew";
                return Ok(if met { Ok((count, previous)) } else { Err(AuditBreak { seq: count, why }) });
            }
            for (seq, body, linked, digest) in rows {
                let wrong = if seq != last + 1 {
                    Some("lines before it are missing")
                } else if linked != previous {
                    Some("it is not linked to the line before it")
                } else if digest != digest_of(&previous, seq, &body) {
                    Some("its text is not what was digested")
                } else {
                    None
                };
                if let Some(why) = wrong {
                    return Ok(Err(AuditBreak { seq: u64::try_from(seq).unwrap_or(0), why }));
                }
                met |= known == Some(digest.as_str());
                (last, previous) = (seq, digest);
            }
        }
    }

    async fn audit_rows(&self, after: i64, limit: i64) -> Result<Vec<Row>, StoreError> {
        Ok(sqlx::query_as("SELECT seq, body, previous, digest FROM audit WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(after)
            .bind(limit)
            .fetch_all(self.reader())
            .await?)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::vocabulary::AuditKind;

    async fn three_lines() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().expect("a folder");
        let store = Store::open(&dir.path().join("wanglou.sqlite")).await.expect("open");
        for who in ["甲", "乙", "丙"] {
            let mut tx = store.begin().await.expect("begin");
            let (about, detail) = (String::new(), String::new());
            let entry =
                AuditEntry { at: Timestamp::UNIX_EPOCH, who: who.into(), what: AuditKind::SignIn, about, detail };
            Store::add_audit(&mut tx, &entry).await.expect("added");
            tx.commit().await.expect("commit");
        }
        (dir, store)
    }

    async fn tamper(store: &Store, statement: &'static str) {
        let mut tx = store.begin().await.expect("begin");
        for trigger in ["DROP TRIGGER audit_stays", "DROP TRIGGER audit_lasts"] {
            sqlx::query(trigger).execute(&mut *tx).await.expect("dropped");
        }
        sqlx::query(statement).execute(&mut *tx).await.expect("changed");
        tx.commit().await.expect("commit");
    }

    #[tokio::test]
    async fn a_whole_chain_is_verified_and_cannot_be_changed_by_statements() {
        let (_dir, store) = three_lines().await;
        let (count, head) = store.verify_audit(None).await.expect("read").expect("whole");
        assert_eq!((count, store.audit_end().await.expect("read")), (3, 3));
        assert_eq!(store.verify_audit(Some(&head)).await.expect("read"), Ok((3, head)));
        let mut tx = store.begin().await.expect("begin");
        assert!(sqlx::query("DELETE FROM audit").execute(&mut *tx).await.is_err());
        assert!(sqlx::query("UPDATE audit SET body = ''").execute(&mut *tx).await.is_err());
    }

    #[tokio::test]
    async fn a_changed_dropped_or_cut_line_is_found() {
        for (statement, seq) in [
            ("UPDATE audit SET body = replace(body, '乙', '丁') WHERE seq = 2", 2),
            ("DELETE FROM audit WHERE seq = 1", 2),
            ("DELETE FROM audit WHERE seq = 2", 3),
            ("UPDATE audit SET previous = '' WHERE seq = 3", 3),
        ] {
            let (_dir, store) = three_lines().await;
            tamper(&store, statement).await;
            let found = store.verify_audit(None).await.expect("read").expect_err(statement);
            assert_eq!(found.seq, seq, "{statement}: {}", found.why);
        }
        let (_dir, store) = three_lines().await;
        let (_, head) = store.verify_audit(None).await.expect("read").expect("whole");
        tamper(&store, "DELETE FROM audit WHERE seq = 3").await;
        assert!(store.verify_audit(None).await.expect("read").is_ok(), "a cut at the end leaves a chain that fits");
        assert!(store.verify_audit(Some(&head)).await.expect("read").is_err(), "but not the digest that was noted");
    }
}

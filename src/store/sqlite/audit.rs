//! The audit log: append-only, each line chained to the one before it by its digest.

use crate::audit::digest_of;
use crate::sqlite::row::{Stored, Table, bound};
use crate::sqlite::{SqliteStore, SqliteTx};
use crate::{AuditBreak, AuditLine, StoreError};
use vocabulary::{AuditEntry, refused};

/// Lines read at once while a chain is verified.
const LINES_AT_ONCE: u32 = 5_000;

const AUDIT: Table = Table::new("audit", &["seq"]);

/// A line as it is stored: its body is what was digested.
struct Line {
    seq: u64,
    body: String,
    previous: String,
    digest: String,
}

fn line(row: Stored<'_>) -> Result<Line, StoreError> {
    Ok(Line {
        seq: row.count("seq")?,
        body: row.text("body")?,
        previous: row.text("previous")?,
        digest: row.text("digest")?,
    })
}

impl SqliteStore {
    pub(crate) async fn add_audit(tx: &mut SqliteTx, entry: &AuditEntry) -> Result<(), StoreError> {
        let last =
            sqlx::query("SELECT seq, digest FROM audit ORDER BY seq DESC LIMIT 1").fetch_optional(&mut **tx).await?;
        let (last, previous) = match &last {
            Some(row) => (AUDIT.row(row).count("seq")?, AUDIT.row(row).text("digest")?),
            None => (0, String::new()),
        };
        let body = AUDIT.to_json("body", entry)?;
        sqlx::query("INSERT INTO audit (seq, body, previous, digest) VALUES (?, ?, ?, ?)")
            .bind(AUDIT.to_sql("seq", last + 1)?)
            .bind(&body)
            .bind(&previous)
            .bind(digest_of(&previous, last + 1, &body))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(crate) async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditLine>, StoreError> {
        let rows = self.audit_rows(after, limit).await?;
        AUDIT.all(&rows, |row| {
            let Line { seq, previous, digest, .. } = line(row)?;
            Ok(AuditLine { seq, entry: row.json("body")?, previous, digest })
        })
    }

    pub(crate) async fn audit_end(&self) -> Result<u64, StoreError> {
        let last = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM audit").fetch_one(self.reader()).await?;
        AUDIT.number("seq", last)
    }

    pub(crate) async fn verify_audit(
        &self,
        known: Option<&str>,
    ) -> Result<Result<(u64, String), AuditBreak>, StoreError> {
        let (mut last, mut chained, mut met) = (0, String::new(), known.is_none());
        loop {
            let rows = self.audit_rows(last, LINES_AT_ONCE).await?;
            if rows.is_empty() {
                let why = refused!(
                    "没有一行的摘要是当时记下的：有行被截去或重写",
                    "no line has the digest that was noted: lines were cut off or written anew"
                );
                return Ok(if met { Ok((last, chained)) } else { Err(AuditBreak { seq: last, why }) });
            }
            for Line { seq, body, previous, digest } in AUDIT.all(&rows, line)? {
                let wrong = if seq != last + 1 {
                    Some(refused!("它之前缺行", "lines before it are missing"))
                } else if previous != chained {
                    Some(refused!("它没有接在前一行之后", "it is not linked to the line before it"))
                } else if digest != digest_of(&chained, seq, &body) {
                    Some(refused!("它的内容与摘要不符", "its text is not what was digested"))
                } else {
                    None
                };
                if let Some(why) = wrong {
                    return Ok(Err(AuditBreak { seq, why }));
                }
                met |= known == Some(digest.as_str());
                (last, chained) = (seq, digest);
            }
        }
    }

    async fn audit_rows(&self, after: u64, limit: u32) -> Result<Vec<sqlx::sqlite::SqliteRow>, StoreError> {
        Ok(sqlx::query("SELECT seq, body, previous, digest FROM audit WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(bound(after))
            .bind(limit)
            .fetch_all(self.reader())
            .await?)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sqlx::AssertSqlSafe;

    use crate::audit::digest_of;
    use crate::sqlite::own;
    use crate::{Engine, Store};
    use vocabulary::{AuditEntry, AuditKind};

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

    impl Store {
        /// All lines as they are stored.
        async fn audit_rows_of_tests(&self) -> Vec<super::Line> {
            let Engine::Sqlite(engine) = &self.engine;
            let rows = engine.audit_rows(0, 100).await.expect("read");
            super::AUDIT.all(&rows, super::line).expect("good rows")
        }
    }

    async fn tamper(store: &Store, statement: &str) {
        let mut tx = store.begin().await.expect("begin");
        for trigger in ["DROP TRIGGER audit_stays", "DROP TRIGGER audit_lasts"] {
            sqlx::query(trigger).execute(&mut **own(&mut tx)).await.expect("dropped");
        }
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut **own(&mut tx)).await.expect("changed");
        tx.commit().await.expect("commit");
    }

    #[tokio::test]
    async fn a_whole_chain_is_verified_and_cannot_be_changed_by_statements() {
        let (_dir, store) = three_lines().await;
        let (count, head) = store.verify_audit(None).await.expect("read").expect("whole");
        assert_eq!((count, store.audit_end().await.expect("read")), (3, 3));
        assert_eq!(store.verify_audit(Some(&head)).await.expect("read"), Ok((3, head)));
        let mut tx = store.begin().await.expect("begin");
        assert!(sqlx::query("DELETE FROM audit").execute(&mut **own(&mut tx)).await.is_err());
        assert!(sqlx::query("UPDATE audit SET body = ''").execute(&mut **own(&mut tx)).await.is_err());
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
        // Whoever changes a line and digests it anew has to do so with all lines after it.
        let (_dir, store) = three_lines().await;
        let lines = store.audit_rows_of_tests().await;
        let changed = lines[1].body.replace('乙', "丁");
        let digest = digest_of(&lines[1].previous, 2, &changed);
        let statement = format!("UPDATE audit SET body = '{changed}', digest = '{digest}' WHERE seq = 2");
        tamper(&store, &statement).await;
        let found = store.verify_audit(None).await.expect("read").expect_err("the next line is linked to another");
        assert_eq!((found.seq, found.why.en.as_str()), (3, "it is not linked to the line before it"));

        let (_dir, store) = three_lines().await;
        let (_, head) = store.verify_audit(None).await.expect("read").expect("whole");
        tamper(&store, "DELETE FROM audit WHERE seq = 3").await;
        assert!(store.verify_audit(None).await.expect("read").is_ok(), "a cut at the end leaves a chain that fits");
        assert!(store.verify_audit(Some(&head)).await.expect("read").is_err(), "but not the digest that was noted");
    }
}

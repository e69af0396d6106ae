//! The frontier and the schedule in SQL.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::StoreError;
use crate::frontier::{FrontierPage, PageState, RoundMark, Schedule};
use crate::sqlite::SqliteStore;
use crate::sqlite::row::{Stored, Table};
use vocabulary::{Intake, Meta, SourceId};

const FRONTIER: Table = Table::new("frontier", &["source", "url"]);
/// Pages of one source, counted.
const PAGES: Table = Table::new("frontier", &["source"]);
const SCHEDULE: Table = Table::new("schedule", &["source"]);

impl SqliteStore {
    pub(crate) async fn discover(
        &self,
        source: &SourceId,
        found: &[(String, Meta)],
        now: Timestamp,
    ) -> Result<Vec<FrontierPage>, StoreError> {
        let urls: Vec<&str> = found.iter().map(|(url, _)| url.as_str()).collect();
        let rows = sqlx::query(
            "SELECT frontier.* FROM json_each(?2) AS asked CROSS JOIN frontier
             WHERE frontier.source = ?1 AND frontier.url = asked.value",
        )
        .bind(source.as_str())
        .bind(FRONTIER.to_json("url", &urls)?)
        .fetch_all(self.reader())
        .await?;
        let mut known: BTreeMap<String, FrontierPage> = BTreeMap::new();
        for page in FRONTIER.all(&rows, read_page)? {
            known.insert(page.url.clone(), page);
        }
        let (mut pages, mut news) = (Vec::with_capacity(found.len()), Vec::new());
        for (url, hints) in found {
            let page = known.get(url).cloned();
            if page.as_ref().is_none_or(|page| page.hints != *hints) {
                news.push((url.as_str(), FRONTIER.to_json("hints", hints)?));
            }
            let page = page.map(|page| FrontierPage { hints: hints.clone(), ..page });
            pages.push(page.unwrap_or_else(|| FrontierPage::found(url.clone(), hints.clone())));
        }
        if !news.is_empty() {
            let mut tx = self.begin().await?;
            sqlx::query(
                "INSERT INTO frontier (source, url, state, hints, found_at)
                 SELECT ?1, value ->> 0, 'waiting', value ->> 1, ?3 FROM json_each(?2) WHERE true
                 ON CONFLICT (source, url) DO UPDATE SET hints = excluded.hints",
            )
            .bind(source.as_str())
            .bind(FRONTIER.to_json("hints", &news)?)
            .bind(now.to_string())
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
        }
        Ok(pages)
    }

    pub(crate) async fn unfinished(
        &self,
        source: &SourceId,
        tries_max: u32,
        limit: u32,
    ) -> Result<Vec<FrontierPage>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM frontier WHERE source = ? AND state IN ('waiting', 'failed') AND tries < ? \
             ORDER BY found_at, url LIMIT ?",
        )
        .bind(source.as_str())
        .bind(i64::from(tries_max))
        .bind(i64::from(limit))
        .fetch_all(self.reader())
        .await?;
        FRONTIER.all(&rows, read_page)
    }

    pub(crate) async fn mark(
        &self,
        source: &SourceId,
        pages: &[FrontierPage],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if pages.is_empty() {
            return Ok(());
        }
        let marks: Vec<_> = pages
            .iter()
            .map(|page| {
                let fetched_at = page.fetched_at.map(|at| at.to_string());
                let FrontierPage {
                    url, state, tries, documents, etag, last_modified, content_hash, same_times, ..
                } = page;
                (url, state.code(), fetched_at, tries, documents, etag, last_modified, content_hash, same_times)
            })
            .collect();
        let mut tx = self.begin().await?;
        sqlx::query(
            // An upsert and no UPDATE … FROM: that one would walk all of the source's pages for each mark.
            "INSERT INTO frontier
               (source, url, state, fetched_at, tries, documents, etag, last_modified, content_hash, same_times, found_at)
             SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
               value ->> 7, value ->> 8, ?3 FROM json_each(?2) WHERE true
             ON CONFLICT (source, url) DO UPDATE SET state = excluded.state, fetched_at = excluded.fetched_at,
               tries = excluded.tries, documents = excluded.documents, etag = excluded.etag,
               last_modified = excluded.last_modified, content_hash = excluded.content_hash,
               same_times = excluded.same_times",
        )
        .bind(source.as_str())
        .bind(FRONTIER.to_json("state", &marks)?)
        .bind(now.to_string())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn counts(&self, source: &SourceId) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows = sqlx::query("SELECT source, state, count(*) AS pages FROM frontier WHERE source = ? GROUP BY state")
            .bind(source.as_str())
            .fetch_all(self.reader())
            .await?;
        Ok(PAGES.all(&rows, |row| Ok((state(row)?.code().to_owned(), row.count("pages")?)))?.into_iter().collect())
    }

    pub(crate) async fn next_due(&self, source: &SourceId) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.schedule(source).await?.map(|schedule| schedule.due_at))
    }

    pub(crate) async fn schedule(&self, source: &SourceId) -> Result<Option<Schedule>, StoreError> {
        let row = sqlx::query("SELECT * FROM schedule WHERE source = ?")
            .bind(source.as_str())
            .fetch_optional(self.reader())
            .await?;
        row.map(|row| {
            let row = SCHEDULE.row(&row);
            Ok(Schedule {
                due_at: row.moment("due_at")?,
                last_at: row.moment("last_at")?,
                rounds: row.count("rounds")?,
                last: RoundMark {
                    intake: Intake {
                        collected: row.count("collected")?,
                        kept: row.count("kept")?,
                        duplicate: row.count("duplicate")?,
                        unchanged: row.count("unchanged")?,
                        rejected: row.count("rejected")?,
                    },
                    problems: row.count("problems")?,
                    stopped: row.maybe_text("stopped")?,
                },
            })
        })
        .transpose()
    }

    pub(crate) async fn begin_round(&self, source: &SourceId) -> Result<bool, StoreError> {
        let complete = self.schedule(source).await?.is_some_and(|schedule| schedule.last.stopped.is_none());
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE schedule SET stopped = 'interrupted' WHERE source = ?")
            .bind(source.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(complete)
    }

    pub(crate) async fn mark_round(
        &self,
        source: &SourceId,
        now: Timestamp,
        due_at: Timestamp,
        round: &RoundMark,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO schedule (source, due_at, last_at, rounds, collected, kept, duplicate, unchanged, rejected, \
             problems, stopped) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (source) DO UPDATE SET due_at = excluded.due_at, last_at = excluded.last_at, \
             rounds = rounds + 1, collected = excluded.collected, kept = excluded.kept, \
             duplicate = excluded.duplicate, unchanged = excluded.unchanged, rejected = excluded.rejected, \
             problems = excluded.problems, stopped = excluded.stopped",
        )
        .bind(source.as_str())
        .bind(due_at.to_string())
        .bind(now.to_string())
        .bind(SCHEDULE.to_sql("collected", round.intake.collected)?)
        .bind(SCHEDULE.to_sql("kept", round.intake.kept)?)
        .bind(SCHEDULE.to_sql("duplicate", round.intake.duplicate)?)
        .bind(SCHEDULE.to_sql("unchanged", round.intake.unchanged)?)
        .bind(SCHEDULE.to_sql("rejected", round.intake.rejected)?)
        .bind(SCHEDULE.to_sql("problems", round.problems)?)
        .bind(&round.stopped)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn state(row: Stored<'_>) -> Result<PageState, StoreError> {
    let code: &str = row.get("state")?;
    PageState::of(code).ok_or_else(|| row.wrong("state", format!("there is no state `{code}`")))
}

fn read_page(row: Stored<'_>) -> Result<FrontierPage, StoreError> {
    Ok(FrontierPage {
        url: row.text("url")?,
        state: state(row)?,
        hints: row.json("hints")?,
        fetched_at: row.maybe_moment("fetched_at")?,
        tries: row.small("tries")?,
        documents: row.small("documents")?,
        etag: row.maybe_text("etag")?,
        last_modified: row.maybe_text("last_modified")?,
        content_hash: row.maybe_text("content_hash")?,
        same_times: row.small("same_times")?,
    })
}

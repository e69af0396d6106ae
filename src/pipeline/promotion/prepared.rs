//! A promotion prepared: the log read again by other rules into folders beside those in use; and the change to these folders.
//!
//! [`Tower::prepare_promotion`] takes as long as reading the log does; turns and searches go on meanwhile. [`Tower::put_in_force`] reads
//! what came in since, marks the promotion as counting in one transaction with the listings and the audit log, moves the folders, and
//! changes the edition. Killed before the transaction, nothing has happened; killed after it, the next start finds outputs of other rules
//! and reads the log again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::{line, load, notice};
use crate::edition::{SIGNALS, Working, stop_words};
use crate::judge::Judge;
use crate::operate::{BESIDE, remove, rename, replace};
use crate::reading::{BATCH_MAX, LISTINGS, ReadEntry, index_batch, read_batch};
use crate::{PipelineError, Tower};
use archive::SignalParts;
use index::{SearchIndex, Thesaurus, Writer};
use lexicon::Lexicon;
use log::Journal;
use store::{Promotion, Store};
use vocabulary::{Listing, NoticeKind, Position};

/// Signals that are being made, and those that were replaced; below the data folder.
const SIGNALS_BESIDE: &str = "signals.new";
const SIGNALS_REPLACED: &str = "signals.old";

/// A promotion whose outputs are made.
pub struct PreparedPromotion {
    row: Promotion,
    lexicon: Arc<Lexicon>,
    judge: Arc<Judge>,
    /// None when only the criteria are others: what was read stays.
    made: Option<Made>,
}

impl PreparedPromotion {
    /// What was asked for.
    #[must_use]
    pub fn row(&self) -> &Promotion {
        &self.row
    }
}

/// Outputs up to a place in the log.
struct Made {
    writer: Writer,
    parts: SignalParts,
    /// The newest of each item.
    listings: BTreeMap<(String, String), Listing>,
    at: Position,
    documents: u64,
}

/// Outputs that are whole, and what the store is to hold of them.
struct Finished {
    listings: BTreeMap<(String, String), Listing>,
    at: Position,
    documents: u64,
}

impl Tower {
    /// Reads the log by the rules of a promotion, into folders beside those in use. `tell` hears how many documents were read.
    ///
    /// # Errors
    /// Rules that are not what was promoted, or a disk that fails; what is in use is untouched.
    pub async fn prepare_promotion(
        &self,
        row: Promotion,
        tell: &(dyn Fn(u64) + Sync),
    ) -> Result<PreparedPromotion, PipelineError> {
        if self.rules_named() {
            return Err(PipelineError::refused(
                "运行中的服务的设置指定了词典或评价标准，优先于启用的规则",
                "the settings of the running service name a lexicon or criteria, which outrank what is promoted",
            ));
        }
        let (data, asked) = (self.data_dir().to_owned(), row.clone());
        let (lexicon, judge) = tokio::task::spawn_blocking(move || load(&data, &asked)).await??;
        let judge = Arc::new(judge);
        let made = if lexicon.version() == self.lexicon().version() {
            None
        } else {
            let made = Made::begin(self.data_dir(), &lexicon)?;
            Some(made.follow(self.log(), &lexicon, tell).await?)
        };
        Ok(PreparedPromotion { row, lexicon, judge, made })
    }

    /// Changes to the outputs of a prepared promotion. Nobody may read the log for the tower meanwhile.
    ///
    /// # Errors
    /// When the returned promotion has `in_force_at`, it counts although something after it failed: the tower must be opened again.
    pub async fn put_in_force(&self, prepared: PreparedPromotion, now: Timestamp) -> Result<Promotion, NotInForce> {
        let PreparedPromotion { row, lexicon, judge, made } = prepared;
        let made = match made {
            None => None,
            Some(made) => Some(made.finish(self.log(), &lexicon).await.map_err(NotInForce::Before)?),
        };
        let documents = made.as_ref().map_or(0, |made| made.documents);
        let row = Promotion { in_force_at: Some(now), documents, ..row };
        self.mark(&row, made.as_ref(), now).await.map_err(NotInForce::Before)?;
        self.change(lexicon, judge, made.is_some()).await.map_err(NotInForce::After)?;
        // Watches are no part of an edition: they are told here of what came in just before.
        self.read_new().await.map_err(NotInForce::After)?;
        Ok(row)
    }

    /// One transaction: it counts, and the listings are sorted by it.
    async fn mark(&self, row: &Promotion, made: Option<&Finished>, now: Timestamp) -> Result<(), PipelineError> {
        let (from, _) = self.store().cursor(LISTINGS).await?;
        let mut tx = self.store().begin().await?;
        Store::put_promotion(&mut tx, row).await?;
        let detail = format!("in force, {} documents read again: {}", row.documents, row.why);
        Store::add_audit(&mut tx, &line(row, now, detail)).await?;
        let text = format!("{}启用了新的规则（{}），重读{}条信息", row.by, row.why, row.documents);
        Store::add_notice(&mut tx, &notice(row, NoticeKind::RulesInForce, now, text)).await?;
        if let Some(made) = made {
            Store::clear_listings(&mut tx).await?;
            for listing in made.listings.values() {
                Store::put_listing(&mut tx, listing).await?;
            }
            Store::move_cursor(&mut tx, LISTINGS, from, made.at, row.lexicon.as_str()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Moves the folders, where there are new ones, and shows the new edition.
    async fn change(&self, lexicon: Arc<Lexicon>, judge: Arc<Judge>, made: bool) -> Result<(), PipelineError> {
        let working = self.working();
        if !made {
            self.change_edition(working.judged_by(judge));
            return Ok(());
        }
        let (data, end) = (self.data_dir().to_owned(), self.log().end().await?);
        let change = move || -> Result<Working, PipelineError> {
            working.outputs.end()?;
            replace(&data)?;
            let (signals, prepared) = (data.join(SIGNALS), data.join(SIGNALS_BESIDE));
            let replaced = data.join(SIGNALS_REPLACED);
            remove(&replaced)?;
            rename(&signals, &replaced)?;
            rename(&prepared, &signals)?;
            remove(&replaced)?;
            Working::open(&data, lexicon, judge, end)
        };
        self.change_edition(tokio::task::spawn_blocking(change).await??);
        Ok(())
    }
}

/// Why a promotion is not in force as it should be.
#[derive(Debug, thiserror::Error)]
pub enum NotInForce {
    /// It does not count; the tower works on as before.
    #[error(transparent)]
    Before(PipelineError),
    /// It counts, and this tower cannot go on: the next start reads the log again.
    #[error(transparent)]
    After(PipelineError),
}

impl vocabulary::Said for NotInForce {
    fn zh(&self) -> String {
        match self {
            Self::Before(error) | Self::After(error) => error.zh(),
        }
    }
}

impl Made {
    fn begin(data: &Path, lexicon: &Arc<Lexicon>) -> Result<Self, PipelineError> {
        clear(data)?;
        let (index, signals) = (data.join(BESIDE), data.join(SIGNALS_BESIDE));
        let stop_words = stop_words(lexicon);
        let (index, _) = SearchIndex::open(&index, Arc::clone(lexicon.jieba()), lexicon.version(), &stop_words)?;
        let writer = index.knowing(Thesaurus::shared(lexicon)).writer()?;
        let mut parts = SignalParts::open(&signals)?;
        parts.restart(lexicon.version())?;
        Ok(Self { writer, parts, listings: BTreeMap::new(), at: Position(0), documents: 0 })
    }

    /// Reads what the log has behind its place.
    async fn follow(
        mut self,
        log: &Journal,
        lexicon: &Arc<Lexicon>,
        tell: &(dyn Fn(u64) + Sync),
    ) -> Result<Self, PipelineError> {
        loop {
            let batch = log.read_after(self.at, BATCH_MAX).await?;
            let Some(to) = batch.last().map(|entry| entry.position) else { return Ok(self) };
            let lexicon = Arc::clone(lexicon);
            let mut made = self;
            let took = move || -> Result<Self, PipelineError> {
                made.take(to, read_batch(&lexicon, batch))?;
                Ok(made)
            };
            self = tokio::task::spawn_blocking(took).await??;
            tell(self.documents);
        }
    }

    fn take(&mut self, to: Position, read: Vec<ReadEntry>) -> Result<(), PipelineError> {
        index_batch(&mut self.writer, self.at, to, &read)?;
        self.documents += read.len() as u64;
        let mut records = Vec::new();
        for entry in read {
            if let Some(listing) = entry.listing {
                self.listings.insert((listing.platform.clone(), listing.item_id.clone()), listing);
            }
            records.extend(entry.records);
        }
        self.parts.publish(to, &records)?;
        self.at = to;
        Ok(())
    }

    /// Reads the rest and ends the writing: what takes its time is done before anything counts.
    async fn finish(self, log: &Journal, lexicon: &Arc<Lexicon>) -> Result<Finished, PipelineError> {
        let Self { writer, listings, at, documents, .. } = self.follow(log, lexicon, &|_| ()).await?;
        tokio::task::spawn_blocking(move || writer.close()).await??;
        Ok(Finished { listings, at, documents })
    }
}

/// Removes outputs of a promotion that did not come in force.
pub(super) fn clear(data: &Path) -> Result<(), PipelineError> {
    [BESIDE, SIGNALS_BESIDE, SIGNALS_REPLACED].iter().try_for_each(|name| remove(&data.join(name)))
}

//! LOG ──► extract ──► signals, index, listings, watches. The reader is pure; this file moves the cursors of its outputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{PipelineError, Tower};
use index::Writer;
use lexicon::Lexicon;
use log::Entry;
use store::Store;
use vocabulary::{
    Category, Channel, Document, DocumentId, Fingerprint, LexiconVersion, Listing, Party, Position, Reading,
    SignalRecord, SourceId, day_of, excerpt,
};

/// Documents read, published and committed together.
pub(super) const BATCH_MAX: usize = 10_000;
/// Characters of a text that stand for the title of a listing without one.
const TITLE_CHARS_MAX: usize = 60;
/// Name of the cursor of the listings table; its detail is the lexicon that sorted the listings into categories.
pub(super) const LISTINGS: &str = "listings";

// The log tells two sources with one id apart by `SOURCE/ID`; an id that the index refused would stop it for ever.
const _: () = assert!(SourceId::BYTES_MAX + 1 + DocumentId::BYTES_MAX <= index::ID_BYTES_MAX);

/// One document with what was read in it.
#[derive(Debug)]
pub struct ReadEntry {
    /// Its place in the log.
    pub position: Position,
    /// The document.
    pub document: Document,
    /// What was read.
    pub reading: Reading,
    /// Its signals, ready to be scored; none when the document has no time.
    pub records: Vec<SignalRecord>,
    /// Where the product is sold, when the document is a listing.
    pub listing: Option<Listing>,
}

/// What [`Tower::read_new`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadReport {
    /// Documents read.
    pub documents: u64,
    /// Signals found in them.
    pub signals: u64,
    /// Documents with a problem noted in their reading.
    pub problems: u64,
    /// Documents without any time, and pages that name no day: they are found, but count for no day.
    pub undated: u64,
}

/// Reads documents on all cores; same order out as in. The one stage that live running and import share.
#[must_use]
pub fn read_batch(lexicon: &Lexicon, entries: Vec<Entry>) -> Vec<ReadEntry> {
    entries.into_par_iter().map(|entry| read_one(lexicon, entry)).collect()
}

/// The signals and listings of a batch, in the order of its documents; each listing with the day on which it could be known.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct BatchSignals {
    pub(super) records: Vec<SignalRecord>,
    pub(super) offers: Vec<(Option<Date>, Listing)>,
}

/// Like [`read_batch`], but gives only what a replay needs: the same signals and listings, for much less work.
pub(super) fn read_batch_for_signals(lexicon: &Lexicon, entries: Vec<Entry>) -> BatchSignals {
    let read = |Entry { position, document }: Entry| {
        let reading = extract::read_for_signals(&document, lexicon);
        let records = reading.map(|reading| extract::signal_records(&document, &reading, position)).unwrap_or_default();
        let offer = listing_of(&document, lexicon).map(|listing| (document.known_at().map(day_of), listing));
        (records, offer)
    };
    let each: Vec<_> = entries.into_par_iter().map(read).collect();
    let mut batch = BatchSignals::default();
    for (records, offer) in each {
        batch.records.extend(records);
        batch.offers.extend(offer);
    }
    batch
}

/// Puts what was read behind `from` into an index and commits it up to `to`.
pub(super) fn index_batch(
    writer: &mut Writer,
    from: Position,
    to: Position,
    read: &[ReadEntry],
) -> Result<(), PipelineError> {
    let fresh: Vec<&ReadEntry> = read.iter().filter(|entry| entry.position > from).collect();
    let prints: Vec<Fingerprint> = fresh.par_iter().map(|entry| extract::fingerprint(&entry.document.text)).collect();
    for (entry, print) in fresh.into_iter().zip(&prints) {
        writer.put(&entry.document, &entry.reading, print, entry.position)?;
    }
    Ok(writer.commit(to)?)
}

fn read_one(lexicon: &Lexicon, Entry { position, document }: Entry) -> ReadEntry {
    let reading = extract::read(&document, lexicon);
    let records = extract::signal_records(&document, &reading, position);
    let listing = listing_of(&document, lexicon);
    ReadEntry { position, document, reading, records, listing }
}

/// A platform's document with an item id and what it costs or sells is a listing: something a sample can be bought from.
/// A review names its item too, but is no offer: it carries a rating.
fn listing_of(document: &Document, lexicon: &Lexicon) -> Option<Listing> {
    let offers = ["price", "sold"].iter().any(|key| document.meta.contains_key(*key));
    if document.channel != Channel::Platform || !offers || document.meta.contains_key("rating") {
        return None;
    }
    let text = |key| document.meta_str(key).map(str::to_owned);
    let item_id = text("item_id")?;
    let seller = text("seller")?;
    let category = extract::category_of_meta(document, lexicon).unwrap_or(Category::OtherProduct);
    let title = document.title.clone().unwrap_or_else(|| excerpt(&document.text, TITLE_CHARS_MAX));
    // Samples are bought by these rows: an organisation outside lists under its own name alone, whatever platform it writes.
    let source = document.source.as_str();
    let platform = text("platform").filter(|platform| Party::may_list(source, platform));
    Some(Listing {
        item_id,
        platform: platform.unwrap_or_else(|| source.to_owned()),
        seller,
        brand: text("brand"),
        category,
        title,
        sold: document.meta_u64("sold").unwrap_or(0),
        url: document.url.clone(),
        digest: document.raw.as_ref().map(|raw| raw.digest.clone()),
    })
}

/// Forgets listings that another lexicon sorted into categories: the log is read again for them.
pub(super) async fn fresh_listings(store: &Store, lexicon: &LexiconVersion) -> Result<(), PipelineError> {
    let (at, sorted_by) = store.cursor(LISTINGS).await?;
    if at == Position(0) || sorted_by == lexicon.as_str() {
        return Ok(());
    }
    let mut tx = store.begin().await?;
    Store::clear_listings(&mut tx).await?;
    Store::move_cursor(&mut tx, LISTINGS, at, Position(0), lexicon.as_str()).await?;
    Ok(tx.commit().await?)
}

impl Tower {
    /// Reads what the log has and the outputs have not. Each output skips what it published before a crash (LOG-2).
    pub async fn read_new(&self) -> Result<ReadReport, PipelineError> {
        let mut report = ReadReport::default();
        loop {
            let signals_at = self.signals_cursor();
            let index_at = self.index().cursor()?;
            let (listings_at, _) = self.store().cursor(LISTINGS).await?;
            let doubts_at = self.doubts_cursor().await?;
            let waiting = self.waiting().await?;
            let watches_at = waiting.as_ref().map_or(Position(u64::MAX), |waiting| waiting.from);
            let after = signals_at.min(index_at).min(listings_at).min(doubts_at).min(watches_at);
            let batch = self.log().read_after(after, BATCH_MAX).await?;
            let Some(to) = batch.last().map(|entry| entry.position) else {
                let outputs = self.outputs();
                tokio::task::spawn_blocking(move || outputs.join_parts()).await??;
                return Ok(report);
            };

            let lexicon = self.lexicon();
            let read = tokio::task::spawn_blocking(move || read_batch(&lexicon, batch)).await?;
            for entry in &read {
                report.documents += 1;
                report.signals += entry.records.len() as u64;
                report.problems += u64::from(!entry.reading.problems.is_empty());
                report.undated += u64::from(entry.document.known_at().is_none() || entry.document.is_undated());
            }

            let read = self.publish_index(index_at, to, read).await?;
            self.publish_listings(listings_at, to, &read).await?;
            self.publish_doubts(doubts_at, to, &read).await?;
            if let Some(waiting) = &waiting {
                self.publish_watches(waiting, to, &read).await?;
            }
            if to > signals_at {
                let fresh = read.into_iter().filter(|entry| entry.position > signals_at);
                self.outputs().publish(to, fresh.flat_map(|entry| entry.records).collect())?;
            }
        }
    }

    async fn publish_index(
        &self,
        from: Position,
        to: Position,
        read: Vec<ReadEntry>,
    ) -> Result<Vec<ReadEntry>, PipelineError> {
        if to <= from {
            return Ok(read);
        }
        let writer = Arc::clone(&self.outputs().writer);
        tokio::task::spawn_blocking(move || {
            let mut writer = writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let writer = writer.as_mut().expect("nothing is read while the edition changes");
            index_batch(writer, from, to, &read)?;
            Ok(read)
        })
        .await?
    }

    async fn publish_listings(&self, from: Position, to: Position, read: &[ReadEntry]) -> Result<(), PipelineError> {
        if to <= from {
            return Ok(());
        }
        let newest: BTreeMap<(&str, &str), &Listing> = read
            .iter()
            .filter(|entry| entry.position > from)
            .filter_map(|entry| entry.listing.as_ref())
            .map(|listing| ((listing.platform.as_str(), listing.item_id.as_str()), listing))
            .collect();
        let mut tx = self.store().begin().await?;
        for listing in newest.values() {
            Store::put_listing(&mut tx, listing).await?;
        }
        Store::move_cursor(&mut tx, LISTINGS, from, to, self.lexicon().version().as_str()).await?;
        Ok(tx.commit().await?)
    }
}

//! Wires the stages. This page is the whole way of a page, from the socket to a sampling request.
//!
//! In: a moment and the sources that are due. Out: alert events. Not here: details of any stage; each stage is a function
//! of its own room, and [`rerun`] calls the very same ones on archives.
//! LOG-2: each consumer of the log publishes its output together with its cursor, so [`turn`] may be killed anywhere and
//! called again: nothing is lost, nothing is doubled.

mod acts;
mod archives;
pub mod backup;
mod books;
mod bundle;
pub mod criteria;
pub mod diff;
mod edition;
mod exchange;
mod export;
mod files;
mod gather;
mod intake;
mod judging;
mod lines;
mod masking;
mod operate;
mod outcomes;
pub mod planned;
pub mod promotion;
mod reading;
pub mod rerun;
pub mod revisions;
pub mod survey;
mod tower;
pub mod upkeep;
mod warc_in;
mod watches;

pub use crate::archive::ExportFormat;
pub use crate::extract::fingerprint;
pub use crate::log::Intake;
pub use exchange::Records;
pub use export::{Manifest, PACKED_ROWS_MAX};
pub use gather::{Gatherer, SourceBook, check_source};
pub use intake::{ImportReport, LogSink, import_file, push_lines};
pub use judging::{Judge, Judgement, Review};
pub use lines::{LinesError, answer_lines};
pub use operate::{IndexReport, rebuild_index};
pub use outcomes::{ResultsReport, quality_of_run};
pub use reading::{ReadEntry, ReadReport, read_batch};
pub use tower::{PipelineError, Tower, read_criteria, read_lexicon};
pub use watches::NewSearch;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;

use crate::collect::{Recipe, Round};

/// Runs what may read from disk for a moment. Where there are other threads they take this one's tasks meanwhile; on a
/// runtime of one thread there is nobody to hand them to, and tokio would panic.
pub fn on_disk<T>(read: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(read),
        _ => read(),
    }
}

/// What one turn did.
#[derive(Debug)]
pub struct Turn {
    /// One round per source, in the order given.
    pub rounds: Vec<Round>,
    /// What was read.
    pub read: ReadReport,
    /// What the day's judgement changed.
    pub judged: Judgement,
}

/// One turn of the tower at the moment `now`.
pub async fn turn(tower: &Tower, due: &[Recipe], now: Timestamp) -> Result<Turn, PipelineError> {
    // sources ──► collect ──► raw WARC ──► LOG of documents
    let rounds = collect(tower, due, now).await?;

    // LOG ──► extract ──► signals (Parquet), index, listings; each with its cursor
    let read = tower.read_new().await?;

    // signals ──► score(as_of) ──► episodes ──► alerts and sampling requests, in one transaction with their cursor
    let judged = tower.judge(now).await?;

    Ok(Turn { rounds, read, judged })
}

/// Goes once around the sources, a few at a time (one host's pace is one, whoever asks it); a source that fails says so in its round and does not stop the others.
pub async fn collect(tower: &Tower, due: &[Recipe], now: Timestamp) -> Result<Vec<Round>, PipelineError> {
    let rounds = stream::iter(due.iter().map(|recipe| gather::one_round(tower.log(), tower.collector(), recipe, now)));
    rounds.buffered(tower.sources_at_once()).try_collect().await
}

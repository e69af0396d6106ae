//! Archives replayed as if time passed: the same reader and the same judge as live, fed by files instead of sources.
//!
//! The read is one parallel pass; the days follow one another, each seeing only what had been seen by its end. Same inputs
//! and versions give the same bytes, at any number of threads.
#![expect(clippy::disallowed_methods, reason = "an edge: writes the outputs and times itself")]

mod cache;
mod corpus;
mod outputs;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use serde::Serialize;

use super::PipelineError;
use super::judge::Judge;
use super::review::Review;
use lexicon::Lexicon;
use tell::{self, Language};
use vocabulary::{AlertEventKind, Assessment, CriteriaVersion, DateRange, Intake, LexiconVersion, Outcome, SourceId};

use cache::Cache;
pub(super) use corpus::Corpus;
use outputs::{ALERTS, Filing, Lines, SAMPLING, SIGNALS, SUMMARY, WORK, clear_outputs, digests};

/// What to replay.
#[derive(Debug, Clone)]
pub struct RerunSpec {
    /// Files of documents or raw pages, folders of them, or data folders of towers; in any order.
    pub archives: Vec<PathBuf>,
    /// First and last day judged.
    pub range: DateRange,
    /// Days between two judgements.
    pub every_days: u32,
    /// Where outputs go.
    pub out: PathBuf,
    /// Outcomes of alerts; a day uses those that were known by its end.
    pub outcomes: Vec<Outcome>,
    /// Whether to go on with what an interrupted rerun into the same folder had finished.
    pub resume: bool,
    /// Where what was read and judged is kept for the next rerun, and taken from; none: only until this one is whole.
    pub cache: Option<PathBuf>,
}

/// What a rerun did: `summary.json`.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// First and last day judged.
    pub range: DateRange,
    /// Days judged.
    pub days: u64,
    /// COUNT-1 per source.
    pub sources: BTreeMap<SourceId, Intake>,
    /// Documents without any time: kept, but no day can know of them.
    pub undated: u64,
    /// Documents after the last day, not read.
    pub later: u64,
    /// Lines set aside: the first few, with file, line and reason.
    pub problems: Vec<String>,
    /// Signals found.
    pub signals: u64,
    /// Alerts opened.
    pub alerts_opened: u64,
    /// Alerts opened per 30 days judged.
    pub alerts_per_30_days: f64,
    /// Sampling requests made.
    pub sampling_requests: u64,
    /// Lexicon that read.
    pub lexicon: LexiconVersion,
    /// Criteria that judged.
    pub criteria: CriteriaVersion,
    /// Seconds spent reading and judging, and documents read a second. Not part of what is promised to be identical.
    pub timings: Timings,
    /// BLAKE3 of every output file.
    pub digests: BTreeMap<String, String>,
}

/// How long it took.
#[derive(Debug, Serialize)]
pub struct Timings {
    /// Seconds of reading archives and text.
    pub read_s: f64,
    /// Seconds of judging days.
    pub judge_s: f64,
    /// Documents read a second.
    pub documents_per_s: f64,
    /// Batches of documents and days that an earlier rerun had finished and this one took over.
    pub resumed: Resumed,
}

/// What did not have to be done again.
#[derive(Debug, Serialize)]
pub struct Resumed {
    /// Batches of documents.
    pub batches: u64,
    /// Days.
    pub days: u64,
}

/// Where a rerun stands.
#[derive(Debug, Clone, Copy)]
pub enum Stage {
    /// So many documents have been read.
    Reading {
        /// Documents.
        documents: u64,
        /// The file, or log, that they come from, counted from 1.
        piece: usize,
        /// Files and logs in all.
        pieces: usize,
    },
    /// So many days of so many have been judged.
    Judging {
        /// Days done.
        done: u64,
        /// Days in all.
        days: u64,
        /// The day just judged.
        day: Date,
        /// Alerts opened until now.
        opened: u64,
    },
}

/// Replays archives day by day and writes `alerts.ndjson`, `sampling.ndjson`, `assessments.parquet`, `signals/` and `summary.json`.
pub async fn rerun(
    spec: &RerunSpec,
    lexicon: &Arc<Lexicon>,
    judge: &Judge,
    tell: &(dyn Fn(Stage) + Sync),
) -> Result<Summary, PipelineError> {
    let started = Instant::now();
    let io = |what, source| PipelineError::Io { what, path: spec.out.clone(), source };
    fs::create_dir_all(&spec.out).map_err(|error| io("make the output folder", error))?;
    clear_outputs(&spec.out, spec.resume)?;
    let cache = Arc::new(Cache::open(spec.cache.as_ref().unwrap_or(&spec.out.join(WORK)))?);

    let mut corpus = Corpus::new(spec.range.to).with_cache(Arc::clone(&cache));
    corpus.take_in(&spec.archives, lexicon, tell).await?;
    let read_s = started.elapsed().as_secs_f64();
    let documents: u64 = corpus.sources.values().map(|intake| intake.collected).sum();

    let judging = Instant::now();
    let batches_kept = corpus.batches_kept;
    let days: Vec<Date> = spec.range.days().step_by(spec.every_days.max(1) as usize).collect();
    let listings = corpus.listings.into_values().collect();
    archive::write_signal_dataset(&spec.out.join(SIGNALS), &corpus.records)?;
    let signals = corpus.records.len() as u64;
    let review = Review::new(judge, corpus.records, corpus.volume, listings, lexicon.version().clone());
    let mut review = review.beside(corpus.market).with_outcomes(spec.outcomes.iter().cloned());
    let mut alerts = Lines::create(&spec.out.join(ALERTS))?;
    let mut sampling = Lines::create(&spec.out.join(SAMPLING))?;
    let mut filing = Filing::begin(&spec.out, Arc::clone(&cache))?;
    let (mut opened, mut requests, mut done, mut days_kept) = (0, 0, 0, 0);
    for together in days.chunks(review.days_together()) {
        let digest = review.input_digest(*together.last().unwrap_or(&spec.range.to));
        let key = cache.key_of_days(judge.version(), &digest, together);
        let kept: Option<Vec<Vec<Assessment>>> = cache.get(&key);
        let fresh = kept.is_none().then_some(key);
        days_kept += if fresh.is_none() { together.len() as u64 } else { 0 };
        let assessed = kept.unwrap_or_else(|| review.assess(together));
        let mut filed = Vec::with_capacity(together.len());
        for (day, assessed) in together.iter().zip(assessed) {
            let judged = review.advance(*day, assessed);
            for event in &judged.events {
                opened += u64::from(event.event == AlertEventKind::Opened);
                alerts.put(&tell::written(event.clone(), Language::Chinese))?;
            }
            for request in &judged.requests {
                requests += 1;
                sampling.put(request)?;
            }
            filed.push(judged.assessments);
            done += 1;
            tell(Stage::Judging { done, days: days.len() as u64, day: *day, opened });
        }
        filing.put(fresh, filed)?;
    }
    alerts.finish()?;
    sampling.finish()?;
    filing.finish()?;
    let judge_s = judging.elapsed().as_secs_f64();

    let summary = Summary {
        range: spec.range,
        days: days.len() as u64,
        sources: corpus.sources,
        undated: corpus.undated,
        later: corpus.later,
        problems: corpus.problems,
        signals,
        alerts_opened: opened,
        alerts_per_30_days: opened as f64 * 30.0 / (days.len() as f64 * f64::from(spec.every_days)).max(1.0),
        sampling_requests: requests,
        lexicon: lexicon.version().clone(),
        criteria: judge.version().clone(),
        timings: Timings {
            read_s,
            judge_s,
            documents_per_s: documents as f64 / read_s.max(1e-9),
            resumed: Resumed { batches: batches_kept, days: days_kept },
        },
        digests: digests(&spec.out)?,
    };
    let path = spec.out.join(SUMMARY);
    fs::write(&path, serde_json::to_string_pretty(&summary)? + "\n").map_err(|source| PipelineError::Io {
        what: "write",
        path,
        source,
    })?;
    if spec.cache.is_some() {
        cache.thin_out()?;
    } else {
        cache.remove()?;
    }
    Ok(summary)
}

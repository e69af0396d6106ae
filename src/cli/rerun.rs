//! `wanglou rerun`: archives replayed day by day.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::lang::tr;
use super::replay::{ReplayArgs, bar, checked, show};
use super::{Common, Failure, Reader, say, tell};
use pipeline::read_criteria;
use pipeline::rerun::{self, RerunSpec};
use vocabulary::DateRange;

#[derive(Debug, Args)]
pub(super) struct RerunArgs {
    #[command(flatten)]
    replay: ReplayArgs,
    /// Where alerts.ndjson, assessments.parquet, signals/ and summary.json go
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Outcomes of alerts, one JSON object a line as `wanglou alerts outcomes` writes them; each day uses those known by its end
    #[arg(long, value_name = "FILE")]
    outcomes: Option<PathBuf>,
    /// Go on with what an interrupted rerun into the same folder had finished
    #[arg(long)]
    resume: bool,
    /// Keep here what is read and judged, and take over what an earlier rerun kept of the same documents and days: after a change of
    /// rules the days before its first effect are not judged again
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    #[command(flatten)]
    reader: Reader,
}

pub(super) async fn run(args: RerunArgs, common: &Common) -> Result<(), Failure> {
    let range = args.replay.checked()?;
    let outcomes = super::sampling::read_outcomes(args.outcomes.as_deref())?;
    let ReplayArgs { archive, every, .. } = args.replay;
    let RerunArgs { out, resume, cache, .. } = args;
    let spec = RerunSpec { archives: archive, range, every_days: every, out, outcomes, resume, cache };
    let summary = run_spec(&spec, &args.reader, common).await?;
    say(serde_json::to_string_pretty(&serde_json::json!({
        "sources": summary.sources,
        "days": summary.days,
        "signals": summary.signals,
        "alerts_opened": summary.alerts_opened,
        "alerts_per_30_days": summary.alerts_per_30_days,
        "sampling_requests": summary.sampling_requests,
        "undated": summary.undated,
        "later": summary.later,
        "timings": summary.timings,
        "out": spec.out,
    }))?)
}

/// Replays day by day with the shipped reader, for commands that judge a replay.
pub(super) async fn replay(
    archives: Vec<PathBuf>,
    range: DateRange,
    out: PathBuf,
    common: &Common,
) -> Result<(), Failure> {
    let range = checked(&archives, range)?;
    let spec = RerunSpec { archives, range, every_days: 1, out, outcomes: Vec::new(), resume: false, cache: None };
    run_spec(&spec, &Reader { rules_only: false }, common).await.map(|_| ())
}

async fn run_spec(spec: &RerunSpec, reader: &Reader, common: &Common) -> Result<rerun::Summary, Failure> {
    let lexicon = Arc::new(reader.lexicon(common)?);
    let judge = read_criteria(common.criteria.as_deref()).map_err(super::pipeline_failure)?;
    let bar = bar(spec.range, spec.every_days, 1);
    let progress = |stage| show(&bar, stage);
    let summary = rerun::rerun(spec, &lexicon, &judge, &progress).await.map_err(super::pipeline_failure)?;
    bar.finish();
    for problem in &summary.problems {
        tell(tr!("搁置 {problem}", "set aside {problem}"));
    }
    Ok(summary)
}

//! `wanglou rerun`: archives replayed day by day.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use clap::Args;
use jiff::civil::Date;

use super::progress::Progress;
use super::{Common, Failure, Reader, say};
use crate::pipeline::read_criteria;
use crate::pipeline::rerun::{self, RerunSpec, Stage};
use crate::vocabulary::DateRange;

#[derive(Debug, Args)]
pub(super) struct RerunArgs {
    /// Documents (.ndjson, .csv, .tsv, .xlsx; .gz and .zst are understood), raw .warc, a folder of them, or a data folder
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    archive: Vec<PathBuf>,
    /// First day judged
    #[arg(long)]
    from: Date,
    /// Last day judged
    #[arg(long)]
    to: Date,
    /// Time between two judgements, in days
    #[arg(long, default_value = "1d", value_parser = days)]
    every: u32,
    /// Where alerts.ndjson, assessments.parquet, signals/ and summary.json go
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Outcomes of alerts, one JSON object a line as `wanglou alerts outcomes` writes them; each day uses those known by its end
    #[arg(long, value_name = "FILE")]
    outcomes: Option<PathBuf>,
    #[command(flatten)]
    reader: Reader,
}

pub(super) async fn run(args: RerunArgs, common: &Common) -> Result<(), Failure> {
    let range = DateRange { from: args.from, to: args.to };
    let outcomes = super::sampling::read_outcomes(args.outcomes.as_deref())?;
    let spec = RerunSpec { archives: args.archive, range, every_days: args.every, out: args.out, outcomes };
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
    let spec = RerunSpec { archives, range, every_days: 1, out, outcomes: Vec::new() };
    run_spec(&spec, &Reader { rules_only: false }, common).await.map(|_| ())
}

async fn run_spec(spec: &RerunSpec, reader: &Reader, common: &Common) -> Result<rerun::Summary, Failure> {
    let DateRange { from, to } = spec.range;
    if to < from {
        return Err(Failure::Input(anyhow!("--to {to} lies before --from {from}")));
    }
    for path in &spec.archives {
        if !path.exists() {
            return Err(Failure::Input(anyhow!("{}: no such file or folder", path.display())));
        }
    }
    let lexicon = Arc::new(reader.lexicon(common)?);
    let judge = read_criteria(common.criteria.as_deref()).map_err(super::pipeline_failure)?;
    let days = spec.range.days().step_by(spec.every_days as usize).count() as u64;
    let bar = Progress::start("评估", days);
    let tell = |stage| match stage {
        Stage::Reading { documents } => bar.at(0, format!("已阅读 {documents} 条")),
        Stage::Judging { done, day, opened, .. } => bar.at(done, format!("{day} 预警 {opened}")),
    };
    let summary = rerun::rerun(spec, &lexicon, &judge, &tell).await.map_err(super::pipeline_failure)?;
    bar.finish();
    for problem in &summary.problems {
        eprintln!("搁置 {problem}");
    }
    Ok(summary)
}

fn days(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('d').unwrap_or(text).parse::<u32>().ok().filter(|days| (1..=366).contains(days));
    number.ok_or_else(|| format!("`{text}` is no number of days: write 1d to 366d"))
}

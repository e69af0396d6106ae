//! `wanglou eval quality`: how well the watch does.
#![expect(clippy::disallowed_methods, reason = "writes the page")]

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use jiff::civil::Date;

use super::lang::language;
use super::replay::known_incidents;
use super::{Common, Failure, cannot_write, say};
use lab::watch::{quality_of_folder, quality_of_run};
use pipeline::{Folder, read_criteria};
use vocabulary::Report;

#[derive(Debug, Args)]
pub(super) struct QualityArgs {
    /// What `wanglou rerun --out` wrote, instead of the data folder
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Outcomes to judge the replay by, as `wanglou alerts outcomes` writes them
    #[arg(long, value_name = "FILE", requires = "run")]
    outcomes: Option<PathBuf>,
    /// Known incidents, as for `eval backtest`: tells sensitivity and lead
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// First day
    #[arg(long)]
    from: Option<Date>,
    /// Last day
    #[arg(long)]
    to: Option<Date>,
    /// Leave out outcomes that were known after this day [default: all count]
    #[arg(long, value_name = "DATE")]
    known_by: Option<Date>,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
    /// Write a page instead
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,
}

pub(super) async fn run(args: &QualityArgs, common: &Common) -> Result<(), Failure> {
    let known = known_incidents(args.events.as_deref())?;
    let report = if let Some(run) = &args.run {
        let outcomes = super::sampling::read_outcomes(args.outcomes.as_deref())?;
        let judge = read_criteria(common.criteria.as_deref()).map_err(super::pipeline_failure)?;
        quality_of_run(run, outcomes, (args.from, args.to), args.known_by, &known, &judge)
    } else {
        let settings = common.settings(None, None)?;
        let folder = Folder::open(&settings).await.map_err(super::pipeline_failure)?;
        quality_of_folder(&folder, args.from, args.to, args.known_by, &known).await
    };
    let report = report.map_err(super::pipeline_failure)?;
    if let Some(path) = &args.html {
        return Ok(fs::write(path, report.html()).with_context(|| cannot_write(path))?);
    }
    if args.json { say(serde_json::to_string_pretty(&report)?) } else { say(report.text(language()).trim_end()) }
}

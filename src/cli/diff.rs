//! `wanglou diff`: what two reruns say differently.

use std::path::PathBuf;

use clap::Args;

use super::lang::language;
use super::replay::known_incidents;
use super::{Failure, pipeline_failure, say};
use lab::watch;
use vocabulary::Language;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// What `wanglou rerun --out` wrote (甲)
    first: PathBuf,
    /// Another (乙)
    second: PathBuf,
    /// Known incidents, as for `eval backtest`: says what the difference does to them
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
    /// Write a page to approve instead
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    html: Option<PathBuf>,
}

pub(super) fn run(args: &DiffArgs) -> Result<(), Failure> {
    let known = known_incidents(args.events.as_deref())?;
    let found = watch::compare(&args.first, &args.second, &known).map_err(pipeline_failure)?;
    if let Some(path) = &args.html {
        return found.report(Language::Chinese).write_html(path).map_err(pipeline_failure);
    }
    if args.json {
        say(serde_json::to_string_pretty(&found)?)
    } else {
        say(found.report(language()).to_string().trim_end())
    }
}

//! `wanglou sampling`: what test bodies return.
#![expect(clippy::disallowed_methods, reason = "reads the file and asks the clock")]

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::{language, told, tr};
use super::{Common, Failure, cannot_read, say, tell};
use pipeline::Folder;
use sampling::results;
use vocabulary::{Outcome, Said};

#[derive(Debug, Args)]
pub(super) struct SamplingArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Take in results: alert_id or request_id or category, then company, tested, failed, basis (targeted, random), date, body, report,
    /// item, standard
    Results {
        /// .csv with a header, or .ndjson with the same names as keys
        file: PathBuf,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(args: SamplingArgs, common: &Common) -> Result<(), Failure> {
    let What::Results { file, json } = args.what;
    let text = read(&file)?;
    let ndjson = match file.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => false,
        Some("ndjson" | "jsonl") => true,
        _ => {
            return Err(Failure::Input(anyhow!(tr!(
                "{}：文件名应以 .csv 或 .ndjson 结尾",
                "{}: name it .csv or .ndjson",
                file.display()
            ))));
        }
    };
    let folder = Folder::open(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
    let done = folder
        .take_results(&text, ndjson, super::user::BY_COMMAND, Timestamp::now())
        .await
        .map_err(super::pipeline_failure)?;
    if json {
        say(serde_json::to_string_pretty(&done)?)?;
    } else {
        let rejected = done.rejected.len();
        say(format_args!(
            "collected {} = kept {} + duplicate {} + rejected {rejected}",
            done.collected, done.kept, done.duplicate
        ))?;
    }
    for line in &done.rejected {
        tell(tr!("搁置 {}：{}", "set aside {}: {}", file.display(), told(line)));
    }
    if done.rejected.is_empty() {
        Ok(())
    } else {
        Err(Failure::Input(anyhow!(tr!(
            "{} 行没有收下，共 {} 行",
            "{} of {} lines were not taken in",
            done.rejected.len(),
            done.collected
        ))))
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(file).with_context(|| cannot_read(file));
    text.map_err(Failure::Input)
}

/// Reads a file of outcomes; none without a file.
pub(super) fn read_outcomes(file: Option<&Path>) -> Result<Vec<Outcome>, Failure> {
    let Some(file) = file else { return Ok(Vec::new()) };
    results::outcomes(&read(file)?)
        .map_err(|bad| Failure::Input(anyhow!(tr!("{}：{}", "{}: {}", file.display(), bad.said(language())))))
}

//! What commands that replay archives day by day, or judge a replay, share: which archives, which days, how far, and what is known to
//! have happened.
#![expect(clippy::disallowed_methods, reason = "reads the incidents")]

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use jiff::civil::Date;

use super::Failure;
use super::lang::{language, pick, tr};
use super::progress::Progress;
use lab::watch::backtest::{Incident, incidents};
use pipeline::rerun::Stage;
use vocabulary::{DateRange, Said};

/// Archives and days of a replay.
#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Documents (.ndjson, .csv, .tsv, .xlsx, .parquet; .gz and .zst are understood), raw .warc, a folder of them, or a data folder
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub(super) archive: Vec<PathBuf>,
    /// First day judged
    #[arg(long)]
    from: Date,
    /// Last day judged
    #[arg(long)]
    to: Date,
    /// Time between two judgements, in days
    #[arg(long, default_value = "1d", value_parser = days)]
    pub(super) every: u32,
}

impl ReplayArgs {
    /// The days, when they and the archives are there to be judged.
    pub(super) fn checked(&self) -> Result<DateRange, Failure> {
        checked(&self.archive, DateRange { from: self.from, to: self.to })
    }
}

/// The days, when they are in order and every archive is there.
pub(super) fn checked(archives: &[PathBuf], range: DateRange) -> Result<DateRange, Failure> {
    let DateRange { from, to } = range;
    if to < from {
        return Err(Failure::Input(anyhow!(tr!(
            "--to {to} 早于 --from {from}",
            "--to {to} lies before --from {from}"
        ))));
    }
    if let Some(path) = archives.iter().find(|path| !path.exists()) {
        return Err(Failure::Input(anyhow!(tr!(
            "{}：没有这个文件或目录",
            "{}: no such file or folder",
            path.display()
        ))));
    }
    Ok(range)
}

/// A bar over the judged days; `times`: how often each day is judged.
pub(super) fn bar(range: DateRange, every_days: u32, times: u64) -> Progress {
    Progress::start(pick("评估", "judging"), times * range.days().step_by(every_days as usize).count() as u64)
}

/// Shows how far a replay is.
pub(super) fn show(bar: &Progress, stage: Stage) {
    match stage {
        Stage::Reading { documents, piece, pieces } => {
            let message = tr!(
                "已阅读 {documents} 条（第 {piece} 个文件，共 {pieces} 个）",
                "{documents} documents read (file {piece} of {pieces})"
            );
            bar.before(documents, &message);
        }
        Stage::Judging { done, day, opened, .. } => bar.at(done, tr!("{day} 预警 {opened}", "{day} {opened} alerts")),
    }
}

/// The incidents of a table; none without one.
pub(super) fn known_incidents(path: Option<&Path>) -> Result<Vec<Incident>, Failure> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let table = fs::read_to_string(path)
        .with_context(|| {
            tr!("无法读取 {}；要一份已知事件的 CSV", "cannot read {}; give a CSV file of incidents", path.display())
        })
        .map_err(Failure::Input)?;
    incidents(&table)
        .map_err(|error| Failure::Input(anyhow!(tr!("{}：{}", "{}: {}", path.display(), error.said(language())))))
}

fn days(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('d').unwrap_or(text).parse::<u32>().ok().filter(|days| (1..=366).contains(days));
    number.ok_or_else(|| tr!("`{text}` 不是天数：写 1d 至 366d", "`{text}` is no number of days: write 1d to 366d"))
}

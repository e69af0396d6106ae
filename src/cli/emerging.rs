//! `wanglou emerging`: what the dictionaries do not know yet, in tables for the analyst.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use jiff::civil::Date;

use super::lang::{language, tr};
use super::{Common, Failure, say, tell};
use lab::reader::emerging::{Emerging, Observation, Wanted, observe};
use pipeline::{read_lexicon, survey};
use vocabulary::{Document, Reading, Report, day_of};

#[derive(Debug, Args)]
pub(super) struct EmergingArgs {
    /// Documents (.ndjson, .csv, .tsv, .xlsx, .parquet; .gz and .zst are understood), a folder of them, or a data folder [default: --data]
    #[arg(long, num_args = 1.., value_name = "PATH")]
    archive: Vec<PathBuf>,
    /// First day of the window: pairs first seen since then are new [default: 30 days before the last]
    #[arg(long)]
    from: Option<Date>,
    /// Last day that is looked at
    #[arg(long)]
    to: Option<Date>,
    /// Rows of each table
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
    /// One JSON document instead of tables
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: EmergingArgs, common: &Common) -> Result<(), Failure> {
    let lexicon = read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?;
    let wanted = Wanted::of(&lexicon);
    let look = |document: &Document, reading: &Reading| -> Option<Observation> {
        let later = args.to.zip(document.event_at().map(day_of)).is_some_and(|(to, day)| day > to);
        (!later).then(|| observe(document, reading, &lexicon, &wanted))
    };
    let mut emerging = Emerging::default();
    for path in paths(&args.archive, common)? {
        let mut take = |seen: Option<Observation>| {
            if let Some(seen) = &seen {
                emerging.add(seen);
            }
        };
        let surveyed = survey::survey(&path, &lexicon, &look, &mut take).await.map_err(super::pipeline_failure)?;
        tell(tr!(
            "{}：{} 篇，搁置 {} 行",
            "{}: {} documents, {} lines set aside",
            path.display(),
            surveyed.documents,
            surveyed.rejected
        ));
    }
    let report = emerging.report(args.from, args.limit);
    if args.json { say(serde_json::to_string_pretty(&report)?) } else { say(report.text(language()).trim_end()) }
}

/// What is to be looked at: the archives named, else the data folder.
pub(super) fn paths(archives: &[PathBuf], common: &Common) -> Result<Vec<PathBuf>, Failure> {
    let paths = if archives.is_empty() { vec![common.settings(None, None)?.data] } else { archives.to_vec() };
    match paths.iter().find(|path| !path.exists()) {
        Some(path) => Err(Failure::Input(anyhow!(tr!(
            "{}：没有这个文件或目录；用 --archive 指定信息文件，或用 --data 指定数据目录",
            "{}: no such file or folder; name documents with --archive, or a tower's folder with --data",
            path.display()
        )))),
        None => Ok(paths),
    }
}

//! `wanglou criteria`: is a criteria file sound and what does it say; what do two say of the same evidence?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::progress::Progress;
use super::{Common, Failure, pipeline_failure, say};
use crate::pipeline::rerun::Stage;
use crate::pipeline::{Judge, criteria, read_criteria, read_lexicon};
use crate::vocabulary::DateRange;

#[derive(Debug, Args)]
pub(super) struct CriteriaArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Check a criteria file and say in Chinese what it says
    Check {
        /// The file [default: the one of --criteria, else the shipped one]
        file: Option<PathBuf>,
    },
    /// Judge the same archives under two criteria files and list what differs
    Diff {
        /// A criteria file (甲)
        first: PathBuf,
        /// The other (乙)
        second: PathBuf,
        /// Documents, a folder of them, or a data folder, as `wanglou rerun` takes them
        #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
        archive: Vec<PathBuf>,
        /// First day judged
        #[arg(long)]
        from: Date,
        /// Last day judged
        #[arg(long)]
        to: Date,
        /// Days between two judgements
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=366))]
        every: u32,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(args: &CriteriaArgs, common: &Common) -> Result<(), Failure> {
    match &args.what {
        What::Check { file } => {
            let file = file.as_deref().or(common.criteria.as_deref());
            say(criteria::said(&read_criteria(file).map_err(pipeline_failure)?))
        }
        What::Diff { first, second, archive, from, to, every, json } => {
            let judges = [judge(first)?, judge(second)?];
            let range = DateRange { from: *from, to: *to };
            if to < from {
                return Err(Failure::Input(anyhow!("--to {to} lies before --from {from}")));
            }
            if let Some(path) = archive.iter().find(|path| !path.exists()) {
                return Err(Failure::Input(anyhow!("{}: no such file or folder", path.display())));
            }
            let lexicon = Arc::new(read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?);
            let bar = Progress::start("评估", 2 * range.days().step_by(*every as usize).count() as u64);
            let tell = |stage| match stage {
                Stage::Reading { documents } => bar.at(0, format!("已阅读 {documents} 条")),
                Stage::Judging { done, day, opened, .. } => bar.at(done, format!("{day} 预警 {opened}")),
            };
            let [one, other] = &judges;
            let found = criteria::side_by_side(archive, range, *every, &lexicon, [one, other], &tell)
                .await
                .map_err(pipeline_failure)?;
            bar.finish();
            if *json {
                return say(serde_json::to_string_pretty(&found)?);
            }
            eprintln!("甲：{}（{}）", one.version(), first.display());
            eprintln!("乙：{}（{}）", other.version(), second.display());
            say(found)
        }
    }
}

fn judge(file: &Path) -> Result<Judge, Failure> {
    read_criteria(Some(file)).map_err(pipeline_failure)
}

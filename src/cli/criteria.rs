//! `wanglou criteria`: is a criteria file sound and what does it say; what do two say of the same evidence?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::lang::{language, tr};
use super::replay::{ReplayArgs, bar, show};
use super::{Common, Failure, pipeline_failure, say, tell};
use pipeline::{Judge, criteria, read_criteria, read_lexicon};
use vocabulary::Report;

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
        #[command(flatten)]
        replay: ReplayArgs,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(args: &CriteriaArgs, common: &Common) -> Result<(), Failure> {
    match &args.what {
        What::Check { file } => {
            let file = file.as_deref().or(common.criteria.as_deref());
            say(criteria::said(&read_criteria(file).map_err(pipeline_failure)?, language()))
        }
        What::Diff { first, second, replay, json } => {
            let judges = [judge(first)?, judge(second)?];
            let range = replay.checked()?;
            let lexicon = Arc::new(read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?);
            let bar = bar(range, replay.every, 2);
            let progress = |stage| show(&bar, stage);
            let [one, other] = &judges;
            let found = criteria::side_by_side(&replay.archive, range, replay.every, &lexicon, [one, other], &progress)
                .await
                .map_err(pipeline_failure)?;
            bar.finish();
            if *json {
                return say(serde_json::to_string_pretty(&found)?);
            }
            tell(tr!("甲：{}（{}）", "A: {} ({})", one.version(), first.display()));
            tell(tr!("乙：{}（{}）", "B: {} ({})", other.version(), second.display()));
            say(found.text(language()))
        }
    }
}

fn judge(file: &Path) -> Result<Judge, Failure> {
    read_criteria(Some(file)).map_err(pipeline_failure)
}

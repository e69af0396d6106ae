//! `wanglou reruns`: the reruns that the settings plan: what they found, when they are due, one of them now.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::{pick, tr};
use super::replay::{bar, show};
use super::{Common, Failure, pipeline_failure, say};
use config::{RerunPlan, Settings};
use pipeline::Folder;
use pipeline::planned::DIFFERENCE;
use store::RerunRow;
use vocabulary::{day_of, show_moment};

/// Runs listed of each plan.
const LISTED: usize = 10;

#[derive(Debug, Args)]
pub(super) struct RerunsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the plans, when each is due, and what their last runs found
    List {
        /// Settings file with the plans
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// One JSON object a line: every run that was ever made
        #[arg(long)]
        json: bool,
    },
    /// Run one plan now, whenever it is due; a run that was killed goes on
    Run {
        /// Name of the plan
        name: String,
        /// Settings file with the plans
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub(super) async fn run(args: RerunsArgs, common: &Common) -> Result<(), Failure> {
    let (What::List { config, .. } | What::Run { config, .. }) = &args.what;
    let settings = common.settings(config.as_deref(), None)?;
    let folder = Folder::open(&settings).await.map_err(pipeline_failure)?;
    match &args.what {
        What::List { json, .. } => list(&folder, &settings, *json).await?,
        What::Run { name, .. } => {
            let plan = settings.reruns.iter().find(|plan| plan.name == *name);
            let plan = plan.ok_or_else(|| {
                Failure::Input(anyhow!(tr!(
                    "设置里没有叫 `{name}` 的 [[rerun]]；请用 --config 指定设置文件",
                    "the settings have no [[rerun]] called `{name}`; name their file with --config"
                )))
            })?;
            run_now(&folder, plan).await?;
        }
    }
    folder.close().await;
    Ok(())
}

async fn list(folder: &Folder, settings: &Settings, json: bool) -> Result<(), Failure> {
    let rows = folder.store().reruns(None).await?;
    if json {
        return rows.iter().try_for_each(|row| say(serde_json::to_string(row)?));
    }
    for plan in &settings.reruns {
        let due = folder.rerun_due(plan, now()).await?;
        let days = plan
            .days
            .map_or_else(|| pick("全部", "all days").to_owned(), |days| tr!("最近{days}天", "the last {days} days"));
        say(tr!(
            "{}  {days}，下次 {}，保留 {} 次结果",
            "{}  {days}, next {}, {} results are kept",
            plan.name,
            show_moment(due),
            plan.keep
        ))?;
        for row in rows.iter().filter(|row| row.plan == plan.name).take(LISTED) {
            say(format_args!("  {}", told(folder, row)))?;
        }
    }
    if settings.reruns.is_empty() {
        say(pick(
            "设置文件里没有 [[rerun]]；写法见 deploy/wanglou.toml",
            "the settings have no [[rerun]]; deploy/wanglou.toml shows how to write one",
        ))?;
    }
    Ok(())
}

async fn run_now(folder: &Folder, plan: &RerunPlan) -> Result<(), Failure> {
    let began = now();
    let due = folder.store().reruns(Some(&plan.name)).await?.into_iter().find(|row| row.ended_at.is_none());
    let to = due.map_or(day_of(began), |row| row.judged.to);
    let bar = bar(vocabulary::DateRange { from: to, to }, 1, 1);
    let row = folder.run_planned(plan, began, &|stage| show(&bar, stage)).await.map_err(pipeline_failure)?;
    bar.finish();
    match &row.problem {
        Some(problem) => Err(Failure::Work(anyhow!(tr!("重演失败：“{problem}”", "{problem}")))),
        None => say(told(folder, &row)),
    }
}

/// One run in one line.
fn told(folder: &Folder, row: &RerunRow) -> String {
    let head = tr!("{}  {}至{}", "{}  {} to {}", show_moment(row.started_at), row.asked.from, row.asked.to);
    if let Some(problem) = &row.problem {
        return tr!("{head}  失败：“{problem}”", "{head}  failed: {problem}");
    }
    if row.ended_at.is_none() {
        return tr!(
            "{head}  进行中，或已中断（会接着做完）",
            "{head}  under way, or interrupted (it will be gone on with)"
        );
    }
    let said = match row.change {
        None => pick("没有可比的上一次", "no earlier one to compare with").to_owned(),
        Some(change) if !change.any() => pick("与上一次一致", "the same as the last one").to_owned(),
        Some(change) => tr!(
            "过去变了：新增{}，消失{}，提前{}，推迟{}，等级不同{}",
            "the past has changed: {} new, {} gone, {} earlier, {} later, {} with other levels",
            change.gained,
            change.lost,
            change.earlier,
            change.later,
            change.other_levels
        ),
    };
    let page = folder.rerun_folder(row).join(DIFFERENCE);
    let page = if row.change.is_some_and(|change| change.any()) && row.kept {
        tr!("，对比页 {}", ", side by side in {}", page.display())
    } else {
        String::new()
    };
    tr!("{head}  预警{}件；{said}{page}", "{head}  {} alerts; {said}{page}", row.alerts_opened)
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    Timestamp::now()
}

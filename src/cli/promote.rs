//! `wanglou promote`: put rules or criteria in force for a data folder, and show which were.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::progress::Progress;
use super::{Common, Failure, pipeline_failure, say};
use crate::config::{Overrides, Settings};
use crate::pipeline::promotion::beside::NotInForce;
use crate::pipeline::promotion::{self, Take, Wanted};
use crate::pipeline::{PipelineError, Tower};
use crate::store::{Promotion, Store};
use crate::vocabulary::show_moment;

#[derive(Debug, Args)]
pub(super) struct PromoteArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Put the rules of --lexicon and the criteria of --criteria in force; what is not named stays as it is
    ///
    /// A copy is kept in the data folder, the log is read again beside what is in use, then the change is made at once: a running service
    /// goes on meanwhile and needs no restart. Try the change first: `wanglou rerun`, `wanglou diff`.
    Put {
        /// Who does it
        #[arg(long)]
        by: String,
        /// Why
        #[arg(long)]
        why: String,
        /// The report that was approved, as `wanglou diff --html` wrote it: kept beside the rules, its digest in the record
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Go back to the rules and criteria built into this program, where none are named
        #[arg(long)]
        shipped: bool,
        /// Settings file of the service
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// List what was put in force, newest first
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        /// Settings file of the service
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub(super) async fn run(args: PromoteArgs, common: &Common) -> Result<(), Failure> {
    // What the flags name is to be promoted; it is not what the folder is opened with.
    let (What::Put { config, .. } | What::List { config, .. }) = &args.what;
    let flags = Overrides { data: common.data.clone(), ..Overrides::default() };
    let settings = Settings::load(config.as_deref(), flags).map_err(Failure::input)?;
    match args.what {
        What::Put { by, why, report, shipped, .. } => {
            let take = |named: &Option<PathBuf>| match named {
                Some(path) => Take::From(path.clone()),
                None if shipped => Take::Shipped,
                None => Take::Kept,
            };
            let (lexicon, criteria) = (take(&common.lexicon), take(&common.criteria));
            if [&lexicon, &criteria].iter().all(|take| **take == Take::Kept) {
                let why = "name what to put in force: --lexicon DIR, --criteria FILE, or --shipped";
                return Err(Failure::Input(anyhow!(why)));
            }
            put(&settings, &Wanted { lexicon, criteria, by, why, report }).await
        }
        What::List { json, .. } => list(&settings, json).await,
    }
}

async fn put(settings: &Settings, wanted: &Wanted) -> Result<(), Failure> {
    promotion::may_promote(settings).map_err(pipeline_failure)?;
    let tower = match Tower::open(settings).await {
        Ok(tower) => tower,
        Err(PipelineError::Busy(_)) => {
            let row = promotion::ask(settings, wanted, now()).await.map_err(pipeline_failure)?;
            return say(format_args!(
                "已登记：词典 {}，评价标准 {}。数据目录正在使用：运行中的服务会在后台重读日志后自动切换（服务没有运行时，由下一次启动完成）；用 wanglou promote list 查看",
                row.lexicon, row.criteria
            ));
        }
        Err(why @ PipelineError::RulesInForce { .. }) => {
            eprintln!("现用规则无法载入：{why}");
            let row = promotion::replace_broken(settings, wanted, now()).await.map_err(pipeline_failure)?;
            return say(format_args!("{}；日志由下一次启动重读", told(&row)));
        }
        Err(error) => return Err(pipeline_failure(error)),
    };
    let done = async {
        // What somebody asked for before goes first: the service that was to do it has ended.
        if let Some(waiting) = tower.promotion_asked().await? {
            say(told(&carry_out(&tower, waiting).await?))?;
        }
        let row = promotion::ask(settings, wanted, now()).await.map_err(pipeline_failure)?;
        say(told(&carry_out(&tower, row).await?))
    };
    let done = done.await;
    tower.close().await?;
    done
}

/// Reads the log again by what was asked for, and puts it in force.
async fn carry_out(tower: &Tower, row: Promotion) -> Result<Promotion, Failure> {
    let bar = Progress::start("重读日志", tower.log().end().await?.0);
    let put = match tower.derive_beside(row.clone(), &|documents| bar.at(documents, String::new())).await {
        Ok(beside) => tower.put_in_force(beside, now()).await,
        Err(error) => Err(NotInForce::Before(error)),
    };
    bar.finish();
    match put {
        Ok(row) => Ok(row),
        Err(NotInForce::After(error)) => Err(error.into()),
        Err(NotInForce::Before(error)) => {
            tower.promotion_failed(&row, &error.with_causes(), now()).await?;
            Err(pipeline_failure(error))
        }
    }
}

async fn list(settings: &Settings, json: bool) -> Result<(), Failure> {
    let path = settings.data.join("wanglou.sqlite");
    if !path.is_file() {
        return Err(PipelineError::Empty(settings.data.clone()).into());
    }
    let store = Store::open(&path).await?;
    let rows = store.promotions().await?;
    store.close().await;
    if json {
        return rows.iter().try_for_each(|row| say(serde_json::to_string(row)?));
    }
    if rows.is_empty() {
        return say("还没有启用过别的规则；现用随程序发布的规则，或设置文件指定的规则");
    }
    rows.iter().try_for_each(|row| say(told(row)))
}

/// One promotion in one line.
fn told(row: &Promotion) -> String {
    let state = match (&row.problem, row.in_force_at) {
        (Some(problem), _) => format!("未启用：{problem}"),
        (None, Some(at)) => format!("{} 启用，重读 {} 条", show_moment(at), row.documents),
        (None, None) => "等待启用".to_owned(),
    };
    let part = |name: &str, before: &str, after: &str| {
        if before == after { format!("{name} {after}（未变）") } else { format!("{name} {before} → {after}") }
    };
    let lexicon = part("词典", row.before.0.as_str(), row.lexicon.as_str());
    let criteria = part("评价标准", row.before.1.as_str(), row.criteria.as_str());
    let report = if row.report.is_some() { "，附对比报告" } else { "" };
    format!("{}  {state}；{lexicon}；{criteria}；{}：{}{report}", show_moment(row.asked_at), row.by, row.why)
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    Timestamp::now()
}

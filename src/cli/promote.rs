//! `wanglou promote`: put rules or criteria in force for a data folder, and show which were.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::{language, pick, tr};
use super::progress::Progress;
use super::{Common, Failure, pipeline_failure, say, tell};
use config::{Overrides, Settings};
use pipeline::promotion::prepared::NotInForce;
use pipeline::promotion::{self, Take, Wanted};
use pipeline::{PipelineError, Tower};
use store::{Promotion, Store};
use vocabulary::{Said, show_moment};

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
    let (data, secrets_key) = (common.data.clone(), common.secrets_key.clone());
    let flags = Overrides { data, secrets_key, ..Overrides::default() };
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
                let why = pick(
                    "请写明启用什么：--lexicon DIR、--criteria FILE 或 --shipped",
                    "name what to put in force: --lexicon DIR, --criteria FILE, or --shipped",
                );
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
            return say(tr!(
                "已登记：词典 {}，评价标准 {}。数据目录正在使用：运行中的服务会在后台重读日志后自动切换（服务没有运行时，由下一次启动完成）；用 wanglou promote list 查看",
                "noted: lexicon {}, criteria {}. The data folder is in use: the running service reads the log again and changes over by itself (else the next start does); see `wanglou promote list`",
                row.lexicon,
                row.criteria
            ));
        }
        Err(why @ PipelineError::RulesInForce { .. }) => {
            let why = why.said(language());
            tell(tr!("现用规则无法载入：{why}", "the rules in force cannot be loaded: {why}"));
            let row = promotion::replace_broken(settings, wanted, now()).await.map_err(pipeline_failure)?;
            return say(tr!("{}；日志由下一次启动重读", "{}; the next start reads the log again", told(&row)));
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
    let bar = Progress::start(pick("重读日志", "reading the log again"), tower.log().end().await?.0);
    let put = match tower.prepare_promotion(row.clone(), &|documents| bar.at(documents, String::new())).await {
        Ok(prepared) => tower.put_in_force(prepared, now()).await,
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
        return say(pick(
            "还没有启用过别的规则；现用随程序发布的规则，或设置文件指定的规则",
            "no other rules were put in force; in use are the shipped ones, or those that the settings name",
        ));
    }
    rows.iter().try_for_each(|row| say(told(row)))
}

/// One promotion in one line.
fn told(row: &Promotion) -> String {
    let state = match (&row.problem, row.in_force_at) {
        (Some(problem), _) => tr!("未启用：“{problem}”", "not in force: {problem}"),
        (None, Some(at)) => {
            tr!("{} 启用，重读 {} 条", "in force since {}, {} documents read again", show_moment(at), row.documents)
        }
        (None, None) => pick("等待启用", "waiting").to_owned(),
    };
    let part = |name: &str, before: &str, after: &str| {
        if before == after {
            tr!("{name} {after}（未变）", "{name} {after} (unchanged)")
        } else {
            format!("{name} {before} → {after}")
        }
    };
    let lexicon = part(pick("词典", "lexicon"), row.before.0.as_str(), row.lexicon.as_str());
    let criteria = part(pick("评价标准", "criteria"), row.before.1.as_str(), row.criteria.as_str());
    let report = if row.report.is_some() { pick("，附对比报告", ", with a report") } else { "" };
    let asked = show_moment(row.asked_at);
    tr!(
        "{asked}  {state}；{lexicon}；{criteria}；{}：{}{report}",
        "{asked}  {state}; {lexicon}; {criteria}; {}: {}{report}",
        row.by,
        row.why
    )
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    Timestamp::now()
}

//! `wanglou watch`: saved searches, and what came for those that are watched.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::{pick, tr};
use super::search::index_failure;
use super::user::BY_COMMAND;
use super::{Common, Failure, say};
use pipeline::{Folder, NewSearch};
use vocabulary::show_moment;

#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    #[command(subcommand)]
    command: WatchCommand,
}

#[derive(Debug, Subcommand)]
enum WatchCommand {
    /// Save a search under a name; from now on documents are matched against it as they arrive
    Add {
        /// What to call it
        name: String,
        /// The query, as for `wanglou search`
        query: String,
        /// Tell of each story once: reprints of what came already are left out
        #[arg(long)]
        only_new: bool,
        /// Least time between two digests, in minutes
        #[arg(long, value_name = "MINUTES", default_value_t = 0)]
        throttle: u32,
        /// Only keep the query, match nothing
        #[arg(long)]
        quiet: bool,
    },
    /// Show all saved searches
    List {
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Show what came for one of them, newest first
    Show {
        /// Its name
        name: String,
        /// Most documents
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Forget one, and what came for it
    Remove {
        /// Its name
        name: String,
    },
    /// Give the digests that are due, one message a watch; what they tell is not told again
    Digest {
        /// One JSON document a line on standard output
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(args: WatchArgs, common: &Common) -> Result<(), Failure> {
    let folder = Folder::open(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    let now = Timestamp::now();
    match args.command {
        WatchCommand::Add { name, query, only_new, throttle, quiet } => {
            let new = NewSearch { name, query, watched: !quiet, only_new, throttle_minutes: throttle };
            let saved = folder.save_search(new, None, Some(BY_COMMAND), now).await.map_err(index_failure)?;
            let found = folder.finds_now(&saved.query)?;
            say(tr!(
                "已保存“{}”；现有 {found} 条信息符合，之后到来的记在它名下",
                "saved `{}`; {found} documents match now, what comes from now on is noted",
                saved.name
            ))
        }
        WatchCommand::List { json } => {
            let searches = folder.store().searches().await?;
            if json {
                return say(serde_json::to_string(&searches)?);
            }
            for search in &searches {
                let kind = match (search.watched, search.only_new) {
                    (false, _) => pick("只保存", "kept only"),
                    (true, false) => pick("订阅", "watched"),
                    (true, true) => pick("订阅，只要新的", "watched, new only"),
                };
                say(format_args!("{}  [{kind}]  {}", search.name, search.query))?;
                if search.watched {
                    let told = search.told_at.map_or_else(|| pick("从未", "never").to_owned(), show_moment);
                    say(tr!(
                        "    到 {} 条，未通报 {} 条，上次通报 {told}",
                        "    {} came, {} not told yet, last told {told}",
                        search.came,
                        search.untold
                    ))?;
                }
            }
            say(tr!("共 {} 个", "{} in all", searches.len()))
        }
        WatchCommand::Show { name, limit, json } => {
            known(&folder, &name).await?;
            let came = folder.store().came_for(&name, limit).await?;
            if json {
                return say(serde_json::to_string(&came)?);
            }
            for hit in &came {
                let seen = hit.seen_at.map_or_else(|| pick("日期不详", "no date").to_owned(), show_moment);
                say(format_args!("{seen}  {}  {}", hit.document, hit.title))?;
            }
            say(tr!("共 {} 条", "{} in all", came.len()))
        }
        WatchCommand::Remove { name } => {
            if !folder.remove_search(&name, Some(BY_COMMAND), now).await.map_err(super::pipeline_failure)? {
                return Err(unknown(&name));
            }
            say(tr!("已删除“{name}”", "removed `{name}`"))
        }
        WatchCommand::Digest { json } => {
            for digest in folder.store().take_digests(now).await? {
                if json {
                    say(serde_json::to_string(&digest)?)?;
                    continue;
                }
                say(tr!("【{}】新到 {} 条：{}", "[{}] {} new: {}", digest.name, digest.total, digest.query))?;
                for hit in &digest.newest {
                    say(format_args!("    {}  {}", hit.document, hit.title))?;
                }
            }
            Ok(())
        }
    }
}

async fn known(folder: &Folder, name: &str) -> Result<(), Failure> {
    let known = folder.store().searches().await?.iter().any(|search| search.name == name);
    if known { Ok(()) } else { Err(unknown(name)) }
}

fn unknown(name: &str) -> Failure {
    Failure::Input(anyhow!(tr!(
        "没有叫“{name}”的检索；`wanglou watch list` 列出全部",
        "no search is called `{name}`; `wanglou watch list` shows all"
    )))
}

//! `wanglou source`: what an operator does with sources, one at a time.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::{Common, Failure, say};
use crate::collect::Recipe;
use crate::config::Settings;
use crate::pipeline::Gatherer;

#[derive(Debug, Args)]
pub(super) struct SourceArgs {
    /// Folder of source recipes [default: `sources` of the settings file]
    #[arg(long, global = true, value_name = "DIR")]
    sources: Option<PathBuf>,
    /// Settings file
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Collect sources now, due or not, enabled or not; what comes waits in the log. Prints one JSON object a source
    Collect {
        /// Ids of the sources
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

pub(super) async fn run(args: SourceArgs, common: &Common) -> Result<(), Failure> {
    let settings = common.settings(args.config.as_deref(), None)?;
    let recipes = recipes(args.sources.as_ref(), &settings)?;
    match args.what {
        What::Collect { ids } => collect(&settings, &chosen(recipes, &ids)?).await,
    }
}

fn recipes(sources: Option<&PathBuf>, settings: &Settings) -> Result<Vec<Recipe>, Failure> {
    let dir = sources.or(settings.sources.as_ref());
    let dir =
        dir.ok_or_else(|| Failure::Input(anyhow!("没有来源配方：用 --sources 目录 或设置文件里的 sources 指定")))?;
    Recipe::load_dir(dir).map_err(Failure::input)
}

fn chosen(recipes: Vec<Recipe>, ids: &[String]) -> Result<Vec<Recipe>, Failure> {
    let known: Vec<String> = recipes.iter().map(|recipe| recipe.id.to_string()).collect();
    if let Some(stranger) = ids.iter().find(|id| !known.contains(id)) {
        return Err(Failure::Input(anyhow!("没有来源 `{stranger}`；有：{}", known.join("、"))));
    }
    Ok(recipes.into_iter().filter(|recipe| ids.iter().any(|id| id == recipe.id.as_str())).collect())
}

async fn collect(settings: &Settings, recipes: &[Recipe]) -> Result<(), Failure> {
    let gatherer = Gatherer::open(settings).await.map_err(super::pipeline_failure)?;
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    let (now, began) = (Timestamp::now(), std::time::Instant::now());
    let rounds = gatherer.collect(recipes, settings.sources_at_once, now).await?;
    let seconds = began.elapsed().as_secs_f64();
    for round in &rounds {
        let mut line = serde_json::to_value(round)?;
        line["seconds"] = seconds.into();
        say(line)?;
    }
    gatherer.close().await;
    Ok(())
}

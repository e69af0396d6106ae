//! `wanglou run`: the service. Looks at the schedule, goes round the sources that are due, judges, and serves the pages.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use jiff::Timestamp;

use super::face::{Face, asked_to_end};
use super::{Common, Failure, reruns};
use crate::collect::Recipe;
use crate::pipeline::promotion::Keeper;
use crate::pipeline::{self, PipelineError, Tower, Turn};
use crate::vocabulary::day_of;

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// Settings file; see deploy/wanglou.toml for one with every key explained
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Port of the web face
    #[arg(long)]
    port: Option<u16>,
}

pub(super) async fn run(args: RunArgs, common: &Common) -> Result<(), Failure> {
    let settings = common.settings(args.config.as_deref(), args.port)?;
    let recipes = match &settings.sources {
        Some(dir) => Recipe::load_dir(dir).map_err(Failure::input)?,
        None => Vec::new(),
    };
    let enabled: Vec<Recipe> = recipes.into_iter().filter(|recipe| recipe.enabled).collect();
    if enabled.is_empty() {
        eprintln!("没有启用的来源：在设置文件里用 sources = \"目录\" 指定来源配方，并在配方中写 enabled = true");
    }
    let tower = Arc::new(Tower::open(&settings).await.map_err(super::pipeline_failure)?);
    let mut face = Face::open(&tower, &settings).await?;
    eprintln!("望楼已启动，按 Ctrl-C 结束");
    let tick = Duration::from_secs(settings.tick_seconds);
    // Work may be dropped anywhere: every stage publishes its output with its cursor, and goes on from there (LOG-2).
    tokio::select! {
        never = go_round(&tower, &enabled, tick) => match never? {},
        ended = reruns::keep(&tower, &settings.reruns, tick) => return Ok(ended?),
        ended = face.ended() => return ended.and(Err(Failure::Work(anyhow!("the pages are no longer served")))),
        () = asked_to_end() => {}
    }
    eprintln!("正在结束 …");
    face.close().await?;
    if let Some(tower) = Arc::into_inner(tower) {
        tower.close().await?;
    }
    Ok(())
}

/// Turns, for ever. A source that fails is logged and tried again; an error means that the tower itself cannot work.
async fn go_round(tower: &Arc<Tower>, recipes: &[Recipe], tick: Duration) -> Result<Infallible, PipelineError> {
    let mut judged_on = None;
    let mut promotions = Keeper::default();
    tower.collector().know(recipes);
    loop {
        #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
        let now = Timestamp::now();
        let mut due = Vec::new();
        for recipe in recipes {
            if tower.is_due(recipe, now).await? {
                due.push(recipe.clone());
            }
        }
        let today = day_of(now);
        // What was handed in from outside is read as soon as what was collected; a day without a document is judged too: alerts grow quiet and close by the calendar.
        if !due.is_empty() || judged_on != Some(today) || tower.is_behind().await? {
            let turn = pipeline::turn(tower, &due, now).await?;
            if judged_on != Some(today) {
                tell_troubles(tower, recipes, now).await?;
            }
            judged_on = Some(today);
            tell(&turn);
        }
        if promotions.step(tower, now).await? {
            judged_on = None;
            continue;
        }
        tokio::time::sleep(tick).await;
    }
}

/// Once a day: which sources somebody should look at, so that none stops quietly.
async fn tell_troubles(tower: &Tower, recipes: &[Recipe], now: Timestamp) -> Result<(), PipelineError> {
    for recipe in recipes {
        for trouble in tower.collector().health(recipe, now).await?.troubles {
            tracing::warn!(source.id = %recipe.id, "look at this source with `wanglou source check`: {trouble}");
        }
    }
    Ok(())
}

fn tell(turn: &Turn) {
    tracing::info!(
        sources = turn.rounds.len(),
        documents = turn.read.documents,
        signals = turn.read.signals,
        alert_events = turn.judged.events.len(),
        "a turn is done"
    );
    for round in &turn.rounds {
        for problem in &round.problems {
            tracing::warn!("{problem}");
        }
        if let Some(why) = &round.stopped {
            tracing::warn!(source.id = %round.source, "the round ended early, the rest waits: {why}");
        }
    }
}

//! `wanglou run`: the service. Goes round the sources that are due, reads, judges, and serves the pages: each by itself, so that none waits
//! for another.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use jiff::Timestamp;
use tokio::sync::watch;

use super::face::{Face, asked_to_end};
use super::{Common, Failure, reruns};
use crate::collect::{Recipe, Round};
use crate::pipeline::promotion::Keeper;
use crate::pipeline::{self, PipelineError, Tower};
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
    let (caught_up, waiting) = watch::channel(false);
    // Work may be dropped anywhere: every stage publishes its output with its cursor, and goes on from there (LOG-2).
    tokio::select! {
        never = collect(&tower, &enabled, tick) => match never? {},
        never = read(&tower, caught_up) => match never? {},
        never = judge(&tower, waiting) => match never? {},
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

/// Pause between two looks at what is to be read or judged.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Goes round the sources that are due, for ever. A source that fails is logged and tried again; an error means that the tower itself
/// cannot work.
async fn collect(tower: &Tower, recipes: &[Recipe], tick: Duration) -> Result<Infallible, PipelineError> {
    let mut troubles_told_on = None;
    tower.collector().know(recipes);
    loop {
        let now = now();
        let mut due = Vec::new();
        for recipe in recipes {
            if tower.is_due(recipe, now).await? {
                due.push(recipe.clone());
            }
        }
        for round in pipeline::collect(tower, &due, now).await? {
            tell_round(&round);
        }
        if troubles_told_on.replace(day_of(now)) != Some(day_of(now)) {
            tell_troubles(tower, recipes, now).await?;
        }
        tokio::time::sleep(tick).await;
    }
}

/// Reads what the log has, for ever, whoever brought it and whatever else goes on: a document is found soon after it was logged. Between
/// two reads promoted rules are put in force.
async fn read(tower: &Arc<Tower>, caught_up: watch::Sender<bool>) -> Result<Infallible, PipelineError> {
    let mut promotions = Keeper::default();
    loop {
        if tower.is_behind().await? || !*caught_up.borrow() {
            let read = tower.read_new().await?;
            tracing::info!(documents = read.documents, signals = read.signals, "the log is read");
            caught_up.send_replace(true);
        }
        promotions.step(tower, now()).await?;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Judges, for ever, once everything was read that was there at the start: when something new was read, a verdict or results of tests
/// came, other rules are in force, or a day has begun (alerts grow quiet and close by the calendar). Between two judgements it rests half
/// as long as the last one took.
async fn judge(tower: &Tower, mut caught_up: watch::Receiver<bool>) -> Result<Infallible, PipelineError> {
    let mut judged = None;
    // An error would say that the reader has gone, and then all ends.
    _ = caught_up.wait_for(|caught_up| *caught_up).await;
    loop {
        let now = now();
        let grounds = (
            tower.store().outcome_count().await?,
            day_of(now),
            tower.signals_cursor(),
            tower.lexicon().version().clone(),
            tower.judge_by().version().clone(),
        );
        let began = tokio::time::Instant::now();
        if judged.as_ref() != Some(&grounds) {
            let found = tower.judge(now).await?;
            tracing::info!(alert_events = found.events.len(), "the day is judged");
            judged = Some(grounds);
        }
        tokio::time::sleep(LOOK_EVERY.max(began.elapsed() / 2)).await;
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

fn tell_round(round: &Round) {
    for problem in &round.problems {
        tracing::warn!("{problem}");
    }
    if let Some(why) = &round.stopped {
        tracing::warn!(source.id = %round.source, "the round ended early, the rest waits: {why}");
    }
}

fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    Timestamp::now()
}

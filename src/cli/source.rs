//! `wanglou source`: what an operator does with sources: see how they are doing, look at one live, pause, collect now.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;

use super::lang::{Lang, lang, pick, tr};
use super::looked::{look, told};
use super::user::BY_COMMAND;
use super::verify_sources::{Keep, verify};
use super::{Common, Failure, say, tell};
use archive::read_asked;
use collect::{ChannelCovered, Coverage, Covered, Health, LevelCovered, Recipe, Trouble};
use config::Settings;
use log::Entry;
use pipeline::revisions::{DiffLine, changes};
use pipeline::{CollectingFolder, SourceStates};
use vocabulary::{ActorKind, AdminLevel, DocumentId, Position, show_moment, start_of_day};

#[derive(Debug, Args)]
pub(super) struct SourceArgs {
    /// Folder of source recipes [default: `sources` of the settings file, else the shipped ones]
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
    /// Show all sources and how they are doing
    List {
        /// One JSON object a source; with --coverage one in all
        #[arg(long)]
        json: bool,
        /// Show what the sources cover instead: by channel group of DB33/T 980, level and province
        #[arg(long)]
        coverage: bool,
    },
    /// Show a recipe as it works, with what its groups give, and the file and line of each key
    Show {
        /// Id of the source
        id: String,
        /// One JSON object a key
        #[arg(long)]
        json: bool,
    },
    /// Look at sources live once, politely, and report which of them keep what their recipes promise; keeps nothing
    Verify {
        /// Ids of the sources; all of them when none is named
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Add a line of JSON for each source to this file: what was asked, the answers, what was found, whether it is as promised
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
        /// Write the month into the recipes that hold; only for recipes in a folder of one's own
        #[arg(long)]
        write: bool,
    },
    /// Look at a source live and show field by field what matches; keeps nothing
    Check {
        /// Id of the source
        id: String,
    },
    /// Stop asking sources until they are resumed; a running service obeys at once
    Pause {
        /// Ids of the sources
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Ask paused sources again
    Resume {
        /// Ids of the sources
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Show what was asked, when, and with what answer, one JSON object a line, from the raw archive
    Log {
        /// Ids of sources: only what was asked of their hosts and folders
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Only from this day on (Asia/Shanghai)
        #[arg(long, value_name = "YYYY-MM-DD")]
        since: Option<Date>,
    },
    /// Show how a document changed from revision to revision; without an id, which documents did
    Revisions {
        /// Id of the document
        #[arg(value_name = "DOCUMENT")]
        id: Option<String>,
    },
    /// Collect sources now, due or not, enabled or not; what comes waits in the log. Prints one JSON object a source
    Collect {
        /// Ids of the sources
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

pub(super) async fn run(args: SourceArgs, common: &Common) -> Result<(), Failure> {
    let settings = common.settings(args.config.as_deref(), None)?;
    let recipes = || recipes(args.sources.as_ref(), &settings);
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    let now = Timestamp::now();
    match args.what {
        What::List { json, coverage: true } => coverage(&settings, &recipes()?, json, now).await,
        What::List { json, coverage: false } => list(&settings, &recipes()?, json, now).await,
        What::Show { id, json } => show(&chosen(recipes()?, &[id])?[0], json),
        What::Verify { ids, record, write } => {
            let of = if ids.is_empty() { recipes()? } else { chosen(recipes()?, &ids)? };
            verify(&settings, &of, Keep { record: record.as_deref(), write }, now).await
        }
        What::Check { id } => check(&settings, &chosen(recipes()?, &[id])?[0], now).await,
        What::Pause { ids } => pause(&settings, &chosen(recipes()?, &ids)?, true, now).await,
        What::Resume { ids } => pause(&settings, &chosen(recipes()?, &ids)?, false, now).await,
        What::Collect { ids } => collect(&settings, &chosen(recipes()?, &ids)?, now).await,
        What::Log { ids, since } => {
            let of = if ids.is_empty() { Vec::new() } else { chosen(recipes()?, &ids)? };
            log(&settings, &of, since)
        }
        What::Revisions { id } => revisions(&settings, id.map(DocumentId::new)).await,
    }
}

fn recipes(sources: Option<&PathBuf>, settings: &Settings) -> Result<Vec<Recipe>, Failure> {
    match sources.or(settings.sources.as_ref()) {
        Some(dir) => Recipe::load_dir(dir).map_err(Failure::input),
        None => Recipe::shipped().map_err(Failure::input),
    }
}

fn chosen(recipes: Vec<Recipe>, ids: &[String]) -> Result<Vec<Recipe>, Failure> {
    let known: Vec<String> = recipes.iter().map(|recipe| recipe.id.to_string()).collect();
    if let Some(stranger) = ids.iter().find(|id| !known.contains(id)) {
        return Err(Failure::Input(anyhow!(tr!(
            "没有来源 `{stranger}`；有：{}",
            "no source `{stranger}`; known: {}",
            known.join(pick("、", ", "))
        ))));
    }
    Ok(recipes.into_iter().filter(|recipe| ids.iter().any(|id| id == recipe.id.as_str())).collect())
}

async fn list(settings: &Settings, recipes: &[Recipe], json: bool, now: Timestamp) -> Result<(), Failure> {
    let states = SourceStates::open(settings).await?;
    for recipe in recipes {
        let health = states.health(recipe, now).await?;
        if json {
            let mut line = serde_json::to_value(&health)?;
            line["id"] = recipe.id.as_str().into();
            line["name"] = recipe.name.as_str().into();
            line["channel"] = recipe.channel.code().into();
            line["enabled"] = recipe.enabled.into();
            line["actor"] = recipe.actor.map(ActorKind::code).into();
            line["level"] = recipe.level.map(AdminLevel::code).into();
            line["verified"] = recipe.verified.as_deref().into();
            say(line)?;
        } else {
            say(line_of(recipe, &health))?;
            for trouble in &health.troubles {
                say(format!("    ⚠ {}", trouble_told(trouble)))?;
            }
        }
    }
    states.close().await;
    Ok(())
}

async fn coverage(settings: &Settings, recipes: &[Recipe], json: bool, now: Timestamp) -> Result<(), Failure> {
    let states = SourceStates::open(settings).await?;
    let mut sources = Vec::new();
    for recipe in recipes {
        sources.push((recipe, states.health(recipe, now).await?));
    }
    states.close().await;
    let coverage = Coverage::of(&sources);
    if json {
        return say(serde_json::to_value(&coverage)?);
    }
    for line in coverage_told(&coverage) {
        say(line)?;
    }
    Ok(())
}

fn coverage_told(coverage: &Coverage) -> Vec<String> {
    let mut lines = vec![pick("渠道（DB33/T 980 §6.1.2）", "Channels (DB33/T 980 §6.1.2)").to_owned()];
    for (ChannelCovered { channel, covered }, letter) in coverage.channels.iter().zip('a'..) {
        let state = covered.state();
        let state = pick(state.zh(), state.en());
        let name = pick(channel.zh(), channel.en());
        lines.push(format!("  {letter}  {name}  {state}  {}", covered_told(covered)));
    }
    lines.push(pick("级别", "Levels").to_owned());
    let levels = coverage.levels.iter().filter(|one| one.covered.sources > 0);
    lines.extend(levels.map(|LevelCovered { level, covered }| {
        format!("  {}  {}", pick(level.zh(), level.en()), covered_told(covered))
    }));
    lines.push(pick("省级地区", "Provinces").to_owned());
    let provinces = coverage.provinces.iter();
    lines.extend(provinces.map(|one| format!("  {}  {}", one.province, covered_told(&one.covered))));
    if !coverage.provinces_without.is_empty() {
        let names = coverage.provinces_without.join(pick("、", ", "));
        lines.push(tr!("  没有来源：{names}", "  without a source: {names}"));
    }
    lines
}

fn covered_told(covered: &Covered) -> String {
    let Covered { sources, enabled, verified, verified_last, in_trouble, last_news_at, .. } = covered;
    let month = verified_last.as_deref().unwrap_or("—");
    let news = last_news_at.map_or_else(|| "—".to_owned(), show_moment);
    tr!(
        "来源 {sources} 个，启用 {enabled} 个，异常 {in_trouble} 个，核对过 {verified} 个（最近 {month}），上次有新信息 {news}",
        "{sources} sources, {enabled} enabled, {in_trouble} in trouble, {verified} verified (last {month}), last news {news}"
    )
}

/// The recipe as it works, section by section.
fn show(recipe: &Recipe, json: bool) -> Result<(), Failure> {
    let mut section = "";
    for line in recipe.effective.iter() {
        if json {
            say(serde_json::to_value(line)?)?;
            continue;
        }
        if line.section != section {
            section = &line.section;
            say(format!("\n[{section}]"))?;
        }
        say(format!("{} = {}  # {}:{}", line.key, line.value, line.file, line.line))?;
    }
    Ok(())
}

fn line_of(recipe: &Recipe, health: &Health) -> String {
    let state = match (recipe.enabled, health.paused_at, health.troubles.is_empty()) {
        (false, ..) => pick("停用", "off"),
        (_, Some(_), _) => pick("暂停", "paused"),
        (_, _, false) => pick("异常", "in trouble"),
        _ if health.last_at.is_none() => pick("未采集", "not collected yet"),
        _ => pick("正常", "well"),
    };
    let at = |moment: Option<Timestamp>| moment.map_or_else(|| "—".to_owned(), show_moment);
    let who = recipe.actor.map(|actor| match lang() {
        Lang::Zh => format!("{}{}", recipe.level.map_or("", AdminLevel::zh), actor.zh()),
        Lang::En => recipe.level.map_or_else(String::new, |level| format!("{} ", level.code())) + actor.code(),
    });
    let verified = match recipe.verified.as_deref() {
        Some("never") => pick("  从未核对", "  never verified"),
        Some(_) | None => "",
    };
    let back = health.back_at.map_or_else(String::new, |back| {
        tr!(
            "  {} 恢复（此前连续 {} 轮没有读到页面）",
            "  back since {} (after {} rounds that read nothing)",
            show_moment(back),
            health.away_rounds
        )
    });
    tr!(
        "{}  {}  {}  {state}{verified}  上次成功 {}  上次有新信息 {}  下次 {}  共 {} 轮{back}",
        "{}  {}  {}  {state}{verified}  last success {}  last news {}  due {}  {} rounds{back}",
        recipe.id,
        recipe.name,
        who.as_deref().unwrap_or("—"),
        at(health.last_success_at),
        at(health.last_news_at),
        at(health.due_at),
        health.rounds
    )
}

fn trouble_told(trouble: &Trouble) -> String {
    match lang() {
        Lang::Zh => trouble.zh(),
        Lang::En => trouble.to_string(),
    }
}

async fn pause(settings: &Settings, recipes: &[Recipe], paused: bool, now: Timestamp) -> Result<(), Failure> {
    let states = SourceStates::open(settings).await?;
    for recipe in recipes {
        if paused {
            states.pause(&recipe.id, BY_COMMAND, now).await?;
        } else {
            states.resume(&recipe.id, BY_COMMAND, now).await?;
        }
        let done = if paused { pick("已暂停", "paused") } else { pick("已恢复", "resumed") };
        tell(format_args!("{done} {}", recipe.id));
    }
    states.close().await;
    Ok(())
}

async fn check(settings: &Settings, recipe: &Recipe, now: Timestamp) -> Result<(), Failure> {
    let (round, documents, _) = look(settings, recipe, now).await?;
    for line in told(&round, &documents) {
        say(line)?;
    }
    if documents.is_empty() {
        return Err(Failure::Work(anyhow!(tr!(
            "来源 {} 一条信息也没有读到，见上面的问题",
            "no document was read from {}, see the problems above",
            recipe.id
        ))));
    }
    Ok(())
}

/// The crawl log, from the raw archive.
fn log(settings: &Settings, of: &[Recipe], since: Option<Date>) -> Result<(), Failure> {
    let folder = settings.data.join("warc");
    if !folder.is_dir() {
        return Err(Failure::Input(anyhow!(tr!(
            "{} 里还没有原始存档",
            "{} holds no raw archive yet",
            settings.data.display()
        ))));
    }
    let from = since.map(start_of_day);
    let mut failed = None;
    read_asked(&folder, |asked| {
        let late_enough = from.is_none_or(|from| asked.at.is_some_and(|at| at >= from));
        if late_enough && (of.is_empty() || of.iter().any(|recipe| recipe.asks(&asked.url))) {
            failed = serde_json::to_value(&asked).map_err(Failure::from).and_then(say).err();
        }
        failed.is_none()
    })?;
    failed.map_or(Ok(()), Err)
}

async fn revisions(settings: &Settings, id: Option<DocumentId>) -> Result<(), Failure> {
    let states = SourceStates::open(settings).await?;
    match id {
        None => {
            for id in states.store().revised(Position(0), Position(u64::MAX)).await?.keys() {
                say(id)?;
            }
        }
        Some(id) => {
            let revisions = states.store().revisions(&id).await?;
            if revisions.is_empty() {
                return Err(Failure::Input(anyhow!(tr!("没有信息 `{id}`", "no document `{id}`"))));
            }
            for line in changed(&revisions) {
                say(line)?;
            }
        }
    }
    states.close().await;
    Ok(())
}

/// The revisions, each with what it changed.
fn changed(revisions: &[Entry]) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, (entry, diff)) in changes(revisions).into_iter().enumerate() {
        let seen = entry.document.seen_at.map_or_else(|| "—".to_owned(), show_moment);
        lines.push(tr!(
            "第 {} 版  位置 {}  采集于 {seen}",
            "revision {}  position {}  seen {seen}",
            number + 1,
            entry.position
        ));
        lines.extend(diff.iter().map(|line| match line {
            DiffLine::Same(text) => format!("    {text}"),
            DiffLine::Gone(text) => format!("  - {text}"),
            DiffLine::New(text) => format!("  + {text}"),
        }));
    }
    lines
}

async fn collect(settings: &Settings, recipes: &[Recipe], now: Timestamp) -> Result<(), Failure> {
    let folder = CollectingFolder::open(settings).await.map_err(super::pipeline_failure)?;
    #[expect(clippy::disallowed_methods, reason = "how long it took is told, and decides nothing")]
    let began = std::time::Instant::now();
    let rounds = folder.collect(recipes, settings.sources_at_once, now).await?;
    let seconds = began.elapsed().as_secs_f64();
    for round in &rounds {
        let mut line = serde_json::to_value(round)?;
        line["seconds"] = seconds.into();
        say(line)?;
    }
    folder.close().await;
    Ok(())
}

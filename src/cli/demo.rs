//! `wanglou demo`: everything at once, in a small world with known truth.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::demo_year::Office;
use super::face::{Face, asked_to_end};
use super::lang::{language, pick, tr};
use super::progress::Progress;
use super::{Common, Failure, deliver, say, tell};
use alert::feed;
use collect::Recipe;
use pipeline::{Clock, Folder, Service, ServiceSpec, Tower};
use simulate::{self, SimClock, SiteAddresses, Sites, World, WorldSpec};
use vocabulary::{DateRange, RegionCode, Report};

/// Where the demo keeps its state when nobody says otherwise: not where real data lies.
const DEMO_DIR: &str = "wanglou-demo";
/// Fact under which a data folder remembers which world it has seen.
const WORLD: &str = "demo.world";

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Port of the pages, 0 for any free one
    #[arg(long)]
    port: Option<u16>,
    /// Days that are lived through after the backlog
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=720))]
    days: u32,
    /// The world: another seed, another world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// End when the run is quiet, instead of showing the pages
    #[arg(long)]
    exit: bool,
    /// A year in which simulated people handle what is alerted: buyers, a test body, platforms, firms, an authority; a report at the end
    #[arg(long, conflicts_with = "days")]
    year: bool,
}

/// Days of a year.
const YEAR_DAYS: u32 = 365;

pub(super) async fn run(args: DemoArgs, common: &Common) -> Result<(), Failure> {
    let mut common = common.clone();
    common.data.get_or_insert_with(|| DEMO_DIR.into());
    let mut settings = common.settings(None, args.port)?;
    // One after the other: the same world gives the same log.
    settings.sources_at_once = 1;
    let days = if args.year { YEAR_DAYS } else { args.days };
    let spec = WorldSpec { seed: args.seed, days, ..WorldSpec::default() };
    let world = Arc::new(World::generate(&spec));
    let (first, last) = (spec.start, spec.last_day());
    let clock = Arc::new(SimClock::at_day(first));
    let tower = Arc::new(Tower::open(&settings).await.map_err(super::pipeline_failure)?);
    let sites = same_world(&tower, &spec, &world, &clock).await?;
    let recipes: Vec<Recipe> = world
        .recipes(&sites.addresses())
        .iter()
        .map(|(name, text)| Recipe::parse(text, name))
        .collect::<Result<_, _>>()?;
    // A day that was cut short is lived again: every stage skips what it has already published.
    let begin = tower.judged_until().await?.map_or(first, |judged| judged.max(first));
    tell(tr!(
        "模拟世界：本机 HTTP 上 {} 个来源，{} 起注入事件，{first} 至 {last}",
        "a simulated world: {} sources on loopback HTTP, {} injected incidents, {first} to {last}",
        recipes.len(),
        world.truth().len()
    ));
    if begin > first {
        tell(tr!("接着上次的进度，从 {begin} 继续", "going on from {begin}, where the last run ended"));
    } else {
        tell(tr!(
            "第一天先礼貌地抓取此前 {} 天的历史信息，约半分钟，然后逐日推进 …",
            "the first day politely fetches the {} days before it, about half a minute; then it goes day by day …",
            spec.backlog_days
        ));
    }

    let face = if args.exit { None } else { Some(Face::open(&tower, &settings).await?) };
    let spec = ServiceSpec { recipes, reruns: Vec::new(), tick: Duration::from_secs(settings.tick_seconds) };
    let simulated = Arc::clone(&clock);
    let mut service = Service::new(&tower, spec, Clock::new(move || simulated.now()));
    if face.is_some() {
        service = service.with_courier(deliver::courier(&tower, settings.mail.as_ref())?, deliver::now);
    }
    let mut office = args.year.then(|| Office::new(args.seed));
    tokio::select! {
        lived = live(&mut service, &tower, &clock, DateRange { from: first, to: last }, begin, office.as_mut().map(|office| (office, &*world))) => lived?,
        () = asked_to_end() => return Err(Failure::Interrupted),
    }

    let alerts = tower.store().alerts().await?;
    let region_name = |code: RegionCode| tower.region_name(code);
    say(feed::terminal(&alerts.iter().collect::<Vec<_>>(), &region_name, language()))?;
    let events = tower.store().alert_events(None).await?;
    let verdict = simulate::judge(world.truth(), &events);
    say(verdict.text(language()))?;
    if let Some(office) = office {
        let year = office.report(&tower, &world, last).await?;
        say(year.text(language()))?;
        say(serde_json::to_string(&year)?)?;
    }
    let requests = tower.store().alert_counts().await?.sampling_requests;
    say(tr!(
        "采样任务 {requests} 件；全部资料在 {}",
        "{requests} sampling requests; everything lies in {}",
        settings.data.display()
    ))?;
    // For programs: the same in every language.
    say(format_args!(
        "found {} of {} injected incidents; {} false alerts",
        verdict.found(),
        verdict.outcomes.len(),
        verdict.false_alerts.len()
    ))?;

    if let Some(face) = face {
        tell(pick("页面留着，按 Ctrl-C 结束", "the pages stay, end with Ctrl-C"));
        // The world stands still; what is pushed or put in force is still worked on.
        service.run(asked_to_end()).await?;
        face.close().await?;
    } else {
        drop(service);
    }
    if let Some(tower) = Arc::into_inner(tower) {
        tower.close().await?;
    }
    Ok(())
}

/// Lives through the days: the world's clock moves, the service takes a step.
async fn live(
    service: &mut Service,
    tower: &Folder,
    clock: &SimClock,
    range: DateRange,
    begin: Date,
    mut office: Option<(&mut Office, &World)>,
) -> Result<(), Failure> {
    let bar = Progress::start(pick("模拟", "simulating"), range.days().count() as u64);
    for (done, day) in (1..).zip(range.days()).filter(|(_, day)| *day >= begin) {
        clock.set_day(day);
        let step = service.step(clock.now()).await?;
        for problem in step.collected.rounds.iter().flat_map(|round| &round.problems) {
            tracing::info!("{problem}");
        }
        if let Some((office, world)) = &mut office {
            office.day(tower, world, day).await?;
        }
        let alerts = tower.store().alert_counts().await?;
        let documents = tower.index().documents();
        let (open, closed, requests) = (alerts.open, alerts.closed, alerts.sampling_requests);
        let message = tr!(
            "{day} 信息 {documents} 预警 {open}（已结束 {closed}）采样 {requests}",
            "{day} documents {documents} alerts {open} (closed {closed}) samplings {requests}"
        );
        bar.at(done, message);
    }
    bar.finish();
    Ok(())
}

/// What a data folder remembers of the world it has seen. Another seed or length would contradict it, and pages keep
/// their addresses.
#[derive(Serialize, Deserialize)]
struct SeenWorld {
    spec: WorldSpec,
    sites: SiteAddresses,
}

/// Serves the sites: a new world anywhere, a known one where it was.
async fn same_world(
    tower: &Tower,
    spec: &WorldSpec,
    world: &Arc<World>,
    clock: &Arc<SimClock>,
) -> Result<Sites, Failure> {
    if let Some(seen) = tower.store().fact(WORLD).await? {
        let seen: SeenWorld = serde_json::from_str(&seen)?;
        if seen.spec != *spec {
            return Err(Failure::Input(anyhow!(tr!(
                "这个目录里是种子 {}、{} 天的世界，这次要种子 {}、{} 天的：请删除目录，或用 --data 换一个",
                "this folder has seen the world of seed {} with {} days, this run wants seed {} with {} days: \
                 delete the folder, or name another with --data",
                seen.spec.seed,
                seen.spec.days,
                spec.seed,
                spec.days
            ))));
        }
        return Ok(Sites::serve_at(seen.sites, Arc::clone(world), Arc::clone(clock)).await?);
    }
    if tower.log().end().await?.0 > 0 {
        return Err(Failure::Input(anyhow!(pick(
            "这个目录里有真实信息，演示会把模拟信息混进去：请用 --data 换一个目录",
            "this folder holds real documents and the demo would mix simulated ones in: name another folder with --data"
        ))));
    }
    let sites = Sites::serve(Arc::clone(world), Arc::clone(clock)).await?;
    let seen = SeenWorld { spec: spec.clone(), sites: sites.addresses() };
    tower.remember(WORLD, &serde_json::to_string(&seen)?).await?;
    Ok(sites)
}

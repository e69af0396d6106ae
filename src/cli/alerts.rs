//! `wanglou alerts`: the ranked feed in the terminal, and an analyst's verdict on one of them.

use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::{Common, Failure, say};
use crate::alert::feed;
use crate::pipeline::Tower;
use crate::score::{Language, explain};
use crate::store::Taken;
use crate::vocabulary::{AlertId, Verdict};

/// Pause between two looks with `--watch`.
const WATCH_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct AlertsArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// One JSON document on standard output, as in the feed
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Language of the explanations in the JSON document
    #[arg(long, value_enum, default_value = "zh", requires = "json")]
    lang: Lang,
    /// Stay and show every change
    #[arg(long)]
    watch: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    Zh,
    En,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Keep an analyst's verdict on an alert; the next judgement uses it
    Verdict {
        /// The alert
        alert: String,
        /// What was found
        verdict: Found,
        /// Who found it
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
    /// Print everything that came back, one JSON object a line, as `rerun --outcomes` takes it
    Outcomes,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Found {
    /// The problem is real
    Confirmed,
    /// Nothing was found
    Nothing,
    /// Not a matter to judge: a duplicate, not our remit
    Excluded,
}

async fn verdict(tower: &Tower, alert: &str, found: Found, by: &str, why: &str) -> Result<(), Failure> {
    let found = match found {
        Found::Confirmed => Verdict::Confirmed,
        Found::Nothing => Verdict::Nothing,
        Found::Excluded => Verdict::Excluded,
    };
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    let now = Timestamp::now();
    match tower.take_verdict(&AlertId::new(alert.trim()), found, by, why, now).await.map_err(super::pipeline_failure)? {
        (outcome, Taken::Kept) => say(format_args!("{}: {outcome}", outcome.id)),
        (outcome, Taken::Known) => say(format_args!("{}: 已有同一结论，未重复记录", outcome.id)),
        (outcome, Taken::Differs(_)) => Err(Failure::Input(anyhow!("{}: another verdict has this id", outcome.id))),
    }
}

pub(super) async fn run(args: AlertsArgs, common: &Common) -> Result<(), Failure> {
    if args.what.is_some() && (args.json || args.watch) {
        return Err(Failure::Input(anyhow!("--json and --watch are for the list of alerts alone")));
    }
    let settings = common.settings(None, None)?;
    let tower = Tower::open_to_look(&settings).await.map_err(super::pipeline_failure)?;
    match &args.what {
        Some(What::Verdict { alert, verdict: found, by, why }) => return verdict(&tower, alert, *found, by, why).await,
        Some(What::Outcomes) => {
            for outcome in tower.store().outcomes(None).await? {
                say(serde_json::to_string(&outcome)?)?;
            }
            return Ok(());
        }
        None => {}
    }
    let region_name = |code| tower.region_name(code);
    let mut shown = String::new();
    loop {
        let mut alerts = tower.store().alerts().await?;
        if args.lang == Lang::En {
            for alert in &mut alerts {
                alert.assessment.explanation = explain(&alert.assessment, Language::English);
            }
        }
        let ranked: Vec<_> = alerts.iter().collect();
        if args.json {
            return say(feed::json(&ranked, &tower.feed_head(&alerts), &region_name));
        }
        let table = feed::terminal(&ranked, &region_name);
        if table != shown {
            say(&table)?;
            shown = table;
        }
        if !args.watch {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(WATCH_EVERY) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

//! `wanglou alerts`: the ranked feed in the terminal.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Common, Failure, say};
use crate::alert::feed;
use crate::pipeline::Tower;
use crate::score::{Language, explain};

/// Pause between two looks with `--watch`.
const WATCH_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct AlertsArgs {
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

pub(super) async fn run(args: AlertsArgs, common: &Common) -> Result<(), Failure> {
    let settings = common.settings(None, None)?;
    let tower = Tower::open_to_look(&settings).await.map_err(super::pipeline_failure)?;
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

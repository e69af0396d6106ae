//! `wanglou alerts`: the ranked feed in the terminal, and an analyst's verdict on one of them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use super::lang::{Lang, language, pick, tr};
use super::user::BY_COMMAND;
use super::{Common, Failure, cannot_read, cannot_write, say};
use access::{Opened, PartyView};
use alert::{Casework, feed};
use archive::bundle;
use pipeline::Folder;
use score::explain;
use store::Taken;
use tell::{self, Language};
use vocabulary::{Act, ActKind, AlertId, Category, Excluded, ExclusionKey, Explanation, Verdict, Work, day_of};

/// Pause between two looks with `--watch`.
const WATCH_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct AlertsArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// One JSON document on standard output, as in the feed
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Stay and show every change
    #[arg(long)]
    watch: bool,
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
    /// Keep what a person did with an alert: review, exclude, reopen, notify, sample, confirm, refute, handle, close, note, assign,
    /// mute, unmute, pin, unpin, publish, withdraw
    Act {
        /// The alert
        alert: String,
        /// What was done
        act: ActKind,
        /// Who did it
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why, or what is to be known
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        /// To whom it is given, for assign
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        /// Last day of silence, for mute
        #[arg(long, value_name = "DATE")]
        until: Option<Date>,
        /// The exclusion lasts until the watch raises a level of it, for exclude
        #[arg(long)]
        until_rise: bool,
    },
    /// Print what people did with an alert, one JSON object a line
    Acts {
        /// The alert
        alert: String,
    },
    /// Write everything behind an alert as one archive that can be verified
    Bundle {
        /// The alert
        alert: String,
        /// The tar file to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// With the pages as they were sent; personal data in them are not masked
        #[arg(long)]
        raw: bool,
    },
    /// Check such an archive against its digests
    CheckBundle {
        /// The file
        file: PathBuf,
    },
    /// List what the machine excluded, with the reason; those that somebody wants looked at come first
    Excluded {
        /// Only of this product category
        #[arg(long, value_name = "CODE")]
        category: Option<Category>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Write down that a person should look at a matter that the machine excluded
    Look {
        /// The key of the matter, as `alerts excluded` shows it
        key: String,
        /// Who wants it
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

async fn verdict(folder: &Folder, alert: &str, found: Found, by: &str, why: &str) -> Result<(), Failure> {
    let found = match found {
        Found::Confirmed => Verdict::Confirmed,
        Found::Nothing => Verdict::Nothing,
        Found::Excluded => Verdict::Excluded,
    };
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    let now = Timestamp::now();
    match folder
        .take_verdict(&AlertId::new(alert.trim()), found, by, why, now)
        .await
        .map_err(super::pipeline_failure)?
    {
        (outcome, Taken::Kept) => say(format_args!("{}: {outcome}", outcome.id)),
        (outcome, Taken::Known) => {
            say(tr!("{}: 已有同一结论，未重复记录", "{}: the same verdict is kept already", outcome.id))
        }
        (outcome, Taken::Differs(_)) => Err(Failure::Input(anyhow!(tr!(
            "{}：这个编号已有不同的结论",
            "{}: another verdict has this id",
            outcome.id
        )))),
    }
}

/// What the machine excluded: what somebody wants looked at first, then the newest.
async fn list_excluded(
    folder: &Folder,
    category: Option<Category>,
    json: bool,
    common: &Common,
) -> Result<(), Failure> {
    let mut rows = folder.store().excluded().await?;
    rows.retain(|row| category.is_none_or(|category| row.category == category));
    rows.sort_by_key(|row| row.looked.is_none());
    if json {
        // What programs read does not depend on the locale: only a language that was named counts.
        let language = if common.lang == Some(Lang::En) { Language::English } else { Language::Chinese };
        let written = |row: Excluded| Excluded { why: Explanation::prose(tell::paragraph(&row.why, language)), ..row };
        let rows: Vec<Excluded> = rows.into_iter().map(written).collect();
        return say(serde_json::to_string_pretty(&serde_json::json!({ "excluded": rows }))?);
    }
    if rows.is_empty() {
        return say(pick("没有机器排除的事项", "the machine has excluded nothing"));
    }
    for row in &rows {
        say(excluded_line(folder, row))?;
    }
    Ok(())
}

/// An exclusion in two lines: what it is about, and why.
fn excluded_line(folder: &Folder, row: &Excluded) -> String {
    let brand = row.brand.as_ref().map(|brand| format!("  {brand}")).unwrap_or_default();
    let region = row.region.map(|code| format!("  {}", folder.region_name(code))).unwrap_or_default();
    let looked = row.looked.as_ref().map(|looked| {
        let (by, on, why) = (&looked.by, day_of(looked.at), &looked.why);
        tr!("\n  待人工查看：{by} {on}，{why}", "\n  to be looked at: {by} {on}, {why}")
    });
    format!(
        "{}  {}  {}／{}{brand}{region}  {}\n  {}{}",
        row.key,
        row.as_of,
        pick(row.category.zh(), row.category.en()),
        pick(row.hazard.zh(), row.hazard.en()),
        tr!(
            "隐患程度{}，{}天内{}条信息",
            "danger {}, {} days, {} reports",
            pick(row.danger.zh(), row.danger.en()),
            row.window_days,
            row.counts.reports
        ),
        tell::paragraph(&row.why, language()),
        looked.unwrap_or_default()
    )
}

#[expect(clippy::disallowed_methods, reason = "an edge: a file that the user named")]
fn write_out(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(file, bytes).with_context(|| cannot_write(file))?;
    say(tr!("{}：{} 字节", "{}: {} bytes", file.display(), bytes.len()))
}

#[expect(clippy::disallowed_methods, reason = "an edge: a file that the user named")]
fn check_bundle(file: &Path) -> Result<(), Failure> {
    let bytes = std::fs::read(file).with_context(|| cannot_read(file));
    let files = bundle::verify(&bytes.map_err(Failure::Input)?)?;
    say(tr!("{}：{files} 个文件，全部相符", "{}: {files} files, all as they were made", file.display()))
}

pub(super) async fn run(args: AlertsArgs, common: &Common) -> Result<(), Failure> {
    if args.what.is_some() && (args.json || args.watch) {
        return Err(Failure::Input(anyhow!(pick(
            "--json 和 --watch 只用于预警列表",
            "--json and --watch are for the list of alerts alone"
        ))));
    }
    if let Some(What::CheckBundle { file }) = &args.what {
        return check_bundle(file);
    }
    let settings = common.settings(None, None)?;
    let folder = Folder::open(&settings).await.map_err(super::pipeline_failure)?;
    match &args.what {
        Some(What::Verdict { alert, verdict: found, by, why }) => {
            return verdict(&folder, alert, *found, by, why).await;
        }
        Some(What::Act { alert, act, by, note, to, until, until_rise }) => {
            #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
            let at = Timestamp::now();
            let (by, party, note) = (by.clone(), BY_COMMAND.to_owned(), note.clone());
            let alert_id = AlertId::new(alert.trim());
            let act = Act {
                work: until_rise.then(|| Box::new(Work::Exclude { until_rise: true })),
                alert_id: alert_id.clone(),
                at,
                by,
                party,
                kind: *act,
                note,
                to: to.clone(),
                until: *until,
                key: None,
            };
            folder.take_act(act).await.map_err(super::pipeline_failure)?;
            let stage = Casework::of(&folder.store().acts(Some(&alert_id)).await?).stage;
            return say(format_args!("{alert_id}: {}", pick(stage.zh(), stage.code())));
        }
        Some(What::Acts { alert }) => {
            for act in folder.store().acts(Some(&AlertId::new(alert.trim()))).await? {
                say(serde_json::to_string(&act)?)?;
            }
            return Ok(());
        }
        Some(What::Bundle { alert, out, raw }) => {
            #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
            let now = Timestamp::now();
            let made = folder.bundle(&AlertId::new(alert.trim()), *raw, BY_COMMAND, now).await;
            return write_out(out, &made.map_err(super::pipeline_failure)?);
        }
        Some(What::Excluded { category, json }) => return list_excluded(&folder, *category, *json, common).await,
        Some(What::Look { key, by, why }) => {
            #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
            let now = Timestamp::now();
            let row = folder.look_at_excluded(&ExclusionKey::new(key.trim()), by, why, now).await;
            return say(excluded_line(&folder, &row.map_err(super::pipeline_failure)?));
        }
        Some(What::Outcomes) => {
            for outcome in folder.store().outcomes(None).await? {
                say(serde_json::to_string(&outcome)?)?;
            }
            return Ok(());
        }
        Some(What::CheckBundle { .. }) | None => {}
    }
    let region_name = |code| folder.region_name(code);
    let mut shown = String::new();
    loop {
        let mut alerts = folder.store().alerts().await?;
        // What programs read does not depend on the locale: only a language that was named counts.
        if common.lang == Some(Lang::En) {
            for alert in &mut alerts {
                // What an earlier version kept as Chinese prose is said anew from the terms.
                let judged = &mut alert.assessment;
                let said = &judged.explanation;
                let values = if said.is_values() { said.clone() } else { explain(judged) };
                judged.explanation = Explanation::prose(tell::paragraph(&values, Language::English));
            }
        }
        if args.json {
            let owner = PartyView::owner();
            let head = folder.feed_head(alerts.iter().map(|alert| alert.changed_on).max());
            let shown: Vec<_> =
                alerts.into_iter().filter_map(|alert| owner.alert(alert, None, Opened::default())).collect();
            return say(feed::json(&shown, &head, feed::FeedPlace::ONLY, &region_name));
        }
        let table = feed::terminal(&alerts.iter().collect::<Vec<_>>(), &region_name, language());
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

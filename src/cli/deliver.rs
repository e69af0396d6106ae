//! `wanglou deliver`: who is told of what happens to alerts, and what became of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::{pick, tr};
use super::user::BY_COMMAND;
use super::{Common, Failure, say, tell};
use config::MailSettings;
use deliver::{Courier, DeliverError, fresh_webhook_secret};
use pipeline::Folder;
use vocabulary::{Category, Danger, Endpoint, EndpointKind, RegionCode, Subscription, show_moment};

#[derive(Debug, Args)]
pub(super) struct DeliverArgs {
    /// Settings file: its `[mail]` names the server that mail goes by
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Args)]
struct NewEndpoint {
    /// Its name
    name: String,
    /// In which form it takes messages: webhook, wecom, dingtalk, feishu, mail
    #[arg(long, default_value = "webhook")]
    kind: EndpointKind,
    /// Its address, all but for mail
    #[arg(long, required_unless_present = "to", conflicts_with = "to")]
    url: Option<String>,
    /// Mail address of the receiver; several receivers are several endpoints, or one list
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// Secret of a robot that checks signatures; a webhook's is made and printed once
    #[arg(long)]
    secret: Option<String>,
    /// Tell only what this organisation may see
    #[arg(long, value_name = "NAME")]
    party: Option<String>,
    /// Only these product categories
    #[arg(long, value_name = "CODE")]
    category: Vec<Category>,
    /// Only these places and what lies in them, GB/T 2260
    #[arg(long, value_name = "CODE")]
    region: Vec<RegionCode>,
    /// Only from this danger on
    #[arg(long)]
    danger: Option<Danger>,
    /// One message a day at this hour instead of one each; what is serious comes at once all the same
    #[arg(long, value_name = "HOUR")]
    digest: Option<i8>,
    /// No message between these hours, e.g. 22-7
    #[arg(long, value_name = "FROM-UNTIL", value_parser = hours)]
    quiet: Option<(i8, i8)>,
    /// Tell also what happens to the watch itself: the past changed, other rules are in force
    #[arg(long)]
    notices: bool,
    /// Tell also what happened behind this event; 0 for all
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// The receiver lies on this machine
    #[arg(long)]
    allow_loopback: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make an endpoint; prints a webhook's secret, this once
    Add(NewEndpoint),
    /// Show endpoints and how they are doing, one JSON object a line
    List,
    /// Send nothing for a while; what happens meanwhile waits
    Pause {
        /// The endpoint
        name: String,
    },
    /// Send again, also to a receiver that once said it wanted no more
    Resume {
        /// The endpoint
        name: String,
    },
    /// Remove an endpoint and what waits for it; its lines in the delivery log stay, and its name is not given again
    Remove {
        /// The endpoint
        name: String,
    },
    /// Send a message that says it is a test
    Test {
        /// The endpoint
        name: String,
    },
    /// Send again what it was told of events behind a number, under the same ids
    Replay {
        /// The endpoint
        name: String,
        /// Number of the event
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
    /// Print the delivery log, newest first, one JSON object a line
    Log {
        /// Only of this endpoint
        name: Option<String>,
        /// Lines at most
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Queue and send what is due, once, without a running service
    Send,
}

fn hours(text: &str) -> Result<(i8, i8), String> {
    let hours = text.split_once('-').and_then(|(from, until)| Some((from.parse().ok()?, until.parse().ok()?)));
    hours.ok_or_else(|| {
        tr!("`{text}` 不是时段，应写成 22-7 这样", "`{text}` is no stretch of hours: expected e.g. 22-7")
    })
}

fn failure(error: DeliverError) -> Failure {
    match error {
        DeliverError::Input(why) => Failure::Input(anyhow!(why)),
        other => other.into(),
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// The courier of a folder.
pub(super) fn courier(folder: &Folder, mail: Option<&MailSettings>) -> Result<Courier, Failure> {
    let lexicon = folder.lexicon();
    let region_name =
        Arc::new(move |code: RegionCode| lexicon.region_name(code).map_or_else(|| code.to_string(), str::to_owned));
    Courier::new(folder.store().clone(), folder.home(), mail, region_name).map_err(failure)
}

pub(super) async fn run(args: DeliverArgs, common: &Common) -> Result<(), Failure> {
    let settings = common.settings(args.config.as_deref(), None)?;
    let folder = Folder::open(&settings).await.map_err(super::pipeline_failure)?;
    let courier = courier(&folder, settings.mail.as_ref())?;
    match args.what {
        What::Add(new) => add(&courier, new, settings.mail.is_some()).await,
        What::List => {
            for found in folder.store().endpoint_health().await? {
                let (row, endpoint) = (&found.row, &found.row.endpoint);
                say(serde_json::json!({
                    "endpoint": endpoint.name, "kind": endpoint.kind, "party": endpoint.party, "owner": row.owner,
                    "subscription": endpoint.subscription, "cursor": row.cursor, "paused_at": row.paused_at.map(show_moment),
                    "stopped": row.stopped, "waiting": found.waiting, "delivered": found.delivered, "dead": found.dead,
                    "last": found.last,
                }))?;
            }
            Ok(())
        }
        What::Pause { name } => courier.pause(&name, true, BY_COMMAND, now()).await.map_err(failure),
        What::Resume { name } => courier.pause(&name, false, BY_COMMAND, now()).await.map_err(failure),
        What::Remove { name } => courier.remove(&name, BY_COMMAND, now()).await.map_err(failure),
        What::Test { name } => {
            let tried = courier.test(&name, now()).await.map_err(failure)?;
            match &tried.trouble {
                None => say(tr!("{name}：已送达（{} 毫秒）", "{name}: arrived ({} ms)", tried.took_ms)),
                Some(trouble) => Err(Failure::Work(anyhow!("{name}: {trouble}"))),
            }
        }
        What::Replay { name, after } => {
            let again = courier.replay(&name, after, BY_COMMAND, now()).await.map_err(failure)?;
            say(tr!("{name}：{again} 项重新排队", "{name}: {again} queued again"))
        }
        What::Log { name, limit } => {
            for tried in folder.store().tries(name.as_deref(), limit).await? {
                say(serde_json::to_string(&tried)?)?;
            }
            Ok(())
        }
        What::Send => {
            let queued = courier.queue(now()).await.map_err(failure)?;
            let (arrived, failed) = courier.send_due(now).await.map_err(failure)?;
            say(format_args!("queued {queued} events; {arrived} messages arrived, {failed} failed"))
        }
    }
}

async fn add(courier: &Courier, new: NewEndpoint, mail_known: bool) -> Result<(), Failure> {
    let made = new.kind == EndpointKind::Webhook && new.url.is_some() && new.secret.is_none();
    let secret =
        if made { Some(fresh_webhook_secret().map_err(|why| Failure::Work(anyhow!(why)))?) } else { new.secret };
    let (kind, url) = match (new.kind, new.url) {
        (EndpointKind::Mail, Some(_)) => {
            return Err(Failure::Input(anyhow!(pick(
                "邮件要写收件地址：用 --to，不用 --url",
                "mail goes to a receiver: give its address with --to instead of --url"
            ))));
        }
        (kind, Some(url)) => (kind, url),
        // A receiver of mail says which form it takes.
        (EndpointKind::Webhook | EndpointKind::Mail, None) => {
            (EndpointKind::Mail, format!("mailto:{}", new.to.unwrap_or_default()))
        }
        (kind, None) => {
            let why = tr!("{kind} 要有地址：用 --url 写明", "a {kind} endpoint has an address: give it with --url");
            return Err(Failure::Input(anyhow!(why)));
        }
    };
    let endpoint = Endpoint {
        name: new.name,
        party: new.party,
        kind,
        url,
        secret: secret.clone(),
        allow_loopback: new.allow_loopback,
        subscription: Subscription {
            categories: BTreeSet::from_iter(new.category),
            regions: BTreeSet::from_iter(new.region),
            danger: new.danger,
            digest_hour: new.digest,
            quiet_hours: new.quiet,
            notices: new.notices,
        },
    };
    courier.add(&endpoint, new.after, BY_COMMAND, now()).await.map_err(failure)?;
    tell(tr!("已添加 {}（{}）", "added {} ({})", endpoint.name, pick(endpoint.kind.zh(), endpoint.kind.code())));
    if kind == EndpointKind::Mail && !mail_known {
        tell(pick(
            "邮件由服务经设置文件 [mail] 里的邮件服务器发出；用 --config 指定设置文件，可用 `wanglou deliver test` 试发",
            "the service sends mail by the server that [mail] of the settings names; try it with `wanglou deliver test` and --config",
        ));
    }
    if let Some(secret) = secret.filter(|_| made) {
        tell(pick(
            "接收方用来验签的密钥，只显示这一次：",
            "the secret by which the receiver checks signatures, shown this once:",
        ));
        say(secret)?;
    }
    Ok(())
}

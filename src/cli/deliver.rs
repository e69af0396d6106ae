//! `wanglou deliver`: who is told of what happens to alerts, and what became of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::{Lang, lang, pick, tr};
use super::user::BY_COMMAND;
use super::{Common, Failure, say, tell};
use config::MailSettings;
use deliver::{AddressForm, Courier, DeliverError, Secret, assumed_kind, manual};
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
    /// In which form it takes messages: a kind of the list below; without it by the address
    #[arg(long)]
    kind: Option<EndpointKind>,
    /// Its address
    #[arg(long, required_unless_present = "to", conflicts_with = "to")]
    url: Option<String>,
    /// The receiver, where messages go to one by name, as mail does; several receivers are several endpoints, or one list
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
    #[command(after_help = kinds())]
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

/// The kinds of endpoints, one a line, for the help.
fn kinds() -> String {
    let width = EndpointKind::ALL.iter().map(|kind| kind.code().len()).max().unwrap_or(0);
    let mut text = pick("接收方的形式：", "Kinds:").to_owned();
    for kind in EndpointKind::ALL {
        let manual = manual(*kind);
        let address = match manual.address {
            AddressForm::Url => "--url",
            AddressForm::Receiver { .. } => "--to ",
        };
        // The English line is Markdown.
        let about = pick(manual.zh, manual.en).replace('`', "");
        _ = write!(text, "\n  {:width$}  {address}  {about}", kind.code());
    }
    text
}

fn hours(text: &str) -> Result<(i8, i8), String> {
    let hours = text.split_once('-').and_then(|(from, until)| Some((from.parse().ok()?, until.parse().ok()?)));
    hours.ok_or_else(|| {
        tr!("`{text}` 不是时段，应写成 22-7 这样", "`{text}` is no stretch of hours: expected e.g. 22-7")
    })
}

fn failure(error: DeliverError) -> Failure {
    match error {
        DeliverError::Input(why) => Failure::input(why),
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
    let done = act(args.what, &folder, &courier).await;
    // The last who closes the store writes what was changed over what was there.
    folder.close().await;
    done
}

async fn act(what: What, folder: &Folder, courier: &Courier) -> Result<(), Failure> {
    match what {
        What::Add(new) => add(courier, new).await,
        What::List => {
            let (now, paces) = (now(), folder.store().endpoint_paces().await?);
            for found in folder.store().endpoint_health().await? {
                let (row, endpoint) = (&found.row, &found.row.endpoint);
                let silent = row
                    .silent_days(paces.get(&endpoint.name), now)
                    .map(|(days, usual)| serde_json::json!({"days": days, "longest_before": usual}));
                say(serde_json::json!({
                    "endpoint": endpoint.name, "kind": endpoint.kind, "party": endpoint.party, "owner": row.owner,
                    "subscription": endpoint.subscription, "cursor": row.cursor, "paused_at": row.paused_at.map(show_moment),
                    "stopped": row.stopped, "waiting": found.waiting, "delivered": found.delivered, "dead": found.dead,
                    "last": found.last, "silent": silent,
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
                Some(trouble) => Err(Failure::Work(anyhow!(tr!("{name}：没有送达：“{trouble}”", "{name}: {trouble}")))),
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

/// The kind and the address that a call means.
fn meant(
    kind: Option<EndpointKind>,
    url: Option<String>,
    to: Option<String>,
) -> Result<(EndpointKind, String), Failure> {
    let by_name = url.is_none();
    let Some(kind) = kind.or_else(|| assumed_kind(by_name)) else {
        let why = pick("没有接收方形式用这样的地址", "no kind of endpoint takes such an address");
        return Err(Failure::Input(anyhow!(why)));
    };
    match (manual(kind).address, url, to) {
        (AddressForm::Url, Some(url), _) => Ok((kind, url)),
        (AddressForm::Receiver { scheme }, None, Some(to)) => Ok((kind, format!("{scheme}{to}"))),
        (AddressForm::Receiver { .. }, ..) => Err(Failure::Input(anyhow!(tr!(
            "{}要写收件地址：用 --to，不用 --url",
            "{} goes to a receiver: give its address with --to instead of --url",
            pick(kind.zh(), kind.en())
        )))),
        (AddressForm::Url, None, _) => Err(Failure::Input(anyhow!(tr!(
            "{kind} 要有地址：用 --url 写明",
            "a {kind} endpoint has an address: give it with --url"
        )))),
    }
}

fn no_chance(why: &str) -> Failure {
    Failure::Work(anyhow!(tr!("系统没有给出随机数：“{why}”", "the system gives no random bytes: {why}")))
}

async fn add(courier: &Courier, new: NewEndpoint) -> Result<(), Failure> {
    let (kind, url) = meant(new.kind, new.url, new.to)?;
    let made = match (manual(kind).secret, &new.secret) {
        (Secret::Made(fresh), None) => Some(fresh().map_err(|why| no_chance(&why))?),
        _ => None,
    };
    let secret = made.clone().or(new.secret);
    let endpoint = Endpoint {
        name: new.name,
        party: new.party,
        kind,
        url,
        secret,
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
    if let Some(lack) = courier.lacks(kind) {
        let why = match lang() {
            Lang::Zh => lack.zh,
            Lang::En => lack.en,
        };
        tell(tr!(
            "按这里的设置还不能发给它：{why}；用 --config 指定服务的设置文件，可用 `wanglou deliver test` 试发",
            "by the settings here nothing is sent to it: {why}; name the settings of the service with --config, and try it \
             with `wanglou deliver test`"
        ));
    }
    if let Some(secret) = made {
        tell(pick(
            "接收方用来验签的密钥，只显示这一次：",
            "the secret by which the receiver checks signatures, shown this once:",
        ));
        say(secret)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_says_the_kind_where_none_is_named_and_must_fit_one_that_is() {
        let called = |kind: Option<EndpointKind>, url: Option<&str>, to: Option<&str>| {
            meant(kind, url.map(str::to_owned), to.map(str::to_owned)).ok()
        };
        let (url, to) = (Some("https://a.example/h"), Some("duty@a.example"));
        let posted = |kind| Some((kind, "https://a.example/h".to_owned()));
        let mail = Some((EndpointKind::Mail, "mailto:duty@a.example".to_owned()));
        assert_eq!(called(None, url, None), posted(EndpointKind::Webhook));
        assert_eq!(called(Some(EndpointKind::Feishu), url, None), posted(EndpointKind::Feishu));
        assert_eq!((called(None, None, to), called(Some(EndpointKind::Mail), None, to)), (mail.clone(), mail));
        assert_eq!(called(Some(EndpointKind::Mail), url, None), None, "mail goes to a receiver");
        assert_eq!(called(Some(EndpointKind::Feishu), None, to), None, "a robot has an address");
        assert_eq!(called(Some(EndpointKind::Webhook), None, to), None, "what is named is not passed over");
    }
}

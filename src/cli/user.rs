//! `wanglou user`: who may sign in. The first user closes the house.

use std::collections::BTreeSet;
use std::io::{self, BufRead};

use anyhow::Context;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::{pick, tr};
use super::{Common, Failure, cannot_write, say};
use access::{AccessError, Accounts, NewUser, fresh_secret};
use store::Store;
use vocabulary::{Concerns, RegionCode, Role, show_moment};

/// Who acts when a command on this machine does, in the audit log.
pub(super) const BY_COMMAND: &str = "cli";

#[derive(Debug, Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a user; prints a password unless one is read from standard input
    Add {
        /// Name to sign in with
        name: String,
        /// The organisation that he or she works for
        #[arg(long, value_name = "NAME")]
        party: String,
        /// What the organisation is; needed once: supervision, centre, test_body, platform, firm, public
        #[arg(long, value_name = "ROLE")]
        role: Option<Role>,
        /// A platform it runs, as listings and sources name it
        #[arg(long, value_name = "NAME")]
        platform: Vec<String>,
        /// A brand it makes or sells
        #[arg(long, value_name = "NAME")]
        brand: Vec<String>,
        /// A place it watches over, GB/T 2260
        #[arg(long, value_name = "CODE")]
        region: Vec<RegionCode>,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// No password: the OpenID provider of the settings signs the user in, once `user provider` has linked the person
        #[arg(long, conflicts_with = "password_stdin")]
        provider: bool,
        /// Mail address by which the user may be told what he or she subscribes to
        #[arg(long, value_name = "ADDRESS")]
        mail: Option<String>,
    },
    /// Show all users, one JSON object a line
    List,
    /// Set a new password; all sessions of the user end
    Passwd {
        /// The user
        name: String,
        /// Read it from the first line of standard input instead of printing a made one
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set the mail address of a user, or take it away: subscriptions go there, and end without one
    Mail {
        /// The user
        name: String,
        /// The address; without one it is taken away
        address: Option<String>,
    },
    /// Link a user to a person of the OpenID provider, who is signed in as the user from then on; without a person: undo the link
    Provider {
        /// The user
        name: String,
        /// The provider, as it calls itself; stands in the audit log with each refused sign-in
        #[arg(long, value_name = "URL", requires = "subject")]
        issuer: Option<String>,
        /// The provider's own number of the person; shown to whoever signs in there and is not linked
        #[arg(long, value_name = "NUMBER", requires = "issuer")]
        subject: Option<String>,
        /// Not any longer
        #[arg(long, conflicts_with_all = ["issuer", "subject"])]
        remove: bool,
    },
    /// Let a user in no longer; what he or she did stays
    Disable {
        /// The user
        name: String,
    },
    /// Let a disabled user in again
    Enable {
        /// The user
        name: String,
    },
}

/// The accounts of the data folder, which is made when it is missing. Works beside a running service.
pub(super) async fn accounts(common: &Common) -> Result<(Store, Accounts), Failure> {
    let settings = common.settings(None, None)?;
    std::fs::create_dir_all(&settings.data).with_context(|| cannot_write(&settings.data))?;
    let store = pipeline::open_store(&settings).await.map_err(super::pipeline_failure)?;
    Ok((store.clone(), Accounts::new(store)))
}

/// What was typed wrong is the caller's to mend.
pub(super) fn access_failure(error: AccessError) -> Failure {
    match error {
        AccessError::Input(why) => Failure::input(why),
        other => other.into(),
    }
}

/// A password from standard input, or a made one that is printed once.
fn password(from_stdin: bool) -> Result<(String, bool), Failure> {
    if !from_stdin {
        return Ok((fresh_secret().map_err(access_failure)?.chars().take(20).collect(), true));
    }
    let mut line = String::new();
    io::stdin()
        .lock()
        .read_line(&mut line)
        .context(pick("无法从标准输入读取密码", "cannot read the password from standard input"))?;
    Ok((line.trim_end_matches(['\r', '\n']).to_owned(), false))
}

fn tell(name: &str, password: &str, made: bool) -> Result<(), Failure> {
    if made {
        super::tell(tr!(
            "{name} 的密码只显示这一次，请转交本人：",
            "password of {name}, shown this once, to be handed over:"
        ));
        say(password)?;
    }
    Ok(())
}

pub(super) async fn run(args: UserArgs, common: &Common) -> Result<(), Failure> {
    let (store, accounts) = accounts(common).await?;
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    let now = Timestamp::now();
    match args.what {
        What::Add { name, party, role, platform, brand, region, password_stdin, provider, mail } => {
            let first = !accounts.has_users().await.map_err(access_failure)?;
            let password = if provider { None } else { Some(password(password_stdin)?) };
            let concerns = Concerns {
                platforms: BTreeSet::from_iter(platform),
                brands: BTreeSet::from_iter(brand),
                regions: BTreeSet::from_iter(region),
            };
            let given = password.as_ref().map(|(password, _)| password.clone());
            let new =
                NewUser { name: name.clone(), party, role, concerns, password: given, by_provider: provider, mail };
            let party = accounts.add_user(new, BY_COMMAND, now).await.map_err(access_failure)?;
            let role = pick(party.role.zh(), party.role.code());
            super::tell(tr!("已添加用户 {name}（{}，{role}）", "added user {name} ({}, {role})", party.name));
            if first {
                super::tell(pick(
                    "这是第一个用户：从现在起，页面和接口都需要登录或令牌",
                    "this is the first user: from now on pages and interfaces ask for sign-in or a token",
                ));
            }
            if let Some((password, made)) = password {
                tell(&name, &password, made)?;
            }
        }
        What::List => {
            for user in accounts.users().await.map_err(access_failure)? {
                say(serde_json::json!({
                    "user": user.user, "party": user.party.name, "role": user.party.role, "concerns": user.party.concerns,
                    "by_password": !user.password.is_empty(), "by_provider": user.by_provider, "mail": user.mail,
                    "created_at": show_moment(user.created_at), "disabled_at": user.disabled_at.map(show_moment),
                }))?;
            }
        }
        What::Passwd { name, password_stdin } => {
            let (password, made) = password(password_stdin)?;
            accounts.set_password(&name, password.clone(), BY_COMMAND, now).await.map_err(access_failure)?;
            tell(&name, &password, made)?;
        }
        What::Mail { name, address } => {
            accounts.set_mail(&name, address.as_deref(), BY_COMMAND, now).await.map_err(access_failure)?;
        }
        What::Provider { name, issuer: Some(issuer), subject: Some(subject), .. } => {
            accounts.link(&name, &issuer, &subject, BY_COMMAND, now).await.map_err(access_failure)?;
        }
        What::Provider { name, remove, .. } => {
            accounts.set_provider(&name, !remove, BY_COMMAND, now).await.map_err(access_failure)?;
        }
        What::Disable { name } => accounts.disable(&name, true, BY_COMMAND, now).await.map_err(access_failure)?,
        What::Enable { name } => accounts.disable(&name, false, BY_COMMAND, now).await.map_err(access_failure)?,
    }
    store.close().await;
    Ok(())
}

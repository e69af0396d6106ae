//! `wanglou token`: secrets by which programs of an organisation are let in.

use std::collections::BTreeSet;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::tr;
use super::user::{BY_COMMAND, access_failure, accounts};
use super::{Common, Failure, say, tell};
use access::TOKEN_DAYS_DEFAULT;
use vocabulary::{Scope, show_moment};

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token and print it, this once
    Add {
        /// The organisation whose programs show it
        #[arg(long, value_name = "NAME")]
        party: String,
        /// What it may be used for, within the role of the organisation: read, search, push, act, metrics
        #[arg(long, required = true, value_name = "SCOPE")]
        scope: Vec<Scope>,
        /// Days until it ends
        #[arg(long, default_value_t = TOKEN_DAYS_DEFAULT)]
        days: u32,
        /// What it is for
        #[arg(long, default_value = "")]
        label: String,
    },
    /// Show all tokens without their secrets, one JSON object a line
    List,
    /// Refuse a token from now on
    Revoke {
        /// Its name, as `list` shows it
        token: String,
    },
}

pub(super) async fn run(args: TokenArgs, common: &Common) -> Result<(), Failure> {
    let (store, accounts) = accounts(common).await?;
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    let now = Timestamp::now();
    match args.what {
        What::Add { party, scope, days, label } => {
            let scopes = BTreeSet::from_iter(scope);
            let made = accounts.add_token(&party, &label, scopes, days, BY_COMMAND, now).await;
            let (token, secret) = made.map_err(access_failure)?;
            tell(tr!(
                "令牌 {} 有效至 {}，只显示这一次：",
                "token {}, valid until {}, shown this once:",
                token.token,
                show_moment(token.expires_at)
            ));
            say(secret)?;
        }
        What::List => {
            for token in accounts.tokens().await.map_err(access_failure)? {
                say(serde_json::json!({
                    "token": token.token, "party": token.party.name, "label": token.label, "scopes": token.scopes,
                    "created_at": show_moment(token.created_at), "expires_at": show_moment(token.expires_at),
                    "revoked_at": token.revoked_at.map(show_moment),
                }))?;
            }
        }
        What::Revoke { token } => {
            accounts.revoke_token(&token, BY_COMMAND, now).await.map_err(access_failure)?;
        }
    }
    store.close().await;
    Ok(())
}

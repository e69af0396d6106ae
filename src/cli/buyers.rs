//! `wanglou buyers`: who buys samples, and where they go. Sealed in the data folder; this command alone shows it (PRIV-2).
#![expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]

use std::fmt;
use std::io::{self, Read};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Deserialize;

use super::lang::{pick, tr};
use super::user::BY_COMMAND;
use super::{Common, Failure, pipeline_failure, say, tell};
use pipeline::Folder;
use store::{Buyer, Private, RevealedBuyer};
use vocabulary::{BuyerRef, RegionCode, SampleId, show_moment};

/// Most bytes that are read from standard input.
const INPUT_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(super) struct BuyersArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Keep a buyer, sealed, and print the id. What is given as flags stays in the history of the shell and is seen among the processes: with
    /// `--stdin` it is not
    Add {
        /// Name of the buyer
        #[arg(long, value_name = "NAME", required_unless_present = "stdin")]
        name: Option<Private>,
        /// Phone number of the buyer
        #[arg(long, value_name = "NUMBER", required_unless_present = "stdin")]
        phone: Option<Private>,
        /// An account to buy with; several are allowed
        #[arg(long = "account", value_name = "PLATFORM=ACCOUNT")]
        accounts: Vec<Typed>,
        /// Who takes the goods in
        #[arg(long, value_name = "NAME", required_unless_present = "stdin")]
        consignee: Option<Private>,
        /// Where the goods go
        #[arg(long, value_name = "ADDRESS", required_unless_present = "stdin")]
        address: Option<Private>,
        /// The place in which that lies, GB/T 2260; it is listed
        #[arg(long, value_name = "CODE")]
        region: Option<RegionCode>,
        /// What else is to be known of the buyer
        #[arg(long)]
        note: Option<Private>,
        /// Read one JSON object from standard input instead: name, phone, consignee, address, and perhaps accounts (a list of objects with
        /// platform and account), region, note
        #[arg(long, conflicts_with_all = ["name", "phone", "accounts", "consignee", "address", "region", "note"])]
        stdin: bool,
        /// Who does it
        #[arg(long, default_value = BY_COMMAND)]
        by: String,
    },
    /// Show the ids of all buyers and where their goods go, without anything that concerns the person, one JSON object a line
    List {
        /// Who does it
        #[arg(long, default_value = BY_COMMAND)]
        by: String,
    },
    /// Show all that is kept of a buyer, as JSON; who looks and why stands in the audit log first
    Show {
        /// Id of the buyer
        id: String,
        /// The reason, which stands in the audit log
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// Who does it
        #[arg(long, default_value = BY_COMMAND)]
        by: String,
    },
    /// Forget all that is kept of a buyer; the id stays, and which samples were bought under it
    Retire {
        /// Id of the buyer
        id: String,
        /// The reason, which stands in the audit log
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// Who does it
        #[arg(long, default_value = BY_COMMAND)]
        by: String,
    },
    /// Have a buyer buy a sample, or keep the number of the order
    Assign {
        /// Number of the sample
        sample: String,
        /// Id of the buyer
        id: String,
        /// Number of the order, which is sealed
        #[arg(long, value_name = "NUMBER", required_unless_present = "stdin")]
        order: Option<Private>,
        /// Read the number of the order from the first line of standard input
        #[arg(long, conflicts_with = "order")]
        stdin: bool,
        /// Who does it
        #[arg(long, default_value = BY_COMMAND)]
        by: String,
    },
}

/// An account as it was typed. It is taken apart here and not by clap, which quotes what it does not understand.
#[derive(Clone)]
struct Typed(String);

impl From<String> for Typed {
    fn from(typed: String) -> Self {
        Self(typed)
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

/// A buyer as JSON on standard input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    phone: String,
    #[serde(default)]
    accounts: Vec<WrittenAccount>,
    consignee: String,
    address: String,
    #[serde(default)]
    region: Option<RegionCode>,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAccount {
    platform: String,
    account: String,
}

impl Written {
    fn into_buyer(self) -> Buyer {
        let Self { name, phone, accounts, consignee, address, region, note } = self;
        Buyer {
            name: name.into(),
            phone: phone.into(),
            accounts: accounts.into_iter().map(|account| (account.platform, account.account.into())).collect(),
            consignee: consignee.into(),
            address: address.into(),
            region,
            note: note.into(),
        }
    }
}

pub(super) async fn run(args: BuyersArgs, common: &Common) -> Result<(), Failure> {
    let folder = Folder::open(&common.settings(None, None)?).await.map_err(pipeline_failure)?;
    let done = act(args.what, &folder, Timestamp::now()).await;
    folder.close().await;
    done
}

async fn act(what: What, folder: &Folder, now: Timestamp) -> Result<(), Failure> {
    match what {
        What::Add { name, phone, accounts, consignee, address, region, note, stdin, by } => {
            let buyer = if stdin {
                from_json(&input()?)?
            } else {
                let given = |value: Option<Private>| value.unwrap_or_else(|| Private::from(""));
                Buyer {
                    name: given(name),
                    phone: given(phone),
                    accounts: accounts.iter().map(taken_apart).collect::<Result<_, _>>()?,
                    consignee: given(consignee),
                    address: given(address),
                    region,
                    note: given(note),
                }
            };
            let id = folder.add_buyer(&buyer, &by, now).await.map_err(pipeline_failure)?;
            tell(pick("已加密保存，编号：", "kept, sealed; the id:"));
            say(id)
        }
        What::List { by } => {
            for buyer in folder.buyers(&by, now).await.map_err(pipeline_failure)? {
                say(serde_json::json!({
                    "buyer": buyer.id, "region": buyer.region, "opens": buyer.opens,
                    "added_at": show_moment(buyer.added_at), "retired_at": buyer.retired_at.map(show_moment),
                }))?;
            }
            Ok(())
        }
        What::Show { id, why, by } => {
            let id = BuyerRef::from(id.as_str());
            let shown = folder.show_buyer(&id, &by, &why, now).await.map_err(pipeline_failure)?;
            show(&id, &shown)
        }
        What::Retire { id, why, by } => {
            let id = BuyerRef::from(id.as_str());
            folder.retire_buyer(&id, &by, &why, now).await.map_err(pipeline_failure)?;
            tell(tr!(
                "{id} 已停用，其资料已从数据目录删除；以前的备份里仍有密文",
                "{id} is retired, and what was kept is gone from the data folder; earlier backups still hold it, sealed"
            ));
            Ok(())
        }
        What::Assign { sample, id, order, stdin: _, by } => {
            let order = match order {
                Some(order) => order,
                None => input()?.lines().next().unwrap_or_default().trim().into(),
            };
            let (sample, id) = (SampleId::from(sample.as_str()), BuyerRef::from(id.as_str()));
            folder.assign_buyer(&sample, &id, &order, &by, now).await.map_err(pipeline_failure)?;
            tell(tr!("样品 {sample} 由 {id} 购买", "{id} buys the sample {sample}"));
            Ok(())
        }
    }
}

/// The only place of the program that prints what is kept of a buyer.
fn show(id: &BuyerRef, shown: &RevealedBuyer) -> Result<(), Failure> {
    let RevealedBuyer { buyer, orders, revealed } = shown;
    let accounts: Vec<_> = buyer
        .accounts
        .iter()
        .map(|(platform, account)| serde_json::json!({"platform": platform, "account": account.reveal(revealed)}))
        .collect();
    let orders: Vec<_> = orders
        .iter()
        .map(|(sample, order)| serde_json::json!({"sample": sample, "order": order.reveal(revealed)}))
        .collect();
    say(serde_json::json!({
        "buyer": id,
        "name": buyer.name.reveal(revealed),
        "phone": buyer.phone.reveal(revealed),
        "accounts": accounts,
        "consignee": buyer.consignee.reveal(revealed),
        "address": buyer.address.reveal(revealed),
        "region": buyer.region,
        "note": buyer.note.reveal(revealed),
        "orders": orders,
    }))
}

/// `PLATFORM=ACCOUNT`. What is wrong is not quoted.
fn taken_apart(typed: &Typed) -> Result<(String, Private), Failure> {
    match typed.0.split_once('=') {
        Some((platform, account)) => Ok((platform.trim().to_owned(), account.trim().into())),
        None => Err(Failure::Input(anyhow!(tr!(
            "--account 应写作 平台=账号，例如 `京东=账号`",
            "--account is PLATFORM=ACCOUNT, e.g. `JD=name`"
        )))),
    }
}

/// What stands on standard input.
fn input() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(INPUT_BYTES_MAX)
        .read_to_string(&mut text)
        .context(pick("无法读取标准输入", "cannot read standard input"))?;
    Ok(text)
}

/// A buyer from JSON. What the library says of an error may quote a value: only the place is told.
fn from_json(text: &str) -> Result<Buyer, Failure> {
    let written: Written = serde_json::from_str(text).map_err(|error| {
        Failure::Input(anyhow!(tr!(
            "标准输入第 {} 行第 {} 列：应为一个 JSON 对象，字段为 `name`、`phone`、`consignee`、`address`，可有 `accounts`（对象列表，字段 `platform`、`account`）、`region`、`note`",
            "standard input, line {}, column {}: it must be one JSON object with `name`, `phone`, `consignee`, `address`, and perhaps `accounts` (a list of objects with `platform` and `account`), `region`, `note`",
            error.line(),
            error.column()
        )))
    })?;
    Ok(written.into_buyer())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_wrong_is_not_quoted() {
        let told = |failure: Failure| match failure {
            Failure::Input(error) | Failure::Work(error) => format!("{error:#}"),
            Failure::Interrupted => String::new(),
        };
        for text in [
            r#"{"name":"planted","phone":137}"#,
            r#"{"planted":1}"#,
            r#"{"name":"a","phone":"b","consignee":"c","address":"d","region":"planted"}"#,
            r#"{"name":"planted"#,
        ] {
            let said = told(from_json(text).map(|_| ()).expect_err(text));
            assert!(!said.contains("planted") && !said.contains("137"), "{said}");
        }
        let said = told(taken_apart(&Typed("planted".to_owned())).map(|_| ()).expect_err("no platform"));
        assert!(!said.contains("planted"), "{said}");
        assert!(!format!("{:?}", Typed("planted".to_owned())).contains("planted"));
    }
}

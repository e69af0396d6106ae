//! `wanglou audit`: what was done, by whom, and whether the record of it is whole.

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::lang::{told, tr};
use super::user::accounts;
use super::{Common, Failure, say};

/// Lines read at once.
const LINES_AT_ONCE: u32 = 1_000;

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the audit log, one JSON object a line
    List {
        /// Only lines behind this number
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
    /// Walk the chain of digests; ends with status 1 and the first line that does not fit
    Verify {
        /// A digest noted earlier, as `verify` printed it: must be that of some line
        #[arg(long, value_name = "DIGEST")]
        head: Option<String>,
    },
}

pub(super) async fn run(args: AuditArgs, common: &Common) -> Result<(), Failure> {
    let (store, _) = accounts(common).await?;
    match args.what {
        What::List { mut after } => loop {
            let lines = store.audit(after, LINES_AT_ONCE).await?;
            let Some(last) = lines.last() else { break };
            after = last.seq;
            for line in &lines {
                say(serde_json::to_string(line)?)?;
            }
        },
        What::Verify { head } => match store.verify_audit(head.as_deref()).await? {
            Ok((lines, head)) => say(tr!("{lines} 行，完整；最后摘要 {head}", "{lines} lines, whole; head {head}"))?,
            Err(broken) => {
                let why = tr!(
                    "审计记录在第 {} 行中断：{}",
                    "the audit log is broken at line {}: {}",
                    broken.seq,
                    told(&broken.why)
                );
                return Err(Failure::Work(anyhow!(why)));
            }
        },
    }
    store.close().await;
    Ok(())
}

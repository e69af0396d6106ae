//! `wanglou secrets`: the keys that secrets in the data folder are sealed with.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::lang::{pick, tr};
use super::{Common, Failure, pipeline_failure, say, tell};
use pipeline::{PipelineError, new_secrets_key, open_store, vault_of};

#[derive(Debug, Args)]
pub(super) struct SecretsArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Put a new key into a key file, before those that are there; prints its id. The next start seals with it
    New {
        /// The key file, outside the data folder; made when it is missing
        file: PathBuf,
    },
    /// Show the keys that are given, and how many secrets of the store are sealed with which, one JSON object a line
    Status {
        /// Settings file: its `secrets_key_file` names the keys
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

pub(super) async fn run(args: SecretsArgs, common: &Common) -> Result<(), Failure> {
    match args.what {
        What::New { file } => {
            let key = new_secrets_key(&file).map_err(pipeline_failure)?;
            tell(tr!(
                "新密钥已写入 {}：请另行备份该文件，没有它，备份里的密文无法恢复；服务重新启动后改用它",
                "a new key is in {}: keep a copy of the file apart, backups hold nothing that opens without it; the next start uses it",
                file.display()
            ));
            say(key)
        }
        What::Status { config } => {
            let settings = common.settings(config.as_deref(), None)?;
            if !settings.data.join("wanglou.sqlite").is_file() {
                return Err(PipelineError::Empty(settings.data).into());
            }
            let vault = vault_of(&settings).map_err(pipeline_failure)?;
            let store = open_store(&settings).await.map_err(pipeline_failure)?;
            let counts = store.secrets_by_key().await?;
            store.close().await;
            if vault.key_ids().is_empty() {
                tell(pick("没有给出密钥", "no key was given"));
            }
            for (number, key) in vault.key_ids().into_iter().enumerate() {
                let held = counts.iter().find(|(by, _)| by.as_deref() == Some(key)).map_or(0, |(_, count)| *count);
                say(serde_json::json!({"key": key, "given": true, "seals": number == 0, "secrets": held}))?;
            }
            for (key, held) in
                counts.iter().filter(|(by, _)| by.as_deref().is_none_or(|by| !vault.key_ids().contains(&by)))
            {
                say(serde_json::json!({"key": key, "given": false, "seals": false, "secrets": held}))?;
            }
            Ok(())
        }
    }
}

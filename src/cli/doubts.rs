//! `wanglou doubts`: texts that the judge is not sure of, and what people say of them.
#![expect(clippy::disallowed_methods, reason = "the edge where the clock comes in; writes the labelled texts")]

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::{pick, tr};
use super::user::BY_COMMAND;
use super::{Common, Failure, cannot_write, pipeline_failure, say};
use anyhow::Context;
use pipeline::{Folder, NewAnswer, NewPair};
use vocabulary::{Category, DocumentId, Hazard, SHOWN_CHARS, excerpt};

/// Most answers that one file of labelled texts holds.
const EXPORTED_MAX: u32 = 1_000_000;

#[derive(Debug, Args)]
pub(super) struct DoubtsArgs {
    #[command(subcommand)]
    command: DoubtsCommand,
}

#[derive(Debug, Subcommand)]
enum DoubtsCommand {
    /// Show the newest texts that wait for an answer
    List {
        /// Those that were answered instead
        #[arg(long)]
        answered: bool,
        /// Most texts
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// One JSON object a line on standard output
        #[arg(long)]
        json: bool,
    },
    /// Say what one of them tells: all its pairs, or none
    Answer {
        /// The document
        document: String,
        /// A pair that it tells, as PRODUCT:HAZARD, with `:suspected` behind it when it is only suspected; several are allowed
        #[arg(long = "pair", value_name = "PAIR", required_unless_present = "none")]
        pairs: Vec<String>,
        /// It tells no risk
        #[arg(long, conflicts_with = "pairs")]
        none: bool,
        /// Who says so
        #[arg(long, default_value = BY_COMMAND)]
        by: String,
        /// Why
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Write all answers as labelled texts, one JSON object a line, as `wanglou train` and `eval` read them
    Export {
        /// Where they go; without it to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub(super) async fn run(args: DoubtsArgs, common: &Common) -> Result<(), Failure> {
    let folder = Folder::open(&common.settings(None, None)?).await.map_err(pipeline_failure)?;
    match args.command {
        DoubtsCommand::List { answered, limit, json } => list(&folder, answered, limit, json).await,
        DoubtsCommand::Answer { document, pairs, none: _, by, note } => {
            let pairs = pairs.iter().map(|pair| parsed(pair)).collect::<Result<_, _>>()?;
            let answer = NewAnswer { pairs, by, at: Timestamp::now(), note };
            let id = DocumentId::from(document.as_str());
            folder.answer_doubt(&id, answer).await.map_err(pipeline_failure)?;
            say(tr!("已记下", "kept"))
        }
        DoubtsCommand::Export { out } => {
            let texts = folder.labelled_texts(EXPORTED_MAX).await.map_err(pipeline_failure)?;
            let mut lines = String::new();
            for text in &texts {
                lines += &serde_json::to_string(text)?;
                lines.push('\n');
            }
            match out {
                None if lines.is_empty() => Ok(()),
                None => say(lines.trim_end()),
                Some(path) => {
                    std::fs::write(&path, lines).with_context(|| cannot_write(&path))?;
                    say(tr!("已写出 {} 条标注", "{} labelled texts written", texts.len()))
                }
            }
        }
    }
}

async fn list(folder: &Folder, answered: bool, limit: u32, json: bool) -> Result<(), Failure> {
    let store = folder.store();
    for doubted in store.doubts(answered, limit).await? {
        if json {
            say(serde_json::to_string(&doubted)?)?;
            continue;
        }
        let text = store.document(&doubted.document_id).await?.map_or_else(String::new, |entry| entry.document.text);
        say(format_args!("{}  {}", doubted.document_id, excerpt(&text, SHOWN_CHARS)))?;
        for doubt in &doubted.doubts {
            let kept = if doubt.kept { pick("已计入", "kept") } else { pick("未计入", "vetoed") };
            let (product, hazard) = (doubt.product.code(), doubt.hazard.code());
            say(format_args!("    {product}:{hazard}  {:.2}  {kept}  {}", doubt.probability, doubt.words))?;
        }
        if let Some(answer) = &doubted.answer {
            let pairs: Vec<String> =
                answer.pairs.iter().map(|pair| format!("{}:{}", pair.product.code(), pair.hazard.code())).collect();
            let said = if pairs.is_empty() { pick("无风险", "no risk").to_owned() } else { pairs.join(" ") };
            say(format_args!("    = {said}  {}  {}", answer.by, answer.note))?;
        }
    }
    if json {
        return Ok(());
    }
    let (open, done) = (store.count_doubts(false).await?, store.count_doubts(true).await?);
    say(tr!("待复核 {open} 条，已复核 {done} 条", "{open} wait, {done} were answered"))
}

/// `PRODUCT:HAZARD`, perhaps with `:suspected` or `:asserted` behind it.
fn parsed(pair: &str) -> Result<NewPair, Failure> {
    let wrong = || {
        Failure::Input(anyhow!(tr!(
            "“{pair}”不是“产品:隐患”代码，如 battery_charger:fire",
            "`{pair}` is no PRODUCT:HAZARD, e.g. battery_charger:fire"
        )))
    };
    let mut parts = pair.split(':');
    let product: Category = parts.next().and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
    let hazard: Hazard = parts.next().and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
    let stance = match (parts.next(), parts.next()) {
        (None, None) => None,
        (Some(code), None) => Some(code.parse().map_err(|_| wrong())?),
        _ => return Err(wrong()),
    };
    Ok(NewPair { product, hazard, stance })
}

//! `wanglou index`: is it whole, make it anew, how it lies.

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::lang::{pick, told, tr};
use super::{Common, Failure, pipeline_failure, say};
use index::IndexStat;
use pipeline::{Folder, IndexReport, rebuild_index};

#[derive(Debug, Args)]
pub(super) struct IndexArgs {
    #[command(subcommand)]
    command: IndexCommand,
}

#[derive(Debug, Subcommand)]
enum IndexCommand {
    /// Hold every byte against its checksum and every document against the log; exit status 1 when something is wrong
    Verify {
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Make the index anew from the log beside the one in use, then put it in its place; searches go on meanwhile
    Rebuild,
    /// Show how the index lies on the disk
    Stat {
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(args: IndexArgs, common: &Common) -> Result<(), Failure> {
    let settings = common.settings(None, None)?;
    match args.command {
        IndexCommand::Verify { json } => {
            let folder = Folder::open(&settings).await.map_err(pipeline_failure)?;
            let report = folder.verify_index().await.map_err(pipeline_failure)?;
            if json {
                say(serde_json::to_string(&report)?)?;
            } else {
                show(&report)?;
            }
            if report.is_whole() {
                Ok(())
            } else {
                Err(Failure::Work(anyhow!(pick(
                    "索引不完整；`wanglou index rebuild` 由日志重建",
                    "the index is not whole; `wanglou index rebuild` makes it anew from the log"
                ))))
            }
        }
        IndexCommand::Rebuild => {
            let tell = |documents| tracing::info!(documents, "read from the log");
            let stat = rebuild_index(&settings, tell).await.map_err(pipeline_failure)?;
            say(pick("已重建并换上", "made anew and put in place"))?;
            show_stat(&stat)
        }
        IndexCommand::Stat { json } => {
            let folder = Folder::open(&settings).await.map_err(pipeline_failure)?;
            let stat = folder.index().stat()?;
            if json { say(serde_json::to_string(&stat)?) } else { show_stat(&stat) }
        }
    }
}

fn show_stat(stat: &IndexStat) -> Result<(), Failure> {
    say(tr!(
        "{} 条信息，{} 段，{} 字节，另有 {} 条已被取代；日志位置 {}，词典 {}，格式 {}",
        "{} documents, {} segments, {} bytes, {} more were replaced; log position {}, lexicon {}, format {}",
        stat.documents,
        stat.segments,
        stat.bytes,
        stat.deleted,
        stat.position,
        stat.lexicon,
        stat.schema
    ))
}

fn show(report: &IndexReport) -> Result<(), Failure> {
    show_stat(&report.stat)?;
    match &report.damage {
        None => say(pick("校验和：全部相符", "checksums: all match"))?,
        Some(damage) => say(tr!("校验和：{}", "checksums: {}", told(damage)))?,
    }
    say(tr!(
        "与日志对照：应有 {} 条，缺 {} 条，多 {} 条；日志到 {}",
        "beside the log: {} expected, {} missing, {} too many; the log ends at {}",
        report.expected,
        report.missing_total,
        report.extra_total,
        report.log_end
    ))?;
    for id in &report.missing {
        say(tr!("    缺：{id}", "    missing: {id}"))?;
    }
    Ok(())
}

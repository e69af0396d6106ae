//! `wanglou archive`, `backup`, `restore`: what a data folder holds, whether it is whole, and a copy of it.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use indicatif::HumanBytes;
use jiff::Timestamp;
use jiff::civil::Date;

use super::lang::{pick, tr};
use super::progress::Progress;
use super::{Common, Failure, pipeline_failure, say};
use pipeline::{backup, integrity, upkeep};
use vocabulary::DateRange;

#[derive(Debug, Args)]
pub(super) struct ArchiveArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say what the data folder holds
    Stat {
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Read everything back, every byte against a digest: database, raw records, documents, signals, index, rules, key
    Verify {
        /// One JSON document
        #[arg(long)]
        json: bool,
        /// Move damaged files aside and make again what the log can give; not while a tower runs
        #[arg(long)]
        repair: bool,
    },
    /// Join the many small files of signals into few; not while a tower runs
    Compact,
    /// Write the documents as Parquet, partitioned by day (date=YYYY-MM-DD/part-NNNN.parquet); `rerun` and `import` read it
    Export {
        /// A new folder
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Only documents about this day and later
        #[arg(long)]
        from: Option<Date>,
        /// Only documents about this day and earlier
        #[arg(long)]
        to: Option<Date>,
    },
}

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// A new folder for the copy
    to: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// What `wanglou backup` wrote; it is brought back into the folder given with --data, which must be new
    from: PathBuf,
}

pub(super) async fn run(args: ArchiveArgs, common: &Common) -> Result<(), Failure> {
    let data = common.settings(None, None)?.data;
    let now = now();
    match args.what {
        What::Stat { json } => {
            let stat = upkeep::stat(&data).await.map_err(pipeline_failure)?;
            if json { say(serde_json::to_string_pretty(&stat)?) } else { say(told(&stat).trim_end()) }
        }
        What::Verify { json, repair } => {
            let bar = Progress::start(pick("核验", "checking"), 0);
            let mut tell =
                |records| bar.before(records, &tr!("已核对原始记录 {records} 条", "{records} raw records checked"));
            let (found, text) = if repair {
                let settings = common.settings(None, None)?;
                let repaired = integrity::repair(&settings, now, &mut tell).await.map_err(pipeline_failure)?;
                let text = if json { serde_json::to_string_pretty(&repaired)? } else { repairs(&repaired) };
                (repaired.after, text)
            } else {
                let found = integrity::verify(&data, &mut tell).await.map_err(pipeline_failure)?;
                let text = if json { serde_json::to_string_pretty(&found)? } else { verdict(&found) };
                (found, text)
            };
            bar.finish();
            say(text.trim_end())?;
            match found.problems {
                0 => Ok(()),
                problems => Err(Failure::Work(anyhow!(tr!("发现 {problems} 处问题", "{problems} problems found")))),
            }
        }
        What::Compact => {
            let (before, after) = upkeep::compact(&data, now).await.map_err(pipeline_failure)?;
            say(tr!("信号文件 {before} 个并为 {after} 个", "{before} files of signals joined into {after}"))
        }
        What::Export { out, from, to } => {
            let range = match (from, to) {
                (None, None) => None,
                (from, to) => Some(DateRange { from: from.unwrap_or(Date::MIN), to: to.unwrap_or(Date::MAX) }),
            };
            let exported = upkeep::export(&data, &out, range).await.map_err(pipeline_failure)?;
            say(tr!(
                "{} 条信息写入 {}，共 {} 个文件",
                "{} documents written to {}, in {} files",
                exported.documents,
                out.display(),
                exported.files
            ))
        }
    }
}

pub(super) async fn backup(args: BackupArgs, common: &Common) -> Result<(), Failure> {
    let data = common.settings(None, None)?.data;
    let made = backup::backup(&data, &args.to, now()).await.map_err(pipeline_failure)?;
    let bytes = HumanBytes(made.bytes());
    say(tr!("已备份到 {}：{} 个文件，{bytes}", "copied to {}: {} files, {bytes}", args.to.display(), made.files.len()))
}

pub(super) async fn restore(args: &RestoreArgs, common: &Common) -> Result<(), Failure> {
    let data = common.settings(None, None)?.data;
    let made = backup::restore(&args.from, &data, now()).await.map_err(pipeline_failure)?;
    let (files, at) = (made.files.len(), &made.made_at);
    say(tr!(
        "已由 {at} 的备份恢复到 {}：{files} 个文件；信号和索引在下次启动时重建",
        "the backup of {at} is restored to {}: {files} files; signals and index are made anew at the next start",
        data.display()
    ))
}

#[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn told(stat: &upkeep::Stat) -> String {
    let mut text = String::new();
    let documents: u64 = stat.documents.values().sum();
    let days = stat.days.map_or_else(String::new, |(first, last)| tr!("，{first} 至 {last}", ", {first} to {last}"));
    let _ = writeln!(text, "{}", tr!("信息    {documents} 条{days}", "documents  {documents}{days}"));
    for (source, documents) in &stat.documents {
        let _ = writeln!(text, "{}", tr!("        {source}  {documents} 条", "           {source}  {documents}"));
    }
    let kinds = [
        (pick("数据库", "database"), stat.store, None),
        (pick("原始网页", "raw pages"), stat.warc, None),
        (pick("信号", "signals"), stat.signals, Some(stat.signals_held)),
        (pick("索引", "index"), stat.index, None),
        (pick("搁置行", "set aside"), stat.rejects, None),
    ];
    for (name, files, held) in kinds {
        let held = held.map_or_else(String::new, |held| tr!("，{held} 条信号", ", {held} signals"));
        let bytes = HumanBytes(files.bytes);
        let line = tr!("{name}  {} 个文件，{bytes}{held}", "{name}  {} files, {bytes}{held}", files.files);
        let _ = writeln!(text, "{line}");
    }
    text
}

fn verdict(found: &integrity::Verified) -> String {
    let mut text = String::new();
    let lines = [
        tr!("数据库    {} 行", "database     {} rows", found.rows),
        tr!(
            "原始记录  {} 个文件，{} 条，{} 条摘要相符",
            "raw records  {} files, {} records, {} as their digests say",
            found.files,
            found.records,
            found.intact
        ),
        tr!(
            "信息      {} 条，其中 {} 条指向原始记录",
            "documents    {}, {} of them point to raw records",
            found.documents,
            found.pointing
        ),
        tr!("信号      {} 条", "signals      {}", found.signals),
        tr!("索引      {} 条信息", "index        {} documents", found.indexed),
        tr!("其他文件  {} 个摘要相符", "other files  {} as their digests say", found.kept),
    ];
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    if found.without_digest > 0 {
        let files = found.without_digest;
        let line = tr!(
            "提示  信号文件 {files} 个由较早版本写成，没有摘要；`wanglou archive compact` 会补上",
            "note  {files} files of signals were written by an earlier version, without a digest; `wanglou archive compact` adds it"
        );
        let _ = writeln!(text, "{line}");
    }
    for problem in &found.first_problems {
        let _ = writeln!(text, "{}  {}", pick("问题", "problem"), super::lang::told(problem));
    }
    let shown = found.first_problems.len() as u64;
    if found.problems > shown {
        let _ = writeln!(text, "{}", tr!("      另有 {} 处", "         and {} more", found.problems - shown));
    }
    if found.problems == 0 {
        let _ = writeln!(text, "{}", pick("全部完好", "all is whole"));
    }
    text
}

fn repairs(repaired: &integrity::Repaired) -> String {
    let mut text = String::new();
    for problem in &repaired.before.first_problems {
        let _ = writeln!(text, "{}  {}", pick("修复前", "before"), super::lang::told(problem));
    }
    for done in &repaired.done {
        let _ = writeln!(text, "{}  {}", pick("已做", "done"), super::lang::told(done));
    }
    text.push_str(&verdict(&repaired.after));
    for left in &repaired.left {
        let _ = writeln!(text, "{}  {}", pick("怎么办", "to do"), super::lang::told(left));
    }
    text
}

//! `wanglou export`: all that a search finds, as a file with a manifest beside it.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;

use super::lang::{pick, told, tr};
use super::search::{Wanted, index_failure};
use super::{Common, Failure, cannot_write, say};
use archive::files::{publish, publish_aside};
use archive::{ArchiveError, EXPORT_ROWS_MAX, ExportFormat};
use pipeline::Folder;
use vocabulary::Refused;

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The query, as for `wanglou search`; empty exports everything
    #[arg(long)]
    query: String,
    /// csv, xlsx, ndjson or parquet [default: by the name of --out]
    #[arg(long)]
    format: Option<ExportFormat>,
    /// The file; FILE.manifest.json is written beside it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    wanted: Wanted,
}

pub(super) async fn run(args: ExportArgs, common: &Common) -> Result<(), Failure> {
    let ending = args.out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let format = args.format.map_or_else(|| ending.parse(), Ok).map_err(|error: Refused| {
        let out = args.out.display();
        let why = tr!("--out {out}：{}；用 --format 指定格式", "--out {out}: {}; name one with --format", told(&error));
        Failure::Input(anyhow::anyhow!(why))
    })?;
    let folder = Folder::open(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
    let request = args.wanted.request(args.query);
    #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
    let now = Timestamp::now();
    let aside = beside(&args.out, ".part");
    let write = |path: &Path| -> Result<_, Failure> {
        #[expect(clippy::disallowed_methods, reason = "the edge where the file is made")]
        let file = File::create(path).with_context(|| cannot_write(path))?;
        let mut out = BufWriter::new(file);
        let manifest = folder.export(&request, format, EXPORT_ROWS_MAX, &mut out, path, now).map_err(index_failure)?;
        out.into_inner().context(pick("文件没有写完", "the file could not be finished"))?.sync_all()?;
        Ok(manifest)
    };
    let manifest = write(&aside).inspect_err(|_| _ = std::fs::remove_file(&aside))?;
    publish_aside(&aside, &args.out).with_context(|| cannot_write(&args.out))?;
    let path = beside(&args.out, ".manifest.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&manifest)?);
    #[expect(clippy::disallowed_methods, reason = "the edge where the manifest is written")]
    let write = |aside: &Path| {
        std::fs::write(aside, text).map_err(|source| ArchiveError::Io { what: "write", path: aside.to_owned(), source })
    };
    publish(&path, write).with_context(|| cannot_write(&path))?;
    say(tr!("{} 条 → {}（清单 {}）", "{} rows → {} (manifest {})", manifest.rows, args.out.display(), path.display()))?;
    Ok(())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

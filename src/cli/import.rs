//! `wanglou import`: files into the log, the index and the signals.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use clap::Args;
use jiff::Timestamp;

use super::lang::{pick, told, tr};
use super::{Common, Failure, say, tell};
use archive::Preset;
use archive::documents::{Format, ImportSpec, PageFilter};
use pipeline::{self, PipelineError, Tower};
use vocabulary::{Channel, SourceId, check_names};

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Source of the documents; one without a recipe is made on the spot [default: that of the preset]
    #[arg(long, value_name = "ID", required_unless_present_any = ["preset", "presets"])]
    source: Option<String>,
    /// Channel group of documents that name none: complaint, regulator, platform, media, standard [default: that of the preset, else media]
    #[arg(long)]
    channel: Option<Channel>,
    /// How tables of a kind are read: source, channel and columns. A shipped preset by its name, or a file (.toml)
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// List the shipped presets and import nothing
    #[arg(long)]
    presets: bool,
    /// How the files are written [default: by their names]: ndjson, csv, tsv, xlsx, parquet, warc, arc, wet
    #[arg(long)]
    format: Option<Format>,
    /// Which column feeds which field, e.g. text=desc,published_at=date; other columns are kept in `meta`
    #[arg(long, value_name = "FIELD=COLUMN,…", value_delimiter = ',')]
    map: Vec<String>,
    /// Of archived pages only those of this host and of hosts below it; may be given again
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// Of archived pages only those in this language (ISO 639-3, e.g. zho), as the archive says, or for Chinese as the script does;
    /// may be given again
    #[arg(long, value_name = "CODE")]
    language: Vec<String>,
    /// Set bad lines aside in a rejects file instead of stopping at the first
    #[arg(long)]
    lenient: bool,
    /// The files; .gz and .zst are understood
    #[arg(required_unless_present = "presets")]
    files: Vec<PathBuf>,
}

pub(super) async fn run(args: ImportArgs, common: &Common) -> Result<(), Failure> {
    if args.presets {
        return list_presets();
    }
    let columns = columns(&args.map)?;
    let preset = args.preset.as_deref().map(Preset::load).transpose().map_err(Failure::input)?.map(Arc::new);
    let stated = args.source.as_deref().map(|source| SourceId::new(source.trim()));
    let source = stated.or_else(|| preset.as_ref().map(|preset| preset.source.clone()));
    let source = source.unwrap_or_else(|| SourceId::new(""));
    let channel = args.channel.or_else(|| preset.as_ref().map(|preset| preset.channel)).unwrap_or(Channel::Media);
    if source.as_str().is_empty() {
        return Err(Failure::Input(anyhow!(pick(
            "--source 是空的：写明信息从哪里来，例如 weibo",
            "--source is empty: name where the documents come from, e.g. weibo"
        ))));
    }
    check_names("", Some(source.as_str())).map_err(Failure::input)?;
    let hosts = args.host.iter().map(|host| host.trim().trim_matches('.').to_lowercase()).collect();
    let pages = PageFilter { hosts, languages: args.language.clone() };
    let mut specs = Vec::new();
    for file in &args.files {
        let format = format_of(file, args.format)?;
        if !columns.is_empty() && matches!(format, Format::Ndjson | Format::Warc) {
            return Err(Failure::Input(anyhow!(tr!(
                "{}：--map 只用于表格（csv、tsv、xlsx、parquet）",
                "{}: --map is for tables (csv, tsv, xlsx, parquet)",
                file.display()
            ))));
        }
        if preset.is_some() && matches!(format, Format::Ndjson | Format::Warc) {
            return Err(Failure::Input(anyhow!(tr!(
                "{}：--preset 只用于表格（csv、tsv、xlsx、parquet）",
                "{}: --preset is for tables (csv, tsv, xlsx, parquet)",
                file.display()
            ))));
        }
        if pages != PageFilter::default() && format != Format::Warc {
            return Err(Failure::Input(anyhow!(tr!(
                "{}：--host 和 --language 只用于存档页面（warc、arc、wet）",
                "{}: --host and --language are for archived pages (warc, arc, wet)",
                file.display()
            ))));
        }
        let (source, columns, pages, preset) = (source.clone(), columns.clone(), pages.clone(), preset.clone());
        let spec = ImportSpec { source, channel, format, columns, pages, preset };
        specs.push((file, spec));
    }

    let tower = Tower::open(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
    let mut total = BTreeMap::new();
    let mut stopped = None;
    for (file, spec) in specs {
        let name = file.display().to_string();
        let progress = |done: u64| tracing::info!(documents = done, "importing {name}");
        #[expect(clippy::disallowed_methods, reason = "the edge where the clock comes in")]
        let now = Timestamp::now();
        let report = pipeline::import_file(&tower, file, &spec, args.lenient, now, &progress)
            .await
            .map_err(super::pipeline_failure)?;
        for rejected in &report.rejected {
            let rejected = rejected.told();
            tell(tr!("搁置 {}", "set aside {}", told(&rejected)));
        }
        if let Some(rejects) = &report.rejects_file {
            tell(tr!("搁置的行保存在 {}", "lines set aside are kept in {}", rejects.display()));
        }
        for (source, intake) in report.intake {
            total.entry(source).or_insert_with(vocabulary::Intake::default).add(intake);
        }
        stopped = report.stopped;
        if stopped.is_some() {
            break;
        }
    }
    tell(pick("正在阅读和编入索引 …", "reading and indexing …"));
    let read = tower.read_new().await?;
    tower.close().await?;
    for (source, intake) in &total {
        // Standard output is for programs: these lines are the same in every language.
        say(format_args!(
            "{source}: collected {} = kept {} + duplicate {} + unchanged {} + rejected {}",
            intake.collected, intake.kept, intake.duplicate, intake.unchanged, intake.rejected
        ))?;
    }
    say(format_args!("read {} documents, {} signals, {} with problems", read.documents, read.signals, read.problems))?;
    if read.undated > 0 {
        tell(tr!(
            "{} 条没有日期：可以检索到，但不计入任何一天的评估",
            "{} documents without a date: they are found by searches, but count for no day",
            read.undated
        ));
    }
    stopped.map_or(Ok(()), |line| Err(Failure::input(PipelineError::BadLine(Box::new(line)))))
}

/// Prints the shipped presets, each with what it is for. What presets say themselves stays as it is written.
fn list_presets() -> Result<(), Failure> {
    let presets = Preset::shipped().map_err(Failure::input)?;
    let width = |text: fn(&Preset) -> &str| presets.iter().map(|preset| text(preset).len()).max().unwrap_or(0);
    let (keys, sources) = (width(|preset| preset.key.as_str()), width(|preset| preset.source.as_str()));
    for Preset { key, name, about, source, channel, .. } in &presets {
        say(format_args!("{key:keys$}  {:sources$}  {:10}  {name}", source.as_str(), channel.code()))?;
        say(format_args!("    {about}"))?;
    }
    Ok(())
}

fn format_of(file: &Path, asked: Option<Format>) -> Result<Format, Failure> {
    let wrong = |what: &str| Failure::Input(anyhow!(tr!("{}：{what}", "{}: {what}", file.display())));
    if file.is_dir() {
        return Err(wrong(pick("这是目录；请写其中的文件", "that is a folder; name the files in it")));
    }
    if !file.exists() {
        return Err(wrong(pick("没有这个文件", "no such file")));
    }
    // Only a file can be looked into beforehand: a pipe gives its bytes once.
    let guessed = || if file.is_file() { Format::of_file(file) } else { Ok(Format::of_name(file)) };
    let format = asked.map_or_else(guessed, |format| Ok(Some(format))).map_err(Failure::input)?;
    format.ok_or_else(|| {
        wrong(pick(
            "文件名和内容都看不出格式；请加 --format",
            "neither name nor content tells the format; add --format",
        ))
    })
}

fn columns(map: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |text: &String| {
        let pair = text.split_once('=').map(|(field, column)| (field.trim().to_owned(), column.trim().to_owned()));
        pair.filter(|(field, column)| !field.is_empty() && !column.is_empty()).ok_or_else(|| {
            Failure::Input(anyhow!(tr!(
                "--map `{text}` 不是“字段=列”；例如 --map text=desc,published_at=date",
                "--map `{text}` is no FIELD=COLUMN pair; write e.g. --map text=desc,published_at=date"
            )))
        })
    };
    let mut columns = BTreeMap::new();
    for text in map {
        let (field, column) = pair(text)?;
        if let Some(earlier) = columns.insert(field.clone(), column) {
            return Err(Failure::Input(anyhow!(tr!(
                "--map 两次写了 `{field}`：`{earlier}` 和 `{text}`",
                "--map gives `{field}` twice, from `{earlier}` and by `{text}`"
            ))));
        }
    }
    Ok(columns)
}

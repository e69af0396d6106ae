//! `wanglou method`: one published statistical method on a config and input files, for comparison and for analysts.
#![expect(clippy::disallowed_methods, reason = "reads the files of the call")]

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;

use super::lang::{pick, tr};
use super::{Failure, say};
use methods::{self, Call, METHODS};

/// Largest input file that is read, in bytes.
const BYTES_MAX: u64 = 256 << 20;

#[derive(Debug, Args)]
pub(super) struct MethodArgs {
    /// Name of the method; `--list` shows all
    #[arg(required_unless_present = "list")]
    name: Option<String>,
    /// List the methods: name, what it answers, tables beside the main one, the paper
    #[arg(long)]
    list: bool,
    /// Settings, JSON: one object, or `{shared settings, "configs": {ID: {settings}}}`
    #[arg(long, value_name = "FILE", required_unless_present = "list")]
    config: Option<PathBuf>,
    /// The data, CSV with a header (satscan: its own .cas form)
    #[arg(long, value_name = "FILE", required_unless_present = "list")]
    input: Option<PathBuf>,
    /// Coordinates of places
    #[arg(long, value_name = "FILE")]
    coords: Option<PathBuf>,
    /// Zones, JSON: lists of places
    #[arg(long, value_name = "FILE")]
    zones: Option<PathBuf>,
    /// Baselines and populations of the window
    #[arg(long, value_name = "FILE")]
    baselines: Option<PathBuf>,
    /// Population file
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
    /// Print this table of the run instead of the main result
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Seed of random draws; the same seed gives the same answer
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(super) fn run(args: &MethodArgs) -> Result<(), Failure> {
    if args.list {
        for method in METHODS {
            let tables =
                if method.tables.is_empty() { String::new() } else { format!("  --table {}", method.tables.join("|")) };
            let about = pick(method.zh, method.en);
            say(format_args!("{:<26}{about} ({}){tables}", method.name, method.source))?;
        }
        return Ok(());
    }
    let needed = |path: &Option<PathBuf>, flag: &str| match path {
        Some(path) => read(path),
        None => Err(Failure::Input(anyhow!(tr!("缺少 --{flag}", "--{flag} is missing")))),
    };
    let optional = |path: &Option<PathBuf>| path.as_ref().map(read).transpose();
    let call = Call {
        config: needed(&args.config, "config")?,
        input: needed(&args.input, "input")?,
        coords: optional(&args.coords)?,
        zones: optional(&args.zones)?,
        baselines: optional(&args.baselines)?,
        population: optional(&args.population)?,
        table: args.table.clone(),
        seed: args.seed,
    };
    let answer = methods::run(args.name.as_deref().unwrap_or_default(), &call).map_err(Failure::input)?;
    say(answer.to_string().trim_end())
}

fn read(path: &PathBuf) -> Result<String, Failure> {
    let shown = || path.display().to_string();
    let size = std::fs::metadata(path).with_context(shown).map_err(Failure::Input)?.len();
    if size > BYTES_MAX {
        return Err(Failure::Input(anyhow!(tr!(
            "{}：{size} 字节，最多读 {BYTES_MAX} 字节",
            "{}: {size} bytes, at most {BYTES_MAX} are read",
            shown()
        ))));
    }
    std::fs::read_to_string(path).with_context(shown).map_err(Failure::Input)
}

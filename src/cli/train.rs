//! `wanglou train`: teaches the judge from labelled texts.
#![expect(clippy::disallowed_methods, reason = "writes the model")]

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use super::labelled::{at, labelled};
use super::lang::{language, told};
use super::{Common, Failure, cannot_write, say};
use archive::ArchiveError;
use archive::files::publish;
use lab::reader::quality;
use lab::reader::train::{Hold, Options, train};
use pipeline::read_lexicon;
use vocabulary::Report;

#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    /// Labelled texts, one JSON object a line; never the ones to judge by
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the model goes, e.g. rules/judge/model.tsv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Folds of the cross-validation
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(2..=50))]
    folds: u16,
    /// What is held out together in cross-validation
    #[arg(long, value_enum, default_value_t = HeldOut::Year)]
    hold: HeldOut,
    /// Turns an option away from its default, e.g. strength=3
    #[arg(long, value_name = "KEY=NUMBER")]
    set: Vec<String>,
}

/// What is held out together.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum HeldOut {
    /// Texts of one year; those without a date by their number
    Year,
    /// Texts of one source
    Source,
    /// Texts by their number
    Number,
}

impl From<HeldOut> for Hold {
    fn from(held: HeldOut) -> Self {
        match held {
            HeldOut::Year => Self::Year,
            HeldOut::Source => Self::Source,
            HeldOut::Number => Self::Number,
        }
    }
}

pub(super) fn run(args: &TrainArgs, common: &Common) -> Result<(), Failure> {
    let (mut gold, mut whence) = (Vec::new(), Vec::new());
    for file in &args.files {
        let text = labelled(file)?;
        gold.extend(quality::parse(&text).map_err(|error| at(file, &error))?);
        let name = file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        whence.push(format!("{name} (blake3 {})", &blake3::hash(text.as_bytes()).to_hex()[..16]));
    }
    let lexicon = read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?.rules_only();
    let mut options = Options { folds: usize::from(args.folds), hold: args.hold.into(), ..Options::default() };
    for written in &args.set {
        options.set(written).map_err(|what| Failure::Input(anyhow!("--set {}", told(&what))))?;
    }
    let taught = train(&gold, &lexicon, &options, &whence.join(", ")).map_err(Failure::input)?;
    write_whole(&args.out, &taught.weights.to_string())?;
    say(taught.text(language()))
}

/// Writes beside the file and renames, so that nobody ever reads half a model.
fn write_whole(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    let failed = || cannot_write(path);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    let write = |aside: &std::path::Path| {
        fs::write(aside, text).map_err(|source| ArchiveError::Io { what: "write", path: aside.to_owned(), source })
    };
    Ok(publish(path, write).with_context(failed)?)
}

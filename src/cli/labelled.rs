//! Files of labelled texts: they are read whole, and what is wrong with one is told behind its name.
#![expect(clippy::disallowed_methods, reason = "reads the labelled file")]

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;

use super::lang::{language, tr};
use super::{Failure, Reader};
use vocabulary::Said;

#[derive(Debug, Args)]
pub(super) struct LabelledArgs {
    /// Labelled texts, one JSON object a line
    pub(super) file: PathBuf,
    /// One JSON document on standard output
    #[arg(long)]
    pub(super) json: bool,
    /// The worst mistakes with text, labels and the way the reader went
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "20")]
    pub(super) errors: Option<usize>,
    #[command(flatten)]
    pub(super) reader: Reader,
}

/// The text of a file of labelled texts.
pub(super) fn labelled(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file)
        .with_context(|| {
            tr!("无法读取 {}；要一份标注文本", "cannot read {}; give a file of labelled texts", file.display())
        })
        .map_err(Failure::Input)
}

/// What is wrong with a file, behind its name.
pub(super) fn at(file: &Path, error: &dyn Said) -> Failure {
    Failure::Input(anyhow!(tr!("{}：{}", "{}: {}", file.display(), error.said(language()))))
}

/// What the lines of a file of labelled texts say.
pub(super) fn parsed<T, E: Said>(file: &Path, parse: fn(&str) -> Result<Vec<T>, E>) -> Result<Vec<T>, Failure> {
    parse(&labelled(file)?).map_err(|error| at(file, &error))
}

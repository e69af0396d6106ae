//! `wanglou eval dates`: when saved pages were published, beside the days that they state.
#![expect(clippy::disallowed_methods, reason = "reads the key and the pages")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::labelled::at;
use super::lang::{language, tr};
use super::{Failure, say};
use lab::reader::dates::{self, Dates, Found, KeyLine, Part};
use vocabulary::Report;

/// Mistakes that are listed unless told otherwise.
const ERRORS: usize = 10;

#[derive(Debug, Args)]
pub(super) struct DatesArgs {
    /// Key: path of a page, moment seen, day published or `-`, and perhaps the address; tabs between
    file: PathBuf,
    /// Folder that the paths begin at [default: the folder of the key]
    #[arg(long, value_name = "DIR")]
    pages: Option<PathBuf>,
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
    /// How many of the worst mistakes are listed
    #[arg(long, value_name = "N", default_value_t = ERRORS)]
    errors: usize,
}

pub(super) fn run(args: &DatesArgs) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(&read(&args.file)?).into_owned();
    let key = dates::parse(&text).map_err(|error| at(&args.file, &error))?;
    let folder = args.pages.as_deref().or_else(|| args.file.parent()).unwrap_or(Path::new("."));
    let mut pages = Vec::with_capacity(key.len());
    for line in key {
        let body = read(&folder.join(&line.page))?;
        let found = found(&line, &body);
        pages.push((line, found));
    }
    let report = dates::measure(pages);
    if args.json {
        return say(serde_json::to_string_pretty(&as_json(&report))?);
    }
    say(report.text(language()))?;
    if report.mistakes.is_empty() { Ok(()) } else { say(report.told(args.errors, language())) }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).with_context(|| tr!("无法读取 {}", "cannot read {}", path.display())).map_err(Failure::Input)
}

fn found(line: &KeyLine, body: &[u8]) -> Option<Found> {
    let (at, from, confidence) = collect::date_of_page(line.url.as_deref(), None, body, line.seen)?;
    Some(Found { at, from, confidence })
}

fn as_json(report: &Dates) -> serde_json::Value {
    let part =
        |part: Part| json!({"share": part.value(), "part": part.part, "whole": part.whole, "95": part.interval()});
    let by_confidence = report.by_confidence.iter().filter(|(told, _)| told.whole > 0);
    json!({
        "pages": report.pages,
        "right": part(report.right),
        "wrong": report.wrong,
        "missed": report.missed,
        "invented": part(report.invented),
        "ahead": report.ahead,
        "by_kind": report.by_kind.iter().map(|(kind, told)| (kind.code(), part(*told))).collect::<BTreeMap<_, _>>(),
        "by_confidence": by_confidence.map(|(told, said)| json!({"said": said / f64::from(told.whole), "right": part(*told)})).collect::<Vec<_>>(),
        "mistakes": report.mistakes.iter().map(|mistake| json!({
            "page": mistake.page,
            "stated": mistake.stated.map(|day| day.to_string()),
            "read": mistake.found.map(|found| json!({"at": found.at.to_string(), "from": found.from.code(), "confidence": found.confidence})),
        })).collect::<Vec<_>>(),
    })
}

//! `wanglou eval`: quality on labelled data, with intervals.
#![expect(clippy::disallowed_methods, reason = "reads the labelled file")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, Failure, say};
use crate::extract::quality::{self, Measured, Quality, Share};
use crate::pipeline::read_lexicon;

#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Precision, recall and F1 of the reader on labelled texts
    Extraction {
        /// Labelled texts, one JSON object a line
        file: PathBuf,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &EvalArgs, common: &Common) -> Result<(), Failure> {
    let What::Extraction { file, json } = &args.what;
    let text = fs::read_to_string(file)
        .with_context(|| format!("cannot read {}; give a file of labelled texts", file.display()))
        .map_err(Failure::Input)?;
    let lexicon = read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?;
    let gold = quality::parse(&text).map_err(|error| Failure::Input(anyhow!("{}:{error}", file.display())))?;
    let report = quality::measure(&gold, &lexicon);
    if *json { say(serde_json::to_string_pretty(&as_json(&report))?) } else { say(report) }
}

fn as_json(report: &Quality) -> Value {
    let measured = |measured: &Measured| {
        json!({
            "precision": measured.tally.precision(), "recall": measured.tally.recall(), "f1": measured.tally.f1(),
            "f1_95": measured.f1_interval, "hit": measured.tally.hit, "extra": measured.tally.extra, "missed": measured.tally.missed,
        })
    };
    let share =
        |share: &Share| json!({"share": share.value(), "part": share.part, "whole": share.whole, "95": share.interval});
    json!({
        "texts": report.texts,
        "risk": measured(&report.risk),
        "hazard": measured(&report.hazard),
        "pair": measured(&report.pair),
        "safety_recall": share(&report.safety_recall),
        "stance": share(&report.stance),
        "severity": share(&report.severity),
        "brier": report.brier,
        "by_hazard": report.by_hazard.iter().map(|(code, found)| (code.code(), measured(found))).collect::<BTreeMap<_, _>>(),
        "by_source": report.by_source.iter().map(|(name, found)| (name.as_str(), measured(found))).collect::<BTreeMap<_, _>>(),
    })
}

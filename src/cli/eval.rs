//! `wanglou eval`: quality on labelled data, with intervals.
#![expect(clippy::disallowed_methods, reason = "reads replays and writes charts")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::eval_open;
use super::labelled::{LabelledArgs, parsed};
use super::lang::{language, pick, tr};
use super::{Common, Failure, say};
use lab::reader::mistakes;
use lab::reader::names::{self, Tagger};
use lab::reader::quality::{self, Measured, Quality, Share};
use lab::trials;
use pipeline::{read_criteria, read_lexicon};
use vocabulary::{AlertEvent, DateRange, Report};

/// Series per set and background for a first look.
const QUICK_SERIES: u32 = 300;

#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Precision, recall and F1 of the reader on labelled texts
    Extraction(LabelledArgs),
    /// The reader over the open stream: texts count by `weight`, without strata E and G; by stratum, source and year
    Stream(LabelledArgs),
    /// The reader on whole pages, as crawled and before anything was done to them; by kind of page
    Articles(LabelledArgs),
    /// Dates of saved pages, beside the days that they state
    Dates(super::eval_dates::DatesArgs),
    /// Detectors side by side on simulated series at the same rate of false onsets, and levels of outbreaks of known truth
    Detection {
        /// Seed of every draw
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Series per set and background [default: 1200]; levels are judged in one world for 24 of them
        #[arg(long, value_parser = clap::value_parser!(u32).range(20..=100_000))]
        series: Option<u32>,
        /// Few series, for a first look
        #[arg(long, conflicts_with = "series")]
        quick: bool,
        /// Only backgrounds whose name contains this; `levels`: only the levels
        #[arg(long, value_name = "WORD")]
        only: Option<String>,
        /// Print instead how often our statistic crosses each limit by chance, by mean and dispersion (TSV)
        #[arg(long, conflicts_with_all = ["json", "svg", "only"])]
        tables: bool,
        /// Draw the bars of every regime as SVG into this folder
        #[arg(long, value_name = "DIR")]
        svg: Option<PathBuf>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// How early a replay told of incidents that are known, and how much else it told
    Backtest {
        /// Incidents: CSV with event, first_signal, first_action (YYYY-MM-DD) and signal_regex
        #[arg(long, value_name = "FILE")]
        events: PathBuf,
        /// What `wanglou rerun --out` wrote
        #[arg(long, value_name = "DIR", required_unless_present = "archive", conflicts_with = "archive")]
        run: Option<PathBuf>,
        /// Replay these archives first, as `wanglou rerun` does, into --out
        #[arg(long, num_args = 1.., value_name = "PATH", requires_all = ["from", "to", "out"])]
        archive: Vec<PathBuf>,
        /// First day judged
        #[arg(long)]
        from: Option<Date>,
        /// Last day judged
        #[arg(long)]
        to: Option<Date>,
        /// Where the replay goes
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// How well the watch does: plan, do, check, act, with one number each
    Quality(super::quality::QualityArgs),
    /// Product and brand names in tagged sentences: the dictionary alone beside a tagger trained here
    Names {
        /// Sentences to judge by: one character and its BIOES tag (HC product, HP brand) a line
        file: PathBuf,
        /// Sentences to train on, in the same form
        #[arg(long)]
        train: PathBuf,
    },
}

pub(super) async fn run(args: &EvalArgs, common: &Common) -> Result<(), Failure> {
    match &args.what {
        What::Extraction(args) => extraction(args, common),
        What::Stream(args) => eval_open::over_stream(args, common),
        What::Articles(args) => eval_open::on_articles(args, common),
        What::Dates(args) => super::eval_dates::run(args),
        What::Detection { seed, series, quick, only, tables, svg, json } => {
            let shipped = trials::Settings::default();
            let series = if *quick { Some(QUICK_SERIES) } else { *series };
            let series = series.map_or(shipped.series, |series| series as usize);
            let settings = trials::Settings { seed: *seed, series, only: only.clone(), ..shipped };
            if *tables {
                let table = trials::tables::build(*seed, trials::tables::CELLS_LEAST, &trials::tables::WINDOWS_DAYS);
                return say(table.to_tsv().trim_end());
            }
            detection(&settings, svg.as_deref(), *json, common)
        }
        What::Backtest { events, run, archive, from, to, out, json } => {
            let run = match (run, from, to, out) {
                (Some(run), ..) => run,
                (None, Some(from), Some(to), Some(out)) => {
                    super::rerun::replay(archive.clone(), DateRange { from: *from, to: *to }, out.clone(), common)
                        .await?;
                    out
                }
                _ => {
                    return Err(Failure::Input(anyhow!(pick(
                        "写 --run DIR，或 --archive 连同 --from、--to 和 --out",
                        "give --run DIR, or --archive with --from, --to and --out"
                    ))));
                }
            };
            backtest(events, run, *json)
        }
        What::Quality(args) => super::quality::run(args, common).await,
        What::Names { file, train } => names(file, train, common),
    }
}

fn names(file: &Path, train: &Path, common: &Common) -> Result<(), Failure> {
    let lexicon = read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?;
    let (judged, taught) = (parsed(file, names::parse)?, parsed(train, names::parse)?);
    let tagger = Tagger::train(&taught, &lexicon);
    say(tr!(
        "{} 句，起止完全相同才算命中\n只用词典\n{}用 {} 句训练的标注器，{} 个特征\n{}",
        "{} sentences, exact spans\ndictionary alone\n{}tagger trained on {} sentences, {} features\n{}",
        judged.len(),
        names::measure(&judged, |chars| names::by_dictionary(chars, &lexicon)).text(language()),
        taught.len(),
        tagger.features(),
        names::measure(&judged, |chars| tagger.tag(chars, &lexicon)).text(language()),
    ))
}

fn detection(settings: &trials::Settings, svg: Option<&Path>, json: bool, common: &Common) -> Result<(), Failure> {
    let judge = read_criteria(common.criteria.as_deref()).map_err(super::pipeline_failure)?;
    let mut bench = trials::run(settings);
    bench.levels = settings.worlds().map(|worlds| trials::levels::run(settings.seed, worlds, judge.criteria()));
    if bench.regimes.is_empty() && bench.levels.is_none() {
        let only = settings.only.as_deref().unwrap_or_default();
        return Err(Failure::Input(anyhow!(tr!(
            "--only {only}：没有哪种背景的名称含这个词，也不是 `levels`",
            "--only {only}: no background has that in its name, and it is not `levels`"
        ))));
    }
    if let Some(folder) = svg {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let drawn = |(at, regime)| (format!("detection-{at:03}.svg"), trials::report::svg(regime));
        let mut charts: Vec<(String, String)> = bench.regimes.iter().enumerate().map(drawn).collect();
        if !bench.regimes.is_empty() {
            charts.push(("detection-backgrounds.svg".into(), trials::report::svg_backgrounds(&bench)));
            charts.push(("detection-false-onsets.svg".into(), trials::report::svg_false_onsets(&bench)));
        }
        charts.extend(
            bench.levels.iter().map(|found| ("detection-levels.svg".into(), trials::report::svg_levels(found))),
        );
        for (name, chart) in charts {
            let path = folder.join(name);
            fs::write(&path, chart).with_context(|| path.display().to_string())?;
        }
    }
    if json {
        say(serde_json::to_string_pretty(&bench)?)
    } else {
        say(trials::report::text(&bench, language()).trim_end())
    }
}

fn backtest(events: &Path, run: &Path, json: bool) -> Result<(), Failure> {
    let read = |path: &Path| {
        let why = || {
            tr!(
                "无法读取 {}；要一个 `wanglou rerun --out` 写的目录",
                "cannot read {}; give a folder that `wanglou rerun --out` wrote",
                path.display()
            )
        };
        fs::read_to_string(path).with_context(why).map_err(Failure::Input)
    };
    let incidents = super::replay::known_incidents(Some(events))?;
    let path = run.join("alerts.ndjson");
    let mut lines = Vec::new();
    for (number, line) in read(&path)?.lines().enumerate() {
        let line: AlertEvent = serde_json::from_str(line).map_err(|error| {
            Failure::Input(anyhow!(tr!("{}:{}：“{error}”", "{}:{}: {error}", path.display(), number + 1)))
        })?;
        lines.push(line);
    }
    let path = run.join("summary.json");
    let summary: Value =
        serde_json::from_str(&read(&path)?).with_context(|| path.display().to_string()).map_err(Failure::Input)?;
    let range: DateRange = serde_json::from_value(summary["range"].clone())
        .with_context(|| format!("{}: `range`", path.display()))
        .map_err(Failure::Input)?;
    let report = lab::watch::backtest::backtest(&incidents, &lines, range);
    if json { say(serde_json::to_string_pretty(&report)?) } else { say(report.text(language())) }
}

fn extraction(args: &LabelledArgs, common: &Common) -> Result<(), Failure> {
    let gold = parsed(&args.file, quality::parse)?;
    let lexicon = args.reader.lexicon(common)?;
    let report = quality::measure(&gold, &lexicon);
    let beside =
        lexicon.judge().map(|_| quality::measure_with(&gold, |document| extract::read_by_rules(document, &lexicon)));
    let mistakes = mistakes::mistakes(&gold, &lexicon);
    if args.json {
        let mut told = as_json(&report);
        if let Some(rules) = &beside {
            told["rules_only"] = as_json(rules);
        }
        told["confusions"] = mistakes.confusions().into_iter().map(|(gold, told, n)| json!([gold, told, n])).collect();
        return say(serde_json::to_string_pretty(&told)?);
    }
    say(report.text(language()))?;
    say(mistakes.text(language()))?;
    if let Some(rules) = &beside {
        let [alone, judged] = eval_open::reader_names();
        say(quality::side_by_side(&[(alone, rules), (judged, &report)]))?;
    }
    match args.errors {
        Some(most) => say(mistakes.told(most, &gold, &lexicon, language())),
        None => Ok(()),
    }
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

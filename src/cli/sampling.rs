//! `wanglou sampling`: how many samples and which, and what test bodies return.
#![expect(clippy::disallowed_methods, reason = "reads the file and asks the clock")]

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::lang::{language, pick, told, tr};
use super::{Common, Failure, cannot_read, say, tell};
use pipeline::{AT_THE_MACHINE, Actor, Folder, ResultsReport};
use sampling::{Aim, Drawn, FailureRate, Frame, Repeat, Seed, Strata, Taken, results};
use vocabulary::{AlertId, Outcome, Said, StratumKind};

#[derive(Debug, Args)]
pub(super) struct SamplingArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Take in results: alert_id or request_id or category, then company, tested, failed, basis (targeted, random), date, body, report,
    /// item, standard
    Results {
        /// .csv with a header, or .ndjson with the same names as keys
        file: PathBuf,
        /// One JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Say how many samples a question takes, and what so many can answer
    Size {
        #[command(subcommand)]
        aim: Question,
    },
    /// Commit to a seed for the next draw of a matter, before its frame is known; prints the digest to publish
    Commit {
        /// The alert
        alert: String,
        /// Who does it
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why, or what is to be known
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Write the offers that a matter can be sampled from as CSV, or a frame that was drawn from
    Frame {
        /// The alert, or the digest of a frame
        what: String,
    },
    /// Draw the samples of a matter by the seed that was committed to; frame and draw are kept
    Draw {
        /// The alert
        alert: String,
        /// Who does it
        #[arg(long, value_name = "NAME")]
        by: String,
        /// The frame as CSV; without it, the offers that were collected
        #[arg(long, value_name = "FILE")]
        frame: Option<PathBuf>,
        /// By what the offers are divided before: platform, region, price
        #[arg(long, value_delimiter = ',', value_name = "LIST")]
        strata: Vec<StratumBy>,
        /// Why brands or makers may repeat once no others are left
        #[arg(long, value_name = "TEXT", default_value = "")]
        repeats: String,
    },
    /// Make a draw again from its frame and seed, without a data folder: the same offers in the same order
    Redraw {
        /// The frame as CSV
        frame: PathBuf,
        /// The seed, 64 hexadecimal digits
        #[arg(long, value_name = "HEX")]
        seed: String,
        /// The alert, for the digest that was published
        #[arg(long, value_name = "ALERT")]
        alert: String,
        /// How many batches
        #[arg(long, value_name = "N")]
        batches: usize,
        /// By what the offers were divided
        #[arg(long, value_delimiter = ',', value_name = "LIST")]
        strata: Vec<StratumBy>,
        /// Samples that were there before, as CSV like a frame
        #[arg(long, value_name = "FILE")]
        taken: Option<PathBuf>,
        /// Why brands or makers might repeat
        #[arg(long, value_name = "TEXT", default_value = "")]
        repeats: String,
    },
}

/// A question that samples answer. Shares are given as 0.05 for 5 %.
#[derive(Debug, Subcommand)]
enum Question {
    /// To find at least one that fails
    Detect {
        /// With this probability
        #[arg(long, default_value_t = 0.95)]
        confidence: f64,
        /// When this share fails
        #[arg(long)]
        rate: f64,
        /// Of so many in all; without it, of very many
        #[arg(long)]
        lot: Option<u32>,
    },
    /// To estimate the share that fails
    Estimate {
        /// With this confidence
        #[arg(long, default_value_t = 0.95)]
        confidence: f64,
        /// When about this share fails
        #[arg(long)]
        share: f64,
        /// To so much on either side
        #[arg(long)]
        margin: f64,
        /// Of so many in all; without it, of very many
        #[arg(long)]
        lot: Option<u32>,
    },
    /// What is known once so many were tested
    Rate {
        /// How many failed
        failed: u32,
        /// How many were tested
        tested: u32,
        /// With this confidence
        #[arg(long, default_value_t = 0.95)]
        confidence: f64,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum StratumBy {
    Platform,
    Region,
    Price,
}

impl StratumBy {
    fn kind(self) -> StratumKind {
        match self {
            Self::Platform => StratumKind::Platform,
            Self::Region => StratumKind::Region,
            Self::Price => StratumKind::Price,
        }
    }

    fn of_draw(self) -> sampling::StratumBy {
        match self {
            Self::Platform => sampling::StratumBy::Platform,
            Self::Region => sampling::StratumBy::Region,
            Self::Price => sampling::StratumBy::Price,
        }
    }
}

pub(super) async fn run(args: SamplingArgs, common: &Common) -> Result<(), Failure> {
    match args.what {
        What::Results { file, json } => results_of(file, json, common).await,
        What::Size { aim } => size(&aim),
        What::Redraw { frame, seed, alert, batches, strata, taken, repeats } => {
            let frame = frame_in(&frame)?;
            let taken = taken.as_deref().map(frame_in).transpose()?;
            let taken = taken.map(|taken| Taken::of(taken.offers())).unwrap_or_default();
            let seed = Seed::from_hex(&seed).map_err(refused)?;
            tell(tr!("种子摘要 {}", "digest of the seed {}", seed.commitment(&alert)));
            let strata = Strata { by: strata.into_iter().map(StratumBy::of_draw).collect() };
            let repeat = Repeat { allowed: Some(repeats).filter(|reason| !reason.trim().is_empty()) };
            let drawn = sampling::draw(&frame, &seed, batches, &strata, &taken, &repeat).map_err(refused)?;
            show(&drawn)
        }
        What::Commit { alert, by, note } => {
            let folder = Folder::open(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
            let actor = Actor { by: &by, party: AT_THE_MACHINE, at: Timestamp::now() };
            let digest = folder.commit_seed(&AlertId::new(alert.trim()), &note, actor).await;
            say(digest.map_err(super::pipeline_failure)?)
        }
        What::Frame { what } => {
            let folder = Folder::open(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
            if let Some(kept) = folder.store().frame(what.trim()).await? {
                return say(kept.trim_end());
            }
            let frame = folder.frame_of(&AlertId::new(what.trim())).await.map_err(super::pipeline_failure)?;
            tell(tr!("抽样框 {}：{} 件商品", "frame {}: {} offers", frame.hash(), frame.offers().len()));
            say(frame.to_csv().trim_end())
        }
        What::Draw { alert, by, frame, strata, repeats } => {
            let given = frame.as_deref().map(frame_in).transpose()?;
            let folder = Folder::open(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
            let id = AlertId::new(alert.trim());
            let frame = match given {
                Some(frame) => frame,
                None => folder.frame_of(&id).await.map_err(super::pipeline_failure)?,
            };
            let strata: Vec<StratumKind> = strata.into_iter().map(StratumBy::kind).collect();
            let actor = Actor { by: &by, party: AT_THE_MACHINE, at: Timestamp::now() };
            let drawn = folder.draw(&id, &frame, &strata, &repeats, actor).await;
            show(&drawn.map_err(super::pipeline_failure)?)
        }
    }
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Input(anyhow!(error))
}

fn frame_in(file: &Path) -> Result<Frame, Failure> {
    Frame::from_csv(&read(file)?)
        .map_err(|error| Failure::Input(anyhow!(tr!("{}：{}", "{}: {}", file.display(), error.said(language())))))
}

/// What was drawn, one JSON object a line; what was passed over, for people.
fn show(drawn: &Drawn) -> Result<(), Failure> {
    for chosen in &drawn.chosen {
        say(serde_json::to_string(chosen)?)?;
    }
    tell(tr!(
        "抽样框 {}：应抽 {}，抽出 {}，因电商、品牌或生产企业重复而跳过 {}",
        "frame {}: {} wanted, {} drawn, {} passed over because seller, brand or maker repeats",
        drawn.frame,
        drawn.wanted,
        drawn.chosen.len(),
        drawn.skipped_for_repeat
    ));
    Ok(())
}

fn size(question: &Question) -> Result<(), Failure> {
    let said = match *question {
        Question::Detect { confidence, rate, lot } => Aim::Detect { confidence, rate, lot }.sentence(language()),
        Question::Estimate { confidence, share, margin, lot } => {
            Aim::Estimate { confidence, share, margin, lot }.sentence(language())
        }
        Question::Rate { failed, tested, confidence } => {
            FailureRate::of(failed, tested, confidence).map(|rate| rate.sentence(language()))
        }
    };
    match said {
        Some(said) => say(said),
        None => Err(Failure::Input(anyhow!(pick(
            "这样的问题没有样本量：比例和置信度应在 0 与 1 之间，不合格数不多于检验数",
            "such a question has no answer: shares and confidence lie between 0 and 1, and no more fail than are tested"
        )))),
    }
}

async fn results_of(file: PathBuf, json: bool, common: &Common) -> Result<(), Failure> {
    let text = read(&file)?;
    let ndjson = is_ndjson(&file)?;
    let folder = Folder::open(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
    let done = folder
        .take_results(&text, ndjson, super::user::BY_COMMAND, Timestamp::now())
        .await
        .map_err(super::pipeline_failure)?;
    say_counts(&done, json)?;
    for line in &done.rejected {
        tell(tr!("搁置 {}：{}", "set aside {}: {}", file.display(), told(line)));
    }
    if done.rejected.is_empty() {
        Ok(())
    } else {
        Err(Failure::Input(anyhow!(tr!(
            "{} 行没有收下，共 {} 行",
            "{} of {} lines were not taken in",
            done.rejected.len(),
            done.collected
        ))))
    }
}

/// Whether a file of results is NDJSON rather than CSV, by its name.
pub(super) fn is_ndjson(file: &Path) -> Result<bool, Failure> {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Ok(false),
        Some("ndjson" | "jsonl") => Ok(true),
        _ => Err(Failure::Input(anyhow!(tr!(
            "{}：文件名应以 .csv 或 .ndjson 结尾",
            "{}: name it .csv or .ndjson",
            file.display()
        )))),
    }
}

/// What became of the lines of a file of results (COUNT-1).
pub(super) fn say_counts(done: &ResultsReport, json: bool) -> Result<(), Failure> {
    if json {
        return say(serde_json::to_string_pretty(done)?);
    }
    let rejected = done.rejected.len();
    say(format_args!(
        "collected {} = kept {} + duplicate {} + rejected {rejected}",
        done.collected, done.kept, done.duplicate
    ))
}

pub(super) fn read(file: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(file).with_context(|| cannot_read(file));
    text.map_err(Failure::Input)
}

/// Reads a file of outcomes; none without a file.
pub(super) fn read_outcomes(file: Option<&Path>) -> Result<Vec<Outcome>, Failure> {
    let Some(file) = file else { return Ok(Vec::new()) };
    results::outcomes(&read(file)?)
        .map_err(|bad| Failure::Input(anyhow!(tr!("{}：{}", "{}: {}", file.display(), bad.said(language())))))
}

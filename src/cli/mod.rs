//! The command line: one file per command. A command reads its flags, calls a room, and prints.
//!
//! In: arguments, standard input. Out: machine-readable text on standard output, everything for people on standard error,
//! and an exit status: 0 done, 1 the work failed, 2 the call or the input was wrong, 130 interrupted with work saved.
//! Not here: logic.
#![expect(clippy::print_stderr, reason = "the room that talks to the terminal")]

mod alerts;
mod archive;
mod audit;
mod buyers;
mod clauses;
mod criteria;
mod deliver;
mod demo;
mod demo_year;
mod diff;
mod doubts;
mod emerging;
mod eval;
mod eval_dates;
mod eval_open;
mod explain;
mod export;
mod extract;
mod face;
mod help;
mod import;
mod index;
mod labelled;
mod lang;
mod looked;
mod matters;
mod method;
mod progress;
mod promote;
mod quality;
mod replay;
mod rerun;
mod reruns;
mod rules;
mod run;
mod said;
mod sampling;
mod search;
mod secrets;
mod source;
mod standards;
mod token;
mod train;
mod user;
mod verify_sources;
mod watch;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use self::lang::Lang;
use config::{Overrides, Settings};
use lexicon::Lexicon;
use pipeline::{PipelineError, read_lexicon};

/// 望楼 Wanglou: a watchtower for product safety.
///
/// Collects what is published about products, reads the Chinese, adds it up into levels, and tells a monitoring centre
/// what deserves attention today. Begin with `wanglou demo`.
#[derive(Debug, Parser)]
#[command(name = "wanglou", version, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command understands.
#[derive(Debug, Clone, Args)]
struct Common {
    /// Folder where state is kept [default: wanglou-data; for demo: wanglou-demo]
    #[arg(long, global = true, value_name = "DIR", env = "WANGLOU_DATA")]
    data: Option<PathBuf>,
    /// Folder with `rules/` and `dictionaries/` instead of the shipped ones
    #[arg(long, global = true, value_name = "DIR", env = "WANGLOU_LEXICON")]
    lexicon: Option<PathBuf>,
    /// Criteria file instead of the shipped one
    #[arg(long, global = true, value_name = "FILE", env = "WANGLOU_CRITERIA")]
    criteria: Option<PathBuf>,
    /// File of keys that secrets in the data folder are sealed with; made by `wanglou secrets new`
    #[arg(long, global = true, value_name = "FILE", env = "WANGLOU_SECRETS_KEY")]
    secrets_key: Option<PathBuf>,
    /// Language of messages: zh or en [default: by the locale, else zh]
    // Looked for by `lang::choose` before the call is understood.
    #[arg(long, global = true, value_enum, value_name = "LANG", hide_possible_values = true, env = "WANGLOU_LANG")]
    lang: Option<Lang>,
    /// Say more on standard error; twice for everything
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

impl Common {
    /// Settings with these flags laid over an optional file.
    fn settings(&self, file: Option<&std::path::Path>, port: Option<u16>) -> Result<Settings, Failure> {
        let flags = Overrides {
            data: self.data.clone(),
            lexicon: self.lexicon.clone(),
            criteria: self.criteria.clone(),
            port,
            secrets_key: self.secrets_key.clone(),
            file_reader: Some(this_program()),
        };
        Settings::load(file, flags).map_err(Failure::input)
    }
}

/// How texts are read, for the commands that read texts.
#[derive(Debug, Clone, Args)]
struct Reader {
    /// Read by rules alone, without the learned judge
    #[arg(long)]
    rules_only: bool,
}

impl Reader {
    /// The lexicon that the flags name.
    fn lexicon(&self, common: &Common) -> Result<Lexicon, Failure> {
        let lexicon = read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?;
        Ok(if self.rules_only { lexicon.rules_only() } else { lexicon })
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try everything: a simulated world on loopback is crawled, read, scored and shown
    Demo(demo::DemoArgs),
    /// Run the service: schedule, collect, extract, index, score, serve
    Run(run::RunArgs),
    /// Look after the sources: list, check, pause, resume, collect now
    Source(source::SourceArgs),
    /// Put documents from files into the log, and through the index and the reader
    Import(import::ImportArgs),
    /// Read documents NDJSON on standard input, write readings NDJSON on standard output
    Extract(extract::ExtractArgs),
    /// Show how one text is read: tokens, mentions, stance, relations, signals, rules
    Explain(explain::ExplainArgs),
    /// Search the index with the analysts' query language
    Search(search::SearchArgs),
    /// Write all that a search finds to a file, with a manifest
    Export(export::ExportArgs),
    /// Look after the index: verify, rebuild, stat
    Index(index::IndexArgs),
    /// Save searches, and see what came for them
    Watch(watch::WatchArgs),
    /// Look at texts that the judge is not sure of, and say what they tell
    Doubts(doubts::DoubtsArgs),
    /// Show the ranked alerts; keep verdicts and what was done
    Alerts(alerts::AlertsArgs),
    /// Handle matters: schemes, samples, results, units that are told, and what is owed until when
    Matter(matters::MatterArgs),
    /// Manage users: add, list, passwd, disable
    User(user::UserArgs),
    /// Make, list and revoke tokens for programs
    Token(token::TokenArgs),
    /// Show what was done and by whom, and check that the record is whole
    Audit(audit::AuditArgs),
    /// Keys that secrets in the data folder are sealed with: make one, see which are in use
    Secrets(secrets::SecretsArgs),
    /// Tell others what happens to alerts: webhooks, group robots, mail; their log, replay
    Deliver(deliver::DeliverArgs),
    /// Take in what test bodies return
    Sampling(sampling::SamplingArgs),
    /// Keep who buys samples and where they go, sealed: add, list, show with a reason, retire, assign
    Buyers(buyers::BuyersArgs),
    /// Replay archives as if time passed, day by day
    Rerun(rerun::RerunArgs),
    /// Show the reruns that the settings plan and what they found, or run one now
    Reruns(reruns::RerunsArgs),
    /// List what the dictionaries do not know yet: unseen pairs, hazards without a product, words
    Emerging(emerging::EmergingArgs),
    /// List standards announced as new, revised, replaced or abolished, and what to look at again
    Standards(standards::StandardsArgs),
    /// Check the rules and dictionaries, or run their own examples
    Rules(rules::RulesArgs),
    /// Put rules or criteria in force, on the record, while the service runs; list which were
    Promote(promote::PromoteArgs),
    /// Check a criteria file, or set two side by side on the same evidence
    Criteria(criteria::CriteriaArgs),
    /// Compare two reruns: alerts, levels, signals, and the rules behind them
    Diff(diff::DiffArgs),
    /// Look after the data folder: what it holds, whether it is whole, documents as Parquet
    Archive(archive::ArchiveArgs),
    /// Copy the data folder, while a tower may be running
    Backup(archive::BackupArgs),
    /// Bring a backup back into a new data folder
    Restore(archive::RestoreArgs),
    /// Run one published statistical method on files, for comparison; `method --list` shows all
    Method(method::MethodArgs),
    /// Measure quality on labelled data
    Eval(eval::EvalArgs),
    /// Show what of the standards and opinions the program does, clause by clause, and what is missing
    Clauses(clauses::ClausesArgs),
    /// Train the judge beside the rules from labelled texts
    Train(train::TrainArgs),
}

/// Why a command ends without having done its work.
#[derive(Debug)]
enum Failure {
    /// The call or the input was wrong: exit status 2.
    Input(anyhow::Error),
    /// The work failed: exit status 1.
    Work(anyhow::Error),
    /// Interrupted with work saved: exit status 130.
    Interrupted,
}

impl Failure {
    /// The call or the input was wrong.
    fn input(error: impl Into<anyhow::Error>) -> Self {
        Self::Input(error.into())
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Work(error.into())
    }
}

/// How long a thread for work aside stays when it has none. The allocator gives back what a thread freed when the thread works on or
/// ends: one that idles keeps the most that it ever used, and ten of them that each judged once keep ten times as much.
const IDLE_THREADS_STAY: Duration = Duration::from_millis(300);

/// Runs the program and gives its exit status.
#[must_use]
pub fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|arg| arg == office::COMMAND) {
        return serve_file();
    }
    let lang = lang::choose();
    let parsed =
        help::localised(Cli::command(), lang).try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return help::answer(&error, lang),
    };
    listen(cli.common.verbose);
    let result = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(IDLE_THREADS_STAY)
        .build()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(dispatch(cli.command, &cli.common)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => {
            let what = lang::pick(
                "中断：已完成的部分都已保存，再次运行同一命令即可继续",
                "interrupted: what is done is saved, the same command goes on",
            );
            eprintln!("{what}");
            ExitCode::from(130)
        }
        Err(Failure::Input(error)) => {
            eprintln!("{}{}", lang::pick("错误：", "error: "), in_one_line(&error));
            ExitCode::from(2)
        }
        // A reader that went away (`| head`) is no failure.
        Err(Failure::Work(error)) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(Failure::Work(error)) => {
            eprintln!("{}{}", lang::pick("失败：", "failed: "), in_one_line(&error));
            ExitCode::from(1)
        }
    }
}

/// This program, even after another one was put in its place.
fn this_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// What the service starts itself for each file that a notice links to; no command for people.
fn serve_file() -> ExitCode {
    match office::serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(1)
        }
    }
}

async fn dispatch(command: Command, common: &Common) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(args, common).await,
        Command::Run(args) => run::run(args, common).await,
        Command::Source(args) => source::run(args, common).await,
        Command::Import(args) => import::run(args, common).await,
        Command::Extract(args) => extract::run(&args, common),
        Command::Explain(args) => explain::run(&args, common),
        Command::Search(args) => search::run(args, common).await,
        Command::Export(args) => export::run(args, common).await,
        Command::Index(args) => index::run(args, common).await,
        Command::Watch(args) => watch::run(args, common).await,
        Command::Doubts(args) => doubts::run(args, common).await,
        Command::Alerts(args) => alerts::run(args, common).await,
        Command::Matter(args) => matters::run(args, common).await,
        Command::User(args) => user::run(args, common).await,
        Command::Token(args) => token::run(args, common).await,
        Command::Audit(args) => audit::run(args, common).await,
        Command::Secrets(args) => secrets::run(args, common).await,
        Command::Deliver(args) => deliver::run(args, common).await,
        Command::Sampling(args) => sampling::run(args, common).await,
        Command::Buyers(args) => buyers::run(args, common).await,
        Command::Rerun(args) => rerun::run(args, common).await,
        Command::Reruns(args) => reruns::run(args, common).await,
        Command::Archive(args) => archive::run(args, common).await,
        Command::Backup(args) => archive::backup(args, common).await,
        Command::Restore(args) => archive::restore(&args, common).await,
        Command::Emerging(args) => emerging::run(args, common).await,
        Command::Standards(args) => standards::run(args, common).await,
        Command::Rules(args) => rules::run(&args, common),
        Command::Promote(args) => promote::run(args, common).await,
        Command::Criteria(args) => criteria::run(&args, common).await,
        Command::Diff(args) => diff::run(&args),
        Command::Method(args) => method::run(&args),
        Command::Eval(args) => eval::run(&args, common).await,
        Command::Clauses(args) => clauses::run(&args),
        Command::Train(args) => train::run(&args, common),
    }
}

/// Files and rules that cannot be used are the caller's to mend; the rest is ours.
fn pipeline_failure(error: PipelineError) -> Failure {
    if error.is_input() { Failure::input(error) } else { error.into() }
}

/// Prints on standard output. Unlike `println!` it does not panic when the reader has gone (`| head`).
fn say(text: impl std::fmt::Display) -> Result<(), Failure> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

fn cannot_read(path: &std::path::Path) -> String {
    lang::tr!("无法读取 {}", "cannot read {}", path.display())
}

fn cannot_write(path: &std::path::Path) -> String {
    lang::tr!("无法写入 {}", "cannot write {}", path.display())
}

/// Tells people something, on standard error.
fn tell(text: impl std::fmt::Display) {
    eprintln!("{text}");
}

/// The error and its causes in the language of the run, each once.
fn in_one_line(error: &anyhow::Error) -> String {
    let (mut parts, mut raw) = (Vec::new(), Vec::<String>::new());
    for cause in error.chain() {
        let text = cause.to_string();
        if !raw.iter().any(|earlier| earlier.contains(&text)) {
            parts.push(said::said(cause));
            raw.push(text);
        }
    }
    parts.join(lang::pick("：", ": "))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io =
        |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    error.chain().any(|cause| io(cause) == Some(std::io::ErrorKind::BrokenPipe))
}

/// Logs go to standard error; `WANGLOU_LOG` overrides the flags.
fn listen(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "wanglou=info,warn",
        2 => "wanglou=debug,info",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("WANGLOU_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}

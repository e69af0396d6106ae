//! `wanglou rules`: are the rules sound, do their own examples hold, what does one do, what does a change do?
#![expect(clippy::disallowed_methods, reason = "reads the corpus")]

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};

use super::{Common, Failure, say};
use crate::archive::documents::{LINE_BYTES_MAX, Line, read_line, strip_bom};
use crate::extract::survey::{Comparison, Survey};
use crate::lexicon::Lexicon;
use crate::pipeline::read_lexicon;
use crate::vocabulary::{Channel, Document, DocumentLine, SourceId};
use crate::{extract, lexicon};

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Load everything, and look for rules without examples, duplicates, shadowed words and contradictions
    Check {
        /// Documents, one JSON object a line: also look for rules that never fire on them
        #[arg(long, value_name = "FILE")]
        corpus: Option<PathBuf>,
        /// Fail on notes too
        #[arg(long)]
        strict: bool,
    },
    /// Run every rule's own hits and misses
    Test,
    /// Show one rule or cue with its words, or all rules
    Show {
        /// Id of a rule or cue; without it, all rules
        id: Option<String>,
        /// Documents, one JSON object a line: also show how often it fires on them
        #[arg(long, value_name = "FILE")]
        corpus: Option<PathBuf>,
    },
    /// What two lexicon folders say differently
    Diff {
        /// Folder with `rules/` and `dictionaries/`
        first: PathBuf,
        /// The other folder
        second: PathBuf,
        /// Documents, one JSON object a line: also show the signals gained and lost on them
        #[arg(long, value_name = "FILE")]
        corpus: Option<PathBuf>,
    },
}

pub(super) fn run(args: &RulesArgs, common: &Common) -> Result<(), Failure> {
    if let What::Diff { first, second, corpus } = &args.what {
        return diff(first, second, corpus.as_deref());
    }
    let lexicon = read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?;
    match &args.what {
        What::Check { corpus, strict } => check(&lexicon, corpus.as_deref(), *strict),
        What::Test => test(&lexicon),
        What::Show { id, corpus } => show(&lexicon, id.as_deref(), corpus.as_deref()),
        What::Diff { .. } => Ok(()),
    }
}

fn check(lexicon: &Lexicon, corpus: Option<&Path>, strict: bool) -> Result<(), Failure> {
    let mut findings = lexicon::check(lexicon);
    if let Some(file) = corpus {
        findings.extend(survey(file, lexicon)?.findings(lexicon));
    }
    for finding in &findings {
        let weight = if finding.fatal { "error" } else { "note" };
        say(format_args!("{weight}: {}: {}", finding.at, finding.message))?;
    }
    say(lexicon::show::counts(lexicon).trim_end())?;
    let fatal = findings.iter().filter(|finding| finding.fatal).count();
    let notes = findings.len() - fatal;
    say(format_args!(
        "{} rules, {} terms, version {}: {fatal} errors, {notes} notes",
        lexicon.rules().len(),
        lexicon.entries().len(),
        lexicon.version(),
    ))?;
    match (fatal, notes) {
        (0, 0) => Ok(()),
        (0, _) if !strict => Ok(()),
        (0, _) => Err(Failure::Input(anyhow!("{notes} notes, and --strict lets none pass; see above"))),
        _ => Err(Failure::Input(anyhow!("{fatal} errors; see above"))),
    }
}

fn test(lexicon: &Lexicon) -> Result<(), Failure> {
    let results = extract::run_examples(lexicon);
    let mut failed = 0;
    for result in &results {
        if let Some(failure) = &result.failure {
            failed += 1;
            say(format_args!("{}: rule `{}`: 「{}」 {failure}", result.at, result.rule, result.text))?;
        }
    }
    say(format_args!("{} passed, {failed} failed", results.len() - failed))?;
    if failed == 0 { Ok(()) } else { Err(Failure::Input(anyhow!("{failed} examples do not hold; see above"))) }
}

fn show(lexicon: &Lexicon, id: Option<&str>, corpus: Option<&Path>) -> Result<(), Failure> {
    let Some(id) = id else { return say(lexicon::show::table(lexicon).trim_end()) };
    let Some(shown) = lexicon::show::show(lexicon, id) else {
        let near = lexicon::show::similar(lexicon, id).join(", ");
        let hint =
            if near.is_empty() { "`wanglou rules show` lists all".to_owned() } else { format!("did you mean {near}?") };
        return Err(Failure::Input(anyhow!("no rule or cue is called `{id}`; {hint}")));
    };
    say(shown.trim_end())?;
    if let Some(file) = corpus {
        let survey = survey(file, lexicon)?;
        let id = crate::vocabulary::RuleId::new(id);
        match (survey.rules.get(&id), survey.cues.get(&id)) {
            (Some(used), _) => {
                say(format_args!(
                    "语料  {} 条文本：找到 {}，成立 {}，计入信号 {}",
                    survey.texts,
                    used.finds.max(used.stands),
                    used.stands,
                    used.signals
                ))?;
                for example in &used.examples {
                    say(format_args!("      {example}"))?;
                }
            }
            (None, Some(count)) => say(format_args!("语料  {} 条文本：决定断言 {count} 次", survey.texts))?,
            (None, None) => say(format_args!("语料  {} 条文本：从未命中", survey.texts))?,
        }
    }
    Ok(())
}

fn diff(first: &Path, second: &Path, corpus: Option<&Path>) -> Result<(), Failure> {
    say(lexicon::diff(first, second).map_err(Failure::input)?.to_string().trim_end())?;
    if let Some(file) = corpus {
        let (first, second) =
            (Lexicon::load(first).map_err(Failure::input)?, Lexicon::load(second).map_err(Failure::input)?);
        let mut comparison = Comparison::default();
        each_document(file, |document| comparison.add(document, &first, &second))?;
        say(comparison.to_string().trim_end())?;
    }
    Ok(())
}

fn survey(file: &Path, lexicon: &Lexicon) -> Result<Survey, Failure> {
    let mut survey = Survey::default();
    each_document(file, |document| survey.add(document, lexicon))?;
    Ok(survey)
}

/// Hands over the documents of a file, one at a time; labelled texts will do.
fn each_document(path: &Path, mut take: impl FnMut(&Document)) -> Result<(), Failure> {
    let file = File::open(path)
        .with_context(|| format!("cannot read {}; give a file with one JSON document a line", path.display()))
        .map_err(Failure::Input)?;
    let mut input = BufReader::new(file);
    let source = SourceId::from("corpus");
    let mut bytes = Vec::new();
    for number in 1.. {
        let wrong = |what: String| Failure::Input(anyhow!("{}:{number}: {what}", path.display()));
        match read_line(&mut input, &mut bytes)? {
            Line::End => break,
            Line::TooLong => return Err(wrong(format!("the line is longer than {LINE_BYTES_MAX} bytes"))),
            Line::Whole => {}
        }
        if number == 1 {
            strip_bom(&mut bytes);
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| wrong(format!("not UTF-8: {error}; convert the file first")))?;
        let document = match DocumentLine::parse(text) {
            Ok(line) => line.into_document(&source, Channel::Media),
            Err(error) => match extract::quality::parse(text).ok().and_then(|gold| gold.into_iter().next()) {
                Some(labelled) => labelled.document(),
                None => return Err(wrong(error.to_string())),
            },
        };
        take(&document);
    }
    Ok(())
}

//! `wanglou rules`: are the rules sound, and do their own examples hold?

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::{Common, Failure, say};
use crate::pipeline::read_lexicon;
use crate::{extract, lexicon};

#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Load everything, and look for rules without examples, duplicates and contradictions
    Check,
    /// Run every rule's own hits and misses
    Test,
}

pub(super) fn run(args: &RulesArgs, common: &Common) -> Result<(), Failure> {
    let lexicon = read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?;
    match args.what {
        What::Check => {
            let findings = lexicon::check(&lexicon);
            for finding in &findings {
                let weight = if finding.fatal { "error" } else { "note" };
                say(format_args!("{weight}: {}: {}", finding.at, finding.message))?;
            }
            let fatal = findings.iter().filter(|finding| finding.fatal).count();
            say(format_args!(
                "{} rules, {} terms, version {}: {fatal} errors, {} notes",
                lexicon.rules().len(),
                lexicon.entries().len(),
                lexicon.version(),
                findings.len() - fatal
            ))?;
            if fatal == 0 { Ok(()) } else { Err(Failure::Input(anyhow!("{fatal} errors; see above"))) }
        }
        What::Test => {
            let results = extract::run_examples(&lexicon);
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
    }
}

//! `wanglou eval stream` and `wanglou eval articles`: quality over the open stream and on whole pages.

use serde_json::json;

use super::labelled::{LabelledArgs, parsed};
use super::lang::{language, pick};
use super::{Common, Failure, say};
use lab::reader::articles::{self, Form};
use lab::reader::{mistakes, quality, stream};
use vocabulary::Report;

/// Names of the two readers.
pub(super) fn reader_names() -> [&'static str; 2] {
    pick(["只用规则", "规则+复核"], ["rules only", "rules+judge"])
}

pub(super) fn over_stream(args: &LabelledArgs, common: &Common) -> Result<(), Failure> {
    let gold = parsed(&args.file, quality::parse)?;
    let lexicon = args.reader.lexicon(common)?;
    let report = stream::measure(&gold, &lexicon);
    let rules =
        lexicon.judge().map(|_| stream::measure_with(&gold, |document| extract::read_by_rules(document, &lexicon)));
    if args.json {
        return say(serde_json::to_string_pretty(&json!({ "reader": report, "rules_only": rules }))?);
    }
    say(report.text(language()))?;
    if let Some(rules) = &rules {
        let [alone, judged] = reader_names();
        say(stream::side_by_side(&[(alone, rules), (judged, &report)], language()))?;
    }
    let Some(most) = args.errors else { return Ok(()) };
    let counted: Vec<quality::Gold> = gold.into_iter().filter(stream::counts).collect();
    say(mistakes::mistakes(&counted, &lexicon).told(most, &counted, &lexicon, language()))
}

pub(super) fn on_articles(args: &LabelledArgs, common: &Common) -> Result<(), Failure> {
    let pages = parsed(&args.file, articles::parse)?;
    let lexicon = args.reader.lexicon(common)?;
    let [crawled, plain] = [Form::Crawled, Form::Plain].map(|form| articles::measure(&pages, form, &lexicon));
    let by_rules =
        |form| articles::measure_with(&pages, form, &lexicon, |document| extract::read_by_rules(document, &lexicon));
    let rules = lexicon.judge().map(|_| [Form::Crawled, Form::Plain].map(by_rules));
    if args.json {
        let rules = rules.as_ref().map(|[crawled, plain]| json!({ "crawled": crawled, "plain": plain }));
        let report = json!({ "crawled": crawled, "plain": plain, "rules_only": rules });
        return say(serde_json::to_string_pretty(&report)?);
    }
    say(crawled.text(language()))?;
    let [clean, alone] = pick(["原样", "只用规则"], ["plain", "rules only"]);
    let [_, judged] = reader_names();
    let mut readings = vec![(judged, &crawled), (clean, &plain)];
    if let Some([crawled, _]) = &rules {
        readings.insert(0, (alone, crawled));
    }
    say(articles::side_by_side(&readings, language()))?;
    match args.errors {
        Some(most) => say(articles::mistakes(&pages, Form::Crawled, most, &lexicon, language())),
        None => Ok(()),
    }
}

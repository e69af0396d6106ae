//! `wanglou rules`: are the rules sound, do their own examples hold, what does one do, what does a change do?
#![expect(clippy::disallowed_methods, reason = "reads the corpus")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};

use super::lang::{language, pick, told, tr};
use super::{Common, Failure, say};
use archive::documents::{LINE_BYTES_MAX, Line, read_line, strip_bom};
use lab::reader::survey::{Comparison, Survey};
use lexicon::{Finding, Lexicon};
use pipeline::read_lexicon;
use vocabulary::{Channel, Document, DocumentLine, Language, Report, Said, SourceId, said};

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
    let fatal = findings.iter().filter(|finding| finding.fatal).count();
    let notes = findings.len() - fatal;
    say(checked(lexicon, &findings, language()))?;
    match (fatal, notes) {
        (0, 0) => Ok(()),
        (0, _) if !strict => Ok(()),
        (0, _) => Err(Failure::Input(anyhow!(tr!(
            "{notes} 条提示，而 --strict 不放过；见上",
            "{notes} notes, and --strict lets none pass; see above"
        )))),
        _ => Err(Failure::Input(anyhow!(tr!("{fatal} 处错误；见上", "{fatal} errors; see above")))),
    }
}

/// What `check` prints: the findings, the counts, one line of sums.
fn checked(lexicon: &Lexicon, findings: &[Finding], language: Language) -> String {
    let mut shown = String::new();
    let colon = language.pick("：", ": ");
    for finding in findings {
        let weight = if finding.fatal { language.pick("错误", "error") } else { language.pick("提示", "note") };
        let _ = writeln!(
            shown,
            "{weight}{colon}{}{colon}{}",
            finding.at,
            language.pick(&finding.message.zh, &finding.message.en)
        );
    }
    let _ = writeln!(shown, "{}", lexicon::show::counts(lexicon, language).trim_end());
    let fatal = findings.iter().filter(|finding| finding.fatal).count();
    let (rules, terms, notes) = (lexicon.rules().len(), lexicon.entries().len(), findings.len() - fatal);
    shown.push_str(&said!(
        language,
        "{rules} 条规则，{terms} 个词条，版本 {}：{fatal} 处错误，{notes} 条提示",
        "{rules} rules, {terms} terms, version {}: {fatal} errors, {notes} notes",
        lexicon.version()
    ));
    shown
}

fn test(lexicon: &Lexicon) -> Result<(), Failure> {
    let results = extract::run_examples(lexicon);
    let mut failed = 0;
    for result in &results {
        if let Some(failure) = &result.failure {
            failed += 1;
            let failure = told(failure);
            say(tr!(
                "{}: 规则 `{}`：「{}」 {failure}",
                "{}: rule `{}`: 「{}」 {failure}",
                result.at,
                result.rule,
                result.text
            ))?;
        }
    }
    say(format_args!("{} passed, {failed} failed", results.len() - failed))?;
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::Input(anyhow!(tr!("{failed} 条例句不成立；见上", "{failed} examples do not hold; see above"))))
}

fn show(lexicon: &Lexicon, id: Option<&str>, corpus: Option<&Path>) -> Result<(), Failure> {
    let Some(id) = id else { return say(lexicon::show::table(lexicon, language()).trim_end()) };
    let Some(shown) = lexicon::show::show(lexicon, id, language()) else {
        let near = lexicon::show::similar(lexicon, id).join(pick("、", ", "));
        let hint = if near.is_empty() {
            pick("`wanglou rules show` 列出全部", "`wanglou rules show` lists all").to_owned()
        } else {
            tr!("是不是 {near}？", "did you mean {near}?")
        };
        let why = tr!("没有规则或线索 `{id}`；{hint}", "no rule or cue is called `{id}`; {hint}");
        return Err(Failure::Input(anyhow!(why)));
    };
    let used = corpus.map(|file| survey(file, lexicon).map(|survey| used(&survey, id, language()))).transpose()?;
    say(shown.trim_end())?;
    used.map_or(Ok(()), say)
}

/// What a corpus says of one rule or cue.
fn used(survey: &Survey, id: &str, language: Language) -> String {
    let id = vocabulary::RuleId::new(id);
    let texts = survey.texts;
    match (survey.rules.get(&id), survey.cues.get(&id)) {
        (Some(used), _) => {
            let finds = used.finds.max(used.stands);
            let head = said!(
                language,
                "语料  {texts} 条文本：找到 {finds}，成立 {}，计入信号 {}",
                "corpus  {texts} texts: found {finds}, stands {}, in signals {}",
                used.stands,
                used.signals
            );
            used.examples.iter().fold(head, |shown, example| format!("{shown}\n      {example}"))
        }
        (None, Some(count)) => {
            said!(language, "语料  {texts} 条文本：决定断言 {count} 次", "corpus  {texts} texts: decides {count} times")
        }
        (None, None) => said!(language, "语料  {texts} 条文本：从未命中", "corpus  {texts} texts: never fires"),
    }
}

fn diff(first: &Path, second: &Path, corpus: Option<&Path>) -> Result<(), Failure> {
    say(lexicon::diff(first, second).map_err(Failure::input)?.text(language()).trim_end())?;
    if let Some(file) = corpus {
        let (first, second) =
            (Lexicon::load(first).map_err(Failure::input)?, Lexicon::load(second).map_err(Failure::input)?);
        let mut comparison = Comparison::default();
        each_document(file, |document| comparison.add(document, &first, &second))?;
        say(comparison.text(language()).trim_end())?;
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
        .with_context(|| {
            tr!(
                "无法读取 {}；要一份每行一个 JSON 的文件",
                "cannot read {}; give a file with one JSON document a line",
                path.display()
            )
        })
        .map_err(Failure::Input)?;
    let mut input = BufReader::new(file);
    let source = SourceId::from("corpus");
    let mut bytes = Vec::new();
    for number in 1.. {
        let wrong =
            |what: String| Failure::Input(anyhow!(tr!("{}:{number}：{what}", "{}:{number}: {what}", path.display())));
        match read_line(&mut input, &mut bytes)? {
            Line::End => break,
            Line::TooLong => {
                return Err(wrong(tr!(
                    "这一行超过 {LINE_BYTES_MAX} 字节",
                    "the line is longer than {LINE_BYTES_MAX} bytes"
                )));
            }
            Line::Whole => {}
        }
        if number == 1 {
            strip_bom(&mut bytes);
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            wrong(tr!("不是 UTF-8：{error}；请先转码", "not UTF-8: {error}; convert the file first"))
        })?;
        let document = match DocumentLine::parse(text) {
            Ok(line) => line.into_document(&source, Channel::Media),
            Err(error) => match lab::reader::quality::parse(text).ok().and_then(|gold| gold.into_iter().next()) {
                Some(labelled) => labelled.document(),
                None => return Err(wrong(error.said(language()))),
            },
        };
        take(&document);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const RULES: &str = r#"
[words]
"idle" = ["闲"]
[[rule]]
id = "fire.any"
means = "burns or smokes"
matters = "fire kills"
confused = "moods"
hazard = "fire"
severity = 1
finds = ["(起火|冒烟)", "{product} …4 烧了", "{duration<=1月} …2 着了"]
only = ["small_appliance", "battery_charger"]
weak = true
not_before = ["(防|阻)"]
not_in_sentence = ["(厨房|电影)"]
after = { finds = ["用了"], clauses = 2, unless = ["{product:clothing}"] }
[[rule.hit]]
text = "电热毯用了三天起火"
gives = { product = "small_appliance" }
[[rule.miss]]
text = "电热毯很好"
[[rule]]
id = "fire.never"
means = "never found"
matters = "x"
hazard = "fire"
finds = ["无此词"]
[[rule.hit]]
text = "电热毯无此词"
gives = { product = "small_appliance" }
[[rule.miss]]
text = "很好"
"#;
    const CUES: &str = "[[cue]]\nid = \"c.no\"\nmeans = \"a denial\"\nstance = \"negated\"\nreach = \"before\"\nchars = 3\nwords = [\"没有\", \"没\"]\nnot = [\"没想到\"]\n";

    fn small() -> Lexicon {
        Lexicon::from_texts([
            ("rules/hazards/t.toml", RULES),
            ("rules/context/c.toml", CUES),
            (
                "dictionaries/products/p.tsv",
                "# provenance: own\n# columns: s\n电热毯\tsmall_appliance\t\t\n充电宝\tbattery_charger\t\t\n",
            ),
        ])
        .expect("loads")
    }

    fn corpus() -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        for (at, text) in
            ["电热毯用了三天起火", "充电宝用了一周没有冒烟", "电热毯防起火", "天气很好"].iter().enumerate()
        {
            writeln!(file, "{{\"id\":\"{at}\",\"text\":\"{text}\"}}").expect("written");
        }
        file
    }

    #[test]
    fn a_rule_and_a_cue_are_shown_with_what_a_corpus_says_of_them() {
        let lexicon = small();
        let file = corpus();
        let survey = survey(file.path(), &lexicon).expect("read");
        for language in [Language::Chinese, Language::English] {
            let shown = |id: &str| {
                let rule = lexicon::show::show(&lexicon, id, language).expect("known");
                format!("{}\n{}", rule.trim_end(), used(&survey, id, language))
            };
            insta::assert_snapshot!(language.pick("rule", "rule_en"), shown("fire.any"));
            insta::assert_snapshot!(language.pick("cue", "cue_en"), shown("c.no"));
        }
        assert_eq!(used(&survey, "fire.never", Language::Chinese), "语料  4 条文本：从未命中");
    }

    #[test]
    fn a_check_lists_what_the_lexicon_and_the_corpus_leave_to_mend() {
        let lexicon = small();
        let file = corpus();
        let mut findings = lexicon::check(&lexicon);
        findings.extend(survey(file.path(), &lexicon).expect("read").findings(&lexicon));
        for language in [Language::Chinese, Language::English] {
            insta::assert_snapshot!(language.pick("check", "check_en"), checked(&lexicon, &findings, language));
        }
    }
}

//! `wanglou standards`: standards that documents announce as new, revised, replaced or abolished, with what has to be looked at again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use serde::Serialize;

use super::emerging::paths;
use super::lang::{pick, tr};
use super::{Common, Failure, say};
use extract::without_year;
use pipeline::{read_criteria, read_lexicon, survey};
use vocabulary::{Document, Reading, Recheck, day_of};

#[derive(Debug, Args)]
pub(super) struct StandardsArgs {
    /// Documents (.ndjson, .csv, .tsv, .xlsx, .parquet; .gz and .zst are understood), a folder of them, or a data folder [default: --data]
    #[arg(long, num_args = 1.., value_name = "PATH")]
    archive: Vec<PathBuf>,
    /// First day of the documents that are shown
    #[arg(long)]
    from: Option<Date>,
    /// Last day of the documents that are shown
    #[arg(long)]
    to: Option<Date>,
    /// Most standards shown
    #[arg(long, default_value_t = 200, value_name = "N")]
    limit: usize,
    /// One JSON array instead of a table
    #[arg(long)]
    json: bool,
}

/// A standard with the documents that announce it and the test items that cite it.
#[derive(Debug, Serialize)]
struct Line {
    #[serde(flatten)]
    recheck: Recheck,
    /// First document that says so, and how many do.
    document_id: String,
    day: Option<Date>,
    documents: u64,
    /// Test items of the criteria that cite this standard or the one it replaces, in whatever edition.
    cited_by: Vec<String>,
}

pub(super) async fn run(args: StandardsArgs, common: &Common) -> Result<(), Failure> {
    let lexicon = read_lexicon(common.lexicon.as_deref()).map_err(Failure::input)?;
    let judge = read_criteria(common.criteria.as_deref()).map_err(super::pipeline_failure)?;
    let look = |document: &Document, reading: &Reading| {
        let day = document.event_at().map(day_of);
        let outside =
            day.is_some_and(|day| args.from.is_some_and(|from| day < from) || args.to.is_some_and(|to| day > to));
        let rechecks = if outside { Vec::new() } else { reading.rechecks.clone() };
        (document.id.to_string(), day, rechecks)
    };
    let mut lines: BTreeMap<(String, String), Line> = BTreeMap::new();
    for path in paths(&args.archive, common)? {
        let mut take = |(id, day, rechecks): (String, Option<Date>, Vec<Recheck>)| {
            for recheck in rechecks {
                let numbers = [Some(&recheck.standard), recheck.replaces.as_ref(), recheck.replaced_by.as_ref()];
                let cited_by =
                    judge.citing(&numbers.into_iter().flatten().map(|number| without_year(number)).collect::<Vec<_>>());
                let key = (recheck.standard.clone(), recheck.action.zh().to_owned());
                let line = lines.entry(key).or_insert_with(|| Line {
                    recheck,
                    document_id: id.clone(),
                    day,
                    documents: 0,
                    cited_by,
                });
                line.documents += 1;
            }
        };
        survey::survey(&path, &lexicon, &look, &mut take).await.map_err(super::pipeline_failure)?;
    }
    let mut lines: Vec<Line> = lines.into_values().collect();
    lines.sort_by(|a, b| b.day.cmp(&a.day).then_with(|| a.recheck.standard.cmp(&b.recheck.standard)));
    lines.truncate(args.limit);
    if args.json {
        return say(serde_json::to_string_pretty(&lines)?);
    }
    say(tr!("需要复核的标准：{} 项", "{} standards to look at again", lines.len()))?;
    for line in &lines {
        let Recheck { standard, title, action, replaces, replaced_by, effective, categories, .. } = &line.recheck;
        let day = line.day.map_or_else(|| pick("无日期", "no date").to_owned(), |day| day.to_string());
        let said =
            |text: &Option<String>, how: &str| text.as_ref().map_or_else(String::new, |text| how.replace("{}", text));
        say(tr!(
            "{day}  {}  {standard}{}{}{}{}  {} 篇，如 {}",
            "{day}  {}  {standard}{}{}{}{}  {} documents, such as {}",
            pick(action.zh(), action.en()),
            said(title, "《{}》"),
            said(effective, pick("  {} 起", "  from {}")),
            said(replaces, pick("  代替 {}", "  replaces {}")),
            said(replaced_by, pick("  由 {} 代替", "  replaced by {}")),
            line.documents,
            line.document_id
        ))?;
        let named: Vec<&str> = categories.iter().map(|category| pick(category.zh(), category.en())).collect();
        if !named.is_empty() {
            say(tr!("    复核类目  {}", "    look again at  {}", named.join(pick("、", ", "))))?;
        }
        if !line.cited_by.is_empty() {
            say(tr!(
                "    引用它的检验项目  {}",
                "    test items that cite it  {}",
                line.cited_by.join(pick("；", "; "))
            ))?;
        }
    }
    Ok(())
}

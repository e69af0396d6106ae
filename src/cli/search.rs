//! `wanglou search`: the analysts' query language on the index.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};

use super::lang::{pick, tr};
use super::{Common, Failure, say};
use index::{Hit, SearchPage, SearchRequest, Sort};
use pipeline::{Folder, PipelineError};

/// Bytes of a moment that say the day, as in 2024-05-01.
const DAY_BYTES: usize = 10;
/// Codes of a facet that are shown.
const FACET_CODES_SHOWN: usize = 8;

#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// One JSON document on standard output
    #[arg(long)]
    json: bool,
    /// Most hits
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Go on behind the `next` of an earlier answer to the same query
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    #[command(flatten)]
    wanted: Wanted,
    /// The query, e.g. `充电宝 起火 region:浙江 date:2024-01..2024-06 -快递`; its grammar is in docs/search.md
    query: String,
}

/// How the answer is wanted; what the query itself says goes first.
#[derive(Debug, Args)]
pub(super) struct Wanted {
    /// Order of the hits
    #[arg(long, value_enum, default_value = "relevance")]
    sort: Order,
    /// Newest first, as --sort date
    #[arg(long, hide = true)]
    newest: bool,
    /// Search only what is written, no other names of it (充电宝 alone, without 移动电源)
    #[arg(long)]
    no_synonyms: bool,
    /// Only the best hit of each story
    #[arg(long)]
    hide_reprints: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    /// Best match first
    Relevance,
    /// Newest first
    Date,
    /// Worst injury first
    Severity,
}

impl Wanted {
    pub(super) fn request(&self, query: String) -> SearchRequest {
        let sort = match self.sort {
            _ if self.newest => Sort::Newest,
            Order::Relevance => Sort::Relevance,
            Order::Date => Sort::Newest,
            Order::Severity => Sort::Severity,
        };
        let (no_synonyms, hide_reprints) = (self.no_synonyms, self.hide_reprints);
        SearchRequest { query, sort, no_synonyms, hide_reprints, ..SearchRequest::default() }
    }
}

/// A query that cannot be read is the caller's to mend.
pub(super) fn index_failure(error: PipelineError) -> Failure {
    match error {
        PipelineError::Index(error) if error.is_request() => Failure::input(error),
        other => super::pipeline_failure(other),
    }
}

pub(super) async fn run(args: SearchArgs, common: &Common) -> Result<(), Failure> {
    let folder = Folder::open(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
    let request = SearchRequest { limit: args.limit, after: args.after, ..args.wanted.request(args.query) };
    let page = folder.index().search(&request).map_err(|error| index_failure(error.into()))?;
    if args.json {
        say(format_args!("{}", serde_json::to_string(&page)?))?;
        return Ok(());
    }
    show(&folder, &page)
}

fn show(folder: &Folder, page: &SearchPage) -> Result<(), Failure> {
    let bright = std::io::stdout().is_terminal();
    for hit in &page.hits {
        let published = hit.published_at.as_deref().map(|moment| moment.get(..DAY_BYTES).unwrap_or(moment));
        let day = published.unwrap_or(pick("日期不详", "no date"));
        say(format_args!("{day}  {}  {}", hit.id, hit.title.as_deref().unwrap_or("")))?;
        say(format_args!("    {}", mark(&hit.marked(), bright)))?;
        let facts = facts(folder, hit);
        if !facts.is_empty() {
            say(format_args!("    {facts}"))?;
        }
    }
    let counts = page.counts;
    say(tr!(
        "共 {} 条，不同文本 {}，不同主体 {}，不同地区 {}",
        "{} documents, {} different texts, {} actors, {} places",
        page.total,
        counts.texts,
        counts.actors,
        counts.places
    ))?;
    for expansion in &page.expansions {
        say(tr!(
            "“{}”连同：{}（--no-synonyms 关闭）",
            "`{}` with: {} (--no-synonyms leaves them out)",
            expansion.word,
            expansion.also.join(pick("、", ", "))
        ))?;
    }
    for note in pick(&page.notes, &page.notes_en) {
        say(format_args!("{note}"))?;
    }
    for (name, counts) in &page.facets {
        let counts: Vec<String> = counts
            .iter()
            .take(FACET_CODES_SHOWN)
            .map(|(code, count)| match code.parse().ok().filter(|_| name == "region") {
                Some(region) => format!("{} {count}", folder.region_name(region)),
                None => format!("{code} {count}"),
            })
            .collect();
        if !counts.is_empty() {
            say(format_args!("{name}: {}", counts.join(", ")))?;
        }
    }
    if let Some(next) = &page.next {
        say(tr!("下一页：--after {next}", "next page: --after {next}"))?;
    }
    Ok(())
}

/// What was read in it, in one line.
fn facts(folder: &Folder, hit: &Hit) -> String {
    let mut facts: Vec<String> =
        hit.categories.iter().map(|category| pick(category.zh(), category.code()).to_owned()).collect();
    facts.extend(hit.hazards.iter().map(|hazard| pick(hazard.zh(), hazard.code()).to_owned()));
    facts.extend(
        hit.severity.filter(|severity| *severity > 0).map(|severity| tr!("伤害 {severity}", "severity {severity}")),
    );
    facts.extend(hit.brand.clone());
    facts.extend(hit.region.map(|code| folder.region_name(code)));
    if hit.reprints > 0 {
        facts.push(tr!("另有 {} 条同源（story:{}）", "{} reprints (story:{})", hit.reprints, hit.story));
    }
    facts.join(" · ")
}

/// Matches in brackets, bold on a terminal.
fn mark(snippet: &str, bright: bool) -> String {
    let (open, close) = if bright { ("\u{1b}[1;33m", "\u{1b}[0m") } else { pick(("【", "】"), ("[", "]")) };
    snippet.replace('【', open).replace('】', close)
}

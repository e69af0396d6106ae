//! `wanglou search`: the analysts' query language on the index.

use std::io::IsTerminal;

use clap::Args;

use super::{Common, Failure, say};
use crate::index::{SearchRequest, Sort};
use crate::pipeline::Tower;

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
    /// Newest first instead of best first
    #[arg(long)]
    newest: bool,
    /// The query, e.g. `充电宝 起火 region:330000 date:2024-01..2024-06 -快递`
    query: String,
}

pub(super) async fn run(args: SearchArgs, common: &Common) -> Result<(), Failure> {
    let tower = Tower::open_to_look(&common.settings(None, None)?).await.map_err(super::pipeline_failure)?;
    let request = SearchRequest {
        query: args.query,
        limit: args.limit,
        after: args.after,
        sort: if args.newest { Sort::Newest } else { Sort::Relevance },
    };
    let page = tower
        .index()
        .search(&request)
        .map_err(|error| if error.is_request() { Failure::input(error) } else { Failure::from(error) })?;
    if args.json {
        say(format_args!("{}", serde_json::to_string(&page)?))?;
        return Ok(());
    }
    let bright = std::io::stdout().is_terminal();
    for hit in &page.hits {
        let published = hit.published_at.as_deref().unwrap_or("日期不详");
        say(format_args!(
            "{}  {}  {}",
            &published[..published.len().min(10)],
            hit.id,
            hit.title.as_deref().unwrap_or("")
        ))?;
        say(format_args!("    {}", show(&hit.marked(), bright)))?;
    }
    say(format_args!("共 {} 条", page.total))?;
    for (name, counts) in &page.facets {
        let counts: Vec<String> = counts.iter().take(8).map(|(code, count)| format!("{code} {count}")).collect();
        say(format_args!("{name}: {}", counts.join(", ")))?;
    }
    if let Some(next) = &page.next {
        say(format_args!("下一页: --after {next}"))?;
    }
    Ok(())
}

/// Matches in 【】, bold on a terminal.
fn show(snippet: &str, bright: bool) -> String {
    if bright { snippet.replace('【', "\u{1b}[1;33m").replace('】', "\u{1b}[0m") } else { snippet.to_owned() }
}

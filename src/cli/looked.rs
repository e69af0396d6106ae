//! A short look at a source, and what it found, for `wanglou source check` and `verify`.

use anyhow::Context;
use jiff::Timestamp;

use super::lang::tr;
use super::{Failure, cannot_write};
use archive::{Asked, read_asked};
use collect::{Recipe, Round};
use config::Settings;
use pipeline::check_source;
use vocabulary::{Document, show_moment};

/// Characters of a value that `check` shows.
const SAMPLE_CHARS: usize = 40;

/// A short look at a source. Nothing of it is kept, whatever comes of it.
pub(super) async fn look(
    settings: &Settings,
    recipe: &Recipe,
    now: Timestamp,
) -> Result<(Round, Vec<Document>, Vec<Asked>), Failure> {
    let scratch = std::env::temp_dir().join(format!("wanglou-check-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).with_context(|| cannot_write(&scratch))?;
    let looked = check_source(settings, recipe, &scratch, now).await;
    let mut asked = Vec::new();
    let read = read_asked(&scratch.join("warc"), |question| {
        asked.push(question);
        true
    });
    _ = std::fs::remove_dir_all(&scratch);
    let (round, documents) = looked.map_err(super::pipeline_failure)?;
    read?;
    Ok((round, documents, asked))
}

/// What a look found, field by field.
pub(super) fn told(round: &Round, documents: &[Document]) -> Vec<String> {
    let mut lines = vec![tr!(
        "请求 {} 次，读到 {} 个页面、{} 条信息，搁置 {} 条",
        "{} requests, {} pages and {} documents read, {} set aside",
        round.requests,
        round.pages_read,
        documents.len(),
        round.rejected
    )];
    for (field, (filled, of)) in &round.fields {
        let sample = documents.iter().find_map(|document| match field.as_str() {
            "title" => document.title.clone(),
            "text" => Some(document.text.clone()),
            "published_at" => document.published_at.map(show_moment),
            "url" => document.url.clone(),
            name => {
                document.meta.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            }
        });
        let sample: String = sample.unwrap_or_default().replace('\n', " ").chars().take(SAMPLE_CHARS).collect();
        let mark = if *filled == 0 { "✗" } else { "✓" };
        lines.push(format!("  {mark} {field}  {filled}/{of}  {sample}"));
    }
    lines.extend(
        round.rejects.iter().map(|reject| tr!("  搁置 {}：“{}”", "  set aside {}: {}", reject.url, reject.reason)),
    );
    lines.extend(round.problems.iter().map(|problem| tr!("  问题 “{problem}”", "  problem {problem}")));
    if round.empty_lists > 0 {
        lines.push(tr!("  {} 个列表格式正确，但没有条目", "  {} lists are valid and empty", round.empty_lists));
    }
    lines.extend(round.stopped.iter().map(|why| tr!("  提前结束：“{why}”", "  ended early: {why}")));
    lines
}

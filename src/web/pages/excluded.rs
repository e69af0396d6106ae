//! What the machine excluded, each with its reason; filtered by words and category.

use askama::Template;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Html;
use serde::Deserialize;

use super::super::limits::QUERY_CHARS_MAX;
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::text;
use super::super::view::View;
use super::render;
use tell::{self, Language};
use vocabulary::{Category, Excluded, day_of};

/// Rows on the page.
const SHOWN: usize = 200;
/// Longest code that is quoted back.
const CODE_CHARS_MAX: usize = 40;

/// What to list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ExcludedQuery {
    /// Words that a row holds, with spaces between them.
    #[serde(default)]
    q: String,
    /// Code of a product category; empty: any.
    #[serde(default)]
    category: String,
}

struct Row {
    key: String,
    as_of: String,
    category: &'static str,
    hazard: &'static str,
    brand: Option<String>,
    region: Option<String>,
    danger: &'static str,
    spread: &'static str,
    reports: u64,
    why: String,
    /// Who wants it looked at, when and why.
    looked: Option<String>,
    /// The first document behind it.
    first: Option<String>,
}

impl Row {
    fn new(view: &View, row: &Excluded) -> Self {
        let looked = row.looked.as_ref();
        Self {
            key: row.key.to_string(),
            as_of: row.as_of.to_string(),
            category: row.category.zh(),
            hazard: row.hazard.zh(),
            brand: row.brand.clone(),
            region: row.region.map(|code| view.region_name(code)),
            danger: row.danger.zh(),
            spread: row.spread.zh(),
            reports: row.counts.reports,
            why: tell::paragraph(&row.why, Language::Chinese),
            looked: looked.map(|looked| format!("{} {}：{}", looked.by, day_of(looked.at), looked.why)),
            first: row.documents.first().map(ToString::to_string),
        }
    }

    fn holds(&self, word: &str) -> bool {
        let more = [self.brand.as_deref(), self.region.as_deref(), self.looked.as_deref()];
        let plain = [self.key.as_str(), self.category, self.hazard, self.danger, self.spread, self.why.as_str()];
        plain.into_iter().chain(more.into_iter().flatten()).any(|text| text.contains(word))
    }
}

/// A category that may be chosen.
struct Choice {
    code: &'static str,
    name: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "excluded.html")]
struct ExcludedPage {
    shell: Shell,
    words: String,
    categories: Vec<Choice>,
    filtered: bool,
    rows: Vec<Row>,
    total: usize,
}

pub(crate) async fn list(
    view: View,
    query: Result<Query<ExcludedQuery>, QueryRejection>,
) -> Result<Html<String>, Problem> {
    let ExcludedQuery { q, category } = query?.0;
    let words = q.trim().to_owned();
    if words.chars().count() > QUERY_CHARS_MAX {
        return Err(Problem::bad_request(format!("包含文字最多 {QUERY_CHARS_MAX} 个字。")));
    }
    let category: Option<Category> = match category.as_str() {
        "" => None,
        code => Some(code.parse().map_err(|_| {
            Problem::bad_request(format!("没有“{}”这个产品类别。", text::shorten(code, CODE_CHARS_MAX)))
        })?),
    };
    let excluded = view.excluded().await?;
    let of_category = excluded.iter().filter(|row| category.is_none_or(|category| row.category == category));
    let mut rows: Vec<Row> = of_category.map(|row| Row::new(&view, row)).collect();
    rows.retain(|row| words.split_whitespace().all(|word| row.holds(word)));
    // What somebody wants looked at comes first.
    rows.sort_by_key(|row| row.looked.is_none());
    let total = rows.len();
    rows.truncate(SHOWN);
    let choice = |one: &Category| Choice { code: one.code(), name: one.zh(), chosen: category == Some(*one) };
    render(&ExcludedPage {
        shell: Shell::at("alerts"),
        filtered: category.is_some() || !words.is_empty(),
        categories: Category::ALL.iter().map(choice).collect(),
        words,
        rows,
        total,
    })
}

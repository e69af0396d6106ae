//! Saved searches: what each asks, and what came for those that are watched.

use askama::Template;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Html;
use serde::Deserialize;

use super::super::display::{self, NONE};
use super::super::problem::Problem;
use super::super::shell::Shell;
use super::super::view::View;
use super::{render, search};
use store::{CameFor, SavedSearch};

/// Documents listed of the one that is looked at.
const CAME_SHOWN: usize = 100;

/// Where one of them is looked at.
pub(crate) fn address_of(name: &str) -> String {
    let mut pairs = search::address_at("/searches?");
    pairs.append_pair("name", name).finish()
}

struct SearchRow {
    search: SavedSearch,
    address: String,
    asked: String,
    kind: &'static str,
    throttle: String,
    made: String,
    chosen: bool,
}

impl SearchRow {
    fn new(search: SavedSearch, chosen: &str) -> Self {
        let throttle = match search.throttle_minutes {
            0 => NONE.to_owned(),
            minutes if minutes % 1440 == 0 => format!("{} 天", minutes / 1440),
            minutes if minutes % 60 == 0 => format!("{} 小时", minutes / 60),
            minutes => format!("{minutes} 分钟"),
        };
        Self {
            address: address_of(&search.name),
            asked: search::address(&search.query, None),
            kind: match (search.watched, search.only_new) {
                (false, _) => "只保存",
                (true, false) => "订阅",
                (true, true) => "订阅，同源一次",
            },
            throttle,
            made: display::moment(search.made_at),
            chosen: search.name == chosen,
            search,
        }
    }
}

struct CameRow {
    came: CameFor,
    seen: String,
    story: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SearchesQuery {
    name: String,
}

#[derive(Template)]
#[template(path = "searches.html")]
struct SearchesPage {
    shell: Shell,
    rows: Vec<SearchRow>,
    /// The one that is looked at.
    name: String,
    came: Vec<CameRow>,
    came_total: u64,
}

pub(crate) async fn list(
    view: View,
    query: Result<Query<SearchesQuery>, QueryRejection>,
) -> Result<Html<String>, Problem> {
    let name = query?.0.name;
    let rows: Vec<SearchRow> = view.searches().await?.into_iter().map(|search| SearchRow::new(search, &name)).collect();
    let chosen = rows.iter().find(|row| row.chosen);
    if !name.is_empty() && chosen.is_none() {
        return Err(Problem::not_found(format!("没有叫“{name}”的检索。")));
    }
    let came_total = chosen.map_or(0, |row| row.search.came);
    let came = if chosen.is_some() { view.came_for(&name, CAME_SHOWN).await? } else { Vec::new() };
    let came = came.into_iter().map(|came| CameRow {
        seen: came.seen_at.map_or_else(|| NONE.to_owned(), display::moment),
        story: search::address(&format!("story:{}", came.story), None),
        came,
    });
    render(&SearchesPage { shell: Shell::at("search"), came: came.collect(), rows, name, came_total })
}

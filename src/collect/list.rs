//! List pages to items: HTML lists, feeds, JSON and XML answers, sitemaps, tables. Pure: bytes in, items and problems out.

use jiff::Timestamp;
use scraper::Html;
use serde_json::Value;
use url::Url;

use super::fields::{Fields, Notes, refine, set_by_rule};
use super::html_table::rows_of;
use super::item::{Item, List, address, answer_of, json_value, look_up, plain, value_of};
use super::problem::{CHECK_BOUNDS, CHECK_CHARSET, CHECK_DATE, CHECK_PAGE, CHECK_PATH, CHECK_SELECTOR};
use super::recipe::{Ask, FieldRule, HtmlItems, Kind, Next, Recipe};
use super::tree::tags::TAG_DEPTH_MAX;
use super::{charset, dates, html, rows, sitemap};
use vocabulary::show_moment;

/// A list page as it came.
pub(crate) struct Listed<'a> {
    pub(crate) body: &'a [u8],
    /// Charset by the header.
    pub(crate) charset: Option<&'a str>,
    /// Where it lay after redirects.
    pub(crate) url: &'a Url,
    /// What was asked.
    pub(crate) asked: &'a Ask,
}

/// Reads a list page of the recipe's kind.
pub(crate) fn read(recipe: &Recipe, page: &Listed<'_>, now: Timestamp) -> List {
    let mut notes = Notes::new(recipe, page.url);
    let mut list = if let Kind::Table(sheet) = &recipe.kind {
        let items = rows::read(recipe, sheet, page.body, page.charset, page.url, now, &mut notes);
        List { items, ..List::default() }
    } else {
        let decoded = charset::decode(page.body, page.charset, recipe.charset);
        for problem in decoded.problems {
            notes.add(None, problem, CHECK_CHARSET);
        }
        let (text, base) = (decoded.text.as_str(), page.url);
        match &recipe.kind {
            Kind::Html { .. } => read_html(recipe, text, base, now, &mut notes),
            Kind::Feed => read_feed(recipe, text, base, now, &mut notes),
            Kind::Json { .. } => read_json(recipe, text, base, page.asked, now, &mut notes),
            Kind::Sitemap { include } => sitemap::read(recipe, include.as_ref(), text, base, now, &mut notes),
            Kind::Table(_) | Kind::Mail => List::default(),
        }
    };
    let max = recipe.bounds.items_per_page_max;
    if list.items.len() > max {
        notes.add(None, format!("{} items on one page, the first {max} are read", list.items.len()), CHECK_BOUNDS);
        list.items.truncate(max);
    }
    list.problems = notes.problems;
    list
}

fn read_html(recipe: &Recipe, text: &str, base: &Url, now: Timestamp, notes: &mut Notes<'_>) -> List {
    let Kind::Html { items, link, next } = &recipe.kind else { return List::default() };
    let (page, dropped) = html::parse(text);
    if let Some(dropped) = dropped {
        notes.add(None, dropped, CHECK_PAGE);
    }
    let next = next.iter().filter_map(|rule| next_page(recipe, &page, base, rule, notes)).collect();
    let mut list = List { next, ..List::default() };
    let item = match items {
        HtmlItems::Selected(item) => item,
        HtmlItems::Rows(table) => {
            for mut fields in rows_of(&page, table, &Fields::default(), notes) {
                if fields.get("external_id").is_none() {
                    let id = rows::row_id(fields.get("text").unwrap_or_default());
                    fields.set("external_id", &id);
                }
                list.items.push(Item { url: None, fields });
            }
            if list.items.is_empty() {
                let what = format!("table selector `{}` finds no table with rows", table.rule.text);
                notes.add(Some(table.rule.line), what, CHECK_SELECTOR);
            }
            return list;
        }
    };
    for element in page.select(&item.selector) {
        let mut fields = Fields::default();
        for rule in &recipe.fields {
            set_by_rule(&mut fields, rule, &value_of(element, rule), now, notes);
        }
        let url = link.as_ref().and_then(|rule| {
            let found = value_of(element, rule);
            address(recipe, base, &refine(rule, &found)?, rule.line, notes)
        });
        if link.is_some() && url.is_none() {
            continue; // Headings and "more" rows often share the items' markup.
        }
        list.items.push(Item { url, fields });
    }
    if list.items.is_empty() {
        let matched = page.select(&item.selector).count();
        let (rule_line, what) = match link {
            Some(link) if matched > 0 => (link.line, format!("`link` finds no address in any of {matched} items")),
            _ => (item.line, format!("item selector `{}` matches nothing", item.text)),
        };
        notes.add(Some(rule_line), what, CHECK_SELECTOR);
    }
    list
}

/// The address that a link to the next page names.
fn next_page(recipe: &Recipe, page: &Html, base: &Url, rule: &FieldRule, notes: &mut Notes<'_>) -> Option<Ask> {
    let found = value_of(page.root_element(), rule);
    let url = (!found.is_empty()).then(|| address(recipe, base, &found, rule.line, notes)).flatten();
    url.map(Ask::get)
}

fn read_feed(recipe: &Recipe, text: &str, base: &Url, now: Timestamp, notes: &mut Notes<'_>) -> List {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // The bytes are UTF-8 by now, whatever the declaration says.
    let text = match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, rest)) => rest,
        None => text,
    };
    let depth = if text.starts_with('{') { 0 } else { html::xml_depth(text) };
    if depth > TAG_DEPTH_MAX {
        notes.add(None, format!("elements nest {depth} deep, at most {TAG_DEPTH_MAX} are read"), CHECK_PAGE);
        return List::default();
    }
    let parser = feed_rs::parser::Builder::new()
        .base_uri(Some(base.as_str()))
        .timestamp_parser(move |text| {
            // The feed's chrono moment is made from our own reading, so that Chinese feeds' dates count too.
            dates::read_date(text, None, now).and_then(|moment| moment.to_string().parse().ok())
        })
        .build();
    let feed = match parser.parse(text.as_bytes()) {
        Ok(feed) => feed,
        Err(problem) => {
            notes.add(None, format!("not a feed that can be read ({problem})"), CHECK_PAGE);
            return List::default();
        }
    };
    let mut list = List::default();
    // A paged feed (RFC 5005) leads to its older entries.
    let older = feed.links.iter().find(|link| link.rel.as_deref() == Some("next"));
    list.next = older.and_then(|link| address(recipe, base, &link.href, 1, notes)).map(Ask::get).into_iter().collect();
    for entry in feed.entries {
        let link = entry
            .links
            .iter()
            .find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"))
            .or(entry.links.first());
        let url = link.and_then(|link| address(recipe, base, &link.href, 1, notes));
        let mut fields = Fields::default();
        if let Some(title) = &entry.title {
            fields.set("title", &html::fragment_text(&title.content).replace('\n', " "));
        }
        let content = entry.content.as_ref().and_then(|content| content.body.as_deref());
        let summary = entry.summary.as_ref().map(|summary| summary.content.as_str());
        let longest = content.into_iter().chain(summary).max_by_key(|text| text.len());
        fields.set("text", &longest.map(html::fragment_text).unwrap_or_default());
        if let Some(author) = entry.authors.first().and_then(|author| author.name.as_deref()) {
            fields.set("author", author);
        }
        let seconds = entry.published.or(entry.updated).map(|moment| moment.timestamp());
        match seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
            Some(moment) => fields.set("published_at", &show_moment(moment)),
            None => notes.add(None, format!("entry `{}` has no date that can be read", entry.id), CHECK_DATE),
        }
        if url.is_none() {
            fields.set("external_id", &entry.id);
        }
        list.items.push(Item { url, fields });
    }
    list
}

fn read_json(recipe: &Recipe, text: &str, base: &Url, asked: &Ask, now: Timestamp, notes: &mut Notes<'_>) -> List {
    let Kind::Json { xml, items, link, next } = &recipe.kind else { return List::default() };
    let answer = match answer_of(text, *xml) {
        Ok(answer) => answer,
        Err(problem) => {
            notes.add(None, problem, CHECK_PAGE);
            return List::default();
        }
    };
    let mut list = List::default();
    let found = look_up(&answer, items);
    if found.is_empty() {
        notes.add(None, format!("items path `/{}` leads nowhere", items.join("/")), CHECK_PATH);
    }
    let elements = found.into_iter().flat_map(|value| match value {
        Value::Array(elements) => elements.iter().collect(),
        other => vec![other],
    });
    for element in elements.take(recipe.bounds.items_per_page_max + 1) {
        let mut fields = Fields::default();
        for rule in &recipe.fields {
            set_by_rule(&mut fields, rule, &json_value(element, rule), now, notes);
        }
        let url = link.as_ref().and_then(|rule| {
            let found = json_value(element, rule);
            (!found.is_empty()).then(|| address(recipe, base, &refine(rule, &found)?, rule.line, notes)).flatten()
        });
        list.items.push(Item { url, fields });
    }
    list.next = next.iter().filter_map(|next| next_ask(recipe, next, &answer, base, asked, notes)).collect();
    list
}

/// How the next page of an interface is asked for; none when the answer names none.
fn next_ask(
    recipe: &Recipe,
    next: &Next,
    answer: &Value,
    base: &Url,
    asked: &Ask,
    notes: &mut Notes<'_>,
) -> Option<Ask> {
    let (Next::Url(path) | Next::Param { path, .. } | Next::Cursor(path)) = next;
    let value = look_up(answer, path).first().and_then(|value| plain(value)).filter(|value| !value.is_empty())?;
    let body = asked.body.clone();
    match next {
        Next::Url(_) => address(recipe, base, &value, 1, notes).map(|url| Ask { url, body }),
        Next::Cursor(_) => {
            let body = recipe.body.as_ref().map(|body| body.fill(None, Some(&value)));
            Some(Ask { url: asked.url.clone(), body })
        }
        Next::Param { param, .. } => {
            let mut url = base.clone();
            let kept: Vec<(String, String)> = base
                .query_pairs()
                .filter(|(name, _)| name != param)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            url.query_pairs_mut().clear().extend_pairs(kept).append_pair(param, &value);
            Some(Ask { url, body })
        }
    }
}

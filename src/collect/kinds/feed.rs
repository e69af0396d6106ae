//! Feeds: RSS, Atom and JSON Feed. An entry describes itself, so that there is no `[list]`.

use std::sync::Arc;

use jiff::Timestamp;

use super::settings::Settings;
use super::{KindSpec, Page, SourceKind};
use crate::ask::Ask;
use crate::fields::Fields;
use crate::item::{Item, List};
use crate::problem::{CHECK_DATE, CHECK_PAGE, Notes};
use crate::rules::RecipeError;
use crate::{dates, html, made};
use vocabulary::{refused, show_moment};

pub(super) const KIND: KindSpec =
    KindSpec { name: "feed", list_keys: &[], takes_request: false, takes_unit: false, reads_files: false, read };

/// Line of the recipe that notes on addresses name: no rule finds them.
const NO_RULE_LINE: usize = 1;

#[derive(Debug)]
struct Feed;

fn read(settings: &Settings<'_>) -> Result<Arc<dyn SourceKind>, RecipeError> {
    match settings.list {
        None => Ok(Arc::new(Feed)),
        Some(_) => Err(settings.error_at_list(refused!(
            "订阅源自己写明条目：请去掉 `[list]`",
            "a feed describes its own items: leave `[list]` out"
        ))),
    }
}

impl SourceKind for Feed {
    fn own_fields(&self) -> Vec<&str> {
        vec!["title", "text", "published_at"]
    }

    fn read(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> List {
        let (text, now) = (page.text(notes), page.now);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        // The bytes are UTF-8 by now, whatever the declaration says.
        let text = match text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
            Some((_, rest)) => rest,
            None => text,
        };
        let trap = if text.starts_with('{') { made::json_problem(text) } else { html::feed_problem(text) };
        if let Some(trap) = trap {
            notes.add(None, format!("the feed is not read: {trap}"), CHECK_PAGE);
            return List::default();
        }
        let parser = feed_rs::parser::Builder::new()
            .base_uri(Some(page.url.as_str()))
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
        let older = older.and_then(|link| page.address(&link.href, NO_RULE_LINE, notes));
        list.next = older.map(Ask::get).into_iter().collect();
        for entry in feed.entries {
            let link = entry
                .links
                .iter()
                .find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"))
                .or(entry.links.first());
            let url = link.and_then(|link| page.address(&link.href, NO_RULE_LINE, notes));
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
            let item = Item { url, fields };
            if !notes.has_room_for(item.bytes()) {
                break;
            }
            list.items.push(item);
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{START, parsed, refused};

    #[test]
    fn a_feed_has_no_list() {
        refused(
            &format!("kind = \"feed\"\n{START}[list]\nitem = \"li\"\n"),
            "s.toml:7: a feed describes its own items",
        );
        assert!(parsed(&format!("kind = \"feed\"\n{START}")).is_ok());
    }
}

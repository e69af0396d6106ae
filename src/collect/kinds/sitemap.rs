//! Sitemaps (sitemaps.org) and indexes of sitemaps: addresses of pages, and when they changed. Plain lists of addresses, one a
//! line, are sitemaps too. Newer pages and newer sitemaps come first, because a round is bounded.

use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::Event;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::settings::Settings;
use super::{KindSpec, Page, SourceKind};
use crate::ask::Ask;
use crate::bounds::{SITEMAP_ADDRESSES_MAX, SITEMAP_VALUE_BYTES_MAX};
use crate::fields::{CHANGED_AT, Fields};
use crate::item::{Item, List};
use crate::problem::{CHECK_BOUNDS, CHECK_PAGE, CHECK_SELECTOR, Notes};
use crate::rules::RecipeError;
use crate::{dates, html};
use vocabulary::{refused, show_moment};

pub(super) const KIND: KindSpec =
    KindSpec { name: "sitemap", list_keys: KEYS, takes_request: false, takes_unit: false, reads_files: false, read };

const KEYS: &[&str] = &["include"];
/// Largest size of a compiled `include`, in bytes.
const INCLUDE_BYTES_MAX: usize = 1 << 20;
/// Line of the recipe that notes on addresses name: no rule finds them.
const NO_RULE_LINE: usize = 1;

/// `[list]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawInclude {
    include: Option<Spanned<String>>,
}

#[derive(Debug)]
struct Sitemap {
    include: Option<Include>,
}

/// Which addresses are asked.
#[derive(Debug)]
struct Include {
    regex: Regex,
    line: usize,
}

/// The contents of one `url` or `sitemap` element.
#[derive(Debug, Default)]
struct Entry {
    is_index: bool,
    loc: String,
    lastmod: String,
    published: String,
    title: String,
}

fn read(settings: &Settings<'_>) -> Result<Arc<dyn SourceKind>, RecipeError> {
    let raw: Option<RawInclude> = settings.list_if_any(KEYS)?;
    let Some(pattern) = raw.and_then(|raw| raw.include) else { return Ok(Arc::new(Sitemap { include: None })) };
    let (checker, at) = (settings.checker, pattern.span().start);
    let regex = RegexBuilder::new(pattern.get_ref()).size_limit(INCLUDE_BYTES_MAX).build();
    let regex = regex.map_err(|problem| {
        checker.error(
            at,
            refused!("`include` 不是正则表达式：“{problem}”", "`include` is no regular expression: {problem}"),
        )
    })?;
    Ok(Arc::new(Sitemap { include: Some(Include { regex, line: checker.line(at) }) }))
}

impl SourceKind for Sitemap {
    fn check(&self, settings: &Settings<'_>) -> Result<(), RecipeError> {
        if settings.detail_at.is_some() {
            return Ok(());
        }
        let what = refused!(
            "站点地图里只有地址：要用 `[detail]` 写明怎样读取它们指向的页面",
            "a sitemap holds addresses alone: `[detail]` says how the pages behind them are read"
        );
        Err(settings.error_at_kind(what))
    }

    fn has_siblings(&self) -> bool {
        true
    }

    fn read(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> List {
        let text = page.text(notes);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        let entries = if text.starts_with('<') { of_xml(text, notes) } else { of_lines(text) };
        if entries.is_empty() {
            notes.add(None, "no address was found: this is no sitemap", CHECK_PAGE);
        }
        let cut = entries.len() > SITEMAP_ADDRESSES_MAX;
        let (mut pages, mut indexes, mut passed_over) = (Vec::new(), Vec::new(), 0_usize);
        for entry in entries.into_iter().take(SITEMAP_ADDRESSES_MAX) {
            let changed_at = dates::read_date(&entry.lastmod, None, page.now);
            let Some(url) = page.address(&entry.loc, NO_RULE_LINE, notes) else { continue };
            if entry.is_index {
                indexes.push((changed_at, url));
                continue;
            }
            if self.include.as_ref().is_some_and(|include| !include.regex.is_match(url.as_str())) {
                passed_over += 1;
                continue;
            }
            let mut fields = Fields::default();
            fields.set("title", &html::fragment_text(&entry.title));
            if let Some(at) = dates::read_date(&entry.published, None, page.now) {
                fields.set("published_at", &show_moment(at));
            }
            if let Some(at) = changed_at {
                fields.set(CHANGED_AT, &at.to_string());
            }
            let item = Item { url: Some(url), fields };
            if !notes.has_room_for(item.bytes()) {
                break;
            }
            pages.push((changed_at, item));
        }
        if cut {
            notes.add(None, format!("more than {SITEMAP_ADDRESSES_MAX} addresses, the rest is not read"), CHECK_BOUNDS);
        }
        if let Some(include) = self.include.as_ref().filter(|_| pages.is_empty() && passed_over > 0) {
            let what = format!("`include` matches none of {passed_over} addresses");
            notes.add(Some(include.line), what, CHECK_SELECTOR);
        }
        // What says nothing of its change comes last; the order is the file's otherwise.
        pages.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        indexes.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        List {
            items: pages.into_iter().map(|(_, item)| item).collect(),
            next: indexes.into_iter().map(|(_, url)| Ask::get(url)).collect(),
            ..List::default()
        }
    }
}

/// Adds text to a value as far as it is read.
fn add(value: &mut String, text: &str) {
    let room = SITEMAP_VALUE_BYTES_MAX.saturating_sub(value.len());
    value.push_str(&text[..text.floor_char_boundary(room)]);
}

fn of_lines(text: &str) -> Vec<Entry> {
    let lines =
        text.lines().map(str::trim).filter(|line| line.starts_with("http") && line.len() <= SITEMAP_VALUE_BYTES_MAX);
    lines.take(SITEMAP_ADDRESSES_MAX + 1).map(|line| Entry { loc: line.to_owned(), ..Entry::default() }).collect()
}

/// Looks at names alone and not at nesting, as broken sitemaps are common; one pass, nothing is kept but values.
fn of_xml(text: &str, notes: &mut Notes<'_>) -> Vec<Entry> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    reader.config_mut().check_end_names = false;
    let (mut entries, mut entry, mut value) = (Vec::new(), None::<Entry>, String::new());
    while entries.len() <= SITEMAP_ADDRESSES_MAX {
        match reader.read_event() {
            Ok(Event::Start(tag)) => {
                value.clear();
                let is_index = tag.local_name().as_ref() == "sitemap";
                if is_index || tag.local_name().as_ref() == "url" {
                    entry = Some(Entry { is_index, ..Entry::default() });
                }
            }
            Ok(Event::End(tag)) => {
                let Some(open) = entry.as_mut() else { continue };
                let found = std::mem::take(&mut value).trim().to_owned();
                match tag.local_name().as_ref() {
                    "loc" if open.loc.is_empty() => open.loc = found,
                    "lastmod" => open.lastmod = found,
                    "publication_date" => open.published = found,
                    "title" if open.title.is_empty() => open.title = found,
                    "url" | "sitemap" => entries.extend(entry.take().filter(|entry| !entry.loc.is_empty())),
                    _ => {}
                }
            }
            Ok(Event::Text(text)) => add(&mut value, &text),
            Ok(Event::CData(text)) => add(&mut value, &text),
            Ok(Event::GeneralRef(name)) if value.len() < SITEMAP_VALUE_BYTES_MAX => {
                let name: &str = &name;
                let reference = format!("&{name};");
                match quick_xml::escape::unescape(&reference) {
                    Ok(character) => value.push_str(&character),
                    Err(_) => value.push_str(&reference),
                }
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(problem) => {
                let at = reader.error_position();
                notes.add(None, format!("the sitemap breaks off at byte {at} ({problem})"), CHECK_PAGE);
                break;
            }
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::super::tests::{START, parsed, refused};

    #[test]
    fn a_sitemap_needs_a_detail_and_may_choose_addresses() {
        let sitemap = |rest: &str| format!("kind = \"sitemap\"\n{START}{rest}");
        refused(&sitemap(""), "s.toml:5: a sitemap holds addresses alone");
        refused(&sitemap("[list]\ninclude = \"(\"\n[detail]\n"), "s.toml:8: `include` is no regular");
        assert!(parsed(&sitemap("[detail]\n")).is_ok());
    }
}

//! Sitemaps (sitemaps.org) and indexes of sitemaps: addresses of pages, and when they changed. Plain lists of addresses, one a
//! line, are sitemaps too. Newer pages and newer sitemaps come first, because a round is bounded.

use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::events::Event;
use url::Url;

use super::fields::{CHANGED_AT, Fields, Notes};
use super::item::{Item, List, address};
use super::problem::{CHECK_BOUNDS, CHECK_PAGE, CHECK_SELECTOR};
use super::recipe::{Ask, Include, Recipe};
use super::{dates, html};
use vocabulary::show_moment;

/// Addresses of one file, as the protocol says.
const ADDRESSES_MAX: usize = 50_000;
/// Longest address or date that is read.
const VALUE_BYTES_MAX: usize = 4_096;
/// What stands in one `url` or `sitemap` element.
#[derive(Debug, Default)]
struct Entry {
    is_index: bool,
    loc: String,
    lastmod: String,
    published: String,
    title: String,
}

/// Reads a sitemap or an index.
pub(crate) fn read(
    recipe: &Recipe,
    include: Option<&Include>,
    text: &str,
    base: &Url,
    now: Timestamp,
    notes: &mut Notes<'_>,
) -> List {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let entries = if text.starts_with('<') { of_xml(text, notes) } else { of_lines(text) };
    if entries.is_empty() {
        notes.add(None, "no address was found: this is no sitemap", CHECK_PAGE);
    }
    let cut = entries.len() > ADDRESSES_MAX;
    let (mut pages, mut indexes, mut passed_over) = (Vec::new(), Vec::new(), 0_usize);
    for entry in entries.into_iter().take(ADDRESSES_MAX) {
        let changed_at = dates::read_date(&entry.lastmod, None, now);
        let Some(url) = address(recipe, base, &entry.loc, 1, notes) else { continue };
        if entry.is_index {
            indexes.push((changed_at, url));
            continue;
        }
        if include.is_some_and(|include| !include.regex.is_match(url.as_str())) {
            passed_over += 1;
            continue;
        }
        let mut fields = Fields::default();
        fields.set("title", &html::fragment_text(&entry.title));
        if let Some(at) = dates::read_date(&entry.published, None, now) {
            fields.set("published_at", &show_moment(at));
        }
        if let Some(at) = changed_at {
            fields.set(CHANGED_AT, &at.to_string());
        }
        pages.push((changed_at, Item { url: Some(url), fields }));
    }
    if cut {
        notes.add(None, format!("more than {ADDRESSES_MAX} addresses, the rest is not read"), CHECK_BOUNDS);
    }
    if let Some(include) = include.filter(|_| pages.is_empty() && passed_over > 0) {
        let what = format!("`include` matches none of {passed_over} addresses");
        notes.add(Some(include.line), what, CHECK_SELECTOR);
    }
    // What says nothing of its change comes last; the order is the file's otherwise.
    pages.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    indexes.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    List {
        items: pages.into_iter().map(|(_, item)| item).collect(),
        next: indexes.into_iter().map(|(_, url)| Ask::get(url)).collect(),
        problems: Vec::new(),
    }
}

fn of_lines(text: &str) -> Vec<Entry> {
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("http") && line.len() <= VALUE_BYTES_MAX);
    lines.take(ADDRESSES_MAX + 1).map(|line| Entry { loc: line.to_owned(), ..Entry::default() }).collect()
}

/// Looks at names alone and not at nesting, as broken sitemaps are common; one pass, nothing is kept but values.
fn of_xml(text: &str, notes: &mut Notes<'_>) -> Vec<Entry> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    reader.config_mut().check_end_names = false;
    let (mut entries, mut entry, mut value) = (Vec::new(), None::<Entry>, String::new());
    while entries.len() <= ADDRESSES_MAX {
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
            Ok(Event::Text(text)) if value.len() < VALUE_BYTES_MAX => value.push_str(&text),
            Ok(Event::CData(text)) if value.len() < VALUE_BYTES_MAX => value.push_str(&text),
            Ok(Event::GeneralRef(name)) if value.len() < VALUE_BYTES_MAX => {
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

//! Lists in HTML pages: items by a CSS selector, or the rows of a table.

use std::sync::Arc;

use scraper::{ElementRef, Html};
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::settings::Settings;
use super::{KindSpec, Page, SourceKind};
use crate::ask::Ask;
use crate::bounds::ADDRESS_BYTES_MAX;
use crate::fields::{Fields, chosen, clip, refine, set_by_rule};
use crate::html;
use crate::html_table::rows_of;
use crate::identity::row_id;
use crate::item::{Item, List, Unexpected, value_of};
use crate::nearest;
use crate::problem::{CHECK_COLUMN, CHECK_PAGE, CHECK_SELECTOR, Notes};
use crate::rules::check::Grammar;
use crate::rules::written::{RawField, RawFields, RawHtmlTable, RawWithin};
use crate::rules::{CssRule, FieldRule, HtmlTable, RecipeError};
use crate::unit::{Unit, with_query};
use crate::within::Within;
use vocabulary::refused;

pub(super) const KIND: KindSpec = KindSpec {
    name: "html",
    list_keys: &["item", "link", "next", "table", "fields", "within", "frame"],
    takes_request: true,
    takes_unit: true,
    reads_files: false,
    read,
};

/// Characters of a value that a message shows.
const SHOWN_CHARS: usize = 60;

/// Characters that a list without entries may say: that there are none.
const EMPTY_CHARS_MAX: usize = 40;

/// `[list]` with items by a selector.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItems {
    item: Spanned<String>,
    link: Option<Spanned<RawField>>,
    next: Option<Spanned<RawField>>,
    within: Option<Spanned<RawWithin>>,
    frame: Option<Spanned<String>>,
    #[serde(default)]
    fields: RawFields,
}

/// `[list]` with a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRows {
    table: RawHtmlTable,
    next: Option<Spanned<RawField>>,
    within: Option<Spanned<RawWithin>>,
}

/// Each element that a selector matches is an item.
#[derive(Debug)]
struct HtmlItems {
    item: CssRule,
    link: Option<FieldRule>,
    next: Option<FieldRule>,
    within: Option<Within>,
    /// The frame that has the list where the page itself has no items.
    frame: Option<CssRule>,
    /// The interface that a column page names.
    unit: Option<Unit>,
    fields: Vec<FieldRule>,
}

/// Each row of a table is a document.
#[derive(Debug)]
struct HtmlRows {
    table: HtmlTable,
    next: Option<FieldRule>,
    within: Option<Within>,
}

fn read(settings: &Settings<'_>) -> Result<Arc<dyn SourceKind>, RecipeError> {
    let checker = settings.checker;
    let address = |name: &str, field: Option<&Spanned<RawField>>| -> Result<Option<FieldRule>, RecipeError> {
        let Some(field) = field else { return Ok(None) };
        let mut rule = checker.field(name, field, Grammar::Css)?;
        for choice in std::iter::once(&mut rule.attr).chain(rule.or.iter_mut().map(|choice| &mut choice.attr)) {
            choice.get_or_insert_with(|| "href".to_owned());
        }
        Ok(Some(rule))
    };
    if settings.list.is_none() {
        return Err(settings.error_without_list());
    }
    if settings.body.is_some_and(|body| body.template.has_cursor()) {
        return Err(settings.error_at_list(refused!(
            "HTML 列表没有 `{{cursor}}`：请求的正文里只用 `{{page}}` 一类",
            "an HTML list names no `{{cursor}}`: its body may have `{{page}}` and the like"
        )));
    }
    match (settings.list_has("item"), settings.list_has("table")) {
        (true, false) => {
            let raw: RawItems = settings.list(&["item", "link", "next", "fields", "within", "frame"])?;
            let next = address("next", raw.next.as_ref())?;
            let item = checker.selector(raw.item.get_ref(), raw.item.span().start)?;
            let fields = checker.fields(&raw.fields, Grammar::Css)?;
            let within = raw.within.as_ref().map(|within| checker.within(within)).transpose()?;
            let frame = raw.frame.as_ref().map(|frame| checker.selector(frame.get_ref(), frame.span().start));
            let (frame, unit) = (frame.transpose()?, settings.unit.cloned());
            let link = address("link", raw.link.as_ref())?;
            Ok(Arc::new(HtmlItems { item, link, next, within, frame, unit, fields }))
        }
        (false, true) => {
            let raw: RawRows = settings.list(&["table", "next", "within"])?;
            let next = address("next", raw.next.as_ref())?;
            let within = raw.within.as_ref().map(|within| checker.within(within)).transpose()?;
            Ok(Arc::new(HtmlRows { table: checker.html_table(&raw.table)?, next, within }))
        }
        _ => Err(settings.error_at_list(refused!(
            "HTML 列表要有 `item = \"CSS 选择器\"` 或 `[list.table]`",
            "an HTML list needs `item = \"css selector\"` or a `[list.table]`"
        ))),
    }
}

impl SourceKind for HtmlItems {
    fn check(&self, settings: &Settings<'_>) -> Result<(), RecipeError> {
        settings.check_items(self.link.is_some(), &self.fields)
    }

    fn fields(&self) -> &[FieldRule] {
        &self.fields
    }

    fn read(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> List {
        if let Some(unit) = self.unit.as_ref().filter(|_| page.asked.led_by.is_none()) {
            return lead_to_unit(unit, page, notes);
        }
        let text = match page.reading(self.within.as_ref(), false, notes) {
            Ok(text) => text,
            Err(why) => return List { refused: Some(why), ..List::default() },
        };
        let (parsed, base) = (parse(&text, notes), page.base(self.within.as_ref()));
        let mut list = begun(&text, self.within.as_ref());
        list.next = match &self.unit {
            Some(unit) => unit.next(page.asked).into_iter().collect(),
            None => next_page(page, &base, &parsed, self.next.as_ref(), notes),
        };
        for element in parsed.select(&self.item.selector) {
            let mut fields = Fields::default();
            for rule in &self.fields {
                let (rule, found) = chosen(rule, page.now, |rule| value_of(element, rule));
                set_by_rule(&mut fields, rule, &found, page.now, notes);
            }
            let url = self.link.as_ref().and_then(|rule| {
                let (rule, found) = chosen(rule, page.now, |rule| value_of(element, rule));
                page.address_from(&base, &refine(rule, &found)?, rule.line, notes)
            });
            if self.link.is_some() && url.is_none() {
                continue; // Headings and "more" rows often share the items' markup.
            }
            let item = Item { url, fields };
            // One more than the bound, so that a list that is too long is noticed.
            if list.items.len() > page.rules.items_max || !notes.has_room_for(item.bytes()) {
                break;
            }
            list.items.push(item);
        }
        if list.items.is_empty() && self.within.as_ref().is_some_and(Within::is_of_interface) {
            list.is_empty = has_no_entries(&parsed);
        }
        if list.items.is_empty() {
            list.leads_to = self.framed(page, &parsed, notes);
        }
        if list.items.is_empty() && !list.is_empty && list.leads_to.is_none() {
            let matched = parsed.select(&self.item.selector).count();
            let (rule_line, what) = match &self.link {
                Some(link) if matched > 0 => (link.line, format!("`link` finds no address in any of {matched} items")),
                _ => (self.item.line, format!("item selector `{}` matches nothing", self.item.text)),
            };
            let hint = nearest::list_of(&parsed).map(|(selector, entries)| {
                format!("; the shape of the page has changed: {entries} entries lie under `{selector}`")
            });
            notes.add(Some(rule_line), what + &hint.unwrap_or_default(), CHECK_SELECTOR);
        }
        list
    }
}

impl HtmlItems {
    /// The page in the frame, on the same host; none for a page that was in one itself.
    fn framed(&self, page: &Page<'_>, parsed: &Html, notes: &mut Notes<'_>) -> Option<Ask> {
        let frame = self.frame.as_ref().filter(|_| page.asked.led_by.is_none())?;
        let found = parsed.select(&frame.selector).find_map(|found| found.attr("src"))?;
        let url = page.address(found, frame.line, notes)?;
        if url.host_str() != page.url.host_str() {
            let host = url.host_str().unwrap_or_default();
            notes.add(Some(frame.line), format!("a frame of another host `{host}` is not followed"), CHECK_SELECTOR);
            return None;
        }
        Some(Ask::led(url, page.url.clone()))
    }
}

/// A column page: it leads to the first page of its list.
fn lead_to_unit(unit: &Unit, page: &Page<'_>, notes: &mut Notes<'_>) -> List {
    let parsed = parse(&page.text(notes), notes);
    let line = unit.script.line;
    let refused = |what| Unexpected { line: Some(line), what, advice: CHECK_COLUMN };
    let named = unit.named(&parsed).and_then(|(found, query)| {
        let url = page.address(&found, line, notes).ok_or_else(|| {
            format!("the column page names its interface at `{}`, which is not asked", clip(&found, SHOWN_CHARS))
        })?;
        let url = with_query(url, &query);
        let (is_short, bytes) = (url.as_str().len() <= ADDRESS_BYTES_MAX, url.as_str().len());
        is_short
            .then_some(url)
            .ok_or_else(|| format!("the column page names its interface by an address of {bytes} bytes"))
    });
    match named {
        Ok(url) => List { leads_to: Some(Ask::led(url, page.url.clone())), ..List::default() },
        Err(what) => List { refused: Some(refused(what)), ..List::default() },
    }
}

/// A list whose items are not read yet, known again by what was read out of the answer.
fn begun(text: &str, within: Option<&Within>) -> List {
    let hash = within.filter(|_| !text.trim().is_empty()).map(|_| blake3::hash(text.as_bytes()));
    List { hash, ..List::default() }
}

/// Whether the HTML that an interface gives holds a frame and nothing in it: no link, and hardly a word.
fn has_no_entries(parsed: &Html) -> bool {
    let mut elements = parsed.root_element().descendants().filter_map(ElementRef::wrap);
    let has_link = elements.any(|element| element.value().name() == "a" && element.attr("href").is_some());
    !has_link && html::text_of(parsed.root_element()).chars().take(EMPTY_CHARS_MAX + 1).count() <= EMPTY_CHARS_MAX
}

impl SourceKind for HtmlRows {
    fn check(&self, settings: &Settings<'_>) -> Result<(), RecipeError> {
        settings.refuse_detail()
    }

    fn own_fields(&self) -> Vec<&str> {
        self.table.field_names().collect()
    }

    fn read(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> List {
        let text = match page.reading(self.within.as_ref(), false, notes) {
            Ok(text) => text,
            Err(why) => return List { refused: Some(why), ..List::default() },
        };
        let (parsed, base) = (parse(&text, notes), page.base(self.within.as_ref()));
        let mut list = begun(&text, self.within.as_ref());
        list.next = next_page(page, &base, &parsed, self.next.as_ref(), notes);
        for mut fields in rows_of(&parsed, &self.table, &Fields::default(), notes) {
            if fields.get("external_id").is_none() {
                let id = row_id(fields.get("text").unwrap_or_default());
                fields.set("external_id", &id);
            }
            list.items.push(Item { url: None, fields });
        }
        if list.items.is_empty() && self.within.as_ref().is_some_and(Within::is_of_interface) {
            list.is_empty = has_no_entries(&parsed);
        }
        if list.items.is_empty() && !list.is_empty {
            let rule = &self.table.rule;
            let what = format!("table selector `{}` finds no table with rows", rule.text);
            notes.add(Some(rule.line), what, CHECK_SELECTOR);
        }
        list
    }
}

fn parse(text: &str, notes: &mut Notes<'_>) -> Html {
    let (parsed, dropped) = html::parse(text);
    if let Some(dropped) = dropped {
        notes.add(None, dropped, CHECK_PAGE);
    }
    parsed
}

/// The next list page, when the rule finds its address.
fn next_page(page: &Page<'_>, base: &Url, parsed: &Html, rule: Option<&FieldRule>, notes: &mut Notes<'_>) -> Vec<Ask> {
    let url = rule.and_then(|rule| {
        let (rule, found) = chosen(rule, page.now, |rule| value_of(parsed.root_element(), rule));
        page.address_from(base, &found, rule.line, notes)
    });
    let led_by = page.asked.led_by.clone();
    url.map(|url| Ask { url, body: None, led_by }).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{START, refused};

    #[test]
    fn a_list_has_items_or_a_table() {
        let html = |list: &str| format!("kind = \"html\"\n{START}{list}");
        refused(&html(""), "s.toml:5: `[list]` is missing");
        refused(
            &html("[list]\nlink = \"a\"\n"),
            "s.toml:7: an HTML list needs `item = \"css selector\"` or a `[list.table]`",
        );
        refused(
            &html("[list]\nlink = \"a\"\n[list.table]\nselector = \"t\"\n"),
            "s.toml:7: `link` means nothing in `[list]`",
        );
        refused(&html("[list]\nitem = \"li\"\nwithin = {}\n"), "s.toml:9: `within` is empty");
        refused(&html("[list]\nitem = \"li\"\nwithin = { json = \"a\" }\n"), "s.toml:9: path `a` must begin with `/`");
        refused(&html("[unit]\npage_size = 500\n[list]\nitem = \"li\"\n"), "s.toml:8: `page_size` is 500");
        refused(
            &html("pages = { from = 1, to = 2 }\n[unit]\n[list]\nitem = \"li\"\n"),
            "s.toml:7: `[unit]` turns pages",
        );
        refused(
            &html("[list]\n[list.table]\nselector = \"t\"\n[detail]\n"),
            "s.toml:10: a row or a letter is a document",
        );
        refused(&html("[list]\nitem = \"li\"\n"), "s.toml:7: without `link` each item needs a field `external_id`");
        refused(
            &html("[list]\nitem = \"li\"\nlink = \"a\"\n"),
            "s.toml:7: without `[detail]` each item needs a field `text`",
        );
        refused(&html("[list]\nitem = \"li\"\n[detail]\n"), "s.toml:7: `[detail]` needs `link`");
    }
}

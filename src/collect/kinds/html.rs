//! Lists in HTML pages: items by a CSS selector, or the rows of a table.

use std::sync::Arc;

use scraper::Html;
use serde::Deserialize;
use toml::Spanned;

use super::settings::Settings;
use super::{KindSpec, Page, SourceKind};
use crate::ask::Ask;
use crate::fields::{Fields, refine, set_by_rule};
use crate::html;
use crate::html_table::rows_of;
use crate::identity::row_id;
use crate::item::{Item, List, value_of};
use crate::problem::{CHECK_PAGE, CHECK_SELECTOR, Notes};
use crate::rules::check::Grammar;
use crate::rules::written::{RawField, RawFields, RawHtmlTable};
use crate::rules::{CssRule, FieldRule, HtmlTable, RecipeError};
use vocabulary::refused;

pub(super) const KIND: KindSpec = KindSpec {
    name: "html",
    list_keys: &["item", "link", "next", "table", "fields"],
    takes_request: false,
    reads_files: false,
    read,
};

/// `[list]` with items by a selector.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItems {
    item: Spanned<String>,
    link: Option<Spanned<RawField>>,
    next: Option<Spanned<RawField>>,
    #[serde(default)]
    fields: RawFields,
}

/// `[list]` with a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRows {
    table: RawHtmlTable,
    next: Option<Spanned<RawField>>,
}

/// Each element that a selector matches is an item.
#[derive(Debug)]
struct HtmlItems {
    item: CssRule,
    link: Option<FieldRule>,
    next: Option<FieldRule>,
    fields: Vec<FieldRule>,
}

/// Each row of a table is a document.
#[derive(Debug)]
struct HtmlRows {
    table: HtmlTable,
    next: Option<FieldRule>,
}

fn read(settings: &Settings<'_>) -> Result<Arc<dyn SourceKind>, RecipeError> {
    let checker = settings.checker;
    let address = |name: &str, field: Option<&Spanned<RawField>>| -> Result<Option<FieldRule>, RecipeError> {
        let Some(field) = field else { return Ok(None) };
        let mut rule = checker.field(name, field, Grammar::Css)?;
        rule.attr.get_or_insert_with(|| "href".to_owned());
        Ok(Some(rule))
    };
    if settings.list.is_none() {
        return Err(settings.error_without_list());
    }
    match (settings.list_has("item"), settings.list_has("table")) {
        (true, false) => {
            let raw: RawItems = settings.list(&["item", "link", "next", "fields"])?;
            let next = address("next", raw.next.as_ref())?;
            let item = checker.selector(raw.item.get_ref(), raw.item.span().start)?;
            let fields = checker.fields(&raw.fields, Grammar::Css)?;
            Ok(Arc::new(HtmlItems { item, link: address("link", raw.link.as_ref())?, next, fields }))
        }
        (false, true) => {
            let raw: RawRows = settings.list(&["table", "next"])?;
            let next = address("next", raw.next.as_ref())?;
            Ok(Arc::new(HtmlRows { table: checker.html_table(&raw.table)?, next }))
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
        let parsed = parse(page, notes);
        let mut list = List { next: next_page(page, &parsed, self.next.as_ref(), notes), ..List::default() };
        for element in parsed.select(&self.item.selector) {
            let mut fields = Fields::default();
            for rule in &self.fields {
                set_by_rule(&mut fields, rule, &value_of(element, rule), page.now, notes);
            }
            let url = self.link.as_ref().and_then(|rule| {
                let found = value_of(element, rule);
                page.address(&refine(rule, &found)?, rule.line, notes)
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
        if list.items.is_empty() {
            let matched = parsed.select(&self.item.selector).count();
            let (rule_line, what) = match &self.link {
                Some(link) if matched > 0 => (link.line, format!("`link` finds no address in any of {matched} items")),
                _ => (self.item.line, format!("item selector `{}` matches nothing", self.item.text)),
            };
            notes.add(Some(rule_line), what, CHECK_SELECTOR);
        }
        list
    }
}

impl SourceKind for HtmlRows {
    fn check(&self, settings: &Settings<'_>) -> Result<(), RecipeError> {
        settings.refuse_detail()
    }

    fn own_fields(&self) -> Vec<&str> {
        self.table.field_names().collect()
    }

    fn read(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> List {
        let parsed = parse(page, notes);
        let mut list = List { next: next_page(page, &parsed, self.next.as_ref(), notes), ..List::default() };
        for mut fields in rows_of(&parsed, &self.table, &Fields::default(), notes) {
            if fields.get("external_id").is_none() {
                let id = row_id(fields.get("text").unwrap_or_default());
                fields.set("external_id", &id);
            }
            list.items.push(Item { url: None, fields });
        }
        if list.items.is_empty() {
            let rule = &self.table.rule;
            let what = format!("table selector `{}` finds no table with rows", rule.text);
            notes.add(Some(rule.line), what, CHECK_SELECTOR);
        }
        list
    }
}

fn parse(page: &Page<'_>, notes: &mut Notes<'_>) -> Html {
    let (parsed, dropped) = html::parse(&page.text(notes));
    if let Some(dropped) = dropped {
        notes.add(None, dropped, CHECK_PAGE);
    }
    parsed
}

/// The next list page, when the rule finds its address.
fn next_page(page: &Page<'_>, parsed: &Html, rule: Option<&FieldRule>, notes: &mut Notes<'_>) -> Vec<Ask> {
    let url = rule.and_then(|rule| {
        let found = value_of(parsed.root_element(), rule);
        page.address(&found, rule.line, notes)
    });
    url.map(Ask::get).into_iter().collect()
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

//! Interfaces that answer in JSON, or in XML read as if it were JSON: items at a path, paging by address, parameter or cursor.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::settings::Settings;
use super::{KindSpec, Page, SourceKind};
use crate::ask::Ask;
use crate::fields::{Fields, chosen, refine, set_by_rule};
use crate::item::{Item, List, answer_of, json_value, look_up, plain, spread};
use crate::problem::{CHECK_PAGE, CHECK_PATH, Notes};
use crate::rules::check::Grammar;
use crate::rules::written::{RawField, RawFields, RawWithin};
use crate::rules::{FieldRule, Place, RecipeError};
use crate::within::Within;
use vocabulary::{Refused, day_of, refused};

pub(super) const JSON: KindSpec = KindSpec {
    name: "json",
    list_keys: KEYS,
    takes_request: true,
    takes_unit: false,
    reads_files: false,
    read: |of| read(of, false),
};
pub(super) const XML: KindSpec = KindSpec { name: "xml", read: |of| read(of, true), ..JSON };

const KEYS: &[&str] = &["items", "link", "next", "next_param", "fields", "within"];
/// Line of the recipe that notes on the next page's address name.
const NEXT_LINE: usize = 1;

/// `[list]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAnswer {
    items: Spanned<String>,
    link: Option<Spanned<RawField>>,
    next: Option<Spanned<RawField>>,
    next_param: Option<String>,
    #[serde(default)]
    fields: RawFields,
    within: Option<Spanned<RawWithin>>,
}

#[derive(Debug)]
struct Interface {
    is_xml: bool,
    within: Option<Within>,
    items: Vec<String>,
    link: Option<FieldRule>,
    next: Option<Next>,
    fields: Vec<FieldRule>,
}

/// How an answer leads to the next page.
#[derive(Debug)]
enum Next {
    /// The path leads to an address, absolute or relative.
    Url(Vec<String>),
    /// The path leads to a value for a query parameter.
    Param { path: Vec<String>, param: String },
    /// The path leads to the value for `{cursor}` in the body.
    Cursor(Vec<String>),
}

fn read(settings: &Settings<'_>, is_xml: bool) -> Result<Arc<dyn SourceKind>, RecipeError> {
    let checker = settings.checker;
    if settings.list.is_some() && !settings.list_has("items") {
        return Err(settings.error_at_list(refused!(
            "这种列表要有 `items = \"/通往数组的/路径\"`",
            "this list needs `items = \"/path/to/array\"`"
        )));
    }
    let raw: RawAnswer = settings.list(KEYS)?;
    let items = checker.path(raw.items.get_ref(), raw.items.span().start)?;
    let fields = checker.fields(&raw.fields, Grammar::Path)?;
    let link = raw.link.as_ref().map(|link| checker.field("link", link, Grammar::Path)).transpose()?;
    let next = raw.next.as_ref().map(|next| checker.field("next", next, Grammar::Path)).transpose()?;
    let next = next_of(settings, next.map(|rule| rule.place), raw.next_param)?;
    let within = raw.within.as_ref().map(|within| checker.within(within)).transpose()?;
    Ok(Arc::new(Interface { is_xml, within, items, link, next, fields }))
}

fn next_of(settings: &Settings<'_>, next: Option<Place>, param: Option<String>) -> Result<Option<Next>, RecipeError> {
    let has_cursor = settings.body.is_some_and(|body| body.template.has_cursor());
    let what = match (next, param) {
        (Some(Place::Path(mut paths)), param) if paths.len() == 1 => {
            let path = paths.remove(0);
            match param {
                Some(_) if has_cursor => Refused::new(
                    "翻页位置写进正文的 `{cursor}` 或 `next_param`，只选一个",
                    "the cursor goes into `{cursor}` of the body or into `next_param`, not both",
                ),
                Some(param) => return Ok(Some(Next::Param { path, param })),
                None if has_cursor => return Ok(Some(Next::Cursor(path))),
                None => return Ok(Some(Next::Url(path))),
            }
        }
        (Some(_), _) => refused!("列表的 `next` 应为一个路径", "`next` of a list must be one path"),
        (None, _) if has_cursor => Refused::new(
            "正文里有 `{cursor}` 就要写 `next`：回答里给出它的路径",
            "`{cursor}` in the body needs `next`: the path where the answer names it",
        ),
        (None, Some(_)) => refused!(
            "写了 `next_param` 就要写 `next`：它的值所在的路径",
            "`next_param` needs `next`: the path where its value lies"
        ),
        (None, None) => return Ok(None),
    };
    Err(settings.error_at_list(what))
}

impl SourceKind for Interface {
    fn check(&self, settings: &Settings<'_>) -> Result<(), RecipeError> {
        settings.check_items(self.link.is_some(), &self.fields)
    }

    fn fields(&self) -> &[FieldRule] {
        &self.fields
    }

    fn read(&self, page: &Page<'_>, notes: &mut Notes<'_>) -> List {
        let text = match page.reading(self.within.as_ref(), self.is_xml, notes) {
            Ok(text) => text,
            Err(why) => return List { refused: Some(why), ..List::default() },
        };
        let answer = match answer_of(&text, self.is_xml) {
            Ok(answer) => answer,
            Err(problem) => {
                notes.add(None, problem, CHECK_PAGE);
                return List::default();
            }
        };
        let base = page.base(self.within.as_ref());
        let mut list = List { is_empty: self.is_valid_and_empty(&answer), ..List::default() };
        let found = look_up(&answer, &self.items);
        if found.is_empty() && !list.is_empty {
            notes.add(None, format!("items path `/{}` leads nowhere", self.items.join("/")), CHECK_PATH);
        }
        // One more than the bound, so that a list that is too long is noticed.
        for element in spread(found).take(page.rules.items_max + 1) {
            let mut fields = Fields::default();
            for rule in &self.fields {
                let (rule, found) = chosen(rule, page.now, |rule| json_value(element, rule));
                set_by_rule(&mut fields, rule, &found, page.now, notes);
            }
            let url = self.link.as_ref().and_then(|rule| {
                let (rule, found) = chosen(rule, page.now, |rule| json_value(element, rule));
                (!found.is_empty())
                    .then(|| page.address_from(&base, &refine(rule, &found)?, rule.line, notes))
                    .flatten()
            });
            let item = Item { url, fields };
            if !notes.has_room_for(item.bytes()) {
                break;
            }
            list.items.push(item);
        }
        list.next = self.next.iter().filter_map(|next| next_ask(page, next, &answer, notes)).collect();
        list
    }
}

impl Interface {
    /// Whether the answer has a place for items and none in it: an array without elements, `null`, and in XML an element without entries of any name.
    fn is_valid_and_empty(&self, answer: &Value) -> bool {
        let found = look_up(answer, &self.items);
        let above = self.items.split_last().map(|(_, above)| look_up(answer, above)).unwrap_or_default();
        match found.as_slice() {
            [] => self.is_xml && !above.is_empty() && above.into_iter().all(has_no_elements),
            found => found.iter().all(|value| value.is_null() || value.as_array().is_some_and(Vec::is_empty)),
        }
    }
}

/// Whether an element of XML has attributes, text and plain values alone: no entries by another name.
fn has_no_elements(value: &Value) -> bool {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    value.as_object().map_or_else(|| is_plain(value), |members| members.values().all(is_plain))
}

/// The request for the next page; none when the answer names none.
fn next_ask(page: &Page<'_>, next: &Next, answer: &Value, notes: &mut Notes<'_>) -> Option<Ask> {
    let (Next::Url(path) | Next::Param { path, .. } | Next::Cursor(path)) = next;
    let value = look_up(answer, path).first().and_then(|value| plain(value)).filter(|value| !value.is_empty())?;
    let body = page.asked.body.clone();
    match next {
        Next::Url(_) => page.address(&value, NEXT_LINE, notes).map(|url| Ask { url, body, led_by: None }),
        Next::Cursor(_) => {
            let body = page.rules.body.map(|body| body.fill_cursor(&value, day_of(page.now)));
            Some(Ask { url: page.asked.url.clone(), body, led_by: None })
        }
        Next::Param { param, .. } => {
            let mut url = page.url.clone();
            let kept: Vec<(String, String)> = url
                .query_pairs()
                .filter(|(name, _)| name != param)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            url.query_pairs_mut().clear().extend_pairs(kept).append_pair(param, &value);
            Some(Ask { url, body, led_by: None })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{START, parsed, refused};

    #[test]
    fn paging_is_by_address_by_parameter_or_by_cursor() {
        let json = |request: &str, list: &str| {
            format!(
                "kind = \"json\"\n{START}[request]\n{request}\n[list]\nitems = \"/a\"\n{list}\n[list.fields]\nexternal_id = \"/id\"\ntext = \"/t\"\n"
            )
        };
        refused(&json("body = '{ \"a\": }'", ""), "s.toml:8: the body is no JSON once");
        refused(&json("body = '{ \"a\": {cursor} }'", ""), "s.toml:9: `{cursor}` in the body needs `next`");
        refused(&json("body = '{ \"a\": {cursor} }'", "next = \"/n\"\nnext_param = \"n\""), "not both");
        refused(&json("body = '{ \"a\": {page} }'", ""), "s.toml:6: `{page}` needs `pages");
        refused(&json("body = '{}'", "next_param = \"n\""), "s.toml:9: `next_param` needs `next`");
        refused(
            &json("body = '{}'", "next = { path = [\"/n\", \"/m\"] }"),
            "s.toml:9: `next` of a list must be one path",
        );
        assert!(parsed(&json("body = 'a={cursor}'\nform = true", "next = \"/n\"")).is_ok());
        refused(
            &format!("kind = \"xml\"\n{START}[list]\nlink = \"/l\"\n"),
            "s.toml:7: this list needs `items = \"/path/to/array\"`",
        );
    }
}

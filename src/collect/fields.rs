//! Values of fields by name, and the way from the text at a rule's place to a value. Pure.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;
use serde_json::Value;

use super::bounds::{TEXT_CHARS_MAX, VALUE_CHARS_MAX};
use super::dates;
use super::mask::mask_field as masked;
use super::problem::{CHECK_DATE, CHECK_SELECTOR, Notes};
use super::published::leaves_year_open;
use super::rules::FieldRule;
use vocabulary::{Meta, show_moment};

/// Hint of a page: when it was last changed, as a list of pages says. No field of a document.
pub(crate) const CHANGED_AT: &str = "changed_at";

/// The text of `published_at` when it named no year: the latest such day was taken. No field of a document.
pub(crate) const YEAR_OPEN: &str = "published_year_open";

/// Values by field name, as text. `published_at` is already RFC 3339.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Sets a value unless it is empty or only a dash. A value that is too long is cut.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if !value.is_empty() && !value.chars().all(|c| matches!(c, '-' | '－' | '–' | '—' | '/' | '／')) {
            let max = if name == "text" { TEXT_CHARS_MAX + 1 } else { VALUE_CHARS_MAX };
            self.0.insert(name.to_owned(), clip(value, max).to_owned());
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// What the names and values take.
    pub(crate) fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Takes the values of the fields that `self` lacks.
    pub(crate) fn fill_from(&mut self, other: &Fields) {
        for (name, value) in &other.0 {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }

    /// The values with personal data masked, as they may be written to the frontier (PRIV-1).
    pub(crate) fn masked(&self, source: &str) -> Meta {
        self.0.iter().map(|(name, value)| (name.clone(), Value::String(masked(source, name, value)))).collect()
    }

    /// Names and values, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values that a list page gave for a page, as the frontier keeps them.
    pub(crate) fn from_hints(hints: &Meta) -> Self {
        Self(hints.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect())
    }
}

/// The first of a rule's choices that gives something, with the text at its place; the first of all when none does.
pub(crate) fn chosen(rule: &FieldRule, now: Timestamp, find: impl Fn(&FieldRule) -> String) -> (&FieldRule, String) {
    if rule.or.is_empty() {
        return (rule, find(rule));
    }
    let mut first = None;
    for choice in rule.choices() {
        let found = find(choice);
        let value = refine(choice, &found).filter(|value| !value.trim().is_empty());
        let gives = value.is_some_and(|value| {
            choice.name != "published_at" || dates::read_date(&value, choice.date.as_deref(), now).is_some()
        });
        if gives {
            return (choice, found);
        }
        first.get_or_insert((choice, found));
    }
    first.unwrap_or_else(|| (rule, String::new()))
}

/// Sets the field of a rule from the text at its place: capture, template, date.
pub(crate) fn set_by_rule(fields: &mut Fields, rule: &FieldRule, found: &str, now: Timestamp, notes: &mut Notes<'_>) {
    let Some(value) = refine(rule, found) else {
        if !found.is_empty() {
            let shown = clip(found, 60);
            notes.add(
                Some(rule.line),
                format!("`capture` of `{}` finds nothing in `{shown}`", rule.name),
                CHECK_SELECTOR,
            );
        }
        return;
    };
    if rule.name != "published_at" {
        return fields.set(&rule.name, &value);
    }
    if let Some(moment) = dates::read_date(&value, rule.date.as_deref(), now) {
        fields.set(&rule.name, &show_moment(moment));
        if rule.date.is_none() && leaves_year_open(&value) {
            fields.set(YEAR_OPEN, &value);
        }
    } else if !value.trim().is_empty() {
        notes.add(Some(rule.line), format!("`{}` is no date that can be read", clip(&value, 60)), CHECK_DATE);
    }
}

/// The text at a rule's place after capture and template; none when the capture finds nothing.
pub(crate) fn refine(rule: &FieldRule, found: &str) -> Option<String> {
    let value = match &rule.capture {
        Some(regex) => {
            let captures = regex.captures(found)?;
            captures.get(1).or_else(|| captures.get(0))?.as_str()
        }
        None => found,
    };
    Some(match &rule.template {
        Some(template) => {
            let coded: String = url::form_urlencoded::byte_serialize(value.trim().as_bytes()).collect();
            // In one pass: a value may hold the words of a place.
            let parts = template.split("{value:path}").map(|part| part.replace("{value}", &coded));
            parts.collect::<Vec<_>>().join(&path_of(value.trim()))
        }
        None => value.to_owned(),
    })
}

/// A value as a part of an address's path: percent-encoded, but for its `/`.
fn path_of(value: &str) -> String {
    let mut coded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            coded.push(char::from(byte));
        } else {
            _ = write!(coded, "%{byte:02X}");
        }
    }
    coded
}

/// The first `max` characters.
pub(crate) fn clip(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(byte, _)| &text[..byte])
}

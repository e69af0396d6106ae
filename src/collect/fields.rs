//! From found values to a masked [`Document`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::mask::{Masker, mask_field as masked};
use super::problem::{CHECK_BOUNDS, CHECK_DATE, CHECK_SELECTOR, PageProblem};
use super::recipe::{FieldRule, Recipe};
use super::{TEXT_CHARS_MAX, dates, identity};
use vocabulary::{ActorKind, AdminLevel, Document, Meta, RawRef, show_moment};

/// Longest value of a field other than the text, in characters.
const VALUE_CHARS_MAX: usize = 2_000;
/// Hint of a page: when it was last changed, by the sitemap's word. No field of a document.
pub(crate) const CHANGED_AT: &str = "changed_at";

/// Values by field name, as text. `published_at` is already RFC 3339.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Sets a value unless it is empty, or a dash that stands for nothing; bounded.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if !value.is_empty() && !value.chars().all(|c| matches!(c, '-' | '－' | '–' | '—' | '/' | '／')) {
            let max = if name == "text" { TEXT_CHARS_MAX + 1 } else { VALUE_CHARS_MAX };
            self.0.insert(name.to_owned(), clip(value, max).to_owned());
        }
    }

    /// Takes over what `self` lacks.
    pub(crate) fn fill_from(&mut self, other: &Fields) {
        for (name, value) in &other.0 {
            self.0.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }

    /// Keeps nothing personal: what may be written to the frontier (PRIV-1).
    pub(crate) fn masked(&self, source: &str) -> Meta {
        self.0.iter().map(|(name, value)| (name.clone(), Value::String(masked(source, name, value)))).collect()
    }

    pub(crate) fn from_hints(hints: &Meta) -> Self {
        Self(hints.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect())
    }
}

/// Collects problems of one page.
pub(crate) struct Notes<'a> {
    pub(crate) recipe: &'a Recipe,
    pub(crate) url: String,
    pub(crate) problems: Vec<PageProblem>,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(recipe: &'a Recipe, url: &Url) -> Self {
        Self { recipe, url: url.to_string(), problems: Vec::new() }
    }

    pub(crate) fn add(&mut self, line: Option<usize>, detail: impl Into<String>, advice: &'static str) {
        let file = &self.recipe.file;
        let at = line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"));
        self.problems.push(PageProblem { at, url: self.url.clone(), detail: detail.into(), advice });
    }
}

/// The text that was found for a rule becomes its value: capture, date, template.
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
    } else if !value.trim().is_empty() {
        notes.add(Some(rule.line), format!("`{}` is no date that can be read", clip(&value, 60)), CHECK_DATE);
    }
}

/// Capture and template of a rule.
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
            template.replace("{value}", &coded)
        }
        None => value.to_owned(),
    })
}

/// Where a document came from.
pub(crate) struct Origin<'a> {
    /// Canonical address of the page or item, when it has one.
    pub(crate) url: Option<&'a Url>,
    /// What tells several documents of one page apart.
    pub(crate) part: Option<String>,
    pub(crate) raw: &'a RawRef,
    pub(crate) now: Timestamp,
    pub(crate) masker: &'a Masker,
}

/// Makes the document, or says why there is none.
pub(crate) fn document(fields: &Fields, origin: &Origin<'_>, notes: &mut Notes<'_>) -> Result<Document, String> {
    let recipe = notes.recipe;
    let title = fields.get("title").map(|title| title.replace('\n', " "));
    let body = fields.get("text").unwrap_or_default().to_owned();
    let mut text = match &title {
        Some(title) if !body.starts_with(title.as_str()) => format!("{title}\n{body}").trim_end().to_owned(),
        _ => body,
    };
    if text.trim().is_empty() {
        return Err("no text was found".to_owned());
    }
    let bounded = clip(&text, TEXT_CHARS_MAX);
    if bounded.len() < text.len() {
        notes.add(None, format!("text is longer than {TEXT_CHARS_MAX} characters and was cut"), CHECK_BOUNDS);
        text.truncate(bounded.len());
    }
    let identity = match (fields.get("external_id"), origin.url) {
        (Some(id), _) => id.to_owned(),
        (None, Some(url)) => format!("{}{}", recipe.identity.of(url), origin.part.as_deref().unwrap_or_default()),
        (None, None) => return Err("neither an address nor an `external_id` was found".to_owned()),
    };
    let mut meta = Meta::new();
    for (name, value) in &fields.0 {
        match name.as_str() {
            "title" | "text" | "published_at" | "url" | CHANGED_AT => {}
            "price" | "sold" | "rating" | "reviews" => {
                let number = quantity(value).unwrap_or_else(|| Value::String(value.clone()));
                meta.insert(name.clone(), number);
            }
            _ => {
                meta.insert(name.clone(), Value::String(value.clone()));
            }
        }
    }
    for (key, word) in [
        (Document::ACTOR_KIND, recipe.actor.map(ActorKind::code)),
        (Document::ADMIN_LEVEL, recipe.level.map(AdminLevel::code)),
    ] {
        if let Some(word) = word {
            meta.entry(key).or_insert_with(|| Value::from(word));
        }
    }
    let mut document = Document {
        id: identity::document_id(&recipe.id, &identity),
        source: recipe.id.clone(),
        channel: recipe.channel,
        url: fields.get("url").map(str::to_owned).or_else(|| origin.url.map(Url::to_string)),
        title,
        text,
        published_at: fields.get("published_at").and_then(|text| text.parse().ok()),
        seen_at: Some(origin.now),
        meta,
        raw: Some(origin.raw.clone()),
    };
    // PRIV-1: nothing unmasked leaves this function.
    origin.masker.mask_document(&mut document);
    Ok(document)
}

/// `1.2万+`, `¥1,299.00`, `4.8分` as a number.
fn quantity(text: &str) -> Option<Value> {
    let digits: String = text
        .chars()
        .skip_while(|c| !c.is_ascii_digit())
        .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
        .filter(|c| *c != ',')
        .collect();
    let number: f64 = digits.trim_end_matches('.').parse().ok()?;
    let unit = if text.contains('亿') {
        1e8
    } else if text.contains(['万', '萬']) {
        1e4
    } else if text.contains('千') {
        1e3
    } else {
        1.0
    };
    let number = number * unit;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be a whole number below 2^53"
    )]
    if number.fract() == 0.0 && number < 9e15 {
        return Some(Value::from(number as u64));
    }
    serde_json::Number::from_f64(number).map(Value::Number)
}

/// The first `max` characters.
pub(crate) fn clip(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(byte, _)| &text[..byte])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_shops_write_them() {
        for (text, expected) in [("1.2万+", "12000"), ("¥1,299.00", "1299"), ("4.8分", "4.8"), ("月销 300+ 件", "300")]
        {
            assert_eq!(quantity(text).unwrap().to_string(), expected, "{text}");
        }
        assert_eq!(quantity("很多"), None);
    }
}

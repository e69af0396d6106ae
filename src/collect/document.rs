//! Documents of a page or an item: from the values of its fields to a masked [`Document`].

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::bounds::TEXT_CHARS_MAX;
use super::fields::{CHANGED_AT, Fields, YEAR_OPEN, clip};
use super::identity;
use super::mask::Masker;
use super::problem::{CHECK_BOUNDS, Notes};
use super::published;
use super::recipe::Recipe;
use vocabulary::{ActorKind, AdminLevel, Document, Meta, RawRef};

/// Where a document came from.
pub(crate) struct Origin<'a> {
    /// Canonical address of the page or item, when it has one.
    pub(crate) url: Option<&'a Url>,
    /// Appended to the address, so that several documents of one page have different ids.
    pub(crate) part: Option<String>,
    pub(crate) raw: &'a RawRef,
    pub(crate) now: Timestamp,
    pub(crate) masker: &'a Masker,
}

/// The document of these values.
///
/// # Errors
/// Why there is none.
pub(crate) fn document(
    recipe: &Recipe,
    fields: &Fields,
    origin: &Origin<'_>,
    notes: &mut Notes<'_>,
) -> Result<Document, String> {
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
    for (name, value) in fields.iter() {
        match name {
            "title" | "text" | "published_at" | "url" | CHANGED_AT | YEAR_OPEN => {}
            Document::PUBLISHED_CONFIDENCE => {
                meta.extend(value.parse::<f64>().ok().map(|share| (name.to_owned(), Value::from(share))));
            }
            "price" | "sold" | "rating" | "reviews" => {
                let number = quantity(value).unwrap_or_else(|| Value::String(value.to_owned()));
                meta.insert(name.to_owned(), number);
            }
            _ => {
                meta.insert(name.to_owned(), Value::String(value.to_owned()));
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
    // What an interface sends as text may still name its day.
    if document.published_at.is_none() && document.meta_str(Document::PUBLISHED_FROM).is_none() {
        let found = published::of_text(&document.text, document.url.as_deref(), Some(origin.now));
        if found.is_some() {
            published::put(&mut document, found);
        }
    }
    // PRIV-1: nothing unmasked leaves this function.
    origin.masker.mask_document(&mut document);
    document.check().map_err(|error| error.to_string())?;
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

//! One item as it came from a source: a complaint, a listing, a notice, a report, a standard.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Channel, DocumentId, Said, SourceId, time};

/// Facts that the source gives beside the text (`platform_category`, `brand`, `region`, `seller`, `sold`, …). Unknown keys are kept.
pub type Meta = serde_json::Map<String, serde_json::Value>;

/// Keys of `meta` up to which one is found by comparing it with each.
const KEYS_COMPARED_MAX: usize = 12;

crate::bounds! {
    /// Longest headline of a document.
    pub const TITLE_BYTES_MAX: usize = 8 << 10, "bytes", "the document is set aside";
    /// Longest address of a document.
    pub const URL_BYTES_MAX: usize = 8 << 10, "bytes", "the document is set aside";
    /// What a source may say of a document beside its text (`meta`), keys and values together.
    pub const META_BYTES_MAX: usize = 128 << 10, "bytes", "the document is set aside";
}

/// Where the exact bytes lie that a document was read from (RAW-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct RawRef {
    /// File name of the WARC inside the archive folder.
    pub file: String,
    /// Byte offset of the record's gzip member.
    pub offset: u64,
    /// Digest of the payload, e.g. `sha1:…`.
    pub digest: String,
}

/// One document (信息). Same source and same id = same document; changed text = a new revision of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Document {
    /// Unique within the whole store.
    pub id: DocumentId,
    /// Where it came from.
    pub source: SourceId,
    /// Which of the five channel groups.
    pub channel: Channel,
    /// Canonical address, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Headline, when it has one. `text` repeats it as its first line where the source shows both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is read, at most `collect`'s bound of characters.
    pub text: String,
    /// When the source says it was published. Event time.
    #[serde(default, with = "time::moment::option", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timestamp>")]
    pub published_at: Option<Timestamp>,
    /// When we first saw it. Processing time.
    #[serde(default, with = "time::moment::option", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Timestamp>")]
    pub seen_at: Option<Timestamp>,
    /// What the source says beside the text.
    #[serde(default, skip_serializing_if = "Meta::is_empty")]
    pub meta: Meta,
    /// The bytes it was read from; none for imported documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<RawRef>,
}

impl Document {
    /// Key of `meta`: who speaks, an [`super::ActorKind`].
    pub const ACTOR_KIND: &'static str = "actor_kind";
    /// Key of `meta`: at which level of administration, an [`super::AdminLevel`].
    pub const ADMIN_LEVEL: &'static str = "admin_level";
    /// Key of `meta`: what `published_at` was read from, a [`super::PublishedFrom`]. Absent where the source named the date in a field of its own
    /// (a rule of the recipe, a feed, a column). `none`: it was looked for on the page, and there is none.
    pub const PUBLISHED_FROM: &'static str = "published_from";
    /// Key of `meta`: how often a date from such evidence is right, 0–1.
    pub const PUBLISHED_CONFIDENCE: &'static str = "published_confidence";

    /// Whether log and index can keep it: id, source and text are there, and nothing that is shown in lists is too long.
    ///
    /// # Errors
    /// [`DocumentError::Empty`], [`DocumentError::TooLong`].
    pub fn check(&self) -> Result<(), DocumentError> {
        let Self { id, source, url, title, text, meta, .. } = self;
        check_parts(id.as_str(), Some(source.as_str()), text, (url.as_deref(), title.as_deref()), meta)
    }

    /// A string value of `meta`, when it is there and not empty.
    #[must_use]
    pub fn meta_str(&self, key: &str) -> Option<&str> {
        // Most documents have a few keys: comparing them is quicker than hashing one.
        let value = if self.meta.len() <= KEYS_COMPARED_MAX {
            self.meta.iter().find_map(|(known, value)| (known == key).then_some(value))
        } else {
            self.meta.get(key)
        };
        value.and_then(|value| value.as_str()).filter(|text| !text.is_empty())
    }

    /// A whole number of `meta`, given as a number or as digits.
    #[must_use]
    pub fn meta_u64(&self, key: &str) -> Option<u64> {
        let value = self.meta.get(key)?;
        value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
    }

    /// Event time: published, else seen.
    #[must_use]
    pub fn event_at(&self) -> Option<Timestamp> {
        self.published_at.or(self.seen_at)
    }

    /// Whether it was looked through for a date and has none: it was seen, and nobody knows when it was written. What a source brings as it
    /// comes (a complaint, a letter) is new without a date, and is none of these.
    #[must_use]
    pub fn is_undated(&self) -> bool {
        self.published_at.is_none() && self.meta_str(Self::PUBLISHED_FROM) == Some(super::PublishedFrom::Nothing.code())
    }

    /// When a replay may know of it: seen, else published.
    #[must_use]
    pub fn known_at(&self) -> Option<Timestamp> {
        self.seen_at.or(self.published_at)
    }
}

/// A line of documents NDJSON that cannot be used. The reader adds file and line.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not a JSON object of the contract: broken JSON, a missing `id` or `text`, an unknown key, a bad time.
    #[error("{0}")]
    Shape(#[from] serde_json::Error),
    /// `id`, `source` or `text` is there but empty.
    #[error("`{0}` is empty: fill it, or leave the document out")]
    Empty(&'static str),
    /// A field that is too long for what it is.
    #[error("`{field}` has {found} bytes, at most {max} are taken: give it a shorter one")]
    TooLong {
        /// `id`, `source`, `url`, `title` or `meta`.
        field: &'static str,
        /// How long it is.
        found: usize,
        /// How long it may be.
        max: usize,
    },
}

impl Said for DocumentError {
    fn zh(&self) -> String {
        match self {
            Self::Shape(error) => format!("不是约定的 JSON（“{error}”）"),
            Self::Empty(field) => format!("`{field}` 是空的：请补上，或去掉这一条"),
            Self::TooLong { field, found, max } => format!("`{field}` 有 {found} 字节，最多 {max} 字节：请换短一些的"),
        }
    }
}

/// Refuses names that log and index could not keep.
///
/// # Errors
/// [`DocumentError::TooLong`].
pub fn check_names(id: &str, source: Option<&str>) -> Result<(), DocumentError> {
    fits("id", id.len(), DocumentId::BYTES_MAX)?;
    fits("source", source.unwrap_or_default().len(), SourceId::BYTES_MAX)
}

fn fits(field: &'static str, found: usize, max: usize) -> Result<(), DocumentError> {
    if found > max { Err(DocumentError::TooLong { field, found, max }) } else { Ok(()) }
}

/// The same check for a document and for a line that may name no source.
fn check_parts(
    id: &str,
    source: Option<&str>,
    text: &str,
    (url, title): (Option<&str>, Option<&str>),
    meta: &Meta,
) -> Result<(), DocumentError> {
    for (field, value) in [("id", Some(id)), ("text", Some(text)), ("source", source)] {
        if value.is_some_and(|value| value.trim().is_empty()) {
            return Err(DocumentError::Empty(field));
        }
    }
    check_names(id, source)?;
    fits("url", url.unwrap_or_default().len(), URL_BYTES_MAX)?;
    fits("title", title.unwrap_or_default().len(), TITLE_BYTES_MAX)?;
    fits("meta", meta.iter().map(|(key, value)| key.len() + value_bytes(value)).sum(), META_BYTES_MAX)
}

/// About as many bytes as the value has when it is written down.
fn value_bytes(value: &serde_json::Value) -> usize {
    use serde_json::Value::{Array, Bool, Null, Number, Object, String};
    match value {
        Null | Bool(_) | Number(_) => size_of::<u64>(),
        String(text) => text.len(),
        Array(values) => values.iter().map(|value| 1 + value_bytes(value)).sum(),
        Object(values) => values.iter().map(|(key, value)| 1 + key.len() + value_bytes(value)).sum(),
    }
}

/// One line of documents NDJSON, checked against the contract. Unknown top-level keys are errors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentLine {
    /// Required. Unique within its source.
    #[schemars(length(min = 1, max = DocumentId::BYTES_MAX))]
    pub id: String,
    /// Required.
    #[schemars(length(min = 1))]
    pub text: String,
    /// Source id; the importer's `--source` counts when it is missing.
    #[schemars(length(min = 1, max = SourceId::BYTES_MAX))]
    pub source: Option<String>,
    /// Channel group.
    pub channel: Option<Channel>,
    /// Address.
    pub url: Option<String>,
    /// Headline.
    pub title: Option<String>,
    /// RFC 3339 or `YYYY-MM-DD` (Asia/Shanghai).
    #[serde(default, with = "time::moment::option")]
    #[schemars(with = "Option<String>")]
    pub published_at: Option<Timestamp>,
    /// As `published_at`.
    #[serde(default, with = "time::moment::option")]
    #[schemars(with = "Option<String>")]
    pub seen_at: Option<Timestamp>,
    /// Anything the platform knows.
    #[serde(default)]
    pub meta: Meta,
    /// Where the raw bytes lie, in our own exports. Read and not taken over: what a document was read from is said by the collector alone
    /// (RAW-1), for what is brought has no bytes in this archive.
    #[serde(default)]
    pub raw: Option<RawRef>,
}

impl DocumentLine {
    /// Reads and checks one line.
    ///
    /// # Errors
    /// [`DocumentError`] saying what is wrong; the caller knows the file and line.
    pub fn parse(line: &str) -> Result<Self, DocumentError> {
        let parsed: Self = serde_json::from_str(line)?;
        let Self { id, text, source, url, title, meta, .. } = &parsed;
        check_parts(id, source.as_deref(), text, (url.as_deref(), title.as_deref()), meta)?;
        Ok(parsed)
    }

    /// The document, with `source` and `channel` filled in where the line has none.
    #[must_use]
    pub fn into_document(self, source: &SourceId, channel: Channel) -> Document {
        Document {
            id: DocumentId::new(self.id),
            source: self.source.map_or_else(|| source.clone(), SourceId::new),
            channel: self.channel.unwrap_or(channel),
            url: self.url,
            title: self.title,
            text: self.text,
            published_at: self.published_at,
            seen_at: self.seen_at,
            meta: self.meta,
            raw: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named() {
        let error = DocumentLine::parse(r#"{"id":"1","text":"x","body":"y"}"#).expect_err("no such key");
        assert!(error.to_string().contains("unknown field `body`"), "{error}");
    }

    #[test]
    fn a_missing_text_is_named() {
        let error = DocumentLine::parse(r#"{"id":"1"}"#).expect_err("no text");
        assert!(error.to_string().contains("missing field `text`"), "{error}");
        assert!(DocumentLine::parse(r#"{"id":"1","text":" "}"#).is_err());
    }

    #[test]
    fn an_endless_id_is_refused_at_the_door() {
        let line = |bytes: usize| format!(r#"{{"id":"{}","text":"x"}}"#, "i".repeat(bytes));
        assert!(DocumentLine::parse(&line(DocumentId::BYTES_MAX)).is_ok());
        let error = DocumentLine::parse(&line(DocumentId::BYTES_MAX + 1)).expect_err("too long");
        assert!(error.to_string().contains("`id` has 769 bytes, at most 768"), "{error}");
    }

    #[test]
    fn what_is_shown_in_lists_is_bounded() {
        let title = |bytes: usize| format!(r#"{{"id":"1","text":"x","title":"{}"}}"#, "t".repeat(bytes));
        let url = |bytes: usize| format!(r#"{{"id":"1","text":"x","url":"{}"}}"#, "u".repeat(bytes));
        let meta = |bytes: usize| format!(r#"{{"id":"1","text":"x","meta":{{"k":[["{}"]]}}}}"#, "m".repeat(bytes));
        let fit = [title(TITLE_BYTES_MAX), url(URL_BYTES_MAX), meta(META_BYTES_MAX - 3)];
        for line in fit {
            let document = DocumentLine::parse(&line).expect("fits").into_document(&"s".into(), Channel::Media);
            document.check().expect("fits as well");
        }
        let over = [title(TITLE_BYTES_MAX + 1), url(URL_BYTES_MAX + 1), meta(META_BYTES_MAX - 2)];
        for (line, field) in over.iter().zip(["title", "url", "meta"]) {
            let error = DocumentLine::parse(line).expect_err("too long").to_string();
            assert!(error.starts_with(&format!("`{field}` has ")), "{error}");
        }
    }

    #[test]
    fn unknown_meta_keys_are_kept() {
        let line = DocumentLine::parse(r#"{"id":"1","text":"x","meta":{"colour":"red","sold":"12"}}"#).expect("good");
        let document = line.into_document(&SourceId::from("s"), Channel::Media);
        assert_eq!(document.meta_str("colour"), Some("red"));
        assert_eq!(document.meta_u64("sold"), Some(12));
    }

    #[test]
    fn a_key_of_meta_is_found_however_many_there_are() {
        for others in [0, KEYS_COMPARED_MAX - 1, KEYS_COMPARED_MAX, 100] {
            let mut meta: Meta = (0..others).map(|at| (format!("key{at}"), at.into())).collect();
            meta.insert("brand".to_owned(), "甲".into());
            let line = DocumentLine { meta, ..DocumentLine::parse(r#"{"id":"1","text":"x"}"#).expect("good") };
            let document = line.into_document(&SourceId::from("s"), Channel::Media);
            assert_eq!((document.meta_str("brand"), document.meta_str("none")), (Some("甲"), None));
            assert_eq!(document.meta_str("key0"), None, "a number is no text");
        }
    }

    #[test]
    fn a_moment_that_is_no_text_or_no_time_is_told() {
        let error = |value: &str| {
            let line = format!(r#"{{"id":"1","text":"x","published_at":{value}}}"#);
            DocumentLine::parse(&line).expect_err("no moment").to_string()
        };
        assert!(error("5").contains("invalid type: integer `5`, expected a string"), "{}", error("5"));
        assert!(error("\"soon\"").contains("`soon` is no time"), "{}", error("\"soon\""));
        let escaped = DocumentLine::parse(r#"{"id":"1","text":"x","published_at":"2024\u002d07-02"}"#).expect("a date");
        assert!(escaped.published_at.is_some());
    }
}

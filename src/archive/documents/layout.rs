//! Which column of a table feeds which field of a document, and the documents of its rows.

use std::collections::BTreeMap;
use std::path::Path;

use super::{ImportSpec, Rejected};
use crate::ArchiveError;
use crate::preset::{DOCUMENT_FIELDS, Preset};
use vocabulary::{
    ActorKind, AdminLevel, Document, DocumentId, Meta, Refused, SourceId, UnknownCode, parse_moment, refused,
};

/// Key of `meta` that names a document among those of its source.
const EXTERNAL_ID: &str = "external_id";

/// Which column feeds which field of a document.
pub(crate) struct Layout<'a> {
    path: &'a Path,
    spec: &'a ImportSpec,
    header: Vec<String>,
    /// A column and what it feeds, in the order of the columns.
    feeds: Vec<(usize, Feed)>,
    /// The columns that feed anything.
    told: Vec<usize>,
    text: TextFrom,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Feed {
    /// One of [`DOCUMENT_FIELDS`].
    Field(&'static str),
    /// A key of `meta`.
    Meta(String),
}

/// What the text of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextFrom {
    /// The column that feeds it.
    Column,
    /// The title: a file of a preset without a column for the text.
    Title,
    /// All of its cells: a preset that names no column for the text.
    Row,
}

impl Feed {
    fn of(field: &str) -> Self {
        let known = DOCUMENT_FIELDS.iter().find(|known| **known == field);
        known.map_or_else(
            || Self::Meta(field.strip_prefix("meta.").unwrap_or(field).to_owned()),
            |known| Self::Field(known),
        )
    }

    fn name(&self) -> &str {
        match self {
            Self::Field(name) => name,
            Self::Meta(name) => name,
        }
    }
}

impl<'a> Layout<'a> {
    pub(crate) fn new(path: &'a Path, spec: &'a ImportSpec, header: &[String]) -> Result<Self, ArchiveError> {
        let no_column = |field: &str, column: &str| ArchiveError::Column {
            path: path.to_owned(),
            field: field.to_owned(),
            column: column.to_owned(),
            header: header.join(", "),
        };
        for (field, column) in &spec.columns {
            if !header.contains(column) {
                return Err(no_column(field, column));
            }
        }
        let preset = spec.preset.as_deref();
        let feeds = feeds(spec, preset, header);
        for (at, (column, feed)) in feeds.iter().enumerate() {
            let is_same = |earlier: &Feed| matches!(feed, Feed::Field(_)) && earlier == feed;
            if let Some((first, _)) = feeds[..at].iter().find(|(_, earlier)| is_same(earlier)) {
                return Err(ArchiveError::TwoColumns {
                    path: path.to_owned(),
                    field: feed.name().to_owned(),
                    first: header[*first].clone(),
                    second: header[*column].clone(),
                });
            }
        }
        let has = |field: &'static str| feeds.iter().any(|(_, feed)| *feed == Feed::Field(field));
        let text = match preset {
            _ if has("text") => TextFrom::Column,
            Some(preset) if has("title") && preset.has_text() => TextFrom::Title,
            Some(_) if has("title") => TextFrom::Row,
            Some(preset) => {
                return Err(ArchiveError::NoText {
                    path: path.to_owned(),
                    preset: preset.key.clone(),
                    names: preset.text_names(),
                    header: header.join(", "),
                });
            }
            None => return Err(no_column("text", "text")),
        };
        let mut told: Vec<usize> = feeds.iter().map(|(column, _)| *column).collect();
        told.dedup();
        Ok(Self { path, spec, header: header.to_vec(), feeds, told, text })
    }

    pub(crate) fn document(&self, line: u64, row: &[&str]) -> Result<Document, Rejected> {
        let rejected = |reason: Refused| Rejected {
            file: self.path.to_owned(),
            line,
            reason,
            found: row.join(" | ").chars().take(Rejected::FOUND_CHARS_MAX).collect(),
        };
        let preset = self.spec.preset.as_deref();
        let mut core: BTreeMap<&str, &str> = BTreeMap::new();
        let mut meta = Meta::new();
        for (at, feed) in &self.feeds {
            let value = row.get(*at).map_or("", |cell| cell.trim());
            match feed {
                _ if value.is_empty() => {}
                Feed::Field(field) => _ = core.insert(field, value),
                Feed::Meta(key) => _ = meta.insert(key.clone(), value.into()),
            }
        }
        if row.iter().skip(self.header.len()).any(|value| !value.trim().is_empty()) {
            let (cells, columns) = (row.len(), self.header.len());
            return Err(rejected(refused!(
                "这一行有 {cells} 格，表头有 {columns} 格：请给含有分隔符的文字加引号",
                "the row has {cells} cells, the header {columns}: put the text with the separator in quotes"
            )));
        }
        let text = match core.get("text") {
            Some(text) => Some((*text).to_owned()),
            None if self.text == TextFrom::Row => Some(self.whole(row)),
            // Of a file that is read by a preset, the title stands for a text that is missing.
            None => core.get("title").filter(|_| preset.is_some()).map(|title| (*title).to_owned()),
        };
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Err(rejected(refused!(
                "这里的 `text` 列是空的；请去掉这一行，或改用别的列",
                "the `text` column is empty here; leave the row out or map another column"
            )));
        };
        let moment = |field: &str| {
            let parse = |found: &&str| {
                let read = parse_moment(found);
                read.or_else(|error| preset.and_then(|preset| preset.moment(found)).ok_or(error))
                    .map_err(|error| rejected(Refused::of(&error).about(format_args!("`{field}`"))))
            };
            core.get(field).map(parse).transpose()
        };
        let source = core.get("source").map_or_else(|| self.spec.source.clone(), |name| SourceId::from(*name));
        let external = preset.and_then(|_| meta.get(EXTERNAL_ID)?.as_str());
        let id = match (core.get("id"), external) {
            (Some(id), _) => DocumentId::from(*id),
            (None, Some(external)) => DocumentId::new(format!("{source}:{external}")),
            (None, None) => made_id(&source, row),
        };
        let owned = |field: &str| core.get(field).map(|value| (*value).to_owned());
        let channel = core.get("channel").map_or(Ok(self.spec.channel), |code| {
            code.parse().map_err(|error: UnknownCode| rejected(Refused::of(&error).about("`channel`")))
        });
        if let Some(preset) = preset {
            speak(preset, &mut meta);
        }
        let document = Document {
            id,
            source,
            channel: channel?,
            url: owned("url"),
            title: owned("title"),
            text,
            published_at: moment("published_at")?,
            seen_at: moment("seen_at")?,
            meta,
            raw: None,
        };
        document.check().map_err(|error| rejected(Refused::of(&error)))?;
        Ok(document)
    }

    /// All cells of a row with the names of their columns, as a `table` source writes a row.
    fn whole(&self, row: &[&str]) -> String {
        let told = self.told.iter().filter_map(|at| {
            let (name, cell) = (self.header.get(*at)?, row.get(*at)?.trim());
            (!name.is_empty() && !cell.is_empty()).then(|| format!("{name}：{cell}"))
        });
        told.collect::<Vec<_>>().join("；")
    }
}

/// What each column feeds. One that neither map nor preset names is kept under its name.
fn feeds(spec: &ImportSpec, preset: Option<&Preset>, header: &[String]) -> Vec<(usize, Feed)> {
    let chosen =
        preset.map(|preset| preset.choose(header, &|field| spec.columns.contains_key(field))).unwrap_or_default();
    let mut feeds = Vec::new();
    for (at, name) in header.iter().enumerate() {
        let mapped = spec.columns.iter().filter(|(_, column)| *column == name).map(|(field, _)| field.as_str());
        let by_preset = chosen.iter().filter(|(column, _)| *column == at).map(|(_, field)| *field);
        let before = feeds.len();
        feeds.extend(mapped.chain(by_preset).map(|field| (at, Feed::of(field))));
        if feeds.len() > before || preset.is_some_and(|preset| preset.leaves_out(name)) {
            continue;
        }
        // A preset says which columns are fields; a map has chosen another column for the field of this name.
        let is_kept = preset.is_some() || spec.columns.contains_key(name);
        feeds.push((at, if is_kept { Feed::Meta(name.clone()) } else { Feed::of(name) }));
    }
    feeds
}

/// Who speaks, and at which level of administration, where the row does not say.
fn speak(preset: &Preset, meta: &mut Meta) {
    for (key, word) in [
        (Document::ACTOR_KIND, preset.actor.map(ActorKind::code)),
        (Document::ADMIN_LEVEL, preset.level.map(AdminLevel::code)),
    ] {
        if let Some(word) = word {
            meta.entry(key).or_insert_with(|| word.into());
        }
    }
}

/// A row without an id is named by what it says: the same row again is the same document.
fn made_id(source: &SourceId, row: &[&str]) -> DocumentId {
    let hash = blake3::hash(row.join("\u{1f}").as_bytes()).to_hex();
    DocumentId::new(format!("{source}:{}", &hash.as_str()[..16]))
}

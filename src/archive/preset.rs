//! Presets of imports: how a kind of file that people bring is read. A preset names source and channel, who speaks, and for each field
//! the names that its column may have. The shipped ones lie in `rules/presets`; anybody may copy one and change it.
//!
//! Not here: the rows of a file, which `documents` reads.
#![expect(clippy::disallowed_methods, reason = "an edge room: files are its business")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use toml::Spanned;

use super::ArchiveError;
use super::bounds::PRESET_BYTES_MAX;
use vocabulary::{ActorKind, AdminLevel, Channel, Refused, Said, SourceId, check_names, refused, shanghai};

/// Where the presets that come with the program lie in its sources, for messages.
const SHIPPED_FOLDER: &str = "rules/presets/";
/// How a file of a preset ends.
const SUFFIX: &str = ".toml";

/// Fields of a document that a column can feed; every other name is a key of `meta`.
pub(crate) const DOCUMENT_FIELDS: &[&str] =
    &["id", "text", "title", "url", "published_at", "seen_at", "channel", "source"];
/// Keys of `meta` that a preset may fill by their bare names, as recipes do; any other is written `meta.NAME`.
const META_FIELDS: &[&str] = &[
    "actor_kind",
    "admin_level",
    "author",
    "batch",
    "brand",
    "case_no",
    "comments",
    "defect",
    "external_id",
    "finding",
    "hazard",
    "importer",
    "in_force_on",
    "injuries",
    "item_id",
    "likes",
    "limit",
    "made_in",
    "model",
    "outlet",
    "place",
    "platform",
    "platform_category",
    "price",
    "producer",
    "product",
    "rating",
    "region",
    "remedy",
    "replaces",
    "result",
    "reviews",
    "seller",
    "shares",
    "sold",
    "standard_no",
    "state",
    "status",
    "units",
    "upc",
];

/// How times are written in spreadsheets, beside what every import reads.
const DATES: [&str; 8] = [
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y.%m.%d",
    "%Y年%m月%d日",
];
/// The first year that such a time may be of: `24/5/1` is none of the year 24.
const YEAR_MIN: i16 = 1900;

#[derive(rust_embed::Embed)]
#[folder = "$CARGO_MANIFEST_DIR/../../rules/presets/"]
struct Shipped;

/// A preset as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    about: String,
    source: Spanned<String>,
    channel: Spanned<String>,
    actor: Option<Spanned<String>>,
    level: Option<Spanned<String>>,
    #[serde(default)]
    dates: Vec<String>,
    #[serde(default)]
    leave_out: Vec<String>,
    columns: BTreeMap<Spanned<String>, Spanned<Vec<String>>>,
}

/// How a kind of file that people bring is read.
#[derive(Debug, Clone)]
pub struct Preset {
    /// Its name in a call: that of its file, without `.toml`.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// What file this is and where it comes from.
    pub about: String,
    /// Source of the documents.
    pub source: SourceId,
    /// Channel group of the documents.
    pub channel: Channel,
    /// Who speaks in them.
    pub actor: Option<ActorKind>,
    /// At which level of administration.
    pub level: Option<AdminLevel>,
    /// How days and times are written in such files, as `strftime` has it; asked before [`DATES`].
    dates: Vec<String>,
    /// Columns that are not taken over, as [`folded`] has them.
    left_out: Vec<String>,
    /// Field → names that its column may have, the first one there counts.
    columns: BTreeMap<String, Vec<String>>,
}

impl Preset {
    /// A preset by its name, or of a file: what ends in `.toml` or holds a slash.
    ///
    /// # Errors
    /// [`ArchiveError::UnknownPreset`], [`ArchiveError::Preset`] with file and line, [`ArchiveError::Read`].
    pub fn load(named: &str) -> Result<Self, ArchiveError> {
        let path = Path::new(named);
        if !named.contains('/') && path.extension().is_none_or(|extension| extension != "toml") {
            let text = shipped_text(named).ok_or_else(|| ArchiveError::UnknownPreset {
                name: named.to_owned(),
                known: shipped_keys().join(", "),
            })?;
            return Self::parse(&text, named, &format!("{SHIPPED_FOLDER}{named}{SUFFIX}"));
        }
        let unread = |source| ArchiveError::Read { path: path.to_owned(), source };
        let mut text = String::new();
        File::open(path).and_then(|file| file.take(PRESET_BYTES_MAX + 1).read_to_string(&mut text)).map_err(unread)?;
        if text.len() as u64 > PRESET_BYTES_MAX {
            return Err(unread(std::io::Error::other(format!("longer than {PRESET_BYTES_MAX} bytes"))));
        }
        let key = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Self::parse(&text, &key, named)
    }

    /// The presets that come with the program, in the order of their names.
    ///
    /// # Errors
    /// [`ArchiveError::Preset`]; a bug, as the tests read them all.
    pub fn shipped() -> Result<Vec<Self>, ArchiveError> {
        shipped_keys().iter().map(|key| Self::load(key)).collect()
    }

    /// Reads and checks one; `file` is for the messages.
    ///
    /// # Errors
    /// [`ArchiveError::Preset`] with file, line and what is allowed.
    pub fn parse(text: &str, key: &str, file: &str) -> Result<Self, ArchiveError> {
        let wrong = |byte: usize, detail: Refused| {
            let before = &text.as_bytes()[..byte.min(text.len())];
            let line = before.split(|byte| *byte == b'\n').count();
            ArchiveError::Preset { file: file.to_owned(), line, detail }
        };
        let written: Written = toml::from_str(text).map_err(|error: toml::de::Error| {
            wrong(error.span().map_or(0, |span| span.start), Refused::quoted(error.message()))
        })?;
        let source = written.source.get_ref().trim();
        if source.is_empty() {
            let what =
                refused!("`source` 是空的：写明信息从哪里来", "`source` is empty: name where the documents come from");
            return Err(wrong(written.source.span().start, what));
        }
        check_names("", Some(source)).map_err(|error| wrong(written.source.span().start, Refused::of(&error)))?;
        let mut columns = BTreeMap::new();
        for (field, names) in &written.columns {
            let name = field.get_ref();
            if !is_field(name) {
                let known = [DOCUMENT_FIELDS, META_FIELDS].concat().join(", ");
                let what = refused!(
                    "没有字段 `{name}`；可以写：{known}，其他写作 \"meta.名称\"",
                    "unknown field `{name}`, expected one of: {known}; write others as \"meta.NAME\""
                );
                return Err(wrong(field.span().start, what));
            }
            if names.get_ref().is_empty() || names.get_ref().iter().any(|column| folded(column).is_empty()) {
                let what = refused!(
                    "字段 `{name}` 应有至少一个列名，列名不能为空",
                    "the field `{name}` needs at least one name of a column, and none may be empty"
                );
                return Err(wrong(names.span().start, what));
            }
            columns.insert(name.clone(), names.get_ref().clone());
        }
        if !columns.contains_key("text") && !columns.contains_key("title") {
            let what = refused!(
                "`[columns]` 应有 `text` 或 `title`：没有 `text` 时，整行作为正文",
                "`[columns]` needs `text` or `title`: without `text` the whole row is the text"
            );
            return Err(wrong(text.find("[columns]").unwrap_or(0), what));
        }
        Ok(Self {
            key: key.to_owned(),
            source: SourceId::new(source),
            channel: word(&written.channel, &wrong)?,
            actor: written.actor.as_ref().map(|actor| word(actor, &wrong)).transpose()?,
            level: written.level.as_ref().map(|level| word(level, &wrong)).transpose()?,
            name: written.name,
            about: written.about,
            dates: written.dates,
            left_out: written.leave_out.iter().map(|name| folded(name)).collect(),
            columns,
        })
    }

    /// Which column of a head feeds which field, fields aside that are `taken` already. One column may feed several.
    pub(crate) fn choose(&self, header: &[String], taken: &dyn Fn(&str) -> bool) -> Vec<(usize, &str)> {
        let header: Vec<String> = header.iter().map(|name| folded(name)).collect();
        let column = |names: &[String]| {
            names.iter().map(|name| folded(name)).find_map(|name| header.iter().position(|own| *own == name))
        };
        let free = self.columns.iter().filter(|(field, _)| !taken(field));
        free.filter_map(|(field, names)| Some((column(names)?, field.as_str()))).collect()
    }

    /// Whether a row is a head: it has a column for the text or for the title.
    pub(crate) fn is_head(&self, cells: &[String]) -> bool {
        !self.choose(cells, &|field| !matches!(field, "text" | "title")).is_empty()
    }

    /// Whether it names columns for the text; without any the whole row is the text.
    pub(crate) fn has_text(&self) -> bool {
        self.columns.contains_key("text")
    }

    /// The names by which text and title are looked for, for messages.
    pub(crate) fn text_names(&self) -> String {
        let names = ["text", "title"].iter().filter_map(|field| self.columns.get(*field)).flatten();
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }

    /// Whether a column is not taken over.
    pub(crate) fn leaves_out(&self, name: &str) -> bool {
        self.left_out.contains(&folded(name))
    }

    /// A moment as such files write it, in Asia/Shanghai.
    pub(crate) fn moment(&self, text: &str) -> Option<Timestamp> {
        let mut formats = self.dates.iter().map(String::as_str).chain(DATES);
        let at = formats
            .find_map(|format| DateTime::strptime(format, text.trim()).ok().filter(|at| at.year() >= YEAR_MIN))?;
        at.to_zoned(shanghai()).ok().map(|zoned| zoned.timestamp())
    }
}

/// A word of a closed set.
fn word<T: FromStr<Err: Said>>(
    word: &Spanned<String>,
    wrong: &dyn Fn(usize, Refused) -> ArchiveError,
) -> Result<T, ArchiveError> {
    word.get_ref().parse().map_err(|problem: T::Err| wrong(word.span().start, Refused::of(&problem)))
}

/// Whether a preset may name a field.
fn is_field(name: &str) -> bool {
    let own = name.strip_prefix("meta.").is_some_and(|key| !key.trim().is_empty());
    own || DOCUMENT_FIELDS.contains(&name) || META_FIELDS.contains(&name)
}

/// The name of a column without what differs from file to file: spaces, line breaks, case, full width.
fn folded(name: &str) -> String {
    let narrow = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => u32::from(letter).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(letter),
        _ => letter,
    };
    let letters = name.chars().filter(|letter| !letter.is_whitespace() && *letter != '\u{feff}');
    letters.map(narrow).flat_map(char::to_lowercase).collect()
}

/// Names of the presets that come with the program.
fn shipped_keys() -> Vec<String> {
    let mut keys: Vec<String> =
        Shipped::iter().filter_map(|name| name.strip_suffix(SUFFIX).map(str::to_owned)).collect();
    keys.sort();
    keys
}

fn shipped_text(key: &str) -> Option<String> {
    Shipped::get(&format!("{key}{SUFFIX}")).map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::documents::{Format, ImportSpec, PageFilter, Rejected, read_documents};
    use vocabulary::{Document, show_moment};

    const GOOD: &str = "name = \"表\"\nabout = \"试验\"\nsource = \"s\"\nchannel = \"complaint\"\nactor = \"consumer\"\n\
        leave_out = [\"联系电话\"]\n\n[columns]\ntext = [\"投诉内容\", \"内容\"]\ntitle = [\"标题\"]\n\
        external_id = [\"编号\"]\npublished_at = [\"时间\"]\nbrand = [\"品牌\"]\n";

    fn spec(preset: Preset, columns: &[(&str, &str)]) -> ImportSpec {
        ImportSpec {
            source: preset.source.clone(),
            channel: preset.channel,
            format: Format::Csv,
            columns: columns.iter().map(|(field, column)| ((*field).to_owned(), (*column).to_owned())).collect(),
            pages: PageFilter::default(),
            preset: Some(Arc::new(preset)),
        }
    }

    fn read(csv: &str, spec: &ImportSpec) -> Result<Vec<Result<Document, Rejected>>, ArchiveError> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.csv");
        std::fs::write(&path, csv).expect("written");
        read_documents(&path, spec).map(Iterator::collect)
    }

    fn documents(csv: &str, spec: &ImportSpec) -> Vec<Document> {
        read(csv, spec).expect("read").into_iter().map(|row| row.expect("a document")).collect()
    }

    #[test]
    fn the_first_name_that_the_head_has_counts_and_the_rest_becomes_meta() {
        let preset = Preset::parse(GOOD, "good", "good.toml").expect("good");
        let csv = "十月投诉,,,,,,\n编号,内 容,标题,时间,品牌,联系电话,source\n\
            7,充电宝起火,投诉,2024/5/1 8:05,云鹊,12345,热线\n8,,漏电,2024年5月2日,,,\n";
        let read = documents(csv, &spec(preset.clone(), &[]));
        let first = &read[0];
        assert_eq!((first.id.as_str(), first.source.as_str(), first.channel), ("s:7", "s", Channel::Complaint));
        assert_eq!((first.text.as_str(), first.title.as_deref()), ("充电宝起火", Some("投诉")));
        assert_eq!(show_moment(first.published_at.expect("dated")), "2024-05-01T08:05:00+08:00");
        assert_eq!((first.meta_str("brand"), first.meta_str("source")), (Some("云鹊"), Some("热线")));
        assert_eq!((first.meta_str(Document::ACTOR_KIND), first.meta_str("联系电话")), (Some("consumer"), None));
        assert_eq!(read[1].text, "漏电", "a row without a text is told by its title");
        assert_eq!(show_moment(read[1].published_at.expect("dated")), "2024-05-02T00:00:00+08:00");

        let csv = "内容,说明,actor_kind\n别的,插座漏电,media\n";
        let mapped = documents(csv, &spec(preset, &[("text", "说明")]));
        assert_eq!((mapped[0].text.as_str(), mapped[0].meta_str("内容")), ("插座漏电", Some("别的")));
        assert_eq!(mapped[0].meta_str(Document::ACTOR_KIND), Some("media"), "the file itself says who speaks");
    }

    #[test]
    fn without_columns_for_a_text_the_whole_row_is_the_text() {
        let written = GOOD.replace("text = [\"投诉内容\", \"内容\"]\n", "");
        let preset = Preset::parse(&written, "rows", "rows.toml").expect("good");
        let read = documents("标题,品牌,联系电话,项目\n插座,云鹊,12345,温升\n", &spec(preset, &[]));
        assert_eq!(read[0].text, "标题：插座；品牌：云鹊；项目：温升");
        assert_eq!(read[0].title.as_deref(), Some("插座"));
    }

    #[test]
    fn a_file_without_the_columns_is_refused_with_what_it_has_and_what_was_looked_for() {
        let preset = Preset::parse(GOOD, "good", "good.toml").expect("good");
        let error = read("甲,乙\n1,2\n", &spec(preset, &[])).expect_err("refused");
        let (en, zh) = (error.to_string(), error.zh());
        for part in ["甲, 乙", "`投诉内容`, `内容`, `标题`", "good"] {
            assert!(en.contains(part) && zh.contains(part), "{en} {zh}");
        }
    }

    #[test]
    fn every_mistake_names_file_and_line() {
        let check = |from: &str, to: &str, expected: &str| {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD, "nothing was replaced");
            let error = Preset::parse(&text, "p", "p.toml").expect_err("a mistake");
            let (en, zh) = (error.to_string(), error.zh());
            assert!(en.contains(expected) && zh.starts_with("p.toml:"), "{en} {zh}");
        };
        check("actor =", "acter =", "p.toml:5: unknown field `acter`");
        check("brand =", "brnd =", "p.toml:13: unknown field `brnd`, expected one of: id, text");
        check("\"complaint\"", "\"complaints\"", "p.toml:4: ");
        check("\"consumer\"", "\"buyer\"", "p.toml:5: `buyer` is not a known kind of actor");
        check("[\"品牌\"]", "[]", "p.toml:13: the field `brand` needs");
        check("[\"品牌\"]", "[\" \"]", "p.toml:13: the field `brand` needs");
        check("source = \"s\"", "source = \" \"", "p.toml:3: `source` is empty");
        let none = GOOD.replace("text =", "product =").replace("title =", "model =");
        let error = Preset::parse(&none, "p", "p.toml").expect_err("neither").to_string();
        assert!(error.contains("p.toml:8: `[columns]` needs `text` or `title`"), "{error}");
        let own = GOOD.replace("brand =", "\"meta.own\" =");
        let preset = Preset::parse(&own, "p", "p.toml").expect("a key of one's own");
        assert_eq!(documents("内容,品牌\n漏电,云鹊\n", &spec(preset, &[]))[0].meta_str("own"), Some("云鹊"));
    }

    #[test]
    fn a_preset_is_found_by_its_name_or_read_from_a_file() {
        let error = Preset::load("nothing").expect_err("unknown").to_string();
        assert!(error.contains("`nothing`") && error.contains("complaints_12315"), "{error}");
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("mine.toml");
        std::fs::write(&path, GOOD).expect("written");
        let named = path.to_str().expect("UTF-8");
        assert_eq!(Preset::load(named).expect("read").key, "mine");
        std::fs::write(&path, "#".repeat(70_000)).expect("written");
        assert!(matches!(Preset::load(named), Err(ArchiveError::Read { .. })));
    }

    #[test]
    fn every_shipped_preset_reads_a_table_of_its_columns() {
        let shipped = Preset::shipped().expect("sound");
        assert!(shipped.len() >= 7);
        for preset in shipped {
            assert!(!preset.name.is_empty() && preset.about.contains("列名"), "{}", preset.key);
            let columns = preset.columns.clone();
            // Each field under each of its names, one file a name; a name that several fields share is one column.
            for at in 0..columns.values().map(Vec::len).max().unwrap_or(0) {
                let named: Vec<(&String, &String)> =
                    columns.iter().map(|(field, names)| (field, &names[at.min(names.len() - 1)])).collect();
                let mut header: Vec<&String> = named.iter().map(|(_, column)| *column).collect();
                header.sort();
                header.dedup();
                let value = |column: &String| {
                    let of = |field: &str| named.iter().any(|(own, name)| *own == field && *name == column);
                    if of("published_at") || of("seen_at") { "2024-05-01".to_owned() } else { format!("值{column}") }
                };
                let row: Vec<String> = header.iter().map(|column| format!("\"{}\"", value(column))).collect();
                let head: Vec<String> = header.iter().map(|column| format!("\"{column}\"")).collect();
                let csv = format!("{}\n{}\n", head.join(","), row.join(","));
                let read = documents(&csv, &spec(preset.clone(), &[]));
                let [document] = &read[..] else { panic!("{}: {} rows", preset.key, read.len()) };
                for (field, column) in &named {
                    let expected = value(column);
                    let found = match field.as_str() {
                        "text" => Some(document.text.clone()),
                        "title" => document.title.clone(),
                        "url" => document.url.clone(),
                        "published_at" => document.published_at.map(|at| show_moment(at)[..10].to_owned()),
                        name => document.meta_str(name.trim_start_matches("meta.")).map(str::to_owned),
                    };
                    assert_eq!(found.as_ref(), Some(&expected), "{}: {field} from {column}", preset.key);
                }
                let actor = document.meta_str(Document::ACTOR_KIND);
                assert_eq!(actor, preset.actor.map(ActorKind::code), "{}", preset.key);
                assert_eq!(document.channel, preset.channel);
            }
        }
    }

    #[test]
    fn days_are_read_as_a_preset_says_they_are_written() {
        let written = GOOD.replace("leave_out", "dates = [\"%B %d, %Y\", \"%m/%d/%Y\"]\nleave_out");
        let preset = Preset::parse(&written, "p", "p.toml").expect("good");
        for (text, expected) in [
            ("October 03, 2024", Some("2024-10-03T00:00:00+08:00")),
            ("10/3/2024", Some("2024-10-03T00:00:00+08:00")),
            ("2024.5.1", Some("2024-05-01T00:00:00+08:00")),
            ("24/5/1", None),
            ("昨天", None),
        ] {
            assert_eq!(preset.moment(text).map(show_moment).as_deref(), expected, "{text}");
        }
    }
}

//! Documents as a partitioned dataset (`date=YYYY-MM-DD/part-NNNN.parquet`, by event day), and documents out of Parquet files that
//! anybody wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::ArchiveError;
use super::super::documents::{Layout, Rejected};
use super::{BroughtTable, text_column, write_table};
use crate::documents::ImportSpec;
use crate::files::publish;
use vocabulary::{
    Document, DocumentId, Meta, Refused, SourceId, UnknownCode, day_of, parse_moment, refused, show_moment,
};

/// Documents held in memory before the fullest day is written.
const WAITING_MAX: usize = 200_000;
/// Day of documents without any time, as Hive names a missing value.
const NO_DAY: &str = "__HIVE_DEFAULT_PARTITION__";
/// Columns of our own files, in their order. `meta` and `raw` are JSON.
const COLUMNS: [&str; 10] =
    ["id", "source", "channel", "url", "title", "text", "published_at", "seen_at", "meta", "raw"];

/// Writes documents by the day they are about, whatever the order in which they come.
#[derive(Debug)]
pub struct DocumentDataset {
    dir: PathBuf,
    waiting: BTreeMap<String, Vec<Document>>,
    held: usize,
    /// Files written of each day.
    files: BTreeMap<String, u32>,
}

impl DocumentDataset {
    /// Begins one in a folder, made when it is missing.
    ///
    /// # Errors
    /// A folder that cannot be made or already holds something.
    pub fn create(dir: &Path) -> Result<Self, ArchiveError> {
        let io = |what, source| ArchiveError::Io { what, path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(|error| io("create", error))?;
        if fs::read_dir(dir).map_err(|error| io("list", error))?.next().is_some() {
            return Err(io("write into", std::io::Error::other("the folder is not empty; name a new one")));
        }
        Ok(Self { dir: dir.to_owned(), waiting: BTreeMap::new(), held: 0, files: BTreeMap::new() })
    }

    /// Takes documents in.
    pub fn add(&mut self, documents: impl IntoIterator<Item = Document>) -> Result<(), ArchiveError> {
        for document in documents {
            let day = document.event_at().map_or_else(|| NO_DAY.to_owned(), |at| day_of(at).to_string());
            self.waiting.entry(day).or_default().push(document);
            self.held += 1;
        }
        while self.held > WAITING_MAX {
            let fullest = self.waiting.iter().max_by_key(|(_, documents)| documents.len()).map(|(day, _)| day.clone());
            let Some(day) = fullest else { break };
            self.write(&day)?;
        }
        Ok(())
    }

    /// Writes what is held, and says how many files there are.
    pub fn finish(mut self) -> Result<u64, ArchiveError> {
        while let Some(day) = self.waiting.keys().next().cloned() {
            self.write(&day)?;
        }
        Ok(self.files.values().map(|files| u64::from(*files)).sum())
    }

    fn write(&mut self, day: &str) -> Result<(), ArchiveError> {
        let Some(documents) = self.waiting.remove(day) else { return Ok(()) };
        self.held -= documents.len();
        let folder = self.dir.join(format!("date={day}"));
        fs::create_dir_all(&folder).map_err(|source| ArchiveError::Io {
            what: "create",
            path: folder.clone(),
            source,
        })?;
        let files = self.files.entry(day.to_owned()).or_default();
        let path = folder.join(format!("part-{files:04}.parquet"));
        *files += 1;
        publish(&path, |aside| write_documents(aside, &documents))
    }
}

fn write_documents(path: &Path, documents: &[Document]) -> Result<(), ArchiveError> {
    let columns = COLUMNS.map(|name| {
        text_column(
            name,
            documents.iter().map(|document| match name {
                "id" => Some(document.id.to_string()),
                "source" => Some(document.source.to_string()),
                "channel" => Some(document.channel.code().to_owned()),
                "url" => document.url.clone(),
                "title" => document.title.clone(),
                "text" => Some(document.text.clone()),
                "published_at" => document.published_at.map(show_moment),
                "seen_at" => document.seen_at.map(show_moment),
                "meta" => {
                    (!document.meta.is_empty()).then(|| serde_json::to_string(&document.meta).unwrap_or_default())
                }
                _ => document.raw.as_ref().map(|raw| serde_json::to_string(raw).unwrap_or_default()),
            }),
        )
    });
    write_table(path, columns.into())
}

/// The documents of a Parquet file: ours as they were, others by their columns as a table's ([`Layout`]); a row that is none comes as
/// [`Rejected`], its `line` being the row's number from 1.
pub(crate) fn read_document_table<'a>(
    path: &'a Path,
    spec: &'a ImportSpec,
) -> Result<Box<dyn Iterator<Item = Result<Document, Rejected>> + 'a>, ArchiveError> {
    let table = BroughtTable::open(path)?;
    let refused = |line, reason| rejected(path, line, &[], reason);
    if spec.columns.is_empty() && spec.preset.is_none() && table.header == COLUMNS {
        return Ok(Box::new(table.map(move |(line, row)| {
            let row = row.map_err(|reason| refused(line, reason))?;
            ours(&row).map_err(|reason| rejected(path, line, &row, reason))
        })));
    }
    let layout = Layout::new(path, spec, &table.header)?;
    Ok(Box::new(table.map(move |(line, row)| {
        let row = row.map_err(|reason| refused(line, reason))?;
        let row: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect();
        layout.document(line, &row)
    })))
}

fn ours(row: &[Option<String>]) -> Result<Document, Refused> {
    let cell = |name: &str| COLUMNS.iter().position(|known| *known == name).and_then(|at| row.get(at)?.as_deref());
    let needed = |name: &str| cell(name).ok_or_else(|| refused!("`{name}` 是空的", "`{name}` is empty"));
    let moment = |name: &str| {
        let told = |error| Refused::of(&error).about(format_args!("`{name}`"));
        cell(name).map(parse_moment).transpose().map_err(told)
    };
    let no_json =
        |name: &'static str| move |error: serde_json::Error| refused!("`{name}`：“{error}”", "`{name}`: {error}");
    let meta: Meta = match cell("meta") {
        None => Meta::new(),
        Some(json) => serde_json::from_str(json).map_err(no_json("meta"))?,
    };
    // Read and not taken over, as in `DocumentLine`: what is brought has no bytes in this archive.
    let _: Option<vocabulary::RawRef> = cell("raw").map(serde_json::from_str).transpose().map_err(no_json("raw"))?;
    let document = Document {
        id: DocumentId::from(needed("id")?),
        source: SourceId::from(needed("source")?),
        channel: needed("channel")?.parse().map_err(|error: UnknownCode| Refused::of(&error).about("`channel`"))?,
        url: cell("url").map(str::to_owned),
        title: cell("title").map(str::to_owned),
        text: needed("text")?.to_owned(),
        published_at: moment("published_at")?,
        seen_at: moment("seen_at")?,
        meta,
        raw: None,
    };
    document.check().map_err(|error| Refused::of(&error))?;
    Ok(document)
}

fn rejected(path: &Path, line: u64, row: &[Option<String>], reason: Refused) -> Rejected {
    let found: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect();
    Rejected {
        file: path.to_owned(),
        line,
        reason,
        found: found.join(" | ").chars().take(Rejected::FOUND_CHARS_MAX).collect(),
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, ParquetWriter};

    use super::*;
    use crate::bounds::{ROW_BYTES_MAX, TABLE_BYTES_MAX};
    use crate::documents::{Format, PageFilter, read_documents};
    use vocabulary::{Channel, RawRef};

    fn documents() -> Vec<Document> {
        let document = |id: &str, day: Option<&str>| Document {
            id: DocumentId::from(id),
            source: SourceId::from("hotline"),
            channel: Channel::Complaint,
            url: None,
            title: Some("充电宝 ".to_owned()),
            text: "  充电时起火\n第二行 ".to_owned(),
            published_at: day.map(|day| parse_moment(day).expect("a moment")),
            seen_at: None,
            meta: serde_json::from_str(r#"{"rating": 1, "brand": "云鹊", "nested": {"a": [1.5]}}"#).expect("an object"),
            raw: Some(RawRef { file: "w.warc.gz".to_owned(), offset: 7, digest: "sha1:X".to_owned() }),
        };
        vec![document("a", Some("2024-05-01")), document("b", Some("2024-05-02T10:00:00+08:00")), document("c", None)]
    }

    fn spec() -> ImportSpec {
        ImportSpec {
            source: SourceId::from("other"),
            channel: Channel::Media,
            format: Format::Parquet,
            columns: BTreeMap::new(),
            pages: PageFilter::default(),
            preset: None,
        }
    }

    #[test]
    fn documents_come_back_from_a_dataset_as_they_were_but_for_where_their_bytes_lie() {
        let dir = tempfile::tempdir().expect("a folder");
        let out = dir.path().join("documents");
        let mut dataset = DocumentDataset::create(&out).expect("begun");
        dataset.add(documents()).expect("added");
        assert_eq!(dataset.finish().expect("written"), 3);
        let spec = spec();
        for (document, day) in documents().iter().zip(["2024-05-01", "2024-05-02", NO_DAY]) {
            let path = out.join(format!("date={day}/part-0000.parquet"));
            let read: Vec<Document> =
                read_documents(&path, &spec).expect("read").map(|row| row.expect("a document")).collect();
            // What a document was read from stays with the archive that collected it.
            assert_eq!(read, [Document { raw: None, ..document.clone() }]);
        }
        let error = DocumentDataset::create(&out).expect_err("not empty");
        assert!(error.to_string().contains("write into"), "{error}");
    }

    #[test]
    fn a_parquet_of_our_own_layout_is_checked_as_a_line_is() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("ours.parquet");
        let good = documents().remove(0);
        let rows = [
            Document { id: DocumentId::new("i".repeat(2_000)), ..good.clone() },
            Document { id: DocumentId::from(""), ..good.clone() },
            Document { source: SourceId::from(" "), ..good.clone() },
            Document { source: SourceId::new("s".repeat(129)), ..good.clone() },
            Document { text: "\n".to_owned(), ..good.clone() },
            Document { title: Some("t".repeat(1 << 20)), ..good.clone() },
            good,
        ];
        write_documents(&path, &rows).expect("written");
        let read: Vec<_> = read_documents(&path, &spec()).expect("read").collect();
        let told: Vec<&str> = read.iter().filter_map(|row| Some(row.as_ref().err()?.reason.en.as_str())).collect();
        let fields: Vec<&str> = told.iter().filter_map(|reason| reason.split('`').nth(1)).collect();
        assert_eq!(fields, ["id", "id", "source", "source", "text", "title"], "{told:?}");
        assert!(read[6].is_ok() && read.len() == 7);
    }

    #[test]
    fn a_table_of_others_is_read_by_its_columns() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("theirs.parquet");
        let text = |text: &str| Some(text.to_owned());
        let columns = vec![
            text_column("desc", [text("充电宝起火"), None].into_iter()),
            text_column("rating", [text("1"), text("5")].into_iter()),
        ];
        write_table(&path, columns).expect("written");
        let mapped = ImportSpec { columns: BTreeMap::from([("text".to_owned(), "desc".to_owned())]), ..spec() };
        let rows: Vec<_> = read_documents(&path, &mapped).expect("read").collect();
        let first = rows[0].as_ref().expect("a document");
        assert_eq!((first.text.as_str(), first.meta_str("rating")), ("充电宝起火", Some("1")));
        let second = rows[1].as_ref().expect_err("no text");
        assert_eq!(second.line, 2);
    }

    /// A table of one column `text` that says one text in every row, in groups of so many rows.
    fn repeated(path: &Path, text: &str, rows: usize, group: usize) {
        let column = text_column("text", std::iter::repeat_n(Some(text.to_owned()), rows));
        let mut table = DataFrame::new_infer_height(vec![column]).expect("a table");
        let file = fs::File::create(path).expect("made");
        ParquetWriter::new(file).with_row_group_size(Some(group)).finish(&mut table).expect("written");
    }

    #[test]
    fn rows_are_numbered_through_all_groups() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("groups.parquet");
        repeated(&path, "充电宝起火", 10, 3);
        let table = BroughtTable::open(&path).expect("read");
        assert!(table.groups.len() > 1, "{:?}", table.groups);
        let lines: Vec<u64> = table.map(|(line, row)| row.map(|_| line).expect("a row")).collect();
        assert_eq!(lines, (1..=10).collect::<Vec<_>>());
    }

    #[test]
    fn a_row_that_is_too_long_is_set_aside_and_the_next_one_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("long.parquet");
        let texts = [Some("x".repeat(ROW_BYTES_MAX + 1)), Some("充电宝起火".to_owned())];
        write_table(&path, vec![text_column("text", texts.into_iter())]).expect("written");
        let spec = spec();
        let rows: Vec<_> = read_documents(&path, &spec).expect("read").collect();
        assert!(rows[0].as_ref().is_err_and(|row| row.line == 1 && row.reason.en.contains("bytes")), "too long");
        assert_eq!(rows[1].as_ref().expect("a document").text, "充电宝起火");
    }

    #[test]
    fn a_table_that_makes_too_much_breaks_off_and_says_so() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("small.parquet");
        repeated(&path, "充电宝起火", 10, 10);
        let mut table = BroughtTable::open(&path).expect("read");
        assert!(table.next().is_some_and(|(line, row)| line == 1 && row.is_ok()));
        table.made = TABLE_BYTES_MAX + 1;
        assert!(table.next().is_some_and(|(line, row)| line == 2 && row.is_err()));
        assert!(table.next().is_none());
    }

    #[test]
    fn what_is_no_parquet_file_is_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("torn.parquet");
        fs::write(&path, b"PAR1 and then nothing").expect("written");
        let spec = spec();
        let Err(error) = read_documents(&path, &spec) else { panic!("it was read") };
        assert!(error.to_string().contains("torn.parquet"), "{error}");
    }
}
